#!/usr/bin/env python3
"""Writes samples/files, samples/expect and samples/registers: the small set that is kept in the repository and that the demo plays.
Usage: samples.py [FOLDER]   (default: the folder above this one)"""
import datetime as dt
import json
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import channel
import generate
import people
import registers
import render
import writers
from houses import BY_ID, HOUSES
from sheet import Case

ROOT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
SAME = "patient birth post address town phone insurer insured level contact relation contact_phone manager"


def name(fam, famk, giv, givk, sex):
    return (fam, giv, famk, givk, sex)


# the people of the demo; R-0003 and R-0004 bear nearly the same name, R-0009 and R-0010 the same
PEOPLE = {
    "R-0001": (name("成嶋", "ナルシマ", "節子", "セツコ", "f"), dt.date(1938, 5, 17)),
    "R-0002": (name("江口", "エグチ", "辰雄", "タツオ", "m"), dt.date(1941, 11, 3)),
    "R-0003": (name("渡邉", "ワタナベ", "照子", "テルコ", "f"), dt.date(1935, 2, 28)),
    "R-0004": (name("渡辺", "ワタナベ", "昭子", "アキコ", "f"), dt.date(1935, 2, 23)),
    "R-0005": (name("鏑木", "カブラキ", "善次", "ゼンジ", "m"), dt.date(1930, 8, 9)),
    "R-0006": (name("八木", "ヤギ", "きぬ", "キヌ", "f"), dt.date(1932, 12, 1)),
    "R-0007": (name("湯浅", "ユアサ", "利夫", "トシオ", "m"), dt.date(1947, 7, 20)),
    "R-0008": (name("片桐", "カタギリ", "澄江", "スミエ", "f"), dt.date(1944, 1, 30)),
    "R-0009": (name("小川", "オガワ", "和子", "カズコ", "f"), dt.date(1940, 4, 2)),
    "R-0010": (name("小川", "オガワ", "和子", "カズコ", "f"), dt.date(1940, 4, 20)),
    "R-0011": (name("土屋", "ツチヤ", "康弘", "ヤスヒロ", "m"), dt.date(1953, 9, 12)),
    "R-0012": (name("寺嶋", "テラシマ", "貞子", "サダコ", "f"), dt.date(1929, 6, 6)),
    "none-1": (name("二宮", "ニノミヤ", "千鶴子", "チヅコ", "f"), dt.date(1945, 10, 25)),
    "none-2": (name("辻", "ツジ", "源次郎", "ゲンジロウ", "m"), dt.date(1933, 3, 14)),
    "twin": (name("小川", "オガワ", "和子", "カズコ", "f"), dt.date(1940, 4, 12)),
}


def case(key, seed, created):
    base = Case(random.Random(f"person:{key}"), dt.date(2026, 6, 1))
    base.patient, base.birth = PEOPLE[key]
    if base.contact[4] != "f" and base.relation in ("長女", "妻"):
        base.relation = "長男"
    c = Case(random.Random(f"stay:{seed}"), created)
    for k in SAME.split():
        setattr(c, k, getattr(base, k))
    while c.relation in ("夫",) and c.patient[4] == "m" or c.relation == "妻" and c.patient[4] == "f":
        c.relation = "姪" if c.contact[4] == "f" else "甥"
    return c


