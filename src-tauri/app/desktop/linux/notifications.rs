//! Notifications by notify-rust. Equal keys replace; a press comes back as a request.
//!
//! Presses are listened for on our own connection from before the first notification is sent, so that
//! no quick press is missed, and on the connection that sent each one, since some servers (GNOME's)
//! answer only there and drop what belongs to a connection that closed.

use super::service;
use engine::{
    Request,
    model::{code::Code, notice::Notice},
    ports::{Clock, Manner},
};
use futures_util::StreamExt;
use jiff::tz::TimeZone;
use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse, Urgency};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::mpsc::UnboundedSender, task::AbortHandle};
use view::notification::{self, Text};
use zbus::Connection;

/// A server that takes longer has not shown it.
const SERVER_PATIENCE: Duration = Duration::from_secs(5);

/// The theme's own for a message of a program (freedesktop.org's sound naming specification).
const SOUND: &str = "message-new-instant";

/// What a server can do, as far as we care.
#[derive(Clone, Copy, Debug, Default)]
struct Abilities {
    /// Has buttons.
    actions: bool,
    /// Reads the body as markup.
    markup: bool,
}

struct Shown {
    id: u32,
    notice: Notice,
    waiter: AbortHandle,
    handle: Arc<NotificationHandle>,
}

/// What a person did to a notification.
#[derive(Clone, Debug)]
enum Done {
    Pressed(String),
    Closed,
}

#[derive(Default)]
struct Board {
    by_key: HashMap<String, Shown>,
    /// While one is being sent: what was done to those that are not on the board. A server may tell of a
    /// press before it has told the notification's id.
    early: Option<Vec<(u32, Done)>>,
}

impl Board {
    /// Takes the notification down; the first to report a press gets it.
    fn take(&mut self, id: u32) -> Option<Shown> {
        let key = self.by_key.iter().find(|(_, shown)| shown.id == id).map(|(key, _)| key.clone())?;
        self.by_key.remove(&key)
    }

    /// As [`Self::take`]; what is done to one that may be on its way is kept for it.
    fn take_or_keep(&mut self, id: u32, done: &Done) -> Option<Shown> {
        let shown = self.take(id);
        if let (None, Some(early)) = (&shown, &mut self.early) {
            tracing::info!(id, ?done, "a notification that may be on its way was answered");
            early.push((id, done.clone()));
        }
        shown
    }
}

/// The notifications on the screen.
#[derive(Clone)]
pub struct Notifications {
    session: Option<Connection>,
    board: Arc<Mutex<Board>>,
    requests: UnboundedSender<Request>,
    clock: Arc<dyn Clock>,
    /// One at a time, so that two with one key cannot both be new.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Notifications {
    /// Starts to listen for presses.
    pub async fn listen(
        session: Option<Connection>,
        requests: UnboundedSender<Request>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let this = Self { session, board: Arc::default(), requests, clock, turn: Arc::default() };
        if let Some(session) = &this.session
            && let Err(error) = this.listen_on(session).await
        {
            tracing::info!(%error, "presses on notifications are not listened for");
        }
        this
    }

    async fn listen_on(&self, session: &Connection) -> zbus::Result<()> {
        let name = "org.freedesktop.Notifications";
        let server = service(session, name, "/org/freedesktop/Notifications", name).await?;
        // One stream, since a server tells that it closed a notification right after the press: of two
        // streams the closing could be read first.
        let mut told = server.receive_all_signals().await?;
        let this = self.clone();
        tokio::spawn(async move {
            while let Some(message) = told.next().await {
                let header = message.header();
                match header.member().map(|member| member.as_str()) {
                    Some("ActionInvoked") => {
                        if let Ok((id, action)) = message.body().deserialize::<(u32, String)>() {
                            this.pressed(id, &action);
                        }
                    }
                    Some("NotificationClosed") => {
                        if let Ok((id, _reason)) = message.body().deserialize::<(u32, u32)>() {
                            this.closed(id);
                        }
                    }
                    _ => {}
                }
            }
        });
        Ok(())
    }

    /// Shows a notice; one with the same key is replaced.
    ///
    /// # Errors
    /// [`Code::Gone`] when there is no notification server.
    pub async fn show(&self, notice: &Notice, manner: Manner) -> Result<(), Code> {
        let _turn = self.turn.lock().await;
        let abilities = self.abilities().await.ok_or_else(no_server)?;
        let key = notice.key();
        let before = self.board().by_key.get(&key).map(|shown| shown.id);
        let text = notification::text(notice, manner.hide_details, self.clock.now(), &TimeZone::system());
        self.board().early = Some(Vec::new());
        let sent =
            tokio::time::timeout(SERVER_PATIENCE, build(&text, manner.sound, abilities, before).show_async())
                .await;
        let shown = self.put_up(notice, key, sent);
        self.board().early = None;
        shown
    }

