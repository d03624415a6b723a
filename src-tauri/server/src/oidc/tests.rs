//! SSO-OIDC over its routes: good and bad inputs of each operation.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::{Value, json};

use crate::rig::{CALLBACK, CHALLENGE, RegisteredClient, Rig, VERIFIER, query_field};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn registration(changes: &Value) -> Value {
    let mut request = json!({ "clientName": "x", "clientType": "public" });
    request.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    request
}

#[tokio::test]
async fn register_client() {
    let rig = Rig::new();
    let answer = rig.post_json("/client/register", registration(&json!({}))).await.is(200).json();
    let life =
        answer["clientSecretExpiresAt"].as_i64().unwrap() - answer["clientIdIssuedAt"].as_i64().unwrap();
    assert_eq!(life, 90 * 24 * 3600);
    let issuer = rig.instance.addresses.issuer_url();
    rig.post_json("/client/register", registration(&json!({ "issuerUrl": issuer }))).await.is(200);
    for (changes, error) in [
        (json!({ "clientType": "confidential" }), "InvalidClientMetadataException"),
        (json!({ "clientName": " " }), "InvalidClientMetadataException"),
        (json!({ "clientName": "a\nb" }), "InvalidClientMetadataException"),
        (json!({ "clientName": 5 }), "InvalidRequestException"),
        (json!({ "scopes": ["admin"] }), "InvalidScopeException"),
        (json!({ "grantTypes": ["password"] }), "UnsupportedGrantTypeException"),
        (json!({ "redirectUris": ["https://evil.test/cb"] }), "InvalidRedirectUriException"),
        (json!({ "grantTypes": ["authorization_code"] }), "InvalidRedirectUriException"),
        (json!({ "issuerUrl": "https://d-ffffffffff.awsapps.com/start" }), "InvalidRequestException"),
    ] {
        let reply = rig.post_json("/client/register", registration(&changes)).await.is(400);
        assert_eq!(reply.error(), error, "{changes}");
        assert!(reply.json()["error"].is_string());
    }
}

#[tokio::test]
async fn errors_never_repeat_what_was_sent() {
    let rig = Rig::new();
    let body = json!({ "clientId": "a", "clientSecret": { "planted": "s3cret" }, "grantType": "x" });
    assert!(!rig.post_json("/token", body).await.is(400).body.contains("s3cret"));
}

#[tokio::test]
async fn start_device_authorization() {
    let rig = Rig::new();
    let client = rig.register().await;
    let start = async |secret: &str, url: &str| {
        let body = json!({ "clientId": client.id, "clientSecret": secret, "startUrl": url });
        rig.post_json("/device_authorization", body).await
    };
    let alias = rig.instance.addresses.start_url_alias();
    let answer = start(&client.secret, &alias).await.is(200).json();
    assert_eq!((answer["expiresIn"].as_i64(), answer["interval"].as_i64()), (Some(600), Some(1)));
    let complete = answer["verificationUriComplete"].as_str().unwrap();
    assert_eq!(query_field(complete, "user_code").as_deref(), answer["userCode"].as_str());
    assert_eq!(start("wrong", &alias).await.is(401).error(), "InvalidClientException");
    let elsewhere = start(&client.secret, "https://example.test/start").await.is(400);
    assert_eq!(elsewhere.error(), "InvalidRequestException");
    rig.pass(91 * 24 * 3600);
    assert_eq!(start(&client.secret, &alias).await.is(401).error(), "InvalidClientException");
}

#[tokio::test]
async fn device_flow_from_pending_to_spent() {
    let rig = Rig::new();
    let client = rig.register().await;
    let (device_code, user_code) = rig.start_device(&client).await;
    let poll = async |client: &RegisteredClient| {
        rig.token(client, DEVICE, json!({ "deviceCode": device_code })).await
    };
    assert_eq!(poll(&client).await.is(400).error(), "AuthorizationPendingException");
    assert_eq!(poll(&client).await.is(400).error(), "AuthorizationPendingException");
    assert_eq!(poll(&client).await.is(400).error(), "SlowDownException");
    let other = rig.register().await;
    assert_eq!(poll(&other).await.is(400).error(), "InvalidGrantException");

    let browser = rig.browser_of("sam").await;
    let page = browser.get(&format!("/device?user_code={user_code}")).await.is(200);
    let consent = browser.submit(&page, "/device", &[("user_code", &user_code)]).await.is(200);
    browser.submit(&consent, "/device/decision", &[("decision", "allow")]).await.is(200);
    rig.pass(5);
    let answer = poll(&client).await.is(200).json();
    assert_eq!((answer["expiresIn"].as_i64(), answer["tokenType"].as_str()), (Some(3600), Some("Bearer")));
    assert!(answer["refreshToken"].is_string());
    assert_eq!(poll(&client).await.is(400).error(), "InvalidGrantException", "a device code works once");
}

