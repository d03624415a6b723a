//! Real AWS accounts, with moto's server in AWS's place and a way to it that fails when it is told to: what the server
//! makes there is read by boto3, which knows nothing of the server.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use support::{
    Administrator, Boto, Fault, FaultyWay, Moto, Person, ServedOrganisation,
    deadline::{WHILE, until},
    moto::MANAGEMENT,
    ports,
};
use url::Url;

use super::{DEVICE_CODE, administration::create_key, text};

const REGION: &str = "eu-central-1";
const THUMBPRINT: &str = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280";
pub(super) const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const VIEW_ONLY: &str = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess";
/// Keys that moto takes for the management account's.
const ROOT_KEYS: &str = "[default]\naws_access_key_id = AKIAMANAGEMENT000000\naws_secret_access_key = x\n";

/// An organization at moto, a server that has it, and an administrator of both.
pub struct Cloud {
    pub(super) moto: Moto,
    pub way: FaultyWay,
    pub served: ServedOrganisation,
    /// At moto.
    pub(super) aws: Boto,
    /// At the server.
    pub(super) boto: Boto,
    pub(super) keys: Value,
    pub(super) instance: String,
    pub(super) store: String,
    /// Two accounts of the organization.
    pub accounts: [String; 2],
    pub(super) folder: tempfile::TempDir,
}

