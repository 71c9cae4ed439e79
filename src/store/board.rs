//! What the pages show: rooms, their timelines, one document with its fields and images, the review list.

use std::collections::BTreeMap;

use super::accept::{Candidate, State};
use super::db::{Row, query};
use super::{Result, Store};
use crate::model::{Document, Reader};
use crate::register::CANARY_ROOM;

/// A room in the list of rooms.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomCard {
    pub id: String,
    pub name: String,
    pub kana: String,
    /// `YYYY-MM-DD`, or empty.
    pub birth_date: String,
    /// Sheets that stand in it.
    pub sheets: i64,
    /// Fields of those that wait for a person.
    pub open_fields: i64,
    /// Newest sheet, milliseconds since 1970.
    pub newest: Option<i64>,
    /// The patient is no longer in the register.
    pub ended: bool,
}

/// A sheet in a room's timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    pub key: String,
    pub document: String,
    pub revision: i64,
    pub kind: String,
    /// When it was posted, and when the fax came; milliseconds since 1970.
    pub at: i64,
    pub received: i64,
    pub pages: Vec<u32>,
    pub urgent: bool,
    /// Accepted text only.
    pub sender: Option<String>,
    /// Accepted text only, `YYYY-MM-DD`.
    pub discharge: Option<String>,
    pub open_fields: i64,
}

/// One frozen revision, without its content.
#[derive(Debug, Clone, PartialEq)]
pub struct RevisionHead {
    pub number: i64,
    /// `machine`, or who did it.
    pub actor: String,
    pub at: i64,
    pub room: Option<String>,
}

/// Image of one page of the document.
#[derive(Debug, Clone, PartialEq)]
pub struct PageImage {
    pub page: u32,
    /// Blob of the upright PNG at 200 dpi ([`Store::blob`]); boxes of fields are in its pixels.
    pub sha256: Option<String>,
    pub width: i64,
    pub height: i64,
    /// Why there is no image or nothing was read.
    pub failed: Option<String>,
}

/// A document as its page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentView {
    pub id: String,
    pub receipt: String,
    pub source: String,
    pub source_id: String,
    /// Blob of the original bytes; empty where none were kept.
    pub original: String,
    pub received: i64,
    pub state: State,
    pub reason: Option<String>,
    pub room: Option<String>,
    pub candidates: Vec<Candidate>,
    /// Name of the part, where this stands for something that could not be read.
    pub part: Option<String>,
    /// The newest revision: type, pages, fields with traces, doubts.
    pub content: Document,
    pub revision: i64,
    pub reader: Reader,
    pub revisions: Vec<RevisionHead>,
    pub images: Vec<PageImage>,
    pub open_fields: i64,
    pub urgent: bool,
    pub postings: Vec<PostingView>,
}

/// One row of the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct PostingView {
    pub sink: String,
    pub purpose: String,
    pub recipient: String,
    pub state: String,
    pub error: Option<String>,
    pub attempts: i64,
    pub updated: i64,
}

/// An entry of the review list.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    pub document: String,
    pub kind: String,
    pub pages: Vec<u32>,
    /// `Review` and `Quarantined` need a decision; `Posted` stands in its room and has open fields.
    pub state: State,
    pub reason: Option<String>,
    pub room: Option<String>,
    pub urgent: bool,
    pub open_fields: i64,
    /// Accepted text only.
    pub sender: Option<String>,
    pub received: i64,
    pub source: String,
    pub source_id: String,
    pub part: Option<String>,
    pub candidates: usize,
}

/// A notice that could not be delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedNotice {
    pub document: String,
    pub purpose: String,
    pub recipient: String,
    pub state: String,
    pub error: Option<String>,
    pub attempts: i64,
    pub updated: i64,
}

/// How many receipts are in which state.
pub type Counts = BTreeMap<String, i64>;

