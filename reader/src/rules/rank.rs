//! How likely a candidate is its field's value: a logistic model over features that a person can read.
//!
//! Weights stand in `config/rules/ranker.toml`, made by `reader/examples/ranker.rs`; a field's weights lean on its
//! family's, and these on those of all fields, so that a field with few examples behaves like its relatives.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Rect, Value};
use crate::register::{NameMatch, Registers};
use crate::text::names::{self, Agreement};
use crate::text::squeeze;

use super::candidate::{Candidate, Field, Sheet};
use super::file::Group;
use super::form::Form;
use super::lexicon::Strength;
use super::scope::Direction;
use super::view::certainty;

/// Names of the features, in the order of [`Candidate::features`].
pub const FEATURES: [&str; 39] = [
    "bias",
    "quality",
    "well_formed",
    "label_strong",
    "label_shared",
    "label_weak",
    "label_none",
    "label_length",
    "same_line",
    "block",
    "right",
    "below",
    "distance",
    "first_row",
    "rows",
    "certainty_least",
    "certainty_mean",
    "known_name",
    "repeated",
    "ways",
    "context",
    "own_block",
    "foreign_block",
    "page_top",
    "page_bottom",
    "page_right",
    "honorific_sama",
    "honorific_sensei",
    "honorific_onchu",
    "claimed",
    "cover",
    // the patient's name can be read as kana on the page say, and the other way round
    "kana_agrees",
    // the patient's birth date stands close
    "birth_near",
    // a label that decides alone led to a well-formed value
    "strong_and_formed",
    // a label of several fields did, in a block that speaks of whom the field does
    "shared_in_context",
    // such a label in the same line or the next cell
    "strong_and_close",
    // likely values of the same group stand close: 電話 under a hospital's name
    "own_company",
    // likely values of another group do
    "foreign_company",
    // log odds that a document of the type carries the field, / 4
    "carried",
];
/// A feature of a candidate by its name.
pub fn feature(c: &Candidate, name: &str) -> f32 {
    let at = FEATURES.iter().position(|f| *f == name);
    at.and_then(|i| c.features.get(i)).copied().unwrap_or(0.0)
}

/// Places of the features that are known only once all candidates are: see [`Ranker::rank`].
const OWN_COMPANY: usize = N - 3;
const FOREIGN_COMPANY: usize = N - 2;

pub const N: usize = FEATURES.len();

/// Weights by name; a feature without one weighs nothing.
pub type Weights = BTreeMap<String, f32>;

/// Weights of one model: a field's own, else its family's, else those of all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learnt {
    pub all: Weights,
    pub family: BTreeMap<String, Weights>,
    pub field: BTreeMap<String, Weights>,
}

impl Learnt {
    /// The weights for a field, in the order of the features' names.
    pub fn of<const M: usize>(&self, field: &str, family: &str, names: &[&str; M]) -> [f32; M] {
        let table = self.field.get(field).or_else(|| self.family.get(family)).unwrap_or(&self.all);
        names.map(|name| table.get(name).copied().unwrap_or(0.0))
    }
}

/// The ranker's file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranker {
    /// Where it comes from: corpus and command.
    pub made: String,
    /// Probability from which the best candidate is shown at all.
    pub threshold: f32,
    /// How likely each candidate is its field's value.
    pub candidate: Learnt,
    /// How likely the best of them is (`place`).
    #[serde(default)]
    pub place: Learnt,
    /// How often a document of a type carries a field.
    #[serde(rename = "type")]
    pub kind: BTreeMap<String, TypeTable>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeTable {
    /// Share of the type's documents that carry the field.
    pub carries: BTreeMap<String, f32>,
    /// Share of them on which a label of the field stands.
    pub labels: BTreeMap<String, f32>,
}

impl Ranker {
    /// Log odds that a document of a type carries a field.
    pub fn prior(&self, kind: &str, field: &str) -> f32 {
        let Some(table) = self.kind.get(kind) else { return 0.0 };
        let p = table.carries.get(field).copied().unwrap_or(0.01).clamp(0.01, 0.97);
        (p / (1.0 - p)).ln()
    }

