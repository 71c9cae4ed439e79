use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn read(s: &str) -> Option<(String, f32)> {
    best(s, &Context::default()).map(|r| (r.value(), r.quality))
}

fn sure(s: &str, want: &str) {
    let got = read(s);
    assert!(got.as_ref().is_some_and(|(v, q)| v == want && *q >= 0.75), "{s}: {got:?}, not {want}");
}

#[test]
fn every_style() {
    for (s, want) in [
        ("令和8年6月16日", "2026-06-16"),
        ("令和 8 年 6 月 16 日", "2026-06-16"),
        ("令和８年６月１６日", "2026-06-16"),
        ("R8.6.16", "2026-06-16"),
        ("R８．６．１６", "2026-06-16"),
        ("R 8/6/16", "2026-06-16"),
        ("令8.6.16", "2026-06-16"),
        ("昭12.3.4", "1937-03-04"),
        ("S12年3月4日", "1937-03-04"),
        ("S12-03-04", "1937-03-04"),
        ("S.12.3.4", "1937-03-04"),
        ("㍼12年3月4日", "1937-03-04"),
        ("大正十二年九月一日", "1923-09-01"),
        ("令和元年5月1日", "2019-05-01"),
        ("平成元年1月8日", "1989-01-08"),
        ("昭和64年1月7日", "1989-01-07"),
        ("2026/6/16", "2026-06-16"),
        ("2026-06-16", "2026-06-16"),
        ("2026.06.16", "2026-06-16"),
        ("2026年6月16日(火)", "2026-06-16"),
        ("2026年6月16日（火・祝）", "2026-06-16"),
        ("2026年06月16日火曜日", "2026-06-16"),
        ("西暦2026年6月16日", "2026-06-16"),
        ("二〇二六年六月十六日", "2026-06-16"),
        ("20260616", "2026-06-16"),
        ("S120304", "1937-03-04"),
        ("1933年(昭和8年)2月15日", "1933-02-15"),
        ("昭和8年(1933年)2月15日生", "1933-02-15"),
        ("昭和8(1933)年2月15日", "1933-02-15"),
        ("作成日:令和8年6月8日", "2026-06-08"),
        ("令和8年6月16日(火) 14:00", "2026-06-16T14:00"),
        ("令和8年6月16日(火)午後2時30分", "2026-06-16T14:30"),
        ("令和8年6月16日 14時", "2026-06-16T14:00"),
        ("R8.6.16(火) 14:00~15:00", "2026-06-16T14:00"),
        ("2026/6/16 9:05", "2026-06-16T09:05"),
        ("2026年7月7日(火) 午前11時15分", "2026-07-07T11:15"),
        ("令和8年6月16日 10時半頃", "2026-06-16T10:30"),
        ("令和8年6月16日 正午", "2026-06-16T12:00"),
        ("令和8年6月16日 PM2:30", "2026-06-16T14:30"),
    ] {
        sure(s, want);
    }
}

#[test]
fn what_is_no_date() {
    for s in [
        "千葉県柏市花野井2-3-18",
        "04-7135-4161",
        "2026年",
        "令和8年13月1日",
        "令和8年2月30日",
        "6月16日",
        "血圧 120/80",
        "1.2.3.4",
        "0086891712",
        "セレコキシブ錠100mg 2錠 分2",
        "",
    ] {
        assert_eq!(read(s), None, "{s}");
    }
}

#[test]
fn contradictions_lower_the_quality() {
    let q = |s: &str| read(s).map_or(0.0, |r| r.1);
    assert!(q("2026年6月16日(水)") < 0.4);
    assert!(q("令和元年4月30日") < 0.6);
    assert!(q("昭和99年4月30日") < 0.2);
    assert!(q("1933年(昭和9年)2月15日") < 0.5);
    assert!(q("26.6.16") < 0.55);
    assert!(q("昭和8年2月15口") > 0.6 && q("昭和8年2月15口") < 0.95);
    assert!(q("昭和8牛2月15日") < 0.75);
    let l = read("昭和l2年3月4日");
    assert!(l.as_ref().is_some_and(|(v, q)| v == "1937-03-04" && *q < 0.8), "{l:?}");
}

