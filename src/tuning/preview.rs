//! One sheet under the rules in force and under a draft, side by side, out of its kept reading.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use super::Workshop;
use crate::model::{Document, Field};
use crate::reading::Reading;
use crate::rules::backtest::document_of;
use crate::rules::{self, Layer, RuleSet, RulesError};
use crate::store::{Store, StoreError};

/// Readings and rules that were used last: whoever tunes looks at one sheet again and again.
#[derive(Default)]
pub struct Cache {
    readings: Vec<(String, Arc<Reading>)>,
    rules: Vec<(Layer, Arc<RuleSet>)>,
}

/// Of each as many.
const KEPT: usize = 8;

/// A field under both.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub key: String,
    /// What people call a field of one's own.
    pub name: Option<String>,
    pub before: Option<Field>,
    pub after: Option<Field>,
}

impl Line {
    /// Whether the draft reads it otherwise.
    pub fn differs(&self) -> bool {
        let shown = |f: &Option<Field>| f.as_ref().map(|f| (f.value.clone(), f.status));
        shown(&self.before) != shown(&self.after)
    }
}

/// Both results.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Preview {
    pub before: Option<Document>,
    pub after: Option<Document>,
    pub lines: Vec<Line>,
}

impl Workshop {
    /// A kept reading, from memory where it was looked at just now.
    ///
    /// # Errors
    /// It is not there or damaged.
    pub async fn reading(&self, store: &Store, id: &str) -> Result<Arc<Reading>, StoreError> {
        let known = |c: &Cache| c.readings.iter().find(|r| r.0 == id).map(|r| r.1.clone());
        if let Some(found) = known(&self.previews.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(found);
        }
        let reading = Arc::new(store.kept_reading(id).await?);
        let mut cache = self.previews.lock().unwrap_or_else(PoisonError::into_inner);
        cache.readings.truncate(KEPT - 1);
        cache.readings.insert(0, (id.to_owned(), reading.clone()));
        Ok(reading)
    }

    /// A draft's rules, from memory where they were used just now.
    ///
    /// # Errors
    /// As [`Workshop::compile`].
    pub fn draft(&self, layer: &Layer) -> Result<Arc<RuleSet>, RulesError> {
        let base = self.now().base.hash(layer);
        let known = |c: &Cache| c.rules.iter().find(|r| r.0 == *layer && r.1.made_of() == base).map(|r| r.1.clone());
        if let Some(found) = known(&self.previews.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(found);
        }
        let rules = Arc::new(self.compile(layer)?);
        let mut cache = self.previews.lock().unwrap_or_else(PoisonError::into_inner);
        cache.rules.truncate(KEPT - 1);
        cache.rules.insert(0, (layer.clone(), rules.clone()));
        Ok(rules)
    }

    /// The document with these pages of a reading, under the rules in force and under a draft. Computes for a moment:
    /// not for the runtime's own threads.
    pub fn preview(&self, draft: &RuleSet, reading: &Reading, pages: &[u32]) -> Preview {
        let (now, registers) = (self.now(), self.registers());
        let alike = now.rules.hash() == draft.hash();
        let (before, after) = std::thread::scope(|s| {
            let second = (!alike).then(|| s.spawn(|| rules::extract(draft, reading, &registers)));
            let first = rules::extract(&now.rules, reading, &registers);
            let second = second.and_then(|t| t.join().ok());
            (document_of(&first, pages).cloned(), document_of(second.as_ref().unwrap_or(&first), pages).cloned())
        });
        let keys: BTreeSet<&String> = before.iter().chain(&after).flat_map(|d| d.fields.keys()).collect();
        let lines = keys
            .into_iter()
            .map(|key| {
                let of = |d: &Option<Document>| d.as_ref().and_then(|d| d.fields.get(key)).cloned();
                let (before, after) = (of(&before), of(&after));
                let name = after.iter().chain(&before).find_map(|f| f.trace.name.clone());
                Line { key: key.clone(), name, before, after }
            })
            .collect();
        Preview { before, after, lines }
    }
}