    /// Gives each candidate its probability, for a document of a type: once by itself, then knowing who stands beside it.
    pub fn rank(&self, kind: &str, fields: &[Field], candidates: &mut [Candidate]) {
        let field = |key: &str| fields.iter().find(|f| f.key == key);
        for c in candidates.iter_mut() {
            if let Some(last) = c.features.last_mut() {
                *last = self.prior(kind, &c.field) / 4.0;
                c.features[OWN_COMPANY] = 0.0;
                c.features[FOREIGN_COMPANY] = 0.0;
            }
            c.p = logistic(self.score(c, field(&c.field).map_or("text", |f| f.form.family())));
        }
        let company = company(fields, candidates);
        for (c, (own, foreign)) in candidates.iter_mut().zip(company) {
            if own > 0.0 || foreign > 0.0 {
                c.features[OWN_COMPANY] = own;
                c.features[FOREIGN_COMPANY] = foreign;
                c.p = logistic(self.score(c, field(&c.field).map_or("text", |f| f.form.family())));
            }
        }
        letter_first(candidates);
        key_person(candidates);
    }

    /// Sum of weight × feature.
    fn score(&self, c: &Candidate, family: &str) -> f32 {
        let w = self.candidate.of(&c.field, family, &FEATURES);
        c.features.iter().zip(w).map(|(f, w)| f * w).sum()
    }

    /// What spoke for and against a candidate, the weightiest first.
    pub fn reasons(&self, c: &Candidate, family: &str) -> Vec<(String, f64)> {
        let w = self.candidate.of(&c.field, family, &FEATURES);
        let mut all: Vec<(String, f64)> = FEATURES
            .iter()
            .zip(c.features.iter().zip(w))
            .map(|(n, (f, w))| ((*n).to_owned(), f64::from((f * w * 100.0).round()) / 100.0))
            .filter(|r| r.1.abs() >= 0.05)
            .collect();
        all.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        all.truncate(8);
        all
    }
}

/// For each candidate, how close the likeliest values of its own and of other groups stand, 0..1.
fn company(fields: &[Field], candidates: &[Candidate]) -> Vec<(f32, f32)> {
    let group = |c: &Candidate| fields.iter().find(|f| f.key == c.field).and_then(|f| f.group);
    let mut best: BTreeMap<(&str, u32), &Candidate> = BTreeMap::new();
    for c in candidates.iter().filter(|c| c.p >= 0.4 && group(c).is_some()) {
        let e = best.entry((&c.field, c.page)).or_insert(c);
        if c.p > e.p {
            *e = c;
        }
    }
    let near = |c: &Candidate, o: &Candidate| {
        let dy = (c.rect.y0 - o.rect.y1).max(o.rect.y0 - c.rect.y1).max(0) as f32 / c.em;
        let dx = (c.rect.x0 - o.rect.x1).max(o.rect.x0 - c.rect.x1).max(0) as f32 / c.em;
        (1.0 - dy / 5.0 - dx / 30.0).max(0.0) * o.p
    };
    let of = |c: &Candidate| {
        let Some(g) = group(c) else { return (0.0, 0.0) };
        let (mut own, mut foreign) = (0.0_f32, 0.0_f32);
        for ((key, page), o) in &best {
            if *page != c.page || *key == c.field || c.rect.intersect(&o.rect).is_some() {
                continue;
            }
            let side = if group(o) == Some(g) { &mut own } else { &mut foreign };
            *side = side.max(near(c, o));
        }
        (own, foreign)
    };
    candidates.iter().map(of).collect()
}

/// From here on a candidate may well be the field's value.
const LIKELY: f32 = 0.4;

