//! Registers as they stand in the database: patients with their rooms and members, institutions, offices, staff.
//!
//! A record is kept as JSON, as `register` writes it; only what the board and the notices ask for has columns.
//! An import is one transaction: what is not in it any more has ended, and gets no notices from that moment.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::db::{Tx, query, scalar};
use super::{Result, Store, audit};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Register {
    Patients,
    Institutions,
    Offices,
    Staff,
}

impl Register {
    pub fn as_str(self) -> &'static str {
        match self {
            Register::Patients => "patient",
            Register::Institutions => "institution",
            Register::Offices => "office",
            Register::Staff => "staff",
        }
    }
}

/// One record to import.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Room, institution, office; a person of the staff by the mail address.
    pub id: String,
    pub data: Json,
    /// Staff: first and last day, `YYYY-MM-DD`.
    pub from: Option<String>,
    pub until: Option<String>,
    /// Patients: what the board shows and who hears of it.
    pub room: Option<RoomFacts>,
}

#[derive(Debug, Clone, Default)]
pub struct RoomFacts {
    pub name: String,
    pub kana: String,
    pub birth_date: String,
    pub members: Vec<String>,
}

/// What an import changes: ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    pub added: Vec<String>,
    pub changed: Vec<String>,
    pub ended: Vec<String>,
    /// Records that are in force before the import.
    pub before: usize,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.ended.is_empty()
    }
}

impl Store {
    /// Records of a register that are in force.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn register(&self, register: Register) -> Result<Vec<Json>> {
        let rows: Vec<String> = scalar("SELECT data FROM register WHERE kind = $1 AND ended IS NULL ORDER BY id")
            .bind(register.as_str())
            .fetch_all(self.db.reader())
            .await?;
        rows.iter().map(|s| Ok(serde_json::from_str(s)?)).collect()
    }

    /// What an import would add, change and end.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn register_changes(&self, register: Register, records: &[Record]) -> Result<Changes> {
        let mut tx = self.db.snapshot().await?;
        changes(&mut tx, register, records).await
    }

    /// Makes `records` the register: whole or not at all.
    ///
    /// # Errors
    /// The database refused; nothing was changed.
    pub async fn import(&self, register: Register, records: &[Record], actor: &str) -> Result<Changes> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        tx.lock("registers").await?;
        let changes = changes(&mut tx, register, records).await?;
        if changes.is_empty() {
            return Ok(changes);
        }
        let touched: BTreeSet<&String> = changes.added.iter().chain(&changes.changed).collect();
        for r in records.iter().filter(|r| touched.contains(&r.id)) {
            upsert(&mut tx, register, r, now).await?;
        }
        for id in &changes.ended {
            end(&mut tx, register, id, now).await?;
        }
        let detail = json!({"added": changes.added.len(), "changed": changes.changed.len(), "ended": changes.ended});
        audit::append(&mut tx, now, actor, "import", register.as_str(), detail);
        tx.commit().await?;
        Ok(changes)
    }

    /// Mail addresses of a room's present members.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn members(&self, room: &str) -> Result<Vec<String>> {
        members_at(&mut self.db.snapshot().await?, room, self.now()).await
    }
}

async fn changes(tx: &mut Tx, register: Register, records: &[Record]) -> Result<Changes> {
    let rows = query("SELECT id, data FROM register WHERE kind = $1 AND ended IS NULL")
        .bind(register.as_str())
        .fetch_all(tx.conn())
        .await?;
    let mut before: BTreeMap<String, Json> = BTreeMap::new();
    for r in rows {
        before.insert(r.get("id"), serde_json::from_str(r.get("data"))?);
    }
    let mut out = Changes { before: before.len(), ..Changes::default() };
    for r in records {
        match before.remove(&r.id) {
            None => out.added.push(r.id.clone()),
            Some(old) if old != r.data => out.changed.push(r.id.clone()),
            Some(_) => {}
        }
    }
    out.ended = before.into_keys().collect();
    Ok(out)
}

