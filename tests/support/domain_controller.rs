//! Active Directory of somebody else's making: Samba as a domain controller, with nothing but its LDAP.

use crate::{
    deadline::{START, WHILE, until},
    process::{Process, Program, run},
    tls::Authority,
};
use anyhow::{Result, ensure};
use std::{
    fs,
    net::Ipv4Addr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use tokio::net::TcpStream;

const TOOL: &str = "/usr/bin/samba-tool";
const SAMBA: &str = "/usr/sbin/samba";
const PATH: [(&str, &str); 1] = [("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")];

/// A running domain controller of `acme.test`.
#[derive(Debug)]
pub struct DomainController {
    folder: TempDir,
    address: Ipv4Addr,
    _process: Process,
}

/// Why there can be none on this computer, if there can be none.
#[must_use]
pub fn why_not() -> Option<String> {
    if !Path::new(SAMBA).is_file() || !Path::new("/usr/share/samba/setup").is_dir() {
        return Some("Debian's samba-ad-dc and samba-ad-provision are not installed".to_owned());
    }
    // Its ports cannot be chosen: 389 and 636.
    (!rustix::process::geteuid().is_root()).then(|| "it runs as root alone".to_owned())
}

impl DomainController {
    /// Provisions a domain and serves it on a loopback address of its own.
    ///
    /// # Errors
    /// That Samba cannot; see [`why_not`].
    pub async fn start(authority: &Authority) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-ad-").tempdir()?;
        let id = std::process::id().to_be_bytes();
        let address = Ipv4Addr::new(127, 64 + id[1] % 64, id[2], id[3].clamp(2, 250));
        let (certificate, key) = authority.certify(&address.to_string())?;
        for (name, text) in [("tls.pem", certificate), ("tls.key", key)] {
            fs::write(folder.path().join(name), text)?;
        }
        fs::set_permissions(folder.path().join("tls.key"), fs::Permissions::from_mode(0o600))?;
        let target = format!("--targetdir={}", folder.path().join("dc").display());
        let arguments = [
            "domain",
            "provision",
            "--realm=ACME.TEST",
            "--domain=ACME",
            "--adminpass=Adm1n-secret-77",
            "--server-role=dc",
            "--dns-backend=NONE",
            "--host-name=dc1",
            "--host-ip=127.0.0.1",
            &target,
        ];
        let said = run(START, TOOL, &arguments, PATH, "").await?;
        ensure!(said.ok, "Samba makes no domain: {}", said.err);
        let here = folder.path().display();
        let options = [
            "server services=ldap".to_owned(),
            format!("interfaces={address}/8"),
            "bind interfaces only=yes".to_owned(),
            format!("tls keyfile={here}/tls.key"),
            format!("tls certfile={here}/tls.pem"),
            "tls cafile=".to_owned(),
            format!("pid directory={here}"),
            format!("lock directory={here}/lock"),
            format!("ncalrpc dir={here}/ncalrpc"),
        ];
        let process = Program::new("samba", SAMBA)
            .args(["-s"])
            .args([settings(folder.path())])
            .args(["-i", "--debug-stdout", "--model=single"])
            .args(options.map(|option| format!("--option={option}")))
            .envs(PATH)
            .log(folder.path().join("samba.log"))
            .input()
            .start()?;
        until(START, "Samba to listen", async || Ok(TcpStream::connect((address, 636)).await.ok())).await?;
        Ok(Self { folder, address, _process: process })
    }

    /// Its address.
    #[must_use]
    pub fn ldaps(&self) -> String {
        format!("ldaps://{}", self.address)
    }

    /// Runs `samba-tool` on the domain.
    ///
    /// # Errors
    /// That it fails.
    pub async fn tool(&self, arguments: &[&str]) -> Result<()> {
        let database = self.folder.path().join("dc/private/sam.ldb").display().to_string();
        let settings = settings(self.folder.path()).display().to_string();
        let arguments = [arguments, &["-H", &database, "-s", &settings]].concat();
        let said = run(WHILE, TOOL, &arguments, PATH, "").await?;
        ensure!(said.ok, "{arguments:?}: {} {}", said.out, said.err);
        Ok(())
    }
}

fn settings(folder: &Path) -> PathBuf {
    folder.join("dc/etc/smb.conf")
}
