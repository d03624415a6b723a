//! Chains of roles: who may assume what, for how long, and what goes on with them.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use url::form_urlencoded;

use super::tests::{Keys, keys, refused, signed_call};
use crate::rig::{Reply, Rig};

const DEPLOY: &str = "arn:aws:iam::111122225555:role/Deploy";
const AUDIT: &str = "arn:aws:iam::700000000020:role/PartnerAudit";
const LOGS: &str = "arn:aws:iam::700000000030:role/ReadDeployLogs";

async fn assume(rig: &Rig, keys: &Keys, arn: &str, more: &[(&str, &str)]) -> Reply {
    let usual =
        [("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleArn", arn), ("RoleSessionName", "ci-7")];
    // What a test names itself comes first, and the first one counts.
    let fields = more.iter().chain(&usual);
    let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    signed_call(rig, keys, &body).await
}

fn element<'x>(reply: &'x Reply, name: &str) -> &'x str {
    let after = reply.body.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("{}", reply.body)).1;
    after.split_once("</").unwrap().0
}

fn keys_of(reply: &Reply) -> Keys {
    Keys {
        id: element(reply, "AccessKeyId").to_owned(),
        secret: element(reply, "SecretAccessKey").to_owned(),
        token: element(reply, "SessionToken").to_owned(),
    }
}

#[track_caller]
fn says(reply: &Reply, status: u16, code: &str, words: &str) {
    refused(reply, status, code);
    let body = reply.body.replace("&apos;", "'");
    assert!(body.contains(words), "{words} expected:\n{}", reply.body);
}

#[tokio::test]
async fn a_role_that_trusts_the_caller_is_assumed() {
    let rig = Rig::new();
    let person = keys(&rig).await;
    let reply = assume(&rig, &person, DEPLOY, &[]).await.is(200);
    assert_eq!(element(&reply, "Arn"), "arn:aws:sts::111122225555:assumed-role/Deploy/ci-7");
    assert!(element(&reply, "AssumedRoleId").ends_with(":ci-7"));
    let hour = rig.instance.now().as_second() + 3600;
    let ends: jiff::Timestamp = element(&reply, "Expiration").parse().unwrap();
    assert_eq!(ends.as_second(), hour);

    let who = signed_call(&rig, &keys_of(&reply), super::tests::BODY).await.is(200);
    assert_eq!(element(&who, "Arn"), "arn:aws:sts::111122225555:assumed-role/Deploy/ci-7");
    assert_eq!(element(&who, "UserId"), element(&reply, "AssumedRoleId"));

    let chained = assume(&rig, &keys_of(&reply), LOGS, &[("RoleSessionName", "ci-8")]).await.is(200);
    assert_eq!(element(&chained, "Arn"), "arn:aws:sts::700000000030:assumed-role/ReadDeployLogs/ci-8");
    let (name, event) = rig.instance.store.audit_trail().pop().unwrap();
    assert_eq!((name.as_str(), event["eventSource"].as_str()), ("AssumeRole", Some("sts.amazonaws.com")));
    assert_eq!(event["userIdentity"]["arn"], "arn:aws:sts::111122225555:assumed-role/Deploy/ci-7");
    let sam = rig.user("sam").id;
    assert_eq!(event["userIdentity"]["onBehalfOf"]["userId"], sam, "the person at the beginning");
    assert_eq!(event["serviceEventDetails"]["roleArn"], LOGS);

    rig.pass(3600);
    refused(&signed_call(&rig, &keys_of(&chained), super::tests::BODY).await, 403, "ExpiredToken");
}

#[tokio::test]
async fn who_is_not_trusted_is_denied_and_recorded() {
    let rig = Rig::new();
    let person = keys(&rig).await;
    let words = "is not authorized to perform: sts:AssumeRole on resource";
    // Not the roles' own, one that is nowhere, and one of a person who is not at the end of its chain.
    for arn in [LOGS, "arn:aws:iam::111122225555:role/Nothing", "arn:aws:iam::111122223333:role/Deploy"] {
        says(&assume(&rig, &person, arn, &[]).await, 403, "AccessDenied", words);
    }
    let (name, event) = rig.instance.store.audit_trail().pop().unwrap();
    assert_eq!(
        (name.as_str(), &event["additionalEventData"]["errorCode"]),
        ("AssumeRole", &"AccessDenied".into())
    );
    // A chain is not the permission set whose name it chose, nor one of them all.
    let deploy = keys_of(&assume(&rig, &person, DEPLOY, &[]).await.is(200));
    says(&assume(&rig, &deploy, DEPLOY, &[]).await, 403, "AccessDenied", words);
    let with_id = [("ExternalId", "acme-audit-7")];
    says(&assume(&rig, &deploy, AUDIT, &with_id).await, 403, "AccessDenied", words);
}

