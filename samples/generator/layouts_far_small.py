"""Layouts of the set `far`: a small hospital's word processor, a municipal hospital's spreadsheets. See layouts_far.py."""
import datetime as dt

from forms import adl, adl_cells, boxed, clock, day, day_text, family, gp, has, lb, level_short, me, opts, procs, rx, rx_rows, sfax, sphone, table, td, th, plain, to, to_house, ward, years
from layouts_far import FOUR, NATION, birth_plain, cols, grade_no, inf, mail_block, parts, rp, story, w
from layouts_letters import layout
from marks import esc, seal


# ---------------------------------------------------------------- 萩の里病院: a small hospital's word processor
@layout("referral", "f_ref_hagi")
def ref_hagi(s):
    """A letter in an envelope's manner; the facts in aligned columns under 記."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    out = mail_block(s, inst, pers, "先生　御机下") + f"<div class=r>{s.date('document.date', c.created)}</div><h1 style='letter-spacing:1em'>御紹介状</h1><p>　謹啓　平素より格別のご高配を賜り、厚く御礼申し上げます。下記の患者様をご紹介申し上げますので、ご加療のほど宜しくお願い致します。</p><p class=r>謹白</p><p class=ki>記</p>"
    out += cols([("氏　　名", f"{s.name(False)}　様　　{s.v('patient.sex', '男' if c.patient[4] == 'm' else '女', 'male' if c.patient[4] == 'm' else 'female')}"), ("生年月日", s.birth("sp", True)), ("住　　所", s.text("patient.address", c.address)), ("病　　名", s.dx("1.")), ("紹介目的", s.text("clinical.purpose", c.course.purpose)), ("既　　往", s.text("clinical.history", c.course.hist)), ("経　　過", story(s, 5)), ("投　　薬", rx(s, "{n}　{a}　{u}")), ("禁　　忌", s.text("clinical.allergies", c.allergy))], "6em")
    return [s.page(out + f"<div class=rt2 style='margin-top:1.2em'>{esc(s.house.address)}<br>{me(s)}<br>　内　科　　{s.person('sender.person', c.doctor)}{seal(r, c.doctor[0])}<br>電話 {sphone(s)}<br>FAX {sfax(s)}</div>", "sm")]


@layout("discharge_summary", "f_dis_hagi")
def dis_hagi(s):
    """Two columns with a rule between them."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    sec = lambda a, h: f"<p style='margin-top:.8em'>■{a}</p><div>{h}</div>"
    out = f"<h1><span style='border-bottom:.9mm double #000'>退院サマリー</span></h1><div class=sp><span>{inst}　{pers} 先生</span><span>{s.date('document.date', c.created)}</span></div><p>患者：<b>{s.name(False)}</b> {s.house.honor}（{s.kana('full')}）　{s.sex('ring')}　{birth_plain(s, '{n}{e}年{m}月{d}日生')}（{years(s)}）</p><p>{day(s, 'encounter.admission_date', c.admission, 'reiwa')}　入院　→　{day(s, 'encounter.discharge_date', c.discharge, 'reiwa')}　退院（{(c.discharge - c.admission).days + 1}日間）</p><div class='c2 vr bt'><div>"
    out += sec("病名", s.dx("1.")) + sec("既往歴", s.text("clinical.history", c.course.hist)) + sec("アレルギー", s.text("clinical.allergies", c.allergy)) + sec("感染症", s.text("clinical.infections", c.infection)) + sec("お薬（退院時）", rp(s, s.form.choice([None, 14]), "{i}. ", "　　")) + sec("退院先", s.v("encounter.destination", c.place)) + "</div><div>" + sec("入院までのいきさつと入院中の経過", story(s, 7)) + sec("これからのこと", r.choice(["かかりつけの先生に引き続きお願いいたします。", "訪問診療へ引き継ぎます。", "通所リハビリを週2回利用される予定です。"])) + (sec("当院の次回外来", clock(s, "next_visit.datetime", c.next, ("reiwa", "{D}{ap}{h12}時{m2}分"))) if r.random() < 0.6 else "") + "</div></div>"
    return [s.page(out + f"<div class=r style='margin-top:1em'>{me(s)}<br>{s.signer(c.doctor, '主治医', seal=True)}<br>電話 {sphone(s)}　FAX {sfax(s)}</div>", "sm")]


