"""Layouts of the set `more`: a clinic, a care office, a visiting-nurse station, a care home, covers."""
import datetime as dt

from forms import adl, adl_code, adl_word, after, blanks, born_era, boxed, day, day_text, family, gp, has, heavier, kin, lb, level_short, me, opts, plain, procs, rx, sfax, sphone, table, td, tel, th, to, to_house, years
from layouts_letters import layout
from layouts_more import NAMES, TUBES
from marks import esc, seal
from sheet import ADL, LEVELS, wdate

# where a sheet goes that is not for its type's usual addressees
TO = {"m_slip": ("office", "station"), "m_fac_contact": ("clinic", "hospital"), "m_opinion": ("office",), "m_fac_record": ("office",), "m_vns_month": ("clinic", "hospital")}


# ---------------------------------------------------------------- オーク在宅クリニック: forms filled by pen
@layout("nursing_order", "m_order_special")
def order_special(s):
    """特別訪問看護指示書 with the drip order."""
    c, r = s.c, s.rng
    start = c.created + dt.timedelta(days=r.randint(0, 2))
    end = start + dt.timedelta(days=13)
    s.unscored |= {"order.period_start": start.isoformat(), "order.period_end": end.isoformat()}
    s.ignore |= {"clinical.medications", "clinical.procedures", "clinical.diagnoses", "clinical.purpose"}
    inst = to_house(s)
    out = f"<h1>特 別 訪 問 看 護 指 示 書</h1><p>{s.mark('特別看護指示期間', True, 'hand')}（{wdate(start, 'reiwa_sp')}～{wdate(end, 'reiwa_sp')}）<br>{s.mark('点滴注射指示期間', False, 'hand')}（　　　年　　月　　日～　　　年　　月　　日）</p>"
    out += table([[th("患者氏名", cls="c"), td(f"{s.name(False)}　　　　様"), td(f"{born_era(s, ('明', '大', '昭', '平', '令'), 'ring', '・')}　生<br>（{years(s)}）")], [th("病状・主訴", cls="c"), td(s.course(n=2), 2, st="height:7em")], [td("一時的に訪問看護が頻回に必要な理由<br>" + r.choice(["急性増悪のため、連日の状態観察が必要なため。", "退院直後で病状が不安定なため。"]), 3, st="height:6em")], [td("留意事項及び指示事項（注：点滴注射薬の相互作用・副作用についての留意点があれば記載して下さい。）<br>" + r.choice(["バイタルサインの確認と水分出納の記録。", "疼痛の評価とレスキューの使用状況の確認。"]), 3, st="height:7em")], [td("点滴注射指示内容（投与薬剤・投与量・投与方法等）<br>　", 3, st="height:4em")], [td(f"緊急時の連絡先等　{tel(s, True)}", 3)]], "mid", (16, 44, 40))
    return [s.page(out + f"<p>上記のとおり、指示いたします。</p><div class=rt2>{blanks(s, 'document.date', c.created)}<br>医療機関名　{me(s)}<br>電　　　話　{sphone(s)}<br>Ｆ　Ａ　Ｘ　{sfax(s)}<br>医師氏名　　{s.person('sender.person', c.doctor)}{seal(r, c.doctor[0])}</div><p>事業所　{inst}　殿</p>")]


