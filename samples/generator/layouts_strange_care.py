"""Layouts of the set `strange`: two clinics, a care office, a town's centre, a visiting-nurse station, a pharmacy. See layouts_strange.py."""
import datetime as dt

from forms import adl_word, blanks, boxed, clock, day, day_text, family, gp, lb, me, opts, plain, procs, rx, sfax, sphone, table, td, th, to, to_house, years
from layouts_strange import DEVICES, FOUR, J, KEYS, allergy, born, born_boxes, drugs, grade, has, infection, kin, layout, level_pick, level_word, numbered, parts_of, second, sexw, story, tel, w
from layouts_strange_word import line
from marks import esc, seal
from sheet import GRADES, LEVELS


def period(s, days):
    """An order's period; the truth carries it beside what is scored."""
    a = s.c.created + dt.timedelta(days=s.rng.randint(0, 3))
    b = a + dt.timedelta(days=s.rng.choice(days))
    s.unscored |= {"order.period_start": a.isoformat(), "order.period_end": b.isoformat()}
    return a, b


def devices(s, names, style, sep="　"):
    """Devices of an order: [(word, the contract's word or None)]."""
    on = [k for _, k in names if k in s.c.procs]
    if on:
        s.put("clinical.procedures", on, False, True, [[a.lstrip("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬ ") for a, k in names if k in on]])
    return sep.join(s.mark(a, bool(k) and k in s.c.procs, style) for a, k in names)


# ---------------------------------------------------------------- 亀有つむぎ診療所: orders and memos
@layout("nursing_order", "x_order_word")
def order_word(s):
    """The order typed without a frame, the station first."""
    c, r = s.c, s.rng
    a, b = period(s, [30, 90, 180])
    inst = to_house(s)
    o = lambda names, on: opts(s, names, on, "hand", " ")
    names = [("①自動腹膜灌流装置", None), ("②透析液供給装置", None), ("③酸素療法", "酸素療法"), ("④吸引器", "喀痰吸引"), ("⑤中心静脈栄養", None), ("⑥輸液ポンプ", "点滴"), ("⑦経管栄養（経鼻）", "経鼻栄養"), ("⑧経管栄養（胃瘻）", "胃ろう"), ("⑨留置カテーテル", "尿道カテーテル"), ("⑩人工呼吸器", None), ("⑪気管カニューレ", "気管切開"), ("⑫人工肛門", "消化管ストーマ"), ("⑬人工膀胱", "尿路ストーマ")]
    out = f"<h1>訪問看護指示書</h1><p>{inst}　殿</p><p>下記の方について、訪問看護の実施を指示いたします。</p>" + line("指示期間", f"{w(s, day_text(a, 'reiwa'))}　から　{w(s, day_text(b, 'reiwa'))}　まで") + line("利用者氏名", f"{s.name(False)}　様（{s.sex('ring')}）") + line("生年月日", s.birth("era_ring")) + line("住所", s.text("patient.address", c.address)) + line("電話番号", s.phone("patient.phone", c.phone)) + line("主傷病名", numbered(s, "　", "{c}")) + line("介護度", level_pick(s, "ring", "・", ("支援１", "支援２", "介護１", "介護２", "介護３", "介護４", "介護５", "申請中", "無"))) + "<hr>"
    out += f"<p>◆病状・治療の状態</p><div class=in2>{story(s, 3)}</div><p>◆使用中の薬剤（用法・用量）</p><div class=in2>{rx(s, '{n} {a} {u}')}</div><p>◆日常生活自立度　　寝たきり度 {o(['J', 'A', 'B', 'C'], r.choice(['J', 'A', 'B']))}　　認知症 {o(['なし', 'Ⅰ', 'Ⅱ', 'Ⅲ', 'Ⅳ', 'M'], r.choice(['なし', 'Ⅰ', 'Ⅱ']))}</p><p>◆装着・使用している医療機器</p><div class=in2>{devices(s, names, 'ring')}</div><p>◆指示事項</p><div class=in2>１．療養上の留意点　{w(s, r.choice(['転倒に注意', '脱水に注意し水分を促す', '血圧170以上は連絡']))}<br>２．リハビリテーション　{w(s, r.choice(['週2回 40分', '歩行訓練を週1回']))}<br>３．処置　{w(s, r.choice(['該当なし', '軟膏塗布']))}</div><p>◆アレルギー　{allergy(s)}</p><p>◆緊急時の連絡　{w(s, tel(s, True))}（24時間）　　不在時　{w(s, '留守番電話')}</p>"
    return [s.page(out + f"<div class=rt2 style='margin-top:1em'>{blanks(s, 'document.date', c.created)}<br>{esc(s.house.address)}<br>{me(s)}<br>医師　{s.person('sender.person', c.doctor)}{seal(r, c.doctor[0])}<br>TEL {sphone(s)}　FAX {sfax(s)}</div>", "sm")]


