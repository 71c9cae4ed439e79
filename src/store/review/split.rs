//! Pages for the eyes of a person: where another document begins, and which way is up.

use serde_json::json;

use super::{STALE, amend, apply_all, current, refreeze, refused, told_keys};
use crate::model::{Document, Field, Value};
use crate::store::accept::{State, document_id, insert_row, settle};
use crate::store::db::{query, scalar};
use crate::store::{Candidate, Result, Sheet, Store, audit, claims, figures, outbox, versions};

/// Said of a document that a person made out of another's pages.
const REASON: &str = "ほかの書類から分けました。種類と患者を確かめてください";

impl Store {
    /// Makes the pages from `page` on a document of their own on the review list; each field goes with its page. Both
    /// get a new revision. Asked again it only names the document that the page is in. Returns that document's id.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Refused`]: another has the sheet in hand or was faster, or it cannot be split there.
    pub async fn split(&self, document: &str, revision: i64, page: u32, actor: &str) -> Result<String> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let mut doc = current(&mut tx, document).await?;
        let rows = query("SELECT id, ordinal, pages FROM document WHERE receipt = $1 ORDER BY ordinal")
            .bind(&doc.receipt)
            .fetch_all(tx.conn())
            .await?;
        if !doc.content.pages.contains(&page) {
            for r in &rows {
                let pages: Vec<u32> = serde_json::from_str(r.get("pages"))?;
                if pages.first() == Some(&page) {
                    return Ok(r.get("id"));
                }
            }
        }
        claims::need(&mut tx, document, actor, now).await?;
        if doc.revision != revision {
            return refused(STALE);
        }
        if !matches!(doc.state, State::Review | State::Posted) || doc.again {
            return refused("この文書は分けられません");
        }
        let place = doc.content.pages.iter().position(|p| *p == page).unwrap_or(0);
        if place == 0 {
            return refused("最初のページからは分けられません");
        }
        let decided = super::drafts::take(&mut tx, document, revision).await?;
        figures::corrected(&mut tx, document, revision + 1, &doc.content, &decided, now).await?;
        apply_all(&mut doc.content, &decided)?;
        let rest = part(&mut doc.content, place);

        let ordinal = rows.iter().map(|r| r.get::<i64>("ordinal")).max().unwrap_or(0) + 1;
        let id = document_id(&doc.receipt, ordinal);
        let candidates: String =
            scalar("SELECT candidates FROM document WHERE id = $1").bind(document).fetch_one(tx.conn()).await?;
        let candidates: Vec<Candidate> = serde_json::from_str(&candidates)?;
        // Who may be meant was found by what names the patient.
        let names = |d: &Document| d.fields.keys().any(|k| k.starts_with("patient."));
        let (stay, go) = match (names(&doc.content), names(&rest)) {
            (true, false) => (candidates, Vec::new()),
            (false, true) => (Vec::new(), candidates),
            (true, true) => (candidates.clone(), candidates),
            (false, false) => (Vec::new(), Vec::new()),
        };
        let reading: Option<String> =
            scalar("SELECT reading FROM document WHERE id = $1").bind(document).fetch_one(tx.conn()).await?;
        let sheet = Sheet {
            document: rest,
            state: State::Review,
            room: None,
            reason: Some(REASON.to_owned()),
            candidates: go,
            part: None,
        };
        insert_row(&mut tx, now, &id, &doc.receipt, ordinal, reading.as_deref(), &sheet).await?;
        let hash = refreeze(&mut tx, now, actor, &id, 1, &sheet.document, None, &doc.reader).await?;
        let detail = json!({"from": document, "pages": sheet.document.pages, "revision": 1, "sha256": hash});
        audit::append(&mut tx, now, actor, "split", &id, detail);

        let number = revision + 1;
        let room = doc.room.clone();
        if let Some(room) = &room {
            versions::lock(&mut tx, room).await?;
        }
        let hash = refreeze(&mut tx, now, actor, document, number, &doc.content, room.as_deref(), &doc.reader).await?;
        query("UPDATE document SET candidates = $2 WHERE id = $1")
            .bind(document)
            .bind(serde_json::to_string(&stay)?)
            .execute(tx.conn())
            .await?;
        let detail = json!({"into": id, "pages": doc.content.pages, "revision": number, "sha256": hash,
                            "fields": told_keys(&decided)});
        audit::append(&mut tx, now, actor, "split", document, detail);
        if let (State::Posted, Some(room)) = (doc.state, &room) {
            outbox::post(&mut tx, document, number, room, now).await?;
        }
        settle(&mut tx, &doc.receipt, now, None).await?;
        amend(tx).await?;
        self.wake_all();
        Ok(id)
    }

    /// Turns a page by a quarter, clockwise, for the eyes; what was read of it stays as it is. Returns the new turn in
    /// degrees.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Refused`]: another has the sheet in hand, or it has no such page.
    pub async fn turn_page(&self, document: &str, page: u32, actor: &str) -> Result<i64> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        current(&mut tx, document).await?;
        claims::need(&mut tx, document, actor, now).await?;
        let row = query(
            "UPDATE page SET turn = (coalesce(turn, 0) + 90) % 360
             WHERE reading = (SELECT reading FROM document WHERE id = $1) AND number = $2 RETURNING turn",
        )
        .bind(document)
        .bind(i64::from(page))
        .fetch_optional(tx.conn())
        .await?;
        let Some(turn) = row.map(|r| r.get::<i64>("turn")) else { return refused("そのページはありません") };
        audit::append(&mut tx, now, actor, "turn", document, json!({"page": page, "turn": turn}));
        tx.commit().await?;
        Ok(turn)
    }
}

/// Takes the pages from that place on out of a document, each field with its page.
fn part(content: &mut Document, place: usize) -> Document {
    let pages = content.pages.split_off(place);
    let mut rest = Document { pages, fields: Default::default(), doubts: Vec::new(), ..content.clone() };
    for (key, field) in std::mem::take(&mut content.fields) {
        let (stays, goes) = apart(field, &rest.pages);
        if let Some(f) = stays {
            content.fields.insert(key.clone(), f);
        }
        if let Some(f) = goes {
            rest.fields.insert(key, f);
        }
    }
    rest.sender_id.take_if(|_| !rest.fields.keys().any(|k| k.starts_with("sender.")));
    rest
}

/// What of a field stays, and what goes with these pages. A list goes apart by the pages of its elements.
fn apart(field: Field, going: &[u32]) -> (Option<Field>, Option<Field>) {
    let goes = |page: &u32| going.contains(page);
    let items = match (&field.items, &field.value) {
        (Some(items), Value::Many(values)) if items.len() == values.len() => items.clone(),
        _ if goes(&field.page) => return (None, Some(field)),
        _ => return (Some(field), None),
    };
    let (go, stay): (Vec<_>, Vec<_>) = items.into_iter().partition(|i| goes(&i.page));
    let of = |items: Vec<crate::model::Item>| {
        let first = items.first()?;
        Some(Field {
            value: Value::Many(items.iter().map(|i| i.value.clone()).collect()),
            raw: items.iter().map(|i| i.raw.as_str()).collect::<Vec<_>>().join("\n"),
            page: first.page,
            rect: if first.page == field.page { field.rect } else { first.rect },
            items: Some(items),
            ..field.clone()
        })
    };
    match (stay.is_empty(), go.is_empty()) {
        (false, true) => (Some(field), None),
        (true, false) => (None, Some(field)),
        _ => (of(stay), of(go)),
    }
}
