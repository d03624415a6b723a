//! The form of an LDAP directory: what is in it, and what was typed.

use std::collections::BTreeMap;

use super::{
    SECRET,
    page::{Field, Form, Kind, Mistakes},
};
use crate::{
    fields::Fields,
    ldap::{ATTRIBUTES, Flavour, Settings, set_up::PATIENCE},
};

const AD: &str = "ad";
const OTHER: &str = "openldap";

/// The form, as it was typed or as it is kept.
pub fn form(action: &'static str, fields: &Fields, kept: Option<&Settings>, mistakes: &Mistakes) -> Form {
    let is_typed = fields.get("servers").is_some() || fields.get("bind_dn").is_some();
    let text = |name: &str, of: &dyn Fn(&Settings) -> String| {
        let known = || kept.map(of).unwrap_or_default();
        if is_typed { fields.get(name).unwrap_or_default().to_owned() } else { known() }
    };
    let flavour = text("flavour", &|settings| word(settings.flavour).to_owned());
    let lines = |name, label: &str, hint: &'static str, value: String| Field {
        value,
        ..Field::line(name, label, &Fields::default()).hint(hint).of(Kind::Lines)
    };
    let line = |name, label: &str, hint: &'static str, value: String| Field {
        value,
        ..Field::line(name, label, &Fields::default()).hint(hint)
    };
    let own = |filter: &dyn Fn(&Settings) -> (&str, &'static str)| {
        kept.map(filter).filter(|(own, usual)| own != usual).map_or(String::new(), |(own, _)| own.to_owned())
    };
    let filter = |name: &str, of: &dyn Fn(&Settings) -> (&str, &'static str)| {
        if is_typed { fields.get(name).unwrap_or_default().to_owned() } else { own(of) }
    };
    let user_filter = filter("user_filter", &|settings| (&settings.user_filter, settings.flavour.users()));
    let group_filter =
        filter("group_filter", &|settings| (&settings.group_filter, settings.flavour.groups()));
    let attributes = text("attributes", &|settings| {
        settings.attributes.iter().map(|(name, from)| format!("{name} = {from}\n")).collect()
    });
    let patience = text("patience", &|settings| settings.patience.to_string());
    let opened =
        if user_filter.is_empty() && group_filter.is_empty() && attributes.is_empty() { "" } else { "open" };
    let mut form = Form {
        action,
        fields: vec![
            Field::one("flavour", "Directory", if flavour.is_empty() { AD } else { &flavour }, &[
                (AD, "Active Directory (or Samba)"),
                (OTHER, "OpenLDAP or another LDAP directory"),
            ]),
            lines(
                "servers",
                "Servers",
                "One in a line, the preferred one first, such as ldaps://dc1.example.com. ldap:// is StartTLS; without TLS there is no connection.",
                text("servers", &|settings| settings.servers.join("\n")),
            ),
            lines(
                "authorities",
                "Certificates to trust",
                "Of the authority that the servers' certificates come from, in PEM. Empty for those that this computer trusts.",
                text("authorities", &|settings| settings.authorities.clone()),
            ),
            line(
                "bind_dn",
                "Connector account",
                "An account that may read users and groups and nothing else, such as cn=latchkey,ou=services,dc=example,dc=com.",
                text("bind_dn", &|settings| settings.bind_dn.clone()),
            ),
            Field::line(SECRET, "Its password", &Fields::default())
                .hint(if kept.is_some() { "Empty leaves it as it is." } else { "It is kept sealed and never shown." })
                .of(Kind::Secret),
            lines(
                "user_bases",
                "Where people are",
                "One entry in a line, such as ou=people,dc=example,dc=com. All below it counts.",
                text("user_bases", &|settings| settings.user_bases.join("\n")),
            ),
            lines(
                "group_bases",
                "Where groups are",
                "The same for groups; empty if there are none.",
                text("group_bases", &|settings| settings.group_bases.join("\n")),
            ),
            Field { value: opened.to_owned(), ..Field::line("more", "Which users, groups and attributes", &Fields::default()).of(Kind::Fold) },
            line("user_filter", "Only these users", "An LDAP filter. Empty for all people. Who is not found by it cannot sign in.", user_filter),
            line("group_filter", "Only these groups", "An LDAP filter. Empty for all groups.", group_filter),
            Field {
                value: attributes,
                ..Field::line("attributes", "Attributes", &Fields::default())
                    .hint(format!(
                        "One in a line, such as department = departmentNumber, where the directory differs from what is usual. Known here: {}.",
                        ATTRIBUTES.map(|(name, ..)| name).join(", ")
                    ))
                    .of(Kind::Lines)
            },
            line(
                "patience",
                "Seconds to wait for a server",
                "Then the next one is asked.",
                if patience.is_empty() { PATIENCE.to_string() } else { patience },
            ),
            Field { kind: Kind::FoldEnd, ..Field::default() },
        ],
        submit: "Save",
        others: vec![("Test the connection", "test")],
        ..Form::default()
    };
    mistakes.mark(&mut form);
    form
}

fn word(flavour: Flavour) -> &'static str {
    if flavour == Flavour::ActiveDirectory { AD } else { OTHER }
}

/// What was typed.
pub fn read(fields: &Fields, mistakes: &mut Mistakes) -> Settings {
    let flavour =
        if fields.get("flavour") == Some(OTHER) { Flavour::OpenLdap } else { Flavour::ActiveDirectory };
    let text = |name: &str| fields.get(name).unwrap_or_default().trim();
    let lines = |name: &str| {
        text(name)
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let or = |name: &str, usual: &str| {
        let typed = text(name);
        if typed.is_empty() { usual.to_owned() } else { typed.to_owned() }
    };
    let mut attributes = BTreeMap::new();
    for line in lines("attributes") {
        match line.split_once('=') {
            Some((name, from)) => {
                attributes.insert(name.trim().to_owned(), from.trim().to_owned());
            }
            None => mistakes.add("attributes", format!("{line} has no equals sign.")),
        }
    }
    let settings = Settings {
        flavour,
        servers: lines("servers"),
        authorities: text("authorities").to_owned(),
        bind_dn: text("bind_dn").to_owned(),
        user_bases: lines("user_bases"),
        group_bases: lines("group_bases"),
        user_filter: or("user_filter", flavour.users()),
        group_filter: or("group_filter", flavour.groups()),
        attributes,
        patience: or("patience", &PATIENCE.to_string()).parse().unwrap_or_default(),
    };
    for (field, problem) in settings.mistakes() {
        mistakes.add(field, problem);
    }
    settings
}
