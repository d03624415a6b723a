//! Signing in without a browser.

use super::*;
use crate::mfa::totp;

#[tokio::test]
async fn the_configuration_says_what_is_taken() {
    let app = App::new().await;
    for path in ["/.well-known/latchkey", "/native/v1/configuration"] {
        let told = app.rig.browser().get(path).await.is(200).json();
        assert_eq!(told["versions"], json!(["v1"]));
        assert_eq!(told["webauthn"]["rpId"], "localhost");
        assert_eq!(told["webauthn"]["appOrigins"], json!(["latchkey-app:http://localhost:4711"]));
        assert_eq!(told["signIn"], json!({ "password": true, "passkey": false }));
        assert_eq!(told["stepUp"]["seconds"], 900);
    }
    app.set(ALWAYS);
    let told = app.rig.browser().get("/.well-known/latchkey").await.is(200).json();
    assert_eq!(told["signIn"]["passkey"], true);
}

#[tokio::test]
async fn a_password_alone_gives_the_tokens_of_the_browsers_way() {
    let app = App::new().await;
    let since = app.trail();
    let step = app.start("sam", PASSWORD).await.is(200).json();
    assert_eq!((step["username"].as_str(), step["context"].is_null()), (Some("sam"), true));
    let tokens = app.redeem(&step).await;
    assert_eq!(
        app.events(since),
        ["CredentialVerification", "UserAuthentication", "Authenticate", "CreateToken"]
    );
    app.ask_as(&tokens, Method::GET, "/user").await.is(200);
    // The code was for one use, and its second use ends what the first gave.
    let fields = json!({ "code": step["code"], "redirectUri": CALLBACK, "codeVerifier": VERIFIER });
    app.rig.token(&app.client, "authorization_code", fields).await.is(400);
    app.ask_as(&tokens, Method::GET, "/user").await.is(401);
}

#[tokio::test]
async fn ending_the_session_anywhere_ends_the_apps_tokens() {
    let app = App::new().await;
    let tokens = app.tokens("sam").await;
    let browser = app.rig.browser_of("sam").await;
    let page = browser.get("/start/mfa").await.is(200);
    browser.submit(&page, "/start/mfa/sign-out-elsewhere", &[]).await.is(303);
    app.ask_as(&tokens, Method::GET, "/user").await.is(401);
    let refreshed =
        app.rig.token(&app.client, "refresh_token", json!({ "refreshToken": tokens.refresh })).await;
    refreshed.is(400);
}

#[tokio::test]
async fn wrong_passwords_count_with_those_of_the_pages() {
    let app = App::new().await;
    for _ in 0..2 {
        let reply = app.start("sam", "wrong").await.is(401);
        assert_eq!(error(&reply), "wrong_password");
        app.rig.browser().sign_in("sam", "wrong", "/start").await.is(401);
    }
    let locked = app.start("sam", "wrong").await.is(429);
    assert_eq!((error(&locked), locked.header("retry-after")), ("locked".to_owned(), "31"));
    assert_eq!(locked.json()["retryAfterSeconds"], 31);
    app.rig.browser().sign_in("sam", PASSWORD, "/start").await.is(429);
    assert_eq!(error(&app.start("sam", PASSWORD).await), "locked");
    // Names that nobody has are no different.
    assert_eq!(error(&app.start("nobody", "wrong").await.is(401)), "wrong_password");
}

#[tokio::test]
async fn a_computer_that_is_known_is_not_locked_out_by_strangers() {
    let app = App::new().await;
    let step = app.start("sam", PASSWORD).await.is(200).json();
    for _ in 0..5 {
        app.start("sam", "wrong").await;
    }
    app.start("sam", PASSWORD).await.is(429);
    let body = json!({
        "client": app.client(), "username": "sam", "password": PASSWORD, "device": step["device"],
    });
    app.post("sign-in", body).await.is(200);
}

