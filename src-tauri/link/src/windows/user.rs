//! Our own user, and an access list that names nobody else.
#![expect(unsafe_code, reason = "the system's own functions, each with its reason beside it")]

use std::{ffi::c_void, io, ptr};
use windows_sys::Win32::{
    Foundation::{CloseHandle, HANDLE, LocalFree},
    Security::{
        Authorization::{
            ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
        },
        EqualSid, GetTokenInformation, PSID, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER, TokenUser,
    },
    System::Threading::{GetCurrentProcess, OpenProcessToken},
};

/// What the token says of the user: a `TOKEN_USER`, and behind it the SID that it points to. In words of eight
/// bytes, so that it is aligned as the structure demands.
pub(super) struct OurUser(Vec<u64>);

impl OurUser {
    pub(super) fn get() -> io::Result<Self> {
        let mut token: HANDLE = ptr::null_mut();
        // SAFETY: the pseudo handle of this process needs no closing, and `token` outlives the call.
        if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) } == 0 {
            return Err(io::Error::last_os_error());
        }
        let user = Self::of(token);
        // SAFETY: opened above, and used by nobody any more.
        unsafe { CloseHandle(token) };
        user
    }

    fn of(token: HANDLE) -> io::Result<Self> {
        let mut length = 0;
        // SAFETY: asks for the length alone: nothing is written to a buffer of no bytes.
        unsafe { GetTokenInformation(token, TokenUser, ptr::null_mut(), 0, &raw mut length) };
        let words = usize::try_from(length).unwrap_or_default().div_ceil(8);
        if words * 8 < size_of::<TOKEN_USER>() {
            return Err(io::Error::last_os_error());
        }
        let mut buffer = vec![0_u64; words];
        let into = buffer.as_mut_ptr().cast::<c_void>();
        // SAFETY: the buffer has at least `length` bytes and is aligned for what is written.
        if unsafe { GetTokenInformation(token, TokenUser, into, length, &raw mut length) } == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(buffer))
    }

    fn sid(&self) -> PSID {
        // SAFETY: `of` had the system write a `TOKEN_USER` at the buffer's beginning, which is aligned.
        unsafe { (*self.0.as_ptr().cast::<TOKEN_USER>()).User.Sid }
    }

    /// Whether that is the same user.
    ///
    /// # Safety
    /// `other` points to a valid SID.
    pub(super) unsafe fn is(&self, other: PSID) -> bool {
        // SAFETY: ours is the system's, the other the caller's promise.
        unsafe { EqualSid(self.sid(), other) != 0 }
    }

    /// `S-1-5-21-…`.
    fn text(&self) -> io::Result<String> {
        let mut text = ptr::null_mut();
        // SAFETY: the SID is the system's own; the text is freed below.
        if unsafe { ConvertSidToStringSidW(self.sid(), &raw mut text) } == 0 {
            return Err(io::Error::last_os_error());
        }
        let mut units = Vec::new();
        // SAFETY: the text ends with a zero, up to which each unit is there; it is freed after that.
        unsafe {
            let mut at = text;
            while *at != 0 {
                units.push(*at);
                at = at.add(1);
            }
            LocalFree(text.cast());
        }
        String::from_utf16(&units).map_err(io::Error::other)
    }
}

/// A security descriptor: owned by our user, for our user alone, and nothing inherited.
pub(super) struct Descriptor(*mut c_void);

// SAFETY: nobody writes to it after it was made, and it is freed once, when dropped.
unsafe impl Send for Descriptor {}
// SAFETY: as above.
unsafe impl Sync for Descriptor {}

impl Descriptor {
    pub(super) fn of_our_user() -> io::Result<Self> {
        let user = OurUser::get()?.text()?;
        // Owner; a protected list (P) with one entry: allow (A) everything (GA) to the user.
        let text = format!("O:{user}D:P(A;;GA;;;{user})");
        let text: Vec<u16> = text.encode_utf16().chain([0]).collect();
        let mut made = ptr::null_mut();
        // SAFETY: the text ends with a zero; what is made is freed when dropped.
        let done = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut made,
                ptr::null_mut(),
            )
        };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(Self(made)) }
    }

    /// For a call that makes something; valid for as long as this descriptor. Children inherit no handle.
    pub(super) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).unwrap_or_default(),
            lpSecurityDescriptor: self.0,
            bInheritHandle: 0,
        }
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: made by the function whose documentation names this one for freeing.
        unsafe { LocalFree(self.0) };
    }
}
