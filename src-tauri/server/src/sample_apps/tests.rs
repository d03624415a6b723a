//! Sample applications: whom they greet, and what they do not believe.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::SignedDuration;

use crate::{
    domain::sign_in_session::SignInSession,
    organisation::SamlApplication,
    rig::{Browser, PASSWORD, Reply, Rig, query_field},
    saml::{
        SigningKey, Target, issue,
        tests::{address, field, xml},
    },
    secret::InstanceKey,
};

/// Sends the form of a page that passes something on.
async fn pass_on(browser: &Browser<'_>, page: &Reply) -> Reply {
    let action = page.body.split_once("method=\"post\" action=\"http://localhost:4711").unwrap().1;
    browser.submit(page, action.split_once('"').unwrap().0, &[]).await
}

async fn present(browser: &Browser<'_>, xml: &str, relay_state: &str) -> Reply {
    let empty = browser.get("/sample-apps/grafana").await.is(200);
    let encoded = BASE64_STANDARD.encode(xml);
    let fields = [("SAMLResponse", encoded.as_str()), ("RelayState", relay_state)];
    browser.submit(&empty, "/sample-apps/grafana/acs", &fields).await
}

/// A response as our identity provider would make it for an application with these changes.
fn made(rig: &Rig, change: impl FnOnce(&mut SamlApplication), in_response_to: Option<&str>) -> String {
    let application = &rig.application("Grafana");
    let mut saml = application.saml.clone().unwrap();
    change(&mut saml);
    let user = &rig.user("sam");
    let session =
        SignInSession::begin("s".to_owned(), &user.id, SignedDuration::from_hours(8), rig.instance.now());
    let target = Target { application, saml: &saml };
    let posted = issue(&rig.instance, target, (user, &session), in_response_to, None).unwrap();
    String::from_utf8(BASE64_STANDARD.decode(posted.encoded).unwrap()).unwrap()
}

#[tokio::test]
async fn who_comes_from_the_portal_is_greeted() {
    let rig = Rig::new();
    let browser = rig.browser_of("sam").await;
    let page = browser.get(&address(&rig, "Grafana")).await.is(200);
    let greeting = pass_on(&browser, &page).await.is(200);
    for words in [
        "Hello Sam Sample, welcome to Grafana",
        "sam@acme.test",
        "at the access portal",
        "dashboards",
        "engineering, platform",
    ] {
        assert!(greeting.body.contains(words), "{words}: {}", greeting.body);
    }
    let again = pass_on(&browser, &page).await.is(403);
    assert!(again.body.contains("used before"), "{}", again.body);
}

#[tokio::test]
async fn who_starts_at_the_application_is_greeted() {
    for query in ["", "?binding=post"] {
        let rig = Rig::new();
        let browser = rig.browser();
        browser.get("/sample-apps/wiki").await.is(200);
        let page = browser.get(&format!("/sample-apps/wiki/sign-in{query}")).await;
        let reply = if query.is_empty() {
            let location = page.is(303).header("location").to_owned();
            browser.get(location.trim_start_matches("http://localhost:4711")).await
        } else {
            pass_on(&browser, &page.is(200)).await
        };
        let reply = browser.get(reply.is(303).header("location")).await.is(303);
        let back = query_field(reply.header("location"), "continue").unwrap();
        let reply = browser.sign_in("kim", PASSWORD, &back).await.is(303);
        let page = browser.get(reply.header("location")).await.is(200);
        // Another browser did not ask for it.
        let other = rig.browser();
        other.get("/sample-apps/wiki").await.is(200);
        let refused = pass_on(&other, &page).await.is(403);
        assert!(refused.body.contains("did not make"), "{}", refused.body);
    }
}

