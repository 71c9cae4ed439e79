//! The database behind the store: SQLite on one machine, PostgreSQL for several, from one text of SQL.
//!
//! SQL is written once, with `$1` placeholders, `RETURNING` and `ON CONFLICT`; columns are BIGINT and TEXT, times are
//! milliseconds of our clock. What differs stands here: opening, the beginning of a transaction, locks between
//! writers, the claim's suffix, waking others. Must not know what the tables mean. Columns are named one by one: the schema
//! may grow under a process that works, and what a prepared statement gives must not change with it.
//!
//! Measured (shared design): one SQLite writer connection with BEGIN IMMEDIATE has no "locked" errors and the best rate.
//! PostgreSQL runs READ COMMITTED: where two transactions must not decide about the same thing side by side they take
//! [`Tx::lock`] first; the audit log's head is taken last, in [`Tx::commit`], so that nobody waits for it while holding
//! anything that others want.
//!
//! PgBouncer in transaction mode gives every transaction another connection: so nothing is asked outside of one, and
//! statements are prepared by name only where `database.prepared` says so.

pub mod postgres;
mod query;
mod schema;
mod sqlite;

use std::path::Path;

use sqlx::{Postgres, Sqlite, SqlitePool, Transaction};

use postgres::Begin;
pub(super) use query::composed;
pub use query::{Arg, Column, On, Query, Row, Scalar, query, scalar};
pub use schema::{complete, has_table};
pub use sqlite::FILE;

use super::audit::Event;
use super::{Result, StoreError, crash};

/// Where the database is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// `postgres://…`; empty: SQLite in the data folder.
    pub url: String,
    /// Further servers of the same cluster, one of which may become the primary.
    pub standbys: Vec<String>,
    /// Server for LISTEN, where `url` goes through a pooler in transaction mode; empty: `url`.
    pub listen_url: String,
    /// Whether statements may be kept prepared on a connection.
    pub prepared: bool,
    /// Connections of this process; 0: ten.
    pub connections: u32,
    /// Instead of one in the addresses.
    pub password: Option<String>,
}

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// To work with it: the newest schema, and everything that belongs in there.
    Work,
    /// To fill it from a backup or another store, which is of this schema.
    Fill { schema: i64 },
}

impl Opening {
    /// The migration that it goes to.
    fn schema(self) -> i64 {
        match self {
            Opening::Work => i64::MAX,
            Opening::Fill { schema } => schema,
        }
    }
}

/// Key in `meta` that stands as long as a store is being filled.
pub const UNFINISHED: &str = "unfinished";

#[derive(Clone)]
pub enum Db {
    Sqlite {
        /// One connection; all writes queue up here. Absent in a store that only reads.
        writer: Option<SqlitePool>,
        readers: SqlitePool,
    },
    Postgres(Box<postgres::Cluster>),
}

/// A transaction. Dropped without [`Tx::commit`], it never was.
pub struct Tx {
    pub(super) inner: Inner,
    /// What the audit log is to be told of it, in order.
    pub(super) told: Vec<Event>,
    /// Whether its commit brings work for others.
    pub(super) wakes: bool,
}

pub(super) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>, bool),
}

impl From<Inner> for Tx {
    fn from(inner: Inner) -> Tx {
        Tx { inner, told: Vec::new(), wakes: false }
    }
}

