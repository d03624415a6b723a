//! Words for what a server says to a sign-in in the app.

use crate::{
    problem::{About, asks},
    ui_state::{UiButton, UiMethod},
};
use engine::model::native::NativeFault;

/// Title, meaning, next step.
pub(crate) fn fault(fault: &NativeFault, org: &str) -> (String, String, String) {
    let owned =
        |title: &str, meaning: &str, next: &str| (title.to_owned(), meaning.to_owned(), next.to_owned());
    let of = |title: String, meaning: &str, next: &str| (title, meaning.to_owned(), next.to_owned());
    match fault {
        NativeFault::NotOffered => of(
            format!("{org} takes sign-ins in the browser only"),
            "It does not answer programs on this computer any more.",
            "Use the browser instead.",
        ),
        NativeFault::WrongPassword => {
            owned("That user name and password do not match", "", "Check both and try again.")
        }
        NativeFault::WrongCode => owned(
            "That code did not work",
            "Codes change every 30 s.",
            "Check that your device's clock is right, then enter the code it shows now.",
        ),
        NativeFault::CodeUsed => owned("That code was used already", "", "Wait for the next one."),
        NativeFault::NotAccepted => {
            owned("That was not accepted", "", "Check it and enter it again, or use another way to sign in.")
        }
        NativeFault::RadiusSilent => of(
            format!("What checks the codes of {org} does not answer"),
            "Yours was not looked at, and does not count as an attempt.",
            "Try again in a minute, or use another way to sign in.",
        ),
        // How long is counted down where it is shown.
        NativeFault::Locked { .. } => owned(
            "Too many attempts",
            "",
            "Wait until the time is over, or ask an administrator to unlock your account.",
        ),
        NativeFault::KeyNotRegistered => of(
            format!("This key is not registered for you at {org}"),
            "",
            "Use another key or another way to sign in.",
        ),
        NativeFault::KeyRefused => of(
            format!("{org} refused the key's answer"),
            "You were not signed in.",
            "Try again, or use another key.",
        ),
        NativeFault::KeyCopied => owned(
            "This key may have been copied",
            "Its counter went back, which a key by itself never does. You were not signed in.",
            "Stop using it, and tell your administrator.",
        ),
        NativeFault::Blocked => of(
            format!("{org} requires a second factor"),
            "You have none that counts, and may not set one up yourself.",
            "Ask an administrator.",
        ),
        NativeFault::Over => {
            owned("The sign-in took too long", "Nothing was changed.", "Enter your password again.")
        }
        NativeFault::NoSuchFactor => of(
            format!("{org} does not take that any more"),
            "It was removed, or passkeys alone are not taken for you.",
            "Use your password, or another way to sign in.",
        ),
        NativeFault::ProofNeeded => of(
            format!("Sign in to {org} again first"),
            "Security keys are changed only within 10 min of signing in with all your factors.",
            "Sign in again, then register the key.",
        ),
        NativeFault::AppSignInNeeded => of(
            format!("Sign in to {org} here first"),
            "You signed in in your browser. That lets Latchkey use your roles, but not change your security keys.",
            "Sign in here, then register the key.",
        ),
        NativeFault::NotAdded => of(
            format!("{org} did not add the key"),
            "It is registered already, you have as many as are allowed, or such keys are not taken.",
            "Use another key, or remove one on your page in the browser.",
        ),
        NativeFault::LastDevice => of(
            format!("{org} keeps your last second factor"),
            "It requires one, and this is the only one you have.",
            "Add another one first.",
        ),
        NativeFault::ForeignChallenge { site } => (
            "The key was not asked".into(),
            format!("The server wanted keys of {site}, which is not its own address."),
            "Check the start URL, and tell your administrator.".into(),
        ),
        NativeFault::Moved { host } => (
            format!("{org} sends passwords somewhere else now"),
            format!("Its server wanted yours sent to {host}. Nothing was sent there."),
            "Ask your administrator whether the start URL changed.".into(),
        ),
        NativeFault::EnrolmentNeeded => of(
            format!("{org} requires a second factor"),
            "You have none yet.",
            "Set one up in your browser; the sign-in goes on from there.",
        ),
        NativeFault::NewPasswordNeeded => of(
            format!("{org} wants a new password"),
            "The one you have was for one use.",
            "Set a new one in your browser; the sign-in goes on from there.",
        ),
        NativeFault::BrowserNeeded => of(
            format!("{org} wants something that Latchkey cannot do yet"),
            "You were not signed in.",
            "Use the browser instead.",
        ),
    }
}

/// Buttons that help.
pub(crate) fn buttons(fault: &NativeFault, about: &About<'_>) -> Vec<Option<UiButton>> {
    let sign_in = |label: &str, method| about.sign_in(method).map(|request| asks(label, request));
    match fault {
        NativeFault::NotOffered
        | NativeFault::EnrolmentNeeded
        | NativeFault::NewPasswordNeeded
        | NativeFault::BrowserNeeded => vec![sign_in("Use the browser instead", Some(UiMethod::Browser))],
        // What a browser proved does not count here.
        NativeFault::ProofNeeded => vec![sign_in("Sign in again", Some(UiMethod::Native))],
        NativeFault::AppSignInNeeded => vec![sign_in("Sign in here", Some(UiMethod::Native))],
        _ => vec![],
    }
}
