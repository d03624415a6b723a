//! Every operation of the table, asked by those who may not.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Known, TABLES, keys,
    tests::{Signer, administrator, call_with},
};
use crate::{
    rig::{Reply, Rig},
    secret::InstanceKey,
};

fn all() -> impl Iterator<Item = &'static Known> {
    TABLES.into_iter().flatten()
}

async fn ask(rig: &Rig, signer: &Signer, known: &Known, body: &Value, offset: i64) -> Reply {
    let target = format!("{}.{}", known.target, known.name);
    call_with(rig, signer, (&target, known.service), &body.to_string(), offset, |_, _| {}).await
}

#[track_caller]
fn refused(reply: &Reply, known: &Known, kind: &str) {
    let seen = (reply.status.as_u16(), reply.error());
    assert_eq!(seen, (400, kind.to_owned()), "{}: {}", known.name, reply.body);
}

#[tokio::test]
async fn no_operation_is_done_for_who_is_no_administrator() {
    let rig = Rig::new();
    let admin = administrator(&rig);
    let person = crate::sts::tests::keys(&rig).await;
    let person = Signer { id: person.id, secret: person.secret, token: Some(person.token) };
    let foreign = keys::secret_access_key(&InstanceKey::new([7; 32]), &admin.id);
    let foreign = Signer { secret: foreign.expose().to_owned(), ..admin.clone() };
    let unknown = Signer { id: "AKIAXXXXXXXXXXXXXXXX".into(), ..admin.clone() };
    let disabled = administrator(&rig);
    let (instance, body) = (&rig.instance, json!({}));
    let settings = instance.settings();
    let place = instance.place(&settings);
    assert!(keys::disable(&instance.store, &instance.chance, place, &disabled.id, instance.now()).unwrap());
    let begun = instance.store.audit_trail().len();
    let mut count = 0;
    for known in all() {
        count += 1;
        let target = format!("{}.{}", known.target, known.name);
        let door = (target.as_str(), known.service);
        let unsigned = call_with(&rig, &admin, door, "{}", 0, |headers, _| {
            headers.remove("authorization");
        });
        refused(&unsigned.await, known, "MissingAuthenticationTokenException");
        refused(&ask(&rig, &unknown, known, &body, 0).await, known, "UnrecognizedClientException");
        refused(&ask(&rig, &disabled, known, &body, 0).await, known, "UnrecognizedClientException");
        refused(&ask(&rig, &foreign, known, &body, 0).await, known, "InvalidSignatureException");
        refused(&ask(&rig, &admin, known, &body, -901).await, known, "InvalidSignatureException");
        let changed = call_with(&rig, &admin, door, "{}", 0, |_, body| body.push(' '));
        refused(&changed.await, known, "InvalidSignatureException");
        let elsewhere = call_with(&rig, &admin, (&target, "sts"), "{}", 0, |_, _| {});
        refused(&elsewhere.await, known, "InvalidSignatureException");
        let reply = ask(&rig, &person, known, &body, 0).await;
        refused(&reply, known, "AccessDeniedException");
        let words = format!("not authorized to perform: {}:{}", known.service, known.name);
        assert!(reply.body.contains(&words), "{}", reply.body);
    }
    assert!(count > 60, "{count}");
    let trail = instance.store.audit_trail();
    let refused_events = &trail[begun..];
    assert!(refused_events.iter().all(|(_, event)| event["errorCode"].is_string()));
    // Of each operation those that name a key which there is: disabled, signed with another secret, changed on the
    // way, a person's.
    for known in all() {
        let of = refused_events.iter().filter(|(name, _)| name == known.name).count();
        assert_eq!(of, 4, "{}", known.name);
    }
    rig.pass(3600 * 13);
    for known in all() {
        refused(&ask(&rig, &person, known, &body, 0).await, known, "ExpiredTokenException");
    }
}

