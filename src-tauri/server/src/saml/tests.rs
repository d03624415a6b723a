//! SAML addresses over their routes: sign-in from here, sign-in that an application starts, and what is refused.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use axum::{
    body::Body,
    http::{Request, header},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use url::form_urlencoded;

use super::{Target, preview};
use crate::{
    organisation::User,
    rig::{Browser, PASSWORD, Reply, Rig, query_field},
};

/// The path where an application's sign-in starts.
pub fn address(rig: &Rig, application: &str) -> String {
    let application = &rig.application(application);
    Target::of(application).unwrap().path(&rig.instance)
}

/// What a page's hidden field holds.
pub fn field(page: &Reply, name: &str) -> Option<String> {
    let rest = page.body.split_once(&format!("name=\"{name}\" value=\""))?.1;
    Some(rest.split_once('"')?.0.to_owned())
}

/// The XML of a response in a page.
pub fn xml(page: &Reply) -> String {
    let encoded = field(page, "SAMLResponse").unwrap_or_else(|| panic!("no response in {}", page.body));
    String::from_utf8(BASE64_STANDARD.decode(encoded).unwrap()).unwrap()
}

/// A request as an application other than ours might write it.
pub fn authn_request(rig: &Rig, application: &str, changes: &[(&str, &str)]) -> String {
    let app = rig.application(application).saml.unwrap();
    let destination = rig.instance.addresses.url(&address(rig, application));
    let mut xml = format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_one\" Version=\"2.0\" \
         IssueInstant=\"2027-01-15T08:00:00Z\" Destination=\"{destination}\" \
         AssertionConsumerServiceURL=\"{}\"><saml:Issuer>{}</saml:Issuer></samlp:AuthnRequest>",
        app.acs_url, app.audience
    );
    for (from, to) in changes {
        assert!(xml.contains(from), "{from}");
        xml = xml.replace(from, to);
    }
    xml
}

/// Posts a request as another site's page does: without our cookies.
pub async fn post(rig: &Rig, application: &str, xml: &str, relay_state: Option<&str>) -> Reply {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("SAMLRequest", &BASE64_STANDARD.encode(xml));
    if let Some(state) = relay_state {
        form.append_pair("RelayState", state);
    }
    let request = Request::post(address(rig, application))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, "https://app.test")
        .header("sec-fetch-site", "cross-site");
    rig.send(request.body(Body::from(form.finish())).unwrap()).await
}

/// Signs in where a browser was sent to do so, and goes on.
async fn sign_in_at(browser: &Browser<'_>, user: &str, reply: &Reply) -> Reply {
    let back = query_field(reply.header("location"), "continue").unwrap();
    let reply = browser.sign_in(user, PASSWORD, &back).await.is(303);
    browser.get(reply.header("location")).await
}

#[tokio::test]
async fn metadata_names_entity_addresses_and_certificate() {
    let rig = Rig::new();
    let address = address(&rig, "Grafana");
    let reply = rig.browser().get(&address.replace("assertion", "metadata")).await.is(200);
    assert_eq!(reply.header("content-type"), "application/samlmetadata+xml");
    let certificate: String =
        rig.instance.saml_key.certificate().lines().filter(|line| !line.starts_with('-')).collect();
    for part in [
        format!("entityID=\"http://localhost:4711{address}\""),
        format!("Location=\"http://localhost:4711{address}\""),
        "bindings:HTTP-Redirect".to_owned(),
        "bindings:HTTP-POST".to_owned(),
        "nameid-format:emailAddress".to_owned(),
        certificate,
    ] {
        assert!(reply.body.contains(&part), "{part} is missing:\n{}", reply.body);
    }
    rig.browser().get("/saml/metadata/bm9uc2Vuc2U=").await.is(404);
}

