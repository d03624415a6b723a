//! `identitystore` and `sso-admin` as boto3 and Debian's aws have them: every operation that the table in the
//! server's documentation says is in, and what is out.

use std::{cell::RefCell, collections::BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use support::{
    Boto, ServedOrganisation, deadline::WHILE, deadline::until, organisation, process::run, programs,
};

use super::administration::create_key;

const REGION: &str = "eu-central-1";
const ACCOUNT: &str = "111122223333";
const TABLE: &str = include_str!("../../src-tauri/server/OPERATIONS.md");
const MODELS: &str = "
import botocore.session
session = botocore.session.get_session()
for service in ('identitystore', 'sso-admin'):
    for operation in session.get_service_model(service).operation_names:
        print(service, operation)
";

/// The rows of the table: API, operation, whether it is in.
fn rows() -> Vec<(&'static str, &'static str, bool)> {
    let row = |line: &'static str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, service, name, "yes" | "no", ..] = cells.as_slice() else { return None };
        Some((*service, name.trim_matches('`'), cells[3] == "yes"))
    };
    TABLE.lines().filter_map(row).collect()
}

/// As boto3 spells it.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// A server, an administrator's boto3, and what was answered.
struct Office {
    served: ServedOrganisation,
    boto: Boto,
    keys: Value,
    answered: RefCell<BTreeSet<String>>,
}

impl Office {
    async fn start() -> Result<Self> {
        let more = organisation::account(ACCOUNT, "payments", "ReadOnly", "engineering");
        let served = ServedOrganisation::start(&more).await?;
        let endpoint = served.start_url().join("/")?;
        let home = served.folder().join("home");
        let boto = Boto::at(&endpoint, &["identitystore", "sso-admin"], REGION, &home).await?;
        let keys = create_key(&served).await?;
        Ok(Self { served, boto, keys, answered: RefCell::default() })
    }

    async fn call(&self, service: &str, operation: &str, params: Value, pages: Option<u32>) -> Result<Value> {
        let answer = self.boto.signed(&self.keys, (service, operation), params, pages).await?;
        self.answered.borrow_mut().insert(format!("{service} {operation}"));
        answer.map_err(|refusal| anyhow::anyhow!("{operation}: {refusal:?}"))
    }

    /// The class and code of the error that boto3 raises.
    async fn refused(&self, service: &str, operation: &str, params: Value, class: &str) -> Result<()> {
        let answer = self.boto.signed(&self.keys, (service, operation), params, None).await?;
        let refusal = answer.err().with_context(|| format!("{operation} was answered"))?;
        let seen = (refusal.class.as_str(), refusal.code.as_deref(), refusal.status);
        ensure!(seen == (class, Some(class), Some(400)), "{operation}: {refusal:?}");
        Ok(())
    }
}

/// One API with what every request of it names.
struct Api<'o> {
    office: &'o Office,
    service: &'static str,
    always: (&'static str, Value),
}

impl Api<'_> {
    fn with(&self, mut params: Value) -> Value {
        params[self.always.0] = self.always.1.clone();
        params
    }

    async fn ok(&self, operation: &str, params: Value) -> Result<Value> {
        self.office.call(self.service, operation, self.with(params), None).await
    }

    async fn all(&self, operation: &str, params: Value) -> Result<Value> {
        self.office.call(self.service, operation, self.with(params), Some(1)).await
    }

    async fn refused(&self, operation: &str, params: Value, class: &str) -> Result<()> {
        self.office.refused(self.service, operation, self.with(params), class).await
    }
}

