//! What to change in a hospital's rules, found in what reviewers typed: where do the right values stand, and what leads there?
//!
//! Each change is tried on the sheets that it was learnt from; what it does to all the others is a backtest's business. Pure;
//! must not know who corrected what, nor how a change is written into a layer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Rect, Value};
use crate::reading::Reading;
use crate::register::Registers;
use crate::text::{fold_text, squeeze};

use super::backtest::document_of;
use super::candidate::{self, Field, Sheet};
use super::choice::Seg;
use super::form::Normaliser;
use super::scope::{Direction, Scope};
use super::view::{SPACE, View};
use super::{RuleSet, extract, reference};

/// A sheet whose right value a person typed.
#[derive(Debug, Clone)]
pub struct Lesson<'a> {
    pub reading: &'a Reading,
    /// The document's pages, 1-based in the file.
    pub pages: &'a [u32],
    /// Normal form.
    pub truth: &'a str,
    /// What the rules had found, if anything.
    pub found: Option<&'a str>,
}

/// One change of one field's rule for one hospital.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// This label leads to the value, by this way.
    Label { label: String, look: Vec<Direction> },
    /// The value is what is left after this.
    Normalise(Normaliser),
    /// The value ends here.
    StopAt(String),
    /// The value stands here: page of the document from 1, and x0, y0, x1, y1 as shares of the page.
    Region { page: u32, region: [f32; 4] },
}

/// A change with what it does on the sheets that it was learnt from.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    pub change: Change,
    /// Lessons that come out right with it.
    pub right: usize,
}

/// Where a right value stands.
#[derive(Debug, Clone)]
struct Place {
    /// Page of the document, from 1.
    page: u32,
    /// Shares of the page.
    at: [f32; 4],
    /// Typical character, shares of the page's width and height.
    em: [f32; 2],
    labels: Vec<(String, Direction)>,
}

/// Most characters of a heading that leads to a value.
const LABEL: usize = 14;
/// How far above its value a heading may stand, em.
const ABOVE: f32 = 3.0;

/// Changes that make most of the lessons come out right, the best first: a word before a place, as a form's next printing
/// moves its boxes sooner than it renames them.
///
/// `with` makes the rules with one change; none where the change cannot be written.
pub fn propose(
    rules: &RuleSet,
    kind: &str,
    key: &str,
    lessons: &[Lesson],
    registers: &Registers,
    with: impl Fn(&Change) -> Option<RuleSet>,
) -> Vec<Proposal> {
    let Some(field) = rules.fields_of(kind).iter().find(|f| f.key == key) else { return Vec::new() };
    let places: Vec<Vec<Place>> = lessons.iter().map(|l| places(rules, kind, field, l)).collect();
    let mut changes = ends(lessons);
    changes.extend(labels(&places));
    changes.extend(region(&places));
    let enough = (2 * lessons.len()).div_ceil(3);
    let mut out: Vec<Proposal> = Vec::new();
    for change in changes {
        if let Some(changed) = with(&change) {
            let right = lessons.iter().filter(|l| right(&changed, kind, key, l, registers)).count();
            if right >= enough {
                out.push(Proposal { change, right });
            }
        }
    }
    // (the sort is stable: among equals the order above stands)
    out.sort_by_key(|p| std::cmp::Reverse(p.right));
    out
}

/// Whether the rules give a lesson's value.
fn right(rules: &RuleSet, kind: &str, key: &str, lesson: &Lesson, registers: &Registers) -> bool {
    let found = extract(rules, lesson.reading, registers);
    document_of(&found, lesson.pages)
        .filter(|d| d.kind == kind)
        .and_then(|d| d.text(key))
        .is_some_and(|v| squeeze(&v) == squeeze(lesson.truth))
}

/// All places where the field's form reads the right value.
fn places(rules: &RuleSet, kind: &str, field: &Field, lesson: &Lesson) -> Vec<Place> {
    let Some(k) = rules.kinds.get(kind) else { return Vec::new() };
    let pages = lesson.reading.pages.iter().filter(|p| lesson.pages.contains(&p.number) && p.failed.is_none());
    let sheets: Vec<Sheet> = pages.map(|p| Sheet::new(p, k.lexicon())).collect();
    let known = reference(&sheets, k.fields(), lesson.reading);
    let mut plain = field.clone();
    (plain.rule.region, plain.rule.stop_at, plain.own) = (None, Vec::new(), None);
    let mut out = Vec::new();
    for (n, sheet) in sheets.iter().enumerate() {
        for segs in stretches(&sheet.view) {
            let scope = Scope { direction: Direction::Region, rows: 1, distance: 0.0, segs };
            let mut found = Vec::new();
            candidate::from_scope(sheet, &plain, None, &scope, &known, &mut found);
            let hit = found.iter().find(|c| match &c.value {
                Value::One(v) => squeeze(v) == squeeze(lesson.truth),
                Value::Many(_) => false,
            });
            if let Some(hit) = hit {
                let page = sheet.view.page;
                let at = shares(hit.rect, page.width, page.height);
                if out.iter().all(|p: &Place| (p.page, p.at) != (n as u32 + 1, at)) {
                    let em = [sheet.view.em / page.width.max(1) as f32, sheet.view.em / page.height.max(1) as f32];
                    out.push(Place { page: n as u32 + 1, at, em, labels: leads(&sheet.view, &hit.segs, hit.rect) });
                }
            }
        }
    }
    out
}

