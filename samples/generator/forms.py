"""Parts of forms for the newer layouts: cells, dates, grades and addressees, each written onto the page and into the truth at once."""
import marks
from marks import esc
from sheet import ADL, GRADES, age, era, wdate

CSS = """
.g.xt{table-layout:fixed}.g.xt th{width:auto;white-space:normal}.v{writing-mode:vertical-rl;text-align:center!important;letter-spacing:.15em;white-space:nowrap!important}
.lb{display:block;font-size:.68em;line-height:1.15}.uh{border-bottom:.3mm solid #000;font-weight:bold;display:inline-block}.ul{display:inline-block;border-bottom:.25mm solid #000;min-width:7em;padding:0 .4em}
.bar{background:#000;color:#fff;padding:0 .5em}.barg{background:#d4d4d4;padding:0 .5em}.box{border:.4mm solid #000;padding:.3em .7em}.dbox{border:.9mm double #000;padding:.3em .7em}
.stb{border:.5mm solid #000;display:inline-block;transform:rotate(-1.1deg);padding:.2em .8em;text-align:left;line-height:1.35}
.c2{display:flex;gap:1.4em}.c2>div{flex:1;min-width:0}.vr>div+div{border-left:.25mm solid #000;padding-left:1.2em}.sp{display:flex;justify-content:space-between;gap:1em}
.dl{display:grid;grid-template-columns:8.5em 1fr;column-gap:.8em}.dl>*{padding:.06em 0}.in2{padding-left:2em}.tiny{font-size:.72em}.c{text-align:center!important}.r{text-align:right!important}.bt{border-top:.3mm solid #000}.mid td,.mid th{vertical-align:middle}
.rcv{float:right;border:.45mm solid #000;border-radius:50%;width:5.6em;height:5.6em;text-align:center;font-size:.8em;line-height:1.5;padding-top:.55em;transform:rotate(-7deg);margin:-.6em .5em 0 0}
.dots{display:flex}.dots i{flex:1;border-bottom:.3mm dotted #000;margin:0 .4em .35em}.rnd{border:.35mm solid #000;border-radius:3mm;padding:.3em .9em}.dg{border-collapse:collapse;width:auto;display:inline-table;vertical-align:middle}.dg td{border:.2mm solid #000!important;width:1.5em;height:1.5em;text-align:center;padding:0!important}
.fb{width:auto}.fb td{padding:.08em .9em .08em 0;vertical-align:top}.fb td:first-child{white-space:nowrap}
.qj{display:inline-block;text-align:justify;text-align-last:justify}.ql{white-space:nowrap;overflow:hidden;line-height:1.1}.qp{display:flex}.qp>span:first-child{width:7.5em;flex:none}.qbar{background:#d8d8d8;border:.3mm solid #000;padding:.15em .6em;white-space:nowrap}
.dg td.qn{border:none!important;width:auto;padding:0 .15em!important}.dg td.qw{width:2.6em;padding:0 .2em!important}.qb{background:#bbb;font-weight:bold}.qcard{border:.3mm solid #000;border-radius:2mm;padding:.15em .6em .3em;margin-top:.5em;break-inside:avoid}.qcard>b{display:block;border-bottom:.2mm dotted #000}
.qside{display:flex;gap:1em}.qside>.l{writing-mode:vertical-rl;border-right:.5mm solid #000;padding-right:.5em;letter-spacing:.4em;font-size:1.15em;flex:none}.qside>.m{flex:1;min-width:0}.qfoot{border-top:.8mm double #000;text-align:center;margin-top:1.2em;padding-top:.3em;font-size:.95em}.qrule{border-bottom:.2mm dotted #000;min-height:1.7em;padding:.1em .3em}
.qnews{column-count:2;column-gap:1.6em;column-rule:.2mm solid #000}.qv>.op{display:block}
.wideh h1{letter-spacing:.5em;border-bottom:.6mm solid #000;display:inline-block}
"""
CIRC = "①②③④⑤⑥⑦⑧⑨"


def th(t, c=1, r=1, cls=""):
    return f"<th colspan={c} rowspan={r} class='{cls}'>{t}</th>"


def td(t, c=1, r=1, cls="", st=""):
    return f"<td colspan={c} rowspan={r} class='{cls}' style='{st}'>{t}</td>"


def lb(label, value, c=1, r=1, st=""):
    """A cell with its label small above the value."""
    return td(f"<span class=lb>{label}</span>{value}", c, r, "", st)


