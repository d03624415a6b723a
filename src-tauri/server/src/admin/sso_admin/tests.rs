//! Permission sets, assignments and attributes by signed requests. boto3 asks the same in the wire tests.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::{Value, json};

use crate::{
    admin::tests::{Signer, administrator, call_with},
    rig::{Reply, Rig},
};

const ACCOUNT: &str = "111122223333";
const POLICY: &str = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess";

struct Sso {
    rig: Rig,
    admin: Signer,
}

impl Sso {
    fn new() -> Self {
        let rig = Rig::new();
        let admin = administrator(&rig);
        Self { rig, admin }
    }

    fn instance_arn(&self) -> String {
        format!("arn:aws:sso:::instance/{}", self.rig.instance.addresses.instance_id())
    }

    async fn reply(&self, operation: &str, mut body: Value) -> Reply {
        body["InstanceArn"] = json!(self.instance_arn());
        let target = format!("SWBExternalService.{operation}");
        call_with(&self.rig, &self.admin, (&target, "sso"), &body.to_string(), 0, |_, _| {}).await
    }

    async fn ok(&self, operation: &str, body: Value) -> Value {
        self.reply(operation, body).await.is(200).json()
    }

    async fn refused(&self, operation: &str, body: Value, kind: &str) -> String {
        let reply = self.reply(operation, body).await.is(400);
        assert_eq!(reply.error(), kind, "{operation}: {}", reply.body);
        reply.json()["Message"].as_str().unwrap_or_default().to_owned()
    }

    async fn create(&self, name: &str) -> Value {
        let made = self.ok("CreatePermissionSet", json!({ "Name": name })).await;
        made["PermissionSet"]["PermissionSetArn"].clone()
    }

    fn settle(&self) {
        let instance = &self.rig.instance;
        instance.settle_access_requests().unwrap();
    }
}

