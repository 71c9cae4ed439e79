//! Learns the ranker's weights from faxes whose truth is known (`reader/examples/ranker.rs`).
//!
//! Two models: of every candidate, and of the one that wins (`place`). Each field's weights are drawn to its family's,
//! each family's to those of all. What the second learns from was ranked by weights that had not seen its house.

mod fit;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::model::{Kind, Value, Vocabulary};
use crate::reading::Reading;
use crate::register::Registers;
use crate::text::{clean, confusion, numbers, squeeze};

use super::candidate::{Candidate, Sheet};
use super::rank::{self, Learnt, Ranker, TypeTable, Weights};
use super::{RuleSet, decide, pages_of, place};
use fit::{Row, fit};

/// Probability from which a winner is shown: showing a wrong value costs about what leaving out a right one does.
const SHOWN: f32 = 0.4;
/// Below this nothing is learnt about a winner.
const FAINT: f32 = 0.01;

/// What a file of the corpus holds, in the shape of the contract's truth files.
#[derive(Debug, Clone, Deserialize)]
pub struct Truth {
    #[serde(default)]
    pub documents: Vec<TrueDocument>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct TrueDocument {
    #[serde(rename = "type")]
    pub kind: String,
    pub pages: Vec<u32>,
    /// Who sent it, for leaving one hospital out.
    #[serde(default)]
    pub hospital: Option<String>,
    pub fields: BTreeMap<String, TrueField>,
    #[serde(default)]
    pub ignore: Vec<String>,
    #[serde(default)]
    pub unscored: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct TrueField {
    pub value: Value,
    #[serde(default)]
    pub alt: Vec<Value>,
}

/// How often the right value is among a field's candidates: what no ranking can mend.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// Documents that carry the field.
    pub carried: u32,
    /// Of these, with a right candidate.
    pub found: u32,
    /// Of these, where the right candidate is the likeliest and above the threshold.
    pub won: u32,
    /// File (index into the corpus) and value of each that no candidate holds, and the likeliest that there are.
    pub lost: Vec<(usize, String, Vec<String>)>,
}

/// One fax of the corpus: what was read of it, what stands on it, and the register of its hospitals and patients.
pub struct Example<'r> {
    pub reading: Reading,
    pub truth: Truth,
    pub registers: &'r Registers,
}

/// Coverage by field, under the rules' own ranker.
pub fn coverage(rules: &RuleSet, corpus: &[Example]) -> BTreeMap<String, Coverage> {
    let mut out: BTreeMap<String, Coverage> = BTreeMap::new();
    for (n, Example { reading, truth, .. }) in corpus.iter().enumerate() {
        for doc in &truth.documents {
            let (mut all, _) = pages_of(rules, reading, doc, &Registers::default(), None);
            rules.ranker.rank(&doc.kind, rules.fields_of(&doc.kind), &mut all);
            for (key, value) in &doc.fields {
                let own: Vec<&Candidate> = all.iter().filter(|c| c.field == *key).collect();
                let good = |c: &&&Candidate| right(c, Some(value)) != Some(false);
                let best = own.iter().max_by(|a, b| a.p.total_cmp(&b.p));
                let entry = out.entry(key.clone()).or_default();
                entry.carried += 1;
                if own.iter().any(|c| good(&c)) {
                    entry.found += 1;
                } else {
                    let mut near: Vec<&&Candidate> = own.iter().collect();
                    near.sort_by(|a, b| b.p.total_cmp(&a.p));
                    let near = near.iter().take(2).map(|c| {
                        let label = c.label.as_ref().map_or("", |l| l.0.as_str());
                        format!("{:.2} {} {label} | {}", c.p, c.direction.name(), c.value.text())
                    });
                    entry.lost.push((n, value.value.text(), near.collect()));
                }
                entry.won += u32::from(best.is_some_and(|c| good(&c) && c.p >= rules.ranker.threshold));
            }
        }
    }
    out
}

