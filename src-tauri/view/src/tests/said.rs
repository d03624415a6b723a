//! Every text that people can see, gathered and read by rules.

use super::notices;
use crate::{
    Around,
    fixture::{DEV, LAB, PROD, app, codes, grant, minutes, now, profile, with, zone},
    menu::{Entry, Platform, menu},
    notification,
    problem::{About, problem},
    ui_state,
    words::VOCABULARY,
};
use engine::{
    Snapshot,
    model::{
        code::Code,
        delivery::Delivery,
        environment::{Act, Environment},
        history::{Account as LineAccount, By, Entry as Line, Event},
        ids::{OrgId, ProfileName},
        native::InApp,
        organisation::Kind,
        portal::Sync,
        profile::{Conflict, State},
        settings::Pause,
        sign_in::{Attempt, Ended, Method, SignIn},
    },
    ports::{Keyring, RecordCheck},
    snapshot::{Launch, RecordNow},
};
use std::sync::Arc;

fn snapshots() -> Vec<Snapshot> {
    let mut all = vec![
        with(|_| ()),
        with(|s| s.organisations.clear()),
        with(|s| s.organisations[0].sign_in = SignIn::SignedOut),
        with(|s| s.organisations[0].sign_in = SignIn::Ended { at: now(), why: Ended::Expired }),
        with(|s| s.organisations[0].sign_in = SignIn::Ended { at: now(), why: Ended::Revoked }),
        with(|s| s.organisations[0].organisation.kind = Kind::Sandbox),
        with(|s| s.online = false),
        with(|s| s.pause = Some(Pause { until: Some(minutes(60)) })),
        with(|s| s.pause = Some(Pause { until: None })),
        with(|s| s.clock_skew = Some(660)),
        with(|s| s.record = RecordNow { checked: None, checking: true }),
        with(|s| s.record.checked = Some((now(), Ok(RecordCheck::Intact { lines: 9, late: 1 })))),
        with(|s| s.record.checked = Some((now(), Ok(RecordCheck::Intact { lines: 9, late: 2000 })))),
        with(|s| s.record.checked = Some((now(), Ok(RecordCheck::Broken { entry: 1204 })))),
        with(|s| s.record.checked = Some((now(), Ok(RecordCheck::Unsealed)))),
        with(|s| {
            s.organisations[0].sync = Sync::Throttled { until: minutes(1), done: 96, total: 143 };
        }),
        with(|s| s.organisations[0].sync = Sync::Paused { done: 96, total: 143 }),
        with(|s| {
            s.file.readable_by_others = Some(0o100_644);
            s.file.target = Some("/elsewhere/credentials".into());
        }),
    ];
    for method in [Method::Browser, Method::DeviceCode, Method::Native] {
        all.push(with(|s| {
            s.organisations[0].sign_in = SignIn::InProgress(Attempt {
                id: 1,
                method,
                started: now(),
                deadline: minutes(10),
                link: None,
                user_code: None,
                in_app: (method == Method::Native).then(InApp::new),
            });
        }));
    }
    let states = [
        State::Waiting,
        State::Fresh,
        State::Refreshing,
        State::Paused,
        State::SignInNeeded,
        State::Expired,
        State::AccessRemoved,
        State::Conflict(Conflict::Foreign),
        State::Conflict(Conflict::ForeignLongLivedKey),
        State::Conflict(Conflict::SsoSettings),
        State::Conflict(Conflict::ChangedByAnother),
    ];
    for state in states {
        for left in [42, -5] {
            let state = state.clone();
            all.push(with(|s| {
                s.profiles = vec![profile("pay-admin", grant(PROD, "Administrator"), left, state)];
            }));
        }
    }
    for code in codes() {
        all.push(with(|s| {
            s.organisations[0].sign_in = SignIn::SignedOut;
            s.organisations[0].sign_in_failure = Some(code.clone());
            s.organisations[0].sync = Sync::Failed { code: code.clone(), at: now(), retry: Some(minutes(1)) };
            let failed = Launch::Failed {
                at: now(),
                code: code.clone(),
                destination: Some("s3".into()),
                region: None,
                private: false,
            };
            s.launches = vec![(grant(LAB, "Dev").into(), failed.clone()), (app("ins-1").into(), failed)];
            s.keyring = Keyring::MemoryOnly(code.clone());
            s.settings_problem = Some(code.clone());
            s.policy_problem = Some(code.clone());
            s.record.checked = Some((now(), Err(code.clone())));
            s.store_problem = Some(code.clone());
            s.file.problem = Some(code.clone());
            let retrying = State::Retrying { at: minutes(1), failing_since: minutes(-9), code: code.clone() };
            s.profiles = vec![
                profile("a", grant(DEV, "PowerUser"), 9, retrying),
                profile("b", grant(DEV, "PowerUser"), 9, State::NotWritable(code.clone())),
            ];
            s.history = Arc::new(lines(&code));
        }));
    }
    all
}

