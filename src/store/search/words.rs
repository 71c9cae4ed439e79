//! The form in which names are searched, and what a person typed into the search field.
//!
//! Folded: NFKC, no white space, lower case, old and rare forms of kanji in their plain form (the table stands in
//! `text::fold`), hiragana as katakana, small kana large, voiced kana as they sound, long marks left out.
//! [`VERSION`] goes up with every change here or in that table: then the index is made anew.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::text::era::Era;
use crate::text::fold::plain;
use crate::text::{kana, squeeze};

/// Of the index: what it holds and how.
pub const VERSION: &str = "1";

/// Behind the last character of a name, so that it too begins a pair. No folded text has it.
const END: char = ' ';

/// Years back in which a day without a year is looked for; one ahead as well.
const YEARS: i16 = 10;

/// The folded form.
pub fn fold(text: &str) -> String {
    let small = squeeze(text).to_lowercase();
    kana::katakana(&small).chars().map(plain).filter_map(sound).collect()
}

fn sound(c: char) -> Option<char> {
    Some(match c {
        'ァ' => 'ア',
        'ィ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' | 'ヱ' => 'エ',
        'ォ' | 'ヲ' => 'オ',
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        'ヰ' => 'イ',
        'ヂ' => 'ジ',
        'ヅ' => 'ズ',
        'ー' | '―' | '‐' | '–' | '—' | '−' | '─' | '~' | '〜' | '・' | '･' => return None,
        _ => c,
    })
}

/// Pairs of neighbouring characters, the last one with [`END`].
pub fn grams(text: &str) -> BTreeSet<String> {
    let chars: Vec<char> = fold(text).chars().chain([END]).collect();
    chars.windows(2).map(|w| w.iter().collect()).collect()
}

/// One word of what is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// Folded, not empty.
    Text(String),
    /// Days, `YYYY-MM-DD`: one of them.
    Days(Vec<String>),
}

/// The words of a search; a date may have spaces in it where it is all there is.
pub fn terms(typed: &str, today: Date) -> Vec<Term> {
    if let Some(days) = days(typed, today) {
        return vec![Term::Days(days)];
    }
    let word = |w: &str| match days(w, today) {
        Some(days) => Some(Term::Days(days)),
        None => Some(fold(w)).filter(|f| !f.is_empty()).map(Term::Text),
    };
    let mut out: Vec<Term> = typed.split_whitespace().filter_map(word).collect();
    out.dedup();
    out
}

/// The days that a date can mean: 2026-11-24, 2026年11月24日, 令和8年11月24日, R8.11.24; 11/24 and 11月24日 in several years.
fn days(text: &str, today: Date) -> Option<Vec<String>> {
    let text = squeeze(text);
    let mut parts: Vec<&str> = Vec::new();
    let digits = |c: char| c.is_ascii_digit();
    let era_end = text.find(|c: char| digits(c) || c == '元')?;
    let (era, rest) = text.split_at(era_end);
    // What stands between and behind the numbers must be what stands there in dates.
    let mut last = 0;
    let rest = rest.replacen('元', "1", 1);
    while let Some(at) = rest.get(last..).and_then(|r| r.find(digits)) {
        let (from, between) = (last + at, &rest[last..last + at]);
        let fits = if parts.is_empty() { between.is_empty() } else { ["/", "-", ".", "年", "月"].contains(&between) };
        if !fits {
            return None;
        }
        let to = rest[from..].find(|c| !digits(c)).map_or(rest.len(), |n| from + n);
        parts.push(&rest[from..to]);
        last = to;
    }
    if !["", "日"].contains(&rest.get(last..)?) || parts.iter().any(|p| p.len() > 4) {
        return None;
    }
    let numbers: Vec<i16> = parts.iter().map(|p| p.parse().ok()).collect::<Option<_>>()?;
    let day = |y: i16, m: i16, d: i16| Date::new(y, i8::try_from(m).ok()?, i8::try_from(d).ok()?).ok();
    match (era, numbers.as_slice()) {
        ("", [y, m, d]) if parts[0].len() == 4 => Some(vec![day(*y, *m, *d)?.to_string()]),
        ("", [m, d]) if parts.iter().all(|p| p.len() < 3) => {
            let all: Vec<String> = (today.year() - YEARS..=today.year() + 1)
                .filter_map(|y| day(y, *m, *d))
                .map(|d| d.to_string())
                .collect();
            Some(all).filter(|a| !a.is_empty())
        }
        (era, [y, m, d]) if !era.is_empty() => {
            Some(vec![day(Era::parse(era)?.offset().checked_add(*y)?, *m, *d)?.to_string()])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sounds_or_means_the_same_is_folded_together() {
        for (a, b) in [
            ("髙橋", "高橋"),
            ("山﨑", "山崎"),
            ("渡邊", "渡辺"),
            ("渡邉", "渡辺"),
            ("齋藤", "斉藤"),
            ("齊藤", "斎藤"),
            ("濱田", "浜田"),
            ("ｶﾈｺ", "かねこ"),
            ("コーノ", "コノ"),
            ("シュンイチ", "しゆんいち"),
            ("ＡＢＣ　クリニック", "abcクリニツク"),
            ("柏の葉", "柏ノ葉"),
        ] {
            assert_eq!(fold(a), fold(b), "{a} {b}");
        }
        assert_ne!(fold("ハタ"), fold("ハダ"));
        assert_ne!(fold("太田"), fold("大田"));
    }

    #[test]
    fn one_character_begins_a_pair() {
        assert!(grams("森").iter().any(|g| g.starts_with('森')));
        assert_eq!(grams("佐藤").len(), 2);
    }

    #[test]
    fn dates_are_told_from_names() {
        let today: Date = "2026-11-24".parse().expect("a date");
        let one = |text: &str| match terms(text, today).as_slice() {
            [Term::Days(d)] if d.len() == 1 => d[0].clone(),
            other => panic!("{text}: {other:?}"),
        };
        for text in
            ["2026-11-24", "2026/11/24", "２０２６年１１月２４日", "令和8年11月24日", "R8.11.24", "令和 8年 11月 24日"]
        {
            assert_eq!(one(text), "2026-11-24");
        }
        assert_eq!(one("令和元年5月1日"), "2019-05-01");
        for text in ["11/24", "11月24日"] {
            let Some(Term::Days(days)) = terms(text, today).pop() else { panic!("{text}") };
            assert!(days.contains(&"2026-11-24".to_owned()) && days.len() > 2);
        }
        assert_eq!(terms("佐藤 11/24", today).len(), 2);
        for text in ["R-0001", "2026", "04-7110-5100", "13/45", "3丁目", "元", "大野元", "1-2-3-4"] {
            assert!(matches!(terms(text, today).as_slice(), [Term::Text(_)]), "{text}: {:?}", terms(text, today));
        }
        assert!(terms(" 　", today).is_empty() && terms("ー", today).is_empty());
    }
}
