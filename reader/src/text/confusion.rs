//! How far apart two strings are, in errors that recognition of faxes makes.

use super::fold::{alike, plain, squeeze};
use super::kana::unvoiced;

/// Cost of reading one character for another: 0 the same, 0.15 variant forms, 0.25 look-alikes, 0.35 another voicing
/// mark, 1 anything else.
pub fn cost(a: char, b: char) -> f32 {
    if a == b {
        return 0.0;
    }
    let (pa, pb) = (plain(a), plain(b));
    if pa == pb {
        0.15
    } else if alike(pa) == alike(pb) {
        0.25
    } else if unvoiced(pa) == unvoiced(pb) {
        0.35
    } else {
        1.0
    }
}

/// Cost of a character that was lost or invented.
pub fn gap(c: char) -> f32 {
    match c {
        '・' | '·' => 0.2,
        '.' | ',' | '\'' | '`' => 0.3,
        '-' | 'ー' | '(' | ')' => 0.6,
        _ => 1.0,
    }
}

/// Weighted edit distance after NFKC without white space.
pub fn distance(a: &str, b: &str) -> f32 {
    let (a, b) = (squeeze(a).chars().collect::<Vec<_>>(), squeeze(b).chars().collect::<Vec<_>>());
    distance_chars(&a, &b)
}

/// [`distance`] of characters that are in normal form already.
pub fn distance_chars(a: &[char], b: &[char]) -> f32 {
    within(a, b, f32::INFINITY).unwrap_or(f32::INFINITY)
}

/// [`distance_chars`] where it is not above a limit.
pub fn within(a: &[char], b: &[char], limit: f32) -> Option<f32> {
    let mut row: Vec<f32> = std::iter::once(0.0)
        .chain(b.iter().scan(0.0, |sum, c| {
            *sum += gap(*c);
            Some(*sum)
        }))
        .collect();
    for &x in a {
        let mut diagonal = row[0];
        row[0] += gap(x);
        let mut least = row[0];
        for (j, &y) in b.iter().enumerate() {
            let best = (diagonal + cost(x, y)).min(row[j + 1] + gap(x)).min(row[j] + gap(y));
            diagonal = row[j + 1];
            row[j + 1] = best;
            least = least.min(best);
        }
        // Every way to the end passes through this row, and no step costs less than nothing.
        if least > limit {
            return None;
        }
    }
    Some(row[b.len()]).filter(|d| *d <= limit)
}

/// Which characters a text holds, alike ones as one: tells quickly that two texts are far apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signature {
    all: u64,
    /// Without those that are lost cheaply.
    dear: u64,
}

impl Signature {
    /// Of characters in normal form.
    pub fn of(chars: &[char]) -> Signature {
        let bit = |c: char| 1 << (u64::from(class(c)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58);
        chars.iter().fold(Signature::default(), |s, c| Signature {
            all: s.all | bit(*c),
            dear: s.dear | if gap(*c) < 1.0 { 0 } else { bit(*c) },
        })
    }

    /// Whether the [`distance_chars`] of the two texts is surely above so much: each character of one that has nothing
    /// like it in the other costs 1.
    pub fn beyond(self, other: Signature, limit: f32) -> bool {
        let alone = |a: u64, b: u64| (a & !b).count_ones();
        alone(self.dear, other.all).max(alone(other.dear, self.all)) as f32 > limit
    }
}

/// The same for characters of which one is read for another at less than the full [`cost`].
fn class(c: char) -> char {
    match alike(unvoiced(alike(plain(c)))) {
        // (alike across the two kana, so its voicing mark is lost in neither)
        'べ' => 'へ',
        c => c,
    }
}

/// 1 for equal strings, 0 for strings that share nothing.
pub fn similarity(a: &str, b: &str) -> f32 {
    let (a, b) = (squeeze(a).chars().collect::<Vec<_>>(), squeeze(b).chars().collect::<Vec<_>>());
    let n = a.len().max(b.len());
    if n == 0 {
        return 0.0;
    }
    (1.0 - distance_chars(&a, &b) / n as f32).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn confusions_cost_less_than_errors() {
        assert!(distance("渡邉花子", "渡辺花子") < 0.2);
        assert!(distance("フリカナ", "フリ力ナ") < 0.3);
        assert!(distance("コード・番号", "コード番号") < 0.3);
        assert!((distance("野口綾子", "野口春江") - 2.0).abs() < 1e-6);
        assert!(similarity("光ヶ丘ゆずりは医院", "光ケ丘ゆずりは医院") > 0.95);
    }

    #[test]
    fn what_is_read_for_another_is_of_its_class() {
        let kana = ('ぁ'..='ヿ').chain("ー一-口日ロ力夕三才工八二卜千入匕0oO〇1lI|5s9g8b2z(〔[{崎﨑高髙辺邉邊".chars());
        let all: Vec<char> = kana.collect();
        for (a, b) in all.iter().flat_map(|a| all.iter().map(move |b| (*a, *b))) {
            assert!(cost(a, b) >= 1.0 || class(a) == class(b), "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn signatures_never_hide_what_is_near(a in "[ぁ-んァ-ヶ一二三日口0-9・.-]{0,8}", b in "[ぁ-んァ-ヶ一二三日口0-9・.-]{0,8}") {
            let chars = |s: &str| squeeze(s).chars().collect::<Vec<char>>();
            let (a, b) = (chars(&a), chars(&b));
            for limit in [0.5, 1.0, 2.5] {
                prop_assert!(!Signature::of(&a).beyond(Signature::of(&b), limit) || within(&a, &b, limit).is_none());
            }
        }

        #[test]
        fn it_is_a_distance(a in "[ぁ-んァ-ヶ一二三日口0-9]{0,8}", b in "[ぁ-んァ-ヶ一二三日口0-9]{0,8}") {
            prop_assert_eq!(distance(&a, &a), 0.0);
            let chars = |s: &str| squeeze(s).chars().collect::<Vec<char>>();
            let d = distance(&a, &b);
            prop_assert_eq!(within(&chars(&a), &chars(&b), 1.0), (d <= 1.0).then_some(d));
            prop_assert!((distance(&a, &b) - distance(&b, &a)).abs() < 1e-4);
            prop_assert!(distance(&a, &b) <= a.chars().count().max(b.chars().count()) as f32 + 1e-4);
        }
    }
}
