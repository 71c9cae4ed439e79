//! What a careful clerk compares before a sheet goes on: values that cannot both be right wait for a person, both of them.
//!
//! Pure: the chosen fields of one document and the text that stands beside them; must not know candidates or ranking. A
//! check never changes a value and never makes one certain. Checks of one value alone are its rule's (`check = […]`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::model::Field;
use crate::reading::Page;
use crate::text::{address, era, numbers, squeeze};

/// A check that failed: the fields concerned, and the sentence that their traces get.
type Failed = (Vec<&'static str>, String);

const DATES: [&str; 6] = [
    "document.date",
    "patient.birth_date",
    "encounter.admission_date",
    "encounter.discharge_date",
    "next_visit.datetime",
    "conference.datetime",
];

/// Compares a document's values; `reference` is the day by which it is read.
pub fn fields(pages: &[&Page], reference: Option<Date>, out: &mut BTreeMap<String, Field>) {
    let mut failed: Vec<Failed> = Vec::new();
    for key in DATES {
        let Some(field) = out.get(key) else { continue };
        let Some(page) = pages.iter().find(|p| p.number == field.page) else { continue };
        failed.extend(beside(key, &field.value.text(), &row_from(page, field.rect), reference));
    }
    let get = |key: &str| out.get(key).map(|f| f.value.text());
    failed.extend(order(&get, reference));
    failed.extend(place(&get));
    for (keys, sentence) in failed {
        for key in keys {
            if let Some(field) = out.get_mut(key) {
                field.doubt();
                field.trace.failed.push(sentence.clone());
            }
        }
    }
}

/// The text of a value's row from the value's left edge on.
fn row_from(page: &Page, rect: [i32; 4]) -> String {
    let [x0, y0, _, y1] = rect;
    let mut row: Vec<_> = page.lines.iter().filter(|l| !l.tti && (y0..y1).contains(&l.rect.center().1)).collect();
    row.sort_by_key(|l| l.rect.x0);
    let glyphs = row.iter().flat_map(|l| &l.glyphs).filter(|g| (g.x0 + g.x1) / 2 >= x0);
    glyphs.map(|g| g.ch).collect()
}

/// The weekday and the age that stand behind a date.
fn beside(key: &'static str, value: &str, row: &str, reference: Option<Date>) -> Option<Failed> {
    static WEEKDAY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:[(（〔\[]([月火水木金土日])(?:曜日?)?[)）〕\]]|([月火水木金土日])曜)")
            .expect("a pattern of the program's own")
    });
    let day: Date = value.get(..10)?.parse().ok()?;
    let birth = key == "patient.birth_date";
    let context = era::Context { reference, era: None, birth };
    let row = squeeze(row);
    // the row's first date must be the value's: another one's weekday says nothing of it
    let found = era::find(&row, &context).into_iter().next().filter(|f| f.readings.iter().any(|r| r.date == day))?;
    let written: String = row.chars().take(found.span.end + 4).skip(found.span.start).collect();
    if let Some(c) = WEEKDAY.captures(&written) {
        let said = c.get(1).or(c.get(2))?.as_str();
        if era::weekday(said) != Some(day.weekday()) {
            return Some((vec![key], format!("曜日（{said}）が日付と合いません")));
        }
    }
    if birth
        && let (Some(age), Some(reference)) = (found.age, reference)
        && !age_fits(day, age, reference)
    {
        return Some((vec![key], format!("年齢（{age}歳）が生年月日と合いません")));
    }
    None
}

/// Whether somebody born on a day has an age on another; a birthday nearby may not have been counted.
fn age_fits(birth: Date, age: i16, on: Date) -> bool {
    const NEARBY: i64 = 45;
    let near = |days: i64| {
        let shifted = on.checked_add(jiff::Span::new().days(days)).unwrap_or(on);
        era::age_on(birth, shifted) == age
    };
    near(0) || near(-NEARBY) || near(NEARBY)
}

