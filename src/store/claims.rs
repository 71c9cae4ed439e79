//! Who has a sheet in hand: two reviewers never decide about the same one. A claim ends by itself where nobody renews it,
//! so whoever closes the browser keeps nobody waiting for long.

use serde_json::json;

use super::accept::State;
use super::db::{Tx, query};
use super::{Result, Store, StoreError, audit};

/// A claim lasts so long after its holder was last heard of, milliseconds.
pub const CLAIM_MS: i64 = 300_000;

/// Whether a sheet is in one's own hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// Until then, milliseconds since 1970, and longer with every sign of life.
    Mine {
        until: i64,
    },
    Others(Holder),
}

/// Somebody who has a sheet in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub login: String,
    /// Name of the account; the login where there is none.
    pub name: String,
    /// Milliseconds since 1970.
    pub until: i64,
}

impl Store {
    /// Takes a sheet in hand, or goes on holding it; where another has it, says who. The first time that anybody does is
    /// kept as the first human look.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is no such document; or the database refused.
    pub async fn hold(&self, document: &str, actor: &str) -> Result<Hold> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        tx.lock(&format!("document {document}")).await?;
        let row = query(
            "SELECT d.state, d.urgent, d.first_look, d.held_by, r.received FROM document d
             JOIN receipt r ON r.id = d.receipt WHERE d.id = $1",
        )
        .bind(document)
        .fetch_optional(tx.conn())
        .await?
        .ok_or_else(|| StoreError::Refused("その文書はありません".into()))?;
        let mut looked = None;
        if row.get::<Option<i64>>("first_look").is_none() {
            query("UPDATE document SET first_look = $2 WHERE id = $1")
                .bind(document)
                .bind(now)
                .execute(tx.conn())
                .await?;
            if State::parse(row.get("state")) == State::Review {
                looked = Some((row.get::<i64>("urgent") != 0, row.get::<i64>("received")));
            }
        }
        let hold = match other(&mut tx, document, actor, now).await? {
            Some(holder) => Hold::Others(holder),
            None => {
                take(&mut tx, document, actor, now).await?;
                // Renewals are no news.
                if row.get::<Option<String>>("held_by").as_deref() != Some(actor) {
                    audit::append(&mut tx, now, actor, "hold", document, json!({}));
                }
                Hold::Mine { until: now + CLAIM_MS }
            }
        };
        tx.commit().await?;
        if let Some((urgent, received)) = looked {
            self.metrics.first_look(urgent, self.seconds_since(received));
        }
        Ok(hold)
    }

    /// Gives a sheet out of one's hand; one that is in another's stays there.
    ///
    /// # Errors
    /// The database refused.
    pub async fn let_go(&self, document: &str, actor: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        tx.lock(&format!("document {document}")).await?;
        query("UPDATE document SET held_by = NULL, held_until = NULL WHERE id = $1 AND held_by = $2")
            .bind(document)
            .bind(actor)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }
}

/// Refuses where another has the document in hand; else it is in the actor's from now on. The caller holds its lock.
pub(super) async fn need(tx: &mut Tx, document: &str, actor: &str, now: i64) -> Result<()> {
    match other(tx, document, actor, now).await? {
        Some(holder) => Err(StoreError::Refused(format!(
            "{} さんが確認中です（あと {} 分）。終わるまでお待ちください",
            holder.name,
            minutes(holder.until - now)
        ))),
        None => take(tx, document, actor, now).await,
    }
}

/// Minutes that a time lasts, begun ones included.
pub fn minutes(ms: i64) -> i64 {
    (ms.max(0) + 59_999) / 60_000
}

async fn take(tx: &mut Tx, document: &str, actor: &str, now: i64) -> Result<()> {
    query("UPDATE document SET held_by = $2, held_until = $3 WHERE id = $1")
        .bind(document)
        .bind(actor)
        .bind(now + CLAIM_MS)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Whoever else has it in hand now. A claim that ends later than any can is of a clock that was wrong.
async fn other(tx: &mut Tx, document: &str, actor: &str, now: i64) -> Result<Option<Holder>> {
    let row = query(
        "SELECT d.held_by, d.held_until, a.name FROM document d LEFT JOIN account a ON a.login = d.held_by
         WHERE d.id = $1 AND d.held_by <> $2 AND d.held_until > $3 AND d.held_until <= $4",
    )
    .bind(document)
    .bind(actor)
    .bind(now)
    .bind(now + CLAIM_MS)
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| {
        let login: String = r.get("held_by");
        Holder {
            name: r.get::<Option<String>>("name").unwrap_or_else(|| login.clone()),
            until: r.get("held_until"),
            login,
        }
    }))
}
