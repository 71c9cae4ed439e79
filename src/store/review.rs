//! What a person decides: the room of a held-back sheet, that it is nothing for us, and what its fields say.
//! Each decision is a new frozen revision or a new state, with its audit row, in one transaction; it is refused where
//! another has the sheet in hand (`claims`). What was decided about fields before (`drafts`) goes with it.

pub(super) mod drafts;
mod edit;
mod join;
mod split;
#[cfg(test)]
mod tests;

use serde_json::json;

use super::accept::{State, freeze, settle};
use super::db::{Tx, query, scalar};
use super::{Result, Store, StoreError, audit, claims, crash, figures, merge, outbox, versions};
use crate::metrics::By;
use crate::model::{Document, Reader};

pub use drafts::Draft;
pub use edit::{Edit, TYPE, apply};

/// Said to who decides about what is no longer so.
pub(super) const STALE: &str = "ほかの人が先に更新しました。もう一度開いてください";

pub(super) struct Current {
    pub(super) received: i64,
    pub(super) receipt: String,
    pub(super) state: State,
    pub(super) room: Option<String>,
    pub(super) revision: i64,
    pub(super) content: Document,
    pub(super) reader: Reader,
    /// It is another one sent again.
    pub(super) again: bool,
    /// It stands for something that could not be read.
    pub(super) part: bool,
}

impl Store {
    /// Posts a held-back document into `room`: a new revision by `actor`. Again into the same room changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is no such document or room, or it is already posted elsewhere.
    pub async fn choose_room(&self, document: &str, room: &str, actor: &str) -> Result<()> {
        self.post_sheet(document, None, room, actor).await
    }

    /// [`Store::choose_room`] for who saw this `revision`.
    ///
    /// # Errors
    /// As [`Store::choose_room`], and where somebody else was faster.
    pub async fn post_sheet(&self, document: &str, revision: Option<i64>, room: &str, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let doc = current(&mut tx, document).await?;
        let room = &merge::forward(&mut tx, room).await?;
        match doc.state {
            State::Posted if doc.room.as_ref() == Some(room) => return Ok(()),
            State::Review | State::Quarantined | State::Ignored | State::Withdrawn => {}
            State::Posted => return refused("すでに別の部屋に掲載されています"),
            State::Processing => return refused("まだ処理中の文書です"),
        }
        claims::need(&mut tx, document, actor, now).await?;
        if revision.is_some_and(|r| r != doc.revision) {
            return refused(STALE);
        }
        if doc.content.pages.is_empty() && !doc.part {
            return refused("この書類のページは、前の書類につなげてあります");
        }
        into_room(&mut tx, room).await?;
        let number = doc.revision + 1;
        let mut content = doc.content;
        content.doubts.clear();
        let decided = drafts::take(&mut tx, document, doc.revision).await?;
        figures::corrected(&mut tx, document, number, &content, &decided, now).await?;
        apply_all(&mut content, &decided)?;
        let hash = refreeze(&mut tx, now, actor, document, number, &content, Some(room), &doc.reader).await?;
        set_state(&mut tx, document, State::Posted, None, Some(room), actor).await?;
        let detail = json!({"revision": number, "sha256": hash, "room": room, "fields": told_keys(&decided)});
        audit::append(&mut tx, now, actor, "choose_room", document, detail);
        outbox::post(&mut tx, document, number, room, now).await?;
        outbox::tell(&mut tx, self, document, number, room, true, now).await?;
        settle(&mut tx, &doc.receipt, now, None).await?;
        amend(tx).await?;
        self.metrics.posted(By::Person, self.seconds_since(doc.received));
        self.wake_all();
        Ok(())
    }

    /// Closes a held-back document: nothing for any room.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is no such document, or it is not held back.
    pub async fn set_aside(&self, document: &str, reason: &str, actor: &str) -> Result<()> {
        self.close_as(document, None, State::Ignored, reason, actor).await
    }

    /// Takes a held-back document out of the ordinary list: it was meant for somebody else (誤送信).
    ///
    /// # Errors
    /// As [`Store::set_aside`].
    pub async fn quarantine(&self, document: &str, reason: &str, actor: &str) -> Result<()> {
        self.close_as(document, None, State::Quarantined, reason, actor).await
    }

    /// [`Store::set_aside`] or [`Store::quarantine`], by `state`, for who saw this `revision`.
    ///
    /// # Errors
    /// As these, and where somebody else was faster.
    pub async fn close_as(
        &self,
        document: &str,
        revision: Option<i64>,
        state: State,
        reason: &str,
        actor: &str,
    ) -> Result<()> {
        let action = if state == State::Quarantined { "quarantine" } else { "set_aside" };
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let doc = current(&mut tx, document).await?;
        if doc.state == state {
            return Ok(());
        }
        if !matches!(doc.state, State::Review | State::Quarantined | State::Withdrawn) || doc.again {
            return refused("確認待ちの文書ではありません");
        }
        claims::need(&mut tx, document, actor, now).await?;
        if revision.is_some_and(|r| r != doc.revision) {
            return refused(STALE);
        }
        set_state(&mut tx, document, state, Some(reason), None, actor).await?;
        audit::append(&mut tx, now, actor, action, document, json!({"reason": reason, "revision": doc.revision}));
        settle(&mut tx, &doc.receipt, now, None).await?;
        tx.commit().await
    }

