//! GetCallerIdentity with signed requests: good, tampered, early, late, expired, unknown. AWS's own signer is
//! held against the same code by the wire tests.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use axum::{
    body::{Body, Bytes},
    http::{self, HeaderMap, Method, Uri},
};

use crate::{
    rig::{Reply, Rig},
    sigv4::{
        SignedRequest,
        signature::{Signed, tests::sign},
    },
};

pub const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

pub struct Keys {
    pub id: String,
    pub secret: String,
    pub token: String,
}

pub async fn keys(rig: &Rig) -> Keys {
    let (_, token, _) = rig.tokens("sam").await;
    let path = "/federation/credentials?account_id=111122223333&role_name=ReadOnly";
    let answer = rig.portal_get(path, &token).await.is(200).json();
    let field = |name: &str| answer["roleCredentials"][name].as_str().unwrap().to_owned();
    Keys { id: field("accessKeyId"), secret: field("secretAccessKey"), token: field("sessionToken") }
}

fn stamp(rig: &Rig, offset: i64) -> String {
    let moment = jiff::Timestamp::from_second(rig.instance.now().as_second() + offset).unwrap();
    moment.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn signed(stamp: &str, headers: &[&str], in_query: bool) -> Signed {
    let date = stamp[..8].to_owned();
    Signed {
        headers: headers.iter().map(|name| (*name).to_owned()).collect(),
        signature: String::new(),
        scope: format!("{date}/eu-central-1/sts/aws4_request"),
        date,
        region: "eu-central-1".to_owned(),
        service: "sts".to_owned(),
        stamp: stamp.to_owned(),
        in_query,
    }
}

/// A POST signed in its header; `tamper` changes it after signing.
pub async fn call(
    rig: &Rig,
    keys: &Keys,
    offset: i64,
    tamper: impl FnOnce(&mut HeaderMap, &mut String),
) -> Reply {
    call_with(rig, keys, BODY, offset, tamper).await
}

/// A POST of this body, signed in its header.
pub async fn signed_call(rig: &Rig, keys: &Keys, body: &str) -> Reply {
    call_with(rig, keys, body, 0, |_, _| {}).await
}

async fn call_with(
    rig: &Rig,
    keys: &Keys,
    body: &str,
    offset: i64,
    tamper: impl FnOnce(&mut HeaderMap, &mut String),
) -> Reply {
    let stamp = stamp(rig, offset);
    let names = ["content-type", "host", "x-amz-date", "x-amz-security-token"];
    let signed = signed(&stamp, &names, false);
    let values = ["application/x-www-form-urlencoded", "localhost:4711", &stamp, &keys.token];
    let mut headers = HeaderMap::new();
    for (name, value) in names.iter().zip(values) {
        headers.insert(*name, value.parse().unwrap());
    }
    let request = SignedRequest {
        method: Method::POST,
        uri: Uri::from_static("/"),
        headers: headers.clone(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    };
    let line = format!(
        "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
        keys.id,
        signed.scope,
        names.join(";"),
        sign(&signed, &request, &keys.secret)
    );
    headers.insert("authorization", line.parse().unwrap());
    let mut body = body.to_owned();
    tamper(&mut headers, &mut body);
    let mut request = http::Request::post("/").body(Body::from(body)).unwrap();
    *request.headers_mut() = headers;
    rig.send(request).await
}

#[track_caller]
pub fn refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.body);
    assert!(reply.body.contains(&format!("<Code>{code}</Code>")), "{code} expected:\n{}", reply.body);
}

#[tokio::test]
async fn a_signed_request_learns_who_it_is() {
    let rig = Rig::new();
    let keys = keys(&rig).await;
    let reply = call(&rig, &keys, 0, |_, _| {}).await.is(200);
    assert!(reply.body.contains("<Account>111122223333</Account>"), "{}", reply.body);
    assert!(reply.body.contains("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_ReadOnly_"));
    for offset in [-900, 900] {
        call(&rig, &keys, offset, |_, _| {}).await.is(200);
    }
}

#[tokio::test]
async fn tampering_is_noticed() {
    let rig = Rig::new();
    let keys = keys(&rig).await;
    let reply = call(&rig, &keys, 0, |_, body| body.push_str("&x=1")).await;
    refused(&reply, 403, "SignatureDoesNotMatch");
    let reply = call(&rig, &keys, 0, |headers, _| {
        drop(headers.insert("content-type", "text/plain".parse().unwrap()));
    })
    .await;
    refused(&reply, 403, "SignatureDoesNotMatch");
    let reply =
        call(&rig, &keys, 0, |headers, _| drop(headers.insert("x-amz-extra", "1".parse().unwrap()))).await;
    refused(&reply, 403, "SignatureDoesNotMatch");
    let wrong = Keys { secret: "x".repeat(40), id: keys.id.clone(), token: keys.token.clone() };
    refused(&call(&rig, &wrong, 0, |_, _| {}).await, 403, "SignatureDoesNotMatch");
    let reply = call(&rig, &keys, 0, |headers, _| {
        let line = headers["authorization"].to_str().unwrap().replace("/sts/", "/s3/");
        headers.insert("authorization", line.parse().unwrap());
    })
    .await;
    refused(&reply, 403, "SignatureDoesNotMatch");
}

