//! A door on 127.0.0.1 for one answer of the browser: a random port, one exact path, one Host, GET only,
//! this user's programs only. Whoever else knocks gets a short page and learns nothing.

mod peer;

use engine::model::code::Code;
use std::{fmt::Write as _, future::Future, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// The longest request head that is read.
const LONGEST_HEAD: usize = 16 * 1024;
/// A connection that has not asked by then is dropped.
const ASK_WITHIN: Duration = Duration::from_secs(10);
/// A port that cannot accept right now is asked again after this long.
const AFTER_TROUBLE: Duration = Duration::from_millis(100);
/// More connections than any browser opens wait their turn.
const CONNECTIONS: usize = 32;

/// An open port.
pub(crate) struct Door {
    listener: TcpListener,
    address: SocketAddr,
}

/// A GET that came to the right Host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The path without the query.
    pub(crate) path: String,
    /// The query without the question mark.
    pub(crate) query: String,
}

/// What is answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// Nothing here.
    NotFound,
    /// Not what was waited for.
    Refused(&'static str),
    /// Used already.
    Gone,
    /// A page of ours, whole HTML without a script.
    Shown(&'static str),
    /// Go there.
    Redirect(String),
}

impl Door {
    /// Opens a random port on 127.0.0.1.
    pub(crate) async fn open() -> Result<Self, Code> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|_| Code::ListenFailed)?;
        let address = listener.local_addr().map_err(|_| Code::ListenFailed)?;
        Ok(Self { listener, address })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers whoever asks until `answer` says that it has what was waited for, and the page for that
    /// has been sent. Every connection is read on its own, so that a silent one holds up nobody.
    pub(crate) async fn serve<T: Send + 'static>(
        self,
        answer: impl Fn(Asked) -> (Page, Option<T>) + Send + Sync + 'static,
    ) -> T {
        let answer = Arc::new(answer);
        let mut connections: JoinSet<Option<T>> = JoinSet::new();
        loop {
            tokio::select! {
                Some(done) = connections.join_next(), if !connections.is_empty() => {
                    if let Ok(Some(found)) = done {
                        return found;
                    }
                }
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                    Ok((stream, peer)) => {
                        let (answer, address) = (Arc::clone(&answer), self.address);
                        connections.spawn(async move {
                            within(converse(stream, peer, address, answer.as_ref())).await.flatten()
                        });
                    }
                    // Out of file handles, or a connection that went away at once.
                    Err(_) => tokio::time::sleep(AFTER_TROUBLE).await,
                },
            }
        }
    }
}

async fn within<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(ASK_WITHIN, work).await.ok()
}

async fn converse<T>(
    mut stream: TcpStream,
    peer: SocketAddr,
    address: SocketAddr,
    answer: &(impl Fn(Asked) -> (Page, Option<T>) + Sync),
) -> Option<T> {
    if peer::is_another_user(peer, address) {
        tracing::warn!("another user's program knocked at the sign-in port and was refused");
        return None;
    }
    let (page, found) = match read(&mut stream, address.port()).await? {
        Ok(asked) => answer(asked),
        Err(page) => (page, None),
    };
    // A browser that went away did ask: what it brought counts all the same.
    let _sent = stream.write_all(page.to_http().as_bytes()).await;
    let _closed = stream.shutdown().await;
    found
}

/// The request, or what to say to one that is none of ours; `None` when nothing whole came.
async fn read(stream: &mut TcpStream, port: u16) -> Option<Result<Asked, Page>> {
    let mut head = Vec::with_capacity(2048);
    loop {
        let mut chunk = [0; 2048];
        let count = stream.read(&mut chunk).await.ok()?;
        head.extend_from_slice(chunk.get(..count)?);
        if let Some(asked) = parse(&head, port) {
            return Some(asked);
        }
        if count == 0 || head.len() > LONGEST_HEAD {
            return None;
        }
    }
}

/// `None` while the head is not whole.
fn parse(head: &[u8], port: u16) -> Option<Result<Asked, Page>> {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Partial) => return None,
        Err(_) => return Some(Err(Page::Refused("That request could not be read."))),
        Ok(httparse::Status::Complete(_)) => {}
    }
    let hosts: Vec<&[u8]> =
        request.headers.iter().filter(|h| h.name.eq_ignore_ascii_case("host")).map(|h| h.value).collect();
    // A page of the web that had its name point here would bring that name along.
    let ours = format!("127.0.0.1:{port}");
    if hosts != [ours.as_bytes()] || request.method != Some("GET") {
        return Some(Err(Page::NotFound));
    }
    let target = request.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Some(Ok(Asked { path: path.to_owned(), query: query.to_owned() }))
}

impl Page {
    fn to_http(&self) -> String {
        let (status, body) = match self {
            Self::NotFound => ("404 Not Found", page("There is nothing here.")),
            Self::Refused(why) => ("400 Bad Request", page(why)),
            Self::Gone => {
                ("410 Gone", page("This link was used already. Open the console again from Latchkey."))
            }
            Self::Shown(text) => ("200 OK", page(text)),
            Self::Redirect(_) => ("302 Found", String::new()),
        };
        let mut http = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
             X-Frame-Options: DENY\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\nConnection: close\r\n",
            body.len()
        );
        if let Self::Redirect(to) = self {
            // A URL as `Url` writes it holds no line ends.
            let _infallible = write!(http, "Location: {to}\r\n");
        }
        http.push_str("\r\n");
        http.push_str(&body);
        http
    }
}

fn page(text: &str) -> String {
    format!(include_str!("page.html"), text = text)
}

#[cfg(test)]
pub(crate) mod tests;
