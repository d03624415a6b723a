//! How keys are found and reached: what a way to keys (USB, PC/SC) has to offer to the rest of this crate.
//!
//! The tests put virtual keys behind [`Bus`] and [`Wire`]; the program has [`crate::Keys::of_this_computer`].

use std::fmt;

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use crate::{Error, Permission, ask::Ui};

/// Names a key for as long as it is plugged in; plugged in again, it may have another. Not to be kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// `bus` keeps the ids of two buses apart, `place` the keys of one: a device's path, a reader's name.
    pub fn new(bus: &str, place: &str) -> Self {
        Self(format!("{bus}:{place}"))
    }

    /// The id as text, for a window to hand back.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id that [`Self::as_str`] gave.
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn place(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, place)| place)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a key is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// USB HID.
    Usb,
    /// A PC/SC reader: held to it, or lying in it.
    Nfc,
}

/// A key as it shows itself before it is talked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id while it is plugged in.
    pub id: KeyId,
    /// How it is connected.
    pub transport: Transport,
    /// What the device calls itself, or the reader it lies in; a better name may be in [`crate::Info::model`].
    pub name: String,
    /// What tells it from others of its kind after it was unplugged, as far as the system knows.
    pub marks: Marks,
    /// What stands in the way of using it, if anything is known already.
    pub obstacle: Option<Obstacle>,
}

/// What the system knows of a device that outlives unplugging it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The serial number of the USB device; most keys have none that the system sees.
    pub serial: Option<String>,
    /// Vendor and product of the USB device.
    pub product: Option<(u16, u16)>,
    /// The port it is plugged in to.
    pub port: Option<String>,
}

/// Why a key that is seen cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It knows U2F only: recognised and explained, no more. Over USB this shows when the key is opened.
    U2fOnly,
    /// The system does not let us in.
    Permission(Permission),
    /// Another program holds it.
    Busy,
}

/// What happens at the computer's ports and readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key was plugged in, or was there when watching began.
    Plugged(Found),
    /// A key went away.
    Unplugged(KeyId),
    /// All keys that were there when watching began have been told of.
    Complete,
    /// One of the ways to keys does not work; the others go on.
    Unavailable(Transport, Error),
}

/// A way to keys.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Tells of the keys that are there, then [`Event::Complete`], then of what changes, until it is dropped.
    fn watch(&self) -> BoxStream<'static, Event>;

    /// Opens a key for one operation, or for one after another.
    ///
    /// # Errors
    /// [`Error::NotConnected`] when this bus has no such key, [`Error::Busy`], [`Error::Permission`],
    /// [`Error::U2fOnly`], [`Error::Trouble`].
    async fn connect(&self, key: &KeyId) -> Result<Box<dyn Wire>, Error>;
}

/// An open connection to a key.
#[async_trait]
pub trait Wire: Send {
    /// Hands a CTAP2 message (command byte and CBOR) over and waits for the answer without its status byte.
    /// Runs on a thread of its own, where it may block.
    ///
    /// # Errors
    /// The key's status, or that it could not be reached.
    async fn transmit(&mut self, message: &[u8], ui: &Ui) -> Result<Vec<u8>, Broken>;

    /// How the key is connected.
    fn transport(&self) -> Transport;

    /// Makes the connection good again after a pause between two operations.
    ///
    /// # Errors
    /// That it could not be.
    async fn refresh(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// Why a message got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The key's status byte (CTAP 2.1, 8.2), never zero.
    Status(u8),
    /// It is not there any more.
    Gone,
    /// It does not understand CTAP2.
    NotCtap2,
    /// It stopped because we asked it to.
    Cancelled,
    /// Anything else, for a log.
    Other(String),
}
