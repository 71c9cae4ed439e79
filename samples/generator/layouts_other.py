"""Covers, advertisements and clinical sheets of other kinds."""
from layouts_letters import layout
from sheet import age, wdate

WHAT = {"referral": "診療情報提供書", "discharge_summary": "退院時サマリー", "nursing_summary": "看護サマリー", "discharge_record": "退院・退所情報記録書", "admission_info": "入院時情報提供書", "nursing_order": "訪問看護指示書", "conference_notice": "カンファレンスのご案内", "contact_sheet": "連絡票", "cover": "書類", "other": "資料"}


@layout("cover", "cover_letter", "cover_box", "cover_excel", "cover_mini", "h_cover")
def cover(s, what=None, pages=2):
    """A cover page: alone, or in front of the sheet that `s` already is (then what the sheet says goes first)."""
    c, r = s.c, s.rng
    kind = next((x for x in s.house.layouts if x.startswith("cover") or x == "h_cover"), "cover_box") if what else s.layout
    what = WHAT[s.type] if what is None else what
    urgent = "urgency" not in s.fields and r.random() < 0.25
    if urgent:
        s.put("urgency", "urgent")
    up = r.choice(["至急", "至急", "大至急", "緊急"])
    to, on, _, pers = s.recipient()
    on = on or "　御中"
    lh = s.letterhead(None, "", None, address=r.random() < 0.4)
    note = r.choice([f"{what}を送付いたします。ご確認のほどよろしくお願いいたします。", f"いつもお世話になっております。{what}をお送りします。", f"{what}　送付のご連絡"])
    head = s.form.choice(["FAX送付状", "FAX送信票", "ＦＡＸ送信のご案内", "FAX送信状", "書類送付のご案内", "ファックス送付状"])
    warn = "<p><small>※誤送信の場合は、お手数ですが発信元までご連絡のうえ破棄してください。</small></p>" if s.form.random() < 0.6 else ""
    stamp = f"<span class=stamp>{up}</span>" if urgent else ""
    if kind == "cover_letter":
        boxes = "　".join(s.mark(x, x == "ご査収ください", None if s.house.box != "ringbox" else "ring") for x in ("ご査収ください", "ご回答ください", "ご参考まで", "折り返しご連絡ください"))
        h = s.title(head) + stamp + s.right([s.date("document.date", c.created)]) + f"<div class=to><div>{to}{on}</div><div>{pers}</div></div>" + s.right(lh) + f"<p>件名：{what}</p><p>枚数：本状を含め {pages} 枚</p><p>{boxes}</p><p>{note}</p>" + warn
    elif kind == "cover_mini":
        h = s.title(head) + stamp + f"<p>To：{to}{on}　{pers}</p><p>From：{lh[0] if len(lh) < 3 else lh[-2]}</p><p>{lh[-1]}</p><p>Date：{s.date('document.date', c.created)}</p><p>Pages：{pages}</p><hr><p>{note}</p>" + warn
    elif kind == "cover_excel":
        rows = [("送信先", f"{to}{on}<br>{pers}"), ("発信元", "<br>".join(lh)), ("送信日", s.date("document.date", c.created)), ("送信枚数", f"{pages}枚（本紙含む）"), ("件名", what), ("通信欄", f"<div style='min-height:12em'>{note}</div>")]
        h = s.title(head) + stamp + "<table class='g'>" + "".join(f"<tr><th>{a}</th><td>{b}</td></tr>" for a, b in rows) + "</table>" + warn
    else:
        urg = s.mark("至急", urgent, "ring" if s.house.box == "ringbox" else s.house.box) + "　" + s.mark("通常", not urgent, "ring" if s.house.box == "ringbox" else s.house.box)
        h = s.title(head) + f"<table class='g half'><tr><td><small>宛先</small><br>{to}{on}<br>{pers}</td><td><small>送信元</small><br>{'<br>'.join(lh)}</td></tr><tr><td>日付　{s.date('document.date', c.created)}</td><td>枚数　{pages} 枚</td></tr><tr><td colspan=2>緊急度　{urg}</td></tr><tr><td colspan=2 style='height:16em'>件名　{what}<br><br>{note}</td></tr></table>" + warn
    return [s.page(h)]


