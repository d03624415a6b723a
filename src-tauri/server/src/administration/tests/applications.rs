//! Applications: added, changed, given to people, tested, their certificates, and taken away.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;
use crate::{
    fetch::tests::{ok, serve},
    saml::{Target, certificates},
};

#[tokio::test]
async fn an_application_is_added_shown_tested_and_taken_away() {
    let rig = rig();
    let (ada, path) = (rig.browser_of("ada").await, "/admin/applications/new");
    let refused = ada.get("/admin/applications/new?origin=openid-connect").await.is(200);
    assert!(
        refused.body.contains("choose SAML on the application's side")
            || refused.body.contains("SAML 2.0 here")
    );
    assert!(
        ada.get("/admin/applications/new?words=salesforce").await.is(200).body.contains("entry=salesforce")
    );
    let form = ada.get("/admin/applications/new?origin=catalogue&entry=salesforce").await.is(200);
    let fields = crate::catalogue::entry("salesforce").unwrap().fields.iter();
    let answers: Vec<(&str, &str)> =
        fields.map(|field| (field.name.as_str(), field.example.as_str())).collect();
    let empty = ada.submit(&form, path, &[("name", "Sales")]).await.is(400);
    assert!(empty.body.contains("aria-invalid"), "{}", empty.body);
    ada.submit(&empty, path, &[answers, vec![("name", "Sales")]].concat()).await.is(303);
    assert!(rig.application("Sales").saml.unwrap().catalogue.is_some());
    let form = ada.get("/admin/applications/new?origin=hand").await.is(200);
    let wrong = [
        ("name", "Shop"),
        ("acs_url", "http://shop.test/acs"),
        ("audience", "shop"),
        ("attributes", "mail=${user:shoe}"),
    ];
    let form = ada.submit(&form, path, &wrong).await.is(400);
    assert!(
        form.body.contains("Assertion consumer service must") && form.body.contains("mail=${user:shoe}"),
        "{}",
        form.body
    );
    let good = [
        ("name", "Shop"),
        ("acs_url", "https://shop.test/acs"),
        ("audience", "shop"),
        ("attributes", "mail=${user:email}"),
    ];
    let done = ada.submit(&form, path, &good).await.is(303);
    let shop = rig.application("Shop");
    let page = ada.get(done.header("location")).await.is(200);
    assert!(page.body.contains("Nobody sees this application") && page.body.contains("certificate.pem"));
    let who = |kind, who| [("id", shop.id.as_str()), ("kind", kind), ("who", who)];
    ada.submit(&page, "/admin/applications/assign", &who("GROUP", "sam")).await.is(400);
    ada.submit(&page, "/admin/applications/assign", &who("USER", "alex")).await.is(303);
    let alex = rig.user("alex");
    let sees = || rig.instance.store.applications_of(&alex.id).unwrap().iter().any(|seen| seen.id == shop.id);
    assert!(sees(), "at once");
    let tested = ada.get(&format!("{}&test=alex", done.header("location"))).await.is(200);
    assert!(
        tested.body.contains("alex@acme.test") && tested.body.contains("AttributeStatement"),
        "{}",
        tested.body
    );
    assert!(!tested.body.contains("SignatureValue"), "it opens nothing");
    let remove = [("id", shop.id.as_str()), ("kind", "USER"), ("principal", alex.id.as_str())];
    ada.submit(&page, "/admin/applications/remove", &remove).await.is(303);
    assert!(!sees());
    ada.submit(&page, "/admin/applications/delete", &[("id", &shop.id)]).await.is(303);
    ada.get(done.header("location")).await.is(404);
    let events = events_after(&rig, 0);
    let changes = [
        "CreateApplication",
        "CreateApplicationAssignment",
        "DeleteApplicationAssignment",
        "DeleteApplication",
    ];
    assert!(events.ends_with(&changes.map(str::to_owned)), "{events:?}");
}

const METADATA: &str = "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"fetched-sp\">\
     <SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
     <AssertionConsumerService index=\"0\" Location=\"https://fetched.test/acs\" \
     Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\"/></SPSSODescriptor></EntityDescriptor>";

