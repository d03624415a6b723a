#!/usr/bin/env bash
# make screenshots: every view in every state, light and dark, into screenshots/gallery/.
set -euo pipefail
cd "$(dirname "$0")/../../.."
src-tauri/scripts/deps.sh gallery
src-tauri/scripts/ui.sh packages
(cd ui && npm run --silent gallery)
python3 tests/support/sh/gallery.py
