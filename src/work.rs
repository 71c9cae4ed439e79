//! The workers: claim a job, do its stage outside of any transaction, commit under the lease.
//!
//! `read`: original bytes → reading and page images, in the child process. `accept`: reading → documents, each posted,
//! held back or closed by [`policy`]. Deliveries are `work::deliver`. What reads and sorts stands behind [`Pipeline`],
//! so that tests drive the same machine without a recogniser.

pub mod canary;
pub mod deliver;
pub mod kin;
pub mod letters;
pub mod parts;
pub mod policy;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::watch;

use crate::again::{self, ink};
use crate::metrics::{By, JobEnd};
use crate::model::{Document, Reader, Status};
use crate::reading::Reading;
use crate::store::accept::Accepted;
use crate::store::canary::Arrival;
use crate::store::parts::Bundle;
use crate::store::queue::{Job, Stage};
use crate::store::{Bond, Candidate, Kin, Sheet, State, Store, StoreError, accept};

/// What came out of a file.
#[derive(Debug, Clone, Default)]
pub struct ReadDone {
    pub reading: Reading,
    /// PNG of each page, in order; empty where there is none.
    pub images: Vec<Vec<u8>>,
    pub reader: Reader,
}

/// Why nothing came out of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadFail {
    /// The file itself is the reason; a sentence for a person.
    Unreadable(String),
    /// Something else failed; another try may do.
    Later(String),
}

/// Who a document is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Exactly this patient's room.
    Room(String),
    /// Not certain; why not, in a sentence for a person, and who may be meant.
    Unsure { reason: String, candidates: Vec<Candidate> },
}

/// A reading, sorted by the rules and compared with the register.
#[derive(Debug, Clone, Default)]
pub struct Sorted {
    pub documents: Vec<(Document, Found)>,
    /// What was found where there is no document, as a sentence for a person.
    pub note: Option<String>,
    /// `sha256:…` over the rules that sorted it.
    pub rules: String,
}

/// What the workers drive. One for the whole daemon.
#[async_trait]
pub trait Pipeline: Send + Sync + 'static {
    /// Reads a file in the child process. `name` is a hint for messages only.
    async fn read(&self, name: &str, bytes: Vec<u8>) -> Result<ReadDone, ReadFail>;
    /// Sorts and matches; a pure function of the reading, the rules and the registers of this moment.
    fn sort(&self, reading: &Reading) -> Sorted;
    /// Whether a text (without white space) holds a registered patient's name.
    fn knows_name_in(&self, text: &str) -> bool;
    /// Compares two page images (PNG) in the child process; none where that cannot be done.
    async fn compare(&self, _old: Vec<u8>, _new: Vec<u8>, _question: ink::Question) -> Option<ink::Answer> {
        None
    }
}

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

enum Computed {
    /// And the seconds that it took.
    Read(Box<ReadDone>, f64),
    Unreadable(String),
    Accept(Box<Decision>),
    /// Other parts of the fax may come until then.
    Wait(i64),
    /// The same mail has this receipt.
    Linked(String),
    GiveUp(String),
}

/// What became of a reading.
struct Decision {
    reading: String,
    reader: Reader,
    decided: policy::Decided,
    canaries: Vec<Arrival>,
    kin: Vec<Option<Kin>>,
    bundle: Option<Bundle>,
}

enum Trouble {
    Lost,
    Stopping,
    Reread(String),
    Store(StoreError),
    Failed(String),
}

