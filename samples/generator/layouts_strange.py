"""Layouts of the set `strange`: an electronic record with letters of one width, and spreadsheets. Written without a look at rules or word lists.
What the other modules of the set share stands at the head."""
import datetime as dt

import layouts_letters
from forms import CIRC, adl, adl_word, clock, day, day_text, family, gp, lb, me, opts, plain, procs, rx, rx_rows, sfax, sphone, table, td, th, to, years
from marks import esc, seal
from sheet import LEVELS, age, era
from stock_strange import AREA

TO = {}
FOUR = ("自立", "見守り", "一部介助", "全介助")
KEYS = ("adl.eating", "adl.transfer", "adl.mobility", "adl.toileting", "adl.bathing", "adl.dressing")
DEVICES = [("点滴", "点滴"), ("酸素療法", "酸素療法"), ("喀痰吸引", "喀痰吸引"), ("気管切開", "気管切開"), ("胃ろう", "胃ろう"), ("経鼻栄養", "経鼻栄養"), ("経腸栄養", "経腸栄養"), ("褥瘡", "褥瘡"), ("尿道カテーテル", "尿道カテーテル"), ("尿路ストーマ", "尿路ストーマ"), ("消化管ストーマ", "消化管ストーマ"), ("痛みコントロール", "痛みコントロール"), ("排便コントロール", "排便コントロール"), ("自己注射", "自己注射")]
NIL = ("なし", "特になし", "該当なし")
COURSE = ["全身状態は落ち着いており、食事も摂れています。", "画像検査の結果は別添のCDをご参照ください。", "外泊を2回行い、大きな問題はありませんでした。", "栄養士より減塩とたんぱく質の摂り方を説明しています。", "入院中に発熱が2日ありましたが、自然に解熱しました。", "退院時の血液検査では肝機能と電解質に異常を認めません。", "リハビリは週に5日、1日40分から60分行いました。", "今後も当院外来と併せて診てくださいますようお願いします。", "主病の再発の兆しは現時点でありません。", "合併症についてご家族にも説明いたしました。", "薬の飲み忘れがあり、日付を印字した一包化としました。", "起き上がりと立ち上がりは手すりがあれば可能です。"]
NURSING = ["洗面は椅子に座って行い、仕上げを手伝っています。", "日中は車いすで新聞を読まれることが多いです。", "夜はポータブルトイレをベッドの横に置いていました。", "薬は一回分ずつお渡しし、服用を見届けています。", "便は硬めで、下剤で調整しています。", "娘さんがおむつ交換と体位の整え方を練習されました。", "耳が遠く、右側から話すと伝わりやすいです。", "入浴は機械浴を週2回行いました。", "皮膚が乾くため、毎日保湿剤を塗っています。", "夕食後に落ち着かないことがあり、そばで話を聞いています。"]


def layout(type_, name, to=None):
    """Registers a layout of this set: a home's landline begins as its town's do, and `to` names the kinds of house it goes to."""
    def deco(f):
        def run(s, *a):
            c = s.c
            area = AREA.get(c.town[1])
            if area and c.phone.startswith("04-71") and not s.fields:
                c.phone = area.format(a=s.rng.randint(0, 9), b=s.rng.randint(0, 9)) + f"-{s.rng.randint(1000, 9999)}"
            return f(s, *a)
        layouts_letters.R[name] = (type_, run)
        if to:
            TO[name] = to
        return run
    return deco


def w(s, text):
    """What the writer fills in and is a value for no field."""
    return s.ink(text, s.hand == "all") or esc(text)


def story(s, n, nursing=False):
    r = s.rng
    src = list(s.c.course.nursing if nursing else s.c.course.course)
    extra = NURSING if nursing else COURSE
    src += r.sample(extra, r.randint(max(0, n - 3), n)) + r.sample(s.c.stock.filler, r.randint(0, 2))
    return s.v("clinical.course", "".join(src))


def J(text, width=6):
    """A label spread over its width, as word processors do."""
    return f"<span class=qj style='width:{width}em'>{text}</span>"


def born(s, fmt):
    """fmt: {y} {m} {d} {m2} {d2} western, {n} {n1} era, {l} letter, {e} {e2} its year, {a} age."""
    b = s.c.birth
    n, l, e = era(b)
    return s.v("patient.birth_date", fmt.format(y=b.year, m=b.month, d=b.day, m2=f"{b.month:02d}", d2=f"{b.day:02d}", n=n, n1=n[0], l=l, e=e, e2=f"{e:02d}", a=age(b, s.c.created)), b.isoformat())


def born_boxes(s):
    """Letters of the eras to ring, then a box a digit."""
    b = s.c.birth
    n, l, e = era(b)
    s.put("patient.birth_date", b.isoformat(), False, True)
    cells = lambda t: "".join(f"<td>{x}</td>" for x in t)
    plain_td = lambda t: f"<td class=qn>{t}</td>"
    return "・".join(s.mark(x, x == l, "ring") for x in ("M", "T", "S", "H", "R")) + f"　<table class=dg><tr>{cells(f'{e:02d}')}{plain_td('年')}{cells(f'{b.month:02d}')}{plain_td('月')}{cells(f'{b.day:02d}')}{plain_td('日')}</tr></table>"