@layout("referral", "m_ref_short")
def ref_short(s):
    """A form with gaps: values on lines, boxes behind the words."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    u = lambda h, w=12: f"<span class=ul style='min-width:{w}em'>{h}</span>"
    out = f"<h1>診 療 情 報 提 供 書</h1><div>{u(inst, 16)} 御中<br>{u(pers, 10)} 先生</div><div class=r>{blanks(s, 'document.date', c.created)}</div><p>ふりがな {u(s.kana('hira'))}<br>患者氏名 {u(s.name(False))} 様　性別　{after(s, 'patient.sex', [('男', 'male'), ('女', 'female')], 'male' if c.patient[4] == 'm' else 'female')}<br>生年月日　{born_era(s, ('明治', '大正', '昭和', '平成'), 'hand', ' ')}（{years(s)}）<br>住　　所 {u(s.text('patient.address', c.address), 24)}<br>電　　話 {u(s.phone('patient.phone', c.phone))}</p>"
    for i, (a, h) in enumerate((("傷病名", s.dx("①")), ("紹介目的", s.text("clinical.purpose", c.course.purpose)), ("既往歴・家族歴", s.text("clinical.history", c.course.hist)), ("症状経過・検査結果", s.course(n=4)), ("現在の処方", rx(s, "{n} {a} {u}")), ("薬剤アレルギー", has(s, "clinical.allergies", c.allergy, "あり", "なし", "hand", "　")))):
        out += f"<p>{i + 1}．{a}</p><div class=in2>{h}</div>"
    return [s.page(out + f"<div class=rt2 style='margin-top:1em'><div class=stb>{me(s)}<br>{esc(s.house.address)}<br>TEL {sphone(s)}<br>FAX {sfax(s)}</div><br>医師名　{s.person('sender.person', c.doctor)}{seal(r, c.doctor[0])}</div>")]


@layout("contact_sheet", "m_slip")
def slip(s):
    c, r = s.c, s.rng
    inst, pers = to(s)
    msg = r.choice(["訪問入浴は差し支えありません。入浴前に体温が37.5度以上の際は清拭としてください。", "点滴は本日で終了とします。食事量が3割以下の場合はご連絡ください。", "デイサービス利用時の昼食後薬は夕食後へ変更しました。", "貼付剤による皮膚のかぶれは軟膏で経過をみます。写真をありがとうございました。"])
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    up = r.random() < 0.25
    if up:
        s.put("urgency", "urgent", False, True)
    out = f"<div class=sp><b style='font-size:1.5em'>連　絡　票</b><span>{opts(s, ['至急', '普通'], '至急' if up else '普通', 'ring', '・')}</span></div><p>{inst}　{pers} 様</p><p>ご利用者　{s.name(False)} 様（{s.birth('sp', False)}）の件</p><div class=box style='min-height:11em;line-height:2'>{s.ink(msg, s.hand != 'none') or esc(msg)}</div><p class=r>{blanks(s, 'document.date', c.created)}</p><div class=r>{me(s)}<br>{s.person('sender.person', c.doctor)}<br>TEL {sphone(s)}／FAX {sfax(s)}</div>"
    return [s.page(out)]


@layout("other", "m_opinion")
def opinion(s):
    """Like the attending doctor's opinion for the care insurance: a clinical sheet of another kind."""
    c, r = s.c, s.rng
    b = "hand"
    s.ignore |= {"clinical.diagnoses", "clinical.course", "clinical.procedures"}
    o = lambda names, on=None: opts(s, names, on, b)
    out = f"<h1>主 治 医 意 見 書（写）</h1><p class=r>記入日 {day_text(c.created, 'reiwa')}</p>" + table([[th("申請者", r=2, cls="c"), td(f"（ふりがな）{s.kana('hira')}<br>{s.name(False)}　{s.sex('ring')}"), td(f"〒{s.v('patient.postal_code', c.post)}<br>{s.text('patient.address', c.address)}")], [td(f"{born_era(s, ('明', '大', '昭'))}生（{years(s)}）"), td(f"連絡先 {s.phone('patient.phone', c.phone)}")]], "mid", (10, 42, 48))
    out += f"<p>上記の申請者に関する意見は以下の通りです。</p><div class=box>医師氏名　{plain(c.doctor)}<br>医療機関名　{me(s)}　電話 {s.house.phone}<br>所在地　{esc(s.house.address)}</div><p>（1）最終診察日　{day_text(c.created - dt.timedelta(days=5), 'reiwa')}　（2）意見書作成回数　{o(['初回', '2回目以上'], '2回目以上')}</p><p>１．傷病に関する意見</p>" + table([[td(f"{i + 1}. {x}"), td(f"発症年月日　{day_text(c.admission - dt.timedelta(days=300 * i + 20), 'reiwa')}頃")] for i, x in enumerate(c.dx)])
    out += f"<p>（2）症状としての安定性　{o(['安定', '不安定', '不明'], '安定')}</p><p>（3）経過　{''.join(c.course.course[:2])}</p><p>２．特別な医療　{o(['点滴の管理', '中心静脈栄養', '透析', 'ストーマの処置', '酸素療法', 'レスピレーター', '気管切開の処置', '疼痛の看護', '経管栄養', '褥瘡の処置', 'カテーテル'], None)}</p><p>３．心身の状態　寝たきり度 {o(['J1', 'J2', 'A1', 'A2', 'B1', 'B2'], 'A1')}　認知症自立度 {o(['自立', 'Ⅰ', 'Ⅱa', 'Ⅱb'], 'Ⅰ')}</p>"
    return [s.page(out)]


