//! Bundles the window's assets, and checks what its capability grants against the commands there are.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=src-tauri/app/capabilities");
    println!("cargo:rerun-if-changed=src-tauri/app/permissions");
    // The window is built into the program.
    println!("cargo:rerun-if-changed=ui/dist");
    // Naming the commands here instead would write a `permissions` folder beside Cargo.toml.
    let commands = tauri_build::AppManifest::new().permissions_path_pattern("src-tauri/app/permissions/*");
    tauri_build::try_build(
        tauri_build::Attributes::new()
            .capabilities_path_pattern("src-tauri/app/capabilities/*.json")
            .app_manifest(commands),
    )?;
    Ok(())
}
