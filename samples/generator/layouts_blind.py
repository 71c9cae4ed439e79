"""Layouts of the set `blind`: hospitals. Written without a look at the rules; nobody may look at what they give but to count."""
import datetime as dt

from forms import adl, adl_cells, adl_code, adl_word, born, born_era, clock, day, day_text, family, gp, has, kin, lb, level_short, me, opts, plain, procs, rx, rx_rows, sfax, sphone, table, td, tel, th, to, to_house, ward, years
from layouts_letters import layout
from marks import esc, seal
from sheet import ADL

NAMES = {"adl.transfer": "移乗", "adl.mobility": "移動", "adl.eating": "食事", "adl.toileting": "排泄", "adl.bathing": "入浴", "adl.dressing": "更衣"}


# ---------------------------------------------------------------- あさぎり病院: Excel, everything in cells
@layout("nursing_summary", "b_nur_sheet")
def nur_sheet(s):
    c, r = s.c, s.rng
    inst = to_house(s)
    top = table([[td(f"<b>看 護 要 約（退院・転院時）</b>", 3, 2, "c", "font-size:1.5em"), lb("記載日", day(s, "document.date", c.created, "rslash"))], [lb("記載者", s.person("sender.person", c.nurse) + seal(r, c.nurse[0]))],
                 [td(f"{inst}　御中", 2), lb("病棟", s.v("sender.department", ward(s), pen=False)), lb("受持医", plain(c.doctor))]], "mid", (30, 25, 20, 25))
    n, rel, num = family(s)
    fam = [[th("家<br>族<br>背<br>景", r=3, cls="c"), th("氏名", 3, cls="c"), th("続柄", 2, cls="c"), th("連絡先", 3, cls="c"), th("備考", 3, cls="c")], [td(n, 3), td(rel, 2), td(num, 3), td("◎キーパーソン", 3)],
           [td(plain(c.contact2), 3), td(kin(s), 2), td(r.choice([tel(s, True), ""]), 3), td(r.choice(["遠方", "", "仕事あり"]), 3)]]
    aid = {"adl.mobility": r.choice(["シルバーカー", "Ｔ字杖", "車椅子"]), "adl.eating": r.choice(["全粥・軟菜", "常食", "ミキサー"]), "adl.toileting": r.choice(["リハビリパンツ", "おむつ（夜間）", ""]), "adl.bathing": r.choice(["シャワー浴 週2回", "機械浴", ""])}
    grid = [[th("日<br>常<br>生<br>活<br>動<br>作", r=7, cls="c"), th("項目", 2, cls="c"), th("自立", cls="c"), th("見守り", cls="c"), th("一部", cls="c"), th("全介助", cls="c"), th("備　考", 5, cls="c")]] + [[th(NAMES[k], 2)] + adl_cells(s, k) + [td(aid.get(k, ""), 5)] for k in ADL]
    body = [[th("ﾌﾘｶﾞﾅ", 2), td(s.kana("half"), 4), th("性別", cls="c"), td(s.sex("ring"), cls="c"), th("生年月日", 2), td(born(s, "era_west"), 2)], [th("患者氏名", 2), td(s.name(False) + " 様", 4), th("年齢", cls="c"), td(years(s), cls="c"), th("入院日", 2), td(day(s, "encounter.admission_date", c.admission, "rslash"), 2)],
            [th("住　所", 2), td(s.text("patient.address", c.address), 6), th("退院日", 2), td(day(s, "encounter.discharge_date", c.discharge, "rslash"), 2)], [th("電　話", 2), td(s.phone("patient.phone", c.phone), 6), th("退院先", 2), td(s.v("encounter.destination", c.place), 2)],
            [th("病　名", 2), td(s.dx("①", "　"), 10)], [th("既往歴", 2), td(s.text("clinical.history", c.course.hist), 10)]] + fam
    body += [[th("介護保険", 2), td(level_short(s), 10)], [th("担当CM", 2), td(s.v("care.office", s.other_office) + "　" + s.person("care.manager", c.manager), 5), th("訪問看護", 2), td(r.choice(["", "導入予定"]), 3)]] + grid
    names = [("点滴", "点滴"), ("酸素", "酸素療法"), ("吸引", "喀痰吸引"), ("気管切開", "気管切開"), ("胃瘻", "胃ろう"), ("経鼻", "経鼻栄養"), ("褥瘡処置", "褥瘡"), ("膀胱留置カテーテル", "尿道カテーテル"), ("ウロストミー", "尿路ストーマ"), ("ストーマ", "消化管ストーマ"), ("インスリン", "自己注射")]
    body += [[th("医療処置", 2), td(procs(s, names, "square"), 10)], [th("感染症", 2), td(s.text("clinical.infections", c.infection), 4), th("アレルギー", 2), td(s.text("clinical.allergies", c.allergy), 4)], [th("入院中の経過と<br>看護", 2), td(s.course(True), 10, st="height:9em")],
             [th("内服", 2), td(rx(s), 7), td(f"<span class=lb>管理</span>{opts(s, ['自己', '家族', '看護師'], r.choice(['自己', '家族']), 'square')}", 3)]]
    return [s.page(top + table(body, "", [8.33] * 12) + f"<p class=r>{me(s)}　TEL {sphone(s)}　FAX {sfax(s)}</p>", "m2")]


