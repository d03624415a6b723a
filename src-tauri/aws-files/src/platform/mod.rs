//! What the systems do differently, behind one set of functions. Only the Unix part is tested; the
//! Windows part is written after its documentation and waits for a machine to prove it.

#[cfg(not(target_os = "linux"))]
mod access_elsewhere;
#[cfg(not(target_os = "linux"))]
pub(crate) use access_elsewhere::*;
#[cfg(target_os = "linux")]
mod access_linux;
#[cfg(target_os = "linux")]
pub(crate) use access_linux::*;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::*;