@layout("nursing_order", "x_order_toku")
def order_toku(s):
    """特別訪問看護指示書 with its reasons to tick; heads on black."""
    c, r = s.c, s.rng
    a, b = period(s, [7, 10, 13])
    s.ignore |= {"clinical.medications", "clinical.procedures", "clinical.purpose"}
    inst = to_house(s)
    o = lambda names, on, sep="<br>": opts(s, names, on, "hand", sep)
    K = lambda t: f"<div class=bar>{t}</div>"
    why = r.choice(["急性増悪", "終末期", "退院直後"])
    out = f"<div class=sp><span>指示先：{inst}　御中</span><span>{s.date('document.date', c.created)}</span></div><h1 style='border:.5mm solid #000;padding:.2em'>特別訪問看護指示書</h1>" + K("患者") + table([[td(f"氏名　{s.name(False)}　様"), td(s.sex("ring"), cls="c"), td(f"生年月日　{s.birth('era_ring')}")], [td(f"住所　{s.text('patient.address', c.address)}", 2), td(f"電話　{s.phone('patient.phone', c.phone)}")]], "", (36, 16, 48)) + K("特別指示の期間（14日以内）") + f"<p class=c>{w(s, day_text(a, 'reiwa'))}　～　{w(s, day_text(b, 'reiwa'))}</p>" + K("病名") + f"<p>{s.dx('、')}</p>" + K("病状・主訴") + f"<p>{story(s, 3)}</p>" + K("頻回の訪問を要する理由") + f"<p>{o(['急性増悪', '終末期', '退院直後', 'その他（　　　　　　　　　　　　　）'], why)}</p>" + K("指示事項") + f"<div style='min-height:5em'>{w(s, r.choice(['毎日の点滴と全身の観察をお願いします。', '疼痛の評価と連日の連絡をお願いします。', '創部の洗浄と保護を1日1回。']))}</div>" + K("緊急時の連絡先") + f"<p>{w(s, tel(s, True))}　{w(s, plain(c.other))} 医師</p>"
    return [s.page(out + f"<div class=r style='margin-top:1em'><b>{me(s)}</b><br>{esc(s.house.address)}<br>TEL {sphone(s)}　FAX {sfax(s)}<div style='margin-top:1em;padding-right:2em'>医師名　{s.person('sender.person', c.doctor)}　{seal(r, c.doctor[0])}</div></div>")]


@layout("referral", "x_ref_care", ("office",))
def ref_care(s):
    """診療情報提供書 for a care manager: advice under 居宅療養管理指導."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    o = lambda names, on: opts(s, names, on, "hand", " ")
    s.ignore |= {"clinical.purpose"}
    out = f"<div class=c style='border-top:.8mm solid #000;border-bottom:.3mm solid #000;font-size:1.35em'>診療情報提供書<br><span style='font-size:.7em'>（居宅療養管理指導に係る情報提供）</span></div><div class=sp style='margin-top:.6em'><span>{inst}<br>介護支援専門員　{pers}　様</span><span>{s.date('document.date', c.created)}</span></div>" + table([[th("利用者"), td(f"{s.name(False)} 様　{s.sex('ring')}"), th("生年月日"), td(s.birth("era_ring"))], [th("ご住所"), td(s.text("patient.address", c.address)), th("連絡先"), td(s.phone("patient.phone", c.phone))], [th("介護度"), td(level_word(s)), th("訪問日"), td(w(s, day_text(c.created - dt.timedelta(days=r.randint(0, 2)), "reiwa")))]], "mid", (11, 43, 11, 35))
    out += f"<p>１　診断名</p><div class=in2>{s.dx('1)')}</div><p>２　既往歴</p><div class=in2>{s.text('clinical.history', c.course.hist)}</div><p>３　病状と経過</p><div class=in2>{story(s, 3)}</div><p>４　処方</p><div class=in2>{rx(s, '{n} {a} {u}')}</div><p>５　サービス利用にあたっての留意点</p><div class=in2>・血圧 {o(['特になし', 'あり'], '特になし')}　・摂食 {o(['特になし', 'あり'], '特になし')}　・嚥下 {o(['特になし', 'あり'], r.choice(['特になし', 'あり']))}<br>・移動 {o(['特になし', 'あり'], 'あり')}　・運動 {o(['特になし', 'あり'], '特になし')}<br>・その他（{w(s, r.choice(['入浴は看護師の判断で可', '外出時は見守り', '該当なし']))}）</div><p>６　アレルギー</p><div class=in2>{allergy(s)}</div><p>７　次回訪問予定</p><div class=in2>{clock(s, 'next_visit.datetime', c.next, ('reiwa', '{D}（{W}）{h}時{m2}分頃'))}</div>"
    return [s.page(out + f"<div class=qfoot>{me(s)}　医師 {s.person('sender.person', c.doctor)}<br>{esc(s.house.address)}　TEL {sphone(s)}　FAX {sfax(s)}</div>", "sm")]


@layout("contact_sheet", "x_memo", ("office", "station"))
def memo(s):
    """Half a page of ruled lines to write on."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    msg = [r.choice(["本日往診。微熱あり、抗生剤を5日分出しました。", "尿量が減っています。水分を促してください。", "足のむくみが強く、利尿剤を増やしました。"]), r.choice(["入浴は解熱するまで控えてください。", "体重を週2回お知らせください。", "次の訪問で採血します。"]), r.choice(["ご家族には説明済みです。", "何かあれば夜間でもお電話ください。"])]
    s.unscored["message.body"] = "".join(msg)
    s.ignore |= {"clinical.course", "clinical.purpose"}
    urgent = r.random() < 0.3
    if urgent:
        s.put("urgency", "urgent", False, True)
    out = f"<div class=sp><span style='font-size:1.7em'>連 絡 票</span><span>{opts(s, ['至急', '本日中', '通常'], '至急' if urgent else '通常', 'ring', '・')}</span></div><div class=qrule>宛　{inst}　{pers} 様</div><div class=qrule>発　{me(s)}　{s.person('sender.person', c.nurse)}（{r.choice(['看護師', '事務'])}）</div><div class=qrule>日付　{s.date('document.date', c.created)}</div><div class=qrule>患者さん　{s.name(False)} 様　{born(s, '{l}{e}.{m}.{d}')}　{sexw(s)}</div>" + "".join(f"<div class=qrule>{w(s, x)}</div>" for x in msg) + "<div class=qrule>　</div>" * 4
    return [s.page(out + f"<div class=sp style='margin-top:1em'><span>お返事　{opts(s, ['要', '不要'], '不要', 'ring', '・')}</span><span>TEL {sphone(s)}　FAX {sfax(s)}</span></div>")]


# ---------------------------------------------------------------- 小仲台すぎうら消化器内科: stationery with its name at the side and the foot
def foot(s):
    return f"<div class=qfoot>〒263-0043　{esc(s.house.address)}　　<b>{me(s)}</b><br>院長　{s.person('sender.person', s.c.doctor)}　　電話 {sphone(s)}　FAX {sfax(s)}</div>"