/// Days that must follow each other, and lie about the sheet's own.
fn order(get: &dyn Fn(&str) -> Option<String>, reference: Option<Date>) -> Vec<Failed> {
    let day = |key: &str| get(key)?.get(..10)?.parse::<Date>().ok();
    let days = |from: Date, to: Date| i64::from((to - from).get_days());
    let mut out: Vec<Failed> = Vec::new();
    let (admission, discharge) = (day("encounter.admission_date"), day("encounter.discharge_date"));
    if let (Some(a), Some(d)) = (admission, discharge)
        && days(a, d) < 0
    {
        let both = vec!["encounter.admission_date", "encounter.discharge_date"];
        out.push((both, "退院日が入院日より前です".to_owned()));
    }
    let birth = day("patient.birth_date");
    for (key, date, name) in [
        ("encounter.admission_date", admission, "入院日"),
        ("encounter.discharge_date", discharge, "退院日"),
        ("document.date", day("document.date"), "書類の日付"),
    ] {
        if let (Some(b), Some(d)) = (birth, date)
            && days(b, d) < 0
        {
            out.push((vec!["patient.birth_date", key], format!("{name}が生年月日より前です")));
        }
    }
    // only the sheet's own day: the mail's says when it was sent, not what it speaks of
    if let Some(sheet) = day("document.date") {
        if admission.is_some_and(|a| days(sheet, a) > 90) {
            out.push((
                vec!["encounter.admission_date", "document.date"],
                "入院日が書類の日付より３か月以上後です".to_owned(),
            ));
        }
        if discharge.is_some_and(|d| !(-400..=200).contains(&days(sheet, d))) {
            out.push((
                vec!["encounter.discharge_date", "document.date"],
                "退院日が書類の日付から離れています".to_owned(),
            ));
        }
        if birth.is_some_and(|b| era::age_on(b, sheet) > 115) {
            out.push((vec!["patient.birth_date", "document.date"], "年齢が115歳を超えます".to_owned()));
        }
    } else if let (Some(b), Some(r)) = (birth, reference)
        && !(0..=115).contains(&era::age_on(b, r))
    {
        out.push((vec!["patient.birth_date"], "生年月日から計算した年齢がありえません".to_owned()));
    }
    out
}

