"""Layouts of the set `far`: a clinic for home visits, a care office, a community support centre, a visiting-nurse station. See layouts_far.py."""
import datetime as dt

from forms import adl, adl_code, adl_word, blanks, born_era, clock, day, day_text, family, gp, has, heavier, kin, lb, level_short, me, opts, plain, procs, rx, sfax, sphone, table, td, tel, th, to, to_house, years
from layouts_far import FOUR, NATION, birth_plain, cols, inf, parts, story, w
from layouts_letters import layout
from marks import esc, seal
from sheet import ADL

# where a sheet goes that is not for its type's usual addressees
TO = {"f_pharm": ("hospital", "facility"), "f_contact_hagi": ("office",), "f_reply_hibari": ("office", "station"), "f_ref_letter": ("hospital",), "f_ref_form11": ("hospital",), "f_conf_unga": ("station", "clinic"), "f_vns_call": ("clinic", "hospital")}


def sex_word(s, a="男性", b="女性"):
    m = s.c.patient[4] == "m"
    return s.v("patient.sex", a if m else b, "male" if m else "female")


# ---------------------------------------------------------------- ひばり野ホームケアクリニック: national forms filled by pen
@layout("nursing_order", "f_order_16")
def order_16(s):
    """様式16 as the ministry prints it: one frame with everything."""
    c, r = s.c, s.rng
    start = c.created + dt.timedelta(days=r.randint(0, 4))
    end = start + dt.timedelta(days=r.choice([30, 91, 182]))
    s.unscored |= {"order.period_start": start.isoformat(), "order.period_end": end.isoformat()}
    inst = to_house(s)
    P = parts(s)
    names = [("1.自動腹膜灌流装置", None), ("2.透析液供給装置", None), ("3.酸素療法", "酸素療法"), ("4.吸引器", "喀痰吸引"), ("5.中心静脈栄養", None), ("6.輸液ポンプ", "点滴"), ("7.経鼻経管栄養", "経鼻栄養"), ("8.胃瘻", "胃ろう"), ("9.留置カテーテル", "尿道カテーテル"), ("10.人工呼吸器", None), ("11.気管カニューレ", "気管切開"), ("12.人工肛門", "消化管ストーマ"), ("13.人工膀胱", "尿路ストーマ"), ("14.その他（　　　）", None)]
    on = [k for _, k in names if k in c.procs]
    ticks = "　".join(s.mark(a, bool(k) and k in c.procs, "ring") for a, k in names)
    if on:
        s.put("clinical.procedures", on, False, True, [[a.split(".")[1] for a, k in names if k in on]])
    ring = lambda xs, on: opts(s, xs, on, "ring", " ")
    out = "<p class=tiny>（別紙様式16）</p><h1 style='font-size:1.35em'>訪問看護指示書<br>在宅患者訪問点滴注射指示書</h1><p class='c tiny'>※該当する指示書を○で囲むこと</p>" + f"<p>訪問看護指示期間（{w(s, day_text(start, 'reiwa'))} ～ {w(s, day_text(end, 'reiwa'))}）<br>点滴注射指示期間（令和　　年　　月　　日 ～ 令和　　年　　月　　日）</p>"
    out += table([[th("患者氏名", cls="c"), td(f"{s.name(False)}　　様　（{s.sex('ring')}）", 2), th("生年月日", cls="c"), td(born_era(s, ("明", "大", "昭", "平"), "ring", "・", "{y}年{m}月{d}日") + f"<div class=r>（{years(s)}）</div>", 2)], [th("患者住所", cls="c"), td(f"{s.text('patient.address', c.address)}<div class=r>電話　{s.phone('patient.phone', c.phone)}</div>", 5)], [th("主たる傷病名", cls="c"), td("　".join(f"（{i + 1}）{x}" for i, x in enumerate(P)), 5)],
                  [th("現在の状況", r=6, cls="v"), td(f"病状・治療<br>状　　　態"), td(story(s, 3), 4, st="height:5em")], [td("投与中の薬剤<br>の用量・用法"), td(rx(s, "{n} {a} {u}", pre="{i}. "), 4)], [td("日常生活<br>自　立　度"), td(f"寝たきり度　{ring(['J1', 'J2', 'A1', 'A2', 'B1', 'B2', 'C1', 'C2'], r.choice(['A1', 'A2', 'B1', 'J2']))}<br>認知症の状況　{ring(['Ⅰ', 'Ⅱa', 'Ⅱb', 'Ⅲa', 'Ⅲb', 'Ⅳ', 'M'], r.choice(['Ⅰ', 'Ⅱa', 'Ⅱb']))}", 4)], [td("要介護認定の状況"), td(level_short(s, "ring", "　", ("要支援1", "要支援2", "要介護1", "要介護2", "要介護3", "要介護4", "要介護5", "申請中", "自立")), 4)], [td("褥瘡の深さ"), td(f"DESIGN-R2020分類　{ring(['D3', 'D4', 'D5'], 'D3' if '褥瘡' in c.procs else '')}　NPUAP分類　Ⅲ度　Ⅳ度", 4)], [td("装着・使用<br>医療機器等"), td(ticks, 4)]], "mid", (12, 16, 26, 12, 17, 17))
    out += table([[td(f"<b>留意事項及び指示事項</b><br>Ⅰ 療養生活指導上の留意事項<br>　{w(s, r.choice(['服薬の確認、転倒の予防', '水分摂取を促す、便通の確認', '体調の変化があれば早めに連絡すること']))}<br>Ⅱ １．リハビリテーション　{w(s, r.choice(['理学療法士等が1日60分を週1回', '関節可動域訓練、歩行練習']))}<br>　 ２．褥瘡の処置等<br>　 ３．装着・使用医療機器等の操作援助・管理<br>　 ４．その他")], [td("在宅患者訪問点滴注射に関する指示（投与薬剤・投与量・投与方法等）<br>　")], [td(f"緊急時の連絡先　{w(s, tel(s, True))}　不在時の対応　{w(s, '代診医へ転送')}")], [td("特記すべき留意事項（薬の相互作用・副作用についての留意点、薬物アレルギーの既往等）<br>　アレルギー：" + s.text("clinical.allergies", c.allergy))], [td("他の訪問看護ステーションへの指示　（無　有：指定訪問看護ステーション名　　　　　　　　　）<br>たんの吸引等実施のための訪問介護事業所への指示　（無　有：訪問介護事業所名　　　　　　　　）")]])
    return [s.page(out + f"<p>上記のとおり、指示いたします。</p><div class=rt2>{blanks(s, 'document.date', c.created)}<br>医療機関名　{me(s)}<br>住　　所　{esc(s.house.address)}<br>電　　話　{sphone(s)}<br>（ＦＡＸ）　{sfax(s)}<br>医師氏名　{s.person('sender.person', c.doctor)}{seal(r, c.doctor[0])}</div><p>事業所　{inst}　殿</p>", "sm")]