#[tokio::test]
async fn a_key_completes_a_sign_in_once() {
    let (app, mut key) = App::with_key().await;
    let half = app.start("sam", PASSWORD).await.is(200).json();
    assert_eq!(half["factors"], json!([{ "id": "keys", "kind": "keys", "names": ["Blue key"] }]));
    let named = json!({ "signIn": half["signIn"] });
    let asked = app.post("sign-in/challenge", named.clone()).await.is(200).json();
    assert_eq!(asked["options"]["publicKey"]["rpId"], "localhost");
    let answer = json!({ "signIn": half["signIn"], "credential": key.answer(&asked["options"]) });
    let step = app.post("sign-in/answer", answer.clone()).await.is(200).json();
    let tokens = app.redeem(&step).await;
    app.ask_as(&tokens, Method::GET, "/user").await.is(200);
    assert_eq!(error(&app.post("sign-in/answer", answer).await.is(410)), "sign_in_over");
    assert_eq!(error(&app.post("sign-in/challenge", named).await.is(410)), "sign_in_over");
}

#[tokio::test]
async fn an_answer_with_the_browsers_origin_is_worth_nothing_here_and_the_other_way_round() {
    let (app, mut key) = App::with_key().await;
    for foreign in
        ["http://localhost:4711", "latchkey-app:https://evil.test", "latchkey-app:http://localhost"]
    {
        key.origin = foreign.to_owned();
        assert_eq!(error(&app.sign_in("sam", &mut key).await.is(401)), "key_refused", "{foreign}");
        app.rig.pass(3600);
    }
    let browser = app.rig.browser();
    for (origin, status) in
        [(keys::app_origin(&app.rig.instance), 401), ("http://localhost:4711".to_owned(), 303)]
    {
        browser.sign_in("sam", PASSWORD, "/start").await.is(303);
        let page = browser.get("/sign-in/verify").await.is(200);
        let options = page.body.split_once("data-options=\"").unwrap().1.split_once('"').unwrap().0;
        let options: Value = serde_json::from_str(&options.replace("&#34;", "\"")).unwrap();
        key.origin = origin;
        let answer = key.answer(&options).to_string();
        browser.submit(&page, "/sign-in/verify", &[("credential", &answer)]).await.is(status);
    }
}

#[tokio::test]
async fn keys_that_prove_nothing_are_told_apart_and_counted() {
    let (app, mut key) = App::with_key().await;
    let mut stranger = app.key();
    assert_eq!(error(&app.sign_in("sam", &mut stranger).await.is(401)), "key_not_registered");
    key.touched = false;
    assert_eq!(error(&app.sign_in("sam", &mut key).await.is(401)), "key_refused");
    key.touched = true;
    app.sign_in("sam", &mut key).await.is(200);
    // A copy of the key that lags behind: its counter was seen before.
    key.counter = 0;
    assert_eq!(error(&app.sign_in("sam", &mut key).await.is(401)), "key_copied");
    for _ in 0..3 {
        app.sign_in("sam", &mut stranger).await.is(401);
    }
    assert_eq!(error(&app.sign_in("sam", &mut stranger).await.is(429)), "locked");
}

#[tokio::test]
async fn a_half_sign_in_ends_and_is_nobody_elses() {
    let (app, mut key) = App::with_key().await;
    let half = app.start("sam", PASSWORD).await.is(200).json();
    let asked = app.post("sign-in/challenge", json!({ "signIn": half["signIn"] })).await.is(200).json();
    let answer = key.answer(&asked["options"]);
    let other = json!({ "signIn": "lk_other", "credential": answer });
    assert_eq!(error(&app.post("sign-in/answer", other).await.is(410)), "sign_in_over");
    // One begun in a browser does not go on here.
    let browser = app.rig.browser();
    browser.sign_in("sam", PASSWORD, &Rig::authorize_path(&app.client, &[])).await.is(303);
    let cookies = browser.cookies.lock().unwrap().clone();
    let secret = cookies.iter().find(|(name, _)| name.starts_with("latchkey-half")).unwrap().1.clone();
    assert_eq!(error(&app.post("sign-in/challenge", json!({ "signIn": secret })).await), "sign_in_over");
    app.rig.pass(600);
    let late = json!({ "signIn": half["signIn"], "credential": answer });
    assert_eq!(error(&app.post("sign-in/answer", late).await.is(410)), "sign_in_over");
}

