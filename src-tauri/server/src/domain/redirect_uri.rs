//! Redirect URIs of native clients: loopback only, any port (RFC 8252 §7.3; the AWS CLI registers
//! `http://127.0.0.1/oauth/callback` and then listens on a random port, aws-cli's `AuthCodeFetcher`).

use url::Url;

use super::loopback::is_loopback;

/// Parses a redirect URI and refuses all but plain-HTTP loopback ones without user info or fragment.
pub fn parse_loopback(uri: &str) -> Option<Url> {
    let url = Url::parse(uri).ok()?;
    let plain = url.scheme() == "http"
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    (is_loopback(&url) && plain).then_some(url)
}

/// Whether a requested redirect URI is a registered one: host, path and query exactly, the port free.
pub fn matches_registered(requested: &Url, registered: &[String]) -> bool {
    registered.iter().filter_map(|uri| parse_loopback(uri)).any(|known| {
        known.host() == requested.host()
            && known.path() == requested.path()
            && known.query() == requested.query()
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn only_plain_loopback_is_taken() {
        for good in ["http://127.0.0.1/oauth/callback", "http://localhost:9/x", "http://[::1]:9/x"] {
            assert!(parse_loopback(good).is_some(), "{good}");
        }
        for bad in [
            "https://127.0.0.1/x",
            "http://10.0.0.1/x",
            "http://localhost.evil.test/x",
            "http://u@127.0.0.1/x",
            "http://127.0.0.1/x#f",
            "javascript:alert(1)",
            "x",
        ] {
            assert!(parse_loopback(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_port_is_free_and_nothing_else() {
        let registered = ["http://127.0.0.1/oauth/callback".to_owned()];
        let matches = |uri: &str| matches_registered(&Url::parse(uri).unwrap(), &registered);
        assert!(matches("http://127.0.0.1:53124/oauth/callback"));
        assert!(!matches("http://localhost:53124/oauth/callback"));
        assert!(!matches("http://127.0.0.1:53124/oauth/callback/"));
        assert!(!matches("http://127.0.0.1:53124/oauth/callback?x=1"));
    }
}
