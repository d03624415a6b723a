//! What a person can set of the tray.

use serde::{Deserialize, Serialize};

/// What a left click on the icon does, where the platform tells clicks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftClick {
    /// Opens the menu.
    #[default]
    Menu,
    /// Opens the window; the menu comes with the other button.
    Window,
}

/// The tray's icon and menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrayOptions {
    /// There is an icon at all.
    pub icon: bool,
    /// What a left click does.
    pub left_click: LeftClick,
    /// The time left beside the icon, while it is short; macOS alone has a place for it.
    pub time_beside: bool,
    /// At most so many favourites; see [`Self::favourites`].
    pub favourites: u8,
    /// At most so many recents; see [`Self::recents`].
    pub recents: u8,
    /// At most so many rows of accounts; see [`Self::accounts`].
    pub accounts: u8,
}

/// More favourites than this make the menu too long.
const FAVOURITES: u8 = 6;
/// As [`FAVOURITES`].
const RECENTS: u8 = 3;
/// Rows of a submenu.
const ACCOUNTS: (u8, u8) = (5, 20);

impl Default for TrayOptions {
    fn default() -> Self {
        Self {
            icon: true,
            left_click: LeftClick::Menu,
            time_beside: false,
            favourites: FAVOURITES,
            recents: RECENTS,
            accounts: ACCOUNTS.1,
        }
    }
}

impl TrayOptions {
    /// Favourites in the menu, 0 to 6: a file may say anything.
    #[must_use]
    pub fn favourites(&self) -> usize {
        self.favourites.min(FAVOURITES).into()
    }

    /// Recents in the menu, 0 to 3; one less when the favourites are six, for the menu's length.
    #[must_use]
    pub fn recents(&self, favourites: usize) -> usize {
        let most = if favourites >= FAVOURITES.into() { RECENTS - 1 } else { RECENTS };
        self.recents.min(most).into()
    }

    /// Rows of the submenu of accounts, 5 to 20, with the row for all of them.
    #[must_use]
    pub fn accounts(&self) -> usize {
        self.accounts.clamp(ACCOUNTS.0, ACCOUNTS.1).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_say_anything_and_the_menu_stays_short() {
        let none = TrayOptions { favourites: 0, recents: 0, accounts: 0, ..TrayOptions::default() };
        assert_eq!((none.favourites(), none.recents(0), none.accounts()), (0, 0, 5));
        let many = TrayOptions { favourites: 99, recents: 99, accounts: 99, ..none };
        assert_eq!((many.favourites(), many.recents(5), many.recents(6), many.accounts()), (6, 3, 2, 20));
    }
}
