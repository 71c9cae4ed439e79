"""The houses of the set `strange` (written blindly for a fourth time: other towns, other kinds of senders) and whom they write to. Nothing here exists."""
from houses import H, House

STRANGE = [
    H("shiomi", "hospital", "潮見坂医療センター", "公立東上総病院企業団", "千葉県茂原市早野新田88-1", "0475-21-7700", "0475-21-7709", "0475-21-7741", ("消化器内科", "心臓血管外科", "神経内科", "口腔外科"), "患者サポート室", "MigMix 1M", 9.5, "plain", "kakko", "slash", "slash_s", "hyphen", ("Tel", "Fax"), "vee", "様", "#", 101,
      ("x_ref_mono_ehr", "x_dis_soap_ehr", "x_nur_lines_ehr", "x_conf_mail_ehr", "x_visit_ehr")),
    H("baien", "hospital", "筑波梅園脳神経センター", "医療法人 梅園会", "茨城県つくば市要字西台1187-41", "029-879-5050", "029-879-5058", "", ("脳神経外科", "整形外科", "リハビリテーション科"), "地域連携課", "Ume P Gothic S5", 9, "excel", "toprow", "dotted", "west", "hyphen", ("TEL", "FAX"), "square", "様", "①", 102,
      ("x_ref_excel", "x_nur_excel", "x_record_excel", "x_conf_excel", "x_dis_excel", "x_cover_excel")),
    H("saito", "hospital", "埼東厚生病院", "埼玉東部厚生農業協同組合連合会", "埼玉県春日部市増戸字沼端740", "048-738-2211", "048-738-2290", "048-738-2218", ("内科", "外科", "泌尿器科", "精神神経科"), "医療福祉課", "Ume P Mincho S3", 11, "plain", "num", "reiwa", "sp", "paren", ("電話", "ファクシミリ"), "ringbox", "殿", "1.", 103,
      ("x_ref_word", "x_dis_word", "x_nur_soe", "x_conf_word", "x_cover_word")),
    H("senju", "hospital", "千住橋リハビリテーション病院", "社会医療法人 千寿橋会", "東京都足立区千住曙町99-3", "03-3870-6611", "03-3870-6612", "03-3870-6640", ("リハビリテーション科", "神経内科"), "医療ソーシャルワーカー室", "BIZ UDGothic", 10, "grid4", "row", "western", "both", "hyphen", ("TEL", "FAX"), "glyph", "様", "・", 104,
      ("x_nur_marks", "x_rehab_report", "x_record_cards", "x_dis_halves", "x_conf_cards")),
    H("tsumugi", "clinic", "亀有つむぎ診療所", "医療法人社団 紬", "東京都葛飾区亀有9-41-2 鶴亀ビル3F", "03-3601-8484", "03-3601-8485", "", ("訪問診療",), "", "Noto Serif CJK JP", 10, "grid2", "dot", "reiwa", "era_ring", "hyphen", ("TEL", "FAX"), "hand", "様", "1)", 105,
      ("x_order_word", "x_order_toku", "x_ref_care", "x_memo", "x_cover_word")),
    H("sugiura", "clinic", "小仲台すぎうら消化器内科", "", "千葉県千葉市稲毛区小仲台11-3-7", "043-254-1616", "043-254-1617", "", ("消化器内科",), "", "TakaoMincho", 11.5, "under", "angle", "kan", "reading", "hyphen", ("電話", "FAX"), "re", "様", "(1)", 106,
      ("x_ref_paper", "x_reply_paper", "x_order_sugi")),
    H("yuzunoki", "office", "ケアプラン ゆずの木", "合同会社 柚子", "埼玉県越谷市南越谷8-77-5 コーポ柚101", "048-989-3434", "048-989-3435", "", (), "", "Migu 1C", 10, "labeltop", "sq", "reiwa_sp", "era_ring", "hyphen", ("でんわ", "ファックス"), "css", "様", "・", 107,
      ("x_adm_justify", "x_adm_boxes", "x_ask_answer", "x_cover_letter")),
    H("tonezaki", "office", "利根崎市在宅医療・介護連携支援センター", "利根崎市 福祉部 長寿いきいき課", "千葉県利根崎市中町1-1 市役所分館2階", "04-7168-9111", "04-7168-9120", "04-7168-9134", (), "", "BIZ UDMincho", 10.5, "grid4", "row", "reiwa", "era_ring", "hyphen", ("電話", "FAX"), "check", "様", "、", 108,
      ("x_city_link", "x_city_adm", "x_conf_city")),
    H("migiwa", "station", "訪問看護ステーション みぎわ", "特定非営利活動法人 水辺のケア", "千葉県市原市五井金杉7-30", "0436-23-5757", "0436-23-5758", "", (), "", "Sawarabi Gothic", 9.5, "under", "angle", "reiwa", "both", "hyphen", ("☎", "FAX"), "fill", "様", "1.", 109,
      ("x_vns_form", "x_vns_digest", "x_vns_state", "x_cover_excel")),
    H("sazanami", "pharmacy", "さざなみ薬局 ひたち野店", "株式会社 ファルマ漣", "茨城県牛久市ひたち野西6-3-12", "029-874-2200", "029-874-2201", "", (), "", "VL Gothic", 10, "grid2", "row", "slash", "slash", "hyphen", ("TEL", "FAX"), "square", "様", "1)", 110,
      ("x_tracing", "x_drug_letter")),
]
PARTNERS = [House("v1", "office", "居宅支援 竹ノ塚さくらんぼ", "株式会社 サクランボ"), House("v2", "office", "つくばね居宅介護支援センター", "社会福祉法人 筑波嶺会"), House("v3", "hospital", "五井湾岸総合病院", "医療法人社団 汐風会"), House("v4", "clinic", "浅見醫院"), House("v5", "station", "訪問看護ステーション おひさま便", "株式会社 日向ケア"),
            House("v6", "clinic", "まこと神経科", "医療法人社団 誠心会"), House("v7", "facility", "老健 しおかぜ", "医療法人社団 汐風会"), House("v8", "station", "ナースケア牛久"), House("v9", "hospital", "越谷元荒川病院"), House("v10", "office", "ケアマネのいえ 稲毛", "一般社団法人 いなげの家"),
            House("v11", "clinic", "粕壁中央診療所", "医療生協さいかつ"), House("v12", "hospital", "東都荒川医療センター", "独立行政法人 東都医療機構")]
