//! What an assertion says of a person besides who it is: how they proved it, and attributes for access control.

use quick_xml::{Reader, events::Event};
use saml_rs::SsoSession;

use crate::organisation::{MOST_TAGS, Tags, is_attribute_key, is_tag_value};

/// Attributes for access control begin so (IAM Identity Center User Guide, attributes for access control).
const ACCESS_CONTROL: &str = "https://aws.amazon.com/SAML/Attributes/AccessControl:";

/// The session tags that an assertion brings. What cannot be a tag is left out, as of other attributes.
pub fn tags(session: &SsoSession) -> Tags {
    let attributes = session.attributes().as_slice().iter();
    let tag = attributes.filter_map(|attribute| {
        let key = attribute.name().strip_prefix(ACCESS_CONTROL)?;
        let value = attribute.values().iter().map(|value| value.as_str()).find(|value| !value.is_empty())?;
        (is_attribute_key(key) && is_tag_value(value)).then(|| (key.to_owned(), value.to_owned()))
    });
    tag.take(MOST_TAGS).collect()
}

/// Whether a response has one assertion, wherever in it: what the signature covers is then what is used, and there is
/// nothing to be taken for it.
pub fn has_one_assertion(xml: &str) -> bool {
    let mut reader = Reader::from_str(xml);
    let (mut assertions, mut responses) = (0, 0);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) => match tag.local_name().as_ref() {
                b"Assertion" | b"EncryptedAssertion" => assertions += 1,
                b"Response" => responses += 1,
                _ => {}
            },
            Ok(Event::Eof) => return (assertions, responses) == (1, 1),
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// `AuthnContextClassRef` of the assertion with this id, in a response whose signatures were found to be good.
pub fn authn_context(xml: &str, assertion_id: &str) -> Option<String> {
    let mut reader = Reader::from_str(xml);
    let (mut within, mut inside, mut depth) = (None, false, 0_usize);
    let mut text = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                depth += 1;
                let is_it = start.local_name().as_ref() == b"Assertion"
                    && start.attributes().flatten().any(|attribute| {
                        attribute.key.as_ref() == b"ID" && attribute.value.as_ref() == assertion_id.as_bytes()
                    });
                if is_it {
                    within = Some(depth);
                }
                inside = within.is_some() && start.local_name().as_ref() == b"AuthnContextClassRef";
            }
            Event::Text(part) if inside => text.push_str(&part.decode().ok()?),
            Event::End(_) => {
                if inside {
                    let text = text.trim();
                    let good = !text.is_empty() && text.len() <= 256 && !text.contains(char::is_control);
                    return good.then(|| text.to_owned());
                }
                if within == Some(depth) {
                    return None;
                }
                depth = depth.saturating_sub(1);
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}
