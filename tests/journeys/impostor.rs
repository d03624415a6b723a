//! Servers that are not what a start URL promises.

use anyhow::{Context, Result};
use std::{future::Future, sync::Arc};
use support::deadline::{WHILE, within};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy},
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

    /// One before the server at `port` of this computer: a request for whose first line `refusal` gives the end
    /// of a status line is answered with that, every other is handed on.
    pub async fn before(
        port: u16,
        refusal: impl Fn(&str) -> Option<&'static str> + Send + Sync + 'static,
    ) -> Result<Self> {
        let refusal = Arc::new(refusal);
        Self::serving(move |mut stream| {
            let refusal = Arc::clone(&refusal);
            async move {
                let request = whole(&mut stream).await?;
                let line = request.lines().next().unwrap_or_default();
                if let Some(status) = refusal(line) {
                    return answer(stream, (status, "application/json", "{}".to_owned())).await;
                }
                let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
                server.write_all(handed_on(&request, port)?.as_bytes()).await?;
                let (_, mut to) = stream.split();
                within(WHILE, "the server's answer", copy(&mut server, &mut to)).await?;
                to.shutdown().await.context("could not end an answer")
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

/// The request as one that comes straight from its sender, and the only one of its connection.
fn handed_on(request: &str, port: u16) -> Result<String> {
    let (head, body) = request.split_once("\r\n\r\n").context("no end of the head")?;
    let own = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default();
        !name.eq_ignore_ascii_case("host") && !name.eq_ignore_ascii_case("connection")
    };
    let head = head.lines().filter(own).collect::<Vec<_>>().join("\r\n");
    Ok(format!("{head}\r\nhost: localhost:{port}\r\nconnection: close\r\n\r\n{body}"))
}

/// Reads one request whole.
async fn whole<S: AsyncRead + Unpin>(stream: &mut S) -> Result<String> {
    let mut read = Vec::new();
    loop {
        let mut some = [0; 4096];
        let count = stream.read(&mut some).await?;
        read.extend_from_slice(some.get(..count).unwrap_or_default());
        let text = String::from_utf8_lossy(&read);
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| body.len() >= length(head));
        if whole || count == 0 {
            break Ok(text.into_owned());
        }
    }
}

/// Reads one request whole and answers it.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    say: &(dyn Fn(&str) -> (&'static str, &'static str, String) + Send + Sync),
) -> Result<()> {
    let request = whole(&mut stream).await?;
    answer(stream, say(&request)).await
}

async fn answer<S: AsyncWrite + Unpin>(
    mut stream: S,
    (status, kind, body): (&'static str, &'static str, String),
) -> Result<()> {
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
