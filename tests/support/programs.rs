//! Where the programs are that tests start.

use anyhow::{Context, Result, bail};
use std::{env, path::PathBuf};

/// The folder that `LATCHKEY_TEST_PROGRAMS` names, or else that of the build that this test program
/// belongs to: `target/debug`.
fn programs() -> Result<PathBuf> {
    match env::var_os("LATCHKEY_TEST_PROGRAMS") {
        Some(folder) => Ok(folder.into()),
        None => build_folder(),
    }
}

fn build_folder() -> Result<PathBuf> {
    let me = env::current_exe().context("could not tell where this test program is")?;
    // target/debug/deps/tests-… -> target/debug
    let folder = me.parent().and_then(std::path::Path::parent);
    Ok(folder.context("the test program is in no build folder")?.to_owned())
}

fn built(name: &str) -> Result<PathBuf> {
    let path = programs()?.join(name);
    if path.is_file() {
        return Ok(path);
    }
    bail!(
        "{} is not built: run `make test`, or `cargo build --workspace --all-targets` first",
        path.display()
    )
}

/// The desktop app.
///
/// # Errors
/// That it is not built.
pub fn latchkey() -> Result<PathBuf> {
    built("latchkey")
}

/// The server.
///
/// # Errors
/// That it is not built.
pub fn latchkey_server() -> Result<PathBuf> {
    built("latchkey-server")
}

/// The terminal companion.
///
/// # Errors
/// That it is not built.
pub fn latch() -> Result<PathBuf> {
    built("latch")
}

/// The virtual security key, which no program of ours links.
///
/// # Errors
/// That it is not built.
pub fn vicc() -> Result<PathBuf> {
    // Of the tests' own build always: no other has one.
    let path = build_folder()?.join("vicc");
    if path.is_file() { Ok(path) } else { bail!("{} is not built: run `make test`", path.display()) }
}

/// The bare program that the app is held against.
///
/// # Errors
/// That it is not built.
pub fn bare() -> Result<PathBuf> {
    built("bare")
}

/// The `target` folder, for evidence of failures.
///
/// # Errors
/// That this program is in no build folder.
pub fn target() -> Result<PathBuf> {
    let folder = build_folder()?;
    Ok(folder.parent().context("the build folder has no parent")?.to_owned())
}

fn named_or(variable: &str, places: &[PathBuf], what: &str) -> Result<PathBuf> {
    if let Some(named) = env::var_os(variable) {
        let named = PathBuf::from(named);
        if named.is_file() {
            return Ok(named);
        }
        bail!("{variable} names {}, which is no file: run `make test`", named.display());
    }
    match places.iter().find(|p| p.is_file()) {
        Some(place) => Ok(place.clone()),
        None => bail!("no {what}: run `make test`, which installs it and sets {variable}"),
    }
}

/// A Python that has boto3, botocore, PySAML2 and aiosmtpd.
///
/// # Errors
/// That there is none.
pub fn python() -> Result<PathBuf> {
    named_or(
        "LATCHKEY_TEST_PYTHON",
        &[target()?.join("test-venv/bin/python")],
        "Python with boto3, PySAML2 and aiosmtpd",
    )
}

/// `xmlsec1`, which PySAML2 works with.
///
/// # Errors
/// That there is none.
pub fn xmlsec1() -> Result<PathBuf> {
    named_or("LATCHKEY_TEST_XMLSEC1", &[PathBuf::from("/usr/bin/xmlsec1")], "xmlsec1")
}

/// PHP, for SimpleSAMLphp.
///
/// # Errors
/// That there is none.
pub fn php() -> Result<PathBuf> {
    named_or("LATCHKEY_TEST_PHP", &[PathBuf::from("/usr/bin/php")], "php")
}

/// `tauri-driver`.
///
/// # Errors
/// That there is none.
pub fn tauri_driver() -> Result<PathBuf> {
    let tools = target()?.parent().map(|p| p.join(".tools/bin/tauri-driver")).unwrap_or_default();
    named_or("LATCHKEY_TAURI_DRIVER", &[tools], "tauri-driver")
}

/// The distribution's AWS CLI.
///
/// # Errors
/// That there is none.
pub fn aws() -> Result<PathBuf> {
    named_or("LATCHKEY_TEST_AWS", &[PathBuf::from("/usr/bin/aws")], "AWS CLI of the distribution")
}

/// AWS CLI version 1, as PyPI has it.
///
/// # Errors
/// That there is none.
pub fn aws_v1() -> Result<PathBuf> {
    named_or("LATCHKEY_TEST_AWS_V1", &[target()?.join("test-awscli1/bin/aws")], "AWS CLI version 1")
}

/// The sources of the tests.
pub fn sources() -> PathBuf {
    // `cargo test` starts test programs in their package's folder.
    env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| "tests".into(), PathBuf::from)
}

/// The program with AWS's SDK for Go (`tests/sdks/go`), where there is a Go toolchain.
pub fn who_go() -> PathBuf {
    target().map_or_else(|_| "who-go".into(), |target| target.join("sdks/who-go"))
}

/// The program with AWS's SDK for Rust.
///
/// # Errors
/// That it is not built.
pub fn who_rust() -> Result<PathBuf> {
    let path = build_folder()?.join("who");
    if path.is_file() { Ok(path) } else { bail!("{} is not built: run `make test`", path.display()) }
}
