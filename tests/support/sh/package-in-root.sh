#!/usr/bin/env bash
# Runs in the clean root that package-test.sh makes, as root: installs /root/latchkey.deb, starts the app
# as a person's desktop would, ends it and removes the package. Then the same with /root/latchkey.rpm, by rpm
# itself, on the libraries that the deb asked for.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
limit=120
log=/tmp/log
person=/home/person

fail() {
  echo "$1" >&2
  tail -n 40 "$log" "$person"/*.log "$person"/.local/state/latchkey/logs/* >&2 2>/dev/null || true
  exit 1
}
apt() { apt-get -qq -o Dpkg::Use-Pty=0 -o APT::Keep-Downloaded-Packages=true "$@" >"$log" 2>&1 </dev/null || fail "apt-get $1 failed"; }

apt update
# The least that a person may have: what the package demands, nothing that it only recommends.
apt install --yes --no-install-recommends /root/latchkey.deb
dpkg --listfiles latchkey | while read -r file; do [ -d "$file" ] || echo "$file"; done >/root/files
for program in latchkey latchkey-server latch; do
  grep -qx "/usr/bin/$program" /root/files || fail "the deb has no /usr/bin/$program"
  # Before anything else is installed, which could bring what the package forgot to ask for.
  missing=$(ldd "/usr/bin/$program" | grep 'not found') && fail "$program lacks libraries: $missing"
done
# Links of its own scheme are opened with it, and it is told which.
entry=$(grep '^/usr/share/applications/.*\.desktop$' /root/files) || fail "the deb has no desktop entry"
grep -q '^MimeType=.*x-scheme-handler/latchkey' "$entry" || fail "$entry does not name latchkey: links"
grep -q '^Exec=latchkey %[uU]$' "$entry" || fail "$entry does not pass links on: $(grep '^Exec' "$entry")"
"/usr/bin/latchkey-server" --version
"/usr/bin/latch" --version
echo "installed $(wc -l </root/files) files and $(dpkg-query --show | wc -l) packages in all"

# A desktop as bare as can be: a display and a session bus. No panel, so the app opens its window.
apt install --yes --no-install-recommends xvfb dbus dbus-x11
useradd --create-home --home-dir "$person" --shell /bin/sh person
runtime=/tmp/runtime
install --directory --owner person --mode 700 "$runtime"
mkfifo --mode 666 /tmp/display
install --directory --mode 1777 /tmp/.X11-unix
as_person() {
  setpriv --reuid person --regid person --clear-groups env -i PATH=/usr/bin:/bin HOME="$person" USER=person \
    LANG=C.UTF-8 XDG_RUNTIME_DIR="$runtime" "$@"
}
as_person Xvfb -displayfd 9 -screen 0 1280x900x24 -nolisten tcp 9>/tmp/display 2>"$person/xvfb.log" &
read -r -t "$limit" display </tmp/display || fail "the display did not start"

desktop() {
  local status=0
  as_person DISPLAY=":$display" NO_AT_BRIDGE=1 GDK_BACKEND=x11 LIBGL_ALWAYS_SOFTWARE=1 \
    LATCHKEY_EVENT_LOG=/tmp/events dbus-run-session -- latchkey --sandbox >"$person/app.log" 2>&1 || status=$?
  echo ended >/tmp/events
  return "$status"
}

# start_and_end [COMMAND]: the first start of the app in a home with nothing of it, and its end; COMMAND in between.
start_and_end() {
  local app pid= window= sandbox= line status=0 begin process name
  rm -rf "$person/.local" "$person/.config" "$person/.cache" "$person/.aws" /tmp/events
  mkfifo --mode 666 /tmp/events
  # The app opens the FIFO itself; this end is open before, so that no line is lost.
  exec 8<>/tmp/events
  begin=$(date +%s%N)
  desktop &
  app=$!
  while [ -z "$pid" ] || [ -z "$window" ] || [ -z "$sandbox" ]; do
    read -r -t "$limit" line <&8 ||
      fail "nothing more came for $limit s; the app had started: ${pid:-no}, its window: ${window:-no}, its sandbox: ${sandbox:-no}"
    case $line in
      *'"event":"started"'*) pid=${line##*\"pid\":} pid=${pid%%[!0-9]*} ;;
      *'"event":"window"'*'"state":"created"'*) window=yes ;;
      *'"event":"sandbox"'*'"state":"running"'*) sandbox=yes ;;
      ended) fail "the app ended by itself" ;;
      *'"event":"error"'*'"code":"sandbox'* | *'"event":"error"'*'"code":"window'*) fail "the app says $line" ;;
    esac
  done
  echo "started, with its window and its sandbox, in $((($(date +%s%N) - begin) / 1000000)) ms"
  [ -z "${1:-}" ] || "$1"
  kill -TERM "$pid"
  wait "$app" || status=$?
  [ "$status" = 0 ] || fail "the app ended with $status"
  exec 8>&-
  [ -s "$person/.local/share/latchkey/latchkey.db" ] || fail "the app has no store in its person's home"
  # Nothing of the app outlives it for long: neither the server nor a web process.
  for process in $(find /proc -maxdepth 1 -name '[0-9]*' -user person -printf '%f\n' 2>/dev/null); do
    name=$(cat "/proc/$process/comm" 2>/dev/null) || continue
    [ "$name" = Xvfb ] || timeout "$limit" tail --pid="$process" -f /dev/null || fail "$name still runs"
  done
}

# upgraded: another version of the deb is installed while the app runs, which notices.
upgraded() {
  local ours theirs line
  ours=$(dpkg-query --show --showformat '${Version}' latchkey)
  theirs=${ours//[0-9]/9}
  dpkg-deb --raw-extract /root/latchkey.deb /tmp/newer
  # The same program that calls itself another version, which is as long.
  LC_ALL=C sed -i "s/latchkey ${ours//./\\.}/latchkey $theirs/g" /tmp/newer/usr/bin/latchkey
  [ "$(/tmp/newer/usr/bin/latchkey --version)" = "latchkey $theirs" ] || fail "the newer version is none"
  sed -i "s/^Version: .*/Version: $theirs/" /tmp/newer/DEBIAN/control
  dpkg-deb -Znone --build /tmp/newer /tmp/newer.deb >"$log"
  dpkg --install /tmp/newer.deb >"$log" 2>&1 || fail "the newer version could not be installed"
  rm -rf /tmp/newer /tmp/newer.deb
  while :; do
    read -r -t "$limit" line <&8 || fail "the app said nothing of the newer version for $limit s"
    case $line in *'"event":"update"'*"\"$theirs\""*) break ;; esac
  done
  echo "upgraded to $theirs while it ran, and noticed"
}