@layout("nursing_summary", "f_nur_hagi")
def nur_hagi(s):
    """看護添書: the grades as numbers with their meaning below."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    names = [("adl.eating", "食べる"), ("adl.mobility", "歩く・動く"), ("adl.transfer", "乗り移る"), ("adl.toileting", "用を足す"), ("adl.dressing", "着替える"), ("adl.bathing", "お風呂")]
    out = f"<h1>看　護　添　書</h1><p>{inst}　ご担当者様（{pers} 様）</p><p>{s.name(False)} 様の入院中の様子をお伝えします。</p>" + cols([("生年月日", f"{s.birth('sp', True)}　　{s.sex('text')}"), ("入院", day(s, "encounter.admission_date", c.admission, "reiwa")), ("退院", f"{day(s, 'encounter.discharge_date', c.discharge, 'reiwa')}　（{s.v('encounter.destination', c.place)} へ）"), ("主病名", s.dx("、")), ("既往", s.text("clinical.history", c.course.hist)), ("ご家族", f"{n}様（{rel}）　{num}"), ("介護度", s.level("text")), ("アレルギー", s.text("clinical.allergies", c.allergy)), ("感染症", s.text("clinical.infections", c.infection))], "6em")
    out += "<p>■身のまわりのこと</p>" + table([[th(b, cls="c") for _, b in names], [td(grade_no(s, a, 1), cls="c") for a, _ in names]], "mid") + "<p class=tiny>　1：自立　2：見守り　3：一部介助　4：全介助</p>"
    out += f"<p>■看護の経過と申し送り</p><div>{story(s, 4, True)}</div><p>■続けている処置</p><div>{procs(s, [('特になし', None)] + NATION[:3] + [('胃瘻', '胃ろう'), ('経鼻経管', '経鼻栄養'), ('床ずれの処置', '褥瘡'), ('バルーン', '尿道カテーテル'), ('ストーマ', '消化管ストーマ'), ('インスリン等の注射', '自己注射'), ('痛みの緩和', '痛みコントロール'), ('下剤・浣腸', '排便コントロール')], 'ring', '　')}</div><p>■お薬</p><div>{rx(s, '{n}　{a}　{u}')}</div>"
    return [s.page(out + f"<div class=r style='margin-top:1em'>{s.date('document.date', c.created)}<br>{me(s)}　{s.v('sender.department', ward(s), pen=False)}<br>看護師　{s.person('sender.person', c.nurse)}<br>電話 {sphone(s)}</div>", "sm")]


@layout("conference_notice", "f_conf_hagi")
def conf_hagi(s):
    """A notice with a slip to send back below a cutting line."""
    c, r = s.c, s.rng
    c.discharge = c.conf.date() + dt.timedelta(days=r.randint(2, 10))
    inst, pers = to(s)
    out = f"<div class=sp><span>{inst}　{pers} 様</span><span>{s.date('document.date', c.created)}</span></div><h1>退院前の話し合い（担当者会議）のお知らせ</h1><p>お世話になっております。{s.name(False)} 様（{birth_plain(s, '{n}{e}年{m}月{d}日')}生）の退院が{day(s, 'encounter.discharge_date', c.discharge, 'reiwa')}に決まりました。ご自宅での生活について打ち合わせをいたしたく、下記のとおりお集まりください。</p><div class=dbox style='margin:1em 2em'><p>日　時　　{clock(s, 'conference.datetime', c.conf, ('reiwa', '{D}（{W}）　{ap}{h12}時{m2}分'))}</p><p>場　所　　{s.v('conference.place', c.room)}</p><p>出席者　　ご家族（{c.relation}様）、主治医、看護師、理学療法士、相談員</p></div>"
    out += f"<div class=rt2>{me(s)}<br>{s.v('sender.department', s.house.unit, pen=False)}　{s.person('sender.person', c.worker)}<br>電話 {sphone(s)}　FAX {sfax(s)}</div><p class=cut>-----------------------　切り取らずにこのままご返信ください　-----------------------</p><p>ＦＡＸ　{s.house.fax}　萩の里病院　{s.house.unit} 行</p>" + table([[th("ご出欠"), td("出席します　・　欠席します　・　調整を希望します")], [th("貴事業所名"), td("", st="height:2em")], [th("ご出席者名"), td("", st="height:2em")], [th("ご連絡先"), td("", st="height:2em")]], "mid", (25, 75))
    return [s.page(out)]


@layout("contact_sheet", "f_contact_hagi")
def contact_hagi(s):
    """The hospital tells the care manager how the stay goes."""
    c, r = s.c, s.rng
    c.discharge = c.created + dt.timedelta(days=r.randint(4, 25))
    inst, pers = to(s)
    msg = r.choice(["病状は安定してきました。退院に向けて、ご自宅の段差と手すりの確認をお願いいたします。", "ご家族より施設入所のご希望がありました。一度お話を伺いたく、ご都合の良い日をお知らせください。", "介護度が現状に合わないため、区分変更の申請をご検討ください。主治医意見書はすぐにお書きできます。", "ベッドと車いすの手配をお願いいたします。退院日は決まり次第ご連絡します。"])
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose", "care.manager"}
    out = f"<h1>入退院連絡票</h1><div class=sp><span>{inst}<br>ケアマネジャー　{pers} 様</span><span class=r>{me(s)}<br>{s.v('sender.department', s.house.unit, pen=False)}<br>担当　{s.person('sender.person', c.worker)}<br>電話 {sphone(s)}<br>FAX {sfax(s)}</span></div>"
    out += table([[th("ご利用者"), td(f"{s.name(False)} {s.house.honor}", 3)], [th("生年月日"), td(s.birth("sp", True)), th("性別"), td(s.sex("ring"))], [th("入院日"), td(s.date("encounter.admission_date", c.admission)), th("退院見込"), td(s.date("encounter.discharge_date", c.discharge))], [th("病名"), td(s.dx("、"), 3)], [th("介護度"), td(s.level("ring"), 3)], [th("ご連絡事項"), td(w(s, msg), 3, st="height:9em")], [th("ご返信欄"), td("", 3, st="height:8em")]], "mid", (16, 38, 14, 32))
    return [s.page(out + f"<p class=r>連絡日　{s.date('document.date', c.created)}</p>")]


# ---------------------------------------------------------------- 国保せきやど水辺病院: spreadsheets
@layout("referral", "f_ref_mizube")
def ref_mizube(s):
    """A grid of narrow cells with digit boxes."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    w12 = [10, 6, 9, 9, 8, 8, 8, 6, 11, 7, 9, 9]
    out = f"<h1>医療連携　患者情報提供書</h1>" + table([[th("提供日", cls="c"), td(day(s, "document.date", c.created, "short"), 3), th("区分", cls="c"), td(opts(s, ["外来", "入院", "検査", "その他"], r.choice(["外来", "入院"]), "check"), 7)], [th("宛", cls="c"), td(f"{inst}", 5), td(f"{pers}　先生", 6)], [th("発", cls="c"), td(me(s), 4), td(dept, 2), td(f"医師　{s.person('sender.person', c.doctor)}", 5)], [th("", cls="c"), td(esc(s.house.address), 5), td(f"電話 {sphone(s)}", 3), td(f"FAX {sfax(s)}", 3)],
                   [th("カナ", cls="c"), td(s.kana("full"), 5), th("性別", cls="c"), td(s.sex("text")), th("生年月日", 1, cls="c"), td(birth_plain(s, "{l}{e}.{m}.{d}") + f"（{years(s)}）", 3)], [th("氏名", cls="c"), td(f"{s.name(False)}", 5), th("電話", cls="c"), td(s.phone("patient.phone", c.phone), 5)], [th("〒", cls="c"), td(s.v("patient.postal_code", c.post), 2), th("住所", cls="c"), td(s.text("patient.address", c.address), 8)], [th("病名", cls="c"), td(s.dx("・"), 11)], [th("依頼目的", cls="c"), td(s.text("clinical.purpose", c.course.purpose), 11)], [th("病状", cls="c"), td(story(s, 5), 11, st="height:9em")], [th("既往症", cls="c"), td(s.text("clinical.history", c.course.hist), 11)], [th("過敏症", cls="c"), td(s.text("clinical.allergies", c.allergy), 5), th("感染症", cls="c"), td(s.text("clinical.infections", c.infection), 5)]], "xl mid", w12)
    return [s.page(out + "<p>【現在の投薬】</p>" + rx_rows(s, ("医薬品", "１回量", "服用時点"), True, None, "xl", (6, 50, 18, 26)) + "<p class=tiny>※画像データは別途郵送します。</p>", "sm")]


