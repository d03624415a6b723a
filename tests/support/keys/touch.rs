//! The window that asks for a touch, read as by a screen reader and answered as by hands.

use crate::{
    app::App,
    desk::{Desk, Read, ScreenReader, keyboard::RETURN},
};
use anyhow::Result;
use serde_json::json;

/// One question for a touch. Its window is gone with the answer.
#[derive(Debug)]
pub struct TouchPrompt<'a> {
    desk: &'a Desk,
    app: &'a App,
    ears: &'a ScreenReader,
    title: String,
}

impl<'a> TouchPrompt<'a> {
    pub(super) async fn open(
        desk: &'a Desk,
        app: &'a App,
        ears: &'a ScreenReader,
        title: &str,
    ) -> Result<Self> {
        desk.display().turn_to(title).await?;
        let ready = |all: &[Read]| all.iter().any(|one| one.focused && one.name == "Deny").then_some(());
        ears.wait(title, "Deny to have the focus", ready).await?;
        Ok(Self { desk, app, ears, title: title.to_owned() })
    }

    /// Waits until it says this.
    ///
    /// # Errors
    /// What it says instead.
    pub async fn says(&self, words: &str) -> Result<()> {
        let said = |all: &[Read]| {
            all.iter().any(|one| one.name.contains(words) || one.text.contains(words)).then_some(())
        };
        self.ears.wait(&self.title, &format!("it to say {words:?}"), said).await
    }

    /// Presses Return, which is on "Deny". The window is gone when this returns.
    ///
    /// # Errors
    /// That it stays.
    pub async fn deny(self) -> Result<()> {
        let mark = self.app.mark();
        self.desk.display().type_keys(&RETURN.to_string())?;
        let gone = json!({ "label": "prompt", "state": "destroyed" });
        self.app.says(mark, "window", &gone).await.map(drop)
    }
}
