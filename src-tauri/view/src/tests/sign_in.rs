//! What is said while a person signs in in the app, and of where their keys are registered.

use crate::{
    Around,
    ask::{UiReply, UiRequest},
    fixture::{minutes, now, snapshot, zone},
    reply,
    tests::keys::{info, key},
    ui_keys::UiKeyWish,
    ui_sign_in::{UiInApp, UiInAppStage, UiInAppStep},
    ui_state,
    ui_state::{UiAction, UiMethod, UiSignIn},
};
use engine::{
    Snapshot,
    model::{
        code::Code,
        history::{By, Entry, Event},
        ids::OrgId,
        keys::{Found, KeyAct, KeyFault, Learnt, Registered, Step, Undone},
        native::{Asks, InApp, NativeFactor, NativeFault, NativeOffer, Stage},
        sign_in::{Attempt, Method, Session, SignIn},
    },
};
use std::time::Duration;

/// Every fault.
pub(crate) fn faults() -> Vec<NativeFault> {
    use NativeFault as F;
    let all = vec![
        F::NotOffered,
        F::WrongPassword,
        F::WrongCode,
        F::CodeUsed,
        F::NotAccepted,
        F::RadiusSilent,
        F::Locked { until: minutes(4) },
        F::KeyNotRegistered,
        F::KeyRefused,
        F::KeyCopied,
        F::Blocked,
        F::Over,
        F::NoSuchFactor,
        F::ProofNeeded,
        F::AppSignInNeeded,
        F::NotAdded,
        F::LastDevice,
        F::ForeignChallenge { site: "evil.test".into() },
        F::Moved { host: "evil.test".into() },
        F::EnrolmentNeeded,
        F::NewPasswordNeeded,
        F::BrowserNeeded,
    ];
    for fault in &all {
        match fault {
            F::NotOffered | F::WrongPassword | F::WrongCode | F::CodeUsed | F::Locked { .. } => {}
            F::KeyNotRegistered | F::KeyRefused | F::KeyCopied | F::Blocked | F::Over | F::NoSuchFactor => {}
            F::AppSignInNeeded | F::NotAccepted | F::RadiusSilent => {}
            F::ProofNeeded | F::NotAdded | F::LastDevice | F::ForeignChallenge { .. } => {}
            F::Moved { .. } => {}
            F::EnrolmentNeeded | F::NewPasswordNeeded | F::BrowserNeeded => {}
        }
    }
    all
}

fn offer() -> NativeOffer {
    NativeOffer {
        password: true,
        passkey: true,
        keys: true,
        enrolment: true,
        devices_page: None,
        step_up: Duration::from_secs(900),
    }
}

fn at(stage: Stage, wrong: Option<Code>) -> Snapshot {
    let mut s = snapshot();
    s.organisations[0].offer = Some(offer());
    let factors = vec![
        NativeFactor::Keys { names: vec!["Blue key".into()] },
        NativeFactor::Code { id: "1".into(), name: "Phone".into() },
    ];
    s.organisations[0].sign_in = SignIn::InProgress(Attempt {
        id: 1,
        method: Method::Native,
        started: now(),
        deadline: minutes(10),
        link: None,
        user_code: None,
        in_app: Some(InApp { stage, username: "sam".into(), factors, wrong, ..InApp::new() }),
    });
    s
}

fn shown(s: &Snapshot) -> UiInApp {
    let state = ui_state(s, &Around::default(), &zone());
    let UiSignIn::InProgress { in_app: Some(now), .. } = state.organisations[0].sign_in.clone() else {
        panic!("no sign-in in the app")
    };
    now
}

#[test]
fn the_form_says_where_the_password_goes_and_what_was_wrong() {
    let state = ui_state(&at(Stage::Password, None), &Around::default(), &zone());
    let offer = state.organisations[0].in_app.clone().unwrap();
    assert_eq!(offer.sent_to, "Password is sent only to acme.awsapps.com");
    assert_eq!(ui_state(&snapshot(), &Around::default(), &zone()).organisations[0].in_app, None);
    let wrong = shown(&at(Stage::Password, Some(NativeFault::WrongPassword.into())));
    assert_eq!(wrong.wrong.unwrap().title, "That user name and password do not match");
    assert_eq!((wrong.username.as_str(), wrong.locked_until), ("sam", None));
    let locked = shown(&at(Stage::Password, Some(NativeFault::Locked { until: minutes(4) }.into())));
    assert_eq!(locked.wrong.unwrap().title, "Too many attempts");
    assert_eq!(locked.locked_until, Some(minutes(4).as_millisecond()));
}

#[test]
fn each_factor_names_the_others() {
    let code = shown(&at(Stage::Code(1), None));
    assert_eq!(code.body, "Your authenticator app \"Phone\" shows 6 digits.");
    let ways = |now: &UiInApp| now.ways.iter().map(|way| way.label.clone()).collect::<Vec<_>>();
    assert_eq!(ways(&code), ["Use a security key"]);
    let key = shown(&at(Stage::Key, None));
    assert_eq!(ways(&key), ["Use a code of \"Phone\""]);
}

