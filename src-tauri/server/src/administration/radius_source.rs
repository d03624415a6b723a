//! `/admin/identity-source/radius`: the servers that look at codes of the LDAP directory's people, set up and tested
//! before those count.

use serde_json::json;

use super::{
    Administrator, Answer, SECRET, ldap_source,
    page::{self, Field, Form, Kind, Link, Mistakes, Page, Part, Tone, servers_tried, way},
    settings_mfa,
};
use crate::{
    audit,
    fields::Fields,
    ldap,
    mfa::policy::Factor,
    radius::{self, Settings, Source},
    signin::{PageError, see_other},
    store::RadiusSource,
};

/// The page.
pub const PAGE: &str = "/admin/identity-source/radius";
/// Forgets the servers.
pub const REMOVE: &str = "/admin/identity-source/radius/remove";
/// Seconds that an answer is waited for, unless somebody says otherwise.
const PATIENCE: u64 = 5;
/// How often a silent server is asked again, unless somebody says otherwise.
const RETRIES: u32 = 2;
/// The shortest shared secret, in characters (AWS Directory Service API, `RadiusSharedSecret`).
const SHORTEST_SECRET: usize = 8;
/// The longest one (same place).
const LONGEST_SECRET: usize = 512;

/// GET `/admin/identity-source/radius`.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let done = match fields.get("done") {
        Some("saved") => Some("The RADIUS servers are saved."),
        Some("removed") => Some("The RADIUS servers are removed."),
        _ => None,
    };
    Ok(whole(of, fields, &Mistakes::default(), page::done(done))?.show(of))
}

fn whole(
    of: &Administrator<'_>,
    fields: &Fields,
    mistakes: &Mistakes,
    first: Vec<Part>,
) -> Result<Page, PageError> {
    let kept = of.instance.store.radius_source()?;
    let remove = kept.is_some().then(|| {
        Part::Form(Form {
            action: REMOVE,
            submit: "Remove RADIUS",
            costs: Some(
                "Its codes stop counting at once. People who have an MFA device use that; what becomes of the others, \
                 Settings say."
                    .to_owned(),
            ),
            ..Form::default()
        })
    });
    Ok(Page::new("RADIUS")
        .below("/admin/identity-source", "Identity source")
        .below(ldap_source::PAGE, "Active Directory or LDAP")
        .said(first, mistakes)
        .with(state(of, kept.as_ref())?)
        .with(Part::Heading("The servers".to_owned()))
        .with(Part::Form(form(fields, kept.as_ref().map(|kept| &kept.settings), mistakes)))
        .with_some(remove))
}

/// Whether codes count, and what it takes.
fn state(of: &Administrator<'_>, kept: Option<&RadiusSource>) -> Result<Part, PageError> {
    let store = &of.instance.store;
    let Some(kept) = kept else {
        return Ok(Part::Note(
            "People of the directory can confirm who they are with a code that your RADIUS servers check, such as that \
             of a hardware token. Nothing changes before it counts in Settings."
                .to_owned(),
        ));
    };
    let unused = |text: &str, href: &str, link: &str| {
        Part::Notice(Tone::Warning, format!("Set up, and not in use: {text}"), Link::new(href, link))
    };
    let policy = store.mfa_policy_as_set()?;
    Ok(if !ldap::is_source(of.instance)? {
        let text = "people do not sign in with Active Directory or LDAP.";
        unused(text, "/admin/identity-source", "Identity source")
    } else if !policy.allowed.contains(&Factor::Radius) {
        unused("it does not count as a second factor yet.", settings_mfa::PAGE, "Change it in Settings")
    } else if !policy.takes_radius() {
        unused("no second factor is asked for.", settings_mfa::PAGE, "Change it in Settings")
    } else {
        let text = format!(
            "In use: a code of {} counts as a second factor, and nobody has to set up a device.",
            kept.settings.label
        );
        Part::Banner(Tone::Good, text)
    })
}

/// The form, as it was typed or as it is kept.
fn form(fields: &Fields, kept: Option<&Settings>, mistakes: &Mistakes) -> Form {
    let is_typed = fields.get("servers").is_some() || fields.get("label").is_some();
    let text = |name: &str, usual: &str, of: &dyn Fn(&Settings) -> String| match kept {
        _ if is_typed => fields.get(name).unwrap_or_default().to_owned(),
        Some(kept) => of(kept),
        None => usual.to_owned(),
    };
    let field = |name, label: &str, hint: &'static str, value: String| Field {
        value,
        ..Field::line(name, label, &Fields::default()).hint(hint)
    };
    let patience = text("patience", &PATIENCE.to_string(), &|kept| kept.patience.to_string());
    let retries = text("retries", &RETRIES.to_string(), &|kept| kept.retries.to_string());
    let is_usual = patience == PATIENCE.to_string() && retries == RETRIES.to_string();
    let opened = if is_usual { "" } else { "open" };
    let mut form = Form {
        action: PAGE,
        fields: vec![
            field(
                "label",
                "Name",
                "What your people know it by, such as Acme token. They read it when they sign in.",
                text("label", "", &|kept| kept.label.clone()),
            ),
            field(
                "servers",
                "Servers",
                "One in a line, the preferred one first, such as radius1.example.com. A port of its own goes behind a colon.",
                text("servers", "", &|kept| kept.servers.join("\n")),
            )
            .of(Kind::Lines),
            field(
                "port",
                "Port",
                "Of servers without one of their own.",
                text("port", &radius::PORT.to_string(), &|kept| kept.port.to_string()),
            ),
            Field::line(SECRET, "Shared secret", &Fields::default())
                .hint(if kept.is_some() {
                    "Empty leaves it as it is."
                } else {
                    "The same as at the servers: 8 to 512 characters, better drawn at random and no fewer than 32. It is kept sealed and never shown."
                })
                .of(Kind::Secret),
            Field {
                value: opened.to_owned(),
                ..Field::line("more", "How long to wait", &Fields::default()).of(Kind::Fold)
            },
            field(
                "patience",
                "Seconds to wait for an answer",
                "1 to 50. Where people confirm on a phone, they need the time for it.",
                patience,
            ),
            field(
                "retries",
                "Times to ask a silent server again",
                "0 to 10. Then the next one is asked.",
                retries,
            ),
            Field { kind: Kind::FoldEnd, ..Field::default() },
        ],
        submit: "Save",
        others: vec![("Test the servers", "test")],
        ..Form::default()
    };
    mistakes.mark(&mut form);
    form
}

