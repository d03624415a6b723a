//! The way to each organisation's servers: whether they answer, who signs for them, and what time they have.

use crate::{
    sso::{Around, Clients, Way, why},
    urls::{host_of, is_loopback, is_safe},
};
use aws_files::Paths;
use engine::{
    model::{code::Code, partition::is_aws_portal, settings::Network},
    ports::Clock,
};
use reqwest::{Response, header, tls::TlsInfo};
use std::{collections::BTreeSet, ffi::OsString, path::Path};
use url::Url;
use x509_parser::parse_x509_certificate;

/// More than this is told: AWS refuses what is five minutes off.
const SKEW: i64 = 60;

/// An organisation and where its services answer.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its name.
    pub organisation: String,
    /// Start URL and endpoints.
    pub urls: Vec<Url>,
}

/// What is wrong with the way to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing answers.
    Unreachable,
    /// Its certificate is not trusted.
    Untrusted {
        /// The TLS library's words.
        reason: String,
    },
    /// There is nothing to check certificates with, or the way itself is set wrongly.
    NoTrust {
        /// In technical words.
        reason: String,
    },
    /// It is AWS's name, and somebody who is trusted here and is not AWS signs for it.
    Intercepted {
        /// Who.
        issuer: String,
    },
    /// This computer's clock is off.
    Skew {
        /// Seconds by which it is fast; negative, slow.
        seconds: i64,
    },
}

/// Asks every host of every organisation once; in order. Any answer is one, whatever its status. `user` is the
/// person's home folder, whose AWS config file may name a CA file.
pub async fn network(
    sites: &[Site],
    set: &Network,
    env: &dyn Fn(&str) -> Option<OsString>,
    user: &Path,
    clock: &dyn Clock,
) -> Vec<(String, String, Trouble)> {
    let around = Around::new(env, &Paths::from_env(env, user).config);
    let clients = match Clients::new(Way::new(set, around)) {
        Ok(clients) => clients,
        Err(code) => {
            let reason = format!("{code:?}");
            return vec![(String::new(), String::new(), Trouble::NoTrust { reason })];
        }
    };
    let mut found = Vec::new();
    for site in sites {
        let mut seen = BTreeSet::new();
        let mut skewed = false;
        for url in &site.urls {
            if !seen.insert(url.origin().ascii_serialization()) {
                continue;
            }
            let mut trouble = about(url, &clients, clock).await;
            // The clock is one, however many servers say so.
            trouble.retain(|it| !matches!(it, Trouble::Skew { .. }) || !std::mem::replace(&mut skewed, true));
            found.extend(trouble.into_iter().map(|it| (site.organisation.clone(), host_of(url), it)));
        }
    }
    found
}

async fn about(url: &Url, clients: &Clients, clock: &dyn Clock) -> Vec<Trouble> {
    if !is_safe(url) {
        return vec![Trouble::Untrusted { reason: "it is not https".to_owned() }];
    }
    let client = match (is_loopback(url), url.scheme()) {
        (true, "http") => Ok(clients.plain.clone()),
        (true, _) => clients.near(),
        (false, _) => clients.far(),
    };
    let client = match client {
        Ok(client) => client,
        Err(code) => return vec![trouble(code)],
    };
    match client.get(url.clone()).send().await {
        Err(error) => vec![trouble(why(&error, &host_of(url)))],
        Ok(answer) => {
            let mut found = Vec::new();
            found.extend(skew(&answer, clock).map(|seconds| Trouble::Skew { seconds }));
            found.extend(interceptor(url, &answer).map(|issuer| Trouble::Intercepted { issuer }));
            found
        }
    }
}

fn trouble(code: Code) -> Trouble {
    match code {
        Code::Tls { reason, .. } => Trouble::Untrusted { reason },
        Code::NoTrust { path, reason } => {
            let path = path.map(|path| format!("{path}: ")).unwrap_or_default();
            Trouble::NoTrust { reason: format!("{path}{reason}") }
        }
        Code::BadProxy => Trouble::NoTrust { reason: "the proxy of the settings is no address".to_owned() },
        _ => Trouble::Unreachable,
    }
}

