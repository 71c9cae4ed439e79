//! One row for each sheet with what figures count of it, written in the transactions of what it tells. Keys, times and
//! counts only: it outlives the sheet.

use std::collections::BTreeMap;

use super::db::{Tx, query, scalar};
use super::review::{Edit, TYPE};
use super::{Result, Store};
use crate::completeness::{How, Look};
use crate::figures;
use crate::model::{Document, Status};
use crate::register::CANARY_ROOM;

/// Follows a revision that was frozen: the first makes the row. Canaries have none.
pub(super) async fn frozen(tx: &mut Tx, document: &str, number: i64, doc: &Document, room: Option<&str>) -> Result<()> {
    if room == Some(CANARY_ROOM) {
        return Ok(());
    }
    let (hospital, discharge) = (figures::hospital(doc), doc.accepted("encounter.discharge_date"));
    if number > 1 {
        query("UPDATE figure SET hospital = $2, kind = $3, discharge = $4 WHERE document = $1")
            .bind(document)
            .bind(hospital)
            .bind(&doc.kind)
            .bind(discharge)
            .execute(tx.conn())
            .await?;
        return Ok(());
    }
    let unsure = doc.fields.values().filter(|f| f.status == Status::Review).count();
    query(
        "INSERT INTO figure (document, hospital, kind, received, discharge, fields, unsure)
         SELECT d.id, $2, $3, r.received, $4, $5, $6 FROM document d JOIN receipt r ON r.id = d.receipt WHERE d.id = $1
         ON CONFLICT (document) DO NOTHING",
    )
    .bind(document)
    .bind(hospital)
    .bind(&doc.kind)
    .bind(discharge)
    .bind(doc.fields.len() as i64)
    .bind(unsure as i64)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// It stands in a room; the first time counts. What stands there in its first revision no person had in hand.
pub(super) async fn posted(tx: &mut Tx, document: &str, revision: i64, now: i64) -> Result<()> {
    query("UPDATE figure SET posted = $2, machine = $3 WHERE document = $1 AND posted IS NULL")
        .bind(document)
        .bind(now)
        .bind(i64::from(revision == 1))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Somebody was told of it; the first time counts.
pub(super) async fn noticed(tx: &mut Tx, document: &str, now: i64) -> Result<()> {
    query("UPDATE figure SET noticed = $2 WHERE document = $1 AND noticed IS NULL")
        .bind(document)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A person opened it in its room; the first time counts.
pub(super) async fn opened(tx: &mut Tx, document: &str, now: i64) -> Result<()> {
    query("UPDATE figure SET opened = $2 WHERE document = $1 AND opened IS NULL")
        .bind(document)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What a person said of the fields of a revision makes the next one, of this number. The last word on a field counts.
pub(super) async fn corrected(
    tx: &mut Tx,
    document: &str,
    number: i64,
    before: &Document,
    decided: &[(String, Edit)],
    now: i64,
) -> Result<()> {
    let last: BTreeMap<&str, &Edit> = decided.iter().map(|(key, edit)| (key.as_str(), edit)).collect();
    for (key, edit) in last {
        let sure = key == TYPE || before.fields.get(key).is_some_and(|f| f.status == Status::Accepted);
        query(
            "INSERT INTO correction (document, revision, field, how, sure, at) VALUES ($1,$2,$3,$4,$5,$6)
             ON CONFLICT (document, revision, field) DO NOTHING",
        )
        .bind(document)
        .bind(number)
        .bind(key)
        .bind(edit.word())
        .bind(i64::from(sure))
        .bind(now)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// What a sheet carries of its national form, as it was received. Canaries have no row.
pub(super) async fn looked(tx: &mut Tx, document: &str, look: &Look) -> Result<()> {
    let required = look.required.as_deref();
    let there = required.map(|all| all.iter().filter(|(_, how)| *how == How::There).count() as i64);
    let known = query("UPDATE figure SET legible = $2, wanted = $3, there = $4 WHERE document = $1")
        .bind(document)
        .bind(look.legible)
        .bind(required.map(|all| all.len() as i64))
        .bind(there)
        .execute(tx.conn())
        .await?;
    for (item, how) in required.unwrap_or_default().iter().filter(|(_, how)| known > 0 && *how != How::There) {
        query("INSERT INTO lack (document, item, how) VALUES ($1,$2,$3) ON CONFLICT (document, item) DO NOTHING")
            .bind(document)
            .bind(item)
            .bind(how.as_str())
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

/// Items that a sheet lacks, and whether they could not be read.
pub type Lacking = Vec<(String, bool)>;

impl Store {
    /// Required items of its national form that a sheet lacked as it was received, and whether they could not be read; none
    /// where it was not looked at, or has no such form.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn lacking(&self, document: &str) -> Result<Option<Lacking>> {
        let mut tx = self.db.snapshot().await?;
        let wanted: Option<Option<i64>> =
            scalar("SELECT wanted FROM figure WHERE document = $1").bind(document).fetch_optional(tx.conn()).await?;
        if wanted.flatten().is_none() {
            return Ok(None);
        }
        let rows = query("SELECT item, how FROM lack WHERE document = $1 ORDER BY item")
            .bind(document)
            .fetch_all(tx.conn())
            .await?;
        Ok(Some(rows.iter().map(|r| (r.get("item"), r.get::<String>("how") == "unreadable")).collect()))
    }
}
