//! The whole store as rows: what backups, copies into another database and exports have in common.
//!
//! Rows are read from one snapshot in the order of their keys, a batch at a time, and are the same text (one JSON object
//! a line) whichever database they come from; so count and SHA-256 of a table tell whether two stores hold the same.
//! Leases are not carried: nobody holds anything in the store that they are written into.
//! Blobs never change, so those that a snapshot names can be read after it.

mod backup;
mod copy;
mod restore;
mod tables;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::blobs::{Blobs, sync_dir};
use super::db::{Arg, Db, Opening, Row, Tx, UNFINISHED, composed, query, scalar};
use super::{Result, Site, Store, StoreError, make_private_dir};

pub use backup::{BESIDE, Backup, ELSEWHERE, File, Manifest};
pub use copy::{Copied, copy};
pub use restore::{Restored, Wishes, restore};
pub use tables::{Column, Kind, TABLES, Table, table};

/// Rows that are held in memory at a time.
const BATCH: usize = 200;
/// Rows of one INSERT.
const TOGETHER: usize = 50;

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    pub name: String,
    pub columns: Vec<String>,
    pub rows: u64,
    /// Length of all lines.
    pub bytes: u64,
    /// Of all lines.
    pub sha256: String,
}

/// Names of blobs, 32 bytes each.
pub type Names = BTreeSet<[u8; 32]>;

/// Reads one table in the order of its keys.
pub(super) struct Rows {
    table: &'static Table,
    columns: Vec<Column>,
    part: usize,
    /// Key of the last row that was read.
    after: Vec<Arg>,
}

impl Rows {
    pub(super) fn of(table: &'static Table) -> Rows {
        Self::with(table, table.carried().collect())
    }

    /// Only some of its columns; the key's are among them, first.
    pub(super) fn with(table: &'static Table, columns: Vec<Column>) -> Rows {
        Rows { table, columns, part: 0, after: Vec::new() }
    }

    /// The next rows; none at the end.
    pub(super) async fn next(&mut self, tx: &mut Tx) -> Result<Vec<Vec<Arg>>> {
        while let Some(part) = self.table.parts.get(self.part) {
            let columns = names(&self.columns).join(", ");
            let key = names(&self.columns[..self.table.key]).join(", ");
            let mut sql = format!("SELECT {columns} FROM {} WHERE {part}", self.table.name);
            if !self.after.is_empty() {
                let numbers: Vec<String> = (1..=self.table.key).map(|n| format!("${n}")).collect();
                sql += &format!(" AND ({key}) > ({})", numbers.join(", "));
            }
            sql += &format!(" ORDER BY {key} LIMIT {BATCH}");
            let rows = composed(sql).bind_all(self.after.iter().cloned()).fetch_all(tx.conn()).await?;
            let rows: Vec<Vec<Arg>> = rows.iter().map(|r| self.cells(r)).collect();
            if let Some(last) = rows.last() {
                self.after = last[..self.table.key].to_vec();
                return Ok(rows);
            }
            self.part += 1;
            self.after.clear();
        }
        Ok(Vec::new())
    }

    fn cells(&self, row: &Row) -> Vec<Arg> {
        let cell = |(n, c): (usize, &Column)| match c.kind {
            Kind::Int => Arg::Int(row.nth(n)),
            // PostgreSQL's text has no NUL, so nobody's has here.
            _ => Arg::Text(
                row.nth::<Option<String>>(n).map(|t| if t.contains('\0') { t.replace('\0', "\u{FFFD}") } else { t }),
            ),
        };
        self.columns.iter().enumerate().map(cell).collect()
    }

    /// One row as a line, its line feed included.
    pub(super) fn line(&self, row: &[Arg]) -> Vec<u8> {
        let mut line = self.object(row).to_string().into_bytes();
        line.push(b'\n');
        line
    }

