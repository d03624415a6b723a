//! The AWS config file beside what is known of its organisations.

use crate::{
    account::classified,
    ask::UiRequest,
    problem::asks,
    ui_import::{UiImport, UiImportNote, UiImportOrganisation, UiImportProfile, UiImportState, UiWanted},
    ui_setup::{UiCard, UiCardKind},
    words::{count, group_account_id, ui_environment},
};
use engine::{
    Snapshot,
    model::{
        Timestamp,
        aws_config::{AwsConfig, ConfigProfile, comparable},
        ids::{AccountId, Grant, RoleName},
        sign_in::SignIn,
    },
    snapshot::OrganisationNow,
};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use url::Url;

/// What was used since then is chosen already when somebody chooses what to keep.
const LATELY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Card A of the first run, if the config file names an organisation.
pub(crate) fn card(s: &Snapshot) -> Option<UiCard> {
    let groups = s.config.groups();
    let first = groups.first()?;
    let found = format!(
        "Found {}, {}. Nothing is changed yet.",
        count(groups.len(), "organisation"),
        count(s.config.profiles.len(), "profile")
    );
    Some(UiCard {
        kind: UiCardKind::Import,
        title: format!("Continue with {}", host(first.start_url)),
        body: found,
    })
}

/// Whether there is something to import.
pub(crate) fn note(s: &Snapshot) -> Option<UiImportNote> {
    let config = &s.config;
    let many = config.profiles.len();
    (many > 0).then(|| UiImportNote {
        text: format!(
            "{} in {} {} in by {}.",
            count(many, "profile"),
            config.path.display(),
            if many == 1 { "signs" } else { "sign" },
            if many == 1 { "itself" } else { "themselves" },
        ),
    })
}

/// All of it, for the preview.
pub(crate) fn import(config: &AwsConfig, s: &Snapshot) -> UiImport {
    let mut names = Names::of(config, s);
    let mut organisations: Vec<_> = config
        .groups()
        .into_iter()
        .map(|group| {
            let key = comparable(group.start_url);
            let org = s.organisations.iter().find(|o| comparable(o.organisation.start_url.as_str()) == key);
            let id = org.map(|o| o.organisation.id.to_string());
            let (note, button) = match (org, &id) {
                (Some(o), _) if matches!(o.sign_in, SignIn::SignedIn(_)) => (String::new(), None),
                (Some(_), Some(id)) => (
                    "Not signed in".to_owned(),
                    Some(asks("Sign in", UiRequest::SignIn { org: id.clone(), method: None })),
                ),
                _ => {
                    let add = UiRequest::AddOrganisation {
                        typed: group.start_url.to_owned(),
                        name: None,
                        region: group.region.map(str::to_owned),
                        endpoints: None,
                    };
                    ("Not added yet".to_owned(), Some(asks("Add", add)))
                }
            };
            UiImportOrganisation {
                name: org.map_or_else(|| host(group.start_url), |o| o.organisation.name.clone()),
                start_url: group.start_url.to_owned(),
                org: id,
                note,
                button,
                profiles: group.profiles.iter().map(|p| profile(p, org, s, &mut names)).collect(),
            }
        })
        .collect();
    let lost: Vec<_> = config.without_start_url().map(|p| profile(p, None, s, &mut names)).collect();
    if !lost.is_empty() {
        organisations.push(UiImportOrganisation {
            name: "No start URL".to_owned(),
            start_url: String::new(),
            org: None,
            note: String::new(),
            button: None,
            profiles: lost,
        });
    }
    UiImport {
        summary: format!("{} in {}", count(config.profiles.len(), "profile"), config.path.display()),
        organisations,
        managed: config
            .managed
            .iter()
            .map(|(name, by)| format!("{name}: Managed by {by}. Left alone."))
            .collect(),
        unread: unread(config),
    }
}

/// The account that a profile names, as an organisation lists it.
enum Listed {
    Yes,
    No,
    NotYet,
}

fn profile(
    p: &ConfigProfile,
    org: Option<&OrganisationNow>,
    s: &Snapshot,
    names: &mut Names,
) -> UiImportProfile {
    let grant = org.and_then(|o| {
        Some(Grant {
            org: o.organisation.id.clone(),
            account: AccountId::new(p.account.as_deref()?),
            role: RoleName::new(p.role.as_deref()?),
        })
    });
    let found = grant.as_ref().map(|g| classified(s, g));
    let lately = |at: Timestamp| s.at.duration_since(at) <= LATELY;
    let used = p.used.is_some_and(lately)
        || s.launched
            .iter()
            .any(|(target, at)| target.role().is_some() && target.role() == grant.as_ref() && lately(*at));
    let (state, about) = judged(p, org, grant.as_ref(), s);
    let keepable =
        matches!(state, UiImportState::Ready | UiImportState::Legacy | UiImportState::NameConflict);
    UiImportProfile {
        name: p.name.clone(),
        account: match &found {
            Some((name, _)) => name.clone(),
            None => p.account.as_deref().map(group_account_id).unwrap_or_default(),
        },
        environment: found
            .filter(|_| !matches!(state, UiImportState::SignedOut))
            .map(|(_, e)| ui_environment(&e)),
        role: p.role.clone().unwrap_or_default(),
        state,
        state_word: match state {
            UiImportState::Kept => "Kept in the credentials file",
            UiImportState::Ready => "Ready",
            UiImportState::Legacy => "Legacy format",
            UiImportState::NameConflict => "Name conflict",
            UiImportState::NoAccess => "No access",
            UiImportState::Incomplete => "Incomplete",
            UiImportState::Loading => "Loading roles...",
            UiImportState::SignedOut => "Sign in to see",
        }
        .to_owned(),
        about,
        keep: grant.filter(|_| keepable).map(|g| UiWanted {
            grant: (&g).into(),
            profile: names.free(&p.name),
            region: p.region.clone(),
        }),
        convertible: p.convertible,
        used,
    }
}

