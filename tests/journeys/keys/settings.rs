//! A key's settings: what it always asks, how long its PIN is, a PIN that has to be changed.

use super::{PIN, in_dialog, overview, set_pin, with_a_key};
use anyhow::{Result, ensure};
use fantoccini::Locator;
use support::{KeyDesk, deadline::SOON, journey, until};

const ALWAYS: &str = "//*[@role='switch']";

/// Does something for which the key wants its PIN first.
async fn with_pin(keys: &KeyDesk, name: &str, pin: &str) -> Result<()> {
    keys.prompt(&format!("Enter the PIN of {name}")).await?.enter(&[pin]).await
}

async fn always_asks(keys: &KeyDesk, wanted: &str) -> Result<()> {
    until(SOON, &format!("the switch to be {wanted}"), || async {
        let switch = keys.window.see(Locator::XPath(ALWAYS)).await?;
        Ok((switch.attr("aria-checked").await?.as_deref() == Some(wanted)).then_some(()))
    })
    .await
}

#[test]
fn the_settings_of_a_key_are_changed() {
    journey("keys-settings", |desk| async move {
        let (keys, name) = with_a_key(&desk).await?;
        let view = keys.view();
        set_pin(&keys, &name, PIN).await?;
        view.page("Advanced").await?;
        always_asks(&keys, "false").await?;
        keys.window.click(Locator::XPath(ALWAYS)).await?;
        with_pin(&keys, &name, PIN).await?;
        view.says("The setting is saved on the key.").await?;
        always_asks(&keys, "true").await?;
        keys.window.click(Locator::XPath(ALWAYS)).await?;
        always_asks(&keys, "false").await?;

        // A longer PIN from now on: the one there is has to be changed at once.
        view.says("Now 4 characters.").await?;
        keys.window.press("Set…").await?;
        view.says("It can only be made shorter again by a reset.").await?;
        in_dialog(&keys, "Make it longer").await?;
        view.says("The minimum length is saved on the key.").await?;
        view.says("Now 5 characters.").await?;
        overview(view, "must be changed").await?;
        view.page("Passkeys").await?;
        keys.window.press("Enter PIN…").await?;
        view.says("Change this key's PIN first").await?;
        view.page("PIN").await?;
        view.says("The key asks for another PIN before it does anything else.").await?;
        keys.window.press("Change the PIN…").await?;
        let change = format!("Change the PIN of {name}");
        let prompt = keys.prompt(&change).await?;
        prompt.try_in_vain(&[PIN, "1234", "1234"])?;
        prompt.says("At least 5 characters.").await?;
        prompt.give_up().await?;
        keys.window.press("Change the PIN…").await?;
        keys.prompt(&change).await?.enter(&[PIN, "13579", "13579"]).await?;
        view.says("The PIN is changed.").await?;
        overview(view, "set, 8 attempts left").await?;

        // For someone else's hands.
        view.page("Advanced").await?;
        keys.window.press("Ask for another PIN…").await?;
        in_dialog(&keys, "Ask for another PIN").await?;
        with_pin(&keys, &name, "13579").await?;
        view.says("The key asks for another PIN from now on.").await?;
        overview(view, "must be changed").await?;
        view.page("Advanced").await?;
        let text = keys.window.text().await?;
        ensure!(!text.contains("Enterprise attestation"), "what the key cannot do is offered");
        Ok(())
    });
}

#[test]
fn enterprise_attestation_is_switched_on_for_good() {
    journey("keys-enterprise", |desk| async move {
        let keys = KeyDesk::start(&desk).await?;
        let view = keys.view();
        keys.key().becomes("enterprise").await?;
        view.open_before_all().await?;
        keys.key().plug().await?;
        view.knows_a_key().await?;
        let name = view.name().await?;
        set_pin(&keys, &name, PIN).await?;
        view.page("Advanced").await?;
        keys.window.press("Switch on…").await?;
        view.says("It can only be switched off by a reset.").await?;
        in_dialog(&keys, "Switch it on").await?;
        with_pin(&keys, &name, PIN).await?;
        view.says("Enterprise attestation is on.").await?;
        view.says("On. It can only be switched off by a reset.").await
    });
}
