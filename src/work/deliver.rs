//! Carries the outbox to its sinks: commit `sending`, the network, commit the outcome.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{backoff_ms, idle, poll};
use crate::metrics::DeliveryEnd;
use crate::sink::{Sink, SinkError};
use crate::store::outbox::{Delivery, Outcome};
use crate::store::{Store, StoreError};

/// Failures after which a delivery is given up and stays visible as failed: with the longest waits of ten minutes this
/// is about a day and a half of a mail server that is away.
pub const ATTEMPTS: i64 = 200;
/// A daemon that was asked to drain tries a delivery so often before it leaves it to the next run.
pub const DRAIN_TRIES: u32 = 3;
/// So many failures in a row, of whatever deliveries, and the sink is taken to be away.
pub const DRAIN_FAILURES: u32 = 6;

/// What was tried in this run, shared with whoever waits for the drain.
#[derive(Debug, Default)]
pub struct Tally {
    /// Tries of each delivery.
    tries: HashMap<String, u32>,
    /// Failures since anything last got through.
    in_a_row: u32,
}

pub type Tries = Arc<Mutex<Tally>>;

/// Longer than any sink takes: a lease that ran out means a dead sender.
const LEASE: Duration = Duration::from_secs(600);

/// Delivers for one sink until `stop` turns true. The posting in hand is finished first; sinks bound their own time.
pub async fn run(store: Store, sink: Arc<dyn Sink>, drain: bool, tries: Tries, mut stop: watch::Receiver<bool>) {
    store.metrics().knows_sink(sink.name());
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
    let began = Instant::now();
    let answer = attempt(sink, delivery).await;
    let seconds = began.elapsed().as_secs_f64();
    crate::crash::reached("deliver.after_network");
    let outcome = match answer {
        Ok(remote) => Outcome::Sent { remote },
        Err(SinkError::Gone(reason)) => Outcome::Cancelled { reason },
        Err(SinkError::Never(error)) => Outcome::Failed { error },
        Err(SinkError::Later(error)) if delivery.attempts + 1 >= ATTEMPTS => Outcome::Failed { error },
        Err(SinkError::Later(error)) => Outcome::Later { error, delay_ms: backoff_ms(delivery.attempts, drain) },
    };
    let (receipt, key, name) = (&delivery.receipt, &posting.key, sink.name());
    let end = match &outcome {
        Outcome::Sent { .. } => {
            tracing::info!(receipt, key, sink = name, seconds, "sent");
            DeliveryEnd::Sent
        }
        Outcome::Failed { error } => {
            tracing::error!(receipt, key, sink = name, error, "given up");
            DeliveryEnd::Failed
        }
        Outcome::Later { error, .. } => {
            tracing::warn!(receipt, key, sink = name, error, "later");
            DeliveryEnd::Later
        }
        Outcome::Cancelled { .. } => DeliveryEnd::Cancelled,
    };
    store.metrics().delivery(name, end, Some(seconds));
    note(tries, &posting.key, matches!(outcome, Outcome::Later { .. }));
    match store.commit_delivery(delivery, &outcome).await {
        Ok(()) => {}
        Err(StoreError::Stale) => tracing::warn!(receipt, key, "another sender has it now"),
        Err(e) => tracing::error!(receipt, key, error = %e, "the outcome cannot be recorded"),
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

fn note(tries: &Tries, key: &str, failed: bool) {
    let mut tally = tries.lock().unwrap_or_else(PoisonError::into_inner);
    *tally.tries.entry(key.to_owned()).or_default() += 1;
    tally.in_a_row = if failed { tally.in_a_row + 1 } else { 0 };
}

/// Whether a draining daemon need not wait for these open deliveries any longer.
pub fn tried_enough(open: &[String], tries: &Tries) -> bool {
    let tally = tries.lock().unwrap_or_else(PoisonError::into_inner);
    tally.in_a_row >= DRAIN_FAILURES || open.iter().all(|k| tally.tries.get(k).is_some_and(|n| *n >= DRAIN_TRIES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drain_waits_for_deliveries_but_not_for_a_sink_that_is_away() {
        let tries = Tries::default();
        let open = ["a".to_owned(), "b".to_owned()];
        assert!(tried_enough(&[], &tries) && !tried_enough(&open, &tries));
        for _ in 0..DRAIN_TRIES {
            note(&tries, "a", true);
        }
        assert!(tried_enough(&open[..1], &tries) && !tried_enough(&open, &tries));
        note(&tries, "c", false);
        for _ in 0..DRAIN_FAILURES {
            assert!(!tried_enough(&open, &tries));
            note(&tries, "a", true);
        }
        assert!(tried_enough(&open, &tries), "the sink is away");
    }
}
