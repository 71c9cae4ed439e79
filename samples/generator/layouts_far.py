"""Layouts of the set `far`: a university hospital's electronic record, a foundation's ruled forms. Written without a look at rules or word lists."""
import datetime as dt

from forms import adl, adl_word, born_era, clock, day, day_text, family, gp, has, kin, lb, level_short, me, opts, plain, procs, rx, rx_rows, sfax, sphone, table, td, tel, th, to, to_house, ward, years
from layouts_letters import layout
from marks import esc, seal
from sheet import GRADES, age, era

FOUR = ("自立", "見守り", "一部介助", "全介助")
NATION = [(x, x) for x in "点滴 酸素療法 喀痰吸引 気管切開 胃ろう 経鼻栄養 経腸栄養 褥瘡 尿道カテーテル 尿路ストーマ 消化管ストーマ 痛みコントロール 排便コントロール 自己注射".split()]


def w(s, text):
    """What the writer fills in and is a value for no field."""
    return s.ink(text, s.hand == "all") or esc(text)


COURSE = ["入院後は安静とし、補液と栄養の管理を行いました。", "血液検査では炎症反応と貧血の推移を確認しております。", "せん妄はなく、リハビリにも積極的に取り組まれました。", "入院中に転倒はありませんでした。", "胸部レントゲンで新たな異常陰影を認めていません。", "心電図は洞調律で、虚血性の変化はみられません。", "理学療法と作業療法を1日2単位から3単位行っております。", "退院前に自宅の写真を用いて動線を確認いたしました。",
          "病状については主治医よりご本人とご家族に説明し、ご理解をいただいております。", "体調の変化がありましたら、いつでもご連絡いただければ対応いたします。", "生活習慣の見直しと定期受診が大切である旨をお話ししました。", "腹部超音波では明らかな異常を指摘できませんでした。", "頭部CTに新しい出血や梗塞はありません。", "ご家族とは週に一度、今後の療養について話し合いを重ねてまいりました。"]
NURSING = ["入浴は週2回、シャワー浴を中心に実施しました。", "口腔ケアは用意をすればご自分で行えます。", "日中はデイルームで過ごされ、他の方とも会話されています。", "夜間は1回から2回起きられ、その都度付き添いました。", "内服は看護師が配薬し、飲み込むまで確認しています。", "便通は2日から3日に1回で、腹部の張りはみられません。", "踵と仙骨部の皮膚を毎日観察し、保湿剤を塗布しています。", "ご家族は週に2回ほど面会に来られ、介護方法を練習されました。", "介護サービスの内容はご本人とご家族の了承を得ています。",
           "環境が変わると混乱しやすいため、時計とカレンダーを見える位置に置いています。", "ナースコールは指導により押せるようになりました。", "爪切りと整容は援助しています。"]


def story(s, n, nursing=False):
    """The course at the length that hospitals write: what its Case tells and about `n` sentences more."""
    r = s.rng
    src = list(s.c.course.nursing if nursing else s.c.course.course)
    extra = NURSING if nursing else COURSE
    src += r.sample(extra, min(len(extra), r.randint(max(0, n - 3), n + 1))) + r.sample(s.c.stock.filler, r.randint(1, 2))
    return s.v("clinical.course", "".join(src))


def inf(s):
    """An infection for 有・無: what is only a negative test is 無."""
    return "なし" if "陰性" in s.c.infection else s.c.infection


def cols(rows, first="7em"):
    """Label and value in aligned columns without rules."""
    return "<table class=fb>" + "".join(f"<tr><td style='width:{first}'>{a}</td><td>{b}</td></tr>" for a, b in rows) + "</table>"


def parts(s):
    """Diagnoses one by one, for forms that set the first apart."""
    hand = s.penned("clinical.diagnoses")
    inks = [s.ink(x, hand) for x in s.c.dx]
    if None in inks:
        hand, inks = False, [esc(x) for x in s.c.dx]
    s.put("clinical.diagnoses", list(s.c.dx), hand)
    return inks


def rp(s, days=None, head="Rp{i}）", gap="　　　", sep=""):
    """A block a drug: the drug on one line, its usage on the next."""
    rows, short, out = [], [], []
    M = s.c.course.meds
    full = [f"{n} {a} {u}" + (f" {days}日分" if days and "時" not in u and "日間" not in u else "") for n, a, u in M]
    hand = s.penned("clinical.medications") and None not in [s.ink(x, True) for x in full]
    for i, ((n, a, u), t) in enumerate(zip(M, full)):
        ink = lambda x: s.ink(x, hand)
        out.append(f"<div>{head.format(i=i + 1)}{ink(n)}　　{ink(a)}</div><div>{gap}{ink(t[len(f'{n} {a} '):])}</div>")
    short = [f"{n} {a} {u}" for n, a, u in M]
    s.put("clinical.medications", full, hand, False, [short] if short != full else None)
    return sep.join(out)


def grade_no(s, key, base=0):
    """The grade as a number; the form explains what the numbers mean."""
    g = s.c.adl[key]
    return s.v(key, str(GRADES.index(g) + base), g)


def birth_plain(s, fmt):
    """fmt: {y} {m} {d} western, {n} era, {l} letter, {e} its year, {a} age."""
    b = s.c.birth
    n, l, e = era(b)
    return s.v("patient.birth_date", fmt.format(y=b.year, m=b.month, d=b.day, m2=f"{b.month:02d}", d2=f"{b.day:02d}", n=n, n1=n[0], l=l, e=e, e2=f"{e:02d}", a=age(b, s.c.created)), b.isoformat())


def mail_block(s, inst, pers, title, r=None):
    """The addressee as in an envelope's window."""
    t = s.form.choice(s.c.stock.towns)
    return f"<div style='margin:.2em 0 1em 1em'>〒{t[3]}<br>{t[0]}{t[1]}{t[2]}{s.rng.randint(1, 8)}-{s.rng.randint(1, 20)}-{s.rng.randint(1, 15)}<br>　{inst}<br>　　{pers}　{title}</div>"


