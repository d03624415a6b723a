//! The engine's values as those of the socket.

use engine::{
    Snapshot,
    model::{
        Timestamp,
        assume::Assume,
        code::Code,
        environment::{self, Environment, Sensitivity},
        ids::Target,
        organisation::Endpoints,
        rules::Rule,
        settings::Settings,
        sign_in::{Ended, SignIn},
        team::Adopted,
    },
    request::{Confirm, HandedOut},
    snapshot::{OrganisationNow, ProfileNow},
};
use link::{Credentials, ListedApp, ListedRole, Listing, Organisation, Overview, Profile, Secret};
use secrecy::{ExposeSecret, SecretString};

/// RFC 3339 in whole seconds, as AWS's tools write and read it.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Endpoints as they were typed.
pub(super) fn endpoints(typed: &link::Endpoints) -> Result<Endpoints, Code> {
    let read = |name: &str, text: &str| {
        text.parse().map_err(|error| Code::BadStartUrl { reason: format!("{name} endpoint: {error}") })
    };
    Ok(Endpoints {
        oidc: read("SSO-OIDC", &typed.oidc)?,
        portal: read("portal", &typed.portal)?,
        federation: read("federation", &typed.federation)?,
        sts: read("STS", &typed.sts)?,
    })
}

/// A code's name for programs.
pub(super) fn tag(code: &Code) -> String {
    let value = serde_json::to_value(code).unwrap_or_default();
    value.get("code").and_then(|tag| tag.as_str()).unwrap_or("internal").to_owned()
}

fn secret(text: &SecretString) -> Secret {
    Secret::new(text.expose_secret())
}

pub(super) fn credentials(handed: &HandedOut) -> Credentials {
    Credentials {
        access_key_id: secret(&handed.credentials.access_key_id),
        secret_access_key: secret(&handed.credentials.secret_access_key),
        session_token: secret(&handed.credentials.session_token),
        expires: time(handed.credentials.expires),
        account: handed.grant.account.to_string(),
        account_name: handed.account_name.clone(),
        role: handed.grant.role.to_string(),
        region: handed.region.clone(),
    }
}

/// A role to assume, as it came over the socket.
pub(super) fn assume(assume: link::Assume) -> Assume {
    let link::Assume { role_arn, session_name, external_id, seconds, tags, transitive } = assume;
    Assume { role_arn, session_name, external_id, seconds, tags, transitive }
}

pub(super) fn confirm(confirm: &Confirm) -> link::Confirm {
    link::Confirm {
        account_name: confirm.account_name.clone(),
        account: confirm.grant.account.to_string(),
        role: confirm.grant.role.to_string(),
        instead: confirm.instead.as_ref().map(|grant| grant.role.to_string()),
    }
}

pub(super) fn overview(now: &Snapshot, at: Timestamp) -> Overview {
    Overview {
        at: time(at),
        organisations: now.organisations.iter().map(organisation).collect(),
        profiles: now.profiles.iter().map(profile).collect(),
        paused: now.pause.map(|pause| pause.until.map(time).unwrap_or_default()),
        online: now.online,
        template: now.settings.naming.template.clone(),
    }
}

fn organisation(now: &OrganisationNow) -> Organisation {
    let (sign_in, user, ends) = match &now.sign_in {
        SignIn::SignedOut => ("signed_out", None, None),
        SignIn::InProgress(_) => ("in_progress", None, None),
        SignIn::SignedIn(session) => ("signed_in", session.user.clone(), session.known_end()),
        SignIn::Ended { at, why: Ended::Expired } => ("expired", None, Some(*at)),
        SignIn::Ended { at, why: Ended::Revoked } => ("revoked", None, Some(*at)),
    };
    Organisation {
        id: now.organisation.id.to_string(),
        name: now.organisation.name.clone(),
        start_url: now.organisation.start_url.to_string(),
        region: now.organisation.region.clone(),
        user,
        sign_in: sign_in.to_owned(),
        ends: ends.map(time),
        accounts: now.portal.accounts.len(),
        synced: now.portal.synced.map(time),
        kind: word(&now.organisation.kind),
        endpoints: Some(told_endpoints(&now.organisation.endpoints)),
    }
}

fn told_endpoints(endpoints: &Endpoints) -> link::Endpoints {
    let text = |url: &url::Url| url.to_string();
    link::Endpoints {
        oidc: text(&endpoints.oidc),
        portal: text(&endpoints.portal),
        federation: text(&endpoints.federation),
        sts: text(&endpoints.sts),
    }
}

/// As the configuration file writes it.
fn word<T: serde::Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

