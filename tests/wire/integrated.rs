//! An AWS-integrated application as boto3 has it: set up with `sso-admin`, and given tokens by `CreateTokenWithIAM` for
//! what a trusted issuer, another application or it itself had before.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::{Boto, Person, ServedOrganisation, TokenIssuer, organisation};
use url::Url;

use super::{VERIFIER, administration::create_key, query, text};

const REGION: &str = "eu-central-1";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const CUSTOM: &str = "arn:aws:sso::aws:applicationProvider/custom";

/// A server, an administrator's boto3, and an issuer that is trusted for `reports`.
pub(super) struct Desk {
    pub(super) served: Arc<ServedOrganisation>,
    pub(super) boto: Boto,
    keys: Value,
    issuer: TokenIssuer,
    instance: Value,
    trusted: String,
    now: u64,
}

impl Desk {
    async fn start() -> Result<Self> {
        Self::start_with(&organisation::account("111122223333", "payments", "ReadOnly", "engineering")).await
    }

    pub(super) async fn start_with(more: &str) -> Result<Self> {
        let served = Arc::new(ServedOrganisation::start(more).await?);
        let endpoint = served.start_url().join("/")?;
        let services = ["identitystore", "sso-admin", "sso-oidc"];
        let boto = Boto::at(&endpoint, &services, REGION, &served.folder().join("home")).await?;
        let keys = create_key(&served).await?;
        let issuer = TokenIssuer::start().await?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let mut desk =
            Self { served, boto, keys, issuer, instance: Value::Null, trusted: String::new(), now };
        let instances = desk.ok("list_instances", json!({})).await?;
        desk.instance = instances["Instances"][0]["InstanceArn"].clone();
        desk.trusted =
            text(&desk.ok("create_trusted_token_issuer", desk.wanted()).await?, "TrustedTokenIssuerArn")?;
        Ok(desk)
    }

    fn wanted(&self) -> Value {
        json!({
            "InstanceArn": self.instance, "Name": "PyJWT", "TrustedTokenIssuerType": "OIDC_JWT",
            "TrustedTokenIssuerConfiguration": { "OidcJwtConfiguration": {
                "IssuerUrl": self.issuer.url(), "ClaimAttributePath": "email",
                "IdentityStoreAttributePath": "emails.value", "JwksRetrievalOption": "OPEN_ID_DISCOVERY" } },
        })
    }

    async fn ok(&self, operation: &str, params: Value) -> Result<Value> {
        let answer = self.boto.signed(&self.keys, ("sso-admin", operation), params, None).await?;
        answer.map_err(|refusal| anyhow::anyhow!("{operation}: {refusal:?}"))
    }

    /// An application that this administrator may be, with these grants.
    pub(super) async fn application(&self, name: &str, grants: &[(&str, Value)]) -> Result<String> {
        let hidden = json!({ "Visibility": "DISABLED" });
        let params = json!({
            "InstanceArn": self.instance, "ApplicationProviderArn": CUSTOM, "Name": name, "PortalOptions": hidden,
        });
        let arn = text(&self.ok("create_application", params).await?, "ApplicationArn")?;
        for (grant, value) in grants {
            let params = json!({ "ApplicationArn": arn, "GrantType": grant, "Grant": value });
            self.ok("put_application_grant", params).await?;
        }
        let robot = "arn:aws:iam::900000000001:user/robot";
        self.may_be(&arn, &json!({ "AWS": robot })).await?;
        let everyone = json!({ "ApplicationArn": arn, "AssignmentRequired": false });
        self.ok("put_application_assignment_configuration", everyone).await?;
        Ok(arn)
    }

    pub(super) async fn may_be(&self, arn: &str, principal: &Value) -> Result<()> {
        let policy = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": principal, "Action": "sso-oauth:CreateTokenWithIAM", "Resource": "*" }] });
        let method = json!({ "Iam": { "ActorPolicy": policy } });
        let params = json!({ "ApplicationArn": arn, "AuthenticationMethodType": "IAM", "AuthenticationMethod": method });
        self.ok("put_application_authentication_method", params).await.map(drop)
    }

    pub(super) fn bearer(&self) -> (&'static str, Value) {
        let taken =
            json!([{ "TrustedTokenIssuerArn": self.trusted, "AuthorizedAudiences": ["reports", "spare"] }]);
        (JWT_BEARER, json!({ "JwtBearer": { "AuthorizedTokenIssuers": taken } }))
    }

