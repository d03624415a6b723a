#!/usr/bin/env bash
# make bench: what we claim to be quick, measured beside the tools people use today.
set -euo pipefail
cd "$(dirname "$0")/../../.."
src-tauri/scripts/deps.sh build bench
cargo build --quiet --locked --release --package aws-files --example rewrite
python3 tests/support/sh/bench.py target/release/examples/rewrite