#[tokio::test]
async fn a_permission_set_and_its_policies() {
    let sso = Sso::new();
    let body = json!({ "Name": "Theatre", "Description": "Knives", "SessionDuration": "PT2H",
        "RelayState": "https://console.aws.amazon.com/s3", "Tags": [{ "Key": "team", "Value": "a" }] });
    let made = sso.ok("CreatePermissionSet", body.clone()).await["PermissionSet"].clone();
    assert_eq!((&made["SessionDuration"], &made["Description"]), (&json!("PT2H"), &json!("Knives")));
    sso.refused("CreatePermissionSet", body, "ConflictException").await;
    let set = json!({ "PermissionSetArn": made["PermissionSetArn"] });
    let with = |member: &str, value: Value| {
        let mut body = set.clone();
        body[member] = value;
        body
    };
    sso.ok("UpdatePermissionSet", with("SessionDuration", json!("PT90M"))).await;
    let told = sso.ok("DescribePermissionSet", set.clone()).await["PermissionSet"].clone();
    assert_eq!((&told["SessionDuration"], &told["Description"]), (&json!("PT1H30M"), &json!("Knives")));
    for wrong in ["PT30M", "PT13H", "1h"] {
        sso.refused("UpdatePermissionSet", with("SessionDuration", json!(wrong)), "ValidationException")
            .await;
    }

    let managed = with("ManagedPolicyArn", json!(POLICY));
    sso.ok("AttachManagedPolicyToPermissionSet", managed.clone()).await;
    sso.refused("AttachManagedPolicyToPermissionSet", managed.clone(), "ConflictException").await;
    let reference = json!({ "Name": "Local", "Path": "/a/" });
    let customer = with("CustomerManagedPolicyReference", reference.clone());
    sso.ok("AttachCustomerManagedPolicyReferenceToPermissionSet", customer.clone()).await;
    let listed = sso.ok("ListManagedPoliciesInPermissionSet", set.clone()).await;
    assert_eq!(listed["AttachedManagedPolicies"], json!([{ "Name": "ViewOnlyAccess", "Arn": POLICY }]));
    let listed = sso.ok("ListCustomerManagedPolicyReferencesInPermissionSet", set.clone()).await;
    assert_eq!(listed["CustomerManagedPolicyReferences"], json!([reference]));
    for n in 0..18 {
        let arn = format!("arn:aws:iam::aws:policy/Policy{n}");
        sso.ok("AttachManagedPolicyToPermissionSet", with("ManagedPolicyArn", json!(arn))).await;
    }
    let more = with("ManagedPolicyArn", json!("arn:aws:iam::aws:policy/More"));
    sso.refused("AttachManagedPolicyToPermissionSet", more, "ServiceQuotaExceededException").await;
    let other = with("ManagedPolicyArn", json!("arn:aws:iam::111122223333:policy/Mine"));
    sso.refused("AttachManagedPolicyToPermissionSet", other, "ValidationException").await;
    let elsewhere = with("ManagedPolicyArn", json!("arn:aws:iam::aws:policy/Billing"));
    sso.refused("AttachManagedPolicyToPermissionSet", elsewhere, "ResourceNotFoundException").await;
    sso.ok("DetachManagedPolicyFromPermissionSet", managed.clone()).await;
    sso.refused("DetachManagedPolicyFromPermissionSet", managed, "ResourceNotFoundException").await;
    sso.ok("DetachCustomerManagedPolicyReferenceFromPermissionSet", customer.clone()).await;
    let again = "DetachCustomerManagedPolicyReferenceFromPermissionSet";
    sso.refused(again, customer, "ResourceNotFoundException").await;

    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    assert_eq!(sso.ok("GetInlinePolicyForPermissionSet", set.clone()).await["InlinePolicy"], "");
    sso.ok("PutInlinePolicyToPermissionSet", with("InlinePolicy", json!(policy))).await;
    let bad = with("InlinePolicy", json!("{\n  \"Version\": }"));
    let words = sso.refused("PutInlinePolicyToPermissionSet", bad, "ValidationException").await;
    assert!(words.contains("line 2 column 14"), "{words}");
    assert_eq!(sso.ok("GetInlinePolicyForPermissionSet", set.clone()).await["InlinePolicy"], policy);
    sso.ok("DeleteInlinePolicyFromPermissionSet", set.clone()).await;
    sso.refused("DeleteInlinePolicyFromPermissionSet", set.clone(), "ResourceNotFoundException").await;

    sso.refused("GetPermissionsBoundaryForPermissionSet", set.clone(), "ResourceNotFoundException").await;
    let boundary = json!({ "ManagedPolicyArn": POLICY });
    sso.ok("PutPermissionsBoundaryToPermissionSet", with("PermissionsBoundary", boundary.clone())).await;
    let told = sso.ok("GetPermissionsBoundaryForPermissionSet", set.clone()).await;
    assert_eq!(told["PermissionsBoundary"], boundary);
    let both = json!({ "ManagedPolicyArn": POLICY, "CustomerManagedPolicyReference": reference });
    let both = with("PermissionsBoundary", both);
    sso.refused("PutPermissionsBoundaryToPermissionSet", both, "ValidationException").await;
    sso.ok("DeletePermissionsBoundaryFromPermissionSet", set.clone()).await;
    sso.refused("DeletePermissionsBoundaryFromPermissionSet", set.clone(), "ResourceNotFoundException").await;

    let resource = json!({ "ResourceArn": made["PermissionSetArn"] });
    let tagged = json!({ "ResourceArn": made["PermissionSetArn"], "Tags": [{ "Key": "tier", "Value": "" }] });
    sso.ok("TagResource", tagged).await;
    let untagged = json!({ "ResourceArn": made["PermissionSetArn"], "TagKeys": ["team", "none"] });
    sso.ok("UntagResource", untagged).await;
    let tags = sso.ok("ListTagsForResource", resource).await["Tags"].clone();
    assert_eq!(tags, json!([{ "Key": "tier", "Value": "" }]));

    sso.ok("DeletePermissionSet", set.clone()).await;
    sso.refused("DescribePermissionSet", set, "ResourceNotFoundException").await;
    let trail = sso.rig.instance.store.audit_trail();
    let (_, event) = trail.iter().find(|(name, _)| name == "UpdatePermissionSet").unwrap();
    let arn = event["resources"][0]["ARN"].as_str().unwrap();
    assert!(arn.ends_with("/Theatre"), "{event}");
    assert_eq!(event["userIdentity"]["userName"], "robot");
}

