//! Profiles whose credentials do not lie in a file: what the config file says of them is put there once, and
//! whatever else of ours is under their name goes.

use crate::{
    cache,
    engine::{Context, Event},
    keep::{look_at_file, missing, recheck_missed},
    model::{
        Timestamp,
        code::Code,
        delivery::{Asked, Delivery},
        history::{By, Event as Happened},
        ids::{Grant, ProfileName},
        profile::{Conflict, State as ProfileState},
        refresh::retry_after,
    },
    ports::{Delivered, FileChange, FileOutcome, FileSet, Found, Write},
    request::{Answer, Asker, Reply},
    state::{Org, Profile, State},
    stop,
};
use jiff::SignedDuration;
use tokio::sync::oneshot;

/// Who asked last is stored so often at most.
const STORED: SignedDuration = SignedDuration::from_mins(1);

/// How putting a profile in its place ended.
pub(crate) struct Placed {
    name: ProfileName,
    delivery: Delivery,
    set: FileSet,
    result: Result<(Option<FileOutcome>, Option<std::path::PathBuf>), Code>,
}

/// Whether the profile waits for being put in its place.
pub(crate) fn is_due(profile: &Profile, now: Timestamp) -> bool {
    !profile.kept.delivery.is_refreshed()
        && (profile.kept.placed.is_none() || profile.forced)
        && !profile.in_flight
        && !matches!(profile.state, ProfileState::Conflict(_))
        && profile.not_before.is_none_or(|at| at <= now)
}

/// How a profile that is not refreshed stands.
pub(crate) fn shown(state: &State, profile: &Profile, now: Timestamp) -> ProfileState {
    let org = state.org(&profile.kept.grant.org);
    match &profile.state {
        s @ ProfileState::Conflict(_) => s.clone(),
        s if profile.in_flight => s.clone(),
        s @ ProfileState::NotWritable(_) if profile.not_before.is_some_and(|at| at > now) => s.clone(),
        _ if profile.kept.placed.is_none() => ProfileState::Waiting,
        _ if !org.is_some_and(|o| o.may_use(&profile.kept.grant)) => ProfileState::AccessRemoved,
        _ if org.is_some_and(|o| o.stands(now)) => ProfileState::Ready,
        _ => ProfileState::SignInNeeded,
    }
}

/// Puts a profile in its place.
pub(crate) fn begin(ctx: &Context, state: &mut State, name: &ProfileName) {
    let Some(set) = state.profiles.get(name).map(|p| file_set(state, &p.kept.grant)) else { return };
    let Some(profile) = state.profiles.get_mut(name) else { return };
    profile.in_flight = true;
    profile.state = ProfileState::Waiting;
    let (kept, replace_foreign) = (profile.kept.clone(), profile.replace_foreign);
    let delivery = kept.delivery;
    tracing::info!(profile = %name, delivery = delivery.name(), "decided to put it in its place");
    let change = match delivery {
        Delivery::OnDemand => FileChange::Ask {
            profile: kept.profile,
            grant: kept.grant,
            region: kept.region,
            last: kept.written,
            placed: kept.placed.is_some(),
            replace_foreign,
        },
        Delivery::SsoCache => {
            let Some(org) = state.org(&kept.grant.org).map(|o| o.organisation.clone()) else { return };
            let host = org.start_url.host_str().unwrap_or_default();
            let others = cache::sessions_of_others(state, &kept.grant.org);
            FileChange::SignIn {
                profile: kept.profile,
                grant: kept.grant,
                session: host.split('.').next().unwrap_or(host).to_owned(),
                start_url: org.start_url.to_string(),
                sso_region: org.region,
                others,
                region: kept.region,
                last: kept.written,
                replace_foreign,
            }
        }
        // What stands in the credentials file is written by the refresh.
        Delivery::CredentialsFile | Delivery::CopyOnly => {
            FileChange::Remove { profile: kept.profile, last: kept.written }
        }
    };
    let (ctx, name) = (ctx.clone(), name.clone());
    tokio::spawn(async move {
        let outcome = ctx.ports.files.apply(set, vec![change]).await;
        let result = outcome.map(|(outcomes, backup)| (outcomes.into_iter().next(), backup));
        ctx.send(Event::Placed(Placed { name, delivery, set, result }));
    });
}