@layout("discharge_summary", "b_dis_cells")
def dis_cells(s):
    """Labels small in the corner of each cell, many dates beside the two that count."""
    c, r = s.c, s.rng
    head = f"<div class=sp><div><b class=inst>{me(s)}</b><br><span class=tiny>{esc(s.house.address)}　TEL {sphone(s)}／FAX {sfax(s)}</span></div><div class=tiny>病歴番号 {r.randint(10**5, 10**7)}</div></div>"
    dept = s.v("sender.department", s.department(), pen=False)
    g = [[lb("患者氏名（フリガナ）", f"{s.kana('full')}<br>{s.name(False)}　殿", 5), lb("性別", s.sex("text"), 1), lb("生年月日", f"{s.birth()}", 4), lb("年齢", years(s, "{}才"), 2)],
         [lb("入院年月日", day(s, "encounter.admission_date", c.admission, "slash1"), 3), lb("退院年月日", day(s, "encounter.discharge_date", c.discharge, "slash1"), 3), lb("在院日数", f"{(c.discharge - c.admission).days + 1}日", 2), lb("発症日", day_text(c.admission - dt.timedelta(days=r.randint(0, 9)), "slash1"), 2), lb("手術日", r.choice([day_text(c.admission + dt.timedelta(days=2), "slash1"), "－"]), 2)],
         [lb("診療科", dept, 3), lb("主治医", s.person("sender.person", c.doctor), 3), lb("転帰", opts(s, ["治癒", "軽快", "不変", "転院", "死亡"], "軽快", "ring", "・"), 6)],
         [lb("退院時診断名", s.dx("①"), 7), lb("退院先", s.v("encounter.destination", c.place), 5)], [lb("既往歴", s.text("clinical.history", c.course.hist), 7), lb("アレルギー", s.text("clinical.allergies", c.allergy), 5)],
         [lb("主訴・入院理由", c.course.course[0].rstrip("。"), 12)], [lb("入院後経過", s.course(n=5), 12, "height:14em")], [lb("検査値（退院時）", f"WBC {r.randint(40, 98) * 100}　Hb {r.uniform(9, 14):.1f}　CRP {r.uniform(0, 2):.2f}　Cr {r.uniform(.6, 1.6):.2f}　（{day_text(c.discharge - dt.timedelta(days=2), 'slash1')}）", 12)]]
    foot = table([[lb("次回外来", clock(s, "next_visit.datetime", c.next, ("slash1", "{D}({W}) {h}:{m2}")), 6), lb("紹介元", gp(s), 6)]], "", [8.33] * 12)
    return [s.page(head + s.title("退院時要約") + table(g, "", [8.33] * 12) + "<p class=tiny>退院時処方</p>" + rx_rows(s, ("医薬品名", "1日量", "用法"), True, r.choice([7, 14, 28]), "", (6, 48, 12, 24, 10)) + foot + f"<p class=r>作成 {day(s, 'document.date', c.created, 'slash1')}　　承認　{plain(c.other)}</p>", "m2")]


