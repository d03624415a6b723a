#!/usr/bin/env bash
# make again: runs the journeys N times in a row (20 unless told) and stops at the first that fails.
set -euo pipefail
cd "$(dirname "$0")/../../.."
times=${1:-20}
export LATCHKEY_TEST_PYTHON=$PWD/target/test-venv/bin/python
export LATCHKEY_TAURI_DRIVER=$PWD/.tools/bin/tauri-driver
log=target/again.log
cargo build --quiet --locked --workspace --all-targets
for run in $(seq "$times"); do
  begin=$SECONDS
  if ! cargo test --quiet --locked --workspace --test tests -- journeys:: harness:: >"$log" 2>&1; then
    cat "$log"
    echo "run $run of $times failed"
    exit 1
  fi
  echo "run $run of $times: $(grep -o '[0-9]* passed' "$log" | tail -n 1) in $((SECONDS - begin)) s"
done
