#!/usr/bin/env bash
# make lint: formatting, clippy under the workspace's lints, links in the documentation, the window's linter.
set -euo pipefail
cd "$(dirname "$0")/../../.."
scripts=src-tauri/scripts
. tests/support/sh/phases.sh

window() { (cd ui && npm run --silent lint && npm run --silent check); }

phase "rustfmt" cargo fmt --all --check
phase "system packages" "$scripts/deps.sh" build lint
# The app embeds the window's build, so there has to be one.
phase "window's build" "$scripts/ui.sh" build
phase "window: lint, types" window
phase "clippy" cargo clippy --quiet --workspace --all-targets -- -D warnings
phase "documentation links" env RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps --document-private-items
