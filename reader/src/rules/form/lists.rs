//! Lists: diagnoses and prescriptions, item by item.

use std::ops::Range;

use crate::model::Value;
use crate::text::{clean, drug, lexicon, mend, squeeze};

use super::super::view::Text;
use super::Parsed;

/// Ranges of a text between line breaks and separators, trimmed of numbers and bullets.
fn items(text: &Text, separators: &str) -> Vec<Range<usize>> {
    items_of(text, separators, true)
}

/// That, where a row's end ends an item or (`rows` is false) not.
fn items_of(text: &Text, separators: &str, rows: bool) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut depth = 0;
    let counted = counted(text);
    let opens_item = |text: &Text, i: usize| counted.contains(&i) || opens_item(text, i);
    for i in 0..=text.chars.len() {
        let c = text.chars.get(i).copied();
        if c.is_some() && opens_item(text, i) {
            depth = 0;
        }
        match c {
            Some('(' | '（') if !opens_item(text, i) => depth += 1,
            Some(')' | '）') => depth = (depth - 1).max(0),
            _ => {}
        }
        let cut = match c {
            None => true,
            Some('\n') => rows,
            Some(c) => depth == 0 && (separators.contains(c) || opens_item(text, i)),
        };
        if cut {
            if i > start {
                out.push(start..i);
            }
            let keep = c.is_some_and(|c| c != '\n' && !separators.contains(c));
            start = if keep { i } else { i + 1 };
            if rows && c == Some('\n') {
                depth = 0;
            }
        }
    }
    let items = out.into_iter().enumerate();
    let mut items: Vec<Range<usize>> = items.map(|(n, r)| bare(text, r, n + 1)).filter(|r| !r.is_empty()).collect();
    // ① read as 1, without anything behind it
    let numbered = |(n, r): (usize, &Range<usize>)| text.chars[r.start].to_digit(10) == Some(n as u32 + 1);
    let plain = |r: &Range<usize>| {
        text.chars.get(r.start + 1).is_some_and(|c| {
            matches!(*c, '一'..='龥' | 'ぁ'..='ヺ') && !"型度期次回日枝錠包個年月歳週時本滴枚大".contains(*c)
        })
    };
    let all = items.iter().enumerate().all(numbered);
    for r in &mut items {
        // every item begins with its number, or one begins with a figure that can mean nothing else
        if all && items_many(text, r) || plain(r) && text.chars[r.start].is_ascii_digit() {
            r.start += 1;
        }
    }
    items
}

/// Where the second and further items of a counted list begin, be there white space or none: 1)肺炎2)糖尿病3)高血圧.
fn counted(text: &Text) -> Vec<usize> {
    let chars = &text.chars;
    let digit = |i: usize| chars.get(i).and_then(|c| c.to_digit(10).or_else(|| fullwidth(*c)));
    let closes = |i: usize| chars.get(i).is_some_and(|c| ".)）．、".contains(*c));
    let lone = |i: usize| digit(i.wrapping_sub(1)).is_none() && digit(i + 2).is_none_or(|_| chars[i + 1] != '.');
    let is = |i: usize, n: u32| digit(i) == Some(n) && closes(i + 1) && lone(i);
    let Some(first) = chars.iter().position(|c| !c.is_whitespace() && !"(（".contains(*c)) else { return Vec::new() };
    if !is(first, 1) {
        return Vec::new();
    }
    let (mut out, mut n) = (Vec::new(), 2);
    for i in first + 2..chars.len() {
        if is(i, n) {
            let bracket = i > 0 && "(（".contains(chars[i - 1]);
            out.push(if bracket { i - 1 } else { i });
            n += 1;
        }
    }
    out
}

/// 11型糖尿病 as the first: its number, then 1型.
fn items_many(text: &Text, r: &Range<usize>) -> bool {
    text.chars.get(r.start + 1).is_some_and(char::is_ascii_digit)
        && text.chars.get(r.start + 2).is_some_and(|c| "型度期次枝".contains(*c))
}

fn fullwidth(c: char) -> Option<u32> {
    ('０'..='９').contains(&c).then(|| c as u32 - '０' as u32)
}

