//! The database behind the store: one writer, a few readers, and the transaction that writes go through.
//!
//! SQLite today. The seam for PostgreSQL: SQL is written once with `$1` placeholders, `RETURNING` and `ON CONFLICT`;
//! times are BIGINT milliseconds of our clock; only opening, `begin`, the claim's suffix and migrations differ. Then
//! [`Db`] and [`Tx`] become enums and callers stay as they are.
//!
//! Measured (shared design): one writer connection with BEGIN IMMEDIATE has no "locked" errors and the best rate.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Sqlite, Transaction};

use super::{Result, StoreError};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// File name of the database in `data_dir`.
pub const FILE: &str = "faxbridge.sqlite";

#[derive(Clone)]
pub struct Db {
    /// One connection; all writes queue up here. Absent in a store that only reads.
    writer: Option<SqlitePool>,
    readers: SqlitePool,
}

/// A transaction. Dropped without [`Tx::commit`], it never was.
pub struct Tx(Transaction<'static, Sqlite>);

impl Tx {
    pub fn conn(&mut self) -> &mut SqliteConnection {
        &mut self.0
    }

    /// # Errors
    /// The database refused; nothing was changed.
    pub async fn commit(self) -> Result<()> {
        Ok(self.0.commit().await?)
    }
}

impl Db {
    /// Makes or opens the database in `dir` and brings its schema up to date.
    ///
    /// # Errors
    /// The file cannot be made or opened, or carries a schema that this build does not know.
    pub async fn open(dir: &Path) -> Result<Db> {
        let path = dir.join(FILE);
        private_file(&path)?;
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(120))
            .connect_with(
                options(&path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full),
            )
            .await?;
        MIGRATIONS.run(&writer).await?;
        let readers = readers(&path).await?;
        Ok(Db { writer: Some(writer), readers })
    }

    /// Opens the database in `dir` for reading only.
    ///
    /// # Errors
    /// [`StoreError::Absent`], or it cannot be read.
    pub async fn open_read(dir: &Path) -> Result<Db> {
        let path = dir.join(FILE);
        if !path.try_exists().map_err(StoreError::io(path.display().to_string()))? {
            return Err(StoreError::Absent(dir.to_owned()));
        }
        let db = Db { writer: None, readers: readers(&path).await? };
        // A daemon that is just being born has made the file and not yet its tables.
        let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE name = 'audit_head'")
            .fetch_one(&db.readers)
            .await?;
        if tables == 0 { Err(StoreError::Absent(dir.to_owned())) } else { Ok(db) }
    }

    /// A transaction that writes. Takes the write lock at once, so that it cannot fail half-way for want of it.
    ///
    /// # Errors
    /// The database is not to be had, or was opened for reading.
    pub async fn begin(&self) -> Result<Tx> {
        let writer = self.writer.as_ref().ok_or_else(|| StoreError::Refused("opened for reading only".into()))?;
        Ok(Tx(writer.begin_with("BEGIN IMMEDIATE").await?))
    }

    /// A transaction that only reads: one consistent picture.
    ///
    /// # Errors
    /// The database is not to be had.
    pub async fn snapshot(&self) -> Result<Tx> {
        Ok(Tx(self.readers.begin().await?))
    }

    /// For single reads.
    pub fn reader(&self) -> &SqlitePool {
        &self.readers
    }

    pub async fn close(&self) {
        self.readers.close().await;
        if let Some(w) = &self.writer {
            w.close().await;
        }
    }
}

/// Makes the file, for nobody else to read; SQLite gives its log the same rights.
fn private_file(path: &Path) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let made = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    made.map(drop).map_err(StoreError::io(path.display().to_string()))
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(30))
        .disable_statement_logging()
}

/// Readers open the file for writing, since a write-ahead log may have to be recovered or its index made, but
/// `query_only` keeps them from changing anything.
async fn readers(path: &Path) -> Result<SqlitePool> {
    Ok(SqlitePoolOptions::new()
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(60))
        .connect_with(options(path).create_if_missing(false).pragma("query_only", "ON"))
        .await?)
}
