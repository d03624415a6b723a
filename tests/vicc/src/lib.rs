//! Virtual security keys: firmware that others wrote (OpenSK, and Nitrokey's), with hands, a clock and a port that a
//! test decides on.

mod bus;
pub mod card;
mod firmware;
mod nitrokey;
pub mod readers;
pub mod remote;
pub mod uhid;

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use opensk::ctap::{Channel, CtapState};

pub use bus::{Plug, VirtualBus};
pub use firmware::{Finger, MODEL, Profile, Touch};
use firmware::{Firmware, Hands};

/// A key's memory without power; empty where it cannot be read.
pub type Memory = Vec<(usize, Vec<u8>)>;

/// The longest message that OpenSK takes.
const LONGEST: usize = 7609;

enum Order {
    Message(Vec<u8>, mpsc::Sender<Vec<u8>>),
    PowerCycle,
    Memory(mpsc::Sender<Memory>),
}

/// A key. Its firmware runs on a thread of its own.
#[derive(Clone, Debug)]
pub struct VirtualKey {
    profile: Profile,
    hands: Arc<Hands>,
    orders: mpsc::Sender<Order>,
}

impl VirtualKey {
    /// A key fresh from its maker. `seed` decides on all that it draws.
    pub fn new(profile: Profile, seed: u64) -> Self {
        Self::with_memory(profile, seed, Vec::new())
    }

    fn with_memory(profile: Profile, seed: u64, memory: Memory) -> Self {
        let hands = Arc::new(Hands::default());
        let (orders, given) = mpsc::channel();
        let of_thread = Arc::clone(&hands);
        thread::spawn(move || {
            if profile == Profile::Nitrokey {
                return nitrokey::run(seed, &of_thread, &given);
            }
            let mut firmware = Firmware::new(profile, seed, &of_thread);
            firmware.remember(memory);
            let mut state = CtapState::new(&mut firmware);
            while let Ok(order) = given.recv() {
                match order {
                    // More than it says that it takes (`maxMsgSize`): CTAP2_ERR_REQUEST_TOO_LARGE.
                    Order::Message(message, answer) if message.len() > LONGEST => {
                        let _ = answer.send(vec![0x39]);
                    }
                    Order::Message(message, answer) => {
                        let channel = Channel::MainHid([1, 2, 3, 4]);
                        let _ = answer.send(state.process_command(&mut firmware, &message, channel));
                        firmware.hands().change(|hands| hands.waiting = false);
                    }
                    Order::PowerCycle => state = CtapState::new(&mut firmware),
                    Order::Memory(answer) => {
                        let _ = answer.send(firmware.memory());
                    }
                }
            }
        });
        Self { profile, hands, orders }
    }

    /// A second key with all that this one holds now: what must not exist.
    pub fn copy(&self) -> Self {
        let (answer, memory) = mpsc::channel();
        let _ = self.orders.send(Order::Memory(answer));
        Self::with_memory(self.profile, 99, memory.recv().unwrap_or_default())
    }

    /// What it came as.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Decides on the next touches, and on one that is waited for.
    pub fn touch(&self, touch: Touch) {
        self.hands.change(|state| state.touch = touch);
    }

    /// Decides on whose finger lies on the reader.
    pub fn finger(&self, finger: Finger) {
        self.hands.change(|state| state.finger = finger);
    }

    /// Waits until the key waits for a touch or a finger; `false` if it does not within that time.
    pub fn wait_for_prompt(&self, time: Duration) -> bool {
        self.hands.wait_until(time, |state| state.waiting)
    }

    /// Makes time pass for the key.
    pub fn pass(&self, time: Duration) {
        self.hands.pass(time);
    }

    /// Takes its power and gives it back.
    pub fn power_cycle(&self) {
        let _ = self.orders.send(Order::PowerCycle);
    }

    /// Hands a CTAP2 message over; the answer begins with its status.
    pub fn begin(&self, message: &[u8]) -> mpsc::Receiver<Vec<u8>> {
        let (answer, answered) = mpsc::channel();
        self.hands.change(|state| state.stop = false);
        let _ = self.orders.send(Order::Message(message.to_vec(), answer));
        answered
    }

    /// Ends what waits for a person.
    pub fn stop(&self) {
        self.hands.change(|state| state.stop = true);
    }

    /// Plugs it in, which gives it its power, or pulls it out, which ends what waits for a person.
    pub fn plugged(&self, plugged: bool) {
        if plugged {
            self.power_cycle();
        } else {
            self.stop();
        }
    }
}
