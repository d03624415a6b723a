//! The frame around every page, its policy, and the pages that several operations share: consent and messages.

use std::error::Error;

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use url::{Url, form_urlencoded};

use super::{see_other, visit::Visit};
use crate::{
    instance::Instance,
    issuing::{IssuingError, Why},
    limits::{Crowded, wait_of},
    store::StoreError,
};

/// What the frame of a page shows.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// The organisation's name.
    pub organisation: String,
    /// The address that the page belongs to; people compare it before they type a password.
    pub host: String,
    /// The signed-in person's name.
    pub person: Option<String>,
    /// Whether that is an administrator.
    pub administrates: bool,
    /// The token of this page's forms.
    pub csrf: String,
}

impl Frame {
    /// The frame for this visit.
    pub fn of(instance: &Instance, visit: &Visit) -> Self {
        Self {
            person: visit.person.as_ref().map(|person| person.user.display_name.clone()),
            administrates: visit.person.as_ref().is_some_and(|person| {
                // Only whether a link is shown: the pages behind it ask again.
                instance.store.is_administrator(&person.user.id).unwrap_or(false)
            }),
            csrf: visit.form_token(instance),
            ..Self::bare(instance)
        }
    }

    /// A frame without a visitor.
    pub fn bare(instance: &Instance) -> Self {
        let origin = instance.addresses.origin();
        let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host).to_owned();
        Self { organisation: instance.settings().name.clone(), host, ..Self::default() }
    }
}

/// Renders a page under the policy of pages: own stylesheet, own forms, nothing else.
pub fn html(status: StatusCode, page: &impl Template) -> Response {
    html_allowing(status, page, "'self'", "")
}

/// The same with our own scripts.
pub fn html_with_scripts(status: StatusCode, page: &impl Template) -> Response {
    html_allowing(status, page, "'self'", "script-src 'self'; ")
}

/// A page whose form goes to another site and sends itself, where there is script. That site learns from which
/// it came, not from which page.
pub fn html_for_other_site(page: &impl Template, to: &Url) -> Response {
    let mut response = html_allowing(StatusCode::OK, page, &csp_source(to), "script-src 'self'; ");
    let policy = HeaderValue::from_static("strict-origin");
    response.headers_mut().insert(header::REFERRER_POLICY, policy);
    response
}

/// `forms` are where forms lead, redirects that answer them included: browsers apply `form-action` to both.
fn html_allowing(status: StatusCode, page: &impl Template, forms: &str, more: &str) -> Response {
    let body = match page.render() {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            return (StatusCode::INTERNAL_SERVER_ERROR, "The page could not be shown.\n").into_response();
        }
    };
    let policy = format!(
        "default-src 'none'; style-src 'self'; {more}form-action {forms}; frame-ancestors 'none'; base-uri 'none'"
    );
    let mut response = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// A URL's origin as a policy names it.
fn csp_source(url: &Url) -> String {
    // CSP cannot name IPv6 addresses.
    if url.host_str().is_some_and(|host| host.starts_with('[')) {
        format!("{}:", url.scheme())
    } else {
        url.origin().ascii_serialization()
    }
}

/// The same page, with when to come back.
pub fn retry_after(mut response: Response, left: SignedDuration) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(left.as_secs() + 1));
    response
}

/// A redirect to a client.
pub fn redirect(to: &Url) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(location) = HeaderValue::from_str(to.as_str()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    // The URL carries a code.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The consent page.
pub struct Consent<'a> {
    /// The name the client registered; it chose that itself.
    pub client_name: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// Parameters that travel along.
    pub hidden: Vec<(String, String)>,
    /// The device flow's code, to be compared.
    pub user_code: Option<&'a str>,
    /// The redirect URI of the authorization code flow.
    pub goes_to: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    frame: Frame,
    client_name: &'a str,
    action: &'a str,
    hidden: &'a [(String, String)],
    user_code: Option<&'a str>,
}

impl Consent<'_> {
    /// Renders the page.
    pub fn render(&self, instance: &Instance, visit: &Visit) -> Result<Response, PageError> {
        let page = ConsentPage {
            frame: Frame::of(instance, visit),
            client_name: self.client_name,
            action: self.action,
            hidden: &self.hidden,
            user_code: self.user_code,
        };
        let client = self.goes_to.and_then(|uri| Url::parse(uri).ok());
        let forms = client.map_or_else(|| "'self'".to_owned(), |uri| format!("'self' {}", csp_source(&uri)));
        Ok(html_allowing(StatusCode::OK, &page, &forms, ""))
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    frame: Frame,
    title: &'a str,
    text: &'a str,
    good: bool,
    back: Option<&'a str>,
}

