"""Nursing summaries, the national care forms, visiting-nurse sheets, orders."""
import datetime as dt

from layouts_letters import base_pairs, layout, strangers
from sheet import ADL, GRADE_JA, GRADES, PROCEDURES


def adl_columns(s, extra=()):
    """Grades as columns, a ○ in the right cell."""
    head = "<tr><th></th>" + "".join(f"<th>{GRADE_JA[g]}</th>" for g in GRADES) + "</tr>"
    rows = []
    sign = s.form.choice(["○", "●", "✓", "レ", "ring"])
    import marks
    for k in ADL:
        g = s.c.adl[k]
        s.put(k, g, False, True)
        cell = marks.tick(s.rng, "　", "check") if sign == "ring" else sign
        rows.append(f"<tr><th>{s.l(k)}</th>" + "".join(f"<td class=ct>{cell if x == g else ''}</td>" for x in GRADES) + "</tr>")
    return f"<table class='g'>{head}{''.join(rows)}</table>"


def adl_rows(s, style, three=False, note=True):
    gr = [("自立", "independent"), ("一部介助", "partial"), ("全介助", "full")] if three else None
    rows = []
    for k in ADL:
        extra = {"adl.mobility": "（　杖・歩行器・車椅子　）", "adl.eating": "　主食：" + s.rng.choice(["米飯", "全粥", "軟飯"])}.get(k, "") if note and s.form.random() < 0.4 else ""
        rows.append(f"<tr><th>{s.l(k)}</th><td>{s.adl(k, style, gr)}{extra}</td></tr>")
    return f"<table class='g'>{''.join(rows)}</table>"


def contact_pairs(s):
    c = s.c
    style = s.form.choice(["one", "one", "cells", "table"])
    if style == "table":  # several of the family, the key person first
        n2 = s.full_name(c.contact2)[0]
        t2 = f"090-{s.rng.randint(1000, 9999)}-{s.rng.randint(1000, 9999)}" if s.rng.random() < 0.7 else ""
        return [(s.form.choice(["家族構成", "家族", "緊急連絡先"]), f"<table class=t><tr><th>氏名</th><th>続柄</th><th>電話番号</th><th>備考</th></tr><tr><td>{s.person('contact.name', c.contact)}</td><td>{s.v('contact.relation', c.relation)}</td><td>{s.phone('contact.phone', c.contact_phone)}</td><td>キーパーソン</td></tr><tr><td>{n2}</td><td>{s.rng.choice(['次男', '次女', '孫'])}</td><td>{t2}</td><td>{s.rng.choice(['遠方', '', '別居'])}</td></tr></table>", "wide")]
    if style == "one":
        n = s.person("contact.name", c.contact)
        return [(s.l("contact.name"), f"{n}{s.form.choice([' 様', ''])}（{s.v('contact.relation', c.relation)}）　{s.form.choice(['TEL', '電話', '☎', ''])} {s.phone('contact.phone', c.contact_phone)}", "wide")]
    return [(s.l("contact.name"), s.person("contact.name", c.contact)), (s.l("contact.relation"), s.v("contact.relation", c.relation)), (s.l("contact.phone"), s.phone("contact.phone", c.contact_phone))]


def nurse_foot(s, ward=True):
    c = s.c
    return s.right([s.date("document.date", c.created)] + s.letterhead(c.nurse, s.form.choice(["看護師", "担当看護師", "記載者", "受持ち看護師"]), s.department("ward") if ward else None, fax=s.form.random() < 0.5, address=False))


@layout("nursing_summary", "nur_grid", "nur_excel", "nur_rings", "nur_dense")
def nur_grid(s):
    c = s.c
    out = s.title(s.form.choice(["看護サマリー", "退院時看護サマリー", "看護要約", "看護情報提供書", "退院時看護要約"]))
    out = s.sticker() + out
    top = s.recipient_block(person=s.form.random() < 0.5)
    if s.form.random() < 0.8:
        out += top
    else:  # this form has no addressee: what was written there is on no page
        s.fields.pop("recipient.institution", None)
        s.fields.pop("recipient.person", None)
    pairs = base_pairs(s, job=False, phone=s.form.random() < 0.5, kana=s.form.random() < 0.6, address=s.form.random() < 0.5)
    pairs += [(s.l("encounter.admission_date"), s.date("encounter.admission_date", c.admission)), (s.l("encounter.discharge_date"), s.date("encounter.discharge_date", c.discharge)), (s.l("care.level"), s.level(), "wide"), (s.l("clinical.diagnoses"), s.dx(s.form.choice(["、", None])), "wide")]
    if s.form.random() < 0.6:
        pairs.append((s.l("clinical.history"), s.text("clinical.history", c.course.hist), "wide"))
    pairs += contact_pairs(s)
    if s.form.random() < 0.5:
        pairs += [(s.l("care.office"), s.v("care.office", s.other_office)), (s.l("care.manager"), s.person("care.manager", c.manager))]
    if s.form.random() < 0.5:
        pairs.append(strangers(s) + ("wide",))
    out += s.kv(pairs)
    st = {"nur_rings": "ring", "nur_grid": s.house.box, "nur_excel": "columns", "nur_dense": s.house.box}[s.layout]
    out += adl_columns(s) if st == "columns" else adl_rows(s, st if st != "ringbox" else "ring", three=s.form.random() < 0.3)
    out += s.section(s.l("clinical.procedures"), s.procedures("ring" if s.layout == "nur_rings" else None)) if s.form.random() < 0.85 else ""
    out += s.section(s.l("nursing.course"), s.course(True), 7)
    inf, alg = s.form.random() < 0.5, s.form.random() < 0.5
    out += s.section(s.l("clinical.infections"), s.has("clinical.infections", c.infection) if inf else s.text("clinical.infections", c.infection)) + s.section(s.l("clinical.allergies"), s.has("clinical.allergies", c.allergy) if alg else s.text("clinical.allergies", c.allergy))
    return [s.page(out + nurse_foot(s))]


