//! Sheets that came before: the same fax once more, and versions that take an earlier one's place in the room.
//!
//! What a sheet is to an earlier one is found outside of any transaction (`work::kin`); here it becomes fact, under the
//! room's lock and only if the room still holds what was looked at, so that two copies that are accepted at the same
//! moment are not both news. Nothing is ever removed: a re-send has its document, an older version its page.

use serde_json::json;

use super::db::{Tx, query, scalar};
use super::{MACHINE, Result, Store, StoreError, audit, status};
use crate::model::{Document, Vocabulary};
use crate::reading::Page;

/// What a new sheet is to one that stands in its room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bond {
    /// The same fax, sent again: no news.
    Again,
    /// A changed one, or the whole of what came in part: news that takes the older one's place. Keys of what differs.
    Version { differs: Vec<String> },
}

/// What was found out about a new sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kin {
    /// The document that it belongs to, if any.
    pub of: Option<(String, Bond)>,
    /// All documents that it was compared with: they must still be those that stand in the room.
    pub among: Vec<String>,
    /// Only documents received since then count, milliseconds since 1970.
    pub since: i64,
}

/// A sheet that stands in a room.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    pub document: String,
    /// As the machine extracted it, whatever persons made of it since.
    pub content: Document,
    pub reading: Option<String>,
}

/// A page as it was read, with the name of its image's blob.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    pub page: Page,
    pub image: Option<String>,
}

/// Sheets of a kind in a room, received since then.
const STANDING: &str = "SELECT d.id, d.reading, v.content
     FROM post p JOIN document d ON d.id = p.document JOIN receipt r ON r.id = d.receipt
     JOIN revision v ON v.document = d.id AND v.number = 1
     WHERE p.room = $1 AND d.kind = $2 AND p.replaced IS NULL AND p.withdrawn IS NULL AND r.received >= $3
     ORDER BY r.received DESC, d.receipt, d.ordinal";

impl Store {
    /// The sheets of a kind that stand in a room and were received since then, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn standing(&self, room: &str, kind: &str, since: i64) -> Result<Vec<Earlier>> {
        let rows = query(STANDING).bind(room).bind(kind).bind(since).fetch_all(self.db.reader()).await?;
        rows.iter()
            .map(|r| {
                Ok(Earlier {
                    document: r.get("id"),
                    content: serde_json::from_str(r.get("content"))?,
                    reading: r.get("reading"),
                })
            })
            .collect()
    }

    /// Pages of a kept reading, in the order asked for.
    ///
    /// # Errors
    /// It is not there, damaged or of another version; a page is missing.
    pub async fn leaves(&self, reading: &str, pages: &[u32]) -> Result<Vec<Leaf>> {
        let blob: String =
            scalar("SELECT blob FROM reading WHERE id = $1").bind(reading).fetch_one(self.db.reader()).await?;
        let kept = self.kept(&blob).await?;
        let images = self.page_images(reading).await?;
        pages
            .iter()
            .map(|n| {
                let page = kept.pages.iter().find(|p| p.number == *n).cloned();
                let image = images.get(&i64::from(*n)).cloned();
                page.map(|page| Leaf { page, image }).ok_or_else(|| StoreError::Damaged(format!("no page {n}")))
            })
            .collect()
    }
}

/// Locks the rooms of new sheets and makes sure that they hold what the sheets were compared with.
///
/// # Errors
/// [`StoreError::Moved`]: something came between; look again.
pub(super) async fn hold(tx: &mut Tx, sheets: &[(&str, &str, &Kin)]) -> Result<()> {
    // All in one order, so that two transactions cannot wait for each other.
    let mut rooms: Vec<&str> = sheets.iter().map(|(room, ..)| *room).collect();
    rooms.sort_unstable();
    rooms.dedup();
    for room in rooms {
        lock(tx, room).await?;
    }
    for (room, kind, kin) in sheets {
        let rows = query(STANDING).bind(*room).bind(*kind).bind(kin.since).fetch_all(tx.conn()).await?;
        let mut now: Vec<String> = rows.iter().map(|r| r.get("id")).collect();
        let mut then = kin.among.clone();
        now.sort_unstable();
        then.sort_unstable();
        if now != then {
            return Err(StoreError::Moved);
        }
    }
    Ok(())
}

