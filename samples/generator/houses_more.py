"""The houses of the set `more`, which rules may be trained on, and whom they write to. Nothing here exists."""
from houses import H, House

MORE = [
    H("ryokufu", "hospital", "緑風総合病院", "社会医療法人 緑風会", "千葉県八千代市大和田新田1120-9", "047-459-3000", "047-459-3010", "047-459-3077", ("内科", "外科", "皮膚科", "循環器科"), "患者総合支援センター", "Ume UI Gothic", 8.5, "grid4", "row", "slash", "west_wareki", "hyphen", ("TEL", "FAX"), "square", "様", "1.", 61,
      ("m_nur_two", "m_dis_problem", "m_conf_people", "m_transfer", "m_wound", "m_cover_grid")),
    H("keyakidai", "hospital", "けやき台病院", "医療法人社団 欅会", "千葉県佐倉市ユーカリが丘4-30-1", "043-461-7000", "043-461-7008", "", ("脳神経内科", "呼吸器内科", "整形外科", "消化器内科"), "地域連携室", "IPAPMincho", 11, "plain", "kakko", "reiwa", "short", "paren", ("TEL", "FAX"), "glyph", "殿", "#", 62,
      ("m_ref_line_ehr", "m_dis_left_ehr", "m_reply_line_ehr", "m_nur_words", "m_conf_short")),
    H("oak", "clinic", "オーク在宅クリニック", "医療法人 樫の会", "千葉県船橋市高根台2-7-15", "047-466-1212", "047-466-1213", "", ("在宅診療部",), "", "BIZ UDGothic", 10.5, "grid2", "sq", "reiwa_sp", "era_ring", "hyphen", ("TEL", "FAX"), "hand", "様", "①", 63,
      ("m_order_special", "m_ref_short", "m_slip", "m_opinion", "m_cover_fill")),
    H("nanohana", "office", "なのはなケアプラン", "株式会社 菜の花", "千葉県印西市小倉台3-2-4", "0476-42-8080", "0476-42-8081", "", (), "", "VL PGothic", 9.5, "labeltop", "dot", "short_r", "slash_s", "hyphen", ("電話", "ファックス"), "css", "様", "・", 64,
      ("m_adm_region", "m_adm_letter", "m_cm_contact", "m_cover_grid")),
    H("asunaro", "station", "あすなろ訪問看護ステーション", "医療法人社団 翌檜会", "千葉県習志野市津田沼7-5-2", "047-478-5500", "047-478-5501", "", (), "", "MotoyaLCedar", 10, "under", "angle", "western", "both", "hyphen", ("Tel", "Fax"), "check", "様", "1)", 65,
      ("m_vns_sum", "m_vns_month", "m_vns_call", "m_cover_fill")),
    H("akane", "facility", "介護老人保健施設 あかね台", "医療法人社団 茜会", "千葉県成田市赤坂2-11-1", "0476-28-6600", "0476-28-6601", "", ("相談室",), "支援相談員", "TakaoPMincho", 10, "grid4", "num", "dotted", "short_r", "hyphen", ("TEL", "FAX"), "ringbox", "様", "、", 66,
      ("m_fac_sum", "m_fac_record", "m_fac_contact", "m_fac_open")),
]
PARTNERS = [House("z1", "office", "八千代台ケアマネージメントセンター", "合同会社 八千代福祉"), House("z2", "office", "居宅介護支援事業所 千寿"), House("z3", "hospital", "佐倉東部病院", "医療法人社団 朋友会"), House("z4", "clinic", "勝田台内科外科"), House("z5", "station", "訪問看護ステーション 青い鳥", "有限会社 ブルーバード"),
            House("z6", "clinic", "津田沼みらい診療所", "医療法人社団 未来会"), House("z7", "facility", "特別養護老人ホーム 陽だまり苑", "社会福祉法人 陽光会"), House("z8", "station", "ケアナース船橋"), House("z9", "hospital", "北習志野記念病院"), House("z10", "office", "ケアプラン そらいろ", "NPO法人 空の会")]
