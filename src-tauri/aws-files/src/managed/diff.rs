//! The change as a person reads it: a unified diff.

use super::{KEYS, marker};
use crate::import::shown;
use similar::{ChangeTag, TextDiff};
use std::{path::Path, time::Duration};

/// So many unchanged lines are shown around a change.
const AROUND: usize = 2;
/// After so long a diff that is right but not the shortest will do.
const PATIENCE: Duration = Duration::from_secs(2);
/// What stands for a line that may be a secret.
const HIDDEN: &str = "(a line that may be a secret is not shown)";
/// Keys that are no secret, besides ours.
const PLAIN: [&str; 6] =
    ["region", "output", "sso_registration_scopes", "mfa_serial", "role_session_name", "duration_seconds"];

/// The lines of a unified diff; none when nothing changes.
pub(super) fn unified(path: &Path, before: &[u8], after: &[u8]) -> Vec<String> {
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
            let text: String = visible(text).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            lines.push(format!("{sign}{text}"));
        }
    }
    lines
}

fn visible(line: &str) -> &str {
    let key = line.split_once(['=', ':']).map(|(key, _)| key.trim().to_ascii_lowercase());
    let plain = key.is_some_and(|key| KEYS.contains(&key.as_str()) || PLAIN.contains(&key.as_str()));
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
        let diff = unified(Path::new("/h/.aws/config"), before.as_bytes(), after.as_bytes());
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
        assert!(unified(Path::new("/h"), b"x\xff", b"x\xff").is_empty());
    }
}
