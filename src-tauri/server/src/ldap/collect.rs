//! All people and groups of a directory that are to be here, as it has them now.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use ldap3::Scope;
use serde_json::{Map, Value, json};

use super::{
    connection::{Asked, Problem},
    entry::{Entry, STANDING, Standing, folded},
    settings::{ATTRIBUTES, Flavour, Settings},
};

/// Who is in a group through others: Active Directory's own rule (MS-ADTS §3.1.1.3.4.4.3,
/// `LDAP_MATCHING_RULE_TRANSITIVE_EVAL`).
const IN_CHAIN: &str = "memberOf:1.2.840.113556.1.4.1941:";
/// Where other directories keep members, besides what the settings say (RFC 4519 §2.40).
const UNIQUE_MEMBER: &str = "uniqueMember";

/// Somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What the directory calls them for ever.
    pub id: String,
    /// What it calls them now.
    pub dn: String,
    /// As provisioning tells them.
    pub attributes: Map<String, Value>,
}

/// A group, and who is in it, through others too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundGroup {
    /// What the directory calls it for ever.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// People's ids there.
    pub members: BTreeSet<String>,
}

/// A directory at one time.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// People.
    pub users: Vec<Found>,
    /// Groups.
    pub groups: Vec<FoundGroup>,
    /// What cannot be here: the entry, and why.
    pub problems: Vec<(String, String)>,
}

/// Looks through the directory with something that searches it.
///
/// # Errors
/// [`Problem`] of any search: half a directory is none.
pub fn collect(
    settings: &Settings,
    now: Timestamp,
    search: &mut dyn FnMut(Asked) -> Result<Vec<Entry>, Problem>,
) -> Result<Snapshot, Problem> {
    let mut snapshot = Snapshot::default();
    let mut seen = HashSet::new();
    for entry in below(&settings.user_bases, &settings.user_filter, &wanted(settings), search)? {
        match person(settings, &entry, now) {
            Ok(found) if seen.insert(found.id.clone()) => snapshot.users.push(found),
            Ok(_) => {}
            Err(problem) => snapshot.problems.push((entry.dn, problem)),
        }
    }
    groups(settings, &mut snapshot, search)?;
    Ok(snapshot)
}

fn below(
    bases: &[String],
    filter: &str,
    attributes: &[String],
    search: &mut dyn FnMut(Asked) -> Result<Vec<Entry>, Problem>,
) -> Result<Vec<Entry>, Problem> {
    let mut all = Vec::new();
    for base in bases {
        all.extend(search(Asked {
            base: base.clone(),
            scope: Scope::Subtree,
            filter: filter.to_owned(),
            attributes: attributes.to_vec(),
        })?);
    }
    // Bases may lie within one another.
    let mut seen = HashSet::new();
    all.retain(|entry: &Entry| seen.insert(folded(&entry.dn)));
    Ok(all)
}

/// What is asked of a person's entry.
pub fn wanted(settings: &Settings) -> Vec<String> {
    let mapped = ATTRIBUTES
        .iter()
        .map(|(name, ..)| *name)
        .filter(|name| !name.starts_with("group") && *name != "member");
    let from = mapped.map(|name| settings.attribute(name)).filter(|from| !from.is_empty()).chain(["cn"]);
    from.chain(STANDING).map(str::to_owned).collect()
}

/// A person as provisioning would tell them.
fn person(settings: &Settings, entry: &Entry, now: Timestamp) -> Result<Found, String> {
    let id = entry.id(settings).ok_or_else(|| format!("it has no {}", settings.attribute("id")))?;
    let text = |name: &str| {
        let from = settings.attribute(name);
        if from.is_empty() { None } else { entry.text(from).map(str::to_owned) }
    };
    let username = text("userName").ok_or_else(|| format!("it has no {}", settings.attribute("userName")))?;
    let username = username.to_lowercase();
    let display = text("displayName").or_else(|| entry.text("cn").map(str::to_owned));
    let enabled = entry.standing(settings.flavour, now) != Standing::Disabled;
    let mut told = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            told.insert(name.to_owned(), value);
        }
    };
    let of_work = |value: String| json!([{ "value": value, "type": "work", "primary": true }]);
    put("displayName", Some(json!(display.unwrap_or_else(|| username.clone()))));
    put("userName", Some(json!(username)));
    put("externalId", Some(json!(id)));
    put("active", Some(json!(enabled)));
    let mut name = Map::new();
    for part in ["familyName", "givenName"] {
        name.extend(text(part).map(|value| (part.to_owned(), json!(value))));
    }
    put("name", (!name.is_empty()).then_some(Value::Object(name)));
    put("emails", text("email").map(of_work));
    put("phoneNumbers", text("phoneNumber").map(of_work));
    for plain in ["title", "userType", "preferredLanguage", "locale", "timezone", "nickName"] {
        put(plain, text(plain).map(Value::from));
    }
    let enterprise: Map<String, Value> =
        ["department", "employeeNumber", "organization", "costCenter", "division"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), json!(text(name)?))))
            .collect();
    put(crate::scim::ENTERPRISE, (!enterprise.is_empty()).then_some(Value::Object(enterprise)));
    Ok(Found { id, dn: entry.dn.clone(), attributes: told })
}

