//! The pages over their routes.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::json;

use crate::{
    passwords,
    proxies::Peer,
    rig::{CALLBACK, PASSWORD, Rig, VERIFIER},
};

#[tokio::test]
async fn signing_in_leads_back_and_nowhere_else() {
    let rig = Rig::new();
    for (back, expected) in [
        ("/device?user_code=BCDF-GHJK", "/device?user_code=BCDF-GHJK"),
        ("https://evil.test/", "/start"),
        ("//evil.test/", "/start"),
        ("/\\evil.test/", "/start"),
        ("/.//evil.test/x", "/start"),
        ("/..//evil.test/x", "/start"),
        ("/x/..//evil.test/x", "/start"),
        ("/%2e//evil.test/x", "/start"),
        ("/.\\/evil.test/x", "/start"),
        ("/x//evil.test/", "/x//evil.test/"),
        ("", "/start"),
    ] {
        let reply = rig.browser().sign_in("sam@acme.test", PASSWORD, back).await.is(303);
        assert_eq!(reply.header("location"), expected, "{back}");
        let cookie = reply.header("set-cookie");
        assert!(cookie.contains(rig.instance.addresses.instance_id()), "{cookie}");
        assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
    }
}

#[tokio::test]
async fn a_signed_in_browser_is_not_sent_elsewhere_either() {
    let rig = Rig::new();
    let browser = rig.browser_of("sam").await;
    for back in ["/.//evil.test/x", "/x/..//evil.test/x", "//evil.test/x", "https://evil.test/"] {
        let query: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("continue", back).finish();
        let reply = browser.get(&format!("/sign-in?{query}")).await.is(303);
        assert_eq!(reply.header("location"), "/start", "{back}");
    }
}

#[tokio::test]
async fn guesses_at_the_same_moment_are_counted_like_any_others() {
    let rig = Rig::new();
    for user in ["sam", "nobody"] {
        let browser = rig.browser();
        let page = browser.get("/sign-in").await.is(200);
        let guesses = (0..12).map(|n| {
            let password = format!("guess {n}");
            browser.form(&page, "/sign-in", &[("username", user), ("password", &password)])
        });
        let replies = rig.send_at_once(guesses.collect()).await;
        let looked_at = replies.iter().filter(|reply| reply.status == 401).count();
        let refused = replies.iter().filter(|reply| reply.status == 429).count();
        assert_eq!((looked_at, refused), (4, 8), "{user}");
    }
}

#[tokio::test]
async fn wrong_names_and_wrong_passwords_look_alike_and_lock() {
    let rig = Rig::new();
    for user in ["sam", "nobody"] {
        let browser = rig.browser();
        for _ in 0..4 {
            let reply = browser.sign_in(user, "wrong", "/start").await.is(401);
            assert!(reply.body.contains("The user name or the password is wrong."));
        }
        let locked = browser.sign_in(user, "wrong", "/start").await.is(429);
        assert!(locked.body.contains("Wait 31 seconds"), "{}", locked.body);
    }
    rig.browser().sign_in("SAM@acme.test", PASSWORD, "/start").await.is(429);
    rig.pass(31);
    rig.browser().sign_in("sam", PASSWORD, "/start").await.is(303);
    rig.browser().sign_in("sam", "wrong", "/start").await.is(401);
    rig.browser().sign_in("", "", "/start").await.is(400);
}

#[tokio::test]
async fn a_strangers_guesses_do_not_lock_a_browser_that_is_known() {
    let rig = Rig::new();
    let mine = rig.browser_of("sam").await;
    let page = mine.get("/start").await;
    mine.submit(&page, "/sign-out", &[]).await.is(303);
    let stranger = rig.browser();
    for _ in 0..4 {
        stranger.sign_in("sam", "wrong", "/start").await.is(401);
    }
    stranger.sign_in("sam", "wrong", "/start").await.is(429);
    mine.sign_in("sam", PASSWORD, "/start").await.is(303);
    stranger.sign_in("sam", PASSWORD, "/start").await.is(429);
}

