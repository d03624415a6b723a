use crate::{
    Around, UiRequest, UiState,
    fixture::{DEV, LAB, PROD, app, application, codes, grant, minutes, now, profile, snapshot, with, zone},
    ui_portal,
    ui_portal::{UiApps, UiClass},
    ui_state,
    ui_state::{UiAction, UiBanner, UiBannerKind, UiGrant, UiLaunchState, UiShortcut, UiSignIn, UiStatus},
};
use engine::{
    Snapshot,
    model::{
        application::{AppChange, Applications},
        aws_config::comparable,
        code::Code,
        environment::Environment,
        history::{By, Entry, Event},
        ids::{AccountId, OrgId, Target},
        keys::Registered,
        organisation::Kind,
        portal::{AccessChange, Sync},
        profile::{Conflict, State},
        settings::Pause,
        sign_in::{Attempt, Ended, Method, SignIn},
        team::Colour,
    },
    ports::{Keyring, LongLivedKey},
    snapshot::{Launch, UpdateNow},
};
use std::sync::Arc;

mod files;

fn of(change: impl FnOnce(&mut Snapshot)) -> UiState {
    ui_state(&with(change), &Around::default(), &zone())
}

fn banner(change: impl FnOnce(&mut Snapshot)) -> Option<(UiBannerKind, String)> {
    of(change).organisations[0].banner.clone().map(|b| (b.kind, b.title))
}

fn banner_of(change: impl FnOnce(&mut Snapshot)) -> Option<UiBanner> {
    of(change).organisations[0].banner.clone()
}

fn pay_dev(state: State, left: i64) -> engine::snapshot::ProfileNow {
    profile("pay-dev", grant(DEV, "PowerUser"), left, state)
}

#[test]
fn the_first_run_waits_for_the_store() {
    assert!(of(|s| s.organisations.clear()).first_run.is_some_and(|f| f.cards.len() == 2));
    assert!(of(|_| ()).first_run.is_none());
    let unread = of(|s| {
        s.organisations.clear();
        s.loaded = false;
    });
    assert!(unread.first_run.is_none() && !unread.loaded);
}

#[test]
fn an_organisation_has_the_colour_that_a_team_gave_its_start_url() {
    let colour = |key: &str| {
        of(|s| s.settings.team.colours.extend([(key.to_owned(), Colour::DarkBlue)])).organisations[0]
            .colour
            .clone()
    };
    let start_url = snapshot().organisations[0].organisation.start_url.clone();
    assert_eq!(colour(&comparable(start_url.as_str())).as_deref(), Some("darkBlue"));
    assert_eq!(colour("elsewhere.awsapps.com"), None);
}

#[test]
fn without_a_tray_nothing_speaks_of_it() {
    let with_tray = ui_state(&snapshot(), &Around { tray: true, ..Around::default() }, &zone());
    assert!(with_tray.tray && with_tray.closed_text.ends_with("Open it again from the tray."));
    let without = of(|_| ());
    assert!(!without.tray);
    assert_eq!(without.tray_host, None);
    let without_settings = format!("{without:?}").replace(&format!("{:?}", without.settings), "");
    let said = without_settings.replace("tray: false", "").replace("tray_host: None", "").to_lowercase();
    assert!(!said.contains("tray"), "{said}");
    assert!(without.closed_text.ends_with("Open it again from your applications."));
}

