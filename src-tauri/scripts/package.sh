#!/usr/bin/env bash
# make package: an optimised build of the app and its server, as a deb and an rpm.
set -euo pipefail
cd "$(dirname "$0")/../.."
src-tauri/scripts/deps.sh build
src-tauri/scripts/ui.sh build
# `custom-protocol` is what Tauri's own build command adds: it makes this a production build.
cargo build --release --locked --workspace --exclude bare --exclude floor --exclude vicc --exclude latch --bins --features tauri/custom-protocol
src-tauri/scripts/latch.sh
# What `latch` says of itself, for the places where shells and man look.
about=target/release/about-latch
mkdir -p "$about"
for shell in bash zsh fish; do target/release/latch completion "$shell" >"$about/latch.$shell"; done
target/release/latch man >"$about/latch.1"
# The bundler is no dependency of the window's: its lock file would have to name a build of it for each
# platform, which not every registry mirror has.
bundler=2.12.5
npm install --silent --no-save --prefix .tools/bundler "@tauri-apps/cli@$bundler"
.tools/bundler/node_modules/.bin/tauri bundle --bundles deb,rpm
find target/release/bundle -name '*.deb' -o -name '*.rpm'
