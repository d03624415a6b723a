//! `/sign-in/new-password`: a password that was given for once is replaced before the sign-in goes on.

use axum::{http::StatusCode, response::Response};

use super::{Place, chosen, event};
use crate::{
    fields::Fields,
    instance::Instance,
    signin::{
        PageError, Visit,
        mfa::{self, Half},
        see_other,
    },
    store::NewPassword,
};

const WHY: &str = "The password you signed in with is for one use. Choose one of your own.";

/// GET `/sign-in/new-password`.
pub fn show(instance: &Instance, visit: &Visit, _: &Fields) -> Result<Response, PageError> {
    let half = mfa::half_with_duty(instance, visit)?;
    if !half.must_change() {
        return Ok(see_other("/sign-in/verify"));
    }
    Ok(place(&half).page(instance, visit, StatusCode::OK, None))
}

/// POST `/sign-in/new-password`.
pub fn submit(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let half = mfa::half_with_duty(instance, visit)?;
    if !half.must_change() {
        return Ok(see_other("/sign-in/verify"));
    }
    let password = match chosen(instance, &half.user, fields)? {
        Ok(password) => password,
        Err(mistake) => {
            return Ok(place(&half).page(instance, visit, StatusCode::BAD_REQUEST, Some(&mistake)));
        }
    };
    let new = NewPassword {
        user_id: half.user_id(),
        password: &password,
        session: None,
        half: Some(half.cookie),
        link: None,
    };
    let event = event(instance, &half.user, None, "first sign-in");
    if !instance.store.set_password(&new, instance.now(), &event)? {
        // Another password was set at the same moment.
        return Err(half.over());
    }
    mfa::after_new_password(instance, visit, &half)
}

fn place(half: &Half) -> Place<'_> {
    Place {
        username: &half.user.username,
        why: WHY,
        token: "",
        action: "/sign-in/new-password",
        asks_for_current: false,
    }
}
