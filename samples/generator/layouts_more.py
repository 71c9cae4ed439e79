"""Layouts of the set `more`: hospitals."""
import datetime as dt

from forms import adl_cells, adl_matrix, adl_word, born, born_era, clock, day, day_text, family, gp, has, kin, lb, level_short, me, opts, plain, procs, rx, rx_rows, sfax, sphone, table, td, tel, th, to, to_house, ward, years
from layouts_letters import layout
from marks import esc, seal
from sheet import ADL

NAMES = {"adl.transfer": "移乗", "adl.mobility": "移動", "adl.eating": "食事", "adl.toileting": "排泄", "adl.bathing": "入浴", "adl.dressing": "更衣"}
TUBES = [("末梢点滴", "点滴"), ("ＨＯＴ", "酸素療法"), ("吸引", "喀痰吸引"), ("気管切開", "気管切開"), ("ＰＥＧ", "胃ろう"), ("ＮＧチューブ", "経鼻栄養"), ("褥瘡", "褥瘡"), ("膀胱カテーテル", "尿道カテーテル"), ("尿路ストーマ", "尿路ストーマ"), ("消化管ストーマ", "消化管ストーマ"), ("自己注射", "自己注射"), ("その他", None)]


# ---------------------------------------------------------------- 緑風総合病院: Excel
@layout("nursing_summary", "m_nur_two")
def nur_two(s):
    """Two dense pages of narrow cells; the patient named again on the second."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    w = [8.33] * 12
    place = s.v("sender.department", ward(s), pen=False)
    head = lambda i: f"<div class=sp><b style='font-size:1.4em'>退院時看護サマリー</b><span>{me(s)}　{place}　（{i}/2）</span></div>"
    one = head(1) + table([[lb("提供先", f"{inst}　{pers} 様", 7), lb("記載日", day(s, "document.date", c.created, "slash"), 2), lb("記載者", s.person("sender.person", c.nurse), 3)], [lb("患者ID", str(r.randint(10**6, 10**7)), 2), lb("フリガナ", s.kana("full"), 4), lb("性別", s.sex("box"), 2), lb("生年月日", born(s, "west_era") + f"　{years(s)}", 4)],
                           [lb("患者氏名", f"<b>{s.name()}</b>", 4), lb("住所", f"{s.text('patient.address', c.address)}", 5), lb("電話", s.phone("patient.phone", c.phone), 3)], [lb("入院年月日", day(s, "encounter.admission_date", c.admission, "slash"), 3), lb("退院年月日", day(s, "encounter.discharge_date", c.discharge, "slash"), 3), lb("主治医", plain(c.doctor), 3), lb("退院先", s.v("encounter.destination", c.place), 3)],
                           [lb("診断名", s.dx("1.", "　"), 12)], [lb("既往歴", s.text("clinical.history", c.course.hist), 6), lb("手術・検査", f"{day_text(c.admission + dt.timedelta(days=2), 'slash')}　{r.choice(['手術', '内視鏡', 'CT'])}", 6)]], "", w)
    one += table([[th("家族構成・連絡先", r=3, c=2, cls="c"), th("氏名", 3, cls="c"), th("続柄", 1, cls="c"), th("電話番号", 3, cls="c"), th("KP", 1, cls="c"), th("備考", 2, cls="c")], [td(n, 3), td(rel), td(num, 3), td("◎", cls="c"), td(r.choice(["同居", "別居"]), 2)], [td(plain(c.contact2), 3), td(kin(s)), td(tel(s, True), 3), td(""), td("", 2)], [th("介護保険", 2, cls="c"), td(level_short(s, "square", " ", ("要支援1", "要支援2", "要介護1", "要介護2", "要介護3", "要介護4", "要介護5", "申請中", "なし")), 10)], [th("担当ケアマネ", 2, cls="c"), td(f"{s.v('care.office', s.other_office)}　{s.person('care.manager', c.manager)}", 10)]], "mid", w)
    one += table([[th("看護上の問題と経過", cls="c")], [td(s.course(True), st="height:13em")]]) + table([[th("感染症", cls="c"), td(has(s, "clinical.infections", c.infection, "有", "無", "square", "　")), th("アレルギー", cls="c"), td(has(s, "clinical.allergies", c.allergy, "有", "無", "square", "　"))]], "mid", (12, 38, 12, 38))
    g = [[th("", cls="c")] + [th(x, cls="c") for x in ("自立", "見守り", "一部介助", "全介助")] + [th("内容", cls="c")]] + [[th(NAMES[k], cls="c")] + adl_cells(s, k, "●") + [td({"adl.mobility": r.choice(["独歩", "杖", "歩行器", "車椅子"]), "adl.toileting": r.choice(["トイレ", "ポータブル", "おむつ"]), "adl.eating": r.choice(["主食：米飯　副食：常菜", "主食：全粥　副食：刻み"])}.get(k, ""))] for k in ADL]
    two = head(2) + f"<p>患者氏名　{plain(c.patient, '　')}　様</p>" + table(g, "mid", (14, 11, 11, 11, 11, 42)) + table([[th("コミュニケーション", cls="c"), td(f"視力 {opts(s, ['良', '不良'], '良', 'square')}　聴力 {opts(s, ['良', '難聴'], '良', 'square')}　意思疎通 {opts(s, ['可', '困難'], '可', 'square')}")], [th("睡眠", cls="c"), td(opts(s, ["良", "不眠"], "良", "square") + "　眠剤（　　　　）")], [th("皮膚", cls="c"), td(opts(s, ["異常なし", "乾燥", "発赤"], "異常なし", "square"))], [th("医療処置・管理", cls="c"), td(procs(s, TUBES, "square"))]], "mid", (18, 82))
    two += "<p>■ 退院時処方</p>" + rx_rows(s, ("薬剤名", "1日量", "用法"), True, None, "", (6, 50, 14, 30)) + table([[lb("薬剤管理", opts(s, ["自己管理", "家族管理", "一包化"], "家族管理", "square")), lb("残数", f"{r.randint(3, 14)}日分")]]) + table([[lb("申し送り事項", r.choice(["退院後の受診は家族が付き添います。", "訪問看護の導入を調整中です。"]), st="height:6em")]]) + f"<p class=r>TEL {sphone(s)}　FAX {sfax(s)}</p>"
    return [s.page(one, "m2"), s.page(two, "m2")]


@layout("discharge_summary", "m_dis_problem")
def dis_problem(s):
    """A problem list; tables with a row of heads and a row of values."""
    c, r = s.c, s.rng
    dept = s.v("sender.department", s.department(), pen=False)
    out = f"<div class=sp><span class=tiny>{me(s)}<br>{esc(s.house.address)}<br>TEL {sphone(s)}　FAX {sfax(s)}</span><span class=rcv>地域連携<br>{day_text(c.created + dt.timedelta(days=1), 'rslash')}<br>発送済</span></div><h1>退院時サマリー（医師）</h1>"
    out += table([[th(x, cls="c") for x in ("患者番号", "フリガナ", "氏名", "性別", "生年月日", "年齢")], [td(str(r.randint(10**5, 10**7))), td(s.kana("half")), td(s.name(False)), td(s.sex("text"), cls="c"), td(s.birth("west_wareki", False)), td(years(s), cls="c")]]) + table([[th(x, cls="c") for x in ("入院日", "退院日", "在院日数", "診療科", "主治医", "転帰")], [td(day(s, "encounter.admission_date", c.admission, "slash")), td(day(s, "encounter.discharge_date", c.discharge, "slash")), td(str((c.discharge - c.admission).days + 1), cls="c"), td(dept), td(s.person("sender.person", c.doctor)), td("軽快", cls="c")]])
    out += table([[th("Problem List", cls="c"), td(s.dx("#"))], [th("既往歴", cls="c"), td(s.text("clinical.history", c.course.hist))], [th("家族歴", cls="c"), td(r.choice(["特記なし", "父：脳卒中", "母：糖尿病"]))], [th("現病歴・入院経過", cls="c"), td(s.course(n=6), st="height:15em")], [th("退院時検査", cls="c"), td(f"WBC {r.randint(40, 90) * 100}, Hb {r.uniform(9, 14):.1f}, Alb {r.uniform(2.6, 4.2):.1f}, Cr {r.uniform(.5, 1.8):.2f}")], [th("退院処方", cls="c"), td(rx(s, "{n} {a} {u}", pre="{c} "))], [th("アレルギー", cls="c"), td(s.text("clinical.allergies", c.allergy))], [th("退院先", cls="c"), td(s.v("encounter.destination", c.place))], [th("フォロー", cls="c"), td(f"当院再診：{clock(s, 'next_visit.datetime', c.next, ('slash', '{D} {h}時{m2}分'))}／かかりつけ：{gp(s)}")]], "", (17, 83))
    return [s.page(out + f"<p class=r>記載日 {day(s, 'document.date', c.created, 'slash')}</p>", "m2")]


@layout("conference_notice", "m_conf_people")
def conf_people(s):
    c, r = s.c, s.rng
    c.discharge = c.conf.date() + dt.timedelta(days=r.randint(1, 12))
    inst, pers = to(s)
    out = f"<h1>退院前カンファレンス開催のご案内</h1><div class=c2><div>宛先：{inst}<br>　　　{pers} 様</div><div>発信：{me(s)}<br>　　　{s.v('sender.department', s.house.unit, pen=False)}<br>　　　担当者 {s.person('sender.person', c.worker)}<br>　　　TEL {s.house.direct}（直通）　FAX {sfax(s)}<br>　　　発信日 {day(s, 'document.date', c.created, 'slash')}</div></div>"
    s.put("sender.phone", s.house.direct, False, False, [s.house.phone])
    out += table([[th("患者", r=2, cls="c"), td(f"氏名　{s.name(False)} 様　　性別 {s.sex('text')}　　生年月日 {s.birth('slash', False)}（{years(s)}）")], [td(f"病名　{s.dx('、')}　／　入院日　{day(s, 'encounter.admission_date', c.admission, 'slash')}")], [th("日時", cls="c"), td(f"<b>{clock(s, 'conference.datetime', c.conf, ('slash', '{D}（{W}） {h2}:{m2} ～'))}</b>　所要約45分")], [th("場所", cls="c"), td(s.v("conference.place", c.room))]] + ([[th("Web参加", cls="c"), td(s.v("conference.url", c.url, pen=False) + f"（PW：{r.randint(100000, 999999)}）")]] if r.random() < 0.6 else []) + [[th("退院予定", cls="c"), td(f"{day(s, 'encounter.discharge_date', c.discharge, 'slash')}　退院先：{s.v('encounter.destination', c.place)}")]], "mid", (12, 88))
    people = [("患者・家族", f"{plain(c.patient)}、{plain(c.contact)}", "○"), ("主治医", plain(c.doctor), "○"), ("看護師", plain(c.nurse), "○"), ("理学療法士", plain(c.other), "○"), ("ケアマネジャー", "", "出・欠"), ("訪問看護", "", "出・欠"), ("福祉用具", "", "出・欠")]
    out += "<p>参加者一覧</p>" + table([[th("職種", cls="c"), th("氏名", cls="c"), th("出欠", cls="c"), th("備考", cls="c")]] + [[td(a), td(b), td(d, cls="c"), td("")] for a, b, d in people], "", (22, 36, 12, 30)) + f"<p>議題：① 現在の病状　② ADLと介助方法　③ 医療処置の引継ぎ　④ サービス内容</p><p>※ご出欠を {c.conf.month}/{c.conf.day}の3日前までにFAX（{s.house.fax}）でお知らせください。</p>"
    return [s.page(out)]


@layout("referral", "m_transfer")
def transfer(s):
    """A hospital asks another to take a patient over."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    o = lambda names, on: opts(s, names, on, "square")
    s.put("sender.phone", s.house.phone, False, False, [s.house.direct])
    out = f"<div class=sp><span>{inst}　御中<br>（ご担当　{pers} 様）</span><span class=r>{day(s, 'document.date', c.created, 'slash')}</span></div><h1>転院相談・診療情報提供書</h1>"
    rows = [[th("依頼元", r=2, cls="c"), td(f"{me(s)}　{dept}", 3), td(f"主治医 {s.person('sender.person', c.doctor)}", 2)], [td(f"TEL {sphone(s)}　FAX {sfax(s)}", 3), td(f"MSW {plain(c.worker)}（直通 {s.house.direct}）", 2)], [th("患者", r=3, cls="c"), td(f"<span class=lb>フリガナ</span>{s.kana('full')}", 2), td(f"<span class=lb>性別</span>{s.sex('ring')}"), td(f"<span class=lb>生年月日</span>{s.birth('west_wareki', False)}", 2)], [td(f"<span class=lb>氏名</span>{s.name(False)} 様", 2), td(f"<span class=lb>年齢</span>{years(s)}"), td(f"<span class=lb>電話</span>{s.phone('patient.phone', c.phone)}", 2)], [td(f"<span class=lb>住所</span>{s.text('patient.address', c.address)}", 5)],
            [th("病名", cls="c"), td(s.dx("1.", "　"), 5)], [th("既往", cls="c"), td(s.text("clinical.history", c.course.hist), 5)], [th("目的", cls="c"), td(s.text("clinical.purpose", c.course.purpose), 5)], [th("経過", cls="c"), td(s.course(n=5), 5, st="height:9em")], [th("入院日", cls="c"), td(day(s, "encounter.admission_date", c.admission, "slash"), 2), th("転院希望", cls="c"), td(f"{day_text(c.discharge, 'slash')} 以降", 2)], [th("感染症", cls="c"), td(s.text("clinical.infections", c.infection), 2), th("アレルギー", cls="c"), td(s.text("clinical.allergies", c.allergy), 2)], [th("処置", cls="c"), td(procs(s, TUBES, "square"), 5)], [th("ADL", cls="c"), td("　".join(f"{NAMES[k]}（{adl_word(s, k)}）" for k in ADL), 5)], [th("内服", cls="c"), td(rx(s, "{n} {a} {u}"), 5)], [th("個室", cls="c"), td(o(["希望", "不要"], "不要"), 2), th("KP", cls="c"), td("{}（{}）{}".format(*family(s)), 2)], [th("介護度", cls="c"), td(s.level("text"), 2), th("身障手帳", cls="c"), td(o(["無", "有"], "無"), 2)]]
    return [s.page(out + table(rows, "mid", (11, 24, 15, 14, 20, 16)) + "<p class=tiny>お手数ですが、受入れの可否を3日以内にご連絡ください。　可・不可（理由　　　　　　　　　）　受入予定日　　月　　日</p>", "sm")]


