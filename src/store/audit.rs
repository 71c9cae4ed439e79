//! The audit log: who did what to which subject, append-only and chained by SHA-256.
//!
//! A row is written in the transaction of what it tells, so neither exists without the other. Details carry ids,
//! counts and hashes, never a patient's data. Rows are chained at once, by the commit (docs/adr/0004).

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::db::{Tx, query};
use super::{Result, Store};

/// One row of the log.
#[derive(Debug, Clone)]
pub struct Entry {
    pub seq: i64,
    pub at: i64,
    pub actor: String,
    pub action: String,
    pub subject: String,
    /// JSON as stored.
    pub detail: String,
    pub prev: String,
    pub hash: String,
}

impl Entry {
    /// What `hash` must be: over every other column, each with its length in front, so that none can lend to another.
    pub fn computed(&self) -> String {
        let mut h = Sha256::new();
        for part in [
            self.seq.to_string().as_str(),
            self.at.to_string().as_str(),
            &self.actor,
            &self.action,
            &self.subject,
            &self.detail,
            &self.prev,
        ] {
            h.update((part.len() as u64).to_le_bytes());
            h.update(part.as_bytes());
        }
        hex::encode(h.finalize())
    }
}

/// Checks the log of a store ([`Store::verify`]): how many rows hold together, or the first fault.
///
/// # Errors
/// There is no store, or it cannot be read at all.
pub async fn verify_site(site: impl Into<super::Site>) -> Result<std::result::Result<i64, String>> {
    let report = Store::open_read(site).await?.verify().await?;
    Ok(match report.faults.into_iter().next() {
        Some(fault) => Err(fault),
        None => Ok(report.rows),
    })
}

impl Store {
    /// Adds a row for something that changes nothing else: that a person looked at something.
    ///
    /// # Errors
    /// The database refused; then what was asked for must not be shown.
    pub async fn log_access(&self, actor: &str, action: &str, subject: &str, detail: Json) -> Result<()> {
        let mut tx = self.db.begin().await?;
        append(&mut tx, self.now(), actor, action, subject, detail);
        tx.commit().await
    }
}

/// A row to be: what [`append`] noted.
pub(super) struct Event {
    at: i64,
    actor: String,
    action: String,
    subject: String,
    detail: String,
}

/// Adds a row to the log with the commit of `tx`, which chains it: the log's head is what all writers share, so it is
/// taken last and held shortest.
pub(super) fn append(tx: &mut Tx, at: i64, actor: &str, action: &str, subject: &str, detail: Json) {
    tx.told.push(Event {
        at,
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_string(),
    });
}

/// Chains and writes what was noted. Called by [`Tx::commit`] alone.
pub(super) async fn write(tx: &mut Tx, events: Vec<Event>) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let head = tx.choose(
        "SELECT seq, hash FROM audit_head WHERE id = 1",
        "SELECT seq, hash FROM audit_head WHERE id = 1 FOR UPDATE",
    );
    let head = query(head).fetch_one(tx.conn()).await?;
    let (mut seq, mut prev): (i64, String) = (head.get("seq"), head.get("hash"));
    for event in events {
        seq += 1;
        let mut entry = Entry {
            seq,
            at: event.at,
            actor: event.actor,
            action: event.action,
            subject: event.subject,
            detail: event.detail,
            prev,
            hash: String::new(),
        };
        entry.hash = entry.computed();
        query(
            "INSERT INTO audit (seq, at, actor, action, subject, detail, prev, hash) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
        )
        .bind(entry.seq)
        .bind(entry.at)
        .bind(&entry.actor)
        .bind(&entry.action)
        .bind(&entry.subject)
        .bind(&entry.detail)
        .bind(&entry.prev)
        .bind(&entry.hash)
        .execute(tx.conn())
        .await?;
        prev = entry.hash;
    }
    query("UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1").bind(seq).bind(&prev).execute(tx.conn()).await?;
    Ok(())
}
