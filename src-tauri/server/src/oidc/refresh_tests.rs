//! Refreshing, from rotation to the end of the session, and what happens when an exchange fails half-way.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::json;

use crate::rig::{CALLBACK, Rig, VERIFIER};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[tokio::test]
async fn refresh_tokens_rotate_and_forgive_one_lost_answer() {
    let rig = Rig::new();
    let (client, _, first) = rig.tokens("sam").await;
    let refresh =
        async |token: &str| rig.token(&client, "refresh_token", json!({ "refreshToken": token })).await;
    let second = refresh(&first).await.is(200).json()["refreshToken"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    rig.pass(60);
    let repeated = refresh(&first).await.is(200).json();
    let third = repeated["refreshToken"].as_str().unwrap();
    let access = repeated["accessToken"].as_str().unwrap();
    rig.portal_get("/token/whoAmI", access).await.is(200);
    refresh(third).await.is(200);
    rig.pass(61);
    assert_eq!(refresh(&first).await.is(400).error(), "InvalidGrantException", "an old one is a stolen one");
    assert_eq!(refresh(third).await.is(400).error(), "InvalidGrantException", "and ends the family");
    rig.portal_get("/token/whoAmI", access).await.is(401);
}

#[tokio::test]
async fn a_lost_answer_is_given_again_until_something_of_it_was_seen() {
    let rig = Rig::new();
    let (client, _, first) = rig.tokens("sam").await;
    let refresh =
        async |token: &str| rig.token(&client, "refresh_token", json!({ "refreshToken": token })).await;
    for _ in 0..3 {
        refresh(&first).await.is(200);
        rig.pass(1800);
    }
    let answer = refresh(&first).await.is(200).json();
    let access = answer["accessToken"].as_str().unwrap();
    rig.portal_get("/user", access).await.is(200);
    rig.pass(61);
    assert_eq!(refresh(&first).await.is(400).error(), "InvalidGrantException", "the answer had arrived");
    rig.portal_get("/user", access).await.is(401);
}

#[tokio::test]
async fn a_refresh_token_before_the_last_is_a_stolen_one_at_any_time() {
    let rig = Rig::new();
    let (client, _, first) = rig.tokens("sam").await;
    let refresh =
        async |token: &str| rig.token(&client, "refresh_token", json!({ "refreshToken": token })).await;
    let second = refresh(&first).await.is(200).json()["refreshToken"].as_str().unwrap().to_owned();
    let third = refresh(&second).await.is(200).json()["refreshToken"].as_str().unwrap().to_owned();
    refresh(&first).await.is(400);
    refresh(&third).await.is(400);
}

#[tokio::test]
async fn what_cannot_be_recorded_does_not_happen_and_can_be_tried_again() {
    let rig = Rig::new();
    let (client, access, refresh) = rig.tokens("sam").await;
    let browser = rig.browser_of("sam").await;
    let code = rig.code(&browser, &client).await;
    let (device_code, user_code) = rig.start_device(&client).await;
    let page = browser.get("/device").await;
    let consent = browser.submit(&page, "/device", &[("user_code", &user_code)]).await;
    browser.submit(&consent, "/device/decision", &[("decision", "allow")]).await.is(200);
    let grants = [
        (DEVICE, json!({ "deviceCode": device_code })),
        ("authorization_code", json!({ "code": code, "redirectUri": CALLBACK, "codeVerifier": VERIFIER })),
        ("refresh_token", json!({ "refreshToken": refresh })),
    ];
    rig.instance.store.refuse_audit(true);
    for (grant, fields) in &grants {
        let reply = rig.token(&client, grant, fields.clone()).await.is(500);
        assert_eq!(reply.error(), "InternalServerException", "{grant}");
    }
    rig.instance.store.refuse_audit(false);
    rig.portal_get("/user", &access).await.is(200);
    for (grant, fields) in grants {
        let trail = rig.instance.store.audit_trail().len();
        rig.token(&client, grant, fields).await.is(200);
        assert_eq!(rig.instance.store.audit_trail().len(), trail + 1, "{grant}");
    }
}

#[tokio::test]
async fn tokens_end_with_the_session() {
    let rig = Rig::new();
    rig.instance.set_session_length(jiff::SignedDuration::from_mins(16));
    let (client, access, refresh) = rig.tokens("sam").await;
    rig.pass(600);
    let fields = json!({ "refreshToken": refresh });
    let answer = rig.token(&client, "refresh_token", fields).await.is(200).json();
    assert_eq!(answer["expiresIn"].as_i64(), Some(360), "never beyond the session");
    rig.pass(360);
    rig.portal_get("/token/whoAmI", &access).await.is(401);
    let fields = json!({ "refreshToken": answer["refreshToken"] });
    assert_eq!(rig.token(&client, "refresh_token", fields).await.is(400).error(), "InvalidGrantException");
}