# ---------------------------------------------------------------- 翠嶺医科大学柏附属病院: an electronic record's prints
def left(a, h):
    return f"<div style='border-left:1.3mm solid #000;padding-left:.5em;margin-top:.7em'><b>{a}</b></div><div class=in2>{h}</div>"


@layout("referral", "f_ref_suirei_ehr")
def ref_suirei(s):
    c, r = s.c, s.rng
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    out = f"<div class=sp><span class=tiny>文書ID {r.randint(10**9, 10**10)}</span><span>発行：{day(s, 'document.date', c.created, 'slash')}</span></div><div class=bt style='text-align:center;font-size:1.5em;border-bottom:.3mm solid #000;padding:.15em'>診療情報提供書（逆紹介）</div>"
    out += f"<div class=c2 style='margin-top:.6em'><div>{inst}<br>　{s.form.choice(['担当医', '院長'])}　{pers}　先生　御侍史</div><div>{me(s, True)}<br>{dept}　{s.form.choice(['医師', '担当医'])}：{s.person('sender.person', c.doctor)}<br>〒277-0813　{esc(s.house.address)}<br>代表 {sphone(s)}<br>連携センターFAX {sfax(s)}</div></div><hr>"
    out += cols([("患者番号", f"{r.randint(10**7, 10**8)}"), ("患者", f"{s.kana('half')}<br><b style='font-size:1.2em'>{s.name(False)}</b>　殿"), ("生年月日", f"{birth_plain(s, '{y}/{m2}/{d2}')}　{years(s)}　　{s.form.choice(['性別', '性'])}　{s.v('patient.sex', '男性' if c.patient[4] == 'm' else '女性', 'male' if c.patient[4] == 'm' else 'female')}"), ("現住所", f"〒{s.v('patient.postal_code', c.post)}　{s.text('patient.address', c.address)}"), ("自宅電話", s.phone("patient.phone", c.phone)), ("入院期間", f"{day(s, 'encounter.admission_date', c.admission, 'slash')}　－　{day(s, 'encounter.discharge_date', c.discharge, 'slash')}")], "6em") + "<hr>"
    out += left("診断名", s.dx("#")) + left("ご紹介の趣旨", s.text("clinical.purpose", c.course.purpose)) + left("既往歴・併存症", s.text("clinical.history", c.course.hist)) + left("現病歴・治療内容", story(s, 6)) + left("薬物アレルギー・禁忌", s.text("clinical.allergies", c.allergy)) + left("最終処方", rp(s, s.form.choice([None, 28]))) + left("添付資料", "画像CD-R 1枚、血液検査結果")
    return [s.page(out + "<p class='tiny r'>ご不明な点は患者支援・医療連携センターまでお問い合わせください。</p>", "sm")]


@layout("discharge_summary", "f_dis_suirei_ehr")
def dis_suirei(s):
    """A grid of labelled cells, then long sections; a second page with drugs under its own head."""
    c, r = s.c, s.rng
    dept = s.v("sender.department", s.department(), pen=False)
    P = parts(s)
    pid = r.randint(10**7, 10**8)
    head = f"<div class=sp><b style='font-size:1.3em'>入院診療要約</b><span>{me(s, False)}　{dept}</span></div>"
    one = head + table([[lb("患者ID", str(pid), 2), lb("氏名（カナ）", f"{s.name(False)}　（{s.kana('half')}）", 5), lb("性", s.v("patient.sex", "男" if c.patient[4] == "m" else "女", "male" if c.patient[4] == "m" else "female")), lb("生年月日", birth_plain(s, "{y}/{m2}/{d2}（{l}{e}）") + f"　{years(s)}", 4)],
                        [lb("入院", day(s, "encounter.admission_date", c.admission, "slash"), 3), lb("退院", day(s, "encounter.discharge_date", c.discharge, "slash"), 3), lb("在院", f"{(c.discharge - c.admission).days + 1}日", 1), lb("病棟", ward(s), 2), lb("主治医", s.person("sender.person", c.doctor), 3)],
                        [lb("入院経路", opts(s, ["予定", "緊急", "転入"], r.choice(["予定", "緊急"]), "glyph"), 4), lb("転帰", opts(s, ["治癒", "軽快", "不変", "増悪", "死亡"], "軽快", "glyph"), 5), lb("退院先", s.v("encounter.destination", c.place), 3)]], "", [8.33] * 12)
    one += table([[th("主病名"), td(P[0])], [th("併存症・合併症"), td("<br>".join(P[1:]))], [th("既往歴"), td(s.text("clinical.history", c.course.hist))], [th("アレルギー"), td(s.text("clinical.allergies", c.allergy))], [th("感染症"), td(s.text("clinical.infections", c.infection))]], "", (20, 80))
    one += f"<p><b>《主訴》</b>　{r.choice(['体動困難', '発熱', '食欲不振', '疼痛', '息切れ'])}</p><p><b>《入院時現症》</b></p><div class=in2>意識清明、血圧 {r.randint(98, 172)}/{r.randint(54, 98)}mmHg、脈拍 {r.randint(58, 112)}/分、体温 {r.uniform(36, 39):.1f}℃、SpO2 {r.randint(86, 99)}%（室内気）。眼瞼結膜に{r.choice(['貧血なし', '軽度の貧血あり'])}、胸部聴診上{r.choice(['異常なし', '右下肺野に湿性ラ音を聴取'])}、下腿浮腫{r.choice(['なし', 'あり'])}。</div><p><b>《手術・主な検査》</b></p><div class=in2>{day_text(c.admission + dt.timedelta(days=r.randint(1, 4)), 'slash')}　{r.choice(['造影CT', 'MRI', '内視鏡検査', '心臓超音波検査'])}<br>{day_text(c.admission + dt.timedelta(days=r.randint(5, 7)), 'slash')}　{r.choice(['血液培養 陰性', '嚥下評価', '栄養サポートチーム回診'])}</div><p><b>《入院後の経過》</b></p><div class=in2>{story(s, 7)}</div><p><b>《検査所見（退院時）》</b></p><div class=in2>WBC {r.randint(35, 95) * 100}　Hb {r.uniform(8.6, 14):.1f}　PLT {r.randint(12, 33)}.{r.randint(0, 9)}万　CRP {r.uniform(.02, 1.5):.2f}　Cr {r.uniform(.5, 1.6):.2f}　eGFR {r.randint(32, 88)}</div>"
    two = f"<div class=sp><span>{pid}　{plain(c.patient)}　様</span><span>入院診療要約（2／2）</span></div><hr><p><b>《退院時持ち帰り薬》</b></p>" + rx_rows(s, ("薬品", "1回量", "用法"), True, 28, "", (6, 44, 16, 24, 10)) + f"<p><b>《退院後の方針》</b></p><div class=in2>次回外来　{clock(s, 'next_visit.datetime', c.next, ('slash', '{D}（{W}）{h}:{m2}'))}　{dept}<br>かかりつけ医：{gp(s)}</div><p><b>《インフォームド・コンセント》</b></p><div class=in2>{c.created.month}月{r.randint(1, 27)}日、本人と{c.relation}に対し病状および今後の見通しを説明し、了承を得た。</div>"
    return [s.page(one, "sm"), s.page(two + f"<p class=r>作成日 {day(s, 'document.date', c.created, 'slash')}　承認 {plain(c.other)}</p><p class=r>{esc(s.house.address)}<br>TEL {sphone(s)}</p>")]


