//! A sample application's front door.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{home_of, oauth, played, target_of};
use crate::{
    instance::{Instance, Shared},
    signin::{Frame, PageError, html},
};

#[derive(Template)]
#[template(path = "sample_app.html")]
struct HomePage<'a> {
    frame: Frame,
    name: &'a str,
    description: &'a str,
    home: &'a str,
}

/// GET `/sample-apps/{name}`.
pub async fn show(State(instance): State<Shared>, Path(name): Path<String>) -> Response {
    instance
        .run(move |instance| page(instance, &name).unwrap_or_else(|error| error.render(instance, None)))
        .await
}

fn page(instance: &Instance, name: &str) -> Result<Response, PageError> {
    if let Some(application) = oauth::Played::find(instance, name)? {
        return application.show(instance);
    }
    let application = played(instance, name)?;
    let page = HomePage {
        frame: Frame::bare(instance),
        name: &application.name,
        description: &application.description,
        home: home_of(target_of(&application)?),
    };
    Ok(html(StatusCode::OK, &page))
}
