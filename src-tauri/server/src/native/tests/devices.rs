//! Registering keys from the app, and a person's own devices.

use super::*;
use crate::mfa::totp;

#[tokio::test]
async fn a_key_is_registered_and_shown_where_devices_are() {
    let app = App::new().await;
    let tokens = app.tokens("sam").await;
    let mut key = app.key();
    let since = app.trail();
    let id = app.register(&tokens, &mut key, "Blue key").await;
    assert_eq!(app.events(since), ["StartWebAuthnDeviceRegistration", "CompleteWebAuthnDeviceRegistration"]);
    let listed = app.ask_as(&tokens, Method::GET, "/native/v1/devices").await.is(200).json();
    let row = &listed["devices"][0];
    assert_eq!((row["id"].as_str(), row["kind"].as_str()), (Some(id.as_str()), Some("security_key")));
    assert_eq!((row["name"].as_str(), row["credentialId"].as_str()), (Some("Blue key"), Some(&*key.id())));
    let page = app.rig.browser_of("sam").await.get("/start/mfa").await.is(200);
    assert!(page.body.contains("Blue key"), "{}", page.body);
    app.post_as(&tokens, &format!("devices/{id}"), json!({ "name": "Green key" })).await.is(200);
    let page = app.rig.browser_of("sam").await.get("/start/mfa").await.is(200);
    assert!(page.body.contains("Green key") && !page.body.contains("Blue key"));
    // Nobody else's business.
    let other = app.tokens("kim").await;
    let path = format!("/native/v1/devices/{id}");
    assert_eq!(error(&app.ask_as(&other, Method::DELETE, &path).await.is(404)), "no_such_device");
    let renamed = app.post_as(&other, &format!("devices/{id}"), json!({ "name": "x" })).await.is(404);
    assert_eq!(error(&renamed), "no_such_device");
    app.ask_as(&tokens, Method::DELETE, &path).await.is(200);
    let listed = app.ask_as(&tokens, Method::GET, "/native/v1/devices").await.is(200).json();
    assert_eq!(listed["devices"], json!([]));
}

#[tokio::test]
async fn a_registration_is_for_one_session_one_key_and_this_origin() {
    let app = App::new().await;
    let (tokens, other) = (app.tokens("sam").await, app.tokens("sam").await);
    let mut key = app.key();
    let asked = app.post_as(&tokens, "devices/challenge", json!({})).await.is(200).json();
    let body =
        |credential: Value| json!({ "name": "Key", "state": asked["state"], "credential": credential });
    key.origin = "http://localhost:4711".to_owned();
    let foreign = body(key.register(&asked["options"]));
    assert_eq!(error(&app.post_as(&tokens, "devices", foreign).await.is(401)), "key_refused");
    key.origin = keys::app_origin(&app.rig.instance);
    let good = body(key.register(&asked["options"]));
    assert_eq!(error(&app.post_as(&other, "devices", good.clone()).await.is(410)), "challenge_over");
    let mut unnamed = good.clone();
    unnamed["name"] = json!("");
    assert_eq!(error(&app.post_as(&tokens, "devices", unnamed).await.is(400)), "invalid_request");
    app.post_as(&tokens, "devices", good.clone()).await.is(200);
    assert_eq!(error(&app.post_as(&tokens, "devices", good).await.is(409)), "not_added");
    // The options name what is registered, so that no key is registered twice.
    let asked = app.post_as(&tokens, "devices/challenge", json!({})).await.is(200).json();
    assert_eq!(asked["options"]["publicKey"]["excludeCredentials"][0]["id"], json!(key.id()));
    for name in 2..=6 {
        app.register(&tokens, &mut app.key(), &format!("Key {name}")).await;
    }
    assert_eq!(error(&app.post_as(&tokens, "devices/challenge", json!({})).await.is(409)), "not_added");
    app.set("mode = \"always\"\nallowed = [\"totp\"]");
    assert_eq!(error(&app.post_as(&tokens, "devices/challenge", json!({})).await.is(409)), "not_added");
}

