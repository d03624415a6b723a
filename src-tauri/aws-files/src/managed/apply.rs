//! One wish, and one removal, as edits of the document.

use super::{KEYS, STATIC, Wish, marker, plan::ManageError, section_of};
use crate::{
    conversion::NewSession,
    document::{Document, EditError},
    managed::Origin,
};

/// What became of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Changed,
    Unchanged,
}

/// A section as it is to be added: its name and its lines.
pub(super) type New = (String, Vec<String>);

/// A `[sso-session …]`.
pub(super) fn session(new: &NewSession) -> New {
    let NewSession { name, start_url, region } = new;
    let keys = [
        ("sso_start_url", start_url.as_str()),
        ("sso_region", region),
        ("sso_registration_scopes", crate::conversion::SCOPES),
    ];
    section(format!("sso-session {name}"), &Origin::Session.line(name), &keys)
}

fn section(section: String, marker: &str, keys: &[(&str, &str)]) -> New {
    let lines = keys.iter().map(|(key, value)| format!("{key} = {value}"));
    (section, std::iter::once(marker.to_owned()).chain(lines).collect())
}

/// A profile that is not there yet.
pub(super) fn profile(wish: &Wish, session: Option<&str>) -> New {
    let mut keys = wish.keys(session);
    keys.extend(wish.region.clone().map(|region| ("region", region)));
    let keys: Vec<(&str, &str)> = keys.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let name = wish.profile.as_str();
    section(section_of(name), &wish.origin.line(name), &keys)
}

/// Makes a profile that is there as it shall be.
pub(super) fn wish(
    document: &mut Document,
    section: &str,
    wish: &Wish,
    session: Option<&str>,
) -> Result<Done, ManageError> {
    let name = wish.profile.as_str();
    let damage = |_| ManageError::WouldDamage { profile: name.to_owned() };
    if marker::is_kept(document, section) {
        return Err(ManageError::Kept { profile: name.to_owned() });
    }
    let mut keys = wish.keys(session);
    let comment = wish.origin.line(name);
    let ours = marker::of(document, section, name);
    if ours.is_none() && wish.take_over.is_none() {
        return Err(ManageError::Taken { profile: name.to_owned() });
    }
    if ours.is_none() && STATIC.into_iter().any(|key| document.get(section, key).is_some()) {
        return Err(ManageError::HasKeys { profile: name.to_owned() });
    }
    if wish.region_too || document.get(section, "region").is_none() {
        keys.extend(wish.region.clone().map(|region| ("region", region)));
    }
    let of_tool = wish.take_over.iter().flatten().map(String::as_str);
    let stale: Vec<&str> = KEYS
        .into_iter()
        .chain(of_tool)
        .filter(|key| !keys.iter().any(|(it, _)| it == key) && document.get(section, key).is_some())
        .collect();
    let changed: Vec<(&str, &str)> = keys
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .filter(|(key, value)| document.get(section, key).is_none_or(|it| *it != *value))
        .collect();
    let same_marker = ours.as_ref().is_some_and(|(origin, _)| *origin == wish.origin);
    if changed.is_empty() && stale.is_empty() && same_marker {
        return Ok(Done::Unchanged);
    }
    if !same_marker {
        document.put_comment(section, ours.map(|(_, line)| line), &comment).map_err(damage)?;
    }
    if !changed.is_empty() {
        document.set_keys(section, &changed).map_err(damage)?;
    }
    document.remove_keys(section, &stale).map_err(damage)?;
    Ok(Done::Changed)
}

/// Takes sections away, each from its header to its last key, with one blank line before it.
pub(super) fn remove(document: &mut Document, sections: &[String]) -> Result<(), EditError> {
    let lines = |document: &Document, section: &String| {
        let keys = document.keys(section).flat_map(|key| document.lines_of(section, &key));
        keys.chain(marker::comments(document, section)).collect::<Vec<_>>()
    };
    let all: Vec<_> = sections.iter().map(|it| (it.clone(), lines(document, it))).collect();
    match document.cut_sections(&all) {
        Err(EditError::WouldDamage) => {}
        done => return done,
    }
    for section in sections {
        let keys: Vec<String> = document.keys(section).collect();
        let names: Vec<&str> = keys.iter().map(String::as_str).collect();
        document.cut(section, lines(document, section), &names)?;
        match document.remove_empty_section(section) {
            // The header keeps the lines behind it apart from what stands before: it stays, empty.
            Ok(()) | Err(EditError::WouldDamage) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