@layout("referral", "x_ref_paper", ("hospital",))
def ref_paper(s):
    c, r = s.c, s.rng
    inst, pers = to(s)
    R = lambda a, b: f"<div class=qrule><span class=tiny>{a}</span>　{b}</div>"
    body = f"<div class=r>{s.date('document.date', c.created)}</div>" + R("先生方へ", f"{inst}　{pers} 先生") + R("お名前", f"{s.name(False)} 様　　{s.sex('ring')}") + R("お生まれ", f"{born(s, '{n1}{e}年{m}月{d}日')}（{years(s)}）") + R("おところ", f"{s.text('patient.address', c.address)}") + R("おでんわ", s.phone("patient.phone", c.phone)) + R("みたて", s.dx("、")) + R("お願い", s.text("clinical.purpose", c.course.purpose)) + R("これまで", s.text("clinical.history", c.course.hist)) + f"<p class=tiny>病状・検査・治療</p><div style='min-height:9em'>{story(s, 4)}</div>" + f"<p class=tiny>おくすり</p>{rx(s, '{n} {a} {u}')}<p><span class=tiny>アレルギー</span>　{allergy(s)}</p>"
    return [s.page(f"<div class=qside><div class=l>診療情報提供書（ご紹介）</div><div class=m>{body}</div></div>{foot(s)}")]


@layout("contact_sheet", "x_reply_paper", ("hospital", "clinic"))
def reply_paper(s):
    c, r = s.c, s.rng
    inst, pers = to(s)
    ref = c.created - dt.timedelta(days=r.randint(5, 25))
    body = f"<div class=r>{s.date('document.date', c.created)}</div><div>{inst}</div><div>{pers} 先生　御机下</div><p>　{s.name(False)} 様（{born(s, '{n1}{e}年{m}月{d}日')}生・{years(s)}・{sexw(s)}）をご紹介（{ref.month}月{ref.day}日付）いただきありがとうございました。</p><p>＜診断＞　{s.dx('、')}</p><p>＜経過＞　{story(s, 4)}</p><p>＜処方＞　{rx(s, '{n} {a} {u}')}</p><p>＜次回＞　{clock(s, 'next_visit.datetime', c.next, ('kan', '{D} {h}時{m2}分'))}　当院外来</p><p>　まずは取り急ぎ御礼かたがたご報告まで。</p>"
    return [s.page(f"<div class=qside><div class=l>御返事</div><div class=m>{body}</div></div>{foot(s)}")]


@layout("nursing_order", "x_order_sugi", ("station",))
def order_sugi(s):
    """The ministry's form as a clinic's software prints it: cells with labels above."""
    c, r = s.c, s.rng
    a, b = period(s, [30, 60, 182])
    inst = to_house(s)
    o = lambda names, on: opts(s, names, on, "re", " ")
    names = [("腹膜灌流装置", None), ("酸素療法", "酸素療法"), ("吸引器", "喀痰吸引"), ("中心静脈栄養", None), ("輸液ポンプ", "点滴"), ("経鼻経管栄養", "経鼻栄養"), ("胃瘻", "胃ろう"), ("留置カテーテル", "尿道カテーテル"), ("人工呼吸器", None), ("気管カニューレ", "気管切開"), ("人工肛門", "消化管ストーマ"), ("人工膀胱", "尿路ストーマ"), ("その他", None)]
    out = f"<h1>訪問看護指示書</h1>" + table([[lb("事業所", f"{inst}　御中", 2), lb("訪問看護指示期間", f"{day_text(a, 'kan')} ～ {day_text(b, 'kan')}", 2)], [lb("患者氏名", s.name(False) + " 様"), lb("性別", s.sex("ring")), lb("生年月日", s.birth("era_ring"), 2)], [lb("患者住所", s.text("patient.address", c.address), 3), lb("電話番号", s.phone("patient.phone", c.phone))], [lb("主たる傷病名", s.dx("(1)", "　"), 4)], [lb("病状・治療状態", story(s, 3), 4, st="height:6em")], [lb("投与中の薬剤の用量・用法", rx(s, "{n} {a} {u}"), 4)], [lb("日常生活自立度", f"寝たきり度 {o(['J1', 'J2', 'A1', 'A2', 'B1', 'B2', 'C1', 'C2'], r.choice(['J2', 'A2', 'B1']))}<br>認知症　　 {o(['Ⅰ', 'Ⅱa', 'Ⅱb', 'Ⅲa', 'Ⅲb', 'Ⅳ', 'M'], r.choice(['Ⅰ', 'Ⅱa']))}", 2), lb("要介護認定の状況", level_pick(s, "re", " ", ("要支援1", "要支援2", "要介護1", "要介護2", "要介護3", "要介護4", "要介護5", "申請中", "自立")), 2)], [lb("装着・使用医療機器等", devices(s, names, "re", " "), 4)], [lb("留意事項及び指示事項", w(s, r.choice(["バイタルサインの確認、内服管理。", "ストーマと皮膚の観察、入浴の介助。", "体重測定、浮腫の観察、栄養相談。"])), 4, st="height:5em")], [lb("緊急時の連絡先", w(s, tel(s, True)), 2), lb("薬物アレルギー等", allergy(s), 2)]], "", (30, 20, 22, 28))
    return [s.page(out + f"<p>上記のとおり指示いたします。　　{s.date('document.date', c.created)}</p>" + foot(s), "sm")]


