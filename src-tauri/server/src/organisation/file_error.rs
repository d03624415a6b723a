//! Mistakes in files that an administrator wrote: which file, which line, which field.

use std::{fs, io, ops::Range, path::Path};

/// A mistake in an organisation or configuration file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}{}: {problem}", if *line == 0 { String::new() } else { format!(", line {line}") }, field.as_ref().map(|name| format!(", field `{name}`")).unwrap_or_default())]
pub struct FileError {
    /// The file as it was named.
    pub file: String,
    /// From 1; 0 where it is not known, as in YAML, whose fields are named with their place in the list.
    pub line: usize,
    /// The field, such as `assignment.account`; `None` where the form of the file breaks outside of any.
    pub field: Option<String>,
    /// What is wrong and what would be right.
    pub problem: String,
}

/// Why a file gave no text.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// It cannot be read.
    #[error("could not read {file}: {cause}")]
    Io {
        /// The file as it was named.
        file: String,
        /// The system's words.
        cause: io::Error,
    },
    /// It holds something else.
    #[error(transparent)]
    NotText(FileError),
}

/// The text of a file.
///
/// # Errors
/// [`TextError`] if it cannot be read; names the line if it is not UTF-8.
pub fn text_of(path: &Path) -> Result<String, TextError> {
    let file = path.display().to_string();
    let bytes = fs::read(path).map_err(|cause| TextError::Io { file: file.clone(), cause })?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        let problem = "is not UTF-8 text; save the file as UTF-8".to_owned();
        TextError::NotText(FileError { file, line, field: None, problem })
    })
}

impl FileError {
    /// A mistake in the form of a TOML file.
    pub fn syntax(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        Self {
            file: file.to_owned(),
            line: line(text, &span),
            field: field(text, &span, error.message()),
            problem: error.message().trim().to_owned(),
        }
    }

    /// A mistake in the meaning of a field.
    pub fn in_field(
        file: &str,
        text: &str,
        span: Range<usize>,
        field: &str,
        problem: impl Into<String>,
    ) -> Self {
        let line = line(text, &span);
        Self { file: file.to_owned(), line, field: Some(field.to_owned()), problem: problem.into() }
    }
}

/// The line a place in the text is on, from 1.
fn line(text: &str, span: &Range<usize>) -> usize {
    1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count()
}

/// The field a place is in: the key on its line or, in a value of several lines, the last key before it, in the
/// table whose header comes last. The parser names neither. A missing field has no place: its message names it,
/// and its span is the table it is missing from.
fn field(text: &str, span: &Range<usize>, message: &str) -> Option<String> {
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    if let Some(name) = missing
        && span.start == 0
    {
        return Some(name.to_owned());
    }
    let mut key = missing;
    let lines: Vec<&str> = text.lines().take(line(text, span)).map(str::trim_start).collect();
    for line in lines.into_iter().rev() {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
            return key.map(|key| format!("{table}.{key}"));
        }
        key = key.or_else(|| key_of(line));
    }
    key.map(str::to_owned)
}

fn key_of(line: &str) -> Option<&str> {
    let key = line.split_once('=')?.0.trim().trim_matches(['"', '\'']);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (!key.is_empty() && key.bytes().all(plain)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_text_names_its_line() {
        let home = tempfile::tempdir().expect("a folder can be made");
        let path = home.path().join("acme.toml");
        std::fs::write(&path, b"name = \"A\"\nregion = \"\xff\"\n").expect("a file can be written");
        let error = text_of(&path).expect_err("this is not UTF-8").to_string();
        assert!(error.contains("acme.toml, line 2: ") && error.contains("UTF-8"), "{error}");
    }
}