#[tokio::test]
async fn a_link_signs_in_and_says_what_the_file_says() {
    let rig = Rig::new();
    let address = address(&rig, "Grafana");
    let browser = rig.browser();
    let reply = browser.get(&address).await.is(303);
    let page = sign_in_at(&browser, "sam", &reply).await.is(200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self'; form-action http://localhost:4711; "), "{policy}");
    assert_eq!(page.header("referrer-policy"), "strict-origin");
    assert!(page.body.contains("action=\"http://localhost:4711/sample-apps/grafana/acs\" id=\"pass-on\""));
    assert_eq!(field(&page, "RelayState").unwrap(), "dashboards");
    assert!(page.body.contains("<script src=\"/assets/post.js\">"));
    let response = xml(&page);
    for part in [
        "Destination=\"http://localhost:4711/sample-apps/grafana/acs\"",
        "Recipient=\"http://localhost:4711/sample-apps/grafana/acs\"",
        "<saml:Audience>http://localhost:4711/sample-apps/grafana</saml:Audience>",
        "emailAddress\">sam@acme.test</saml:NameID>",
        "NotBefore=\"2027-01-15T08:00:00Z\" NotOnOrAfter=\"2027-01-15T08:05:00Z\"",
        "AuthnInstant=\"2027-01-15T08:00:00Z\"",
        "SessionNotOnOrAfter=\"2027-01-15T16:00:00Z\"",
        "Name=\"groups\"",
        ">engineering</saml:AttributeValue>",
        ">platform</saml:AttributeValue>",
        "xs:string\">Viewer<",
        ">Sam Sample<",
    ] {
        assert!(response.contains(part), "{part} is missing:\n{response}");
    }
    assert!(!response.contains("InResponseTo") && !response.contains('{'), "{response}");
    assert_eq!(response.matches("<ds:SignatureValue").count(), 2, "{response}");
    let trail = rig.instance.store.audit_trail();
    let (name, event) = trail.last().unwrap();
    assert_eq!(
        (name.as_str(), &event["serviceEventDetails"]["application"]),
        ("Federate", &"Grafana".into())
    );
}

#[tokio::test]
async fn names_are_as_the_format_says() {
    let rig = Rig::new();
    let browser = rig.browser_of("sam").await;
    let named = async |application: &str| {
        let page = browser.get(&address(&rig, application)).await.is(200);
        let xml = xml(&page);
        let rest = xml.split_once("<saml:NameID ").unwrap().1;
        rest.split_once("</").unwrap().0.split_once('>').unwrap().1.to_owned()
    };
    let persistent = named("Wiki").await;
    assert_eq!((persistent.len(), &persistent), (64, &named("Wiki").await));
    let (wiki, sam) = (rig.application("Wiki"), rig.user("sam"));
    let name = |user: &User| preview(&rig.instance, Target::of(&wiki).unwrap(), user).name_id;
    assert_eq!(name(&User { username: "samuel".to_owned(), ..sam.clone() }), persistent, "renamed");
    let heir = User { id: rig.instance.ids().random(), ..sam };
    assert_ne!(name(&heir), persistent, "somebody else under the old user name");
    let alex = rig.browser_of("alex").await;
    let once = xml(&alex.get(&address(&rig, "Expenses")).await.is(200));
    let again = xml(&alex.get(&address(&rig, "Expenses")).await.is(200));
    let transient =
        |xml: &str| xml.split_once(":transient\">").unwrap().1.split_once('<').unwrap().0.to_owned();
    assert_ne!(transient(&once), transient(&again));
}

#[tokio::test]
async fn only_who_is_assigned_gets_an_assertion() {
    let rig = Rig::new();
    let browser = rig.browser_of("alex").await;
    let reply = browser.get(&address(&rig, "Grafana")).await.is(404);
    assert!(!reply.body.contains("Grafana") && !reply.body.contains("SAMLResponse"), "{}", reply.body);
    let (name, event) = rig.instance.store.audit_trail().pop().unwrap();
    let seen =
        (name.as_str(), event["errorCode"].as_str(), event["serviceEventDetails"]["application"].as_str());
    assert_eq!(seen, ("Federate", Some("ForbiddenException"), Some("Grafana")));
    browser.get("/saml/assertion/bm9uc2Vuc2U=").await.is(404);
    rig.instance.store.refuse_audit(true);
    let page = browser.get(&address(&rig, "Wiki")).await.is(500);
    assert!(!page.body.contains("SAMLResponse"), "what cannot be recorded must not happen");
}

#[tokio::test]
async fn the_portals_own_links_lead_to_the_application() {
    let rig = Rig::new();
    let id = |name: &str| rig.application(name).instance_id;
    let path = format!("/start/saml/default/Grafana/{}", id("Grafana"));
    let sign_in = rig.browser().get(&path).await.is(303).header("location").to_owned();
    let back = crate::rig::query_field(&sign_in, "continue");
    assert_eq!(back, Some(path.replacen("/start/", "/start/#/", 1)), "{sign_in}");
    let browser = rig.browser_of("sam").await;
    let to = async |path: &str| browser.get(path).await.is(303).header("location").to_owned();
    assert_eq!(to(&format!("/start/saml/default/Grafana/{}", id("Grafana"))).await, address(&rig, "Grafana"));
    let ci = to(&format!("/start/saml/default/Pipelines/{}", id("Pipelines"))).await;
    assert_eq!(ci, "https://ci.acme.test/sso");
    // Another's are nobody's.
    let expenses = format!("/start/saml/default/Expenses/{}", id("Expenses"));
    browser.get(&expenses).await.is(404);
    let of_finance = rig.browser_of("alex").await.get(&expenses).await.is(303);
    assert_eq!(of_finance.header("location"), "http://localhost:4711/sample-apps/expenses/sign-in");
    let (_, encoded) =
        address(&rig, "Wiki").rsplit_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(to(&format!("/start/saml/custom/Wiki/{encoded}")).await, address(&rig, "Wiki"));
    for bad in ["default/x/ins-0000000000000000", "custom/x/eHh4", "other/x/y"] {
        browser.get(&format!("/start/saml/{bad}")).await.is(404);
    }
    let page = rig.browser_of("sam").await.get("/start/applications").await.is(200);
    assert!(page.body.contains(&format!("<a href=\"{}\"", address(&rig, "Grafana"))), "{}", page.body);
    assert!(page.body.contains("<script src=\"/assets/portal.js\">"));
    assert!(page.header("content-security-policy").contains("script-src 'self'; form-action 'self';"));
    let script = browser.get("/assets/portal.js").await.is(200);
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
}

#[tokio::test]
async fn programs_get_the_response_with_a_portal_token() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    let profiles = format!("/instance/appinstance/{}/profiles", rig.application("Grafana").instance_id);
    let profile = rig.portal_get(&profiles, &token).await.is(200).json()["result"][0].clone();
    assert_eq!((&profile["protocol"], &profile["relayState"]), (&"SAML".into(), &"dashboards".into()));
    let url = profile["url"].as_str().unwrap().trim_start_matches("http://localhost:4711").to_owned();
    let request =
        Request::get(&url).header(header::HOST, "127.0.0.1:4711").header("x-amz-sso_bearer_token", &token);
    let answer = rig.send(request.body(Body::empty()).unwrap()).await.is(200).json();
    assert_eq!(answer["destination"], "http://localhost:4711/sample-apps/grafana/acs");
    assert_eq!(answer["relayState"], "dashboards");
    let xml = BASE64_STANDARD.decode(answer["encodedResponse"].as_str().unwrap()).unwrap();
    assert!(String::from_utf8(xml).unwrap().contains("sam@acme.test"));

    assert_eq!(rig.portal_get(&url, "garbage").await.is(401).error(), "UnauthorizedException");
    let unknown = rig.portal_get("/saml/assertion/eHh4", &token).await.is(404);
    assert_eq!(unknown.error(), "ResourceNotFoundException");
    let (_, alex, _) = rig.tokens("alex").await;
    let not_hers = rig.portal_get(&url, &alex).await.is(404);
    assert_eq!(not_hers.body, unknown.body, "as if there were none");
}