def day_boxes(s, key, d):
    """A date with a cell for each of year, month and day."""
    n, _, e = era(d)
    s.put(key, d.isoformat())
    return f"<table class=dg><tr><td class=qw>{n}</td><td class=qw>{e}</td><td class=qn>年</td><td class=qw>{d.month}</td><td class=qn>月</td><td class=qw>{d.day}</td><td class=qn>日</td></tr></table>"


def sexw(s, a="男", b="女"):
    m = s.c.patient[4] == "m"
    return s.v("patient.sex", a if m else b, "male" if m else "female")


def allergy(s):
    a = s.c.allergy
    return s.v("clinical.allergies", a, alt=["なし"] if a in NIL else None)


def infection(s):
    a = s.c.infection
    return s.v("clinical.infections", a, alt=["なし"] if a in NIL else None)


def has(s, key, text, yes="有", no="無", style="ring", sep="・", order=True, br=("（", "）")):
    """無・有（…）, either word first."""
    on = text not in NIL
    hand = on and s.penned(key)
    ink = (s.ink(text, hand) or esc(text)) if on else "　　　　　"
    s.put(key, f"{yes}（{text}）" if on else no, bool(hand), True, [text, f"あり（{text}）", f"有（{text}）", f"有り（{text}）"] if on else ["なし", "無", "無し"])
    a, b = s.mark(no, not on, style), s.mark(yes, on, style) + br[0] + ink + br[1]
    return a + sep + b if order else b + sep + a


def grade(s, key, pairs, style, sep="　"):
    """One grade among options in the form's own order: [(word, grade)]; what the form cannot say becomes partial help."""
    if s.c.adl[key] not in [g for _, g in pairs]:
        s.c.adl[key] = "partial"
    return s.choose(key, pairs, s.c.adl[key], style, sep)


def level_word(s, fmt="{}"):
    """The grade of care as a word, as some write it."""
    v = s.c.level
    t = LEVELS[v]
    return s.v("care.level", fmt.format(t) if t[-1].isdigit() else t, v)


def level_pick(s, style, sep="　", names=("要支援１", "要支援２", "要介護１", "要介護２", "要介護３", "要介護４", "要介護５", "申請中", "未申請")):
    return s.choose("care.level", list(zip(names, LEVELS)), s.c.level, style, sep, nothing=0)


def kin(s):
    """A relation for the second of the family, another than the first's."""
    return s.rng.choice([x for x in (["次男", "三男", "弟", "甥"] if s.c.contact2[4] == "m" else ["長男の妻", "次女", "妹", "姪"]) if x != s.c.relation])


def tel(s, mobile=False):
    r = s.rng
    return f"0{r.choice('789')}0-{r.randint(1000, 9999)}-{r.randint(1000, 9999)}" if mobile else r.choice(["03-3880-", "029-855-", "048-977-", "0436-21-"]) + str(r.randint(1000, 9999))


def second(s):
    """Another of the family, who is a value for no field."""
    return w(s, s.c.contact2[0] + "　" + s.c.contact2[1])


def parts_of(s):
    """Diagnoses one by one, for forms that set them apart."""
    hand = s.penned("clinical.diagnoses")
    inks = [s.ink(x, hand) for x in s.c.dx]
    if None in inks:
        hand, inks = False, [esc(x) for x in s.c.dx]
    s.put("clinical.diagnoses", list(s.c.dx), hand)
    return inks


def numbered(s, sep="<br>", pre="{i}. "):
    """Diagnoses as the list that they are; `pre` stands before each."""
    return sep.join(pre.format(i=i + 1, c=CIRC[i]) + x for i, x in enumerate(parts_of(s)))


def drugs(s, cols=("薬品", "用量", "用法"), widths=None, cls=""):
    """A drug a row, a cell each for name, amount and usage."""
    return rx_rows(s, cols, False, None, cls, widths)


def room(s):
    return s.rng.choice(["3A病棟", "中央棟5階", "東6病棟", "回復期2病棟", "緩和ケア病棟", "地域包括ケア病棟（4F）"])


# ---------------------------------------------------------------- 潮見坂医療センター: an electronic record, letters of one width
LINE = "<div class=ql>" + "━" * 60 + "</div>"
DASH = "<div class=ql>" + "- " * 70 + "</div>"


