//! Lays results beside truths: which documents belong together, which values are compared at all, and which are right.

use std::collections::{BTreeMap, BTreeSet};

use super::align::align;
use super::compare;
use super::truth::{TrueDocument, TrueValue, Truth};
use crate::model::{Document, Extracted, Field, Item, Status, Value};

/// Keys that truth files do not record: found values of them are neither right nor wrong.
const UNSCORED: [&str; 4] = ["order.period_start", "order.period_end", "encounter.facility", "message.body"];
/// On a sheet of no known type only these count against us: what a patient's room would be told.
const TELLING: [&str; 6] = ["patient.", "care.", "contact.", "encounter.", "clinical.", "adl."];
/// What a sheet's room is found by.
const IDENTITY: [&str; 2] = ["patient.name", "patient.birth_date"];

/// One file, its truth and what was found in it.
pub struct JudgedFile<'a> {
    pub truth: &'a Truth,
    pub result: Option<&'a Extracted>,
    /// Set for a file that holds no documents: `ok`, `missing` or `wrong`.
    pub other: Option<&'static str>,
    /// The true documents.
    pub sheets: Vec<Sheet<'a>>,
    /// Found documents that are not there.
    pub extra: Vec<&'a Document>,
    /// The pages were parted as they belong.
    pub split_right: bool,
}

/// One true document and the found one that shares its pages.
pub struct Sheet<'a> {
    pub truth: &'a TrueDocument,
    pub found: Option<&'a Document>,
    pub type_right: bool,
    pub values: Vec<Compared<'a>>,
    /// It could be posted without a person: type, pages, name and birth date are right and accepted. None where there is
    /// nothing to post.
    pub straight: Option<bool>,
    /// Neither name nor birth date was written by hand.
    pub printed: bool,
}

/// One value that is there, was found, or both.
pub struct Compared<'a> {
    pub key: &'a str,
    pub truth: Option<&'a TrueValue>,
    pub found: Option<&'a Field>,
    pub right: bool,
    /// The same with near items of lists taken for right.
    pub near: bool,
}

/// One thing that a value shows as certain: the value, or an item of a list.
pub struct Claim<'a> {
    pub item: Option<&'a Item>,
    pub wrong: bool,
}

impl<'a> Compared<'a> {
    /// What it shows as certain.
    pub fn claims(&self) -> Vec<Claim<'a>> {
        let Some(found) = self.found else { return Vec::new() };
        let Some(items) = self.items() else {
            let certain = found.status == Status::Accepted;
            return if certain { vec![Claim { item: None, wrong: !self.right }] } else { Vec::new() };
        };
        let certain = items.into_iter().filter(|(i, _)| i.status == Status::Accepted);
        certain.map(|(i, right)| Claim { item: Some(i), wrong: !right }).collect()
    }

    /// The items of a list that tells them one by one, and whether each stands on the page.
    pub fn items(&self) -> Option<Vec<(&'a Item, bool)>> {
        let items = self.found?.items.as_ref().filter(|_| compare::is_list(self.key))?;
        let there: BTreeSet<String> =
            self.truth.iter().flat_map(|t| t.forms()).flat_map(|v| compare::items(self.key, v)).collect();
        let right = |i: &Item| compare::items(self.key, &Value::One(i.value.clone())).iter().all(|x| there.contains(x));
        Some(items.iter().map(|i| (i, right(i))).collect())
    }
}

/// A value that says something.
pub(super) fn says(field: &Field) -> bool {
    match &field.value {
        Value::One(s) => !s.is_empty(),
        Value::Many(list) => !list.is_empty(),
    }
}

/// Every file of `truths` beside its result; results are known by base name.
pub fn judge<'a>(results: &'a BTreeMap<String, Extracted>, truths: &'a [Truth]) -> Vec<JudgedFile<'a>> {
    truths.iter().map(|t| file(results.get(&t.file), t)).collect()
}