@layout("conference_notice", "b_conf_table")
def conf_table(s):
    c, r = s.c, s.rng
    c.discharge = c.conf.date() + dt.timedelta(days=r.randint(1, 12))
    inst, pers = to(s)
    out = f"<div class=sp><div>{inst}<br>{pers} 様</div><div class=r>{day(s, 'document.date', c.created, 'kan0')}</div></div>" + s.title("退院前カンファレンス 出席依頼書")
    out += f"<p>当院に入院中の方の退院支援のため、下記日程で話し合いを行います。ご調整のうえご出席くださいますようお願いします。</p>"
    rows = [[th("患者氏名", cls="c"), td(f"{s.name(False)} 様（{years(s)}）"), th("生年月日", cls="c"), td(s.birth("short", False))], [th("診断名", cls="c"), td(s.dx("、"), 3)], [th("入院日", cls="c"), td(day(s, "encounter.admission_date", c.admission, "kan0")), th("退院見込", cls="c"), td(day(s, "encounter.discharge_date", c.discharge, "kan0") + "頃")],
            [th("開催日時", cls="c"), td("<b>" + clock(s, "conference.datetime", c.conf, ("kan0", "{D}（{W}） {h}：{m2}～{e}：{m2}")) + "</b>", 3)], [th("開催場所", cls="c"), td(s.v("conference.place", c.room), 3)]]
    if r.random() < 0.6:
        rows.append([th("オンライン", cls="c"), td(s.v("conference.url", c.url, pen=False) + f"<br>ミーティングID {r.randint(100, 999)} {r.randint(1000, 9999)}　パスコード {r.randint(1000, 9999)}", 3)])
    out += table(rows, "mid", (16, 36, 14, 34)) + "<p>■ 出席予定者</p>" + table([[th("職種", cls="c"), th("氏名", cls="c"), th("所属", cls="c")]] + [[td(a), td(b), td(d)] for a, b, d in (("医師", plain(c.doctor), "当院"), ("病棟看護師", plain(c.nurse), "当院"), ("介護支援専門員", "", s.other_office), ("訪問看護師", "", ""))])
    out += f"<div class='box' style='margin-top:1em'>問合せ先　{me(s, dept=s.house.unit)}<br>担当　{s.person('sender.person', c.worker)}<br>TEL {sphone(s)}（直通 {s.house.direct}）　FAX {sfax(s)}</div>"
    s.fields["sender.phone"].setdefault("alt", []).append(s.house.direct)
    out += f"<p class=c>……………… 返信欄（このままFAXしてください）………………</p><p>{s.house.name} 入退院支援室 行</p><p>出席します　／　欠席します　　　貴事業所名＿＿＿＿＿＿＿＿＿＿＿　ご芳名＿＿＿＿＿＿＿＿</p>"
    return [s.page(out)]


@layout("referral", "b_ref_cells")
def ref_cells(s):
    """Row headers within row headers."""
    c = s.c
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    rows = [[th("紹介先", r=2, cls="c"), th("医療機関"), td(f"{inst}　御中", 4)], [th("担当医師"), td(f"{pers}　先生　侍史", 4)],
            [th("紹介元", r=3, cls="c"), th("名　称"), td(me(s) + "　" + dept, 4)], [th("所在地"), td(esc(s.house.address), 2), th("電話／FAX"), td(f"{sphone(s)}／{sfax(s)}")], [th("医師名"), td(s.person("sender.person", c.doctor) + seal(s.rng, c.doctor[0]), 2), th("作成日"), td(day(s, "document.date", c.created, "short"))],
            [th("患者", r=4, cls="c"), th("フリガナ"), td(s.kana("full"), 2), th("性別"), td(s.sex("box"))], [th("氏　名"), td(s.name(False), 2), th("生年月日"), td(born(s, "l_year"))],
            [th("住　所"), td(f"〒{s.v('patient.postal_code', c.post)}　{s.text('patient.address', c.address)}", 4)], [th("電　話"), td(s.phone("patient.phone", c.phone), 2), th("職業"), td(s.rng.choice(["無職", "自営", ""]))],
            [th("病歴", r=4, cls="c"), th("傷病名"), td(s.dx("①"), 4)], [th("既往歴"), td(s.text("clinical.history", c.course.hist), 4)], [th("経　過"), td(s.course(n=5), 4, st="height:11em")], [th("アレルギー"), td(has(s, "clinical.allergies", c.allergy, "あり", "なし", "square", "　"), 4)],
            [th("依頼", cls="c"), th("紹介目的"), td(s.text("clinical.purpose", c.course.purpose), 4)], [th("投薬", cls="c"), th("処方内容"), td(rx(s, "{n}　{a}　{u}", 28), 4)], [th("添付", cls="c"), td(opts(s, ["検査データ", "画像CD", "心電図", "看護要約"], ["検査データ"], "square"), 5)]]
    return [s.page(s.title("診療情報提供書（紹介状）") + table(rows, "mid", (8, 12, 32, 10, 14, 24)))]


