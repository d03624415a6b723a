//! `/sign-in/new-password`: a password that was given for once is replaced before the sign-in goes on.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use super::{chosen, event};
use crate::{
    fields::Fields,
    instance::Instance,
    signin::{
        Frame, PageError, Visit,
        frame::html,
        mfa::{self, Half},
        see_other,
    },
    store::NewPassword,
};

#[derive(Template)]
#[template(path = "new_password.html")]
pub struct NewPasswordPage<'a> {
    pub frame: Frame,
    pub error: Option<&'a str>,
    pub username: &'a str,
    pub why: &'a str,
    /// The link that allows it, or nothing.
    pub token: &'a str,
    pub action: &'a str,
    pub asks_for_current: bool,
}

const WHY: &str = "The password you signed in with is for one use. Choose one of your own.";

/// GET `/sign-in/new-password`.
pub fn show(instance: &Instance, visit: &Visit, _: &Fields) -> Result<Response, PageError> {
    let half = mfa::half_with_duty(instance, visit)?;
    if !half.must_change() {
        return Ok(see_other("/sign-in/verify"));
    }
    Ok(render(instance, visit, &half, StatusCode::OK, None))
}

/// POST `/sign-in/new-password`.
pub fn submit(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let half = mfa::half_with_duty(instance, visit)?;
    if !half.must_change() {
        return Ok(see_other("/sign-in/verify"));
    }
    let password = match chosen(instance, &half.user, fields)? {
        Ok(password) => password,
        Err(mistake) => return Ok(render(instance, visit, &half, StatusCode::BAD_REQUEST, Some(&mistake))),
    };
    let new = NewPassword {
        user_id: half.user_id(),
        password: &password,
        keep_session: None,
        half: Some(half.cookie),
        link: None,
    };
    instance.store.set_password(&new, instance.now(), &event(instance, &half.user, None, "first sign-in"))?;
    mfa::after_new_password(instance, visit, &half)
}

fn render(
    instance: &Instance,
    visit: &Visit,
    half: &Half,
    status: StatusCode,
    error: Option<&str>,
) -> Response {
    let page = NewPasswordPage {
        frame: Frame::of(instance, visit),
        error,
        username: &half.user.username,
        why: WHY,
        token: "",
        action: "/sign-in/new-password",
        asks_for_current: false,
    };
    html(status, &page)
}