@layout("nursing_summary", "f_nur_suirei_ehr")
def nur_suirei(s):
    """Everything as lines of text, colons under each other."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    names = {"adl.eating": "食　事", "adl.transfer": "移　乗", "adl.mobility": "移　動", "adl.toileting": "排　泄", "adl.bathing": "入　浴", "adl.dressing": "更　衣"}
    row = lambda a, b: f"<tr><td style='width:8em'>{a}</td><td style='width:1em'>：</td><td>{b}</td></tr>"
    out = f"<h1>看護要約（退院）</h1><div class=sp><span>{inst}　{pers} 様</span><span>作成日：{day(s, 'document.date', c.created, 'slash')}</span></div><table class=fb style='margin-top:.5em'>" + row("患者氏名", f"{s.name(False)}　{s.v('patient.sex', '男' if c.patient[4] == 'm' else '女', 'male' if c.patient[4] == 'm' else 'female')}　{birth_plain(s, '{n}{e2}年{m2}月{d2}日')}生（{years(s)}）") + row("病　名", s.dx("、")) + row("入院日", day(s, "encounter.admission_date", c.admission, "slash")) + row("退院日", day(s, "encounter.discharge_date", c.discharge, "slash")) + row("退院先", s.v("encounter.destination", c.place)) + row("主治医", plain(c.doctor)) + row("既往歴", s.text("clinical.history", c.course.hist)) + row("感染症", s.text("clinical.infections", c.infection)) + row("アレルギー", s.text("clinical.allergies", c.allergy)) + row("家族連絡先", f"{n}（{rel}）　{num}") + row("介護認定", s.level("text")) + row("ケアマネ", f"{s.v('care.office', s.other_office)}　{s.person('care.manager', c.manager)}") + "</table>"
    out += "<p>---- ＡＤＬ --------------------------------</p><table class=fb>" + "".join(row(names[k], adl_word(s, k)) for k in ("adl.eating", "adl.transfer", "adl.mobility", "adl.toileting", "adl.bathing", "adl.dressing")) + "</table>"
    out += f"<p>---- 看護問題と経過 -------------------------</p><p>＃１　{r.choice(['転倒転落リスク状態', '非効果的健康管理', '皮膚統合性障害リスク状態', '活動耐性低下'])}</p><div class=in2>{story(s, 4, True)}</div><p>---- 継続する処置 ---------------------------</p><div class=in2>" + (s.items("clinical.procedures", c.procs, "、") if c.procs else "特になし") + "</div><p>---- 内服薬 --------------------------------</p><div class=in2>" + rx(s, "{n} {a} {u}", pre="・") + "</div>"
    return [s.page(out + f"<p class=r>{me(s)}<br>{s.v('sender.department', ward(s), pen=False)}　看護師　{s.person('sender.person', c.nurse)}<br>TEL {sphone(s)}</p>", "sm")]


@layout("contact_sheet", "f_reply_suirei_ehr")
def reply_suirei(s):
    c, r = s.c, s.rng
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    first = day_text(c.created - dt.timedelta(days=r.randint(4, 20)), "slash")
    out = f"<div class=r>{day(s, 'document.date', c.created, 'western')}</div><p>{inst}<br>{pers}　先生</p><h1>紹介患者さんの経過報告書</h1><p>このたびは患者さんをご紹介いただき、誠にありがとうございました。以下のとおりご報告申し上げます。</p>"
    out += table([[th("患者さん"), td(f"{s.name(False)} 様　（{s.kana('full')}）", 3)], [th("生年月日"), td(f"{birth_plain(s, '{n}{e}年{m}月{d}日')}　{years(s, '（{}歳）')}"), th("性別"), td(s.v("patient.sex", "男" if c.patient[4] == "m" else "女", "male" if c.patient[4] == "m" else "female"))], [th("ご紹介日"), td(first), th("受診科"), td(dept)], [th("受診状況"), td(opts(s, ["外来通院中", "入院中", "退院", "終診"], "外来通院中", "glyph"), 3)]], "", (15, 40, 12, 33))
    out += left("診断", s.dx("1.")) + left("報告内容", story(s, 4)) + left("処方", rx(s, "{n}　{a}　{u}")) + left("今後の予定", f"{opts(s, ['当院で経過観察', '貴院で加療をお願いします', '併診'], r.choice(['当院で経過観察', '併診']), 'glyph')}<br>次回来院予定：{clock(s, 'next_visit.datetime', c.next, ('western', '{D} {ap}{h12}時{m2}分'))}")
    return [s.page(out + f"<div class=rt2 style='margin-top:1.5em'>{me(s)}<br>{dept}　{s.person('sender.person', c.doctor)}<br>{esc(s.house.address)}<br>TEL {sphone(s)} / FAX {sfax(s)}</div>")]


@layout("conference_notice", "f_conf_suirei")
def conf_suirei(s):
    c, r = s.c, s.rng
    c.discharge = c.conf.date() + dt.timedelta(days=r.randint(1, 9))
    inst, pers = to(s)
    web = r.random() < 0.75
    s.put("sender.phone", s.house.direct, False, False, [s.house.phone])
    out = f"<div class=sp><span>{inst}<br>{pers}　様</span><span class=r>{day(s, 'document.date', c.created, 'slash')}<br>{me(s)}<br>{s.v('sender.department', s.house.unit, pen=False)}</span></div><div class=dbox style='text-align:center;font-size:1.4em;margin:.8em 3em'>退院支援カンファレンス　ご出席のお願い</div><p>下記の患者さんについて、退院後の療養体制を確認する場を設けます。ご多忙のところ恐縮ですが、ご参加くださいますようお願いいたします。</p>"
    out += table([[th("患者さん", r=2), td(f"{s.name(False)}　様", 2), td(f"<span class=lb>性別</span>{s.sex('ring')}")], [td(f"<span class=lb>生年月日</span>{birth_plain(s, '{y}年{m}月{d}日')}（{years(s)}）"), td(f"<span class=lb>入院日</span>{day(s, 'encounter.admission_date', c.admission, 'slash')}"), td(f"<span class=lb>退院見込</span>{day(s, 'encounter.discharge_date', c.discharge, 'slash')}")], [th("病名"), td(s.dx("、"), 3)], [th("とき"), td(clock(s, "conference.datetime", c.conf, ("western", "{D}（{W}）　{h2}：{m2}　から（30分程度）")), 3)], [th("ところ"), td(s.v("conference.place", c.room), 3)]]
                 + ([[th("参加方法"), td(opts(s, ["来院", "オンライン"], "オンライン", "glyph") + f"<br>ミーティングURL<br>{s.v('conference.url', c.url, pen=False)}<br>パスコード　{r.randint(100000, 999999)}", 3)]] if web else []) + [[th("院内参加者"), td(f"医師 {plain(c.doctor)}、看護師 {plain(c.nurse)}、ＭＳＷ {plain(c.other)}、薬剤師、理学療法士", 3)], [th("協議事項"), td("・現在の病状と今後の見通し<br>・退院後に必要な医療とサービス<br>・緊急時の連絡体制", 3)]], "", (14, 38, 24, 24))
    return [s.page(out + f"<p>お問い合わせ：退院支援担当　{s.person('sender.person', c.worker)}（直通 {s.house.direct}、FAX {sfax(s)}）</p>")]


@layout("other", "f_pharm")
def pharm(s):
    """The pharmacists' summary of drugs."""
    c, r = s.c, s.rng
    m = c.course.meds
    out = f"<h1>薬剤管理サマリー</h1><div class=sp><span>{to_house(s)}　薬剤部 御中</span><span>{day_text(c.created, 'slash')}</span></div>" + table([[lb("患者氏名", s.name(False) + " 様", 2), lb("生年月日", s.birth("slash_s", True), 2), lb("性別", s.sex("ring"))], [lb("身長", f"{r.randint(142, 172)} cm"), lb("体重", f"{r.randint(38, 70)}.{r.randint(0, 9)} kg"), lb("血清Cr", f"{r.uniform(.5, 1.6):.2f} mg/dL"), lb("eGFR", str(r.randint(30, 85))), lb("入院日／退院日", f"{day_text(c.admission, 'slash')} / {day_text(c.discharge, 'slash')}")]], "", (20,) * 5)
    out += table([[th("禁忌薬", cls="c"), td(esc(c.allergy))], [th("副作用歴", cls="c"), td("無")], [th("調剤方法", cls="c"), td(opts(s, ["PTP", "一包化", "簡易懸濁", "粉砕"], "一包化", "glyph"))], [th("服用管理", cls="c"), td(opts(s, ["自己", "家族", "看護師", "その他"], r.choice(["自己", "家族"]), "glyph"))], [th("退院時処方", cls="c"), td("<br>".join(f"{esc(a)}　{esc(b)}　{esc(u)}" for a, b, u in m))], [th("入院中の変更点", cls="c"), td("持参薬のうち重複する胃薬を中止した。眠剤は頓用へ変更した。", st="height:5em")], [th("申し送り事項", cls="c"), td("飲み忘れがみられるため、残薬の確認をお願いします。", st="height:5em")]], "mid", (20, 80))
    return [s.page(out + f"<p class=r>{me(s)}　薬剤部　{plain(c.other)}</p>")]