@layout("other", "m_wound")
def wound(s):
    c, r = s.c, s.rng
    b = "square"
    out = f"<h1>褥瘡対策に関する診療計画書</h1>" + table([[th("氏名"), td(s.name(False) + " 殿"), th("性別"), td(s.sex("ring")), th("病棟"), td(ward(s))], [th("生年月日"), td(s.birth("west_wareki"), 3), th("計画作成日"), td(day_text(c.created, "slash"))]]) + f"<p>褥瘡の有無　現在 {opts(s, ['なし', 'あり'], 'あり', b)}（仙骨部、右踵部）　過去 {opts(s, ['なし', 'あり'], 'なし', b)}</p><p>褥瘡発生日　{day_text(c.admission, 'slash')}</p>"
    risk = [("基本的動作能力（ベッド上 自力体位変換）", ["できる", "できない"]), ("病的骨突出", ["なし", "あり"]), ("関節拘縮", ["なし", "あり"]), ("栄養状態低下", ["なし", "あり"]), ("皮膚湿潤", ["なし", "あり"]), ("浮腫", ["なし", "あり"])]
    out += table([[th("危険因子の評価", 2, cls="c")]] + [[td(a), td(opts(s, o, r.choice(o), b))] for a, o in risk], "mid", (50, 50)) + table([[td("留意する項目"), td("関連する項目　圧迫・ズレ力の排除（体位変換、体圧分散寝具、頭部挙上方法、車椅子姿勢保持等）", st="height:5em")], [td("スキンケア"), td("洗浄後に保湿剤を塗布する。")], [td("栄養"), td("栄養補助食品を追加し、2週ごとに評価する。")]], "", (20, 80))
    return [s.page(out + f"<p class=r>医師 {plain(c.doctor)}　看護師 {plain(c.nurse)}</p><p class=r>{me(s)}</p>")]


