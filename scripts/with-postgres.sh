#!/usr/bin/env bash
# Runs a command beside a PostgreSQL of its own on loopback: with-postgres.sh COMMAND…
# FAXBRIDGE_TEST_DATABASE names it (a superuser of trust); each test makes a database of its own in there.
set -euo pipefail

bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -n 1)
[ -x "$bin/initdb" ] || { echo "with-postgres.sh: PostgreSQL is missing: scripts/setup.sh test" >&2; exit 1; }
dir=$(mktemp -d /tmp/faxbridge-pg.XXXXXX)
as=()
if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
  chown postgres "$dir"
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
stop() {
  "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap stop EXIT

cd /
"${as[@]}" "$bin/initdb" -D "$dir/data" -U faxbridge -A trust -E UTF8 --locale=C.UTF-8 -N >/dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# Durability as in earnest, except where the test's own data may die with the machine.
"${as[@]}" "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" \
  -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 -c max_wal_size=256MB -c fsync=${FAXBRIDGE_TEST_FSYNC:-off}" start >/dev/null
cd - >/dev/null
export FAXBRIDGE_TEST_DATABASE="postgres://faxbridge@127.0.0.1:$port/postgres"
"$@"
