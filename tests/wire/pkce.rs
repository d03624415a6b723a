//! The authorization code flow with PKCE, and refreshing.

use super::{REDIRECT, VERIFIER, Wire, came_back, expect, query, refused, text};
use anyhow::{Result, ensure};
use serde_json::json;

#[tokio::test]
async fn a_code_is_exchanged_once_and_refreshed_often() -> Result<()> {
    let wire = Wire::start().await?;
    let client = wire.register_pkce().await?;
    let code = wire.code(&client).await?;
    let tokens = expect(wire.token_by_code(&client, &code, REDIRECT, VERIFIER).await?)?;
    let (mut access, mut refresh) = (text(&tokens, "accessToken")?, text(&tokens, "refreshToken")?);
    for _ in 0..2 {
        let next = expect(wire.token_by_refresh(&client, &refresh).await?)?;
        let (new_access, new_refresh) = (text(&next, "accessToken")?, text(&next, "refreshToken")?);
        ensure!(new_access != access, "the access token is the old one");
        (access, refresh) = (new_access, new_refresh);
    }
    expect(wire.boto.call("sso", "list_accounts", json!({ "accessToken": access })).await?)?;
    refused(&wire.token_by_code(&client, &code, REDIRECT, VERIFIER).await?, "InvalidGrantException", 400)
}

#[tokio::test]
async fn a_wrong_verifier_redirect_or_client_gets_nothing() -> Result<()> {
    let wire = Wire::start().await?;
    let client = wire.register_pkce().await?;
    let wrong = VERIFIER.replace('a', "b");
    let other_port = REDIRECT.replace("40123", "40124");
    let attempts = [(REDIRECT, wrong.as_str()), (other_port.as_str(), VERIFIER)];
    for (redirect, verifier) in attempts {
        let code = wire.code(&client).await?;
        let answer = wire.token_by_code(&client, &code, redirect, verifier).await?;
        refused(&answer, "InvalidGrantException", 400)?;
    }
    let thief = wire.register_pkce().await?;
    let code = wire.code(&client).await?;
    let answer = wire.token_by_code(&thief, &code, REDIRECT, VERIFIER).await?;
    refused(&answer, "InvalidGrantException", 400)
}

#[tokio::test]
async fn a_code_lives_a_minute() -> Result<()> {
    let wire = Wire::start().await?;
    let client = wire.register_pkce().await?;
    let code = wire.code(&client).await?;
    wire.server.control(json!({ "clock_offset_seconds": 61 })).await?;
    refused(&wire.token_by_code(&client, &code, REDIRECT, VERIFIER).await?, "InvalidGrantException", 400)
}

/// Nothing is sent to an address that the client did not register; what is wrong otherwise is told
/// to the client.
#[tokio::test]
async fn bad_requests_to_authorize_are_refused_in_the_right_place() -> Result<()> {
    let wire = Wire::start().await?;
    let client = wire.register_pkce().await?;
    let shown = [
        ("client_id", "nobody"),
        ("redirect_uri", "http://127.0.0.1:40123/elsewhere"),
        ("redirect_uri", "http://evil.test/oauth/callback"),
        ("redirect_uri", "https://127.0.0.1:40123/oauth/callback"),
        ("redirect_uri", ""),
    ];
    for change in shown {
        let page = wire.person.open(&wire.authorize_url(&client, &[change])?).await?;
        ensure!(
            page.status == 400 && page.leads_to.is_none(),
            "{change:?}: {} {:?}",
            page.status,
            page.leads_to
        );
    }
    let told = [
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("response_type", "token"), "invalid_request"),
        (("scopes", "no:such:scope"), "invalid_scope"),
    ];
    for (change, error) in told {
        let page = wire.person.open(&wire.authorize_url(&client, &[change])?).await?;
        let back = came_back(&page)?;
        ensure!(query(&back, "error").as_deref() == Some(error), "{change:?}: {back}");
        ensure!(query(&back, "state").as_deref() == Some("the-state"), "{change:?}: {back}");
        ensure!(query(&back, "code").is_none(), "{change:?}: {back}");
    }
    Ok(())
}

#[tokio::test]
async fn a_person_can_deny_the_client() -> Result<()> {
    let wire = Wire::start().await?;
    let client = wire.register_pkce().await?;
    let page = wire.person.open(&wire.authorize_url(&client, &[])?).await?;
    let page = wire.person.give_password(&page, wire.server.user()?).await?;
    page.says("wire test")?;
    let page = wire.person.send(&page.form("deny")?).await?;
    let back = came_back(&page)?;
    ensure!(query(&back, "error").as_deref() == Some("access_denied"), "{back}");
    Ok(())
}

/// Access tokens end while the sign-in goes on; when the sign-in ends, nothing refreshes it.
#[tokio::test]
async fn refreshing_ends_with_the_sign_in() -> Result<()> {
    let wire = Wire::start().await?;
    let (client, tokens) = wire.signed_in().await?;
    let list = |token: String| json!({ "accessToken": token });
    wire.server.expire_access_tokens().await?;
    let answer = wire.boto.call("sso", "list_accounts", list(text(&tokens, "accessToken")?)).await?;
    refused(&answer, "UnauthorizedException", 401)?;
    let tokens = expect(wire.token_by_refresh(&client, &text(&tokens, "refreshToken")?).await?)?;
    expect(wire.boto.call("sso", "list_accounts", list(text(&tokens, "accessToken")?)).await?)?;

    wire.server.expire_sessions().await?;
    let answer = wire.boto.call("sso", "list_accounts", list(text(&tokens, "accessToken")?)).await?;
    refused(&answer, "UnauthorizedException", 401)?;
    let answer = wire.token_by_refresh(&client, &text(&tokens, "refreshToken")?).await?;
    refused(&answer, "InvalidGrantException", 400)
}

/// A lost answer may be asked for again for a minute; an old token later means it was stolen, and
/// ends the whole family.
#[tokio::test]
async fn an_old_refresh_token_ends_the_family() -> Result<()> {
    let wire = Wire::start().await?;
    let (client, tokens) = wire.signed_in().await?;
    let first = text(&tokens, "refreshToken")?;
    expect(wire.token_by_refresh(&client, &first).await?)?;
    wire.server.control(json!({ "clock_offset_seconds": 1800 })).await?;
    // Nothing of the first answer was seen yet: it may have been lost.
    let second = expect(wire.token_by_refresh(&client, &first).await?)?;
    let asked = json!({ "accessToken": text(&second, "accessToken")? });
    expect(wire.boto.call("sso", "list_accounts", asked).await?)?;
    refused(&wire.token_by_refresh(&client, &first).await?, "InvalidGrantException", 400)?;
    let answer = wire.token_by_refresh(&client, &text(&second, "refreshToken")?).await?;
    refused(&answer, "InvalidGrantException", 400)
}

/// `session_minutes` makes sign-ins short: no token outlives them.
#[tokio::test]
async fn a_short_sign_in_gives_short_tokens() -> Result<()> {
    let wire = Wire::start().await?;
    wire.server.session_minutes(16).await?;
    let (_, tokens) = wire.signed_in().await?;
    let seconds = tokens["expiresIn"].as_i64();
    ensure!(seconds.is_some_and(|s| (900..=960).contains(&s)), "the token lives {seconds:?} s");
    Ok(())
}
