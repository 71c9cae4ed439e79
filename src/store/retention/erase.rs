//! How what is past its time goes: rows first, each bundle in one transaction; the bytes a day later, once no backup that
//! was begun before can want them, and only where nothing names them by then. A death in between loses nothing and leaves
//! nothing behind: a bundle is there whole or gone whole, and condemned bytes are looked for again.
//!
//! What stays of a fax: its id, the hash of its bytes and the log's rows, which hold no patient data; and a hash of its name
//! at the source, so that it is not received once more from a mailbox that still has it.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::blobs::sha256;
use super::super::db::{Tx, composed, query, scalar};
use super::super::dump::{Kind, TABLES};
use super::super::review::{STALE, refused};
use super::super::{Result, Store, audit, crash};
use super::{Bundle, Terms, empty_rooms, held_rooms};

/// Bytes stay for so long after their rows: a backup that is being written may still want them.
const AFTER_MS: i64 = 24 * 3_600_000;
/// Blobs that are looked at together.
const TOGETHER: i64 = 500;

/// Rows that go with documents (`$1`: their ids), those that refer to others first.
pub(super) const OF_DOCUMENTS: &[(&str, &str)] = &[
    ("attachment", "reply IN (SELECT id FROM reply WHERE document IN ({}))"),
    ("reply", "document IN ({})"),
    ("seen", "document IN ({})"),
    ("draft", "document IN ({})"),
    ("reread", "document IN ({})"),
    ("sheet_mark", "document IN ({})"),
    // `figure`, `lack` and `correction` stay: numbers without a patient.
    ("sample_field", "document IN ({})"),
    ("sample", "document IN ({})"),
    ("deadline", "document IN ({})"),
    ("found_day", "document IN ({})"),
    ("found", "document IN ({})"),
    ("invitation", "document IN ({})"),
    ("proposal", "document IN ({})"),
    ("post", "document IN ({})"),
    ("outbox", "document IN ({})"),
    ("revision", "document IN ({})"),
    ("document", "id IN ({})"),
];

/// Rows that go with receipts (`$1`: their ids).
pub(super) const OF_RECEIPTS: &[(&str, &str)] = &[
    ("job", "receipt IN ({})"),
    ("part", "receipt IN ({})"),
    ("receipt", "linked IN ({})"),
    ("receipt", "id IN ({})"),
];

/// What went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    pub receipts: usize,
    pub documents: usize,
    pub rooms: usize,
    /// Bundles that something came to meanwhile: they stay until the next time.
    pub passed_over: usize,
}

impl Store {
    /// Lets go what is past its time. `stamp`: what was shown ([`super::Due::stamp`]); none: whatever it is now.
    ///
    /// # Errors
    /// [`super::super::StoreError::Refused`] where it is not what was shown. The database refused: what went until then is gone whole.
    pub async fn erase(&self, terms: &Terms, stamp: Option<&str>, actor: &str) -> Result<Erased> {
        let going = self.due(terms).await?;
        if let Some(stamp) = stamp
            && going.stamp()? != stamp
        {
            return refused(STALE);
        }
        let mut erased = Erased::default();
        for bundle in &going.bundles {
            if self.erase_bundle(terms, bundle, actor).await? {
                erased.receipts += bundle.receipts.len();
                erased.documents += bundle.documents.len();
            } else {
                erased.passed_over += 1;
            }
            crash::reached("erase.between");
        }
        for room in &going.rooms {
            erased.rooms += usize::from(self.erase_room(terms, room, actor).await?);
        }
        Ok(erased)
    }

