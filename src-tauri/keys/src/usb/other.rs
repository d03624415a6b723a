//! HID on macOS and Windows, by the library's own layer. Written with care and never run: there is no machine
//! to run it on where this was made.

use std::{
    collections::HashMap,
    path::Path,
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use fido_hid_rs::{
    HidError, USBDevice as _, USBDeviceImpl, USBDeviceInfo as _, USBDeviceInfoImpl, USBDeviceManager as _,
    USBDeviceManagerImpl,
};
use tokio::sync::OnceCell;

use super::frames::{REPORT, Reports};
use crate::{
    Error,
    bus::{Broken, Found, KeyId, Marks, Transport},
};

/// What the last scan saw, by what it is called there: the library gives no other name for a device.
static SEEN: LazyLock<Mutex<HashMap<String, USBDeviceInfoImpl>>> = LazyLock::new(Mutex::default);

/// One for good: on macOS a device is called by where its manager keeps it.
static MANAGER: OnceCell<USBDeviceManagerImpl> = OnceCell::const_new();

/// The keys that are plugged in. On Windows that is none unless the program runs as administrator.
pub(super) fn scan() -> Vec<Found> {
    let runtime = tokio::runtime::Handle::current();
    let devices = runtime
        .block_on(async { MANAGER.get_or_try_init(USBDeviceManagerImpl::new).await?.get_devices().await });
    let seen: HashMap<_, _> =
        devices.unwrap_or_default().into_iter().map(|device| (format!("{device:?}"), device)).collect();
    let mut found: Vec<Found> = seen
        .keys()
        .map(|name| Found {
            id: KeyId::new("usb", name),
            transport: Transport::Usb,
            name: String::new(),
            marks: Marks::default(),
            obstacle: None,
        })
        .collect();
    found.sort_by(|one, other| one.id.cmp(&other.id));
    *SEEN.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    found
}

/// A device, opened when first used: opening is asynchronous there.
pub(super) struct Device {
    info: USBDeviceInfoImpl,
    open: Option<USBDeviceImpl>,
}

impl Device {
    pub(super) fn open(name: &Path) -> Result<Self, Error> {
        let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        let info = seen.get(&*name.to_string_lossy()).cloned().ok_or(Error::NotConnected)?;
        Ok(Self { info, open: None })
    }

    async fn device(&mut self) -> Result<&mut USBDeviceImpl, Broken> {
        if self.open.is_none() {
            self.open = Some(self.info.clone().open().await.map_err(|error| broken(&error))?);
        }
        self.open.as_mut().ok_or(Broken::Gone)
    }
}

#[async_trait]
impl Reports for Device {
    async fn write(&mut self, report: &[u8; REPORT]) -> Result<(), Broken> {
        let mut numbered = [0; REPORT + 1];
        numbered[1..].copy_from_slice(report);
        self.device().await?.write(numbered).await.map_err(|error| broken(&error))
    }

    async fn read(&mut self) -> Result<Option<[u8; REPORT]>, Broken> {
        let device = self.device().await?;
        match tokio::time::timeout(Duration::from_millis(100), device.read()).await {
            Ok(report) => report.map(Some).map_err(|error| broken(&error)),
            Err(_) => Ok(None),
        }
    }

    async fn reopen(&mut self) -> Result<(), Broken> {
        self.open = None;
        self.device().await.map(|_| ())
    }
}

fn broken(error: &HidError) -> Broken {
    match error {
        HidError::Closed | HidError::IoError(_) | HidError::SendError => Broken::Gone,
        other => Broken::Other(other.to_string()),
    }
}
