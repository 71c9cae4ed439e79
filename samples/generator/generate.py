#!/usr/bin/env python3
"""Writes a corpus of fictional faxes with their truth: generate.py --out DIR --set train|held|blind|more|far|strange|cer --files N --seed S. See README.md."""
import argparse
import dataclasses
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import numpy as np
from PIL import Image

import channel
import houses_blind
import houses_far
import houses_more
import houses_strange
import layouts_blind
import layouts_blind_care
import layouts_care
import layouts_far
import layouts_far_care
import layouts_far_small
import layouts_held
import layouts_letters
import layouts_more
import layouts_more_care
import layouts_other
import layouts_strange
import layouts_strange_care
import layouts_strange_word
import onpage
import registers
import render
import stock_blind
import stock_far
import stock_more
import stock_strange
import writers
from houses import BY_ID, HOUSES, House
from sheet import Case, Sheet
from stock import TRAIN

LAYOUTS = layouts_letters.R
PARTNERS = [House("x1", "office", "ケアプランセンター北の風"), House("x2", "office", "柏南部居宅介護支援センター", "社会福祉法人 柏南会"), House("x3", "hospital", "東葛そよかぜ病院", "医療法人社団 颯会"), House("x4", "clinic", "木もれび内科"), House("x5", "station", "訪問看護ステーション灯", "株式会社ともしび"),
            House("x6", "office", "柏北部地域包括支援センター"), House("x7", "facility", "介護老人保健施設 梅の郷", "医療法人 梅仁会"), House("x8", "station", "訪問看護ステーションあさひ"), House("x9", "hospital", "柏南総合病院", "医療法人 柏進会")]
OFFICES = ["ケアプランセンター北の風", "ケアプランすみれ", "居宅介護支援事業所ゆかりの里", "柏南部居宅介護支援センター", "ケアオフィス いこい", "居宅介護支援センター 桔梗", "つばめケアマネジメント"]
WANT = {"referral": ("hospital", "clinic"), "discharge_summary": ("clinic", "hospital", "office"), "nursing_summary": ("office", "station", "facility"), "discharge_record": ("office",), "admission_info": ("hospital",), "nursing_order": ("station",), "conference_notice": ("office", "station"), "contact_sheet": ("clinic", "hospital"), "cover": ("office", "hospital", "clinic"), "other": ("office",)}
MODS = {"sh": 0.45, "ctr": 0.4, "vm": 0.4, "hair": 0.2, "thick": 0.15, "nb": 0.4, "m1": 0.15, "m2": 0.2, "loose": 0.15, "tight": 0.15, "graysl": 0.4, "hg": 0.25, "mn": 0.1, "inv": 0.07, "dash": 0.08, "tall": 0.2, "hrow": 0.08}


CONTAINERS = [("fine-g4", 30), ("fine-g3", 12), ("std-g3", 18), ("std-g4", 8), ("pdf-ccitt", 7), ("pdf-jpeg", 4), ("jpg", 6), ("png", 2), ("born", 5), ("eml", 9), ("super", 1)]


class Set:
    """What a set is made of. Train and held draw from one stock; the others share nothing with it nor with each other."""

    def __init__(self, houses, partners=None, stock=TRAIN, noise=(20, 66, 8, 6), containers=CONTAINERS, letter="", hand=(62, 24, 14)):
        self.houses, self.stock, self.noise, self.containers, self.letter, self.hand = houses, stock, noise, containers, letter, hand
        self.partners = partners or HOUSES + PARTNERS


