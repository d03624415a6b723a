//! A guarded role, and keys that are not at their best: one that has a PIN, one that is taken away while it is asked,
//! one without room for a passkey.

use super::{added, ask_to_register, by_password, open_console, register, serve_guarded, user};
use crate::journeys::{arrival::read_no, steps::wait_synced};
use anyhow::{Result, ensure};
use support::{Desk, KeyDesk, SandboxServer, deadline::WHILE, journey};

const PIN: &str = "2468";
const OPENS: &str = "Touch your key to open payments-dev as Deploy";
const ACTIVE: &str = "Deploy in payments-dev is active";

/// Gives the key on show, called `name`, its first PIN.
async fn set_pin(keys: &KeyDesk, name: &str) -> Result<()> {
    keys.view().page("PIN").await?;
    keys.window.press("Set a PIN…").await?;
    keys.prompt(&format!("Set a PIN for {name}")).await?.enter(&[PIN, PIN]).await?;
    keys.view().says("The PIN is set.").await
}

/// Signs in at an organisation with a guarded role, and shows the key that is there; its name.
async fn signed_in(desk: &Desk, keys: &KeyDesk) -> Result<(SandboxServer, String)> {
    let server = serve_guarded(desk).await?;
    keys.key().touch().await?;
    keys.key().plug().await?;
    added(desk, &keys.window, &server).await?;
    by_password(&keys.app, &keys.window, user(&server, "sam")?).await?;
    wait_synced(&keys.app, 0).await?;
    keys.view().open().await?;
    keys.view().knows_a_key().await?;
    let name = keys.view().name().await?;
    Ok((server, name))
}

/// Who registered a key with its PIN is asked for it at every touch (WebAuthn, 7.2, step 17).
#[test]
fn a_key_with_a_pin_opens_a_guarded_role_with_its_pin_and_a_touch() {
    journey("native-guarded-pin", |desk| async move {
        let keys = KeyDesk::start(&desk).await?;
        let window = &keys.window;
        let (_server, name) = signed_in(&desk, &keys).await?;
        set_pin(&keys, &name).await?;
        let pin = format!("Enter the PIN of {name}");
        ask_to_register(&keys, "Blue key").await?;
        // A wrong one is said, and asked for again.
        keys.prompt(&pin).await?.enter(&["0000"]).await?;
        let again = keys.prompt(&pin).await?;
        again.says("Wrong PIN. 7 attempts left before the key locks.").await?;
        again.enter(&[PIN]).await?;
        keys.view().says("as \"Blue key\"").await?;

        // The PIN is for this one proof, then the touch.
        keys.key().leave_alone().await?;
        let opened = desk.browser_requests().mark();
        open_console(window).await?;
        let asks = keys.prompt(&pin).await?;
        asks.says("For payments-dev, Deploy. The PIN is used for this alone.").await?;
        asks.enter(&[PIN]).await?;
        keys.touch_prompt(OPENS).await?;
        ensure!(desk.browser_requests().mark() == opened, "a console was opened without a touch");
        keys.key().touch().await?;
        desk.browser_requests().next(opened, WHILE, "the console").await?;
        window.read(WHILE, &format!("{ACTIVE}, 15 min left")).await?;

        // The next one takes it again.
        window.press("Stop now").await?;
        read_no(window, ACTIVE).await?;
        let opened = desk.browser_requests().mark();
        open_console(window).await?;
        keys.prompt(&pin).await?.enter(&[PIN]).await?;
        desk.browser_requests().next(opened, WHILE, "the next console").await?;
        window.read(WHILE, ACTIVE).await
    });
}

#[test]
fn a_key_taken_away_is_said_and_asked_again_when_it_is_back() {
    journey("native-guarded-removed", |desk| async move {
        let keys = KeyDesk::start(&desk).await?;
        let (_server, _) = signed_in(&desk, &keys).await?;
        register(&keys, "Blue key").await?;
        keys.key().leave_alone().await?;
        let opened = desk.browser_requests().mark();
        open_console(&keys.window).await?;
        let asks = keys.touch_prompt(OPENS).await?;
        asks.says("now.").await?;
        keys.key().waits().await?;
        keys.key().unplug().await?;
        asks.says("The key was removed. Nothing was changed.").await?;
        asks.says("Plug in another key, or hold it to the reader.").await?;
        ensure!(desk.browser_requests().mark() == opened, "a console was opened without a touch");
        keys.key().plug().await?;
        asks.says("now.").await?;
        keys.key().touch().await?;
        desk.browser_requests().next(opened, WHILE, "the console").await?;
        keys.window.read(WHILE, ACTIVE).await
    });
}

/// The server would like a passkey, and is content with a second factor (WebAuthn L3, 5.4.6).
#[test]
fn a_key_full_of_passkeys_is_registered_all_the_same() {
    journey("native-guarded-full", |desk| async move {
        let keys = KeyDesk::start(&desk).await?;
        keys.key().becomes("small").await?;
        for site in ["one.test", "two.test", "three.test"] {
            keys.key().holds(site, "sam").await?;
        }
        let (_server, _) = signed_in(&desk, &keys).await?;
        keys.view().says("room for 0 more").await?;
        register(&keys, "Full key").await?;
        let opened = desk.browser_requests().mark();
        open_console(&keys.window).await?;
        desk.browser_requests().next(opened, WHILE, "the console").await?;
        keys.window.read(WHILE, ACTIVE).await
    });
}
