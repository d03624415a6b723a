#!/usr/bin/env bash
# Installs the Debian packages that a command needs and that are missing: deps.sh SET...
# Asks dpkg first, so that a machine that has them all is left alone in milliseconds.
set -euo pipefail

build="build-essential ca-certificates pkg-config mold libwebkit2gtk-4.1-dev libgtk-3-dev libdbus-1-dev
       libayatana-appindicator3-1 libpcsclite-dev"
# A desktop without a display of its own: panel with a tray, window manager, notifications, keyring.
desktop="xvfb xauth dbus dbus-x11 gnome-keyring libglib2.0-bin xfce4-panel xfconf xfwm4 xfce4-notifyd xdg-utils
         imagemagick x11-utils fonts-dejavu-core adwaita-icon-theme librsvg2-common"
# What the journeys drive and what AWS's own tools are checked with.
tests="git xvfb xauth dbus gnome-keyring libsecret-tools libglib2.0-bin webkit2gtk-driver chromium chromium-driver
       awscli python3-venv imagemagick x11-utils xdg-utils util-linux fonts-dejavu-core adwaita-icon-theme
       librsvg2-common librsvg2-bin xmlsec1 zsh fish pcscd vsmartcard-vpcd at-spi2-core
       postgresql haproxy
       freeradius slapd ldap-utils samba samba-ad-provision samba-dsdb-modules samba-vfs-modules
       simplesamlphp php-cli php-xml php-mbstring
       libclang-dev"
# A virtual key's file system is C, and its bindings are made from the headers.
lint="libclang-dev"
gallery="chromium fonts-dejavu-core python3"
bench="awscli bsdextrautils"
package_test="mmdebstrap rpm cpio util-linux"

wanted=""
for set_name in "$@"; do
  case $set_name in
    build | desktop | tests | lint | gallery | bench | package_test) wanted="$wanted ${!set_name}" ;;
    browser)
      # Chromium refuses to run as root, and a desktop that has a browser keeps its own.
      if [ "$(id -u)" = 0 ]; then wanted="$wanted firefox-esr"
      elif ! command -v x-www-browser >/dev/null; then wanted="$wanted firefox-esr"; fi ;;
    *) echo "deps.sh: no such set of packages: $set_name" >&2; exit 2 ;;
  esac
done

command -v dpkg-query >/dev/null || { echo "This is not Debian: install these by hand: $wanted" >&2; exit 0; }
missing=""
for package in $(printf "%s\n" $wanted | sort -u); do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "These packages are missing, and there is no sudo to install them:$missing" >&2; exit 1; }
  as_root=sudo
fi
echo "Installing system packages:$missing"
apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ apt update && apt install -y --no-install-recommends $missing; } >"$log" 2>&1 || {
  tail -n 20 "$log" >&2
  echo "These packages could not be installed:$missing" >&2
  exit 1
}
