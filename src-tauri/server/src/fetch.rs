//! Requests to an address that an administrator typed, or that what stands there names. The server may stand where it
//! can reach what whoever typed it cannot, so it goes to the address that was given and, from there, nowhere but to
//! public ones.
//!
//! Invariant: nothing else here asks an address that somebody typed. What the answer means is the caller's affair.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use reqwest::{
    Client, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    header::LOCATION,
    redirect::Policy,
};
use url::{Host, Url};

use crate::domain::loopback::is_loopback;

/// Bytes of an answer. Metadata and keys of one party are a few kilobytes.
pub const LARGEST: usize = 256 * 1024;
/// For everything together.
const PATIENCE: Duration = Duration::from_secs(15);
const REDIRECTS: usize = 3;

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Not such an address.
    #[error("give an https address, such as https://app.example.com/metadata")]
    NotHttps,
    /// A place that is nobody's to name, or a way into one's own network that a stranger names.
    #[error("{0} is not an address that may be fetched from here")]
    Place(String),
    /// It goes on and on.
    #[error("the address leads on to others without end")]
    Redirects,
    /// More than anybody needs.
    #[error("the answer has more than {} KiB", LARGEST / 1024)]
    TooLarge,
    /// No answer, or a bad one.
    #[error("could not fetch it ({0})")]
    Failed(String),
}

/// How far a request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// This machine too, by plain http as well.
    Everywhere,
    /// One's own network, which the administrator named.
    Network,
    /// Where a stranger sent us.
    Public,
}

impl Reach {
    /// How far to go for an address that stands in what `first` answered: as far, at the same host; else as for any
    /// stranger's word.
    pub fn onward(self, first: &Url, next: &Url) -> Self {
        let stays = first.host() == next.host()
            || (self == Self::Everywhere && is_loopback(first) && is_loopback(next));
        if stays { self } else { Self::Public }
    }
}

/// Fetches what stands at an address: text of at most [`LARGEST`] bytes, within 15 seconds. Where it leads on to,
/// it goes with [`Reach::Public`].
///
/// # Errors
/// [`FetchError`]
pub async fn document(address: &str, reach: Reach) -> Result<String, FetchError> {
    let mut url = Url::parse(address).map_err(|_| FetchError::NotHttps)?;
    let mut reach = reach;
    let work = async {
        for _ in 0..=REDIRECTS {
            let answer = ask(&url, reach).await?;
            let Some(there) = answer.headers().get(LOCATION).filter(|_| answer.status().is_redirection())
            else {
                return text(answer).await;
            };
            let there = there.to_str().ok().and_then(|there| url.join(there).ok());
            url = there.ok_or(FetchError::NotHttps)?;
            reach = Reach::Public;
        }
        Err(FetchError::Redirects)
    };
    let late = || FetchError::Failed("it took too long".to_owned());
    tokio::time::timeout(PATIENCE, work).await.map_err(|_| late())?
}

async fn ask(url: &Url, reach: Reach) -> Result<Response, FetchError> {
    let is_here = is_loopback(url);
    if url.scheme() != "https" && !(url.scheme() == "http" && is_here && reach == Reach::Everywhere) {
        return Err(FetchError::NotHttps);
    }
    // Addresses in numbers are not looked up, so the resolver does not see them.
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        _ => None,
    };
    if literal.is_some_and(|address| !is_allowed(address, reach)) {
        return Err(FetchError::Place(url.host_str().unwrap_or_default().to_owned()));
    }
    let client = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .dns_resolver(Arc::new(Checked(reach)))
        .build()
        .map_err(failed)?;
    let answer = client.get(url.clone()).send().await.map_err(failed)?;
    if answer.status().is_success() || answer.status().is_redirection() {
        Ok(answer)
    } else {
        Err(FetchError::Failed(format!("it answers {}", answer.status())))
    }
}

async fn text(mut answer: Response) -> Result<String, FetchError> {
    let mut all = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if all.len() + chunk.len() > LARGEST {
            return Err(FetchError::TooLarge);
        }
        all.extend_from_slice(&chunk);
    }
    String::from_utf8(all).map_err(|_| FetchError::Failed("it is not UTF-8 text".to_owned()))
}

fn failed(error: impl std::error::Error) -> FetchError {
    // The innermost reason is the one that helps.
    let mut reason: &dyn std::error::Error = &error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    FetchError::Failed(reason.to_string())
}

/// Looks names up and leaves out where this hop may not go, so that no second look-up can differ.
struct Checked(Reach);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| is_allowed(address.ip(), reach)).collect();
            if allowed.is_empty() {
                let text = format!("{} is in a network that may not be fetched from here", name.as_str());
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, text).into());
            }
            Ok::<Addrs, _>(Box::new(allowed.into_iter()))
        })
    }
}

fn is_allowed(address: IpAddr, reach: Reach) -> bool {
    let address = address.to_canonical();
    match reach {
        Reach::Everywhere => !is_special(address),
        Reach::Network => !is_special(address) && !address.is_loopback(),
        Reach::Public => !is_special(address) && !address.is_loopback() && !is_private(address),
    }
}