ADS = [("介護・医療従事者のための感染対策セミナー", "令和{y}年{m}月{d}日（土）14:00～16:00　会場：柏市民交流プラザ 大ホール", "参加費 無料　定員80名　お申込みは本紙にご記入のうえFAXにてお送りください。", "主催：東葛地域医療研究会　TEL 04-7177-0111"),
       ("車いす・歩行器 春のリニューアルキャンペーン", "レンタル料金が初月半額！ 対象商品120点以上", "カタログ請求はFAX 04-7166-1212まで　このFAXが不要な方は□にチェックして返信ください □", "福祉用具プラザ ほほえみ"),
       ("宅配健康弁当 新メニューのご案内", "塩分2g以下・やわらか食・きざみ食に対応　1食 580円（税込）から", "無料試食実施中　お電話一本でお届けします。", "有限会社 ひだまりキッチン　電話 04-7155-2323"),
       ("年末年始の休診のお知らせ", "12月29日（火）から1月3日（日）まで休診とさせていただきます。", "急患の方は救急外来へお問い合わせください。1月4日（月）より通常診療いたします。", ""),
       ("大腿骨近位部骨折 地域連携パス研修会", "{y2}年{m}月{d}日 18:30～　Web開催（Zoom）", "対象：医師、看護師、リハビリ職、介護支援専門員　申込締切：1週間前", "事務局　地域医療連携室")]


def advert(s):
    r = s.rng
    a = r.choice(ADS)
    f = lambda t: t.format(y=8, y2=2026, m=r.randint(1, 12), d=r.randint(1, 28))
    return [s.page(f"<div class=ad>{f(a[0])}</div><p class=adl2>{f(a[1])}</p><p>{f(a[2])}</p><br><p>{f(a[3])}</p>" + ("<br><table class='g'><tr><th>貴事業所名</th><td>　</td></tr><tr><th>お名前</th><td>　</td></tr><tr><th>FAX</th><td>　</td></tr></table>" if r.random() < 0.5 else ""))]


for _n in ("ad",):
    layout("other", _n)(advert)


@layout("other", "lab_report")
def lab_report(s):
    c, r = s.c, s.rng
    out = s.title(s.form.choice(["検査結果報告書", "検査結果のお知らせ"])) + s.recipient_block() + s.right(s.letterhead(None, "", "検査科"))
    out += s.kv([("患者名", s.name()), ("生年月日", s.birth()), ("性別", s.sex("text")), ("採取日", wdate(c.created, s.house.date))])
    rows = [("WBC", f"{r.randint(35, 120) * 100}", "/μL", "3300-8600"), ("Hb", f"{r.uniform(8, 15):.1f}", "g/dL", "11.6-14.8"), ("PLT", f"{r.uniform(12, 35):.1f}", "万/μL", "15.8-34.8"), ("AST", str(r.randint(12, 80)), "U/L", "13-30"), ("ALT", str(r.randint(8, 80)), "U/L", "7-23"), ("Cr", f"{r.uniform(.5, 2):.2f}", "mg/dL", "0.46-0.79"), ("K", f"{r.uniform(3.2, 5.4):.1f}", "mmol/L", "3.6-4.8"), ("CRP", f"{r.uniform(0, 5):.2f}", "mg/dL", "0.14以下")]
    out += "<table class='g'><tr><th>項目</th><th>結果</th><th>単位</th><th>基準値</th></tr>" + "".join("<tr>" + "".join(f"<td>{x}</td>" for x in row) + "</tr>" for row in rows) + "</table>"
    return [s.page(out)]


@layout("other", "drug_info")
def drug_info(s):
    c = s.c
    out = s.title(s.form.choice(["薬剤情報提供書", "お薬の説明書", "薬剤管理サマリー"])) + s.recipient_block(person=False) + s.right([s.date("document.date", c.created)] + s.letterhead(c.other, "薬剤師", "薬剤部"))
    out += s.kv([("氏名", s.name()), ("生年月日", s.birth())]) + s.rx_table() + s.section("アレルギー・副作用歴", s.text("clinical.allergies", c.allergy)) + s.section("薬剤管理の状況", "一包化を希望。嚥下は良好で錠剤の服用に問題なし。")
    return [s.page(out)]


@layout("other", "rehab_plan")
def rehab_plan(s):
    c = s.c
    out = s.title(s.form.choice(["リハビリテーション実施計画書", "リハビリテーション総合実施計画書"])) + s.right([f"計画評価実施日　{wdate(c.created, s.house.date)}"])
    out += s.kv([("患者氏名", s.name()), ("性別", s.sex()), ("生年月日", s.birth()), ("主治医", s.full_name(c.doctor)[0])]) + s.section("原因疾患", s.dx("、")) + s.section("基本方針", "基本動作の自立と屋内歩行の安定を目標に、1日2単位のリハビリテーションを実施する。") + s.section("短期目標（1か月）", "歩行器歩行 見守りレベル") + s.section("長期目標", "自宅退院") + s.right([f"{s.sender_institution()}　リハビリテーション科"])
    s.ignore |= {"clinical.course", "clinical.purpose"}
    return [s.page(out)]
