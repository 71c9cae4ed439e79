//! The audit log: who did what to which subject, append-only and chained by SHA-256.
//!
//! A row is written in the transaction of what it tells, so neither exists without the other. Details carry ids,
//! counts and hashes, never a patient's data. There is one writer, so rows are chained at once; a sealer may take
//! that over when there are many (see the roadmap).

use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use sqlx::Row;

use super::db::Tx;
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

/// Checks the log of the store in `data_dir` ([`Store::verify`]): how many rows hold together, or the first fault.
///
/// # Errors
/// There is no store, or it cannot be read at all.
pub async fn verify_dir(data_dir: &std::path::Path) -> Result<std::result::Result<i64, String>> {
    let report = Store::open_read(data_dir).await?.verify().await?;
    Ok(match report.faults.into_iter().next() {
        Some(fault) => Err(fault),
        None => Ok(report.rows),
    })
}

/// Adds a row within `tx`.
pub(super) async fn append(tx: &mut Tx, at: i64, actor: &str, action: &str, subject: &str, detail: Json) -> Result<()> {
    let head = sqlx::query("SELECT seq, hash FROM audit_head WHERE id = 1").fetch_one(tx.conn()).await?;
    let mut entry = Entry {
        seq: head.get::<i64, _>("seq") + 1,
        at,
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_string(),
        prev: head.get("hash"),
        hash: String::new(),
    };
    entry.hash = entry.computed();
    sqlx::query(
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
    sqlx::query("UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1")
        .bind(entry.seq)
        .bind(&entry.hash)
        .execute(tx.conn())
        .await?;
    Ok(())
}
