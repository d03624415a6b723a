//! What journeys have in common.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{path::PathBuf, sync::Arc};
use support::{App, AwsCli, Boto, Desk, app::name, deadline::WHILE, process::Process, programs};

/// The credentials file that everybody's tools read.
pub fn credentials_file(desk: &Desk) -> PathBuf {
    desk.home(".aws/credentials")
}

/// `text` with the value of `key` in section `profile` replaced.
pub fn changed(text: &str, profile: &str, key: &str, value: &str) -> String {
    let mut inside = false;
    let lines = text.split_inclusive('\n').map(|line| {
        if line.starts_with('[') {
            inside = line.trim() == format!("[{profile}]");
        }
        match inside && line.starts_with(key) {
            true => format!("{key} = {value}\n"),
            false => line.to_owned(),
        }
    });
    lines.collect()
}

/// A first start two hours ago: the first hour after installation is silent.
pub async fn installed_two_hours_ago(desk: &Desk) -> Result<()> {
    let app = App::start_with(desk, &["--hidden"], &[]).await?;
    app.tray().await?.click(&["Quit"]).await?;
    app.ended().await?;
    let store = rusqlite::Connection::open(desk.home(".local/share/latchkey/latchkey.db"))?;
    let earlier = "UPDATE facts SET value = CAST(value - 7200000 AS TEXT) WHERE name = 'installed'";
    ensure!(store.execute(earlier, [])? == 1, "the store does not know when it was installed");
    Ok(())
}

/// `latch` is asked for a role's credentials; what it prints and what it tells are both to be read.
pub fn latch(desk: &Desk, name: &str, role: &str) -> Result<Arc<Process>> {
    let latch = programs::latch()?.display().to_string();
    let both = format!("exec '{latch}' env --json {role} 2>&1");
    desk.spawn(desk.program(name, "/bin/sh").args(["-c", &both]).lines())
}

/// Waits for a sign-in after `mark` to stand.
pub async fn wait_signed_in(app: &App, mark: usize) -> Result<Value> {
    app.says(mark, "signin", &json!({ "state": "signed_in" })).await
}

/// Waits until a sync after `mark` has brought all accounts with their roles. Rows that are still coming in
/// move those below them away from the pointer.
pub async fn wait_synced(app: &App, mark: usize) -> Result<Value> {
    let all = |e: &Value| name(e) == "sync" && e["state"] == "idle" && e["accounts"].as_u64() > Some(0);
    app.event_after(mark, WHILE, "all accounts", all).await
}

/// `profile` is of `account`, say the distribution's `aws` and boto3, each reading the file.
pub async fn prove(aws: &AwsCli, boto: &Boto, profile: &str, account: &str) -> Result<()> {
    let said = aws.who_is(profile).await?;
    ensure!(said.ok, "aws: {}", said.err);
    let identity: Value = serde_json::from_str(&said.out).context("aws")?;
    ensure!(identity["Account"] == account, "aws: {identity}");
    let identity = boto.who_is(profile).await?;
    let identity = identity.map_err(|refusal| anyhow::anyhow!("boto3: {refusal:?}"))?;
    ensure!(identity["Account"] == account, "boto3: {identity}");
    Ok(())
}