@layout("nursing_order", "f_order_toku")
def order_toku(s):
    """特別訪問看護指示書."""
    c, r = s.c, s.rng
    start = c.created + dt.timedelta(days=r.randint(0, 1))
    end = start + dt.timedelta(days=r.choice([6, 10, 13]))
    s.unscored |= {"order.period_start": start.isoformat(), "order.period_end": end.isoformat()}
    s.ignore |= {"clinical.medications", "clinical.procedures", "clinical.diagnoses", "clinical.purpose"}
    inst = to_house(s)
    why = r.choice(["急性増悪により連日の観察と点滴を要するため。", "退院直後で医療処置の手技が定着していないため。", "褥瘡が悪化し、毎日の洗浄と処置が必要なため。", "終末期の疼痛に対し、頻回の訪問を要するため。"])
    out = "<p class=tiny>（別紙様式18）</p><h1>特 別 訪 問 看 護 指 示 書<br><span style='font-size:.7em'>在宅患者訪問点滴注射指示書</span></h1><p class='c tiny'>※該当する指示書を○で囲むこと</p>" + f"<p>特別看護指示期間（{w(s, day_text(start, 'reiwa'))}　～　{w(s, day_text(end, 'reiwa'))}）<br>点滴注射指示期間（　　年　　月　　日　～　　年　　月　　日）</p>"
    out += table([[th("患者氏名", cls="c"), td(f"<div class=sp><span>{s.name(False)}　様</span><span>{s.sex('ring')}</span></div>"), th("生年月日", cls="c"), td(f"{born_era(s, ('明', '大', '昭', '平'), 'ring', '・', '{y}.{m}.{d}')}<br>（{years(s)}）")], [td(f"病状・主訴：<br>{story(s, 3)}", 4, st="height:8em")], [td(f"一時的に訪問看護が頻回に必要な理由：<br>{w(s, why)}", 4, st="height:5em")], [td(f"留意事項及び指示事項（注：点滴注射薬の相互作用・副作用についての留意点があれば記載してください。）<br>{w(s, r.choice(['バイタルサインの確認、異常時は往診します。', '疼痛時はレスキューを使用してください。', '補液の速度は1時間60mLとしてください。']))}", 4, st="height:6em")], [td("点滴注射指示内容（投与薬剤・投与量・投与方法等）<br>" + w(s, r.choice(["ソルデム3A 500mL 1日1回", "なし", "ヴィーンD 500mL 1本／日"])), 4, st="height:5em")], [td(f"緊急時の連絡先等<br>{w(s, tel(s, True))}", 4)]], "mid", (14, 40, 14, 32))
    return [s.page(out + f"<p>上記のとおり、指示いたします。</p><div class=rt2>{blanks(s, 'document.date', c.created)}<br>医療機関名　{me(s)}<br>電　　話　{sphone(s)}<br>（ＦＡＸ．）　{sfax(s)}<br>医師氏名　{s.person('sender.person', c.doctor)}{seal(r, c.doctor[0])}</div><p>事業所　{inst}　殿</p>")]