@layout("nursing_summary", "nur_letter", "nur_cols", "nur_free")
def nur_letter(s):
    """Headed texts; ADL told in one line each or in words."""
    c = s.c
    out = s.title(s.form.choice(["看護添書", "看護サマリー", "看護情報提供書", "看護連絡書"])) + s.recipient_block() + s.right([s.date("document.date", c.created)])
    out += s.kv([(s.l("patient.name"), s.name()), (s.l("patient.birth_date"), s.birth()), (s.l("patient.sex"), s.sex()), (s.l("care.level"), s.level(), "wide")] + contact_pairs(s), s.form.choice(["cols", "plain", "under", None]))
    out += f"<p>入院期間：{s.date('encounter.admission_date', c.admission)} ～ {s.date('encounter.discharge_date', c.discharge)}</p>"
    out += s.section(s.l("clinical.diagnoses"), s.dx())
    if s.layout == "nur_free":
        adl = "　".join(f"{s.l(k)}：{s.adl(k, 'text')}" for k in ADL)
    else:
        way = s.form.choice(["ring", "glyph", "css"])
        adl = "<br>".join(f"{s.l(k)}　{s.adl(k, way)}" for k in ADL)
    out += s.section(s.form.choice(["ADL", "日常生活動作", "生活動作の状況"]), adl)
    out += s.section(s.l("nursing.course"), s.course(True)) + s.section(s.l("clinical.medications"), s.meds()) if s.form.random() < 0.5 else s.section(s.l("nursing.course"), s.course(True), 6)
    out += s.section(s.l("clinical.procedures"), s.procedures()) if s.form.random() < 0.5 else ""
    out += s.section(s.l("clinical.allergies"), s.text("clinical.allergies", c.allergy)) + s.section(s.l("clinical.infections"), s.text("clinical.infections", c.infection))
    dept = s.department("ward") if s.house.kind == "hospital" else None
    return [s.page(out + s.right(s.letterhead(c.nurse, s.form.choice(["看護師", "記載者", "担当"]), dept)))]


@layout("nursing_summary", "nur_two")
def nur_two(s):
    c = s.c
    out = s.title("退院時看護サマリー") + s.recipient_block(person=False) + s.kv(base_pairs(s, job=False) + [(s.l("care.level"), s.level(), "wide"), (s.l("clinical.diagnoses"), s.dx("、"), "wide"), (s.l("encounter.admission_date"), s.date("encounter.admission_date", c.admission)), (s.l("encounter.discharge_date"), s.date("encounter.discharge_date", c.discharge))] + contact_pairs(s))
    out += s.section(s.l("nursing.course"), s.course(True), 14) + s.section(s.l("clinical.allergies"), s.has("clinical.allergies", c.allergy)) + s.section(s.l("clinical.infections"), s.has("clinical.infections", c.infection))
    two = f"<p class=hdr>退院時看護サマリー　{s.full_name(c.patient)[0]} 様　2/2</p>" + adl_columns(s) + s.section(s.l("clinical.procedures"), s.procedures()) + s.section(s.l("discharge.medications"), s.meds()) + nurse_foot(s)
    return [s.page(out), s.page(two)]


@layout("nursing_summary", "nur_facility")
def nur_facility(s):
    c = s.c
    out = s.title("看護・介護サマリー") + s.right([s.date("document.date", c.created)]) + s.recipient_block() + s.right(s.letterhead(c.nurse, "看護師", None))
    out += s.kv(base_pairs(s, job=False, address=False) + [(s.l("care.level"), s.level("text")), ("入所日", s.date("encounter.admission_date", c.admission)), ("退所日", s.date("encounter.discharge_date", c.discharge)), (s.l("clinical.diagnoses"), s.dx("、"), "wide")] + contact_pairs(s))
    out += adl_rows(s, "square", three=True) + s.section("看護・介護の経過", s.course(True), 6) + s.section(s.l("clinical.medications"), s.meds())
    return [s.page(out)]