#[tokio::test]
async fn an_application_is_added_by_the_address_of_its_metadata() {
    let _ = crate::install_provider();
    let rig = rig();
    let (ada, path) = (rig.browser_of("ada").await, "/admin/applications/new");
    let (good, other) = (serve(ok(METADATA)).await, serve(ok("{\"token_endpoint\": \"x\"}")).await);
    let form = ada.get("/admin/applications/new?origin=address").await.is(200);
    for (address, words) in [
        ("ftp://fetched.test/", "Nothing was fetched: give an https address"),
        (
            "https://169.254.169.254/latest",
            "169.254.169.254 is not an address that may be fetched from here; download the metadata",
        ),
        (&*other, "describes an OpenID Connect application"),
        ("", "Nothing was fetched"),
    ] {
        let fields = [("name", "Fetched"), ("metadata_url", address)];
        let refused = ada.submit(&form, path, &fields).await.is(400);
        assert!(refused.body.contains(words), "{address}: {}", refused.body);
        assert!(refused.body.contains(&format!("value=\"{address}\"")), "nothing is lost: {}", refused.body);
    }
    let fields = [("name", "Fetched"), ("metadata_url", &*good), ("attributes", "mail = ${user:email}")];
    let done = ada.submit(&form, path, &fields).await.is(303);
    let saml = rig.application("Fetched").saml.unwrap();
    assert_eq!((&*saml.acs_url, &*saml.audience), ("https://fetched.test/acs", "fetched-sp"));
    assert_eq!(saml.attributes.len(), 1);
    ada.get(done.header("location")).await.is(200);
    assert!(events_after(&rig, 0).ends_with(&["CreateApplication".to_owned()]));
    // Outside of the sandbox, this machine is no place for metadata.
    let strict = rig_with(|instance| instance.sample_apps = false);
    let ada = strict.browser_of("ada").await;
    let form = ada.get("/admin/applications/new?origin=address").await.is(200);
    let refused = ada.submit(&form, path, &fields).await.is(400);
    assert!(refused.body.contains("Nothing was fetched: give an https address"), "{}", refused.body);
}

#[tokio::test]
async fn an_application_is_added_by_its_metadata_file_with_everything_it_needs() {
    let rig = rig();
    let (ada, path) = (rig.browser_of("ada").await, "/admin/applications/new");
    let form = ada.get("/admin/applications/new?origin=metadata").await.is(200);
    assert!(form.body.contains("enctype=\"multipart/form-data\"") && form.body.contains("type=\"file\""));
    let typed = [("name", "Filed"), ("metadata", ""), ("attributes", "mail = ${user:email}")];
    let file = |text: &'static [u8]| ("metadata_file", text);
    let none = ada.submit_file(&form, path, &typed, file(b"")).await.is(400);
    assert!(none.body.contains("SAML metadata is not SAML metadata"), "{}", none.body);
    let picture = ada.submit_file(&form, path, &typed, file(b"\x89PNG\xff\xfe")).await.is(400);
    assert!(picture.body.contains("This file is no text") && picture.body.contains("value=\"Filed\""));
    let certificate = crate::rig::saml_key().certificate().to_owned();
    let more = [
        ("session_minutes", "5"),
        ("name_id_format", "persistent"),
        ("signed", "required"),
        ("encryption_certificate", "AAAA"),
    ];
    // With a mistake elsewhere, what was in the file is not lost.
    let wrong = [&typed[..1], &typed[2..], &more[..]].concat();
    let form = ada.submit_file(&form, path, &wrong, file(METADATA.as_bytes())).await.is(400);
    for words in [
        "entityID=&#34;fetched-sp&#34;",
        "Session in minutes must be between 15 and 720",
        "is needed to check signed requests",
        "must be an X.509 certificate",
        "<option value=\"persistent\" selected>",
        "value=\"required\" checked",
        "<details class=\"more\" open>",
    ] {
        assert!(form.body.contains(words), "{words}: {}", form.body);
    }
    let good = [
        ("name", "Filed"),
        ("metadata", METADATA),
        ("session_minutes", "480"),
        ("name_id_format", "persistent"),
        ("name_id", "${user:preferredUsername}"),
        ("signed", "required"),
        ("signing_certificate", &certificate),
        ("encryption_certificate", &certificate),
    ];
    let done = ada.submit_file(&form, path, &good, file(b"")).await.is(303);
    ada.get(done.header("location")).await.is(200);
    let saml = rig.application("Filed").saml.unwrap();
    assert_eq!((&*saml.acs_url, &*saml.audience), ("https://fetched.test/acs", "fetched-sp"));
    assert_eq!(saml.session_duration, Some(jiff::SignedDuration::from_hours(8)));
    assert_eq!(saml.name_id_format, crate::organisation::NameIdFormat::Persistent);
    assert!(saml.require_signed_requests && saml.signing_certificates.len() == 1);
    assert!(saml.name_id.is_some() && saml.encryption_certificate.is_some());

    // A file counts before what is pasted beside it; other pages take no files, and nobody else's form is one.
    let other = METADATA.replace("fetched-sp", "other-sp");
    let both = [("name", "Both"), ("metadata", METADATA)];
    ada.submit_file(&form, path, &both, ("metadata_file", other.as_bytes())).await.is(303);
    assert_eq!(rig.application("Both").saml.unwrap().audience, "other-sp");
    let forged = [("csrf", "00"), ("name", "Forged"), ("metadata", METADATA)];
    let page = Reply { body: String::new(), ..ada.get(path).await };
    ada.submit_file(&page, path, &forged, file(b"")).await.is(403);
    ada.submit_file(&form, "/admin/groups/new", &[("name", "filed")], file(b"")).await.is(403);
    // Nor is it lost by a new sign-in.
    rig.pass(15 * 60);
    let again = ada.submit_file(&form, path, &[("name", "Later")], file(METADATA.as_bytes())).await.is(303);
    let sign_in = ada.get(again.header("location")).await.is(200);
    let back = ada.submit(&sign_in, "/sign-in", &[("username", "ada"), ("password", PASSWORD)]).await.is(303);
    let form = ada.get(back.header("location")).await.is(200);
    assert!(form.body.contains("entityID=&#34;fetched-sp&#34;"), "{}", form.body);
    let long = vec![b'x'; 400 * 1024];
    ada.submit_file(&form, path, &both, ("metadata_file", &long)).await.is(413);
}

