//! The crate `keys` against OpenSK, a key's firmware that others wrote.

mod ceremonies;
mod desk;
mod ends;
mod fingerprints;
mod passkeys;
mod pcsc;
mod pin;
mod reset;
mod settings;
mod step_up;
mod uhid;
