//! What is among the candidates of a page, whatever the weights make of it.

use super::*;

/// The values that a page may hold for a field of a type.
fn found(page: &Page, kind: &str, key: &str) -> Vec<String> {
    let rules = RuleSet::embedded();
    let kind = &rules.kinds[kind];
    let sheet = Sheet::new(page, kind.lexicon());
    let known = Known { reference: Some(jiff::civil::date(2026, 6, 8)), era: None };
    let all = candidate::collect(&sheet, kind.fields(), &known);
    all.iter().filter(|c| c.field == key).map(|c| c.value.text()).collect()
}

fn holds(page: &Page, kind: &str, key: &str, value: &str) {
    let all = found(page, kind, key);
    assert!(all.iter().any(|v| v == value), "{key}: {value} is not among {all:?}");
}

#[test]
fn a_five_between_points_is_no_letter() {
    let page = page(1, &[(600, 140, "退院時サマリー"), (140, 300, "退院日 R8.11.5"), (140, 380, "入院日 H30.5.2")]);
    holds(&page, "discharge_summary", "encounter.discharge_date", "2026-11-05");
    holds(&page, "discharge_summary", "encounter.admission_date", "2018-05-02");
}

#[test]
fn sentences_tell_of_a_stay() {
    let page = page(
        1,
        &[
            (600, 140, "退院前カンファレンスのご案内"),
            (140, 300, "さて、令和8年5月15日より当院に入院されております長妻律子様につきまして、令和8年6"),
            (140, 340, "月19日頃のご退院を予定しております。つきましては下記のとおりお知らせします。"),
            (140, 480, "令和8年6月20日に自宅へ退院される予定です。"),
            (140, 620, "病名は肺炎、糖尿病です。これまでに胃潰瘍の既往があります。"),
            (140, 760, "次回は2026年7月3日（金）10時30分に当科を予約しております。"),
        ],
    );
    let kind = "conference_notice";
    holds(&page, kind, "encounter.admission_date", "2026-05-15");
    holds(&page, kind, "encounter.discharge_date", "2026-06-19");
    holds(&page, kind, "encounter.discharge_date", "2026-06-20");
    holds(&page, kind, "encounter.destination", "自宅");
    holds(&page, kind, "clinical.diagnoses", "肺炎、糖尿病");
    holds(&page, kind, "clinical.history", "胃潰瘍");
    holds(&page, kind, "next_visit.datetime", "2026-07-03T10:30");
}

#[test]
fn sentences_tell_of_daily_living() {
    let page =
        page(1, &[(600, 140, "看護サマリー"), (140, 300, "移乗動作一部介助/歩行・移動全介助/食事摂取自立/入浴見守り")]);
    for (key, value) in [
        ("adl.transfer", "partial"),
        ("adl.mobility", "full"),
        ("adl.eating", "independent"),
        ("adl.bathing", "supervised"),
    ] {
        holds(&page, "nursing_summary", key, value);
    }
}

#[test]
fn grades_under_their_heads_are_no_choice() {
    let heads = ["移乗", "移動", "食事", "排泄"];
    let grades = ["一部介助", "見守り", "一部介助", "自立"];
    let (mut lines, mut cells) = (vec![(600, 140, "看護サマリー")], Vec::new());
    for (i, (h, g)) in heads.iter().zip(grades).enumerate() {
        let x = 140 + 200 * i as i32;
        lines.extend([(x + 20, 310, *h), (x + 20, 370, g)]);
        cells.extend([[x, 300, x + 200, 350], [x, 350, x + 200, 410]]);
    }
    let page = celled(page(1, &lines), &cells);
    holds(&page, "nursing_summary", "adl.transfer", "partial");
    holds(&page, "nursing_summary", "adl.toileting", "independent");
}

#[test]
fn lists_under_a_heading() {
    let page = page(
        1,
        &[
            (600, 140, "診療情報提供書"),
            (140, 300, "診断名"),
            (200, 350, "#1 前頭側頭型認知症"),
            (200, 400, "#2 1gA腎症"),
            (140, 450, "最後に処方した薬"),
            (200, 500, "アムロジピン錠5mg 1回1錠 1日1回朝食後"),
        ],
    );
    holds(&page, "referral", "clinical.diagnoses", "前頭側頭型認知症、IgA腎症");
}

#[test]
fn an_item_that_its_row_breaks() {
    let page = celled(
        page(
            1,
            &[
                (600, 140, "退院時サマリー"),
                (150, 310, "主病名"),
                (350, 310, "右視床梗塞、左不全麻痺、高血"),
                (350, 350, "圧症、不眠症"),
            ],
        ),
        &[[140, 300, 340, 400], [340, 300, 1100, 400]],
    );
    holds(&page, "discharge_summary", "clinical.diagnoses", "右視床梗塞、左不全麻痺、高血圧症、不眠症");
}

#[test]
fn a_word_in_a_value_is_no_label() {
    let page = celled(
        page(
            1,
            &[
                (600, 140, "退院前カンファレンスのご案内"),
                (150, 310, "場所"),
                (350, 310, "当院2階食堂横談話室"),
                (150, 370, "退院先"),
                (350, 370, "ご自宅（独居）"),
            ],
        ),
        &[[140, 300, 340, 350], [340, 300, 1100, 350], [140, 360, 340, 410], [340, 360, 1100, 410]],
    );
    holds(&page, "conference_notice", "conference.place", "当院2階食堂横談話室");
    holds(&page, "conference_notice", "encounter.destination", "ご自宅(独居)");
}

#[test]
fn a_label_goes_on_behind_a_bracket() {
    let page = page(1, &[(600, 140, "退院・退所情報記録書"), (140, 300, "退院（所）時の要介護度 要支援2")]);
    holds(&page, "discharge_record", "care.level", "support_2");
}

#[test]
fn a_list_goes_on_under_a_second_label() {
    let page = celled(
        page(
            1,
            &[
                (600, 140, "退院時サマリー"),
                (150, 310, "主病名"),
                (350, 310, "肺炎"),
                (150, 370, "併存症"),
                (350, 370, "高血圧症、糖尿病"),
            ],
        ),
        &[[140, 300, 340, 350], [340, 300, 1100, 350], [140, 350, 340, 410], [340, 350, 1100, 410]],
    );
    holds(&page, "discharge_summary", "clinical.diagnoses", "肺炎、高血圧症、糖尿病");
}

#[test]
fn figures_that_the_page_explains() {
    let page = celled(
        page(
            1,
            &[
                (600, 140, "看護サマリー"),
                (150, 310, "食べる"),
                (350, 310, "乗り移る"),
                (230, 370, "4"),
                (430, 370, "3"),
                (140, 450, "1:自立 2:見守り 3:一部介助 4:全介助"),
            ],
        ),
        &[[140, 300, 340, 350], [340, 300, 540, 350], [140, 350, 340, 410], [340, 350, 540, 410]],
    );
    holds(&page, "nursing_summary", "adl.eating", "full");
    holds(&page, "nursing_summary", "adl.transfer", "partial");
}
