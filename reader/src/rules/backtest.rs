//! What other rules would make of a sheet about which a person has decided: better, worse, or the same.
//!
//! Pure: one sheet at a time; which sheets and on how many cores is `tuning`'s business. A sheet that a change cannot
//! touch is passed over ([`Change::touches`]), and what two sets of rules surely do alike is done once ([`compare`]); a
//! test compares with doing everything.

mod pair;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Document, Field, Status, Value};
use crate::reading::Reading;
use crate::text::{fold_text, numbers, squeeze};

use super::file::{Classify, FieldRule, Hospital, RuleFile, When};
use super::layer::{Base, Layer};
use super::{Extraction, RulesError};
pub use pair::{Pair, compare};

/// What tells whose a reading is: every telephone number, and every line, folded.
pub fn whose(reading: &Reading) -> (String, String) {
    let lines = || reading.pages.iter().flat_map(|p| &p.lines).map(crate::reading::Line::text);
    let mut all: Vec<String> = lines().flat_map(|l| numbers::phones(&l)).map(|p| p.digits).collect();
    all.sort();
    all.dedup();
    (all.join(" "), lines().map(|l| fold_text(&l)).collect::<Vec<_>>().join("\n"))
}

/// Whether a hospital is recognised on a reading.
pub fn is_from(when: &When, reading: &Reading) -> bool {
    super::sender::is_from(when, &reading.pages.iter().collect::<Vec<_>>())
}

/// How two layers over the same base differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Pages may be sorted otherwise, whatever their labels are.
    sorting: bool,
    /// Other words may be labels: on any page any field may be found otherwise, and the page be sorted otherwise.
    labels: bool,
    /// Types of which the rules for all hospitals differ.
    kinds: BTreeSet<String>,
    /// Hospitals whose entries differ, on sheets of some type.
    hospitals: Vec<When>,
}

impl Change {
    /// # Errors
    /// One of the layers does not go with the base.
    pub fn between(base: &Base, a: &Layer, b: &Layer) -> Result<Change, RulesError> {
        let (a, b) = (base.with(a)?, base.with(b)?);
        let mut change =
            Change { sorting: a.len() != b.len(), labels: false, kinds: BTreeSet::new(), hospitals: Vec::new() };
        let first = a.values().filter_map(|f| f.kind.clone()).min();
        for (name, one) in &a {
            let Some(other) = b.get(name) else {
                change.sorting = true;
                continue;
            };
            for when in differing(&one.hospital, &other.hospital) {
                if !change.hospitals.contains(&when) {
                    change.hospitals.push(when);
                }
            }
            if plain(one) == plain(other) {
                continue;
            }
            // Labels and titles of every type go into the sorting of pages.
            change.labels |= labels(one) != labels(other);
            change.sorting |=
                one.classify != other.classify || (&one.kind, &one.extends) != (&other.kind, &other.extends);
            let kinds: Vec<&RuleFile> = match &one.kind {
                Some(_) => vec![one],
                None => a.values().filter(|f| f.extends.as_deref() == Some(name.as_str())).collect(),
            };
            change.kinds.extend(kinds.iter().filter_map(|f| f.kind.clone()));
        }
        // The first type's rules for the patient's name tell whether another sheet begins.
        change.sorting |= first.is_some_and(|k| change.kinds.contains(&k));
        Ok(change)
    }

    pub fn is_none(&self) -> bool {
        !self.sorting && !self.labels && self.kinds.is_empty() && self.hospitals.is_empty()
    }

    /// Whether a reading, told by [`whose`], may come out otherwise. Never says no where it does.
    pub fn touches(&self, numbers: &str, text: &str) -> bool {
        self.sorting || self.labels || !self.kinds.is_empty() || self.hospitals.iter().any(|w| may_be(w, numbers, text))
    }
}

/// As [`super::sender::is_from`] for all pages of a reading together.
fn may_be(when: &When, numbers: &str, text: &str) -> bool {
    let number =
        |n: &Option<String>| n.as_ref().is_some_and(|n| numbers.split(' ').any(|d| d == numbers::phone_digits(n)));
    let name = when.name.as_ref().map(|n| fold_text(n)).is_some_and(|n| !n.is_empty() && text.contains(&n));
    number(&when.fax) || number(&when.phone) || name
}

fn plain(file: &RuleFile) -> RuleFile {
    RuleFile { hospital: Vec::new(), ..file.clone() }
}

