//! A SAML identity provider of somebody else's making: SimpleSAMLphp, as Debian has it, in PHP's own web server.

use crate::{
    deadline::{START, until},
    identity_provider::make_key,
    ports,
    process::{Process, Program},
    programs,
};
use anyhow::{Context, Result};
use std::fs;
use tempfile::TempDir;
use url::Url;

/// The password of everybody there.
pub const PASSWORD: &str = "a-password-there";
const PROGRAM: &str = "/usr/share/simplesamlphp/www";
const FILES: [(&str, &str); 4] = [
    ("config/config.php", include_str!("simplesaml/config.php")),
    ("config/authsources.php", include_str!("simplesaml/authsources.php")),
    ("metadata/saml20-idp-hosted.php", include_str!("simplesaml/saml20-idp-hosted.php")),
    ("metadata/saml20-sp-remote.php", include_str!("simplesaml/saml20-sp-remote.php")),
];

/// A running SimpleSAMLphp, where `sam` and `kim` can sign in.
#[derive(Debug)]
pub struct SimpleSaml {
    origin: Url,
    _process: Process,
    _folder: TempDir,
}

impl SimpleSaml {
    /// Starts one with a new key that trusts the service provider of this metadata.
    ///
    /// # Errors
    /// That it is not installed, or not ready in time.
    pub async fn start(service_provider: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-simplesaml-").tempdir()?;
        let home = folder.path();
        for name in ["config", "metadata", "cert", "temporary", "sessions"] {
            fs::create_dir(home.join(name))?;
        }
        for (name, text) in FILES {
            fs::write(home.join(name), text)?;
        }
        fs::write(home.join("sp.xml"), service_provider)?;
        make_key(&home.join("cert"))?;
        let port = ports::free()?;
        let origin = Url::parse(&format!("http://127.0.0.1:{port}"))?;
        let sessions = format!("session.save_path={}", home.join("sessions").display());
        let config = home.join("config").to_str().context("the folder is not UTF-8")?.to_owned();
        let process = Program::new("php", programs::php()?)
            .args(["-d", &sessions, "-S", &format!("127.0.0.1:{port}"), "-t", PROGRAM])
            .envs([
                ("PATH", "/usr/bin:/bin"),
                ("SIMPLESAMLPHP_CONFIG_DIR", &config),
                ("IDP_ORIGIN", origin.as_str().trim_end_matches('/')),
            ])
            .log(home.join("php.log"))
            .start()?;
        let connected = until(START, "PHP to listen", async || {
            Ok(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok().map(drop))
        });
        connected.await.with_context(|| fs::read_to_string(home.join("php.log")).unwrap_or_default())?;
        Ok(Self { origin, _process: process, _folder: folder })
    }

    /// Where its metadata is.
    ///
    /// # Errors
    /// None in practice.
    pub fn metadata_url(&self) -> Result<Url> {
        Ok(self.origin.join("/saml2/idp/metadata.php")?)
    }
}
