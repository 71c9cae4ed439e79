//! Counts and what is made of them, rounded to four places.

use serde::{Serialize, Serializer};

/// To four places, halves to even, as Python rounds.
pub(super) fn round4(x: f64) -> f64 {
    format!("{x:.4}").parse().unwrap_or(x)
}

/// Right, spurious and lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub tp: usize,
    pub fp: usize,
    pub fn_: usize,
}

/// What a [`Tally`] comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    pub tp: usize,
    pub fp: usize,
    #[serde(rename = "fn")]
    pub fn_: usize,
}

impl Tally {
    pub(super) fn add(&mut self, tp: usize, fp: usize, fn_: usize) {
        self.tp += tp;
        self.fp += fp;
        self.fn_ += fn_;
    }

    /// A value that should be there, that is there, or both.
    pub(super) fn count(&mut self, wanted: bool, found: bool, right: bool) {
        match right {
            true => self.tp += 1,
            false => self.add(0, usize::from(found), usize::from(wanted)),
        }
    }

    pub fn rates(&self) -> Rates {
        let share = |of: usize| if of == 0 { 0.0 } else { self.tp as f64 / of as f64 };
        let (p, r) = (share(self.tp + self.fp), share(self.tp + self.fn_));
        let f1 = if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 };
        Rates { precision: round4(p), recall: round4(r), f1: round4(f1), tp: self.tp, fp: self.fp, fn_: self.fn_ }
    }
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ratio {
    pub hits: usize,
    pub of: usize,
}

impl Ratio {
    pub(super) fn add(&mut self, hit: bool) {
        self.hits += usize::from(hit);
        self.of += 1;
    }

    /// None where nothing was counted.
    pub fn value(&self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut s = to.serialize_struct("Ratio", 3)?;
        s.serialize_field("value", &self.value().map(round4))?;
        s.serialize_field("hits", &self.hits)?;
        s.serialize_field("of", &self.of)?;
        s.end()
    }
}

/// How often each thing occurred; in JSON the most frequent first, of equals the one that was met first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counter(Vec<(String, usize)>);

impl Counter {
    pub(super) fn add(&mut self, what: &str) {
        match self.0.iter_mut().find(|(w, _)| w == what) {
            Some((_, n)) => *n += 1,
            None => self.0.push((what.to_owned(), 1)),
        }
    }

    pub fn most_common(&self) -> Vec<(&str, usize)> {
        let mut all: Vec<(&str, usize)> = self.0.iter().map(|(w, n)| (w.as_str(), *n)).collect();
        all.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        all
    }
}

impl Serialize for Counter {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.most_common())
    }
}
