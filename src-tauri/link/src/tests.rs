//! Two programs, and strangers.