    /// Claims of the only user, with changes; each has another id.
    pub(super) fn claims(&self, id: &str, changes: &Value) -> Value {
        let mut claims = json!({
            "iss": self.issuer.url(), "aud": "reports", "sub": "0815", "jti": id, "email": "Sam@acme.test",
            "iat": self.now - 5, "exp": self.now + 600,
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        claims
    }

    pub(super) async fn token(&self, params: Value) -> Result<Value> {
        let answer =
            self.boto.signed(&self.keys, ("sso-oidc", "create_token_with_iam"), params, None).await?;
        answer.map_err(|refusal| anyhow::anyhow!("create_token_with_iam: {refusal:?}"))
    }

    pub(super) async fn refused(&self, params: Value, class: &str, status: u16) -> Result<()> {
        let answer =
            self.boto.signed(&self.keys, ("sso-oidc", "create_token_with_iam"), params, None).await?;
        let refusal = answer.err().with_context(|| format!("answered instead of {class}"))?;
        let seen = (refusal.code.as_deref(), refusal.status);
        ensure!(seen == (Some(class), Some(status)), "expected {class} {status}: {refusal:?}");
        Ok(())
    }

    pub(super) async fn by_assertion(&self, application: &str, claims: &Value, key: &str) -> Result<Value> {
        let assertion = self.issuer.sign(claims, key).await?;
        Ok(json!({ "clientId": application, "grantType": JWT_BEARER, "assertion": assertion }))
    }
}

#[tokio::test]
async fn a_trusted_issuers_token_is_exchanged_once_for_an_identity_token() -> Result<()> {
    let desk = Desk::start().await?;
    let reports = desk.application("Reports", &[desk.bearer()]).await?;
    let given = desk.by_assertion(&reports, &desk.claims("1", &json!({})), "first").await?;
    let got = desk.token(given.clone()).await?;
    ensure!(got["tokenType"] == "Bearer" && got["expiresIn"] == 3600, "{got}");
    ensure!(got["refreshToken"].is_null() && got["issuedTokenType"] == ACCESS_TOKEN, "{got}");
    ensure!(got["scope"] == json!(["aws", "openid", "sts:identity_context"]), "{got}");

    // What it is, to a program that trusts this server.
    let issuer = desk.served.start_url().join(&format!("/{}", instance_id(&desk.instance)?))?.to_string();
    let keys = format!("{issuer}/.well-known/jwks.json");
    let claims = desk.issuer.check(&text(&got, "idToken")?, &keys, &issuer, &reports).await?;
    let store = desk.ok("list_instances", json!({})).await?["Instances"][0]["IdentityStoreId"].clone();
    let users = desk.boto.signed(
        &desk.keys,
        ("identitystore", "list_users"),
        json!({ "IdentityStoreId": store }),
        None,
    );
    let sam = users.await?.ok().context("users")?["Users"][0]["UserId"].clone();
    ensure!(claims["sub"] == sam && claims["aws:identity_store_id"] == store, "{claims}");
    ensure!(claims["act"]["sub"] == "arn:aws:iam::900000000001:user/robot", "{claims}");
    ensure!(claims["sts:identity_context"] == got["awsAdditionalDetails"]["identityContext"], "{claims}");

    // Once.
    desk.refused(given, "InvalidGrantException", 400).await?;
    let mut n = 1;
    for (changes, key) in [
        (json!({ "aud": "elsewhere" }), "first"),
        (json!({ "iss": "http://127.0.0.1:1" }), "first"),
        (json!({ "exp": desk.now - 61 }), "first"),
        (json!({ "nbf": desk.now + 6000 }), "first"),
        (json!({ "email": "nobody@acme.test" }), "first"),
        (json!({ "email": "sam" }), "first"),
        (json!({}), "stranger"),
    ] {
        n += 1;
        let given = desk.by_assertion(&reports, &desk.claims(&n.to_string(), &changes), key).await?;
        desk.refused(given, "InvalidGrantException", 400)
            .await
            .with_context(|| format!("{changes} {key}"))?;
    }
    let signed = desk.issuer.sign(&desk.claims("tampered", &json!({})), "first").await?;
    let other = desk.issuer.sign(&desk.claims("other", &json!({})), "first").await?;
    let (body, signature) = (signed.rsplit_once('.'), other.rsplit_once('.'));
    let mixed = format!("{}.{}", body.context("parts")?.0, signature.context("parts")?.1);
    let given = json!({ "clientId": reports, "grantType": JWT_BEARER, "assertion": mixed });
    desk.refused(given, "InvalidGrantException", 400).await?;

    // The issuer changes its keys, and its attribute here.
    desk.issuer.publish(&["ec-second"]).await?;
    let given = desk
        .by_assertion(&reports, &desk.claims("rotated", &json!({ "aud": ["x", "spare"] })), "ec-second")
        .await?;
    support::until(support::deadline::WHILE, "the new key to be asked for", async || {
        let params = given.clone();
        let answer =
            desk.boto.signed(&desk.keys, ("sso-oidc", "create_token_with_iam"), params, None).await?;
        Ok(answer.ok())
    })
    .await?;
    let changed = json!({ "TrustedTokenIssuerArn": desk.trusted, "TrustedTokenIssuerConfiguration": {
        "OidcJwtConfiguration": { "ClaimAttributePath": "who.name", "IdentityStoreAttributePath": "userName" } } });
    desk.ok("update_trusted_token_issuer", changed).await?;
    let named = desk.claims("named", &json!({ "who": { "name": "sam" } }));
    desk.token(desk.by_assertion(&reports, &named, "ec-second").await?).await?;
    desk.ok("delete_trusted_token_issuer", json!({ "TrustedTokenIssuerArn": desk.trusted })).await?;
    let gone = desk.claims("gone", &json!({ "who": { "name": "sam" } }));
    desk.refused(desk.by_assertion(&reports, &gone, "ec-second").await?, "InvalidGrantException", 400)
        .await?;

    let trail = desk.served.command(&["audit", "verify"], &[]).await?;
    ensure!(trail.ok, "{trail:?}");
    let told = desk.served.command(&["audit", "ls"], &["--json", "--limit", "0"]).await?;
    let events: Vec<Value> = told
        .out
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|event: &Value| event["eventName"] == "CreateTokenWithIAM")
        .collect();
    let done = events.iter().filter(|event| event["errorCode"].is_null()).count();
    ensure!(done == 3 && events.len() > 12, "{done} of {}", events.len());
    ensure!(!told.out.contains("eyJ"), "a token is in the trail");
    Ok(())
}

fn instance_id(arn: &Value) -> Result<String> {
    Ok(arn.as_str().and_then(|arn| arn.rsplit_once('/')).context("an ARN")?.1.to_owned())
}

#[tokio::test]
async fn tokens_are_for_who_may_be_the_application_and_for_whom_it_is_assigned() -> Result<()> {
    let desk = Desk::start().await?;
    let reports = desk.application("Reports", &[desk.bearer()]).await?;
    let mut n = 0;
    let mut next = async |application: &str| {
        n += 1;
        desk.by_assertion(application, &desk.claims(&n.to_string(), &json!({})), "first").await
    };
    // Assigned, or not.
    let required = |required: bool| json!({ "ApplicationArn": reports, "AssignmentRequired": required });
    desk.ok("put_application_assignment_configuration", required(true)).await?;
    desk.refused(next(&reports).await?, "AccessDeniedException", 400).await?;
    desk.ok("put_application_assignment_configuration", required(false)).await?;
    desk.token(next(&reports).await?).await?;
    // Another caller, and none that the policy names.
    let unsigned =
        desk.boto.signed(&Value::Null, ("sso-oidc", "create_token_with_iam"), next(&reports).await?, None);
    let class = unsigned.await?.err().context("unsigned")?.class;
    ensure!(class == "NoCredentialsError", "{class}");
    let mut forged = desk.keys.clone();
    forged["secretAccessKey"] = json!("x".repeat(40));
    let wrong = desk.boto.signed(&forged, ("sso-oidc", "create_token_with_iam"), next(&reports).await?, None);
    let refusal = wrong.await?.err().context("forged")?;
    ensure!(
        refusal.code.as_deref() == Some("InvalidSignatureException") && refusal.status == Some(403),
        "{refusal:?}"
    );
    desk.may_be(&reports, &json!({ "AWS": "arn:aws:iam::900000000001:user/other" })).await?;
    desk.refused(next(&reports).await?, "InvalidClientException", 401).await?;
    desk.refused(next(&format!("{reports}x")).await?, "InvalidClientException", 401).await?;
    desk.may_be(&reports, &json!({ "AWS": "900000000001" })).await?;
    desk.token(next(&reports).await?).await?;
    // Disabled.
    let status = |status: &str| json!({ "ApplicationArn": reports, "Status": status });
    desk.ok("update_application", status("DISABLED")).await?;
    desk.refused(next(&reports).await?, "InvalidClientException", 401).await?;
    desk.ok("update_application", status("ENABLED")).await?;
    // Without the grant, or what it needs.
    let grant = json!({ "ApplicationArn": reports, "GrantType": JWT_BEARER });
    desk.ok("delete_application_grant", grant).await?;
    desk.refused(next(&reports).await?, "UnauthorizedClientException", 400).await?;
    let unknown = json!({ "clientId": reports, "grantType": "password" });
    desk.refused(unknown, "UnsupportedGrantTypeException", 400).await?;
    Ok(())
}

#[tokio::test]
async fn tokens_are_renewed_once_and_handed_on_to_the_applications_that_a_scope_names() -> Result<()> {
    let desk = Desk::start().await?;
    let renews = ("refresh_token", json!({ "RefreshToken": {} }));
    let exchanges = (TOKEN_EXCHANGE, json!({ "TokenExchange": {} }));
    let query = desk.application("Query", &[desk.bearer(), renews.clone()]).await?;
    let lake = desk.application("Lake", std::slice::from_ref(&exchanges)).await?;
    let other = desk.application("Other", &[exchanges]).await?;
    for (application, scope, targets) in [
        (&query, "lake:read", Some(json!([lake]))),
        (&query, "query:run", None),
        (&lake, "lake:read", None),
        (&other, "lake:read", None),
    ] {
        let mut params = json!({ "ApplicationArn": application, "Scope": scope });
        if let Some(targets) = targets {
            params["AuthorizedTargets"] = targets;
        }
        desk.ok("put_application_access_scope", params).await?;
    }
    let mut given = desk.by_assertion(&query, &desk.claims("1", &json!({})), "first").await?;
    given["scope"] = json!(["lake:write"]);
    desk.refused(given, "InvalidScopeException", 400).await?;
    let given = desk.by_assertion(&query, &desk.claims("2", &json!({})), "first").await?;
    let got = desk.token(given).await?;
    ensure!(got["scope"].as_array().is_some_and(|scopes| scopes.len() == 5), "{got}");

    let renew = |token: &Value, application: &str| json!({ "clientId": application, "grantType": "refresh_token", "refreshToken": token });
    let renewed = desk.token(renew(&got["refreshToken"], &query)).await?;
    ensure!(renewed["accessToken"] != got["accessToken"] && renewed["refreshToken"] != got["refreshToken"]);
    desk.refused(renew(&got["refreshToken"], &query), "InvalidGrantException", 400).await?;
    desk.refused(renew(&renewed["refreshToken"], &lake), "UnauthorizedClientException", 400).await?;

    let exchange = |token: &Value, application: &str| {
        json!({
            "clientId": application, "grantType": TOKEN_EXCHANGE, "subjectToken": token,
            "subjectTokenType": ACCESS_TOKEN,
        })
    };
    let handed = desk.token(exchange(&renewed["accessToken"], &lake)).await?;
    ensure!(handed["scope"] == json!(["lake:read", "aws", "openid", "sts:identity_context"]), "{handed}");
    desk.refused(exchange(&renewed["accessToken"], &other), "InvalidScopeException", 400).await?;
    desk.refused(exchange(&json!("nonsense"), &lake), "InvalidGrantException", 400).await?;
    desk.refused(exchange(&handed["accessToken"], &other), "InvalidScopeException", 400).await?;
    // What the application is taken from ends with it.
    desk.ok("delete_application", json!({ "ApplicationArn": query })).await?;
    desk.refused(exchange(&renewed["accessToken"], &lake), "InvalidGrantException", 400).await?;
    Ok(())
}

#[tokio::test]
async fn a_code_that_a_browser_brought_is_exchanged_once_by_the_application_it_is_for() -> Result<()> {
    const BACK: &str = "https://reports.acme.test/back";
    let desk = Desk::start().await?;
    let codes = ("authorization_code", json!({ "AuthorizationCode": { "RedirectUris": [BACK] } }));
    let reports = desk.application("Reports", std::slice::from_ref(&codes)).await?;
    let other = desk.application("Other", &[codes]).await?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let way = |back: &str| -> Result<Url> {
        let mut way = desk.served.start_url().join("/authorize")?;
        way.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &reports)
            .append_pair("redirect_uri", back)
            .append_pair("state", "s")
            .append_pair("code_challenge_method", "S256")
            .append_pair("code_challenge", &challenge);
        Ok(way)
    };
    let person = Person::new()?;
    for elsewhere in ["https://reports.acme.test/back/", "https://evil.test/back", "http://127.0.0.1:1/back"]
    {
        let page = person.open(&way(elsewhere)?).await?;
        ensure!(page.status == 400 && page.leads_to.is_none(), "{elsewhere}: {}", page.text());
    }
    let page = person.sign_in(&way(BACK)?, &desk.served.user()).await?;
    let back = page.leads_to.clone().with_context(|| page.text())?;
    ensure!(back.as_str().starts_with(BACK) && query(&back, "state").as_deref() == Some("s"), "{back}");
    let code = query(&back, "code").context("no code")?;
    let exchange = |application: &str, verifier: &str| {
        json!({
            "clientId": application, "grantType": "authorization_code", "code": code, "redirectUri": BACK,
            "codeVerifier": verifier,
        })
    };
    desk.refused(exchange(&other, VERIFIER), "InvalidGrantException", 400).await?;
    desk.refused(exchange(&reports, &"x".repeat(64)), "InvalidGrantException", 400).await?;
    let got = desk.token(exchange(&reports, VERIFIER)).await?;
    ensure!(got["idToken"].is_string(), "{got}");
    desk.refused(exchange(&reports, VERIFIER), "InvalidGrantException", 400).await?;
    Ok(())
}

