//! What wishes and removals would change.

use super::{
    KEYS, Way, Wish,
    apply::{self, Done},
    diff, marker,
};
use crate::{
    conversion::{Legacy, Sessions, digest, read},
    error::FileError,
    import::Outline,
    managed::ConfigListing,
    values::Refused,
};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// A change before it is made. `Debug` shows nothing of the file.
#[derive(Clone)]
pub struct ManagedPlan {
    /// Profiles that come.
    pub added: Vec<String>,
    /// Profiles that change.
    pub changed: Vec<String>,
    /// Profiles that go.
    pub removed: Vec<String>,
    /// Profiles that are as they shall be.
    pub unchanged: usize,
    /// The change as a unified diff, line for line; empty when nothing changes.
    pub diff: Vec<String>,
    /// SHA-256 of the file as it would be, 64 hexadecimal digits.
    pub after: String,
    pub(super) new: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for ManagedPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ManagedPlan").field("added", &self.added).finish_non_exhaustive()
    }
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The profile is somebody else's.
    #[error("the profile {profile} was not written by Latchkey")]
    Taken {
        /// Which.
        profile: String,
    },
    /// The profile holds access keys itself, which might exist nowhere else.
    #[error("the profile {profile} holds access keys of its own")]
    HasKeys {
        /// Which.
        profile: String,
    },
    /// The running Latchkey keeps the profile.
    #[error("Latchkey itself keeps the profile {profile} up to date")]
    Kept {
        /// Which.
        profile: String,
    },
    /// There is no such profile.
    #[error("there is no profile {profile}")]
    Gone {
        /// Which.
        profile: String,
    },
    /// Another profile takes its credentials from it.
    #[error("the profile {by} takes its credentials from {profile}")]
    Used {
        /// Which.
        profile: String,
        /// The other.
        by: String,
    },
    /// The chain of `source_profile` comes back to where it began.
    #[error("these profiles take their credentials from each other: {}", chain.join(" -> "))]
    Loop {
        /// From the profile to itself.
        chain: Vec<String>,
    },
    /// A value that a config file cannot hold.
    #[error("{profile}: {why}")]
    Value {
        /// Of which profile.
        profile: String,
        /// Why.
        why: Refused,
    },
    /// `[DEFAULT]` sets a key of ours for every section.
    #[error("[DEFAULT] sets {key} for every profile, which would stand against theirs")]
    Inherited {
        /// Which key.
        key: &'static str,
    },
    /// Lines that are not ours would be read differently.
    #[error("writing {profile} would change how other lines of the file are read")]
    WouldDamage {
        /// Which.
        profile: String,
    },
    /// Another program changed the file since it was looked at.
    #[error("{path} was changed by another program in between")]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

/// A profile that shall go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Which.
    pub profile: String,
    /// Also when it is not ours.
    pub foreign_too: bool,
}

