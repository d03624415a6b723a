//! A notification server (org.freedesktop.Notifications 1.2) that remembers, and presses buttons.

use crate::{deadline::SOON, desk::Bus, record::Record};
use anyhow::{Result, bail};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::sync::oneshot;
use zbus::{
    Connection, interface,
    object_server::SignalEmitter,
    zvariant::{OwnedValue, Value},
};

const PATH: &str = "/org/freedesktop/Notifications";

/// Why a notification was closed, as the specification numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Closed {
    /// The person dismissed it or pressed a button.
    Dismissed = 2,
    /// The program took it back.
    ByCall = 3,
}

impl Closed {
    fn number(self) -> u32 {
        match self {
            Self::Dismissed => 2,
            Self::ByCall => 3,
        }
    }
}

/// One notification, as the program sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The server's number of it; a replacement keeps the number of what it replaces.
    pub id: u32,
    /// Whether it replaced an earlier one.
    pub replaces: bool,
    /// The program's name.
    pub app: String,
    /// The title.
    pub summary: String,
    /// The text.
    pub body: String,
    /// Buttons: key and label.
    pub actions: Vec<(String, String)>,
    /// The `urgency` hint: 0 low, 1 normal, 2 critical.
    pub urgency: Option<u8>,
    /// Milliseconds it is to stay; -1 as the server likes, 0 for ever.
    pub timeout: i32,
    /// Why it is no longer shown.
    pub closed: Option<Closed>,
}

impl Notification {
    /// The key of the button labelled `label`.
    #[must_use]
    pub fn action(&self, label: &str) -> Option<&str> {
        self.actions.iter().find(|(_, l)| l == label).map(|(key, _)| key.as_str())
    }
}

struct Interface {
    shown: Record<Notification>,
    next: AtomicU32,
    inhibited: Arc<AtomicBool>,
    hasty: Hasty,
}

/// The label of the button that is pressed on the next notification that has it, and what the answer to
/// the program waits for.
type Hasty = Arc<Mutex<Option<(String, oneshot::Receiver<()>)>>>;

fn hasty(press: &Hasty) -> MutexGuard<'_, Option<(String, oneshot::Receiver<()>)>> {
    press.lock().unwrap_or_else(PoisonError::into_inner)
}

