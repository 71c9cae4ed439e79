//! Short words and running text.

use crate::text::{clean, options, squeeze};

use super::super::view::Text;
use super::Parsed;

pub fn relation(text: &Text) -> Vec<Parsed> {
    let string = text.string();
    let range = text.trimmed();
    let trimmed: String = text.chars[range.clone()].iter().collect();
    if let Some(r) = options::relation(&trimmed) {
        return vec![Parsed::one(r, range, 1.0)];
    }
    if let Some((r, span)) = options::bracketed_relation(&string) {
        return vec![Parsed::one(r, span.start + 1..(span.end - 1).max(span.start + 2), 0.95)];
    }
    // a word of its own among others
    let mut out = Vec::new();
    let mut start = 0;
    for i in 0..=text.chars.len() {
        if i == text.chars.len() || text.chars[i].is_whitespace() || "()（）・/／、:：".contains(text.chars[i]) {
            if i > start
                && let Some(r) = options::relation(&text.chars[start..i].iter().collect::<String>())
            {
                out.push(Parsed::one(r, start..i, 0.8));
            }
            start = i + 1;
        }
    }
    out
}

pub fn url(text: &Text) -> Vec<Parsed> {
    // an address broken over rows goes on without white space
    let chars: Vec<(usize, char)> =
        text.chars.iter().copied().enumerate().filter(|(_, c)| !c.is_whitespace()).collect();
    let flat: String = chars.iter().map(|c| c.1).collect::<String>();
    let normal = squeeze(&flat);
    let Some(at) = ["https://", "http://", "https:/", "https"].iter().find_map(|p| normal.find(p)) else {
        return Vec::new();
    };
    let url: String =
        normal[at..].chars().take_while(|c| c.is_ascii_graphic() && !"()<>\"'、。".contains(*c)).collect();
    let url = url.trim_end_matches(['.', ',', ')', ']']).to_owned();
    let skip = normal[..at].chars().count();
    let len = url.chars().count();
    if len < 12 {
        return Vec::new();
    }
    let (a, b) = (chars.get(skip), chars.get(skip + len - 1).or(chars.last()));
    match (a, b) {
        (Some(a), Some(b)) => vec![Parsed::one(url, a.0..b.0 + 1, 1.0)],
        _ => Vec::new(),
    }
}

/// A word or two in one row (a destination, a place).
pub fn word(text: &Text) -> Vec<Parsed> {
    let range = text.trimmed();
    let end = text.chars[range.clone()].iter().position(|c| *c == '\n').map_or(range.end, |n| range.start + n);
    let mut out = Vec::new();
    for end in [range.end, end] {
        let span = range.start..end;
        let value = flowing(&text.chars[span.clone()]);
        let n = squeeze(&value).chars().count();
        let quality = match n {
            0 => 0.0,
            1 => 0.3,
            2..=24 => 0.85,
            25..=40 => 0.5,
            _ => 0.2,
        };
        let prose = if value.contains('。') { 0.5 } else { 1.0 };
        // a name that its cell breaks goes on in the second row
        let breaks = text.chars[span.clone()].iter().filter(|c| **c == '\n').count();
        let rows = match (breaks, range.end > end) {
            (0, false) => 1.0,
            (0, true) => 0.93,
            (1, _) => 1.0,
            _ => 0.7,
        };
        if !out.iter().any(|p: &Parsed| p.span == span) {
            out.push(Parsed::one(value, span, quality * prose * rows));
        }
    }
    out
}

/// Running text: rows are joined, white space inside Japanese goes.
pub fn prose(text: &Text) -> Vec<Parsed> {
    let range = text.trimmed();
    if let Some(p) = among_boxes(text) {
        return vec![p];
    }
    let value = signs(&flowing(&text.chars[range.clone()]));
    let n = squeeze(&value).chars().count();
    let sentence = value.contains('。') || value.contains('、');
    let quality = match n {
        0 => 0.0,
        1 => 0.5,
        2..=5 => 0.7,
        _ if sentence => 1.0,
        6..=40 => 0.85,
        _ => 0.8,
    };
    vec![Parsed::one(value, range, quality)]
}

/// What is written into the last bracket of a row of boxes: □なし □骨折 ☑その他（帯状疱疹）.
fn among_boxes(text: &Text) -> Option<Parsed> {
    let boxes = text.chars.iter().filter(|c| "□☐☑☒■✓✔レ".contains(**c)).count();
    let open = text.chars.iter().rposition(|c| "(（".contains(*c)).filter(|_| boxes >= 3)?;
    let before: String = text.chars[..open].iter().filter(|c| !c.is_whitespace()).collect();
    let end = (open..text.chars.len()).rfind(|i| ")）".contains(text.chars[*i])).unwrap_or(text.chars.len());
    // (a bracket inside it: その他（気管支喘息（小児期））)
    let other = before.rfind("その他").map(|b| before[..b].chars().count() + 3);
    let first = match other {
        Some(n) if before.chars().count() == n => open,
        Some(_) => text.chars[..open].iter().rposition(|c| "(（".contains(*c))?,
        None => return None,
    };
    let inner = text.slice(first + 1..end).trimmed();
    let span = first + 1 + inner.start..first + 1 + inner.end;
    let value = flowing(&text.chars[span.clone()]);
    (squeeze(&value).chars().count() >= 2).then(|| Parsed::one(value, span, 0.9))
}

/// A minus in brackets reads as the numeral: HBs抗原(一).
pub fn signs(value: &str) -> String {
    value.replace("(一)", "(－)").replace("(ー)", "(－)")
}

/// Rows of running text as one: a break between Japanese characters is none, elsewhere it is a space.
pub fn flowing(chars: &[char]) -> String {
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        if *c == '\n' {
            let before = chars[..i].iter().rev().find(|c| !c.is_whitespace());
            let after = chars[i + 1..].iter().find(|c| !c.is_whitespace());
            if before.is_some_and(|c| c.is_ascii_alphanumeric()) && after.is_some_and(|c| c.is_ascii_alphanumeric()) {
                out.push(' ');
            }
        } else {
            out.push(*c);
        }
    }
    clean(&out)
}
