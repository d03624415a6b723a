//! What the window asks, checked and made into an engine's request; and its answer for the window.

use crate::{
    account::classified,
    activity,
    ask::{UiConfirm, UiDiscovered, UiEndpoints, UiPauseFor, UiReply, UiRequest, UiShell},
    problem::{About, asks, edits, problem},
    ui_portal::UiClass,
    ui_state::{UiButton, UiGrant, UiMethod, UiProblem, UiSettings, UiTheme, UiView},
    words::{environment_word, group_account_id},
};
use engine::{
    Reply, Request, Snapshot,
    model::{
        code::Code,
        environment::Environment,
        ids::{AccountId, Grant, OrgId, ProfileName, RoleName},
        organisation::Endpoints,
        settings::{Settings, Theme},
        sign_in::Method,
    },
    request::{Answer, Confirm, PauseFor, Shell, Show},
};
use jiff::tz::TimeZone;
use std::time::Duration;
use url::Url;

/// Text that no request can be made of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct AskError {
    /// Which field.
    pub field: &'static str,
    /// What is wrong with it, as the start of a sentence for people.
    pub reason: String,
}

impl AskError {
    fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }

    /// For the window: beside the field.
    #[must_use]
    pub fn reply(&self) -> UiReply {
        let problem = UiProblem {
            title: self.reason.clone(),
            meaning: String::new(),
            next: "Correct it, then try again.".into(),
            buttons: vec![edits("Change it", self.field, None)],
            details: self.to_string(),
        };
        UiReply::Failed { problem, field: Some(self.field.to_owned()) }
    }
}

impl TryFrom<UiRequest> for Request {
    type Error = AskError;

    fn try_from(asked: UiRequest) -> Result<Self, AskError> {
        use UiRequest as Ui;
        Ok(match asked {
            Ui::CheckStartUrl { typed, region, endpoints } => Self::CheckStartUrl {
                typed: typed_url(&typed)?,
                region: region_of(region)?,
                endpoints: endpoints_of(endpoints)?,
            },
            Ui::AddOrganisation { typed, name, region, endpoints } => Self::AddOrganisation {
                typed: typed_url(&typed)?,
                name: name_of(name)?,
                region: region_of(region)?,
                endpoints: endpoints_of(endpoints)?,
            },
            Ui::RemoveOrganisation { org } => Self::RemoveOrganisation(OrgId::new(org)),
            Ui::StartSandbox => Self::StartSandbox,
            Ui::DeleteSandbox => Self::DeleteSandbox,
            Ui::SignIn { org, method } => {
                let method = method.map(|m| match m {
                    UiMethod::Browser => Method::Browser,
                    UiMethod::DeviceCode => Method::DeviceCode,
                });
                Self::SignIn { org: OrgId::new(org), method }
            }
            Ui::OpenSignInAgain { org } => Self::OpenSignInAgain(OrgId::new(org)),
            Ui::CancelSignIn { org } => Self::CancelSignIn(OrgId::new(org)),
            Ui::SignOut { org } => Self::SignOut(OrgId::new(org)),
            Ui::Sync { org } => Self::Sync(OrgId::new(org)),
            Ui::OpenConsole { grant, destination, region, confirmed } => {
                let (grant, region) = (Grant::try_from(grant)?, region_of(region)?);
                Self::OpenConsole {
                    grant,
                    destination: short_text("destination", destination)?,
                    region,
                    confirmed,
                }
            }
            Ui::CopyEnvironment { grant, shell, confirmed } => {
                let shell = match shell {
                    UiShell::Posix => Shell::Posix,
                    UiShell::Fish => Shell::Fish,
                    UiShell::PowerShell => Shell::PowerShell,
                    UiShell::Cmd => Shell::Cmd,
                };
                Self::CopyEnvironment { grant: grant.try_into()?, shell, confirmed }
            }
            Ui::KeepFresh { grant, profile, region, replace_foreign, confirmed } => Self::KeepFresh {
                grant: grant.try_into()?,
                profile: new_profile(&profile)?,
                region: region_of(region)?,
                replace_foreign,
                confirmed,
            },
            Ui::StopKeeping { profile, remove } => {
                Self::StopKeeping { profile: ProfileName::new(profile), remove }
            }
            Ui::RefreshProfile { profile } => Self::RefreshProfile(ProfileName::new(profile)),
            Ui::RefreshAll => Self::RefreshAll,
            Ui::PauseProfile { profile, paused } => {
                Self::PauseProfile { profile: ProfileName::new(profile), paused }
            }
            Ui::TakeBack { profile } => Self::TakeBack(ProfileName::new(profile)),
            Ui::Pause { lasting } => Self::Pause(match lasting {
                UiPauseFor::Hour => PauseFor::Duration(Duration::from_secs(3600)),
                UiPauseFor::Tomorrow => PauseFor::Tomorrow,
                UiPauseFor::UntilResumed => PauseFor::UntilResumed,
            }),
            Ui::Resume => Self::Resume,
            Ui::SetFavourite { grant, on } => Self::SetFavourite { grant: grant.try_into()?, on },
            Ui::SetEnvironment { org, account, environment } => Self::SetEnvironment {
                org: OrgId::new(org),
                account: account_id(account)?,
                environment: environment.map(environment_of),
            },
            Ui::SetSettings { settings } => Self::SetSettings(settings.into()),
            Ui::MakeFilePrivate => Self::MakeFilePrivate,
            Ui::UndoFileChanges => Self::UndoFileChanges,
            Ui::RetryKeyring => Self::RetryKeyring,
            Ui::History { before, limit } => Self::History { before, limit: limit.min(500) },
            Ui::Quit => Self::Quit,
        })
    }
}

