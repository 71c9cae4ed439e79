"""Layouts of houses that are never in the training set: written apart, on purpose with other structures and words."""
import datetime as dt

from layouts_letters import ASK, gp, layout
from sheet import ADL, GRADE_JA, GRADES, PROCEDURES, age, wdate


def ringed(s):
    return "ring" if s.house.box == "ringbox" else s.house.box


@layout("referral", "h_ref")
def h_ref(s):
    """Two columns without any rule: who on the left, the text on the right."""
    c = s.c
    left = "".join(f"<div><span class=hd>{a}</span><div class=bd>{b}</div></div>" for a, b in (
        ("患者", f"{s.name()}<br>{s.kana('full')}"), ("性別・生年月日", f"{s.sex('text')}　{s.birth(with_age=True)}"), ("お住まい", f"〒{s.v('patient.postal_code', c.post)}<br>{s.text('patient.address', c.address)}"), ("お電話", s.phone("patient.phone", c.phone)),
        ("病名", s.dx("")), ("これまでの病気", s.text("clinical.history", c.course.hist)), ("薬アレルギー", s.text("clinical.allergies", c.allergy))))
    right = "".join(f"<div><span class=hd>{a}</span><div class=bd>{b}</div></div>" for a, b in (("ご紹介の目的", s.text("clinical.purpose", c.course.purpose)), ("経過のまとめ", s.course()), ("処方中の薬", s.meds("・"))))
    head = s.title("診療情報提供書") + f"<table style='width:100%'><tr><td style='width:50%;vertical-align:top'>{s.recipient_block()}</td><td style='vertical-align:top'>" + "<br>".join([s.date("document.date", c.created)] + s.letterhead(c.doctor, "記載医師", s.department())) + "</td></tr></table><hr>"
    return [s.page(head + f"<div style='display:flex;gap:2em'><div style='width:42%'>{left}</div><div style='flex:1'>{right}</div></div>")]


@layout("referral", "h_ref2")
def h_ref2(s):
    """Excel: a grid of narrow cells, labels above values, sender at the foot."""
    c = s.c
    cell = lambda lab, val, w: f"<td colspan={w} style='vertical-align:top'><small>{lab}</small><br>{val}</td>"
    to, on, _, pers = s.recipient()
    rows = [cell("宛名", f"{to}{on}　{pers}", 8) + cell("発行年月日", s.date("document.date", c.created), 4),
            cell("カナ", s.kana("half"), 4) + cell("患者氏名", s.name(), 4) + cell("性", s.sex("ring"), 2) + cell("生年月日", s.birth(), 2),
            cell("郵便番号", s.v("patient.postal_code", c.post), 2) + cell("住所", s.text("patient.address", c.address), 7) + cell("電話", s.phone("patient.phone", c.phone), 3),
            cell("傷病名", s.dx("①"), 6) + cell("紹介目的", s.text("clinical.purpose", c.course.purpose), 6),
            cell("既往歴・家族歴", (hist := s.text("clinical.history", c.course.hist)) + ("／父：高血圧" if "clinical.history" in s.fields else ""), 12), cell("現病歴・治療経過", s.course(), 12), cell("現在の処方", s.rx_table(False), 12), cell("備考", "検査データ別紙", 12)]
    if "clinical.history" in s.fields:
        s.fields["clinical.history"].setdefault("alt", []).append(c.course.hist + "／父：高血圧")
    out = s.title("診療情報提供書") + "<table class='g xl'>" + "".join(f"<tr>{r}</tr>" for r in rows) + "</table>"
    return [s.page(out + s.right(s.letterhead(c.doctor, "担当医師", s.department(), corp=True)))]


