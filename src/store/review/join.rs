//! What was split goes together again: the pages of a held document back behind those of the one before it.

use serde_json::json;

use super::{STALE, amend, apply_all, current, refreeze, refused, told_keys};
use crate::model::{Document, Field, Value};
use crate::store::accept::{State, settle};
use crate::store::db::{Tx, query};
use crate::store::{Result, Store, audit, claims, outbox, versions};

/// Said of a document whose pages went into another.
const REASON: &str = "前の書類につなげました";

impl Store {
    /// The document of the same file behind whose pages this one's would go; none where there is none that may still be
    /// changed.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn joins(&self, document: &str) -> Result<Option<String>> {
        before(&mut self.db.snapshot().await?, document).await
    }

    /// Puts the pages and fields of a held document behind those of the one before it, as a new revision of that one; this
    /// one is closed, without pages. Fields that both have are those of the one before; lists go together. Returns the id
    /// of the one before. Members of its room are told where it is posted.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Refused`]: another has one of them in hand or was faster, or there is nothing before it.
    pub async fn rejoin(&self, document: &str, revision: i64, actor: &str) -> Result<String> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let Some(into) = before(&mut tx, document).await? else {
            return refused("つなげる書類がありません");
        };
        // Both in one order, so that two who join do not wait for each other.
        let (first, second) =
            if into.as_str() < document { (into.as_str(), document) } else { (document, into.as_str()) };
        let (a, b) = (current(&mut tx, first).await?, current(&mut tx, second).await?);
        let (mut head, tail) = if first == into { (a, b) } else { (b, a) };
        if tail.revision != revision || before(&mut tx, document).await?.as_deref() != Some(&into) {
            return refused(STALE);
        }
        claims::need(&mut tx, document, actor, now).await?;
        claims::need(&mut tx, &into, actor, now).await?;
        let mut rest = tail.content;
        let decided = super::drafts::take(&mut tx, document, revision).await?;
        apply_all(&mut rest, &decided)?;
        let mut keys = told_keys(&decided).into_iter().map(str::to_owned).collect::<Vec<_>>();
        let decided = super::drafts::take(&mut tx, &into, head.revision).await?;
        apply_all(&mut head.content, &decided)?;
        keys.extend(told_keys(&decided).into_iter().map(str::to_owned));
        let empty = Document { pages: Vec::new(), fields: Default::default(), doubts: Vec::new(), ..rest.clone() };
        let pages = rest.pages.clone();
        together(&mut head.content, rest);

        let (number, last) = (head.revision + 1, tail.revision + 1);
        let room = head.room.clone();
        if let Some(room) = &room {
            versions::lock(&mut tx, room).await?;
        }
        let hash = refreeze(&mut tx, now, actor, &into, number, &head.content, room.as_deref(), &head.reader).await?;
        let detail = json!({"from": document, "pages": head.content.pages, "revision": number, "sha256": hash,
                            "fields": keys});
        audit::append(&mut tx, now, actor, "join", &into, detail);
        let hash = refreeze(&mut tx, now, actor, document, last, &empty, None, &tail.reader).await?;
        super::set_state(&mut tx, document, State::Ignored, Some(REASON), None, actor).await?;
        let detail = json!({"into": into, "pages": pages, "revision": last, "sha256": hash});
        audit::append(&mut tx, now, actor, "join", document, detail);
        if let (State::Posted, Some(room)) = (head.state, &room) {
            outbox::post(&mut tx, &into, number, room, now).await?;
            outbox::tell(&mut tx, self, &into, number, room, true, now).await?;
        }
        settle(&mut tx, &head.receipt, now, None).await?;
        amend(tx).await?;
        self.wake_all();
        Ok(into)
    }
}

/// Of the same file, the document whose last page comes next before the first of this one.
async fn before(tx: &mut Tx, document: &str) -> Result<Option<String>> {
    let rows = query(
        "SELECT d.id, d.pages, d.state, d.again_of FROM document d JOIN document o ON o.receipt = d.receipt
         WHERE o.id = $1 AND d.part IS NULL ORDER BY d.ordinal",
    )
    .bind(document)
    .fetch_all(tx.conn())
    .await?;
    let mut all: Vec<(String, Vec<u32>, State, bool)> = Vec::with_capacity(rows.len());
    for r in &rows {
        let pages: Vec<u32> = serde_json::from_str(r.get("pages"))?;
        let again = r.get::<Option<String>>("again_of").is_some();
        all.push((r.get("id"), pages, State::parse(r.get("state")), again));
    }
    let Some(own) = all.iter().find(|d| d.0 == document) else { return Ok(None) };
    let (Some(first), State::Review, false) = (own.1.iter().min(), own.2, own.3) else { return Ok(None) };
    let open = |d: &&(String, Vec<u32>, State, bool)| matches!(d.2, State::Review | State::Posted) && !d.3;
    let earlier = all.iter().filter(open).filter_map(|d| Some((d.1.iter().max()?, &d.0)));
    Ok(earlier.filter(|(last, _)| *last < first).max().map(|(_, id)| id.clone()))
}

/// Puts pages and fields behind those of another document.
fn together(head: &mut Document, rest: Document) {
    head.pages.extend(rest.pages);
    head.doubts.extend(rest.doubts);
    for (key, field) in rest.fields {
        match head.fields.get_mut(&key) {
            None => {
                head.fields.insert(key, field);
            }
            Some(there) => listed(there, field),
        }
    }
}

/// Two lists become one, no surer than the less sure of them; anything else stays what it was.
fn listed(there: &mut Field, more: Field) {
    let (Some(items), Some(new)) = (&mut there.items, more.items) else { return };
    let (Value::Many(values), Value::Many(others)) = (&mut there.value, more.value) else { return };
    values.extend(others);
    items.extend(new);
    there.raw = format!("{}\n{}", there.raw, more.raw);
    there.confidence = there.confidence.min(more.confidence);
    if more.status != there.status {
        there.doubt();
    }
}
