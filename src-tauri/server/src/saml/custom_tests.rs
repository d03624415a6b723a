//! What an administrator sets up for an application: what it is told, signed requests, encryption, certificates and
//! their rotation, and the preview.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::SignedDuration;

use super::{
    SigningKey, Target,
    certificate::Certificate,
    certificates::{self, CertificateError},
    mapping::Template,
    preview,
    tests::{address, authn_request, post, xml},
};
use crate::{
    catalogue::NameFormat,
    organisation::{AttributeMapping, Group, NameIdFormat, SamlApplication},
    rig::{Browser, Reply, Rig, saml_key},
};

const DAY: i64 = 24 * 60 * 60;

/// An instance whose Grafana is set up like this.
fn rig(change: impl FnOnce(&mut SamlApplication)) -> Rig {
    let rig = Rig::new();
    let mut application = rig.application("Grafana");
    change(application.saml.as_mut().unwrap());
    rig.instance.store.put_application(&application, rig.instance.now(), &rig.entry()).unwrap();
    rig
}

/// An application as it is now, for as long as a test runs.
fn named(rig: &Rig, name: &str) -> Target<'static> {
    Target::of(Box::leak(Box::new(rig.application(name)))).unwrap()
}

fn grafana(rig: &Rig) -> Target<'static> {
    named(rig, "Grafana")
}

fn mapping(name: &str, values: &[&str], format: NameFormat) -> AttributeMapping {
    let values = values.iter().map(|text| Template::parse(text).unwrap()).collect();
    AttributeMapping { name: name.to_owned(), values, format }
}

/// Carries the response of a page to the sample application.
async fn pass_on(browser: &Browser<'_>, page: &Reply) -> Reply {
    browser.submit(page, "/sample-apps/grafana/acs", &[]).await
}

#[tokio::test]
async fn an_assertion_says_what_was_mapped() {
    let rig = rig(|saml| {
        saml.name_id_format = NameIdFormat::Unspecified;
        saml.name_id = Some(Template::parse("acme-${user:preferredUsername}").unwrap());
        saml.session_duration = Some(SignedDuration::from_hours(2));
        saml.attributes = vec![
            mapping("who", &["${user:familyName}, ${user:givenName}"], NameFormat::Basic),
            mapping("urn:oid:1.2.3", &["admin", "${user:groups}", "${user:AD_GUID}"], NameFormat::Uri),
            mapping("guid", &["${user:AD_GUID}"], NameFormat::Unspecified),
            mapping("{NameID}", &["{Name0} {Audience} {NameID}"], NameFormat::Unspecified),
        ];
    });
    let browser = rig.browser_of("sam").await;
    let page = browser.get(&address(&rig, "Grafana")).await.is(200);
    let said = xml(&page);
    for part in [
        "unspecified\">acme-sam</saml:NameID>",
        "SessionNotOnOrAfter=\"2027-01-15T10:00:00Z\"",
        "Name=\"who\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\"",
        ">Sample, Sam<",
        "Name=\"urn:oid:1.2.3\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\"",
        ">admin</saml:AttributeValue><saml:AttributeValue xsi:type=\"xs:string\">engineering<",
    ] {
        assert!(said.contains(part), "{part} is missing:\n{said}");
    }
    for part in [" Name=\"{NameID}\"", ">{Name0} {Audience} {NameID}<"] {
        assert!(said.contains(part), "data is no place to fill: {said}");
    }
    assert!(!said.contains("\"guid\""), "nothing is known, so nothing is said:\n{said}");
    pass_on(&browser, &page).await.is(200);
}

