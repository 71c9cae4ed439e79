//! Names of persons: honorifics, surname and given name, how likely a string is a name, and whether a name can be read
//! as its kana say.

use super::fold::{clean, nfkc_mapped, plain, squeeze};
use super::lexicon::{given, kanji_readings, surnames};
use super::{institution, kana};

/// What follows a name in an address line, longest first.
pub const HONORIFICS: &[&str] = &[
    "御侍史",
    "御机下",
    "先生",
    "御中",
    "さん",
    "さま",
    "くん",
    "ちゃん",
    "侍史",
    "机下",
    "樣",
    "様",
    "殿",
    "氏",
    "君",
];

/// The name without what politeness puts behind it (`山田 太郎 先生 御机下` → `山田 太郎`), and the outermost honorific.
/// 氏 and 君 are taken only where three characters or more remain: 君 ends given names too.
pub fn strip_honorific(s: &str) -> (String, Option<&'static str>) {
    let mut rest = clean(s);
    let mut first = None;
    'again: loop {
        let cut = rest.trim_end_matches(|c: char| c.is_whitespace() || ":・.,、。)(".contains(c)).len();
        for h in HONORIFICS {
            if let Some(head) = rest[..cut].strip_suffix(h) {
                let enough = if matches!(*h, "氏" | "君") { 3 } else { 1 };
                if head.chars().filter(|c| !c.is_whitespace()).count() >= enough {
                    first.get_or_insert(*h);
                    rest = head.trim_end().to_owned();
                    continue 'again;
                }
            }
        }
        break;
    }
    (rest.trim().to_owned(), first)
}

/// A name in two parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    pub surname: String,
    pub given: String,
    /// 0..1; 1 = the page separates them and the lexicon knows both.
    pub score: f32,
}

impl Split {
    /// The contract's form: one ASCII space between the parts.
    pub fn text(&self) -> String {
        format!("{} {}", self.surname, self.given)
    }
}

/// Splits at the page's own space, else where the lexicon knows both sides (or, weaker, one of them).
pub fn split(name: &str) -> Option<Split> {
    let name = clean(name);
    let parts: Vec<&str> = name.split(' ').filter(|p| !p.is_empty()).collect();
    if parts.len() == 2 && parts.iter().all(|p| p.chars().all(is_name_char)) {
        let known =
            f32::from(u8::from(known_surname(parts[0]))) * 0.15 + f32::from(u8::from(known_given(parts[1]))) * 0.15;
        return Some(Split { surname: parts[0].into(), given: parts[1].into(), score: 0.7 + known });
    }
    // Letters spaced out over a box (山 田 太 郎) carry no boundary.
    let chars: Vec<char> = squeeze(&name).chars().collect();
    if !(2..=9).contains(&chars.len()) || !chars.iter().all(|c| is_name_char(*c)) {
        return None;
    }
    let mut best: Option<(f32, usize)> = None;
    for at in 1..chars.len() {
        let (s, g): (String, String) = (chars[..at].iter().collect(), chars[at..].iter().collect());
        let mut score = 0.0;
        if known_surname(&s) {
            score += 0.45;
        }
        if known_given(&g) {
            score += 0.35;
        }
        // Most surnames and given names have two characters; script changes between the parts.
        score += match (at, chars.len() - at) {
            (2, 2) => 0.15,
            (2, 1 | 3) | (1 | 3, 2) => 0.08,
            _ => 0.0,
        };
        let kana_at = |i: usize| kana::is_kana_char(chars[i]);
        if kana_at(at) && !kana_at(at - 1) && chars[at..].iter().all(|c| kana::is_kana_char(*c)) && chars[at] != 'ケ' {
            score += 0.1;
        }
        if best.is_none_or(|(b, _)| score > b) {
            best = Some((score, at));
        }
    }
    let (score, at) = best?;
    (score >= 0.35).then(|| Split {
        surname: chars[..at].iter().collect(),
        given: chars[at..].iter().collect(),
        score: score.min(0.95),
    })
}

/// In the lexicon as it stands or in its plain form (髙橋 as 高橋).
pub fn known_surname(s: &str) -> bool {
    surnames().contains(s) || surnames().contains(&s.chars().map(plain).collect::<String>())
}

/// In the lexicon as it stands or in its plain form.
pub fn known_given(s: &str) -> bool {
    given().contains(s) || given().contains(&s.chars().map(plain).collect::<String>())
}

fn is_name_char(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{20000}'..='\u{2FFFF}' | '\u{F900}'..='\u{FAFF}' | '々' | '〆' | 'ヶ' | 'ノ')
        || kana::is_kana_char(c)
}