/// ① or 2) behind white space inside a row.
fn opens_item(text: &Text, i: usize) -> bool {
    let c = text.chars[i];
    let behind_space = i > 0 && text.chars[i - 1].is_whitespace();
    // (1) at a row's start or behind white space
    let bracketed = "(（".contains(c)
        && text.chars.get(i + 1).is_some_and(char::is_ascii_digit)
        && text.chars.get(i + 2).is_some_and(|n| ")）".contains(*n));
    let circled = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫".contains(c) || "#＃".contains(c);
    let numbered = behind_space
        && c.is_ascii_digit()
        && text.chars.get(i + 1).is_some_and(|n| ".)）．、".contains(*n))
        && !text.chars.get(i + 2).is_some_and(char::is_ascii_digit);
    i > 0 && (circled || numbered || bracketed && behind_space)
}

/// Without the number or bullet in front and punctuation around. `nth` is the number that the item would bear: 2.2型糖尿病
/// as the second is 2型糖尿病.
fn bare(text: &Text, mut r: Range<usize>, nth: usize) -> Range<usize> {
    loop {
        let t = text.slice(r.clone());
        let inner = t.trimmed();
        r = r.start + inner.start..r.start + inner.end;
        let s = &text.chars[r.clone()];
        let n = match s {
            // #1 IgA血管炎, #2急速進行性糸球体腎炎
            ['#' | '＃', d, ..] if d.is_ascii_digit() => 2,
            [d, '1' | 'l' | 'I' | '|', 'g', 'A' | 'G' | 'M' | 'E', ..] if d.is_ascii_digit() => 1,
            [c, ..] if "①②③④⑤⑥⑦⑧⑨⑩⑪⑫・●○◯■□◆◇※*＊-#＃".contains(*c) => 1,
            [a, b, ..]
                if a.is_ascii_digit()
                    && ".)）．、:：".contains(*b)
                    && (!s.get(2).is_some_and(char::is_ascii_digit) || a.to_digit(10) == Some(nth as u32)) =>
            {
                2
            }
            [a, b, c, ..] if "(（".contains(*a) && b.is_ascii_digit() && ")）".contains(*c) => 3,
            // Rp.1, RP2)
            ['R' | 'Ｒ', 'p' | 'P' | 'ｐ', rest @ ..] => {
                2 + rest.iter().take_while(|c| c.is_ascii_digit() || ".)．）:： ".contains(**c)).count()
            }
            [a, b, c, ..] if a.is_ascii_digit() && b.is_ascii_digit() && ".)）．".contains(*c) => 3,
            _ => 0,
        };
        if n == 0 {
            return r;
        }
        r.start += n;
    }
}

fn value(text: &Text, r: &Range<usize>) -> String {
    clean(&text.chars[r.clone()].iter().collect::<String>())
}

/// A value that its row may break.
fn name(text: &Text, r: &Range<usize>) -> String {
    mend::immunoglobulin(&super::words::flowing(&text.chars[r.clone()]))
}

fn list(
    text: &Text,
    ranges: Vec<Range<usize>>,
    quality: f32,
    value: impl Fn(&Text, &Range<usize>) -> String,
) -> Option<Parsed> {
    let values: Vec<String> = ranges.iter().map(|r| value(text, r)).collect();
    let span = ranges.first()?.start..ranges.last()?.end;
    Some(Parsed { value: Value::Many(values), span, items: ranges, quality })
}

pub fn diagnoses(text: &Text) -> Vec<Parsed> {
    let mut out = Vec::new();
    // 高血 / 圧症: an item that its row breaks
    let broken = text.chars.contains(&'\n');
    for (separators, rows, factor) in [("、，,；;", true, 1.0), ("", true, 0.93), ("、，,；;", false, 0.97)] {
        if !rows && !broken {
            continue;
        }
        let ranges: Vec<Range<usize>> = items_of(text, separators, rows)
            .into_iter()
            .filter(|r| {
                let v = squeeze(&name(text, r));
                v.chars().count() >= 2 && !v.chars().all(|c| c.is_ascii_digit() || c.is_ascii_punctuation())
            })
            .collect();
        let n = ranges.len() as f32;
        let known: f32 = ranges.iter().map(|r| disease(&name(text, r))).sum();
        if n > 0.0
            && let Some(p) = list(text, ranges, factor * (0.15 + 0.85 * known / n), name)
        {
            out.push(p);
        }
    }
    // 、 inside a bracket or none at all: both ways agree
    if let [a, b] = &out[..]
        && a.value == b.value
    {
        out.pop();
    }
    out
}