# ---------------------------------------------------------------- 恩光記念病院: ruled forms filled with pen and keys
@layout("referral", "f_ref_onkou")
def ref_onkou(s):
    """Labels small in the corners; the patient's block with the head upright at its left."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    b = [6] + [15.66] * 6
    out = f"<div class=sp><span class=box style='padding:.1em .8em'>{opts(s, ['初回', '再依頼', '経過報告'], '初回', 'square')}</span><b style='font-size:1.6em;letter-spacing:.2em'>患者紹介状</b><span>{day(s, 'document.date', c.created, 'reiwa')}</span></div>"
    out += table([[th("紹介先", cls="v"), td(f"<span class=lb>医療機関名</span>{inst}<br><span class=lb>ご担当</span>{pers} 先生", 3), th("紹介元", cls="v"), td(f"<span class=lb>所在地</span>{esc(s.house.address)}<br><b>{me(s)}</b><br>{dept}<br>電話 {sphone(s)}　FAX {sfax(s)}<br><span class=lb>医師名</span>{s.person('sender.person', c.doctor)}{seal(r, c.doctor[0])}", 3)]], "", (5, 15, 15, 13, 5, 15, 16, 16))
    out += table([[th("患者", r=3, cls="v"), lb("フリガナ", s.kana("full"), 3), lb("性別", s.sex("ring")), lb("生年月日", born_era(s, ("大正", "昭和", "平成"), "ring", "・"), 2)], [lb("氏名", f"<span style='font-size:1.25em'>{s.name(False)}</span>　殿", 3), lb("満年齢", years(s)), lb("電話", s.phone("patient.phone", c.phone), 2)], [lb("住所", f"〒{s.v('patient.postal_code', c.post)}　{s.text('patient.address', c.address)}", 4), lb("職業", w(s, r.choice(["無職", "自営業", ""])), 2)]], "", b)
    out += table([[lb("傷病名", s.dx("①", "　"), 2)], [lb("ご依頼内容・目的", s.text("clinical.purpose", c.course.purpose), 2)], [lb("既往歴", s.text("clinical.history", c.course.hist)), lb("薬剤禁忌・アレルギー", s.text("clinical.allergies", c.allergy))], [lb("病歴・検査結果・治療の経過", story(s, 5), 2, st="height:11em")], [lb("処方内容", rx(s, "{n} {a} {u}"), 2, st="height:6.5em")], [lb("備考（感染症等）", s.text("clinical.infections", c.infection)), lb("携行品", opts(s, ["X-P", "CT", "MRI", "検査データ", "なし"], ["CT", "検査データ"], "square"))]], "", (50, 50))
    return [s.page(out, "sm")]


@layout("discharge_summary", "f_dis_onkou")
def dis_onkou(s):
    """A column of labels at the left that spans rows."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    dept = s.v("sender.department", s.department(), pen=False)
    out = f"<h1>退 院 時 要 約</h1><div class=sp><span>{inst}　{pers} 先生</span><span>{me(s)}</span></div>"
    rows = [[th("患者基本", r=3, cls="c"), th("氏名", cls="c"), td(s.name(False), 2), th("性別", cls="c"), td(s.sex("box"))], [th("生年月日", cls="c"), td(s.birth("both", True), 2), th("診療科", cls="c"), td(dept)], [th("住所", cls="c"), td(s.text("patient.address", c.address), 2), th("電話", cls="c"), td(s.phone("patient.phone", c.phone))],
            [th("入退院", r=2, cls="c"), th("入院年月日", cls="c"), td(day(s, "encounter.admission_date", c.admission, "reiwa")), th("退院年月日", 2, cls="c"), td(day(s, "encounter.discharge_date", c.discharge, "reiwa"))], [th("退院理由", cls="c"), td(opts(s, ["軽快", "治癒", "転院", "希望"], "軽快", "square")), th("退院後の療養先", 2, cls="c"), td(s.v("encounter.destination", c.place))],
            [th("診断", r=2, cls="c"), th("最終診断名", cls="c"), td(s.dx("①"), 4)], [th("既往・家族歴", cls="c"), td(s.text("clinical.history", c.course.hist), 4)],
            [th("経過", r=2, cls="c"), th("入院時所見", cls="c"), td(f"血圧 {r.randint(105, 168)}/{r.randint(58, 94)}　脈拍 {r.randint(58, 108)}　体温 {r.uniform(36, 38.8):.1f}　SpO2 {r.randint(88, 98)}％", 4)], [th("入院後経過および治療", cls="c"), td(story(s, 6), 4, st="height:14em")],
            [th("退院時", r=4, cls="c"), th("処方", cls="c"), td(rp(s, None, "{i}. ", "　　"), 4)], [th("感染症", cls="c"), td(s.text("clinical.infections", c.infection)), th("アレルギー", 2, cls="c"), td(s.text("clinical.allergies", c.allergy))], [th("退院指導", cls="c"), td(w(s, r.choice(["内服の継続、転倒予防", "減塩、体重の記録", "創部の清潔保持"])), 4)], [th("当院再来", cls="c"), td(clock(s, "next_visit.datetime", c.next, ("reiwa", "{D}（{W}）{ap}{h12}時{m2}分")), 4)]]
    return [s.page(out + table(rows, "mid", (10, 15, 25, 10, 12, 28)) + f"<div class=sp style='margin-top:.6em'><span>記載日　{day(s, 'document.date', c.created, 'reiwa')}</span><span style='white-space:nowrap;padding-right:1.5em'>担当医{s.signer(c.doctor, '', seal=True)}</span></div><p class=r>TEL {sphone(s)}　FAX {sfax(s)}</p>", "sm")]


