//! What the window asks, checked and made into an engine's request; and its answer for the window.

use crate::{
    account::classified,
    activity,
    ask::{UiConfirm, UiDiscovered, UiLasting, UiMinutes, UiPart, UiPauseFor, UiReply, UiRequest, UiShell},
    conversion::conversion,
    diagnostics,
    import::import,
    network::network_of,
    page,
    problem::{About, asks, problem},
    settings::field_of as field_of_rule,
    typed::{AskError, account_id, endpoints_of, name_of, new_profile, region_of, short_text, typed_url},
    ui_import::UiWanted,
    ui_keys::UiKeyWish,
    ui_portal::UiClass,
    ui_setup::UiBrowser,
    ui_state::{UiAppRef, UiButton, UiDelivery, UiGrant, UiMethod, UiShow, UiTarget, UiView},
    words::{count, environment_word, first_and_more, group_account_id, left},
};
use engine::{
    Reply, Request, Snapshot,
    model::{
        code::Code,
        environment::{Act, Care, Environment, needs_confirm, sensitivity},
        ids::{AppId, AppRef, Grant, OrgId, ProfileName, RoleName, Target},
        settings::Settings,
        sign_in::{Method, SignIn},
        step_up::Unanswered,
    },
    ports::HistoryPage,
    request::{Answer, Confirm, Consent, Part, PauseFor, Shell, Show, Wanted},
    snapshot::OrganisationNow,
};
use jiff::{SignedDuration, tz::TimeZone};
use std::time::Duration;

/// Profiles that are kept by one request.
const MOST_AT_ONCE: usize = 200;

impl TryFrom<UiWanted> for Wanted {
    type Error = AskError;