@layout("referral", "x_ref_mono_ehr")
def ref_mono(s):
    c, r = s.c, s.rng
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    L = lambda a, b: f"<div class=qp><span>{a}</span><span>{b}</span></div>"
    out = f"<div class=sp><span>診療情報提供書</span><span>Page 1/1</span></div>{LINE}" + L("宛　　先", f"{inst}　{pers} 先生 御机下") + L("紹 介 元", f"{me(s)}　{dept}") + L("", f"{esc(s.house.address)}") + L("", f"Tel {sphone(s)}　Fax {sfax(s)}　患者サポート室直通 {s.house.direct}") + L("記 載 医", f"{s.person('sender.person', c.doctor)}　（承認 {plain(c.other)}）") + L("発 行 日", f"{day(s, 'document.date', c.created, 'slash')} {r.randint(8, 19)}:{r.randint(10, 59)}") + LINE
    out += L("患 者 ID", f"{r.randint(10**6, 10**7):08d}") + L("患 者 名", f"{s.name(False)} 様　[{s.kana('half')}]　{sexw(s, '男性', '女性')}") + L("生年月日", f"{born(s, '{y}/{m2}/{d2}')} ({years(s)})") + L("住　　所", f"{s.v('patient.postal_code', c.post)}　{s.text('patient.address', c.address)}") + L("電　　話", f"{s.phone('patient.phone', c.phone)} (自宅)") + LINE
    H = lambda a, b: f"<div>[{a}]</div><div class=in2>{b}</div>"
    out += H("病　名", s.dx("#")) + H("目　的", s.text("clinical.purpose", c.course.purpose)) + H("既　往", s.text("clinical.history", c.course.hist)) + H("アレルギー・副作用歴", allergy(s)) + H("感染症", infection(s)) + DASH + H("経　過", story(s, 5)) + H("検　査", f"{day_text(c.created - dt.timedelta(days=3), 'slash')}　WBC {r.randint(32, 98) * 100}　Hb {r.uniform(9, 14):.1f}　Plt {r.randint(12, 34)}万　AST {r.randint(14, 60)}　ALT {r.randint(10, 55)}　Cr {r.uniform(.5, 1.9):.2f}　CRP {r.uniform(0, 3):.2f}") + H("処　方", rx(s, "{n}　{a}　{u}", None, "<br>", "{i:02d} "))
    return [s.page(out + LINE + "<div>次頁なし</div>", "sm")]


@layout("discharge_summary", "x_dis_soap_ehr")
def dis_soap(s):
    """A bar of data over the text, problems with their own courses, a second page that repeats the bar."""
    c, r = s.c, s.rng
    dept = s.v("sender.department", s.department(), pen=False)
    no = r.randint(10**6, 10**7)
    bar = lambda n: f"<div class=qbar>{no:08d}　{s.name(False) if n == 1 else plain(c.patient, ' ')}　{sexw(s, 'M', 'F') if n == 1 else ''}　{born(s, '{y}-{m2}-{d2}') if n == 1 else c.birth.isoformat()}　{years(s, '{}y')}　　退院サマリ {n}/2</div>"
    one = bar(1) + table([[lb("診療科", dept), lb("病棟", room(s)), lb("担当医", s.person("sender.person", c.doctor)), lb("指導医", plain(c.other)), lb("確定日", day(s, "document.date", c.created, "slash"))], [lb("入院", day(s, "encounter.admission_date", c.admission, "slash")), lb("退院", day(s, "encounter.discharge_date", c.discharge, "slash")), lb("日数", str((c.discharge - c.admission).days + 1)), lb("転帰", r.choice(["軽快", "寛解", "不変"])), lb("退院後", s.v("encounter.destination", c.place))]], "", (20,) * 5)
    one += "<p>■病名</p><div class=in2>" + numbered(s, "<br>", "P{i} ") + f"</div><p>■既往</p><div class=in2>{s.text('clinical.history', c.course.hist)}</div><p>■家族歴・生活歴</p><div class=in2>父 {r.choice(['脳卒中', '胃癌', '高血圧'])}、母 {r.choice(['糖尿病', '老衰', '大腸癌'])}。喫煙 {r.choice(['なし', '20本×35年', '禁煙10年'])}　飲酒 {r.choice(['機会飲酒', 'なし', 'ビール350mL/日'])}</div><p>■アレルギー</p><div class=in2>{allergy(s)}</div><p>■感染症</p><div class=in2>{infection(s)}</div><p>■現病歴と入院後経過</p><div class=in2>{story(s, 8)}</div>"
    two = bar(2) + "<p>■退院時処方</p><div class=in2>" + rx(s, "{n} {a} {u}", None, "<br>", "{i}) ") + f"</div><p>■退院時の状態</p><div class=in2>BT {r.uniform(36, 37):.1f}　BP {r.randint(104, 142)}/{r.randint(56, 86)}　HR {r.randint(56, 92)}　BW {r.randint(38, 72)}.{r.randint(0, 9)}kg　JCS 0</div><p>■フォロー</p><div class=in2>当院再診　{clock(s, 'next_visit.datetime', c.next, ('slash', '{D}({W}) {h2}:{m2}'))}<br>近医　{gp(s)}（{day_text(c.next.date() + dt.timedelta(days=7), 'slash')} 受診予定）</div>"
    return [s.page(one, "sm"), s.page(two + f"<p class=r style='margin-top:2em'>{me(s)}<br>{esc(s.house.address)}<br>Tel {sphone(s)}</p>")]


