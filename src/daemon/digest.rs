//! Makes letters of the notices that mailboxes want together, when their hour has come.

use std::time::Duration;

use tokio::sync::watch;

use crate::sink::mail::digest;
use crate::store::{Store, StoreError};
use crate::work::idle;

/// How often the hour is looked at.
const EVERY: Duration = Duration::from_secs(15);
const EVERY_DRAINING: Duration = Duration::from_millis(100);

/// Runs until `stop` turns true.
pub async fn run(store: Store, base_url: String, drain: bool, mut stop: watch::Receiver<bool>) {
    let every = if drain { EVERY_DRAINING } else { EVERY };
    while !*stop.borrow() {
        match one(&store, &base_url).await {
            Ok(true) => {}
            Ok(false) => idle(&store, &mut stop, every).await,
            // Another process has it, or a choice came between: what is left is seen at the next look.
            Err(StoreError::Stale) => idle(&store, &mut stop, Duration::from_millis(50)).await,
            Err(e) => {
                tracing::error!(error = %e, "a digest cannot be made");
                idle(&store, &mut stop, EVERY).await;
            }
        }
    }
}

/// One letter; false where none is due.
///
/// # Errors
/// The store refused.
async fn one(store: &Store, base_url: &str) -> Result<bool, StoreError> {
    let Some(due) = store.due_digest().await? else { return Ok(false) };
    let (subject, body) = digest(&due.postings, base_url);
    store.commit_digest(&due, &subject, &body).await?;
    tracing::info!(key = due.key(), notices = due.postings.len(), "digest");
    Ok(true)
}
