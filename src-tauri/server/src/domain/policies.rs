//! Policies of a permission set as people write them down.

use std::collections::BTreeMap;

use super::{inline_policy, managed_policies};
use crate::organisation::{Boundary, Policies, PolicyReference};

/// AWS's policies for job functions, which its console offers first (IAM Identity Center User Guide, "Predefined
/// permission sets"; ARNs: IAM User Guide, "AWS managed policies for job functions").
pub const JOB_FUNCTIONS: [(&str, &str); 10] = [
    ("AdministratorAccess", "arn:aws:iam::aws:policy/AdministratorAccess"),
    ("Billing", "arn:aws:iam::aws:policy/job-function/Billing"),
    ("DatabaseAdministrator", "arn:aws:iam::aws:policy/job-function/DatabaseAdministrator"),
    ("DataScientist", "arn:aws:iam::aws:policy/job-function/DataScientist"),
    ("NetworkAdministrator", "arn:aws:iam::aws:policy/job-function/NetworkAdministrator"),
    ("PowerUserAccess", "arn:aws:iam::aws:policy/PowerUserAccess"),
    ("SecurityAudit", "arn:aws:iam::aws:policy/SecurityAudit"),
    ("SupportUser", "arn:aws:iam::aws:policy/job-function/SupportUser"),
    ("SystemAdministrator", "arn:aws:iam::aws:policy/job-function/SystemAdministrator"),
    ("ViewOnlyAccess", "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"),
];

/// Managed policies of both kinds that a permission set may have (IAM Identity Center User Guide, quotas).
pub const MOST_MANAGED: usize = 20;
/// Tags of a permission set (sso-admin API, `TagList`).
const MOST_TAGS: usize = 50;

/// The lines that say something.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// The ARN of an AWS managed policy that somebody named: by its name, by that and its path, or by the whole ARN. A
/// name that we do not know may be one of AWS's all the same.
///
/// # Errors
/// What is wrong with it.
pub fn managed(written: &str) -> Result<String, String> {
    let path = match written.split_once(":iam::aws:policy/") {
        Some((head, path)) if is_partition(head) => path,
        None if !written.starts_with("arn:") => written,
        _ => {
            return Err(format!(
                "{written} is not the ARN of an AWS managed policy. Those begin with arn:aws:iam::aws:policy/."
            ));
        }
    };
    let is_part = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c))
    };
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    if path.len() > 512 || name.len() > 128 || !path.split('/').all(is_part) {
        return Err(format!(
            "{written} is not the name of an AWS managed policy, such as AmazonS3ReadOnlyAccess."
        ));
    }
    match managed_policies::path_of(name) {
        Some(known) if written == name => Ok(format!("arn:aws:iam::aws:policy/{known}")),
        Some(known) if path != known => {
            Err(format!("AWS has no policy {path}. The one that is called {name} is {known}."))
        }
        _ if path != written => Ok(written.to_owned()),
        _ => Ok(format!("arn:aws:iam::aws:policy/{path}")),
    }
}

/// `arn:aws`, `arn:aws-cn` and the like (sso-admin API, `ManagedPolicyArn`).
fn is_partition(head: &str) -> bool {
    let Some(rest) = head.strip_prefix("arn:aws") else { return false };
    let mut parts = rest.split('-');
    let is_part = |part: &str| (1..=5).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase());
    parts.next() == Some("") && rest.matches('-').count() <= 3 && parts.all(is_part)
}

/// AWS managed policies, one a line, each once.
///
/// # Errors
/// What is wrong with the first that is wrong.
pub fn managed_list(text: &str) -> Result<Vec<String>, String> {
    let mut arns = Vec::new();
    for line in lines(text) {
        let arn = managed(line)?;
        if !arns.contains(&arn) {
            arns.push(arn);
        }
    }
    Ok(arns)
}