@layout("other", "b_wound")
def wound(s):
    """A sheet on a pressure sore: another kind of clinical sheet."""
    c, r = s.c, s.rng
    d = day_text(c.created, "slash1")
    out = s.title("褥瘡経過評価用紙（DESIGN-R2020）") + table([[th("氏名"), td(s.name()), th("生年月日"), td(s.birth()), th("性別"), td(s.sex("text"))], [th("病棟"), td(ward(s)), th("評価日"), td(d), th("評価者"), td(plain(c.nurse))]])
    rows = [[th("項目", cls="c"), th("評価", cls="c"), th("点数", cls="c")]] + [[td(a), td("　".join(s.mark(x, i == k, "ring") for i, x in enumerate(o))), td(str(k * 3), cls="c")] for a, o in (("深さ D", ["d0", "d1", "d2", "D3", "D4", "D5"]), ("滲出液 E", ["e0", "e1", "e3", "E6"]), ("大きさ S", ["s0", "s3", "s6", "s8", "s9"]), ("炎症 I", ["i0", "i1", "I3", "I9"]), ("肉芽 G", ["g0", "g1", "g3", "G4"])) for k in [r.randint(0, 3)]]
    out += f"<p>部位：{r.choice(['仙骨部', '右大転子部', '左踵部'])}　発生日：{day_text(c.admission, 'slash1')}</p>" + table(rows, "mid") + "<p>処置：洗浄後、軟膏を充填しフォーム材で被覆。週3回交換。</p><p>体圧分散寝具：エアマットレス</p>" + f"<p class=r>{me(s)}</p>"
    return [s.page(out)]


# ---------------------------------------------------------------- 利根川医療センター: printed by an electronic record
def sheet_head(s, title, n, of, pid):
    c = s.c
    return f"<div class=sp style='border-bottom:.6mm solid #000'><b>{title}</b><span class=tiny>患者ID：{pid}　患者氏名：{plain(c.patient)}　{n}/{of}頁</span></div>"


def ehr_foot(s):
    return f"<div class='sp tiny bt' style='margin-top:1.5em'><span>出力日時：{s.c.created.year}/{s.c.created.month:02d}/{s.c.created.day:02d} {s.rng.randint(8, 18):02d}:{s.rng.randint(0, 59):02d}</span><span>電子カルテより出力</span></div>"


def under(label, html, gap=True):
    return f"<p><span class=uh>{label}</span></p><div class=in2>{html}</div>"


@layout("referral", "b_ref_ehr")
def ref_ehr(s):
    c = s.c
    inst, pers = to(s)
    dept = s.department()
    out = "<div class=c><span class=wideh><h1>診療情報提供書</h1></span></div>" + f"<div class=r>{day(s, 'document.date', c.created, 'western0')}</div><div>{inst}<br>{s.form.choice(['', '内科　'])}{pers} 先生　御机下</div>"
    out += f"<div class='rt2'>{esc(s.house.address)}<br>{s.sender_institution(True)}<br>{s.v('sender.department', dept, pen=False)}　{s.person('sender.person', c.doctor)}<br>電話 {sphone(s)}<br>FAX {sfax(s)}</div>"
    out += f"<div class=rnd><div class=dl><span>患者番号</span><span>{s.rng.randint(10**7, 10**8)}</span><span>カナ氏名</span><span>{s.kana('half')}</span><span>漢字氏名</span><span>{s.name()}</span><span>生年月日</span><span>{s.birth('slash')}　性別：{s.sex('text')}</span><span>患者住所</span><span>{s.text('patient.address', c.address)}</span><span>連絡先</span><span>{s.phone('patient.phone', c.phone)}</span></div></div>"
    out += under("傷病名", s.dx("#")) + under("紹介目的", s.text("clinical.purpose", c.course.purpose)) + under("既往歴・家族歴", s.text("clinical.history", c.course.hist)) + under("症状経過・検査結果・治療経過", s.course(n=5)) + under("現在の処方", rx(s, "{n} {a} {u}", None, pre="Rp.{i}　"))
    if s.rng.random() < 0.7:
        out += under("アレルギー・禁忌薬", s.text("clinical.allergies", c.allergy))
    return [s.page(out + under("添付資料", "なし") + ehr_foot(s))]


