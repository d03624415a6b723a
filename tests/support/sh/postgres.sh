#!/usr/bin/env bash
# postgres.sh FOLDER [PORT [CERTIFICATE KEY]]: a PostgreSQL of one's own in a new folder, on a socket in it and on this
# machine's port, if one is named, until standard input ends: then the folder is gone. With a certificate the port takes
# TLS and passwords alone. Says "ready" when it answers. The line "restart" restarts it as an administrator would,
# "crash" as a crash does; then it is "ready" again; "stop" ends it and says "stopped", "start" starts it. LATCHKEY_POSTGRES_FSYNC=on for one that is measured.
set -euo pipefail
folder=$1
port=${2:-5432}
listen=${2:+127.0.0.1}
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
as=()
mkdir -p "$folder"
if [ "$(id -u)" = 0 ]; then
  # It refuses to run as root.
  chown postgres "$folder"
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
# It ends with whoever started it, however that ends. Who changes the user forgets that, so it is said after it.
as+=(setpriv --pdeathsig INT)
chmod 755 "$folder"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${as[@]}" "$bin/initdb" -D "$folder/data" -A trust -U latchkey -E UTF8 --locale=C.UTF-8 --no-sync >said 2>&1 ||
  { cat said >&2; exit 1; }

tls=()
if [ $# -eq 4 ]; then
  # It takes a key that is its own and nobody else's to read.
  install -m 600 "$3" data/server.crt
  install -m 600 "$4" data/server.key
  [ "$(id -u)" != 0 ] || chown postgres data/server.crt data/server.key
  printf '%s\n' 'local all all trust' 'hostssl all all all scram-sha-256' >data/pg_hba.conf
  tls=(-c ssl=on)
fi

start() {
  # What is lost when the machine loses its power is of no use to a test; to wait for the disk is part of a figure.
  "${as[@]}" "$bin/postgres" -D "$folder/data" -c unix_socket_directories="$folder" -c listen_addresses="$listen" \
    -c port="$port" -c max_connections=300 -c shared_buffers=64MB -c fsync="${LATCHKEY_POSTGRES_FSYNC:-off}" -c full_page_writes=off \
    "${tls[@]}" >>said 2>&1 </dev/null &
  server=$!
  until "$bin/pg_isready" -q -h "$folder" -p "$port"; do
    kill -0 "$server" 2>/dev/null || { cat said >&2; exit 1; }
    sleep 0.05
  done
  echo ready
}

stop() {
  [ -n "$server" ] || return 0
  kill "-$1" "$server" 2>/dev/null || true
  wait "$server" || true
  server=
}

start
while read -r word; do
  case $word in
    restart) stop INT; start ;;
    crash) stop QUIT; start ;;
    stop) stop INT; echo stopped ;;
    start) start ;;
  esac
done
stop INT
