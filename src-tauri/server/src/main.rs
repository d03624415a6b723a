//! `latchkey-server`
fn main() {}
