//! The tray: `view`'s menu and icon, painted. What a row does is an [`Intent`] with ids, looked up by
//! the row's id, so a row that moved or changed its words still does what it says.

mod busy;
mod icons;
mod painter;
mod plan;

use crate::{shell::Shell, windows::Wish};
use busy::Busy;
use engine::{
    Request, Snapshot,
    model::tray::{LeftClick, TrayOptions},
};
use jiff::{Timestamp, tz::TimeZone};
use painter::Painter;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tauri::{
    AppHandle,
    tray::{MouseButton, MouseButtonState, TrayIconEvent},
};
use tokio::{
    sync::{Notify, oneshot, watch},
    time::{Instant, sleep_until},
};
use view::{
    icon::{self, IconState},
    menu::{self, Intent, Menu, Platform},
    ui_state::UiTrayHost,
};

/// Rows come and go on Linux only this long after they should: the menu may be open, and one that is
/// rebuilt under the pointer is stale at best.
const STRUCTURE_WAITS: Duration = Duration::from_secs(2);

/// For so long after a click the menu is known to be closed, and rows come and go at once: what the
/// click did shows when the menu is opened next. Later it may be open again.
const CLOSED_AFTER_CLICK: Duration = Duration::from_millis(400);

/// Times left are in minutes, so they are painted again at least this often ...
const MINUTE: Duration = Duration::from_secs(60);
/// ... and this often when less than [`NEAR`] is left.
const NEAR_TICK: Duration = Duration::from_secs(10);
/// The last stretch of a sign-in or profile.
const NEAR: Duration = Duration::from_secs(120);

const HERE: Platform = if cfg!(target_os = "macos") {
    Platform::MacOs
} else if cfg!(windows) {
    Platform::Windows
} else {
    Platform::Linux
};

/// What trays do on this platform: Linux tells no clicks but on menus, and only macOS has room for text.
pub const HOST: UiTrayHost =
    UiTrayHost { clicks: cfg!(not(target_os = "linux")), text: cfg!(target_os = "macos") };

/// The tray's handle.
#[derive(Clone)]
pub struct Tray(Arc<Inner>);

struct Inner {
    shell: Shell,
    /// What each row does.
    known: Mutex<Known>,
    /// When a row was last clicked, by tokio's clock.
    clicked: Mutex<Option<Instant>>,
    click: Notify,
}

impl Tray {
    /// A tray that is not painted yet.
    pub fn new(shell: Shell) -> Self {
        Self(Arc::new(Inner {
            shell,
            known: Mutex::default(),
            clicked: Mutex::default(),
            click: Notify::new(),
        }))
    }

