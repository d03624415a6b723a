//! Whether Activity is what was written, in words.

use crate::{
    ask::UiRequest,
    problem::{About, asks, problem},
    ui_activity::UiRecord,
    ui_state::UiProblem,
};
use engine::{Snapshot, ports::RecordCheck};

/// The line over Activity, and what is wrong.
pub(crate) fn record(s: &Snapshot) -> UiRecord {
    let mut shown = UiRecord {
        text: "The record was not checked yet".into(),
        checked: None,
        checking: s.record.checking,
        note: String::new(),
        problem: None,
    };
    if s.record.checking {
        shown.text = "Checking the record".into();
    }
    let Some((at, found)) = &s.record.checked else { return shown };
    shown.checked = Some(at.as_millisecond());
    shown.text = match found {
        Ok(RecordCheck::Intact { late, .. }) => {
            shown.note = match late {
                0 => String::new(),
                1 => "1 entry was stored before it could be sealed, so that it is not covered.".into(),
                n => format!(
                    "{} entries were stored before they could be sealed, so that they are not covered.",
                    grouped(*n)
                ),
            };
            "Record chain intact".into()
        }
        Ok(RecordCheck::Broken { entry }) => {
            shown.problem = Some(broken(*entry));
            "Record chain broken".into()
        }
        Ok(RecordCheck::Unsealed) => {
            shown.note = "It is sealed as soon as your keyring opens.".into();
            "Record not sealed".into()
        }
        Err(code) => {
            let found = problem(code, &About { again: Some(UiRequest::CheckRecord), ..About::default() });
            shown.problem = Some(UiProblem { title: "The record could not be checked".into(), ..found });
            "Record not checked".into()
        }
    };
    shown
}

fn broken(entry: i64) -> UiProblem {
    let number = grouped(u64::try_from(entry).unwrap_or_default());
    UiProblem {
        title: format!("The record was changed outside Latchkey at entry {number}"),
        meaning: "Entries after it cannot be trusted.".into(),
        next: "Export it if you want to look into it, then clear it to begin anew.".into(),
        buttons: vec![asks("Check again", UiRequest::CheckRecord)],
        details: String::new(),
    }
}

/// `1 204`, with a space that does not break.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_threes() {
        for (n, text) in [(4, "4"), (999, "999"), (1204, "1 204"), (1_234_567, "1 234 567")] {
            assert_eq!(grouped(n).replace('\u{a0}', " "), text);
        }
    }
}
