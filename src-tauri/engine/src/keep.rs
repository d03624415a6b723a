//! Profiles the person keeps fresh: begin, stop, pause, conflicts, and what the file is like.

use crate::{
    cache,
    engine::{Context, Event},
    import,
    model::{
        code::Code,
        delivery::Delivery,
        environment::Act,
        history::{By, Event as Happened},
        ids::{Grant, ProfileName},
        profile::{Conflict, Kept, State as ProfileState},
    },
    network,
    ports::{Delivered, FileChange, FileOutcome, FileSet, Found, Write},
    request::{Answer, Reply},
    safety,
    state::{Profile, State},
    stop, sync, usage,
};
use tokio::sync::oneshot;

/// A wish to keep a profile fresh.
#[derive(Clone)]
pub(crate) struct Wish {
    pub grant: Grant,
    pub profile: ProfileName,
    pub delivery: Delivery,
    pub region: Option<String>,
    pub replace_foreign: bool,
    pub confirmed: bool,
    /// For how long, where that is limited.
    pub lasting: Option<std::time::Duration>,
}

/// What looking at the file said.
pub(crate) struct Checked {
    wish: Wish,
    found: Result<Option<Conflict>, Code>,
    suggestion: ProfileName,
    answer: oneshot::Sender<Answer>,
}

/// What looking at one kept profile in the files said, and what had been written when it was looked at.
type Look = (Delivered, Result<Found, Code>);

/// What looking at all kept profiles in the file said.
pub(crate) struct FilesChecked(Vec<Look>);

pub(crate) fn begin(ctx: &Context, state: &State, wish: Wish, answer: oneshot::Sender<Answer>) {
    let Some((set, answer)) = or_answered(prepare(ctx, state, &wish), answer) else { return };
    let taken: Vec<_> = state.profiles.keys().cloned().collect();
    let last = state.profiles.get(&wish.profile).and_then(|p| p.kept.written.clone());
    let (profile, grant) = (wish.profile.clone(), wish.grant.clone());
    let look = Delivered { profile, grant, delivery: wish.delivery, last, placed: false };
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let found = ctx.ports.files.check(set, &look).await.map(Found::conflict);
        let suggestion = free_name(&ctx, set, look, &taken).await;
        ctx.send(Event::Kept(Checked { wish, found, suggestion, answer }));
    });
}

/// What can be gone on with, and who waits for it; whoever waits for what cannot is answered.
pub(crate) fn or_answered<T>(
    prepared: Result<Result<T, Reply>, Code>,
    answer: oneshot::Sender<Answer>,
) -> Option<(T, oneshot::Sender<Answer>)> {
    let answered = match prepared {
        Ok(Ok(prepared)) => return Some((prepared, answer)),
        Ok(Err(confirm)) => Ok(confirm),
        Err(code) => Err(code),
    };
    // Whoever asked may have gone.
    let _ = answer.send(answered);
    None
}

pub(crate) fn prepare(ctx: &Context, state: &State, wish: &Wish) -> Result<Result<FileSet, Reply>, Code> {
    let org = state.org(&wish.grant.org).ok_or_else(|| Code::Gone { what: "organisation".to_owned() })?;
    if !org.may_use(&wish.grant) {
        return Err(Code::AccessRemoved);
    }
    let name = wish.profile.as_str();
    if name.is_empty()
        || name.len() > 128
        || name.trim() != name
        || name.chars().any(|c| c.is_control() || "[]\"'\\".contains(c))
    {
        return Err(Code::BadProfileName { profile: name.to_owned() });
    }
    safety::may_be_named(state, org, &wish.grant, &wish.profile)?;
    if !wish.confirmed
        && let Some(confirm) = safety::confirm(ctx, state, org, &wish.grant, Act::KeepFresh)
    {
        return Ok(Err(Reply::Confirm(confirm)));
    }
    Ok(Ok(org.file_set()))
}

/// `name-2`, `name-3` …: the first that nothing in the files has.
async fn free_name(ctx: &Context, set: FileSet, wish: Delivered, taken: &[ProfileName]) -> ProfileName {
    let Delivered { profile: name, grant, delivery, .. } = wish;
    for n in 2..20 {
        let profile = ProfileName::new(format!("{name}-{n}"));
        if taken.contains(&profile) {
            continue;
        }
        let candidate = Delivered { profile, grant: grant.clone(), delivery, last: None, placed: false };
        if matches!(ctx.ports.files.check(set, &candidate).await, Ok(Found::Free)) {
            return candidate.profile;
        }
    }
    ProfileName::new(format!("{name}-latchkey"))
}

