//! The durable memory: receipts, original bytes, jobs, documents, frozen revisions, outbox, board and audit.
//!
//! The route's promises rest on the order on disk: blob fsync, directory fsync, database commit, and only then
//! may a source be touched. Everything that decides anything is one transaction; whatever takes time (reading,
//! extracting, sending) happens outside of them and commits under a lease token, so that a stale worker changes nothing.
//! Must not know web, sinks or intakes; of `text` only how characters are folded (`search`).
//!
//! Never wrap a store call in `select!` or a timeout: a cancelled transaction rolls back, and its caller would not
//! know how far it came.

pub mod accept;
pub mod accounts;
pub mod audit;
pub mod blobs;
pub mod board;
pub mod canary;
pub mod claims;
pub mod conference;
pub mod db;
pub mod deadlines;
pub mod digest;
pub mod dump;
pub mod failed;
pub mod figures;
mod gauges;
pub mod letters;
pub mod merge;
pub mod offices;
pub mod outbox;
pub mod overdue;
pub mod parts;
pub mod plan;
pub mod preferences;
pub mod proposals;
pub mod push;
pub mod queue;
mod readings;
mod receive;
pub mod recovery;
pub mod registers;
pub mod retention;
pub mod review;
pub mod rules;
mod same_mail;
pub mod samples;
pub mod search;
mod secrets;
pub mod seen;
pub mod sessions;
pub mod sources;
pub mod statistics;
pub mod status;
pub mod thread;
pub mod tokens;
pub mod trail;
pub mod verify;
pub mod versions;
pub mod withdraw;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Notify as Wake;
use uuid::Uuid;

use crate::crash;
use db::{query, scalar};

use crate::metrics::Metrics;

pub use accept::{Candidate, Notify, Sheet, State};
pub use gauges::Gauges;
pub use plan::Plan;
pub use receive::{Meta, Received, Verdict};
pub use registers::Register;
pub use status::StatusLine;
pub use versions::{Bond, Kin};

/// Milliseconds since 1970. A parameter everywhere, so that tests own the time.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The machine's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| jiff::Timestamp::now().as_millisecond())
}

/// Namespace of all name-based ids (uuid v5) of the project.
const NAMESPACE: Uuid = Uuid::from_u128(0x6a1f_0c6e_5f0b_4c59_9d53_fa8b_21d6_0e01);

/// Actor of everything that no person did.
pub const MACHINE: &str = "machine";

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("database migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("{what}: {source}")]
    Io { what: String, source: std::io::Error },
    #[error("another faxbridge works on {0}: stop it first, or name another data_dir")]
    Locked(PathBuf),
    #[error("there is no database in {0} yet: `faxbridge run` makes one")]
    Absent(PathBuf),
    #[error(
        "the database is of a newer faxbridge (schema {floor} at least, this one knows {ours}): install that version"
    )]
    Ahead { floor: i64, ours: i64 },
    #[error("stored content is damaged: {0}")]
    Damaged(String),
    /// A register file that cannot be taken over. Its words may hold patient data.
    #[error("{0}")]
    Register(#[from] crate::register::RegisterError),
    /// The lease was lost; whoever holds it now does the work.
    #[error("the lease on this job is no longer ours")]
    Stale,
    /// What a decision rests on is no longer so; decide again.
    #[error("the room has changed meanwhile")]
    Moved,
    /// A person asked for something that does not fit the state, in words for that person.
    #[error("{0}")]
    Refused(String),
}