#[test]
fn a_preview_shows_the_assertion_and_signs_nobody_in() {
    let rig = rig(|saml| saml.attributes.push(mapping("team", &["${user:groups}"], NameFormat::Basic)));
    let told = rig.instance.store.audit_trail().len();
    let shown = preview(&rig.instance, grafana(&rig), &rig.user("sam"));
    assert_eq!(shown.name_id, "sam@acme.test");
    assert_eq!(shown.name_id_format, "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress");
    assert_eq!(shown.acs_url, "http://localhost:4711/sample-apps/grafana/acs");
    assert!(
        shown
            .attributes
            .contains(&("team".to_owned(), vec!["engineering".to_owned(), "platform".to_owned()]))
    );
    assert!(shown.xml.contains(">sam@acme.test</saml:NameID>") && !shown.xml.contains('{'), "{}", shown.xml);
    assert!(!shown.xml.contains("Signature"), "{}", shown.xml);
    assert_eq!(rig.instance.store.audit_trail().len(), told, "nobody was told anything");
}

#[tokio::test]
async fn a_preview_is_refused_by_the_application() {
    let rig = Rig::new();
    let shown = preview(&rig.instance, grafana(&rig), &rig.user("sam"));
    let browser = rig.browser();
    let page = browser.get("/sample-apps/grafana").await.is(200);
    let encoded = BASE64_STANDARD.encode(&shown.xml);
    browser.submit(&page, "/sample-apps/grafana/acs", &[("SAMLResponse", &encoded)]).await.is(403);
}

#[tokio::test]
async fn requests_must_be_signed_where_that_is_demanded() {
    let certificate = Certificate::read(saml_key().certificate()).unwrap().base64();
    let demanding = rig(|saml| {
        saml.signing_certificates = vec![certificate.clone()];
        saml.require_signed_requests = true;
    });
    let metadata = address(&demanding, "Grafana").replace("assertion", "metadata");
    let metadata = demanding.browser().get(&metadata).await.is(200);
    assert!(metadata.body.contains("WantAuthnRequestsSigned=\"true\""), "{}", metadata.body);
    let unsigned = authn_request(&demanding, "Grafana", &[]);
    let reply = post(&demanding, "Grafana", &unsigned, None).await.is(403);
    assert!(reply.body.contains("signature"), "{}", reply.body);
    // Where it is not demanded, no signature is good, and a bad one is not.
    let lenient = rig(|saml| saml.signing_certificates = vec![certificate]);
    let asked = lenient.browser().get("/sample-apps/grafana/sign-in").await.is(303);
    let unsigned = asked.header("location").trim_start_matches("http://localhost:4711").to_owned();
    let algorithm = "SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256";
    let reply = lenient.browser().get(&format!("{unsigned}&{algorithm}&Signature=AAAA")).await.is(403);
    assert!(reply.body.contains("signature"), "{}", reply.body);
    lenient.browser().get(&unsigned).await.is(303);
}

#[tokio::test]
async fn an_encrypted_assertion_shows_nothing_on_its_way() {
    let own = Certificate::read(saml_key().certificate()).unwrap();
    let rig = rig(|saml| saml.encryption_certificate = Some(own.base64()));
    let page = rig.browser_of("sam").await.get(&address(&rig, "Grafana")).await.is(200);
    let said = xml(&page);
    assert!(said.contains("<saml:EncryptedAssertion") && said.contains("xmlenc11#aes256-gcm"), "{said}");
    for secret in ["sam@acme.test", "engineering", "<saml:Assertion "] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
    assert_eq!(said.matches("<ds:SignatureValue").count(), 1, "the response itself is signed: {said}");
    // What has no assertion is not encrypted.
    let passive = rig.browser().get("/sample-apps/grafana/sign-in").await.is(303);
    assert!(passive.header("location").contains("SAMLRequest="));
}

