//! Addresses of this machine, where nobody stands between who asks and who answers.

use url::{Host, Url};

/// Whether an address names this machine by a name or number that cannot mean another (RFC 6761 §6.3, RFC 1122
/// §3.2.1.3, RFC 4291 §2.5.3).
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether what stands at an address comes from its owner: by https, or from this machine.
pub fn is_owners_word(url: &Url) -> bool {
    url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_others() {
        for (address, here, owners) in [
            ("http://localhost:9/x", true, true),
            ("http://127.0.0.1", true, true),
            ("http://127.9.9.9", true, true),
            ("http://[::1]:9", true, true),
            ("https://idp.acme.test", false, true),
            ("http://idp.acme.test", false, false),
            ("http://localhost.acme.test", false, false),
            ("http://10.0.0.1", false, false),
            ("ftp://localhost/x", true, false),
            ("mailto:x@localhost", false, false),
        ] {
            let url = Url::parse(address).unwrap();
            assert_eq!((is_loopback(&url), is_owners_word(&url)), (here, owners), "{address}");
        }
    }
}