def table(rows, cls="", cols=None):
    """`rows`: each a string or a list of cells; `cols`: widths in per cent, which fix the table's layout."""
    g = "<colgroup>" + "".join(f"<col style='width:{w}%'>" for w in cols) + "</colgroup>" if cols else ""
    return f"<table class='g {'xt ' if cols else ''}{cls}'>{g}" + "".join(f"<tr>{x if isinstance(x, str) else ''.join(x)}</tr>" for x in rows) + "</table>"


def plain(p, gap="　"):
    """The name of somebody who is a value for no field."""
    return esc(p[0] + gap + p[1])


def kin(s):
    """A relation that suits the second of the family."""
    return s.rng.choice(["次男", "三男", "弟", "孫"] if s.c.contact2[4] == "m" else ["次女", "三女", "妹", "孫"])


def tel(s, mobile=False):
    r = s.rng
    return f"0{r.choice('789')}0-{r.randint(1000, 9999)}-{r.randint(1000, 9999)}" if mobile else f"04-71{r.randint(10, 99)}-{r.randint(1000, 9999)}"


def opts(s, names, on, style, sep="　"):
    """Options that are a value for no field."""
    on = on if isinstance(on, (list, set, tuple)) else [on]
    return sep.join(s.mark(x, x in on, style) for x in names)


def day_text(d, fmt):
    n, l, y = era(d)
    wd = "月火水木金土日"[d.weekday()]
    return {"slash1": f"{d.year}/{d.month}/{d.day}", "week": f"{d.year}年{d.month}月{d.day}日（{wd}）", "rslash": f"{l}{y}/{d.month}/{d.day}", "rdash": f"{l}{y}-{d.month}-{d.day}", "rspace": f"{l} {y}. {d.month}. {d.day}", "kan0": f"{n[0]}{y:02d}.{d.month:02d}.{d.day:02d}",
            "reiwa_wk": f"{n}{y}年{d.month}月{d.day}日({wd})", "zenr": f"{n}{y}年 {d.month}月 {d.day}日".translate(str.maketrans("0123456789", "０１２３４５６７８９"))}.get(fmt) or wdate(d, fmt)


def day(s, key, d, fmt):
    return s.v(key, day_text(d, fmt), d.isoformat())


def born(s, fmt):
    """Birth dates in forms that sheet.Sheet.birth does not write."""
    b = s.c.birth
    n, l, y = era(b)
    a = age(b, s.c.created)
    t = {"west_era": f"{b.year}/{b.month:02d}/{b.day:02d}（{n[0]}{y}）", "era_west": f"{n[0]}{y}年{b.month}月{b.day}日（{b.year}年）", "dot": f"{n[0]}{y}.{b.month}.{b.day}", "dotl": f"{l}{y}.{b.month:02d}.{b.day:02d}", "l_year": f"{l}{y}年{b.month}月{b.day}日",
         "kanji": f"{n}{y}年{b.month}月{b.day}日", "year_l": f"{b.year}({l}{y})年{b.month}月{b.day}日", "wdot": f"{b.year}. {b.month}. {b.day}", "slash1": f"{b.year}/{b.month}/{b.day}", "lslash": f"{l}{y}/{b.month}/{b.day}"}[fmt]
    return s.v("patient.birth_date", t, b.isoformat())


def years(s, form="{}歳"):
    return form.format(age(s.c.birth, s.c.created))


def born_era(s, letters=("明", "大", "昭", "平"), style="ring", sep="・", fmt="{y}年{m}月{d}日"):
    """The era marked among letters, the numbers beside it."""
    b = s.c.birth
    n, l, y = era(b)
    idx = {"明": "明", "大": "大", "昭": "昭", "平": "平", "令": "令", "M": "明", "T": "大", "S": "昭", "H": "平", "R": "令"}
    if n[0] not in [idx[x[0]] for x in letters]:
        letters = tuple(letters) + (n[: len(letters[0])] if not letters[0].isascii() else l,)
    hand = s.penned("patient.birth_date")
    text = fmt.format(y=y, m=b.month, d=b.day)
    num = s.ink(text, hand)
    s.put("patient.birth_date", b.isoformat(), hand and num is not None, True)
    return sep.join(s.mark(x, idx[x[0]] == n[0], style) for x in letters) + "　" + (num or esc(text))