impl Cloud {
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-aws-").tempdir()?;
        let moto = Moto::start(folder.path()).await?;
        let way = FaultyWay::to(moto.url()).await?;
        let services = ["organizations", "iam", "sts", "s3"];
        let aws = Boto::at(moto.url(), &services, REGION, &folder.path().join("aws")).await?;
        let root = root();
        let as_root = async |operation: &str, params: Value| -> Result<Value> {
            let answer = aws.signed(&root, ("organizations", operation), params, None).await?;
            answer.map_err(|refusal| anyhow::anyhow!("{operation}: {refusal:?}"))
        };
        as_root("create_organization", json!({ "FeatureSet": "ALL" })).await?;
        let roots = as_root("list_roots", json!({})).await?;
        let top = text(&roots["Roots"][0], "Id")?;
        let unit = json!({ "ParentId": top, "Name": "Workloads" });
        let unit = as_root("create_organizational_unit", unit).await?;
        let unit = text(&unit["OrganizationalUnit"], "Id")?;
        let mut accounts = Vec::new();
        for name in ["payments", "ledger"] {
            let asked = json!({ "AccountName": name, "Email": format!("{name}@acme.test") });
            let made = as_root("create_account", asked).await?;
            accounts.push(text(&made["CreateAccountStatus"], "AccountId")?);
        }
        let moved = json!({
            "AccountId": accounts[0], "SourceParentId": top, "DestinationParentId": unit
        });
        as_root("move_account", moved).await?;
        let config = format!(
            "listen = \"127.0.0.1:{}\"\n[aws]\nregion = \"{REGION}\"\nendpoint_url = \"{}\"\n\
             thumbprints = [\"{THUMBPRINT}\"]\nsync_minutes = 600\ndrift_minutes = 600\n",
            // The same after a restart, as the roles trust it by its address.
            ports::free()?,
            way.url()
        );
        let files = [(".aws/credentials", ROOT_KEYS.to_owned())];
        let served = ServedOrganisation::start_managed_by(MANAGEMENT, &config, &files).await?;
        let services = ["identitystore", "sso-admin", "sso", "sso-oidc"];
        let endpoint = served.start_url().join("/")?;
        let boto = Boto::at(&endpoint, &services, REGION, &folder.path().join("boto")).await?;
        let keys = create_key(&served).await?;
        let listed = boto.signed(&keys, ("sso-admin", "list_instances"), json!({}), None).await?;
        let listed = listed.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        let instance = text(&listed["Instances"][0], "InstanceArn")?;
        let store = text(&listed["Instances"][0], "IdentityStoreId")?;
        let accounts: [String; 2] = accounts.try_into().map_err(|_| anyhow::anyhow!("two accounts"))?;
        let cloud = Self { moto, way, served, aws, boto, keys, instance, store, accounts, folder };
        for account in &cloud.accounts {
            // moto reads AWS's policies when an account is first asked for, and takes its time.
            cloud.roles(account).await?;
        }
        // They come with the first look at AWS Organizations.
        until(WHILE, "the accounts to be imported", async || {
            let log = cloud.audit("SyncOrganization").await?;
            Ok(cloud.accounts.iter().all(|id| log.contains(id.as_str())).then_some(()))
        })
        .await?;
        Ok(cloud)
    }

    /// What the trail says of an event.
    pub(super) async fn audit(&self, name: &str) -> Result<String> {
        let said = self.served.command(&["audit", "ls"], &["--name", name, "--json"]).await?;
        ensure!(said.ok, "{}", said.err);
        Ok(said.out)
    }

    pub(super) async fn sso(&self, operation: &str, mut params: Value) -> Result<Value> {
        params["InstanceArn"] = json!(self.instance);
        let answer = self.boto.signed(&self.keys, ("sso-admin", operation), params, None).await?;
        answer.map_err(|refusal| anyhow::anyhow!("{operation}: {refusal:?}"))
    }

    async fn sam(&self) -> Result<String> {
        let asked = json!({
            "IdentityStoreId": self.store,
            "AlternateIdentifier": { "UniqueAttribute": { "AttributePath": "userName", "AttributeValue": "sam" } }
        });
        let found = self.boto.signed(&self.keys, ("identitystore", "get_user_id"), asked, None).await?;
        text(&found.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?, "UserId")
    }

    /// A permission set with this policy of AWS's.
    pub async fn permission_set(&self, name: &str, managed: &str) -> Result<String> {
        let made =
            self.sso("create_permission_set", json!({ "Name": name, "SessionDuration": "PT2H" })).await?;
        let arn = text(&made["PermissionSet"], "PermissionSetArn")?;
        let attach = json!({ "PermissionSetArn": arn, "ManagedPolicyArn": managed });
        self.sso("attach_managed_policy_to_permission_set", attach).await?;
        Ok(arn)
    }

    /// Asks for an assignment of sam's or for its end: the request's id.
    pub async fn ask(&self, operation: &str, account: &str, set: &str) -> Result<String> {
        let asked = json!({
            "TargetId": account,
            "TargetType": "AWS_ACCOUNT",
            "PermissionSetArn": set,
            "PrincipalType": "USER",
            "PrincipalId": self.sam().await?,
        });
        let answer = self.sso(operation, asked).await?;
        let status = if operation.starts_with("create") { "Creation" } else { "Deletion" };
        text(&answer[format!("AccountAssignment{status}Status")], "RequestId")
    }

    /// How a request is: its status, and why it failed.
    async fn status(&self, kind: &str, id: &str) -> Result<(String, String)> {
        let (operation, parameter, member) = match kind {
            "create" => (
                "describe_account_assignment_creation_status",
                "AccountAssignmentCreationRequestId",
                "AccountAssignmentCreationStatus",
            ),
            "delete" => (
                "describe_account_assignment_deletion_status",
                "AccountAssignmentDeletionRequestId",
                "AccountAssignmentDeletionStatus",
            ),
            _ => (
                "describe_permission_set_provisioning_status",
                "ProvisionPermissionSetRequestId",
                "PermissionSetProvisioningStatus",
            ),
        };
        let answer = self.sso(operation, json!({ parameter: id })).await?;
        let why = answer[member]["FailureReason"].as_str().unwrap_or_default().to_owned();
        Ok((text(&answer[member], "Status")?, why))
    }

    pub(super) async fn ended(&self, kind: &str, id: &str) -> Result<(String, String)> {
        let ended = until(WHILE, "the request to end", async || {
            let status = self.status(kind, id).await?;
            Ok((status.0 != "IN_PROGRESS").then_some(status))
        });
        ended.await.with_context(|| self.served.log().unwrap_or_default())
    }

    pub async fn assigned(&self, account: &str, set: &str) -> Result<()> {
        let id = self.ask("create_account_assignment", account, set).await?;
        let (status, why) = self.ended("create", &id).await?;
        ensure!(status == "SUCCEEDED", "{status}: {why}");
        Ok(())
    }

    async fn provisioned(&self, set: &str) -> Result<(String, String)> {
        let asked = json!({ "PermissionSetArn": set, "TargetType": "ALL_PROVISIONED_ACCOUNTS" });
        let answer = self.sso("provision_permission_set", asked).await?;
        self.ended("provision", &text(&answer["PermissionSetProvisioningStatus"], "RequestId")?).await
    }

    /// boto3's keys for an account of the organization.
    async fn keys_of(&self, account: &str) -> Result<Value> {
        let role = format!("arn:aws:iam::{account}:role/OrganizationAccountAccessRole");
        let asked = json!({ "RoleArn": role, "RoleSessionName": "test" });
        let answer = self.aws.signed(&root(), ("sts", "assume_role"), asked, None).await?;
        let keys = answer.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?["Credentials"].clone();
        Ok(json!({
            "accessKeyId": keys["AccessKeyId"],
            "secretAccessKey": keys["SecretAccessKey"],
            "sessionToken": keys["SessionToken"],
        }))
    }

    /// IAM of an account, as its owner has it.
    pub(super) async fn iam(&self, account: &str, operation: &str, params: Value) -> Result<Value> {
        let keys = self.keys_of(account).await?;
        let answer = self.aws.signed(&keys, ("iam", operation), params, None).await?;
        answer.map_err(|refusal| anyhow::anyhow!("{operation}: {refusal:?}"))
    }

    /// The roles that the server made in an account.
    pub(super) async fn roles(&self, account: &str) -> Result<Vec<Value>> {
        let listed = self.iam(account, "list_roles", json!({ "PathPrefix": "/latchkey/" })).await?;
        Ok(listed["Roles"].as_array().cloned().unwrap_or_default())
    }

    /// The only such role.
    pub(super) async fn role(&self, account: &str) -> Result<Value> {
        let roles = self.roles(account).await?;
        ensure!(roles.len() == 1, "{roles:?}");
        let name = text(&roles[0], "RoleName")?;
        Ok(self.iam(account, "get_role", json!({ "RoleName": name })).await?["Role"].clone())
    }

    pub(super) async fn attached(&self, account: &str, role: &str) -> Result<Vec<String>> {
        let listed = self.iam(account, "list_attached_role_policies", json!({ "RoleName": role })).await?;
        let policies = listed["AttachedPolicies"].as_array().context("no list")?;
        policies.iter().map(|policy| text(policy, "PolicyArn")).collect()
    }

    /// sam's access token, from a sign-in in a browser.
    pub(super) async fn token(&self) -> Result<String> {
        let asked = json!({ "clientName": "t", "clientType": "public", "scopes": ["sso:account:access"] });
        let client = self.boto.answer("sso-oidc", "register_client", asked).await?;
        let (id, secret) = (text(&client, "clientId")?, text(&client, "clientSecret")?);
        let asked = json!({ "clientId": id, "clientSecret": secret, "startUrl": self.served.start_url() });
        let device = self.boto.answer("sso-oidc", "start_device_authorization", asked).await?;
        let address = Url::parse(&text(&device, "verificationUriComplete")?)?;
        Person::new()?.sign_in(&address, &self.served.user()).await?;
        let asked = json!({
            "clientId": id, "clientSecret": secret, "grantType": DEVICE_CODE, "deviceCode": device["deviceCode"]
        });
        text(&self.boto.answer("sso-oidc", "create_token", asked).await?, "accessToken")
    }
}

