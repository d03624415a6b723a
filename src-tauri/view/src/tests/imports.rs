use crate::{
    Around, UiRequest,
    ask::UiReply,
    fixture::{DEV, PROD, grant, now, profile, with, zone},
    reply,
    ui_import::{UiDiffKind as D, UiImport, UiImportProfile, UiImportState as S},
    ui_setup::UiCardKind,
    ui_state,
    ui_state::UiAction,
};
use engine::{
    Reply, Request, Snapshot,
    model::{
        Timestamp,
        aws_config::{AwsConfig, ConfigProfile, Conversion, Converted, DiffLine, UnreadLine},
        environment::Care,
        ids::{AccountId, RoleName},
        portal::Account,
        profile::State,
        sign_in::SignIn,
    },
    request::Confirm,
};
use jiff::SignedDuration;
use std::sync::Arc;

fn sso(name: &str, account: &str, role: &str) -> ConfigProfile {
    ConfigProfile {
        name: name.into(),
        session: Some("acme".into()),
        start_url: Some("https://Acme.awsapps.com/start/#/".into()),
        sso_region: Some("eu-west-1".into()),
        account: Some(account.into()),
        role: Some(role.into()),
        region: Some("eu-central-1".into()),
        convertible: false,
        used: None,
    }
}

#[test]
fn what_was_used_in_the_last_thirty_days_is_known_by_the_cli_and_by_ourselves() {
    let days = |n: i64| Some(now() - SignedDuration::from_hours(24 * n));
    let used = |cli: Option<Timestamp>, ours: Option<Timestamp>| {
        let profile = ConfigProfile { used: cli, ..sso("pay", DEV, "ReadOnly") };
        let launched = ours.map(|at| (grant(DEV, "ReadOnly").into(), at)).into_iter().collect();
        only(profile, |s| s.launched = Arc::new(launched)).used
    };
    assert!(used(days(29), None) && used(None, days(29)) && used(days(31), days(1)));
    assert!(!used(None, None) && !used(days(31), None) && !used(None, days(31)));
}

fn config(profiles: Vec<ConfigProfile>) -> AwsConfig {
    AwsConfig { path: "/home/sam/.aws/config".into(), profiles, ..AwsConfig::default() }
}

fn shown(config: AwsConfig, change: impl FnOnce(&mut Snapshot)) -> UiImport {
    let answer = reply(Ok(Reply::Config(Arc::new(config))), &UiRequest::LookAtConfig, &with(change), &zone());
    let UiReply::Config { import } = answer else { panic!("the config file was asked for") };
    import
}

fn only(p: ConfigProfile, change: impl FnOnce(&mut Snapshot)) -> UiImportProfile {
    shown(config(vec![p]), change).organisations.remove(0).profiles.remove(0)
}

#[test]
fn card_a_is_there_when_the_config_file_names_an_organisation() {
    let card = |profiles: Vec<ConfigProfile>| {
        let s = with(|s| {
            s.organisations.clear();
            s.config = Arc::new(config(profiles));
        });
        let cards = ui_state(&s, &Around::default(), &zone()).first_run.unwrap().cards;
        cards.into_iter().find(|c| c.kind == UiCardKind::Import)
    };
    assert_eq!(card(vec![]), None);
    assert_eq!(card(vec![ConfigProfile { start_url: None, ..sso("a", DEV, "ReadOnly") }]), None);
    let shown = card(vec![sso("a", DEV, "ReadOnly"), sso("b", DEV, "PowerUser")]).unwrap();
    assert_eq!(shown.title, "Continue with acme.awsapps.com");
    assert_eq!(shown.body, "Found 1 organisation, 2 profiles. Nothing is changed yet.");
}

#[test]
fn each_profile_says_how_it_stands() {
    let state = |p: ConfigProfile| {
        let found = only(p, |_| ());
        (found.state, found.about, found.keep.map(|k| k.profile))
    };
    let (ready, about, keep) = state(sso("pay-dev", DEV, "PowerUser"));
    assert_eq!((ready, about.as_str(), keep.as_deref()), (S::Ready, "Works as it is.", Some("pay-dev-keys")));
    assert_eq!(state(ConfigProfile { session: None, ..sso("a", DEV, "PowerUser") }).0, S::Legacy);
    let (no, about, keep) = state(sso("a", DEV, "Administrator"));
    assert_eq!((no, about.as_str(), keep), (S::NoAccess, "Acme does not assign this role to you.", None));
    assert_eq!(state(sso("a", "000000000000", "PowerUser")).0, S::NoAccess);
    for (change, about) in [
        (ConfigProfile { account: None, ..sso("a", DEV, "R") }, "No account number."),
        (ConfigProfile { role: None, ..sso("a", DEV, "R") }, "No role."),
        (ConfigProfile { start_url: None, ..sso("a", DEV, "R") }, "Nothing in the file defines \"acme\"."),
        (ConfigProfile { session: None, start_url: None, ..sso("a", DEV, "R") }, "No start URL."),
    ] {
        assert_eq!(state(change), (S::Incomplete, about.to_owned(), None));
    }
}

