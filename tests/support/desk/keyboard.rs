//! The keyboard of a desk, for windows that no WebDriver sees: keys go through the display's XTEST extension, as
//! from a person's hands, to whatever window has the focus.

use super::Display;
use crate::deadline::{START, until};
use anyhow::{Context, Result};
use x11rb::{
    CURRENT_TIME, NONE,
    connection::Connection,
    protocol::{
        xproto::{ConnectionExt as _, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MapState, Window},
        xtest::ConnectionExt as _,
    },
    rust_connection::RustConnection,
};

/// X11's name of the key Shift.
const SHIFT: u32 = 0xffe1;

/// Return, as a character to be typed.
pub const RETURN: char = '\r';
/// Escape, likewise.
pub const ESCAPE: char = '\u{1b}';
/// Tab, likewise.
pub const TAB: char = '\t';

impl Display {
    /// Waits for the window of this title, and gives it the focus, as a window manager does for a new one. There
    /// is none on a desk.
    ///
    /// # Errors
    /// That no such window came in time.
    pub async fn turn_to(&self, title: &str) -> Result<()> {
        until(START, &format!("a window titled {title:?}"), || async {
            let (x, root) = self.connect()?;
            let Some(window) = titled(&x, root, title)? else { return Ok(None) };
            // It may go between two questions.
            let turned = x.set_input_focus(InputFocus::PARENT, window, CURRENT_TIME)?.check();
            Ok(turned.is_ok().then_some(()))
        })
        .await
    }

    /// Whether a window of this title is visible.
    ///
    /// # Errors
    /// That the display is gone.
    pub fn shows(&self, title: &str) -> Result<bool> {
        let (x, root) = self.connect()?;
        Ok(titled(&x, root, title)?.is_some())
    }

    /// Presses the keys of these characters, one after another.
    ///
    /// # Errors
    /// That the keyboard has no key for one of them.
    pub fn type_keys(&self, text: &str) -> Result<()> {
        let (x, root) = self.connect()?;
        let (first, last) = (x.setup().min_keycode, x.setup().max_keycode);
        let mapping = x.get_keyboard_mapping(first, last - first + 1)?.reply()?;
        let columns = usize::from(mapping.keysyms_per_keycode);
        // A key, and whether Shift is held.
        let key = |symbol: u32| {
            let at = |column: usize| {
                let mut rows = mapping.keysyms.chunks(columns);
                rows.position(|row| row.get(column) == Some(&symbol)).and_then(|row| u8::try_from(row).ok())
            };
            let plain = at(0).map(|row| (first + row, false));
            plain.or_else(|| at(1).map(|row| (first + row, true)))
        };
        let press = |kind: u8, code: u8| -> Result<()> {
            Ok(x.xtest_fake_input(kind, code, CURRENT_TIME, root, 0, 0, 0)?.check()?)
        };
        let (shift, _) = key(SHIFT).context("the keyboard has no Shift")?;
        for character in text.chars() {
            let symbol = match character {
                RETURN => 0xff0d,
                ESCAPE => 0xff1b,
                TAB => 0xff09,
                // Latin 1 is numbered alike.
                other => u32::from(other),
            };
            let (code, shifted) =
                key(symbol).with_context(|| format!("the keyboard has no key for {character:?}"))?;
            if shifted {
                press(KEY_PRESS_EVENT, shift)?;
            }
            press(KEY_PRESS_EVENT, code)?;
            press(KEY_RELEASE_EVENT, code)?;
            if shifted {
                press(KEY_RELEASE_EVENT, shift)?;
            }
        }
        Ok(())
    }
}

/// The visible window of this title.
fn titled(x: &RustConnection, root: Window, title: &str) -> Result<Option<Window>> {
    let name = x.intern_atom(false, b"_NET_WM_NAME")?.reply()?.atom;
    let mut windows = vec![root];
    while let Some(window) = windows.pop() {
        // A window may go at any moment; one that is gone is not the one that is meant.
        let Ok(tree) = x.query_tree(window)?.reply() else { continue };
        windows.extend(tree.children);
        let Ok(told) = x.get_property(false, window, name, NONE, 0, 256)?.reply() else { continue };
        let visible = || {
            x.get_window_attributes(window)
                .map(|asked| asked.reply().is_ok_and(|it| it.map_state == MapState::VIEWABLE))
        };
        if told.value == title.as_bytes() && visible()? {
            return Ok(Some(window));
        }
    }
    Ok(None)
}
