//! Paints a menu value with Tauri's menus. Rows keep their identity: words, enabled and checked change
//! in place, and rows come and go only where the structure differs.
//!
//! Invariant: the menu itself is never replaced. On Linux a replaced menu that is open stays on the
//! screen, and a click on it crashed.

use super::{
    Look, Picture, icons,
    plan::{Key, Kind, Plan, plan},
};
use engine::model::tray::LeftClick;
use tauri::{
    AppHandle, Wry,
    menu::{CheckMenuItem, IsMenuItem, Menu as RootMenu, MenuItem, PredefinedMenuItem, Submenu},
    tray::{TrayIcon, TrayIconBuilder},
};
use view::{icon::IconState, menu::Entry};

/// How far a painting got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Everything is painted.
    Whole,
    /// Words are painted; rows have yet to come or go.
    RowsWait,
}

/// What stands in the tray.
pub struct Painter {
    app: AppHandle,
    look: Look,
    standing: Option<Standing>,
}

struct Standing {
    tray: TrayIcon,
    menu: RootMenu<Wry>,
    rows: Vec<Row>,
    /// The state, and whether it was drawn for a dark panel.
    icon: (IconState, bool),
    tooltip: String,
    visible: bool,
    left_click: LeftClick,
    beside: Option<String>,
}

/// A row as it was painted last.
enum Row {
    Separator(PredefinedMenuItem<Wry>),
    Item(MenuItem<Wry>, Words),
    Check(CheckMenuItem<Wry>, Words),
    Submenu(Submenu<Wry>, Words, Vec<Row>),
}

#[derive(Clone, PartialEq, Eq)]
struct Words {
    id: String,
    label: String,
    enabled: bool,
}

impl Painter {
    /// Nothing is painted yet.
    pub fn new(app: AppHandle, look: Look) -> Self {
        Self { app, look, standing: None }
    }

    /// Paints; on the main thread.
    ///
    /// # Errors
    /// The toolkit refused.
    pub fn paint(&mut self, picture: &Picture, may_restructure: bool) -> tauri::Result<Done> {
        let Picture { menu, icon, dark_panel, tooltip, options, beside } = picture;
        let Some(standing) = &mut self.standing else {
            if !options.icon {
                return Ok(Done::Whole);
            }
            // The indicator library is loaded at run time, and panics when it is not installed.
            let erected = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.erect(picture)));
            let missing = |_| {
                tauri::Error::from(std::io::Error::other(
                    "no tray library: install libayatana-appindicator3-1",
                ))
            };
            self.standing = Some(erected.map_err(missing)??);
            return Ok(Done::Whole);
        };
        if standing.icon != (*icon, *dark_panel) {
            standing.tray.set_icon(Some(icons::image(*icon, *dark_panel)?))?;
            standing.icon = (*icon, *dark_panel);
        }
        if standing.tooltip != *tooltip {
            standing.tray.set_tooltip(Some(tooltip))?;
            standing.tooltip.clone_from(tooltip);
        }
        if standing.left_click != options.left_click {
            standing.tray.set_show_menu_on_left_click(options.left_click == LeftClick::Menu)?;
            standing.left_click = options.left_click;
        }
        if standing.beside != *beside {
            standing.tray.set_title(beside.as_deref())?;
            standing.beside.clone_from(beside);
        }
        let done = level(&self.app, &standing.menu, &mut standing.rows, &menu.entries, may_restructure)?;
        // Last, so that what comes back says what is true now. The item stays ours on Linux, where it becomes
        // passive: a new one under its name would meet the old one's on the bus.
        if standing.visible != options.icon {
            standing.tray.set_visible(options.icon)?;
            standing.visible = options.icon;
        }
        Ok(done)
    }

    fn erect(&self, picture: &Picture) -> tauri::Result<Standing> {
        let Picture { menu, icon, dark_panel, tooltip, options, beside } = picture;
        let root = RootMenu::new(&self.app)?;
        let mut rows = Vec::new();
        level(&self.app, &root, &mut rows, &menu.entries, true)?;
        let tray = TrayIconBuilder::with_id("latchkey")
            .icon(icons::image(*icon, *dark_panel)?)
            .temp_dir_path(&self.look.icon_folder)
            .tooltip(tooltip)
            // macOS draws its shape in whatever colour the menu bar has.
            .icon_as_template(cfg!(target_os = "macos"))
            .menu(&root)
            .show_menu_on_left_click(options.left_click == LeftClick::Menu)
            .build(&self.app)?;
        if let Some(text) = beside {
            tray.set_title(Some(text))?;
        }
        Ok(Standing {
            tray,
            menu: root,
            rows,
            icon: (*icon, *dark_panel),
            tooltip: tooltip.clone(),
            visible: true,
            left_click: options.left_click,
            beside: beside.clone(),
        })
    }
}

/// The root menu or a submenu.
trait Level {
    fn put(&self, item: &dyn IsMenuItem<Wry>, position: usize) -> tauri::Result<()>;
    fn take(&self, item: &dyn IsMenuItem<Wry>) -> tauri::Result<()>;
}

impl Level for RootMenu<Wry> {
    fn put(&self, item: &dyn IsMenuItem<Wry>, position: usize) -> tauri::Result<()> {
        self.insert(item, position)
    }
    fn take(&self, item: &dyn IsMenuItem<Wry>) -> tauri::Result<()> {
        self.remove(item)
    }
}

