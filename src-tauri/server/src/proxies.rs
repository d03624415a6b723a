//! Proxies that are believed what they say of a request (`X-Forwarded-For`, `-Host`, `-Proto`). From everybody
//! else these are a stranger's words.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header};
use ipnet::IpNet;

/// The far end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// Whether TLS was spoken with it.
    pub is_tls: bool,
}

/// The networks of our own proxies.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

/// What is known of a request's way here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The client, as far as it can be known; `None` in tests without a connection.
    pub client: Option<IpAddr>,
    /// The host it asked for.
    pub host: Option<String>,
    /// Whether it came here in clear text where it should not have.
    pub in_clear: bool,
}

impl TrustedProxies {
    /// These networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// An address or a network, `10.0.0.7` or `10.0.0.0/8`; `None` if it is neither.
    pub fn parse(text: &str) -> Option<IpNet> {
        text.parse().ok().or_else(|| text.parse().ok().map(|address: IpAddr| IpNet::from(address)))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// How a request came here. `https` is whether people are to use TLS.
    pub fn way(&self, headers: &HeaderMap, peer: Option<Peer>, https: bool) -> Way {
        let own_host = one(headers, header::HOST.as_str()).map(str::to_owned);
        let Some(peer) = peer else { return Way { client: None, host: own_host, in_clear: false } };
        let address = peer.address.ip().to_canonical();
        if !self.trusts(address) {
            // A proxy on this machine that nobody named may go on as ever: it is not the network's.
            let in_clear = https && !peer.is_tls && !address.is_loopback();
            return Way { client: Some(address), host: own_host, in_clear };
        }
        // Each that stands there: a client's own may say https beside the proxy's.
        let said = headers.get_all("x-forwarded-proto");
        let in_clear = https && said.iter().any(|proto| !proto.as_bytes().eq_ignore_ascii_case(b"https"));
        let host = match headers.contains_key("x-forwarded-host") {
            true => one(headers, "x-forwarded-host").map(str::to_owned),
            false => own_host,
        };
        Way { client: Some(self.client(headers, address)), host, in_clear }
    }

    /// Each proxy appends whom it heard: the last one that is not ours is the client, and what stands before it
    /// is that client's own claim.
    fn client(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let mut client = peer;
        let lines: Vec<&str> =
            headers.get_all("x-forwarded-for").iter().map(|line| line.to_str().unwrap_or("?")).collect();
        for entry in lines.join(",").rsplit(',') {
            let Some(address) = address_of(entry.trim()) else { break };
            client = address;
            if !self.trusts(address) {
                break;
            }
        }
        client
    }
}

/// An address as proxies write it, some with the port.
fn address_of(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()));
    address.map(|address| address.to_canonical())
}

/// The value of a header that may stand there once.
fn one<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    value.to_str().ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(
            ["10.0.0.0/8", "192.0.2.7", "fd00::/8"].map(|text| TrustedProxies::parse(text).unwrap()).into(),
        )
    }

    fn peer(address: &str) -> Option<Peer> {
        Some(Peer { address: SocketAddr::new(address.parse().unwrap(), 40000), is_tls: false })
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_client_is_the_last_that_is_not_ours() {
        for (from, said, client) in [
            ("10.1.1.1", "203.0.113.9", "203.0.113.9"),
            ("10.1.1.1", "6.6.6.6, 203.0.113.9, 192.0.2.7", "203.0.113.9"),
            ("10.1.1.1", "203.0.113.9:51000", "203.0.113.9"),
            ("fd00::1", "[2001:db8::5]:443", "2001:db8::5"),
            ("::ffff:10.1.1.1", "2001:db8::5", "2001:db8::5"),
            ("10.1.1.1", "6.6.6.6, unknown", "10.1.1.1"),
            ("10.1.1.1", "10.2.2.2, 10.3.3.3", "10.2.2.2"),
            // Nobody's proxy may say what it likes.
            ("203.0.113.5", "6.6.6.6", "203.0.113.5"),
            ("127.0.0.1", "6.6.6.6", "127.0.0.1"),
        ] {
            let way = proxies().way(&headers(&[("x-forwarded-for", said)]), peer(from), true);
            assert_eq!(way.client, Some(client.parse().unwrap()), "{from}: {said}");
        }
    }

    #[test]
    fn host_and_scheme_are_believed_of_proxies_alone() {
        let said = headers(&[
            ("host", "inside:8480"),
            ("x-forwarded-host", "sso.example.test"),
            ("x-forwarded-proto", "https"),
        ]);
        let way = |from: &str| proxies().way(&said, peer(from), true);
        assert_eq!(way("10.0.0.1").host.as_deref(), Some("sso.example.test"));
        assert!(!way("10.0.0.1").in_clear);
        assert_eq!(way("203.0.113.5").host.as_deref(), Some("inside:8480"));
        assert!(way("203.0.113.5").in_clear, "saying https makes it none");
        assert!(!way("127.0.0.1").in_clear);
        let clear = headers(&[("host", "sso.example.test"), ("x-forwarded-proto", "http")]);
        assert!(proxies().way(&clear, peer("10.0.0.1"), true).in_clear);
        for said in [["https", "http"], ["http", "https"]] {
            let both = said.map(|proto| ("x-forwarded-proto", proto));
            let both = headers(&[("host", "sso.example.test"), both[0], both[1]]);
            assert!(proxies().way(&both, peer("10.0.0.1"), true).in_clear, "{said:?}");
        }
        let two = headers(&[("host", "a"), ("x-forwarded-host", "a"), ("x-forwarded-host", "b")]);
        assert_eq!(proxies().way(&two, peer("10.0.0.1"), true).host, None);
    }
}
