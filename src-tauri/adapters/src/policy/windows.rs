//! Windows: `%ProgramData%\Latchkey`, in which every user may make files; one counts only if it and its folder belong
//! to the administrators or the system. Checked by the compiler and never run: see the map of the code, "Platforms".
#![expect(unsafe_code, reason = "the system's own functions, each with its reason beside it")]

use std::{
    ffi::OsString,
    fs::File,
    io,
    os::windows::{
        ffi::{OsStrExt as _, OsStringExt as _},
        io::AsRawHandle as _,
    },
    path::{Path, PathBuf},
    ptr,
};
use windows_sys::Win32::{
    Foundation::{ERROR_SUCCESS, LocalFree},
    Security::{
        Authorization::{GetNamedSecurityInfoW, GetSecurityInfo, SE_FILE_OBJECT},
        IsWellKnownSid, OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID, WinBuiltinAdministratorsSid,
        WinLocalSystemSid,
    },
    System::Com::CoTaskMemFree,
    UI::Shell::{FOLDERID_ProgramData, SHGetKnownFolderPath},
};

/// The system's word, not the environment's, which the person could set.
pub(super) fn folder() -> Option<PathBuf> {
    let mut found = ptr::null_mut();
    // SAFETY: the id is the system's own; `found` is written by the call, and freed below in any case, as its
    // documentation asks.
    let told = unsafe { SHGetKnownFolderPath(&FOLDERID_ProgramData, 0, ptr::null_mut(), &raw mut found) };
    let path = (told == 0 && !found.is_null()).then(|| {
        // SAFETY: the system's string ends with a zero.
        let text = unsafe {
            let length = (0..).take_while(|at| *found.add(*at) != 0).count();
            std::slice::from_raw_parts(found, length)
        };
        PathBuf::from(OsString::from_wide(text)).join("Latchkey")
    });
    // SAFETY: it is the system's own, or null, which is ignored.
    unsafe { CoTaskMemFree(found.cast_const().cast()) };
    path
}

/// Whether nobody but an administrator can have made the file that is open, else why not. Where an installation was
/// moved, the folder is the person's and so is the file.
pub(super) fn trusted(path: &Path, file: &File, or_ours: bool) -> io::Result<Result<(), String>> {
    if or_ours {
        return Ok(Ok(()));
    }
    let folder = path.parent().unwrap_or(path);
    for (what, of_administrators) in [("the file", of_file(file)?), ("its folder", of_folder(folder)?)] {
        if !of_administrators {
            return Ok(Err(format!("{what} does not belong to administrators")));
        }
    }
    Ok(Ok(()))
}

fn of_file(file: &File) -> io::Result<bool> {
    let (mut owner, mut descriptor) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the handle is open; what is written is used and freed below.
    let told = unsafe {
        GetSecurityInfo(
            file.as_raw_handle(),
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION,
            &raw mut owner,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &raw mut descriptor,
        )
    };
    is_administrators(told, owner, descriptor)
}

fn of_folder(path: &Path) -> io::Result<bool> {
    let name: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
    let (mut owner, mut descriptor) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the name ends with a zero; what is written is used and freed below.
    let told = unsafe {
        GetNamedSecurityInfoW(
            name.as_ptr(),
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION,
            &raw mut owner,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &raw mut descriptor,
        )
    };
    is_administrators(told, owner, descriptor)
}

fn is_administrators(told: u32, owner: PSID, descriptor: PSECURITY_DESCRIPTOR) -> io::Result<bool> {
    if told != ERROR_SUCCESS {
        return Err(io::Error::from_raw_os_error(told.cast_signed()));
    }
    // SAFETY: the owner lies in the descriptor, which the system allocated and which is freed once, afterwards.
    unsafe {
        let found = [WinBuiltinAdministratorsSid, WinLocalSystemSid]
            .into_iter()
            .any(|known| IsWellKnownSid(owner, known) != 0);
        LocalFree(descriptor);
        Ok(found)
    }
}