fn count(answer: &Value, member: &str) -> usize {
    answer[member].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn boto3_is_answered_every_operation_that_the_table_says_is_in() -> Result<()> {
    let office = Office::start().await?;
    let instances = office.call("sso-admin", "list_instances", json!({}), Some(1)).await?;
    let instance = &instances["Instances"][0];
    let id = instance["IdentityStoreId"].clone();
    let people = Api { office: &office, service: "identitystore", always: ("IdentityStoreId", id) };
    let arn = instance["InstanceArn"].clone();
    let sso = Api { office: &office, service: "sso-admin", always: ("InstanceArn", arn.clone()) };
    let user = the_directory(&people).await?;
    office.call("identitystore", "list_identity_stores", json!({}), None).await?;
    let told = sso.ok("describe_instance", json!({})).await?;
    ensure!(told["InstanceArn"] == arn, "{told}");
    // The server's organisation file names it.
    sso.refused("update_instance", json!({ "Name": "Other" }), "ConflictException").await?;
    sso.ok("update_instance", json!({})).await?;
    // An account has one.
    office.refused("sso-admin", "create_instance", json!({ "Name": "Second" }), "ConflictException").await?;
    sso.refused("delete_instance", json!({}), "ConflictException").await?;
    let set = permission_sets(&sso).await?;
    access(&sso, &user, &set).await?;
    sso.ok("delete_permission_set", json!({ "PermissionSetArn": set })).await?;
    attributes(&sso).await?;
    applications(&sso, &user).await?;
    people.ok("delete_user", json!({ "UserId": user })).await?;

    let answered = office.answered.take();
    let refused = ["CreateInstance", "DeleteInstance"];
    for (service, name, _) in rows().into_iter().filter(|(_, name, is_in)| *is_in && !refused.contains(name))
    {
        ensure!(answered.contains(&format!("{service} {}", snake(name))), "{service} {name} was not asked");
    }
    // What is out has AWS's error, and botocore can tell.
    let out =
        office.boto.signed(&office.keys, ("sso-admin", "list_regions"), json!({ "InstanceArn": arn }), None);
    let code = out.await?.err().and_then(|refusal| refusal.code);
    ensure!(code.as_deref() == Some("UnknownOperationException"), "{code:?}");

    let key = |name: &str| office.keys[name].as_str().unwrap_or_default().to_owned();
    let env = [
        ("PATH", "/usr/bin:/bin".to_owned()),
        ("HOME", office.served.folder().display().to_string()),
        ("AWS_PAGER", String::new()),
        ("AWS_ACCESS_KEY_ID", key("accessKeyId")),
        ("AWS_SECRET_ACCESS_KEY", key("secretAccessKey")),
    ];
    let endpoint = office.served.start_url().join("/")?;
    let url = endpoint.as_str().trim_end_matches('/');
    let store = people.always.1.as_str().unwrap_or_default();
    let arn = arn.as_str().unwrap_or_default();
    for (command, member) in [
        (vec!["sso-admin", "list-instances"], "Instances"),
        (vec!["sso-admin", "list-permission-sets", "--instance-arn", arn], "PermissionSets"),
        (vec!["identitystore", "list-users", "--identity-store-id", store], "Users"),
    ] {
        let tail = ["--endpoint-url", url, "--region", REGION, "--output", "json"];
        let arguments = [command, tail.to_vec()].concat();
        let said = run(WHILE, programs::aws()?, &arguments, env.clone(), "").await?;
        ensure!(said.ok, "{}", said.err);
        let answer: Value = serde_json::from_str(&said.out)?;
        ensure!(count(&answer, member) == 1, "{answer}");
    }
    let trail = office.served.command(&["audit", "verify"], &[]).await?;
    ensure!(trail.ok, "{trail:?}");
    // The chain is whole, and each operation that was answered is in it, as the administrator's.
    let listed = office.served.command(&["audit", "ls"], &["--json", "--limit", "0"]).await?;
    ensure!(listed.ok, "{}", listed.err);
    let mut recorded = BTreeSet::new();
    for line in listed.out.lines() {
        let event: Value = serde_json::from_str(line)?;
        let by = &event["userIdentity"]["accessKeyId"];
        if event["errorCode"].is_null() && *by == office.keys["accessKeyId"] {
            recorded.insert(snake(event["eventName"].as_str().unwrap_or_default()));
        }
    }
    let asked = answered.iter().filter_map(|asked| asked.split_once(' ')).map(|(_, operation)| operation);
    let missing: Vec<&str> = asked.filter(|operation| !recorded.contains(*operation)).collect();
    ensure!(missing.is_empty(), "answered and not recorded: {missing:?}");
    Ok(())
}

/// Users, groups, memberships; a user's id.
async fn the_directory(people: &Api<'_>) -> Result<Value> {
    let store = people.ok("describe_identity_store", json!({})).await?;
    ensure!(store["IdentityStoreId"] == people.always.1, "{store}");
    let robin = json!({
        "UserName": "robin", "DisplayName": "Robin Roe", "Name": { "GivenName": "Robin", "FamilyName": "Roe" },
        "Emails": [{ "Value": "robin@acme.test", "Type": "work", "Primary": true }],
        "Extensions": { "aws:identitystore:enterprise": { "costCenter": "4711" } },
    });
    let user = people.ok("create_user", robin.clone()).await?["UserId"].clone();
    people.refused("create_user", robin, "ConflictException").await?;
    people
        .refused("create_user", json!({ "UserName": "x y", "DisplayName": "x" }), "ValidationException")
        .await?;
    let operations = json!([{ "AttributePath": "title", "AttributeValue": "Surgeon" }]);
    people.ok("update_user", json!({ "UserId": user, "Operations": operations })).await?;
    let asked = json!({ "UserId": user, "Extensions": ["aws:identitystore:enterprise"] });
    let told = people.ok("describe_user", asked).await?;
    ensure!(told["Title"] == "Surgeon" && told["CreatedAt"].is_string(), "{told}");
    ensure!(told["Extensions"]["aws:identitystore:enterprise"]["costCenter"] == "4711", "{told}");
    let users = people.all("list_users", json!({})).await?;
    ensure!(count(&users, "Users") == 2, "{users}");
    let unique = json!({ "AttributePath": "emails.value", "AttributeValue": "robin@acme.test" });
    let found =
        people.ok("get_user_id", json!({ "AlternateIdentifier": { "UniqueAttribute": unique } })).await?;
    ensure!(found["UserId"] == user, "{found}");

    let group = people.ok("create_group", json!({ "DisplayName": "Theatre" })).await?["GroupId"].clone();
    let unique = json!({ "AttributePath": "displayName", "AttributeValue": "Theatre" });
    let found =
        people.ok("get_group_id", json!({ "AlternateIdentifier": { "UniqueAttribute": unique } })).await?;
    ensure!(found["GroupId"] == group, "{found}");
    let operations = json!([{ "AttributePath": "description", "AttributeValue": "Knives" }]);
    people.ok("update_group", json!({ "GroupId": group, "Operations": operations })).await?;
    let told = people.ok("describe_group", json!({ "GroupId": group })).await?;
    ensure!(told["Description"] == "Knives", "{told}");
    ensure!(count(&people.all("list_groups", json!({})).await?, "Groups") == 2);
    let both = json!({ "GroupId": group, "MemberId": { "UserId": user } });
    let id = people.ok("create_group_membership", both.clone()).await?["MembershipId"].clone();
    people.refused("create_group_membership", both.clone(), "ConflictException").await?;
    ensure!(people.ok("get_group_membership_id", both).await?["MembershipId"] == id);
    let told = people.ok("describe_group_membership", json!({ "MembershipId": id })).await?;
    ensure!(told["GroupId"] == group, "{told}");
    let listed = people.all("list_group_memberships", json!({ "GroupId": group })).await?;
    ensure!(count(&listed, "GroupMemberships") == 1, "{listed}");
    let member = json!({ "UserId": user });
    let listed = people.all("list_group_memberships_for_member", json!({ "MemberId": member })).await?;
    ensure!(count(&listed, "GroupMemberships") == 1, "{listed}");
    let asked = json!({ "MemberId": member, "GroupIds": [group] });
    ensure!(people.ok("is_member_in_groups", asked).await?["Results"][0]["MembershipExists"] == true);
    people.ok("delete_group_membership", json!({ "MembershipId": id })).await?;
    people.ok("delete_group", json!({ "GroupId": group })).await?;
    people.refused("describe_group", json!({ "GroupId": group }), "ResourceNotFoundException").await?;
    Ok(user)
}

/// Permission sets and their policies; one's ARN.
async fn permission_sets(sso: &Api<'_>) -> Result<Value> {
    let made =
        sso.ok("create_permission_set", json!({ "Name": "Theatre", "SessionDuration": "PT2H" })).await?;
    let set = made["PermissionSet"]["PermissionSetArn"].clone();
    let with = |member: &str, value: Value| json!({ "PermissionSetArn": set, member: value });
    let bare = json!({ "PermissionSetArn": set });
    sso.refused("create_permission_set", json!({ "Name": "Theatre" }), "ConflictException").await?;
    sso.ok("update_permission_set", with("Description", json!("Knives"))).await?;
    let told = sso.ok("describe_permission_set", bare.clone()).await?;
    ensure!(told["PermissionSet"]["Description"] == "Knives", "{told}");
    ensure!(count(&sso.all("list_permission_sets", json!({})).await?, "PermissionSets") == 2);

    let managed = with("ManagedPolicyArn", json!("arn:aws:iam::aws:policy/ReadOnlyAccess"));
    sso.ok("attach_managed_policy_to_permission_set", managed.clone()).await?;
    let listed = sso.all("list_managed_policies_in_permission_set", bare.clone()).await?;
    ensure!(listed["AttachedManagedPolicies"][0]["Name"] == "ReadOnlyAccess", "{listed}");
    sso.ok("detach_managed_policy_from_permission_set", managed).await?;
    let customer = with("CustomerManagedPolicyReference", json!({ "Name": "Local" }));
    sso.ok("attach_customer_managed_policy_reference_to_permission_set", customer.clone()).await?;
    let listed = sso.all("list_customer_managed_policy_references_in_permission_set", bare.clone()).await?;
    ensure!(listed["CustomerManagedPolicyReferences"][0]["Path"] == "/", "{listed}");
    sso.ok("detach_customer_managed_policy_reference_from_permission_set", customer).await?;
    let policy =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    sso.ok("put_inline_policy_to_permission_set", with("InlinePolicy", json!(policy))).await?;
    let told = sso.ok("get_inline_policy_for_permission_set", bare.clone()).await?;
    ensure!(told["InlinePolicy"] == policy, "{told}");
    let wrong = with("InlinePolicy", json!("{ \"Version\": }"));
    sso.refused("put_inline_policy_to_permission_set", wrong, "ValidationException").await?;
    sso.ok("delete_inline_policy_from_permission_set", bare.clone()).await?;
    let boundary = json!({ "ManagedPolicyArn": "arn:aws:iam::aws:policy/PowerUserAccess" });
    sso.ok("put_permissions_boundary_to_permission_set", with("PermissionsBoundary", boundary.clone()))
        .await?;
    let told = sso.ok("get_permissions_boundary_for_permission_set", bare.clone()).await?;
    ensure!(told["PermissionsBoundary"] == boundary, "{told}");
    sso.ok("delete_permissions_boundary_from_permission_set", bare.clone()).await?;
    sso.refused("get_permissions_boundary_for_permission_set", bare, "ResourceNotFoundException").await?;

    let tags = json!([{ "Key": "team", "Value": "a" }, { "Key": "tier", "Value": "b" }]);
    sso.ok("tag_resource", json!({ "ResourceArn": set, "Tags": tags })).await?;
    sso.ok("untag_resource", json!({ "ResourceArn": set, "TagKeys": ["team"] })).await?;
    let listed = sso.ok("list_tags_for_resource", json!({ "ResourceArn": set })).await?;
    ensure!(listed["Tags"] == json!([{ "Key": "tier", "Value": "b" }]), "{listed}");
    Ok(set)
}

/// What a request says of itself once it is settled.
async fn settled(sso: &Api<'_>, operation: &str, member: &str, id: &Value, answer: &str) -> Result<Value> {
    until(WHILE, "the request to be settled", async || {
        let told = sso.ok(operation, json!({ member: id })).await?[answer].clone();
        Ok(Some(told).filter(|told| told["Status"] != "IN_PROGRESS"))
    })
    .await
}

/// Assignments and provisioning.
async fn access(sso: &Api<'_>, user: &Value, set: &Value) -> Result<()> {
    let assignment = json!({
        "PermissionSetArn": set, "TargetId": ACCOUNT, "TargetType": "AWS_ACCOUNT",
        "PrincipalType": "USER", "PrincipalId": user,
    });
    let answer = "AccountAssignmentCreationStatus";
    let made = sso.ok("create_account_assignment", assignment.clone()).await?[answer].clone();
    let asked = ("describe_account_assignment_creation_status", "AccountAssignmentCreationRequestId");
    let told = settled(sso, asked.0, asked.1, &made["RequestId"], answer).await?;
    ensure!(told["Status"] == "SUCCEEDED" && told["PrincipalId"] == *user, "{told}");
    let listed = sso.all("list_account_assignment_creation_status", json!({})).await?;
    ensure!(count(&listed, "AccountAssignmentsCreationStatus") == 1, "{listed}");
    let asked = json!({ "AccountId": ACCOUNT, "PermissionSetArn": set });
    let listed = sso.all("list_account_assignments", asked).await?;
    ensure!(listed["AccountAssignments"][0]["PrincipalId"] == *user, "{listed}");
    let asked = json!({ "PrincipalId": user, "PrincipalType": "USER" });
    let listed = sso.all("list_account_assignments_for_principal", asked).await?;
    ensure!(listed["AccountAssignments"][0]["PermissionSetArn"] == *set, "{listed}");

    sso.ok("update_permission_set", json!({ "PermissionSetArn": set, "SessionDuration": "PT4H" })).await?;
    let outdated =
        json!({ "AccountId": ACCOUNT, "ProvisioningStatus": "LATEST_PERMISSION_SET_NOT_PROVISIONED" });
    let listed = sso.all("list_permission_sets_provisioned_to_account", outdated).await?;
    ensure!(listed["PermissionSets"] == json!([set]), "{listed}");
    let answer = "PermissionSetProvisioningStatus";
    let asked = json!({ "PermissionSetArn": set, "TargetType": "AWS_ACCOUNT", "TargetId": ACCOUNT });
    let made = sso.ok("provision_permission_set", asked).await?[answer].clone();
    let asked = ("describe_permission_set_provisioning_status", "ProvisionPermissionSetRequestId");
    let told = settled(sso, asked.0, asked.1, &made["RequestId"], answer).await?;
    ensure!(told["Status"] == "SUCCEEDED" && told["AccountId"] == ACCOUNT, "{told}");
    let listed = sso.all("list_permission_set_provisioning_status", json!({})).await?;
    ensure!(count(&listed, "PermissionSetsProvisioningStatus") == 1, "{listed}");
    let asked = json!({ "PermissionSetArn": set, "ProvisioningStatus": "LATEST_PERMISSION_SET_PROVISIONED" });
    let listed = sso.all("list_accounts_for_provisioned_permission_set", asked).await?;
    ensure!(listed["AccountIds"] == json!([ACCOUNT]), "{listed}");

    sso.refused("delete_permission_set", json!({ "PermissionSetArn": set }), "ConflictException").await?;
    let answer = "AccountAssignmentDeletionStatus";
    let gone = sso.ok("delete_account_assignment", assignment).await?[answer].clone();
    let asked = ("describe_account_assignment_deletion_status", "AccountAssignmentDeletionRequestId");
    let told = settled(sso, asked.0, asked.1, &gone["RequestId"], answer).await?;
    ensure!(told["Status"] == "SUCCEEDED", "{told}");
    let listed = sso.all("list_account_assignment_deletion_status", json!({})).await?;
    ensure!(count(&listed, "AccountAssignmentsDeletionStatus") == 1, "{listed}");
    Ok(())
}

/// Attributes for access control.
async fn attributes(sso: &Api<'_>) -> Result<()> {
    let operation = |verb: &str| format!("{verb}_instance_access_control_attribute_configuration");
    let wanted = |source: &str| {
        json!({ "InstanceAccessControlAttributeConfiguration": { "AccessControlAttributes": [
            { "Key": "Who", "Value": { "Source": [source] } }] } })
    };
    sso.refused(&operation("describe"), json!({}), "ResourceNotFoundException").await?;
    sso.ok(&operation("create"), wanted("${path:userName}")).await?;
    sso.refused(&operation("create"), wanted("${path:userName}"), "ConflictException").await?;
    sso.ok(&operation("update"), wanted("${path:enterprise.costCenter}")).await?;
    let told = sso.ok(&operation("describe"), json!({})).await?;
    let attributes = &told["InstanceAccessControlAttributeConfiguration"]["AccessControlAttributes"];
    ensure!(attributes[0]["Value"]["Source"][0] == "${path:enterprise.costCenter}", "{told}");
    sso.ok(&operation("delete"), json!({})).await?;
    Ok(())
}

/// Applications and whose they are.
async fn applications(sso: &Api<'_>, user: &Value) -> Result<()> {
    let office = sso.office;
    let providers = office.call("sso-admin", "list_application_providers", json!({}), Some(30)).await?;
    ensure!(count(&providers, "ApplicationProviders") > 50);
    let provider = json!({ "ApplicationProviderArn": "arn:aws:sso::aws:applicationProvider/custom" });
    let told = office.call("sso-admin", "describe_application_provider", provider.clone(), None).await?;
    ensure!(told["FederationProtocol"] == "OAUTH", "{told}");
    let mut wanted = provider;
    wanted["Name"] = json!("Wiki");
    sso.refused("create_application", wanted.clone(), "ValidationException").await?;
    let sign_in = json!({ "Origin": "APPLICATION", "ApplicationUrl": "https://wiki.acme.test/" });
    wanted["PortalOptions"] = json!({ "SignInOptions": sign_in });
    let arn = sso.ok("create_application", wanted).await?["ApplicationArn"].clone();
    let api = Api { office, service: "sso-admin", always: ("ApplicationArn", arn.clone()) };
    api.ok("update_application", json!({ "Description": "Pages" })).await?;
    ensure!(api.ok("describe_application", json!({})).await?["Description"] == "Pages");
    ensure!(sso.all("list_applications", json!({})).await?["Applications"][0]["ApplicationArn"] == arn);
    let who = json!({ "PrincipalType": "USER", "PrincipalId": user });
    api.ok("create_application_assignment", who.clone()).await?;
    let told = api.ok("describe_application_assignment", who.clone()).await?;
    let listed = api.all("list_application_assignments", json!({})).await?;
    ensure!(listed["ApplicationAssignments"] == json!([told]), "{listed}");
    let listed = sso.all("list_application_assignments_for_principal", who.clone()).await?;
    ensure!(listed["ApplicationAssignments"] == json!([told]), "{listed}");
    api.ok("delete_application_assignment", who).await?;
    api.ok("put_application_assignment_configuration", json!({ "AssignmentRequired": false })).await?;
    let told = api.ok("get_application_assignment_configuration", json!({})).await?;
    ensure!(told["AssignmentRequired"] == false, "{told}");
    let off = json!({ "UserBackgroundSessionApplicationStatus": "DISABLED" });
    api.ok("put_application_session_configuration", off.clone()).await?;
    let on = json!({ "UserBackgroundSessionApplicationStatus": "ENABLED" });
    api.refused("put_application_session_configuration", on, "ValidationException").await?;
    let told = api.ok("get_application_session_configuration", json!({})).await?;
    ensure!(told == off, "{told}");
    integrations(sso, &api).await?;
    api.ok("delete_application", json!({})).await?;
    api.refused("describe_application", json!({}), "ResourceNotFoundException").await
}

/// What an application of OAuth 2.0 may do; whether it is so is in `integrated.rs`.
async fn integrations(sso: &Api<'_>, api: &Api<'_>) -> Result<()> {
    let oidc = json!({ "IssuerUrl": "https://idp.acme.test", "ClaimAttributePath": "email",
        "IdentityStoreAttributePath": "emails.value", "JwksRetrievalOption": "OPEN_ID_DISCOVERY" });
    let issuer = json!({ "Name": "Okta", "TrustedTokenIssuerType": "OIDC_JWT",
        "TrustedTokenIssuerConfiguration": { "OidcJwtConfiguration": oidc } });
    let arn = sso.ok("create_trusted_token_issuer", issuer.clone()).await?["TrustedTokenIssuerArn"].clone();
    sso.refused("create_trusted_token_issuer", issuer.clone(), "ConflictException").await?;
    for (member, value) in [
        ("IssuerUrl", "http://idp.acme.test"),
        ("IdentityStoreAttributePath", "displayName"),
        ("ClaimAttributePath", "e-mail"),
    ] {
        let mut wrong = issuer.clone();
        wrong["TrustedTokenIssuerConfiguration"]["OidcJwtConfiguration"][member] = json!(value);
        sso.refused("create_trusted_token_issuer", wrong, "ValidationException").await?;
    }
    let trusted =
        Api { office: sso.office, service: "sso-admin", always: ("TrustedTokenIssuerArn", arn.clone()) };
    trusted.ok("update_trusted_token_issuer", json!({ "Name": "Entra" })).await?;
    let told = trusted.ok("describe_trusted_token_issuer", json!({})).await?;
    ensure!(told["Name"] == "Entra", "{told}");
    ensure!(told["TrustedTokenIssuerConfiguration"]["OidcJwtConfiguration"] == oidc, "{told}");
    let listed = sso.all("list_trusted_token_issuers", json!({})).await?;
    ensure!(listed["TrustedTokenIssuers"][0]["TrustedTokenIssuerArn"] == arn, "{listed}");

    let bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let taken = json!([{ "TrustedTokenIssuerArn": arn, "AuthorizedAudiences": ["reports"] }]);
    let grant = json!({ "JwtBearer": { "AuthorizedTokenIssuers": taken } });
    let put = json!({ "GrantType": bearer, "Grant": grant });
    api.ok("put_application_grant", put.clone()).await?;
    let mut wrong = put.clone();
    wrong["GrantType"] = json!("refresh_token");
    api.refused("put_application_grant", wrong, "ValidationException").await?;
    api.ok("put_application_grant", json!({ "GrantType": "refresh_token", "Grant": { "RefreshToken": {} } }))
        .await?;
    let told = api.ok("get_application_grant", json!({ "GrantType": bearer })).await?;
    ensure!(told["Grant"] == grant, "{told}");
    ensure!(count(&api.ok("list_application_grants", json!({})).await?, "Grants") == 2);
    api.ok("delete_application_grant", json!({ "GrantType": bearer })).await?;
    api.refused("get_application_grant", json!({ "GrantType": bearer }), "ResourceNotFoundException").await?;

    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Principal": { "AWS": "111122223333" }, "Action": "sso-oauth:CreateTokenWithIAM", "Resource": "*" }] });
    let iam = json!({ "AuthenticationMethodType": "IAM" });
    let mut put = iam.clone();
    put["AuthenticationMethod"] = json!({ "Iam": { "ActorPolicy": policy } });
    api.ok("put_application_authentication_method", put.clone()).await?;
    let told = api.ok("get_application_authentication_method", iam.clone()).await?;
    ensure!(told["AuthenticationMethod"] == put["AuthenticationMethod"], "{told}");
    put["AuthenticationMethod"]["Iam"]["ActorPolicy"]["Statement"][0]["Condition"] = json!({});
    api.refused("put_application_authentication_method", put, "ValidationException").await?;
    let listed = api.ok("list_application_authentication_methods", json!({})).await?;
    ensure!(count(&listed, "AuthenticationMethods") == 1, "{listed}");
    api.ok("delete_application_authentication_method", iam.clone()).await?;
    api.refused("delete_application_authentication_method", iam, "ResourceNotFoundException").await?;

    let scope = json!({ "Scope": "lake:read" });
    let instance = sso.always.1.clone();
    api.ok("put_application_access_scope", json!({ "Scope": "lake:read", "AuthorizedTargets": [instance] }))
        .await?;
    api.refused("put_application_access_scope", json!({ "Scope": "a:b:c:d" }), "ValidationException").await?;
    let told = api.ok("get_application_access_scope", scope.clone()).await?;
    ensure!(told["AuthorizedTargets"] == json!([instance]), "{told}");
    let listed = api.all("list_application_access_scopes", json!({})).await?;
    ensure!(listed["Scopes"] == json!([told]), "{listed}");
    api.ok("delete_application_access_scope", scope).await?;
    trusted.ok("delete_trusted_token_issuer", json!({})).await?;
    trusted.refused("describe_trusted_token_issuer", json!({}), "ResourceNotFoundException").await
}

#[tokio::test]
async fn a_template_is_planned_and_applied_while_it_serves() -> Result<()> {
    let office = Office::start().await?;
    let instances = office.call("sso-admin", "list_instances", json!({}), None).await?;
    let arn = instances["Instances"][0]["InstanceArn"].clone();
    let store = json!({ "IdentityStoreId": instances["Instances"][0]["IdentityStoreId"] });
    let user = office.call("identitystore", "list_users", store, None).await?["Users"][0]["UserId"].clone();
    let template = json!({ "Parameters": { "Set": { "Type": "String" } }, "Resources": {
        "Theatre": { "Type": "AWS::SSO::PermissionSet", "Properties": {
            "InstanceArn": arn, "Name": { "Ref": "Set" } } },
        "Sam": { "Type": "AWS::SSO::Assignment", "Properties": {
            "InstanceArn": arn, "TargetId": ACCOUNT, "TargetType": "AWS_ACCOUNT", "PrincipalType": "USER",
            "PrincipalId": user, "PermissionSetArn": { "Fn::GetAtt": ["Theatre", "PermissionSetArn"] } } },
    } });
    let file = office.served.folder().join("template.json");
    std::fs::write(&file, serde_json::to_string_pretty(&template)?)?;
    let file = file.display().to_string();
    let said = office.served.command(&["plan"], &[&file]).await?;
    ensure!(!said.ok && said.err.contains("field `Set`: has no Default"), "{said:?}");
    let given = ["--parameter", "Set=Theatre", &file];
    let say = async |command: &str| office.served.command(&[command], &given).await;
    let planned = say("plan").await?;
    let line = format!("+ assignment Theatre in {ACCOUNT} for user sam");
    ensure!(planned.ok && planned.out.lines().any(|said| said == line), "{planned:?}");
    let applied = say("apply").await?;
    ensure!(applied.ok && applied.out == planned.out, "{applied:?}");
    ensure!(say("plan").await?.out.contains("Nothing to change"));
    let asked = json!({ "InstanceArn": arn, "PrincipalId": user, "PrincipalType": "USER" });
    let listed = office.call("sso-admin", "list_account_assignments_for_principal", asked, None).await?;
    ensure!(count(&listed, "AccountAssignments") == 2, "{listed}");
    std::fs::write(&file, r#"{ "Resources": { "Bucket": { "Type": "AWS::S3::Bucket" } } }"#)?;
    let refused = office.served.command(&["apply"], &[&file]).await?;
    ensure!(!refused.ok && refused.err.contains("field `Bucket`"), "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn the_table_names_every_operation_of_botocores_models() -> Result<()> {
    let env = [("PATH", "/usr/bin:/bin")];
    let said = run(WHILE, programs::python()?, &["-I", "-c", MODELS], env, "").await?;
    ensure!(said.ok, "{}", said.err);
    let modelled: BTreeSet<&str> = said.out.lines().collect();
    let rows: Vec<String> = rows().iter().map(|(service, name, _)| format!("{service} {name}")).collect();
    let written: BTreeSet<&str> = rows.iter().map(String::as_str).collect();
    let missing: Vec<_> = modelled.symmetric_difference(&written).collect();
    ensure!(missing.is_empty() && rows.len() == written.len(), "not in both: {missing:?}");
    Ok(())
}
