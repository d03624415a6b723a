//! One TLS provider. With two linked, rustls cannot choose and panics at the first connection.

use serde_json::Value;

use super::{assert_none, metadata, root, text};
use std::path::Path;

#[test]
fn rustls_is_built_with_aws_lc_and_nothing_else() {
    let metadata = metadata();
    let rustls: Vec<&Value> = metadata["resolve"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|node| node["id"].as_str().is_some_and(|id| id.contains("#rustls@")))
        .collect();
    assert_eq!(rustls.len(), 1, "one version of rustls is linked: see `cargo tree -d`");
    let features: Vec<&str> =
        rustls[0]["features"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert!(features.contains(&"aws_lc_rs"), "rustls has no aws-lc: {features:?}");
    assert!(
        !features.contains(&"ring"),
        "something switches rustls's `ring` on: see `cargo tree -e features -i rustls`"
    );
}

/// Our programs by the file of their `main`: a runtime or anything that speaks TLS starts after the provider
/// is there.
#[test]
fn every_program_installs_the_provider_before_it_starts_anything() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let targets = packages.flat_map(|package| package["targets"].as_array().into_iter().flatten());
    let programs = targets.filter(|target| target["kind"][0] == "bin");
    let ours =
        programs.filter_map(|target| Path::new(target["src_path"].as_str()?).strip_prefix(root()).ok());
    let (mut breaches, mut seen) = (Vec::new(), 0);
    for file in ours.filter(|file| file.starts_with("src-tauri")) {
        let source = text(&file.to_string_lossy());
        let at = |what: &str| source.find(what);
        let installs = ["install_crypto_provider()", "install_provider()"].iter().find_map(|call| at(call));
        let starts = [".build()", "::run()"].iter().filter_map(|call| at(call)).min();
        seen += 1;
        if installs.is_none() || starts.is_some_and(|starts| installs > Some(starts)) {
            breaches.push(file.display().to_string());
        }
    }
    assert!(seen >= 2, "the app and the server were not found");
    assert_none("install the TLS provider first thing in these", &breaches);
}
