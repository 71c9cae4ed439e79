#!/usr/bin/env bash
# The daemon over the test files of public libraries for TIFF, PDF, images, mails and zips: each must get its verdict.
#
# Usage: hostile.sh [DIR...]    further folders of files (fuzzing corpora, what a customer sent)
# Pinned source packages of PyPI (SHA-256 checked), crates that Cargo.lock pins, and, where GitHub can be reached, pinned
# commits. Nothing of it is built, run or kept in the repository. Takes half an hour and more: `make hostile`.
set -euo pipefail

cd "$(dirname "$0")/.."
home=target/hostile
files=$home/files
fetched=$home/fetched
rm -rf "$files"
mkdir -p "$files" "$fetched"

# Every file of a folder that could be somebody's fax, under one flat name.
collect() { # folder, what stands in front of the names
  (cd "$1" && find . -type f -size -64M \( -iname '*.tif' -o -iname '*.tiff' -o -iname '*.pdf' -o -iname '*.png' -o -iname '*.jpg' \
    -o -iname '*.jpeg' -o -iname '*.eml' -o -iname '*.zip' -o -iname '*.msg' -o -iname '*.gif' -o -iname '*.bmp' -o -iname '*.webp' \
    -o -iname '*.jp2' -o -iname '*.fuzz' -o -iname '*.bin' -o -path '*/corpus/*' \) -print0) |
    while IFS= read -r -d '' f; do
      name=$2_$(tr '/' '_' <<<"${f#./}")
      cp "$1/$f" "$files/$(tail -c 201 <<<"$name" | iconv -c -f UTF-8 -t UTF-8 | tr -d '\n' | sed 's/^[-.~]*//')"
    done
}

packages() {
  cat <<'PIN'
pillow==13.0.0 --hash=sha256:cdcd1ba258178f7356d74170c9a81ba4eab6a5d55748bc402a5a2a6fe6be3510
pikepdf==10.18.0 --hash=sha256:cb555ebff93482e8a6eb55881488b469bbb2b5675161c1b93a0510a8642d98d0
pypdf==7.1.1 --hash=sha256:2eff4e2fc5fb22a6d6711e6f1166cdc9ab5765d90cd0d77dfea3f4aa91a27b1d
PIN
}

commits() {
  cat <<'PIN'
strongcourage/fuzzing-corpus d5aaf2c8654592f65e8792d12800317200446e7c
dvyukov/go-fuzz-corpus c42c1b2914c7503500996ee15927d3ab3d2ba968
qpdf/qpdf dfd251125cadb59fe04836f9197c3ef94f99cf55
image-rs/image-tiff 31919c7bfcd224143524499a4d51ea33664f7fba
mikel/mail d645d7b5b7d03218b0bc8971ef041c991a63f5f7
PIN
}

while read -r package hash; do
  name=${package%%==*}
  if ! ls "$fetched/$name"*.tar.gz >/dev/null 2>&1; then
    echo "$package $hash" >"$home/pinned"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary "$name" --require-hashes \
      --dest "$fetched" -r "$home/pinned"
  fi
  mkdir -p "$home/$name"
  tar -xzf "$fetched/$name"*.tar.gz -C "$home/$name"
  collect "$home/$name" "$name"
done < <(packages)

cargo fetch --quiet --locked
registry=${CARGO_HOME:-$HOME/.cargo}/registry/src
for crate in mail-parser tiff; do
  version=$(awk -v c="$crate" '$0 == "name = \"" c "\"" { getline; gsub(/[^0-9.]/, ""); print; exit }' Cargo.lock)
  for dir in "$registry"/*/"$crate-$version"; do collect "$dir" "$crate"; done
done

while read -r repository commit; do
  dir=$home/${repository/\//_}
  if [ ! -d "$dir/.git" ]; then
    git init --quiet "$dir"
    if ! timeout 300 git -C "$dir" fetch --quiet --depth 1 "https://github.com/$repository" "$commit" 2>/dev/null; then
      rm -rf "$dir"
      echo "hostile.sh: $repository cannot be reached, going on without it" >&2
      continue
    fi
    git -C "$dir" -c advice.detachedHead=false checkout --quiet FETCH_HEAD
  fi
  collect "$dir" "${repository/\//_}"
done < <(commits)

for dir in "$@"; do collect "$dir" "$(basename "$dir")"; done

echo "$(find "$files" -type f | wc -l) files" >&2
FAXBRIDGE_HOSTILE=$PWD/$files exec cargo test --locked --test e2e -- --ignored --exact --nocapture hostile::the_files_of_others
