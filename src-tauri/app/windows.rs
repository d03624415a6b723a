//! The one window: made when it is needed, destroyed when it is closed. Before the first window and
//! after the last there is no web process.
//!
//! Invariant: closing the window stops nothing but the window.

use crate::{
    drawing,
    drawn::{self, Page},
    event_log::{EventLog, Happening},
    shell::Shell,
};
use engine::{Signal, request::Show};
use serde::{Deserialize, Serialize};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tauri::{
    AppHandle, Emitter, EventTarget, LogicalSize, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    WindowEvent, webview::NewWindowResponse,
};
use tokio::sync::{mpsc::UnboundedSender, watch};
use view::{UiReply, ui_state::UiShow};

/// The window's label, which its capability file names.
pub const MAIN: &str = "main";

/// Default and least size, CSS pixels.
const SIZE: (f64, f64) = (1040.0, 720.0);
const LEAST: (f64, f64) = (480.0, 480.0);

/// How much of the window has to lie on a screen for its old place to be taken again, CSS pixels.
const GRIP: f64 = 80.0;

/// What the shell asks the window for, as an event. A window that is not there yet gets it after its
/// first `state`, for which it asks when it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Event `show`: go to this view.
    Show(Show),
    /// Event `show`: go where a link of ours leads.
    Go(UiShow),
    /// Event `reply`: the answer to what was asked outside the window, as if the window had asked.
    Reply(Box<UiReply>),
    /// Event `quit-asked`: say what quitting stops, and quit when the person says so.
    AskToQuit,
}

/// Where the window was, CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// The window, there or not.
pub struct Windows {
    app: AppHandle,
    log: Arc<EventLog>,
    focused: Arc<AtomicBool>,
    signals: UnboundedSender<Signal>,
    place: PathBuf,
    web_data: PathBuf,
    making: tokio::sync::Mutex<()>,
    listening: AtomicBool,
    listeners: AtomicU64,
    wishes: Mutex<Vec<Wish>>,
    page: watch::Sender<Page>,
}

/// What [`Windows`] needs.
pub struct Needs {
    /// Where happenings are recorded.
    pub log: Arc<EventLog>,
    /// Kept true while the window has the focus.
    pub focused: Arc<AtomicBool>,
    /// Where focus changes are told.
    pub signals: UnboundedSender<Signal>,
    /// The file that remembers size and place.
    pub place: PathBuf,
    /// Where the webview may keep its own data (none of ours).
    pub web_data: PathBuf,
}

impl Windows {
    /// No window yet.
    pub fn new(app: AppHandle, needs: Needs) -> Self {
        let Needs { log, focused, signals, place, web_data } = needs;
        Self {
            app,
            log,
            focused,
            signals,
            place,
            web_data,
            making: tokio::sync::Mutex::default(),
            listening: AtomicBool::new(false),
            listeners: AtomicU64::new(0),
            wishes: Mutex::default(),
            page: watch::Sender::new(Page::Gone),
        }
    }

    /// The window, if it is there.
    pub fn open(&self) -> Option<WebviewWindow> {
        self.app.get_webview_window(MAIN)
    }

    /// Whether it has the focus.
    pub fn has_focus(&self) -> bool {
        self.focused.load(Ordering::Relaxed)
    }