#[tokio::test]
async fn an_assignment_acts_when_its_request_has_succeeded() {
    let sso = Sso::new();
    let set = sso.create("Theatre").await;
    let kim = sso.rig.user("kim");
    let body = json!({ "PermissionSetArn": set, "TargetId": ACCOUNT, "TargetType": "AWS_ACCOUNT",
        "PrincipalType": "USER", "PrincipalId": kim.id });
    let sets = || {
        let sets = sso.rig.instance.store.permission_sets_of(&kim.id, ACCOUNT).unwrap();
        sets.into_iter().map(|set| set.name).collect::<Vec<_>>()
    };
    let made =
        sso.ok("CreateAccountAssignment", body.clone()).await["AccountAssignmentCreationStatus"].clone();
    assert_eq!((&made["Status"], &made["TargetId"]), (&json!("IN_PROGRESS"), &json!(ACCOUNT)));
    assert!(!sets().contains(&"Theatre".to_owned()), "not before");
    sso.settle();
    assert!(sets().contains(&"Theatre".to_owned()));
    let asked = json!({ "AccountAssignmentCreationRequestId": made["RequestId"] });
    let told = sso.ok("DescribeAccountAssignmentCreationStatus", asked.clone()).await;
    assert_eq!(told["AccountAssignmentCreationStatus"]["Status"], "SUCCEEDED");
    let other = json!({ "AccountAssignmentDeletionRequestId": made["RequestId"] });
    sso.refused("DescribeAccountAssignmentDeletionStatus", other, "ResourceNotFoundException").await;
    let listed =
        sso.ok("ListAccountAssignmentCreationStatus", json!({ "Filter": { "Status": "SUCCEEDED" } })).await;
    assert_eq!(listed["AccountAssignmentsCreationStatus"][0]["RequestId"], made["RequestId"]);
    let failed = json!({ "Filter": { "Status": "FAILED" } });
    let listed = sso.ok("ListAccountAssignmentCreationStatus", failed.clone()).await;
    assert_eq!(listed["AccountAssignmentsCreationStatus"], json!([]));

    let asked = json!({ "AccountId": ACCOUNT, "PermissionSetArn": set });
    let listed = sso.ok("ListAccountAssignments", asked).await["AccountAssignments"].clone();
    let entry = json!({ "AccountId": ACCOUNT, "PermissionSetArn": set, "PrincipalType": "USER", "PrincipalId": kim.id });
    assert_eq!(listed, json!([entry]));
    let of = json!({ "PrincipalType": "USER", "PrincipalId": kim.id });
    let (mut asked, mut seen) = (of.clone(), Vec::new());
    asked["MaxResults"] = json!(1);
    loop {
        let page = sso.ok("ListAccountAssignmentsForPrincipal", asked.clone()).await;
        seen.extend(page["AccountAssignments"].as_array().unwrap().clone());
        let Some(token) = page.get("NextToken") else { break };
        asked["NextToken"] = token.clone();
    }
    assert!(seen.contains(&entry) && seen.iter().any(|known| known["PrincipalType"] == "GROUP"), "{seen:?}");
    let whole = sso.ok("ListAccountAssignmentsForPrincipal", of).await;
    assert_eq!(json!(seen), whole["AccountAssignments"]);

    // An edit is not in force until it is provisioned.
    let account =
        json!({ "AccountId": ACCOUNT, "ProvisioningStatus": "LATEST_PERMISSION_SET_NOT_PROVISIONED" });
    let outdated = async || {
        let listed = sso.ok("ListPermissionSetsProvisionedToAccount", account.clone()).await;
        listed["PermissionSets"].as_array().unwrap().contains(&set)
    };
    assert!(!outdated().await);
    sso.ok("UpdatePermissionSet", json!({ "PermissionSetArn": set, "Description": "x" })).await;
    assert!(outdated().await);
    let body_all = json!({ "PermissionSetArn": set, "TargetType": "ALL_PROVISIONED_ACCOUNTS" });
    let request = sso.ok("ProvisionPermissionSet", body_all).await["PermissionSetProvisioningStatus"].clone();
    sso.settle();
    assert!(!outdated().await);
    let tag = json!({ "ResourceArn": set, "Tags": [{ "Key": "a", "Value": "b" }] });
    sso.ok("TagResource", tag).await;
    assert!(!outdated().await, "tags are not the roles'");
    let asked = json!({ "ProvisionPermissionSetRequestId": request["RequestId"] });
    let told = sso.ok("DescribePermissionSetProvisioningStatus", asked).await;
    assert_eq!(told["PermissionSetProvisioningStatus"]["Status"], "SUCCEEDED");
    let listed = sso.ok("ListPermissionSetProvisioningStatus", json!({})).await;
    assert_eq!(listed["PermissionSetsProvisioningStatus"].as_array().unwrap().len(), 1);
    let asked = json!({ "PermissionSetArn": set, "ProvisioningStatus": "LATEST_PERMISSION_SET_PROVISIONED" });
    let listed = sso.ok("ListAccountsForProvisionedPermissionSet", asked).await;
    assert_eq!(listed["AccountIds"], json!([ACCOUNT]));

    sso.refused("DeletePermissionSet", json!({ "PermissionSetArn": set }), "ConflictException").await;
    let gone =
        sso.ok("DeleteAccountAssignment", body.clone()).await["AccountAssignmentDeletionStatus"].clone();
    sso.settle();
    assert!(!sets().contains(&"Theatre".to_owned()));
    let asked = json!({ "AccountAssignmentDeletionRequestId": gone["RequestId"] });
    let told = sso.ok("DescribeAccountAssignmentDeletionStatus", asked).await;
    assert_eq!(told["AccountAssignmentDeletionStatus"]["Status"], "SUCCEEDED");
    assert_eq!(
        sso.ok("ListAccountAssignmentDeletionStatus", json!({})).await["AccountAssignmentsDeletionStatus"][0]
            ["RequestId"],
        gone["RequestId"]
    );

    // What nobody has cannot be assigned.
    let mut nobody = body;
    nobody["PrincipalId"] = json!("00000000-0000-4000-8000-000000000000");
    sso.ok("CreateAccountAssignment", nobody.clone()).await;
    sso.settle();
    let listed = sso.ok("ListAccountAssignmentCreationStatus", failed).await;
    let id = listed["AccountAssignmentsCreationStatus"][0]["RequestId"].clone();
    let asked = json!({ "AccountAssignmentCreationRequestId": id });
    let told = sso.ok("DescribeAccountAssignmentCreationStatus", asked).await;
    assert!(told["AccountAssignmentCreationStatus"]["FailureReason"].is_string(), "{told}");
    for (member, value) in
        [("TargetId", "12"), ("TargetType", "OU"), ("PrincipalType", "ROLE"), ("PrincipalId", "kim")]
    {
        let mut wrong = nobody.clone();
        wrong[member] = json!(value);
        sso.refused("CreateAccountAssignment", wrong, "ValidationException").await;
    }
}