#[tokio::test]
async fn device_codes_are_denied_and_expire() {
    let rig = Rig::new();
    let client = rig.register().await;
    let browser = rig.browser_of("sam").await;
    let (denied, user_code) = rig.start_device(&client).await;
    let page = browser.get("/device").await.is(200);
    let consent = browser.submit(&page, "/device", &[("user_code", &user_code)]).await.is(200);
    browser.submit(&consent, "/device/decision", &[("decision", "deny")]).await.is(200);
    let reply = rig.token(&client, DEVICE, json!({ "deviceCode": denied })).await.is(400);
    assert_eq!(reply.error(), "AccessDeniedException");

    let (late, user_code) = rig.start_device(&client).await;
    rig.pass(600);
    let reply = rig.token(&client, DEVICE, json!({ "deviceCode": late })).await.is(400);
    assert_eq!(reply.error(), "ExpiredTokenException");
    browser.submit(&page, "/device", &[("user_code", &user_code)]).await.is(404);
    let reply = rig.token(&client, DEVICE, json!({ "deviceCode": "nonsense" })).await.is(400);
    assert_eq!(reply.error(), "InvalidGrantException");
}

#[tokio::test]
async fn legacy_registrations_get_the_whole_session_and_no_refresh_token() {
    let rig = Rig::new();
    let client = rig.register_with(registration(&json!({}))).await;
    let (device_code, user_code) = rig.start_device(&client).await;
    let browser = rig.browser_of("sam").await;
    let page = browser.get("/device").await;
    let consent = browser.submit(&page, "/device", &[("user_code", &user_code)]).await.is(200);
    browser.submit(&consent, "/device/decision", &[("decision", "allow")]).await.is(200);
    let answer = rig.token(&client, DEVICE, json!({ "deviceCode": device_code })).await.is(200).json();
    assert_eq!(answer["expiresIn"].as_i64(), Some(8 * 3600));
    assert!(answer.get("refreshToken").is_none());
    let refused = rig.token(&client, "authorization_code", json!({ "code": "x" })).await.is(400);
    assert_eq!(refused.error(), "UnauthorizedClientException");
}

/// Signs a device of this client in; what CreateToken answers.
async fn device_tokens(rig: &Rig, client: &RegisteredClient) -> Value {
    let (device_code, user_code) = rig.start_device(client).await;
    let browser = rig.browser_of("sam").await;
    let page = browser.get("/device").await;
    let consent = browser.submit(&page, "/device", &[("user_code", &user_code)]).await.is(200);
    browser.submit(&consent, "/device/decision", &[("decision", "allow")]).await.is(200);
    rig.token(client, DEVICE, json!({ "deviceCode": device_code })).await.is(200).json()
}

#[tokio::test]
async fn refresh_tokens_go_to_those_who_may_use_them() {
    let rig = Rig::new();
    let scopes = json!(["sso:account:access"]);
    // As the AWS CLI registers for the device flow, without grant types.
    let client = rig.register_with(registration(&json!({ "scopes": scopes }))).await;
    let answer = device_tokens(&rig, &client).await;
    rig.token(&client, "refresh_token", json!({ "refreshToken": answer["refreshToken"] })).await.is(200);
    let both = json!({ "scopes": scopes, "grantTypes": [DEVICE, "refresh_token"] });
    let client = rig.register_with(registration(&both)).await;
    assert!(device_tokens(&rig, &client).await["refreshToken"].is_string());
    let alone = json!({ "scopes": scopes, "grantTypes": [DEVICE] });
    let client = rig.register_with(registration(&alone)).await;
    let answer = device_tokens(&rig, &client).await;
    assert!(answer.get("refreshToken").is_none(), "it could not use one");
    assert_eq!(answer["expiresIn"].as_i64(), Some(3600));
}

#[tokio::test]
async fn the_wrong_verb_is_405_with_a_class() {
    let rig = Rig::new();
    for path in ["/token", "/client/register", "/device_authorization", "/authorize/decision"] {
        let reply = rig.browser().get(path).await.is(405);
        assert_eq!(reply.error(), "MethodNotAllowedException", "{path}");
        assert_eq!(reply.json()["error"], "invalid_request", "{path}");
        assert_eq!(reply.header("allow"), "POST", "{path}");
    }
}

#[tokio::test]
async fn authorize_refuses_on_its_own_page_what_it_cannot_send_back() {
    let rig = Rig::new();
    let client = rig.register().await;
    let browser = rig.browser_of("sam").await;
    for change in [
        ("client_id", "unknown"),
        ("redirect_uri", "http://127.0.0.1:53124/other"),
        ("redirect_uri", "https://evil.test/oauth/callback"),
        ("redirect_uri", "http://localhost:53124/oauth/callback"),
    ] {
        let reply = browser.get(&Rig::authorize_path(&client, &[change])).await.is(400);
        assert_eq!(reply.header("location"), "", "{change:?}");
    }
}