fn skew(answer: &Response, clock: &dyn Clock) -> Option<i64> {
    let date = answer.headers().get(header::DATE)?.to_str().ok()?;
    let server = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    let ahead = clock.now().as_second() - server.as_second();
    (ahead.abs() > SKEW).then_some(ahead)
}

/// Who signed for one of AWS's own names, when it is not AWS.
fn interceptor(url: &Url, answer: &Response) -> Option<String> {
    let host = url.host_str()?;
    let aws = is_aws_portal(host) || host.ends_with(".amazonaws.com") || host.ends_with(".aws.amazon.com");
    let certificate = answer.extensions().get::<TlsInfo>()?.peer_certificate()?;
    if aws { foreign_issuer(certificate) } else { None }
}

/// Amazon Trust Services sign for every name of AWS's own; `None` for one of theirs.
fn foreign_issuer(certificate: &[u8]) -> Option<String> {
    let (_, read) = parse_x509_certificate(certificate).ok()?;
    let issuer = read.issuer();
    let named = |names: Vec<Option<&str>>| names.into_iter().flatten().any(|name| name.contains("Amazon"));
    let organisation: Vec<_> = issuer.iter_organization().map(|it| it.as_str().ok()).collect();
    let common: Vec<_> = issuer.iter_common_name().map(|it| it.as_str().ok()).collect();
    if named(organisation) || named(common) { None } else { Some(issuer.to_string()) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use engine::model::Timestamp;
    use std::sync::Arc;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    struct At(Timestamp);

    impl Clock for At {
        fn now(&self) -> Timestamp {
            self.0
        }

        fn since_boot(&self) -> std::time::Duration {
            std::time::Duration::ZERO
        }
    }

    const DATE: &str = "Wed, 25 Nov 2026 12:00:00 GMT";

    fn clock(seconds: i64) -> At {
        let server: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
        At(server + jiff::SignedDuration::from_secs(seconds))
    }

    async fn found(url: String, clock: &At) -> Vec<Trouble> {
        crate::install_crypto_provider();
        let site =
            Site { organisation: "Acme".into(), urls: vec![url.parse().unwrap(), url.parse().unwrap()] };
        let found = network(&[site], &Network::default(), &|_| None, Path::new("/nowhere"), clock).await;
        found.into_iter().map(|(_, _, trouble)| trouble).collect()
    }

    /// A server that says the date to whoever asks.
    async fn dated() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 2048];
                let _ = stream.read(&mut asked).await;
                let answer = format!(
                    "HTTP/1.1 404 Not Found\r\ndate: {DATE}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        format!("http://127.0.0.1:{port}/start")
    }

    #[tokio::test]
    async fn a_clock_that_is_off_is_told_once_for_a_server() {
        let url = dated().await;
        assert_eq!(found(url.clone(), &clock(0)).await, []);
        assert_eq!(found(url.clone(), &clock(-30)).await, []);
        assert_eq!(found(url.clone(), &clock(400)).await, [Trouble::Skew { seconds: 400 }]);
        assert_eq!(found(url, &clock(-400)).await, [Trouble::Skew { seconds: -400 }]);
    }

    #[tokio::test]
    async fn a_server_that_does_not_answer_and_one_that_nobody_trusts() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        assert_eq!(found(format!("http://127.0.0.1:{port}/"), &clock(0)).await, [Trouble::Unreachable]);

        crate::install_crypto_provider();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = acceptor.accept(stream).await;
            }
        });
        let found = found(format!("https://localhost:{port}/"), &clock(0)).await;
        assert!(matches!(found.as_slice(), [Trouble::Untrusted { .. }]), "{found:?}");
    }

    #[test]
    fn only_amazon_signs_for_amazon() {
        let by = |organisation: &str| {
            let mut params = rcgen::CertificateParams::new(vec!["acme.awsapps.com".to_owned()]).unwrap();
            params.distinguished_name.push(rcgen::DnType::OrganizationName, organisation);
            let key = rcgen::KeyPair::generate().unwrap();
            let made = params.self_signed(&key).unwrap();
            foreign_issuer(made.der())
        };
        assert_eq!(by("Amazon"), None);
        assert!(by("Acme Inspection").unwrap().contains("Acme Inspection"));
    }
}
