//! Second factors on the page of settings: when one is asked for, what counts as one, and what about users who have
//! none. What the configuration file names of it is told and cannot be changed here.

use super::{
    Administrator, Answer,
    page::{Field, Form, Kind, Mistakes},
    settings,
};
use crate::{
    audit,
    configured::Configured,
    fields::Fields,
    mfa::policy::{Factor, Mode, Policy, WithoutDevice},
};

const MODES: [(&str, &str, Mode); 3] = [
    ("always", "At every sign-in", Mode::Always),
    ("context", "In a new browser or on a new network", Mode::Context),
    ("off", "Never", Mode::Off),
];
const FACTORS: [(&str, &str, Factor); 3] = [
    ("webauthn", "Security keys and built-in authenticators", Factor::Webauthn),
    ("totp", "Authenticator apps", Factor::Totp),
    ("radius", "Codes of the RADIUS servers", Factor::Radius),
];
const WITHOUT: [(&str, &str, WithoutDevice); 3] = [
    ("enrol", "They set one up at sign-in", WithoutDevice::Enrol),
    ("block", "They cannot sign in", WithoutDevice::Block),
    ("allow", "Their password is enough", WithoutDevice::Allow),
];

/// The page it is on.
pub const PAGE: &str = "/admin/settings";

/// The form, as the policy was set; RADIUS is offered where its servers are set up.
pub fn form(configured: &Configured, policy: &Policy, has_radius: bool) -> Form {
    let named = &configured.mfa;
    let told = |name, label: &str, value: String, key: &str| Field {
        value,
        ..Field::line(name, label, &Fields::default()).hint(set_by(configured, key)).of(Kind::Told)
    };
    let choice = |name, label: &str, value: &str, options: &[(&str, &str)]| {
        let options = options.iter().map(|(word, text)| ((*word).to_owned(), (*text).to_owned())).collect();
        let field = Field::line(name, label, &Fields::default()).of(Kind::Choice(options));
        Field { value: value.to_owned(), ..field }
    };
    let (mode, mode_text) =
        MODES.iter().find(|(.., mode)| *mode == policy.mode).map_or(("", ""), |(word, text, _)| (word, text));
    let (without, without_text) = WITHOUT
        .iter()
        .find(|(.., what)| *what == policy.without_device)
        .map_or(("", ""), |(word, text, _)| (word, text));
    let modes = MODES.map(|(word, text, _)| (word, text));
    let withouts = WITHOUT.map(|(word, text, _)| (word, text));
    let fields = vec![
        match named.mode {
            None => choice("mode", "Ask for a second factor", mode, &modes),
            Some(_) => told("mode", "Ask for a second factor", mode_text.to_owned(), "mode"),
        },
        match named.allowed {
            None => {
                let ticked = |factor| policy.allowed.contains(&factor);
                let factors = FACTORS
                    .iter()
                    .filter(|(.., factor)| *factor != Factor::Radius || has_radius || ticked(*factor))
                    .map(|(word, text, factor)| ((*word).to_owned(), (*text).to_owned(), ticked(*factor)));
                let field = Field::many("factor", "What counts as one", factors.collect());
                match (ticked(Factor::Radius), has_radius) {
                    (true, false) => field.hint(RADIUS_IS_NOT_THERE),
                    (_, true) => field.hint(RADIUS_IS_FOR_LDAP),
                    _ => field,
                }
            }
            Some(_) => {
                let texts: Vec<&str> = FACTORS
                    .iter()
                    .filter(|(.., factor)| policy.allowed.contains(factor))
                    .map(|(_, text, _)| *text)
                    .collect();
                told("factor", "What counts as one", texts.join(", "), "allowed")
            }
        },
        match named.without_device {
            None => choice("without_device", "Users who have none", without, &withouts),
            Some(_) => {
                told("without_device", "Users who have none", without_text.to_owned(), "without_device")
            }
        },
    ];
    let all_named = named.mode.is_some() && named.allowed.is_some() && named.without_device.is_some();
    let submit = if all_named { "" } else { "Save" };
    Form { action: "/admin/settings/mfa", fields, submit, ..Form::default() }
}

const RADIUS_IS_NOT_THERE: &str =
    "No RADIUS servers are set up, so their codes do not count. If nothing else is ticked, all devices do.";
const RADIUS_IS_FOR_LDAP: &str = "Codes of the RADIUS servers count while people sign in with Active Directory or \
                                  LDAP; nobody has to set up a device then.";

/// Where a setting comes from that cannot be changed here.
fn set_by(configured: &Configured, key: &str) -> String {
    format!(
        "Set by the configuration file {}, [mfa] {key}. To change it, change it there and start the server again.",
        configured.file
    )
}

/// POST `/admin/settings/mfa`.
pub fn set(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let typed = |name: &str| fields.get(name);
    let named = &of.instance.configured.mfa;
    let kept = of.instance.store.mfa_policy_as_set()?;
    let mut mistakes = Mistakes::default();
    for (field, is_named) in [
        ("mode", named.mode.is_some()),
        ("factor", named.allowed.is_some()),
        ("without_device", named.without_device.is_some()),
    ] {
        if is_named && typed(field).is_some() {
            mistakes.add(field, "The configuration file sets this. It cannot be changed here.");
        }
    }
    let mode = match named.mode {
        Some(mode) => Some(mode),
        None => {
            let found = MODES.iter().find(|(word, ..)| Some(*word) == typed("mode"));
            let found = found.map(|(.., mode)| *mode);
            mistakes.take("mode", found.ok_or("Choose when it is asked for.".to_owned()))
        }
    };
    let without = match named.without_device {
        Some(what) => Some(what),
        None => {
            let found = WITHOUT.iter().find(|(word, ..)| Some(*word) == typed("without_device"));
            let found = found.map(|(.., what)| *what);
            mistakes.take("without_device", found.ok_or("Choose what happens.".to_owned()))
        }
    };
    let chosen: Vec<&str> = fields.all("factor").collect();
    let allowed = named.allowed.clone().unwrap_or_else(|| {
        FACTORS.iter().filter(|(word, ..)| chosen.contains(word)).map(|(.., factor)| *factor).collect()
    });
    if allowed.is_empty() {
        mistakes.add("factor", "Choose at least one kind.");
    }
    let (Some(mode), Some(without_device), true) = (mode, without, mistakes.is_empty()) else {
        return settings::refused(of, fields, &mistakes);
    };
    let policy = Policy { mode, allowed, without_device };
    if policy != kept {
        let details = serde_json::to_value(&policy).unwrap_or_default();
        let entry = of.entry(audit::DIRECTORY, "PutMfaDeviceManagementForDirectory", details);
        of.instance.store.set_mfa_policy(&policy, &entry)?;
    }
    settings::saved()
}
