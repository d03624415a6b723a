//! Every [`Code`] for people: what happened, what it means, what to do next.

use crate::{
    ask::UiRequest,
    conflict_words::{conflict_words, replace_for, taken},
    credentials::conflict_buttons,
    key_words, native_words, step_up,
    ui_state::{UiAction, UiButton, UiMethod, UiProblem, UiView},
    words::left,
};
use engine::{
    Snapshot,
    model::{code::Code, delivery::Delivery, ids::OrgId, step_up::Unanswered},
};
use jiff::SignedDuration;

/// What the failed thing was about, so that the button can do it again.
#[derive(Clone, Debug, Default)]
pub struct About<'a> {
    /// The organisation's id and name.
    pub org: Option<(&'a OrgId, &'a str)>,
    /// What "Try again" asks.
    pub again: Option<UiRequest>,
    /// The browser was to show a page that is no sign-in's, so that a code is no way round.
    pub launch: bool,
    /// The link to that page, to open it by hand. It holds no secret.
    pub link: Option<String>,
}

impl About<'_> {
    pub(crate) fn name(&self) -> &str {
        self.org.map_or("the organisation", |(_, name)| name)
    }
    pub(crate) fn sign_in(&self, method: Option<UiMethod>) -> Option<UiRequest> {
        self.org.map(|(id, _)| UiRequest::SignIn { org: id.as_str().to_owned(), method })
    }
}

/// What is about a role of this organisation.
pub(crate) fn about_org<'a>(s: &'a Snapshot, id: &OrgId) -> About<'a> {
    let org = s.organisations.iter().map(|o| &o.organisation).find(|o| o.id == *id);
    About { org: org.map(|o| (&o.id, o.name.as_str())), ..About::default() }
}

/// A button that asks something.
pub(crate) fn asks(label: &str, request: UiRequest) -> UiButton {
    UiButton { label: label.to_owned(), action: UiAction::Ask { request }, danger: false }
}

/// A button that closes the message.
pub(crate) fn dismisses(label: &str) -> UiButton {
    UiButton { label: label.to_owned(), action: UiAction::Dismiss, danger: false }
}

/// A button that shows a view.
pub(crate) fn shows(label: &str, view: UiView) -> UiButton {
    UiButton { label: label.to_owned(), action: UiAction::Show { view }, danger: false }
}

/// A button that shows a section of the settings.
pub(crate) fn sets(label: &str, section: &str) -> UiButton {
    let action = UiAction::Settings { section: section.to_owned() };
    UiButton { label: label.to_owned(), action, danger: false }
}

/// A button that leads back to a field.
pub(crate) fn edits(label: &str, field: &str, suggestion: Option<&str>) -> UiButton {
    let action = UiAction::Edit { field: field.to_owned(), suggestion: suggestion.map(str::to_owned) };
    UiButton { label: label.to_owned(), action, danger: false }
}

/// A code as title, meaning and next step.
#[must_use]
pub fn problem(code: &Code, about: &About<'_>) -> UiProblem {
    let (title, meaning, next) = words(code, about);
    UiProblem { title, meaning, next, buttons: buttons(code, about), details: details(code) }
}

/// The code in one sentence, for a notification or a menu: title, then the next step.
#[must_use]
pub fn sentence(code: &Code, about: &About<'_>) -> String {
    let (title, _, next) = words(code, about);
    format!("{title}. {next}")
}

