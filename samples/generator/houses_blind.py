"""The houses of the set `blind` (nobody writes rules for them) and whom they write to. Nothing here exists."""
from houses import H, House

BLIND = [
    H("asagiri", "hospital", "あさぎり病院", "医療法人社団 朝霧会", "茨城県守谷市立沢980-1", "0297-47-6200", "0297-47-6211", "0297-47-6235", ("内科", "外科", "整形外科", "泌尿器科"), "入退院支援室", "MigMix 2P", 8.5, "grid4", "row", "short", "both", "hyphen", ("TEL", "FAX"), "square", "様", "①", 41,
      ("b_nur_sheet", "b_dis_cells", "b_conf_table", "b_ref_cells", "b_record", "b_wound", "b_cover_slip")),
    H("tonegawa", "hospital", "利根川医療センター", "地方独立行政法人 東葛北病院機構", "千葉県我孫子市布佐字浅間前1455", "04-7189-0011", "04-7189-0120", "", ("脳神経外科", "腎臓内科", "呼吸器内科", "外科"), "地域医療連携部", "IPAPMincho", 10, "plain", "kakko", "western0", "slash", "hyphen", ("電話", "FAX"), "glyph", "様", "#", 42,
      ("b_ref_ehr", "b_dis_ehr", "b_nur_ehr", "b_reply_ehr", "b_cover_slip")),
    H("shirakaba", "hospital", "白樺リハビリテーション病院", "医療法人財団 白樺会", "千葉県白井市冨士239-12", "047-498-2100", "047-498-2101", "047-498-2150", ("リハビリテーション科", "脳神経内科", "整形外科"), "医療相談課", "BIZ UDPMincho", 10.5, "grid2", "num", "reiwa", "era_ring", "paren", ("TEL", "FAX"), "ringbox", "殿", "・", 43,
      ("b_nur_nested", "b_record", "b_conf_letter", "b_ref_care", "b_rehab", "b_cover_note")),
    H("fujinoki", "clinic", "藤の木クリニック", "", "千葉県松戸市小金原6-11-3", "047-344-5522", "047-344-5523", "", ("内科・循環器科",), "", "Ume P Mincho", 12, "plain", "sq", "reiwa", "sp", "hyphen", ("TEL", "FAX"), "hand", "様", "1)", 44,
      ("b_ref_square", "b_order_lines", "b_reply_slip", "b_cover_note")),
    H("kurumi", "clinic", "くるみ在宅診療所", "医療法人社団 胡桃会", "千葉県流山市平和台3-1-14 第5ビル1F", "04-7150-9090", "04-7150-9091", "", ("訪問診療科",), "", "Migu 1P", 9.5, "grid4", "angle", "slash", "west_wareki", "hyphen", ("Tel.", "Fax."), "css", "様", "", 45,
      ("b_ref_columns", "b_order_form", "b_contact_memo", "b_cover_note")),
    H("hidamari", "office", "ひだまりの丘ケアプランセンター", "有限会社 ひだまり", "千葉県鎌ケ谷市道野辺本町2-7-8", "047-401-3388", "047-401-3389", "", (), "", "BIZ UDPGothic", 9.5, "grid2", "dot", "reiwa_sp", "era_ring", "hyphen", ("電話", "FAX"), "glyph", "様", "・", 46,
      ("b_adm_form", "b_ask_doctor", "b_cover_slip")),
    H("tegahoukatsu", "office", "我孫子北地域包括支援センター", "社会福祉法人 手賀の里", "千葉県我孫子市湖北台8-4-1", "04-7186-1515", "04-7186-1516", "", (), "", "IPAPGothic", 10, "labeltop", "toprow", "kan", "short_r", "zen", ("ＴＥＬ", "ＦＡＸ"), "re", "様", "、", 47,
      ("b_adm_sheet", "b_ask_boxes", "b_cover_note")),
    H("komorebi", "station", "こもれび訪問看護ステーション", "合同会社 こもれびケア", "千葉県印西市木刈5-2-10", "0476-46-7711", "0476-46-7712", "", (), "", "Noto Sans CJK JP", 9, "under", "kakko", "reiwa_zen", "reading", "hyphen", ("TEL", "FAX"), "check", "様", "1.", 48,
      ("b_vns_form", "b_vns_letter", "b_vns_memo", "b_cover_slip")),
]
PARTNERS = [House("y1", "office", "ケアステーション手賀沼", "株式会社 手賀沼サービス"), House("y2", "office", "流山さつき居宅介護支援事業所"), House("y3", "hospital", "柏北総合病院", "医療法人社団 誠和会"), House("y4", "clinic", "岸本内科胃腸科"), House("y5", "station", "訪問看護ステーションすばる", "株式会社 すばるメディカル"),
            House("y6", "clinic", "おおたかの森循環器内科", "医療法人社団 鷹森会"), House("y7", "facility", "介護老人保健施設 八重桜", "医療法人 桜樹会"), House("y8", "station", "ナースステーション沼南"), House("y9", "hospital", "北総けやき病院"), House("y10", "office", "ケアマネオフィス風", "NPO法人 風の会")]
