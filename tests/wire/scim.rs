//! Provisioning as identity providers do it: whole requests in the forms that Okta, Entra, OneLogin and PingFederate
//! document, and scim2-tester's checks, with an access token from the administration's page.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::{Administrator, Person, Provisioner, ServedOrganisation, organisation};

const PAGE: &str = "/admin/identity-source/provisioning";
const CREATE: &str = "/admin/identity-source/provisioning/create";
const REVOKE: &str = "/admin/identity-source/provisioning/revoke";

async fn start() -> Result<(ServedOrganisation, Administrator, Provisioner)> {
    // Tests ask more quickly than any provider may; `server::scim` has what that limit does.
    let served = ServedOrganisation::start_with(
        "listen = \"127.0.0.1:0\"\n[limits]\nscim_reads_per_second = 0\nscim_writes_per_second = 0\n",
        &[],
    )
    .await?;
    let administrator = Administrator::of(&served).await?;
    let provisioner = provisioner(&served, &administrator).await?;
    Ok((served, administrator, provisioner))
}

async fn provisioner(served: &ServedOrganisation, administrator: &Administrator) -> Result<Provisioner> {
    let page = administrator.open(served, PAGE).await?;
    let page = administrator.submit(&page, CREATE, &[]).await?;
    let endpoint = Administrator::copied(&page, "scim-endpoint")?;
    Provisioner::new(&endpoint, &Administrator::copied(&page, "secret")?)
}

/// Whether an answer has what is expected of it; null is nothing.
fn holds(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Object(expected), actual) => {
            expected.iter().all(|(name, expected)| holds(expected, actual.get(name).unwrap_or(&Value::Null)))
        }
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual).all(|(e, a)| holds(e, a))
        }
        _ => expected == actual,
    }
}

/// Sends a provider's requests, one after the other.
async fn follow(transcript: &str) -> Result<()> {
    let (_served, _administrator, provisioner) = start().await?;
    let steps: Vec<Value> = serde_json::from_str(transcript)?;
    let mut kept = BTreeMap::new();
    for step in &steps {
        let text = kept.iter().fold(step.to_string(), |text, (name, id): (&String, &String)| {
            text.replace(&format!("{{{name}}}"), id)
        });
        let step: Value = serde_json::from_str(&text)?;
        let word = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
        let body = step.get("body");
        let (status, answer) = provisioner.send(&word("method"), &word("path"), body).await?;
        let what = word("what");
        ensure!(Some(u64::from(status.as_u16())) == step["status"].as_u64(), "{what}: {status} {answer}");
        ensure!(holds(&step["expect"], &answer) || step.get("expect").is_none(), "{what}: {answer}");
        if let Some(name) = step["keep"].as_str() {
            kept.insert(name.to_owned(), answer["id"].as_str().context("no id")?.to_owned());
        }
    }
    Ok(())
}

#[tokio::test]
async fn okta_provisions() -> Result<()> {
    follow(include_str!("scim/okta.json")).await
}

#[tokio::test]
async fn entra_provisions() -> Result<()> {
    follow(include_str!("scim/entra.json")).await
}

#[tokio::test]
async fn onelogin_provisions() -> Result<()> {
    follow(include_str!("scim/onelogin.json")).await
}

#[tokio::test]
async fn pingfederate_provisions() -> Result<()> {
    follow(include_str!("scim/pingfederate.json")).await
}

/// What AWS SSO does not do either (SCIM guide, limitations), each with the check that finds it.
const AS_AWS: [(&str, &str, &str); 5] = [
    ("search_with_attributes", "User", "Resource not found"),
    ("search_with_attributes", "Group", "Resource not found"),
    ("check_remove_attribute", "User", "'active'"),
    ("object_replacement", "Group", "PUT of groups"),
    ("check_replace_attribute", "Group", "'members'"),
];

