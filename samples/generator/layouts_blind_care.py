"""Layouts of the set `blind`: clinics, care offices, a visiting-nurse station, covers. See layouts_blind.py."""
import datetime as dt

from forms import adl, adl_cells, adl_word, born, born_era, day, day_text, family, gp, heavier, kin, lb, level_short, me, opts, plain, procs, rx, sfax, sphone, table, td, tel, th, to, to_house, years
from layouts_blind import NAMES
from layouts_letters import layout
from marks import esc, seal
from sheet import ADL, wdate

# where a sheet goes that is not for its type's usual addressees
TO = {"b_reply_slip": ("office",), "b_contact_memo": ("office", "station")}
FOUR = ("自立", "見守り", "一部介助", "全介助")


# ---------------------------------------------------------------- 藤の木クリニック: large type, hand-made letters
@layout("referral", "b_ref_square")
def ref_square(s):
    c = s.c
    inst, pers = to(s)
    out = f"<h1>紹　介　状</h1><div>{inst}<br>{pers} 先生</div><p>いつも大変お世話になっております。下記の患者さんをご紹介いたします。ご高診くださいますようお願いいたします。</p>"
    out += f"<p>■患者さん　{s.name(False)} {s.form.choice(['様', '殿'])}　{s.sex('text')}<br>　　　　　　{s.birth('sp', True)}<br>　　　　　　{s.text('patient.address', c.address)}<br>　　　　　　電話 {s.phone('patient.phone', c.phone)}</p>"
    out += f"<p>■病名　{s.dx('1)', '　')}</p><p>■既往　{s.text('clinical.history', c.course.hist)}</p><p>■経過<br>{s.course(n=4)}</p><p>■お願いしたいこと<br>{s.text('clinical.purpose', c.course.purpose)}</p><p>■処方中のお薬<br>{rx(s)}</p>"
    if s.rng.random() < 0.6:
        out += f"<p>■薬のアレルギー　{s.text('clinical.allergies', c.allergy)}</p>"
    return [s.page(out + f"<div class=rt2 style='margin-top:1em'>{s.date('document.date', c.created)}<div class=stb>〒270-0021　{esc(s.house.address)}<br><b>{me(s)}</b><br>院長　{s.person('sender.person', c.doctor)}<br>TEL {sphone(s)}　FAX {sfax(s)}</div>{seal(s.rng, c.doctor[0])}</div>")]


@layout("nursing_order", "b_order_lines")
def order_lines(s):
    c, r = s.c, s.rng
    start = c.created + dt.timedelta(days=r.randint(0, 4))
    end = start + dt.timedelta(days=r.choice([29, 60, 182]))
    s.unscored |= {"order.period_start": start.isoformat(), "order.period_end": end.isoformat()}
    inst = to_house(s)
    names = [("酸素", "酸素療法"), ("吸引器", "喀痰吸引"), ("経管栄養（経鼻）", "経鼻栄養"), ("経管栄養（胃瘻）", "胃ろう"), ("留置カテーテル", "尿道カテーテル"), ("気管カニューレ", "気管切開"), ("人工肛門", "消化管ストーマ"), ("人工膀胱", "尿路ストーマ"), ("その他", None)]
    out = f"<h1>訪 問 看 護 指 示 書</h1><p>{inst}　殿</p><p>指示期間：{wdate(start, 'reiwa')}～{wdate(end, 'reiwa')}</p><div class=dbox>患者氏名　<span class=ul>{s.name(False)}</span> 様　（{s.sex('ring')}）<br>生年月日　<span class=ul>{s.birth('sp', False)}</span>　{years(s)}<br>住　　所　<span class=ul>{s.text('patient.address', c.address)}</span><br>電　　話　<span class=ul>{s.phone('patient.phone', c.phone)}</span></div>"
    out += f"<p>１．主たる傷病名　{s.dx('(1)', '　')}</p><p>２．病状及び治療の状態<br>{s.course(n=3)}</p><p>３．投与中の薬剤<br>{rx(s)}</p><p>４．要介護認定　{s.level('paren')}</p><p>５．装着・使用している医療機器　{procs(s, names, 'hand')}</p><p>６．指示事項　{r.choice(['全身状態の観察、服薬確認、療養指導', '入浴介助、排便の管理、家族への介護指導'])}</p><p>７．緊急時の連絡先　{tel(s)}（院長携帯 {tel(s, True)}）</p><p>上記のとおり指示いたします。</p>"
    return [s.page(out + f"<div class=rt2>{s.date('document.date', c.created)}<br>{me(s)}<br>{esc(s.house.address)}<br>TEL {sphone(s)}　FAX {sfax(s)}<br>{s.signer(c.doctor, '医師', seal=True)}</div>")]


