#!/usr/bin/env python3
"""Writes pairs of faxes for telling a re-send from a changed sheet: pairs.py --out DIR --set train|more|blind|far --sheets N --seed S.

Each sheet goes through the channel several times: DIR/faxes/<sheet>.0.tif is the first fax; `.same-*` the same paper sent again by the
same machine (other skew, noise, faults, top line), `.other-*` by another one (other threshold, lens and feed, now and then the other
resolution); every other has one thing changed, or is another sheet on the same form, and comes from the same machine.
DIR/pairs.json names them: [{"old", "new", "what", "detail"}]. Needs what generate.py needs."""
import argparse
import datetime as dt
import json
import os
import random
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import channel
import generate
import registers
import render
import sheet
import writers

# What a glance takes for one another.
LIKE = {"0": "86", "1": "74", "2": "3", "3": "82", "4": "19", "5": "63", "6": "85", "7": "12", "8": "306", "9": "08"}
CHARS = ["日目", "大太犬", "人入", "未末", "千干", "土士", "右石", "左在", "水氷", "木本", "内肉", "間問", "開閉", "有無", "上下", "可否", "増減", "高低", "良不", "シツ", "ソン", "ハパバ", "ヒビピ", "タクダ", "ロコ", "ナメ", "アマ", "は"
         "ほ", "さき", "るろ", "ねれわ", "入出", "前後", "朝夕", "左右", "院阮", "血皿", "頭頸", "腹腰", "性症", "体休", "投役", "剤済", "治冶", "管営", "食良", "療瘍"]
SIMILAR = {}
for _g in CHARS:
    for _c in _g:
        SIMILAR.setdefault(_c, []).extend(x for x in _g if x != _c)


def texts(html):
    """The page in pieces: tags at odd places, text between them; and which of the texts a change may touch."""
    parts = re.split(r"(<[^>]*>)", html)
    ok, skip = [], 0
    for i, p in enumerate(parts):
        if i % 2:
            if re.match(r"<(svg|style|div class=foot|div class=logo)", p):
                skip += 1
            elif re.match(r"</svg>", p) or (skip and re.match(r"</div>", p)):
                skip = max(0, skip - 1)
        elif not skip and p.strip():
            ok.append(i)
    return parts, ok


def swap(html, pattern, choose, rng):
    """Changes one character that `pattern` finds (its first group); returns (html, what was done) or none."""
    parts, ok = texts(html)
    hits = [(i, m) for i in ok for m in re.finditer(pattern, parts[i])]
    rng.shuffle(hits)
    for i, m in hits:
        a, b = m.span(1)
        new = choose(m.group(1))
        if new and new != m.group(1):
            parts[i] = parts[i][:a] + new + parts[i][b:]
            return "".join(parts), f"{m.group(1)} -> {new} in {m.string[max(0, a - 8):b + 8]!r}"
    return None


def digit(rng):
    full = str.maketrans("0123456789", "０１２３４５６７８９")
    half = str.maketrans("０１２３４５６７８９", "0123456789")

    def choose(d):
        h = d.translate(half)
        n = rng.choice(LIKE[h]) if rng.random() < 0.6 else str(rng.choice([x for x in range(10) if str(x) != h]))
        return n if d == h else n.translate(full)
    return choose


D = r"[0-9０-９]"
KINDS = {
    "date": lambda rng: (rf"({D})(?={D}?\s*[年月日])", digit(rng)),
    "digit": lambda rng: (rf"({D})", digit(rng)),
    "dose": lambda rng: (rf"({D})(?=[{D[1:-1]}.]*\s*(?:mg|ｍｇ|錠|包|カプセル|mL|ml|μg|単位|日分|回|T|g|%|％))", digit(rng)),
    "char": lambda rng: ("([" + "".join(SIMILAR) + "])", lambda c: rng.choice(SIMILAR[c])),
    "kanji": lambda rng: ("([一-龠])", lambda c: rng.choice("病院科医薬血圧心肺腎胃腸骨折手術後痛熱食事歩行自宅家族長女男妻")),
}


def ring(html, rng):
    """A hand's mark is gone."""
    hits = list(re.finditer(r"<span class=mk>(.*?)<svg.*?</svg></span>", html, re.S))
    if not hits:
        return None
    m = rng.choice(hits)
    return html[: m.start()] + m.group(1) + html[m.end():], f"no mark on {re.sub('<[^>]*>', '', m.group(1))!r}"


def line(html, rng):
    """A sentence more."""
    more = rng.choice(["転倒に注意してください。", "内服を中止しました。", "日程が変わりました。", "アレルギーあり。", "至急ご連絡ください。"])
    hits = [m.end() for m in re.finditer("。", html)]
    if not hits:
        return None
    at = rng.choice(hits)
    return html[:at] + more + html[at:], more


def stamp(html, rng):
    return html.replace("<div class=in>", "<div class=in><div style='position:absolute;right:14mm;top:10mm;border:.5mm solid #000;font-weight:bold;font-size:1.3em;padding:.05em .5em'>至急</div>", 1), "至急"


