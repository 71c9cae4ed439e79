"""The houses of the set `far` (held back a third time: other kinds of forms) and whom they write to. Nothing here exists."""
from houses import H, House

FAR = [
    H("suirei", "hospital", "翠嶺医科大学柏附属病院", "学校法人 翠嶺学園", "千葉県柏市大室字向原1188", "04-7130-2000", "04-7130-2019", "04-7130-2115", ("総合内科", "脳神経外科", "血液内科", "呼吸器外科", "腎・高血圧内科"), "患者支援・医療連携センター", "Ume Gothic", 10.5, "plain", "kakko", "slash", "slash_s", "hyphen", ("TEL", "FAX"), "glyph", "様", "#", 81,
      ("f_ref_suirei_ehr", "f_dis_suirei_ehr", "f_nur_suirei_ehr", "f_reply_suirei_ehr", "f_conf_suirei", "f_pharm", "f_cover_lines")),
    H("onkou", "hospital", "恩光記念病院", "社会福祉法人 恩光会", "千葉県松戸市六高台9-120-1", "047-389-6600", "047-389-6612", "047-389-6655", ("内科", "整形外科", "消化器科", "循環器科", "リハビリテーション科"), "地域医療福祉連携室", "IPAexGothic", 10, "grid4", "row", "reiwa", "era_ring", "hyphen", ("TEL", "FAX"), "square", "様", "①", 82,
      ("f_ref_onkou", "f_dis_onkou", "f_nur_onkou", "f_record_onkou", "f_conf_onkou", "f_rehab", "f_cover_form")),
    H("hagi", "hospital", "萩の里病院", "医療法人社団 萩風会", "千葉県柏市高柳1750-33", "04-7193-4141", "04-7193-4148", "", ("内科",), "医療福祉相談室", "TakaoPMincho", 11.5, "plain", "sq", "reiwa", "sp", "paren", ("電話", "FAX"), "ringbox", "殿", "1.", 83,
      ("f_ref_hagi", "f_dis_hagi", "f_nur_hagi", "f_conf_hagi", "f_contact_hagi", "f_cover_letter")),
    H("mizube", "hospital", "国保せきやど水辺病院", "", "千葉県野田市木間ケ瀬5302", "04-7198-7711", "04-7198-7720", "04-7198-7733", ("内科", "外科", "小児科", "泌尿器科"), "地域連携係", "MigMix 1P", 10.5, "excel", "num", "short", "short", "hyphen", ("電話", "ＦＡＸ"), "check", "様", "・", 84,
      ("f_ref_mizube", "f_dis_mizube", "f_nur_mizube", "f_record_mizube", "f_conf_mizube", "f_order_mizube_ehr", "f_cover_form")),
    H("hibarino", "clinic", "ひばり野ホームケアクリニック", "医療法人社団 雲雀会", "千葉県流山市東深井418-2 運河ビル2階", "04-7152-3003", "04-7152-3004", "", ("内科・在宅診療",), "", "BIZ UDPMincho", 11, "grid2", "dot", "reiwa_sp", "era_ring", "hyphen", ("TEL", "FAX"), "hand", "殿", "1)", 85,
      ("f_order_16", "f_order_toku", "f_ref_form11", "f_ref_letter", "f_reply_hibari", "f_cover_letter")),
    H("mukudori", "office", "居宅介護支援事業所むくどり", "株式会社 ムクドリケア", "千葉県柏市酒井根4-22-6", "04-7175-9800", "04-7175-9801", "", (), "", "Ume P Gothic", 10, "grid4", "row", "reiwa_sp", "era_ring", "hyphen", ("TEL", "FAX"), "re", "様", "・", 86,
      ("f_adm_national", "f_adm_short", "f_ask_mukudori", "f_cover_form")),
    H("unga", "office", "利根運河地域包括支援センター", "社会福祉法人 運河福祉会", "千葉県流山市松ケ丘3-305-11", "04-7144-6161", "04-7144-6162", "", (), "", "IPAexMincho", 10.5, "labeltop", "num", "kan", "short_r", "hyphen", ("電話", "FAX"), "css", "様", "、", 87,
      ("f_adm_unga", "f_ask_unga", "f_conf_unga", "f_cover_lines")),
    H("tsukushino", "station", "訪問看護ステーション春うらら", "一般社団法人 ケアリンク我孫子", "千葉県我孫子市つくし野6-14-1-102", "04-7180-5225", "04-7180-5226", "", (), "", "MigMix 2P", 10, "under", "angle", "western", "both", "hyphen", ("☎", "FAX"), "fill", "様", "1.", 88,
      ("f_vns_info", "f_vns_sum", "f_vns_call", "f_cover_letter")),
]
PARTNERS = [House("w1", "office", "ケアプラン花野井", "株式会社 花野井福祉サービス"), House("w2", "office", "居宅介護支援 まごころの輪"), House("w3", "hospital", "六実総合病院", "医療法人財団 六実会"), House("w4", "clinic", "とどろき内科神経内科"), House("w5", "station", "訪問看護リハビリステーションひなげし", "株式会社 ヒナゲシ"),
            House("w6", "clinic", "増田外科整形外科医院", "医療法人社団 清流会"), House("w7", "facility", "介護老人保健施設 秋桜の丘", "医療法人社団 秋櫻会"), House("w8", "station", "清水公園訪問看護ステーション"), House("w9", "hospital", "東総みなと中央病院"), House("w10", "office", "ケアマネジメント・ポラリス", "NPO法人 ポラリス"),
            House("w11", "hospital", "流山おおぐろの森病院", "医療法人社団 大畔会"), House("w12", "clinic", "運河駅前クリニック")]
