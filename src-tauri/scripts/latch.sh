#!/usr/bin/env bash
# Builds `latch` as it is shipped: small, as a shell waits for it. Panics end it, and it has no tables to unwind by.
set -euo pipefail
cd "$(dirname "$0")/../.."
host=$(rustc -vV | sed -n 's/^host: //p')
# What is named here comes in the place of `.cargo/config.toml`: its linker is named again.
flags='"-C", "force-unwind-tables=no"'
case $host in *-linux-gnu) flags="\"-C\", \"link-arg=-fuse-ld=mold\", $flags" ;; esac
cargo build "$@" --locked --profile latch --package latch --config "target.$host.rustflags=[$flags]"
install -D target/latch/latch target/release/latch