# ---------------------------------------------------------------- ケアプラン ゆずの木
@layout("admission_info", "x_adm_justify")
def adm_justify(s):
    """入院時情報提供書 as a word processor's two columns of short lines."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    o = lambda names, on: opts(s, names, on, "css", " ")
    admitted = c.created - dt.timedelta(days=r.randint(0, 2))
    H = lambda t: f"<div class=barg style='margin-top:.5em'><b>{t}</b></div>"
    L = lambda a, b: line(a, b, 5)
    A = lambda k: grade(s, k, list(zip(("自立", "見守", "一部", "全介"), GRADES)), "css", " ")
    left = H("ご本人") + L("ふりがな", s.kana("hira")) + L("お名前", f"{s.name(False)} 様") + L("性別", s.sex("box")) + L("生年月日", born(s, "{n}{e}年{m}月{d}日") + f"<br>{years(s, '満 {} 歳')}") + L("ご住所", f"{s.v('patient.postal_code', c.post)}<br>{s.text('patient.address', c.address)}") + L("電話", s.phone("patient.phone", c.phone)) + L("保険者", s.v("patient.insurer_number", c.insurer)) + L("被保険者", s.v("patient.insured_number", c.insured)) + L("介護度", level_word(s)) + H("ご家族") + L("連絡順１", f"{n}（{rel}）<br>{num}　キーパーソン") + L("連絡順２", f"{second(s)}（{kin(s)}）<br>{w(s, tel(s, True))}") + L("世帯", o(["独居", "夫婦のみ", "同居"], r.choice(["独居", "夫婦のみ", "同居"])))
    right = H("病気と薬") + L("病名", s.dx("・")) + L("既往歴", s.text("clinical.history", c.course.hist)) + L("アレルギー", allergy(s)) + L("感染症", infection(s)) + L("内服", rx(s, "{n} {a} {u}")) + L("医療処置", procs(s, [("なし", None)] + DEVICES, "css", " ")) + H("動作（入院前）") + "".join(L(b, A(k)) for k, b in (("adl.mobility", "移動"), ("adl.transfer", "移乗"), ("adl.eating", "食事"), ("adl.toileting", "排泄"), ("adl.bathing", "入浴"), ("adl.dressing", "更衣")))
    out = f"<div class=c style='font-size:1.5em'><u>入院時情報提供書</u></div><div class=sp><span>{inst}<br>{pers} 様</span><span class=r>{s.date('document.date', c.created)}<br>{me(s)}<br>{s.person('sender.person', c.manager)}<br>でんわ {sphone(s)}<br>ファックス {sfax(s)}</span></div><p>入院日　{day(s, 'encounter.admission_date', admitted, 'reiwa')}　　主治医　{plain(c.other)} 先生（{gp(s)}）</p><div class='c2 vr'><div>{left}</div><div>{right}</div></div>"
    return [s.page(out + H("ケアマネジャーより") + f"<div style='min-height:5em'>{w(s, r.choice(['退院の日が決まる前に一度ご連絡ください。', 'お一人暮らしのため、退院前に家屋の確認をお願いします。', '入院前は週3回の通所介護を利用されていました。']))}</div>", "sm")]


@layout("admission_info", "x_adm_boxes")
def adm_boxes(s):
    """Two pages of cells with labels above and numbers in boxes; the second is ADL with reasons."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    o = lambda names, on: opts(s, names, on, "css", "　")
    admitted = c.created - dt.timedelta(days=r.randint(0, 2))
    one = f"<div class=sp><b style='font-size:1.4em'>入院時情報提供シート</b><span>{s.date('document.date', c.created)}</span></div>" + table([[lb("医療機関", inst), lb("ご担当", f"{pers} 様"), lb("居宅介護支援事業所", me(s)), lb("担当者", s.person("sender.person", c.manager))], [lb("でんわ", sphone(s), 2), lb("ファックス", sfax(s), 2)]], "", (26, 20, 34, 20)) + table([[lb("フリガナ", s.kana("full"), 2), lb("性別", s.sex("box")), lb("生年月日", born_boxes(s), 2)], [lb("利用者氏名", s.name(False) + " 様", 2), lb("年齢", years(s)), lb("電話", s.phone("patient.phone", c.phone), 2)], [lb("住所", s.text("patient.address", c.address), 5)], [lb("保険者番号", boxed(s, "patient.insurer_number", c.insurer), 2), lb("被保険者番号", boxed(s, "patient.insured_number", c.insured), 3)], [lb("要介護度", level_pick(s, "css", " "), 5)], [lb("入院日", day(s, "encounter.admission_date", admitted, "reiwa_sp"), 2), lb("入院の理由", w(s, r.choice(["転倒", "発熱", "息苦しさ", "精査目的"])), 3)]], "", (18, 22, 14, 22, 24))
    one += table([[th("氏名", cls="c"), th("続柄", cls="c"), th("電話", cls="c"), th("役割", cls="c")], [td(n), td(rel), td(num), td("キーパーソン")], [td(second(s)), td(w(s, kin(s))), td(w(s, tel(s, True))), td("日中の介護")], [td("　"), td(""), td(""), td("")]], "", (30, 16, 30, 24)) + table([[lb("現在の病名", s.dx("、"))], [lb("既往歴", s.text("clinical.history", c.course.hist))], [lb("アレルギー", has(s, "clinical.allergies", c.allergy, "あり", "なし", "css", "　", False))], [lb("感染症", has(s, "clinical.infections", c.infection, "あり", "なし", "css", "　", False))], [lb("服薬中の薬", rx(s, "{n} {a} {u}"))], [lb("医療処置", procs(s, [("なし", None)] + DEVICES, "css", "　"))]])
    W = {"adl.mobility": "屋内の移動", "adl.transfer": "起居・移乗", "adl.eating": "食べる", "adl.toileting": "用を足す", "adl.bathing": "お風呂", "adl.dressing": "着替え"}
    rows = [[th(W[k], cls="c"), td(grade(s, k, list(zip(("自立", "見守り", "一部介助", "全介助"), GRADES)), "css", "　")), td(w(s, {"adl.mobility": r.choice(["伝い歩き", "歩行器"]), "adl.eating": r.choice(["箸使用", "スプーン"]), "adl.bathing": "週2回 通所で"}.get(k, "")))] for k in ("adl.mobility", "adl.transfer", "adl.eating", "adl.toileting", "adl.bathing", "adl.dressing")]
    two = f"<p>（2枚目）　{plain(c.patient)} 様</p>" + table([[th("動作", cls="c"), th("程度", cls="c"), th("ようす", cls="c")]] + rows, "mid", (18, 52, 30)) + table([[lb("コミュニケーション", o(["支障なし", "耳が遠い", "言葉が出にくい"], "支障なし"))], [lb("もの忘れ", o(["なし", "あり"], r.choice(["なし", "あり"])))], [lb("入院前のサービス", w(s, r.choice(["通所リハ 週2、訪問介護 週1", "短期入所 月5日、福祉用具貸与"])))], [lb("退院に向けての希望", w(s, "自宅に戻りたいとのことです。"), st="height:5em")]])
    return [s.page(one, "sm"), s.page(two)]


