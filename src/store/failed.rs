//! What could not be told: notices and letters that were given up or are tried again, and sending them once more.

use serde_json::json;

use super::db::{query, scalar};
use super::{Result, Store, StoreError, audit};

/// A notice or letter that did not get through, or not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    pub key: String,
    /// `mail`, `push`; a letter is `letter`.
    pub sink: String,
    /// Mail address; of a push, whose browser it is.
    pub recipient: String,
    /// What it is about: the document's type (a key of the vocabulary), or a letter's subject.
    pub about: String,
    /// `notice`, `held`, `letter`.
    pub purpose: String,
    pub document: Option<String>,
    /// Given up; else it is tried again by itself.
    pub given_up: bool,
    pub error: Option<String>,
    pub attempts: i64,
    /// Milliseconds since 1970.
    pub ordered: i64,
    pub tried: i64,
}

impl Store {
    /// Notices and letters that were given up, then those that are tried again; within each the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn undelivered_notices(&self, limit: i64) -> Result<Vec<Undelivered>> {
        let rows = query(
            "SELECT o.key, o.sink, coalesce(a.login, o.recipient) AS recipient, d.kind AS about, o.purpose, o.document,
                    o.state, o.error, o.attempts, o.created, o.updated
             FROM outbox o JOIN document d ON d.id = o.document
             LEFT JOIN subscription s ON s.id = o.recipient LEFT JOIN account a ON a.id = s.account
             WHERE o.state = 'failed' OR (o.state = 'pending' AND o.attempts > 0)
             UNION ALL
             SELECT key, 'letter', recipient, subject, 'letter', NULL, state, error, attempts, created, updated
             FROM letter WHERE state = 'failed' OR (state = 'pending' AND attempts > 0)
             ORDER BY state, updated DESC, key LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        let line = |r: &super::db::Row| Undelivered {
            key: r.get("key"),
            sink: r.get("sink"),
            recipient: r.get("recipient"),
            about: r.get("about"),
            purpose: r.get("purpose"),
            document: r.get("document"),
            given_up: r.get::<String>("state") == "failed",
            error: r.get("error"),
            attempts: r.get("attempts"),
            ordered: r.get("created"),
            tried: r.get("updated"),
        };
        Ok(rows.iter().map(line).collect())
    }

    /// How many notices and letters were given up.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn given_up(&self) -> Result<i64> {
        scalar(
            "SELECT (SELECT count(*) FROM outbox WHERE state = 'failed')
                  + (SELECT count(*) FROM letter WHERE state = 'failed')",
        )
        .fetch_one(self.db.reader())
        .await
    }

    /// Sheets that wait for a person and notices that were given up: what every page tells who looks after them, at once.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn counters(&self) -> Result<(usize, i64)> {
        let row = query(
            "SELECT (SELECT count(*) FROM document WHERE state = 'review')
                  + (SELECT count(*) FROM document WHERE state = 'withdrawn' AND again_of IS NULL)
                  + (SELECT count(*) FROM document d WHERE state = 'posted' AND open_fields > 0 AND room <> $1
                     AND NOT EXISTS (SELECT 1 FROM document n WHERE n.supersedes = d.id AND n.state = 'posted')) AS waiting,
                    (SELECT count(*) FROM outbox WHERE state = 'failed')
                  + (SELECT count(*) FROM letter WHERE state = 'failed') AS given_up",
        )
        .bind(crate::register::CANARY_ROOM)
        .fetch_one(self.db.reader())
        .await?;
        Ok((usize::try_from(row.get::<i64>("waiting")).unwrap_or(0), row.get("given_up")))
    }

    /// Sends a notice or letter again that was given up, or at once what would be tried later. Under the same key, so that
    /// whoever got it after all can tell.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where it has got through meanwhile, is being sent, or never was.
    pub async fn send_again(&self, key: &str, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let mut done = query(
            "UPDATE outbox SET state = 'pending', attempts = 0, ready = $2, held_until = NULL, digest = NULL, updated = $2
             WHERE key = $1 AND lease_token IS NULL AND (state = 'failed' OR (state = 'pending' AND attempts > 0))",
        )
        .bind(key)
        .bind(now)
        .execute(tx.conn())
        .await?;
        if done == 0 {
            done = query(
                "UPDATE letter SET state = 'pending', attempts = 0, ready = $2, updated = $2
                 WHERE key = $1 AND lease_token IS NULL AND (state = 'failed' OR (state = 'pending' AND attempts > 0))",
            )
            .bind(key)
            .bind(now)
            .execute(tx.conn())
            .await?;
        }
        if done == 0 {
            return Err(StoreError::Refused("そのお知らせは、もう届いたか、いま送っているところです".into()));
        }
        audit::append(&mut tx, now, actor, "send_again", key, json!({}));
        tx.wakes = true;
        tx.commit().await?;
        self.wake_all();
        Ok(())
    }
}