# ---------------------------------------------------------------- なのはなケアプラン
@layout("admission_info", "m_adm_region")
def adm_region(s):
    """A region's sheet: digit boxes, two columns of small tables."""
    c, r = s.c, s.rng
    b = "css"
    c.admission = c.created - dt.timedelta(days=r.randint(0, 4))
    inst, pers = to(s)
    n, rel, num = family(s)
    ur, st = heavier(s, b, " ", ("自立", "見守り", "一部介助", "全介助"))
    out = f"<h1>入院時情報連携シート</h1><div class=sp><div>{inst}　地域連携室<br>{pers} 様</div><div>提供日 {day(s, 'document.date', c.created, 'short_r')}<br>入院日 {day(s, 'encounter.admission_date', c.admission, 'short_r')}</div></div>" + table([[th("事業所", cls="c"), td(me(s)), th("担当者", cls="c"), td(s.person("sender.person", c.manager))], [th("電話", cls="c"), td(sphone(s)), th("FAX", cls="c"), td(sfax(s))]], "mid", (10, 48, 10, 32))
    out += table([[th("フリガナ", cls="c"), td(s.kana("full")), th("性別", cls="c"), td(s.sex("box"))], [th("氏　　名", cls="c"), td(f"<b style='font-size:1.2em'>{s.name(False)}</b>　様"), th("生年月日", cls="c"), td(f"{s.birth('slash_s', False)}　{years(s)}")], [th("住　　所", cls="c"), td(s.text("patient.address", c.address), 3)], [th("電　　話", cls="c"), td(s.phone("patient.phone", c.phone)), th("世帯", cls="c"), td(opts(s, ["独居", "夫婦", "同居"], r.choice(["独居", "同居"]), b, " "))], [th("被保険者番号", cls="c"), td(boxed(s, "patient.insured_number", c.insured)), th("保険者番号", cls="c"), td(boxed(s, "patient.insurer_number", c.insurer))], [th("要介護度", cls="c"), td(level_short(s, b, " ", ("支1", "支2", "介1", "介2", "介3", "介4", "介5", "申請中", "未申請")), 3)]], "mid", (14, 40, 12, 34))
    left = table([[th("緊急連絡先", 2, cls="c")], [td("キーパーソン"), td(f"{n}（{rel}）")], [td("電話"), td(num)], [td("その他"), td(f"{plain(c.contact2)}（{kin(s)}）{tel(s, True)}")], [th("医療", 2, cls="c")], [td("主病名"), td(s.dx("・"))], [td("既往歴"), td(s.text("clinical.history", c.course.hist))], [td("かかりつけ医"), td(f"{gp(s)}　{plain(c.other)}医師")], [td("薬局"), td(f"{r.choice(['ひばり', 'さんあい'])}薬局 {tel(s)}")], [td("アレルギー"), td(s.text("clinical.allergies", c.allergy))]], "", (32, 68))
    right = table([[th("日常生活動作", 2, cls="c")]] + [[td(x), td(h)] for x, h in (("食事", adl(s, "adl.eating", style=b, sep=" ")), ("移乗", adl(s, "adl.transfer", style=b, sep=" ")), ("移動", adl(s, "adl.mobility", style=b, sep=" ")), ("排尿", ur), ("排便", st), ("入浴", adl(s, "adl.bathing", style=b, sep=" ")), ("更衣", adl(s, "adl.dressing", style=b, sep=" ")))] + [[td("認知"), td(r.choice(["短期記憶低下あり", "年相応"]))], [td("視聴覚"), td(r.choice(["補聴器（右）", "問題なし"]))]], "", (18, 82))
    out += f"<div class=c2 style='gap:.5em'><div>{left}</div><div style='flex:1.25'>{right}</div></div>" + table([[th("医療処置", cls="c"), td(s.procedures(b, sep=" "))], [th("内　服", cls="c"), td(rx(s, "{n} {a} {u}"))], [th("利用サービス", cls="c"), td("訪問介護（月水金）、通所リハ（火木）、福祉用具貸与（ベッド・手すり）")], [th("希望・意向", cls="c"), td(r.choice(["早く家に戻りたい。", "一人でトイレに行けるようになって帰りたい。"]))]], "mid", (14, 86))
    return [s.page(out, "sm")]


