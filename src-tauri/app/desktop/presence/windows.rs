//! Windows: the last input, the desktop that has the screen, and what the system thinks of notifications.
#![expect(unsafe_code, reason = "the system's own functions, each with its reason beside it")]

use engine::ports::Presence;
use std::time::Duration;
use windows_sys::Win32::{
    System::{
        StationsAndDesktops::{CloseDesktop, DESKTOP_SWITCHDESKTOP, OpenInputDesktop},
        SystemInformation::GetTickCount,
    },
    UI::{
        Input::KeyboardAndMouse::{GetLastInputInfo, LASTINPUTINFO},
        Shell::{
            QUNS_BUSY, QUNS_PRESENTATION_MODE, QUNS_QUIET_TIME, QUNS_RUNNING_D3D_FULL_SCREEN,
            SHQueryUserNotificationState,
        },
    },
};

/// As it is now. What the system does not tell counts as "there".
pub fn now() -> Presence {
    Presence {
        locked: is_locked(),
        idle: idle(),
        do_not_disturb: is_not_to_be_disturbed(),
        ..Presence::default()
    }
}

/// Since the last key or movement, of this person's session.
fn idle() -> Duration {
    let size = u32::try_from(size_of::<LASTINPUTINFO>()).unwrap_or_default();
    let mut last = LASTINPUTINFO { cbSize: size, dwTime: 0 };
    // SAFETY: the structure says how large it is, and is written by the call.
    let told = unsafe { GetLastInputInfo(&raw mut last) } != 0;
    // SAFETY: the call takes nothing and cannot fail.
    let now = unsafe { GetTickCount() };
    // Both count milliseconds and begin anew after 49 days, at the same moment.
    if told { Duration::from_millis(now.wrapping_sub(last.dwTime).into()) } else { Duration::ZERO }
}

/// The screen belongs to a desktop that this person's programs may not open: the one on which it is unlocked.
fn is_locked() -> bool {
    // SAFETY: the call takes flags alone; what it opens is closed below.
    let desktop = unsafe { OpenInputDesktop(0, 0, DESKTOP_SWITCHDESKTOP) };
    if desktop.is_null() {
        return true;
    }
    // SAFETY: it was opened a line above, and is used by nobody else.
    unsafe { CloseDesktop(desktop) };
    false
}

/// A presentation, a full screen, or the quiet time after the first sign-in.
fn is_not_to_be_disturbed() -> bool {
    let mut state = 0;
    // SAFETY: the number is written by the call.
    let told = unsafe { SHQueryUserNotificationState(&raw mut state) } == 0;
    told && [QUNS_BUSY, QUNS_PRESENTATION_MODE, QUNS_QUIET_TIME, QUNS_RUNNING_D3D_FULL_SCREEN]
        .contains(&state)
}