@layout("referral", "h_ref3")
def h_ref3(s):
    """An old doctor's letter: prose, the patient in the middle of a sentence."""
    c = s.c
    out = s.recipient_block() + s.title("御紹介状")
    out += f"<p class=lead>日頃より大変お世話になっております。さて、下記の方をご紹介申し上げます。ご高診、ご加療のほどお願い申し上げます。</p><p class=ki>記</p><p>御氏名　{s.name()}（{s.sex('text')}）</p><p>{s.birth(with_age=True)}</p><p>御住所　{s.text('patient.address', c.address)}</p>"
    out += f"<p>一、病名　{s.dx('、')}</p><p>一、目的　{s.text('clinical.purpose', c.course.purpose)}</p><p>一、経過　{s.course()}</p><p>一、投薬<br>{s.meds('')}</p>"
    if s.rng.random() < 0.5:
        out += f"<p>一、禁忌・アレルギー　{s.text('clinical.allergies', c.allergy)}</p>"
    return [s.page(out + s.right([s.date("document.date", c.created)] + s.letterhead(c.doctor, "院長", None)))]


@layout("discharge_summary", "h_dis")
def h_dis(s):
    c = s.c
    dept = s.v("sender.department", s.department(), pen=False)
    head = f"<table class='g'><tr><th rowspan=3 class=vt style='writing-mode:vertical-rl'>患者</th><td><small>ID</small> {s.rng.randint(10**6, 10**7)}</td><td><small>カナ</small> {s.kana('full')}</td></tr><tr><td colspan=2><small>氏名</small>　{s.name()}　　{s.sex('ring')}</td></tr><tr><td colspan=2><small>生年月日</small>　{s.birth()}</td></tr></table>"
    head += f"<table class='g'><tr><th>在院期間</th><td>{s.date('encounter.admission_date', c.admission)}　－　{s.date('encounter.discharge_date', c.discharge)}</td><th>担当科／医師</th><td>{dept}／{s.person('sender.person', c.doctor)}</td></tr></table>"
    body = "".join(s.section(a, b) for a, b in (("最終診断", s.dx("1.")), ("入院までの経緯と経過", s.course()), ("主な既往", s.text("clinical.history", c.course.hist)), ("退院時の内服", s.meds("")), ("帰先", s.v("encounter.destination", c.place)), ("当院再診", s.moment("next_visit.datetime", c.next))))
    foot = f"<p class=rt>{s.date('document.date', c.created)}</p><div class=ct><b>{s.sender_institution(True)}</b><br>{s.tel_fax()}</div>"
    return [s.page(s.title("退院サマリー", "") + head + body + foot)]


@layout("discharge_summary", "h_dis2")
def h_dis2(s):
    """Two pages; a printed header with the hospital's name on each."""
    c = s.c
    inst = s.sender_institution(False)
    hd = f"<div style='border-bottom:.4mm solid #000;display:flex;justify-content:space-between'><b>{inst}</b><span>退院時要約</span></div>"
    info = s.kv([("患者様", s.name()), ("誕生日", s.birth(with_age=True)), ("男女", s.sex("box")), ("入院", s.date("encounter.admission_date", c.admission)), ("退院", s.date("encounter.discharge_date", c.discharge)), ("科", s.v("sender.department", s.department(), pen=False)), ("主治医", s.person("sender.person", c.doctor)), ("作成", s.date("document.date", c.created))], "grid4")
    one = hd + info + s.section("＃ 診断", s.dx("#"), style="angle") + s.section("背景疾患・既往", s.text("clinical.history", c.course.hist)) + s.section("入院後の経過", s.course(n=6), 16)
    two = hd + f"<p class=rt>{s.full_name(c.patient)[0]} 様　(2/2)</p>" + s.section("持ち帰り処方", s.rx_table()) + s.section("アレルギー", s.has("clinical.allergies", c.allergy)) + s.section("感染症", s.has("clinical.infections", c.infection)) + s.section("転出先", s.v("encounter.destination", c.place)) + s.section("今後の予約", s.moment("next_visit.datetime", c.next)) + s.section("紹介元", gp(s)) + f"<p class=rt>{s.tel_fax()}</p>"
    s.fields.setdefault("sender.institution", {"value": s.house.name, "handwritten": False})
    return [s.page(one), s.page(two)]


