//! Rules about the project itself, read from its files: who may import whom, how long a file may
//! grow, what stays out of the tree. A broken rule names the file and says what to do.

mod capabilities;
mod icons;
mod imports;
mod keys;
mod tls;
mod tokens;
mod tree;
mod window;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// The folder that holds the workspace's `Cargo.toml`.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").to_path_buf()
}

/// Every file that git tracks or would, as a path relative to the root.
fn files() -> Vec<String> {
    let listing = run("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let mut files: Vec<String> =
        listing.split('\0').filter(|file| root().join(file).is_file()).map(str::to_owned).collect();
    files.sort();
    files.dedup();
    assert!(files.len() > 50, "git lists only {} files: is this a checkout?", files.len());
    files
}

/// A tracked file's text, lossily, as a few are pictures.
fn text(file: &str) -> String {
    let bytes = fs::read(root().join(file)).unwrap_or_else(|error| panic!("could not read {file}: {error}"));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a command prints when run at the root.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap_or_else(|error| panic!("could not run {program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {} failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap_or_else(|_| panic!("{program} printed something that is not text"))
}

/// `cargo metadata` for the machine the tests run on.
fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(read_metadata)
}

fn read_metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let json =
        run(&cargo, &["metadata", "--format-version", "1", "--locked", "--filter-platform", &platform]);
    serde_json::from_str(&json).expect("cargo metadata prints JSON")
}

/// Fails with all breaches of one rule at once.
fn assert_none(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}:\n  {}", breaches.join("\n  "));
}
