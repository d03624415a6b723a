#!/usr/bin/env bash
# make test: every test of the project, from a bare machine to the journeys. Stops at the first
# phase that fails; prints how long each took.
set -euo pipefail
cd "$(dirname "$0")/../../.."
scripts=src-tauri/scripts
. tests/support/sh/phases.sh

ui() { (cd ui && npm run --silent "$1"); }

window() { ui lint && ui check && ui test && "$scripts/ui.sh" build && ui gallery; }

python() {
  [ -x target/test-venv/bin/python ] || python3 -m venv target/test-venv
  target/test-venv/bin/python -c 'import boto3, saml2, aiosmtpd, httpx2, jwt, scim2_tester, prometheus_client, moto.server' 2>/dev/null ||
    target/test-venv/bin/python -m pip install --quiet --disable-pip-version-check \
      boto3 pysaml2 aiosmtpd pyjwt scim2-tester prometheus-client 'scim2-client[httpx2]' 'moto[server]'
}

phase "system packages" "$scripts/deps.sh" build tests
phase "window's packages" "$scripts/ui.sh" packages
phase "window: lint, types, tests, build" window
# One build of everything: choosing packages would change features and build dependencies again.
phase "cargo build" cargo build --quiet --locked --workspace --all-targets
phase "tauri-driver" tests/support/sh/driver.sh
phase "python with boto3, moto, pysaml2, aiosmtpd, pyjwt, scim2-tester and prometheus-client" python
phase "AWS's SDKs and older CLI" tests/support/sh/sdks.sh
export LATCHKEY_TEST_PYTHON=$PWD/target/test-venv/bin/python
export LATCHKEY_TAURI_DRIVER=$PWD/.tools/bin/tauri-driver

# The server's own tests once more, on PostgreSQL. The program that was built, for choosing a package would build anew.
server_on_postgresql() {
  local program
  program=$(cargo test --quiet --locked --workspace --no-run --message-format=json 2>/dev/null |
    python3 -c 'import json, sys
for line in sys.stdin:
    it = json.loads(line)
    if it.get("executable") and it["target"]["name"] == "server" and it["profile"]["test"]:
        print(it["executable"])')
  # Beside the others, of which two at a time are at a desk and mostly wait; they go first.
  (cd src-tauri/server && CARGO_MANIFEST_DIR=$PWD LATCHKEY_TEST_DATABASE=postgres exec nice -n 19 "$program" --quiet) \
    >"$aside" 2>&1 &
  beside=$!
}
its_end() {
  local status=0
  wait "$beside" || status=$?
  cat "$aside"
  return "$status"
}
aside=$PWD/target/server-on-postgresql.log
phase "server's tests on PostgreSQL, begun" server_on_postgresql
phase "cargo test" cargo test --locked --workspace
phase "server's tests on PostgreSQL, their end" its_end