@layout("referral", "f_ref_form11")
def ref_form11(s):
    """様式11 with the order of its lines."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    out = f"<p class=tiny>（別紙様式11）</p><h1>診 療 情 報 提 供 書</h1><div class=sp><span>紹介先医療機関等名　{inst}<br>担当医　　　　科　{pers}　殿</span><span>{blanks(s, 'document.date', c.created)}</span></div><div class=rt2 style='margin-top:.6em'>紹介元医療機関の所在地及び名称<br>　{esc(s.house.address)}<br>　{me(s)}<br>電 話 番 号　{sphone(s)}（FAX {sfax(s)}）<br>医 師 氏 名　{s.person('sender.person', c.doctor)}{seal(r, c.doctor[0])}</div>"
    out += table([[td(f"<div class=sp><span>患者氏名　　{s.name(False)}</span><span>性別　{s.sex('ring')}</span></div><div>患者住所　　{s.text('patient.address', c.address)}</div><div>電話番号　　{s.phone('patient.phone', c.phone)}</div><div class=sp><span>生年月日　　{born_era(s, ('明', '大', '昭', '平', '令'), 'ring', '・')}（{years(s)}）</span><span>職業　{w(s, r.choice(['無', '農業', '無職', '']))}</span></div>")], [td(f"傷病名<div class=in2>{s.dx('')}</div>")], [td(f"紹介目的<div class=in2>{s.text('clinical.purpose', c.course.purpose)}</div>")], [td(f"既往歴及び家族歴<div class=in2>{s.text('clinical.history', c.course.hist)}</div>")], [td(f"症状経過、検査結果及び治療経過<div class=in2>{story(s, 5)}</div>", st="height:10em")], [td(f"現在の処方<div class=in2>{rx(s, '{n}　{a}　{u}')}</div>")], [td(f"備考　アレルギー：{s.text('clinical.allergies', c.allergy)}　　要介護度：{s.level('text')}")]])
    return [s.page(out + "<p class=tiny>備考　１．必要がある場合は続紙に記載して添付すること。　２．必要がある場合は画像診断のフィルム、検査の記録を添付すること。</p>", "sm")]


@layout("referral", "f_ref_letter")
def ref_letter(s):
    """A doctor's own letter: the facts inside its sentences, no label for most."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    out = f"<p>{inst}<br>地域連携室 気付<br>{pers} 先生　御侍史</p><p>　いつも大変お世話になっております。訪問診療中の{s.name(False)}さん（{birth_plain(s, '{n}{e}年{m}月{d}日')}生まれ、{years(s)}、{sex_word(s)}）をご紹介いたします。</p><p>　病名は{s.dx('、')}です。これまでに{s.text('clinical.history', c.course.hist)}の既往があります。</p><p>　{story(s, 5)}</p><p>　ご紹介の目的は{s.text('clinical.purpose', c.course.purpose)}です。ご高診のほどお願い申し上げます。</p><p>なお、現在の処方は次のとおりです。</p><div class=in2>{rx(s, '{n} {a} {u}', None, '<br>', '{c} ')}</div><p>薬剤アレルギー：{s.text('clinical.allergies', c.allergy)}</p><p>住所：{s.text('patient.address', c.address)}　電話：{s.phone('patient.phone', c.phone)}</p>"
    return [s.page(out + f"<p class=r>{s.date('document.date', c.created)}</p><div class=rt2><div class=stb>{esc(s.house.address)}<br><b>{me(s)}</b><br>院長　{s.person('sender.person', c.doctor)}<br>TEL {sphone(s)}<br>FAX {sfax(s)}</div>{seal(r, c.doctor[0])}</div>")]


