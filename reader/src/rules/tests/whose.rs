//! Of whom a sheet speaks: names that share a line, names that a gap breaks, what is said beside them, and what is not.

use super::*;

fn one(lines: &[(i32, i32, &str)]) -> Document {
    let documents = read(vec![page(1, lines)]);
    let [d] = &documents[..] else { panic!("{documents:?}") };
    d.clone()
}

#[test]
fn a_house_and_a_person_in_one_line_come_apart() {
    let d = one(&[
        (600, 140, "看護サマリー"),
        (1200, 220, "令和8年6月8日"),
        (140, 280, "居宅介護支援けやきの輪石川知子様"),
        (1000, 380, "社会福祉法人・恩寵会冬野総合病院"),
        (1000, 430, "地域医療連携室湯浅裕子"),
        (1000, 480, "TEL 04-7174-3308 FAX 04-7174-3309"),
        (140, 560, "患者氏名 海老原 光男 様（エビハラミツオ）男性"),
        (140, 610, "生年月日 昭和8年2月15日"),
        (140, 660, "担当ケアマネジャー ケアオフィスあおば 山口 晴美"),
    ]);
    for (key, want) in [
        ("recipient.institution", "居宅介護支援けやきの輪"),
        ("recipient.person", "石川知子"),
        ("sender.institution", "社会福祉法人恩寵会冬野総合病院"),
        ("sender.person", "湯浅裕子"),
        ("patient.name", "海老原 光男"),
        ("patient.sex", "male"),
        ("care.office", "ケアオフィスあおば"),
        ("care.manager", "山口 晴美"),
    ] {
        assert_eq!(value(&d, key).as_deref(), Some(want), "{key}: {:?}", d.fields.get(key));
    }
    let kana = value(&d, "patient.kana").map(|k| k.replace(' ', ""));
    assert_eq!(kana.as_deref(), Some("エビハラミツオ"), "{:?}", d.fields.get("patient.kana"));
}

#[test]
fn a_name_in_a_sentence_is_found_with_what_its_bracket_says() {
    let d = one(&[
        (500, 140, "退院前カンファレンスのご案内"),
        (1200, 220, "令和8年6月8日"),
        (140, 280, "けやき訪問看護ステーション 御中"),
        (1000, 340, "東柏わかば病院"),
        (140, 420, "さて、当院に入院されております横尾節子様（昭和11年10月23日生、女性）につきまして、"),
        (140, 470, "下記により会議を開きます。"),
        (140, 540, "日時 令和8年6月20日 14時00分"),
        (140, 590, "場所 当院3階会議室"),
    ]);
    assert_eq!(value(&d, "patient.name").as_deref(), Some("横尾節子"), "{:?}", d.fields.get("patient.name"));
    assert_eq!(value(&d, "patient.sex").as_deref(), Some("female"), "{:?}", d.fields.get("patient.sex"));
    assert_eq!(value(&d, "patient.birth_date").as_deref(), Some("1936-10-23"));
}

#[test]
fn a_day_of_something_else_is_no_birth() {
    let with = |row: &'static str| {
        one(&[
            (600, 140, "診療情報提供書"),
            (1200, 220, "令和8年6月8日"),
            (140, 280, "東柏わかば病院 御中"),
            (1000, 380, "光ヶ丘ゆずりは医院"),
            (140, 560, "患者氏名 海老原 光男 様"),
            (140, 610, row),
        ])
    };
    let birth = |d: &Document| d.fields.get("patient.birth_date").map(|f| f.status);
    assert_eq!(birth(&with("生年月日 昭和8年2月15日")), Some(Status::Accepted));
    for row in [
        "資格取得 昭和36年4月1日",
        "国民健康保険 資格取得日：昭和36年4月1日",
        "認定日 平成12年4月1日",
        "発症 平成3年5月2日",
        "昭和36年4月1日",
    ] {
        assert_ne!(birth(&with(row)), Some(Status::Accepted), "{row}");
    }
}

#[test]
fn of_two_relatives_the_key_person_is_meant() {
    let d = one(&[
        (600, 140, "入院時情報提供書"),
        (1200, 220, "令和8年6月8日"),
        (140, 280, "東柏わかば病院 御中"),
        (140, 400, "患者氏名 海老原 光男 様"),
        (140, 450, "生年月日 昭和8年2月15日"),
        (140, 520, "主介護者 海老原 花子（続柄 孫） TEL 080-4018-5995"),
        (140, 570, "キーパーソン 野口 綾子（続柄 長女） TEL 070-7858-6567"),
    ]);
    for (key, want) in [("contact.name", "野口 綾子"), ("contact.relation", "長女"), ("contact.phone", "070-7858-6567")]
    {
        assert_eq!(value(&d, key).as_deref(), Some(want), "{key}: {:?}", d.fields.get(key));
    }
}

#[test]
fn a_number_is_read_out_of_its_boxes() {
    let mut lines = vec![
        (500, 140, "入院時情報提供書"),
        (140, 400, "患者氏名 海老原 光男 様"),
        (152, 606, "介護保険保険者番号"),
        (612, 606, "被保険者番号"),
    ];
    let mut cells = vec![[140, 600, 440, 640], [600, 600, 1100, 640]];
    for (i, digit) in ["1", "2", "2", "2", "0", "0"].into_iter().enumerate() {
        let x = 140 + 50 * i as i32;
        lines.push((x + 14, 646, digit));
        cells.push([x, 640, x + 50, 680]);
    }
    for (i, digit) in ["0", "0", "1", "5", "0", "1", "7", "3", "9", "8"].into_iter().enumerate() {
        let x = 600 + 50 * i as i32;
        lines.push((x + 14, 646, digit));
        cells.push([x, 640, x + 50, 680]);
    }
    let documents = read(vec![celled(page(1, &lines), &cells)]);
    let d = &documents[0];
    assert_eq!(value(d, "patient.insurer_number").as_deref(), Some("122200"), "{:?}", d.fields);
    assert_eq!(value(d, "patient.insured_number").as_deref(), Some("0015017398"));
}
