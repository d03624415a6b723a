//! `/admin/users`: the directory, and one person with everything that is theirs.

use std::collections::BTreeMap;

use super::{
    Administrator, Answer, gone, moment, number,
    page::{Button, Cell, Field, Form, Kind, Link, Page, Paged, Part, ROWS, Search, Table, Tone, pages, way},
};
use crate::{
    fields::Fields,
    organisation::User,
    signin::{PageError, password::has_password},
    store::SourceKind,
};

/// The page of a person.
pub fn way_to(user_id: &str) -> String {
    way("/admin/users/user", [("id", user_id)])
}

/// The person that a form or an address names.
pub fn named(of: &Administrator<'_>, fields: &Fields) -> Result<User, PageError> {
    of.instance.store.user(fields.get("id").unwrap_or_default())?.ok_or_else(|| gone("user"))
}

/// A person's name in lists.
pub fn label(user: &User) -> String {
    format!("{} ({})", user.display_name, user.username)
}

/// GET `/admin/users`.
pub fn list(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let words = fields.get("words").unwrap_or_default();
    let found = of.instance.store.find_users(words, fields.get("after").unwrap_or_default(), ROWS + 1)?;
    let found = Paged::of(found, |user| &user.username);
    let (next, first) = pages("/admin/users", fields, found.next.as_deref());
    let row = |user: &User| {
        let state = if user.enabled { Cell::text("Enabled") } else { Cell::Chip(Tone::Warning, "Disabled") };
        let name = Link::new(way_to(&user.id), &user.username);
        vec![Cell::Link(name), Cell::text(&user.display_name), Cell::text(&user.email), state]
    };
    let table = Table {
        caption: "Users".to_owned(),
        columns: vec!["User name", "Name", "Email address", "State"],
        rows: found.rows.iter().map(row).collect(),
        empty: "No user is called that. Search for another part of the name or the email address.",
        next,
        first,
    };
    let search = Search {
        action: "/admin/users",
        label: "Search user names, names and email addresses",
        words: words.to_owned(),
    };
    let page = Page::new("Users")
        .with(Part::Actions(Link::new("/admin/users/new", "Create a user"), vec![]))
        .with(Part::Search(search))
        .with(Part::Table(table));
    Ok(page.show(of))
}

/// GET `/admin/users/user`, with the person's `id` and what was `done` last.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let user = named(of, fields)?;
    let done = match fields.get("done") {
        Some("created") => Some("The user is created. Give them a way to set their first password below."),
        Some("invited") => Some(
            "An invitation is on its way: the sign-in address and a link to choose a password, good for seven days.",
        ),
        Some("saved") => Some("The changes are saved."),
        Some("enabled") => Some("The user is enabled."),
        Some("disabled") => Some("The user is disabled and signed out everywhere."),
        Some("mail") => {
            Some("A message with a link to set a password is on its way. The link is good for an hour.")
        }
        Some("mfa") => Some("All MFA devices of the user are removed."),
        Some("sessions") => Some("The user is signed out everywhere."),
        Some("appointed") => Some("The user is an administrator now."),
        Some("dismissed") => Some("The user is no administrator any more."),
        _ => None,
    };
    let page = Page::new(&user.display_name)
        .below("/admin/users", "Users")
        .with_some(done.map(|text| Part::Banner(Tone::Good, text.to_owned())));
    Ok(with_everything(of, page, &user, fields)?.show(of))
}

/// The page of a person with what they are, what they have and what can be done. The lists of groups and accounts
/// begin after the ids in `group` and `account`.
pub fn with_everything(
    of: &Administrator<'_>,
    page: Page,
    user: &User,
    fields: &Fields,
) -> Result<Page, PageError> {
    let store = &of.instance.store;
    let is_administrator = store.is_administrator(&user.id)?;
    let has_password = has_password(of.instance, user)?;
    let state = match (user.enabled, has_password, is_administrator) {
        (false, ..) => "Disabled: cannot sign in",
        (true, false, _) => "Enabled, has no password yet: cannot sign in",
        (true, true, true) => "Enabled, administrator",
        (true, true, false) => "Enabled",
    };
    let mut facts = vec![
        ("User name", user.username.clone()),
        ("Email address", email(of, user)?),
        ("State", state.to_owned()),
    ];
    facts.extend(super::user_form::ATTRIBUTES.iter().filter_map(|attribute| {
        let value = (attribute.get)(&user.profile).clone()?;
        Some((attribute.label, value))
    }));
    let devices = store.mfa_devices(&user.id)?.len();
    facts.push(("MFA devices", devices.to_string()));
    facts.push(("User ID", user.id.clone()));
    facts.push(("Created", moment(user.created)));
    let page = page
        .with(Part::Facts(facts))
        .with(Part::Links(vec![Link::new(way("/admin/users/edit", [("id", user.id.as_str())]), "Edit")]))
        .with(Part::Heading("Groups".to_owned()))
        .with(Part::Table(groups(of, user, fields)?))
        .with(Part::Heading("Access to AWS accounts".to_owned()))
        .with(Part::Table(access(of, user, fields)?))
        .with(Part::Links(vec![Link::new(
            way("/admin/assign", [("principal", format!("USER:{}", user.id).as_str())]),
            "Give access to accounts",
        )]))
        .with(Part::Heading("Signing in".to_owned()));
    Ok(actions(of, user, has_password, is_administrator).into_iter().fold(page, Page::with))
}

/// A person's address, and whether it is known that they read what goes there. Where somebody else's directory says
/// who there is, it answers for that.
fn email(of: &Administrator<'_>, user: &User) -> Result<String, PageError> {
    if user.email.is_empty() || of.instance.store.identity_source()? != SourceKind::Directory {
        return Ok(user.email.clone());
    }
    Ok(format!("{} ({})", user.email, if user.email_verified { "verified" } else { "not verified" }))
}