/// Words that stand where names stand and are none.
const NO_NAME: &[&str] = &[
    "患者",
    "氏名",
    "名前",
    "利用者",
    "担当",
    "医師",
    "看護",
    "病院",
    "医院",
    "診療",
    "内科",
    "外科",
    "住所",
    "電話",
    "生年",
    "月日",
    "性別",
    "年齢",
    "病棟",
    "連携",
    "相談",
    "地域",
    "施設",
    "事業",
    "介護",
    "支援",
    "様式",
    "書類",
    "情報",
    "提供",
    "記載",
    "記入",
    "作成",
    "送付",
    "退院",
    "入院",
    "主治",
    "御中",
    "殿",
    "要介",
    "自立",
    "介助",
    "特記",
    "事項",
    "備考",
    "枚数",
    "件名",
    "続柄",
    "家族",
    "本人",
    "連絡",
    "確認",
    "希望",
    "予定",
    "傷病",
    "既往",
    "処方",
    "アレルギー",
    "感染",
    "経過",
    "紹介",
    "目的",
    "なし",
    "あり",
    "不明",
    "有無",
];

/// How much a string looks like the name of one person, 0..1.
pub fn plausible(s: &str) -> f32 {
    let (name, honorific) = strip_honorific(s);
    let t = squeeze(&name);
    let n = t.chars().count();
    if !(2..=10).contains(&n) || !t.chars().all(|c| is_name_char(c) || c == '・') {
        return 0.0;
    }
    if institution::suffix(&t).is_some()
        || NO_NAME.iter().any(|w| t.contains(w))
        || super::options::relation(&t).is_some()
    {
        return 0.0;
    }
    let bonus = if honorific.is_some() { 0.2 } else { 0.0 };
    let base = match split(&name) {
        Some(s) => {
            let (k, g) = (known_surname(&s.surname), known_given(&s.given));
            let spaced = name.contains(' ');
            match (k, g) {
                (true, true) => 0.9,
                (true, false) if s.given.chars().count() <= 4 => {
                    if spaced {
                        0.75
                    } else {
                        0.65
                    }
                }
                (false, true) => {
                    if spaced {
                        0.75
                    } else {
                        0.6
                    }
                }
                _ => {
                    if spaced {
                        0.4
                    } else {
                        0.2
                    }
                }
            }
        }
        None => 0.15,
    };
    // Kana alone: a reading rather than a name.
    let kana_only = if kana::is_kana(&t) { 0.6 } else { 1.0 };
    f32::min((base + bonus) * kana_only, 1.0)
}

/// Whether a name can be read as some kana say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// Surname and given name have these readings in the dictionary.
    Agrees,
    /// One part has; the other is not in the dictionary, or has other readings there.
    Partly,
    /// The dictionary knows nothing of it.
    Unknown,
    /// The dictionary knows both parts and reads neither so.
    Conflicts,
}

/// A name in kanji against its kana, by the dictionary. Small kana and ヂ ヅ count as they sound.
pub fn reads_as(name: &str, reading: &str) -> Agreement {
    let sound = kana::sound(reading);
    let chars: Vec<char> = squeeze(name).chars().collect();
    if sound.is_empty() || chars.len() < 2 {
        return Agreement::Unknown;
    }
    let spaced_reading: Vec<String> = kana::normal(reading).split(' ').map(kana::sound).collect();
    let preferred = split(name).map(|s| s.surname.chars().count());
    let mut best = Agreement::Unknown;
    for at in preferred.into_iter().chain((1..chars.len()).filter(|a| Some(*a) != preferred)) {
        let (s, g): (String, String) = (chars[..at].iter().collect(), chars[at..].iter().collect());
        let (ss, gs) = (readings(surnames(), &s), readings(given(), &g));
        let head = |r: &str| match spaced_reading.as_slice() {
            [a, _] => a == r,
            _ => sound.starts_with(r),
        };
        let tail = |r: &str| match spaced_reading.as_slice() {
            [_, b] => b == r,
            _ => sound.ends_with(r),
        };
        if ss.iter().any(|a| gs.iter().any(|b| sound.len() == a.len() + b.len() && head(a) && tail(b))) {
            return Agreement::Agrees;
        }
        // Only a split that is likely by itself may speak for a part or against the whole.
        if Some(at) == preferred {
            let (fits_head, fits_tail) = (ss.iter().any(|a| head(a)), gs.iter().any(|b| tail(b)));
            best = if fits_head || fits_tail {
                Agreement::Partly
            } else if !ss.is_empty() && !gs.is_empty() {
                Agreement::Conflicts
            } else {
                Agreement::Unknown
            };
        }
    }
    best
}

