"""One sheet while it is written: every value goes onto the page and into the truth by the same call, so the two cannot differ.
A layout (layouts_*.py) calls these and returns the HTML of its pages."""
import datetime as dt
import glob
import random
import unicodedata

import marks
import people
from labels import LABELS, SPREAD
from marks import esc
from stock import TRAIN

ADL = ["adl.transfer", "adl.mobility", "adl.eating", "adl.toileting", "adl.bathing", "adl.dressing"]
GRADES = ["independent", "supervised", "partial", "full"]
GRADE_JA = {"independent": "自立", "supervised": "見守り", "partial": "一部介助", "full": "全介助"}
LEVELS = {"support_1": "要支援1", "support_2": "要支援2", "care_1": "要介護1", "care_2": "要介護2", "care_3": "要介護3", "care_4": "要介護4", "care_5": "要介護5", "applying": "申請中", "none": "未申請"}
PROCEDURES = "点滴 酸素療法 喀痰吸引 気管切開 胃ろう 経鼻栄養 経腸栄養 褥瘡 尿道カテーテル 尿路ストーマ 消化管ストーマ 痛みコントロール 排便コントロール 自己注射 その他".split()
OPTIONAL = {"patient.kana", "patient.phone", "patient.postal_code", "patient.insured_number", "patient.insurer_number", "contact.phone", "contact.relation", "clinical.history", "clinical.allergies", "clinical.infections",
            "encounter.destination", "next_visit.datetime", "care.office", "care.manager", "conference.url", "recipient.person", "sender.department", "patient.address", "encounter.admission_date"}
ZEN = str.maketrans("0123456789-", "０１２３４５６７８９－")
HALF = {}
for _i in range(0xFF66, 0xFF9F):
    HALF.setdefault(unicodedata.normalize("NFKC", chr(_i)), chr(_i))
for _c in [chr(x) for x in range(0x30A1, 0x30F5)]:
    _d = unicodedata.normalize("NFD", _c)
    if _c not in HALF and len(_d) == 2 and _d[0] in HALF:
        HALF[_c] = HALF[_d[0]] + ("ﾞ" if _d[1] == "\u3099" else "ﾟ")
PENS = {"Klee One": "klee/KleeOne-Regular.ttf", "SetoFont": "seto/setofont.ttf", "YOzS": "yozvox-yozfont/YOzS.ttf", "Yusei Magic": "yusei-magic/*.ttf", "kiloji": "kiloji/kiloji.ttf"}
_cmaps = {}


def covers(font, text):
    if font not in _cmaps:
        from fontTools.ttLib import TTFont
        found = glob.glob("/usr/share/fonts/truetype/" + PENS[font])
        _cmaps[font] = set(TTFont(found[0], fontNumber=0).getBestCmap()) if found else set()
    return all(ord(c) in _cmaps[font] for c in text if c not in " 　")


def era(d):
    for name, letter, y, m, day in (("令和", "R", 2019, 5, 1), ("平成", "H", 1989, 1, 8), ("昭和", "S", 1926, 12, 25), ("大正", "T", 1912, 7, 30), ("明治", "M", 1868, 1, 25)):
        if d >= dt.date(y, m, day):
            return name, letter, d.year - y + 1
    raise ValueError(d)


def wdate(d, style, rng=None):
    """A date in one of the styles that sheets use."""
    n, l, y = era(d)
    yy = "元" if y == 1 else str(y)
    return {"reiwa": f"{n}{yy}年{d.month}月{d.day}日", "reiwa_zen": f"{n}{yy}年{d.month}月{d.day}日".translate(ZEN), "reiwa_sp": f"{n} {yy} 年 {d.month} 月 {d.day} 日",
            "short": f"{l}{y}.{d.month}.{d.day}", "short_r": f"{l}{y}年{d.month}月{d.day}日", "kan": f"{n[0]}{y}年{d.month}月{d.day}日", "kan_dot": f"{n[0]}{y}.{d.month}.{d.day}",
            "short_slash": f"{l}{y:02d}/{d.month:02d}/{d.day:02d}", "western": f"{d.year}年{d.month}月{d.day}日", "western0": f"{d.year}年{d.month:02d}月{d.day:02d}日", "slash": f"{d.year}/{d.month:02d}/{d.day:02d}",
            "dotted": f"{d.year}.{d.month}.{d.day}", "dash": f"{d.year}-{d.month:02d}-{d.day:02d}", "west_wareki": f"{d.year}年（{n}{yy}年）{d.month}月{d.day}日", "wareki_west": f"{n}{yy}（{d.year}）年{d.month}月{d.day}日"}[style]


