use crate::{
    as_asked,
    ask::{UiEndpoints, UiPart, UiReply, UiRequest, UiShell},
    dialog,
    fixture::{DEV, PROD, app, grant, minutes, now, profile, snapshot, with, zone},
    reply,
    ui_setup::{UiField, UiRolePattern},
    ui_state::{UiAction, UiAppRef, UiDelivery, UiGrant, UiSettings},
    ui_step_up::UiStepUpWish,
};
use engine::{
    Reply, Request,
    model::{
        code::Code,
        environment::{Care, Environment},
        history::{By, Entry, Event},
        ids::{AccountId, ProfileName},
        notice::{Notice, Pressed},
        profile::{Conflict, State},
        rules::{Field, Rule},
        settings::{Safety, Settings, Told},
        sign_in::SignIn,
        step_up::RolePattern,
    },
    request::{Confirm, StepUpRequest},
};
use std::time::Duration;

/// As the dialog's button sends it, before the person said anything to it.
pub(super) fn confirmed(request: UiRequest) -> UiRequest {
    UiRequest::Confirmed { request: Box::new(request), why: None, quiet: false, minutes: None }
}

fn keep(profile: &str) -> UiRequest {
    UiRequest::KeepFresh {
        grant: UiGrant::from(&grant(DEV, "PowerUser")),
        profile: profile.to_owned(),
        delivery: UiDelivery::CredentialsFile,
        region: None,
        replace_foreign: false,
        confirmed: false,
    }
}

fn console(role: &str, confirmed: bool) -> UiRequest {
    UiRequest::OpenConsole {
        grant: UiGrant::from(&grant(PROD, role)),
        destination: None,
        region: None,
        private: None,
        confirmed,
    }
}

/// The field that is refused, if any.
fn check(asked: &UiRequest, expect: Option<&str>) {
    assert_eq!(Request::try_from(asked.clone()).err().map(|e| e.field), expect, "{asked:?}");
}

#[test]
fn profile_names_every_tool_reads() {
    for good in ["pay-dev", "default", "a.b_c+d@e", " pay-dev "] {
        check(&keep(good), None);
    }
    let long = "x".repeat(65);
    for bad in ["", "  ", "a b", "a]b", "[a", "a\nb", "a#b", "ä", "a=b", long.as_str()] {
        check(&keep(bad), Some("profile"));
    }
    // A profile that is there already can be stopped, whatever its name.
    check(&UiRequest::StopKeeping { profile: "odd name".into(), remove: true }, None);
}

#[test]
fn grants_hold_numbers_and_names() {
    let with = |account: &str, role: &str| UiRequest::SetFavourite {
        grant: UiGrant { org: "acme".into(), account: account.into(), role: role.into() },
        on: true,
    };
    check(&with(PROD, "ReadOnly"), None);
    check(&with("1111-2222-3333", "ReadOnly"), Some("account"));
    check(&with(PROD, ""), Some("role"));
    check(&with(PROD, "Read/Only"), Some("role"));
    check(&with(PROD, &"x".repeat(33)), Some("role"));
}

#[test]
fn apps_are_asked_for_by_their_ids() {
    let open = |app: &str| UiRequest::OpenApp { app: UiAppRef { org: "acme".into(), app: app.into() } };
    check(&open("ins-76a853180f2bd90e"), None);
    check(&open(""), Some("app"));
    check(&open("a b"), Some("app"));
    let notice = Notice::AppFailed { app: app("ins-1"), name: "Grafana".into(), code: Code::SignInNeeded };
    assert_eq!(
        as_asked(&Request::Pressed { notice, pressed: Pressed::Body }),
        as_asked(&Request::OpenApp(app("ins-1")))
    );
}

#[test]
fn addresses_and_regions() {
    let url = |typed: &str, region: Option<&str>| UiRequest::CheckStartUrl {
        typed: typed.into(),
        region: region.map(str::to_owned),
        endpoints: None,
    };
    check(&url("acme", None), None);
    check(&url(" https://acme.awsapps.com/start/#/ ", Some("eu-west-1")), None);
    check(&url("acme", Some("")), None);
    check(&url("", None), Some("start_url"));
    check(&url("a\nb", None), Some("start_url"));
    check(&url(&"x".repeat(2049), None), Some("start_url"));
    check(&url("acme", Some("Europe")), Some("region"));
    check(&url("acme", Some("eu-west-1/../x")), Some("region"));
}

