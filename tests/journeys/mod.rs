//! What a person does, from the first start on, with every part real.

mod main_job;
mod settings;
mod start;
mod steps;
