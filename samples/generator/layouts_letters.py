"""Referrals, physicians' summaries, conference notices, replies and contact sheets."""
from sheet import ADL, GRADES, age, wdate

R = {}


def layout(type_, *names):
    def deco(f):
        for n in names:
            R[n] = (type_, f)
        return f
    return deco


def base_pairs(s, phone=True, kana=True, address=True, job=True):
    """The patient's data as forms order them: each in its own cell, or several in one."""
    c, p = s.c, []
    kind = s.form.choice(["own", "own", "own", "ruby", "sexin", "birthsex", "addrtel", "mix"])
    if kana and kind not in ("ruby", "mix"):
        p.append((s.l("patient.kana"), s.kana()))
    nm = s.l("patient.name")
    if kana and kind in ("ruby", "mix"):  # the reading small above the name, in one cell
        lab = s.form.choice([nm, f"<small>フリガナ</small><br>{nm}", f"{nm}（フリガナ）"])
        p.append((lab, f"<small>{s.form.choice(['', '（フリガナ）', ''])}{s.kana('full')}</small><br>{s.name()}"))
    elif kind == "sexin":
        p.append((s.form.choice([nm, f"{nm}・性別"]), f"{s.name()}　（{s.sex()}）"))
    else:
        p.append((nm, s.name()))
    if kind in ("birthsex", "mix"):
        p.append((s.form.choice(["生年月日・性別", "生年月日"]), f"{s.birth()}　{s.sex()}", "wide"))
    else:
        if kind != "sexin":
            p.append((s.l("patient.sex"), s.sex()))
        p.append((s.l("patient.birth_date"), s.birth()))
    tel = kind == "addrtel" and phone
    if address:
        post = f"〒{s.v('patient.postal_code', c.post)}{s.form.choice(['　', '<br>', ' '])}" if s.form.random() < 0.6 else ""
        p.append((s.l("patient.address") if not tel else s.form.choice(["住所・電話", "住所・連絡先", "住所"]), post + s.text("patient.address", c.address) + (f"　{s.form.choice(['TEL', '電話', '☎', ''])} {s.phone('patient.phone', c.phone)}" if tel else ""), "wide"))
    if phone and not tel:
        p.append((s.l("patient.phone"), s.own_phone()))
    if job and s.form.random() < 0.5:
        p.append(("職業", s.rng.choice(["無職", "農業", "会社員", "", "主婦"])))
    if s.form.random() < 0.15:
        p.insert(0, (s.form.choice(["患者番号", "患者ID", "カルテ番号"]), str(s.rng.randint(10**5, 10**8)), "wide"))
    return p


def strangers(s):
    """Lines that name other doctors and houses: a value for no field."""
    n = s.full_name(s.c.other)[0]
    tel = f"04-71{s.rng.randint(10, 99)}-{s.rng.randint(1000, 9999)}"
    return s.form.choice([("かかりつけ医", f"{gp(s)}　{n} 先生"), ("紹介元", f"{gp(s)}（{n} 医師）"), ("前医", gp(s)), ("かかりつけ薬局", f"いちご薬局 豊四季店　TEL {tel}"), ("併診医療機関", f"{gp(s)}（眼科）"), ("訪問看護", f"訪問看護ステーション{s.rng.choice(['灯', 'あさひ', '花みずき'])}　TEL {tel}")])


def gp(s):
    """A distractor: the doctor or clinic that somebody else's line names."""
    return s.rng.choice(["柏ふじ内科", "加賀谷医院", "東口クリニック", "まつば診療所", "新富ファミリークリニック"])


# ---------------------------------------------------------------- referral
@layout("referral", "ref_grid", "ref_boxed", "ref_excel")
def ref_grid(s):
    c = s.c
    out = s.title(s.form.choice(["診療情報提供書", "診療情報提供書（紹介状）", "紹介状（診療情報提供書）"]))
    date = s.right([(s.l("document.date") + "　" if s.form.random() < 0.6 else "") + s.date("document.date", c.created)])
    lh = s.letterhead(c.doctor, s.form.choice(["医師", "主治医", "担当医", "医師氏名"]), s.department() if s.house.depts else None)
    out += date + s.recipient_block(dept=s.form.choice(["", "内科", "地域医療連携室"])) + s.right(lh)
    if s.layout == "ref_boxed":
        out += "<p class=lead>下記の患者様をご紹介申し上げます。ご高診のほどよろしくお願いいたします。</p>"
    out += s.kv(base_pairs(s))
    secs = [("clinical.diagnoses", s.dx(), 0), ("clinical.purpose", s.text("clinical.purpose", c.course.purpose), 0), ("clinical.history", s.text("clinical.history", c.course.hist), 0), ("clinical.course", s.course(), 7),
            ("clinical.medications", s.rx_table() if s.layout == "ref_excel" else s.meds(), 0), ("clinical.allergies", s.text("clinical.allergies", c.allergy), 0)]
    if s.form.random() < 0.4:
        secs[1], secs[0] = secs[0], secs[1]
    if s.form.random() < 0.4:
        out += s.kv([strangers(s) + ("wide",)])
    out += "".join(s.section(s.l(k), h, n) for k, h, n in secs) + s.section("備考", s.rng.choice(["", "画像CD-R 1枚を同封いたします。", "特記事項なし"]))
    return [s.page(out)]