@layout("admission_info", "m_adm_letter")
def adm_letter(s):
    c, r = s.c, s.rng
    c.admission = c.created - dt.timedelta(days=r.randint(0, 6))
    inst, pers = to(s)
    n, rel, num = family(s)
    out = f"<div>{inst}<br>医療相談室　{pers} 様</div><div class=r>{day(s, 'document.date', c.created, 'short_r')}<br>{me(s)}<br>介護支援専門員　{s.person('sender.person', c.manager)}<br>電話 {sphone(s)}　ファックス {sfax(s)}</div><h1>入院時情報提供書</h1><p>いつもお世話になっております。{day(s, 'encounter.admission_date', c.admission, 'short_r')}に入院されました {s.name(False)} 様の在宅での状況をお知らせいたします。</p>"
    rows = [("お名前・生年月日", f"{s.kana('full')}<br>{s.name(False)} 様（{s.sex('text')}）　{s.birth('slash_s')}"), ("ご住所・電話", f"{s.text('patient.address', c.address)}<br>{s.phone('patient.phone', c.phone)}"), ("介護度・保険", f"{s.level('text')}　被保険者番号 {s.v('patient.insured_number', c.insured)}（保険者 {s.v('patient.insurer_number', c.insurer)}）"), ("ご家族", f"{n}様（{rel}・主介護者）　{num}"), ("ご病気", s.dx("、")), ("お薬", rx(s, "{n} {a} {u}")), ("医療処置", procs(s, TUBES, "css")), ("ADL", "<br>".join(f"{NAMES[k]}…{adl_word(s, k)}" for k in ADL)), ("ご本人の様子", r.choice(["人付き合いが好きで、デイサービスを楽しみにされています。", "自宅では1階で生活し、日中は一人です。"]))]
    return [s.page(out + table([[th(a, cls="c"), td(h)] for a, h in rows], "mid", (20, 80)))]


MEMO = ["通所介護の入浴時に右踵の発赤に気づきました。受診の必要性についてご意見をいただけますか。", "ご家族より、夜間の頻尿で介護疲れがあると相談がありました。お薬で調整は可能でしょうか。", "来月から短期入所を月5日利用する予定です。留意点がございましたらご教示ください。", "訪問リハビリの開始を検討しています。指示書の発行をお願いできますでしょうか。"]