/// Title, meaning, next step.
fn words(code: &Code, about: &About<'_>) -> (String, String, String) {
    let org = about.name();
    let (title, meaning, next): (String, String, String) = match code {
        Code::BadStartUrl { reason } => (
            "That is not a start URL".into(),
            format!("It could not be read: {reason}."),
            "Enter an address such as https://acme.awsapps.com/start, or only acme.".into(),
        ),
        Code::NotAPortal { host } => (
            "That address is not an access portal".into(),
            format!("{host} answered, but not as an access portal does."),
            "Ask your administrator for the start URL.".into(),
        ),
        Code::RegionNeeded { host } => (
            "The region is not known".into(),
            format!("{host} does not tell its AWS region."),
            "Choose the region that your administrator named, then check again.".into(),
        ),
        Code::NoAnswer { host } => (
            format!("{host} did not answer"),
            "Nothing was sent or changed. Credentials you have keep working until they expire.".into(),
            "Check the spelling, your network or your VPN, then try again.".into(),
        ),
        Code::Tls { host, reason } => (
            "This is not a trusted connection".into(),
            format!("The certificate for {host} is not valid: {reason}. Latchkey did not send anything."),
            "Check the start URL, or ask your administrator about the certificate.".into(),
        ),
        Code::NoTrust { path: Some(path), reason } => (
            "The file of certificates cannot be used".into(),
            format!("{path}: {reason}. Without it no server can be trusted, so Latchkey did not send anything."),
            "Mend the file, or name another one in Settings, Network.".into(),
        ),
        Code::NoTrust { path: None, reason: _ } => (
            "This computer trusts no certificates".into(),
            "It has no list of authorities to check servers with, so Latchkey did not send anything. The sample \
             organisation works without."
                .into(),
            "Install the package ca-certificates, then try again.".into(),
        ),
        Code::BadProxy => (
            "The proxy's address cannot be used".into(),
            "The proxy that is set is no address, so Latchkey did not send anything.".into(),
            "Correct it in Settings, Network.".into(),
        ),
        Code::ServerError { host, status } => (
            format!("{org} did not answer"),
            format!(
                "The portal at {host} returned an error ({status}). Your existing credentials keep working until \
                 they expire."
            ),
            "Try again in a minute.".into(),
        ),
        Code::Garbled { host } => (
            format!("The answer of {host} could not be understood"),
            "Something between here and the portal may have replaced it, such as a proxy or a captive network."
                .into(),
            "Open a web page to see whether your network asks for something, then try again.".into(),
        ),
        Code::Throttled { host } => (
            "AWS is limiting requests".into(),
            format!("{host} asks to go slower. What is loaded stays."),
            "Wait a moment; Latchkey goes on by itself.".into(),
        ),
        Code::ClockSkew { seconds } => (
            format!("Your computer's clock is {}", skew(*seconds)),
            "AWS refuses requests until it is set.".into(),
            "Set the clock, or switch automatic time on, then try again.".into(),
        ),
        Code::SignInNeeded => (
            format!("Sign in to {org}"),
            "This works only while you are signed in.".into(),
            "Sign in; it continues by itself.".into(),
        ),
        Code::SignInDenied => (
            "Sign-in was declined in the browser".into(),
            "Nothing was changed.".into(),
            "Sign in again when you are ready.".into(),
        ),
        Code::SignInFailed { error } => (
            "The sign-in page could not finish".into(),
            format!("It reported \"{error}\". Nothing was changed."),
            "Try again, or sign in with a code instead.".into(),
        ),
        Code::BadDestination { wanted } => (
            format!("\"{wanted}\" is neither a service nor a region"),
            "No console was opened.".into(),
            "Use a service such as s3, or a region such as eu-west-1.".into(),
        ),
        Code::StoreDamaged { moved_to } => (
            "Latchkey's own record was damaged and begun anew".into(),
            format!("The damaged one is kept at {moved_to}. What is in your credentials file was not touched."),
            "Add your organisation and sign in again.".into(),
        ),
        Code::SignInTimedOut => (
            "Nobody finished the sign-in in time".into(),
            "The browser page or the code has expired. Nothing was changed.".into(),
            "Start again when you are ready.".into(),
        ),
        Code::SignInCancelled => (
            "You cancelled the sign-in".into(),
            "Nothing was changed.".into(),
            "Sign in when you are ready.".into(),
        ),
        Code::UserIsHere { user } => (
            "Your browser signed in as the same user again".into(),
            format!("{user} is here already, so nothing was changed."),
            "Sign in where the browser does not know you: choose a code, and open its page in a private window.".into(),
        ),
        Code::StateMismatch => (
            "The browser's answer did not belong to this sign-in".into(),
            "It was ignored.".into(),
            "Start again, and finish in the browser page that opens then.".into(),
        ),
        Code::ListenFailed => (
            "Could not listen for the browser's answer".into(),
            "No local port could be opened.".into(),
            "Use a code instead.".into(),
        ),
        Code::BrowserFailed { reason } => (
            "Could not open your browser".into(),
            format!("The desktop said: {reason}."),
            if about.launch {
                "Copy the link and open it yourself, or choose another browser.".into()
            } else {
                "Set a default browser, or use a code and open the page yourself.".into()
            },
        ),
        Code::ForeignUrl { host } => (
            "That address was not opened".into(),
            format!("{host} belongs neither to {org} nor to AWS."),
            "Use an address of your own portal or of the AWS console.".into(),
        ),
        Code::AccessRemoved => (
            "You no longer have this role".into(),
            format!("{org} does not list it for you any more."),
            "Ask an administrator if you still need it.".into(),
        ),
        Code::StepUpNeeded => (
            "This role requires a security key".into(),
            format!("{org} gives it out only after a touch of a key that you registered there."),
            "Touch your security key for this role, then try again.".into(),
        ),
        Code::StepUpEnded { why } => step_up::unanswered(*why, org),
        Code::KeyringLocked => (
            "Your keyring is locked".into(),
            "Your sign-in is kept in memory only and ends when Latchkey quits.".into(),
            "Unlock your keyring, then try again.".into(),
        ),
        Code::KeyringMissing { reason } => (
            "There is no keyring on this computer".into(),
            format!("Your sign-in is kept in memory only and ends when Latchkey quits ({reason})."),
            "Install or start a keyring, such as gnome-keyring, then try again.".into(),
        ),
        Code::SealBroken => (
            "The stored sign-in cannot be opened".into(),
            "The key in your keyring does not fit it. It was put aside; nothing else was lost.".into(),
            "Sign in again.".into(),
        ),
        Code::DiskFull { path } => (
            "The disk is full".into(),
            format!("{path} was not changed."),
            "Free some space, then try again.".into(),
        ),
        Code::FileUnreadable { path, reason } => (
            format!("Cannot read {path}"),
            format!("The system said: {reason}. Nothing was changed."),
            "Give your user the right to read it, then try again.".into(),
        ),
        Code::FileNotWritable { path, reason } => (
            format!("Cannot write {path}"),
            format!("The system said: {reason}. The old credentials work until they expire."),
            "Give your user the right to write it, then try again.".into(),
        ),
        Code::FileUnparseable { path, line, what } => (
            format!("Line {line} of {path} cannot be read"),
            format!("{}. The file was left alone.", capital(what)),
            "Correct that line, then try again.".into(),
        ),
        Code::PolicyNotTrusted { path, why } => (
            "What your organisation set is not used".into(),
            format!("{}: {path}. Anybody could have written it.", capital(why)),
            "Ask an administrator to give it and its folder to administrators alone, then start Latchkey again.".into(),
        ),
        Code::FileBusy { path } => (
            format!("Another program is writing {path}"),
            "Nothing was changed.".into(),
            "Wait a moment; Latchkey tries again by itself.".into(),
        ),
        Code::ProfileTaken { profile, conflict, delivery, .. } => return conflict_words(*conflict, profile, *delivery),
        Code::Paused { profile: None } => (
            "Refreshing is paused".into(),
            "Credentials you have work until they expire.".into(),
            "Resume; what you asked for is refreshed then.".into(),
        ),
        Code::Paused { profile: Some(profile) } => (
            format!("{profile} is paused"),
            "Its credentials work until they expire.".into(),
            "Resume it; it is refreshed then.".into(),
        ),
        Code::InConflict { profile, conflict } => {
            return conflict_words(*conflict, profile, Delivery::CredentialsFile);
        }
        Code::DeliveryBlocked { profile, conflict, delivery } => {
            return conflict_words(*conflict, profile, *delivery);
        }
        Code::LatchMissing { path } => (
            "The program latch is missing".into(),
            format!("Tools would ask {path}, and there is none. Nothing was changed."),
            "Install Latchkey's package again, which brings it; or use another delivery.".into(),
        ),
        Code::BadProfileName { profile } => (
            format!("\"{profile}\" cannot be a profile's name"),
            "AWS tools could not read it.".into(),
            "Use letters, digits, dots, dashes and underscores.".into(),
        ),
        Code::NotConvertible { profile, why } => (
            format!("\"{profile}\" cannot be converted"),
            format!("{}. Nothing was changed.", capital(why)),
            "Leave it as it is, it works; or choose others.".into(),
        ),
        Code::FileChanged { path } => (
            format!("{path} changed in between"),
            "Another program wrote it since this was shown. Nothing was changed.".into(),
            "Look at the change again, then confirm it.".into(),
        ),
        Code::PlacesChanged { path, places, backup } => (
            format!("{path} was changed since the import"),
            format!(
                "{} {} not as Latchkey wrote {}. Nothing was undone, so that no change of yours is lost.",
                places.iter().map(|it| format!("[{it}]")).collect::<Vec<_>>().join(", "),
                if places.len() == 1 { "is" } else { "are" },
                if places.len() == 1 { "it" } else { "them" },
            ),
            format!("Compare it with the backup, {backup}, and take from it what you need."),
        ),
        Code::FolderNotShown { path, reason } => (
            "Could not open the folder".into(),
            format!("{path}: {reason}."),
            "Copy its path and open it yourself.".into(),
        ),
        Code::BackupGone { path } => (
            "The backup is gone".into(),
            format!("{path} was removed or changed, so that the import cannot be undone."),
            "Put the profiles back by hand, if you need their old form.".into(),
        ),
        Code::BadPattern { reason } => (
            "That pattern cannot be read".into(),
            format!("It is no regular expression: {reason}."),
            "Correct it; a plain word such as prod fits wherever it stands.".into(),
        ),
        Code::DefaultInProduction { account_name, .. } => (
            format!("\"default\" would be {account_name}, which is production"),
            "Tools use the profile \"default\" when nobody said which, so that a slip would reach live systems."
                .into(),
            "Use another name, or allow it for this account.".into(),
        ),
        Code::UnknownProfile { profile } => (
            format!("No profile {profile} is known"),
            "Latchkey keeps no profile of that name, and your AWS config file has none with SSO settings of an organisation that was added.".into(),
            "Keep a role fresh under that name, or add its organisation.".into(),
        ),
        Code::AssumeRefused { role_arn, reason } => (
            "The role was not assumed".into(),
            format!("STS said of {role_arn}: {}.", reason.trim_end_matches('.')),
            "Check that the role trusts the one it is assumed with, and its external ID, tags and duration.".into(),
        ),
        Code::Gone { what } => (
            format!("{} is not there any more", capital(what)),
            "It was removed since this was shown.".into(),
            "Refresh to see what there is now.".into(),
        ),
        Code::Store { reason } => (
            "Latchkey's own record could not be written".into(),
            format!("The store said: {reason}. Nothing was lost on the server."),
            "Check that the disk has space and is writable, then try again.".into(),
        ),
        Code::SandboxFailed { reason } => (
            "The sample organisation did not start".into(),
            format!("Its server said: {reason}."),
            "Try again; if it fails again, delete the sample and start it anew.".into(),
        ),
        Code::SecurityKey { fault } => key_words::fault(fault),
        Code::Native { fault } => native_words::fault(fault, org),
        Code::UpdateDoesNotStart { reason } => (
            "The new Latchkey does not start".into(),
            format!("The system said: {reason}. This one goes on; nothing was changed."),
            "Install it again, then restart.".into(),
        ),
        Code::EngineElsewhere => (
            "Latchkey runs already".into(),
            "Another of its programs keeps your credentials fresh.".into(),
            "Use that one, or quit it first.".into(),
        ),
        Code::Internal { what } => (
            "Something went wrong in Latchkey".into(),
            format!("This is a defect of ours ({what}). Nothing of yours was changed by it."),
            "Try again; if it happens again, copy the details and report them.".into(),
        ),
    };
    (title, meaning, next)
}

