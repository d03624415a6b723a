//! Debian's haproxy before several servers: TLS, no sticky sessions, another server when one does not take a connection.

use crate::{
    deadline::{START, until},
    ports,
    process::{Process, Program},
    tls::Authority,
};
use anyhow::{Context, Result};
use std::{fmt::Write, fs, net::SocketAddr, path::Path};
use tokio::net::TcpStream;

/// How often a server is asked whether it is ready, in milliseconds.
const CHECK: u32 = 250;

/// A running haproxy; it ends when this is dropped.
#[derive(Debug)]
pub struct Balancer {
    all: SocketAddr,
    each: Vec<SocketAddr>,
    _process: Process,
}

fn free() -> Result<SocketAddr> {
    Ok(SocketAddr::from(([127, 0, 0, 1], ports::free()?)))
}

impl Balancer {
    /// Stands before the servers on these ports as `host`.
    ///
    /// # Errors
    /// That haproxy is not installed, or does not listen in time.
    pub async fn before(ports: &[u16], host: &str, authority: &Authority, folder: &Path) -> Result<Self> {
        let (certificate, key) = authority.certify(host)?;
        let pem = folder.join("haproxy.pem");
        fs::write(&pem, format!("{certificate}{key}"))?;
        let (all, each) = (free()?, ports.iter().map(|_| free()).collect::<Result<Vec<_>>>()?);
        let config = folder.join("haproxy.cfg");
        fs::write(&config, configuration(ports, all, &each, &pem.display().to_string())?)?;
        let log = folder.join("haproxy.log");
        let process = Program::new("haproxy", "/usr/sbin/haproxy")
            .args(["-db", "-f"])
            .args([&config])
            .log(log.clone())
            .start()?;
        let listens =
            until(START, "haproxy to listen", async || Ok(TcpStream::connect(all).await.ok().map(drop)));
        listens.await.with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
        Ok(Self { all, each, _process: process })
    }

    /// Where all servers answer in turn.
    #[must_use]
    pub fn all(&self) -> SocketAddr {
        self.all
    }

    /// Where each of them answers alone, as if the others were gone.
    #[must_use]
    pub fn each(&self) -> &[SocketAddr] {
        &self.each
    }
}

/// What `NODES.md` says of a proxy.
fn configuration(ports: &[u16], all: SocketAddr, each: &[SocketAddr], pem: &str) -> Result<String> {
    let mut text = String::from(
        "global\n    maxconn 1000\ndefaults\n    mode http\n    timeout connect 2s\n    timeout client 60s\n\
         \x20   timeout server 60s\n    retries 3\n    option redispatch 1\n    option forwardfor\n",
    );
    let proto = "http-request set-header X-Forwarded-Proto https";
    let line = |text: &mut String, at: usize, port: u16| {
        let check = format!("check inter {CHECK} fall 2 rise 1 on-marked-down shutdown-sessions");
        writeln!(text, "    server node{at} 127.0.0.1:{port} {check}")
    };
    writeln!(text, "listen all\n    bind {all} ssl crt {pem}\n    balance roundrobin\n    {proto}")?;
    writeln!(text, "    option httpchk GET /readyz")?;
    for (at, port) in ports.iter().enumerate() {
        line(&mut text, at, *port)?;
    }
    for (at, (port, front)) in ports.iter().zip(each).enumerate() {
        writeln!(text, "listen alone{at}\n    bind {front} ssl crt {pem}\n    {proto}")?;
        writeln!(text, "    server node{at} 127.0.0.1:{port}")?;
    }
    Ok(text)
}