/// The sandbox's own, which nobody has to set up: its page sends to sign in and shows the code, and a role's credentials
/// make tokens of that.
#[tokio::test]
async fn the_sample_application_of_the_sandbox_gets_tokens_for_who_signed_in() -> Result<()> {
    let wire = super::Wire::start().await?;
    let origin = wire.server.ready().start_url.join("/")?;
    let person = Person::new()?;
    let home = person.open(&origin.join("/sample-apps/ledger")?).await?;
    ensure!(home.status == 200, "{}", home.text());
    let ledger = element(&home, "arn")?;
    let shown = person.sign_in(&origin.join("/sample-apps/ledger/sign-in")?, wire.server.user()?).await?;
    let back = origin.join("/sample-apps/ledger/back")?;
    ensure!(shown.url.path() == back.path(), "{} ({}): {}", shown.url, shown.status, shown.text());
    let (code, verifier) = (element(&shown, "code")?, element(&shown, "verifier")?);
    shown.says("create-token-with-iam")?;

    // Whoever has a role in payments-dev may act as it.
    let (_, tokens) = wire.signed_in().await?;
    let in_dev = json!({
        "accessToken": text(&tokens, "accessToken")?, "accountId": "111122225555", "roleName": "Developer" });
    let keys = super::expect(wire.boto.call("sso", "get_role_credentials", in_dev).await?)?;
    let keys = keys["roleCredentials"].clone();
    let elsewhere = super::expect(wire.role_credentials(&text(&tokens, "accessToken")?, super::ROLE).await?)?;
    let exchange = |verifier: &str| {
        json!({
            "clientId": ledger, "grantType": "authorization_code", "code": code, "redirectUri": back,
            "codeVerifier": verifier,
        })
    };
    let ask = async |keys: &Value, params: Value| {
        wire.boto.signed(keys, ("sso-oidc", "create_token_with_iam"), params, None).await
    };
    let refused = async |keys: &Value, params: Value, code: &str| -> Result<()> {
        let refusal =
            ask(keys, params).await?.err().with_context(|| format!("answered instead of {code}"))?;
        ensure!(refusal.code.as_deref() == Some(code), "{refusal:?}");
        Ok(())
    };
    refused(&elsewhere, exchange(&verifier), "InvalidClientException").await?;
    refused(&keys, exchange(&"x".repeat(64)), "InvalidGrantException").await?;
    let got = super::expect(ask(&keys, exchange(&verifier)).await?)?;
    let scopes = got["scope"].as_array().context("scopes")?;
    ensure!(scopes.contains(&json!("ledger:read")) && scopes.contains(&json!("ledger:share")), "{got}");
    let renew =
        json!({ "clientId": ledger, "grantType": "refresh_token", "refreshToken": got["refreshToken"] });
    super::expect(ask(&keys, renew.clone()).await?)?;
    refused(&keys, renew, "InvalidGrantException").await
}

/// What stands in the element with this id.
fn element(page: &support::page::Page, id: &str) -> Result<String> {
    let after = page.html.split_once(&format!("id=\"{id}\">")).with_context(|| page.text())?.1;
    Ok(after.split_once('<').context("it ends")?.0.to_owned())
}
