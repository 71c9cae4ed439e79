//! The workers: claim a job, carry it through its stage ([`stages`]), commit under the lease; retry, put off, give up.
//! With `store::queue` this is the queue; deliveries are [`deliver`] and [`letters`].

pub mod canary;
pub mod deliver;
pub mod kin;
pub mod letters;
pub mod parts;
pub mod policy;
mod stages;

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::watch;

use crate::again;
use crate::metrics::JobEnd;
use crate::store::queue::Job;
use crate::store::{Store, StoreError};
use stages::{Computed, Trouble, commit, compute};
pub use stages::{Found, Pipeline, ReadDone, ReadFail, Sorted};

/// How to work.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Failures after which a job goes to the review list.
    pub attempts: u32,
    pub lease: Duration,
    /// The daemon wants to end soon: short waits.
    pub drain: bool,
    /// Sheets received up to so long before may be the same fax, milliseconds; 0: every fax is news.
    pub resend_ms: i64,
    /// Parts of one fax wait for each other so long, milliseconds; 0: every mail stands for itself.
    pub join_ms: i64,
    /// What is asked of a re-send.
    pub terms: again::Terms,
}

impl Default for Options {
    /// A worker that looks for nothing that came before.
    fn default() -> Options {
        Options {
            attempts: 5,
            lease: Duration::from_secs(60),
            drain: false,
            resend_ms: 0,
            join_ms: 0,
            terms: again::Terms::default(),
        }
    }
}

impl Options {
    fn lease_ms(&self) -> i64 {
        i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX / 4)
    }
}

/// How often an acceptance is decided anew because a room changed under it, before the job is put back.
const ANEW: u32 = 8;

/// A job that died with its process so many times more often than it may fail is given up: reading happens in a child
/// process, so a dying daemon is hardly the file's doing, but it must not go on for ever.
const CRASHES_PER_ATTEMPT: i64 = 4;

/// How long a job waits where the storage did not take its result.
const PUT_OFF: Duration = Duration::from_secs(20);
const DRAINING_PUT_OFF: Duration = Duration::from_secs(1);

/// Milliseconds to wait after the n-th failure (from 0): exponential with jitter.
pub fn backoff_ms(failures: i64, drain: bool) -> i64 {
    let (first, last) = if drain { (100, 1_000) } else { (2_000, 600_000) };
    let n = usize::try_from(failures).unwrap_or(0).min(32);
    let wait = ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(first))
        .with_max_delay(Duration::from_millis(last))
        .with_factor(3.0)
        .with_jitter()
        .without_max_times()
        .build()
        .nth(n)
        .unwrap_or(Duration::from_millis(last));
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}

/// Works until `stop` turns true; a job in hand is then put back untouched.
pub async fn run(store: Store, pipeline: Arc<dyn Pipeline>, options: Options, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match store.claim(options.lease_ms()).await {
            Ok(Some(job)) => one(&store, &pipeline, &options, &job, &mut stop).await,
            Ok(None) => idle(&store, &mut stop, poll(options.drain)).await,
            Err(e) => {
                tracing::error!(error = %e, "no job can be claimed");
                idle(&store, &mut stop, Duration::from_secs(2)).await;
            }
        }
    }
}

/// How often to look for work that came due, or came from another process, without being woken.
fn poll(drain: bool) -> Duration {
    Duration::from_millis(if drain { 100 } else { 1_000 })
}

/// Waits for work, for the end, or for `limit`.
pub(crate) async fn idle(store: &Store, stop: &mut watch::Receiver<bool>, limit: Duration) {
    tokio::select! {
        () = store.wait_for_work(limit) => {}
        _ = stop.wait_for(|s| *s) => {}
    }
}

