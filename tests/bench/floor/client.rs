//! The least of HTTP/1.1 that keeps a connection alive: the generator must not be what is measured.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status line and headers.
    pub head: String,
    /// What follows.
    pub body: Vec<u8>,
}

impl Answer {
    /// Its status.
    pub fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// A header's values.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.head.split("\r\n").filter_map(move |line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// One connection that is kept.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    /// To `http://HOST:PORT`; gives the `Host` too.
    pub fn to(origin: &str) -> Result<(Self, String)> {
        let host = origin.strip_prefix("http://").context("only http")?.trim_end_matches('/');
        let stream = TcpStream::connect(host).with_context(|| format!("nobody answers at {host}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok((Self { stream, read: vec![0; 64 * 1024] }, host.to_owned()))
    }

    /// Sends a request and reads its answer.
    pub fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request)?;
        let mut end = 0;
        let head_ends = loop {
            ensure!(end < self.read.len(), "too long an answer");
            let more = self.stream.read(&mut self.read[end..])?;
            ensure!(more > 0, "the connection ended");
            let from = end.saturating_sub(3);
            end += more;
            if let Some(at) = self.read[from..end].windows(4).position(|four| four == b"\r\n\r\n") {
                break from + at;
            }
        };
        let head = String::from_utf8_lossy(&self.read[..head_ends]).into_owned();
        let mut answer = Answer { head, body: self.read[head_ends + 4..end].to_vec() };
        let length = answer.headers("content-length").next().context("an answer without a length")?;
        let length: usize = length.parse()?;
        let have = answer.body.len();
        ensure!(have <= length, "more than was announced");
        answer.body.resize(length, 0);
        self.stream.read_exact(&mut answer.body[have..])?;
        Ok(answer)
    }
}

/// Requests to one origin.
#[derive(Debug)]
pub struct Requests {
    origin: String,
    requests: Vec<Vec<u8>>,
}

/// One GET for each address, all at one origin.
pub fn requests(addresses: &[String], headers: &[&str]) -> Result<Requests> {
    let mut origin = None;
    let mut requests = Vec::new();
    for address in addresses {
        let (host, path) = address
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once('/'))
            .context("not an address")?;
        ensure!(*origin.get_or_insert(host) == host, "more than one origin");
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        requests.push(format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n").into_bytes());
    }
    let origin = format!("http://{}", origin.context("no addresses")?);
    Ok(Requests { origin, requests })
}

impl Requests {
    /// A job of [`crate::load::measure`]: the next one, or all of them. Workers begin at different ones.
    pub fn asker(&self, worker: usize, together: bool) -> Result<impl FnMut() -> Result<()> + use<'_>> {
        let mut connection = Connection::to(&self.origin)?.0;
        let mut next = worker * 7;
        Ok(move || {
            for _ in 0..if together { self.requests.len() } else { 1 } {
                let request = &self.requests[next % self.requests.len()];
                next += 1;
                let answer = connection.ask(request)?;
                if answer.status() != "200" {
                    let body = String::from_utf8_lossy(&answer.body);
                    bail!("{}\n{}\n{body}", String::from_utf8_lossy(request), answer.head);
                }
            }
            Ok(())
        })
    }
}
