//! Windows. Written with care and never run: there is no machine to run it on where this was made. The compiler has
//! checked it.
#![expect(unsafe_code, reason = "the system's own functions, each with its reason beside it")]

use std::{
    ffi::OsStr,
    os::windows::{
        ffi::OsStrExt,
        io::{AsRawHandle, FromRawHandle, OwnedHandle},
    },
    ptr::null,
    time::Duration,
};

use windows_sys::Win32::{
    Foundation::{ERROR_CANCELLED, GetLastError},
    System::Threading::{OpenProcess, PROCESS_SYNCHRONIZE, WaitForSingleObject},
    UI::{Shell::ShellExecuteW, WindowsAndMessaging::SW_SHOWNORMAL},
};

use super::{AFTER, SystemError};

/// "Sign-in options" with the page of the security key (Microsoft Learn, "Launch Windows Settings").
const SETTINGS: &str = "ms-settings:signinoptions-launchsecuritykeyenrollment";

pub(super) fn open_settings() -> Result<(), SystemError> {
    execute("open", OsStr::new(SETTINGS), "")
}

pub(super) fn restart_as_administrator() -> Result<(), SystemError> {
    let program = std::env::current_exe().map_err(|error| SystemError::Other(error.to_string()))?;
    execute("runas", program.as_os_str(), &format!("{AFTER} {}", std::process::id()))
}

pub(super) fn wait_for(process: u32, patience: Duration) {
    // SAFETY: takes numbers alone; what it gives is checked below.
    let handle = unsafe { OpenProcess(PROCESS_SYNCHRONIZE, 0, process) };
    if handle.is_null() {
        // It is gone already.
        return;
    }
    // SAFETY: a handle that was opened here, and that nobody else closes.
    let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
    let milliseconds = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
    // SAFETY: the handle lives until after the call.
    unsafe { WaitForSingleObject(handle.as_raw_handle(), milliseconds) };
}

fn execute(verb: &str, what: &OsStr, arguments: &str) -> Result<(), SystemError> {
    let (verb, what, arguments) = (wide(OsStr::new(verb)), wide(what), wide(OsStr::new(arguments)));
    // SAFETY: three texts that end with zero and live until after the call; no window and no folder.
    let (done, error) = unsafe {
        let (text, arguments) = (what.as_ptr(), arguments.as_ptr());
        let done = ShellExecuteW(std::ptr::null_mut(), verb.as_ptr(), text, arguments, null(), SW_SHOWNORMAL);
        (done, GetLastError())
    };
    // By its documentation more than 32 is success, and no address.
    match done.addr() {
        33.. => Ok(()),
        _ if error == ERROR_CANCELLED => Err(SystemError::Declined),
        code => Err(SystemError::Other(format!("ShellExecute: {code}, error {error}"))),
    }
}

fn wide(text: &OsStr) -> Vec<u16> {
    text.encode_wide().chain([0]).collect()
}