#[test]
fn what_is_known_of_the_role_decides() {
    let p = || sso("pay-dev", DEV, "PowerUser");
    let kept = only(p(), |s| {
        s.profiles = vec![profile("pay-dev-keys", grant(DEV, "PowerUser"), 42, State::Fresh)];
    });
    assert_eq!((kept.state, kept.about.as_str(), kept.keep), (S::Kept, "As \"pay-dev-keys\".", None));
    let taken = only(p(), |s| s.file.foreign = vec!["pay-dev".into(), "pay-dev-keys".into()]);
    assert_eq!(taken.state, S::NameConflict);
    assert_eq!(taken.keep.unwrap().profile, "pay-dev-keys-2");
    let loading = only(p(), |s| {
        let account = Account { id: AccountId::new(DEV), name: "x".into(), email: None, roles: None };
        Arc::make_mut(&mut s.organisations[0].portal).accounts = vec![account];
    });
    assert_eq!(loading.state, S::Loading);
    let unknown = only(p(), |s| s.organisations.clear());
    assert_eq!((unknown.state, unknown.account.as_str()), (S::SignedOut, "4444-5555-6666"));
}

#[test]
fn organisations_say_what_is_to_be_done() {
    let other = ConfigProfile { start_url: Some("https://b.awsapps.com/start".into()), ..sso("b", DEV, "R") };
    let both = || config(vec![other.clone(), sso("a", DEV, "PowerUser"), sso("c", PROD, "ReadOnly")]);
    let import = shown(both(), |_| ());
    let [acme, b] = import.organisations.try_into().unwrap();
    assert_eq!((acme.name.as_str(), acme.note.as_str(), acme.button), ("Acme", "", None));
    assert_eq!(acme.start_url, "https://Acme.awsapps.com/start/#/");
    assert_eq!((b.name.as_str(), b.note.as_str()), ("b.awsapps.com", "Not added yet"));
    let UiAction::Ask { request: UiRequest::AddOrganisation { typed, region, .. } } =
        b.button.unwrap().action
    else {
        panic!("it is added")
    };
    assert_eq!((typed.as_str(), region.as_deref()), ("https://b.awsapps.com/start", Some("eu-west-1")));
    let import = shown(both(), |s| s.organisations[0].sign_in = SignIn::SignedOut);
    assert_eq!(import.organisations[0].note, "Not signed in");
}

#[test]
fn what_is_left_alone_or_unreadable_is_told() {
    let mut found = config(vec![sso("a", DEV, "PowerUser")]);
    found.managed = vec![("vaulted".into(), "aws-vault")];
    let line = |line, text: Option<&str>| UnreadLine {
        line,
        what: "a key needs `=` and a value".into(),
        text: text.map(Into::into),
    };
    found.unread = vec![line(41, Some("what is this")), line(43, None)];
    let import = shown(found, |_| ());
    assert_eq!(import.summary, "1 profile in /home/sam/.aws/config");
    assert_eq!(import.managed, ["vaulted: Managed by aws-vault. Left alone."]);
    assert_eq!(
        import.unread,
        [
            "Line 41 of /home/sam/.aws/config cannot be read: what is this",
            "Line 43 of /home/sam/.aws/config cannot be read: a key needs `=` and a value.",
            "The other profile is listed. AWS's tools cannot use the file until that is repaired.",
        ]
    );
}

