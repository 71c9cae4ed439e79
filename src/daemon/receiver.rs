//! The store, as the sources see it.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use crate::intake::{Receiver, Refused, Verdict};
use crate::store::{self, Meta, Store, StoreError};

/// Keeps what the sources hand over.
pub struct Keeper(pub Store);

fn refused(e: StoreError) -> Refused {
    Refused(e.to_string())
}

#[async_trait]
impl Receiver for Keeper {
    async fn known(&self, source: &str, id: &str) -> Result<bool, Refused> {
        self.0.seen(source, id).await.map_err(refused)
    }

    async fn receive(
        &self,
        source: &str,
        id: &str,
        name: &str,
        detail: BTreeMap<String, String>,
        bytes: &[u8],
    ) -> Result<bool, Refused> {
        let meta = Meta { name: name.to_owned(), detail };
        let received = self.0.receive(source, id, bytes, &meta).await.map_err(refused)?;
        if received.fresh {
            self.0.metrics().received(source, bytes.len());
        }
        tracing::info!(source, receipt = received.receipt_id, fresh = received.fresh, bytes = bytes.len(), "received");
        Ok(received.fresh)
    }

    async fn verdict(&self, source: &str, id: &str, verdict: Verdict, reason: &str) -> Result<(), Refused> {
        let state = match verdict {
            Verdict::Review => store::Verdict::Review,
            Verdict::Ignored => store::Verdict::Ignored,
        };
        self.0.verdict(source, id, state, reason).await.map_err(refused)
    }

    async fn own(&self, source: &str, time: Duration) -> Result<bool, Refused> {
        self.0.own_source(source, time.as_millis() as i64).await.map_err(refused)
    }

    async fn disown(&self, source: &str) {
        if let Err(e) = self.0.disown_source(source).await {
            tracing::warn!(source, error = %e, "cannot be left to others");
        }
    }

    async fn looked(&self, source: &str, fault: Option<&str>) -> Result<(), Refused> {
        self.0.looked(source, fault).await.map_err(refused)
    }
}