@layout("nursing_summary", "vns_report", "vns_grid")
def vns_report(s):
    """A visiting-nurse station tells the hospital of its patient."""
    c = s.c
    out = s.title(s.form.choice(["訪問看護情報提供書", "訪問看護サマリー", "看護情報提供書"])) + s.recipient_block() + s.right([s.date("document.date", c.created)] + s.letterhead(c.nurse, s.form.choice(["担当看護師", "管理者", "看護師"]), None))
    doctor, _ = s.full_name(c.other)
    from layouts_letters import gp
    pairs = base_pairs(s, job=False) + [(s.l("care.level"), s.level(), "wide"), (s.l("clinical.diagnoses"), s.dx(), "wide"), ("主治医", f"{gp(s)}　{doctor} 医師", "wide"), (s.l("care.office"), s.v("care.office", s.other_office)), (s.l("care.manager"), s.person("care.manager", c.manager))] + contact_pairs(s)
    out += s.kv(pairs)
    out += adl_rows(s, "ring" if s.layout == "vns_grid" else s.house.box) if s.form.random() < 0.8 else s.section("ADL", "　".join(f"{s.l(k)}：{s.adl(k, 'text')}" for k in ADL))
    out += s.section(s.l("clinical.procedures"), s.procedures()) + s.section(s.form.choice(["訪問看護の経過", "看護の経過", "病状経過"]), s.course(True), 5) + s.section(s.l("clinical.medications"), s.meds())
    return [s.page(out)]


# ---------------------------------------------------------------- visiting-nurse order (様式16)
DEVICES = [("1．自動腹膜灌流装置", None), ("2．透析液供給装置", None), ("3．酸素療法（　　L/min）", "酸素療法"), ("4．吸引器", "喀痰吸引"), ("5．中心静脈栄養", None), ("6．輸液ポンプ", None), ("7．経管栄養（経鼻）", "経鼻栄養"), ("7．経管栄養（胃瘻）", "胃ろう"), ("8．留置カテーテル（部位：　　　サイズ　　Fr）", "尿道カテーテル"), ("9．人工呼吸器", None), ("10．気管カニューレ（サイズ　　　）", "気管切開"), ("11．人工肛門", "消化管ストーマ"), ("12．人工膀胱", "尿路ストーマ"), ("13．その他（　　　　）", None)]


def devices(s, style):
    vals = [v for _, v in DEVICES if v]
    on = [p for p in s.c.procs if p in vals]
    if not on:
        on = [s.rng.choice(["酸素療法", "喀痰吸引", "尿道カテーテル", "胃ろう"])] if s.rng.random() < 0.6 else []
    if on:
        s.put("clinical.procedures", [v for _, v in DEVICES if v in on], False, True)
    out = []
    for t, v in DEVICES:
        if style == "ring":
            n, rest = t.split("．", 1)
            out.append(s.mark(n, v in on and v is not None, "ring") + "．" + rest)
        else:
            out.append(s.mark(t, v in on and v is not None, style))
    return "　".join(out)


