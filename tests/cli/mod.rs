//! `latch`, the terminal companion, as people, scripts and AWS's tools start it.

mod alone;
mod beside_the_app;
mod chains;
mod doctor;
mod imports;
mod leading;
mod profiles;
mod registrations;
mod sdks;
mod serving;
mod steps;
mod team;