#[tokio::test]
async fn an_answer_is_taken_by_the_browser_that_asked() {
    let rig = Rig::new();
    let browser = rig.browser_of("kim").await;
    let reply = browser.get("/sample-apps/wiki/sign-in?force=1").await.is(303);
    let reply =
        browser.get(reply.header("location").trim_start_matches("http://localhost:4711")).await.is(303);
    let page = browser.get(reply.header("location")).await.is(200);
    let greeting = pass_on(&browser, &page).await.is(200);
    assert!(greeting.body.contains("Hello Kim Keller, welcome to Wiki"), "{}", greeting.body);
    assert!(greeting.body.contains("<dd id=\"started\">here</dd>"), "{}", greeting.body);
    assert_eq!(field(&page, "RelayState").unwrap().len(), 43);
}

#[tokio::test]
async fn what_is_not_as_it_should_be_is_refused() {
    let rig = Rig::new();
    let browser = rig.browser();
    let good = || made(&rig, |_| {}, None);
    let refused = async |xml: &str, words: &str| {
        let reply = present(&browser, xml, "").await.is(403);
        assert!(reply.body.contains(words), "{words}: {}", reply.body);
        assert!(!reply.body.contains("greeting"));
    };
    refused(&made(&rig, |saml| saml.audience = "https://evil.test".to_owned(), None), "another audience")
        .await;
    let elsewhere = |saml: &mut SamlApplication| saml.acs_url = "https://evil.test/acs".to_owned();
    refused(&made(&rig, elsewhere, None), "somebody else").await;
    refused(&made(&rig, |_| {}, Some("_nobody")), "did not make").await;
    refused(&good().replace("sam@acme.test", "robin@acme.test"), "signature").await;
    refused(&good().replace("<ds:SignatureValue>", "<ds:SignatureValue>AAAA"), "signature").await;
    refused("<x/>", "").await;
    refused("", "").await;

    let old = good();
    rig.pass(5 * 60 + 3 * 60 - 1);
    present(&browser, &old, "").await.is(200);
    let old = good();
    rig.pass(5 * 60 + 3 * 60 + 1);
    refused(&old, "expired").await;
    let early = good();
    rig.instance.clock.set_offset(SignedDuration::from_secs(-4 * 60));
    refused(&early, "expired").await;
}

#[tokio::test]
async fn signatures_of_others_are_refused() {
    let same = |instance: &mut crate::instance::Instance| instance.key = InstanceKey::new([7; 32]);
    let rig = Rig::with(same);
    let other = Rig::with(|instance| {
        same(instance);
        instance.saml_key = SigningKey::make(&instance.chance, instance.now()).unwrap();
    });
    let reply = present(&rig.browser(), &made(&other, |_| {}, None), "").await.is(403);
    assert!(reply.body.contains("signature"), "{}", reply.body);
    // An unsigned one, as an attacker writes it.
    let signed = made(&rig, |_| {}, None);
    let mut bare = signed.clone();
    while let Some((before, rest)) = bare.clone().split_once("<ds:Signature ") {
        bare = format!("{before}{}", rest.split_once("</ds:Signature>").unwrap().1);
    }
    present(&rig.browser(), &bare, "").await.is(403);
    present(&rig.browser(), &signed, "").await.is(200);
}

#[tokio::test]
async fn a_second_assertion_wrapped_around_a_signed_one_is_refused() {
    let rig = Rig::new();
    let signed = made(&rig, |_| {}, None);
    let start = signed.find("<saml:Assertion ").unwrap();
    let end = signed.find("</saml:Assertion>").unwrap() + "</saml:Assertion>".len();
    let forged =
        signed[start..end].replace("sam@acme.test", "robin@acme.test").replacen("ID=\"_", "ID=\"_f", 1);
    for wrapped in [
        format!("{}{forged}{}", &signed[..start], &signed[start..]),
        format!("{}{forged}{}", &signed[..end], &signed[end..]),
    ] {
        let reply = present(&rig.browser(), &wrapped, "").await.is(403);
        assert!(!reply.body.contains("robin"), "{}", reply.body);
    }
}

