//! Two rooms that turn out to be one person's become one, and are parted again.
//!
//! Everything of the source moves into the target in one transaction; the source forwards to it, and the register's
//! entries of both mean the one room. What moved is written down by its ids, so that undoing brings back exactly that:
//! sheets that came after the merger stay where they came to, versions and re-sends of sheets that go back go with them.
//! Whether two rooms may be one person's a person decides; where births differ, or one is unknown, by typing it.

mod pair;

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::db::{Tx, query, scalar};
use super::letters::{self, Letter};
use super::review::{STALE, amend, refused};
use super::{MACHINE, Result, Store, StoreError, audit, name_id, registers, versions};

use pair::pair;
pub use pair::{Alike, Pair, Reads, Side};

/// Mergers that the page lists.
const NEWEST: i64 = 50;

/// What stood in the source. By its ids, so that exactly this goes back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Moved {
    documents: Vec<String>,
    posts: Vec<String>,
    outbox: Vec<String>,
    replies: Vec<String>,
    invitations: Vec<String>,
    /// Rooms that were merged into the source before.
    forwards: Vec<String>,
    /// Mailboxes of members, and since when they were.
    members: Vec<(String, i64)>,
}

/// A merger that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merger {
    pub id: String,
    /// Id and name of the rooms.
    pub source: (String, String),
    pub target: (String, String),
    /// Sheets that moved.
    pub sheets: usize,
    pub reason: String,
    pub actor: String,
    pub at: i64,
    /// By whom, when.
    pub undone: Option<(String, i64)>,
    /// A later merger has to be undone first.
    pub under: bool,
}

/// The word that goes to members of both rooms; nothing in it is about a patient.
pub type Word<'a> = &'a (dyn Fn(&str, String) -> Letter + Sync);

