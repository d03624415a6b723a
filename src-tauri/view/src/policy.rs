//! What the organisation decided on this computer, for the window.

use crate::{
    problem::{About, problem},
    ui_setup::{UiLocked, UiMarked, UiPolicy, UiRolePattern, UiRule},
    ui_state::UiProblem,
};
use engine::{
    Snapshot,
    model::{code::Code, policy::Locked},
};

pub(crate) fn policy(s: &Snapshot) -> UiPolicy {
    let safety = &s.policy.safety;
    UiPolicy {
        locked: s.policy.locked().into_iter().map(UiLocked::from).collect(),
        rules: safety.rules.iter().map(UiRule::from).collect(),
        marked: safety.step_up.marked.iter().map(UiMarked::from).collect(),
        patterns: safety.step_up.patterns.iter().map(UiRolePattern::from).collect(),
        problem: s.policy_problem.as_ref().map(told),
    }
}

/// Why it is not used. Nobody mends an administrator's file by trying again.
fn told(code: &Code) -> UiProblem {
    let found = problem(code, &About::default());
    let (title, meaning) = match code {
        Code::FileUnparseable { path, line, what } => (
            "What your organisation set cannot be read".to_owned(),
            format!("Line {line} of {path}: {what}."),
        ),
        _ => (found.title, found.meaning),
    };
    UiProblem {
        title,
        meaning: format!("{meaning} Nothing in it counts, and your own settings do.").trim_start().to_owned(),
        next: "Ask an administrator to correct it, then start Latchkey again.".to_owned(),
        buttons: Vec::new(),
        ..found
    }
}

impl From<Locked> for UiLocked {
    fn from(locked: Locked) -> Self {
        match locked {
            Locked::Autostart => Self::Autostart,
            Locked::KeepRunning => Self::KeepRunning,
            Locked::HideDetails => Self::HideDetails,
            Locked::RemoveOnQuit => Self::RemoveOnQuit,
            Locked::RefreshLead => Self::RefreshLead,
            Locked::DefaultDelivery => Self::DefaultDelivery,
            Locked::Proxy => Self::Proxy,
            Locked::NoProxy => Self::NoProxy,
            Locked::CaFile => Self::CaFile,
            Locked::StepUpMinutes => Self::StepUpMinutes,
            Locked::StepUpVerify => Self::StepUpVerify,
        }
    }
}
