//! The portal over its routes: good and bad inputs of each operation.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use axum::{
    body::Body,
    http::{Method, Request},
};

use crate::rig::Rig;

const PROD: &str = "111122223333";

#[tokio::test]
async fn accounts_and_roles_are_the_callers_own_in_pages() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    let mut seen = Vec::new();
    let mut next = None;
    loop {
        let more = next.map(|token| format!("&next_token={token}")).unwrap_or_default();
        let path = format!("/assignment/accounts?max_result=4{more}");
        let page = rig.portal_get(&path, &token).await.is(200).json();
        let accounts = page["accountList"].as_array().unwrap();
        assert!(accounts.len() <= 4);
        seen.extend(accounts.iter().map(|account| account["accountName"].as_str().unwrap().to_owned()));
        next = page["nextToken"].as_str().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 11);
    assert!(!seen.contains(&"acme-management".to_owned()));

    let roles = rig.portal_get(&format!("/assignment/roles?account_id={PROD}"), &token).await.is(200).json();
    let roles: Vec<_> =
        roles["roleList"].as_array().unwrap().iter().map(|role| role["roleName"].clone()).collect();
    assert_eq!(roles, ["Incident15", "ReadOnly"]);
    let (_, alex, _) = rig.tokens("alex").await;
    let reply = rig.portal_get(&format!("/assignment/roles?account_id={PROD}"), &alex).await.is(403);
    assert_eq!(reply.error(), "ForbiddenException");
}

#[tokio::test]
async fn bad_parameters_are_400_in_the_portals_style() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    for path in [
        "/assignment/accounts?max_result=0",
        "/assignment/accounts?max_result=101",
        "/assignment/accounts?max_result=x",
        "/assignment/accounts?next_token=junk",
        "/assignment/roles",
        "/assignment/roles?account_id=12",
        "/federation/credentials?account_id=111122223333",
        "/federation/credentials?role_name=ReadOnly",
        "/federation/console?account_id=111122223333",
    ] {
        let reply = rig.portal_get(path, &token).await.is(400);
        assert_eq!(reply.error(), "InvalidRequestException", "{path}");
        assert!(reply.json()["message"].is_string());
    }
}

#[tokio::test]
async fn without_a_good_token_everything_is_401() {
    let rig = Rig::new();
    let other = Rig::new();
    let (_, foreign, refresh) = other.tokens("sam").await;
    for path in [
        "/assignment/accounts",
        "/assignment/roles?account_id=111122223333",
        "/federation/credentials?account_id=111122223333&role_name=ReadOnly",
        "/federation/console?account_id=111122223333&role_name=ReadOnly",
        "/token/whoAmI",
        "/user",
        "/instance/appinstances",
        "/instance/appinstance/ins-0000000000000000/profiles",
    ] {
        for token in ["", "garbage", &foreign, &refresh] {
            let reply = rig.portal_get(path, token).await.is(401);
            assert_eq!(reply.error(), "UnauthorizedException", "{path}");
        }
    }
    let (_, token, _) = rig.tokens("sam").await;
    rig.pass(3599);
    rig.portal_get("/user", &token).await.is(200);
    rig.pass(1);
    rig.portal_get("/user", &token).await.is(401);
}

#[tokio::test]
async fn the_token_is_taken_from_any_of_three_headers() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    let bearer = format!("Bearer {token}");
    for (name, value) in
        [("x-amz-sso_bearer_token", &token), ("x-amz-sso-bearer-token", &token), ("authorization", &bearer)]
    {
        let request = Request::get("/user").header(name, value).body(Body::empty()).unwrap();
        assert_eq!(rig.send(request).await.is(200).json()["preferredUsername"], "sam");
    }
}

#[tokio::test]
async fn role_credentials_live_as_long_as_the_permission_set_says() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    let now = rig.instance.now().as_millisecond();
    for (role, minutes) in [("ReadOnly", 60), ("Incident15", 15)] {
        let path = format!("/federation/credentials?account_id={PROD}&role_name={role}");
        let answer = rig.portal_get(&path, &token).await.is(200).json();
        let credentials = &answer["roleCredentials"];
        assert_eq!(credentials["expiration"].as_i64(), Some(now + minutes * 60_000));
        assert!(credentials["accessKeyId"].as_str().unwrap().starts_with("ASIA"));
        assert_eq!(credentials["secretAccessKey"].as_str().unwrap().len(), 40);
    }
    for (account, role) in
        [(PROD, "Administrator"), ("900000000001", "Billing"), ("000000000000", "ReadOnly")]
    {
        let path = format!("/federation/credentials?account_id={account}&role_name={role}");
        assert_eq!(rig.portal_get(&path, &token).await.is(403).error(), "ForbiddenException");
    }
}

