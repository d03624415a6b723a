//! Limits over the routes.

use axum::{
    body::Body,
    http::{Request, header},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::*;
use crate::{
    config,
    instance::Instance,
    mail::Mailing,
    mfa::keys::app_origin,
    proxies::{Peer, TrustedProxies},
    rig::{Browser, CALLBACK, CHALLENGE, PASSWORD, RegisteredClient, Reply, Rig, SoftKey, VERIFIER},
    saml::tests::{address, authn_request},
    store::{ExternalProvider, SourceKind},
};

const HERE: &str = "198.51.100.7";
const ELSEWHERE: &str = "198.51.100.8";

/// Three of each.
fn rig() -> Rig {
    Rig::with(narrow)
}

fn narrow(instance: &mut Instance) {
    let rates = Rates {
        scim_reads_per_second: 0,
        scim_writes_per_second: 0,
        failed_sign_ins: 3,
        forgotten_passwords: 3,
        registrations: 3,
        device_authorizations: 3,
        wrong_codes: 3,
        wrong_links: 3,
        external_sign_ins: 3,
        application_sign_ins: 3,
    };
    instance.limits = Limits::new(rates, false);
    instance.mailing = Mailing::Outbox;
}

/// The request as it comes from an address.
fn coming_from(address: &str, mut request: Request<Body>) -> Request<Body> {
    let address = std::net::SocketAddr::new(address.parse().unwrap(), 40000);
    request.extensions_mut().insert(Peer { address, is_tls: false });
    request
}

async fn sign_in(rig: &Rig, browser: &Browser<'_>, address: &str, user: &str, password: &str) -> Reply {
    let page = browser.get("/sign-in").await.is(200);
    let form = browser.form(&page, "/sign-in", &[("username", user), ("password", password)]);
    browser.keep(rig.send(coming_from(address, form)).await)
}

async fn post(rig: &Rig, address: &str, path: &str, body: Value) -> Reply {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    rig.send(coming_from(address, request.body(Body::from(body.to_string())).unwrap())).await
}

#[tokio::test]
async fn spraying_one_password_over_many_names_ends_and_is_nobody_elses_affair() {
    let rig = rig();
    let known = rig.browser();
    sign_in(&rig, &known, HERE, "kim", PASSWORD).await.is(303);
    for name in ["sam", "alex", "nobody"] {
        sign_in(&rig, &rig.browser(), HERE, name, "Summer2026!").await.is(401);
    }
    for password in ["Summer2026!", PASSWORD] {
        let refused = sign_in(&rig, &rig.browser(), HERE, "ada", password).await.is(429);
        assert!(refused.body.contains("Too many failed sign-ins came from your network. Wait 21 minutes"));
        assert_eq!(refused.header("retry-after"), "1201");
    }
    sign_in(&rig, &rig.browser(), ELSEWHERE, "ada", PASSWORD).await.is(303);
    // Who signed in here before is told from strangers.
    let page = known.get("/start").await.is(200);
    known.submit(&page, "/sign-out", &[]).await.is(303);
    sign_in(&rig, &known, HERE, "kim", "typo").await.is(401);
    sign_in(&rig, &known, HERE, "kim", PASSWORD).await.is(303);
    rig.pass(1201);
    sign_in(&rig, &rig.browser(), HERE, "ada", PASSWORD).await.is(303);
}

/// Through the app's API; the step that it answers.
async fn by_passkey(rig: &Rig, address: &str, client: &Value, key: &mut SoftKey) -> Reply {
    let asked = post(rig, address, "/native/v1/passkey/challenge", json!({ "client": client })).await;
    let asked = asked.is(200).json();
    let body =
        json!({ "client": client, "state": asked["state"], "credential": key.answer(&asked["options"]) });
    post(rig, address, "/native/v1/passkey/answer", body).await
}

#[tokio::test]
async fn passkeys_that_let_nobody_in_are_counted_with_wrong_passwords_and_good_ones_are_not() {
    let rig = rig();
    let policy = toml::from_str("mode = \"always\"\nwithout_device = \"allow\"").unwrap();
    config::policy_set(&rig.instance, &policy).unwrap();
    let app = rig.register().await;
    let client = json!({
        "clientId": app.id, "clientSecret": app.secret, "redirectUri": CALLBACK, "codeChallenge": CHALLENGE,
        "scopes": ["sso:account:access"],
    });
    let body = json!({ "client": client, "username": "sam", "password": PASSWORD });
    let step = post(&rig, HERE, "/native/v1/sign-in", body).await.is(200).json();
    let fields = json!({ "code": step["code"], "redirectUri": CALLBACK, "codeVerifier": VERIFIER });
    let tokens = rig.token(&app, "authorization_code", fields).await.is(200).json();
    let as_sam = async |path: &str, body: Value| {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", tokens["accessToken"].as_str().unwrap()));
        rig.send(request.body(Body::from(body.to_string())).unwrap()).await.is(200).json()
    };
    let asked = as_sam("/native/v1/devices/challenge", json!({})).await;
    let mut key = SoftKey::new(&app_origin(&rig.instance));
    let credential = key.register(&asked["options"]);
    let named = json!({ "name": "Blue key", "state": asked["state"], "credential": credential });
    as_sam("/native/v1/devices", named).await;
    for _ in 0..8 {
        by_passkey(&rig, HERE, &client, &mut key).await.is(200);
    }
    // A page's are the same ones.
    let browser = rig.browser();
    let page = browser.get("/sign-in").await.is(200);
    let form = browser.form(&page, "/sign-in/passkey", &[("credential", "{}"), ("state", "none")]);
    browser.keep(rig.send(coming_from(HERE, form)).await).is(401);
    let mut stranger = SoftKey::new(&app_origin(&rig.instance));
    for _ in 0..2 {
        by_passkey(&rig, HERE, &client, &mut stranger).await.is(401);
    }
    let refused = by_passkey(&rig, HERE, &client, &mut key).await.is(429);
    assert_eq!(
        (refused.header("retry-after"), refused.json()["retryAfterSeconds"].clone()),
        ("1201", json!(1201))
    );
    let form = browser.form(&page, "/sign-in/passkey", &[("credential", "{}"), ("state", "none")]);
    browser.keep(rig.send(coming_from(HERE, form)).await).is(429);
    sign_in(&rig, &rig.browser(), HERE, "ada", PASSWORD).await.is(429);
    by_passkey(&rig, ELSEWHERE, &client, &mut key).await.is(200);
}

#[tokio::test]
async fn right_passwords_are_not_counted() {
    let rig = rig();
    for _ in 0..8 {
        sign_in(&rig, &rig.browser(), HERE, "sam", PASSWORD).await.is(303);
    }
}

#[tokio::test]
async fn an_ipv6_subscriber_is_one_place_and_proxies_say_who_it_is() {
    let rig = Rig::with(|instance| {
        narrow(instance);
        instance.proxies = TrustedProxies::new(vec![TrustedProxies::parse("10.0.0.7").unwrap()]);
    });
    for n in 1..4 {
        let address = format!("2001:db8:1:2::{n}");
        sign_in(&rig, &rig.browser(), &address, "nobody", "wrong").await.is(401);
    }
    sign_in(&rig, &rig.browser(), "2001:db8:1:2:a::", "sam", PASSWORD).await.is(429);
    let through = async |peer: &str| {
        let browser = rig.browser();
        let page = browser.get("/sign-in").await.is(200);
        let mut form = browser.form(&page, "/sign-in", &[("username", "sam"), ("password", PASSWORD)]);
        form.headers_mut().insert("x-forwarded-for", "2001:db8:1:2:b::".parse().unwrap());
        rig.send(coming_from(peer, form)).await
    };
    through("10.0.0.7").await.is(429);
    through("10.0.0.8").await.is(303);
}

#[tokio::test]
async fn the_app_hears_it_in_its_own_words() {
    let rig = rig();
    for _ in 0..3 {
        sign_in(&rig, &rig.browser(), HERE, "nobody", "wrong").await.is(401);
    }
    let client = rig.register().await;
    let request = json!({
        "client": {
            "clientId": client.id, "clientSecret": client.secret, "redirectUri": crate::rig::CALLBACK,
            "codeChallenge": crate::rig::CHALLENGE, "scopes": ["sso:account:access"],
        },
        "username": "sam", "password": PASSWORD,
    });
    let refused = post(&rig, HERE, "/native/v1/sign-in", request.clone()).await.is(429);
    assert_eq!((refused.json()["error"].as_str(), refused.header("retry-after")), (Some("locked"), "1201"));
    post(&rig, ELSEWHERE, "/native/v1/sign-in", request).await.is(200);
}

#[tokio::test]
async fn programs_are_told_to_slow_down_in_the_words_of_aws() {
    let rig = rig();
    let told = |reply: Reply| {
        let reply = reply.is(400);
        assert_eq!(
            (reply.error().as_str(), reply.json()["error"].as_str()),
            ("SlowDownException", Some("slow_down"))
        );
        assert_eq!(reply.header("retry-after"), "1201");
    };
    let registration = json!({ "clientName": "x", "clientType": "public", "scopes": ["sso:account:access"] });
    let mut last = Value::Null;
    for _ in 0..3 {
        // What makes nothing is not counted.
        post(&rig, HERE, "/client/register", json!({ "clientName": "x", "clientType": "else" }))
            .await
            .is(400);
        last = post(&rig, HERE, "/client/register", registration.clone()).await.is(200).json();
    }
    told(post(&rig, HERE, "/client/register", registration.clone()).await);
    post(&rig, ELSEWHERE, "/client/register", registration).await.is(200);

    let (id, secret) = (last["clientId"].clone(), last["clientSecret"].clone());
    let begin =
        json!({ "clientId": id, "clientSecret": secret, "startUrl": rig.instance.addresses.start_url() });
    let mut device = Value::Null;
    for _ in 0..3 {
        device = post(&rig, HERE, "/device_authorization", begin.clone()).await.is(200).json();
    }
    told(post(&rig, HERE, "/device_authorization", begin.clone()).await);
    post(&rig, ELSEWHERE, "/device_authorization", begin).await.is(200);

    let poll = |code: &Value| {
        let grant = "urn:ietf:params:oauth:grant-type:device_code";
        json!({ "clientId": id, "clientSecret": secret, "grantType": grant, "deviceCode": code })
    };
    for _ in 0..5 {
        let waits = post(&rig, HERE, "/token", poll(&device["deviceCode"])).await.is(400);
        assert_eq!(waits.error(), "AuthorizationPendingException");
        rig.pass(5);
    }
    for _ in 0..3 {
        assert_eq!(post(&rig, HERE, "/token", poll(&json!("guess"))).await.error(), "InvalidGrantException");
    }
    told(post(&rig, HERE, "/token", poll(&json!("guess"))).await);
    let elsewhere = post(&rig, ELSEWHERE, "/token", poll(&json!("guess"))).await;
    assert_eq!(elsewhere.error(), "InvalidGrantException");
}

#[tokio::test]
async fn people_are_told_when_to_come_back() {
    let rig = rig();
    let told = |reply: &Reply| {
        assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (429, "1201"), "{}", reply.body);
        assert!(reply.body.contains("Too many requests came from your network"), "{}", reply.body);
        assert!(reply.body.contains("Wait 21 minutes, then try again."), "{}", reply.body);
    };
    let browser = rig.browser();
    for (n, address) in [HERE, HERE, HERE, HERE, ELSEWHERE].into_iter().enumerate() {
        let page = browser.get("/sign-in/forgotten").await.is(200);
        let form = browser.form(&page, "/sign-in/forgotten", &[("username", "sam")]);
        let reply = rig.send(coming_from(address, form)).await;
        if n == 3 { told(&reply) } else { drop(reply.is(200)) }
    }
    for (n, address) in [HERE, HERE, HERE, HERE, ELSEWHERE].into_iter().enumerate() {
        let request = Request::get("/sign-in/reset?token=guess").body(Body::empty()).unwrap();
        let reply = rig.send(coming_from(address, request)).await;
        if n == 3 { told(&reply) } else { drop(reply.is(410)) }
    }
    // Each in a session of its own, where guesses are counted as well.
    for (n, user) in ["sam", "kim", "alex", "ada"].into_iter().enumerate() {
        let browser = rig.browser_of(user).await;
        let page = browser.get("/device").await.is(200);
        let form = browser.form(&page, "/device", &[("user_code", "BCDF-GHJK")]);
        let reply = rig.send(coming_from(HERE, form)).await;
        if n == 3 { told(&reply) } else { drop(reply.is(404)) }
    }
    let client: RegisteredClient = rig.register().await;
    let (_, code) = rig.start_device(&client).await;
    let browser = rig.browser_of("sam").await;
    let page = browser.get("/device").await.is(200);
    browser.submit(&page, "/device", &[("user_code", &code)]).await.is(200);
}

