//! Several servers of one instance: on one PostgreSQL, with one set of keys, each with a data folder of its own.

use crate::{
    deadline::{START, WHILE, until},
    ports,
    postgres::Postgres,
    process::{Process, Program, Said, run},
    programs,
};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tokio::net::TcpStream;

/// The name that people know the instance by.
pub const HOST: &str = "sso.acme.test";
/// Everybody's password.
pub const PASSWORD: &str = "a password for a test";
const KEYS: [&str; 3] = ["instance.key", "saml.pem", "audit.pem"];

/// A server of the instance; it ends when this is dropped.
#[derive(Debug)]
pub struct Node {
    folder: PathBuf,
    port: u16,
    process: Option<Process>,
}

impl Node {
    /// One that is not started yet. `more` stands in its configuration besides; with `organisation` it brings that
    /// along.
    ///
    /// # Errors
    /// That the files cannot be written.
    pub fn new(folder: &Path, database: &str, organisation: Option<&str>, more: &str) -> Result<Self> {
        fs::create_dir_all(folder.join("data"))?;
        let port = ports::free()?;
        let named = match organisation {
            Some(text) => {
                fs::write(folder.join("organisation.toml"), text)?;
                "organisation = \"organisation.toml\"\n"
            }
            None => "",
        };
        let place = format!(
            "data = \"data\"\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"https://{HOST}\"\n\
             trusted_proxies = [\"127.0.0.1\"]\n"
        );
        fs::write(folder.join("server.toml"), format!("{named}{place}{more}\n{database}"))?;
        Ok(Self { folder: folder.to_owned(), port, process: None })
    }

    /// Copies the instance's keys from another one's data folder, those that are there.
    ///
    /// # Errors
    /// That they cannot be copied.
    pub fn take_keys(&self, from: &Self) -> Result<()> {
        for name in KEYS {
            let key = from.folder.join("data").join(name);
            if key.exists() {
                fs::copy(&key, self.folder.join("data").join(name))?;
            }
        }
        Ok(())
    }

    /// Starts it, and waits until it is ready.
    ///
    /// # Errors
    /// What it said instead.
    pub async fn start(&mut self) -> Result<()> {
        self.begin()?;
        self.ready().await
    }

    /// Starts it.
    ///
    /// # Errors
    /// That it is not built.
    pub fn begin(&mut self) -> Result<()> {
        let process = Program::new("latchkey-server", programs::latchkey_server()?)
            .args(["serve", "--config"])
            .args([self.folder.join("server.toml")])
            .envs([("PATH", "/usr/bin:/bin"), ("TZ", "UTC")])
            .envs([("HOME", &self.folder)])
            .log(self.log_file())
            .start()?;
        self.process = Some(process);
        Ok(())
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// What it said instead.
    pub async fn ready(&self) -> Result<()> {
        let port = self.port;
        let ready = async {
            tokio::select! {
                ended = self.ended() => bail!("the server ended: {:?}", ended.ok()),
                ready = until(START, "a server to be ready", async || is_ready(port).await) => ready,
            }
        };
        ready.await.with_context(|| self.log())
    }

    /// Waits until it has ended, and says how.
    ///
    /// # Errors
    /// That it was not started, or goes on.
    pub async fn ended(&self) -> Result<std::process::ExitStatus> {
        self.process.as_ref().context("the server was not started")?.ended(START + START).await
    }

    /// Kills it, as the kernel does one that takes too much memory.
    ///
    /// # Errors
    /// That it has ended before.
    pub async fn kill(&mut self) -> Result<()> {
        let process = self.process.take().context("the server was not started")?;
        process.signal(rustix::process::Signal::KILL)?;
        process.ended(WHILE).await.map(drop)
    }

    /// Tells it to stop, and waits until it has.
    ///
    /// # Errors
    /// That it does not.
    pub async fn stop(&mut self) -> Result<()> {
        let process = self.process.take().context("the server was not started")?;
        process.signal(rustix::process::Signal::TERM)?;
        process.ended(WHILE).await.map(drop)
    }

    /// The process's id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Process::pid)
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its folder, with `server.toml` and `data`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// What it logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Runs `latchkey-server COMMAND --config FILE MORE` beside it.
    ///
    /// # Errors
    /// That it did not end.
    pub async fn command(&self, command: &[&str], more: &[&str]) -> Result<Said> {
        let config = self.folder.join("server.toml").display().to_string();
        let arguments = [command, &["--config", &config], more].concat();
        let env = [("PATH", "/usr/bin:/bin".to_owned()), ("HOME", self.folder.display().to_string())];
        run(WHILE, programs::latchkey_server()?, &arguments, env, "").await
    }
}

/// Whether a server on this port says that it may get requests.
async fn is_ready(port: u16) -> Result<Option<()>> {
    if TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        return Ok(None);
    }
    let client = reqwest::Client::builder().no_proxy().timeout(WHILE).build()?;
    let answer = client.get(format!("http://127.0.0.1:{port}/readyz")).send().await;
    Ok(answer.is_ok_and(|answer| answer.status().is_success()).then_some(()))
}

/// The hash of [`PASSWORD`].
///
/// # Errors
/// That the server is not built.
pub async fn hash() -> Result<String> {
    let env = [("PATH", "/usr/bin:/bin")];
    let said =
        run(START, programs::latchkey_server()?, &["hash-password"], env, &format!("{PASSWORD}\n")).await?;
    if !said.ok {
        bail!("{}", said.err);
    }
    Ok(said.out.trim().to_owned())
}

/// Which server has the lead of a job (`store/sharing.rs`), by its process's id.
///
/// # Errors
/// PostgreSQL's words.
pub async fn leader(postgres: &Postgres, database: &str, job: u32) -> Result<Option<u32>> {
    let sql = format!(
        "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.objid = {job}"
    );
    let name = postgres.ask(database, &sql).await?;
    Ok(name.rsplit(' ').next().and_then(|id| id.parse().ok()))
}
