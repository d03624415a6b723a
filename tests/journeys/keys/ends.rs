//! How operations end early, and that keys, windows and programs do not get in each other's way.

use super::{PIN, name_it, overview, set_pin, unlock, with_a_key};
use anyhow::{Result, ensure};
use fantoccini::Locator;
use support::{KeyDesk, deadline::SOON, journey, until};

/// Waits until the window for PINs of this title is gone from the screen.
async fn gone(keys: &KeyDesk, title: &str) -> Result<()> {
    until(SOON, &format!("{title:?} to go"), || async { Ok((!keys.shows(title)?).then_some(())) }).await
}

#[test]
fn a_key_taken_away_in_the_middle_says_what_was_done() {
    journey("keys-removed", |desk| async move {
        let (keys, name) = with_a_key(&desk).await?;
        let view = keys.view();
        // While it blinks.
        keys.key().leave_alone().await?;
        keys.window.press("Identify").await?;
        view.says(&format!("Touch {name}")).await?;
        keys.key().waits().await?;
        keys.key().unplug().await?;
        view.says("The key was removed").await?;
        view.says("Nothing was changed. Plug it in to continue.").await?;
        view.knows_none().await?;
        keys.key().touch().await?;
        keys.key().plug().await?;
        view.knows_a_key().await?;

        // While its PIN is being typed: the window for it goes, and nothing was done.
        view.page("PIN").await?;
        keys.window.press("Set a PIN…").await?;
        let title = format!("Set a PIN for {name}");
        let prompt = keys.prompt(&title).await?;
        prompt.says("New PIN").await?;
        keys.key().unplug().await?;
        gone(&keys, &title).await?;
        view.says("The key was removed").await?;
        view.says("Nothing was changed.").await?;
        view.knows_none().await?;
        keys.key().plug().await?;
        view.knows_a_key().await?;
        overview(view, "not set").await?;

        // While it learns a finger.
        set_pin(&keys, &name, PIN).await?;
        unlock(&keys, &name, "Fingerprints", PIN).await?;
        keys.key().order("finger nobody").await?;
        keys.window.press("Add a fingerprint…").await?;
        name_it(&keys, "Thumb", "Start").await?;
        keys.key().waits().await?;
        keys.key().unplug().await?;
        view.says("The key was removed").await?;
        view.says("Nothing was changed.").await?;
        view.knows_none().await?;
        keys.key().order("finger known").await?;
        keys.key().plug().await?;
        view.knows_a_key().await?;
        overview(view, "none yet").await?;
        ensure!(!keys.window.text().await?.contains("Unlocked, "), "a key that was away is still open");
        Ok(())
    });
}

#[test]
fn what_is_under_way_is_cancelled_at_any_moment() {
    journey("keys-cancelled", |desk| async move {
        let (keys, name) = with_a_key(&desk).await?;
        let view = keys.view();
        keys.key().leave_alone().await?;
        keys.window.press("Identify").await?;
        view.says(&format!("Touch {name}")).await?;
        keys.key().waits().await?;
        // Nothing else begins meanwhile.
        view.page("PIN").await?;
        let set = keys.window.see(Locator::XPath("//button[normalize-space(.)='Set a PIN…']")).await?;
        ensure!(!set.is_enabled().await?, "a second operation can be begun");
        keys.window.press("Cancel").await?;
        keys.window.see_no(Locator::Css("section[aria-label='Under way']")).await?;
        keys.key().touch().await?;

        // From the main window, while the other one asks.
        keys.window.press("Set a PIN…").await?;
        let title = format!("Set a PIN for {name}");
        keys.prompt(&title).await?;
        keys.window.press("Cancel").await?;
        gone(&keys, &title).await?;
        view.says("No PIN is set.").await?;
        // As the person closes that one.
        keys.window.press("Set a PIN…").await?;
        keys.prompt(&title).await?.give_up().await?;
        view.says("No PIN is set.").await?;
        set_pin(&keys, &name, PIN).await
    });
}

#[test]
fn two_keys_at_once_are_two() {
    journey("keys-two", |desk| async move {
        let (keys, first) = with_a_key(&desk).await?;
        let view = keys.view();
        set_pin(&keys, &first, PIN).await?;
        keys.second_key().plug().await?;
        view.choose("Virtual PCD 00 01").await?;
        view.says("not set").await?;
        let second = view.name().await?;
        ensure!(first != second, "both are called {first}");

        // The one that is meant blinks, and no other.
        keys.key().leave_alone().await?;
        keys.second_key().leave_alone().await?;
        keys.window.press("Identify").await?;
        view.says(&format!("Touch {second}")).await?;
        keys.second_key().waits().await?;
        keys.second_key().touch().await?;
        view.says("You touched it: this is the key.").await?;
        keys.key().touch().await?;

        // A PIN set on one is none of the other's; each keeps its own.
        set_pin(&keys, &second, "8642").await?;
        unlock(&keys, &second, "Passkeys", "8642").await?;
        // Taken away while it is still being read, it would say so, and move what is clicked below.
        view.says("No passkeys on this key.").await?;
        view.choose(&first).await?;
        view.says("set, 8 attempts left").await?;
        keys.second_key().unplug().await?;
        keys.window.see_no(Locator::XPath("//*[@role='option'][.//strong[.='Virtual PCD 00 01']]")).await?;
        unlock(&keys, &first, "Passkeys", PIN).await?;
        keys.key().unplug().await?;
        view.knows_none().await
    });
}

#[test]
fn another_program_that_uses_the_key_is_let_finish() {
    journey("keys-busy", |desk| async move {
        let (keys, name) = with_a_key(&desk).await?;
        let view = keys.view();
        let other = keys.readers().used_by_another(&desk).await?;
        keys.window.press("Identify").await?;
        view.says("Another program is using the key").await?;
        view.says("Close other browser or key dialogs, then try again.").await?;
        other.close_input().await;
        other.ended(SOON).await?;
        set_pin(&keys, &name, PIN).await?;
        keys.window.press("Identify").await?;
        view.says("You touched it: this is the key.").await
    });
}
