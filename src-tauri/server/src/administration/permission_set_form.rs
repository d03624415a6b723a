//! Creating and editing a permission set.

use axum::response::Response;
use jiff::SignedDuration;

use super::{
    Administrator, Answer,
    page::{Field, Form, Kind, Mistakes, Page, Part, way},
    permission_sets::{self, details, duration, reference},
};
use crate::{
    audit,
    domain::{
        managed_policies,
        policies::{self, JOB_FUNCTIONS},
    },
    fields::Fields,
    organisation::{Boundary, PermissionSet, Policies},
    signin::{PageError, see_other},
};

const PAGE: &str = "/admin/permission-sets/edit";

/// GET `/admin/permission-sets/edit`, with the ARN of one as `id` or without for a new one.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let known = known(of, fields)?;
    // Filled in as it was before a new sign-in, or as it is.
    let form = match &known {
        Some(set) if fields.get("name").is_none() => form(&written(set), Some(set)),
        known => form(fields, known.as_ref()),
    };
    Ok(page(known.as_ref()).with(Part::Form(form)).show(of))
}

fn known(of: &Administrator<'_>, fields: &Fields) -> Result<Option<PermissionSet>, PageError> {
    fields.get("id").is_some().then(|| permission_sets::named(of, fields)).transpose()
}

fn page(known: Option<&PermissionSet>) -> Page {
    let sets = ("/admin/permission-sets", "Permission sets");
    match known {
        Some(set) => Page::new(format!("Edit {}", set.name))
            .below(sets.0, sets.1)
            .below(permission_sets::way_to(&set.arn), &set.name),
        None => Page::new("Create a permission set").below(sets.0, sets.1),
    }
}

/// POST `/admin/permission-sets/edit`.
pub fn save(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let known = known(of, fields)?;
    let mut mistakes = Mistakes::default();
    if let Some(another) = fields.get("another").filter(|_| fields.get("go") == Some("add")) {
        return Ok(with_another(of, fields, known.as_ref(), another.trim()));
    }
    if let Some(set) = read(of, fields, known.as_ref(), &mut mistakes).filter(|_| mistakes.is_empty()) {
        let name = if known.is_some() { "UpdatePermissionSet" } else { "CreatePermissionSet" };
        let entry = of.entry(audit::SSO, name, details(&set));
        if of.instance.store.put_permission_set(&set, &entry)? {
            let done = if known.is_some() { "saved" } else { "created" };
            let back = [("id", set.arn.as_str()), ("done", done)];
            return Ok(see_other(&way("/admin/permission-sets/set", back)));
        }
        mistakes.add("name", "Another permission set has this name. Choose a different one.");
    }
    let mut form = form(fields, known.as_ref());
    mistakes.mark(&mut form);
    let page = page(known.as_ref()).with_some(mistakes.banner());
    Ok(page.with(Part::Form(form)).show_as(of, mistakes.status()))
}

/// The form with one more policy in its list, or with what is wrong with that policy.
fn with_another(
    of: &Administrator<'_>,
    fields: &Fields,
    known: Option<&PermissionSet>,
    another: &str,
) -> Response {
    let mut mistakes = Mistakes::default();
    let is_good = mistakes.take("another", policies::managed(another)).is_some();
    let moved = ["managed", "another", "go", "csrf"];
    let kept = fields.pairs().filter(|(name, _)| !is_good || !moved.contains(name));
    let mut kept: Vec<(&str, String)> = kept.map(|(name, value)| (name, value.to_owned())).collect();
    if is_good {
        let lines = format!("{}\n{another}", fields.get("managed").unwrap_or_default());
        kept.push(("managed", lines.trim_start().to_owned()));
    }
    let mut form = form(&Fields::of(kept), known);
    mistakes.mark(&mut form);
    let page = page(known).with_some(mistakes.banner());
    page.with(Part::Form(form)).show_as(of, mistakes.status())
}

fn read(
    of: &Administrator<'_>,
    fields: &Fields,
    known: Option<&PermissionSet>,
    mistakes: &mut Mistakes,
) -> Option<PermissionSet> {
    let typed = |name: &str| fields.get(name).unwrap_or_default().trim();
    let good = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    let name = known.map_or(typed("name"), |set| &set.name);
    if !(1..=32).contains(&name.len()) || !name.bytes().all(good) {
        mistakes.add("name", "A name has 1 to 32 letters, digits and _+=,.@- without spaces.");
    }
    if typed("description").chars().count() > 700 {
        mistakes.add("description", "A description has at most 700 characters.");
    }
    if typed("relay_state").chars().count() > 240 {
        mistakes.add("relay_state", "This has more than 240 characters.");
    }
    let minutes: Option<i64> = typed("session").parse().ok();
    let as_it_was = known.map(|set| set.session_duration.as_mins());
    let allowed = |minutes: &i64| (60..=720).contains(minutes) || as_it_was == Some(*minutes);
    let minutes = mistakes.take("session", minutes.filter(allowed).ok_or("Choose 1 to 12 hours.".to_owned()));
    let chosen = fields.all("policy").collect::<Vec<_>>().join("\n");
    // What was typed to be added and not added yet is meant, too.
    let another = mistakes.take("another", policies::managed_list(typed("another")));
    let all =
        format!("{chosen}\n{}\n{}", typed("managed"), if another.is_some() { typed("another") } else { "" });
    let managed = mistakes.take("managed", policies::managed_list(&all));
    let customer_managed =
        mistakes.take("customer_managed", policies::customer_managed_list(typed("customer_managed")));
    let inline = mistakes.take("inline", policies::inline(typed("inline")));
    let boundary = mistakes.take("boundary", policies::boundary(typed("boundary_kind"), typed("boundary")));
    let tags = mistakes.take("tags", policies::tags(typed("tags")));
    let policies = Policies {
        managed: managed?,
        customer_managed: customer_managed?,
        inline: inline?,
        boundary: boundary?,
    };
    if let Err(problem) = policies::check_count(&policies) {
        mistakes.add("managed", problem);
    }
    Some(PermissionSet {
        arn: known.map_or_else(|| of.instance.ids().random_permission_set(), |set| set.arn.clone()),
        name: name.to_owned(),
        description: typed("description").to_owned(),
        relay_state: Some(typed("relay_state").to_owned()).filter(|text| !text.is_empty()),
        session_duration: SignedDuration::from_mins(minutes?),
        requires_key: typed("requires_key") == "yes",
        tags: tags?,
        policies,
        revision: known.map_or(1, |set| set.revision),
        created: known.map_or(of.now(), |set| set.created),
    })
}

