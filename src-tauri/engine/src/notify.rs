//! What to tell the person: the conditions that are true now, the rules of silence, and the buttons.

mod conditions;
mod pressed;

use crate::{
    engine::{Context, Event},
    keep::look_at_file,
    model::{
        Timestamp,
        code::Code,
        history::{By, Event as Happened},
        ids::OrgId,
        notice::Notice,
        organisation::Kind,
        silence::{BATCH, Circumstances, Reason, Verdict, verdict},
        step_up::{Demand, For, Program},
    },
    ports::{Manner, Presence, Write},
    request::{Answer, Reply},
    state::{Pending, State},
};
use conditions::{conditions, silent_for_disuse, stands};
use jiff::SignedDuration;
pub(crate) use pressed::pressed;
use tokio::sync::oneshot;

/// What is held is asked about again this often, for desktops that do not tell when the person is back.
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// The reason in Activity when no server took a notification.
const NOT_SHOWN: &str = "not_shown";

/// At most so many keys are remembered as dropped or put off.
const REMEMBERED: usize = 200;

fn same_kind(a: &Notice, b: &Notice) -> bool {
    a.key() == b.key()
}

/// Something the person asked for went wrong: told once, whatever the conditions are.
pub(crate) fn raise(state: &mut State, notice: Notice, now: Timestamp) {
    state.pending.retain(|p| !same_kind(&p.notice, &notice));
    state.pending.push(Pending { notice, since: now, held: None, not_before: None });
}

/// A program waits for a touch; nothing for what the person asked in the window.
pub(crate) fn touch_needed(wanted: &For, program: &Program, number: u64, until: Timestamp) -> Option<Notice> {
    let For::Role { grant, account_name, demand, .. } = wanted else { return None };
    let by_word = *demand == Demand::Words;
    let (grant, account_name) = (grant.clone(), account_name.clone());
    Some(Notice::TouchNeeded {
        by_word,
        grant,
        account_name,
        program: program.name.clone(),
        pid: program.pid,
        number,
        until,
    })
}

/// Brings the list of what is to be told up to date, and asks whether the person is there if anything is
/// ripe. Runs after every message.
pub(crate) fn judge(ctx: &Context, state: &mut State) {
    let now = ctx.now();
    let true_now = conditions(state, now);
    look_for_use(ctx, state, now);
    let mut pending = std::mem::take(&mut state.pending);
    pending.retain(|p| stands(state, &true_now, &p.notice, now));
    state.pending = pending;
    let (stay, gone): (Vec<_>, Vec<_>) =
        std::mem::take(&mut state.on_screen).into_iter().partition(|n| stands(state, &true_now, n, now));
    state.on_screen = stay;
    for key in gone.iter().map(Notice::key) {
        // A newer one in its place is not taken down with it.
        if state.on_screen.iter().any(|n| n.key() == key) {
            continue;
        }
        let ctx = ctx.clone();
        tokio::spawn(async move { ctx.ports.desktop.withdraw(&key).await });
    }
    for notice in true_now {
        let known = |key: &String| state.shown.iter().any(|(k, _)| k == key) || state.dropped.contains(key);
        let known = notice.keys().iter().all(known);
        match state.pending.iter_mut().find(|p| same_kind(&p.notice, &notice)) {
            Some(pending) => pending.notice = notice,
            None if known => {}
            None => state.pending.push(Pending { notice, since: now, held: None, not_before: None }),
        }
    }
    if state.hush.is_none() && !state.judging && state.pending.iter().any(|p| ripe(p, now)) {
        state.judging = true;
        let ctx = ctx.clone();
        tokio::spawn(async move {
            let presence = ctx.ports.desktop.presence().await;
            ctx.send(Event::Presence(presence));
        });
    }
}

/// Before something stays silent because nobody used the profile, and while it does, the file is asked
/// again whether a program read it.
fn look_for_use(ctx: &Context, state: &mut State, now: Timestamp) {
    if state.looked.is_some_and(|at| now.duration_since(at) < ASK_AGAIN) {
        return;
    }
    for set in silent_for_disuse(state, now) {
        state.looked = Some(now);
        look_at_file(ctx, set);
    }
}

