//! One HTTP call to an SSO server: what went out, what came back, and why nothing did.

use super::{
    clients::{Clients, Way},
    errors,
};
use crate::urls::{host_of, is_loopback, is_safe};
use engine::{
    model::{Timestamp, code::Code, settings::Network},
    ports::{Clock, SsoError},
};
use jiff::SignedDuration;
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};
use url::Url;
use zeroize::Zeroizing;

/// The longest real answers are pages of 100 accounts, some 20 KB.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;
/// AWS refuses signatures that are more than five minutes off.
const SKEW_THAT_MATTERS: i64 = 5 * 60;

/// The `Date` of an answer is cut to a second, and the answer was on its way.
const NOISE: i64 = 3;
/// The year 3000: what is said to last longer lasts until then, so that no sum of moments overflows.
const LATEST: Timestamp = Timestamp::constant(32_503_680_000, 0);

/// The HTTP clients and what was learned of the clock.
pub(crate) struct Http {
    clients: Clients,
    pub(crate) clock: Arc<dyn Clock>,
    skew: Mutex<Option<i64>>,
}

/// What came back, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: Zeroizing<Vec<u8>>,
    pub(crate) host: String,
    /// Seconds by which this computer's clock is fast, if more than [`SKEW_THAT_MATTERS`].
    pub(crate) skew: Option<i64>,
    /// The same, however little it is.
    pub(crate) ahead: i64,
}

impl Http {
    pub(crate) fn new(clock: Arc<dyn Clock>, way: Way) -> Result<Self, Code> {
        Ok(Self { clients: Clients::new(way)?, clock, skew: Mutex::new(None) })
    }

    /// The way to servers that is in force.
    pub(crate) fn way(&self) -> engine::model::settings::Way {
        self.clients.shown()
    }

    /// Goes by what is set from now on, if it can be used.
    pub(crate) fn go_by(&self, network: &Network) -> Result<(), Code> {
        self.clients.go_by(network)
    }

    /// Begins a request; an address that is neither https nor on this computer is refused.
    pub(crate) fn request(&self, method: Method, url: &Url) -> Result<RequestBuilder, Code> {
        if !is_safe(url) {
            return Err(Code::BadStartUrl { reason: format!("{} is not https", host_of(url)) });
        }
        let client = match (is_loopback(url), url.scheme()) {
            (true, "http") => self.clients.plain.clone(),
            (true, _) => self.clients.near()?,
            (false, _) => self.clients.far()?,
        };
        Ok(client.request(method, url.clone()).header(header::ACCEPT, "application/json"))
    }

    /// Sends it and reads the whole answer.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Answer, Code> {
        let (client, request) = request.build_split();
        let request = request.map_err(|e| Code::Internal { what: format!("no request: {e}") })?;
        let host = host_of(request.url());
        let response = client.execute(request).await.map_err(|e| why(&e, &host))?;
        let ahead = self.ahead(&response);
        let skew = ahead.filter(|seconds| seconds.abs() > SKEW_THAT_MATTERS);
        if ahead.is_some() {
            *self.skew.lock().unwrap_or_else(PoisonError::into_inner) = skew;
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response, &host).await?;
        Ok(Answer { status, headers, body, host, skew, ahead: ahead.unwrap_or(0) })
    }

    /// Seconds by which this computer's clock was fast (negative: slow) at the last answer, when that is
    /// more than five minutes.
    pub(crate) fn skew(&self) -> Option<i64> {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seconds by which this computer's clock is fast, where the answer is dated.
    fn ahead(&self, response: &Response) -> Option<i64> {
        let date = response.headers().get(header::DATE)?.to_str().ok()?;
        let server = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
        Some(self.clock.now().as_second() - server.as_second())
    }
}

impl Answer {
    /// A moment of the server's clock as this computer's clock will show it, so that what it ends is renewed
    /// in time although the clock is wrong. Nothing lasts longer than is sane to reckon with.
    pub(crate) fn by_our_clock(&self, moment: Timestamp) -> Timestamp {
        let moment = moment.min(LATEST);
        if self.ahead.abs() < NOISE {
            return moment;
        }
        moment.checked_add(SignedDuration::from_secs(self.ahead)).unwrap_or(moment)
    }

    /// The answer's body where the call went well, else what the server said.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, SsoError> {
        self.ok()?;
        serde_json::from_slice(&self.body).map_err(|_| SsoError::Other(self.garbled()))
    }

    /// Nothing where the call went well, else what the server said.
    pub(crate) fn ok(&self) -> Result<(), SsoError> {
        if self.status.is_success() { Ok(()) } else { Err(errors::refusal(self)) }
    }

    pub(crate) fn garbled(&self) -> Code {
        Code::Garbled { host: self.host.clone() }
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

async fn read(mut response: Response, host: &str) -> Result<Zeroizing<Vec<u8>>, Code> {
    let mut body = Zeroizing::new(Vec::with_capacity(16 * 1024));
    while let Some(chunk) = response.chunk().await.map_err(|e| why(&e, host))? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(Code::Garbled { host: host.to_owned() });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Why no answer came, or none that can be read.
pub(crate) fn why(error: &reqwest::Error, host: &str) -> Code {
    let host = host.to_owned();
    if let Some(reason) = tls_reason(error) {
        return Code::Tls { host, reason };
    }
    if error.is_decode() || (error.is_body() && !error.is_timeout()) {
        return Code::Garbled { host };
    }
    Code::NoAnswer { host }
}

/// The TLS library's own words, found in the chain of causes.
fn tls_reason(error: &reqwest::Error) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(at) = cause {
        if let Some(tls) = at.downcast_ref::<rustls::Error>() {
            return Some(words(tls));
        }
        // An io::Error shows its inner error's cause as its own source, so the inner one is looked at.
        cause = match at.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => at.source(),
        };
    }
    None
}

fn words(error: &rustls::Error) -> String {
    use rustls::CertificateError as C;
    match error {
        rustls::Error::InvalidCertificate(C::UnknownIssuer) => "its issuer is not trusted".to_owned(),
        rustls::Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => {
            "it has expired".to_owned()
        }
        rustls::Error::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => {
            "it is not valid yet".to_owned()
        }
        rustls::Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            "it is for another host".to_owned()
        }
        rustls::Error::InvalidCertificate(C::Revoked) => "it was revoked".to_owned(),
        other => other.to_string(),
    }
}

/// The address of an operation below an endpoint that may have a path of its own.
pub(crate) fn at(endpoint: &Url, path: &str) -> Url {
    let mut url = endpoint.clone();
    let whole = format!("{}{path}", endpoint.path().trim_end_matches('/'));
    url.set_path(&whole);
    url
}
