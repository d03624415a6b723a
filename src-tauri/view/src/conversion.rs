//! Profiles of the config file given a session of their own section: the question before, and what can be
//! undone after.

use crate::{
    ui_import::{UiConversion, UiConverted, UiDiffKind, UiDiffLine},
    words::{clock, count, first_and_more},
};
use engine::{
    Snapshot,
    model::aws_config::{Conversion, Converted, DiffLine, UNDO_FOR},
};
use jiff::tz::TimeZone;

/// The exact change, and what it means.
pub(crate) fn conversion(plan: &Conversion) -> UiConversion {
    let path = plan.path.display();
    let many = count(plan.profiles.len(), "profile");
    let mut used: Vec<&str> = plan.profiles.iter().map(|(_, session)| session.as_str()).collect();
    used.sort_unstable();
    used.dedup();
    let logins: Vec<String> = used.iter().map(|name| format!("aws sso login --sso-session {name}")).collect();
    UiConversion {
        title: format!("Change {path}?"),
        body: format!(
            "{many}: the start URL and its region move into {}. All else in the file stays as it is, byte for byte. \
             A dated backup is made beside it first, and Activity can undo this for 30 days.",
            match (plan.added.as_slice(), used.as_slice()) {
                ([], [one]) => format!("[sso-session {one}], which is there already"),
                ([], _) => "sections that are there already".to_owned(),
                ([one], [_]) => format!("a section of their own, [sso-session {one}]"),
                _ => format!("{} of their own", count(used.len(), "section")),
            }
        ),
        effect: format!(
            "The AWS CLI needs version 2.9 or newer for this form, and asks you to sign in once more: {}.",
            logins.join(", ")
        ),
        diff: plan.diff.iter().map(line).collect(),
        seen: plan.seen.clone(),
        button: format!("Convert {many}"),
    }
}

fn line(line: &DiffLine) -> UiDiffLine {
    let (kind, number, text) = match line {
        DiffLine::Kept(number, text) => (UiDiffKind::Kept, Some(*number), text.clone()),
        DiffLine::Removed(number, text) => (UiDiffKind::Removed, Some(*number), Some(text.clone())),
        DiffLine::Added(text) => (UiDiffKind::Added, None, Some(text.clone())),
        DiffLine::Skipped => (UiDiffKind::Skipped, None, Some(String::new())),
    };
    UiDiffLine { kind, line: number, hidden: text.is_none(), text: text.unwrap_or_default() }
}

/// What can be undone, newest first.
pub(crate) fn undoable(s: &Snapshot, zone: &TimeZone) -> Vec<UiConverted> {
    let one = |Converted { entry, at, path, backup, profiles, .. }: &Converted| {
        let names = first_and_more(profiles.iter().map(String::as_str));
        let end = at.checked_add(UNDO_FOR).unwrap_or(*at);
        UiConverted {
            entry: *entry,
            text: format!(
                "{names} {} converted in {}, {}.",
                if profiles.len() == 1 { "was" } else { "were" },
                path.display(),
                clock(s.at, *at, zone)
            ),
            question: format!(
                "{names} {} back the form that {} before, from {}. What others changed in other places of the file \
                 stays. This can be done until {}.",
                if profiles.len() == 1 { "gets" } else { "get" },
                if profiles.len() == 1 { "it had" } else { "they had" },
                backup.display(),
                clock(s.at, end, zone)
            ),
        }
    };
    s.conversions.iter().map(one).collect()
}