@layout("discharge_summary", "f_dis_mizube")
def dis_mizube(s):
    """Numbered sections after a letter's opening; dates in sentences."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    out = f"<p>{inst}<br>{pers} 先生</p><h1>退院のご報告（診療経過の要約）</h1><p>平素よりお世話になっております。ご紹介の患者様が退院されましたのでご報告いたします。</p>" + table([[th("患者氏名", cls="c"), th("フリガナ", cls="c"), th("生年月日", cls="c"), th("性別", cls="c"), th("住所", cls="c")], [td(s.name(False) + " 様"), td(s.kana("half")), td(birth_plain(s, "{l}{e}.{m}.{d}")), td(s.sex("text"), cls="c"), td(s.text("patient.address", c.address))]], "mid", (19, 19, 15, 8, 39))
    out += f"<p><b>１　入院期間</b>　自 {day(s, 'encounter.admission_date', c.admission, 'short')}　至 {day(s, 'encounter.discharge_date', c.discharge, 'short')}</p><p><b>２　病名</b></p><div class=in2>{s.dx('(1)')}</div><p><b>３　既往歴</b>　{s.text('clinical.history', c.course.hist)}</p><p><b>４　入院中の経過</b></p><div class=in2>{story(s, 6)}</div><p><b>５　退院時の処方</b></p><div class=in2>{rx(s, '{n}　{a}　{u}')}</div><p><b>６　アレルギー</b>　{s.text('clinical.allergies', c.allergy)}　　<b>感染症</b>　{s.text('clinical.infections', c.infection)}</p><p><b>７　退院後の予定</b></p><div class=in2>居所　{s.v('encounter.destination', c.place)}<br>当院受診　{clock(s, 'next_visit.datetime', c.next, ('short', '{D}（{W}）{h}時{m2}分'))}<br>担当ケアマネジャー　{s.v('care.office', s.other_office)}　{s.person('care.manager', c.manager)}</div>"
    return [s.page(out + f"<div class=rt2 style='margin-top:1em'>{day(s, 'document.date', c.created, 'reiwa')}<br>{me(s)}　{dept}<br>主治医　{s.person('sender.person', c.doctor)}{seal(r, c.doctor[0])}<br>電話 {sphone(s)}　ＦＡＸ {sfax(s)}</div>", "sm")]


@layout("nursing_summary", "f_nur_mizube")
def nur_mizube(s):
    """Signs in columns, the heads of rows nested."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    out = f"<div class=sp><b style='font-size:1.4em'>退院時看護連絡書</b><span>{me(s)}</span></div>" + table([[th("送付先"), td(f"{inst}　{pers} 様", 3), th("記載日"), td(day(s, "document.date", c.created, "short"))], [th("患者氏名"), td(f"<span class=lb>{s.kana('full')}</span>{s.name(False)} 様", 2), td(s.sex("ring")), th("生年月日"), td(s.birth("short", True))], [th("入院日"), td(day(s, "encounter.admission_date", c.admission, "short")), th("退院日"), td(day(s, "encounter.discharge_date", c.discharge, "short")), th("受持看護師"), td(s.person("sender.person", c.nurse))], [th("診断名"), td(s.dx("、"), 5)], [th("既往症"), td(s.text("clinical.history", c.course.hist), 5)], [th("緊急時連絡先"), td(f"{n}　続柄（{rel}）　☎ {num}", 5)], [th("要介護認定"), td(s.level("ring"), 5)]], "mid", (13, 21, 12, 18, 14, 22))
    sign = s.form.choice(["○", "✓", "ring"])
    K = {"adl.transfer": "ベッド・車いす間", "adl.mobility": "移動・歩行", "adl.eating": "食事摂取", "adl.toileting": "排泄動作", "adl.bathing": "入浴動作", "adl.dressing": "衣服の着脱"}
    note = {"adl.mobility": r.choice(["杖", "歩行器", "車いす", ""]), "adl.eating": r.choice(["常食", "全粥・刻み", "ソフト食"]), "adl.toileting": r.choice(["日中トイレ、夜間尿器", "トイレ", "紙パンツ"])}
    body = [[th("動作", r=2, cls="c v"), th(K["adl.transfer"], cls="c")] + adl_cells(s, "adl.transfer", sign) + [td("")], [th(K["adl.mobility"], cls="c")] + adl_cells(s, "adl.mobility", sign) + [td(w(s, note["adl.mobility"]))], [th("生活", r=4, cls="c v"), th(K["adl.eating"], cls="c")] + adl_cells(s, "adl.eating", sign) + [td(w(s, note["adl.eating"]))]] + [[th(K[k], cls="c")] + adl_cells(s, k, sign) + [td(w(s, note.get(k, "")))] for k in ("adl.toileting", "adl.bathing", "adl.dressing")]
    out += table([[th("区分", 2, cls="c")] + [th(x, cls="c") for x in FOUR] + [th("方法・用具など", cls="c")]] + body, "mid", (6, 22, 10, 10, 13, 11, 28))
    out += table([[th("看護上の問題・経過", cls="c"), td(story(s, 4, True), st="height:9em")], [th("医療器具・処置", cls="c"), td(procs(s, [("無", None), ("点滴", "点滴"), ("在宅酸素", "酸素療法"), ("吸引", "喀痰吸引"), ("気切", "気管切開"), ("胃瘻", "胃ろう"), ("経鼻チューブ", "経鼻栄養"), ("褥瘡処置", "褥瘡"), ("膀胱留置", "尿道カテーテル"), ("人工肛門", "消化管ストーマ"), ("ウロストミー", "尿路ストーマ"), ("自己注射", "自己注射"), ("疼痛管理", "痛みコントロール"), ("排便管理", "排便コントロール")], "check"))], [th("感染症", cls="c"), td(has(s, "clinical.infections", inf(s), "有", "無", "ring"))], [th("アレルギー", cls="c"), td(has(s, "clinical.allergies", c.allergy, "有", "無", "ring"))], [th("持ち帰り薬", cls="c"), td(rx(s, "{n} {a} {u}"))]], "mid", (18, 82))
    return [s.page(out + f"<p class=r>{s.v('sender.department', ward(s), pen=False)}　電話 {sphone(s)}　ＦＡＸ {sfax(s)}</p>", "sm")]