impl Store {
    /// Rooms, those with the newest sheets first; `search` is looked for in id, name and kana.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn rooms(&self, search: &str) -> Result<Vec<RoomCard>> {
        let rows = query(
            "SELECT r.id, r.name, r.kana, r.birth_date, r.ended, count(p.key) AS sheets, max(p.at) AS newest,
                    CAST(coalesce(sum(CASE WHEN p.key IS NULL THEN 0 ELSE d.open_fields END), 0) AS BIGINT) AS open_fields
             FROM room r LEFT JOIN post p ON p.room = r.id AND p.replaced IS NULL AND p.withdrawn IS NULL
             LEFT JOIN document d ON d.id = p.document
             GROUP BY r.id ORDER BY newest DESC NULLS LAST, r.kana, r.id",
        )
        .fetch_all(self.db.reader())
        .await?;
        let wanted = squeeze(search);
        let card = |r: &Row| RoomCard {
            id: r.get("id"),
            name: r.get("name"),
            kana: r.get("kana"),
            birth_date: r.get("birth_date"),
            sheets: r.get("sheets"),
            open_fields: r.get("open_fields"),
            newest: r.get("newest"),
            ended: r.get::<Option<i64>>("ended").is_some(),
        };
        Ok(rows
            .iter()
            .map(card)
            .filter(|c| wanted.is_empty() || [&c.id, &c.name, &c.kana].iter().any(|s| squeeze(s).contains(&wanted)))
            .collect())
    }

    /// One room, if it exists.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn room(&self, id: &str) -> Result<Option<RoomCard>> {
        Ok(self.rooms("").await?.into_iter().find(|r| r.id == id))
    }

    /// The sheets that stand in a room, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn timeline(&self, room: &str, limit: i64) -> Result<Vec<Post>> {
        let rows = query(
            "SELECT p.key, p.document, p.revision, p.at, d.kind, d.pages, d.urgent, d.sender, d.discharge, d.open_fields,
                    r.received
             FROM post p JOIN document d ON d.id = p.document JOIN receipt r ON r.id = d.receipt
             WHERE p.room = $1 AND p.replaced IS NULL AND p.withdrawn IS NULL
             ORDER BY r.received DESC, d.receipt, d.ordinal LIMIT $2",
        )
        .bind(room)
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        rows.iter()
            .map(|r| {
                Ok(Post {
                    key: r.get("key"),
                    document: r.get("document"),
                    revision: r.get("revision"),
                    kind: r.get("kind"),
                    at: r.get("at"),
                    received: r.get("received"),
                    pages: serde_json::from_str(r.get("pages"))?,
                    urgent: r.get::<i64>("urgent") != 0,
                    sender: r.get("sender"),
                    discharge: r.get("discharge"),
                    open_fields: r.get("open_fields"),
                })
            })
            .collect()
    }

    /// A document with all that its page shows, if it exists.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn document(&self, id: &str) -> Result<Option<DocumentView>> {
        let mut tx = self.db.snapshot().await?;
        let row = query(
            "SELECT d.*, r.source, r.source_id, r.sha256 AS original, r.received, v.content, v.reader AS read_by
             FROM document d JOIN receipt r ON r.id = d.receipt
             JOIN revision v ON v.document = d.id AND v.number = d.revision WHERE d.id = $1",
        )
        .bind(id)
        .fetch_optional(tx.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let content: Document = serde_json::from_str(row.get("content"))?;
        let part: Option<String> = row.get("part");
        let revisions = query("SELECT number, actor, at, room FROM revision WHERE document = $1 ORDER BY number")
            .bind(id)
            .fetch_all(tx.conn())
            .await?;
        let images = query("SELECT number, blob, width, height, failed FROM page WHERE reading = $1 ORDER BY number")
            .bind(row.get::<Option<String>>("reading"))
            .fetch_all(tx.conn())
            .await?;
        let postings = query(
            "SELECT sink, purpose, recipient, state, error, attempts, updated FROM outbox WHERE document = $1
             ORDER BY revision, sink, recipient",
        )
        .bind(id)
        .fetch_all(tx.conn())
        .await?;
        // An entry for a whole file that failed shows whatever pages there are.
        let all = part.is_some() && content.pages.is_empty();
        Ok(Some(DocumentView {
            id: row.get("id"),
            receipt: row.get("receipt"),
            source: row.get("source"),
            source_id: row.get("source_id"),
            original: row.get("original"),
            received: row.get("received"),
            state: State::parse(row.get("state")),
            reason: row.get("reason"),
            room: row.get("room"),
            candidates: serde_json::from_str(row.get("candidates"))?,
            part,
            revision: row.get("revision"),
            reader: serde_json::from_str(row.get("read_by"))?,
            revisions: revisions
                .iter()
                .map(|r| RevisionHead {
                    number: r.get("number"),
                    actor: r.get("actor"),
                    at: r.get("at"),
                    room: r.get("room"),
                })
                .collect(),
            images: images
                .iter()
                .map(|r| PageImage {
                    page: u32::try_from(r.get::<i64>("number")).unwrap_or(0),
                    sha256: r.get("blob"),
                    width: r.get("width"),
                    height: r.get("height"),
                    failed: r.get("failed"),
                })
                .filter(|p| all || content.pages.contains(&p.page))
                .collect(),
            open_fields: row.get("open_fields"),
            urgent: row.get::<i64>("urgent") != 0,
            postings: postings
                .iter()
                .map(|r| PostingView {
                    sink: r.get("sink"),
                    purpose: r.get("purpose"),
                    recipient: r.get("recipient"),
                    state: r.get("state"),
                    error: r.get("error"),
                    attempts: r.get("attempts"),
                    updated: r.get("updated"),
                })
                .collect(),
            content,
        }))
    }

    /// Everything that waits for a person: held-back documents first, then posted ones with open fields; within
    /// each the urgent first, then the oldest.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn review_list(&self, limit: i64) -> Result<Vec<Held>> {
        let rows = query(
            "SELECT d.id, d.kind, d.pages, d.state, d.reason, d.room, d.urgent, d.open_fields, d.sender, d.part, d.candidates,
                    r.received, r.source, r.source_id
             FROM document d JOIN receipt r ON r.id = d.receipt
             WHERE d.state IN ('review', 'quarantined')
                   OR (d.state = 'posted' AND d.open_fields > 0 AND coalesce(d.room, '') <> $2)
             ORDER BY CASE d.state WHEN 'review' THEN 0 WHEN 'quarantined' THEN 1 ELSE 2 END, d.urgent DESC, r.received,
                      d.receipt, d.ordinal
             LIMIT $1",
        )
        .bind(limit)
        .bind(CANARY_ROOM)
        .fetch_all(self.db.reader())
        .await?;
        rows.iter()
            .map(|r| {
                let candidates: Vec<Candidate> = serde_json::from_str(r.get("candidates"))?;
                Ok(Held {
                    document: r.get("id"),
                    kind: r.get("kind"),
                    pages: serde_json::from_str(r.get("pages"))?,
                    state: State::parse(r.get("state")),
                    reason: r.get("reason"),
                    room: r.get("room"),
                    urgent: r.get::<i64>("urgent") != 0,
                    open_fields: r.get("open_fields"),
                    sender: r.get("sender"),
                    received: r.get("received"),
                    source: r.get("source"),
                    source_id: r.get("source_id"),
                    part: r.get("part"),
                    candidates: candidates.len(),
                })
            })
            .collect()
    }

    /// Notices that were given up, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn failed_notices(&self, limit: i64) -> Result<Vec<FailedNotice>> {
        let rows = query(
            "SELECT document, purpose, recipient, state, error, attempts, updated FROM outbox
             WHERE state = 'failed' OR (state = 'pending' AND attempts > 0) ORDER BY updated DESC, key LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows
            .iter()
            .map(|r| FailedNotice {
                document: r.get("document"),
                purpose: r.get("purpose"),
                recipient: r.get("recipient"),
                state: r.get("state"),
                error: r.get("error"),
                attempts: r.get("attempts"),
                updated: r.get("updated"),
            })
            .collect())
    }

    /// Receipts by state, canaries left out.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn counts(&self) -> Result<Counts> {
        let rows = query(
            "SELECT coalesce(f.state, r.state), count(*) FROM receipt r LEFT JOIN receipt f ON f.id = r.linked
             WHERE NOT EXISTS (SELECT 1 FROM document d WHERE d.receipt = coalesce(r.linked, r.id) AND d.room = $1)
             GROUP BY 1",
        )
        .bind(CANARY_ROOM)
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.iter().map(|r| (r.nth(0), r.nth(1))).collect())
    }
}

/// For searching: without white space, one width, one case.
fn squeeze(s: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    s.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}
