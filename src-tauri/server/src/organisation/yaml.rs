//! The organisation in YAML: the same shape and the same checks as in TOML.

use jiff::SignedDuration;

use super::{Document, FileError, file};

/// Reads an organisation from YAML. Its parser does not tell where a value stands, so mistakes in the meaning
/// name the field and which entry of its list it is in.
pub(super) fn read(file: &str, text: &str, shortest: SignedDuration) -> Result<Document, FileError> {
    let refuse = |line, field, problem: String| FileError { file: file.to_owned(), line, field, problem };
    let table: toml::Table = serde_norway::from_str(text).map_err(|error| {
        let line = error.location().map_or(0, |place| place.line());
        refuse(line, None, error.to_string())
    })?;
    let toml = toml::to_string(&table).map_err(|error| refuse(0, None, error.to_string()))?;
    file::read_toml(file, &toml, shortest).map_err(|error| {
        let field = error.field.map(|field| numbered(&toml, error.line, &field));
        refuse(0, field, error.problem)
    })
}

/// `user.email` in the third table `[[user]]` is `user[3].email`.
fn numbered(toml: &str, line: usize, field: &str) -> String {
    let Some((table, rest)) = field.split_once('.') else { return field.to_owned() };
    let header = format!("[[{table}]]");
    match toml.lines().take(line).filter(|line| *line == header).count() {
        0 => field.to_owned(),
        number => format!("{table}[{number}].{rest}"),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use crate::organisation::{SAMPLE, read, read_for_sandbox};

    #[test]
    fn yaml_says_the_same_as_toml() {
        let sample: toml::Table = toml::from_str(SAMPLE).unwrap();
        let yaml = serde_norway::to_string(&sample).unwrap();
        let (one, other) =
            (read_for_sandbox("a.toml", SAMPLE).unwrap(), read_for_sandbox("a.yaml", &yaml).unwrap());
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }

    #[test]
    fn mistakes_name_the_entry() {
        let head = "name: Acme\nregion: eu-central-1\nmanagement_account: \"111122223333\"\n";
        let one = "- username: sam\n  display_name: Sam\n  email: sam@acme.test\n";
        let text = format!("{head}user:\n{one}- username: kim\n  display_name: Kim\n  email: nowhere\n");
        let error = read("acme.yaml", &text).unwrap_err().to_string();
        assert_eq!(error, "acme.yaml, field `user[2].email`: must be an email address");
        let error = read("acme.yml", "name: [\n").unwrap_err();
        assert_eq!(error.line, 2, "{error}");
    }
}