#[tokio::test]
async fn everything_of_an_application_can_be_changed() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let before = rig.application("Grafana");
    let path = format!("/admin/applications/edit?id={}", before.id);
    let form = ada.get(&path).await.is(200);
    let known = before.saml.clone().unwrap();
    assert!(form.body.contains(&format!("value=\"{}\"", known.acs_url)), "{}", form.body);
    assert!(form.body.contains("The organisation file names this application"));
    let certificate = crate::rig::saml_key().certificate().to_owned();
    let wrong = [
        ("name", "Wiki"),
        ("acs_url", "http://grafana.test/acs"),
        ("audience", "grafana"),
        ("url", "javascript:x"),
        ("relay_state", "home"),
        ("session_minutes", "5"),
        ("name_id_format", "email"),
        ("name_id", "${user:shoe}"),
        ("attributes", "mail = ${user:email"),
        ("signed", "required"),
        ("encryption_certificate", "AAAA"),
    ];
    let action = "/admin/applications/edit";
    let form = ada.submit(&form, action, &wrong).await.is(400);
    for words in [
        "The address must be an https URL",
        "not an http or https address",
        "It must be between 15 and 720 minutes",
        "It has a mistake at character 1",
        "An attribute has a mistake at character 1",
        "A certificate is needed to check signed requests",
        "It must be an X.509 certificate",
        "value=\"${user:shoe}\"",
    ] {
        assert!(form.body.contains(words), "{words}: {}", form.body);
    }
    let mut good = vec![
        ("name", "Wiki"),
        ("description", "Boards and graphs"),
        ("acs_url", "https://grafana.test/acs"),
        ("audience", "grafana"),
        ("url", "https://grafana.test/login"),
        ("relay_state", "home"),
        ("session_minutes", "480"),
        ("name_id_format", "unspecified"),
        ("name_id", "acme-${user:preferredUsername}"),
        ("attributes", "urn:oid:1.2 [uri] = ${user:groups}\r\nrole = a\r\nrole = b"),
        ("signed", "required"),
        ("signing_certificate", &*certificate),
        ("encryption_certificate", &*certificate),
    ];
    let taken = ada.submit(&form, action, &good).await.is(400);
    assert!(taken.body.contains("Another application has this name"), "{}", taken.body);
    good[0].1 = "Dashboards";
    let done = ada.submit(&form, action, &good).await.is(303);
    let saved = ada.get(done.header("location")).await.is(200);
    for words in ["The application is saved", "must be signed", "are encrypted"] {
        assert!(saved.body.contains(words), "{words}: {}", saved.body);
    }
    let after = rig.application("Dashboards");
    assert_eq!((&after.id, &after.instance_id), (&before.id, &before.instance_id));
    assert_eq!(
        (&*after.description, after.url.as_deref()),
        ("Boards and graphs", Some("https://grafana.test/login"))
    );
    let saml = after.saml.unwrap();
    assert_eq!((&*saml.acs_url, &*saml.audience), ("https://grafana.test/acs", "grafana"));
    assert_eq!(saml.session_duration, Some(jiff::SignedDuration::from_hours(8)));
    assert_eq!(
        saml.name_id.as_ref().map(ToString::to_string).as_deref(),
        Some("acme-${user:preferredUsername}")
    );
    assert_eq!((saml.attributes.len(), saml.attributes[1].values.len()), (2, 2));
    assert_eq!(saml.attributes[0].format, crate::catalogue::NameFormat::Uri);
    assert!(saml.require_signed_requests && saml.signing_certificates.len() == 1);
    assert!(saml.encryption_certificate.is_some());
    assert_eq!(saml.assertion_lifetime, known.assertion_lifetime);
    assert!(events_after(&rig, 0).ends_with(&["UpdateApplication".to_owned()]));
    let tested = ada.get(&format!("{}&test=sam", done.header("location"))).await.is(200);
    assert!(
        tested.body.contains("acme-sam") && tested.body.contains("https://grafana.test/acs"),
        "{}",
        tested.body
    );

    let fields = || {
        let (_, event) = rig.instance.store.audit_trail().pop().unwrap();
        event["serviceEventDetails"]["fields"].clone()
    };
    assert!(fields().as_array().unwrap().contains(&"acs_url".into()), "{}", fields());

    // What is saved as it is shown stays as it is.
    let form = ada.get(&path).await.is(200);
    ada.submit(&form, action, &filled(&form)).await.is(303);
    assert_eq!(fields(), serde_json::json!([]));
    assert_eq!(rig.application("Dashboards").saml.unwrap(), saml);
    ada.get("/admin/applications/edit?id=apl-0").await.is(404);
}

