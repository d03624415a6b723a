//! Creating and editing a person.

use std::{collections::BTreeMap, convert::Infallible};

use axum::{http::StatusCode, response::Response};
use serde_json::json;

use super::{
    Administrator, Answer, gone,
    page::{Field, Form, Kind, Mistakes, Page, Part, way},
    user_actions, users,
};
use crate::{
    admin::blank_user,
    audit,
    fields::Fields,
    organisation::{Profile, User},
    signin::{
        PageError,
        password::{forgotten, one_time},
        see_other,
    },
    store::{AuditEntry, Edited, FirstPassword, NewMembership, NewUser},
};

/// An attribute of a person, as the form has it.
pub struct Attribute {
    /// Its field.
    name: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// Reads it.
    pub get: fn(&Profile) -> &Option<String>,
    set: fn(&mut Profile) -> &mut Option<String>,
}

macro_rules! attribute {
    ($field:ident, $label:literal) => {
        Attribute { name: stringify!($field), label: $label, get: |p| &p.$field, set: |p| &mut p.$field }
    };
}

/// What else is known of a person (identitystore API, `User`).
pub const ATTRIBUTES: [Attribute; 19] = [
    attribute!(given_name, "Given name"),
    attribute!(family_name, "Family name"),
    attribute!(middle_name, "Middle name"),
    attribute!(honorific_prefix, "Title before the name"),
    attribute!(honorific_suffix, "Title after the name"),
    attribute!(nick_name, "Nickname"),
    attribute!(profile_url, "Profile address"),
    attribute!(phone, "Phone"),
    attribute!(preferred_language, "Preferred language"),
    attribute!(locale, "Locale"),
    attribute!(timezone, "Time zone"),
    attribute!(title, "Job title"),
    attribute!(user_type, "User type"),
    attribute!(employee_number, "Employee number"),
    attribute!(cost_center, "Cost centre"),
    attribute!(organization, "Organisation"),
    attribute!(division, "Division"),
    attribute!(department, "Department"),
    attribute!(manager, "Manager"),
];

/// The longest attribute (identitystore API, `SensitiveStringType`).
const LONGEST: usize = 1024;
/// What an edit form was filled in with, as JSON.
const SHOWN: &str = "shown";

/// GET `/admin/users/new`.
pub fn show_new(of: &Administrator<'_>, fields: &Fields) -> Answer {
    Ok(page_new(form_new(of, fields)?, None).show(of))
}

/// How somebody comes to their first password.
const BY_MAIL: (&str, &str) =
    ("mail", "Send an invitation e-mail with the sign-in address and a link to choose a password");
const ONE_TIME: (&str, &str) = ("password", "Show a one-time password that you hand over");
const LATER: (&str, &str) = ("later", "Nothing yet: they cannot sign in until you do one or the other");
/// Groups that are offered at creation; a group's page adds members to any.
const OFFERED: u32 = 50;

fn form_new(of: &Administrator<'_>, fields: &Fields) -> Result<Form, PageError> {
    let mut form = form("/admin/users/new", fields, None);
    let by_mail = of.instance.mailing.sends();
    let ways: &[(&str, &str)] = if by_mail { &[BY_MAIL, ONE_TIME, LATER] } else { &[ONE_TIME, LATER] };
    let way = fields.get("first").unwrap_or(ways[0].0);
    let mut more = vec![Field::one("first", "First password", way, ways)];
    let groups = of.instance.store.find_groups("", "", OFFERED)?;
    let chosen: Vec<&str> = fields.all("group").collect();
    if !groups.is_empty() {
        let options = groups.into_iter().map(|group| {
            let is_on = chosen.contains(&group.id.as_str());
            (group.id, group.name, is_on)
        });
        more.push(Field::many("group", "Groups", options.collect()));
    }
    // What everybody has stands before what few have.
    form.fields.splice(3..3, more);
    Ok(form)
}

fn page_new(form: Form, banner: Option<Part>) -> Page {
    Page::new("Create a user").below("/admin/users", "Users").with_some(banner).with(Part::Form(form))
}

/// POST `/admin/users/new`.
pub fn create(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let mut mistakes = Mistakes::default();
    let given = Given::read(fields, true, &mut mistakes);
    let mut user = blank_user(of.instance.ids().random(), of.now()).user;
    given.write(&mut user);
    if mistakes.is_empty() {
        if let Some(done) = add(of, &user, fields)? {
            return Ok(done);
        }
        taken(of, &user, &mut mistakes)?;
    }
    let mut form = form_new(of, fields)?;
    mistakes.mark(&mut form);
    Ok(page_new(form, mistakes.banner()).show_as(of, mistakes.status()))
}

