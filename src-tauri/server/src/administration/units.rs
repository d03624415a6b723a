//! Organizational units: the tree that accounts stand in.

use serde_json::json;

use super::{
    Administrator, Answer,
    account_form::unit_path,
    gone,
    page::{Field, Form, Kind, Mistakes, Page, Part, Tone, way},
};
use crate::{
    audit,
    fields::Fields,
    organisation::{OrganizationalUnit, ROOT},
    signin::{PageError, see_other},
};

const NEW: &str = "/admin/accounts/new-unit";
/// The longest name of a unit (AWS Organizations API, `OrganizationalUnitName`).
const LONGEST_NAME: usize = 128;
/// How deep units may stand below the root (AWS Organizations User Guide, quotas).
const DEEPEST: usize = 5;

/// GET `/admin/accounts/new-unit`, perhaps with the path of the unit `above`.
pub fn show_new(of: &Administrator<'_>, fields: &Fields) -> Answer {
    Ok(page(form(of, fields)?, None).show(of))
}

fn page(form: Form, banner: Option<Part>) -> Page {
    Page::new("Create an organizational unit")
        .below("/admin/accounts", "AWS accounts")
        .with_some(banner)
        .with(Part::Form(form))
}

fn form(of: &Administrator<'_>, fields: &Fields) -> Result<Form, PageError> {
    let units = of.instance.store.organizational_units()?;
    let below =
        units.into_iter().filter(|unit| !unit.path.is_empty()).map(|unit| (unit.path.clone(), unit.path));
    let all = std::iter::once((ROOT.to_owned(), ROOT.to_owned())).chain(below).collect();
    Ok(Form {
        action: NEW,
        fields: vec![
            Field::line("name", "Name", fields)
                .hint("Such as Production. Access can be given for all accounts in a unit at once.")
                .of(Kind::Required),
            Field::line("above", "Below", fields).of(Kind::Choice(all)),
        ],
        submit: "Create unit",
        ..Form::default()
    })
}

/// POST `/admin/accounts/new-unit`.
pub fn create(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let mut mistakes = Mistakes::default();
    let (name, above) =
        (fields.get("name").unwrap_or_default().trim(), unit_path(fields.get("above").unwrap_or_default()));
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains('/') || name == ROOT {
        mistakes.add("name", "Give the unit a name of 1 to 128 characters without a slash, other than Root.");
    }
    let path = if above.is_empty() { name.to_owned() } else { format!("{above}/{name}") };
    if path.matches('/').count() >= DEEPEST {
        mistakes.add("above", "Units stand at most five deep. Choose one further up.");
    }
    if mistakes.is_empty() {
        let id_of = |path: &str| of.instance.ids().unit(path);
        let entry = of.entry(audit::ORGANIZATIONS, "CreateOrganizationalUnit", details(&id_of(&path), &path));
        if of.instance.store.add_unit(&path, &id_of, &entry)? {
            return Ok(see_other(&way("/admin/accounts", [("done", "unit-created")])));
        }
        mistakes.add("name", "There is a unit of this name already. Choose a different one.");
    }
    let mut form = form(of, fields)?;
    mistakes.mark(&mut form);
    Ok(page(form, mistakes.banner()).show_as(of, mistakes.status()))
}

/// POST `/admin/accounts/delete-unit`, with the unit's id as `unit`.
pub fn delete(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let id = fields.get("unit").unwrap_or_default();
    let units = of.instance.store.organizational_units()?;
    let unit = units.into_iter().find(|unit| unit.id == id).ok_or_else(|| gone("organizational unit"))?;
    let entry = of.entry(audit::ORGANIZATIONS, "DeleteOrganizationalUnit", details(&unit.id, &unit.path));
    let done = if of.instance.store.delete_unit(id, &entry)? { "unit-deleted" } else { "unit-in-use" };
    Ok(see_other(&way("/admin/accounts", [("done", done)])))
}

fn details(id: &str, path: &str) -> serde_json::Value {
    json!({ "OrganizationalUnitId": id, "OrganizationalUnit": path })
}

/// What became of a unit a moment ago.
pub fn done(fields: &Fields) -> Option<Part> {
    let (tone, text) = match fields.get("done")? {
        "unit-created" => (Tone::Good, "The unit is created. Add accounts to it, or move some there."),
        "unit-deleted" => (Tone::Good, "The unit is deleted."),
        "unit-in-use" => {
            let text = "The unit was not deleted: accounts or other units stand in it. Move them first.";
            (Tone::Error, text)
        }
        _ => return None,
    };
    Some(Part::Banner(tone, text.to_owned()))
}

/// A unit's page and its way in the tree.
pub fn way_to(unit: &OrganizationalUnit) -> String {
    way("/admin/accounts", [("unit", unit.id.as_str())])
}

/// Whether anything keeps a unit from being deleted, as far as the tree tells.
pub fn has_units(all: &[OrganizationalUnit], unit: &OrganizationalUnit) -> bool {
    all.iter().any(|other| other.parent.as_deref() == Some(unit.id.as_str()))
}
