#!/usr/bin/env python3
"""CPU seconds a page and peak memory of reading, side by side on the same pages, one core and one thread each:

* faxbridge: `extract --jobs 1` on the faxes as they come (decoding, lines, recognition, second opinion, extraction),
  and on the same pages as square PNG images;
* Python `rapidocr` as it comes (detector, classifier, recogniser), one process, on these images;
* `ocrmypdf -l jpn` (Tesseract) on these images as one PDF: text layer only, no PDF/A, no optimising.

What the others need done first (decoding fax compression, squaring the pixels, making the PDF) is not counted against
them. Rounds go in turn, so that a busy machine is busy for all; the table gives the medians, and ratios of each round.

Usage: read.py FAXBRIDGE [--faxes DIR] [--rounds N] [--engine NAME]…   (make bench-read)"""
import argparse
import glob
import json
import os
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(HERE, "target", "bench-read")
VENV = os.path.join(WORK, "venv")
PYTHON = os.path.join(VENV, "bin", "python")
PINNED = ["rapidocr==3.10.0", "onnxruntime==1.32.0"]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("faxbridge")
    ap.add_argument("--faxes", default=os.path.join(HERE, "samples", "files"), help="folder; its TIFF, JPEG and PNG files are read")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--engine", action="append", default=[], help="measure faxbridge with this engine too")
    a = ap.parse_args()
    if not os.path.exists(os.path.join(VENV, "ready")):
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PINNED], check=True)
        open(os.path.join(VENV, "ready"), "w").close()
    made = subprocess.run([PYTHON, __file__, "pages", a.faxes, WORK], check=True, stdout=subprocess.PIPE, text=True)
    made = json.loads(made.stdout)
    faxes, images, pdf, pages = made["faxes"], made["images"], made["pdf"], len(made["images"])
    print(f"{pages} pages of {len(faxes)} files in {a.faxes}", file=sys.stderr)
    extract = [os.path.abspath(a.faxbridge), "extract", "--jobs", "1"]
    runs = {"faxbridge": extract + faxes, "faxbridge, on the images": extract + images}
    runs |= {f"faxbridge --engine {e}": extract + ["--engine", e] + faxes for e in a.engine}
    runs["rapidocr 3.10.0"] = [PYTHON, __file__, "rapidocr", *images]
    ocrmypdf = ["ocrmypdf", "-l", "jpn", "--jobs", "1", "--output-type", "pdf", "--optimize", "0", "--quiet"]
    runs["ocrmypdf (Tesseract, jpn)"] = ocrmypdf + [pdf, os.path.join(WORK, "out.pdf")]

    seen = {name: [] for name in runs}
    for n in range(a.rounds):
        for name, command in runs.items():
            seen[name].append(measure(command))
            cpu, held = seen[name][-1]
            print(f"round {n + 1}: {name}: {cpu / pages:.2f} s a page, {held / 2**20:.0f} MB", file=sys.stderr)
    first = seen["faxbridge"]
    print(f"| {pages} pages, {a.rounds} rounds | CPU s a page | faxbridge's share of it | peak memory |\n|---|---|---|---|")
    for name, of in seen.items():
        cpu = statistics.median(c for c, _ in of) / pages
        ratio = statistics.median(f[0] / o[0] for f, o in zip(first, of))
        print(f"| {name} | {cpu:.2f} | {ratio:.2f} | {max(m for _, m in of) / 2**20:.0f} MB |")


def measure(command):
    """CPU seconds of a command and all its children, and the most that they held together (resident, 20 ms apart)."""
    core = max(os.sched_getaffinity(0))
    began = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **ONE_THREAD},
                             preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    peak, ended = [0], threading.Event()

    def watch():
        while not ended.is_set():
            peak[0] = max(peak[0], resident(began.pid))
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    told = began.stderr.read()
    _, status, usage = os.wait4(began.pid, 0)
    ended.set()
    watcher.join()
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command[0]} failed: {told.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime, peak[0]


def resident(pid):
    """Bytes of a process and all below it; pages that two of them share count twice."""
    try:
        with open(f"/proc/{pid}/statm") as f:
            size = int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        below = []
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as f:
                below += f.read().split()
    except (OSError, IndexError):
        return 0
    return size + sum(resident(p) for p in below)


def pages(faxes, work):
    """Square PNG images of every page, and one PDF of them all; files that cannot be read to their end are left out."""
    from PIL import Image
    out = os.path.join(work, "pages")
    os.makedirs(out, exist_ok=True)
    for old in glob.glob(os.path.join(out, "*")):
        os.remove(old)
    read, images, sheets = [], [], []
    for fax in sorted(glob.glob(os.path.join(glob.escape(faxes), "*"))):
        if not fax.lower().endswith((".tif", ".tiff", ".jpg", ".jpeg", ".png")):
            continue
        own = []
        try:
            with Image.open(fax) as im:
                for n in range(getattr(im, "n_frames", 1)):
                    im.seek(n)
                    x, y = (float(d) for d in im.info.get("dpi", (200.0, 200.0)))
                    page = im.convert("L")
                    if y < 0.9 * x:
                        page = page.resize((page.width, round(page.height * x / y)))
                    page.info.clear()
                    own.append((page, x))
        except (OSError, SyntaxError, ValueError) as e:
            print(f"left out: {fax}: {e}", file=sys.stderr)
            continue
        read.append(os.path.abspath(fax))
        for n, (page, dpi) in enumerate(own):
            images.append(os.path.join(out, f"{os.path.basename(fax)}-{n + 1}.png"))
            page.save(images[-1], dpi=(dpi, dpi))
            sheets.append(page.resize((round(page.width * 200 / dpi), round(page.height * 200 / dpi))))
    pdf = os.path.join(work, "pages.pdf")
    sheets[0].save(pdf, save_all=True, append_images=sheets[1:], resolution=200)
    print(json.dumps({"faxes": read, "images": images, "pdf": pdf}))


def rapidocr(images):
    import cv2
    from rapidocr import RapidOCR
    cv2.setNumThreads(1)
    threads = {f"EngineConfig.onnxruntime.{k}_op_num_threads": 1 for k in ("intra", "inter")}
    engine = RapidOCR(params={**threads, "Global.log_level": "error"})
    for image in images:
        engine(image)


if __name__ == "__main__":
    if sys.argv[1:2] == ["pages"]:
        pages(*sys.argv[2:4])
    elif sys.argv[1:2] == ["rapidocr"]:
        rapidocr(sys.argv[2:])
    else:
        main()