#[tokio::test]
async fn attributes_for_access_control_go_into_sessions() {
    let sso = Sso::new();
    let operation = |verb: &str| format!("{verb}InstanceAccessControlAttributeConfiguration");
    let wanted = |key: &str, source: &str| {
        json!({ "InstanceAccessControlAttributeConfiguration": { "AccessControlAttributes": [
            { "Key": key, "Value": { "Source": [source] } }] } })
    };
    let (create, describe, update) = (operation("Create"), operation("Describe"), operation("Update"));
    let delete = operation("Delete");
    let begun = sso.rig.instance.store.has_access_control_configuration().unwrap();
    if begun {
        sso.ok(&delete, json!({})).await;
    }
    sso.refused(&describe, json!({}), "ResourceNotFoundException").await;
    sso.refused(&update, wanted("Who", "${path:userName}"), "ResourceNotFoundException").await;
    sso.ok(&create, wanted("Who", "${path:userName}")).await;
    sso.refused(&create, wanted("Who", "${path:userName}"), "ConflictException").await;
    let sam = sso.rig.user("sam");
    assert_eq!(
        sso.rig.instance.session_tags(&sam, None).unwrap().get("Who").map(String::as_str),
        Some("sam")
    );
    sso.ok(&update, wanted("Name", "${path:displayName}")).await;
    let told = sso.ok(&describe, json!({})).await;
    assert_eq!(told["Status"], "ENABLED");
    let attributes = &told["InstanceAccessControlAttributeConfiguration"]["AccessControlAttributes"];
    assert_eq!(*attributes, json!([{ "Key": "Name", "Value": { "Source": ["${path:displayName}"] } }]));
    for (key, source) in [("aws:x", "${path:userName}"), ("Who", "${path:colour}"), ("", "${path:userName}")]
    {
        sso.refused(&update, wanted(key, source), "ValidationException").await;
    }
    let empty = json!({ "InstanceAccessControlAttributeConfiguration": { "AccessControlAttributes": [] } });
    sso.ok(&update, empty).await;
    sso.ok(&describe, json!({})).await;
    sso.ok(&delete, json!({})).await;
    sso.refused(&delete, json!({}), "ResourceNotFoundException").await;
    assert!(sso.rig.instance.session_tags(&sam, None).unwrap().is_empty());
}