impl StoreError {
    /// Whether the storage is the reason (full, read-only, away), which passes, and not what was to be stored.
    pub fn is_of_storage(&self) -> bool {
        match self {
            StoreError::Io { source, .. } => source.kind() != std::io::ErrorKind::NotFound,
            StoreError::Database(sqlx::Error::Database(e)) => {
                let broken = [e.is_unique_violation(), e.is_foreign_key_violation(), e.is_check_violation()];
                // PostgreSQL's class 22: data that cannot be stored.
                !broken.contains(&true) && !e.code().is_some_and(|c| c.len() == 5 && c.starts_with("22"))
            }
            StoreError::Database(e) => !matches!(
                e,
                sqlx::Error::RowNotFound
                    | sqlx::Error::ColumnNotFound(_)
                    | sqlx::Error::ColumnDecode { .. }
                    | sqlx::Error::Decode(_)
                    | sqlx::Error::Encode(_)
            ),
            _ => false,
        }
    }

    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(e: serde_json::Error) -> Self {
        // Its own words may quote what stands there.
        Self::Damaged(format!("JSON ({:?} error) at line {}, column {}", e.classify(), e.line(), e.column()))
    }
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// Where everything lies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// Folder on a local disk: locks, and database and blobs where they are not elsewhere.
    pub data_dir: PathBuf,
    pub database: db::Place,
    pub blobs: blobs::Place,
}

impl From<&Path> for Site {
    fn from(data_dir: &Path) -> Site {
        Site { data_dir: data_dir.to_owned(), ..Site::default() }
    }
}

impl From<&PathBuf> for Site {
    fn from(data_dir: &PathBuf) -> Site {
        data_dir.as_path().into()
    }
}

/// Handle to the store; cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: db::Db,
    blobs: blobs::Blobs,
    clock: Clock,
    /// What the database's clock is ahead of ours, milliseconds.
    ahead: Arc<AtomicI64>,
    /// Woken when work may have appeared.
    wake: Arc<Wake>,
    /// Name of this process run, `node/run`; leases carry it.
    owner: Arc<str>,
    notify: Arc<accept::Notify>,
    /// How conferences are invited to; none: they are not.
    invites: Option<Arc<conference::Invites>>,
    /// Whether browsers are told by push.
    pushes: bool,
    /// How sheets are drawn as blind samples; none: they are not.
    sampling: Option<samples::Sampling>,
    metrics: Metrics,
    /// Held for as long as the store is open for work.
    _lock: Option<Arc<std::fs::File>>,
    _listener: Option<Arc<Listener>>,
}

/// Ends with the last handle of the store.
struct Listener(tokio::task::JoinHandle<()>);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Store {
    /// Opens the store for the daemon: takes the folder's lock, brings the schema up to date, gives back the leases
    /// of dead processes, sweeps half-written blobs.
    ///
    /// # Errors
    /// Another daemon holds the folder; the folder or the database cannot be made or read; the blobs are of another
    /// database.
    pub async fn open(site: impl Into<Site>) -> Result<Store> {
        Self::open_as(site, "", system_clock()).await
    }

