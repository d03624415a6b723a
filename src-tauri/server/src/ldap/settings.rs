//! What an administrator says of a directory.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

/// Whose it is: what it calls things, and what it can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flavour {
    /// Active Directory, or Samba as a domain controller.
    ActiveDirectory,
    /// OpenLDAP, 389 Directory Server and others that follow RFC 4519.
    OpenLdap,
}

/// A directory: all but the connector account's password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whose.
    pub flavour: Flavour,
    /// Its servers, the first one first: `ldaps://` is TLS from the first byte, `ldap://` is StartTLS.
    pub servers: Vec<String>,
    /// Certificates of those who may vouch for the servers, PEM; the system's if there are none.
    pub authorities: String,
    /// The connector account's name: a DN, or what Active Directory takes for one.
    pub bind_dn: String,
    /// Below which entries people are.
    pub user_bases: Vec<String>,
    /// Below which entries groups are.
    pub group_bases: Vec<String>,
    /// Which entries are people that are synced.
    pub user_filter: String,
    /// Which entries are groups that are synced.
    pub group_filter: String,
    /// Where attributes come from, by their name here; what is missing is as usual with this flavour.
    pub attributes: BTreeMap<String, String>,
    /// How long a server may take to answer, in seconds.
    pub patience: u64,
}

/// Names here, and where they come from with Active Directory and with others. Empty is nowhere.
pub const ATTRIBUTES: [(&str, &str, &str); 21] = [
    ("id", "objectGUID", "entryUUID"),
    ("userName", "sAMAccountName", "uid"),
    ("displayName", "displayName", "displayName"),
    ("givenName", "givenName", "givenName"),
    ("familyName", "sn", "sn"),
    ("email", "mail", "mail"),
    ("phoneNumber", "telephoneNumber", "telephoneNumber"),
    ("title", "title", "title"),
    ("department", "department", "departmentNumber"),
    ("employeeNumber", "employeeNumber", "employeeNumber"),
    ("organization", "company", "o"),
    ("costCenter", "", ""),
    ("division", "division", ""),
    ("userType", "employeeType", "employeeType"),
    ("preferredLanguage", "preferredLanguage", "preferredLanguage"),
    ("locale", "", ""),
    ("timezone", "", ""),
    ("nickName", "", ""),
    ("groupName", "cn", "cn"),
    ("groupDescription", "description", "description"),
    ("member", "member", "member"),
];

/// The longest that a server may be waited for.
const LONGEST_PATIENCE: u64 = 60;

impl Flavour {
    /// Which entries are people.
    pub fn users(self) -> &'static str {
        match self {
            Self::ActiveDirectory => "(&(objectCategory=person)(objectClass=user))",
            Self::OpenLdap => "(objectClass=inetOrgPerson)",
        }
    }

    /// Which entries are groups.
    pub fn groups(self) -> &'static str {
        match self {
            Self::ActiveDirectory => "(objectClass=group)",
            Self::OpenLdap => "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames))",
        }
    }
}

impl Settings {
    /// Where an attribute comes from; empty if from nowhere.
    pub fn attribute(&self, name: &str) -> &str {
        let usual = || {
            let found = ATTRIBUTES.iter().find(|(known, ..)| *known == name);
            found.map_or("", |(_, active_directory, other)| match self.flavour {
                Flavour::ActiveDirectory => *active_directory,
                Flavour::OpenLdap => *other,
            })
        };
        self.attributes.get(name).map_or_else(usual, String::as_str)
    }

    /// How long a server may take to answer.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.patience.clamp(1, LONGEST_PATIENCE))
    }

    /// What is wrong with it, by the field of the page.
    pub fn mistakes(&self) -> Vec<(&'static str, String)> {
        let mut mistakes = Vec::new();
        let mut add = |field, text: &str| mistakes.push((field, text.to_owned()));
        if self.servers.is_empty() {
            add("servers", "Enter at least one server, such as ldaps://dc1.example.com.");
        }
        for server in &self.servers {
            let url = Url::parse(server).ok();
            let good = url.filter(|url| matches!(url.scheme(), "ldap" | "ldaps") && url.has_host());
            if good.is_none_or(|url| !matches!(url.path(), "" | "/") || url.query().is_some()) {
                add(
                    "servers",
                    &format!("{server} is no address of a server, such as ldaps://dc1.example.com."),
                );
            }
        }
        // Without a name a bind succeeds that proves nothing (RFC 4513 §5.1.2).
        if self.bind_dn.trim().is_empty() {
            add("bind_dn", "Enter the connector account's name.");
        }
        if self.user_bases.is_empty() {
            add("user_bases", "Enter the entry below which people are, such as ou=people,dc=example,dc=com.");
        }
        for (field, filter) in [("user_filter", &self.user_filter), ("group_filter", &self.group_filter)] {
            if ldap3::parse_filter(filter).is_err() {
                add(field, "That is no LDAP filter. One looks like (objectClass=person).");
            }
        }
        for (name, from) in &self.attributes {
            let is_name =
                |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-;.".contains(&byte));
            if !ATTRIBUTES.iter().any(|(known, ..)| known == name) {
                add("attributes", &format!("There is no attribute {name} here."));
            } else if !is_name(from) {
                add("attributes", &format!("{from} is no name of an attribute."));
            }
        }
        for name in ["id", "userName", "groupName", "member"] {
            if self.attribute(name).is_empty() {
                add("attributes", &format!("{name} must come from somewhere."));
            }
        }
        if !(1..=LONGEST_PATIENCE).contains(&self.patience) {
            add("patience", "Enter 1 to 60 seconds.");
        }
        mistakes
    }
}