#[tokio::test]
async fn certificates_are_rotated_with_overlap() {
    let rig = Rig::new();
    let (old, metadata) = (saml_key(), address(&rig, "Grafana").replace("assertion", "metadata"));
    let told =
        async || rig.browser().get(&metadata).await.is(200).body.matches("X509Certificate>").count() / 2;
    let signs = async |key: &SigningKey| {
        let browser = rig.browser_of("sam").await;
        let page = browser.get(&address(&rig, "Grafana")).await.is(200);
        pass_on(&browser, &page).await.is(200);
        let certificate: String = key.certificate().lines().filter(|line| !line.starts_with('-')).collect();
        xml(&page).contains(&certificate)
    };
    let tend = || certificates::tend(&rig.instance, grafana(&rig)).unwrap();
    let held = || certificates::all(&rig.instance, grafana(&rig)).unwrap();
    tend();
    assert_eq!((told().await, signs(&old).await), (1, true), "nothing is due");

    let ends = Certificate::read(old.certificate()).unwrap().not_after;
    let left = |rig: &Rig| ends.duration_since(rig.instance.now()).as_secs();
    rig.pass(left(&rig) - 80 * DAY);
    tend();
    tend();
    assert_eq!((told().await, signs(&old).await), (2, true), "there is a new one, and the old one signs");
    let new = held().into_iter().find(|held| !held.active).unwrap().key;

    // What is on its way when the new one begins to sign is still good.
    rig.pass(left(&rig) - 14 * DAY - 60);
    let browser = rig.browser_of("sam").await;
    let late = browser.get(&address(&rig, "Grafana")).await.is(200);
    rig.pass(120);
    tend();
    assert_eq!((told().await, signs(&new).await), (2, true), "the new one signs, the old one is still told");
    pass_on(&browser, &late).await.is(200);

    rig.pass(left(&rig) + DAY);
    tend();
    assert_eq!((told().await, signs(&new).await, held().len()), (1, true, 1), "the old one is gone");
    let names: Vec<String> = rig.instance.store.audit_trail().into_iter().map(|(name, _)| name).collect();
    for name in [
        "CreateApplicationInstanceCertificate",
        "UpdateApplicationInstanceActiveCertificate",
        "DeleteApplicationInstanceCertificate",
    ] {
        assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{name}: {names:?}");
    }
}

#[tokio::test]
async fn certificates_are_changed_by_hand_one_application_at_a_time() {
    let rig = Rig::new();
    let target = grafana(&rig);
    let other = named(&rig, "Wiki");
    let id = certificates::create(&rig.instance, target, None).unwrap();
    assert!(matches!(certificates::create(&rig.instance, target, None), Err(CertificateError::Enough)));
    let all = certificates::all(&rig.instance, target).unwrap();
    let first = all.iter().find(|held| held.active).unwrap().id.clone();
    for (application, id) in [(target, &*first), (target, "cert-x"), (other, &*id)] {
        let refused = certificates::delete(&rig.instance, application, id, None);
        assert!(matches!(refused, Err(CertificateError::NotThere)), "{id}: {refused:?}");
    }
    assert!(certificates::activate(&rig.instance, other, &id, None).is_err(), "it is another application's");
    certificates::activate(&rig.instance, target, &id, None).unwrap();
    assert_eq!(certificates::all(&rig.instance, target).unwrap()[0].id, id);
    assert_eq!(certificates::all(&rig.instance, other).unwrap().len(), 1);
    certificates::delete(&rig.instance, target, &first, None).unwrap();
    rig.instance.store.refuse_audit(true);
    assert!(
        certificates::create(&rig.instance, target, None).is_err(),
        "what cannot be recorded must not happen"
    );
    assert_eq!(certificates::all(&rig.instance, target).unwrap().len(), 1);
}

#[test]
fn a_sealed_key_is_good_for_its_application_only() {
    let rig = Rig::new();
    certificates::create(&rig.instance, grafana(&rig), None).unwrap();
    let rows = rig.instance.store.saml_certificates(&rig.application("Grafana").id).unwrap();
    for row in &rows {
        let text = String::from_utf8_lossy(&row.sealed);
        assert!(!text.contains("PRIVATE KEY"), "{text}");
    }
    let entry = rig.instance.entry(&crate::audit::Event::default());
    let mut stolen = rows[0].clone();
    (stolen.application_id, stolen.id) = (rig.application("Wiki").id, "cert-stolen".to_owned());
    assert!(rig.instance.store.add_saml_certificates(0, &[stolen], &entry).unwrap());
    let wiki = named(&rig, "Wiki");
    assert!(matches!(certificates::all(&rig.instance, wiki), Err(CertificateError::Sealed(_))));
}