@layout("contact_sheet", "m_cm_contact")
def cm_contact(s):
    c, r = s.c, s.rng
    inst, pers = to(s)
    msg = r.choice(MEMO)
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    b = "css"
    out = f"<h1>ケアマネジャー ⇔ 主治医　連絡票</h1><div class=c2><div class=box><span class=lb>主治医</span>{inst}<br>{pers} 先生</div><div class=box><span class=lb>ケアマネジャー</span>{me(s)}<br>{s.person('sender.person', c.manager)}<br>電話 {sphone(s)}<br>ファックス {sfax(s)}</div></div>" + table([[th("利用者", r=2, cls="c"), td(f"{s.name(False)} 様"), td(f"{s.birth('slash_s')}　{s.sex('ring')}")], [td(f"住所 {s.text('patient.address', c.address)}"), td(f"介護度 {s.level('text')}")]], "mid", (10, 50, 40))
    out += f"<p>{opts(s, ['情報提供', '相談・照会', '受診報告の依頼', 'その他'], '相談・照会', b)}</p>" + table([[lb("連絡日", day(s, "document.date", c.created, "short_r")), lb("希望する回答方法", opts(s, ["FAX", "電話", "面談", "不要"], "FAX", b))]]) + f"<div class=box style='min-height:10em'>{s.ink(msg, s.hand == 'all') or esc(msg)}</div><p>＜回答欄＞　回答日　　年　　月　　日</p><div class=box style='min-height:10em'></div><p class=r>医師名　　　　　　　　　　　　</p>"
    return [s.page(out)]


# ---------------------------------------------------------------- あすなろ訪問看護ステーション
@layout("nursing_summary", "m_vns_sum")
def vns_sum(s):
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    out = f"<div class=sp><h1 style='margin:0'>訪問看護サマリー</h1><div class=r>{day(s, 'document.date', c.created, 'western')}<br>{me(s)}<br>担当　{s.person('sender.person', c.nurse)}<br>Tel {sphone(s)} Fax {sfax(s)}</div></div><p>{inst}　{pers} 様</p><div class=dbox><div class=c2><div>氏名　{s.name()}<br>カナ　{s.kana('full')}<br>生年月日　{s.birth('both', False)}<br>性別　{s.sex('text')}　年齢　{years(s)}</div><div>住所　{s.text('patient.address', c.address)}<br>電話　{s.phone('patient.phone', c.phone)}<br>要介護度　{s.level('text')}<br>CM　{s.v('care.office', s.other_office)}　{s.person('care.manager', c.manager)}</div></div></div>"
    out += f"<p>《主治医》{gp(s)}　{plain(c.other)}先生　《病名》{s.dx('、')}</p><p>《既往歴》{s.text('clinical.history', c.course.hist)}</p><p>《家族》キーパーソン：{n}（{rel}）　連絡先：{num}</p>" + table([[th("ADL", cls="c"), th("状況", cls="c")]] + [[th(NAMES[k], cls="c"), td(adl_code(s, k))] for k in ADL], "mid", (18, 82)) + f"<p>《医療処置》{s.procedures('check')}</p><p>《経過と看護》{s.course(True)}</p><p>《服薬》<br>{rx(s, '{n} {a} {u}', pre='{i}) ')}</p><p>《アレルギー》{s.text('clinical.allergies', c.allergy)}　《感染症》{s.text('clinical.infections', c.infection)}</p>"
    return [s.page(out)]


@layout("other", "m_vns_month")
def vns_month(s):
    """訪問看護報告書, the monthly report: a clinical sheet of another kind."""
    c, r = s.c, s.rng
    days = "".join(td(f"{d}{'○' if r.random() < 0.2 else ''}", cls="c") for d in range(1, 16)), "".join(td(f"{d}{'○' if r.random() < 0.2 else ''}", cls="c") for d in range(16, 31))
    s.ignore |= {"care.level", "clinical.course"}
    out = f"<h1>訪問看護報告書</h1>" + table([[th("利用者氏名"), td(s.name(False)), th("生年月日"), td(s.birth("both", False) + f"（{years(s)}）")], [th("要介護認定の状況"), td(LEVELS[c.level]), th("住所"), td(s.text("patient.address", c.address))]], "mid", (18, 30, 12, 40)) + f"<p>訪問日　{c.created.year}年{c.created.month}月</p>" + table(list(days), "c") + table([[th("病状の経過"), td("".join(c.course.course[:2]), st="height:6em")], [th("看護の内容"), td("".join(c.course.nursing[:2]), st="height:6em")], [th("家庭での介護の状況"), td("長女が同居し、日中は不在。")], [th("特記すべき事項"), td("")]], "mid", (20, 80))
    return [s.page(out + f"<p>上記のとおり、指定訪問看護の実施について報告いたします。</p><p class=r>{day_text(c.created, 'western')}<br>事業所名　{me(s)}<br>管理者　{plain(c.nurse)}　印</p><p>{s.to.name}　{plain(c.to_person)}　殿</p>")]


