//! Tests of the crate as a whole, with real files.