#[tokio::test]
async fn an_old_sign_in_needs_a_proof_which_lasts_ten_minutes() {
    let (app, mut key) = App::with_key().await;
    let tokens = app.redeem(&app.sign_in("sam", &mut key).await.is(200).json()).await;
    app.rig.pass(600);
    let begin = async || app.post_as(&tokens, "devices/challenge", json!({})).await;
    assert_eq!(error(&begin().await.is(403)), "proof_needed");
    let since = app.trail();
    let asked = app.post_as(&tokens, "proof/challenge", json!({})).await.is(200).json();
    let wrong = app.key().answer(&asked["options"]);
    let body = |credential: Value| json!({ "state": asked["state"], "credential": credential });
    let reply = app.post_as(&tokens, "proof", body(wrong)).await.is(401);
    assert_eq!(error(&reply), "key_not_registered");
    assert_eq!(error(&begin().await), "proof_needed");
    let right = body(key.answer(&asked["options"]));
    app.post_as(&tokens, "proof", right.clone()).await.is(200);
    assert_eq!(
        app.events(since),
        ["CredentialChallenge", "CredentialVerification", "CredentialVerification"]
    );
    begin().await.is(200);
    // A challenge is answered once.
    key.counter += 1;
    assert_eq!(app.post_as(&tokens, "proof", right).await.status.as_u16(), 401);
    app.rig.pass(600);
    assert_eq!(error(&begin().await.is(403)), "proof_needed");
    // Another session of the same person has proved nothing.
    let other = app.redeem(&app.sign_in("sam", &mut key).await.is(200).json()).await;
    app.rig.pass(600);
    let asked = app.post_as(&other, "proof/challenge", json!({})).await.is(200).json();
    let body = json!({ "state": asked["state"], "credential": key.answer(&asked["options"]) });
    assert_eq!(error(&app.post_as(&tokens, "proof", body).await.is(410)), "challenge_over");
}

#[tokio::test]
async fn codes_prove_too_and_guesses_are_counted() {
    let app = App::new().await;
    let tokens = app.tokens("sam").await;
    let browser = app.rig.browser_of("sam").await;
    let page = browser.get("/start/mfa/add?type=totp").await.is(200);
    let typed = page.body.split_once("id=\"app-key\">").unwrap().1.split_once('<').unwrap().0;
    let secret = totp_rs::Secret::try_from_base32(typed.replace(' ', "")).unwrap().as_bytes().to_vec();
    let code = || totp::code(&secret, app.rig.instance.now());
    browser.submit(&page, "/start/mfa/add", &[("code", &code()), ("name", "Phone")]).await.is(303);
    let listed = app.ask_as(&tokens, Method::GET, "/native/v1/devices").await.is(200).json();
    let factor = listed["devices"][0]["id"].clone();
    let prove =
        async |code: String| app.post_as(&tokens, "proof", json!({ "factor": factor, "code": code })).await;
    assert_eq!(error(&prove(code()).await.is(401)), "code_used");
    app.rig.pass(600);
    prove(code()).await.is(200);
    for _ in 0..4 {
        assert_eq!(error(&prove("000000".to_owned()).await.is(401)), "wrong_code");
    }
    assert_eq!(error(&prove("000000".to_owned()).await.is(429)), "locked");
    assert_eq!(error(&app.post_as(&tokens, "proof/challenge", json!({})).await.is(400)), "no_such_factor");
}

#[tokio::test]
async fn the_last_device_stays_where_one_is_demanded() {
    let (app, mut key) = App::with_key().await;
    let tokens = app.redeem(&app.sign_in("sam", &mut key).await.is(200).json()).await;
    let listed = app.ask_as(&tokens, Method::GET, "/native/v1/devices").await.is(200).json();
    let path = format!("/native/v1/devices/{}", listed["devices"][0]["id"].as_str().unwrap());
    assert_eq!(error(&app.ask_as(&tokens, Method::DELETE, &path).await.is(409)), "last_device");
    app.register(&tokens, &mut app.key(), "Spare").await;
    app.ask_as(&tokens, Method::DELETE, &path).await.is(200);
}

#[tokio::test]
async fn without_a_good_token_nothing_is_told() {
    let app = App::new().await;
    let stranger = Tokens { access: "lk_unknown".to_owned(), refresh: String::new() };
    for path in ["devices/challenge", "devices", "proof/challenge", "proof", "ticket", "step-up/challenge"] {
        assert_eq!(error(&app.post_as(&stranger, path, json!({})).await.is(401)), "unauthorized", "{path}");
    }
    app.ask_as(&stranger, Method::GET, "/native/v1/devices").await.is(401);
    app.ask_as(&stranger, Method::DELETE, "/native/v1/devices/x").await.is(401);
}
