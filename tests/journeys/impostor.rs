//! Servers that are not what a start URL promises.

use anyhow::{Context, Result};
use std::{future::Future, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A server on this computer; it lives as long as the test's runtime.
pub struct Impostor {
    /// `localhost:PORT`.
    pub host: String,
}

impl Impostor {
    /// One that answers each request, given whole, with a status line's end, a content type and a body.
    pub async fn answering(
        answer: impl Fn(&str) -> (&'static str, &'static str, String) + Send + Sync + 'static,
    ) -> Result<Self> {
        let answer = Arc::new(answer);
        Self::serving(move |stream| {
            let answer = Arc::clone(&answer);
            async move { converse(stream, &*answer).await }
        })
        .await
    }

    /// One whose certificate nobody vouches for. It answers nothing inside.
    pub async fn untrusted() -> Result<Self> {
        support::person::install_crypto();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der());
        let key = key.map_err(|reason| anyhow::anyhow!("no key: {reason}"))?;
        let config = rustls::ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![made.cert.der().clone()], key)?;
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        Self::serving(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                converse(acceptor.accept(stream).await?, &|_| ("200 OK", "text/html", String::new())).await
            }
        })
        .await
    }

    /// A port that nobody listens on.
    pub async fn nobody() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        Ok(Self { host: format!("localhost:{}", listener.local_addr()?.port()) })
    }

    async fn serving<F>(each: impl Fn(TcpStream) -> F + Send + 'static) -> Result<Self>
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let host = format!("localhost:{}", listener.local_addr()?.port());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(each(stream));
            }
        });
        Ok(Self { host })
    }
}

/// Reads one request whole and answers it.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    answer: &(dyn Fn(&str) -> (&'static str, &'static str, String) + Send + Sync),
) -> Result<()> {
    let mut read = Vec::new();
    let request = loop {
        let mut some = [0; 4096];
        let count = stream.read(&mut some).await?;
        read.extend_from_slice(some.get(..count).unwrap_or_default());
        let text = String::from_utf8_lossy(&read);
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| body.len() >= length(head));
        if whole || count == 0 {
            break text.into_owned();
        }
    };
    let (status, kind, body) = answer(&request);
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    stream.shutdown().await.context("could not end an answer")
}

fn length(head: &str) -> usize {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}
