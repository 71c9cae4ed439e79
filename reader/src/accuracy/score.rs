//! The figures of one set, in the JSON shape of the team's scorer.

use std::collections::BTreeMap;

use serde::Serialize;

use super::compare;
use super::groups::{By, Group, groups, spurious};
use super::judge::{Compared, JudgedFile};
use super::tally::{Counter, Rates, Ratio, Tally, round4};
use crate::model::{Status, Value};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    pub files: usize,
    pub missing_results: usize,
    pub documents: usize,
    pub type_accuracy: Ratio,
    pub type_accuracy_by_condition: BTreeMap<String, Ratio>,
    pub page_split_accuracy: Ratio,
    /// Of files with several documents.
    pub page_split_accuracy_multi: Ratio,
    pub micro: Rates,
    /// With near items of lists taken for right.
    pub micro_soft: Rates,
    pub list_items: Rates,
    pub mean_cer_long_text: Option<f64>,
    /// Wrong of what was shown as certain.
    pub silent_error_rate: Ratio,
    pub silent_by_condition: BTreeMap<String, Ratio>,
    pub silent_by_key: Counter,
    pub straight_through: Ratio,
    /// Of the sheets whose name and birth date are printed.
    pub straight_through_printed: Ratio,
    pub straight_through_by_condition: BTreeMap<String, Ratio>,
    pub by_condition: BTreeMap<String, Rates>,
    pub by_ink: BTreeMap<String, Recall>,
    pub by_type: BTreeMap<String, Rates>,
    pub by_layout: BTreeMap<String, Rates>,
    pub per_field: BTreeMap<String, Rates>,
    pub type_confusion: Counter,
    /// Files that hold no documents: what was expected, and what came.
    pub robustness: Counter,
    pub errors: Vec<WrongValue>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Recall {
    pub recall: f64,
    pub right: usize,
    pub of: usize,
}

/// A found value that is wrong or not on the page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WrongValue {
    pub file: String,
    /// Number of the true document in the file, from 0; none where there is no such document.
    pub doc: Option<usize>,
    pub key: String,
    pub truth: Option<Value>,
    pub got: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

impl Score {
    pub fn of(files: &[JudgedFile]) -> Score {
        let sheets = || files.iter().flat_map(|f| &f.sheets);
        let values = || sheets().flat_map(|s| &s.values);
        let by = |by| groups(files, by);
        let (conditions, fields) = (by(By::Condition), by(By::Field));
        let mut all = Group::default();
        let mut printed = Ratio::default();
        for sheet in sheets() {
            all.sheet(sheet);
            sheet.values.iter().for_each(|v| all.value(v));
            if let Some(straight) = sheet.straight.filter(|_| sheet.printed) {
                printed.add(straight);
            }
        }
        files.iter().flat_map(|f| &f.extra).flat_map(|d| spurious(d)).for_each(|(_, sure)| all.spurious(sure));
        let with_documents = || files.iter().filter(|f| f.other.is_none());
        let mut robustness = Counter::default();
        for f in files {
            f.other.iter().for_each(|how| robustness.add(&format!("{}:{how}", f.truth.expect)));
        }
        let mut confusion = Counter::default();
        for s in sheets().filter(|s| !s.type_right) {
            let found = s.found.map_or("None", |d| d.kind.as_str());
            confusion.add(&format!("{} -> {found}", s.truth.kind));
        }
        Score {
            files: files.len(),
            missing_results: files.iter().filter(|f| f.result.is_none()).count(),
            documents: sheets().count(),
            type_accuracy: all.types,
            type_accuracy_by_condition: ratios(&conditions, |g| g.types),
            page_split_accuracy: share(with_documents().map(|f| f.split_right)),
            page_split_accuracy_multi: share(
                with_documents().filter(|f| f.truth.documents.len() > 1).map(|f| f.split_right),
            ),
            micro: all.strict.rates(),
            micro_soft: all.soft.rates(),
            list_items: list_items(values()).rates(),
            mean_cer_long_text: mean_error_rate(values()),
            silent_error_rate: all.silent,
            silent_by_condition: ratios(&conditions, |g| g.silent),
            silent_by_key: silent_by_key(files),
            straight_through: all.straight,
            straight_through_printed: printed,
            straight_through_by_condition: ratios(&conditions, |g| g.straight),
            by_condition: rates(&conditions),
            by_ink: by_ink(values()),
            by_type: rates(&by(By::Type)),
            by_layout: rates(&by(By::Layout)),
            per_field: rates(&fields),
            type_confusion: confusion,
            robustness,
            errors: errors(files),
        }
    }
}