/// Sets an authenticator app up for sam in the browser; gives its secret.
async fn with_app(app: &App) -> Vec<u8> {
    let browser = app.rig.browser();
    browser.sign_in("sam", PASSWORD, "/start").await.is(303);
    let page = browser.get("/sign-in/enrol?type=totp").await.is(200);
    let typed = page.body.split_once("id=\"app-key\">").unwrap().1.split_once('<').unwrap().0;
    let secret = totp_rs::Secret::try_from_base32(typed.replace(' ', "")).unwrap().as_bytes().to_vec();
    let code = totp::code(&secret, app.rig.instance.now());
    browser.submit(&page, "/sign-in/enrol", &[("code", &code), ("name", "Phone")]).await.is(303);
    secret
}

#[tokio::test]
async fn codes_are_taken_once_and_counted_with_the_pages() {
    let app = App::asking(ALWAYS).await;
    let secret = with_app(&app).await;
    let half = app.start("sam", PASSWORD).await.is(200).json();
    assert_eq!(half["factors"][0]["kind"], "code");
    assert_eq!(half["factors"][0]["names"], json!(["Phone"]));
    let send = async |code: String| {
        let factor = &half["factors"][0]["id"];
        let body = json!({ "signIn": half["signIn"], "factor": factor, "code": code });
        app.post("sign-in/code", body).await
    };
    let now = || totp::code(&secret, app.rig.instance.now());
    assert_eq!(error(&send(now()).await.is(401)), "code_used");
    assert_eq!(error(&send("000000".to_owned()).await.is(401)), "wrong_code");
    app.rig.pass(60);
    let step = send(now()).await.is(200).json();
    assert!(step["context"].is_string());
    app.redeem(&step).await;
    // And in the browser the same code is used up.
    let browser = app.rig.browser();
    browser.sign_in("sam", PASSWORD, "/start").await.is(303);
    let page = browser.get("/sign-in/verify").await.is(200);
    browser.submit(&page, "/sign-in/verify", &[("code", &now())]).await.is(401);
}

#[tokio::test]
async fn a_known_computer_is_asked_again_only_as_the_policy_says() {
    let app = App::asking("mode = \"context\"").await;
    let secret = with_app(&app).await;
    app.rig.pass(60);
    let half = app.start("sam", PASSWORD).await.is(200).json();
    let code = totp::code(&secret, app.rig.instance.now());
    let body = json!({ "signIn": half["signIn"], "factor": half["factors"][0]["id"], "code": code });
    let step = app.post("sign-in/code", body).await.is(200).json();
    let again = json!({
        "client": app.client(), "username": "sam", "password": PASSWORD, "context": step["context"],
    });
    assert_eq!(app.post("sign-in", again).await.is(200).json()["status"], "complete");
    assert_eq!(app.start("sam", PASSWORD).await.is(200).json()["status"], "secondFactor");
}

#[tokio::test]
async fn enrolment_and_new_passwords_are_the_browsers() {
    let app = App::asking(ALWAYS).await;
    let told = app.start("kim", PASSWORD).await.is(200).json();
    assert_eq!(
        (told["status"].as_str(), told["reason"].as_str()),
        (Some("continueInBrowser"), Some("enrolment"))
    );
    assert_eq!(told["url"], "http://localhost:4711/start");
    assert!(told["signIn"].is_string());
    app.set("mode = \"always\"\nwithout_device = \"block\"");
    assert_eq!(error(&app.start("kim", PASSWORD).await.is(403)), "blocked");
}

#[tokio::test]
async fn a_first_key_is_set_up_at_sign_in() {
    let app = App::asking(ALWAYS).await;
    let half = app.start("kim", PASSWORD).await.is(200).json();
    let named = json!({ "signIn": half["signIn"] });
    let since = app.trail();
    let asked = app.post("sign-in/enrol/challenge", named.clone()).await.is(200).json();
    let mut key = app.key();
    let made = |credential: Value| {
        json!({
            "signIn": half["signIn"], "name": "Blue key", "state": asked["state"], "credential": credential,
        })
    };
    key.origin = "http://localhost:4711".to_owned();
    let foreign = app.post("sign-in/enrol", made(key.register(&asked["options"]))).await.is(401);
    assert_eq!(error(&foreign), "key_refused");
    key.origin = keys::app_origin(&app.rig.instance);
    let good = made(key.register(&asked["options"]));
    // What was asked for one sign-in is no use in another.
    let other = app.start("kim", PASSWORD).await.is(200).json();
    let mut moved = good.clone();
    moved["signIn"] = other["signIn"].clone();
    assert_eq!(error(&app.post("sign-in/enrol", moved).await.is(410)), "challenge_over");
    let step = app.post("sign-in/enrol", good.clone()).await.is(200).json();
    app.redeem(&step).await;
    let told = app.events(since);
    assert!(told.contains(&"CompleteWebAuthnDeviceRegistration".to_owned()), "{told:?}");
    assert_eq!(error(&app.post("sign-in/enrol", good).await.is(410)), "sign_in_over");
    // From now on it is asked for, and nobody sets up another with the password alone.
    let named = json!({ "signIn": other["signIn"] });
    assert_eq!(error(&app.post("sign-in/enrol/challenge", named).await.is(409)), "not_added");
    app.sign_in("kim", &mut key).await.is(200);
    app.set("mode = \"always\"\nallowed = [\"totp\"]");
    let told = app.start("kim", PASSWORD).await.is(200).json();
    assert_eq!((told["reason"].as_str(), told["signIn"].is_null()), (Some("enrolment"), true));
}