def age(b, on):
    return on.year - b.year - ((on.month, on.day) < (b.month, b.day))


class Case:
    """One patient and one stay, with all that any sheet may need of it."""

    def __init__(self, rng, created=None, stock=TRAIN):
        self.rng, self.stock = rng, stock
        self.town = rng.choice(stock.towns)
        self.patient = people.person(rng, family=stock.family(rng))
        self.created = created or dt.date(2026, 1, 6) + dt.timedelta(days=rng.randint(0, 340))
        years = rng.choice([rng.randint(60, 74), rng.randint(75, 89), rng.randint(75, 94), rng.randint(85, 103), rng.randint(18, 59)])
        self.birth = dt.date(self.created.year - years, 1, 1) + dt.timedelta(days=rng.randint(0, 364))
        if rng.random() < 0.03:
            self.birth = rng.choice([dt.date(1926, 12, 28), dt.date(1989, 1, 7), dt.date(1926, 12, 24)])
        self.post, self.address = people.address(rng, self.town)
        self.phone = people.phone(rng)
        self.insurer = people.insurer(self.town[4])
        self.insured = f"00{rng.randint(0, 99999999):08d}"
        self.level = rng.choice(list(LEVELS)[:7] * 3 + ["applying", "none"])
        self.adl = {}
        base = rng.choice([0, 0, 1, 1, 2, 2, 3])
        for k in ADL:
            self.adl[k] = GRADES[min(3, max(0, base + rng.choice([-1, 0, 0, 0, 1])))]
        rel, sex, same = rng.choice([r for r in people.RELATIONS if not (r[0] == "妻" and self.patient[4] == "f") and not (r[0] == "夫" and self.patient[4] == "m")])
        fam = (self.patient[0], self.patient[2]) if same or rng.random() < 0.3 else None
        self.contact = people.person(rng, sex, family=fam)
        self.relation, self.contact_phone = rel, people.phone(rng, True if rng.random() < 0.75 else None)
        self.contact2 = people.person(rng, family=(self.patient[0], self.patient[2]))
        self.manager = people.person(rng, staff=True)
        self.doctor, self.nurse, self.worker, self.other = (people.person(rng, staff=True) for _ in range(4))
        self.to_person = people.person(rng, staff=True)
        self.admission = self.created - dt.timedelta(days=rng.randint(8, 70))
        self.discharge = self.created + dt.timedelta(days=rng.randint(-4, 9))
        self.course = rng.choice(stock.courses)
        n = rng.randint(2, len(self.course.dx)) if len(self.course.dx) > 2 else len(self.course.dx)
        self.dx = self.course.dx[:n] + ([rng.choice(["高血圧症", "脂質異常症", "慢性便秘症", "不眠症", "白内障", "変形性膝関節症"])] if rng.random() < 0.3 else [])
        self.dx = list(dict.fromkeys(self.dx))
        self.procs = list(self.course.proc) + ([rng.choice(PROCEDURES[:14])] if rng.random() < 0.3 else [])
        self.procs = [p for p in PROCEDURES if p in self.procs]
        self.allergy, self.infection = rng.choice(stock.allergy), rng.choice(stock.infection)
        self.place, self.room = rng.choice(stock.places), rng.choice(stock.rooms)
        self.next = dt.datetime.combine(self.discharge + dt.timedelta(days=rng.randint(5, 35)), dt.time(rng.randint(9, 15), rng.choice([0, 15, 30, 45])))
        self.conf = dt.datetime.combine(self.created + dt.timedelta(days=rng.randint(2, 14)), dt.time(rng.randint(9, 17), rng.choice([0, 0, 30, 15])))
        d = rng.randint(10**9, 10**10 - 1)
        self.url = rng.choice([f"https://us0{rng.randint(2, 6)}web.zoom.us/j/8{d}", f"https://zoom.us/j/{d}", f"https://meet.google.com/abc-{''.join(rng.choices('defghijkmnpqrstuvwxyz', k=4))}-xyz", f"https://teams.example.jp/l/{d}"])

    def text(self, n=None, nursing=False):
        """Several sentences on the course."""
        src = list(self.course.nursing if nursing else self.course.course)
        k = n or self.rng.randint(2, len(src) + 1)
        src = src[:k] + self.rng.sample(self.stock.filler, max(1, k - len(src) + self.rng.randint(0, 1)))
        return "".join(src)