@layout("contact_sheet", "f_reply_hibari")
def reply_hibari(s):
    """The clinic's memo to care managers and stations."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    msg = r.choice(["本日の訪問診療で血圧が178/96と高く、降圧薬を1剤追加しました。ふらつきの有無を見てください。", "褥瘡は縮小しています。エアマットはそのまま継続でお願いします。", "食事量が減っているため、栄養剤を1日1本追加しました。次回の採血で評価します。", "ご家族の疲労が強いようです。ショートステイの利用をご検討ください。", "インフルエンザの予防接種を済ませました。翌日の入浴は差し支えありません。"])
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    urgent = r.random() < 0.2
    if urgent:
        s.put("urgency", "urgent", False, True)
    out = f"<div class=rnd><div class=sp><b style='font-size:1.5em'>訪問診療 連絡メモ</b><span>{opts(s, ['急ぎ・至急', 'ふつう'], '急ぎ・至急' if urgent else 'ふつう', 'ring', '　')}</span></div></div><p>{inst}　{pers} 様</p>" + cols([("患者さん", f"{s.name(False)} さん　（{birth_plain(s, '{l}{e}.{m}.{d}')}生　{sex_word(s, '男', '女')}）"), ("訪問した日", w(s, day_text(c.created - dt.timedelta(days=r.randint(0, 2)), "reiwa"))), ("内容", opts(s, ["お知らせ", "お願い", "ご相談", "回答"], r.choice(["お知らせ", "お願い"]), "hand"))], "7em") + f"<div class=box style='min-height:14em;margin-top:.6em'>{w(s, msg)}</div>"
    return [s.page(out + f"<div class=rt2 style='margin-top:1em'>{s.date('document.date', c.created)}<br>{me(s)}<br>医師　{s.person('sender.person', c.doctor)}<br>電話 {sphone(s)}　ファックス {sfax(s)}</div>")]


@layout("cover", "f_cover_letter")
def cover_letter(s, what=None, pages=2):
    """A polite covering letter with a list of what is sent."""
    c, r = s.c, s.rng
    what = what or r.choice(["訪問看護報告書", "診療情報提供書", "居宅サービス計画書", "主治医意見書（写）"])
    inst, pers = to(s)
    out = f"<div class=r>{s.date('document.date', c.created)}</div><p>{inst}<br>{pers}　様</p><div class=rt2>{esc(s.house.address)}<br>{me(s)}<br>{s.person('sender.person', c.other)}<br>電話 {sphone(s)}<br>FAX {sfax(s)}</div><h1 style='margin:1.2em 0'>{s.form.choice(['書類ご送付の件', 'ご送付のお知らせ', 'ＦＡＸ送信のお願い'])}</h1><p>　拝啓　貴院・貴事業所ますますご盛栄のこととお慶び申し上げます。</p><p>　下記の書類をお送りいたしますので、ご査収くださいますようお願い申し上げます。</p><p class=r>敬具</p><p class=ki>記</p><div class=in2>・{what}　　１部</div><div class=in2>　（本状を含め {pages} 枚）</div><p class=r>以上</p>"
    return [s.page(out + (f"<p>通信欄：{r.choice(['お手数ですが届きましたらご一報ください。', '原本は後日郵送いたします。'])}</p>" if r.random() < 0.6 else ""))]


# ---------------------------------------------------------------- 居宅介護支援事業所むくどり: the national form and a short one
@layout("admission_info", "f_adm_national")
def adm_national(s):
    """入院時情報提供書 on two pages."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    o = lambda names, on: opts(s, names, on, "re", " ")
    admitted = c.created - dt.timedelta(days=r.randint(0, 2))
    box = s.mark
    lv = c.level
    hand = s.penned("care.level")
    no = lambda k: (s.ink(lv[-1], hand) if lv.startswith(k) else "　")
    s.put("care.level", lv, bool(hand and lv[-1].isdigit()), True)
    levels = box("要支援", lv.startswith("support"), "re") + f"（{no('support')}）" + box("要介護", lv.startswith("care"), "re") + f"（{no('care')}）　" + box("申請中", lv == "applying", "re") + "　" + box("区分変更", False, "re") + "　" + box("未申請", lv == "none", "re")
    one = f"<div class=sp><span>記入日：{day(s, 'document.date', c.created, 'reiwa')}</span><span>入院日：{day(s, 'encounter.admission_date', admitted, 'reiwa')}</span><span>情報提供日：{w(s, day_text(c.created, 'reiwa'))}</span></div><h1>入院時情報提供書</h1>" + table([[td(f"医療機関名：{inst}<br>ご担当者名：{pers} 様", st="width:50%"), td(f"居宅介護支援事業所名：{me(s)}<br>ケアマネジャー氏名：{s.person('sender.person', c.manager)}<br>TEL：{sphone(s)}　FAX：{sfax(s)}")]]) + "<p class=tiny>利用者（患者）／家族の同意に基づき、利用者情報（身体・生活機能など）の情報を送付します。是非ご活用下さい。</p><p><b>１．利用者（患者）基本情報について</b></p>"
    one += table([[th("患者氏名", r=2), td(f"（フリガナ）{s.kana('full')}", 2), th("年齢"), td(years(s, "{}　才")), th("性別"), td(s.sex("ring"))], [td(f"{s.name(False)}　様", 2), th("生年月日"), td(born_era(s, ("明", "大", "昭"), "ring", "・", "{y}年{m}月{d}日") + "生", 3)], [th("住所"), td(f"〒{s.v('patient.postal_code', c.post)}　{s.text('patient.address', c.address)}", 3), th("電話番号"), td(s.phone("patient.phone", c.phone), 2)], [th("住環境"), td(f"住居の種類（{o(['戸建て', '集合住宅'], r.choice(['戸建て', '集合住宅']))}）　{w(s, str(r.randint(1, 3)))}階建て　居室（1）階　エレベーター（{o(['有', '無'], '無')}）", 6)], [th("入院時の要介護度"), td(f"{levels}<br>有効期間：　令和　　年　　月　　日　～　令和　　年　　月　　日", 6)], [th("障害高齢者の日常生活自立度"), td(o(["自立", "J1", "J2", "A1", "A2", "B1", "B2", "C1", "C2"], r.choice(["J2", "A1", "A2", "B1"])), 4), td(o(["医師の判断", "ケアマネジャーの判断"], "ケアマネジャーの判断"), 2)], [th("認知症高齢者の日常生活自立度"), td(o(["自立", "Ⅰ", "Ⅱa", "Ⅱb", "Ⅲa", "Ⅲb", "Ⅳ", "M"], r.choice(["自立", "Ⅰ", "Ⅱa"])), 6)], [th("介護保険の自己負担割合"), td(o(["1割", "2割", "3割", "不明"], "1割"), 2), th("障害など認定"), td(o(["なし", "あり（身体・精神・知的）"], "なし"), 3)], [th("年金などの種類"), td(o(["国民年金", "厚生年金", "障害年金", "生活保護", "その他"], "厚生年金"), 6)]], "mid", (17, 20, 14, 11, 14, 8, 16))
    one += "<p><b>２．家族構成／連絡先について</b></p>" + table([[th("世帯構成"), td(o(["独居", "高齢者世帯", "子と同居", "その他"], r.choice(["独居", "高齢者世帯", "子と同居"])), 3)], [th("主介護者氏名"), td(f"{w(s, c.contact2[0] + '　' + c.contact2[1])}（続柄　{w(s, kin(s))}）"), td("（同居・別居）"), td(f"TEL　{w(s, tel(s, True))}")], [th("キーパーソン"), td(f"{n}（続柄　{rel}）"), td("連絡先"), td(f"TEL　{num}")]], "mid", (17, 38, 17, 28))
    one += "<p><b>３．本人／家族の意向について</b></p>" + table([[th("本人の趣味・興味・関心領域等"), td(w(s, r.choice(["将棋、相撲観戦", "手芸、歌番組", "家庭菜園"])))], [th("本人の生活歴"), td(w(s, r.choice(["農家に嫁ぎ、3人の子を育てた。", "会社員として定年まで勤めた。"])))], [th("入院前の本人の生活に対する意向"), td("□同封の居宅サービス計画（1）参照　" + w(s, "自宅で暮らしたい"))], [th("入院前の家族の生活に対する意向"), td("□同封の居宅サービス計画（1）参照")]], "mid", (30, 70)) + "<p><b>４．今後の生活展望について（ケアマネジャーとしての意見）</b></p>" + table([[th("在宅生活に必要な要件"), td(w(s, r.choice(["室内歩行と排泄の自立", "服薬管理の支援体制"])))], [th("退院後の世帯状況"), td(o(["独居", "高齢世帯", "子と同居"], "高齢世帯"))], [th("家族や同居者等による虐待の疑い"), td(o(["なし", "あり"], "なし"))]], "mid", (30, 70))
    A = lambda k: adl(s, k, FOUR, "re", " ")
    pee, poo = heavier(s, "re", " ")
    two = "<p><b>５．身体・生活機能の状況／療養生活上の課題について</b></p>" + table([[th("麻痺の状況"), td(o(["なし", "軽度", "中度", "重度"], "なし")), th("褥瘡の有無"), td(o(["なし", "あり"], "なし"))], [th("移動"), td(A("adl.mobility")), th("移動（室内）"), td(o(["杖", "歩行器", "車いす", "その他"], r.choice(["杖", "歩行器"])))], [th("移乗"), td(A("adl.transfer")), th("移動（屋外）"), td(o(["杖", "歩行器", "車いす", "その他"], "車いす"))], [th("更衣"), td(A("adl.dressing")), th("起居動作"), td(o(FOUR, "自立"))], [th("整容"), td(o(FOUR, "自立")), th("入浴"), td(A("adl.bathing"))], [th("食事"), td(A("adl.eating")), th("食事内容"), td(w(s, "1日3回　普通食"))], [th("排尿"), td(pee), th("排便"), td(poo)], [th("嚥下機能"), td(o(["むせない", "時々むせる", "常にむせる"], "むせない")), th("義歯"), td(o(["なし", "あり"], "あり"))], [th("喫煙"), td(o(["無", "有"], "無")), th("飲酒"), td(o(["無", "有"], "無"))], [th("視力"), td(o(["問題なし", "やや難あり", "困難"], "問題なし")), th("聴力"), td(o(["問題なし", "やや難あり", "困難"], "やや難あり"))], [th("意思疎通"), td(o(["問題なし", "やや難あり", "困難"], "問題なし")), th("眼鏡・補聴器"), td(w(s, "老眼鏡"))], [th("療養上の問題"), td(o(["なし", "幻視・幻聴", "興奮", "焦燥・不穏", "妄想", "暴力", "昼夜逆転", "徘徊", "不潔行為"], "なし"), 3)]], "mid", (13, 40, 14, 33))
    two += table([[th("疾患歴"), td(f"{o(['なし', '悪性腫瘍', '認知症', '急性呼吸器感染症', '脳血管障害', '骨折', 'その他'], 'その他')}（{s.text('clinical.history', c.course.hist)}）")], [th("現在の傷病名"), td(s.dx("、"))], [th("入院歴"), td(f"最近半年間での入院　{o(['なし', 'あり', '不明'], 'なし')}")], [th("入院前に実施している医療処置"), td(procs(s, [("なし", None)] + NATION + [("その他", None)], "re", " "))], [th("アレルギー"), td(s.text("clinical.allergies", c.allergy))]], "mid", (24, 76))
    two += "<p><b>６．お薬について</b>　※必要に応じて、「お薬手帳（コピー）」を添付</p>" + table([[th("内服薬"), td(f"{o(['なし', 'あり'], 'あり')}<br>{rx(s, '{n} {a} {u}')}", 3)], [th("薬剤管理"), td(o(["自己管理", "他者による管理"], "自己管理")), th("服薬状況"), td(o(["処方通り服用", "時々飲み忘れ", "飲み忘れが多い"], "処方通り服用"))]], "mid", (16, 36, 14, 34)) + "<p><b>７．かかりつけ医について</b></p>" + table([[th("医療機関名"), td(w(s, gp(s))), th("電話番号"), td(w(s, tel(s)))], [th("医師名"), td(w(s, c.other[0] + "　" + c.other[1])), th("診察方法・頻度"), td(o(["通院", "訪問診療"], "通院") + "（月1回）")]], "mid", (16, 36, 16, 32))
    return [s.page(one, "sm"), s.page(two + "<p class=tiny>「院内の多職種カンファレンス」への参加　□希望あり　　「退院前カンファレンス」への参加　□希望あり（具体的な要望：　　　　　）　　「退院前訪問指導」を実施する場合の同行　□希望あり</p>", "sm")]