/// Link-local addresses (metadata services of clouds among them), and what is no single host's address.
fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, ..] = v4.octets();
            v4.is_link_local() || v4.is_multicast() || first == 0 || first >= 240
        }
        IpAddr::V6(v6) => {
            let [first, ..] = v6.segments();
            v6.is_unspecified()
                || v6.is_multicast()
                // Translation of one's own (RFC 8215): where it goes on to is not to be told.
                || v6.segments()[..3] == [0x64, 0xff9b, 1]
                || first & 0xffc0 == 0xfe80
                || embedded(v6).is_some_and(|v4| is_special(v4.into()))
        }
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, third, _] = v4.octets();
            v4.is_private()
                || (first == 100 && second & 0xc0 == 64)
                || (first == 192 && second == 0 && third == 0)
                || (first == 198 && second & 0xfe == 18)
        }
        IpAddr::V6(v6) => {
            let [first, ..] = v6.segments();
            first & 0xfe00 == 0xfc00
                || first & 0xffc0 == 0xfec0
                || embedded(v6).is_some_and(|v4| v4.is_loopback() || is_private(v4.into()))
        }
    }
}

/// The IPv4 address that translation (64:ff9b::/96) or 6to4 (2002::/16) would go on to.
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = v6.octets();
    let four = match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => [octets[12], octets[13], octets[14], octets[15]],
        [0x2002, ..] => [octets[2], octets[3], octets[4], octets[5]],
        _ => return None,
    };
    Some(Ipv4Addr::from(four))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
pub mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Serves one answer for each connection; its address.
    pub async fn serve(answer: String) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/metadata", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        address
    }

    pub fn ok(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    }

    fn leads_to(there: &str) -> String {
        format!("HTTP/1.1 302 Found\r\nLocation: {there}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }

    #[tokio::test]
    async fn what_stands_at_an_address_is_fetched() {
        let _ = crate::install_provider();
        let address = serve(ok("<it/>")).await;
        for address in [address.clone(), address.replace("127.0.0.1", "localhost")] {
            assert_eq!(document(&address, Reach::Everywhere).await.unwrap(), "<it/>");
        }
        for reach in [Reach::Network, Reach::Public] {
            let error = document(&address, reach).await.unwrap_err();
            assert!(matches!(error, FetchError::NotHttps), "{error}");
            let error = document(&address.replace("http:", "https:"), reach).await.unwrap_err();
            assert!(matches!(&error, FetchError::Place(place) if place == "127.0.0.1"), "{error}");
        }
    }

    #[tokio::test]
    async fn what_is_too_much_or_leads_elsewhere_is_refused() {
        let _ = crate::install_provider();
        let here = serve(ok("<it/>")).await;
        for (answer, words) in [
            (ok(&"x".repeat(LARGEST + 1)), "more than 256 KiB"),
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(), "404"),
            (leads_to(&here), "https address"),
            (leads_to("https://127.0.0.1/x"), "127.0.0.1 is not an address"),
            (leads_to("https://169.254.169.254/latest"), "169.254.169.254 is not an address"),
            (leads_to("https://10.0.0.1/"), "10.0.0.1 is not an address"),
            (leads_to("https://[::ffff:10.0.0.1]/"), "is not an address"),
            (leads_to("https://localhost/"), "may not be fetched from"),
            (leads_to("file:///etc/passwd"), "https address"),
        ] {
            let address = serve(answer).await;
            let error = document(&address, Reach::Everywhere).await.unwrap_err().to_string();
            assert!(error.contains(words), "{words}: {error}");
        }
    }

    #[test]
    fn a_strangers_word_leads_nowhere_but_to_the_same_host() {
        let url = |text: &str| Url::parse(text).unwrap();
        for (first, next, stays) in [
            ("https://idp.acme.test", "https://idp.acme.test/keys", true),
            ("https://idp.acme.test", "https://idp.acme.test:8443/keys", true),
            ("https://idp.acme.test", "https://10.0.0.1/keys", false),
            ("https://idp.acme.test", "https://keys.acme.test/", false),
        ] {
            let onward = Reach::Network.onward(&url(first), &url(next));
            assert_eq!(onward, if stays { Reach::Network } else { Reach::Public }, "{next}");
        }
        let here = url("http://127.0.0.1:9");
        assert_eq!(Reach::Everywhere.onward(&here, &url("http://localhost:9/keys")), Reach::Everywhere);
        assert_eq!(Reach::Everywhere.onward(&here, &url("https://10.0.0.1/keys")), Reach::Public);
        assert_eq!(Reach::Network.onward(&url("https://idp.acme.test"), &here), Reach::Public);
    }

    #[test]
    fn addresses_are_told_apart() {
        for (address, network, public) in [
            ("8.8.8.8", true, true),
            ("10.1.2.3", true, false),
            ("172.16.0.1", true, false),
            ("192.168.1.1", true, false),
            ("100.64.0.1", true, false),
            ("198.18.0.1", true, false),
            ("127.0.0.1", false, false),
            ("169.254.169.254", false, false),
            ("0.0.0.0", false, false),
            ("255.255.255.255", false, false),
            ("224.0.0.1", false, false),
            ("2606:4700::1", true, true),
            ("fd00::1", true, false),
            ("fec0::1", true, false),
            ("64:ff9b:1::a00:1", false, false),
            ("fe80::1", false, false),
            ("::1", false, false),
            ("::", false, false),
            ("::ffff:127.0.0.1", false, false),
            ("64:ff9b::a9fe:a9fe", false, false),
            ("64:ff9b::7f00:1", true, false),
            ("2002:0a00:0001::", true, false),
        ] {
            let parsed: IpAddr = address.parse().unwrap();
            assert_eq!(is_allowed(parsed, Reach::Network), network, "{address}");
            assert_eq!(is_allowed(parsed, Reach::Public), public, "{address}");
        }
    }
}