/// A request that may have to be confirmed, as the window would have asked it; `None` for others.
#[must_use]
pub fn as_asked(request: &Request) -> Option<UiRequest> {
    match request {
        Request::OpenConsole { grant, destination, region, confirmed } => Some(UiRequest::OpenConsole {
            grant: grant.into(),
            destination: destination.clone(),
            region: region.clone(),
            confirmed: *confirmed,
        }),
        Request::CopyEnvironment { grant, shell, confirmed } => Some(UiRequest::CopyEnvironment {
            grant: grant.into(),
            shell: match shell {
                Shell::Posix => UiShell::Posix,
                Shell::Fish => UiShell::Fish,
                Shell::PowerShell => UiShell::PowerShell,
                Shell::Cmd => UiShell::Cmd,
            },
            confirmed: *confirmed,
        }),
        Request::KeepFresh { grant, profile, region, replace_foreign, confirmed } => {
            Some(UiRequest::KeepFresh {
                grant: grant.into(),
                profile: profile.to_string(),
                region: region.clone(),
                replace_foreign: *replace_foreign,
                confirmed: *confirmed,
            })
        }
        _ => None,
    }
}

/// The engine's answer for the window. `asked` is what the window asked, so that buttons can ask it again.
#[must_use]
pub fn reply(answer: Answer, asked: &UiRequest, s: &Snapshot, zone: &TimeZone) -> UiReply {
    match answer {
        Ok(Reply::Done) => UiReply::Done,
        Ok(Reply::Confirm(confirm)) => UiReply::Confirm { dialog: dialog(&confirm, asked, s) },
        Ok(Reply::Checked(found)) => {
            let host = found.start_url.host_str().unwrap_or_default();
            UiReply::Checked {
                found: UiDiscovered {
                    text: format!("{host} answers. Region {}.", found.region),
                    start_url: found.start_url.to_string(),
                    name: found.name,
                    region: found.region,
                },
            }
        }
        Ok(Reply::Added(org)) => UiReply::Added { org: org.to_string() },
        Ok(Reply::History(entries)) => {
            UiReply::Activity { lines: entries.iter().map(|e| activity::line(s, e, zone)).collect() }
        }
        Ok(Reply::Show(show)) => UiReply::Show { view: show.into() },
        Err(code) => {
            let org = org_of(asked)
                .and_then(|id| s.organisations.iter().find(|o| o.organisation.id.as_str() == id))
                .map(|o| (&o.organisation.id, o.organisation.name.as_str()));
            let about = About { org, again: Some(asked.clone()) };
            UiReply::Failed { problem: problem(&code, &about), field: field_of(&code).map(str::to_owned) }
        }
    }
}

