//! What a report of a problem says: facts about this installation, and what was done lately by its kind
//! alone. No name of an account, role, profile or person, and nothing of a secret.

use crate::words::count;
use engine::{
    Snapshot,
    model::{history::Entry, organisation::Kind, profile::State, settings::NamedBy, sign_in::SignIn},
    ports::Keyring,
};
use std::{collections::BTreeMap, fmt::Write};

/// So many lines of what was done lately.
pub(crate) const LATELY: u32 = 100;

/// All of it, as it is shown, copied and saved.
pub(crate) fn text(s: &Snapshot, lately: &[Entry]) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing into memory does not fail.
        let _ = writeln!(text, "{name}: {value}");
    };
    line("Latchkey", env!("CARGO_PKG_VERSION"));
    if let Some(update) = &s.update {
        line("Installed meanwhile", &update.version);
    }
    line("System", &format!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    line("Time", &s.at.to_string());
    line("Online", if s.online { "yes" } else { "no" });
    line(
        "Clock off by",
        &s.clock_skew.map_or_else(|| "nothing that matters".to_owned(), |n| format!("{n} s")),
    );
    line(
        "Keyring",
        &match &s.keyring {
            Keyring::Ready => "ready".to_owned(),
            Keyring::MemoryOnly(code) => format!("memory only, {}", tag(code)),
        },
    );
    let named = |found: &Option<(String, NamedBy)>| match found {
        None => "none",
        Some((_, NamedBy::Settings)) => "of the settings",
        Some((_, NamedBy::Environment(name))) => name,
        Some((_, NamedBy::AwsConfig)) => "of the AWS config file",
    };
    line("Proxy", named(&s.way.proxy));
    line("Extra certificates", named(&s.way.ca_file));
    line("Store", &s.store_problem.as_ref().map_or_else(|| "ready".to_owned(), tag));
    line("Policy", &s.policy_problem.as_ref().map_or_else(|| decided(s), tag));
    line("Settings file", &s.settings_problem.as_ref().map_or_else(|| "ready".to_owned(), tag));
    line(
        "Credentials file",
        &match (&s.file.problem, s.file.readable_by_others) {
            (Some(code), _) => tag(code),
            (None, Some(mode)) => format!("readable by others, {mode:04o}"),
            (None, None) => "ready".to_owned(),
        },
    );
    line(
        "AWS config file",
        &format!(
            "{}, {} not ours, {} unread",
            count(s.config.profiles.len(), "profile"),
            s.config.managed.len(),
            count(s.config.unread.len(), "line")
        ),
    );
    for (at, o) in s.organisations.iter().enumerate() {
        let kind = match o.organisation.kind {
            Kind::Sandbox => "sample",
            Kind::Aws => "AWS",
            Kind::Custom => "own server",
        };
        let sign_in = match &o.sign_in {
            SignIn::SignedIn(_) => "signed in",
            SignIn::SignedOut => "signed out",
            SignIn::InProgress(_) => "signing in",
            SignIn::Ended { .. } => "ended",
        };
        let failure = o.sign_in_failure.as_ref().map(|code| format!(", {}", tag(code))).unwrap_or_default();
        line(
            &format!("Organisation {}", at + 1),
            &format!(
                "{kind}, {}, {sign_in}{failure}, {}, {}",
                o.organisation.region,
                count(o.portal.accounts.len(), "account"),
                sync(&o.sync)
            ),
        );
    }
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for profile in &s.profiles {
        *states.entry(state(&profile.state)).or_default() += 1;
    }
    let states: Vec<_> = states.into_iter().map(|(state, n)| format!("{n} {state}")).collect();
    line("Profiles kept fresh", &if states.is_empty() { "none".to_owned() } else { states.join(", ") });
    text.push_str("\nLately, newest first:\n");
    for entry in lately {
        let Ok(event) = serde_json::to_value(&entry.event) else { continue };
        let kind = event.get("event").and_then(|it| it.as_str()).unwrap_or("unknown");
        let code = event.get("code").and_then(|it| it.get("code")).and_then(|it| it.as_str());
        let _ = writeln!(text, "{} {kind}{}", entry.at, code.map(|it| format!(" {it}")).unwrap_or_default());
    }
    text
}

/// The kind of a failure alone: its facts may name things.
/// How much the organisation decided: numbers alone.
fn decided(s: &Snapshot) -> String {
    let (settings, safety) = (s.policy.locked().len(), &s.policy.safety);
    let rules = safety.rules.len() + safety.step_up.marked.len() + safety.step_up.patterns.len();
    if settings + rules == 0 { "none".to_owned() } else { format!("{settings} settings, {rules} rules") }
}

fn tag(code: &engine::model::code::Code) -> String {
    let value = serde_json::to_value(code).unwrap_or_default();
    value.get("code").and_then(|it| it.as_str()).unwrap_or("unknown").to_owned()
}

fn sync(sync: &engine::model::portal::Sync) -> String {
    kind(&format!("{sync:?}"))
}

fn state(state: &State) -> String {
    kind(&format!("{state:?}"))
}

/// The name of a variant, without what it holds.
fn kind(debug: &str) -> String {
    debug.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase()
}