#[test]
fn endpoints_are_encrypted_or_here() {
    let with = |sts: &str| UiRequest::CheckStartUrl {
        typed: "acme".into(),
        region: None,
        endpoints: Some(UiEndpoints {
            oidc: "https://sso.acme.test/oidc".into(),
            portal: "http://localhost:8080/portal".into(),
            federation: "http://127.0.0.1:8080/federation".into(),
            sts: sts.into(),
        }),
    };
    check(&with("http://[::1]:8080"), None);
    for bad in [
        "http://sts.acme.test",
        "http://localhost.acme.test",
        "https://u:p@sts.acme.test",
        "ftp://localhost",
        "sts",
        "",
    ] {
        check(&with(bad), Some("sts"));
    }
}

#[test]
fn the_wire_form_is_what_the_bindings_say() {
    let json = r#"{"ask":"copy_environment","grant":{"org":"acme","account":"111122223333","role":"ReadOnly"},"shell":"power_shell","confirmed":true}"#;
    let asked: UiRequest = serde_json::from_str(json).unwrap();
    let expect = UiRequest::CopyEnvironment {
        grant: UiGrant::from(&grant(PROD, "ReadOnly")),
        shell: UiShell::PowerShell,
        confirmed: true,
    };
    assert_eq!(asked, expect);
    assert!(serde_json::from_str::<UiRequest>(r#"{"ask":"read_secrets"}"#).is_err());
}

#[test]
fn wishes_of_the_tray_can_be_asked_by_the_window() {
    let wish = Request::try_from(console("ReadOnly", false)).unwrap();
    assert_eq!(as_asked(&wish), Some(console("ReadOnly", false)));
    let mut private = console("ReadOnly", false);
    if let UiRequest::OpenConsole { private, .. } = &mut private {
        *private = Some(true);
    }
    assert_eq!(as_asked(&Request::try_from(private.clone()).unwrap()), Some(private));
    let wish = Request::try_from(keep("pay-dev")).unwrap();
    assert_eq!(as_asked(&wish), Some(keep("pay-dev")));
    let copy = |part| UiRequest::CopyCredentials {
        grant: (&grant(PROD, "Administrator")).into(),
        part,
        confirmed: false,
    };
    for part in [
        UiPart::Block { profile: "pay-dev".into() },
        UiPart::AccessKeyId,
        UiPart::SecretAccessKey,
        UiPart::SessionToken,
    ] {
        let wish = Request::try_from(copy(part.clone())).unwrap();
        assert_eq!(as_asked(&wish), Some(copy(part)));
    }
    let bad = Request::try_from(copy(UiPart::Block { profile: "a]\n[b".into() }));
    assert_eq!(bad.unwrap_err().field, "profile");
    assert_eq!(as_asked(&Request::RefreshAll), Some(UiRequest::RefreshAll));
    let name = ProfileName::new("pay-dev");
    let refresh = UiRequest::RefreshProfile { profile: "pay-dev".into() };
    assert_eq!(as_asked(&Request::RefreshProfile(name)), Some(refresh));
    assert_eq!(as_asked(&Request::Quit), None);
}

#[test]
fn favourites_are_moved_by_what_they_are() {
    let role = UiRequest::MoveFavourite { grant: UiGrant::from(&grant(PROD, "ReadOnly")), up: true };
    let expect = Request::MoveFavourite { target: grant(PROD, "ReadOnly").into(), up: true };
    assert_eq!(Request::try_from(role).unwrap(), expect);
    let wiki = UiAppRef { org: "acme".into(), app: "ins-2".into() };
    let moved = UiRequest::MoveFavouriteApp { app: wiki, up: false };
    let expect = Request::MoveFavourite { target: app("ins-2").into(), up: false };
    assert_eq!(Request::try_from(moved).unwrap(), expect);
}

#[test]
fn what_was_copied_is_told_with_its_end_and_nothing_else() {
    let asked = UiRequest::CopyEnvironment {
        grant: UiGrant::from(&grant(PROD, "ReadOnly")),
        shell: UiShell::Posix,
        confirmed: true,
    };
    let told = reply(Ok(Reply::Copied { expires: minutes(42) }), &asked, &snapshot(), &zone());
    let until = minutes(42).as_millisecond();
    assert_eq!(serde_json::to_value(told).unwrap(), serde_json::json!({ "reply": "copied", "until": until }));
}

#[test]
fn a_notifications_button_asks_as_the_window_does() {
    let notice = Notice::LaunchFailed {
        grant: grant(PROD, "Administrator"),
        account_name: "payments-prod".into(),
        code: Code::AccessRemoved,
        destination: Some("s3".into()),
        region: None,
    };
    let asked = as_asked(&Request::Pressed { notice, pressed: Pressed::TryAgain }).unwrap();
    let UiRequest::OpenConsole { destination, confirmed, .. } = &asked else { panic!("{asked:?}") };
    assert_eq!((destination.as_deref(), *confirmed), (Some("s3"), false));
    let confirm = Confirm {
        grant: grant(PROD, "Administrator"),
        account_name: "payments-prod".into(),
        instead: None,
        care: Care::Confirm,
    };
    let shown = reply(Ok(Reply::Confirm(confirm)), &asked, &snapshot(), &zone());
    let UiReply::Confirm { dialog } = shown else { panic!("{shown:?}") };
    assert_eq!(dialog.title, "Open production as Administrator?");
}

#[test]
fn a_refusal_outside_the_window_names_the_organisation_and_signs_in() {
    let s = with(|s| {
        s.organisations[0].sign_in = SignIn::SignedOut;
        s.profiles = vec![profile("pay-dev", grant(DEV, "PowerUser"), 42, State::Fresh)];
    });
    let copy = UiRequest::CopyEnvironment {
        grant: UiGrant::from(&grant(DEV, "PowerUser")),
        shell: UiShell::Posix,
        confirmed: false,
    };
    let refresh = UiRequest::RefreshProfile { profile: "pay-dev".into() };
    for asked in [UiRequest::RefreshAll, refresh, copy] {
        let UiReply::Failed { problem, .. } = reply(Err(Code::SignInNeeded), &asked, &s, &zone()) else {
            panic!("a refusal is shown");
        };
        assert_eq!(problem.title, "Sign in to Acme", "{asked:?}");
        assert_eq!(problem.buttons[0].label, "Sign in");
    }
}

#[test]
fn what_is_paused_says_so_and_can_be_resumed() {
    let asked = UiRequest::RefreshProfile { profile: "pay-dev".into() };
    let code = Code::Paused { profile: Some("pay-dev".into()) };
    let UiReply::Failed { problem, .. } = reply(Err(code), &asked, &snapshot(), &zone()) else {
        panic!("a refusal is shown");
    };
    assert_eq!(problem.title, "pay-dev is paused");
    let resume = UiRequest::PauseProfile { profile: "pay-dev".into(), paused: false };
    assert_eq!(problem.buttons[0].action, UiAction::Ask { request: resume });
}

#[test]
fn copying_a_part_from_production_asks_as_copying_all_does() {
    let confirm = Confirm {
        grant: grant(PROD, "Administrator"),
        account_name: "payments-prod".into(),
        instead: None,
        care: Care::Confirm,
    };
    let copy = UiRequest::CopyCredentials {
        grant: (&grant(PROD, "Administrator")).into(),
        part: UiPart::SecretAccessKey,
        confirmed: false,
    };
    let shown = dialog(&confirm, &copy, &snapshot());
    assert_eq!(shown.title, "Copy production credentials as Administrator?");
    assert_eq!(shown.confirm.action, UiAction::Ask { request: confirmed(copy) });
}

#[test]
fn the_dialog_before_production() {
    let confirm = Confirm {
        grant: grant(PROD, "Administrator"),
        account_name: "payments-prod".into(),
        instead: Some(grant(PROD, "ReadOnly")),
        care: Care::Confirm,
    };
    let shown = dialog(&confirm, &console("Administrator", false), &snapshot());
    assert_eq!(shown.title, "Open production as Administrator?");
    assert_eq!(shown.body, "payments-prod, 1111-2222-3333. Changes here affect live systems.");
    assert_eq!(shown.confirm.label, "Open production console");
    assert_eq!(shown.confirm.action, UiAction::Ask { request: confirmed(console("Administrator", false)) });
    assert_eq!(shown.instead_text.as_deref(), Some("ReadOnly is also available here"));
    let instead = shown.instead.unwrap();
    assert_eq!(instead.label, "Open as ReadOnly instead");
    assert_eq!(instead.action, UiAction::Ask { request: console("ReadOnly", false) });
    assert_eq!(shown.why.as_deref(), Some("Why? (kept in your activity log)"));
    assert_eq!(shown.quiet.as_deref(), Some("Do not ask again for this role for 15 min"));
    assert_eq!(shown.lasting, None);
}

#[test]
fn a_privileged_profile_of_production_is_asked_for_how_long() {
    let confirm = Confirm {
        grant: grant(PROD, "Administrator"),
        account_name: "payments-prod".into(),
        instead: None,
        care: Care::TimeBoxed,
    };
    let asked = UiRequest::KeepFresh {
        grant: (&grant(PROD, "Administrator")).into(),
        profile: "pay-admin".into(),
        delivery: UiDelivery::CredentialsFile,
        region: None,
        replace_foreign: false,
        confirmed: false,
    };
    let shown = dialog(&confirm, &asked, &snapshot());
    assert!(
        shown.body.ends_with("Any program you run can use \"pay-admin\" until it ends by itself."),
        "{}",
        shown.body
    );
    let lasting = shown.lasting.unwrap();
    let choices: Vec<_> = lasting.choices.iter().map(|c| (c.minutes, c.label.as_str())).collect();
    assert_eq!(choices, [(15, "15 min"), (30, "30 min"), (60, "1 h"), (120, "2 h"), (240, "4 h")]);
    assert_eq!((lasting.label.as_str(), lasting.usual), ("Keep it fresh for", 60));
    assert_eq!(shown.quiet, None, "what ends by itself is asked about each time");
    // What the person said comes with it.
    let said = UiRequest::Confirmed {
        request: Box::new(asked),
        why: Some("ticket 7".into()),
        quiet: false,
        minutes: Some(30),
    };
    let Request::Confirmed { request, consent } = Request::try_from(said.clone()).unwrap() else {
        panic!("a confirmation");
    };
    assert_eq!(
        (consent.why.as_deref(), consent.lasting),
        (Some("ticket 7"), Some(Duration::from_secs(1800)))
    );
    assert!(matches!(*request, Request::KeepFresh { confirmed: false, .. }));
    assert_eq!(as_asked(&Request::Confirmed { request, consent }), Some(said));
}

#[test]
fn a_taken_name_is_chosen_anew_with_the_confirmation() {
    let code = Code::ProfileTaken {
        delivery: engine::model::delivery::Delivery::CredentialsFile,
        profile: "default".into(),
        conflict: Conflict::Foreign,
        suggestion: "default-2".into(),
    };
    let asked = confirmed(keep("default"));
    let UiReply::Failed { problem, .. } = reply(Err(code), &asked, &snapshot(), &zone()) else {
        panic!("a failure is shown as one");
    };
    assert_eq!(problem.buttons[0].action, UiAction::Ask { request: confirmed(keep("default-2")) });
    assert_eq!(problem.buttons[1].label, "Replace and keep a backup");
}

#[test]
fn default_in_production_can_be_allowed() {
    let code = Code::DefaultInProduction {
        org: grant(PROD, "Developer").org,
        account: AccountId::new(PROD),
        account_name: "payments-prod".into(),
        suggestion: "payments-prod".into(),
    };
    let UiReply::Failed { problem, field } = reply(Err(code), &keep("default"), &snapshot(), &zone()) else {
        panic!("a failure is shown as one");
    };
    assert_eq!(field.as_deref(), Some("profile"));
    assert_eq!(problem.title, "\"default\" would be payments-prod, which is production");
    let labels: Vec<_> = problem.buttons.iter().map(|b| (b.label.as_str(), b.danger)).collect();
    assert_eq!(labels, [("Use \"payments-prod\"", false), ("Allow for this account", true)]);
    let allow = UiRequest::AllowDefault { account: PROD.into(), allowed: true };
    assert_eq!(problem.buttons[1].action, UiAction::Ask { request: allow });
}

#[test]
fn what_a_rule_would_match() {
    let asked = UiRequest::TryRule { field: UiField::Name, pattern: "pay".into() };
    let check = |accounts, names: &[&str], expect: &str| {
        let names = names.iter().map(|n| (*n).to_owned()).collect();
        let found = reply(Ok(Reply::Fits { accounts, names }), &asked, &snapshot(), &zone());
        assert_eq!(found, UiReply::Fits { text: expect.into() });
    };
    check(0, &[], "Matches no account.");
    check(1, &["a"], "Matches 1 account: a.");
    check(14, &["a", "b"], "Matches 14 accounts: a, b and 12 more.");
    let pattern = UiRolePattern { role: " ^deploy ".into(), account: String::new() };
    let asked = UiRequest::StepUp { step_up: UiStepUpWish::Try { pattern } };
    let names = vec!["a, Deploy".to_owned(), "b, Deploy".to_owned()];
    let found = reply(Ok(Reply::FitsRoles { roles: 3, names }), &asked, &snapshot(), &zone());
    assert_eq!(found, UiReply::Fits { text: "Matches 3 roles: a, Deploy; b, Deploy and 1 more.".into() });
    let pattern = RolePattern { role: "^deploy".into(), account: String::new() };
    assert_eq!(Request::try_from(asked.clone()).unwrap(), Request::StepUp(StepUpRequest::Try(pattern)));
    let bad = reply(Err(Code::BadPattern { reason: "unclosed group".into() }), &asked, &snapshot(), &zone());
    let UiReply::Failed { field, problem } = bad else { panic!("a failure") };
    assert_eq!((field.as_deref(), problem.title.as_str()), (Some("pattern"), "That pattern cannot be read"));
}

#[test]
fn a_taken_name_offers_the_harmless_choice_first() {
    let code = Code::ProfileTaken {
        delivery: engine::model::delivery::Delivery::CredentialsFile,
        profile: "default".into(),
        conflict: Conflict::ForeignLongLivedKey,
        suggestion: "default-2".into(),
    };
    let UiReply::Failed { problem, field } = reply(Err(code), &keep("default"), &snapshot(), &zone()) else {
        panic!("a failure is shown as one");
    };
    assert_eq!(field.as_deref(), Some("profile"));
    assert_eq!(problem.title, "A profile named \"default\" exists already");
    let labels: Vec<_> = problem.buttons.iter().map(|b| (b.label.as_str(), b.danger)).collect();
    assert_eq!(labels, [("Use \"default-2\"", false), ("Replace and keep a backup", true)]);
    assert_eq!(problem.buttons[0].action, UiAction::Ask { request: keep("default-2") });
}

#[test]
fn a_role_that_is_gone_is_named() {
    let asked = console("Administrator", false);
    let UiReply::Failed { problem, .. } = reply(Err(Code::AccessRemoved), &asked, &snapshot(), &zone())
    else {
        panic!("a failure is shown as one");
    };
    assert_eq!(problem.title, "You no longer have access to payments-prod, Administrator");
}

#[test]
fn settings_come_back_as_they_went() {
    let told = Told { conflict: false, new_access: true, ..Told::default() };
    let rule = Rule { field: Field::Email, pattern: "@lab".into(), environment: Environment::Sandbox };
    let safety =
        Safety { default_allowed: vec![AccountId::new(PROD)], rules: vec![rule], ..Safety::default() };
    let set = Settings {
        compact: true,
        keep_running: false,
        search_key: false,
        told,
        safety,
        ..Settings::default()
    };
    assert_eq!(Settings::from(UiSettings::from(&set)), set);
    let huge = Settings { text_size: 9000, ..Settings::default() };
    assert_eq!(UiSettings::from(&huge).text_size, 150, "the window stays legible");
}

#[test]
fn activity_in_sentences() {
    let entry = |event| Entry { id: 7, at: now(), by: By::You, event };
    let refreshed = Event::Refreshed {
        profile: ProfileName::new("pay-dev"),
        grant: grant(DEV, "PowerUser"),
        account_name: "payments-dev".into(),
        expires: minutes(60),
        key_tail: Some("4QZX".into()),
    };
    let entries = vec![
        entry(refreshed),
        entry(Event::Notified {
            notice: "sign-in-ending/acme/1".into(),
            shown: false,
            reason: Some("screen_locked".into()),
        }),
    ];
    let asked = UiRequest::CheckRecord;
    let UiReply::Activity { lines, .. } = reply(Ok(Reply::History(entries)), &asked, &snapshot(), &zone())
    else {
        panic!("lines are shown as such");
    };
    assert_eq!(lines[0].sentence, "Refreshed pay-dev, valid until 12:18");
    assert_eq!(lines[0].subject.as_deref(), Some("payments-dev, PowerUser"));
    assert_eq!((lines[0].group.as_str(), lines[1].group.as_str()), ("refreshed/pay-dev", ""));
    assert_eq!(
        lines[1].sentence,
        "Held back a notification that the sign-in ends soon: the screen was locked"
    );
}
