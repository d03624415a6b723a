//! LookupEvents with signed requests: the look-up, and who is turned away and how. boto3 asks the same in the
//! wire tests.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use axum::{
    body::{Body, Bytes},
    http::{self, HeaderMap, Method, Uri},
};
use serde_json::{Value, json};

use super::keys;
use crate::{
    rig::{Reply, Rig},
    secret::Token,
    sigv4::{
        SignedRequest,
        signature::{Signed, tests::sign},
    },
};

const TARGET: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";

/// What signs requests.
#[derive(Clone)]
pub struct Signer {
    pub id: String,
    pub secret: String,
    pub token: Option<String>,
}

pub fn administrator(rig: &Rig) -> Signer {
    let instance = &rig.instance;
    let made = keys::create(
        &instance.store,
        &instance.chance,
        instance.place(&instance.settings()),
        "robot",
        instance.now(),
    );
    let (key, secret) = made.unwrap();
    Signer { id: key.access_key_id, secret: secret.expose().to_owned(), token: None }
}

/// A signed call of an operation; `tamper` changes it after signing.
pub async fn call_with(
    rig: &Rig,
    signer: &Signer,
    (target, service): (&str, &str),
    body: &str,
    offset: i64,
    tamper: impl FnOnce(&mut HeaderMap, &mut String),
) -> Reply {
    let moment = jiff::Timestamp::from_second(rig.instance.now().as_second() + offset).unwrap();
    let stamp = moment.strftime("%Y%m%dT%H%M%SZ").to_string();
    let date = stamp[..8].to_owned();
    let mut headers = HeaderMap::new();
    let mut pairs = vec![
        ("content-type", "application/x-amz-json-1.1"),
        ("host", "localhost:4711"),
        ("x-amz-date", stamp.as_str()),
    ];
    pairs.extend(signer.token.as_deref().map(|token| ("x-amz-security-token", token)));
    pairs.push(("x-amz-target", target));
    for (name, value) in &pairs {
        headers.insert(*name, value.parse().unwrap());
    }
    let signed = Signed {
        headers: pairs.iter().map(|(name, _)| (*name).to_owned()).collect(),
        signature: String::new(),
        scope: format!("{date}/eu-central-1/{service}/aws4_request"),
        date,
        region: "eu-central-1".to_owned(),
        service: service.to_owned(),
        stamp: stamp.clone(),
        in_query: false,
    };
    let request = SignedRequest {
        method: Method::POST,
        uri: Uri::from_static("/"),
        headers: headers.clone(),
        body: Bytes::from(body.to_owned()),
    };
    let line = format!(
        "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
        signer.id,
        signed.scope,
        signed.headers.join(";"),
        sign(&signed, &request, &signer.secret)
    );
    headers.insert("authorization", line.parse().unwrap());
    let mut body = body.to_owned();
    tamper(&mut headers, &mut body);
    let mut request = http::Request::post("/").body(Body::from(body)).unwrap();
    *request.headers_mut() = headers;
    rig.send(request).await
}

async fn look_up(rig: &Rig, signer: &Signer, body: Value) -> Reply {
    call_with(rig, signer, (TARGET, "cloudtrail"), &body.to_string(), 0, |_, _| {}).await
}