def ladder(s, style):
    """ADL in two columns of three."""
    half = lambda ks: "".join(f"<tr><th>{s.l(k)}</th><td>{s.adl(k, style)}</td></tr>" for k in ks)
    return f"<div style='display:flex;gap:.5em'><table class='g'>{half(ADL[:3])}</table><table class='g'>{half(ADL[3:])}</table></div>"


@layout("nursing_summary", "h_nur")
def h_nur(s):
    c = s.c
    out = s.title("看護退院サマリー") + s.right([f"記載 {s.date('document.date', c.created)}"]) + s.recipient_block(person=False)
    who = f"{s.name()}　{s.sex('ring')}　{s.birth(with_age=True)}"
    out += f"<div class=bxd>対象患者　{who}<br>入院 {s.date('encounter.admission_date', c.admission)}／退院 {s.date('encounter.discharge_date', c.discharge)}<br>介護保険　{s.level('ring')}<br>窓口となるご家族　{s.person('contact.name', c.contact)}（{s.v('contact.relation', c.relation)}）{s.phone('contact.phone', c.contact_phone)}</div>"
    out += s.section("診断", s.dx("、")) + "".join(f"<p>{s.l(k)}　{s.adl(k, 'ring')}</p>" for k in ADL)
    out += s.section("処置", s.procedures("ring", sep="・")) + s.section("看護のまとめ", s.course(True)) + s.section("アレルギー", s.has("clinical.allergies", c.allergy)) + s.section("感染", s.text("clinical.infections", c.infection))
    return [s.page(out + s.right(s.letterhead(c.nurse, "病棟看護師", s.department("ward"))))]


@layout("nursing_summary", "h_nur2")
def h_nur2(s):
    c = s.c
    b = ringed(s)
    out = f"<table class='g'><tr><td class=big>看護情報提供書</td><td>{'<br>'.join(s.letterhead(None, '', s.department('ward'), address=False))}</td></tr></table>"
    out += f"<p>提供先：{s.v('recipient.institution', s.to.name)} 様　　記載日 {s.date('document.date', c.created)}　記載看護師 {s.person('sender.person', c.nurse)}</p>"
    out += f"<table class='g f4'><tr><th>ふりがな<br>患者氏名</th><td>{s.kana('hira')}<br>{s.name()}</td><th>生年月日<br>性別</th><td>{s.birth()}<br>{s.sex('box')}</td></tr><tr><th>入院期間</th><td colspan=3>{s.date('encounter.admission_date', c.admission)}～{s.date('encounter.discharge_date', c.discharge)}</td></tr><tr><th>病名</th><td colspan=3>{s.dx('1.', sep='　')}</td></tr><tr><th>既往</th><td colspan=3>{s.text('clinical.history', c.course.hist)}</td></tr><tr><th>認定</th><td colspan=3>{s.level('rows')}</td></tr><tr><th>担当CM</th><td colspan=3>{s.v('care.office', s.other_office)}　{s.person('care.manager', c.manager)}</td></tr><tr><th>家族</th><td colspan=3>キーパーソン：{s.person('contact.name', c.contact)} 続柄：{s.v('contact.relation', c.relation)}　連絡先：{s.phone('contact.phone', c.contact_phone)}<br>その他：{s.full_name(c.contact2)[0]}（次男）</td></tr></table>"
    out += ladder(s, b) + s.section("特別な処置", s.procedures(b)) + s.section("申し送り", s.course(True), 5) + s.section("服薬", s.meds("・")) + s.kv([("アレルギー", s.has("clinical.allergies", c.allergy)), ("感染症", s.has("clinical.infections", c.infection))], "grid4")
    return [s.page(out)]