fn rates(groups: &BTreeMap<String, Group>) -> BTreeMap<String, Rates> {
    groups.iter().map(|(name, g)| (name.clone(), g.strict.rates())).collect()
}

/// Without the groups in which nothing was counted.
fn ratios(groups: &BTreeMap<String, Group>, of: impl Fn(&Group) -> Ratio) -> BTreeMap<String, Ratio> {
    groups.iter().map(|(name, g)| (name.clone(), of(g))).filter(|(_, r)| r.of > 0).collect()
}

fn share(of: impl Iterator<Item = bool>) -> Ratio {
    let mut out = Ratio::default();
    of.for_each(|hit| out.add(hit));
    out
}

fn list_items<'a>(values: impl Iterator<Item = &'a Compared<'a>>) -> Tally {
    let mut out = Tally::default();
    for v in values.filter(|v| compare::is_list(v.key)) {
        match (v.truth, v.found) {
            (Some(t), Some(f)) => {
                let (hits, wanted, there) = compare::matched(v.key, &t.value, &f.value, true);
                out.add(hits, there - hits, wanted - hits);
            }
            (Some(t), None) => out.add(0, 0, compare::items(v.key, &t.value).len()),
            (None, _) => {}
        }
    }
    out
}

fn mean_error_rate<'a>(values: impl Iterator<Item = &'a Compared<'a>>) -> Option<f64> {
    let rates: Vec<f64> = values
        .filter(|v| compare::is_long(v.key))
        .filter_map(|v| Some(compare::error_rate(&v.truth?.value, &v.found?.value).min(1.0)))
        .collect();
    (!rates.is_empty()).then(|| round4(rates.iter().sum::<f64>() / rates.len() as f64))
}

fn by_ink<'a>(values: impl Iterator<Item = &'a Compared<'a>>) -> BTreeMap<String, Recall> {
    let mut inks: BTreeMap<String, Tally> = BTreeMap::new();
    for v in values {
        let Some(t) = v.truth else { continue };
        inks.entry(t.ink().to_owned()).or_default().count(true, v.found.is_some(), v.right);
    }
    let recall = |t: &Tally| Recall { recall: t.rates().recall, right: t.tp, of: t.tp + t.fn_ };
    inks.iter().map(|(ink, t)| (ink.clone(), recall(t))).collect()
}

fn silent_by_key(files: &[JudgedFile]) -> Counter {
    let mut out = Counter::default();
    for file in files {
        for v in file.sheets.iter().flat_map(|s| &s.values) {
            v.claims().iter().filter(|c| c.wrong).for_each(|_| out.add(v.key));
        }
        file.extra.iter().flat_map(|d| spurious(d)).filter(|(_, sure)| *sure).for_each(|(key, _)| out.add(key));
    }
    out
}

fn errors(files: &[JudgedFile]) -> Vec<WrongValue> {
    let mut out = Vec::new();
    for file in files {
        let name = &file.truth.file;
        for (doc, sheet) in file.sheets.iter().enumerate() {
            for v in sheet.values.iter().filter(|v| !v.right) {
                let Some(found) = v.found else { continue };
                out.push(WrongValue {
                    file: name.clone(),
                    doc: Some(doc),
                    key: v.key.to_owned(),
                    truth: v.truth.map(|t| t.value.clone()),
                    got: found.value.clone(),
                    status: Some(found.status),
                });
            }
        }
        for document in &file.extra {
            out.extend(spurious(document).map(|(key, _)| WrongValue {
                file: name.clone(),
                doc: None,
                key: key.to_owned(),
                truth: None,
                got: document.fields[key].value.clone(),
                status: None,
            }));
        }
    }
    out
}