fn judged(
    p: &ConfigProfile,
    org: Option<&OrganisationNow>,
    grant: Option<&Grant>,
    s: &Snapshot,
) -> (UiImportState, String) {
    use UiImportState as State;
    if let Some(missing) = missing(p) {
        return (State::Incomplete, missing);
    }
    let (Some(o), Some(grant)) = (org, grant) else { return (State::SignedOut, String::new()) };
    if let Some(kept) = s.profiles.iter().find(|k| k.kept.grant == *grant) {
        return (State::Kept, format!("As \"{}\".", kept.kept.profile));
    }
    match listed(o, grant) {
        Listed::NotYet if !matches!(o.sign_in, SignIn::SignedIn(_)) => (State::SignedOut, String::new()),
        Listed::NotYet => (State::Loading, String::new()),
        Listed::No => (State::NoAccess, format!("{} does not assign this role to you.", o.organisation.name)),
        Listed::Yes if s.file.foreign.contains(&p.name) => (
            State::NameConflict,
            "Your credentials file has keys of that name too, which some tools take.".to_owned(),
        ),
        Listed::Yes if p.session.is_none() => {
            (State::Legacy, "Works as it is, in the form that AWS used before.".to_owned())
        }
        Listed::Yes => (State::Ready, "Works as it is.".to_owned()),
    }
}

/// What a tool would miss in it.
fn missing(p: &ConfigProfile) -> Option<String> {
    let missing = match p {
        ConfigProfile { session: Some(name), start_url: None, .. } => {
            return Some(format!("Nothing in the file defines \"{name}\"."));
        }
        ConfigProfile { start_url: None, .. } => "start URL",
        ConfigProfile { account: None, .. } => "account number",
        ConfigProfile { role: None, .. } => "role",
        ConfigProfile { account: Some(a), .. } if a.len() != 12 || !a.bytes().all(|b| b.is_ascii_digit()) => {
            "account number of twelve digits"
        }
        ConfigProfile { sso_region: None, .. } => "region of its start URL",
        _ => return None,
    };
    Some(format!("No {missing}."))
}

fn listed(o: &OrganisationNow, grant: &Grant) -> Listed {
    match o.portal.accounts.iter().find(|a| a.id == grant.account) {
        Some(account) => match &account.roles {
            Some(roles) if roles.contains(&grant.role) => Listed::Yes,
            Some(_) => Listed::No,
            None => Listed::NotYet,
        },
        None if o.portal.synced.is_some() => Listed::No,
        None => Listed::NotYet,
    }
}

fn unread(config: &AwsConfig) -> Vec<String> {
    let path = config.path.display();
    let mut lines: Vec<_> = config
        .unread
        .iter()
        .map(|it| match &it.text {
            Some(text) => format!("Line {} of {path} cannot be read: {text}", it.line),
            None => format!("Line {} of {path} cannot be read: {}.", it.line, it.what),
        })
        .collect();
    if !lines.is_empty() {
        lines.push(match config.profiles.len() {
            0 => "AWS's tools cannot use the file until that is repaired.".to_owned(),
            n => format!(
                "The other {} listed. AWS's tools cannot use the file until that is repaired.",
                if n == 1 { "profile is".to_owned() } else { format!("{n} profiles are") }
            ),
        });
    }
    lines
}

/// Names for profiles in the credentials file, where most tools would look past one that the config file
/// has SSO settings for.
struct Names(BTreeSet<String>);

impl Names {
    fn of(config: &AwsConfig, s: &Snapshot) -> Self {
        let config =
            config.profiles.iter().map(|p| &p.name).chain(config.managed.iter().map(|(name, _)| name));
        let kept = s.profiles.iter().map(|p| p.kept.profile.to_string());
        Self(config.chain(&s.file.foreign).cloned().chain(kept).collect())
    }

    /// `pay-dev-keys`, `pay-dev-keys-2`: the first that nothing has.
    fn free(&mut self, name: &str) -> String {
        let fits = |c: char| if c.is_ascii_alphanumeric() || "._-+@".contains(c) { c } else { '-' };
        let base: String = name.chars().map(fits).take(54).collect();
        let first = format!("{base}-keys");
        let mut number = 1;
        loop {
            let name = if number == 1 { first.clone() } else { format!("{first}-{number}") };
            if self.0.insert(name.clone()) {
                return name;
            }
            number += 1;
        }
    }
}

/// The host of a start URL, with its port where it has one; the text itself where it is none.
fn host(start_url: &str) -> String {
    let Ok(url) = Url::parse(start_url) else { return start_url.to_owned() };
    let host = url.host_str().unwrap_or(start_url);
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
