//! Activity as a file: for spreadsheets, or one JSON value a line. No secret is in an entry.

use crate::ui_activity::{UiActivity, UiExportFormat};
use engine::model::history::Entry;

/// What a spreadsheet takes for a formula at the start of a cell.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The first lines.
pub(crate) fn head(format: UiExportFormat) -> String {
    match format {
        UiExportFormat::Csv => row(&["Time", "Event", "Account and role", "Requested by", "Result", "Entry"]),
        UiExportFormat::JsonLines => String::new(),
    }
}

/// Adds one entry.
pub(crate) fn add(text: &mut String, format: UiExportFormat, entry: &Entry, line: &UiActivity) {
    match format {
        UiExportFormat::Csv => {
            let by = line.by.word();
            let result = if line.ok { "OK" } else { "Failed" };
            let (at, id) = (entry.at.to_string(), entry.id.to_string());
            let subject = line.subject.as_deref().unwrap_or_default();
            text.push_str(&row(&[&at, &line.sentence, subject, by, result, &id]));
        }
        UiExportFormat::JsonLines => {
            text.push_str(&serde_json::to_string(entry).unwrap_or_default());
            text.push('\n');
        }
    }
}

/// As RFC 4180 has it. A name that an administrator chose must not become a formula in a spreadsheet: an
/// apostrophe before it makes it text.
fn row(cells: &[&str]) -> String {
    let cell = |text: &&str| {
        let guard = if text.starts_with(FORMULA) { "'" } else { "" };
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    };
    let mut row = cells.iter().map(cell).collect::<Vec<_>>().join(",");
    row.push_str("\r\n");
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for bad in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(row(&[bad]), format!("\"'{bad}\"\r\n"), "{bad:?}");
        }
        assert_eq!(row(&["a-b", "say \"hi\", twice", ""]), "\"a-b\",\"say \"\"hi\"\", twice\",\"\"\r\n");
    }
}
