//! A sample application's front door.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{home_of, played};
use crate::{
    instance::Shared,
    signin::{Frame, html},
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
        .run(move |instance| {
            let target = match played(instance, &name) {
                Ok(target) => target,
                Err(error) => return error.render(instance, None),
            };
            let page = HomePage {
                frame: Frame::bare(instance),
                name: &target.application.name,
                description: &target.application.description,
                home: home_of(target),
            };
            html(StatusCode::OK, &page)
        })
        .await
}
