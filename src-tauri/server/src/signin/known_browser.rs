//! Browsers that a person has signed in with before. They count wrong passwords on their own, apart from all
//! others: a stranger who guesses at a name locks the strangers out, not the person (OWASP, "Slow down online
//! guessing attacks with device cookies"). The cookie lets nobody in, so it outlives the session.

use axum::http::HeaderValue;
use jiff::SignedDuration;

use super::cookies::{self, KNOWN_BROWSER};
use crate::{
    instance::Instance,
    secret::{Digest, Token},
};

/// How long a browser is known after its last sign-in.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
const PURPOSE: &str = "known browser";

/// Under what attempts for a name count: the name, or the name in this browser if it is known for it. Names are what
/// strangers type: none may come to mean another counter than its own.
pub fn counter(instance: &Instance, cookie: Option<&Token>, name: &str) -> Digest {
    match known_as(instance, cookie, name) {
        Some(id) => Digest::of(&format!("password in browser {id} of {name}")),
        None => Digest::of(&format!("password of {name}")),
    }
}

/// Whether the browser is known for this name.
pub fn is_known(instance: &Instance, cookie: Option<&Token>, name: &str) -> bool {
    known_as(instance, cookie, name).is_some()
}

fn known_as<'c>(instance: &Instance, cookie: Option<&'c Token>, name: &str) -> Option<&'c str> {
    let (id, proof) = cookie?.expose().split_once('.')?;
    let proof = hex::decode(proof).ok()?;
    instance.key.verify(PURPOSE, &[name, id], &proof).then_some(id)
}

/// Makes the browser known for this name, which signed in with it just now.
pub fn remember(instance: &Instance, name: &str) -> Option<HeaderValue> {
    cookies::set_cookie(instance, KNOWN_BROWSER, mark(instance, name).expose(), Some(KEPT))
}

/// What makes whoever brings it known for this name.
pub fn mark(instance: &Instance, name: &str) -> Token {
    let id = instance.chance.token();
    let proof = hex::encode(instance.key.derive(PURPOSE, &[name, id.expose()]).as_slice());
    Token::new(format!("{}.{proof}", id.expose()))
}