#[tokio::test]
async fn what_begins_a_sign_in_elsewhere_or_for_elsewhere_is_counted() {
    let rig = rig();
    let (store, now) = (&rig.instance.store, rig.instance.now());
    let path = address(&rig, "Grafana");
    let seen = store.revision();
    for (n, address) in [HERE, HERE, HERE, HERE, ELSEWHERE].into_iter().enumerate() {
        let xml = authn_request(&rig, "Grafana", &[("_one", &format!("_{n}"))]);
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLRequest", &BASE64_STANDARD.encode(xml))
            .finish();
        let request = Request::post(&path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let reply = rig.send(coming_from(address, request.body(Body::from(form)).unwrap())).await;
        reply.is(if n == 3 { 429 } else { 303 });
    }
    assert_eq!(store.revision(), seen, "what was found before still counts");
    let provider = ExternalProvider {
        entity_id: "https://idp.test/saml".to_owned(),
        sign_in_url: "https://idp.test/sso".to_owned(),
        certificates: vec![crate::saml::certificate_text(rig.instance.saml_key.certificate()).unwrap()],
        changed: now,
    };
    store.put_external_provider(&provider, &rig.entry()).unwrap();
    store.change_identity_source(SourceKind::Saml, now, &rig.entry()).unwrap();
    for (n, address) in [HERE, HERE, HERE, HERE, ELSEWHERE].into_iter().enumerate() {
        let request = Request::get("/sign-in/external").body(Body::empty()).unwrap();
        let reply = rig.send(coming_from(address, request)).await;
        reply.is(if n == 3 { 429 } else { 303 });
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn from(address: &str) -> Network {
    Network::of(address.parse().unwrap())
}

#[test]
fn so_many_an_hour_and_no_more() {
    let limits = Limits::default();
    let count = |now: i64| limits.count_of(What::FailedSignIns, from("192.0.2.1"), at(now));
    for _ in 0..300 {
        count(0).unwrap().keep();
    }
    assert_eq!(count(0).unwrap_err().left, SignedDuration::from_secs(12));
    count(12).unwrap().keep();
    assert_eq!(count(14).unwrap_err().left, SignedDuration::from_secs(10));
    count(24).unwrap().forgive();
    count(24).unwrap().keep();
    assert!(count(24).is_err());
    // Others are others, and so is whatever else.
    limits.count_of(What::FailedSignIns, from("192.0.2.2"), at(24)).unwrap().keep();
    limits.count_of(What::WrongLinks, from("192.0.2.1"), at(24)).unwrap().keep();
    assert_eq!((0..400).filter(|_| count(9000).is_ok()).count(), 300, "as at first");
}

#[test]
fn good_ones_are_never_in_the_way_and_nothing_is_where_nobody_set_a_limit() {
    let limits = Limits::default();
    for _ in 0..5000 {
        limits.count_of(What::FailedSignIns, from("192.0.2.1"), at(0)).unwrap().forgive();
    }
    let none = Limits::new(Rates { wrong_links: 0, ..Rates::default() }, true);
    for _ in 0..5000 {
        none.count_of(What::WrongLinks, from("192.0.2.1"), at(0)).unwrap().keep();
        none.count_of(What::WrongCodes, from("127.0.0.1"), at(0)).unwrap().keep();
    }
    let crowded = (0..5000).filter(|_| none.count_of(What::WrongCodes, from("::2"), at(0)).is_err());
    assert_eq!(crowded.count(), 4900);
}

#[test]
fn places_are_addresses_and_networks_of_64_bits() {
    assert_eq!(from("2001:db8:1:2::1"), from("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_ne!(from("2001:db8:1:2::1"), from("2001:db8:1:3::1"));
    assert_eq!(from("::ffff:192.0.2.1"), from("192.0.2.1"));
    assert_ne!(from("192.0.2.1"), from("192.0.2.2"));
}
