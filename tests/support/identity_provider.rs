//! A SAML identity provider of somebody else's making: PySAML2, as its users have it.

use crate::{
    deadline::{START, WHILE},
    process::{Process, Program},
    programs,
};
use anyhow::{Result, ensure};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};
use tempfile::TempDir;
use url::Url;

const SCRIPT: &str = include_str!("pysaml2_idp.py");

/// A running PySAML2 with a page of its own.
#[derive(Debug)]
pub struct IdentityProvider {
    process: Process,
    origin: Url,
    folder: TempDir,
}

/// Makes a key and its certificate in a folder; gives the certificate.
pub(crate) fn make_key(folder: &Path) -> Result<String> {
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let mut params = CertificateParams::default();
    let now = SystemTime::now();
    params.not_before = (now - Duration::from_secs(24 * 60 * 60)).into();
    params.not_after = (now + Duration::from_secs(365 * 24 * 60 * 60)).into();
    let certificate = params.self_signed(&pair)?.pem();
    fs::write(folder.join("idp.key"), pair.serialize_pem())?;
    fs::write(folder.join("idp.pem"), &certificate)?;
    Ok(certificate)
}

impl IdentityProvider {
    /// Starts one with a new key that knows no service provider yet.
    ///
    /// # Errors
    /// That there is no Python with PySAML2.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-idp-").tempdir()?;
        let process = Program::new("python", programs::python()?)
            .args(["-I", "-u", "-c", SCRIPT])
            .envs([("PATH", "/usr/bin:/bin")])
            .log(folder.path().join("pysaml2.log"))
            .lines()
            .input()
            .start()?;
        let read = |line: &str| serde_json::from_str::<Value>(line).ok()?["port"].as_u64();
        let port = process.line(START, "Python to import PySAML2", read).await?;
        let origin = Url::parse(&format!("http://127.0.0.1:{port}"))?;
        let idp = Self { process, origin, folder };
        idp.renew(None).await?;
        Ok(idp)
    }

    /// Makes a new key, and trusts the service provider of this metadata; gives its certificate.
    ///
    /// # Errors
    /// That PySAML2 does not read the metadata.
    pub async fn renew(&self, service_provider: Option<&str>) -> Result<String> {
        let certificate = make_key(self.folder.path())?;
        self.trust(service_provider).await?;
        Ok(certificate)
    }

    /// Trusts the service provider of this metadata.
    ///
    /// # Errors
    /// That PySAML2 does not read it.
    pub async fn trust(&self, service_provider: Option<&str>) -> Result<()> {
        let folder = self.folder.path();
        let xmlsec1 = programs::xmlsec1()?;
        self.tell(json!({ "folder": folder, "service_provider": service_provider, "xmlsec1": xmlsec1 }))
            .await
            .map(drop)
    }

    /// Says what it answers from now on; see the script.
    ///
    /// # Errors
    /// That it ended.
    pub async fn say(&self, what: Value) -> Result<()> {
        self.tell(what).await.map(drop)
    }

    /// What it was asked last.
    ///
    /// # Errors
    /// That it ended.
    pub async fn asked(&self) -> Result<Value> {
        Ok(self.tell(json!({ "asked": true })).await?["asked"].clone())
    }

    /// Where its metadata is.
    ///
    /// # Errors
    /// None in practice.
    pub fn metadata_url(&self) -> Result<Url> {
        Ok(self.origin.join("/metadata")?)
    }

    /// Its certificate.
    ///
    /// # Errors
    /// That it cannot be read.
    pub fn certificate(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.path().join("idp.pem"))?)
    }

    async fn tell(&self, line: Value) -> Result<Value> {
        let mark = self.process.lines().mark();
        self.process.write_line(&line.to_string()).await?;
        let lines = self.process.lines();
        let said = lines.wait_after(mark, WHILE, "PySAML2 to listen", |line| Some(line.clone())).await?;
        let said: Value = serde_json::from_str(&said)?;
        ensure!(said["done"] == true, "PySAML2 said {said}");
        Ok(said)
    }
}