fn groups(
    settings: &Settings,
    snapshot: &mut Snapshot,
    search: &mut dyn FnMut(Asked) -> Result<Vec<Entry>, Problem>,
) -> Result<(), Problem> {
    let member = settings.attribute("member");
    let attributes: Vec<String> =
        [settings.attribute("id"), settings.attribute("groupName"), settings.attribute("groupDescription")]
            .into_iter()
            .filter(|name| !name.is_empty())
            .chain([member, UNIQUE_MEMBER])
            .map(str::to_owned)
            .collect();
    let is_ad = settings.flavour == Flavour::ActiveDirectory;
    let chosen = below(&settings.group_bases, &settings.group_filter, &attributes, search)?;
    // Groups that are not chosen pass people on to those that are.
    let passing = if is_ad || settings.group_filter == settings.flavour.groups() {
        Vec::new()
    } else {
        below(&settings.group_bases, settings.flavour.groups(), &attributes, search)?
    };
    let walk = Walk::of(snapshot, chosen.iter().chain(&passing), member);
    let mut seen = HashSet::new();
    for entry in &chosen {
        let Some(id) = entry.id(settings) else {
            let problem = format!("it has no {}", settings.attribute("id"));
            snapshot.problems.push((entry.dn.clone(), problem));
            continue;
        };
        let Some(name) = entry.text(settings.attribute("groupName")) else {
            let problem = format!("it has no {}", settings.attribute("groupName"));
            snapshot.problems.push((entry.dn.clone(), problem));
            continue;
        };
        if !seen.insert(id.clone()) {
            continue;
        }
        let members = if is_ad {
            let filter =
                format!("(&{}({IN_CHAIN}={}))", settings.user_filter, ldap3::ldap_escape(entry.dn.as_str()));
            let inside =
                below(&settings.user_bases, &filter, &[settings.attribute("id").to_owned()], search)?;
            inside.iter().filter_map(|entry| entry.id(settings)).collect()
        } else {
            walk.members(&entry.dn)
        };
        let description = entry.text(settings.attribute("groupDescription")).unwrap_or_default();
        snapshot.groups.push(FoundGroup {
            id,
            name: name.to_owned(),
            description: description.to_owned(),
            members,
        });
    }
    Ok(())
}

/// Groups within groups.
struct Walk {
    /// People's ids by their folded DN.
    people: HashMap<String, String>,
    /// Folded DNs of members by the group's folded DN.
    groups: BTreeMap<String, Vec<String>>,
}

impl Walk {
    fn of<'e>(snapshot: &Snapshot, groups: impl Iterator<Item = &'e Entry>, member: &str) -> Self {
        let people = snapshot.users.iter().map(|found| (folded(&found.dn), found.id.clone())).collect();
        let members =
            |entry: &Entry| entry.texts(member).chain(entry.texts(UNIQUE_MEMBER)).map(folded).collect();
        Self { people, groups: groups.map(|entry| (folded(&entry.dn), members(entry))).collect() }
    }

    /// People in a group, or in one that is in it. A group that contains itself is looked at once.
    fn members(&self, dn: &str) -> BTreeSet<String> {
        let mut waiting = vec![folded(dn)];
        let mut seen: HashSet<String> = waiting.iter().cloned().collect();
        let mut found = BTreeSet::new();
        while let Some(group) = waiting.pop() {
            for member in self.groups.get(&group).into_iter().flatten() {
                if let Some(id) = self.people.get(member) {
                    found.insert(id.clone());
                } else if self.groups.contains_key(member) && seen.insert(member.clone()) {
                    waiting.push(member.clone());
                }
            }
        }
        found
    }
}
