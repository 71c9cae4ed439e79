//! Sheets for whoever tunes rules: the recent ones to look at, and those that persons decided about, with what is true of
//! them. What a person confirmed, typed or took away of a sheet is its truth; what nobody touched is not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::db::{Row, Tx, query, scalar};
use super::super::{Result, State, Store};
use super::Drawn;
use crate::model::{Document, Reader, Status, Value};
use crate::reading::Reading;
use crate::register::CANARY_ROOM;

/// Raised whenever what makes marks changes.
const VERSION: i64 = 1;

/// Sheets of a kind: all that is said must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetFilter {
    pub kind: Option<String>,
    /// In the sender's name.
    pub sender: Option<String>,
    /// Received since then, milliseconds since 1970.
    pub since: i64,
    /// Received before then, where something is said.
    pub before: Option<i64>,
    /// Hash of the rules that did not read it.
    pub not_by: Option<String>,
    /// Standing in a room, or waiting for a person.
    pub standing: bool,
}

/// A sheet in the list of recent ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub document: String,
    pub revision: i64,
    pub reading: String,
    pub received: i64,
    pub state: State,
    /// Its newest revision.
    pub content: Document,
    pub reader: Reader,
}

/// A sheet that a person decided about.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirmed {
    pub document: String,
    pub reading: String,
    /// Blob of the reading.
    pub blob: String,
    pub kind: String,
    /// 1-based pages of the reading.
    pub pages: Vec<u32>,
    /// Who sent it, where that is certain.
    pub sender: Option<String>,
    pub mark: Mark,
    pub truth: BTreeMap<String, Option<Value>>,
    /// Where it went straight through and was drawn as a blind sample.
    pub drawn: Option<Drawn>,
}

impl Confirmed {
    /// For how many values one of its fields stands. What a blind sample told stands for the sheets that were not drawn as
    /// well; what a person decided for another reason stands for itself.
    pub fn weight(&self, key: &str) -> f64 {
        self.drawn.as_ref().filter(|d| d.fields.contains(key)).map_or(1.0, |d| d.weight)
    }
}

/// Whose a sheet may be: every number and line on the pages of its reading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mark {
    pub numbers: String,
    pub text: String,
}

/// Only what truth is made of.
#[derive(Deserialize)]
pub(super) struct Slim {
    pub(super) fields: BTreeMap<String, SlimField>,
    pub(super) sender_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SlimField {
    pub(super) value: Value,
    status: Status,
}

/// A statement about documents that persons put right or confirmed and that stand in their rooms.
macro_rules! decided {
    ($head:literal, $tail:literal) => {
        concat!($head, "d.reading IS NOT NULL AND d.state = 'posted' AND d.revision > 1 AND d.again_of IS NULL", $tail)
    };
}
pub(super) use decided;

/// The same, with those that went straight through and that a blind sample compared with the paper.
macro_rules! known {
    ($head:literal, $tail:literal) => {
        concat!(
            $head,
            "d.reading IS NOT NULL AND d.state = 'posted' AND d.again_of IS NULL AND (d.revision > 1
               OR EXISTS (SELECT 1 FROM sample s WHERE s.document = d.id AND s.done IS NOT NULL))",
            $tail
        )
    };
}