#[tokio::test]
async fn the_instance_and_what_is_not_there() {
    let sso = Sso::new();
    let listed = sso.ok("ListInstances", json!({})).await["Instances"].clone();
    assert_eq!(listed[0]["InstanceArn"], sso.instance_arn());
    let told = sso.ok("DescribeInstance", json!({})).await;
    assert_eq!(told["IdentityStoreId"], sso.rig.instance.addresses.directory_id());
    let tag = json!({ "ResourceArn": sso.instance_arn(), "Tags": [{ "Key": "a", "Value": "b" }] });
    sso.ok("TagResource", tag).await;
    let tags = sso.ok("ListTagsForResource", json!({ "ResourceArn": sso.instance_arn() })).await;
    assert_eq!(tags["Tags"], json!([{ "Key": "a", "Value": "b" }]));
    let arn = "arn:aws:sso:::permissionSet/ssoins-0000000000000000/ps-0000000000000000";
    let none = json!({ "PermissionSetArn": arn });
    sso.refused("DescribePermissionSet", none, "ResourceNotFoundException").await;
    sso.refused("DescribePermissionSet", json!({ "PermissionSetArn": "x" }), "ValidationException").await;
    sso.refused("DescribePermissionSet", json!({ "PermissionSetArn": 1 }), "SerializationException").await;
    sso.refused("ListRegions", json!({}), "UnknownOperationException").await;
    let (mut asked, mut seen) = (json!({ "MaxResults": 2 }), Vec::new());
    loop {
        let page = sso.ok("ListPermissionSets", asked.clone()).await;
        seen.extend(page["PermissionSets"].as_array().unwrap().clone());
        let Some(token) = page.get("NextToken") else { break };
        asked["NextToken"] = token.clone();
    }
    assert_eq!(json!(seen), sso.ok("ListPermissionSets", json!({})).await["PermissionSets"]);
    assert_eq!(seen.len(), 6);
}

