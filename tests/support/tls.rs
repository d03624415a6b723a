//! A name of its own for a server: a TLS proxy before it with a certificate of a private authority, and a
//! proxy to the outside that knows where the name is.

use crate::{person::install_crypto, record::Record};
use anyhow::{Context, Result};
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
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
                    let mut inside = acceptor.accept(stream).await?;
                    let mut first = [0; 1];
                    inside.read_exact(&mut first).await?;
                    seen.push(());
                    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
                    server.write_all(&first).await?;
                    copy_bidirectional(&mut inside, &mut server).await
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
    /// One entry for each connection in which something was sent after the handshake.
    pub inside: Record<()>,
}

/// An HTTP proxy that opens tunnels to one place, whatever name it is asked for.
#[derive(Debug)]
pub struct Tunnels {
    /// `http://127.0.0.1:PORT`.
    pub address: String,
    /// The `host:port` of each tunnel that was asked for.
    pub asked: Record<String>,
}

impl Tunnels {
    /// All lead to `there`.
    ///
    /// # Errors
    /// That no port can be had.
    pub async fn to(there: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (address, asked) = (format!("http://{}", listener.local_addr()?), Record::default());
        let record = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(tunnel(stream, there, record.clone()));
            }
        });
        Ok(Self { address, asked })
    }
}

async fn tunnel(stream: TcpStream, there: SocketAddr, asked: Record<String>) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let mut words = line.split_whitespace();
    let (method, target) = words.next().zip(words.next()).context("no request")?;
    asked.push(if method == "CONNECT" { target.to_owned() } else { line.trim().to_owned() });
    loop {
        let mut header = String::new();
        if stream.read_line(&mut header).await? <= 2 {
            break;
        }
    }
    if method != "CONNECT" {
        stream.write_all(b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n").await?;
        return Ok(());
    }
    let mut server = TcpStream::connect(there).await?;
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    copy_bidirectional(&mut stream, &mut server).await?;
    Ok(())
}
