//! What a live directory does to people at work: assignments by request, disabling, deleting, tags.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use axum::http::Method;
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    domain::sign_in_session::SignInSession,
    organisation::{AccessControlAttribute, Assignment, Principal},
    rig::Rig,
    secret::Digest,
    store::{Begun, Password, RequestKind, RequestStatus, Wanted},
};

const PROD: &str = "111122223333";

fn assignment(rig: &Rig, username: &str, set: &str) -> Assignment {
    Assignment {
        account_id: PROD.to_owned(),
        permission_set: rig.instance.store.permission_set_by_name(set).unwrap().unwrap().arn,
        principal: Principal::User(rig.user(username).id),
    }
}

async fn roles(rig: &Rig, token: &str) -> Vec<String> {
    let reply = rig.portal_get(&format!("/assignment/roles?account_id={PROD}"), token).await;
    if reply.status == 403 {
        return Vec::new();
    }
    let list = reply.is(200).json()["roleList"].as_array().unwrap().clone();
    list.iter().map(|role| role["roleName"].as_str().unwrap().to_owned()).collect()
}

fn credentials(role: &str) -> String {
    format!("/federation/credentials?account_id={PROD}&role_name={role}")
}

#[tokio::test]
async fn an_assignment_acts_when_its_request_says_succeeded() {
    let rig = Rig::new();
    let store = &rig.instance.store;
    let (_, token, _) = rig.tokens("alex").await;
    let wanted = assignment(&rig, "alex", "Billing");
    let request = rig.instance.request_access(Wanted::Assign(wanted.clone()), &rig.entry()).unwrap();
    assert_eq!(request.status, RequestStatus::InProgress);
    assert!(roles(&rig, &token).await.is_empty());
    rig.portal_get(&credentials("Billing"), &token).await.is(403);
    assert_eq!(rig.instance.settle_access_requests().unwrap(), 1);
    let settled = store.access_request(&request.id).unwrap().unwrap();
    assert_eq!(settled.status, RequestStatus::Succeeded);
    assert_eq!(roles(&rig, &token).await, ["Billing"]);
    rig.portal_get(&credentials("Billing"), &token).await.is(200);

    rig.instance.request_access(Wanted::Revoke(wanted.clone()), &rig.entry()).unwrap();
    assert_eq!(roles(&rig, &token).await, ["Billing"], "not before it is settled");
    rig.instance.settle_access_requests().unwrap();
    assert!(roles(&rig, &token).await.is_empty());
    rig.portal_get(&credentials("Billing"), &token).await.is(403);
    let left = store.provisioned_accounts(&wanted.permission_set, "", 10).unwrap();
    assert!(left.iter().all(|one| one.account_id != PROD), "with the last assignment the set is gone");
    let listed = store.access_requests(RequestKind::Assign, None, 10).unwrap();
    assert_eq!(listed, std::slice::from_ref(&settled));
    let after = Some((settled.created, settled.id.as_str()));
    assert!(store.access_requests(RequestKind::Assign, after, 10).unwrap().is_empty());
}

#[test]
fn a_request_for_what_is_not_there_fails_and_says_why() {
    let rig = Rig::new();
    let good = assignment(&rig, "alex", "Billing");
    let account = "123456789012".to_owned();
    let unknown_set = "arn:aws:sso:::permissionSet/ssoins-0/ps-0".to_owned();
    for (wanted, words) in [
        (
            Wanted::Assign(Assignment { account_id: account.clone(), ..good.clone() }),
            "no account 123456789012",
        ),
        (
            Wanted::Assign(Assignment { permission_set: unknown_set.clone(), ..good.clone() }),
            "no permission set",
        ),
        (
            Wanted::Assign(Assignment { principal: Principal::User("u".to_owned()), ..good.clone() }),
            "no user u",
        ),
        (
            Wanted::Assign(Assignment { principal: Principal::Group("g".to_owned()), ..good.clone() }),
            "no group g",
        ),
        (Wanted::Provision { permission_set: unknown_set, account_id: None }, "no permission set"),
        (
            Wanted::Provision { permission_set: good.permission_set.clone(), account_id: Some(account) },
            "not provisioned",
        ),
    ] {
        let request = rig.instance.request_access(wanted, &rig.entry()).unwrap();
        rig.instance.settle_access_requests().unwrap();
        let settled = rig.instance.store.access_request(&request.id).unwrap().unwrap();
        assert!(
            matches!(&settled.status, RequestStatus::Failed(why) if why.contains(words)),
            "{words}: {settled:?}"
        );
    }
}

