//! What to tell the person: the conditions that are true now, the rules of silence, and the buttons.

use crate::{
    engine::{Context, Event},
    keep,
    model::{
        Timestamp,
        code::Code,
        history::{By, Event as Happened},
        ids::OrgId,
        notice::{Notice, Pressed},
        organisation::Kind,
        profile::{Conflict, State as ProfileState},
        sign_in::{Ended, SignIn},
        silence::{BATCH, Circumstances, FAILING, LITTLE_LEFT, SIGN_IN_ENDING, Verdict, verdict},
    },
    ports::{Presence, Write},
    request::{Answer, Reply, Show},
    sign_in,
    state::{Pending, Profile, State},
};
use jiff::SignedDuration;

/// "Later" means in ten minutes.
const LATER: SignedDuration = SignedDuration::from_mins(10);

/// What is held is asked about again this often, for desktops that do not tell when the person is back.
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// Everything that is worth telling as things stand.
fn conditions(state: &State, now: Timestamp) -> Vec<Notice> {
    let mut notices = Vec::new();
    for org in &state.orgs {
        let profiles: Vec<_> = state
            .profiles
            .values()
            .filter(|p| p.kept.grant.org == *org.id() && !p.kept.paused && !p.blocked())
            .collect();
        let launched_today = state
            .launched
            .iter()
            .any(|(g, at)| g.org == *org.id() && now.duration_since(*at) < SignedDuration::from_hours(24));
        let names = || profiles.iter().map(|p| p.kept.profile.clone()).collect::<Vec<_>>();
        let name = org.organisation.name.clone();
        match &org.sign_in {
            SignIn::SignedIn(session) => {
                if let Some(ends) = session.known_end()
                    && ends > now
                    && ends.duration_since(now) <= SIGN_IN_ENDING
                    && (!profiles.is_empty() || launched_today)
                {
                    let org = org.id().clone();
                    notices.push(Notice::SignInEnding { org, org_name: name, ends, profiles: names() });
                }
            }
            SignIn::Ended { at, why: Ended::Revoked } => {
                notices.push(Notice::Revoked { org: org.id().clone(), org_name: name, at: *at });
            }
            SignIn::Ended { at, why: Ended::Expired } if !profiles.is_empty() => {
                let alive = |p: &&Profile| p.kept.written.as_ref().map(|w| w.expires).filter(|e| *e > now);
                let profiles = profiles.iter().map(|p| (p.kept.profile.clone(), alive(p))).collect();
                notices.push(Notice::SignInEnded {
                    org: org.id().clone(),
                    org_name: name,
                    at: *at,
                    profiles,
                });
            }
            _ => {}
        }
        let expired: Vec<_> = profiles.iter().filter(|p| p.state == ProfileState::Expired).collect();
        if let Some(at) = expired.iter().filter_map(|p| p.kept.written.as_ref().map(|w| w.expires)).max() {
            let profiles = expired.iter().map(|p| p.kept.profile.clone()).collect();
            notices.push(Notice::ProfilesExpired { org: org.id().clone(), at, profiles });
        }
    }
    for profile in state.profiles.values() {
        notices.extend(of_profile(state, profile, now));
    }
    if let Some(seconds) = state.clock_skew {
        notices.push(Notice::ClockSkew { seconds });
    }
    notices
}

fn of_profile(state: &State, profile: &Profile, now: Timestamp) -> Option<Notice> {
    let name = profile.kept.profile.clone();
    let expires = profile.kept.written.as_ref().map(|w| w.expires);
    match &profile.state {
        ProfileState::Retrying { failing_since, code, .. } => {
            let expires = expires?;
            let soon = expires > now && expires.duration_since(now) < LITTLE_LEFT;
            (soon && now.duration_since(*failing_since) >= FAILING).then(|| Notice::RefreshFailing {
                profile: name,
                expires,
                failing_since: *failing_since,
                code: code.clone(),
            })
        }
        ProfileState::AccessRemoved => Some(Notice::AccessRemoved {
            profile: name,
            grant: profile.kept.grant.clone(),
            account_name: state.account_name(&profile.kept.grant),
            expires: expires.filter(|e| *e > now),
        }),
        ProfileState::Conflict(Conflict::ChangedByAnother) => Some(Notice::Conflict { profile: name }),
        _ => None,
    }
}

