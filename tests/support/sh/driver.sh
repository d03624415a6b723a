#!/usr/bin/env bash
# Installs the tauri-driver that the window is driven with into .tools, unless it is there.
set -euo pipefail
cd "$(dirname "$0")/../../.."
version=2.1.0
if [ ! -x .tools/bin/tauri-driver ] || ! grep -qs "\"tauri-driver $version " .tools/.crates.toml; then
  # Unoptimised: it only relays requests, and builds in half the time.
  CARGO_TARGET_DIR=target/tools cargo install --quiet --debug --locked --root .tools tauri-driver --version "$version"
fi
