use crate::{
    fixture::{DEV, PROD, app, codes, grant, minutes, now, zone},
    notification::{Text, Urgency, pressed, text},
};
use engine::model::{
    code::Code,
    ids::{OrgId, ProfileName},
    notice::{LostRole, Notice, Pressed},
};

pub(super) fn all() -> Vec<Notice> {
    let (org, org_name) = (OrgId::new("acme"), "Acme".to_owned());
    let profile = || ProfileName::new("pay-dev");
    let mut all = vec![
        Notice::SignInEnding {
            org: org.clone(),
            org_name: org_name.clone(),
            ends: minutes(15),
            profiles: ["pay-dev", "pay-ro", "data"].map(ProfileName::new).to_vec(),
        },
        Notice::SignInEnded {
            org: org.clone(),
            org_name: org_name.clone(),
            at: now(),
            profiles: vec![
                (ProfileName::new("data"), None),
                (profile(), Some(minutes(24))),
                (ProfileName::new("pay-ro"), Some(minutes(30))),
            ],
        },
        Notice::ProfilesExpired { org: org.clone(), profiles: vec![(profile(), now())], code: None },
        Notice::RefreshFailing {
            org: org.clone(),
            profiles: vec![(profile(), minutes(9))],
            failing_since: minutes(-10),
            code: Code::NoAnswer { host: "portal".into() },
        },
        Notice::AccessRemoved { org: org.clone(), roles: vec![lost("pay-dev")] },
        Notice::Conflict { org: org.clone(), profiles: vec![(profile(), None)] },
        Notice::Revoked { org: org.clone(), org_name: org_name.clone(), at: minutes(-1) },
        Notice::ClockSkew { seconds: -660 },
        Notice::TimeOver {
            delivery: engine::model::delivery::Delivery::CredentialsFile,
            profile: ProfileName::new("pay-admin"),
            grant: grant(PROD, "Administrator"),
            account_name: "payments-prod".into(),
            region: None,
            added: minutes(-60),
            until: now(),
        },
        Notice::RecordBroken { entry: 1204 },
        Notice::StrangeAnswers { org: org.clone(), org_name: org_name.clone(), at: now() },
        Notice::PasswordHostMoved {
            org: org.clone(),
            org_name: org_name.clone(),
            host: "evil.test".into(),
            at: now(),
        },
        Notice::NewAccess {
            org,
            org_name,
            roles: vec![("payments-prod".into(), "Incident".into())],
            apps: vec![],
            noticed: now(),
        },
        Notice::LaunchFailed {
            grant: grant(DEV, "PowerUser"),
            account_name: "payments-dev".into(),
            code: Code::AccessRemoved,
            destination: None,
            region: None,
        },
        Notice::AppFailed {
            app: app("ins-1"),
            name: "Grafana".into(),
            code: Code::BrowserFailed { reason: "none is set".into() },
        },
        Notice::Copied {
            grant: grant(DEV, "PowerUser"),
            account_name: "payments-dev".into(),
            expires: minutes(24),
            until: now() + jiff::SignedDuration::from_secs(90),
        },
        pin_low(Some(3), false),
        Notice::Test,
        Notice::UpdateReady { version: "1.4.2".into(), signs_out: false },
    ];
    for code in codes() {
        all.push(Notice::LaunchFailed {
            grant: grant(DEV, "PowerUser"),
            account_name: "payments-dev".into(),
            code: code.clone(),
            destination: None,
            region: None,
        });
        all.push(Notice::AppFailed { app: app("ins-1"), name: "Grafana".into(), code: code.clone() });
        let org = OrgId::new("acme");
        all.push(Notice::ProfilesExpired { org, profiles: vec![(profile(), now())], code: Some(code) });
    }
    all.push(Notice::WhileAway { notices: all[1..4].to_vec() });
    all
}

fn pin_low(left: Option<u8>, paused: bool) -> Notice {
    Notice::PinLow { key: "YubiKey 5C".into(), left, paused, at: now() }
}

fn lost(name: &str) -> LostRole {
    LostRole {
        profile: ProfileName::new(name),
        grant: grant(DEV, "PowerUser"),
        account_name: "payments-dev".into(),
        expires: Some(minutes(20)),
    }
}

