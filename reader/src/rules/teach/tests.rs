//! A hospital that words things as nobody else does, three corrected sheets, and the fourth.

use super::*;
use crate::reading::Reading;
use crate::rules::layer::{Base, Layer};
use crate::rules::tests::page;

const FAX: &str = "04-7100-1234";
const KIND: &str = "discharge_summary";

/// A summary: what stands where the form has its own words, and where these stand.
fn sheet(own: &[(i32, i32, &str)]) -> Reading {
    let mut lines = vec![
        (600, 140, "退院時サマリー"),
        (1200, 220, "令和8年7月20日"),
        (1000, 380, "海辺の丘病院"),
        (1000, 430, "TEL 04-7100-1233 FAX 04-7100-1234"),
        (140, 610, "患者氏名 海老原 光男 様"),
        (140, 660, "生年月日 昭和8年2月15日"),
    ];
    lines.extend_from_slice(own);
    lines.push((140, 1400, "【入院後の経過】"));
    lines.push((160, 1450, "安定しています。経過は良好です。"));
    Reading { pages: vec![page(1, &lines)], ..Reading::default() }
}

/// The change as an entry of the hospital.
fn with(key: &str, change: &Change) -> Option<RuleSet> {
    let names = |look: &[Direction]| look.iter().map(|d| format!("{:?}", d.name())).collect::<Vec<_>>().join(", ");
    let line = match change {
        Change::Label { label, look } => format!("labels = [{label:?}]\nlook = [{}]", names(look)),
        Change::Normalise(_) => return None,
        Change::StopAt(word) => format!("stop_at = [{word:?}]"),
        Change::Region { page, region } => format!("page = {page}\nregion = {region:?}"),
    };
    let mut layer = Layer::default();
    layer.set(
        "discharge_summary.toml",
        &format!("[[hospital]]\nwhen = {{ fax = {FAX:?} }}\n[hospital.field.{key:?}]\n{line}"),
    );
    RuleSet::layered(&Base::embedded(), &layer).ok()
}

fn value(rules: &RuleSet, key: &str, reading: &Reading) -> Option<String> {
    extract(rules, reading, &Registers::default()).documents.first()?.text(key)
}

/// Learns from three sheets and says what the best proposal makes of a fourth.
fn taught(key: &str, sheets: &[(Reading, &str)], fourth: &Reading) -> (Vec<Proposal>, Option<String>) {
    let rules = RuleSet::embedded();
    let found: Vec<Option<String>> = sheets.iter().map(|s| value(&rules, key, &s.0)).collect();
    let lessons: Vec<Lesson> = sheets
        .iter()
        .zip(&found)
        .map(|((reading, truth), found)| Lesson { reading, pages: &[1], truth, found: found.as_deref() })
        .collect();
    assert!(lessons.iter().all(|l| l.found != Some(l.truth)), "there is something to learn: {found:?}");
    let out = propose(&rules, KIND, key, &lessons, &Registers::default(), |c| with(key, c));
    let then = out.first().and_then(|p| value(&with(key, &p.change)?, key, fourth));
    (out, then)
}

#[test]
fn a_word_that_only_this_hospital_uses_is_learnt_as_a_label() {
    let of = |date: &str| sheet(&[(140, 760, &format!("おうちへ {date}")), (140, 860, "つぎの診察 令和8年9月1日")]);
    let sheets = [
        (of("令和8年7月13日"), "2026-07-13"),
        (of("令和8年6月30日"), "2026-06-30"),
        (of("令和8年7月1日"), "2026-07-01"),
    ];
    let (proposals, then) = taught("encounter.discharge_date", &sheets, &of("令和8年7月18日"));
    let Some(Proposal { change: Change::Label { label, look }, right: 3 }) = proposals.first() else {
        panic!("{proposals:?}")
    };
    assert_eq!((label.as_str(), look.contains(&Direction::SameLine)), ("おうちへ", true));
    assert_eq!(then.as_deref(), Some("2026-07-18"));
}

#[test]
fn a_place_without_a_word_is_learnt_as_a_region() {
    // Names that differ stand in front of the date: nothing leads to it but its place.
    let of = |who: &str, date: &str| sheet(&[(140, 760, who), (900, 1000, date), (140, 1100, "令和8年10月1日")]);
    let sheets = [
        (of("ばら", "令和8年7月13日"), "2026-07-13"),
        (of("すみれの間", "令和8年6月30日"), "2026-06-30"),
        (of("もくれん棟", "令和8年7月1日"), "2026-07-01"),
    ];
    let (proposals, then) = taught("encounter.discharge_date", &sheets, &of("ゆり", "令和8年7月18日"));
    assert!(
        matches!(proposals.first(), Some(Proposal { change: Change::Region { page: 1, .. }, right: 3 })),
        "{proposals:?}"
    );
    assert_eq!(then.as_deref(), Some("2026-07-18"));
}

#[test]
fn sheets_that_have_nothing_in_common_teach_nothing() {
    let sheets = [
        (sheet(&[(140, 760, "おうちへ 令和8年7月13日")]), "2026-07-13"),
        (sheet(&[(900, 1100, "かえるひ 令和8年6月30日")]), "2026-06-30"),
        (sheet(&[(500, 1300, "これで終わりです")]), "2026-07-01"),
    ];
    assert_eq!(taught("encounter.discharge_date", &sheets, &sheets[0].0).0, []);
}

#[test]
fn words_that_trail_a_value_end_it() {
    let lesson = |truth, found| (truth, found);
    let pairs = [lesson("自宅", "自宅へ退院"), lesson("老健", "老健へ退院の予定"), lesson("転院", "転院")];
    let reading = Reading::default();
    let lessons: Vec<Lesson> = pairs
        .iter()
        .map(|(truth, found)| Lesson { reading: &reading, pages: &[], truth, found: Some(found) })
        .collect();
    assert_eq!(ends(&lessons), [Change::StopAt("へ退院".to_owned())]);
}