fn lines(code: &Code) -> Vec<Line> {
    let org = || OrgId::new("acme");
    let account_name = || "payments-dev".to_owned();
    let profile = || ProfileName::new("pay-dev");
    let code = || code.clone();
    let grant = || grant(DEV, "PowerUser");
    let labelled = || LineAccount { org: org(), account: grant().account };
    let confirmed = |act, why: Option<&str>, quiet| Event::Confirmed {
        grant: grant(),
        account_name: account_name(),
        act,
        why: why.map(str::to_owned),
        quiet,
    };
    let mut events = vec![
        Event::OrganisationAdded { org: org(), name: "Acme".into() },
        Event::OrganisationRemoved { org: org(), name: "Acme".into() },
        Event::SignedIn { org: org(), user: Some("sam".into()) },
        Event::SignedIn { org: OrgId::new("removed"), user: None },
        Event::SignInFailed { org: org(), code: code() },
        Event::SignedOut { org: org() },
        Event::SignInEnded { org: org(), revoked: true },
        Event::SignInEnded { org: org(), revoked: false },
        Event::Synced {
            org: org(),
            accounts: 3,
            gained: 1,
            lost: 2,
            apps: Some(2),
            apps_gained: 1,
            apps_lost: 0,
        },
        Event::AppOpened { app: app("ins-1"), name: "Grafana".into() },
        Event::AppFailed { app: app("ins-1"), name: "Grafana".into(), code: Code::SignInNeeded },
        Event::ConsoleOpened { grant: grant(), account_name: account_name() },
        Event::ConsoleFailed { grant: grant(), account_name: account_name(), code: code() },
        Event::EnvironmentCopied { grant: grant(), account_name: account_name() },
        Event::CredentialsCopied { grant: grant(), account_name: account_name() },
        Event::Refreshed {
            profile: profile(),
            grant: grant(),
            account_name: account_name(),
            expires: minutes(60),
            key_tail: None,
        },
        Event::RefreshFailed {
            profile: profile(),
            grant: grant(),
            account_name: account_name(),
            code: code(),
        },
        Event::KeepStarted {
            profile: profile(),
            grant: grant(),
            account_name: account_name(),
            delivery: Delivery::CredentialsFile,
        },
        Event::KeepStarted {
            profile: profile(),
            grant: grant(),
            account_name: account_name(),
            delivery: Delivery::OnDemand,
        },
        Event::DeliveryChanged {
            profile: profile(),
            grant: grant(),
            account_name: account_name(),
            delivery: Delivery::OnDemand,
        },
        Event::KeepStopped { profile: profile(), removed: true },
        Event::KeepStopped { profile: profile(), removed: false },
        Event::Paused { until: Some(minutes(60)) },
        Event::Paused { until: None },
        Event::Resumed,
        Event::Converted {
            path: "/home/sam/.aws/config".into(),
            backup: "/home/sam/.aws/config.latchkey-20261124-0031.bak".into(),
            profiles: vec!["old".into(), "older".into()],
        },
        Event::ConversionUndone {
            path: "/home/sam/.aws/config".into(),
            profiles: vec!["old".into()],
            whole: false,
        },
        Event::BackedUp { path: "/home/sam/.aws/credentials.bak".into() },
        Event::RenewalFailed { org: org(), code: code() },
        Event::NotRevoked { org: org(), code: code() },
        Event::SyncFailed { org: org(), code: code() },
        Event::Conflicted { profile: profile(), conflict: Conflict::ChangedByAnother },
        Event::Undone,
        Event::PutBack { profile: profile(), grant: grant(), account_name: account_name() },
        Event::KeepEnded { profile: profile(), grant: grant(), account_name: account_name() },
        Event::RecordCleared,
        Event::RecordExported { path: "/home/sam/Downloads/a.csv".into(), lines: 3 },
        Event::RecordBroken { entry: 1204 },
        Event::StrangeAnswers { org: org() },
        Event::PasswordHostMoved { org: org(), host: "evil.test".into() },
        Event::Labelled {
            grant: labelled(),
            account_name: account_name(),
            environment: Some(Environment::Test),
        },
        Event::Labelled { grant: labelled(), account_name: account_name(), environment: None },
        confirmed(Act::OpenConsole, None, true),
        confirmed(Act::CopyKeys, Some("ticket 7"), false),
        confirmed(Act::KeepFresh, None, false),
        Event::MadePrivate,
        Event::Notified { notice: "expired/acme/1".into(), shown: true, reason: None },
        Event::Notified { notice: "expired/acme/1".into(), shown: false, reason: Some("idle".into()) },
    ];
    let of_keys = super::keys::acts().into_iter().map(|act| Event::KeyChanged { key: "Solo 2".into(), act });
    events.extend(of_keys);
    events.into_iter().map(|event| Line { id: 1, at: now(), by: By::Schedule, event }).collect()
}

