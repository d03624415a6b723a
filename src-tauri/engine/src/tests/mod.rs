//! The loop with a world of values and tokio's paused clock: what is asked of the server, in which order
//! things happen, and what a person is told. Real servers, files and keyrings are in `tests/`.

mod flows;
mod notices;
mod races;
mod world;
