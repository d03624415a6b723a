//! The windows that ask on their own: for a PIN, and for a touch of a security key. Each is made for one question
//! and destroyed with its answer, whatever that is.
//!
//! Invariant: it shares no web process with another window and keeps nothing on disk. A PIN comes out of it
//! once, as bytes, by a command that no other window may call. What holds them here is overwritten when it is
//! dropped, but for the web engine's message, which Tauri frees as it is (src-tauri/keys/README.md, "What remains of a
//! PIN").

use crate::{
    drawing,
    event_log::{EventLog, Happening},
    windows::is_ours,
};
use engine::{
    Request,
    model::keys::Pins,
    request::{KeysRequest, StepUpRequest},
};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, AtomicU64, Ordering},
};
use tauri::{
    AppHandle, Emitter, EventTarget, Manager, UserAttentionType, WebviewUrl, WebviewWindow,
    WebviewWindowBuilder, WindowEvent, webview::NewWindowResponse,
};
use view::UiPrompt;
use zeroize::Zeroizing;

/// Windows of this kind are `prompt-` and a number of their own, so that two of one question are two: between them the
/// window for its PIN had the word, and one that is being destroyed keeps its name and its web context.
const LABEL: &str = "prompt-";

/// CSS pixels at the usual size of text: with one field, and with each further one.
const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 300.0;
const FIELD: f64 = 96.0;
/// What is said above the fields when the last answer was none.
const WRONG: f64 = 80.0;
/// A touch, and each fact of what it is for; with room for why a key was none.
const TOUCH_HEIGHT: f64 = 420.0;
const FACT: f64 = 26.0;

/// The one that is open, or none.
pub struct Prompts {
    app: AppHandle,
    log: Arc<EventLog>,
    open: Mutex<Option<Open>>,
    /// So many windows were made.
    made: AtomicU64,
    /// The number of the last question that is over for its window: the state may still have it for a moment. For
    /// PINs, and for touches.
    over: [AtomicI64; 2],
}

/// A question, and the window that is for it.
#[derive(Clone)]
struct Open {
    asked: UiPrompt,
    window: String,
}

impl Prompts {
    /// None is open.
    pub fn new(app: AppHandle, log: Arc<EventLog>) -> Self {
        let over = [AtomicI64::new(0), AtomicI64::new(0)];
        Self { app, log, open: Mutex::default(), made: AtomicU64::new(0), over }
    }

    /// Shows this question and no other. Not to be called on the main thread, which makes the window.
    pub fn show(&self, asked: Option<UiPrompt>) {
        let asked = asked.filter(|asked| asked.number > self.over(asked).load(Ordering::SeqCst));
        let (before, now) = {
            let mut open = self.open();
            let before = open.take();
            let same =
                before.clone().filter(|before| asked.as_ref().is_some_and(|it| is_one(&before.asked, it)));
            let window = || format!("{LABEL}{}", self.made.fetch_add(1, Ordering::SeqCst));
            *open = asked.map(|asked| Open { asked, window: same.map_or_else(window, |same| same.window) });
            (before, open.clone())
        };
        if let (Some(before), Some(now)) = (&before, &now)
            && before.window == now.window
        {
            return self.changed(&before.asked, now);
        }
        if let Some(before) = before {
            self.destroy(&before.window);
        }
        if let Some(now) = now
            && let Err(error) = self.make(&now)
        {
            tracing::error!(%error, "could not show the window for the question");
            self.log.write(&Happening::Error { code: "window".to_owned() });
        }
    }

    /// The question of this window, while it is the one that is asked.
    pub fn question(&self, window: &str) -> Option<UiPrompt> {
        self.open().clone().filter(|open| open.window == window).map(|open| open.asked)
    }

    /// The window's answer: eight bytes of the question's number, then what [`Pins::read`] reads. The window is
    /// destroyed before anything is done with it. What cannot be read gives up; `None` where nothing was asked.
    pub fn answered(&self, window: &WebviewWindow, bytes: &[u8]) -> Option<Request> {
        let bytes = Zeroizing::new(bytes.to_vec());
        let asked = self.close(window)?;
        if asked.touch.is_some() {
            return Some(none(&asked));
        }
        Some(Request::Keys(read(&bytes, asked.number).unwrap_or(KeysRequest::Cancel)))
    }

    /// The window for a touch wants another key. `None` where no touch is asked for in it.
    pub fn another_key(&self, window: &str) -> Option<Request> {
        let asked = self.question(window).filter(|asked| asked.touch.is_some())?;
        Some(Request::StepUp(StepUpRequest::Another { number: number(&asked) }))
    }