/// Everything of which labels are made.
fn labels(file: &RuleFile) -> RuleFile {
    let own = |r: &FieldRule| FieldRule {
        labels: r.labels.clone(),
        shared: r.shared.clone(),
        weak: r.weak.clone(),
        not: r.not.clone(),
        heads: r.heads.clone(),
        group: r.group,
        ..FieldRule::default()
    };
    let field = file.field.iter().map(|(k, r)| (k.clone(), own(r))).collect();
    RuleFile { field, classify: Classify::default(), ..plain(file) }
}

/// Hospitals of which one list says something else than the other. The first that fits a sheet counts, so their order
/// says something too.
fn differing(a: &[Hospital], b: &[Hospital]) -> Vec<When> {
    let alone = |x: &[Hospital], y: &[Hospital]| -> Vec<When> {
        x.iter().filter(|h| !y.contains(h)).map(|h| h.when.clone()).collect()
    };
    let mut out = alone(a, b);
    out.extend(alone(b, a));
    let common = |x: &[Hospital], y: &[Hospital]| -> Vec<When> {
        x.iter().filter(|h| y.contains(h)).map(|h| h.when.clone()).collect()
    };
    let (one, other) = (common(a, b), common(b, a));
    if one != other {
        out.extend(one);
    }
    out
}

/// The document of an extraction that a sheet is: the one that shares most of its pages.
pub fn document_of<'e>(found: &'e Extraction, pages: &[u32]) -> Option<&'e Document> {
    let shared = |d: &Document| d.pages.iter().filter(|p| pages.contains(p)).count();
    found
        .documents
        .iter()
        .filter(|d| shared(d) > 0)
        .max_by_key(|d| (shared(d), std::cmp::Reverse(d.pages.first().copied())))
}

/// What became of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It was right and is worse now.
    Broken,
    Fixed,
    Same,
    /// Nobody has said what is true, and it differs.
    Differs,
}

/// How well a field is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Another value than the page has, shown as certain.
    Wrong,
    /// Missing, or left to a person with another value.
    Missed,
    /// The right value, left to a person.
    Right,
    /// The right value, straight through.
    Certain,
}

/// A field of a sheet before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub key: String,
    pub verdict: Verdict,
    /// None where nobody has said what is true.
    pub grades: Option<(Grade, Grade)>,
    pub before: Option<Field>,
    pub after: Option<Field>,
}

impl Outcome {
    /// Of a field that comes out as before, however that is.
    pub fn same(key: &str) -> Outcome {
        Outcome { key: key.to_owned(), verdict: Verdict::Same, grades: None, before: None, after: None }
    }
}

/// Every field of which a person said what is true, or that differs.
pub fn judge(
    truth: &BTreeMap<String, Option<Value>>,
    before: Option<&Document>,
    after: Option<&Document>,
) -> Vec<Outcome> {
    let field = |d: Option<&Document>, key: &str| d.and_then(|d| d.fields.get(key)).cloned();
    let mut keys: BTreeSet<&String> = truth.keys().collect();
    keys.extend(before.into_iter().chain(after).flat_map(|d| d.fields.keys()));
    let mut out = Vec::new();
    for key in keys {
        let (was, is) = (field(before, key), field(after, key));
        let (verdict, grades) = match truth.get(key) {
            Some(truth) => {
                let grades = (grade(truth.as_ref(), was.as_ref()), grade(truth.as_ref(), is.as_ref()));
                let verdict = match grades.1.cmp(&grades.0) {
                    std::cmp::Ordering::Less => Verdict::Broken,
                    std::cmp::Ordering::Equal => Verdict::Same,
                    std::cmp::Ordering::Greater => Verdict::Fixed,
                };
                (verdict, Some(grades))
            }
            None => {
                let seen = |f: &Option<Field>| f.as_ref().map(|f| (same_form(&f.value), f.status));
                if seen(&was) == seen(&is) {
                    continue;
                }
                (Verdict::Differs, None)
            }
        };
        out.push(Outcome { key: key.clone(), verdict, grades, before: was, after: is });
    }
    out
}

fn grade(truth: Option<&Value>, field: Option<&Field>) -> Grade {
    match (truth, field) {
        (None, None) => Grade::Certain,
        (Some(_), None) => Grade::Missed,
        (truth, Some(f)) => match (truth.is_some_and(|t| same_form(t) == same_form(&f.value)), f.status) {
            (true, Status::Accepted) => Grade::Certain,
            (true, Status::Review) => Grade::Right,
            (false, Status::Review) => Grade::Missed,
            (false, Status::Accepted) => Grade::Wrong,
        },
    }
}

/// The form in which values are compared.
fn same_form(value: &Value) -> Vec<String> {
    match value {
        Value::One(v) => vec![squeeze(v)],
        Value::Many(v) => v.iter().map(|v| squeeze(v)).collect(),
    }
}