impl Store {
    /// Makes one room of two. `stamp`: what was seen of them ([`Pair::stamp`]). `typed`: the source's id, where births
    /// differ. `word` makes the letter to a mailbox under a key. Returns the merger's id.
    ///
    /// # Errors
    /// [`StoreError::Refused`] as for [`Store::pair`], where they changed since, or it was not typed. Nothing moved then.
    pub async fn merge_rooms(
        &self,
        (source, target): (&str, &str),
        stamp: &str,
        typed: &str,
        reason: &str,
        actor: &str,
        word: Word<'_>,
    ) -> Result<String> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        tx.lock("registers").await?;
        let there = hold(&mut tx, &[source, target], source).await?;
        let pair = pair(&mut tx, source, target, now).await?;
        if pair.stamp()? != stamp {
            return refused(STALE);
        }
        if pair.births_differ() && typed.trim() != source {
            return refused("生年月日が同じではありません。同じ方と確かめたうえで、なくなる部屋の番号を入れてください");
        }
        if reason.trim().is_empty() {
            return refused("理由を入れてください");
        }
        let moved = Moved { documents: there, ..moved(&mut tx, source).await? };
        let id = Uuid::new_v4().to_string();
        for sql in [
            "UPDATE document SET room = $2 WHERE room = $1",
            "UPDATE post SET room = $2 WHERE room = $1",
            "UPDATE outbox SET room = $2 WHERE room = $1",
            "UPDATE reply SET room = $2 WHERE room = $1",
            "UPDATE invitation SET room = $2 WHERE room = $1",
            "UPDATE found SET room = $2 WHERE room = $1",
            "UPDATE deadline SET room = $2 WHERE room = $1",
            "UPDATE room SET merged = $2 WHERE merged = $1",
            "UPDATE room SET merged = $2 WHERE id = $1",
        ] {
            query(sql).bind(source).bind(target).execute(tx.conn()).await?;
        }
        query("UPDATE room SET ended = $2 WHERE id = $1 AND ended IS NULL")
            .bind(source)
            .bind(now)
            .execute(tx.conn())
            .await?;
        registers::follow(&mut tx, source, now).await?;
        query("INSERT INTO merger (id, source, target, moved, reason, actor, at) VALUES ($1,$2,$3,$4,$5,$6,$7)")
            .bind(&id)
            .bind(source)
            .bind(target)
            .bind(serde_json::to_string(&moved)?)
            .bind(reason.trim())
            .bind(actor)
            .bind(now)
            .execute(tx.conn())
            .await?;
        for mail in registers::members_at(&mut tx, target, now).await? {
            letters::put(&mut tx, &word(&mail, name_id(&["merger", &id, &mail])), now).await?;
        }
        let detail = json!({"merger": id, "source": source, "target": target, "sheets": moved.documents.len(),
                            "births_differ": pair.births_differ()});
        tell(&mut tx, now, actor, "merge_rooms", &[source, target], &detail);
        amend(tx).await?;
        self.wake_all();
        Ok(id)
    }

    /// Parts them again: what moved goes back, with versions of it that came since; other sheets that came since stay in
    /// the room that they came to.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is no such merger, it was undone, or a later one has to be undone first.
    pub async fn part_rooms(&self, merger: &str, actor: &str, word: Word<'_>) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        tx.lock("registers").await?;
        let row = query("SELECT source, target, moved, at FROM merger WHERE id = $1 AND undone IS NULL")
            .bind(merger)
            .fetch_optional(tx.conn())
            .await?;
        let Some(row) = row else { return refused("その統合はないか、もう元に戻されています") };
        let (source, target, at): (String, String, i64) = (row.get("source"), row.get("target"), row.get("at"));
        let moved: Moved = serde_json::from_str(row.get("moved"))?;
        if under(&mut tx, &source, &target).await? {
            return refused("あとから行った統合を、先に元に戻してください");
        }
        hold(&mut tx, &[&source, &target], &target).await?;
        let line = line(&mut tx, &moved.documents).await?;
        // What is listed, and what was written about those sheets since.
        let (was, back) = (target.as_str(), source.as_str());
        for (table, key, since, listed) in [
            ("post", "key", "at", &moved.posts),
            ("outbox", "key", "created", &moved.outbox),
            ("reply", "id", "at", &moved.replies),
        ] {
            let sql = format!(
                "UPDATE {table} SET room = $1 WHERE room = $2 AND ({key} IN ({listed}) OR (document IN ({line}) AND {since} >= $5))",
                listed =
                    tx.choose("SELECT value FROM json_each($3)", "SELECT jsonb_array_elements_text(CAST($3 AS jsonb))"),
                line =
                    tx.choose("SELECT value FROM json_each($4)", "SELECT jsonb_array_elements_text(CAST($4 AS jsonb))"),
            );
            super::db::composed(sql)
                .bind(back)
                .bind(was)
                .bind(serde_json::to_string(listed)?)
                .bind(serde_json::to_string(&line)?)
                .bind(at)
                .execute(tx.conn())
                .await?;
        }
        for (table, key, listed) in [
            ("document", "id", &line),
            ("found", "document", &line),
            ("deadline", "document", &line),
            ("invitation", "document", &line),
            ("invitation", "uid", &moved.invitations),
        ] {
            let listed_in =
                tx.choose("SELECT value FROM json_each($3)", "SELECT jsonb_array_elements_text(CAST($3 AS jsonb))");
            let sql = format!("UPDATE {table} SET room = $1 WHERE room = $2 AND {key} IN ({listed_in})");
            super::db::composed(sql)
                .bind(back)
                .bind(was)
                .bind(serde_json::to_string(listed)?)
                .execute(tx.conn())
                .await?;
        }
        query("UPDATE room SET merged = NULL WHERE id = $1").bind(back).execute(tx.conn()).await?;
        for room in &moved.forwards {
            query("UPDATE room SET merged = $2 WHERE id = $1 AND merged = $3")
                .bind(room)
                .bind(back)
                .bind(was)
                .execute(tx.conn())
                .await?;
        }
        for room in [back, was] {
            registers::follow(&mut tx, room, now).await?;
        }
        for (mail, since) in &moved.members {
            query("UPDATE member SET since = $3 WHERE room = $1 AND mail = $2 AND ended IS NULL")
                .bind(back)
                .bind(mail)
                .bind(*since)
                .execute(tx.conn())
                .await?;
        }
        query("UPDATE merger SET undone_by = $2, undone = $3 WHERE id = $1")
            .bind(merger)
            .bind(actor)
            .bind(now)
            .execute(tx.conn())
            .await?;
        let mut told = BTreeSet::new();
        for room in [back, was] {
            told.extend(registers::members_at(&mut tx, room, now).await?);
        }
        for mail in told {
            letters::put(&mut tx, &word(&mail, name_id(&["parting", merger, &mail])), now).await?;
        }
        let detail = json!({"merger": merger, "source": source, "target": target, "sheets": line.len()});
        tell(&mut tx, now, actor, "part_rooms", &[back, was], &detail);
        amend(tx).await?;
        self.wake_all();
        Ok(())
    }

    /// Mergers, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn mergers(&self) -> Result<Vec<Merger>> {
        let mut tx = self.db.snapshot().await?;
        let rows = query(
            "SELECT m.id, m.source, m.target, m.moved, m.reason, m.actor, m.at, m.undone_by, m.undone, s.name AS source_name, t.name AS target_name FROM merger m JOIN room s ON s.id = m.source
             JOIN room t ON t.id = m.target ORDER BY m.at DESC, m.id LIMIT $1",
        )
        .bind(NEWEST)
        .fetch_all(tx.conn())
        .await?;
        let mut all = Vec::with_capacity(rows.len());
        for r in &rows {
            let moved: Moved = serde_json::from_str(r.get("moved"))?;
            let (source, target): (String, String) = (r.get("source"), r.get("target"));
            let undone: Option<(String, i64)> =
                r.get::<Option<String>>("undone_by").zip(r.get::<Option<i64>>("undone"));
            all.push(Merger {
                id: r.get("id"),
                under: undone.is_none() && under(&mut tx, &source, &target).await?,
                source: (source, r.get("source_name")),
                target: (target, r.get("target_name")),
                sheets: moved.documents.len(),
                reason: r.get("reason"),
                actor: r.get("actor"),
                at: r.get("at"),
                undone,
            });
        }
        Ok(all)
    }

    /// Rooms that are merged, with where they went.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn forwards(&self) -> Result<HashMap<String, String>> {
        let rows = query("SELECT id, merged FROM room WHERE merged IS NOT NULL").fetch_all(self.db.reader()).await?;
        Ok(rows.iter().map(|r| (r.get("id"), r.get("merged"))).collect())
    }
}