@layout("discharge_summary", "b_dis_ehr")
def dis_ehr(s):
    """Two pages; every page with its own head that names the patient in small type."""
    c, r = s.c, s.rng
    pid = r.randint(10**7, 10**8)
    line = lambda k, v: f"<span>{k}</span><span>：{v}</span>"
    dept = s.v("sender.department", s.department(), pen=False)
    one = sheet_head(s, "退院サマリ", 1, 2, pid) + f"<div class=c2><div class=dl>{line('患者氏名', s.name())}{line('フリガナ', s.kana('full'))}{line('生年月日', s.birth('slash', True))}{line('性別', s.sex('text'))}</div><div class=dl>{line('入院日', s.date('encounter.admission_date', c.admission))}{line('退院日', s.date('encounter.discharge_date', c.discharge))}{line('診療科', dept)}{line('主治医', s.person('sender.person', c.doctor))}{line('指導医', plain(c.other))}</div></div>"
    one += "<div class=barg>【確定病名】</div>" + s.dx("#") + "<div class=barg>【既往歴】</div>" + s.text("clinical.history", c.course.hist) + "<div class=barg>【生活歴】</div>喫煙：なし　飲酒：機会飲酒<div class=barg>【入院経過】</div>" + s.course(n=6) + "<div class=barg>【入院時現症】</div>" + f"体温 {r.uniform(36, 39):.1f}℃　血圧 {r.randint(96, 178)}/{r.randint(50, 98)}mmHg　脈拍 {r.randint(58, 112)}/分　SpO2 {r.randint(86, 99)}%（室内気）" + ehr_foot(s)
    two = sheet_head(s, "退院サマリ", 2, 2, pid) + "<div class=barg>【退院時処方】</div>" + rx(s, "{n} {a} {u}", 14, pre="{i}) ") + "<div class=barg>【アレルギー】</div>" + s.text("clinical.allergies", c.allergy) + "<div class=barg>【感染症】</div>" + s.text("clinical.infections", c.infection)
    two += "<div class=barg>【転帰・退院先】</div>転帰：軽快　　退院先：" + s.v("encounter.destination", c.place) + "<div class=barg>【退院後方針】</div>" + f"次回予約：{clock(s, 'next_visit.datetime', c.next, ('western0', '{D}({W}) {h2}:{m2}'))}　{r.choice(['再来', '専門外来'])}<br>紹介元：{gp(s)}　{plain(c.to_person)}先生"
    return [s.page(one, "m1"), s.page(two + f"<p class=r>作成日：{s.date('document.date', c.created)}<br>{me(s)}<br>電話 {sphone(s)}</p>" + ehr_foot(s), "m1")]


