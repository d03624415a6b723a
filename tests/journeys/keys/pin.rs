//! PINs: none, set, changed, wrong, locked.

use anyhow::{Result, ensure};
use support::{KeyDesk, journey};

const PIN: &str = "2468";
const OTHER: &str = "1357 Autumn!";

/// Sets the first PIN of the key on show, called `name`.
async fn set_pin(keys: &KeyDesk, name: &str, pin: &str) -> Result<()> {
    keys.view().page("PIN").await?;
    keys.window.press("Set a PIN…").await?;
    keys.prompt(&format!("Set a PIN for {name}")).await?.enter(&[pin, pin]).await?;
    keys.view().says("The PIN is set.").await
}

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
        view.says("NFC reader").await?;
        view.says("FIDO_2_1").await?;
        view.says("not set").await?;

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
        view.page("Overview").await?;
        view.says("set, 8 attempts left").await
    });
}