pub(crate) fn finish(ctx: &Context, state: &mut State, checked: Checked) {
    let Checked { wish, found, suggestion, answer } = checked;
    let taken = |conflict| {
        Err(Code::ProfileTaken {
            profile: wish.profile.as_str().to_owned(),
            conflict,
            suggestion: suggestion.as_str().to_owned(),
            delivery: wish.delivery,
        })
    };
    let ours = state.profiles.get(&wish.profile);
    let result = match found {
        Err(code) => Err(code),
        Ok(_) if ours.is_some_and(|p| p.kept.grant != wish.grant) => taken(Conflict::ChangedByAnother),
        // Keys in the file would change nothing for most tools.
        Ok(Some(Conflict::SsoSettings)) if wish.delivery.is_refreshed() => taken(Conflict::SsoSettings),
        Ok(Some(conflict)) if !wish.replace_foreign => taken(conflict),
        Ok(_) => Ok(Reply::Done),
    };
    if result.is_ok() {
        start(ctx, state, &wish);
    }
    let _ = answer.send(result);
}

pub(crate) fn start(ctx: &Context, state: &mut State, wish: &Wish) {
    let kept = Kept {
        profile: wish.profile.clone(),
        grant: wish.grant.clone(),
        region: wish.region.clone(),
        paused: false,
        added: ctx.now(),
        written: state.profiles.get(&wish.profile).and_then(|p| p.kept.written.clone()),
        used: Some(ctx.now()),
        until: safety::ends(state, &wish.grant, wish.lasting, ctx.now()),
        delivery: wish.delivery,
        placed: None,
        session: state.profiles.get(&wish.profile).and_then(|p| p.kept.session.clone()),
        asked: state.profiles.get(&wish.profile).and_then(|p| p.kept.asked.clone()),
    };
    ctx.commit(vec![Write::Kept(kept.clone())]);
    let profile = state.profiles.entry(wish.profile.clone()).or_insert_with(|| Profile::new(kept.clone()));
    profile.kept = kept;
    profile.over = false;
    profile.replace_foreign = wish.replace_foreign;
    profile.wanted();
    // A refresh under way writes the same name; the new wish goes after it.
    if !profile.in_flight {
        profile.state = ProfileState::Waiting;
    }
    // A stop that had to wait is taken back.
    if let Some(ending) = profile.ending.take() {
        stop::answer_all(ending.answers, &Ok(Reply::Done));
    }
    let account_name = state.account_name(&wish.grant);
    let (profile, grant, delivery) = (wish.profile.clone(), wish.grant.clone(), wish.delivery);
    ctx.note(state, By::You, Happened::KeepStarted { profile, grant, account_name, delivery });
}

pub(crate) fn missing(name: &ProfileName) -> Code {
    Code::Gone { what: name.as_str().to_owned() }
}

pub(crate) fn refresh_one(ctx: &Context, state: &mut State, name: &ProfileName) -> Answer {
    let now = ctx.now();
    let all_paused = state.pause.is_some();
    let profile = state.profiles.get_mut(name).ok_or_else(|| missing(name))?;
    if let ProfileState::Conflict(conflict) = profile.state {
        return Err(Code::InConflict { profile: name.as_str().to_owned(), conflict });
    }
    usage::of_profile(ctx, profile);
    let org = profile.kept.grant.org.clone();
    let (paused, refreshed) = (profile.kept.paused, profile.kept.delivery.is_refreshed());
    // While paused it waits for the end of the pause.
    profile.wanted();
    profile.kept.placed = None;
    if matches!(profile.state, ProfileState::AccessRemoved | ProfileState::TouchNeeded) {
        profile.state = ProfileState::Waiting;
    }
    // The person asks, so the wait after a failed renewal is over too.
    if let Some(org) = state.org_mut(&org) {
        org.renew_not_before = None;
    }
    if (all_paused || paused) && refreshed {
        return Err(Code::Paused { profile: (!all_paused).then(|| name.as_str().to_owned()) });
    }
    if state.org(&org).is_some_and(|o| o.stands(now)) { Ok(Reply::Done) } else { Err(Code::SignInNeeded) }
}