/// All strings of a JSON value that are words: not ids, addresses, paths or technical details.
fn strings(value: &serde_json::Value, key: &str, found: &mut Vec<String>) {
    const WORDS: &[&str] = &[
        "title",
        "body",
        "text",
        "meaning",
        "next",
        "label",
        "pill",
        "sync_text",
        "status_word",
        "chip",
        "word",
        "why",
        "info",
        "sentence",
        "credentials_line",
        "attention",
        "confirm",
        "note",
    ];
    match value {
        serde_json::Value::String(text) if WORDS.contains(&key) => found.push(text.clone()),
        serde_json::Value::Array(list) => list.iter().for_each(|v| strings(v, key, found)),
        // What is copied is for a shell.
        serde_json::Value::Object(map) if map.get("action").is_some_and(|action| action == "copy") => {}
        serde_json::Value::Object(map) => map.iter().for_each(|(k, v)| strings(v, k, found)),
        _ => {}
    }
}

fn everything() -> Vec<String> {
    fn labels(entries: &[Entry], found: &mut Vec<String>) {
        for entry in entries {
            match entry {
                Entry::Separator => {}
                Entry::Item { label, .. } => found.push(label.clone()),
                Entry::Submenu { label, entries, .. } => {
                    found.push(label.clone());
                    labels(entries, found);
                }
            }
        }
    }
    let mut found = Vec::new();
    for s in snapshots() {
        strings(&serde_json::to_value(ui_state(&s, &Around::default(), &zone())).unwrap(), "", &mut found);
        labels(&menu(&s, &zone(), Platform::Linux).entries, &mut found);
    }
    for notice in notices::all() {
        let text = notification::text(&notice, false, now(), &zone());
        found.extend([text.title, text.body]);
        found.extend(text.actions.iter().map(|a| a.label.to_owned()));
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn no_jargon_no_shouting_no_pleading() {
    let all = everything();
    assert!(all.len() > 200, "only {} texts were gathered", all.len());
    let mut bad = Vec::new();
    for text in &all {
        // `sso-session` is the name of a section of the AWS config file.
        let low = text.to_lowercase().replace("sso-session", "");
        let mut words = low.split(|c: char| !c.is_alphanumeric());
        let banned = [
            "token",
            "tokens",
            "login",
            "logout",
            "assume",
            "federate",
            "federation",
            "session",
            "sessions",
            "oops",
            "please",
            "sorry",
        ];
        if words.any(|w| banned.contains(&w)) || text.contains('!') {
            bad.push(text);
        }
        for (aws, ours) in VOCABULARY.iter().filter(|(aws, ours)| aws != ours) {
            assert!(!low.contains(&aws.to_lowercase()), "{text}: say {ours}, not {aws}");
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn sentences_are_whole() {
    for text in everything() {
        assert!(
            !text.contains("  ") && !text.contains("..,") && !text.contains("?.") && !text.contains(" ."),
            "{text}"
        );
        let whole = text.replace("...", "");
        assert!(!whole.contains(".."), "{text}");
        assert_eq!(text.trim(), text);
    }
}

#[test]
fn every_code_says_what_and_what_next() {
    for code in codes() {
        let found = problem(&code, &About::default());
        assert!(!found.title.is_empty() && !found.title.ends_with('.'), "{code:?}: {}", found.title);
        assert!(found.next.ends_with('.'), "{code:?}: {}", found.next);
        assert!(found.meaning.is_empty() || found.meaning.ends_with('.'), "{code:?}: {}", found.meaning);
        assert!(found.details.contains("\"code\":"), "{code:?}: {}", found.details);
    }
}
