//! Reading kept sheets again with the rules of today. What comes out otherwise is offered to a person; nothing that was
//! posted changes by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Workshop;
use crate::model::{Field, Status};
use crate::rules::backtest::document_of;
use crate::rules::extract;
use crate::store::rules::{Seen, SheetFilter};
use crate::store::{Store, StoreError};

/// Most sheets that are read again at once.
pub const MOST: i64 = 500;

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reread {
    pub sheets: usize,
    /// Sheets of which something came out otherwise.
    pub offered: usize,
    /// Sheets whose reading is of an older form, or gone.
    pub unreadable: usize,
    /// There may be more: those received before then, milliseconds since 1970.
    pub next: Option<i64>,
}

impl Workshop {
    /// Reads the sheets of a selection again that other rules read, the newest [`MOST`] of them; [`Reread::next`] tells where
    /// to go on.
    ///
    /// # Errors
    /// The database cannot be read or refused.
    pub async fn read_again(
        self: &Arc<Self>,
        store: &Store,
        filter: &SheetFilter,
        actor: &str,
    ) -> Result<Reread, StoreError> {
        let now = self.now();
        let filter = SheetFilter { not_by: Some(now.rules.hash().to_owned()), standing: true, ..filter.clone() };
        let mut done = Reread::default();
        let mut sheets = store.recent_sheets(&filter, MOST).await?;
        if let (true, Some(last)) = (sheets.len() as i64 == MOST, sheets.last().map(|s| s.received)) {
            // What came at the same moment as the last one is read with the next ones.
            let before = sheets.iter().take_while(|s| s.received > last).count();
            if before > 0 {
                sheets.truncate(before);
                done.next = Some(last + 1);
            }
        }
        for seen in sheets {
            done.sheets += 1;
            let Ok(reading) = store.kept_reading(&seen.reading).await else {
                done.unreadable += 1;
                continue;
            };
            let said = store.said(&seen.document, seen.revision).await?;
            let (rules, registers) = (now.clone(), self.registers());
            let fresh = tokio::task::spawn_blocking(move || {
                let found = extract(&rules.rules, &reading, &registers);
                let fields = document_of(&found, &seen.content.pages).map(|d| otherwise(&seen, &said, &d.fields));
                (seen, fields.unwrap_or_default())
            })
            .await;
            // What it died of may quote what was read.
            let Ok((seen, fields)) = fresh else {
                done.unreadable += 1;
                continue;
            };
            if !fields.is_empty() {
                store.offer_reread(&seen.document, seen.revision, now.rules.hash(), &fields, actor).await?;
                done.offered += 1;
            }
        }
        Ok(done)
    }
}

/// What the rules of today read otherwise and may be news: never of a field that a person has `said` something of.
fn otherwise(
    seen: &Seen,
    said: &BTreeSet<String>,
    fields: &BTreeMap<String, Field>,
) -> BTreeMap<String, Option<Field>> {
    let mut out = BTreeMap::new();
    for (key, field) in fields.iter().filter(|(k, f)| !said.contains(*k) && f.status == Status::Accepted) {
        // (a value of which nobody is sure is no news)
        let old = seen.content.fields.get(key);
        if old.is_none_or(|old| old.value != field.value || old.status == Status::Review) {
            out.insert(key.clone(), Some(field.clone()));
        }
    }
    for (key, old) in seen.content.fields.iter().filter(|(k, _)| !said.contains(*k)) {
        // Not found any more, and it was never certain.
        if !fields.contains_key(key) && old.status == Status::Review {
            out.insert(key.clone(), None);
        }
    }
    out
}