/// Whether its moment has come: what may come in numbers is collected for 20 s first.
fn ripe(pending: &Pending, now: Timestamp) -> bool {
    let batched = matches!(
        pending.notice,
        Notice::ProfilesExpired { .. }
            | Notice::RefreshFailing { .. }
            | Notice::SignInEnded { .. }
            | Notice::Conflict { .. }
            | Notice::AccessRemoved { .. }
            | Notice::TimeOver { .. }
    );
    let due = if batched { pending.since + BATCH } else { pending.since };
    due <= now && pending.not_before.is_none_or(|t| t <= now)
}

/// With the person's presence known: shows, holds or drops what is ripe.
pub(crate) fn decide(ctx: &Context, state: &mut State, presence: Presence) {
    let now = ctx.now();
    state.judging = false;
    let ripe: Vec<_> =
        state.pending.iter().filter(|p| ripe(p, now)).map(|p| (p.notice.clone(), p.held)).collect();
    let mut away = Vec::new();
    for (notice, before) in ripe {
        let circumstances = Circumstances {
            now,
            presence,
            enabled: state.settings.notifications && state.settings.told.wants(&notice),
            quiet: state.settings.quiet_hours && quiet_hour(ctx, now, state.settings.quiet),
            installed: state.installed,
            paused: state.pause.is_some(),
            sandbox: org_of(&notice).is_some_and(|o| is_sandbox(state, &o)),
            offline: state.network.offline_since(),
            shown: &state.shown,
        };
        match verdict(&notice, &circumstances) {
            Verdict::Show if held_for_absence(&notice, before) => away.push(notice),
            Verdict::Show => show(ctx, state, notice, now),
            Verdict::Hold(reason) => held(ctx, state, &notice, reason.as_str(), false),
            Verdict::Drop(reason) => held(ctx, state, &notice, reason.as_str(), true),
        }
    }
    // Whoever comes back finds one summary, not a row of them.
    match away.len() {
        0 => {}
        1 => away.into_iter().for_each(|notice| show(ctx, state, notice, now)),
        _ => show(ctx, state, Notice::WhileAway { notices: away }, now),
    }
}

fn held_for_absence(notice: &Notice, held: Option<&'static str>) -> bool {
    !notice.is_security() && [Reason::ScreenLocked, Reason::Idle].iter().any(|r| held == Some(r.as_str()))
}

/// The person came back, or the window let go of the focus: what was held is asked about at once.
pub(crate) fn person_back(state: &mut State) {
    for pending in state.pending.iter_mut().filter(|p| p.held.is_some()) {
        pending.not_before = None;
    }
}

/// The network is there again: what was held back for want of it is not asked about any later than the rest.
pub(crate) fn online_again(state: &mut State) {
    let offline = Reason::Offline.as_str();
    for pending in state.pending.iter_mut().filter(|p| p.held == Some(offline)) {
        pending.not_before = None;
    }
}

fn manner(state: &State) -> Manner {
    Manner { hide_details: state.settings.hide_details, sound: state.settings.sound }
}

/// Shows one at once, whatever the rules say, since the person waits for it.
pub(crate) fn test(ctx: &Context, state: &State, answer: oneshot::Sender<Answer>) {
    let manner = manner(state);
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let shown = ctx.ports.desktop.notify(&Notice::Test, manner).await;
        let _ = answer.send(shown.map(|()| Reply::Done));
    });
}

fn show(ctx: &Context, state: &mut State, notice: Notice, now: Timestamp) {
    let keys = notice.keys();
    state.pending.retain(|p| !keys.iter().any(|k| p.notice.keys().contains(k)));
    // Counts from here on, so that the next one keeps its distance; taken back if it was not shown.
    state.shown.extend(keys.into_iter().map(|key| (key, now)));
    let manner = manner(state);
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let result = ctx.ports.desktop.notify(&notice, manner).await;
        ctx.send(Event::Notified(Box::new(notice), now, result));
    });
}