impl Store {
    /// Sheets as they stand now, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn recent_sheets(&self, filter: &SheetFilter, limit: i64) -> Result<Vec<Seen>> {
        let rows = query(
            "SELECT d.id, d.revision, d.reading, d.state, d.sender, v.content, v.reader, r.received
             FROM document d JOIN receipt r ON r.id = d.receipt
             JOIN revision v ON v.document = d.id AND v.number = d.revision
             WHERE d.reading IS NOT NULL AND d.part IS NULL AND d.again_of IS NULL
               AND d.state IN ('posted', 'review', 'ignored') AND (d.room IS NULL OR d.room <> $5)
               AND r.received >= $1 AND ($2 IS NULL OR d.kind = $2) AND ($3 IS NULL OR d.sender LIKE $3)
               AND ($6 = 0 OR d.state IN ('posted', 'review')) AND ($7 IS NULL OR r.received < $7)
               AND ($8 IS NULL OR v.reader NOT LIKE $8)
             ORDER BY r.received DESC, d.id LIMIT $4",
        )
        .bind(filter.since)
        .bind(&filter.kind)
        .bind(filter.sender.as_ref().map(|s| format!("%{s}%")))
        .bind(limit)
        .bind(CANARY_ROOM)
        .bind(i64::from(filter.standing))
        .bind(filter.before)
        // (as `model::Reader` is written; a hash has no letters that LIKE knows)
        .bind(filter.not_by.as_ref().map(|hash| format!("%\"rules\":\"{hash}\"%")))
        .fetch_all(self.db.reader())
        .await?;
        rows.iter().map(seen).collect()
    }

    /// One sheet as it stands now.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn sheet_seen(&self, document: &str) -> Result<Option<Seen>> {
        let row = query(
            "SELECT d.id, d.revision, d.reading, d.state, d.sender, v.content, v.reader, r.received
             FROM document d JOIN receipt r ON r.id = d.receipt
             JOIN revision v ON v.document = d.id AND v.number = d.revision
             WHERE d.id = $1 AND d.reading IS NOT NULL AND d.part IS NULL AND d.state <> 'quarantined'
               AND (d.room IS NULL OR d.room <> $2)",
        )
        .bind(document)
        .bind(CANARY_ROOM)
        .fetch_optional(self.db.reader())
        .await?;
        row.as_ref().map(seen).transpose()
    }

    /// A kept reading by its id.
    ///
    /// # Errors
    /// It is not there, damaged or of another version.
    pub async fn kept_reading(&self, reading: &str) -> Result<Reading> {
        let blob: String =
            scalar("SELECT blob FROM reading WHERE id = $1").bind(reading).fetch_one(self.db.reader()).await?;
        self.kept(&blob).await
    }

    /// Decided sheets that have no mark of their newest revision yet: document, revision, blob of the reading.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn unmarked(&self, limit: i64) -> Result<Vec<(String, i64, String)>> {
        let rows = query(known!(
            "SELECT d.id, d.revision, g.blob FROM document d JOIN reading g ON g.id = d.reading
             LEFT JOIN sheet_mark m ON m.document = d.id AND m.revision = d.revision AND m.version = $1
             WHERE ",
            " AND m.document IS NULL ORDER BY d.id LIMIT $2"
        ))
        .bind(VERSION)
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.iter().map(|r| (r.get("id"), r.get("revision"), r.get("blob"))).collect())
    }

    /// Notes the mark of a decided sheet, and what is true of it.
    ///
    /// # Errors
    /// The database refused, or a revision is damaged.
    pub async fn mark_sheet(&self, document: &str, revision: i64, mark: &Mark) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let truth = told(&mut tx, document, revision).await?;
        query(
            "INSERT INTO sheet_mark (document, revision, version, numbers, text, truth) VALUES ($1,$2,$3,$4,$5,$6)
             ON CONFLICT (document) DO UPDATE SET revision = excluded.revision, version = excluded.version,
               numbers = excluded.numbers, text = excluded.text, truth = excluded.truth",
        )
        .bind(document)
        .bind(revision)
        .bind(VERSION)
        .bind(&mark.numbers)
        .bind(&mark.text)
        .bind(serde_json::to_string(&truth)?)
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// Fields of a sheet of which persons said something up to a revision.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn said(&self, document: &str, revision: i64) -> Result<BTreeSet<String>> {
        Ok(told(&mut self.db.snapshot().await?, document, revision).await?.into_keys().collect())
    }

    /// All decided sheets that have a mark, those that came first first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn confirmed(&self) -> Result<Vec<Confirmed>> {
        let mut drawn = self.drawn_samples().await?;
        let rows = query(known!(
            "SELECT d.id, d.reading, d.kind, d.pages, d.sender, g.blob, m.numbers, m.text, m.truth
             FROM document d JOIN reading g ON g.id = d.reading
             JOIN sheet_mark m ON m.document = d.id AND m.revision = d.revision AND m.version = $1
             WHERE ",
            " ORDER BY d.created, d.id"
        ))
        .bind(VERSION)
        .fetch_all(self.db.reader())
        .await?;
        rows.iter()
            .map(|r| {
                let document: String = r.get("id");
                Ok(Confirmed {
                    drawn: drawn.remove(&document),
                    document,
                    reading: r.get("reading"),
                    blob: r.get("blob"),
                    kind: r.get("kind"),
                    pages: serde_json::from_str(r.get("pages"))?,
                    sender: r.get("sender"),
                    mark: Mark { numbers: r.get("numbers"), text: r.get("text") },
                    truth: serde_json::from_str(r.get("truth"))?,
                })
            })
            .collect()
    }
}

fn seen(r: &Row) -> Result<Seen> {
    Ok(Seen {
        document: r.get("id"),
        revision: r.get("revision"),
        reading: r.get("reading"),
        received: r.get("received"),
        state: State::parse(r.get("state")),
        content: serde_json::from_str(r.get("content"))?,
        reader: serde_json::from_str(r.get("reader"))?,
    })
}

/// What persons said of a sheet up to a revision: what a blind sample found right in the first one, and the difference of
/// the two, which is the newer word.
async fn told(tx: &mut Tx, document: &str, revision: i64) -> Result<BTreeMap<String, Option<Value>>> {
    let rows = query("SELECT content FROM revision WHERE document = $1 AND number IN (1, $2) ORDER BY number")
        .bind(document)
        .bind(revision)
        .fetch_all(tx.conn())
        .await?;
    let mut all = rows.iter().map(|r| serde_json::from_str::<Slim>(r.get("content")));
    let Some(machine) = all.next().transpose()? else { return Ok(BTreeMap::new()) };
    let right: Vec<String> = scalar("SELECT field FROM sample_field WHERE document = $1 AND verdict = 'right'")
        .bind(document)
        .fetch_all(tx.conn())
        .await?;
    let mut out: BTreeMap<String, Option<Value>> = right
        .into_iter()
        .filter_map(|key| machine.fields.get(&key).map(|f| (key.clone(), Some(f.value.clone()))))
        .collect();
    if let Some(person) = all.next().transpose()? {
        out.extend(truth(machine, person));
    }
    Ok(out)
}

/// What persons said of a sheet: where its newest revision says something else than the machine did, or says the same
/// for sure.
pub(super) fn truth(machine: Slim, person: Slim) -> BTreeMap<String, Option<Value>> {
    let mut out = BTreeMap::new();
    for key in machine.fields.keys() {
        if !person.fields.contains_key(key) {
            out.insert(key.clone(), None);
        }
    }
    for (key, field) in person.fields {
        let before = machine.fields.get(&key);
        let untouched = before.is_some_and(|b| b.status == field.status && b.value == field.value);
        if field.status == Status::Accepted && !untouched {
            out.insert(key, Some(field.value));
        }
    }
    out
}
