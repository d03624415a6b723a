//! `latchkey-server serve` with an organisation of the test's own.

use crate::{
    deadline::{START, WHILE, until},
    organisation, ports,
    process::{Process, Program, Said, run},
    programs,
    sandbox::User,
};
use anyhow::{Context, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use url::Url;

/// The only user's password.
const PASSWORD: &str = "a password for a test";

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct ServedOrganisation {
    start_url: Url,
    folder: TempDir,
    process: Option<Process>,
}

impl ServedOrganisation {
    /// Serves an organisation with the user `sam` in the group `engineering`, and `more` in its file.
    ///
    /// # Errors
    /// That the server is not built, or not ready in time.
    pub async fn start(more: &str) -> Result<Self> {
        Self::serve(more, "listen = \"127.0.0.1:0\"\n", None).await
    }

    /// As [`Self::start`], with this key and certificate (PEM) to sign assertions with.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with_saml_key(more: &str, pem: &str) -> Result<Self> {
        Self::serve(more, "listen = \"127.0.0.1:0\"\n", Some(pem)).await
    }

    /// As [`Self::start`], known as `https://HOST` behind a TLS proxy; gives its own port too.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_behind(host: &str, more: &str) -> Result<(Self, u16)> {
        let port = ports::free()?;
        let place = format!("listen = \"127.0.0.1:{port}\"\npublic_url = \"https://{host}\"\n");
        Ok((Self::serve(more, &place, None).await?, port))
    }

    /// As [`Self::start`], with a configuration of the test's own besides the organisation and the data folder,
    /// and files beside it.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(config: &str, files: &[(&str, String)]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-serve-").tempdir()?;
        for (name, text) in files {
            fs::write(folder.path().join(name), text)?;
        }
        Self::serve_in(folder, "", config).await
    }

    /// As [`Self::start_with`], where `management` is the account that the organization belongs to.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_managed_by(management: &str, config: &str, files: &[(&str, String)]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-serve-").tempdir()?;
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().context("a file stands in a folder")?)?;
            fs::write(file, text)?;
        }
        let hash = hash_password(folder.path()).await?;
        let more = format!("password_hash = \"{hash}\"\n");
        let organisation = organisation::head("Test", management, "engineering", "sam", &more);
        Self::run(folder, &organisation, config).await
    }

    async fn serve(more: &str, place: &str, saml_key: Option<&str>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-serve-").tempdir()?;
        if let Some(pem) = saml_key {
            fs::create_dir(folder.path().join("data"))?;
            fs::write(folder.path().join("data/saml.pem"), pem)?;
        }
        Self::serve_in(folder, more, place).await
    }

    /// Serves an organisation with nobody and nothing in it, out of a folder that may hold files of the test's
    /// own; `place` is the configuration besides the organisation and the data folder.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_empty(folder: TempDir, name: &str, place: &str) -> Result<Self> {
        let organisation =
            format!("name = \"{name}\"\nregion = \"eu-central-1\"\nmanagement_account = \"900000000001\"\n");
        Self::run(folder, &organisation, place).await
    }

    async fn serve_in(folder: TempDir, more: &str, place: &str) -> Result<Self> {
        let hash = hash_password(folder.path()).await?;
        let more = format!("password_hash = \"{hash}\"\n{more}\n");
        let organisation = organisation::head("Test", "900000000001", "engineering", "sam", &more);
        Self::run(folder, &organisation, place).await
    }

    async fn run(folder: TempDir, organisation: &str, place: &str) -> Result<Self> {
        fs::write(folder.path().join("organisation.toml"), organisation)?;
        let config = folder.path().join("server.toml");
        fs::write(&config, format!("organisation = \"organisation.toml\"\ndata = \"data\"\n{place}"))?;
        let (process, start_url) = Self::begin(folder.path()).await?;
        Ok(Self { start_url, folder, process: Some(process) })
    }

    /// Serves what is in a folder: its `server.toml`, and what that names.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_in(folder: TempDir) -> Result<Self> {
        let (process, start_url) = Self::begin(folder.path()).await?;
        Ok(Self { start_url, folder, process: Some(process) })
    }

    /// Ends the server as a crash does, and starts another one with what it left, at another port.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn restart(&mut self) -> Result<()> {
        if let Some(process) = self.process.take() {
            process.signal(rustix::process::Signal::KILL)?;
            process.ended(WHILE).await?;
        }
        let (process, start_url) = Self::begin(self.folder.path()).await?;
        (self.process, self.start_url) = (Some(process), start_url);
        Ok(())
    }

    async fn begin(folder: &Path) -> Result<(Process, Url)> {
        let (config, log) = (folder.join("server.toml"), folder.join("server.log"));
        // What one before it said is not what this one says.
        if log.exists() {
            fs::remove_file(&log)?;
        }
        let process = Program::new("latchkey-server", programs::latchkey_server()?)
            .args(["serve", "--config"])
            .args([&config])
            .envs([("PATH", "/usr/bin:/bin"), ("RUST_BACKTRACE", "1")])
            // AWS's files are the test's own.
            .envs([("HOME", folder)])
            .log(log.clone())
            .start()?;
        let start_url = until(START, "the server to say where it serves", async || {
            let said = fs::read_to_string(&log)?;
            let rest = said.split_once("start_url=\"").map(|(_, rest)| rest);
            rest.and_then(|rest| rest.split_once('"')).map(|(url, _)| Ok(Url::parse(url)?)).transpose()
        });
        let start_url = start_url.await.with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
        Ok((process, start_url))
    }

    /// The access portal.
    #[must_use]
    pub fn start_url(&self) -> &Url {
        &self.start_url
    }

    /// The configuration file.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("server.toml")
    }

    /// Runs `latchkey-server COMMAND --config FILE MORE` beside the running one.
    ///
    /// # Errors
    /// That it did not end.
    pub async fn command(&self, command: &[&str], more: &[&str]) -> Result<Said> {
        self.command_told(command, more, "").await
    }

    /// The same with this on its standard input.
    ///
    /// # Errors
    /// That it did not end.
    pub async fn command_told(&self, command: &[&str], more: &[&str], input: &str) -> Result<Said> {
        let config = self.config().display().to_string();
        let arguments = [command, &["--config", &config], more].concat();
        let home = self.folder().to_str().context("the folder is not UTF-8")?;
        let env = [("PATH", "/usr/bin:/bin"), ("HOME", home)];
        run(WHILE, programs::latchkey_server()?, &arguments, env, input).await
    }

    /// A folder of the test's own.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it wrote to its log.
    ///
    /// # Errors
    /// That it cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder().join("server.log"))?)
    }

    /// The only user.
    #[must_use]
    pub fn user(&self) -> User {
        User { username: "sam".to_owned(), password: PASSWORD.to_owned() }
    }
}

/// As an administrator does it.
async fn hash_password(folder: &Path) -> Result<String> {
    let process = Program::new("latchkey-server", programs::latchkey_server()?)
        .args(["hash-password"])
        .log(folder.join("hash.log"))
        .lines()
        .input()
        .start()?;
    process.write_line(PASSWORD).await?;
    process.line(START, "the password's hash", |line| Some(line.to_owned())).await
}
