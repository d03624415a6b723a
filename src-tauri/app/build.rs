//! Bundles the window's assets, and makes the window's three commands the only ones a capability can grant.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=src-tauri/app/capabilities");
    // The window is built into the program.
    println!("cargo:rerun-if-changed=ui/dist");
    tauri_build::try_build(
        tauri_build::Attributes::new()
            .capabilities_path_pattern("src-tauri/app/capabilities/*.json")
            .app_manifest(
                tauri_build::AppManifest::new()
                    .commands(&["state", "portal", "ask"])
                    .permissions_path_pattern("src-tauri/app/permissions/*"),
            ),
    )?;
    Ok(())
}