@layout("nursing_summary", "x_nur_lines_ehr")
def nur_lines(s):
    """A right column of labels in angle brackets; grades in one sentence each."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    L = lambda a, b: f"<div class=qp><span style='width:11em'>＜{a}＞</span><span>{b}</span></div>"
    verb = {"adl.eating": "食事は", "adl.transfer": "移乗は", "adl.mobility": "移動は", "adl.toileting": "排泄は", "adl.bathing": "入浴は", "adl.dressing": "更衣は"}
    out = f"<div class=sp><b>看護情報サマリー</b><span>出力 {day(s, 'document.date', c.created, 'slash')}</span></div>{LINE}<div>送付先 {inst}　{pers} 様</div><div>発信元 {me(s, False)}　{s.v('sender.department', room(s), pen=False)}</div>{DASH}" + L("患者", f"{s.name(False)}（{s.kana('full')}）") + L("生年月日・性", f"{born(s, '{n}{e}年{m}月{d}日')} {years(s, '満{}歳')}・{sexw(s)}") + L("病名", s.dx("、")) + L("既往", s.text("clinical.history", c.course.hist)) + L("在院期間", f"{day(s, 'encounter.admission_date', c.admission, 'slash')} ～ {day(s, 'encounter.discharge_date', c.discharge, 'slash')}") + L("退院後の居所", s.v("encounter.destination", c.place)) + L("介護保険", level_word(s)) + L("ケアマネジャー", f"{s.v('care.office', s.other_office)} {s.person('care.manager', c.manager)}") + L("主な介護者", f"{second(s)}（{kin(s)}） {tel(s, True)}") + L("キーパーソン", f"{n}（{rel}） {num}") + L("アレルギー", allergy(s)) + L("感染症", infection(s)) + DASH
    out += L("日常生活動作", "<br>".join(f"{verb[k]}{adl_word(s, k)}" for k in KEYS)) + L("看護の経過", story(s, 5, True)) + L("処置・管理", s.items("clinical.procedures", c.procs, "、") if c.procs else "該当なし") + L("薬", rx(s, "{n} {a} {u}"))
    return [s.page(out + LINE + f"<div class=sp><span>記載看護師 {s.person('sender.person', c.nurse)}</span><span>Tel {sphone(s)}　Fax {sfax(s)}</span></div>", "sm")]


@layout("conference_notice", "x_conf_mail_ehr")
def conf_mail(s):
    """Written like a mail: sentences, then a list with ◇."""
    c, r = s.c, s.rng
    c.discharge = c.conf.date() + dt.timedelta(days=r.randint(2, 10))
    inst, pers = to(s)
    L = lambda a, b: f"<div class=qp><span style='width:9em'>◇{a}</span><span>{b}</span></div>"
    s.put("sender.phone", s.house.direct, False, False, [s.house.phone])
    out = f"<div>{inst}</div><div>{pers} 様</div><p>いつもお世話になっております。<br>{me(s)} {s.v('sender.department', s.house.unit, pen=False)}の{s.person('sender.person', c.worker, gap='　')}です。</p><p>入院中の患者さまについて退院前の打ち合わせを行いますので、お越しいただけますでしょうか。ご都合が悪い場合は {day_text(c.conf.date() - dt.timedelta(days=1), 'slash')} までに {s.house.direct} へお電話ください。</p>{LINE}<div class=c>退院前カンファレンスのお知らせ</div>{LINE}"
    out += L("患者さま", f"{s.name(False)}さま　{sexw(s, '男性', '女性')}") + L("生年月日", born(s, "{y}年{m}月{d}日（{n1}{e}）")) + L("病名", s.dx("、")) + L("入院日", day(s, "encounter.admission_date", c.admission, "slash")) + L("退院のめど", day(s, "encounter.discharge_date", c.discharge, "slash")) + L("とき", clock(s, "conference.datetime", c.conf, ("slash", "{D} ({W}) {h2}:{m2} - {e:02d}:{m2}"))) + L("ところ", s.v("conference.place", c.room)) + (L("Web", f"{s.v('conference.url', c.url, pen=False)}<br>ID {r.randint(100, 999)} {r.randint(1000, 9999)} {r.randint(1000, 9999)}") if r.random() < 0.6 else "") + L("出席予定", f"{plain(c.doctor, '')}医師、病棟看護師、薬剤師、管理栄養士、ご家族（{plain(c.contact, '')}様）")
    return [s.page(out + LINE + f"<div>{day(s, 'document.date', c.created, 'slash')}　Fax {sfax(s)}</div>")]


@layout("contact_sheet", "x_visit_ehr")
def visit_ehr(s):
    """受診報告: that a patient who was sent has come."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    seen = c.created - dt.timedelta(days=r.randint(0, 3))
    L = lambda a, b: f"<div class=qp><span>{a}</span><span>{b}</span></div>"
    out = f"<div class=r>{day(s, 'document.date', c.created, 'western')}</div><div>{inst}　御中</div><div>{pers}　先生</div><div class=rt2>{me(s)}<br>{dept}<br>{s.person('sender.person', c.doctor)}<br>Tel {sphone(s)}　Fax {sfax(s)}</div><div class=c style='font-size:1.4em;margin:1em 0'>ご紹介患者様　受診報告書</div><p>ご紹介いただきました患者様が、下記のとおり当科を受診されましたのでご報告いたします。</p>{DASH}" + L("患者様氏名", f"{s.name(False)} 様") + L("カ　ナ", s.kana("full")) + L("生年月日", f"{born(s, '{y}/{m}/{d}')} 生　{years(s)}　{sexw(s)}") + L("受診日時", f"{day_text(seen, 'slash')} {r.randint(9, 11)}:{r.choice(['00', '20', '45'])}") + L("ご紹介状", f"{day_text(seen - dt.timedelta(days=r.randint(2, 9)), 'slash')} 付") + L("診　　断", s.dx("、")) + L("結　　果", story(s, 3)) + L("方　　針", opts(s, ["当科で通院", "入院予約", "貴院へ逆紹介", "検査後に再診"], "検査後に再診", "vee")) + L("次回予約", clock(s, "next_visit.datetime", c.next, ("slash", "{D}({W}) {h}:{m2}"))) + DASH
    return [s.page(out + "<p>詳細につきましては改めてご報告申し上げます。</p>")]


