//! What the tray and notifications ask, as the window would have asked it: so that a question or a refusal
//! comes up in the window with all its buttons.

use crate::ask::{UiPart, UiPauseFor, UiRequest, UiShell};
use engine::{
    Request,
    model::{ids::OrgId, notice::Notice},
    request::{Part, PauseFor, Shell},
};

/// The same wish, if the window has it.
#[must_use]
pub fn as_asked(request: &Request) -> Option<UiRequest> {
    let profile = |name: &engine::model::ids::ProfileName| name.to_string();
    Some(match request {
        Request::StartSandbox => UiRequest::StartSandbox,
        Request::SignIn { org, .. } => sign_in(org),
        Request::SignOut(org) => UiRequest::SignOut { org: org.to_string() },
        Request::Sync(org) => UiRequest::Sync { org: org.to_string() },
        Request::OpenConsole { grant, destination, region, private, confirmed } => UiRequest::OpenConsole {
            grant: grant.into(),
            destination: destination.clone(),
            region: region.clone(),
            private: private.then_some(true),
            confirmed: *confirmed,
        },
        Request::OpenApp(app) => UiRequest::OpenApp { app: app.into() },
        Request::OpenPortal(org) => UiRequest::OpenPortal { org: org.to_string() },
        Request::CopyEnvironment { grant, shell, confirmed } => UiRequest::CopyEnvironment {
            grant: grant.into(),
            shell: match shell {
                Shell::Posix => UiShell::Posix,
                Shell::Fish => UiShell::Fish,
                Shell::PowerShell => UiShell::PowerShell,
                Shell::Cmd => UiShell::Cmd,
            },
            confirmed: *confirmed,
        },
        Request::CopyCredentials { grant, part, confirmed } => UiRequest::CopyCredentials {
            grant: grant.into(),
            part: match part {
                Part::Block(name) => UiPart::Block { profile: profile(name) },
                Part::AccessKeyId => UiPart::AccessKeyId,
                Part::SecretAccessKey => UiPart::SecretAccessKey,
                Part::SessionToken => UiPart::SessionToken,
            },
            confirmed: *confirmed,
        },
        Request::KeepFresh { grant, profile, delivery, region, replace_foreign, confirmed } => {
            UiRequest::KeepFresh {
                grant: grant.into(),
                profile: profile.to_string(),
                delivery: (*delivery).into(),
                region: region.clone(),
                replace_foreign: *replace_foreign,
                confirmed: *confirmed,
            }
        }
        Request::ChangeDelivery { profile: name, delivery, replace_foreign } => UiRequest::ChangeDelivery {
            profile: profile(name),
            delivery: (*delivery).into(),
            replace_foreign: *replace_foreign,
        },
        Request::RefreshProfile(name) => UiRequest::RefreshProfile { profile: profile(name) },
        Request::RefreshAll => UiRequest::RefreshAll,
        Request::PauseProfile { profile: name, paused } => {
            UiRequest::PauseProfile { profile: profile(name), paused: *paused }
        }
        Request::Pause(lasting) => UiRequest::Pause {
            lasting: match lasting {
                PauseFor::Duration(_) => UiPauseFor::Hour,
                PauseFor::Tomorrow => UiPauseFor::Tomorrow,
                PauseFor::UntilResumed => UiPauseFor::UntilResumed,
            },
        },
        Request::Resume => UiRequest::Resume,
        Request::Restart => UiRequest::Restart,
        Request::Confirmed { request, consent } => UiRequest::Confirmed {
            request: Box::new(as_asked(request)?),
            why: consent.why.clone(),
            quiet: consent.quiet,
            minutes: consent.lasting.and_then(|d| u32::try_from(d.as_secs() / 60).ok()),
        },
        Request::Pressed { notice, .. } => return of_notice(notice),
        _ => return None,
    })
}

fn sign_in(org: &OrgId) -> UiRequest {
    UiRequest::SignIn { org: org.to_string(), method: None }
}

/// What its first button asks.
fn of_notice(notice: &Notice) -> Option<UiRequest> {
    match notice {
        Notice::SignInEnding { org, .. }
        | Notice::SignInEnded { org, .. }
        | Notice::ProfilesExpired { org, code: None, .. } => Some(sign_in(org)),
        Notice::RefreshFailing { profiles, .. } | Notice::ProfilesExpired { profiles, .. } => {
            let (name, _) = profiles.first()?;
            Some(UiRequest::RefreshProfile { profile: name.to_string() })
        }
        Notice::LaunchFailed { grant, destination, region, .. } => Some(UiRequest::OpenConsole {
            grant: grant.into(),
            destination: destination.clone(),
            region: region.clone(),
            private: None,
            confirmed: false,
        }),
        Notice::TimeOver { profile, grant, region, delivery, .. }
        | Notice::TimeEnding { profile, grant, region, delivery, .. } => Some(UiRequest::KeepFresh {
            grant: grant.into(),
            profile: profile.to_string(),
            delivery: (*delivery).into(),
            region: region.clone(),
            replace_foreign: false,
            confirmed: false,
        }),
        Notice::UpdateReady { .. } => Some(UiRequest::Restart),
        Notice::AppFailed { app, .. } => Some(UiRequest::OpenApp { app: app.into() }),
        _ => None,
    }
}