#[tokio::test]
async fn a_posted_request_is_answered_after_signing_in_once() {
    let rig = Rig::new();
    let reply = post(&rig, "Grafana", &authn_request(&rig, "Grafana", &[]), Some("state&1")).await.is(303);
    let there = reply.header("location").to_owned();
    assert!(there.starts_with(&format!("{}?request=", address(&rig, "Grafana"))), "{there}");
    let browser = rig.browser();
    let reply = browser.get(&there).await.is(303);
    let page = sign_in_at(&browser, "sam", &reply).await.is(200);
    assert_eq!(field(&page, "RelayState").unwrap(), "state&#38;1");
    assert_eq!(xml(&page).matches("InResponseTo=\"_one\"").count(), 2);
    browser.get(&there).await.is(410);
}

#[tokio::test]
async fn a_request_that_waits_belongs_to_its_application_and_ends() {
    let rig = Rig::new();
    let browser = rig.browser_of("sam").await;
    let reply = post(&rig, "Grafana", &authn_request(&rig, "Grafana", &[]), None).await.is(303);
    let there = reply.header("location").to_owned();
    browser.get(&there.replace(&address(&rig, "Grafana"), &address(&rig, "Wiki"))).await.is(410);
    browser.get(&format!("{}?request=guess", address(&rig, "Grafana"))).await.is(410);
    let other = rig.browser_of("alex").await;
    other.get(&there).await.is(404);
    rig.pass(30 * 60);
    browser.get(&there).await.is(410);
}