    /// [`Store::open`] with a clock of one's own.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(site: impl Into<Site>, clock: Clock) -> Result<Store> {
        Self::open_as(site, "", clock).await
    }

    /// [`Store::open`] for a worker of that name beside the daemon, or for the daemon itself (`""`). One process at a
    /// time has a name on a machine, so that what a dead one held is free at its next start.
    ///
    /// # Errors
    /// As [`Store::open`]; a worker needs a database that can be shared.
    pub async fn open_as(site: impl Into<Site>, worker: &str, clock: Clock) -> Result<Store> {
        let site = site.into();
        make_private_dir(&site.data_dir)?;
        if !worker.is_empty() && site.database.url.is_empty() {
            return Err(StoreError::Refused("workers need database.url: SQLite is worked on by one process".into()));
        }
        if !worker.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            return Err(StoreError::Refused("a worker's name has letters, digits, - and _ only".into()));
        }
        let lock = lock(&site.data_dir, worker)?;
        let blobs = blobs::Blobs::open(&site.data_dir, &site.blobs)?;
        if worker.is_empty() {
            blobs.sweep()?;
        }
        let db = db::Db::open(&site.data_dir, &site.database, db::Opening::Work).await?;
        blobs::sync_dir(&site.data_dir)?;
        let store = Store {
            owner: format!("{}/{}", node(&site.data_dir, worker)?, Uuid::new_v4()).into(),
            clock,
            _lock: Some(Arc::new(lock)),
            ..Self::unlocked(db, blobs)
        };
        store.know_blobs().await?;
        store.reclaim_leases_of_the_dead().await?;
        store.index().await?;
        let listener = match &store.db {
            db::Db::Sqlite { .. } => None,
            db::Db::Postgres(p) => Some(Arc::new(Listener(p.listen(store.wake.clone())))),
        };
        Ok(Store { _listener: listener, ..store })
    }

    /// Opens the store beside a running daemon, or without one, to write small things (register imports).
    ///
    /// # Errors
    /// As [`Store::open`], but never [`StoreError::Locked`].
    pub async fn open_beside(site: impl Into<Site>) -> Result<Store> {
        let site = site.into();
        make_private_dir(&site.data_dir)?;
        let db = db::Db::open(&site.data_dir, &site.database, db::Opening::Work).await?;
        Ok(Self::unlocked(db, blobs::Blobs::open(&site.data_dir, &site.blobs)?))
    }

    /// Opens the store to read it, beside a running daemon or without one.
    ///
    /// # Errors
    /// [`StoreError::Absent`] where no daemon has made a database yet; the database cannot be read.
    pub async fn open_read(site: impl Into<Site>) -> Result<Store> {
        let site = site.into();
        let db = db::Db::open_read(&site.data_dir, &site.database).await?;
        db::complete(&mut db.snapshot().await?).await?;
        Ok(Self::unlocked(db, blobs::Blobs::at(&site.data_dir, &site.blobs)?))
    }

    fn unlocked(db: db::Db, blobs: blobs::Blobs) -> Store {
        Store {
            db,
            blobs,
            clock: system_clock(),
            ahead: Arc::default(),
            wake: Arc::new(Wake::new()),
            owner: Uuid::new_v4().to_string().into(),
            notify: Arc::default(),
            invites: None,
            pushes: false,
            sampling: None,
            metrics: Metrics::default(),
            _lock: None,
            _listener: None,
        }
    }

    /// The part of [`Store::owner`] that stays over restarts.
    fn node(&self) -> &str {
        self.owner.split('/').next().unwrap_or_default()
    }

    /// Whether several hosts may work on it.
    pub fn is_shared(&self) -> bool {
        self.db.is_shared()
    }

    /// Blobs and database carry the same id: a worker that sees an empty folder where the others have their blobs
    /// would send every sheet to the review list.
    async fn know_blobs(&self) -> Result<()> {
        let mut tx = self.db.begin().await?;
        tx.lock("blobs").await?;
        let known: Option<String> =
            scalar("SELECT value FROM meta WHERE key = 'blobs'").fetch_optional(tx.conn()).await?;
        let here = self.blobs.id().await?;
        match (known, here) {
            (Some(known), Some(here)) if known == here => Ok(()),
            (None, here) => {
                let id = match here {
                    Some(id) => id,
                    None => self.blobs.found(&Uuid::new_v4().to_string()).await?,
                };
                query("INSERT INTO meta (key, value) VALUES ('blobs', $1)").bind(id).execute(tx.conn()).await?;
                tx.commit().await
            }
            (Some(_), _) => Err(StoreError::Refused(format!(
                "{} does not hold the blobs of this database: name the right data_dir or blobs.url, or restore a backup",
                self.blobs
            ))),
        }
    }

    /// The same store, which tells `notify` of what is posted and held back.
    #[must_use]
    pub fn with_notify(mut self, notify: accept::Notify) -> Store {
        self.notify = Arc::new(notify);
        self
    }

    /// The same store, whose users count into `metrics`.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Metrics) -> Store {
        self.metrics = metrics;
        self
    }

    /// Whether the store of blobs answers and belongs to this database.
    ///
    /// # Errors
    /// It does not.
    pub async fn blobs_answer(&self) -> Result<()> {
        match self.blobs.id().await? {
            Some(_) => Ok(()),
            None => Err(StoreError::Damaged(format!("{} does not hold the blobs of this database", self.blobs))),
        }
    }

    /// Where its users count what they do.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Seconds since a moment in milliseconds since 1970; never negative.
    pub fn seconds_since(&self, then: i64) -> f64 {
        (self.now() - then).max(0) as f64 / 1000.0
    }

    /// Milliseconds since 1970 by the store's clock.
    pub fn now(&self) -> i64 {
        (self.clock)() + self.ahead.load(Ordering::Relaxed)
    }

    /// Whether this program may still work on the store: one of several hosts may have been brought to a newer version,
    /// which took something away that this one needs.
    ///
    /// # Errors
    /// [`StoreError::Ahead`] where it may not, or the database is not to be had.
    pub async fn fits(&self) -> Result<()> {
        if self.is_shared() { self.db.fits().await } else { Ok(()) }
    }

    /// Goes by the clock of the database, where several hosts share it: a host whose clock is wrong would take leases
    /// away that others still hold.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn tune_clock(&self) -> Result<()> {
        if self.is_shared() {
            let asked = (self.clock)();
            let there: i64 = scalar("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)")
                .fetch_one(self.db.reader())
                .await?;
            let ahead = there - i64::midpoint(asked, (self.clock)());
            if (ahead - self.ahead.swap(ahead, Ordering::Relaxed)).abs() > 5_000 {
                tracing::warn!(
                    ahead_ms = ahead,
                    "this machine's clock and the database's differ; the database's is used"
                );
            }
        }
        Ok(())
    }

    /// Waits until this process put work into the store, at most `limit`.
    pub async fn wait_for_work(&self, limit: std::time::Duration) {
        let _ = tokio::time::timeout(limit, self.wake.notified()).await;
    }

    /// Wakes everyone who waits for work.
    pub fn wake_all(&self) {
        self.wake.notify_waiters();
        self.wake.notify_one();
    }

    /// Closes the database in order; the lock goes with the last handle.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Original bytes, a page image or a reading, by its SHA-256; checked.
    ///
    /// # Errors
    /// Not there, not readable, or no longer what its name says.
    pub async fn blob(&self, sha256: &str) -> Result<Vec<u8>> {
        self.blobs.get(sha256).await
    }
}