fn shown(notice: &Notice) -> Text {
    text(notice, false, now(), &zone())
}

/// The catalogue, row by row: title, body, buttons, urgency.
#[test]
fn the_catalogue() {
    use Urgency::{Low, Normal, TimeSensitive};
    let rows: &[(&str, &str, &str, &[&str], Urgency)] = &[
        (
            "N2",
            "Sign-in to Acme ends in 15 min",
            "3 profiles stop refreshing at 11:33.",
            &["Sign in", "Later"],
            Normal,
        ),
        (
            "N3",
            "Sign in to Acme again",
            "data and 2 more stopped refreshing. pay-dev works for another 24 min.",
            &["Sign in", "Later"],
            TimeSensitive,
        ),
        (
            "N4",
            "pay-dev has expired",
            "Tools that use it get errors until you sign in.",
            &["Sign in", "Details"],
            TimeSensitive,
        ),
        (
            "N5",
            "pay-dev may stop working at 11:27",
            "The portal has not answered since 11:08. Latchkey keeps trying.",
            &["Try now", "Details"],
            Normal,
        ),
        (
            "N6",
            "Access to payments-dev, PowerUser was removed",
            "pay-dev works until 11:38.",
            &["Details"],
            Normal,
        ),
        ("N7", "Another program changed pay-dev", "Latchkey stopped refreshing it.", &["Review"], Normal),
        (
            "N10, revoked",
            "Latchkey stopped for your safety",
            "Acme ended your sign-in at 11:17.",
            &["Details"],
            TimeSensitive,
        ),
        (
            "N14",
            "Your computer's clock is 11 min slow",
            "AWS refuses requests until it is set.",
            &["Details"],
            Normal,
        ),
        ("N8", "pay-admin stopped, as planned", "It was kept fresh for 1 h.", &["Keep 1 more hour"], Low),
        (
            "N10, record",
            "Latchkey's record was changed outside",
            "Activity does not fit together at entry 1\u{a0}204. Entries after it cannot be trusted.",
            &["Details"],
            TimeSensitive,
        ),
        (
            "N10, answers",
            "Latchkey ignored answers for your safety",
            "They did not belong to your sign-in to Acme. Cancel it if you did not begin it.",
            &["Details"],
            TimeSensitive,
        ),
        (
            "N10, another host",
            "Latchkey stopped for your safety",
            "Acme wanted your password sent to evil.test. Nothing was sent there.",
            &["Details"],
            TimeSensitive,
        ),
        ("N11", "New access at Acme", "payments-prod, Incident.", &["Show"], Low),
        (
            "N15",
            "Could not open payments-dev",
            "You no longer have this role. Ask an administrator if you still need it.",
            &["Try again", "Details"],
            Normal,
        ),
        (
            "N15, app",
            "Could not open Grafana",
            "Could not open your browser. Copy the link and open it yourself, or choose another browser.",
            &["Try again", "Details"],
            Normal,
        ),
        (
            "N16",
            "Copied for payments-dev, PowerUser",
            "Valid until 11:42. Clipboard clears in 90 s.",
            &[],
            Low,
        ),
        ("N12", "3 PIN attempts left on YubiKey 5C", "After that the key locks.", &["Show"], Normal),
        (
            "test",
            "This is how Latchkey tells you",
            "Notifications of Latchkey are shown on this computer.",
            &[],
            Normal,
        ),
        (
            "N13",
            "Latchkey 1.4.2 is ready",
            "Restarts in 2 s, credentials stay valid.",
            &["Restart", "Later"],
            Low,
        ),
    ];
    let all = all();
    for (notice, (id, title, body, buttons, urgency)) in all.iter().zip(rows) {
        let text = shown(notice);
        let labels: Vec<_> = text.actions.iter().map(|a| a.label).collect();
        assert_eq!((text.title.as_str(), text.body.as_str()), (*title, *body), "{id}");
        assert_eq!((labels.as_slice(), text.urgency), (*buttons, *urgency), "{id}");
    }
}