@layout("referral", "ref_letter", "ref_memo", "ref_home")
def ref_letter(s):
    c = s.c
    out = s.right([s.date("document.date", c.created)]) + s.recipient_block()
    lh = s.right(s.letterhead(c.doctor, s.form.choice(["院長", "医師", "主治医"]), None, corp=True))
    t = s.title(s.form.choice(["診療情報提供書", "紹 介 状", "ご紹介状"]))
    out = t + out + lh if s.layout != "ref_memo" else out + lh + t
    out += s.form.choice(["<p class=lead>平素より大変お世話になっております。</p>", "<p class=lead>拝啓　時下ますますご清祥のこととお慶び申し上げます。</p>", ""])
    if s.layout == "ref_memo":
        out += f"<p>{s.l('patient.name')}：{s.name()}（{s.sex('text')}）　{s.birth(with_age=True)}</p>"
        out += f"<p>{s.l('patient.address')}：{s.text('patient.address', c.address)}　{s.l('patient.phone')} {s.phone('patient.phone', c.phone)}</p>"
    else:
        out += s.kv(base_pairs(s, job=False))
    out += s.section(s.l("clinical.diagnoses"), s.dx()) + s.section(s.l("clinical.purpose"), s.text("clinical.purpose", c.course.purpose)) + s.section(s.l("clinical.history"), s.text("clinical.history", c.course.hist))
    out += s.section(s.l("clinical.course"), s.course()) + s.section(s.l("clinical.medications"), s.meds())
    if s.form.random() < 0.6:
        out += s.section(s.l("clinical.allergies"), s.text("clinical.allergies", c.allergy))
    if s.layout == "ref_home":
        out += s.kv([(s.l("care.level"), s.level()), (s.l("care.office"), s.v("care.office", s.other_office)), (s.l("care.manager"), s.person("care.manager", c.manager))], "grid2")
    return [s.page(out)]


@layout("referral", "ref_form11", "ref_halfs")
def ref_form11(s):
    """様式11 as a ruled form: destination above, sender's cell to the right, blocks with the label over the text."""
    c = s.c
    to, on, _, pers = s.recipient()
    lh = s.letterhead(None, "", None)
    left = f"<small>紹介先医療機関等名</small><p>{to}{on}</p><small>担当医</small><p>{s.form.choice(['', '内科　'])}{pers}</p>"
    dept = s.department()
    right = "<small>紹介元医療機関の所在地及び名称</small>" + "".join(f"<div>{x}</div>" for x in lh) + (f"<div>診療科　{s.v('sender.department', dept, pen=False)}</div>" if dept else "") + f"<div>{s.signer(c.doctor, '医師氏名')}</div>"
    out = s.title("診療情報提供書") + s.right([s.date("document.date", c.created)]) + f"<table class='g half'><tr><td>{left}</td><td>{right}</td></tr></table>"
    kana = f"<small>{s.kana()}</small><br>" if s.form.random() < 0.5 else ""
    out += f"<table class='g f4'><tr><th>患者氏名</th><td>{kana}{s.name()}</td><th>性別</th><td>{s.sex()}</td></tr><tr><th>患者住所</th><td colspan=3>{s.text('patient.address', c.address)}</td></tr>" \
           f"<tr><th>電話番号</th><td>{s.phone('patient.phone', c.phone)}</td><th>職業</th><td>{s.rng.choice(['無職', '', '自営業'])}</td></tr><tr><th>生年月日</th><td colspan=3>{s.birth(s.form.choice(['era_ring', None]), True)}</td></tr></table>"
    for k, lab, h, n in (("dx", "傷病名", s.dx(), 3), ("p", "紹介目的", s.text("clinical.purpose", c.course.purpose), 2), ("h", "既往歴及び家族歴", s.text("clinical.history", c.course.hist), 2), ("c", "症状経過及び検査結果", s.course(), 8),
                         ("t", "治療経過", "", 3) if s.form.random() < 0.5 else ("b", "検査所見", "別紙参照", 0), ("m", "現在の処方", s.meds(), 4), ("r", "備考", s.rng.choice(["", "造影CT画像を添付します。"]), 2)):
        out += s.section(lab, h, n, "row" if s.layout == "ref_halfs" else "toprow")
    return [s.page(out)]


