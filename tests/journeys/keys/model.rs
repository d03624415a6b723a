//! A key whose model is on the list that the app carries.

use anyhow::ensure;
use support::{KeyDesk, journey};

#[test]
fn a_key_of_a_known_model_is_called_by_its_name() {
    journey("keys-model", |desk| async move {
        let keys = KeyDesk::start(&desk).await?;
        let (view, (_, model)) = (keys.view(), vicc::MODEL);
        view.open_before_all().await?;
        keys.key().becomes("model").await?;
        keys.key().plug().await?;
        view.knows_a_key().await?;
        let name = view.name().await?;
        ensure!(name == model, "it is called {name}");
        view.page("PIN").await?;
        keys.window.press("Set a PIN…").await?;
        keys.prompt(&format!("Set a PIN for {model}")).await?.give_up().await?;
        view.says("No PIN is set.").await
    });
}
