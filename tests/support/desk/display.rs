//! A display of one's own.

use super::Folders;
use crate::{
    deadline::{SOON, START},
    process::{Process, Program, run},
};
use anyhow::{Context, Result, bail};
use std::{collections::BTreeMap, path::Path};
use x11rb::{
    CURRENT_TIME, NONE,
    connection::Connection,
    protocol::xproto::{
        AtomEnum, ClientMessageEvent, ConnectionExt, EventMask, InputFocus, MapState, Window,
    },
    rust_connection::RustConnection,
};

/// An Xvfb that chose its own number.
#[derive(Debug)]
pub struct Display {
    name: String,
    _server: Process,
}

impl Display {
    /// Starts one of 1280 by 900 pixels.
    ///
    /// # Errors
    /// That Xvfb is not there or did not say its number in time.
    pub async fn start(folders: &Folders, env: &BTreeMap<String, String>) -> Result<Self> {
        let args = ["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp", "-noreset"];
        let server = Program::new("Xvfb", "Xvfb")
            .args(args)
            .envs(env)
            .log(folders.logs().join("xvfb.log"))
            .lines()
            .start()?;
        let number = server.line(START, "Xvfb's display number", |l| l.trim().parse::<u32>().ok()).await?;
        Ok(Self { name: format!(":{number}"), _server: server })
    }

    /// `:N`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes what the display shows to a PNG file.
    ///
    /// # Errors
    /// That ImageMagick's `import` is not there or failed.
    pub async fn screenshot(&self, to: &Path) -> Result<()> {
        let to = to.to_str().context("the path is not UTF-8")?;
        let args = ["-display", &self.name, "-window", "root", to];
        let path = [("PATH", "/usr/local/bin:/usr/bin:/bin")];
        let said = run(SOON, "import", &args, path, "").await?;
        if !said.ok {
            bail!("import failed: {}", said.err);
        }
        Ok(())
    }
}

impl Display {
    /// Asks the visible windows whose class is `class` to close, as a window manager does when a
    /// person presses the cross. There is none on a desk.
    ///
    /// # Errors
    /// That no such window is visible.
    pub fn close_windows(&self, class: &str) -> Result<()> {
        let (x, root) = self.connect()?;
        let atom = |name: &str| -> Result<u32> { Ok(x.intern_atom(false, name.as_bytes())?.reply()?.atom) };
        let (protocols, delete) = (atom("WM_PROTOCOLS")?, atom("WM_DELETE_WINDOW")?);
        for window in visible(&x, root, class)? {
            let message = ClientMessageEvent::new(32, window, protocols, [delete, 0, 0, 0, 0]);
            x.send_event(false, window, EventMask::NO_EVENT, message)?.check()?;
        }
        Ok(())
    }

    /// Gives the focus to the visible window whose class is `class`, as a window manager does when a
    /// person clicks into it.
    ///
    /// # Errors
    /// That no such window is visible.
    pub fn focus(&self, class: &str) -> Result<()> {
        let (x, root) = self.connect()?;
        let window = visible(&x, root, class)?[0];
        Ok(x.set_input_focus(InputFocus::PARENT, window, CURRENT_TIME)?.check()?)
    }

    /// Takes the focus from whichever window has it: the person works elsewhere.
    ///
    /// # Errors
    /// That the display is gone.
    pub fn focus_nothing(&self) -> Result<()> {
        let (x, _) = self.connect()?;
        Ok(x.set_input_focus(InputFocus::NONE, NONE, CURRENT_TIME)?.check()?)
    }

    pub(super) fn connect(&self) -> Result<(RustConnection, Window)> {
        let (x, screen) = RustConnection::connect(Some(&self.name)).context("could not reach the display")?;
        let root = x.setup().roots.get(screen).context("the display has no screen")?.root;
        Ok((x, root))
    }
}

/// The visible windows of the class, at least one.
fn visible(x: &RustConnection, root: Window, class: &str) -> Result<Vec<Window>> {
    let mut windows = vec![root];
    let mut found = Vec::new();
    while let Some(window) = windows.pop() {
        // A window may go at any moment; one that is gone is not the one that is meant.
        let Ok(tree) = x.query_tree(window)?.reply() else { continue };
        windows.extend(tree.children);
        if is(x, window, class)? {
            found.push(window);
        }
    }
    if found.is_empty() {
        bail!("no window of the class {class} is visible");
    }
    Ok(found)
}

/// Whether the window is visible and of the class.
fn is(x: &RustConnection, window: Window, class: &str) -> Result<bool> {
    let name = x.get_property(false, window, AtomEnum::WM_CLASS, AtomEnum::STRING, 0, 256)?;
    let Ok(name) = name.reply() else { return Ok(false) };
    let mut names = name.value.split(|b| *b == 0);
    if !names.any(|n| n.eq_ignore_ascii_case(class.as_bytes())) {
        return Ok(false);
    }
    Ok(x.get_window_attributes(window)?.reply().is_ok_and(|a| a.map_state == MapState::VIEWABLE))
}