@layout("conference_notice", "h_conf")
def h_conf(s):
    c = s.c
    c.discharge = c.conf.date() + dt.timedelta(days=s.rng.randint(1, 12))
    out = s.right([s.date("document.date", c.created)]) + f"<p>関係者各位<br>{s.v('recipient.institution', s.to.name)}　{s.person('recipient.person', c.to_person)} 様</p>" + s.right(s.letterhead(c.worker, "退院調整担当", s.house.unit, direct=True))
    out += s.title("退院前カンファレンス（多職種）開催のお願い")
    out += f"<p class=lead>当院に入院中の {s.name()}（{s.birth()}）につきまして、{s.date('encounter.discharge_date', c.discharge)}に退院を予定しております。つきましては下記にて話し合いの場を設けますので、ご出席をお願い申し上げます。</p>"
    out += f"<table class='g'><tr><th>とき</th><td>{s.moment('conference.datetime', c.conf)}</td></tr><tr><th>ところ</th><td>{s.v('conference.place', c.room)}</td></tr><tr><th>Zoom</th><td>{s.v('conference.url', c.url, pen=False)}</td></tr><tr><th>内容</th><td>退院後の生活、必要なサービス</td></tr></table><p>出欠のご返事は {c.conf.month}月{max(1, c.conf.day - 2)}日までにお願いします。</p>"
    return [s.page(out)]


@layout("admission_info", "h_adm")
def h_adm(s):
    """The national items in an office's own order, one crowded page."""
    c, r = s.c, s.rng
    b = ringed(s)
    opt = lambda names, on=None: "　".join(s.mark(x, x == on, b) for x in names)
    c.admission = c.created - dt.timedelta(days=r.randint(0, 3))
    to, on, _, pers = s.recipient()
    out = f"<p>{to}{on}　{pers}</p>" + s.title("入院時情報提供書（ケアマネジャー→病院）") + s.right(s.letterhead(c.manager, "介護支援専門員", None))
    out += f"<div class=lt><div><small>ご利用者</small><p>{s.kana('full')}<br>{s.name()}　{s.sex('box')}</p></div><div><small>生年月日</small><p>{s.birth()}</p></div><div class=w><small>住所・電話</small><p>{s.text('patient.address', c.address)}　{s.phone('patient.phone', c.phone)}</p></div><div><small>被保険者番号</small><p>{s.v('patient.insured_number', c.insured)}</p></div><div><small>保険者番号</small><p>{s.v('patient.insurer_number', c.insurer)}</p></div><div class=w><small>要介護度</small><p>{s.level('box')}</p></div><div><small>入院日</small><p>{s.date('encounter.admission_date', c.admission)}</p></div><div><small>情報提供日</small><p>{s.date('document.date', c.created)}</p></div><div class=w><small>主介護者（続柄）・連絡先</small><p>{s.person('contact.name', c.contact)}（{s.v('contact.relation', c.relation)}）　{s.phone('contact.phone', c.contact_phone)}</p></div><div class=w><small>世帯</small><p>{opt(['独居', '高齢者のみ', '同居家族あり'], '独居')}</p></div><div class=w><small>主たる病名</small><p>{s.dx('、')}</p></div></div>"
    out += "<table class='g'>" + "".join(f"<tr><th>{s.l(k)}</th><td>{s.adl(k, b)}</td></tr>" for k in ADL) + f"<tr><th>整容</th><td>{opt(['自立', '見守り', '一部介助', '全介助'], '一部介助')}</td></tr></table>"
    out += s.section("医療的な処置", s.procedures(b)) + s.section("飲んでいる薬", s.meds("")) + s.section("利用サービス", "訪問看護 週1回、訪問介護 週3回") + s.section("かかりつけの先生", f"{gp(s)}　{s.full_name(c.other)[0]} 先生")
    return [s.page(out)]


@layout("contact_sheet", "h_contact", "h_contact2")
def h_contact(s):
    c = s.c
    st = s.house.kind == "station"
    to, on, _, pers = s.recipient()
    head = s.title("情報共有シート（報告）" if st else "主治医との連絡シート") + f"<table class='g'><tr><th>あて先</th><td>{to}{on}　{pers}</td></tr><tr><th>差出人</th><td>{'　'.join(s.letterhead(c.nurse if st else c.manager, '看護師' if st else 'ケアマネ', None, address=False, seal=False))}</td></tr><tr><th>発信日</th><td>{s.date('document.date', c.created)}</td></tr></table>"
    if s.rng.random() < 0.3:
        s.put("urgency", "urgent")
        head = "<span class=stamp>至　急</span>" + head
    who = f"<div class=bxd>ご利用者　{s.name()}　{s.birth()}　{s.sex('text')}" + ("" if st else f"<br>要介護度　{s.level('ring')}") + "</div>"
    msg = s.rng.choice(ASK)
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    body = s.section("お伝えしたいこと" if st else "お尋ねしたいこと", msg, 9)
    if st:
        body += s.section("診断", s.dx("、")) + s.section("次回訪問予定", f"{wdate(c.created + dt.timedelta(days=3), s.house.date)}")
    return [s.page(head + who + body + s.section("先生からのお返事", "□ 了解しました　□ 受診してください　□ その他<br><br><br>　　　　年　　月　　日　　署名", 6))]


