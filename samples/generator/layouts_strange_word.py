"""Layouts of the set `strange`: a cooperative's hospital that writes with a word processor, a rehabilitation hospital's printed forms. See layouts_strange.py."""
import datetime as dt

import marks
from forms import adl_word, blanks, clock, day, day_text, family, gp, lb, me, opts, plain, procs, rx, sfax, sphone, table, td, th, to, to_house, years
from layouts_strange import DEVICES, FOUR, J, KEYS, allergy, born, born_boxes, day_boxes, drugs, grade, has, infection, kin, layout, level_pick, level_word, numbered, parts_of, room, second, sexw, story, tel, w
from marks import esc, seal
from sheet import GRADES

NAMES = {"adl.eating": "食　　事", "adl.transfer": "移　　乗", "adl.mobility": "移　　動", "adl.toileting": "排　　泄", "adl.bathing": "入　　浴", "adl.dressing": "更　　衣"}


# ---------------------------------------------------------------- 埼東厚生病院: a word processor
def line(a, b, width=6):
    return f"<div class=qp><span style='width:{width + 1.2}em'>{J(a, width)}</span><span style='flex:1'>{b}</span></div>"


@layout("referral", "x_ref_word")
def ref_word(s):
    """Labels spread over six letters; the patient's lines before the addressee's."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    out = f"<h1 style='letter-spacing:.7em'>紹　介　状</h1><div class=r>{day(s, 'document.date', c.created, 'zenr')}</div>" + line("御紹介先", f"{inst}") + line("御担当", f"{pers}　先生") + "<hr>" + line("患者氏名", f"{s.name(False)}　　{s.form.choice(['殿', '様'])}　（{s.kana('hira')}）") + line("生年月日", f"{born(s, '{n}　{e}年　{m}月　{d}日')}　（満　{years(s, '{}')}　歳）") + line("性別", s.sex("ring")) + line("住所", s.text("patient.address", c.address)) + line("電話", s.phone("patient.phone", c.phone)) + line("職業", w(s, r.choice(["無職", "農業", "元教員"]))) + "<hr>"
    out += line("病名", s.dx("1.")) + line("紹介目的", s.text("clinical.purpose", c.course.purpose)) + line("既往症", s.text("clinical.history", c.course.hist)) + line("経過", story(s, 5)) + line("処方", rx(s, "{n}　{a}　{u}")) + line("薬剤過敏症", allergy(s)) + line("感染症", infection(s)) + line("添付書類", opts(s, ["無", "有（レントゲン・採血・その他）"], "無", "ring"))
    return [s.page(out + f"<div class=rt2 style='margin-top:1.5em'>{esc(s.house.address)}<br>電話 {sphone(s)}<br>ファクシミリ {sfax(s)}<br>{me(s)}<br>{dept}　{s.person('sender.person', c.doctor)}{seal(r, c.doctor[0])}</div>", "sm")]


@layout("discharge_summary", "x_dis_word", ("clinic",))
def dis_word(s):
    """A letter with 拝啓 whose facts stand in sentences; drugs below 記."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    out = f"<div class=r>{day(s, 'document.date', c.created, 'reiwa')}</div><div>{inst}<br>院長　{pers}　先生</div><div class=rt2>{me(s)}<br>{dept}　主治医　{s.person('sender.person', c.doctor)}　㊞<br>電話 {sphone(s)}　ファクシミリ {sfax(s)}</div><div class=c style='margin:1em 0;text-decoration:underline;font-size:1.25em'>退院のご報告（退院時要約）</div><p>拝啓　{r.choice(['新緑の候', '晩秋の候', '早春の候', '盛夏の候'])}、先生にはますますご清祥のこととお慶び申し上げます。</p><p>　先般ご紹介いただきました{s.name(False)}様（{born(s, '{n}{e}年{m}月{d}日')}生、{sexw(s, '男性', '女性')}、{s.form.choice(['住所', 'ご住所'])}：{s.text('patient.address', c.address)}）は、{day(s, 'encounter.admission_date', c.admission, 'reiwa')}に当科へ入院され、{day(s, 'encounter.discharge_date', c.discharge, 'reiwa')}に退院されましたのでご報告申し上げます。</p>"
    out += f"<p>　診断は{s.dx('、')}です。既往として{s.text('clinical.history', c.course.hist)}がございます。</p><p>　{story(s, 5)}</p><p>　退院後は{s.v('encounter.destination', c.place)}で療養され、次回は{clock(s, 'next_visit.datetime', c.next, ('reiwa', '{D}（{W}曜日）{ap}{h12}時{m2}分'))}に当科を受診される予定です。薬物等のアレルギーは「{allergy(s)}」、感染症は「{infection(s)}」です。今後ともよろしくお願い申し上げます。</p><p class=r>敬具</p><p class=ki>記</p><div class=in2>退院時の処方<br>{rx(s, '{n}　{a}　{u}', None, '<br>', '　（{i}）')}</div><p class=r>以　上</p>"
    return [s.page(out)]


