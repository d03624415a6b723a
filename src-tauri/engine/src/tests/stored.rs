//! What reaches the disk, and in which order.

use super::world::{World, grant, minutes, pass, start};
use crate::{
    Request,
    model::{
        code::Code,
        settings::{Network, Settings},
    },
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

#[tokio::test(start_paused = true)]
async fn a_password_that_stands_in_the_settings_file_is_kept_with_its_proxy_alone() {
    let (world, engine) = start(minutes(60), None).await;
    let stored = |world: &World| world.settings.lock().unwrap().network.clone();
    let set = |proxy: &str, no_proxy: &str| {
        let network =
            Network { proxy: Some(proxy.into()), no_proxy: Some(no_proxy.into()), ..Network::default() };
        engine.ask(Request::SetNetwork(network))
    };
    set("http://sam:secret@proxy.test", "a.test").await.unwrap();
    set("http://proxy.test", "b.test").await.unwrap();
    let kept = stored(&world);
    assert_eq!(kept.proxy.as_deref(), Some("http://sam:secret@proxy.test"));
    assert_eq!(kept.no_proxy.as_deref(), Some("b.test"));
    set("http://other.test", "b.test").await.unwrap();
    assert_eq!(stored(&world).proxy.as_deref(), Some("http://other.test"));
}