@layout("contact_sheet", "h_reply")
def h_reply(s):
    c = s.c
    out = s.recipient_block() + s.right([s.date("document.date", c.created)]) + s.title("御　報　告") + f"<p class=lead>過日ご紹介いただきました{s.name()}（{s.birth()}）の件、下記のとおりご報告いたします。</p>"
    out += f"<p>診断：{s.dx('、')}</p><p>経過：{s.course()}</p><p>処方：<br>{s.meds('')}</p>" + s.right(s.letterhead(c.doctor, "院長", None))
    return [s.page(out)]


@layout("nursing_order", "h_order")
def h_order(s):
    """The national order in running lines, no table."""
    from layouts_care import devices
    c = s.c
    start = c.created + dt.timedelta(days=1)
    end = start + dt.timedelta(days=s.rng.choice([29, 91, 180]))
    s.unscored |= {"order.period_start": start.isoformat(), "order.period_end": end.isoformat()}
    d = s.house.date
    out = s.title("訪問看護指示書") + f"<p>指示期間　{wdate(start, d)}から{wdate(end, d)}まで</p><p>患者　{s.name()}　　{s.birth()}</p><p>住所　{s.text('patient.address', c.address)}　電話 {s.phone('patient.phone', c.phone)}</p>"
    out += s.section("主たる傷病名", s.dx("(1)", sep="　")) + s.section("病状・治療状態", s.course(n=3)) + s.section("投与中の薬剤", s.meds("1.")) + s.section("要介護認定", s.level("ring")) + s.section("使用医療機器", devices(s, "ring")) + s.section("留意事項", "内服管理と状態観察をお願いします。") + s.section("緊急時連絡先", f"当院 夜間 04-71{s.rng.randint(10, 99)}-{s.rng.randint(1000, 9999)}")
    out += s.right([s.date("document.date", c.created)] + s.letterhead(c.doctor, "医師", None)) + f"<p>{s.v('recipient.institution', s.to.name)}　御中</p>"
    return [s.page(out)]


@layout("nursing_summary", "h_vns")
def h_vns(s):
    c = s.c
    out = s.title("訪問看護サマリー") + s.recipient_block() + s.right([s.date("document.date", c.created)] + s.letterhead(c.nurse, "担当", None))
    out += s.kv([("利用者様", s.name()), ("フリガナ", s.kana()), ("生年月日", s.birth()), ("性別", s.sex()), ("住所", s.text("patient.address", c.address), "wide"), ("介護度", s.level("text")), ("ケアマネジャー", f"{s.v('care.office', s.other_office)}　{s.person('care.manager', c.manager)}", "wide"), ("主治医", f"{gp(s)}　{s.full_name(c.other)[0]}医師", "wide"), ("疾患名", s.dx("、"), "wide"), ("緊急連絡先", f"{s.person('contact.name', c.contact)}　{s.v('contact.relation', c.relation)}　{s.phone('contact.phone', c.contact_phone)}", "wide")])
    out += s.section("生活動作", "／".join(f"{s.l(k)} {s.adl(k, 'text')}" for k in ADL)) + s.section("実施している処置", s.procedures("css")) + s.section("経過", s.course(True)) + s.section("お薬", s.meds("・")) + s.section("アレルギー", s.text("clinical.allergies", c.allergy))
    return [s.page(out)]