#[tokio::test]
async fn an_edited_permission_set_is_outdated_until_it_is_provisioned() {
    let rig = Rig::new();
    let (store, now) = (&rig.instance.store, rig.instance.now());
    let (_, token, _) = rig.tokens("sam").await;
    let lasts = async || {
        let reply = rig.portal_get(&credentials("ReadOnly"), &token).await.is(200).json();
        (reply["roleCredentials"]["expiration"].as_i64().unwrap() - now.as_millisecond()) / 1000
    };
    let mut set = store.permission_set_by_name("ReadOnly").unwrap().unwrap();
    let outdated = |arn: &str| {
        let all = store.provisioned_accounts(arn, "", 100).unwrap();
        (all.iter().filter(|one| one.is_outdated).count(), all.len())
    };
    let (_, everywhere) = outdated(&set.arn);
    assert_eq!(lasts().await, 3600);
    set.session_duration = SignedDuration::from_hours(2);
    assert!(store.put_permission_set(&set, &rig.entry()).unwrap());
    assert_eq!(outdated(&set.arn), (everywhere, everywhere));
    assert_eq!(lasts().await, 3600, "what is in force is what was provisioned");
    let provision = |account_id| Wanted::Provision { permission_set: set.arn.clone(), account_id };
    rig.instance.request_access(provision(Some(PROD.to_owned())), &rig.entry()).unwrap();
    rig.instance.settle_access_requests().unwrap();
    assert_eq!(outdated(&set.arn), (everywhere - 1, everywhere));
    assert_eq!(lasts().await, 7200);
    rig.instance.request_access(provision(None), &rig.entry()).unwrap();
    rig.instance.settle_access_requests().unwrap();
    assert_eq!(outdated(&set.arn), (0, everywhere));
    assert!(!store.delete_permission_set(&set.arn, &rig.entry()).unwrap(), "it is assigned");
}

/// A person at work, in the browser and with a program, is out at once.
async fn is_out_after(change: impl FnOnce(&Rig, &str)) {
    let rig = Rig::new();
    let (client, token, refresh) = rig.tokens("sam").await;
    let browser = rig.browser_of("sam").await;
    browser.get("/start").await.is(200);
    rig.portal_get(&credentials("ReadOnly"), &token).await.is(200);
    let (other, kims, _) = rig.tokens("kim").await;
    change(&rig, &rig.user("sam").id);
    for path in ["/assignment/accounts", "/user", &credentials("ReadOnly")] {
        rig.portal_get(path, &token).await.is(401);
    }
    let fields = json!({ "refreshToken": refresh });
    let refused = rig.token(&client, "refresh_token", fields).await.is(400);
    assert_eq!(refused.error(), "InvalidGrantException");
    browser.get("/start").await.is(303);
    rig.portal_get("/user", &kims).await.is(200);
    drop(other);
}

#[tokio::test]
async fn disabling_deleting_and_ending_sessions_act_at_once() {
    is_out_after(|rig, id| {
        let now = rig.instance.now();
        assert_eq!(rig.instance.store.end_sessions_of(id, now, &rig.entry()).unwrap(), 2);
    })
    .await;
    is_out_after(|rig, id| {
        assert!(rig.instance.store.delete_user(id, rig.instance.now(), &rig.entry()).unwrap());
    })
    .await;
    is_out_after(|rig, id| {
        let mut user = rig.instance.store.user(id).unwrap().unwrap();
        user.enabled = false;
        assert!(rig.instance.store.put_user(&user, rig.instance.now(), &rig.entry()).unwrap());
        // Being enabled again brings no session back.
        user.enabled = true;
        assert!(rig.instance.store.put_user(&user, rig.instance.now(), &rig.entry()).unwrap());
    })
    .await;
}

