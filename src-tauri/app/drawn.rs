//! Sees to it that the window shows something: a page that was never painted, or whose process died, is
//! loaded anew, then the window is made anew, then the log says that nothing helped.
//!
//! Invariant: a window that was painted once and whose process lives is left alone.

use crate::{event_log::Happening, shell::Shell};
use std::{collections::VecDeque, time::Duration};
use tauri::WebviewWindow;
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

/// A page is painted within a second on a slow machine. One that was not after this long never will be.
const DRAWN_IN: Duration = Duration::from_secs(12);
/// What was tried so long ago does not count against trying again.
const WITHIN: Duration = Duration::from_secs(120);

/// How far the window's page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// There is no window.
    Gone,
    /// It was asked for and was not painted yet.
    Loading,
    /// It said that it was painted.
    Drawn,
    /// The web process that held it ended.
    Died,
}

/// What is tried next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    Reload,
    Renew,
    GiveUp,
}

/// What was tried, and when.
#[derive(Debug, Default)]
struct Tried(VecDeque<Instant>);

impl Tried {
    /// Loading is tried first, then a new window, then nothing more until some time has passed.
    fn next(&mut self, now: Instant) -> Remedy {
        while self.0.front().is_some_and(|&then| now.duration_since(then) > WITHIN) {
            self.0.pop_front();
        }
        let remedy = match self.0.len() {
            0 => Remedy::Reload,
            1 => Remedy::Renew,
            _ => return Remedy::GiveUp,
        };
        self.0.push_back(now);
        remedy
    }
}

/// Follows the window's page for as long as the app runs.
pub async fn see_to_it(shell: Shell) {
    let mut page = shell.windows.page();
    let mut tried = Tried::default();
    loop {
        let is = *page.borrow_and_update();
        let patience = match is {
            Page::Gone | Page::Drawn => None,
            Page::Loading => Some(DRAWN_IN),
            Page::Died => Some(Duration::ZERO),
        };
        let changed = match patience {
            None => Ok(page.changed().await),
            Some(patience) => timeout(patience, page.changed()).await,
        };
        match changed {
            Ok(Ok(())) => continue,
            // The window's keeper is gone, and the app with it.
            Ok(Err(_)) => return,
            Err(_) => {}
        }
        let remedy = tried.next(Instant::now());
        let listened = shell.windows.listener();
        tracing::error!(page = ?is, ?remedy, pages_that_listened = listened, "the window shows nothing");
        match remedy {
            Remedy::Reload => shell.windows.reload(),
            Remedy::Renew => shell.windows.renew().await,
            Remedy::GiveUp => {
                shell.log.write(&Happening::Error { code: "window".to_owned() });
                // Until it changes by itself, or the person closes the window and opens it again.
                if page.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Tells when the web process of this window ends.
#[cfg(target_os = "linux")]
pub fn tell_when_it_dies(window: &WebviewWindow, page: watch::Sender<Page>) -> tauri::Result<()> {
    use webkit2gtk::WebViewExt;
    window.with_webview(move |webview| {
        webview.inner().connect_web_process_terminated(move |_, reason| {
            tracing::error!(?reason, "the window's web process ended");
            page.send_replace(Page::Died);
        });
    })
}

/// WebView2 starts its process again by itself; on macOS the page that is not painted is all that tells.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub fn tell_when_it_dies(_window: &WebviewWindow, _page: watch::Sender<Page>) -> tauri::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_remedy_is_tried_once_in_a_while() {
        let mut tried = Tried::default();
        let now = Instant::now();
        assert_eq!(tried.next(now), Remedy::Reload);
        assert_eq!(tried.next(now), Remedy::Renew);
        assert_eq!(tried.next(now), Remedy::GiveUp);
        assert_eq!(tried.next(now + WITHIN), Remedy::GiveUp);
        assert_eq!(tried.next(now + WITHIN + Duration::from_secs(1)), Remedy::Reload);
    }
}