#[test]
fn what_radius_servers_ask_is_said_and_typed_as_they_wish() {
    let now = |asks| {
        let mut s = at(Stage::Code(0), None);
        let SignIn::InProgress(attempt) = &mut s.organisations[0].sign_in else { panic!("none") };
        let label = "Acme token".to_owned();
        attempt.in_app.as_mut().unwrap().factors[0] =
            NativeFactor::Radius { id: "radius".into(), label, asks };
        shown(&s)
    };
    let ways = |now: &UiInApp| now.ways.iter().map(|way| way.label.clone()).collect::<Vec<_>>();
    let first = now(None);
    assert_eq!(first.title, "Enter the code of Acme token");
    let field = first.field.clone().unwrap();
    assert_eq!((field.label.as_str(), field.digits, field.hidden), ("Code of Acme token", false, false));
    assert_eq!(ways(&first), ["Ask me in another way", "Use a code of \"Phone\""]);
    assert_eq!(first.ways[0].step, UiInAppStep::AskOtherwise);
    let asked = now(Some(Asks { message: "Type the code that was sent to you".into(), hidden: true }));
    assert_eq!(
        (asked.title.as_str(), asked.body.as_str()),
        ("Acme token asks", "Type the code that was sent to you")
    );
    let field = asked.field.clone().unwrap();
    assert_eq!((field.label.as_str(), field.digits, field.hidden), ("Your answer", false, true));
    assert_eq!(ways(&asked), ["Use a code of \"Phone\""]);
    assert_eq!(shown(&at(Stage::Code(1), None)).field.map(|field| field.digits), Some(true));
    assert_eq!(shown(&at(Stage::Key, None)).field, None);
    // From elsewhere it has a name of its own.
    let mut s = at(Stage::Key, None);
    let SignIn::InProgress(attempt) = &mut s.organisations[0].sign_in else { panic!("none") };
    let radius = NativeFactor::Radius { id: "radius".into(), label: "Acme token".into(), asks: None };
    attempt.in_app.as_mut().unwrap().factors[1] = radius;
    assert_eq!(ways(&shown(&s)), ["Use a code of Acme token"]);
}

#[test]
fn a_first_key_is_set_up_here_and_what_else_there_is_in_the_browser() {
    let now = |stage, wrong: Option<Code>| {
        let mut s = at(stage, wrong);
        let SignIn::InProgress(attempt) = &mut s.organisations[0].sign_in else { panic!("none") };
        let now = attempt.in_app.as_mut().unwrap();
        (now.enrols, now.factors) = (true, vec![]);
        shown(&s)
    };
    let asked = now(Stage::Enrol, None);
    assert_eq!((asked.stage, asked.title.as_str()), (UiInAppStage::Enrol, "Acme requires a second factor"));
    assert!(
        asked.body.contains("an authenticator app") && asked.body.contains("in your browser"),
        "{}",
        asked.body
    );
    assert!(asked.ways.is_empty() && asked.again.is_none());
    let failed = now(Stage::KeyFailed, Some(NativeFault::NotAdded.into()));
    assert_eq!((failed.title.as_str(), failed.again), ("Set up your security key", Some(UiInAppStep::Enrol)));
}

#[test]
fn a_key_is_asked_for_chosen_touched_and_told_of_when_it_was_taken_away() {
    let mut s = at(Stage::Key, None);
    assert_eq!(shown(&s).title, "Looking for security keys");
    s.keys.seen(vec![], now());
    let none = shown(&s);
    assert_eq!((none.title.as_str(), none.keys.len()), ("Insert your security key", 0));
    assert!(none.body.contains("Blue key"), "{}", none.body);
    let mut other = key();
    other.id = engine::model::keys::KeyId::new("usb:2");
    s.keys.seen(vec![key(), other], now());
    let two = shown(&s);
    assert_eq!((two.title.as_str(), two.keys.len()), ("Which key do you use?", 2));
    s.keys.seen(vec![key()], now());
    let no = s.keys.begin(&key().id, KeyAct::Authenticate).unwrap();
    s.keys.step(no, Step::Touch, now());
    let touch = shown(&s);
    assert_eq!(touch.title, "Touch your security key");
    assert_eq!(touch.touch, Some(minutes(1).as_millisecond()));
    let removed = KeyFault::Removed { undone: Undone::Nothing };
    let failed = shown(&at(Stage::KeyFailed, Some(Code::SecurityKey { fault: removed })));
    assert_eq!(failed.stage, UiInAppStage::KeyFailed);
    assert_eq!(failed.wrong.unwrap().title, "The key was removed");
    assert_eq!(failed.again, Some(UiInAppStep::Factor { place: 0 }));
}

