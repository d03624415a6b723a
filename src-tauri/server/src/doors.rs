//! What every request passes before an operation sees it, and what every answer carries: an exact list of
//! `Host` names (DNS rebinding) and one of them for pages, our own `Origin` on anything that changes state,
//! small bodies, TLS where people use it, no CORS, and headers that keep pages out of frames and caches.

#[cfg(test)]
mod tests;

use std::time::Duration;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};

use url::Url;

use crate::{
    administration, external,
    fields::Fields,
    instance::{Instance, Shared},
    origin::Origin,
    portal,
    proxies::{Peer, Way},
    scim, signin,
};

/// No request of the protocols comes near this: the longest known body has 2 KB (SSO-OIDC API, RegisterClient).
const BODY_LIMIT: usize = 16 * 1024;

/// How long a body may take to come, unless its connection says otherwise.
const BODY_IN: Duration = Duration::from_secs(30);

/// How long the bodies of a connection may take to come.
#[derive(Debug, Clone, Copy)]
pub struct BodyIn(pub Duration);

/// For answers that bring no policy of their own.
const STRICTEST_CSP: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Puts the doors around all routes.
pub fn guard(routes: Router, instance: &Shared) -> Router {
    routes
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(Shared::clone(instance), pass))
}

async fn pass(State(instance): State<Shared>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let way = instance.proxies.way(request.headers(), peer, instance.addresses.is_https());
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let origin = way.client.map_or_else(
        || Origin::of("127.0.0.1".to_owned(), agent),
        |client| Origin::of(client.to_string(), agent),
    );
    let instead = refuse(&instance, &request, &way).or_else(|| send_home(&instance, &request, &way));
    let mut response = match instead {
        Some(instead) => instead,
        None => match whole(request).await {
            Ok(request) => origin.around(next.run(request)).await,
            Err(refusal) => refusal,
        },
    };
    dress(&instance, response.headers_mut());
    response
}

/// The request with its body, which is short and comes soon: who sends it a byte at a time holds a connection for as
/// long as they like.
async fn whole(request: Request) -> Result<Request, Response> {
    let patience = request.extensions().get::<BodyIn>().map_or(BODY_IN, |limit| limit.0);
    let limit = limit_of(request.uri());
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(patience, to_bytes(body, limit)).await {
        Ok(Ok(body)) => Ok(Request::from_parts(parts, Body::from(body))),
        Ok(Err(_)) => Err((StatusCode::PAYLOAD_TOO_LARGE, "The request is too long.\n").into_response()),
        Err(_) => {
            let close = [(header::CONNECTION, "close")];
            Err((StatusCode::REQUEST_TIMEOUT, close, "The request took too long.\n").into_response())
        }
    }
}

fn refuse(instance: &Instance, request: &Request<Body>, way: &Way) -> Option<Response> {
    let headers = request.headers();
    if !names_us(instance, request, way) {
        let text = "This server does not answer under that host name.\n";
        return Some((StatusCode::MISDIRECTED_REQUEST, text).into_response());
    }
    if way.in_clear {
        return Some(refuse_in_clear(instance, request));
    }
    let changes_state = !matches!(*request.method(), Method::GET | Method::HEAD);
    let foreign_origin = headers
        .get_all(header::ORIGIN)
        .iter()
        .any(|origin| !origin.to_str().is_ok_and(|origin| instance.addresses.is_our_origin(origin)));
    let cross_site =
        headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site");
    if changes_state && !takes_strangers_forms(request.uri()) && (foreign_origin || cross_site) {
        let text = "This request came from another site's page.\n";
        return Some((StatusCode::FORBIDDEN, text).into_response());
    }
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit_of(request.uri())) {
        return Some((StatusCode::PAYLOAD_TOO_LARGE, "The request is too long.\n").into_response());
    }
    None
}

/// A password or token that came in clear text was seen by others already: nothing is done for it, and pages
/// send people to where TLS is.
fn refuse_in_clear(instance: &Instance, request: &Request<Body>) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path_and_query().filter(|_| reads && is_page(request.uri()));
    let home = path.and_then(|path| Url::parse(&instance.addresses.url(path.as_str())).ok());
    home.map_or_else(
        || {
            let text = format!("Use {}\n", instance.addresses.origin());
            (StatusCode::FORBIDDEN, text).into_response()
        },
        |home| signin::redirect(&home),
    )
}

/// People see pages under one name only: cookies, form policies and security keys are bound to it. What
/// programs call answers under all of our names.
fn send_home(instance: &Instance, request: &Request<Body>, way: &Way) -> Option<Response> {
    let host = way.host.as_deref()?;
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let for_a_person = is_page(request.uri()) && !portal::has_token(request.headers());
    if !reads || instance.addresses.shows_pages_under(host) || !for_a_person {
        return None;
    }
    let path = request.uri().path_and_query()?.as_str();
    Some(signin::redirect(&Url::parse(&instance.addresses.url(path)).ok()?))
}

/// The longest body that is read at all.
fn limit_of(uri: &Uri) -> usize {
    match uri.path() {
        path if path.starts_with("/admin/") => administration::limit_of(path),
        path if path.starts_with(scim::PREFIX) => scim::BODY_LIMIT,
        path if path.starts_with(external::ACS) => external::BODY_LIMIT,
        _ => BODY_LIMIT,
    }
}

/// Applications send their requests in forms of their own pages (SAML Bindings 2.0 §3.5), and an identity provider its
/// answers; who is signed in plays no part until the browser comes back with our own redirect.
fn takes_strangers_forms(uri: &Uri) -> bool {
    ["/saml/assertion/", external::ACS].iter().any(|path| uri.path().starts_with(path))
}

fn is_page(uri: &Uri) -> bool {
    let query = || Fields::parse(uri.query().unwrap_or_default().as_bytes());
    match uri.path() {
        "/admin" | "/authorize" | "/console" | "/device" | "/native/open" | "/sign-in" | "/start" => true,
        path if ["/admin/", "/saml/assertion/", "/start/", "/sandbox/", "/sign-in/", "/sample-apps/"]
            .iter()
            .any(|p| path.starts_with(p)) =>
        {
            true
        }
        "/federation" => query().get("Action") == Some("login"),
        _ => false,
    }
}

/// Exactly one `Host`, ours; and if the request line names an authority, that too.
fn names_us(instance: &Instance, request: &Request<Body>, way: &Way) -> bool {
    let ours = |host: &str| instance.addresses.is_our_host(host);
    way.host.as_deref().is_some_and(ours)
        && request.uri().authority().is_none_or(|authority| ours(authority.as_str()))
}

fn dress(instance: &Instance, headers: &mut HeaderMap) {
    // The server's own idea of the time: clients measure their clocks by it.
    let date = instance.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        headers.insert(header::DATE, date);
    }
    if let Ok(id) = HeaderValue::from_str(&instance.chance.uuid()) {
        headers.entry("x-amzn-requestid").or_insert(id);
    }
    if instance.addresses.wants_hsts() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    let defaults: [(HeaderName, &str); 7] = [
        (header::CONTENT_SECURITY_POLICY, STRICTEST_CSP),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Not no-referrer: that would turn the Origin of our own forms into null.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
