# Sourced: phase NAME COMMAND... runs a step, and the time of every step is printed at the end; then
# what the function `remarks` has to say, where there is one.
times=""
started_at=$SECONDS
phase() {
  local name=$1 begin=$SECONDS status=0
  shift
  printf '\n== %s\n' "$name"
  current=$name
  "$@"
  current=
  times="$times$(printf '%6d s  %s' $((SECONDS - begin)) "$name")"$'\n'
}
summary() {
  local status=$?
  # What was begun beside the phases ends with them.
  [ -z "${beside:-}" ] || kill "$beside" 2>/dev/null || true
  printf '\n%s%6d s  in all\n' "$times" $((SECONDS - started_at))
  [ "$status" = 0 ] || printf 'failed: %s\n' "${current:-}"
  if declare -F remarks >/dev/null; then remarks; fi
  exit "$status"
}
trap summary EXIT
