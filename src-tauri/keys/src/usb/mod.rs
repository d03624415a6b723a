//! Keys over USB HID.

mod frames;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

use std::time::Duration;

use async_trait::async_trait;
use crypto_glue::aes256cbc::new_iv;
use futures_util::stream::{self, BoxStream};

use self::frames::Channel;
use crate::{
    Error, Event, Found, KeyId,
    bus::{Bus, Transport, Wire},
};
#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use other as system;

/// How often a watch looks for what changed. One directory, and only while somebody watches.
const LOOK: Duration = Duration::from_millis(500);

/// Keys over USB HID.
pub(crate) struct Usb {}

impl Usb {
    pub(crate) fn new() -> Self {
        Self {}
    }
}

struct Watching {
    known: Vec<Found>,
    due: std::collections::VecDeque<Event>,
    complete: bool,
}

#[async_trait]
impl Bus for Usb {
    fn watch(&self) -> BoxStream<'static, Event> {
        let trouble = system::trouble().map(|error| Event::Unavailable(Transport::Usb, error));
        let start = Watching { known: Vec::new(), due: trouble.into_iter().collect(), complete: false };
        Box::pin(stream::unfold(start, |mut watching| async move {
            loop {
                if let Some(event) = watching.due.pop_front() {
                    return Some((event, watching));
                }
                if watching.complete {
                    tokio::time::sleep(LOOK).await;
                }
                let now = tokio::task::spawn_blocking(system::scan).await.unwrap_or_default();
                watching.compare(now);
                if !watching.complete {
                    watching.complete = true;
                    watching.due.push_back(Event::Complete);
                }
            }
        }))
    }

    async fn connect(&self, key: &KeyId) -> Result<Box<dyn Wire>, Error> {
        if !key.as_str().starts_with("usb:") {
            return Err(Error::NotConnected);
        }
        let device = system::Device::open(std::path::Path::new(key.place()))?;
        // Opens a channel on a thread where the system's calls may block.
        let runtime = tokio::runtime::Handle::current();
        let opening = tokio::task::spawn_blocking(move || runtime.block_on(Channel::open(device, nonce)));
        let opened = opening.await.map_err(|error| Error::Trouble(error.to_string()))?;
        opened.map(|channel| -> Box<dyn Wire> { Box::new(channel) }).map_err(frames::not_opened)
    }
}

impl Watching {
    fn compare(&mut self, now: Vec<Found>) {
        // The same place with another device in it is another key.
        let same = |one: &Found, other: &Found| one.id == other.id && one.marks == other.marks;
        for old in &self.known {
            if !now.iter().any(|found| same(found, old)) {
                self.due.push_back(Event::Unplugged(old.id.clone()));
            }
        }
        for new in &now {
            match self.known.iter().find(|old| same(old, new)) {
                Some(old) if old.obstacle == new.obstacle => {}
                // The rule that lets us in comes a moment after the device.
                Some(_) => {
                    self.due.push_back(Event::Unplugged(new.id.clone()));
                    self.due.push_back(Event::Plugged(new.clone()));
                }
                None => self.due.push_back(Event::Plugged(new.clone())),
            }
        }
        self.known = now;
    }
}

/// Tells our answer from others'; nothing depends on its being hard to guess.
fn nonce() -> [u8; 8] {
    let mut nonce = [0; 8];
    nonce.copy_from_slice(&new_iv()[..8]);
    nonce
}

#[cfg(test)]
mod hid_tests;
