//! Under which addresses one instance answers. All endpoints share one origin: the paths of SSO-OIDC, the
//! portal, STS and the federation endpoint do not clash, so AWS clients need `endpoint_url` only.

use url::Url;

/// The public addresses of an instance.
#[derive(Debug, Clone)]
pub struct Addresses {
    base: Url,
    port: u16,
    instance_id: String,
    directory_id: String,
    hosts: Vec<String>,
    origins: Vec<String>,
    /// A proxy may name us as it likes.
    is_proxied: bool,
}

impl Addresses {
    /// A loopback instance: pages say `localhost`, because WebAuthn knows no IP addresses, and both literal
    /// loopback addresses are accepted.
    pub fn loopback(port: u16, instance_id: &str, directory_id: &str) -> Self {
        Self::at_loopback("http", port, instance_id, directory_id)
    }

    /// The same with TLS of our own.
    pub fn loopback_tls(port: u16, instance_id: &str, directory_id: &str) -> Self {
        Self::at_loopback("https", port, instance_id, directory_id)
    }

    /// An instance with TLS of our own that the network knows as `public`.
    pub fn public_tls(public: &Url, port: u16, instance_id: &str, directory_id: &str) -> Self {
        let mut addresses = Self::behind_proxy(public, port, instance_id, directory_id);
        addresses.is_proxied = false;
        // Nobody else puts a name of their own in between.
        addresses.hosts.drain(..3);
        addresses.origins.drain(..3);
        addresses
    }

    fn at_loopback(scheme: &str, port: u16, instance_id: &str, directory_id: &str) -> Self {
        let hosts = ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("{host}:{port}")).to_vec();
        let origins = hosts.iter().map(|host| format!("{scheme}://{host}")).collect();
        let base = Url::parse(&format!("{scheme}://localhost:{port}"))
            .unwrap_or_else(|_| unreachable!("a port makes a valid URL"));
        Self {
            base,
            port,
            instance_id: instance_id.to_owned(),
            directory_id: directory_id.to_owned(),
            hosts,
            origins,
            is_proxied: false,
        }
    }

    /// An instance behind a proxy that ends TLS for `public`, itself listening on loopback.
    pub fn behind_proxy(public: &Url, port: u16, instance_id: &str, directory_id: &str) -> Self {
        let mut base = public.clone();
        base.set_path("");
        let mut addresses = Self::loopback(port, instance_id, directory_id);
        let authority = match base.port() {
            Some(port) => format!("{}:{port}", base.host_str().unwrap_or_default()),
            None => base.host_str().unwrap_or_default().to_owned(),
        };
        addresses.origins.push(base.origin().ascii_serialization());
        addresses.hosts.push(authority);
        addresses.base = base;
        addresses.is_proxied = true;
        addresses
    }

    /// The origin without a slash at its end, `http://localhost:PORT`.
    pub fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// An absolute URL of a path here.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// The start URL of the access portal.
    pub fn start_url(&self) -> String {
        self.url("/start")
    }

    /// The instance's issuer URL, which clients may use in place of the start URL (aws-cli's `sso/resolve.py`).
    pub fn issuer_url(&self) -> String {
        self.url(&format!("/{}", self.instance_id))
    }

    /// An AWS-shaped start URL for the same portal: AWS CLI 2.35.13 and later accept only such (aws-cli's
    /// `sso/resolve.py`).
    pub fn start_url_alias(&self) -> String {
        format!("https://{}.awsapps.com/start", self.directory_id)
    }

    /// The federation endpoint (`getSigninToken`, `login`).
    pub fn federation_url(&self) -> String {
        self.url("/federation")
    }

    /// The port that is listened on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `ssoins-` and 16 hex digits (IAM Identity Center User Guide).
    pub fn instance_id(&self) -> &str {
        &self.instance_id
    }

    /// `d-` and 10 hex digits (IAM Identity Center User Guide).
    pub fn directory_id(&self) -> &str {
        &self.directory_id
    }

    /// Whether somebody else may stand before us.
    pub fn is_proxied(&self) -> bool {
        self.is_proxied
    }

    /// Whether cookies may carry `Secure`.
    pub fn is_https(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// The host name, or the address, of the origin.
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// Whether browsers may be told to use TLS only. Not for `localhost`, whose other ports would be told, too.
    pub fn wants_hsts(&self) -> bool {
        self.is_https() && self.base.host_str().is_some_and(|host| host != "localhost")
    }

    /// Whether a `Host` header names this instance, exactly.
    pub fn is_our_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }

    /// Whether pages are shown under this one of our hosts. Behind a proxy it is the proxy's choice what it
    /// calls us, and the browser sees the public name either way.
    pub fn shows_pages_under(&self, host: &str) -> bool {
        self.is_proxied || self.hosts.first().is_some_and(|first| first.eq_ignore_ascii_case(host))
    }

    /// Whether an `Origin` header names this instance, exactly.
    pub fn is_our_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|known| known == origin)
    }

    /// Whether a start URL or issuer URL sent by a client means this instance. Query, fragment and a slash
    /// at the end do not count, as in the AWS CLI's own comparison (aws-cli's `sso/resolve.py`).
    pub fn is_our_start_url(&self, candidate: &str) -> bool {
        let Ok(mut url) = Url::parse(candidate) else { return false };
        url.set_query(None);
        url.set_fragment(None);
        let plain = url.as_str().trim_end_matches('/');
        plain == self.start_url_alias()
            || self.origins.iter().any(|origin| {
                plain == format!("{origin}/start") || plain == format!("{origin}/{}", self.instance_id)
            })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn start_urls_are_told_from_strangers() {
        let here = Addresses::loopback(4000, "ssoins-0123456789abcdef", "d-0123456789");
        for good in [
            "http://localhost:4000/start",
            "http://localhost:4000/start/",
            "http://127.0.0.1:4000/start#/",
            "http://[::1]:4000/start",
            "http://localhost:4000/ssoins-0123456789abcdef",
            "https://d-0123456789.awsapps.com/start",
            "https://d-0123456789.awsapps.com/start/#/?x",
        ] {
            assert!(here.is_our_start_url(good), "{good}");
        }
        for bad in [
            "http://localhost:4001/start",
            "https://localhost:4000/start",
            "http://localhost:4000/",
            "https://d-9999999999.awsapps.com/start",
            "https://d-0123456789.awsapps.com.evil.test/start",
            "start",
            "",
        ] {
            assert!(!here.is_our_start_url(bad), "{bad}");
        }
    }

    #[test]
    fn a_proxy_adds_its_host_and_origin() {
        let public = Url::parse("https://sso.example.test/").unwrap();
        let here = Addresses::behind_proxy(&public, 4000, "ssoins-0123456789abcdef", "d-0123456789");
        assert_eq!(here.start_url(), "https://sso.example.test/start");
        assert!(here.is_our_host("sso.example.test"));
        assert!(here.is_our_origin("https://sso.example.test"));
        assert!(!here.is_our_origin("http://sso.example.test"));
        // nginx names its upstream unless it is told otherwise: a redirect would go round in circles.
        assert!(here.shows_pages_under("127.0.0.1:4000"));
    }
}
