//! Opening a console: `getSigninToken` and `login`.

use super::{ACCOUNT, ROLE, Wire, expect, text};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use support::page::{Form, Page};
use url::Url;

fn session(keys: &Value) -> Result<String> {
    Ok(json!({
        "sessionId": text(keys, "accessKeyId")?,
        "sessionKey": text(keys, "secretAccessKey")?,
        "sessionToken": text(keys, "sessionToken")?,
    })
    .to_string())
}

async fn keys(wire: &Wire) -> Result<Value> {
    let (_, tokens) = wire.signed_in().await?;
    expect(wire.role_credentials(&text(&tokens, "accessToken")?, ROLE).await?)
}

async fn federation(wire: &Wire, parameters: &[(&str, &str)], post: bool) -> Result<Page> {
    let fields = parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    wire.person.send(&Form { action: wire.server.ready().federation_endpoint.clone(), post, fields }).await
}

fn token_in(page: &Page) -> Result<String> {
    let answer: Value = serde_json::from_str(&page.html).with_context(|| page.html.clone())?;
    text(&answer, "SigninToken")
}

#[tokio::test]
async fn keys_open_a_console_that_says_where_one_is() -> Result<()> {
    let wire = Wire::start().await?;
    let session = session(&keys(&wire).await?)?;
    for post in [false, true] {
        let asked =
            [("Action", "getSigninToken"), ("SessionDuration", "3600"), ("Session", session.as_str())];
        let token = token_in(&federation(&wire, &asked, post).await?)?;
        wire.person.forget();
        let destination = "https://eu-central-1.console.aws.amazon.com/s3/home";
        let asked = [("Action", "login"), ("Destination", destination), ("SigninToken", token.as_str())];
        let page = federation(&wire, &asked, false).await?;
        ensure!(page.status.is_success() && page.leads_to.is_none(), "{} {:?}", page.status, page.leads_to);
        page.says(ACCOUNT)?;
        page.says("payments-prod")?;
        page.says(ROLE)?;
        ensure!(!page.url.as_str().contains(&token), "the token stands in the console's address");
        let again = federation(&wire, &asked, false).await?;
        ensure!(again.status.is_success() || again.status == 400, "{}", again.status);
    }
    Ok(())
}

#[tokio::test]
async fn bad_requests_open_nothing() -> Result<()> {
    let wire = Wire::start().await?;
    let keys = keys(&wire).await?;
    let good = session(&keys)?;
    let mut tampered = keys.clone();
    tampered["secretAccessKey"] = json!("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let tampered = session(&tampered)?;
    let bad: [&[(&str, &str)]; 6] = [
        &[("Action", "getSigninToken"), ("Session", &tampered)],
        &[("Action", "getSigninToken"), ("Session", "{}")],
        &[("Action", "getSigninToken"), ("Session", &good), ("SessionDuration", "60")],
        &[("Action", "getSigninToken"), ("Session", &good), ("SessionDuration", "99999")],
        &[("Action", "login"), ("SigninToken", "guess")],
        &[("Action", "dance")],
    ];
    for asked in bad {
        let page = federation(&wire, asked, false).await?;
        ensure!(page.status == 400, "{:?}: {}", asked.first(), page.status);
        ensure!(!page.html.contains("\"SigninToken\""), "{:?}", asked.first());
    }
    wire.server.expire_credentials().await?;
    let page = federation(&wire, &[("Action", "getSigninToken"), ("Session", &good)], true).await?;
    ensure!(page.status == 400, "expired keys: {}", page.status);
    Ok(())
}

/// A console must not be a way to send people anywhere.
#[tokio::test]
async fn a_foreign_destination_is_not_followed() -> Result<()> {
    let wire = Wire::start().await?;
    let session = session(&keys(&wire).await?)?;
    let token =
        token_in(&federation(&wire, &[("Action", "getSigninToken"), ("Session", &session)], true).await?)?;
    let evil = "https://evil.test/";
    let asked = [("Action", "login"), ("Destination", evil), ("SigninToken", token.as_str())];
    let page = federation(&wire, &asked, false).await?;
    let foreign = |u: &Url| u.host_str() == Some("evil.test");
    ensure!(!page.leads_to.as_ref().is_some_and(foreign), "the browser is sent to {evil}");
    ensure!(!page.links().iter().any(foreign), "the page links to {evil}");
    Ok(())
}
