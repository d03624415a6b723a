//! Pictures of applications: small, of few kinds, and from the organisation's own server alone. The others that a
//! list may name (AWS's are on a host for everybody) would learn who uses what.
//!
//! Invariant: a picture is shown as an image and never as markup, in which a drawing runs no script and loads nothing.

use super::http::{Answer, Http};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use engine::{
    model::{application::Picture, code::Code, organisation::Organisation},
    ports::SsoError,
};
use reqwest::{
    Method,
    header::{ACCEPT, HeaderMap, HeaderValue},
};
use url::Url;

/// The largest picture, in bytes: a drawing takes some hundred, and an image of 64 pixels some thousand.
const LARGEST: usize = 16 * 1024;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The address of an icon, if it is one of the organisation's own server.
pub(super) fn own(org: &Organisation, icon: &str) -> Option<Url> {
    if icon.trim().is_empty() {
        return None;
    }
    let address = org.start_url.join(icon).ok()?;
    (address.origin() == org.start_url.origin()).then_some(address)
}

/// Fetches one. It is asked for without a token, and a redirect is not followed.
pub(super) async fn fetch(http: &Http, org: &Organisation, address: &Url) -> Result<Picture, SsoError> {
    let address = own(org, address.as_str())
        .ok_or_else(|| SsoError::Other(Code::Internal { what: "an icon of another server".to_owned() }))?;
    let accepted = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("image/svg+xml, image/png"))]);
    let request = http.request(Method::GET, &address).map_err(SsoError::Other)?.headers(accepted);
    let answer = http.send(request).await.map_err(SsoError::Other)?;
    answer.ok()?;
    picture(&answer).ok_or_else(|| SsoError::Other(answer.garbled()))
}

fn picture(answer: &Answer) -> Option<Picture> {
    let said = answer.header("content-type")?;
    let kind = said.split(';').next().unwrap_or(said).trim();
    let body = answer.body.as_slice();
    let is_it = match kind {
        "image/png" => body.starts_with(PNG),
        "image/svg+xml" => is_drawing(body),
        _ => false,
    };
    if !is_it || body.len() > LARGEST {
        return None;
    }
    Picture::from_address(format!("data:{kind};base64,{}", STANDARD.encode(body)))
}

/// A drawing that declares nothing: entities could make a large one of a small one.
fn is_drawing(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    (text.starts_with("<svg") || text.starts_with("<?xml")) && !text.contains("<!")
}
