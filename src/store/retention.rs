//! The end of what is kept: which faxes are past their time, and what must stay whatever its age.
//!
//! What hangs together goes together (all documents of one file, the mails of one fax, re-sends, versions), and only when
//! the youngest of it is past its time, nothing of it waits for anybody, and no room that it ever stood in is under a legal
//! hold. So nothing that stays points at something that went. How it goes: [`erase`].

mod erase;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::blobs::sha256;
use super::db::{Row, Tx, query};
use super::review::refused;
use super::{Result, Store, StoreError, audit, status};
use crate::register::CANARY_ROOM;

pub use erase::Erased;

const DAY_MS: i64 = 86_400_000;

/// How long what is kept. Years of 0: for ever.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// Sheets in rooms, of types that are not named.
    pub years: u32,
    pub by_type: BTreeMap<String, u32>,
    /// What stands in no room: nothing for us, misdirected, taken back, blank.
    pub elsewhere: u32,
    /// Years of a sheet in a room begin with the end of its room, and sheets of open rooms stay.
    pub after_end: bool,
    /// What is past its time goes every night, by itself.
    pub nightly: bool,
}

impl Terms {
    /// Whether anything ever goes.
    pub fn ends(&self) -> bool {
        self.years > 0 || self.elsewhere > 0 || self.by_type.values().any(|y| *y > 0)
    }

    fn of(&self, kind: &str) -> u32 {
        self.by_type.get(kind).copied().unwrap_or(self.years)
    }
}

/// What hangs together and would go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bundle {
    /// All mails and files, the first first.
    pub receipts: Vec<String>,
    /// Id, type, room (where it stands, or stood).
    pub documents: Vec<(String, String, Option<String>)>,
    /// When the newest of it came, milliseconds since 1970.
    pub received: i64,
}

/// What would go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Due {
    pub bundles: Vec<Bundle>,
    /// Faxes that are past their time and stay because of a legal hold.
    pub held: usize,
    /// Rooms, ended for as long and empty then, whose names and register entries would go.
    pub rooms: Vec<String>,
}

impl Due {
    /// Changes with what would go.
    ///
    /// # Errors
    /// Never, in fact.
    pub fn stamp(&self) -> Result<String> {
        Ok(sha256(serde_json::to_string(self)?.as_bytes()))
    }

    pub fn is_empty(&self) -> bool {
        self.bundles.is_empty() && self.rooms.is_empty()
    }

    pub fn documents(&self) -> usize {
        self.bundles.iter().map(|b| b.documents.len()).sum()
    }
}

/// A room that is kept whatever its age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub id: String,
    /// Id and name.
    pub room: (String, String),
    pub reason: String,
    pub actor: String,
    pub at: i64,
}

impl Store {
    /// What would go today.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn due(&self, terms: &Terms) -> Result<Due> {
        due(&mut self.db.snapshot().await?, terms, self.now()).await
    }

    /// Rooms under a legal hold, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn holds(&self) -> Result<Vec<Hold>> {
        let rows = query(
            "SELECT h.id, h.room, h.reason, h.actor, h.at, r.name FROM legal_hold h JOIN room r ON r.id = h.room WHERE h.lifted IS NULL
             ORDER BY h.at DESC, h.id",
        )
        .fetch_all(self.db.reader())
        .await?;
        let hold = |r: &Row| Hold {
            id: r.get("id"),
            room: (r.get("room"), r.get("name")),
            reason: r.get("reason"),
            actor: r.get("actor"),
            at: r.get("at"),
        };
        Ok(rows.iter().map(hold).collect())
    }

    /// Keeps all of a room until that is lifted.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is no such room, it is held already, or no reason is given.
    pub async fn hold_room(&self, room: &str, reason: &str, actor: &str) -> Result<()> {
        let (now, reason) = (self.now(), reason.trim());
        if reason.is_empty() {
            return refused("理由を入れてください");
        }
        let mut tx = self.db.begin().await?;
        tx.lock("retention").await?;
        let known = query(
            "SELECT r.id, (SELECT count(*) FROM legal_hold h WHERE h.room = r.id AND h.lifted IS NULL) AS held
             FROM room r WHERE r.id = $1",
        )
        .bind(room)
        .fetch_optional(tx.conn())
        .await?;
        match known.map(|r| r.get::<i64>("held")) {
            None => return refused("その部屋はありません"),
            Some(0) => {}
            Some(_) => return refused("その部屋は、すでに保全されています"),
        }
        query("INSERT INTO legal_hold (id, room, reason, actor, at) VALUES ($1,$2,$3,$4,$5)")
            .bind(Uuid::new_v4().to_string())
            .bind(room)
            .bind(reason)
            .bind(actor)
            .bind(now)
            .execute(tx.conn())
            .await?;
        audit::append(&mut tx, now, actor, "hold_room", room, json!({}));
        tx.commit().await
    }

    /// Lifts a hold.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is none.
    pub async fn lift_hold(&self, hold: &str, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        tx.lock("retention").await?;
        let room: Option<String> = super::db::scalar("SELECT room FROM legal_hold WHERE id = $1 AND lifted IS NULL")
            .bind(hold)
            .fetch_optional(tx.conn())
            .await?;
        let room = room.ok_or_else(|| StoreError::Refused("その保全は、もう解かれています".into()))?;
        query("UPDATE legal_hold SET lifted_by = $2, lifted = $3 WHERE id = $1")
            .bind(hold)
            .bind(actor)
            .bind(now)
            .execute(tx.conn())
            .await?;
        audit::append(&mut tx, now, actor, "lift_hold", &room, json!({}));
        tx.commit().await
    }
}