@layout("nursing_summary", "f_nur_onkou")
def nur_onkou(s):
    """Two pages of boxes to tick, the second without the patient's name."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    n, rel, num = family(s)
    o = lambda names, on: opts(s, names, on, "square")
    A = lambda k, names=FOUR: adl(s, k, names, "square", " ")
    one = f"<div class=sp><span>宛先：{inst}<br>　　　{pers} 様</span><span>{me(s)}<br>{s.v('sender.department', ward(s), pen=False)}</span></div><h1>看護情報提供書（退院時）</h1>"
    one += table([[th("ふりがな"), td(s.kana("hira"), 2), th("生年月日"), td(f"{s.birth('era_ring')}", 3)], [th("患者氏名"), td(s.name(False) + "　様", 2), th("性別"), td(s.sex("ring")), th("年齢"), td(years(s))], [th("現住所"), td(s.text("patient.address", c.address), 4), th("電話"), td(s.phone("patient.phone", c.phone))], [th("入院期間"), td(f"{day(s, 'encounter.admission_date', c.admission, 'reiwa')}　～　{day(s, 'encounter.discharge_date', c.discharge, 'reiwa')}", 4), th("主治医"), td(plain(c.doctor))], [th("病名"), td(s.dx("、"), 6)], [th("既往歴"), td(s.text("clinical.history", c.course.hist), 6)], [th("介護保険"), td(level_short(s, "square", " ", ("要支援1", "2", "要介護1", "2", "3", "4", "5", "申請中", "未申請")), 6)]], "mid", (12, 19, 11, 12, 22, 8, 16))
    one += table([[th("連絡先", r=3, cls="c"), th("順位"), th("氏名", cls="c"), th("続柄", cls="c"), th("電話番号", cls="c"), th("同居", cls="c")], [td("1（キーパーソン）"), td(n), td(rel), td(num), td(o(["有", "無"], "有"))], [td("2"), td(w(s, c.contact2[0] + "　" + c.contact2[1])), td(w(s, kin(s))), td(w(s, tel(s, True))), td(o(["有", "無"], "無"))]], "mid", (10, 20, 22, 12, 22, 14))
    one += table([[th("入院中の看護経過", cls="c"), td(story(s, 4, True), st="height:10em")], [th("本人・家族の受け止め方", cls="c"), td(w(s, r.choice(["早く家に帰りたいと話されている。", "病状については理解し、無理のない生活を希望されている。", "介護に不安があるが、できるだけ自宅で看たいとのこと。"])), st="height:3.5em")], [th("薬剤", cls="c"), td(rx(s, "{n} {a} {u}"))]], "mid", (16, 84)) + "<p class=r>（裏面・次頁へつづく）</p>"
    two = table([[th("移動", cls="c"), td(A("adl.mobility")), td(o(["独歩", "杖", "歩行器", "車椅子"], r.choice(["独歩", "杖", "歩行器", "車椅子"])))], [th("移乗", cls="c"), td(A("adl.transfer")), td("留意点（　　　　　　　　）")], [th("食事", cls="c"), td(A("adl.eating")), td("主食 " + o(["米飯", "粥", "その他"], "米飯") + "　とろみ " + o(["無", "有"], "無"))], [th("排泄", cls="c"), td(A("adl.toileting")), td(o(["トイレ", "Pトイレ", "オムツ"], "トイレ"))], [th("清潔", cls="c"), td(A("adl.bathing") + "（入浴）"), td(o(["入浴", "シャワー", "清拭"], "シャワー") + f"　最終 {c.discharge.month}/{max(1, c.discharge.day - 1)}")], [th("更衣", cls="c"), td(A("adl.dressing")), td("")], [th("睡眠", cls="c"), td(o(["良眠", "不眠"], "良眠")), td("眠剤 " + o(["無", "有"], "無"))], [th("意思疎通", cls="c"), td(o(["可", "時々可", "不可"], "可")), td("難聴 " + o(["無", "右", "左"], r.choice(["無", "右"])))], [th("認知・精神", cls="c"), td(o(["問題なし", "物忘れ", "不穏", "徘徊"], r.choice(["問題なし", "物忘れ"]))), td("")]], "mid", (12, 46, 42))
    two += table([[th("医療処置", cls="c"), td(procs(s, [("なし", None)] + NATION + [("その他", None)], "square"))], [th("感染症", cls="c"), td(has(s, "clinical.infections", inf(s), "あり", "なし", "square", "　"))], [th("アレルギー", cls="c"), td(has(s, "clinical.allergies", c.allergy, "あり", "なし", "square", "　"))], [th("皮膚状態", cls="c"), td(o(["良好", "乾燥", "表皮剥離"], "乾燥"))], [th("今後の問題点と対応", cls="c"), td("", st="height:5em")], [th("退院後の受診", cls="c"), td(clock(s, "next_visit.datetime", c.next, ("reiwa", "{D} {h}時{m2}分")))], [th("退院先", cls="c"), td(s.v("encounter.destination", c.place))], [th("担当ケアマネ", cls="c"), td(f"{s.v('care.office', s.other_office)}　{s.person('care.manager', c.manager)} 様")]], "mid", (16, 84))
    return [s.page(one, "sm"), s.page(two + f"<div class=sp style='margin-top:.7em'><span>記入日　{day(s, 'document.date', c.created, 'reiwa')}</span><span>記録者　{s.signer(c.nurse, '看護師', seal=True)}</span></div><p class=r>電話 {sphone(s)}　FAX {sfax(s)}</p>")]


@layout("discharge_record", "f_record_onkou")
def record_onkou(s):
    """The national form with the hospital's own head."""
    c, r = s.c, s.rng
    inst, pers = to(s)
    o = lambda names, on: opts(s, names, on, "square")
    s.ignore |= {"clinical.course"}
    out = f"<div class=sp><b style='font-size:1.4em'>退院・退所情報記録書</b><span>記入日：{day(s, 'document.date', c.created, 'reiwa')}</span></div><div class=sp><span>{inst}<br>{pers} 様</span><span>発　{me(s)}<br>TEL {sphone(s)}　FAX {sfax(s)}</span></div><p><b>１．基本情報・現在の状態　等</b>　　入院日：{day(s, 'encounter.admission_date', c.admission, 'reiwa')}　　退院予定日：{day(s, 'encounter.discharge_date', c.discharge, 'reiwa')}</p>"
    dx = parts(s)
    rows = [[th("属性", r=2, cls="v"), td(f"フリガナ　{s.kana('full')}", 2), td(f"性別　{s.sex('ring')}"), td(f"退院時の要介護度　（{o(['要区分変更'], '')}）<br>{level_short(s, 'square', ' ', ('要支援1', '要支援2', '要介護1', '2', '3', '4', '5', '申請中', 'なし'))}", 2)], [td(f"氏名　{s.name(False)}　様", 2), td(f"年齢　{years(s)}"), td(f"生年月日　{s.birth('full', False)}", 2)],
            [th("入院概要", r=2, cls="v"), td(f"入院原因疾患　{dx[0]}", 3), td(f"入院先　{s.house.name}　　{r.randint(2, 6)}階病棟　{r.randint(201, 640)}号室", 2)], [td(f"今後の医学管理　医療機関名：{w(s, gp(s))}", 3), td(f"方法　{o(['通院', '訪問診療'], r.choice(['通院', '訪問診療']))}", 2)],
            [th("①疾患と入院中の状況", r=10, cls="v"), td(f"現在治療中の疾患　" + "　".join(f"{'①②③④⑤'[i]} {x}" for i, x in enumerate(dx)), 5)], [td("疾患の状況　安定（　①　）　不安定（　　　）", 5)], [td(f"移動手段　{o(['自立', '杖', '歩行器', '車いす', 'その他'], r.choice(['杖', '歩行器', '車いす']))}", 5)], [td(f"排泄方法　{o(['トイレ', 'ポータブル', 'おむつ'], r.choice(['トイレ', 'おむつ']))}　カテーテル・パウチ（　　　　）", 5)], [td(f"入浴方法　{o(['自立', 'シャワー浴', '一般浴', '機械浴', '行わず'], r.choice(['シャワー浴', '一般浴', '機械浴']))}", 5)], [td(f"食事形態　{o(['普通', '経管栄養', 'その他'], '普通')}　ＵＤＦ等の食形態区分（　　　）", 5)], [td(f"嚥下機能（むせ）{o(['なし', 'あり（時々・常に）'], 'なし')}　義歯 {o(['なし', 'あり（部分・総）'], 'なし')}　口腔清潔 {o(['良', '不良', '著しく不良'], '良')}", 5)], [td(f"口腔ケア　{o(['自立', '一部介助', '全介助'], r.choice(['自立', '一部介助']))}　　睡眠　{o(['良好', '不良'], '良好')}　眠剤使用 {o(['なし', 'あり'], 'なし')}", 5)], [td(f"認知・精神　{o(['認知機能低下', 'せん妄', '徘徊', '焦燥・不穏', '攻撃性', 'その他'], [])}", 5)], [td(f"アレルギー　{s.text('clinical.allergies', c.allergy)}　　感染症　{s.text('clinical.infections', c.infection)}", 5)],
            [th("②受け止め／意向", r=2, cls="v"), td(f"＜本人＞退院後の生活に関する意向<br>{w(s, r.choice(['家で畑の様子を見ながら暮らしたい。', '人に迷惑をかけずに過ごしたい。', '孫の顔を見て暮らしたい。']))}", 5)], [td(f"＜家族＞退院後の生活に関する意向<br>{w(s, r.choice(['サービスを使いながら家でみていきたい。', '日中は仕事で不在のため、通所を利用したい。']))}", 5)]]
    out += table(rows, "mid", (7, 22, 18, 18, 17.5, 17.5)) + "<p><b>２．課題認識のための情報</b></p>"
    out += table([[th("③必要な事柄", r=4, cls="v"), td(f"医療処置の内容<br>{procs(s, [('なし', None)] + NATION + [('その他', None)], 'square')}", 2)], [td(f"看護の視点<br>{o(['なし', '血圧', '水分制限', '食事制限', '食形態', '嚥下', '口腔ケア', '清潔ケア', '血糖コントロール', '排泄', '皮膚状態', '睡眠', '服薬指導', '療養上の指導（食事・水分・睡眠・清潔ケア・排泄などにおける指導）', 'ターミナル'], ['血圧', '服薬指導'])}", 2)], [td(f"リハビリの視点<br>{o(['なし', '本人指導', '家族指導', '関節可動域練習', '筋力増強練習', 'バランス練習', '起居・移乗動作練習', '歩行練習', '階段・屋外歩行練習'], ['歩行練習'])}", 2)], [td(f"禁忌事項の有無　{o(['なし', 'あり'], 'なし')}　（内容・留意点　　　　　　　）", 2)], [th("症状・病状の予後・予測", 2), td(w(s, "".join(c.course.nursing[:2]) + r.choice(["大きな変化はない見込み。", "体調により介助量が増える可能性がある。", "再発に注意し、定期受診を続ける。"])))], [th("在宅復帰のために整えなければならない要件", 2), td(w(s, r.choice(["手すりと福祉用具の準備", "家族の介護指導を2回行う", "訪問看護の導入"])))]], "mid", (6, 16, 78))
    out += table([[th("回目", cls="c"), th("聞き取り日", cls="c"), th("情報提供を受けた職種（氏名）", cls="c"), th("会議出席", cls="c")], [td("1", cls="c"), td(w(s, day_text(c.created - dt.timedelta(days=3), "reiwa"))), td(f"看護師　{s.person('sender.person', c.nurse)}"), td("無 ・ 有", cls="c")], [td("2", cls="c"), td("年　　月　　日"), td(""), td("無 ・ 有", cls="c")]], "", (10, 25, 45, 20))
    return [s.page(out, "sm")]