/// How much a text looks like the name of a disease.
fn disease(s: &str) -> f32 {
    let t = squeeze(s);
    let n = t.chars().count();
    if lexicon::diagnoses().contains(&t) {
        return 1.0;
    }
    const ENDS: &[&str] = &[
        "症",
        "病",
        "炎",
        "癌",
        "がん",
        "瘤",
        "腫",
        "骨折",
        "梗塞",
        "出血",
        "不全",
        "障害",
        "潰瘍",
        "狭窄",
        "麻痺",
        "術後",
        "貧血",
        "喘息",
        "後遺症",
        "てんかん",
        "高血圧",
        "糖尿",
        "症候群",
        "褥瘡",
        "認知症",
        "結石",
        "脱臼",
        "感染",
        "肺炎",
        "塞栓",
        "血栓",
        "失調",
        "硬化",
        "ヘルニア",
        "動脈瘤",
        "うつ",
        "脱水",
        "疼痛",
        "血症",
        "異常",
        "変形",
        "閉塞",
        "不整脈",
        "細動",
        "下血",
        "外傷",
        "損傷",
        "熱傷",
        "白内障",
        "緑内障",
    ];
    if n > 30 || t.contains('。') {
        return 0.1;
    }
    let head: String = t.split(['(', '（']).next().unwrap_or_default().to_owned();
    if ENDS.iter().any(|e| head.ends_with(e)) {
        0.95
    } else if ENDS.iter().any(|e| head.contains(e)) {
        0.7
    } else {
        0.25
    }
}

pub fn drugs(text: &Text) -> Vec<Parsed> {
    let mut out = prescriptions(text, items(text, ""));
    // アムロジピン錠5mg 1錠 分1、酸化マグネシウム錠330mg 3錠 分3
    let parted = items(text, "、，,");
    let drugs = parted.iter().filter(|r| drug::plausible(&value(text, r)) >= 0.6).count();
    if drugs > 1 && drugs + 1 >= parted.len() {
        out.extend(
            prescriptions(text, parted).into_iter().map(|p| Parsed { quality: (p.quality * 1.02).min(1.0), ..p }),
        );
    }
    out
}

fn prescriptions(text: &Text, rows: Vec<Range<usize>>) -> Vec<Parsed> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for r in rows {
        let v = value(text, &r);
        let opens = drug::plausible(&v) >= 0.5 && !continues(&v) || drug::known_drug(&v).is_some();
        match joined.last_mut() {
            // dose and usage on a row or in a column of their own belong to the drug above
            Some(last) if !opens && continues(&v) => last.end = r.end,
            _ => joined.push(r),
        }
    }
    let n = joined.len() as f32;
    if n == 0.0 {
        return Vec::new();
    }
    let mut out = Vec::new();
    let good: f32 = joined.iter().map(|r| drug::plausible(&value(text, r))).sum();
    let strict: Vec<Range<usize>> =
        joined.iter().filter(|r| drug::plausible(&value(text, r)) >= 0.35).cloned().collect();
    let quality = (0.1 + 0.9 * good / n).min(1.0);
    if strict.len() < joined.len()
        && let Some(p) =
            list(text, strict.clone(), (0.1 + 0.9 * good / n.min(strict.len() as f32 + 1.0)).min(1.0), value)
    {
        out.push(p);
    }
    if let Some(p) = list(text, joined, quality, value) {
        out.push(p);
    }
    out
}

/// Dose or usage without a drug's name.
fn continues(v: &str) -> bool {
    let t = squeeze(v);
    // 分3, but 分岐鎖アミノ酸顆粒 is a drug
    let parted =
        t.strip_prefix('分').is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit() || "一二三四".contains(c)));
    let starts = [
        "1日",
        "１日",
        "朝",
        "昼",
        "夕",
        "毎食",
        "就寝",
        "眠前",
        "食",
        "頓",
        "1回",
        "一日",
        "(",
        "（",
        "必要時",
        "疼痛時",
        "週",
        "隔日",
        "月水金",
        "火木土",
    ]
    .iter()
    .any(|w| t.starts_with(w));
    let dose = t.chars().next().is_some_and(|c| c.is_ascii_digit())
        && [
            "錠",
            "包",
            "mg",
            "カプセル",
            "g",
            "mL",
            "ml",
            "滴",
            "枚",
            "本",
            "単位",
            "C",
            "T",
            "缶",
            "個",
            "キット",
            "パック",
            "吸入",
        ]
        .iter()
        .any(|u| t.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').starts_with(u));
    // けいれん時
    let when = t.chars().count() <= 8 && t.ends_with('時');
    parted || starts || dose || when
}