/// Adds somebody new, with their groups and what leads to their first password; `None` if one of their names is
/// somebody else's.
fn add(of: &Administrator<'_>, user: &User, fields: &Fields) -> Result<Option<Response>, PageError> {
    let instance = of.instance;
    let memberships = fields.all("group").map(|group_id| {
        let id = instance.ids().random();
        let details = json!({ "GroupId": group_id, "UserId": user.id, "MembershipId": id });
        let entry = of.entry(audit::DIRECTORY, "CreateGroupMembership", details);
        NewMembership { id, group_id: group_id.to_owned(), entry }
    });
    let entry = |name| user_actions::entry(of, name, user);
    let mut new =
        NewUser { user, entry: entry("CreateUser"), memberships: memberships.collect(), first: None };
    match fields.get("first") {
        Some("password") => {
            let (password, kept) =
                one_time::draw(instance).map_err(|error| PageError::failed(error.as_ref()))?;
            new.first = Some((FirstPassword::Once(kept), entry("UpdatePassword")));
            let is_added = instance.store.add_user(&new, of.now())?;
            is_added.then(|| user_actions::show_one_time_password(of, user, &password, true)).transpose()
        }
        Some("mail") if instance.mailing.sends() => {
            let written = forgotten::Written::to(instance, user, forgotten::By::Invitation)?;
            let link = FirstPassword::Mailed(written.link(user));
            new.first = Some((link, entry("StartPasswordReset")));
            let is_added = instance.store.add_user(&new, of.now())?;
            instance.mailing.wake();
            Ok(is_added.then(|| added(user, "invited")))
        }
        _ => Ok(instance.store.add_user(&new, of.now())?.then(|| added(user, "created"))),
    }
}

fn added(user: &User, done: &str) -> Response {
    see_other(&way("/admin/users/user", [("id", user.id.as_str()), ("done", done)]))
}

/// GET `/admin/users/edit`, with the person's `id`.
pub fn show_edit(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let user = users::named(of, fields)?;
    // Filled in as it was before a new sign-in, or as it is.
    let known = fields.get("username").is_none().then_some(&user);
    let mut form = form("/admin/users/edit", fields, known);
    if fields.get(SHOWN).is_none() {
        form.fields.push(Field::hidden(SHOWN, shown(&user)));
    }
    Ok(page_edit(&user, form, None).show(of))
}

fn page_edit(user: &User, form: Form, banner: Option<Part>) -> Page {
    Page::new(format!("Edit {}", user.display_name))
        .below("/admin/users", "Users")
        .below(users::way_to(&user.id), &user.display_name)
        .with_some(banner)
        .with(Part::Form(form))
}

/// POST `/admin/users/edit`.
pub fn update(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let known = users::named(of, fields)?;
    let mut mistakes = Mistakes::default();
    let given = Given::read(fields, false, &mut mistakes);
    if mistakes.is_empty() {
        let mut wanted = known.clone();
        given.write(&mut wanted);
        let details = json!({ "UserId": wanted.id, "UserName": wanted.username });
        let entry = of.entry(audit::DIRECTORY, "UpdateUser", details);
        match edit(of, &known, &entry, |user| given.write(user))? {
            true => {
                return Ok(see_other(&way(
                    "/admin/users/user",
                    [("id", known.id.as_str()), ("done", "saved")],
                )));
            }
            false => taken(of, &wanted, &mut mistakes)?,
        }
    }
    let mut form = form("/admin/users/edit", fields, None);
    mistakes.mark(&mut form);
    Ok(page_edit(&known, form, mistakes.banner()).show_as(of, mistakes.status()))
}

/// Changes a person as they are now, whatever they were when they were looked up. `false` if somebody else has the
/// user name or the email address.
pub fn edit(
    of: &Administrator<'_>,
    user: &User,
    entry: &AuditEntry,
    change: impl FnOnce(&mut User),
) -> Result<bool, PageError> {
    let edited = of.instance.store.edit_user(&user.id, of.now(), entry, |record| {
        change(&mut record.user);
        Ok::<(), Infallible>(())
    })?;
    match edited {
        Edited::Done(_) => Ok(true),
        Edited::Taken => Ok(false),
        Edited::Missing => Err(gone("user")),
    }
}

/// Says which of the two names is somebody else's.
fn taken(of: &Administrator<'_>, user: &User, mistakes: &mut Mistakes) -> Result<(), PageError> {
    let is_anothers = |name: &str| -> Result<bool, crate::store::StoreError> {
        let owner = of.instance.store.user_by_login(name)?;
        Ok(!name.is_empty() && owner.is_some_and(|owner| owner.id != user.id))
    };
    if is_anothers(&user.email)? {
        mistakes
            .add("email", "Another user signs in with this address. Give each user an address of their own.");
    }
    if is_anothers(&user.username)? || mistakes.status() == StatusCode::OK {
        mistakes.add("username", "Another user signs in with this name. Choose a different one.");
    }
    Ok(())
}

