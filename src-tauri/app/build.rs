//! Bundles the window's assets and checks the capabilities.
fn main() {
    tauri_build::build();
}