pub(crate) fn refresh_all(ctx: &Context, state: &mut State) -> Answer {
    let names: Vec<_> = state.profiles.keys().cloned().collect();
    let mut last = Ok(Reply::Done);
    for name in names {
        match refresh_one(ctx, state, &name) {
            // What the person paused or has to decide about is not what "everything" means.
            Ok(_) | Err(Code::Paused { profile: Some(_) } | Code::InConflict { .. }) => {}
            Err(code) => last = Err(code),
        }
    }
    network::tried(state, ctx.now());
    let ids: Vec<_> = state.orgs.iter().map(|o| o.id().clone()).collect();
    for id in ids {
        let _ = sync::asked(ctx, state, &id);
    }
    last
}

/// Shows the file that a profile is written to.
pub(crate) fn show_file(ctx: &Context, state: &State, name: &ProfileName, answer: oneshot::Sender<Answer>) {
    let org = state.profiles.get(name).and_then(|p| state.org(&p.kept.grant.org));
    let path = org.and_then(|o| state.files.get(&o.file_set())).map(|file| file.path.clone());
    let ctx = ctx.clone();
    let gone = missing(name);
    tokio::spawn(async move {
        let shown = match path {
            Some(path) => ctx.ports.exports.show_file(&path).await.map(|()| Reply::Done),
            None => Err(gone),
        };
        let _ = answer.send(shown);
    });
}

pub(crate) fn pause_one(ctx: &Context, state: &mut State, name: &ProfileName, paused: bool) -> Answer {
    let profile = state.profiles.get_mut(name).ok_or_else(|| missing(name))?;
    profile.kept.paused = paused;
    if !paused {
        profile.kept.used = Some(ctx.now());
    }
    ctx.commit(vec![Write::Kept(profile.kept.clone())]);
    Ok(Reply::Done)
}

/// The person takes a profile back that another program changed: written over, with a backup.
pub(crate) fn take_back(ctx: &Context, state: &mut State, name: &ProfileName) -> Answer {
    let profile = state.profiles.get_mut(name).ok_or_else(|| missing(name))?;
    usage::of_profile(ctx, profile);
    profile.replace_foreign = true;
    profile.kept.placed = None;
    profile.wanted();
    profile.state = ProfileState::Waiting;
    Ok(Reply::Done)
}

/// Takes the rights of group and others off the file.
pub(crate) fn make_private(ctx: &Context, answer: oneshot::Sender<Answer>) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let result = ctx.ports.files.make_private(FileSet::Own).await;
        if result.is_ok() {
            ctx.send(Event::MadePrivate);
        }
        let _ = answer.send(result.map(|()| Reply::Done));
        look_at_file(&ctx, FileSet::Own);
    });
}

/// Puts the newest backup in the file's place.
pub(crate) fn undo(ctx: &Context, answer: oneshot::Sender<Answer>) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let result = ctx.ports.files.undo(FileSet::Own).await;
        ctx.send(Event::Undone(result, answer));
    });
}

/// What was undone must not come back by itself: the profiles are paused until the person resumes them.
pub(crate) fn undone(
    ctx: &Context,
    state: &mut State,
    result: Result<(), Code>,
    answer: oneshot::Sender<Answer>,
) {
    if result.is_ok() {
        let sandbox: Vec<_> =
            state.orgs.iter().filter(|o| o.file_set() != FileSet::Own).map(|o| o.id().clone()).collect();
        let mut writes = Vec::new();
        let undone =
            |p: &&mut Profile| p.kept.delivery.is_refreshed() && !sandbox.contains(&p.kept.grant.org);
        for profile in state.profiles.values_mut().filter(undone) {
            profile.kept.paused = true;
            profile.kept.written = None;
            writes.push(Write::Kept(profile.kept.clone()));
        }
        ctx.commit(writes);
        ctx.note(state, By::You, Happened::Undone);
    }
    let _ = answer.send(result.map(|()| Reply::Done));
    look_at_file(ctx, FileSet::Own);
}

/// Asks what the file is like now.
pub(crate) fn look_at_file(ctx: &Context, set: FileSet) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let condition = ctx.ports.files.condition(set).await;
        ctx.send(Event::Condition(set, Box::new(condition)));
    });
}