@layout("admission_info", "f_adm_short")
def adm_short(s):
    """One page for a fax within the first day: columns of text, grades as words in one line."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    admitted = c.created - dt.timedelta(days=r.randint(0, 2))
    H = lambda t: f"<p style='border-bottom:.5mm solid #000;margin-top:.8em'><b>{t}</b></p>"
    K = [("adl.mobility", "歩行・移動"), ("adl.transfer", "移乗"), ("adl.eating", "食事"), ("adl.toileting", "トイレ"), ("adl.bathing", "入浴"), ("adl.dressing", "着替え")]
    out = f"<h1>入院時連携シート（速報）</h1><div class=sp><span>{inst}　{s.form.choice(['地域連携室', '入退院支援室'])}<br>{pers} 様</span><span class=r>送信日 {day(s, 'document.date', c.created, 'reiwa')}<br>{me(s)}<br>ケアマネ {s.person('sender.person', c.manager)}<br>TEL {sphone(s)}　FAX {sfax(s)}</span></div>" + H("ご本人") + cols([("利用者", f"{s.name(False)} 様（{s.kana('full')}）　{sex_word(s)}"), ("生まれ", birth_plain(s, "{n}{e}年{m}月{d}日　{a}歳")), ("おすまい", s.text("patient.address", c.address)), ("被保険者証", f"番号 {s.v('patient.insured_number', c.insured)}　保険者 {s.v('patient.insurer_number', c.insurer)}"), ("認定", s.level("text")), ("入院", day(s, "encounter.admission_date", admitted, "reiwa"))], "6em")
    out += H("ご家族") + cols([("連絡の要", f"{n}さん　（{rel}）　☎ {num}"), ("その他", f"{w(s, c.contact2[0] + '　' + c.contact2[1])}さん（{kin(s)}）")], "6em") + H("からだと暮らし（入院前）") + "<p>" + "　／　".join(f"{b}：{adl_word(s, k, ('自立', '見守り', '一部介助', '全介助'))}" for k, b in K) + "</p>" + cols([("病名", s.dx("、")), ("昔の病気", s.text("clinical.history", c.course.hist)), ("のみ薬", rx(s, "{n} {a} {u}")), ("合わない薬等", s.text("clinical.allergies", c.allergy)), ("処置", procs(s, [("なし", None)] + NATION, "re", " "))], "6em")
    return [s.page(out + H("使っていたサービス") + f"<p>{w(s, r.choice(['通所介護 週2回、福祉用具（ベッド・手すり）', '訪問介護 週3回、訪問看護 週1回', '短期入所 月4日']))}</p>" + H("お願い") + f"<p>{w(s, r.choice(['退院のめどが立ちましたら早めにご連絡ください。', '退院前カンファレンスに参加いたします。']))}</p>", "sm")]


@layout("contact_sheet", "f_ask_mukudori")
def ask_mukudori(s):
    """主治医連絡票: a question above, the doctor's answer below."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    msg = r.choice(["リハビリを目的とした通所サービスの利用を検討しています。運動の制限がありましたらお教えください。", "最近むせることが増えています。食事の形態についてご助言をお願いいたします。", "福祉用具（特殊寝台）の利用にあたり、医学的な所見をいただけますでしょうか。", "訪問看護の利用について、先生のご意見と指示書の交付をお願いいたします。"])
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    o = lambda names, on: opts(s, names, on, "re", "　")
    out = f"<h1>主治医・介護支援専門員連絡票</h1>" + table([[td(f"<span class=lb>医療機関</span>{inst}<br><span class=lb>主治医</span>{pers} 先生", st="width:50%"), td(f"<span class=lb>事業所</span>{me(s)}<br><span class=lb>担当介護支援専門員</span>{s.person('sender.person', c.manager)}<br>TEL {sphone(s)}　FAX {sfax(s)}")]])
    out += f"<p>日頃より大変お世話になっております。下記の利用者様につきまして、ご意見を賜りたくご連絡いたします。本票の使用については{o(['ご本人', 'ご家族'], 'ご本人')}の同意を得ています。</p>" + table([[th("利用者名", cls="c"), td(s.name(False) + " 様"), th("性別", cls="c"), td(s.sex("ring")), th("生年月日", cls="c"), td(s.birth("full", True))], [th("住所", cls="c"), td(s.text("patient.address", c.address), 3), th("要介護状態区分", cls="c"), td(s.level("text"))], [th("方法の希望", cls="c"), td(o(["面談", "電話", "文書（本票への記入）"], "文書（本票への記入）"), 5)], [th("照会事項", cls="c"), td(w(s, msg), 5, st="height:8em")]], "mid", (11, 25, 8, 10, 14, 32))
    return [s.page(out + f"<p class=r>照会日　{day(s, 'document.date', c.created, 'reiwa')}</p><p class=cut>――――――――――　以下、先生ご記入欄　――――――――――</p>" + table([[th("ご回答", cls="c"), td(opts(s, ["本票で回答", "面談可（　月　日　時）", "電話可"], [], "re", "　"))], [th("ご意見", cls="c"), td("", st="height:8em")], [th("ご署名", cls="c"), td("令和　　年　　月　　日　　医師名")]], "mid", (11, 89)))]


