//! Who may be an application: a resource policy with principals, as far as it is understood here. What is not
//! understood is refused when it is set, so that nothing of it is passed over when it counts.

use serde_json::Value;

/// What a policy may allow here.
const ACTION: &str = "sso-oauth:CreateTokenWithIAM";
const LONGEST: usize = 10_240;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// An administrator's key, which is an IAM user's.
    User {
        /// 12 digits.
        account: String,
        /// The user's ARN.
        arn: String,
    },
    /// A session of a role.
    Session {
        /// 12 digits.
        account: String,
        /// The role's name.
        role: String,
        /// The session's ARN.
        arn: String,
    },
}

impl Actor {
    /// As policies and events name it.
    pub fn arn(&self) -> &str {
        match self {
            Self::User { arn, .. } | Self::Session { arn, .. } => arn,
        }
    }

    /// Whether a principal of a policy is this one (IAM User Guide, principals).
    fn is(&self, principal: &str) -> bool {
        let (account, own) = match self {
            Self::User { account, arn } | Self::Session { account, arn, .. } => (account, arn),
        };
        if principal == "*" || principal == own || principal == account {
            return true;
        }
        let Some(path) = principal.strip_prefix(&format!("arn:aws:iam::{account}:")) else { return false };
        let role = match self {
            Self::Session { role, .. } => Some(role.as_str()),
            Self::User { .. } => None,
        };
        // A role's ARN may have a path before its name.
        path == "root" || role.is_some_and(|role| path.strip_prefix("role/").and_then(last) == Some(role))
    }
}

fn last(path: &str) -> Option<&str> {
    path.rsplit('/').next()
}

/// Refuses what this server does not understand; the words say what and where.
///
/// # Errors
/// The mistake, without a full stop.
pub fn check(policy: &Value) -> Result<(), String> {
    let fields = policy.as_object().ok_or("it must be a JSON object")?;
    if policy.to_string().len() > LONGEST {
        return Err(format!("it must have at most {LONGEST} characters"));
    }
    if let Some(name) = fields.keys().find(|name| !["Version", "Id", "Statement"].contains(&name.as_str())) {
        return Err(format!("it must have Version, Id and Statement only, not {name}"));
    }
    let statements = statements(policy);
    if statements.is_empty() {
        return Err("Statement must be a statement or a list of them".to_owned());
    }
    for (at, statement) in statements.into_iter().enumerate() {
        check_statement(statement).map_err(|words| format!("statement {}: {words}", at + 1))?;
    }
    Ok(())
}

fn check_statement(statement: &Value) -> Result<(), String> {
    const KNOWN: [&str; 5] = ["Sid", "Effect", "Principal", "Action", "Resource"];
    let fields = statement.as_object().ok_or("it must be an object")?;
    if let Some(name) = fields.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(format!("{name} is not understood by this server"));
    }
    if !["Allow", "Deny"].iter().any(|effect| statement["Effect"] == *effect) {
        return Err("Effect must be Allow or Deny".to_owned());
    }
    for name in ["Action", "Resource"] {
        if fields.contains_key(name) && texts(&statement[name]).is_empty() {
            return Err(format!("{name} must be a text or a list of texts"));
        }
    }
    if !fields.contains_key("Action") {
        return Err("it must have an Action".to_owned());
    }
    // A pattern that were passed over would let those in whom a Deny means.
    let is_pattern = |text: &str| text.contains(['*', '?']);
    let inner = |action: &&str| is_pattern(action.strip_suffix('*').unwrap_or(action));
    if let Some(action) = texts(&statement["Action"]).into_iter().find(inner) {
        return Err(format!("Action {action}: a star is understood at the end alone"));
    }
    let of_some = |text: &&str| *text != "*" && is_pattern(text);
    let principals = texts(&statement["Principal"]["AWS"]).into_iter();
    if let Some(text) = texts(&statement["Resource"]).into_iter().chain(principals).find(of_some) {
        return Err(format!("{text}: patterns are not understood by this server, but for * alone"));
    }
    match &statement["Principal"] {
        Value::String(all) if all == "*" => Ok(()),
        Value::Object(kinds)
            if kinds
                .iter()
                .all(|(kind, who)| ["AWS", "Service"].contains(&kind.as_str()) && !texts(who).is_empty())
                && !kinds.is_empty() =>
        {
            Ok(())
        }
        _ => Err("Principal must be *, or name AWS or Service principals".to_owned()),
    }
}

/// Whether it lets somebody be the application with this ARN. What is denied is denied.
pub fn allows(policy: &Value, actor: &Actor, application: &str) -> bool {
    if check(policy).is_err() {
        return false;
    }
    let applies = |statement: &&Value| {
        let resources = texts(&statement["Resource"]);
        texts(&statement["Action"]).into_iter().any(is_action)
            && (resources.is_empty()
                || resources.iter().any(|resource| ["*", application].contains(resource)))
            && names(&statement["Principal"], actor)
    };
    let mut allowed = false;
    for statement in statements(policy).into_iter().filter(applies) {
        if statement["Effect"] == "Deny" {
            return false;
        }
        allowed = true;
    }
    allowed
}

