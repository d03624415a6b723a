//! What every use-case has at hand besides the state.

use crate::{
    engine::{Event, Message},
    model::{
        Timestamp,
        code::Code,
        history::{By, Entry, Event as Happened},
        ids::OrgId,
        secret::ClientRegistration,
    },
    ports::{Ports, Write},
    request::Answer,
    saver::Saver,
    state::State,
    turns::Turns,
    writer::Writer,
};
use jiff::tz::TimeZone;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// What every use-case needs besides the state.
#[derive(Clone)]
pub(crate) struct Context {
    pub ports: Ports,
    pub tx: mpsc::UnboundedSender<Message>,
    pub zone: TimeZone,
    /// Nothing happens by itself.
    pub on_demand: bool,
    /// What is done to the CLI's cache of sign-ins.
    pub turns: Turns,
    pub writer: Writer,
    pub saver: Saver,
}

impl Context {
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    pub fn send(&self, event: Event) {
        // Nobody listens only while the program ends.
        let _ = self.tx.send(Message::Event(event));
    }

    /// The server does not know a registration any more.
    pub fn forgotten(&self, org: &OrgId, client: &ClientRegistration) {
        self.send(Event::Forgotten(org.clone(), client.client_id.clone()));
    }

    /// Writes to the store in the background, in the order of the calls; a failure comes back as an event,
    /// is shown and tried again.
    pub fn commit(&self, writes: Vec<Write>) {
        self.writer.commit(writes);
    }

    /// As [`Self::commit`], for those who wait for it. Its place in the order is taken at once.
    pub fn committed(&self, writes: Vec<Write>) -> impl Future<Output = Result<(), Code>> + Send + use<> {
        self.writer.committed(writes)
    }

    /// Waits until the store holds what was decided so far.
    pub async fn flush(&self) {
        self.writer.flush().await;
    }

    /// Notes what was done, in Activity and in the store; the number of its line.
    pub fn note(&self, state: &mut State, by: By, event: Happened) -> i64 {
        // Counted here, so that a line has its number at once and never another one. The newest line has
        // the highest.
        state.last_line += 1;
        let id = state.last_line;
        let entry = Entry { id, at: self.now(), by, event };
        let history = Arc::make_mut(&mut state.history);
        history.insert(0, entry.clone());
        history.truncate(200);
        self.commit(vec![Write::History(entry)]);
        id
    }

    /// Saves settings in their turn.
    pub fn save(&self, settings: crate::model::settings::Settings, answer: oneshot::Sender<Answer>) {
        self.saver.save(settings, answer);
    }

    /// A number between 0 and 1, for jitter.
    #[expect(
        clippy::unused_self,
        clippy::disallowed_methods,
        reason = "the door through which chance comes in"
    )]
    pub fn chance(&self) -> f64 {
        rand::random::<f64>()
    }

    /// An id that was never used before.
    #[expect(
        clippy::unused_self,
        clippy::disallowed_methods,
        reason = "the door through which chance comes in"
    )]
    pub fn new_org_id(&self) -> OrgId {
        OrgId::new(format!("org-{:016x}", rand::random::<u64>()))
    }
}