# ---------------------------------------------------------------- 利根運河地域包括支援センター
@layout("admission_info", "f_adm_unga")
def adm_unga(s):
    """The centre's own form: labels above values, numbered grades ringed."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    admitted = c.created - dt.timedelta(days=r.randint(0, 3))
    K = [("adl.transfer", "移乗（ベッド～車椅子）"), ("adl.mobility", "室内移動"), ("adl.eating", "摂食"), ("adl.toileting", "排泄"), ("adl.bathing", "入浴"), ("adl.dressing", "着脱衣")]
    L = s.form.choice([0, 1])
    out = f"<div class=sp><span class=box>病院 ← 地域包括支援センター</span><b style='font-size:1.35em'>入院時情報共有書</b><span>{day(s, 'document.date', c.created, 'kan')}</span></div>" + table([[lb("送付先", f"{inst}　{pers} 様", 3), lb("送付元", f"{me(s)}<br>{s.person('sender.person', c.manager)}<br>電話 {sphone(s)}　FAX {sfax(s)}", 3)], [lb("対象者（ふりがな）", f"<small>{s.kana('hira')}</small><br>{s.name(False)} 様", 2), lb("性別", s.sex("box")), lb("生年月日・年齢", birth_plain(s, "{l}{e}年{m}月{d}日") + f"　{years(s)}", 3)], [lb("現住所", s.text("patient.address", c.address), 4), lb("電話（自宅）", s.phone("patient.phone", c.phone), 2)], [lb("保険者番号", s.v("patient.insurer_number", c.insurer), 2), lb("被保険者番号", s.v("patient.insured_number", c.insured), 2), lb("入院年月日", day(s, "encounter.admission_date", admitted, "kan"), 2)], [lb("認定結果", s.level("box"), 6)], [lb("中心となるご家族", n, 2), lb("間柄", rel), lb("電話", num, 3)]], "", (16.67,) * 6)
    out += table([[th("入院前の様子", 2, cls="c")]] + [[td(b), td(adl_code(s, k, FOUR, "　　"))] for k, b in K], "mid", (26, 74))
    out += table([[lb("かかっている病気", s.dx("、")), lb("これまでの病気・手術", s.text("clinical.history", c.course.hist))], [lb("服薬", rx(s, "{n} {a} {u}"), 2)], [lb("アレルギー", has(s, "clinical.allergies", c.allergy, "有", "無", "css", "　")), lb("感染症", has(s, "clinical.infections", inf(s), "有", "無", "css", "　"))], [lb("医療的ケア", procs(s, [("なし", None)] + NATION, "css", " "), 2)], [lb("かかりつけ", f"{w(s, gp(s))}　電話 {w(s, tel(s))}"), lb("利用中のサービス", w(s, r.choice(["通所型サービス 週1回", "配食、見守り訪問", "訪問型サービス 週2回"])))], [lb("病院へ伝えたいこと", w(s, r.choice(["一人暮らしのため、退院日は早めに教えてください。", "金銭管理は社会福祉協議会が支援しています。"])), 2, st="height:4em")]], "", (50, 50))
    return [s.page(out, "sm")]


@layout("contact_sheet", "f_ask_unga")
def ask_unga(s):
    """医療・介護 連携の連絡票 with boxes for what it is about."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    msg = r.choice(["受診時に物忘れのご相談がありましたら、様子をお知らせください。ご家族が専門医の受診を希望されています。", "介護保険の新規申請を行いました。主治医意見書の作成をお願いいたします。", "自宅での転倒が続いており、住宅改修を予定しています。歩行の見通しについてお教えください。", "独居で服薬が不規則です。一包化が可能かご検討いただけますと幸いです。"])
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    o = lambda names, on: opts(s, names, on, "css", "　")
    out = f"<h1 style='border:.5mm solid #000;padding:.2em'>医療・介護連携シート</h1><div class=c2><div>（医療機関）{inst}<br>　　　　　　{pers} 先生</div><div>（相談機関）{me(s)}<br>　　　　　　担当 {s.person('sender.person', c.manager)}<br>　　　　　　電話 {sphone(s)}<br>　　　　　　FAX {sfax(s)}</div></div><p class=r>発信：{day(s, 'document.date', c.created, 'kan')}</p>" + table([[lb("ご本人", f"{s.name(False)} 様", 2), lb("生年月日", birth_plain(s, "{n}{e}年{m}月{d}日"), 2), lb("性別", s.sex("ring"))], [lb("住まい", s.text("patient.address", c.address), 3), lb("連絡先", s.phone("patient.phone", c.phone), 2)], [lb("要介護度等", s.level("ring"), 5)]], "", (20,) * 5)
    return [s.page(out + f"<p>ご用件　{o(['情報提供', '照会', '意見書の依頼', '面談の依頼', 'その他'], '意見書の依頼' if '意見書' in msg else '照会')}</p><div class=dbox style='min-height:9em'>{w(s, msg)}</div><p>返信の期限　{o(['お急ぎではありません', '１週間以内'], '１週間以内')}</p><p>────────────── ご返信 ──────────────</p><div class=box style='height:10em'></div><p class=r>記入者　　　　　　　　　　日付　　　　　　　</p>")]