class Sheet:
    def __init__(self, rng, house, layout, type_, case, to, hand="none", pen_font=None):
        self.rng, self.house, self.layout, self.type, self.c, self.to, self.hand = rng, house, layout, type_, case, to, hand
        self.form = random.Random(f"form:{house.id}:{layout}")  # what is fixed on this hospital's form
        self.fields, self.unscored, self.ignore, self._pen = {}, {}, set(), {}
        self.pen_fonts = [pen_font or rng.choice(list(PENS))] + ["Klee One"]
        self.p_empty = rng.choice([0.0, 0.04, 0.1])
        self.rx_style = self.form.choice(["space", "space", "wide", "long", "days"])
        self.gap = self.form.choice(["　", "　", " ", ""]) if hand != "all" else "　"

    # ------------------------------------------------------------ values
    def penned(self, key):
        if self.hand == "all":
            return True
        if self.hand == "none":
            return False
        return self._pen.setdefault(key, self.rng.random() < 0.35)

    def put(self, key, value, hand=False, marked=False, alt=None):
        if key in self.fields:
            return
        f = {"value": value, "handwritten": hand}
        if marked:
            f["marked"] = True
        if alt:
            alt = [a for a in alt if a and a != value]
            if alt:
                f["alt"] = alt
        self.fields[key] = f

    def empty(self, key):
        return key in OPTIONAL and self.rng.random() < self.p_empty

    def ink(self, text, hand):
        if not hand:
            return esc(text)
        for font in self.pen_fonts:
            if covers(font, text):
                return marks.pen(self.rng, font, text)
        return None

    def v(self, key, text, value=None, alt=None, pen=True):
        """A printed or pen-written value; nothing at all where the form was left empty."""
        if key not in self.fields and self.empty(key):
            return '<span class=none>　</span>'
        hand = pen and self.penned(key)
        html = self.ink(text, hand)
        if html is None:
            hand, html = False, esc(text)
        self.put(key, text if value is None else value, hand, False, alt)
        return html

    def l(self, key, spread=True):
        """The label that this hospital's form gives a field."""
        rng = random.Random(f"label:{self.house.labels}:{self.layout}:{key}")
        pool = LABELS[key]
        if isinstance(pool, dict):
            pool = pool.get("care" if self.house.kind in ("office", "station", "facility") else "hospital")
        word = rng.choice(pool)
        if spread and word in SPREAD and random.Random(f"spread:{self.house.labels}:{self.layout}").random() < 0.4:
            word = "　".join(word) if rng.random() < 0.7 else "　　".join(word)
        return word

    # ------------------------------------------------------------ people
    def full_name(self, p, gap=None):
        gap = self.gap if gap is None else gap
        return p[0] + gap + p[1], p[0] + (" " if gap else "") + p[1]

    def name(self, honor=True):
        t, v = self.full_name(self.c.patient)
        h = self.house.honor if honor and self.form.random() < 0.7 else ""
        return self.v("patient.name", t, v) + (" " + h if h else "")

    def person(self, key, p, gap=None):
        t, v = self.full_name(p, gap)
        return self.v(key, t, v)

    def kana(self, style=None):
        p = self.c.patient
        style = style or self.form.choice(["full", "full", "full", "half", "hira"])
        value = f"{p[2]} {p[3]}"
        t = f"{p[2]}　{p[3]}"
        if style == "half" and not self.penned("patient.kana"):
            t = "".join(HALF.get(c, c) for c in f"{p[2]} {p[3]}")
        elif style == "hira":
            t = "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in t)
        return self.v("patient.kana", t, value)

    # ------------------------------------------------------------ choices
    def choose(self, key, options, chosen, style=None, sep=None, value=None, pen_ok=True, nothing=0.03):
        """Options with one (or several) marked. options: [(text, value)], chosen: the values that are marked."""
        style = style or self.house.box
        chosen = set(chosen if isinstance(chosen, (list, set)) else [chosen])
        if not isinstance(value, list) and self.rng.random() < nothing and self.p_empty:
            chosen = set()
        out = []
        for text, val in options:
            out.append(self.mark(text, val in chosen, style))
        picked = [v for _, v in options if v in chosen]
        if picked:
            self.put(key, value if value is not None else picked[0], False, True)
        return (sep if sep is not None else ("・" if style in ("ring", "ringbox", "strike") else "　")).join(out)

    def mark(self, text, on, style=None):
        """One option, marked or not."""
        style = style or self.house.box
        t = text if "<" in text else esc(text)
        r = self.rng
        if style in ("ring", "ringbox"):
            return marks.ring(r, t) if on else f"<span class=op>{t}</span>"
        if style == "strike":
            return t if on else marks.strike(r, t)
        pre = {"glyph": ("☐", "☑"), "square": ("□", "■"), "check": ("□", "☑"), "re": ("□", "レ"), "maru": ("（　）", "（○）"), "circle": ("○", "●"), "vee": ("[ ]", "[✓]")}.get(style)
        if pre:
            return f"<span class=op>{pre[on]}{t}</span>"
        if style == "hand":
            return f"<span class=op>{marks.tick(r, '□') if on else '□'}{t}</span>"
        if style == "css":
            box = '<i class=bx></i>'
            return f"<span class=op>{marks.tick(r, box) if on else box}{t}</span>"
        if style == "fill":
            return f"<span class=op><i class='bx{' bf' if on else ''}'></i>{t}</span>"
        raise ValueError(style)

    def sex(self, style=None):
        m = self.c.patient[4]
        style = style or self.form.choice(["text", "ring", "box", "text", "strike" if self.form.random() < 0.2 else "ring"])
        val = "male" if m == "m" else "female"
        if style == "text":
            return self.v("patient.sex", self.form.choice([["男", "女"]] * 4 + [["男性", "女性"]] * 2 + [["M", "F"]])[m == "f"], val)
        a, b = self.form.choice([("男", "女"), ("男", "女"), ("男性", "女性")])
        return self.choose("patient.sex", [(a, "male"), (b, "female")], val, "ring" if style == "ring" else "strike" if style == "strike" else self.house.box if self.house.box != "ringbox" else "ring",
                           self.form.choice(["・", " ・ ", "　"]) if style == "ring" else None)

    def birth(self, style=None, with_age=None):
        style = style or self.house.birth
        b = self.c.birth
        n, l, y = era(b)
        a = age(b, self.c.created)
        hand = self.penned("patient.birth_date")
        iso = b.isoformat()
        if style == "era_ring":
            letters = self.form.choice([["明", "大", "昭", "平"], ["明", "大", "昭", "平", "令"], ["明治", "大正", "昭和", "平成"], ["M", "T", "S", "H"], ["大", "昭", "平"]])
            want = {"令和": 4, "平成": 3, "昭和": 2, "大正": 1, "明治": 0}[n]
            names = [("明", 0), ("大", 1), ("昭", 2), ("平", 3), ("令", 4)]
            idx = {"明": 0, "大": 1, "昭": 2, "平": 3, "令": 4, "M": 0, "T": 1, "S": 2, "H": 3}
            opts = [(t, idx[t[0]]) for t in letters]
            if want in [i for _, i in opts] and names:
                num = self.ink(f"{y} 年 {b.month} 月 {b.day} 日".replace(" ", self.form.choice([" ", "", "　"])), hand)
                hand = hand and num is not None
                ring = self.form.choice(["ring", "ring", "ring", "box"])
                sep = "・" if ring == "ring" else " "
                html = sep.join(self.mark(t, i == want, "ring" if ring == "ring" else (self.house.box if self.house.box != "ringbox" else "hand")) for t, i in opts)
                self.put("patient.birth_date", iso, hand, True)
                tail = self.form.choice([f"（{a}歳）", f"　{a}歳", "生", f" 生（{a}歳）", ""])
                return f"{html}　{num or esc(f'{y}年{b.month}月{b.day}日')}{tail}"
            style = "full"
        t = {"full": wdate(b, "reiwa"), "short": wdate(b, "short"), "short_r": wdate(b, "short_r"), "west": wdate(b, "western"), "slash": wdate(b, "slash"), "west_wareki": wdate(b, "west_wareki"),
             "both": f"{wdate(b, 'reiwa')}（{b.year}年）", "age": wdate(b, "slash"), "reading": wdate(b, "kan_dot" if self.form.random() < 0.5 else "kan"), "zen": wdate(b, "reiwa_zen"), "sp": wdate(b, "reiwa_sp"), "dash": wdate(b, "dash"),
             "slash_s": f"{wdate(b, 'slash')}（{l}{y}）"}[style]
        show = with_age if with_age is not None else self.form.random() < 0.6
        tail = self.form.choice([f"（{a}歳）", f"　{a}歳", f"生（{a}歳）", f"（満{a}歳）"]) if show else self.form.choice(["", "生", ""])
        if style == "west" and self.form.random() < 0.25:
            t = "西暦" + t
        return self.v("patient.birth_date", t, iso) + tail

    def sticker(self):
        """The label that a ward sticks on its papers: the same person again, small."""
        if self.form.random() > 0.2 or self.house.kind != "hospital":
            return ""
        p, b = self.c.patient, self.c.birth
        half = "".join(HALF.get(c, c) for c in f"{p[2]} {p[3]}")
        self.put("patient.kana", f"{p[2]} {p[3]}")
        self.put("patient.name", f"{p[0]} {p[1]}")
        self.put("patient.birth_date", b.isoformat())
        self.put("patient.sex", "male" if p[4] == "m" else "female")
        return f"<div class=stick>ID {self.rng.randint(10**6, 10**8)}<br>{half}<br>{esc(p[0])} {esc(p[1])}　{'男' if p[4] == 'm' else '女'}<br>{b.year}/{b.month:02d}/{b.day:02d}</div>"

    def own_phone(self):
        """The patient's telephone, sometimes with the mobile beside it (either is right)."""
        c = self.c
        if self.form.random() < 0.15 and not self.empty("patient.phone"):
            other = people.phone(self.rng, True)
            self.put("patient.phone", c.phone, False, False, [other])
            return f"{c.phone}（自宅）　{other}（携帯）"
        return self.phone("patient.phone", c.phone)

    def date(self, key, d, style=None):
        return self.v(key, wdate(d, style or self.house.date), d.isoformat())

    def moment(self, key, when, style=None):
        """A date with a time of day and usually a weekday."""
        wd = "月火水木金土日"[when.weekday()]
        style = style or self.form.choice(["colon", "kanji", "ampm", "range", "tilde"])
        day = wdate(when.date(), self.house.date) + self.form.choice([f"（{wd}）", f"({wd})", "", f" {wd}曜日"])
        h, m = when.hour, when.minute
        t = {"colon": f"{h}:{m:02d}", "kanji": f"{h}時{m:02d}分" if m else f"{h}時", "ampm": f"午{'前' if h < 12 else '後'}{h if h <= 12 else h - 12}時" + (f"{m}分" if m else ""), "range": f"{h}:{m:02d}～{h + 1}:{m:02d}", "tilde": f"{h:02d}：{m:02d}～"}[style]
        gap = self.form.choice(["　", " "])
        return self.v(key, day + gap + t, when.strftime("%Y-%m-%dT%H:%M"))

    def phone(self, key, num, pen=True):
        s = self.house.phone_style
        a, b, c = num.split("-")
        t = {"hyphen": num, "paren": f"{a}（{b}）{c}" if self.form.random() < 0.5 else f"{a}({b}){c}", "zen": num.translate(ZEN)}[s]
        return self.v(key, t, num, pen=pen)

    def level(self, style=None):
        c = self.c
        style = style or self.form.choice(["text", "ring", "rows", "paren", "box"])
        n = LEVELS[c.level]
        if style == "text":
            t = {"要": n[:3] + self.form.choice(["", " "]) + n[3:]}.get(n[0], n) if n[-1].isdigit() else n
            r = self.rng
            term = f"（認定期間 R{r.randint(5, 7)}.{r.randint(1, 12)}.1～R{r.randint(8, 10)}.{r.randint(1, 12)}.{r.choice([28, 30, 31])}）" if n[-1].isdigit() and self.form.random() < 0.25 else ""
            return self.v("care.level", t.translate(ZEN) if self.form.random() < 0.4 else t, c.level) + term
        if style == "ring":
            kinds = [("要支援", ["support_1", "support_2"]), ("要介護", ["care_1", "care_2", "care_3", "care_4", "care_5"])]
            br = self.form.choice([("（", "）"), (" ", "　"), ("【", "】"), ("", "　")])
            parts = [k + br[0] + "・".join(self.mark(str(i + 1), v == c.level, "ring") for i, v in enumerate(vs)) + br[1] for k, vs in kinds]
            parts += [self.mark(t, v == c.level, "ring") for t, v in (("申請中", "applying"), (self.form.choice(["未申請", "なし", "非該当"]), "none"))]
            self.put("care.level", c.level, False, True)
            return self.form.choice(["　", " "]).join(parts)
        bs = self.house.box if self.house.box != "ringbox" else "ring"
        if style == "box":
            return self.choose("care.level", [(LEVELS[k], k) for k in LEVELS], c.level, bs, sep="　" if bs != "ring" else "・", nothing=0)
        if style == "rows":
            a = " ".join(self.mark(LEVELS[k], k == c.level, bs) for k in list(LEVELS)[:2])
            b = " ".join(self.mark(LEVELS[k].replace("要介護", ""), k == c.level, bs) for k in list(LEVELS)[2:7])
            d = " ".join(self.mark(LEVELS[k], k == c.level, bs) for k in list(LEVELS)[7:])
            self.put("care.level", c.level, False, True)
            return f"{a}　要介護 {b}　{d}"
        # the grade is written between brackets
        g, num = ("要支援", c.level[-1]) if c.level.startswith("support") else ("要介護", c.level[-1]) if c.level.startswith("care") else (n, "")
        hand = self.penned("care.level")
        out = []
        for t in ("要支援", "要介護", "申請中", "未申請"):
            on = t == g
            inner = f"（{self.ink(num, hand) or num}）" if on and num else "（　）" if t[0] == "要" else ""
            out.append(self.mark(t, on, bs if bs != "ring" else "hand") + inner)
        self.put("care.level", c.level, bool(hand and num), True)
        return "　".join(out)

    def adl(self, key, style, grades=None):
        g = self.c.adl[key]
        opts = grades or [(GRADE_JA[k], k) for k in GRADES]
        vals = [v for _, v in opts]
        if g not in vals:
            g = self.c.adl[key] = "partial"
        if style == "text":
            return self.v(key, dict((v, t) for t, v in opts)[g], g)
        return self.choose(key, opts, g, style)

    def procedures(self, style=None, names=None, sep="　"):
        if not self.c.procs:
            return sep.join(self.mark(p, False, style) for p in (names or PROCEDURES))
        return self.choose("clinical.procedures", [(p, p) for p in (names or PROCEDURES)], [p for p in self.c.procs if p in (names or PROCEDURES)], style, sep, value=[p for p in self.c.procs if p in (names or PROCEDURES)] or None, nothing=0)

    # ------------------------------------------------------------ texts and lists
    def items(self, key, values, style=None, alt=None, sep="<br>"):
        """A list, one item a line or in one line, numbered in the house's way."""
        style = style or self.house.numbering
        hand = self.penned(key)
        if hand and any(not any(covers(f, x) for f in self.pen_fonts) for x in values):
            hand = False
        ink = lambda t: self.ink(t, hand)
        circ = "①②③④⑤⑥⑦⑧⑨"
        if style in ("、", "・") and key == "clinical.diagnoses" or style == "、":
            j = "、" if style == "、" or any("・" in x for x in values) else "、"
            html = j.join(ink(x) for x in values)
        else:
            pre = {"1.": lambda i: f"{i + 1}. ", "①": lambda i: circ[i], "・": lambda i: "・", "1)": lambda i: f"{i + 1}) ", "(1)": lambda i: f"({i + 1}) ", "#": lambda i: f"#{i + 1} ", "": lambda i: "", "(1)z": lambda i: f"（{i + 1}）"}[style]
            html = sep.join(esc(pre(i)) + ink(x) for i, x in enumerate(values))
        self.put(key, list(values), hand, False, alt)
        return html

    def dx(self, style=None, sep="<br>"):
        return self.items("clinical.diagnoses", self.c.dx, style, sep=sep)

    def meds(self, style=None, sep="<br>"):
        st = self.rx_style
        rows, plain = [], []
        for name, amount, use in self.c.course.meds:
            base = f"{name} {amount} {use}"
            plain.append(base)
            rows.append({"space": base, "wide": f"{name}　{amount}　{use}", "long": f"{name} 1日{amount} {use}" if amount[0].isdigit() and amount[-1] in "錠C包g" else base, "days": f"{name} {amount} {use}" + (f" {self.form.choice([14, 28, 30])}日分" if "分" in use and "日分" not in use else "")}[st])
        style = style or (self.house.numbering if self.house.numbering != "、" else "")
        return self.items("clinical.medications", rows, style if style != "#" else "1)", alt=[plain] if st == "days" else None, sep=sep)

    def rx_table(self, head=True):
        """Drugs in columns."""
        rows = [f"{a} {b} {c}" for a, b, c in self.c.course.meds]
        hand = self.penned("clinical.medications") and all(covers(self.pen_fonts[0], r) or covers("Klee One", r) for r in rows)
        ink = lambda t: self.ink(t, hand)
        self.put("clinical.medications", rows, hand)
        h = "<tr><th>" + "</th><th>".join(self.form.choice([["薬剤名", "1日量", "用法"], ["薬品名・規格", "用量", "用法"], ["医薬品名", "数量", "服用方法"]])) + "</th></tr>" if head else ""
        return f"<table class=t>{h}" + "".join("<tr>" + "".join(f"<td>{ink(x)}</td>" for x in m) + "</tr>" for m in self.c.course.meds) + "</table>"

    def text(self, key, text, alt=None):
        return self.v(key, text, alt=alt)

    def course(self, nursing=False, n=None):
        return self.v("clinical.course", self.c.text(n, nursing))

    def has(self, key, text, none=("なし", "特になし")):
        """有・無 with a ring or box and the text in brackets."""
        style = self.form.choice(["ring", "box"])
        st = "ring" if style == "ring" or self.house.box == "ringbox" else self.house.box
        if text == "不明":
            text = "なし"
        on = text not in none
        a, b = self.form.choice([("有", "無"), ("あり", "なし"), ("有", "無")])
        inner = text.replace("あり（", "").rstrip("）") if text.startswith("あり（") else text
        hand = on and self.penned(key)
        ink = (self.ink(inner, hand) or esc(inner)) if on else "　　　　　"
        html = self.mark(b, not on, st) + ("・" if st == "ring" else "　") + self.mark(a, on, st) + f"（{ink}）"
        self.put(key, f"{a}（{inner}）" if on else b, bool(hand), True, [inner, f"あり（{inner}）", f"有（{inner}）"] if on else ["なし", "無", "無し"])
        return html

    # ------------------------------------------------------------ who writes to whom
    def recipient(self, style=0, person=True, dept=""):
        to, rng = self.to, self.form
        full = to.full if to.corp and rng.random() < 0.6 else to.name
        p, pv = self.full_name(self.c.to_person)
        doctor = to.kind in ("hospital", "clinic")
        title = rng.choice(["先生", "先生 御机下", "先生 御侍史", "医師"]) if doctor and self.type in ("referral", "contact_sheet", "discharge_summary") else "様"
        inst = self.v("recipient.institution", full, full, [to.name] if full != to.name else None)
        role = rng.choice(["", "", "介護支援専門員 ", "ケアマネジャー "]) if to.kind == "office" else ""
        pers = f"{role}{self.v('recipient.person', p, pv)} {title}" if person else ""
        on = rng.choice(["　御中", " 御中", "　御中"]) if not person or rng.random() < 0.5 else ""
        return inst, on, dept, pers

    def recipient_block(self, person=True, dept=""):
        i, on, d, p = self.recipient(0, person, dept)
        return f"<div class=to><div>{i}{on if not d else ''}</div>" + (f"<div>{d}{on}</div>" if d else "") + (f"<div>{p}</div>" if p else "") + "</div>"

    def sender_institution(self, corp=None):
        h = self.house
        corp = self.form.random() < 0.75 if corp is None else corp
        if h.corp and corp:
            if self.form.random() < 0.4:  # the corporation on a line of its own, smaller
                self.put("sender.institution", h.full, False, False, [h.name])
                return f"<small>{esc(h.corp)}</small><br>{esc(h.name)}"
            return self.v("sender.institution", h.full, alt=[h.name], pen=False)
        return self.v("sender.institution", h.name, alt=[h.full] if h.corp else None, pen=False)

    def department(self, which="clinical"):
        h = self.house
        d = (h.unit if which == "unit" and h.unit else self.rng.choice(h.depts) if h.depts else "")
        if which == "ward":
            d = self.rng.choice(["3階東病棟", "5階病棟", "西2病棟", "地域包括ケア病棟", "回復期リハビリテーション病棟", "南館4病棟"])
        if d and which == "clinical" and self.c.course.dept in h.depts:
            d = self.c.course.dept
        return d

    def tel_fax(self, sep="　", direct=False, fax=True):
        h = self.house
        num = h.direct if direct and h.direct else h.phone
        out = f"{h.tel[0]}{self.form.choice(['：', ' ', '　', ':'])}{self.phone('sender.phone', num, pen=False)}"
        if direct and h.direct:
            out += "（直通）"
        if fax:
            out += f"{sep}{h.tel[1]}{self.form.choice(['：', ' ', ':'])}{self.phone('sender.fax', h.fax, pen=False)}"
        return out

    def signer(self, who, role, key="sender.person", seal=None):
        """Role, name and perhaps a seal over it."""
        t, v = self.full_name(who)
        html = self.v(key, t, v)
        sealed = self.form.random() < 0.55 if seal is None else seal
        return f"{role}{self.form.choice(['　', ' '])}{html}" + (marks.seal(self.rng, who[0]) if sealed else self.form.choice(["", "　㊞", "　印"]))

    def letterhead(self, who=None, role="", dept=None, address=True, direct=False, fax=True, corp=None, seal=None):
        """The sender's block as a list of lines."""
        h = self.house
        d = ""
        if dept:
            d = self.v("sender.department", dept, pen=False)
        lines = []
        if address:
            lines.append(("〒" + f"27{self.form.randint(0, 7)}-00{self.form.randint(10, 99)} " if self.form.random() < 0.5 else "所在地 " if self.form.random() < 0.3 else "") + esc(h.address))
        same = d and self.form.random() < 0.5
        lines.append(f"<b class=inst>{self.sender_institution(corp)}</b>" + (f" {d}" if same else ""))
        if d and not same:
            lines.append(d)
        if who:
            lines.append(self.signer(who, role, seal=seal))
        lines.append(self.tel_fax(direct=direct, fax=fax))
        return lines

    # ------------------------------------------------------------ blocks
    def title(self, text, cls=""):
        sp = self.form.choice(["", "", "　", " "])
        if sp and len(text) <= 9:
            text = sp.join(text)
        return f"<h1 class='{cls}'>{text}</h1>"

    def kv(self, pairs, style=None):
        """Label and value pairs in the house's way. A pair may have a third item 'wide'."""
        st = style or self.house.kv
        P = [(p + ("",))[:3] for p in pairs]
        th = "th" if st != "plainth" else "td"
        if st == "grid2":
            return "<table class=g>" + "".join(f"<tr><{th}>{a}</{th}><td>{b}</td></tr>" for a, b, _ in P) + "</table>"
        if st in ("grid4", "excel"):
            rows, cur = [], []
            for a, b, w in P:
                if w:
                    if cur:
                        rows.append(cur)
                    rows.append([(a, b, 3)])
                    cur = []
                else:
                    cur.append((a, b, 1))
                    if len(cur) == 2:
                        rows.append(cur)
                        cur = []
            if cur:
                rows.append(cur)
            out = []
            for r in rows:
                if len(r) == 1:
                    r = [(r[0][0], r[0][1], 3)]
                out.append("<tr>" + "".join(f"<th>{a}</th><td colspan={n}>{b}</td>" for a, b, n in r) + "</tr>")
            return f"<table class='g {'xl' if st == 'excel' else ''} f4'>{''.join(out)}</table>"
        if st == "labeltop":
            return "<div class=lt>" + "".join(f"<div class='{'w' if w else ''}'><small>{a}</small><p>{b}</p></div>" for a, b, w in P) + "</div>"
        if st == "plain":
            return "<div class=pl>" + "".join(f"<div>{a}{self.house.colon}{b}</div>" for a, b, w in P) + "</div>"
        if st == "under":
            return "<div class=un>" + "".join(f"<div class='{'w' if w else ''}'><span>{a}</span><u>{b}</u></div>" for a, b, w in P) + "</div>"
        if st == "cols":
            return "<div class=co>" + "".join(f"<div class='{'w' if w else ''}'><span>{a}</span><span>{b}</span></div>" for a, b, w in P) + "</div>"
        if st == "inline":
            return "<div class=bxd>" + "　".join(f"<span class=iv>{a}{self.house.colon if self.form.random() < .5 else ' '}{b}</span>" + ("<br>" if w else "") for a, b, w in P) + "</div>"
        raise ValueError(st)

    def section(self, label, html, height=0, style=None):
        st = style or self.house.section
        h = f" style='min-height:{height}em'" if height else ""
        if st == "row":
            return f"<table class='g sr'><tr><th>{label}</th><td{h and ' ' + h[1:].replace('min-', '')}>{html}</td></tr></table>"
        if st == "toprow":
            return f"<table class='g tr'><tr><th>{label}</th></tr><tr><td{h and ' ' + h[1:].replace('min-', '')}>{html}</td></tr></table>"
        if st == "colon":
            return f"<div class=sc{h}>{label}：{html}</div>"
        self._n = getattr(self, "_n", 0) + 1
        head = {"kakko": f"【{label}】", "dot": f"●{label}", "sq": f"■ {label}", "num": f"{self._n}．{label}", "angle": f"＜{label}＞"}[st]
        same = self.form.random() < 0.3 and "<br>" not in html and "<table" not in html
        return f"<div class=sc{h}><span class=hd>{head}</span>{'　' if same else '<div class=bd>'}{html}{'' if same else '</div>'}</div>"

    def right(self, lines):
        return "<div class=rt>" + "".join(f"<div>{x}</div>" for x in lines) + "</div>"

    def page(self, html, cls=""):
        h = self.house
        return f"<section class='page {cls}' style=\"font-family:'{h.font}','Noto Sans CJK JP';font-size:{h.size}pt\"><div class=in>{html}</div></section>"

    # ------------------------------------------------------------ truth
    def truth(self, pages, cover=False):
        ign = {"care.office", "sender.department", "sender.fax"} | self.ignore
        if self.house.kind == "office":
            ign |= {"care.manager"}
        if self.type == "other":
            ign |= {"sender.institution", "sender.phone", "sender.person", "document.date"}
        return {"type": self.type, "pages": pages, "fields": self.fields, "ignore": sorted(k for k in ign if k not in self.fields), "layout": f"{self.house.id}_{self.layout}", "hospital": self.house.id, "font": self.house.font, "hand": self.hand, "cover": cover}
