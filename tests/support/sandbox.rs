//! `latchkey-server sandbox`, as a person's app or a script would start it.

use crate::{
    deadline::{SOON, START},
    process::{Process, Program},
    programs,
};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;
use url::Url;

/// One sample user.
#[derive(Clone, Debug, Deserialize)]
pub struct User {
    /// What is typed first.
    pub username: String,
    /// Random for each installation.
    pub password: String,
}

/// The JSON line that the server prints when it is ready.
#[derive(Clone, Debug, Deserialize)]
pub struct Ready {
    /// Where a person starts.
    pub start_url: Url,
    /// The instance's region.
    pub region: String,
    /// SSO-OIDC.
    pub oidc_endpoint: Url,
    /// The portal API.
    pub portal_endpoint: Url,
    /// STS.
    pub sts_endpoint: Url,
    /// `getSigninToken` and `login`.
    pub federation_endpoint: Url,
    /// The instance's issuer.
    pub issuer_url: Url,
    /// An AWS-shaped name of the start URL.
    pub start_url_alias: Url,
    /// The sample users.
    pub users: Vec<User>,
}

/// A running sandbox server; it ends when this is dropped.
#[derive(Clone, Debug)]
pub struct SandboxServer {
    ready: Ready,
    line: String,
    data: PathBuf,
    process: Arc<Process>,
    _own_folder: Option<Arc<TempDir>>,
}

impl SandboxServer {
    /// Starts one with a data folder of its own.
    ///
    /// # Errors
    /// That the server is not built, or not ready in time.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-sandbox-").tempdir()?;
        let mut server = Self::start_in(folder.path()).await?;
        server._own_folder = Some(Arc::new(folder));
        Ok(server)
    }

    /// Starts one on the data folder `data`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_in(data: &Path) -> Result<Self> {
        Self::start_with(data, &[]).await
    }

    /// As [`Self::start_in`], with more arguments.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(data: &Path, more: &[&str]) -> Result<Self> {
        std::fs::create_dir_all(data)?;
        let data_arg = data.to_str().context("the data folder is not UTF-8")?;
        // Beside the data folder, not in it: what the server writes is its own affair.
        let log = data.with_extension("server.log");
        let process = Program::new("latchkey-server", programs::latchkey_server()?)
            .args(["sandbox", "--listen", "127.0.0.1:0", "--data", data_arg, "--json"])
            .args(more)
            .envs([("PATH", "/usr/bin:/bin"), ("RUST_BACKTRACE", "1"), ("TZ", "UTC")])
            .log(log.clone())
            .lines()
            .input()
            .start()?;
        let line = process.line(START, "the server's ready line", |l| Some(l.to_owned())).await;
        let line = line.with_context(|| std::fs::read_to_string(&log).unwrap_or_default())?;
        let ready = serde_json::from_str(&line).with_context(|| format!("the ready line was {line:?}"))?;
        Ok(Self { ready, line, data: data.to_owned(), process: Arc::new(process), _own_folder: None })
    }

    /// Where it answers, and who may sign in.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The ready line as it was printed.
    #[must_use]
    pub fn ready_line(&self) -> &str {
        &self.line
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Its process.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The first sample user, who sees everything the tests need.
    ///
    /// # Errors
    /// That there is none.
    pub fn user(&self) -> Result<&User> {
        self.ready.users.first().context("the sandbox has no users")
    }

    /// The port on 127.0.0.1 and `::1`.
    ///
    /// # Errors
    /// That the start URL has none.
    pub fn port(&self) -> Result<u16> {
        self.ready.start_url.port().context("the start URL has no port")
    }

    /// Sends one control line and awaits its answer.
    ///
    /// # Errors
    /// That the server answered with an error, or not at all.
    pub async fn control(&self, line: Value) -> Result<Value> {
        let mark = self.process.lines().mark();
        self.process.write_line(&line.to_string()).await?;
        let what = format!("the server's answer to {line}");
        let answer = self.process.lines().wait_after(mark, SOON, &what, |l| Some(l.clone())).await?;
        let answer: Value =
            serde_json::from_str(&answer).with_context(|| format!("{what} was {answer:?}"))?;
        if let Some(error) = answer.get("error") {
            bail!("the server answered {line} with the error {error}");
        }
        Ok(answer)
    }

    /// Makes all issued role credentials expired.
    ///
    /// # Errors
    /// As [`Self::control`].
    pub async fn expire_credentials(&self) -> Result<()> {
        self.control(json!({ "expire": "credentials" })).await.map(drop)
    }

    /// Makes all access tokens expired; refresh tokens stay good.
    ///
    /// # Errors
    /// As [`Self::control`].
    pub async fn expire_access_tokens(&self) -> Result<()> {
        self.control(json!({ "expire": "access_token" })).await.map(drop)
    }

    /// Ends all sign-in sessions.
    ///
    /// # Errors
    /// As [`Self::control`].
    pub async fn expire_sessions(&self) -> Result<()> {
        self.control(json!({ "expire": "session" })).await.map(drop)
    }

    /// Its audit trail, the oldest event first.
    ///
    /// # Errors
    /// That the server's database cannot be read.
    pub fn trail(&self) -> Result<Vec<Value>> {
        let database = self.database()?;
        let mut rows = database.prepare("SELECT event FROM audit ORDER BY id")?;
        let events = rows.query_map([], |row| row.get::<_, String>(0))?;
        events.map(|event| Ok(serde_json::from_str(&event?)?)).collect()
    }

    fn database(&self) -> Result<rusqlite::Connection> {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        Ok(rusqlite::Connection::open_with_flags(self.data.join("instance.sqlite"), flags)?)
    }

    /// The ids of the clients by which somebody signed in, one for each sign-in that goes on.
    ///
    /// # Errors
    /// That the server's database cannot be read.
    pub fn clients_that_signed_in(&self) -> Result<Vec<String>> {
        let database = self.database()?;
        let mut rows = database.prepare("SELECT client_id FROM token_family")?;
        let ids = rows.query_map([], |row| row.get(0))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    }

    /// How long sign-ins begun from now on last.
    ///
    /// # Errors
    /// As [`Self::control`].
    pub async fn session_minutes(&self, minutes: u32) -> Result<()> {
        self.control(json!({ "session_minutes": minutes })).await.map(drop)
    }

    /// How long role credentials issued from now on last; as their permission set says without.
    ///
    /// # Errors
    /// As [`Self::control`].
    pub async fn role_credentials_last(&self, seconds: Option<u16>) -> Result<()> {
        self.control(json!({ "role_credentials_seconds": seconds })).await.map(drop)
    }

    /// How long a touch opens a role from now on.
    ///
    /// # Errors
    /// As [`Self::control`].
    pub async fn step_up_lasts(&self, seconds: u16) -> Result<()> {
        self.control(json!({ "step_up_seconds": seconds })).await.map(drop)
    }

    /// How many portal requests a second pass before 429; 0 for all.
    ///
    /// # Errors
    /// As [`Self::control`].
    pub async fn throttle(&self, per_second: u32) -> Result<()> {
        self.control(json!({ "throttle": per_second })).await.map(drop)
    }

    /// Ends its stdin and awaits that it ends by itself, without an error.
    ///
    /// # Errors
    /// That it did not.
    pub async fn end(&self) -> Result<()> {
        self.process.close_input().await;
        let status = self.process.ended(SOON).await?;
        if !status.success() {
            bail!("the server ended with {status}");
        }
        Ok(())
    }
}
