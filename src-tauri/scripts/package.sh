#!/usr/bin/env bash
# make package: an optimised build of the app and its server, as a deb and an rpm.
set -euo pipefail
cd "$(dirname "$0")/../.."
src-tauri/scripts/deps.sh build bundle
src-tauri/scripts/ui.sh build
cargo build --release --workspace --bins
ui/node_modules/.bin/tauri bundle --bundles deb,rpm
find target/release/bundle -name '*.deb' -o -name '*.rpm'