    /// The icon itself was clicked, which some platforms tell: the window, if the person wants that.
    pub fn on_icon(&self, event: &TrayIconEvent) {
        let TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. } =
            event
        else {
            return;
        };
        if self.0.shell.snapshot().settings.tray.left_click == LeftClick::Window {
            self.0.shell.raise(None);
        }
    }

    /// Does what the row with that id says.
    pub fn clicked(&self, id: &str) {
        let inner = &self.0;
        *inner.clicked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        let intent = inner.known.lock().unwrap_or_else(PoisonError::into_inner).intent(id).cloned();
        inner.click.notify_one();
        tracing::info!(id, ?intent, "tray");
        match intent {
            Some(Intent::Ask(request)) => inner.shell.wish(request),
            Some(Intent::Show(show)) => inner.shell.raise(Some(Wish::Show(show))),
            Some(Intent::ShowOf(org, show)) => {
                inner.shell.wish(Request::Choose(org));
                inner.shell.raise(Some(Wish::Show(show)));
            }
            Some(Intent::Open) => inner.shell.raise(None),
            Some(Intent::Quit) => inner.shell.quit(),
            None => tracing::warn!(id, "a row that nobody knows"),
        }
    }

    /// Paints until the engine ends. `painted` is told of the first painting.
    pub async fn paint(
        self,
        app: AppHandle,
        look: Look,
        mut snapshots: watch::Receiver<Arc<Snapshot>>,
        painted: oneshot::Sender<()>,
    ) {
        let mut dark_panel = look.dark_panel.clone();
        let at_first = look.options;
        let painter = Arc::new(Mutex::new(Painter::new(app.clone(), look)));
        let mut painted = Some(painted);
        // Set while rows wait to come or go.
        let mut structure_due: Option<Instant> = None;
        let mut busy = Busy::default();
        loop {
            let snapshot = snapshots.borrow_and_update().clone();
            let now = self.0.shell.clock.now();
            let mut picture = Picture::of(&snapshot, now);
            let busy_at = busy.settle(&mut picture.icon, Instant::now());
            picture.dark_panel = *dark_panel.borrow_and_update();
            if !snapshot.loaded {
                picture.options = at_first;
            }
            if !picture.options.icon {
                // Whoever waits for the icon learns by the dropped sender that there is none.
                painted = None;
            }
            let menu = picture.menu.clone();
            let may_restructure = self.menu_is_closed()
                || structure_due.is_some_and(|due| Instant::now() >= due)
                || painted.is_some();
            // Before the rows say it: a click on words that are just painted must not mean what stood there.
            self.known().latest = menu.clone();
            let outcome = on_main(&app, {
                let painter = Arc::clone(&painter);
                move || {
                    let mut painter = painter.lock().unwrap_or_else(PoisonError::into_inner);
                    painter.paint(&picture, may_restructure)
                }
            })
            .await;
            match outcome {
                Some(Ok(painter::Done::Whole)) => {
                    structure_due = None;
                    self.known().paint(menu);
                    if let Some(painted) = painted.take() {
                        // Nobody waits when the program ends meanwhile.
                        let _ = painted.send(());
                    }
                }
                Some(Ok(painter::Done::RowsWait)) => {
                    structure_due.get_or_insert_with(|| Instant::now() + STRUCTURE_WAITS);
                }
                Some(Err(error)) => {
                    tracing::error!(%error, "could not paint the tray");
                    if painted.is_some() {
                        // No tray on this desktop: whoever waits for it learns by the dropped sender.
                        return;
                    }
                    structure_due = None;
                }
                None => return,
            }
            let tick = Instant::now() + next_tick(&snapshot, now);
            let wake = [structure_due, busy_at].into_iter().flatten().fold(tick, Instant::min);
            tokio::select! {
                changed = snapshots.changed() => if changed.is_err() { return },
                () = self.0.click.notified() => {}
                Ok(()) = dark_panel.changed() => {}
                () = sleep_until(wake) => {}
            }
        }
    }

    fn menu_is_closed(&self) -> bool {
        let clicked = *self.0.clicked.lock().unwrap_or_else(PoisonError::into_inner);
        clicked.is_some_and(|clicked| clicked.elapsed() < CLOSED_AFTER_CLICK)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The menus whose rows a click can come from: the one to paint, the one that is painted while rows
/// wait, and the one before, since a click can arrive while rows change.
#[derive(Default)]
struct Known {
    latest: Menu,
    painted: Menu,
    before: Menu,
}

impl Known {
    fn intent(&self, id: &str) -> Option<&Intent> {
        [&self.latest, &self.painted, &self.before].into_iter().find_map(|menu| menu.intent(id))
    }

    fn paint(&mut self, menu: Menu) {
        self.latest = menu.clone();
        if self.painted != menu {
            self.before = std::mem::replace(&mut self.painted, menu);
        }
    }
}

/// How the tray looks on this desktop.
#[derive(Clone, Debug)]
pub struct Look {
    /// The panel is dark, now and from now on: light icons.
    pub dark_panel: watch::Receiver<bool>,
    /// What the person set, until the engine has read it: an icon that is switched off is not there for a moment.
    pub options: TrayOptions,
    /// A private folder where the icon is put for the panel to read (Linux).
    pub icon_folder: PathBuf,
}

/// All that is painted.
struct Picture {
    menu: Menu,
    icon: IconState,
    dark_panel: bool,
    tooltip: String,
    options: TrayOptions,
    /// Beside the icon, where there is room.
    beside: Option<String>,
}

impl Picture {
    /// At a moment: times left are counted from it, not from the snapshot.
    fn of(snapshot: &Snapshot, now: Timestamp) -> Self {
        let snapshot = Snapshot { at: now.max(snapshot.at), ..snapshot.clone() };
        let zone = TimeZone::system();
        Self {
            menu: menu::menu(&snapshot, &zone, HERE),
            icon: icon::icon(&snapshot),
            dark_panel: false,
            tooltip: icon::tooltip(&snapshot, &zone),
            options: snapshot.settings.tray,
            beside: icon::beside(&snapshot).filter(|_| HOST.text),
        }
    }
}

/// When words about time may be different.
fn next_tick(snapshot: &Snapshot, now: Timestamp) -> Duration {
    let sign_ins = snapshot.organisations.iter().filter_map(|organisation| match &organisation.sign_in {
        engine::model::sign_in::SignIn::SignedIn(session) => session.known_end(),
        _ => None,
    });
    let profiles =
        snapshot.profiles.iter().filter_map(|profile| Some(profile.kept.written.as_ref()?.expires));
    let near = sign_ins
        .chain(profiles)
        .any(|end| Duration::try_from(end.duration_since(now)).is_ok_and(|left| left < NEAR));
    if near { NEAR_TICK } else { MINUTE }
}

/// Runs something on the main thread, where menus live; nothing when the program ends.
async fn on_main<T: Send + 'static>(app: &AppHandle, task: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = oneshot::channel();
    app.run_on_main_thread(move || {
        let _ = sender.send(task());
    })
    .ok()?;
    receiver.await.ok()
}
