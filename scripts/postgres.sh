#!/usr/bin/env bash
# A throw-away PostgreSQL for development and tests, on a loopback port; also as root, which PostgreSQL itself refuses.
#   eval "$(scripts/postgres.sh start)"   exports TEST_POSTGRES_URL and a MEDICORE_*_DATABASE_URL for each service
#   scripts/postgres.sh stop              ends it and removes its data
# Settings: CHECK_DEV, its folder (default .dev); CHECK_POSTGRES_PORT (default: a free one).
set -euo pipefail
cd "$(dirname "$0")/.."
dir=${CHECK_DEV:-$PWD/.dev}/postgres
bin=$(find /usr/lib/postgresql/*/bin -maxdepth 0 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)" 2>/dev/null || true)
if [ ! -x "$bin/initdb" ]; then
  echo "no PostgreSQL server is installed (Debian: apt-get install postgresql)" >&2
  exit 1
fi
as=()
[ "$(id -u)" != 0 ] || as=(runuser -u postgres --)

stop() {
  if [ -d "$dir/data" ]; then (cd / && "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1) || true; fi
  rm -rf "$dir"
}

case ${1:-} in
stop) stop ;;
start)
  stop
  port=${CHECK_POSTGRES_PORT:-$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')}
  mkdir -p "$dir/sock"
  if [ ${#as[@]} -gt 0 ]; then
    chown -R postgres "$dir"
    # the server's user has to reach the folder
    parent=$dir
    while [ "$parent" != / ]; do
      parent=$(dirname "$parent")
      "${as[@]}" test -x "$parent" || chmod o+x "$parent"
    done
  fi
  cd "$dir"
  "${as[@]}" "$bin/initdb" -D "$dir/data" -U medicore -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
  cat >>"$dir/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$dir/sock'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 300
shared_buffers = 64MB
END
  "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w -t 60 start >/dev/null 2>&1 || { cat "$dir/data/server.log" >&2; exit 1; }
  echo "export TEST_POSTGRES_URL='postgres://medicore@127.0.0.1:$port/postgres?sslmode=disable'"
  for s in auth profiles billing analytics; do
    "${as[@]}" "$bin/createdb" -h 127.0.0.1 -p "$port" -U medicore "medicore_$s"
    echo "export MEDICORE_${s^^}_DATABASE_URL='postgres://medicore@127.0.0.1:$port/medicore_$s?sslmode=disable'"
  done
  ;;
*)
  echo "usage: $0 start | stop" >&2
  exit 2
  ;;
esac
