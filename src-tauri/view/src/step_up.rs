//! Touches that roles ask for: the window for one, what is open, and the keys that are known for it.

use crate::{
    account::classified,
    ask::UiRequest,
    key_words,
    problem::asks,
    ui_keys::UiPrompt,
    ui_state::{UiButton, UiSettings, UiStrip},
    ui_step_up::{UiFact, UiStepUp, UiStepUpKey, UiStepUpMark, UiStepUpWish, UiTouch, UiTouchStep},
    words::{ago, chip, environment_word, group_account_id, ui_environment},
};
use engine::{
    Snapshot,
    model::{
        environment::{Act, Environment},
        keys::KeyFault,
        step_up::{Demand, For, Opened, PATIENCE, Program, Progress, Question, Unanswered},
    },
    request::StepUpRequest,
};

/// The words of a question that was not answered: title, meaning, next step.
pub(crate) fn unanswered(why: Unanswered, org: &str) -> (String, String, String) {
    let owned = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    match why {
        Unanswered::Denied => owned(
            "This was denied",
            "Nothing was opened or handed out.",
            "Ask again if you want it after all.",
        ),
        Unanswered::DeniedBefore => owned(
            "This was denied a moment ago",
            "Latchkey does not ask again at once. Nothing was handed out.",
            "Try again in half a minute.",
        ),
        Unanswered::TimedOut => owned(
            "Nobody touched a security key in time",
            "Nothing was opened or handed out.",
            "Try again, and touch your key.",
        ),
        Unanswered::NotAllowed => owned(
            "Nobody allowed it in time",
            "Nothing was handed out.",
            "Try again, and choose Allow in Latchkey's window.",
        ),
        Unanswered::NoKey => (
            "Your organisation requires a security key for this role".into(),
            format!("You have none at {org} yet, so it gives nothing out."),
            format!("Register one at {org}, then try again."),
        ),
    }
}

/// What the window for a touch asks now, if anything.
pub(crate) fn prompt(s: &Snapshot) -> Option<UiPrompt> {
    let question = s.step_up.question.as_ref()?;
    // The window for the PIN has the word.
    if question.progress == Progress::Pin {
        return None;
    }
    let settings = UiSettings::from(&s.settings);
    Some(UiPrompt {
        number: i64::try_from(question.number).unwrap_or(i64::MAX),
        title: title(question),
        body: body(question),
        tries: String::new(),
        wrong: question.refused.as_ref().map(|(key, fault)| refused(key, fault, &question.wanted)),
        old: false,
        new: false,
        least: 0,
        confirm: String::new(),
        theme: settings.theme,
        text_size: settings.text_size,
        touch: Some(touch(s, question)),
    })
}

fn title(question: &Question) -> String {
    match &question.wanted {
        For::Role { grant, account_name, profile, demand: Demand::Words, .. } => {
            let what = match profile {
                Some(profile) => profile.to_string(),
                None => format!("{account_name} as {}", grant.role),
            };
            let name = question.programs.first().and_then(|program| program.name.as_deref());
            format!("Allow {what} for {}?", name.unwrap_or("a program"))
        }
        For::Role { grant, account_name, act, profile, .. } => match (act, profile) {
            (Act::OpenConsole, _) => format!("Touch your key to open {account_name} as {}", grant.role),
            (Act::CopyKeys, _) if question.programs.is_empty() => {
                format!("Touch your key to copy credentials for {account_name} as {}", grant.role)
            }
            (Act::CopyKeys, _) => {
                format!("Touch your key to hand out {account_name} as {}", grant.role)
            }
            (Act::KeepFresh, Some(profile)) => format!("Touch your key to keep {profile} fresh"),
            (Act::KeepFresh, None) => format!("Touch your key to keep {account_name} fresh"),
        },
        For::Register => "Touch the key that you want to add".to_owned(),
        For::Forget { name } => format!("Touch a key to remove {name}"),
        For::Change => "Touch a key to change what is asked".to_owned(),
    }
}