#[tokio::test]
async fn a_passkey_alone_signs_in_whose_it_is() {
    let (app, mut key) = App::with_key().await;
    let client = json!({ "client": app.client() });
    let asked = app.post("passkey/challenge", client).await.is(200).json();
    assert_eq!(asked["options"]["publicKey"]["userVerification"], "required");
    let answer = |credential: Value| json!({ "client": app.client(), "state": asked["state"], "credential": credential });
    key.verifies = false;
    let unverified = answer(key.answer(&asked["options"]));
    assert_eq!(error(&app.post("passkey/answer", unverified).await.is(401)), "key_refused");
    key.verifies = true;
    let good = answer(key.answer(&asked["options"]));
    let step = app.post("passkey/answer", good.clone()).await.is(200).json();
    assert_eq!(step["username"], "sam");
    app.redeem(&step).await;
    assert_eq!(app.post("passkey/answer", good).await.status.as_u16() / 100, 4);
    let mut stranger = app.key();
    let asked = app.post("passkey/challenge", json!({ "client": app.client() })).await.is(200).json();
    let body = json!({
        "client": app.client(), "state": asked["state"], "credential": stranger.answer(&asked["options"]),
    });
    assert_eq!(error(&app.post("passkey/answer", body).await.is(401)), "key_not_registered");
    app.set("mode = \"off\"");
    let refused = app.post("passkey/challenge", json!({ "client": app.client() })).await.is(400);
    assert_eq!(error(&refused), "no_such_factor");
}

#[tokio::test]
async fn a_request_of_an_unknown_or_careless_client_is_refused_before_any_password() {
    let app = App::new().await;
    for (field, value, expected) in [
        ("clientId", json!("nobody"), "invalid_client"),
        ("clientSecret", json!("wrong"), "invalid_client"),
        ("redirectUri", json!("https://evil.test/oauth/callback"), "invalid_client"),
        ("codeChallenge", json!("short"), "invalid_request"),
        ("scopes", json!(["other"]), "invalid_request"),
        ("scopes", json!("sso:account:access"), "invalid_request"),
    ] {
        let mut client = app.client();
        client[field] = value;
        let body = json!({ "client": client, "username": "sam", "password": PASSWORD });
        assert_eq!(error(&app.post("sign-in", body).await), expected, "{field}");
    }
    assert_eq!(app.trail(), 0, "no password was looked at");
}

#[tokio::test]
async fn pages_are_kept_out() {
    let app = App::new().await;
    let body = json!({ "client": app.client(), "username": "sam", "password": PASSWORD }).to_string();
    for (name, value) in [
        ("origin", "http://localhost:4711"),
        ("cookie", "a=b"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-mode", "cors"),
    ] {
        let request = Request::post("/native/v1/sign-in")
            .header(header::CONTENT_TYPE, "application/json")
            .header(name, value);
        let reply = app.rig.send(request.body(Body::from(body.clone())).unwrap()).await.is(403);
        assert_eq!(error(&reply), "not_for_browsers", "{name}");
    }
    let plain = Request::post("/native/v1/sign-in").header(header::CONTENT_TYPE, "text/plain");
    let reply = app.rig.send(plain.body(Body::from(body)).unwrap()).await.is(400);
    assert_eq!(error(&reply), "invalid_request");
    assert_eq!(error(&app.rig.browser().get("/native/v1/sign-in").await.is(405)), "method_not_allowed");
}
