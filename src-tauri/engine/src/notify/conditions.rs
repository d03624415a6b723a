//! What is worth telling as things stand: one notice of each kind for an organisation.

use super::same_kind;
use crate::{
    keys::low,
    model::{
        Timestamp,
        code::Code,
        ids::{ProfileName, Target},
        notice::{LostRole, Notice},
        profile::{Conflict, State as ProfileState},
        refresh::lead,
        sign_in::{Ended, SignIn},
        silence::{FAILING, LITTLE_LEFT, SIGN_IN_ENDING, unused},
    },
    ports::{FileSet, RecordCheck},
    snapshot::{Launch, UpdateNow},
    state::{Org, Profile, State},
    update,
};
use jiff::SignedDuration;

/// So long before its end that is told of a profile that is kept for a limited time.
const TIME_ENDING: SignedDuration = SignedDuration::from_mins(5);

/// That a profile's time is over is news for so long.
const TIME_OVER: SignedDuration = SignedDuration::from_hours(1);

/// Everything that is worth telling as things stand.
pub(super) fn conditions(state: &State, now: Timestamp) -> Vec<Notice> {
    of_profiles(state, now, |p| !unused(&p.kept, now))
}

/// The files with profiles in them of which nothing is told only because nobody used them.
pub(super) fn silent_for_disuse(state: &State, now: Timestamp) -> Vec<FileSet> {
    let idle =
        |org: &&Org| state.profiles.values().any(|p| p.kept.grant.org == *org.id() && unused(&p.kept, now));
    let mut sets: Vec<_> = state.orgs.iter().filter(idle).map(Org::file_set).collect();
    sets.dedup();
    if sets.is_empty() || of_profiles(state, now, |_| true) == conditions(state, now) {
        return Vec::new();
    }
    sets
}

/// As [`conditions`]; what expires is told of these profiles alone.
fn of_profiles(state: &State, now: Timestamp, of: impl Fn(&Profile) -> bool) -> Vec<Notice> {
    let mut notices = Vec::new();
    for org in &state.orgs {
        let profiles: Vec<_> = state
            .profiles
            .values()
            .filter(|p| p.kept.grant.org == *org.id() && !p.kept.paused && !p.blocked() && of(p))
            .collect();
        let launched_today =
            state.launched.iter().filter_map(|(target, at)| Some((target.role()?, at))).any(|(g, at)| {
                g.org == *org.id() && now.duration_since(*at) < SignedDuration::from_hours(24)
            });
        let names = || profiles.iter().map(|p| p.kept.profile.clone()).collect::<Vec<_>>();
        let name = state.name_of(org);
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
        notices.extend(profiles.iter().filter_map(|p| ending(org, p, now)));
        notices.extend(expired(org, &profiles, now));
        notices.extend(failing(org, &profiles, now));
        notices.extend(of_organisation(state, org));
        // Nobody is kept from what nobody wants to hear.
        notices.extend(new_access(org, now).filter(|_| state.settings.told.new_access));
    }
    if let Some(seconds) = state.clock_skew {
        notices.push(Notice::ClockSkew { seconds });
    }
    notices.extend(low::notices(state, now));
    if let Some(UpdateNow { version, signs_out, .. }) = update::now(state).filter(|it| !it.put_off) {
        notices.push(Notice::UpdateReady { version, signs_out });
    }
    if let Some((_, Ok(RecordCheck::Broken { entry }))) = state.record.checked {
        notices.push(Notice::RecordBroken { entry });
    }
    notices
}

fn expires(profile: &Profile) -> Option<Timestamp> {
    profile.kept.written.as_ref().map(|w| w.expires)
}

/// Since when a refresh fails and why; not while only a sign-in or the person helps.
fn fails(profile: &Profile) -> Option<(Timestamp, &Code)> {
    let trying = matches!(
        profile.state,
        ProfileState::Retrying { .. } | ProfileState::NotWritable(_) | ProfileState::Refreshing
    );
    profile.failing_since.zip(profile.failing.as_ref()).filter(|_| trying)
}

/// A profile that is kept for a limited time, and soon no more: the way to go on comes before the end.
fn ending(org: &Org, p: &Profile, now: Timestamp) -> Option<Notice> {
    let until = p.kept.until.filter(|until| now < *until && until.duration_since(now) <= TIME_ENDING)?;
    Some(Notice::TimeEnding {
        profile: p.kept.profile.clone(),
        grant: p.kept.grant.clone(),
        account_name: org.account_name(&p.kept.grant.account),
        region: p.kept.region.clone(),
        delivery: p.kept.delivery,
        until,
    })
}

fn named(profile: &Profile) -> Option<(ProfileName, Timestamp)> {
    Some((profile.kept.profile.clone(), expires(profile)?))
}

