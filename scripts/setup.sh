#!/usr/bin/env bash
# Installs the Debian packages that are missing, for `build`, `demo`, `test` or `bench`, and Rust where no cargo is new enough.
set -euo pipefail

need_rust=1.94
case "${1:-build}" in
  build) packages=(build-essential pkg-config cmake clang libclang-dev libtesseract-dev libleptonica-dev
                   tesseract-ocr-jpn ca-certificates fonts-ipafont-gothic) ;;
  demo)  packages=(python3-aiosmtpd curl) ;;
  test)  packages=(dovecot-imapd python3 python3-aiosmtpd python3-pip chromium openssl strace curl libfaketime
                   postgresql-15 pgbouncer) ;;
  bench) packages=(python3 python3-venv ocrmypdf tesseract-ocr tesseract-ocr-jpn) ;;
  *) echo "setup.sh: build, demo, test or bench" >&2; exit 2 ;;
esac

new_enough() { # is there a cargo at least as new as $need_rust?
  local have
  have=$(cargo --version 2>/dev/null | awk '{print $2}') || return 1
  [ -n "$have" ] && [ "$(printf '%s\n' "$need_rust" "$have" | sort -V | head -n 1)" = "$need_rust" ]
}

if [ "${1:-build}" = build ]; then
  new_enough || packages+=(cargo-web rustc-web rustfmt-web) # Debian 12's own new Rust
  python3 -m pip --version >/dev/null 2>&1 || packages+=(python3-pip)
fi

missing=()
for p in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
done

# What the tests have from PyPI, in folders of their own: an S3-compatible store, and what drives the browser and looks
# at its pages as a blind or colour-blind person's tools do (axe-core lies in the last one).
python_tools() {
  tool moto 5.2.5 'moto[server]==5.2.5'
  tool playwright 1.65.2 playwright==1.65.2 axe-playwright-python==0.1.8
}
tool() { # name, its version, what to install
  local dir=target/tools/$1
  [ -d "$dir/$1-$2.dist-info" ] && return
  rm -rf "$dir"
  echo "installing: $1 $2" >&2
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$dir" "${@:3}"
}

if [ ${#missing[@]} = 0 ]; then
  [ "${1:-build}" != test ] || python_tools
  exit 0
fi

as_root=()
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null; then as_root=(sudo); else
    echo "setup.sh: as root, run: apt-get install ${missing[*]}" >&2
    exit 1
  fi
fi
echo "installing: ${missing[*]}" >&2
"${as_root[@]}" apt-get update -q >/dev/null
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
# Debian starts the servers that it installs; the tests start their own.
for service in postgresql pgbouncer; do
  case " ${missing[*]} " in *" $service"*) "${as_root[@]}" service "$service" stop >/dev/null 2>&1 || true ;; esac
done
[ "${1:-build}" != test ] || python_tools
