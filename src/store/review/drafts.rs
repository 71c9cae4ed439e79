//! Decisions about fields that are in no revision yet: kept one by one, so that leaving a sheet loses nothing, taken back
//! one by one, and made into a revision all at once when the sheet is posted or saved.

use serde_json::json;

use super::edit::{Edit, apply};
use super::{Current, STALE, current, refused};
use crate::store::accept::State;
use crate::store::db::{Tx, query};
use crate::store::{Result, Store, audit, claims};

/// A decision that waits to be posted or saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub field: String,
    pub edit: Edit,
    pub actor: String,
    /// Milliseconds since 1970.
    pub at: i64,
}

impl Store {
    /// Notes what a person says of a field of the `revision` that they saw.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Refused`]: another has the sheet in hand or was faster, or the field cannot be so.
    pub async fn decide(&self, document: &str, revision: i64, field: &str, edit: &Edit, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let doc = current(&mut tx, document).await?;
        open(&mut tx, document, &doc, revision, actor, now).await?;
        // The newest decision about a field takes the place of those before: it is about the revision's field, or about
        // one that a person added.
        let added = list(&mut tx, document, revision).await?.into_iter().find(|d| d.field == field);
        let edit = match (edit, added.map(|d| d.edit)) {
            (Edit::Set(value), Some(Edit::Add { page, name, .. })) => &Edit::Add { value: value.clone(), page, name },
            (Edit::Confirm, Some(Edit::Add { .. })) => return Ok(()),
            (edit, _) => edit,
        };
        apply(&mut { doc.content }, field, edit)?;
        query(
            "INSERT INTO draft (document, seq, revision, field, decision, actor, at)
             SELECT $1, coalesce(max(seq), 0) + 1, $2, $3, $4, $5, $6 FROM draft WHERE document = $1",
        )
        .bind(document)
        .bind(revision)
        .bind(field)
        .bind(serde_json::to_string(edit)?)
        .bind(actor)
        .bind(now)
        .execute(tx.conn())
        .await?;
        audit::append(&mut tx, now, actor, "draft", document, json!({"field": field, "how": edit.word()}));
        tx.commit().await
    }

    /// Takes the last decision back; the key of its field, where there was one.
    ///
    /// # Errors
    /// As [`Store::decide`].
    pub async fn undo(&self, document: &str, revision: i64, actor: &str) -> Result<Option<String>> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let doc = current(&mut tx, document).await?;
        open(&mut tx, document, &doc, revision, actor, now).await?;
        let row = query(
            "DELETE FROM draft WHERE document = $1 AND seq = (SELECT max(seq) FROM draft WHERE document = $1)
             RETURNING field",
        )
        .bind(document)
        .fetch_optional(tx.conn())
        .await?;
        let field: Option<String> = row.map(|r| r.get("field"));
        if let Some(field) = &field {
            audit::append(&mut tx, now, actor, "undo", document, json!({"field": field}));
        }
        tx.commit().await?;
        Ok(field)
    }

    /// What was decided about a revision and waits to be posted or saved: one entry a field, in the order of deciding.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn drafts(&self, document: &str, revision: i64) -> Result<Vec<Draft>> {
        list(&mut self.db.snapshot().await?, document, revision).await
    }
}

async fn open(tx: &mut Tx, document: &str, doc: &Current, revision: i64, actor: &str, now: i64) -> Result<()> {
    claims::need(tx, document, actor, now).await?;
    if doc.revision != revision {
        return refused(STALE);
    }
    if !matches!(doc.state, State::Review | State::Posted | State::Quarantined) {
        return refused("この文書は編集できません");
    }
    if doc.again {
        return refused("再送として記録された書類です。最初に届いた書類のほうを直してください");
    }
    Ok(())
}

pub(in crate::store) async fn list(tx: &mut Tx, document: &str, revision: i64) -> Result<Vec<Draft>> {
    let rows = query(
        "SELECT d.field, d.decision, d.actor, d.at FROM draft d WHERE d.document = $1 AND d.revision = $2
         AND d.seq = (SELECT max(l.seq) FROM draft l WHERE l.document = d.document AND l.field = d.field)
         ORDER BY d.seq",
    )
    .bind(document)
    .bind(revision)
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|r| {
            Ok(Draft {
                field: r.get("field"),
                edit: serde_json::from_str(r.get("decision"))?,
                actor: r.get("actor"),
                at: r.get("at"),
            })
        })
        .collect()
}

/// Takes the decisions about the current revision out, to be made into the next. Those about older ones go unheeded.
pub(in crate::store) async fn take(tx: &mut Tx, document: &str, revision: i64) -> Result<Vec<(String, Edit)>> {
    let drafts = list(tx, document, revision).await?;
    query("DELETE FROM draft WHERE document = $1").bind(document).execute(tx.conn()).await?;
    Ok(drafts.into_iter().map(|d| (d.field, d.edit)).collect())
}
