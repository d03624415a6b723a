//! Few tries left for a key's PIN are told, since the next wrong one may lock it.

use super::{ask, asked, enter, id, idle, wish};
use crate::{
    Reply, Request,
    model::{
        keys::{KeyWish, PinState},
        notice::{Notice, Pressed},
    },
    request::{KeysRequest, Show},
    tests::world::{begin, minutes, now, pass, start, until},
};

#[tokio::test(start_paused = true)]
async fn few_tries_are_told_once_and_are_news_for_an_hour() {
    for (tries, told) in [(Some(8), 0), (Some(4), 0), (Some(3), 1), (Some(1), 1), (None, 0)] {
        let (world, engine) = start(minutes(60), None).await;
        world.keys.change(|info| info.tries = tries);
        world.keys.plug(&["a"]);
        ask(&engine, KeysRequest::Follow(true)).await.unwrap();
        until(&engine, |s| s.keys.info(&id("a")).is_some()).await;
        pass(minutes(1)).await;
        assert_eq!(world.count("notify pin-low"), told, "{tries:?}");
        // Nobody looks any more, and nothing more is known of it.
        ask(&engine, KeysRequest::Follow(false)).await.unwrap();
        pass(minutes(50)).await;
        assert_eq!(now(&engine).keys.plugged, None);
        assert_eq!((world.count("notify pin-low"), world.count("withdraw pin-low")), (told, 0), "{tries:?}");
        pass(minutes(15)).await;
        assert_eq!(world.count("withdraw pin-low"), told, "{tries:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_asked_for_the_pin_reads_it_there() {
    let (world, engine) = start(minutes(60), None).await;
    world.keys.plug(&["a"]);
    ask(&engine, KeysRequest::Follow(true)).await.unwrap();
    until(&engine, |s| s.keys.info(&id("a")).is_some()).await;
    wish(&engine, "a", KeyWish::ListPasskeys).await.unwrap();
    world.keys.change(|info| info.tries = Some(2));
    for _ in 0..2 {
        let number = asked(&engine).await;
        enter(&engine, "9999", "").await;
        until(&engine, |s| s.keys.pin_asked().is_some_and(|(_, p)| p.number != number)).await;
        pass(minutes(1)).await;
    }
    assert_eq!(world.count("notify pin-low"), 0);
    enter(&engine, "9999", "").await;
    idle(&engine).await;
    pass(minutes(1)).await;
    assert_eq!(world.count("notify pin-low"), 1, "it paused");
    let notice = Notice::PinLow { key: "Solo 2 A+".into(), left: None, paused: true, at: begin() };
    let details = Request::Pressed { notice, pressed: Pressed::Body };
    assert_eq!(engine.ask(details).await, Ok(Reply::Show(Show::Keys)));

    // It was plugged in anew, and the right PIN gave it all its tries.
    world.keys.change(|info| (info.pin, info.tries) = (PinState::Set, Some(8)));
    world.keys.plug(&[]);
    until(&engine, |s| s.keys.list().is_empty()).await;
    pass(minutes(1)).await;
    assert_eq!(world.count("withdraw pin-low"), 0, "what is not there may still be so");
    world.keys.plug(&["a"]);
    until(&engine, |s| s.keys.info(&id("a")).is_some()).await;
    pass(minutes(1)).await;
    assert_eq!((world.count("notify pin-low"), world.count("withdraw pin-low")), (1, 1));
}