/// Canonical XML drops comments, so a signature does not see them; whoever reads a name up to the first one
/// greets somebody else.
#[tokio::test]
async fn a_comment_in_a_name_makes_nobody_else_of_a_person() {
    let rig = Rig::new();
    let signed = made(&rig, |_| {}, None);
    for (place, with) in [
        (">sam@acme.test</saml:NameID>", ">sam<!-- x -->@acme.test</saml:NameID>"),
        (">sam@acme.test</saml:NameID>", "><!-- x -->sam@acme.test</saml:NameID>"),
        (">sam@acme.test</saml:NameID>", ">sam<?x y?>@acme.test</saml:NameID>"),
        (">sam@acme.test</saml:NameID>", "><![CDATA[sam]]>@acme.test</saml:NameID>"),
        (">Sam Sample<", ">Sam<!-- x --> Sample<"),
    ] {
        assert!(signed.contains(place), "{place}");
        let reply = present(&rig.browser(), &signed.replace(place, with), "").await;
        let whole = reply.body.contains("Hello Sam Sample,")
            && reply.body.contains("<span class=\"mono\" id=\"name-id\">sam@acme.test</span>");
        assert!(reply.status == 403 || whole, "{with}: {}", reply.body);
    }
}

/// What a verifier must not take from the message: which key to use, and which algorithm.
#[tokio::test]
async fn a_message_does_not_choose_how_it_is_checked() {
    let rig = Rig::new();
    let other = SigningKey::make(&rig.instance.chance, rig.instance.now()).unwrap();
    let plain =
        |key: &SigningKey| -> String { key.certificate().lines().filter(|l| !l.starts_with('-')).collect() };
    let signed = made(&rig, |_| {}, None);
    let certificate = plain(&rig.instance.saml_key);
    assert_eq!(signed.matches(&certificate).count(), 2);
    let rsa = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    for forged in [
        signed.replace(&certificate, &plain(&other)),
        signed.replace(rsa, "http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
        signed.replace(rsa, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
        signed.replace(rsa, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        signed.replace("<ds:Reference URI=\"#", "<ds:Reference URI=\""),
        signed.replacen("ID=\"_", "ID=\"_x", 1),
    ] {
        assert_ne!(forged, signed);
        let reply = present(&rig.browser(), &forged, "").await.is(403);
        assert!(!reply.body.contains("greeting"), "{}", reply.body);
    }
}

#[tokio::test]
async fn they_are_there_in_the_sandbox_only() {
    let rig = Rig::with(|instance| instance.sample_apps = false);
    rig.browser().get("/sample-apps/grafana").await.is(404);
    let rig = Rig::new();
    rig.browser().get("/sample-apps/pipelines").await.is(404);
    let page = xml(&rig.browser_of("sam").await.get(&address(&rig, "Wiki")).await.is(200));
    assert!(page.contains("/sample-apps/wiki/acs"));
}

#[tokio::test]
async fn the_application_of_oauth_shows_what_it_may_and_the_code_that_it_got() {
    let rig = Rig::new();
    let browser = rig.browser_of("sam").await;
    let home = browser.get("/sample-apps/ledger").await.is(200);
    for words in
        [rig.application("Ledger").id.as_str(), "refresh_token", "ledger:share", "What was earned and spent"]
    {
        assert!(home.body.contains(words), "{words}: {}", home.body);
    }
    let begun = browser.get("/sample-apps/ledger/sign-in").await.is(303);
    let way = begun.header("location").strip_prefix("http://localhost:4711").unwrap().to_owned();
    let consent = browser.get(&way).await.is(200);
    let allowed = browser.submit(&consent, "/authorize/decision", &[("decision", "allow")]).await.is(303);
    let back = allowed.header("location").strip_prefix("http://localhost:4711").unwrap().to_owned();
    let shown = browser.get(&back).await.is(200);
    assert!(shown.body.contains("--grant-type authorization_code"), "{}", shown.body);
    // Another browser did not ask, and a made-up answer is none.
    rig.browser().get(&back).await.is(403);
    browser.get("/sample-apps/ledger/back?code=x&state=y").await.is(403);
    browser.get("/sample-apps/wiki/back?code=x&state=y").await.is(404);
}
