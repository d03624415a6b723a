//! The window in which PINs are typed, and which asks for a touch. It shares nothing with a window that WebDriver sees,
//! so it is read as by a screen reader and typed into as by hands.

use crate::{
    app::App,
    desk::{
        Desk, Read, ScreenReader,
        keyboard::{ESCAPE, RETURN, TAB},
    },
};
use anyhow::{Result, ensure};
use serde_json::json;

/// One question. Its window is gone with the answer.
#[derive(Debug)]
pub struct Prompt<'a> {
    desk: &'a Desk,
    app: &'a App,
    ears: &'a ScreenReader,
    title: String,
}

/// What a question wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    Pin,
    Touch,
}

impl<'a> Prompt<'a> {
    pub(super) async fn open(
        desk: &'a Desk,
        app: &'a App,
        ears: &'a ScreenReader,
        title: &str,
        wants: Wants,
    ) -> Result<Self> {
        desk.display().turn_to(title).await?;
        // Not typed into before what is meant has the focus, as no person would.
        let meant = |one: &Read| if wants == Wants::Pin { one.password } else { one.name == "Deny" };
        let ready = |all: &[Read]| all.iter().any(|one| one.focused && meant(one)).then_some(());
        ears.wait(title, &format!("the answer to {wants:?} to have the focus"), ready).await?;
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

    /// Types these PINs into its fields, one after another, and Return. The window is gone when this returns.
    ///
    /// # Errors
    /// That it stays, or shows what was typed.
    pub async fn enter(self, pins: &[&str]) -> Result<()> {
        let tab = TAB.to_string();
        self.desk.display().type_keys(&pins.join(&tab))?;
        let typed = pins.last().map_or(0, |pin| pin.chars().count());
        let full = |all: &[Read]| {
            let field = all.iter().find(|one| one.focused && one.password)?;
            (field.text.chars().count() == typed).then(|| field.text.clone())
        };
        let shown = self.ears.wait(&self.title, "the field to hold what was typed", full).await?;
        ensure!(pins.iter().all(|pin| *pin != shown), "the field for the PIN reads it out");
        self.end(RETURN).await
    }

    /// Types a PIN that the window itself refuses, so that it stays.
    ///
    /// # Errors
    /// That the display is gone.
    pub fn try_in_vain(&self, pins: &[&str]) -> Result<()> {
        let tab = TAB.to_string();
        self.desk.display().type_keys(&format!("{}{RETURN}", pins.join(&tab)))
    }

    /// Presses Escape. The window is gone when this returns.
    ///
    /// # Errors
    /// That it stays.
    pub async fn give_up(self) -> Result<()> {
        self.end(ESCAPE).await
    }

    /// Presses Return, which is on "Deny" where a touch is asked for. The window is gone when this returns.
    ///
    /// # Errors
    /// That it stays.
    pub async fn deny(self) -> Result<()> {
        self.end(RETURN).await
    }

    /// Goes to the button that allows it, and presses it. The window is gone when this returns.
    ///
    /// # Errors
    /// That there is none, or that the window stays.
    pub async fn allow(self) -> Result<()> {
        let named = |one: &&Read| one.name.starts_with("Allow for");
        // It is not there for fingers that are still typing elsewhere.
        let ready = |all: &[Read]| all.iter().find(named).is_some_and(|one| one.enabled).then_some(());
        self.ears.wait(&self.title, "the button that allows it to be ready", ready).await?;
        self.desk.display().type_keys(&TAB.to_string())?;
        let on_it = |all: &[Read]| all.iter().find(named).is_some_and(|one| one.focused).then_some(());
        self.ears.wait(&self.title, "the button that allows it to have the focus", on_it).await?;
        self.end(RETURN).await
    }

    async fn end(self, key: char) -> Result<()> {
        let mark = self.app.mark();
        self.desk.display().type_keys(&key.to_string())?;
        let gone = json!({ "label": "prompt", "state": "destroyed" });
        self.app.says(mark, "window", &gone).await.map(drop)
    }
}
