//! Applications of OAuth 2.0 in the file (`[application.oauth]`), and the issuers whose tokens they may bring
//! (`[[trusted_token_issuer]]`): what `CreateTokenWithIAM` goes by. Names stand for ARNs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::check::{Mistake, mistake};
use crate::domain::{
    actor_policy,
    integration::{
        ATTRIBUTES, MOST_MEMBERS, MOST_SCOPES, is_claim_path, is_issuer_name, is_issuer_url, is_member,
        is_redirect_uri, is_scope,
    },
};

/// Stands for the instance among the targets of a scope: every application of it.
pub const EVERY_APPLICATION: &str = "*";

/// How an application gets tokens: all of it, what is left out is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oauth {
    /// Whether only those it is assigned to get tokens.
    pub assignment_required: bool,
    /// Who may act as it (sso-admin API, `ActorPolicy`); nobody if there is none.
    pub actor_policy: Option<Value>,
    /// Where codes are sent, by the grant `authorization_code`, if there are any.
    pub redirect_uris: Vec<String>,
    /// Whether it has the grant `refresh_token`.
    pub refresh_token: bool,
    /// Whether it may exchange other applications' tokens.
    pub token_exchange: bool,
    /// By the grant `jwt-bearer`: audiences by the names of issuers.
    pub jwt_bearer: BTreeMap<String, Vec<String>>,
    /// What its tokens are good for, and which applications may exchange them: names, or [`EVERY_APPLICATION`].
    pub scopes: BTreeMap<String, Vec<String>>,
}

/// An issuer in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentIssuer {
    /// Its name.
    pub name: String,
    /// What its tokens say of `iss`, and where its discovery document is.
    pub issuer_url: String,
    /// Where its tokens say whose they are.
    pub claim_path: String,
    /// What that is compared with (sso-admin API, `IdentityStoreAttributePath`).
    pub attribute_path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIssuer {
    pub name: Spanned<String>,
    pub issuer_url: Spanned<String>,
    pub claim: Spanned<String>,
    pub attribute: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    #[serde(default = "yes")]
    assignment_required: bool,
    actor_policy: Option<Spanned<String>>,
    #[serde(default)]
    grants: Grants,
    scopes: Option<Spanned<Lists>>,
}

type Lists = BTreeMap<String, Vec<Spanned<String>>>;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grants {
    authorization_code: Option<Code>,
    #[serde(default)]
    refresh_token: bool,
    #[serde(default)]
    token_exchange: bool,
    jwt_bearer: Option<Spanned<Lists>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    redirect_uris: Spanned<Vec<Spanned<String>>>,
}

fn yes() -> bool {
    true
}

/// Issuers by name.
pub(super) fn issuers(raw: Vec<RawIssuer>) -> Result<BTreeMap<String, DocumentIssuer>, Mistake> {
    let mut issuers = BTreeMap::new();
    for issuer in raw {
        let refuse = |value, field, problem| Err(mistake(value, field, problem));
        let name = issuer.name.get_ref().clone();
        if !is_issuer_name(&name) {
            let problem = "must have 1 to 255 letters, digits and _+=,.@-";
            return refuse(&issuer.name, "trusted_token_issuer.name", problem);
        }
        if !is_issuer_url(issuer.issuer_url.get_ref()) {
            let problem = "must be an https URL, or an http URL of this machine, without a query";
            return refuse(&issuer.issuer_url, "trusted_token_issuer.issuer_url", problem);
        }
        if !is_claim_path(issuer.claim.get_ref()) {
            let problem = "must be letters with up to two more parts after dots, such as email";
            return refuse(&issuer.claim, "trusted_token_issuer.claim", problem);
        }
        if !ATTRIBUTES.contains(&issuer.attribute.get_ref().as_str()) {
            let problem = "must be userName, emails.value or externalIds.value";
            return refuse(&issuer.attribute, "trusted_token_issuer.attribute", problem);
        }
        let is_known = |known: &DocumentIssuer| known.issuer_url == *issuer.issuer_url.get_ref();
        if issuers.contains_key(&name) || issuers.values().any(is_known) {
            let problem = "has the name or the address of another one in this file";
            return refuse(&issuer.name, "trusted_token_issuer.name", problem);
        }
        let issuer = DocumentIssuer {
            name: name.clone(),
            issuer_url: issuer.issuer_url.into_inner(),
            claim_path: issuer.claim.into_inner(),
            attribute_path: issuer.attribute.into_inner(),
        };
        issuers.insert(name, issuer);
    }
    Ok(issuers)
}

