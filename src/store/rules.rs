//! The rules that a city puts on top of those of the program: revisions, of which the newest is in force, and drafts.
//!
//! A revision is never changed nor removed; who wants an older one back puts its text in force anew. All processes on the
//! database see the same ones ([`Store::rules_version`] tells when to look). Knows layers as text; what they mean is
//! `rules`' business.

mod lessons;
mod offers;
mod sheets;
#[cfg(test)]
mod tests;

use serde_json::json;

use super::db::{Row, Tx, query, scalar};
use super::{Result, Store, StoreError, audit};

pub use super::samples::Drawn;
pub use lessons::Corrected;
pub use offers::{Offer, OfferLine};
pub use sheets::{Confirmed, Mark, Seen, SheetFilter};

/// Said to who decides about what is no longer so.
const OTHERS: &str = "ほかの人が先に別のルールを有効にしました。違いを見てから、もう一度お試しください";

/// A layer that was put in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRevision {
    /// From 1; the greatest is in force.
    pub number: i64,
    /// Of the layer.
    pub hash: String,
    /// JSON of `rules::Layer`.
    pub layer: String,
    /// The one that it was made from; 0: the base alone.
    pub parent: i64,
    pub author: String,
    pub reason: String,
    /// JSON: what the backtest found before.
    pub tried: String,
    /// Milliseconds since 1970.
    pub created: i64,
}

/// A layer to put in force.
#[derive(Debug, Clone, Copy)]
pub struct NewRules<'a> {
    /// JSON of `rules::Layer`.
    pub layer: &'a str,
    pub hash: &'a str,
    /// The revision that whoever does so has looked at: it must still be in force.
    pub parent: i64,
    pub reason: &'a str,
    pub tried: &'a str,
}

/// What somebody works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleDraft {
    /// Revision that was in force when it was begun.
    pub parent: i64,
    pub layer: String,
    pub updated: i64,
}

