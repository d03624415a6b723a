//! Provisioning from outside: who gets in, what is kept, what is told, and that whoever is deactivated is out.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};

use super::{path::ENTERPRISE, source_tests::application_token, tokens};
use crate::{
    domain::sign_in_session::SignInSession,
    rig::{Reply, Rig},
    store::{NoToken, ScimToken},
};

/// What an identity provider holds.
pub(super) struct Provider<'r> {
    rig: &'r Rig,
    secret: String,
    token: ScimToken,
}

pub(super) fn session(rig: &Rig, user: &str) -> SignInSession {
    let (length, now) = (rig.instance.session_length(), rig.instance.now());
    SignInSession::begin("s".to_owned(), &rig.user(user).id, length, now)
}

pub(super) fn provider(rig: &Rig) -> Provider<'_> {
    let by = (&rig.user("ada"), &session(rig, "ada"));
    let (token, secret) = tokens::create(&rig.instance, by).unwrap().unwrap();
    Provider { rig, secret: secret.expose().to_owned(), token }
}

impl Provider<'_> {
    pub(super) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let tenant = self.rig.instance.addresses.directory_id();
        self.send_to(tenant, method, path, body.map(|body| body.to_string())).await
    }

    async fn send_to(&self, tenant: &str, method: &str, path: &str, body: Option<String>) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(format!("/scim/v2/{tenant}{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.secret))
            .header(header::CONTENT_TYPE, "application/scim+json");
        self.rig.send(request.body(body.map_or_else(Body::empty, Body::from)).unwrap()).await
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).await
    }

    pub(super) async fn make(&self, name: &str) -> String {
        let made = self.send("POST", "/Users", Some(person(name))).await.is(201).json();
        made["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn patch(&self, path: &str, operations: Value) -> Reply {
        self.send("PATCH", path, Some(json!({ "Operations": operations }))).await
    }
}

pub(super) fn person(name: &str) -> Value {
    json!({
        "userName": name, "externalId": format!("ext-{name}"), "displayName": format!("{name} Sample"),
        "name": { "givenName": name, "familyName": "Sample" }, "active": true,
        "emails": [{ "value": format!("{name}@elsewhere.test"), "type": "work", "primary": true }],
        ENTERPRISE: { "department": "Ops", "costCenter": "42" },
    })
}