impl Level for Submenu<Wry> {
    fn put(&self, item: &dyn IsMenuItem<Wry>, position: usize) -> tauri::Result<()> {
        self.insert(item, position)
    }
    fn take(&self, item: &dyn IsMenuItem<Wry>) -> tauri::Result<()> {
        self.remove(item)
    }
}

fn level(
    app: &AppHandle,
    menu: &impl Level,
    rows: &mut Vec<Row>,
    entries: &[Entry],
    may_restructure: bool,
) -> tauri::Result<Done> {
    let old: Vec<Key> = rows.iter().map(Row::key).collect();
    let new: Vec<Key> = entries.iter().map(key).collect();
    let plan = plan(&old, &new);
    let (Plan { prefix, removed, inserted }, in_place) = (plan, plan.is_in_place());
    let mut done = if in_place || may_restructure { Done::Whole } else { Done::RowsWait };
    if !in_place && may_restructure {
        for row in rows.drain(prefix..prefix + removed) {
            menu.take(row.item())?;
        }
        for (position, entry) in entries.iter().enumerate().skip(prefix).take(inserted) {
            let row = Row::make(app, entry)?;
            menu.put(row.item(), position)?;
            rows.insert(position, row);
        }
    }
    // The rows that stay: before the stretch that differs and after it.
    let suffix = new.len() - prefix - inserted;
    let (kept_end, wanted_end) = (rows.len() - suffix, entries.len() - suffix);
    for (row, entry) in rows[..prefix].iter_mut().zip(&entries[..prefix]) {
        done = done.and(row.update(app, entry, may_restructure)?);
    }
    for (row, entry) in rows[kept_end..].iter_mut().zip(&entries[wanted_end..]) {
        done = done.and(row.update(app, entry, may_restructure)?);
    }
    Ok(done)
}

impl Done {
    fn and(self, other: Self) -> Self {
        if self == Self::Whole { other } else { self }
    }
}

impl Words {
    fn new(id: &str, label: &str, enabled: bool) -> Self {
        Self { id: id.to_owned(), label: label.to_owned(), enabled }
    }
}

/// Says what is new of a row's words.
macro_rules! reword {
    ($item:expr, $words:expr, $label:expr, $enabled:expr) => {
        if $words.label != *$label {
            $item.set_text($label)?;
            $words.label.clone_from($label);
        }
        if $words.enabled != *$enabled {
            $item.set_enabled(*$enabled)?;
            $words.enabled = *$enabled;
        }
    };
}

impl Row {
    fn make(app: &AppHandle, entry: &Entry) -> tauri::Result<Self> {
        Ok(match entry {
            Entry::Separator => Self::Separator(PredefinedMenuItem::separator(app)?),
            Entry::Item { id, label, enabled, checked: None, .. } => Self::Item(
                MenuItem::with_id(app, id.clone(), label, *enabled, None::<&str>)?,
                Words::new(id, label, *enabled),
            ),
            Entry::Item { id, label, enabled, checked: Some(checked), .. } => Self::Check(
                CheckMenuItem::with_id(app, id.clone(), label, *enabled, *checked, None::<&str>)?,
                Words::new(id, label, *enabled),
            ),
            Entry::Submenu { id, label, enabled, entries } => {
                let submenu = Submenu::with_id(app, id.clone(), label, *enabled)?;
                let mut rows = Vec::new();
                level(app, &submenu, &mut rows, entries, true)?;
                Self::Submenu(submenu, Words::new(id, label, *enabled), rows)
            }
        })
    }

    /// Brings a row that stays up to date. Its entry has its key, so it has its kind.
    fn update(&mut self, app: &AppHandle, entry: &Entry, may_restructure: bool) -> tauri::Result<Done> {
        match (self, entry) {
            (Self::Item(item, words), Entry::Item { label, enabled, .. }) => {
                reword!(item, words, label, enabled);
            }
            (Self::Check(item, words), Entry::Item { label, enabled, checked, .. }) => {
                reword!(item, words, label, enabled);
                // Always: a click turned the mark by itself, whatever came of the wish.
                item.set_checked(checked.unwrap_or_default())?;
            }
            (Self::Submenu(submenu, words, rows), Entry::Submenu { label, enabled, entries, .. }) => {
                reword!(submenu, words, label, enabled);
                return level(app, submenu, rows, entries, may_restructure);
            }
            _ => {}
        }
        Ok(Done::Whole)
    }

    fn key(&self) -> Key {
        let (kind, id) = match self {
            Self::Separator(_) => (Kind::Separator, ""),
            Self::Item(_, words) => (Kind::Item, words.id.as_str()),
            Self::Check(_, words) => (Kind::Check, words.id.as_str()),
            Self::Submenu(_, words, _) => (Kind::Submenu, words.id.as_str()),
        };
        Key { kind, id: id.to_owned() }
    }

    fn item(&self) -> &dyn IsMenuItem<Wry> {
        match self {
            Self::Separator(item) => item,
            Self::Item(item, _) => item,
            Self::Check(item, _) => item,
            Self::Submenu(submenu, ..) => submenu,
        }
    }
}

fn key(entry: &Entry) -> Key {
    let (kind, id) = match entry {
        Entry::Separator => (Kind::Separator, ""),
        Entry::Item { id, checked: None, .. } => (Kind::Item, id.as_str()),
        Entry::Item { id, checked: Some(_), .. } => (Kind::Check, id.as_str()),
        Entry::Submenu { id, .. } => (Kind::Submenu, id.as_str()),
    };
    Key { kind, id: id.to_owned() }
}