#[tokio::test]
async fn scim2_tester_finds_nothing_but_what_aws_does_not_do_either() -> Result<()> {
    let (served, _administrator, provisioner) = start().await?;
    let checks = provisioner.test(&served.folder().join("scim2-tester.log")).await?;
    let (good, bad): (Vec<_>, Vec<_>) = checks.into_iter().partition(|check| check["status"] == "SUCCESS");
    ensure!(good.len() >= 100, "{} checks passed", good.len());
    let mut expected = AS_AWS.to_vec();
    for check in &bad {
        let is = |(name, resource, reason): &(&str, &str, &str)| {
            check["check"] == *name
                && check["resource"] == *resource
                && check["reason"].as_str().is_some_and(|said| said.contains(reason))
        };
        let known = expected.iter().position(is).with_context(|| format!("{check}"))?;
        expected.remove(known);
    }
    ensure!(expected.is_empty(), "these are done after all: {expected:?}");
    Ok(())
}

#[tokio::test]
async fn whoever_is_deactivated_is_out_and_a_revoked_token_opens_nothing() -> Result<()> {
    let (served, administrator, provisioner) = start().await?;
    let person = Person::new()?;
    let page = person.open(served.start_url()).await?;
    let portal = person.give_password(&page, &served.user()).await?;
    ensure!(portal.url.path() == "/start", "{}", portal.url);
    let second = self::provisioner(&served, &administrator).await?;
    let page = administrator.open(&served, PAGE).await?;
    ensure!(!page.html.contains(&format!("action=\"{CREATE}\"")), "two are enough");
    let id = page.html.split_once("name=\"id\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
    // The newest stands first.
    let revoked = administrator.submit(&page, REVOKE, &[("id", id.context("no token")?.0)]).await?;
    ensure!(revoked.html.contains("The access token is revoked"), "{}", revoked.text());
    ensure!(second.send("GET", "/Users", None).await?.0 == 401);

    let (_, found) = provisioner.send("GET", "/Users?filter=userName%20eq%20%22sam%22", None).await?;
    let id = found["Resources"][0]["id"].as_str().context("no sam")?;
    let body = json!({ "Operations": [{ "op": "replace", "value": { "active": false } }] });
    let (status, _) = provisioner.send("PATCH", &format!("/Users/{id}"), Some(&body)).await?;
    ensure!(status == 200);
    let page = person.open(served.start_url()).await?;
    ensure!(page.has("sign-in"), "still in: {}", page.url);
    let trail = served.command(&["audit", "ls"], &["--name", "PatchUser", "--json"]).await?;
    ensure!(trail.out.contains("identitystore-scim.amazonaws.com"), "{trail:?}");
    Ok(())
}

/// By PUT as by DELETE: the role credentials that somebody has are good for nothing with the next request.
#[tokio::test]
async fn whoever_is_replaced_as_inactive_or_deleted_loses_what_was_issued() -> Result<()> {
    let account = organisation::account("111122223333", "payments", "ReadOnly", "engineering");
    let served = ServedOrganisation::start(&account).await?;
    let administrator = Administrator::of(&served).await?;
    let provisioner = self::provisioner(&served, &administrator).await?;
    let (_, found) = provisioner.send("GET", "/Users?filter=userName%20eq%20%22sam%22", None).await?;
    let sam = found["Resources"][0].clone();
    let way = format!("/Users/{}", sam["id"].as_str().context("no sam")?);
    for method in ["PUT", "DELETE"] {
        let (boto, _, tokens) = super::ldap::tokens_of(&served, &served.user()).await?;
        let keys = super::ldap::credentials(&boto, &tokens).await?.ok().context("credentials")?;
        ensure!(boto.who_am_i(&keys).await?.is_ok(), "{method}: they are good");
        let mut body = sam.clone();
        body["active"] = json!(false);
        let body = (method == "PUT").then_some(&body);
        let (status, answer) = provisioner.send(method, &way, body).await?;
        ensure!(status.is_success(), "{method}: {status} {answer}");
        // The first request of all is refused.
        let refusal = boto.who_am_i(&keys).await?.err().with_context(|| format!("{method}: still good"))?;
        ensure!(refusal.status == Some(403), "{method}: {refusal:?}");
        ensure!(super::ldap::credentials(&boto, &tokens).await?.is_err(), "{method}: more are issued");
        if method == "PUT" {
            let mut body = sam.clone();
            body["active"] = json!(true);
            let (status, answer) = provisioner.send(method, &way, Some(&body)).await?;
            ensure!(status == 200, "{status} {answer}");
            ensure!(boto.who_am_i(&keys).await?.is_err(), "what was issued before does not come back");
        }
    }
    Ok(())
}