/// A policy of the accounts' own, as `name` or `/path/name` (sso-admin API, `CustomerManagedPolicyReference`).
///
/// # Errors
/// What is wrong with it.
pub fn customer_managed(written: &str) -> Result<PolicyReference, String> {
    let (path, name) = match written.rsplit_once('/') {
        Some((path, name)) => (format!("{path}/"), name),
        None => ("/".to_owned(), written),
    };
    let good = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let is_name = (1..=128).contains(&name.len()) && name.chars().all(good);
    if !is_name || !path.starts_with('/') || path.len() > 512 {
        return Err(format!("{written} is not a policy's name. Write it as MyPolicy or /path/MyPolicy."));
    }
    Ok(PolicyReference { name: name.to_owned(), path })
}

/// Policies of the accounts' own, one a line, each once.
///
/// # Errors
/// What is wrong with the first that is wrong.
pub fn customer_managed_list(text: &str) -> Result<Vec<PolicyReference>, String> {
    let mut references = Vec::new();
    for line in lines(text) {
        let reference = customer_managed(line)?;
        if !references.contains(&reference) {
            references.push(reference);
        }
    }
    Ok(references)
}

/// A permissions boundary of this kind; none without a name.
///
/// # Errors
/// What is wrong with it.
pub fn boundary(kind: &str, written: &str) -> Result<Option<Boundary>, String> {
    match (kind, written.trim()) {
        ("", "") => Ok(None),
        ("", _) => Err("Say which kind of policy this is, or leave it empty.".to_owned()),
        (_, "") => Err("Name the policy, or choose no boundary.".to_owned()),
        ("managed", name) => Ok(Some(Boundary::Managed(managed(name)?))),
        (_, name) => Ok(Some(Boundary::CustomerManaged(customer_managed(name)?))),
    }
}

/// Whether a permission set may have as many managed policies.
///
/// # Errors
/// That there are too many.
pub fn check_count(policies: &Policies) -> Result<(), &'static str> {
    if policies.managed.len() + policies.customer_managed.len() > MOST_MANAGED {
        return Err("A permission set has at most 20 managed policies, of both kinds together.");
    }
    Ok(())
}

/// An inline policy: a JSON object with statements; none where nothing is written.
///
/// # Errors
/// What is wrong with it, and where.
pub fn inline(text: &str) -> Result<Option<String>, String> {
    // Forms bring line ends of their own (HTML, "form-urlencoded entry list").
    let text = text.replace("\r\n", "\n").trim().to_owned();
    if text.is_empty() {
        return Ok(None);
    }
    inline_policy::check(&text).map_err(|mistake| match mistake {
        inline_policy::Mistake::Json { line, column, reason } => {
            format!("Line {line}, column {column}: {reason}.")
        }
        inline_policy::Mistake::Form(what) => format!("This is not a policy: {what}."),
    })?;
    Ok(Some(text))
}

/// A text as JSON.
///
/// # Errors
/// What is wrong with it, and where, as a sentence.
pub fn json(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text).map_err(|error| {
        let said = error.to_string();
        let reason = said.split(" at line ").next().unwrap_or("it is no JSON");
        format!("Line {}, column {}: {reason}.", error.line(), error.column())
    })
}