#[tokio::test]
async fn no_operation_is_done_at_another_instance() {
    let rig = Rig::new();
    let admin = administrator(&rig);
    let arn = "arn:aws:sso:::instance/ssoins-0000000000000000";
    // Nothing of the request says where it belongs.
    let without =
        ["LookupEvents", "CreateInstance", "ListInstances", "ListIdentityStores", "ListApplicationProviders"];
    for known in all().filter(|known| !without.contains(&known.name)) {
        let application =
            "arn:aws:sso::900000000001:application/ssoins-0000000000000000/apl-0000000000000000";
        let body = json!({
            "InstanceArn": arn,
            "ResourceArn": arn,
            "ApplicationArn": application,
            "TrustedTokenIssuerArn": "arn:aws:sso::900000000001:trustedTokenIssuer/ssoins-0000000000000000/tti-00000000-0000-4000-8000-000000000000",
            "ApplicationProviderArn": "arn:aws:sso::aws:applicationProvider/custom",
            "IdentityStoreId": "d-0000000000",
            "ManagedPolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "CustomerManagedPolicyReference": { "Name": "x" },
            "InlinePolicy": r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
            "PermissionsBoundary": { "ManagedPolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess" },
            "TagKeys": ["x"],
        });
        let reply = ask(&rig, &admin, known, &body, 0).await;
        let name_of_provider = known.name == "DescribeApplicationProvider";
        let kind = match known.service {
            "identitystore" => "ResourceNotFoundException",
            _ if name_of_provider => continue,
            _ => "AccessDeniedException",
        };
        refused(&reply, known, kind);
    }
}

#[test]
fn targets_are_there_once() {
    let names: BTreeSet<_> = all().map(|known| (known.target, known.name)).collect();
    assert_eq!(names.len(), all().count());
}

/// The table in the documentation, as far as it says what is in.
#[test]
fn the_documentation_says_what_is_in() {
    let text = include_str!("../../OPERATIONS.md");
    let written: BTreeSet<(&str, &str)> = text
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, service, name, "yes", ..] = cells.as_slice() else { return None };
            Some((*service, name.trim_matches('`')))
        })
        .collect();
    let service = |known: &Known| if known.service == "sso" { "sso-admin" } else { known.service };
    let table: BTreeSet<(&str, &str)> = all()
        .filter(|known| known.service != "cloudtrail")
        .map(|known| (service(known), known.name))
        .collect();
    assert_eq!(written, table);
}

/// What a session is called is its caller's choice.
#[tokio::test]
async fn a_refusal_names_the_person_and_not_what_they_call_themselves() {
    let rig = Rig::new();
    let person = crate::sts::tests::keys(&rig).await;
    let role = "arn:aws:iam::111122225555:role/Deploy";
    let body = format!("Action=AssumeRole&Version=2011-06-15&RoleSessionName=kim&RoleArn={role}");
    let reply = crate::sts::tests::signed_call(&rig, &person, &body).await.is(200);
    let element = |name: &str| {
        let rest = reply.body.split_once(&format!("<{name}>")).unwrap().1;
        rest.split_once("</").unwrap().0.to_owned()
    };
    let signer = Signer {
        id: element("AccessKeyId"),
        secret: element("SecretAccessKey"),
        token: Some(element("SessionToken")),
    };
    let known = all().find(|known| known.name == "ListUsers").unwrap();
    refused(&ask(&rig, &signer, known, &json!({}), 0).await, known, "AccessDeniedException");
    let (_, event) = rig.instance.store.audit_trail().pop().unwrap();
    assert_eq!(event["additionalEventData"]["UserName"], "sam");
    assert_eq!(event["userIdentity"]["onBehalfOf"]["userId"], rig.user("sam").id);
    assert_eq!(event["userIdentity"]["arn"], "arn:aws:sts::111122225555:assumed-role/Deploy/kim");
}

/// An address that is signed is good for days, for whoever comes by it.
#[tokio::test]
async fn a_signature_in_the_address_is_not_taken() {
    let rig = Rig::new();
    let admin = administrator(&rig);
    let credential = format!("{}/20270115/eu-central-1/identitystore/aws4_request", admin.id);
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("X-Amz-Algorithm", "AWS4-HMAC-SHA256")
        .append_pair("X-Amz-Credential", &credential)
        .append_pair("X-Amz-Date", "20270115T080000Z")
        .append_pair("X-Amz-Expires", "604800")
        .append_pair("X-Amz-SignedHeaders", "host;x-amz-target")
        .append_pair("X-Amz-Signature", &"0".repeat(64))
        .finish();
    let request = axum::http::Request::post(format!("/?{query}"));
    let request = request.header("x-amz-target", "AWSIdentityStore.ListUsers");
    let reply = rig.send(request.body(axum::body::Body::from("{}")).unwrap()).await.is(400);
    assert_eq!(reply.error(), "IncompleteSignatureException", "{}", reply.body);
}