# ---------------------------------------------------------------- けやき台病院: electronic record, underlined or bracketed heads
def angle(label, html):
    return f"<p><b>＜{label}＞</b></p><div class=in2>{html}</div>"


@layout("referral", "m_ref_line_ehr")
def ref_line(s):
    """Fixed-width print: labels and values in one column, a line of hyphens between parts."""
    c = s.c
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    rule = "<div style='border-bottom:.25mm dashed #000;margin:.4em 0'></div>"
    out = f"<div class=r>{day(s, 'document.date', c.created, 'reiwa')}</div><p><u>{inst}</u><br><u>{pers}　先生</u>　御侍史</p><div class=r>{esc(s.house.address)}<br>{me(s)}<br>{dept}　医師　{s.person('sender.person', c.doctor)}<br>TEL {sphone(s)}<br>FAX {sfax(s)}</div><h1><u>診療情報提供書</u></h1><p>下記の方を紹介いたしますので、よろしくお願い申し上げます。</p>{rule}<div class=dl><span>患者氏名</span><span>{s.name()}　（{s.kana('full')}）</span><span>生年月日</span><span>{s.birth('short', True)}　{s.sex('text')}</span><span>住　　所</span><span>〒{s.v('patient.postal_code', c.post)} {s.text('patient.address', c.address)}</span><span>電話番号</span><span>{s.phone('patient.phone', c.phone)}</span></div>{rule}"
    for a, h in (("傷病名", s.dx("#")), ("紹介目的", s.text("clinical.purpose", c.course.purpose)), ("既往歴", s.text("clinical.history", c.course.hist)), ("アレルギー歴", s.text("clinical.allergies", c.allergy)), ("現病歴・経過", s.course(n=5)), ("投薬内容", rx(s, "{n} {a} {u}", 30))):
        out += f"<p><u>{a}</u></p><div class=in2>{h}</div>"
    return [s.page(out + rule + "<p class=tiny>※本書に関するお問い合わせは地域連携室まで</p>")]


