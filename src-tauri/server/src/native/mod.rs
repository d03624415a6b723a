//! The API by which the app signs in without a browser, registers security keys, hands its sign-in to the browser
//! and opens roles that ask for a key. `NATIVE.md` describes it. Rules, counters and state are those of the pages:
//! what is here reads requests and writes answers.

mod configuration;
mod devices;
mod enrol;
mod handover;
mod passkey;
mod proof;
mod sign_in;
pub mod step_up;
#[cfg(test)]
mod tests;
mod ticket;
mod wire;

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
    routing::{MethodRouter, delete, get, post},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    instance::{Instance, Shared},
    portal::{self, Caller},
};
use wire::{Kind, NativeError};

/// The routes of the API, and of the page by which a browser takes a sign-in over.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/.well-known/latchkey", get(configure))
        .route("/native/v1/configuration", get(configure))
        .route("/native/v1/sign-in", post(sign_in))
        .route("/native/v1/sign-in/challenge", open(sign_in::challenge))
        .route("/native/v1/sign-in/answer", open(sign_in::answer))
        .route("/native/v1/sign-in/code", open(sign_in::code))
        .route("/native/v1/sign-in/enrol/challenge", open(enrol::challenge))
        .route("/native/v1/sign-in/enrol", open(enrol::enrol))
        .route("/native/v1/passkey/challenge", open(passkey::challenge))
        .route("/native/v1/passkey/answer", open(passkey::answer))
        .route("/native/v1/proof/challenge", in_app(proof::challenge))
        .route("/native/v1/proof", in_app(proof::prove))
        .route("/native/v1/devices", get(list_devices).merge(in_app(devices::finish)))
        .route("/native/v1/devices/challenge", in_app(devices::begin))
        .route("/native/v1/devices/{id}", delete(remove_device).merge(named(devices::rename)))
        .route("/native/v1/ticket", in_app(ticket::make))
        .route("/native/v1/step-up/challenge", signed_in(step_up::challenge))
        .route("/native/v1/step-up", signed_in(step_up::answer))
        .method_not_allowed_fallback(async || {
            wire::respond::<()>(Err(Kind::MethodNotAllowed.because("This takes another method")))
        })
        .merge(handover::routes())
}

async fn configure(State(instance): State<Shared>) -> Response {
    instance.run(|instance| wire::respond(configuration::configuration(instance))).await
}

/// A password is checked when it is its turn.
async fn sign_in(State(instance): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(turn) = instance.passwords.turn().await else {
        return wire::respond::<()>(Err(NativeError::busy()));
    };
    instance
        .run(move |instance| {
            // Whoever goes away ends the request, not the work.
            let _turn = turn;
            let request = wire::of_program(&headers).and_then(|()| wire::read(&headers, &body));
            wire::respond(request.and_then(|request| sign_in::start(instance, request)))
        })
        .await
}

/// An operation for programs that have no token yet.
fn open<Q: DeserializeOwned + 'static, A: Serialize + 'static>(
    operation: fn(&Instance, Q) -> Result<A, NativeError>,
) -> MethodRouter<Shared> {
    post(async move |State(instance): State<Shared>, headers: HeaderMap, body: Bytes| {
        instance
            .run(move |instance| {
                let request = wire::of_program(&headers).and_then(|()| wire::read(&headers, &body));
                wire::respond(request.and_then(|request| operation(instance, request)))
            })
            .await
    })
}

/// An operation for the holder of an access token.
fn signed_in<Q: DeserializeOwned + 'static, A: Serialize + 'static>(
    operation: fn(&Instance, &Caller, Q) -> Result<A, NativeError>,
) -> MethodRouter<Shared> {
    of_token(caller, operation)
}

/// An operation for who signed in in the app itself.
fn in_app<Q: DeserializeOwned + 'static, A: Serialize + 'static>(
    operation: fn(&Instance, &Caller, Q) -> Result<A, NativeError>,
) -> MethodRouter<Shared> {
    of_token(caller_in_app, operation)
}

fn of_token<Q: DeserializeOwned + 'static, A: Serialize + 'static>(
    who: fn(&Instance, &HeaderMap) -> Result<Caller, NativeError>,
    operation: fn(&Instance, &Caller, Q) -> Result<A, NativeError>,
) -> MethodRouter<Shared> {
    post(async move |State(instance): State<Shared>, headers: HeaderMap, body: Bytes| {
        instance
            .run(move |instance| {
                let outcome = (|| {
                    let caller = who(instance, &headers)?;
                    operation(instance, &caller, wire::read(&headers, &body)?)
                })();
                wire::respond(outcome)
            })
            .await
    })
}

/// As [`in_app`], for one thing, named in the path.
fn named<Q: DeserializeOwned + 'static, A: Serialize + 'static>(
    operation: fn(&Instance, &Caller, &str, Q) -> Result<A, NativeError>,
) -> MethodRouter<Shared> {
    post(
        async move |State(instance): State<Shared>,
                    Path(id): Path<String>,
                    headers: HeaderMap,
                    body: Bytes| {
            instance
                .run(move |instance| {
                    let outcome = (|| {
                        let caller = caller_in_app(instance, &headers)?;
                        operation(instance, &caller, &id, wire::read(&headers, &body)?)
                    })();
                    wire::respond(outcome)
                })
                .await
        },
    )
}

async fn list_devices(State(instance): State<Shared>, headers: HeaderMap) -> Response {
    instance
        .run(move |instance| {
            let outcome = caller(instance, &headers).and_then(|caller| devices::list(instance, &caller));
            wire::respond(outcome)
        })
        .await
}

async fn remove_device(
    State(instance): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    instance
        .run(move |instance| {
            let outcome =
                caller_in_app(instance, &headers).and_then(|caller| devices::remove(instance, &caller, &id));
            wire::respond(outcome)
        })
        .await
}

/// Whose access token it is; counted by the portal's own limit.
fn caller(instance: &Instance, headers: &HeaderMap) -> Result<Caller, NativeError> {
    wire::of_program(headers)?;
    if !instance.throttle.admits(instance.now()) {
        return Err(NativeError::busy());
    }
    Ok(portal::authenticate(instance, headers)?)
}

/// The same, of a token for which the person signed in in the app. Whoever let a program in in a browser allowed it
/// roles, not to become them in a browser, nor to change what lets them in: AWS's clients keep such tokens in plain
/// files, and a code of the device flow can be anybody's.
fn caller_in_app(instance: &Instance, headers: &HeaderMap) -> Result<Caller, NativeError> {
    let caller = caller(instance, headers)?;
    if caller.native {
        return Ok(caller);
    }
    Err(Kind::AppSignInNeeded
        .because("This takes a sign-in in the app itself; this one was allowed in a browser"))
}