def adl(s, key, names=("自立", "見守り", "一部介助", "全介助"), style="ring", sep="・"):
    """One grade among options; three names leave out 見守り."""
    grades = GRADES if len(names) == 4 else ["independent", "partial", "full"]
    if s.c.adl[key] not in grades:
        s.c.adl[key] = "partial"
    return s.choose(key, list(zip(names, grades)), s.c.adl[key], style, sep)


def adl_code(s, key, names=("自立", "見守り", "一部介助", "全介助"), sep="　"):
    """Numbered options with the number ringed."""
    g = GRADES.index(s.c.adl[key])
    s.put(key, s.c.adl[key], False, True)
    return sep.join(s.mark(str(i + 1), i == g, "ring") + "." + n for i, n in enumerate(names))


def adl_word(s, key, names=("自立", "見守り", "一部介助", "全介助")):
    g = s.c.adl[key]
    return s.v(key, names[GRADES.index(g)], g)


def adl_cells(s, key, sign="○", three=False):
    """The cells of a row whose right one carries a sign."""
    grades = ["independent", "partial", "full"] if three else GRADES
    if s.c.adl[key] not in grades:
        s.c.adl[key] = "partial"
    s.put(key, s.c.adl[key], False, True)
    put = marks.tick(s.rng, "　", "check") if sign == "hand" else marks.ring(s.rng, "　") if sign == "ring" else sign
    return [td(put if g == s.c.adl[key] else "", cls="c") for g in grades]


def heavier(s, style, sep, names=("自立", "見守り", "一部介助", "全介助")):
    """排尿 and 排便 apart; the truth is the heavier. Returns the two rows' options."""
    i = GRADES.index(s.c.adl["adl.toileting"])
    j = max(0, i - s.rng.choice([0, 0, 1]))
    pair = [i, j] if s.rng.random() < 0.5 else [j, i]
    s.put("adl.toileting", GRADES[i], False, True)
    return [sep.join(s.mark(n, k == x, style) for k, n in enumerate(names)) for x in pair]


def level_short(s, style="ring", sep="・", names=("支1", "支2", "介1", "介2", "介3", "介4", "介5", "申請中", "なし")):
    keys = ["support_1", "support_2", "care_1", "care_2", "care_3", "care_4", "care_5", "applying", "none"]
    return s.choose("care.level", list(zip(names, keys)), s.c.level, style, sep, nothing=0)


def procs(s, names, style, sep="　"):
    """Ticked procedures in the form's own words: [(word, the contract's word or None)]."""
    on = [w for w, k in names if k in s.c.procs]
    if on:
        s.put("clinical.procedures", [k for w, k in names if w in on], False, True, [on])
    elif names[0][1] is None:  # なし
        on = [names[0][0]]
    return sep.join(s.mark(w, w in on, style) for w, k in names)


def has(s, key, text, yes="有", no="無", style="ring", sep="・", br=("（", "）")):
    """無・有（…）: as sheet.Sheet.has, with the words that the form has."""
    on = text not in ("なし", "特になし", "特記なし")
    hand = on and s.penned(key)
    ink = (s.ink(text, hand) or esc(text)) if on else "　　　　　　"
    s.put(key, f"{yes}（{text}）" if on else no, bool(hand), True, [text, f"あり（{text}）", f"有（{text}）", f"有り（{text}）"] if on else ["なし", "無", "無し"])
    return s.mark(no, not on, style) + sep + s.mark(yes, on, style) + br[0] + ink + br[1]


def to(s, corp=None):
    """Institution and person that the sheet goes to, without titles."""
    return to_house(s, corp), s.person("recipient.person", s.c.to_person)


def to_house(s, corp=None):
    t = s.to
    full = t.corp and (s.rng.random() < 0.5 if corp is None else corp)
    name = t.full if full else t.name
    return s.v("recipient.institution", name, name, [t.name, t.full])


def me(s, corp=True, dept=None):
    """The sender's name on one line, perhaps with a department."""
    h = s.house
    name = h.full if corp else h.name
    out = s.v("sender.institution", name, name, [h.name, h.full], pen=False)
    return out + ("　" + s.v("sender.department", dept, pen=False) if dept else "")


def sphone(s):
    return s.phone("sender.phone", s.house.phone, pen=False)


def sfax(s):
    return s.phone("sender.fax", s.house.fax, pen=False)


