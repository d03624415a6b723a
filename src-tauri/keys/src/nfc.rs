//! Keys held to a reader, or lying in it: PC/SC, by the library's card.

use std::{
    cell::Cell,
    collections::HashMap,
    ffi::{CStr, CString},
    pin::Pin,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream};
use pcsc::{Context, PNP_NOTIFICATION, ReaderState, Scope, State};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::mpsc,
};
use webauthn_authenticator_rs::{
    ctap2::commands::{CBORCommand, GetInfoRequest},
    error::WebauthnCError,
    nfc::NFCCard,
    transport::Token,
    types::{CableRequestType, CableState, EnrollSampleStatus},
    ui::UiCallback,
};

use crate::{
    Error, Event, Found, KeyId, Permission, Ui, User,
    bus::{Broken, Bus, Marks, Obstacle, Transport, Wire},
};

/// The longest wait for the service to tell of something, and between two looks for a service that is not there.
const WAIT: Duration = Duration::from_secs(if cfg!(target_os = "macos") { 1 } else { 20 });

/// How soon a card is looked at again that could not be opened: one that was put in a moment ago may have no power yet.
const AGAIN: Duration = Duration::from_secs(1);

/// How long a card that failed is given to turn out to be gone.
const LEAVES: Duration = Duration::from_secs(3);

/// CCID interfaces of USB keys: their FIDO application does not answer there, or only to refuse. As in the
/// library, which keeps its list to itself.
const NOT_READERS: [&str; 3] = ["Nitrokey", "SoloKey", "YubiKey"];

/// The commands during which a key over USB would want to be touched.
const WANT_TOUCH: [u8; 4] = [0x01, 0x02, 0x07, 0x0b];

/// Keys on PC/SC readers.
pub(crate) struct Nfc {
    known: Known,
}

/// What the card in a reader was found to be (`None`: no key), by how many cards had come and gone there. A card that is in use
/// cannot be asked again; held while one is asked, so that two watches do not keep each other out.
type Known = Arc<Mutex<HashMap<CString, (u32, Option<Found>)>>>;

impl Nfc {
    pub(crate) fn new() -> Self {
        Self { known: Known::default() }
    }
}

#[async_trait]
impl Bus for Nfc {
    fn watch(&self) -> BoxStream<'static, Event> {
        let (tell, told) = mpsc::unbounded_channel();
        let (known, stop) = (Arc::clone(&self.known), Stop::default());
        let stopping = stop.clone();
        thread::spawn(move || {
            // A clock of the thread's own, as it may outlive the caller's runtime by a moment.
            match Builder::new_current_thread().enable_time().build() {
                Ok(runtime) => {
                    Watch { tell, known, runtime, stop: stopping, there: Vec::new(), again: Cell::default() }
                        .run();
                }
                Err(error) => {
                    let error = Error::Trouble(format!("no clock: {error}"));
                    let _ = tell.send(Event::Unavailable(Transport::Nfc, error));
                    let _ = tell.send(Event::Complete);
                }
            }
        });
        Box::pin(stream::unfold((told, stop), |(mut told, stop)| async move {
            told.recv().await.map(|event| (event, (told, stop)))
        }))
    }

    async fn connect(&self, key: &KeyId) -> Result<Box<dyn Wire>, Error> {
        let reader = key.as_str().strip_prefix("nfc:").and_then(|reader| CString::new(reader).ok());
        let reader = reader.ok_or(Error::NotConnected)?;
        let runtime = Handle::current();
        let connecting = tokio::task::spawn_blocking(move || {
            let context = Context::establish(Scope::User).map_err(service)?;
            let mut state = [ReaderState::new(reader.clone(), State::UNAWARE)];
            context.get_status_change(Duration::ZERO, &mut state).map_err(card)?;
            if !state[0].event_state().contains(State::PRESENT) {
                return Err(Error::NotConnected);
            }
            let card = open(&context, &reader, state[0].atr(), |init| runtime.block_on(init))?;
            Ok(Card { card, context, reader })
        });
        Ok(Box::new(connecting.await.map_err(|error| Error::Trouble(error.to_string()))??))
    }
}

type Initialising<'a> = Pin<Box<dyn Future<Output = Result<(), WebauthnCError>> + Send + 'a>>;

/// Why a card was not opened.
enum Unopened {
    /// It is no security key, and never will be one.
    OfAnotherKind,
    /// It may be one: it left, was not powered yet, or somebody else uses it.
    Failed(Error),
}

impl From<Unopened> for Error {
    fn from(unopened: Unopened) -> Self {
        match unopened {
            Unopened::OfAnotherKind => Self::NotConnected,
            Unopened::Failed(error) => error,
        }
    }
}