@layout("contact_sheet", "m_vns_call")
def vns_call(s):
    c, r = s.c, s.rng
    inst, pers = to(s)
    msg = r.choice(["創部からの滲出液が増え、周囲に熱感があります。処置内容の変更についてご指示ください。", "血糖値が朝食前 68、夕食前 342と変動が大きくなっています。", "2日前から排便がなく腹部膨満があります。浣腸の指示をお願いします。", "酸素2Lで SpO2 86%まで低下しました。流量についてご指示をお願いします。"])
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    up = r.random() < 0.4
    if up:
        s.put("urgency", "urgent", False, True)
    vit = table([[th(x, cls="c") for x in ("体温", "脈拍", "血圧", "SpO2", "呼吸")], [td(f"{r.uniform(35.9, 38.2):.1f}℃", cls="c"), td(str(r.randint(58, 108)), cls="c"), td(f"{r.randint(92, 168)}/{r.randint(50, 92)}", cls="c"), td(f"{r.randint(86, 98)}%", cls="c"), td(f"{r.randint(14, 26)}回", cls="c")]])
    out = f"<h1>状態報告・指示依頼書</h1><p>{s.mark('至急', up, 'check')}　{s.mark('通常', not up, 'check')}</p><div class=c2><div>{inst}<br>{pers}　先生</div><div class=r>{me(s)}<br>報告者 {s.person('sender.person', c.nurse)}<br>Tel {sphone(s)}　Fax {sfax(s)}<br>{day(s, 'document.date', c.created, 'week')} {r.randint(9, 17)}:{r.choice(['00', '20', '45'])}</div></div><p>利用者：{s.name(False)} 様　生年月日：{s.birth('both', False)}</p><p>主病名：{s.dx('、')}</p>{vit}<p>【報告内容】</p><div class=box style='min-height:8em'>{s.ink(msg, s.hand == 'all') or esc(msg)}</div><p>【先生からの指示】</p><div class=box style='min-height:10em'>{opts(s, ['経過観察', '受診', '往診', '下記のとおり'], None, 'check')}</div>"
    return [s.page(out)]


# ---------------------------------------------------------------- 介護老人保健施設 あかね台
@layout("nursing_summary", "m_fac_sum")
def fac_sum(s):
    """A care home's summary, three grades ringed, the record's 作成日 and 更新日 apart."""
    c, r = s.c, s.rng
    inst = to_house(s)
    n, rel, num = family(s)
    three = ("自立", "一部介助", "全介助")
    out = f"<h1>看護・介護サマリー</h1><div class=sp><span>{inst}　御中</span><span class=r>作成日 {day(s, 'document.date', c.created, 'dotted')}</span></div>" + table([[th("入所者氏名", cls="c"), td(f"{s.name(False)} 様"), th("性別", cls="c"), td(s.sex("ring"))], [th("生年月日", cls="c"), td(f"{s.birth('short_r', False)}　（{years(s)}）"), th("要介護度", cls="c"), td(s.level("ring"))], [th("入所日", cls="c"), td(day(s, "encounter.admission_date", c.admission, "dotted")), th("退所日", cls="c"), td(day(s, "encounter.discharge_date", c.discharge, "dotted"))], [th("病名", cls="c"), td(s.dx("、"), 3)], [th("既往歴", cls="c"), td(s.text("clinical.history", c.course.hist), 3)], [th("ご家族", cls="c"), td(f"（キーパーソン）{n}　{rel}　{num}<br>（第二連絡先）{plain(c.contact2)}　{kin(s)}　{tel(s)}", 3)]], "mid", (14, 42, 12, 32))
    out += table([[th("項目", cls="c"), th("程度", cls="c"), th("特記", cls="c")]] + [[th(NAMES[k], cls="c"), td(adl(s, k, three, "ring")), td(r.choice(["", "車椅子使用", "声かけ必要", ""]))] for k in ADL] + [[th("整容", cls="c"), td(opts(s, three, "一部介助", "ring", "・")), td("")]], "mid", (14, 46, 40)) + table([[th("医療処置", cls="c"), td(procs(s, TUBES, "ring", "・"))], [th("経過", cls="c"), td(s.course(True), st="height:8em")], [th("内服薬", cls="c"), td(rx(s, "{n} {a} {u}"))], [th("感染症", cls="c"), td(has(s, "clinical.infections", c.infection))], [th("アレルギー", cls="c"), td(has(s, "clinical.allergies", c.allergy))]], "mid", (14, 86))
    return [s.page(out + f"<p class=r>{me(s)}<br>TEL {sphone(s)}　FAX {sfax(s)}<br>看護職員　{s.person('sender.person', c.nurse)}{seal(r, c.nurse[0])}</p>", "sm")]