@layout("contact_sheet", "b_reply_slip")
def reply_slip(s):
    """A clinic answers a care manager on its own sheet."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    msg = r.choice(["入浴は体調が良ければ可能です。血圧が180を超える場合は中止してください。", "福祉用具（介護用ベッド）の利用は医学的に必要と考えます。意見書に記載しました。", "睡眠薬を変更しました。ふらつきに注意して様子をみてください。", "通所リハの運動は軽い負荷から始めてください。脈拍120以下を目安とします。"])
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    out = f"<h1>ご照会への回答</h1><div>{inst}　御中<br>{pers} 様</div><div class=r>{s.date('document.date', c.created)}<br>{me(s)}<br>医師　{s.person('sender.person', c.doctor)}{seal(r, c.doctor[0])}<br>TEL {sphone(s)}　FAX {sfax(s)}</div><p>{day_text(c.created - dt.timedelta(days=r.randint(1, 5)), 'reiwa')}付のお問い合わせについて、次のとおりお答えします。</p>"
    out += f"<div class=box>利用者　{s.name()}　　生年月日　{s.birth('sp', False)}</div><p>{opts(s, ['電話でお話しします', '下記のとおりです', '来院時に説明します'], '下記のとおりです', 'hand')}</p><div class=dbox style='min-height:9em'>{s.ink(msg, s.hand == 'all') or esc(msg)}</div>"
    return [s.page(out)]


# ---------------------------------------------------------------- くるみ在宅診療所
@layout("referral", "b_ref_columns")
def ref_columns(s):
    """Two columns with a rule between; the sender across the foot."""
    c = s.c
    inst, pers = to(s)
    n, rel, num = family(s)
    left = f"<span class=bar>患者</span><p class=tiny>フリガナ　{s.kana('full')}</p><div style='font-size:1.3em'>{s.name()}</div><p>{s.birth('west_wareki')}<br>{years(s)}　{s.sex('text')}</p><p>〒{s.v('patient.postal_code', c.post)}<br>{s.text('patient.address', c.address)}<br>電話 {s.phone('patient.phone', c.phone)}</p><span class=bar>ご家族</span><p>{n}（{rel}）<br>{num}</p><span class=bar>介護</span><p>{s.level('text')}<br>{s.v('care.office', s.other_office)}<br>CM {s.person('care.manager', c.manager)}</p><span class=bar>アレルギー</span><p>{s.text('clinical.allergies', c.allergy)}</p>"
    right = f"<span class=bar>診断名</span><p>{s.dx('①')}</p><span class=bar>ご紹介の目的</span><p>{s.text('clinical.purpose', c.course.purpose)}</p><span class=bar>既往歴</span><p>{s.text('clinical.history', c.course.hist)}</p><span class=bar>これまでの経過</span><p>{s.course(n=5)}</p><span class=bar>定期薬</span><p>{rx(s, '{n} {a} {u}', pre='・')}</p>"
    out = s.title("診療情報提供書") + f"<div class=sp><div>{inst}<br>{pers} 先生　御侍史</div><div>{day(s, 'document.date', c.created, 'slash')}</div></div><div class='c2 vr bt' style='padding-top:.5em'><div>{left}</div><div style='flex:1.7'>{right}</div></div><div class='c bt' style='margin-top:1em'><b>{me(s)}</b>　担当医 {s.person('sender.person', c.doctor)}<br>{esc(s.house.address)}　Tel.{sphone(s)}　Fax.{sfax(s)}</div>"
    return [s.page(out)]


DEVICES = [("自動腹膜灌流装置", None), ("透析液供給装置", None), ("酸素療法（{o2}L/分）", "酸素療法"), ("吸引器", "喀痰吸引"), ("中心静脈栄養", None), ("輸液ポンプ", None), ("経管栄養（経鼻）", "経鼻栄養"), ("経管栄養（胃瘻：サイズ　、　日に1回交換）", "胃ろう"), ("留置カテーテル（部位：膀胱　サイズ　　、　日に1回交換）", "尿道カテーテル"), ("人工呼吸器（陽圧式・陰圧式：設定　　　）", None), ("気管カニューレ（サイズ　　）", "気管切開"), ("人工肛門", "消化管ストーマ"), ("人工膀胱", "尿路ストーマ"), ("その他（　　　）", None)]


@layout("nursing_order", "b_order_form")
def order_form(s):
    """The national order, dense, with square boxes."""
    c, r = s.c, s.rng
    start = c.created + dt.timedelta(days=r.randint(0, 6))
    end = start + dt.timedelta(days=r.choice([29, 90, 180]))
    s.unscored |= {"order.period_start": start.isoformat(), "order.period_end": end.isoformat()}
    inst = to_house(s)
    on = [w for w, k in DEVICES if k in c.procs and k]
    if on:
        s.put("clinical.procedures", [k for w, k in DEVICES if w in on], False, True)
    dev = "　".join(f"<span class=op>{i + 1}．" + s.mark(w.format(o2=r.choice(["1", "2", "0.5"]) if w in on else "　"), w in on, "css") + "</span>" for i, (w, k) in enumerate(DEVICES))
    bed = opts(s, ["J1", "J2", "A1", "A2", "B1", "B2", "C1", "C2"], r.choice(["J2", "A1", "B2", "C1"]), "css", " ")
    dem = opts(s, ["Ⅰ", "Ⅱa", "Ⅱb", "Ⅲa", "Ⅲb", "Ⅳ", "M"], r.choice(["Ⅰ", "Ⅱa", "Ⅲa"]), "css", " ")
    out = f"<h1>訪 問 看 護 指 示 書<br>在宅患者訪問点滴注射指示書</h1><p class='c tiny'>※該当する指示書を○で囲むこと</p><div>訪問看護指示期間　{wdate(start, 'slash')} ～ {wdate(end, 'slash')}<br>点滴注射指示期間　　　　年　　月　　日 ～ 　　　年　　月　　日</div>"
    rows = [[th("患者氏名", 2), td(s.name()), th("生年月日"), td(s.birth("west_wareki", False) + f"（{years(s)}）")], [th("患者住所", 2), td(s.text("patient.address", c.address), 2), td("電話 " + s.phone("patient.phone", c.phone))], [th("主たる傷病名", 2), td(s.dx("(1)", "　"), 3)], [th("傷病名コード", 2), td("　".join(f"（{i + 1}）{r.randint(10**6, 9 * 10**6)}" for i in range(len(c.dx))), 3)],
            [th("現在の状況", r=6, cls="v"), th("病状・治療状態"), td(s.course(n=3), 3, st="height:5em")], [th("投与中の薬剤の用量・用法"), td(rx(s, "{n} {a} {u}", pre="{i}．"), 3)], [th("日常生活自立度"), td(f"寝たきり度　{bed}<br>認知症の状況　{dem}", 3)], [th("要介護認定の状況"), td(level_short(s, "css", " ", ("要支援1", "要支援2", "要介護1", "要介護2", "要介護3", "要介護4", "要介護5", "申請中", "自立")), 3)],
            [th("褥瘡の深さ"), td("DESIGN-R2020分類　D3　D4　D5　　NPUAP分類　Ⅲ度　Ⅳ度", 3)], [th("装着・使用医療機器等"), td(dev, 3)]]
    out += table(rows, "mid", (5, 15, 34, 14, 32)) + table([[td(f"留意事項及び指示事項<br>Ⅰ　療養生活指導上の留意事項　{r.choice(['内服の確認をお願いします。', '脱水に注意してください。'])}<br>Ⅱ　1．理学療法士等が行う訪問看護　　1日当たり（　）分を週（　）回<br>　　2．褥瘡の処置等　　3．装着・使用医療機器等の操作援助・管理　　4．その他")], [td("在宅患者訪問点滴注射に関する指示（投与薬剤・投与量・投与方法等）<br>　")], [td(f"緊急時の連絡先　{tel(s, True)}（当番携帯）<br>不在時の対応　{r.choice(['連携病院へ搬送', '在宅当番医が対応'])}")], [td(f"特記すべき留意事項　薬物アレルギー：{s.text('clinical.allergies', c.allergy)}")], [td(f"他の訪問看護ステーションへの指示　（{opts(s, ['無', '有'], '無', 'ring', '　')}：指定訪問看護ステーション名　　　　　　　　　　）<br>たんの吸引等実施のための訪問介護事業所への指示　（{opts(s, ['無', '有'], '無', 'ring', '　')}：訪問介護事業所名　　　　　　　　　　）")]])
    out += f"<p>上記のとおり、指示いたします。</p><div class=r>{day(s, 'document.date', c.created, 'slash')}</div><div class=rt2>医療機関名　{me(s)}<br>住　　　所　{esc(s.house.address)}<br>電　　　話　{sphone(s)}<br>（Ｆ Ａ Ｘ）　{sfax(s)}<br>医 師 氏 名　{s.person('sender.person', c.doctor)}{seal(r, c.doctor[0])}</div><p>{inst}　殿</p>"
    return [s.page(out, "sm")]


@layout("contact_sheet", "b_contact_memo")
def contact_memo(s):
    c, r = s.c, s.rng
    inst, pers = to(s)
    msg = r.choice(["本日より利尿薬を増量しました。体重と尿量の観察をお願いします。", "点滴を3日間行います。訪問看護の追加をご調整ください。", "胃ろうの交換日を来週火曜の午後に変更します。ご家族には連絡済みです。", "褥瘡が悪化傾向です。エアマットへの変更をご検討ください。"])
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    up = r.random() < 0.3
    if up:
        s.put("urgency", "urgent", False, True)
    rows = [[th("宛先"), td(f"{inst}<br>{pers} 様")], [th("発信"), td(f"{me(s)}　{s.person('sender.person', c.doctor)}<br>Tel.{sphone(s)} / Fax.{sfax(s)}")], [th("日付"), td(day(s, "document.date", c.created, "slash"))], [th("区分"), td(s.mark("至急", up, "css") + "　" + opts(s, ["報告", "相談", "依頼"], "依頼", "css"))], [th("患者様"), td(f"{s.name()}（{s.birth('slash', False)}生　{s.sex('text')}）")], [th("用件"), td(s.ink(msg, s.hand == "all") or esc(msg), st="height:12em")], [th("ご返信"), td("□ 了解しました　□ お電話ください<br><br>ご署名", st="height:7em")]]
    return [s.page(s.title("多職種連絡メモ") + table(rows))]


# ---------------------------------------------------------------- care offices
@layout("admission_info", "b_adm_form")
def adm_form(s):
    """入院時情報提供書, two pages with dozens of boxes."""
    c, r, b = s.c, s.rng, "glyph"
    c.admission = c.created - dt.timedelta(days=r.randint(0, 3))
    o = lambda names, on=None: opts(s, names, on, b)
    inst, pers = to(s)
    n, rel, num = family(s)
    one = f"<div class=sp><span>（別紙）</span><span>記入日：{s.date('document.date', c.created)}<br>入院日：{s.date('encounter.admission_date', c.admission)}<br>情報提供日：{day_text(c.created, 'reiwa_sp')}</span></div><h1>入院時情報提供書</h1><div class=sp><div>医療機関名：{inst}<br>ご担当者名：{pers}</div><div>事業所名：{me(s)}<br>ケアマネジャー氏名：{s.person('sender.person', c.manager)}<br>TEL：{sphone(s)}　FAX：{sfax(s)}</div></div><p class=tiny>利用者（患者）／家族の同意に基づき、利用者（患者）の情報（身体・生活機能など）を送付します。是非ご活用ください。</p><b>１．利用者（患者）基本情報について</b>"
    one += table([[th("患者氏名", r=2), td(f"<span class=tiny>（フリガナ）{s.kana('full')}</span><br>{s.name(False)}", 2, 2), th("年齢"), td(years(s, "{}才"), cls="c"), th("性別"), td(s.sex("ring"), cls="c")], [th("生年月日"), td(born_era(s, ("明", "大", "昭"), "ring") + " 生", 3)], [th("住所"), td(f"〒{s.v('patient.postal_code', c.post)}<br>{s.text('patient.address', c.address)}", 3), th("電話番号"), td(s.phone("patient.phone", c.phone), 2)],
                  [th("住環境"), td(f"住居の種類（戸建て・集合住宅）　{r.randint(1, 9)}階建て　居室{r.randint(1, 5)}階　エレベーター（有・無）　特記事項（　　　　　　）", 6)], [th("入院時の要介護度"), td(s.level("paren") + f"<br>有効期間：R{r.randint(6, 7)}年{r.randint(1, 12)}月1日～R{r.randint(8, 10)}年{r.randint(1, 12)}月末日", 6)], [th("被保険者番号"), td(s.v("patient.insured_number", c.insured), 2), th("保険者番号"), td(s.v("patient.insurer_number", c.insurer), 3)],
                  [th("障害高齢者の日常生活自立度"), td(o(["自立", "J1", "J2", "A1", "A2", "B1", "B2", "C1", "C2"], r.choice(["J2", "A2", "B1"])), 6)], [th("認知症高齢者の日常生活自立度"), td(o(["自立", "Ⅰ", "Ⅱa", "Ⅱb", "Ⅲa", "Ⅲb", "Ⅳ", "M"], r.choice(["Ⅰ", "Ⅱb"])), 6)], [th("自己負担割合"), td(o(["1割", "2割", "3割", "不明"], "1割"), 3), th("障害など認定"), td(o(["なし", "あり"], "なし"), 2)], [th("年金などの種類"), td(o(["国民年金", "厚生年金", "障害年金", "生活保護", "その他"], "厚生年金"), 6)]], "mid", (17, 15, 22, 10, 12, 10, 14))
    one += "<b>２．家族構成／連絡先について</b>" + table([[th("世帯構成"), td(o(["独居", "高齢者世帯", "子と同居", "その他"], r.choice(["独居", "高齢者世帯"])))], [th("主介護者氏名"), td(f"{plain(c.contact2)}（続柄　{kin(s)}　・{r.randint(45, 88)}才）（同居・別居）　TEL {tel(s)}")], [th("キーパーソン"), td(f"{n}（続柄　{rel}　・{r.randint(40, 80)}才）　連絡先　TEL {num}")]], "mid", (17, 83))
    one += "<b>３．本人／家族の意向について</b>" + table([[th("本人の趣味・興味・関心領域等"), td(r.choice(["盆栽、相撲観戦", "読書", "カラオケ教室"]))], [th("本人の生活歴"), td(r.choice(["布佐で生まれ、農業に従事した。", "都内で会社勤めをしていた。"]))], [th("入院前の本人の意向"), td(o(["同封の居宅サービス計画（1）参照"], "同封の居宅サービス計画（1）参照"))]], "mid", (30, 70)) + "<b>４．入院前の介護サービスの利用状況について</b>" + table([[td(o(["居宅サービス計画書1.2.3表", "その他（　　　　）"], "居宅サービス計画書1.2.3表"))]])
    sm = lambda k: adl(s, k, FOUR, b, "　")
    ur, st = heavier(s, b, "　", FOUR)
    two = "<b>５．身体・生活機能の状況／療養生活上の課題について</b>" + table([[th("麻痺の状況"), td(o(["なし", "軽度", "中度", "重度"], "なし"), 2), th("褥瘡"), td(o(["なし", "あり"], "なし"), 2)], [th("ＡＤＬ", r=6, cls="c"), th("移動"), td(sm("adl.mobility"), 4)], [th("移乗"), td(sm("adl.transfer"), 4)], [th("更衣"), td(sm("adl.dressing"), 4)], [th("整容"), td(o(FOUR, "自立"), 4)], [th("入浴"), td(sm("adl.bathing"), 4)], [th("食事"), td(sm("adl.eating"), 4)],
                   [th("食事内容", r=2, cls="c"), th("食事回数"), td("3回／日（朝 7時・昼 12時・夜 18時）"), th("食事制限"), td(o(["なし", "あり"], "なし"), 2)], [th("食事形態"), td(o(["普通", "きざみ", "嚥下障害食", "ミキサー"], r.choice(["普通", "きざみ"]))), th("水分とろみ"), td(o(["なし", "あり"], "なし"), 2)], [th("排泄", r=2, cls="c"), th("排尿"), td(ur + f"　ポータブルトイレ {o(['なし', '夜間', '常時'], 'なし')}", 4)], [th("排便"), td(st + f"　オムツ／パッド {o(['なし', '夜間', '常時'], 'なし')}", 4)],
                   [th("睡眠の状態"), td(o(["良", "不良"], "良"), 2), th("眠剤の使用"), td(o(["なし", "あり"], r.choice(["なし", "あり"])), 2)], [th("喫煙"), td(o(["無", "有"], "無"), 2), th("飲酒"), td(o(["無", "有"], "無"), 2)], [th("コミュニケーション能力"), td(f"視力 {o(['問題なし', 'やや難あり', '困難'], '問題なし')}　聴力 {o(['問題なし', 'やや難あり', '困難'], 'やや難あり')}", 5)], [th("精神面における療養上の問題"), td(o(["なし", "幻視・幻聴", "興奮", "焦燥・不穏", "妄想", "暴力／攻撃性", "介護への抵抗", "不眠", "昼夜逆転", "徘徊"], "なし"), 5)]], "mid", (14, 10, 32, 14, 15, 15))
    two += table([[th("疾患歴"), td(o(["なし", "悪性腫瘍", "認知症", "急性呼吸器感染症", "脳血管障害", "骨折", "その他"], []))], [th("入院の原因となった病名"), td(s.dx("、"))], [th("最近半年間での入院"), td(o(["なし", "あり（理由：　　　）", "不明"], "なし"))], [th("入院前に実施している医療処置"), td(s.procedures(b))]], "mid", (22, 78))
    s.ignore |= {"clinical.history"}
    two += "<b>６．お薬について</b>" + table([[th("内服薬"), td(o(["なし", "あり"], "あり") + "<br>" + rx(s))], [th("薬剤管理"), td(o(["自己管理", "他者による管理"], "自己管理"))], [th("お薬に関する特記"), td("")]], "mid", (17, 83)) + "<b>７．かかりつけ医について</b>" + table([[th("かかりつけ医機関名"), td(gp(s)), th("電話番号"), td(tel(s))], [th("医師名"), td(plain(c.other)), th("診察方法・頻度"), td(o(["通院", "訪問診療"], "通院") + "　月1回")]], "mid", (20, 32, 16, 32))
    return [s.page(one, "sm"), s.page(two, "sm")]


@layout("admission_info", "b_adm_sheet")
def adm_sheet(s):
    """A region's own sheet on one page, every cell labelled in small print."""
    c, r = s.c, s.rng
    c.admission = c.created - dt.timedelta(days=r.randint(0, 5))
    inst, pers = to(s)
    n, rel, num = family(s)
    head = f"<div class=c><b style='font-size:1.5em'>入退院時情報提供シート（地域→病院）</b></div>" + table([[lb("送付先", f"{inst}<br>{pers} 様", 6), lb("発信元", f"{me(s)}<br>担当 {s.person('sender.person', c.manager)}<br>ＴＥＬ {sphone(s)}　ＦＡＸ {sfax(s)}", 6)], [lb("提供日", s.date("document.date", c.created), 6), lb("入院日", s.date("encounter.admission_date", c.admission), 6)]], "", [8.33] * 12)
    rows = [[lb("ふりがな", s.kana("hira"), 5), lb("性別", s.sex("box"), 3), lb("生年月日", born(s, "l_year"), 4)], [lb("氏名", f"<span style='font-size:1.25em'>{s.name(False)}</span>", 5), lb("住所", s.text("patient.address", c.address), 7)], [lb("電話番号", s.phone("patient.phone", c.phone), 4), lb("被保険者番号", s.v("patient.insured_number", c.insured), 4), lb("保険者番号", s.v("patient.insurer_number", c.insurer), 4)], [lb("要介護度", level_short(s, "re", "　", ("要支援1", "要支援2", "要介護1", "要介護2", "要介護3", "要介護4", "要介護5", "申請中", "未申請")), 12)],
            [lb("緊急連絡先①（キーパーソン）", n, 4), lb("続柄", rel, 2), lb("電話", num, 3), lb("同居", opts(s, ["有", "無"], "無", "ring", "・"), 3)], [lb("緊急連絡先②", plain(c.contact2), 4), lb("続柄", kin(s), 2), lb("電話", tel(s, True), 3), lb("備考", "", 3)], [lb("現在の病名", s.dx("、"), 6), lb("既往歴", s.text("clinical.history", c.course.hist), 6)], [lb("かかりつけ医", gp(s), 6), lb("薬局", f"{r.choice(['みなと', 'ことり', 'エンゼル'])}調剤薬局　{tel(s)}", 6)]]
    sign = s.form.choice(["○", "レ", "hand"])
    grid = [[th("", cls="c"), th("自立", cls="c"), th("見守り", cls="c"), th("一部介助", cls="c"), th("全介助", cls="c"), th("状況", cls="c")]] + [[th(NAMES[k])] + adl_cells(s, k, sign) + [td(r.choice(["", "手すり使用", "", "声かけ要"]))] for k in ADL]
    out = head + table(rows, "", [8.33] * 12) + table(grid, "mid", (16, 12, 12, 12, 12, 36)) + table([[lb("医療処置（在宅で行っていたもの）", s.procedures("re"), 12)], [lb("服薬状況", rx(s), 8), lb("アレルギー", s.text("clinical.allergies", c.allergy), 4)], [lb("利用サービス", "通所介護（月・木）、訪問看護（水）、福祉用具：特殊寝台・車いす", 12)], [lb("ご本人・ご家族の意向", r.choice(["自宅に戻りたい。", "できるだけ家で過ごさせたい。"]), 12)]], "", [8.33] * 12)
    return [s.page(out, "sm")]


