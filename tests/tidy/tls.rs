//! One TLS provider. With two linked, rustls cannot choose and panics at the first connection.

use serde_json::Value;

use super::metadata;

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