fn statements(policy: &Value) -> Vec<&Value> {
    match &policy["Statement"] {
        Value::Array(statements) => statements.iter().collect(),
        one @ Value::Object(_) => vec![one],
        _ => Vec::new(),
    }
}

/// A text or a list of them; empty if it is anything else.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(members) => {
            members.iter().map(Value::as_str).collect::<Option<Vec<_>>>().unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn names(principal: &Value, actor: &Actor) -> bool {
    if principal == "*" {
        return true;
    }
    texts(&principal["AWS"]).into_iter().any(|principal| actor.is(principal))
}

/// Actions are compared without regard to case, and may end with a star.
fn is_action(pattern: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), ACTION.to_ascii_lowercase());
    match pattern.strip_suffix('*') {
        Some(start) => action.starts_with(start),
        None => pattern == action,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const APPLICATION: &str = "arn:aws:sso::900000000001:application/ssoins-0/apl-0";

    fn user() -> Actor {
        Actor::User {
            account: "900000000001".to_owned(),
            arn: "arn:aws:iam::900000000001:user/terraform".to_owned(),
        }
    }

    fn session() -> Actor {
        Actor::Session {
            account: "111122223333".to_owned(),
            role: "Reports".to_owned(),
            arn: "arn:aws:sts::111122223333:assumed-role/Reports/sam".to_owned(),
        }
    }

    fn policy(principal: &Value) -> Value {
        json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": principal, "Action": ACTION, "Resource": "*" }] })
    }

    #[test]
    fn who_is_named_may_and_nobody_else() {
        for (principal, user_may, session_may) in [
            (json!("*"), true, true),
            (json!({ "AWS": "arn:aws:iam::900000000001:user/terraform" }), true, false),
            (json!({ "AWS": "arn:aws:iam::900000000001:user/other" }), false, false),
            (json!({ "AWS": "900000000001" }), true, false),
            (json!({ "AWS": "arn:aws:iam::111122223333:root" }), false, true),
            (json!({ "AWS": ["x", "arn:aws:iam::111122223333:role/Reports"] }), false, true),
            (json!({ "AWS": "arn:aws:iam::111122223333:role/a/path/Reports" }), false, true),
            (json!({ "AWS": "arn:aws:iam::111122223333:role/Report" }), false, false),
            (json!({ "AWS": "arn:aws:iam::999999999999:role/Reports" }), false, false),
            (json!({ "AWS": "arn:aws:sts::111122223333:assumed-role/Reports/sam" }), false, true),
            (json!({ "AWS": "arn:aws:sts::111122223333:assumed-role/Reports/kim" }), false, false),
            (json!({ "Service": "redshift.amazonaws.com" }), false, false),
        ] {
            let policy = policy(&principal);
            assert_eq!(allows(&policy, &user(), APPLICATION), user_may, "{principal}");
            assert_eq!(allows(&policy, &session(), APPLICATION), session_may, "{principal}");
        }
    }

    #[test]
    fn what_is_denied_or_about_something_else_is_not_allowed() {
        let mut denied = policy(&json!("*"));
        let deny =
            json!({ "Effect": "Deny", "Principal": { "AWS": "900000000001" }, "Action": "sso-oauth:*" });
        denied["Statement"].as_array_mut().into_iter().for_each(|list| list.push(deny.clone()));
        assert!(!allows(&denied, &user(), APPLICATION) && allows(&denied, &session(), APPLICATION));
        for (field, value, may) in [
            ("Action", json!("sso-oauth:createtoken*"), true),
            ("Action", json!(["s3:GetObject", "*"]), true),
            ("Action", json!("sso:*"), false),
            ("Resource", json!(APPLICATION), true),
            ("Resource", json!("arn:aws:sso::900000000001:application/ssoins-0/apl-1"), false),
        ] {
            let mut policy = policy(&json!("*"));
            policy["Statement"][0][field] = value.clone();
            assert_eq!(allows(&policy, &user(), APPLICATION), may, "{field} {value}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (field, value) in [
            ("Condition", json!({ "Bool": { "aws:SecureTransport": "true" } })),
            ("NotPrincipal", json!("*")),
            ("Principal", json!({ "Federated": "x" })),
            ("Principal", json!({})),
            ("Principal", json!("x")),
            ("Effect", json!("allow")),
            ("Action", json!(5)),
            ("Action", json!([])),
            ("Resource", json!([5])),
            ("Action", json!("sso-oauth:Create*IAM")),
            ("Action", json!(["sso-oauth:*WithIAM"])),
            ("Action", json!("sso-oauth:CreateTokenWithIA?")),
            ("Resource", json!("arn:aws:sso::*:application/*")),
            ("Principal", json!({ "AWS": "arn:aws:iam::111122223333:role/Rep*" })),
        ] {
            let mut policy = policy(&json!("*"));
            policy["Statement"][0][field] = value.clone();
            let mistake = check(&policy).expect_err(field);
            assert!(mistake.starts_with("statement 1: "), "{mistake}");
            assert!(!allows(&policy, &user(), APPLICATION), "{field} {value}");
        }
        for whole in [json!([]), json!({}), json!({ "Statement": [] }), json!({ "Statement": {}, "X": 1 })] {
            assert!(check(&whole).is_err(), "{whole}");
        }
    }
}
