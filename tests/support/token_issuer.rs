//! An OpenID provider of somebody else's making, which signs tokens and checks ours: PyJWT.

use crate::{
    deadline::{START, WHILE},
    process::{Process, Program},
    programs,
};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

const SCRIPT: &str = include_str!("token_issuer.py");

/// A running PyJWT with keys of its own.
#[derive(Debug)]
pub struct TokenIssuer {
    process: Process,
    port: u64,
    _folder: TempDir,
}

impl TokenIssuer {
    /// Starts one.
    ///
    /// # Errors
    /// That there is no Python with PyJWT.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-issuer-").tempdir()?;
        let process = Program::new("python", programs::python()?)
            .args(["-I", "-u", "-c", SCRIPT])
            .envs([("PATH", "/usr/bin:/bin")])
            .log(folder.path().join("pyjwt.log"))
            .lines()
            .input()
            .start()?;
        let read = |line: &str| serde_json::from_str::<Value>(line).ok()?["port"].as_u64();
        let port = process.line(START, "Python to import PyJWT", read).await?;
        Ok(Self { process, port, _folder: folder })
    }

    /// What its tokens say of `iss`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Signs claims with the key of this name.
    ///
    /// # Errors
    /// That PyJWT does not.
    pub async fn sign(&self, claims: &Value, key: &str) -> Result<String> {
        let said = self.tell(json!({ "sign": claims, "with": key })).await?;
        Ok(said["token"].as_str().context("no token")?.to_owned())
    }

    /// Tells these keys from now on.
    ///
    /// # Errors
    /// That it ended.
    pub async fn publish(&self, keys: &[&str]) -> Result<()> {
        self.tell(json!({ "published": keys })).await.map(drop)
    }

    /// The claims of a token of `issuer` for `audience`, with the keys at this address.
    ///
    /// # Errors
    /// What PyJWT does not believe.
    pub async fn check(&self, token: &str, keys: &str, issuer: &str, audience: &str) -> Result<Value> {
        let asked = json!({ "check": token, "keys": keys, "issuer": issuer, "audience": audience });
        Ok(self.tell(asked).await?["claims"].clone())
    }

    async fn tell(&self, line: Value) -> Result<Value> {
        let mark = self.process.lines().mark();
        self.process.write_line(&line.to_string()).await?;
        let lines = self.process.lines();
        let said = lines.wait_after(mark, WHILE, "PyJWT to answer", |line| Some(line.clone())).await?;
        let said: Value = serde_json::from_str(&said)?;
        match said.get("error") {
            Some(error) => bail!("PyJWT said {error}"),
            None => Ok(said),
        }
    }
}