@layout("discharge_summary", "m_dis_left_ehr")
def dis_left(s):
    c, r = s.c, s.rng
    dept = s.v("sender.department", s.department(), pen=False)
    row = lambda a, b: f"<div class=sp style='justify-content:flex-start'><span style='width:8em;flex:none;text-align:right'>{a}：</span><span>{b}</span></div>"
    out = f"<div class=sp><b>{me(s)}</b><span>退院サマリ</span><span>{day(s, 'document.date', c.created, 'reiwa')} 作成</span></div><hr>" + row("氏名", f"{s.name()}（{s.sex('text')}）") + row("生年月日", s.birth("short", True)) + row("入院期間", f"{day(s, 'encounter.admission_date', c.admission, 'reiwa')} ～ {day(s, 'encounter.discharge_date', c.discharge, 'reiwa')}") + row("診療科", dept) + row("担当医", s.person("sender.person", c.doctor)) + row("紹介医", f"{gp(s)}　{plain(c.other)} 先生") + row("連絡先", f"TEL {sphone(s)}") + "<hr>"
    out += angle("診断", s.dx("#")) + angle("既往歴", s.text("clinical.history", c.course.hist)) + angle("生活歴", "喫煙 20本×30年（禁煙後10年）　飲酒 なし") + angle("入院後経過", s.course(n=6)) + angle("アレルギー", s.text("clinical.allergies", c.allergy)) + angle("感染症", s.text("clinical.infections", c.infection)) + angle("退院時処方", rx(s, "{n} {a} {u}", r.choice([None, 14]))) + angle("退院後", f"退院先　{s.v('encounter.destination', c.place)}<br>次回外来　{clock(s, 'next_visit.datetime', c.next, ('reiwa', '{D}（{W}） {h}:{m2}'))}")
    return [s.page(out)]


