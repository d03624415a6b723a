//! The IAM role of a permission set in an account: what it should be, and how one that is there differs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::organisation::{Boundary, PermissionSet, PolicyReference};

/// Where the roles are. AWS's own stand below `/aws-reserved/`, where nobody else may make any (IAM answers
/// `UnmodifiableEntity`, and nobody but AWS's service may create there).
pub const PATH: &str = "/latchkey/";
/// The name of the only inline policy of a role.
pub const INLINE_POLICY: &str = "LatchkeyInlinePolicy";
/// The longest session of a role: as AWS SSO's own have it. How long credentials live is asked for with each, so that
/// a permission set's duration acts without the role being changed first.
pub const MAX_SESSION: i32 = 12 * 60 * 60;
/// Who tokens are for (IAM User Guide, OIDC identity providers: the client id).
pub const AUDIENCE: &str = "sts.amazonaws.com";
/// The tag that names the instance.
pub const INSTANCE_TAG: &str = "latchkey:instance";
/// The tag that names the permission set.
pub const SET_TAG: &str = "latchkey:permission-set";

/// A role as it should be, or as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleSpec {
    /// `AWSReservedSSO_NAME_HEX`
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Who may assume it.
    pub trust: Value,
    /// ARNs of managed policies, the accounts' own among them.
    pub managed: BTreeSet<String>,
    /// Inline policies by name.
    pub inline: BTreeMap<String, Value>,
    /// The ARN of the permissions boundary.
    pub boundary: Option<String>,
    /// In seconds.
    pub max_session: i32,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// What all roles of an instance have in common.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// `aws`, `aws-cn` …
    pub partition: &'a str,
    /// The issuer without its scheme.
    pub provider: &'a str,
    /// `ssoins-…`
    pub instance_id: &'a str,
}

/// The beginning of the subject of every token for a role. The role's trust policy asks for it, so that a token for
/// one role is none for another.
pub fn subject_prefix(account: &str, set_arn: &str) -> String {
    let id = set_arn.rsplit('/').next().unwrap_or(set_arn);
    format!("account:{account}:set:{id}:user:")
}

impl RoleSpec {
    /// The role of a permission set in an account.
    pub fn of(place: &Place<'_>, account: &str, set: &PermissionSet, name: String) -> Self {
        let in_partition = |arn: &str| match arn.strip_prefix("arn:aws:") {
            Some(rest) => format!("arn:{}:{rest}", place.partition),
            None => arn.to_owned(),
        };
        let own = |policy: &PolicyReference| {
            format!("arn:{}:iam::{account}:policy{}{}", place.partition, policy.path, policy.name)
        };
        let policies = &set.policies;
        let managed = policies.managed.iter().map(|arn| in_partition(arn));
        let inline = policies.inline.as_ref().map(|text| {
            let document = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()));
            (INLINE_POLICY.to_owned(), document)
        });
        // A permission set's own tags stay with it, as AWS SSO has it.
        let tags = [(INSTANCE_TAG, place.instance_id), (SET_TAG, set.arn.as_str())];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Self {
            name,
            description: described(set),
            trust: trust(place, account, &set.arn),
            managed: managed.chain(policies.customer_managed.iter().map(own)).collect(),
            inline: inline.into_iter().collect(),
            boundary: policies.boundary.as_ref().map(|boundary| match boundary {
                Boundary::Managed(arn) => in_partition(arn),
                Boundary::CustomerManaged(policy) => own(policy),
            }),
            max_session: MAX_SESSION,
            tags: tags.into(),
        }
    }

    /// How a role that is there differs from this, in words; nothing if it does not.
    pub fn differences(&self, there: Option<&Self>) -> Vec<String> {
        let Some(there) = there else { return vec!["The role is not there.".to_owned()] };
        let mut all = Vec::new();
        if self.trust != there.trust {
            all.push("Its trust policy was changed.".to_owned());
        }
        for arn in self.managed.difference(&there.managed) {
            all.push(format!("{arn} is not attached any more."));
        }
        for arn in there.managed.difference(&self.managed) {
            all.push(format!("{arn} was attached."));
        }
        for (name, document) in &self.inline {
            match there.inline.get(name) {
                None => all.push("Its inline policy was deleted.".to_owned()),
                Some(other) if other != document => all.push("Its inline policy was changed.".to_owned()),
                Some(_) => {}
            }
        }
        for name in there.inline.keys().filter(|name| !self.inline.contains_key(*name)) {
            all.push(format!("An inline policy {name} was added."));
        }
        match (&self.boundary, &there.boundary) {
            (Some(_), None) => all.push("Its permissions boundary was removed.".to_owned()),
            (before, Some(after)) if before.as_ref() != Some(after) => {
                all.push(format!("Its permissions boundary is {after} now."));
            }
            _ => {}
        }
        if self.max_session != there.max_session {
            all.push(format!("Its longest session is {} seconds now.", there.max_session));
        }
        // Tags that others put there are theirs.
        if self.tags.iter().any(|(key, value)| there.tags.get(key) != Some(value)) {
            all.push("Its tags were changed.".to_owned());
        }
        all
    }
}

