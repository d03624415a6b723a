//! What the wire tests cannot see from outside: the doors of an answer, and the tags of role sessions. PySAML2 plays the
//! identity provider in `tests/wire/external.rs`.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::json;

use super::*;
use crate::{
    domain::sign_in_session::SignInSession,
    organisation::{AccessControlAttribute, Tags},
    rig::{Browser, PASSWORD, Reply, Rig, query_field},
    secret::Digest,
    store::{Begun, ExternalProvider, ExternalSignIn, Proved, SourceChange},
};

pub(super) fn provider(rig: &Rig) -> ExternalProvider {
    let certificate = crate::saml::certificate_text(rig.instance.saml_key.certificate()).unwrap();
    ExternalProvider {
        entity_id: "https://idp.test/saml".to_owned(),
        sign_in_url: "https://idp.test/sso?tenant=1".to_owned(),
        certificates: vec![certificate],
        changed: rig.instance.now(),
    }
}

/// An instance whose people sign in elsewhere.
pub(super) fn rig() -> Rig {
    let rig = Rig::new();
    let (store, now) = (&rig.instance.store, rig.instance.now());
    let change = || store.change_identity_source(SourceKind::Saml, now, &rig.entry()).unwrap();
    assert_eq!(change(), SourceChange::NotSetUp);
    store.put_external_provider(&provider(&rig), &rig.entry()).unwrap();
    assert_eq!(change(), SourceChange::Done);
    assert_eq!(change(), SourceChange::IsIt);
    rig
}

#[tokio::test]
async fn an_answer_comes_from_another_sites_page_and_nothing_else_does() {
    let rig = rig();
    let send = async |path: String, length: usize| {
        let request = Request::post(path)
            .header(header::ORIGIN, "https://idp.test")
            .header("sec-fetch-site", "cross-site")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        rig.send(request.body(Body::from("x".repeat(length))).unwrap()).await
    };
    let acs = format!("{ACS}{}", rig.instance.addresses.directory_id());
    let refused = send(acs.clone(), 200 * 1024).await.is(403);
    assert!(refused.body.contains("answers no request"), "{}", refused.body);
    send(acs, BODY_LIMIT + 1).await.is(413);
    assert!(send("/sign-in".to_owned(), 1).await.is(403).body.contains("another site"));
    send(format!("{ACS}d-0000000000"), 1).await.is(404);
}

#[tokio::test]
async fn people_go_to_the_provider_and_nothing_of_ours_signs_them_in() {
    let rig = rig();
    let browser = rig.browser();
    let page = browser.get("/sign-in?continue=/start/applications").await.is(200);
    assert!(page.body.contains("http-equiv=\"refresh\"") && !page.body.contains("type=\"password\""));
    // What stands in the address after the # is known to the page's script alone, so it goes there itself.
    assert!(
        page.body.contains("<noscript><meta http-equiv") && page.body.contains("data-goes"),
        "{}",
        page.body
    );
    assert!(page.body.contains("src=\"/assets/portal.js\""));
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    let there = browser.get("/sign-in/external?continue=//evil.test").await.is(303);
    let url = there.header("location");
    assert!(
        url.starts_with("https://idp.test/sso?tenant=1&SAMLRequest=") && url.contains("&Signature="),
        "{url}"
    );
    browser.submit(&page, "/sign-in", &[("username", "sam"), ("password", PASSWORD)]).await.is(403);
    browser.get("/start").await.is(303);
    browser.get("/sign-in/forgotten").await.is(303);
    let configuration = rig.send(Request::get("/native/v1/configuration").body(Body::empty()).unwrap()).await;
    assert_eq!(configuration.is(200).json()["signIn"], json!({ "password": false, "passkey": false }));
    // Whoever was about to begin a session when the source changed begins none.
    let session = SignInSession::begin(
        "s".to_owned(),
        &rig.user("sam").id,
        rig.instance.session_length(),
        rig.instance.now(),
    );
    let digest = Digest::of("x");
    assert!(
        !rig.instance
            .store
            .begin_session(&Begun::new(&session, digest), digest, &crate::rig::hash(), &[])
            .unwrap()
    );
    let metadata = rig.send(
        Request::get(format!("/platform/saml/{}", rig.instance.addresses.directory_id()))
            .body(Body::empty())
            .unwrap(),
    );
    let metadata = metadata.await.is(200).body;
    assert!(metadata.contains("AuthnRequestsSigned=\"true\"") && metadata.contains(&acs_url(&rig.instance)));
}