/// The postal code against the prefecture, or the town, that the address begins with.
fn place(get: &dyn Fn(&str) -> Option<String>) -> Option<Failed> {
    let code = numbers::digits(&get("patient.postal_code")?);
    let place = get("patient.address")?;
    let (_, place) = address::split_postal(&place);
    let said = match (address::prefecture(&place), address::municipality(&place)) {
        (Some(p), _) if !address::prefecture_has_code(p, &code) => p.to_owned(),
        (_, Some(town)) if address::town_of_code(&code).is_some_and(|t| !town.ends_with(t)) => town,
        // only the other way round: a town without its prefecture, whose codes are known
        (_, Some(town)) if !address::town_has_code(&town, &code) => town,
        _ => return None,
    };
    Some((vec!["patient.postal_code", "patient.address"], format!("郵便番号が住所（{said}）と合いません")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn on(text: &str) -> Date {
        text.parse().expect("a day")
    }

    fn sentences(values: &[(&str, &str)]) -> Vec<String> {
        let get = |key: &str| values.iter().find(|v| v.0 == key).map(|v| v.1.to_owned());
        order(&get, Some(on("2026-07-14"))).into_iter().chain(place(&get)).map(|f| f.1).collect()
    }

    #[test]
    fn a_weekday_must_be_the_days() {
        let said = |row: &str| beside("document.date", "2026-07-14", row, None).map(|f| f.1);
        assert_eq!(said("R8.7.14(火)"), None);
        assert_eq!(said("R8.7.14（水）"), Some("曜日（水）が日付と合いません".into()));
        assert_eq!(said("令和8年7月14日 水曜日"), Some("曜日（水）が日付と合いません".into()));
        assert_eq!(said("令和8年7月14日 日本太郎"), None, "no weekday");
        assert_eq!(said("令和8年7月15日(火)"), None, "another date's");
    }

    #[test]
    fn an_age_must_be_the_birthdays() {
        let said = |row: &str, day: &str| beside("patient.birth_date", "1933-02-15", row, Some(on(day))).map(|f| f.1);
        assert_eq!(said("昭和8年2月15日(93歳)", "2026-07-14"), None);
        assert_eq!(said("昭和8年2月15日(83歳)", "2026-07-14"), Some("年齢（83歳）が生年月日と合いません".into()));
        assert_eq!(said("昭和8年2月15日(92歳)", "2026-07-14"), Some("年齢（92歳）が生年月日と合いません".into()));
        assert_eq!(said("昭和8年2月15日(92歳)", "2026-03-01"), None, "not yet counted");
        assert_eq!(said("昭和8年2月15日 男", "2026-07-14"), None);
    }

    #[test]
    fn days_follow_each_other() {
        let (a, d) = ("encounter.admission_date", "encounter.discharge_date");
        assert_eq!(sentences(&[(a, "2026-07-01"), (d, "2026-07-01")]), Vec::<String>::new());
        assert_eq!(sentences(&[(a, "2026-07-02"), (d, "2026-07-01")]), ["退院日が入院日より前です"]);
        assert_eq!(
            sentences(&[("document.date", "2026-07-14"), (d, "2027-07-14")]),
            ["退院日が書類の日付から離れています"]
        );
        assert_eq!(sentences(&[("document.date", "2026-07-14"), (a, "2026-10-12")]), Vec::<String>::new());
        assert_eq!(sentences(&[("document.date", "2026-07-14"), (a, "2026-10-13")]).len(), 1);
        assert_eq!(sentences(&[("patient.birth_date", "2026-07-15")]).len(), 1);
        assert_eq!(sentences(&[("patient.birth_date", "1911-07-14")]), Vec::<String>::new());
        assert_eq!(sentences(&[("patient.birth_date", "1910-07-13")]).len(), 1);
    }

    #[test]
    fn a_postal_code_lies_in_its_prefecture_and_town() {
        let said = |code: &str, place: &str| sentences(&[("patient.postal_code", code), ("patient.address", place)]);
        for (code, place) in [
            ("277-0005", "千葉県柏市柏1-2-3"),
            ("277-0005", "柏市柏1-2-3"),
            ("270-1453", "柏市大井1-2"),
            ("270-0128", "流山市おおたかの森西1-1"),
            ("302-0110", "茨城県守谷市百合ケ丘2-1"),
            ("817-0001", "長崎県対馬市厳原町1"),
            ("065-0001", "北海道札幌市東区北1条"),
            ("277-0005", "1-2-3"),
        ] {
            assert_eq!(said(code, place), Vec::<String>::new(), "{code} {place}");
        }
        for (code, place, what) in [
            ("377-0005", "千葉県柏市柏1-2-3", "千葉県"),
            ("278-0005", "千葉県柏市柏1-2-3", "柏市"),
            ("277-0005", "千葉県野田市山崎1", "野田市"),
            ("207-0005", "柏市柏1-2-3", "柏市"),
        ] {
            assert_eq!(said(code, place), [format!("郵便番号が住所（{what}）と合いません")], "{code} {place}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_values_every_failure_names_fields_that_stand_there(
            a in "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9])", d in "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9])", b in "\\PC{0,12}", code in "[0-9-]{0,9}",
        ) {
            let values = [("encounter.admission_date", a.as_str()), ("document.date", d.as_str()), ("patient.birth_date", b.as_str()),
                ("patient.postal_code", code.as_str()), ("patient.address", b.as_str())];
            let get = |key: &str| values.iter().find(|v| v.0 == key).map(|v| v.1.to_owned());
            for (keys, sentence) in order(&get, None).into_iter().chain(place(&get)) {
                prop_assert!(!sentence.is_empty() && keys.iter().all(|k| get(k).is_some()));
            }
            let _ = beside("patient.birth_date", &a, &b, None);
        }

        #[test]
        fn an_age_that_is_right_always_fits(days in 0i32..36_000, y in 1925i16..2020, m in 1i8..13, d in 1i8..29) {
            let birth = jiff::civil::date(y, m, d);
            let day = birth.checked_add(jiff::Span::new().days(days)).expect("a day");
            let age = era::age_on(birth, day);
            prop_assert!(age_fits(birth, age, day) && !age_fits(birth, age + 2, day) && !age_fits(birth, age - 2, day));
        }
    }
}