    fn try_from(wanted: UiWanted) -> Result<Self, AskError> {
        Ok(Self {
            grant: wanted.grant.try_into()?,
            profile: new_profile(&wanted.profile)?,
            region: region_of(wanted.region)?,
        })
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
            Ui::LookAtConfig => Self::LookAtConfig,
            Ui::AddFromConfig => Self::AddFromConfig,
            Ui::PlanConversion { profiles } => Self::PlanConversion(config_profiles(profiles)?),
            Ui::Convert { profiles, seen } => Self::Convert { profiles: config_profiles(profiles)?, seen },
            Ui::UndoConversion { entry } => Self::UndoConversion(entry),
            Ui::RemoveOrganisation { org } => Self::RemoveOrganisation(OrgId::new(org)),
            Ui::ChooseOrganisation { org } => Self::Choose(OrgId::new(org)),
            Ui::AddUser { org } => Self::AddUser(OrgId::new(org)),
            Ui::StartSandbox => Self::StartSandbox,
            Ui::DeleteSandbox => Self::DeleteSandbox,
            Ui::SignIn { org, method } => {
                let method = method.map(|m| match m {
                    UiMethod::Browser => Method::Browser,
                    UiMethod::DeviceCode => Method::DeviceCode,
                    UiMethod::Native => Method::Native,
                });
                Self::SignIn { org: OrgId::new(org), method }
            }
            Ui::InApp { org, step } => Self::InApp { org: OrgId::new(org), step: step.into() },
            Ui::OpenSignInAgain { org } => Self::OpenSignInAgain(OrgId::new(org)),
            Ui::CancelSignIn { org } => Self::CancelSignIn(OrgId::new(org)),
            Ui::SignOut { org } => Self::SignOut(OrgId::new(org)),
            Ui::Sync { org } => Self::Sync(OrgId::new(org)),
            Ui::PauseSync { org } => Self::PauseSync(OrgId::new(org)),
            Ui::OpenConsole { grant, destination, region, private, confirmed } => {
                let (grant, region) = (Grant::try_from(grant)?, region_of(region)?);
                Self::OpenConsole {
                    grant,
                    destination: short_text("destination", destination)?,
                    region,
                    private: private.unwrap_or_default(),
                    confirmed,
                }
            }
            Ui::OpenApp { app } => Self::OpenApp(app.try_into()?),
            Ui::OpenPortal { org } => Self::OpenPortal(OrgId::new(org)),
            Ui::CopyEnvironment { grant, shell, confirmed } => {
                let shell = match shell {
                    UiShell::Posix => Shell::Posix,
                    UiShell::Fish => Shell::Fish,
                    UiShell::PowerShell => Shell::PowerShell,
                    UiShell::Cmd => Shell::Cmd,
                };
                Self::CopyEnvironment { grant: grant.try_into()?, shell, confirmed }
            }
            Ui::CopyCredentials { grant, part, confirmed } => {
                let part = match part {
                    UiPart::Block { profile } => Part::Block(new_profile(&profile)?),
                    UiPart::AccessKeyId => Part::AccessKeyId,
                    UiPart::SecretAccessKey => Part::SecretAccessKey,
                    UiPart::SessionToken => Part::SessionToken,
                };
                Self::CopyCredentials { grant: grant.try_into()?, part, confirmed }
            }
            Ui::KeepFresh { grant, profile, delivery, region, replace_foreign, confirmed } => {
                Self::KeepFresh {
                    grant: grant.try_into()?,
                    profile: new_profile(&profile)?,
                    delivery: delivery.into(),
                    region: region_of(region)?,
                    replace_foreign,
                    confirmed,
                }
            }
            Ui::ChangeDelivery { profile, delivery, replace_foreign } => Self::ChangeDelivery {
                profile: ProfileName::new(profile),
                delivery: delivery.into(),
                replace_foreign,
            },
            Ui::KeepMany { wanted, confirmed } => {
                if wanted.is_empty() || wanted.len() > MOST_AT_ONCE {
                    return Err(AskError::new("profile", "Choose between 1 and 200 profiles"));
                }
                let wanted = wanted.into_iter().map(Wanted::try_from).collect::<Result<_, _>>()?;
                Self::KeepMany { wanted, confirmed }
            }
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
            Ui::SetFavourite { grant, on } => {
                Self::SetFavourite { target: Target::Role(grant.try_into()?), on }
            }
            Ui::SetFavouriteApp { app, on } => {
                Self::SetFavourite { target: Target::App(app.try_into()?), on }
            }
            Ui::MoveFavourite { grant, up } => {
                Self::MoveFavourite { target: Target::Role(grant.try_into()?), up }
            }
            Ui::MoveFavouriteApp { app, up } => {
                Self::MoveFavourite { target: Target::App(app.try_into()?), up }
            }
            Ui::SetEnvironment { org, account, environment } => Self::SetEnvironment {
                org: OrgId::new(org),
                account: account_id(account)?,
                environment: environment.map(environment_of),
            },
            Ui::SetSettings { settings } => Self::SetSettings(settings.into()),
            Ui::SetNetwork { proxy, no_proxy, ca_file } => {
                Self::SetNetwork(network_of(&proxy, no_proxy, &ca_file)?)
            }
            Ui::LookAtBrowsers => Self::LookAtBrowsers,
            Ui::ResetSettings => Self::SetSettings(Settings::default()),
            // What was done lately; the rest is in the snapshot.
            Ui::Diagnostics => {
                Self::History(HistoryPage { limit: diagnostics::LATELY, ..HistoryPage::default() })
            }
            Ui::ShowLogs => Self::ShowLogs,
            Ui::ShowFile { profile } => Self::ShowFile(ProfileName::new(profile)),
            Ui::MakeFilePrivate => Self::MakeFilePrivate,
            Ui::UndoFileChanges => Self::UndoFileChanges,
            Ui::RetryKeyring => Self::RetryKeyring,
            Ui::Restart => Self::Restart,
            Ui::TestNotification => Self::TestNotification,
            Ui::UpdateLater => Self::UpdateLater,
            Ui::Confirmed { request, why, quiet, minutes } => Self::Confirmed {
                request: Box::new((*request).try_into()?),
                consent: Consent {
                    why,
                    quiet,
                    lasting: minutes.map(|m| Duration::from_secs(u64::from(m) * 60)),
                },
            },
            Ui::AllowDefault { account, allowed } => {
                Self::AllowDefault { account: account_id(account)?, allowed }
            }
            Ui::TryRule { field, pattern } => Self::TryRule { field: field_of_rule(field), pattern },
            Ui::CheckRecord => Self::CheckRecord,
            Ui::ClearHistory => Self::ClearHistory,
            // These take several steps: `Reading` makes them.
            Ui::History { .. }
            | Ui::ActivityEntry { .. }
            | Ui::ExportActivity { .. }
            | Ui::SaveDiagnostics => {
                return Err(AskError::new("activity", "Activity is read in steps"));
            }
            Ui::Keys { keys } => Self::Keys(keys.into()),
            Ui::StepUp { step_up } => Self::StepUp(step_up.request()?),
            Ui::Quit => Self::Quit,
        })
    }
}