/// Tags, one `key=value` a line (sso-admin API, `Tag`).
///
/// # Errors
/// What is wrong with the first that is wrong.
pub fn tags(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut tags = BTreeMap::new();
    for line in lines(text) {
        let (key, value) = line.split_once('=').map_or((line, ""), |(key, value)| (key.trim(), value.trim()));
        let good = |text: &str| text.chars().all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c));
        let is_key = (1..=128).contains(&key.chars().count()) && good(key);
        if !is_key || value.chars().count() > 256 || !good(value) {
            return Err(format!(
                "{line} is no tag. Write key=value with letters, digits, spaces and _.:/=+-@."
            ));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(format!("{key} begins with aws:, which AWS keeps for itself."));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(format!("{key} stands here twice."));
        }
    }
    if tags.len() > MOST_TAGS {
        return Err("A permission set has at most 50 tags.".to_owned());
    }
    Ok(tags)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn policies_are_known_by_name() {
        assert_eq!(managed("Billing").unwrap(), "arn:aws:iam::aws:policy/job-function/Billing");
        assert_eq!(managed("AmazonS3FullAccess").unwrap(), "arn:aws:iam::aws:policy/AmazonS3FullAccess");
        let arn = "arn:aws-cn:iam::aws:policy/AmazonEKSServicePolicy";
        assert_eq!(managed(arn).unwrap(), arn);
        let lambda = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
        assert_eq!(managed("AWSLambdaBasicExecutionRole").unwrap(), lambda);
        assert_eq!(managed("service-role/AWSLambdaBasicExecutionRole").unwrap(), lambda);
        assert_eq!(managed("NewNextYear").unwrap(), "arn:aws:iam::aws:policy/NewNextYear");
        for bad in [
            "arn:aws:iam::111122223333:policy/Mine",
            "arn:aws-verylong:iam::aws:policy/Mine",
            "arn:other:iam::aws:policy/Mine",
            "two words",
            "arn:aws:iam::aws:policy/",
            "a//b",
            "/a",
        ] {
            assert!(managed(bad).is_err(), "{bad}");
        }
        let elsewhere = managed("arn:aws:iam::aws:policy/Billing").unwrap_err();
        assert!(elsewhere.contains("job-function/Billing"), "{elsewhere}");
        assert_eq!(managed_list(" Billing \n\nBilling\n").unwrap().len(), 1);
        let reference = |path: &str| PolicyReference { name: "Mine".to_owned(), path: path.to_owned() };
        assert_eq!(customer_managed_list("Mine\n/team/Mine").unwrap(), [reference("/"), reference("/team/")]);
        assert!(customer_managed("team/Mine").is_err() && customer_managed("/team/").is_err());
    }

    #[test]
    fn a_mistake_in_json_says_where_it_is() {
        assert_eq!(inline(" \r\n ").unwrap(), None);
        let policy = "{\r\n  \"Version\": \"2012-10-17\",\r\n  \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"}\r\n}";
        assert_eq!(inline(policy).unwrap().unwrap(), policy.replace("\r\n", "\n"));
        let wrong = inline("{\n  \"Version\": \"2012-10-17\"\n  \"Statement\": []\n}").unwrap_err();
        assert!(wrong.starts_with("Line 3, column 3: expected"), "{wrong}");
        for (bad, words) in [
            ("[]", "This is not a policy: it must be a JSON object."),
            ("{}", "This is not a policy: Statement must be a statement or a list of them."),
            ("{\"Statement\": []}", "This is not a policy: Statement must be a statement or a list of them."),
            (
                "{\"Statement\": {\"Effect\": \"No\"}}",
                "This is not a policy: statement 1: Effect must be Allow or Deny.",
            ),
        ] {
            assert_eq!(inline(bad).unwrap_err(), words, "{bad}");
        }
        let long = policy.replace("s3:*", &"x".repeat(40_000));
        assert!(inline(&long).unwrap_err().contains("32768 characters"));
    }

    #[test]
    fn both_kinds_of_policies_count_together() {
        let reference = |n: usize| PolicyReference { name: format!("Mine{n}"), path: "/".to_owned() };
        let mut policies = Policies {
            managed: (0..12).map(|n| format!("arn:aws:iam::aws:policy/P{n}")).collect(),
            customer_managed: (0..8).map(reference).collect(),
            ..Policies::default()
        };
        assert_eq!(check_count(&policies), Ok(()));
        policies.customer_managed.push(reference(8));
        assert!(check_count(&policies).unwrap_err().contains("at most 20"));
    }

    #[test]
    fn a_boundary_needs_a_kind_and_a_name() {
        assert_eq!(boundary("", " ").unwrap(), None);
        assert!(boundary("", "Mine").is_err() && boundary("managed", "").is_err());
        assert!(matches!(boundary("managed", "Billing").unwrap(), Some(Boundary::Managed(_))));
        assert!(matches!(boundary("customer", "/a/Mine").unwrap(), Some(Boundary::CustomerManaged(_))));
    }

    #[test]
    fn tags_are_a_line_each() {
        let read = tags("team = payments\ncost centre=4711 a=b\n").unwrap();
        assert_eq!((read["team"].as_str(), read["cost centre"].as_str()), ("payments", "4711 a=b"));
        for bad in ["aws:team=x", "=x", "a=1\na=2", "a=<"] {
            assert!(tags(bad).is_err(), "{bad}");
        }
    }
}