@layout("nursing_order", "order_national", "order_plain", "order_boxes", "order_special")
def order(s):
    c = s.c
    special = s.layout == "order_special"
    start = c.created + dt.timedelta(days=s.rng.randint(0, 5))
    end = start + dt.timedelta(days=13 if special else s.rng.choice([29, 89, 180]))
    s.unscored |= {"order.period_start": start.isoformat(), "order.period_end": end.isoformat()}
    ds = s.house.date
    from sheet import wdate
    period = f"{wdate(start, ds)} ～ {wdate(end, ds)}"
    title = "特別訪問看護指示書" if special else s.form.choice(["訪問看護指示書", "訪 問 看 護 指 示 書", "訪問看護指示書（在宅患者訪問点滴注射指示書）"])
    sub = "<p class=ct><small>※該当する指示書を○で囲むこと</small></p>" if s.layout == "order_national" else ""
    out = s.title(title) + sub + f"<p class=rt>{'特別看護指示期間' if special else '訪問看護指示期間'}（{period}）</p>" + (f"<p class=rt>点滴注射指示期間（　　年　月　日　～　　年　月　日）</p>" if s.layout == "order_national" else "")
    rows = f"<tr><th>患者氏名</th><td>{s.name()}</td><th>生年月日</th><td>{s.birth()}</td></tr><tr><th>患者住所</th><td colspan=3>{s.text('patient.address', c.address)}　電話（{s.phone('patient.phone', c.phone)}）</td></tr>"
    out += f"<table class='g f4'>{rows}"
    if special:
        out += f"<tr><th>病状・主訴</th><td colspan=3 style='height:6em'>{s.course(n=2)}</td></tr><tr><th>留意事項及び<br>指示事項</th><td colspan=3 style='height:7em'>1日1回の訪問により、全身状態の観察と点滴の管理をお願いします。</td></tr><tr><th>点滴注射指示内容</th><td colspan=3 style='height:4em'>{s.rng.choice(['維持液500mL 1日1回 7日間', ''])}</td></tr></table>"
        s.ignore |= {"clinical.procedures", "clinical.medications", "clinical.diagnoses"}
    else:
        codes = s.form.random() < 0.4
        out += f"<tr><th>主たる傷病名</th><td colspan=3>{s.dx(s.form.choice(['(1)', '(1)z', '1.']), sep='　')}</td></tr>"
        if codes:
            out += "<tr><th>傷病名コード</th><td colspan=3>" + "　".join(str(s.rng.randint(1000000, 8999999)) for _ in c.dx) + "</td></tr>"
        st = "ring" if s.layout == "order_national" or s.house.box == "ringbox" else s.house.box
        lv = s.level("ring" if st == "ring" else "box")
        inner = f"<tr><th rowspan=6 class=vt>現在の状況</th><th>病状・治療状態</th><td colspan=2 style='height:5em'>{s.course(n=3)}</td></tr><tr><th>投与中の薬剤の用量・用法</th><td colspan=2>{s.meds(s.form.choice(['1.', '1)']))}</td></tr>"
        bed = "　".join(s.mark(x, x == y, st) for y in [s.rng.choice(["J2", "A1", "A2", "B1", "B2", "C1"])] for x in ("J1", "J2", "A1", "A2", "B1", "B2", "C1", "C2"))
        dem = "　".join(s.mark(x, x == y, st) for y in [s.rng.choice(["Ⅰ", "Ⅱa", "Ⅱb", "Ⅲa", "Ⅳ"])] for x in ("Ⅰ", "Ⅱa", "Ⅱb", "Ⅲa", "Ⅲb", "Ⅳ", "M"))
        inner += f"<tr><th>日常生活自立度</th><td colspan=2>寝たきり度　{bed}<br>認知症の状況　{dem}</td></tr><tr><th>要介護認定の状況</th><td colspan=2>{lv}</td></tr><tr><th>褥瘡の深さ</th><td colspan=2>DESIGN-R2020分類　D3　D4　D5　　NPUAP分類　Ⅲ度　Ⅳ度</td></tr><tr><th>装着・使用<br>医療機器等</th><td colspan=2>{devices(s, st)}</td></tr>"
        out += f"</table><table class='g ord'>{inner}</table>"
        out += "<table class='g'><tr><td>留意事項及び指示事項<br>Ⅰ　療養生活指導上の留意事項<br>　" + s.rng.choice(["転倒に注意してください。", "水分摂取を促してください。", "体重測定をお願いします。"]) + "<br>Ⅱ　1．リハビリテーション　2．褥瘡の処置等　3．装着・使用医療機器等の操作援助・管理　4．その他<br></td></tr><tr><td>在宅患者訪問点滴注射に関する指示（投与薬剤・投与量・投与方法等）<br>　</td></tr>"
        allergy = f"（薬の相互作用・副作用についての留意点、薬物アレルギーの既往、定期巡回・随時対応型訪問介護看護及び複合型サービス利用時の留意事項等があれば記載して下さい。）<br>"
        alg = s.text("clinical.allergies", c.allergy) if s.rng.random() < 0.6 else ""
        em = f"04-71{s.rng.randint(10, 99)}-{s.rng.randint(1000, 9999)}"
        out += f"<tr><td>緊急時の連絡先　{em}<br>不在時の対応法　{s.rng.choice(['当直医が対応', '救急外来へ連絡', ''])}</td></tr><tr><td>特記すべき留意事項<small>{allergy}</small>{('薬物アレルギー：' + alg) if alg else '　'}</td></tr></table>"
        if s.layout == "order_national":
            out += "<table class='g'><tr><td>他の訪問看護ステーションへの指示　（" + s.mark("無", True, "ring") + "　有：指定訪問看護ステーション名　　　　　　　　）</td></tr></table>"
    out += "<p>上記のとおり、指定訪問看護の実施を指示いたします。</p>" + s.right([s.date("document.date", c.created)])
    h = s.house
    dept = f"<div>診療科　{s.v('sender.department', s.department(), pen=False)}</div>" if h.depts and s.form.random() < 0.4 else ""
    out += f"<div class=rt2><div>医療機関名　{s.sender_institution(True)}</div>{dept}<div>住　　所　{h.address}</div><div>電　　話　{s.phone('sender.phone', h.phone, pen=False)}</div><div>（FAX）　{s.phone('sender.fax', h.fax, pen=False)}</div><div>{s.signer(c.doctor, '医師氏名')}</div></div>"
    i, on, _, _ = s.recipient(person=False)
    out += f"<p>{'事業所　' if s.form.random() < .5 else ''}{i}　殿</p>"
    return [s.page(out, "sm")]


