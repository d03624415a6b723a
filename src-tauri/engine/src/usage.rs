//! When a kept profile was used: by the person, or by a program that read the credentials file.

use crate::{
    engine::Context,
    model::{Timestamp, ids::Grant},
    ports::{FileCondition, FileSet, Reads, Write},
    state::{Org, Profile, State},
};

/// The person did something with this profile.
pub(crate) fn of_profile(ctx: &Context, profile: &mut Profile) {
    profile.kept.used = Some(ctx.now());
    ctx.commit(vec![Write::Kept(profile.kept.clone())]);
}

/// The person did something with this role: all profiles it feeds are used.
pub(crate) fn of_role(ctx: &Context, state: &mut State, grant: &Grant) {
    for profile in state.profiles.values_mut().filter(|p| p.kept.grant == *grant) {
        of_profile(ctx, profile);
    }
}

/// What a credentials file is like now, and what that says of the profiles in it.
pub(crate) fn condition(ctx: &Context, state: &mut State, set: FileSet, condition: FileCondition) {
    let (now, reads) = (ctx.now(), condition.reads);
    let mut condition = condition;
    if set == FileSet::Own {
        remember(ctx, state, &mut condition, now);
    }
    state.files.insert(set, condition);
    let orgs: Vec<_> = state.orgs.iter().filter(|o| o.file_set() == set).map(Org::id).cloned().collect();
    let mut writes = Vec::new();
    // Those that are not in the file are used when somebody asks.
    let in_file = |p: &&mut Profile| p.kept.delivery.is_refreshed() && orgs.contains(&p.kept.grant.org);
    for profile in state.profiles.values_mut().filter(in_file) {
        let known = profile.kept.used;
        let used = match reads {
            Reads::Unknown => now,
            Reads::At(at) => at.min(now),
            // Never looked at before: from now on it is.
            Reads::NotYet => known.unwrap_or(now),
        };
        profile.kept.used = known.max(Some(used));
        // Known to the moment here, and to the day after a crash.
        if known.map(day) != profile.kept.used.map(day) {
            writes.push(Write::Kept(profile.kept.clone()));
        }
    }
    if !writes.is_empty() {
        ctx.commit(writes);
    }
}

/// Since when each long-lived key is known to be there: remembered, or since the file was changed last, as
/// it stood there then.
fn remember(ctx: &Context, state: &mut State, condition: &mut FileCondition, now: Timestamp) {
    // A file that could not be read says nothing of what is in it.
    if condition.problem.is_some() {
        return;
    }
    let fresh = condition.changed.map_or(now, |at| at.min(now));
    for key in &mut condition.long_lived {
        let known = state.long_lived.iter().find(|k| k.profile == key.profile && k.mark == key.mark);
        key.since = Some(known.and_then(|k| k.since).unwrap_or(fresh));
    }
    if state.long_lived != condition.long_lived {
        state.long_lived.clone_from(&condition.long_lived);
        ctx.commit(vec![Write::LongLived(condition.long_lived.clone())]);
    }
}

fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(24 * 3600)
}
