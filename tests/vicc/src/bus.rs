//! Virtual keys as the crate `keys` finds them: plugged in, unplugged, used.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::RecvTimeoutError,
    },
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use keys::{Broken, Bus, Error, Event, Found, KeyId, Keys, Marks, Obstacle, Transport, Ui, User, Wire};
use tokio::sync::mpsc;

use crate::{Profile, VirtualKey};

/// How a key is plugged in.
#[derive(Clone, Debug)]
pub struct Plug {
    /// Over USB, or on a reader.
    pub transport: Transport,
    /// Which port.
    pub port: &'static str,
    /// What the system sees of it.
    pub marks: Marks,
}

impl Plug {
    /// Into a USB port; keys show no serial number there.
    pub fn usb(port: &'static str) -> Self {
        let marks = Marks { serial: None, product: Some((0x1915, 0x521f)), port: Some(port.to_owned()) };
        Self { transport: Transport::Usb, port, marks }
    }

    /// Onto a reader.
    pub fn nfc(port: &'static str) -> Self {
        Self { transport: Transport::Nfc, port, marks: Marks::default() }
    }

    /// The id of a key that is plugged in so.
    pub fn id(&self) -> KeyId {
        KeyId::new("virtual", self.port)
    }
}

/// Ports for virtual keys.
#[derive(Clone, Default)]
pub struct VirtualBus(Arc<Mutex<Ports>>);

#[derive(Default)]
struct Ports {
    plugged: Vec<Plugged>,
    watching: Vec<mpsc::UnboundedSender<Event>>,
    busy: bool,
}

/// A key in a port.
struct Plugged {
    found: Found,
    key: VirtualKey,
    /// Until it is pulled out: a connection ends with that, also where the key is plugged in again.
    there: Arc<AtomicBool>,
}

impl VirtualBus {
    /// With these ports only.
    pub fn keys(&self) -> Keys {
        Keys::on(vec![Arc::new(self.clone())])
    }

    fn ports(&self) -> MutexGuard<'_, Ports> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plugs a key in, which gets its power by it.
    pub fn plug(&self, key: &VirtualKey, plug: &Plug) -> KeyId {
        key.plugged(true);
        let u2f = key.profile() == Profile::U2fOnly;
        let found = Found {
            id: plug.id(),
            transport: plug.transport,
            name: "Virtual key".to_owned(),
            marks: plug.marks.clone(),
            obstacle: u2f.then_some(Obstacle::U2fOnly),
        };
        let mut ports = self.ports();
        let there = Arc::new(AtomicBool::new(true));
        ports.plugged.push(Plugged { found: found.clone(), key: key.clone(), there });
        ports.tell(&Event::Plugged(found));
        plug.id()
    }

    /// Unplugs the key in a port.
    pub fn unplug(&self, plug: &Plug) {
        let mut ports = self.ports();
        let id = plug.id();
        if let Some(place) = ports.plugged.iter().position(|one| one.found.id == id) {
            let one = ports.plugged.remove(place);
            one.there.store(false, Ordering::SeqCst);
            one.key.plugged(false);
            ports.tell(&Event::Unplugged(id));
        }
    }

    /// Lets another program have all keys.
    pub fn busy(&self, busy: bool) {
        self.ports().busy = busy;
    }
}

impl Ports {
    fn tell(&mut self, event: &Event) {
        self.watching.retain(|watching| watching.send(event.clone()).is_ok());
    }
}

#[async_trait]
impl Bus for VirtualBus {
    fn watch(&self) -> BoxStream<'static, Event> {
        let (tell, told) = mpsc::unbounded_channel();
        let mut ports = self.ports();
        let there = ports.plugged.iter().map(|one| Event::Plugged(one.found.clone()));
        let first: Vec<_> = there.chain([Event::Complete]).collect();
        ports.watching.push(tell);
        let then = stream::unfold(told, |mut told| async { told.recv().await.map(|event| (event, told)) });
        Box::pin(stream::iter(first).chain(then))
    }

    async fn connect(&self, key: &KeyId) -> Result<Box<dyn Wire>, Error> {
        let ports = self.ports();
        let one = ports.plugged.iter().find(|one| one.found.id == *key).ok_or(Error::NotConnected)?;
        if ports.busy {
            return Err(Error::Busy(User::AnotherProgram));
        }
        let (key, there, transport) = (one.key.clone(), Arc::clone(&one.there), one.found.transport);
        Ok(Box::new(Connected { key, there, transport }))
    }
}

struct Connected {
    key: VirtualKey,
    there: Arc<AtomicBool>,
    transport: Transport,
}

impl Connected {
    fn is_there(&self) -> bool {
        self.there.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Wire for Connected {
    async fn transmit(&mut self, message: &[u8], ui: &Ui) -> Result<Vec<u8>, Broken> {
        if !self.is_there() {
            return Err(Broken::Gone);
        }
        if self.key.profile() == Profile::U2fOnly {
            return Err(Broken::NotCtap2);
        }
        let answered = self.key.begin(message);
        let mut told = false;
        loop {
            match answered.recv_timeout(Duration::from_millis(5)) {
                _ if !self.is_there() => return Err(Broken::Gone),
                Ok(answer) => {
                    return match answer.split_first() {
                        Some((0, answer)) => Ok(answer.to_vec()),
                        Some((&status, _)) => Err(Broken::Status(status)),
                        None => Err(Broken::Other("an empty answer".to_owned())),
                    };
                }
                Err(RecvTimeoutError::Disconnected) => return Err(Broken::Gone),
                Err(RecvTimeoutError::Timeout) => {
                    if ui.is_cancelled() {
                        self.key.stop();
                    }
                    if !told && self.key.wait_for_prompt(Duration::ZERO) {
                        told = true;
                        ui.touch_needed();
                    }
                }
            }
        }
    }

    fn transport(&self) -> Transport {
        self.transport
    }
}