@layout("discharge_record", "m_fac_record")
def fac_record(s):
    c, r = s.c, s.rng
    b = "ring"
    inst, pers = to(s)
    o = lambda names, on=None: opts(s, names, on, b, "・")
    ur, st = heavier(s, b, "・", ("自立", "見守り", "一部介助", "全介助"))
    rows = [[th("フリガナ", cls="c"), td(s.kana("full")), th("性別", cls="c"), td(s.sex("ring"))], [th("利用者氏名", cls="c"), td(f"{s.name(False)} 様"), th("生年月日", cls="c"), td(f"{s.birth('short_r')}")], [th("要介護度", cls="c"), td(s.level("ring"), 3)], [th("入所日", cls="c"), td(day(s, "encounter.admission_date", c.admission, "dotted")), th("退所予定日", cls="c"), td(day(s, "encounter.discharge_date", c.discharge, "dotted"))], [th("入所原因疾患", cls="c"), td(s.dx("、"), 3)], [th("退所後の住まい", cls="c"), td(s.v("encounter.destination", c.place), 3)]]
    out = f"<h1>退院・退所情報記録書</h1><div class=sp><span>宛先　{inst}　{pers} 様</span><span>記入日　{day(s, 'document.date', c.created, 'dotted')}</span></div>" + table(rows, "mid", (16, 44, 14, 26)) + "<p>（1）心身の状況</p>" + table([[th(NAMES[k], cls="c"), td(adl(s, k, style=b))] for k in ("adl.mobility", "adl.transfer", "adl.eating")] + [[th("排尿", cls="c"), td(ur)], [th("排便", cls="c"), td(st)]] + [[th(NAMES[k], cls="c"), td(adl(s, k, style=b))] for k in ("adl.bathing", "adl.dressing")], "mid", (16, 84))
    out += table([[th("認知・精神", cls="c"), td(o(["問題なし", "せん妄", "徘徊", "不穏"], "問題なし"))], [th("口腔・嚥下", cls="c"), td(f"むせ {o(['なし', '時々', '常時'], 'なし')}　義歯 {o(['なし', 'あり'], 'あり')}")], [th("医療処置", cls="c"), td(procs(s, TUBES, b, "・"))], [th("服薬", cls="c"), td(rx(s, "{n} {a} {u}"))], [th("留意事項", cls="c"), td(r.choice(["週2回の通所リハビリを希望。", "福祉用具の選定が必要。"]))]], "mid", (16, 84))
    return [s.page(out + f"<p class=r>{me(s)}　支援相談員　{s.person('sender.person', c.worker)}<br>TEL {sphone(s)}　FAX {sfax(s)}</p>", "sm")]