    /// Takes a person's word on fields: a new revision, which replaces the posted one in its room. `revision` is the
    /// one that the person saw. Members are told only where a text that stood accepted has changed.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where somebody else was faster, the document is not for editing, or a field is unknown.
    pub async fn confirm_fields(
        &self,
        document: &str,
        revision: i64,
        edits: &[(String, Edit)],
        actor: &str,
    ) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let doc = current(&mut tx, document).await?;
        if doc.revision != revision {
            return refused(STALE);
        }
        if !matches!(doc.state, State::Review | State::Posted) {
            return refused("この文書は編集できません");
        }
        if doc.again {
            return refused("再送として記録された書類です。最初に届いた書類のほうを直してください");
        }
        claims::need(&mut tx, document, actor, now).await?;
        let mut content = doc.content;
        let mut decided = drafts::take(&mut tx, document, doc.revision).await?;
        decided.retain(|(key, _)| !edits.iter().any(|(k, _)| k == key));
        decided.extend_from_slice(edits);
        if decided.is_empty() {
            return Ok(());
        }
        let number = doc.revision + 1;
        figures::corrected(&mut tx, document, number, &content, &decided, now).await?;
        let corrected = apply_all(&mut content, &decided)?;
        let room = doc.room.as_deref();
        let hash = refreeze(&mut tx, now, actor, document, number, &content, room, &doc.reader).await?;
        let detail = json!({"revision": number, "sha256": hash, "fields": told_keys(&decided), "room": room});
        audit::append(&mut tx, now, actor, "confirm_fields", document, detail);
        if let (State::Posted, Some(room)) = (doc.state, room) {
            versions::lock(&mut tx, room).await?;
            outbox::post(&mut tx, document, number, room, now).await?;
            outbox::tell(&mut tx, self, document, number, room, corrected, now).await?;
        }
        amend(tx).await?;
        self.wake_all();
        Ok(())
    }
}

/// Applies all of them; true where a text that stood accepted is no longer what it was.
pub(super) fn apply_all(content: &mut Document, decided: &[(String, Edit)]) -> Result<bool> {
    decided.iter().try_fold(false, |any, (key, edit)| Ok(apply(content, key, edit)? || any))
}

fn told_keys(decided: &[(String, Edit)]) -> Vec<&str> {
    decided.iter().map(|(key, _)| key.as_str()).collect()
}

/// Locks a room that something is to be put into.
///
/// # Errors
/// [`StoreError::Refused`] where there is no such room, or none any more.
pub(super) async fn into_room(tx: &mut Tx, room: &str) -> Result<()> {
    versions::lock(tx, room).await?;
    let known: Option<String> =
        scalar("SELECT id FROM room WHERE id = $1 AND ended IS NULL").bind(room).fetch_optional(tx.conn()).await?;
    if known.is_some() { Ok(()) } else { refused("その部屋はありません") }
}

/// [`freeze`] for a revision whose type or pages may be others than those of the one before.
#[allow(clippy::too_many_arguments)] // as `freeze`
pub(super) async fn refreeze(
    tx: &mut Tx,
    now: i64,
    actor: &str,
    id: &str,
    number: i64,
    content: &Document,
    room: Option<&str>,
    reader: &Reader,
) -> Result<String> {
    query("UPDATE document SET kind = $2, pages = $3 WHERE id = $1")
        .bind(id)
        .bind(&content.kind)
        .bind(serde_json::to_string(&content.pages)?)
        .execute(tx.conn())
        .await?;
    freeze(tx, now, actor, id, number, content, room, reader).await
}

/// Commits a decision of a person.
pub(super) async fn amend(tx: Tx) -> Result<()> {
    crash::reached("review.before_commit");
    tx.commit().await?;
    crash::reached("review.after_commit");
    Ok(())
}

pub(super) async fn current(tx: &mut Tx, document: &str) -> Result<Current> {
    tx.lock(&format!("document {document}")).await?;
    let row = query(
        "SELECT d.receipt, d.state, d.room, d.revision, d.again_of, d.part, v.content, v.reader, r.received FROM document d
         JOIN revision v ON v.document = d.id AND v.number = d.revision
         JOIN receipt r ON r.id = d.receipt WHERE d.id = $1",
    )
    .bind(document)
    .fetch_optional(tx.conn())
    .await?
    .ok_or_else(|| StoreError::Refused("その文書はありません".into()))?;
    // Its state is derived from all of its documents.
    tx.lock(&format!("receipt {}", row.get::<String>("receipt"))).await?;
    Ok(Current {
        received: row.get("received"),
        receipt: row.get("receipt"),
        state: State::parse(row.get("state")),
        room: row.get("room"),
        revision: row.get("revision"),
        content: serde_json::from_str(row.get("content"))?,
        again: row.get::<Option<String>>("again_of").is_some(),
        part: row.get::<Option<String>>("part").is_some(),
        reader: serde_json::from_str(row.get("reader"))?,
    })
}

/// A decided sheet is in nobody's hand any more.
pub(super) async fn set_state(
    tx: &mut Tx,
    document: &str,
    state: State,
    reason: Option<&str>,
    room: Option<&str>,
    actor: &str,
) -> Result<()> {
    query(
        "UPDATE document SET state = $2, reason = $3, room = $4, quarantined_by = $5, held_by = NULL, held_until = NULL
         WHERE id = $1",
    )
    .bind(document)
    .bind(state.as_str())
    .bind(reason)
    .bind(room)
    .bind((state == State::Quarantined).then_some(actor))
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) fn refused<T>(why: &str) -> Result<T> {
    Err(StoreError::Refused(why.to_owned()))
}