fn names(rig: &Rig) -> Vec<String> {
    rig.instance.store.audit_trail().into_iter().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn nobody_gets_in_without_a_token_that_works() {
    let rig = Rig::new();
    let okta = provider(&rig);
    let tenant = rig.instance.addresses.directory_id().to_owned();
    okta.get("/Users?count=1").await.is(200);
    okta.send_to("d-0000000000", "GET", "/Users", None).await.is(401);
    for authorization in ["", "Bearer", "Bearer x", "Basic abc", "Bearer lk_"] {
        let request =
            Request::get(format!("/scim/v2/{tenant}/Users")).header(header::AUTHORIZATION, authorization);
        let reply = rig.send(request.body(Body::empty()).unwrap()).await.is(401);
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        assert_eq!(reply.json()["status"], "401");
    }
    // A second one stands beside it, a third does not.
    let second = provider(&rig);
    let by = (&rig.user("ada"), &session(&rig, "ada"));
    assert_eq!(tokens::create(&rig.instance, by).unwrap().unwrap_err(), NoToken::Enough);
    okta.get("/Users?count=1").await.is(200);
    assert!(tokens::revoke(&rig.instance, &okta.token.id, by).unwrap());
    assert!(!tokens::revoke(&rig.instance, &okta.token.id, by).unwrap());
    okta.get("/Users?count=1").await.is(401);
    second.get("/Users?count=1").await.is(200);
    // A year, and not a second more.
    rig.pass(365 * 24 * 3600 - 1);
    second.get("/Users?count=1").await.is(200);
    rig.pass(1);
    second.get("/Users?count=1").await.is(401);
    assert!(tokens::create(&rig.instance, by).unwrap().is_ok(), "those that are over do not count");
    let events = names(&rig);
    assert_eq!(events.iter().filter(|name| *name == "CreateBearerToken").count(), 3);
    assert_eq!(events.iter().filter(|name| *name == "DeleteBearerToken").count(), 1);
}

#[tokio::test]
async fn a_user_is_made_read_changed_and_deleted() {
    let rig = Rig::new();
    let okta = provider(&rig);
    let made = okta.send("POST", "/Users", Some(person("Jo"))).await.is(201);
    let (location, made) = (made.header("location").to_owned(), made.json());
    assert_eq!(made["userName"], "jo");
    assert_eq!(made["meta"]["location"], *location);
    let id = made["id"].as_str().unwrap();
    assert_eq!(location, format!("{}/Users/{id}", super::endpoint(&rig.instance)));
    let read = okta.get(&format!("/Users/{id}")).await.is(200);
    assert_eq!(read.header("content-type"), "application/scim+json");
    assert_eq!(read.json(), made);
    assert_eq!(made[ENTERPRISE], json!({ "department": "Ops", "costCenter": "42" }));
    let user = rig.user("jo");
    assert_eq!((user.email.as_str(), user.profile.cost_center.as_deref()), ("Jo@elsewhere.test", Some("42")));

    // Whole, and without what is not said again; who is not said to be active stays as they are.
    okta.patch(&format!("/Users/{id}"), json!([{ "op": "replace", "path": "active", "value": "False" }]))
        .await
        .is(200);
    let mut whole = person("jo");
    whole["title"] = json!("Lead");
    whole["password"] = json!("never kept");
    whole.as_object_mut().unwrap().remove("active");
    whole.as_object_mut().unwrap().remove(ENTERPRISE);
    let put = okta.send("PUT", &format!("/Users/{id}"), Some(whole)).await.is(200).json();
    assert_eq!(
        (&put["active"], &put["title"], &put[ENTERPRISE]),
        (&json!(false), &json!("Lead"), &Value::Null)
    );
    assert!(put.get("password").is_none());

    for (body, status, kind) in [
        (json!({ "userName": "x2" }), 400, "invalidValue"),
        (json!([]), 400, "invalidSyntax"),
        (
            json!({ "userName": "a b", "displayName": "x", "name": { "givenName": "x", "familyName": "x" } }),
            400,
            "invalidValue",
        ),
        (person("jo"), 409, "uniqueness"),
    ] {
        let refused = okta.send("POST", "/Users", Some(body)).await.is(status).json();
        assert_eq!(refused["scimType"], kind, "{refused}");
        assert_eq!(refused["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error");
        assert_eq!(refused["status"], status.to_string());
    }
    // Another's external id is taken too.
    let mut same = person("kit");
    same["externalId"] = json!("ext-jo");
    assert_eq!(okta.send("POST", "/Users", Some(same)).await.is(409).json()["scimType"], "uniqueness");
    assert!(rig.instance.store.user_by_login("kit").unwrap().is_none(), "and nothing was done");

    okta.send("DELETE", &format!("/Users/{id}"), None).await.is(204);
    okta.send("DELETE", &format!("/Users/{id}"), None).await.is(404);
    okta.get(&format!("/Users/{id}")).await.is(404);
    okta.make("jo").await;
    let trail = rig.instance.store.audit_trail();
    let (_, event) = trail.iter().find(|(name, _)| name == "CreateUser").unwrap();
    assert_eq!(event["eventSource"], "identitystore-scim.amazonaws.com");
    assert_eq!(event["userIdentity"]["type"], "WebIdentityUser");
    assert_eq!(event["userIdentity"]["accessKeyId"], *okta.token.id);
    assert!(!event.to_string().contains("elsewhere.test"), "what people are called is not written down");
    assert!(trail.iter().any(|(_, event)| event["errorCode"] == "ConflictException"));
}

#[tokio::test]
async fn another_display_name_changes_no_name_that_is_said_with_it() {
    let rig = Rig::new();
    let okta = provider(&rig);
    // Nobody said what sam's names are, which are those of the display name then.
    let path = format!("/Users/{}", rig.user("sam").id);
    let name = okta.get(&path).await.is(200).json()["name"].clone();
    let other = json!([{ "op": "replace", "path": "displayName", "value": "S." }]);
    let patched = okta.patch(&path, other).await.is(200).json();
    assert_eq!((&patched["displayName"], &patched["name"]), (&json!("S."), &name));
    assert_eq!(okta.get(&path).await.is(200).json()["name"], name);
}

#[tokio::test]
async fn whoever_is_deactivated_or_deleted_is_out_at_once() {
    let rig = Rig::new();
    let okta = provider(&rig);
    for (user, deletes) in [("sam", false), ("kim", true)] {
        let id = rig.user(user).id;
        let (browser, (_, token, _)) = (rig.browser_of(user).await, rig.tokens(user).await);
        let accounts = rig.portal_get("/assignment/accounts?max_result=10", &token).await.is(200).json();
        let account = accounts["accountList"][0]["accountId"].as_str().unwrap();
        let roles =
            rig.portal_get(&format!("/assignment/roles?account_id={account}"), &token).await.is(200).json();
        let role = roles["roleList"][0]["roleName"].as_str().unwrap();
        let path = format!("/federation/credentials?account_id={account}&role_name={role}");
        let issued = rig.portal_get(&path, &token).await.is(200).json();
        let key = issued["roleCredentials"]["accessKeyId"].as_str().unwrap().to_owned();
        assert!(rig.instance.store.role_credentials(&key).unwrap().unwrap().ends > rig.instance.now());
        browser.get("/start").await.is(200);
        let renewed = application_token(&rig, &id, user);
        assert!(rig.instance.store.application_refresh_token(renewed).unwrap().is_some());
        let path = format!("/Users/{id}");
        if deletes {
            okta.send("DELETE", &path, None).await.is(204);
        } else {
            okta.patch(&path, json!([{ "op": "replace", "value": { "active": false } }])).await.is(200);
        }
        browser.get("/start").await.is(303);
        rig.portal_get("/assignment/accounts?max_result=10", &token).await.is(401);
        let ends = rig.instance.store.role_credentials(&key).unwrap().unwrap().ends;
        assert!(ends <= rig.instance.now(), "role credentials end too");
        if !deletes {
            okta.patch(&path, json!([{ "op": "replace", "value": { "active": true } }])).await.is(200);
        }
        let left = rig.instance.store.application_refresh_token(renewed).unwrap();
        assert!(left.is_none(), "an application's token of {user} outlives that");
    }
}

#[tokio::test]
async fn groups_are_made_filled_renamed_and_deleted() {
    let rig = Rig::new();
    let okta = provider(&rig);
    let (jo, kit) = (okta.make("jo").await, okta.make("kit").await);
    let group =
        json!({ "displayName": "Ops", "externalId": "g1", "members": [{ "value": jo, "display": "Jo" }] });
    let made = okta.send("POST", "/Groups", Some(group.clone())).await.is(201).json();
    let path = format!("/Groups/{}", made["id"].as_str().unwrap());
    assert_eq!(made["members"], Value::Null, "who is in it is asked for with a filter");
    assert_eq!(okta.send("POST", "/Groups", Some(group)).await.is(409).json()["scimType"], "uniqueness");
    let is_in = async |who: &str| {
        let id = made["id"].as_str().unwrap();
        let filter = format!("/Groups?filter=id%20eq%20%22{id}%22%20and%20members%20eq%20%22{who}%22");
        okta.get(&filter).await.is(200).json()["totalResults"] == 1
    };
    assert!(is_in(&jo).await && !is_in(&kit).await);
    let operations = json!([
        { "op": "Add", "path": "members", "value": [{ "value": kit }, { "value": jo }] },
        { "op": "remove", "path": format!("members[value eq \"{jo}\"]") },
        { "op": "replace", "value": { "id": "anything", "displayName": "Operations" } },
    ]);
    okta.patch(&path, operations).await.is(204);
    assert!(!is_in(&jo).await && is_in(&kit).await);
    assert_eq!(okta.get(&path).await.is(200).json()["displayName"], "Operations");
    assert_eq!(rig.user("kit").groups, ["Operations"]);
    // Entra's way to take somebody out.
    let remove = json!([{ "op": "Remove", "path": "members", "value": [{ "value": kit }] }]);
    okta.patch(&path, remove).await.is(204);
    assert!(!is_in(&kit).await);
    let many: Vec<Value> = (0..101).map(|_| json!({ "value": jo })).collect();
    for (operations, status, kind) in [
        (json!([{ "op": "replace", "path": "members", "value": [{ "value": jo }] }]), 400, "mutability"),
        (json!([{ "op": "remove", "path": "members" }]), 400, "mutability"),
        (json!([{ "op": "remove", "path": "displayName" }]), 400, "mutability"),
        (json!([{ "op": "add", "path": "owners", "value": "x" }]), 400, "invalidPath"),
        (json!([{ "op": "add", "path": "members", "value": many }]), 400, "tooMany"),
        (json!([{ "op": "add", "path": "members", "value": [7] }]), 400, "invalidValue"),
    ] {
        let refused = okta.patch(&path, operations.clone()).await.is(status).json();
        assert_eq!(refused["scimType"], kind, "{operations}");
    }
    // All or nothing.
    let nobody = json!([
        { "op": "add", "path": "members", "value": [{ "value": jo }] },
        { "op": "add", "path": "members", "value": [{ "value": "00000000-0000-4000-8000-000000000000" }] },
    ]);
    okta.patch(&path, nobody).await.is(404);
    assert!(!is_in(&jo).await);
    okta.send("PUT", &path, Some(json!({ "displayName": "x" }))).await.is(501);
    okta.send("DELETE", &path, None).await.is(204);
    okta.get(&path).await.is(404);
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let rig = Rig::new();
    let okta = provider(&rig);
    let jo = okta.make("jo").await;
    let filtered = async |place: &str, filter: &str| {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("filter", filter).finish();
        okta.get(&format!("/{place}?{query}")).await
    };
    for filter in [
        "userName eq \"JO\"".to_owned(),
        "externalId eq \"ext-jo\"".to_owned(),
        format!("id eq \"{jo}\""),
        format!("id eq \"{jo}\" and userName eq \"jo\""),
    ] {
        let found = filtered("Users", &filter).await.is(200).json();
        assert_eq!(
            (&found["totalResults"], &found["Resources"][0]["id"]),
            (&json!(1), &json!(jo)),
            "{filter}"
        );
    }
    for filter in
        ["userName eq \"nobody\"", "externalId eq \"ext-JO\"", "userName eq \"jo\" and externalId eq \"x\""]
    {
        let none = filtered("Users", filter).await.is(200).json();
        assert_eq!((&none["totalResults"], &none["Resources"]), (&json!(0), &json!([])), "{filter}");
    }
    for filter in ["title eq \"x\"", "userName co \"j\"", "manager eq \"x\"", "userName eq 7"] {
        assert_eq!(filtered("Users", filter).await.is(400).json()["scimType"], "invalidFilter", "{filter}");
    }
    let sams = rig.instance.store.groups_of(&rig.user("sam").id).unwrap();
    let found = filtered("Groups", &format!("members eq \"{}\"", rig.user("sam").id)).await.is(200).json();
    assert_eq!(found["Resources"].as_array().unwrap().len(), sams.len());
    let (name, id) = &sams[0];
    let found = filtered("Groups", &format!("displayName eq \"{name}\"")).await.is(200).json();
    assert_eq!(found["Resources"][0]["id"], **id);
    let members = filtered("Users", &format!("groups.value eq \"{id}\"")).await.is(200).json();
    assert!(members["Resources"].as_array().unwrap().iter().any(|user| user["userName"] == "sam"));

    for n in 0..60 {
        // No more in a second than are taken.
        if n % 20 == 0 {
            rig.pass(1);
        }
        okta.make(&format!("many{n:02}")).await;
    }
    let total = rig.instance.store.counts().unwrap().users;
    let page = okta.get("/Users").await.is(200).json();
    assert_eq!((&page["totalResults"], &page["itemsPerPage"]), (&json!(total), &json!(50)));
    assert_eq!(okta.get("/Users?count=1000").await.is(200).json()["itemsPerPage"], 50);
    let (mut seen, mut start) = (Vec::new(), 1);
    while i64::try_from(seen.len()).unwrap() < total {
        let page = okta.get(&format!("/Users?startIndex={start}&count=20")).await.is(200).json();
        assert_eq!(page["startIndex"], start);
        let names = page["Resources"].as_array().unwrap();
        seen.extend(names.iter().map(|user| user["userName"].as_str().unwrap().to_owned()));
        start += names.len();
    }
    let (mut by_cursor, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = okta.get(&format!("/Users?count=7&cursor={cursor}")).await.is(200).json();
        let names = page["Resources"].as_array().unwrap();
        by_cursor.extend(names.iter().map(|user| user["userName"].as_str().unwrap().to_owned()));
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = next.to_owned();
    }
    assert_eq!(by_cursor, seen);
    assert!(okta.get("/Users?cursor").await.is(200).json()["itemsPerPage"].as_u64().unwrap() > 50);
    okta.get("/Users?cursor=%21").await.is(400);
    okta.get("/Users?count=x").await.is(400);
}

#[tokio::test]
async fn what_is_not_there_is_refused_in_the_same_words() {
    let rig = Rig::new();
    let okta = provider(&rig);
    for (method, path, status) in [
        ("GET", "/Nothing", 404),
        ("GET", "/Users/00000000-0000-4000-8000-000000000000", 404),
        ("GET", "/Users/x/y", 404),
        ("POST", "/ServiceProviderConfig", 405),
        ("DELETE", "/Users", 405),
        ("GET", "/Me", 501),
    ] {
        let refused = okta.send(method, path, None).await.is(status);
        assert_eq!(refused.json()["status"], status.to_string(), "{method} {path}");
    }
    let tenant = rig.instance.addresses.directory_id().to_owned();
    let refused = okta.send_to(&tenant, "POST", "/Users", Some("{".to_owned())).await.is(400);
    assert_eq!(refused.json()["scimType"], "invalidSyntax");
    okta.send_to(&tenant, "POST", "/Users", Some("x".repeat(super::BODY_LIMIT + 1))).await.is(413);
    assert_eq!(okta.get("/Users/").await.is(200).json()["startIndex"], 1);
}

/// The plans of all that a provider asks often: by an index, however many people there are.
#[tokio::test]
async fn what_is_looked_up_is_found_by_an_index() {
    let rig = Rig::new();
    let (store, sam) = (&rig.instance.store, rig.user("sam").id);
    let plans = store.plans(|| {
        store.provisioned_user(&sam).unwrap();
        store.provisioned_user_by("userName", "sam").unwrap();
        store.provisioned_user_by("externalId", "x").unwrap();
        store.provisioned_group("x").unwrap();
        store.provisioned_group_by("displayName", "x").unwrap();
        store.provisioned_group_by("externalId", "x").unwrap();
        store
            .provisioned_users(
                super::list::Asked::read(&crate::fields::Fields::parse(b"cursor")).unwrap().wanted().0,
                9,
            )
            .unwrap();
        store.directory_size(false).unwrap();
    });
    let scans: Vec<&String> =
        plans.iter().filter(|step| step.starts_with("SCAN") && !step.contains("USING")).collect();
    assert!(scans.is_empty(), "{scans:?}");
}

#[tokio::test]
async fn provisioning_makes_nobody_an_administrator() {
    let rig = Rig::new();
    let okta = provider(&rig);
    let ada = rig.user("ada");
    assert!(rig.instance.store.appoint_administrator(&ada.id, rig.instance.now(), &rig.entry()).unwrap());
    let path = format!("/Users/{}", ada.id);
    let replace = |path: &str, value: &str| json!([{ "op": "replace", "path": path, "value": value }]);
    // Another name is another person's at the identity provider, and another address gets another's link.
    for (of, value) in [("userName", "mallory"), ("emails[primary eq true].value", "mallory@elsewhere.test")]
    {
        let refused = okta.patch(&path, replace(of, value)).await.is(400).json();
        assert_eq!(refused["scimType"], "mutability", "{refused}");
    }
    let whole = json!({
        "userName": "ada", "displayName": "Ada Sample", "name": { "givenName": "Ada", "familyName": "Sample" },
        "emails": [{ "value": "mallory@elsewhere.test", "primary": true }],
    });
    okta.send("PUT", &path, Some(whole)).await.is(400);
    let after = rig.user("ada");
    assert_eq!(
        (&after.id, &after.email, after.updated),
        (&ada.id, &ada.email, ada.updated),
        "nothing changed"
    );
    // What the provider calls them is theirs once it is there: an application's trusted issuer may go by it.
    okta.patch(&path, replace("externalId", "ext-ada")).await.is(200);
    let refused = okta.patch(&path, replace("externalId", "ext-mallory")).await.is(400).json();
    assert_eq!(refused["scimType"], "mutability", "{refused}");
    // Whoever leaves it out does not take it away, to give another one then.
    okta.patch(&path, json!([{ "op": "remove", "path": "externalId" }])).await.is(200);
    let whole = json!({
        "userName": "ada", "displayName": "Ada Sample", "name": { "givenName": "Ada", "familyName": "Sample" },
        "emails": [{ "value": ada.email, "primary": true }],
    });
    okta.send("PUT", &path, Some(whole)).await.is(200);
    assert_eq!(okta.get(&path).await.is(200).json()["externalId"], "ext-ada");
    okta.patch(&path, replace("externalId", "ext-mallory")).await.is(400);
    // All else is provisioning's, also to put an administrator out.
    okta.patch(&path, replace("title", "Chief")).await.is(200);
    okta.patch(&path, json!([{ "op": "replace", "path": "active", "value": false }])).await.is(200);
    // And who is none has the name that the identity provider says.
    let jo = okta.make("jo").await;
    okta.patch(&format!("/Users/{jo}"), replace("userName", "joanna")).await.is(200);
    okta.patch(&format!("/Users/{jo}"), replace("externalId", "ext-joanna")).await.is(200);
}

#[tokio::test]
async fn more_than_so_many_requests_a_second_wait() {
    let rates = json!({ "scim_reads_per_second": 3, "scim_writes_per_second": 2 });
    let rates = serde_json::from_value(rates).unwrap();
    let rig = Rig::with(|instance| {
        instance.limits = crate::limits::Limits::new(rates, false).together(&instance.store);
    });
    let provider = provider(&rig);
    for _ in 0..3 {
        provider.get("/Users?count=1").await.is(200);
    }
    let events = rig.instance.store.audit_trail().len();
    let refused = provider.get("/Users?count=1").await.is(429);
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.json()["status"], "429");
    assert_eq!(rig.instance.store.audit_trail().len(), events);
    // Other operations are counted by themselves, those that write with fewer.
    provider.get("/Groups?count=1").await.is(200);
    provider.make("jo").await;
    provider.make("joe").await;
    provider.send("POST", "/Users", Some(person("joel"))).await.is(429);
    // A stranger takes nothing from the provider, and is told nothing else than before.
    let stranger = Provider { rig: &rig, secret: "x".to_owned(), token: provider.token.clone() };
    stranger.get("/Users").await.is(401);
    rig.pass(1);
    for _ in 0..3 {
        provider.get("/Users?count=1").await.is(200);
    }
    provider.get("/Users?count=1").await.is(429);
}