/// Whether the desktop took a notification: only then the person was told.
pub(crate) fn notified(
    ctx: &Context,
    state: &mut State,
    notice: Notice,
    at: Timestamp,
    result: Result<(), Code>,
) {
    let (key, keys) = (notice.key(), notice.keys());
    let by_person = notice.is_result();
    if let Err(code) = result {
        tracing::warn!(?code, key, "no notification could be shown; the window says the same");
        state.shown.retain(|(k, then)| !(*then == at && keys.contains(k)));
        let last = state.history.iter().find_map(|line| match &line.event {
            Happened::Notified { notice, reason, .. } if *notice == key => Some(reason.as_deref()),
            _ => None,
        });
        if last != Some(Some(NOT_SHOWN)) {
            let reason = Some(NOT_SHOWN.to_owned());
            ctx.note(state, By::Schedule, Happened::Notified { notice: key, shown: false, reason });
        }
        let again = if let Notice::WhileAway { notices } = notice { notices } else { vec![notice] };
        for notice in again.into_iter().filter(|_| !by_person) {
            let not_before = Some(ctx.now() + ASK_AGAIN);
            state.pending.retain(|p| !same_kind(&p.notice, &notice));
            state.pending.push(Pending { notice, since: at, held: Some(NOT_SHOWN), not_before });
        }
        return;
    }
    if !by_person {
        ctx.commit(keys.into_iter().map(|key| Write::NoticeShown(key, at)).collect());
    }
    ctx.note(state, By::Schedule, Happened::Notified { notice: key, shown: true, reason: None });
    state.on_screen.retain(|n| !same_kind(n, &notice));
    state.on_screen.push(notice);
}

fn held(ctx: &Context, state: &mut State, notice: &Notice, reason: &'static str, for_ever: bool) {
    let key = notice.key();
    let Some(pending) = state.pending.iter_mut().find(|p| p.notice.key() == key) else { return };
    let news = pending.held != Some(reason);
    pending.held = Some(reason);
    pending.not_before = Some(ctx.now() + ASK_AGAIN);
    if for_ever {
        state.pending.retain(|p| p.notice.key() != key);
        remember(&mut state.dropped, notice.keys());
    }
    if news {
        let reason = Some(reason.to_owned());
        ctx.note(state, By::Schedule, Happened::Notified { notice: key, shown: false, reason });
    }
}

fn remember(keys: &mut Vec<String>, more: Vec<String>) {
    keys.extend(more);
    keys.drain(..keys.len().saturating_sub(REMEMBERED));
}

/// Whether it is quiet now, by the person's clock.
fn quiet_hour(ctx: &Context, now: Timestamp, quiet: crate::model::settings::Quiet) -> bool {
    use jiff::civil::Weekday;
    let local = now.to_zoned_datetime(ctx.zone.clone());
    let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
    let weekend = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
    quiet.holds(u16::try_from(minute).unwrap_or_default(), weekend)
}

fn org_of(notice: &Notice) -> Option<OrgId> {
    match notice {
        Notice::SignInEnding { org, .. }
        | Notice::SignInEnded { org, .. }
        | Notice::ProfilesExpired { org, .. }
        | Notice::RefreshFailing { org, .. }
        | Notice::AccessRemoved { org, .. }
        | Notice::Conflict { org, .. }
        | Notice::Revoked { org, .. }
        | Notice::StrangeAnswers { org, .. }
        | Notice::PasswordHostMoved { org, .. }
        | Notice::NewAccess { org, .. } => Some(org.clone()),
        Notice::LaunchFailed { grant, .. }
        | Notice::TouchNeeded { grant, .. }
        | Notice::TimeEnding { grant, .. }
        | Notice::TimeOver { grant, .. }
        | Notice::Copied { grant, .. } => Some(grant.org.clone()),
        Notice::AppFailed { app, .. } => Some(app.org.clone()),
        Notice::WhileAway { notices } => notices.iter().find_map(org_of),
        Notice::ClockSkew { .. }
        | Notice::RecordBroken { .. }
        | Notice::PinLow { .. }
        | Notice::Test
        | Notice::UpdateReady { .. } => None,
    }
}

fn is_sandbox(state: &State, org: &OrgId) -> bool {
    state.org(org).is_some_and(|o| o.organisation.kind == Kind::Sandbox)
}