/// The dialog before something dangerous. `asked` is asked again, confirmed.
#[must_use]
pub fn dialog(confirm: &Confirm, asked: &UiRequest, s: &Snapshot) -> UiConfirm {
    let (name, found) = classified(s, &confirm.grant);
    let word = environment_word(found.environment);
    let role = &confirm.grant.role;
    let of_whom = format!("{name}, {}.", group_account_id(confirm.grant.account.as_str()));
    let effect = match found.environment {
        Environment::Production => "Changes here affect live systems.",
        Environment::Unlabelled => "Nobody said which environment this account is.",
        _ => "Changes here can affect what others rely on.",
    };
    let (title, body, label) = match asked {
        UiRequest::KeepFresh { profile, .. } => (
            format!("Keep {word} credentials fresh as {role}?"),
            format!(
                "{of_whom} {effect} Any program you run can use \"{profile}\" for as long as it is kept fresh."
            ),
            "Keep it fresh".to_owned(),
        ),
        UiRequest::CopyEnvironment { .. } => (
            format!("Copy {word} credentials as {role}?"),
            format!("{of_whom} {effect} The clipboard clears in 90 s."),
            format!("Copy {word} credentials"),
        ),
        _ => {
            (format!("Open {word} as {role}?"), format!("{of_whom} {effect}"), format!("Open {word} console"))
        }
    };
    UiConfirm {
        title,
        body,
        confirm: UiButton { danger: true, ..asks(&label, confirmed(asked, None)) },
        cancel: "Cancel".into(),
        instead_text: confirm.instead.as_ref().map(|g| format!("{} is also available here", g.role)),
        instead: confirm.instead.as_ref().map(|g| {
            let verb = match asked {
                UiRequest::KeepFresh { .. } => "Keep",
                UiRequest::CopyEnvironment { .. } => "Copy as",
                _ => "Open as",
            };
            asks(&format!("{verb} {} instead", g.role), confirmed(asked, Some(g)))
        }),
    }
}

/// The same wish, confirmed; or the harmless one, which needs no confirmation.
fn confirmed(asked: &UiRequest, instead: Option<&Grant>) -> UiRequest {
    let mut wish = asked.clone();
    if let UiRequest::OpenConsole { grant, confirmed, .. }
    | UiRequest::CopyEnvironment { grant, confirmed, .. }
    | UiRequest::KeepFresh { grant, confirmed, .. } = &mut wish
    {
        *confirmed = instead.is_none();
        if let Some(other) = instead {
            *grant = other.into();
        }
    }
    wish
}

fn org_of(asked: &UiRequest) -> Option<&str> {
    match asked {
        UiRequest::RemoveOrganisation { org }
        | UiRequest::SignIn { org, .. }
        | UiRequest::OpenSignInAgain { org }
        | UiRequest::CancelSignIn { org }
        | UiRequest::SignOut { org }
        | UiRequest::Sync { org }
        | UiRequest::SetEnvironment { org, .. } => Some(org),
        UiRequest::OpenConsole { grant, .. }
        | UiRequest::CopyEnvironment { grant, .. }
        | UiRequest::KeepFresh { grant, .. }
        | UiRequest::SetFavourite { grant, .. } => Some(&grant.org),
        _ => None,
    }
}

fn field_of(code: &Code) -> Option<&'static str> {
    match code {
        Code::BadStartUrl { .. } | Code::NotAPortal { .. } | Code::NoAnswer { .. } | Code::Tls { .. } => {
            Some("start_url")
        }
        Code::RegionNeeded { .. } => Some("region"),
        Code::ProfileTaken { .. } | Code::BadProfileName { .. } => Some("profile"),
        _ => None,
    }
}

impl From<&Grant> for UiGrant {
    fn from(g: &Grant) -> Self {
        Self { org: g.org.to_string(), account: g.account.to_string(), role: g.role.to_string() }
    }
}

impl TryFrom<UiGrant> for Grant {
    type Error = AskError;

    fn try_from(g: UiGrant) -> Result<Self, AskError> {
        // As AWS has it: 1 to 32 of word characters and +=,.@-.
        let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        if g.role.is_empty() || g.role.len() > 32 || !g.role.chars().all(fits) {
            return Err(AskError::new("role", "That is not a role's name"));
        }
        Ok(Self { org: OrgId::new(g.org), account: account_id(g.account)?, role: RoleName::new(g.role) })
    }
}

impl From<Show> for UiView {
    fn from(show: Show) -> Self {
        match show {
            Show::Portal => Self::Portal,
            Show::Credentials => Self::Credentials,
            Show::Activity => Self::Activity,
            Show::Settings => Self::Settings,
        }
    }
}

impl From<&Settings> for UiSettings {
    fn from(s: &Settings) -> Self {
        Self {
            autostart: s.autostart,
            keep_running: s.keep_running,
            theme: match s.theme {
                Theme::System => UiTheme::System,
                Theme::Light => UiTheme::Light,
                Theme::Dark => UiTheme::Dark,
            },
            compact: s.compact,
            notifications: s.notifications,
            hide_details: s.hide_details,
            quiet_hours: s.quiet_hours,
            remove_on_quit: s.remove_on_quit,
        }
    }
}

