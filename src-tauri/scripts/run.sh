#!/usr/bin/env bash
# make run: builds what changed and starts the desktop app with its sandbox organisation.
# A development build, because it is made several times faster than an optimised one.
# Ctrl-C ends the app and everything started for it.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts=$PWD/src-tauri/scripts

command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.90 or newer" >&2; exit 1; }
headless=
[ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || headless=yes

"$scripts/deps.sh" build browser ${headless:+desktop}
"$scripts/ui.sh" build
# The whole workspace's programs, not one package: another choice of features would build them again.
cargo build --locked --workspace --exclude bare --bins

# Chromium does not run as root.
if [ "$(id -u)" = 0 ] && [ -z "${BROWSER:-}" ]; then export BROWSER=firefox-esr; fi

if [ -n "$headless" ]; then
  exec "$scripts/desktop.sh" "$PWD/target/debug/latchkey" --sandbox "$@"
fi
exec "$PWD/target/debug/latchkey" --sandbox "$@"