/// Looks whether another program changed what we wrote.
pub(crate) fn recheck(ctx: &Context, state: &mut State) {
    for profile in state.profiles.values_mut() {
        profile.missed |= profile.in_flight;
    }
    let kept: Vec<_> = state
        .profiles
        .values()
        .filter(|p| !p.in_flight)
        .map(|p| {
            let set = state.org(&p.kept.grant.org).map_or(FileSet::Own, super::state::Org::file_set);
            let Kept { profile, grant, delivery, written, placed, .. } = p.kept.clone();
            (set, Delivered { profile, grant, delivery, last: written, placed: placed.is_some() })
        })
        .collect();
    look_at_file(ctx, FileSet::Own);
    import::look_again(ctx);
    if kept.is_empty() {
        return;
    }
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let mut found = Vec::new();
        for (set, seen) in kept {
            let result = ctx.ports.files.check(set, &seen).await;
            found.push((seen, result));
        }
        ctx.send(Event::Checked(FilesChecked(found)));
    });
}

/// As [`recheck`], if the files changed while one of what is written now was under way: whether before or
/// after our write nobody knows.
pub(crate) fn recheck_missed(ctx: &Context, state: &mut State) {
    let missed = |p: &Profile| p.missed && !p.in_flight;
    if state.profiles.values().any(missed) {
        for profile in state.profiles.values_mut().filter(|p| missed(p)) {
            profile.missed = false;
        }
        recheck(ctx, state);
    }
}

pub(crate) fn checked(ctx: &Context, state: &mut State, FilesChecked(found): FilesChecked) {
    let now = ctx.now();
    for (seen, result) in found {
        let name = seen.profile;
        let Some(profile) = state.profiles.get_mut(&name) else { continue };
        let Kept { written, placed, delivery, .. } = &profile.kept;
        if profile.in_flight {
            profile.missed = true;
            continue;
        }
        // We were quicker than the look: what was written since is not another program's.
        if (written, placed.is_some(), *delivery) != (&seen.last, seen.placed, seen.delivery) {
            continue;
        }
        let Ok(found) = result else { continue };
        let refreshed = delivery.is_refreshed();
        // It is written again as soon as it may be, after a pause too.
        let undone = found == Found::Undone;
        let news = undone && !profile.undone;
        let put_back = !news || profile.may_be_put_back(now);
        profile.undone = undone && put_back;
        // Nothing is written to a paused one, whoever changed it.
        if profile.kept.paused && refreshed {
            continue;
        }
        match found.conflict().or((!put_back).then_some(Conflict::ChangedByAnother)) {
            Some(conflict) if profile.state != ProfileState::Conflict(conflict) => {
                profile.state = ProfileState::Conflict(conflict);
                ctx.note(state, By::Schedule, Happened::Conflicted { profile: name, conflict });
            }
            Some(_) => {}
            None => {
                if matches!(profile.state, ProfileState::Conflict(_)) {
                    profile.state = ProfileState::Waiting;
                }
                if news {
                    tracing::warn!(profile = %name, "another program put back what it had read: written again");
                    let grant = profile.kept.grant.clone();
                    let account_name = state.account_name(&grant);
                    ctx.note(state, By::Schedule, Happened::PutBack { profile: name, grant, account_name });
                }
            }
        }
    }
}

/// What quitting entails.
/// Whoever starts again at once takes nothing out.
pub(crate) async fn quit(ctx: &Context, state: &State, again: bool) -> Result<(), Code> {
    ctx.ports.sandbox.stop().await;
    if again || !state.settings.remove_on_quit {
        return Ok(());
    }
    ctx.turns.done().await;
    for org in &state.orgs {
        for session in cache::sessions(state, org.id()) {
            ctx.ports.files.uncache_sign_in(&session, cache::clients(org)).await?;
        }
    }
    for set in [FileSet::Own, FileSet::Sandbox] {
        // What asks Latchkey holds no key, and works while the app does not run.
        let of_set = |p: &&Profile| {
            p.kept.delivery.is_refreshed()
                && state.org(&p.kept.grant.org).is_some_and(|o| o.file_set() == set)
        };
        let profiles: Vec<_> = state.profiles.values().filter(of_set).map(|p| p.kept.clone()).collect();
        let out = |k: &Kept| FileChange::Remove { profile: k.profile.clone(), last: k.written.clone() };
        let changes: Vec<_> = profiles.iter().map(out).collect();
        if !changes.is_empty() {
            let (outcomes, _) = ctx.ports.files.apply(set, changes).await?;
            // What is out is not missed at the next start.
            let removed = profiles.into_iter().zip(outcomes).filter(|(_, o)| *o == FileOutcome::Removed);
            ctx.commit(removed.map(|(k, _)| Write::Kept(Kept { written: None, ..k })).collect());
        }
    }
    Ok(())
}
