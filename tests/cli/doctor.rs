//! `latch doctor`: each thing it looks for, in a bad case.

use super::steps::Latch;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};
use support::{Desk, SandboxServer, deadline::WHILE, journey, process::run, programs};

/// What it finds: how many of each check, how it ends, and all of it.
async fn finds(desk: &Desk, more: &[(&str, &str)]) -> Result<(BTreeMap<String, usize>, i32, Value)> {
    let mut env = desk.env().clone();
    env.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let said = run(WHILE, programs::latch()?, &["doctor", "--json"], &env, "").await?;
    let all: Value = serde_json::from_str(&said.out).with_context(|| format!("{said:?}"))?;
    let mut counts = BTreeMap::new();
    for finding in all["findings"].as_array().context("findings")? {
        *counts.entry(finding["check"].as_str().context("check")?.to_owned()).or_default() += 1;
    }
    Ok((counts, said.status.unwrap_or(-1), all))
}

fn put(desk: &Desk, path: &str, text: &str, mode: u32) -> Result<()> {
    let path = desk.home(path);
    fs::create_dir_all(path.parent().context("folder")?)?;
    fs::write(&path, text)?;
    Ok(fs::set_permissions(&path, Permissions::from_mode(mode))?)
}

fn mode(path: &Path) -> Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

const CONFIG: &str = "[profile a]\nregion = x\n[profile a]\nregion = y\n[profile b]\nwhat is this\n\
    credential_process = granted credential-process --profile b\n\n[profile c]\ncredential_process = latch credentials --role 1/R\n\n\
    [profile d]\nsso_session = gone\nsso_account_id = 1\n[lost]\nregion = x\n";

