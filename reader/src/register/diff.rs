//! What a new import adds, changes and ends, to be shown before it is done.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::{Institution, Office, Patient, Staff};

/// A row with a key.
pub trait Row: Serialize + PartialEq {
    fn key(&self) -> &str;
    fn title(&self) -> &str;
}

impl Row for Patient {
    fn key(&self) -> &str {
        &self.room_id
    }
    fn title(&self) -> &str {
        &self.name
    }
}
impl Row for Institution {
    fn key(&self) -> &str {
        &self.id
    }
    fn title(&self) -> &str {
        &self.name
    }
}
impl Row for Office {
    fn key(&self) -> &str {
        &self.office_id
    }
    fn title(&self) -> &str {
        &self.name
    }
}
impl Row for Staff {
    fn key(&self) -> &str {
        &self.mail
    }
    fn title(&self) -> &str {
        &self.name
    }
}

/// The difference of two versions of a register, by key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diff {
    /// One line each, for a person: key and title; for a change every field with its old and new value.
    pub adds: Vec<String>,
    pub changes: Vec<String>,
    pub ends: Vec<String>,
    /// Rows that stay as they are.
    pub same: usize,
}

impl Diff {
    pub fn is_empty(&self) -> bool {
        self.adds.is_empty() && self.changes.is_empty() && self.ends.is_empty()
    }

    /// `3 added, 1 changed, 0 ended, 120 unchanged`.
    pub fn counts(&self) -> String {
        let (a, c, e) = (self.adds.len(), self.changes.len(), self.ends.len());
        format!("{a} added, {c} changed, {e} ended, {} unchanged", self.same)
    }

    /// The counts, then one line for each difference.
    pub fn lines(&self) -> Vec<String> {
        let mark =
            |sign: &'static str, list: &[String]| list.iter().map(move |l| format!("{sign} {l}")).collect::<Vec<_>>();
        std::iter::once(self.counts())
            .chain(mark("+", &self.adds))
            .chain(mark("~", &self.changes))
            .chain(mark("-", &self.ends))
            .collect()
    }
}

/// Compares by key; the lines are in the order of the keys.
pub fn diff<T: Row>(old: &[T], new: &[T]) -> Diff {
    let before: BTreeMap<&str, &T> = old.iter().map(|r| (r.key(), r)).collect();
    let after: BTreeMap<&str, &T> = new.iter().map(|r| (r.key(), r)).collect();
    let mut out = Diff::default();
    for key in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        match (before.get(key), after.get(key)) {
            (None, Some(n)) => out.adds.push(format!("{key} {}", n.title())),
            (Some(o), None) => out.ends.push(format!("{key} {}", o.title())),
            (Some(o), Some(n)) if o == n => out.same += 1,
            (Some(o), Some(n)) => out.changes.push(format!("{key} {}: {}", n.title(), fields(*o, *n).join(", "))),
            (None, None) => {}
        }
    }
    out
}

fn fields<T: Row>(old: &T, new: &T) -> Vec<String> {
    let object = |v: &T| match serde_json::to_value(v) {
        Ok(Value::Object(m)) => m,
        _ => serde_json::Map::new(),
    };
    let text = |v: &Value| match v {
        Value::String(s) => s.clone(),
        Value::Array(a) => a.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(";"),
        other => other.to_string(),
    };
    let (o, n) = (object(old), object(new));
    n.iter()
        .filter(|(k, v)| o.get(*k) != Some(v))
        .map(|(k, v)| format!("{k} {} → {}", o.get(k).map(text).unwrap_or_default(), text(v)))
        .collect()
}