/// The engine's answer for the window. `asked` is what the window asked, so that buttons can ask it again.
#[must_use]
pub fn reply(answer: Answer, asked: &UiRequest, s: &Snapshot, zone: &TimeZone) -> UiReply {
    match answer {
        // The window asks for no keys, and would not get them.
        Ok(Reply::Done | Reply::Restarting | Reply::Credentials(_)) => UiReply::Done,
        Ok(Reply::Copied { expires }) => UiReply::Copied { until: expires.as_millisecond() },
        // Who said no knows.
        Err(Code::StepUpEnded { why: Unanswered::Denied }) => UiReply::Done,
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
        Ok(Reply::Browsers(found)) => {
            let one = |it: engine::ports::InstalledBrowser| UiBrowser {
                id: it.id,
                name: it.name,
                private: it.private,
                containers: it.containers,
            };
            UiReply::Browsers { browsers: found.into_iter().map(one).collect() }
        }
        Ok(Reply::Conversion(plan)) => UiReply::Conversion { plan: conversion(&plan) },
        Ok(Reply::Config(config)) => UiReply::Config { import: import(&config, s) },
        Ok(Reply::History(entries)) if matches!(asked, UiRequest::Diagnostics) => {
            UiReply::Diagnostics { text: diagnostics::text(s, &entries) }
        }
        Ok(Reply::History(entries)) => UiReply::Activity {
            lines: entries.iter().map(|e| activity::line(s, e, zone)).collect(),
            more: false,
            accounts: None,
        },
        // Read in steps, see `Reading`.
        Ok(Reply::RecordedAccounts(_) | Reply::Exported(_)) => UiReply::Done,
        Ok(Reply::Fits { accounts, names }) => {
            UiReply::Fits { text: fits(accounts, "account", &names, ", ") }
        }
        Ok(Reply::FitsRoles { roles, names }) => UiReply::Fits { text: fits(roles, "role", &names, "; ") },
        Ok(Reply::Show(show)) => UiReply::Show { show: show.into() },
        Err(code) => {
            let org = org_of(asked, s).map(|o| (&o.organisation.id, o.organisation.name.as_str()));
            let link = page::of_request(s, asked);
            let about = About { org, again: Some(asked.clone()), launch: link.is_some(), link };
            let mut problem = problem(&code, &about);
            if let (Code::AccessRemoved, Some(grant)) = (&code, grant_of(asked)) {
                // Whoever clicked a row that stood there a moment too long reads what is meant.
                let (name, _) = classified(s, &grant);
                problem.title = format!("You no longer have access to {name}, {}", grant.role);
            }
            UiReply::Failed { problem, field: field_of(&code).map(str::to_owned) }
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
        UiRequest::KeepFresh { profile, delivery: UiDelivery::OnDemand, .. } => (
            format!("Let tools ask for {word} credentials as {role}?"),
            if confirm.care == Care::TimeBoxed {
                format!(
                    "{of_whom} {effect} Any program you run can ask for \"{profile}\" until it ends by itself."
                )
            } else {
                format!("{of_whom} {effect} Any program you run can ask for \"{profile}\".")
            },
            "Let them ask".to_owned(),
        ),
        UiRequest::KeepFresh { profile, .. } => (
            format!("Keep {word} credentials fresh as {role}?"),
            if confirm.care == Care::TimeBoxed {
                format!(
                    "{of_whom} {effect} Any program you run can use \"{profile}\" until it ends by itself."
                )
            } else {
                format!(
                    "{of_whom} {effect} Any program you run can use \"{profile}\" for as long as it is kept fresh."
                )
            },
            "Keep it fresh".to_owned(),
        ),
        UiRequest::KeepMany { wanted, .. } => (
            format!("Keep {word} credentials fresh?"),
            format!(
                "{} {effect} Any program you run can use them for as long as they are kept fresh.",
                of_whom_many(wanted, s)
            ),
            "Keep them fresh".to_owned(),
        ),
        UiRequest::CopyEnvironment { .. } | UiRequest::CopyCredentials { .. } => (
            format!("Copy {word} credentials as {role}?"),
            format!("{of_whom} {effect} The clipboard clears in 90 s."),
            format!("Copy {word} credentials"),
        ),
        _ => {
            (format!("Open {word} as {role}?"), format!("{of_whom} {effect}"), format!("Open {word} console"))
        }
    };
    let keeps = matches!(asked, UiRequest::KeepFresh { .. } | UiRequest::KeepMany { .. });
    let quietable = !keeps;
    // A choice of several has no harmless one in its place.
    let instead = confirm.instead.as_ref().filter(|_| !matches!(asked, UiRequest::KeepMany { .. }));
    UiConfirm {
        title,
        body,
        confirm: UiButton { danger: true, ..asks(&label, confirmed(asked, None)) },
        cancel: "Cancel".into(),
        instead_text: instead.map(|g| format!("{} is also available here", g.role)),
        instead: instead.map(|g| {
            let verb = match asked {
                UiRequest::KeepFresh { .. } => "Keep",
                UiRequest::CopyEnvironment { .. } | UiRequest::CopyCredentials { .. } => "Copy as",
                _ => "Open as",
            };
            asks(&format!("{verb} {} instead", g.role), confirmed(asked, Some(g)))
        }),
        why: Some("Why? (kept in your activity log)".into()),
        quiet: quietable.then(|| "Do not ask again for this role for 15 min".into()),
        lasting: (confirm.care == Care::TimeBoxed).then(lasting),
        // Of several there is no one name.
        typed: s.policy.safety.type_name.then(|| match asked {
            UiRequest::KeepMany { .. } => word.to_owned(),
            _ => name.to_owned(),
        }),
    }
}

/// From a quarter of an hour to four hours.
fn lasting() -> UiLasting {
    let choice = |minutes: u32| UiMinutes { minutes, label: left(SignedDuration::from_mins(minutes.into())) };
    UiLasting {
        label: "Keep it fresh for".into(),
        choices: [15, 30, 60, 120, 240].map(choice).to_vec(),
        usual: 60,
    }
}

/// `Matches 14 accounts: a, b, c, d, e and 9 more.`
fn fits(all: usize, what: &str, names: &[String], between: &str) -> String {
    let more = all.saturating_sub(names.len());
    match (all, more) {
        (0, _) => format!("Matches no {what}."),
        (n, 0) => format!("Matches {}: {}.", count(n, what), names.join(between)),
        (n, more) => format!("Matches {}: {} and {more} more.", count(n, what), names.join(between)),
    }
}

/// The accounts that have to be confirmed, each with its role.
fn of_whom_many(wanted: &[UiWanted], s: &Snapshot) -> String {
    let asking = wanted.iter().filter_map(|w| {
        let grant = Grant::try_from(w.grant.clone()).ok()?;
        let (name, found) = classified(s, &grant);
        let level = sensitivity(grant.role.as_str());
        needs_confirm(found.environment, level, Act::KeepFresh).then(|| format!("{name} as {}", grant.role))
    });
    let names: Vec<_> = asking.collect();
    format!("{}.", first_and_more(names.iter().map(String::as_str)))
}

/// The same wish, confirmed; or the harmless one, which needs no confirmation. The window fills in what the
/// person says to it.
fn confirmed(asked: &UiRequest, instead: Option<&Grant>) -> UiRequest {
    let mut wish = asked.clone();
    if let (
        Some(other),
        UiRequest::OpenConsole { grant, .. }
        | UiRequest::CopyEnvironment { grant, .. }
        | UiRequest::CopyCredentials { grant, .. }
        | UiRequest::KeepFresh { grant, .. },
    ) = (instead, &mut wish)
    {
        *grant = other.into();
        return wish;
    }
    UiRequest::Confirmed { request: Box::new(wish), why: None, quiet: false, minutes: None }
}

/// The role that a request is about.
fn grant_of(asked: &UiRequest) -> Option<Grant> {
    match asked {
        UiRequest::OpenConsole { grant, .. }
        | UiRequest::CopyEnvironment { grant, .. }
        | UiRequest::CopyCredentials { grant, .. }
        | UiRequest::KeepFresh { grant, .. } => Grant::try_from(grant.clone()).ok(),
        UiRequest::Confirmed { request, .. } => grant_of(request),
        _ => None,
    }
}

/// The organisation that a request is about, whose sign-in a refusal may ask for.
fn org_of<'a>(asked: &UiRequest, s: &'a Snapshot) -> Option<&'a OrganisationNow> {
    let by_id = |id: &str| s.organisations.iter().find(|o| o.organisation.id.as_str() == id);
    match asked {
        UiRequest::RemoveOrganisation { org }
        | UiRequest::AddUser { org }
        | UiRequest::SignIn { org, .. }
        | UiRequest::OpenSignInAgain { org }
        | UiRequest::CancelSignIn { org }
        | UiRequest::SignOut { org }
        | UiRequest::Sync { org }
        | UiRequest::PauseSync { org }
        | UiRequest::OpenPortal { org }
        | UiRequest::SetEnvironment { org, .. } => by_id(org),
        UiRequest::OpenConsole { grant, .. }
        | UiRequest::CopyEnvironment { grant, .. }
        | UiRequest::CopyCredentials { grant, .. }
        | UiRequest::KeepFresh { grant, .. }
        | UiRequest::SetFavourite { grant, .. }
        | UiRequest::MoveFavourite { grant, .. } => by_id(&grant.org),
        UiRequest::Keys { keys: UiKeyWish::Register { org, .. } } => by_id(org),
        UiRequest::Confirmed { request, .. } => org_of(request, s),
        UiRequest::OpenApp { app }
        | UiRequest::SetFavouriteApp { app, .. }
        | UiRequest::MoveFavouriteApp { app, .. } => by_id(&app.org),
        UiRequest::KeepMany { wanted, .. } => by_id(&wanted.first()?.grant.org),
        UiRequest::RefreshProfile { profile }
        | UiRequest::PauseProfile { profile, .. }
        | UiRequest::StopKeeping { profile, .. }
        | UiRequest::ChangeDelivery { profile, .. }
        | UiRequest::ShowFile { profile }
        | UiRequest::TakeBack { profile } => {
            let kept = s.profiles.iter().find(|p| p.kept.profile.as_str() == profile)?;
            by_id(kept.kept.grant.org.as_str())
        }
        // The first one that somebody has to sign in to.
        UiRequest::RefreshAll => s.organisations.iter().find(|o| {
            let signed_in = matches!(o.sign_in, SignIn::SignedIn(_));
            !signed_in && s.profiles.iter().any(|p| p.kept.grant.org == o.organisation.id)
        }),
        _ => None,
    }
}

