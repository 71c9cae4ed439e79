#!/usr/bin/env python3
"""Regenerate config/lexicon/{surnames,given}.tsv from Debian's mecab-ipadic (apt install mecab-ipadic).

    scripts/lexicon.py [DIRECTORY OF THE CSV FILES] [OUTPUT DIRECTORY]

One line an entry, sorted by code point (Rust's order of str), so that the program finds entries by binary search:
    surnames.tsv, given.tsv: written form TAB readings in katakana, the most frequent first, separated by a space
The licence of the entries is config/lexicon/COPYING.mecab-ipadic; it must stay beside them.
"""
import collections
import pathlib
import re
import sys
import unicodedata

source = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/mecab/dic/ipadic")
out = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).parent.parent / "config/lexicon")
KANA = re.compile(r"^[ァ-ヶー]+$")


def rows(name):
    for line in (source / name).read_text(encoding="euc-jp").splitlines():
        cells = line.split(",")
        if len(cells) >= 12:
            # surface, cost (lower = more frequent), the part of speech's third level and fourth, reading
            yield unicodedata.normalize("NFKC", cells[0]), int(cells[3]), cells[6], cells[7], cells[11]


def write(name, lines):
    (out / name).write_text("".join(line + "\n" for line in sorted(lines)), encoding="utf-8")
    print(f"{name}: {len(lines)} entries, {(out / name).stat().st_size} bytes")


names = {"姓": collections.defaultdict(dict), "名": collections.defaultdict(dict)}
for surface, cost, group, kind, reading in rows("Noun.name.csv"):
    if group != "人名" or kind not in names or not KANA.match(reading) or len(surface) > 6 or re.search(r"[A-Za-z0-9]", surface):
        continue
    # A name that is written in its own reading needs no reading, but its form counts.
    known = names[kind][surface]
    known[reading] = min(cost, known.get(reading, cost))
for kind, file in (("姓", "surnames.tsv"), ("名", "given.tsv")):
    write(file, [f"{s}\t{' '.join(sorted(r, key=lambda k: (r[k], k)))}" for s, r in names[kind].items()])
