//! What an administrator says of the RADIUS servers (AWS Directory Service API, `RadiusSettings`).

use std::{net::Ipv6Addr, time::Duration};

use serde::{Deserialize, Serialize};

use super::Server;

/// The servers: all but the shared secret. The protocol is PAP, and people are called there as here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// What people are told that their code is of (`DisplayLabel`).
    pub label: String,
    /// Host names or addresses, the first one first; with a port of its own behind a colon (`RadiusServers`).
    pub servers: Vec<String>,
    /// The port of those without one (`RadiusPort`).
    pub port: u16,
    /// How long an answer is waited for, in seconds, each time (`RadiusTimeout`).
    pub patience: u64,
    /// How often a server that is silent is asked again (`RadiusRetries`).
    pub retries: u32,
}

/// The port of RFC 2865 §3.
pub const PORT: u16 = 1812;
/// The longest label, in characters (AWS Directory Service API, `RadiusDisplayLabel`).
const LONGEST_LABEL: usize = 64;
/// Seconds (AWS Directory Service API, `RadiusTimeout`).
const LONGEST_PATIENCE: u64 = 50;
/// Times (AWS Directory Service API, `RadiusRetries`).
const MOST_RETRIES: u32 = 10;
/// How long all servers together may be waited for, in seconds: somebody stands at the other end.
const LONGEST_WAIT: u64 = 120;
/// More are a mistake.
const MOST_SERVERS: usize = 10;

impl Settings {
    /// How long an answer is waited for each time.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.patience.clamp(1, LONGEST_PATIENCE))
    }

    /// How often a server is asked in all.
    pub fn turns(&self) -> u32 {
        self.retries.min(MOST_RETRIES) + 1
    }

    /// The servers, the first one first.
    pub fn servers(&self) -> Vec<Server> {
        self.servers.iter().filter_map(|written| server(written, self.port)).collect()
    }

    /// What is wrong with it, by the field of the page.
    pub fn mistakes(&self) -> Vec<(&'static str, String)> {
        let mut mistakes = Vec::new();
        let mut add = |field, text: &str| mistakes.push((field, text.to_owned()));
        let label = self.label.trim();
        if label.is_empty() || label.chars().count() > LONGEST_LABEL || label.chars().any(char::is_control) {
            add("label", "Enter what people know it by, in at most 64 characters.");
        }
        if self.servers.is_empty() {
            add("servers", "Enter at least one server, such as radius1.example.com.");
        }
        if self.servers.len() > MOST_SERVERS {
            add("servers", "Enter at most 10 servers.");
        }
        for written in &self.servers {
            if server(written, PORT).is_none() {
                add(
                    "servers",
                    &format!(
                        "{written} is no address of a server, such as radius1.example.com or 192.0.2.7:1645."
                    ),
                );
            }
        }
        if self.port == 0 {
            add("port", "Enter a port, usually 1812.");
        }
        if !(1..=LONGEST_PATIENCE).contains(&self.patience) {
            add("patience", "Enter 1 to 50 seconds.");
        }
        if self.retries > MOST_RETRIES {
            add("retries", "Enter 0 to 10 times.");
        }
        let each = self.patience.saturating_mul(u64::from(self.retries) + 1);
        let wait = each.saturating_mul(u64::try_from(self.servers.len()).unwrap_or(u64::MAX));
        if wait > LONGEST_WAIT {
            add(
                "patience",
                &format!(
                    "Somebody would wait up to {wait} seconds before all servers were asked; at most {LONGEST_WAIT} \
                     make sense. Wait for a shorter time, or ask less often again."
                ),
            );
        }
        mistakes
    }
}

/// A server as it is written: `host`, `host:port`, an address of IPv6, or `[address]:port`.
fn server(written: &str, usual: u16) -> Option<Server> {
    if written.parse::<Ipv6Addr>().is_ok() {
        return Some(Server { host: written.to_owned(), port: usual });
    }
    let (host, port) = match written.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok().filter(|port| *port != 0)?),
        None => (written, usual),
    };
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().ok().map(|_| Server { host: address.to_owned(), port });
    }
    let is_name = !host.is_empty()
        && host.len() <= 253
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    is_name.then(|| Server { host: host.to_owned(), port })
}