#[test]
fn certificates_stay_with_an_application_that_gets_another_name_and_go_with_it() {
    let rig = Rig::new();
    let (store, now) = (&rig.instance.store, rig.instance.now());
    let id = certificates::create(&rig.instance, grafana(&rig), None).unwrap();
    certificates::activate(&rig.instance, grafana(&rig), &id, None).unwrap();
    // As one was sealed before names could change.
    let mut old = store.saml_certificates(&grafana(&rig).application.id).unwrap().remove(0);
    let key = certificates::signing(&rig.instance, grafana(&rig)).unwrap();
    old.sealed = certificates::sealed_for_name(&rig.instance, grafana(&rig), &id, &key);
    store.reseal_saml_certificate(&id, &old.sealed).unwrap();
    certificates::tend(&rig.instance, grafana(&rig)).unwrap();

    let mut renamed = rig.application("Grafana");
    renamed.name = "Dashboards".to_owned();
    assert!(store.put_application(&renamed, now, &rig.entry()).unwrap());
    let held = certificates::all(&rig.instance, named(&rig, "Dashboards")).unwrap();
    assert_eq!((held.len(), held[0].id.as_str(), held[0].active), (2, &*id, true));

    assert!(store.delete_application(&renamed.id, &rig.entry()).unwrap());
    assert_eq!(store.saml_certificates(&renamed.id).unwrap(), []);
}

#[tokio::test]
async fn metadata_and_certificates_are_downloaded_for_each_application() {
    let rig = Rig::new();
    let base = address(&rig, "Grafana").replace("assertion", "metadata");
    let pem = rig.browser().get(&format!("{base}/certificate.pem")).await.is(200);
    assert_eq!(pem.body.trim(), saml_key().certificate().trim());
    assert_eq!(pem.header("content-disposition"), "attachment; filename=\"certificate.pem\"");
    let id = certificates::create(&rig.instance, grafana(&rig), None).unwrap();
    let other = rig.browser().get(&format!("{base}/certificate.pem?id={id}")).await.is(200);
    assert_ne!(other.body, pem.body);
    assert!(!other.body.contains("PRIVATE"));
    rig.browser().get(&format!("{base}/certificate.pem?id=x")).await.is(404);
    rig.browser().get(&format!("{base}/key.pem")).await.is(404);
    rig.browser().get("/saml/metadata/bm9uc2Vuc2U=/certificate.pem").await.is(404);
}

/// A group that is made anew under an old name opens nothing that the old one opened.
#[test]
fn groups_are_told_by_the_ids_that_the_directory_has() {
    let rig = rig(|saml| saml.attributes.push(mapping("ids", &["${user:groupIds}"], NameFormat::Basic)));
    let (store, sam) = (&rig.instance.store, rig.user("sam"));
    let ids = || {
        let shown = preview(&rig.instance, grafana(&rig), &rig.user("sam"));
        shown.attributes.into_iter().find(|(name, _)| name == "ids").unwrap().1
    };
    let id = |name: &str| store.group_by_name(name).unwrap().unwrap().id;
    let platform = store.group_by_name("platform").unwrap().unwrap();
    assert_eq!(ids(), [id("engineering"), id("platform")]);
    store.delete_group(&platform.id, &rig.entry()).unwrap();
    let anew = Group { id: rig.instance.ids().random(), ..platform.clone() };
    store.put_group(&anew, &rig.entry()).unwrap();
    store.add_membership(&rig.instance.ids().random(), &anew.id, &sam.id, &rig.entry()).unwrap();
    assert_eq!(ids(), [id("engineering"), anew.id]);
}

#[test]
fn an_application_takes_its_keys_along() {
    let rig = rig(|_| {});
    certificates::create(&rig.instance, grafana(&rig), None).unwrap();
    let store = &rig.instance.store;
    let id = rig.application("Grafana").id;
    assert_eq!(store.saml_certificates(&id).unwrap().len(), 2);
    assert!(store.delete_application(&id, &rig.entry()).unwrap());
    assert!(store.saml_certificates(&id).unwrap().is_empty());
}
