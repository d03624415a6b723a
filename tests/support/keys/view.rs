//! The view "Keys" of the window.

use crate::{
    deadline::{START, WHILE},
    driver::Driver,
};
use anyhow::Result;
use fantoccini::Locator;

/// The view, with its words and buttons as a person finds them. Further ones are [`Driver`]'s.
#[derive(Clone, Copy, Debug)]
pub struct KeysView<'a> {
    window: &'a Driver,
}

impl<'a> KeysView<'a> {
    pub(super) fn of(window: &'a Driver) -> Self {
        Self { window }
    }

    /// Opens it from the first window, where there is no organisation yet.
    ///
    /// # Errors
    /// That there is no way to it.
    pub async fn open_before_all(self) -> Result<()> {
        self.window.press("Manage security keys").await?;
        self.window.see(Locator::XPath("//h1[.='Keys']")).await.map(drop)
    }

    /// Opens it in the navigation.
    ///
    /// # Errors
    /// That there is no way to it.
    pub async fn open(self) -> Result<()> {
        self.window.press("Keys").await?;
        self.window.see(Locator::XPath("//h1[.='Keys']")).await.map(drop)
    }

    /// Waits until the view says this.
    ///
    /// # Errors
    /// What it says instead.
    pub async fn says(self, words: &str) -> Result<()> {
        self.window.read(WHILE, words).await
    }

    /// Waits until the first key that is there has told what it is, and is on show.
    ///
    /// # Errors
    /// That none has in time.
    pub async fn knows_a_key(self) -> Result<()> {
        self.window.read(WHILE, "Overview").await
    }

    /// Waits until there is none.
    ///
    /// # Errors
    /// That one stays.
    pub async fn knows_none(self) -> Result<()> {
        self.window.read(START, "No security key found").await
    }

    /// The name of the key that is on show.
    ///
    /// # Errors
    /// That none is.
    pub async fn name(self) -> Result<String> {
        Ok(self.window.see(Locator::Id("key-name")).await?.text().await?)
    }

    /// Turns to the page whose tab begins with this word.
    ///
    /// # Errors
    /// That the key has no such page.
    pub async fn page(self, tab: &str) -> Result<()> {
        let tab = format!("//*[@role='tab'][starts-with(normalize-space(.), '{tab}')]");
        self.window.click(Locator::XPath(&tab)).await
    }

    /// Chooses the key of this name in the list.
    ///
    /// # Errors
    /// That it is not there.
    pub async fn choose(self, name: &str) -> Result<()> {
        let option = format!("//*[@role='option'][.//strong[.='{name}']]");
        self.window.click(Locator::XPath(&option)).await
    }
}
