//! What the pages show: rooms, their timelines, one document with its fields and images; lists of what waits and of what was
//! received: [`lists`].

mod lists;

use std::collections::{HashMap, HashSet};

use super::accept::{Candidate, State};
use super::accounts::{self, Account};
use super::db::{Row, Tx, query};
use super::{Result, Store};
use crate::model::{Document, Reader};
pub use lists::{Counts, Held, ReceiptLine};

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
    /// The room of the same person in which its sheets stand now.
    pub merged: Option<String>,
    /// Its sheets, newest first.
    pub posts: Vec<Post>,
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

/// How a document hangs together with others of its room.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line {
    /// The document that this one is, sent again.
    pub again_of: Option<String>,
    /// When this one was sent again, milliseconds since 1970, the first first.
    pub resent: Vec<i64>,
    /// The version before: its document and when it was received.
    pub before: Option<(String, i64)>,
    /// Keys of what differs from the version before, or may.
    pub differs: Vec<String>,
    /// The version that took its place.
    pub after: Option<String>,
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
    /// How a person turned it for the eyes, degrees clockwise.
    pub turn: i64,
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
    /// Blobs of all mails that the fax came in, in the order of its pages; empty where it is one.
    pub originals: Vec<String>,
    pub received: i64,
    pub state: State,
    pub reason: Option<String>,
    pub room: Option<String>,
    pub candidates: Vec<Candidate>,
    /// Name of the part, where this stands for something that could not be read.
    pub part: Option<String>,
    /// Key of the national form that its heading names, where its type has several.
    pub form: Option<String>,
    /// The newest revision: type, pages, fields with traces, doubts.
    pub content: Document,
    pub revision: i64,
    pub reader: Reader,
    pub images: Vec<PageImage>,
    pub open_fields: i64,
    pub urgent: bool,
    pub line: Line,
    /// When it was held back or posted, milliseconds since 1970.
    pub created: i64,
    /// Who set it apart, where it is quarantined.
    pub quarantined_by: Option<String>,
    /// How often it was posted anew in its room since it first stood there: what persons put right.
    pub corrections: i64,
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

impl Store {
    /// Rooms that `account` may see, those with the newest sheets first, and how many there are beyond `limit`: all that
    /// have sheets, or, where `search` says something, all in whose id, name or kana it stands.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn rooms(&self, search: &str, limit: usize, account: &Account) -> Result<(Vec<RoomCard>, usize)> {
        let mut tx = self.db.snapshot().await?;
        let wanted = squeeze(search);
        let newest = query(
            "SELECT room, max(at) AS newest FROM post WHERE replaced IS NULL AND withdrawn IS NULL GROUP BY room
             ORDER BY newest DESC, room",
        )
        .fetch_all(tx.conn())
        .await?;
        let mut ids: Vec<String> = newest.iter().map(|r| r.get("room")).collect();
        if !wanted.is_empty() {
            let names = query("SELECT coalesce(merged, id) AS id, name, kana FROM room ORDER BY kana, id")
                .fetch_all(tx.conn())
                .await?;
            let fits = |r: &&Row| ["id", "name", "kana"].iter().any(|c| squeeze(r.get(c)).contains(&wanted));
            let found: Vec<String> = names.iter().filter(fits).map(|r| r.get("id")).collect();
            let matching: HashSet<&String> = found.iter().collect();
            ids.retain(|id| matching.contains(id));
            let seen: HashSet<String> = ids.iter().cloned().collect();
            ids.extend(found.into_iter().filter(|id| !seen.contains(id)));
        }
        if let Some(own) = accounts::rooms_of(&mut tx, account, self.now()).await? {
            ids.retain(|id| own.contains(id));
        }
        let more = ids.len().saturating_sub(limit);
        ids.truncate(limit);
        Ok((cards(&mut tx, &ids).await?, more))
    }

    /// One room, if it exists.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn room(&self, id: &str) -> Result<Option<RoomCard>> {
        let mut tx = self.db.snapshot().await?;
        Ok(cards(&mut tx, &[id.to_owned()]).await?.pop())
    }

    /// The rooms that a sheet can be put into: id, name, birth date.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open_rooms(&self) -> Result<Vec<(String, String, String)>> {
        let rows = query("SELECT id, name, birth_date FROM room WHERE ended IS NULL ORDER BY kana, id")
            .fetch_all(self.db.reader())
            .await?;
        Ok(rows.iter().map(|r| (r.get("id"), r.get("name"), r.get("birth_date"))).collect())
    }

    /// The sheets that stand in a room, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn timeline(&self, room: &str, limit: usize) -> Result<Vec<Post>> {
        let mut tx = self.db.snapshot().await?;
        let mut posts = posts(&mut tx, &[room.to_owned()]).await?.remove(room).unwrap_or_default();
        posts.truncate(limit);
        Ok(posts)
    }

    /// The documents of a room's timeline, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn sheets(&self, room: &str, limit: usize) -> Result<Vec<DocumentView>> {
        let mut tx = self.db.snapshot().await?;
        let mut ids: Vec<String> = posts(&mut tx, &[room.to_owned()])
            .await?
            .remove(room)
            .unwrap_or_default()
            .into_iter()
            .map(|p| p.document)
            .collect();
        ids.truncate(limit);
        documents(&mut tx, &ids).await
    }

    /// A document with all that its page shows, if it exists.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn document(&self, id: &str) -> Result<Option<DocumentView>> {
        let mut tx = self.db.snapshot().await?;
        Ok(documents(&mut tx, &[id.to_owned()]).await?.pop())
    }

    /// What became of a document: its revisions and its postings, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn history(&self, id: &str) -> Result<(Vec<RevisionHead>, Vec<PostingView>)> {
        let mut tx = self.db.snapshot().await?;
        let revisions = query("SELECT number, actor, at, room FROM revision WHERE document = $1 ORDER BY number")
            .bind(id)
            .fetch_all(tx.conn())
            .await?;
        let postings = query(
            "SELECT sink, purpose, recipient, state, error, attempts, updated FROM outbox WHERE document = $1
             ORDER BY revision, sink, recipient",
        )
        .bind(id)
        .fetch_all(tx.conn())
        .await?;
        let revision = |r: &Row| RevisionHead {
            number: r.get("number"),
            actor: r.get("actor"),
            at: r.get("at"),
            room: r.get("room"),
        };
        let posting = |r: &Row| PostingView {
            sink: r.get("sink"),
            purpose: r.get("purpose"),
            recipient: r.get("recipient"),
            state: r.get("state"),
            error: r.get("error"),
            attempts: r.get("attempts"),
            updated: r.get("updated"),
        };
        Ok((revisions.iter().map(revision).collect(), postings.iter().map(posting).collect()))
    }
}