/// The ways to the other pages of one of a person's lists.
fn more(
    user: &User,
    fields: &Fields,
    list: &'static str,
    next: Option<&str>,
) -> (Option<String>, Option<String>) {
    let on = |after: &str| way("/admin/users/user", [("id", user.id.as_str()), (list, after)]);
    (next.map(on), fields.get(list).map(|_| way_to(&user.id)))
}

fn groups(of: &Administrator<'_>, user: &User, fields: &Fields) -> Result<Table, PageError> {
    let store = &of.instance.store;
    let found = store.memberships_of(&user.id, fields.get("group").unwrap_or_default(), ROWS + 1)?;
    let found = Paged::of(found, |(_, group)| group);
    let (next, first) = more(user, fields, "group", found.next.as_deref());
    let mut rows = Vec::new();
    for (_, group_id) in &found.rows {
        let Some(group) = store.group(group_id)? else { continue };
        let label = format!("Remove {} from {}", user.username, group.name);
        rows.push(vec![
            Cell::Link(Link::new(super::groups::way_to(&group.id), &group.name)),
            Cell::text(&group.description),
            Cell::Button(Button {
                action: "/admin/groups/remove",
                hidden: vec![("id", group.id), ("user", user.id.clone()), ("back", "user".to_owned())],
                text: "Remove",
                label,
            }),
        ]);
    }
    Ok(Table {
        caption: format!("Groups of {}", user.username),
        columns: vec!["Group", "Description", "Action"],
        rows,
        empty: "The user is in no group. A group's page adds members.",
        next,
        first,
    })
}

fn access(of: &Administrator<'_>, user: &User, fields: &Fields) -> Result<Table, PageError> {
    let store = &of.instance.store;
    let mut sets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (account_id, set) in store.roles_of(&user.id)? {
        sets.entry(account_id).or_default().push(set);
    }
    let after = fields.get("account").unwrap_or_default();
    let mut rest = store.accounts_of(&user.id)?;
    rest.retain(|account| account.id.as_str() > after);
    let found = Paged::of(rest, |account| &account.id);
    let (next, first) = more(user, fields, "account", found.next.as_deref());
    let mut rows = Vec::new();
    for account in &found.rows {
        rows.push(vec![
            Cell::Link(Link::new(super::accounts::way_to(&account.id), &account.name)),
            Cell::Code(account.id.clone()),
            Cell::text(sets.get(&account.id).map(|names| names.join(", ")).unwrap_or_default()),
        ]);
    }
    let empty = if user.enabled {
        "Nothing is assigned to the user or to one of their groups."
    } else {
        "A disabled user has no access. What is assigned comes back when the user is enabled."
    };
    Ok(Table {
        caption: format!("What {} has, by their own assignments and those of their groups", user.username),
        columns: vec!["Account", "Account ID", "Permission sets"],
        rows,
        empty,
        next,
        first,
    })
}

fn actions(of: &Administrator<'_>, user: &User, has_password: bool, is_administrator: bool) -> Vec<Part> {
    let form = |action, submit, costs: &str| {
        let fields = vec![Field::hidden("id", &user.id)];
        Part::Form(Form { action, fields, submit, costs: Some(costs.to_owned()), ..Form::default() })
    };
    let name = &user.username;
    let mut actions = vec![form(
        "/admin/users/one-time-password",
        "Make a one-time password",
        &format!(
            "The password is shown to you once. {name} is signed out everywhere and chooses a new one at the next sign-in."
        ),
    )];
    if of.instance.mailing.sends() && !user.email.is_empty() {
        actions.push(if has_password {
            form(
                "/admin/users/password-link",
                "Send a link to set a password",
                &format!("The message goes to {}. Its link is good for one hour.", user.email),
            )
        } else {
            form(
                "/admin/users/password-link",
                "Send the invitation again",
                &format!(
                    "The message goes to {}. Its link is good for seven days, and the one before ends.",
                    user.email
                ),
            )
        });
    }
    actions.push(form(
        "/admin/users/reset-mfa",
        "Remove all MFA devices",
        &format!("{name} signs in as someone who has none: the MFA policy says whether that sets one up, is refused, or is let in."),
    ));
    actions.push(form(
        "/admin/users/end-sessions",
        "End all sign-ins",
        &format!("{name} is signed out everywhere, and programs that got access in those sign-ins lose it."),
    ));
    actions.push(if is_administrator {
        form(
            "/admin/users/dismiss",
            "Take the administrator role away",
            &format!("{name} cannot open these pages any more."),
        )
    } else {
        form(
            "/admin/users/appoint",
            "Make an administrator",
            &format!("{name} can change everything that you can."),
        )
    });
    actions.push(if user.enabled {
        form(
            "/admin/users/disable",
            "Disable the user",
            &format!("{name} is signed out everywhere and cannot sign in. Groups and assignments stay."),
        )
    } else {
        form(
            "/admin/users/enable",
            "Enable the user",
            &format!("{name} can sign in again, with everything that is still assigned."),
        )
    });
    let fields = vec![
        Field::hidden("id", &user.id),
        Field {
            name: "typed",
            label: format!("Type {name} to delete"),
            kind: Kind::Required,
            ..Field::default()
        },
    ];
    let costs = format!(
        "{name} is gone for good, with {} and all assignments of their own.",
        number(user.groups.len(), "membership", "memberships")
    );
    actions.push(Part::Form(Form {
        action: "/admin/users/delete",
        fields,
        submit: "Delete the user",
        costs: Some(costs),
        ..Form::default()
    }));
    actions
}
