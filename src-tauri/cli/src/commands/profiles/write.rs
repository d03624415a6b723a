//! Showing a change of the config file, asking, and making it.

use super::words;
use crate::{args::profiles::Consent, find::Stop, out};
use adapters::profiles::{AwsProfiles, ManagedPlan, Removal, Wish};
use jiff::Timestamp;
use std::io::{self, BufRead, IsTerminal};

/// Does it, or says what it would be. `more` are further members for those who read JSON. Gives whether the
/// file is as it shall be.
pub fn carry_out(
    files: &AwsProfiles,
    wishes: &[Wish],
    removals: &[Removal],
    consent: Consent,
    json: bool,
    more: serde_json::Value,
) -> Result<bool, Stop> {
    let plan = files.plan(wishes, removals).map_err(|error| words::not_changed(&error))?;
    let mut told = Told { plan: &plan, backup: None, written: false, more, json };
    if plan.diff.is_empty() {
        told.tell("Nothing to change.");
        return Ok(true);
    }
    if consent.dry_run {
        if !json {
            show(&plan, io::stdout().is_terminal(), out::line);
        }
        told.tell("Nothing was written.");
        return Ok(false);
    }
    if !json {
        show(&plan, io::stderr().is_terminal(), out::tell);
    }
    if !consent.yes {
        agree(&format!("Write this to {}?", files.path()))?;
    }
    let now = now();
    let written = files.write(wishes, removals, &plan, now).map_err(|error| words::not_changed(&error))?;
    told.written = true;
    told.backup = written.backup.map(|path| path.display().to_string());
    let copy = told.backup.as_ref().map(|path| format!(" The file as it was: {path}")).unwrap_or_default();
    told.tell(&format!("{}.{copy}", counted(&plan)));
    Ok(true)
}

/// Asks; where nobody can be asked, it is a no.
pub fn agree(question: &str) -> Result<(), Stop> {
    if !out::can_ask() {
        let next = "Confirm with --yes, or look at the change with --dry-run.";
        return Err(Stop::new("not_confirmed", "Nothing was written: this has to be confirmed", next));
    }
    if yes(question) {
        Ok(())
    } else {
        Err(Stop::new("not_confirmed", "Not confirmed", "Nothing was written."))
    }
}

/// Asks somebody who is there.
pub fn yes(question: &str) -> bool {
    out::tell(&format!("{question} [y/N]"));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[expect(clippy::disallowed_methods, reason = "the date of a copy that a person asked for now")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

struct Told<'a> {
    plan: &'a ManagedPlan,
    backup: Option<String>,
    written: bool,
    more: serde_json::Value,
    json: bool,
}

impl Told<'_> {
    fn tell(&self, text: &str) {
        if !self.json {
            return out::tell(text);
        }
        let ManagedPlan { added, changed, removed, unchanged, diff, .. } = self.plan;
        let mut value = serde_json::json!({
            "added": added, "changed": changed, "removed": removed, "unchanged": unchanged,
            "diff": diff, "written": self.written, "backup": self.backup,
        });
        if let (Some(into), Some(more)) = (value.as_object_mut(), self.more.as_object()) {
            into.extend(more.clone());
        }
        out::json(&value);
    }
}

fn show(plan: &ManagedPlan, coloured: bool, line: impl Fn(&str)) {
    let coloured = coloured && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
    for text in &plan.diff {
        let colour = match text.as_bytes().first() {
            Some(b'+') => "32",
            Some(b'-') => "31",
            Some(b'@') => "36",
            _ => "",
        };
        if coloured && !colour.is_empty() {
            line(&format!("\u{1b}[{colour}m{text}\u{1b}[0m"));
        } else {
            line(text);
        }
    }
}

fn counted(plan: &ManagedPlan) -> String {
    let part = |names: &[String], what: &str| match names {
        [] => None,
        [one] => Some(format!("{one} {what}")),
        several => Some(format!("{} profiles {what}", several.len())),
    };
    let parts: Vec<String> =
        [part(&plan.added, "added"), part(&plan.changed, "changed"), part(&plan.removed, "removed")]
            .into_iter()
            .flatten()
            .collect();
    parts.join(", ")
}
