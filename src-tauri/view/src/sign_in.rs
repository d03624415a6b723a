//! The sign-in of an organisation as the window shows it.

use crate::{
    ask::UiRequest,
    keys::key_line,
    problem::{About, problem},
    ui_sign_in::{UiCodeField, UiInApp, UiInAppOffer, UiInAppStage, UiInAppStep, UiInAppWay, UiKeyChoice},
    ui_state::{UiMethod, UiProblem, UiSignIn},
    words::clock,
};
use engine::{
    Snapshot,
    model::{
        Timestamp,
        code::Code,
        history::Event,
        keys::{Running, Step},
        native::{InApp, InAppStep, NativeFactor, NativeFault, Stage},
        sign_in::{Attempt, Ended, Method, SignIn},
    },
    snapshot::OrganisationNow,
};
use jiff::{SignedDuration, tz::TimeZone};

impl From<UiInAppStep> for InAppStep {
    fn from(step: UiInAppStep) -> Self {
        let place = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        match step {
            UiInAppStep::Begin => Self::Begin,
            UiInAppStep::Factor { place: n } => Self::Factor(place(n)),
            UiInAppStep::Passkey => Self::Passkey,
            UiInAppStep::Enrol => Self::Enrol,
            UiInAppStep::AskOtherwise => Self::AskOtherwise,
            UiInAppStep::User { place: n } => Self::User(place(n)),
        }
    }
}

/// What its server takes from the app.
pub(crate) fn offer(o: &OrganisationNow) -> Option<UiInAppOffer> {
    let offer = o.offer.as_ref().filter(|offer| offer.password)?;
    let host = o.organisation.start_url.host_str().unwrap_or_default();
    Some(UiInAppOffer { passkey: offer.passkey, sent_to: format!("Password is sent only to {host}") })
}

pub(crate) fn sign_in(s: &Snapshot, o: &OrganisationNow, zone: &TimeZone) -> UiSignIn {
    let name = &o.organisation.name;
    let host = o.organisation.start_url.host_str().unwrap_or(name);
    let failure = || {
        // What the person did on purpose is no failure to report.
        let code = o.sign_in_failure.as_ref().filter(|code| **code != Code::SignInCancelled)?;
        Some(said(o, code))
    };
    let wait = wait(s, o).map(Timestamp::as_millisecond);
    match &o.sign_in {
        SignIn::SignedOut => UiSignIn::SignedOut { failure: failure(), wait },
        SignIn::InProgress(attempt) => {
            let in_app = attempt.in_app.as_ref().map(|now| in_app(s, o, now));
            let (method, title, body) = words(attempt, (name, host), in_app.as_ref());
            UiSignIn::InProgress {
                method,
                title,
                body,
                started: attempt.started.as_millisecond(),
                deadline: attempt.deadline.as_millisecond(),
                link: attempt.link.clone(),
                user_code: attempt.user_code.clone(),
                in_app,
                failure: failure(),
            }
        }
        SignIn::SignedIn(session) => UiSignIn::SignedIn {
            since: session.since.as_millisecond(),
            ends: session.known_end().map(Timestamp::as_millisecond),
            stored: session.stored,
        },
        SignIn::Ended { at, why } => UiSignIn::Ended {
            at: at.as_millisecond(),
            title: format!("Sign in to {name} again"),
            body: match why {
                Ended::Expired => format!("Your sign-in ended at {}.", clock(s.at, *at, zone)),
                Ended::Revoked => format!("{name} ended your sign-in at {}.", clock(s.at, *at, zone)),
            },
            failure: failure(),
            wait,
        },
    }
}

/// Whoever was told that there were too many attempts does not try again before.
const TOO_MANY: SignedDuration = SignedDuration::from_secs(30);

/// Until when no further sign-in is begun, after one that was turned away for being one too many.
fn wait(s: &Snapshot, o: &OrganisationNow) -> Option<Timestamp> {
    let Some(Code::Throttled { .. }) = &o.sign_in_failure else { return None };
    let failed = s.history.iter().find_map(|entry| match &entry.event {
        Event::SignInFailed { org, .. } if *org == o.organisation.id => Some(entry.at),
        _ => None,
    })?;
    Some(failed + TOO_MANY).filter(|until| s.at < *until)
}

fn said(o: &OrganisationNow, code: &Code) -> UiProblem {
    let org = o.organisation.id.to_string();
    let about = About {
        org: Some((&o.organisation.id, &o.organisation.name)),
        again: Some(UiRequest::SignIn { org, method: None }),
        ..About::default()
    };
    let said = problem(code, &about);
    match code {
        // Unlike the list of accounts, nothing goes on by itself here. The way on is the view's own button.
        Code::Throttled { host } => UiProblem {
            title: "Too many sign-in attempts".to_owned(),
            meaning: format!("{host} asks to go slower. Nothing was changed."),
            next: "Wait 30 s. The button unlocks by itself.".to_owned(),
            buttons: Vec::new(),
            ..said
        },
        _ => said,
    }
}

