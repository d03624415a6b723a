//! A virtual key in a virtual USB port: the kernel's `/dev/uhid` (Linux, Documentation/hid/uhid.rst), so that a
//! program finds it as it finds any key over USB HID. OpenSK's own HID layer answers.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::Path,
    sync::Arc,
    thread,
};

use opensk::{Ctap, Transport};

use crate::firmware::{Firmware, Hands, Profile};

/// Where the kernel has it.
pub const DEVICE: &str = "/dev/uhid";

const DESTROY: u32 = 1;
const OUTPUT: u32 = 6;
const CREATE2: u32 = 11;
const INPUT2: u32 = 12;
const USB: u16 = 3;
/// The longest event: its kind, and `uhid_create2_req`.
const LONGEST: usize = 4 + 4372;

/// CTAP 2.1, 11.2.8.2.
const DESCRIPTOR: [u8; 34] = [
    0x06, 0xd0, 0xf1, 0x09, 0x01, 0xa1, 0x01, 0x09, 0x20, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95,
    0x40, 0x81, 0x02, 0x09, 0x21, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02, 0xc0,
];

/// A key that is plugged in until it is dropped. One that is touched whenever it wants.
#[derive(Debug)]
pub struct UhidKey(File);

impl UhidKey {
    /// Whether this kernel has virtual ports, and we may use them.
    pub fn is_possible() -> bool {
        OpenOptions::new().read(true).write(true).open(DEVICE).is_ok()
    }

    /// Plugs a key in under this name.
    ///
    /// # Errors
    /// That [`DEVICE`] cannot be used.
    pub fn plug(name: &str, profile: Profile) -> io::Result<Self> {
        let mut device = OpenOptions::new().read(true).write(true).open(Path::new(DEVICE))?;
        let mut create = Vec::with_capacity(LONGEST);
        create.extend(CREATE2.to_ne_bytes());
        create.extend(text::<128>(name));
        create.extend(text::<64>("vicc/port0"));
        create.extend(text::<64>(""));
        create.extend(u16::try_from(DESCRIPTOR.len()).unwrap_or(0).to_ne_bytes());
        create.extend(USB.to_ne_bytes());
        for number in [0x1915u32, 0x521f, 1, 0] {
            create.extend(number.to_ne_bytes());
        }
        create.extend(DESCRIPTOR);
        create.resize(LONGEST, 0);
        device.write_all(&create)?;
        let (reading, writing) = (device.try_clone()?, device.try_clone()?);
        thread::spawn(move || answer(reading, writing, profile));
        Ok(Self(device))
    }
}

impl Drop for UhidKey {
    fn drop(&mut self) {
        let _ = self.0.write_all(&DESTROY.to_ne_bytes());
    }
}

/// Answers reports until the device is gone.
fn answer(mut reading: File, writing: File, profile: Profile) {
    let mut firmware = Firmware::new(profile, 1, &Arc::new(Hands::default()));
    let Ok(mut to_host) = writing.try_clone() else { return };
    firmware.report_to(Box::new(move |report| {
        let _ = input(&mut to_host, report);
    }));
    let mut key = Ctap::new(firmware);
    let mut writing = writing;
    let mut event = vec![0; LONGEST];
    while reading.read(&mut event).is_ok_and(|length| length >= 4) {
        if event[..4] != OUTPUT.to_ne_bytes() {
            continue;
        }
        // `uhid_output_req`: 4,096 bytes of data, their length, and the kind of the report.
        let length = usize::from(u16::from_ne_bytes([event[4 + 4096], event[4 + 4097]]));
        // With the number of the report before it, which is 0.
        let start = if length == 65 { 5 } else { 4 };
        let mut report = [0; 64];
        report.copy_from_slice(&event[start..start + 64]);
        for report in key.process_hid_packet(&report, Transport::MainHid) {
            if input(&mut writing, &report).is_err() {
                return;
            }
        }
    }
}

fn input(device: &mut File, report: &[u8; 64]) -> io::Result<()> {
    device.write_all(&[&INPUT2.to_ne_bytes()[..], &64u16.to_ne_bytes()[..], report].concat())
}

fn text<const LENGTH: usize>(text: &str) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    for (to, from) in bytes.iter_mut().zip(text.bytes().take(LENGTH - 1)) {
        *to = from;
    }
    bytes
}
