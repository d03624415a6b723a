//! `/admin/accounts/aws`: real AWS accounts. What is set up, which roles need attention, and what came and went at
//! AWS Organizations; and what the page of an account says of its roles.

use serde_json::json;

use super::{
    Administrator, Answer, accounts, gone, moment,
    page::{Button, Cell, Form, Link, Page, Part, Table, Tone, way},
    permission_sets,
};
use crate::{
    audit, aws,
    fields::Fields,
    organisation::Account,
    signin::{PageError, see_other},
    store::{AwsRole, AwsRoleState, Synced},
};

/// Where it is.
pub const PAGE: &str = "/admin/accounts/aws";
/// Where its forms go.
pub const SYNC: &str = "/admin/accounts/aws/sync";
/// The same.
pub const CHECK: &str = "/admin/accounts/aws/check";
/// The same.
pub const REAPPLY: &str = "/admin/accounts/aws/reapply";
/// Roles and looks that are shown.
const MOST: u32 = 200;
const LOOKS: u32 = 20;

/// GET `/admin/accounts/aws`.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let page = Page::new("Roles at AWS").below("/admin/accounts", "AWS accounts");
    let Some(aws) = &of.instance.aws else {
        let text = "The accounts here are the sandbox's: credentials are this server's own and open nothing at AWS. \
                    To use real AWS accounts, add [aws] to the configuration file and start the server again.";
        return Ok(page.with(Part::Note(text.to_owned())).show(of));
    };
    let store = &of.instance.store;
    let done = match fields.get("done") {
        Some("sync") => Some("AWS Organizations is being read. Load this page again in a few seconds."),
        Some("check") => Some("The roles are being looked at. Load this page again in a minute."),
        Some("reapply") => Some("The role is being made again. Load this page again in a few seconds."),
        _ => None,
    };
    let (good, known) = store.count_aws_roles()?;
    let syncs = store.syncs(LOOKS)?;
    let last = syncs.first();
    let config = &aws.config;
    let import = if config.import_accounts {
        format!("every {} min", config.sync_minutes)
    } else {
        "off: accounts are added here".to_owned()
    };
    let mut facts = vec![
        ("Roles as they should be", format!("{good} of {known}")),
        ("Region", config.region.clone()),
        (
            "Credentials",
            config.profile.as_ref().map_or("default chain".to_owned(), |it| format!("profile {it}")),
        ),
        ("Role in each account", config.member_role.clone()),
        ("Identity provider", aws::issuer_url(of.instance)),
        ("Accounts from AWS Organizations", import),
        ("Roles are looked at", format!("every {} min", config.drift_minutes)),
    ];
    if config.import_accounts {
        facts.push(("Last read", last.map_or("not yet".to_owned(), |last| moment(last.moment))));
    }
    let trouble = last.and_then(|last| last.failure.as_ref()).map(|failure| {
        let text = format!("AWS Organizations could not be read; the accounts are as they were. {failure}");
        Part::Banner(Tone::Error, text)
    });
    let roles = store.aws_roles_needing_attention(MOST)?;
    let page = page
        .with_some(done.map(|text| Part::Banner(Tone::Good, text.to_owned())))
        .with_some(trouble)
        .with(Part::Facts(facts))
        .with_some(config.import_accounts.then(|| button(SYNC, "Read AWS Organizations now")))
        .with(Part::Heading("Roles that need attention".to_owned()))
        .with(button(CHECK, "Look at all roles now"))
        .with(Part::Table(table(of, &roles, true)?))
        .with(Part::Heading("What came and went".to_owned()))
        .with(Part::Table(history(&syncs)));
    Ok(page.show(of))
}

fn button(action: &'static str, submit: &'static str) -> Part {
    Part::Form(Form { action, submit, ..Form::default() })
}

fn history(syncs: &[Synced]) -> Table {
    let line = |synced: &Synced| {
        let told =
            |word: &str, all: &[String]| (!all.is_empty()).then(|| format!("{word} {}", all.join(", ")));
        let parts = [
            told("Came:", &synced.came),
            told("Left or suspended:", &synced.went),
            told("Changed:", &synced.changed),
            synced.failure.clone(),
        ];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(". ");
        vec![Cell::text(moment(synced.moment)), Cell::text(text)]
    };
    Table {
        caption: "What was found at AWS Organizations".to_owned(),
        columns: vec!["Read", "Found"],
        rows: syncs.iter().filter(|synced| !synced.is_quiet()).map(line).collect(),
        empty: "Nothing has come or gone.",
        ..Table::default()
    }
}

