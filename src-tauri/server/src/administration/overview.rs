//! `/admin`: what there is, and what needs attention.

use super::{
    Administrator, Answer,
    page::{Link, Page, Part, Tone},
};
use crate::{fields::Fields, mfa::policy::Mode};

/// GET `/admin`.
pub fn show(of: &Administrator<'_>, _: &Fields) -> Answer {
    let (instance, counts) = (of.instance, of.instance.store.counts()?);
    let policy = instance.store.mfa_policy()?;
    let mut needs = Vec::new();
    if counts.administrators == 1 {
        needs.push(
            "You are the only administrator. If you lose your password or your security key, somebody \
                    with access to the server has to help; make a second administrator."
                .to_owned(),
        );
    }
    if policy.mode == Mode::Off {
        needs.push(
            "A password alone opens everything: no second factor is asked for. Turn MFA on under \
                    Settings."
                .to_owned(),
        );
    }
    if counts.outdated > 0 {
        needs.push(format!(
            "Permission sets were edited and are OUTDATED in accounts: {}. Open the permission set and reapply it.",
            counts.outdated
        ));
    }
    if counts.failed > 0 {
        needs.push(format!(
            "Requests for access failed: {}. Their reasons are under Requests.",
            counts.failed
        ));
    }
    let mut page = Page::new("Administration").with(Part::Heading("Needs attention".to_owned()));
    page = if needs.is_empty() {
        page.with(Part::Note("Nothing needs your attention.".to_owned()))
    } else {
        needs.into_iter().fold(page, |page, need| page.with(Part::Banner(Tone::Warning, need)))
    };
    let settings = instance.settings();
    let asks = match policy.mode {
        Mode::Off => "not asked for",
        Mode::Always => "asked for at every sign-in",
        Mode::Context => "asked for in a new browser or on a new network",
    };
    let facts = vec![
        ("Organisation", settings.name.clone()),
        ("Sign-in address", instance.addresses.start_url()),
        ("Identity source", "The directory of this server".to_owned()),
        ("Region", settings.region.clone()),
        ("Instance", instance.addresses.instance_id().to_owned()),
        ("Directory", instance.addresses.directory_id().to_owned()),
        ("Second factor", asks.to_owned()),
        ("Users", format!("{} ({} disabled)", counts.users, counts.disabled)),
        ("Groups", counts.groups.to_string()),
        ("AWS accounts", counts.accounts.to_string()),
        ("Permission sets", counts.permission_sets.to_string()),
        ("Assignments", counts.assignments.to_string()),
        ("Applications", counts.applications.to_string()),
    ];
    let steps = vec![
        Link::new("/admin/users/new", "Create a user"),
        Link::new("/admin/groups/new", "Create a group"),
        Link::new("/admin/permission-sets/edit", "Create a permission set"),
        Link::new("/admin/assign", "Give access to accounts"),
    ];
    let page = page
        .with(Part::Heading("Next steps".to_owned()))
        .with(Part::Links(steps))
        .with(Part::Heading("This organisation".to_owned()))
        .with(Part::Facts(facts));
    Ok(page.show(of))
}