def letter(s, who, role):
    inst, pers = to(s)
    return f"<div>{inst}<br>{pers} 先生</div><div class=rt2>{s.date('document.date', s.c.created)}<br>{me(s)}<br>{role} {s.person('sender.person', who)}<br>TEL {sphone(s)}　FAX {sfax(s)}</div>"


ASKS = ["先週から両足のむくみが強くなり、靴が履けないとの訴えがあります。受診の時期についてご指示をお願いいたします。", "ショートステイの利用を予定しております。健康診断書の作成と、入所中の内服についてご教示ください。", "ヘルパーより、食事中にむせることが増えたと報告がありました。食形態の変更が必要でしょうか。", "転倒が2週間で3回ありました。住宅改修とあわせて訪問リハビリの利用を検討したく、ご意見をお願いします。", "認定更新の時期となりました。主治医意見書の作成をお願いいたします。"]


@layout("contact_sheet", "b_ask_doctor", "b_ask_boxes")
def ask(s):
    c, r = s.c, s.rng
    msg = r.choice(ASKS)
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    ink = s.ink(msg, s.hand == "all") or esc(msg)
    if s.layout == "b_ask_doctor":
        out = letter(s, c.manager, "介護支援専門員") + s.title("主治医への照会について（依頼）") + f"<p class=lead>平素よりお世話になっております。下記の利用者様につきましてご意見を伺いたく、お手数ですがご回答をお願いいたします。</p><div class=dl><span>利用者氏名</span><span>{s.name()}</span><span>生年月日</span><span>{born_era(s, ('明', '大', '昭', '平'), 'ring', '・')}生</span><span>住　　所</span><span>{s.text('patient.address', c.address)}</span><span>要介護度</span><span>{s.level('text')}</span></div>"
        out += f"<p>● お伺いしたい内容</p><div class=box style='min-height:8em'>{ink}</div><p>● ご回答（FAX {s.house.fax} あてにご返信ください）</p><div class=box style='min-height:10em'>□ 面談希望（　月　日　時）　□ 電話　□ 文書<br><br><br></div><p class=r>医療機関名　　　　　　　　　　　医師名　　　　　　　　印</p>"
        return [s.page(out)]
    inst, pers = to(s)
    b = "re"
    out = "<h1>医療・介護連携 連絡票</h1>" + table([[th("宛　先"), td(f"{inst}　{pers} 先生"), th("発信日"), td(s.date("document.date", c.created))], [th("発信者"), td(f"{me(s)}　{s.person('sender.person', c.manager)}", 3)], [th("連絡先"), td(f"ＴＥＬ {sphone(s)}　ＦＡＸ {sfax(s)}", 3)]]) + table([[lb("ふりがな", s.kana("hira")), lb("生年月日", s.birth("short_r")), lb("性別", s.sex("ring"))], [lb("氏名", s.name(False) + " 様"), lb("介護度", level_short(s, "ring", "・")), lb("世帯", r.choice(["独居", "同居"]))]])
    out += table([[th("連絡の種類"), td(opts(s, ["相談", "報告", "照会", "サービス担当者会議の案内", "主治医意見書の依頼"], "相談", b))], [th("内　容"), td(ink, st="height:9em")], [th("返信希望"), td(opts(s, ["FAX", "電話", "不要"], "FAX", b))], [th("先生からのご返信"), td("<br><br><br>　　年　　月　　日　　　　医師", st="height:9em")]])
    return [s.page(out)]