SAME = "patient birth post address town phone insurer insured level contact relation contact_phone contact2 manager doctor nurse worker"


def later(s, house, layout, rng, of):
    """Another sheet on the same form about the same person: some weeks on."""
    case = sheet.Case(rng, s.c.created + dt.timedelta(days=rng.choice([7, 14, 30])), stock=of.stock)
    for k in SAME.split():
        setattr(case, k, getattr(s.c, k))
    if rng.random() < 0.5:  # the same illness still
        case.course, case.dx, case.procs, case.adl = s.c.course, s.c.dx, s.c.procs, s.c.adl
    return generate.make_document(rng, house, layout, cover=False, case=case, to=s.to, of=of)[0]


def changed(pages, what, rng):
    """The sheet with one thing changed, on one of its pages."""
    order = list(range(len(pages)))
    rng.shuffle(order)
    for n in order:
        if what in KINDS:
            pattern, choose = KINDS[what](rng)
            done = swap(pages[n], pattern, choose, rng)
        else:
            done = {"ring": ring, "line": line, "stamp": stamp}[what](pages[n], rng)
        if done and done[0] != pages[n]:
            return [done[0] if i == n else p for i, p in enumerate(pages)], f"page {n + 1}: {done[1]}"
    return None


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--out", required=True)
    ap.add_argument("--set", default="train", choices=list(generate.SETS))
    ap.add_argument("--sheets", type=int, default=40)
    ap.add_argument("--seed", default="1")
    ap.add_argument("--same", type=int, default=1)
    ap.add_argument("--what", default="date,digit,dose,char,kanji,ring,line,stamp,later")
    args = ap.parse_args()
    rng = random.Random(f"pairs:{args.seed}:{args.set}")
    of = generate.SETS[args.set]
    pool = [(h, l) for h in of.houses for l in h.layouts if l in generate.LAYOUTS and generate.LAYOUTS[l][0] not in ("cover", "other")]
    rng.shuffle(pool)
    html, todo, rooms, reg = [], [], [], random.Random(f"registers:{args.seed}:{args.set}")
    for n in range(args.sheets):
        house, layout = pool[n % len(pool)]
        pages, truth, s = generate.make_document(rng, house, layout, cover=False, of=of)
        rooms.append(registers.patient_row(reg, f"R-{n + 1:04d}", s.c))
        versions = [("0", "first", "", pages)]
        versions += [(f"{k}-{i + 1}", k, "", pages) for k in ("same", "other") for i in range(args.same)]
        for what in args.what.split(","):
            done = (later(s, house, layout, rng, of), "another sheet") if what == "later" else changed(pages, what, rng)
            if done:
                versions.append((what, what, done[1], done[0]))
        fine, noise = rng.random() < 0.55, rng.choices(["clean", "mild", "bad"], [25, 70, 5])[0]
        machine = {}
        for tag, what, detail, ps in versions:
            f = fine if what != "other" or rng.random() < 0.8 else not fine
            todo.append((f"{of.letter}{n + 1:03d}", tag, what, detail, len(html), len(ps), f, noise, machine if what != "other" else {}, house, s.c.created, rng.randint(0, 2**31), truth["type"]))
            html += ps
    registers.write(f"{args.out}/registers", rooms, [registers.institution_row(h, i + 1) for i, h in enumerate(x for x in of.partners if x.phone)])
    work = tempfile.mkdtemp(prefix="pairs")
    os.makedirs(f"{args.out}/faxes", exist_ok=True)
    images, over = [], set()
    for i in range(0, len(html), 60):
        pdf, _, ov = render.to_pdf(html[i : i + 60], f"{work}/b{i}")
        over |= {i + x for x in ov}
        images += render.rasters(pdf, f"{work}/r{i}", 1, len(html[i : i + 60]))
    pairs = []
    broken = {t[0] for t in todo if t[1] == "0" and any(t[4] + k in over for k in range(t[5]))}
    for name, tag, what, detail, first, count, fine, noise, machine, house, when, seed, kind in todo:
        if name in broken or any(first + k in over for k in range(count)):
            continue
        r = random.Random(seed)
        tti = r.random() < 0.8
        rows = [channel.fax(images[first + k], r, fine, noise, channel.tti_text(r, when, house, k + 1, count) if tti else None, machine=machine)[0] for k in range(count)]
        file = f"{name}.{tag}.tif"
        with open(f"{args.out}/faxes/{file}", "wb") as f:
            f.write(writers.tiff(rows, (204, 196 if fine else 98), "g4"))
        pairs.append({"old": f"{name}.0.tif", "new": file, "what": what, "detail": detail, "type": kind, "fine": fine, "noise": noise})
    with open(f"{args.out}/pairs.json", "w", encoding="utf-8") as f:
        json.dump(pairs, f, ensure_ascii=False, indent=1)
    shutil.rmtree(work)
    print(len(pairs), "faxes in", args.out, file=sys.stderr)


if __name__ == "__main__":
    main()
