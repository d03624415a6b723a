//! The submenu of applications, A-Z.

use super::{Entry, Intent, app, label, name_of};
use engine::{
    Request, Snapshot,
    model::{
        application::Applications,
        ids::{AppRef, OrgId},
    },
    request::Show,
};

/// Applications in the submenu, besides the row for all of them.
const APPS: usize = 15;

/// Organisations with a row to their portal, so that there are at most twenty rows.
const MORE: usize = 4;

pub(super) fn submenu(s: &Snapshot) -> Entry {
    let mut all: Vec<(&str, AppRef)> = s
        .organisations
        .iter()
        .flat_map(|o| o.portal.applications.listed().iter().map(move |a| (o, a)))
        .map(|(o, a)| (a.name.as_str(), AppRef { org: o.organisation.id.clone(), app: a.id.clone() }))
        .collect();
    all.sort_by_cached_key(|(name, app)| (name.to_lowercase(), app.clone()));
    let mut rows: Vec<Entry> = all
        .iter()
        .take(APPS)
        .map(|(name, one)| {
            let alike = all.iter().any(|(other, o)| o.org != one.org && other == name);
            let of = alike.then(|| name_of(s, &one.org)).flatten();
            let text = label::with(of, |room| label::within(room, name, str::to_owned));
            Entry::item(format!("app/{}/{}", one.org, one.app), &text, app(one.clone()))
        })
        .collect();
    if !rows.is_empty() {
        let text = match s.chosen().filter(|_| s.organisations.len() > 1) {
            None => "All apps...".to_owned(),
            // The window shows one organisation.
            Some(o) => label::around(&o.organisation.name, |name| format!("All apps of {name}...")),
        };
        rows.push(Entry::item("apps/all", &text, Intent::Show(Show::Apps)));
    }
    rows.extend(unlisted(s).take(MORE).map(|(id, name)| {
        let text = label::around(name, |name| format!("Open the portal of {name}"));
        Entry::item(format!("apps/portal/{id}"), &text, Intent::Ask(Request::OpenPortal(id.clone())))
    }));
    Entry::submenu("apps", "Apps", rows)
}

/// Organisations whose applications are on their own page only.
fn unlisted(s: &Snapshot) -> impl Iterator<Item = (&OrgId, &str)> {
    s.organisations
        .iter()
        .filter(|o| o.portal.applications == Applications::NotListed)
        .map(|o| (&o.organisation.id, o.organisation.name.as_str()))
}
