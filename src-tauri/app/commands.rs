//! All that the window can call. Each is one line: the engine decides, the view finds the words.

use crate::shell::Shell;
use tauri::State;
use view::{UiPortal, UiReply, UiRequest, UiState};

/// The state, now. The window asks for it when it listens for changes.
#[tauri::command]
pub async fn state(shell: State<'_, Shell>) -> Result<UiState, ()> {
    Ok(shell.window_state())
}

/// What the portal of one organisation lists.
#[tauri::command]
pub async fn portal(shell: State<'_, Shell>, org: String) -> Result<Option<UiPortal>, ()> {
    Ok(shell.portal(&org))
}

/// Asks for something.
#[tauri::command]
pub async fn ask(shell: State<'_, Shell>, request: UiRequest) -> Result<UiReply, ()> {
    Ok(shell.ask_for_window(request).await)
}
