//! The loop with a world of values and tokio's paused clock: what is asked of the server, in which order
//! things happen, and what a person is told. Real servers, files and keyrings are in `tests/`.

mod applications;
mod assuming;
mod caching;
mod deliveries;
mod ends;
mod flows;
mod handing_out;
mod imports;
mod keys;
mod lists;
mod long_lived;
mod native;
mod network;
mod notices;
mod policies;
mod profiles;
mod races;
mod record;
mod registrations;
mod renewals;
mod safety;
mod step_up;
mod stored;
mod unused;
mod update;
mod users;
mod world;
