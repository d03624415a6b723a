//! One end of a named pipe, whose every read and write ends in time: the system's time-outs are for others.
#![expect(unsafe_code, reason = "the system's own functions, each with its reason beside it")]

use super::user::{Descriptor, OurUser};
use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr,
    time::Duration,
};
use windows_sys::Win32::{
    Foundation::{
        ERROR_BROKEN_PIPE, ERROR_IO_PENDING, ERROR_OPERATION_ABORTED, ERROR_PIPE_CONNECTED,
        ERROR_PIPE_NOT_CONNECTED, ERROR_SUCCESS, GENERIC_READ, GENERIC_WRITE, HANDLE, INVALID_HANDLE_VALUE,
        LocalFree, WAIT_TIMEOUT,
    },
    Security::{
        Authorization::{GetSecurityInfo, SE_KERNEL_OBJECT},
        OWNER_SECURITY_INFORMATION,
    },
    Storage::FileSystem::{
        CreateFileW, FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, OPEN_EXISTING, PIPE_ACCESS_DUPLEX,
        ReadFile, SECURITY_IDENTIFICATION, SECURITY_SQOS_PRESENT, WriteFile,
    },
    System::{
        IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED},
        Pipes::{
            ConnectNamedPipe, CreateNamedPipeW, GetNamedPipeClientProcessId, GetNamedPipeServerProcessId,
            PIPE_READMODE_BYTE, PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_BYTE, PIPE_UNLIMITED_INSTANCES,
            PIPE_WAIT,
        },
        Threading::{CreateEventW, INFINITE, WaitForSingleObject},
    },
};

/// What the system keeps of what was written and not read yet, bytes.
const ROOM: u32 = 64 * 1024;

/// One end.
pub(crate) struct Pipe(OwnedHandle);

impl Pipe {
    /// Makes an instance; the `first` one fails where the name is taken. Programs of other computers stay out.
    pub(super) fn create(name: &[u16], descriptor: &Descriptor, first: bool) -> io::Result<Self> {
        let mut open = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED;
        if first {
            open |= FILE_FLAG_FIRST_PIPE_INSTANCE;
        }
        let mode = PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS;
        let attributes = descriptor.attributes();
        // SAFETY: the name ends with a zero, and attributes and descriptor outlive the call.
        let made = unsafe {
            let (name, access) = (name.as_ptr(), &raw const attributes);
            CreateNamedPipeW(name, open, mode, PIPE_UNLIMITED_INSTANCES, ROOM, ROOM, 0, access)
        };
        Self::owned(made)
    }

    /// Opens the client's end. Whoever listens may learn who we are, and not act as us.
    pub(super) fn open(name: &[u16]) -> io::Result<Self> {
        let flags = FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;
        // SAFETY: the name ends with a zero; no structure is passed.
        let opened = unsafe {
            let access = GENERIC_READ | GENERIC_WRITE;
            CreateFileW(name.as_ptr(), access, 0, ptr::null(), OPEN_EXISTING, flags, ptr::null_mut())
        };
        Self::owned(opened)
    }

    fn owned(handle: HANDLE) -> io::Result<Self> {
        if handle == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the system just made it for us, and nobody else closes it.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }

    fn handle(&self) -> HANDLE {
        self.0.as_raw_handle()
    }

