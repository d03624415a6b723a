//! What a person sees in the browser: sign-in, device code, consent, the access portal. Plain pages with forms.
//! Scripts help where they can: the portal and the sign-in page read the fragments of the portal's own links
//! (`/start/#/console?…`), which never reach a server, the page of access keys copies them, and that which brings
//! an assertion to its application sends itself. Only pages that ask for a security key need theirs, as browsers
//! have no other way to one.

#[cfg(test)]
mod attack_tests;
mod cookies;
mod device;
mod frame;
pub mod known_browser;
pub mod mfa;
pub mod password;
pub mod sign_in;
mod start;
#[cfg(test)]
mod tests;
mod visit;

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};

use crate::{
    catalogue::icon,
    fields::Fields,
    instance::{Instance, Shared},
    origin::Origin,
};
pub use cookies::{CONSOLE, SESSION, VISITOR, cookie, set_cookie};
pub use frame::{Consent, Frame, PageError, html, html_for_other_site, html_with_scripts, redirect};
pub use visit::{SignedIn, Visit};

/// What a page does: reads the parameters and answers.
pub type Show = fn(&Instance, &Visit, &Fields) -> Result<Response, PageError>;

/// The routes of the pages.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/sign-in", shown(sign_in::show).merge(post(sign_in)))
        .merge(mfa::routes())
        .merge(password::routes())
        .route("/sign-out", submitted(sign_in::sign_out))
        .route("/device", shown(device::show).merge(submitted(device::confirm)))
        .route("/device/decision", submitted(device::decide))
        .merge(start::routes())
        .route(
            "/assets/latchkey.css",
            get(async || asset("text/css", include_str!("../../assets/latchkey.css"))),
        )
        .route(icon::ROUTE, get(icon::show))
        .route("/assets/handover.js", get(async || script(include_str!("../../assets/handover.js"))))
        .route("/assets/copy.js", get(async || script(include_str!("../../assets/copy.js"))))
        .route("/assets/portal.js", get(async || script(include_str!("../../assets/portal.js"))))
        .route("/assets/post.js", get(async || script(include_str!("../../assets/post.js"))))
        .route("/assets/webauthn.js", get(async || script(include_str!("../../assets/webauthn.js"))))
}

/// A page.
pub fn shown(show: Show) -> MethodRouter<Shared> {
    get(move |State(instance): State<Shared>, headers: HeaderMap, RawQuery(query): RawQuery| {
        page(instance, headers, query.unwrap_or_default(), show)
    })
}

fn submitted(submit: Show) -> MethodRouter<Shared> {
    post(move |State(instance): State<Shared>, headers: HeaderMap, body: Bytes| {
        form(instance, headers, body, submit)
    })
}

/// A form of a page that was shown to somebody signed in. Whose session is over since signs in and goes on at `path`
/// with these fields, as a link there would.
fn submitted_or_resumed(
    path: &'static str,
    keep: &'static [&'static str],
    submit: Show,
) -> MethodRouter<Shared> {
    post(async move |State(instance): State<Shared>, headers: HeaderMap, body: Bytes| {
        let (sent, fields) = (headers.clone(), Fields::parse(&body));
        let over = Shared::clone(&instance).run(move |instance| {
            let visit = Visit::of(instance, &sent).ok()?;
            visit.signed_in_or(path, &fields, keep).err().map(|over| over.render(instance, None))
        });
        match over.await {
            Some(sign_in) => sign_in,
            None => form(instance, headers, body, submit).await,
        }
    })
}

/// A password is checked when it is its turn, and until then no thread waits for it.
async fn sign_in(State(instance): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let network = mfa::network(&instance, &Origin::current());
    let submit = move |instance: &Instance, visit: &Visit, fields: &Fields| {
        sign_in::submit(instance, visit, fields, network)
    };
    in_turn(instance, headers, body, submit).await
}

/// A form whose work takes as much memory as checking a password.
fn submitted_in_turn(submit: Show) -> MethodRouter<Shared> {
    post(move |State(instance): State<Shared>, headers: HeaderMap, body: Bytes| {
        in_turn(instance, headers, body, submit)
    })
}