    /// The person says yes. `None` where a word is not enough.
    pub fn allowed(&self, window: &WebviewWindow) -> Option<Request> {
        let asks = self.question(window.label())?.touch?;
        asks.allow.as_ref()?;
        let asked = self.close(window)?;
        Some(Request::StepUp(StepUpRequest::Allow { number: number(&asked) }))
    }

    /// The window gives up. `None` where nothing was asked of it.
    pub fn gave_up(&self, window: &WebviewWindow) -> Option<Request> {
        self.close(window).as_ref().map(none)
    }

    /// Follows the events of a window: the person closed it, which is no answer.
    pub fn on_event(&self, window: &str, event: &WindowEvent) -> Option<Request> {
        let WindowEvent::Destroyed = event else { return None };
        if !window.starts_with(LABEL) {
            return None;
        }
        self.record("destroyed");
        // What was answered is not open any more.
        self.take(window).as_ref().map(none)
    }

    fn close(&self, window: &WebviewWindow) -> Option<UiPrompt> {
        let asked = self.take(window.label());
        self.destroy(window.label());
        asked
    }

    /// The question of this window is over.
    fn take(&self, window: &str) -> Option<UiPrompt> {
        let Open { asked, .. } = self.open().take_if(|open| open.window == window)?;
        self.over(&asked).store(asked.number, Ordering::SeqCst);
        Some(asked)
    }

    fn destroy(&self, window: &str) {
        let Some(window) = self.app.get_webview_window(window) else { return };
        if let Err(error) = window.destroy() {
            tracing::error!(%error, "the window for the question stays");
        }
    }

    fn make(&self, Open { asked, window: name }: &Open) -> tauri::Result<()> {
        let further = f64::from((u8::from(asked.new) * 2 + u8::from(asked.old)).saturating_sub(1));
        let wrong = if asked.wrong.is_some() { WRONG } else { 0.0 };
        let scale = f64::from(asked.text_size) / 100.0;
        let height = match &asked.touch {
            Some(touch) => TOUCH_HEIGHT + FACT * f64::from(u16::try_from(touch.facts.len()).unwrap_or(8)),
            None => HEIGHT + FIELD * further + wrong,
        } * scale;
        let window = WebviewWindowBuilder::new(&self.app, name, WebviewUrl::App("prompt.html".into()))
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
        let window = window.data_directory(std::env::temp_dir().join(name));
        let window = window.build()?;
        drawing::plainly(&window)?;
        self.record("created");
        // To the front once; what the person does then is not interrupted again.
        window.request_user_attention(Some(UserAttentionType::Informational))?;
        window.set_focus()
    }

    /// The same question, as far as it is now.
    fn changed(&self, before: &UiPrompt, Open { asked, window }: &Open) {
        if before == asked || asked.touch.is_none() {
            return;
        }
        let raised = |asked: &UiPrompt| asked.touch.as_ref().map(|touch| touch.raised);
        if raised(before) != raised(asked)
            && let Some(window) = self.app.get_webview_window(window)
            && let Err(error) = window.unminimize().and_then(|()| window.set_focus())
        {
            tracing::warn!(%error, "the window for the touch does not come up");
        }
        if let Err(error) = self.app.emit_to(EventTarget::webview_window(window.as_str()), "prompt", asked) {
            tracing::error!(%error, "the window for the touch was not told");
        }
    }

    fn over(&self, asked: &UiPrompt) -> &AtomicI64 {
        let [pins, touches] = &self.over;
        if asked.touch.is_some() { touches } else { pins }
    }

    fn record(&self, state: &'static str) {
        self.log.write(&Happening::Window { label: "prompt".to_owned(), state });
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(bytes: &[u8], asked: i64) -> Option<KeysRequest> {
    let (number, pins) = bytes.split_first_chunk::<8>()?;
    let number = u64::from_be_bytes(*number);
    let pins = Pins::read(&Zeroizing::new(pins.to_vec()))?;
    (i64::try_from(number) == Ok(asked)).then_some(KeysRequest::EnterPin { number, pins })
}

/// What is said where nothing is answered.
fn none(asked: &UiPrompt) -> Request {
    match &asked.touch {
        Some(_) => Request::StepUp(StepUpRequest::Deny { number: number(asked) }),
        None => Request::Keys(KeysRequest::Cancel),
    }
}

fn number(asked: &UiPrompt) -> u64 {
    u64::try_from(asked.number).unwrap_or_default()
}

/// Whether it is the same question, for a PIN or for a touch, as far as it has come.
fn is_one(one: &UiPrompt, other: &UiPrompt) -> bool {
    (one.touch.is_some(), one.number) == (other.touch.is_some(), other.number)
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
