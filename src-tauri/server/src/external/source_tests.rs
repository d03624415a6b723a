//! Changing the identity source, by the pages: what is said beforehand, what is kept, and that it is all or nothing.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::json;

use super::tests::{let_in, provider, rig};
use crate::{
    config,
    mfa::{Policy, totp},
    rig::{Browser, PASSWORD, Reply, Rig},
    store::{LdapSource, SourceChange, SourceKind},
};

const CHANGE: &str = "/admin/identity-source/change";

fn appoint_ada(rig: &Rig) {
    let ada = rig.user("ada").id;
    assert!(rig.instance.store.appoint_administrator(&ada, rig.instance.now(), &rig.entry()).unwrap());
}

/// A directory that is set up, and that nobody can ask.
fn set_directory_up(rig: &Rig) {
    let settings = json!({
        "flavour": "OpenLdap", "servers": ["ldaps://dc1.acme.test"], "authorities": "", "bind_dn": "cn=c",
        "user_bases": ["dc=acme,dc=test"], "group_bases": [], "user_filter": "(uid=*)",
        "group_filter": "(cn=*)", "attributes": {}, "patience": 5,
    });
    let settings = serde_json::from_value(settings).unwrap();
    let source = LdapSource { settings, secret: Vec::new(), changed: rig.instance.now() };
    rig.instance.store.put_ldap_source(&source, &rig.entry()).unwrap();
}

/// Changes the source by its page, which says these words before.
async fn change(browser: &Browser<'_>, to: &str, words: &[String]) {
    let page = browser.get(&format!("{CHANGE}?to={to}")).await.is(200);
    for words in words {
        assert!(page.body.contains(words.as_str()), "{words} is not said beforehand: {}", page.body);
    }
    // Not by mistake.
    browser.submit(&page, CHANGE, &[("to", to), ("typed", "change")]).await.is(400);
    let done = browser.submit(&page, CHANGE, &[("to", to), ("typed", "CHANGE")]).await.is(303);
    assert!(done.header("location").starts_with("/sign-in"), "{}", done.header("location"));
}

#[tokio::test]
async fn the_source_changes_there_and_back_by_the_page_and_what_is_assigned_stays() {
    let rig = Rig::new();
    appoint_ada(&rig);
    let store = &rig.instance.store;
    store.put_external_provider(&provider(&rig), &rig.entry()).unwrap();
    set_directory_up(&rig);
    let before = store.affected_by_source(rig.instance.now()).unwrap();
    assert!(before.assignments > 1 && before.users > 1, "{before:?}");
    let kept = [
        format!("{} assignments", before.assignments),
        format!("{} users", before.users),
        "0 MFA devices".to_owned(),
    ];
    let browser = rig.browser_of("ada").await;
    change(&browser, "saml", &kept).await;
    assert_eq!(store.identity_source().unwrap(), SourceKind::Saml);
    browser.get("/start").await.is(303);

    // Between two others at once.
    let browser = let_in(&rig, "ada", 5).await;
    change(&browser, "ldap", &[&kept[..], &["asks for them again".to_owned()]].concat()).await;
    assert_eq!(store.identity_source().unwrap(), SourceKind::Ldap);
    let back = store.change_identity_source(SourceKind::Saml, rig.instance.now(), &rig.entry()).unwrap();
    assert_eq!(back, SourceChange::Done);

    let browser = let_in(&rig, "ada", 5).await;
    change(&browser, "directory", &kept).await;
    assert_eq!(store.identity_source().unwrap(), SourceKind::Directory);
    browser.get("/start").await.is(303);
    // The password of before.
    rig.browser().sign_in("ada", PASSWORD, "/start").await.is(303);
    let after = store.affected_by_source(rig.instance.now()).unwrap();
    assert_eq!((after.assignments, after.users), (before.assignments, before.users));
}

#[tokio::test]
async fn a_change_of_source_happens_whole_or_not_at_all() {
    let rig = Rig::new();
    set_directory_up(&rig);
    let (_, token, _) = rig.tokens("sam").await;
    let browser = rig.browser_of("sam").await;
    let (store, now) = (&rig.instance.store, rig.instance.now());
    let before = store.affected_by_source(now).unwrap();
    assert!(before.sessions > 1);
    // The last statement fails.
    store.refuse_audit(true);
    store.change_identity_source(SourceKind::Ldap, now, &rig.entry()).unwrap_err();
    store.refuse_audit(false);
    assert_eq!(store.identity_source().unwrap(), SourceKind::Directory);
    assert_eq!(store.affected_by_source(now).unwrap(), before);
    assert!(!store.ldap_report().unwrap().1, "no sync is wanted");
    browser.get("/start").await.is(200);
    rig.portal_get("/user", &token).await.is(200);
}

