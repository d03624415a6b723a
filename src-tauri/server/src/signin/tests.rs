//! The pages over their routes, and the doors around everything.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use axum::{
    body::Body,
    http::{Request, header},
};

use crate::rig::{PASSWORD, Rig};

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
    let flood = (0..64).map(|n| {
        let user = format!("nobody{n}");
        browser.form(&page, "/sign-in", &[("username", &user), ("password", "wrong")])
    });
    let replies = rig.send_at_once(flood.collect()).await;
    let count = |status: u16| replies.iter().filter(|reply| reply.status.as_u16() == status).count();
    assert_eq!((count(401), count(503)), (33, 31));
    let turned_away = replies.iter().find(|reply| reply.status == 503).unwrap();
    assert_eq!(turned_away.header("retry-after"), "5");
    assert!(turned_away.body.contains("Too many people are signing in"), "{}", turned_away.body);
    rig.browser().sign_in("sam", PASSWORD, "/start").await.is(303);
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
async fn only_our_own_host_names_are_answered() {
    let rig = Rig::new();
    let ask = async |host: &str| {
        let request = Request::get("/assets/latchkey.css").header(header::HOST, host);
        rig.send(request.body(Body::empty()).unwrap()).await.status.as_u16()
    };
    for ours in ["localhost:4711", "127.0.0.1:4711", "[::1]:4711"] {
        assert_eq!(ask(ours).await, 200, "{ours}");
    }
    for foreign in
        ["evil.test", "evil.test:4711", "localhost", "localhost:4712", "localhost.evil.test:4711", ""]
    {
        assert_eq!(ask(foreign).await, 421, "{foreign}");
    }
    let two =
        Request::get("/sign-in").header(header::HOST, "localhost:4711").header(header::HOST, "evil.test");
    rig.send(two.body(Body::empty()).unwrap()).await.is(421);
    let absolute = Request::get("http://evil.test/sign-in").header(header::HOST, "localhost:4711");
    rig.send(absolute.body(Body::empty()).unwrap()).await.is(421);
}

#[tokio::test]
async fn pages_have_one_address() {
    let rig = Rig::new();
    let ask = async |path: &str, host: &str| {
        let request = Request::get(path).header(header::HOST, host);
        rig.send(request.body(Body::empty()).unwrap()).await
    };
    let pages = [
        "/sign-in?continue=%2Fdevice",
        "/authorize?client_id=x&state=a%26b",
        "/device?user_code=BCDF-GHJK",
        "/start",
        "/console?destination=x",
        "/federation?Action=login&SigninToken=x",
    ];
    for path in pages {
        for host in ["127.0.0.1:4711", "[::1]:4711"] {
            let reply = ask(path, host).await.is(303);
            assert_eq!(reply.header("location"), format!("http://localhost:4711{path}"), "{host}");
            assert_eq!(reply.header("set-cookie"), "", "{host}");
        }
        for host in ["localhost:4711", "LOCALHOST:4711"] {
            assert!(!ask(path, host).await.header("location").starts_with("http"), "{host}{path}");
        }
    }
    // What programs call answers where it was asked: they may not follow.
    ask("/assignment/accounts", "127.0.0.1:4711").await.is(401);
    ask("/federation?Action=getSigninToken", "127.0.0.1:4711").await.is(400);
}

#[tokio::test]
async fn other_sites_cannot_post_and_get_no_cors() {
    let rig = Rig::new();
    for (name, value) in [
        ("origin", "https://evil.test"),
        ("origin", "null"),
        ("origin", "http://localhost:4712"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let request = Request::post("/client/register").header(name, value);
        let body = Body::from(r#"{"clientName":"x","clientType":"public"}"#);
        rig.send(request.body(body).unwrap()).await.is(403);
    }
    let preflight = Request::options("/client/register")
        .header("origin", "http://localhost:4711")
        .header("access-control-request-method", "POST");
    let reply = rig.send(preflight.body(Body::empty()).unwrap()).await;
    assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control")));
}

#[tokio::test]
async fn bodies_are_small_and_answers_well_dressed() {
    let rig = Rig::new();
    let long = "x".repeat(16 * 1024 + 1);
    rig.send(Request::post("/token").body(Body::from(long)).unwrap()).await.is(413);
    let page = rig.browser().get("/sign-in").await.is(200);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; form-action 'self'"), "{policy}");
    assert!(!page.body.contains("<script") && !page.body.contains(" style="));
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(
        page.header("date"),
        "Fri, 15 Jan 2027 08:00:00 GMT",
        "the instance's clock, not the machine's"
    );
    rig.instance.clock.set_offset(jiff::SignedDuration::from_secs(660));
    assert_eq!(rig.browser().get("/sign-in").await.header("date"), "Fri, 15 Jan 2027 08:11:00 GMT");
    rig.browser().get("/assets/latchkey.css").await.is(200);
    rig.browser().get("/nothing").await.is(404);
}