# ---------------------------------------------------------------- 筑波梅園脳神経センター: spreadsheets in small letters
@layout("referral", "x_ref_excel")
def ref_excel(s):
    """A grid of twenty columns; heads upright at the left, sender at the foot."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    W = [5] + [9.5] * 10
    out = f"<div class=sp><span>　</span><span>作成 {day(s, 'document.date', c.created, 'dotted')}</span></div><h1 style='font-size:1.5em'>診療情報提供書（他院紹介用）</h1>"
    out += table([[th("宛先", cls="c"), td(f"{inst}　{pers} 先生 御侍史", 10)], [th("患者情報", r=4, cls="v"), th("カナ", cls="c"), td(s.kana("half"), 4), th("ID", cls="c"), td(f"{r.randint(10000, 99999)}-{r.randint(0, 9)}", 2), th("性別", cls="c"), td(s.sex("box"))], [th("患者名", cls="c"), td(f"<b>{s.name(False)}</b>", 4), th("生年月日", cls="c"), td(born(s, "{y}.{m}.{d}（{l}{e}）"), 3), td(years(s))], [th("住所", cls="c"), td(f"〒{s.v('patient.postal_code', c.post)} {s.text('patient.address', c.address)}", 9)], [th("連絡先", cls="c"), td(f"本人 {s.phone('patient.phone', c.phone)}", 4), th("家族", cls="c"), td(f"{plain(c.contact2)} {tel(s, True)}", 4)],
                  [th("病名", cls="v"), td(s.dx("①"), 10)], [th("目的", cls="v"), td(s.text("clinical.purpose", c.course.purpose), 10, st="height:3.4em")], [th("既往", cls="v"), td(s.text("clinical.history", c.course.hist), 10, st="height:3.4em")], [th("経過", cls="v"), td(story(s, 6), 10, st="height:15em")], [th("処方", cls="v"), td(rx(s, "{n}　{a}　{u}"), 10, st="height:7em")], [th("備考", cls="v"), td(f"感染症：{infection(s)}<br>禁忌薬等：{allergy(s)}", 10, st="height:3.6em")],
                  [th("発信", r=2, cls="v"), td(f"{me(s)}", 6), td(dept, 4)], [td(f"{esc(s.house.address)}<br>TEL {sphone(s)}　FAX {sfax(s)}", 6), td(f"医師名　{s.person('sender.person', c.doctor)}　{seal(r, c.doctor[0])}", 4)]], "xl mid", W)
    return [s.page(out, "sm")]


@layout("nursing_summary", "x_nur_excel")
def nur_excel(s):
    """Two tables side by side under a common head, everything ticked."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    o = lambda names, on, sep=" ": opts(s, names, on, "square", sep)
    A = lambda k: adl(s, k, FOUR, "square", " ")
    out = f"<div>To：{inst}　{pers} 様</div><div>From：{me(s)}　{s.v('sender.department', room(s), pen=False)}</div><h1>退院時看護サマリー</h1>" + table([[th("氏名（カナ）"), td(f"{s.name(False)} 様（{s.kana('full')}）"), th("生年月日"), td(born(s, "{y}年{m}月{d}日（{a}歳）")), th("性別"), td(s.sex("text"))], [th("入院日"), td(day(s, "encounter.admission_date", c.admission, "dotted")), th("退院日"), td(day(s, "encounter.discharge_date", c.discharge, "dotted")), th("主治医"), td(plain(c.doctor))], [th("病名"), td(s.dx("、"), 3), th("手術日"), td(day_text(c.admission + dt.timedelta(days=2), "dotted") if r.random() < .5 else "")], [th("既往歴"), td(s.text("clinical.history", c.course.hist), 5)]], "xl mid", (10, 28, 10, 24, 8, 20))
    left = table([[th("連絡先①", cls="c"), td(f"{n}　続柄：{rel}<br>{num}　（KP）")], [th("連絡先②", cls="c"), td(f"{second(s)}　続柄：{kin(s)}<br>{tel(s, True)}")], [th("介護保険", cls="c"), td(level_pick(s, "square", " "))], [th("担当CM", cls="c"), td(f"{s.v('care.office', s.other_office)}<br>{s.person('care.manager', c.manager)} 様")], [th("アレルギー", cls="c"), td(has(s, "clinical.allergies", c.allergy, "有", "無", "square", " "))], [th("感染症", cls="c"), td(has(s, "clinical.infections", c.infection, "有", "無", "square", " "))], [th("医療処置", cls="c"), td(procs(s, [("なし", None)] + DEVICES, "square", " "))], [th("退院先", cls="c"), td(s.v("encounter.destination", c.place))]], "xl mid", (24, 76))
    right = table([[th("食事", cls="c"), td(A("adl.eating") + f"<br>{o(['常食', '軟菜', 'きざみ', 'ペースト'], r.choice(['常食', '軟菜', 'きざみ']))}")], [th("移乗", cls="c"), td(A("adl.transfer"))], [th("移動", cls="c"), td(A("adl.mobility") + f"<br>{o(['独歩', '杖', '歩行器', '車椅子'], r.choice(['杖', '歩行器', '車椅子']))}")], [th("排泄", cls="c"), td(A("adl.toileting") + f"<br>最終排便 {c.discharge.month}/{max(1, c.discharge.day - 1)}")], [th("入浴", cls="c"), td(A("adl.bathing"))], [th("更衣", cls="c"), td(A("adl.dressing"))], [th("口腔", cls="c"), td("義歯 " + o(["無", "上", "下"], r.choice(["無", "上"])))], [th("視聴覚", cls="c"), td("眼鏡 " + o(["無", "有"], "有") + "　補聴器 " + o(["無", "有"], "無"))], [th("認知", cls="c"), td(o(["問題なし", "物忘れ", "見当識障害", "徘徊"], r.choice(["問題なし", "物忘れ"])))], [th("睡眠", cls="c"), td(o(["良", "不良", "眠剤使用"], "良"))]], "xl mid", (18, 82))
    out += f"<div class=c2 style='gap:.3em'><div>{left}</div><div>{right}</div></div>" + table([[th("経過・継続看護", cls="c")], [td(story(s, 5, True), st="height:9em")], [th("内服薬", cls="c")], [td(rx(s, "{n} {a} {u}"), st="height:5em")]], "xl")
    return [s.page(out + f"<div class=sp><span>記載日 {day(s, 'document.date', c.created, 'dotted')}　記載者 {s.person('sender.person', c.nurse)}</span><span>TEL {sphone(s)} FAX {sfax(s)}</span></div>", "sm")]