#[test]
fn banners_by_priority() {
    use UiBannerKind as K;
    let kind = |change: &dyn Fn(&mut Snapshot)| banner(change).map(|(kind, _)| kind);
    type Climb<'a> = &'a dyn Fn(&mut Snapshot);
    let one_key = |s: &mut Snapshot| {
        let key = Registered { name: "Blue key".into(), added: None, credential: None };
        s.keys.registered.insert(s.organisations[0].organisation.id.clone(), vec![key]);
    };
    let ladder: [(K, Climb<'_>); 11] = [
        (K::Sandbox, &|s| s.organisations[0].organisation.kind = Kind::Sandbox),
        (K::Update, &|s| {
            s.update = Some(UpdateNow { version: "1.4.2".into(), put_off: false, signs_out: false });
        }),
        (K::Spare, &one_key),
        (K::Keyring, &|s| s.keyring = Keyring::MemoryOnly(Code::KeyringLocked)),
        (K::Paused, &|s| s.pause = Some(Pause { until: None })),
        (K::LoadingPaused, &|s| s.organisations[0].sync = Sync::Paused { done: 96, total: 143 }),
        (K::Throttled, &|s| {
            s.organisations[0].sync = Sync::Throttled { until: minutes(1), done: 96, total: 143 };
        }),
        (K::Offline, &|s| {
            s.organisations[0].organisation.kind = Kind::Aws;
            s.online = false;
        }),
        (K::Clock, &|s| s.clock_skew = Some(-660)),
        (K::Blocked, &|s| s.profiles = vec![pay_dev(State::Conflict(Conflict::ChangedByAnother), 42)]),
        (K::SignedOut, &|s| {
            s.organisations[0].sign_in = SignIn::Ended { at: now(), why: Ended::Expired };
        }),
    ];
    let mut s = snapshot();
    assert_eq!(kind(&|_| ()), None);
    for (expect, climb) in ladder {
        climb(&mut s);
        let shown = ui_state(&s, &Around::default(), &zone()).organisations[0].banner.clone().unwrap();
        assert_eq!(shown.kind, expect);
        assert!(shown.buttons.len() <= 2);
    }
    // Whoever does without a spare key is not told again, and whoever has one is not told at all.
    assert_eq!(kind(&one_key), Some(K::Spare));
    let acme = snapshot().organisations[0].organisation.id.clone();
    let waived = |s: &mut Snapshot| {
        one_key(s);
        s.settings.spare_waived.insert(acme.clone());
    };
    assert_eq!(kind(&waived), None);
    let two = |s: &mut Snapshot| {
        one_key(s);
        let keys = s.keys.registered.get_mut(&acme).unwrap();
        keys.push(keys[0].clone());
    };
    assert_eq!(kind(&two), None);
}

#[test]
fn a_version_that_is_ready_is_let_in_or_put_off() {
    let now = |put_off, signs_out| UpdateNow { version: "1.4.2".into(), put_off, signs_out };
    let ready = |put_off| banner_of(|s| s.update = Some(now(put_off, false)));
    let shown = ready(false).unwrap();
    assert_eq!(shown.title, "Latchkey 1.4.2 is ready");
    assert_eq!(shown.body, "Restarts in 2 s, credentials stay valid.");
    let button = |label: &str, request| (label.to_owned(), UiAction::Ask { request });
    let buttons: Vec<_> = shown.buttons.into_iter().map(|b| (b.label, b.action)).collect();
    assert_eq!(buttons, [button("Restart", UiRequest::Restart), button("Later", UiRequest::UpdateLater)]);
    assert_eq!(ready(true), None);
    let shown = banner_of(|s| s.update = Some(now(false, true))).unwrap();
    assert!(shown.body.ends_with("Your sign-in is in memory only: you sign in again."), "{}", shown.body);
    let text = crate::diagnostics::text(&with(|s| s.update = Some(now(true, false))), &[]);
    assert!(text.contains("\nInstalled meanwhile: 1.4.2\n"), "{text}");
}

#[test]
fn a_limited_load_can_be_paused_and_a_paused_one_goes_on() {
    let shown = |sync: Sync| {
        let state = of(|s| s.organisations[0].sync = sync);
        let [org] = state.organisations.as_slice() else { panic!("{state:?}") };
        let shown = org.banner.clone().unwrap();
        let buttons: Vec<_> = shown.buttons.into_iter().map(|b| (b.label, b.action)).collect();
        (shown.title, shown.body, buttons, org.sync_text.clone())
    };
    let org = snapshot().organisations[0].organisation.id.to_string();
    let button = |label: &str, request| vec![(label.to_owned(), UiAction::Ask { request })];
    let (title, body, buttons, _) = shown(Sync::Throttled { until: minutes(1), done: 96, total: 143 });
    assert_eq!(
        (title.as_str(), body.as_str()),
        ("AWS is limiting requests", "Loaded 96 of 143 accounts. Continuing by itself.")
    );
    assert_eq!(buttons, button("Pause loading", UiRequest::PauseSync { org: org.clone() }));
    let (title, body, buttons, line) = shown(Sync::Paused { done: 96, total: 143 });
    assert_eq!((title.as_str(), body.as_str()), ("Loading is paused", "Loaded 96 of 143 accounts."));
    assert_eq!(line, "Loading is paused.");
    assert_eq!(buttons, button("Continue loading", UiRequest::Sync { org }));
    assert_eq!(shown(Sync::Paused { done: 0, total: 0 }).1, "No accounts are known yet.");
}

#[test]
fn banners_in_words() {
    let ended = |s: &mut Snapshot| {
        s.organisations[0].sign_in = SignIn::Ended { at: minutes(-5), why: Ended::Expired };
        s.profiles = vec![pay_dev(State::SignInNeeded, 24)];
    };
    let state = of(ended);
    let shown = state.organisations[0].banner.as_ref().unwrap();
    assert_eq!(shown.title, "Your sign-in to Acme ended at 11:13");
    assert_eq!(
        shown.body,
        "Profiles stop refreshing until you sign in again. pay-dev works for 24 min more."
    );
    assert_eq!(shown.buttons[0].label, "Sign in again");
    let out = banner(|s| {
        s.organisations[0].sign_in = SignIn::SignedOut;
        s.profiles = vec![pay_dev(State::SignInNeeded, 24)];
    });
    assert_eq!(out.unwrap().1, "Sign in to Acme to keep 1 profile fresh");
    let out = banner(|s| s.organisations[0].sign_in = SignIn::SignedOut);
    assert_eq!(out, Some((UiBannerKind::SignedOut, "Sign in to Acme".to_owned())));
}

#[test]
fn a_backup_tells_when_it_was_made() {
    let made = |name: &str| {
        let backup = Some(format!("/home/sam/.aws/{name}").into());
        of(|s| s.file.backup = backup).file.backup_made
    };
    let expect = "2026-11-24T00:31:00Z".parse::<engine::model::Timestamp>().unwrap().as_millisecond();
    assert_eq!(made("credentials.latchkey-20261124-003100.bak"), Some(expect));
    assert_eq!(made("credentials.latchkey-20261124-003100-2.bak"), Some(expect));
    assert_eq!(made("credentials.bak"), None);
}

#[test]
fn a_profile_in_a_shape_and_a_word() {
    let check = |state: State, left, status: UiStatus, word: &str| {
        let found = of(|s| s.profiles = vec![pay_dev(state, left)]).profiles.remove(0);
        assert_eq!((found.status, found.status_word.as_str()), (status, word));
    };
    check(State::Waiting, 42, UiStatus::Checking, "Checking...");
    check(State::Fresh, 42, UiStatus::Fresh, "Fresh");
    check(State::Fresh, 10, UiStatus::Fresh, "Fresh");
    check(State::Fresh, 9, UiStatus::DueSoon, "Due soon");
    check(State::Fresh, 0, UiStatus::Expired, "Expired");
    check(State::Refreshing, -1, UiStatus::Refreshing, "Refreshing");
    check(State::SignInNeeded, 5, UiStatus::SignInNeeded, "Sign in needed");
    check(State::Conflict(Conflict::Foreign), 5, UiStatus::Conflict, "Conflict");
}

#[test]
fn what_expired_says_why_it_was_not_renewed() {
    let code = Code::NoAnswer { host: "acme.awsapps.com".into() };
    let retrying = State::Retrying { at: minutes(1), failing_since: minutes(-30), code };
    let state = of(|s| s.profiles = vec![pay_dev(retrying, -5)]);
    let row = &state.profiles[0];
    assert_eq!((row.status, row.status_word.as_str()), (UiStatus::Expired, "Expired"));
    let problem = row.problem.as_ref().unwrap();
    assert_eq!(problem.title, "pay-dev has expired");
    assert_eq!(problem.meaning, "acme.awsapps.com did not answer. It has expired.");
    assert_eq!(problem.buttons[0].label, "Try now");
    assert_eq!(state.attention, "1 needs attention");
    assert_eq!(
        state.organisations[0].banner.as_ref().unwrap().body,
        "What has expired gets errors in your tools."
    );
}

#[test]
fn a_failed_launch_is_tried_again_with_its_service() {
    let state = of(|s| {
        let failed = Launch::Failed {
            at: now(),
            code: Code::NoAnswer { host: "acme.awsapps.com".into() },
            destination: Some("s3".into()),
            region: Some("eu-west-1".into()),
            private: true,
        };
        s.launches = vec![(grant(LAB, "Dev").into(), failed)];
    });
    let UiLaunchState::Failed { problem, .. } = &state.launches[0].launch else { panic!("it failed") };
    let UiAction::Ask { request } = &problem.buttons[0].action else { panic!("it asks again") };
    let expect = UiRequest::OpenConsole {
        grant: UiGrant::from(&grant(LAB, "Dev")),
        destination: Some("s3".into()),
        region: Some("eu-west-1".into()),
        private: Some(true),
        confirmed: false,
    };
    assert_eq!(*request, expect);
}

#[test]
fn a_launch_that_finds_no_browser_offers_its_link_and_another_browser() {
    let failed = || Launch::Failed {
        at: now(),
        code: Code::BrowserFailed { reason: "none is set".into() },
        destination: None,
        region: None,
        private: false,
    };
    let state = of(|s| {
        let grafana = app("ins-1");
        Arc::make_mut(&mut s.organisations[0].portal).applications =
            Applications::Listed(vec![application("ins-1", "Grafana")]);
        s.launches = vec![(grant(LAB, "Dev").into(), failed()), (Target::App(grafana), failed())];
    });
    let link = format!("https://acme.awsapps.com/start/#/console?account_id={LAB}&role_name=Dev");
    let app = "https://acme.awsapps.com/start/#/saml/default/Grafana/ins-1".to_owned();
    for (launch, link) in [(&state.launches[0].launch, link), (&state.app_launches[0].launch, app)] {
        let UiLaunchState::Failed { problem, .. } = launch else { panic!("it failed") };
        assert_eq!(problem.next, "Copy the link and open it yourself, or choose another browser.");
        let labels: Vec<_> = problem.buttons.iter().map(|b| b.label.as_str()).collect();
        assert_eq!(labels, ["Copy link", "Choose browser", "Try again"]);
        assert_eq!(problem.buttons[0].action, UiAction::Copy { text: link });
        assert_eq!(problem.buttons[1].action, UiAction::Settings { section: "organisations".into() });
    }
}

#[test]
fn a_browser_that_does_not_open_is_said_while_it_is_waited_for() {
    let state = of(|s| {
        s.organisations[0].sign_in = SignIn::InProgress(Attempt {
            id: 1,
            method: Method::Browser,
            started: now(),
            deadline: minutes(10),
            link: Some("https://acme.awsapps.com/authorize".into()),
            user_code: None,
            in_app: None,
        });
        s.organisations[0].sign_in_failure = Some(Code::BrowserFailed { reason: "none is set".into() });
    });
    let UiSignIn::InProgress { failure: Some(problem), .. } = &state.organisations[0].sign_in else {
        panic!("the failure is shown while the sign-in is under way");
    };
    assert_eq!(problem.title, "Could not open your browser");
}

#[test]
fn what_the_store_or_the_desktop_refuses_is_said() {
    let code = || Code::Store { reason: "database is locked".into() };
    let state = of(|s| s.store_problem = Some(code()));
    assert_eq!(state.organisations[0].banner.as_ref().map(|b| b.kind), Some(UiBannerKind::Store));
    assert!(state.settings_problem.is_none());
    let first_run = of(|s| {
        s.organisations.clear();
        s.store_problem = Some(code());
    });
    assert_eq!(first_run.store_problem.unwrap().title, "Latchkey's own record could not be written");
    let around = Around { autostart_failure: Some("permission denied".into()), ..Around::default() };
    let problem = ui_state(&snapshot(), &around, &zone()).autostart_problem.unwrap();
    assert_eq!(problem.meaning, "The system said: permission denied.");
}

#[test]
fn a_short_lived_role_is_not_always_due_soon() {
    let quarter = |left: i64| {
        let mut p = pay_dev(State::Fresh, left);
        if let Some(w) = &mut p.kept.written {
            w.issued = minutes(left - 15);
        }
        of(|s| s.profiles = vec![p]).profiles.remove(0)
    };
    assert_eq!(quarter(6).status, UiStatus::Fresh);
    assert_eq!(quarter(4).status, UiStatus::DueSoon);
    let info = quarter(6).info.unwrap();
    assert!(info.starts_with("Credentials for this role last 15 min, so they are replaced after 10 min."));
    assert_eq!(of(|s| s.profiles = vec![pay_dev(State::Fresh, 42)]).profiles[0].info, None);
}

#[test]
fn what_is_wrong_with_a_profile_and_what_helps() {
    let s = of(|s| s.profiles = vec![pay_dev(State::AccessRemoved, 24)]);
    let problem = s.profiles[0].problem.as_ref().unwrap();
    assert_eq!(problem.title, "You no longer have PowerUser in payments-dev");
    assert!(problem.meaning.ends_with("It works for 24 min more."));
    assert_eq!(s.attention, "1 needs attention");
    let taken = of(|s| s.profiles = vec![pay_dev(State::Conflict(Conflict::ChangedByAnother), 24)]);
    let labels: Vec<_> = taken.profiles[0]
        .problem
        .iter()
        .flat_map(|p| &p.buttons)
        .map(|b| (b.label.as_str(), b.danger))
        .collect();
    // The harmless choice comes first.
    assert_eq!(labels, [("Stop managing it", false), ("Take it back", true)]);
}

#[test]
fn production_that_stands_open_is_in_sight() {
    let active =
        of(|s| s.profiles = vec![profile("pay-admin", grant(PROD, "Administrator"), 48, State::Fresh)]);
    assert_eq!(active.strips[0].text, "pay-admin is active in production");
    let sample = of(|s| {
        s.organisations[0].organisation.kind = Kind::Sandbox;
        s.profiles = vec![profile("pay-admin", grant(PROD, "Administrator"), 48, State::Fresh)];
    });
    assert!(sample.strips.is_empty());
    assert!(
        of(|s| s.profiles = vec![profile("ro", grant(PROD, "ReadOnly"), 48, State::Fresh)]).strips.is_empty()
    );
}

#[test]
fn a_cancelled_sign_in_is_no_failure() {
    let failure = |code: Code| {
        let state = of(|s| {
            s.organisations[0].sign_in = SignIn::SignedOut;
            s.organisations[0].sign_in_failure = Some(code);
        });
        match state.organisations[0].sign_in.clone() {
            UiSignIn::SignedOut { failure, .. } => failure,
            other => panic!("signed out, not {other:?}"),
        }
    };
    assert_eq!(failure(Code::SignInCancelled), None);
    let busy = failure(Code::ListenFailed).unwrap();
    assert_eq!(busy.buttons[0].label, "Use a code instead");
}

#[test]
fn the_portal_and_its_revision() {
    let s = snapshot();
    let portal = ui_portal(&s, &OrgId::new("acme")).unwrap();
    assert_eq!(ui_portal(&s, &OrgId::new("nobody")), None);
    let names: Vec<_> = portal.accounts.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["payments-dev", "payments-prod", "R&D lab"]);
    let prod = &portal.accounts[1];
    assert_eq!(prod.id_grouped, "1111-2222-3333");
    assert_eq!((prod.environment.class, prod.environment.guessed), (UiClass::Production, true));
    let confirms: Vec<_> = prod
        .roles
        .iter()
        .flatten()
        .map(|r| (r.name.as_str(), r.confirm_console, r.confirm_copy, r.confirm_keep))
        .collect();
    assert_eq!(
        confirms,
        [
            ("Administrator", true, true, true),
            ("Developer", false, true, true),
            ("ReadOnly", false, false, false)
        ]
    );
    assert_eq!(prod.roles.as_ref().unwrap()[2].suggested_profile, "payments-prod-readonly");
    let revision =
        |s: &Snapshot| ui_state(s, &Around::default(), &zone()).organisations[0].portal_revision.clone();
    assert_eq!(revision(&s), portal.revision);
    assert_eq!(revision(&with(|s| s.favourites = vec![grant(LAB, "Dev").into()])), portal.revision);
    let labelled = with(|s| {
        s.organisations[0].labels.insert(AccountId::new(LAB), Environment::Production);
    });
    assert_ne!(revision(&labelled), portal.revision);
    let lost = with(|s| {
        let portal = Arc::make_mut(&mut s.organisations[0].portal);
        portal.changes.push(AccessChange {
            gained: false,
            account: AccountId::new(PROD),
            account_name: "payments-prod".into(),
            role: grant(PROD, "Auditor").role,
            noticed: now(),
            since: None,
        });
    });
    assert_ne!(revision(&lost), portal.revision);
    let change = &ui_portal(&lost, &OrgId::new("acme")).unwrap().changes[0];
    assert_eq!(change.title, "You no longer have Auditor in payments-prod");
}

