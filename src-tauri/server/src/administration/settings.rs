//! `/admin/settings`: second factors, how long sign-ins last, attributes for access control, and what somebody
//! would get with all of it.

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Administrator, Answer,
    page::{Cell, Field, Form, Kind, Mistakes, Page, Part, Table, Tone, way},
};
use crate::{
    audit,
    domain::sign_in_session,
    fields::Fields,
    mfa::policy::{Factor, Mode, Policy, WithoutDevice},
    organisation::{AccessControlAttribute, MOST_TAGS, is_attribute_key, is_attribute_source},
    signin::{PageError, see_other},
};

const PAGE: &str = "/admin/settings";

/// How long sign-ins may be chosen to last, in minutes (IAM Identity Center User Guide, sessions: 15 minutes to 90
/// days).
const LENGTHS: [(i64, &str); 9] = [
    (15, "15 min"),
    (60, "1 h"),
    (240, "4 h"),
    (480, "8 h"),
    (720, "12 h"),
    (1440, "24 h"),
    (10_080, "7 days"),
    (43_200, "30 days"),
    (129_600, "90 days"),
];

const MODES: [(&str, &str, Mode); 3] = [
    ("always", "At every sign-in", Mode::Always),
    ("context", "In a new browser or on a new network", Mode::Context),
    ("off", "Never", Mode::Off),
];
const FACTORS: [(&str, &str, Factor); 2] = [
    ("webauthn", "Security keys and built-in authenticators", Factor::Webauthn),
    ("totp", "Authenticator apps", Factor::Totp),
];
const WITHOUT: [(&str, &str, WithoutDevice); 3] = [
    ("enrol", "They set one up at sign-in", WithoutDevice::Enrol),
    ("block", "They cannot sign in", WithoutDevice::Block),
    ("allow", "Their password is enough", WithoutDevice::Allow),
];

/// GET `/admin/settings`, with `username` and `account` for the preview.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    Ok(whole(of, fields, &Mistakes::default())?.show(of))
}

fn whole(of: &Administrator<'_>, fields: &Fields, mistakes: &Mistakes) -> Result<Page, PageError> {
    let store = &of.instance.store;
    let (policy, settings) = (store.mfa_policy()?, of.instance.settings());
    let done = (fields.get("done") == Some("saved"))
        .then(|| Part::Banner(Tone::Good, "The settings are saved.".to_owned()));
    let word = |found: Option<&str>| found.unwrap_or_default().to_owned();
    let mode = word(MODES.iter().find(|(.., mode)| *mode == policy.mode).map(|(word, ..)| *word));
    let without =
        word(WITHOUT.iter().find(|(.., what)| *what == policy.without_device).map(|(word, ..)| *word));
    let choice = |name, label: &str, value: String, options: Vec<(String, String)>| Field {
        value,
        ..Field::line(name, label, &Fields::default()).of(Kind::Choice(options))
    };
    let of_three = |options: &[(&str, &str)]| -> Vec<(String, String)> {
        options.iter().map(|(value, text)| ((*value).to_owned(), (*text).to_owned())).collect()
    };
    let factors = FACTORS
        .map(|(word, text, factor)| (word.to_owned(), text.to_owned(), policy.allowed.contains(&factor)));
    let mut mfa = Form {
        action: "/admin/settings/mfa",
        fields: vec![
            choice(
                "mode",
                "Ask for a second factor",
                mode,
                of_three(&MODES.map(|(word, text, _)| (word, text))),
            ),
            Field::many("factor", "What counts as one", factors.to_vec()),
            choice(
                "without_device",
                "Users who have none",
                without,
                of_three(&WITHOUT.map(|(word, text, _)| (word, text))),
            ),
        ],
        submit: "Save",
        ..Form::default()
    };
    let minutes = settings.session_duration.as_mins();
    let mut lengths: Vec<(String, String)> =
        LENGTHS.iter().map(|(minutes, text)| (minutes.to_string(), (*text).to_owned())).collect();
    if !LENGTHS.iter().any(|(known, _)| *known == minutes) {
        lengths.insert(0, (minutes.to_string(), format!("{minutes} min")));
    }
    let mut session = Form {
        action: "/admin/settings/session",
        fields: vec![choice("session", "New sign-ins last", minutes.to_string(), lengths)],
        submit: "Save",
        ..Form::default()
    };
    let known = store.access_control_attributes()?;
    let lines: Vec<String> =
        known.iter().map(|attribute| format!("{}={}", attribute.key, attribute.sources.join(", "))).collect();
    let typed = fields.get("attributes").map_or_else(|| lines.join("\n"), str::to_owned);
    let mut attributes = Form {
        action: "/admin/settings/attributes",
        fields: vec![Field {
            value: typed,
            ..Field::line("attributes", "Attributes for access control", &Fields::default())
                .hint("One a line, such as CostCenter=${path:enterprise.costCenter}. The value goes into role sessions as a tag. Of several paths, divided by commas, the first that has a value counts.")
                .of(Kind::Lines)
        }],
        submit: "Save",
        ..Form::default()
    };
    [&mut mfa, &mut session, &mut attributes].into_iter().for_each(|form| mistakes.mark(form));
    let page = Page::new("Settings")
        .with_some(done)
        .with_some(mistakes.banner())
        .with(Part::Heading("Second factor".to_owned()))
        .with(Part::Note("Where the server's configuration file has a policy, that one counts again from the next start on.".to_owned()))
        .with(Part::Form(mfa))
        .with(Part::Heading("Sign-ins".to_owned()))
        .with(Part::Form(session))
        .with(Part::Heading("Attributes for access control".to_owned()))
        .with(Part::Form(attributes));
    preview(of, fields, page)
}

