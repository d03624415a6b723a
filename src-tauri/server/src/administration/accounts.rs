//! `/admin/accounts`: accounts by organizational unit, and who has what in one.

use serde_json::json;

use super::{
    Administrator, Answer, gone,
    page::{Button, Cell, Field, Form, Kind, Link, Page, Paged, Part, ROWS, Search, Table, Tone, pages, way},
    units, users,
};
use crate::{
    audit,
    fields::Fields,
    organisation::{Account, Assignment, Principal},
    signin::{PageError, see_other},
    store::Wanted,
};

/// The page of an account.
pub fn way_to(account_id: &str) -> String {
    way("/admin/accounts/account", [("id", account_id)])
}

/// The account that a form or an address names.
pub fn named(of: &Administrator<'_>, fields: &Fields) -> Result<Account, PageError> {
    of.instance.store.account(fields.get("id").unwrap_or_default())?.ok_or_else(|| gone("account"))
}

/// GET `/admin/accounts`: those of a `unit`, those that `words` find, or the tree of units.
pub fn list(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let store = &of.instance.store;
    let (words, after) = (fields.get("words").unwrap_or_default(), fields.get("after").unwrap_or_default());
    let units = store.organizational_units()?;
    let unit = fields.get("unit").and_then(|id| units.iter().find(|unit| unit.id == id));
    let found = match unit {
        Some(unit) => store.accounts_in(&unit.id, after, ROWS + 1)?,
        None => store.find_accounts(words, after, ROWS + 1)?,
    };
    let found = Paged::of(found, |account| &account.id);
    let (next, first) = match unit {
        None => pages("/admin/accounts", fields, found.next.as_deref()),
        Some(unit) => {
            let on = |after: &str| way("/admin/accounts", [("unit", unit.id.as_str()), ("after", after)]);
            (found.next.as_deref().map(on), fields.get("after").map(|_| on("")))
        }
    };
    let row = |account: &Account| {
        vec![
            Cell::Link(Link::new(way_to(&account.id), &account.name)),
            Cell::Code(account.id.clone()),
            Cell::text(&account.email),
            Cell::text(&account.ou),
        ]
    };
    let table = Table {
        caption: unit.map_or("Accounts".to_owned(), |unit| format!("Accounts in {}", unit.name)),
        columns: vec!["Account", "Account ID", "Email address", "Organizational unit"],
        rows: found.rows.iter().map(row).collect(),
        empty: if words.is_empty() {
            "There is no account here yet. Add the accounts that people are to reach."
        } else {
            "No account is called that. Search for another part of the name."
        },
        next,
        first,
    };
    // Each unit after the one it stands below.
    let mut tree = Vec::new();
    for unit in &units {
        let link = Link::new(units::way_to(unit), &unit.name);
        let in_use = units::has_units(&units, unit) || !store.accounts_in(&unit.id, "", 1)?.is_empty();
        let action = if unit.parent.is_none() || in_use {
            Cell::text("")
        } else {
            Cell::Button(Button {
                action: "/admin/accounts/delete-unit",
                hidden: vec![("unit", unit.id.clone())],
                text: "Delete",
                label: format!("Delete the unit {}", unit.path),
            })
        };
        tree.push(vec![Cell::Below(depth(&unit.path), link), Cell::Code(unit.id.clone()), action]);
    }
    let tree = Table {
        caption: "Organizational units".to_owned(),
        columns: vec!["Organizational unit", "ID", "Action"],
        rows: tree,
        empty: "There is no organizational unit yet. Create one to keep production apart from the rest.",
        ..Table::default()
    };
    let search = Search {
        action: "/admin/accounts",
        label: "Search account names, IDs, email addresses and units",
        words: words.to_owned(),
    };
    let mut page = Page::new(unit.map_or("AWS accounts".to_owned(), |unit| unit.name.clone()));
    if unit.is_some() {
        page = page.below("/admin/accounts", "AWS accounts");
    }
    let path = unit.map(|unit| unit.path.as_str()).unwrap_or_default();
    let inside = |page: &str, name| way(page, Some((name, path)).filter(|(_, path)| !path.is_empty()));
    let page = page
        .with_some(units::done(fields))
        .with(Part::Actions(
            Link::new("/admin/assign", "Give access to accounts"),
            vec![
                Link::new(inside("/admin/accounts/new", "ou"), "Add an account"),
                Link::new(super::aws::PAGE, "Roles at AWS"),
            ],
        ))
        .with(Part::Search(search))
        .with(Part::Table(table))
        .with(Part::Heading("Organizational units".to_owned()))
        .with(Part::Links(vec![Link::new(
            inside("/admin/accounts/new-unit", "above"),
            "Create an organizational unit",
        )]))
        .with(Part::Table(tree));
    Ok(page.show(of))
}

/// How many units are above one with this path; as far as the stylesheet tells them apart.
pub fn depth(path: &str) -> usize {
    if path.is_empty() { 0 } else { (path.matches('/').count() + 1).min(6) }
}