    /// False where it is no longer what was looked at.
    async fn erase_bundle(&self, terms: &Terms, bundle: &Bundle, actor: &str) -> Result<bool> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        tx.lock("retention").await?;
        let receipts = serde_json::to_string(&bundle.receipts)?;
        let documents: Vec<&String> = bundle.documents.iter().map(|d| &d.0).collect();
        let documents = serde_json::to_string(&documents)?;
        let contents: BTreeSet<String> =
            ids(&mut tx, "SELECT sha256 FROM receipt WHERE id IN ({})", &receipts).await?.into_iter().collect();
        // Who receives the same, or decides about one of them, comes before or after.
        for content in &contents {
            tx.lock(&format!("content {content}")).await?;
        }
        for (document, ..) in &bundle.documents {
            tx.lock(&format!("document {document}")).await?;
        }
        for receipt in &bundle.receipts {
            tx.lock(&format!("receipt {receipt}")).await?;
        }
        if !still(&mut tx, terms, bundle).await? {
            return Ok(false);
        }
        let mut blobs = contents.clone();
        for sql in [
            "SELECT t.sha256 FROM attachment t JOIN reply y ON y.id = t.reply WHERE y.document IN ({})",
            "SELECT p.blob FROM page p JOIN document d ON d.reading = p.reading WHERE d.id IN ({}) AND p.blob IS NOT NULL",
            "SELECT g.blob FROM reading g JOIN document d ON d.reading = g.id WHERE d.id IN ({})",
        ] {
            blobs.extend(ids(&mut tx, sql, &documents).await?);
        }
        let mut readings: BTreeSet<String> =
            ids(&mut tx, "SELECT reading FROM document WHERE id IN ({}) AND reading IS NOT NULL", &documents)
                .await?
                .into_iter()
                .collect();
        readings.extend(ids(&mut tx, "SELECT reading FROM part WHERE receipt IN ({})", &receipts).await?);
        let told: Vec<String> =
            ids(&mut tx, "SELECT key FROM post WHERE document IN ({}) ORDER BY key", &documents).await?;
        for (document, receipt) in
            pairs(&mut tx, "SELECT id, receipt FROM document WHERE id IN ({})", &documents).await?
        {
            query("INSERT INTO erased_document (document, receipt) VALUES ($1,$2) ON CONFLICT DO NOTHING")
                .bind(document)
                .bind(receipt)
                .execute(tx.conn())
                .await?;
        }
        let rows = query_of(
            &mut tx,
            "SELECT id, source, source_id, sha256 FROM receipt WHERE id IN ({}) ORDER BY id",
            &receipts,
        );
        for r in rows.await? {
            let (id, content): (String, String) = (r.get("id"), r.get("sha256"));
            query("INSERT INTO erased (receipt, input, sha256, actor, at) VALUES ($1,$2,$3,$4,$5)")
                .bind(&id)
                .bind(input(&r.get::<String>("source"), &r.get::<String>("source_id")))
                .bind(&content)
                .bind(actor)
                .bind(now)
                .execute(tx.conn())
                .await?;
            let first = bundle.receipts.first() == Some(&id);
            let none: Vec<&String> = Vec::new();
            let gone: Vec<&String> = if first { bundle.documents.iter().map(|d| &d.0).collect() } else { none };
            let posts = if first { told.as_slice() } else { &[] };
            audit::append(
                &mut tx,
                now,
                actor,
                "erase",
                &id,
                json!({"sha256": content, "documents": gone, "posts": posts}),
            );
        }
        for (table, which) in OF_DOCUMENTS {
            run(&mut tx, &format!("DELETE FROM {table} WHERE {which}"), &documents).await?;
        }
        for (table, which) in OF_RECEIPTS {
            run(&mut tx, &format!("DELETE FROM {table} WHERE {which}"), &receipts).await?;
        }
        blobs.extend(erase_readings(&mut tx, &contents, readings).await?);
        for blob in blobs.iter().filter(|b| !b.is_empty()) {
            query(
                "INSERT INTO condemned (sha256, since) VALUES ($1,$2) ON CONFLICT (sha256) DO UPDATE SET since = excluded.since",
            )
            .bind(blob)
            .bind(now)
            .execute(tx.conn())
            .await?;
        }
        crash::reached("erase.before_commit");
        tx.commit().await?;
        Ok(true)
    }

    /// A room in which nothing stands any more: its name, members and register entry.
    async fn erase_room(&self, terms: &Terms, room: &str, actor: &str) -> Result<bool> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        for lock in ["retention", "registers", &format!("room {room}")] {
            tx.lock(lock).await?;
        }
        // With the bundles gone: is it still so?
        let held = held_rooms(&mut tx).await?;
        if !empty_rooms(&mut tx, terms, &[], &held, now).await?.iter().any(|r| r == room) {
            return Ok(false);
        }
        for sql in [
            "DELETE FROM gram WHERE kind = 'room' AND subject = $1",
            "DELETE FROM member WHERE room = $1",
            "DELETE FROM register WHERE kind = 'patient' AND id = $1",
            "DELETE FROM room WHERE id = $1",
        ] {
            query(sql).bind(room).execute(tx.conn()).await?;
        }
        audit::append(&mut tx, now, actor, "erase_room", room, json!({}));
        tx.commit().await?;
        Ok(true)
    }

    /// Removes bytes whose rows went a day ago and that nothing names; how many.
    ///
    /// # Errors
    /// Database or blobs refused; the rest is for the next time.
    pub async fn sweep_condemned(&self) -> Result<usize> {
        let due: Vec<String> = scalar("SELECT sha256 FROM condemned WHERE since <= $1 ORDER BY since, sha256 LIMIT $2")
            .bind(self.now() - AFTER_MS)
            .bind(TOGETHER)
            .fetch_all(self.db.reader())
            .await?;
        let mut gone = 0;
        for sha in due {
            let mut tx = self.db.begin().await?;
            tx.lock(&format!("content {sha}")).await?;
            // Whoever wants to keep it again waits for this row, or has taken it away.
            if query("DELETE FROM condemned WHERE sha256 = $1").bind(&sha).execute(tx.conn()).await? == 0 {
                continue;
            }
            if !named(&mut tx, &sha).await? {
                self.blobs.remove(&sha).await?;
                gone += 1;
            }
            crash::reached("sweep.before_commit");
            tx.commit().await?;
        }
        Ok(gone)
    }

    /// Keeps bytes, also such as were about to go.
    ///
    /// # Errors
    /// Nothing is kept.
    pub(in crate::store) async fn put_blob(&self, bytes: Vec<u8>) -> Result<String> {
        let any: Option<String> =
            scalar("SELECT sha256 FROM condemned LIMIT 1").fetch_optional(self.db.reader()).await?;
        if any.is_some() {
            let mut tx = self.db.begin().await?;
            query("DELETE FROM condemned WHERE sha256 = $1").bind(sha256(&bytes)).execute(tx.conn()).await?;
            tx.commit().await?;
        }
        self.blobs.put(bytes).await
    }

    /// Whether such an input was received and has gone: not once more.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(in crate::store) async fn was_erased(&self, source: &str, source_id: &str) -> Result<Option<(String, String)>> {
        let row = query("SELECT receipt, sha256 FROM erased WHERE input = $1 ORDER BY at DESC LIMIT 1")
            .bind(input(source, source_id))
            .fetch_optional(self.db.reader())
            .await?;
        Ok(row.map(|r| (r.get("receipt"), r.get("sha256"))))
    }
}