#[test]
fn the_overview_says_where_this_very_key_is_registered_and_since_when() {
    let row = |s: &Snapshot| {
        let facts = ui_state(s, &Around::default(), &zone()).keys.keys[0].facts.clone().unwrap();
        (facts.overview[3].value.clone(), facts.register.len())
    };
    let mut s = snapshot();
    s.keys.seen(vec![key()], now());
    s.keys.learn(&key().id, Learnt { info: Some(info()), ..Learnt::default() });
    assert!(row(&s).0.contains("no organisation of yours tells"));
    s.organisations[0].offer = Some(offer());
    s.organisations[0].sign_in = SignIn::SignedOut;
    assert_eq!(row(&s), ("Sign in to see where this key is registered.".into(), 0));
    s.organisations[0].sign_in = SignIn::SignedIn(Session {
        user: None,
        since: now(),
        token_expires: minutes(60),
        ends: None,
        renewable: true,
        stored: true,
    });
    let acme = OrgId::new("acme");
    let known = s.keys.known.get_mut(&key().id).unwrap();
    known.found.insert(acme.clone(), Found::No);
    assert_eq!(row(&s), ("no organisation that you are signed in to".into(), 1));
    let desk = Registered { name: "desk".into(), added: Some(now()), credential: None };
    s.keys.known.get_mut(&key().id).unwrap().found.insert(acme.clone(), Found::As(desk));
    s.keys.registered_at.insert(acme, now());
    assert_eq!(row(&s), ("Acme as \"desk\", added 24 Nov 2026, as of 11:18".into(), 0));
}

#[test]
fn who_let_the_app_in_in_a_browser_signs_in_here_to_register_a_key() {
    let wish = UiKeyWish::Register { key: "usb:1".into(), org: "acme".into(), name: "Blue key".into() };
    let asked = UiRequest::Keys { keys: wish };
    let told = |fault: NativeFault| match reply(Err(fault.into()), &asked, &snapshot(), &zone()) {
        UiReply::Failed { problem, .. } => problem,
        other => panic!("a refusal is shown: {other:?}"),
    };
    let problem = told(NativeFault::AppSignInNeeded);
    assert_eq!(problem.title, "Sign in to Acme here first");
    assert_eq!(problem.next, "Sign in here, then register the key.");
    let sign_in = |method| UiAction::Ask { request: UiRequest::SignIn { org: "acme".into(), method } };
    let buttons: Vec<_> = problem.buttons.into_iter().map(|button| (button.label, button.action)).collect();
    assert_eq!(buttons, [("Sign in here".to_owned(), sign_in(Some(UiMethod::Native)))]);
    // Who signed in here long ago does it here again: the window goes to the form.
    let problem = told(NativeFault::ProofNeeded);
    assert_eq!(problem.buttons[0].action, sign_in(Some(UiMethod::Native)));
}

#[test]
fn one_attempt_too_many_waits_and_says_so() {
    let shown = |ago: i64| {
        let mut s = snapshot();
        let org = &mut s.organisations[0];
        let (id, code) = (org.organisation.id.clone(), Code::Throttled { host: "oidc.test".into() });
        org.sign_in = SignIn::SignedOut;
        org.sign_in_failure = Some(code.clone());
        let at = now() - jiff::SignedDuration::from_secs(ago);
        let event = Event::SignInFailed { org: id, code };
        s.history = std::sync::Arc::new(vec![Entry { id: 1, at, by: By::You, event }]);
        let state = ui_state(&s, &Around::default(), &zone());
        let UiSignIn::SignedOut { failure: Some(problem), wait } = state.organisations[0].sign_in.clone()
        else {
            panic!("it failed");
        };
        (problem, wait)
    };
    let (problem, wait) = shown(10);
    assert_eq!(problem.title, "Too many sign-in attempts");
    assert_eq!(problem.next, "Wait 30 s. The button unlocks by itself.");
    assert!(problem.buttons.is_empty(), "{problem:?}");
    assert_eq!(wait, Some(now().as_millisecond() + 20_000));
    assert_eq!(shown(30).1, None);
}

#[test]
fn before_a_page_is_known_the_server_is_contacted() {
    let title = |link: Option<&str>| {
        let mut s = snapshot();
        s.organisations[0].sign_in = SignIn::InProgress(Attempt {
            id: 1,
            method: Method::Browser,
            started: now(),
            deadline: minutes(10),
            link: link.map(str::to_owned),
            user_code: None,
            in_app: None,
        });
        let state = ui_state(&s, &Around::default(), &zone());
        let UiSignIn::InProgress { title, .. } = state.organisations[0].sign_in.clone() else {
            panic!("it is under way");
        };
        title
    };
    assert!(title(None).starts_with("Contacting "), "{}", title(None));
    assert_eq!(title(Some("https://oidc.test/authorize")), "Finish signing in in your browser");
}