D = dt.date
# file, container, what it holds [(person, house, layout, to, cover, hand)], date, what should come of it
PLAN = [
    ("01-referral.tif", "fine-g4", [("R-0001", "midori", "ref_grid", "wakaba", False, "none")], D(2026, 6, 8), "posted", "A referral by a hospital to the home-care clinic, fine, G4."),
    ("02-discharge-summary.tif", "std-g3:1d", [("R-0002", "midori", "dis_table", "hinata", False, "none")], D(2026, 6, 9), "posted", "A physician's discharge summary at standard resolution (204×98), G3 1D."),
    ("03-nursing-summary.tif", "fine-g3:2d", [("R-0003", "kohaku", "nur_rings", "sumire", False, "none")], D(2026, 6, 10), "posted", "A nursing summary with rings; the register has a near-twin (渡辺 昭子, born five days apart)."),
    ("04-admission-info.pdf", "born", [("R-0005", "sumire", "adm_national", "midori", False, "none")], D(2026, 6, 11), "posted", "入院時情報提供書, two pages, a PDF printed by the care office's software."),
    ("05-discharge-record.tif", "fine-g4", [("R-0006", "midori", "record_national", "yukari", False, "none")], D(2026, 6, 12), "posted", "退院・退所情報記録書 with its boxes."),
    ("06-nursing-order.tif", "fine-g4", [("R-0007", "hinata", "order_national", "kaede", False, "none")], D(2026, 6, 15), "posted", "訪問看護指示書, the birth date's era and the devices ringed by hand, a seal."),
    ("07-conference.eml", "mail-jis", [("R-0001", "midori", "conf_letter", "sumire", False, "none")], D(2026, 6, 16), "posted", "An invitation to a conference as a gateway's mail (ISO-2022-JP); goes to the same room as 01."),
    ("08-contact-sheet.eml", "mail-mplus", [("R-0008", "sumire", "contact_office", "hinata", False, "none")], D(2026, 6, 17), "posted", "A care manager asks the doctor; mail with an octet-stream attachment and no Content-Disposition."),
    ("09-batch.tif", "batch", [("R-0011", "kohaku", "dis_table", "wakaba", False, "none"), ("R-0012", "kaede", "vns_report", "midori", False, "none"), ("R-0002", "sakura", "reply_box", "hinata", False, "none")], D(2026, 6, 18), "posted", "Three patients scanned in one go, a blank page between the first two."),
    ("10-cover-and-summary.tif", "fine-g3:1d", [("R-0008", "tokiwa", "dis_letter", "hinata", True, "none")], D(2026, 6, 19), "posted", "A cover page in front of a summary: one document of two pages."),
    ("11-cover-alone.tif", "fine-g4", [("R-0001", "sakura", "cover_letter", "wakaba", False, "none")], D(2026, 6, 22), "ignored", "A cover page without anything behind it; it names no patient."),
    ("12-advertisement.tif", "std-g3:1d", [("R-0001", "aoba", "ad", "sumire", False, "none")], D(2026, 6, 22), "ignored", "Advertising."),
    ("13-whose-is-it.tif", "fine-g4", [("twin", "nagisa", "reply_letter", "hinata", False, "none")], D(2026, 6, 23), "review", "小川 和子, born 1940-04-12: the register has two of that name, born on the 2nd and the 20th. Nobody may guess."),
    ("14-no-room-yet.jpg", "jpg", [("none-1", "sakura", "ref_boxed", "wakaba", False, "none")], D(2026, 6, 24), "review", "A scan; the patient is in no room yet: a room is to be proposed."),
    ("15-misdirected.tif", "fine-g4", [("none-2", "aoba", "contact_doctor", "x3", False, "none")], D(2026, 6, 25), "review", "Meant for another hospital, about a patient whom nobody here knows."),
    ("16-cut-short.tif", "cut", [("R-0001", "midori", "ref_grid", "wakaba", False, "none")], D(2026, 6, 26), "review", "The transmission broke: a truncated TIFF that cannot be read."),
    ("17-by-pen.tif", "fine-g4", [("R-0012", "kaede", "nur_letter", "midori", False, "all")], D(2026, 6, 29), "posted", "Filled in by pen: what is read beyond doubt counts, whatever wrote it."),
    ("18-lab-report.pdf", "pdf-ccitt", [("R-0005", "aoba", "lab_report", "wakaba", False, "none")], D(2026, 6, 30), "review", "A laboratory report (type other) that names a patient: a person has to look before it is closed."),
]


