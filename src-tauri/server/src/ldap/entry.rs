//! An entry of a directory, and what it says of whether its person may use anything.

use std::collections::HashMap;

use jiff::Timestamp;
use ldap3::SearchEntry;
use uuid::Uuid;

use super::settings::{Flavour, Settings};

/// An entry; names of attributes in lower case.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Its name in the directory.
    pub dn: String,
    values: HashMap<String, Vec<Vec<u8>>>,
}

/// Whether somebody may use anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// They may.
    Open,
    /// Not for now: too many wrong passwords.
    Locked,
    /// They may not.
    Disabled,
}

/// `ADS_UF_ACCOUNTDISABLE` of `userAccountControl` (MS-ADTS §2.2.16).
const ACCOUNT_DISABLED: i64 = 0x2;
/// `UF_LOCKOUT` of `msDS-User-Account-Control-Computed` (MS-ADTS §3.1.1.4.5.17).
const LOCKED_OUT: i64 = 0x10;
/// From 1601, where Windows begins, to 1970, in steps of 100 ns.
const WINDOWS_EPOCH: i64 = 116_444_736_000_000_000;
/// A lock that an administrator set, which never ends (draft-behera-ldap-password-policy §5.3.3).
const LOCKED_FOR_GOOD: &str = "000001010000Z";

/// What tells the standing.
pub const STANDING: [&str; 4] =
    ["userAccountControl", "msDS-User-Account-Control-Computed", "accountExpires", "pwdAccountLockedTime"];

impl From<SearchEntry> for Entry {
    fn from(found: SearchEntry) -> Self {
        let texts = found
            .attrs
            .into_iter()
            .map(|(name, values)| (name, values.into_iter().map(String::into_bytes).collect::<Vec<_>>()));
        let values = texts.chain(found.bin_attrs);
        Self { dn: found.dn, values: values.map(|(name, values)| (name.to_lowercase(), values)).collect() }
    }
}

impl Entry {
    /// The values of an attribute that are text.
    pub fn texts<'e>(&'e self, name: &str) -> impl Iterator<Item = &'e str> {
        let values = self.values.get(&name.to_lowercase()).into_iter().flatten();
        values
            .filter_map(|value| std::str::from_utf8(value).ok())
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// The first of them.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).next()
    }

    /// What the directory calls it for ever, whatever it is renamed to.
    pub fn id(&self, settings: &Settings) -> Option<String> {
        let name = settings.attribute("id");
        if !is_guid(name) {
            return self.text(name).map(str::to_owned);
        }
        let bytes = self.values.get(&name.to_lowercase())?.first()?;
        Some(Uuid::from_bytes_le(bytes.as_slice().try_into().ok()?).to_string())
    }

    /// Whether its person may use anything.
    pub fn standing(&self, flavour: Flavour, now: Timestamp) -> Standing {
        let number =
            |name: &str| self.text(name).and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
        match flavour {
            Flavour::ActiveDirectory => {
                let expires = number("accountExpires");
                let is_over = expires != 0
                    && expires != i64::MAX
                    && (expires - WINDOWS_EPOCH) / 10_000 <= now.as_millisecond();
                if is_over || number("userAccountControl") & ACCOUNT_DISABLED != 0 {
                    Standing::Disabled
                } else if number("msDS-User-Account-Control-Computed") & LOCKED_OUT != 0 {
                    Standing::Locked
                } else {
                    Standing::Open
                }
            }
            Flavour::OpenLdap => match self.text("pwdAccountLockedTime") {
                None => Standing::Open,
                Some(LOCKED_FOR_GOOD) => Standing::Disabled,
                Some(_) => Standing::Locked,
            },
        }
    }
}

fn is_guid(name: &str) -> bool {
    name.eq_ignore_ascii_case("objectGUID")
}

/// The filter that finds an entry by what the directory calls it for ever.
pub fn by_id(settings: &Settings, id: &str) -> Option<String> {
    let name = settings.attribute("id");
    if !is_guid(name) {
        return Some(format!("({name}={})", ldap3::ldap_escape(id)));
    }
    let bytes = Uuid::parse_str(id).ok()?.to_bytes_le();
    let escaped: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    Some(format!("({name}={escaped})"))
}

/// A DN as it is compared: spaces and letter case beside its separators mean nothing (RFC 4514 §2, for the names
/// that directories give).
pub fn folded(dn: &str) -> String {
    let parts = dn.split(',').map(|part| match part.split_once('=') {
        Some((name, value)) => format!("{}={}", name.trim(), value.trim()),
        None => part.trim().to_owned(),
    });
    parts.collect::<Vec<_>>().join(",").to_lowercase()
}
