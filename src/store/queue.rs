//! The work queue: claim with a lease, heartbeat, and commits that only the lease's holder can make.
//!
//! Delivery semantics: a job is run at least once and committed exactly once. A worker that fell silent loses its
//! lease; its late commit meets no row with its token and rolls back ([`StoreError::Stale`]).

use serde_json::json;
use uuid::Uuid;

use super::db::{Row, Tx, query, scalar};
use super::{MACHINE, Result, Store, StoreError, audit, crash, readings};
use crate::model::Reader;
use crate::reading::Reading;

/// Longest time that anything is put off. What is further in the future than this was put off by a wrong clock, and is
/// due. What was never put off (`ready` as when it was created) is due whatever the clock said then.
pub const MAX_DELAY_MS: i64 = 1_200_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Original bytes → reading and page images, in the child process.
    Read,
    /// Reading → documents, posted or held, by the rules.
    Accept,
}

impl Stage {
    /// As in the database, the log and the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Read => "read",
            Stage::Accept => "accept",
        }
    }
}

/// Leases the next job that is due; the suffix passes over rows that another process is just taking.
macro_rules! claim {
    ($suffix:literal) => {
        concat!(
            "UPDATE job SET crashes = crashes + (CASE WHEN lease_token IS NULL THEN 0 ELSE 1 END),
                    lease_token = $1, lease_owner = $2, lease_until = $3
             WHERE id = (SELECT id FROM job
                         WHERE (ready = created OR ready <= $4 OR ready > $5)
                           AND (lease_token IS NULL OR lease_until < $4 OR lease_until > $6)
                         ORDER BY stage, ready, id LIMIT 1 ",
            $suffix,
            ") RETURNING id, stage, receipt, attempts, crashes"
        )
    };
}

/// A claimed job.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: String,
    pub stage: Stage,
    pub receipt: String,
    pub source: String,
    pub sha256: String,
    /// What the source calls it.
    pub name: String,
    /// Milliseconds since 1970.
    pub received: i64,
    /// Failures so far that a worker lived to tell.
    pub attempts: i64,
    /// Leases so far whose worker died or fell silent.
    pub crashes: i64,
    token: String,
}

/// Failures are counted over all stages of a receipt, so that going back and forth ends as well.
pub(super) async fn enqueue(tx: &mut Tx, stage: &str, receipt: &str, now: i64, attempts: i64) -> Result<()> {
    query(
        "INSERT INTO job (id, stage, receipt, ready, attempts, crashes, created) VALUES ($1,$2,$3,$4,$5,0,$4)
         ON CONFLICT (stage, receipt) DO NOTHING",
    )
    .bind(Uuid::now_v7().to_string())
    .bind(stage)
    .bind(receipt)
    .bind(now)
    .bind(attempts)
    .execute(tx.conn())
    .await?;
    tx.wakes = true;
    Ok(())
}

impl Store {
    /// Takes the next job that is due, for `lease_ms`: what is already read before what is not, then the oldest.
    ///
    /// # Errors
    /// The database refused.
    pub async fn claim(&self, lease_ms: i64) -> Result<Option<Job>> {
        let now = self.now();
        let token = Uuid::new_v4().to_string();
        let mut tx = self.db.begin().await?;
        // A row that still has a lease here outlived it: its worker died or fell silent.
        let claim = tx.choose(claim!(""), claim!("FOR UPDATE SKIP LOCKED"));
        let row = query(claim)
            .bind(&token)
            .bind(&*self.owner)
            .bind(now + lease_ms)
            .bind(now)
            .bind(now + MAX_DELAY_MS)
            .bind(now + 2 * lease_ms.max(MAX_DELAY_MS))
            .fetch_optional(tx.conn())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let receipt: String = row.get("receipt");
        let about = query("SELECT source, sha256, name, received FROM receipt WHERE id = $1")
            .bind(&receipt)
            .fetch_one(tx.conn())
            .await?;
        tx.commit().await?;
        crash::reached("claim.after_commit");
        Ok(Some(job(&row, &about, receipt, token)))
    }