/// Whoever changes what stands in a room holds this.
pub(super) async fn lock(tx: &mut Tx, room: &str) -> Result<()> {
    tx.lock(&format!("room {room}")).await
}

/// Records a document as the re-send of `first`. It waits for nobody: what is unsure in it is so in the first.
pub(super) async fn link(tx: &mut Tx, document: &str, first: &str, room: &str, now: i64) -> Result<()> {
    let received: i64 = scalar("SELECT r.received FROM document d JOIN receipt r ON r.id = d.receipt WHERE d.id = $1")
        .bind(first)
        .fetch_one(tx.conn())
        .await?;
    query(
        "UPDATE document SET again_of = $2, open_fields = 0,
                reason = CASE WHEN reason IS NULL THEN $3 ELSE reason || '。' || $3 END WHERE id = $1",
    )
    .bind(document)
    .bind(first)
    .bind(format!("再送（最初の受信 {}）", moment(received)))
    .execute(tx.conn())
    .await?;
    let row = query("UPDATE figure SET again = 1 WHERE document = $1 RETURNING received")
        .bind(document)
        .fetch_optional(tx.conn())
        .await?;
    super::statistics::days::changed_row(tx, row, now).await?;
    audit::append(tx, now, MACHINE, "resend", document, json!({"of": first, "room": room}));
    Ok(())
}

/// Puts a document that was just posted under `key` into the place of `older`.
pub(super) async fn replace(
    tx: &mut Tx,
    document: &str,
    key: &str,
    older: &str,
    differs: &[String],
    content: &Document,
    now: i64,
) -> Result<()> {
    let done = query("UPDATE post SET replaced = $1 WHERE document = $2 AND replaced IS NULL AND withdrawn IS NULL")
        .bind(key)
        .bind(older)
        .execute(tx.conn())
        .await?;
    // Another sheet of the same file took it: then this one stands beside it.
    if done == 0 {
        return Ok(());
    }
    let received: i64 = scalar("SELECT r.received FROM document d JOIN receipt r ON r.id = d.receipt WHERE d.id = $1")
        .bind(older)
        .fetch_one(tx.conn())
        .await?;
    let label = |k| content.fields.get(k).map_or_else(|| Vocabulary::get().label(k), |f| f.label(k));
    let labels: Vec<&str> = differs.iter().map(|k: &String| label(k)).collect();
    query(
        "UPDATE document SET supersedes = $2, differs = $3,
                reason = CASE WHEN reason IS NULL THEN $4 ELSE reason || '。' || $4 END WHERE id = $1",
    )
    .bind(document)
    .bind(older)
    .bind(serde_json::to_string(differs)?)
    .bind(format!(
        "更新版（前の版の受信 {}。異なる、または同じと確かめられない項目: {}）",
        moment(received),
        labels.join("、")
    ))
    .execute(tx.conn())
    .await?;
    audit::append(tx, now, MACHINE, "version", document, json!({"of": older, "key": key, "differs": differs}));
    Ok(())
}

/// The post that stands where `document` stood, if another document has taken its place.
pub(super) async fn successor(tx: &mut Tx, document: &str) -> Result<Option<String>> {
    scalar(
        "SELECT p.key FROM document n JOIN post p ON p.document = n.id
         WHERE n.supersedes = $1 AND n.state = 'posted' ORDER BY p.revision DESC LIMIT 1",
    )
    .bind(document)
    .fetch_optional(tx.conn())
    .await
}

fn moment(ms: i64) -> String {
    status::local(ms).strftime("%Y年%-m月%-d日 %H:%M").to_string()
}