@layout("conference_notice", "f_conf_unga")
def conf_unga(s):
    """The centre calls those who will care for the patient to the hospital's meeting."""
    c, r = s.c, s.rng
    c.discharge = c.conf.date() + dt.timedelta(days=r.randint(2, 9))
    inst, pers = to(s)
    hosp = s.rng.choice(["六実総合病院", "東総みなと中央病院", "流山おおぐろの森病院"])
    s.unscored["encounter.facility"] = hosp
    out = f"<div class=sp><span>{inst}<br>{pers} 様</span><span class=r>{day(s, 'document.date', c.created, 'kan')}<br>{me(s)}<br>主任介護支援専門員　{s.person('sender.person', c.manager)}<br>電話 {sphone(s)}　FAX {sfax(s)}</span></div><h1>退院前カンファレンス出席のお願い</h1><p>　{hosp}に入院中の{s.name(False)}様（{birth_plain(s, '{l}{e}.{m}.{d}')}生、{sex_word(s, '男', '女')}）のご退院にあたり、病院で打ち合わせが開かれます。ご一緒にご参加いただけますようお願いいたします。</p>"
    out += "<div class=rnd style='margin:1em 0'>" + cols([("いつ", clock(s, "conference.datetime", c.conf, ("reiwa", "{D}（{W}） {h}時{m2}分"))), ("どこで", s.v("conference.place", c.room)), ("退院の予定", day(s, "encounter.discharge_date", c.discharge, "reiwa")), ("認定", s.level("text")), ("ご病気", s.dx("、")), ("話し合うこと", "退院後の医療の引き継ぎ、サービスの組み立て、緊急時の連絡先"), ("お集まりの方", f"ご本人、{c.relation}様、病棟看護師、相談員、訪問看護、福祉用具、当センター"), ("お持ちいただく物", "訪問看護計画書または診療の記録（お手元にある場合）")], "9em") + "</div><p>駐車場は病院正面をご利用いただけます。時間に余裕をもってお越しください。</p>"
    return [s.page(out + f"<p>ご出欠（○をつけてご返信ください）　　出席　・　欠席　・　代理（　　　　　　　）</p>")]


