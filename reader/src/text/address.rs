//! Japanese addresses: do they look like one, and when are two the same.

use super::fold::{clean, plain, squeeze};
use super::numbers::postal;

pub const PREFECTURES: [&str; 47] = [
    "北海道",
    "青森県",
    "岩手県",
    "宮城県",
    "秋田県",
    "山形県",
    "福島県",
    "茨城県",
    "栃木県",
    "群馬県",
    "埼玉県",
    "千葉県",
    "東京都",
    "神奈川県",
    "新潟県",
    "富山県",
    "石川県",
    "福井県",
    "山梨県",
    "長野県",
    "岐阜県",
    "静岡県",
    "愛知県",
    "三重県",
    "滋賀県",
    "京都府",
    "大阪府",
    "兵庫県",
    "奈良県",
    "和歌山県",
    "鳥取県",
    "島根県",
    "岡山県",
    "広島県",
    "山口県",
    "徳島県",
    "香川県",
    "愛媛県",
    "高知県",
    "福岡県",
    "佐賀県",
    "長崎県",
    "熊本県",
    "大分県",
    "宮崎県",
    "鹿児島県",
    "沖縄県",
];

/// The prefecture that a text begins with.
pub fn prefecture(text: &str) -> Option<&'static str> {
    let t = squeeze(text);
    PREFECTURES.iter().find(|p| t.starts_with(**p)).copied()
}

/// First two digits of the postal codes of each prefecture, in the order of [`PREFECTURES`] (日本郵便 郵便番号データ).
const CODES: [&str; 47] = [
    "00 04 05 06 07 08 09",
    "03",
    "02",
    "98",
    "01",
    "99",
    "96 97",
    "30 31",
    "32",
    "37",
    "33 34 35 36",
    "26 27 28 29",
    "10 11 12 13 14 15 16 17 18 19 20",
    "21 22 23 24 25",
    "94 95",
    "93",
    "92",
    "91",
    "40",
    "38 39",
    "50",
    "41 42 43",
    "44 45 46 47 48 49",
    "51",
    "52",
    "60 61 62",
    "53 54 55 56 57 58 59",
    "65 66 67",
    "63",
    "64",
    "68",
    "69",
    "70 71",
    "72 73",
    "74 75",
    "77",
    "76",
    "79",
    "78",
    "80 81 82 83",
    "84",
    "85",
    "86",
    "87",
    "88",
    "89",
    "90",
];
/// Places that are served from beyond their prefecture's border.
const BEYOND: [(&str, &str); 14] = [
    ("498", "三重県"),
    ("520", "京都府"),
    ("563", "兵庫県"),
    ("618", "大阪府"),
    ("647", "三重県"),
    ("647", "奈良県"),
    ("648", "奈良県"),
    ("684", "島根県"),
    ("811", "長崎県"),
    ("817", "長崎県"),
    ("839", "大分県"),
    ("848", "長崎県"),
    ("871", "福岡県"),
    ("949", "長野県"),
];
/// Beginnings of the codes of towns about Kashiwa.
const TOWNS: [(&str, &[&str]); 4] =
    [("柏市", &["277", "270"]), ("野田市", &["278", "270"]), ("流山市", &["270"]), ("我孫子市", &["270"])];

/// Whether a postal code (digits) may be one of a prefecture; yes for what is no code.
pub fn prefecture_has_code(prefecture: &str, code: &str) -> bool {
    let own = PREFECTURES.iter().zip(CODES).find(|(p, _)| **p == prefecture).map(|(_, c)| c);
    code.len() != 7
        || own.is_none_or(|c| c.split(' ').any(|c| code.starts_with(c)))
        || BEYOND.iter().any(|(c, p)| code.starts_with(c) && *p == prefecture)
}

/// The town that a postal code is known to belong to.
pub fn town_of_code(code: &str) -> Option<&'static str> {
    (code.len() == 7).then_some(())?;
    match &code[..3] {
        "277" => Some("柏市"),
        "278" => Some("野田市"),
        _ => None,
    }
}

/// Whether a postal code may be one of a town; yes where its codes are not known, or what is no code.
pub fn town_has_code(town: &str, code: &str) -> bool {
    let own = TOWNS.iter().find(|(t, _)| town == *t);
    code.len() != 7 || own.is_none_or(|(_, c)| c.iter().any(|c| code.starts_with(c)))
}