fn table(of: &Administrator<'_>, roles: &[AwsRole], with_account: bool) -> Result<Table, PageError> {
    let store = &of.instance.store;
    let mut rows = Vec::new();
    for role in roles {
        let account = store.account(&role.account_id)?;
        let set = store.permission_set(&role.permission_set)?;
        let place = match &account {
            Some(account) => Cell::Link(Link::new(accounts::way_to(&account.id), &account.name)),
            None => Cell::Code(role.account_id.clone()),
        };
        let named = match &set {
            Some(set) => Cell::Link(Link::new(permission_sets::way_to(&set.arn), &set.name)),
            None => Cell::text("deleted"),
        };
        let (chip, why) = match role.state {
            AwsRoleState::Applied => match (&role.failure, role.drift.as_slice()) {
                (None, []) => (Cell::Chip(Tone::Good, "OK"), role.role_name.clone()),
                // What was seen before holds until it can be looked at again.
                (Some(why), drift) => (
                    Cell::Chip(Tone::Warning, "NOT CHECKED"),
                    [std::slice::from_ref(why), drift].concat().join(" "),
                ),
                (None, drift) => (Cell::Chip(Tone::Warning, "CHANGED AT AWS"), drift.join(" ")),
            },
            state => {
                let failure = role.failure.clone().unwrap_or_default();
                let why = format!("{}. Next try: {}.", failure.trim_end_matches('.'), moment(role.next_try));
                let why = if role.attempts == 0 { "It is being made again.".to_owned() } else { why };
                let failed = state == AwsRoleState::Failed;
                let (tone, word) = if failed { (Tone::Error, "FAILED") } else { (Tone::Warning, "RETRYING") };
                (Cell::Chip(tone, word), why)
            }
        };
        let what = set.as_ref().map_or(role.role_name.as_str(), |set| set.name.as_str());
        let again = Cell::Button(Button {
            action: REAPPLY,
            hidden: vec![("id", role.account_id.clone()), ("set", role.permission_set.clone())],
            text: "Reapply",
            label: format!("Reapply {what} in account {}", role.account_id),
        });
        let mut row = if with_account { vec![place] } else { vec![] };
        row.extend([named, chip, Cell::text(why), again]);
        rows.push(row);
    }
    let mut columns = if with_account { vec!["Account"] } else { vec![] };
    columns.extend(["Permission set", "State", "What AWS has", "Action"]);
    Ok(Table {
        caption: if with_account { "Roles that need attention" } else { "Roles at AWS" }.to_owned(),
        columns,
        rows,
        empty: if with_account {
            "All roles are as they should be."
        } else {
            "There is no role in this account. One comes with the first assignment of a permission set."
        },
        ..Table::default()
    })
}

/// What the page of an account says of AWS.
pub fn of_account(of: &Administrator<'_>, account: &Account) -> Result<Vec<Part>, PageError> {
    let mut parts = Vec::new();
    if let Some(absence) = of.instance.store.absence(&account.id)? {
        let what = if absence.is_suspended { "was suspended at AWS" } else { "left the organization" };
        let text = format!(
            "This account {what} ({}). Its assignments are kept, and nobody gets in by them until it is back.",
            moment(absence.since)
        );
        parts.push(Part::Banner(Tone::Warning, text));
    }
    if of.instance.aws.is_some() {
        let roles = of.instance.store.aws_roles_in(&account.id)?;
        parts.push(Part::Heading("Roles at AWS".to_owned()));
        parts.push(Part::Table(table(of, &roles, false)?));
    }
    Ok(parts)
}

/// POST `/admin/accounts/aws/sync`.
pub fn sync(of: &Administrator<'_>, _: &Fields) -> Answer {
    let aws = of.instance.aws.as_ref().ok_or_else(|| gone("connection to AWS"))?;
    aws.sync_wanted.notify_one();
    Ok(see_other(&way(PAGE, [("done", "sync")])))
}

/// POST `/admin/accounts/aws/check`.
pub fn check(of: &Administrator<'_>, _: &Fields) -> Answer {
    let aws = of.instance.aws.as_ref().ok_or_else(|| gone("connection to AWS"))?;
    of.instance.store.check_aws_roles()?;
    aws.roles_wanted.notify_one();
    Ok(see_other(&way(PAGE, [("done", "check")])))
}

/// POST `/admin/accounts/aws/reapply`, with the account as `id` and the permission set as `set`.
pub fn reapply(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let aws = of.instance.aws.as_ref().ok_or_else(|| gone("connection to AWS"))?;
    let (account, set) = (fields.get("id").unwrap_or_default(), fields.get("set").unwrap_or_default());
    let name = of.instance.store.permission_set(set)?.map(|set| set.name);
    let details = json!({ "account_id": account, "PermissionSetArn": set, "role_name": name });
    let entry = of.entry(audit::SSO, "ReapplyRole", details);
    if !of.instance.store.reapply_aws_role(account, set, &entry)? {
        return Err(gone("role"));
    }
    aws.roles_wanted.notify_one();
    Ok(see_other(&way(PAGE, [("done", "reapply")])))
}
