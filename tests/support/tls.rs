//! A name of its own for a server: a TLS proxy before it with a certificate of a private authority, and a
//! proxy to the outside that knows where the name is.

use crate::{person::install_crypto, record::Record};
use anyhow::{Context, Result};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Arc,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy, copy_bidirectional, split},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// An authority that no system trusts.
#[derive(Debug)]
pub struct Authority {
    certificate: rcgen::Certificate,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    /// A new one.
    ///
    /// # Errors
    /// That no key can be made.
    pub fn new() -> Result<Self> {
        install_crypto();
        let key = rcgen::KeyPair::generate()?;
        let mut params = rcgen::CertificateParams::new(Vec::new())?;
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "Authority of a test");
        let certificate = params.self_signed(&key)?;
        Ok(Self { certificate, issuer: rcgen::Issuer::new(params, key) })
    }

    /// Its certificate, for those who shall trust it.
    #[must_use]
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A certificate for `host` and its key, PEM.
    ///
    /// # Errors
    /// That none can be made.
    pub fn certify(&self, host: &str) -> Result<(String, String)> {
        let key = rcgen::KeyPair::generate()?;
        let made = rcgen::CertificateParams::new(vec![host.to_owned()])?.signed_by(&key, &self.issuer)?;
        Ok((made.pem(), key.serialize_pem()))
    }

    /// Answers TLS as `host` and hands what is inside to `port` on this computer.
    ///
    /// # Errors
    /// That no port or certificate can be had.
    pub async fn stand_before(&self, host: &str, port: u16) -> Result<Front> {
        let key = rcgen::KeyPair::generate()?;
        let made = rcgen::CertificateParams::new(vec![host.to_owned()])?.signed_by(&key, &self.issuer)?;
        let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der());
        let key = key.map_err(|reason| anyhow::anyhow!("no key: {reason}"))?;
        let config = rustls::ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![made.der().clone()], key)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (address, inside) = (listener.local_addr()?, Record::default());
        let seen = inside.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, seen) = (acceptor.clone(), seen.clone());
                tokio::spawn(async move {
                    let inside = acceptor.accept(stream).await?;
                    let server = TcpStream::connect(("127.0.0.1", port)).await?;
                    let ((mut from, mut to), (mut answers, mut asks)) = (split(inside), split(server));
                    let back = tokio::spawn(async move { copy(&mut answers, &mut to).await });
                    let mut some = vec![0; 16 * 1024];
                    loop {
                        let count = from.read(&mut some).await?;
                        let part = some.get(..count).unwrap_or_default();
                        if part.is_empty() {
                            break;
                        }
                        seen.push(String::from_utf8_lossy(part).into_owned());
                        asks.write_all(part).await?;
                    }
                    asks.shutdown().await?;
                    back.await?.context("the answers ended")
                });
            }
        });
        Ok(Front { address, inside })
    }
}

/// A TLS proxy; it lives as long as the test's runtime.
#[derive(Debug)]
pub struct Front {
    /// Where it listens.
    pub address: SocketAddr,
    /// What was sent after handshakes, piece by piece.
    pub inside: Record<String>,
}

impl Front {
    /// The bearer tokens that were sent.
    #[must_use]
    pub fn tokens(&self) -> BTreeSet<String> {
        let text = self.inside.all().concat();
        let named = |line: &str| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("x-amz-sso_bearer_token").then(|| value.trim().to_owned())
        };
        text.lines().filter_map(named).collect()
    }
}

/// An HTTP proxy that opens tunnels to the places it knows.
#[derive(Debug)]
pub struct Tunnels {
    /// `http://127.0.0.1:PORT`.
    pub address: String,
    /// The `host:port` of each tunnel that was asked for.
    pub asked: Record<String>,
}

impl Tunnels {
    /// One that knows these `host:port`.
    ///
    /// # Errors
    /// That no port can be had.
    pub async fn to(places: &[(&str, SocketAddr)]) -> Result<Self> {
        let places: BTreeMap<_, _> = places.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (address, asked) = (format!("http://{}", listener.local_addr()?), Record::default());
        let record = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(tunnel(stream, places.clone(), record.clone()));
            }
        });
        Ok(Self { address, asked })
    }
}

async fn tunnel(
    stream: TcpStream,
    places: BTreeMap<String, SocketAddr>,
    asked: Record<String>,
) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let mut words = line.split_whitespace();
    let (method, target) = words.next().zip(words.next()).context("no request")?;
    asked.push(if method == "CONNECT" { target.to_owned() } else { line.trim().to_owned() });
    let there = places.get(target).filter(|_| method == "CONNECT");
    loop {
        let mut header = String::new();
        if stream.read_line(&mut header).await? <= 2 {
            break;
        }
    }
    let Some(there) = there else {
        stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await?;
        return Ok(());
    };
    let mut server = TcpStream::connect(there).await?;
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    copy_bidirectional(&mut stream, &mut server).await?;
    Ok(())
}
