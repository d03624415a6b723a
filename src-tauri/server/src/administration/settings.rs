//! `/admin/settings`: second factors, how long sign-ins last, attributes for access control, and what somebody
//! would get with all of it.

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Administrator, Answer,
    page::{Cell, Field, Form, Kind, Link, Mistakes, Page, Part, Table, Tone, way},
    settings_mfa,
};
use crate::{
    audit,
    domain::sign_in_session,
    fields::Fields,
    organisation::{AccessControlAttribute, MOST_TAGS, is_attribute_key, is_attribute_source},
    signin::{PageError, see_other},
    store::SourceKind,
};

const PAGE: &str = "/admin/settings";
const SESSION_IS_DECLARED: &str =
    "Set by the organisation file, session_duration. To change it, change it there and apply the file.";

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

/// GET `/admin/settings`, with `username` and `account` for the preview.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    Ok(whole(of, fields, &Mistakes::default())?.show(of))
}

fn whole(of: &Administrator<'_>, fields: &Fields, mistakes: &Mistakes) -> Result<Page, PageError> {
    let store = &of.instance.store;
    let (policy, settings) = (store.mfa_policy_as_set()?, of.instance.settings());
    let done = (fields.get("done") == Some("saved"))
        .then(|| Part::Banner(Tone::Good, "The settings are saved.".to_owned()));
    let has_radius = store.radius_source()?.is_some();
    let mut mfa = settings_mfa::form(&of.instance.configured, &policy, has_radius);
    let minutes = settings.session_duration.as_mins();
    let mut lengths: Vec<(String, String)> =
        LENGTHS.iter().map(|(minutes, text)| (minutes.to_string(), (*text).to_owned())).collect();
    if !LENGTHS.iter().any(|(known, _)| *known == minutes) {
        lengths.insert(0, (minutes.to_string(), format!("{minutes} min")));
    }
    let label = "New sign-ins last";
    let text = lengths.iter().find(|(value, _)| *value == minutes.to_string()).map(|(_, text)| text.clone());
    let field = Field::line("session", label, &Fields::default());
    let (field, submit) = if store.is_session_declared()? {
        let value = text.unwrap_or_default();
        (Field { value, ..field.hint(SESSION_IS_DECLARED).of(Kind::Told) }, "")
    } else {
        (Field { value: minutes.to_string(), ..field.of(Kind::Choice(lengths)) }, "Save")
    };
    let mut session =
        Form { action: "/admin/settings/session", fields: vec![field], submit, ..Form::default() };
    let declared = store.declared_access_control_attributes()?;
    let (named, own): (Vec<_>, Vec<_>) = store
        .access_control_attributes()?
        .into_iter()
        .partition(|attribute| declared.contains(&attribute.key));
    let written =
        |attribute: &AccessControlAttribute| format!("{}={}", attribute.key, attribute.sources.join(", "));
    let lines: Vec<String> = own.iter().map(written).collect();
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
    let row = |attribute: AccessControlAttribute| {
        vec![Cell::Text(attribute.key), Cell::Code(attribute.sources.join(", "))]
    };
    let named = (!named.is_empty()).then(|| {
        Part::Table(Table {
            caption: "Attributes that the organisation file names".to_owned(),
            columns: vec!["Set by the organisation file", "Value"],
            rows: named.into_iter().map(row).collect(),
            ..Table::default()
        })
    });
    [&mut mfa, &mut session, &mut attributes].into_iter().for_each(|form| mistakes.mark(form));
    let elsewhere = (store.identity_source()? == SourceKind::Saml).then(|| {
        let text = "Not used: people sign in at the external identity provider, whose second factor counts.";
        let link = Link::new("/admin/identity-source", "Identity source");
        Part::Notice(Tone::Warning, text.to_owned(), link)
    });
    let page = Page::new("Settings")
        .with_some(done)
        .with_some(mistakes.banner())
        .with(Part::Heading("Second factor".to_owned()))
        .with_some(elsewhere)
        .with(Part::Form(mfa))
        .with(Part::Heading("Sign-ins".to_owned()))
        .with(Part::Form(session))
        .with(Part::Heading("Attributes for access control".to_owned()))
        .with_some(named)
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
    let tags = of.instance.session_tags(&user, None)?;
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

/// Back to the page, which says that it is done.
pub fn saved() -> Answer {
    Ok(see_other(&way(PAGE, [("done", "saved")])))
}

/// The page with what is wrong.
pub fn refused(of: &Administrator<'_>, fields: &Fields, mistakes: &Mistakes) -> Answer {
    Ok(whole(of, fields, mistakes)?.show_as(of, mistakes.status()))
}

/// POST `/admin/settings/session`.
pub fn set_session(of: &Administrator<'_>, fields: &Fields) -> Answer {
    if of.instance.store.is_session_declared()? {
        let mut mistakes = Mistakes::default();
        mistakes.add("session", "The organisation file sets this. It cannot be changed here.");
        return refused(of, fields, &mistakes);
    }
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
    let declared = of.instance.store.declared_access_control_attributes()?;
    let attributes = match read(fields.get("attributes").unwrap_or_default(), &declared) {
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

fn read(text: &str, declared: &[String]) -> Result<Vec<AccessControlAttribute>, String> {
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
        if declared.contains(&key) {
            return Err(format!("{key} is set by the organisation file. Change it there."));
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
    if attributes.len() + declared.len() > MOST_TAGS {
        return Err("A session has at most 50 tags.".to_owned());
    }
    Ok(attributes)
}