#[tokio::test]
async fn the_wrong_verb_is_405_in_the_portals_style() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    for (method, path) in [
        (Method::POST, "/federation/credentials"),
        (Method::POST, "/assignment/accounts"),
        (Method::DELETE, "/user"),
        (Method::GET, "/logout"),
    ] {
        let reply = rig.portal(method, path, &token).await.is(405);
        assert_eq!(reply.error(), "MethodNotAllowedException", "{path}");
        assert!(reply.json()["message"].is_string(), "{path}");
    }
}

#[tokio::test]
async fn the_web_portals_way_to_a_console() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    let path = |role: &str| format!("/federation/console?account_id={PROD}&role_name={role}");
    let answer = rig.portal_get(&path("ReadOnly"), &token).await.is(200).json();
    assert_eq!(answer["signInFederationLocation"], "http://localhost:4711/federation");
    assert_eq!(answer["destination"], "");
    let browser = rig.browser();
    let login = format!("/federation?Action=login&SigninToken={}", answer["signInToken"].as_str().unwrap());
    browser.get(&login).await.is(303);
    assert!(browser.get("/console").await.is(200).body.contains("payments-prod"));
    for role in ["Administrator", "NoSuchRole"] {
        assert_eq!(rig.portal_get(&path(role), &token).await.is(403).error(), "ForbiddenException");
    }
}

#[tokio::test]
async fn the_caller_is_told_who_they_are() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    let user = rig.portal_get("/user", &token).await.is(200).json();
    for (field, value) in [
        ("accountId", "900000000001"),
        ("preferredUsername", "sam"),
        ("email", "sam@acme.test"),
        ("name", "Sam Sample"),
        ("givenName", "Sam"),
        ("familyName", "Sample"),
        ("ssoInstanceId", rig.instance.addresses.instance_id()),
        ("managedActiveDirectoryId", rig.instance.addresses.directory_id()),
    ] {
        assert_eq!(user[field], value, "{field}");
    }
    assert_eq!(user["groups"], serde_json::json!(["engineering", "platform"]));
    assert_eq!(user["userId"].as_str().unwrap().len(), 36);
    assert_eq!((&user["userId"], &user["userId"]), (&user["identityStoreUserId"], &user["subject"]));
    assert!(user["originSessionId"].is_string());
}

#[tokio::test]
async fn logout_ends_the_session_and_leaves_a_trail() {
    let rig = Rig::new();
    let (client, token, refresh) = rig.tokens("sam").await;
    rig.portal_get(&format!("/federation/credentials?account_id={PROD}&role_name=ReadOnly"), &token)
        .await
        .is(200);
    assert_eq!(rig.portal(Method::POST, "/logout", &token).await.is(200).body, "");
    rig.portal_get("/user", &token).await.is(401);
    rig.portal(Method::POST, "/logout", &token).await.is(401);
    rig.token(&client, "refresh_token", serde_json::json!({ "refreshToken": refresh })).await.is(400);
    let trail = rig.instance.store.audit_trail();
    let names: Vec<_> = trail.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "CredentialVerification",
            "UserAuthentication",
            "Authenticate",
            "CreateToken",
            "GetRoleCredentials",
            "Logout",
            "CreateToken"
        ]
    );
    assert_eq!(trail[6].1["errorCode"], "invalid_grant");
    let (_, event) = &trail[4];
    assert_eq!(event["userIdentity"]["type"], "IdentityCenterUser");
    assert_eq!(event["serviceEventDetails"]["role_name"], "ReadOnly");
    let all = serde_json::to_string(&trail.iter().map(|(_, event)| event).collect::<Vec<_>>()).unwrap();
    assert!(!all.contains(&token) && !all.contains(&refresh), "no secret in the trail");
}

#[tokio::test]
async fn who_am_i_tells_when_the_sign_in_ends() {
    let rig = Rig::new();
    rig.instance.set_session_length(jiff::SignedDuration::from_mins(16));
    let (_, token, _) = rig.tokens("sam").await;
    let answer = rig.portal_get("/token/whoAmI", &token).await.is(200).json();
    assert_eq!(answer["expireDate"].as_i64(), Some(rig.instance.now().as_millisecond() + 16 * 60_000));
    assert_eq!(answer["firstName"], "Sam");
}