impl From<UiSettings> for Settings {
    fn from(s: UiSettings) -> Self {
        Self {
            autostart: s.autostart,
            keep_running: s.keep_running,
            theme: match s.theme {
                UiTheme::System => Theme::System,
                UiTheme::Light => Theme::Light,
                UiTheme::Dark => Theme::Dark,
            },
            compact: s.compact,
            notifications: s.notifications,
            hide_details: s.hide_details,
            quiet_hours: s.quiet_hours,
            remove_on_quit: s.remove_on_quit,
        }
    }
}

fn environment_of(class: UiClass) -> Environment {
    match class {
        UiClass::Production => Environment::Production,
        UiClass::Staging => Environment::Staging,
        UiClass::Shared => Environment::Shared,
        UiClass::Test => Environment::Test,
        UiClass::Development => Environment::Development,
        UiClass::Sandbox => Environment::Sandbox,
        UiClass::Unlabelled => Environment::Unlabelled,
    }
}

fn account_id(id: String) -> Result<AccountId, AskError> {
    if id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()) {
        Ok(AccountId::new(id))
    } else {
        Err(AskError::new("account", "An account number has twelve digits"))
    }
}

/// One line of at most 2048 characters, trimmed; the engine's port reads it.
fn typed_url(typed: &str) -> Result<String, AskError> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(AskError::new("start_url", "Enter a start URL"));
    }
    if typed.len() > 2048 || typed.chars().any(char::is_control) {
        return Err(AskError::new("start_url", "That is too long for a start URL, or more than one line"));
    }
    Ok(typed.to_owned())
}

fn region_of(region: Option<String>) -> Result<Option<String>, AskError> {
    let Some(region) = region.map(|r| r.trim().to_owned()).filter(|r| !r.is_empty()) else {
        return Ok(None);
    };
    let fits = region.len() <= 32
        && region.contains('-')
        && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && region.ends_with(|c: char| c.is_ascii_digit());
    if fits { Ok(Some(region)) } else { Err(AskError::new("region", "A region looks like eu-west-1")) }
}

fn name_of(name: Option<String>) -> Result<Option<String>, AskError> {
    let name = short_text("name", name)?;
    match name {
        Some(n) if n.chars().count() > 60 => Err(AskError::new("name", "A name has at most 60 characters")),
        other => Ok(other),
    }
}

fn short_text(field: &'static str, text: Option<String>) -> Result<Option<String>, AskError> {
    let Some(text) = text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    if text.len() > 2048 || text.chars().any(char::is_control) {
        return Err(AskError::new(field, "That is too long, or more than one line"));
    }
    Ok(Some(text))
}

/// Names that every AWS tool reads: no brackets, quotes, spaces, comment signs or line ends.
fn new_profile(name: &str) -> Result<ProfileName, AskError> {
    let name = name.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-+@".contains(c);
    if name.is_empty() {
        return Err(AskError::new("profile", "Enter a profile name"));
    }
    if name.len() > 64 || !name.chars().all(fits) {
        let reason = "A profile name has at most 64 letters, digits, dots, dashes and underscores";
        return Err(AskError::new("profile", reason));
    }
    Ok(ProfileName::new(name))
}

fn endpoints_of(endpoints: Option<UiEndpoints>) -> Result<Option<Endpoints>, AskError> {
    let Some(typed) = endpoints else {
        return Ok(None);
    };
    Ok(Some(Endpoints {
        oidc: endpoint("oidc", &typed.oidc)?,
        portal: endpoint("portal", &typed.portal)?,
        federation: endpoint("federation", &typed.federation)?,
        sts: endpoint("sts", &typed.sts)?,
    }))
}

/// An address of https, or of plain http on this computer alone: tokens travel to it.
fn endpoint(field: &'static str, typed: &str) -> Result<Url, AskError> {
    let url =
        Url::parse(typed.trim()).map_err(|_| AskError::new(field, "An endpoint starts with https://"))?;
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AskError::new(field, "An endpoint holds no user name or password"));
    }
    if url.scheme() == "https" || (url.scheme() == "http" && here) {
        Ok(url)
    } else {
        Err(AskError::new(field, "An endpoint starts with https://; http:// works on this computer only"))
    }
}