#[test]
fn recents_without_favourites_and_without_the_lost() {
    let state = of(|s| {
        s.favourites = vec![grant(PROD, "ReadOnly").into(), app("ins-9").into()];
        s.recents = vec![
            grant(PROD, "ReadOnly").into(),
            app("ins-1").into(),
            grant(LAB, "Dev").into(),
            grant(PROD, "Gone").into(),
            app("ins-8").into(),
        ];
    });
    let name = |one: &UiShortcut| match one {
        UiShortcut::Role(role) => role.account_name.clone(),
        UiShortcut::App(app) => app.name.clone(),
    };
    assert_eq!(state.recents.iter().map(name).collect::<Vec<_>>(), ["Grafana", "R&D lab"]);
    assert!(matches!(&state.favourites[0], UiShortcut::Role(role) if role.grant.role == "ReadOnly"));
    assert!(matches!(&state.favourites[1], UiShortcut::App(app) if !app.listed && app.name == "ins-9"));
    assert_eq!(state.used.len(), 3, "apps are not among the roles that were used");
}

#[test]
fn quitting_says_what_stops() {
    assert!(!of(|_| ()).quit.ask);
    let quit = of(|s| s.profiles = vec![pay_dev(State::Fresh, 42), pay_dev(State::Fresh, 42)]).quit;
    assert!(quit.ask);
    assert_eq!(quit.body, "pay-dev and 1 more stop refreshing. They work until their credentials expire.");
}

