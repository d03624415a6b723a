#!/usr/bin/env bash
# make package-test: installs the deb in a Debian root that has nothing but apt, starts the app there
# with its sandbox, ends it, removes it; then the same with the rpm, which is looked through besides. Builds
# the packages if need be.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here=$PWD/target/package-test
root=$here/root
. tests/support/sh/phases.sh

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# the_package SUFFIX: the one package of this version.
the_package() {
  local version found
  version=$(sed -n 's/^  "version": "\(.*\)",/\1/p' tauri.conf.json)
  found=$(find target/release/bundle -name "Latchkey[_-]$version*.$1" 2>/dev/null)
  [ "$(wc -l <<<"$found")" = 1 ] && printf '%s' "$found"
}

packages() {
  local deb rpm newer
  if deb=$(the_package deb) && rpm=$(the_package rpm) && [ -n "$deb" ] && [ -n "$rpm" ]; then
    newer=$(find Cargo.toml Cargo.lock LICENSE tauri.conf.json icons src-tauri ui \
      \( -name node_modules -o -name 'dist*' \) -prune -o -type f -newer "$deb" -print -quit)
    [ -n "$newer" ] || return 0
  fi
  src-tauri/scripts/package.sh
}

# From where this machine's own apt has Debian, in the form of a sources.list.
debian_sources() {
  apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' | sort -u
}

# Proxies and the like; not where this machine keeps its files.
apt_options() { apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries).* ".+";$' || true; }

# A root with apt and what it needs, kept for a week as its packages change seldom.
clean_root() {
  local sources codename
  mkdir -p "$here/archives"
  sources=$(debian_sources)
  if [ -z "$sources" ]; then
    as_root apt-get update -qq
    sources=$(debian_sources)
  fi
  [ -n "$sources" ] || { echo "This machine's apt knows no Debian to make a root of" >&2; return 1; }
  codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
  apt_options >"$here/apt.conf"
  if [ "$(cat "$here/base.sources" 2>/dev/null)" != "$sources" ] || [ -z "$(find "$here/base.tar" -mtime -7 2>/dev/null)" ]; then
    as_root mmdebstrap --quiet --variant=apt --aptopt="$here/apt.conf" \
      "$codename" "$here/base.tar" - <<<"$sources"
    printf '%s\n' "$sources" >"$here/base.sources"
  fi
  as_root rm -rf --one-file-system "$root"
  as_root mkdir "$root"
  as_root tar --extract --numeric-owner --directory "$root" --file "$here/base.tar"
  as_root cp "$here/apt.conf" "$root/etc/apt/apt.conf.d/90test"
  as_root cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
  as_root cp "$(the_package deb)" "$root/root/latchkey.deb"
  as_root cp "$(the_package rpm)" "$root/root/latchkey.rpm"
  as_root cp tests/support/sh/package-in-root.sh "$root/root/"
}

# With processes and mounts of its own, which end with it.
install_and_start() {
  as_root unshare --mount --pid --fork --kill-child --mount-proc sh -c '
    set -e
    mount --rbind /dev "$1/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
    mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
    mount -t proc proc "$1/proc"
    mount --bind "$2" "$1/var/cache/apt/archives"
    exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb \
      bash /root/package-in-root.sh
  ' sh "$root" "$here/archives"
  as_root rm -rf --one-file-system "$root"
}

sums() { (cd "$1" && find . -type f -not -path ./usr/bin/latchkey -exec sha256sum {} + | sort -k 2); }

# There is no root of a distribution with rpm to be had from Debian's packages alone: what the rpm asks for is
# read here, and what it installs is compared with what the deb does.
rpm_holds_the_same() {
  local rpm deb name requires from_deb=$here/from-deb from_rpm=$here/from-rpm
  rpm=$(the_package rpm) deb=$(the_package deb)
  rm -rf "$from_deb" "$from_rpm"
  mkdir -p "$from_deb" "$from_rpm"
  dpkg-deb --extract "$deb" "$from_deb"
  # Its status may be 1 after a whole archive; what came out is compared.
  { rpm2cpio "$rpm" || true; } | (cd "$from_rpm" && cpio --quiet --extract --make-directories --preserve-modification-time)
  # Tauri writes into the app which kind of package it came in: three letters.
  [ "$(cmp --verbose "$from_deb/usr/bin/latchkey" "$from_rpm/usr/bin/latchkey" | wc -l)" -le 3 ] ||
    { echo "deb and rpm hold different apps" >&2; return 1; }
  # Each distribution's zsh looks in a folder of its own.
  mv "$from_deb/usr/share/zsh/vendor-completions" "$from_deb/usr/share/zsh/site-functions"
  diff <(sums "$from_deb") <(sums "$from_rpm") || { echo "deb (<) and rpm (>) differ" >&2; return 1; }
  for name in latchkey latchkey-server latch; do
    [ -x "$from_rpm/usr/bin/$name" ] || { echo "the rpm has no program /usr/bin/$name" >&2; return 1; }
  done
  requires=$(rpm --query --package --requires --recommends "$rpm")
  for name in libwebkit2gtk-4.1.so.0 libgtk-3.so.0 libayatana-appindicator-gtk3 ca-certificates gnome-keyring; do
    grep -q "^$name" <<<"$requires" || { echo "the rpm does not ask for $name" >&2; return 1; }
  done
  rpm --query --package --list "$rpm" | sed 's/^/  /'
  rm -rf "$from_deb" "$from_rpm"
}

phase "system packages" src-tauri/scripts/deps.sh package_test
phase "packages" packages
phase "a clean root" clean_root
phase "deb, rpm: install, start, end, remove" install_and_start
phase "rpm: the same files" rpm_holds_the_same
