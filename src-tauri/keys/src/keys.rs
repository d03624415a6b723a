//! All keys of this computer, and one opened for an operation.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};

use crate::{
    Ask, Bus, Error, Event, Found, KeyId, Transport, User,
    ctap::{Run, Talk},
};

/// The keys of this computer. Cheap to clone; all clones know of each other's operations.
#[derive(Clone)]
pub struct Keys {
    buses: Arc<Vec<Arc<dyn Bus>>>,
    in_use: Arc<Mutex<HashSet<KeyId>>>,
}

/// A key opened for an operation: nobody else of this program gets it until this is dropped.
#[derive(Debug)]
pub struct Key {
    pub(crate) talk: Talk,
}

/// That an operation has a key to itself.
pub(crate) struct Lease {
    key: KeyId,
    in_use: Arc<Mutex<HashSet<KeyId>>>,
}

impl Lease {
    fn take(key: &KeyId, in_use: &Arc<Mutex<HashSet<KeyId>>>) -> Result<Self, Error> {
        let fresh = in_use.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        if fresh {
            Ok(Self { key: key.clone(), in_use: Arc::clone(in_use) })
        } else {
            Err(Error::Busy(User::Here))
        }
    }

    pub(crate) fn key(&self) -> &KeyId {
        &self.key
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("buses", &self.buses.len()).finish_non_exhaustive()
    }
}

impl Keys {
    /// USB and PC/SC.
    pub fn of_this_computer() -> Self {
        Self::on(vec![Arc::new(crate::usb::Usb::new()), Arc::new(crate::nfc::Nfc::new())])
    }

    /// Keys that are reached in other ways: the tests' virtual ones.
    pub fn on(buses: Vec<Arc<dyn Bus>>) -> Self {
        Self { buses: Arc::new(buses), in_use: Arc::default() }
    }

    /// Tells of the keys that are there, then [`Event::Complete`], then of those that come and go.
    pub fn watch(&self) -> BoxStream<'static, Event> {
        // One Complete out of one for each bus: when the last has come.
        let mut left = self.buses.len();
        let all = stream::select_all(self.buses.iter().map(|bus| bus.watch()));
        Box::pin(all.filter_map(move |event| {
            let mut event = Some(event);
            if event == Some(Event::Complete) {
                left = left.saturating_sub(1);
                if left > 0 {
                    event = None;
                }
            }
            std::future::ready(event)
        }))
    }

    /// The keys that are there now, by a [`Self::watch`] up to its [`Event::Complete`].
    pub async fn found(&self) -> Vec<Found> {
        let mut found = Vec::new();
        let mut events = self.watch();
        while let Some(event) = events.next().await {
            match event {
                Event::Plugged(key) => found.push(key),
                Event::Unplugged(id) => found.retain(|key: &Found| key.id != id),
                Event::Complete => break,
                Event::Unavailable(..) => {}
            }
        }
        found
    }

    /// Opens a key.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::Busy`] (at once, without waiting), [`Error::Permission`],
    /// [`Error::U2fOnly`], [`Error::Trouble`].
    pub async fn open(&self, key: &KeyId) -> Result<Key, Error> {
        let lease = Lease::take(key, &self.in_use)?;
        for bus in self.buses.iter() {
            match bus.connect(key).await {
                Err(Error::NotConnected) => {}
                Err(error) => return Err(error),
                Ok(wire) => return Ok(Key { talk: Talk::new(wire, lease) }),
            }
        }
        Err(Error::NotConnected)
    }
}

impl Key {
    /// Its id while it is plugged in.
    pub fn id(&self) -> &KeyId {
        self.talk.lease().key()
    }

    /// How it is connected.
    pub fn transport(&self) -> Transport {
        self.talk.transport()
    }

    /// Begins an operation.
    pub(crate) async fn run<'a>(&mut self, ask: &'a Ask) -> Result<Run<'a>, Error> {
        self.talk.refresh().await?;
        Ok(Run::new(ask))
    }
}