    /// Puts what was sent on the board and listens to it, unless it was answered already.
    fn put_up(
        &self,
        notice: &Notice,
        key: String,
        sent: Result<notify_rust::error::Result<NotificationHandle>, tokio::time::error::Elapsed>,
    ) -> Result<(), Code> {
        let handle = match sent {
            Ok(Ok(handle)) => Arc::new(handle),
            Ok(Err(error)) => {
                tracing::warn!(%error, key, "notification was not shown");
                return Err(no_server());
            }
            Err(_) => {
                tracing::warn!(key, "the notification server did not answer");
                return Err(no_server());
            }
        };
        let id = handle.id();
        let waiter = self.wait(id, Arc::clone(&handle));
        let shown = Shown { id, notice: notice.clone(), waiter, handle };
        let mut board = self.board();
        if let Some(replaced) = board.by_key.insert(key, shown) {
            replaced.waiter.abort();
        }
        // Under the lock under which it went up, so that nothing that comes now overtakes this.
        let early = board.early.take().unwrap_or_default();
        let first =
            early.into_iter().find(|(of, _)| *of == id).and_then(|(_, done)| Some((board.take(id)?, done)));
        drop(board);
        if let Some((shown, done)) = first {
            self.answered(shown, done);
        }
        Ok(())
    }

    /// Takes a notification off the screen.
    pub async fn withdraw(&self, key: &str) {
        let shown = self.board().by_key.remove(key);
        if let Some(shown) = shown {
            shown.waiter.abort();
            // A server that is gone shows it no more either.
            let _ = tokio::time::timeout(SERVER_PATIENCE, shown.handle.close_async()).await;
        }
    }

    fn wait(&self, id: u32, handle: Arc<NotificationHandle>) -> AbortHandle {
        let this = self.clone();
        let waiter = tokio::spawn(async move {
            let mut response = None;
            handle
                .wait_for_action_async(|answer: &NotificationResponse| response = Some(answer.clone()))
                .await;
            match response {
                Some(NotificationResponse::Default) => this.pressed(id, notification::DEFAULT_ACTION),
                Some(NotificationResponse::Action(action)) => this.pressed(id, &action),
                _ => this.closed(id),
            }
        });
        waiter.abort_handle()
    }

    fn pressed(&self, id: u32, action: &str) {
        self.done(id, Done::Pressed(action.to_owned()));
    }

    fn closed(&self, id: u32) {
        self.done(id, Done::Closed);
    }

    fn done(&self, id: u32, done: Done) {
        let shown = self.board().take_or_keep(id, &done);
        if let Some(shown) = shown {
            self.answered(shown, done);
        }
    }

    /// It is off the screen and off the board; a press is a wish.
    fn answered(&self, shown: Shown, done: Done) {
        shown.waiter.abort();
        let Done::Pressed(action) = done else { return };
        // An action that we never offered.
        let Some(pressed) = notification::pressed(&action) else { return };
        tracing::info!(key = shown.notice.key(), ?pressed, "notification pressed");
        // The engine ended: nothing is left to do.
        let _ = self.requests.send(Request::Pressed { notice: shown.notice, pressed });
    }

