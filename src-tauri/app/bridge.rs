//! From snapshots to those who follow them: the window, the event log, and the window's return after a
//! sign-in.

use crate::{event_log, shell::Shell, windows::Wish};
use engine::{
    Snapshot,
    model::{
        native::Stage,
        sign_in::{Attempt, SignIn},
    },
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::watch;
use view::UiState;

/// At most ten states a second go to the window.
const BREATH: Duration = Duration::from_millis(100);

type Snapshots = watch::Receiver<Arc<Snapshot>>;

/// Sends an open window its state whenever what it shows is different.
pub async fn feed_window(shell: Shell, mut snapshots: Snapshots) {
    let mut sent: Option<UiState> = None;
    let mut listener = 0;
    let mut around = shell.around.subscribe();
    loop {
        tokio::select! {
            changed = snapshots.changed() => if changed.is_err() { return },
            // The shell holds the sender.
            _ = around.changed() => {}
        }
        // Another window got its first state by asking, so what the one before it got does not matter.
        if std::mem::replace(&mut listener, shell.windows.listener()) != listener {
            sent = None;
        }
        if shell.windows.open().is_none() {
            continue;
        }
        let state = shell.ui_state();
        if sent.as_ref().is_none_or(|sent| differs(sent, &state)) {
            shell.windows.send_state(&state);
            sent = Some(state);
            tokio::time::sleep(BREATH).await;
        }
    }
}

/// The moment alone is no difference: the window counts times down by itself.
fn differs(sent: &UiState, now: &UiState) -> bool {
    if sent.at == now.at {
        return sent != now;
    }
    *sent != UiState { at: sent.at, ..now.clone() }
}

/// Writes what changed to the event log, from the first loaded snapshot on.
pub async fn record(shell: Shell, mut snapshots: Snapshots) {
    let mut before: Option<Arc<Snapshot>> = None;
    while snapshots.changed().await.is_ok() {
        let now = snapshots.borrow_and_update().clone();
        if !now.loaded {
            continue;
        }
        for happening in event_log::between(before.as_deref(), &now) {
            shell.log.write(&happening);
        }
        before = Some(now);
    }
}

/// Brings the window up when a sign-in in the app waits for a password that nobody was about to type: a tray row, a
/// notification or a renewal began it.
pub async fn show_sign_ins(shell: Shell, mut snapshots: Snapshots) {
    let mut last = 0;
    while snapshots.changed().await.is_ok() {
        let now = snapshots.borrow_and_update().clone();
        let attempts = now.organisations.iter().filter_map(|o| match &o.sign_in {
            SignIn::InProgress(attempt) => Some(attempt),
            _ => None,
        });
        let typed = |attempt: &Attempt| attempt.in_app.as_ref().is_some_and(|it| it.stage == Stage::Password);
        let newest = attempts.filter(|attempt| attempt.id > last && typed(attempt)).map(|it| it.id).max();
        if let Some(newest) = newest {
            last = newest;
            if !shell.windows.has_focus() {
                shell.raise(Some(Wish::Show(engine::request::Show::Portal)));
            }
        }
    }
}

/// Shows the window for a PIN while one is wanted.
pub async fn ask_for_pins(shell: Shell, mut snapshots: Snapshots) {
    while snapshots.changed().await.is_ok() {
        let asked = view::prompt(&snapshots.borrow_and_update());
        shell.prompts.show(asked);
    }
}

/// Brings the window back after a sign-in in the browser, if it was in front when the sign-in began.
pub async fn return_after_sign_in(shell: Shell, mut snapshots: Snapshots) {
    let mut was_in_front = HashMap::new();
    while snapshots.changed().await.is_ok() {
        let now = snapshots.borrow_and_update().clone();
        for organisation in &now.organisations {
            let org = &organisation.organisation.id;
            match &organisation.sign_in {
                SignIn::InProgress(_) => {
                    was_in_front.entry(org.clone()).or_insert_with(|| shell.windows.has_focus());
                }
                SignIn::SignedIn(_) => {
                    if was_in_front.remove(org) == Some(true) {
                        shell.raise(None);
                    }
                }
                SignIn::SignedOut | SignIn::Ended { .. } => {
                    was_in_front.remove(org);
                }
            }
        }
    }
}
