//! The change as a person reads it: a unified diff.

use super::{KEYS, marker};
use crate::{
    document::Document,
    import::{Outline, shown},
};
use similar::{ChangeTag, TextDiff};
use std::{collections::HashSet, path::Path, time::Duration};

/// So many unchanged lines are shown around a change.
const AROUND: usize = 2;
/// After so long a diff that is right but not the shortest will do.
const PATIENCE: Duration = Duration::from_secs(2);
/// What stands for a line that may be a secret.
const HIDDEN: &str = "(a line that may be a secret is not shown)";
/// Keys of ours whose values may hold a secret where somebody else wrote them.
const TRUSTED_IN_OURS: [&str; 2] = ["credential_process", "external_id"];
/// Keys that are no secret, besides ours.
const PLAIN: [&str; 6] =
    ["region", "output", "sso_registration_scopes", "mfa_serial", "role_session_name", "duration_seconds"];

/// The lines of our own sections that are shown as they are: of a neighbour's the same keys may hold a token.
pub(super) fn own_lines(document: &Document) -> HashSet<String> {
    let sections = Outline::of(document).profiles.into_iter();
    let ours = sections.filter(|(name, section)| marker::of(document, section, name).is_some());
    ours.flat_map(|(_, section)| {
        let first = |key: &&str| document.lines_of(&section, key).first().copied();
        let lines: Vec<usize> = TRUSTED_IN_OURS.iter().filter_map(first).collect();
        lines.into_iter().map(|line| String::from_utf8_lossy(document.line_text(line)).trim().to_owned())
    })
    .collect()
}

/// The lines of a unified diff; none when nothing changes. `own` is [`own_lines`] of both sides.
pub(super) fn unified(path: &Path, before: &[u8], after: &[u8], own: &HashSet<String>) -> Vec<String> {
    if before == after {
        return Vec::new();
    }
    let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before.as_ref(), after.as_ref());
    let mut lines = vec![format!("--- {}", path.display()), format!("+++ {}", path.display())];
    let mut unified = diff.unified_diff();
    for hunk in unified.context_radius(AROUND).iter_hunks() {
        lines.push(hunk.header().to_string());
        for change in hunk.iter_changes() {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            let text = change.value().trim_end_matches(['\n', '\r']);
            // Nothing in a file may steer a terminal.
            let text: String =
                visible(text, own).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            lines.push(format!("{sign}{text}"));
        }
    }
    lines
}

fn visible<'a>(line: &'a str, own: &HashSet<String>) -> &'a str {
    let key = line.split_once(['=', ':']).map(|(key, _)| key.trim().to_ascii_lowercase());
    let plain = key.is_some_and(|key| match key.as_str() {
        key if TRUSTED_IN_OURS.contains(&key) => own.contains(line.trim()),
        key => KEYS.contains(&key) || PLAIN.contains(&key),
    });
    let ours = line.trim().is_empty() || line.trim_start().starts_with('[') || marker::is_marker(line);
    if plain || ours || shown(line).is_some() { line } else { HIDDEN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_with_what_stands_around_and_no_secret() {
        let before = "[profile a]\naws_secret_access_key = wJalrXUtnFEMI\nregion = x\n";
        let after = "[profile a]\naws_secret_access_key = wJalrXUtnFEMI\nregion = y\n\n[profile payments-prod-ReadOnly]\n";
        let none = HashSet::new();
        let diff = unified(Path::new("/h/.aws/config"), before.as_bytes(), after.as_bytes(), &none);
        assert_eq!(
            diff,
            [
                "--- /h/.aws/config",
                "+++ /h/.aws/config",
                "@@ -1,3 +1,5 @@",
                " [profile a]",
                " (a line that may be a secret is not shown)",
                "-region = x",
                "+region = y",
                "+",
                "+[profile payments-prod-ReadOnly]",
            ]
        );
        assert!(unified(Path::new("/h"), b"x\xff", b"x\xff", &none).is_empty());
    }
}
