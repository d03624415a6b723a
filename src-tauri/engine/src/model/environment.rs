//! Which environment an account belongs to, guessed from its name until the person says so.

use serde::{Deserialize, Serialize};

/// An environment class, strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Live systems.
    Production,
    /// Pre-production.
    Staging,
    /// Shared services, security, logging, management.
    Shared,
    /// Test.
    Test,
    /// Development.
    Development,
    /// For playing.
    Sandbox,
    /// Nobody said, nothing in the name.
    Unlabelled,
}
