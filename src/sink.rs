//! Where accepted sheets and notices go. A sink sees only `model`: one [`Posting`], frozen, with a key that is the
//! same for every attempt.
//!
//! Adding a sink: one file under `sink/` that implements [`Sink`], one arm in the daemon's wiring, and its rows in
//! `store::outbox`. The board is no sink of this kind: its timeline lies in the same database as the decision, so a
//! sheet is posted there in the very transaction that accepts it (`store::outbox::post`).

pub mod mail;
pub mod push;
mod wording;

use async_trait::async_trait;

use crate::model::Posting;

/// Why a posting did not arrive, or may not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// May pass: not reachable, busy, timed out (and then it may have arrived).
    #[error("{0}")]
    Later(String),
    /// Will not pass by itself: refused for good.
    #[error("{0}")]
    Never(String),
    /// The recipient is not there any more, and nothing is amiss.
    #[error("{0}")]
    Gone(String),
}

/// A place that takes postings.
#[async_trait]
pub trait Sink: Send + Sync {
    /// As in the outbox and in the status: `mail`, …
    fn name(&self) -> &'static str;

    /// What the receiving system calls this posting, where an earlier attempt arrived. Asked before every repetition.
    ///
    /// # Errors
    /// It cannot be asked now. A sink that has no way to answer says `None`, and then delivers at least once.
    async fn find(&self, _posting: &Posting) -> Result<Option<String>, SinkError> {
        Ok(None)
    }

    /// Delivers; returns what the receiving system calls it. Must bound its own time.
    ///
    /// # Errors
    /// See [`SinkError`].
    async fn post(&self, posting: &Posting) -> Result<String, SinkError>;
}
