//! How the web engine draws the window's pages.

use tauri::WebviewWindow;

/// Leaves the graphics card out of it. The window is text and lines, which are drawn sooner than a graphics
/// context is made for them: with one, a new window came a third of a second later, and drivers that show
/// nothing but white are a common complaint about WebKitGTK. Elsewhere the engine decides.
#[cfg(target_os = "linux")]
pub fn plainly(window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{HardwareAccelerationPolicy::Never, SettingsExt, WebViewExt};
    window.with_webview(|webview| {
        if let Some(settings) = webview.inner().settings() {
            settings.set_hardware_acceleration_policy(Never);
        }
    })
}

/// The engine decides.
#[cfg(not(target_os = "linux"))]
pub fn plainly(_window: &WebviewWindow) -> tauri::Result<()> {
    Ok(())
}
