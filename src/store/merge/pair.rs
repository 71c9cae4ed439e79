//! Two rooms side by side, and which look like one person's.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::register::CANARY_ROOM;
use crate::store::blobs::sha256;
use crate::store::db::{Row, Tx, query};
use crate::store::review::refused;
use crate::store::{Result, Store, registers, search};

/// A member of a room: mailbox, and the people behind it with how many of the room's sheets they have read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reads {
    pub mailbox: String,
    pub people: Vec<(String, i64)>,
}

/// One of the two rooms, with what would move or be joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    pub id: String,
    pub name: String,
    pub kana: String,
    pub birth_date: String,
    pub ended: bool,
    /// The register has its patient now.
    pub registered: bool,
    pub members: Vec<Reads>,
    pub sheets: i64,
    pub replies: i64,
    pub attachments: i64,
    pub seen: i64,
    pub deadlines: i64,
    /// Notices that are not out yet.
    pub notices: i64,
}

/// Both of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    pub source: Side,
    pub target: Side,
}

impl Pair {
    /// Whether somebody has to type that it is one person all the same.
    pub fn births_differ(&self) -> bool {
        self.source.birth_date.is_empty() || self.source.birth_date != self.target.birth_date
    }

    /// Changes with everything that is shown of them.
    ///
    /// # Errors
    /// Never, in fact.
    pub fn stamp(&self) -> Result<String> {
        Ok(sha256(serde_json::to_string(self)?.as_bytes()))
    }
}

/// Two open rooms of one birth date, whose names are the same but for their characters' forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    pub source: String,
    pub target: String,
    pub name: String,
    pub birth_date: String,
}

impl Store {
    /// Two rooms side by side.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where one is none, is merged already, or both are the same.
    pub async fn pair(&self, source: &str, target: &str) -> Result<Pair> {
        let now = self.now();
        pair(&mut self.db.snapshot().await?, source, target, now).await
    }

    /// Rooms that look like one person's.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn alike(&self, limit: usize) -> Result<Vec<Alike>> {
        let mut by: BTreeMap<(String, String), Vec<(String, String)>> = BTreeMap::new();
        for (id, name, birth_date) in self.open_rooms().await?.into_iter().filter(|r| !r.2.is_empty()) {
            by.entry((birth_date, search::fold(&name))).or_default().push((id, name));
        }
        let pairs = by.into_iter().flat_map(|((birth_date, _), mut rooms)| {
            // The older number stays.
            rooms.sort();
            let mut rooms = rooms.into_iter();
            let first = rooms.next();
            rooms.filter_map(move |(source, _)| {
                let (target, name) = first.clone()?;
                Some(Alike { source, target, name, birth_date: birth_date.clone() })
            })
        });
        Ok(pairs.take(limit).collect())
    }
}

/// Both rooms as they are now.
pub(super) async fn pair(tx: &mut Tx, source: &str, target: &str, now: i64) -> Result<Pair> {
    if source == target {
        return refused("同じ部屋です。2つの部屋を選んでください");
    }
    let (source, target) = (side(tx, source, now).await?, side(tx, target, now).await?);
    if target.ended {
        return refused("残す部屋は終了しています。終了していない部屋を残してください");
    }
    Ok(Pair { source, target })
}

async fn side(tx: &mut Tx, room: &str, now: i64) -> Result<Side> {
    let row = query(
        "SELECT r.id, r.name, r.kana, r.birth_date, r.ended, r.merged,
            (SELECT count(*) FROM register g WHERE g.kind = 'patient' AND g.id = r.id AND g.ended IS NULL) AS known,
            (SELECT count(*) FROM post p WHERE p.room = r.id AND p.replaced IS NULL AND p.withdrawn IS NULL) AS sheets,
            (SELECT count(*) FROM reply y WHERE y.room = r.id AND y.withdrawn IS NULL) AS replies,
            (SELECT count(*) FROM attachment t JOIN reply y ON y.id = t.reply WHERE y.room = r.id) AS attachments,
            (SELECT count(*) FROM seen s JOIN document d ON d.id = s.document WHERE d.room = r.id) AS seen,
            (SELECT count(*) FROM deadline l WHERE l.room = r.id) AS deadlines,
            (SELECT count(*) FROM outbox o WHERE o.room = r.id AND o.state IN ('pending', 'sending')) AS notices
         FROM room r WHERE r.id = $1",
    )
    .bind(room)
    .fetch_optional(tx.conn())
    .await?;
    let row = row.filter(|r| r.get::<String>("id") != CANARY_ROOM);
    let Some(row) = row else { return refused("その部屋はありません") };
    if let Some(to) = row.get::<Option<String>>("merged") {
        return refused(&format!("部屋 {room} は、すでに {to} に統合されています"));
    }
    let read = query(
        "SELECT a.mailbox, a.name, count(d.id) AS n FROM account a LEFT JOIN seen s ON s.account = a.id
         LEFT JOIN document d ON d.id = s.document AND d.room = $1
         WHERE a.disabled IS NULL GROUP BY a.id, a.mailbox, a.name ORDER BY a.name, a.id",
    )
    .bind(room)
    .fetch_all(tx.conn())
    .await?;
    let behind = |mailbox: &str| {
        let of = |r: &&Row| r.get::<String>("mailbox").eq_ignore_ascii_case(mailbox);
        read.iter().filter(of).map(|r| (r.get("name"), r.get("n"))).collect()
    };
    let members = registers::members_at(tx, room, now).await?;
    Ok(Side {
        id: row.get("id"),
        name: row.get("name"),
        kana: row.get("kana"),
        birth_date: row.get("birth_date"),
        ended: row.get::<Option<i64>>("ended").is_some(),
        registered: row.get::<i64>("known") > 0,
        members: members.into_iter().map(|mailbox| Reads { people: behind(&mailbox), mailbox }).collect(),
        sheets: row.get("sheets"),
        replies: row.get("replies"),
        attachments: row.get("attachments"),
        seen: row.get("seen"),
        deadlines: row.get("deadlines"),
        notices: row.get("notices"),
    })
}