@layout("conference_notice", "f_conf_onkou")
def conf_onkou(s):
    """A letter with 記 … 以上."""
    c, r = s.c, s.rng
    c.discharge = c.conf.date() + dt.timedelta(days=r.randint(2, 12))
    inst, pers = to(s)
    out = f"<div class=r>{day(s, 'document.date', c.created, 'reiwa')}</div><p>{inst}<br>{pers}　様</p><div class=rt2>{esc(s.house.address)}<br>{me(s)}<br>{s.v('sender.department', s.house.unit, pen=False)}<br>退院調整看護師　{s.person('sender.person', c.nurse)}</div><h1 style='font-size:1.3em;margin:1em 0'>退院前合同カンファレンスの開催について（ご案内）</h1><p>　拝啓　{s.form.choice(['時下ますますご清栄のこととお慶び申し上げます。', '貴事業所におかれましてはますますご清祥のことと存じます。'])}平素より当院の地域連携にご理解とご協力を賜り、厚く御礼申し上げます。</p><p>　さて、{day(s, 'encounter.admission_date', c.admission, 'reiwa')}より当院に入院されております{s.name(False)}様（{birth_plain(s, '{n}{e}年{m}月{d}日')}生、{s.v('patient.sex', '男性' if c.patient[4] == 'm' else '女性', 'male' if c.patient[4] == 'm' else 'female')}）につきまして、{day(s, 'encounter.discharge_date', c.discharge, 'reiwa')}頃のご退院を予定しております。つきましては下記により合同カンファレンスを開きたく、ご出席を賜りますようお願い申し上げます。</p><p class=r>敬具</p><p class=ki>記</p>"
    out += "<div class=in2>" + cols([("１　日　時", clock(s, "conference.datetime", c.conf, ("reiwa", "{D}（{W}曜日）{ap}{h12}時{m2}分より"))), ("２　会　場", s.v("conference.place", c.room)), ("３　出席者", "ご本人、ご家族、主治医、病棟看護師、リハビリ担当者"), ("４　議　題", "退院後の医療管理と介護サービスの調整")] + ([("５　備　考", f"診断名は{s.dx('、')}です。")] if s.form.random() < 0.6 else []), "7em") + "</div>"
    return [s.page(out + f"<p class=r>以上</p><p style='margin-top:2em'>【連絡先】 電話 {sphone(s)}（代）　FAX {sfax(s)}</p>")]