@layout("nursing_summary", "b_nur_ehr")
def nur_ehr(s):
    """Two columns without a rule; grades in words."""
    c, r = s.c, s.rng
    inst = to_house(s)
    n, rel, num = family(s)
    words = ("自立", "見守り", "一部介助", "全介助")
    left = f"<b>◇患者情報</b><div class=dl style='grid-template-columns:6em 1fr'><span>氏名</span><span>{s.name()}</span><span>フリガナ</span><span>{s.kana('full')}</span><span>生年月日</span><span>{s.birth('slash')}</span><span>性別</span><span>{s.sex('text')}</span><span>入院日</span><span>{s.date('encounter.admission_date', c.admission)}</span><span>退院日</span><span>{s.date('encounter.discharge_date', c.discharge)}</span><span>主治医</span><span>{plain(c.doctor)}</span></div>"
    left += f"<p><b>◇診断名</b></p>{s.dx('#')}<p><b>◇既往</b></p>{s.text('clinical.history', c.course.hist)}<p><b>◇キーパーソン</b></p>{n} 様（{rel}）<br>{num}<p><b>◇介護認定</b></p>{s.level('text')}<p><b>◇感染症</b></p>{s.text('clinical.infections', c.infection)}<p><b>◇アレルギー</b></p>{s.text('clinical.allergies', c.allergy)}"
    right = "<b>◇ADL（退院時）</b>" + "".join(f"<div class=dots><span>{NAMES[k]}</span><i></i><span>{adl_word(s, k, words)}</span></div>" for k in ADL)
    names = [("末梢点滴", "点滴"), ("酸素吸入", "酸素療法"), ("喀痰吸引", "喀痰吸引"), ("気管カニューレ", "気管切開"), ("胃瘻", "胃ろう"), ("経鼻胃管", "経鼻栄養"), ("創傷・褥瘡", "褥瘡"), ("尿道留置カテーテル", "尿道カテーテル"), ("人工膀胱", "尿路ストーマ"), ("人工肛門", "消化管ストーマ"), ("インスリン注射", "自己注射")]
    right += f"<p><b>◇継続処置</b></p>{procs(s, names, 'glyph')}<p><b>◇看護経過</b></p>{s.course(True)}<p><b>◇内服薬</b></p>{rx(s, '{n} {a} {u}')}"
    out = s.title("看護サマリー") + f"<div class=sp><div>{inst}　御中</div><div class=r>{s.date('document.date', c.created)}<br>{me(s)}　{s.v('sender.department', ward(s), pen=False)}<br>看護師　{s.person('sender.person', c.nurse)}<br>電話 {sphone(s)}</div></div><hr><div class=c2><div>{left}</div><div style='flex:1.3'>{right}</div></div>"
    return [s.page(out + ehr_foot(s))]


@layout("contact_sheet", "b_reply_ehr")
def reply_ehr(s):
    c = s.c
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    seen = day_text(c.created - dt.timedelta(days=s.rng.randint(1, 6)), "western0")
    out = f"<div class=r>{s.date('document.date', c.created)}</div><div>{inst}<br>{pers}　先生　御侍史</div><div class=rt2>{me(s)}<br>{dept}<br>{s.person('sender.person', c.doctor)}　{s.rng.choice(['印', '㊞'])}<br>電話 {sphone(s)}　FAX {sfax(s)}</div>" + s.title("ご紹介患者様 受診報告書")
    out += f"<p class=lead>このたびは患者様をご紹介いただき誠にありがとうございます。下記のとおりご報告申し上げます。</p><div class=box>患者様：{s.name()}（{s.sex('text')}）　生年月日：{s.birth('slash', True)}<br>受診日：{seen}</div>"
    out += under("診断", s.dx("#")) + under("経過・所見", s.course(n=4)) + under("当院での処方", rx(s, "{n} {a} {u}")) + under("今後について", f"次回は {clock(s, 'next_visit.datetime', c.next, ('western0', '{D}（{W}）{h}時{m2}分'))} に当科を予約しております。")
    return [s.page(out + "<p class=r>敬具</p>" + ehr_foot(s))]


