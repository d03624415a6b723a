//! Long-lived keys of others: since when they are there, as far as it is known.

use super::world::{World, again, begin, minutes, now, pass, start_in};
use crate::{Engine, Signal, model::Timestamp, ports::LongLivedKey};

fn key(mark: &str) -> LongLivedKey {
    LongLivedKey { profile: "old-keys".into(), mark: mark.into(), since: None }
}

fn stands(world: &World, keys: Vec<LongLivedKey>, changed: Option<Timestamp>) {
    *world.foreign_keys.lock().unwrap() = keys;
    *world.file_changed.lock().unwrap() = changed;
}

/// Since when the only key is said to be there.
async fn since(engine: &Engine) -> Option<Timestamp> {
    engine.signal(Signal::FilesChanged);
    pass(minutes(1)).await;
    now(engine).file.long_lived.first().and_then(|key| key.since)
}

#[tokio::test(start_paused = true)]
async fn a_key_is_as_old_as_the_file_was_when_it_was_seen_first_and_that_is_kept() {
    let old = begin() - minutes(60 * 24 * 412);
    let (world, engine) = start_in(minutes(60), None, |w| stands(w, vec![key("a")], Some(old))).await;
    assert_eq!(since(&engine).await, Some(old));
    // Another section was written since: the key is what it was.
    stands(&world, vec![key("a")], Some(begin()));
    assert_eq!(since(&engine).await, Some(old));
    // Nor does another start forget it.
    let engine = again(&world).await;
    assert_eq!(since(&engine).await, Some(old));
    // Another key under the name is as new as the change.
    stands(&world, vec![key("b")], Some(begin()));
    assert_eq!(since(&engine).await, Some(begin()));
    // A file of the future says nothing: it is there since it was seen.
    let future = begin() + minutes(60 * 24);
    stands(&world, vec![key("c")], Some(future));
    assert!(since(&engine).await.is_some_and(|at| at < future && at > begin()));
}
