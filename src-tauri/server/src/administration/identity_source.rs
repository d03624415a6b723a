//! `/admin/identity-source`: where users come from, and the address that people get.

use super::{
    Administrator, Answer, external_source, ldap_source, number,
    page::{Cell, Link, Page, Part, Table, Tone, way},
    source_change,
};
use crate::{fields::Fields, mfa::policy::Mode, store::SourceKind};

/// GET `/admin/identity-source`.
pub fn show(of: &Administrator<'_>, _: &Fields) -> Answer {
    let (instance, counts) = (of.instance, of.instance.store.counts()?);
    let people = |n: i64, one: &str, many: &str| number(usize::try_from(n).unwrap_or_default(), one, many);
    let held = format!(
        "This server keeps them: {} and {}. With this source, passwords and MFA devices are set here.",
        people(counts.users, "user", "users"),
        people(counts.groups, "group", "groups")
    );
    let (source, provider) = (instance.store.identity_source()?, instance.store.external_provider()?);
    let directory = instance.store.ldap_source()?;
    let in_use = || Cell::Chip(Tone::Good, "IN USE");
    let not = |text: &str| Cell::text(text);
    let is_external = source == SourceKind::Saml;
    let external = Cell::Link(Link::new(external_source::PAGE, "External SAML identity provider"));
    let sources = Table {
        caption: "Identity sources".to_owned(),
        columns: vec!["Identity source", "State", "Users and groups"],
        rows: vec![
            vec![
                Cell::text("Directory of this server"),
                if source == SourceKind::Directory { in_use() } else { not("Not in use") },
                Cell::Text(held),
            ],
            vec![
                external,
                match &provider {
                    _ if is_external => in_use(),
                    Some(_) => Cell::Chip(Tone::Warning, "SET UP"),
                    None => not("Not set up"),
                },
                Cell::text(
                    "People sign in there. Users and groups are those of this server, provisioned or made by hand.",
                ),
            ],
            vec![
                Cell::Link(Link::new(ldap_source::PAGE, "Active Directory or LDAP")),
                match &directory {
                    _ if source == SourceKind::Ldap => in_use(),
                    Some(_) => Cell::Chip(Tone::Warning, "SET UP"),
                    None => not("Not set up"),
                },
                Cell::text(
                    "The directory keeps people, groups and passwords; they are brought here every hour. MFA devices are set here.",
                ),
            ],
        ],
        ..Table::default()
    };
    let ways = [
        (SourceKind::Directory, true, "directory", "Change to this server's directory"),
        (SourceKind::Saml, provider.is_some(), "saml", "Change to the identity provider"),
        (SourceKind::Ldap, directory.is_some(), "ldap", "Change to Active Directory or LDAP"),
    ];
    let ways = ways.into_iter().filter(|(kind, is_set_up, ..)| *kind != source && *is_set_up);
    let ways: Vec<Link> =
        ways.map(|(_, _, to, text)| Link::new(way(source_change::PAGE, [("to", to)]), text)).collect();
    let change = (!ways.is_empty()).then_some(Part::Links(ways));
    let ways = Table {
        caption: "Ways to fill the directory".to_owned(),
        columns: vec!["Way", "For what"],
        rows: vec![
            vec![
                Cell::Link(Link::new("/admin/users/new", "By hand")),
                Cell::text("Create users and groups on these pages."),
            ],
            vec![
                Cell::Link(Link::new(super::provisioning::PAGE, "Automatic provisioning")),
                Cell::text(
                    "The directory of an identity provider keeps users and groups in line, by SCIM 2.0.",
                ),
            ],
            vec![
                Cell::text("Organisation file"),
                Cell::text("latchkey-server plan and apply bring users, groups and everything else as code."),
            ],
            vec![
                Cell::text("Identity store API"),
                Cell::text("Programs with an administrator's access key create, change and delete users."),
            ],
        ],
        ..Table::default()
    };
    let policy = instance.store.mfa_policy()?;
    let asks = match policy.mode {
        Mode::Off => "Password only",
        Mode::Always => "Password and a second factor, at every sign-in",
        Mode::Context => "Password, and a second factor in a new browser or on a new network",
    };
    let asks = match &provider {
        Some(provider) if is_external => {
            format!(
                "Nothing here: {} asks, and its second factor counts. That of this server is off.",
                provider.entity_id
            )
        }
        _ if source == SourceKind::Ldap => {
            let asks = asks.replacen("Password", "Password of the directory", 1);
            let radius = if policy.takes_radius() { instance.store.radius_source()? } else { None };
            radius.map_or_else(
                || asks.clone(),
                |radius| format!("{asks}; a code of {} counts as one", radius.settings.label),
            )
        }
        _ => asks.to_owned(),
    };
    let mail = if instance.mailing.sends() {
        "This server sends invitations and links for forgotten passwords."
    } else {
        "This server sends no e-mail. Hand one-time passwords out yourself, or set [smtp] in the configuration file."
    };
    let page = Page::new("Identity source")
        .with(Part::Note("Where users and groups come from, and how they sign in.".to_owned()))
        .with(Part::Table(sources))
        .with_some(change)
        .with(Part::Heading("Sign-in address".to_owned()))
        .with(Part::Note("Give this address to your people. It opens the access portal, and AWS's tools take it as start URL.".to_owned()))
        .with(Part::Copied("sign-in-address", "Sign-in address", instance.addresses.start_url()))
        .with(Part::Facts(vec![
            ("Region", instance.settings().region.clone()),
            ("Identity store", instance.addresses.directory_id().to_owned()),
            ("Issuer", instance.addresses.issuer_url()),
        ]))
        .with(Part::Heading("Signing in".to_owned()))
        .with(Part::Facts(vec![("Asked for", asks), ("E-mail", mail.to_owned())]))
        .with(Part::Links(vec![Link::new("/admin/settings", "Change it in Settings")]))
        .with(Part::Heading("Filling the directory".to_owned()))
        .with(Part::Table(ways));
    Ok(page.show(of))
}