#[tokio::test]
async fn applications_are_seen_by_whom_they_are_for() {
    let sso = Sso::new();
    let provider = "arn:aws:sso::aws:applicationProvider/custom";
    let sign_in = json!({ "Origin": "APPLICATION", "ApplicationUrl": "https://wiki.acme.test/" });
    let body = json!({ "ApplicationProviderArn": provider, "Name": "Theatre wiki", "Description": "Knives",
        "PortalOptions": { "SignInOptions": sign_in }, "Tags": [{ "Key": "a", "Value": "b" }] });
    let arn = sso.ok("CreateApplication", body.clone()).await["ApplicationArn"].clone();
    sso.refused("CreateApplication", body.clone(), "ConflictException").await;
    for (member, value) in [
        ("ApplicationProviderArn", json!("arn:aws:sso::aws:applicationProvider/custom-saml")),
        ("PortalOptions", json!({ "SignInOptions": { "Origin": "IDENTITY_CENTER" } })),
        ("PortalOptions", json!({ "SignInOptions": { "Origin": "APPLICATION", "ApplicationUrl": "x" } })),
        ("Status", json!("ON")),
        ("Name", Value::Null),
    ] {
        let mut wrong = body.clone();
        wrong[member] = value;
        sso.refused("CreateApplication", wrong, "ValidationException").await;
    }
    let with = |member: &str, value: Value| json!({ "ApplicationArn": arn, member: value });
    let told = sso.ok("DescribeApplication", json!({ "ApplicationArn": arn })).await;
    assert_eq!((&told["PortalOptions"]["SignInOptions"], &told["Status"]), (&sign_in, &json!("ENABLED")));
    let tags = sso.ok("ListTagsForResource", json!({ "ResourceArn": arn })).await;
    assert_eq!(tags["Tags"][0]["Key"], "a");

    let alex = sso.rig.user("alex");
    let store = &sso.rig.instance.store;
    let wiki = sso.rig.application("Theatre wiki");
    let seen = || {
        let listed = store.applications_of(&alex.id).unwrap().iter().any(|known| known.id == wiki.id);
        (listed, store.is_for(&wiki, &alex.id).unwrap())
    };
    assert_eq!(seen(), (false, false));
    sso.ok("PutApplicationAssignmentConfiguration", with("AssignmentRequired", json!(false))).await;
    assert_eq!(seen(), (true, true), "everybody's");
    sso.ok("PutApplicationAssignmentConfiguration", with("AssignmentRequired", json!(true))).await;
    let told = sso.ok("GetApplicationAssignmentConfiguration", json!({ "ApplicationArn": arn })).await;
    assert_eq!((&told["AssignmentRequired"], seen()), (&json!(true), (false, false)));

    let principal = json!({ "ApplicationArn": arn, "PrincipalType": "USER", "PrincipalId": alex.id });
    sso.refused("DescribeApplicationAssignment", principal.clone(), "ResourceNotFoundException").await;
    sso.ok("CreateApplicationAssignment", principal.clone()).await;
    sso.refused("CreateApplicationAssignment", principal.clone(), "ConflictException").await;
    assert_eq!(seen(), (true, true));
    let told = sso.ok("DescribeApplicationAssignment", principal.clone()).await;
    let listed = sso.ok("ListApplicationAssignments", json!({ "ApplicationArn": arn })).await;
    assert_eq!(listed["ApplicationAssignments"], json!([told]));
    let asked =
        json!({ "PrincipalType": "USER", "PrincipalId": alex.id, "Filter": { "ApplicationArn": arn } });
    let listed = sso.ok("ListApplicationAssignmentsForPrincipal", asked).await;
    assert_eq!(listed["ApplicationAssignments"], json!([told]));
    sso.ok("UpdateApplication", with("Status", json!("DISABLED"))).await;
    assert_eq!(seen(), (false, false), "nobody's");
    sso.ok("UpdateApplication", with("Status", json!("ENABLED"))).await;
    assert_eq!(seen(), (true, true));
    sso.ok("DeleteApplicationAssignment", principal.clone()).await;
    sso.refused("DeleteApplicationAssignment", principal.clone(), "ResourceNotFoundException").await;
    let mut nobody = principal;
    nobody["PrincipalId"] = json!("00000000-0000-4000-8000-000000000000");
    sso.refused("CreateApplicationAssignment", nobody, "ResourceNotFoundException").await;
    sso.refused("UpdateApplication", with("Name", json!("Grafana")), "ConflictException").await;

    let only = json!({ "Filter": { "ApplicationProvider": provider } });
    let listed = sso.ok("ListApplications", only).await["Applications"].clone();
    assert!(listed.as_array().unwrap().iter().all(|known| known["ApplicationProviderArn"] == provider));
    let whole = sso.ok("ListApplications", json!({})).await;
    assert_eq!(whole["Applications"].as_array().unwrap().len(), 7, "the sample's six and this");
    let providers = sso.ok("ListApplicationProviders", json!({})).await["ApplicationProviders"].clone();
    assert!(providers.as_array().unwrap().len() > 50);
    let asked = json!({ "ApplicationProviderArn": provider });
    assert_eq!(sso.ok("DescribeApplicationProvider", asked).await["FederationProtocol"], "OAUTH");
    sso.ok("DeleteApplication", json!({ "ApplicationArn": arn })).await;
    sso.refused("DescribeApplication", json!({ "ApplicationArn": arn }), "ResourceNotFoundException").await;
}