/// Stretches in which a value may stand: lines and cells, from each place where something begins.
fn stretches(view: &View) -> Vec<Vec<Seg>> {
    let mut out = Vec::new();
    for line in (0..view.page.lines.len()).filter(|l| !view.page.lines[*l].tti) {
        let glyphs = &view.page.lines[line].glyphs;
        let begins = |i: usize| i == 0 || glyphs[i].gap > SPACE || parts(glyphs[i - 1].ch);
        for start in (0..glyphs.len()).filter(|i| begins(*i)) {
            out.push(vec![Seg { line, glyphs: start..glyphs.len() }]);
        }
    }
    for cell in 0..view.page.cells.len() {
        let lines = view.lines_in(cell);
        if lines.len() > 1 {
            out.push(lines.into_iter().map(|l| view.whole(l)).collect());
        }
    }
    out
}

/// Signs between a label and its value.
fn parts(c: char) -> bool {
    ":：】］]）)".contains(c)
}

/// Words that may have led to a value, with the way from them.
fn leads(view: &View, segs: &[Seg], rect: Rect) -> Vec<(String, Direction)> {
    let mut out = Vec::new();
    let Some(first) = segs.first() else { return out };
    let (line, cell) = (first.line, view.cell(first.line));
    let mut tell = |text: String, direction: Direction| {
        if let Some(label) = wording(&text) {
            out.push((label, direction));
        }
    };
    tell(tail(view, line, first.glyphs.start), Direction::SameLine);
    let row = view.rows.get(view.row_of[line]).map_or(&[][..], Vec::as_slice);
    if let Some(left) = row.iter().copied().rfind(|l| view.rect(*l).x1 <= rect.x0 && *l != line) {
        let text = tail(view, left, view.len(left));
        match (view.cell(left), cell) {
            (Some(a), Some(b)) if a != b => tell(text, Direction::RightCell),
            (a, b) if a == b && a.is_some() => tell(text, Direction::SameLine),
            _ => tell(text, Direction::Right),
        }
    }
    let over = |l: &usize| {
        let r = view.rect(*l);
        let gap = (rect.y0 - r.y1) as f32;
        r.x0 < rect.x1 && rect.x0 < r.x1 && r.y1 <= rect.y0 + rect.height() / 3 && gap < ABOVE * view.em
    };
    let above = (0..view.page.lines.len()).filter(|l| !view.page.lines[*l].tti && over(l));
    if let Some(l) = above.max_by_key(|l| view.rect(*l).y1) {
        let below = if view.cell(l) == cell { Direction::Below } else { Direction::BelowCell };
        tell(tail(view, l, view.len(l)), below);
    }
    out
}

/// The last word of a line before some glyph.
fn tail(view: &View, line: usize, end: usize) -> String {
    let glyphs = &view.page.lines[line].glyphs;
    let start = (1..end).rev().find(|i| glyphs[*i].gap > SPACE).unwrap_or(0);
    glyphs[start.min(end)..end].iter().map(|g| g.ch).collect()
}

/// A word without the signs around it, if it can be a label: some characters, and not a number.
fn wording(text: &str) -> Option<String> {
    let marks = |c: char| parts(c) || "【［[（(〔<＜・●■□◆◇○〇※-－".contains(c) || c.is_whitespace();
    let label = text.trim_matches(marks);
    let (all, digits) = (label.chars().count(), label.chars().filter(char::is_ascii_digit).count());
    ((2..=LABEL).contains(&all) && 2 * digits < all).then(|| label.to_owned())
}

