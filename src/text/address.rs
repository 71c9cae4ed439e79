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