#[test]
fn every_button_of_every_code_can_be_asked() {
    for code in codes() {
        let state = of(|s| {
            s.organisations[0].sync = Sync::Failed { code: code.clone(), at: now(), retry: None };
        });
        let banner = state.organisations[0].banner.as_ref().unwrap();
        for button in &banner.buttons {
            if let UiAction::Ask { request } = &button.action {
                assert!(engine::Request::try_from(request.clone()).is_ok(), "{code:?}: {}", button.label);
            }
        }
    }
}

#[test]
fn apps_as_the_window_shows_them() {
    let id = OrgId::new("acme");
    let listed = with(|_| ());
    let UiApps::Listed { apps } = ui_portal(&listed, &id).unwrap().apps else { panic!("they are listed") };
    assert_eq!((apps[0].name.as_str(), apps[0].description.as_deref()), ("Grafana", Some("About Grafana")));
    assert_eq!(apps[0].link, "https://acme.awsapps.com/start/#/saml/default/Grafana/ins-1");
    let unlisted =
        with(|s| Arc::make_mut(&mut s.organisations[0].portal).applications = Applications::NotListed);
    let portal = ui_portal(&unlisted, &id).unwrap();
    assert_ne!(portal.revision, ui_portal(&listed, &id).unwrap().revision);
    let UiApps::NotListed { problem } = portal.apps else { panic!("they are not listed") };
    assert_eq!(problem.title, "This organisation does not list apps to desktop programs");
    assert_eq!(problem.buttons[0].label, "Open the portal");
    let opened = of(|s| s.launches = vec![(app("ins-1").into(), Launch::Opened(now(), None))]);
    assert!(opened.launches.is_empty());
    assert_eq!(opened.app_launches[0].text, "Opened in your browser");
    let named = Launch::Opened(now(), Some("Firefox".into()));
    let opened = of(|s| s.launches = vec![(app("ins-1").into(), named.clone())]);
    assert_eq!(opened.app_launches[0].text, "Opened in Firefox");
    let lost = with(|s| {
        let change =
            AppChange { gained: false, app: app("ins-7").app, name: "Payroll".into(), noticed: now() };
        Arc::make_mut(&mut s.organisations[0].portal).app_changes.push(change);
    });
    assert_eq!(ui_portal(&lost, &id).unwrap().changes[0].title, "You no longer have Payroll (app)");
}

#[test]
fn a_sync_in_activity_counts_roles_and_apps() {
    let sentence = |apps, gained, apps_gained, lost| {
        let event = Event::Synced {
            org: OrgId::new("acme"),
            accounts: 3,
            gained,
            lost,
            apps,
            apps_gained,
            apps_lost: 0,
        };
        let line = Entry { id: 1, at: now(), by: By::Schedule, event };
        of(|s| s.history = Arc::new(vec![line])).activity[0].sentence.clone()
    };
    assert_eq!(sentence(None, 0, 0, 0), "Updated Acme: 3 accounts");
    let all = "Updated Acme: 3 accounts and 2 apps, 1 role gained, 1 app gained, 2 roles lost";
    assert_eq!(sentence(Some(2), 1, 1, 2), all);
}