@layout("discharge_record", "b_record")
def record(s):
    """退院・退所情報記録書, the newer national form, boxes or rings."""
    c, r = s.c, s.rng
    b = "ring" if s.house.box == "ringbox" else s.house.box
    sep = "・" if b == "ring" else "　"
    o = lambda names, on=None: opts(s, names, on, b, sep)
    inst, pers = to(s)
    out = f"<div class=sp><span>{inst}　{pers} 様</span><span>作成日：{s.date('document.date', c.created)}</span></div><h1>退院・退所情報記録書</h1><b>１．基本情報・現在の状態等</b>"
    rows = [[th("属性", r=2, cls="c"), td(f"フリガナ　{s.kana('full')}<br>氏名　{s.name(False)}　様", 2), td(f"性別　{s.sex('ring')}", 1), td(f"年齢　{years(s)}", 1)], [td(f"生年月日　{s.birth('both', False)}", 2), td(f"退院（所）時の要介護度　{s.level('text')}", 2)], [th("入院（所）概要", r=2, cls="c"), td(f"・入院（所）日：{s.date('encounter.admission_date', c.admission)}", 2), td(f"・退院（所）予定日：{s.date('encounter.discharge_date', c.discharge)}", 2)], [td(f"入院原因疾患：{s.dx('、')}", 4)], [th("施設", cls="c"), td(f"{me(s, dept=s.department('ward'))}　{r.randint(201, 560)}号室", 4)], [th("疾患と入院（所）中の状況", r=7, cls="c"), td(f"現在治療中の疾患の状況　{o(['安定', '不安定'], '安定')}", 4)]]
    for k, lab in (("adl.mobility", "移動"), ("adl.transfer", "移乗"), ("adl.toileting", "排泄"), ("adl.bathing", "入浴"), ("adl.eating", "食事"), ("adl.dressing", "更衣")):
        rows.append([th(lab, cls="c"), td(adl(s, k, FOUR, b, sep), 3)])
    rows += [[th("嚥下", cls="c"), td(f"むせ {o(['なし', '時々', '常に'], 'なし')}　義歯 {o(['なし', '部分', '総'], '部分')}", 4)], [th("睡眠", cls="c"), td(o(["良好", "不良"], "良好") + f"　眠剤 {o(['なし', 'あり'], 'なし')}", 4)], [th("認知・精神", cls="c"), td(o(["認知機能低下", "せん妄", "徘徊", "焦燥・不穏", "攻撃性"], []), 4)], [th("受け止め", cls="c"), td(f"本人：{r.choice(['家に帰れるのが楽しみ', '足が弱って不安'])}　家族：{r.choice(['サービスを使って支えたい', '日中は仕事で不在'])}", 4)]]
    out += table(rows, "mid", (14, 10, 30, 23, 23)) + "<b>２．課題認識のための情報</b>" + table([[th("医療処置の内容", cls="c"), td(s.procedures(b, sep=sep))], [th("看護の視点", cls="c"), td(o(["なし", "血圧", "水分制限", "食事制限", "食形態", "嚥下", "口腔ケア", "清潔ケア", "血糖コントロール", "排泄", "皮膚状態", "服薬指導", "ターミナルケア"], ["血圧", "服薬指導"]))], [th("リハビリの視点", cls="c"), td(o(["なし", "本人指導", "家族指導", "関節可動域練習", "筋力増強練習", "バランス練習", "歩行練習"], ["筋力増強練習"]))], [th("禁忌事項", cls="c"), td(f"（有無）{o(['なし', 'あり'], 'なし')}（内容・留意点）")], [th("症状・病状の予後", cls="c"), td(s.course(True), st="height:5em")], [th("内服", cls="c"), td(rx(s))]], "mid", (18, 82))
    s.ignore |= {"clinical.allergies", "clinical.course"}
    out += table([[th("回", cls="c"), th("聞き取り日", cls="c"), th("情報提供を受けた職種（氏名）", cls="c"), th("会議出席", cls="c")], [td("1"), td(day_text(c.created - dt.timedelta(days=3), "reiwa")), td(f"看護師　{plain(c.nurse)}"), td("無・有")], [td("2"), td("　　　年　　月　　日"), td(""), td("無・有")]])
    return [s.page(out + f"<p class=r>記入者　{s.person('sender.person', c.worker)}（{s.house.unit or '相談員'}）　TEL {sphone(s)}　FAX {sfax(s)}</p>", "sm")]


