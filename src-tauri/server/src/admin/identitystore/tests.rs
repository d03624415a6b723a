//! Users, groups and memberships by signed requests. boto3 asks the same in the wire tests.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::{Value, json};

use crate::{
    admin::tests::{Signer, administrator, call_with},
    rig::{Reply, Rig},
};

struct Store {
    rig: Rig,
    admin: Signer,
}

impl Store {
    fn new() -> Self {
        let rig = Rig::new();
        let admin = administrator(&rig);
        Self { rig, admin }
    }

    async fn reply(&self, operation: &str, mut body: Value) -> Reply {
        body["IdentityStoreId"] = json!(self.rig.instance.addresses.directory_id());
        let target = format!("AWSIdentityStore.{operation}");
        let door = (target.as_str(), "identitystore");
        call_with(&self.rig, &self.admin, door, &body.to_string(), 0, |_, _| {}).await
    }

    async fn ok(&self, operation: &str, body: Value) -> Value {
        self.reply(operation, body).await.is(200).json()
    }

    async fn refused(&self, operation: &str, body: Value, kind: &str) -> Value {
        let reply = self.reply(operation, body).await.is(400);
        assert_eq!(reply.error(), kind, "{}", reply.body);
        reply.json()
    }

    async fn create(&self, name: &str) -> Value {
        self.ok("CreateUser", json!({ "UserName": name, "DisplayName": name })).await["UserId"].clone()
    }
}

#[tokio::test]
async fn a_user_keeps_every_attribute() {
    let store = Store::new();
    let given = json!({
        "UserName": "Quill", "DisplayName": "Quill Roe",
        "Name": { "GivenName": "Quill", "FamilyName": "Roe", "Formatted": "Dr. Quill Roe", "HonorificPrefix": "Dr." },
        "NickName": "Rob", "Title": "Surgeon", "Locale": "en-GB", "Website": "https://roe.test",
        "Emails": [{ "Value": "quill@roe.test", "Type": "home", "Primary": true }],
        "PhoneNumbers": [{ "Value": "+44 1", "Type": "work" }],
        "Addresses": [{ "Locality": "Leeds", "Country": "GB", "Primary": true }],
        "Photos": [{ "Value": "https://roe.test/p.png" }],
        "Extensions": { "aws:identitystore:enterprise": { "costCenter": "4711", "manager": { "value": "kim" } } },
    });
    let id = store.ok("CreateUser", given.clone()).await["UserId"].clone();
    let extensions = json!(["aws:identitystore:enterprise"]);
    let seen = store.ok("DescribeUser", json!({ "UserId": id, "Extensions": extensions })).await;
    for (member, value) in given.as_object().unwrap() {
        let value = if member == "UserName" { json!("quill") } else { value.clone() };
        assert_eq!(seen[member], value, "{member}");
    }
    assert_eq!((&seen["Revision"], &seen["UserStatus"]), (&json!("1"), &json!("ENABLED")));
    assert!(store.ok("DescribeUser", json!({ "UserId": id })).await.get("Extensions").is_none());
    let user = store.rig.user("quill");
    assert_eq!(user.profile.cost_center.as_deref(), Some("4711"));

    let operation = |path: &str, value: Value| json!({ "AttributePath": path, "AttributeValue": value });
    let operations = json!([
        operation("displayName", json!("Quill R.")),
        operation("name.givenName", json!("Rob")),
        operation("emails", json!([{ "value": "rob@roe.test", "primary": true }])),
        operation("aws:identitystore:enterprise.department", json!("Theatre")),
        { "AttributePath": "nickName" },
        { "AttributePath": "addresses" },
    ]);
    let updated = store.ok("UpdateUser", json!({ "UserId": id, "Operations": operations })).await;
    let seen = store.ok("DescribeUser", json!({ "UserId": id, "Extensions": extensions })).await;
    assert_eq!(seen["Revision"], updated["Revision"]);
    assert_eq!((&seen["DisplayName"], &seen["Name"]["GivenName"]), (&json!("Quill R."), &json!("Rob")));
    assert_eq!(seen["Name"]["FamilyName"], "Roe", "the rest of the name stays");
    assert_eq!(seen["Emails"], json!([{ "Value": "rob@roe.test", "Primary": true }]));
    assert_eq!(seen["Extensions"]["aws:identitystore:enterprise"]["department"], "Theatre");
    assert!(seen.get("NickName").is_none() && seen.get("Addresses").is_none(), "{seen}");

    // Half a change is none, and an old revision is refused.
    let operations = json!([operation("title", json!("x")), operation("colour", json!("y"))]);
    store
        .refused("UpdateUser", json!({ "UserId": id, "Operations": operations }), "ValidationException")
        .await;
    let late = json!({ "UserId": id, "Operations": [operation("title", json!("x"))], "Revision": "1" });
    let error = store.refused("UpdateUser", late, "ConflictException").await;
    assert_eq!(error["Reason"], "CONCURRENT_MODIFICATION");
    assert_eq!(store.ok("DescribeUser", json!({ "UserId": id })).await["Title"], "Surgeon");
    let taken = json!({ "UserId": id, "Operations": [operation("userName", json!("Kim"))] });
    let error = store.refused("UpdateUser", taken, "ConflictException").await;
    assert_eq!(error["Reason"], "UNIQUENESS_CONSTRAINT_VIOLATION");

    // What people are called is not in the trail.
    let trail = store.rig.instance.store.audit_trail();
    let (_, event) = trail.iter().find(|(name, _)| name == "CreateUser").unwrap();
    assert!(!event.to_string().contains("Roe") && !event.to_string().contains("roe.test"), "{event}");
    assert_eq!(event["requestParameters"]["UserName"], "HIDDEN_DUE_TO_SECURITY_REASONS");
    assert_eq!(
        event["resources"][0]["ARN"],
        format!("arn:aws:identitystore:::user/{}", id.as_str().unwrap())
    );

    store.ok("DeleteUser", json!({ "UserId": id })).await;
    let error = store.refused("DescribeUser", json!({ "UserId": id }), "ResourceNotFoundException").await;
    assert_eq!((&error["ResourceType"], &error["ResourceId"]), (&json!("USER"), &id));
}

