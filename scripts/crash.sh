#!/usr/bin/env bash
# All of the crash proof, on SQLite and on PostgreSQL: crash.sh (KILLS=1000 SEED=… DATABASES="sqlite postgres").
# The named points are compiled into a program of its own, which no package can hold.
set -euo pipefail
cd "$(dirname "$0")/.."
export FAXBRIDGE_KILLS=${KILLS:-1000} FAXBRIDGE_CUTS=${CUTS:-1000000} FAXBRIDGE_SYNC_KILLS=${SYNC_KILLS:-70}
export FAXBRIDGE_LINE_CUTS=${LINE_CUTS:-40} FAXBRIDGE_DISK_FILLS=${DISK_FILLS:-40}
export FAXBRIDGE_COMMIT_STEP=${COMMIT_STEP:-1} # every n-th commit
export FAXBRIDGE_SEED=${SEED:-$(date +%s)}
out=target/crash
mkdir -p $out

cargo build --locked --features crash-points
cp target/debug/faxbridge $out/faxbridge-with-points
cargo build --locked # the ordinary one stands in its place again
cargo test --locked --test crash --no-run
if grep -q FAXBRIDGE_CRASH_AT target/debug/faxbridge; then
  echo "crash.sh: target/debug/faxbridge holds crash points" >&2
  exit 1
fi

points() { FAXBRIDGE_TEST_PROGRAM=$PWD/$out/faxbridge-with-points "$@" --test crash -- --nocapture --test-threads=1 --ignored; }
rest() { "$@" --test crash -- --nocapture --test-threads=1; }
for database in ${DATABASES:-sqlite postgres}; do
  case $database in
    sqlite) run=(cargo test --locked) ;;
    postgres) export FAXBRIDGE_TEST_FSYNC=on; run=(scripts/with-postgres.sh cargo test --locked) ;;
    *) echo "crash.sh: sqlite or postgres" >&2; exit 2 ;;
  esac
  { points "${run[@]}" && rest "${run[@]}"; } 2>&1 | tee "$out/$database.log"
done
grep -H 'seed\|kills\|copies\|named points\|every commit\|test result' $out/*.log