@layout("contact_sheet", "x_ask_answer", ("clinic", "hospital"))
def ask_answer(s):
    """照会 above, the empty answer below in the same frame."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    msg = r.choice(["通所リハビリの開始にあたり、運動の可否と中止の基準をお教えください。", "福祉用具（特殊寝台）の利用について、医学的な所見を伺いたく存じます。", "サービス担当者会議を予定しています。ご意見をお聞かせください。", "訪問看護の導入を検討しています。必要性についてご教示ください。"])
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    out = f"<h1>ケアマネジャーからの照会書</h1><div class=sp><span>{inst}<br>{pers} 先生</span><span class=r>{s.date('document.date', c.created)}<br>{me(s)}<br>介護支援専門員　{s.person('sender.person', c.manager)}<br>でんわ {sphone(s)}　ファックス {sfax(s)}</span></div>" + table([[th("ご利用者", cls="c"), td(f"{s.name(False)} 様　{sexw(s, '男性', '女性')}"), th("生年月日", cls="c"), td(born(s, "{n} {e}年 {m}月 {d}日"))], [th("ご住所", cls="c"), td(s.text("patient.address", c.address)), th("介護度", cls="c"), td(level_word(s))], [th("おたずね", cls="c"), td(w(s, msg), 3, st="height:8em")], [th("同意", cls="c"), td(f"ご本人の同意　{opts(s, ['得ています', '得ていません'], '得ています', 'css')}", 3)]], "mid", (12, 44, 12, 32))
    return [s.page(out + "<div class=c style='margin:.6em'>▼　ご回答欄　（お手数ですがこのままご返信ください）　▼</div>" + table([[td("□ FAXで回答します　　□ 電話で話します（　　日　　時頃）　　□ 面談します（　　日　　時頃）", 2)], [th("ご意見", cls="c"), td("", st="height:10em")], [th("ご署名", cls="c"), td("医療機関名　　　　　　　　　　　　医師名　　　　　　　　　　印")]], "mid", (12, 88)))]


@layout("cover", "x_cover_letter", ("hospital", "clinic"))
def cover_letter(s, what=None, pages=2):
    """Handmade: a frame of dots, To and From below each other."""
    c, r = s.c, s.rng
    what = what or r.choice(["入院時情報提供書", "ケアプラン第1表～第3表", "照会書", "モニタリング報告"])
    inst, pers = to(s)
    out = f"<div style='border:1mm dotted #000;padding:.4em 1em;text-align:center;font-size:1.7em'>ファックスをお送りします</div>" + "".join(f"<div class=qrule style='font-size:1.1em'>{J(a, 5)}　{b}</div>" for a, b in [("どちらへ", f"{inst}　{pers} 様"), ("どちらから", f"{me(s)}　{s.person('sender.person', c.manager)}"), ("でんわ", sphone(s)), ("ファックス", sfax(s)), ("日にち", s.date("document.date", c.created)), ("なかみ", what), ("枚数", f"これを入れて{pages}枚")])
    return [s.page(out + f"<p style='margin-top:1.5em'>{r.choice(['いつもありがとうございます。お手すきの際にご覧ください。', '先ほどお電話した書類です。ご確認をお願いいたします。'])}</p>")]


# ---------------------------------------------------------------- 利根崎市在宅医療・介護連携支援センター: the town's common forms
@layout("contact_sheet", "x_city_link", ("clinic", "hospital"))
def city_link(s):
    """医療と介護の連携連絡票, the town's form with who writes to whom to tick."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    o = lambda names, on, sep="　": opts(s, names, on, "check", sep)
    msg = r.choice(["先週より食事量が半分ほどに減り、ご本人は受診をためらっておられます。往診の可否をご検討ください。", "ご家族の入院により介護者が不在となります。病状からみて短期入所が可能かお教えください。", "服薬が三種の容器に分かれており飲み間違いがあります。一包化をご検討いただけますか。"])
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    urgent = r.random() < 0.25
    if urgent:
        s.put("urgency", "urgent", False, True)
    out = f"<div class=sp><span>利根崎市版</span><span>{o(['緊急', '普通'], '緊急' if urgent else '普通')}</span></div><h1>医療と介護の連携連絡票</h1><p class=c>{o(['介護 → 医療', '医療 → 介護'], '介護 → 医療', '　　　')}</p>" + table([[th("送信日", cls="c"), td(day(s, "document.date", c.created, "reiwa"), 3)], [th("あて先", cls="c"), td(f"{inst}<br>{pers} 先生"), th("差出人", cls="c"), td(f"{me(s)}<br>{s.person('sender.person', c.worker)}<br>電話 {sphone(s)}<br>FAX {sfax(s)}")], [th("本人", r=2, cls="c"), td(f"<span class=lb>{s.kana('full')}</span>{s.name(False)} 様　（{s.sex('ring')}）"), th("生年月日", cls="c"), td(s.birth("era_ring"))], [td(f"<span class=lb>住所</span>{s.text('patient.address', c.address)}"), th("認定", cls="c"), td(level_word(s))], [th("用件", cls="c"), td(o(["相談", "報告", "日程調整", "その他"], r.choice(["相談", "報告"])), 3)], [th("内容", cls="c"), td(w(s, msg), 3, st="height:9em")], [th("希望する<br>回答方法", cls="c"), td(o(["FAX", "電話", "面談", "不要"], r.choice(["FAX", "電話"])), 3)], [th("回答", cls="c"), td("<span class=tiny>回答日　令和　　年　　月　　日　　回答者</span>", 3, st="height:9em")]], "mid", (12, 42, 12, 34))
    return [s.page(out + "<p class=tiny>※この連絡票は、本人または家族の同意を得て使用しています。　利根崎市医師会・利根崎市ケアマネジャー協議会</p>")]


