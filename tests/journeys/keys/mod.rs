//! Security keys in the shipped app: found at a card reader, managed, refused, taken away in the middle.

mod ends;
mod fingerprints;
mod model;
mod passkeys;
mod pin;
mod settings;

use anyhow::Result;
use fantoccini::Locator;
use support::{Desk, KeyDesk, keys::KeysView};

/// What the keys here have.
pub(super) const PIN: &str = "2468";

/// The first window, its view "Keys", and a key that has told what it is; its name.
async fn with_a_key(desk: &Desk) -> Result<(KeyDesk, String)> {
    let keys = KeyDesk::start(desk).await?;
    keys.view().open_before_all().await?;
    keys.key().plug().await?;
    keys.view().knows_a_key().await?;
    let name = keys.view().name().await?;
    Ok((keys, name))
}

/// Sets the first PIN of the key on show, called `name`.
pub(super) async fn set_pin(keys: &KeyDesk, name: &str, pin: &str) -> Result<()> {
    keys.view().page("PIN").await?;
    keys.window.press("Set a PIN…").await?;
    keys.prompt(&format!("Set a PIN for {name}")).await?.enter(&[pin, pin]).await?;
    keys.view().says("The PIN is set.").await
}

/// Opens a page that the key shows only with its PIN, which is entered.
pub(super) async fn unlock(keys: &KeyDesk, name: &str, page: &str, pin: &str) -> Result<()> {
    keys.view().page(page).await?;
    keys.window.press("Enter PIN…").await?;
    keys.prompt(&format!("Enter the PIN of {name}")).await?.enter(&[pin]).await?;
    keys.view().says("Unlocked, ").await
}

/// Types a name into the dialog that asks for one, and confirms.
pub(super) async fn name_it(keys: &KeyDesk, name: &str, confirm: &str) -> Result<()> {
    keys.window.fill(Locator::Css("dialog[open] input"), name).await?;
    in_dialog(keys, confirm).await
}

/// Presses a button of the dialog that is open.
async fn in_dialog(keys: &KeyDesk, label: &str) -> Result<()> {
    let button = format!("//dialog[@open]//button[normalize-space(.)='{label}']");
    keys.window.click(Locator::XPath(&button)).await
}

/// Waits for a row of the overview: `PIN` and what stands there.
async fn overview(view: KeysView<'_>, words: &str) -> Result<()> {
    view.page("Overview").await?;
    view.says(words).await
}