#[tokio::test]
async fn the_instance_is_named_unless_its_organisation_file_does() {
    let sso = Sso::new();
    let before = sso.rig.instance.store.audit_trail().len();
    sso.ok("UpdateInstance", json!({ "Name": "Acme-Labs" })).await;
    assert_eq!(sso.ok("DescribeInstance", json!({})).await["Name"], "Acme-Labs");
    assert_eq!(sso.rig.instance.settings().name, "Acme-Labs");
    sso.ok("UpdateInstance", json!({ "PermissionSetsEnabled": true })).await;
    for (body, words) in [
        (json!({ "Name": "two words" }), "'name'"),
        (json!({ "Name": "" }), "'name'"),
        (json!({ "Name": "x".repeat(256) }), "255"),
        (json!({ "EncryptionConfiguration": { "KeyType": "AWS_OWNED_KMS_KEY" } }), "EncryptionConfiguration"),
        (json!({ "NetworkConfiguration": { "VpceAccessRequired": true } }), "NetworkConfiguration"),
        (json!({ "PermissionSetsEnabled": false }), "always enabled"),
    ] {
        let said = sso.refused("UpdateInstance", body, "ValidationException").await;
        assert!(said.contains(words), "{said}");
    }
    // There is one, and it does not take itself away.
    for (operation, body, kind, words) in [
        ("CreateInstance", json!({ "Name": "Second" }), "ConflictException", "has an instance already"),
        ("CreateInstance", json!({ "Name": "two words" }), "ValidationException", "'name'"),
        ("DeleteInstance", json!({}), "ConflictException", "stop the server"),
    ] {
        let said = sso.refused(operation, body, kind).await;
        assert!(said.contains(words), "{said}");
    }
    let sample = crate::organisation::sample("http://localhost:4711").unwrap();
    sso.rig.instance.apply_if_changed(&sample, "one").unwrap();
    let said = sso.refused("UpdateInstance", json!({ "Name": "Other" }), "ConflictException").await;
    assert!(said.contains("organisation file"), "{said}");
    assert_eq!(sso.rig.instance.settings().name, "Acme", "the file's");
    let trail = sso.rig.instance.store.audit_trail();
    let done = trail[before..].iter().filter(|(_, event)| event["errorCode"].is_null());
    let done = done.filter(|(name, _)| name == "UpdateInstance").count();
    assert_eq!(done, 3, "twice by request, once by the file");
}

#[tokio::test]
async fn no_session_goes_on_in_the_background() {
    let sso = Sso::new();
    let prefix = crate::admin::application_arn_prefix(&sso.rig.instance);
    let arn = format!("{prefix}{}", sso.rig.application("Grafana").id);
    let said =
        |status: Value| json!({ "ApplicationArn": arn, "UserBackgroundSessionApplicationStatus": status });
    sso.ok("PutApplicationSessionConfiguration", said(json!("DISABLED"))).await;
    let told = sso.ok("GetApplicationSessionConfiguration", json!({ "ApplicationArn": arn })).await;
    assert_eq!(told["UserBackgroundSessionApplicationStatus"], "DISABLED");
    for (status, words) in [(json!("ENABLED"), "not supported here"), (json!("ON"), "ENABLED")] {
        let said =
            sso.refused("PutApplicationSessionConfiguration", said(status), "ValidationException").await;
        assert!(said.contains(words), "{said}");
    }
}