    /// Brings the window to the front, made if need be, and tells it what is wished of it. Not to be
    /// called on the main thread, which makes the window.
    pub async fn raise(&self, wish: Option<Wish>) {
        self.wishes().extend(wish);
        let _making = self.making.lock().await;
        let raised = match self.open() {
            Some(window) => {
                self.grant_wishes();
                window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus())
            }
            None => self.make(),
        };
        if let Err(error) = raised {
            tracing::error!(%error, "could not show the window");
            self.log.write(&Happening::Error { code: "window".to_owned() });
        }
    }

    /// The window listens: it asked for the state. What was wished of it meanwhile comes now.
    pub fn listens(&self) {
        self.listening.store(true, Ordering::SeqCst);
        self.listeners.fetch_add(1, Ordering::SeqCst);
        self.grant_wishes();
    }

    /// The window's page was painted.
    pub fn was_drawn(&self) {
        self.page.send_replace(Page::Drawn);
        self.record("drawn");
    }

    /// Something in the window's page went wrong: a mistake of ours, and for the log. What the page says is cut
    /// short, as a page that goes wrong may say it again and again.
    pub fn broke(&self, what: &str) {
        let what: String = what.chars().take(600).collect();
        tracing::error!(what, "the window's page");
        self.log.write(&Happening::Error { code: "page".to_owned() });
    }

    /// How far the window's page is.
    pub fn page(&self) -> watch::Receiver<Page> {
        self.page.subscribe()
    }

    /// Loads the page of an open window anew, and maps the window anew: a page that the toolkit takes for
    /// hidden is never painted.
    pub fn reload(&self) {
        let Some(window) = self.open() else { return };
        self.listening.store(false, Ordering::SeqCst);
        self.page.send_replace(Page::Loading);
        self.record("reloaded");
        let reloaded = window
            .hide()
            .and_then(|()| window.show())
            .and_then(|()| window.reload())
            .and_then(|()| window.set_focus());
        if let Err(error) = reloaded {
            tracing::error!(%error, "could not load the window's page anew");
        }
    }

    /// Destroys an open window and makes another. Not to be called on the main thread.
    pub async fn renew(&self) {
        let Some(window) = self.open() else { return };
        self.remember_place();
        let mut page = self.page();
        if let Err(error) = window.destroy() {
            tracing::error!(%error, "the window that shows nothing stays");
            return;
        }
        // It ends only with its sender, which is ours.
        let _ = page.wait_for(|page| *page == Page::Gone).await;
        self.raise(None).await;
    }

    /// Counts how often a window asked for its first state.
    pub fn listener(&self) -> u64 {
        self.listeners.load(Ordering::SeqCst)
    }

    /// Sends the window its state.
    pub fn send_state(&self, state: &view::UiState) {
        self.emit("state", state);
    }

    /// Follows the window's events. True when the window asks to be closed.
    pub fn on_event(&self, event: &WindowEvent) -> bool {
        match event {
            WindowEvent::CloseRequested { .. } => {
                self.remember_place();
                return true;
            }
            WindowEvent::Focused(focused) => self.focus_changed(*focused),
            WindowEvent::Destroyed => {
                self.listening.store(false, Ordering::SeqCst);
                self.page.send_replace(Page::Gone);
                self.focus_changed(false);
                self.record("destroyed");
            }
            _ => {}
        }
        false
    }

    fn focus_changed(&self, focused: bool) {
        if self.focused.swap(focused, Ordering::Relaxed) == focused {
            return;
        }
        // The engine ended: nobody minds the focus.
        let _ = self.signals.send(Signal::WindowFocus(focused));
        if focused {
            self.record("focused");
        }
    }

    fn make(&self) -> tauri::Result<()> {
        self.listening.store(false, Ordering::SeqCst);
        self.page.send_replace(Page::Loading);
        let place = self.remembered_place();
        let (width, height) = place.map_or(SIZE, |place| (place.width, place.height));
        let mut builder = WebviewWindowBuilder::new(&self.app, MAIN, WebviewUrl::App("index.html".into()))
            .title("Latchkey")
            .inner_size(width, height)
            .min_inner_size(LEAST.0, LEAST.1)
            .data_directory(self.web_data.clone())
            .disable_drag_drop_handler()
            // The window never leaves its own pages; addresses are opened by the engine alone.
            .on_navigation(is_ours)
            .on_new_window(|_, _| NewWindowResponse::Deny);
        if let Some(first) = self.first() {
            builder = builder.initialization_script(first);
        }
        builder = match place {
            Some(place) => builder.position(place.x, place.y),
            None => builder.center(),
        };
        let window = builder.build()?;
        drawing::plainly(&window)?;
        drawn::tell_when_it_dies(&window, self.page.clone())?;
        self.record("created");
        window.set_focus()
    }

    /// Hands the window what it shows first, so that its first picture waits for no answer; it asks all the
    /// same. Not where it is about to be told to show something else.
    fn first(&self) -> Option<String> {
        if !self.wishes().is_empty() {
            return None;
        }
        let first = self.app.try_state::<Shell>()?.first();
        // A text for the script, as reading JSON is quicker than reading a script.
        let text = serde_json::to_string(&first).and_then(|json| serde_json::to_string(&json));
        let text = text.inspect_err(|error| tracing::warn!(%error, "the window begins without a state"));
        Some(format!("window.latchkeyFirst = JSON.parse({})", text.ok()?))
    }

    fn grant_wishes(&self) {
        if !self.listening.load(Ordering::SeqCst) {
            return;
        }
        let wishes = std::mem::take(&mut *self.wishes());
        for wish in wishes {
            match wish {
                Wish::Show(show) => self.emit("show", &UiShow::from(show)),
                Wish::Go(show) => self.emit("show", &show),
                Wish::Reply(reply) => self.emit("reply", &*reply),
                Wish::AskToQuit => self.emit("quit-asked", &()),
            }
        }
    }

    fn emit(&self, event: &str, payload: &(impl Serialize + Clone)) {
        tracing::trace!(event, "the window is told");
        let target = EventTarget::webview_window(MAIN);
        if let Err(error) = self.app.emit_to(target, event, payload.clone()) {
            tracing::warn!(%error, event, "the window was not told");
        }
    }

    fn record(&self, state: &'static str) {
        self.log.write(&Happening::Window { label: MAIN.to_owned(), state });
    }

    fn wishes(&self) -> std::sync::MutexGuard<'_, Vec<Wish>> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember_place(&self) {
        let Some(window) = self.open() else { return };
        if window.is_maximized().unwrap_or(false) || window.is_minimized().unwrap_or(false) {
            return;
        }
        let place = || -> tauri::Result<Place> {
            let scale = window.scale_factor()?;
            let at = window.outer_position()?.to_logical::<f64>(scale);
            let LogicalSize { width, height } = window.inner_size()?.to_logical::<f64>(scale);
            Ok(Place { x: at.x, y: at.y, width, height })
        };
        let kept = place().map_err(anyhow::Error::from).and_then(|place| {
            std::fs::write(&self.place, serde_json::to_vec(&place)?)?;
            Ok(())
        });
        if let Err(error) = kept {
            tracing::info!(%error, "the window's place is not remembered");
        }
    }

    fn remembered_place(&self) -> Option<Place> {
        let place: Place = serde_json::from_slice(&std::fs::read(&self.place).ok()?).ok()?;
        let monitors = self.app.available_monitors().ok()?;
        let screens = monitors.iter().map(|monitor| {
            let scale = monitor.scale_factor();
            let at = monitor.position().to_logical::<f64>(scale);
            let size = monitor.size().to_logical::<f64>(scale);
            Place { x: at.x, y: at.y, width: size.width, height: size.height }
        });
        screens.into_iter().find_map(|screen| place.on(screen))
    }
}