@layout("referral", "ref_form12", "ref_cols")
def ref_form12(s):
    """様式12 kind: a hospital tells the care side. Carries ADL and care level too."""
    c = s.c
    out = s.title(s.form.choice(["診療情報提供書", "診療情報提供書（在宅療養）"])) + s.recipient_block() + s.right([s.date("document.date", c.created)] + s.letterhead(c.doctor, "医師名", s.department()))
    out += s.kv(base_pairs(s, job=False) + [(s.l("care.level"), s.level(), "wide"), (s.l("encounter.admission_date"), s.date("encounter.admission_date", c.admission)), (s.l("encounter.discharge_date"), s.date("encounter.discharge_date", c.discharge))])
    out += s.section(s.l("clinical.diagnoses"), s.dx()) + s.section(s.l("clinical.course"), s.course(), 5)
    out += s.kv([(s.l(k), s.adl(k, s.house.box if s.house.box != "ringbox" else "ring", [("自立", "independent"), ("一部介助", "partial"), ("全介助", "full")] if s.layout == "ref_cols" else None), "wide") for k in ADL[:4]], "grid2" if s.house.kv != "cols" else "cols")
    out += s.section(s.l("clinical.procedures"), s.procedures()) + s.section(s.l("clinical.medications"), s.meds()) + s.section(s.l("clinical.purpose"), s.text("clinical.purpose", c.course.purpose))
    return [s.page(out)]


# ---------------------------------------------------------------- physician's discharge summary
def stay_pairs(s, dept=True, dest=True):
    c = s.c
    p = [(s.l("encounter.admission_date"), s.date("encounter.admission_date", c.admission)), (s.l("encounter.discharge_date"), s.date("encounter.discharge_date", c.discharge))]
    if dept and s.house.depts:
        p.append((s.form.choice(["診療科", "科名", "担当科"]), s.v("sender.department", s.department(), pen=False)))
    p.append((s.form.choice(["主治医", "担当医", "主治医名"]), s.person("sender.person", c.doctor)))
    if dest:
        p.append((s.l("encounter.destination"), s.v("encounter.destination", c.place)))
        p.append((s.l("next_visit.datetime"), s.moment("next_visit.datetime", c.next)))
    return p


@layout("discharge_summary", "dis_table", "dis_excel")
def dis_table(s):
    c = s.c
    out = s.title(s.form.choice(["退院時サマリー", "退院サマリー", "退院時要約", "退院サマリ"]))
    out = s.sticker() + out
    pid = ("患者ID", f"{s.rng.randint(10**6, 10**8)}")
    out += s.kv([pid, (s.l("patient.name"), s.name()), (s.l("patient.birth_date"), s.birth()), (s.l("patient.sex"), s.sex())] + stay_pairs(s))
    out += s.section(s.l("clinical.diagnoses"), s.dx()) + s.section(s.l("clinical.history"), s.text("clinical.history", c.course.hist)) + s.section("主訴", c.course.course[0][:12].rstrip("、。")) + s.section(s.l("clinical.course"), s.course(), 9)
    out += s.section(s.l("discharge.medications"), s.rx_table() if s.layout == "dis_excel" else s.meds()) + s.section(*strangers(s))
    if s.form.random() < 0.6:
        out += s.section(s.l("clinical.allergies"), s.text("clinical.allergies", c.allergy))
    out += s.right([s.l("document.date") + " " + s.date("document.date", c.created)] + s.letterhead(None, "", None, fax=s.form.random() < 0.5))
    return [s.page(out)]


