//! PINs: none, set, changed, wrong, locked.

use super::{PIN, overview, set_pin, with_a_key};
use crate::journeys::steps::installed_two_hours_ago;
use anyhow::{Result, ensure};
use serde_json::json;
use support::{KeyDesk, deadline::WHILE, journey, secrets::Secrets};

const OTHER: &str = "1357 Autumn!";
/// Of no key here.
const WRONG: &str = "9999 Winter!";

#[test]
fn a_key_is_seen_gets_a_pin_and_another_one() {
    journey("keys-first-pin", |desk| async move {
        let keys = KeyDesk::start(&desk).await?;
        let view = keys.view();
        view.open_before_all().await?;
        view.knows_none().await?;
        keys.key().plug().await?;
        view.knows_a_key().await?;
        let name = view.name().await?;
        for told in ["NFC reader", "FIDO_2_1", "ES256", "not set"] {
            view.says(told).await?;
        }

        view.page("PIN").await?;
        keys.window.press("Set a PIN…").await?;
        let prompt = keys.prompt(&format!("Set a PIN for {name}")).await?;
        prompt.says("only a reset helps, which deletes every passkey").await?;
        ensure!(keys.window.client().windows().await?.len() == 1, "WebDriver sees into the window for PINs");
        // What the window refuses never gets to the key.
        prompt.try_in_vain(&["12", "12"])?;
        prompt.says("At least 4 characters.").await?;
        prompt.give_up().await?;
        view.says("No PIN is set.").await?;
        set_pin(&keys, &name, PIN).await?;

        keys.window.press("Change the PIN…").await?;
        keys.prompt(&format!("Change the PIN of {name}")).await?.enter(&[PIN, OTHER, OTHER]).await?;
        view.says("The PIN is changed.").await?;
        overview(view, "set, 8 attempts left").await?;
        view.page("PIN").await?;
        keys.window.press("Change the PIN…").await?;
        let changing = format!("Change the PIN of {name}");
        keys.prompt(&changing).await?.enter(&[WRONG, PIN, PIN]).await?;
        let prompt = keys.prompt(&changing).await?;
        prompt.says("Wrong PIN. 7 attempts left before the key locks.").await?;
        prompt.give_up().await?;

        let mut secrets = Secrets::default();
        secrets.add("the PIN", OTHER.as_bytes())?;
        secrets.add("a wrong PIN", WRONG.as_bytes())?;
        secrets.scan(&desk.folders().ours())?;
        Ok(())
    });
}

/// Enters a wrong PIN and waits for the window to say how many are left.
async fn wrong(keys: &KeyDesk, name: &str, left: u8) -> Result<()> {
    let title = format!("Enter the PIN of {name}");
    keys.prompt(&title).await?.enter(&["0000"]).await?;
    keys.prompt(&title).await?.says(&format!("Wrong PIN. {left} attempt")).await
}

#[test]
fn wrong_pins_pause_the_key_and_then_lock_it() {
    journey("keys-wrong-pins", |desk| async move {
        let (keys, name) = with_a_key(&desk).await?;
        let view = keys.view();
        set_pin(&keys, &name, PIN).await?;
        let title = format!("Enter the PIN of {name}");

        view.page("Passkeys").await?;
        keys.window.press("Enter PIN…").await?;
        for left in [7, 6] {
            wrong(&keys, &name, left).await?;
        }
        keys.prompt(&title).await?.enter(&["0000"]).await?;
        view.says("The key paused PIN entry").await?;
        view.says("Three wrong PINs came in a row").await?;
        ensure!(!keys.shows(&title)?, "it asks on for a PIN that the key does not take");
        overview(view, "paused: unplug the key and plug it in again").await?;

        keys.replug().await?;
        overview(view, "set, 5 attempts left").await?;
        view.page("Passkeys").await?;
        keys.window.press("Enter PIN…").await?;
        for left in [4, 3] {
            wrong(&keys, &name, left).await?;
        }
        keys.prompt(&title).await?.enter(&["0000"]).await?;
        view.says("The key paused PIN entry").await?;
        keys.replug().await?;
        overview(view, "set, 2 attempts left").await?;
        view.page("Passkeys").await?;
        keys.window.press("Enter PIN…").await?;
        wrong(&keys, &name, 1).await?;
        keys.prompt(&title).await?.enter(&["0000"]).await?;
        view.says("The key is locked").await?;
        view.says("Use another key, or reset this one under Advanced.").await?;
        overview(view, "locked for good: only a reset helps").await?;
        view.page("PIN").await?;
        view.says("It can only be used again after a reset, which deletes its passkeys.").await?;
        ensure!(!keys.window.text().await?.contains("Change the PIN"), "a locked key's PIN can be changed");
        Ok(())
    });
}

/// Whoever looks at the key reads it there; whoever closed the window is told.
#[test]
fn few_tries_left_are_told_when_nobody_looks() {
    journey("keys-few-tries", |desk| async move {
        installed_two_hours_ago(&desk).await?;
        let (keys, name) = with_a_key(&desk).await?;
        let view = keys.view();
        set_pin(&keys, &name, PIN).await?;
        view.page("Passkeys").await?;
        keys.window.press("Enter PIN…").await?;
        for left in [7, 6] {
            wrong(&keys, &name, left).await?;
        }
        keys.prompt(&format!("Enter the PIN of {name}")).await?.enter(&["0000"]).await?;
        view.says("The key paused PIN entry").await?;
        let (notifications, mark) = (desk.notifications()?, keys.app.mark());
        desk.display().close_windows("latchkey")?;
        keys.app.says(mark, "window", &json!({ "label": "main", "state": "destroyed" })).await?;
        let title = format!("{name} paused PIN entry");
        let told = notifications.wait(WHILE, "the pause told", |n| n.summary == title).await?;
        ensure!(told.body == "Unplug it and plug it in again.", "{told:?}");
        notifications.press(&told, "Show").await?;
        keys.app.says(mark, "window", &json!({ "label": "main", "state": "drawn" })).await?;
        keys.window.select_new_window().await?;
        view.says("paused: unplug the key and plug it in again").await
    });
}