fn names(answer: &Value) -> Vec<String> {
    answer["Events"].as_array().unwrap().iter().map(|e| e["EventName"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn refused(reply: &Reply, kind: &str) {
    assert_eq!((reply.status.as_u16(), reply.error().as_str()), (400, kind), "{}", reply.body);
}

#[tokio::test]
async fn events_are_found_by_each_attribute() {
    let rig = Rig::new();
    let admin = administrator(&rig);
    let (_, token, _) = rig.tokens("sam").await;
    rig.portal_get("/federation/credentials?account_id=111122223333&role_name=ReadOnly", &token)
        .await
        .is(200);
    rig.browser().sign_in("kim", "wrong", "/start").await.is(401);
    let find = async |key: &str, value: &str| {
        let attribute = json!([{ "AttributeKey": key, "AttributeValue": value }]);
        names(&look_up(&rig, &admin, json!({ "LookupAttributes": attribute })).await.is(200).json())
    };
    assert_eq!(find("EventName", "GetRoleCredentials").await, ["GetRoleCredentials"]);
    assert_eq!(find("Username", "kim").await, ["UserAuthentication", "CredentialVerification"]);
    assert_eq!(find("ResourceName", "111122223333").await, ["GetRoleCredentials"]);
    assert_eq!(find("ResourceType", "AWS::SSO::PermissionSet").await, ["GetRoleCredentials"]);
    assert_eq!(find("EventSource", "iam.amazonaws.com").await, ["CreateAccessKey"]);
    assert_eq!(find("Username", "robot").await[0], "LookupEvents", "looking is recorded");
    assert!(find("AccessKeyId", &admin.id).await.iter().all(|name| name == "LookupEvents"));
    assert!(find("ReadOnly", "false").await.contains(&"GetRoleCredentials".to_owned()));
    let answer = look_up(
        &rig,
        &admin,
        json!({ "MaxResults": 1, "LookupAttributes": [
        { "AttributeKey": "EventName", "AttributeValue": "GetRoleCredentials" }] }),
    );
    let answer = answer.await.is(200).json();
    let event = &answer["Events"][0];
    assert_eq!(event["Username"], "sam");
    assert_eq!(event["EventTime"], 1_800_000_000);
    assert_eq!(event["Resources"].as_array().unwrap().len(), 2);
    let record: Value = serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap();
    assert_eq!(record["eventID"], event["EventId"]);
    assert_eq!(record["sourceIPAddress"], "127.0.0.1");
    assert_eq!(find("EventId", event["EventId"].as_str().unwrap()).await.len(), 1);
}

#[tokio::test]
async fn pages_follow_one_another_and_tokens_are_bound_to_their_question() {
    let rig = Rig::new();
    let admin = administrator(&rig);
    for _ in 0..4 {
        rig.browser().sign_in("kim", "wrong", "/start").await.is(401);
    }
    let kim = json!([{ "AttributeKey": "Username", "AttributeValue": "kim" }]);
    let mut asked = json!({ "LookupAttributes": kim, "MaxResults": 3 });
    let mut seen = Vec::new();
    loop {
        let answer = look_up(&rig, &admin, asked.clone()).await.is(200).json();
        seen.extend(answer["Events"].as_array().unwrap().iter().map(|event| event["EventId"].clone()));
        let Some(token) = answer.get("NextToken") else { break };
        asked["NextToken"] = token.clone();
    }
    let all = look_up(&rig, &admin, json!({ "LookupAttributes": kim })).await.json();
    let all: Vec<Value> =
        all["Events"].as_array().unwrap().iter().map(|event| event["EventId"].clone()).collect();
    assert_eq!((seen.len(), &seen), (8, &all));
    for (field, value) in
        [("LookupAttributes", json!([])), ("StartTime", json!(1)), ("NextToken", json!("1.2.x"))]
    {
        let mut other = asked.clone();
        other[field] = value;
        refused(&look_up(&rig, &admin, other).await, "InvalidNextTokenException");
    }
    let start = rig.instance.now().as_second();
    rig.pass(60);
    let since = json!({ "StartTime": start + 30 });
    rig.browser().sign_in("kim", "wrong", "/start").await;
    let names = names(&look_up(&rig, &admin, since).await.json());
    assert_eq!(names, ["UserAuthentication", "CredentialVerification"]);
}

#[tokio::test]
async fn bad_questions_have_awss_errors() {
    let rig = Rig::new();
    let admin = administrator(&rig);
    let attribute = |key: &str, value: &str| json!({ "AttributeKey": key, "AttributeValue": value });
    for (body, kind) in [
        (json!({ "MaxResults": 0 }), "InvalidMaxResultsException"),
        (json!({ "MaxResults": 51 }), "InvalidMaxResultsException"),
        (json!({ "StartTime": 2, "EndTime": 1 }), "InvalidTimeRangeException"),
        (json!({ "StartTime": 1e300 }), "InvalidTimeRangeException"),
        (json!({ "EventCategory": "x" }), "InvalidEventCategoryException"),
        (json!({ "LookupAttributes": [attribute("Colour", "x")] }), "InvalidLookupAttributesException"),
        (json!({ "LookupAttributes": [attribute("ReadOnly", "x")] }), "InvalidLookupAttributesException"),
        (
            json!({ "LookupAttributes": [attribute("EventName", "x"), attribute("Username", "x")] }),
            "InvalidLookupAttributesException",
        ),
        (json!({ "MaxResults": "x" }), "SerializationException"),
    ] {
        refused(&look_up(&rig, &admin, body).await, kind);
    }
    assert_eq!(
        look_up(&rig, &admin, json!({ "EventCategory": "insight" })).await.is(200).json()["Events"],
        json!([])
    );
    let last = rig.instance.store.audit_trail().pop().unwrap();
    let refusals =
        rig.instance.store.audit_trail().iter().filter(|(_, event)| event["errorCode"].is_string()).count();
    assert_eq!((refusals, last.0.as_str()), (9, "LookupEvents"));
}

#[tokio::test]
async fn only_administrators_keys_are_let_in() {
    let rig = Rig::new();
    let admin = administrator(&rig);
    let cloudtrail = (TARGET, "cloudtrail");
    let call = async |signer: &Signer| call_with(&rig, signer, cloudtrail, "{}", 0, |_, _| {}).await;
    call(&admin).await.is(200);
    refused(
        &call(&Signer { id: "AKIAXXXXXXXXXXXXXXXX".into(), ..admin.clone() }).await,
        "UnrecognizedClientException",
    );
    refused(&call(&Signer { secret: "x".repeat(40), ..admin.clone() }).await, "InvalidSignatureException");
    // The key of an instance is its own: another one's makes other secrets.
    let foreign = keys::secret_access_key(&crate::secret::InstanceKey::new([7; 32]), &admin.id);
    refused(
        &call(&Signer { secret: foreign.expose().into(), ..admin.clone() }).await,
        "InvalidSignatureException",
    );
    let person = crate::sts::tests::keys(&rig).await;
    let person = Signer { id: person.id, secret: person.secret, token: Some(person.token) };
    let reply = call(&person).await;
    refused(&reply, "AccessDeniedException");
    assert!(reply.body.contains("not authorized to perform: cloudtrail:LookupEvents"), "{}", reply.body);
    refused(
        &call(&Signer { token: Some("x".into()), ..person.clone() }).await,
        "UnrecognizedClientException",
    );
    refused(&call(&Signer { token: None, ..person.clone() }).await, "UnrecognizedClientException");
    refused(&call(&Signer { secret: "x".into(), ..person.clone() }).await, "InvalidSignatureException");
    rig.pass(3600);
    refused(&call(&person).await, "ExpiredTokenException");
    for offset in [-901, 901] {
        let late = call_with(&rig, &admin, cloudtrail, "{}", offset, |_, _| {}).await;
        refused(&late, "InvalidSignatureException");
    }
    let body =
        call_with(&rig, &admin, cloudtrail, "{}", 0, |_, body| *body = r#"{"MaxResults":1}"#.into()).await;
    refused(&body, "InvalidSignatureException");
    let unsigned =
        call_with(&rig, &admin, cloudtrail, "{}", 0, |headers, _| drop(headers.remove("authorization")))
            .await;
    refused(&unsigned, "MissingAuthenticationTokenException");
    let unreadable = call_with(&rig, &admin, cloudtrail, "{}", 0, |headers, _| {
        drop(headers.insert("authorization", "AWS4-HMAC-SHA256 x".parse().unwrap()));
    });
    refused(&unreadable.await, "IncompleteSignatureException");
    refused(&call_with(&rig, &admin, (TARGET, "sts"), "{}", 0, |_, _| {}).await, "InvalidSignatureException");
    let other = ("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.DeleteTrail", "cloudtrail");
    refused(&call_with(&rig, &admin, other, "{}", 0, |_, _| {}).await, "UnknownOperationException");
    refused(&call_with(&rig, &admin, cloudtrail, "[]", 0, |_, _| {}).await, "SerializationException");
    let instance = &rig.instance;
    assert!(
        keys::disable(
            &instance.store,
            &instance.chance,
            instance.place(&instance.settings()),
            &admin.id,
            instance.now()
        )
        .unwrap()
    );
    refused(&call(&admin).await, "UnrecognizedClientException");
    let trail = instance.store.audit_trail();
    let (name, event) = trail.last().unwrap();
    assert_eq!((name.as_str(), &event["errorCode"]), ("LookupEvents", &json!("UnrecognizedClientException")));
    let told = trail.iter().map(|(_, event)| event.to_string()).collect::<String>();
    assert!(!told.contains(&admin.secret) && !told.contains(&person.secret), "no secret in the trail");
    assert!(Token::new(admin.secret).expose().len() == 40);
}