@layout("discharge_summary", "dis_letter", "dis_free")
def dis_letter(s):
    c = s.c
    to = s.recipient_block() if s.form.random() < 0.7 else ""
    out = s.title(s.form.choice(["退院時要約", "退院サマリー", "退院時総括"])) + to + s.right([s.date("document.date", c.created)] + s.letterhead(c.doctor, "主治医", s.department()))
    nm = s.name()
    out += f"<p>{s.l('patient.name')}　{nm}　　{s.birth(with_age=True)}　{s.sex('text')}</p>"
    out += f"<p>入院期間　{s.date('encounter.admission_date', c.admission)}{s.form.choice([' ～ ', '　から　', '～'])}{s.date('encounter.discharge_date', c.discharge)}（{(c.discharge - c.admission).days + 1}日間）</p>"
    for k, h in (("clinical.diagnoses", s.dx()), ("clinical.history", s.text("clinical.history", c.course.hist)), ("clinical.course", s.course()), ("discharge.medications", s.meds()), ("encounter.destination", s.v("encounter.destination", c.place)), ("next_visit.datetime", s.moment("next_visit.datetime", c.next))):
        out += s.section(s.l(k), h)
    return [s.page(out)]


@layout("discharge_summary", "dis_dense")
def dis_dense(s):
    """Small type, everything ruled, the stay's data in one row, results that nobody asked for."""
    c = s.c
    out = f"<table class='g ttl'><tr><td><b class=inst>{s.sender_institution()}</b><br>{s.tel_fax(fax=False)}</td><td class=big>退院時サマリー</td><td><small>{s.l('document.date')}</small><br>{s.date('document.date', c.created)}</td></tr></table>"
    out += f"<table class='g'><tr><th>患者番号</th><th>{s.l('patient.kana')}</th><th>{s.l('patient.name')}</th><th>{s.l('patient.birth_date')}</th><th>性別</th></tr><tr><td>{s.rng.randint(10**5, 10**7)}</td><td>{s.kana()}</td><td>{s.name()}</td><td>{s.birth()}</td><td>{s.sex()}</td></tr></table>"
    dept = s.department()
    out += f"<table class='g'><tr><th>入院日</th><th>退院日</th><th>診療科</th><th>主治医</th><th>転帰</th></tr><tr><td>{s.date('encounter.admission_date', c.admission)}</td><td>{s.date('encounter.discharge_date', c.discharge)}</td><td>{s.v('sender.department', dept, pen=False)}</td><td>{s.signer(c.doctor, '')}</td><td>軽快</td></tr></table>"
    for k, h, n in (("clinical.diagnoses", s.dx(), 0), ("clinical.history", s.text("clinical.history", c.course.hist), 0), ("clinical.course", s.course(), 8)):
        out += s.section(s.l(k), h, n)
    out += s.section("検査結果", "WBC 6200　Hb 11.8　Plt 21.4　Alb 3.2　Cr 0.92　Na 138　K 4.1　CRP 0.4")
    out += s.section(s.l("discharge.medications"), s.rx_table()) + s.section(s.l("clinical.allergies"), s.has("clinical.allergies", c.allergy)) + s.section(s.l("clinical.infections"), s.has("clinical.infections", c.infection))
    out += s.kv([(s.l("encounter.destination"), s.v("encounter.destination", c.place)), (s.l("next_visit.datetime"), s.moment("next_visit.datetime", c.next))], "grid4")
    return [s.page(out)]


@layout("discharge_summary", "dis_two")
def dis_two(s):
    """Two pages: identity and course, then drugs and what follows."""
    c = s.c
    out = s.title("退院時要約") + s.kv(base_pairs(s, job=False, phone=False) + stay_pairs(s, dest=False))
    out += s.section(s.l("clinical.diagnoses"), s.dx()) + s.section(s.l("clinical.history"), s.text("clinical.history", c.course.hist)) + s.section(s.l("clinical.course"), s.course(n=6), 20)
    two = f"<p class=hdr>退院時要約（2/2）　{s.full_name(c.patient)[0]} 様</p>" + s.section(s.l("discharge.medications"), s.rx_table()) + s.section(s.l("clinical.allergies"), s.text("clinical.allergies", c.allergy))
    two += s.kv([(s.l("encounter.destination"), s.v("encounter.destination", c.place)), (s.l("next_visit.datetime"), s.moment("next_visit.datetime", c.next))], "grid2")
    two += s.right([s.date("document.date", c.created)] + s.letterhead(None, "", None))
    return [s.page(out + "<p class=pg>1/2</p>"), s.page(two + "<p class=pg>2/2</p>")]