fn body(question: &Question) -> String {
    match &question.wanted {
        For::Role { environment, .. } => {
            let live = match environment {
                Environment::Production => " Changes there affect live systems.",
                _ => "",
            };
            if question.programs.is_empty() {
                format!("You asked for it in Latchkey.{live}")
            } else {
                format!(
                    "{} for credentials.{live} Deny it if you did not start this.",
                    who(&question.programs)
                )
            }
        }
        For::Register => "From then on a touch of it opens privileged roles here.".to_owned(),
        For::Forget { .. } => "Any key that is known here will do. The key itself stays as it is.".to_owned(),
        For::Change => "Less is asked only after a touch of a key that is known here.".to_owned(),
    }
}

/// `terraform (process 4312) asks`.
fn who(programs: &[Program]) -> String {
    let name = |program: &Program| program.name.clone().unwrap_or_else(|| "A program".to_owned());
    match programs {
        [] => "Nobody asks".to_owned(),
        [one] if one.pid == 0 => format!("{} asks", name(one)),
        [one] => format!("{} (process {}) asks", name(one), one.pid),
        [one, rest @ ..] => {
            let others = crate::words::count(rest.len(), "other program");
            format!("{} (process {}) and {others} ask", name(one), one.pid)
        }
    }
}

/// Why a key was none, with its name.
fn refused(key: &str, fault: &KeyFault, wanted: &For) -> String {
    let said = match fault {
        KeyFault::NotRegistered => match wanted {
            For::Role { demand: Demand::Server, .. } => {
                "is not registered for you at your organisation".to_owned()
            }
            _ => "is not known here".to_owned(),
        },
        KeyFault::Cloned => {
            "may have been copied: its counter went back. Stop using it, and tell your administrator"
                .to_owned()
        }
        KeyFault::KnownAlready => "is known here already".to_owned(),
        KeyFault::Refused if matches!(wanted, For::Role { demand: Demand::Server, .. }) => {
            "gave an answer that your organisation refused. Use another key".to_owned()
        }
        other => return format!("{key}: {}", key_words::line(other)),
    };
    format!("{key} {said}.")
}

fn touch(s: &Snapshot, question: &Question) -> UiTouch {
    let (step, instruction) = match &question.progress {
        Progress::Insert if question.refused.is_some() => {
            (UiTouchStep::Insert, "Plug in another key, or hold it to the reader.".to_owned())
        }
        Progress::Insert => (UiTouchStep::Insert, "Plug in your key, or hold it to the reader.".to_owned()),
        Progress::Working | Progress::Pin => (UiTouchStep::Working, "Talking to the key…".to_owned()),
        Progress::Touch { key } => (UiTouchStep::Touch, format!("Touch {key} now.")),
        Progress::Finger { key } => (UiTouchStep::Touch, format!("Put your finger on {key} now.")),
        Progress::Checking => (UiTouchStep::Working, "Asking your organisation…".to_owned()),
        Progress::Word if is_known(question) => {
            (UiTouchStep::Word, "Denied unless you allow it. It holds for this program and role.".to_owned())
        }
        Progress::Word => {
            (UiTouchStep::Word, "Denied unless you allow it. It holds for this once.".to_owned())
        }
    };
    UiTouch {
        step,
        instruction,
        facts: facts(s, question),
        environment: match &question.wanted {
            For::Role { grant, .. } => Some(ui_environment(&classified(s, grant).1)),
            _ => None,
        },
        until: question.until.as_millisecond(),
        lasts: i64::try_from(PATIENCE.as_millis()).unwrap_or(60_000),
        another: question.progress != Progress::Word
            && (question.others || matches!(question.progress, Progress::Touch { .. })),
        allow: (question.progress == Progress::Word).then(|| {
            let once = if is_known(question) { "Allow for 15 min" } else { "Allow once" };
            once.to_owned()
        }),
        deny: match &question.wanted {
            For::Role { .. } => "Deny".to_owned(),
            _ => "Cancel".to_owned(),
        },
        raised: question.raised,
    }
}

/// Whether the system tells which program it is: only then can it be told from others later.
fn is_known(question: &Question) -> bool {
    question.programs.first().is_some_and(|program| program.path.is_some())
}