fn same_kind(a: &Notice, b: &Notice) -> bool {
    a.key() == b.key()
}

/// Something the person asked for went wrong: told once, whatever the conditions are.
pub(crate) fn raise(state: &mut State, notice: Notice, now: Timestamp) {
    state.pending.retain(|p| !same_kind(&p.notice, &notice));
    state.pending.push(Pending { notice, since: now, held: None, not_before: None });
}

/// Brings the list of what is to be told up to date, and asks whether the person is there if anything is
/// ripe. Runs after every message.
pub(crate) fn judge(ctx: &Context, state: &mut State) {
    let now = ctx.now();
    let true_now = conditions(state, now);
    let stands =
        |n: &Notice| matches!(n, Notice::LaunchFailed { .. }) || true_now.iter().any(|t| same_kind(t, n));
    state.pending.retain(|p| stands(&p.notice));
    let gone: Vec<_> = state.on_screen.iter().filter(|n| !stands(n)).map(Notice::key).collect();
    state.on_screen.retain(stands);
    for key in gone {
        let ctx = ctx.clone();
        tokio::spawn(async move { ctx.ports.desktop.withdraw(&key).await });
    }
    for notice in true_now {
        let shown = state.shown.iter().any(|(k, _)| *k == notice.key());
        match state.pending.iter_mut().find(|p| same_kind(&p.notice, &notice)) {
            Some(pending) => pending.notice = notice,
            None if shown => {}
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

/// Whether its moment has come: what may come in numbers is collected for 20 s first.
fn ripe(pending: &Pending, now: Timestamp) -> bool {
    let batched = matches!(
        pending.notice,
        Notice::ProfilesExpired { .. }
            | Notice::SignInEnded { .. }
            | Notice::Conflict { .. }
            | Notice::AccessRemoved { .. }
    );
    let due = if batched { pending.since + BATCH } else { pending.since };
    due <= now && pending.not_before.is_none_or(|t| t <= now)
}

/// With the person's presence known: shows, holds or drops what is ripe.
pub(crate) fn decide(ctx: &Context, state: &mut State, presence: Presence) {
    let now = ctx.now();
    state.judging = false;
    let ripe: Vec<_> = state.pending.iter().filter(|p| ripe(p, now)).map(|p| p.notice.clone()).collect();
    for notice in ripe {
        let circumstances = Circumstances {
            now,
            presence,
            enabled: state.settings.notifications && state.settings.told.wants(&notice),
            quiet: state.settings.quiet_hours && quiet_hour(ctx, now),
            installed: state.installed,
            paused: state.pause.is_some(),
            sandbox: org_of(state, &notice).is_some_and(|o| is_sandbox(state, &o)),
            offline: state.offline_since,
            shown: &state.shown,
        };
        match verdict(&notice, &circumstances) {
            Verdict::Show => show(ctx, state, notice, now),
            Verdict::Hold(reason) => held(ctx, state, &notice, reason.as_str(), false),
            Verdict::Drop(reason) => held(ctx, state, &notice, reason.as_str(), true),
        }
    }
}

/// The person came back, or the window let go of the focus: what was held is asked about at once.
pub(crate) fn person_back(state: &mut State) {
    for pending in state.pending.iter_mut().filter(|p| p.held.is_some()) {
        pending.not_before = None;
    }
}

fn show(ctx: &Context, state: &mut State, notice: Notice, now: Timestamp) {
    let key = notice.key();
    state.pending.retain(|p| p.notice.key() != key);
    state.shown.push((key.clone(), now));
    if !matches!(notice, Notice::LaunchFailed { .. }) {
        ctx.commit(vec![Write::NoticeShown(key.clone(), now)]);
    }
    ctx.note(state, By::Schedule, Happened::Notified { notice: key, shown: true, reason: None });
    let hide = state.settings.hide_details;
    let task = ctx.clone();
    let shown = notice.clone();
    state.on_screen.push(notice);
    tokio::spawn(async move {
        if let Err(code) = task.ports.desktop.notify(&shown, hide).await {
            tracing::warn!(?code, "no notification could be shown; the window says the same");
        }
    });
}

fn held(ctx: &Context, state: &mut State, notice: &Notice, reason: &'static str, for_ever: bool) {
    let key = notice.key();
    let Some(pending) = state.pending.iter_mut().find(|p| p.notice.key() == key) else { return };
    let news = pending.held != Some(reason);
    pending.held = Some(reason);
    pending.not_before = Some(ctx.now() + ASK_AGAIN);
    if for_ever {
        state.pending.retain(|p| p.notice.key() != key);
        state.shown.push((key.clone(), ctx.now()));
    }
    if news {
        let reason = Some(reason.to_owned());
        ctx.note(state, By::Schedule, Happened::Notified { notice: key, shown: false, reason });
    }
}

/// Weekdays 18:00 to 09:00 and weekends, local time.
fn quiet_hour(ctx: &Context, now: Timestamp) -> bool {
    use jiff::civil::Weekday;
    let local = now.to_zoned_datetime(ctx.zone.clone());
    matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday) || !(9..18).contains(&local.hour())
}

fn org_of(state: &State, notice: &Notice) -> Option<OrgId> {
    let of_profile = |name| state.profiles.get(name).map(|p| p.kept.grant.org.clone());
    match notice {
        Notice::SignInEnding { org, .. }
        | Notice::SignInEnded { org, .. }
        | Notice::ProfilesExpired { org, .. }
        | Notice::Revoked { org, .. } => Some(org.clone()),
        Notice::RefreshFailing { profile, .. } | Notice::Conflict { profile } => of_profile(profile),
        Notice::AccessRemoved { grant, .. } | Notice::LaunchFailed { grant, .. } => Some(grant.org.clone()),
        Notice::ClockSkew { .. } => None,
    }
}

fn is_sandbox(state: &State, org: &OrgId) -> bool {
    state.org(org).is_some_and(|o| o.organisation.kind == Kind::Sandbox)
}

/// Does what a button says.
pub(crate) fn pressed(ctx: &Context, state: &mut State, notice: &Notice, pressed: Pressed) -> Answer {
    let first = match notice {
        Notice::SignInEnding { .. } | Notice::SignInEnded { .. } | Notice::ProfilesExpired { .. } => {
            Pressed::SignIn
        }
        Notice::RefreshFailing { .. } => Pressed::TryAgain,
        _ => Pressed::Details,
    };
    let button = if pressed == Pressed::Body { first } else { pressed };
    state.on_screen.retain(|n| n.key() != notice.key());
    match button {
        Pressed::SignIn => match org_of(state, notice) {
            Some(org) => sign_in::begin(ctx, state, &org, None),
            None => Ok(Reply::Show(Show::Portal)),
        },
        Pressed::Later => {
            // Shown again once, at the end itself (as N3), not in between.
            if !matches!(notice, Notice::SignInEnding { .. }) {
                state.shown.retain(|(k, _)| *k != notice.key());
                let now = ctx.now();
                raise(state, notice.clone(), now);
                if let Some(pending) = state.pending.last_mut() {
                    pending.not_before = Some(now + LATER);
                }
            }
            Ok(Reply::Done)
        }
        Pressed::TryAgain => match notice {
            Notice::RefreshFailing { profile, .. } => keep::refresh_one(ctx, state, &profile.clone()),
            Notice::LaunchFailed { grant, .. } => {
                let wish = crate::console::Wish {
                    grant: grant.clone(),
                    destination: None,
                    region: None,
                    confirmed: false,
                };
                match crate::console::begin(ctx, state, wish)? {
                    // What has to be confirmed is confirmed in the window.
                    Reply::Confirm(_) => Ok(Reply::Show(Show::Portal)),
                    other => Ok(other),
                }
            }
            _ => Ok(Reply::Done),
        },
        Pressed::Details | Pressed::Body => Ok(Reply::Show(match notice {
            Notice::LaunchFailed { code: Code::SignInNeeded, .. } | Notice::Revoked { .. } => Show::Portal,
            Notice::LaunchFailed { .. } | Notice::ClockSkew { .. } => Show::Activity,
            _ => Show::Credentials,
        })),
    }
}