def main():
    html, todo = [], []
    for file, cont, docs, date, state, note in PLAN:
        truths, pages, blanks = [], [], []
        r = random.Random(f"sample:{file}")
        for key, hid, lay, to, cover, hand in docs:
            partner = next(h for h in HOUSES + generate.PARTNERS if h.id == to)
            rng = random.Random(f"sheet:{file}:{key}")
            p, t, s = generate.make_document(rng, BY_ID[hid], lay, hand, cover, case(key, file + key, date), partner)
            n = len(pages)
            pages += [(x, BY_ID[hid], date) for x in p]
            t["pages"] = list(range(n + 1, len(pages) + 1))
            room = key if key.startswith("R-") and t["type"] not in ("cover",) and lay != "ad" else None
            t["room"] = room
            t["state"] = state
            truths.append(t)
            if file.startswith("09") and n == 0:
                pages.append((generate.BLANK, BY_ID[hid], date))
                blanks.append(len(pages))
        todo.append((file, cont, truths, pages, blanks, state, note, len(html), r))
        html += [p for p, _, _ in pages]
    work = tempfile.mkdtemp(prefix="samples")
    pdf, sizes, over = render.to_pdf(html, work + "/all")
    if over:
        sys.exit(f"pages that do not fit: {over}")
    images = render.rasters(pdf, work + "/r", 1, len(html))
    for sub in ("files", "expect"):
        shutil.rmtree(f"{ROOT}/{sub}", ignore_errors=True)
        os.makedirs(f"{ROOT}/{sub}")
    for file, cont, truths, pages, blanks, state, note, first, r in todo:
        im = images[first : first + len(pages)]
        cond = {"class": "fine", "container": cont, "noise": "mild", "tags": [], "turned": {}}
        if cont == "born":
            p, _, _ = render.to_pdf([x for x, _, _ in pages], work + "/born", check=False)
            data = open(p, "rb").read()
            cond["class"] = "born-digital"
        elif cont == "jpg":
            g, _ = channel.scan(im[0], r, 200, "mild")
            data = writers.jpeg(g, 50, 200)
            cond["class"] = "scan"
        else:
            fine = not cont.startswith("std")
            comp = {"fine-g3:2d": "g3:2d", "fine-g3:1d": "g3:1d", "std-g3:1d": "g3:1d"}.get(cont, "g4")
            rows = [channel.fax(p, r, fine, "clean" if cont == "std-g3:1d" else r.choice(["clean", "mild"]), channel.tti_text(r, pages[i][2], pages[i][1], i + 1, len(im)))[0] for i, p in enumerate(im)]
            dpi = (204, 196 if fine else 98)
            cond["class"] = "fine" if fine else "standard"
            data = writers.tiff(rows, dpi, comp, lsb=cont == "fine-g3:2d", strip=256 if cont == "batch" else 10000)
            if cont == "pdf-ccitt":
                data = writers.pdf([("ccitt", b, dpi) for b in rows])
            if cont == "cut":
                data = data[: len(data) * 2 // 5]
            if cont.startswith("mail-"):
                kind = cont[5:]
                data = writers.mail(kind, r, pages[0][1], pages[0][2], [("受信文書.tif" if kind == "jis" else "20260617101500.tif", "image/tiff", data)])
        expect = {"file": file, "expect": "error" if cont == "cut" else "documents", "pages": 0 if cont == "cut" else len(pages), "blank_pages": blanks, "documents": [] if cont == "cut" else truths, "conditions": cond, "state": state, "note": note}
        with open(f"{ROOT}/files/{file}", "wb") as f:
            f.write(data)
        with open(f"{ROOT}/expect/{file}.json", "w", encoding="utf-8") as f:
            json.dump(expect, f, ensure_ascii=False, indent=1)
            f.write("\n")
    rng = random.Random("rooms")
    rows = [registers.patient_row(rng, k, case(k, k, D(2026, 6, 1))) for k in PEOPLE if k.startswith("R-")]
    used = {d[1] for p in PLAN for d in p[2]} | {d[3] for p in PLAN for d in p[2]}
    registers.write(f"{ROOT}/registers", rows, [registers.institution_row(h, i + 1) for i, h in enumerate(x for x in HOUSES if x.id in used)])
    shutil.rmtree(work)
    print(sum(os.path.getsize(f"{ROOT}/files/{x}") for x in os.listdir(f"{ROOT}/files")) // 1024, "KiB in", len(PLAN), "files")


if __name__ == "__main__":
    main()
