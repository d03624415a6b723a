//! Whose a section is.

use crate::{
    document::Document,
    values::{Fingerprint, Owner},
};
use jiff::Timestamp;

/// The key of our stamp: `owner:fingerprint`, the fingerprint's first 16 digits. SDKs ignore keys that
/// start with `x_`.
pub const STAMP_KEY: &str = "x_latchkey";
/// When the keys expire, RFC 3339: the name that the saml2aws family of tools uses.
pub const EXPIRES_KEY: &str = "x_security_token_expires";
/// The region that we wrote; a `region` that differs from it is somebody's own.
pub(crate) const REGION_STAMP_KEY: &str = "x_latchkey_region";

/// What keys a section that is not ours holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignKeys {
    /// None: settings only.
    None,
    /// A key of a session, with a token.
    Session,
    /// A long-lived key, which exists nowhere else perhaps.
    LongLived,
}

/// How a profile stands in the credentials file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No such section.
    Absent,
    /// We wrote it and nobody changed it since.
    Ours {
        /// Whose.
        owner: Owner,
        /// When its keys expire; `None` when the line was damaged.
        expires: Option<Timestamp>,
        /// The access key id in it.
        fingerprint: Fingerprint,
    },
    /// Not written by us.
    Foreign {
        /// What it holds.
        keys: ForeignKeys,
    },
    /// Written by us, and another program changed or removed our keys since.
    ChangedByAnother,
}

impl Document {
    /// Whose the section of a profile is. `last` is what the caller wrote last, if it knows: it settles
    /// the case that another program took our stamp away.
    #[must_use]
    pub fn standing(&self, profile: &str, last: Option<&Fingerprint>) -> Standing {
        if !self.has_section(profile) {
            return Standing::Absent;
        }
        let key = self.get(profile, "aws_access_key_id").map(|id| Fingerprint::of(&id));
        let stamp = self.get(profile, STAMP_KEY);
        match (stamp.as_deref().map(|stamp| read_stamp(stamp)), key) {
            (Some(Some((owner, short))), Some(key)) if short == key.short() => Standing::Ours {
                owner,
                expires: self.get(profile, EXPIRES_KEY).and_then(|text| text.parse().ok()),
                fingerprint: key,
            },
            (Some(_), _) => Standing::ChangedByAnother,
            (None, _) if last.is_some() => Standing::ChangedByAnother,
            (None, key) => Standing::Foreign { keys: self.foreign_keys(profile, key.is_some()) },
        }
    }

    fn foreign_keys(&self, profile: &str, has_key: bool) -> ForeignKeys {
        let has = |key| self.get(profile, key).is_some_and(|value| !value.is_empty());
        if !has_key && !has("aws_secret_access_key") {
            return ForeignKeys::None;
        }
        let token = has("aws_session_token") || has("aws_security_token");
        let session_id = self.get(profile, "aws_access_key_id").is_some_and(|id| id.starts_with("ASIA"));
        if token || session_id { ForeignKeys::Session } else { ForeignKeys::LongLived }
    }
}

pub(crate) fn stamp(owner: &Owner, fingerprint: &Fingerprint) -> String {
    format!("{}:{}", owner.as_str(), fingerprint.short())
}

pub(crate) fn read_stamp(stamp: &str) -> Option<(Owner, &str)> {
    let (owner, short) = stamp.rsplit_once(':')?;
    Some((Owner::new(owner).ok()?, short))
}
