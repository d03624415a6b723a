//! What a key holds: listed by site, renamed, deleted; and no room for more.

use super::{PIN, in_dialog, name_it, overview, set_pin, unlock, with_a_key};
use anyhow::ensure;
use fantoccini::Locator;
use support::{KeyDesk, journey};

#[test]
fn passkeys_are_listed_by_site_renamed_and_deleted() {
    journey("keys-passkeys", |desk| async move {
        let keys = KeyDesk::start(&desk).await?;
        let view = keys.view();
        for (site, user) in [("login.acme.test", "sam"), ("login.acme.test", "kim"), ("other.test", "sam")] {
            keys.key().holds(site, user).await?;
        }
        view.open_before_all().await?;
        keys.key().plug().await?;
        view.knows_a_key().await?;
        let name = view.name().await?;
        view.page("Passkeys").await?;
        view.says("Set a PIN first").await?;
        set_pin(&keys, &name, PIN).await?;
        unlock(&keys, &name, "Passkeys", PIN).await?;
        view.says("3 of ").await?;
        let sites = keys.window.client().find_all(Locator::Css("tr.site")).await?;
        ensure!(sites.len() == 2, "{} sites", sites.len());
        view.says("Non-passkey credentials may also be on this key. They cannot be listed.").await?;

        keys.window.press("Rename user, sam at other.test").await?;
        name_it(&keys, "Sam Rivera", "Rename").await?;
        view.says("The passkey's user is renamed.").await?;
        view.says("Sam Rivera").await?;
        keys.window.press("Delete, kim at login.acme.test").await?;
        view.says("Delete passkey for kim at login.acme.test? You may be locked out there").await?;
        in_dialog(&keys, "Cancel").await?;
        keys.window.press("Delete, kim at login.acme.test").await?;
        in_dialog(&keys, "Delete passkey").await?;
        view.says("The passkey is deleted.").await?;
        view.says("2 of ").await?;
        ensure!(!keys.window.text().await?.contains("kim"), "a deleted passkey is listed");

        // Locked again, nothing of it stays on the screen.
        keys.window.press("Lock").await?;
        view.says("The key shows its passkeys only with the PIN.").await?;
        ensure!(
            !keys.window.text().await?.contains("Sam Rivera"),
            "a locked key's passkeys are on the screen"
        );
        // The key itself has it so, not the window alone.
        keys.replug().await?;
        unlock(&keys, &name, "Passkeys", PIN).await?;
        view.says("Sam Rivera").await?;
        ensure!(!keys.window.text().await?.contains("kim"), "the key still holds it");
        Ok(())
    });
}

#[test]
fn a_full_key_says_so() {
    journey("keys-full", |desk| async move {
        let keys = KeyDesk::start(&desk).await?;
        let view = keys.view();
        keys.key().becomes("small").await?;
        for site in ["one.test", "two.test", "three.test"] {
            keys.key().holds(site, "sam").await?;
        }
        // CTAP2_ERR_KEY_STORE_FULL: the key itself takes no more.
        let more = keys.key().holds("four.test", "sam").await;
        let refused = more.err().map(|error| format!("{error:#}")).unwrap_or_default();
        ensure!(refused.contains("28"), "a full key took one more, or refused otherwise: {refused}");
        view.open_before_all().await?;
        keys.key().plug().await?;
        view.knows_a_key().await?;
        let name = view.name().await?;
        set_pin(&keys, &name, PIN).await?;
        unlock(&keys, &name, "Passkeys", PIN).await?;
        view.says("3 of 3 used").await?;
        overview(view, "3 of 3 used").await
    });
}

#[test]
fn a_key_of_u2f_is_recognised_and_explained() {
    journey("keys-u2f", |desk| async move {
        let keys = KeyDesk::start(&desk).await?;
        keys.key().becomes("u2f-only").await?;
        keys.view().open_before_all().await?;
        keys.key().plug().await?;
        keys.view().says("This key supports only U2F").await?;
        keys.view().says("It works as a second factor in a browser but holds no passkeys").await?;
        let text = keys.window.text().await?;
        for absent in ["Set a PIN", "Identify", "Passkeys", "Fingerprints"] {
            ensure!(!text.contains(absent), "a key of U2F is offered {absent:?}");
        }
        // A key beside it that can more is not taken for it.
        keys.second_key().plug().await?;
        keys.view().choose("Virtual PCD 00 01").await?;
        keys.view().says("not set").await?;
        Ok(())
    });
}

#[test]
fn a_reset_over_nfc_is_refused_with_its_reason() {
    journey("keys-reset-nfc", |desk| async move {
        let (keys, name) = with_a_key(&desk).await?;
        let view = keys.view();
        set_pin(&keys, &name, PIN).await?;
        view.page("Advanced").await?;
        view.says("Reset works only over USB.").await?;
        let text = keys.window.text().await?;
        ensure!(!text.contains("Reset this key"), "it offers what the key refuses");
        overview(view, "set, 8 attempts left").await
    });
}
