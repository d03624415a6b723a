//! The page that passes a message on in a form (SAML Bindings 2.0 §3.5): it sends itself, or has a button.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use url::Url;

use crate::{
    instance::Instance,
    signin::{Frame, PageError, html_for_other_site},
};

/// What is passed on.
pub struct PassOn<'a> {
    /// What the person reads.
    pub title: String,
    /// Where to.
    pub to: &'a str,
    /// `SAMLRequest` or `SAMLResponse`.
    pub name: &'a str,
    /// The message in base64.
    pub message: String,
    /// `RelayState`.
    pub relay_state: Option<String>,
}

#[derive(Template)]
#[template(path = "pass_on.html")]
struct PassOnPage<'a> {
    frame: Frame,
    title: String,
    host: String,
    action: &'a str,
    hidden: Vec<(&'a str, String)>,
}

impl PassOn<'_> {
    /// Renders the page, whose only form is this.
    pub fn render(self, instance: &Instance) -> Result<Response, PageError> {
        let to = Url::parse(self.to).map_err(|_| {
            let text = "Its address is not a URL. Tell your administrator.";
            PageError::new(StatusCode::INTERNAL_SERVER_ERROR, "This application cannot be opened", text)
        })?;
        let relay_state = self.relay_state.map(|value| ("RelayState", value));
        let page = PassOnPage {
            frame: Frame::bare(instance),
            title: self.title,
            host: to[url::Position::BeforeHost..url::Position::AfterPort].to_owned(),
            action: self.to,
            hidden: std::iter::once((self.name, self.message)).chain(relay_state).collect(),
        };
        Ok(html_for_other_site(&page, &to))
    }
}
