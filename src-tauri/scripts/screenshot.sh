#!/usr/bin/env bash
# make screenshot: writes a picture of the virtual desktop of a running `make run`.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -s target/desk/display ] || { echo "No virtual desktop is running here: start one with 'make run' where no DISPLAY is set" >&2; exit 1; }
mkdir -p screenshots
DISPLAY=$(cat target/desk/display) import -window root screenshots/desktop.png
echo "screenshots/desktop.png"
