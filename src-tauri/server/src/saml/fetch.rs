//! Fetches an application's metadata. The server may stand where it can reach what an administrator of
//! applications cannot, so it goes to the address that was given and, from there, nowhere but to public ones.

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

use super::import::{self, ImportError, Imported};

/// For everything together.
const PATIENCE: Duration = Duration::from_secs(15);
const REDIRECTS: usize = 3;

/// Why metadata was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Not such an address.
    #[error("give an https address, such as https://app.example.com/saml/metadata")]
    NotHttps,
    /// A place that is not for applications, or a redirect into one's own network.
    #[error(
        "{0} is not an address that metadata may be fetched from; download it yourself and give the file"
    )]
    Place(String),
    /// It goes on and on.
    #[error("the address leads on to others without end; download the metadata yourself and give the file")]
    Redirects,
    /// No answer, or a bad one.
    #[error("could not fetch it ({0}); download the metadata yourself and give the file")]
    Failed(String),
    /// An answer that is no metadata.
    #[error("what the address answers {0}")]
    Import(#[from] ImportError),
}

/// How far a hop may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// This machine too: the sandbox.
    Everywhere,
    /// One's own network, which the administrator named.
    Network,
    /// Where a stranger sent us.
    Public,
}

/// Fetches and reads metadata; `sandbox` allows this machine and plain http to it.
///
/// # Errors
/// [`FetchError`] says what to do instead.
pub async fn metadata(address: &str, sandbox: bool) -> Result<Imported, FetchError> {
    Ok(import::read(&document(address, sandbox).await?)?)
}

/// Fetches what stands at an address, as [`metadata`] does, for somebody else to read.
///
/// # Errors
/// [`FetchError`] says what to do instead.
pub async fn document(address: &str, sandbox: bool) -> Result<String, FetchError> {
    let mut url = Url::parse(address).map_err(|_| FetchError::NotHttps)?;
    let mut reach = if sandbox { Reach::Everywhere } else { Reach::Network };
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
        if all.len() + chunk.len() > import::LARGEST {
            return Err(ImportError::TooLarge.into());
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
                let text = format!("{} is in a network that metadata may not be fetched from", name.as_str());
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, text).into());
            }
            Ok::<Addrs, _>(Box::new(allowed.into_iter()))
        })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
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
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    const METADATA: &str = "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"sp\">\
         <SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <AssertionConsumerService index=\"0\" Location=\"https://app.test/acs\" \
         Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\"/></SPSSODescriptor></EntityDescriptor>";

    /// Serves one answer for each connection; its address.
    async fn serve(answer: String) -> String {
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

    fn ok(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    }

    fn leads_to(there: &str) -> String {
        format!("HTTP/1.1 302 Found\r\nLocation: {there}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }

    #[tokio::test]
    async fn metadata_is_fetched_and_read() {
        let _ = crate::install_provider();
        let address = serve(ok(METADATA)).await;
        assert_eq!(metadata(&address, true).await.unwrap().acs_url, "https://app.test/acs");
        let named = address.replace("127.0.0.1", "localhost");
        assert_eq!(metadata(&named, true).await.unwrap().audience, "sp");
        let error = metadata(&address, false).await.unwrap_err().to_string();
        assert!(error.contains("https address"), "{error}");
        let error = metadata(&address.replace("http:", "https:"), false).await.unwrap_err().to_string();
        assert!(error.contains("127.0.0.1 is not an address"), "{error}");
    }

    #[tokio::test]
    async fn what_is_no_metadata_or_leads_elsewhere_is_refused() {
        let _ = crate::install_provider();
        let here = serve(ok(METADATA)).await;
        for (answer, words) in [
            (ok("{\"token_endpoint\": \"x\"}"), "OpenID Connect"),
            (ok(&"x".repeat(import::LARGEST + 1)), "more than 256 KiB"),
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
            let error = metadata(&address, true).await.unwrap_err().to_string();
            assert!(error.contains(words), "{words}: {error}");
        }
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
