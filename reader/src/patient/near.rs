//! What a misreading, or a twin, can turn into what.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::register::Patient;
use crate::text::era::Era;
use crate::text::fold::plain;
use crate::text::numbers::phone_digits;
use crate::text::{address, confusion, kana as sounds, names, squeeze};

/// Days that one misreading makes of a day (`YYYY-MM-DD`), itself left out: one digit, two neighbours exchanged, month and
/// day exchanged, another era, a day, month or year beside it.
pub(super) fn days(day: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let digits: Vec<u8> = day.bytes().filter(u8::is_ascii_digit).collect();
    if digits.len() != 8 {
        return out;
    }
    let text = |d: &[u8]| {
        let s = String::from_utf8_lossy(d);
        format!("{}-{}-{}", &s[..4], &s[4..6], &s[6..])
    };
    for i in 0..8 {
        for digit in b'0'..=b'9' {
            let mut d = digits.clone();
            d[i] = digit;
            out.insert(text(&d));
        }
        if i < 7 {
            let mut d = digits.clone();
            d.swap(i, i + 1);
            out.insert(text(&d));
        }
    }
    let mut swapped = digits[..4].to_vec();
    swapped.extend(&digits[6..]);
    swapped.extend(&digits[4..6]);
    out.insert(text(&swapped));
    if let Ok(date) = day.parse::<Date>() {
        for span in [1.day(), 1.month(), 1.year()] {
            out.extend([date.checked_add(span), date.checked_sub(span)].into_iter().flatten().map(|d| d.to_string()));
        }
        for a in Era::ALL {
            for b in Era::ALL {
                let shift = i32::from(b.offset()) - i32::from(a.offset());
                out.extend(date.checked_add(shift.years()).ok().map(|d| d.to_string()));
            }
        }
    }
    out.remove(day);
    out
}

/// Whether two days differ in at most two digits.
pub(super) fn two_digits(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).filter(|(x, y)| x != y).count() <= 2
}

/// Whether two readings sound alike, or nearly: one syllable apart, or voicing marks only.
pub(super) fn kana(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (sounds::rough(a).chars().collect(), sounds::rough(b).chars().collect());
    confusion::distance_chars(&a, &b) <= 1.0
}

/// Whether two names share their surname (variant forms count as one).
pub(super) fn same_surname(a: &str, b: &str) -> bool {
    let surname = |n: &str| names::split(n).map(|s| s.surname.chars().map(plain).collect::<String>());
    match (surname(a), surname(b)) {
        (Some(x), Some(y)) => x == y,
        // Without a split: as many characters as the shortest surname has.
        _ => {
            let first = |n: &str| squeeze(n).chars().take(2).map(plain).collect::<Vec<_>>();
            first(a) == first(b)
        }
    }
}

/// Whether two patients plainly live in two houses: both addresses are known and differ, and no phone is shared.
pub(super) fn two_houses(a: &Patient, b: &Patient) -> bool {
    let (x, y) = (address::comparable(&a.address), address::comparable(&b.address));
    let phone = a.phones.iter().any(|p| b.phones.iter().any(|q| phone_digits(p) == phone_digits(q)));
    !phone && !x.is_empty() && !y.is_empty() && confusion::similarity(&x, &y) < 0.8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_a_day() {
        let d = days("1933-02-15");
        for near in [
            "1938-02-15",
            "1933-02-16",
            "1933-03-15",
            "1933-02-51",
            "1919-02-15",
            "1996-02-15",
            "1933-15-02",
            "1932-02-15",
        ] {
            assert!(d.contains(near), "{near}");
        }
        assert!(days("1933-02-09").contains("1933-02-10"));
        assert!(!d.contains("1933-02-15") && !d.contains("1945-07-25"));
        assert!(days("").is_empty());
        assert!(d.len() < 130);
    }

    #[test]
    fn sounds_and_surnames() {
        assert!(
            kana("ノグチ アヤコ", "ノグチ アヤノ") && kana("ハタ", "ハダ") && !kana("ノグチ アヤコ", "ノグチ ハルエ")
        );
        assert!(same_surname("渡邉 花子", "渡辺 月子") && !same_surname("野口 綾子", "金井 綾子"));
    }
}