@layout("nursing_summary", "x_nur_soe")
def nur_soe(s):
    """看護添書: a ruled letter paper with headings in brackets and grades as signs that a legend explains."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    sign = ("◎", "○", "△", "×")
    out = f"<div class=sp><b style='font-size:1.6em;letter-spacing:.5em'>看護添書</b><span>{day(s, 'document.date', c.created, 'reiwa')}</span></div><div class=sp><span>{inst}<br>　　{pers} 様</span><span>{me(s, False)}<br>{s.v('sender.department', room(s), pen=False)}　看護師長 {plain(c.other)}</span></div>"
    out += table([[td(J("ふりがな", 5)), td(s.kana("hira"), 2), td(f"{sexw(s, '男性', '女性')}", cls="c"), td(f"入院　{day(s, 'encounter.admission_date', c.admission, 'reiwa')}")], [td(J("氏名", 5)), td(f"{s.name(False)}　様", 3), td(f"退院　{day(s, 'encounter.discharge_date', c.discharge, 'reiwa')}")], [td(J("生年月日", 5)), td(f"{born(s, '{n}{e}年{m}月{d}日')}（{years(s)}）", 3), td(f"行先　{s.v('encounter.destination', c.place)}")]], "mid hrow", (14, 20, 16, 10, 40))
    H = lambda a, b: f"<p style='margin-top:.7em'>〔{a}〕　{b}</p>"
    out += H("診断", s.dx("、")) + H("これまでの病気", s.text("clinical.history", c.course.hist)) + H("入院中のようす", story(s, 5, True)) + H("日々のくらし（◎自立　○見守り　△一部介助　×全介助）", "　".join(f"{NAMES[k].replace('　', '')} {adl_word(s, k, sign)}" for k in KEYS)) + H("処置・器具", procs(s, [("無", None)] + DEVICES, "ring", "・")) + H("薬", rx(s, "{n} {a} {u}", None, "、")) + H("アレルギー", allergy(s)) + H("感染症", infection(s)) + H("介護認定", level_word(s)) + H("ご家族", f"{n}様（{rel}・主たる連絡先）電話 {num}<br>　　　　　　{second(s)}様（{kin(s)}）電話 {tel(s, True)}")
    return [s.page(out + f"<p style='margin-top:1em'>ご不明の点は下記までお問い合わせください。</p><div class=r>担当看護師　{s.person('sender.person', c.nurse)}{seal(r, c.nurse[0])}<br>電話 {sphone(s)}　ファクシミリ {sfax(s)}</div>", "sm")]


@layout("conference_notice", "x_conf_word")
def conf_word(s):
    """A polite letter; the appointment in a double frame, the patient below it."""
    c, r = s.c, s.rng
    c.discharge = c.conf.date() + dt.timedelta(days=r.randint(3, 14))
    inst, pers = to(s)
    s.put("sender.phone", s.house.direct, False, False, [s.house.phone])
    a, b, d = s.house.direct.split("-")
    out = f"<div class=r>医福発第{r.randint(10, 480)}号<br>{day(s, 'document.date', c.created, 'reiwa')}</div><div>{inst}<br>{pers}　{s.house.honor}</div><div class=rt2>{me(s)}<br>{s.v('sender.department', s.house.unit, pen=False)}　相談員　{s.person('sender.person', c.worker)}</div><h1 style='font-size:1.25em;margin:1em 0'>退院調整会議へのご出席について（依頼）</h1><p>　日頃より当院の運営に格別のご高配を賜り、深く感謝申し上げます。標記の会議を次のとおり開きますので、ご多用中誠に恐れ入りますが、ご出席くださいますようお願いいたします。</p>"
    out += f"<div class=dbox style='margin:1em 2em'>" + line("日時", clock(s, "conference.datetime", c.conf, ("reiwa", "{D}（{W}）{ap}{h12}時{m2}分から")), 4) + line("場所", f"当院　{s.v('conference.place', c.room)}", 4) + line("対象者", f"{s.name(False)}　{s.house.honor}（{sexw(s)}）　{born(s, '{n}{e}年{m}月{d}日')}生", 4) + line("病名", s.dx("、"), 4) + line("入院", day(s, "encounter.admission_date", c.admission, "reiwa"), 4) + line("退院予定", day(s, "encounter.discharge_date", c.discharge, "reiwa"), 4) + "</div>"
    return [s.page(out + f"<p>１．ご持参いただくもの　居宅サービス計画書の写し、名刺</p><p>２．院内の出席者　{plain(c.doctor)}（医師）、{plain(c.nurse)}（看護師）、{plain(c.other)}（理学療法士）</p><p>３．欠席される場合は、{day_text(c.conf.date() - dt.timedelta(days=2), 'reiwa')}までにご連絡ください。</p><p class=r>電話（直通）{a}（{b}）{d}<br>ファクシミリ {sfax(s)}</p>")]


@layout("cover", "x_cover_word", ("office", "hospital", "station"))
def cover_word(s, what=None, pages=2):
    """送付のご案内, what is sent in a small table."""
    c, r = s.c, s.rng
    what = what or r.choice(["診療情報提供書", "主治医意見書", "検査結果報告書", "訪問看護指示書"])
    inst, pers = to(s)
    out = f"<div>{inst}<br>{pers}　様</div><h1 style='margin:1.2em 0'>書 類 送 付 の 御 案 内</h1><div class=rt2>{s.date('document.date', c.created)}<br>{me(s)}<br>{esc(s.house.address)}<br>{s.house.tel[0]}　{sphone(s)}<br>{s.house.tel[1]}　{sfax(s)}<br>{J('担当', 3)}　{s.person('sender.person', c.worker)}</div><p style='margin-top:1.5em'>平素は大変お世話になっております。下記の書類を送付いたしますので、よろしくご査収ください。</p>" + table([[th("書類の名称", cls="c"), th("部数", cls="c"), th("備考", cls="c")], [td(what), td("1", cls="c"), td("")], [td("　"), td(""), td("")], [td("　"), td(""), td("")]], "", (60, 12, 28))
    return [s.page(out + f"<p>送信枚数　　{pages}　枚（本票を含みます）</p>")]


# ---------------------------------------------------------------- 千住橋リハビリテーション病院: printed forms with cards
@layout("nursing_summary", "x_nur_marks")
def nur_marks(s):
    """Grades as columns to ring, from full help down to alone; dates in boxes."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    o = lambda names, on: opts(s, names, on, "glyph")
    out = f"<div class=c2><div><h1 style='text-align:left'>退院時 看護要約</h1>{inst}<br>{pers} 様</div><div class=r style='flex:1.3'>{day_boxes(s, 'document.date', c.created)}<br>{me(s)}<br>{s.v('sender.department', room(s), pen=False)}　TEL {sphone(s)}<br>FAX {sfax(s)}</div></div>"
    out += table([[lb("フリガナ・氏名", f"{s.kana('full')}<br><b style='font-size:1.2em'>{s.name(False)}</b>　様", 2), lb("生年月日", born_boxes(s) + f"　{years(s)}", 3), lb("性別", s.sex("ring"))], [lb("入院日", day_boxes(s, "encounter.admission_date", c.admission), 3), lb("退院日", day_boxes(s, "encounter.discharge_date", c.discharge), 3)], [lb("診断名（主なもの）", s.dx("、"), 4), lb("発症日", day_text(c.admission - dt.timedelta(days=r.randint(20, 60)), "western"), 2)], [lb("既往", s.text("clinical.history", c.course.hist), 6)]], "", (16, 15, 19, 19, 19, 12))
    down = list(zip(reversed(FOUR), reversed(GRADES)))
    s_rows = []
    for k in KEYS:
        g = s.c.adl[k]
        s.put(k, g, False, True)
        s_rows.append([th(NAMES[k].replace("　　", "　"), cls="c")] + [td(marks.ring(r, "○") if v == g else "○", cls="c") for _, v in down] + [td({"adl.mobility": o(["杖", "装具", "車いす"], r.choice(["杖", "車いす"])), "adl.eating": o(["普通", "とろみ"], "普通"), "adl.toileting": o(["昼トイレ", "夜尿器"], "昼トイレ")}.get(k, ""))])
    out += table([[th("生活動作", cls="c")] + [th(x, cls="c") for x, _ in down] + [th("補足", cls="c")]] + s_rows, "mid", (16, 12, 12, 12, 12, 36))
    out += table([[th("経過と申し送り", cls="v"), td(story(s, 4, True), 3, st="height:9em")], [th("処置", cls="v"), td(procs(s, [("なし", None)] + DEVICES, "glyph"), 3)], [th("薬剤", cls="v"), td(rx(s, "{n} {a} {u}"), 3)], [th("注意", cls="v"), td(f"アレルギー　{has(s, 'clinical.allergies', c.allergy, 'あり', 'なし', 'glyph', '　', False)}", 2), td(f"感染　{has(s, 'clinical.infections', c.infection, 'あり', 'なし', 'glyph', '　', False)}")], [th("家族", cls="v"), td(f"{n}（{rel}）<br>{num}"), td(f"{second(s)}（{kin(s)}）<br>{w(s, tel(s, True))}"), td(f"連絡の優先　{o(['1', '2'], '1')}<br>退院先　{s.v('encounter.destination', c.place)}")]], "mid", (6, 31, 31, 32))
    return [s.page(out + f"<div class=sp style='margin-top:.6em'><span>要介護度　{level_word(s)}</span><span style='padding-right:2.5em;white-space:nowrap'>看護師　{s.person('sender.person', c.nurse)}{seal(r, c.nurse[0])}</span></div>", "sm")]


