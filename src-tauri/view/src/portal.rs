//! The portal of one organisation as the window shows it.

use crate::{
    ask::UiRequest,
    problem::asks,
    ui_portal::{UiAccount, UiApp, UiApps, UiChange, UiFed, UiPortal, UiRole},
    ui_state::UiProblem,
    words::{group_account_id, ui_environment, ui_sensitivity},
};
use engine::{
    Snapshot,
    model::{
        Timestamp,
        application::{AppChange, Application, Applications},
        environment::{Act, classify, needs_confirm, sensitivity},
        ids::OrgId,
        portal::{AccessChange, Account},
    },
    snapshot::{OrganisationNow, ProfileNow},
};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What an organisation's portal lists; `None` when there is no such organisation.
#[must_use]
pub fn ui_portal(s: &Snapshot, org: &OrgId) -> Option<UiPortal> {
    let o = s.organisations.iter().find(|o| o.organisation.id == *org)?;
    let mut accounts: Vec<UiAccount> = o.portal.accounts.iter().map(|a| account(s, o, a)).collect();
    accounts.sort_by_cached_key(|a| (a.name.to_lowercase(), a.id.clone()));
    Some(UiPortal {
        org: org.to_string(),
        revision: revision(s, o),
        accounts,
        apps: apps(o),
        changes: changes(s, o),
    })
}

/// Changes whenever [`ui_portal`] does: made from all that goes into it.
#[must_use]
pub fn revision(s: &Snapshot, o: &OrganisationNow) -> String {
    let mut hash = DefaultHasher::new();
    for account in &o.portal.accounts {
        (&account.id, &account.name, &account.email, &account.roles).hash(&mut hash);
    }
    for change in &o.portal.changes {
        (change.gained, &change.account, &change.role, change.noticed.as_millisecond()).hash(&mut hash);
        change.since.map(Timestamp::as_millisecond).hash(&mut hash);
        fed(s, o, change).iter().for_each(|profile| (&profile.name, profile.expires).hash(&mut hash));
    }
    for change in &o.portal.app_changes {
        (change.gained, &change.app, &change.name, change.noticed.as_millisecond()).hash(&mut hash);
    }
    (o.portal.applications == Applications::NotListed, o.portal.applications == Applications::Unknown)
        .hash(&mut hash);
    for app in o.portal.applications.listed() {
        (&app.id, &app.name, &app.description).hash(&mut hash);
        let icon = app.icon.as_ref().map(|icon| (icon.address.as_str(), icon.picture.is_some()));
        icon.hash(&mut hash);
    }
    o.labels.hash(&mut hash);
    s.rules.iter().for_each(|rule| rule.hash(&mut hash));
    format!("{:016x}", hash.finish())
}

fn account(s: &Snapshot, o: &OrganisationNow, a: &Account) -> UiAccount {
    let label = o.labels.get(&a.id).copied();
    let found = classify(&a.name, a.id.as_str(), a.email.as_deref(), label, &s.rules);
    let roles = a.roles.as_ref().map(|roles| {
        roles
            .iter()
            .map(|role| {
                let level = sensitivity(role.as_str());
                let confirm = |act| needs_confirm(found.environment, level, act);
                UiRole {
                    name: role.to_string(),
                    sensitivity: ui_sensitivity(level),
                    confirm_console: confirm(Act::OpenConsole),
                    confirm_copy: confirm(Act::CopyKeys),
                    confirm_keep: confirm(Act::KeepFresh),
                    suggested_profile: suggested_profile(&a.name, role.as_str()),
                }
            })
            .collect()
    });
    UiAccount {
        id: a.id.to_string(),
        id_grouped: group_account_id(a.id.as_str()),
        name: a.name.clone(),
        email: a.email.clone(),
        environment: ui_environment(&found),
        roles,
    }
}

fn apps(o: &OrganisationNow) -> UiApps {
    let start_url = &o.organisation.start_url;
    match &o.portal.applications {
        Applications::Unknown => UiApps::Unknown,
        Applications::Listed(apps) => UiApps::Listed {
            apps: apps
                .iter()
                .map(|app| UiApp {
                    id: app.id.to_string(),
                    name: app.name.clone(),
                    description: app.description.clone(),
                    link: app.link(start_url).to_string(),
                    icon: picture(app),
                })
                .collect(),
        },
        Applications::NotListed => UiApps::NotListed { problem: not_listed(o) },
    }
}

/// The picture of an application, as the window shows it.
pub(crate) fn picture(app: &Application) -> Option<String> {
    Some(app.icon.as_ref()?.picture.as_ref()?.as_str().to_owned())
}

fn not_listed(o: &OrganisationNow) -> UiProblem {
    let org = o.organisation.id.to_string();
    UiProblem {
        title: "This organisation does not list apps to desktop programs".into(),
        meaning: "They are on the page of its portal.".into(),
        next: "Accounts and consoles work as usual.".into(),
        buttons: vec![asks("Open the portal", UiRequest::OpenPortal { org })],
        details: String::new(),
    }
}

fn changes(s: &Snapshot, o: &OrganisationNow) -> Vec<UiChange> {
    let roles = o.portal.changes.iter().map(|c| change(s, o, c));
    roles.chain(o.portal.app_changes.iter().map(app_change)).collect()
}

fn app_change(c: &AppChange) -> UiChange {
    let (title, meaning) = if c.gained {
        (format!("New: {} (app)", c.name), "You can open it from now on.")
    } else {
        (format!("You no longer have {} (app)", c.name), "It was removed by an administrator.")
    };
    UiChange {
        gained: c.gained,
        id: format!("app/{}", c.app),
        noticed: c.noticed.as_millisecond(),
        since: None,
        profiles: vec![],
        title,
        meaning: meaning.to_owned(),
    }
}

/// `payments-dev-poweruser`: letters, digits and dashes of the account's and the role's name.
fn suggested_profile(account: &str, role: &str) -> String {
    let text = format!("{account}-{role}").to_lowercase();
    let dashed: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    dashed.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

fn change(s: &Snapshot, o: &OrganisationNow, c: &AccessChange) -> UiChange {
    let (title, meaning) = if c.gained {
        (format!("New: {} in {}", c.role, c.account_name), "You can open it from now on.")
    } else {
        (
            format!("You no longer have {} in {}", c.role, c.account_name),
            "It was removed by an administrator.",
        )
    };
    UiChange {
        gained: c.gained,
        id: format!("role/{}/{}", c.account, c.role),
        noticed: c.noticed.as_millisecond(),
        since: c.since.map(Timestamp::as_millisecond),
        profiles: fed(s, o, c),
        title,
        meaning: meaning.to_owned(),
    }
}

/// The profiles that a lost role feeds, by name.
fn fed(s: &Snapshot, o: &OrganisationNow, c: &AccessChange) -> Vec<UiFed> {
    let of_it = |p: &&ProfileNow| {
        let grant = &p.kept.grant;
        !c.gained && grant.org == o.organisation.id && grant.account == c.account && grant.role == c.role
    };
    let one = |p: &ProfileNow| UiFed {
        name: p.kept.profile.to_string(),
        expires: p.kept.written.as_ref().map(|w| w.expires.as_millisecond()),
    };
    s.profiles.iter().filter(of_it).map(one).collect()
}