def rx(s, fmt="{n}　{a}　{u}", days=None, sep="<br>", pre="", loose=None):
    """Drugs as free lines. `days` adds a number of days, which the truth may carry or not."""
    rows, short = [], []
    for n, a, u in s.c.course.meds:
        d = f" {days}日分" if days and "日分" not in u and "時" not in u[:4] else ""
        rows.append(fmt.format(n=n, a=a, u=u) + d)
        short.append(fmt.format(n=n, a=a, u=u))
    hand = s.penned("clinical.medications")
    inks = [s.ink(x, hand) for x in rows]
    if any(i is None for i in inks):
        hand, inks = False, [esc(x) for x in rows]
    s.put("clinical.medications", rows, hand, False, [short] if rows != short else None)
    return sep.join((pre.format(i=i + 1, c=CIRC[i]) if pre else "") + x for i, x in enumerate(inks))


def rx_rows(s, cols=("薬品名", "用量", "用法"), number=False, days=None, cls="", widths=None):
    """Drugs as a table, a drug a row; perhaps a running number and a number of days."""
    M = s.c.course.meds
    rows = [f"{n} {a} {u}" for n, a, u in M]
    alt = [[x + f" {days}日分" for x in rows], [x + f" {days}" for x in rows], [x + f" {days}日" for x in rows]] if days else None
    hand = s.penned("clinical.medications") and all(s.ink(x, True) for x in rows)
    ink = lambda t: s.ink(t, hand) or esc(t)
    s.put("clinical.medications", rows, hand, False, alt)
    head = (th("No", cls="c") if number else "") + "".join(th(x, cls="c") for x in cols) + (th("日数", cls="c") if days else "")
    body = [(td(str(i + 1), cls="c") if number else "") + td(ink(n)) + td(ink(a)) + td(ink(u)) + (td(f"{days}日", cls="c") if days else "") for i, (n, a, u) in enumerate(M)]
    return table([head] + body, cls, widths)


def clock(s, key, when, fmt):
    """A date with a time of day: {D} the date, {W} weekday, {h}, {m}, {m2}, {ap} 午前/午後, {h12}."""
    D = day_text(when.date(), fmt[0])
    h = when.hour
    t = fmt[1].format(D=D, W="月火水木金土日"[when.weekday()], h=h, h2=f"{h:02d}", m=when.minute, m2=f"{when.minute:02d}", ap="午前" if h < 12 else "午後", h12=h if h <= 12 else h - 12, e=h + 1)
    return s.v(key, t, when.strftime("%Y-%m-%dT%H:%M"))


def family(s):
    """Name, relation and number of the key person, for a form to put where it likes."""
    c = s.c
    return s.person("contact.name", c.contact), s.v("contact.relation", c.relation), s.phone("contact.phone", c.contact_phone)


def ward(s):
    return s.rng.choice(["2階東病棟", "4A病棟", "北5病棟", "第2病棟", "3階西病棟", "HCU"])


def gp(s):
    return s.rng.choice(s.c.stock.doctors or ["柏ふじ内科"])


def boxed(s, key, value):
    """A number with each digit in a box of its own."""
    if s.empty(key):
        return "<table class=dg><tr>" + "<td>　</td>" * len(value) + "</tr></table>"
    hand = s.penned(key)
    s.put(key, value, hand)
    return "<table class=dg><tr>" + "".join(f"<td>{s.ink(c, hand)}</td>" for c in value) + "</tr></table>"


def blanks(s, key, d):
    """A date written into the gaps of a printed line."""
    n, _, y = era(d)
    hand = s.penned(key)
    s.put(key, d.isoformat(), hand)
    gap = lambda x: f"<span class=ul style='min-width:2em;text-align:center'>{s.ink(str(x), hand)}</span>"
    return f"{n}{gap(y)}年{gap(d.month)}月{gap(d.day)}日"


def after(s, key, options, chosen, sep="　　"):
    """Options whose boxes stand behind the words."""
    style = s.house.box if s.house.box != "ringbox" else "square"
    out = []
    for text, value in options:
        mark = s.mark("", value == chosen, style)
        out.append(f"<span class=op>{text}{mark}</span>")
    s.put(key, chosen, False, True)
    return sep.join(out)


def adl_matrix(s, keys, names, words=("自立", "見守り", "一部介助", "全介助")):
    """Items as columns, the grade in words below."""
    return table([[th(names[k], cls="c") for k in keys], [td(adl_word(s, k, words), cls="c") for k in keys]], "mid")