# ---------------------------------------------------------------- conference notices
@layout("conference_notice", "conf_letter", "conf_invite")
def conf_letter(s):
    c = s.c
    c.discharge = c.conf.date() + __import__("datetime").timedelta(days=s.rng.randint(1, 12))
    dept = s.house.unit
    who = s.right([s.date("document.date", c.created)]) + s.recipient_block() + s.right(s.letterhead(c.worker, s.form.choice(["担当", "医療ソーシャルワーカー", "担当者", "退院支援看護師", "MSW"]), dept, direct=s.form.random() < 0.5, address=s.form.random() < 0.5))
    t = s.title(s.form.choice(["退院前カンファレンスのご案内", "退院前カンファレンス開催のお知らせ", "退院時カンファレンスへの出席のお願い", "退院前合同カンファレンスのご案内"]))
    out = (who + t) if s.form.random() < 0.6 else (t + who)
    out += "<p class=lead>" + s.form.choice(["時下ますますご清栄のこととお慶び申し上げます。下記のとおり開催いたしますので、ご出席くださいますようお願いいたします。", "標記について下記のとおり開催いたします。ご多忙のところ恐縮ですが、ご参加をお願いいたします。"]) + "</p><p class=ki>記</p>"
    pairs = [(s.l("patient.name"), s.name() + ("" if s.form.random() < 0.3 else f"（{s.birth(with_age=False)}）"), "wide"), (s.l("conference.datetime"), s.moment("conference.datetime", c.conf), "wide"), (s.l("conference.place"), s.v("conference.place", c.room), "wide")]
    if s.rng.random() < 0.6:
        pairs.append((s.l("conference.url"), s.v("conference.url", c.url, pen=False), "wide"))
    pairs += [(s.form.choice(["退院予定日", "退院予定", "退院（予定）日"]), s.date("encounter.discharge_date", c.discharge), "wide")]
    if s.form.random() < 0.5:
        pairs.append(("出席予定者", "主治医、病棟看護師、理学療法士、医療ソーシャルワーカー", "wide"))
    out += s.kv(pairs, s.form.choice(["plain", "grid2", "cols", None])) + "<p class=rt>以上</p>"
    if s.form.random() < 0.5:
        out += "<div class=cut>－－－－－　きりとり（ご返信用）　－－－－－</div><p>ご出席　・　ご欠席　　事業所名（　　　　　　　　　　）　お名前（　　　　　　　　　）</p><p>ご返信は上記FAXまでお願いいたします。</p>"
    return [s.page(out)]


@layout("conference_notice", "conf_table", "conf_web")
def conf_table(s):
    c = s.c
    c.discharge = c.conf.date() + __import__("datetime").timedelta(days=s.rng.randint(1, 12))
    to, on, _, pers = s.recipient()
    out = s.title(s.form.choice(["退院前カンファレンス開催案内", "カンファレンス開催のご案内", "退院支援カンファレンス出席依頼書"]))
    out += s.kv([(s.l("document.date"), s.date("document.date", c.created), "wide"), (s.l("recipient.institution"), f"{to}{on}<br>{pers}", "wide"), (s.l("sender.institution"), "<br>".join(s.letterhead(None, "", s.house.unit, address=False)), "wide"), (s.l("sender.person"), s.signer(c.worker, "", seal=False), "wide")], "grid2")
    out += s.kv([(s.l("patient.name"), s.name()), (s.l("patient.birth_date"), s.birth()), (s.l("clinical.diagnoses"), s.dx("、"), "wide"), (s.l("encounter.admission_date"), s.date("encounter.admission_date", c.admission)), ("退院予定日", s.date("encounter.discharge_date", c.discharge))])
    pairs = [(s.l("conference.datetime"), s.moment("conference.datetime", c.conf), "wide"), (s.l("conference.place"), s.v("conference.place", c.room), "wide")]
    if s.layout == "conf_web" or s.rng.random() < 0.5:
        pairs.append((s.l("conference.url"), s.v("conference.url", c.url, pen=False) + ("<br>パスコード 482913" if s.form.random() < 0.5 else ""), "wide"))
    pairs.append(("議題", "退院後の療養環境について、医療処置の引継ぎ、サービス調整", "wide"))
    return [s.page(out + s.kv(pairs, "grid2") + "<p>ご都合がつかない場合は、お手数ですが前日までにご連絡ください。</p>")]