/// Whether nothing came to a bundle since it was looked at.
async fn still(tx: &mut Tx, terms: &Terms, bundle: &Bundle) -> Result<bool> {
    let receipts = serde_json::to_string(&bundle.receipts)?;
    let there = ids(tx, "SELECT id FROM receipt WHERE id IN ({}) OR linked IN ({})", &receipts).await?;
    let documents = ids(tx, "SELECT id FROM document WHERE receipt IN ({}) AND state <> 'review'", &receipts).await?;
    let all = ids(tx, "SELECT id FROM document WHERE receipt IN ({})", &receipts).await?;
    let held = held_rooms(tx).await?;
    let rooms = ids(
        tx,
        "SELECT p.room FROM post p JOIN document d ON d.id = p.document WHERE d.receipt IN ({})
         UNION SELECT d.room FROM document d WHERE d.receipt IN ({}) AND d.room IS NOT NULL",
        &receipts,
    )
    .await?;
    let open = if terms.after_end {
        ids(
            tx,
            "SELECT r.id FROM document d JOIN room r ON r.id = d.room WHERE d.receipt IN ({}) AND r.ended IS NULL",
            &receipts,
        )
        .await?
    } else {
        Vec::new()
    };
    let jobs = ids(tx, "SELECT id FROM job WHERE receipt IN ({})", &receipts).await?;
    Ok(there.len() == bundle.receipts.len()
        && all.len() == bundle.documents.len()
        && documents.len() == all.len()
        && open.is_empty()
        && jobs.is_empty()
        && !rooms.iter().any(|r| held.contains(r)))
}

