//! Who says what users and groups are, and what ends with another source or with whoever is put out.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::json;

use super::{
    tests::{person, provider, session},
    tokens,
};
use crate::{
    organisation::User,
    rig::Rig,
    secret::Digest,
    store::{
        ApplicationToken, By, LdapSource, NewApplicationToken, NewPassword, NoToken, Password, Provision,
        SourceChange, SourceKind, Spent,
    },
};

/// Makes a directory the source; nobody asks it here.
fn let_directory_be_the_source(rig: &Rig) {
    let (store, now) = (&rig.instance.store, rig.instance.now());
    let source = LdapSource {
        settings: serde_json::from_value(json!({
            "flavour": "OpenLdap", "servers": ["ldaps://dc1.acme.test"], "authorities": "", "bind_dn": "cn=c",
            "user_bases": ["dc=acme,dc=test"], "group_bases": [], "user_filter": "(uid=*)",
            "group_filter": "(cn=*)", "attributes": {}, "patience": 5,
        }))
        .unwrap(),
        secret: Vec::new(),
        changed: now,
    };
    store.put_ldap_source(&source, &rig.entry()).unwrap();
    let changed = store.change_identity_source(SourceKind::Ldap, now, &rig.entry()).unwrap();
    assert_eq!(changed, SourceChange::Done);
}

#[tokio::test]
async fn where_a_directory_is_the_source_nothing_is_provisioned() {
    let rig = Rig::new();
    let okta = provider(&rig);
    let (jo, group) = (okta.make("jo").await, "/Groups");
    let made = okta.send("POST", group, Some(json!({ "displayName": "Ours" }))).await.is(201).json();
    let ours = made["id"].as_str().unwrap().to_owned();
    let_directory_be_the_source(&rig);
    okta.get("/Users?count=1").await.is(401);
    let by = (&rig.user("ada"), &session(&rig, "ada"));
    assert_eq!(tokens::create(&rig.instance, by).unwrap().unwrap_err(), NoToken::OfDirectory);
    // And if a token worked, all the same.
    rig.instance.store.tamper("UPDATE scim_token SET revoked = NULL");
    let before = rig.user("jo");
    let refused = okta.get("/Users?count=1").await.is(403);
    assert!(refused.json()["detail"].as_str().unwrap().contains("identity source"), "{}", refused.body);
    okta.send("POST", "/Users", Some(person("eve"))).await.is(403);
    let take = json!([{ "op": "replace", "path": "externalId", "value": "ext-eve" }]);
    okta.patch(&format!("/Users/{jo}"), take).await.is(403);
    okta.send("DELETE", &format!("/Users/{jo}"), None).await.is(403);
    okta.send("POST", group, Some(json!({ "displayName": "Eve's" }))).await.is(403);
    okta.send("DELETE", &format!("{group}/{ours}"), None).await.is(403);
    assert_eq!(rig.user("jo"), before);
    let trail = rig.instance.store.audit_trail();
    assert_eq!(trail.iter().filter(|(_, event)| event["errorCode"] == "AccessDeniedException").count(), 6);

    // What was let in before the source changed does not get to be kept after it, by neither of the two.
    let (store, now) = (&rig.instance.store, rig.instance.now());
    let change = |by: By| {
        let changed = store.reprovision_user::<()>(by, &jo, now, &rig.entry(), |user| {
            user.record.user.display_name = format!("{by:?}");
            Ok(())
        });
        matches!(changed.unwrap(), Provision::Done)
    };
    let found = || store.provisioned_user(&jo).unwrap().unwrap();
    assert!(!change(By::Provisioning) && change(By::Directory));
    assert_eq!(found().record.user.display_name, "Directory");
    for by in [By::Provisioning, By::Directory] {
        let mut eve = found();
        eve.record.user.id = rig.instance.ids().random();
        eve.record.user.username = format!("eve-{by:?}").to_lowercase();
        eve.record.user.email = String::new();
        eve.external_id = None;
        let made = store.provision_user(by, &eve, &rig.entry()).unwrap();
        assert_eq!(matches!(made, Provision::Done), by == By::Directory, "{made:?}");
    }
    assert!(matches!(store.deprovision_user(&jo, now, &rig.entry()).unwrap(), Provision::NotTheirs));
    assert!(matches!(store.deprovision_group(&ours, &rig.entry()).unwrap(), Provision::NotTheirs));
    let back = store.change_identity_source(SourceKind::Directory, now, &rig.entry()).unwrap();
    assert_eq!(back, SourceChange::Done);
    assert!(change(By::Provisioning) && !change(By::Directory));
}