pub(crate) fn finish(ctx: &Context, state: &mut State, placed: Placed) {
    let Placed { name, delivery, set, result } = placed;
    let (now, chance) = (ctx.now(), ctx.chance());
    let Some(profile) = state.profiles.get_mut(&name) else { return };
    profile.in_flight = false;
    let mut backup = None;
    let outcome = match result {
        Ok((outcome, made)) => {
            backup = made;
            outcome.unwrap_or(FileOutcome::Removed)
        }
        Err(code) => FileOutcome::Failed(code),
    };
    // Another delivery was chosen meanwhile: that one goes on.
    let outdated = profile.kept.delivery != delivery;
    let (mut session, mut org) = (None, None);
    match &outcome {
        _ if outdated => {}
        FileOutcome::Placed | FileOutcome::PlacedIn(_) | FileOutcome::Removed | FileOutcome::Written(_) => {
            session = profile.kept.session.take();
            if let FileOutcome::PlacedIn(name) = &outcome {
                profile.kept.session = Some(name.clone());
            }
            org = Some(profile.kept.grant.org.clone());
            profile.kept.placed = Some(now);
            profile.kept.written = None;
            profile.failures = 0;
            profile.forced = false;
            profile.not_before = None;
            profile.replace_foreign = false;
            profile.state = ProfileState::Waiting;
            ctx.commit(vec![Write::Kept(profile.kept.clone())]);
        }
        FileOutcome::Conflict(conflict) => {
            let conflict = *conflict;
            profile.state = ProfileState::Conflict(conflict);
            ctx.note(state, By::Schedule, Happened::Conflicted { profile: name.clone(), conflict });
        }
        FileOutcome::Failed(code) => {
            profile.failures = profile.failures.saturating_add(1);
            profile.not_before = Some(now + retry_after(profile.failures, chance));
            profile.state = ProfileState::NotWritable(code.clone());
        }
    }
    if let Some(org) = org {
        if let Some(session) = session {
            cache::unused(ctx, state, &org, session);
        }
        cache::write(ctx, state, &org);
    }
    if let Some(path) = backup {
        ctx.note(state, By::Schedule, Happened::BackedUp { path: path.display().to_string() });
    }
    if let Some(ending) = state.profiles.get_mut(&name).and_then(|p| p.ending.take()) {
        stop::end(ctx, state, &name, ending);
    }
    look_at_file(ctx, set);
    recheck_missed(ctx, state);
}

/// A wish for another delivery of a profile.
pub(crate) struct Change {
    pub profile: ProfileName,
    pub delivery: Delivery,
    pub replace_foreign: bool,
}

/// What looking at the files for it said.
pub(crate) struct Looked {
    change: Change,
    found: Result<Option<Conflict>, Code>,
    answer: oneshot::Sender<Answer>,
}

/// Changes how a profile is delivered, if nothing of another program's is in the way.
pub(crate) fn change(ctx: &Context, state: &State, change: Change, answer: oneshot::Sender<Answer>) {
    let Some(profile) = state.profiles.get(&change.profile) else {
        let _ = answer.send(Err(missing(&change.profile)));
        return;
    };
    let set = file_set(state, &profile.kept.grant);
    let look = Delivered {
        profile: change.profile.clone(),
        grant: profile.kept.grant.clone(),
        delivery: change.delivery,
        last: profile.kept.written.clone(),
        placed: false,
    };
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let found = ctx.ports.files.check(set, &look).await.map(Found::conflict);
        ctx.send(Event::Rerouted(Looked { change, found, answer }));
    });
}

pub(crate) fn changed(ctx: &Context, state: &mut State, looked: Looked) {
    let Looked { change: Change { profile: name, delivery, replace_foreign }, found, answer } = looked;
    let profile = name.to_string();
    let refused = match found {
        Err(code) => Some(code),
        Ok(Some(conflict)) if !replace_foreign => Some(Code::DeliveryBlocked { profile, delivery, conflict }),
        Ok(_) => None,
    };
    let Some(profile) = state.profiles.get_mut(&name) else {
        let _ = answer.send(Err(missing(&name)));
        return;
    };
    if let Some(code) = refused {
        let _ = answer.send(Err(code));
        return;
    }
    let other = profile.kept.delivery != delivery;
    profile.kept.delivery = delivery;
    profile.kept.placed = None;
    profile.kept.paused &= !other;
    if other && delivery.is_refreshed() {
        profile.kept.written = None;
    }
    profile.replace_foreign = replace_foreign;
    profile.wanted();
    if !profile.in_flight {
        profile.state = ProfileState::Waiting;
    }
    ctx.commit(vec![Write::Kept(profile.kept.clone())]);
    let grant = profile.kept.grant.clone();
    if other {
        let account_name = state.account_name(&grant);
        ctx.note(state, By::You, Happened::DeliveryChanged { profile: name, grant, account_name, delivery });
    }
    let _ = answer.send(Ok(Reply::Done));
}

/// A program was given the profile's credentials.
pub(crate) fn was_asked(ctx: &Context, state: &mut State, name: &ProfileName, asker: &Asker) {
    let now = ctx.now();
    let Some(profile) = state.profiles.get_mut(name) else { return };
    let stored = profile.kept.asked.replace(Asked { at: now, program: asker.program.clone() });
    if stored.is_none_or(|before| before.at + STORED <= now || before.program != asker.program) {
        ctx.commit(vec![Write::Kept(profile.kept.clone())]);
    }
}

fn file_set(state: &State, grant: &Grant) -> FileSet {
    state.org(&grant.org).map_or(FileSet::Own, Org::file_set)
}