/// IAM takes at most 1,000 characters of a few alphabets (IAM API, `CreateRole`, `Description`); others become spaces.
fn described(set: &PermissionSet) -> String {
    let is_taken = |c: char| matches!(c, ' '..='~' | '\u{a1}'..='\u{ff}');
    let text = format!("{} by Latchkey. {}", set.name, set.description);
    text.trim().chars().map(|c| if is_taken(c) { c } else { ' ' }).take(1000).collect()
}

fn trust(place: &Place<'_>, account: &str, set_arn: &str) -> Value {
    let provider = place.provider;
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {
                "Federated": format!("arn:{}:iam::{account}:oidc-provider/{provider}", place.partition)
            },
            "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
            "Condition": {
                "StringEquals": { format!("{provider}:aud"): AUDIENCE },
                "StringLike": { format!("{provider}:sub"): format!("{}*", subject_prefix(account, set_arn)) }
            }
        }]
    })
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::organisation::Policies;

    fn set() -> PermissionSet {
        PermissionSet {
            arn: "arn:aws:sso:::permissionSet/ssoins-1/ps-0123456789abcdef".to_owned(),
            name: "ReadOnly".to_owned(),
            description: "Look at everything \u{2014} change nothing".to_owned(),
            relay_state: None,
            session_duration: SignedDuration::from_hours(1),
            requires_key: false,
            tags: BTreeMap::from([("team".to_owned(), "core".to_owned())]),
            policies: Policies {
                managed: vec!["arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()],
                customer_managed: vec![PolicyReference { name: "Ours".to_owned(), path: "/x/".to_owned() }],
                inline: Some("{ \"Version\": \"2012-10-17\",\n \"Statement\": [] }".to_owned()),
                boundary: Some(Boundary::CustomerManaged(PolicyReference {
                    name: "Most".to_owned(),
                    path: "/".to_owned(),
                })),
            },
            revision: 1,
            created: Timestamp::UNIX_EPOCH,
        }
    }

    fn spec(partition: &str) -> RoleSpec {
        let place = Place { partition, provider: "sso.acme.test/aws-accounts", instance_id: "ssoins-1" };
        RoleSpec::of(&place, "111122223333", &set(), "AWSReservedSSO_ReadOnly_0".to_owned())
    }

    #[test]
    fn a_role_is_what_its_permission_set_says() {
        let role = spec("aws-cn");
        let managed: Vec<&str> = role.managed.iter().map(String::as_str).collect();
        assert_eq!(
            managed,
            ["arn:aws-cn:iam::111122223333:policy/x/Ours", "arn:aws-cn:iam::aws:policy/ReadOnlyAccess"]
        );
        assert_eq!(role.boundary.as_deref(), Some("arn:aws-cn:iam::111122223333:policy/Most"));
        assert_eq!(role.tags[INSTANCE_TAG], "ssoins-1");
        assert_eq!(role.tags.len(), 2);
        assert!(role.description.is_ascii(), "{}", role.description);
        let statement = &role.trust["Statement"][0];
        assert_eq!(
            statement["Principal"]["Federated"],
            "arn:aws-cn:iam::111122223333:oidc-provider/sso.acme.test/aws-accounts"
        );
        assert_eq!(statement["Condition"]["StringEquals"]["sso.acme.test/aws-accounts:aud"], AUDIENCE);
        assert_eq!(
            statement["Condition"]["StringLike"]["sso.acme.test/aws-accounts:sub"],
            "account:111122223333:set:ps-0123456789abcdef:user:*"
        );
    }

    #[test]
    fn every_kind_of_drift_is_named() {
        let role = spec("aws");
        assert_eq!(role.differences(Some(&role)), Vec::<String>::new());
        assert_eq!(role.differences(None).len(), 1);
        let changed = |change: &dyn Fn(&mut RoleSpec)| {
            let mut there = role.clone();
            change(&mut there);
            role.differences(Some(&there)).join(" ")
        };
        let said = [
            (changed(&|it| it.trust = json!({})), "trust policy"),
            (changed(&|it| it.managed.clear()), "ReadOnlyAccess is not attached"),
            (changed(&|it| it.managed.extend(["arn:aws:iam::aws:policy/X".to_owned()])), "X was attached"),
            (changed(&|it| it.inline.clear()), "inline policy was deleted"),
            (
                changed(&|it| drop(it.inline.insert(INLINE_POLICY.to_owned(), json!({})))),
                "policy was changed",
            ),
            (changed(&|it| drop(it.inline.insert("Back".to_owned(), json!({})))), "Back was added"),
            (changed(&|it| it.boundary = None), "boundary was removed"),
            (changed(&|it| it.boundary = Some("arn:x".to_owned())), "boundary is arn:x now"),
            (changed(&|it| it.max_session = 3600), "3600 seconds"),
            (changed(&|it| it.tags.clear()), "tags"),
        ];
        for (told, words) in said {
            assert!(told.contains(words), "{told:?} does not say {words:?}");
        }
        let theirs = changed(&|it| drop(it.tags.insert("cost".to_owned(), "7".to_owned())));
        assert_eq!(theirs, "", "tags that others put there are theirs");
    }
}
