//! Signs that only their neighbours tell apart: ー and 一, り and リ, カ and 力.
//!
//! A recogniser sees a stroke; the script on both sides says what it is. Pure functions of text.

/// Hiragana and katakana of one shape.
const KANA: &[(char, char)] = &[('り', 'リ'), ('へ', 'ヘ'), ('べ', 'ベ'), ('ぺ', 'ペ')];
/// Kanji and katakana of one shape.
const KANJI: &[(char, char)] = &[
    ('力', 'カ'),
    ('口', 'ロ'),
    ('工', 'エ'),
    ('二', 'ニ'),
    ('夕', 'タ'),
    ('八', 'ハ'),
    ('卜', 'ト'),
    ('才', 'オ'),
    ('千', 'チ'),
    ('三', 'ミ'),
];
/// What is drawn as one level stroke.
const STROKES: &str = "ー一―－—─-";
/// What a figure one stands in front of: レボドパ一日3回.
const COUNTED: &str = "日回錠包枚度部般方時番人名週月年次定";
/// Kanji of the pairs that are figures: 三セット is no ミセット.
const FIGURES: &str = "二三八千";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Hiragana,
    Katakana,
    Kanji,
    Other,
}

fn script(c: char) -> Script {
    match c {
        'ぁ'..='ゖ' => Script::Hiragana,
        'ァ'..='ヺ' => Script::Katakana,
        '一'..='龥' | '々' | '﨑' => Script::Kanji,
        _ => Script::Other,
    }
}

/// Whether the neighbours alone decide what a character is.
fn ambiguous(c: char) -> bool {
    STROKES.contains(c) || KANA.iter().chain(KANJI).any(|p| p.0 == c || p.1 == c)
}

/// The text with each ambiguous sign as its neighbours want it; length and order stay.
pub fn settle(chars: &mut [char]) {
    for i in 0..chars.len() {
        let c = chars[i];
        if !ambiguous(c) {
            continue;
        }
        let near = |c: Option<&char>| c.filter(|c| !ambiguous(**c)).map_or(Script::Other, |c| script(*c));
        let before = i.checked_sub(1).map_or(Script::Other, |b| near(chars.get(b)));
        let after = near(chars.get(i + 1));
        // settled already, or plain: what stands in front decides for a stroke
        let front = i.checked_sub(1).and_then(|b| chars.get(b)).copied();
        if STROKES.contains(c) {
            let kana = front.is_some_and(|f| matches!(script(f), Script::Katakana | Script::Hiragana) || f == 'ー');
            let kanji = front.is_some_and(|f| script(f) == Script::Kanji && !KANJI.iter().any(|p| p.0 == f));
            if c == '-' && !(after == Script::Katakana && front.is_some_and(|f| script(f) == Script::Katakana)) {
                continue;
            }
            if kana
                && (script(front.unwrap_or(' ')) == Script::Katakana || c == 'ー')
                && !(after == Script::Kanji && COUNTED.contains(chars[i + 1]))
            {
                chars[i] = 'ー';
            } else if kanji && c == 'ー' {
                chars[i] = '一';
            }
            continue;
        }
        if let Some((hira, kata)) = KANA.iter().find(|p| p.0 == c || p.1 == c) {
            chars[i] = match (before, after) {
                (Script::Katakana, a) if a != Script::Hiragana => *kata,
                (Script::Hiragana, a) if a != Script::Katakana => *hira,
                (Script::Other, Script::Katakana) => *kata,
                (Script::Other | Script::Kanji, Script::Hiragana) => *hira,
                _ => c,
            };
        } else if let Some((kanji, kata)) = KANJI.iter().find(|p| p.0 == c || p.1 == c) {
            chars[i] = match (before, after) {
                (Script::Katakana, Script::Katakana) => *kata,
                (Script::Other | Script::Kanji, Script::Katakana) if !FIGURES.contains(*kanji) => *kata,
                (Script::Kanji, Script::Kanji | Script::Other | Script::Hiragana) => *kanji,
                _ => c,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_decide() {
        for (read, meant) in [
            ("新井栄ー", "新井栄一"),
            ("コ一ポ緑", "コーポ緑"),
            ("みどリ台", "みどり台"),
            ("リハビり", "リハビリ"),
            ("ペースメーカ一植込み", "ペースメーカー植込み"),
            ("二口", "二口"),
            ("一ノ瀬", "一ノ瀬"),
            ("お守りします", "お守りします"),
            ("アセトアミノフ工ン錠", "アセトアミノフエン錠"),
            ("1日1回", "1日1回"),
            ("大建中湯工キス顆粒", "大建中湯エキス顆粒"),
            ("朝昼タ（胃ろう）", "朝昼夕（胃ろう）"),
            ("ラコ-ル", "ラコール"),
            ("04-7174-3308", "04-7174-3308"),
        ] {
            let mut chars: Vec<char> = read.chars().collect();
            settle(&mut chars);
            assert_eq!(chars.into_iter().collect::<String>(), meant, "{read}");
        }
    }
}