fn facts(s: &Snapshot, question: &Question) -> Vec<UiFact> {
    let fact = |label: &str, value: String| UiFact { label: label.to_owned(), value };
    let For::Role { grant, account_name, environment, profile, .. } = &question.wanted else {
        return Vec::new();
    };
    let mut facts = vec![
        fact("Account", format!("{account_name}, {}", group_account_id(grant.account.as_str()))),
        fact("Role", grant.role.to_string()),
    ];
    if chip(*environment).is_some() {
        facts.push(fact("Environment", environment_word(*environment).to_owned()));
    }
    facts.extend(profile.as_ref().map(|profile| fact("Profile", profile.to_string())));
    if let Some(program) = question.programs.first() {
        let name = program.name.clone().unwrap_or_else(|| "unknown".to_owned());
        facts.push(fact("Program", format!("{name}, process {}", program.pid)));
        facts.extend(program.path.clone().map(|path| fact("Its file", path)));
    }
    if s.organisations.len() > 1
        && let Some(org) = s.organisations.iter().find(|o| o.organisation.id == grant.org)
    {
        facts.push(fact("Organisation", org.organisation.name.clone()));
    }
    facts
}

/// What the person is to do for the question, as a sentence begins: `Touch your key to continue`.
#[must_use]
pub fn to_do(s: &Snapshot) -> &'static str {
    match s.step_up.question.as_ref().map(|question| &question.progress) {
        Some(Progress::Word) => "Allow or deny a program",
        _ => "Touch your key to continue",
    }
}

/// `payments-prod, Administrator`: what the tray's first row and the window say is waited for.
#[must_use]
pub fn waits_for(s: &Snapshot) -> Option<String> {
    let question = s.step_up.question.as_ref()?;
    Some(match &question.wanted {
        For::Role { grant, account_name, .. } => format!("{account_name}, {}", grant.role),
        For::Register => "a new key".to_owned(),
        For::Forget { .. } | For::Change => "Settings".to_owned(),
    })
}

/// What touches opened, in sight for as long as it is: `Administrator in payments-prod is active`.
pub(crate) fn strips(s: &Snapshot) -> Vec<UiStrip> {
    s.step_up.opened.iter().filter(|one| one.until > s.at).map(strip).collect()
}

fn strip(one: &Opened) -> UiStrip {
    UiStrip {
        text: format!("{} in {} is active", one.grant.role, one.account_name),
        expires: Some(one.until.as_millisecond()),
        button: UiButton {
            danger: true,
            ..asks(
                "Stop now",
                UiRequest::StepUp { step_up: UiStepUpWish::Stop { grant: (&one.grant).into() } },
            )
        },
    }
}

/// For Settings.
pub(crate) fn step_up(s: &Snapshot) -> UiStepUp {
    let name = |account: &engine::model::ids::AccountId| {
        let found = s.organisations.iter().flat_map(|o| &o.portal.accounts).find(|a| a.id == *account);
        found.map_or_else(|| account.to_string(), |found| found.name.clone())
    };
    UiStepUp {
        waiting: waits_for(s),
        keys: s
            .step_up
            .keys
            .iter()
            .map(|key| UiStepUpKey {
                id: key.id.clone(),
                name: key.name.clone(),
                used: match key.used {
                    Some(used) => format!("Touched {}", ago(s.at, used)),
                    None => "Not touched yet".to_owned(),
                },
                touched: key.used.is_some(),
            })
            .collect(),
        marked: s
            .settings
            .safety
            .step_up
            .marked
            .iter()
            .map(|one| UiStepUpMark {
                account: one.account.to_string(),
                account_name: name(&one.account),
                role: one.role.to_string(),
            })
            .collect(),
    }
}

impl UiStepUpWish {
    /// What it asks of the engine.
    ///
    /// # Errors
    /// An account or a role that cannot be one.
    pub(crate) fn request(self) -> Result<StepUpRequest, crate::typed::AskError> {
        Ok(match self {
            Self::AddKey => StepUpRequest::AddKey,
            Self::ForgetKey { id } => StepUpRequest::ForgetKey(id),
            Self::Mark { grant, on } => StepUpRequest::Mark { grant: grant.try_into()?, on },
            Self::Stop { grant } => StepUpRequest::Stop(grant.try_into()?),
            Self::Show => StepUpRequest::Show,
            Self::Try { pattern } => StepUpRequest::Try(pattern.into()),
        })
    }
}