#[tokio::test]
async fn a_known_browser_is_locked_for_its_own_guesses_and_for_other_names() {
    let rig = Rig::new();
    let browser = rig.browser_of("sam").await;
    let page = browser.get("/start").await;
    browser.submit(&page, "/sign-out", &[]).await.is(303);
    for _ in 0..4 {
        browser.sign_in("sam", "wrong", "/start").await.is(401);
    }
    browser.sign_in("sam", "wrong", "/start").await.is(429);
    browser.sign_in("sam", PASSWORD, "/start").await.is(429);

    for _ in 0..4 {
        rig.browser().sign_in("kim", "wrong", "/start").await.is(401);
    }
    browser.sign_in("kim", "wrong", "/start").await.is(429);
    browser.sign_in("kim", PASSWORD, "/start").await.is(429);
    let name = format!("latchkey-browser-{}", rig.instance.addresses.instance_id());
    for forged in ["", ".", "x.00", &format!("{}.{}", "a".repeat(43), "00".repeat(32))] {
        let forger = rig.browser();
        forger.cookies.lock().unwrap().insert(name.clone(), forged.to_owned());
        forger.sign_in("kim", PASSWORD, "/start").await.is(429);
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_neither_signs_in_nor_out() {
    let rig = Rig::new();
    let browser = rig.browser();
    rig.instance.store.refuse_audit(true);
    let reply = browser.sign_in("sam", PASSWORD, "/start").await.is(500);
    assert!(!reply.header("set-cookie").contains("latchkey-session"));
    rig.instance.store.refuse_audit(false);
    browser.sign_in("sam", PASSWORD, "/start").await.is(303);
    let page = browser.get("/start").await.is(200);
    rig.instance.store.refuse_audit(true);
    browser.submit(&page, "/sign-out", &[]).await.is(500);
    rig.instance.store.refuse_audit(false);
    browser.get("/start").await.is(200);
}

#[tokio::test]
async fn a_flood_of_sign_ins_leaves_the_server_to_others() {
    let rig = Rig::new();
    let browser = rig.browser();
    let page = browser.get("/sign-in").await.is(200);
    let looked_at = passwords::line::SHARE + passwords::at_a_time();
    let flood = (0..looked_at + 8).map(|n| {
        let user = format!("nobody{n}");
        browser.form(&page, "/sign-in", &[("username", &user), ("password", "wrong")])
    });
    let mut requests: Vec<_> = flood.collect();
    // Last in time, and from somewhere else.
    let elsewhere = rig.browser();
    let page = elsewhere.get("/sign-in").await.is(200);
    let mut request = elsewhere.form(&page, "/sign-in", &[("username", "sam"), ("password", PASSWORD)]);
    let address = ([192, 0, 2, 1], 40000).into();
    request.extensions_mut().insert(Peer { address, is_tls: false });
    requests.push(request);
    let replies = rig.send_at_once(requests).await;
    let count = |status: u16| replies.iter().filter(|reply| reply.status.as_u16() == status).count();
    assert_eq!((count(401), count(503), count(303)), (looked_at, 8, 1));
    let turned_away = replies.iter().find(|reply| reply.status == 503).unwrap();
    assert_eq!(turned_away.header("retry-after"), "5");
    assert!(turned_away.body.contains("Too many people are signing in"), "{}", turned_away.body);
    rig.browser().sign_in("sam", PASSWORD, "/start").await.is(303);
}

#[tokio::test]
async fn a_full_disk_is_told_and_outlived() {
    let rig = Rig::new();
    let (client, token, refresh) = rig.tokens("sam").await;
    let browser = rig.browser_of("sam").await;
    rig.instance.store.fill(true);
    let registration = serde_json::json!({ "clientName": "x".repeat(128), "clientType": "public" });
    let mut reply = rig.post_json("/client/register", registration.clone()).await;
    // What is left of the last page.
    for _ in 0..100 {
        if reply.status == 500 {
            break;
        }
        reply = rig.post_json("/client/register", registration.clone()).await;
    }
    assert_eq!(reply.is(500).error(), "InternalServerException");
    rig.portal_get("/user", &token).await.is(200);
    browser.get("/start").await.is(200);
    rig.instance.store.fill(false);
    rig.post_json("/client/register", registration).await.is(200);
    rig.token(&client, "refresh_token", serde_json::json!({ "refreshToken": refresh })).await.is(200);
}

#[tokio::test]
async fn the_issuer_url_may_be_opened() {
    let rig = Rig::new();
    let path = format!("/{}", rig.instance.addresses.instance_id());
    assert_eq!(rig.browser().get(&path).await.is(303).header("location"), "/start");
    rig.browser().get("/ssoins-0000000000000000").await.is(404);
}

#[tokio::test]
async fn forms_belong_to_the_visitor_who_was_shown_them() {
    let rig = Rig::new();
    let attacker = rig.browser();
    let page = attacker.get("/sign-in").await;
    let fields = [("username", "sam"), ("password", PASSWORD)];
    let victim = rig.browser();
    victim.submit(&page, "/sign-in", &fields).await.is(403);
    victim.get("/sign-in").await;
    victim.submit(&page, "/sign-in", &fields).await.is(403);
    victim.submit(&page, "/sign-in", &[("csrf", ""), fields[0], fields[1]]).await.is(403);
    attacker.submit(&page, "/sign-in", &fields).await.is(303);
    attacker.submit(&page, "/sign-out", &[]).await.is(403);
}

#[tokio::test]
async fn signing_out_ends_it_on_the_server() {
    let rig = Rig::new();
    let browser = rig.browser_of("sam").await;
    let page = browser.get("/start").await.is(200);
    assert!(page.body.contains("Sam Sample") && page.body.contains("payments-prod"));
    let kept = browser.cookies.lock().unwrap().clone();
    browser.submit(&page, "/sign-out", &[]).await.is(303);
    *browser.cookies.lock().unwrap() = kept;
    assert!(browser.get("/start").await.is(303).header("location").starts_with("/sign-in"));
}

#[tokio::test]
async fn sessions_end_by_themselves() {
    let rig = Rig::new();
    let browser = rig.browser_of("sam").await;
    rig.pass(8 * 3600 - 1);
    browser.get("/start").await.is(200);
    rig.pass(1);
    browser.get("/start").await.is(303);
}

#[tokio::test]
async fn a_session_may_guess_ten_user_codes() {
    let rig = Rig::new();
    let browser = rig.browser_of("sam").await;
    let page = browser.get("/device").await;
    for _ in 0..10 {
        browser.submit(&page, "/device", &[("user_code", "BBBB-BBBB")]).await.is(404);
    }
    let stopped = browser.submit(&page, "/device", &[("user_code", "BBBB-BBBB")]).await.is(429);
    assert!(stopped.body.contains("id=\"sign-out\""), "it says to sign out: {}", stopped.body);
    browser.submit(&page, "/sign-out", &[]).await.is(303);
}

#[tokio::test]
async fn the_start_page_opens_a_console() {
    let rig = Rig::new();
    let browser = rig.browser_of("sam").await;
    let page = browser.get("/start").await;
    let ask = [("account_id", "111122223333"), ("role_name", "ReadOnly")];
    let there = browser.submit(&page, "/start/console", &ask).await.is(303);
    let path = there.header("location").trim_start_matches("http://localhost:4711").to_owned();
    browser.get(&path).await.is(303);
    assert!(browser.get("/console").await.is(200).body.contains("payments-prod"));
    let ask = [("account_id", "111122223333"), ("role_name", "Administrator")];
    browser.submit(&page, "/start/console", &ask).await.is(403);
}

#[tokio::test]
async fn names_from_clients_are_shown_as_text() {
    let rig = Rig::new();
    let client = rig
        .register_with(
            serde_json::json!({ "clientName": "<script>alert(1)</script>", "clientType": "public" }),
        )
        .await;
    let (_, user_code) = rig.start_device(&client).await;
    let browser = rig.browser_of("sam").await;
    let page = browser.get("/device").await;
    let consent = browser.submit(&page, "/device", &[("user_code", &user_code)]).await.is(200);
    assert!(!consent.body.contains("<script"), "{}", consent.body);
}

#[tokio::test]
async fn who_signs_in_anew_leaves_nothing_to_who_copied_the_cookie() {
    let rig = Rig::new();
    let client = rig.register().await;
    let browser = rig.browser_of("sam").await;
    let code = rig.code(&browser, &client).await;
    let fields = json!({ "code": code, "redirectUri": CALLBACK, "codeVerifier": VERIFIER });
    let tokens = rig.token(&client, "authorization_code", fields).await.is(200).json();
    let token = tokens["accessToken"].as_str().unwrap();
    let (device, user_code) = rig.start_device(&client).await;
    let page = browser.get("/device").await.is(200);
    let page = browser.submit(&page, "/device", &[("user_code", &user_code)]).await.is(200);
    browser.submit(&page, "/device/decision", &[("decision", "allow")]).await.is(200);

    let copy = rig.browser();
    copy.cookies.lock().unwrap().extend(browser.cookies.lock().unwrap().clone());
    copy.get("/start").await.is(200);
    let again = async |user: &str| {
        let page = browser.get("/sign-in?again=1").await.is(200);
        browser.submit(&page, "/sign-in", &[("username", user), ("password", PASSWORD)]).await.is(303);
    };
    again("sam").await;
    copy.get("/start").await.is(303);
    browser.get("/start").await.is(200);
    let sam = rig.user("sam").id;
    assert_eq!(rig.instance.store.live_sessions(&sam, rig.instance.now()).unwrap().len(), 1);
    let ended = rig.instance.store.audit_trail().into_iter().rfind(|(name, _)| name == "Logout").unwrap().1;
    assert_eq!(ended["additionalEventData"]["Reason"], "SignedInAnew");
    // What the same person let in goes on, and ends with the new one.
    rig.portal_get("/user", token).await.is(200);
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    rig.token(&client, grant, json!({ "deviceCode": device })).await.is(200);
    again("kim").await;
    rig.portal_get("/user", token).await.is(401);
    assert!(rig.instance.store.live_sessions(&sam, rig.instance.now()).unwrap().is_empty());
}

#[tokio::test]
async fn a_decision_about_a_device_is_an_event_of_its_own() {
    let rig = Rig::new();
    let client = rig.register().await;
    let browser = rig.browser_of("sam").await;
    for (decision, name) in [("allow", "ApproveDeviceAuthorization"), ("deny", "DenyDeviceAuthorization")] {
        let (_, user_code) = rig.start_device(&client).await;
        let decide = async || {
            let page = browser.get("/device").await.is(200);
            let page = browser.submit(&page, "/device", &[("user_code", &user_code)]).await.is(200);
            browser.submit(&page, "/device/decision", &[("decision", decision)]).await
        };
        rig.instance.store.refuse_audit(true);
        decide().await.is(500);
        rig.instance.store.refuse_audit(false);
        decide().await.is(200);
        let (newest, event) = rig.instance.store.audit_trail().pop().unwrap();
        assert_eq!(newest, name);
        assert_eq!(event["additionalEventData"]["clientName"], "rig");
        assert_eq!(event["additionalEventData"]["clientId"], client.id.as_str());
        assert!(event["userIdentity"].to_string().contains(&rig.user("sam").id));
    }
}

#[tokio::test]
async fn what_a_program_was_allowed_ends_when_that_sign_in_would_have() {
    let rig = Rig::new();
    let client = rig.register().await;
    let browser = rig.browser_of("sam").await;
    let fields = json!({
        "code": rig.code(&browser, &client).await, "redirectUri": CALLBACK, "codeVerifier": VERIFIER,
    });
    let tokens = rig.token(&client, "authorization_code", fields).await.is(200).json();
    let refreshed = async |tokens: serde_json::Value| {
        let fields = json!({ "refreshToken": tokens["refreshToken"] });
        rig.token(&client, "refresh_token", fields).await
    };
    let again = async || {
        let page = browser.get("/sign-in?again=1").await.is(200);
        browser.submit(&page, "/sign-in", &[("username", "sam"), ("password", PASSWORD)]).await.is(303);
    };
    let whole = rig.instance.session_length().as_secs();
    rig.pass(whole / 2);
    again().await;
    let tokens = refreshed(tokens).await.is(200).json();
    rig.pass(whole / 4);
    again().await;
    // Less than an hour is left of what was allowed, whoever signs in how often.
    rig.pass(whole / 4 - 60);
    let tokens = refreshed(tokens).await.is(200).json();
    assert_eq!(tokens["expiresIn"], 60);
    rig.pass(60);
    rig.portal_get("/user", tokens["accessToken"].as_str().unwrap()).await.is(401);
    assert_eq!(refreshed(tokens).await.is(400).error(), "InvalidGrantException");
    browser.get("/start").await.is(200);
}
