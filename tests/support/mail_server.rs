//! A mail server of somebody else's making: aiosmtpd, over STARTTLS and with a password.

use crate::{
    deadline::{START, WHILE},
    process::{Process, Program},
    programs,
    tls::Authority,
};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::{fs, path::Path};

const SCRIPT: &str = include_str!("smtp.py");
const PASSWORD: &str = "a password for mail";

/// A running mail server.
#[derive(Debug)]
pub struct MailServer {
    process: Process,
    port: u64,
}

/// A letter as it came.
#[derive(Clone, Debug, Deserialize)]
pub struct Mail {
    /// The sender of the envelope.
    pub from: String,
    /// Its recipients.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// Whether it came through TLS.
    pub tls: bool,
}

impl MailServer {
    /// Starts one; what it needs, and what its clients need, goes to `folder`.
    ///
    /// # Errors
    /// That there is no Python with aiosmtpd.
    pub async fn start(folder: &Path) -> Result<Self> {
        let authority = Authority::new()?;
        let (certificate, key) = authority.certify("localhost")?;
        let path = |name: &str| folder.join(name);
        for (name, text) in [
            ("mail-ca.pem", authority.pem()),
            ("mail.pem", certificate),
            ("mail.key", key),
            ("mail-password", format!("{PASSWORD}\n")),
        ] {
            fs::write(path(name), text)?;
        }
        let process = Program::new("python", programs::python()?)
            .args(["-I", "-u", "-c", SCRIPT])
            .args([path("mail.pem"), path("mail.key")])
            .args(["latchkey", PASSWORD])
            .envs([("PATH", "/usr/bin:/bin")])
            .log(path("mail.log"))
            .lines()
            .start()?;
        let read = |line: &str| serde_json::from_str::<serde_json::Value>(line).ok()?["port"].as_u64();
        let port = process.line(START, "Python to import aiosmtpd", read).await;
        let port = port.with_context(|| fs::read_to_string(path("mail.log")).unwrap_or_default())?;
        Ok(Self { process, port })
    }

    /// `[smtp]` of a configuration file in the same folder.
    #[must_use]
    pub fn section(&self) -> String {
        format!(
            "[smtp]\nhost = \"localhost\"\nport = {}\nca_file = \"mail-ca.pem\"\nusername = \"latchkey\"\n\
             password_file = \"mail-password\"\nfrom = \"Acme sign-in <sso@acme.test>\"\n",
            self.port
        )
    }

    /// The next letter.
    ///
    /// # Errors
    /// That none came in time.
    pub async fn mail(&self, mark: usize) -> Result<Mail> {
        let read = |line: &String| serde_json::from_str(line).ok();
        self.process.lines().wait_after(mark, WHILE, "a letter", read).await
    }

    /// Where letters to come begin.
    #[must_use]
    pub fn mark(&self) -> usize {
        self.process.lines().mark()
    }
}
