//! What belongs to another instance, or to another client of this one, is worth nothing here.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::json;
use url::form_urlencoded;

use crate::{
    rig::{CALLBACK, PASSWORD, Rig, VERIFIER},
    sts::tests::{call, keys},
};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[tokio::test]
async fn codes_and_tokens_of_another_instance() {
    let (here, there) = (Rig::new(), Rig::new());
    let client = here.register().await;
    let (their_client, access, refresh) = there.tokens("sam").await;
    let (device_code, user_code) = there.start_device(&their_client).await;
    let browser = there.browser_of("sam").await;
    let code = there.code(&browser, &their_client).await;
    for (grant, fields) in [
        (DEVICE, json!({ "deviceCode": device_code })),
        ("authorization_code", json!({ "code": code, "redirectUri": CALLBACK, "codeVerifier": VERIFIER })),
        ("refresh_token", json!({ "refreshToken": refresh })),
    ] {
        let reply = here.token(&client, grant, fields.clone()).await.is(400);
        assert_eq!(reply.error(), "InvalidGrantException", "{grant}");
        let reply = here.token(&their_client, grant, fields).await.is(401);
        assert_eq!(reply.error(), "InvalidClientException", "{grant}");
    }
    here.portal_get("/user", &access).await.is(401);
    let me = here.browser_of("sam").await;
    me.get(&Rig::authorize_path(&their_client, &[])).await.is(400);
    let page = me.get("/device").await;
    me.submit(&page, "/device", &[("user_code", &user_code)]).await.is(404);
}

#[tokio::test]
async fn cookies_and_forms_of_another_instance() {
    let (here, there) = (Rig::new(), Rig::new());
    let browser = there.browser_of("sam").await;
    let page = browser.get("/start").await.is(200);
    let (ours, theirs) = (here.instance.addresses.instance_id(), there.instance.addresses.instance_id());
    let stolen = here.browser();
    for (name, value) in browser.cookies.lock().unwrap().iter() {
        // Under their name, as a browser sends it to every port, and under ours, as somebody would try.
        stolen.cookies.lock().unwrap().insert(name.clone(), value.clone());
        stolen.cookies.lock().unwrap().insert(name.replace(theirs, ours), value.clone());
    }
    assert!(stolen.get("/start").await.is(303).header("location").starts_with("/sign-in"));
    let refused = stolen.submit(&page, "/start/console", &[("account_id", "111122223333")]).await.is(303);
    assert!(refused.header("location").starts_with("/sign-in"));

    let visitor = there.browser();
    let page = visitor.get("/sign-in").await;
    let stranger = here.browser();
    stranger.get("/sign-in").await;
    let fields = [("username", "sam"), ("password", PASSWORD)];
    stranger.submit(&page, "/sign-in", &fields).await.is(403);
}

#[tokio::test]
async fn keys_and_sign_in_tokens_of_another_instance() {
    let (here, there) = (Rig::new(), Rig::new());
    let keys = keys(&there).await;
    let reply = call(&here, &keys, 0, |_, _| {}).await.is(403);
    assert!(reply.body.contains("<Code>InvalidClientTokenId</Code>"), "{}", reply.body);
    let session =
        json!({ "sessionId": keys.id, "sessionKey": keys.secret, "sessionToken": keys.token }).to_string();
    let federation = |fields: &[(&str, &str)]| {
        let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        format!("/federation?{query}")
    };
    let ask = federation(&[("Action", "getSigninToken"), ("Session", &session)]);
    here.browser().get(&ask).await.is(400);
    let token = there.browser().get(&ask).await.is(200).json()["SigninToken"].as_str().unwrap().to_owned();
    let login = federation(&[("Action", "login"), ("SigninToken", &token)]);
    here.browser().get(&login).await.is(400);
    there.browser().get(&login).await.is(303);
}

#[tokio::test]
async fn a_refresh_token_of_another_client() {
    let rig = Rig::new();
    let (client, _, refresh) = rig.tokens("sam").await;
    let thief = rig.register().await;
    let fields = json!({ "refreshToken": refresh });
    let reply = rig.token(&thief, "refresh_token", fields.clone()).await.is(400);
    assert_eq!(reply.error(), "InvalidGrantException");
    rig.token(&client, "refresh_token", fields).await.is(200);
}

#[tokio::test]
async fn a_client_whose_registration_is_over() {
    let rig = Rig::new();
    rig.instance.set_session_length(jiff::SignedDuration::from_hours(90 * 24));
    let client = rig.register().await;
    rig.pass(89 * 24 * 3600);
    let browser = rig.browser_of("sam").await;
    let code = rig.code(&browser, &client).await;
    let fields = json!({ "code": code, "redirectUri": CALLBACK, "codeVerifier": VERIFIER });
    let tokens = rig.token(&client, "authorization_code", fields.clone()).await.is(200).json();
    rig.pass(24 * 3600);
    for (grant, fields) in [
        ("authorization_code", fields),
        ("refresh_token", json!({ "refreshToken": tokens["refreshToken"] })),
        (DEVICE, json!({ "deviceCode": "x" })),
    ] {
        let reply = rig.token(&client, grant, fields).await.is(401);
        assert_eq!(reply.error(), "InvalidClientException", "{grant}");
    }
    let page = browser.get(&Rig::authorize_path(&client, &[])).await.is(400);
    assert_eq!(page.header("location"), "");
    assert!(page.body.contains("its registration has expired"), "{}", page.body);
}
