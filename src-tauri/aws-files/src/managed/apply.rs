//! One wish, and one removal, as edits of the document.

use super::{KEYS, Wish, marker, plan::ManageError, section_of};
use crate::{
    conversion::NewSession,
    document::{Document, EditError},
    import::Outline,
    managed::Origin,
};

/// What became of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Added,
    Changed,
    Unchanged,
}

/// The section of a profile that is there.
pub(super) fn found(outline: &Outline, profile: &str) -> Option<String> {
    outline.profiles.iter().find(|(name, _)| name == profile).map(|(_, section)| section.clone())
}

/// Writes a `[sso-session …]`.
pub(super) fn add_session(document: &mut Document, new: &NewSession) -> Result<(), EditError> {
    let NewSession { name, start_url, region } = new;
    let keys = [
        ("sso_start_url", start_url.as_str()),
        ("sso_region", region),
        ("sso_registration_scopes", crate::conversion::SCOPES),
    ];
    append(document, &format!("sso-session {name}"), &Origin::Session.line(name), &keys)
}

fn append(
    document: &mut Document,
    section: &str,
    marker: &str,
    keys: &[(&str, &str)],
) -> Result<(), EditError> {
    let lines: Vec<String> = std::iter::once(marker.to_owned())
        .chain(keys.iter().map(|(key, value)| format!("{key} = {value}")))
        .collect();
    let names: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
    document.append_section(section, &lines, &names)
}

/// Makes a profile as it shall be.
pub(super) fn wish(
    document: &mut Document,
    outline: &Outline,
    wish: &Wish,
    session: Option<&str>,
) -> Result<Done, ManageError> {
    let name = wish.profile.as_str();
    let damage = |_| ManageError::WouldDamage { profile: name.to_owned() };
    let mut keys = wish.keys(session);
    let comment = wish.origin.line(name);
    let Some(section) = found(outline, name) else {
        keys.extend(wish.region.clone().map(|region| ("region", region)));
        let keys: Vec<(&str, &str)> = keys.iter().map(|(key, value)| (*key, value.as_str())).collect();
        append(document, &section_of(name), &comment, &keys).map_err(damage)?;
        return Ok(Done::Added);
    };
    let ours = marker::of(document, &section, name);
    if ours.is_none() && wish.take_over.is_none() {
        return Err(ManageError::Taken { profile: name.to_owned() });
    }
    if wish.region_too || document.get(&section, "region").is_none() {
        keys.extend(wish.region.clone().map(|region| ("region", region)));
    }
    let of_tool = wish.take_over.iter().flatten().map(String::as_str);
    let stale: Vec<&str> = KEYS
        .into_iter()
        .chain(of_tool)
        .filter(|key| !keys.iter().any(|(it, _)| it == key) && document.get(&section, key).is_some())
        .collect();
    let changed: Vec<(&str, &str)> = keys
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .filter(|(key, value)| document.get(&section, key).is_none_or(|it| *it != *value))
        .collect();
    let same_marker = ours.as_ref().is_some_and(|(origin, _)| *origin == wish.origin);
    if changed.is_empty() && stale.is_empty() && same_marker {
        return Ok(Done::Unchanged);
    }
    if !same_marker {
        document.put_comment(&section, ours.map(|(_, line)| line), &comment).map_err(damage)?;
    }
    if !changed.is_empty() {
        document.set_keys(&section, &changed).map_err(damage)?;
    }
    document.remove_keys(&section, &stale).map_err(damage)?;
    Ok(Done::Changed)
}

/// Takes a section away, from its header to its last key, with one blank line before it.
pub(super) fn remove(document: &mut Document, section: &str) -> Result<(), EditError> {
    let keys: Vec<String> = document.keys(section).collect();
    let names: Vec<&str> = keys.iter().map(String::as_str).collect();
    let lines: Vec<usize> = keys.iter().flat_map(|key| document.lines_of(section, key)).collect();
    let comments = marker::comments(document, section);
    document.cut(section, lines.into_iter().chain(comments), &names)?;
    match document.remove_empty_section(section) {
        // The header keeps the lines behind it apart from what stands before: it stays, empty.
        Ok(()) | Err(EditError::WouldDamage) => Ok(()),
        Err(error) => Err(error),
    }
}
