//! Attributes of an application as people write them down, one a line: `mail = ${user:email}`. A name that stands
//! there again has one value more; `[uri]` or `[basic]` after it says which kind of name it is.

use crate::{
    catalogue::NameFormat, domain::application_draft::AttributeDraft, organisation::AttributeMapping,
};

const FORMATS: [(&str, NameFormat); 2] = [(" [uri]", NameFormat::Uri), (" [basic]", NameFormat::Basic)];

/// What the lines say; what is wrong with it is for the draft to find.
pub fn read(text: &str) -> Vec<AttributeDraft> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(row).collect()
}

fn row(line: &str) -> AttributeDraft {
    // A name may have an equals sign of its own, with none of these spaces.
    let (name, value) = line.split_once(" = ").or_else(|| line.split_once('=')).unwrap_or((line, ""));
    let name = name.trim();
    let found = FORMATS.iter().find_map(|(mark, format)| Some((name.strip_suffix(mark)?, *format)));
    let (name, format) = found.unwrap_or((name, NameFormat::default()));
    AttributeDraft { name: name.trim().to_owned(), value: value.trim().to_owned(), format }
}

/// The lines that say these.
pub fn written(attributes: &[AttributeMapping]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes {
        let mark =
            FORMATS.iter().find(|(_, format)| *format == attribute.format).map_or("", |(mark, _)| mark);
        lines.extend(attribute.values.iter().map(|value| format!("{}{mark} = {value}", attribute.name)));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::application_draft::{ApplicationDraft, Origin},
        saml::mapping::Template,
    };

    #[test]
    fn lines_say_what_they_were_written_from() {
        let mapping = |name: &str, values: &[&str], format| AttributeMapping {
            name: name.to_owned(),
            values: values.iter().map(|text| Template::parse(text).expect("it is good")).collect(),
            format,
        };
        let attributes = vec![
            mapping("mail", &["${user:email}"], NameFormat::Unspecified),
            mapping("urn:oid:1.2.3", &["admin", "${user:groups}"], NameFormat::Uri),
            mapping("a=b", &["c=d", "e = f"], NameFormat::Basic),
        ];
        let text = written(&attributes);
        assert!(text.contains("urn:oid:1.2.3 [uri] = admin\nurn:oid:1.2.3 [uri] = ${user:groups}"), "{text}");
        let draft = ApplicationDraft {
            origin: Origin::Manual,
            name: "x".to_owned(),
            acs_url: "https://x.test/acs".to_owned(),
            audience: "x".to_owned(),
            attributes: Some(read(&text)),
            ..ApplicationDraft::default()
        };
        assert_eq!(draft.finish().expect("nothing is wrong").attributes, attributes);
        assert_eq!(read("mail=${user:email}")[0].value, "${user:email}");
        assert_eq!(read("mail")[0].value, "");
    }
}
