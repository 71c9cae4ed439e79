//! What figures need now and then: samples that a week lacks.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::Config;
use crate::store::Store;
use crate::store::samples::Sampling;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(600);

/// How samples are drawn; none where they are not.
pub fn sampling(config: &Config) -> Option<Sampling> {
    let s = &config.sample;
    let sampling = Sampling { share: s.share, weekly: i64::from(s.weekly), limit: s.limit };
    (s.share > 0.0 || s.weekly > 0).then_some(sampling)
}

/// What remembers the last look.
#[derive(Debug, Default)]
pub struct Figures {
    looked: Option<Instant>,
}

impl Figures {
    /// Looks now and then; of a look that fails the next one is the repair.
    pub async fn look(&mut self, store: &Store) {
        if self.looked.is_some_and(|l| l.elapsed() < EVERY) {
            return;
        }
        self.looked = Some(Instant::now());
        match store.top_up_samples().await {
            Ok(0) => {}
            Ok(sheets) => tracing::info!(sheets, "blind samples that last week lacked"),
            Err(e) => tracing::error!(error = %e, "blind samples cannot be drawn"),
        }
    }
}