/// Where a room's sheets stand: itself, or the one that it was merged into.
pub(super) async fn forward(tx: &mut Tx, room: &str) -> Result<String> {
    let to: Option<String> =
        scalar("SELECT coalesce(merged, id) FROM room WHERE id = $1").bind(room).fetch_optional(tx.conn()).await?;
    Ok(to.unwrap_or_else(|| room.to_owned()))
}

/// Locks rooms that something is posted into, and makes sure that none was merged meanwhile.
///
/// # Errors
/// [`StoreError::Moved`]: one was.
pub(super) async fn stand(tx: &mut Tx, mut rooms: Vec<&str>) -> Result<()> {
    rooms.sort_unstable();
    rooms.dedup();
    for room in rooms {
        versions::lock(tx, room).await?;
        if forward(tx, room).await? != room {
            return Err(StoreError::Moved);
        }
    }
    Ok(())
}

/// Locks the sheets of a room, then these rooms; the sheets.
async fn hold(tx: &mut Tx, rooms: &[&str], of: &str) -> Result<Vec<String>> {
    const THERE: &str = "SELECT id FROM document WHERE room = $1 ORDER BY id";
    let documents: Vec<String> = scalar(THERE).bind(of).fetch_all(tx.conn()).await?;
    for document in &documents {
        tx.lock(&format!("document {document}")).await?;
    }
    let mut sorted = rooms.to_vec();
    sorted.sort_unstable();
    for room in sorted {
        versions::lock(tx, room).await?;
    }
    let now: Vec<String> = scalar(THERE).bind(of).fetch_all(tx.conn()).await?;
    if now == documents { Ok(documents) } else { refused(STALE) }
}

async fn moved(tx: &mut Tx, source: &str) -> Result<Moved> {
    let mut ids = Vec::new();
    for sql in [
        "SELECT key FROM post WHERE room = $1 ORDER BY key",
        "SELECT key FROM outbox WHERE room = $1 ORDER BY key",
        "SELECT id FROM reply WHERE room = $1 ORDER BY id",
        "SELECT uid FROM invitation WHERE room = $1 ORDER BY uid",
        "SELECT id FROM room WHERE merged = $1 ORDER BY id",
    ] {
        let these: Vec<String> = scalar(sql).bind(source).fetch_all(tx.conn()).await?;
        ids.push(these);
    }
    let mut ids = ids.into_iter();
    let mut next = || ids.next().unwrap_or_default();
    let (posts, outbox, replies, invitations, forwards) = (next(), next(), next(), next(), next());
    let rows = query("SELECT mail, since FROM member WHERE room = $1 AND ended IS NULL ORDER BY mail")
        .bind(source)
        .fetch_all(tx.conn())
        .await?;
    let members = rows.iter().map(|r| (r.get("mail"), r.get("since"))).collect();
    Ok(Moved { documents: Vec::new(), posts, outbox, replies, invitations, forwards, members })
}

/// These documents with their later versions and with what was recorded as one of them sent again.
async fn line(tx: &mut Tx, documents: &[String]) -> Result<Vec<String>> {
    let sql = tx.choose(
        "WITH RECURSIVE line (id) AS (SELECT value FROM json_each($1) UNION
         SELECT d.id FROM document d JOIN line l ON d.supersedes = l.id OR d.again_of = l.id)
         SELECT id FROM line ORDER BY id",
        "WITH RECURSIVE line (id) AS (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)) COLLATE \"C\" UNION
         SELECT d.id FROM document d JOIN line l ON d.supersedes = l.id OR d.again_of = l.id)
         SELECT id FROM line ORDER BY id",
    );
    scalar(sql).bind(serde_json::to_string(documents)?).fetch_all(tx.conn()).await
}

/// Whether source and target are no longer merged directly: a later merger came over it.
async fn under(tx: &mut Tx, source: &str, target: &str) -> Result<bool> {
    let on: Option<String> = scalar("SELECT merged FROM room WHERE id = $1").bind(source).fetch_one(tx.conn()).await?;
    Ok(on.as_deref() != Some(target))
}

/// One row for each room, and one that has the registers read anew.
fn tell(tx: &mut Tx, now: i64, actor: &str, action: &str, rooms: &[&str], detail: &serde_json::Value) {
    for room in rooms {
        audit::append(tx, now, actor, action, room, detail.clone());
    }
    let register = registers::Register::Patients.as_str();
    audit::append(tx, now, MACHINE, action, register, json!({"merger": detail["merger"]}));
}

#[cfg(test)]
mod tests;
