//! TLS and proxies over real connections: curl as the client, the certificate changed under way.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::process::Output;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    addresses::Addresses, instance::Identity, listeners, proxies::TrustedProxies, rig::Rig, serving,
};

const HOST: &str = "sso.example.test";

/// A folder with an authority's certificate, and what it gave out.
struct Files {
    folder: TempDir,
    authority: Issuer<'static, KeyPair>,
}

impl Files {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, "Authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Self { folder, authority: Issuer::new(params, key) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a new pair for a name in the place of the old one, as renewing programs do.
    fn renew(&self, host: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let cert = params.signed_by(&key, &self.authority).unwrap();
        for (name, text) in [("tls.key", key.serialize_pem()), ("tls.crt", cert.pem())] {
            fs::write(self.path("fresh"), text).unwrap();
            fs::rename(self.path("fresh"), self.path(name)).unwrap();
        }
    }

    fn certificate(&self) -> Result<Certificate, TlsError> {
        Certificate::open(self.path("tls.crt"), self.path("tls.key"))
    }
}

struct Served {
    rig: Rig,
    port: u16,
    stop: CancellationToken,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// An instance that the network knows as `HOST`, at a real port.
async fn serve(certificate: Option<Certificate>, proxies: &[&str]) -> Served {
    let listeners = listeners::preferably([]).await.unwrap();
    let port = listeners.port;
    let own = certificate.is_some();
    let rig = Rig::with(|instance| {
        let identity = Identity::of(&instance.store, &instance.chance).unwrap();
        let (id, directory) = (&identity.instance_id, &identity.directory_id);
        let public = if own { format!("https://{HOST}:{port}") } else { format!("https://{HOST}") };
        let public = url::Url::parse(&public).unwrap();
        let make = if own { Addresses::public_tls } else { Addresses::behind_proxy };
        instance.addresses = make(&public, port, id, directory);
        let parse = |text: &&str| TrustedProxies::parse(text).unwrap();
        instance.proxies = TrustedProxies::new(proxies.iter().map(parse).collect());
    });
    let (instance, stop) = (crate::instance::Shared::clone(&rig.instance), CancellationToken::new());
    let tls = certificate.map(|certificate| Arc::new(certificate).config());
    tokio::spawn(serving::serve(instance, listeners.sockets, None, tls, stop.clone()));
    Served { rig, port, stop }
}

async fn curl(arguments: &[&str]) -> Output {
    let common = ["--silent", "--show-error", "--include", "--max-time", "20", "--noproxy", "*"];
    Command::new("curl")
        .args(common)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .await
        .unwrap()
}

impl Served {
    /// curl over TLS with the authority trusted; the status line and headers, or what curl says is wrong.
    async fn over_tls(&self, files: &Files, host: &str, more: &[&str]) -> Result<String, String> {
        let (url, there) =
            (format!("https://{host}:{}/sign-in", self.port), format!("{host}:{}:127.0.0.1", self.port));
        let ca = files.path("ca.pem").display().to_string();
        let mut arguments = vec!["--cacert", &ca, "--resolve", &there, &url];
        arguments.extend(more);
        let output = curl(&arguments).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// curl in clear text from the loopback address, as a proxy on this machine does.
    async fn in_clear(&self, path: &str, headers: &[&str]) -> String {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let mut arguments: Vec<&str> = headers.iter().flat_map(|header| ["--header", header]).collect();
        arguments.push(&url);
        let output = curl(&arguments).await;
        String::from_utf8_lossy(&output.stdout).to_lowercase()
    }

    /// Where the newest event came from.
    fn source(&self) -> serde_json::Value {
        self.rig.instance.store.audit_trail().pop().unwrap().1["sourceIPAddress"].clone()
    }
}

#[tokio::test]
async fn a_renewed_certificate_counts_at_once_and_a_bad_one_does_not() {
    let files = Files::new();
    files.renew(HOST);
    let served = serve(Some(files.certificate().unwrap()), &[]).await;
    let page = served.over_tls(&files, HOST, &[]).await.unwrap();
    assert!(page.starts_with("http/1.1 200"), "{page}");
    assert!(page.contains("strict-transport-security: max-age=31536000"), "{page}");
    let cookie = page.lines().find(|line| line.starts_with("set-cookie:")).unwrap();
    assert!(cookie.contains("secure") && cookie.contains("httponly"), "{cookie}");
    // The key changed, its certificate not yet; then a file that is none.
    let (good_key, good_cert) =
        (fs::read(files.path("tls.key")).unwrap(), fs::read(files.path("tls.crt")).unwrap());
    fs::write(files.path("tls.key"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    served.over_tls(&files, HOST, &[]).await.unwrap();
    fs::write(files.path("tls.crt"), "not a certificate").unwrap();
    served.over_tls(&files, HOST, &[]).await.unwrap();
    fs::remove_file(files.path("tls.crt")).unwrap();
    served.over_tls(&files, HOST, &[]).await.unwrap();
    fs::write(files.path("tls.key"), good_key).unwrap();
    fs::write(files.path("tls.crt"), good_cert).unwrap();
    served.over_tls(&files, HOST, &[]).await.unwrap();
    // Another name, told apart by curl itself.
    files.renew("other.example.test");
    let refused = served.over_tls(&files, HOST, &[]).await.unwrap_err();
    assert!(refused.contains("certificate"), "{refused}");
    let other = served.over_tls(&files, "other.example.test", &[]).await.unwrap();
    assert!(other.starts_with("http/1.1 421"), "TLS is good and the name is not ours: {other}");
    let strangers = curl(&[
        "--resolve",
        &format!("{HOST}:{}:127.0.0.1", served.port),
        &format!("https://{HOST}:{}/", served.port),
    ])
    .await;
    assert!(!strangers.status.success(), "who does not trust the authority does not come in");
    let clear = curl(&[&format!("http://127.0.0.1:{}/sign-in", served.port)]).await;
    assert!(!clear.status.success(), "clear text is no TLS");
}

#[tokio::test]
async fn forwarded_headers_count_from_trusted_proxies_alone() {
    let forwarded = [
        "Host: inside:8480",
        "X-Forwarded-Host: sso.example.test",
        "X-Forwarded-Proto: https",
        "X-Forwarded-For: 6.6.6.6, 203.0.113.9",
    ];
    let trusted = serve(None, &["127.0.0.1"]).await;
    let page = trusted.in_clear("/sign-in", &forwarded).await;
    assert!(page.starts_with("http/1.1 200") && page.contains("strict-transport-security"), "{page}");
    assert!(page.lines().any(|line| line.starts_with("set-cookie:") && line.contains("secure")), "{page}");
    let stranger = serve(None, &["10.0.0.0/8"]).await;
    let page = stranger.in_clear("/sign-in", &forwarded).await;
    assert!(page.starts_with("http/1.1 421"), "the host said is not believed: {page}");
    // A browser that came to the proxy in clear text is sent to TLS; what changes something is refused.
    let clear = ["Host: sso.example.test", "X-Forwarded-Proto: http"];
    let page = trusted.in_clear("/sign-in?continue=%2Fdevice", &clear).await;
    assert!(page.starts_with("http/1.1 303"), "{page}");
    assert!(page.contains("location: https://sso.example.test/sign-in?continue=%2fdevice"), "{page}");
    let post = ["Host: sso.example.test", "X-Forwarded-Proto: http", "Content-Type: application/json"];
    let page = trusted.in_clear("/token", &post).await;
    assert!(page.starts_with("http/1.1 403"), "{page}");

    // Who did it: a refused exchange with a client of its own is recorded.
    for (served, headers, source) in [
        (&trusted, &["Host: sso.example.test", "X-Forwarded-For: 6.6.6.6, 203.0.113.9"], "203.0.113.9"),
        (&stranger, &["Host: sso.example.test", "X-Forwarded-For: 6.6.6.6, 203.0.113.9"], "127.0.0.1"),
    ] {
        let client = served.registered().await;
        let body = serde_json::json!({
            "clientId": client.0, "clientSecret": client.1, "grantType": "refresh_token", "refreshToken": "x",
        });
        let body = body.to_string();
        let mut arguments: Vec<&str> = headers.iter().flat_map(|header| ["--header", *header]).collect();
        let url = format!("http://127.0.0.1:{}/token", served.port);
        arguments.extend(["--header", "Content-Type: application/json", "--user-agent", "curl of a test"]);
        arguments.extend(["--data", &body, &url]);
        curl(&arguments).await;
        assert_eq!(served.source(), source);
        let (_, event) = served.rig.instance.store.audit_trail().pop().unwrap();
        assert_eq!(
            (event["eventName"].as_str(), event["userAgent"].as_str()),
            (Some("CreateToken"), Some("curl of a test"))
        );
    }
}

impl Served {
    async fn registered(&self) -> (String, String) {
        let body = r#"{"clientName":"x","clientType":"public","scopes":["sso:account:access"],"grantTypes":["refresh_token","authorization_code"],"redirectUris":["http://127.0.0.1/x"]}"#;
        let url = format!("http://127.0.0.1:{}/client/register", self.port);
        let output = Command::new("curl")
            .args(["--silent", "--noproxy", "*", "--header", "Host: sso.example.test", "--data", body, &url])
            .args(["--header", "Content-Type: application/json"])
            .output()
            .await
            .unwrap();
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        (text("clientId"), text("clientSecret"))
    }
}
