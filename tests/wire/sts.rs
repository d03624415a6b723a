//! `GetCallerIdentity` with real signatures: what proves a credentials file.

use super::{ACCOUNT, ROLE, Wire, expect, text};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use support::boto::Refusal;

async fn credentials(wire: &Wire) -> Result<Value> {
    let (_, tokens) = wire.signed_in().await?;
    expect(wire.role_credentials(&text(&tokens, "accessToken")?, ROLE).await?)
}

fn code(answer: Result<Value, Refusal>) -> Result<(String, u16)> {
    let refusal = answer.err().context("it was answered")?;
    Ok((refusal.code.unwrap_or_default(), refusal.status.unwrap_or_default()))
}

#[tokio::test]
async fn the_identity_is_the_reserved_role_and_the_user() -> Result<()> {
    let wire = Wire::start().await?;
    let identity = expect(wire.boto.who_am_i(&credentials(&wire).await?).await?)?;
    let start = format!("arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_{ROLE}_");
    let arn = text(&identity, "Arn")?;
    ensure!(arn.starts_with(&start), "{arn}");
    let rest = arn.trim_start_matches(&start);
    let (hash, user) = rest.split_once('/').with_context(|| arn.clone())?;
    ensure!(hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{arn}");
    ensure!(user == wire.server.user()?.username, "{arn}");
    ensure!(text(&identity, "UserId")?.ends_with(&format!(":{user}")), "{identity}");
    Ok(())
}

#[tokio::test]
async fn tampered_keys_get_awss_errors() -> Result<()> {
    let wire = Wire::start().await?;
    let good = credentials(&wire).await?;
    let changed = |field: &str, value: &str| {
        let mut keys = good.clone();
        keys[field] = json!(value);
        keys
    };
    let secret = changed("secretAccessKey", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    ensure!(code(wire.boto.who_am_i(&secret).await?)? == ("SignatureDoesNotMatch".into(), 403));
    let token = changed("sessionToken", &format!("{}x", text(&good, "sessionToken")?));
    ensure!(code(wire.boto.who_am_i(&token).await?)? == ("InvalidClientTokenId".into(), 403));
    let id = changed("accessKeyId", "ASIAAAAAAAAAAAAAAAAA");
    ensure!(code(wire.boto.who_am_i(&id).await?)? == ("InvalidClientTokenId".into(), 403));
    expect(wire.boto.who_am_i(&good).await?)?;
    Ok(())
}

#[tokio::test]
async fn expired_keys_are_told_so() -> Result<()> {
    let wire = Wire::start().await?;
    let old = credentials(&wire).await?;
    wire.server.expire_credentials().await?;
    ensure!(code(wire.boto.who_am_i(&old).await?)? == ("ExpiredToken".into(), 403));
    expect(wire.boto.who_am_i(&credentials(&wire).await?).await?)?;
    Ok(())
}

/// STS refuses a signature whose time is more than 15 minutes off.
#[tokio::test]
async fn a_clock_far_off_is_refused() -> Result<()> {
    let wire = Wire::start().await?;
    let keys = credentials(&wire).await?;
    for offset in [960, -960] {
        wire.server.control(json!({ "clock_offset_seconds": offset })).await?;
        ensure!(code(wire.boto.who_am_i(&keys).await?)? == ("SignatureDoesNotMatch".into(), 403), "{offset}");
    }
    wire.server.control(json!({ "clock_offset_seconds": 0 })).await?;
    expect(wire.boto.who_am_i(&keys).await?)?;
    Ok(())
}
