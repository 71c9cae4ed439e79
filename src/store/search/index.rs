//! What search and deadlines are made of: rows about rooms and posted documents, written in the transaction of what
//! they tell, and made anew where the program folds otherwise than the one that wrote them.

use std::collections::BTreeSet;

use super::super::db::{Tx, query, scalar};
use super::super::{Result, Store, deadlines, status};
use super::words::{self, VERSION};
use crate::model::{Document, Kind, Status, Vocabulary};
use crate::register::CANARY_ROOM;

/// Posted documents that are looked at together when everything is made anew.
const TOGETHER: i64 = 500;

/// Makes a room be found by its name, kana and number, and by those of rooms that were merged into it.
pub(in crate::store) async fn room(tx: &mut Tx, id: &str) -> Result<()> {
    query("DELETE FROM gram WHERE kind = 'room' AND subject = $1").bind(id).execute(tx.conn()).await?;
    if id == CANARY_ROOM {
        return Ok(());
    }
    let rows = query("SELECT id, name, kana FROM room WHERE (id = $1 AND merged IS NULL) OR merged = $1")
        .bind(id)
        .fetch_all(tx.conn())
        .await?;
    let texts = rows.iter().flat_map(|r| ["id", "name", "kana"].map(|c| r.get::<String>(c)));
    let grams: BTreeSet<String> = texts.flat_map(|t| words::grams(&t)).collect();
    put(tx, &grams, "room", id).await
}

/// Makes a document be found that was just posted into a room, and notes what is due by it.
pub(in crate::store) async fn document(tx: &mut Tx, document: &str, revision: i64, room: &str) -> Result<()> {
    if room == CANARY_ROOM {
        return Ok(());
    }
    let row = query(
        "SELECT d.kind, d.sender, r.received, v.content FROM document d JOIN receipt r ON r.id = d.receipt
         JOIN revision v ON v.document = d.id AND v.number = $2 WHERE d.id = $1",
    )
    .bind(document)
    .bind(revision)
    .fetch_one(tx.conn())
    .await?;
    let content: Document = serde_json::from_str(row.get("content"))?;
    let (received, sender): (i64, Option<String>) = (row.get("received"), row.get("sender"));
    let sender = sender.unwrap_or_default();
    query(
        "INSERT INTO found (document, received, room, kind, sender) VALUES ($1,$2,$3,$4,$5)
         ON CONFLICT (document) DO UPDATE SET room = excluded.room, kind = excluded.kind, sender = excluded.sender",
    )
    .bind(document)
    .bind(received)
    .bind(room)
    .bind(row.get::<String>("kind"))
    .bind(&sender)
    .execute(tx.conn())
    .await?;
    query("DELETE FROM found_day WHERE document = $1").bind(document).execute(tx.conn()).await?;
    let put_days = tx.choose(
        "INSERT INTO found_day (day, document) SELECT value, $2 FROM json_each($1) WHERE true ON CONFLICT DO NOTHING",
        "INSERT INTO found_day (day, document) SELECT jsonb_array_elements_text(CAST($1 AS jsonb)), $2 ON CONFLICT DO NOTHING",
    );
    query(put_days).bind(serde_json::to_string(&days(&content, received))?).bind(document).execute(tx.conn()).await?;
    if !sender.is_empty() {
        let known: Option<i64> =
            scalar("SELECT CAST(1 AS BIGINT) FROM gram WHERE kind = 'sender' AND subject = $1 LIMIT 1")
                .bind(&sender)
                .fetch_optional(tx.conn())
                .await?;
        if known.is_none() {
            put(tx, &words::grams(&sender), "sender", &sender).await?;
        }
    }
    deadlines::note(tx, document, room, &content, received).await
}

/// The day on which it came, and every date that stands accepted on it; the patient's birth is the room's.
fn days(content: &Document, received: i64) -> BTreeSet<String> {
    let vocabulary = Vocabulary::get();
    let dated = content.fields.iter().filter(|(key, field)| {
        let kind = vocabulary.fields.get(*key).map(|d| d.kind);
        field.status == Status::Accepted
            && matches!(kind, Some(Kind::Date | Kind::Datetime))
            && *key != "patient.birth_date"
    });
    dated
        .filter_map(|(_, field)| field.value.text().get(..10).map(str::to_owned))
        .chain([status::local(received).date().to_string()])
        .collect()
}

async fn put(tx: &mut Tx, grams: &BTreeSet<String>, kind: &str, subject: &str) -> Result<()> {
    let sql = tx.choose(
        "INSERT INTO gram (gram, kind, subject) SELECT value, $2, $3 FROM json_each($1) WHERE true ON CONFLICT DO NOTHING",
        "INSERT INTO gram (gram, kind, subject) SELECT jsonb_array_elements_text(CAST($1 AS jsonb)), $2, $3
         ON CONFLICT DO NOTHING",
    );
    query(sql).bind(serde_json::to_string(grams)?).bind(kind).bind(subject).execute(tx.conn()).await?;
    Ok(())
}

impl Store {
    /// Makes the index anew where another version of the program made it; adds what one posted that knew of none.
    ///
    /// # Errors
    /// The database refused; what was there before is there still.
    pub(in crate::store) async fn index(&self) -> Result<()> {
        let mut tx = self.db.begin().await?;
        tx.lock("search").await?;
        let there: Option<String> =
            scalar("SELECT value FROM meta WHERE key = 'search'").fetch_optional(tx.conn()).await?;
        if there.as_deref() != Some(VERSION) {
            for sql in [
                "DELETE FROM gram",
                "DELETE FROM found_day",
                "DELETE FROM found",
                "DELETE FROM deadline",
                "DELETE FROM meta WHERE key = 'search'",
            ] {
                query(sql).execute(tx.conn()).await?;
            }
            let rooms: Vec<String> = scalar("SELECT id FROM room").fetch_all(tx.conn()).await?;
            for id in rooms {
                room(&mut tx, &id).await?;
            }
            query("INSERT INTO meta (key, value) VALUES ('search', $1)").bind(VERSION).execute(tx.conn()).await?;
        }
        let mut after = String::new();
        loop {
            // Also what was replaced: it may stand again.
            let rows = query(
                "SELECT p.document, max(p.revision) AS revision FROM post p WHERE p.document > $1 AND p.room <> $2
                 AND NOT EXISTS (SELECT 1 FROM found f WHERE f.document = p.document)
                 GROUP BY p.document ORDER BY p.document LIMIT $3",
            )
            .bind(&after)
            .bind(CANARY_ROOM)
            .bind(TOGETHER)
            .fetch_all(tx.conn())
            .await?;
            let Some(last) = rows.last() else { break };
            after = last.get("document");
            for r in &rows {
                let (id, revision): (String, i64) = (r.get("document"), r.get("revision"));
                let room: String = scalar("SELECT room FROM post WHERE document = $1 AND revision = $2")
                    .bind(&id)
                    .bind(revision)
                    .fetch_one(tx.conn())
                    .await?;
                document(&mut tx, &id, revision, &room).await?;
            }
        }
        tx.commit().await
    }
}
