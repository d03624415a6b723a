//! What a person does, from the first start on, with every part real.

mod applications;
mod main_job;
mod start;
mod steps;
