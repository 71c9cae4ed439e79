//! Carries letters to the mail server: claimed, sent, recorded. At least once, under one Message-ID.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{backoff_ms, deliver, idle, poll};
use crate::sink::SinkError;
use crate::sink::mail::MailSink;
use crate::store::letters::{Claimed, Sent};
use crate::store::{Store, StoreError};

/// Longer than any mail takes.
const LEASE: Duration = Duration::from_secs(600);

/// Sends letters until `stop` turns true. The one in hand is finished first.
pub async fn run(store: Store, mail: Arc<MailSink>, drain: bool, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match store.claim_letter(LEASE.as_millis() as i64).await {
            Ok(Some(claimed)) => one(&store, &mail, &claimed, drain).await,
            Ok(None) => idle(&store, &mut stop, poll(drain)).await,
            Err(e) => {
                tracing::error!(error = %e, "the letters cannot be read");
                idle(&store, &mut stop, Duration::from_secs(2)).await;
            }
        }
    }
}

async fn one(store: &Store, mail: &MailSink, claimed: &Claimed, drain: bool) {
    let l = &claimed.letter;
    let sent = mail.letter(&l.recipient, &l.key, &l.subject, &l.body, l.attached.as_deref()).await;
    let how = match sent {
        Ok(()) => Sent::Sent,
        Err(SinkError::Never(error) | SinkError::Gone(error)) => Sent::Failed { error },
        Err(SinkError::Later(error)) if claimed.attempts + 1 >= deliver::ATTEMPTS => Sent::Failed { error },
        Err(SinkError::Later(error)) => Sent::Later { error, delay_ms: backoff_ms(claimed.attempts, drain) },
    };
    match &how {
        Sent::Sent => tracing::info!(key = l.key, "letter sent"),
        Sent::Later { error, .. } => tracing::warn!(key = l.key, error, "letter later"),
        Sent::Failed { error } => tracing::error!(key = l.key, error, "letter given up"),
    }
    match store.commit_letter(claimed, &how).await {
        Ok(()) => {}
        Err(StoreError::Stale) => tracing::warn!(key = l.key, "another sender has the letter now"),
        Err(e) => tracing::error!(key = l.key, error = %e, "the outcome of a letter cannot be recorded"),
    }
}