@layout("other", "x_rehab_report", ("hospital", "clinic", "office"))
def rehab_report(s):
    """リハビリテーション報告書 to whoever goes on with it."""
    c, r = s.c, s.rng
    F = [("食事", 7), ("整容", 7), ("清拭", 7), ("更衣（上）", 7), ("更衣（下）", 7), ("トイレ", 7), ("排尿", 7), ("排便", 7), ("ベッド移乗", 7), ("トイレ移乗", 7), ("浴槽移乗", 7), ("歩行・車いす", 7), ("階段", 7)]
    pts = [r.randint(3, 7) for _ in F]
    out = f"<h1>リハビリテーション報告書</h1><div class=sp><span>{to_house(s)}　リハビリ担当者 様</span><span>{day_text(c.created, 'western')}</span></div><p>患者氏名　<b>{s.name(False)}</b>　様（{s.kana('full')}）　{s.sex('ring')}　{born(s, '{y}年{m}月{d}日（{n1}{e}）')}　{years(s)}</p>" + table([[th("診断名"), td(esc("、".join(c.dx)), 3)], [th("発症日"), td(day_text(c.admission - dt.timedelta(days=30), "western")), th("訓練期間"), td(f"{day_text(c.admission, 'western')} ～ {day_text(c.discharge, 'western')}")], [th("主治医"), td(plain(c.doctor)), th("担当"), td(f"PT {plain(c.worker)}　OT {plain(c.nurse)}")]], "mid", (13, 34, 13, 40))
    out += "<div class=c2><div>" + table([[th("FIM（運動）", cls="c"), th("入院時", cls="c"), th("退院時", cls="c")]] + [[td(a), td(str(max(1, p - r.randint(0, 3))), cls="c"), td(str(p), cls="c")] for (a, _), p in zip(F, pts)] + [[td("小計"), td("", cls="c"), td(str(sum(pts)), cls="c")]], "", (50, 25, 25)) + "</div><div>" + table([[th("評価項目", cls="c"), th("結果", cls="c")], [td("10m歩行"), td(f"{r.uniform(8, 22):.1f}秒")], [td("TUG"), td(f"{r.uniform(9, 30):.1f}秒")], [td("BBS"), td(f"{r.randint(24, 55)}／56")], [td("握力"), td(f"右 {r.randint(8, 32)}kg　左 {r.randint(8, 32)}kg")], [td("MMSE"), td(f"{r.randint(18, 30)}／30")], [td("HDS-R"), td(f"{r.randint(16, 30)}／30")], [td("疼痛"), td(f"NRS {r.randint(0, 5)}")]], "", (45, 55)) + "</div></div>"
    return [s.page(out + table([[lb("経過", esc("".join(c.course.nursing[:3])), st="height:7em")], [lb("残された課題", "段差の昇り降り、屋外での耐久性。", st="height:4em")], [lb("今後の提案", "通所でのバランス練習、家屋の手すり設置。", st="height:4em")]]) + f"<p class=r>{me(s)}<br>{esc(s.house.address)}<br>TEL {sphone(s)}　FAX {sfax(s)}</p>", "sm")]


