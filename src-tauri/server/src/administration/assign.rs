//! `/admin/assign`: gives access to accounts, in steps: which accounts, who, which permission sets, and a look at
//! all of it. Steps change nothing; what was chosen travels in the address, so that going back loses nothing.

use axum::{http::StatusCode, response::Response};

use super::{
    Administrator, Answer,
    accounts::{assignment_details, depth},
    assign_choices::{Choices, value_of},
    number,
    page::{Cell, Field, Form, Kind, Link, Page, Part, Table, Tone, way},
    users,
};
use crate::{
    audit,
    fields::Fields,
    organisation::{Assignment, Principal},
    signin::{PageError, see_other},
    store::Wanted,
};

/// What a step offers at most; the rest is searched for.
const OFFERED: u32 = 50;
/// Assignments that one form may ask for: they are kept in one transaction while the browser waits.
const MOST: usize = 2000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Accounts,
    Principals,
    Sets,
    Review,
}

impl Step {
    const ALL: [Self; 4] = [Self::Accounts, Self::Principals, Self::Sets, Self::Review];

    fn number(self) -> usize {
        Self::ALL.iter().position(|step| *step == self).unwrap_or_default() + 1
    }

    fn of(fields: &Fields) -> Self {
        let n: usize = fields.get("step").and_then(|n| n.parse().ok()).unwrap_or(1);
        Self::ALL[n.clamp(1, Self::ALL.len()) - 1]
    }

    fn after(self) -> Self {
        Self::ALL.get(self.number()).copied().unwrap_or(self)
    }

    fn before(self) -> Self {
        self.number().checked_sub(2).and_then(|i| Self::ALL.get(i)).copied().unwrap_or(self)
    }

    fn title(self) -> &'static str {
        match self {
            Self::Accounts => "choose accounts",
            Self::Principals => "choose users and groups",
            Self::Sets => "choose permission sets",
            Self::Review => "review",
        }
    }

    /// What the list of steps calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Accounts => "Accounts",
            Self::Principals => "Users and groups",
            Self::Sets => "Permission sets",
            Self::Review => "Review",
        }
    }

    /// What is missing before the next step.
    fn lacks(self, choices: &Choices) -> Option<&'static str> {
        match self {
            Self::Accounts if choices.accounts.is_empty() && choices.units.is_empty() => {
                Some("Choose at least one account or organizational unit.")
            }
            Self::Principals if choices.principals.is_empty() => Some("Choose at least one user or group."),
            Self::Sets if choices.sets.is_empty() => Some("Choose at least one permission set."),
            _ => None,
        }
    }
}

/// GET `/admin/assign`.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let choices = Choices::of(of, fields)?;
    let step = Step::of(fields);
    let words = fields.get("words").unwrap_or_default();
    match fields.get("go") {
        Some("back") => render(of, step.before(), &choices, "", None),
        Some("next") => match step.lacks(&choices) {
            Some(lack) => render(of, step, &choices, words, Some(lack)),
            None => render(of, step.after(), &choices, "", None),
        },
        _ => {
            // Nobody comes to a later step without what it needs.
            let first = Step::ALL.into_iter().find(|step| step.lacks(&choices).is_some());
            let step = first.filter(|first| first.number() < step.number()).unwrap_or(step);
            render(of, step, &choices, words, None)
        }
    }
}

fn render(
    of: &Administrator<'_>,
    step: Step,
    choices: &Choices,
    words: &str,
    lack: Option<&str>,
) -> Result<Response, PageError> {
    let title = format!("Give access, step {} of 4: {}", step.number(), step.title());
    let page = Page::new(title)
        .below("/admin/accounts", "AWS accounts")
        .with(Part::Steps(Step::ALL.map(Step::name).to_vec(), step.number()));
    let status = if lack.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let page = page.with_some(lack.map(|text| Part::Banner(Tone::Error, text.to_owned())));
    let page = match step {
        Step::Review => review(of, page, choices)?,
        _ => page.with(Part::Form(form(of, step, choices, words)?)),
    };
    Ok(page.show_as(of, status))
}

type Options = Vec<(String, String, bool)>;

/// What was chosen, ticked, and after it what is offered besides.
fn ticked(chosen: Options, offered: impl IntoIterator<Item = (String, String)>) -> Options {
    let more: Options = offered
        .into_iter()
        .filter(|(value, _)| !chosen.iter().any(|(known, ..)| known == value))
        .map(|(value, text)| (value, text, false))
        .collect();
    chosen.into_iter().chain(more).collect()
}

