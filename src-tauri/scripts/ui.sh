#!/usr/bin/env bash
# Brings the window's packages and its build up to date: ui.sh packages | build
# Does nothing when nothing changed, which is what makes a second start quick.
set -euo pipefail
cd "$(dirname "$0")/../../ui"

for tool in node npm; do
  command -v $tool >/dev/null || { echo "$tool is missing: install Node.js 20.19 or newer with npm" >&2; exit 1; }
done
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' || {
  echo "Node.js $(node --version) is too old: the window's build needs 20.19 or newer" >&2
  exit 1
}

packages() {
  [ -f node_modules/.package-lock.json ] && ! [ package-lock.json -nt node_modules/.package-lock.json ] && return
  echo "Installing the window's packages"
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
}

build() {
  packages
  local stamp=node_modules/.latchkey-built
  if [ -f $stamp ] && [ -f dist/index.html ]; then
    [ -n "$(find . \( -name node_modules -o -name 'dist*' \) -prune -o -type f -newer $stamp -print -quit)" ] || return 0
  fi
  echo "Building the window"
  npm run --silent build
  touch $stamp
}

case ${1:-build} in
  packages) packages ;;
  build) build ;;
  *) echo "ui.sh: packages or build" >&2; exit 2 ;;
esac
