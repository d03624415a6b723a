//! A SAML service provider of somebody else's making: PySAML2, as its users have it.

use crate::{
    deadline::{START, WHILE},
    process::{Process, Program},
    programs,
};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::path::Path;
use url::Url;

const SCRIPT: &str = include_str!("pysaml2.py");

/// A running PySAML2 with pages of its own.
#[derive(Debug)]
pub struct ServiceProvider {
    process: Process,
    origin: Url,
}

impl ServiceProvider {
    /// Starts one that knows no identity provider yet; `log` is for what it says on stderr.
    ///
    /// # Errors
    /// That there is no Python with PySAML2.
    pub async fn start(log: &Path) -> Result<Self> {
        let process = Program::new("python", programs::python()?)
            .args(["-I", "-u", "-c", SCRIPT])
            .envs([("PATH", "/usr/bin:/bin")])
            .log(log.to_owned())
            .lines()
            .input()
            .start()?;
        let read = |line: &str| serde_json::from_str::<Value>(line).ok()?["port"].as_u64();
        let port = process.line(START, "Python to import PySAML2", read).await?;
        Ok(Self { process, origin: Url::parse(&format!("http://127.0.0.1:{port}"))? })
    }

    /// Its entity id.
    #[must_use]
    pub fn entity_id(&self) -> String {
        format!("{}sp", self.origin)
    }

    /// Its assertion consumer service.
    #[must_use]
    pub fn acs(&self) -> String {
        format!("{}acs", self.origin)
    }

    /// Where it starts a sign-in by `redirect` or `post`.
    ///
    /// # Errors
    /// None in practice.
    pub fn sign_in(&self, binding: &str) -> Result<Url> {
        Ok(self.origin.join(&format!("/sign-in?binding={binding}"))?)
    }

    /// Trusts these identity providers; asks `provider`. Answers to no request are taken if `unsolicited`.
    ///
    /// # Errors
    /// That PySAML2 does not read their metadata.
    pub async fn trust(&self, metadata: &[String], provider: &str, unsolicited: bool) -> Result<()> {
        self.trust_with(metadata, provider, unsolicited, None, false).await
    }

    /// As [`Self::trust`], with a key of its own: `sp.key` and `sp.pem` in a folder. It decrypts with it, and
    /// signs its requests if it is to.
    ///
    /// # Errors
    /// As [`Self::trust`].
    pub async fn trust_with(
        &self,
        metadata: &[String],
        provider: &str,
        unsolicited: bool,
        keys: Option<&Path>,
        sign: bool,
    ) -> Result<()> {
        self.tell(json!({
            "keys": keys,
            "sign": sign,
            "entity_id": self.entity_id(),
            "acs": self.acs(),
            "metadata": metadata,
            "provider": provider,
            "unsolicited": unsolicited,
            "xmlsec1": programs::xmlsec1()?,
        }))
        .await
    }

    /// Makes it believe that it is so much later.
    ///
    /// # Errors
    /// That it ended.
    pub async fn be_later(&self, seconds: u32) -> Result<()> {
        self.tell(json!({ "later": seconds })).await
    }

    async fn tell(&self, line: Value) -> Result<()> {
        let mark = self.process.lines().mark();
        self.process.write_line(&line.to_string()).await?;
        let said =
            self.process.lines().wait_after(mark, WHILE, "PySAML2 to listen", |l| Some(l.clone())).await?;
        ensure!(said.contains("done"), "PySAML2 said {said}");
        Ok(())
    }
}