/// Where a cover and its letter differ, the letter's sender wins (contract, "Cases").
fn letter_first(candidates: &mut [Candidate]) {
    for key in ["sender.person", "sender.department"] {
        let own = |c: &Candidate| c.field == key && feature(c, "cover") == 0.0;
        let Some(best) = candidates.iter().filter(|c| own(c)).map(|c| c.p).max_by(f32::total_cmp) else { continue };
        if best >= LIKELY {
            candidates.iter_mut().filter(|c| c.field == key && !own(c) && c.p >= best).for_each(|c| c.p = 0.8 * best);
        }
    }
}

/// Of several relatives the one whom the sheet calls キーパーソン is meant, and relation and number are those of his row.
fn key_person(candidates: &mut [Candidate]) {
    const KEY: [&str; 5] = ["キーパーソン", "KP", "KeyPerson", "キーマン", "窓口"];
    let key = |c: &Candidate| c.label.as_ref().is_some_and(|l| KEY.iter().any(|k| squeeze(&l.0).contains(k)));
    let best = |all: &[Candidate], of: &dyn Fn(&Candidate) -> bool| {
        let likely = all.iter().enumerate().filter(|(_, c)| c.field == "contact.name" && c.p >= LIKELY && of(c));
        likely.max_by(|a, b| a.1.p.total_cmp(&b.1.p)).map(|b| b.0)
    };
    if let Some(at) = best(candidates, &key) {
        let (p, name) = (candidates[at].p, squeeze(&candidates[at].value.text()));
        for c in candidates.iter_mut().filter(|c| c.field == "contact.name" && c.p >= p && !key(c)) {
            if !squeeze(&c.value.text()).contains(&name) {
                c.p = 0.8 * p;
            }
        }
    }
    let Some(at) = best(candidates, &|_| true) else { return };
    let (page, rect) = (candidates[at].page, candidates[at].rect);
    let beside = |c: &Candidate| {
        let apart = (c.rect.center().1 - rect.center().1).abs();
        c.page == page && 2 * apart <= rect.height().max(c.rect.height())
    };
    for field in ["contact.relation", "contact.phone"] {
        let own = candidates.iter().filter(|c| c.field == field && beside(c)).map(|c| c.p).fold(0.0, f32::max);
        if own >= LIKELY {
            candidates
                .iter_mut()
                .filter(|c| c.field == field && c.p >= own && !beside(c))
                .for_each(|c| c.p = 0.8 * own);
        }
    }
}

pub fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Log odds, kept finite.
pub fn logit(p: f32) -> f32 {
    let p = p.clamp(1e-5, 1.0 - 1e-5);
    (p / (1.0 - p)).ln()
}

