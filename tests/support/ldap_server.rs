//! An LDAP directory of somebody else's making: Debian's slapd, with people, and groups that contain each other.

use crate::{
    deadline::{START, WHILE, until},
    ports,
    process::{Process, Program, run},
    tls::Authority,
};
use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use std::fs;
use tempfile::TempDir;
use tokio::net::TcpStream;

const CONFIG: &str = include_str!("ldap.conf");
const ENTRIES: &str = include_str!("ldap.ldif");
const SLAPD: &str = "/usr/sbin/slapd";

/// The account that reads it.
pub const CONNECTOR: &str = "cn=connector,dc=acme,dc=test";
/// Its password.
pub const CONNECTOR_PASSWORD: &str = "connector-secret";

/// A running slapd.
#[derive(Debug)]
pub struct LdapServer {
    folder: TempDir,
    ports: [u16; 2],
    authority: String,
    process: Option<Process>,
}

impl LdapServer {
    /// Starts one whose certificate is for `host`, with the entries that all of them have.
    ///
    /// # Errors
    /// That Debian's slapd and ldap-utils are not there, or do not start.
    pub async fn start(authority: &Authority, host: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-ldap-").tempdir()?;
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("db"))?;
        let (certificate, key) = authority.certify(host)?;
        for (name, text) in [
            ("ca.pem", authority.pem()),
            ("tls.pem", certificate),
            ("tls.key", key),
            ("entries.ldif", ENTRIES.to_owned()),
        ] {
            fs::write(at(name), text)?;
        }
        let here = folder.path().display();
        let tls = format!("TLSCertificateFile {here}/tls.pem\nTLSCertificateKeyFile {here}/tls.key\n");
        let config = CONFIG.replace("database mdb\n", &format!("{tls}database mdb\ndirectory {here}/db\n"));
        fs::write(at("slapd.conf"), config)?;
        let [config, entries] = ["slapd.conf", "entries.ldif"].map(|name| at(name).display().to_string());
        let arguments = ["-T", "add", "-f", &config, "-l", &entries];
        let filled = run(WHILE, SLAPD, &arguments, [("PATH", "/usr/sbin:/usr/bin:/bin")], "").await;
        let filled =
            filled.context("Debian's slapd is needed: src-tauri/scripts/deps.sh tests installs it")?;
        ensure!(filled.ok, "slapd does not take its entries: {}", filled.err);
        let ports = [ports::free()?, ports::free()?];
        let mut server = Self { folder, ports, authority: authority.pem(), process: None };
        server.run().await?;
        Ok(server)
    }

    /// Starts it again where it was.
    ///
    /// # Errors
    /// That it does not answer.
    pub async fn run(&mut self) -> Result<()> {
        let [tls, plain] = self.ports;
        let process = Program::new("slapd", SLAPD)
            .args(["-d", "256", "-h", &format!("ldaps://127.0.0.1:{tls}/ ldap://127.0.0.1:{plain}/"), "-f"])
            .args([self.folder.path().join("slapd.conf")])
            .envs([("PATH", "/usr/sbin:/usr/bin:/bin")])
            .log(self.folder.path().join("slapd.log"))
            .start()?;
        until(START, "slapd to listen", async || Ok(TcpStream::connect(("127.0.0.1", plain)).await.ok()))
            .await?;
        self.process = Some(process);
        Ok(())
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Falls silent: whoever has a connection, or makes one, hears nothing.
    ///
    /// # Errors
    /// That it does not run.
    pub fn fall_silent(&self) -> Result<()> {
        self.process.as_ref().context("slapd does not run")?.signal(Signal::STOP)
    }

    /// Answers again.
    ///
    /// # Errors
    /// That it does not run.
    pub fn go_on(&self) -> Result<()> {
        self.process.as_ref().context("slapd does not run")?.signal(Signal::CONT)
    }

    /// Its address, for TLS from the first byte.
    #[must_use]
    pub fn ldaps(&self) -> String {
        format!("ldaps://localhost:{}", self.ports[0])
    }

    /// Its address, for StartTLS.
    #[must_use]
    pub fn ldap(&self) -> String {
        format!("ldap://localhost:{}", self.ports[1])
    }

    /// The certificate to trust.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Changes entries, as LDIF says.
    ///
    /// # Errors
    /// That it does not.
    pub async fn change(&self, ldif: &str) -> Result<()> {
        let url = format!("ldap://127.0.0.1:{}", self.ports[1]);
        let arguments = ["-x", "-H", &url, "-D", "cn=admin,dc=acme,dc=test", "-w", "admin-secret"];
        let said = run(WHILE, "/usr/bin/ldapmodify", &arguments, [("PATH", "/usr/bin:/bin")], ldif).await?;
        ensure!(said.ok, "{}", said.err);
        Ok(())
    }

    /// What it wrote down.
    ///
    /// # Errors
    /// That it cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.path().join("slapd.log"))?)
    }
}
