//! Pages to documents: where one ends and the next begins, and what kind each is.
//!
//! A strong title opens a document unless the page counts itself as a later one or names the same patient under the
//! same title; a cover joins what follows it; another patient's name opens one (shared/design/extract.md, 8), and so do
//! two things at once that the pages before say otherwise.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::text::confusion;

use super::classify::PageKind;

/// From here on a title opens a document.
const STRONG: f32 = 0.5;

/// What decides about one page.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// 1-based page of the file.
    pub number: u32,
    pub kind: PageKind,
    /// The patient's name without white space, and how sure it is that it is one.
    pub name: Option<(String, f32)>,
    /// `2/3` on the page; the second is 0 where it does not say how many.
    pub count: Option<(u32, u32)>,
    /// What else tells whose sheet it is ([`TELLING`]), and how sure it is.
    pub said: Vec<(&'static str, String, f32)>,
}

/// Fields that are the same on all pages of a sheet that have them.
pub const TELLING: [&str; 4] = ["patient.birth_date", "sender.phone", "sender.fax", "document.date"];

/// Pages that belong together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Together {
    pub kind: String,
    pub confidence: f32,
    /// Indexes into the facts, covers included.
    pub pages: Vec<usize>,
    pub covers: Vec<usize>,
    pub doubts: Vec<String>,
    /// One of the doubts is whether its pages belong together.
    pub torn: bool,
}

pub fn documents(facts: &[Facts], types: &[String]) -> Vec<Together> {
    let mut out: Vec<Together> = Vec::new();
    let mut open: Option<Together> = None;
    for (i, page) in facts.iter().enumerate() {
        let scores = scores(page, types);
        let cover =
            best(&scores).0 == "cover" && page.kind.title().is_some_and(|t| t.kind == "cover" && t.strength >= STRONG);
        let start = match &open {
            None => true,
            Some(doc) => opens(doc, facts, page, cover),
        };
        if start {
            out.extend(open.take());
            open = Some(Together::default());
        }
        if let Some(doc) = &mut open {
            if !start {
                let doubt = uncertain(doc, facts, page);
                doc.torn |= doubt.is_some();
                doc.doubts.extend(doubt);
            }
            doc.pages.push(i);
            if cover {
                doc.covers.push(i);
            }
        }
    }
    out.extend(open);
    for doc in &mut out {
        name(doc, facts, types);
    }
    out
}

/// Whether a page begins a new document.
fn opens(doc: &Together, facts: &[Facts], page: &Facts, cover: bool) -> bool {
    if cover {
        return true;
    }
    if doc.pages.iter().all(|p| doc.covers.contains(p)) {
        return false;
    }
    let title = page.kind.title().filter(|t| t.strength >= STRONG);
    // an advertisement behind somebody's sheet
    let selling = page.kind.words.get("other").is_some_and(|w| *w >= 2.0);
    if title.is_none() && selling && page.name.as_ref().is_none_or(|n| n.1 < 0.5) {
        return true;
    }
    let last = doc.pages.last().map(|p| &facts[*p]);
    match page.count {
        // its own page number goes on from the one before
        Some((k, n))
            if k > 1 && last.and_then(|l| l.count).is_none_or(|(a, b)| a + 1 == k && (b == n || n == 0 || b == 0)) =>
        {
            return false;
        }
        Some((1, n)) if n >= 1 && title.is_some() => return true,
        _ => {}
    }
    let before = doc.pages.iter().rev().find_map(|p| facts[*p].name.as_ref());
    let other_name = match (before, &page.name) {
        (Some((a, pa)), Some((b, pb))) => Some((confusion::similarity(a, b) < 0.6, pa.min(*pb))),
        _ => None,
    };
    if let Some((true, p)) = other_name
        && p > 0.8
    {
        return true;
    }
    if contradictions(doc, facts, page).len() + usize::from(matches!(other_name, Some((true, p)) if p > 0.5)) > 1 {
        return true;
    }
    let Some(title) = title else { return false };
    let same_kind =
        doc.pages.iter().any(|p| facts[*p].kind.title().is_some_and(|t| t.kind == title.kind && t.strength >= STRONG));
    !(same_kind && matches!(other_name, Some((false, _))))
}

/// What a page says otherwise than the pages of a document before it: the patient's birth, the sender's numbers, the
/// sheet's date.
fn contradictions(doc: &Together, facts: &[Facts], page: &Facts) -> Vec<&'static str> {
    let before = |key: &str| doc.pages.iter().rev().find_map(|p| facts[*p].said.iter().find(|s| s.0 == key));
    // one figure may have been misread
    let others = |a: &str, b: &str| {
        let digits = |s: &str| s.chars().filter(char::is_ascii_digit).collect::<String>();
        confusion::distance(&digits(a), &digits(b)) > 1.0
    };
    let sure = page.said.iter().filter(|s| s.2 > SURELY);
    let mut out: Vec<&str> = sure
        .filter(|(key, value, _)| before(key).is_some_and(|(_, b, p)| *p > SURELY && others(b, value)))
        .map(|(key, ..)| match *key {
            "patient.birth_date" => "生年月日",
            "document.date" => "日付",
            _ => "発信元の番号",
        })
        .collect();
    out.dedup();
    out
}

/// From here on what a page says of itself counts against another page.
const SURELY: f32 = 0.8;

