//! The audit log for who has to answer: what was done to a patient's sheets and who looked at them.

use super::Result;
use super::Store;
use super::audit::Entry;
use super::db::{Row, query};

/// What is looked for; empty texts stand for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Everything about a room: itself, each sheet that ever stood in it, lists that it stood in.
    pub room: String,
    /// Login of a person, or `machine`.
    pub actor: String,
    pub action: String,
    /// Older than this row.
    pub before: Option<i64>,
}

impl Store {
    /// Rows of the log, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn trail(&self, wanted: &Wanted, limit: i64) -> Result<Vec<Entry>> {
        let rows = query(
            "SELECT seq, at, actor, action, subject, detail, prev, hash FROM audit
             WHERE ($1 = '' OR subject = $1 OR subject IN (SELECT document FROM post WHERE room = $1)
                    OR subject IN (SELECT id FROM room WHERE merged = $1)
                    OR (action = 'list' AND detail LIKE $2))
               AND ($3 = '' OR actor = $3) AND ($4 = '' OR action = $4) AND seq < $5
             ORDER BY seq DESC LIMIT $6",
        )
        .bind(&wanted.room)
        .bind(format!("%\"{}\"%", wanted.room.replace(['%', '_', '\\'], "")))
        .bind(&wanted.actor)
        .bind(&wanted.action)
        .bind(wanted.before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        let entry = |r: &Row| Entry {
            seq: r.get("seq"),
            at: r.get("at"),
            actor: r.get("actor"),
            action: r.get("action"),
            subject: r.get("subject"),
            detail: r.get("detail"),
            prev: r.get("prev"),
            hash: r.get("hash"),
        };
        Ok(rows.iter().map(entry).collect())
    }
}
