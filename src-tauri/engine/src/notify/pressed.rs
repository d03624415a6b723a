//! The buttons of notifications.

use super::{org_of, raise, remember};
use crate::{
    engine::Context,
    keep,
    model::{
        code::Code,
        environment::Act,
        ids::ProfileName,
        notice::{Notice, Pressed},
    },
    request::{Answer, Reply, Show},
    safety, sign_in,
    state::State,
    step_up, update,
};
use jiff::SignedDuration;
use tokio::sync::oneshot;

/// "Later" means in ten minutes.
const LATER: SignedDuration = SignedDuration::from_mins(10);

/// What a click on the body does: the first action. What was not said is shown before it is done.
fn first_action(notice: &Notice, hidden: bool) -> Pressed {
    match notice {
        Notice::SignInEnding { .. }
        | Notice::SignInEnded { .. }
        | Notice::ProfilesExpired { code: None, .. } => Pressed::SignIn,
        Notice::RefreshFailing { .. }
        | Notice::ProfilesExpired { .. }
        | Notice::LaunchFailed { .. }
        | Notice::AppFailed { .. } => Pressed::TryAgain,
        Notice::TimeOver { .. } | Notice::TimeEnding { .. } => Pressed::KeepOn,
        Notice::UpdateReady { .. } if !hidden => Pressed::Restart,
        _ => Pressed::Details,
    }
}

/// Does what a button says.
pub(crate) fn pressed(
    ctx: &Context,
    state: &mut State,
    notice: &Notice,
    pressed: Pressed,
    answer: oneshot::Sender<Answer>,
) {
    let button =
        if pressed == Pressed::Body { first_action(notice, state.settings.hide_details) } else { pressed };
    state.on_screen.retain(|n| n.key() != notice.key());
    if button == Pressed::Restart {
        update::restart(ctx, state, answer);
    } else {
        let _ = answer.send(done(ctx, state, notice, button));
    }
}

fn done(ctx: &Context, state: &mut State, notice: &Notice, button: Pressed) -> Answer {
    match button {
        Pressed::SignIn => match org_of(notice) {
            Some(org) => sign_in::begin(ctx, state, &org, None),
            None => Ok(Reply::Show(Show::Portal)),
        },
        Pressed::Later => {
            // Once more, then silent. That a sign-in ends is told at its end, not in between.
            let keys = notice.keys();
            let before = keys.iter().any(|k| state.put_off.contains(k));
            if !before && !matches!(notice, Notice::SignInEnding { .. }) {
                state.shown.retain(|(k, _)| !keys.contains(k));
                let now = ctx.now();
                raise(state, notice.clone(), now);
                if let Some(pending) = state.pending.last_mut() {
                    pending.not_before = Some(now + LATER);
                }
                remember(&mut state.put_off, keys);
            }
            Ok(Reply::Done)
        }
        Pressed::TryAgain => try_again(ctx, state, notice),
        Pressed::KeepOn => keep_on(ctx, state, notice),
        Pressed::Deny => {
            if let Notice::TouchNeeded { number, .. } = notice {
                step_up::deny(ctx, state, *number);
            }
            Ok(Reply::Done)
        }
        // The window for it is there already, and comes up.
        Pressed::Details | Pressed::Body if matches!(notice, Notice::TouchNeeded { .. }) => {
            step_up::show_again(state);
            Ok(Reply::Done)
        }
        Pressed::Details | Pressed::Body | Pressed::Restart => Ok(Reply::Show(details(notice))),
    }
}

fn try_again(ctx: &Context, state: &mut State, notice: &Notice) -> Answer {
    match notice {
        Notice::RefreshFailing { profiles, .. } | Notice::ProfilesExpired { profiles, .. } => {
            let mut last = Ok(Reply::Done);
            for (profile, _) in profiles {
                last = last.and(keep::refresh_one(ctx, state, profile));
            }
            last
        }
        Notice::LaunchFailed { grant, destination, region, .. } => {
            let org = state.org(&grant.org).ok_or_else(|| Code::Gone { what: "organisation".to_owned() })?;
            if let Some(confirm) = safety::confirm_outside(ctx, state, org, grant) {
                return Ok(Reply::Confirm(confirm));
            }
            let wish = crate::console::Wish {
                grant: grant.clone(),
                destination: destination.clone(),
                region: region.clone(),
                private: state.destined.get(grant).is_some_and(|last| last.private),
                confirmed: false,
            };
            crate::console::begin(ctx, state, wish)
        }
        Notice::AppFailed { app, .. } => crate::apps::open(ctx, state, app.clone()),
        _ => Ok(Reply::Done),
    }
}

/// Asked about anew, since it is production.
fn keep_on(ctx: &Context, state: &State, notice: &Notice) -> Answer {
    let (Notice::TimeOver { grant, .. } | Notice::TimeEnding { grant, .. }) = notice else {
        return Ok(Reply::Done);
    };
    let org = state.org(&grant.org).ok_or_else(|| Code::Gone { what: "organisation".to_owned() })?;
    if !org.may_use(grant) {
        return Err(Code::AccessRemoved);
    }
    let confirm = safety::confirm(ctx, state, org, grant, Act::KeepFresh);
    Ok(confirm.map_or(Reply::Show(Show::Credentials), Reply::Confirm))
}

/// One is shown with its details, several in their list.
fn profile<'a>(mut names: impl Iterator<Item = &'a ProfileName>) -> Show {
    match (names.next(), names.next()) {
        (Some(one), None) => Show::Profile(one.clone()),
        _ => Show::Credentials,
    }
}

/// Where the window tells more.
fn details(notice: &Notice) -> Show {
    match notice {
        Notice::LaunchFailed { code: Code::SignInNeeded, .. }
        | Notice::Revoked { .. }
        | Notice::StrangeAnswers { .. }
        | Notice::PasswordHostMoved { .. }
        | Notice::UpdateReady { .. }
        | Notice::NewAccess { .. } => Show::Portal,
        Notice::LaunchFailed { .. }
        | Notice::AppFailed { .. }
        | Notice::ClockSkew { .. }
        | Notice::RecordBroken { .. }
        | Notice::TouchNeeded { .. }
        | Notice::Copied { .. } => Show::Activity,
        Notice::PinLow { .. } => Show::Keys,
        Notice::Test => Show::Settings,
        Notice::WhileAway { notices } => notices.first().map_or(Show::Portal, details),
        Notice::RefreshFailing { profiles, .. } | Notice::ProfilesExpired { profiles, .. } => {
            profile(profiles.iter().map(|(name, _)| name))
        }
        Notice::Conflict { profiles, .. } => profile(profiles.iter().map(|(name, _)| name)),
        Notice::AccessRemoved { roles, .. } => profile(roles.iter().map(|role| &role.profile)),
        Notice::SignInEnding { .. }
        | Notice::SignInEnded { .. }
        | Notice::TimeOver { .. }
        | Notice::TimeEnding { .. } => Show::Credentials,
    }
}
