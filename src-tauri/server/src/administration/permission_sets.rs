//! `/admin/permission-sets`: what people may be in an account.

use serde_json::json;

use super::{
    Administrator, Answer, gone, moment, number,
    page::{Button, Cell, Field, Form, Link, Page, Paged, Part, ROWS, Search, Table, Tone, pages, way},
};
use crate::{
    audit,
    domain::managed_policies,
    fields::Fields,
    organisation::{Boundary, PermissionSet, Policies, PolicyReference},
    signin::{PageError, see_other},
    store::Wanted,
};

/// The page of a permission set.
pub fn way_to(arn: &str) -> String {
    way("/admin/permission-sets/set", [("id", arn)])
}

/// The permission set that a form or an address names.
pub fn named(of: &Administrator<'_>, fields: &Fields) -> Result<PermissionSet, PageError> {
    let arn = fields.get("id").unwrap_or_default();
    of.instance.store.permission_set(arn)?.ok_or_else(|| gone("permission set"))
}

/// What an event says of a permission set.
pub fn details(set: &PermissionSet) -> serde_json::Value {
    json!({ "PermissionSetArn": set.arn, "role_name": set.name })
}

/// GET `/admin/permission-sets`.
pub fn list(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let (words, after) = (fields.get("words").unwrap_or_default(), fields.get("after").unwrap_or_default());
    let found = of.instance.store.find_permission_sets(words, after, ROWS + 1)?;
    let found = Paged::of(found, |set| &set.name);
    let (next, first) = pages("/admin/permission-sets", fields, found.next.as_deref());
    let row = |set: &PermissionSet| {
        vec![
            Cell::Link(Link::new(way_to(&set.arn), &set.name)),
            Cell::text(&set.description),
            Cell::text(duration(set)),
        ]
    };
    let table = Table {
        caption: "Permission sets".to_owned(),
        columns: vec!["Permission set", "Description", "Session duration"],
        rows: found.rows.iter().map(row).collect(),
        empty: if words.is_empty() {
            "There is no permission set yet. Create one for each job that people do in an account."
        } else {
            "No permission set is called that. Search for another part of the name."
        },
        next,
        first,
    };
    let search =
        Search { action: "/admin/permission-sets", label: "Search permission sets", words: words.to_owned() };
    let page = Page::new("Permission sets")
        .with(Part::Actions(Link::new("/admin/permission-sets/edit", "Create a permission set"), vec![]))
        .with(Part::Search(search))
        .with(Part::Table(table));
    Ok(page.show(of))
}

/// How long its credentials live, in words.
pub fn duration(set: &PermissionSet) -> String {
    let minutes = set.session_duration.as_mins();
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// A reference as people write it.
pub fn reference(policy: &PolicyReference) -> String {
    if policy.path == "/" { policy.name.clone() } else { format!("{}{}", policy.path, policy.name) }
}

/// GET `/admin/permission-sets/set`, with its ARN as `id`.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let set = named(of, fields)?;
    let done = match fields.get("done") {
        Some("created") => Some("The permission set is created. Assign it to give access."),
        Some("saved") => {
            Some("The changes are saved. Accounts that have the set are OUTDATED until it is reapplied.")
        }
        _ => None,
    };
    let in_use = (fields.get("done") == Some("in-use")).then(|| {
        let text = "The permission set was not deleted: it is assigned. Remove its assignments first.";
        Part::Banner(Tone::Error, text.to_owned())
    });
    let policies = &set.policies;
    let or_none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    let managed: Vec<&str> = policies
        .managed
        .iter()
        .map(|arn| arn.split_once("policy/").map_or(arn.as_str(), |(_, name)| name))
        .collect();
    let boundary = match &policies.boundary {
        None => "none".to_owned(),
        Some(Boundary::Managed(arn)) => arn.clone(),
        Some(Boundary::CustomerManaged(policy)) => reference(policy),
    };
    let tags: Vec<String> = set.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let inline = policies
        .inline
        .as_ref()
        .map_or("none".to_owned(), |text| number(text.lines().count(), "line of JSON", "lines of JSON"));
    let facts = vec![
        ("Description", or_none(set.description.clone())),
        ("Session duration", duration(&set)),
        ("Security key", (if set.requires_key { "a touch is required" } else { "not required" }).to_owned()),
        ("AWS managed policies", or_none(managed.join(", "))),
        (
            "Customer managed policies",
            or_none(policies.customer_managed.iter().map(reference).collect::<Vec<_>>().join(", ")),
        ),
        ("Inline policy", inline),
        ("Permissions boundary", boundary),
        ("Console opens at", or_none(set.relay_state.clone().unwrap_or_default())),
        ("Tags", or_none(tags.join(", "))),
        ("ARN", set.arn.clone()),
        ("Created", moment(set.created)),
    ];
    let links = vec![
        Link::new(way("/admin/permission-sets/edit", [("id", set.arn.as_str())]), "Edit"),
        Link::new(way("/admin/assign", [("set", set.arn.as_str())]), "Give access with it"),
    ];
    let table = accounts(of, &set, fields)?;
    let everywhere = of.instance.store.is_outdated(&set.arn)?.then(|| {
        Part::Form(Form {
            action: "/admin/permission-sets/reapply",
            fields: vec![Field::hidden("id", &set.arn)],
            submit: "Reapply in all accounts",
            ..Form::default()
        })
    });
    let delete = Form {
        action: "/admin/permission-sets/delete",
        fields: vec![Field::hidden("id", &set.arn)],
        submit: "Delete the permission set",
        costs: Some(format!(
            "{} is gone for good. That works only while it is assigned to nobody.",
            set.name
        )),
        ..Form::default()
    };
    let page = Page::new(&set.name)
        .below("/admin/permission-sets", "Permission sets")
        .with_some(done.map(|text| Part::Banner(Tone::Good, text.to_owned())))
        .with_some(in_use)
        .with_some(unknown_policies(policies))
        .with(Part::Facts(facts))
        .with(Part::Links(links))
        .with(Part::Heading("Accounts that have it".to_owned()))
        .with_some(everywhere)
        .with(Part::Table(table))
        .with(Part::Heading("Delete".to_owned()))
        .with(Part::Form(delete));
    Ok(page.show(of))
}

