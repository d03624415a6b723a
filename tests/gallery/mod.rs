//! The window's gallery in a real browser: what only one that paints can tell.

pub mod access;
pub mod pages;
