//! `/admin/groups`: groups and who is in them.

use serde_json::json;

use super::{
    Administrator, Answer, gone, number,
    page::{
        Button, Cell, Field, Form, Kind, Link, Mistakes, Page, Paged, Part, ROWS, Search, Table, Tone, pages,
        way,
    },
    users,
};
use crate::{
    audit,
    fields::Fields,
    organisation::{Group, Principal},
    signin::{PageError, see_other},
};

/// The longest name and description of a group (identitystore API, `GroupDisplayName`, `SensitiveStringType`).
const LONGEST: usize = 1024;

/// The page of a group.
pub fn way_to(group_id: &str) -> String {
    way("/admin/groups/group", [("id", group_id)])
}

fn named(of: &Administrator<'_>, fields: &Fields) -> Result<Group, PageError> {
    of.instance.store.group(fields.get("id").unwrap_or_default())?.ok_or_else(|| gone("group"))
}

/// GET `/admin/groups`.
pub fn list(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let words = fields.get("words").unwrap_or_default();
    let found = of.instance.store.find_groups(words, fields.get("after").unwrap_or_default(), ROWS + 1)?;
    let found = Paged::of(found, |group| &group.name);
    let (next, first) = pages("/admin/groups", fields, found.next.as_deref());
    let row = |group: &Group| {
        vec![Cell::Link(Link::new(way_to(&group.id), &group.name)), Cell::text(&group.description)]
    };
    let table = Table {
        caption: "Groups".to_owned(),
        columns: vec!["Group", "Description"],
        rows: found.rows.iter().map(row).collect(),
        empty: if words.is_empty() {
            "There is no group yet. Create one for each team, and give access to teams rather than to people."
        } else {
            "No group is called that. Search for another part of the name."
        },
        next,
        first,
    };
    let search = Search { action: "/admin/groups", label: "Search groups", words: words.to_owned() };
    let page = Page::new("Groups")
        .with(Part::Actions(Link::new("/admin/groups/new", "Create a group"), vec![]))
        .with(Part::Search(search))
        .with(Part::Table(table));
    Ok(page.show(of))
}

fn form(action: &'static str, fields: &Fields, known: Option<&Group>) -> Form {
    let mut name = Field::line("name", "Name", fields).of(Kind::Required);
    let mut description = Field::line("description", "Description", fields);
    let mut all = Vec::new();
    if let Some(group) = known {
        all.push(Field::hidden("id", &group.id));
        if fields.get("name").is_none() {
            (name.value, description.value) = (group.name.clone(), group.description.clone());
        }
    }
    all.extend([name, description]);
    let submit = if known.is_some() { "Save changes" } else { "Create group" };
    Form { action, fields: all, submit, ..Form::default() }
}

fn read(fields: &Fields, mistakes: &mut Mistakes) -> (String, String) {
    let typed = |name: &str| fields.get(name).unwrap_or_default().trim().to_owned();
    let (name, description) = (typed("name"), typed("description"));
    if name.is_empty() || name.chars().count() > LONGEST {
        mistakes.add("name", "Give the group a name of 1 to 1,024 characters.");
    }
    if description.chars().count() > LONGEST {
        mistakes.add("description", "This is longer than 1,024 characters.");
    }
    (name, description)
}

const TAKEN: &str = "Another group has this name. Choose a different one.";

/// GET `/admin/groups/new`.
pub fn show_new(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let page = Page::new("Create a group").below("/admin/groups", "Groups");
    Ok(page.with(Part::Form(form("/admin/groups/new", fields, None))).show(of))
}

/// POST `/admin/groups/new`.
pub fn create(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let mut mistakes = Mistakes::default();
    let (name, description) = read(fields, &mut mistakes);
    if mistakes.is_empty() {
        let (id, now) = (of.instance.ids().random(), of.now());
        let group = Group { id, name, description, created: now, updated: now };
        let details = json!({ "GroupId": group.id, "GroupName": group.name });
        if of.instance.store.put_group(&group, &of.entry(audit::DIRECTORY, "CreateGroup", details))? {
            return Ok(see_other(&way(
                "/admin/groups/group",
                [("id", group.id.as_str()), ("done", "created")],
            )));
        }
        mistakes.add("name", TAKEN);
    }
    let mut form = form("/admin/groups/new", fields, None);
    mistakes.mark(&mut form);
    let page = Page::new("Create a group").below("/admin/groups", "Groups").with_some(mistakes.banner());
    Ok(page.with(Part::Form(form)).show_as(of, mistakes.status()))
}

/// GET `/admin/groups/group`, with its `id`.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let group = named(of, fields)?;
    Ok(whole(of, &group, fields, &Mistakes::default())?.show(of))
}