#[tokio::test]
async fn bad_users_are_refused() {
    let store = Store::new();
    let base = json!({ "UserName": "quill", "DisplayName": "Quill" });
    for (member, value) in [
        ("UserName", Value::Null),
        ("DisplayName", Value::Null),
        ("UserName", json!("r")),
        ("UserName", json!("ro bin")),
        ("UserName", json!("Administrator")),
        ("Emails", json!([{ "Value": "x" }])),
        ("Emails", json!([{ "Value": "a@b" }, { "Value": "c@d" }])),
        ("Title", json!("x".repeat(1025))),
        ("Title", json!("a\u{7}")),
        ("Extensions", json!({ "aws:identitystore:other": {} })),
    ] {
        let mut body = base.clone();
        body[member] = value;
        store.refused("CreateUser", body, "ValidationException").await;
    }
    let email = store.rig.user("sam").email;
    for body in [
        json!({ "UserName": "SAM", "DisplayName": "x" }),
        json!({ "UserName": "quill", "DisplayName": "x", "Emails": [{ "Value": email }] }),
    ] {
        let error = store.refused("CreateUser", body, "ConflictException").await;
        assert_eq!(error["Reason"], "UNIQUENESS_CONSTRAINT_VIOLATION");
    }
    for (operation, kind) in [("DescribeUser", "ValidationException"), ("DeleteUser", "ValidationException")]
    {
        store.refused(operation, json!({ "UserId": "quill" }), kind).await;
    }
    store.rig.instance.store.refuse_audit(true);
    assert_eq!(store.reply("CreateUser", base).await.status.as_u16(), 500, "nothing is done unrecorded");
    store.rig.instance.store.refuse_audit(false);
    assert!(store.rig.instance.store.user_by_login("quill").unwrap().is_none());
}

#[tokio::test]
async fn lists_come_by_pages_that_are_bound_to_their_question() {
    let store = Store::new();
    for name in ["zz1", "zz2", "zz3"] {
        store.create(name).await;
    }
    let whole = store.ok("ListUsers", json!({})).await;
    assert!(whole.get("NextToken").is_none());
    let (mut asked, mut seen) = (json!({ "MaxResults": 2 }), Vec::new());
    loop {
        let page = store.ok("ListUsers", asked.clone()).await;
        let users = page["Users"].as_array().unwrap().clone();
        assert!(users.len() <= 2);
        seen.extend(users);
        let Some(token) = page.get("NextToken") else { break };
        asked["NextToken"] = token.clone();
    }
    assert_eq!(json!(seen), whole["Users"]);
    store.refused("ListGroups", asked.clone(), "ValidationException").await;
    asked["Extensions"] = json!(["aws:identitystore:enterprise"]);
    store.refused("ListUsers", asked, "ValidationException").await;
    for limit in [json!(0), json!(101)] {
        store.refused("ListUsers", json!({ "MaxResults": limit }), "ValidationException").await;
    }
    let filter =
        |path: &str, value: &str| json!({ "Filters": [{ "AttributePath": path, "AttributeValue": value }] });
    let found = store.ok("ListUsers", filter("UserName", "ZZ2")).await;
    assert_eq!(found["Users"].as_array().unwrap().len(), 1);
    assert_eq!(store.ok("ListUsers", filter("ExternalId", "x")).await["Users"], json!([]));
    store.refused("ListUsers", filter("Title", "x"), "ValidationException").await;
}

