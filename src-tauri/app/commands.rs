//! All that windows can call. Each is one line: the engine decides, the view finds the words.

use crate::shell::Shell;
use tauri::{State, WebviewWindow};
use view::{UiPortal, UiPrompt, UiReply, UiRequest, UiState};

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

/// The window's page was painted.
#[tauri::command]
pub async fn drawn(shell: State<'_, Shell>) -> Result<(), ()> {
    shell.windows.was_drawn();
    Ok(())
}

/// Something in the window's page went wrong.
#[tauri::command]
pub async fn broke(shell: State<'_, Shell>, what: String) -> Result<(), ()> {
    shell.windows.broke(&what);
    Ok(())
}

/// A password or a code, as bytes ([`engine::model::native::InAppStep::read`]): it stands in no JSON and no log.
#[tauri::command]
pub async fn enter_secret(shell: State<'_, Shell>, request: tauri::ipc::Request<'_>) -> Result<UiReply, ()> {
    Ok(shell.enter_secret(request.body()).await)
}

/// What the window for PINs and touches asks.
#[tauri::command]
pub async fn prompt(shell: State<'_, Shell>, window: WebviewWindow) -> Result<Option<UiPrompt>, ()> {
    Ok(shell.prompts.question(window.label()))
}

/// A PIN. The window that it comes from is gone when this returns.
#[tauri::command]
pub async fn enter_pin(
    shell: State<'_, Shell>,
    window: WebviewWindow,
    request: tauri::ipc::Request<'_>,
) -> Result<(), ()> {
    shell.enter_pin(&window, request.body());
    Ok(())
}

/// No PIN, and no touch.
#[tauri::command]
pub async fn give_up(shell: State<'_, Shell>, window: WebviewWindow) -> Result<(), ()> {
    shell.answered(shell.prompts.gave_up(&window));
    Ok(())
}

/// The person allows what a program asks for.
#[tauri::command]
pub async fn allow(shell: State<'_, Shell>, window: WebviewWindow) -> Result<(), ()> {
    shell.answered(shell.prompts.allowed(&window));
    Ok(())
}

/// Another key than the one that waits.
#[tauri::command]
pub async fn another_key(shell: State<'_, Shell>, window: WebviewWindow) -> Result<(), ()> {
    shell.answered(shell.prompts.another_key(window.label()));
    Ok(())
}