BY_KIND = {**layouts_blind_care.TO, **layouts_more_care.TO, **layouts_far_care.TO, **layouts_strange.TO}
# the mix of the development faxes: hardly anything bad, standard and fine alike, a pen on half of the sheets
NOISE, HAND, MIX = (24, 68, 5, 3), (54, 36, 10), [("fine-g4", 22), ("fine-g3", 12), ("std-g3", 24), ("std-g4", 10), ("pdf-ccitt", 6), ("pdf-jpeg", 4), ("jpg", 6), ("png", 1), ("born", 5), ("eml", 10)]
SETS = {"train": Set([h for h in HOUSES if not h.held], letter="t"), "cer": Set(HOUSES, letter="c"), "held": Set([h for h in HOUSES if h.held], letter="h"),
        "blind": Set(houses_blind.BLIND, houses_blind.BLIND + houses_blind.PARTNERS, stock_blind.STOCK, NOISE, MIX, "b", HAND),
        "more": Set(houses_more.MORE, houses_more.MORE + houses_more.PARTNERS, stock_more.STOCK, NOISE, MIX, "m", HAND),
        "far": Set(houses_far.FAR, houses_far.FAR + houses_far.PARTNERS, stock_far.STOCK, NOISE, MIX, "f", HAND),
        "strange": Set(houses_strange.STRANGE, houses_strange.STRANGE + houses_strange.PARTNERS, stock_strange.STOCK, (22, 66, 7, 5), [("fine-g4", 20), ("fine-g3", 12), ("std-g3", 22), ("std-g4", 8), ("pdf-ccitt", 9), ("pdf-jpeg", 6), ("jpg", 5), ("png", 2), ("born", 5), ("eml", 10), ("super", 1)], "s", HAND)}
HOUSE = {h.id: h for x in SETS.values() for h in x.houses}


def partner(rng, house, type_, among=HOUSES + PARTNERS, kinds=None):
    if not kinds:
        kinds = ("hospital",) if house.kind in ("office", "station", "facility") and type_ in ("nursing_summary", "cover", "discharge_record") else WANT[type_]
    return rng.choice([h for h in among if h.kind in kinds and h.id != house.id])


def mods(house, layout):
    """Page classes that are this form's own: shading, hairlines, margins…"""
    r = random.Random(f"mods:{house.id}:{layout}")
    got = [m for m, p in MODS.items() if r.random() < p]
    if "m1" in got and "m2" in got:
        got.remove("m2")
    if "loose" in got and "tight" in got:
        got.remove("loose")
    return " ".join(got)


def furniture(house, layout, n, pages):
    """What stands on the form for no patient at all: a logo, the form's number and the date of its revision."""
    r = random.Random(f"furniture:{house.id}:{layout}")
    out = ""
    if r.random() < 0.3:
        form = r.choice([f"様式第{r.randint(1, 40)}号", f"F-{r.randint(100, 999)}", f"地連{r.randint(1, 30):02d}", "保存期間5年"])
        rev = r.choice([f"（{r.randint(2012, 2025)}.{r.randint(1, 12)}改訂）", f"R{r.randint(1, 7)}.{r.randint(1, 12)}.1 改定", f"Ver.{r.randint(1, 5)}.{r.randint(0, 9)}", ""])
        right = r.choice([f"{n}/{pages}", house.name, "", "本書は個人情報を含みます。取扱いにご注意ください。"])
        out += f"<div class=foot><span>{form}{rev}</span><span>{right}</span></div>"
    if n == 1 and house.kind == "hospital" and r.random() < 0.25:
        shape = r.choice(["<circle cx=50 cy=50 r=44 /><path d='M50 14 V86 M14 50 H86'/>", "<path d='M50 8 L92 50 L50 92 L8 50 Z'/>", "<circle cx=36 cy=50 r=30 /><circle cx=64 cy=50 r=30 />"])
        out += f"<div class=logo><svg viewBox='0 0 100 100'>{shape}</svg>{r.choice(['地域とともに歩む医療', '', '信頼される医療をめざして'])}</div>"
    return out


def front(s, what, pages):
    """The cover that this house puts before a sheet."""
    fn = next((LAYOUTS[x][1] for x in s.house.layouts if LAYOUTS.get(x, ("",))[0] == "cover"), layouts_other.cover)
    return fn(s, what, pages)