# ---------------------------------------------------------------- 白樺リハビリテーション病院: ruled forms filled by pen
@layout("nursing_summary", "b_nur_nested")
def nur_nested(s):
    c, r = s.c, s.rng
    inst = to_house(s)
    n, rel, num = family(s)
    rows = [[th("基<br>本", r=4, cls="c"), th("氏　名", cls="c"), td(f"<span class=tiny>{s.kana('hira')}</span><br>{s.name(False)}", 2), td(f"{s.sex('ring')}　　{born_era(s, ('明', '大', '昭', '平'))} 生（{years(s)}）", 3)],
            [th("現住所", cls="c"), td(s.text("patient.address", c.address), 3), td("☎ " + s.phone("patient.phone", c.phone), 2)], [th("入院期間", cls="c"), td(f"{s.date('encounter.admission_date', c.admission)} ～ {s.date('encounter.discharge_date', c.discharge)}", 5)], [th("病　名", cls="c"), td(s.dx("・"), 3), td(f"<span class=lb>既往歴</span>{s.text('clinical.history', c.course.hist)}", 2)],
            [th("社<br>会", r=3, cls="c"), th("主介護者", cls="c"), td(f"{n}　続柄（{rel}）　電話 {num}", 5)], [th("介護保険", cls="c"), td(s.level("ring"), 5)], [th("居宅事業所", cls="c"), td(f"{s.v('care.office', s.other_office)}　担当 {s.person('care.manager', c.manager)}", 5)]]
    sub = {"adl.transfer": "起居・移乗", "adl.mobility": "移　動", "adl.eating": "食　事", "adl.toileting": "排　泄", "adl.bathing": "入　浴", "adl.dressing": "更　衣"}
    rows += [[th("Ａ<br>Ｄ<br>Ｌ", r=7, cls="c") if i == 0 else "", th(sub[k], cls="c"), td(adl_code(s, k), 5)] for i, k in enumerate(ADL)] + [[th("認　知", cls="c"), td(opts(s, ["問題なし", "軽度低下", "重度低下"], r.choice(["問題なし", "軽度低下"]), "ring", "・"), 5)]]
    names = [("なし", None), ("点滴", "点滴"), ("酸素", "酸素療法"), ("吸引", "喀痰吸引"), ("気切", "気管切開"), ("胃瘻", "胃ろう"), ("経鼻", "経鼻栄養"), ("褥瘡", "褥瘡"), ("尿カテ", "尿道カテーテル"), ("ストーマ（尿路）", "尿路ストーマ"), ("ストーマ（消化管）", "消化管ストーマ")]
    rows += [[th("医<br>療", r=3, cls="c"), th("処　置", cls="c"), td(procs(s, names, "ring", "・"), 5)], [th("感染症", cls="c"), td(has(s, "clinical.infections", c.infection), 5)], [th("アレルギー", cls="c"), td(has(s, "clinical.allergies", c.allergy), 5)], [th("看<br>護", cls="c"), th("経　過", cls="c"), td(s.course(True), 5, st="height:8em")]]
    who = s.signer(c.nurse, "記載看護師", seal=True)
    out = f"<div class=r>{s.date('document.date', c.created)}</div><div>{inst}　殿</div>" + s.title("継続看護連絡票（看護サマリー）") + table(rows, "mid", (5, 13, 22, 15, 10, 18, 17)) + f"<div class=rt2 style='margin-top:.8em'>{me(s)}<br>{s.v('sender.department', ward(s), pen=False)}　TEL {sphone(s)}<br>{who}</div>"
    return [s.page(out, "sm")]


@layout("conference_notice", "b_conf_letter")
def conf_letter(s):
    c, r = s.c, s.rng
    c.discharge = c.conf.date() + dt.timedelta(days=r.randint(2, 14))
    inst, pers = to(s)
    out = f"<div class=r>{s.date('document.date', c.created)}</div><div>{inst}<br>　{pers}　殿</div><div class=rt2>{me(s)}<br>{s.v('sender.department', s.house.unit, pen=False)}　{s.person('sender.person', c.worker)}{seal(r, c.worker[0])}</div>" + s.title("退院時共同指導・カンファレンスについて（ご案内）")
    when = clock(s, "conference.datetime", c.conf, r.choice([("reiwa", "{D}（{W}曜日）{ap}{h12}時{m2}分より"), ("reiwa_wk", "{D} {h}時{m2}分から1時間程度")]))
    out += f"<p class=lead>時下ますますご清祥のことと存じます。さて、入院中の {s.name(False)} 様（{s.birth('both', False)}、{s.sex('text')}）は、{s.date('encounter.discharge_date', c.discharge)}に{s.v('encounter.destination', c.place)}へ退院される予定です。つきましては、下記により打合せを行いたく、ご多用中恐縮ですがご出席をお願い申し上げます。</p><p class=ki>記</p>"
    out += f"<div class=in2><p>１　日　時　　{when}</p><p>２　会　場　　{s.v('conference.place', c.room)}</p><p>３　内　容　　在宅での介護方法、福祉用具、訪問リハビリについて</p><p>４　参加者　　ご本人、ご家族、主治医（{plain(c.doctor)}）、担当PT</p>"
    out += (f"<p>５　Ｗｅｂ　　{s.v('conference.url', c.url, pen=False)}</p>" if r.random() < 0.4 else "") + f"</div><p class=r>以　上</p><p>連絡先　電話 {sphone(s)}　ファクシミリ {sfax(s)}</p><p class=tiny>※ご欠席の場合は {c.conf.month}月{c.conf.day}日の前日までにお知らせください。</p>"
    return [s.page(out)]