pub(super) async fn upsert(tx: &mut Tx, register: Register, r: &Record, now: i64) -> Result<()> {
    query(
        "INSERT INTO register (kind, id, data, from_date, until_date, since) VALUES ($1,$2,$3,$4,$5,$6)
         ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data, from_date = excluded.from_date,
         until_date = excluded.until_date, ended = NULL",
    )
    .bind(register.as_str())
    .bind(&r.id)
    .bind(r.data.to_string())
    .bind(&r.from)
    .bind(&r.until)
    .bind(now)
    .execute(tx.conn())
    .await?;
    let Some(room) = &r.room else { return Ok(()) };
    query(
        "INSERT INTO room (id, name, kana, birth_date, opened) VALUES ($1,$2,$3,$4,$5)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, kana = excluded.kana, birth_date = excluded.birth_date,
         ended = CASE WHEN room.merged IS NULL THEN NULL ELSE room.ended END",
    )
    .bind(&r.id)
    .bind(&room.name)
    .bind(&room.kana)
    .bind(&room.birth_date)
    .bind(now)
    .execute(tx.conn())
    .await?;
    follow(tx, &r.id, now).await
}

async fn end(tx: &mut Tx, register: Register, id: &str, now: i64) -> Result<()> {
    query("UPDATE register SET ended = $3 WHERE kind = $1 AND id = $2")
        .bind(register.as_str())
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    if register == Register::Patients { follow(tx, id, now).await } else { Ok(()) }
}

/// Brings members, end and search of a patient's room up to what the register says. A room into which others were merged
/// has the members of all, and stands as long as the register has one of them.
pub(super) async fn follow(tx: &mut Tx, id: &str, now: i64) -> Result<()> {
    let room = &super::merge::forward(tx, id).await?;
    let rows: Vec<String> = scalar(
        "SELECT data FROM register WHERE kind = 'patient' AND ended IS NULL
         AND id IN (SELECT CAST($1 AS TEXT) UNION SELECT id FROM room WHERE merged = $1) ORDER BY id",
    )
    .bind(room)
    .fetch_all(tx.conn())
    .await?;
    let mut members: BTreeSet<String> = BTreeSet::new();
    for row in &rows {
        let data: Json = serde_json::from_str(row)?;
        members.extend(data["members"].as_array().into_iter().flatten().filter_map(|m| m.as_str().map(str::to_owned)));
    }
    if rows.is_empty() {
        query("UPDATE room SET ended = $2 WHERE id = $1 AND ended IS NULL")
            .bind(room)
            .bind(now)
            .execute(tx.conn())
            .await?;
    } else {
        query("UPDATE room SET ended = NULL WHERE id = $1").bind(room).execute(tx.conn()).await?;
    }
    for mail in &members {
        query(
            "INSERT INTO member (room, mail, since) VALUES ($1,$2,$3)
             ON CONFLICT (room, mail) DO UPDATE SET since = CASE WHEN member.ended IS NULL THEN member.since
             ELSE excluded.since END, ended = NULL",
        )
        .bind(room)
        .bind(mail)
        .bind(now)
        .execute(tx.conn())
        .await?;
    }
    let mut rooms = vec![room.clone()];
    if room != id {
        // What was merged has none of its own.
        rooms.push(id.to_owned());
    }
    for (n, of) in rooms.iter().enumerate() {
        let present: Vec<String> =
            scalar("SELECT mail FROM member WHERE room = $1 AND ended IS NULL").bind(of).fetch_all(tx.conn()).await?;
        for mail in present.iter().filter(|m| n > 0 || !members.contains(*m)) {
            query("UPDATE member SET ended = $3 WHERE room = $1 AND mail = $2")
                .bind(of)
                .bind(mail)
                .bind(now)
                .execute(tx.conn())
                .await?;
        }
        super::search::index::room(tx, of).await?;
    }
    Ok(())
}

/// Members of a room at the time `now`: neither taken off the room nor, by the staff register, gone or not yet there.
pub(super) async fn members_at(tx: &mut Tx, room: &str, now: i64) -> Result<Vec<String>> {
    let today = super::status::local(now).date().to_string();
    scalar(
        "SELECT m.mail FROM member m WHERE m.room = $1 AND m.ended IS NULL AND NOT EXISTS (
             SELECT 1 FROM register s WHERE s.kind = 'staff' AND s.id = lower(m.mail)
             AND (s.ended IS NOT NULL OR s.until_date < $2 OR s.from_date > $2))
         ORDER BY m.mail",
    )
    .bind(room)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}
