//! What setting a directory up keeps to, on the page and from the command line.

use serde_json::{Value, json};

use super::{Settings, seal};
use crate::{instance::Instance, store::LdapSource};

/// Seconds that a server may take to answer, unless somebody says otherwise.
pub const PATIENCE: u64 = 5;

/// The connector account's password, sealed: the one that was typed, or else the one that is kept. What was entered for
/// one directory is not sent to another without being typed again, and then there is none.
pub fn sealed(
    instance: &Instance,
    kept: Option<&LdapSource>,
    wanted: &Settings,
    typed: Option<&str>,
) -> Option<Vec<u8>> {
    match (typed, kept.filter(|kept| is_same_door(&kept.settings, wanted))) {
        (Some(typed), _) => seal(instance, typed),
        (None, Some(kept)) => Some(kept.secret.clone()),
        (None, None) => None,
    }
}

/// Whether what was entered for one directory may be sent to the other.
pub(super) fn is_same_door(kept: &Settings, wanted: &Settings) -> bool {
    // Forms bring line ends of their own, and files one at their end.
    let lines = |settings: &Settings| -> Vec<String> {
        let lines = settings.authorities.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    };
    kept.servers == wanted.servers && kept.bind_dn == wanted.bind_dn && lines(kept) == lines(wanted)
}

/// The event of it. AWS documents no name for it.
pub const EVENT: &str = "UpdateLdapConfigurationForDirectory";

/// What the event says.
pub fn details(settings: &Settings, password_changed: bool) -> Value {
    json!({
        "Servers": settings.servers,
        "ConnectorAccount": settings.bind_dn,
        "UserBases": settings.user_bases,
        "GroupBases": settings.group_bases,
        "UserFilter": settings.user_filter,
        "GroupFilter": settings.group_filter,
        "PasswordChanged": password_changed,
    })
}
