//! What a person does, from the first start on, with every part real.

mod administrator;
mod applications;
mod arrival;
mod deliveries;
mod expired;
mod first_run;
mod impostor;
mod interrupted;
mod keyboard;
mod keys;
mod machine;
mod main_job;
mod native;
mod network;
mod offline;
mod organisations;
mod portal;
mod record;
mod sandbox;
mod second_factor;
mod settings;
mod silence;
mod start;
mod steps;
mod time_box;
mod trouble;