/// What somebody would get in an account.
fn preview(of: &Administrator<'_>, fields: &Fields, page: Page) -> Result<Page, PageError> {
    let store = &of.instance.store;
    let form = Form {
        action: PAGE,
        is_step: true,
        fields: vec![
            Field::line("username", "User name or email address", fields),
            Field::line("account", "Account ID", fields),
        ],
        submit: "Preview",
        ..Form::default()
    };
    let page =
        page.with(Part::Heading("What would somebody get in an account?".to_owned())).with(Part::Form(form));
    let (Some(username), Some(account)) = (fields.get("username"), fields.get("account")) else {
        return Ok(page);
    };
    let (user, account) = (store.user_by_login(username)?, store.account(account.trim())?);
    let Some((user, account)) = user.zip(account) else {
        let text = "There is no such user or no such account. Type the whole user name and the 12 digits.";
        return Ok(page.with(Part::Banner(Tone::Error, text.to_owned())));
    };
    let sets = store.permission_sets_of(&user.id, &account.id)?;
    let sets: Vec<String> = sets.into_iter().map(|set| set.name).collect();
    let what = match (user.enabled, sets.is_empty()) {
        (false, _) => format!("{} is disabled and gets nothing.", user.username),
        (true, true) => format!("{} gets nothing in {}.", user.username, account.name),
        (true, false) => format!(
            "{} gets {} in {}, with these session tags:",
            user.username,
            sets.join(", "),
            account.name
        ),
    };
    let tags = of.instance.session_tags(&user)?;
    let table = Table {
        caption: format!("Session tags of {}", user.username),
        columns: vec!["Tag", "Value"],
        rows: tags.into_iter().map(|(key, value)| vec![Cell::Text(key), Cell::Text(value)]).collect(),
        empty: "No tag: no attribute for access control is set, or the user has none of them.",
        ..Table::default()
    };
    let page = page.with(Part::Banner(Tone::Good, what));
    Ok(if sets.is_empty() { page } else { page.with(Part::Table(table)) })
}

fn saved() -> Answer {
    Ok(see_other(&way(PAGE, [("done", "saved")])))
}

fn refused(of: &Administrator<'_>, fields: &Fields, mistakes: &Mistakes) -> Answer {
    Ok(whole(of, fields, mistakes)?.show_as(of, mistakes.status()))
}

