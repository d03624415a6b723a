#!/usr/bin/env bash
# Runs a program on a virtual desktop: desktop.sh PROGRAM [ARGUMENT...]
# An X server without a screen, a session bus, a keyring, a window manager and a panel with a tray.
# The desktop's own files (panel, keyring) and the app's state live in target/desk, so that the
# keyring and what is sealed with it come and go together. It starts the program and does no more.
set -euo pipefail
cd "$(dirname "$0")/../.."
desk=$PWD/target/desk
mkdir -p "$desk"/{config/xfce4/xfconf/xfce-perchannel-xml,keyring}
chmod 700 "$desk"
cp src-tauri/scripts/xfce4-panel.xml "$desk/config/xfce4/xfconf/xfce-perchannel-xml/"

# Socket paths end at 108 bytes, so the runtime directory is a short one.
runtime=$(mktemp -d /tmp/latchkey.XXXXXX)
children=""
stop() {
  trap '' INT TERM
  # Newest first: the program while its desktop still stands, the X server last.
  for child in $children; do
    kill "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  done
  rm -rf "$runtime" "$desk/display"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# started NAME VARIABLE: reads the line with which a program says that it is ready. Each has a pipe of its
# own: the one before may still hold a common one open, and its end would be read as the next one's.
started() {
  read -r -t 20 "$2" <"$runtime/$1.ready" || { echo "$1 did not start: see $desk/$1.log" >&2; exit 1; }
}
mkfifo "$runtime/xvfb.ready" "$runtime/bus.ready"

Xvfb -displayfd 9 -screen 0 1280x900x24 -nolisten tcp 9>"$runtime/xvfb.ready" 2>"$desk/xvfb.log" &
children="$! $children"
started xvfb number
export DISPLAY=":$number" XDG_RUNTIME_DIR="$runtime"
echo "$DISPLAY" >"$desk/display"

# The bus starts the panel's configuration daemon, so it is the bus that is told where that is.
XDG_CONFIG_HOME="$desk/config" NO_AT_BRIDGE=1 \
  dbus-daemon --session --nofork --nopidfile --print-address=9 9>"$runtime/bus.ready" 2>"$desk/bus.log" &
children="$! $children"
started bus DBUS_SESSION_BUS_ADDRESS
export DBUS_SESSION_BUS_ADDRESS

# The password protects nothing here (it lies beside the keyring); with it nobody is asked for one.
[ -s "$desk/keyring/password" ] || (umask 077; head -c 24 /dev/urandom | base64 >"$desk/keyring/password")
XDG_DATA_HOME="$desk/keyring" gnome-keyring-daemon --foreground --unlock --components=secrets \
  < <(tr -d '\n' <"$desk/keyring/password") >"$desk/keyring.log" 2>&1 &
children="$! $children"
display -size 1280x900 -window root xc:'#4A5361' 2>/dev/null || true
xfwm4 --compositor=off >"$desk/window-manager.log" 2>&1 &
children="$! $children"
# A window that is there before its manager is taken over by it, which real desktops never do.
managed() { xprop -root _NET_SUPPORTING_WM_CHECK 2>/dev/null | grep -q 'window id'; }
for _ in $(seq 400); do managed && break; sleep 0.05; done
managed || { echo "xfwm4 did not appear on the desktop: see $desk/window-manager.log" >&2; exit 1; }
xfce4-panel --disable-wm-check >"$desk/panel.log" 2>&1 &
children="$! $children"
for name in org.freedesktop.secrets org.kde.StatusNotifierWatcher; do
  gdbus wait --session --timeout 20 "$name" || { echo "$name did not appear on the desktop: see $desk/*.log" >&2; exit 1; }
done

export LATCHKEY_HOME=${LATCHKEY_HOME:-$desk/latchkey}
cat <<MESSAGE
There is no display here, so Latchkey runs on a virtual one, DISPLAY=$DISPLAY, with a panel and a tray.
Nothing there is clicked for you. To see it:  make screenshot  (writes screenshots/desktop.png)
State and logs of this desktop: target/desk. Ctrl-C ends it all.
MESSAGE
"$@" &
program=$!
children="$program $children"
status=0
wait "$program" || status=$?
exit "$status"
