//! Candidates: every value that a page may hold for a field, with what speaks for it.
//!
//! Collects from labels and from shapes; must not choose among them (`rank`).

use crate::model::{Rect, Value};
use crate::reading::Page;

use super::choice::{Choices, Paper, Seg};
use super::context::Anchors;
use super::file::{FieldRule, Group};
use super::form::{self, Form, Known, Parsed};
use super::given::Own;
use super::lexicon::{Hit, Hits, Lexicon, Strength};
use super::marks::daily;
use super::scope::{Direction, Scope, scopes};
use super::view::{Text, View};
use super::{marks, shape, told};

/// A value that may be a field's.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub field: String,
    pub value: Value,
    /// As it stands on the page.
    pub raw: String,
    /// 1-based page of the file.
    pub page: u32,
    /// The glyphs that the value was read from.
    pub segs: Vec<Seg>,
    pub rect: Rect,
    /// Of each item of a list.
    pub items: Vec<Vec<Seg>>,
    /// Certainty of each item's mark and the place of both, where marks made the list; else empty.
    pub ticks: Vec<(f32, Rect)>,
    pub quality: f32,
    /// Text of the label and its place.
    pub label: Option<(String, Rect)>,
    pub strength: Option<Strength>,
    pub direction: Direction,
    /// White space between label and value, em.
    pub distance: f32,
    pub rows: usize,
    /// Certainty that ink, not text, gave it (a ring, a tick).
    pub mark: Option<f32>,
    /// The title of respect behind it: 様, 先生, 御中.
    pub honorific: Option<&'static str>,
    /// Ways that led to the same value at the same place, this one included.
    pub ways: u32,
    pub features: Vec<f32>,
    /// Typical character height of its page, px.
    pub em: f32,
    /// Probability that it is the field's value, given the type.
    pub p: f32,
    /// It stands where an administrator says that it does (`given`).
    pub given: bool,
}

impl Candidate {
    /// Share of the smaller one's glyphs that two candidates have in common.
    pub fn overlap(&self, other: &Candidate) -> f32 {
        let count = |c: &Candidate| c.segs.iter().map(|s| s.glyphs.len()).sum::<usize>();
        let mut common = 0;
        for s in &self.segs {
            for t in other.segs.iter().filter(|t| t.line == s.line) {
                common += s.glyphs.end.min(t.glyphs.end).saturating_sub(s.glyphs.start.max(t.glyphs.start));
            }
        }
        common as f32 / count(self).min(count(other)).max(1) as f32
    }
}

/// All that is known of one page while candidates are collected.
pub struct Sheet<'a> {
    pub view: View<'a>,
    pub paper: Paper<'a>,
    pub hits: Hits,
    pub anchors: Anchors,
}

