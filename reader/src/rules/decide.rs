//! Which candidates become a document's fields, and which of them may be shown as certain.
//!
//! Association (is it this field's ink?) is the ranker's; reading (are these its characters?) is judged here by kind:
//! a grammar's margin for dates and numbers, name against kana for persons, the register for institutions, word lists
//! for diagnoses and drugs, ink for marks (shared/design/extract.md, "Confidence in two parts").

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{self, Item, Status, Trace, Value};
use crate::reading::Page;
use crate::register::Registers;
use crate::text::{institution, options, squeeze};

use super::candidate::{Candidate, Field};
use super::certain::{self, Certain};
use super::check;
use super::form::{Form, Known};
use super::given;
use super::pen;
use super::rank::{self, Ranker};
use super::rechoose;
use super::second;
use super::unsaid;

/// How many log odds a different value must lie behind what is certain.
const CLEAR: f32 = 1.2;
/// A quarter of the log odds with which a type's sheets carry a field, from which it may be certain: one in twenty.
const RARE: f32 = -0.74;

/// A field's candidate that won, and how likely it is the field's value ([`Ranker::placed`]).
#[derive(Debug, Clone, Copy)]
pub struct Pick {
    pub at: usize,
    pub p: f32,
}

/// The winners, by field.
pub type Picks = BTreeMap<String, Pick>;

/// What stands beside the candidates.
pub struct Case<'a> {
    pub fields: &'a [Field],
    pub ranker: &'a Ranker,
    pub registers: &'a Registers,
    pub known: Known,
    pub pages: &'a [&'a Page],
    /// File name of the type's rules, for traces.
    pub rules: String,
    /// What a hand wrote is accepted like print.
    pub handwriting: bool,
}

/// The document's fields.
pub fn fields(case: &Case, mut candidates: Vec<Candidate>) -> BTreeMap<String, model::Field> {
    sort(&mut candidates);
    let mut chosen = choose(&candidates, |c| {
        let field = case.fields.iter().find(|f| f.key == c.field)?;
        if c.given {
            return Some(given::likely(c));
        }
        Some(case.ranker.placed(field.form, c, &candidates)).filter(|p| *p >= case.ranker.threshold)
    });
    heavier(&candidates, &mut chosen);
    for (key, pick) in &chosen {
        let c = &mut candidates[pick.at];
        let page = case.pages.iter().find(|p| p.number == c.page);
        if let (Some(field), Some(page)) = (case.fields.iter().find(|f| f.key == *key), page) {
            rechoose::revise(field.form, page, &case.known, c);
        }
    }
    let mut out = BTreeMap::new();
    let mut written = BTreeSet::new();
    for (key, pick) in &chosen {
        let Some(field) = case.fields.iter().find(|f| f.key == *key) else { continue };
        let c = &candidates[pick.at];
        let rivals: Vec<&Candidate> = candidates
            .iter()
            .filter(|o| o.field == *key && squeeze(&o.value.text()) != squeeze(&c.value.text()))
            .collect();
        out.insert(key.clone(), finish(case, field, *pick, &rivals, &chosen, &candidates));
        let page = case.pages.iter().find(|p| p.number == c.page);
        if !field.form.marked() && page.is_some_and(|p| pen::written(p, c)) {
            written.insert(key.clone());
        }
    }
    check::fields(case.pages, case.known.reference, &mut out);
    pen::fields(case, &written, &mut out);
    out
}

/// The likeliest first.
pub fn sort(candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| b.p.total_cmp(&a.p).then_with(|| a.rect.y0.cmp(&b.rect.y0)));
}

/// Best first: each field takes its best candidate whose ink no other field has, if `likely` gives it a probability.
pub fn choose(candidates: &[Candidate], likely: impl Fn(&Candidate) -> Option<f32>) -> Picks {
    let mut chosen = Picks::new();
    for (at, c) in candidates.iter().enumerate() {
        if chosen.contains_key(&c.field) || excluded(c, &chosen, candidates) {
            continue;
        }
        if let Some(p) = likely(c) {
            chosen.insert(c.field.clone(), Pick { at, p });
        }
    }
    chosen
}

/// One place serves one field, and nobody writes to himself.
fn excluded(c: &Candidate, chosen: &Picks, candidates: &[Candidate]) -> bool {
    chosen.iter().any(|(key, pick)| {
        let o = &candidates[pick.at];
        if shares(&c.field, key) {
            return false;
        }
        let same_ink = o.page == c.page && o.overlap(c) > 0.5;
        let clash = match (c.field.as_str(), key.as_str()) {
            ("sender.institution", "recipient.institution") | ("recipient.institution", "sender.institution") => {
                institution::comparable(&c.value.text()) == institution::comparable(&o.value.text())
            }
            ("sender.fax", "sender.phone") | ("sender.phone", "sender.fax") => c.value == o.value,
            ("patient.name", "recipient.person" | "sender.person")
            | ("recipient.person" | "sender.person", "patient.name") => {
                squeeze(&c.value.text()) == squeeze(&o.value.text())
            }
            _ => false,
        };
        same_ink || clash
    })
}