fn form(of: &Administrator<'_>, step: Step, choices: &Choices, words: &str) -> Result<Form, PageError> {
    let store = &of.instance.store;
    let search = |label: &str| Field {
        name: "words",
        label: label.to_owned(),
        hint: "The first 50 are listed. What is ticked stays while you search.".into(),
        value: words.to_owned(),
        kind: Kind::Words,
        ..Field::default()
    };
    let (offered, mut fields): (&[&str], Vec<Field>) = match step {
        Step::Accounts | Step::Review => {
            let label = |account: &crate::organisation::Account| {
                (account.id.clone(), format!("{} ({}), {}", account.name, account.id, account.ou))
            };
            let tick = |(value, text): (String, String)| (value, text, true);
            let chosen = choices.accounts.iter().map(label).map(tick).collect();
            let found = store.find_accounts(words, "", OFFERED)?;
            let units = store.organizational_units()?;
            let units = units.iter().map(|unit| {
                let text = format!("{}{}", "\u{2003}".repeat(depth(&unit.path)), unit.name);
                (unit.id.clone(), text, choices.units.iter().any(|known| known.id == unit.id))
            });
            let fields = vec![
                search("Search accounts"),
                Field::many("account", "Accounts", ticked(chosen, found.iter().map(label))),
                Field::many("unit", "All accounts in an organizational unit", units.collect())
                    .hint("The accounts that are in it and below it now. Later ones are not added."),
            ];
            (&["account", "unit"], fields)
        }
        Step::Principals => {
            let chosen = choices.principals.iter();
            let chosen =
                chosen.map(|(principal, label)| (value_of(principal), label.clone(), true)).collect();
            let groups = store
                .find_groups(words, "", OFFERED)?
                .into_iter()
                .map(|group| (value_of(&Principal::Group(group.id)), format!("Group {}", group.name)));
            let users = store.find_users(words, "", OFFERED)?.into_iter().map(|user| {
                (value_of(&Principal::User(user.id.clone())), format!("User {}", users::label(&user)))
            });
            let options = ticked(chosen, groups.chain(users));
            (
                &["principal"],
                vec![
                    search("Search users and groups"),
                    Field::many("principal", "Users and groups", options),
                ],
            )
        }
        Step::Sets => {
            let label = |set: &crate::organisation::PermissionSet| {
                let about =
                    if set.description.is_empty() { String::new() } else { format!(": {}", set.description) };
                (set.arn.clone(), format!("{}{about}", set.name))
            };
            let chosen = choices.sets.iter().map(label).map(|(value, text)| (value, text, true)).collect();
            let found = store.find_permission_sets(words, "", OFFERED)?;
            let options = ticked(chosen, found.iter().map(label));
            (&["set"], vec![search("Search permission sets"), Field::many("set", "Permission sets", options)])
        }
    };
    fields.extend(choices.hidden(offered));
    fields.push(Field::hidden("step", step.number().to_string()));
    let mut others = Vec::new();
    if step != Step::Accounts {
        others.push(("Back", "back"));
    }
    Ok(Form { action: "/admin/assign", is_step: true, fields, submit: "Continue", others, ..Form::default() })
}

fn review(of: &Administrator<'_>, page: Page, choices: &Choices) -> Result<Page, PageError> {
    let accounts = choices.all_accounts(of)?;
    let total = accounts.len() * choices.principals.len() * choices.sets.len();
    let names = |names: Vec<&str>| names.join(", ");
    let facts = vec![
        ("Accounts", accounts.len().to_string()),
        ("Permission sets", names(choices.sets.iter().map(|set| set.name.as_str()).collect())),
        ("For", names(choices.principals.iter().map(|(_, label)| label.as_str()).collect())),
    ];
    let rows = accounts.iter().map(|account| {
        vec![Cell::text(&account.name), Cell::Code(account.id.clone()), Cell::text(&account.ou)]
    });
    let table = Table {
        caption: number(accounts.len(), "account", "accounts"),
        columns: vec!["Account", "Account ID", "Organizational unit"],
        rows: rows.collect(),
        empty: "There is no account in these units. Go back and choose others.",
        ..Table::default()
    };
    let mut page = page.with(Part::Facts(facts)).with(Part::Table(table));
    if total > 0 && total <= MOST {
        let note = format!(
            "This asks for {}. Those that are there already stay as they are.",
            number(total, "assignment", "assignments")
        );
        let mut fields = choices.hidden(&[]);
        fields.push(Field::hidden("step", "4"));
        let others = vec![("Back", "back")];
        let form = Form { action: "/admin/assign", fields, submit: "Give access", others, ..Form::default() };
        return Ok(page.with(Part::Note(note)).with(Part::Form(form)));
    }
    if total > MOST {
        page = page.with(Part::Banner(Tone::Error, too_many(total)));
    }
    Ok(page.with(Part::Links(vec![Link::new(back(choices), "Back")])))
}

/// The step before the last.
fn back(choices: &Choices) -> String {
    let chosen = choices.hidden(&[]);
    let chosen = chosen.iter().map(|field| (field.name, field.value.as_str()));
    way("/admin/assign", chosen.chain([("step", "3")]))
}

fn too_many(total: usize) -> String {
    format!(
        "This would be {total} assignments at once, and at most {MOST} can be made. Go back and choose a group in \
             place of its members, or fewer accounts."
    )
}

/// POST `/admin/assign`.
pub fn submit(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let choices = Choices::of(of, fields)?;
    if let Some(step) = Step::ALL.into_iter().find(|step| step.lacks(&choices).is_some()) {
        return render(of, step, &choices, "", step.lacks(&choices));
    }
    if fields.get("go") == Some("back") {
        return Ok(see_other(&back(&choices)));
    }
    let accounts = choices.all_accounts(of)?;
    let total = accounts.len() * choices.principals.len() * choices.sets.len();
    if total > MOST {
        return render(of, Step::Review, &choices, "", None);
    }
    let mut wanted = Vec::new();
    for account in &accounts {
        for (principal, _) in &choices.principals {
            for set in &choices.sets {
                let assignment = Assignment {
                    account_id: account.id.clone(),
                    permission_set: set.arn.clone(),
                    principal: principal.clone(),
                };
                if of.instance.store.is_assigned(&assignment)? {
                    continue;
                }
                let details = assignment_details(&assignment);
                let entry = of.entry(audit::SSO, "CreateAccountAssignment", details);
                wanted.push((Wanted::Assign(assignment), entry));
            }
        }
    }
    // All of them or none: whoever sees it fail may press again.
    of.instance.request_accesses(wanted)?;
    Ok(see_other("/admin/requests"))
}