/// Connects to a card and selects its FIDO application. Blocks.
fn open(
    context: &Context,
    reader: &CStr,
    atr: &[u8],
    wait: impl FnOnce(Initialising<'_>) -> Result<(), WebauthnCError>,
) -> Result<NFCCard, Unopened> {
    let failed = |error| match error {
        WebauthnCError::PcscError(error) => Unopened::Failed(card(error)),
        WebauthnCError::PermissionDenied => Unopened::Failed(Error::Permission(denied())),
        // No FIDO application, or a card of another kind.
        WebauthnCError::NotSupported | WebauthnCError::StorageCard => Unopened::OfAnotherKind,
        other => Unopened::Failed(Error::Trouble(other.to_string())),
    };
    let mut card = NFCCard::new(context, reader, atr).map_err(failed)?;
    wait(card.init()).map_err(failed)?;
    Ok(card)
}

fn denied() -> Permission {
    if cfg!(windows) { Permission::NotElevated } else { Permission::SmartCardService }
}

fn service(error: pcsc::Error) -> Error {
    match error {
        pcsc::Error::NoAccess | pcsc::Error::SecurityViolation => Error::Permission(denied()),
        other => Error::Trouble(format!("PC/SC: {other}")),
    }
}

fn card(error: pcsc::Error) -> Error {
    match error {
        pcsc::Error::SharingViolation => Error::Busy(User::AnotherProgram),
        pcsc::Error::NoSmartcard
        | pcsc::Error::RemovedCard
        | pcsc::Error::UnknownReader
        | pcsc::Error::ReaderUnavailable
        | pcsc::Error::UnpoweredCard
        | pcsc::Error::UnresponsiveCard => Error::NotConnected,
        other => service(other),
    }
}

struct Card {
    card: NFCCard,
    context: Context,
    reader: CString,
}

impl Card {
    /// Whether the card has left its reader. The service finds out within half a second, or later on a busy computer.
    fn has_left(&self) -> bool {
        let mut state = [ReaderState::new(self.reader.clone(), State::PRESENT)];
        let _ = self.context.get_status_change(LEAVES, &mut state);
        !state[0].event_state().contains(State::PRESENT)
    }
}

#[async_trait]
impl Wire for Card {
    async fn transmit(&mut self, message: &[u8], ui: &Ui) -> Result<Vec<u8>, Broken> {
        // A card has no way to say that it waits, nor one to be stopped.
        if message.first().is_some_and(|command| WANT_TOUCH.contains(command)) {
            ui.touch_needed();
        }
        let error = match self.card.transmit_raw(message, &Silent).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        Err(match error {
            WebauthnCError::Ctap(status) => Broken::Status(status.into()),
            // A card that is pulled out in the middle fails in many ways.
            _ if self.has_left() => Broken::Gone,
            WebauthnCError::ApduTransmission if message == [GetInfoRequest::CMD] => Broken::NotCtap2,
            other => Broken::Other(other.to_string()),
        })
    }

    fn transport(&self) -> Transport {
        Transport::Nfc
    }
}

/// The library tells a card's user nothing.
#[derive(Debug)]
struct Silent;

impl UiCallback for Silent {
    fn request_pin(&self) -> Option<String> {
        None
    }
    fn request_touch(&self) {}
    fn processing(&self) {}
    fn fingerprint_enrollment_feedback(&self, _: u32, _: Option<EnrollSampleStatus>) {}
    fn cable_qr_code(&self, _: CableRequestType, _: String) {}
    fn dismiss_qr_code(&self) {}
    fn cable_status_update(&self, _: CableState) {}
}

/// Wakes the watching thread when nobody watches any more.
#[derive(Clone, Default)]
struct Stop(Arc<(Mutex<Option<Context>>, Condvar)>);

impl Stop {
    fn wake_by(&self, context: Option<Context>) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = context;
    }

    /// Waits for a moment, or until nobody watches.
    fn wait(&self) {
        let context = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.1.wait_timeout(context, Duration::from_secs(2)));
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        if let Some(context) = &*self.0.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = context.cancel();
        }
        self.0.1.notify_all();
    }
}

struct Watch {
    tell: mpsc::UnboundedSender<Event>,
    known: Known,
    runtime: Runtime,
    stop: Stop,
    there: Vec<There>,
    /// A card could not be opened and is looked at again soon.
    again: Cell<bool>,
}

/// A card that was told of.
struct There {
    reader: CString,
    /// How many cards had come and gone in the reader: tells another card, put in quickly, from this one.
    count: u32,
    found: Found,
}

