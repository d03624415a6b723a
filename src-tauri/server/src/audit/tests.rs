//! What each operation leaves in the trail, asked over the routes.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::Value;
use url::form_urlencoded;

use crate::{
    rig::{PASSWORD, Rig},
    store::Verdict,
};

/// Who an event is about, what it is and how it ended.
fn told(event: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = text(&event["eventName"]);
    let outcome = [&event["errorCode"], &event["serviceEventDetails"][&name]];
    let outcome = outcome.into_iter().find_map(Value::as_str).unwrap_or("Success");
    (name, text(&event["additionalEventData"]["UserName"]), outcome.to_owned())
}

/// The events since the last call.
fn since(rig: &Rig, seen: &mut usize) -> Vec<(String, String, String)> {
    let trail = rig.instance.store.audit_trail();
    let fresh = trail.iter().skip(*seen).map(|(_, event)| told(event)).collect();
    *seen = trail.len();
    fresh
}

#[track_caller]
fn are(found: &[(String, String, String)], expected: &[(&str, &str, &str)]) {
    let found: Vec<_> = found.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn every_step_leaves_its_event() {
    let rig = Rig::new();
    let mut seen = 0;
    let failed = [("CredentialVerification", "kim", "Failure"), ("UserAuthentication", "kim", "Failure")];
    rig.browser().sign_in("kim", "wrong", "/start").await.is(401);
    are(&since(&rig, &mut seen), &failed);
    for _ in 0..8 {
        rig.browser().sign_in("kim", "wrong", "/start").await;
    }
    since(&rig, &mut seen);
    rig.browser().sign_in("kim", PASSWORD, "/start").await.is(429);
    are(&since(&rig, &mut seen), &failed);
    rig.browser().sign_in("nobody", "hunter2", "/start").await;
    are(
        &since(&rig, &mut seen),
        &[("CredentialVerification", "", "Failure"), ("UserAuthentication", "", "Failure")],
    );

    let browser = rig.browser_of("sam").await;
    are(
        &since(&rig, &mut seen),
        &[
            ("CredentialVerification", "sam", "Success"),
            ("UserAuthentication", "sam", "Success"),
            ("Authenticate", "sam", "Success"),
        ],
    );
    let start = browser.get("/start").await.is(200);
    let open = async |role: &str| {
        let fields = [("account_id", "111122223333"), ("role_name", role)];
        browser.submit(&start, "/start/console", &fields).await
    };
    let link = open("ReadOnly").await.is(303).header("location").to_owned();
    open("Nothing").await.is(403);
    are(
        &since(&rig, &mut seen),
        &[("Federate", "sam", "Success"), ("Federate", "sam", "ForbiddenException")],
    );
    browser.get(link.trim_start_matches("http://localhost:4711")).await.is(303);
    are(&since(&rig, &mut seen), &[("ConsoleLogin", "sam", "Success")]);

    let (_, token, _) = rig.tokens("sam").await;
    since(&rig, &mut seen);
    let role = |name: &str| format!("/federation/credentials?account_id=111122223333&role_name={name}");
    let answer = rig.portal_get(&role("ReadOnly"), &token).await.is(200).json()["roleCredentials"].clone();
    rig.portal_get(&role("Nothing"), &token).await.is(403);
    rig.portal_get("/assignment/accounts", &token).await.is(200);
    rig.portal_get("/assignment/roles?account_id=111122223333", &token).await.is(200);
    are(
        &since(&rig, &mut seen),
        &[
            ("GetRoleCredentials", "sam", "Success"),
            ("GetRoleCredentials", "sam", "ForbiddenException"),
            ("ListAccounts", "sam", "Success"),
            ("ListAccountRoles", "sam", "Success"),
        ],
    );
    let session = serde_json::json!({
        "sessionId": answer["accessKeyId"], "sessionKey": answer["secretAccessKey"], "sessionToken": answer["sessionToken"],
    });
    let session = session.to_string();
    let query = [("Action", "getSigninToken"), ("Session", session.as_str())];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    browser.get(&format!("/federation?{query}")).await.is(200);
    are(&since(&rig, &mut seen), &[("GetSigninToken", "sam", "Success")]);
    browser.submit(&start, "/sign-out", &[]).await.is(303);
    are(&since(&rig, &mut seen), &[("Logout", "sam", "Success")]);
    let whole = rig.instance.store.verify_audit(&rig.instance.key, None).unwrap();
    assert!(matches!(whole, Verdict::Whole(_)), "{whole:?}");
    let all: String = rig.instance.store.audit_trail().iter().map(|(_, event)| event.to_string()).collect();
    for secret in [PASSWORD, "hunter2", "nobody", &token, answer["secretAccessKey"].as_str().unwrap()] {
        assert!(!all.contains(secret), "a secret, or a name that nobody has, is in the trail");
    }
}

#[tokio::test]
async fn events_say_where_from_and_with_what_and_about_what() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    let path = "/federation/credentials?account_id=111122223333&role_name=ReadOnly";
    let agent = format!("aws-cli/2 {}", "x".repeat(2000));
    let request =
        Request::get(path).header(header::USER_AGENT, agent).header("x-amz-sso_bearer_token", &token);
    rig.send(request.body(Body::empty()).unwrap()).await.is(200);
    let (_, event) = rig.instance.store.audit_trail().pop().unwrap();
    assert_eq!(event["sourceIPAddress"], "127.0.0.1");
    let agent = event["userAgent"].as_str().unwrap();
    assert!(agent.starts_with("aws-cli/2 ") && agent.len() == 1000);
    assert_eq!(event["readOnly"], false);
    let kinds: Vec<_> =
        event["resources"].as_array().unwrap().iter().map(|resource| resource["type"].clone()).collect();
    assert_eq!(kinds, ["AWS::Organizations::Account", "AWS::SSO::PermissionSet"]);
    // What the server does by itself came from nowhere else.
    let entry =
        rig.instance.entry(&super::Event { source: super::SSO, name: "X", ..super::Event::default() });
    let event: Value = serde_json::from_str(&entry.event).unwrap();
    assert_eq!((&event["sourceIPAddress"], &event["userAgent"]), (&"latchkey-server".into(), &Value::Null));
}