#[tokio::test]
async fn the_directory_says_who_administrators_are() {
    let rig = Rig::new();
    let_directory_be_the_source(&rig);
    let ada = rig.user("ada");
    let (store, now) = (&rig.instance.store, rig.instance.now());
    assert!(store.appoint_administrator(&ada.id, now, &rig.entry()).unwrap());
    let changed = store.reprovision_user::<()>(By::Directory, &ada.id, now, &rig.entry(), |user| {
        user.record.user.username = "ada.sample".to_owned();
        user.record.user.email = "ada@elsewhere.test".to_owned();
        user.external_id = Some("another".to_owned());
        Ok(())
    });
    assert!(matches!(changed.unwrap(), Provision::Done));
    assert_eq!(rig.user("ada.sample").email, "ada@elsewhere.test");
    assert_eq!(store.external_id_of(&ada.id).unwrap().as_deref(), Some("another"));
}

/// What an application of OAuth 2.0 got for somebody: its refresh token.
pub(super) fn application_token(rig: &Rig, user_id: &str, name: &str) -> Digest {
    let refresh = Digest::of(&format!("refresh {name}"));
    let ends = rig.instance.now().checked_add(rig.instance.session_length()).unwrap();
    let new = NewApplicationToken {
        access: Digest::of(&format!("access {name}")),
        refresh: Some(refresh),
        token: ApplicationToken {
            application_id: rig.instance.store.applications("", 1).unwrap()[0].id.clone(),
            user_id: user_id.to_owned(),
            session_id: None,
            scopes: Vec::new(),
            access_ends: ends,
            ends,
        },
    };
    assert!(
        rig.instance
            .store
            .issue_application_token(&new, Spent::Nothing, rig.instance.now(), &rig.entry())
            .unwrap()
    );
    refresh
}

#[tokio::test]
async fn what_applications_got_ends_with_whatever_signs_somebody_out_everywhere() {
    let rig = Rig::new();
    let (store, now) = (&rig.instance.store, rig.instance.now());
    let is_there = |token: Digest| store.application_refresh_token(token).unwrap().is_some();
    let (sam, kim) = (rig.user("sam"), rig.user("kim"));
    let (of_sam, of_kim) = (application_token(&rig, &sam.id, "sam"), application_token(&rig, &kim.id, "kim"));
    store.end_sessions_of(&sam.id, now, &rig.entry()).unwrap();
    assert!(!is_there(of_sam) && is_there(of_kim));
    let of_sam = application_token(&rig, &sam.id, "sam");
    assert!(store.put_user(&User { enabled: false, ..sam.clone() }, now, &rig.entry()).unwrap());
    assert!(!is_there(of_sam) && is_there(of_kim));
    // Nothing comes after it either.
    let late = NewApplicationToken {
        access: Digest::of("late"),
        refresh: None,
        token: store.application_refresh_token(of_kim).unwrap().unwrap(),
    };
    let late =
        NewApplicationToken { token: ApplicationToken { user_id: sam.id, ..late.token.clone() }, ..late };
    assert!(!store.issue_application_token(&late, Spent::Nothing, rig.instance.now(), &rig.entry()).unwrap());
    // Another source knows nothing of it.
    assert_eq!(store.affected_by_source(now).unwrap().application_tokens, 1);
    let_directory_be_the_source(&rig);
    assert!(!is_there(of_kim));
    assert_eq!(store.affected_by_source(now).unwrap().application_tokens, 0);
}

#[tokio::test]
async fn what_applications_got_in_a_sign_in_ends_with_it_and_all_of_it_with_the_password() {
    let rig = Rig::new();
    let (store, now) = (&rig.instance.store, rig.instance.now());
    let sam = rig.user("sam");
    let browser = rig.browser_of("sam").await;
    let session = store.live_sessions(&sam.id, now).unwrap().pop().unwrap();
    let given = application_token(&rig, &sam.id, "sam");
    let token = store.application_refresh_token(given).unwrap().unwrap();
    let begun = |name: &str, session: &str| NewApplicationToken {
        access: Digest::of(&format!("access {name}")),
        refresh: Some(Digest::of(name)),
        token: ApplicationToken { session_id: Some(session.to_owned()), ..token.clone() },
    };
    let issue = |new: &NewApplicationToken, spent| {
        store.issue_application_token(new, spent, rig.instance.now(), &rig.entry()).unwrap()
    };
    assert!(issue(&begun("first", &session.id), Spent::Nothing));
    assert!(issue(&begun("second", &session.id), Spent::Refresh(Digest::of("first"))));
    let portal = browser.get("/start").await.is(200);
    browser.submit(&portal, "/sign-out", &[]).await;
    assert!(!issue(&begun("third", &session.id), Spent::Refresh(Digest::of("second"))), "it is over");

    let password = Password::chosen(crate::rig::hash());
    let new = NewPassword { user_id: &sam.id, password: &password, link: None, session: None, half: None };
    assert!(store.set_password(&new, rig.instance.now(), &rig.entry()).unwrap());
    assert!(store.application_refresh_token(given).unwrap().is_none(), "the pages say so");
}