/// How an application gets tokens; names of issuers are known to resolve, those of applications are not yet.
pub(super) fn check(raw: Raw, issuers: &BTreeMap<String, DocumentIssuer>) -> Result<Oauth, Mistake> {
    let field = "application.oauth.actor_policy";
    let actor_policy = match &raw.actor_policy {
        Some(text) => {
            let policy: Value = serde_json::from_str(text.get_ref())
                .map_err(|error| mistake(text, field, format!("must be a policy in JSON: {error}")))?;
            actor_policy::check(&policy).map_err(|problem| mistake(text, field, format!("{problem}.")))?;
            Some(policy)
        }
        None => None,
    };
    let redirect_uris = match raw.grants.authorization_code {
        Some(code) => redirect_uris(code.redirect_uris)?,
        None => Vec::new(),
    };
    let field = "application.oauth.grants.jwt_bearer";
    let jwt_bearer = lists(raw.grants.jwt_bearer, MOST_MEMBERS, field, |issuer, audiences| {
        if !issuers.contains_key(issuer) {
            return Err((None, format!("no trusted_token_issuer is called \"{issuer}\" in this file")));
        }
        match audiences.iter().find(|audience| !is_member(audience.get_ref())) {
            Some(wrong) => Err((Some(wrong), "must have 1 to 512 characters".to_owned())),
            None if audiences.is_empty() => {
                Err((None, format!("\"{issuer}\" needs an audience that its tokens are for")))
            }
            None => Ok(()),
        }
    })?;
    let field = "application.oauth.scopes";
    let most = usize::try_from(MOST_SCOPES).unwrap_or(usize::MAX);
    let scopes = lists(raw.scopes, most, field, |scope, _| match is_scope(scope) {
        true => Ok(()),
        false => Err((
            None,
            format!("\"{scope}\" must be up to three parts of letters, digits and _, such as a:b"),
        )),
    })?;
    Ok(Oauth {
        assignment_required: raw.assignment_required,
        actor_policy,
        redirect_uris,
        refresh_token: raw.grants.refresh_token,
        token_exchange: raw.grants.token_exchange,
        jwt_bearer,
        scopes,
    })
}

fn redirect_uris(raw: Spanned<Vec<Spanned<String>>>) -> Result<Vec<String>, Mistake> {
    let field = "application.oauth.grants.authorization_code.redirect_uris";
    if !(1..=MOST_MEMBERS).contains(&raw.get_ref().len()) {
        return Err(mistake(&raw, field, "must be 1 to 10 addresses"));
    }
    if let Some(wrong) = raw.get_ref().iter().find(|uri| !is_redirect_uri(uri.get_ref())) {
        return Err(mistake(wrong, field, "must be an absolute URI without a fragment"));
    }
    Ok(raw.into_inner().into_iter().map(Spanned::into_inner).collect())
}

