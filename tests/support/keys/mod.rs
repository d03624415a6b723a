//! A desk with security keys: card readers of the desk's own, keys that are plugged, touched and unplugged from the
//! test, and the shipped app that finds them by its own way to card readers. Nothing in the app knows of this.

mod card;
mod prompt;
mod view;

pub use card::{CardKey, CardReaders};
pub use prompt::Prompt;
pub use view::KeysView;

use crate::{
    app::App,
    desk::{Desk, ScreenReader},
    driver::Driver,
};
use anyhow::Result;
use prompt::Wants;

/// The app at a desk with two readers. Clones are the same.
#[derive(Clone, Debug)]
pub struct KeyDesk {
    /// The desk.
    pub desk: Desk,
    /// The app, just started.
    pub app: App,
    /// Its window.
    pub window: Driver,
    readers: CardReaders,
    ears: ScreenReader,
}

impl KeyDesk {
    /// Starts readers, then the app with its window. No key is plugged in yet.
    ///
    /// # Errors
    /// Which part did not start.
    pub async fn start(desk: &Desk) -> Result<Self> {
        Self::start_with(desk, &[], &[]).await
    }

    /// As [`Self::start`], with arguments and further variables for the app.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(desk: &Desk, args: &[&str], vars: &[(&str, &str)]) -> Result<Self> {
        let readers = CardReaders::start(desk).await?;
        let ears = ScreenReader::start(desk).await?;
        let socket = readers.socket();
        let found = [("PCSCLITE_CSOCK_NAME", socket.as_str())];
        let vars: Vec<_> = vars.iter().copied().chain(ears.environment()).chain(found).collect();
        let (app, window) = App::start_driven(desk, args, &vars).await?;
        let window = window.window().await?;
        Ok(Self { desk: desk.clone(), app, window, readers, ears })
    }

    /// The readers.
    #[must_use]
    pub fn readers(&self) -> &CardReaders {
        &self.readers
    }

    /// The key of the first reader.
    #[must_use]
    pub fn key(&self) -> &CardKey {
        self.readers.key(0)
    }

    /// The key of the second reader.
    #[must_use]
    pub fn second_key(&self) -> &CardKey {
        self.readers.key(1)
    }

    /// Takes the first key away and, when the view has seen that, lays it down again, which is what gives a key its
    /// power anew. It is the only one.
    ///
    /// # Errors
    /// That the view does not follow.
    pub async fn replug(&self) -> Result<()> {
        self.key().unplug().await?;
        self.view().knows_none().await?;
        self.key().plug().await?;
        self.view().knows_a_key().await
    }

    /// The view "Keys" of the window.
    #[must_use]
    pub fn view(&self) -> KeysView<'_> {
        KeysView::of(&self.window)
    }

    /// Waits for the window in which PINs are typed, by its title.
    ///
    /// # Errors
    /// That it did not come in time.
    pub async fn prompt(&self, title: &str) -> Result<Prompt<'_>> {
        Prompt::open(&self.desk, &self.app, &self.ears, title, Wants::Pin).await
    }

    /// Waits for the window that asks for a touch, by its title.
    ///
    /// # Errors
    /// That it did not come in time.
    pub async fn touch_prompt(&self, title: &str) -> Result<Prompt<'_>> {
        Prompt::open(&self.desk, &self.app, &self.ears, title, Wants::Touch).await
    }

    /// Whether a window of this title is on the screen.
    ///
    /// # Errors
    /// That the display is gone.
    pub fn shows(&self, title: &str) -> Result<bool> {
        self.desk.display().shows(title)
    }
}