/// Names that stand in a file already, of whatever kind; the file says whether it has them.
fn config_profiles(names: Vec<String>) -> Result<Vec<String>, AskError> {
    if names.is_empty() || names.len() > MOST_AT_ONCE || names.iter().any(|name| name.len() > 1024) {
        return Err(AskError::new("profile", "Choose between 1 and 200 profiles"));
    }
    Ok(names)
}

fn field_of(code: &Code) -> Option<&'static str> {
    match code {
        Code::BadStartUrl { .. } | Code::NotAPortal { .. } | Code::NoAnswer { .. } | Code::Tls { .. } => {
            Some("start_url")
        }
        Code::RegionNeeded { .. } => Some("region"),
        Code::ProfileTaken { .. } | Code::BadProfileName { .. } | Code::DefaultInProduction { .. } => {
            Some("profile")
        }
        Code::BadPattern { .. } => Some("pattern"),
        Code::BadProxy => Some("proxy"),
        Code::NoTrust { path: Some(_), .. } => Some("ca_file"),
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

impl From<&AppRef> for UiAppRef {
    fn from(a: &AppRef) -> Self {
        Self { org: a.org.to_string(), app: a.app.to_string() }
    }
}

impl TryFrom<UiAppRef> for AppRef {
    type Error = AskError;

    fn try_from(a: UiAppRef) -> Result<Self, AskError> {
        if a.app.is_empty() || a.app.len() > 256 || !a.app.chars().all(|c| c.is_ascii_graphic()) {
            return Err(AskError::new("app", "That is not an app's id"));
        }
        Ok(Self { org: OrgId::new(a.org), app: AppId::new(a.app) })
    }
}

impl From<Show> for UiShow {
    fn from(show: Show) -> Self {
        let (view, target) = match show {
            Show::Portal => (UiView::Portal, None),
            Show::Apps => (UiView::Portal, Some(UiTarget::Apps)),
            Show::Search(query) => (UiView::Portal, Some(UiTarget::Search { query })),
            Show::Credentials => (UiView::Credentials, None),
            Show::Profile(name) => (UiView::Credentials, Some(UiTarget::Profile { name: name.to_string() })),
            Show::StopKeeping(name) => (UiView::Credentials, Some(UiTarget::Stop { name: name.to_string() })),
            Show::KeepFresh => (UiView::Credentials, Some(UiTarget::Keep)),
            Show::Keys => (UiView::Keys, None),
            Show::Activity => (UiView::Activity, None),
            Show::Settings => (UiView::Settings, None),
        };
        Self { view, target }
    }
}

pub(crate) fn environment_of(class: UiClass) -> Environment {
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