/// Words and normalisers that make of every value found the right one: the place was right, the value was not.
fn ends(lessons: &[Lesson]) -> Vec<Change> {
    use Normaliser::{Digits, Katakana, Nfkc, NoSpace, OneSpace, Phone, StripHonorific};
    let pairs: Option<Vec<(&str, &str)>> = lessons.iter().map(|l| Some((l.found?, l.truth))).collect();
    let Some(pairs) = pairs.filter(|p| p.iter().any(|(found, truth)| found != truth)) else { return Vec::new() };
    let mut out: Vec<Change> = [StripHonorific, OneSpace, NoSpace, Nfkc, Katakana, Digits, Phone]
        .into_iter()
        .filter(|n| pairs.iter().all(|(found, truth)| squeeze(&n.apply(found)) == squeeze(truth)))
        .map(Change::Normalise)
        .collect();
    let rests: Option<Vec<&str>> =
        pairs.iter().map(|(found, truth)| found.strip_prefix(truth).map(str::trim_start)).collect();
    if let Some(rests) = rests {
        let rests: Vec<&str> = rests.into_iter().filter(|r| !r.is_empty()).collect();
        let first = rests.first().copied().unwrap_or_default();
        let same = |n: usize| {
            let head: String = first.chars().take(n).collect();
            rests.iter().all(|r| r.starts_with(&head)).then_some(head)
        };
        let shared = (1..=first.chars().count().min(6)).rev().find_map(same);
        out.extend(shared.filter(|s| !s.trim().is_empty()).map(|s| Change::StopAt(s.trim().to_owned())));
    }
    out
}

/// Labels that stand by the right value on most of the sheets, the most frequent first, as most of them spell it.
fn labels(places: &[Vec<Place>]) -> Vec<Change> {
    #[derive(Default)]
    struct Seen {
        sheets: usize,
        spelt: BTreeMap<String, usize>,
        ways: BTreeMap<Direction, usize>,
    }
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    for sheet in places {
        let mut here: BTreeMap<String, Vec<(&str, Direction)>> = BTreeMap::new();
        for (label, way) in sheet.iter().flat_map(|p| &p.labels) {
            here.entry(fold_text(label)).or_default().push((label, *way));
        }
        for (folded, all) in here {
            let s = seen.entry(folded).or_default();
            s.sheets += 1;
            for (label, way) in all {
                *s.spelt.entry(label.to_owned()).or_default() += 1;
                *s.ways.entry(way).or_default() += 1;
            }
        }
    }
    let enough = (2 * places.len()).div_ceil(3);
    let mut seen: Vec<Seen> = seen.into_values().filter(|s| s.sheets >= enough).collect();
    seen.sort_by_key(|s| std::cmp::Reverse(s.sheets));
    let most = |m: &BTreeMap<String, usize>| m.iter().max_by_key(|e| e.1).map(|e| e.0.clone()).unwrap_or_default();
    seen.iter().map(|s| Change::Label { label: most(&s.spelt), look: s.ways.keys().copied().collect() }).collect()
}

/// The narrowest region that holds a right value on every sheet, if the sheets agree on one.
fn region(places: &[Vec<Place>]) -> Option<Change> {
    let (first, others) = places.split_first()?;
    let best = first
        .iter()
        .filter_map(|a| {
            let mut all = a.at;
            let mut tall = a.at[3] - a.at[1];
            for sheet in others {
                let near = sheet
                    .iter()
                    .filter(|p| p.page == a.page)
                    .min_by(|p, q| distance(p.at, a.at).total_cmp(&distance(q.at, a.at)))?;
                all = union(all, near.at);
                tall = tall.max(near.at[3] - near.at[1]);
            }
            // (a line's height more is what scanners and fax machines shift; further down other things stand)
            (all[3] - all[1] <= 2.5 * tall).then_some((all, a))
        })
        .min_by(|a, b| area(a.0).total_cmp(&area(b.0)))?;
    let ([x0, y0, x1, y1], place) = best;
    let [w, h] = place.em;
    let round = |v: f32| (v.clamp(0.0, 1.0) * 1000.0).round() / 1000.0;
    let region = [round(x0 - 0.4 * w), round(y0 - 0.5 * h), round(x1 + 2.0 * w), round(y1 + 0.5 * h)];
    Some(Change::Region { page: place.page, region })
}

fn shares(r: Rect, width: i32, height: i32) -> [f32; 4] {
    let (w, h) = (width.max(1) as f32, height.max(1) as f32);
    [r.x0 as f32 / w, r.y0 as f32 / h, r.x1 as f32 / w, r.y1 as f32 / h]
}

fn distance(a: [f32; 4], b: [f32; 4]) -> f32 {
    (a[0] - b[0]).abs() + (a[1] - b[1]).abs()
}

fn union(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

fn area(a: [f32; 4]) -> f32 {
    (a[2] - a[0]) * (a[3] - a[1])
}

#[cfg(test)]
mod tests;