/// The candidates of a field on a document, the likeliest first: value, probability, the way to it and what spoke for it.
pub fn shown(rules: &RuleSet, reading: &Reading, doc: &TrueDocument, key: &str) -> Vec<String> {
    let (mut all, _) = pages_of(rules, reading, doc, &Registers::default(), None);
    let fields = rules.fields_of(&doc.kind);
    rules.ranker.rank(&doc.kind, fields, &mut all);
    decide::sort(&mut all);
    let Some(field) = fields.iter().find(|f| f.key == key) else { return Vec::new() };
    let own = all.iter().filter(|c| c.field == key);
    let line = |c: &Candidate| {
        let label = c.label.as_ref().map_or("", |l| l.0.as_str());
        format!(
            "{:.3} {:.3} q {:.2} {} {label} | {} | {:?}",
            c.p,
            rules.ranker.placed(field.form, c, &all),
            c.quality,
            c.direction.name(),
            c.value.text(),
            rules.ranker.reasons(c, field.form.family())
        )
    };
    own.map(line).collect()
}

/// The labels that are found on a document: each with the fields that it may stand for.
pub fn labels(rules: &RuleSet, reading: &Reading, doc: &TrueDocument) -> Vec<String> {
    let Some(kind) = rules.kinds.get(&doc.kind) else { return Vec::new() };
    let pages = reading.pages.iter().filter(|p| doc.pages.contains(&p.number) && !p.blank);
    let sheets = pages.map(|p| Sheet::new(p, kind.lexicon()));
    let hit = |h: &super::lexicon::Hit| {
        let fields: Vec<String> = h.fields.iter().map(|(f, s)| format!("{f} {s:?}")).collect();
        format!("{} at {},{}: {}", h.text, h.rect.x0, h.rect.y0, fields.join(", "))
    };
    sheets.flat_map(|s| s.hits.all.iter().map(hit).collect::<Vec<_>>()).collect()
}

/// What was seen of one type.
#[derive(Default)]
struct Counts {
    documents: f32,
    carries: BTreeMap<String, f32>,
    labels: BTreeMap<String, f32>,
}

/// Of 100 labels, how many a document is shown without: strangers use words that no list holds.
const FORGOTTEN: u64 = 30;
/// Parts that the houses are dealt into; each is judged by what the others teach.
pub const FOLDS: usize = 6;

/// One document of the corpus as the ranker sees it.
struct Lesson {
    doc: TrueDocument,
    fold: usize,
    /// Its candidates as it is, with the registers, and with some of its labels forgotten.
    views: [Vec<Candidate>; 3],
    /// Fields whose labels stand on it.
    labels: Vec<String>,
}

/// What a corpus teaches.
pub struct Lessons<'r> {
    rules: &'r RuleSet,
    lessons: Vec<Lesson>,
    folds: BTreeMap<String, usize>,
}

/// Weights learnt from everything, and for each fold those learnt without it.
pub struct Learning {
    pub ranker: Ranker,
    pub without: Vec<Ranker>,
}