#[tokio::test]
async fn tags_of_an_assertion_stand_below_those_of_the_directory() {
    let rig = rig();
    let (store, now, sam) = (&rig.instance.store, rig.instance.now(), rig.user("sam"));
    let (relay, handle) = (Digest::of("relay"), Digest::of("handle"));
    let begun = ExternalSignIn {
        request_id: "r".to_owned(),
        owner: "o".to_owned(),
        back: "/start".to_owned(),
        ends: now.checked_add(jiff::SignedDuration::from_mins(1)).unwrap(),
        anew: None,
        proved: None,
    };
    store.begin_external_sign_in(relay, &begun).unwrap();
    let tags: Tags =
        [("Team", "asserted"), ("Who", "asserted")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let proved = Proved {
        user_id: sam.id.clone(),
        context: None,
        tags: tags.clone(),
        authenticated: now.as_millisecond(),
        session_ends: None,
    };
    assert!(store.prove_external_sign_in(relay, handle, &proved, now).unwrap());
    assert!(
        !store.prove_external_sign_in(relay, Digest::of("other"), &proved, now).unwrap(),
        "one answer counts"
    );
    assert!(store.external_sign_in(relay, now).unwrap().is_none());
    let session = SignInSession::begin("s".to_owned(), &sam.id, rig.instance.session_length(), now);
    let complete = || {
        store.complete_external_sign_in(handle, &Begun::new(&session, Digest::of("c")), &tags, &[]).unwrap()
    };
    assert!(complete());
    assert!(!complete(), "once");
    let who = AccessControlAttribute { key: "Who".to_owned(), sources: vec!["${path:userName}".to_owned()] };
    store.set_access_control_attributes(&[who], &rig.entry()).unwrap();
    let told = rig.instance.session_tags(&sam, Some("s")).unwrap();
    assert_eq!((told["Team"].as_str(), told["Who"].as_str()), ("asserted", "sam"));
    assert!(!rig.instance.session_tags(&sam, None).unwrap().contains_key("Team"));
}

#[test]
fn metadata_is_read_or_refused_with_the_reason() {
    let certificate = crate::saml::certificate_text(crate::rig::saml_key().certificate()).unwrap();
    let key = |text: &str| {
        format!(
            "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{text}</ds:X509Certificate>\
             </ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        )
    };
    let whole = |keys: &str, binding: &str| {
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
             xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"https://idp.test/saml\"><md:IDPSSODescriptor \
             protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}<md:SingleSignOnService \
             Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" Location=\"https://idp.test/sso\"/>\
             </md:IDPSSODescriptor></md:EntityDescriptor>"
        )
    };
    let good = metadata::read(&whole(&key(&certificate), "HTTP-Redirect")).unwrap();
    assert_eq!(
        (good.sign_in_url.as_str(), good.certificates),
        ("https://idp.test/sso", vec![certificate.clone()])
    );
    for (text, words) in [
        ("hello".to_owned(), "is not SAML metadata"),
        (whole(&key(&certificate), "SOAP"), "HTTP-Redirect"),
        (whole("", "HTTP-Redirect"), "no signing certificate"),
        (whole(&key("AAAA"), "HTTP-Redirect"), "has a certificate that"),
    ] {
        let error = metadata::read(&text).unwrap_err().to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn the_context_is_that_of_the_assertion_that_counts() {
    let assertion = |id: &str, context: &str| {
        format!(
            "<a:Assertion xmlns:a=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\"><a:AuthnStatement><a:AuthnContext>\
             <a:AuthnContextClassRef> {context} </a:AuthnContextClassRef></a:AuthnContext></a:AuthnStatement></a:Assertion>"
        )
    };
    let xml = format!("<r>{}{}</r>", assertion("one", "urn:x"), assertion("two", "urn:y"));
    assert_eq!(claims::authn_context(&xml, "two").as_deref(), Some("urn:y"));
    assert_eq!(claims::authn_context(&xml, "three"), None);
    assert_eq!(claims::authn_context("<r>", "two"), None);
    let response = |inner: &str| format!("<p:Response xmlns:p=\"urn:x\">{inner}</p:Response>");
    assert!(claims::has_one_assertion(&response(&assertion("one", "urn:x"))));
    assert!(!claims::has_one_assertion(&xml), "no response");
    assert!(!claims::has_one_assertion(&response("")));
    let hidden = format!("<x>{}</x>{}", assertion("one", "urn:x"), assertion("two", "urn:y"));
    assert!(!claims::has_one_assertion(&response(&hidden)));
    assert!(!claims::has_one_assertion(&response(&response(&assertion("one", "urn:x")))));
}

#[test]
fn a_name_is_somebodys_by_case_alone() {
    assert_eq!(answer::username("Kim"), "kim");
    for other in ["\u{212a}im", " kim ", "kim\u{a0}", "\u{ff4b}im"] {
        assert_ne!(answer::username(other), "kim", "{other:?}");
    }
}

#[test]
fn a_proof_is_anew_if_it_is_not_older_than_the_wish_but_for_the_clocks() {
    let at = |seconds: i64| jiff::Timestamp::from_second(1_800_000_000 + seconds).unwrap();
    assert!(answer::is_since(Some(at(1)), at(0)));
    assert!(answer::is_since(Some(at(-180)), at(0)), "a clock three minutes behind");
    assert!(!answer::is_since(Some(at(-181)), at(0)));
    assert!(!answer::is_since(None, at(0)), "it does not say when");
}

/// A browser whose person the provider let in, having proved it so long ago.
pub(super) async fn let_in<'r>(rig: &'r Rig, user: &str, seconds_ago: i64) -> Browser<'r> {
    let browser = rig.browser();
    let there = browser.get("/sign-in/external?continue=/start").await.is(303);
    let relay = query_field(there.header("location"), "RelayState").unwrap();
    let (handle, now) = (rig.instance.chance.token(), rig.instance.now());
    let proved = Proved {
        user_id: rig.user(user).id,
        context: None,
        tags: Tags::new(),
        authenticated: now.as_millisecond() - seconds_ago * 1000,
        session_ends: None,
    };
    assert!(
        rig.instance.store.prove_external_sign_in(Digest::of(&relay), handle.digest(), &proved, now).unwrap()
    );
    browser.get(&format!("/sign-in/external/done?handle={}", handle.expose())).await.is(303);
    browser
}

#[tokio::test]
async fn whom_the_provider_remembered_is_asked_anew_before_they_change_anything() {
    let rig = rig();
    let ada = rig.user("ada").id;
    assert!(rig.instance.store.appoint_administrator(&ada, rig.instance.now(), &rig.entry()).unwrap());
    let change = async |browser: &Browser<'_>| {
        let page = browser.get("/admin/settings").await.is(200);
        browser.submit(&page, "/admin/settings/attributes", &[("attributes", "")]).await.is(303)
    };
    let asks = |reply: &Reply| reply.header("location").starts_with("/sign-in?again=1");
    let browser = let_in(&rig, "ada", 3600).await;
    browser.get("/start").await.is(200);
    assert!(asks(&change(&browser).await));
    assert!(asks(&browser.get("/start/mfa/add?type=totp").await));
    let browser = let_in(&rig, "ada", 5).await;
    assert!(!asks(&change(&browser).await));
    // A clock that is ahead makes nobody fresh for longer.
    let browser = let_in(&rig, "ada", -120).await;
    rig.pass(15 * 60);
    assert!(asks(&change(&browser).await));
}

#[tokio::test]
async fn the_way_there_is_counted_and_alters_nothing() {
    let rig = rig();
    let seen = rig.instance.store.revision();
    rig.browser().get("/sign-in/external").await.is(303);
    assert_eq!(rig.instance.store.revision(), seen, "what was found before still counts");
    // Whoever asks to be made to prove it anew is remembered so.
    for (path, anew) in [("/sign-in/external", false), ("/sign-in/external?again=1", true)] {
        let there = rig.browser().get(path).await.is(303);
        let relay = query_field(there.header("location"), "RelayState").unwrap();
        let kept = rig.instance.store.external_sign_in(Digest::of(&relay), rig.instance.now()).unwrap();
        assert_eq!(kept.unwrap().anew.is_some(), anew);
    }
}