/// POST `/admin/settings/mfa`.
pub fn set_mfa(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let typed = |name: &str| fields.get(name).unwrap_or_default();
    let mut mistakes = Mistakes::default();
    let mode = MODES.iter().find(|(word, ..)| *word == typed("mode")).map(|(.., mode)| *mode);
    let mode = mistakes.take("mode", mode.ok_or("Choose when it is asked for.".to_owned()));
    let without = WITHOUT.iter().find(|(word, ..)| *word == typed("without_device")).map(|(.., what)| *what);
    let without = mistakes.take("without_device", without.ok_or("Choose what happens.".to_owned()));
    let chosen: Vec<&str> = fields.all("factor").collect();
    let allowed: Vec<Factor> =
        FACTORS.iter().filter(|(word, ..)| chosen.contains(word)).map(|(.., factor)| *factor).collect();
    if allowed.is_empty() {
        mistakes.add("factor", "Choose at least one kind.");
    }
    let (Some(mode), Some(without_device), true) = (mode, without, mistakes.is_empty()) else {
        return refused(of, fields, &mistakes);
    };
    let policy = Policy { mode, allowed, without_device };
    let details = serde_json::to_value(&policy).unwrap_or_default();
    let entry = of.entry(audit::DIRECTORY, "PutMfaDeviceManagementForDirectory", details);
    of.instance.store.set_mfa_policy(&policy, &entry)?;
    saved()
}

/// POST `/admin/settings/session`.
pub fn set_session(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let minutes: Option<i64> = fields.get("session").and_then(|minutes| minutes.parse().ok());
    // Far more than the longest is no number of seconds any more.
    let length = minutes.filter(|minutes| (0..=200_000).contains(minutes)).map(SignedDuration::from_mins);
    let Some(length) = length.filter(|length| sign_in_session::LENGTHS.contains(length)) else {
        let mut mistakes = Mistakes::default();
        mistakes.add("session", "Choose between 15 minutes and 90 days.");
        return refused(of, fields, &mistakes);
    };
    let entry = of.entry(audit::SSO, "UpdateInstance", json!({ "SessionDuration": length.to_string() }));
    of.instance.store.set_session_length(length, &entry)?;
    saved()
}

/// POST `/admin/settings/attributes`.
pub fn set_attributes(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let attributes = match read(fields.get("attributes").unwrap_or_default()) {
        Ok(attributes) => attributes,
        Err(problem) => {
            let mut mistakes = Mistakes::default();
            mistakes.add("attributes", problem);
            return refused(of, fields, &mistakes);
        }
    };
    let keys: Vec<&str> = attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    let details = json!({ "AccessControlAttributes": keys });
    let entry = of.entry(audit::SSO, "UpdateInstanceAccessControlAttributeConfiguration", details);
    of.instance.store.set_access_control_attributes(&attributes, &entry)?;
    saved()
}

fn read(text: &str) -> Result<Vec<AccessControlAttribute>, String> {
    let mut attributes: Vec<AccessControlAttribute> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (key, sources) = line.split_once('=').unwrap_or((line, ""));
        let key = key.trim().to_owned();
        let sources: Vec<String> = sources
            .split(',')
            .map(|source| source.trim().to_owned())
            .filter(|source| !source.is_empty())
            .collect();
        if !is_attribute_key(&key) {
            return Err(format!("{key} is no key of a tag: 1 to 128 letters, digits, spaces and _.:/=+-@."));
        }
        if attributes.iter().any(|known| known.key == key) {
            return Err(format!("{key} stands here twice."));
        }
        if let Some(unknown) = sources.iter().find(|source| !is_attribute_source(source)) {
            return Err(format!("{unknown} is no attribute, such as ${{path:enterprise.costCenter}}."));
        }
        if sources.is_empty() {
            return Err(format!("{key} has no attribute. Write {key}=${{path:enterprise.costCenter}}."));
        }
        attributes.push(AccessControlAttribute { key, sources });
    }
    if attributes.len() > MOST_TAGS {
        return Err("A session has at most 50 tags.".to_owned());
    }
    Ok(attributes)
}
