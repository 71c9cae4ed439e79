//! What an administrator must see: it is logged once when it begins, stands on the pages until it has passed, and is
//! told by mail where there is a mail server.
//!
//! Sources report their own faults, and get some time to recover before anybody is woken; the daemon's own alarms are
//! those that no source can see: registers and rules that were refused, receipts that have no final state in time,
//! sources that have fallen silent, canaries that did not come. No patient data in any of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::config::Config;
use crate::sink::mail::MailSink;
use crate::store::{Store, StoreError};

/// A receipt should have its final state within this time.
const IN_TIME: Duration = Duration::from_secs(3600);
const EVERY: Duration = Duration::from_secs(60);
/// A source that is away for a moment is no alarm.
const PATIENCE: Duration = Duration::from_secs(300);

pub struct Alarms {
    store: Store,
    begun: Instant,
    looked: Option<Instant>,
    /// The daemon's own, as recorded.
    own: BTreeMap<String, Option<String>>,
    /// Since when each fault stands.
    since: BTreeMap<String, Instant>,
    /// Sources from which something should come within so many hours.
    silent: Vec<(String, u64)>,
    mail: Option<Arc<MailSink>>,
    admins: Vec<String>,
    /// Faults that the administrators were told of.
    told: Arc<Mutex<BTreeSet<String>>>,
    sending: JoinSet<()>,
}

impl Alarms {
    pub fn new(store: Store, mail: Option<Arc<MailSink>>, config: &Config) -> Alarms {
        let silent = config.intake.iter().filter(|i| i.silent_hours > 0);
        Alarms {
            store,
            begun: Instant::now(),
            looked: None,
            own: BTreeMap::new(),
            since: BTreeMap::new(),
            silent: silent.map(|i| (i.name.clone(), i.silent_hours)).collect(),
            mail,
            admins: config.notice.admins.clone(),
            told: Arc::default(),
            sending: JoinSet::new(),
        }
    }

    /// Raises one of the daemon's own alarms, or says that there is none.
    pub async fn set(&mut self, what: &str, fault: Option<String>) {
        if self.own.get(what) == Some(&fault) {
            return;
        }
        match &fault {
            Some(f) => tracing::error!(about = what, "{f}"),
            None if self.own.get(what).is_some_and(Option::is_some) => tracing::info!(about = what, "is well again"),
            None => {}
        }
        match self.store.looked(what, fault.as_deref()).await {
            Ok(()) => {
                self.own.insert(what.to_owned(), fault);
                self.spread().await;
            }
            Err(e) => tracing::error!(about = what, error = %e, "the alarm cannot be recorded"),
        }
    }

    /// Whether one of the daemon's own alarms stands.
    pub fn stands(&self, what: &str) -> bool {
        self.own.get(what).is_some_and(Option::is_some)
    }

    /// Looks now and then for what should have happened.
    pub async fn look(&mut self) {
        if self.looked.is_some_and(|l| l.elapsed() < EVERY) {
            return;
        }
        self.looked = Some(Instant::now());
        if let Err(e) = self.overdue().await {
            tracing::error!(error = %e, "overdue receipts cannot be looked for");
        }
        if let Err(e) = self.silence().await {
            tracing::error!(error = %e, "silent sources cannot be looked for");
        }
        self.spread().await;
    }

    async fn overdue(&mut self) -> Result<(), StoreError> {
        let fault = match self.store.overdue(self.store.now() - ms(IN_TIME)).await? {
            (0, _) => None,
            (n, oldest) => {
                let oldest = oldest.unwrap_or_default();
                Some(format!("{n} receipts have no final state after an hour, the oldest is {oldest}"))
            }
        };
        self.set("queue", fault).await;
        Ok(())
    }

    async fn silence(&mut self) -> Result<(), StoreError> {
        let (now, start) = (self.store.now(), self.store.now() - ms(self.begun.elapsed()));
        for (source, hours) in self.silent.clone() {
            let last = self.store.last_received(&source).await?.unwrap_or(0).max(start);
            let silent = now - last > ms(Duration::from_secs(hours * 3600));
            let fault = silent.then(|| format!("nothing has come for more than {hours} hours"));
            self.set(&format!("silence of {source}"), fault).await;
        }
        Ok(())
    }

    /// Mails what is new to the administrators; what could not be sent is tried again with the next look.
    async fn spread(&mut self) {
        while self.sending.try_join_next().is_some() {}
        let Some(mail) = self.mail.clone() else { return };
        let standing: BTreeMap<String, String> = match self.store.sources().await {
            Ok(sources) => sources.into_iter().filter_map(|s| Some((s.name, s.fault?))).collect(),
            Err(e) => {
                tracing::error!(error = %e, "the sources' faults cannot be looked at");
                return;
            }
        };
        self.since.retain(|what, _| standing.contains_key(what));
        let mut news: Vec<(String, Option<String>)> = Vec::new();
        {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            for (what, fault) in standing.iter().filter(|(what, _)| !told.contains(*what)) {
                let since = self.since.entry(what.clone()).or_insert_with(Instant::now);
                if self.own.contains_key(what) || since.elapsed() >= PATIENCE {
                    news.push((what.clone(), Some(fault.clone())));
                }
            }
            let well = told.iter().filter(|what| !standing.contains_key(*what));
            news.extend(well.map(|what| (what.clone(), None)));
            for (what, fault) in &news {
                if fault.is_some() {
                    told.insert(what.clone())
                } else {
                    told.remove(what)
                };
            }
        }
        for (what, fault) in news {
            for admin in self.admins.clone() {
                let (mail, told, what, fault) = (mail.clone(), self.told.clone(), what.clone(), fault.clone());
                self.sending.spawn(async move {
                    let key = uuid::Uuid::new_v4().to_string();
                    if let Err(e) = mail.alarm(&admin, &key, &what, fault.as_deref()).await {
                        tracing::warn!(about = what, error = %e, "an administrator cannot be told");
                        told.lock().unwrap_or_else(PoisonError::into_inner).remove(&what);
                    }
                });
            }
        }
    }

    /// Lets the mails that are on their way arrive; each bounds its own time.
    pub async fn finish(&mut self) {
        while self.sending.join_next().await.is_some() {}
    }
}

fn ms(d: Duration) -> i64 {
    i64::try_from(d.as_millis()).unwrap_or(i64::MAX / 2)
}
