//! The portal by boto3.

use super::{ACCOUNT, ROLE, Wire, expect, refused, text};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn ids(list: &Value, field: &str) -> Result<Vec<String>> {
    list.as_array().context("no list")?.iter().map(|entry| text(entry, field)).collect()
}

#[tokio::test]
async fn pages_of_any_size_give_the_same_list() -> Result<()> {
    let wire = Wire::start().await?;
    let (_, tokens) = wire.signed_in().await?;
    let token = text(&tokens, "accessToken")?;
    let asked = json!({ "accessToken": token });
    let whole = wire.boto.answer("sso", "list_accounts", asked.clone()).await?;
    let whole = ids(&whole["accountList"], "accountId")?;
    ensure!(whole.len() >= 5, "only {} accounts", whole.len());
    ensure!(whole.iter().collect::<BTreeSet<_>>().len() == whole.len(), "an account twice: {whole:?}");
    for size in [1, 2, 3, 100] {
        let paged = wire.boto.pages("sso", "list_accounts", asked.clone(), size).await?;
        ensure!(ids(&paged["accountList"], "accountId")? == whole, "pages of {size}: {paged}");
    }
    let asked = json!({ "accessToken": token, "accountId": "111122225555" });
    let roles = wire.boto.answer("sso", "list_account_roles", asked.clone()).await?;
    let roles = ids(&roles["roleList"], "roleName")?;
    ensure!(roles.len() >= 2, "only {roles:?}");
    let paged = wire.boto.pages("sso", "list_account_roles", asked, 1).await?;
    ensure!(ids(&paged["roleList"], "roleName")? == roles, "{paged}");
    Ok(())
}

/// Users see their own: different ones see different accounts.
#[tokio::test]
async fn each_user_has_a_view_of_their_own() -> Result<()> {
    let wire = Wire::start().await?;
    let mut views = BTreeSet::new();
    let users = wire.server.ready().users.clone();
    ensure!(users.len() == 5, "{} users", users.len());
    for user in &users {
        wire.person.forget();
        let client = wire.register().await?;
        let device = wire.start_device(&client, &wire.server.ready().start_url).await?;
        wire.person.sign_in(&super::url(&device, "verificationUriComplete")?, user).await?;
        let tokens = expect(wire.token_by_device(&client, &text(&device, "deviceCode")?).await?)?;
        let asked = json!({ "accessToken": text(&tokens, "accessToken")? });
        let list = wire.boto.answer("sso", "list_accounts", asked).await?;
        views.insert(ids(&list["accountList"], "accountId")?);
    }
    ensure!(views.len() >= 3, "only {} different views", views.len());
    Ok(())
}

#[tokio::test]
async fn bad_parameters_are_refused_in_the_portals_style() -> Result<()> {
    let wire = Wire::start().await?;
    let (_, tokens) = wire.signed_in().await?;
    let token = text(&tokens, "accessToken")?;
    for (name, value) in
        [("maxResults", json!(101)), ("maxResults", json!(1000)), ("nextToken", json!("junk"))]
    {
        let mut asked = json!({ "accessToken": token });
        asked[name] = value;
        let answer = wire.boto.call("sso", "list_accounts", asked).await?;
        refused(&answer, "InvalidRequestException", 400).with_context(|| name.to_owned())?;
    }
    // A role of somebody else, an unknown role, an unknown account: botocore has no model of it.
    let asked =
        |account: &str, role: &str| json!({ "accessToken": token, "accountId": account, "roleName": role });
    for (account, role) in [(ACCOUNT, "Billing"), (ACCOUNT, "NoSuchRole"), ("999999999999", ROLE)] {
        let answer = wire.boto.call("sso", "get_role_credentials", asked(account, role)).await?;
        refused(&answer, "ClientError", 403)?;
        let code = answer.err().and_then(|r| r.code);
        ensure!(code.as_deref() == Some("ForbiddenException"), "{code:?}");
    }
    let answer = wire.boto.call("sso", "list_accounts", json!({ "accessToken": "garbage" })).await?;
    refused(&answer, "UnauthorizedException", 401)
}

/// Another instance's token means nothing here.
#[tokio::test]
async fn a_token_of_another_instance_is_none() -> Result<()> {
    let (here, there) = (Wire::start().await?, Wire::start().await?);
    let (_, tokens) = there.signed_in().await?;
    let asked = json!({ "accessToken": text(&tokens, "accessToken")? });
    refused(&here.boto.call("sso", "list_accounts", asked).await?, "UnauthorizedException", 401)
}

/// Signing out ends the token, not the credentials that were issued with it.
#[tokio::test]
async fn credentials_outlive_the_sign_out() -> Result<()> {
    let wire = Wire::start().await?;
    let (client, tokens) = wire.signed_in().await?;
    let token = text(&tokens, "accessToken")?;
    let credentials = expect(wire.role_credentials(&token, ROLE).await?)?;
    let life = credentials["expiration"].as_i64().context("no expiration")?;
    ensure!(life > 1_500_000_000_000, "{life} is no epoch of milliseconds");
    wire.boto.answer("sso", "logout", json!({ "accessToken": token })).await?;
    let answer = wire.boto.call("sso", "list_accounts", json!({ "accessToken": token })).await?;
    refused(&answer, "UnauthorizedException", 401)?;
    let answer = wire.token_by_refresh(&client, &text(&tokens, "refreshToken")?).await?;
    refused(&answer, "InvalidGrantException", 400)?;
    expect(wire.boto.who_am_i(&credentials).await?)?;
    Ok(())
}

#[tokio::test]
async fn too_many_requests_are_told_so_until_the_limit_is_lifted() -> Result<()> {
    let wire = Wire::start().await?;
    let (_, tokens) = wire.signed_in().await?;
    let asked = json!({ "accessToken": text(&tokens, "accessToken")? });
    wire.server.throttle(1).await?;
    let mut last = wire.boto.call("sso", "list_accounts", asked.clone()).await?;
    for _ in 0..20 {
        if last.is_err() {
            break;
        }
        last = wire.boto.call("sso", "list_accounts", asked.clone()).await?;
    }
    refused(&last, "TooManyRequestsException", 429)?;
    wire.server.throttle(0).await?;
    for _ in 0..20 {
        expect(wire.boto.call("sso", "list_accounts", asked.clone()).await?)?;
    }
    Ok(())
}

/// The short role of the sample organisation lives 15 minutes, the others an hour.
#[tokio::test]
async fn credentials_live_as_long_as_the_permission_set_says() -> Result<()> {
    let wire = Wire::start().await?;
    let (_, tokens) = wire.signed_in().await?;
    let token = text(&tokens, "accessToken")?;
    for (role, minutes) in [(ROLE, 60), ("Incident15", 15)] {
        let before = jiff::Timestamp::now().as_millisecond();
        let credentials = expect(wire.role_credentials(&token, role).await?)?;
        let life = credentials["expiration"].as_i64().context("no expiration")? - before;
        let life = life / 1000;
        ensure!((minutes * 60 - 5..=minutes * 60 + 30).contains(&life), "{role} lives {life} s");
    }
    Ok(())
}