# ---------------------------------------------------------------- こもれび訪問看護ステーション
@layout("nursing_summary", "b_vns_form")
def vns_form(s):
    c, r = s.c, s.rng
    inst = to_house(s)
    n, rel, num = family(s)
    rows = [[th("利用者氏名"), td(f"<span class=tiny>{s.kana('full')}</span><br>{s.name()}"), th("性別"), td(s.sex("box"), cls="c")], [th("生年月日"), td(s.birth("reading"), 3)], [th("住　　所"), td(f"{s.text('patient.address', c.address)}", 3)], [th("電話番号"), td(s.phone("patient.phone", c.phone)), th("要介護度"), td(s.level("text"))], [th("主治医"), td(f"{gp(s)}　{plain(c.other)} 医師　TEL {tel(s)}", 3)], [th("主傷病名"), td(s.dx("1.", "　"), 3)], [th("既 往 歴"), td(s.text("clinical.history", c.course.hist), 3)], [th("主な介護者"), td(f"{n}　（続柄：{rel}）　{num}", 3)], [th("担当ケアマネジャー"), td(f"{s.person('care.manager', c.manager)}（{s.v('care.office', s.other_office)}）", 3)]]
    grid = "".join(f"<tr>{th(NAMES[k])}{td(adl(s, k, FOUR, 'check', '　'), 3)}</tr>" for k in ADL)
    out = f"<p>{inst}　御中</p><h1>訪問看護の情報提供書</h1><p>下記の利用者様に係る訪問看護の情報を提供します。</p>" + table(rows, "mid", (18, 46, 12, 24)) + f"<table class='g'>{grid}</table>" + table([[th("医療処置"), td(s.procedures("check"))], [th("使用薬剤"), td(rx(s, pre="{i}. "))], [th("看護の経過及び継続看護の内容"), td(s.course(True), st="height:8em")], [th("アレルギー"), td(s.text("clinical.allergies", c.allergy))], [th("感染症"), td(s.text("clinical.infections", c.infection))]], "mid", (18, 82))
    return [s.page(out + f"<div class=rt2>{s.date('document.date', c.created)}<br>指定訪問看護事業者<br>名称　{me(s)}<br>所在地　{esc(s.house.address)}<br>電話　{sphone(s)}　FAX　{sfax(s)}<br>管理者　{s.person('sender.person', c.nurse)}{seal(r, c.nurse[0])}</div>", "sm")]


