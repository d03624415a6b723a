//! Cookies. Browsers share cookies between all ports of a host, so names carry the instance's id. With TLS they
//! begin with `__Host-` as well, by which browsers keep neighbours' hosts from setting them (RFC 6265bis §4.1.3).

use axum::http::{HeaderMap, HeaderValue, header};
use jiff::SignedDuration;

use crate::instance::Instance;

/// The sign-in session.
pub const SESSION: &str = "latchkey-session";
/// A visitor who is not signed in; binds the sign-in form.
pub const VISITOR: &str = "latchkey-visitor";
/// A browser that somebody signed in with before.
pub const KNOWN_BROWSER: &str = "latchkey-browser";
/// A sign-in that waits for a second factor.
pub const HALF: &str = "latchkey-half";
/// A browser in which somebody proved a second factor; lets nobody in.
pub const CONTEXT: &str = "latchkey-context";
/// That a password was set just now, for the next sign-in page to say; lets nobody in.
pub const PASSWORD_SET: &str = "latchkey-password-set";
/// A console session of the federation endpoint.
pub const CONSOLE: &str = "latchkey-console";

fn full_name(instance: &Instance, kind: &str) -> String {
    let prefix = if instance.addresses.is_https() { "__Host-" } else { "" };
    format!("{prefix}{kind}-{}", instance.addresses.instance_id())
}

/// The value of one of our cookies.
pub fn cookie<'h>(instance: &Instance, headers: &'h HeaderMap, kind: &str) -> Option<&'h str> {
    let name = full_name(instance, kind);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value)
}

/// A `Set-Cookie` value; `keep` for zero removes the cookie, `None` keeps it as long as the browser runs.
pub fn set_cookie(
    instance: &Instance,
    kind: &str,
    value: &str,
    keep: Option<SignedDuration>,
) -> Option<HeaderValue> {
    let name = full_name(instance, kind);
    let age = keep.map(|keep| format!("; Max-Age={}", keep.as_secs())).unwrap_or_default();
    let secure = if instance.addresses.is_https() { "; Secure" } else { "" };
    let mut header =
        HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}"))
            .ok()?;
    header.set_sensitive(true);
    Some(header)
}