/// Statements over the ids of a JSON array, bound as `$1`.
macro_rules! among {
    ($tx:expr, $head:literal, $tail:literal) => {
        $tx.choose(
            concat!($head, " IN (SELECT value FROM json_each($1))", $tail),
            concat!($head, " IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))", $tail),
        )
    };
}

/// The rooms of these ids, in their order, with their sheets.
pub(super) async fn cards(tx: &mut Tx, ids: &[String]) -> Result<Vec<RoomCard>> {
    let sql = among!(tx, "SELECT id, name, kana, birth_date, ended, merged FROM room WHERE id", "");
    let rows = query(sql).bind(serde_json::to_string(ids)?).fetch_all(tx.conn()).await?;
    let mut posts = posts(tx, ids).await?;
    let mut rooms: HashMap<String, RoomCard> = HashMap::new();
    for r in &rows {
        let id: String = r.get("id");
        let posts = posts.remove(&id).unwrap_or_default();
        let card = RoomCard {
            name: r.get("name"),
            kana: r.get("kana"),
            birth_date: r.get("birth_date"),
            sheets: i64::try_from(posts.len()).unwrap_or(0),
            open_fields: posts.iter().map(|p| p.open_fields).sum(),
            newest: posts.iter().map(|p| p.at).max(),
            ended: r.get::<Option<i64>>("ended").is_some(),
            merged: r.get("merged"),
            posts,
            id: id.clone(),
        };
        rooms.insert(id, card);
    }
    Ok(ids.iter().filter_map(|id| rooms.remove(id)).collect())
}

/// What stands in these rooms, newest first.
async fn posts(tx: &mut Tx, rooms: &[String]) -> Result<HashMap<String, Vec<Post>>> {
    let sql = among!(
        tx,
        "SELECT p.room, p.key, p.document, p.revision, p.at, d.kind, d.pages, d.urgent, d.sender, d.discharge,
                d.open_fields, r.received
         FROM post p JOIN document d ON d.id = p.document JOIN receipt r ON r.id = d.receipt
         WHERE p.replaced IS NULL AND p.withdrawn IS NULL AND p.room",
        " ORDER BY r.received DESC, d.receipt, d.ordinal"
    );
    let rows = query(sql).bind(serde_json::to_string(rooms)?).fetch_all(tx.conn()).await?;
    let mut out: HashMap<String, Vec<Post>> = HashMap::new();
    for r in &rows {
        out.entry(r.get("room")).or_default().push(Post {
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
        });
    }
    Ok(out)
}