/// N4, whatever the cause: what is in the file does not work any more.
fn expired(org: &Org, profiles: &[&Profile], now: Timestamp) -> Option<Notice> {
    let over = |p: &&&Profile| {
        expires(p).is_some_and(|at| at <= now) && (p.state == ProfileState::Expired || fails(p).is_some())
    };
    let expired: Vec<_> = profiles.iter().filter(over).collect();
    let first = expired.first()?;
    let sign_in = !org.stands(now) || expired.iter().any(|p| p.state == ProfileState::Expired);
    let code = fails(first).map(|(_, code)| code.clone()).filter(|_| !sign_in);
    let profiles = expired.iter().filter_map(|p| named(p)).collect();
    Some(Notice::ProfilesExpired { org: org.id().clone(), profiles, code })
}

/// N5. What lives for a short time has failed long enough after half of its lead.
fn failing(org: &Org, profiles: &[&Profile], now: Timestamp) -> Option<Notice> {
    let urgent = |p: &&&Profile| {
        let (Some((since, _)), Some(w)) = (fails(p), p.kept.written.as_ref()) else { return false };
        let enough = FAILING.min(lead(w.expires.duration_since(w.issued)) / 2);
        let soon = w.expires > now && w.expires.duration_since(now) < LITTLE_LEFT;
        soon && now.duration_since(since) >= enough
    };
    let urgent: Vec<_> = profiles.iter().filter(urgent).collect();
    let (failing_since, code) = urgent.iter().filter_map(|p| fails(p)).min_by_key(|(since, _)| *since)?;
    Some(Notice::RefreshFailing {
        org: org.id().clone(),
        profiles: urgent.iter().filter_map(|p| named(p)).collect(),
        failing_since,
        code: code.clone(),
    })
}

/// N6 and N7, each for all profiles of an organisation: one program often changes several at once.
fn of_organisation(state: &State, org: &Org) -> Vec<Notice> {
    let profiles = || state.profiles.values().filter(|p| p.kept.grant.org == *org.id());
    let lost: Vec<_> = profiles()
        .filter(|p| p.state == ProfileState::AccessRemoved)
        .map(|p| LostRole {
            profile: p.kept.profile.clone(),
            grant: p.kept.grant.clone(),
            account_name: org.account_name(&p.kept.grant.account),
            expires: expires(p),
        })
        .collect();
    let changed: Vec<_> = profiles()
        .filter(|p| p.state == ProfileState::Conflict(Conflict::ChangedByAnother))
        .map(|p| (p.kept.profile.clone(), p.kept.written.as_ref().map(|w| w.at)))
        .collect();
    let mut notices = Vec::new();
    if !lost.is_empty() {
        notices.push(Notice::AccessRemoved { org: org.id().clone(), roles: lost });
    }
    if !changed.is_empty() {
        notices.push(Notice::Conflict { org: org.id().clone(), profiles: changed });
    }
    notices
}

/// N11, for the sync that brought it: a day later it is no news.
fn new_access(org: &Org, now: Timestamp) -> Option<Notice> {
    let roles: Vec<_> = org.portal.changes.iter().filter(|c| c.gained).collect();
    let apps: Vec<_> = org.portal.app_changes.iter().filter(|c| c.gained).collect();
    let noticed = roles.iter().map(|c| c.noticed).chain(apps.iter().map(|c| c.noticed)).max()?;
    (now.duration_since(noticed) < SignedDuration::from_hours(24)).then(|| Notice::NewAccess {
        org: org.id().clone(),
        org_name: org.organisation.name.clone(),
        roles: roles.iter().map(|c| (c.account_name.clone(), c.role.to_string())).collect(),
        apps: apps.iter().map(|c| c.name.clone()).collect(),
        noticed,
    })
}

/// Whether a notice that was made earlier is true still, in part at least.
pub(super) fn stands(state: &State, true_now: &[Notice], notice: &Notice, now: Timestamp) -> bool {
    match notice {
        // Until it is tried again.
        Notice::LaunchFailed { grant, .. } => failed(state, &grant.clone().into()),
        Notice::AppFailed { app, .. } => failed(state, &app.clone().into()),
        Notice::WhileAway { notices } => notices.iter().any(|n| stands(state, true_now, n, now)),
        // Until it is kept again, or an hour later.
        Notice::TimeOver { profile, until, .. } => {
            !state.profiles.contains_key(profile) && now.duration_since(*until) < TIME_OVER
        }
        Notice::Copied { until, .. } => now < *until,
        // Until it is answered.
        Notice::TouchNeeded { number, .. } => state.step_up.asks_number(*number),
        Notice::StrangeAnswers { at, .. } | Notice::PasswordHostMoved { at, .. } => {
            now.duration_since(*at) < SignedDuration::from_hours(24)
        }
        _ => {
            let keys = notice.keys();
            true_now
                .iter()
                .filter(|t| same_kind(t, notice))
                .any(|t| t.keys().iter().any(|k| keys.contains(k)))
        }
    }
}

fn failed(state: &State, target: &Target) -> bool {
    state.launches.iter().any(|(t, l)| t == target && matches!(l, Launch::Failed { .. }))
}