/// Why it is not certain that a page goes on with a document.
fn uncertain(doc: &Together, facts: &[Facts], page: &Facts) -> Option<String> {
    if doc.pages.iter().all(|p| doc.covers.contains(p)) {
        return None;
    }
    let before = doc.pages.iter().rev().find_map(|p| facts[*p].name.as_ref());
    let name = matches!((before, &page.name), (Some((a, _)), Some((b, pb))) if a != b && *pb > 0.6).then_some("氏名");
    // (a sheet may be dated once more where it is signed)
    let what = name.into_iter().chain(contradictions(doc, facts, page)).find(|w| *w != "日付")?;
    Some(format!("{}頁目の{what}が前の頁と一致しません", page.number))
}

fn scores(page: &Facts, types: &[String]) -> BTreeMap<String, f32> {
    types
        .iter()
        .map(|t| {
            let title = page.kind.titles.iter().filter(|h| h.kind == *t).map(|h| h.strength).fold(0.0, f32::max);
            let labels = page.kind.labels.get(t).copied().unwrap_or(-3.0);
            let words = page.kind.words.get(t).copied().unwrap_or(0.0);
            (t.clone(), 7.0 * title + labels + words)
        })
        .collect()
}

fn best(scores: &BTreeMap<String, f32>) -> (String, f32) {
    let top = scores.iter().max_by(|a, b| a.1.total_cmp(b.1));
    let Some((kind, top)) = top else { return ("other".to_owned(), 0.0) };
    let sum: f32 = scores.values().map(|s| (s - top).exp()).sum();
    (kind.clone(), 1.0 / sum)
}

/// Gives a document its type.
fn name(doc: &mut Together, facts: &[Facts], types: &[String]) {
    let body: Vec<usize> = doc.pages.iter().copied().filter(|p| !doc.covers.contains(p)).collect();
    if body.is_empty() {
        doc.kind = "cover".to_owned();
        doc.confidence = 0.95;
        return;
    }
    let mut sum: BTreeMap<String, f32> = BTreeMap::new();
    for (n, p) in body.iter().enumerate() {
        for (t, s) in scores(&facts[*p], types) {
            // what stands behind a cover is no cover itself
            if t == "cover" && !doc.covers.is_empty() {
                continue;
            }
            *sum.entry(t).or_default() += if n == 0 { s } else { 0.3 * s };
        }
    }
    let titled = body.iter().any(|p| facts[*p].kind.title().is_some());
    let worded = body.iter().any(|p| !facts[*p].kind.words.is_empty());
    let labelled = body.iter().any(|p| !facts[*p].kind.labels.is_empty());
    (doc.kind, doc.confidence) = best(&sum);
    if !titled && !worded && !labelled {
        doc.kind = "other".to_owned();
        doc.confidence = 0.5;
    }
    if doc.confidence < 0.6 && doc.kind != "other" {
        doc.doubts.push("書類の種類が確実ではありません".to_owned());
    }
}

/// `2/3`, `2／3頁`, `(2枚目)` near the top or bottom edge: page and number of pages, 0 where it does not say how many.
pub fn page_count(view: &super::view::View) -> Option<(u32, u32)> {
    static SHAPES: LazyLock<[Regex; 3]> = LazyLock::new(|| {
        let re = |s: &str| Regex::new(s).expect("a pattern of the program's own");
        [
            re(
                r"(?:^|[^0-9/])(?P<k>[0-9]{1,2})(?:枚目|頁目?|ページ目?)?[/／](?:全)?(?P<n>[0-9]{1,2})(?:枚|頁|ページ)?[)）]?$",
            ),
            re(r"(?P<n>[0-9]{1,2})枚中[のノ]?(?P<k>[0-9]{1,2})枚目"),
            re(r"(?:^|[^0-9])(?P<k>[0-9]{1,2})(?:枚目|頁目|ページ目)[)）]?$"),
        ]
    });
    let h = view.page.height.max(1);
    let mut found = None;
    for line in &view.page.lines {
        let y = line.rect.center().1;
        if line.tti || (y > h / 8 && y < h - h / 8) {
            continue;
        }
        let text = crate::text::nfkc(&line.spaced(super::view::SPACE));
        for re in SHAPES.iter() {
            let Some(c) = re.captures(text.trim()) else { continue };
            let number = |name: &str| c.name(name).and_then(|m| m.as_str().parse::<u32>().ok());
            let (Some(k), n) = (number("k"), number("n").unwrap_or(0)) else { continue };
            if (1..=40).contains(&k) && (n == 0 || k <= n && n <= 40) {
                found = Some((k, n));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(number: u32, said: &[(&'static str, &str, f32)]) -> Facts {
        let said = said.iter().map(|(k, v, p)| (*k, (*v).to_owned(), *p)).collect();
        Facts { number, said, ..Facts::default() }
    }

    #[test]
    fn pages_that_contradict_each_other_are_no_sheet() {
        let born = "patient.birth_date";
        let first = page(1, &[(born, "1940-04-13", 0.9), ("sender.phone", "048-989-3434", 0.9)]);
        let found = |second: &[(&'static str, &str, f32)]| documents(&[first.clone(), page(2, second)], &[]);
        // another's birth, another sender
        assert_eq!(found(&[(born, "1926-12-28", 0.9), ("sender.phone", "048-738-2211", 0.9)]).len(), 2);
        // one of them: the pages stay together, and nothing is sure
        let one = found(&[(born, "1926-12-28", 0.9)]);
        assert_eq!((one.len(), one[0].doubts.len(), one[0].torn), (1, 1, true));
        // a figure that was misread, or what may be anybody's
        for second in [(born, "1940-04-18", 0.9), (born, "1926-12-28", 0.5)] {
            let one = found(&[second]);
            assert_eq!((one.len(), one[0].torn), (1, false), "{second:?}");
        }
    }
}