/// Readings of a part of a name, as they sound: the dictionary's, those of its plain form, itself where it is kana, and for
/// a given name of up to three unknown kanji the combinations of single readings.
fn readings(table: &super::lexicon::Table, part: &str) -> Vec<String> {
    let plain_form: String = part.chars().map(plain).collect();
    let mut out: Vec<String> = [part, plain_form.as_str()]
        .iter()
        .filter_map(|p| table.get(p))
        .flat_map(|r| r.split(' ').filter(|r| !r.is_empty()).map(kana::sound))
        .collect();
    if kana::is_kana(part) {
        out.push(kana::sound(part));
    }
    if out.is_empty() && plain_form.chars().count() <= 3 {
        let mut all = vec![String::new()];
        for c in plain_form.chars() {
            let each = kanji_readings(c);
            all =
                all.iter().flat_map(|a| each.iter().map(move |e| format!("{a}{}", kana::sound(e)))).take(512).collect();
        }
        out.extend(all.into_iter().filter(|a| !a.is_empty()));
    }
    out.sort();
    out.dedup();
    out
}

/// How two names stand to each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Likeness {
    /// Equal after NFKC without white space.
    Equal,
    /// They differ only in forms of the same characters (邉 / 辺, 髙 / 高).
    Variant,
    /// Distance of [`super::confusion`] at most 1.3 (2 from five characters on): a misreading, or a near-twin.
    Near(f32),
    Different,
}

/// Compares two names as they are written.
pub fn compare(a: &str, b: &str) -> Likeness {
    let a: Vec<char> = nfkc_mapped(a).chars;
    let b: Vec<char> = nfkc_mapped(b).chars;
    if a == b {
        return Likeness::Equal;
    }
    if a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| plain(*x) == plain(*y)) {
        return Likeness::Variant;
    }
    let d = super::confusion::distance_chars(&a, &b);
    let most = if a.len().max(b.len()) > 4 { 2.0 } else { 1.3 };
    if d <= most { Likeness::Near(d) } else { Likeness::Different }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honorifics_go() {
        for (s, want) in [
            ("海老原　光男 様", "海老原 光男"),
            ("丸山 聡 先生 御机下", "丸山 聡"),
            ("根本ミツ樣", "根本ミツ"),
            ("ケアサポートきさらぎ御中", "ケアサポートきさらぎ"),
            ("山田 氏", "山田 氏"),
            ("様", "様"),
        ] {
            assert_eq!(strip_honorific(s).0, want, "{s}");
        }
    }

    #[test]
    fn splits() {
        for (s, want) in [
            ("海老原光男", "海老原 光男"),
            ("野口綾子", "野口 綾子"),
            ("根本勝", "根本 勝"),
            ("菊地ミツ", "菊地 ミツ"),
            ("髙橋 一郎", "髙橋 一郎"),
            ("山 田 太 郎", "山田 太郎"),
            ("上田奈々", "上田 奈々"),
            ("杉山裕介", "杉山 裕介"),
        ] {
            assert_eq!(split(s).map(|s| s.text()).as_deref(), Some(want), "{s}");
        }
        assert_eq!(split("内科"), split("内科").filter(|s| s.score < 0.9));
        assert!(split("2026").is_none() && split("").is_none());
    }

    #[test]
    fn plausibility() {
        for s in ["海老原 光男", "野口綾子 様", "根本 ミツ", "髙橋 一郎"] {
            assert!(plausible(s) > 0.8, "{s} {}", plausible(s));
        }
        for s in ["東柏わかば病院", "患者氏名", "2026年", "内科", "長男", "FAX", ""] {
            assert!(plausible(s) < 0.3, "{s} {}", plausible(s));
        }
    }

    #[test]
    fn readings_agree() {
        for (n, k) in [
            ("海老原 光男", "エビハラ ミツオ"),
            ("野口綾子", "ノグチアヤコ"),
            ("金井 明美", "ｶﾅｲ ｱｹﾐ"),
            ("河野 栄一", "こうの えいいち"),
            ("杉山 裕介", "スギヤマ ユウスケ"),
            ("根本 ミツ", "ネモト ミツ"),
        ] {
            assert_eq!(reads_as(n, k), Agreement::Agrees, "{n} {k}");
        }
        assert_eq!(reads_as("野口 綾子", "カナイ アケミ"), Agreement::Conflicts);
        assert_eq!(reads_as("野口 綾子", "ノグチ ハルエ"), Agreement::Partly);
        assert_ne!(reads_as("野口 綾子", "ノグチ アヤヨ"), Agreement::Agrees);
    }

    #[test]
    fn likeness() {
        assert_eq!(compare("渡邉　花子", "渡邉花子"), Likeness::Equal);
        assert_eq!(compare("渡邉 花子", "渡辺花子"), Likeness::Variant);
        assert_eq!(compare("髙田 実", "高田實"), Likeness::Variant);
        assert!(matches!(compare("野口綾子", "野口絢子"), Likeness::Near(_)));
        assert_eq!(compare("野口綾子", "野口春江"), Likeness::Different);
        assert_eq!(compare("野口綾子", "金井明美"), Likeness::Different);
        assert_eq!(compare("根本勝", "杉山豊"), Likeness::Different);
    }
}