/// What was typed.
fn read(fields: &Fields, mistakes: &mut Mistakes) -> Settings {
    let text = |name: &str| fields.get(name).unwrap_or_default().trim();
    let lines = text("servers").lines().map(str::trim).filter(|line| !line.is_empty());
    let or = |name: &str, usual: String| if text(name).is_empty() { usual } else { text(name).to_owned() };
    let settings = Settings {
        label: text("label").to_owned(),
        servers: lines.map(str::to_owned).collect(),
        port: or("port", radius::PORT.to_string()).parse().unwrap_or_default(),
        patience: or("patience", PATIENCE.to_string()).parse().unwrap_or_default(),
        // No number is as wrong as too many.
        retries: or("retries", RETRIES.to_string()).parse().unwrap_or(u32::MAX),
    };
    for (field, problem) in settings.mistakes() {
        mistakes.add(field, problem);
    }
    settings
}

/// POST `/admin/identity-source/radius`: saves, or tests what is typed.
pub fn save(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let instance = of.instance;
    let mut mistakes = Mistakes::default();
    let settings = read(fields, &mut mistakes);
    let kept = instance.store.radius_source()?;
    let typed = fields.get(SECRET);
    // What was entered for some servers is not used at others without being typed again: each answer of theirs would
    // let its maker try secrets.
    let goes_on = kept.as_ref().filter(|kept| kept.settings.servers() == settings.servers());
    let secret = match (typed, goes_on) {
        (Some(typed), _) if !(SHORTEST_SECRET..=LONGEST_SECRET).contains(&typed.chars().count()) => {
            mistakes.add(SECRET, "Enter the shared secret: 8 to 512 characters.");
            None
        }
        (Some(typed), _) => radius::seal(instance, typed),
        (None, Some(kept)) => Some(kept.secret.clone()),
        (None, None) => {
            mistakes.add(SECRET, "Enter the shared secret, anew if the servers are others.");
            None
        }
    };
    let wanted = secret.map(|secret| RadiusSource { settings, secret, changed: of.now() });
    let Some(wanted) = wanted.filter(|_| mistakes.is_empty()) else {
        return Ok(whole(of, fields, &mistakes, Vec::new())?.show_as(of, mistakes.status()));
    };
    if fields.get("go") == Some("test") {
        let first = match radius::open(instance, &wanted) {
            Ok(source) => tested(of, &source),
            Err(problem) => vec![Part::Banner(Tone::Error, format!("{problem}. Nothing was saved."))],
        };
        return Ok(whole(of, fields, &mistakes, first)?.show(of));
    }
    let details = json!({
        "DisplayLabel": wanted.settings.label,
        "RadiusServers": wanted.settings.servers,
        "RadiusPort": wanted.settings.port,
        "RadiusTimeout": wanted.settings.patience,
        "RadiusRetries": wanted.settings.retries,
        "SharedSecretChanged": typed.is_some(),
    });
    // As AWS Directory Service calls it.
    let name = if kept.is_some() { "UpdateRadius" } else { "EnableRadius" };
    instance.store.put_radius_source(&wanted, &of.entry(audit::DIRECTORY, name, details))?;
    instance.radius.forget();
    Ok(see_other(&way(PAGE, [("done", "saved")])))
}

/// What a test found.
fn tested(of: &Administrator<'_>, source: &Source) -> Vec<Part> {
    let outcomes = radius::probe(source, &of.instance.chance, of.instance.addresses.host());
    let works = outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).count();
    let (tone, text) = match works {
        0 => (Tone::Error, "No server can be used. Nothing was saved."),
        _ if works < outcomes.len() => (Tone::Warning, "Not all servers can be used. Nothing was saved."),
        _ => (Tone::Good, "All servers can be used. Nothing was saved."),
    };
    let good = "It answers, and proves that it knows the shared secret.";
    let told = outcomes
        .into_iter()
        .map(|(server, outcome)| (server, outcome.map(|_| good).map_err(|silence| silence.to_string())));
    vec![Part::Banner(tone, text.to_owned()), servers_tried(told.collect())]
}

/// POST `/admin/identity-source/radius/remove`.
pub fn remove(of: &Administrator<'_>, _: &Fields) -> Answer {
    of.instance.store.remove_radius_source(&of.entry(audit::DIRECTORY, "DisableRadius", json!({})))?;
    Ok(see_other(&way(PAGE, [("done", "removed")])))
}