fn words(
    attempt: &Attempt,
    (name, host): (&str, &str),
    in_app: Option<&UiInApp>,
) -> (UiMethod, String, String) {
    match (attempt.method, in_app) {
        (Method::Native, Some(now)) => (UiMethod::Native, now.title.clone(), now.body.clone()),
        (method, _) if attempt.link.is_none() => {
            let method = if method == Method::DeviceCode { UiMethod::DeviceCode } else { UiMethod::Browser };
            (method, format!("Contacting {host}…"), "Your browser opens when it answers.".to_owned())
        }
        (Method::Browser | Method::Native, _) => (
            UiMethod::Browser,
            "Finish signing in in your browser".to_owned(),
            "This window continues by itself.".to_owned(),
        ),
        (Method::DeviceCode, _) => (
            UiMethod::DeviceCode,
            "Check that your browser shows this code".to_owned(),
            format!(
                "Only continue if the codes match and you started this yourself. Nobody from {name} or AWS will \
                 ask you for it."
            ),
        ),
    }
}

fn in_app(s: &Snapshot, o: &OrganisationNow, now: &InApp) -> UiInApp {
    let name = &o.organisation.name;
    let running = s.keys.running.as_ref();
    let signing = running.filter(|it| it.act.signs() && now.stage == Stage::Key);
    let (stage, title, body) = match &now.stage {
        Stage::Password => (UiInAppStage::Password, format!("Sign in to {name}"), String::new()),
        Stage::Asking => (UiInAppStage::Asking, format!("Signing in to {name}"), String::new()),
        Stage::Code(place) => {
            let (title, body) = typed(now.factors.get(*place));
            (UiInAppStage::Code, title, body)
        }
        Stage::Enrol => (
            UiInAppStage::Enrol,
            format!("{name} requires a second factor"),
            "Set one up now. A security key is set up here; an authenticator app, or this computer's own passkey, in \
             your browser."
                .to_owned(),
        ),
        Stage::Key => {
            let (title, body) = key(s, now, running);
            (UiInAppStage::Key, title, body)
        }
        Stage::KeyFailed => {
            let body =
                if now.wrong.is_some() { "" } else { "Nothing was changed. Try again when you are ready." };
            (UiInAppStage::KeyFailed, use_it(now).to_owned(), body.to_owned())
        }
        Stage::User(_) => {
            let body = "Your key holds several passkeys for this organisation.".to_owned();
            (UiInAppStage::User, "Who is signing in?".to_owned(), body)
        }
    };
    UiInApp {
        stage,
        title,
        body,
        username: now.username.clone(),
        wrong: now.wrong.as_ref().map(|code| said(o, code)),
        locked_until: match &now.wrong {
            Some(Code::Native { fault: NativeFault::Locked { until } }) => Some(until.as_millisecond()),
            _ => None,
        },
        field: field(now),
        keys: if now.stage == Stage::Key && running.is_none() { choices(s) } else { Vec::new() },
        users: match &now.stage {
            Stage::User(users) => users.clone(),
            _ => Vec::new(),
        },
        touch: signing
            .filter(|it| matches!(it.step, Step::Touch | Step::Verify))
            .and_then(|it| it.until)
            .map(Timestamp::as_millisecond),
        finger: signing.is_some_and(|it| it.step == Step::Verify),
        again: (now.stage == Stage::KeyFailed).then(|| again(now)),
        ways: ways(o, now),
    }
}

/// What is to be typed for a factor: title and body.
fn typed(factor: Option<&NativeFactor>) -> (String, String) {
    let (title, body) = match factor {
        Some(NativeFactor::Radius { label, asks: Some(asks), .. }) => (
            format!("{label} asks"),
            if asks.message.is_empty() {
                "It asks for one thing more.".to_owned()
            } else {
                asks.message.clone()
            },
        ),
        Some(NativeFactor::Radius { label, asks: None, .. }) => (
            format!("Enter the code of {label}"),
            "Or be asked in another way, if you have one: on your phone, or by a code that is sent to you."
                .to_owned(),
        ),
        Some(NativeFactor::Code { name, .. }) if !name.is_empty() => (
            "Enter your authenticator code".to_owned(),
            format!("Your authenticator app \"{name}\" shows 6 digits."),
        ),
        _ => {
            ("Enter your authenticator code".to_owned(), "Your authenticator app shows 6 digits.".to_owned())
        }
    };
    (title, body)
}