impl Place {
    /// The place, no smaller than it may be, if its top can be gripped on that screen.
    fn on(self, screen: Place) -> Option<Place> {
        let right = self.x + self.width > screen.x + GRIP && self.x + GRIP < screen.x + screen.width;
        let top = self.y >= screen.y && self.y + GRIP < screen.y + screen.height;
        let sane = [self.x, self.y, self.width, self.height].iter().all(|value| value.is_finite());
        (right && top && sane).then(|| Place {
            width: self.width.clamp(LEAST.0, screen.width.max(LEAST.0)),
            height: self.height.clamp(LEAST.1, screen.height.max(LEAST.1)),
            ..self
        })
    }
}

/// Whether an address is one of our own pages: `tauri://localhost`, on Windows `http://tauri.localhost`.
/// `http://localhost` is whatever server runs there.
pub fn is_ours(url: &tauri::Url) -> bool {
    matches!(
        (url.scheme(), url.host_str()),
        ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost"))
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
    use super::*;

    const SCREEN: Place = Place { x: 0.0, y: 0.0, width: 1280.0, height: 900.0 };

    #[test]
    fn the_window_stays_on_its_own_pages() {
        let ours = |url: &str| is_ours(&url.parse().unwrap());
        assert!(ours("tauri://localhost/index.html"));
        assert!(ours("http://tauri.localhost/"));
        assert!(!ours("http://localhost:8080/"));
        assert!(!ours("https://localhost/"));
        assert!(!ours("tauri://elsewhere/"));
        assert!(!ours("file:///etc/passwd"));
    }

    #[test]
    fn an_old_place_is_taken_only_where_it_can_be_gripped() {
        let there = Place { x: 100.0, y: 50.0, width: 800.0, height: 600.0 };
        assert_eq!(there.on(SCREEN), Some(there));
        assert_eq!(Place { x: 1270.0, ..there }.on(SCREEN), None);
        assert_eq!(Place { x: -790.0, ..there }.on(SCREEN), None);
        assert_eq!(Place { y: -10.0, ..there }.on(SCREEN), None);
        assert_eq!(Place { y: 2000.0, ..there }.on(SCREEN), None);
    }

    #[test]
    fn a_size_is_brought_between_the_least_and_the_screens() {
        let huge = Place { x: 0.0, y: 0.0, width: 4000.0, height: 10.0 };
        assert_eq!(huge.on(SCREEN), Some(Place { width: 1280.0, height: 480.0, ..huge }));
        assert_eq!(Place { width: f64::NAN, ..huge }.on(SCREEN), None);
    }
}