@layout("nursing_summary", "b_vns_letter")
def vns_letter(s):
    c, r = s.c, s.rng
    inst = to_house(s)
    n, rel, num = family(s)
    out = f"<div class=sp><div class=rnd><b>{me(s)}</b><br><span class=tiny>{esc(s.house.address)}<br>TEL {sphone(s)}　FAX {sfax(s)}</span></div><div class=r>{s.date('document.date', c.created)}<br>担当看護師　{s.person('sender.person', c.nurse)}</div></div><h1>訪問看護サマリー</h1><p>{inst}　{s.form.choice(['地域連携室', '看護部'])}　御中</p>"
    out += f"<p>◆お名前　{s.name()}　　{s.birth('reading', True)}　{s.sex('text')}</p><p>◆ご住所　{s.text('patient.address', c.address)}</p><p>◆病名　{s.dx('、')}</p><p>◆介護度　{s.level('text')}　　◆ケアマネ　{s.v('care.office', s.other_office)} {s.person('care.manager', c.manager)} 様</p><p>◆ご家族　{n}様（{rel}）携帯 {num}</p>"
    out += "<p>◆生活状況<br>" + "、".join(f"{NAMES[k]}：{adl_word(s, k)}" for k in ADL) + "</p>" + f"<p>◆医療処置　{s.procedures('check')}</p><p>◆経過<br>{s.course(True)}</p><p>◆お薬<br>{rx(s, '{n} {a} {u}')}</p><p>◆アレルギー　{s.text('clinical.allergies', c.allergy)}　　◆感染症　{s.text('clinical.infections', c.infection)}</p>"
    return [s.page(out + "<p class=tiny>ご不明な点がございましたらお問い合わせください。24時間連絡可：" + tel(s, True) + "</p>")]


