//! The window in which PINs are typed: made for one question, destroyed with its answer, whatever that is.
//!
//! Invariant: it shares no web process with another window and keeps nothing on disk. A PIN comes out of it
//! once, as bytes, by a command that no other window may call; what holds them here is overwritten.

use crate::{
    drawing,
    event_log::{EventLog, Happening},
    windows::is_ours,
};
use engine::{model::keys::Pins, request::KeysRequest};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};
use tauri::{
    AppHandle, Manager, UserAttentionType, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
    webview::NewWindowResponse,
};
use view::UiPrompt;
use zeroize::Zeroizing;

/// Windows of this kind are `prompt-` and the question's number: one that is being destroyed keeps its name.
const LABEL: &str = "prompt-";

/// CSS pixels at the usual size of text: with one field, and with each further one.
const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 300.0;
const FIELD: f64 = 96.0;
/// What is said above the fields when the last answer was none.
const WRONG: f64 = 80.0;

/// The one that is open, or none.
pub struct Prompts {
    app: AppHandle,
    log: Arc<EventLog>,
    open: Mutex<Option<UiPrompt>>,
    /// The number of the last question that is over for its window: the state may still have it for a moment.
    over: AtomicI64,
}

impl Prompts {
    /// None is open.
    pub fn new(app: AppHandle, log: Arc<EventLog>) -> Self {
        Self { app, log, open: Mutex::default(), over: AtomicI64::new(0) }
    }

    /// Shows this question and no other. Not to be called on the main thread, which makes the window.
    pub fn show(&self, asked: Option<UiPrompt>) {
        let asked = asked.filter(|asked| asked.number > self.over.load(Ordering::SeqCst));
        let before = std::mem::replace(&mut *self.open(), asked.clone());
        if before.as_ref().map(|it| it.number) == asked.as_ref().map(|it| it.number) {
            return;
        }
        if let Some(before) = before {
            self.destroy(&label(before.number));
        }
        if let Some(asked) = asked
            && let Err(error) = self.make(&asked)
        {
            tracing::error!(%error, "could not show the window for the PIN");
            self.log.write(&Happening::Error { code: "window".to_owned() });
        }
    }

    /// The question of this window, while it is the one that is asked.
    pub fn question(&self, window: &str) -> Option<UiPrompt> {
        self.open().clone().filter(|asked| label(asked.number) == window)
    }

    /// The window's answer: eight bytes of the question's number, then what [`Pins::read`] reads. The window is
    /// destroyed before anything is done with it. What cannot be read gives up; `None` where nothing was asked.
    pub fn answered(&self, window: &WebviewWindow, bytes: &[u8]) -> Option<KeysRequest> {
        let bytes = Zeroizing::new(bytes.to_vec());
        let asked = self.close(window)?;
        Some(read(&bytes, asked.number).unwrap_or(KeysRequest::Cancel))
    }

    /// The window gives up. `None` where nothing was asked of it.
    pub fn gave_up(&self, window: &WebviewWindow) -> Option<KeysRequest> {
        self.close(window).map(|_| KeysRequest::Cancel)
    }

    /// Follows the events of a window: the person closed it, which is no answer.
    pub fn on_event(&self, window: &str, event: &WindowEvent) -> Option<KeysRequest> {
        let WindowEvent::Destroyed = event else { return None };
        if !window.starts_with(LABEL) {
            return None;
        }
        self.record("destroyed");
        // What was answered is not open any more.
        self.take(window).map(|_| KeysRequest::Cancel)
    }

    fn close(&self, window: &WebviewWindow) -> Option<UiPrompt> {
        let asked = self.take(window.label());
        self.destroy(window.label());
        asked
    }

    /// The question of this window is over.
    fn take(&self, window: &str) -> Option<UiPrompt> {
        let asked = self.open().take_if(|asked| label(asked.number) == window)?;
        self.over.store(asked.number, Ordering::SeqCst);
        Some(asked)
    }

    fn destroy(&self, window: &str) {
        let Some(window) = self.app.get_webview_window(window) else { return };
        if let Err(error) = window.destroy() {
            tracing::error!(%error, "the window for the PIN stays");
        }
    }

    fn make(&self, asked: &UiPrompt) -> tauri::Result<()> {
        let further = f64::from((u8::from(asked.new) * 2 + u8::from(asked.old)).saturating_sub(1));
        let wrong = if asked.wrong.is_some() { WRONG } else { 0.0 };
        let scale = f64::from(asked.text_size) / 100.0;
        let height = (HEIGHT + FIELD * further + wrong) * scale;
        let name = label(asked.number);
        let window = WebviewWindowBuilder::new(&self.app, &name, WebviewUrl::App("prompt.html".into()))
            .title(&asked.title)
            .inner_size(WIDTH * scale, height)
            .resizable(false)
            .maximizable(false)
            .incognito(true)
            .disable_drag_drop_handler()
            .on_navigation(is_ours)
            .on_new_window(|_, _| NewWindowResponse::Deny)
            .center();
        // On Linux, Tauri hands its own scheme to the first window of each data directory alone, and an incognito
        // one has a web context of its own: without a directory of its own, the second had no page. Being
        // incognito, it writes nothing there.
        #[cfg(target_os = "linux")]
        let window = window.data_directory(std::env::temp_dir().join(&name));
        let window = window.build()?;
        drawing::plainly(&window)?;
        self.record("created");
        // To the front once; what the person does then is not interrupted again.
        window.request_user_attention(Some(UserAttentionType::Informational))?;
        window.set_focus()
    }

    fn record(&self, state: &'static str) {
        self.log.write(&Happening::Window { label: "prompt".to_owned(), state });
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Option<UiPrompt>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(bytes: &[u8], asked: i64) -> Option<KeysRequest> {
    let (number, pins) = bytes.split_first_chunk::<8>()?;
    let number = u64::from_be_bytes(*number);
    let pins = Pins::read(&Zeroizing::new(pins.to_vec()))?;
    (i64::try_from(number) == Ok(asked)).then_some(KeysRequest::EnterPin { number, pins })
}

fn label(number: i64) -> String {
    format!("{LABEL}{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_for_its_question_and_whole() {
        let answer = b"\0\0\0\0\0\0\x01\x02\x041234\0";
        assert!(matches!(read(answer, 258), Some(KeysRequest::EnterPin { number: 258, .. })));
        assert_eq!(read(answer, 259), None);
        assert_eq!(read(b"\0\0\0", 258), None);
        assert_eq!(read(b"\0\0\0\0\0\0\x01\x02\x041", 258), None);
    }
}
