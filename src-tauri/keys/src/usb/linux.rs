//! hidraw on Linux: what the kernel tells of a device in sysfs needs no permission, so a key that the system
//! keeps from us is seen and explained.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::fd::AsFd,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::frames::{REPORT, Reports};
use crate::{
    Error, Permission,
    bus::{Broken, Found, KeyId, Marks, Obstacle, Transport},
};

const SYSFS: &str = "/sys/class/hidraw";

/// The keys that are plugged in.
pub(super) fn scan() -> Vec<Found> {
    scan_in(Path::new(SYSFS), Path::new("/dev"))
}

fn scan_in(sysfs: &Path, dev: &Path) -> Vec<Found> {
    let devices = fs::read_dir(sysfs).into_iter().flatten().flatten();
    let mut found: Vec<Found> = devices
        .filter_map(|device| {
            let about = device.path().join("device");
            if !speaks_fido(&fs::read(about.join("report_descriptor")).ok()?) {
                return None;
            }
            let node = dev.join(device.file_name());
            let uevent = fs::read_to_string(about.join("uevent")).unwrap_or_default();
            let (name, marks) = marks(&uevent);
            let denied = OpenOptions::new().read(true).write(true).open(&node);
            let denied = denied.err().is_some_and(|error| error.kind() == ErrorKind::PermissionDenied);
            Some(Found {
                id: KeyId::new("usb", &node.to_string_lossy()),
                transport: Transport::Usb,
                name,
                marks,
                obstacle: denied.then_some(Obstacle::Permission(Permission::UdevRule)),
            })
        })
        .collect();
    found.sort_by(|one, other| one.id.cmp(&other.id));
    found
}

/// Whether a report descriptor is of FIDO's usage page, 0xF1D0 (CTAP 2.1, 11.2.8.2).
fn speaks_fido(descriptor: &[u8]) -> bool {
    // Short items (HID 1.11, 6.2.2.2): the low two bits of the prefix are the data's length, the rest of it 0x04
    // for a usage page. FIDO's descriptors hold no long items.
    let mut rest = descriptor;
    while let Some((prefix, after)) = rest.split_first() {
        let length = [0, 1, 2, 4][usize::from(prefix & 3)];
        let Some((data, next)) = after.split_at_checked(length) else { return false };
        if prefix & 0xfc == 0x04 && data == [0xd0, 0xf1] {
            return true;
        }
        rest = next;
    }
    false
}

/// Name and marks out of a HID device's `uevent`.
fn marks(uevent: &str) -> (String, Marks) {
    let value = |key: &str| {
        let line = uevent.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.map(str::trim).filter(|value| !value.is_empty())
    };
    let product = value("HID_ID").and_then(|id| {
        let mut parts = id.split(':').skip(1).map(|part| u32::from_str_radix(part, 16).ok());
        let number = |part: Option<u32>| part.and_then(|part| u16::try_from(part).ok());
        Some((number(parts.next()?)?, number(parts.next()?)?))
    });
    let port = value("HID_PHYS").map(|port| port.split('/').next().unwrap_or(port).to_owned());
    let marks = Marks { serial: value("HID_UNIQ").map(str::to_owned), product, port };
    (value("HID_NAME").unwrap_or_default().to_owned(), marks)
}

/// An open hidraw device.
pub(super) struct Device {
    node: PathBuf,
    file: File,
}

impl Device {
    pub(super) fn open(node: &Path) -> Result<Self, Error> {
        match OpenOptions::new().read(true).write(true).open(node) {
            Ok(file) => Ok(Self { node: node.to_owned(), file }),
            Err(error) => Err(match error.kind() {
                ErrorKind::NotFound => Error::NotConnected,
                ErrorKind::PermissionDenied => Error::Permission(Permission::UdevRule),
                _ => Error::Trouble(format!("{}: {error}", node.display())),
            }),
        }
    }
}

#[async_trait]
impl Reports for Device {
    async fn write(&mut self, report: &[u8; REPORT]) -> Result<(), Broken> {
        // The kernel wants the report's number first: FIDO's have none.
        let mut numbered = [0; REPORT + 1];
        numbered[1..].copy_from_slice(report);
        self.file.write_all(&numbered).map_err(|error| gone(&error))
    }

    async fn read(&mut self) -> Result<Option<[u8; REPORT]>, Broken> {
        let wait = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        let mut ready = [PollFd::from_borrowed_fd(self.file.as_fd(), PollFlags::IN)];
        match poll(&mut ready, Some(&wait)) {
            Ok(0) | Err(Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(Broken::Other(error.to_string())),
        }
        let mut report = [0; REPORT];
        match self.file.read(&mut report) {
            Ok(REPORT) => Ok(Some(report)),
            Ok(0) => Err(Broken::Gone),
            Ok(length) => Err(Broken::Other(format!("a report of {length} bytes"))),
            Err(error) => Err(gone(&error)),
        }
    }

    async fn reopen(&mut self) -> Result<(), Broken> {
        self.file = Self::open(&self.node)
            .map_err(|error| match error {
                Error::NotConnected => Broken::Gone,
                other => Broken::Other(other.to_string()),
            })?
            .file;
        Ok(())
    }
}

fn gone(error: &std::io::Error) -> Broken {
    match Errno::from_io_error(error) {
        Some(Errno::NODEV | Errno::IO | Errno::NXIO) => Broken::Gone,
        _ => Broken::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A FIDO key's, as CTAP 2.1 (11.2.8.2) gives it.
    const FIDO: &[u8] = &[
        0x06, 0xd0, 0xf1, 0x09, 0x01, 0xa1, 0x01, 0x09, 0x20, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95,
        0x40, 0x81, 0x02, 0x09, 0x21, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02, 0xc0,
    ];
    /// The beginning of a mouse's.
    const MOUSE: &[u8] = &[0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x01, 0xa1, 0x00, 0xc0, 0xc0];

    #[test]
    fn a_key_is_told_from_a_mouse() {
        assert!(speaks_fido(FIDO));
        assert!(!speaks_fido(MOUSE));
        assert!(!speaks_fido(&[0x06, 0xd0]));
        // The number as data of another item.
        assert!(!speaks_fido(&[0x26, 0xd0, 0xf1]));
    }

    #[test]
    fn keys_are_found_in_sysfs_with_what_tells_them_apart() {
        let root = tempfile::tempdir().expect("a folder");
        let (sysfs, dev) = (root.path().join("sys"), root.path().join("dev"));
        fs::create_dir_all(&dev).expect("dev");
        for (name, descriptor, uevent) in [
            ("hidraw0", MOUSE, "HID_NAME=Mouse\n"),
            (
                "hidraw3",
                FIDO,
                "DRIVER=hid-generic\nHID_ID=0003:00001050:00000407\nHID_NAME=Yubico YubiKey\n\
                 HID_PHYS=usb-0000:00:14.0-2/input1\nHID_UNIQ=\n",
            ),
        ] {
            let about = sysfs.join(name).join("device");
            fs::create_dir_all(&about).expect("device");
            fs::write(about.join("report_descriptor"), descriptor).expect("descriptor");
            fs::write(about.join("uevent"), uevent).expect("uevent");
            fs::write(dev.join(name), "").expect("node");
        }
        let found = scan_in(&sysfs, &dev);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].name, "Yubico YubiKey");
        assert_eq!(found[0].obstacle, None);
        assert_eq!(
            found[0].marks,
            Marks {
                serial: None,
                product: Some((0x1050, 0x0407)),
                port: Some("usb-0000:00:14.0-2".to_owned())
            }
        );
    }
}
