//! The engine's handle with the window's, for whoever forwards a wish: commands, tray, second starts.
//!
//! Invariant: nothing is decided here. What to show, to ask and to say comes from `view`, what to do
//! from `engine`.

use crate::{
    event_log::{EventLog, Happening, tag},
    flags::Flags,
    prompts::Prompts,
    windows::{Windows, Wish},
};
use engine::{
    Engine, Reply, Request, Snapshot,
    model::{code::Code, ids::OrgId, native::InAppStep, step_up::Unanswered},
    ports::Clock,
    request::Answer,
};
use jiff::tz::TimeZone;
use std::sync::Arc;
use tauri::ipc::InvokeBody;
use tokio::{runtime::Handle, sync::watch};
use view::{
    Around, Reading, Step, UiFirst, UiPortal, UiReply, UiRequest, UiState, problem::About, ui_state::UiPlace,
};
use zeroize::Zeroizing;

/// Cheap to clone; managed by Tauri for the commands.
#[derive(Clone)]
pub struct Shell {
    /// The engine.
    pub engine: Engine,
    /// The window.
    pub windows: Arc<Windows>,
    /// The window for PINs.
    pub prompts: Arc<Prompts>,
    /// Where happenings are recorded.
    pub log: Arc<EventLog>,
    /// What is known of the desktop around the window.
    pub around: watch::Sender<Around>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where Latchkey keeps its files, for Settings.
    pub places: Arc<Vec<UiPlace>>,
    /// Where wishes are carried out, away from the main thread.
    pub runtime: Handle,
}

impl Shell {
    /// The latest state.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.engine.snapshots().borrow().clone()
    }

    /// What the window shows now.
    pub fn ui_state(&self) -> UiState {
        let state = view::ui_state(&self.snapshot(), &self.around.borrow(), &TimeZone::system());
        UiState { places: self.places.to_vec(), ..state }
    }

    /// What the window shows first: the state, and what the chosen organisation's portal lists.
    pub fn first(&self) -> UiFirst {
        let state = self.ui_state();
        let portal = state.chosen.as_deref().and_then(|org| self.portal(org));
        UiFirst { state, portal }
    }

    /// The window asks for its state, so it listens from now on.
    pub fn window_state(&self) -> UiState {
        self.windows.listens();
        self.ui_state()
    }

    /// What an organisation's portal lists.
    pub fn portal(&self, org: &str) -> Option<UiPortal> {
        view::ui_portal(&self.snapshot(), &OrgId::new(org))
    }

    /// Carries out what the window asks and finds the words for the answer.
    pub async fn ask_for_window(&self, request: UiRequest) -> UiReply {
        if let Some(reading) = Reading::of(&request) {
            return self.read(reading, &request).await;
        }
        match Request::try_from(request.clone()) {
            Ok(wish) => {
                let answer = self.ask(wish).await;
                if matches!(answer, Ok(Reply::Restarting)) {
                    self.quit_now();
                }
                view::reply(answer, &request, &self.snapshot(), &TimeZone::system())
            }
            Err(refused) => refused.reply(),
        }
    }

    /// Carries out a wish that takes several steps.
    async fn read(&self, mut reading: Reading, asked: &UiRequest) -> UiReply {
        let zone = TimeZone::system();
        loop {
            let request = match reading.step() {
                Step::Answer(reply) => return reply,
                Step::Ask(request) => request,
            };
            match self.ask(request).await {
                Ok(reply) => reading.take(reply, &self.snapshot(), &zone),
                Err(code) => return view::reply(Err(code), asked, &self.snapshot(), &zone),
            }
        }
    }

    /// Asks the engine; a failure is recorded by its code.
    pub async fn ask(&self, request: Request) -> Answer {
        let answer = self.engine.ask(request).await;
        if let Err(code) = &answer {
            tracing::info!(code = tag(code), "refused");
            self.log.write(&Happening::Error { code: tag(code) });
        }
        answer
    }

    /// Asks the engine for someone who has no place to show an answer, such as the tray: what has to be
    /// shown or confirmed, and a refusal, comes up in the window.
    pub fn wish(&self, request: Request) {
        let shell = self.clone();
        self.runtime.spawn(async move {
            let asked = view::as_asked(&request);
            let reply = match (shell.ask(request).await, asked) {
                (Ok(Reply::Show(show)), _) => return shell.windows.raise(Some(Wish::Show(show))).await,
                // Who said no knows.
                (Err(Code::StepUpEnded { why: Unanswered::Denied }), _) => return,
                (answer @ (Err(_) | Ok(Reply::Confirm(_))), Some(asked)) => {
                    view::reply(answer, &asked, &shell.snapshot(), &TimeZone::system())
                }
                (Err(code), None) => {
                    let problem = view::problem::problem(&code, &About::default());
                    UiReply::Failed { problem, field: None }
                }
                (Ok(_), _) => return,
            };
            shell.windows.raise(Some(Wish::Reply(Box::new(reply)))).await;
        });
    }

    /// The window sent a password or a code. What holds it here is overwritten.
    pub async fn enter_secret(&self, body: &InvokeBody) -> UiReply {
        let step = match body {
            InvokeBody::Raw(bytes) => InAppStep::read(&Zeroizing::new(bytes.clone())),
            InvokeBody::Json(_) => None,
        };
        let (org, answer) = match step {
            Some((org, step)) => (org.to_string(), self.ask(Request::InApp { org, step }).await),
            // The window checks before it sends.
            None => (String::new(), Err(Code::Internal { what: "an entry that cannot be read".to_owned() })),
        };
        let asked = UiRequest::SignIn { org, method: None };
        view::reply(answer, &asked, &self.snapshot(), &TimeZone::system())
    }

    /// The window for PINs sent one. A body that is no bytes is no answer.
    pub fn enter_pin(&self, window: &tauri::WebviewWindow, body: &InvokeBody) {
        let answered = match body {
            InvokeBody::Raw(bytes) => self.prompts.answered(window, bytes),
            InvokeBody::Json(_) => self.prompts.gave_up(window),
        };
        self.answered(answered);
    }

    /// Wishes something for someone who waits for no answer: it is in the next state.
    pub fn answered(&self, request: Option<Request>) {
        let Some(request) = request else { return };
        let shell = self.clone();
        self.runtime.spawn(async move { shell.ask(request).await });
    }

    /// Carries out what a second start was asked for.
    pub fn started_again(&self, flags: &Flags) {
        if flags.sandbox {
            self.wish(Request::StartSandbox);
        }
        match &flags.link {
            Some(link) => self.follow_link(link),
            None => self.raise(None),
        }
    }

    /// Brings the window up where a link of ours leads. What this version does not know opens the window alone.
    pub fn follow_link(&self, link: &str) {
        let show = view::deep_link::read(link);
        if show.is_none() {
            tracing::warn!("a link leads nowhere that this version knows");
        }
        self.raise(show.map(Wish::Go));
    }

    /// Brings the window up.
    pub fn raise(&self, wish: Option<Wish>) {
        let windows = Arc::clone(&self.windows);
        self.runtime.spawn(async move { windows.raise(wish).await });
    }

    /// Quits, after the window's dialog said what stops, when something does.
    pub fn quit(&self) {
        if self.ui_state().quit.ask {
            self.raise(Some(Wish::AskToQuit));
        } else {
            self.quit_now();
        }
    }

    /// Quits without asking. The answer may be lost with the engine, which ends.
    pub fn quit_now(&self) {
        let engine = self.engine.clone();
        self.runtime.spawn(async move { engine.ask(Request::Quit).await });
    }
}