#[tokio::test]
async fn authorize_sends_other_mistakes_back_with_the_state() {
    let rig = Rig::new();
    let client = rig.register().await;
    let browser = rig.browser_of("sam").await;
    for (change, error) in [
        (("response_type", "token"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("scopes", "sso:account:access admin"), "invalid_scope"),
    ] {
        let reply = browser.get(&Rig::authorize_path(&client, &[change])).await.is(303);
        let location = reply.header("location");
        assert!(location.starts_with(CALLBACK), "{location}");
        assert_eq!(query_field(location, "error").as_deref(), Some(error), "{change:?}");
        assert_eq!(query_field(location, "state").as_deref(), Some("st&te"));
        assert_eq!(query_field(location, "code"), None);
    }
}

#[tokio::test]
async fn authorize_asks_once_a_session_and_takes_no_for_an_answer() {
    let rig = Rig::new();
    let client = rig.register().await;
    let path = Rig::authorize_path(&client, &[]);
    let stranger = rig.browser().get(&path).await.is(303);
    assert_eq!(
        query_field(stranger.header("location"), "continue").unwrap().split('?').next(),
        Some("/authorize")
    );

    let browser = rig.browser_of("sam").await;
    let consent = browser.get(&path).await.is(200);
    let policy = consent.header("content-security-policy");
    assert!(policy.contains("form-action 'self' http://127.0.0.1:53124;"), "{policy}");
    let denied = browser.submit(&consent, "/authorize/decision", &[("decision", "deny")]).await.is(303);
    assert_eq!(query_field(denied.header("location"), "error").as_deref(), Some("access_denied"));
    let allowed = browser.submit(&consent, "/authorize/decision", &[("decision", "allow")]).await.is(303);
    assert_eq!(query_field(allowed.header("location"), "state").as_deref(), Some("st&te"));
    let again = browser.get(&path).await.is(303);
    assert!(query_field(again.header("location"), "code").is_some(), "allowed once is enough in a session");
    let elsewhere = rig.browser_of("sam").await;
    elsewhere.get(&path).await.is(200);
}

#[tokio::test]
async fn codes_work_once_in_time_and_for_their_client_only() {
    let rig = Rig::new();
    let client = rig.register().await;
    let browser = rig.browser_of("sam").await;
    let exchange = async |client: &RegisteredClient, code: &str, uri: &str, verifier: &str| {
        let fields = json!({ "code": code, "redirectUri": uri, "codeVerifier": verifier });
        rig.token(client, "authorization_code", fields).await
    };
    let code = rig.code(&browser, &client).await;
    let other = rig.register().await;
    assert_eq!(exchange(&other, &code, CALLBACK, VERIFIER).await.is(400).error(), "InvalidGrantException");
    let wrong_port = CALLBACK.replace("53124", "53125");
    assert_eq!(
        exchange(&client, &code, &wrong_port, VERIFIER).await.is(400).error(),
        "InvalidGrantException"
    );
    assert_eq!(exchange(&client, &code, CALLBACK, CHALLENGE).await.is(400).error(), "InvalidGrantException");
    assert_eq!(exchange(&client, &code, CALLBACK, "short").await.is(400).error(), "InvalidRequestException");
    let missing = rig.token(&client, "authorization_code", json!({ "code": code })).await.is(400);
    assert_eq!(missing.error(), "InvalidRequestException");

    let tokens = exchange(&client, &code, CALLBACK, VERIFIER).await.is(200).json();
    let access = tokens["accessToken"].as_str().unwrap();
    rig.portal_get("/assignment/accounts", access).await.is(200);
    assert_eq!(exchange(&client, &code, CALLBACK, VERIFIER).await.is(400).error(), "InvalidGrantException");
    rig.portal_get("/assignment/accounts", access).await.is(401);

    let late = rig.code(&browser, &client).await;
    rig.pass(60);
    assert_eq!(exchange(&client, &late, CALLBACK, VERIFIER).await.is(400).error(), "InvalidGrantException");
}

#[tokio::test]
async fn create_token_knows_its_clients_and_grants() {
    let rig = Rig::new();
    let client = rig.register().await;
    let reply = rig.token(&client, "urn:ietf:params:oauth:grant-type:jwt-bearer", json!({})).await.is(400);
    assert_eq!(reply.error(), "UnsupportedGrantTypeException");
    let thief = RegisteredClient { id: client.id.clone(), secret: "wrong".to_owned() };
    let reply = rig.token(&thief, "refresh_token", json!({ "refreshToken": "x" })).await.is(401);
    assert_eq!(
        (reply.error().as_str(), reply.json()["error"].as_str()),
        ("InvalidClientException", Some("invalid_client"))
    );
    let foreign =
        rig.token(&client, "refresh_token", json!({ "refreshToken": "from another instance" })).await;
    assert_eq!(foreign.is(400).error(), "InvalidGrantException");
}
