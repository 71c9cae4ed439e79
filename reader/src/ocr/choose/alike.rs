//! What a recogniser's class may stand for: its NFKC form, and the characters that look the same.
//!
//! Must not know grammars or values.

use unicode_normalization::UnicodeNormalization;

use crate::ocr::classes::key;
use crate::reading::Frame;

/// The blank is never taken for less probable than this: a character that the model is sure of can still be a speck.
const BLANK_FLOOR: f32 = 3e-6;

/// Characters that print alike: the model's choice among them follows its languages, not the ink.
const SAME: &[&str] = &[
    "-ー一",
    "0O〇○o",
    "1lI|",
    "日口曰白目ロ□",
    "カ力",
    "タ夕",
    "ミ三",
    "オ才",
    "エ工",
    "ハ八",
    "ニ二",
    "ト卜",
    "チ千",
    "ヘへ",
    "ロ口",
    "ツッ",
    "ヤャ",
    "ユュ",
    "ヨョ",
    "アァ",
    "イィ",
    "ウゥ",
    "エェ",
    "オォ",
    "ケヶ",
    "カヵ",
    "リり",
    "ベべ",
    "ペぺ",
    ".・,",
    "xX×",
    "ソン",
    "シツ",
];
/// Characters that a fax blurs into each other now and then.
const NEAR: &[&str] = &[
    "5S",
    "8B",
    "2Z",
    "入人",
    "令分",
    "自白",
    "便使",
    "申中",
    "回同",
    "0D",
    "0Q",
    "6b",
    "9g",
    "年午",
    "月用",
    "1/",
    "1ノ",
    "未末",
    "土士",
    "太大犬",
    "干千于",
    "昭照",
    "バパ",
    "ビピ",
    "ブプ",
    "ベペ",
    "ボポ",
    "ツヅ",
    "ハバ",
    "ヒビ",
    "フブ",
    "ホボ",
    "カガ",
    "キギ",
    "クグ",
    "コゴ",
    "サザ",
    "シジ",
    "スズ",
    "タダ",
    "テデ",
    "トド",
];
const SAME_SHARE: f32 = 0.25;
const NEAR_SHARE: f32 = 0.003;

/// One frame in the grammar's alphabet, natural log probabilities.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Emission {
    pub blank: f32,
    /// Best first, each character once.
    pub chars: Vec<(char, f32)>,
    /// Best log probability before look-alikes were added.
    free: f32,
}

impl Emission {
    pub fn best(&self) -> f32 {
        self.free
    }
}

pub(super) fn emissions(frames: &[Frame]) -> Vec<Emission> {
    frames.iter().map(emission).collect()
}

fn emission(frame: &Frame) -> Emission {
    let mut blank = BLANK_FLOOR;
    let mut own: Vec<(char, f32)> = Vec::with_capacity(frame.rivals.len());
    for &(c, lp) in &frame.rivals {
        let p = lp.exp();
        if c == '\0' {
            blank = blank.max(p);
        } else {
            put(&mut own, key(c), p);
        }
    }
    let free = own.iter().map(|o| o.1).fold(blank, f32::max).ln();
    let mut chars = own.clone();
    for (groups, share) in [(SAME, SAME_SHARE), (NEAR, NEAR_SHARE)] {
        for &(c, p) in own.iter().filter(|o| o.1 > 1e-4) {
            for group in groups.iter().filter(|g| g.contains(c)) {
                group.chars().filter(|other| *other != c).for_each(|other| put(&mut chars, other, p * share));
            }
        }
    }
    let mut chars: Vec<(char, f32)> = chars.into_iter().map(|(c, p)| (c, p.ln())).collect();
    chars.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    Emission { blank: blank.ln(), chars, free }
}

fn put(list: &mut Vec<(char, f32)>, c: char, p: f32) {
    match list.iter_mut().find(|(known, _)| *known == c) {
        Some((_, sum)) => *sum += p,
        None => list.push((c, p)),
    }
}

/// Joins kana with the voicing marks that half-width kana carry apart.
pub(super) fn compose(text: &str) -> String {
    text.nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_summed_and_look_alikes_lent() {
        let f = Frame {
            x: 0,
            rivals: vec![('１', 0.5f32.ln()), ('1', 0.3f32.ln()), ('力', 0.1f32.ln()), ('\0', 1e-9f32.ln())],
        };
        let e = emission(&f);
        assert_eq!(e.chars[0].0, '1');
        assert!((e.chars[0].1.exp() - 0.8).abs() < 1e-5);
        assert!((e.blank.exp() - BLANK_FLOOR).abs() < 1e-9);
        let of = |c: char| e.chars.iter().find(|x| x.0 == c).map(|x| x.1.exp()).unwrap_or(0.0);
        assert!((of('カ') - 0.025).abs() < 1e-5);
        assert!((of('l') - 0.2).abs() < 1e-5);
    }

    #[test]
    fn voicing_marks_of_half_width_kana_join() {
        assert_eq!(key('ﾞ'), '\u{3099}');
        assert_eq!(compose("カ\u{3099}"), "ガ");
    }
}