@layout("contact_sheet", "m_fac_contact")
def fac_contact(s):
    c, r = s.c, s.rng
    inst, pers = to(s)
    msg = r.choice(["38.4度の発熱と咳嗽があり、施設医の診察で肺炎が疑われます。受診の可否をご連絡ください。", "来週退所予定です。退所後の処方継続と訪問診療の可否についてご回答をお願いします。", "皮疹が全身に広がっています。皮膚科受診の予約をお願いいたします。"])
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    return [s.page(f"<p class=r>{day(s, 'document.date', c.created, 'dotted')}</p><p>{inst}<br>{pers} 先生</p><div class=r>{me(s)}<br>支援相談員　{s.person('sender.person', c.worker)}<br>TEL {sphone(s)}　FAX {sfax(s)}</div><h1>入所者様に関する照会</h1>" + table([[th("入所者", cls="c"), td(f"{s.kana('full')}<br>{s.name(False)} 様"), th("生年月日", cls="c"), td(f"{s.birth('short_r')}　{s.sex('text')}")], [th("病名", cls="c"), td(s.dx("、"), 3)], [th("照会内容", cls="c"), td(s.ink(msg, s.hand == "all") or esc(msg), 3, st="height:9em")], [th("ご回答", cls="c"), td("", 3, st="height:10em")]], "mid", (14, 40, 12, 34)))]


@layout("other", "m_fac_open")
def fac_open(s):
    """An invitation to everybody."""
    r = s.rng
    return [s.page(f"<p class=r>関係各位</p><div class=ad style='font-size:1.8em'>{r.choice(['施設見学会・介護教室のご案内', '通所リハビリ 空き状況のお知らせ', '認知症カフェ「あかね」開催のお知らせ'])}</div><p class=adl2>日時：令和8年{r.randint(1, 12)}月{r.randint(1, 28)}日（土）午前10時～正午</p><p>会場：当施設 1階 地域交流スペース　参加費 無料</p><p>ケアマネジャー様、ご家族様のご参加をお待ちしております。お申込みはFAXまたはお電話にて。</p>" + table([[th("お名前"), td("　")], [th("ご所属"), td("　")], [th("お電話"), td("　")]], "tall", (20, 80)) + f"<p class=c>{me(s)}<br>TEL {s.house.phone}　FAX {s.house.fax}</p>")]


# ---------------------------------------------------------------- covers
@layout("cover", "m_cover_grid", "m_cover_fill")
def cover(s, what=None, pages=2):
    """Alone, or in front of the sheet that `s` already is."""
    from layouts_other import WHAT
    c, r = s.c, s.rng
    kind = next(x for x in s.house.layouts if x.startswith("m_cover"))
    what = what or WHAT[r.choice(["referral", "discharge_summary", "contact_sheet"])]
    inst, pers = to(s)
    up = "urgency" not in s.fields and r.random() < 0.25
    if up:
        s.put("urgency", "urgent", False, True)
    b = s.house.box
    if kind == "m_cover_grid":
        out = f"<h1>書類送付のご案内（FAX）</h1>" + table([[lb("送付先", f"{inst}　御中<br>{pers} 様", 1, 3, "height:7em"), lb("送付日", s.date("document.date", c.created))], [lb("送付枚数", f"{pages} 枚（本状含む）")], [lb("至急", opts(s, ["至急", "通常"], "至急" if up else "通常", b))], [lb("発信元", f"{me(s)}<br>{esc(s.house.address)}<br>{s.house.tel[0]} {sphone(s)}　{s.house.tel[1]} {sfax(s)}", 2)], [lb("送付書類", opts(s, [what, "その他"], what, b), 2)], [lb("備考", "下記の書類を送付いたします。ご査収くださいますようお願いいたします。", 2, 1, "height:12em")]], "", (60, 40))
    else:
        out = f"<h1>ＦＡＸ送付状</h1><p>{inst}<br>{pers} 様</p><div class=r>{s.date('document.date', c.created)}<br>{me(s)}<br>TEL {sphone(s)}<br>FAX {sfax(s)}</div><hr><p>{opts(s, ['至急', 'ご確認ください', 'ご返信ください', 'お電話ください'], '至急' if up else 'ご確認ください', b)}</p><p>送付内容：{what}</p><p>枚数：本紙を含めて {pages} 枚</p><p>メッセージ</p><div class=rnd style='min-height:14em'>いつもお世話になっております。{what}をお送りいたします。</div>"
    return [s.page(out)]