@layout("contact_sheet", "m_reply_line_ehr")
def reply_line(s):
    c = s.c
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    first = day_text(c.created - dt.timedelta(days=s.rng.randint(2, 9)), "reiwa")
    out = f"<p>{inst}<br>{pers} 先生 御机下</p><h1><u>返　　書</u></h1><p>拝復　平素より大変お世話になっております。{first}付にてご紹介いただきました {s.name(False)} 様（{s.birth('short', False)}、{s.sex('text')}）につきまして、ご報告いたします。</p>" + angle("診断名", s.dx("#")) + angle("経過", s.course(n=4)) + angle("処方", rx(s, "{n} {a} {u}"))
    out += f"<p>今後は {s.rng.choice(['当科外来にて', '3か月ごとに'])}経過を拝見いたします。次回予約は {clock(s, 'next_visit.datetime', c.next, ('reiwa', '{D} {ap}{h12}時{m2}分'))} です。</p><p class=r>敬具</p><div class=r>{day(s, 'document.date', c.created, 'reiwa')}<br>{me(s)} {dept}<br>{s.person('sender.person', c.doctor)}<br>TEL {sphone(s)} FAX {sfax(s)}</div>"
    return [s.page(out)]


@layout("nursing_summary", "m_nur_words")
def nur_words(s):
    """Prose under heads in black bars; grades in one table of words."""
    c, r = s.c, s.rng
    inst = to_house(s)
    n, rel, num = family(s)
    bar = lambda x: f"<div class=bar style='margin-top:.6em'>{x}</div>"
    out = f"<h1>看護情報提供書</h1><div class=sp><span>{inst} 看護責任者様</span><span class=r>{day(s, 'document.date', c.created, 'reiwa')}<br>{me(s)}　{s.v('sender.department', ward(s), pen=False)}<br>看護師　{s.person('sender.person', c.nurse)}{seal(r, c.nurse[0])}<br>TEL {sphone(s)}</span></div>" + bar("患者基本情報")
    out += f"<p>氏名　{s.name(False)} 殿（{s.kana('hira')}）　{s.sex('ring')}</p><p>生年月日　{born_era(s, ('大正', '昭和', '平成'), 'ring', '・')}　{years(s, '満{}歳')}</p><p>入院期間　{day(s, 'encounter.admission_date', c.admission, 'reiwa')}から{day(s, 'encounter.discharge_date', c.discharge, 'reiwa')}</p><p>病名　{s.dx('、')}</p><p>キーパーソン　{n}（{rel}）　電話 {num}</p><p>介護保険　{s.level('rows')}</p>"
    words = ("自立", "見守り", "一部介助", "全介助")
    out += bar("日常生活動作") + adl_matrix(s, ADL, NAMES, words) + bar("継続が必要な処置") + f"<p>{procs(s, TUBES, 'glyph')}</p>" + bar("看護の経過") + f"<p>{s.course(True)}</p>" + bar("薬剤") + f"<p>{rx(s, '{n} {a} {u}')}</p>" + bar("感染症・アレルギー") + f"<p>感染症：{s.text('clinical.infections', c.infection)}　　アレルギー：{s.text('clinical.allergies', c.allergy)}</p>"
    return [s.page(out)]


