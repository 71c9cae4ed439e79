//! What a person decides: the room of a held-back sheet, that it is nothing for us, and what its unsure fields say.
//! Each decision is a new frozen revision or a new state, with its audit row, in one transaction.

use serde_json::json;

use super::accept::{State, freeze, settle};
use super::db::{Tx, query, scalar};
use super::{Result, Store, StoreError, audit, conference, crash, outbox, versions};
use crate::metrics::By;
use crate::model::{Document, Reader, Status, Value};

/// What a person says of one field.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// It is right as it was read.
    Confirm,
    /// It is this, in the vocabulary's normal form.
    Set(Value),
    /// The page does not carry it.
    Remove,
}

struct Current {
    received: i64,
    receipt: String,
    state: State,
    room: Option<String>,
    revision: i64,
    content: Document,
    reader: Reader,
    /// It is another one sent again.
    again: bool,
}

impl Store {
    /// Posts a held-back document into `room`: a new revision by `actor`. Again into the same room changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is no such document or room, or it is already posted elsewhere.
    pub async fn choose_room(&self, document: &str, room: &str, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let doc = current(&mut tx, document).await?;
        match doc.state {
            State::Posted if doc.room.as_deref() == Some(room) => return Ok(()),
            State::Review | State::Quarantined | State::Ignored => {}
            State::Posted => return refused("すでに別の部屋に掲載されています"),
            _ => return refused("まだ処理中か、取り下げられた文書です"),
        }
        let known: Option<String> =
            scalar("SELECT id FROM room WHERE id = $1 AND ended IS NULL").bind(room).fetch_optional(tx.conn()).await?;
        if known.is_none() {
            return refused("その部屋はありません");
        }
        versions::lock(&mut tx, room).await?;
        let number = doc.revision + 1;
        let mut content = doc.content;
        content.doubts.clear();
        let hash = freeze(&mut tx, now, actor, document, number, &content, Some(room), &doc.reader).await?;
        set_state(&mut tx, document, State::Posted, None, Some(room)).await?;
        let detail = json!({"revision": number, "sha256": hash, "room": room});
        audit::append(&mut tx, now, actor, "choose_room", document, detail);
        outbox::post(&mut tx, document, number, room, now).await?;
        if self.notify.members {
            outbox::enqueue_notices(&mut tx, document, number, room, now).await?;
        }
        conference::follow(&mut tx, self, document, number, room, now).await?;
        settle(&mut tx, &doc.receipt, now, None).await?;
        crash::reached("review.before_commit");
        tx.commit().await?;
        crash::reached("review.after_commit");
        self.metrics.posted(By::Person, self.seconds_since(doc.received));
        self.wake_all();
        Ok(())
    }

    /// Closes a held-back document: nothing for any room.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is no such document, or it is not held back.
    pub async fn set_aside(&self, document: &str, reason: &str, actor: &str) -> Result<()> {
        self.close_as(document, State::Ignored, "set_aside", reason, actor).await
    }

    /// Takes a held-back document out of the ordinary list: it was meant for somebody else (誤送信).
    ///
    /// # Errors
    /// As [`Store::set_aside`].
    pub async fn quarantine(&self, document: &str, reason: &str, actor: &str) -> Result<()> {
        self.close_as(document, State::Quarantined, "quarantine", reason, actor).await
    }

    async fn close_as(&self, document: &str, state: State, action: &str, reason: &str, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let doc = current(&mut tx, document).await?;
        if doc.state == state {
            return Ok(());
        }
        if !matches!(doc.state, State::Review | State::Quarantined) {
            return refused("確認待ちの文書ではありません");
        }
        set_state(&mut tx, document, state, Some(reason), None).await?;
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
            return refused("ほかの人が先に更新しました。もう一度開いてください");
        }
        if !matches!(doc.state, State::Review | State::Posted) {
            return refused("この文書は編集できません");
        }
        if doc.again {
            return refused("再送として記録された書類です。最初に届いた書類のほうを直してください");
        }
        let mut content = doc.content;
        let (mut corrected, mut keys) = (false, Vec::new());
        for (key, edit) in edits {
            corrected |= apply(&mut content, key, edit)?;
            keys.push(key);
        }
        if keys.is_empty() {
            return Ok(());
        }
        let number = doc.revision + 1;
        let room = doc.room.as_deref();
        let hash = freeze(&mut tx, now, actor, document, number, &content, room, &doc.reader).await?;
        let detail = json!({"revision": number, "sha256": hash, "fields": keys, "room": room});
        audit::append(&mut tx, now, actor, "confirm_fields", document, detail);
        if let (State::Posted, Some(room)) = (doc.state, room) {
            versions::lock(&mut tx, room).await?;
            outbox::post(&mut tx, document, number, room, now).await?;
            if corrected && self.notify.members {
                outbox::enqueue_notices(&mut tx, document, number, room, now).await?;
            }
            conference::follow(&mut tx, self, document, number, room, now).await?;
        }
        crash::reached("review.before_commit");
        tx.commit().await?;
        crash::reached("review.after_commit");
        self.wake_all();
        Ok(())
    }
}

/// Applies one edit; true where a text that stood accepted is no longer what it was.
fn apply(content: &mut Document, key: &str, edit: &Edit) -> Result<bool> {
    let before = content.accepted(key);
    match edit {
        Edit::Remove => {
            content.fields.remove(key);
        }
        Edit::Confirm => {
            let Some(field) = content.fields.get_mut(key) else { return refused("その項目はありません") };
            field.status = Status::Accepted;
            for item in field.items.iter_mut().flatten() {
                item.status = Status::Accepted;
            }
        }
        Edit::Set(value) => {
            let Some(field) = content.fields.get_mut(key) else { return refused("その項目はありません") };
            if field.value != *value {
                field.items = None;
            }
            field.value = value.clone();
            field.confidence = 1.0;
            field.status = Status::Accepted;
            for item in field.items.iter_mut().flatten() {
                item.status = Status::Accepted;
            }
        }
    }
    Ok(before.is_some() && before != content.accepted(key))
}

async fn current(tx: &mut Tx, document: &str) -> Result<Current> {
    tx.lock(&format!("document {document}")).await?;
    let row = query(
        "SELECT d.receipt, d.state, d.room, d.revision, d.again_of, v.content, v.reader, r.received FROM document d
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
        reader: serde_json::from_str(row.get("reader"))?,
    })
}

async fn set_state(tx: &mut Tx, document: &str, state: State, reason: Option<&str>, room: Option<&str>) -> Result<()> {
    query("UPDATE document SET state = $2, reason = $3, room = $4 WHERE id = $1")
        .bind(document)
        .bind(state.as_str())
        .bind(reason)
        .bind(room)
        .execute(tx.conn())
        .await?;
    Ok(())
}

fn refused<T>(why: &str) -> Result<T> {
    Err(StoreError::Refused(why.to_owned()))
}
