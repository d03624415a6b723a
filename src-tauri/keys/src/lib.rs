//! FIDO2 security keys, any vendor's, over USB and NFC, with no browser and no vendor's tool.
//!
//! [`Keys::watch`] tells which keys come and go. [`Keys::open`] opens one for an operation: nobody else gets it
//! until the [`Key`] is dropped. [`Key::unlock`] trades the PIN for a token, which [`Unlocked`] holds for at most
//! [`UNLOCKED_FOR`] and which is what changes things on the key. [`Reset`] erases a key in four steps.
//! [`Key::register`] and [`Key::authenticate`] are WebAuthn's ceremonies; [`step_up`] verifies one locally.
//!
//! Architecture invariant: knows nothing of engine and window; has no words for people; no clock of its own but
//! for time-outs.

mod aaguid;
mod answer;
mod ask;
mod bus;
mod ceremony;
mod ctap;
mod error;
mod fingerprints;
mod info;
mod keys;
mod nfc;
mod origin;
mod passkeys;
mod pin;
mod reset;
mod session;
mod settings;
pub mod step_up;
pub mod system;
mod unlock;
mod usb;

pub use ask::{Ask, PATIENCE, Progress, Sample, Ui};
pub use bus::{Broken, Bus, Event, Found, KeyId, Marks, Obstacle, Transport, Wire};
pub use ceremony::{Assertion, Verify};
pub use error::{Error, Feature, Midway, Permission, User};
pub use fingerprints::Fingerprint;
pub use info::{Can, Fingerprints, Info, Passkeys, PinState};
pub use keys::{Key, Keys};
pub use origin::Origin;
pub use passkeys::{LONGEST_NAME, Passkey, Protection, Site, Space};
pub use pin::{LONGEST_PIN, Pin, PinRule};
pub use reset::{PLUG_IN_WINDOW, Reset, Sameness, Step};
pub use unlock::{UNLOCKED_FOR, Unlocked};
/// WebAuthn's messages as servers send and take them (JSON by serde).
pub use webauthn_rs_proto as webauthn;