#[tokio::test]
async fn the_pages_say_that_our_second_factor_is_off() {
    let rig = rig();
    appoint_ada(&rig);
    let browser = let_in(&rig, "ada", 5).await;
    for (page, words) in [
        ("/admin/identity-source", "and its second factor counts. That of this server is off"),
        ("/admin/identity-source/external", "Its second factor counts, and this server asks for none"),
        ("/admin/settings", "whose second factor counts"),
    ] {
        let shown = browser.get(page).await.is(200);
        assert!(shown.body.contains(words), "{page}: {}", shown.body);
    }
    // While the provider changes its certificate, both are saved by the page.
    let page = "/admin/identity-source/external";
    let one = crate::saml::certificate_text(rig.instance.saml_key.certificate()).unwrap();
    let other = rcgen::generate_simple_self_signed(vec!["idp.test".to_owned()]).unwrap().cert.pem();
    let both = format!("{}\n{other}", rig.instance.saml_key.certificate());
    let shown = browser.get(page).await.is(200);
    let fields = [
        ("entity_id", "https://idp.test/saml"),
        ("sign_in_url", "https://idp.test/sso"),
        ("certificates", &both),
    ];
    browser.submit(&shown, page, &fields).await.is(303);
    let kept = rig.instance.store.external_provider().unwrap().unwrap().certificates;
    assert_eq!((kept.len(), &kept[0]), (2, &one));
    let third = rcgen::generate_simple_self_signed(vec!["idp.test".to_owned()]).unwrap().cert.pem();
    let three = format!("{both}\n{third}");
    let shown = browser.get(page).await.is(200);
    let fields = [fields[0], fields[1], ("certificates", three.as_str())];
    browser.submit(&shown, page, &fields).await.is(400);
}

/// The secret that a page shows for typing.
fn shown_secret(page: &Reply) -> Vec<u8> {
    let typed =
        page.body.split_once("id=\"app-key\">").unwrap().1.split_once('<').unwrap().0.replace(' ', "");
    totp_rs::Secret::try_from_base32(typed).unwrap().as_bytes().to_vec()
}

#[tokio::test]
async fn a_device_is_kept_through_a_change_and_asked_for_after_coming_back() {
    let rig = Rig::new();
    appoint_ada(&rig);
    let store = &rig.instance.store;
    store.put_external_provider(&provider(&rig), &rig.entry()).unwrap();
    let administrator = rig.browser_of("ada").await;
    let always: Policy = toml::from_str("mode = \"always\"").unwrap();
    config::policy_set(&rig.instance, &always).unwrap();
    let sam = rig.browser();
    let to = sam.sign_in("sam", PASSWORD, "/start").await.is(303);
    assert_eq!(to.header("location"), "/sign-in/enrol");
    let page = sam.get("/sign-in/enrol?type=totp").await.is(200);
    let secret = shown_secret(&page);
    let code = || totp::code(&secret, rig.instance.now());
    sam.submit(&page, "/sign-in/enrol", &[("code", &code()), ("name", "Phone")]).await.is(303);
    let before = store.affected_by_source(rig.instance.now()).unwrap();
    assert_eq!(before.devices, 1);
    change(
        &administrator,
        "saml",
        &["1 MFA device".to_owned(), format!("{} assignments", before.assignments)],
    )
    .await;

    // Signed in there, nothing of ours is asked for, though the policy says always.
    let sam = let_in(&rig, "sam", 5).await;
    sam.get("/start").await.is(200);
    let administrator = let_in(&rig, "ada", 5).await;
    change(&administrator, "directory", &["1 MFA device".to_owned()]).await;

    rig.pass(60);
    let sam = rig.browser();
    let to = sam.sign_in("sam", PASSWORD, "/start").await.is(303);
    assert_eq!(to.header("location"), "/sign-in/verify", "the device of before is asked for");
    let page = sam.get("/sign-in/verify").await.is(200);
    sam.submit(&page, "/sign-in/verify", &[("code", "000000")]).await.is(401);
    sam.submit(&page, "/sign-in/verify", &[("code", &code())]).await.is(303);
    sam.get("/start").await.is(200);
    assert_eq!(store.affected_by_source(rig.instance.now()).unwrap().devices, 1);
}