def make_document(rng, house, layout, hand=None, cover=None, case=None, to=None, of=SETS["train"]):
    """Returns (pages of HTML, the document's truth without page numbers, sheet)."""
    type_, fn = LAYOUTS[layout]
    case = case or Case(rng, stock=of.stock)
    hand = hand or rng.choices(["none", "some", "all"], [*of.hand[:2], of.hand[2] if type_ in ("nursing_summary", "nursing_order", "contact_sheet", "referral") else 0])[0]
    if type_ in ("cover", "other") or layout.endswith("_ehr"):  # what an electronic record prints bears no pen
        hand = "none"
    s = Sheet(rng, house, layout, type_, case, to or partner(rng, house, type_, of.partners, BY_KIND.get(layout)), hand)
    s.other_office = rng.choice(of.stock.offices or OFFICES)
    pages = fn(s)
    cover = cover if cover is not None else (type_ not in ("cover", "other") and rng.random() < 0.13)
    if cover:
        pages = front(s, layouts_other.WHAT[type_], len(pages) + 1) + pages
    m = mods(house, layout)
    pages = [p.replace("class='page ", f"class='page {m} ", 1).replace("</section>", furniture(house, layout, i + 1, len(pages)) + "</section>") for i, p in enumerate(pages)]
    t = s.truth([], cover)
    if type_ == "other":
        s.unscored |= {k: v["value"] for k, v in t["fields"].items() if not k.startswith("patient.")}
        t["fields"] = {k: v for k, v in t["fields"].items() if k.startswith("patient.")}
    if s.unscored:
        t["unscored"] = s.unscored
    return pages, t, s


def alone(d):
    return LAYOUTS[d[1]][0] == "cover"


BLANK = "<section class='page ' style='font-size:10pt'><div class=in></div></section>"


def plan(rng, pool, n, prefix, of):
    """Which documents go into which file, under which conditions."""
    files, bag = [], []
    for i in range(n):
        def take():
            nonlocal bag
            if not bag:
                bag = pool[:]
                rng.shuffle(bag)
            while len(bag) > 1 and (alone(bag[-1]) and rng.random() < 0.6):
                bag.pop()
            return bag.pop()
        cont = rng.choices([c for c, _ in of.containers], [w for _, w in of.containers])[0]
        docs = [take()]
        tags = []
        if cont in ("fine-g4", "std-g3", "fine-g3", "pdf-ccitt") and rng.random() < 0.14:
            more = [take() for _ in range(rng.randint(1, 3))]
            docs = [d for d in docs + more if not alone(d)]  # a cover in front of a sheet would belong to it
            tags.append("batch")
            if len(docs) < 2:
                docs, tags = docs or more[:1], []
        noise = rng.choices(["clean", "mild", "bad", "faint"], of.noise)[0]
        files.append({"name": f"{prefix}{i + 1:03d}", "container": cont, "docs": docs, "tags": tags, "noise": noise, "blank": rng.random() < (0.35 if tags else 0.05), "turn": rng.random() < 0.06, "seed": rng.randint(0, 2**31)})
    return files


CER_FONTS = ["IPAexGothic", "IPAexMincho", "TakaoPGothic", "TakaoPMincho", "VL PGothic", "Noto Sans CJK JP", "Noto Serif CJK JP", "BIZ UDPGothic", "BIZ UDMincho", "IPAMincho", "Ume P Gothic", "MigMix 1P"]


def plan_cer(rng, pool, n, prefix):
    """For measuring the recogniser: printed documents in twelve fonts of 8 to 12 points, each at fine and at standard."""
    docs = rng.sample([d for d in pool if not alone(d)], n)
    files = []
    for i, doc in enumerate(docs):
        one = {"docs": [doc], "tags": [], "noise": "mild", "blank": False, "turn": False, "hand": "none", "seed": rng.randint(0, 2**31), "house": {"font": CER_FONTS[i % len(CER_FONTS)], "size": 8 + rng.randint(0, 8) / 2}}
        files += [one | {"name": f"{prefix}{i + 1:03d}{c[0]}", "container": c} for c in ("fine-g4", "std-g4")]
    return files


