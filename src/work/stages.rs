//! What a job does: `read` (original bytes → reading and page images, in the child process) and `accept` (reading →
//! documents, each posted, held back or closed by [`policy`]), each computed outside of any transaction and committed
//! under the lease. What reads and sorts stands behind [`Pipeline`], so that tests drive the same machine without a
//! recogniser. Must not know when it runs, again or at all: that is [`super`].

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;

use super::{Options, canary, kin, parts, policy};
use crate::again::ink;
use crate::completeness::{self, Look};
use crate::metrics::{By, JobEnd};
use crate::model::{Document, Reader, Status};
use crate::reading::Reading;
use crate::store::accept::{self, Accepted};
use crate::store::canary::Arrival;
use crate::store::parts::Bundle;
use crate::store::queue::{Job, Stage};
use crate::store::{Bond, Candidate, Kin, Sheet, State, Store, StoreError};

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

pub(super) enum Computed {
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
pub(super) struct Decision {
    reading: String,
    reader: Reader,
    decided: policy::Decided,
    canaries: Vec<Arrival>,
    kin: Vec<Option<Kin>>,
    looks: Vec<Look>,
    bundle: Option<Bundle>,
}

pub(super) enum Trouble {
    Lost,
    Stopping,
    Reread(String),
    Store(StoreError),
    Failed(String),
}

pub(super) async fn compute(
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
            let forwards = store.forwards().await.map_err(Trouble::Store)?;
            let (reading, mut decided, canaries, rules, looks) = tokio::task::spawn_blocking(move || {
                let sorted = sorter.sort(&reading);
                let rules = sorted.rules.clone();
                let mut decided = policy::decide(&reading, sorted, &|text| sorter.knows_name_in(text));
                if let Some(missing) = missing {
                    parts::say(&mut decided.sheets, &missing);
                }
                policy::follow(&mut decided.sheets, &forwards);
                let canaries = canary::take(&reading, &mut decided, &issued, &source);
                let looks = decided.sheets.iter().map(|s| completeness::look(&s.document, &reading.pages)).collect();
                (reading, decided, canaries, rules, looks)
            })
            .await
            // What it died of may quote what was read.
            .map_err(|_| Trouble::Failed("sorting died of a fault of the program".into()))?;
            let kin = kin::find(store, pipeline, options, (&id, &reading), job.received, &decided.sheets)
                .await
                .map_err(Trouble::Store)?;
            // Last: whether a sheet came before is asked of what was read, not of what is left to a person since.
            let fallen = store.fallen().await.map_err(Trouble::Store)?;
            policy::fall_back(&mut decided.sheets, &fallen);
            let reader = Reader { rules, ..reader };
            Ok(Computed::Accept(Box::new(Decision { reading: id, reader, decided, canaries, kin, looks, bundle })))
        }
    }
}

pub(super) async fn commit(store: &Store, job: &Job, computed: Computed) -> Result<JobEnd, StoreError> {
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
            let Decision { reading, reader, decided, canaries, kin, looks, bundle } = *decision;
            let accepted = Accepted {
                reading: &reading,
                sheets: &decided.sheets,
                kin: &kin,
                looks: &looks,
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
        Computed::GiveUp(reason) => super::give_up(store, job, &reason).await,
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