pub(super) fn team(settings: &Settings) -> link::Team {
    let rule = |rule: &Rule| [word(&rule.field), rule.pattern.clone(), word(&rule.environment)];
    link::Team {
        rules: settings.safety.rules.iter().map(rule).collect(),
        template: settings.naming.template.clone(),
        signers: settings.team.signers.clone(),
        colours: settings.team.colours.iter().map(|(url, colour)| (url.clone(), word(colour))).collect(),
    }
}

fn read<T: serde::de::DeserializeOwned>(word: String) -> Result<T, Code> {
    let what = format!("a word of a team's file: {word}");
    serde_json::from_value(word.into()).map_err(|_| Code::Internal { what })
}

/// A team's rules, as they came over the socket.
pub(super) fn rules(rules: Vec<[String; 3]>) -> Result<Vec<Rule>, Code> {
    let rule = |[field, pattern, environment]: [String; 3]| {
        Ok(Rule { field: read(field)?, pattern, environment: read(environment)? })
    };
    rules.into_iter().map(rule).collect()
}

pub(super) fn lowered(now: &Snapshot, rules: Vec<Rule>) -> Vec<link::Lowered> {
    let all = now.lowered_by(rules).into_iter().map(|it| link::Lowered {
        org_name: it.organisation.organisation.name.clone(),
        account: it.account.to_string(),
        account_name: it.name.to_owned(),
        now: name_of(it.now),
        then: name_of(it.then),
    });
    all.collect()
}

/// What a team shares, as it came over the socket.
pub(super) fn adopted(team: link::Team) -> Result<engine::Request, Code> {
    let colours = team.colours.into_iter().map(|(url, word)| Ok((url, read(word)?)));
    Ok(engine::Request::AdoptTeam {
        rules: rules(team.rules)?,
        template: team.template,
        team: Adopted { signers: team.signers, colours: colours.collect::<Result<_, Code>>()? },
    })
}

fn profile(now: &ProfileNow) -> Profile {
    Profile {
        name: now.kept.profile.to_string(),
        org: now.kept.grant.org.to_string(),
        account: now.kept.grant.account.to_string(),
        account_name: now.account_name.clone(),
        role: now.kept.grant.role.to_string(),
        region: now.kept.region.clone(),
        state: now.state.name().to_owned(),
        expires: now.kept.written.as_ref().map(|written| time(written.expires)),
        next_refresh: now.next_refresh.map(time),
    }
}

pub(super) fn listing(now: &Snapshot) -> Listing {
    let mut listing = Listing::default();
    for org in &now.organisations {
        roles(now, org, &mut listing.roles);
        let apps = org.portal.applications.listed().iter().map(|app| {
            let target = engine::model::ids::AppRef { org: org.organisation.id.clone(), app: app.id.clone() };
            ListedApp {
                org: org.organisation.id.to_string(),
                org_name: org.organisation.name.clone(),
                app: app.id.to_string(),
                name: app.name.clone(),
                description: app.description.clone(),
                favourite: now.favourites.contains(&Target::App(target)),
            }
        });
        listing.apps.extend(apps);
    }
    listing
}

fn roles(now: &Snapshot, org: &OrganisationNow, into: &mut Vec<ListedRole>) {
    let here = |grant: &engine::model::ids::Grant| grant.org == org.organisation.id;
    let of_org = |target: &&Target| target.role().is_some_and(here);
    let favourites: Vec<_> = now.favourites.iter().filter(of_org).filter_map(Target::role).collect();
    let recents: Vec<_> = now.recents.iter().filter(of_org).filter_map(Target::role).collect();
    for account in &org.portal.accounts {
        let label = org.labels.get(&account.id).copied();
        let email = account.email.as_deref();
        let class =
            environment::classify(&account.name, account.id.as_str(), email, label, &now.rules).environment;
        for role in account.roles.iter().flatten() {
            let same =
                |grant: &&engine::model::ids::Grant| grant.account == account.id && grant.role == *role;
            let feeds = |profile: &&ProfileNow| here(&profile.kept.grant) && same(&&profile.kept.grant);
            into.push(ListedRole {
                org: org.organisation.id.to_string(),
                org_name: org.organisation.name.clone(),
                account: account.id.to_string(),
                account_name: account.name.clone(),
                email: account.email.clone(),
                role: role.to_string(),
                environment: name_of(class),
                privileged: environment::sensitivity(role.as_str()) == Sensitivity::Privileged,
                favourite: favourites.iter().copied().any(|grant| same(&grant)),
                recent: recents.iter().copied().position(|grant| same(&grant)),
                profiles: now.profiles.iter().filter(feeds).map(|p| p.kept.profile.to_string()).collect(),
            });
        }
    }
}

/// As it is stored.
fn name_of(class: Environment) -> String {
    serde_json::to_value(class).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
}