#[tokio::test]
async fn application_instances_and_their_profiles() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    let list = rig.portal_get("/instance/appinstances", &token).await.is(200).json();
    let list = list["result"].as_array().unwrap();
    let (accounts, applications): (Vec<_>, Vec<_>) =
        list.iter().partition(|entry| entry["applicationName"] == "AWS Account");
    assert_eq!((accounts.len(), applications.len()), (11, 4));
    assert_eq!(accounts[0]["searchMetadata"]["AccountId"], PROD);
    let profiles = async |id: &serde_json::Value| {
        let path = format!("/instance/appinstance/{}/profiles", id.as_str().unwrap());
        rig.portal_get(&path, &token).await
    };
    let roles = profiles(&accounts[0]["id"]).await.is(200).json();
    assert_eq!(roles["result"].as_array().unwrap().len(), 2);
    for application in applications {
        let profile = profiles(&application["id"]).await.is(200).json()["result"][0].clone();
        let (protocol, url) = match application["name"].as_str().unwrap() {
            "Grafana" | "Wiki" => ("SAML", "http://localhost:4711/saml/assertion/"),
            _ => ("OAUTH", "https://"),
        };
        assert_eq!(profile["protocol"], protocol);
        assert!(profile["url"].as_str().unwrap().starts_with(url), "{profile}");
    }
    let reply = profiles(&"ins-0000000000000000".into()).await.is(404);
    assert_eq!(reply.error(), "ResourceNotFoundException");
}

#[tokio::test]
async fn too_many_requests_are_429() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    rig.instance.throttle.set(2, rig.instance.now());
    rig.portal_get("/user", &token).await.is(200);
    rig.portal_get("/user", &token).await.is(200);
    assert_eq!(rig.portal_get("/user", &token).await.is(429).error(), "TooManyRequestsException");
    rig.pass(1);
    rig.portal_get("/user", &token).await.is(200);
}

#[tokio::test]
async fn applications_have_icons_that_anybody_may_see() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    let listed = rig.portal_get("/instance/appinstances", &token).await.is(200).json();
    let all = listed["result"].as_array().unwrap();
    let applications: Vec<_> = all.iter().filter(|one| one["applicationName"] != "AWS Account").collect();
    assert!(!applications.is_empty());
    for one in applications {
        let path = one["icon"].as_str().unwrap().strip_prefix("http://localhost:4711").unwrap();
        let icon = rig.browser().get(path).await.is(200);
        assert_eq!(icon.header("content-type"), "image/svg+xml");
        assert_eq!(icon.header("cross-origin-resource-policy"), "cross-origin");
        assert!(icon.body.starts_with("<svg"), "{}", icon.body);
    }
    assert!(rig.browser().get("/assets/icons/slack.svg").await.is(200).body.contains("<svg"));
    rig.browser().get("/assets/icons/nothing.svg").await.is(404);
}

/// Which role a token has is remembered; what ended counts at once all the same.
#[tokio::test]
async fn what_was_found_before_counts_no_longer_than_it_holds() {
    let path = format!("/federation/credentials?account_id={PROD}&role_name=ReadOnly");
    for (sql, status) in [
        ("UPDATE user SET enabled = FALSE WHERE username = 'sam'", 401),
        ("UPDATE token_family SET revoked = 1", 401),
        ("UPDATE sign_in_session SET ended = 1", 401),
        ("DELETE FROM access_token", 401),
        ("DELETE FROM assignment", 403),
        ("DELETE FROM membership", 403),
        ("UPDATE permission_set SET requires_key = TRUE", 403),
    ] {
        let rig = Rig::new();
        let (_, token, _) = rig.tokens("sam").await;
        rig.portal_get(&path, &token).await.is(200);
        let wanted = (crate::secret::Digest::of(&token), PROD.to_owned(), "ReadOnly".to_owned());
        let known = || rig.instance.grants.find(&wanted, rig.instance.store.revision(), rig.instance.now());
        assert!(known().is_some(), "it is remembered");
        rig.portal_get(&path, &token).await.is(200);
        rig.instance.store.tamper(sql);
        assert!(known().is_none(), "{sql}");
        rig.portal_get(&path, &token).await.is(status);
    }
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    rig.pass(3599);
    rig.portal_get(&path, &token).await.is(200);
    rig.pass(1);
    rig.portal_get(&path, &token).await.is(401);
}

/// All of them are told apart, each with its own event.
#[tokio::test]
async fn many_at_once_get_credentials_of_their_own() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    let path = format!("/federation/credentials?account_id={PROD}&role_name=ReadOnly");
    let ask = || Request::get(&path).header("x-amz-sso_bearer_token", &token).body(Body::empty()).unwrap();
    let replies = rig.send_at_once((0..50).map(|_| ask()).collect()).await;
    let ids: std::collections::BTreeSet<String> = replies
        .into_iter()
        .map(|reply| reply.is(200).json()["roleCredentials"]["accessKeyId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 50);
    let trail = rig.instance.store.audit_trail();
    assert_eq!(trail.iter().filter(|(name, _)| name == "GetRoleCredentials").count(), 50);
    let events: std::collections::BTreeSet<_> =
        trail.iter().map(|(_, event)| event["eventID"].as_str().unwrap()).collect();
    assert_eq!(events.len(), trail.len());
}
