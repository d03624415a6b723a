//! Fingerprints: learnt sample by sample, named, forgotten, given up.

use super::{PIN, in_dialog, name_it, overview, set_pin, unlock, with_a_key};
use anyhow::ensure;
use support::journey;

#[test]
fn a_finger_is_learnt_sample_by_sample() {
    journey("keys-fingerprints", |desk| async move {
        let (keys, name) = with_a_key(&desk).await?;
        let view = keys.view();
        view.says("none yet").await?;
        set_pin(&keys, &name, PIN).await?;
        unlock(&keys, &name, "Fingerprints", PIN).await?;
        view.says("No fingerprints yet.").await?;

        // Given up before the first sample: nothing is on the key.
        keys.key().order("finger nobody").await?;
        keys.window.press("Add a fingerprint…").await?;
        name_it(&keys, "Thumb", "Start").await?;
        view.says(&format!("Put your finger on {name}.")).await?;
        keys.key().waits().await?;
        keys.window.press("Cancel").await?;
        keys.key().order("finger known").await?;
        view.says("No fingerprints yet.").await?;
        keys.replug().await?;
        overview(view, "none yet").await?;

        unlock(&keys, &name, "Fingerprints", PIN).await?;
        keys.key().order("finger nobody").await?;
        keys.window.press("Add a fingerprint…").await?;
        name_it(&keys, "Thumb", "Start").await?;
        keys.key().waits().await?;
        keys.key().order("finger once").await?;
        view.says("Sample 2 of 3").await?;
        view.says("Lift and touch again.").await?;
        keys.key().waits().await?;
        keys.key().order("finger once").await?;
        view.says("Too fast. Lift and touch again.").await?;
        keys.key().waits().await?;
        keys.key().order("finger known").await?;
        view.says("The fingerprint is added.").await?;
        view.says("Thumb").await?;

        keys.window.press("Rename, Thumb").await?;
        name_it(&keys, "Left thumb", "Rename").await?;
        view.says("The fingerprint is renamed.").await?;
        overview(view, "1 on the key").await?;
        view.page("Fingerprints").await?;
        keys.window.press("Delete, Left thumb").await?;
        view.says("The key no longer knows this finger. Its PIN still works.").await?;
        in_dialog(&keys, "Delete fingerprint").await?;
        view.says("The fingerprint is deleted.").await?;
        view.says("No fingerprints yet.").await?;
        ensure!(!keys.window.text().await?.contains("Left thumb"), "a deleted fingerprint is listed");
        Ok(())
    });
}
