//! Adding, changing and taking away an account. The server is told of accounts; it makes none at AWS.

use serde_json::json;

use super::{
    Administrator, Answer,
    accounts::{named, way_to},
    page::{Field, Form, Kind, Mistakes, Page, Part, way},
    user_form::is_email,
};
use crate::{
    audit,
    fields::Fields,
    organisation::{Account, ROOT},
    signin::{PageError, see_other},
};

const NEW: &str = "/admin/accounts/new";
const EDIT: &str = "/admin/accounts/edit";
/// The longest name of an account (AWS Organizations API, `AccountName`).
const LONGEST_NAME: usize = 50;

/// GET `/admin/accounts/new`, perhaps with the path of a unit as `ou`.
pub fn show_new(of: &Administrator<'_>, fields: &Fields) -> Answer {
    Ok(page_new(form(of, NEW, fields, None)?, None).show(of))
}

fn page_new(form: Form, banner: Option<Part>) -> Page {
    let note =
        "The account has to be there at AWS. Here it is listed, so that people can be given access to it.";
    Page::new("Add an account")
        .below("/admin/accounts", "AWS accounts")
        .with_some(banner)
        .with(Part::Note(note.to_owned()))
        .with(Part::Form(form))
}

/// POST `/admin/accounts/new`.
pub fn create(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let mut mistakes = Mistakes::default();
    let typed = fields.get("id").unwrap_or_default();
    // As the AWS console writes it, too: 1111-2222-3333.
    let id: String = typed.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    if id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit()) {
        mistakes
            .add("id", "An account ID has 12 digits. The AWS console shows it in its upper right corner.");
    }
    let account = read(fields, id, &mut mistakes);
    if mistakes.is_empty() {
        let entry = of.entry(audit::ORGANIZATIONS, "CreateAccount", details(&account));
        if of.instance.store.add_account(&account, &|path| of.instance.ids().unit(path), &entry)? {
            return done(&account.id, "created");
        }
        mistakes.add("id", "This account is in the list already. Open it there to change it.");
    }
    let mut form = form(of, NEW, fields, None)?;
    mistakes.mark(&mut form);
    Ok(page_new(form, mistakes.banner()).show_as(of, mistakes.status()))
}

/// GET `/admin/accounts/edit`, with the account's `id`.
pub fn show_edit(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let account = named(of, fields)?;
    // Filled in as it was before a new sign-in, or as it is.
    let known = fields.get("name").is_none().then_some(&account);
    Ok(page_edit(&account, form(of, EDIT, fields, known)?, None).show(of))
}

fn page_edit(account: &Account, form: Form, banner: Option<Part>) -> Page {
    Page::new(format!("Edit {}", account.name))
        .below("/admin/accounts", "AWS accounts")
        .below(way_to(&account.id), &account.name)
        .with_some(banner)
        .with(Part::Form(form))
}

/// POST `/admin/accounts/edit`.
pub fn update(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let known = named(of, fields)?;
    let mut mistakes = Mistakes::default();
    let account = read(fields, known.id.clone(), &mut mistakes);
    if mistakes.is_empty() {
        let entry = of.entry(audit::ORGANIZATIONS, "UpdateAccount", details(&account));
        of.instance.store.put_account(&account, &|path| of.instance.ids().unit(path), &entry)?;
        return done(&account.id, "saved");
    }
    let mut form = form(of, EDIT, fields, None)?;
    mistakes.mark(&mut form);
    Ok(page_edit(&known, form, mistakes.banner()).show_as(of, mistakes.status()))
}

/// POST `/admin/accounts/delete`, with the account's name `typed`.
pub fn delete(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let account = named(of, fields)?;
    if fields.get("typed").unwrap_or_default().trim() != account.name {
        return done(&account.id, "kept");
    }
    let entry = of.entry(audit::ORGANIZATIONS, "RemoveAccountFromOrganization", details(&account));
    of.instance.store.delete_account(&account.id, &entry)?;
    Ok(see_other("/admin/accounts"))
}

fn done(id: &str, what: &str) -> Answer {
    Ok(see_other(&way("/admin/accounts/account", [("id", id), ("done", what)])))
}

fn details(account: &Account) -> serde_json::Value {
    json!({ "account_id": account.id, "AccountName": account.name, "OrganizationalUnit": account.ou })
}

/// The path of a unit, without the root's name and without what surrounds its names.
pub fn unit_path(typed: &str) -> String {
    let names: Vec<&str> = typed.split('/').map(str::trim).filter(|name| !name.is_empty()).collect();
    let below = if names.first() == Some(&ROOT) { names.get(1..).unwrap_or_default() } else { &names };
    below.join("/")
}

fn read(fields: &Fields, id: String, mistakes: &mut Mistakes) -> Account {
    let typed = |name: &str| fields.get(name).unwrap_or_default().trim().to_owned();
    let (name, email) = (typed("name"), typed("email"));
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        mistakes.add("name", "Give the account a name of 1 to 50 characters, such as payments-prod.");
    }
    if !is_email(&email) {
        mistakes
            .add("email", "Give the address of the account's root user, such as aws-payments@example.com.");
    }
    let path = unit_path(&typed("ou"));
    Account { id, name, email, ou: if path.is_empty() { ROOT.to_owned() } else { path } }
}

fn form(
    of: &Administrator<'_>,
    action: &'static str,
    fields: &Fields,
    known: Option<&Account>,
) -> Result<Form, PageError> {
    let line = |name: &'static str, label: &str, known: Option<&str>| {
        let field = Field::line(name, label, fields);
        Field { value: known.map_or(field.value.clone(), str::to_owned), ..field }
    };
    let id = line("id", "Account ID", None).hint("12 digits.");
    let id =
        if action == NEW { id.of(Kind::Required) } else { id.hint("It cannot be changed.").of(Kind::Fixed) };
    let units = of.instance.store.organizational_units()?;
    let chosen = unit_path(known.map_or(fields.get("ou").unwrap_or_default(), |account| &account.ou));
    let mut paths: Vec<String> =
        units.into_iter().map(|unit| unit.path).filter(|path| !path.is_empty()).collect();
    paths.extend(Some(chosen.clone()).filter(|path| !path.is_empty() && !paths.contains(path)));
    let units = paths.into_iter().map(|path| (path.clone(), path));
    let units = std::iter::once((ROOT.to_owned(), ROOT.to_owned())).chain(units).collect();
    let ou = Field {
        value: if chosen.is_empty() { ROOT.to_owned() } else { chosen },
        ..line("ou", "Organizational unit", None)
            .hint("Roles in accounts below a unit called Production are marked as production.")
            .of(Kind::Choice(units))
    };
    let all = vec![
        id,
        line("name", "Name", known.map(|account| account.name.as_str())).of(Kind::Required),
        line("email", "Email address", known.map(|account| account.email.as_str()))
            .hint("The root user's address.")
            .of(Kind::Required),
        ou,
    ];
    let submit = if action == NEW { "Add account" } else { "Save changes" };
    Ok(Form { action, fields: all, submit, ..Form::default() })
}
