//! Carries the outbox to its sinks: commit `sending`, the network, commit the outcome.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use super::{backoff_ms, idle, poll};
use crate::sink::{Sink, SinkError};
use crate::store::outbox::{Delivery, Outcome};
use crate::store::{Store, StoreError};

/// Failures after which a delivery is given up and stays visible as failed: with the longest waits of ten minutes this
/// is about a day and a half of a mail server that is away.
pub const ATTEMPTS: i64 = 200;
/// A daemon that was asked to drain does not wait longer than so many tries for a mail server that is away.
pub const DRAIN_TRIES: u32 = 3;

/// Tries of each open delivery in this run, shared with whoever waits for the drain.
pub type Tries = Arc<Mutex<HashMap<String, u32>>>;

/// Longer than any sink takes: a lease that ran out means a dead sender.
const LEASE: Duration = Duration::from_secs(600);

/// Delivers for one sink until `stop` turns true. The posting in hand is finished first; sinks bound their own time.
pub async fn run(store: Store, sink: Arc<dyn Sink>, drain: bool, tries: Tries, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match store.claim_delivery(sink.name(), LEASE.as_millis() as i64).await {
            Ok(Some(delivery)) => one(&store, &*sink, &delivery, drain, &tries).await,
            Ok(None) => idle(&store, &mut stop, poll(drain)).await,
            Err(e) => {
                tracing::error!(sink = sink.name(), error = %e, "the outbox cannot be read");
                idle(&store, &mut stop, Duration::from_secs(2)).await;
            }
        }
    }
}

/// One attempt at one posting.
pub async fn one(store: &Store, sink: &dyn Sink, delivery: &Delivery, drain: bool, tries: &Tries) {
    let posting = &delivery.posting;
    let answer = attempt(sink, delivery).await;
    crate::store::reached("deliver.after_network");
    let outcome = match answer {
        Ok(remote) => Outcome::Sent { remote },
        Err(SinkError::Never(error)) => Outcome::Failed { error },
        Err(SinkError::Later(error)) if delivery.attempts + 1 >= ATTEMPTS => Outcome::Failed { error },
        Err(SinkError::Later(error)) => Outcome::Later { error, delay_ms: backoff_ms(delivery.attempts, drain) },
    };
    match &outcome {
        Outcome::Sent { .. } => tracing::info!(key = posting.key, sink = sink.name(), "sent"),
        Outcome::Failed { error } => tracing::error!(key = posting.key, sink = sink.name(), error, "given up"),
        Outcome::Later { error, .. } => tracing::warn!(key = posting.key, sink = sink.name(), error, "later"),
        Outcome::Cancelled { .. } => {}
    }
    if let Ok(mut tries) = tries.lock() {
        *tries.entry(posting.key.clone()).or_default() += 1;
    }
    match store.commit_delivery(delivery, &outcome).await {
        Ok(()) => {}
        Err(StoreError::Stale) => tracing::warn!(key = posting.key, "another sender has it now"),
        Err(e) => tracing::error!(key = posting.key, error = %e, "the outcome cannot be recorded"),
    }
}

async fn attempt(sink: &dyn Sink, delivery: &Delivery) -> Result<String, SinkError> {
    if (delivery.doubtful || delivery.attempts > 0)
        && let Some(remote) = sink.find(&delivery.posting).await?
    {
        return Ok(remote);
    }
    sink.post(&delivery.posting).await
}

/// Whether a draining daemon need not wait for these open deliveries any longer.
pub fn tried_enough(open: &[String], tries: &Tries) -> bool {
    tries.lock().is_ok_and(|t| open.iter().all(|k| t.get(k).is_some_and(|n| *n >= DRAIN_TRIES)))
}
