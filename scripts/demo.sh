#!/usr/bin/env bash
# The main job on samples/: a Maildir and a scan folder full of faxes, registers, a mail server that keeps what it gets.
# Usage: demo.sh FAXBRIDGE | demo.sh --stop. Everything lies under target/demo and is made anew each time.
set -euo pipefail
cd "$(dirname "$0")/.."
demo=$PWD/target/demo

stop() {
  for pid in board smtp; do
    if [ -s "$demo/$pid.pid" ]; then kill "$(cat "$demo/$pid.pid")" 2>/dev/null || true; rm -f "$demo/$pid.pid"; fi
  done
}
stop
[ "${1:-}" != --stop ] || exit 0
faxbridge=$(realpath "$1")

free_port() { # the first free port from $1 on
  local p=$1
  while (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null; do p=$((p + 1)); done
  echo "$p"
}
port=$(free_port 8480)
smtp=$(free_port 2525)

rm -rf "$demo"
mkdir -p "$demo"/{scan,data} "$demo"/mailbox/{new,cur,tmp}
cp samples/registers/*.csv "$demo/"
for f in samples/files/*; do
  case "$f" in
    *.eml) cp "$f" "$demo/mailbox/new/$(basename "$f" .eml).demo" ;;
    *) cp "$f" "$demo/scan/" ;;
  esac
done
cat > "$demo/faxbridge.toml" <<EOF
data_dir = "$demo/data"
listen   = "127.0.0.1:$port"
base_url = "http://localhost:$port"

[web]
demo_login = true

[[intake]]
name = "scan"
kind = "folder"
path = "$demo/scan"
settle_seconds = 1

[[intake]]
name = "fax-mail"
kind = "maildir"
path = "$demo/mailbox"

[register]
patients     = "$demo/patients.csv"
institutions = "$demo/institutions.csv"

[notice]
smtp   = "smtp://127.0.0.1:$smtp"
from   = "faxbridge@example.jp"
admins = ["admin@example.jp"]
EOF

/usr/bin/python3 -m aiosmtpd -n -c aiosmtpd.handlers.Mailbox "$demo/mails" -l "127.0.0.1:$smtp" \
  >"$demo/smtp.log" 2>&1 & echo $! > "$demo/smtp.pid"
for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$smtp") 2>/dev/null && break; sleep .1; done

count() { # receipts, and those with a final state
  "$faxbridge" status --config "$demo/faxbridge.toml" --json 2>/dev/null | /usr/bin/python3 -c '
import json, sys
rows = [json.loads(l) for l in sys.stdin]
print(len(rows), sum(r["state"] != "processing" for r in rows))'
}
inputs=$(find samples/files -type f | wc -l)
echo "reading $inputs faxes of samples/files (from a mailbox and a scan folder)"
"$faxbridge" run --drain --config "$demo/faxbridge.toml" 2>"$demo/run.log" & run=$!
while kill -0 $run 2>/dev/null; do
  read -r got final <<<"$(count)" || true
  printf '\r  %s of %s received, %s done ' "${got:-0}" "$inputs" "${final:-0}"
  sleep 1
done
if ! wait $run; then
  printf '\nthe daemon failed; the end of %s:\n' "$demo/run.log" >&2
  tail -n 20 "$demo/run.log" >&2
  exit 1
fi
printf '\r  %s received, all done            \n' "$inputs"

setsid "$faxbridge" run --config "$demo/faxbridge.toml" >>"$demo/run.log" 2>&1 </dev/null & echo $! > "$demo/board.pid"
for _ in $(seq 200); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep .1; done
curl -fsS -o /dev/null "http://localhost:$port/login"

"$faxbridge" status --config "$demo/faxbridge.toml" --json | /usr/bin/python3 -c '
import collections, json, sys
rows = [json.loads(line) for line in sys.stdin]
faxes = collections.Counter(r["state"] for r in rows)
sheets = collections.Counter(d["state"] for r in rows for d in r["documents"])
print("%d received, %d posted, %d for review, %d ignored (sheets: %d in rooms, %d held for review)" % (
    len(rows), faxes["posted"], faxes["review"], faxes["ignored"], sheets["posted"], sheets["review"]))'
echo "mails sent: $(find "$demo/mails/new" -type f 2>/dev/null | wc -l), kept in $demo/mails"
echo
echo "open  http://localhost:$port/   and choose who you are: the demo's people need no password, on this machine only"
echo "      (end it with: make demo-stop)"
