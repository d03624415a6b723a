//! The shape of an organisation file.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Deserialize;
use toml::Spanned;

use super::{Boundary, Document, FileError, PolicyReference, check, oauth, roles, saml_check::Saml, yaml};

/// Reads an organisation from the text of its file, YAML if its name says so, else TOML; `file` names it in
/// errors.
///
/// # Errors
/// [`FileError`] names the line and the field of the first mistake.
pub fn read(file: &str, text: &str) -> Result<Document, FileError> {
    read_with(file, text, check::SHORTEST_ROLE_SESSION)
}

/// Reads the organisation of a sandbox, whose permission sets may say less than an hour, so that an end of credentials
/// can be waited for. STS itself knows none below 15 minutes.
///
/// # Errors
/// As [`read`].
pub fn read_for_sandbox(file: &str, text: &str) -> Result<Document, FileError> {
    read_with(file, text, SignedDuration::from_mins(15))
}

fn read_with(file: &str, text: &str, shortest: SignedDuration) -> Result<Document, FileError> {
    if file.ends_with(".yaml") || file.ends_with(".yml") {
        return yaml::read(file, text, shortest);
    }
    read_toml(file, text, shortest)
}

pub(super) fn read_toml(file: &str, text: &str, shortest: SignedDuration) -> Result<Document, FileError> {
    let raw: File = toml::from_str(text).map_err(|error| FileError::syntax(file, text, &error))?;
    check::check(raw, shortest)
        .map_err(|mistake| FileError::in_field(file, text, mistake.span, mistake.field, mistake.problem))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub name: Spanned<String>,
    pub region: Spanned<String>,
    pub management_account: Spanned<String>,
    pub session_duration: Option<Spanned<SignedDuration>>,
    #[serde(default)]
    pub group: Vec<Group>,
    #[serde(default)]
    pub user: Vec<User>,
    #[serde(default)]
    pub account: Vec<Account>,
    #[serde(default)]
    pub permission_set: Vec<PermissionSet>,
    #[serde(default)]
    pub assignment: Vec<Assignment>,
    #[serde(default)]
    pub application: Vec<Application>,
    #[serde(default)]
    pub access_control_attribute: Vec<AccessControlAttribute>,
    #[serde(default)]
    pub role: Vec<roles::Raw>,
    #[serde(default)]
    pub trusted_token_issuer: Vec<oauth::RawIssuer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccessControlAttribute {
    pub key: Spanned<String>,
    pub source: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub name: Spanned<String>,
    #[serde(default)]
    pub description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub username: Spanned<String>,
    pub display_name: Spanned<String>,
    pub email: Spanned<String>,
    #[serde(default)]
    pub groups: Vec<Spanned<String>>,
    #[serde(default = "yes")]
    pub enabled: bool,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub middle_name: Option<String>,
    pub honorific_prefix: Option<String>,
    pub honorific_suffix: Option<String>,
    pub nick_name: Option<String>,
    pub profile_url: Option<String>,
    pub phone: Option<String>,
    pub preferred_language: Option<String>,
    pub locale: Option<String>,
    pub timezone: Option<String>,
    pub title: Option<String>,
    pub user_type: Option<String>,
    pub employee_number: Option<String>,
    pub cost_center: Option<String>,
    pub organization: Option<String>,
    pub division: Option<String>,
    pub department: Option<String>,
    pub manager: Option<String>,
    pub password_hash: Option<Spanned<String>>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    pub id: Spanned<String>,
    pub name: Spanned<String>,
    pub email: Spanned<String>,
    #[serde(default)]
    pub ou: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PermissionSet {
    pub name: Spanned<String>,
    #[serde(default)]
    pub description: String,
    pub session_duration: Option<Spanned<SignedDuration>>,
    pub relay_state: Option<Spanned<String>>,
    #[serde(default)]
    pub requires_security_key: bool,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    #[serde(default)]
    pub managed_policies: Vec<Spanned<String>>,
    #[serde(default)]
    pub customer_managed_policies: Vec<PolicyReference>,
    pub inline_policy: Option<Spanned<String>>,
    pub permissions_boundary: Option<Boundary>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assignment {
    pub account: Spanned<String>,
    pub permission_set: Spanned<String>,
    pub user: Option<Spanned<String>>,
    pub group: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Application {
    pub name: Spanned<String>,
    #[serde(default)]
    pub description: String,
    pub url: Option<Spanned<String>>,
    #[serde(default)]
    pub users: Vec<Spanned<String>>,
    #[serde(default)]
    pub groups: Vec<Spanned<String>>,
    pub saml: Option<Spanned<Saml>>,
    pub oauth: Option<Spanned<oauth::Raw>>,
    /// The other protocol, which is refused.
    pub oidc: Option<Spanned<toml::Table>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name = \"Acme\"\nregion = \"eu-central-1\"\nmanagement_account = \"111122223333\"\n";

    /// Line and field of the mistake, and a part of its words.
    #[track_caller]
    fn refuses(rest: &str, line: usize, field: Option<&str>, words: &str) {
        let text = format!("{HEAD}{rest}");
        let error = read("acme.toml", &text).expect_err("this file has a mistake");
        assert_eq!((error.line, error.field.as_deref()), (line, field), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().starts_with(&format!("acme.toml, line {line}")), "{error}");
    }

    const ACCOUNT: &str = "[[account]]\nid = \"111122223333\"\nname = \"a\"\nemail = \"a@acme.test\"\n";

    #[test]
    fn a_mistake_is_named_with_line_and_field() {
        refuses(
            "[[account]]\nid = \"1\"\nname = \"a\"\nemail = \"a@b\"\n",
            5,
            Some("account.id"),
            "12 digits",
        );
        refuses("colour = 1\n", 4, Some("colour"), "unknown field");
        refuses("[[account]\n", 4, None, "");
        refuses(
            &format!("{ACCOUNT}[[permission_set]]\nname = \"no spaces\"\n"),
            9,
            Some("permission_set.name"),
            "32 characters",
        );
        refuses(
            &format!("{ACCOUNT}[[permission_set]]\nname = \"A\"\nsession_duration = \"PT59M\"\n"),
            10,
            Some("permission_set.session_duration"),
            "between 1 hour (PT1H) and 12 hours",
        );
        refuses(
            &format!(
                "{ACCOUNT}[[assignment]]\naccount = \"111122223333\"\npermission_set = \"Admn\"\nuser = \"x\"\n"
            ),
            10,
            Some("assignment.permission_set"),
            "Admn",
        );
        refuses(&format!("{ACCOUNT}{ACCOUNT}"), 9, Some("account.id"), "twice");
        refuses(
            "[[user]]\nusername = \"sam\"\ndisplay_name = \"Sam\"\nemail = \"sam@acme.test\"\ngroups = [\"x\"]\n",
            8,
            Some("user.groups"),
            "no group",
        );
        refuses(
            "[[user]]\nusername = \"sam\"\ndisplay_name = \"Sam\"\nemail = \"s@a\"\npassword_hash = \"plain\"\n",
            8,
            Some("user.password_hash"),
            "hash-password",
        );
        refuses(
            "[[user]]\nusername = \"sam\"\ndisplay_name = \"S\"\nemail = \"s@a\"\npassword_hash = \"$argon2id$v=19\"\n",
            8,
            Some("user.password_hash"),
            "hash-password",
        );
        let person = |name: &str, email: &str| {
            format!("[[user]]\nusername = \"{name}\"\ndisplay_name = \"S\"\nemail = \"{email}\"\n")
        };
        let clash = person("sam", "kim@a") + &person("KIM@A", "k@a");
        refuses(&clash, 9, Some("user.username"), "email address of \"sam\"");
        let clash = person("kim@a", "k@a") + &person("sam", "Kim@a");
        refuses(&clash, 11, Some("user.email"), "user name of \"kim@a\"");
        refuses(
            "[[application]]\nname = \"x\"\nurl = \"javascript:x\"\n",
            6,
            Some("application.url"),
            "http",
        );
        refuses("[[application]]\nname = \"x\"\n", 5, Some("application.url"), "[application.saml]");
    }

    #[test]
    fn policies_are_those_that_the_api_takes() {
        let set = |rest: &str| format!("[[permission_set]]\nname = \"Ops\"\n{rest}");
        let field = Some("permission_set.inline_policy");
        let inline = |policy: &str| set(&format!("inline_policy = '{policy}'\n"));
        refuses(&inline("{\"Version\": }"), 6, field, "expected value at line 1 column 13");
        for (policy, words) in [
            ("{}", "Statement must be"),
            (r#"{"Statement":[]}"#, "Statement must be"),
            (r#"{"Statement":{"Effect":"No"}}"#, "statement 1: Effect must be Allow or Deny"),
        ] {
            refuses(&inline(policy), 6, field, words);
        }
        let many =
            (0..21).map(|n| format!("\"arn:aws:iam::aws:policy/P{n}\"")).collect::<Vec<_>>().join(", ");
        let many = set(&format!("managed_policies = [{many}]\n"));
        refuses(&many, 5, Some("permission_set.managed_policies"), "at most 20 managed policies");
    }

    const SAML: &str = "[[application]]\nname = \"x\"\n[application.saml]\n";

    #[test]
    fn mistakes_in_applications_are_named_too() {
        let both =
            |acs: &str, audience: &str| format!("{SAML}acs_url = \"{acs}\"\naudience = \"{audience}\"\n");
        let good = both("https://x.test/acs", "x");
        read("acme.toml", &format!("{HEAD}{good}")).expect("this is all it takes");
        read("acme.toml", &format!("{HEAD}{}", both("http://127.0.0.1:1/acs", "x")))
            .expect("http on loopback");
        for acs in ["x", "http://x.test/acs", "javascript:x", "https://x.test/acs#x", "https://u:p@x.test/"] {
            refuses(&both(acs, "x"), 7, Some("application.saml.acs_url"), "https");
        }
        refuses(&both("https://x.test/acs", " "), 8, Some("application.saml.audience"), "entity id");
        refuses(SAML, 6, Some("application.saml.acs_url"), "missing");
        for (line, field, words) in [
            ("name_id_format = \"mail\"", "name_id_format", "persistent"),
            ("relay_state = \"\"", "relay_state", "80"),
            ("assertion_lifetime = \"PT0S\"", "assertion_lifetime", "1 minute"),
            ("assertion_lifetime = \"PT2H\"", "assertion_lifetime", "1 hour"),
            ("colour = 1", "colour", "unknown"),
            ("attributes.a = \"${user:shoeSize}\"", "attributes", "${user:email}"),
            ("attributes.a = \"Dr ${user:name\"", "attributes", "at character 4"),
            ("attributes.a = [\"x\", \"in ${user:groups}\"]", "attributes", "stand alone"),
            ("name_id = \"${user:x}\"", "name_id", "${user:email}"),
            ("session_duration = \"PT1M\"", "session_duration", "15 minutes"),
            ("fields = { domain = \"acme\" }", "fields", "`catalogue`"),
            ("signing_certificates = [\"AAAA\"]", "signing_certificates", "certificate"),
            ("encryption_certificate = \"x\"", "encryption_certificate", "certificate"),
            ("require_signed_requests = true", "require_signed_requests", "signing_certificates"),
            ("metadata = \"<x/>\"", "metadata", "is not SAML metadata"),
            ("catalogue = \"saleforce\"", "catalogue", "no entry"),
            ("attributes.\" \" = \"x\"", "attributes", "name"),
        ] {
            refuses(&format!("{good}{line}\n"), 9, Some(&format!("application.saml.{field}")), words);
        }
        refuses(
            &format!("{good}[application.saml.attributes]\na = \"\\u0001\"\n"),
            10,
            Some("application.saml.attributes"),
            "plain text",
        );
    }

    #[test]
    fn an_application_may_come_from_the_catalogue() {
        let from = |rest: &str| format!("{SAML}catalogue = \"salesforce\"\n{rest}");
        let text = from("fields = { domain = \"acme\" }\nrelay_state = \"home\"\nattributes.a = \"b\"\n");
        let acme = read("acme.toml", &format!("{HEAD}{text}")).expect("this is all it takes");
        let saml = acme.applications["x"].saml.as_ref().expect("it has SAML");
        assert_eq!(saml.acs_url, "https://acme.my.salesforce.com");
        assert_eq!((saml.relay_state.as_deref(), saml.attributes.len()), (Some("home"), 1));
        assert_eq!(saml.catalogue.as_ref().map(|choice| &*choice.id), Some("salesforce"));
        let field = Some("application.saml.fields");
        refuses(&from(""), 7, field, "`domain` is missing: My Domain name, such as acme");
        refuses(&from("fields = { domain = \"a.b/\" }\n"), 8, field, "`domain` must be");
        refuses(
            &from("fields = { domain = \"a\", x = \"y\" }\n"),
            8,
            field,
            "`x` is not a field of Salesforce",
        );
        refuses(&from("[application.saml.fields]\ndomain = \"a.b\"\n"), 9, field, "`domain` must be");
        let slack = from("").replace("salesforce", "github");
        refuses(&slack, 7, Some("application.saml.catalogue"), "github-enterprise-server");
    }

    #[test]
    fn openid_connect_is_refused_with_the_reason() {
        let text = "[[application]]\nname = \"x\"\n[application.oidc]\nclient_id = \"y\"\n";
        refuses(text, 6, Some("application.oidc"), "sign in by SAML 2.0 here");
    }

    #[test]
    fn a_mistake_of_form_names_its_field_too() {
        let refuses_whole = |text: &str, line: usize, field: Option<&str>| {
            let error = read("acme.toml", text).expect_err("this file has a mistake");
            assert_eq!((error.line, error.field.as_deref()), (line, field), "{error}");
        };
        refuses_whole("name = 5\n", 1, Some("name"));
        refuses_whole("name = \"A\"\nname = \"B\"\n", 2, Some("name"));
        refuses_whole("name = \"A\"\nregion = \"eu-central-1\"\n", 1, Some("management_account"));
        refuses("[[account]]\n  id = 111122223333\n", 5, Some("account.id"), "string");
        refuses("[[account]]\nid = \"1\"\nname = \"a\"\n", 4, Some("account.email"), "missing");
        refuses("[[account]]\nid = \"1\"\nmail = \"a\"\n", 6, Some("account.mail"), "unknown");
        refuses("session_duration = \"eight\"\n", 4, Some("session_duration"), "");
        refuses(
            "[[permission_set]]\nname = \"A\"\n\"session_duration\" = \"1 hour x\"\n",
            6,
            Some("permission_set.session_duration"),
            "",
        );
        refuses("[[user]]\ngroups = [ # several\n  \"x\",\n  5,\n]\n", 7, Some("user.groups"), "string");
        refuses("[[user]]\nusername = \"unclosed\n", 5, Some("user.username"), "");
        refuses("user = 5\n", 4, Some("user"), "");
    }

    #[test]
    fn ones_own_address_may_be_ones_user_name() {
        let text = format!("{HEAD}[[user]]\nusername = \"sam@a\"\ndisplay_name = \"S\"\nemail = \"Sam@a\"\n");
        assert_eq!(read("acme.toml", &text).expect("it is good").users.len(), 1);
    }

    #[test]
    fn a_password_hash_is_never_repeated_in_an_error() {
        let text = format!(
            "{HEAD}[[user]]\nusername = \"sam\"\ndisplay_name = \"Sam\"\nemail = \"s@a\"\npassword_hash = \"hunter2\"\n"
        );
        let error = read("acme.toml", &text).expect_err("a plain password is refused").to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