async fn compute(
    store: &Store,
    pipeline: &Arc<dyn Pipeline>,
    options: &Options,
    job: &Job,
) -> Result<Computed, Trouble> {
    match job.stage {
        Stage::Read => {
            let bytes = store.blob(&job.sha256).await.map_err(Trouble::Store)?;
            let began = Instant::now();
            match pipeline.read(&job.name, bytes).await {
                Ok(done) => Ok(Computed::Read(Box::new(done), began.elapsed().as_secs_f64())),
                Err(ReadFail::Unreadable(reason)) => Ok(Computed::Unreadable(reason)),
                Err(ReadFail::Later(why)) => Err(Trouble::Failed(why)),
            }
        }
        Stage::Accept => {
            let own = store.reading(&job.sha256).await.map_err(|e| match e {
                StoreError::Damaged(why) => Trouble::Reread(why),
                e => Trouble::Store(e),
            })?;
            if let Some(message_id) = own.2.mail.as_ref().and_then(|m| m.message_id.as_deref())
                && let Some(first) =
                    store.mail_before(job, message_id, (&own.0, &own.2)).await.map_err(Trouble::Store)?
            {
                return Ok(Computed::Linked(first));
            }
            let gathered = parts::gather(store, options, job, own).await.map_err(Trouble::Store)?;
            let (id, reader, reading, bundle) = match gathered {
                parts::Gathered::Go { id, reader, reading, bundle } => (id, reader, *reading, bundle),
                parts::Gathered::Wait(until) => return Ok(Computed::Wait(until)),
            };
            let issued = store.canaries_out().await.map_err(Trouble::Store)?;
            let (sorter, source, missing) = (pipeline.clone(), job.source.clone(), parts::missing(bundle.as_ref()));
            let (reading, decided, canaries, rules) = tokio::task::spawn_blocking(move || {
                let sorted = sorter.sort(&reading);
                let rules = sorted.rules.clone();
                let mut decided = policy::decide(&reading, sorted, &|text| sorter.knows_name_in(text));
                if let Some(missing) = missing {
                    parts::say(&mut decided.sheets, &missing);
                }
                let canaries = canary::take(&reading, &mut decided, &issued, &source);
                (reading, decided, canaries, rules)
            })
            .await
            // What it died of may quote what was read.
            .map_err(|_| Trouble::Failed("sorting died of a fault of the program".into()))?;
            let kin = kin::find(store, pipeline, options, (&id, &reading), job.received, &decided.sheets)
                .await
                .map_err(Trouble::Store)?;
            let reader = Reader { rules, ..reader };
            Ok(Computed::Accept(Box::new(Decision { reading: id, reader, decided, canaries, kin, bundle })))
        }
    }
}

async fn commit(store: &Store, job: &Job, computed: Computed) -> Result<JobEnd, StoreError> {
    let receipt = &job.receipt;
    match computed {
        Computed::Read(done, seconds) => {
            let pages = done.reading.pages.len();
            let failed = done.reading.pages.iter().filter(|p| p.failed.is_some()).count();
            store.commit_reading(job, &done.reading, done.images, &done.reader).await?;
            tracing::info!(receipt, pages, failed, seconds, "read");
            store.metrics().read(seconds, store.seconds_since(job.received), pages - failed, failed);
            Ok(JobEnd::Done)
        }
        Computed::Accept(decision) => {
            let Decision { reading, reader, decided, canaries, kin, bundle } = *decision;
            let accepted = Accepted {
                reading: &reading,
                sheets: &decided.sheets,
                kin: &kin,
                canaries: &canaries,
                bundle: bundle.as_ref(),
                reader: &reader,
                reason: decided.reason.as_deref(),
            };
            store.accept(job, &accepted).await?;
            let receipt = bundle.as_ref().map_or(receipt, |b| &b.leader);
            for (n, (sheet, kin)) in decided.sheets.iter().zip(&kin).enumerate() {
                count(store, job, &accept::document_id(receipt, n as i64), sheet, kin.as_ref());
            }
            tracing::info!(receipt, documents = decided.sheets.len(), "decided");
            Ok(JobEnd::Done)
        }
        Computed::Wait(until) => {
            store.wait(job, until).await?;
            tracing::debug!(receipt, "waits for other parts of the fax");
            Ok(JobEnd::Released)
        }
        Computed::Linked(first) => {
            store.link_mail(job, &first).await?;
            tracing::info!(receipt, first, "the same mail once more");
            Ok(JobEnd::Done)
        }
        Computed::Unreadable(reason) => {
            store.give_up(job, "unreadable", &reason).await?;
            tracing::info!(receipt, "unreadable: on the review list");
            Ok(JobEnd::Unreadable)
        }
        Computed::GiveUp(reason) => give_up(store, job, &reason).await,
    }
}

/// Tells of a document that was decided on. Ids and kinds only: what the sheet says is for its pages. A canary counts
/// among canaries only.
fn count(store: &Store, job: &Job, document: &str, sheet: &Sheet, kin: Option<&Kin>) {
    let (kind, state) = (sheet.document.kind.as_str(), sheet.state.as_str());
    if sheet.room.as_deref() == Some(crate::canary::CANARY_ROOM) {
        tracing::info!(receipt = job.receipt, document, kind, state, "canary");
        return;
    }
    let fields = sheet.document.fields.values();
    let accepted = fields.clone().filter(|f| f.status == Status::Accepted).count();
    store.metrics().document(kind, state, accepted, fields.len() - accepted);
    let again = matches!(kin.and_then(|k| k.of.as_ref()), Some((_, Bond::Again)));
    if sheet.state == State::Posted && !again {
        store.metrics().posted(By::Machine, store.seconds_since(job.received));
    }
    tracing::info!(receipt = job.receipt, document, kind, state, again, "document");
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