/// Fills in the features of all candidates of one page.
pub fn describe(sheet: &Sheet, fields: &[Field], candidates: &mut [Candidate], registers: &Registers, cover: bool) {
    let view = &sheet.view;
    let (w, h) = (view.page.width.max(1) as f32, view.page.height.max(1) as f32);
    let keys: Vec<(String, String)> = candidates.iter().map(|c| (c.field.clone(), squeeze(&c.value.text()))).collect();
    let places: Vec<(String, Option<Strength>, f32, Rect)> =
        candidates.iter().map(|c| (c.field.clone(), c.strength, c.quality, c.rect)).collect();
    let births: Vec<Rect> = candidates
        .iter()
        .filter(|c| c.field == "patient.birth_date" && c.strength.is_some() && c.quality >= 0.6)
        .map(|c| c.rect)
        .collect();
    for (i, c) in candidates.iter_mut().enumerate() {
        let Some(field) = fields.iter().find(|f| f.key == c.field) else { continue };
        let (least, mean) = certainty(view.page, &c.segs);
        let context = field.group.map(|g| sheet.anchors.context(c.rect, g)).unwrap_or_default();
        let repeated =
            keys.iter().enumerate().any(|(j, k)| j != i && *k == keys[i] && places[j].3.intersect(&c.rect).is_none());
        // another field's own label leads to the same ink
        let claimed = places.iter().enumerate().any(|(j, (f, s, q, r))| {
            j != i
                && *f != c.field
                && *s == Some(Strength::Strong)
                && c.strength != Some(Strength::Strong)
                && *q >= 0.5
                && r.intersect(&c.rect).is_some_and(|o| 2 * o.width() * o.height() > c.rect.width() * c.rect.height())
        });
        let (x, y) = c.rect.center();
        let yes = |b: bool| if b { 1.0 } else { 0.0 };
        let label = c.label.as_ref().map_or(0, |l| squeeze(&l.0).chars().count());
        c.features = vec![
            1.0,
            c.quality,
            yes(c.quality >= 0.89),
            yes(c.strength == Some(Strength::Strong)),
            yes(c.strength == Some(Strength::Shared)),
            yes(c.strength == Some(Strength::Weak)),
            yes(c.strength.is_none()),
            label.min(8) as f32 / 8.0,
            yes(c.direction == Direction::SameLine),
            yes(c.direction == Direction::Block),
            yes(matches!(c.direction, Direction::RightCell | Direction::Right)),
            yes(matches!(c.direction, Direction::Below | Direction::BelowCell | Direction::Box)),
            (c.distance / 10.0).min(2.0),
            yes(c.rows <= 1),
            (c.rows as f32 / 10.0).min(2.0),
            least,
            mean,
            known_name(field, &c.value, registers),
            yes(repeated),
            (c.ways.min(4) - 1) as f32 / 3.0,
            context.balance,
            yes(context.own_nearest),
            yes(context.foreign_near),
            yes((y as f32) < 0.25 * h),
            yes(y as f32 > 0.75 * h),
            yes(x as f32 > 0.5 * w),
            yes(c.honorific == Some("様")),
            yes(c.honorific == Some("先生")),
            yes(c.honorific == Some("御中")),
            yes(claimed),
            yes(cover),
            kana_agrees(&c.field, &keys[i].1, &keys),
            yes(field.group == Some(Group::Patient) && births.iter().any(|b| beside(b, &c.rect, view.em))),
            yes(c.strength == Some(Strength::Strong) && c.quality >= 0.89),
            if c.strength == Some(Strength::Shared) { context.balance } else { 0.0 },
            yes(c.strength == Some(Strength::Strong)
                && c.distance <= 3.0
                && matches!(c.direction, Direction::SameLine | Direction::RightCell | Direction::Right)),
            0.0, // the last three: see [`Ranker::rank`]
            0.0,
            0.0,
        ];
        debug_assert_eq!(c.features.len(), N);
    }
}

/// How well a name and kana on the same page read each other.
fn kana_agrees(field: &str, text: &str, all: &[(String, String)]) -> f32 {
    let other = match field {
        "patient.name" => "patient.kana",
        "patient.kana" => "patient.name",
        _ => return 0.0,
    };
    let score = |o: &str| {
        let (name, kana) = if field == "patient.name" { (text, o) } else { (o, text) };
        match names::reads_as(name, kana) {
            Agreement::Agrees => 1.0,
            Agreement::Partly => 0.5,
            _ => 0.0,
        }
    };
    all.iter().filter(|k| k.0 == other).map(|k| score(&k.1)).fold(0.0, f32::max)
}

/// Whether two places stand in one row or within three rows of each other.
fn beside(a: &Rect, b: &Rect, em: f32) -> bool {
    (a.center().1 - b.center().1).abs() as f32 <= 4.5 * em
}

fn known_name(field: &Field, value: &Value, registers: &Registers) -> f32 {
    let text = value.text();
    match field.form {
        Form::Person => match names::split(&text) {
            Some(s) => match (names::known_surname(&s.surname), names::known_given(&s.given)) {
                (true, true) => 1.0,
                (true, false) | (false, true) => 0.5,
                _ => 0.0,
            },
            None => 0.0,
        },
        Form::Institution => {
            let known = matches!(registers.institution_by_name(&text), NameMatch::Exact(_));
            if known { 1.0 } else { 0.0 }
        }
        _ => 0.0,
    }
}