/// Fields that may stand in the same ink: the care office that sends a sheet is its sender too.
fn shares(a: &str, b: &str) -> bool {
    const TOGETHER: &[(&str, &str)] = &[
        ("sender.institution", "care.office"),
        ("sender.person", "care.manager"),
        ("encounter.destination", "recipient.institution"),
        ("urgency", "document.date"),
        ("recipient.institution", "care.office"),
        ("recipient.person", "care.manager"),
    ];
    TOGETHER.iter().any(|(x, y)| (*x, *y) == (a, b) || (*y, *x) == (a, b))
}

/// A page that splits 排尿 and 排便 means the heavier grade (contract, "Cases").
fn heavier(candidates: &[Candidate], chosen: &mut Picks) {
    /// From here on the other row may be one of the two.
    const LIKELY: f32 = 0.4;
    let Some(Pick { at: first, p }) = chosen.get("adl.toileting").copied() else { return };
    let label = |c: &Candidate| c.label.as_ref().map(|l| squeeze(&l.0)).unwrap_or_default();
    let mut best = first;
    for (i, c) in candidates.iter().enumerate() {
        if c.field != "adl.toileting" || c.p < LIKELY || c.page != candidates[first].page {
            continue;
        }
        if label(c) != label(&candidates[first]) && c.mark.is_some() {
            let value = |c: &Candidate| {
                ["independent", "supervised", "partial", "full"].into_iter().find(|v| *v == c.value.text())
            };
            if let (Some(a), Some(b)) = (value(&candidates[best]), value(c))
                && options::heavier_adl(a, b) == b
                && a != b
            {
                best = i;
            }
        }
    }
    chosen.insert("adl.toileting".to_owned(), Pick { at: best, p });
}

/// Whether another known name stands on the sheet that is nobody else's: which of two of the staff wrote it is seldom said.
fn colleague(c: &Candidate, chosen: &Picks, candidates: &[Candidate]) -> bool {
    let own = squeeze(&c.value.text());
    let taken = |name: &str| {
        chosen
            .iter()
            .any(|(key, pick)| key != "sender.person" && squeeze(&candidates[pick.at].value.text()).contains(name))
    };
    candidates.iter().filter(|o| o.field == c.field && o.quality >= 0.6).any(|o| {
        let name = squeeze(&o.value.text());
        rank::feature(o, "known_name") >= 1.0 && !own.contains(&name) && !name.contains(&own) && !taken(&name)
    })
}

/// Whether another candidate begins with this one's text and has more.
fn goes_on(field: &Field, c: &Candidate, other: &Candidate) -> bool {
    let (own, more) = (squeeze(&c.value.text()), squeeze(&other.value.text()));
    matches!(field.form, Form::Address | Form::Word | Form::Text | Form::Finding)
        && other.field == c.field
        && more.len() > own.len()
        && more.starts_with(&own)
}

/// Whether another day stands under the same label: 候補日 A, B and C, of which something else may say which it is.
fn proposed(field: &Field, c: &Candidate, other: &Candidate) -> bool {
    let day = |c: &Candidate| c.value.text().chars().take(10).collect::<String>();
    let label = c.label.is_some() && (c.page, &c.label) == (other.page, &other.label);
    field.form == Form::Datetime && label && other.quality >= 0.6 && day(c) != day(other) && c.overlap(other) == 0.0
}