impl<'r> Lessons<'r> {
    /// Collects the candidates of every document of known type.
    pub fn new(rules: &'r RuleSet, corpus: &[Example]) -> Lessons<'r> {
        let docs = || corpus.iter().flat_map(|e| &e.truth.documents);
        let folds = dealt(docs().map(TrueDocument::house));
        let mut lessons = Vec::new();
        for (n, Example { reading, truth, registers }) in corpus.iter().enumerate() {
            for doc in &truth.documents {
                let (plain, labels) = pages_of(rules, reading, doc, &Registers::default(), None);
                let known = pages_of(rules, reading, doc, registers, None).0;
                let forgot = pages_of(rules, reading, doc, &Registers::default(), Some((n as u64, FORGOTTEN))).0;
                let fold = folds[doc.house()];
                lessons.push(Lesson { doc: doc.clone(), fold, views: [plain, known, forgot], labels });
            }
        }
        Lessons { rules, lessons, folds }
    }

    /// The fold that a file belongs to; None where its documents are of several.
    pub fn fold(&self, truth: &Truth) -> Option<usize> {
        let mut folds = truth.documents.iter().filter_map(|d| self.folds.get(d.house()).copied());
        let first = folds.next()?;
        folds.all(|f| f == first).then_some(first)
    }

    /// Learns the weights of candidates and of winners; the latter from documents whose house the former had not seen.
    pub fn learn(&mut self, made: &str, say: impl Fn(&str)) -> Learning {
        let mut winners = Vec::new();
        let mut without = Vec::new();
        for fold in 0..FOLDS {
            let ranker = self.candidates(made, Some(fold));
            winners.extend(self.winners(&ranker, fold));
            without.push(ranker);
            say(&format!("fold {} of {FOLDS}", fold + 1));
        }
        let mut ranker = self.candidates(made, None);
        ranker.place = self.model(&place::FEATURES, &winners.iter().map(|w| (&w.1, &w.2)).collect::<Vec<_>>(), 1.0);
        for (fold, ranker) in without.iter_mut().enumerate() {
            let rows: Vec<_> = winners.iter().filter(|w| w.0 != fold).map(|w| (&w.1, &w.2)).collect();
            ranker.place = self.model(&place::FEATURES, &rows, 1.0);
        }
        Learning { ranker, without }
    }

    /// Tables and the weights of candidates, from all folds but one.
    fn candidates(&mut self, made: &str, left_out: Option<usize>) -> Ranker {
        let mut tables: BTreeMap<String, Counts> = BTreeMap::new();
        for l in self.lessons.iter().filter(|l| Some(l.fold) != left_out) {
            let t = tables.entry(l.doc.kind.clone()).or_default();
            t.documents += 1.0;
            for key in l.doc.fields.keys().chain(l.doc.unscored.keys()) {
                *t.carries.entry(key.clone()).or_default() += 1.0;
            }
            for key in &l.labels {
                *t.labels.entry(key.clone()).or_default() += 1.0;
            }
        }
        let share = |n: f32, of: f32| (((n + 0.3) / (of + 1.5)) * 1000.0).round() / 1000.0;
        let mut ranker = Ranker { made: made.to_owned(), threshold: SHOWN, ..Ranker::default() };
        for (kind, t) in tables {
            let table = TypeTable {
                carries: t.carries.into_iter().map(|(k, v)| (k, share(v, t.documents))).collect(),
                labels: t.labels.into_iter().map(|(k, v)| (k, share(v, t.documents))).collect(),
            };
            ranker.kind.insert(kind, table);
        }
        // who stands beside a candidate is known only under weights: learn them, look again, learn again
        for _ in 0..3 {
            let mut rows: Vec<(String, Row<{ rank::N }>)> = Vec::new();
            for l in self.lessons.iter_mut().filter(|l| Some(l.fold) != left_out) {
                let fields = self.rules.fields_of(&l.doc.kind);
                for view in &mut l.views {
                    ranker.rank(&l.doc.kind, fields, view);
                    for c in view.iter() {
                        if let Some(right) = l.doc.right(c) {
                            let mut x = [0.0; rank::N];
                            x.iter_mut().zip(&c.features).for_each(|(x, f)| *x = f64::from(*f));
                            rows.push((c.field.clone(), (x, right)));
                        }
                    }
                }
            }
            // three views of one document are not three documents
            ranker.candidate = self.model(&rank::FEATURES, &rows.iter().map(|r| (&r.0, &r.1)).collect::<Vec<_>>(), 3.0);
        }
        ranker
    }

    /// The winners of each field in one fold, and whether they are right.
    fn winners(&mut self, ranker: &Ranker, fold: usize) -> Vec<(usize, String, Row<{ place::N }>)> {
        let mut out = Vec::new();
        for l in self.lessons.iter_mut().filter(|l| l.fold == fold) {
            let fields = self.rules.fields_of(&l.doc.kind);
            let view = &mut l.views[0];
            ranker.rank(&l.doc.kind, fields, view);
            decide::sort(view);
            for (key, pick) in decide::choose(view, |c| (c.p >= FAINT).then_some(c.p)) {
                let Some(field) = fields.iter().find(|f| f.key == key) else { continue };
                let c = &view[pick.at];
                if let Some(right) = l.doc.right(c) {
                    let x = place::features(field.form, c, view).map(f64::from);
                    out.push((fold, key, (x, right)));
                }
            }
        }
        out
    }

    /// A model of all fields, of each family drawn to it, of each field drawn to its family.
    fn model<const M: usize>(&self, names: &[&str; M], rows: &[(&String, &Row<M>)], pull: f64) -> Learnt {
        let family = |key: &str| {
            let rules = self.rules.kinds.values().flat_map(|k| k.fields()).find(|f| f.key == key);
            rules.map_or("text", |f| f.form.family())
        };
        let mut by_field: BTreeMap<&str, Vec<&Row<M>>> = BTreeMap::new();
        for (key, row) in rows {
            by_field.entry(key).or_default().push(row);
        }
        let all: Vec<&Row<M>> = rows.iter().map(|r| r.1).collect();
        let base = fit(&all, &[0.0; M], 2.0 * pull);
        let mut out = Learnt { all: named(names, &base), ..Learnt::default() };
        let families: BTreeSet<&str> = by_field.keys().map(|k| family(k)).collect();
        for name in families {
            let own: Vec<&Row<M>> =
                by_field.iter().filter(|(k, _)| family(k) == name).flat_map(|(_, r)| r).copied().collect();
            let w = fit(&own, &base, 3.0 * pull);
            out.family.insert(name.to_owned(), named(names, &w));
            for (key, rows) in by_field.iter().filter(|(k, _)| family(k) == name) {
                out.field.insert((*key).to_owned(), named(names, &fit(rows, &w, 6.0 * pull)));
            }
        }
        out
    }
}

fn named<const M: usize>(names: &[&str; M], w: &[f64; M]) -> Weights {
    let rounded = names.iter().zip(w).map(|(n, w)| ((*n).to_owned(), ((w * 100.0).round() / 100.0) as f32));
    rounded.filter(|x| x.1 != 0.0).collect()
}

/// Houses dealt into folds, the largest first, each to the smallest fold.
fn dealt<'a>(houses: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    houses.for_each(|h| *sizes.entry(h).or_default() += 1);
    let mut order: Vec<(&str, usize)> = sizes.into_iter().collect();
    order.sort_by_key(|h| (std::cmp::Reverse(h.1), h.0));
    let mut filled = [0; FOLDS];
    let mut out = BTreeMap::new();
    for (house, n) in order {
        let fold = (0..FOLDS).min_by_key(|f| filled[*f]).unwrap_or(0);
        filled[fold] += n;
        out.insert(house.to_owned(), fold);
    }
    out
}

