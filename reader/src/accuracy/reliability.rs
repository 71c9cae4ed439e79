//! Whether confidence means something: of the values that were given so much of it, how many are right.
//!
//! Lists count item by item. Values that the truth passes over are left out, as everywhere.

use std::collections::BTreeMap;

use serde::Serialize;

use super::judge::{Compared, JudgedFile};
use super::tally::Ratio;
use crate::model::{Kind, Status, Vocabulary};

/// Lower ends of the bins; the last goes up to 1.
pub const BINS: [f64; 8] = [0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99];

/// The values of one kind.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Reliability {
    /// Of each of [`BINS`].
    pub bins: [Bin; BINS.len()],
    /// Shown as certain, of all.
    pub accepted: Ratio,
    /// Right, of those shown as certain.
    pub accepted_right: Ratio,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Bin {
    pub right: Ratio,
    /// Sum of the confidences: over `right.of` it is what the share right should be.
    pub confidence: f64,
}

/// Kind of value → its reliability.
pub fn reliability(files: &[JudgedFile]) -> BTreeMap<&'static str, Reliability> {
    let mut out: BTreeMap<&'static str, Reliability> = BTreeMap::new();
    for v in files.iter().flat_map(|f| &f.sheets).flat_map(|s| &s.values) {
        let Some(found) = v.found else { continue };
        let of = out.entry(kind(v)).or_default();
        match v.items() {
            Some(items) => items.iter().for_each(|(i, right)| of.add(i.confidence, i.status, *right)),
            None => of.add(found.confidence, found.status, v.right),
        }
    }
    out
}

impl Reliability {
    fn add(&mut self, confidence: f64, status: Status, right: bool) {
        let at = BINS.iter().rposition(|low| confidence >= *low).unwrap_or(0);
        self.bins[at].right.add(right);
        self.bins[at].confidence += confidence;
        let accepted = status == Status::Accepted;
        self.accepted.add(accepted);
        if accepted {
            self.accepted_right.add(right);
        }
    }
}

/// What kind of thing was read: `mark`, `date`, `number`, `list`, `institution`, `name` or `text`.
fn kind(v: &Compared) -> &'static str {
    let key = v.key;
    match Vocabulary::get().fields.get(key).map(|f| f.kind) {
        _ if v.truth.is_some_and(|t| t.marked) => "mark",
        Some(Kind::Enum) => "mark",
        Some(Kind::Date | Kind::Datetime) => "date",
        Some(Kind::Phone | Kind::Digits) => "number",
        Some(Kind::List) => "list",
        _ if key.ends_with(".institution") || matches!(key, "care.office" | "encounter.facility") => "institution",
        _ if matches!(key, "patient.name" | "patient.kana" | "contact.name" | "care.manager")
            || key.ends_with(".person") =>
        {
            "name"
        }
        _ if key == "patient.postal_code" => "number",
        _ => "text",
    }
}