/// What to say of policies that are on nobody's list here.
fn unknown_policies(policies: &Policies) -> Option<Part> {
    let boundary = match &policies.boundary {
        Some(Boundary::Managed(arn)) => Some(arn),
        _ => None,
    };
    let unknown: Vec<&str> = policies
        .managed
        .iter()
        .chain(boundary)
        .filter(|arn| !managed_policies::is_known(arn))
        .map(|arn| arn.split_once("policy/").map_or(arn.as_str(), |(_, name)| name))
        .collect();
    (!unknown.is_empty()).then(|| {
        let text = format!(
            "It could not be checked that AWS has a policy called {}: the list here does not have it. Look whether \
             it is spelled right.",
            unknown.join(" or ")
        );
        Part::Banner(Tone::Warning, text)
    })
}

/// Where the set is.
fn accounts(of: &Administrator<'_>, set: &PermissionSet, fields: &Fields) -> Result<Table, PageError> {
    let store = &of.instance.store;
    let after = fields.get("after").unwrap_or_default();
    let found = Paged::of(store.provisioned_accounts(&set.arn, after, ROWS + 1)?, |place| &place.account_id);
    let next = found
        .next
        .as_deref()
        .map(|after| way("/admin/permission-sets/set", [("id", set.arn.as_str()), ("after", after)]));
    let mut rows = Vec::new();
    for place in &found.rows {
        let Some(account) = store.account(&place.account_id)? else { continue };
        let (state, action) = if place.is_outdated {
            let button = Button {
                action: "/admin/permission-sets/reapply",
                hidden: vec![("id", set.arn.clone()), ("account", account.id.clone())],
                text: "Reapply",
                label: format!("Reapply {} in {}", set.name, account.name),
            };
            (Cell::Chip(Tone::Warning, "OUTDATED"), Cell::Button(button))
        } else {
            (Cell::Chip(Tone::Good, "LATEST"), Cell::text("–"))
        };
        let link = Link::new(super::accounts::way_to(&account.id), account.name);
        rows.push(vec![Cell::Link(link), Cell::Code(account.id), state, action]);
    }
    Ok(Table {
        caption: format!("Accounts that have {}", set.name),
        columns: vec!["Account", "Account ID", "State", "Action"],
        rows,
        empty: "The permission set is in no account. It comes to one with its first assignment.",
        next,
        first: fields.get("after").map(|_| way_to(&set.arn)),
    })
}

/// POST `/admin/permission-sets/delete`.
pub fn delete(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let set = named(of, fields)?;
    let entry = of.entry(audit::SSO, "DeletePermissionSet", details(&set));
    if of.instance.store.delete_permission_set(&set.arn, &entry)? {
        return Ok(see_other("/admin/permission-sets"));
    }
    Ok(see_other(&way("/admin/permission-sets/set", [("id", set.arn.as_str()), ("done", "in-use")])))
}

/// POST `/admin/permission-sets/reapply`, in one `account` or in all.
pub fn reapply(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let set = named(of, fields)?;
    let account_id = fields.get("account").map(str::to_owned);
    let mut details = details(&set);
    if let Some(id) = &account_id {
        details["account_id"] = json!(id);
    }
    let entry = of.entry(audit::SSO, "ProvisionPermissionSet", details);
    of.instance.request_access(Wanted::Provision { permission_set: set.arn, account_id }, &entry)?;
    Ok(see_other("/admin/requests"))
}