#[test]
fn a_conversion_says_all_that_it_changes_before_it_does() {
    let names = |all: &[&str]| all.iter().map(|name| ((*name).to_owned(), "acme".to_owned())).collect();
    let plan = |profiles: &[&str], added: &[&str]| Conversion {
        path: "/home/sam/.aws/config".into(),
        profiles: names(profiles),
        added: added.iter().map(|name| (*name).to_owned()).collect(),
        diff: vec![
            DiffLine::Kept(4, None),
            DiffLine::Removed(5, "sso_region = r".into()),
            DiffLine::Added("sso_session = acme".into()),
            DiffLine::Skipped,
        ],
        seen: "abc".into(),
    };
    let told = |plan: Conversion| {
        let asked = UiRequest::PlanConversion { profiles: vec!["a".into()] };
        match reply(Ok(Reply::Conversion(plan)), &asked, &with(|_| ()), &zone()) {
            UiReply::Conversion { plan } => plan,
            other => panic!("{other:?}"),
        }
    };
    let shown = told(plan(&["a", "b"], &["acme"]));
    assert_eq!(shown.title, "Change /home/sam/.aws/config?");
    assert!(shown.body.starts_with(
        "2 profiles: the start URL and its region move into a section of their own, [sso-session acme]. All else"
    ));
    assert!(shown.body.contains("30 days"));
    assert!(shown.effect.ends_with("once more: aws sso login --sso-session acme."));
    assert_eq!(shown.button, "Convert 2 profiles");
    let lines: Vec<_> = shown.diff.iter().map(|it| (it.kind, it.line, it.text.as_str(), it.hidden)).collect();
    let expected = [
        (D::Kept, Some(4), "", true),
        (D::Removed, Some(5), "sso_region = r", false),
        (D::Added, None, "sso_session = acme", false),
        (D::Skipped, None, "", false),
    ];
    assert_eq!(lines, expected);
    let reused = told(plan(&["a"], &[]));
    assert!(reused.body.contains("[sso-session acme], which is there already."), "{}", reused.body);
}

#[test]
fn what_was_converted_can_be_undone_by_its_line_in_activity() {
    let s = with(|s| {
        let at = s.at;
        s.conversions = vec![Converted {
            entry: 7,
            at,
            path: "/home/sam/.aws/config".into(),
            backup: "/home/sam/.aws/config.latchkey-20261124-0031.bak".into(),
            profiles: vec!["a".into(), "b".into()],
            before: String::new(),
            after: String::new(),
        }];
    });
    let [one] = ui_state(&s, &Around::default(), &zone()).converted.try_into().unwrap();
    assert_eq!(one.entry, 7);
    assert!(one.text.starts_with("a and 1 more were converted in /home/sam/.aws/config, "), "{}", one.text);
    assert!(
        one.question.contains("get back the form that they had before, from /home/sam/.aws/config.latchkey-")
    );
    let request = Request::try_from(UiRequest::UndoConversion { entry: 7 });
    assert_eq!(request, Ok(Request::UndoConversion(7)));
    assert!(Request::try_from(UiRequest::PlanConversion { profiles: vec![] }).is_err());
}

#[test]
fn names_that_are_suggested_can_be_asked_for() {
    let import =
        shown(config(vec![sso("pay dev/é", DEV, "PowerUser"), sso("pay-dev--", DEV, "ReadOnly")]), |_| ());
    let wanted: Vec<_> = import.organisations[0].profiles.iter().filter_map(|p| p.keep.clone()).collect();
    let names: Vec<_> = wanted.iter().map(|w| w.profile.as_str()).collect();
    assert_eq!(names, ["pay-dev---keys", "pay-dev---keys-2"]);
    assert!(Request::try_from(UiRequest::KeepMany { wanted, confirmed: false }).is_ok());
    assert!(Request::try_from(UiRequest::KeepMany { wanted: vec![], confirmed: false }).is_err());
}

#[test]
fn several_are_confirmed_by_one_question_that_names_them() {
    let wanted = [(PROD, "Administrator"), (DEV, "ReadOnly"), (PROD, "Developer")].map(|(account, role)| {
        crate::ui_import::UiWanted {
            grant: (&grant(account, role)).into(),
            profile: role.into(),
            region: None,
        }
    });
    let asked = UiRequest::KeepMany { wanted: wanted.to_vec(), confirmed: false };
    let confirm = Confirm {
        grant: grant(PROD, "Administrator"),
        account_name: "payments-prod".into(),
        instead: Some(grant(PROD, "ReadOnly")),
        care: Care::TimeBoxed,
    };
    let s = with(|s| {
        let listed = &mut Arc::make_mut(&mut s.organisations[0].portal).accounts;
        listed[0].roles = Some(vec![RoleName::new("ReadOnly")]);
    });
    let dialog = crate::dialog(&confirm, &asked, &s);
    assert_eq!(dialog.title, "Keep production credentials fresh?");
    assert!(dialog.body.starts_with("payments-prod as Administrator and 1 more. "), "{}", dialog.body);
    assert_eq!(dialog.instead, None);
    let UiAction::Ask { request } = dialog.confirm.action else { panic!("it asks again") };
    assert_eq!(request, super::asked::confirmed(asked));
    assert!(dialog.lasting.is_some());
}
