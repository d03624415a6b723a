//! Nitrokey's firmware (`fido-authenticator`, which Solo 2 has too): a second opinion beside OpenSK, in the memory of
//! this process. It has no fingerprints and no enterprise attestation, and nobody can refuse it a touch: it waits
//! until its time is over.

use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use ctaphid_app::{App, Command};
use fido_authenticator::{Authenticator, Config, Conforming};
use heapless_bytes::Bytes;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use trussed::{
    ClientImplementation, Service,
    backend::BackendId,
    pipe::{ServiceEndpoint, TrussedChannel},
    platform::{Platform, Syscall, UserInterface},
    types::CoreContext,
    virt::{StorageConfig, Store},
};
use trussed_core::{InterruptFlag, types::consent::Level};
use trussed_staging::{
    StagingContext,
    virt::{BackendIds, Dispatcher},
};

use crate::{
    Order,
    firmware::{Hands, Touch},
};

/// The longest message that it says it takes: what its USB layer has room for.
const LONGEST: usize = 3072;
/// CTAP2_ERR_REQUEST_TOO_LARGE.
const TOO_LARGE: u8 = 0x39;
/// How long a look at the button takes, while nobody touches it.
const GLANCE: Duration = Duration::from_millis(10);

const BACKENDS: &[BackendId<BackendIds>] = &[BackendId::Custom(BackendIds::StagingBackend), BackendId::Core];

/// Runs a key until nobody can give it orders any more. What it keeps without power lives as long as this runs.
pub(crate) fn run(seed: u64, hands: &Arc<Hands>, orders: &mpsc::Receiver<Order>) {
    // The firmware wants one for ever, as on a chip; a test program ends soon.
    let interrupt: &'static InterruptFlag = Box::leak(Box::default());
    let (mut internal, mut external) = (StorageConfig::ram(), StorageConfig::ram());
    let ran = internal.with_fs(|internal| {
        external.with_fs(|external| {
            for cycle in 0.. {
                let mut volatile = StorageConfig::ram();
                let again = volatile.with_fs(|volatile| {
                    let store = Store { internal, external, volatile };
                    let rng = ChaCha8Rng::seed_from_u64(seed.rotate_left(32) + cycle);
                    let device = Device { rng, store, ui: Button::new(hands, interrupt) };
                    powered(device, hands, interrupt, orders)
                });
                if !again.expect("the memory that ends with the power") {
                    break;
                }
            }
        })
    });
    ran.and_then(|ran| ran).expect("the memory that stays");
}

/// Obeys until the power goes; whether it comes back.
fn powered(
    device: Device<'_>,
    hands: &Hands,
    interrupt: &'static InterruptFlag,
    orders: &mpsc::Receiver<Order>,
) -> bool {
    let channel = TrussedChannel::new();
    let (requester, responder) = channel.split().expect("a channel that nobody has");
    let name = "fido".try_into().expect("a folder's name");
    let context = CoreContext::with_interrupt(name, Some(interrupt));
    let system = System {
        service: Service::with_dispatch(device, Dispatcher::default()),
        endpoints: [ServiceEndpoint::new(responder, context, BACKENDS)],
    };
    let client = ClientImplementation::<_, Dispatcher>::new(requester, system, Some(interrupt));
    let config =
        Config { firmware_version: Some(1.into()), long_touch_for_reset: true, ..Config::new(LONGEST) };
    let mut app = Authenticator::new(client, Conforming {}, config);
    while let Ok(order) = orders.recv() {
        match order {
            Order::Message(message, answer) if message.len() > LONGEST => {
                let _ = answer.send(vec![TOO_LARGE]);
            }
            Order::Message(message, answer) => {
                let mut said = Bytes::<{ LONGEST + 1 }>::new();
                interrupt.set_working();
                let called = app.call(Command::Cbor, &message, said.as_mut_view());
                interrupt.set_idle();
                // Nothing for an empty message, which is none.
                let _ = answer.send(called.map(|()| said.to_vec()).unwrap_or_default());
                hands.change(|hands| hands.waiting = false);
            }
            Order::PowerCycle => return true,
            // Its memory is a file system of its own, which nobody copies.
            Order::Memory(answer) => {
                let _ = answer.send(Vec::new());
            }
        }
    }
    false
}

/// What the app asks is answered at once, on its own thread.
struct System<'a> {
    service: Service<Device<'a>, Dispatcher>,
    endpoints: [ServiceEndpoint<'a, BackendIds, StagingContext>; 1],
}

impl Syscall for System<'_> {
    fn syscall(&mut self) {
        self.service.process(&mut self.endpoints);
    }
}

struct Device<'a> {
    rng: ChaCha8Rng,
    store: Store<'a>,
    ui: Button,
}

impl<'a> Platform for Device<'a> {
    type R = ChaCha8Rng;
    type S = Store<'a>;
    type UI = Button;

    fn rng(&mut self) -> &mut ChaCha8Rng {
        &mut self.rng
    }

    fn store(&self) -> Store<'a> {
        self.store
    }

    fn user_interface(&mut self) -> &mut Button {
        &mut self.ui
    }
}

/// The button, and the clock that runs since the power came.
struct Button {
    hands: Arc<Hands>,
    interrupt: &'static InterruptFlag,
    since: Instant,
    passed_before: Duration,
}

impl Button {
    fn new(hands: &Arc<Hands>, interrupt: &'static InterruptFlag) -> Self {
        let passed_before = hands.state().passed();
        Self { hands: Arc::clone(hands), interrupt, since: Instant::now(), passed_before }
    }
}

impl UserInterface for Button {
    /// A touch is always long enough for a reset, too.
    fn check_user_presence(&mut self) -> Level {
        if self.hands.state().stop {
            self.interrupt.interrupt();
            return Level::None;
        }
        if self.hands.state().touch == Touch::Allow {
            return Level::Strong;
        }
        self.hands.change(|state| state.waiting = true);
        self.hands.wait_until(GLANCE, |state| state.stop || state.touch == Touch::Allow);
        Level::None
    }

    fn uptime(&mut self) -> Duration {
        self.since.elapsed() + self.hands.state().passed().saturating_sub(self.passed_before)
    }
}