#[test]
fn printed_choices_of_eras() {
    let s = "明・大・昭・平 12年3月4日";
    assert!(read(s).is_some_and(|r| r.1 <= 0.5));
    let era = Context { era: Some(Era::Showa), ..Context::default() };
    let r = best(s, &era).map(|r| (r.value(), r.quality > 0.9));
    assert_eq!(r, Some(("1937-03-04".into(), true)));
    for s in [
        "明治・大正・昭和・平成 8 年 2 月 15 日",
        "M・T・S・H 8年2月15日",
        "明大昭平令8年2月15日",
        "大正 昭和 8年2月15日(93歳)",
    ] {
        let c = Context { reference: Some(date(2026, 6, 8)), era: Some(Era::Showa), birth: true };
        assert_eq!(best(s, &c).map(|r| r.value()), Some("1933-02-15".into()), "{s}");
    }
    // The age alone decides between the eras that are printed.
    let c = Context { reference: Some(date(2026, 6, 8)), era: None, birth: true };
    let f = find("明・大・昭・平 8年2月15日(93歳)", &c);
    assert_eq!(f[0].readings[0].day(), "1933-02-15");
    assert!(f[0].readings[0].quality > 0.5 && f[0].readings.get(1).is_none_or(|r| r.quality < 0.2), "{f:?}");
    assert_eq!(f[0].age, Some(93));
}

#[test]
fn with_a_reference() {
    let c = Context { reference: Some(date(2026, 6, 8)), ..Context::default() };
    let r = best("6月16日(火) 14:00", &c).map(|r| (r.value(), r.quality > 0.8));
    assert_eq!(r, Some(("2026-06-16T14:00".into(), true)));
    assert_eq!(best("1月5日", &c).map(|r| r.value()), Some("2027-01-05".into()));
    assert!(best("6/16", &c).is_some_and(|r| r.day() == "2026-06-16" && r.quality < 0.6));
    let birth = Context { birth: true, ..c };
    assert!(best("昭和8年2月15日(93歳)", &birth).is_some_and(|r| r.quality > 0.98));
    assert!(best("昭和8年2月15日(83歳)", &birth).is_some_and(|r| r.quality < 0.4));
    assert!(best("令和9年2月15日", &birth).is_some_and(|r| r.quality < 0.2));
}

#[test]
fn ranges() {
    let c = Context::default();
    for s in [
        "自 令和8年6月1日 至 令和8年6月30日",
        "令和8年6月1日〜6月30日",
        "令和8年6月1日から令和8年6月30日まで",
        "R8.6.1~R8.6.30",
        "2026/6/1-2026/6/30",
    ] {
        let r = range(s, &c).map(|(a, b)| (a.day(), b.day()));
        assert_eq!(r, Some(("2026-06-01".into(), "2026-06-30".into())), "{s}");
    }
    assert_eq!(range("令和8年6月30日〜令和8年6月1日", &c), None);
}

#[test]
fn spans_count_original_characters() {
    let f = find("入院日：令和８年６月５日 退院日：令和８年６月１８日", &Context::default());
    assert_eq!(f.len(), 2);
    assert_eq!((f[0].span.clone(), f[1].span.clone()), (4..12, 17..26));
    assert_eq!(time("時間 午後2時30分").map(|(t, s)| (t.hour(), t.minute(), s)), Some((14, 30, 3..10)));
}

proptest! {
    #[test]
    fn all_days_of_all_eras_come_back(days in 0i32..58_000, style in 0usize..5) {
        let d = date(1868, 1, 25).checked_add(jiff::Span::new().days(days)).unwrap();
        let era = Era::ALL.into_iter().rev().find(|e| d >= e.bounds().0).unwrap();
        let y = d.year() - era.offset();
        let s = match style {
            0 => format!("{}{}年{}月{}日", era.kanji(), if y == 1 { "元".into() } else { y.to_string() }, d.month(), d.day()),
            1 => format!("{}{y}.{}.{}", era.kanji().chars().next().unwrap(), d.month(), d.day()),
            2 => format!("{}/{}/{}", d.year(), d.month(), d.day()),
            3 => format!("{}年{:02}月{:02}日", d.year(), d.month(), d.day()),
            _ => format!("{} {y} 年 {} 月 {} 日", era.kanji(), d.month(), d.day()),
        };
        let r = best(&s, &Context::default());
        prop_assert!(r.as_ref().is_some_and(|r| r.date == d && r.quality > 0.9), "{} {:?}", s, r);
    }

    #[test]
    fn nothing_panics(s in "[令和昭平成元年月日0-9一二十./()火時:分~〜 SR歳才・-]{0,24}") {
        let c = Context { reference: Some(date(2026, 6, 8)), era: None, birth: s.len() % 2 == 0 };
        for f in find(&s, &c) {
            prop_assert!(f.span.end <= s.chars().count() && !f.readings.is_empty());
            prop_assert!(f.readings.iter().all(|r| (0.0..=1.0).contains(&r.quality)));
        }
        let _ = range(&s, &c);
        let _ = time(&s);
    }
}