impl Store {
    /// A secret of the installation by its name in `meta`, if it was made: looking makes none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn known_secret(&self, name: &str) -> Result<Option<String>> {
        scalar("SELECT value FROM meta WHERE key = $1").bind(name).fetch_optional(self.db.reader()).await
    }

    /// Whether the database has revisions at all: one that was opened for reading may be of an earlier program.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn has_rules(&self) -> Result<bool> {
        super::db::has_table(&mut self.db.snapshot().await?, "rule_revision").await
    }

    /// Number of the revision in force; 0: the base alone.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn rules_version(&self) -> Result<i64> {
        scalar("SELECT coalesce(max(number), 0) FROM rule_revision").fetch_one(self.db.reader()).await
    }

    /// A revision by its number.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn rule_revision(&self, number: i64) -> Result<Option<RuleRevision>> {
        let row = query("SELECT * FROM rule_revision WHERE number = $1")
            .bind(number)
            .fetch_optional(self.db.reader())
            .await?;
        Ok(row.as_ref().map(revision))
    }

    /// The newest revision whose rules have this hash, as documents name what read them; 0 where none has.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn revision_of(&self, hash: &str) -> Result<i64> {
        scalar("SELECT coalesce(max(number), 0) FROM rule_revision WHERE hash = $1")
            .bind(hash)
            .fetch_one(self.db.reader())
            .await
    }

    /// Revisions, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn rule_revisions(&self, limit: i64) -> Result<Vec<RuleRevision>> {
        let rows = query("SELECT * FROM rule_revision ORDER BY number DESC LIMIT $1")
            .bind(limit)
            .fetch_all(self.db.reader())
            .await?;
        Ok(rows.iter().map(revision).collect())
    }

    /// Puts a layer in force: a new revision with its number. What its author worked on is done with it.
    ///
    /// # Errors
    /// [`StoreError::Refused`]: somebody else was faster, or these rules are in force already.
    pub async fn activate_rules(&self, new: &NewRules<'_>, author: &str) -> Result<i64> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let before = newest(&mut tx).await?;
        let (number, hash) = before.map_or((0, String::new()), |b| (b.number, b.hash));
        if number != new.parent {
            return Err(StoreError::Refused(OTHERS.into()));
        }
        if hash == new.hash {
            return Err(StoreError::Refused("いま使われているルールと同じです".into()));
        }
        query(
            "INSERT INTO rule_revision (number, hash, layer, parent, author, reason, tried, created)
             VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
        )
        .bind(number + 1)
        .bind(new.hash)
        .bind(new.layer)
        .bind(new.parent)
        .bind(author)
        .bind(new.reason)
        .bind(new.tried)
        .bind(now)
        .execute(tx.conn())
        .await?;
        query("DELETE FROM rule_draft WHERE owner = $1").bind(author).execute(tx.conn()).await?;
        let detail = json!({"number": number + 1, "hash": new.hash, "before": hash});
        audit::append(&mut tx, now, author, "rules_activate", "rules", detail);
        tx.commit().await?;
        self.wake_all();
        Ok(number + 1)
    }

    /// Puts an older revision's layer in force again, or the base alone (0), as a new revision.
    ///
    /// # Errors
    /// As [`Store::activate_rules`], and where there is no such revision.
    pub async fn return_to_rules(&self, number: i64, seen: i64, bare: (&str, &str), author: &str) -> Result<i64> {
        let old = match number {
            0 => None,
            n => Some(self.rule_revision(n).await?.ok_or_else(|| StoreError::Refused("その版はありません".into()))?),
        };
        let (layer, hash) = old.as_ref().map_or(bare, |o| (o.layer.as_str(), o.hash.as_str()));
        let reason = match number {
            0 => "標準のルールだけに戻す".to_owned(),
            n => format!("第{n}版に戻す"),
        };
        self.activate_rules(&NewRules { layer, hash, parent: seen, reason: &reason, tried: "{}" }, author).await
    }

    /// What somebody works on.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn rule_draft(&self, owner: &str) -> Result<Option<RuleDraft>> {
        let row = query("SELECT parent, layer, updated FROM rule_draft WHERE owner = $1")
            .bind(owner)
            .fetch_optional(self.db.reader())
            .await?;
        Ok(row.map(|r| RuleDraft { parent: r.get("parent"), layer: r.get("layer"), updated: r.get("updated") }))
    }

    /// Keeps what somebody works on.
    ///
    /// # Errors
    /// The database refused.
    pub async fn keep_rule_draft(&self, owner: &str, parent: i64, layer: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        query(
            "INSERT INTO rule_draft (owner, parent, layer, updated) VALUES ($1,$2,$3,$4)
             ON CONFLICT (owner) DO UPDATE SET parent = excluded.parent, layer = excluded.layer, updated = excluded.updated",
        )
        .bind(owner)
        .bind(parent)
        .bind(layer)
        .bind(self.now())
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// Takes the text of a pack as what somebody works on from now on; `hash` is of the layer.
    ///
    /// # Errors
    /// The database refused.
    pub async fn import_rules(&self, owner: &str, parent: i64, layer: &str, hash: &str) -> Result<()> {
        self.keep_rule_draft(owner, parent, layer).await?;
        self.log_access(owner, "rules_import", "rules", json!({"hash": hash})).await
    }

    /// Gives up what somebody works on.
    ///
    /// # Errors
    /// The database refused.
    pub async fn drop_rule_draft(&self, owner: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        query("DELETE FROM rule_draft WHERE owner = $1").bind(owner).execute(tx.conn()).await?;
        tx.commit().await
    }
}

/// Locks what is in force; none: the base alone.
async fn newest(tx: &mut Tx) -> Result<Option<RuleRevision>> {
    tx.lock("rules").await?;
    let row = query("SELECT * FROM rule_revision ORDER BY number DESC LIMIT 1").fetch_optional(tx.conn()).await?;
    Ok(row.as_ref().map(revision))
}

fn revision(r: &Row) -> RuleRevision {
    RuleRevision {
        number: r.get("number"),
        hash: r.get("hash"),
        layer: r.get("layer"),
        parent: r.get("parent"),
        author: r.get("author"),
        reason: r.get("reason"),
        tried: r.get("tried"),
        created: r.get("created"),
    }
}