fn finish(
    case: &Case,
    field: &Field,
    pick: Pick,
    rivals: &[&Candidate],
    chosen: &Picks,
    candidates: &[Candidate],
) -> model::Field {
    let c = &candidates[pick.at];
    let own = squeeze(&c.value.text());
    let page = case.pages.iter().find(|p| p.number == c.page);
    let beside = |key: &str| chosen.get(key).map(|pick| &candidates[pick.at]);
    let Certain { reading, note } = match page {
        Some(page) => certain::reading(case, field, c, page, &beside),
        None => Certain { reading: 0.0, note: None },
    };
    let mut failed: Vec<String> = note.into_iter().collect();
    if let Value::One(v) = &c.value {
        failed.extend(field.rule.check.iter().filter_map(|k| k.failed(v, case.known.reference)));
    }
    failed.extend(certain::far_from_sending(field, &c.value, case.pages));
    if field.key == "sender.person" && colleague(c, chosen, candidates) {
        failed.push("ほかの職員の名前もあり、発信者が確実ではありません".to_owned());
    }
    if rivals.iter().any(|r| proposed(field, c, r)) {
        failed.push("ほかの日時の候補もあります".to_owned());
    }
    failed.extend(unsaid::why(field, c, page.copied(), case.pages.len(), beside("patient.name")));
    let bar = field.rule.accept.unwrap_or(certain::bar(field.form));
    // of two values that are about as likely, or on a sheet that hardly ever carries one, none is certain
    let part = |r: &Candidate| field.form == Form::Person && own.contains(&squeeze(&r.value.text()));
    let next = rivals.iter().filter(|r| !part(r)).map(|r| r.p).fold(0.0, f32::max);
    // two marks that say different things are no mark
    let contested = field.form.marked() && next >= 0.5;
    let clear = rank::logit(c.p) - rank::logit(next) >= CLEAR && !contested;
    let usual = rank::feature(c, "carried") > RARE || field.key.starts_with("x.") || c.given;
    let placed = pick.p >= certain::PLACED && clear && usual;
    if given::missed(field, c) {
        failed.push("この病院のルールの場所に、項目の形に合う値がありません".to_owned());
    }
    if let Some(more) = candidates.iter().find(|o| o.p >= 0.2 && goes_on(field, c, o)) {
        failed.push(format!("続きがあるかもしれません（{}行）", more.rows));
    }
    let confidence = (f64::from(pick.p) * f64::from(reading)).clamp(0.0, 1.0);
    let sure = placed && f64::from(reading) >= bar && failed.is_empty();
    let status = |ok: bool| if ok { Status::Accepted } else { Status::Review };
    let items = match &c.value {
        Value::Many(values) => page.map(|page| {
            let mut list = Vec::new();
            for (n, (v, segs)) in values.iter().zip(&c.items).enumerate() {
                // whatever bar a rule sets: a dose that one engine alone read is a question
                let confirmed = field.form != Form::Drugs || second::doses_confirmed(page, segs, v);
                let rect = segs.iter().map(|s| place(page, s)).reduce(|a, b| a.union(&b)).unwrap_or(c.rect);
                // each tick by itself: an unsure box says nothing against its neighbour
                let (p, rect) = match c.ticks.get(n) {
                    Some(tick) => *tick,
                    None => (certain::item(field.form, v, segs, page), rect),
                };
                list.push(Item {
                    value: v.clone(),
                    raw: segs.iter().map(|s| glyphs(page, s)).collect(),
                    page: c.page,
                    rect: rect.array(),
                    confidence: f64::from(p) * f64::from(pick.p),
                    status: status(placed && confirmed && f64::from(p) >= bar),
                });
            }
            list
        }),
        Value::One(_) => None,
    };
    let sure = match &items {
        // of a printed list, every box must be sure, the empty ones too
        Some(list) => {
            let boxes = c.ticks.is_empty() || f64::from(reading) >= bar;
            boxes && !list.is_empty() && list.iter().all(|i| i.status == Status::Accepted)
        }
        None => sure,
    };
    let family = field.form.family();
    model::Field {
        value: c.value.clone(),
        raw: c.raw.clone(),
        page: c.page,
        rect: c.rect.array(),
        confidence: (confidence * 1000.0).round() / 1000.0,
        status: status(sure),
        items,
        trace: Trace {
            rule: format!("{}: {}", case.rules, field.key),
            name: field.rule.label.clone().filter(|_| field.key.starts_with("x.")),
            label: c.label.as_ref().map(|(t, r)| (t.clone(), r.array())),
            direction: c.direction.name().to_owned(),
            normalisers: field.rule.normalise.iter().map(|n| n.name()).collect(),
            failed,
            reasons: case.ranker.reasons(c, family),
            rivals: rivals
                .iter()
                .take(3)
                .map(|r| (r.value.text(), f64::from((r.p * 1000.0).round() / 1000.0)))
                .collect(),
        },
    }
}

fn place(page: &Page, seg: &super::choice::Seg) -> model::Rect {
    let line = &page.lines[seg.line];
    match line.glyphs.get(seg.glyphs.clone()) {
        Some([a, .., b]) => model::Rect::new(a.x0, line.rect.y0, b.x1, line.rect.y1),
        Some([a]) => model::Rect::new(a.x0, line.rect.y0, a.x1, line.rect.y1),
        _ => line.rect,
    }
}

fn glyphs(page: &Page, seg: &super::choice::Seg) -> String {
    page.lines[seg.line].glyphs.get(seg.glyphs.clone()).unwrap_or_default().iter().map(|g| g.ch).collect()
}
