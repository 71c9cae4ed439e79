"""Fictional institutions and the house style of their sheets. Nothing here exists; telephone numbers only look like some."""
from dataclasses import dataclass, field


@dataclass
class House:
    id: str
    kind: str  # hospital, clinic, office (care managers), station (visiting nurses), facility
    name: str
    corp: str = ""
    address: str = ""
    phone: str = ""
    fax: str = ""
    direct: str = ""  # a department's own number
    depts: tuple = ()
    unit: str = ""  # liaison office
    font: str = "IPAexGothic"
    size: float = 10.5
    kv: str = "grid4"  # how label and value stand: see sheet.Sheet.kv
    section: str = "kakko"  # how a headed text stands
    date: str = "reiwa"  # 令和8年1月2日
    birth: str = "full"
    phone_style: str = "hyphen"
    tel: tuple = ("TEL", "FAX")
    box: str = "glyph"  # how a ticked box looks
    honor: str = "様"
    numbering: str = "1."
    labels: int = 0  # seed of its label wording
    layouts: tuple = ()
    held: bool = False
    colon: str = "："
    extra: dict = field(default_factory=dict)

    @property
    def full(self):
        return f"{self.corp} {self.name}" if self.corp else self.name


H = House
HOUSES = [
    H("midori", "hospital", "みどり台総合病院", "医療法人社団 翠明会", "千葉県柏市豊四季1045-2", "04-7110-5100", "04-7110-5101", "04-7110-5133", ("整形外科", "循環器内科", "呼吸器内科", "泌尿器科"), "地域医療連携室", "TakaoPMincho", 10.5, "grid4", "row", "reiwa", "full", "hyphen", ("TEL", "FAX"), "glyph", "様", "1.", 1,
      ("ref_grid", "dis_table", "nur_grid", "conf_letter", "reply_letter", "record_national")),
    H("aoba", "hospital", "あおば中央病院", "社会医療法人 青陵会", "柏市若柴226-31", "04-7125-2200", "04-7125-2209", "", ("内科", "外科", "脳神経内科", "消化器内科"), "患者支援センター", "VL PGothic", 9.5, "excel", "toprow", "western", "west_wareki", "paren", ("電話", "FAX"), "hand", "様", "①", 2,
      ("ref_excel", "dis_excel", "nur_excel", "conf_table", "lab_report", "cover_excel")),
    H("hinata", "clinic", "ひなた内科クリニック", "", "千葉県我孫子市天王台3-8-12 ひなたビル2階", "04-7131-6677", "04-7131-6678", "", ("内科",), "", "IPAexMincho", 11, "plain", "kakko", "reiwa_zen", "era_ring", "zen", ("電話", "ＦＡＸ"), "glyph", "殿", "・", 3,
      ("ref_letter", "order_national", "contact_doctor", "cover_letter")),
    H("sumire", "office", "ケアプランすみれ", "合同会社すみれ企画", "千葉県柏市松葉町4-12-5", "04-7140-3020", "04-7140-3021", "", (), "", "BIZ UDPGothic", 10, "grid2", "sq", "short", "short_r", "hyphen", ("TEL", "FAX"), "square", "様", "、", 4,
      ("adm_national", "contact_office", "cover_box", "record_simple")),
    H("kaede", "station", "訪問看護ステーションかえで", "株式会社メープルケア", "柏市増尾台2-3-1", "04-7150-8811", "04-7150-8812", "", (), "", "Noto Sans CJK JP", 9, "under", "dot", "dotted", "both", "hyphen", ("Tel", "Fax"), "css", "様", "1)", 5,
      ("vns_report", "nur_letter", "contact_vns", "cover_mini")),
    H("tokiwa", "hospital", "常盤平リハビリテーション病院", "医療法人 常盤会", "千葉県松戸市松戸1280-4", "047-711-4300", "047-711-4310", "", ("リハビリテーション科", "整形外科", "脳神経内科"), "医療福祉相談室", "Noto Serif CJK JP", 10, "cols", "num", "reiwa_sp", "west", "hyphen", ("TEL", "FAX"), "fill", "様", "(1)", 6,
      ("dis_letter", "nur_cols", "ref_cols", "rehab_plan", "conf_invite")),
    H("nagisa", "hospital", "なぎさ記念病院", "独立行政法人 東葛医療機構", "千葉県流山市南流山6-22-1", "04-7159-1000", "04-7159-1010", "04-7159-1055", ("循環器内科", "腎臓内科", "皮膚科", "外科"), "入退院支援センター", "IPAPGothic", 9, "labeltop", "toprow", "slash", "slash", "hyphen", ("代表", "FAX"), "glyph", "様", "1.", 7,
      ("ref_form11", "dis_dense", "nur_dense", "conf_table", "drug_info")),
    H("sakura", "clinic", "桜通り整形外科", "医療法人社団 桜仁会", "千葉県柏市旭町7-3-20", "04-7143-0303", "04-7143-0304", "", ("整形外科", "リハビリテーション科"), "", "TakaoGothic", 10.5, "grid2", "sq", "reiwa", "age", "hyphen", ("TEL", "FAX"), "hand", "殿", "1.", 8,
      ("ref_boxed", "order_plain", "reply_box", "cover_letter")),
    H("yukari", "office", "居宅介護支援事業所ゆかりの里", "社会福祉法人 縁会", "千葉県野田市野田771-9", "04-7122-6500", "04-7122-6501", "", (), "", "Ume P Gothic", 10.5, "grid4", "angle", "reiwa", "era_ring", "hyphen", ("電話番号", "FAX番号"), "ringbox", "様", "・", 9,
      ("adm_grid", "contact_grid", "record_national", "cover_excel")),
    H("momiji", "hospital", "紅葉丘病院", "医療法人財団 錦秋会", "千葉県印西市大森2313", "0476-71-2580", "0476-71-2581", "", ("内科", "精神科", "皮膚科"), "医事課 地域連携係", "BIZ UDMincho", 11, "plain", "colon", "kan", "reading", "hyphen", ("電話", "FAX"), "re", "殿", "", 10,
      ("ref_memo", "dis_free", "nur_free", "order_special", "cover_mini")),
    H("kisaragi", "hospital", "東葛きさら総合医療センター", "", "千葉県松戸市新松戸5-101", "047-722-9000", "047-722-9001", "047-722-9044", ("呼吸器内科", "消化器外科", "糖尿病内科", "泌尿器科"), "地域連携・入退院支援室", "MigMix 1P", 9, "excel", "row", "western", "age", "hyphen", ("TEL", "FAX"), "check", "様", "#", 11,
      ("ref_form12", "dis_two", "nur_two", "conf_web", "record_simple", "lab_report")),
    H("tampopo", "station", "たんぽぽ訪問看護ステーション", "医療法人社団 蒲公英会", "柏市光ケ丘団地5-2", "04-7160-7474", "04-7160-7475", "", (), "", "IPAGothic", 10, "labeltop", "kakko", "reiwa", "full", "hyphen", ("TEL", "FAX"), "glyph", "様", "・", 12,
      ("vns_grid", "contact_cols", "cover_box")),
    H("wakaba", "clinic", "わか草在宅クリニック", "医療法人社団 若草会", "千葉県流山市江戸川台東1-9-4", "04-7138-2112", "04-7138-2113", "", ("訪問診療部",), "", "Ume Mincho", 10.5, "under", "angle", "reiwa", "short", "hyphen", ("TEL", "FAX"), "hand", "様", "1)", 13,
      ("order_boxes", "ref_home", "reply_letter", "contact_doctor", "cover_letter")),
    H("kohaku", "hospital", "こはく台病院", "医療法人 琥珀会", "千葉県鎌ケ谷市初富928", "047-733-8100", "047-733-8101", "", ("内科", "リウマチ科", "神経内科"), "地域連携課", "TakaoPGothic", 10, "grid4", "num", "reiwa", "era_ring", "paren", ("☎", "FAX"), "ringbox", "様", "①", 14,
      ("ref_halfs", "dis_table", "nur_rings", "conf_letter", "order_national", "rehab_plan")),
    H("suzuran", "facility", "介護老人保健施設すずらん苑", "医療法人社団 鈴蘭会", "千葉県白井市根1770-3", "047-744-3900", "047-744-3901", "", ("支援相談室",), "支援相談員", "VL Gothic", 10.5, "grid2", "dot", "reiwa_sp", "both", "hyphen", ("TEL", "FAX"), "square", "様", "、", 15,
      ("nur_facility", "record_simple", "contact_grid", "cover_excel")),
    # never in train
    H("fuyuno", "hospital", "冬野総合病院", "社会福祉法人 恩寵会", "千葉県柏市高田1201-7", "04-7170-4400", "04-7170-4401", "04-7170-4466", ("総合内科", "整形外科", "脳神経外科"), "医療連携相談室", "IPAMincho", 10.5, "cols", "sq", "reiwa", "both", "hyphen", ("電話", "ＦＡＸ"), "glyph", "殿", "1.", 21,
      ("h_ref", "h_dis", "h_nur", "h_conf", "ref_form12", "order_boxes"), True),
    H("hotaru", "hospital", "ほたる野病院", "医療法人社団 蛍雪会", "千葉県野田市中里88", "04-7129-3500", "04-7129-3511", "", ("内科", "外科", "緩和ケア内科"), "がん相談・地域連携部門", "BIZ UDGothic", 9, "excel", "angle", "short", "short_r", "hyphen", ("TEL", "FAX"), "check", "様", "①", 22,
      ("h_ref2", "h_dis2", "h_nur2", "drug_info", "record_national"), True),
    H("tsubame", "office", "つばめケアマネジメント", "NPO法人 つばめの会", "千葉県柏市逆井444-2", "04-7199-2525", "04-7199-2526", "", (), "", "MotoyaLCedar", 10, "labeltop", "num", "western", "era_ring", "hyphen", ("Tel", "Fax"), "hand", "様", "・", 23,
      ("h_adm", "h_contact", "h_cover", "adm_national"), True),
    H("yuzuki", "clinic", "柚木医院", "", "千葉県柏市藤心3-15-8", "04-7192-1818", "04-7192-1819", "", ("内科・小児科",), "", "TakaoMincho", 11.5, "plain", "dot", "reiwa_zen", "reading", "paren", ("電話", "FAX"), "re", "殿", "", 24,
      ("h_ref3", "h_order", "h_reply", "cover_letter", "order_national"), True),
    H("hoshizora", "station", "訪問看護リハビリステーション星空", "株式会社ほしぞら", "千葉県我孫子市本町2-2-22", "04-7188-7070", "04-7188-7071", "", (), "", "Sawarabi Gothic", 9.5, "under", "toprow", "dotted", "age", "hyphen", ("TEL", "FAX"), "css", "様", "1)", 25,
      ("h_vns", "h_contact2", "cover_box", "nur_letter"), True),
]
BY_ID = {h.id: h for h in HOUSES}