/// A permission set as it would be typed.
fn written(set: &PermissionSet) -> Fields {
    let policies = &set.policies;
    let is_job = |arn: &&String| JOB_FUNCTIONS.iter().any(|(_, known)| known == arn);
    let lines = |lines: Vec<String>| lines.join("\n");
    let mut fields = vec![
        ("id", set.arn.clone()),
        ("name", set.name.clone()),
        ("description", set.description.clone()),
        ("relay_state", set.relay_state.clone().unwrap_or_default()),
        ("session", set.session_duration.as_mins().to_string()),
        ("requires_key", (if set.requires_key { "yes" } else { "no" }).to_owned()),
        ("managed", lines(policies.managed.iter().filter(|arn| !is_job(arn)).cloned().collect())),
        ("customer_managed", lines(policies.customer_managed.iter().map(reference).collect())),
        ("inline", policies.inline.clone().unwrap_or_default()),
        ("tags", lines(set.tags.iter().map(|(key, value)| format!("{key}={value}")).collect())),
    ];
    fields.extend(policies.managed.iter().filter(is_job).map(|arn| ("policy", arn.clone())));
    match &policies.boundary {
        None => {}
        Some(Boundary::Managed(arn)) => {
            fields.extend([("boundary_kind", "managed".to_owned()), ("boundary", arn.clone())]);
        }
        Some(Boundary::CustomerManaged(policy)) => {
            fields.extend([("boundary_kind", "customer".to_owned()), ("boundary", reference(policy))]);
        }
    }
    Fields::of(fields)
}

fn form(fields: &Fields, known: Option<&PermissionSet>) -> Form {
    let line = |name, label| Field::line(name, label, fields);
    let mut name = line("name", "Name")
        .hint("1 to 32 letters, digits and _+=,.@-. It cannot be changed later.")
        .of(Kind::Required);
    if let Some(set) = known {
        (name.value, name.kind, name.hint) =
            (set.name.clone(), Kind::Fixed, "A name cannot be changed.".into());
    }
    let chosen: Vec<&str> = fields.all("policy").collect();
    let jobs = JOB_FUNCTIONS.map(|(name, arn)| (arn.to_owned(), name.to_owned(), chosen.contains(&arn)));
    let mut lengths: Vec<(String, String)> =
        (1..=12).map(|hours| ((hours * 60).to_string(), format!("{hours} h"))).collect();
    if let Some(set) = known
        .filter(|set| !lengths.iter().any(|(value, _)| *value == set.session_duration.as_mins().to_string()))
    {
        lengths.insert(0, (set.session_duration.as_mins().to_string(), duration(set)));
    }
    let kinds =
        [("", "No boundary"), ("managed", "AWS managed policy"), ("customer", "Customer managed policy")];
    let kinds = kinds.map(|(value, text)| (value.to_owned(), text.to_owned())).to_vec();
    let touch = [("no", "Not required"), ("yes", "A touch is required")];
    let touch = touch.map(|(value, text)| (value.to_owned(), text.to_owned())).to_vec();
    let mut all = vec![
        name,
        line("description", "Description"),
        line("session", "Session duration")
            .hint("How long credentials of a role live.")
            .of(Kind::Choice(lengths)),
        line("requires_key", "Security key")
            .hint("Whether its roles are given out only after a touch of a registered security key, each for 15 minutes.")
            .of(Kind::Choice(touch)),
        Field::many("policy", "Policies for job functions", jobs.to_vec()),
        line("managed", "More AWS managed policies")
            .hint("One a line, by name or ARN, such as AmazonS3ReadOnlyAccess.")
            .of(Kind::Lines),
        line("another", "Find a policy to add").hint("Type a part of its name.").of(Kind::Adds),
        line("customer_managed", "Customer managed policies")
            .hint(
                "One a line, such as MyPolicy or /path/MyPolicy. Every account needs a policy of that name.",
            )
            .of(Kind::Lines),
        line("inline", "Inline policy").hint("A policy in JSON.").of(Kind::Lines),
        line("boundary_kind", "Permissions boundary").of(Kind::Choice(kinds)),
        line("boundary", "Policy of the boundary")
            .hint("The most that roles may do, whatever their policies say.")
            .of(Kind::Suggested),
        line("relay_state", "Console opens at")
            .hint("An address in the AWS console, such as https://console.aws.amazon.com/s3/."),
        line("tags", "Tags").hint("One a line, such as team=payments.").of(Kind::Lines),
    ];
    if let Some(set) = known {
        all.push(Field::hidden("id", &set.arn));
    }
    let submit = if known.is_some() { "Save changes" } else { "Create permission set" };
    Form { action: PAGE, fields: all, submit, suggestions: managed_policies::suggested(), ..Form::default() }
}
