//! What figures need now and then: samples that a week lacks, sums of days that are over, sheets from before it was looked
//! for what they carry.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::Config;
use crate::store::Store;
use crate::store::samples::Sampling;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(600);
/// How often a small step is taken where there is more to do, days of a step, and sheets.
const STEP: Duration = Duration::from_secs(2);
const DAYS: usize = 16;
const SHEETS: i64 = 4;

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
    /// When the last step was, and that it found nothing left to do.
    step: Option<(Instant, bool)>,
}

impl Figures {
    /// Looks now and then; of a look that fails the next one is the repair.
    pub async fn look(&mut self, store: &Store) {
        self.step(store).await;
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

    /// A few days and sheets at a time: whoever posts a sheet meanwhile hardly waits.
    async fn step(&mut self, store: &Store) {
        if self.step.is_some_and(|(at, done)| at.elapsed() < if done { EVERY } else { STEP }) {
            return;
        }
        let mut left = false;
        for (what, step) in [("days", store.sum_days(DAYS).await), ("sheets", store.look_back(SHEETS).await)] {
            match step {
                Ok(n) => left |= n > 0,
                Err(e) => tracing::error!(error = %e, what, "figures cannot be made ready"),
            }
        }
        self.step = Some((Instant::now(), !left));
    }
}