@layout("admission_info", "x_city_adm", ("hospital",))
def city_adm(s):
    """入院時情報連携シート: bands upright at the left, three grades of help."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    o = lambda names, on: opts(s, names, on, "check", "　")
    admitted = c.created - dt.timedelta(days=r.randint(0, 2))
    three = [("介助なし", "independent"), ("一部介助", "partial"), ("全介助", "full")]
    A = lambda k: grade(s, k, three, "check", "　")
    rows = [[th("送受信", cls="v"), td(f"<span class=lb>医療機関</span>{inst}　{pers} 様", 3), td(f"<span class=lb>事業所</span>{me(s)}　{s.person('sender.person', c.manager)}<br>電話 {sphone(s)}　FAX {sfax(s)}", 3)], [th("基本", r=4, cls="v"), td("ふりがな", cls="c"), td(s.kana("hira"), 3), td("性別", cls="c"), td(s.sex("ring"))], [td("氏名", cls="c"), td(s.name(False) + " 様", 3), td("年齢", cls="c"), td(years(s))], [td("生年月日", cls="c"), td(s.birth("era_ring", False), 3), td("電話", cls="c"), td(s.phone("patient.phone", c.phone))], [td("住所", cls="c"), td(s.text("patient.address", c.address), 5)],
            [th("介護", r=2, cls="v"), td("要介護度", cls="c"), td(level_pick(s, "check", " ", ("支1", "支2", "介1", "介2", "介3", "介4", "介5", "申請中", "なし")), 5)], [td("被保険者番号", cls="c"), td(s.v("patient.insured_number", c.insured), 2), td("入院日", cls="c"), td(day(s, "encounter.admission_date", admitted, "reiwa"), 2)], [th("家族", r=2, cls="v"), td("キーパーソン", cls="c"), td(f"{n}（{rel}）", 2), td("連絡先", cls="c"), td(num, 2)], [td("その他", cls="c"), td(f"{second(s)}（{kin(s)}）", 2), td("連絡先", cls="c"), td(w(s, tel(s)), 2)],
            [th("医療", r=6, cls="v"), td("病名", cls="c"), td(s.dx("、"), 5)], [td("既往歴", cls="c"), td(s.text("clinical.history", c.course.hist), 5)], [td("処置", cls="c"), td(procs(s, [("なし", None)] + DEVICES, "check", "　"), 5)], [td("薬", cls="c"), td(rx(s, "{n} {a} {u}"), 5)], [td("アレルギー", cls="c"), td(allergy(s), 2), td("感染症", cls="c"), td(infection(s), 2)], [td("かかりつけ医", cls="c"), td(f"{w(s, gp(s))}　{w(s, tel(s))}", 5)]]
    rows += [[(th("動作", r=6, cls="v") if i == 0 else "") + td(b, cls="c"), td(A(k), 3), td(x, 2)] for i, (k, b, x) in enumerate([("adl.mobility", "移動", "用具 " + o(["杖", "歩行器", "車いす"], r.choice(["杖", "歩行器"]))), ("adl.transfer", "移乗", ""), ("adl.eating", "食事", o(["常食", "きざみ", "とろみ"], "常食")), ("adl.toileting", "排泄", o(["トイレ", "おむつ"], "トイレ")), ("adl.bathing", "入浴", ""), ("adl.dressing", "着脱", "")])] + [[th("連絡", cls="v"), td(w(s, r.choice(["退院調整の窓口を教えてください。", "独居のため緊急時は当方へ連絡願います。"])), 6, st="height:4.5em")]]
    return [s.page(f"<div class=sp><b style='font-size:1.35em'>入院時情報提供書</b><span>利根崎市 入退院連携シート　記入日 {day(s, 'document.date', c.created, 'reiwa')}</span></div>" + table(rows, "mid", (5, 14, 20, 14, 14, 13, 20)), "sm")]


@layout("conference_notice", "x_conf_city", ("clinic", "station", "hospital"))
def conf_city(s):
    c, r = s.c, s.rng
    c.discharge = c.conf.date() + dt.timedelta(days=r.randint(2, 10))
    s.unscored["encounter.facility"] = "五井湾岸総合病院"
    inst, pers = to(s)
    out = f"<div class=sp><span>{inst}<br>{pers} 様</span><span class=r>利長第{r.randint(100, 900)}号<br>{day(s, 'document.date', c.created, 'reiwa')}</span></div><div class=rt2>{me(s)}<br>{s.person('sender.person', c.worker)}（社会福祉士）</div><h1 style='font-size:1.3em'>退院前カンファレンス（出席依頼）</h1><p>　{s.name(False)}様（{born(s, '{n}{e}年{m}月{d}日')}生、{sexw(s)}、{s.text('patient.address', c.address)}）が{w(s, '五井湾岸総合病院')}を{day(s, 'encounter.discharge_date', c.discharge, 'reiwa')}に退院される予定です。つきましては、関係機関で支援の方法を話し合いたく、ご出席をお願いします。</p>"
    rows = [("日　時", clock(s, "conference.datetime", c.conf, ("reiwa", "{D}（{W}）{ap}{h12}時{m2}分～"))), ("場　所", s.v("conference.place", c.room)), ("議　題", "サービスの再開と緊急時の対応"), ("出席者", f"本人、{c.relation}、主治医、訪問看護、ケアマネジャー（{plain(c.manager)}）"), ("問合せ", f"電話 {sphone(s)}（内線{r.randint(200, 480)}）　FAX {sfax(s)}")]
    return [s.page(out + "<table class=fb style='margin:1em 0 0 2em'>" + "".join(f"<tr><td>{i + 1}　{a}</td><td>{b}</td></tr>" for i, (a, b) in enumerate(rows)) + "</table>" + (f"<p class=in2>※オンライン参加：{s.v('conference.url', c.url, pen=False)}</p>" if r.random() < 0.4 else ""))]


# ---------------------------------------------------------------- 訪問看護ステーション みぎわ
@layout("nursing_summary", "x_vns_form")
def vns_form(s):
    """訪問看護情報提供書 to a hospital: nested heads, small text, an own number of the nurse on call."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    o = lambda names, on: opts(s, names, on, "fill", "　")
    pairs = [("自立", "independent"), ("見守り等", "supervised"), ("一部介助", "partial"), ("全面介助", "full")]
    K = {"adl.mobility": "移動", "adl.transfer": "移乗", "adl.eating": "食事", "adl.toileting": "排泄", "adl.bathing": "入浴", "adl.dressing": "更衣"}
    rows = [[th("利用者", r=3, cls="v"), th("氏名"), td(f"<span class=lb>{s.kana('full')}</span>{s.name(False)}　様"), th("生年月日"), td(f"{s.birth('both')}　{s.sex('ring')}")], [th("住所"), td(s.text("patient.address", c.address)), th("電話"), td(s.phone("patient.phone", c.phone))], [th("要介護度"), td(level_word(s)), th("主治医"), td(w(s, gp(s) + "　" + c.other[0] + "医師"))], [th("病歴", r=2, cls="v"), th("主傷病名"), td(s.dx("、"), 3)], [th("既往歴"), td(s.text("clinical.history", c.course.hist), 3)]]
    rows += [[(th("生活動作", r=6, cls="v") if i == 0 else "") + th(K[k]), td(grade(s, k, pairs, "fill", "　"), 3)] for i, k in enumerate(K)]
    rows += [[th("看護", r=5, cls="v"), th("経過"), td(story(s, 4, True), 3, st="height:8em")], [th("医療処置"), td(procs(s, [("なし", None)] + DEVICES, "fill", "　"), 3)], [th("薬剤"), td(rx(s, "{n} {a} {u}"), 3)], [th("アレルギー"), td(has(s, "clinical.allergies", c.allergy, "有", "無", "fill", "　")), th("感染症"), td(has(s, "clinical.infections", c.infection, "有", "無", "fill", "　"))], [th("訪問"), td(w(s, r.choice(["週1回 60分", "週2回 30分"])), 1), th("他のサービス"), td(w(s, r.choice(["通所介護", "訪問入浴、福祉用具"])))], [th("家族", cls="v"), th("主介護者"), td(f"{n}（{rel}）"), th("電話"), td(num)]]
    return [s.page(f"<h1>訪問看護に係る情報提供書</h1><div class=sp><span>{inst}　{pers} 様</span><span>{day(s, 'document.date', c.created, 'reiwa')}</span></div>" + table(rows, "mid", (5, 13, 40, 13, 29)) + f"<div class=sp style='margin-top:.7em'><span>夜間当番　{tel(s, True)}</span><span class=r>{me(s)}<br>{esc(s.house.address)}<br>☎ {sphone(s)}　FAX {sfax(s)}<br><span style='display:inline-block;margin-top:.9em;padding-right:2em'>管理者　{s.person('sender.person', c.nurse)}　{seal(r, c.nurse[0])}</span></span></div>", "sm")]


