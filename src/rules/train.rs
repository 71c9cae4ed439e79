//! Learns the ranker's weights from faxes whose truth is known (`examples/train_ranker.rs`).
//!
//! Newton's method on the logistic loss; each field's weights are drawn to its family's, each family's to those of all.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::model::{Kind, Value, Vocabulary};
use crate::reading::Reading;
use crate::register::Registers;
use crate::text::{clean, confusion, numbers, squeeze};

use super::candidate::Candidate;
use super::rank::{FEATURES, Ranker, TypeTable, Weights, logistic};
use super::{RuleSet, pages_of};

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
    /// File (index into the corpus) and value of each that no candidate holds.
    pub lost: Vec<(usize, String)>,
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
                    entry.lost.push((n, value.value.text()));
                }
                entry.won += u32::from(best.is_some_and(|c| good(&c) && c.p >= rules.ranker.threshold));
            }
        }
    }
    out
}

const N: usize = FEATURES.len();
type Row = ([f64; N], bool);

/// What was seen of one type.
#[derive(Default)]
struct Counts {
    documents: f32,
    carries: BTreeMap<String, f32>,
    labels: BTreeMap<String, f32>,
}

/// Of 100 labels, how many a document is shown without: strangers use words that no list holds.
const FORGOTTEN: u64 = 30;

/// Learns weights and tables.
///
/// Each document counts three times: as it is, with the registers, and with some of its labels forgotten.
pub fn train(rules: &RuleSet, corpus: &[Example], made: &str) -> Ranker {
    let mut tables: BTreeMap<String, Counts> = BTreeMap::new();
    let mut collected: Vec<(String, Vec<Candidate>, TrueDocument)> = Vec::new();
    for (n, Example { reading, truth, registers }) in corpus.iter().enumerate() {
        for doc in &truth.documents {
            let (candidates, labels) = pages_of(rules, reading, doc, &Registers::default(), None);
            let t = tables.entry(doc.kind.clone()).or_default();
            t.documents += 1.0;
            for key in doc.fields.keys().chain(doc.unscored.keys()) {
                *t.carries.entry(key.clone()).or_default() += 1.0;
            }
            for key in labels {
                *t.labels.entry(key).or_default() += 1.0;
            }
            let known = pages_of(rules, reading, doc, registers, None).0;
            let forgot = pages_of(rules, reading, doc, &Registers::default(), Some((n as u64, FORGOTTEN))).0;
            collected.extend([candidates, known, forgot].map(|c| (doc.kind.clone(), c, doc.clone())));
        }
    }
    let share = |n: f32, of: f32| (((n + 0.3) / (of + 1.5)) * 1000.0).round() / 1000.0;
    let mut ranker = Ranker { made: made.to_owned(), threshold: 0.4, ..Ranker::default() };
    for (kind, t) in tables {
        let table = TypeTable {
            carries: t.carries.into_iter().map(|(k, v)| (k, share(v, t.documents))).collect(),
            labels: t.labels.into_iter().map(|(k, v)| (k, share(v, t.documents))).collect(),
        };
        ranker.kind.insert(kind, table);
    }
    // who stands beside a candidate is known only under weights: learn them, look again, learn again
    for _ in 0..3 {
        learn(rules, &mut ranker, &mut collected);
    }
    ranker
}

fn learn(rules: &RuleSet, ranker: &mut Ranker, collected: &mut [(String, Vec<Candidate>, TrueDocument)]) {
    let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let mut families: BTreeMap<String, String> = BTreeMap::new();
    for (kind, candidates, doc) in collected {
        let fields = rules.fields_of(kind);
        ranker.rank(kind, fields, candidates);
        for c in candidates {
            if doc.ignore.contains(&c.field) && !doc.fields.contains_key(&c.field)
                || doc.unscored.contains_key(&c.field)
            {
                continue;
            }
            let Some(right) = right(c, doc.fields.get(&c.field)) else { continue };
            let Some(field) = fields.iter().find(|f| f.key == c.field) else { continue };
            families.insert(c.field.clone(), field.form.family().to_owned());
            let mut x = [0.0; N];
            x.iter_mut().zip(&c.features).for_each(|(x, f)| *x = f64::from(*f));
            rows.entry(c.field.clone()).or_default().push((x, right));
        }
    }
    // three views of one document are not three documents
    let pull = 3.0;
    let all: Vec<&Row> = rows.values().flatten().collect();
    let base = fit(&all, &[0.0; N], 2.0 * pull);
    ranker.all = named(&base);
    let names: BTreeSet<&String> = families.values().collect();
    for family in names {
        let own: Vec<&Row> = rows.iter().filter(|(k, _)| families[*k] == **family).flat_map(|(_, r)| r).collect();
        let w = fit(&own, &base, 3.0 * pull);
        ranker.family.insert(family.clone(), named(&w));
        for (key, r) in rows.iter().filter(|(k, _)| families[*k] == *family) {
            let own: Vec<&Row> = r.iter().collect();
            ranker.field.insert(key.clone(), named(&fit(&own, &w, 6.0 * pull)));
        }
    }
}

fn named(w: &[f64; N]) -> Weights {
    FEATURES
        .iter()
        .zip(w)
        .map(|(n, w)| ((*n).to_owned(), ((w * 100.0).round() / 100.0) as f32))
        .filter(|x| x.1 != 0.0)
        .collect()
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

/// Minimises the log loss with a quadratic pull to `lean`.
fn fit(rows: &[&Row], lean: &[f64; N], pull: f64) -> [f64; N] {
    let mut w = *lean;
    for _ in 0..25 {
        let mut gradient = [0.0; N];
        let mut hessian = vec![[0.0; N]; N];
        for i in 0..N {
            gradient[i] = pull * (w[i] - lean[i]);
            hessian[i][i] = pull;
        }
        for (x, y) in rows {
            let z: f64 = x.iter().zip(&w).map(|(a, b)| a * b).sum();
            let p = f64::from(logistic(z as f32));
            let d = p - f64::from(u8::from(*y));
            let v = (p * (1.0 - p)).max(1e-6);
            for i in 0..N {
                if x[i] != 0.0 {
                    gradient[i] += d * x[i];
                    for j in 0..=i {
                        hessian[i][j] += v * x[i] * x[j];
                    }
                }
            }
        }
        let step = solve(&mut hessian, gradient);
        let size: f64 = step.iter().map(|s| s.abs()).fold(0.0, f64::max);
        let damp = if size > 3.0 { 3.0 / size } else { 1.0 };
        for i in 0..N {
            w[i] -= damp * step[i];
        }
        if size < 1e-4 {
            break;
        }
    }
    w
}

/// Cholesky, in place; only the lower triangle is filled.
fn solve(a: &mut [[f64; N]], b: [f64; N]) -> [f64; N] {
    for i in 0..N {
        for j in 0..=i {
            let s = a[i][j] - (0..j).map(|k| a[i][k] * a[j][k]).sum::<f64>();
            a[i][j] = if i == j { s.max(1e-9).sqrt() } else { s / a[j][j] };
        }
    }
    let mut x = b;
    for i in 0..N {
        for k in 0..i {
            x[i] -= a[i][k] * x[k];
        }
        x[i] /= a[i][i];
    }
    for i in (0..N).rev() {
        for k in i + 1..N {
            x[i] -= a[k][i] * x[k];
        }
        x[i] /= a[i][i];
    }
    x
}