async fn in_turn(
    instance: Shared,
    headers: HeaderMap,
    body: Bytes,
    submit: impl FnOnce(&Instance, &Visit, &Fields) -> Result<Response, PageError> + Send + 'static,
) -> Response {
    if let Some(turn) = instance.passwords.turn().await {
        return form_holding(turn, instance, headers, body, submit).await;
    }
    let text = "Wait a few seconds, then go back and try again.";
    let busy = PageError::new(StatusCode::SERVICE_UNAVAILABLE, "Too many people are signing in", text);
    let mut response = busy.render(&instance, None);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

fn script(text: &'static str) -> Response {
    asset("text/javascript", text)
}

fn asset(kind: &str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (header::CACHE_CONTROL, "public, max-age=3600".to_owned()),
    ];
    (headers, text).into_response()
}

/// Answers a GET.
pub async fn page(
    instance: Shared,
    headers: HeaderMap,
    query: String,
    show: impl FnOnce(&Instance, &Visit, &Fields) -> Result<Response, PageError> + Send + 'static,
) -> Response {
    instance.run(move |instance| answer(instance, &headers, &Fields::parse(query.as_bytes()), show)).await
}

/// Answers a form: the form token must belong to the visitor's cookie.
pub async fn form(
    instance: Shared,
    headers: HeaderMap,
    body: Bytes,
    submit: impl FnOnce(&Instance, &Visit, &Fields) -> Result<Response, PageError> + Send + 'static,
) -> Response {
    form_holding((), instance, headers, body, submit).await
}

/// Whether a request says that it is a form as browsers send one by default.
pub fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

/// Answers a form with these fields; without any it was none.
pub async fn form_of(
    instance: Shared,
    headers: HeaderMap,
    fields: Option<Fields>,
    submit: impl FnOnce(&Instance, &Visit, &Fields) -> Result<Response, PageError> + Send + 'static,
) -> Response {
    fields_holding((), instance, headers, fields, submit).await
}

/// The same, holding something until the work is done: a visitor who goes away ends the request, not the work.
async fn form_holding(
    held: impl Send + 'static,
    instance: Shared,
    headers: HeaderMap,
    body: Bytes,
    submit: impl FnOnce(&Instance, &Visit, &Fields) -> Result<Response, PageError> + Send + 'static,
) -> Response {
    let fields = is_form(&headers).then(|| Fields::parse(&body));
    fields_holding(held, instance, headers, fields, submit).await
}

async fn fields_holding(
    held: impl Send + 'static,
    instance: Shared,
    headers: HeaderMap,
    fields: Option<Fields>,
    submit: impl FnOnce(&Instance, &Visit, &Fields) -> Result<Response, PageError> + Send + 'static,
) -> Response {
    instance
        .run(move |instance| {
            let _held = held;
            let is_form = fields.is_some();
            let fields = fields.unwrap_or_default();
            let genuine = match Visit::of(instance, &headers) {
                Ok(visit) => is_form && visit.owns_form(instance, fields.get("csrf")),
                Err(error) => return PageError::from(error).render(instance, None),
            };
            if !genuine {
                let text = "The page was open for too long, or your browser does not send cookies. Go back, load \
                            the page again and repeat what you did.";
                return PageError::new(StatusCode::FORBIDDEN, "This form is no longer valid", text).render(instance, None);
            }
            answer(instance, &headers, &fields, submit)
        })
        .await
}

fn answer(
    instance: &Instance,
    headers: &HeaderMap,
    fields: &Fields,
    show: impl FnOnce(&Instance, &Visit, &Fields) -> Result<Response, PageError>,
) -> Response {
    let visit = match Visit::of(instance, headers) {
        Ok(visit) => visit,
        Err(error) => return PageError::from(error).render(instance, None),
    };
    let shown = show(instance, &visit, fields);
    let mut response = shown.unwrap_or_else(|error| error.render(instance, Some(&visit)));
    if let Some(cookie) = visit.first_cookie(instance) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A redirect to a path here, after a form.
pub fn see_other(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(location) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
