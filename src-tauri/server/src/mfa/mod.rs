//! Second factors: security keys and built-in authenticators (WebAuthn), authenticator apps (TOTP), and the
//! policy that asks for them. Cryptography is the libraries'; moments and drawn values are arguments.

pub mod device;
pub mod keys;
pub mod policy;
pub mod reset;
pub mod sealing;
pub mod totp;

pub use device::{Device, Kind};
pub use policy::{Ask, Policy};
