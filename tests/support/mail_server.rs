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
    port: u16,
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

fn section(port: u16, folder: &Path) -> String {
    let path = |name: &str| folder.join(name).display().to_string();
    format!(
        "[smtp]\nhost = \"localhost\"\nport = {port}\nca_file = \"{}\"\nusername = \"latchkey\"\n\
         password_file = \"{}\"\nfrom = \"Acme sign-in <sso@acme.test>\"\n",
        path("mail-ca.pem"),
        path("mail-password")
    )
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
        let said = |line: &str| serde_json::from_str::<serde_json::Value>(line).ok()?["port"].as_u64();
        let read = |line: &str| said(line).and_then(|port| u16::try_from(port).ok());
        let port = process.line(START, "Python to import aiosmtpd", read).await;
        let port = port.with_context(|| fs::read_to_string(path("mail.log")).unwrap_or_default())?;
        Ok(Self { process, port })
    }

    /// `[smtp]` of a configuration file in the same folder.
    #[must_use]
    pub fn section(&self) -> String {
        section(self.port, Path::new(""))
    }

    /// The same for a file that is elsewhere, by a way to it that begins at another port.
    #[must_use]
    pub fn section_through(&self, port: u16, folder: &Path) -> String {
        section(port, folder)
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
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
