//! Linux and macOS have neither settings of security keys nor a need for an administrator.

use std::time::Duration;

use super::SystemError;

fn none<T>() -> Result<T, SystemError> {
    Err(SystemError::Other("this system has no such thing".to_owned()))
}

pub(super) fn open_settings() -> Result<(), SystemError> {
    none()
}

pub(super) fn restart_as_administrator() -> Result<(), SystemError> {
    none()
}

pub(super) fn wait_for(_: u32, _: Duration) {}