#[tokio::test]
async fn people_are_found_by_what_is_theirs_alone() {
    let store = Store::new();
    let sam = store.rig.user("sam");
    let by = |path: &str, value: &str| json!({ "AlternateIdentifier": { "UniqueAttribute": { "AttributePath": path, "AttributeValue": value } } });
    for (path, value) in [("userName", "Sam"), ("emails.value", sam.email.as_str())] {
        assert_eq!(store.ok("GetUserId", by(path, value)).await["UserId"], sam.id);
    }
    store.refused("GetUserId", by("userName", &sam.email), "ResourceNotFoundException").await;
    store.refused("GetUserId", by("title", "x"), "ValidationException").await;
    let external = json!({ "AlternateIdentifier": { "ExternalId": { "Issuer": "x", "Id": "y" } } });
    store.refused("GetUserId", external, "ResourceNotFoundException").await;
}

#[tokio::test]
async fn groups_and_memberships() {
    let store = Store::new();
    let user = store.create("quill").await;
    let member = json!({ "UserId": user });
    let made = store.ok("CreateGroup", json!({ "DisplayName": "Theatre", "Description": "Knives" })).await;
    let group = made["GroupId"].clone();
    let twice = json!({ "DisplayName": "Theatre" });
    store.refused("CreateGroup", twice, "ConflictException").await;
    let both = json!({ "GroupId": group, "MemberId": member });
    store.refused("GetGroupMembershipId", both.clone(), "ResourceNotFoundException").await;
    let id = store.ok("CreateGroupMembership", both.clone()).await["MembershipId"].clone();
    store.refused("CreateGroupMembership", both.clone(), "ConflictException").await;
    assert_eq!(store.ok("GetGroupMembershipId", both.clone()).await["MembershipId"], id);
    let told = store.ok("DescribeGroupMembership", json!({ "MembershipId": id })).await;
    assert_eq!((&told["GroupId"], &told["MemberId"]["UserId"]), (&group, &user));
    let members = store.ok("ListGroupMemberships", json!({ "GroupId": group })).await;
    let groups = store.ok("ListGroupMembershipsForMember", json!({ "MemberId": member })).await;
    assert_eq!(members, groups);
    assert_eq!(store.rig.user("quill").groups, ["Theatre"]);
    let asked = json!({ "MemberId": member, "GroupIds": [group] });
    assert_eq!(store.ok("IsMemberInGroups", asked.clone()).await["Results"][0]["MembershipExists"], true);

    let operations = json!([{ "AttributePath": "displayName", "AttributeValue": "Surgery" },
        { "AttributePath": "description" }]);
    let updated = store.ok("UpdateGroup", json!({ "GroupId": group, "Operations": operations })).await;
    assert_eq!(updated["Revision"], "2");
    let told = store.ok("DescribeGroup", json!({ "GroupId": group })).await;
    assert_eq!((&told["DisplayName"], told.get("Description")), (&json!("Surgery"), None));
    let by = json!({ "UniqueAttribute": { "AttributePath": "displayName", "AttributeValue": "Surgery" } });
    assert_eq!(store.ok("GetGroupId", json!({ "AlternateIdentifier": by })).await["GroupId"], group);
    let filter = json!([{ "AttributePath": "DisplayName", "AttributeValue": "Surgery" }]);
    assert_eq!(store.ok("ListGroups", json!({ "Filters": filter })).await["Groups"], json!([told]));

    store.ok("DeleteGroupMembership", json!({ "MembershipId": id })).await;
    store.refused("DeleteGroupMembership", json!({ "MembershipId": id }), "ResourceNotFoundException").await;
    assert_eq!(store.ok("IsMemberInGroups", asked.clone()).await["Results"][0]["MembershipExists"], false);
    let stale = json!({ "GroupId": group, "Revision": "1" });
    store.refused("DeleteGroup", stale, "ConflictException").await;
    store.ok("DeleteGroup", json!({ "GroupId": group })).await;
    let error = store.refused("IsMemberInGroups", asked, "ResourceNotFoundException").await;
    assert_eq!(error["ResourceType"], "GROUP");
}