/// The plan for a file's bytes.
pub(super) fn plan(
    path: &Path,
    bytes: &[u8],
    wishes: &[Wish],
    removals: &[Removal],
) -> Result<ManagedPlan, ManageError> {
    let (mark, before) =
        read(bytes).map_err(|error| FileError::Unparseable { path: path.to_path_buf(), error })?;
    if !wishes.is_empty()
        && let Some(key) = KEYS.into_iter().find(|key| before.default_value(key).is_some())
    {
        return Err(ManageError::Inherited { key });
    }
    for wish in wishes {
        wish.check().map_err(|why| ManageError::Value { profile: wish.profile.to_string(), why })?;
    }
    let outline = Outline::of(&before);
    let mut after = before.clone();
    let mut plan = ManagedPlan {
        added: Vec::new(),
        changed: Vec::new(),
        removed: Vec::new(),
        unchanged: 0,
        diff: Vec::new(),
        after: String::new(),
        new: Zeroizing::default(),
    };
    let there: HashMap<&str, &String> =
        outline.profiles.iter().map(|(name, section)| (name.as_str(), section)).collect();
    let mut gone = Vec::new();
    for removal in removals {
        let name = &removal.profile;
        let section = *there.get(name.as_str()).ok_or_else(|| ManageError::Gone { profile: name.clone() })?;
        if marker::is_kept(&before, section) {
            return Err(ManageError::Kept { profile: name.clone() });
        }
        if !removal.foreign_too && marker::of(&before, section, name).is_none() {
            return Err(ManageError::Taken { profile: name.clone() });
        }
        gone.push(section.clone());
        plan.removed.push(name.clone());
    }
    let damage = |names: &[String]| ManageError::WouldDamage { profile: names.join(", ") };
    apply::remove(&mut after, &gone).map_err(|_| damage(&plan.removed))?;
    let mut sessions = Sessions::of(&before, &outline);
    let mut new = Vec::new();
    for wish in wishes {
        let name = wish.profile.as_str();
        // What goes in the same change leaves room for what comes.
        let section = there.get(name).filter(|section| !gone.contains(section));
        let session = match &wish.way {
            Way::Sso { start_url, region, .. } => {
                let sign_in = Legacy { start_url: start_url.clone(), region: region.clone() };
                Some(sessions.for_profile(section.map_or("", |it| it.as_str()), &sign_in))
            }
            Way::Process { .. } | Way::Chain { .. } => None,
        };
        match section {
            None => {
                new.push(apply::profile(wish, session.as_deref()));
                plan.added.push(name.to_owned());
            }
            Some(section) => match apply::wish(&mut after, section, wish, session.as_deref())? {
                Done::Changed => plan.changed.push(name.to_owned()),
                Done::Unchanged => plan.unchanged += 1,
            },
        }
    }
    let sessions: Vec<_> = sessions.added.iter().map(apply::session).collect();
    after.append_sections(&[sessions, new].concat()).map_err(|_| damage(&plan.added))?;
    if !plan.removed.is_empty() {
        remove_idle_sessions(&mut after);
    }
    check_chains(&ConfigListing::of(&before), &ConfigListing::of(&after), &plan)?;
    plan.new = Zeroizing::new([mark, after.to_bytes()].concat());
    let own = &diff::own_lines(&before) | &diff::own_lines(&after);
    plan.diff = diff::unified(path, bytes, &plan.new, &own);
    plan.after = digest(&plan.new);
    Ok(plan)
}

/// A sign-in of ours that no profile uses any more goes with the last one.
fn remove_idle_sessions(document: &mut crate::document::Document) {
    let outline = Outline::of(document);
    for (name, section) in outline.sessions {
        let used =
            document.sections().any(|it| document.effective(&it, "sso_session").is_some_and(|s| *s == name));
        if !used && marker::of(document, &section, &name).is_some() {
            // One that cannot go does no harm where it is.
            let _ = apply::remove(document, &[section]);
        }
    }
}

/// What this change would break: a loop, or a chain whose beginning goes.
fn check_chains(before: &ConfigListing, now: &ConfigListing, plan: &ManagedPlan) -> Result<(), ManageError> {
    for profile in &plan.removed {
        let user = now.profiles.iter().find(|it| it.source_profile.as_deref() == Some(profile));
        if let Some(user) =
            user.filter(|_| before.profile(profile).is_some() && now.profile(profile).is_none())
        {
            return Err(ManageError::Used { profile: profile.clone(), by: user.name.clone() });
        }
    }
    for start in plan.added.iter().chain(&plan.changed) {
        let mut chain = vec![start.clone()];
        while let Some(next) =
            chain.last().and_then(|it| now.profile(it)).and_then(|it| it.source_profile.clone())
        {
            let closed = chain.contains(&next);
            chain.push(next);
            if closed {
                // A profile with keys of its own may name itself; with ours it cannot be one.
                return Err(ManageError::Loop { chain });
            }
        }
    }
    Ok(())
}
