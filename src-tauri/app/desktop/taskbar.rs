//! Whether Windows' taskbar is dark, by its own setting: now and from now on. Checked by the compiler and never run:
//! see the map of the code, "Platforms".
#![expect(unsafe_code, reason = "the system's own functions, each with its reason beside it")]

use std::ptr;
use tokio::sync::watch;
use windows_sys::{
    Win32::{
        Foundation::ERROR_SUCCESS,
        System::Registry::{
            HKEY, HKEY_CURRENT_USER, KEY_NOTIFY, KEY_QUERY_VALUE, REG_NOTIFY_CHANGE_LAST_SET,
            RRF_RT_REG_DWORD, RegCloseKey, RegGetValueW, RegNotifyChangeKeyValue, RegOpenKeyExW,
        },
    },
    core::{PCWSTR, w},
};

/// Where the system keeps its colours.
const FOLDER: PCWSTR = w!(r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize");
/// 1 where taskbar and menus are light; apps have a setting of their own, which does not count here.
const LIGHT: PCWSTR = w!("SystemUsesLightTheme");

/// Follows the setting until nobody listens, on a thread of its own: the system's call blocks.
pub fn follow() -> watch::Receiver<bool> {
    let Some(key) = Key::open() else { return watch::channel(true).1 };
    let (sender, receiver) = watch::channel(key.is_dark());
    std::thread::spawn(move || {
        while key.wait() {
            let dark = key.is_dark();
            sender.send_if_modified(|known| std::mem::replace(known, dark) != dark);
            if sender.is_closed() {
                return;
            }
        }
    });
    receiver
}

/// The folder, open.
struct Key(HKEY);

// SAFETY: a registry key may be used from any thread, and this one is used by one at a time.
unsafe impl Send for Key {}

impl Key {
    fn open() -> Option<Self> {
        let mut key = ptr::null_mut();
        // SAFETY: the name is a constant that ends with a zero; `key` is written by the call.
        let told = unsafe {
            RegOpenKeyExW(HKEY_CURRENT_USER, FOLDER, 0, KEY_QUERY_VALUE | KEY_NOTIFY, &raw mut key)
        };
        (told == ERROR_SUCCESS).then_some(Self(key))
    }

    /// Dark unless the system says otherwise, as it is when nothing was ever set.
    fn is_dark(&self) -> bool {
        let (mut light, mut size) = (0_u32, 4_u32);
        // SAFETY: the key is open, the name ends with a zero, and the number has the size that is told.
        let told = unsafe {
            RegGetValueW(
                self.0,
                ptr::null(),
                LIGHT,
                RRF_RT_REG_DWORD,
                ptr::null_mut(),
                (&raw mut light).cast(),
                &raw mut size,
            )
        };
        told != ERROR_SUCCESS || light == 0
    }

    /// Waits for a change of what is in the folder; `false` when that cannot be done.
    fn wait(&self) -> bool {
        // SAFETY: the key is open; without an event the call returns with the change.
        unsafe {
            RegNotifyChangeKeyValue(self.0, 0, REG_NOTIFY_CHANGE_LAST_SET, ptr::null_mut(), 0)
                == ERROR_SUCCESS
        }
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: it was opened here and is closed once.
        unsafe { RegCloseKey(self.0) };
    }
}
