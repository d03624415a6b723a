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

# What is fetched waits for others most of its time, so it is fetched beside the build.
peers() { python && tests/support/sh/sdks.sh; }
peers_begun() {
  peers >"$fetched" 2>&1 &
  beside=$!
}
peers_end() {
  local status=0
  wait "$beside" || status=$?
  beside=
  cat "$fetched"
  return "$status"
}
mkdir -p target
fetched=$PWD/target/peers.log

phase "system packages" "$scripts/deps.sh" build tests
phase "window's packages" "$scripts/ui.sh" packages
phase "python with boto3, moto and others, AWS's SDKs and older CLI, begun" peers_begun
phase "window: lint, types, tests, build" window
# One build of everything: choosing packages would change features and build dependencies again.
phase "cargo build" cargo build --quiet --locked --workspace --all-targets
phase "tauri-driver" tests/support/sh/driver.sh
phase "python, AWS's SDKs and older CLI, their end" peers_end
# Why tests failed, once more where a log ends: what libtest prints of one may be far above.
rm -f target/cargo-test.log
remarks() {
  [ ! -f target/cargo-test.log ] || grep --after-context=10 '^thread .* panicked at' target/cargo-test.log | cut --characters=1-400 || true
  [ -z "${unsteady:-}" ] || printf 'FAILED AT FIRST, passed when run again alone:\n%s\n' "$unsteady"
}
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

# Every test. With LATCHKEY_SECOND_TRY, as CI has it, up to three tests with whole programs, windows and browsers that
# failed are run again alone, and the log ends with their names and reasons: such a one is a bug to find all the same,
# but no reason to hold up everything else.
every_test() {
  local log=target/cargo-test.log status=0
  cargo test --locked --workspace --no-fail-fast 2>&1 | tee "$log" || status=$?
  [ "$status" != 0 ] || return 0
  local failed targets
  failed=$(sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$log")
  targets=$(grep '^    `' "$log" || true)
  [ -n "${LATCHKEY_SECOND_TRY:-}" ] && [ "$targets" = '    `-p tests --test tests`' ] || return "$status"
  [ -n "$failed" ] && [ "$(wc --lines <<<"$failed")" -le 3 ] || return "$status"
  # shellcheck disable=SC2086 # a test's name has no spaces
  cargo test --locked --workspace --test tests -- --exact $failed || return
  unsteady=$failed
}
aside=$PWD/target/server-on-postgresql.log
phase "server's tests on PostgreSQL, begun" server_on_postgresql
phase "cargo test" every_test
phase "server's tests on PostgreSQL, their end" its_end
