//! The device flow by boto3.

use super::{ACCOUNT, DEVICE_CODE, ROLE, Wire, expect, refused, text, url};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use url::Url;

#[tokio::test]
async fn a_person_signs_a_device_in_and_it_gets_credentials() -> Result<()> {
    let wire = Wire::start().await?;
    let client = wire.register().await?;
    let device = wire.start_device(&client, &wire.server.ready().start_url).await?;
    let code = text(&device, "deviceCode")?;
    let user_code = text(&device, "userCode")?;
    let shape = user_code.split('-').map(|p| p.chars().all(|c| c.is_ascii_uppercase()).then_some(p.len()));
    ensure!(shape.collect::<Vec<_>>() == [Some(4), Some(4)], "the user code is {user_code}");
    ensure!(device["expiresIn"] == 600 && device["interval"] == 1, "{device}");
    let address = url(&device, "verificationUriComplete")?;
    ensure!(address.as_str().starts_with(&text(&device, "verificationUri")?), "{device}");

    refused(&wire.token_by_device(&client, &code).await?, "AuthorizationPendingException", 400)?;
    let page = wire.person.sign_in(&address, wire.server.user()?).await?;
    ensure!(page.status.is_success(), "the last page was {}", page.status);
    let tokens = expect(wire.token_by_device(&client, &code).await?)?;
    ensure!(tokens["tokenType"] == "Bearer" && tokens["expiresIn"] == 3600, "{}", tokens["expiresIn"]);
    text(&tokens, "refreshToken")?;

    let credentials = expect(wire.role_credentials(&text(&tokens, "accessToken")?, ROLE).await?)?;
    ensure!(text(&credentials, "accessKeyId")?.starts_with("ASIA"), "the key id has another prefix");
    let identity = expect(wire.boto.who_am_i(&credentials).await?)?;
    ensure!(identity["Account"] == ACCOUNT, "{identity}");

    let again = wire.token_by_device(&client, &code).await?;
    ensure!(again.is_err(), "a device code was exchanged twice");
    Ok(())
}

/// Current CLI versions accept AWS-shaped https start URLs only.
#[tokio::test]
async fn the_alias_leads_to_the_same_portal() -> Result<()> {
    let wire = Wire::start().await?;
    let alias = wire.server.ready().start_url_alias.clone();
    ensure!(
        alias.scheme() == "https" && alias.host_str().is_some_and(|h| h.ends_with(".awsapps.com")),
        "{alias}"
    );
    leads_to_the_portal(&wire, &alias).await
}

#[tokio::test]
async fn the_issuer_url_leads_to_the_same_portal() -> Result<()> {
    let wire = Wire::start().await?;
    let issuer = wire.server.ready().issuer_url.clone();
    wire.person.open(&issuer).await?.form("sign-in")?;
    leads_to_the_portal(&wire, &issuer).await
}

async fn leads_to_the_portal(wire: &Wire, start_url: &Url) -> Result<()> {
    let client = wire.register().await?;
    let device = wire.start_device(&client, start_url).await?;
    wire.person.sign_in(&url(&device, "verificationUriComplete")?, wire.server.user()?).await?;
    let tokens = expect(wire.token_by_device(&client, &text(&device, "deviceCode")?).await?)?;
    let accounts = json!({ "accessToken": text(&tokens, "accessToken")? });
    let accounts = wire.boto.answer("sso", "list_accounts", accounts).await?;
    ensure!(accounts["accountList"].as_array().is_some_and(|l| !l.is_empty()), "{accounts}");
    Ok(())
}

#[tokio::test]
async fn a_device_is_told_when_it_asks_too_often_and_when_it_is_too_late() -> Result<()> {
    let wire = Wire::start().await?;
    let client = wire.register().await?;
    let device = wire.start_device(&client, &wire.server.ready().start_url).await?;
    let code = text(&device, "deviceCode")?;
    let mut last = wire.token_by_device(&client, &code).await?;
    for _ in 0..30 {
        if matches!(&last, Err(r) if r.class == "SlowDownException") {
            break;
        }
        refused(&last, "AuthorizationPendingException", 400)?;
        last = wire.token_by_device(&client, &code).await?;
    }
    refused(&last, "SlowDownException", 400)?;
    wire.server.control(json!({ "clock_offset_seconds": 601 })).await?;
    refused(&wire.token_by_device(&client, &code).await?, "ExpiredTokenException", 400)
}