fn whole(
    of: &Administrator<'_>,
    group: &Group,
    fields: &Fields,
    mistakes: &Mistakes,
) -> Result<Page, PageError> {
    let store = &of.instance.store;
    let done = match fields.get("done") {
        Some("created") => Some("The group is created. Add members below."),
        Some("saved") => Some("The changes are saved."),
        Some("added") => Some("The user is in the group now."),
        Some("removed") => Some("The user is not in the group any more."),
        _ => None,
    };
    let members = store.members(&group.id, fields.get("after").unwrap_or_default(), ROWS + 1)?;
    let members = Paged::of(members, |(_, user)| user);
    let next = members
        .next
        .as_deref()
        .map(|after| way("/admin/groups/group", [("id", group.id.as_str()), ("after", after)]));
    let mut rows = Vec::new();
    for (_, user_id) in &members.rows {
        let Some(user) = store.user(user_id)? else { continue };
        rows.push(vec![
            Cell::Link(Link::new(users::way_to(&user.id), &user.username)),
            Cell::text(&user.display_name),
            Cell::Button(Button {
                action: "/admin/groups/remove",
                hidden: vec![("id", group.id.clone()), ("user", user.id.clone())],
                text: "Remove",
                label: format!("Remove {} from {}", user.username, group.name),
            }),
        ]);
    }
    let table = Table {
        caption: format!("Members of {}", group.name),
        columns: vec!["User name", "Name", "Action"],
        rows,
        empty: "Nobody is in this group.",
        next,
        first: fields.get("after").map(|_| way_to(&group.id)),
    };
    let user = Field::line("username", "User name or email address", fields).of(Kind::Required);
    let mut add = Form {
        action: "/admin/groups/add",
        fields: vec![Field::hidden("id", &group.id), user],
        submit: "Add to the group",
        ..Form::default()
    };
    let mut edit = form("/admin/groups/edit", fields, Some(group));
    mistakes.mark(&mut add);
    mistakes.mark(&mut edit);
    let assignments = store.assignments_of(&Principal::Group(group.id.clone()))?.len();
    let costs = format!(
        "{} is gone for good, with its memberships and {}.",
        group.name,
        number(assignments, "assignment", "assignments")
    );
    let delete = Form {
        action: "/admin/groups/delete",
        fields: vec![
            Field::hidden("id", &group.id),
            Field {
                name: "typed",
                label: format!("Type {} to delete", group.name),
                kind: Kind::Required,
                ..Field::default()
            },
        ],
        submit: "Delete the group",
        costs: Some(costs),
        ..Form::default()
    };
    let give = way("/admin/assign", [("principal", format!("GROUP:{}", group.id).as_str())]);
    Ok(Page::new(&group.name)
        .below("/admin/groups", "Groups")
        .with_some(done.map(|text| Part::Banner(Tone::Good, text.to_owned())))
        .with_some(mistakes.banner())
        .with(Part::Facts(vec![("Group ID", group.id.clone()), ("Assignments", assignments.to_string())]))
        .with(Part::Links(vec![Link::new(give, "Give access to accounts")]))
        .with(Part::Heading("Members".to_owned()))
        .with(Part::Table(table))
        .with(Part::Form(add))
        .with(Part::Heading("Name and description".to_owned()))
        .with(Part::Form(edit))
        .with(Part::Heading("Delete".to_owned()))
        .with(Part::Form(delete)))
}

fn refused(of: &Administrator<'_>, group: &Group, fields: &Fields, mistakes: &Mistakes) -> Answer {
    Ok(whole(of, group, fields, mistakes)?.show_as(of, mistakes.status()))
}

fn done(group_id: &str, what: &str) -> Answer {
    Ok(see_other(&way("/admin/groups/group", [("id", group_id), ("done", what)])))
}

/// POST `/admin/groups/edit`.
pub fn update(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let known = named(of, fields)?;
    let mut mistakes = Mistakes::default();
    let (name, description) = read(fields, &mut mistakes);
    if mistakes.is_empty() {
        let group = Group { name, description, updated: of.now(), ..known.clone() };
        let details = json!({ "GroupId": group.id, "GroupName": group.name });
        if of.instance.store.put_group(&group, &of.entry(audit::DIRECTORY, "UpdateGroup", details))? {
            return done(&group.id, "saved");
        }
        mistakes.add("name", TAKEN);
    }
    refused(of, &known, fields, &mistakes)
}

/// POST `/admin/groups/delete`, with the name `typed`.
pub fn delete(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let group = named(of, fields)?;
    if fields.get("typed").unwrap_or_default().trim() != group.name {
        let mut mistakes = Mistakes::default();
        mistakes.add("typed", "Nothing was deleted: this is not the group's name.");
        return refused(of, &group, fields, &mistakes);
    }
    let details = json!({ "GroupId": group.id, "GroupName": group.name });
    if of.instance.store.delete_group(&group.id, &of.entry(audit::DIRECTORY, "DeleteGroup", details))? {
        return Ok(see_other("/admin/groups"));
    }
    Err(gone("group"))
}

/// POST `/admin/groups/add`, with the person's `username`.
pub fn add_member(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let group = named(of, fields)?;
    let mut mistakes = Mistakes::default();
    let typed = fields.get("username").unwrap_or_default();
    let Some(user) = of.instance.store.user_by_login(typed)? else {
        mistakes.add("username", "Nobody is called that. Type the whole user name or email address.");
        return refused(of, &group, fields, &mistakes);
    };
    let id = of.instance.ids().random();
    let details = json!({ "GroupId": group.id, "UserId": user.id, "MembershipId": id });
    let entry = of.entry(audit::DIRECTORY, "CreateGroupMembership", details);
    if of.instance.store.add_membership(&id, &group.id, &user.id, &entry)? {
        return done(&group.id, "added");
    }
    mistakes.add("username", format!("{} is in the group already.", user.username));
    refused(of, &group, fields, &mistakes)
}

/// POST `/admin/groups/remove`, with the person's id as `user`.
pub fn remove_member(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let group = named(of, fields)?;
    let user = fields.get("user").unwrap_or_default();
    if let Some(membership) = of.instance.store.membership_of(&group.id, user)? {
        let id = membership.id;
        let details = json!({ "GroupId": group.id, "UserId": user, "MembershipId": id });
        let entry = of.entry(audit::DIRECTORY, "DeleteGroupMembership", details);
        of.instance.store.delete_membership(&id, &entry)?;
    }
    if fields.get("back") == Some("user") {
        return Ok(see_other(&users::way_to(user)));
    }
    done(&group.id, "removed")
}
