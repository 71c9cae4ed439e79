#!/usr/bin/env python3
"""Checks a corpus: check.py DIR [score.py]. Every truth has its file and its pages, keys and normal forms are the contract's,
and a perfect result gets full marks from the scorer."""
import collections
import datetime
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

DATE, DATETIME = re.compile(r"\d{4}-\d\d-\d\d$"), re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?$")
ENUMS = {"patient.sex": {"male", "female"}, "urgency": {"urgent", "routine"}, "care.level": {"support_1", "support_2", "care_1", "care_2", "care_3", "care_4", "care_5", "applying", "none"}}
TYPES = set("referral discharge_summary nursing_summary discharge_record admission_info nursing_order conference_notice contact_sheet cover other".split())
LISTS = {"clinical.diagnoses", "clinical.medications", "clinical.procedures"}


def faults(t):
    for i, d in enumerate(t["documents"]):
        if d["type"] not in TYPES:
            yield f"type {d['type']}"
        for k, f in d["fields"].items():
            v = f["value"]
            if isinstance(v, list) != (k in LISTS) or not v:
                yield f"{k}: {v!r}"
            if k.endswith("_date") or k == "document.date":
                if not DATE.match(v):
                    yield f"{k}: {v}"
                else:
                    datetime.date.fromisoformat(v)
            if k.endswith(".datetime") and not DATETIME.match(v):
                yield f"{k}: {v}"
            if k.endswith((".phone", ".fax")) and not re.match(r"0[\d-]{9,12}$", v):
                yield f"{k}: {v}"
            if k in ENUMS and v not in ENUMS[k]:
                yield f"{k}: {v}"
            if k.startswith("adl.") and v not in {"independent", "supervised", "partial", "full"}:
                yield f"{k}: {v}"
        if d["type"] not in ("cover", "other") and not {"patient.name", "sender.institution"} <= set(d["fields"]):
            yield f"document {i} names no patient or no sender: {d['layout']}"
    pages = [p for d in t["documents"] for p in d["pages"]]
    if len(pages) != len(set(pages)) or set(pages) & set(t["blank_pages"]) - ({1} if t["pages"] == 1 else set()):
        yield "pages overlap"


def main():
    root = sys.argv[1]
    scorer = sys.argv[2] if len(sys.argv) > 2 else "/work/shared/tools/score.py"
    truths = [json.load(open(p, encoding="utf-8")) for p in sorted(glob.glob(root + "/truth/*.json"))]
    bad = 0
    for t in truths:
        if not os.path.exists(f"{root}/faxes/{t['file']}"):
            print(t["file"], "has no file")
            bad += 1
        for x in faults(t):
            print(t["file"], x)
            bad += 1
    c = collections.Counter()
    lay, hos = set(), set()
    for t in truths:
        c["class " + t["conditions"].get("class", "-")] += 1
        for d in t["documents"]:
            c["type " + d["type"]] += 1
            c["hand " + d["hand"]] += 1
            lay.add(d["layout"])
            hos.add(d.get("hospital"))
            for f in d["fields"].values():
                c["values"] += 1
                c["values handwritten"] += f["handwritten"]
                c["values marked"] += bool(f.get("marked"))
    print(len(truths), "files", len(lay), "layouts", len(hos), "houses;", dict(sorted(c.items())))
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", delete=False) as f:
        for t in truths:
            if t.get("expect") == "error":
                f.write(json.dumps({"file": t["file"], "error": "x", "documents": []}) + "\n")
            else:
                f.write(json.dumps({"file": t["file"], "documents": [{"type": d["type"], "pages": d["pages"], "fields": {k: {"value": v["value"], "status": "accepted"} for k, v in d["fields"].items()}} for d in t["documents"]]}, ensure_ascii=False) + "\n")
    s = json.loads(subprocess.run([sys.executable, scorer, f.name, root + "/truth", "--json"], check=True, stdout=subprocess.PIPE).stdout)
    os.unlink(f.name)
    print("perfect result:", s["micro"], s["type_accuracy"], s["page_split_accuracy"], s["silent_error_rate"], s["straight_through"], s["robustness"])
    sys.exit(1 if bad or s["micro"]["f1"] != 1.0 or s["page_split_accuracy"]["value"] != 1.0 else 0)


if __name__ == "__main__":
    main()