impl Watch {
    fn run(mut self) {
        let mut complete = false;
        let mut told = false;
        while !self.tell.is_closed() {
            let trouble = match Context::establish(Scope::User) {
                Ok(context) => {
                    self.stop.wake_by(Some(context.clone()));
                    told = false;
                    let ended = self.watch(&context, &mut complete);
                    self.stop.wake_by(None);
                    ended
                }
                Err(error) => error,
            };
            self.unplug(|_, _| true);
            if !told {
                told = true;
                let _ = self.tell.send(Event::Unavailable(Transport::Nfc, service(trouble)));
            }
            if !complete {
                complete = true;
                let _ = self.tell.send(Event::Complete);
            }
            // The service may be started, or come back.
            self.stop.wait();
        }
    }

    /// Watches until the service fails or nobody listens.
    fn watch(&mut self, context: &Context, complete: &mut bool) -> pcsc::Error {
        let mut states = vec![ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE)];
        loop {
            let readers = match context.list_readers_owned() {
                Ok(readers) => readers,
                Err(pcsc::Error::NoReadersAvailable) => Vec::new(),
                Err(error) => return error,
            };
            states.retain(|state| {
                state.name() == PNP_NOTIFICATION() || readers.iter().any(|name| **name == *state.name())
            });
            self.unplug(|reader, _| !readers.iter().any(|name| **name == *reader));
            for reader in readers {
                let text = reader.to_string_lossy().into_owned();
                let ours = !NOT_READERS.iter().any(|name| text.contains(name));
                if ours && !states.iter().any(|state| *state.name() == *reader) {
                    states.push(ReaderState::new(reader, State::UNAWARE));
                }
            }
            for state in &mut states {
                state.sync_current_state();
            }
            let wait = match (*complete, self.again.take()) {
                (false, _) => Duration::ZERO,
                (true, true) => AGAIN,
                (true, false) => WAIT,
            };
            match context.get_status_change(wait, &mut states) {
                Ok(()) | Err(pcsc::Error::Timeout | pcsc::Error::UnknownReader | pcsc::Error::Cancelled) => {}
                Err(error) => return error,
            }
            if self.tell.is_closed() {
                return pcsc::Error::Cancelled;
            }
            for state in states.iter().filter(|state| state.name() != PNP_NOTIFICATION()) {
                self.look(context, state);
            }
            if !*complete {
                *complete = true;
                let _ = self.tell.send(Event::Complete);
            }
        }
    }

    fn look(&mut self, context: &Context, state: &ReaderState) {
        let now = state.event_state();
        let reader = state.name();
        if !now.contains(State::PRESENT) {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(reader);
            self.unplug(|name, _| name == reader);
            return;
        }
        let count = state.event_count();
        self.unplug(|name, before| name == reader && before != count);
        let fresh = !self.there.iter().any(|there| *there.reader == *reader);
        if !fresh || now.contains(State::MUTE) {
            return;
        }
        if let Some(found) = self.probe(context, reader, state.atr(), count) {
            let _ = self.tell.send(Event::Plugged(found.clone()));
            self.there.push(There { reader: reader.to_owned(), count, found });
        }
    }

    /// Finds out whether a card is a key: by the key's own word, unless it was asked before.
    fn probe(&self, context: &Context, reader: &CStr, atr: &[u8], count: u32) -> Option<Found> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = known.get(reader).filter(|(before, _)| *before == count) {
            return found.clone();
        }
        let name = reader.to_string_lossy().into_owned();
        let mut found = Found {
            id: KeyId::new("nfc", &name),
            transport: Transport::Nfc,
            marks: Marks { port: Some(name.clone()), ..Marks::default() },
            name,
            obstacle: None,
        };
        match open(context, reader, atr, |init| self.runtime.block_on(init)) {
            Ok(mut card) => {
                let asked = card.transmit_raw(&[GetInfoRequest::CMD], &Silent);
                if let Err(WebauthnCError::ApduTransmission | WebauthnCError::Ctap(_)) =
                    self.runtime.block_on(asked)
                {
                    found.obstacle = Some(Obstacle::U2fOnly);
                }
            }
            Err(Unopened::Failed(Error::Permission(permission))) => {
                found.obstacle = Some(Obstacle::Permission(permission));
            }
            // Not to be bothered again.
            Err(Unopened::OfAnotherKind) => {
                known.insert(reader.to_owned(), (count, None));
                return None;
            }
            // In use by another program, say, or not powered yet: it is looked at again.
            Err(Unopened::Failed(_)) => {
                self.again.set(true);
                return None;
            }
        }
        known.insert(reader.to_owned(), (count, Some(found.clone())));
        Some(found)
    }

    fn unplug(&mut self, gone: impl Fn(&CStr, u32) -> bool) {
        let tell = &self.tell;
        self.there.retain(|there| {
            let gone = gone(&there.reader, there.count);
            if gone {
                let _ = tell.send(Event::Unplugged(there.found.id.clone()));
            }
            !gone
        });
    }
}
