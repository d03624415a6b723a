//! What gets through the doors, asked over the routes behind them.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use axum::{
    body::Body,
    http::{Request, header},
};

use crate::rig::Rig;

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
    for path in ["/token", "/client/register", "/sign-in", "/federation", "/"] {
        rig.send(Request::post(path).body(Body::from(long.clone())).unwrap()).await.is(413);
    }
    let page = rig.browser_of("sam").await.get("/device").await.is(200);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; form-action 'self'"), "{policy}");
    assert!(!page.body.contains("<script") && !page.body.contains(" style="));
    let page = rig.browser().get("/sign-in").await.is(200);
    let policy = page.header("content-security-policy");
    let expected = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'";
    assert!(policy.starts_with(expected), "{policy}");
    assert!(!page.body.contains("<script>") && !page.body.contains(" style="));
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