fn file<'a>(result: Option<&'a Extracted>, truth: &'a Truth) -> JudgedFile<'a> {
    let mut judged =
        JudgedFile { truth, result, other: None, sheets: Vec::new(), extra: Vec::new(), split_right: false };
    let mut found: Vec<&Document> = result.and_then(|r| r.documents.as_ref()).into_iter().flatten().collect();
    if truth.expect != "documents" {
        let right = |r: &Extracted| match truth.expect.as_str() {
            "any" => true,
            "none" => found.is_empty(),
            "error" => r.error.is_some(),
            _ => false,
        };
        judged.other = Some(result.map_or("missing", |r| if right(r) { "ok" } else { "wrong" }));
        return judged;
    }
    let blank = &truth.blank_pages;
    let inked = |pages: &mut dyn Iterator<Item = u32>| pages.filter(|p| !blank.contains(p)).collect::<BTreeSet<u32>>();
    let of = |d: &Document| inked(&mut d.pages.iter().copied());
    // What was made of blank pages alone is nobody's loss, unless the file is nothing but blank.
    if truth.documents.iter().any(|d| d.kind != "other" || d.layout.as_deref() != Some("blank")) {
        found.retain(|d| !of(d).is_empty());
    }
    let pairs = align(&truth.documents, &found, blank);
    let parted = |pages: Vec<BTreeSet<u32>>| {
        let mut pages: Vec<BTreeSet<u32>> = pages.into_iter().filter(|p| !p.is_empty()).collect();
        pages.sort();
        pages
    };
    let wanted = truth.documents.iter().map(|d| inked(&mut d.pages.iter().copied())).collect();
    judged.split_right = !found.is_empty() && parted(wanted) == parted(found.iter().map(|d| of(d)).collect());
    for (i, t) in truth.documents.iter().enumerate() {
        let found = pairs.get(&i).map(|j| found[*j]);
        let pages_right = inked(&mut t.pages.iter().copied()) == found.map(of).unwrap_or_default();
        judged.sheets.push(sheet(t, found, pages_right));
    }
    let paired: BTreeSet<usize> = pairs.into_values().collect();
    judged.extra = found.into_iter().enumerate().filter(|(j, _)| !paired.contains(j)).map(|(_, d)| d).collect();
    judged
}

fn sheet<'a>(truth: &'a TrueDocument, found: Option<&'a Document>, pages_right: bool) -> Sheet<'a> {
    let type_right = found.is_some_and(|d| d.kind == truth.kind);
    let fields: BTreeMap<&str, &Field> = found
        .into_iter()
        .flat_map(|d| &d.fields)
        .filter(|(k, f)| says(f) && !k.starts_with("x."))
        .map(|(k, f)| (k.as_str(), f))
        .collect();
    let keys: BTreeSet<&str> = fields.keys().copied().chain(truth.fields.keys().map(String::as_str)).collect();
    let compared = |key: &'a str| {
        let (t, f) = (truth.fields.get(key), fields.get(key).copied());
        if let (None, Some(f)) = (t, f)
            && passed_over(truth, type_right, key, f)
        {
            return None;
        }
        let is = |soft| match (t, f) {
            (Some(t), Some(f)) => t.forms().any(|form| compare::same(key, form, &f.value, soft)),
            _ => false,
        };
        Some(Compared { key, truth: t, found: f, right: is(false), near: is(true) })
    };
    let values: Vec<Compared> = keys.into_iter().filter_map(compared).collect();
    let identity = || values.iter().filter(|v| IDENTITY.contains(&v.key) && v.truth.is_some());
    let sure = |v: &Compared| v.right && v.found.is_some_and(|f| f.status == Status::Accepted);
    let straight =
        (!matches!(truth.kind.as_str(), "other" | "cover")).then(|| type_right && pages_right && identity().all(sure));
    let printed = !identity().any(|v| v.truth.is_some_and(|t| t.handwritten));
    Sheet { truth, found, type_right, straight, printed, values }
}

/// Whether a value that the truth does not name counts neither for nor against.
fn passed_over(truth: &TrueDocument, type_right: bool, key: &str, field: &Field) -> bool {
    let other = truth.kind == "other";
    truth.ignore.contains(key)
        || UNSCORED.contains(&key)
        || (other && (type_right || !TELLING.iter().any(|t| key.starts_with(t))))
        || (key == "urgency" && field.value == Value::One("routine".to_owned()))
}