fn field(now: &InApp) -> Option<UiCodeField> {
    let Stage::Code(_) = now.stage else { return None };
    Some(match now.radius() {
        None => UiCodeField { label: "Code".to_owned(), digits: true, hidden: false },
        Some((label, asks)) => UiCodeField {
            label: if asks.is_some() { "Your answer".to_owned() } else { format!("Code of {label}") },
            digits: false,
            hidden: asks.is_some_and(|asks| asks.hidden),
        },
    })
}

fn use_it(now: &InApp) -> &'static str {
    if now.enrols { "Set up your security key" } else { "Use your security key" }
}

fn key(s: &Snapshot, now: &InApp, running: Option<&Running>) -> (String, String) {
    let owned = |title: &str, body: &str| (title.to_owned(), body.to_owned());
    if let Some(running) = running.filter(|it| !it.act.is_a_look()) {
        let name = &running.key.name;
        return match running.step {
            _ if !running.act.signs() => {
                owned("A security key is in use", "The sign-in goes on when that step is done.")
            }
            Step::Pin(_) => owned("Enter the PIN", "A window of its own asks for it."),
            Step::Touch => owned("Touch your security key", &format!("{name} is waiting.")),
            Step::Verify => owned("Reading fingerprint", &format!("Put your finger on {name}.")),
            Step::Working | Step::Sample { .. } => {
                owned("Use your security key", &format!("Leave {name} where it is."))
            }
        };
    }
    let names: Vec<_> = now
        .factors
        .iter()
        .filter_map(|factor| match factor {
            NativeFactor::Keys { names } => Some(names.join(", ")),
            NativeFactor::Code { .. } | NativeFactor::Radius { .. } => None,
        })
        .filter(|names| !names.is_empty())
        .collect();
    let yours = names.first().map(|names| format!(" Yours: {names}.")).unwrap_or_default();
    match s.keys.plugged.as_deref() {
        None => owned("Looking for security keys", ""),
        Some([]) => {
            owned("Insert your security key", &format!("Plug it in, or hold it to the reader.{yours}"))
        }
        Some([_]) => owned("Use your security key", "Asking the key what it is."),
        Some(_) => owned("Which key do you use?", &format!("More than one is connected.{yours}")),
    }
}

fn choices(s: &Snapshot) -> Vec<UiKeyChoice> {
    let list = s.keys.list();
    if list.len() < 2 {
        return Vec::new();
    }
    list.iter()
        .map(|key| UiKeyChoice { id: key.id.to_string(), name: key.name.clone(), line: key_line(key) })
        .collect()
}

fn place(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The step that failed.
fn again(now: &InApp) -> UiInAppStep {
    if now.enrols {
        return UiInAppStep::Enrol;
    }
    let keys = now.factors.iter().position(|it| matches!(it, NativeFactor::Keys { .. }));
    match keys {
        Some(n) if !now.passkey => UiInAppStep::Factor { place: place(n) },
        _ => UiInAppStep::Passkey,
    }
}

/// Other ways to prove the second factor; at the beginning, a passkey alone.
fn ways(o: &OrganisationNow, now: &InApp) -> Vec<UiInAppWay> {
    let here = match now.stage {
        Stage::Code(n) => Some(n),
        Stage::Key | Stage::KeyFailed => {
            now.factors.iter().position(|it| matches!(it, NativeFactor::Keys { .. }))
        }
        _ => None,
    };
    let passkey = o.offer.as_ref().is_some_and(|offer| offer.passkey);
    match now.stage {
        Stage::Password if passkey => {
            vec![UiInAppWay { label: "Use a passkey".into(), step: UiInAppStep::Passkey }]
        }
        Stage::Password | Stage::Asking => Vec::new(),
        _ => {
            let others = now.factors.iter().enumerate().filter(|(n, _)| Some(*n) != here);
            let other = |(n, factor): (usize, &NativeFactor)| UiInAppWay {
                label: to(factor),
                step: UiInAppStep::Factor { place: place(n) },
            };
            otherwise(now).into_iter().chain(others.map(other)).collect()
        }
    }
}

/// To this factor.
fn to(factor: &NativeFactor) -> String {
    match factor {
        NativeFactor::Keys { .. } => "Use a security key".to_owned(),
        NativeFactor::Code { name, .. } if name.is_empty() => "Use an authenticator code".to_owned(),
        NativeFactor::Code { name, .. } => format!("Use a code of \"{name}\""),
        NativeFactor::Radius { label, .. } => format!("Use a code of {label}"),
    }
}

/// RADIUS servers that were told nothing yet may ask in another way.
fn otherwise(now: &InApp) -> Option<UiInAppWay> {
    let (_, asks) = now.radius()?;
    asks.is_none()
        .then(|| UiInAppWay { label: "Ask me in another way".to_owned(), step: UiInAppStep::AskOtherwise })
}