@layout("conference_notice", "m_conf_short")
def conf_short(s):
    c, r = s.c, s.rng
    c.discharge = c.conf.date() + dt.timedelta(days=r.randint(3, 14))
    inst, pers = to(s)
    out = f"<h1>カンファレンスのお知らせ</h1><p>{inst}　{pers} 様</p><p>お世話になっております。{s.name(False)}様の退院前カンファレンスを下記のとおり行います。</p><div class=rnd><p>●日　時：{clock(s, 'conference.datetime', c.conf, ('reiwa', '{D}（{W}） {ap}{h12}時{m2}分～'))}</p><p>●場　所：{s.v('conference.place', c.room)}</p><p>●患者様：{s.name(False)}　様　{s.birth('short', False)}　{s.sex('text')}</p><p>●退院予定日：{day(s, 'encounter.discharge_date', c.discharge, 'reiwa')}</p></div><p>ご都合の悪い場合は調整いたしますので、{day_text(c.created + dt.timedelta(days=1), 'reiwa')}までにお電話ください。</p>"
    return [s.page(out + f"<div class=rt2 style='margin-top:2em'>{day(s, 'document.date', c.created, 'reiwa')}<br>{me(s)}<br>{s.v('sender.department', s.house.unit, pen=False)}　{s.person('sender.person', c.worker)}<br>電話 {sphone(s)}<br>FAX {sfax(s)}</div>")]
