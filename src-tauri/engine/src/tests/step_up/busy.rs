//! Keys that have something else to do for a moment.

use super::{admin, asks, known, open, touch};
use crate::{Reply, Snapshot, model::keys::KeyFault, tests::world::until};

#[tokio::test(start_paused = true)]
async fn a_key_that_is_busy_for_a_moment_is_asked_again() {
    let (world, engine) = known().await;
    let waits = asks(&engine, open(&admin()));
    // With another program, and with what it was asked before.
    for fault in [KeyFault::Busy, KeyFault::InUse] {
        world.keys.answers(fault.clone());
        touch(&world, &engine).await;
        let busy = |s: &Snapshot| {
            s.step_up
                .question
                .as_ref()
                .is_some_and(|q| q.refused.as_ref().is_some_and(|(_, why)| *why == fault))
        };
        until(&engine, busy).await;
    }
    touch(&world, &engine).await;
    assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
}