# ---------------------------------------------------------------- the care managers' forms
@layout("admission_info", "adm_national")
def adm_national(s):
    """入院時情報提供書: dozens of boxes, two pages."""
    c = s.c
    b = "ring" if s.house.box == "ringbox" else s.house.box
    sep = "・" if b == "ring" else "　"
    opt = lambda names, on=None: sep.join(s.mark(x, x == on, b) for x in names)
    r = s.rng
    c.admission = c.created - dt.timedelta(days=r.randint(0, 3))
    to, on_, _, pers = s.recipient()
    out = f"<div class=rt>記入日：{s.date('document.date', c.created)}</div><div class=rt>入院日：{s.date('encounter.admission_date', c.admission)}</div>"
    out += "<p>医療機関　⇐　居宅介護支援事業所</p>" + s.title("入院時情報提供書")
    pn, pv = s.full_name(c.manager)
    out += f"<table class='g half'><tr><td>医療機関名：{to}{on_}<br>ご担当者名：{pers}</td><td>事業所名：{s.sender_institution()}<br>ケアマネジャー氏名：{s.v('sender.person', pn, pv)}<br>{s.tel_fax()}</td></tr></table>"
    s.ignore |= {"care.manager"}
    out += "<h2>１．利用者（患者）基本情報について</h2><table class='g f4'>"
    out += f"<tr><th>患者氏名</th><td><small>（フリガナ）{s.kana('full')}</small><br>{s.name(False)}</td><th>生年月日</th><td>{s.birth(with_age=True)}　性別 {s.sex('box' if b != 'ring' else 'ring')}</td></tr>"
    out += f"<tr><th>住所</th><td>〒{s.v('patient.postal_code', c.post)}<br>{s.text('patient.address', c.address)}</td><th>電話番号</th><td>{s.phone('patient.phone', c.phone)}</td></tr>"
    out += f"<tr><th>住環境</th><td colspan=3>住居の種類（{opt(['戸建て', '集合住宅'], r.choice(['戸建て', '集合住宅']))}）　{r.randint(1, 5)}階建て　居室 {r.randint(1, 3)}階　エレベーター（{opt(['有', '無'], '無')}）</td></tr>"
    out += f"<tr><th>入院時の要介護度</th><td colspan=3>{s.level('box' if b != 'ring' else 'ring')}<br>有効期間：令和{r.randint(6, 7)}年{r.randint(1, 12)}月1日 ～ 令和{r.randint(8, 9)}年{r.randint(1, 12)}月末日</td></tr>"
    if s.form.random() < 0.7:
        out += f"<tr><th>被保険者番号</th><td>{s.v('patient.insured_number', c.insured)}</td><th>保険者番号</th><td>{s.v('patient.insurer_number', c.insurer)}</td></tr>"
    out += f"<tr><th>障害高齢者の日常生活自立度</th><td>{opt(['自立', 'J1', 'J2', 'A1', 'A2', 'B1', 'B2', 'C1', 'C2'], r.choice(['J2', 'A1', 'A2', 'B1']))}</td><th>認知症高齢者の日常生活自立度</th><td>{opt(['自立', 'Ⅰ', 'Ⅱa', 'Ⅱb', 'Ⅲa', 'Ⅲb', 'Ⅳ', 'M'], r.choice(['Ⅰ', 'Ⅱa', 'Ⅱb']))}</td></tr>"
    out += f"<tr><th>自己負担割合</th><td>{opt(['１割', '２割', '３割', '不明'], '１割')}</td><th>障害手帳</th><td>{opt(['なし', 'あり（身体・精神・知的）'], 'なし')}</td></tr><tr><th>年金などの種類</th><td colspan=3>{opt(['国民年金', '厚生年金', '障害年金', '生活保護', 'その他'], r.choice(['国民年金', '厚生年金']))}</td></tr></table>"
    out += "<h2>２．家族構成／連絡先について</h2><table class='g f4'>"
    out += f"<tr><th>世帯構成</th><td colspan=3>{opt(['独居', '高齢者世帯', '子と同居', 'その他（　　）'], r.choice(['独居', '高齢者世帯', '子と同居']))}　※{opt(['日中独居'], r.choice(['日中独居', None]))}</td></tr>"
    n2, _ = s.full_name(c.contact2)
    key = s.form.random() < 0.5
    kp = f"{s.person('contact.name', c.contact)}（続柄：{s.v('contact.relation', c.relation)}・{r.randint(45, 80)}歳）（{opt(['同居', '別居'], '別居')}）　TEL：{s.phone('contact.phone', c.contact_phone)}"
    other = f"{n2}（続柄：次男・{r.randint(40, 70)}歳）（{opt(['同居', '別居'], '同居')}）　TEL：090-{r.randint(1000, 9999)}-{r.randint(1000, 9999)}"
    if key:
        out += f"<tr><th>主介護者氏名</th><td colspan=3>{kp}</td></tr><tr><th>キーパーソン</th><td colspan=3>（同上）</td></tr></table>"
    else:
        out += f"<tr><th>キーパーソン</th><td colspan=3>{kp}</td></tr><tr><th>その他の家族</th><td colspan=3>{other}</td></tr></table>"
    out += f"<h2>３．本人／家族の意向について</h2><table class='g'><tr><th>本人の趣味・興味・関心領域等</th><td>{r.choice(['園芸', 'カラオケ', '囲碁', '手芸'])}</td></tr><tr><th>本人の生活歴</th><td>{r.choice(['農業を営んでいた', '会社員として定年まで勤務', '専業主婦'])}</td></tr><tr><th>入院前の本人・家族の生活に対する意向</th><td>{opt(['同封の居宅サービス計画(1)参照'], '同封の居宅サービス計画(1)参照')}</td></tr></table>"
    two = f"<p class=hdr>入院時情報提供書　２枚目</p><h2>６．身体・生活機能の状況／療養生活上の課題について</h2><table class='g'>"
    two += f"<tr><th>麻痺の状況</th><td>{opt(['なし', '軽度', '中度', '重度'], r.choice(['なし', '軽度']))}</td><th>褥瘡の有無</th><td>{opt(['なし', 'あり（　　）'], 'なし')}</td></tr></table><table class='g adl'>"
    for k, lab in (("adl.mobility", "移動"), ("adl.transfer", "移乗"), ("adl.dressing", "更衣"), (None, "整容"), ("adl.bathing", "入浴"), ("adl.eating", "食事")):
        two += f"<tr><th>{lab}</th><td>{s.adl(k, b) if k else opt(list(GRADE_JA.values()), r.choice(list(GRADE_JA.values())))}</td></tr>"
    heavy = c.adl["adl.toileting"]
    i = GRADES.index(heavy)
    light = GRADES[max(0, i - r.choice([0, 0, 1]))]
    first = r.random() < 0.5
    for lab, g in (("排尿", heavy if first else light), ("排便", light if first else heavy)):
        two += f"<tr><th>{lab}</th><td>{opt(list(GRADE_JA.values()), GRADE_JA[g])}　ポータブルトイレ（{opt(['なし', '夜間', '常時'], 'なし')}）</td></tr>"
    s.put("adl.toileting", heavy, False, True)
    two += f"<tr><th>起居動作</th><td>{opt(list(GRADE_JA.values()), r.choice(list(GRADE_JA.values())))}</td></tr></table><table class='g'>"
    two += f"<tr><th>食事回数</th><td>3回／日（朝7時頃・昼12時頃・夜18時頃）</td><th>食事形態</th><td>{opt(['普通', 'きざみ', '嚥下障害食', 'ミキサー'], r.choice(['普通', 'きざみ']))}</td></tr><tr><th>嚥下機能</th><td>{opt(['むせない', '時々むせる', '常にむせる'], 'むせない')}</td><th>義歯</th><td>{opt(['なし', 'あり（部分・総）'], 'なし')}</td></tr><tr><th>睡眠の状態</th><td>{opt(['良', '不良（　　）'], '良')}</td><th>喫煙</th><td>{opt(['無', '有'], '無')}</td></tr><tr><th>コミュニケーション能力</th><td colspan=3>視力{opt(['問題なし', 'やや難あり', '困難'], '問題なし')}　聴力{opt(['問題なし', 'やや難あり', '困難'], 'やや難あり')}</td></tr></table><table class='g'>"
    two += f"<tr><th>疾患歴</th><td>{opt(['なし', '悪性腫瘍', '認知症', '急性呼吸器感染症', '脳血管障害', '骨折', 'その他（　）'], None)}<br>{s.text('clinical.history', c.course.hist)}</td></tr><tr><th>{s.form.choice(['入院の原因となった病名', '主病名', '現在の病名'])}</th><td>{s.dx('、')}</td></tr>"
    two += f"<tr><th>入院前に実施している医療処置</th><td>{s.procedures(b, sep=sep)}</td></tr></table>"
    gpn, _ = s.full_name(c.other)
    from layouts_letters import gp
    s.ignore |= {"clinical.history"}
    two += f"<h2>７．お薬について</h2><table class='g'><tr><th>内服薬</th><td>{opt(['なし', 'あり'], 'あり')}<br>{s.meds('')}</td></tr><tr><th>薬剤管理</th><td>{opt(['自己管理', '他者による管理'], '自己管理')}</td></tr></table><h2>８．かかりつけ医について</h2><table class='g f4'><tr><th>かかりつけ医機関名</th><td>{gp(s)}</td><th>電話番号</th><td>04-71{r.randint(10, 99)}-{r.randint(1000, 9999)}</td></tr><tr><th>医師名</th><td>{gpn}</td><th>診察方法・頻度</th><td>{opt(['通院', '訪問診療'], '通院')}　1回／月</td></tr></table>"
    return [s.page(out, "sm"), s.page(two, "sm")]


