//! The same code or token presented several times at the same moment: one wins, and nothing is issued twice.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};

use crate::rig::{CALLBACK, RegisteredClient, Reply, Rig, VERIFIER};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// CreateToken with the same fields, `times` at once.
async fn at_once(
    rig: &Rig,
    client: &RegisteredClient,
    grant_type: &str,
    fields: Value,
    times: usize,
) -> Vec<Reply> {
    let mut body = fields;
    body["clientId"] = json!(client.id);
    body["clientSecret"] = json!(client.secret);
    body["grantType"] = json!(grant_type);
    let request = || {
        let request = Request::post("/token").header(header::CONTENT_TYPE, "application/json");
        request.body(Body::from(body.to_string())).unwrap()
    };
    rig.send_at_once((0..times).map(|_| request()).collect()).await
}

/// The one answer that was given; the others were refused with `InvalidGrant`.
#[track_caller]
fn only_winner(replies: Vec<Reply>) -> Value {
    let (mut won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|reply| reply.error() == "InvalidGrantException"), "{lost:?}");
    won.remove(0).json()
}

#[tokio::test]
async fn a_device_code_is_exchanged_once() {
    let rig = Rig::new();
    let client = rig.register().await;
    let (device_code, user_code) = rig.start_device(&client).await;
    let browser = rig.browser_of("sam").await;
    let page = browser.get("/device").await;
    let consent = browser.submit(&page, "/device", &[("user_code", &user_code)]).await.is(200);
    browser.submit(&consent, "/device/decision", &[("decision", "allow")]).await.is(200);
    let fields = json!({ "deviceCode": device_code });
    let tokens = only_winner(at_once(&rig, &client, DEVICE, fields, 8).await);
    rig.portal_get("/user", tokens["accessToken"].as_str().unwrap()).await.is(200);
}

#[tokio::test]
async fn an_authorization_code_is_exchanged_once_and_its_reuse_ends_what_it_gave() {
    let rig = Rig::new();
    let client = rig.register().await;
    let browser = rig.browser_of("sam").await;
    let code = rig.code(&browser, &client).await;
    let fields = json!({ "code": code, "redirectUri": CALLBACK, "codeVerifier": VERIFIER });
    only_winner(at_once(&rig, &client, "authorization_code", fields.clone(), 8).await);
    let again = rig.token(&client, "authorization_code", fields).await.is(400);
    assert_eq!(again.error(), "InvalidGrantException");
}

#[tokio::test]
async fn two_programs_may_refresh_with_one_token() {
    let rig = Rig::new();
    let (client, _, refresh) = rig.tokens("sam").await;
    let fields = json!({ "refreshToken": refresh });
    for reply in at_once(&rig, &client, "refresh_token", fields, 2).await {
        let answer = reply.is(200).json();
        rig.portal_get("/user", answer["accessToken"].as_str().unwrap()).await.is(200);
        let fields = json!({ "refreshToken": answer["refreshToken"] });
        rig.token(&client, "refresh_token", fields).await.is(200);
    }
}