# nothing_left LIST: none of the files of the list is there, nor any other that is the app's.
nothing_left() {
  local file left
  while read -r file; do [ ! -e "$file" ] || fail "$file is left behind"; done <"$1"
  left=$(find / -xdev -ipath '*latchkey*' -not -path "$person/*" -not -path '/root/*' -not -path '/tmp/*')
  [ -z "$left" ] || fail "left behind: $left"
}

start_and_end upgraded
apt purge --yes latchkey
nothing_left /root/files
echo "deb: removed, with nothing left but the person's own files"

# rpm asks for packages by the names of its own distributions. What they bring is here, of the deb's.
apt install --yes --no-install-recommends rpm
package=$(rpm --query --package --queryformat '%{NAME}' /root/latchkey.rpm 2>"$log") || fail "the rpm cannot be read"
rpm --install --nodeps /root/latchkey.rpm >"$log" 2>&1 || fail "rpm could not install it"
rpm --query --list "$package" 2>"$log" | while read -r file; do [ -d "$file" ] || echo "$file"; done >/root/files
for program in latchkey latchkey-server latch; do
  grep -qx "/usr/bin/$program" /root/files || fail "the rpm has no /usr/bin/$program"
done
rpm --verify --nodeps "$package" >"$log" 2>&1 || fail "what the rpm installed is not what it holds"
start_and_end
rpm --erase --nodeps "$package" >"$log" 2>&1 || fail "rpm could not remove it"
# rpm takes away folders that a package has made its own, which Tauri's cannot: this one has to be empty.
[ ! -d /usr/share/doc/latchkey ] || rmdir /usr/share/doc/latchkey
nothing_left /root/files
echo "rpm: removed, with nothing left but the person's own files"
