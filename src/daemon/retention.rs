//! What is past its time goes at night where the configuration says so; bytes whose rows went a day ago follow within the
//! hour. Looked at again after a start; what failed is for the next time.

use std::time::{Duration, Instant};

use jiff::civil::Date;

use crate::config::Config;
use crate::store::retention::Terms;
use crate::store::{MACHINE, Store, status};

/// Sheets go from this hour on, Japan's time.
const HOUR: i8 = 3;
/// How often bytes are looked for that may go.
const SWEEP: Duration = Duration::from_secs(3600);

/// As configured.
pub fn terms(config: &Config) -> Terms {
    let r = &config.retention;
    Terms {
        years: r.years,
        by_type: r.by_type.clone(),
        elsewhere: r.elsewhere_years,
        after_end: r.after_end,
        nightly: r.nightly,
    }
}

/// What remembers the last looks.
pub struct Retention {
    terms: Terms,
    looked: Option<Date>,
    swept: Option<Instant>,
}

impl Retention {
    pub fn new(config: &Config) -> Retention {
        Retention { terms: terms(config), looked: None, swept: None }
    }

    /// Looks once a night, and once an hour for bytes.
    pub async fn look(&mut self, store: &Store) {
        let now = status::local(store.now());
        if self.terms.nightly && self.terms.ends() && now.hour() >= HOUR && self.looked != Some(now.date()) {
            self.looked = Some(now.date());
            match store.erase(&self.terms, None, MACHINE).await {
                Ok(e) => tracing::info!(
                    receipts = e.receipts,
                    documents = e.documents,
                    rooms = e.rooms,
                    passed_over = e.passed_over,
                    "what was past its time has gone"
                ),
                Err(e) => tracing::error!(error = %e, "what is past its time cannot go"),
            }
        }
        if self.swept.is_none_or(|at| at.elapsed() > SWEEP) {
            self.swept = Some(Instant::now());
            match store.sweep_condemned().await {
                Ok(0) => {}
                Ok(blobs) => tracing::info!(blobs, "bytes of what went have gone"),
                Err(e) => tracing::error!(error = %e, "bytes of what went cannot go"),
            }
        }
    }
}