/// Rooms under a legal hold, and those that are merged with one.
async fn held_rooms(tx: &mut Tx) -> Result<HashSet<String>> {
    let rows = query("SELECT room FROM legal_hold WHERE lifted IS NULL").fetch_all(tx.conn()).await?;
    let mut held: HashSet<String> = rows.iter().map(|r| r.get("room")).collect();
    for r in query("SELECT id, merged FROM room WHERE merged IS NOT NULL").fetch_all(tx.conn()).await? {
        let (id, to): (String, String) = (r.get("id"), r.get("merged"));
        if held.contains(&id) || held.contains(&to) {
            held.extend([id, to]);
        }
    }
    Ok(held)
}

/// Sets that are joined: each receipt with its leader.
#[derive(Default)]
struct Joined(HashMap<String, String>);

impl Joined {
    fn head(&self, of: &str) -> String {
        let mut at = of;
        while let Some(next) = self.0.get(at).filter(|n| n.as_str() != at) {
            at = next;
        }
        at.to_owned()
    }

    fn join(&mut self, a: &str, b: &str) {
        let (a, b) = (self.head(a), self.head(b));
        if a != b {
            self.0.insert(a.clone().max(b.clone()), a.min(b));
        }
    }
}

struct Paper {
    id: String,
    kind: String,
    state: String,
    room: Option<String>,
}

#[derive(Default)]
struct Group {
    receipts: Vec<(i64, String)>,
    papers: Vec<Paper>,
    /// It waits for somebody or something.
    waits: bool,
}