    /// Renews the lease. False: it is lost, and what is being done will not count.
    ///
    /// # Errors
    /// The database refused.
    pub async fn heartbeat(&self, job: &Job, lease_ms: i64) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let done = query("UPDATE job SET lease_until = $1 WHERE id = $2 AND lease_token = $3")
            .bind(self.now() + lease_ms)
            .bind(&job.id)
            .bind(&job.token)
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(done == 1)
    }

    /// Puts the job back for later, after a failure that may pass.
    ///
    /// # Errors
    /// [`StoreError::Stale`], or the database refused.
    pub async fn retry(&self, job: &Job, error: &str, delay_ms: i64) -> Result<()> {
        self.put_back(job, Some(error), 1, delay_ms.min(MAX_DELAY_MS)).await
    }

    /// Puts the job back for later, after a failure that is not its own: it counts for no attempt.
    ///
    /// # Errors
    /// [`StoreError::Stale`], or the database refused.
    pub async fn put_off(&self, job: &Job, error: &str, delay_ms: i64) -> Result<()> {
        self.put_back(job, Some(error), 0, delay_ms.min(MAX_DELAY_MS)).await
    }

    /// Puts the job back untouched: the process is asked to end.
    ///
    /// # Errors
    /// [`StoreError::Stale`], or the database refused.
    pub async fn release(&self, job: &Job) -> Result<()> {
        self.put_back(job, None, 0, 0).await
    }

    /// Sends the job back to reading the original: the kept reading is damaged or of another version.
    ///
    /// # Errors
    /// [`StoreError::Stale`], or the database refused.
    pub async fn rewind(&self, job: &Job) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let done = query(
            "UPDATE job SET stage = 'read', lease_token = NULL, lease_owner = NULL, lease_until = NULL,
                    attempts = attempts + 1, ready = $1 WHERE id = $2 AND lease_token = $3",
        )
        .bind(self.now())
        .bind(&job.id)
        .bind(&job.token)
        .execute(tx.conn())
        .await?;
        if done != 1 {
            return Err(StoreError::Stale);
        }
        tx.commit().await?;
        self.wake_all();
        Ok(())
    }

    pub(super) async fn put_back(&self, job: &Job, error: Option<&str>, failures: i64, delay_ms: i64) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let done = query(
            "UPDATE job SET lease_token = NULL, lease_owner = NULL, lease_until = NULL, attempts = attempts + $1,
                    ready = $2, error = coalesce($3, error) WHERE id = $4 AND lease_token = $5",
        )
        .bind(failures)
        .bind(self.now() + delay_ms)
        .bind(error)
        .bind(&job.id)
        .bind(&job.token)
        .execute(tx.conn())
        .await?;
        if done != 1 {
            return Err(StoreError::Stale);
        }
        tx.commit().await?;
        self.wake_all();
        Ok(())
    }

    /// Commits what was read and queues the next stage. `images` are PNGs, one for each page; an empty one stands for
    /// a page without an image.
    ///
    /// # Errors
    /// [`StoreError::Stale`]; disk or database refused. Nothing was committed then.
    pub async fn commit_reading(
        &self,
        job: &Job,
        reading: &Reading,
        images: Vec<Vec<u8>>,
        reader: &Reader,
    ) -> Result<()> {
        let mut blobs = Vec::with_capacity(images.len());
        for image in images {
            blobs.push(if image.is_empty() { None } else { Some(self.put_blob(image).await?) });
        }
        let kept = self.put_blob(reading.to_bytes()).await?;
        crash::reached("read.after_blobs");
        let now = self.now();
        let mut tx = self.db.begin().await?;
        take(&mut tx, job).await?;
        let id = readings::record(&mut tx, &job.sha256, reading, &kept, &blobs, reader, now).await?;
        enqueue(&mut tx, "accept", &job.receipt, now, job.attempts).await?;
        let detail = json!({"reading": id, "sha256": kept, "pages": reading.pages.len()});
        audit::append(&mut tx, now, MACHINE, "read", &job.receipt, detail);
        crash::reached("read.before_commit");
        tx.commit().await?;
        crash::reached("read.after_commit");
        self.wake_all();
        Ok(())
    }

    /// Ends a job without a document: the file cannot be read, or the job failed too often. A person finds it on the
    /// review list, with the original.
    ///
    /// # Errors
    /// [`StoreError::Stale`], or the database refused.
    pub async fn give_up(&self, job: &Job, action: &str, reason: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        take(&mut tx, job).await?;
        super::parts::forget(&mut tx, &job.receipt).await?;
        let document = hold_receipt(&mut tx, now, &job.receipt, reason).await?;
        super::outbox::enqueue_held(&mut tx, &document, 1, &self.notify.admins, now).await?;
        let detail = json!({"attempts": job.attempts, "crashes": job.crashes, "document": document});
        audit::append(&mut tx, now, MACHINE, action, &job.receipt, detail);
        crash::reached("give_up.before_commit");
        tx.commit().await?;
        crash::reached("give_up.after_commit");
        self.wake_all();
        Ok(())
    }

    /// Makes everything that waits due at once: the daemon is asked to finish and end.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hurry(&self) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        query("UPDATE job SET ready = $1 WHERE ready > $1").bind(now).execute(tx.conn()).await?;
        query("UPDATE outbox SET ready = $1 WHERE state = 'pending' AND ready > $1")
            .bind(now)
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        self.wake_all();
        Ok(())
    }

    /// Jobs that are not done, whoever holds them.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open_jobs(&self) -> Result<i64> {
        scalar("SELECT count(*) FROM job").fetch_one(self.db.reader()).await
    }

    /// Receipts that came before `before` (milliseconds since 1970) and have no final state, and the oldest of them.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn overdue(&self, before: i64) -> Result<(i64, Option<String>)> {
        let row = query(
            "SELECT count(*) AS n, min(id) AS oldest FROM receipt
             WHERE state = 'processing' AND linked IS NULL AND received < $1",
        )
        .bind(before)
        .fetch_one(self.db.reader())
        .await?;
        Ok((row.get("n"), row.get("oldest")))
    }

    /// Deliveries that were ordered, or wanted by their recipient, before `before` (milliseconds since 1970) and are not
    /// done, and when the oldest of them was ordered.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn undelivered(&self, before: i64) -> Result<(i64, Option<i64>)> {
        let row = query(
            "SELECT count(*) AS n, min(created) AS oldest FROM outbox
             WHERE state IN ('pending', 'sending') AND coalesce(held_until, created) < $1",
        )
        .bind(before)
        .fetch_one(self.db.reader())
        .await?;
        Ok((row.get("n"), row.get("oldest")))
    }

    /// At start, under the lock of this process's name: whoever holds a lease under that name now is dead. SQLite is
    /// worked on by one process, so there it is whoever holds one at all. Other hosts' leases run out by themselves.
    pub(super) async fn reclaim_leases_of_the_dead(&self) -> Result<()> {
        let dead = if self.db.is_shared() { format!("{}/%", self.node()) } else { "%".to_owned() };
        let mut tx = self.db.begin().await?;
        query(
            "UPDATE job SET lease_token = NULL, lease_owner = NULL, lease_until = NULL, crashes = crashes + 1
             WHERE lease_token IS NOT NULL AND lease_owner LIKE $1",
        )
        .bind(&dead)
        .execute(tx.conn())
        .await?;
        query(
            "UPDATE outbox SET lease_token = NULL, lease_owner = NULL, lease_until = NULL
             WHERE lease_token IS NOT NULL AND lease_owner LIKE $1",
        )
        .bind(&dead)
        .execute(tx.conn())
        .await?;
        query("UPDATE source SET owner = NULL, owned_until = NULL WHERE owner LIKE $1")
            .bind(&dead)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }
}