/// All receipts of a store, beside a running daemon or without one. None where there is no store yet.
///
/// # Errors
/// The database cannot be read.
pub async fn status(site: impl Into<Site>) -> Result<Vec<StatusLine>> {
    match Store::open_read(site).await {
        Ok(store) => store.status().await,
        Err(StoreError::Absent(_)) => Ok(Vec::new()),
        Err(e) => Err(e),
    }
}

/// An id that the same inputs always give.
pub(crate) fn name_id(parts: &[&str]) -> String {
    Uuid::new_v5(&NAMESPACE, parts.join("\u{1f}").as_bytes()).to_string()
}

fn make_private_dir(dir: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let missing = dir.ancestors().take_while(|a| !a.as_os_str().is_empty() && !a.is_dir()).count();
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(StoreError::io(format!("folder {}", dir.display())))?;
    // The folder's own name must survive a power failure too. Who made it may have died before this; where it was
    // made by others long ago, its parent may be closed to us.
    for (i, made) in dir.ancestors().take(missing.max(1)).enumerate() {
        let parent = made.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match blobs::sync_dir(parent) {
            Err(e) if i < missing => return Err(e),
            _ => {}
        }
    }
    Ok(())
}

/// What leases of processes in this folder are called, over restarts.
fn node(data_dir: &Path, worker: &str) -> Result<String> {
    let path = data_dir.join("node");
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let id = match Uuid::parse_str(known.trim()) {
        Ok(id) => id,
        Err(_) => {
            let id = Uuid::new_v4();
            std::fs::write(&path, id.to_string()).map_err(StoreError::io(path.display().to_string()))?;
            id
        }
    };
    Ok(if worker.is_empty() { id.to_string() } else { format!("{id}:{worker}") })
}

fn lock(data_dir: &Path, worker: &str) -> Result<std::fs::File> {
    let path = data_dir.join(if worker.is_empty() { "lock".to_owned() } else { format!("lock-{worker}") });
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(StoreError::io(path.display().to_string()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Locked(data_dir.to_owned())),
        Err(std::fs::TryLockError::Error(e)) => Err(StoreError::io(path.display().to_string())(e)),
    }
}

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