async fn due(tx: &mut Tx, terms: &Terms, now: i64) -> Result<Due> {
    let mut out = Due::default();
    let years = terms.by_type.values().copied().chain([terms.years, terms.elsewhere]).filter(|y| *y > 0);
    let Some(least) = years.min() else { return Ok(out) };
    // What came since then is not looked at: only whether something older hangs together with it.
    let young = now - i64::from(least) * 365 * DAY_MS;
    let mut joined = Joined::default();
    let receipts = query("SELECT id, linked, received, state FROM receipt WHERE received < $1")
        .bind(young)
        .fetch_all(tx.conn())
        .await?;
    let old: HashSet<String> = receipts.iter().map(|r| r.get("id")).collect();
    let mut stays: HashSet<String> = HashSet::new();
    let mut join = |a: String, b: String| match (old.contains(&a), old.contains(&b)) {
        (true, true) => joined.join(&a, &b),
        (true, false) => drop(stays.insert(a)),
        (false, true) => drop(stays.insert(b)),
        (false, false) => {}
    };
    for r in query("SELECT id, linked FROM receipt WHERE linked IS NOT NULL").fetch_all(tx.conn()).await? {
        join(r.get("id"), r.get("linked"));
    }
    for r in query("SELECT receipt, bundle FROM part").fetch_all(tx.conn()).await? {
        join(r.get("receipt"), r.get("bundle"));
    }
    for r in query(
        "SELECT d.receipt, o.receipt AS other FROM document d JOIN document o ON o.id = d.again_of
         UNION SELECT d.receipt, o.receipt AS other FROM document d JOIN document o ON o.id = d.supersedes",
    )
    .fetch_all(tx.conn())
    .await?
    {
        join(r.get("receipt"), r.get("other"));
    }
    let documents = query(
        "SELECT d.id, d.receipt, d.kind, d.state, d.room FROM document d JOIN receipt r ON r.id = d.receipt
         WHERE r.received < $1 ORDER BY d.receipt, d.ordinal",
    )
    .bind(young)
    .fetch_all(tx.conn())
    .await?;
    // Where each ever stood, and when those rooms ended.
    let mut stood: HashMap<String, BTreeSet<String>> = HashMap::new();
    for p in query(
        "SELECT DISTINCT p.document, p.room FROM post p JOIN document d ON d.id = p.document
         JOIN receipt r ON r.id = d.receipt WHERE r.received < $1",
    )
    .bind(young)
    .fetch_all(tx.conn())
    .await?
    {
        stood.entry(p.get("document")).or_default().insert(p.get("room"));
    }
    let mut ended: HashMap<String, Option<i64>> = HashMap::new();
    for r in query(
        "SELECT r.id, CASE WHEN r.merged IS NULL THEN r.ended ELSE m.ended END AS ended FROM room r
         LEFT JOIN room m ON m.id = r.merged",
    )
    .fetch_all(tx.conn())
    .await?
    {
        ended.insert(r.get("id"), r.get("ended"));
    }
    let held = held_rooms(tx).await?;
    let canaries: Vec<String> =
        super::db::scalar("SELECT document FROM canary WHERE document IS NOT NULL").fetch_all(tx.conn()).await?;
    let canaries: HashSet<String> = canaries.into_iter().collect();
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for r in &receipts {
        let id: String = r.get("id");
        let group = groups.entry(joined.head(&id)).or_default();
        let linked = r.get::<Option<String>>("linked").is_some();
        group.waits |= stays.contains(&id) || !linked && r.get::<String>("state") == "processing";
        group.receipts.push((r.get("received"), id));
    }
    for d in &documents {
        let group = groups.entry(joined.head(&d.get::<String>("receipt"))).or_default();
        let (id, state): (String, String) = (d.get("id"), d.get("state"));
        group.waits |= matches!(state.as_str(), "processing" | "review") || canaries.contains(&id);
        group.papers.push(Paper { id, kind: d.get("kind"), state, room: d.get("room") });
    }
    for mut group in groups.into_values().filter(|g| !g.waits) {
        group.receipts.sort();
        let Some(newest) = group.receipts.last().map(|r| r.0) else { continue };
        let rooms: BTreeSet<&String> =
            group.papers.iter().flat_map(|p| stood.get(&p.id).into_iter().flatten().chain(&p.room)).collect();
        let past = |p: &Paper| {
            let posted = p.state == "posted";
            let years = if posted { terms.of(&p.kind) } else { terms.elsewhere };
            let from = match (&p.room, posted && terms.after_end) {
                (Some(room), true) => ended.get(room).copied().flatten().map(|end| end.max(newest)),
                _ => Some(newest),
            };
            from.is_some_and(|from| is_past(from, years, now))
        };
        let nothing = group.papers.is_empty() && !is_past(newest, terms.elsewhere, now);
        if nothing || !group.papers.iter().all(past) || rooms.iter().any(|r| r.as_str() == CANARY_ROOM) {
            continue;
        }
        if rooms.iter().any(|r| held.contains(*r)) {
            out.held += 1;
            continue;
        }
        let room = |p: &Paper| p.room.clone().or_else(|| stood.get(&p.id)?.first().cloned());
        out.bundles.push(Bundle {
            documents: group.papers.iter().map(|p| (p.id.clone(), p.kind.clone(), room(p))).collect(),
            receipts: group.receipts.into_iter().map(|r| r.1).collect(),
            received: newest,
        });
    }
    out.bundles.sort_by(|a, b| (a.received, &a.receipts).cmp(&(b.received, &b.receipts)));
    out.rooms = empty_rooms(tx, terms, &out.bundles, &held, now).await?;
    Ok(out)
}

/// Rooms that ended as long ago as the longest time of a sheet, and in which nothing stands when these are gone.
async fn empty_rooms(
    tx: &mut Tx,
    terms: &Terms,
    going: &[Bundle],
    held: &HashSet<String>,
    now: i64,
) -> Result<Vec<String>> {
    // One type that is kept for ever keeps no room by itself: its sheets do.
    let years = terms.by_type.values().copied().chain([terms.years]).max().unwrap_or(0);
    let rows = query(
        "SELECT id, ended FROM room r WHERE ended IS NOT NULL AND id <> $1
         AND NOT EXISTS (SELECT 1 FROM register g WHERE g.kind = 'patient' AND g.id = r.id AND g.ended IS NULL)
         AND NOT EXISTS (SELECT 1 FROM merger m WHERE m.source = r.id OR m.target = r.id)
         AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.room = r.id) ORDER BY id",
    )
    .bind(CANARY_ROOM)
    .fetch_all(tx.conn())
    .await?;
    let going: HashSet<&String> = going.iter().flat_map(|b| b.documents.iter().map(|d| &d.0)).collect();
    let mut out = Vec::new();
    for row in rows.iter().filter(|r| is_past(r.get("ended"), years, now)) {
        let id: String = row.get("id");
        // Who was told of something there, or answered on it, did so about a post.
        let there: Vec<String> = super::db::scalar(
            "SELECT document FROM post WHERE room = $1 UNION SELECT id FROM document WHERE room = $1",
        )
        .bind(&id)
        .fetch_all(tx.conn())
        .await?;
        if !held.contains(&id) && there.iter().all(|d| going.contains(d)) {
            out.push(id);
        }
    }
    Ok(out)
}

/// Whether so many years have gone by since, by Japan's calendar.
fn is_past(from: i64, years: u32, now: i64) -> bool {
    if years == 0 {
        return false;
    }
    let (from, today) = (status::local(from).date(), status::local(now).date());
    from.checked_add(i64::from(years).years()).is_ok_and(|end: Date| end < today)
}