/// Readings of contents that no receipt has any more; their blobs.
async fn erase_readings(tx: &mut Tx, contents: &BTreeSet<String>, readings: BTreeSet<String>) -> Result<Vec<String>> {
    let contents = serde_json::to_string(contents)?;
    let mut all = readings;
    all.extend(ids(tx, "SELECT id FROM reading WHERE sha256 IN ({})", &contents).await?);
    let free = "SELECT g.id FROM reading g WHERE g.id IN ({})
         AND NOT EXISTS (SELECT 1 FROM document d WHERE d.reading = g.id)
         AND NOT EXISTS (SELECT 1 FROM part p WHERE p.reading = g.id)
         AND NOT EXISTS (SELECT 1 FROM receipt r WHERE r.sha256 = g.sha256)";
    let free = serde_json::to_string(&ids(tx, free, &serde_json::to_string(&all)?).await?)?;
    let mut blobs = ids(tx, "SELECT blob FROM page WHERE reading IN ({}) AND blob IS NOT NULL", &free).await?;
    blobs.extend(ids(tx, "SELECT blob FROM reading WHERE id IN ({})", &free).await?);
    run(tx, "DELETE FROM page WHERE reading IN ({})", &free).await?;
    run(tx, "DELETE FROM reading WHERE id IN ({})", &free).await?;
    Ok(blobs)
}

/// What stays of an input's name.
fn input(source: &str, source_id: &str) -> String {
    sha256(format!("{}\n{source}\n{source_id}", source.len()).as_bytes())
}

/// Whether any row names a blob.
async fn named(tx: &mut Tx, sha: &str) -> Result<bool> {
    for table in TABLES.iter() {
        for column in table.columns.iter().filter(|c| c.kind == Kind::Blob) {
            let sql = format!("SELECT {0} FROM {1} WHERE {0} = $1 LIMIT 1", column.name, table.name);
            if !composed(sql).bind(sha).fetch_all(tx.conn()).await?.is_empty() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// `{}` in a statement is the list of ids, bound as `$1`.
fn among(tx: &Tx, sql: &str) -> String {
    let list = tx.choose("SELECT value FROM json_each($1)", "SELECT jsonb_array_elements_text(CAST($1 AS jsonb))");
    sql.replace("{}", list)
}

async fn query_of(tx: &mut Tx, sql: &str, list: &str) -> Result<Vec<super::super::db::Row>> {
    let sql = among(tx, sql);
    composed(sql).bind(list).fetch_all(tx.conn()).await
}

async fn ids(tx: &mut Tx, sql: &str, list: &str) -> Result<Vec<String>> {
    Ok(query_of(tx, sql, list).await?.iter().map(|r| r.nth(0)).collect())
}

async fn pairs(tx: &mut Tx, sql: &str, list: &str) -> Result<Vec<(String, String)>> {
    Ok(query_of(tx, sql, list).await?.iter().map(|r| (r.nth(0), r.nth(1))).collect())
}

async fn run(tx: &mut Tx, sql: &str, list: &str) -> Result<()> {
    let sql = among(tx, sql);
    composed(sql).bind(list).execute(tx.conn()).await.map(drop)
}