/// GET `/admin/accounts/account`, with its `id`, and the permission set and principal that a page begins `after`.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let account = named(of, fields)?;
    let done = match fields.get("done") {
        Some("created") => {
            Some((Tone::Good, "The account is added. Nobody has access to it until you give it."))
        }
        Some("saved") => Some((Tone::Good, "The changes are saved.")),
        Some("kept") => Some((Tone::Error, "Nothing was removed: what was typed is not the account's name.")),
        _ => None,
    };
    let page = Page::new(&account.name)
        .below("/admin/accounts", "AWS accounts")
        .with_some(done.map(|(tone, text)| Part::Banner(tone, text.to_owned())))
        .with_some(outdated(of, &account)?);
    let table = who_has_what(of, &account, fields)?;
    let facts = vec![
        ("Account ID", account.id.clone()),
        ("Email address", account.email.clone()),
        ("Organizational unit", account.ou.clone()),
    ];
    let id = [("id", account.id.as_str())];
    let give = way("/admin/assign", [("account", account.id.as_str())]);
    let remove = Form {
        action: "/admin/accounts/delete",
        fields: vec![
            Field::hidden("id", &account.id),
            Field {
                name: "typed",
                label: format!("Type {} to remove", account.name),
                kind: Kind::Required,
                ..Field::default()
            },
        ],
        submit: "Remove the account",
        costs: Some(format!(
            "{} is not listed any more, and every assignment in it is gone. At AWS the account stays as it is.",
            account.name
        )),
        ..Form::default()
    };
    let mut at_aws = super::aws::of_account(of, &account)?.into_iter().peekable();
    let absence = at_aws.next_if(|part| matches!(part, Part::Banner(..)));
    let page = page
        .with_some(absence)
        .with(Part::Facts(facts))
        .with(Part::Links(vec![Link::new(way("/admin/accounts/edit", id), "Edit")]))
        .with(Part::Heading("Who has what".to_owned()))
        .with(Part::Links(vec![Link::new(give, "Give access to this account")]))
        .with(Part::Table(table));
    let page =
        at_aws.fold(page, Page::with).with(Part::Heading("Remove".to_owned())).with(Part::Form(remove));
    Ok(page.show(of))
}

/// What to say of permission sets that were edited since they came to the account.
fn outdated(of: &Administrator<'_>, account: &Account) -> Result<Option<Part>, PageError> {
    let text = match of.instance.store.outdated_in(&account.id)?.as_slice() {
        [] => return Ok(None),
        [name] => format!("{name} was edited and is OUTDATED here. Open it and reapply it."),
        names => format!("{} were edited and are OUTDATED here. Open and reapply them.", names.join(", ")),
    };
    Ok(Some(Part::Banner(Tone::Warning, text)))
}

/// One page of the assignments in an account.
fn who_has_what(of: &Administrator<'_>, account: &Account, fields: &Fields) -> Result<Table, PageError> {
    let store = &of.instance.store;
    // No ARN and no id has a space.
    let after = fields.get("after").and_then(|after| after.split_once(' '));
    let found = store.assignments_of_account(&account.id, after.unwrap_or_default(), ROWS + 1)?;
    let found = Paged::by(found, |last| format!("{} {}", last.permission_set, last.principal.id()));
    let mut rows = Vec::new();
    for assignment in &found.rows {
        let Some(set) = store.permission_set(&assignment.permission_set)? else { continue };
        let Some((link, kind)) = principal(of, &assignment.principal)? else { continue };
        let label = format!("Remove {} of {} in {}", set.name, link.text, account.name);
        rows.push(vec![
            Cell::Link(link),
            Cell::text(kind),
            Cell::Link(Link::new(super::permission_sets::way_to(&set.arn), &set.name)),
            Cell::Button(Button {
                action: "/admin/accounts/revoke",
                hidden: vec![
                    ("id", account.id.clone()),
                    ("set", set.arn.clone()),
                    ("kind", assignment.principal.kind().to_owned()),
                    ("principal", assignment.principal.id().to_owned()),
                ],
                text: "Remove",
                label,
            }),
        ]);
    }
    let more = |after: &str| way("/admin/accounts/account", [("id", account.id.as_str()), ("after", after)]);
    Ok(Table {
        caption: format!("Who has what in {}", account.name),
        columns: vec!["User or group", "Kind", "Permission set", "Action"],
        rows,
        empty: "Nobody has access to this account.",
        next: found.next.as_deref().map(more),
        first: after.map(|_| way_to(&account.id)),
    })
}

/// The page of a user or group and what it is; `None` if it is gone.
pub fn principal(
    of: &Administrator<'_>,
    principal: &Principal,
) -> Result<Option<(Link, &'static str)>, PageError> {
    let store = &of.instance.store;
    Ok(match principal {
        Principal::User(id) => {
            store.user(id)?.map(|user| (Link::new(users::way_to(id), users::label(&user)), "User"))
        }
        Principal::Group(id) => {
            store.group(id)?.map(|group| (Link::new(super::groups::way_to(id), group.name), "Group"))
        }
    })
}

/// POST `/admin/accounts/revoke`.
pub fn revoke(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let account = named(of, fields)?;
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let principal = Principal::of(&text("kind"), text("principal")).ok_or_else(|| gone("user or group"))?;
    let assignment = Assignment { account_id: account.id, permission_set: text("set"), principal };
    let entry = of.entry(audit::SSO, "DeleteAccountAssignment", assignment_details(&assignment));
    of.instance.request_access(Wanted::Revoke(assignment), &entry)?;
    Ok(see_other("/admin/requests"))
}

/// What an event says of an assignment.
pub fn assignment_details(assignment: &Assignment) -> serde_json::Value {
    json!({
        "account_id": assignment.account_id,
        "PermissionSetArn": assignment.permission_set,
        "PrincipalType": assignment.principal.kind(),
        "PrincipalId": assignment.principal.id(),
    })
}
