//! The reminder of a missing spare key, for who does not look at keys.

use super::{here, now, org, password, port::complete, signed_in};
use crate::{
    Request,
    ports::NativeError,
    request::KeysRequest,
    tests::world::{again, until},
};
use std::sync::atomic::Ordering;

#[tokio::test(start_paused = true)]
async fn a_sign_in_here_tells_that_a_spare_key_is_missing_until_the_person_waives_it() {
    let (world, engine) = here().await;
    assert_eq!(world.native.listed.load(Ordering::SeqCst), 0);
    world.native.then(vec![Err(NativeError::WrongPassword), Ok(complete())]);
    password(&engine).await;
    password(&engine).await;
    signed_in(&engine).await;
    let s = until(&engine, |s| !s.keys.registered.is_empty()).await;
    assert_eq!(s.keys.without_spare().collect::<Vec<_>>(), [&org()]);
    assert_eq!(world.native.listed.load(Ordering::SeqCst), 1, "once for each sign-in");
    assert_eq!(s.keys.plugged, None, "no key is looked for");

    engine.ask(Request::Keys(KeysRequest::WaiveSpare(org()))).await.unwrap();
    assert!(now(&engine).settings.spare_waived.contains(&org()));
    // The window, which does not know of it, sets something else.
    let mut settings = now(&engine).settings.clone();
    settings.spare_waived.clear();
    settings.compact = !settings.compact;
    engine.ask(Request::SetSettings(settings)).await.unwrap();
    assert!(world.settings.lock().unwrap().spare_waived.contains(&org()), "it is kept");
    let engine = again(&world).await;
    assert!(now(&engine).settings.spare_waived.contains(&org()));
}