#[test]
fn everything_that_is_wrong_is_told_and_what_can_be_repaired_is() {
    journey("latch-doctor", |desk| async move {
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let latch = Latch(&desk);
        latch.login(&server, &user).await?;
        let well = latch.run(&["doctor"]).await?;
        ensure!(well.ok && well.err.contains("Nothing is wrong"), "{well:?}");

        put(&desk, ".aws/config", CONFIG, 0o666)?;
        let credentials = "[d]\naws_access_key_id = AKIAX\naws_secret_access_key = planted-secret\n";
        put(&desk, ".aws/credentials", credentials, 0o644)?;
        put(&desk, ".aws/credentials.leapp.bkp", "[default]\n", 0o600)?;
        put(&desk, ".aws/.credentials.latchkey-tmp", "half", 0o600)?;
        put(&desk, ".aws/sso/cache/damaged.json", "{\"accessToken\": \"planted-token", 0o600)?;
        put(
            &desk,
            ".aws/sso/cache/expired.json",
            "{\"accessToken\":\"planted-token\",\"expiresAt\":\"2020-01-01T00:00:00UTC\"}",
            0o600,
        )?;
        let renewable = "{\"accessToken\":\"x\",\"expiresAt\":\"2020-01-01T00:00:00Z\",\"refreshToken\":\"x\",\"clientSecret\":\"x\",\"registrationExpiresAt\":\"2099-01-01T00:00:00Z\"}";
        put(&desk, ".aws/sso/cache/renewable.json", renewable, 0o644)?;
        // The registration is in another file.
        let apart = "{\"accessToken\":\"x\",\"expiresAt\":\"2020-01-01T00:00:00Z\",\"refreshToken\":\"x\",\"clientIdHash\":\"0a1b\"}";
        put(&desk, ".aws/sso/cache/apart.json", apart, 0o600)?;
        put(&desk, ".aws/sso/cache/.0a1b.json.latchkey-tmp", "half", 0o600)?;
        put(
            &desk,
            ".aws/sso/cache/foreign.json",
            "{\"clientId\":\"x\",\"clientSecret\":\"x\",\"expiresAt\":\"2099-01-01T00:00:00Z\",\"scopes\":[\"codewhisperer:completions\"]}",
            0o600,
        )?;

        let (found, status, all) = finds(&desk, &[]).await?;
        let expect = [("leftover", 3), ("permissions", 3), ("sso_cache", 3), ("unreadable_line", 2)];
        let expect: BTreeMap<String, usize> = expect.map(|(name, n)| (name.to_owned(), n)).into();
        ensure!(found == expect && status == 1, "{found:?} {all:#}");
        let shown = latch.run(&["doctor"]).await?;
        for says in [
            "/.aws/config, line 3: this section begins a second time",
            "line 6: a key needs",
            "permissions 0644",
            "was left by Leapp",
            "codewhisperer:completions",
            "latch doctor --fix: make comments",
        ] {
            ensure!(shown.out.contains(says), "{says}: {shown:?}");
        }
        ensure!(!format!("{shown:?}{all}").contains("planted-"), "a secret was shown");

        // Only with the person's word.
        let (status, told) = {
            let said = latch.run(&["doctor", "--fix"]).await?;
            (said.status, said.err)
        };
        ensure!(status == Some(5) && told.contains("has to be confirmed"), "{status:?}: {told}");
        ensure!(
            fs::read_to_string(desk.home(".aws/config"))? == CONFIG
                && mode(&desk.home(".aws/credentials"))? == 0o644
        );

        let fixed = latch.run(&["doctor", "--fix", "--yes"]).await?;
        ensure!(fixed.ok && fixed.err.contains("Nothing serious is left"), "{fixed:?}");
        let config = fs::read_to_string(desk.home(".aws/config"))?;
        ensure!(config.contains("# latch doctor: [profile a]\n# latch doctor: region = y\n"), "{config}");
        ensure!(config.replace("# latch doctor: ", "") == CONFIG, "{config}");
        ensure!(
            mode(&desk.home(".aws/credentials"))? == 0o600
                && mode(&desk.home(".aws/sso/cache/renewable.json"))? == 0o600
        );
        ensure!(fs::read_to_string(desk.home(".aws/credentials"))? == credentials);
        ensure!(
            !desk.home(".aws/.credentials.latchkey-tmp").exists()
                && desk.home(".aws/credentials.leapp.bkp").exists()
        );
        let cache = desk.home(".aws/sso/cache");
        ensure!(!cache.join("expired.json").exists() && !cache.join("damaged.json").exists());
        ensure!(cache.join("apart.json").exists() && !cache.join(".0a1b.json.latchkey-tmp").exists());
        ensure!(cache.join("renewable.json").exists() && cache.join("foreign.json").exists());
        let moved = fs::read_dir(cache.join("latchkey-moved"))?.next().context("moved")??.path();
        ensure!(moved.join("expired.json").exists() && mode(&moved)? == 0o700);
        let copies = fs::read_dir(desk.home(".aws"))?.filter_map(Result::ok).map(|e| e.path());
        let copies: Vec<_> = copies.filter(|path| path.extension().is_some_and(|it| it == "bak")).collect();
        ensure!(
            copies.len() == 1 && fs::read_to_string(&copies[0])? == CONFIG && mode(&copies[0])? == 0o600,
            "{copies:?}"
        );

        // What stood behind the broken lines comes to light.
        let (found, status, all) = finds(&desk, &[]).await?;
        ensure!(status == 1 && found.get("latch_on_path") == Some(&1), "{found:?} {all:#}");
        // granted is not there; Leapp's copy still is.
        ensure!(found.get("leftover") == Some(&2), "{found:?} {all:#}");
        // d has keys too and no session, and lost lacks its prefix.
        ensure!(found.get("profile_names") == Some(&3), "{found:?} {all:#}");

        // No keyring, and a server that is gone.
        let nowhere = [("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")];
        let (found, _, all) = finds(&desk, &nowhere).await?;
        ensure!(found.get("keyring") == Some(&1), "{found:?} {all:#}");
        server.end().await?;
        let (found, status, all) = finds(&desk, &[]).await?;
        ensure!(status == 1 && found.get("unreachable") == Some(&1), "{found:?} {all:#}");
        Ok(())
    });
}