/// Removes the job for the holder of its lease, within the transaction that commits its result.
pub(super) async fn take(tx: &mut Tx, job: &Job) -> Result<()> {
    let done = query("DELETE FROM job WHERE id = $1 AND lease_token = $2")
        .bind(&job.id)
        .bind(&job.token)
        .execute(tx.conn())
        .await?;
    if done == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Puts a whole receipt on the review list as one entry without a document of its own; returns the entry's id.
pub(super) async fn hold_receipt(tx: &mut Tx, now: i64, receipt: &str, reason: &str) -> Result<String> {
    let row = query("SELECT name, sha256 FROM receipt WHERE id = $1").bind(receipt).fetch_one(tx.conn()).await?;
    let reading: Option<String> = scalar("SELECT id FROM reading WHERE sha256 = $1 ORDER BY at DESC, id LIMIT 1")
        .bind(row.get::<String>("sha256"))
        .fetch_optional(tx.conn())
        .await?;
    let sheet = super::accept::Sheet::unread(row.get("name"), Vec::new(), reason);
    let id = super::accept::insert(tx, now, receipt, 0, reading.as_deref(), &sheet, &Reader::default()).await?;
    super::accept::settle(tx, receipt, now, None).await?;
    Ok(id)
}

fn job(row: &Row, about: &Row, receipt: String, token: String) -> Job {
    Job {
        id: row.get("id"),
        stage: if row.get::<String>("stage") == "read" { Stage::Read } else { Stage::Accept },
        receipt,
        source: about.get("source"),
        sha256: about.get("sha256"),
        name: about.get("name"),
        received: about.get("received"),
        attempts: row.get("attempts"),
        crashes: row.get("crashes"),
        token,
    }
}