@layout("referral", "b_ref_care")
def ref_care(s):
    """What a hospital tells the home-care doctor and the care manager, grades ringed."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    three = ("自立", "一部介助", "全介助")
    dept = s.v("sender.department", s.department(), pen=False)
    out = f"<div class=sp><div>{inst}<br>{pers}　先生</div><div class=stb>{esc(s.house.address)}<br>{me(s)}<br>{dept}<br>医師　{s.person('sender.person', c.doctor)}<br>TEL {sphone(s)}<br>FAX {sfax(s)}</div></div>" + s.title("診療情報提供書（在宅療養連携用）") + f"<p>作成日　{s.date('document.date', c.created)}</p>"
    rows = [[th("患者氏名"), td(f"{s.name()}"), th("性別"), td(s.sex("ring"))], [th("生年月日"), td(f"{born_era(s, ('明治', '大正', '昭和', '平成'))}　{years(s)}", 3)], [th("住所・電話"), td(f"{s.text('patient.address', c.address)}<br>{s.phone('patient.phone', c.phone)}", 3)], [th("要介護状態区分"), td(level_short(s, "ring", "　", ("要支援1", "要支援2", "要介護1", "2", "3", "4", "5", "申請中", "未申請")), 3)],
            [th("傷病名"), td(s.dx("・"), 3)], [th("経　　過"), td(s.course(n=4), 3, st="height:7em")], [th("紹介目的"), td(s.text("clinical.purpose", c.course.purpose), 3)]]
    grid = [[th(NAMES[a]), td(adl(s, a, three, "ring")), th(NAMES[b]), td(adl(s, b, three, "ring"))] for a, b in (ADL[:2], ADL[2:4], ADL[4:])]
    out += table(rows + grid + [[th("寝たきり度"), td(opts(s, ["J1", "J2", "A1", "A2", "B1", "B2", "C1", "C2"], r.choice(["A1", "B1", "J2"]), "ring", " ")), th("認知症"), td(opts(s, ["Ⅰ", "Ⅱa", "Ⅱb", "Ⅲa", "Ⅲb", "Ⅳ", "M"], r.choice(["Ⅰ", "Ⅱb"]), "ring", " "))], [th("処　　方"), td(rx(s), 3)], [th("リハビリ"), td("起居動作・歩行訓練を中心に1日6単位実施。", 3)]], "mid", (16, 36, 12, 36))
    return [s.page(out)]


@layout("other", "b_rehab")
def rehab(s):
    c, r = s.c, s.rng
    s.ignore |= {"clinical.diagnoses", "clinical.course"}
    out = s.title("リハビリテーションサマリー") + f"<div class=r>作成日 {day_text(c.created, 'reiwa')}</div>" + table([[th("氏名"), td(s.name()), th("生年月日"), td(s.birth("both"))], [th("診断名"), td("、".join(c.dx), 3)], [th("担当"), td(f"PT {plain(c.other)}　OT {plain(c.nurse)}　ST －", 3)]])
    fim = ["食事", "整容", "清拭", "更衣（上）", "更衣（下）", "トイレ動作", "移乗（ベッド）", "歩行・車椅子"]
    out += table([[th("FIM項目", cls="c"), th("入院時", cls="c"), th("退院時", cls="c")]] + [[td(x), td(str(a), cls="c"), td(str(min(7, a + r.randint(0, 3))), cls="c")] for x in fim for a in [r.randint(1, 6)]]) + f"<p>経過：{''.join(c.course.course[:2])}</p><p>自主訓練：立ち上がり 20回、もも上げ 左右10回</p><p class=r>{me(s)}　リハビリテーション部</p>"
    return [s.page(out)]