impl TrueDocument {
    /// Who sent it; those that do not say are one house.
    fn house(&self) -> &str {
        self.hospital.as_deref().unwrap_or("?")
    }

    /// Whether a candidate is what stands on the page; None where that teaches nothing.
    fn right(&self, c: &Candidate) -> Option<bool> {
        let free = self.ignore.contains(&c.field) && !self.fields.contains_key(&c.field);
        if free || self.unscored.contains_key(&c.field) {
            return None;
        }
        right(c, self.fields.get(&c.field))
    }
}

/// Whether a candidate found its field's ink; None where only a character or two are wrong in a number: it teaches
/// nothing about places.
fn right(c: &Candidate, truth: Option<&TrueField>) -> Option<bool> {
    let Some(truth) = truth else { return Some(false) };
    let kind = Vocabulary::get().fields.get(&c.field).map_or(Kind::Text, |f| f.kind);
    let mut near = false;
    for t in std::iter::once(&truth.value).chain(&truth.alt) {
        let (a, b) = (squeeze(&clean(&t.text())), squeeze(&clean(&c.value.text())));
        match kind {
            Kind::Date | Kind::Datetime | Kind::Enum => {
                if a == b || kind == Kind::Datetime && a.get(..10) == b.get(..10) && b.len() <= 10 {
                    return Some(true);
                }
                near |= kind != Kind::Enum && confusion::distance(&a, &b) <= 1.0;
            }
            Kind::Phone | Kind::Digits => {
                let (a, b) = (numbers::phone_digits(&a), numbers::phone_digits(&b));
                if a == b {
                    return Some(true);
                }
                near |= confusion::distance(&a, &b) <= 1.0;
            }
            Kind::Text => {
                let s = confusion::similarity(&a, &b);
                if s >= 0.88 {
                    return Some(true);
                }
                near |= s >= 0.7;
            }
            Kind::List => {
                let (Value::Many(t), Value::Many(v)) = (t, &c.value) else { continue };
                let hit = v
                    .iter()
                    .filter(|x| {
                        t.iter().any(|y| confusion::similarity(&squeeze(&clean(x)), &squeeze(&clean(y))) >= 0.85)
                    })
                    .count();
                let j = hit as f32 / (t.len() + v.len() - hit).max(1) as f32;
                if j >= 0.99 {
                    return Some(true);
                }
                near |= j >= 0.6;
            }
        }
    }
    if near { None } else { Some(false) }
}