#[tokio::test]
async fn an_external_id_is_demanded() {
    let rig = Rig::new();
    let person = keys(&rig).await;
    refused(&assume(&rig, &person, AUDIT, &[]).await, 403, "AccessDenied");
    refused(&assume(&rig, &person, AUDIT, &[("ExternalId", "acme-audit-8")]).await, 403, "AccessDenied");
    assume(&rig, &person, AUDIT, &[("ExternalId", "acme-audit-7")]).await.is(200);
    // A role that demands none takes any.
    assume(&rig, &person, DEPLOY, &[("ExternalId", "acme-audit-7")]).await.is(200);
}

#[tokio::test]
async fn a_chain_lasts_an_hour_at_most() {
    let rig = Rig::new();
    let person = keys(&rig).await;
    let lasting = async |arn, seconds| assume(&rig, &person, arn, &[("DurationSeconds", seconds)]).await;
    for bad in ["899", "43201", "x", "-1"] {
        says(&lasting(DEPLOY, bad).await, 400, "ValidationError", "between 900 and 43200");
    }
    // Deploy may last four hours, but not in a chain.
    says(&lasting(DEPLOY, "3601").await, 400, "ValidationError", "role chaining");
    says(&lasting(DEPLOY, "14401").await, 400, "ValidationError", "MaxSessionDuration set for this role");
    let reply = lasting(DEPLOY, "900").await.is(200);
    rig.pass(899);
    signed_call(&rig, &keys_of(&reply), super::tests::BODY).await.is(200);
    rig.pass(1);
    refused(&signed_call(&rig, &keys_of(&reply), super::tests::BODY).await, 403, "ExpiredToken");
}

#[tokio::test]
async fn tags_go_along_and_on() {
    let rig = Rig::new();
    let person = keys(&rig).await;
    let tags = [
        ("Tags.member.1.Key", "Team"),
        ("Tags.member.1.Value", "payments"),
        ("Tags.member.2.Key", "Ticket"),
        ("Tags.member.2.Value", "PAY-7"),
        ("TransitiveTagKeys.member.1", "team"),
    ];
    let deploy = keys_of(&assume(&rig, &person, DEPLOY, &tags).await.is(200));
    let known = |keys: &Keys| rig.instance.issuer.find(&keys.id).unwrap().unwrap().assumed.unwrap();
    assert_eq!(known(&deploy).tags.len(), 2);
    assert_eq!(known(&deploy).username, "sam");

    let own = [("Tags.member.1.Key", "Step"), ("Tags.member.1.Value", "")];
    let logs = keys_of(&assume(&rig, &deploy, LOGS, &own).await.is(200));
    let tags: Vec<_> = known(&logs).tags.into_iter().collect();
    assert_eq!(tags, [("Step".into(), String::new()), ("Team".into(), "payments".into())]);
    let again = [("Tags.member.1.Key", "TEAM"), ("Tags.member.1.Value", "x")];
    says(
        &assume(&rig, &deploy, LOGS, &again).await,
        400,
        "InvalidParameterValue",
        "transitive tag key from the calling",
    );

    let twice = [("Tags.member.1.Key", "a"), ("Tags.member.2.Key", "A")];
    says(&assume(&rig, &person, DEPLOY, &twice).await, 400, "InvalidParameterValue", "Duplicate tag keys");
    let absent = [("TransitiveTagKeys.member.1", "a")];
    says(&assume(&rig, &person, DEPLOY, &absent).await, 400, "InvalidParameterValue", "must be included");
    says(
        &assume(&rig, &person, DEPLOY, &[("Tags.member.1.Key", "a<b")]).await,
        400,
        "ValidationError",
        "a&lt;b",
    );
    says(
        &assume(&rig, &person, DEPLOY, &[("Tags.member.1.Key", "aws:x")]).await,
        400,
        "InvalidParameterValue",
        "aws:",
    );
    let many: Vec<_> = (1..=51).map(|n| (format!("Tags.member.{n}.Key"), format!("k{n}"))).collect();
    let many: Vec<_> = many.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    says(&assume(&rig, &person, DEPLOY, &many).await, 400, "ValidationError", "50");
}

