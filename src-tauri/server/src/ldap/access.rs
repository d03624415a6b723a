//! What the directory itself says of somebody, now: whether they may use anything, and whether a password is theirs.
//! It is asked with every sign-in, token, portal page and role credential. When no server answers, the request
//! fails, and nobody is signed out.

use std::sync::Arc;

use ldap3::Scope;
use serde_json::json;

use super::{
    Problem, Source,
    collect::wanted,
    connection::{self, Asked, Bound},
    entry::{Entry, Standing, by_id},
    open,
};
use crate::{
    audit::{self, Event},
    instance::Instance,
    organisation::User,
    signin::password::Typed,
    store::{SourceKind, StoreError},
};

/// What a sign-in that the directory let through depends on instead of a password's hash.
pub const PROOF: &str = "directory";

impl From<Problem> for StoreError {
    fn from(problem: Problem) -> Self {
        Self::Directory(problem.to_string())
    }
}

/// The directory, if it is the source.
///
/// # Errors
/// [`StoreError`] if that cannot be told, or its settings cannot be used.
pub fn source(instance: &Instance) -> Result<Option<Arc<Source>>, StoreError> {
    if instance.store.identity_source()? != SourceKind::Ldap {
        return Ok(None);
    }
    let kept = instance.store.ldap_source()?;
    let kept = kept.ok_or_else(|| Problem::Settings("there are none".to_owned()))?;
    Ok(Some(instance.directory_source(&kept, || open(instance, &kept))?))
}

/// A person's entry, if it is still among those that are chosen.
fn entry(instance: &Instance, source: &Arc<Source>, id: &str) -> Result<Option<Entry>, Problem> {
    let settings = &source.settings;
    let Some(id) = by_id(settings, id) else { return Ok(None) };
    for base in &settings.user_bases {
        let asked = Asked {
            base: base.clone(),
            scope: Scope::Subtree,
            filter: format!("(&{}{id})", settings.user_filter),
            attributes: wanted(settings),
        };
        // An id is one entry's.
        if let Some(found) = instance.directory.search(source, asked)?.pop() {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// What the directory says of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// It is not asked: somebody else is the source.
    NotAsked,
    /// They are of this server's own, and cannot sign in while the directory is the source.
    NotTheirs,
    /// They may use what they may.
    Open,
    /// Not for now. It passes; whoever mistypes a colleague's password must not end their work.
    Locked,
    /// They are disabled or gone.
    Out,
}

/// Whether the directory lets somebody use anything, if it is the source. Who is disabled or gone there loses all
/// they have here.
///
/// # Errors
/// [`StoreError::Directory`] if it cannot be asked.
pub fn is_open_to(instance: &Instance, user: &User) -> Result<bool, StoreError> {
    Ok(matches!(ask(instance, user)?, Word::NotAsked | Word::Open))
}

/// Whether the directory has put somebody out who has role credentials. Who is none of its people keeps those that they
/// have, as with any change of source.
///
/// # Errors
/// [`StoreError::Directory`] if it cannot be asked.
pub fn has_put_out(instance: &Instance, user_id: &str) -> Result<bool, StoreError> {
    if !super::is_source(instance)? {
        return Ok(false);
    }
    let user = instance.store.user(user_id)?;
    Ok(user.map(|user| ask(instance, &user)).transpose()? == Some(Word::Out))
}

fn ask(instance: &Instance, user: &User) -> Result<Word, StoreError> {
    let Some(source) = source(instance)? else { return Ok(Word::NotAsked) };
    let Some(id) = instance.store.external_id_of(&user.id)? else { return Ok(Word::NotTheirs) };
    let found = entry(instance, &source, &id)?;
    let standing = found.map(|entry| entry.standing(source.settings.flavour, instance.now()));
    match standing {
        Some(Standing::Open) => Ok(Word::Open),
        Some(Standing::Locked) => Ok(Word::Locked),
        Some(Standing::Disabled) | None => {
            let why = if standing.is_some() { "disabled" } else { "not found" };
            let event = instance.entry(&Event {
                source: audit::DIRECTORY,
                name: "EndUserAccess",
                user: Some(user),
                details: json!({ "UserId": user.id, "Directory": why }),
                ..Event::default()
            });
            instance.store.end_access_of(&user.id, instance.now(), &event)?;
            Ok(Word::Out)
        }
    }
}

/// What a password is, by a bind. A name that nobody has costs the directory as much.
///
/// # Errors
/// [`StoreError::Directory`] if it cannot be asked.
pub fn check(instance: &Instance, user: Option<&User>, password: &str) -> Result<Option<Typed>, StoreError> {
    let Some(source) = source(instance)? else { return Ok(None) };
    let id = user.map(|user| instance.store.external_id_of(&user.id)).transpose()?.flatten();
    let stranger = instance.chance.uuid();
    let found = entry(instance, &source, id.as_deref().unwrap_or(&stranger))?;
    let open =
        found.filter(|entry| entry.standing(source.settings.flavour, instance.now()) == Standing::Open);
    let nobody = || {
        let base = source.settings.user_bases.first().map_or("", String::as_str);
        format!("cn={stranger},{base}")
    };
    let dn = open.as_ref().map_or_else(nobody, |entry| entry.dn.clone());
    let bound = connection::bind(&instance.directory, &source, &dn, password)?;
    Ok(Some(match bound {
        Bound::Right if open.is_some() => Typed::Right,
        Bound::Expired if open.is_some() => Typed::Expired,
        _ => Typed::Wrong,
    }))
}

/// Which of these user names the directory has, before it becomes the source.
///
/// # Errors
/// [`Problem`] if it cannot be asked.
pub fn known_names(
    instance: &Instance,
    source: &Arc<Source>,
    names: &[String],
) -> Result<Vec<String>, Problem> {
    let settings = &source.settings;
    let mut known = Vec::new();
    for name in names {
        for base in &settings.user_bases {
            let named = format!("({}={})", settings.attribute("userName"), ldap3::ldap_escape(name.as_str()));
            let asked = Asked {
                base: base.clone(),
                scope: Scope::Subtree,
                filter: format!("(&{}{named})", settings.user_filter),
                attributes: wanted(settings),
            };
            let found = instance.directory.search(source, asked)?;
            if found.iter().any(|entry| entry.standing(settings.flavour, instance.now()) == Standing::Open) {
                known.push(name.clone());
                break;
            }
        }
    }
    Ok(known)
}