#[tokio::test]
async fn bad_requests_are_refused() {
    let rig = Rig::new();
    let good = authn_request(&rig, "Grafana", &[]);
    for (change, words) in [
        (("Issuer>http://localhost:4711/sample-apps/grafana<", "Issuer>https://evil.test<"), "somebody else"),
        (
            (
                "ServiceURL=\"http://localhost:4711/sample-apps/grafana/acs",
                "ServiceURL=\"https://evil.test/acs",
            ),
            "not registered",
        ),
        (("Version=\"2.0\"", "Version=\"2.0\" AssertionConsumerServiceIndex=\"1\""), "not registered"),
        (
            (
                "Version=\"2.0\"",
                "Version=\"2.0\" ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST-SimpleSign\"",
            ),
            "other than",
        ),
        (("/saml/assertion/", "/saml/elsewhere/"), "addressed to somebody else"),
        (("08:00:00Z", "07:46:00Z"), "expired"),
        (("08:00:00Z", "08:04:00Z"), "expired"),
        (("ID=\"_one\"", "ID=\"_o ne\""), "malformed"),
        (("</samlp:AuthnRequest>", ""), "malformed"),
        (("Version=\"2.0\"", "Version=\"1.1\""), ""),
    ] {
        let id = format!("_{}", rig.instance.chance.hex(16));
        let xml = authn_request(&rig, "Grafana", &[change]).replace("\"_one\"", &format!("\"{id}\""));
        let reply = post(&rig, "Grafana", &xml, None).await.is(403);
        assert!(reply.body.contains(words), "{words}: {}", reply.body);
        assert!(!reply.body.contains("evil"), "{}", reply.body);
    }
    let doctype = format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>{good}");
    post(&rig, "Grafana", &doctype, None).await.is(403);
    post(&rig, "Grafana", &good, Some(&"x".repeat(81))).await.is(403);
    post(&rig, "Grafana", &good, None).await.is(303);
    let again = post(&rig, "Grafana", &good, None).await.is(403);
    assert!(again.body.contains("used before"), "{}", again.body);
    let browser = rig.browser();
    browser.get(&format!("{}?SAMLRequest=nonsense", address(&rig, "Grafana"))).await.is(403);
    // Other doors stay shut for other sites.
    let request = Request::post("/sample-apps/grafana/acs").header(header::ORIGIN, "https://evil.test");
    rig.send(request.body(Body::empty()).unwrap()).await.is(403);
}

/// The file does not say with which key an application signs, and what a request can bring about does not depend
/// on who sent it.
#[tokio::test]
async fn a_signature_on_a_request_is_passed_over() {
    let rig = Rig::new();
    let asked = rig.browser().get("/sample-apps/wiki/sign-in").await.is(303);
    let unsigned = asked.header("location").trim_start_matches("http://localhost:4711").to_owned();
    let algorithm = "SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256";
    rig.browser().get(&format!("{unsigned}&{algorithm}&Signature=AAAA")).await.is(303);
}

#[tokio::test]
async fn an_application_may_ask_for_a_new_proof_or_for_no_question() {
    let rig = Rig::new();
    let browser = rig.browser_of("sam").await;
    rig.pass(1);
    let force =
        authn_request(&rig, "Grafana", &[("Version=", "ForceAuthn=\"true\" Version="), ("_one", "_two")]);
    let reply = post(&rig, "Grafana", &force, None).await.is(303);
    let there = reply.header("location").to_owned();
    let ask = browser.get(&there).await.is(303);
    assert!(ask.header("location").starts_with("/sign-in?again=1&continue="), "{}", ask.header("location"));
    let form = browser.get(ask.header("location")).await.is(200);
    let fields = [("username", "sam"), ("password", PASSWORD)];
    let back = browser.submit(&form, "/sign-in", &fields).await.is(303);
    assert_eq!(back.header("location"), there);
    browser.get(&there).await.is(200);

    let passive = authn_request(&rig, "Grafana", &[("Version=", "IsPassive=\"true\" Version=")]);
    let reply = post(&rig, "Grafana", &passive, Some("s")).await.is(303);
    let page = rig.browser().get(reply.header("location")).await.is(200);
    let response = xml(&page);
    assert!(response.contains("status:NoPassive") && !response.contains("Assertion "), "{response}");
    assert!(response.contains("InResponseTo=\"_one\"") && response.contains("<ds:SignatureValue"));
    assert_eq!(field(&page, "RelayState").unwrap(), "s");
}

/// A document type could name files, or grow without end.
#[tokio::test]
async fn a_request_with_a_document_type_is_refused() {
    let rig = Rig::new();
    let plain = authn_request(&rig, "Grafana", &[]);
    let issuer = rig.application("Grafana").saml.unwrap().audience;
    for declared in [
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaa\"><!ENTITY e \"&a;&a;&a;&a;\">]>",
        "<!DOCTYPE x SYSTEM \"https://evil.test/x.dtd\">",
    ] {
        let hostile = format!("{declared}{}", plain.replace(&issuer, &format!("{issuer}&e;")));
        post(&rig, "Grafana", &hostile, None).await.is(403);
        post(&rig, "Grafana", &format!("{declared}{plain}"), None).await.is(403);
    }
    post(&rig, "Grafana", &plain, None).await.is(303);
}