#[tokio::test]
async fn keys_are_known_whole_and_expire() {
    let rig = Rig::new();
    let keys = keys(&rig).await;
    let unknown =
        Keys { id: "ASIAXXXXXXXXXXXXXXXX".into(), secret: keys.secret.clone(), token: keys.token.clone() };
    refused(&call(&rig, &unknown, 0, |_, _| {}).await, 403, "InvalidClientTokenId");
    let foreign = Keys { id: keys.id.clone(), secret: keys.secret.clone(), token: "other".into() };
    refused(&call(&rig, &foreign, 0, |_, _| {}).await, 403, "InvalidClientTokenId");
    rig.pass(3599);
    call(&rig, &keys, 0, |_, _| {}).await.is(200);
    rig.pass(1);
    refused(&call(&rig, &keys, 0, |_, _| {}).await, 403, "ExpiredToken");
}

#[tokio::test]
async fn credentials_outlive_the_sign_out() {
    let rig = Rig::new();
    let keys = keys(&rig).await;
    rig.instance.store.end_all_sessions(rig.instance.now()).unwrap();
    call(&rig, &keys, 0, |_, _| {}).await.is(200);
    rig.instance.store.expire_role_credentials(rig.instance.now()).unwrap();
    refused(&call(&rig, &keys, 0, |_, _| {}).await, 403, "ExpiredToken");
}

#[tokio::test]
async fn clocks_may_differ_by_a_quarter_of_an_hour() {
    let rig = Rig::new();
    let keys = keys(&rig).await;
    let late = call(&rig, &keys, -901, |_, _| {}).await;
    refused(&late, 403, "SignatureDoesNotMatch");
    assert!(late.body.contains("Signature expired"), "{}", late.body);
    let early = call(&rig, &keys, 901, |_, _| {}).await;
    assert!(early.body.contains("Signature not yet current"), "{}", early.body);
}

#[tokio::test]
async fn unsigned_and_unreadable_requests_have_their_own_errors() {
    let rig = Rig::new();
    let keys = keys(&rig).await;
    let reply = call(&rig, &keys, 0, |headers, _| drop(headers.remove("authorization"))).await;
    refused(&reply, 403, "MissingAuthenticationToken");
    for line in [
        "AWS4-HMAC-SHA256 Credential=x",
        "Basic abc",
        "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0",
    ] {
        let reply =
            call(&rig, &keys, 0, |headers, _| drop(headers.insert("authorization", line.parse().unwrap())))
                .await;
        refused(&reply, 400, "IncompleteSignature");
    }
    let reply = call(&rig, &keys, 0, |_, body| *body = "Action=<Nothing>".into()).await;
    refused(&reply, 400, "InvalidAction");
    assert!(reply.body.contains("&lt;Nothing&gt;"));
    let reply = call(&rig, &keys, 0, |_, body| *body = "Action=a%01%0B%1Fb%EF%BF%BFc".into()).await;
    refused(&reply, 400, "InvalidAction");
    assert!(reply.body.contains("operation abc for"), "{}", reply.body);
}

#[tokio::test]
async fn answers_carry_the_request_id_of_their_header() {
    let rig = Rig::new();
    let keys = keys(&rig).await;
    let good = call(&rig, &keys, 0, |_, _| {}).await.is(200);
    let bad = call(&rig, &keys, 0, |_, body| body.push_str("&x=1")).await.is(403);
    for reply in [good, bad] {
        let id = reply.header("x-amzn-requestid");
        assert_eq!(id.len(), 36, "{id}");
        assert!(reply.body.contains(&format!("<RequestId>{id}</RequestId>")), "{}", reply.body);
    }
}

#[tokio::test]
async fn presigned_urls_work_until_they_expire() {
    let rig = Rig::new();
    let keys = keys(&rig).await;
    let stamp = stamp(&rig, 0);
    let signed = signed(&stamp, &["host"], true);
    let credential = format!("{}/{}", keys.id, signed.scope).replace('/', "%2F");
    let unsigned = format!(
        "/?{BODY}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={stamp}\
         &X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Security-Token={}",
        keys.token
    );
    let mut headers = HeaderMap::new();
    headers.insert("host", "localhost:4711".parse().unwrap());
    let request =
        SignedRequest { method: Method::GET, uri: unsigned.parse().unwrap(), headers, body: Bytes::new() };
    let url = format!("{unsigned}&X-Amz-Signature={}", sign(&signed, &request, &keys.secret));
    rig.browser().get(&url).await.is(200);
    refused(&rig.browser().get(&url.replace("Expires=60", "Expires=99")).await, 403, "SignatureDoesNotMatch");
    refused(&rig.browser().get(&url.replace("Expires=60", "Expires=0")).await, 400, "IncompleteSignature");
    rig.pass(61);
    assert!(rig.browser().get(&url).await.body.contains("Signature expired"));
}
