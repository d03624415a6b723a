//! All keys of this computer, and one opened for an operation.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use jiff::Timestamp;

use crate::{Ask, Bus, Error, Event, Found, Info, KeyId, Pin, Unlocked};

/// The keys of this computer. Cheap to clone; all clones know of each other's operations.
#[derive(Clone)]
pub struct Keys {}

/// A key opened for an operation: nobody else of this program gets it until this is dropped.
pub struct Key {}

impl Keys {
    /// USB and PC/SC.
    pub fn of_this_computer() -> Self {
        Self {}
    }

    /// Keys that are reached in other ways: the tests' virtual ones.
    pub fn on(_buses: Vec<Arc<dyn Bus>>) -> Self {
        Self {}
    }

    /// Tells of the keys that are there, then [`Event::Complete`], then of those that come and go.
    pub fn watch(&self) -> BoxStream<'static, Event> {
        Box::pin(futures_util::stream::empty())
    }

    /// The keys that are there now, by a [`Self::watch`] up to its [`Event::Complete`].
    pub async fn found(&self) -> Vec<Found> {
        Vec::new()
    }

    /// Opens a key.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::Busy`] (at once, without waiting), [`Error::Permission`],
    /// [`Error::U2fOnly`], [`Error::Trouble`].
    pub async fn open(&self, _key: &KeyId) -> Result<Key, Error> {
        Err(Error::NotConnected)
    }
}

impl Key {
    /// Its id.
    pub fn id(&self) -> &KeyId {
        unimplemented!()
    }

    /// What it is and holds, asked anew. Needs no PIN and no touch.
    ///
    /// # Errors
    /// [`Error::U2fOnly`], and what ends any operation.
    pub async fn info(&mut self, _ask: &Ask) -> Result<Info, Error> {
        Err(Error::NotConnected)
    }

    /// Blinks until it is touched (`authenticatorSelection`, or what CTAP 2.0 has for it): done when it was.
    ///
    /// # Errors
    /// What ends any operation; [`Error::TimedOut`] when nobody touched it.
    pub async fn identify(&mut self, _ask: &Ask) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Sets the first PIN.
    ///
    /// # Errors
    /// [`Error::PinAlreadySet`], [`Error::PinRule`], [`Error::NotSupported`].
    pub async fn set_pin(&mut self, _new: Pin, _ask: &Ask) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Changes the PIN.
    ///
    /// # Errors
    /// [`Error::WrongPin`] (the old one), [`Error::SoftLocked`], [`Error::Blocked`], [`Error::NoPin`],
    /// [`Error::PinRule`].
    pub async fn change_pin(&mut self, _old: Pin, _new: Pin, _ask: &Ask) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Trades the PIN, which is zeroed whatever comes of it, for the right to change the key until five minutes
    /// after `now`.
    ///
    /// # Errors
    /// [`Error::WrongPin`], [`Error::SoftLocked`], [`Error::Blocked`], [`Error::NoPin`],
    /// [`Error::PinChangeForced`].
    pub async fn unlock(self, _pin: Pin, _now: Timestamp, _ask: &Ask) -> Result<Unlocked, (Self, Error)> {
        Err((self, Error::NotConnected))
    }
}
