//! `/admin`: what there is, and what needs attention.

use super::{
    Administrator, Answer,
    page::{Link, Page, Part, Tone},
};
use crate::{fields::Fields, mfa::policy::Mode, store::SourceKind};

/// GET `/admin`.
pub fn show(of: &Administrator<'_>, _: &Fields) -> Answer {
    let (instance, counts) = (of.instance, of.instance.store.counts()?);
    let policy = instance.store.mfa_policy()?;
    let mut needs = Vec::new();
    if counts.administrators == 1 {
        let text = "You are the only administrator. If you lose your password or your security key, somebody with \
                    access to the server has to help; make a second administrator.";
        needs.push((text.to_owned(), Link::new("/admin/users", "Choose a user")));
    }
    if policy.mode == Mode::Off {
        let text = "A password alone opens everything: no second factor is asked for.";
        needs.push((text.to_owned(), Link::new("/admin/settings", "Turn MFA on")));
    }
    if counts.outdated > 0 {
        let text = format!(
            "Permission sets were edited and are OUTDATED in accounts: {}. Open the permission set and reapply it.",
            counts.outdated
        );
        needs.push((text, Link::new("/admin/permission-sets", "Permission sets")));
    }
    if counts.failed > 0 {
        let text = format!("Requests for access failed: {}.", counts.failed);
        needs.push((text, Link::new(super::requests::way_to_failed(), "See why")));
    }
    let tile = |count: i64, href: &str, text: &str| (count.to_string(), Link::new(href, text));
    let tiles = vec![
        tile(counts.users, "/admin/users", "Users"),
        tile(counts.groups, "/admin/groups", "Groups"),
        tile(counts.accounts, "/admin/accounts", "AWS accounts"),
        tile(counts.permission_sets, "/admin/permission-sets", "Permission sets"),
        tile(counts.assignments, "/admin/requests", "Assignments"),
        tile(counts.applications, "/admin/applications", "Applications"),
    ];
    let mut page = Page::new("Administration").with(Part::Tiles(tiles));
    page = page.with(Part::Heading("Needs attention".to_owned()));
    page = if needs.is_empty() {
        page.with(Part::Note("Nothing needs your attention.".to_owned()))
    } else {
        needs.into_iter().fold(page, |page, (text, link)| page.with(Part::Notice(Tone::Warning, text, link)))
    };
    let settings = instance.settings();
    let asks = match policy.mode {
        Mode::Off => "not asked for",
        Mode::Always => "asked for at every sign-in",
        Mode::Context => "asked for in a new browser or on a new network",
    };
    let source = match instance.store.identity_source()? {
        SourceKind::Directory => "The directory of this server",
        SourceKind::Saml => "An external SAML identity provider",
        SourceKind::Ldap => "Active Directory or another LDAP directory",
    };
    let facts = vec![
        ("Organisation", settings.name.clone()),
        ("Sign-in address", instance.addresses.start_url()),
        ("Identity source", source.to_owned()),
        ("Region", settings.region.clone()),
        ("Instance", instance.addresses.instance_id().to_owned()),
        ("Directory", instance.addresses.directory_id().to_owned()),
        ("Second factor", asks.to_owned()),
        ("Disabled users", counts.disabled.to_string()),
    ];
    // In the order in which a new organisation needs them.
    let steps = vec![
        Link::new("/admin/groups/new", "Create a group"),
        Link::new("/admin/users/new", "Create a user"),
        Link::new("/admin/accounts/new", "Add an account"),
        Link::new("/admin/permission-sets/edit", "Create a permission set"),
        Link::new("/admin/assign", "Give access to accounts"),
        Link::new("/admin/applications/new", "Add an application"),
    ];
    let page = page
        .with(Part::Heading("Next steps".to_owned()))
        .with(Part::Links(steps))
        .with(Part::Heading("This organisation".to_owned()))
        .with(Part::Facts(facts));
    Ok(page.show(of))
}