fn a_policy() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }]
    })
}

pub(super) fn root() -> Value {
    json!({ "accessKeyId": "AKIAMANAGEMENT000000", "secretAccessKey": "x" })
}

/// A token's claims, if one of the published keys signed it: RFC 7515 by hand, so that the server's library is not
/// its own witness.
async fn verified(token: &str, issuer: &str) -> Result<Value> {
    let configuration: Value =
        reqwest::get(format!("{issuer}/.well-known/openid-configuration")).await?.json().await?;
    ensure!(configuration["issuer"] == issuer, "{configuration}");
    let keys: Value = reqwest::get(text(&configuration, "jwks_uri")?).await?.json().await?;
    let parts: Vec<&str> = token.split('.').collect();
    let [head, body, signature] = parts.as_slice() else { anyhow::bail!("not a token: {token}") };
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head)?)?;
    let key = keys["keys"].as_array().and_then(|all| all.iter().find(|key| key["kid"] == header["kid"]));
    let key = key.context("no published key has this name")?;
    ensure!(header["alg"] == "RS256" && key["kty"] == "RSA", "{header} {key}");
    let part = |name: &str| -> Result<Vec<u8>> { Ok(URL_SAFE_NO_PAD.decode(text(key, name)?)?) };
    let public = RsaPublicKeyComponents { n: part("n")?, e: part("e")? };
    public
        .verify(
            &RSA_PKCS1_2048_8192_SHA256,
            format!("{head}.{body}").as_bytes(),
            &URL_SAFE_NO_PAD.decode(signature)?,
        )
        .map_err(|_| anyhow::anyhow!("its signature is not this key's"))?;
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body)?)?)
}

