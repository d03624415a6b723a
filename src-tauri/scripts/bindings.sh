#!/usr/bin/env bash
# make gen: writes ui/src/bindings.ts anew. The same test fails when the file is out of date.
set -euo pipefail
cd "$(dirname "$0")/../.."
UPDATE=1 cargo test --quiet --package view export_bindings