/// A page with one message and what to do next.
pub fn message(instance: &Instance, visit: &Visit, title: &str, text: &str) -> Response {
    let frame = Frame::of(instance, visit);
    html(StatusCode::OK, &MessagePage { frame, title, text, good: true, back: None })
}

/// Why a page is not shown.
#[derive(Debug)]
pub enum PageError {
    /// Sign in first and come back to this path.
    SignIn {
        /// A path here.
        back: String,
    },
    /// Sign in anew, signed in or not, and come back to this path.
    SignInAgain {
        /// A path here.
        back: String,
    },
    /// Something else comes first, at this path.
    Elsewhere(&'static str),
    /// Say this.
    Message {
        /// The status.
        status: StatusCode,
        /// What is wrong.
        title: String,
        /// What to do.
        text: String,
        /// Where to do it.
        back: Option<String>,
        /// When to do it, if not at once.
        wait: Option<SignedDuration>,
    },
}

impl PageError {
    /// A message.
    pub fn new(status: StatusCode, title: &str, text: &str) -> Self {
        Self::Message { status, title: title.to_owned(), text: text.to_owned(), back: None, wait: None }
    }

    /// The same with a link to our portal.
    pub fn with_way_back(self, portal: String) -> Self {
        match self {
            Self::Message { status, title, text, wait, .. } => {
                Self::Message { status, title, text, back: Some(portal), wait }
            }
            Self::SignIn { .. } | Self::SignInAgain { .. } | Self::Elsewhere(_) => self,
        }
    }

    /// The page, or the redirect to sign in. With the visit at hand the page's frame offers what any other's
    /// does, signing out above all.
    pub fn render(&self, instance: &Instance, visit: Option<&Visit>) -> Response {
        match self {
            Self::SignIn { back } => {
                let query: String =
                    form_urlencoded::Serializer::new(String::new()).append_pair("continue", back).finish();
                see_other(&format!("/sign-in?{query}"))
            }
            Self::SignInAgain { back } => {
                let query: String = form_urlencoded::Serializer::new(String::new())
                    .append_pair("again", "1")
                    .append_pair("continue", back)
                    .finish();
                see_other(&format!("/sign-in?{query}"))
            }
            Self::Elsewhere(path) => see_other(path),
            Self::Message { status, title, text, back, wait } => {
                let frame = visit.map_or_else(|| Frame::bare(instance), |visit| Frame::of(instance, visit));
                let back = back.as_deref();
                let page = html(*status, &MessagePage { frame, title, text, good: false, back });
                match wait {
                    Some(left) => retry_after(page, *left),
                    None => page,
                }
            }
        }
    }
}

impl From<Crowded> for PageError {
    fn from(Crowded { left }: Crowded) -> Self {
        let text = format!("Wait {}, then try again.", wait_of(left));
        let title = "Too many requests came from your network".to_owned();
        Self::Message { status: StatusCode::TOO_MANY_REQUESTS, title, text, back: None, wait: Some(left) }
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        if let StoreError::Directory(why) = &error {
            tracing::error!(%why, "the directory could not be asked");
            let text = "Your organisation's directory does not answer, so this server cannot tell whether you may go \
                        on. Nothing is lost. Try again in a minute; if it stays, tell your administrator.";
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "The directory does not answer", text);
        }
        Self::failed(&error)
    }
}

impl From<IssuingError> for PageError {
    fn from(error: IssuingError) -> Self {
        let (title, text) = match error.why() {
            Why::Failed => return Self::failed(&error),
            Why::NoAccess => (
                "AWS does not let you in yet",
                "The role is not ready in this account, or AWS refused it. Wait a minute and try again; if it stays, \
                 tell your administrator the account and the role.",
            ),
            Why::TooMany => ("AWS is busy", "Wait a few seconds, then try again."),
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, title, text).with_way_back("/start".to_owned())
    }
}

impl PageError {
    /// The server's own failure: told to the log, not to the client.
    pub fn failed(error: &dyn Error) -> Self {
        tracing::error!(error = %error, "a page failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong here",
            "The server could not finish this. Try again; if it stays, tell your administrator the time it happened.",
        )
    }
}