# ---------------------------------------------------------------- 訪問看護ステーション春うらら
@layout("nursing_summary", "f_vns_info")
def vns_info(s):
    """訪問看護の情報提供書 to the hospital that admits the patient."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    K = {"adl.transfer": "移乗", "adl.mobility": "移動", "adl.eating": "食事", "adl.toileting": "排泄", "adl.bathing": "入浴", "adl.dressing": "更衣"}
    out = f"<h1 style='font-size:1.35em'>訪問看護の情報提供書（医療機関等）</h1><div class=sp><span>{inst}　{pers} 殿</span><span>{day(s, 'document.date', c.created, 'western')}</span></div><div class=r>事業所名　{me(s)}<br>{esc(s.house.address)}<br>電話番号 {sphone(s)}　FAX番号 {sfax(s)}<br>管理者　{plain(c.other)}　記載者　{s.person('sender.person', c.nurse)}</div><p>以下の利用者に関する訪問看護の情報を提供します。</p>"
    out += table([[th("利用者", r=4, cls="v"), th("フリガナ", cls="c"), td(s.kana("full"), 2), th("性別", cls="c"), td(sex_word(s, "男", "女"))], [th("氏名", cls="c"), td(s.name(False)), td(f"生年月日　{birth_plain(s, '{y}年{m}月{d}日（{n}{e}年）')}　{years(s)}", 3)], [th("住所", cls="c"), td(f"〒{s.v('patient.postal_code', c.post)}　{s.text('patient.address', c.address)}", 2), th("電話", cls="c"), td(s.phone("patient.phone", c.phone))], [th("要介護認定", cls="c"), td(level_short(s, "fill", " ", ("支1", "支2", "介1", "介2", "介3", "介4", "介5", "申請中", "なし")), 4)], [th("主治医", 2, cls="c"), td(w(s, f"{gp(s)}　{c.doctor[0]}医師"), 4)], [th("家族等", r=2, cls="v"), th("主な連絡先", cls="c"), td(n, 2), th("続柄", cls="c"), td(rel)], [th("電話", cls="c"), td(num, 4)], [th("傷病", r=2, cls="v"), th("主傷病名", cls="c"), td(s.dx("1.", "　"), 4)], [th("既往歴", cls="c"), td(s.text("clinical.history", c.course.hist), 4)]], "mid", (5, 14, 25, 25, 9, 22))
    out += table([[th("日常生活等の状況", r=2, cls="c")] + [th(K[k], cls="c") for k in ADL], [td(adl_word(s, k), cls="c") for k in ADL]], "mid", (22,) + (13,) * 6) + table([[th("看護の内容・経過", cls="c"), td(story(s, 4, True), st="height:8em")], [th("医療機器・処置", cls="c"), td(procs(s, [("無", None)] + NATION, "fill", " "))], [th("服薬", cls="c"), td(rx(s, "{n} {a} {u}"))], [th("アレルギー", cls="c"), td(s.text("clinical.allergies", c.allergy))], [th("感染症", cls="c"), td(s.text("clinical.infections", c.infection))], [th("その他特記すべき事項", cls="c"), td(w(s, r.choice(["病状の急変時は救急搬送を希望されている。", "金銭的な負担を心配されている。"])))]], "mid", (22, 78))
    return [s.page(out, "sm")]


@layout("nursing_summary", "f_vns_sum")
def vns_sum(s):
    """A summary in boxes with a bar as head, for when visits end or the patient is admitted."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    B = lambda a, h: f"<div style='margin-top:.7em'><span class=bar>{a}</span><div class=box>{h}</div></div>"
    K = [("adl.eating", "食べること"), ("adl.mobility", "移動"), ("adl.transfer", "移乗"), ("adl.toileting", "排泄"), ("adl.bathing", "入浴・清潔"), ("adl.dressing", "更衣")]
    out = f"<div class=sp><span>{inst}<br>{pers} 様</span><span class=r>{me(s)}<br>担当看護師 {s.person('sender.person', c.nurse)}<br>☎ {sphone(s)} / FAX {sfax(s)}</span></div><h1>訪問看護サマリー</h1><p class=r>作成 {day(s, 'document.date', c.created, 'western')}</p>" + B("療養者", f"氏名　{s.name(False)} 様（{s.kana('full')}）　{sex_word(s)}<br>{birth_plain(s, '{y}年{m}月{d}日')}生（{years(s)}）<br>住所　{s.text('patient.address', c.address)}　☎ {s.phone('patient.phone', c.phone)}<br>介護度　{s.level('text')}　担当ケアマネ　{s.v('care.office', s.other_office)}　{s.person('care.manager', c.manager)}<br>ご家族　{n} 様（{rel}）　☎ {num}") + B("病気のこと", f"病名　{s.dx('、')}<br>既往　{s.text('clinical.history', c.course.hist)}<br>アレルギー　{s.text('clinical.allergies', c.allergy)}　　感染症　{s.text('clinical.infections', c.infection)}")
    out += B("訪問看護の経過", story(s, 5, True)) + B("ＡＤＬ", "<br>".join(f"{b}　{adl(s, k, FOUR, 'fill', '　')}" for k, b in K)) + B("お薬", rx(s, "{n} {a} {u}")) + B("医療処置", procs(s, [("なし", None)] + NATION, "fill", " "))
    return [s.page(out, "sm")]


@layout("contact_sheet", "f_vns_call")
def vns_call(s):
    """The station reports to the doctor and asks for an order."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    msg = r.choice(["本日訪問時、体温37.8度、SpO2 93％でした。痰が増えています。ご指示をお願いいたします。", "仙骨部に2×3cmの発赤とびらんがあります。処置方法をご指示ください。", "3日間排便がなく腹部膨満がみられます。浣腸の指示をいただけますでしょうか。", "カテーテル内に浮遊物が増えました。早めの交換をご相談したく存じます。", "残薬が10日分ありました。次回の処方日数をご調整ください。"])
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    urgent = r.random() < 0.3
    if urgent:
        s.put("urgency", "urgent")
    out = (f"<span class=stamp>{r.choice(['至急', '大至急'])}</span>" if urgent else "") + f"<h1>報告・指示受け票</h1><p>{inst}<br>{pers} 先生</p><div class=r>{day(s, 'document.date', c.created, 'western')}<br>{me(s)}<br>看護師　{s.person('sender.person', c.nurse)}<br>☎ {sphone(s)}　FAX {sfax(s)}</div>" + table([[th("療養者名", cls="c"), td(f"{s.name(False)} 様　{sex_word(s, '男', '女')}"), th("生年月日", cls="c"), td(birth_plain(s, "{y}.{m}.{d}（{l}{e}）"))], [th("病名", cls="c"), td(s.dx("、"), 3)], [th("バイタル", cls="c"), td(w(s, f"BT {r.uniform(36.0, 38.2):.1f}　BP {r.randint(98, 170)}/{r.randint(52, 96)}　P {r.randint(56, 110)}　SpO2 {r.randint(89, 98)}%"), 3)], [th("報告内容", cls="c"), td(w(s, msg), 3, st="height:9em")]], "mid", (14, 40, 14, 32))
    return [s.page(out + "<p>【先生からのご指示】　該当に✓をお願いします</p>" + table([[td("□ 様子をみてよい　□ 受診させる　□ 往診する　□ 下記の処置を行う<br>指示内容：", st="height:9em")], [td("ご指示日　　月　　日　　医師サイン")]]))]