    pub(super) fn object(&self, row: &[Arg]) -> Json {
        let pairs = self.columns.iter().zip(row).map(|(c, cell)| {
            let value = match cell {
                Arg::Text(t) => t.clone().map_or(Json::Null, Json::String),
                Arg::Int(i) => i.map_or(Json::Null, Json::from),
            };
            (c.name.to_owned(), value)
        });
        Json::Object(Map::from_iter(pairs))
    }

    /// The row that a line tells.
    pub(super) fn parse(&self, line: &[u8]) -> Result<Vec<Arg>> {
        let wrong = || StoreError::Damaged(format!("a line of {} does not fit the table", self.table.name));
        let Json::Object(mut object) = serde_json::from_slice(line)? else { return Err(wrong()) };
        let mut row = Vec::with_capacity(self.columns.len());
        for c in &self.columns {
            row.push(match (c.kind, object.remove(c.name)) {
                (Kind::Int, Some(Json::Null)) => Arg::Int(None),
                (Kind::Int, Some(Json::Number(n))) => Arg::Int(Some(n.as_i64().ok_or_else(wrong)?)),
                (Kind::Int, _) => return Err(wrong()),
                (_, Some(Json::Null)) => Arg::Text(None),
                (_, Some(Json::String(t))) => Arg::Text(Some(t)),
                _ => return Err(wrong()),
            });
        }
        Ok(row)
    }

    /// Adds the blobs that a row names.
    pub(super) fn note_blobs(&self, row: &[Arg], names: &mut Names) -> Result<()> {
        for (c, cell) in self.columns.iter().zip(row) {
            if let (Kind::Blob, Arg::Text(Some(name))) = (c.kind, cell)
                && !name.is_empty()
            {
                names.insert(blob_name(name)?);
            }
        }
        Ok(())
    }

    /// Writes rows; one that is there under the same key becomes this one.
    pub(super) async fn write(&self, tx: &mut Tx, rows: &[Vec<Arg>]) -> Result<()> {
        let key = names(&self.columns[..self.table.key]).join(", ");
        let leases = self.table.columns.iter().filter(|c| c.kind == Kind::Lease);
        let rest = self.columns[self.table.key..].iter().map(|c| format!("{0} = excluded.{0}", c.name));
        let sets: Vec<String> = rest.chain(leases.map(|c| format!("{} = NULL", c.name))).collect();
        let same = if sets.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", sets.join(", ")) };
        for rows in rows.chunks(TOGETHER) {
            let width = self.columns.len();
            let values: Vec<String> = (0..rows.len())
                .map(|r| (1..=width).map(|n| format!("${}", r * width + n)).collect::<Vec<_>>().join(","))
                .collect();
            let sql = format!(
                "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({key}) DO {same}",
                self.table.name,
                names(&self.columns).join(", "),
                values.join("),("),
            );
            composed(sql).bind_all(rows.iter().flatten().cloned()).execute(tx.conn()).await?;
        }
        Ok(())
    }

    pub(super) async fn remove(&self, tx: &mut Tx, row: &[Arg]) -> Result<()> {
        let key = self.columns[..self.table.key].iter().enumerate().map(|(n, c)| format!("{} = ${}", c.name, n + 1));
        let sql = format!("DELETE FROM {} WHERE {}", self.table.name, key.collect::<Vec<_>>().join(" AND "));
        composed(sql).bind_all(row[..self.table.key].iter().cloned()).execute(tx.conn()).await.map(drop)
    }
}

fn names(columns: &[Column]) -> Vec<&'static str> {
    columns.iter().map(|c| c.name).collect()
}

fn blob_name(sha: &str) -> Result<[u8; 32]> {
    let mut name = [0; 32];
    hex::decode_to_slice(sha, &mut name)
        .map_err(|_| StoreError::Damaged(format!("{sha:?} is not the name of a blob")))?;
    Ok(name)
}

/// Adds up lines.
#[derive(Default)]
pub(super) struct Adder {
    rows: u64,
    bytes: u64,
    sha: Sha256,
}

impl Adder {
    pub(super) fn add(&mut self, line: &[u8]) {
        self.rows += 1;
        self.bytes += line.len() as u64;
        self.sha.update(line);
    }

