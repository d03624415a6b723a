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

fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(24 * 3600)
}