@layout("other", "f_rehab")
def rehab(s):
    """リハビリテーション総合実施計画書."""
    c, r = s.c, s.rng
    o = lambda names, on: opts(s, names, on, "square")
    B = [("食事", 10), ("車椅子からベッドへの移乗", 15), ("整容", 5), ("トイレ動作", 10), ("入浴", 5), ("平地歩行", 15), ("階段昇降", 10), ("更衣", 10), ("排便管理", 10), ("排尿管理", 10)]
    out = f"<div class=sp><b style='font-size:1.3em'>リハビリテーション総合実施計画書</b><span>計画評価実施日 {day_text(c.created, 'reiwa')}</span></div>" + table([[lb("患者氏名", s.name(False), 2), lb("性別", s.sex("ring")), lb("生年月日", s.birth("full", True), 2)], [lb("主治医", plain(c.doctor)), lb("リハ担当医", plain(c.other)), lb("ＰＴ", plain(c.worker)), lb("ＯＴ", ""), lb("ＳＴ", "")], [lb("原因疾患", esc(c.dx[0]), 2), lb("発症日・手術日", day_text(c.admission, "reiwa")), lb("合併症・コントロール状態", esc("、".join(c.dx[1:])), 2)]], "", (20,) * 5)
    out += "<div class=c2><div>" + table([[th("日常生活動作（BI）", cls="c"), th("前回", cls="c"), th("今回", cls="c")]] + [[td(a), td(str(max(0, m - 5)), cls="c"), td(str(r.choice([m, m, m - 5])), cls="c")] for a, m in B], "", (60, 20, 20)) + "</div><div>" + table([[th("心身機能・構造", cls="c")], [td(f"意識障害 {o(['なし', 'あり'], 'なし')}<br>運動障害 {o(['なし', '片麻痺', '失調'], r.choice(['なし', '片麻痺']))}<br>関節可動域制限 {o(['なし', 'あり'], 'あり')}<br>筋力低下 {o(['なし', 'あり'], 'あり')}<br>疼痛 {o(['なし', 'あり'], 'あり')}<br>高次脳機能 {o(['問題なし', '注意障害', '失行'], '問題なし')}")]]) + table([[lb("栄養", f"身長 {r.randint(142, 172)}cm　体重 {r.randint(36, 70)}kg　BMI {r.uniform(17, 25):.1f}")], [lb("社会保障サービス", o(["介護保険", "身体障害者手帳", "その他"], "介護保険"))]]) + "</div></div>"
    out += table([[lb("目標（1ヵ月）", "屋内の移動が見守りなしで行える。")], [lb("目標（終了時）", "自宅での入浴を家族の介助で再開する。")], [lb("治療方針（リハビリテーション実施方針）", "筋力増強、バランス練習、応用歩行練習を週5回行う。", st="height:4em")], [lb("本人・家族の希望", "自宅でこれまでどおり暮らしたい。")]])
    return [s.page(out + f"<p>説明日　{day_text(c.created, 'reiwa')}　　ご署名　<span class=ul style='min-width:12em'>　</span>（続柄　　　）</p><p class=r>{me(s)}</p>", "sm")]