@layout("contact_sheet", "b_vns_memo")
def vns_memo(s):
    c, r = s.c, s.rng
    inst, pers = to(s)
    msg = r.choice(["血圧 86/52、脈拍 104と低めで、尿量も少ない状態でした。ご指示をお願いします。", "カテーテルの閉塞があり、本日交換しました。浮遊物が多いため膀胱洗浄の指示をお願いします。", "インスリンの打ち忘れが続いています。注射回数の見直しをご検討ください。", "疼痛が強く、レスキューの使用が1日6回になっています。"])
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    up = r.random() < 0.35
    if up:
        s.put("urgency", "urgent")
    out = (f"<span class=stamp>{r.choice(['至急', '大至急'])}</span>" if up else "") + f"<h1>報告・連絡書</h1><div>{inst}<br>{pers} 先生</div><div class=r>{s.date('document.date', c.created)}<br>{me(s)}<br>{s.person('sender.person', c.nurse)}<br>TEL {sphone(s)}<br>FAX {sfax(s)}</div><p>利用者様　<span class=ul>{s.name(False)}</span> 様　（{s.birth('reading', False)}生）</p>"
    out += f"<p>病名　{s.dx('、')}</p><p>訪問日　{day_text(c.created, 'reiwa_wk')} {r.randint(9, 16)}：{r.choice(['00', '30'])}　体温 {r.uniform(35.8, 38):.1f}℃　SpO2 {r.randint(90, 98)}％</p><div class=box style='min-height:12em'>{s.ink(msg, s.hand == 'all') or esc(msg)}</div><p>ご指示欄</p><div class=box style='min-height:9em'></div><p class=r>医師署名</p>"
    return [s.page(out)]