/// What the inputs, choices, ticks and lines of a page's form have in them.
fn filled(page: &Reply) -> Vec<(&str, &str)> {
    let main = page.body.split_once("class=\"fields\"").unwrap().1;
    let mut all = Vec::new();
    for part in main.split("<input id=\"").skip(1) {
        let name = part.split('"').next().unwrap();
        all.push((name, part.split_once("value=\"").unwrap().1.split('"').next().unwrap()));
    }
    for part in main.split("<textarea id=\"").skip(1) {
        let name = part.split('"').next().unwrap();
        all.push((name, part.split_once(">\n").unwrap().1.split_once("</textarea>").unwrap().0));
    }
    for part in main.split("<select id=\"").skip(1) {
        let name = part.split('"').next().unwrap();
        let chosen = part.split("<option value=\"").find(|option| option.contains(" selected")).unwrap();
        all.push((name, chosen.split('"').next().unwrap()));
    }
    if main.contains(" checked") {
        all.push(("signed", "required"));
    }
    assert!(all.iter().all(|(_, value)| !value.contains("&#")), "nothing here needs escaping: {all:?}");
    all
}

#[tokio::test]
async fn a_link_is_changed_and_needs_its_address() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let link = crate::organisation::Application {
        id: "apl-0000000000000001".to_owned(),
        instance_id: "ins-0000000000000001".to_owned(),
        name: "Lunch".to_owned(),
        description: String::new(),
        url: Some("https://lunch.test/".to_owned()),
        saml: None,
    };
    assert!(rig.instance.store.put_application(&link, rig.instance.now(), &rig.entry()).unwrap());
    let form = ada.get(&format!("/admin/applications/edit?id={}", link.id)).await.is(200);
    assert!(!form.body.contains("acs_url") && !form.body.contains("organisation file"));
    let action = "/admin/applications/edit";
    let empty = ada.submit(&form, action, &[("name", "Lunch")]).await.is(400);
    assert!(empty.body.contains("needs an address"));
    ada.submit(&form, action, &[("name", "Dinner"), ("url", "https://dinner.test/")]).await.is(303);
    assert_eq!(rig.application("Dinner").url.as_deref(), Some("https://dinner.test/"));
    ada.get(&format!("/admin/applications/certificates?id={}", link.id)).await.is(404);
}