#[tokio::test]
async fn what_breaks_the_rules_is_named() {
    let rig = Rig::new();
    let person = keys(&rig).await;
    let body = "Action=AssumeRole&Version=2011-06-15&RoleSessionName=ci";
    says(&signed_call(&rig, &person, body).await, 400, "ValidationError", "'roleArn'");
    let body = format!("Action=AssumeRole&Version=2011-06-15&RoleArn={DEPLOY}");
    says(&signed_call(&rig, &person, &body).await, 400, "ValidationError", "'roleSessionName'");
    for name in ["x", "no spaces", "<x>", &"x".repeat(65)] {
        let reply = assume(&rig, &person, DEPLOY, &[("RoleSessionName", name)]).await;
        says(&reply, 400, "ValidationError", "'roleSessionName' failed");
    }
    for arn in ["Deploy", "arn:aws:iam::111122225555:user/Deploy", "arn:aws:iam::1111222255555:role/Deploy"] {
        says(&assume(&rig, &person, arn, &[]).await, 400, "ValidationError", "is invalid");
    }
    for name in ["Policy", "PolicyArns.member.1.arn", "PolicyArns.member.2.arn", "SourceIdentity"] {
        says(&assume(&rig, &person, DEPLOY, &[(name, "{}")]).await, 400, "ValidationError", "not supported");
    }
    refused(&assume(&rig, &person, DEPLOY, &[("SerialNumber", "x")]).await, 403, "AccessDenied");
    let stranger = Keys { secret: "x".repeat(40), ..keys(&rig).await };
    refused(&assume(&rig, &stranger, DEPLOY, &[]).await, 403, "SignatureDoesNotMatch");
}

#[tokio::test]
async fn what_cannot_be_recorded_does_not_happen() {
    let rig = Rig::new();
    let person = keys(&rig).await;
    rig.instance.store.refuse_audit(true);
    refused(&assume(&rig, &person, DEPLOY, &[]).await, 500, "InternalFailure");
    rig.instance.store.refuse_audit(false);
    assume(&rig, &person, DEPLOY, &[]).await.is(200);
}

/// A session's name is the caller's choice and must not pass for a person.
#[tokio::test]
async fn a_console_tells_who_really_came() {
    let rig = Rig::new();
    let person = keys(&rig).await;
    let keys = keys_of(&assume(&rig, &person, DEPLOY, &[("RoleSessionName", "kim")]).await.is(200));
    let session =
        serde_json::json!({ "sessionId": keys.id, "sessionKey": keys.secret, "sessionToken": keys.token });
    let ask = async |more: &[(&str, &str)]| {
        let text = session.to_string();
        let query: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("Action", "getSigninToken"), ("Session", &text)])
            .extend_pairs(more)
            .finish();
        rig.browser().get(&format!("/federation?{query}")).await
    };
    assert_eq!(ask(&[("SessionDuration", "900")]).await.status, 400);
    let token = ask(&[]).await.is(200).json()["SigninToken"].as_str().unwrap().to_owned();
    rig.browser().get(&format!("/federation?Action=login&SigninToken={token}")).await.is(303);
    let (name, event) = rig.instance.store.audit_trail().pop().unwrap();
    assert_eq!(name, "ConsoleLogin");
    let sam = rig.user("sam").id;
    assert_eq!(event["userIdentity"]["onBehalfOf"]["userId"], sam);
}

/// Two roles that trust each other would otherwise keep somebody in for as long as they like.
#[tokio::test]
async fn who_may_do_nothing_any_more_gets_no_new_credentials() {
    let rig = Rig::new();
    let person = keys(&rig).await;
    let deploy = keys_of(&assume(&rig, &person, DEPLOY, &[]).await.is(200));
    let disabled = crate::organisation::User { enabled: false, ..rig.user("sam") };
    rig.instance.store.put_user(&disabled, rig.instance.now(), &rig.entry()).unwrap();
    refused(&assume(&rig, &person, DEPLOY, &[]).await, 403, "AccessDenied");
    refused(&assume(&rig, &deploy, LOGS, &[]).await, 403, "AccessDenied");
    // What was issued goes on until it ends, as AWS's does.
    signed_call(&rig, &deploy, super::tests::BODY).await.is(200);
    rig.instance.store.delete_user(&disabled.id, rig.instance.now(), &rig.entry()).unwrap();
    refused(&assume(&rig, &deploy, LOGS, &[]).await, 403, "AccessDenied");
}