# ---------------------------------------------------------------- covers
@layout("cover", "b_cover_slip", "b_cover_note")
def cover(s, what=None, pages=2):
    """Alone, or in front of the sheet that `s` already is."""
    from layouts_other import WHAT
    c, r = s.c, s.rng
    kind = next(x for x in s.house.layouts if x.startswith("b_cover"))
    what = what or WHAT[r.choice(["referral", "nursing_summary", "conference_notice"])]
    inst, pers = to(s)
    up = "urgency" not in s.fields and r.random() < 0.25
    if up:
        s.put("urgency", "urgent", False, kind == "b_cover_slip")
    if kind == "b_cover_slip":
        b = "square" if s.house.box == "ringbox" else s.house.box
        rows = [[th("送信先"), td(f"{inst}　御中<br>{pers}　様")], [th("発信者"), td(f"{me(s)}<br>{esc(s.house.address)}<br>TEL {sphone(s)}　FAX {sfax(s)}")], [th("送信日"), td(s.date("document.date", c.created))], [th("枚　数"), td(f"{pages}枚（送信票を含む）")], [th("件　名"), td(f"{what}の送付")], [th("取扱い"), td(s.mark("至急", up, b) + "　" + opts(s, ["ご参考まで", "要返信", "ご確認"], "ご確認", b))], [th("連絡欄"), td("お世話になっております。<br>標記の書類をお送りいたしますのでご確認をお願いいたします。", st="height:14em")]]
        return [s.page("<h1>ＦＡＸ送信票</h1>" + table(rows, "tall", (18, 82)))]
    out = (f"<span class=stamp>{r.choice(['至急', '緊急'])}</span>" if up else "") + f"<p style='font-size:1.6em'><b>FAX</b></p><div class=dl><span>宛先</span><span>{inst}　{pers} 様</span><span>差出人</span><span>{me(s)}</span><span></span><span>電話 {sphone(s)}</span><span></span><span>FAX {sfax(s)}</span><span>日付</span><span>{s.date('document.date', c.created)}</span><span>ページ数</span><span>{pages}（表紙含む）</span><span>件名</span><span>{what}</span></div><hr><p>平素は格別のご高配を賜り、厚くお礼申し上げます。</p><p>{what}を送らせていただきます。よろしくお願い申し上げます。</p><p class=tiny>本FAXには個人情報が含まれます。番号違いで届いた場合は、恐れ入りますが上記までご一報のうえ破棄願います。</p>"
    return [s.page(out)]