#[tokio::test]
async fn who_is_disabled_cannot_sign_in_and_has_nothing() {
    let rig = Rig::new();
    let mut user = rig.user("sam");
    user.enabled = false;
    assert!(rig.instance.store.put_user(&user, rig.instance.now(), &rig.entry()).unwrap());
    rig.browser().sign_in("sam", crate::rig::PASSWORD, "/start").await.is(401);
    assert!(rig.instance.store.accounts_of(&user.id).unwrap().is_empty());
    assert!(rig.instance.store.applications_of(&user.id).unwrap().is_empty());
    // Disabled while the password was looked at.
    let (now, digest) = (rig.instance.now(), Digest::of("x"));
    let session = SignInSession::begin("s".to_owned(), &user.id, SignedDuration::from_hours(8), now);
    assert!(
        !rig.instance
            .store
            .begin_session(&Begun::new(&session, digest), digest, &crate::rig::hash(), &[])
            .unwrap()
    );
}

/// A password that was right when it was looked at, and is another one since.
#[tokio::test]
async fn a_session_begins_only_with_the_password_that_counts() {
    let rig = Rig::new();
    let (sam, now, digest) = (rig.user("sam").id, rig.instance.now(), Digest::of("x"));
    let session = SignInSession::begin("s".to_owned(), &sam, SignedDuration::from_hours(8), now);
    let begin =
        || rig.instance.store.begin_session(&Begun::new(&session, digest), digest, &crate::rig::hash(), &[]);
    crate::signin::password::one_time::give(&rig.instance, "sam").unwrap();
    assert!(!begin().unwrap());
    assert!(rig.instance.store.session("s").unwrap().is_none());
    let again = Password::chosen(crate::rig::hash());
    rig.instance.store.set_passwords(&[(sam.clone(), again)], now, &[]).unwrap();
    assert!(begin().unwrap());
}

#[tokio::test]
async fn a_change_that_cannot_be_recorded_does_not_happen() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    let sam = rig.user("sam");
    rig.instance.store.refuse_audit(true);
    rig.instance.store.delete_user(&sam.id, rig.instance.now(), &rig.entry()).unwrap_err();
    rig.instance.store.end_sessions_of(&sam.id, rig.instance.now(), &rig.entry()).unwrap_err();
    rig.instance.store.refuse_audit(false);
    rig.portal_get("/user", &token).await.is(200);
}