@layout("nursing_summary", "x_vns_digest")
def vns_digest(s):
    """Newspaper columns."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    H = lambda a, b: f"<div style='break-inside:avoid;margin-bottom:.5em'><span class=barg>{a}</span><br>{b}</div>"
    K = {"adl.mobility": "移動", "adl.transfer": "移乗", "adl.eating": "食事", "adl.toileting": "排泄", "adl.bathing": "入浴", "adl.dressing": "更衣"}
    body = H("ご利用者", f"{s.name(False)} 様（{s.kana('hira')}）<br>{born(s, '{n}{e}年{m}月{d}日（{y}年）')}　{years(s)}　{sexw(s, '男性', '女性')}") + H("ご住所", f"{s.text('patient.address', c.address)}<br>{s.phone('patient.phone', c.phone)}") + H("病名", s.dx("1.")) + H("既往", s.text("clinical.history", c.course.hist)) + H("介護保険", f"{level_word(s)}<br>{s.v('care.office', s.other_office)}　{s.person('care.manager', c.manager)} 様") + H("ご家族", f"キーパーソン　{n} 様（{rel}）<br>{num}<br>ほかに {second(s)} 様（{kin(s)}）") + H("経過", story(s, 5, True)) + H("ADL", "、".join(f"{b}＝{adl_word(s, k)}" for k, b in K.items())) + H("処置", s.items("clinical.procedures", c.procs, "、") if c.procs else "なし") + H("お薬", rx(s, "{n} {a} {u}")) + H("アレルギー", allergy(s)) + H("感染症", infection(s))
    return [s.page(f"<div class=sp><b style='font-size:1.6em'>訪問看護サマリー</b><span>{day(s, 'document.date', c.created, 'reiwa')}</span></div><div class=sp><span>{inst}　{pers} 様</span></div><hr><div class=qnews>{body}</div><div class=qfoot>{me(s)}　看護師 {s.person('sender.person', c.nurse)}<br>☎ {sphone(s)}　FAX {sfax(s)}</div>", "sm")]


@layout("contact_sheet", "x_vns_state", ("clinic",))
def vns_state(s):
    """状況報告: vital signs in a table, a question to the doctor."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    msg = r.choice(["昨日から右下腿に熱感と発赤があります。写真を別送しました。ご指示をお願いします。", "酸素は1Lで94%ですが、体を動かすと88%まで下がります。流量についてご指示ください。", "便が5日出ておらず、浣腸の可否を伺います。", "血糖が食前で70台の日が続いています。単位の見直しは必要でしょうか。"])
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    urgent = r.random() < 0.3
    if urgent:
        s.put("urgency", "urgent")
    D = [c.created - dt.timedelta(days=x) for x in (2, 1, 0)]
    out = (f"<span class=stamp>至急</span>" if urgent else "") + f"<div style='font-size:1.5em'>利用者様 状況報告</div><div>{inst}　{pers} 先生</div><div style='margin-top:.5em'>{s.date('document.date', c.created)}　{me(s)}　{s.person('sender.person', c.nurse)}</div><hr>" + f"<p>利用者名　{s.name(False)} 様　　{born(s, '{n1}{e}.{m}.{d}')} 生　{sexw(s)}　　病名　{s.dx('、')}</p>" + table([[th("測定日", cls="c")] + [td(f"{d.month}/{d.day}", cls="c") for d in D], [th("体温", cls="c")] + [td(f"{r.uniform(36, 38):.1f}", cls="c") for _ in D], [th("血圧", cls="c")] + [td(f"{r.randint(98, 168)}/{r.randint(50, 92)}", cls="c") for _ in D], [th("脈拍", cls="c")] + [td(str(r.randint(56, 108)), cls="c") for _ in D], [th("SpO2", cls="c")] + [td(f"{r.randint(88, 99)}%", cls="c") for _ in D]], "", (22, 26, 26, 26)) + f"<div class=rnd style='min-height:8em;margin-top:.8em'><span class=lb>報告・おたずね</span>{w(s, msg)}</div><div class=rnd style='min-height:8em;margin-top:.8em'><span class=lb>先生からのご指示（FAXでご返送ください）</span></div>"
    return [s.page(out + f"<p class=r>☎ {sphone(s)}　FAX {sfax(s)}<br>（緊急用携帯 {tel(s, True)}）</p>")]