#[test]
fn a_key_that_paused_says_what_helps() {
    let words = |left, paused| {
        let text = shown(&pin_low(left, paused));
        format!("{}. {}", text.title, text.body)
    };
    assert_eq!(words(Some(1), false), "1 PIN attempt left on YubiKey 5C. After that the key locks.");
    let paused = "YubiKey 5C paused PIN entry. Unplug it and plug it in again.";
    assert_eq!(words(None, true), paused);
    assert_eq!(words(Some(5), true), format!("{paused} 5 PIN attempts left then."));
}

#[test]
fn several_become_one() {
    let org = || OrgId::new("acme");
    let profiles = |left| ["a", "b", "c"].map(|name| (ProfileName::new(name), minutes(left))).to_vec();
    let check = |notice: Notice, title: &str, body: &str| {
        let text = shown(&notice);
        assert_eq!((text.title.as_str(), text.body.as_str()), (title, body));
    };
    check(
        Notice::ProfilesExpired { org: org(), profiles: profiles(0), code: None },
        "3 profiles have expired",
        "Tools that use them get errors until you sign in.",
    );
    let code = Code::NoAnswer { host: "portal".into() };
    check(
        Notice::RefreshFailing { org: org(), profiles: profiles(9), failing_since: minutes(-10), code },
        "3 profiles may stop working, the first at 11:27",
        "The portal has not answered since 11:08. Latchkey keeps trying.",
    );
    check(
        Notice::AccessRemoved { org: org(), roles: ["a", "b", "c"].map(lost).to_vec() },
        "Access for 3 profiles was removed",
        "a and 2 more are not refreshed any more.",
    );
    let changed = profiles(0).into_iter().map(|(name, at)| (name, Some(at))).collect();
    check(
        Notice::Conflict { org: org(), profiles: changed },
        "Another program changed 3 profiles",
        "Latchkey stopped refreshing them.",
    );
}

#[test]
fn what_expired_for_another_cause_asks_for_no_sign_in() {
    let code = Some(Code::DiskFull { path: "~/.aws/credentials".into() });
    let profiles = vec![(ProfileName::new("pay-dev"), now())];
    let text = shown(&Notice::ProfilesExpired { org: OrgId::new("acme"), profiles, code });
    assert_eq!(text.title, "pay-dev has expired");
    assert_eq!(text.body, "Tools that use it get errors. The disk is full. Free some space, then try again.");
    assert_eq!(text.actions.iter().map(|a| a.id).collect::<Vec<_>>(), ["try_again", "details"]);
}

#[test]
fn one_summary_for_whoever_comes_back() {
    let text = shown(&Notice::WhileAway { notices: all()[1..3].to_vec() });
    assert_eq!(text.title, "2 notices while you were away");
    assert_eq!(text.body, "Sign in to Acme again. pay-dev has expired.");
    assert_eq!(text.actions.iter().map(|a| a.id).collect::<Vec<_>>(), ["details"]);
}

#[test]
fn hidden_details_name_nobody() {
    for notice in all() {
        let hidden = text(&notice, true, now(), &zone());
        assert_eq!(hidden.title, "Latchkey needs you");
        let all = format!("{}{}", hidden.title, hidden.body);
        for name in
            ["Acme", "pay", "payments", "PowerUser", "Administrator", "Incident", "Grafana", "YubiKey"]
        {
            assert!(!all.contains(name), "{all} names {name}");
        }
        assert_eq!(hidden.actions, shown(&notice).actions);
    }
}

#[test]
fn no_number_or_address_on_a_locked_screen() {
    for notice in all() {
        let text = shown(&notice);
        let all = format!("{} {}", text.title, text.body);
        assert!(
            ![DEV, PROD, "4444-5555", "1111-2222"].iter().any(|n| all.contains(n)) && !all.contains('@'),
            "{all}"
        );
    }
}

#[test]
fn at_most_two_buttons_and_each_means_something() {
    for notice in all() {
        let text = shown(&notice);
        assert!(text.actions.len() <= 2);
        for action in text.actions {
            assert!(pressed(action.id).is_some(), "{}", action.id);
        }
    }
    assert_eq!(pressed("default"), Some(Pressed::Body));
    assert_eq!(pressed("sign_in"), Some(Pressed::SignIn));
    assert_eq!(pressed("anything"), None);
    assert_eq!(shown(&all()[1]).urgency, Urgency::TimeSensitive);
}