# ---------------------------------------------------------------- replies and contact sheets
@layout("contact_sheet", "reply_letter", "reply_box")
def reply_letter(s):
    c = s.c
    out = s.title(s.form.choice(["ご報告書（返書）", "診療結果のご報告", "紹介患者様のご報告", "返　書"])) + s.right([s.date("document.date", c.created)]) + s.recipient_block() + s.right(s.letterhead(c.doctor, "担当医", s.department()))
    out += s.form.choice(["<p class=lead>このたびはご紹介いただきありがとうございました。下記のとおりご報告いたします。</p>", "<p class=lead>いつもお世話になっております。ご紹介の患者様につきご報告申し上げます。</p>"])
    if s.layout == "reply_box":
        out += s.kv([(s.l("patient.name"), s.name()), (s.l("patient.birth_date"), s.birth()), (s.l("patient.sex"), s.sex())])
    else:
        out += f"<p>{s.l('patient.name')}：{s.name()}　　{s.l('patient.birth_date')}：{s.birth()}</p>"
    out += s.section(s.l("clinical.diagnoses"), s.dx()) + s.section(s.form.choice(["経過", "診療経過", "治療経過"]), s.course(), 6)
    if s.form.random() < 0.6:
        out += s.section(s.l("clinical.medications"), s.meds())
    if s.form.random() < 0.5:
        out += s.section(s.l("next_visit.datetime"), s.moment("next_visit.datetime", c.next))
    return [s.page(out)]


ASK = ["最近、食事量が減っており、体重が1か月で2kg減少しています。栄養補助の必要性についてご意見をいただけますでしょうか。", "退院後の入浴について、医学的な注意点があればご指示ください。", "夜間の不眠が続いているとご家族より相談がありました。内服の調整をご検討ください。",
       "福祉用具（特殊寝台）の貸与にあたり、医学的な所見をお聞かせください。", "血圧が150台で推移しています。降圧薬の変更が必要かご教示ください。", "通所リハビリの利用を開始する予定です。運動時の留意点をお知らせください。"]


@layout("contact_sheet", "contact_doctor", "contact_office", "contact_vns", "contact_grid", "contact_cols")
def contact_sheet(s):
    """A question to a doctor with an empty reply below."""
    c = s.c
    care = s.house.kind != "clinic"
    t = s.title(s.form.choice(["主治医連絡票", "医療と介護の連携連絡票", "連携連絡票", "ケアマネジャー・主治医連絡票", "照会書"]))
    to, on, _, pers = s.recipient()
    urgent = s.rng.random() < 0.12
    if urgent:
        s.put("urgency", "urgent")
    stamp = "<span class=stamp>至急</span>" if urgent else ""
    lh = s.letterhead(c.manager if care else c.doctor, {"office": "介護支援専門員", "station": "看護師", "facility": "支援相談員"}.get(s.house.kind, "医師"), None, address=s.form.random() < 0.5, seal=False)
    if s.layout in ("contact_grid", "contact_cols", "contact_office"):
        out = t + stamp + f"<table class='g half'><tr><td>{to}{on}<br>{pers}</td><td>" + "<br>".join(lh) + f"</td></tr></table><p>{s.l('document.date')}：{s.date('document.date', c.created)}</p>"
    else:
        out = t + stamp + s.right([s.date("document.date", c.created)]) + s.recipient_block() + s.right(lh)
    pairs = [(s.l("patient.name"), s.name()), (s.l("patient.birth_date"), s.birth()), (s.l("patient.sex"), s.sex())]
    if care:
        pairs.append((s.l("care.level"), s.level(), "wide"))
        if s.form.random() < 0.5:
            pairs.append((s.l("patient.address"), s.text("patient.address", c.address), "wide"))
    out += s.kv(pairs)
    msg = s.rng.choice(ASK)
    s.unscored["message.body"] = msg
    s.ignore |= {"clinical.course", "clinical.purpose"}
    boxes = "　".join(s.mark(x, x == "照会・相談", None if s.house.box != "ringbox" else "ring") for x in ("報告", "照会・相談", "依頼", "その他"))
    out += s.section(s.form.choice(["区分", "連絡区分", "目的"]), boxes) if s.form.random() < 0.6 else ""
    out += s.section(s.form.choice(["連絡事項", "照会内容", "相談内容", "連絡内容"]), s.ink(msg, s.hand == "all") or msg, 8)
    out += s.section(s.form.choice(["回答欄", "医師からの回答", "ご返信"]), s.form.choice(["", "回答日　　　年　　月　　日<br><br>医療機関名<br>医師氏名　　　　　　　　　　印"]), 8)
    return [s.page(out)]
