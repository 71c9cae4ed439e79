//! What an administrator must see: it is logged once when it begins, and stands on the pages until it has passed.
//!
//! Sources report their own faults; here are those that no source can see: registers and rules that were refused,
//! receipts that have no final state in time, sources that have fallen silent.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::Config;
use crate::store::Store;

/// A receipt should have its final state within this time.
const IN_TIME: Duration = Duration::from_secs(3600);
const EVERY: Duration = Duration::from_secs(60);

pub struct Alarms {
    store: Store,
    standing: BTreeMap<String, Option<String>>,
    /// Sources from which something should come within so many hours.
    silent: Vec<(String, u64)>,
    looked: Option<Duration>,
}

impl Alarms {
    pub fn new(store: Store, config: &Config) -> Alarms {
        let silent = config.intake.iter().filter(|i| i.silent_hours > 0);
        Alarms {
            store,
            standing: BTreeMap::new(),
            silent: silent.map(|i| (i.name.clone(), i.silent_hours)).collect(),
            looked: None,
        }
    }

    /// Raises an alarm, or says that there is none. No patient data.
    pub async fn set(&mut self, what: &str, fault: Option<String>) {
        if self.standing.get(what) == Some(&fault) {
            return;
        }
        match &fault {
            Some(f) => tracing::error!(about = what, "{f}"),
            None if self.standing.get(what).is_some_and(Option::is_some) => {
                tracing::info!(about = what, "is well again")
            }
            None => {}
        }
        match self.store.looked(what, fault.as_deref()).await {
            Ok(()) => {
                self.standing.insert(what.to_owned(), fault);
            }
            Err(e) => tracing::error!(about = what, error = %e, "the alarm cannot be recorded"),
        }
    }

    /// Looks for what should have happened. `up`: since the start.
    pub async fn look(&mut self, up: Duration) {
        if self.looked.is_some_and(|l| up < l + EVERY) {
            return;
        }
        self.looked = Some(up);
        let ms = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX / 2);
        let now = self.store.now();
        match self.store.overdue(now - ms(IN_TIME)).await {
            Ok((0, _)) => self.set("queue", None).await,
            Ok((n, oldest)) => {
                let fault = format!("{n} receipts have no final state after an hour, the oldest is {oldest:?}");
                self.set("queue", Some(fault)).await;
            }
            Err(e) => tracing::error!(error = %e, "overdue receipts cannot be looked for"),
        }
        for (source, hours) in self.silent.clone() {
            let limit = Duration::from_secs(hours * 3600);
            let last = match self.store.last_received(&source).await {
                Ok(last) => last.unwrap_or(0).max(now - ms(up)),
                Err(e) => {
                    tracing::error!(error = %e, "silent sources cannot be looked for");
                    continue;
                }
            };
            let fault = (now - last > ms(limit)).then(|| format!("nothing has come for more than {hours} hours"));
            self.set(&format!("silence of {source}"), fault).await;
        }
    }
}