@layout("admission_info", "adm_grid")
def adm_grid(s):
    """One page, an office's own short form."""
    c, r = s.c, s.rng
    c.admission = c.created - dt.timedelta(days=r.randint(0, 4))
    to, on, _, pers = s.recipient()
    out = s.title(s.form.choice(["入院時情報提供書", "入院時情報連携シート"])) + f"<p>{to}{on}　{pers}</p>" + s.right([f"{s.l('document.date')} {s.date('document.date', c.created)}"] + s.letterhead(c.manager, "介護支援専門員", None))
    out += s.kv(base_pairs(s, job=False) + [(s.l("care.level"), s.level(), "wide"), (s.l("patient.insured_number"), s.v("patient.insured_number", c.insured)), (s.l("patient.insurer_number"), s.v("patient.insurer_number", c.insurer)), ("入院日", s.date("encounter.admission_date", c.admission)), ("世帯", r.choice(["独居", "夫婦のみ", "長男家族と同居"]))] + contact_pairs(s) + [(s.l("clinical.diagnoses"), s.dx("、"), "wide"), (s.l("clinical.history"), s.text("clinical.history", c.course.hist), "wide")])
    out += adl_rows(s, "ring" if s.house.box == "ringbox" else s.house.box) + s.section(s.l("clinical.medications"), s.meds()) + s.section(s.l("clinical.procedures"), s.procedures("ring" if s.house.box == "ringbox" else None)) + s.section("利用中のサービス", "訪問介護 週2回、通所介護 週3回、福祉用具貸与")
    return [s.page(out)]