    pub(super) fn sum(self, name: &str, columns: &[Column]) -> Sum {
        Sum {
            name: name.to_owned(),
            columns: names(columns).into_iter().map(str::to_owned).collect(),
            rows: self.rows,
            bytes: self.bytes,
            sha256: hex::encode(self.sha.finalize()),
        }
    }
}

/// What a table holds; the blobs that it names are added to `blobs`.
pub(super) async fn sum(tx: &mut Tx, mut rows: Rows, blobs: &mut Names) -> Result<Sum> {
    let mut adder = Adder::default();
    loop {
        let batch = rows.next(tx).await?;
        if batch.is_empty() {
            return Ok(adder.sum(rows.table.name, &rows.columns));
        }
        for row in &batch {
            adder.add(&rows.line(row));
            rows.note_blobs(row, blobs)?;
        }
    }
}

/// Number of the newest migration that the database has seen.
pub(super) async fn schema(tx: &mut Tx) -> Result<i64> {
    scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations").fetch_one(tx.conn()).await
}

/// A store to be filled: nobody works on it. Its folder is locked where `lock` says so.
async fn fresh(site: &Site, lock: bool, opening: Opening) -> Result<Store> {
    make_private_dir(&site.data_dir)?;
    let lock = if lock { Some(Arc::new(super::lock(&site.data_dir, "")?)) } else { None };
    let blobs = Blobs::open(&site.data_dir, &site.blobs)?;
    if lock.is_some() {
        blobs.sweep()?;
    }
    let db = Db::open(&site.data_dir, &site.database, opening).await?;
    sync_dir(&site.data_dir)?;
    Ok(Store { _lock: lock, ..Store::unlocked(db, blobs) })
}

/// The mark of a store that is being filled.
async fn mark(tx: &mut Tx) -> Result<Option<String>> {
    scalar("SELECT value FROM meta WHERE key = $1").bind(UNFINISHED).fetch_optional(tx.conn()).await
}

async fn set_mark(tx: &mut Tx, what: &str) -> Result<()> {
    let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    query(sql).bind(UNFINISHED).bind(what).execute(tx.conn()).await.map(drop)
}

/// Frozen rows stay: what has been worked with cannot become another store.
async fn refuse_used(tx: &mut Tx) -> Result<()> {
    let row = query("SELECT (SELECT count(*) FROM receipt) AS receipts, (SELECT count(*) FROM audit) AS rows");
    let row = row.fetch_one(tx.conn()).await?;
    match (row.get::<i64>("receipts"), row.get::<i64>("rows")) {
        (0, 0) => Ok(()),
        (receipts, rows) => Err(StoreError::Refused(format!(
            "there is a store in use already ({receipts} receipts, {rows} rows in its log): name an empty data_dir or database"
        ))),
    }
}

/// A transaction that waits for much else in between.
async fn patient(tx: &mut Tx) -> Result<()> {
    let sql = tx.choose("SELECT 1", "SET LOCAL idle_in_transaction_session_timeout = 0");
    query(sql).execute(tx.conn()).await.map(drop)
}

/// One consistent picture of a store, for whoever writes it down in a form of his own.
pub struct Picture {
    tx: Tx,
}

impl Store {
    /// # Errors
    /// The database is not to be had.
    pub async fn picture(&self) -> Result<Picture> {
        Ok(Picture { tx: self.db.snapshot().await? })
    }
}

impl Picture {
    /// Gives each row of a table to `take`, in the order of the keys.
    ///
    /// # Errors
    /// The database cannot be read, or `take` failed.
    pub async fn each(&mut self, table: &'static Table, mut take: impl FnMut(Json) -> Result<()>) -> Result<()> {
        let mut rows = Rows::of(table);
        loop {
            let batch = rows.next(&mut self.tx).await?;
            if batch.is_empty() {
                return Ok(());
            }
            for row in &batch {
                take(rows.object(row))?;
            }
        }
    }
}

#[cfg(test)]
mod tests;
