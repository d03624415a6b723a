//! All tests that need more than one crate, in one program so that it is linked once.

mod cli;
mod gallery;
mod harness;
mod journeys;
mod tidy;
mod wire;