impl<'a> Sheet<'a> {
    pub fn new(page: &'a Page, lexicon: &Lexicon) -> Sheet<'a> {
        let view = View::new(page);
        let hits = lexicon.hits(&view);
        let anchors = Anchors::of(&view, &hits);
        Sheet { view, paper: Paper::new(page), hits, anchors }
    }

    /// The sheet without some of its labels, as if no list held them: what `share` of 100 of them is depends on the seed
    /// and their text alone.
    pub fn forgetting(self, seed: u64, share: u64) -> Sheet<'a> {
        let keep = |h: &Hit| {
            let text = h.text.bytes().fold(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xcbf2_9ce4, |n, b| {
                (n ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
            });
            h.fields.is_empty() || (text >> 16) % 100 >= share
        };
        let hits = self.hits.keeping(keep);
        let anchors = Anchors::of(&self.view, &hits);
        Sheet { hits, anchors, ..self }
    }
}

/// Rules of one field, compiled.
#[derive(Debug, Clone)]
pub struct Field {
    pub key: String,
    pub rule: FieldRule,
    pub form: Form,
    pub group: Option<Group>,
    pub pattern: Option<regex::Regex>,
    /// What may be marked, where ink decides it.
    pub choices: Option<Choices>,
    /// Where one hospital has it.
    pub own: Option<Own>,
}

/// All candidates of a page for some fields.
pub fn collect(sheet: &Sheet, fields: &[Field], known: &Known) -> Vec<Candidate> {
    let mut out: Vec<Candidate> = Vec::new();
    let by_key = |key: &str| fields.iter().find(|f| f.key == key);
    for hit in &sheet.hits.all {
        if hit.fields.is_empty() {
            continue;
        }
        let scopes = scopes(&sheet.view, &sheet.hits, hit);
        let pair = number_pair(sheet, hit);
        for (key, strength) in &hit.fields {
            if let Some(field) = by_key(key) {
                for scope in &scopes {
                    let part = field.form.long()
                        && matches!(scope.direction, Direction::RightCell | Direction::BelowCell | Direction::Below)
                        && scopes.iter().any(|o| {
                            o.direction == scope.direction
                                && o.segs.len() > scope.segs.len()
                                && o.segs.starts_with(&scope.segs)
                        });
                    if part {
                        continue;
                    }
                    if field.rule.look.is_empty() || field.rule.look.contains(&scope.direction) {
                        let from = out.len();
                        from_scope(sheet, field, Some((hit, *strength)), scope, known, &mut out);
                        if let (Form::Phone, Some(nth)) = (field.form, pair) {
                            keep_nth(&mut out, from, nth);
                        }
                    }
                }
                marks::beside_label(sheet, field, hit, *strength, &mut out);
            }
        }
    }
    for field in fields {
        if let Some(region) = field.rule.region {
            let scope = region_scope(sheet, region);
            from_scope(sheet, field, None, &scope, known, &mut out);
            // (one hospital's own region is settled once all pages are known)
            if field.own.is_none() {
                out.retain(|c| c.field != field.key || inside(&sheet.view, c.rect, region));
            }
        }
    }
    for field in fields.iter().filter(|f| f.form == Form::Diagnoses) {
        going_on(sheet, field, known, &mut out);
    }
    for c in &mut out {
        c.given = by_key(&c.field).and_then(|f| f.own.as_ref()).is_some_and(|o| o.holds(c));
    }
    shape::collect(sheet, fields, known, &mut out);
    told::collect(sheet, fields, known, &mut out);
    merge(out)
}

/// Labels under which the list of the first diagnosis goes on.
const SECOND: &[&str] =
    &["副病名", "副傷病名", "従病名", "併存症", "併存疾患", "併存症・合併症", "合併症・併存症", "その他の病名"];
/// How far below the first one such a label may stand, em.
const BELOW: f32 = 14.0;

/// 主病名 and 併存症 in two rows are one list.
fn going_on(sheet: &Sheet, field: &Field, known: &Known, out: &mut Vec<Candidate>) {
    let view = &sheet.view;
    let bare = |t: &str| crate::text::squeeze(t).trim_matches(|c: char| !c.is_alphabetic()).to_owned();
    for hit in sheet.hits.all.iter().filter(|h| SECOND.contains(&bare(&h.text).as_str())) {
        let read = scopes(view, &sheet.hits, hit).into_iter().filter_map(|scope| {
            let text = view.text(&scope.segs);
            let parsed = form::read(field.form, &text, known).into_iter().next()?;
            Some(candidate(sheet, field, Some((hit, Strength::Strong)), &scope, &text, parsed))
        });
        let better = |a: Candidate, b: Candidate| if b.quality > a.quality { b } else { a };
        let Some(second) = read.reduce(better).filter(|c| c.quality >= 0.3) else { continue };
        let Value::Many(more) = &second.value else { continue };
        let mut joined = Vec::new();
        for c in out.iter_mut().filter(|c| c.field == field.key && c.strength == Some(Strength::Strong)) {
            let Some((_, first)) = &c.label else { continue };
            let below = (hit.rect.y0 - first.y1) as f32 / view.em;
            let Value::Many(own) = &c.value else { continue };
            if !(-0.5..=BELOW).contains(&below) || own.iter().any(|v| more.contains(v)) || c.overlap(&second) > 0.0 {
                continue;
            }
            let mut all = c.clone();
            all.value = Value::Many(own.iter().chain(more).cloned().collect());
            all.raw = format!("{} {}", c.raw, second.raw);
            all.segs.extend(second.segs.iter().cloned());
            all.items.extend(second.items.iter().cloned());
            all.rect = c.rect.union(&second.rect);
            all.quality = (c.quality + second.quality) / 2.0;
            joined.push(all);
            // half of a list
            c.quality *= 0.8;
        }
        out.extend(joined);
    }
}

/// 電話/FAX in front of two numbers: which of the two labels this is.
fn number_pair(sheet: &Sheet, hit: &Hit) -> Option<usize> {
    let own = hit.last();
    let numbers = |h: &Hit| h.fields.iter().any(|f| f.0 == "sender.phone" || f.0 == "sender.fax");
    let beside = |a: &Seg, b: &Seg| {
        let glyphs = &sheet.view.page.lines[a.line].glyphs;
        a.line == b.line
            && (1..=2).contains(&b.glyphs.start.saturating_sub(a.glyphs.end))
            && glyphs[a.glyphs.end..b.glyphs.start].iter().all(|g| "/／・,、及び".contains(g.ch))
    };
    let others = || sheet.hits.all.iter().filter(|h| numbers(h) && h.segs.len() == 1);
    if !numbers(hit) || hit.segs.len() > 1 {
        return None;
    }
    match (others().any(|h| beside(own, h.last())), others().any(|h| beside(h.last(), own))) {
        (true, false) => Some(0),
        (false, true) => Some(1),
        _ => None,
    }
}

/// Of several numbers in one scope the one of the label's own place; one alone serves both labels.
fn keep_nth(out: &mut Vec<Candidate>, from: usize, nth: usize) {
    // where each begins: a number that its cell breaks spans both rows
    let begins = |c: &Candidate| c.segs.first().map_or((0, 0), |s| (s.line, s.glyphs.start));
    let mut places: Vec<(usize, usize)> = out[from..].iter().map(begins).collect();
    places.sort_unstable();
    places.dedup();
    if let (true, Some(own)) = (places.len() > 1, places.get(nth).copied()) {
        let mut i = 0;
        out.retain(|c| {
            i += 1;
            i <= from || begins(c) == own
        });
    }
}

/// Whether the centre of a place lies in a region given in shares of the page.
fn inside(view: &View, r: Rect, region: [f32; 4]) -> bool {
    let (x, y) = r.center();
    let (x, y) = (x as f32 / view.page.width.max(1) as f32, y as f32 / view.page.height.max(1) as f32);
    (region[0]..=region[2]).contains(&x) && (region[1]..=region[3]).contains(&y)
}

/// What stands in a region, without the labels in it.
fn region_scope(sheet: &Sheet, region: [f32; 4]) -> Scope {
    let view = &sheet.view;
    let (w, h) = (view.page.width.max(1) as f32, view.page.height.max(1) as f32);
    let across = (region[0] * w) as i32..=(region[2] * w) as i32;
    let down = (region[1] * h) as i32..=(region[3] * h) as i32;
    let mut segs: Vec<Seg> = Vec::new();
    let mut rows = std::collections::BTreeSet::new();
    for line in view.rows.iter().flatten().copied().filter(|l| down.contains(&view.rect(*l).center().1)) {
        let labels = &sheet.hits.on[line];
        for (n, g) in view.page.lines[line].glyphs.iter().enumerate() {
            let place = if g.x1 > g.x0 { i32::midpoint(g.x0, g.x1) } else { view.rect(line).center().0 };
            if !across.contains(&place) || labels.iter().any(|l| l.0.contains(&n)) {
                continue;
            }
            match segs.last_mut() {
                Some(s) if s.line == line && s.glyphs.end == n => s.glyphs.end += 1,
                _ => segs.push(Seg { line, glyphs: n..n + 1 }),
            }
            rows.insert(view.row_of[line]);
        }
    }
    Scope { direction: Direction::Region, rows: rows.len(), segs, distance: 0.0 }
}

/// Candidates of one field in one stretch of page.
pub fn from_scope(
    sheet: &Sheet,
    field: &Field,
    label: Option<(&Hit, Strength)>,
    scope: &Scope,
    known: &Known,
    out: &mut Vec<Candidate>,
) {
    if field.form.marked() && marks::in_scope(sheet, field, label, scope, out) {
        return;
    }
    if field.form == Form::Finding && marks::finding(sheet, field, label, scope, out) {
        return;
    }
    let mut segs = scope.segs.clone();
    let mut known = *known;
    let mut era_certainty = None;
    if field.form.dated()
        && let Some((rest, era)) = marks::era(sheet, &segs)
    {
        segs = rest;
        known.era = era.map(|e| e.0);
        era_certainty = Some(era.map_or(0.0, |e| e.1));
    }
    let mut text = sheet.view.text(&segs);
    if field.form.dated() {
        text.join_numbers();
    }
    let text = cut(&text, &field.rule.stop_at);
    let text = match &field.pattern {
        Some(p) => match matched(&text, p) {
            Some(t) => t,
            None => return,
        },
        None => text,
    };
    if text.is_blank() {
        return;
    }
    // 3, where the page says that 3 is 一部介助
    let number = crate::text::squeeze(&text.string());
    if field.form == Form::Adl
        && number.chars().count() == 1
        && let Some((_, grade)) = daily::legend(&sheet.view).iter().find(|l| number.starts_with(l.0))
    {
        let parsed = Parsed::one(*grade, text.trimmed(), 0.9);
        out.push(candidate(sheet, field, label, scope, &text, parsed));
        return;
    }
    for parsed in form::read(field.form, &text, &known) {
        let mut c = candidate(sheet, field, label, scope, &text, parsed);
        c.mark = era_certainty;
        out.push(c);
    }
}

/// The text before the first of some words.
fn cut(text: &Text, words: &[String]) -> Text {
    let string = text.string();
    let end = words.iter().filter_map(|w| string.find(w.as_str())).min();
    match end {
        Some(b) if b > 0 => text.slice(0..string[..b].chars().count()),
        _ => text.clone(),
    }
}

fn matched(text: &Text, pattern: &regex::Regex) -> Option<Text> {
    let string = text.string();
    let captures = pattern.captures(&string)?;
    let m = captures.get(1).or_else(|| captures.get(0))?;
    Some(text.slice(string[..m.start()].chars().count()..string[..m.end()].chars().count()))
}

/// A candidate out of what a form read.
pub fn candidate(
    sheet: &Sheet,
    field: &Field,
    label: Option<(&Hit, Strength)>,
    scope: &Scope,
    text: &Text,
    parsed: Parsed,
) -> Candidate {
    let segs = text.segs(parsed.span.clone());
    let behind: String = text.chars[parsed.span.end.min(text.chars.len())..].iter().take(6).collect();
    let honorific = honorific_behind(&sheet.view, &segs, &behind);
    let value = match parsed.value {
        Value::One(v) => Value::One(field.rule.normalise.iter().fold(v, |v, n| n.apply(&v))),
        many => many,
    };
    Candidate {
        field: field.key.clone(),
        raw: text.chars[parsed.span.clone()].iter().collect(),
        page: sheet.view.page.number,
        rect: sheet.view.rect_of(&segs),
        items: parsed.items.into_iter().map(|r| text.segs(r)).collect(),
        ticks: Vec::new(),
        segs,
        value,
        quality: parsed.quality,
        label: label.map(|(h, _)| (h.text.clone(), h.rect)),
        strength: label.map(|l| l.1),
        direction: scope.direction,
        distance: scope.distance,
        rows: scope.rows,
        mark: None,
        honorific,
        ways: 1,
        features: Vec::new(),
        em: sheet.view.em,
        p: 0.0,
        given: false,
    }
}

/// 様, 先生, 御中 behind a stretch: in its own text, or as the next thing on the line or row.
fn honorific_behind(view: &View, segs: &[Seg], behind: &str) -> Option<&'static str> {
    const WORDS: &[(&str, &str)] = &[
        ("様", "様"),
        ("樣", "様"),
        ("さま", "様"),
        ("さん", "様"),
        ("殿", "様"),
        ("先生", "先生"),
        ("医師", "先生"),
        ("御侍史", "先生"),
        ("侍史", "先生"),
        ("御中", "御中"),
    ];
    let find = |s: &str| {
        let s = s.trim_start_matches(|c: char| c.is_whitespace() || "　・（(".contains(c));
        WORDS.iter().find(|w| s.starts_with(w.0)).map(|w| w.1)
    };
    if let Some(h) = find(behind) {
        return Some(h);
    }
    let last = segs.last()?;
    let glyphs = &view.page.lines[last.line].glyphs;
    let rest: String = glyphs.get(last.glyphs.end..).unwrap_or_default().iter().take(6).map(|g| g.ch).collect();
    if !rest.is_empty() {
        return find(&rest);
    }
    let row = view.rows.get(view.row_of[last.line])?;
    let next = row.iter().find(|l| view.rect(**l).x0 >= view.rect(last.line).x1)?;
    let text: String = view.page.lines[*next].glyphs.iter().take(6).map(|g| g.ch).collect();
    // a form prints 殿 at the end of the line that a name is written on
    let alone = view.len(*next) <= 2 && view.cell(*next) == view.cell(last.line);
    let reach = if alone { 18.0 } else { 6.0 };
    let near = (view.rect(*next).x0 - view.rect(last.line).x1) as f32 <= reach * view.em;
    if near { find(&text) } else { None }
}

/// One candidate for each field, value and place: the best way to it, knowing how many there are.
fn merge(all: Vec<Candidate>) -> Vec<Candidate> {
    let mut out: Vec<Candidate> = Vec::new();
    for c in all {
        match out.iter_mut().find(|o| o.field == c.field && o.segs == c.segs && o.value == c.value) {
            Some(o) => {
                let (ways, given) = (o.ways + 1, o.given || c.given);
                let key =
                    |c: &Candidate| (c.mark.is_some(), c.strength, (c.quality * 100.0) as i32, -(c.distance as i32));
                if key(&c) > key(o) {
                    *o = c;
                }
                o.ways = ways;
                o.given = given;
            }
            None => out.push(c),
        }
    }
    out
}