# ---------------------------------------------------------------- さざなみ薬局
@layout("other", "x_tracing", ("hospital", "clinic"))
def tracing(s):
    """服薬情報提供書（トレーシングレポート）."""
    c, r = s.c, s.rng
    o = lambda names, on, sep="　": opts(s, names, on, "square", sep)
    out = f"<div class=c style='font-size:1.3em'><b>服薬情報提供書（トレーシングレポート）</b></div><p class='c tiny'>＊この用紙による情報伝達は疑義照会ではありません＊</p>" + table([[td(f"{to_house(s)}　御中<br>{plain(c.doctor)} 先生　御机下"), td(f"報告日　{day_text(c.created, 'slash')}")], [td(f"患者ID　{r.randint(10000, 99999)}<br>患者名　{s.name(False)} 様　{s.sex('ring')}<br>生年月日　{born(s, '{y}/{m2}/{d2}')}"), td(f"{me(s)}<br>{esc(s.house.address)}<br>TEL {sphone(s)}　FAX {sfax(s)}<br>薬剤師　{plain(c.other)}{seal(r, c.other[0])}")]], "", (50, 50)) + f"<p>この情報を伝えることに対して患者の同意を　{o(['得た', '得ていないが、治療上重要と考え報告'], '得た')}</p>"
    m = c.course.meds
    return [s.page(out + table([[th("分類"), td(o(["残薬調整", "副作用", "服薬状況", "併用薬", "その他"], r.choice(["残薬調整", "服薬状況"])))], [th("処方日"), td(day_text(c.created - dt.timedelta(days=r.randint(3, 14)), "slash"))], [th("処方薬"), td("<br>".join(f"{esc(a)}　{esc(b)}　{esc(u)}" for a, b, u in m))], [th("情報の内容"), td(r.choice(["夕食後の薬が20日分ほど残っています。夕食を抜く日があるとのことでした。", "日中の眠気を訴えておられ、昼の薬を自己判断で止めています。", "市販の鎮痛薬を併用されていたため、重複を説明しました。"]), st="height:7em")], [th("薬剤師からの提案"), td(r.choice(["朝食後へのまとめをご検討ください。", "次回の日数調整をお願いいたします。"]), st="height:5em")], [th("医療機関からの返信"), td("□ 報告内容を確認した　　□ 提案どおり変更する<br>□ 提案は了解したが現状を継続する<br>コメント", st="height:6em")]], "mid", (20, 80)), "sm")]


@layout("other", "x_drug_letter", ("hospital", "clinic", "office"))
def drug_letter(s):
    """居宅療養管理指導報告書 of the pharmacist's visit."""
    c, r = s.c, s.rng
    o = lambda names, on: opts(s, names, on, "square", "　")
    out = f"<div class=r>{day_text(c.created, 'slash')}</div><div>{to_house(s)}　御中</div><h1>訪問薬剤管理指導 報告書</h1>" + line("ご利用者", f"{s.name(False)} 様　{sexw(s, '男性', '女性')}") + line("生年月日", f"{born(s, '{n}{e}年{m}月{d}日')}　{years(s)}") + line("ご住所", s.text("patient.address", c.address)) + line("訪問日", day_text(c.created - dt.timedelta(days=1), "slash")) + line("お薬", "<br>".join(f"・{esc(a)}　{esc(b)}　{esc(u)}" for a, b, u in c.course.meds)) + line("服薬状況", o(["良好", "時々忘れる", "不良"], r.choice(["良好", "時々忘れる"]))) + line("保管状況", o(["良好", "要改善"], "良好")) + line("残薬", o(["なし", "あり"], "あり") + f"（{r.randint(3, 14)}日分）") + line("副作用", o(["なし", "疑いあり"], "なし")) + line("指導内容", "お薬カレンダーの使い方を確認し、次回分を配薬しました。")
    return [s.page(out + f"<div class=rt2 style='margin-top:2em'>{me(s)}<br>管理薬剤師　{plain(c.other)}<br>TEL {sphone(s)}　FAX {sfax(s)}</div>")]