impl Tx {
    pub fn conn(&mut self) -> On<'_> {
        On::Tx(self)
    }

    /// Keeps other transactions that lock the same name waiting until this one ends. SQLite has one writer anyhow.
    ///
    /// # Errors
    /// The database refused.
    pub async fn lock(&mut self, name: &str) -> Result<()> {
        if matches!(self.inner, Inner::Postgres(..)) {
            query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))").bind(name).execute(self.conn()).await?;
        }
        Ok(())
    }

    /// As [`Tx::lock`], beside others that lock it so as well: only who locks the name whole waits.
    ///
    /// # Errors
    /// The database refused.
    pub async fn lock_shared(&mut self, name: &str) -> Result<()> {
        if matches!(self.inner, Inner::Postgres(..)) {
            query("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))")
                .bind(name)
                .execute(self.conn())
                .await?;
        }
        Ok(())
    }

    /// As [`Tx::lock`], where nobody else has it; false where somebody does.
    ///
    /// # Errors
    /// The database refused.
    pub async fn try_lock(&mut self, name: &str) -> Result<bool> {
        if !matches!(self.inner, Inner::Postgres(..)) {
            return Ok(true);
        }
        let got = "SELECT CASE WHEN pg_try_advisory_xact_lock(hashtextextended($1, 0)) THEN CAST(1 AS BIGINT)
                   ELSE CAST(0 AS BIGINT) END";
        Ok(scalar(got).bind(name).fetch_one::<i64>(self.conn()).await? == 1)
    }

    /// Which of two texts of one statement this database understands.
    pub fn choose(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self.inner {
            Inner::Sqlite(_) => sqlite,
            Inner::Postgres(..) => postgres,
        }
    }

    /// Writes the audit rows and makes everything durable.
    ///
    /// # Errors
    /// The database refused; nothing was changed. A connection that broke in between leaves it open which of both.
    pub async fn commit(mut self) -> Result<()> {
        let told = std::mem::take(&mut self.told);
        super::audit::write(&mut self, told).await?;
        if self.wakes && matches!(self.inner, Inner::Postgres(..)) {
            postgres::tell(&mut self).await?;
        }
        crash::reached("commit.before");
        match self.inner {
            Inner::Sqlite(t) => t.commit().await?,
            Inner::Postgres(t, _) => t.commit().await?,
        }
        crash::reached("commit.after");
        Ok(())
    }
}

impl Db {
    /// Makes or opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// It cannot be made or reached, carries a schema that this build must not work with, or is not completely filled.
    pub async fn open(dir: &Path, place: &Place, opening: Opening) -> Result<Db> {
        if place.url.is_empty() {
            sqlite::open(dir, opening).await
        } else {
            postgres::Cluster::open(place, opening).await.map(|c| Db::Postgres(Box::new(c)))
        }
    }

    /// Opens the database for reading only.
    ///
    /// # Errors
    /// [`StoreError::Absent`], or it cannot be read.
    pub async fn open_read(dir: &Path, place: &Place) -> Result<Db> {
        if place.url.is_empty() {
            sqlite::open_read(dir).await
        } else {
            postgres::Cluster::open_read(place, dir).await.map(|c| Db::Postgres(Box::new(c)))
        }
    }

    /// A transaction that writes. SQLite takes the write lock at once, so that it cannot fail half-way for want of it.
    ///
    /// # Errors
    /// The database is not to be had, or was opened for reading.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Db::Sqlite { writer, .. } => {
                let writer = writer.as_ref().ok_or_else(|| StoreError::Refused("opened for reading only".into()))?;
                Inner::Sqlite(sqlite::begin(writer).await?)
            }
            Db::Postgres(p) => p.begin(Begin::Write).await?,
        }
        .into())
    }

    /// A transaction that only reads: one consistent picture.
    ///
    /// # Errors
    /// The database is not to be had.
    pub async fn snapshot(&self) -> Result<Tx> {
        Ok(match self {
            Db::Sqlite { readers, .. } => Inner::Sqlite(readers.begin().await?),
            Db::Postgres(p) => p.begin(Begin::Read).await?,
        }
        .into())
    }

    /// For single reads.
    pub fn reader(&self) -> On<'_> {
        On::Db(self)
    }

    /// Refuses where the schema has gone on to one that this program must not touch, as at opening: a newer program may
    /// have begun beside this one.
    ///
    /// # Errors
    /// [`StoreError::Ahead`], or the database is not to be had.
    pub async fn fits(&self) -> Result<()> {
        schema::fits(&mut self.snapshot().await?).await
    }

    /// Whether several hosts may work on it.
    pub fn is_shared(&self) -> bool {
        matches!(self, Db::Postgres(_))
    }

    pub async fn close(&self) {
        match self {
            Db::Sqlite { writer, readers } => {
                readers.close().await;
                if let Some(w) = writer {
                    w.close().await;
                }
            }
            Db::Postgres(p) => p.close().await,
        }
    }
}
