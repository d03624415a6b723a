//! What the server writes down: of nothing that is presented as a secret more than its digest.

use super::{REDIRECT, ROLE, VERIFIER, Wire, expect, query, text, url};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use support::{page::Form, secrets::Secrets};

/// A run through every flow, collecting what was handed out on the way.
async fn run_everything(wire: &Wire) -> Result<(Secrets, String)> {
    let mut secrets = Secrets::default();
    let mut add = |name: &str, value: &str| secrets.add(name, value.as_bytes());

    let client = wire.register().await?;
    add("client secret", &client.secret)?;
    let device = wire.start_device(&client, &wire.server.ready().start_url).await?;
    let (device_code, user_code) = (text(&device, "deviceCode")?, text(&device, "userCode")?);
    add("device code", &device_code)?;
    wire.person.sign_in(&url(&device, "verificationUriComplete")?, wire.server.user()?).await?;
    let tokens = expect(wire.token_by_device(&client, &device_code).await?)?;
    add("access token", &text(&tokens, "accessToken")?)?;
    add("refresh token", &text(&tokens, "refreshToken")?)?;

    let client = wire.register_pkce().await?;
    add("client secret of PKCE", &client.secret)?;
    let code = wire.code(&client).await?;
    add("authorization code", &code)?;
    let tokens = expect(wire.token_by_code(&client, &code, REDIRECT, VERIFIER).await?)?;
    add("access token by code", &text(&tokens, "accessToken")?)?;
    add("refresh token by code", &text(&tokens, "refreshToken")?)?;
    let next = expect(wire.token_by_refresh(&client, &text(&tokens, "refreshToken")?).await?)?;
    add("refreshed access token", &text(&next, "accessToken")?)?;
    add("rotated refresh token", &text(&next, "refreshToken")?)?;

    let keys = expect(wire.role_credentials(&text(&next, "accessToken")?, ROLE).await?)?;
    add("secret access key", &text(&keys, "secretAccessKey")?)?;
    add("session token", &text(&keys, "sessionToken")?)?;
    let session = json!({
        "sessionId": keys["accessKeyId"], "sessionKey": keys["secretAccessKey"],
        "sessionToken": keys["sessionToken"],
    });
    let ask = async |fields: &[(&str, &str)]| {
        let fields = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let action = wire.server.ready().federation_endpoint.clone();
        wire.person.send(&Form { action, post: false, fields }).await
    };
    let page = ask(&[("Action", "getSigninToken"), ("Session", &session.to_string())]).await?;
    let answer: Value = serde_json::from_str(&page.html).with_context(|| page.html.clone())?;
    let token = text(&answer, "SigninToken")?;
    add("sign-in token", &token)?;
    let console = ask(&[("Action", "login"), ("SigninToken", &token)]).await?;
    ensure!(console.status.is_success(), "the console was not opened: {}", console.status);

    let start = &wire.server.ready().start_url;
    let page = wire.person.open(&start.join("/sample-apps/wiki/sign-in")?).await?;
    let handle = query(&page.url, "request").context("the request has no handle")?;
    add("SAML request handle", &handle)?;
    let form = page.form("continue")?;
    add("assertion", form.value("SAMLResponse").context("no response")?)?;
    wire.person.send(&form).await?.says("welcome to Wiki")?;

    let cookies = wire.person.cookie_values();
    ensure!(cookies.len() >= 3, "fewer cookies than session, browser and console");
    for (name, value) in cookies {
        add(&name, &value)?;
    }
    Ok((secrets, user_code))
}

fn holds(file: &Path, wanted: &str) -> Result<bool> {
    let content = std::fs::read(file).with_context(|| file.display().to_string())?;
    Ok(content.windows(wanted.len()).any(|part| part == wanted.as_bytes()))
}

#[tokio::test]
async fn nothing_that_opens_something_is_written_down() -> Result<()> {
    let wire = Wire::start().await?;
    let (secrets, user_code) = run_everything(&wire).await?;
    let data = wire.server.data();
    let log = data.with_extension("server.log");
    // While the server runs: what it wrote last stands in the write-ahead log.
    ensure!(data.join("instance.sqlite-wal").is_file(), "there is no write-ahead log to search");
    secrets.scan(&[data.to_owned()])?;
    let key = std::fs::read_to_string(data.join("saml.pem"))?;
    let key = key.lines().nth(3).context("the signing key is short")?;
    for file in [&log, &data.join("instance.sqlite"), &data.join("instance.sqlite-wal")] {
        ensure!(!holds(file, key)?, "the signing key stands in {}", file.display());
    }
    let files: Vec<PathBuf> = std::fs::read_dir(data)?.flatten().map(|entry| entry.path()).collect();
    for file in files.iter().chain([&log]) {
        for code in [user_code.clone(), user_code.replace('-', "")] {
            ensure!(!holds(file, &code)?, "the user code stands in {}", file.display());
        }
    }
    wire.server.end().await?;
    secrets.scan(&[data.to_owned()])?;
    Ok(())
}