/// A table of lists, with at most so many members each; `check` says what is wrong with one, and where if it is known.
fn lists(
    raw: Option<Spanned<Lists>>,
    most: usize,
    field: &'static str,
    check: impl for<'r> Fn(&str, &'r [Spanned<String>]) -> Result<(), (Option<&'r Spanned<String>>, String)>,
) -> Result<BTreeMap<String, Vec<String>>, Mistake> {
    let Some(raw) = raw else { return Ok(BTreeMap::new()) };
    if raw.get_ref().len() > most {
        return Err(mistake(&raw, field, format!("has more than {most} members")));
    }
    for (name, members) in raw.get_ref() {
        if members.len() > MOST_MEMBERS {
            return Err(mistake(&raw, field, format!("\"{name}\" has more than {MOST_MEMBERS} members")));
        }
        match check(name, members) {
            Ok(()) => {}
            Err((Some(member), problem)) => return Err(mistake(member, field, problem)),
            Err((None, problem)) => return Err(mistake(&raw, field, problem)),
        }
    }
    let plain = |members: Vec<Spanned<String>>| members.into_iter().map(Spanned::into_inner).collect();
    Ok(raw.into_inner().into_iter().map(|(name, members)| (name, plain(members))).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{SAMPLE, read_for_sandbox};

    const ISSUER: &str = "[[trusted_token_issuer]]\nname = \"Corp\"\nissuer_url = \"https://idp.acme.test\"\n\
                          claim = \"email\"\nattribute = \"emails.value\"\n";
    const LAKE: &str = "[[application]]\nname = \"Lake\"\n[application.oauth]\n";

    #[track_caller]
    fn refuses(rest: &str, field: &str, words: &str) {
        let error =
            read_for_sandbox("acme.toml", &format!("{SAMPLE}\n{rest}")).expect_err("it has a mistake");
        assert_eq!(error.field.as_deref(), Some(field), "{error}");
        assert!(error.to_string().contains(words) && error.line > SAMPLE.lines().count(), "{error}");
    }

    #[test]
    fn mistakes_are_named() {
        for (from, to, field) in [
            ("\"Corp\"", "\"two words\"", "name"),
            ("https://", "http://", "issuer_url"),
            ("\"email\"", "\"a..b\"", "claim"),
            ("emails.value", "title", "attribute"),
        ] {
            refuses(&ISSUER.replace(from, to), &format!("trusted_token_issuer.{field}"), "must");
        }
        refuses(&ISSUER.repeat(2), "trusted_token_issuer.name", "another one in this file");
        for (line, field, words) in [
            ("actor_policy = '{'", "actor_policy", "policy in JSON"),
            ("actor_policy = '{}'", "actor_policy", ""),
            (
                "grants.authorization_code = { redirect_uris = [] }",
                "grants.authorization_code.redirect_uris",
                "1 to 10",
            ),
            (
                "grants.authorization_code = { redirect_uris = [\"/x\"] }",
                "grants.authorization_code.redirect_uris",
                "absolute URI",
            ),
            (
                "grants.jwt_bearer = { Nobody = [\"x\"] }",
                "grants.jwt_bearer",
                "no trusted_token_issuer is called",
            ),
            ("grants.jwt_bearer = { Corp = [] }", "grants.jwt_bearer", "needs an audience"),
            ("grants.jwt_bearer = { Corp = [\"\"] }", "grants.jwt_bearer", "512"),
            ("scopes = { \"a b\" = [] }", "scopes", "three parts"),
            ("scopes = { a = [\"Nothing\"] }", "scopes", "no application with [application.oauth] is called"),
            ("scopes = { a = [\"Grafana\"] }", "scopes", "no application with [application.oauth] is called"),
        ] {
            refuses(&format!("{ISSUER}{LAKE}{line}\n"), &format!("application.oauth.{field}"), words);
        }
        let many = (0..11).map(|n| format!("s{n} = []")).collect::<Vec<_>>().join(", ");
        refuses(&format!("{LAKE}scopes = {{ {many} }}\n"), "application.oauth.scopes", "more than 10");
        let both = format!("{LAKE}[application.saml]\nacs_url = \"https://x.test/acs\"\naudience = \"x\"\n");
        refuses(&both, "application.oauth", "not both");
    }

    #[test]
    fn all_of_it_is_read() {
        let text = format!(
            "{SAMPLE}\n{ISSUER}{LAKE}assignment_required = false\nscopes = {{ \"lake:read\" = [\"Lake\", \"*\"], b = [] }}\n\
             [application.oauth.grants]\nrefresh_token = true\njwt_bearer = {{ Corp = [\"lake\"] }}\n"
        );
        let acme = read_for_sandbox("acme.toml", &text).expect("it is good");
        let lake = acme.applications["Lake"].oauth.as_ref().expect("it has it");
        assert!(lake.refresh_token && !lake.token_exchange && !lake.assignment_required);
        assert_eq!((lake.scopes["lake:read"].len(), lake.scopes["b"].len()), (2, 0));
        assert_eq!(lake.jwt_bearer["Corp"], ["lake"]);
        assert!(lake.actor_policy.is_none() && lake.redirect_uris.is_empty());
        assert_eq!(acme.trusted_issuers["Corp"].claim_path, "email");
    }
}
