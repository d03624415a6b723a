#!/usr/bin/env bash
# Runs a program on a virtual desktop: desktop.sh PROGRAM [ARGUMENT...]
# An X server without a screen, a session bus, a keyring, a window manager and a panel with a tray.
# The desktop's own files (panel, keyring) and the app's state live in target/desk, so that the
# keyring and what is sealed with it come and go together. It starts the program and does no more.
set -euo pipefail

if [ "${LATCHKEY_DESK_INNER:-}" != yes ]; then
  cd "$(dirname "$0")/../.."
  desk=$PWD/target/desk
  mkdir -p "$desk"/{config/xfce4/xfconf/xfce-perchannel-xml,keyring}
  chmod 700 "$desk"
  cp src-tauri/scripts/xfce4-panel.xml "$desk/config/xfce4/xfconf/xfce-perchannel-xml/"

  # Socket paths end at 108 bytes, so the runtime directory is a short one.
  runtime=$(mktemp -d /tmp/latchkey.XXXXXX)
  display_pipe=$runtime/display
  mkfifo "$display_pipe"
  Xvfb -displayfd 9 -screen 0 1280x900x24 -nolisten tcp 9>"$display_pipe" 2>"$desk/xvfb.log" &
  xvfb=$!
  cleanup() { kill "$xvfb" 2>/dev/null || true; rm -rf "$runtime" "$desk/display"; }
  trap cleanup EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  read -r -t 20 number <"$display_pipe" || { echo "Xvfb did not start: see $desk/xvfb.log" >&2; exit 1; }
  echo ":$number" >"$desk/display"

  cat <<MESSAGE
There is no display here, so Latchkey runs on a virtual one, DISPLAY=:$number, with a panel and a tray.
Nothing there is clicked for you. To see it:  make screenshot  (writes screenshots/desktop.png)
Logs: target/desk/*.log. Latchkey's state on this desktop: ${LATCHKEY_HOME:-target/desk/latchkey}. Ctrl-C ends it all.
MESSAGE
  # The panel's configuration is given to the bus, which starts the panel's daemon.
  export DISPLAY=":$number" XDG_RUNTIME_DIR="$runtime" LATCHKEY_DESK="$desk" LATCHKEY_DESK_INNER=yes
  export LATCHKEY_DESK_CONFIG_HOME="${XDG_CONFIG_HOME:-}"
  unset DBUS_SESSION_BUS_ADDRESS
  XDG_CONFIG_HOME="$desk/config" NO_AT_BRIDGE=1 dbus-run-session -- "$0" "$@" &
  session=$!
  trap 'kill -TERM "$session" 2>/dev/null; wait "$session"; exit 130' INT
  trap 'kill -TERM "$session" 2>/dev/null; wait "$session"; exit 143' TERM
  status=0
  wait "$session" || status=$?
  exit "$status"
fi

desk=$LATCHKEY_DESK
children=""
start() { local log=$1; shift; "$@" >"$desk/$log.log" 2>&1 & children="$children $!"; }
program=
stop() {
  [ -z "$program" ] || kill -TERM "$program" 2>/dev/null || true
  [ -z "$program" ] || wait "$program" 2>/dev/null || true
  kill $children 2>/dev/null || true
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The password protects nothing here (it lies beside the keyring); it lets nobody be asked for it.
[ -s "$desk/keyring/password" ] || (umask 077; head -c 24 /dev/urandom | base64 >"$desk/keyring/password")
tr -d '\n' <"$desk/keyring/password" | XDG_DATA_HOME="$desk/keyring" \
  gnome-keyring-daemon --foreground --unlock --components=secrets >"$desk/keyring.log" 2>&1 &
children="$children $!"
start window-manager xfwm4 --compositor=off
start panel xfce4-panel --disable-wm-check
for name in org.freedesktop.secrets org.kde.StatusNotifierWatcher; do
  gdbus wait --session --timeout 20 "$name" || { echo "$name did not appear on the desktop: see $desk/*.log" >&2; exit 1; }
done

if [ -n "$LATCHKEY_DESK_CONFIG_HOME" ]; then export XDG_CONFIG_HOME=$LATCHKEY_DESK_CONFIG_HOME; else unset XDG_CONFIG_HOME; fi
unset LATCHKEY_DESK_INNER LATCHKEY_DESK_CONFIG_HOME
export LATCHKEY_HOME=${LATCHKEY_HOME:-$desk/latchkey}
if [ "$(id -u)" = 0 ] && [ -z "${BROWSER:-}" ]; then export BROWSER=firefox-esr; fi
"$@" &
program=$!
status=0
wait "$program" || status=$?
program=
exit "$status"