@layout("discharge_record", "record_national")
def record_national(s):
    """退院・退所情報記録書 with its own wordings of eating, bathing and moving."""
    c, r = s.c, s.rng
    b = "ring" if s.house.box == "ringbox" else s.house.box
    sep = "・" if b == "ring" else "　"
    opt = lambda names, on=None: sep.join(s.mark(x, x == on or (isinstance(on, list) and x in on), b) for x in names)
    out = s.title("退院・退所情報記録書")
    to, on_, _, pers = s.recipient()
    out += f"<table class='g half'><tr><td>宛先：{to}{on_}<br>{pers}</td><td>記入日：{s.date('document.date', c.created)}<br>" + "<br>".join(s.letterhead(c.worker, "担当", None, address=False, seal=False)) + "</td></tr></table>"
    out += "<h2>１．基本情報・現在の状態 等</h2><table class='g f4'>"
    out += f"<tr><th rowspan=2>属性</th><td colspan=3>フリガナ {s.kana('full')}　氏名 {s.name()}　性別 {s.sex()}</td></tr><tr><td colspan=3>生年月日 {s.birth(with_age=True)}　退院（所）時の要介護度 {s.level('box' if b != 'ring' else 'ring')}</td></tr>"
    out += f"<tr><th>入院（所）概要</th><td colspan=3>・入院（所）日：{s.date('encounter.admission_date', c.admission)}　・退院（所）予定日：{s.date('encounter.discharge_date', c.discharge)}</td></tr>"
    out += f"<tr><th>入院原因疾患<br>（入所目的等）</th><td colspan=3>{s.dx('・')}</td></tr>"
    dept = s.department("ward") if s.house.kind == "hospital" else ""
    out += f"<tr><th>入院・入所先</th><td colspan=3>施設名 {s.house.name if s.house.kind != 'office' else s.to.name}　棟 {r.choice(['東', '西', '南'])}　室 {r.randint(201, 530)}</td></tr>"
    s.unscored["encounter.facility"] = s.house.name if s.house.kind != "office" else s.to.name
    out += f"<tr><th>今後の医学管理</th><td colspan=3>医療機関名：{__import__('layouts_letters').gp(s)}　方法 {opt(['通院', '訪問診療'], '通院')}</td></tr></table>"
    g3 = s.form.random() < 0.6
    out += "<h2>①疾患と入院（所）中の状況</h2><table class='g'>"
    out += f"<tr><th>現在治療中の疾患</th><td>① {c.dx[0]}　② {c.dx[1] if len(c.dx) > 1 else ''}　疾患の状況 {opt(['安定', '不安定'], '安定')}</td></tr>"
    grades = [("自立", "independent"), ("見守り", "supervised"), ("一部介助", "partial"), ("全介助", "full")]
    if g3:
        for k, lab in (("adl.mobility", "移動"), ("adl.transfer", "移乗"), ("adl.toileting", "排泄"), ("adl.bathing", "入浴"), ("adl.eating", "食事"), ("adl.dressing", "更衣")):
            out += f"<tr><th>{lab}</th><td>{s.adl(k, b, grades)}</td></tr>"
    else:
        s.ignore |= set(ADL)
        out += f"<tr><th>移動手段</th><td>{opt(['自立', '杖', '歩行器', '車いす', 'その他（　）'], r.choice(['杖', '歩行器', '車いす']))}</td></tr><tr><th>排泄方法</th><td>{opt(['トイレ', 'ポータブル', 'おむつ'], r.choice(['トイレ', 'おむつ']))}　カテーテル・パウチ（　　）</td></tr><tr><th>入浴方法</th><td>{opt(['自立', 'シャワー浴', '一般浴', '機械浴', '行わず'], r.choice(['シャワー浴', '一般浴']))}</td></tr><tr><th>食事形態</th><td>{opt(['普通', '経管栄養', 'その他（　）'], '普通')}　UDF等の食形態区分（　　）</td></tr>"
    out += f"<tr><th>嚥下機能（むせ）</th><td>{opt(['なし', 'あり（時々・常に）'], 'なし')}　義歯 {opt(['なし', 'あり（部分・総）'], 'あり（部分・総）')}　入院（所）中の使用 {opt(['なし', 'あり'], 'なし')}</td></tr><tr><th>口腔清潔</th><td>{opt(['良', '不良', '著しく不良'], '良')}　口腔ケア {opt(['自立', '一部介助', '全介助'], '自立')}</td></tr><tr><th>睡眠</th><td>{opt(['良好', '不良（　）'], '良好')}　眠剤使用 {opt(['なし', 'あり'], 'なし')}</td></tr><tr><th>認知・精神</th><td>{opt(['認知機能低下', 'せん妄', '徘徊', '焦燥・不穏', '攻撃性'], [])}</td></tr></table>"
    out += f"<h2>②受け止め／意向</h2><table class='g'><tr><th>＜本人＞病気、障害、後遺症等の受け止め方</th><td>{r.choice(['早く家に帰りたい', '自宅で過ごしたい', '一人でトイレに行けるようになりたい'])}</td></tr><tr><th>＜家族＞退院後の生活に関する意向</th><td>{r.choice(['サービスを使いながら在宅で', '無理のない範囲で介護したい'])}</td></tr></table>"
    out += f"<h2>２．課題認識のための情報</h2><table class='g'><tr><th>③退院後に必要な事柄<br>医療処置の内容</th><td>{s.procedures(b, sep=sep)}</td></tr><tr><th>看護の視点</th><td>{opt(['血圧', '水分制限', '食事制限', '食形態', '嚥下', '口腔ケア', '清潔ケア', '血糖コントロール', '排泄', '皮膚状態', '睡眠', '服薬指導', 'ターミナルケア'], ['血圧', '服薬指導'])}</td></tr><tr><th>リハビリの視点</th><td>{opt(['本人指導', '家族指導', '関節可動域練習', '筋力増強練習', 'バランス練習', '歩行練習'], ['歩行練習'])}</td></tr><tr><th>禁忌事項</th><td>（禁忌の有無）{opt(['なし', 'あり'], 'なし')}　（禁忌の内容／留意点）</td></tr></table>"
    s.ignore |= {"clinical.allergies"}
    out += f"<table class='g'><tr><th>回目</th><th>聞き取り日</th><th>情報提供を受けた職種（氏名）</th><th>会議出席</th></tr><tr><td>1</td><td>令和　　年　　月　　日</td><td></td><td>無・有</td></tr><tr><td>2</td><td>令和　　年　　月　　日</td><td></td><td>無・有</td></tr></table>"
    return [s.page(out, "sm")]