    /// Waits until somebody opens the other end.
    pub(super) fn wait_for_client(&self) -> io::Result<()> {
        let outcome = self.overlapped(INFINITE, |overlapped| {
            // SAFETY: our handle, and a structure that `overlapped` keeps until the call has ended.
            unsafe { ConnectNamedPipe(self.handle(), overlapped) }
        });
        match outcome {
            // Somebody was quicker than this call.
            Err(error) if is(&error, ERROR_PIPE_CONNECTED) => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// Reads what is there, or comes in time; 0 when the other end is closed.
    pub(super) fn read(&self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        let length = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let read = self.overlapped(millis(patience), |overlapped| {
            // SAFETY: the buffer has `length` bytes and stays until `overlapped` has seen the end of the call.
            unsafe { ReadFile(self.handle(), buffer.as_mut_ptr(), length, ptr::null_mut(), overlapped) }
        });
        match read {
            Err(error) if is(&error, ERROR_BROKEN_PIPE) || is(&error, ERROR_PIPE_NOT_CONNECTED) => Ok(0),
            read => read,
        }
    }

    /// Writes some of it in time.
    pub(super) fn write(&self, bytes: &[u8], patience: Duration) -> io::Result<usize> {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.overlapped(millis(patience), |overlapped| {
            // SAFETY: as in `read`; the bytes are only read.
            unsafe { WriteFile(self.handle(), bytes.as_ptr(), length, ptr::null_mut(), overlapped) }
        })
    }

    /// Begins a call and waits for its end, which a time-out brings about by taking the call back: only then
    /// may what was lent to it be used again.
    fn overlapped(&self, patience: u32, begin: impl FnOnce(*mut OVERLAPPED) -> i32) -> io::Result<usize> {
        // SAFETY: no attributes, no name: an event of our own, to be reset by hand and not set.
        let event = unsafe { CreateEventW(ptr::null(), 1, 0, ptr::null()) };
        if event.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the system just made it for us.
        let event = unsafe { OwnedHandle::from_raw_handle(event) };
        let mut overlapped = OVERLAPPED { hEvent: event.as_raw_handle(), ..OVERLAPPED::default() };
        let at = &raw mut overlapped;
        let mut late = false;
        if begin(at) == 0 {
            let error = io::Error::last_os_error();
            if !is(&error, ERROR_IO_PENDING) {
                return Err(error);
            }
            // SAFETY: the event is ours and open.
            if unsafe { WaitForSingleObject(event.as_raw_handle(), patience) } == WAIT_TIMEOUT {
                late = true;
                // SAFETY: our handle and the call's own structure. One that ended meanwhile is no failure.
                unsafe { CancelIoEx(self.handle(), at) };
            }
        }
        let mut done = 0;
        // SAFETY: the structure of the call on this handle; waits for its end (1), taken back or not.
        if unsafe { GetOverlappedResult(self.handle(), at, &raw mut done, 1) } == 0 {
            let error = io::Error::last_os_error();
            let over = late && is(&error, ERROR_OPERATION_ABORTED);
            return Err(if over { io::ErrorKind::TimedOut.into() } else { error });
        }
        Ok(usize::try_from(done).unwrap_or_default())
    }

    /// Whether our own user owns the pipe, which whoever makes it does.
    pub(super) fn is_of_our_user(&self) -> io::Result<bool> {
        let us = OurUser::get()?;
        let (mut owner, mut descriptor) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: our handle; the owner points into the descriptor, which is freed below.
        let status = unsafe {
            GetSecurityInfo(
                self.handle(),
                SE_KERNEL_OBJECT,
                OWNER_SECURITY_INFORMATION,
                &raw mut owner,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                &raw mut descriptor,
            )
        };
        if status != ERROR_SUCCESS {
            return Err(io::Error::from_raw_os_error(i32::try_from(status).unwrap_or(i32::MAX)));
        }
        // SAFETY: the call went well, so the owner is a SID of the descriptor, which is not freed yet.
        let ours = !owner.is_null() && unsafe { us.is(owner) };
        // SAFETY: allocated by the call, which names this function for freeing.
        unsafe { LocalFree(descriptor) };
        Ok(ours)
    }

    /// The process at the client's end; 0 where the system does not tell.
    pub(super) fn client(&self) -> u32 {
        let mut pid = 0;
        // SAFETY: our handle, and a number that outlives the call.
        let told = unsafe { GetNamedPipeClientProcessId(self.handle(), &raw mut pid) };
        if told == 0 { 0 } else { pid }
    }

    /// The process at the server's end; 0 where the system does not tell.
    pub(super) fn server(&self) -> u32 {
        let mut pid = 0;
        // SAFETY: as above.
        let told = unsafe { GetNamedPipeServerProcessId(self.handle(), &raw mut pid) };
        if told == 0 { 0 } else { pid }
    }
}

fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == i32::try_from(code).ok()
}

/// Never [`INFINITE`], which is the largest number.
fn millis(patience: Duration) -> u32 {
    u32::try_from(patience.as_millis()).unwrap_or(INFINITE - 1).clamp(1, INFINITE - 1)
}