@layout("discharge_record", "x_record_excel")
def record_excel(s):
    """The national form's contents in the hospital's own order, bands of grey between them."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    o = lambda names, on, sep=" ": opts(s, names, on, "square", sep)
    n, rel, num = family(s)
    B = lambda t: f"<td colspan=8 class=qb>{t}</td>"
    A = lambda k: adl(s, k, FOUR, "square", " ")
    rows = [B("Ⅰ　基本情報"), [th("利用者名"), td(f"<span class=lb>{s.kana('full')}</span>{s.name(False)} 様", 3, st="padding-top:.3em!important"), th("生年月日"), td(born(s, "{n}{e}年{m}月{d}日"), 2), td(s.sex("ring"))], [th("住所"), td(s.text("patient.address", c.address), 4), th("電話"), td(s.phone("patient.phone", c.phone), 2)], [th("入院日"), td(day(s, "encounter.admission_date", c.admission, "dotted"), 3), th("退院予定"), td(day(s, "encounter.discharge_date", c.discharge, "dotted"), 3)], [th("認定"), td(level_pick(s, "square", " "), 7)], [th("入院原因"), td(s.dx("、"), 7)], [th("既往歴"), td(s.text("clinical.history", c.course.hist), 7)], [th("家族連絡先"), td(f"{n}（{rel}）", 3), th("TEL"), td(num, 3)],
            B("Ⅱ　現在の状態"), [th("移動"), td(A("adl.mobility"), 4), th("手段"), td(o(["杖", "歩行器", "車いす"], r.choice(["杖", "歩行器", "車いす"])), 2)], [th("移乗"), td(A("adl.transfer"), 4), th("麻痺"), td(o(["無", "右", "左"], "無"), 2)], [th("食事"), td(A("adl.eating"), 4), th("形態"), td(o(["普通", "軟", "経管"], "普通"), 2)], [th("排泄"), td(A("adl.toileting"), 4), th("場所"), td(o(["WC", "P-WC", "おむつ"], "WC"), 2)], [th("入浴"), td(A("adl.bathing"), 4), th("方法"), td(o(["一般浴", "機械浴", "シャワー"], "シャワー"), 2)], [th("更衣"), td(A("adl.dressing"), 4), th("睡眠"), td(o(["良", "不良"], "良"), 2)], [th("療養上の課題"), td(story(s, 3, True), 7, st="height:6em")],
            B("Ⅲ　医療"), [th("処置"), td(procs(s, [("なし", None)] + DEVICES + [("その他", None)], "square", "　"), 7)], [th("アレルギー"), td(allergy(s), 3), th("感染症"), td(infection(s), 3)], [th("服薬"), td(rx(s, "{n} {a} {u}"), 7)], [th("次回受診"), td(clock(s, "next_visit.datetime", c.next, ("dotted", "{D}（{W}）{h}:{m2}")), 3), th("医学管理"), td(w(s, gp(s)), 3)],
            B("Ⅳ　意向・課題"), [th("本人"), td(w(s, r.choice(["自分のことは自分でしたい。", "早く家の犬に会いたい。", "もう一度歩いて買い物に行きたい。"])), 7)], [th("家族"), td(w(s, r.choice(["無理のない範囲で手伝いたい。", "夜だけでも施設を使いたい。"])), 7)], [th("必要な準備"), td(w(s, r.choice(["手すり設置、ベッドの貸与", "服薬確認の体制、配食"])), 7)]]
    out = f"<div class=sp><b style='font-size:1.35em'>退院・退所情報記録書</b><span>聞き取り日 {day_text(c.created - dt.timedelta(days=r.randint(1, 4)), 'dotted')}　作成日 {day(s, 'document.date', c.created, 'dotted')}</span></div>" + table([[td(f"提出先　{inst}　{pers} 様"), td(f"{me(s)}　地域連携課　{s.person('sender.person', c.worker)}<br>TEL {sphone(s)}　FAX {sfax(s)}")]], "xl", (45, 55)) + table(rows, "xl mid", (12, 13, 12, 13, 12, 12, 13, 13))
    return [s.page(out, "sm")]


@layout("conference_notice", "x_conf_excel")
def conf_excel(s):
    """A notice with a slip below the cut line to be sent back: the hospital is its addressee."""
    c, r = s.c, s.rng
    c.discharge = c.conf.date() + dt.timedelta(days=r.randint(2, 8))
    inst, pers = to(s)
    out = f"<div class=r>{day(s, 'document.date', c.created, 'dotted')}</div><div>{inst}　{pers} 様</div><div class=r>{me(s)}　{s.v('sender.department', s.house.unit, pen=False)}<br>担当　{s.person('sender.person', c.worker)}<br>TEL {sphone(s)}　FAX {sfax(s)}</div><h1>退院前カンファレンス開催のお知らせ</h1>"
    out += table([[th("患者名", cls="c"), td(f"{s.name(False)} 様", 2), th("性別", cls="c"), td(s.sex("text"))], [th("生年月日", cls="c"), td(born(s, "{y}.{m}.{d} 生（{a}歳）"), 2), th("入院日", cls="c"), td(day(s, "encounter.admission_date", c.admission, "dotted"))], [th("病名", cls="c"), td(s.dx("、"), 2), th("退院予定", cls="c"), td(day(s, "encounter.discharge_date", c.discharge, "dotted"))], [th("開催日時", cls="c"), td(f"<b>{clock(s, 'conference.datetime', c.conf, ('dotted', '{D}（{W}）　{h}時{m2}分～'))}</b>", 4)], [th("場所", cls="c"), td(s.v("conference.place", c.room), 4)], [th("内容", cls="c"), td("1. 病状説明　2. リハビリの状況　3. 退院後のサービス　4. 質疑", 4)]], "xl mid", (14, 22, 22, 14, 28))
    out += f"<div class=cut>・・・・・・・・・・・・・ き り と り 線 ・・・・・・・・・・・・・</div><p class=c><b>出 欠 連 絡 票</b>（FAX {s.house.fax} 地域連携課 行）</p>" + table([[th("ご出欠", cls="c"), td("□ 出席する　　□ 欠席する　　□ オンラインで参加する", 3)], [th("事業所名", cls="c"), td("", st="height:2.4em"), th("お名前", cls="c"), td("")], [th("電話番号", cls="c"), td("", st="height:2.4em"), th("人数", cls="c"), td("　　　名")], [th("事前のご質問", cls="c"), td("", 3, st="height:6em")]], "xl mid", (16, 38, 14, 32))
    return [s.page(out + f"<p class=tiny>ご返信の締切：{day_text(c.conf.date() - dt.timedelta(days=2), 'dotted')} 17時</p>")]


@layout("discharge_summary", "x_dis_excel", ("clinic", "hospital"))
def dis_excel(s):
    """A sheet whose course is a table of days."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    s.ignore |= {"clinical.course"}
    D = [c.admission + dt.timedelta(days=x) for x in (0, 3, 9)]
    lines = list(c.course.course)[:3]
    out = f"<h1>退院サマリー</h1><div class=sp><span>{inst}　{pers} 先生</span><span>{day(s, 'document.date', c.created, 'dotted')}</span></div>" + table([[th("患者ID"), th("患者氏名"), th("性別"), th("生年月日"), th("年齢"), th("診療科"), th("担当医")], [td(str(r.randint(10000, 99999))), td(s.name(False)), td(s.sex("text")), td(born(s, "{y}.{m}.{d}")), td(years(s, "{}")), td(dept), td(s.person("sender.person", c.doctor))]], "xl mid", (10, 20, 7, 16, 7, 22, 18))
    out += table([[th("入院日"), th("退院日"), th("退院先"), th("アレルギー"), th("感染症")], [td(day(s, "encounter.admission_date", c.admission, "dotted")), td(day(s, "encounter.discharge_date", c.discharge, "dotted")), td(s.v("encounter.destination", c.place)), td(allergy(s)), td(infection(s))]], "xl mid", (15, 15, 26, 22, 22))
    out += table([[th("確定病名", cls="c"), td(s.dx("①", "　"), 2)], [th("既往歴", cls="c"), td(s.text("clinical.history", c.course.hist), 2)], [th("経過", r=len(lines) + 1, cls="c"), th("月日", cls="c"), th("内容", cls="c")]] + [[td(f"{d.month}/{d.day}", cls="c"), td(esc(t))] for d, t in zip(D, lines)] + [[th("手術・処置", cls="c"), td(r.choice(["該当なし", f"{D[1].month}/{D[1].day} 手術室にて施行（記録別紙）"]), 2)], [th("退院時所見", cls="c"), td(esc("".join(c.course.nursing[:2])), 2, st="height:4.5em")]], "xl mid", (14, 10, 76))
    return [s.page(out + "<p>退院処方</p>" + drugs(s, ("薬剤名", "分量", "服用方法"), (48, 22, 30), "xl mid") + table([[th("再診", cls="c"), td(clock(s, "next_visit.datetime", c.next, ("dotted", "{D}（{W}） {h}:{m2}"))), th("紹介元", cls="c"), td(w(s, gp(s)))]], "xl mid", (12, 40, 12, 36)) + f"<p class=r>{me(s)}　{esc(s.house.address)}<br>TEL {sphone(s)}　FAX {sfax(s)}</p>", "sm")]