@layout("discharge_record", "record_simple")
def record_simple(s):
    c, r = s.c, s.rng
    b = "ring" if s.house.box == "ringbox" else s.house.box
    out = s.title(s.form.choice(["退院・退所情報記録書", "退院退所情報記録書", "退院時情報記録書"])) + s.recipient_block() + s.right([f"記入日 {s.date('document.date', c.created)}"] + s.letterhead(c.worker, s.form.choice(["記入者", "担当", "相談員"]), None))
    out += s.kv([(s.l("patient.kana"), s.kana()), (s.l("patient.name"), s.name()), (s.l("patient.sex"), s.sex()), (s.l("patient.birth_date"), s.birth()), (s.l("care.level"), s.level(), "wide"), ("入院（所）日", s.date("encounter.admission_date", c.admission)), ("退院（所）予定日", s.date("encounter.discharge_date", c.discharge)), (s.l("clinical.diagnoses"), s.dx("、"), "wide"), (s.l("encounter.destination"), s.v("encounter.destination", c.place), "wide")] + contact_pairs(s))
    out += adl_rows(s, b, three=s.form.random() < 0.5) + s.section(s.l("clinical.procedures"), s.procedures(b)) + s.section(s.form.choice(["入院中の経過", "病状の経過"]), s.course(True), 4) + s.section(s.l("discharge.medications"), s.meds())
    return [s.page(out)]