/// What a form says of a person. What stands there as it was shown is not said: somebody else may have changed it
/// since.
struct Given {
    username: Option<String>,
    display_name: Option<String>,
    email: Option<String>,
    attributes: Vec<(&'static Attribute, Option<String>)>,
}

impl Given {
    /// Of somebody new everything is given.
    fn read(fields: &Fields, is_new: bool, mistakes: &mut Mistakes) -> Self {
        let shown: BTreeMap<String, String> =
            serde_json::from_str(fields.get(SHOWN).unwrap_or_default()).unwrap_or_default();
        let given = |name: &str| {
            // What was emptied is there, and empty.
            let typed = fields.pairs().find(|(field, _)| *field == name);
            let typed = typed.map(|(_, typed)| typed.trim().to_owned());
            if is_new {
                typed.or_else(|| Some(String::new()))
            } else {
                typed.filter(|typed| shown.get(name) != Some(typed))
            }
        };
        let username = given("username").map(|name| name.to_lowercase());
        if username.as_ref().is_some_and(|name| !is_username(name)) {
            mistakes.add("username", "A user name has 2 to 64 letters, digits and _+=,.@- without spaces.");
        }
        let display_name = given("display_name");
        if display_name.as_ref().is_some_and(|name| name.is_empty() || name.chars().count() > LONGEST) {
            mistakes.add("display_name", "Give the name as colleagues know it, such as Sam Sample.");
        }
        let email = given("email");
        if email.as_ref().is_some_and(|email| !is_email(email)) {
            mistakes.add("email", "Give an email address, such as sam@example.com.");
        }
        let attributes = ATTRIBUTES.iter().filter_map(|attribute| {
            let value = given(attribute.name)?;
            if value.chars().count() > LONGEST {
                mistakes.add(attribute.name, "This is longer than 1,024 characters.");
            }
            Some((attribute, Some(value).filter(|value| !value.is_empty())))
        });
        let attributes = attributes.collect();
        Self { username, display_name, email, attributes }
    }

    fn write(&self, user: &mut User) {
        if let Some(username) = &self.username {
            user.username.clone_from(username);
        }
        if let Some(display_name) = &self.display_name {
            user.display_name.clone_from(display_name);
        }
        if let Some(email) = &self.email {
            user.email_verified = user.email_verified && user.email == *email;
            user.email.clone_from(email);
        }
        for (attribute, value) in &self.attributes {
            (attribute.set)(&mut user.profile).clone_from(value);
        }
    }
}

/// What an edit form was filled in with.
fn shown(user: &User) -> String {
    let own = [("username", &user.username), ("display_name", &user.display_name), ("email", &user.email)];
    let own = own.map(|(name, value)| (name, value.clone()));
    let attributes = ATTRIBUTES
        .iter()
        .map(|attribute| (attribute.name, (attribute.get)(&user.profile).clone().unwrap_or_default()));
    let all: BTreeMap<&str, String> = own.into_iter().chain(attributes).collect();
    serde_json::to_string(&all).unwrap_or_default()
}

/// The user name is the role session name in STS: 2 to 64 characters of this set (IAM User Guide, SAML
/// assertions).
pub fn is_username(name: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    (2..=64).contains(&name.len()) && name.bytes().all(good)
}

/// Whether a text has the form of an email address.
pub fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'))
        && text.len() <= 254
        && !text.contains(char::is_whitespace)
}

/// The form: as somebody is known, or as it was typed.
fn form(action: &'static str, fields: &Fields, known: Option<&User>) -> Form {
    let line = |name: &'static str, label: &str, known: Option<String>| {
        let field = Field::line(name, label, fields);
        Field { value: known.unwrap_or(field.value.clone()), ..field }
    };
    let mut all = vec![
        line("username", "User name", known.map(|user| user.username.clone()))
            .hint("What they type to sign in. AWS's own records show it, too.")
            .of(Kind::Required),
        line("display_name", "Name", known.map(|user| user.display_name.clone())).of(Kind::Required),
        line("email", "Email address", known.map(|user| user.email.clone()))
            .hint("May be typed to sign in, too.")
            .of(Kind::Required),
    ];
    let fold = all.len();
    all.extend(ATTRIBUTES.iter().map(|attribute| {
        let known = known.map(|user| (attribute.get)(&user.profile).clone().unwrap_or_default());
        line(attribute.name, attribute.label, known)
    }));
    // Folded away as long as none of them is known.
    let is_known = all[fold..].iter().find(|field| !field.value.is_empty());
    let value = is_known.map(|field| field.value.clone()).unwrap_or_default();
    all.insert(
        fold,
        Field { label: "More about the user".to_owned(), value, kind: Kind::Fold, ..Field::default() },
    );
    all.push(Field::default().of(Kind::FoldEnd));
    if let Some(id) = fields.get("id") {
        all.push(Field::hidden("id", id));
    }
    if let Some(shown) = fields.get(SHOWN) {
        all.push(Field::hidden(SHOWN, shown));
    }
    let submit = if action.ends_with("new") { "Create user" } else { "Save changes" };
    Form { action, fields: all, submit, ..Form::default() }
}