def build(args):
    rng = random.Random(f"{args.seed}:{args.set}")
    of = SETS[args.set]
    pool = [(h.id, l) for h in of.houses for l in h.layouts if l in LAYOUTS]
    if args.houses:
        pool = [(h, l) for h, l in pool if h in args.houses.split(",")]
    pool += [(rng.choice(pool)[0], "ad")] * max(1, len(pool) // 25)
    missing = [(h.id, l) for h in of.houses for l in h.layouts if l not in LAYOUTS]
    if missing:
        print("no such layout yet:", missing, file=sys.stderr)
    files = plan_cer(rng, pool, args.files, args.prefix or of.letter) if args.set == "cer" else plan(rng, pool, args.files, args.prefix or of.letter, of)
    html, todo, known = [], [], []
    reg = random.Random(f"registers:{args.seed}:{args.set}")
    for f in files:
        r = random.Random(f["seed"])
        truth_docs, pages, blanks = [], [], []
        for hid, lay in f["docs"]:
            house = dataclasses.replace(HOUSE[hid], **f.get("house", {}))
            p, t, s = make_document(r, house, lay, f.get("hand"), of=of)
            for key in onpage.absent(p, t["fields"]):
                sys.exit(f"{f['name']}: {key} of {hid}:{lay} is not on the page: {t['fields'][key]}")
            n0 = len(pages)
            pages += [(x, house, s.c.created) for x in p]
            t["pages"] = list(range(n0 + 1, len(pages) + 1))
            truth_docs.append(t)
            if t["type"] != "cover" and lay != "ad":  # most patients have a room, some have none
                t["room"] = f"R-{len(known) + 1:04d}" if reg.random() < 0.88 else None
                if t["room"]:
                    known.append(registers.patient_row(reg, t["room"], s.c))
                    if reg.random() < 0.2:
                        known.append(registers.twin_row(reg, f"R-{len(known) + 1:04d}", known[-1]))
            if f["blank"] and len(blanks) < 2:
                pages.append((BLANK, HOUSE[hid], s.c.created))
                blanks.append(len(pages))
        f["first"] = len(html) + 1
        html += [p for p, _, _ in pages]
        todo.append((f, truth_docs, pages, blanks, r))
    work = tempfile.mkdtemp(prefix="gen", dir=args.tmp)
    print(f"{len(files)} files, {len(html)} pages, {len(pool)} layouts", file=sys.stderr)
    pdfs, over, printed = [], [], []
    step = 60
    for i in range(0, len(html), step):  # one Chromium run for 60 pages
        pdf, sizes, ov = render.to_pdf(html[i : i + step], f"{work}/b{i}")
        pdfs.append(pdf)
        if args.text:
            printed += render.text(html[i : i + step], f"{work}/b{i}")
        over += [i + x for x in ov]
        if ov:
            print("pages that do not fit:", [(i + x, sizes[x]) for x in ov], file=sys.stderr)
    for sub in ("faxes", "truth", "text")[: 3 if args.text else 2]:
        os.makedirs(f"{args.out}/{sub}", exist_ok=True)
    cache, done = {}, 0
    for f, docs, pages, blanks, r in todo:
        if any(f["first"] - 1 + k in over for k in range(len(pages))):
            print("left out, a page overflows:", f["name"], f["docs"], file=sys.stderr)
            continue
        images = []
        for k in range(len(pages)):
            n = f["first"] - 1 + k
            b = n // step
            if b not in cache:
                for old in list(cache):
                    if old < b - 1:
                        shutil.rmtree(f"{work}/r{old}", ignore_errors=True)
                        del cache[old]
                cache[b] = render.rasters(pdfs[b], f"{work}/r{b}", 1, min(step, len(html) - b * step))
            images.append(cache[b][n % step])
        name, data, cond, extra = write_file(f, images, pages, r, work, html)
        truth = {"file": name, "expect": "documents", "pages": len(pages), "blank_pages": blanks, "documents": docs, "conditions": cond, **extra}
        with open(f"{args.out}/faxes/{name}", "wb") as fh:
            fh.write(data)
        with open(f"{args.out}/truth/{name}.json", "w", encoding="utf-8") as fh:
            json.dump(truth, fh, ensure_ascii=False, indent=1)
        if args.text:
            with open(f"{args.out}/text/{name}.json", "w", encoding="utf-8") as fh:
                json.dump({"file": name, "class": cond["class"], "pages": printed[f["first"] - 1 : f["first"] - 1 + len(pages)]}, fh, ensure_ascii=False)
        done += 1
    specials(args, todo, f"{args.out}")
    registers.write(f"{args.out}/registers", known, [registers.institution_row(h, i + 1) for i, h in enumerate(x for x in of.partners if x.phone)])
    shutil.rmtree(work)
    print(f"{done} files in {args.out}", file=sys.stderr)


def specials(args, todo, out):
    """Files that hold no document that can be read."""
    r = random.Random(f"specials:{args.seed}:{args.set}")
    b = np.zeros((2292, 1728), bool)
    b[200:240, 200:1500] = True
    tif = writers.tiff([b], (204, 196))
    when, house = todo[0][2][0][2], todo[0][2][0][1]
    cases = [("cut.tif", tif[: len(tif) // 2 - 60], "error"), ("empty.pdf", b"", "error"), ("nothing.eml", writers.mail("jis", r, house, when, [], "送信結果：相手先が応答しませんでした。\r\n"), "none"), ("cutmail.eml", writers.mail("mplus", r, house, when, [("fax.tif", "image/tiff", tif[:8])]), "error")]
    for name, data, expect in cases:
        name = f"{args.prefix or SETS[args.set].letter}_{name}"
        with open(f"{out}/faxes/{name}", "wb") as fh:
            fh.write(data)
        with open(f"{out}/truth/{name}.json", "w", encoding="utf-8") as fh:
            json.dump({"file": name, "expect": expect, "pages": 0, "blank_pages": [], "documents": [], "conditions": {"class": "broken", "container": name.rsplit(".")[-1], "noise": "none", "tags": ["broken"], "turned": {}}}, fh, ensure_ascii=False, indent=1)


def write_file(f, images, pages, r, work, html):
    """Sends the pages through the channel and packs them. Returns (name, bytes, conditions, further truth keys)."""
    cont, noise = f["container"], f["noise"]
    inner = cont if cont != "eml" else r.choice(["fine-g4", "std-g3", "fine-g3", "pdf-ccitt"])
    cond = {"class": "fine", "container": "tiff", "noise": noise, "tags": f["tags"], "turned": {}, "skew_deg": []}
    if inner in ("jpg", "png", "pdf-jpeg"):
        dpi = r.choice([200, 200, 300, 150 if inner == "pdf-jpeg" else 200])
        cond |= {"class": "scan", "container": inner, "dpi": dpi}
        sc = []
        for p in images[: 1 if inner != "pdf-jpeg" else None]:
            im, d = channel.scan(p, r, dpi, noise)
            cond["skew_deg"].append(d["skew_deg"])
            sc.append(im)
        if inner == "pdf-jpeg" or len(images) > 1:
            if len(sc) < len(images):
                sc += [channel.scan(p, r, dpi, noise)[0] for p in images[1:]]
            cond["container"] = "pdf-jpeg"
            return f["name"] + ".pdf", writers.pdf([("jpeg", writers.jpeg(x, r.choice([55, 70, 80]), dpi), x.width, x.height, dpi) for x in sc]), cond, {}
        if inner == "jpg":
            return f["name"] + ".jpg", writers.jpeg(sc[0], r.choice([60, 75, 85]), dpi), cond, {}
        return f["name"] + ".png", writers.png(sc[0].point(lambda v: v & 0xF0) if r.random() < 0.5 else sc[0].point(lambda v: 255 * (v > 150)).convert("1"), dpi), cond, {}
    if inner == "born":
        n0 = f["first"] - 1
        pdf, _, _ = render.to_pdf(html[n0 : n0 + len(pages)], f"{work}/born", check=False)
        cond |= {"class": "born-digital", "container": "born", "noise": "none"}
        with open(pdf, "rb") as fh:
            return f["name"] + ".pdf", fh.read(), cond, {}
    fine = not inner.startswith("std")
    sup = inner == "super"
    comp = {"fine-g4": "g4", "std-g4": "g4", "pdf-ccitt": "g4", "super": "g4"}.get(inner) or r.choice(["g3:1d", "g3:1d", "g3:2d", "g3:1d:fill"])
    rows = []
    tti = r.random() < 0.8
    flip = f["turn"] and r.randint(1, len(images))
    half = r.random() < 0.06
    for i, p in enumerate(images):
        turn = flip == i + 1
        if turn:
            cond["turned"][str(i + 1)] = 180
        b, d = channel.fax(p, r, fine, noise, channel.tti_text(r, pages[i][2], pages[i][1], i + 1, len(images)) if tti else None, turn, half, sup)
        rows.append(b)
        cond["skew_deg"].append(d.pop("skew_deg"))
        if "simulated_bad_runs" in d:
            cond["simulated_bad_runs"] = cond.get("simulated_bad_runs", 0) + d["simulated_bad_runs"]
    dpi = (204, 196) if fine else (204, 98)
    if sup:
        dpi = (408, 391)
    cond |= {"class": "fine" if fine else "standard", "resolution": f"{dpi[0]}x{dpi[1]}", "compression": comp.replace(":fill", ""), "tti": tti}
    if half:
        cond["tags"] = cond["tags"] + ["halftone"]
    lsb = comp.startswith("g3") and r.random() < 0.5
    strip = r.choice([10000, 10000, 64, 256])
    if inner == "pdf-ccitt":
        data, ext, mime = writers.pdf([("ccitt", b, dpi) for b in rows]), ".pdf", "application/pdf"
        cond["container"] = "pdf-ccitt"
        if r.random() < 0.15:
            data = b"\r\n\x00junk of a gateway\r\n" + data
            cond["tags"] = cond["tags"] + ["junk-before-pdf"]
    else:
        data, ext, mime = writers.tiff(rows, dpi, comp, lsb, strip), ".tif", "image/tiff"
    if cont != "eml":
        return f["name"] + ext, data, cond, {}
    kind = r.choice(["jis", "utf8", "mplus", "efax", "ricoh", "fuji", "hylafax", "nodisp", "bare"])
    house, when = pages[0][1], pages[0][2]
    att = f"受信文書_{house.fax.replace('-', '')}{ext}" if kind not in ("mplus", "bare", "fuji") else f"{when:%Y%m%d}{r.randint(1000, 9999)}{ext}"
    parts = [(att, mime, data)]
    if kind == "fuji" and len(rows) > 1 and ext == ".tif":  # one document over several attachments
        parts = [(f"img{i + 1:03d}.tif", mime, writers.tiff([b], dpi, comp, lsb, strip)) for i, b in enumerate(rows)]
    elif r.random() < 0.2:
        parts = [(f"FAX_{when:%Y%m%d}.zip", "application/zip", writers.zipped("fax" + ext, data))]
        cond["tags"] = cond["tags"] + ["mail-special"]
        kind_tag = "zip"
    cond["mail"] = kind
    return f["name"] + ".eml", writers.mail(kind, r, house, when, parts), cond, {}


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--out", required=True)
    ap.add_argument("--set", default="train", choices=list(SETS))
    ap.add_argument("--files", type=int, default=60)
    ap.add_argument("--seed", default="1")
    ap.add_argument("--prefix", default="")
    ap.add_argument("--houses", default="")
    ap.add_argument("--text", action="store_true", help="also write the printed text of each page with its places (DIR/text)")
    ap.add_argument("--tmp", default="/tmp")
    build(ap.parse_args())


if __name__ == "__main__":
    main()