#[tokio::test]
async fn a_role_comes_with_its_first_assignment_changes_and_goes_with_the_last() -> Result<()> {
    let cloud = Cloud::start().await?;
    let account = cloud.accounts[0].clone();
    let set = cloud.permission_set("Auditor", READ_ONLY).await?;
    for name in ["Ours", "Most"] {
        let policy = a_policy().to_string();
        cloud.iam(&account, "create_policy", json!({ "PolicyName": name, "PolicyDocument": policy })).await?;
    }
    let ours = json!({ "PermissionSetArn": set, "CustomerManagedPolicyReference": { "Name": "Ours" } });
    cloud.sso("attach_customer_managed_policy_reference_to_permission_set", ours).await?;
    let most = json!({ "CustomerManagedPolicyReference": { "Name": "Most" } });
    let most = json!({ "PermissionSetArn": set, "PermissionsBoundary": most });
    cloud.sso("put_permissions_boundary_to_permission_set", most).await?;
    let inline = a_policy();
    let put = json!({ "PermissionSetArn": set, "InlinePolicy": inline.to_string() });
    cloud.sso("put_inline_policy_to_permission_set", put).await?;
    ensure!(cloud.roles(&account).await?.is_empty());

    cloud.assigned(&account, &set).await?;
    let role = cloud.role(&account).await?;
    let name = text(&role, "RoleName")?;
    ensure!(name.starts_with("AWSReservedSSO_Auditor_") && name.len() == 39, "{name}");
    ensure!(role["Path"] == "/latchkey/" && role["MaxSessionDuration"] == 43_200, "{role}");
    let boundary = &role["PermissionsBoundary"]["PermissionsBoundaryArn"];
    ensure!(*boundary == format!("arn:aws:iam::{account}:policy/Most"), "{role}");
    let tags = role["Tags"].to_string();
    ensure!(tags.contains("latchkey:instance") && tags.contains(&set), "{tags}");
    let issuer = cloud.served.start_url().join("/aws-accounts")?;
    let provider = issuer.as_str().split_once("://").context("a URL")?.1;
    let trust = &role["AssumeRolePolicyDocument"]["Statement"][0];
    let arn = format!("arn:aws:iam::{account}:oidc-provider/{provider}");
    ensure!(trust["Principal"]["Federated"] == arn, "{trust}");
    ensure!(trust["Action"] == json!(["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]), "{trust}");
    ensure!(trust["Condition"]["StringEquals"][format!("{provider}:aud")] == "sts.amazonaws.com", "{trust}");
    let subject = trust["Condition"]["StringLike"][format!("{provider}:sub")].as_str().unwrap_or_default();
    ensure!(subject.starts_with(&format!("account:{account}:set:ps-")), "{trust}");
    let known =
        cloud.iam(&account, "get_open_id_connect_provider", json!({ "OpenIDConnectProviderArn": arn }));
    let known = known.await?;
    ensure!(known["ClientIDList"] == json!(["sts.amazonaws.com"]), "{known}");
    ensure!(known["ThumbprintList"] == json!([THUMBPRINT]), "{known}");
    let mut attached = cloud.attached(&account, &name).await?;
    attached.sort();
    ensure!(
        attached == [format!("arn:aws:iam::{account}:policy/Ours"), READ_ONLY.to_owned()],
        "{attached:?}"
    );
    let policy = json!({ "RoleName": name, "PolicyName": "LatchkeyInlinePolicy" });
    let there = cloud.iam(&account, "get_role_policy", policy.clone()).await?;
    ensure!(there["PolicyDocument"] == inline, "{there}");

    // It changes when it is provisioned, not before.
    let detach = json!({ "PermissionSetArn": set, "ManagedPolicyArn": READ_ONLY });
    cloud.sso("detach_managed_policy_from_permission_set", detach).await?;
    let attach = json!({ "PermissionSetArn": set, "ManagedPolicyArn": VIEW_ONLY });
    cloud.sso("attach_managed_policy_to_permission_set", attach).await?;
    let gone = json!({ "PermissionSetArn": set });
    cloud.sso("delete_inline_policy_from_permission_set", gone.clone()).await?;
    cloud.sso("delete_permissions_boundary_from_permission_set", gone).await?;
    ensure!(cloud.attached(&account, &name).await?.contains(&READ_ONLY.to_owned()));
    let (status, why) = cloud.provisioned(&set).await?;
    ensure!(status == "SUCCEEDED", "{why}");
    let attached = cloud.attached(&account, &name).await?;
    ensure!(attached.contains(&VIEW_ONLY.to_owned()) && attached.len() == 2, "{attached:?}");
    ensure!(cloud.iam(&account, "get_role_policy", policy).await.is_err(), "the inline policy is gone");
    ensure!(cloud.role(&account).await?.get("PermissionsBoundary").is_none());

    let id = cloud.ask("delete_account_assignment", &account, &set).await?;
    let (status, why) = cloud.ended("delete", &id).await?;
    ensure!(status == "SUCCEEDED", "{why}");
    ensure!(cloud.roles(&account).await?.is_empty(), "the role is gone");
    Ok(())
}

#[tokio::test]
async fn credentials_are_aws_s_and_say_whose_they_are() -> Result<()> {
    let cloud = Cloud::start().await?;
    let account = cloud.accounts[0].clone();
    let attributes = json!([{ "Key": "Login", "Value": { "Source": ["${path:userName}"] } }]);
    let configuration = json!({ "InstanceAccessControlAttributeConfiguration": {
        "AccessControlAttributes": attributes
    } });
    cloud.sso("create_instance_access_control_attribute_configuration", configuration).await?;
    let set = cloud.permission_set("Auditor", READ_ONLY).await?;
    cloud.assigned(&account, &set).await?;
    let asked = json!({ "accessToken": cloud.token().await?, "accountId": account, "roleName": "Auditor" });
    let answer = cloud.boto.answer("sso", "get_role_credentials", asked.clone()).await?;
    let keys = &answer["roleCredentials"];
    let who = cloud.aws.who_am_i(keys).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    // moto keeps the sessions of other accounts than its own out of this answer's ARN, not out of its account.
    ensure!(who["Account"] == account, "{who}");
    let bucket = cloud.aws.signed(keys, ("s3", "list_buckets"), json!({}), None).await?;
    ensure!(bucket.is_ok(), "{bucket:?}");

    let asked_of_aws = cloud.way.seen("Action=AssumeRoleWithWebIdentity");
    ensure!(asked_of_aws.len() == 1, "{asked_of_aws:?}");
    let fields: BTreeMap<String, String> =
        url::form_urlencoded::parse(asked_of_aws[0].as_bytes()).into_owned().collect();
    ensure!(fields["RoleSessionName"] == "sam" && fields["DurationSeconds"] == "7200", "{fields:?}");
    let role = cloud.role(&account).await?;
    ensure!(fields["RoleArn"] == text(&role, "Arn")?, "{fields:?}");
    let issuer = cloud.served.start_url().join("/aws-accounts")?;
    let claims = verified(&fields["WebIdentityToken"], issuer.as_str()).await?;
    let id = set.rsplit('/').next().unwrap_or_default();
    let subject = format!("account:{account}:set:{id}:user:{}", cloud.sam().await?);
    ensure!(claims["iss"] == issuer.as_str() && claims["aud"] == "sts.amazonaws.com", "{claims}");
    ensure!(claims["sub"] == subject, "{claims}");
    ensure!(
        claims["https://aws.amazon.com/tags"]["principal_tags"] == json!({ "Login": ["sam"] }),
        "{claims}"
    );
    let life = claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(ends, began)| ends - began);
    ensure!(life.is_some_and(|life| (1..=600).contains(&life)), "{claims}");

    // The console is AWS's, too.
    let federation = cloud
        .served
        .start_url()
        .join(&format!("/federation/console?account_id={account}&role_name=Auditor"))?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let token = asked["accessToken"].as_str().unwrap_or_default();
    let told: Value =
        client.get(federation).header("x-amz-sso_bearer_token", token).send().await?.json().await?;
    ensure!(told["signInToken"] == "VCQ", "{told}");
    ensure!(told["signInFederationLocation"] == cloud.way.url().join("/federation")?.as_str(), "{told}");
    let sent = cloud.way.seen("Action=getSigninToken");
    ensure!(sent.len() == 1 && sent[0].contains("sessionToken"), "{sent:?}");

    // AWS's refusals as AWS SSO tells them.
    cloud.way.fail("Action=AssumeRoleWithWebIdentity", Fault::Denied, 99);
    let refusal = cloud.boto.refusal("sso", "get_role_credentials", asked.clone()).await?;
    ensure!((refusal.status, refusal.message.contains("No access")) == (Some(403), true), "{refusal:?}");
    cloud.way.mend();
    cloud.way.fail("Action=AssumeRoleWithWebIdentity", Fault::Throttled, 99);
    let refusal = cloud.boto.refusal("sso", "get_role_credentials", asked.clone()).await?;
    ensure!(refusal.class == "TooManyRequestsException", "{refusal:?}");
    cloud.way.mend();
    // One that passes is not seen.
    cloud.way.fail("Action=AssumeRoleWithWebIdentity", Fault::Reset, 1);
    cloud.boto.answer("sso", "get_role_credentials", asked.clone()).await?;

    // Nothing is kept ready: without the assignment there are none from that moment on.
    let before = cloud.way.seen("Action=AssumeRoleWithWebIdentity").len();
    ensure!(before >= 4, "{before}");
    let ended = cloud.ask("delete_account_assignment", &account, &set).await?;
    ensure!(cloud.ended("delete", &ended).await?.0 == "SUCCEEDED");
    let refusal = cloud.boto.refusal("sso", "get_role_credentials", asked).await?;
    ensure!(refusal.status == Some(403), "{refusal:?}");
    ensure!(cloud.way.seen("Action=AssumeRoleWithWebIdentity").len() == before, "AWS was not even asked");
    Ok(())
}

#[tokio::test]
async fn what_fails_in_one_account_is_tried_again_and_seen_there() -> Result<()> {
    let cloud = Cloud::start().await?;
    let [payments, ledger] = cloud.accounts.clone();
    let set = cloud.permission_set("Auditor", READ_ONLY).await?;
    // The role is made; its policy meets throttling, a 500 and a reset, more often than the SDK repeats a call.
    for fault in [Fault::Throttled, Fault::Broken, Fault::Reset] {
        cloud.way.fail("Action=AttachRolePolicy", fault, 2);
    }
    cloud.assigned(&payments, &set).await?;
    ensure!(cloud.way.met() == 6, "{} faults were met", cloud.way.met());
    let name = text(&cloud.role(&payments).await?, "RoleName")?;
    ensure!(cloud.attached(&payments, &name).await? == [READ_ONLY]);
    let told = cloud.audit("CreateRole").await?;
    ensure!(told.contains("iam:AttachRolePolicy"), "the failure is in the trail: {told}");

    // What lasts says so at once, for the one account; the other has its role.
    let mend = json!({ "PermissionSetArn": set, "CustomerManagedPolicyReference": { "Name": "Ours" } });
    cloud.sso("attach_customer_managed_policy_reference_to_permission_set", mend).await?;
    let policy = a_policy().to_string();
    let policy = json!({ "PolicyName": "Ours", "PolicyDocument": policy });
    cloud.iam(&payments, "create_policy", policy.clone()).await?;
    let id = cloud.ask("create_account_assignment", &ledger, &set).await?;
    let (status, why) = cloud.ended("create", &id).await?;
    ensure!(status == "FAILED" && why.contains(&ledger) && why.contains("NoSuchEntity"), "{status}: {why}");
    let said = cloud.served.command(&["aws", "roles"], &[]).await?;
    ensure!(!said.ok && said.out.contains(&ledger) && said.out.contains("FAILED"), "{said:?}");
    let (status, why) = cloud.provisioned(&set).await?;
    ensure!(status == "FAILED" && why.contains(&ledger) && !why.contains(&payments), "{why}");
    ensure!(cloud.attached(&payments, &name).await?.len() == 2, "the other account has it");
    let places =
        json!({ "PermissionSetArn": set, "ProvisioningStatus": "LATEST_PERMISSION_SET_NOT_PROVISIONED" });
    let places = cloud.sso("list_accounts_for_provisioned_permission_set", places).await?;
    ensure!(places["AccountIds"] == json!([ledger]), "{places}");

    // With the policy there, it is made.
    cloud.iam(&ledger, "create_policy", policy).await?;
    let (status, why) = cloud.provisioned(&set).await?;
    ensure!(status == "SUCCEEDED", "{why}");
    ensure!(cloud.served.command(&["aws", "roles"], &[]).await?.ok);
    Ok(())
}

#[tokio::test]
async fn what_others_change_at_aws_is_found_and_made_right() -> Result<()> {
    let cloud = Cloud::start().await?;
    let account = cloud.accounts[0].clone();
    let set = cloud.permission_set("Auditor", READ_ONLY).await?;
    cloud.assigned(&account, &set).await?;
    let name = text(&cloud.role(&account).await?, "RoleName")?;
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    let attach = json!({ "RoleName": name, "PolicyArn": admin });
    cloud.iam(&account, "attach_role_policy", attach).await?;
    let administrator = Administrator::of(&cloud.served).await?;
    let page = administrator.open(&cloud.served, "/admin/accounts/aws").await?;
    page.says("All roles are as they should be.")?;
    administrator.submit(&page, "/admin/accounts/aws/check", &[]).await?;
    let found = until(WHILE, "the drift to be found", async || {
        let page = administrator.open(&cloud.served, "/admin/accounts/aws").await?;
        Ok(page.text().contains("AdministratorAccess was attached").then_some(page))
    });
    let found = found.await?;
    found.says("CHANGED AT AWS")?;
    ensure!(cloud.audit("DetectRoleDrift").await?.contains(admin));
    ensure!(cloud.attached(&account, &name).await?.contains(&admin.to_owned()), "it is shown, not undone");
    administrator.submit(&found, "/admin/accounts/aws/reapply", &[("id", &account), ("set", &set)]).await?;
    until(WHILE, "the role to be right again", async || {
        Ok((cloud.attached(&account, &name).await? == [READ_ONLY]).then_some(()))
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn accounts_come_from_aws_organizations_and_those_that_leave_are_kept() -> Result<()> {
    let cloud = Cloud::start().await?;
    let [payments, ledger] = cloud.accounts.clone();
    let set = cloud.permission_set("Auditor", READ_ONLY).await?;
    cloud.assigned(&payments, &set).await?;
    cloud.assigned(&ledger, &set).await?;
    let token = cloud.token().await?;
    let seen = async || -> Result<Vec<String>> {
        let list = cloud.boto.answer("sso", "list_accounts", json!({ "accessToken": token })).await?;
        list["accountList"].as_array().context("no list")?.iter().map(|it| text(it, "accountId")).collect()
    };
    ensure!(seen().await?.len() == 2);
    let root = root();
    let leave = json!({ "AccountId": ledger });
    let left = cloud.aws.signed(&root, ("organizations", "remove_account_from_organization"), leave, None);
    left.await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    let said = cloud.served.command(&["aws", "sync"], &[]).await?;
    ensure!(said.ok && said.out == format!("- ledger ({ledger})\n"), "{said:?}");
    ensure!(seen().await? == [payments.clone()], "nobody gets in by an assignment there");
    let asked = json!({ "accessToken": token, "accountId": ledger, "roleName": "Auditor" });
    ensure!(cloud.boto.refusal("sso", "get_role_credentials", asked).await?.status == Some(403));
    let kept = json!({ "AccountId": ledger, "PermissionSetArn": set });
    let kept = cloud.sso("list_account_assignments", kept).await?;
    ensure!(kept["AccountAssignments"].as_array().map(Vec::len) == Some(1), "it is kept: {kept}");
    // And nothing is done there.
    let before = cloud.way.seen(&format!("%3A{ledger}%3Arole")).len();
    let id = cloud.ask("delete_account_assignment", &ledger, &set).await?;
    let (status, why) = cloud.ended("delete", &id).await?;
    ensure!(status == "SUCCEEDED", "{why}");
    ensure!(cloud.way.seen(&format!("%3A{ledger}%3Arole")).len() == before, "AWS was asked");
    let said = cloud.served.command(&["aws", "sync"], &[]).await?;
    ensure!(said.ok && said.out.contains("Nothing has changed"), "{said:?}");

    // A look that fails changes nothing, and says so.
    cloud.way.fail("{", Fault::Denied, 99);
    let said = cloud.served.command(&["aws", "sync"], &[]).await?;
    ensure!(!said.ok && said.err.contains("organizations:DescribeOrganization"), "{said:?}");
    ensure!(seen().await? == [payments]);
    ensure!(cloud.folder.path().is_dir() && cloud.moto.url().port().is_some());
    Ok(())
}
