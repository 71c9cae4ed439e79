//! SQLite: one file beside the blobs, one writer, a few readers.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Sqlite, Transaction};

use super::super::{Result, StoreError};
use super::{Db, Opening, scalar, schema};

/// File name of the database in `data_dir`.
pub const FILE: &str = "faxbridge.sqlite";

pub(super) async fn open(dir: &Path, opening: Opening) -> Result<Db> {
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
    let migrations = schema::sqlite();
    let db = Db::Sqlite { writer: Some(writer.clone()), readers: readers(&path).await? };
    schema::check(&mut db.begin().await?, opening).await?;
    migrations.run_to(opening.schema(), &writer).await?;
    sync(dir)?;
    Ok(db)
}

/// A transaction that writes.
pub(super) async fn begin(writer: &SqlitePool) -> sqlx::Result<Transaction<'static, Sqlite>> {
    const BEGIN: &str = "BEGIN IMMEDIATE";
    match writer.begin_with(BEGIN).await {
        // Where the disk is full SQLite ends a transaction by itself. sqlx takes it for open from then on, and this
        // connection would refuse for ever.
        Err(sqlx::Error::InvalidSavePointStatement) => {
            if let Err(e) = writer.acquire().await?.close().await {
                tracing::warn!(error = %e, "closing a connection on which a transaction broke");
            }
            writer.begin_with(BEGIN).await
        }
        begun => begun,
    }
}

/// What a killed process committed last may not be on disk, and is about to be built upon.
fn sync(dir: &Path) -> Result<()> {
    for name in [FILE.to_owned(), format!("{FILE}-wal")] {
        let path = dir.join(name);
        match std::fs::File::open(&path).and_then(|f| f.sync_all()) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::io(format!("sync of {}", path.display()))(e));
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) async fn open_read(dir: &Path) -> Result<Db> {
    let path = dir.join(FILE);
    if !path.try_exists().map_err(StoreError::io(path.display().to_string()))? {
        return Err(StoreError::Absent(dir.to_owned()));
    }
    let db = Db::Sqlite { writer: None, readers: readers(&path).await? };
    // A daemon that is just being born has made the file and not yet its tables.
    let tables: i64 =
        scalar("SELECT count(*) FROM sqlite_master WHERE name = 'audit_head'").fetch_one(db.reader()).await?;
    if tables == 0 { Err(StoreError::Absent(dir.to_owned())) } else { Ok(db) }
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
