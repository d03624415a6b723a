//! What reaches the disk, and in which order.

use super::world::{grant, minutes, pass, start};
use crate::{
    Request,
    model::{code::Code, settings::Settings},
};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn what_the_disk_refused_is_written_when_it_takes_it() {
    let busy = Code::FileBusy { path: "p".into() };
    let broken = Code::FileNotWritable { path: "p".into(), reason: "disk I/O error".into() };
    for refusal in [busy, broken, Code::DiskFull { path: "p".into() }] {
        let (world, engine) = start(minutes(60), None).await;
        *world.store_fails.lock().unwrap() = Some(refusal.clone());
        engine.ask(Request::SetFavourite { target: grant().into(), on: true }).await.unwrap();
        pass(minutes(1)).await;
        assert!(world.count("commit failed") > 0);
        *world.store_fails.lock().unwrap() = None;
        pass(minutes(1)).await;
        assert!(world.row("favourite Dev").is_some(), "{refusal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_settings_that_were_set_last_stay() {
    let (world, engine) = start(minutes(60), None).await;
    *world.saves_take.lock().unwrap() = vec![Duration::from_secs(1), Duration::from_secs(5)];
    let set = |text_size| engine.ask(Request::SetSettings(Settings { text_size, ..Settings::default() }));
    let (first, second) = tokio::join!(set(110), set(120));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(world.settings.lock().unwrap().text_size, 120);
}