@layout("discharge_record", "x_record_cards")
def record_cards(s):
    """退院・退所情報記録書 in rounded cards and two columns."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    o = lambda names, on, sep="　": opts(s, names, on, "glyph", sep)
    card = lambda t, h: f"<div class=qcard><b>{t}</b>{h}</div>"
    A = lambda k: grade(s, k, [(f, g) for f, g in zip(FOUR, GRADES)], "glyph", " ")
    one = f"<h1>退院・退所情報記録書</h1><div class=sp><span>居宅介護支援事業所　{inst}<br>介護支援専門員　{pers} 様</span><span class=r>記載日　{day(s, 'document.date', c.created, 'western')}<br>{me(s)}<br>MSW {s.person('sender.person', c.worker)}<br>TEL {sphone(s)}　FAX {sfax(s)}</span></div><div class=c2><div>"
    one += card("ご本人", f"{s.kana('full')}<br><b style='display:inline;font-size:1.2em;border:none'>{s.name(False)}</b> 様　{s.sex('box')}<br>{born(s, '{n}{e}年{m}月{d}日')}　{years(s)}<br>{s.text('patient.address', c.address)}") + card("入院の経過", f"入院日　{day(s, 'encounter.admission_date', c.admission, 'western')}<br>退院予定日　{day(s, 'encounter.discharge_date', c.discharge, 'western')}<br>原因疾患　{s.dx('、')}<br>既往　{s.text('clinical.history', c.course.hist)}") + card("要介護度", f"<div class=qv>{level_pick(s, 'glyph', ' ')}</div>") + card("ご家族", f"{n}（{rel}）主な連絡先<br>{num}<br>{second(s)}（{kin(s)}）") + "</div><div>"
    one += card("生活の状況", "<br>".join(f"{J(b, 3)}　{A(k)}" for k, b in (("adl.mobility", "移動"), ("adl.transfer", "移乗"), ("adl.eating", "食事"), ("adl.toileting", "排泄"), ("adl.bathing", "入浴"), ("adl.dressing", "更衣")))) + card("医療処置", procs(s, [("なし", None)] + DEVICES, "glyph")) + card("アレルギー", allergy(s)) + card("感染症", infection(s)) + card("内服薬", rx(s, "{n} {a} {u}")) + card("退院後", f"{s.v('encounter.destination', c.place)}<br>主治医　{w(s, gp(s))}（{o(['通院', '訪問'], '通院')}）") + "</div></div>"
    return [s.page(one + card("留意事項・症状の見通し", f"<div style='min-height:6em'>{story(s, 3, True)}</div>") + card("ご本人・ご家族の意向", f"本人：{w(s, r.choice(['自宅で過ごしたい。', '仕事に戻りたい。']))}<br>家族：{w(s, r.choice(['安全に暮らしてほしい。', '介護保険を利用して支えたい。']))}"), "sm")]


@layout("discharge_summary", "x_dis_halves")
def dis_halves(s):
    """Facts in a narrow column at the left, text at the right."""
    c, r = s.c, s.rng
    dept = s.v("sender.department", s.department(), pen=False)
    F = lambda a, b: f"<div style='margin-bottom:.5em'><span class=lb>{a}</span>{b}</div>"
    left = F("患者番号", str(r.randint(100000, 999999))) + F("氏名", f"<b>{s.name(False)}</b>") + F("カナ", s.kana("full")) + F("生年月日", born(s, "{y}年{m}月{d}日") + f"<br>{years(s)}") + F("性別", sexw(s)) + F("入院日", day(s, "encounter.admission_date", c.admission, "western")) + F("退院日", day(s, "encounter.discharge_date", c.discharge, "western")) + F("転帰", r.choice(["軽快", "不変", "治癒"])) + F("退院先", s.v("encounter.destination", c.place)) + F("主治医", s.person("sender.person", c.doctor)) + F("看護師", plain(c.nurse)) + F("療法士", plain(c.worker)) + F("アレルギー", allergy(s)) + F("感染症", infection(s)) + F("作成日", day(s, "document.date", c.created, "western"))
    H = lambda a, b: f"<div style='margin-top:.6em'><b>▼ {a}</b><div>{b}</div></div>"
    right = H("診断名", numbered(s, "<br>", "({i}) ")) + H("既往歴", s.text("clinical.history", c.course.hist)) + H("入院経過", story(s, 7)) + H("退院時処方", rx(s, "{n} {a} {u}", None, "<br>", "・")) + H("次回", clock(s, "next_visit.datetime", c.next, ("western", "{D}（{W}）{h}:{m2}　当院外来")))
    out = f"<div class=sp><b style='font-size:1.5em'>退院時要約</b><span class=r>{me(s)}<br>{dept}　TEL {sphone(s)}　FAX {sfax(s)}</span></div><hr><div class=c2 style='gap:1em'><div style='flex:0 0 27%;border-right:.4mm solid #000;padding-right:.6em'>{left}</div><div>{right}</div></div>"
    return [s.page(out, "sm")]


@layout("conference_notice", "x_conf_cards")
def conf_cards(s):
    """An invitation with candidates of days, of which one is decided."""
    c, r = s.c, s.rng
    c.discharge = c.conf.date() + dt.timedelta(days=r.randint(2, 9))
    inst, pers = to(s)
    card = lambda t, h: f"<div class=qcard><b>{t}</b>{h}</div>"
    other = [c.conf + dt.timedelta(days=x, hours=-1) for x in (-1, 1)]
    days = sorted([(x, False) for x in other] + [(c.conf, True)])
    show = lambda x, on: f"<b style='display:inline;border:none'>{clock(s, 'conference.datetime', x, ('western', '{D}（{W}）{h2}:{m2}'))}　← 決定</b>" if on else f"{day_text(x.date(), 'western')}（{'月火水木金土日'[x.weekday()]}）{x.hour:02d}:{x.minute:02d}"
    out = f"<div class=sp><span>{inst}<br>{pers} 様</span><span>{day(s, 'document.date', c.created, 'western')}</span></div><h1>退院前カンファレンス ご案内</h1><p>候補日をお知らせいただきありがとうございました。下記に決まりましたのでご連絡いたします。</p>" + card("日程", "<br>".join(f"{'ＡＢＣ'[i]}案　{show(x, on)}" for i, (x, on) in enumerate(days))) + card("会場", s.v("conference.place", c.room) + (f"<br>オンライン：{s.v('conference.url', c.url, pen=False)}" if r.random() < 0.5 else "")) + card("患者さま", f"{s.name(False)} 様（{s.kana('full')}）　{sexw(s, '男性', '女性')}　{born(s, '{n}{e}年{m}月{d}日')}生<br>入院日 {day(s, 'encounter.admission_date', c.admission, 'western')}　退院予定 {day(s, 'encounter.discharge_date', c.discharge, 'western')}<br>病名　{s.dx('、')}")
    return [s.page(out + card("出席者", f"主治医（{plain(c.doctor, '')}）、看護師、PT・OT・ST、ご家族（{plain(c.contact, '')}様・{c.relation}）") + f"<div class=rt2 style='margin-top:1.5em'>{me(s)}<br>{s.v('sender.department', s.house.unit, pen=False)}<br>{s.person('sender.person', c.worker)}<br>TEL {sphone(s)}　FAX {sfax(s)}</div>")]