#[tokio::test]
async fn a_person_can_say_no() -> Result<()> {
    let wire = Wire::start().await?;
    let client = wire.register().await?;
    let device = wire.start_device(&client, &wire.server.ready().start_url).await?;
    let page = wire.person.open(&url(&device, "verificationUriComplete")?).await?;
    let page = wire.person.give_password(&page, wire.server.user()?).await?;
    let page = wire.person.send(&page.form("confirm-code")?).await?;
    page.says("wire test")?;
    wire.person.send(&page.form("deny")?).await?;
    refused(
        &wire.token_by_device(&client, &text(&device, "deviceCode")?).await?,
        "AccessDeniedException",
        400,
    )
}

#[tokio::test]
async fn strangers_and_mistakes_get_the_documented_errors() -> Result<()> {
    let wire = Wire::start().await?;
    let client = wire.register().await?;
    let ready = wire.server.ready();
    let start = |id: &str, secret: &str, url: &str| json!({ "clientId": id, "clientSecret": secret, "startUrl": url });
    let device = async |params: Value| wire.boto.call("sso-oidc", "start_device_authorization", params).await;

    let start_url = ready.start_url.as_str();
    refused(&device(start("nobody", &client.secret, start_url)).await?, "InvalidClientException", 401)?;
    refused(&device(start(&client.id, "guess", start_url)).await?, "InvalidClientException", 401)?;
    let foreign = "https://d-0000000000.awsapps.com/start";
    refused(&device(start(&client.id, &client.secret, foreign)).await?, "InvalidRequestException", 400)?;

    let grant = json!({ "grantType": "password" });
    refused(&wire.token(&client, grant).await?, "UnsupportedGrantTypeException", 400)?;
    let grant = json!({ "grantType": DEVICE_CODE });
    refused(&wire.token(&client, grant).await?, "InvalidRequestException", 400)?;
    let stranger = super::Client { id: client.id.clone(), secret: "guess".to_owned() };
    refused(&wire.token_by_device(&stranger, "x").await?, "InvalidClientException", 401)?;
    let unknown = wire.token_by_device(&client, "no-such-code").await?;
    ensure!(unknown.is_err(), "an unknown device code was exchanged");

    let register = |params: Value| async { wire.boto.call("sso-oidc", "register_client", params).await };
    let confidential = json!({ "clientName": "x", "clientType": "confidential" });
    refused(&register(confidential).await?, "InvalidClientMetadataException", 400)?;
    let scope = json!({ "clientName": "x", "clientType": "public", "scopes": ["no:such:scope"] });
    refused(&register(scope).await?, "InvalidScopeException", 400)?;
    let redirect = json!({ "clientName": "x", "clientType": "public", "redirectUris": ["https://evil.test/cb"],
        "grantTypes": ["authorization_code"], "issuerUrl": start_url });
    refused(&register(redirect).await?, "InvalidRedirectUriException", 400)
}

/// A code belongs to the client it was given to.
#[tokio::test]
async fn another_client_cannot_take_the_code() -> Result<()> {
    let wire = Wire::start().await?;
    let (client, thief) = (wire.register().await?, wire.register().await?);
    let device = wire.start_device(&client, &wire.server.ready().start_url).await?;
    let code = text(&device, "deviceCode")?;
    wire.person.sign_in(&url(&device, "verificationUriComplete")?, wire.server.user()?).await?;
    ensure!(wire.token_by_device(&thief, &code).await?.is_err(), "another client took the tokens");
    expect(wire.token_by_device(&client, &code).await?)?;
    Ok(())
}

/// Registrations without a scope are the legacy ones: a longer token, nothing to refresh it with.
#[tokio::test]
async fn a_client_without_scope_gets_no_refresh_token() -> Result<()> {
    let wire = Wire::start().await?;
    let client = wire.register_with(json!({})).await?;
    let device = wire.start_device(&client, &wire.server.ready().start_url).await?;
    wire.person.sign_in(&url(&device, "verificationUriComplete")?, wire.server.user()?).await?;
    let tokens = expect(wire.token_by_device(&client, &text(&device, "deviceCode")?).await?)?;
    ensure!(tokens.get("refreshToken").is_none(), "it has a refresh token");
    ensure!(tokens["expiresIn"].as_i64().is_some_and(|s| s > 3600), "{}", tokens["expiresIn"]);
    Ok(())
}