    async fn abilities(&self) -> Option<Abilities> {
        let session = self.session.as_ref()?;
        // The first call may start the server.
        let capabilities: Vec<String> = tokio::time::timeout(SERVER_PATIENCE, async {
            let name = "org.freedesktop.Notifications";
            let server = service(session, name, "/org/freedesktop/Notifications", name).await?;
            server.call("GetCapabilities", &()).await
        })
        .await
        .ok()?
        .inspect_err(|error: &zbus::Error| tracing::info!(%error, "no notification server"))
        .ok()?;
        let has = |ability: &str| capabilities.iter().any(|capability| capability == ability);
        Some(Abilities { actions: has("actions"), markup: has("body-markup") })
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn no_server() -> Code {
    Code::Gone { what: "notification server".to_owned() }
}

/// The notification as notify-rust sends it.
fn build(text: &Text, sound: bool, abilities: Abilities, replaces: Option<u32>) -> Notification {
    let mut notification = Notification::new();
    notification
        .appname("Latchkey")
        .icon("latchkey")
        .summary(&text.title)
        .body(&if abilities.markup { escaped(&text.body) } else { text.body.clone() })
        .hint(Hint::DesktopEntry("Latchkey".to_owned()))
        // "Critical" would stay over full-screen windows and sound: never.
        .urgency(match text.urgency {
            view::notification::Urgency::Low => Urgency::Low,
            view::notification::Urgency::Normal | view::notification::Urgency::TimeSensitive => {
                Urgency::Normal
            }
        });
    // Said either way: some servers play one of their own where nothing is said.
    if sound && text.urgency == view::notification::Urgency::TimeSensitive {
        notification.hint(Hint::SoundName(SOUND.to_owned()));
    } else {
        notification.hint(Hint::SuppressSound(true));
    }
    if let Some(id) = replaces {
        notification.id(id);
    }
    if abilities.actions {
        notification.action(notification::DEFAULT_ACTION, "Open");
        for action in &text.actions {
            notification.action(action.id, action.label);
        }
    }
    notification
}

/// A name may hold what a server would read as markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use view::notification::Action;

    fn text() -> Text {
        Text {
            title: "Sign-in to A&B ends in 15 min".to_owned(),
            body: "<b>3</b> profiles & more".to_owned(),
            actions: vec![Action { id: "sign_in", label: "Sign in" }],
            urgency: view::notification::Urgency::TimeSensitive,
        }
    }

    #[test]
    fn a_body_is_escaped_only_where_markup_is_read() {
        let plain = build(&text(), false, Abilities { actions: true, markup: false }, None);
        assert_eq!(plain.body, "<b>3</b> profiles & more");
        let marked = build(&text(), false, Abilities { actions: true, markup: true }, None);
        assert_eq!(marked.body, "&lt;b&gt;3&lt;/b&gt; profiles &amp; more");
    }

    #[test]
    fn buttons_are_sent_only_where_there_are_buttons() {
        let with = build(&text(), false, Abilities { actions: true, markup: false }, Some(7));
        assert_eq!(with.actions, ["default", "Open", "sign_in", "Sign in"]);
        let without = build(&text(), false, Abilities::default(), None);
        assert_eq!(without.actions, [""; 0]);
    }

    /// What was sent, in order.
    #[derive(Clone, Default)]
    struct Server(Arc<Mutex<Vec<HashMap<String, zbus::zvariant::OwnedValue>>>>);

    #[zbus::interface(name = "org.freedesktop.Notifications")]
    impl Server {
        fn get_capabilities(&self) -> Vec<&'static str> {
            vec!["sound"]
        }

        fn get_server_information(&self) -> (&'static str, &'static str, &'static str, &'static str) {
            ("test", "Latchkey tests", "1", "1.2")
        }

        #[expect(clippy::too_many_arguments, reason = "the specification's signature")]
        fn notify(
            &self,
            _app: &str,
            _replaces: u32,
            _icon: &str,
            _title: &str,
            _body: &str,
            _actions: Vec<String>,
            hints: HashMap<String, zbus::zvariant::OwnedValue>,
            _timeout: i32,
        ) -> u32 {
            let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            sent.push(hints);
            u32::try_from(sent.len()).unwrap_or(u32::MAX)
        }
    }

    /// Runs itself on a session bus of its own, where a server takes what is sent.
    #[test]
    fn a_sound_is_played_for_what_cannot_wait_if_it_is_wanted() {
        const INSIDE: &str = "LATCHKEY_TEST_OWN_BUS";
        if std::env::var_os(INSIDE).is_none() {
            let name = "a_sound_is_played_for_what_cannot_wait_if_it_is_wanted";
            let own = std::env::current_exe().expect("the tests' own file");
            let inside = std::process::Command::new("dbus-run-session")
                .arg("--")
                .arg(own)
                .args([name, "--nocapture"])
                .env(INSIDE, "1")
                .output()
                .expect("dbus-run-session");
            let said =
                [inside.stdout, inside.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat();
            assert!(inside.status.success() && said.contains("1 passed"), "{said}");
            return;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let hints = runtime.block_on(sent());
        let of = |at: usize, name: &str| {
            hints[at].get(name).map(|value| value.to_string().trim_matches('"').to_owned())
        };
        let (wanted, unwanted, usual) = (0, 1, 2);
        assert_eq!(of(wanted, "sound-name").as_deref(), Some(SOUND));
        assert_eq!(of(wanted, "suppress-sound"), None);
        for silent in [unwanted, usual] {
            assert_eq!(of(silent, "sound-name"), None, "{silent}");
            assert_eq!(of(silent, "suppress-sound").as_deref(), Some("true"), "{silent}");
        }
        assert_eq!(of(wanted, "urgency").as_deref(), Some("byte 0x01"), "never critical");
    }

    async fn sent() -> Vec<HashMap<String, zbus::zvariant::OwnedValue>> {
        let server = Server::default();
        let _serves = zbus::connection::Builder::session()
            .and_then(|bus| bus.serve_at("/org/freedesktop/Notifications", server.clone()))
            .and_then(|bus| bus.name("org.freedesktop.Notifications"))
            .expect("a session bus")
            .build()
            .await
            .expect("the name is free");
        let (requests, _pressed) = tokio::sync::mpsc::unbounded_channel();
        let session = Connection::session().await.expect("a session bus");
        let clock = Arc::new(adapters::clock::SystemClock);
        let shown = Notifications::listen(Some(session), requests, clock).await;
        let urgent = Notice::Revoked {
            org: engine::model::ids::OrgId::new("acme"),
            org_name: "Acme".to_owned(),
            at: engine::model::Timestamp::UNIX_EPOCH,
        };
        for (notice, sound) in [(&urgent, true), (&urgent, false), (&Notice::Test, true)] {
            shown.show(notice, Manner { hide_details: false, sound }).await.expect("it is shown");
        }
        server.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