/// The municipality (柏市, 世田谷区, 東葛飾郡沼南町) that a text begins with, after its prefecture if it names one.
pub fn municipality(text: &str) -> Option<String> {
    let t = squeeze(text);
    let rest = prefecture(&t).map_or(t.as_str(), |p| &t[p.len()..]);
    let chars: Vec<char> = rest.chars().take(8).collect();
    let end = (1..chars.len()).find(|i| {
        matches!(chars[*i], '市' | '区' | '郡' | '町' | '村') && !(chars[*i] == '市' && chars.get(i + 1) == Some(&'市'))
    })?;
    let ok = chars[..end]
        .iter()
        .all(|c| matches!(c, '\u{4E00}'..='\u{9FFF}' | 'ヶ' | 'ケ' | '々' | 'ぁ'..='ん' | 'ァ'..='ヴ'));
    ok.then(|| chars[..=end].iter().collect())
}

/// How much a text looks like an address, 0..1.
pub fn plausible(text: &str) -> f32 {
    let (_, body) = split_postal(text);
    let t = squeeze(&body);
    if t.chars().count() < 5 || t.contains('。') {
        return 0.0;
    }
    let mut score: f32 = 0.0;
    if prefecture(&t).is_some() {
        score += 0.5;
    }
    if municipality(&t).is_some() {
        score += 0.3;
    }
    let digit = t.chars().any(|c| c.is_ascii_digit());
    if digit && (t.contains('-') || ["丁目", "番地", "番", "号"].iter().any(|w| t.contains(w)) || t.contains('ー'))
    {
        score += 0.25;
    } else if digit {
        score += 0.1;
    }
    if postal(text).is_some_and(|p| p.2 >= 1.0) {
        score += 0.2;
    }
    score.min(1.0)
}

/// The postal code in front, if any, and the address behind it (NFKC, spaces collapsed).
pub fn split_postal(text: &str) -> (Option<String>, String) {
    match postal(text) {
        Some((code, span, _)) if span.start <= 3 => {
            let rest: String = text.chars().skip(span.end).collect();
            (Some(code), clean(&rest).trim_matches(|c: char| c == ' ' || "),、:".contains(c)).to_owned())
        }
        _ => (None, clean(text)),
    }
}

/// The form in which addresses are compared: no prefecture, no postal code, no spaces; 丁目, 番地, 番, 号 as hyphens;
/// kanji numbers before them as digits.
pub fn comparable(text: &str) -> String {
    let (_, body) = split_postal(text);
    let t = squeeze(&body);
    let t = prefecture(&t).map_or(t.as_str(), |p| &t[p.len()..]);
    let mut s: String = t.chars().map(|c| if "ー‐‑‒–—―−─━〜~".contains(c) { '-' } else { plain(c) }).collect();
    for (i, k) in ["一", "二", "三", "四", "五", "六", "七", "八", "九"].iter().enumerate() {
        s = s.replace(&format!("{k}丁目"), &format!("{}丁目", i + 1));
    }
    for w in ["丁目", "番地の", "番地", "番", "号室", "号", "の"] {
        // の is a hyphen only between digits; everything else only behind one.
        let mut out = String::with_capacity(s.len());
        let mut rest = s.as_str();
        while let Some(at) = rest.find(w) {
            let (head, tail) = rest.split_at(at);
            out.push_str(head);
            let behind = out.chars().next_back().is_some_and(|c| c.is_ascii_digit());
            let before = tail[w.len()..].chars().next().is_some_and(|c| c.is_ascii_digit());
            if behind && (before || w != "の") {
                out.push_str(if before { "-" } else { "" });
            } else {
                out.push_str(w);
            }
            rest = &tail[w.len()..];
        }
        out.push_str(rest);
        s = out;
    }
    s.replace('ヶ', "ケ").trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for s in [
            "千葉県柏市花野井2-3-18",
            "〒277-0005 千葉県柏市柏1-2-3",
            "柏市布施5丁目18番18号 柏ハイム502",
            "東京都世田谷区北沢1ー2ー3",
        ] {
            assert!(plausible(s) >= 0.5, "{s} {}", plausible(s));
        }
        for s in ["海老原 光男", "東柏わかば病院", "2026年6月16日", "自宅で市販薬を服用。"] {
            assert!(plausible(s) < 0.5, "{s} {}", plausible(s));
        }
        assert_eq!(municipality("千葉県柏市花野井").as_deref(), Some("柏市"));
        assert_eq!(split_postal("〒277-0005 千葉県柏市柏1-2-3"), (Some("277-0005".into()), "千葉県柏市柏1-2-3".into()));
    }

    #[test]
    fn same_address() {
        let a = comparable("千葉県柏市布施5-18-18 柏ハイム502");
        for s in ["柏市布施五丁目18番18号柏ハイム502", "〒277-0825 千葉県柏市布施５丁目１８－１８　柏ハイム502号室"]
        {
            assert_eq!(comparable(s), a, "{s}");
        }
        assert_ne!(comparable("柏市布施5-18-1"), a);
        assert_eq!(comparable("柏市光ヶ丘1の2"), comparable("柏市光ケ丘1-2"));
    }
}
