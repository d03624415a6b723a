//! The federation endpoint over its routes.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::rig::{Reply, Rig};

async fn credentials(rig: &Rig, role: &str) -> Value {
    let (_, token, _) = rig.tokens("sam").await;
    let path = format!("/federation/credentials?account_id=111122223333&role_name={role}");
    let answer = rig.portal_get(&path, &token).await.is(200).json();
    let field = |name: &str| answer["roleCredentials"][name].clone();
    json!({
        "sessionId": field("accessKeyId"),
        "sessionKey": field("secretAccessKey"),
        "sessionToken": field("sessionToken"),
    })
}

fn query(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

async fn signin_token(rig: &Rig, session: &Value, duration: Option<&str>) -> Reply {
    let session = session.to_string();
    let mut fields = vec![("Action", "getSigninToken"), ("Session", session.as_str())];
    fields.extend(duration.map(|duration| ("SessionDuration", duration)));
    rig.browser().get(&format!("/federation?{}", query(&fields))).await
}

#[tokio::test]
async fn role_credentials_become_a_console_session() {
    let rig = Rig::new();
    let session = credentials(&rig, "ReadOnly").await;
    let token = signin_token(&rig, &session, Some("3600")).await.is(200).json()["SigninToken"].clone();
    let browser = rig.browser();
    browser.get("/console").await.is(401);
    let destination = "https://eu-west-1.console.aws.amazon.com/ec2/home";
    let fields =
        [("Action", "login"), ("Destination", destination), ("SigninToken", token.as_str().unwrap())];
    let reply = browser.get(&format!("/federation?{}", query(&fields))).await.is(303);
    let location = reply.header("location").to_owned();
    assert!(location.starts_with("/console?destination=") && !location.contains(token.as_str().unwrap()));
    let page = browser.get(&location).await.is(200).body;
    for expected in ["payments-prod", "111122223333", "ReadOnly", "ec2", "eu-west-1"] {
        assert!(page.contains(expected), "{expected} is missing:\n{page}");
    }
    rig.pass(3600);
    browser.get(&location).await.is(401);
}

#[tokio::test]
async fn the_session_may_come_as_a_form() {
    let rig = Rig::new();
    let session = credentials(&rig, "ReadOnly").await.to_string();
    let request =
        Request::post("/federation").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let body = query(&[("Action", "getSigninToken"), ("Session", &session)]);
    rig.send(request.body(Body::from(body)).unwrap()).await.is(200);
}

#[tokio::test]
async fn bad_sessions_and_durations_are_400() {
    let rig = Rig::new();
    let session = credentials(&rig, "Incident15").await;
    for duration in ["899", "43201", "x"] {
        signin_token(&rig, &session, Some(duration)).await.is(400);
    }
    for (field, value) in [("sessionId", "ASIAXXXXXXXXXXXXXXXX"), ("sessionKey", "x"), ("sessionToken", "x")]
    {
        let mut tampered = session.clone();
        tampered[field] = json!(value);
        signin_token(&rig, &tampered, None).await.is(400);
    }
    signin_token(&rig, &json!({}), None).await.is(400);
    rig.browser().get("/federation?Action=logout").await.is(400);
    rig.pass(900);
    signin_token(&rig, &session, None).await.is(400);
}

#[tokio::test]
async fn a_console_lasts_no_longer_than_the_role_may() {
    let rig = Rig::new();
    for (role, longest, too_long) in [("Incident15", "900", "901"), ("ReadOnly", "3600", "43200")] {
        let session = credentials(&rig, role).await;
        signin_token(&rig, &session, Some(longest)).await.is(200);
        signin_token(&rig, &session, Some(too_long)).await.is(400);
    }
}

#[tokio::test]
async fn an_expired_link_leads_back_to_our_portal_only() {
    let rig = Rig::new();
    let expired = async |issuer: &str| {
        let fields = [("Action", "login"), ("Issuer", issuer), ("SigninToken", "x")];
        rig.browser().get(&format!("/federation?{}", query(&fields))).await.is(400).body
    };
    let alias = rig.instance.addresses.start_url_alias();
    for ours in ["", "http://localhost:4711/start", "http://127.0.0.1:4711/start", &alias] {
        let page = expired(ours).await;
        assert!(page.contains("<a id=\"back\" href=\"http://localhost:4711/start\""), "{ours}: {page}");
    }
    for foreign in ["https://evil.test/", "javascript:alert(1)", "//evil.test/start"] {
        let page = expired(foreign).await;
        assert!(!page.contains("<a ") && !page.contains("evil"), "{foreign}: {page}");
    }
}

#[tokio::test]
async fn links_expire_and_lead_to_the_console_only() {
    let rig = Rig::new();
    let session = credentials(&rig, "ReadOnly").await;
    let token = signin_token(&rig, &session, None).await.is(200).json()["SigninToken"].clone();
    let login = async |destination: &str| {
        let fields =
            [("Action", "login"), ("Destination", destination), ("SigninToken", token.as_str().unwrap())];
        rig.browser().get(&format!("/federation?{}", query(&fields))).await
    };
    login("https://evil.test/").await.is(400);
    login("").await.is(303);
    rig.pass(900);
    login("").await.is(400);
    rig.browser().get("/federation?Action=login&SigninToken=nonsense").await.is(400);
}

#[tokio::test]
async fn expired_credentials_take_their_consoles_along() {
    let rig = Rig::new();
    let session = credentials(&rig, "ReadOnly").await;
    let token = signin_token(&rig, &session, None).await.is(200).json()["SigninToken"].clone();
    let path =
        format!("/federation?{}", query(&[("Action", "login"), ("SigninToken", token.as_str().unwrap())]));
    let browser = rig.browser();
    browser.get(&path).await.is(303);
    browser.get("/console").await.is(200);
    rig.instance.store.expire_role_credentials(rig.instance.now()).unwrap();
    browser.get("/console").await.is(401);
    browser.get(&path).await.is(400);
    signin_token(&rig, &session, None).await.is(400);
}

#[tokio::test]
async fn who_is_disabled_opens_no_console() {
    let rig = Rig::new();
    let session = credentials(&rig, "ReadOnly").await;
    let token = signin_token(&rig, &session, None).await.is(200).json()["SigninToken"].clone();
    let path =
        format!("/federation?{}", query(&[("Action", "login"), ("SigninToken", token.as_str().unwrap())]));
    let disabled = crate::organisation::User { enabled: false, ..rig.user("sam") };
    rig.instance.store.put_user(&disabled, rig.instance.now(), &rig.entry()).unwrap();
    rig.browser().get(&path).await.is(400);
    signin_token(&rig, &session, None).await.is(400);
}