fn buttons(code: &Code, about: &About<'_>) -> Vec<UiButton> {
    let again = |label: &str| about.again.clone().map(|request| asks(label, request));
    let sign_in = |label: &str, method| about.sign_in(method).map(|request| asks(label, request));
    let found: Vec<Option<UiButton>> = match code {
        Code::BadStartUrl { .. } | Code::NotAPortal { .. } | Code::ForeignUrl { .. } => {
            vec![Some(edits("Change the address", "start_url", None))]
        }
        Code::RegionNeeded { .. } => vec![Some(edits("Choose the region", "region", None))],
        Code::Tls { .. } => vec![Some(edits("Change start URL", "start_url", None))],
        Code::NoAnswer { .. }
        | Code::NoTrust { .. }
        | Code::ServerError { .. }
        | Code::Garbled { .. }
        | Code::ClockSkew { .. }
        | Code::DiskFull { .. }
        | Code::FileUnreadable { .. }
        | Code::FileNotWritable { .. }
        | Code::FileUnparseable { .. }
        | Code::Store { .. }
        | Code::StepUpEnded { why: Unanswered::TimedOut | Unanswered::NotAllowed }
        | Code::Internal { .. } => vec![again("Try again")],
        Code::Throttled { .. } | Code::FileBusy { .. } => vec![again("Try now")],
        Code::SignInNeeded => vec![sign_in("Sign in", None)],
        Code::SignInDenied | Code::SignInTimedOut | Code::SignInCancelled | Code::SealBroken => {
            vec![sign_in("Sign in", None)]
        }
        Code::StateMismatch => vec![sign_in("Start again", None)],
        Code::BrowserFailed { .. } if about.launch => {
            let copy = |text| UiButton {
                label: "Copy link".to_owned(),
                action: UiAction::Copy { text },
                danger: false,
            };
            vec![
                about.link.clone().map(copy),
                Some(sets("Choose browser", "organisations")),
                again("Try again"),
            ]
        }
        Code::ListenFailed
        | Code::BrowserFailed { .. }
        | Code::SignInFailed { .. }
        | Code::UserIsHere { .. } => {
            vec![sign_in("Use a code instead", Some(UiMethod::DeviceCode)), again("Try again")]
        }
        Code::AccessRemoved | Code::Gone { .. } => {
            vec![about.org.map(|(id, _)| asks("Refresh", UiRequest::Sync { org: id.as_str().to_owned() }))]
        }
        Code::KeyringLocked | Code::KeyringMissing { .. } => {
            vec![Some(asks("Try again", UiRequest::RetryKeyring))]
        }
        Code::ProfileTaken { profile, conflict, suggestion, delivery } => {
            taken(profile, *conflict, suggestion, *delivery, about)
        }
        Code::Paused { profile: None } => vec![Some(asks("Resume", UiRequest::Resume))],
        Code::Paused { profile: Some(profile) } => {
            let request = UiRequest::PauseProfile { profile: profile.clone(), paused: false };
            vec![Some(asks("Resume", request))]
        }
        Code::InConflict { profile, conflict } => {
            conflict_buttons(profile, *conflict).into_iter().map(Some).collect()
        }
        Code::BadPattern { .. } => vec![Some(edits("Change the pattern", "pattern", None))],
        Code::DefaultInProduction { account, suggestion, .. } => {
            let account = account.to_string();
            let allow = UiRequest::AllowDefault { account, allowed: true };
            vec![
                Some(edits(&format!("Use \"{suggestion}\""), "profile", Some(suggestion))),
                Some(UiButton { danger: true, ..asks("Allow for this account", allow) }),
            ]
        }
        Code::DeliveryBlocked { profile, delivery, conflict } => {
            vec![replace_for(profile, (*delivery).into(), *conflict)]
        }
        Code::LatchMissing { .. } => vec![again("Try again")],
        Code::UpdateDoesNotStart { .. } => vec![Some(asks("Try again", UiRequest::Restart))],
        Code::BadProfileName { .. } => vec![Some(edits("Change the name", "profile", None))],
        Code::SandboxFailed { .. } => vec![
            Some(asks("Try again", UiRequest::StartSandbox)),
            Some(UiButton { danger: true, ..asks("Delete the sample", UiRequest::DeleteSandbox) }),
        ],
        Code::FileChanged { .. } => vec![Some(edits("Look again", "conversion", None))],
        Code::SecurityKey { fault } => key_words::buttons(fault).into_iter().map(Some).collect(),
        Code::Native { fault } => native_words::buttons(fault, about),
        Code::EngineElsewhere
        | Code::BadProxy
        | Code::PolicyNotTrusted { .. }
        | Code::StepUpNeeded
        | Code::StepUpEnded { why: Unanswered::Denied | Unanswered::DeniedBefore | Unanswered::NoKey }
        | Code::BadDestination { .. }
        | Code::StoreDamaged { .. }
        | Code::NotConvertible { .. }
        | Code::PlacesChanged { .. }
        | Code::BackupGone { .. }
        | Code::FolderNotShown { .. }
        | Code::AssumeRefused { .. }
        | Code::UnknownProfile { .. } => vec![],
    };
    found.into_iter().flatten().collect()
}

/// `11 min slow`.
pub(crate) fn skew(seconds: i64) -> String {
    let direction = if seconds < 0 { "slow" } else { "fast" };
    format!("{} {direction}", left(SignedDuration::from_secs(seconds).abs()))
}

/// Technical, in the words of the code itself: facts, never a secret.
fn details(code: &Code) -> String {
    serde_json::to_string(code).unwrap_or_else(|_| format!("{code:?}"))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