#[tokio::test]
async fn certificates_are_rotated_on_their_page() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let id = rig.application("Grafana").id;
    let path = format!("/admin/applications/certificates?id={id}");
    let held = || {
        let application = rig.application("Grafana");
        certificates::all(&rig.instance, Target::of(&application).unwrap()).unwrap()
    };
    let act = async |action: &str, certificate: &str| {
        let page = ada.get(&path).await.is(200);
        let action = format!("/admin/applications/certificates/{action}");
        ada.submit(&page, &action, &[("id", &id), ("certificate", certificate)]).await
    };
    let page = ada.get(&path).await.is(200);
    assert!(
        page.body.contains("The certificate that signs") && page.body.contains("Make the next certificate")
    );
    let before = rig.instance.store.audit_trail().len();
    let made = act("create", "").await.is(303);
    let page = ada.get(made.header("location")).await.is(200);
    let (old, new) = (held()[0].clone(), held()[1].clone());
    assert!(page.body.contains("There is a new certificate") && page.body.contains("The next certificate"));
    // It wraps between two bytes.
    let fingerprint = new.certificate.fingerprint().replace(':', ":<wbr>");
    assert!(page.body.contains(&format!("<dd>{fingerprint}</dd>")) && page.body.contains("Let it sign"));
    assert!(!page.body.contains("Make the next certificate"), "two are enough");
    let download =
        page.body.split("href=\"").find(|href| href.contains(&new.id) && href.contains(".pem")).unwrap();
    let download = download.split('"').next().unwrap().trim_start_matches("http://localhost:4711");
    assert_eq!(ada.get(download).await.is(200).body.trim(), new.key.certificate().trim());
    assert!(
        act("create", "").await.is(409).body.contains("Nothing was changed. It has two certificates already")
    );
    for (action, certificate) in [("delete", &*old.id), ("delete", "cert-x"), ("activate", "cert-x")] {
        let refused = act(action, certificate).await.is(409);
        assert!(refused.body.contains("There is no such certificate"), "{action}: {}", refused.body);
    }
    let signs = act("activate", &new.id).await.is(303);
    let page = ada.get(signs.header("location")).await.is(200);
    assert!(held()[0].id == new.id && page.body.contains("The old certificate"), "{}", page.body);
    act("delete", &old.id).await.is(303);
    assert_eq!(held().len(), 1);
    let trail = rig.instance.store.audit_trail();
    let events: Vec<&str> = trail[before..].iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        events,
        [
            "CreateApplicationInstanceCertificate",
            "UpdateApplicationInstanceActiveCertificate",
            "DeleteApplicationInstanceCertificate"
        ]
    );
    for (name, event) in &trail[before..] {
        assert_eq!(event["additionalEventData"]["UserName"], "ada", "{name}");
    }
}

#[tokio::test]
async fn applications_have_their_icons_in_the_wizard_the_list_and_on_their_pages() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let slack = crate::catalogue::entry("slack").unwrap().icon.svg();
    let wizard = ada.get("/admin/applications/new?words=slack").await.is(200);
    assert!(wizard.body.contains(&slack), "{}", wizard.body);
    let form = ada.get("/admin/applications/new?origin=catalogue&entry=slack").await.is(200);
    assert!(form.body.contains(&format!("<span class=\"icon\">{slack}</span><h1>Slack</h1>")));
    let fields = crate::catalogue::entry("slack").unwrap().fields.iter();
    let answers: Vec<(&str, &str)> =
        fields.map(|field| (field.name.as_str(), field.example.as_str())).collect();
    let answers = [answers, vec![("name", "Slack")]].concat();
    let added = ada.submit(&form, "/admin/applications/new", &answers).await.is(303);
    let page = ada.get(added.header("location")).await.is(200);
    assert!(
        page.body.contains(&format!("<span class=\"icon\">{slack}</span><h1>Slack</h1>")),
        "{}",
        page.body
    );
    assert_eq!(crate::catalogue::Icon::path_of(&rig.application("Slack")), "/assets/icons/slack.svg");
    let grafana = rig.application("Grafana");
    let own = crate::catalogue::Icon::of(&grafana).svg();
    assert!(ada.get("/admin/applications").await.is(200).body.contains(&own));
    let page = ada.get(&format!("/admin/applications/application?id={}", grafana.id)).await.is(200);
    assert!(
        page.body.contains(&format!("<span class=\"icon\">{own}</span><h1>Grafana</h1>")),
        "{}",
        page.body
    );
}