# ---------------------------------------------------------------- covers
@layout("cover", "f_cover_form")
def cover_form(s, what=None, pages=2):
    """A ruled form: TO and FROM side by side, boxes for what to do."""
    c, r = s.c, s.rng
    what = what or r.choice(["退院時サマリー", "診療情報提供書", "ケアプラン（写し）", "カンファレンス資料"])
    inst, pers = to(s)
    urgent = r.random() < 0.25 and "urgency" not in s.fields
    if urgent:
        s.put("urgency", "urgent", False, True)
    b = s.form.choice(["square", "check", "ring"])
    o = lambda names, on: opts(s, names, on, b)
    word = s.form.choice(["至急", "緊急"])
    out = f"<h1 style='letter-spacing:.6em'>{s.form.choice(['ＦＡＸ送信表', 'ＦＡＸ連絡書', 'ファクシミリ送信書'])}</h1>" + table([[th("ＴＯ", cls="c"), td(f"{inst}<br>{pers}　様", st="height:4em"), th("ＦＲＯＭ", cls="c"), td(f"{me(s)}<br>担当：{s.person('sender.person', c.worker)}<br>電話 {sphone(s)}<br>FAX {sfax(s)}")], [th("発信日", cls="c"), td(s.date("document.date", c.created)), th("枚　数", cls="c"), td(f"{pages} 枚（この用紙を含む）")], [th("取扱い", cls="c"), td(o([word, "普通", "要返信", "回覧"], word if urgent else "普通"), 3)], [th("表　題", cls="c"), td(f"{what}の送付について", 3)], [td(f"いつもお世話になっております。<br>{what}をお送りいたしますので、よろしくお取り計らいください。", 4, st="height:14em;padding:1em")]], "mid", (12, 40, 12, 36))
    return [s.page(out + "<p class=tiny>＊宛先違いの場合は、お手数ですがご一報のうえ裁断処分をお願いいたします。</p>")]


@layout("cover", "f_cover_lines")
def cover_lines(s, what=None, pages=2):
    """Lines to write on, no table."""
    c, r = s.c, s.rng
    what = what or r.choice(["ご依頼の書類", "入院時情報提供書", "訪問看護指示書", "検査結果"])
    inst, pers = to(s)
    L = lambda a, v: f"<p>{a}<span class=ul style='min-width:24em;margin-left:1em'>{v}</span></p>"
    out = f"<div class=sp><b style='font-size:2em'>FAX</b><span class=r>{me(s)}<br>{esc(s.house.address)}<br>Tel {sphone(s)}<br>Fax {sfax(s)}</span></div><hr>" + L("送り先", f"{inst}　{pers} 様") + L("差出人", s.person("sender.person", c.worker)) + L("日　付", s.date("document.date", c.created)) + L("件　名", what) + L("枚　数", f"本紙共 {pages} 枚")
    return [s.page(out + f"<div class=box style='height:17em;margin-top:1em'><span class=lb>メッセージ</span><br>{r.choice(['ご査収のほど、よろしくお願いいたします。', 'お手すきの際にご確認ください。', '内容についてご不明な点がございましたらお電話ください。'])}</div>")]