#[interface(name = "org.freedesktop.Notifications")]
impl Interface {
    fn get_capabilities(&self) -> Vec<&'static str> {
        vec!["actions", "body", "persistence"]
    }

    fn get_server_information(&self) -> (&'static str, &'static str, &'static str, &'static str) {
        ("harness", "Latchkey tests", "1", "1.2")
    }

    #[expect(clippy::too_many_arguments, reason = "the specification's signature")]
    #[allow(clippy::needless_pass_by_value, reason = "what the interface macro hands over")]
    async fn notify(
        &self,
        app_name: String,
        replaces_id: u32,
        _app_icon: &str,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        expire_timeout: i32,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> zbus::fdo::Result<u32> {
        let id = match replaces_id {
            0 => self.next.fetch_add(1, Ordering::Relaxed),
            id => id,
        };
        let urgency = hints.get("urgency").and_then(|v| <&Value<'_>>::from(v).try_into().ok());
        let pairs = actions.chunks_exact(2).map(|p| (p[0].clone(), p[1].clone())).collect();
        let notification = Notification {
            id,
            replaces: replaces_id != 0,
            app: app_name,
            summary,
            body,
            actions: pairs,
            urgency,
            timeout: expire_timeout,
            closed: None,
        };
        let press = hasty(&self.hasty).take_if(|(label, _)| notification.action(label).is_some());
        let press = press.and_then(|(label, told)| Some((notification.action(&label)?.to_owned(), told)));
        self.shown.push(notification);
        if let Some((key, told)) = press {
            Self::action_invoked(&emitter, id, &key).await?;
            close(&self.shown, id, Closed::Dismissed);
            Self::notification_closed(&emitter, id, Closed::Dismissed.number()).await?;
            // Dropped or sent, the answer may go.
            let _ = told.await;
        }
        Ok(id)
    }

    async fn close_notification(
        &self,
        id: u32,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> zbus::fdo::Result<()> {
        close(&self.shown, id, Closed::ByCall);
        Ok(Self::notification_closed(&emitter, id, Closed::ByCall.number()).await?)
    }

    /// Do not disturb.
    #[zbus(property)]
    fn inhibited(&self) -> bool {
        self.inhibited.load(Ordering::Relaxed)
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, action_key: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
}

fn close(shown: &Record<Notification>, id: u32, why: Closed) {
    shown.change(|all| {
        for n in all.iter_mut().filter(|n| n.id == id) {
            n.closed.get_or_insert(why);
        }
    });
}

/// The notification server.
#[derive(Debug)]
pub struct Notifications {
    shown: Record<Notification>,
    inhibited: Arc<AtomicBool>,
    hasty: Hasty,
    connection: Connection,
}

impl Notifications {
    /// Serves it.
    ///
    /// # Errors
    /// That the name is taken.
    pub async fn start(bus: &Bus) -> Result<Self> {
        let connection = bus.connect().await?;
        let shown = Record::default();
        let inhibited = Arc::<AtomicBool>::default();
        let next = AtomicU32::new(1);
        let hasty = Hasty::default();
        let interface = Interface {
            shown: shown.clone(),
            next,
            inhibited: Arc::clone(&inhibited),
            hasty: Arc::clone(&hasty),
        };
        connection.object_server().at(PATH, interface).await?;
        bus.own(&connection, "org.freedesktop.Notifications").await?;
        Ok(Self { shown, inhibited, hasty, connection })
    }

    /// All that were shown, replacements included, in order.
    #[must_use]
    pub fn all(&self) -> Vec<Notification> {
        self.shown.all()
    }

    /// How many were shown so far.
    #[must_use]
    pub fn mark(&self) -> usize {
        self.shown.mark()
    }

    /// The first that `wanted` accepts.
    ///
    /// # Errors
    /// That none came in time.
    pub async fn wait(
        &self,
        limit: Duration,
        what: &str,
        wanted: impl Fn(&Notification) -> bool,
    ) -> Result<Notification> {
        self.shown.wait(limit, what, |n| wanted(n).then(|| n.clone())).await
    }

    /// The person asks not to be disturbed, or no longer.
    ///
    /// # Errors
    /// That the bus is gone.
    pub async fn set_do_not_disturb(&self, on: bool) -> Result<()> {
        self.inhibited.store(on, Ordering::Relaxed);
        let interface = self.connection.object_server().interface::<_, Interface>(PATH).await?;
        Ok(interface.get().await.inhibited_changed(interface.signal_emitter()).await?)
    }

    /// Waits until the notification is closed.
    ///
    /// # Errors
    /// That it was not in time.
    pub async fn closed(&self, id: u32) -> Result<Closed> {
        let what = format!("the close of notification {id}");
        self.shown.wait(SOON, &what, |n| n.closed.filter(|_| n.id == id)).await
    }

    /// Presses the button labelled `label`, as a person does: the action, then the close. A person
    /// presses what the program knows it has shown: await the app's `notification` event before.
    ///
    /// # Errors
    /// That there is no such button.
    pub async fn press(&self, notification: &Notification, label: &str) -> Result<()> {
        let Some(key) = notification.action(label) else {
            bail!("{:?} has no button {label:?}: {:?}", notification.summary, notification.actions);
        };
        let emitter = SignalEmitter::new(&self.connection, PATH)?;
        Interface::action_invoked(&emitter, notification.id, key).await?;
        self.dismiss(notification.id).await
    }

    /// The next notification with a button labelled `label` has it pressed, as by [`Self::press`], before
    /// the program is told the notification's number, as nothing orders the two. The number is told when
    /// what is given back is dropped.
    #[must_use]
    pub fn press_at_once(&self, label: &str) -> oneshot::Sender<()> {
        let (tell, told) = oneshot::channel();
        *hasty(&self.hasty) = Some((label.to_owned(), told));
        tell
    }

    /// Closes it as a person does.
    ///
    /// # Errors
    /// That the bus is gone.
    pub async fn dismiss(&self, id: u32) -> Result<()> {
        close(&self.shown, id, Closed::Dismissed);
        let emitter = SignalEmitter::new(&self.connection, PATH)?;
        Ok(Interface::notification_closed(&emitter, id, Closed::Dismissed.number()).await?)
    }
}
