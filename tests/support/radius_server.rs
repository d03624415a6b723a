//! A RADIUS server of somebody else's making: Debian's FreeRADIUS, which knows the codes of some of the LDAP
//! directory's people. sam has one code; kim is asked for another one after a PIN, or after nothing; lee is asked without end.

use crate::{
    deadline::{START, until},
    ports,
    process::{Process, Program},
};
use anyhow::Result;
use std::fs;
use tempfile::TempDir;

const CONFIG: &str = include_str!("radius.conf");
const FREERADIUS: &str = "/usr/sbin/freeradius";
/// What makes its answers prove themselves, and what is there instead.
const PROOF: (&str, &str) =
    ("        update reply {\n            &Message-Authenticator := 0x00\n        }\n", "        ok\n");

/// The code that is sam's.
pub const SAMS_CODE: &str = "135790";
/// What kim types first.
pub const KIMS_PIN: &str = "kim-pin";
/// What is sent to kim then.
pub const KIMS_CODE: &str = "246802";
/// What it says then.
pub const QUESTION: &str = "Type the code that was sent to you";

/// A running FreeRADIUS.
#[derive(Debug)]
pub struct RadiusServer {
    folder: TempDir,
    port: u16,
    process: Option<Process>,
}

impl RadiusServer {
    /// Starts one that this secret is shared with, on a free port of this computer.
    ///
    /// # Errors
    /// That Debian's freeradius is not there, or does not start.
    pub async fn start(secret: &str) -> Result<Self> {
        Self::with(secret, CONFIG).await
    }

    /// One whose answers have the proof of RFC 2865 alone, as before Blast-RADIUS was known.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_unproven(secret: &str) -> Result<Self> {
        let (proof, instead) = PROOF;
        Self::with(secret, &CONFIG.replace(proof, instead)).await
    }

    async fn with(secret: &str, config: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-radius-").tempdir()?;
        let port = ports::free()?;
        let here = folder.path().display();
        let head = format!(
            "port = {port}\nconfdir = {here}\nlogdir = {here}\nrun_dir = {here}\nclient latchkey {{\n    ipaddr = \
             127.0.0.1\n    secret = \"{secret}\"\n    require_message_authenticator = yes\n}}\n"
        );
        fs::write(folder.path().join("radiusd.conf"), head + config)?;
        let mut server = Self { folder, port, process: None };
        server.run().await?;
        Ok(server)
    }

    /// Starts it again where it was.
    ///
    /// # Errors
    /// That it does not come up: `src-tauri/scripts/deps.sh tests` installs it.
    pub async fn run(&mut self) -> Result<()> {
        let log = self.folder.path().join("radius.log");
        if log.exists() {
            fs::remove_file(&log)?;
        }
        let process = Program::new("freeradius", FREERADIUS)
            .args(["-f", "-n", "radiusd", "-D", "/usr/share/freeradius", "-d"])
            .args([self.folder.path()])
            .envs([("PATH", "/usr/sbin:/usr/bin:/bin")])
            .log(self.folder.path().join("said.log"))
            .start()?;
        until(START, "FreeRADIUS to be ready", async || {
            let ready = fs::read_to_string(&log).is_ok_and(|log| log.contains("Ready to process requests"));
            Ok(ready.then_some(()))
        })
        .await?;
        self.process = Some(process);
        Ok(())
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it wrote down.
    ///
    /// # Errors
    /// That it cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.path().join("radius.log"))?)
    }
}