/// The documents of these ids, in their order.
async fn documents(tx: &mut Tx, ids: &[String]) -> Result<Vec<DocumentView>> {
    let wanted = serde_json::to_string(ids)?;
    let sql = among!(
        tx,
        "SELECT d.id, d.receipt, d.reading, d.part, d.state, d.reason, d.room, d.candidates, d.revision, d.open_fields, d.urgent,
                d.created, d.again_of, d.differs, d.quarantined_by, d.form, r.source, r.source_id, r.sha256 AS original, r.received, v.content, v.reader AS read_by,
                (SELECT count(*) FROM post p WHERE p.document = d.id AND p.room = d.room AND p.withdrawn IS NULL) AS posted
         FROM document d JOIN receipt r ON r.id = d.receipt
         JOIN revision v ON v.document = d.id AND v.number = d.revision WHERE d.id",
        ""
    );
    let rows = query(sql).bind(&wanted).fetch_all(tx.conn()).await?;
    let sql = among!(
        tx,
        "SELECT p.reading, p.number, p.blob, p.width, p.height, p.failed, p.turn FROM page p WHERE p.reading IN (SELECT reading
         FROM document WHERE id",
        ") ORDER BY p.number"
    );
    let mut images: HashMap<String, Vec<PageImage>> = HashMap::new();
    for r in &query(sql).bind(&wanted).fetch_all(tx.conn()).await? {
        images.entry(r.get("reading")).or_default().push(PageImage {
            page: u32::try_from(r.get::<i64>("number")).unwrap_or(0),
            sha256: r.get("blob"),
            width: r.get("width"),
            height: r.get("height"),
            failed: r.get("failed"),
            turn: r.get::<Option<i64>>("turn").unwrap_or(0),
        });
    }
    let (mut lines, mut originals) = (lines(tx, &wanted).await?, originals(tx, &wanted).await?);
    let mut found: HashMap<String, DocumentView> = HashMap::new();
    for row in &rows {
        let id: String = row.get("id");
        let differs: Option<String> = row.get("differs");
        let line = Line {
            again_of: row.get("again_of"),
            differs: differs.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default(),
            ..lines.remove(&id).unwrap_or_default()
        };
        let content: Document = serde_json::from_str(row.get("content"))?;
        let part: Option<String> = row.get("part");
        // An entry for a whole file that failed shows whatever pages there are.
        let all = part.is_some() && content.pages.is_empty();
        let reading: Option<String> = row.get("reading");
        let pages = reading.and_then(|r| images.get(&r)).into_iter().flatten();
        let view = DocumentView {
            id: id.clone(),
            receipt: row.get("receipt"),
            source: row.get("source"),
            source_id: row.get("source_id"),
            original: row.get("original"),
            originals: originals.remove(&id).filter(|o| o.len() > 1).unwrap_or_default(),
            received: row.get("received"),
            state: State::parse(row.get("state")),
            reason: row.get("reason"),
            room: row.get("room"),
            candidates: serde_json::from_str(row.get("candidates"))?,
            part,
            form: row.get("form"),
            revision: row.get("revision"),
            reader: serde_json::from_str(row.get("read_by"))?,
            images: pages.filter(|p| all || content.pages.contains(&p.page)).cloned().collect(),
            open_fields: row.get("open_fields"),
            urgent: row.get::<i64>("urgent") != 0,
            line,
            content,
            created: row.get("created"),
            quarantined_by: row.get("quarantined_by"),
            corrections: (row.get::<i64>("posted") - 1).max(0),
        };
        found.insert(id, view);
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// What the documents of these ids have to do with others, as far as it stands in others' rows.
async fn lines(tx: &mut Tx, wanted: &str) -> Result<HashMap<String, Line>> {
    let mut lines: HashMap<String, Line> = HashMap::new();
    let sql = among!(
        tx,
        "SELECT d.again_of, r.received FROM document d JOIN receipt r ON r.id = d.receipt WHERE d.again_of",
        " ORDER BY r.received, r.id"
    );
    for r in &query(sql).bind(wanted).fetch_all(tx.conn()).await? {
        lines.entry(r.get("again_of")).or_default().resent.push(r.get("received"));
    }
    let sql = among!(
        tx,
        "SELECT supersedes, id FROM document WHERE state = 'posted' AND supersedes",
        " ORDER BY created, id"
    );
    for r in &query(sql).bind(wanted).fetch_all(tx.conn()).await? {
        lines.entry(r.get("supersedes")).or_default().after = Some(r.get("id"));
    }
    let sql = among!(
        tx,
        "SELECT d.id, o.id AS before, r.received FROM document d JOIN document o ON o.id = d.supersedes
         JOIN receipt r ON r.id = o.receipt WHERE d.id",
        ""
    );
    for r in &query(sql).bind(wanted).fetch_all(tx.conn()).await? {
        lines.entry(r.get("id")).or_default().before = Some((r.get("before"), r.get("received")));
    }
    Ok(lines)
}

/// Originals of the mails that the documents of these ids came in, where there are parts.
async fn originals(tx: &mut Tx, wanted: &str) -> Result<HashMap<String, Vec<String>>> {
    let sql = among!(
        tx,
        "SELECT d.id, r.sha256 FROM document d JOIN part m ON m.receipt = d.receipt
         JOIN part p ON p.bundle = m.bundle AND p.joined IS NOT NULL JOIN receipt r ON r.id = p.receipt WHERE d.id",
        " ORDER BY p.number, p.received, p.receipt"
    );
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for r in &query(sql).bind(wanted).fetch_all(tx.conn()).await? {
        found.entry(r.get("id")).or_default().push(r.get("sha256"));
    }
    Ok(found)
}

/// For searching: without white space, one width, one case.
fn squeeze(s: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    s.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}