@layout("discharge_record", "f_record_mizube")
def record_mizube(s):
    """The national form rewritten by the hospital over two pages."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    o = lambda names, on: opts(s, names, on, "check")
    n, rel, num = family(s)
    one = f"<h1>退院・退所情報記録書</h1><p>提出先：{inst}　{pers} 様</p>" + table([[lb("記入日", day(s, "document.date", c.created, "short")), lb("記入者（職種）", f"{s.person('sender.person', c.worker)}（社会福祉士）", 2), lb("病院名", f"{me(s)}　{s.v('sender.department', s.house.unit, pen=False)}", 2)], [lb("ふりがな", s.kana("hira"), 2), lb("生年月日", birth_plain(s, "{n}{e}年{m}月{d}日"), 2), lb("性別", s.sex("box"))], [lb("患者氏名", f"{s.name(False)} 様", 2), lb("住所", s.text("patient.address", c.address), 2), lb("電話", s.phone("patient.phone", c.phone))], [lb("介護保険　保険者番号", boxed(s, "patient.insurer_number", c.insurer), 2), lb("被保険者番号", boxed(s, "patient.insured_number", c.insured), 3)], [lb("要介護度", s.level("ring"), 5)], [lb("入院日", day(s, "encounter.admission_date", c.admission, "short")), lb("退院予定日", day(s, "encounter.discharge_date", c.discharge, "short")), lb("退院先", s.v("encounter.destination", c.place)), lb("キーパーソン", f"{n}（{rel}）"), lb("連絡先", num)], [lb("入院の原因となった病名・治療中の疾患", s.dx("、"), 5)], [lb("既往歴", s.text("clinical.history", c.course.hist), 3), lb("今後の医学管理", f"{w(s, gp(s))}　{o(['通院', '往診'], '通院')}", 2)]], "", (20,) * 5)
    K = [("adl.mobility", "移動"), ("adl.transfer", "移乗"), ("adl.toileting", "排泄"), ("adl.bathing", "入浴"), ("adl.eating", "食事"), ("adl.dressing", "更衣")]
    one += table([[th("現在の状態", 3, cls="c")]] + [[th(b, cls="c"), td(adl(s, k, FOUR, "check", "　")), td({"adl.mobility": "手段 " + o(["杖", "歩行器", "車いす"], r.choice(["杖", "歩行器", "車いす"])), "adl.toileting": o(["トイレ", "ポータブル", "おむつ"], "トイレ"), "adl.eating": "形態 " + o(["普通", "きざみ", "ミキサー"], "普通")}.get(k, ""))] for k, b in K] + [[th("睡眠", cls="c"), td(o(["良好", "不良"], "良好")), td("眠剤 " + o(["なし", "あり"], "なし"))], [th("認知・精神", cls="c"), td(o(["低下なし", "せん妄", "徘徊", "不穏"], "低下なし"), 2)]], "mid", (14, 48, 38))
    one += table([[lb("入院中の経過", story(s, 4, True), st="height:8em")]])
    two = f"<p>患者氏名　{plain(c.patient)}　様　　（２枚目）</p>" + table([[th("医療処置"), td(procs(s, [("なし", None)] + NATION, "check"))], [th("看護の視点"), td(o(["血圧", "水分制限", "食事制限", "嚥下", "口腔ケア", "皮膚状態", "服薬指導", "ターミナル"], ["血圧", "服薬指導"]))], [th("リハビリの視点"), td(o(["関節可動域", "筋力増強", "歩行", "起居・移乗", "嚥下"], "歩行"))], [th("禁忌・アレルギー"), td(s.text("clinical.allergies", c.allergy))], [th("感染症"), td(s.text("clinical.infections", c.infection))], [th("服薬内容"), td(rx(s, "{n} {a} {u}"))], [th("本人の意向"), td(w(s, r.choice(["住み慣れた家で暮らしたい。", "一人でトイレに行けるようになりたい。"])), st="height:3em")], [th("家族の意向"), td(w(s, r.choice(["仕事を続けながら介護したい。", "夜間の介護が心配。"])), st="height:3em")], [th("阻害要因"), td(w(s, "段差、独居時間が長い"))], [th("整えるべき要件"), td(w(s, "福祉用具、訪問看護の調整"), st="height:3em")], [th("次回受診"), td(clock(s, "next_visit.datetime", c.next, ("short", "{D} {h}:{m2}")))]], "mid", (18, 82))
    two += "<p>聞き取りの記録</p>" + table([[th("回", cls="c"), th("日付", cls="c"), th("職種・氏名", cls="c"), th("会議", cls="c")], [td("1", cls="c"), td(w(s, day_text(c.created - dt.timedelta(days=5), "short"))), td(f"理学療法士　{w(s, c.other[0])}"), td("有・無", cls="c")], [td("2", cls="c"), td(""), td(""), td("有・無", cls="c")], [td("3", cls="c"), td(""), td(""), td("有・無", cls="c")]], "", (8, 25, 45, 22))
    return [s.page(one, "sm"), s.page(two + f"<p class=r>電話 {sphone(s)}　ＦＡＸ {sfax(s)}</p>")]


@layout("conference_notice", "f_conf_mizube")
def conf_mizube(s):
    """A spreadsheet with several wished-for days, one of them decided."""
    c, r = s.c, s.rng
    c.discharge = c.conf.date() + dt.timedelta(days=r.randint(1, 8))
    inst, pers = to(s)
    out = f"<h1>退院時共同指導・カンファレンス日程通知</h1><div class=sp><span>{inst}　{pers} 様</span><span>通知日 {day(s, 'document.date', c.created, 'short')}</span></div>" + table([[th("対象の患者"), td(f"{s.name(False)} 様", 3), th("性別"), td(s.sex("text"))], [th("生年月日"), td(s.birth("short", True), 3), th("退院日（予定）"), td(day(s, "encounter.discharge_date", c.discharge, "short"))], [th("病名"), td(s.dx("、"), 5)], [th("介護度"), td(s.level("text"), 2), th("入院日"), td(day(s, "encounter.admission_date", c.admission, "short"), 2)]], "xl mid", (14, 24, 10, 16, 16, 20))
    out += table([[th("確定日時", cls="c"), td(f"<b>{clock(s, 'conference.datetime', c.conf, ('short', '{D}（{W}）{h}:{m2}～{e}:{m2}'))}</b>")], [th("開催場所", cls="c"), td(s.v("conference.place", c.room))], [th("形式", cls="c"), td(opts(s, ["対面", "ハイブリッド"], "ハイブリッド", "check") + f"　URL：{s.v('conference.url', c.url, pen=False)}" if r.random() < 0.5 else opts(s, ["対面", "ハイブリッド"], "対面", "check"))], [th("参加予定", cls="c"), td(f"主治医、看護師、薬剤師、訪問看護、居宅介護支援、{c.relation}")], [th("持ち物", cls="c"), td("ケアプラン（案）、福祉用具のカタログ")], [th("連絡先", cls="c"), td(f"{me(s)}　{s.v('sender.department', s.house.unit, pen=False)}　{s.person('sender.person', c.nurse)}<br>電話 {sphone(s)}　ＦＡＸ {sfax(s)}")]], "xl mid", (16, 84))
    return [s.page(out + "<p>ご都合がつかない場合は、前日の正午までにお電話ください。駐車券をお渡ししますので受付にお声がけください。</p>")]


@layout("nursing_order", "f_order_mizube_ehr")
def order_mizube(s):
    """様式16 as an electronic record prints it: lines, ticks by the machine."""
    c, r = s.c, s.rng
    start = c.created + dt.timedelta(days=r.randint(0, 5))
    end = start + dt.timedelta(days=r.choice([30, 90, 181]))
    s.unscored |= {"order.period_start": start.isoformat(), "order.period_end": end.isoformat()}
    inst = to_house(s)
    names = [("自動腹膜灌流装置", None), ("透析液供給装置", None), ("酸素療法", "酸素療法"), ("吸引器", "喀痰吸引"), ("中心静脈栄養", None), ("輸液ポンプ", "点滴"), ("経管栄養（経鼻）", "経鼻栄養"), ("経管栄養（胃瘻）", "胃ろう"), ("留置カテーテル", "尿道カテーテル"), ("人工呼吸器", None), ("気管カニューレ", "気管切開"), ("人工肛門", "消化管ストーマ"), ("人工膀胱", "尿路ストーマ"), ("その他", None)]
    on = [k for _, k in names if k in c.procs]
    ticks = "　".join(s.mark(a, bool(k) and k in c.procs, "check") for a, k in names)
    if on:
        s.put("clinical.procedures", on, False, True, [[a for a, k in names if k in on]])
    P = parts(s)
    out = f"<div class=sp><span class=tiny>(別紙様式16)</span><span class=tiny>{me(s)}</span></div><h1>訪問看護指示書</h1><p class=c>指示期間（{day_text(start, 'reiwa')} ～ {day_text(end, 'reiwa')}）</p>" + cols([("患者氏名", f"{s.name(False)}　様　　性別：{s.v('patient.sex', '男' if c.patient[4] == 'm' else '女', 'male' if c.patient[4] == 'm' else 'female')}"), ("生年月日", birth_plain(s, "{n}{e}年{m}月{d}日（{a}歳）")), ("患者住所", s.text("patient.address", c.address)), ("電話番号", s.phone("patient.phone", c.phone))], "6em") + "<hr>"
    out += f"<p>主たる傷病名　" + "　".join(f"({i + 1}){x}" for i, x in enumerate(P)) + f"</p><p>〔現在の状況〕</p><p>病状・治療状態</p><div class=in2>{story(s, 4)}</div><p>投与中の薬剤の用量・用法</p><div class=in2>{rx(s, '{n} {a} {u}')}</div><p>日常生活自立度　寝たきり度 {opts(s, ['J1', 'J2', 'A1', 'A2', 'B1', 'B2', 'C1', 'C2'], r.choice(['J2', 'A1', 'A2', 'B1']), 'check', ' ')}<br>　　　　　　　　認知症の状況 {opts(s, ['Ⅰ', 'Ⅱa', 'Ⅱb', 'Ⅲa', 'Ⅲb', 'Ⅳ', 'M'], r.choice(['Ⅰ', 'Ⅱa']), 'check', ' ')}</p><p>要介護認定の状況　{level_short(s, 'check', ' ', ('要支援1', '要支援2', '要介護1', '要介護2', '要介護3', '要介護4', '要介護5', '申請中', '自立'))}</p><p>装着・使用医療機器等<br>　{ticks}</p><hr><p>〔留意事項及び指示事項〕</p><p>Ⅰ 療養生活指導上の留意事項：{r.choice(['転倒に注意すること', '食事と水分の摂取量を確認すること'])}</p><p>Ⅱ 1. リハビリテーション　{r.choice(['1日40分を週2回', 'なし'])}　2. 褥瘡の処置等　3. その他</p><p>緊急時の連絡先　{s.house.direct}（地域連携係）　不在時の対応　当直医</p><p>特記すべき留意事項　なし</p><p>他の訪問看護ステーションへの指示　（無）</p><p>上記のとおり、指示いたします。</p>"
    s.put("sender.phone", s.house.phone, False, False, [s.house.direct])
    return [s.page(out + f"<div class=rt2>{day(s, 'document.date', c.created, 'reiwa')}<br>医療機関名　{me(s)}<br>住　　所　{esc(s.house.address)}<br>電　　話　{sphone(s)}　(FAX.) {sfax(s)}<br>医師氏名　{s.person('sender.person', c.doctor)}　印</div><p>{inst}　殿</p>", "sm")]