#[tokio::test]
async fn attributes_go_into_sessions_as_tags() {
    let rig = Rig::new();
    let store = &rig.instance.store;
    let attribute = |key: &str, sources: &[&str]| AccessControlAttribute {
        key: key.to_owned(),
        sources: sources.iter().map(|source| (*source).to_owned()).collect(),
    };
    let attributes = [
        attribute("CostCenter", &["${path:enterprise.costCenter}"]),
        attribute("Team", &["${path:enterprise.department}", "${path:userName}"]),
        attribute("Unknown", &["${path:enterprise.division}"]),
    ];
    store.set_access_control_attributes(&attributes, &rig.entry()).unwrap();
    let mut sam = rig.user("sam");
    sam.profile.cost_center = Some("4711".to_owned());
    assert!(store.put_user(&sam, rig.instance.now(), &rig.entry()).unwrap());

    let (_, token, _) = rig.tokens("sam").await;
    let issued = async || {
        let reply = rig.portal(Method::GET, &credentials("ReadOnly"), &token).await.is(200).json();
        let id = reply["roleCredentials"]["accessKeyId"].as_str().unwrap().to_owned();
        store.role_credentials(&id).unwrap().unwrap().tags
    };
    let tags = issued().await;
    let expected = [("CostCenter", "4711"), ("Team", "sam")];
    assert_eq!(tags, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    sam.profile.cost_center = Some("0815".to_owned());
    assert!(store.put_user(&sam, rig.instance.now(), &rig.entry()).unwrap());
    assert_eq!(issued().await["CostCenter"], "0815", "another attribute, another tag");

    let browser = rig.browser_of("sam").await;
    let start = browser.get("/start").await.is(200);
    let fields = [("account_id", PROD), ("role_name", "ReadOnly")];
    let to_console = browser.submit(&start, "/start/console", &fields).await.is(303);
    let location = to_console.header("location").trim_start_matches("http://localhost:4711").to_owned();
    let location = browser.get(&location).await.is(303).header("location").to_owned();
    let page = browser.get(&location).await.is(200).body;
    for words in ["CostCenter</span></dt><dd class=\"mono tag\">0815<", "Team</span>"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("Unknown"), "{page}");
}

#[tokio::test]
async fn what_became_of_a_request_is_recorded_with_it() {
    let rig = Rig::new();
    let wanted = assignment(&rig, "alex", "Billing");
    let gone = Assignment { account_id: "000000000000".to_owned(), ..wanted.clone() };
    let asked: Vec<_> = [Wanted::Assign(wanted.clone()), Wanted::Assign(gone), Wanted::Revoke(wanted)]
        .map(|wanted| rig.instance.request_access(wanted, &rig.entry()).unwrap().id)
        .into();
    let before = rig.instance.store.audit_trail().len();
    for (id, (_, event)) in asked.iter().zip(rig.instance.store.audit_trail()) {
        assert_eq!(event["additionalEventData"]["RequestId"], **id, "who asked for it is told with its id");
    }
    rig.instance.store.refuse_audit(true);
    rig.instance.settle_access_requests().unwrap_err();
    let first = rig.instance.store.access_request(&asked[0]).unwrap().unwrap();
    assert_eq!(first.status, RequestStatus::InProgress, "what cannot be recorded does not happen");
    rig.instance.store.refuse_audit(false);
    assert_eq!(rig.instance.settle_access_requests().unwrap(), 3);
    let trail = rig.instance.store.audit_trail();
    let told: Vec<_> =
        trail[before..].iter().map(|(name, event)| (name, &event["serviceEventDetails"])).collect();
    for (id, name, status) in [
        (&asked[0], "CreateAccountAssignment", "SUCCEEDED"),
        (&asked[1], "CreateAccountAssignment", "FAILED"),
        (&asked[2], "DeleteAccountAssignment", "SUCCEEDED"),
    ] {
        let (_, details) = told.iter().find(|(_, details)| details["RequestId"] == **id).unwrap();
        assert!(told.iter().any(|(known, other)| *known == name && other["RequestId"] == **id), "{details}");
        assert_eq!((&details[name], &details["role_name"]), (&status.into(), &"Billing".into()));
        assert_eq!(details["user_id"], rig.user("alex").id);
    }
    let failed = told.iter().find(|(_, details)| details["RequestId"] == asked[1]).unwrap().1;
    assert_eq!(failed["FailureReason"], "There is no account 000000000000.");
}

/// The event of credentials and the credentials are kept together or not at all.
#[tokio::test]
async fn credentials_that_are_not_issued_leave_no_event() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    let browser = rig.browser_of("sam").await;
    let start = browser.get("/start").await.is(200);
    rig.instance.store.refuse("role_credentials", true);
    let before = rig.instance.store.audit_trail().len();
    rig.portal_get(&credentials("ReadOnly"), &token).await.is(500);
    rig.portal_get(&credentials("ReadOnly").replace("credentials", "console"), &token).await.is(500);
    let fields = [("account_id", PROD), ("role_name", "ReadOnly")];
    browser.submit(&start, "/start/console", &fields).await.is(500);
    browser.submit(&start, "/start/keys", &fields).await.is(500);
    assert_eq!(rig.instance.store.audit_trail().len(), before, "nothing happened");
    rig.instance.store.refuse("role_credentials", false);
    rig.portal_get(&credentials("ReadOnly"), &token).await.is(200);
    browser.submit(&start, "/start/keys", &fields).await.is(200);
    assert_eq!(rig.instance.store.audit_trail().len(), before + 2);
}