/// Carries one job to its commit, keeping its lease alive.
pub async fn one(
    store: &Store,
    pipeline: &Arc<dyn Pipeline>,
    options: &Options,
    job: &Job,
    stop: &mut watch::Receiver<bool>,
) {
    tracing::debug!(job = job.id, receipt = job.receipt, stage = job.stage.as_str(), "begin");
    let (lost_tx, mut lost) = watch::channel(false);
    let (done_tx, done) = watch::channel(false);
    let beat = tokio::spawn(heartbeat(store.clone(), job.clone(), *options, lost_tx, done));
    let mut anew = 0;
    let ended = loop {
        // Only what is computed may be dropped half-way, never a store call.
        let computed = if job.crashes > i64::from(options.attempts) * CRASHES_PER_ATTEMPT {
            Ok(Computed::GiveUp("処理中にプログラムが何度も停止したため、人の確認が必要です".into()))
        } else {
            tokio::select! {
                c = compute(store, pipeline, options, job) => c,
                _ = lost.wait_for(|l| *l) => Err(Trouble::Lost),
                _ = stop.wait_for(|s| *s) => Err(Trouble::Stopping),
            }
        };
        let ended = match computed {
            Ok(computed) => commit(store, job, computed).await,
            Err(Trouble::Lost) => Err(StoreError::Stale),
            Err(Trouble::Stopping) => store.release(job).await.map(|()| JobEnd::Released),
            // Not for ever: hosts of two versions would read it for each other again and again.
            Err(Trouble::Reread(why)) if job.attempts + 1 < i64::from(options.attempts) => {
                tracing::warn!(
                    receipt = job.receipt,
                    why,
                    "the kept reading cannot be used, the original is read again"
                );
                store.rewind(job).await.map(|()| JobEnd::Reread)
            }
            Err(Trouble::Reread(why) | Trouble::Failed(why)) => Err(StoreError::Damaged(why)),
            Err(Trouble::Store(e)) => Err(e),
        };
        match ended {
            Err(StoreError::Moved) if anew < ANEW => anew += 1,
            // Not for ever either.
            Err(StoreError::Moved) => break Err(StoreError::Damaged("the room changed again and again".into())),
            ended => break ended,
        }
    };
    let _ = done_tx.send(true);
    let _ = beat.await;
    let end = match ended {
        Ok(end) => {
            tracing::debug!(job = job.id, receipt = job.receipt, ?end, "end");
            end
        }
        Err(StoreError::Stale) => {
            tracing::warn!(job = job.id, receipt = job.receipt, "the lease was lost");
            JobEnd::Lost
        }
        Err(e) if e.is_of_storage() => put_off(store, options, job, &e.to_string()).await,
        Err(e) => fail(store, options, job, &e.to_string()).await,
    };
    store.metrics().job(job.stage.as_str(), end);
}

async fn give_up(store: &Store, job: &Job, reason: &str) -> Result<JobEnd, StoreError> {
    store.give_up(job, "poison", reason).await?;
    tracing::error!(job = job.id, receipt = job.receipt, "given up: on the review list");
    Ok(JobEnd::Poison)
}

/// Puts a job off whose result cannot be kept now: it is not the file's doing, so it never ends on the review list.
/// Alarms tell of receipts that are overdue.
async fn put_off(store: &Store, options: &Options, job: &Job, why: &str) -> JobEnd {
    tracing::warn!(job = job.id, receipt = job.receipt, why, "the result cannot be kept");
    let delay = if options.drain { DRAINING_PUT_OFF } else { PUT_OFF };
    let delay_ms = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
    recorded(job, store.put_off(job, why, delay_ms).await.map(|()| JobEnd::Retry))
}

/// Puts a failed job off, or on the review list after its last attempt.
async fn fail(store: &Store, options: &Options, job: &Job, why: &str) -> JobEnd {
    let failures = job.attempts + 1;
    tracing::warn!(job = job.id, receipt = job.receipt, failures, why, "failed");
    let ended = if failures >= i64::from(options.attempts) {
        let reason = format!("{failures}回試みましたが処理できませんでした（{why}）");
        give_up(store, job, &reason).await
    } else {
        store.retry(job, why, backoff_ms(job.attempts, options.drain)).await.map(|()| JobEnd::Retry)
    };
    recorded(job, ended)
}

fn recorded(job: &Job, ended: Result<JobEnd, StoreError>) -> JobEnd {
    match ended {
        Ok(end) => end,
        Err(StoreError::Stale) => JobEnd::Lost,
        // The disk is full, say: the lease runs out, and the job is taken up again then.
        Err(e) => {
            tracing::error!(job = job.id, receipt = job.receipt, error = %e, "the failure cannot be recorded");
            JobEnd::Retry
        }
    }
}

/// Renews the lease until told that the job is done; tells when it is lost.
async fn heartbeat(
    store: Store,
    job: Job,
    options: Options,
    lost: watch::Sender<bool>,
    mut done: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(options.lease / 3) => {}
            _ = done.wait_for(|d| *d) => return,
        }
        match store.heartbeat(&job, options.lease_ms()).await {
            Ok(true) => {}
            Ok(false) => {
                let _ = lost.send(true);
                return;
            }
            Err(e) => tracing::warn!(job = job.id, receipt = job.receipt, error = %e, "the lease cannot be renewed"),
        }
    }
}

#[cfg(test)]
mod tests;
