//! A virtual key in a virtual USB port: the kernel's `/dev/uhid` (Linux, Documentation/hid/uhid.rst), so that a
//! program finds it as it finds any key over USB HID. OpenSK's own HID layer answers.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use opensk::{Ctap, Transport};

use crate::{
    Memory, Profile, Touch,
    firmware::{Firmware, Hands},
};

/// Where the kernel has it.
pub const DEVICE: &str = "/dev/uhid";

const DESTROY: u32 = 1;
const OUTPUT: u32 = 6;
const CREATE2: u32 = 11;
const INPUT2: u32 = 12;
const USB: u16 = 3;
/// The longest event: its kind, and `uhid_create2_req`.
const LONGEST: usize = 4 + 4372;

/// Bytes of a report of such a key (CTAP 2.1, 11.2.4).
const REPORT: usize = 64;
/// The bit of a report that begins a message, and `CTAPHID_CANCEL` with it.
const BEGINS: u8 = 0x80;
const CANCEL: u8 = BEGINS | 0x11;

/// CTAP 2.1, 11.2.8.2.
const DESCRIPTOR: [u8; 34] = [
    0x06, 0xd0, 0xf1, 0x09, 0x01, 0xa1, 0x01, 0x09, 0x20, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95,
    0x40, 0x81, 0x02, 0x09, 0x21, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02, 0xc0,
];

/// A key without a port: its memory stays what it is when it is plugged in and unplugged.
#[derive(Clone, Debug)]
pub struct UhidKey {
    profile: Profile,
    hands: Arc<Hands>,
    memory: Arc<Mutex<Memory>>,
}

/// A key that is plugged in until this is dropped.
#[derive(Debug)]
pub struct Plugged {
    device: File,
    hands: Arc<Hands>,
}

impl UhidKey {
    /// Whether this kernel has virtual ports, and we may use them.
    pub fn is_possible() -> bool {
        OpenOptions::new().read(true).write(true).open(DEVICE).is_ok()
    }

    /// A key fresh from its maker, which is touched whenever it wants.
    pub fn new(profile: Profile) -> Self {
        Self { profile, hands: Arc::default(), memory: Arc::default() }
    }

    /// Decides on the next touches, and on one that is waited for.
    pub fn touch(&self, touch: Touch) {
        self.hands.change(|state| state.touch = touch);
    }

    /// Waits until the key waits for a touch; `false` if it does not within that time.
    pub fn wait_for_prompt(&self, time: Duration) -> bool {
        self.hands.wait_until(time, |state| state.waiting)
    }

    /// Plugs it in under this name.
    ///
    /// # Errors
    /// That [`DEVICE`] cannot be used.
    pub fn plug(&self, name: &str) -> io::Result<Plugged> {
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
        let (reports, given) = mpsc::channel();
        let (key, hands) = (self.clone(), Arc::clone(&self.hands));
        hands.change(|state| state.stop = false);
        thread::spawn(move || read_all(reading, &reports, &hands));
        thread::spawn(move || key.answer(&given, writing));
        Ok(Plugged { device, hands: Arc::clone(&self.hands) })
    }

    /// Answers reports until the device is gone.
    fn answer(&self, given: &mpsc::Receiver<[u8; REPORT]>, mut writing: File) {
        let mut firmware = Firmware::new(self.profile, 1, &self.hands);
        firmware.remember(self.memory().clone());
        let Ok(mut to_host) = writing.try_clone() else { return };
        firmware.report_to(Box::new(move |report| {
            let _ = input(&mut to_host, report);
        }));
        let mut key = Ctap::new(firmware);
        while let Ok(report) = given.recv() {
            let answers: Vec<_> = key.process_hid_packet(&report, Transport::MainHid).collect();
            *self.memory() = key.env().memory();
            for report in answers {
                if input(&mut writing, &report).is_err() {
                    return;
                }
            }
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Plugged {
    fn drop(&mut self) {
        self.hands.change(|state| state.stop = true);
        let _ = self.device.write_all(&DESTROY.to_ne_bytes());
    }
}

/// Takes reports from the kernel. What cancels reaches the key while it waits for a person (CTAP 2.1, 11.2.9.1.5).
fn read_all(mut reading: File, reports: &mpsc::Sender<[u8; REPORT]>, hands: &Hands) {
    let mut event = vec![0; LONGEST];
    while reading.read(&mut event).is_ok_and(|length| length >= 4) {
        if event[..4] != OUTPUT.to_ne_bytes() {
            continue;
        }
        // `uhid_output_req`: 4,096 bytes of data, their length, and the kind of the report.
        let length = usize::from(u16::from_ne_bytes([event[4 + 4096], event[4 + 4097]]));
        // With the number of the report before it, which is 0.
        let start = if length == REPORT + 1 { 5 } else { 4 };
        let mut report = [0; REPORT];
        report.copy_from_slice(&event[start..start + REPORT]);
        if report[4] == CANCEL {
            hands.change(|state| state.stop = true);
            continue;
        }
        // A message begins: what was cancelled is over.
        if report[4] & BEGINS != 0 {
            hands.change(|state| state.stop = false);
        }
        if reports.send(report).is_err() {
            return;
        }
    }
}

fn input(device: &mut File, report: &[u8; REPORT]) -> io::Result<()> {
    device.write_all(&[&INPUT2.to_ne_bytes()[..], &64u16.to_ne_bytes()[..], report].concat())
}

fn text<const LENGTH: usize>(text: &str) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    for (to, from) in bytes.iter_mut().zip(text.bytes().take(LENGTH - 1)) {
        *to = from;
    }
    bytes
}
