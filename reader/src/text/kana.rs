//! Kana: one script, one width, and a form in which readings are compared.

use super::fold::{alike, squeeze};

/// Hiragana to katakana, everything else unchanged.
pub fn katakana(s: &str) -> String {
    s.chars().map(|c| if matches!(c, 'ぁ'..='ゖ') { char::from_u32(c as u32 + 0x60).unwrap_or(c) } else { c }).collect()
}

/// Full-width katakana with single ASCII spaces: the contract's form of a reading. Half-width kana are widened,
/// hiragana turned, look-alikes of kanji that stand among kana put right (力 → カ, ニ …).
pub fn normal(s: &str) -> String {
    let wide = katakana(&super::fold::nfkc(s));
    wide.chars()
        .map(|c| match c {
            '力' => 'カ',
            '夕' => 'タ',
            '三' => 'ミ',
            '才' => 'オ',
            '工' => 'エ',
            '八' => 'ハ',
            '二' => 'ニ',
            '卜' => 'ト',
            '千' => 'チ',
            '口' | '□' => 'ロ',
            '又' => 'ヌ',
            '七' => 'セ',
            'へ' => 'ヘ',
            'べ' => 'ベ',
            'ぺ' => 'ペ',
            'り' => 'リ',
            '一' | '-' | '―' | '‐' | '−' | '─' => 'ー',
            _ => c,
        })
        .collect::<String>()
        .split(['・', '·', ' '])
        .filter(|p| !p.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether every character (white space aside) is kana or a long-vowel mark, and there is one.
pub fn is_kana(s: &str) -> bool {
    let mut any = false;
    for c in s.chars().filter(|c| !c.is_whitespace()) {
        if !is_kana_char(c) {
            return false;
        }
        any = true;
    }
    any
}

/// Full-width or half-width kana, or the long-vowel mark.
pub fn is_kana_char(c: char) -> bool {
    matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヶ' | 'ー' | 'ｦ'..='ﾟ')
}

/// The form in which two readings are compared: squeezed, katakana, small kana large, ヂ ヅ ヲ as they sound.
/// It tells ビ from ピ and カ from ガ.
pub fn sound(s: &str) -> String {
    normal(&squeeze(s))
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '・')
        .map(|c| match c {
            'ヂ' => 'ジ',
            'ヅ' => 'ズ',
            'ヲ' => 'オ',
            'ヱ' => 'エ',
            'ヰ' => 'イ',
            'ァ' => 'ア',
            'ィ' => 'イ',
            'ゥ' => 'ウ',
            'ェ' => 'エ',
            'ォ' => 'オ',
            'ッ' => 'ツ',
            'ャ' => 'ヤ',
            'ュ' => 'ユ',
            'ョ' => 'ヨ',
            'ヶ' => 'ケ',
            'ヵ' => 'カ',
            _ => c,
        })
        .collect()
}

/// [`sound`] with everything folded that fax recognition exchanges (voicing marks too): two readings that differ here
/// differ for certain.
pub fn rough(s: &str) -> String {
    sound(s).chars().map(|c| alike(unvoiced(c))).filter(|c| *c != alike('ー')).collect()
}

/// The kana without its voicing mark.
pub fn unvoiced(c: char) -> char {
    match c {
        'ガ' => 'カ',
        'ギ' => 'キ',
        'グ' => 'ク',
        'ゲ' => 'ケ',
        'ゴ' => 'コ',
        'ザ' => 'サ',
        'ジ' => 'シ',
        'ズ' => 'ス',
        'ゼ' => 'セ',
        'ゾ' => 'ソ',
        'ダ' => 'タ',
        'ヂ' => 'チ',
        'ヅ' => 'ツ',
        'デ' => 'テ',
        'ド' => 'ト',
        'バ' | 'パ' => 'ハ',
        'ビ' | 'ピ' => 'ヒ',
        'ブ' | 'プ' => 'フ',
        'ベ' | 'ペ' => 'ヘ',
        'ボ' | 'ポ' => 'ホ',
        'ヴ' => 'ウ',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_form() {
        assert_eq!(normal("ｴﾋﾞﾊﾗ　ﾐﾂｵ"), "エビハラ ミツオ");
        assert_eq!(normal("えびはら みつお"), "エビハラ ミツオ");
        assert_eq!(normal("力ナイ ア夕ミ"), "カナイ アタミ");
        assert_eq!(normal("コ一ノ・一郎"), "コーノ ー郎");
    }

    #[test]
    fn sounds() {
        assert_eq!(sound("シュンイチ"), sound("シユンイチ"));
        assert_eq!(sound("ミヅエ"), sound("ミズエ"));
        assert_ne!(sound("ハタ"), sound("ハダ"));
        assert_eq!(rough("ビトウ"), rough("ピトウ"));
        assert!(is_kana("カナイ アケミ") && is_kana("ｶﾅｲ") && !is_kana("金井") && !is_kana(" "));
    }
}
