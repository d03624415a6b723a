//! `/sandbox/outbox`: the letters that a real instance would have sent. Whoever reads them may set passwords, so
//! the page's address holds a key that only the sandbox's own person was told.

use askama::Template;
use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};

use super::Letter;
use crate::{
    fields::Fields,
    instance::{Instance, Shared},
    signin::{Frame, PageError, Visit, html, page},
};

const PURPOSE: &str = "outbox";
const MOST: u32 = 50;

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxPage {
    frame: Frame,
    letters: Vec<Shown>,
}

struct Shown {
    to: String,
    subject: String,
    /// Its paragraphs, and whether each is a link.
    paragraphs: Vec<(String, bool)>,
}

/// The routes of the outbox.
pub fn routes() -> Router<Shared> {
    let answer = async |State(instance): State<Shared>, headers: HeaderMap, RawQuery(query): RawQuery| {
        page(instance, headers, query.unwrap_or_default(), show).await
    };
    Router::new().route("/sandbox/outbox", get(answer))
}

/// Where the page is.
pub fn address(instance: &Instance) -> String {
    let key = hex::encode(instance.key.derive(PURPOSE, &[]).as_slice());
    instance.addresses.url(&format!("/sandbox/outbox?key={key}"))
}

fn show(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let claimed = fields.get("key").and_then(|key| hex::decode(key).ok()).unwrap_or_default();
    if !instance.key.verify(PURPOSE, &[], &claimed) {
        let text = "Open it with the address that the sandbox gave when it started.";
        return Err(PageError::new(StatusCode::FORBIDDEN, "This outbox is private", text));
    }
    let origin = instance.addresses.origin();
    let mut waiting = instance.store.due_mail(instance.now(), MOST)?;
    waiting.reverse();
    let letters =
        waiting.iter().filter_map(|waiting| Letter::open(instance, &waiting.letter)).map(|letter| {
            let paragraphs = letter.text.split("\n\n").map(|part| {
                let part = part.trim().to_owned();
                let is_link = part.starts_with(&format!("{origin}/")) && !part.contains(char::is_whitespace);
                (part, is_link)
            });
            Shown { paragraphs: paragraphs.collect(), to: letter.to, subject: letter.subject }
        });
    let page = OutboxPage { frame: Frame::of(instance, visit), letters: letters.collect() };
    Ok(html(StatusCode::OK, &page))
}