@layout("cover", "x_cover_excel", ("office", "hospital", "clinic"))
def cover_excel(s, what=None, pages=2):
    """A ruled sheet with the sender first and a row of boxes for the receiver's seals."""
    c, r = s.c, s.rng
    what = what or r.choice(["看護サマリー", "診療情報提供書", "訪問看護計画書", "退院前カンファレンスの件"])
    inst, pers = to(s)
    urgent = r.random() < 0.25 and "urgency" not in s.fields
    if urgent:
        s.put("urgency", "urgent", False, True)
    b = s.house.box if s.house.box != "ringbox" else "ring"
    out = f"<div class=sp><b style='font-size:1.8em;letter-spacing:.3em'>ＦＡＸ</b><table class=dg><tr><td class=qw>回覧</td><td class=qw>　</td><td class=qw>　</td><td class=qw>　</td></tr></table></div>" + table([[th("送信元", cls="c"), td(f"{me(s)}<br>{esc(s.house.address)}<br>TEL {sphone(s)}　FAX {sfax(s)}"), th("担当", cls="c"), td(s.person("sender.person", c.worker))], [th("送信先", cls="c"), td(f"{inst}<br>{pers} 様"), th("枚数", cls="c"), td(f"{pages}枚<br>（本紙含）")], [th("送信日", cls="c"), td(s.date("document.date", c.created)), th("区分", cls="c"), td(opts(s, ["至急", "普通"], "至急" if urgent else "普通", b))], [th("件名", cls="c"), td(what, 3)], [td(f"<span class=lb>通信欄</span><br>{r.choice(['お世話になっております。標記の書類をお送りします。', 'お電話でお話しした件です。ご確認ください。', '送付いたしますのでお目通しをお願いします。'])}", 4, st="height:16em;vertical-align:top")]], "mid", (12, 50, 10, 28))
    return [s.page(out + "<p class=tiny>※本FAXは個人情報を含みます。万一誤って届いた場合は送信元までご連絡ください。</p>")]
