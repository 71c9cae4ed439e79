//! What an administrator must see: it is logged once when it begins, stands on the pages until it has passed, counts as
//! a metric and against `/healthz`, and is told by mail where there is a mail server: once when it begins and once when
//! it is well again, over restarts and over the hosts of one database.
//!
//! Sources report their own faults, and get some time to recover before anybody is woken; so do registers and rules
//! that were refused, since those of before stay in force. The daemon's own alarms are those that no source can see:
//! receipts that have no final state in time, deliveries that do not get through, sources that have fallen silent,
//! canaries that did not come, a disk that fills up. No patient data in any of them.

mod post;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::{self, Config};
use crate::sink::mail::MailSink;
use crate::store::sources::SourceState;
use crate::store::{Store, StoreError};
use post::Post;

/// How often what should have happened is looked for.
const EVERY: Duration = Duration::from_secs(10);
/// What nobody looks after any more (a source that left the configuration) is forgotten after this time.
const FORGET: Duration = Duration::from_secs(900);

pub struct Alarms {
    store: Store,
    limits: config::Alarm,
    data_dir: PathBuf,
    /// Name of the alarm on the disk: of several hosts each has its own.
    disk: String,
    begun: Instant,
    /// The same by the store's clock.
    begun_at: i64,
    looked: Option<Instant>,
    /// The daemon's own, as recorded.
    own: BTreeMap<String, Own>,
    /// Since when each fault stands.
    since: BTreeMap<String, Instant>,
    /// All sources, and within how many hours something should come; 0: whenever.
    sources: Vec<(String, u64)>,
    post: Post,
}

struct Own {
    fault: Option<String>,
    /// Given no time to pass by itself.
    at_once: bool,
}

impl Alarms {
    pub fn new(store: Store, mail: Option<Arc<MailSink>>, config: &Config) -> Alarms {
        let disk = if store.is_shared() { format!("disk of {}", host_name()) } else { "disk".to_owned() };
        Alarms {
            limits: config.alarm.clone(),
            data_dir: config.top.data_dir.clone(),
            disk,
            begun: Instant::now(),
            begun_at: store.now(),
            looked: None,
            own: BTreeMap::new(),
            since: BTreeMap::new(),
            sources: config.intake.iter().map(|i| (i.name.clone(), i.silent_hours)).collect(),
            post: Post::new(store.clone(), mail, config.notice.admins.clone()),
            store,
        }
    }

    /// Raises one of the daemon's own alarms, or says that there is none.
    pub async fn set(&mut self, what: &str, fault: Option<String>) {
        self.record(what, fault, true).await;
    }

    /// [`Alarms::set`] for what was refused while that of before stays in force: told at once, but the service is well
    /// for as long as a source may have a fault.
    pub async fn refuse(&mut self, what: &str, fault: Option<String>) {
        self.record(what, fault, false).await;
    }

    async fn record(&mut self, what: &str, fault: Option<String>, at_once: bool) {
        let before = self.own.get(what).map(|o| &o.fault);
        if before == Some(&fault) {
            return;
        }
        match &fault {
            Some(f) => tracing::error!(about = what, "{f}"),
            None if before.is_some_and(Option::is_some) => tracing::info!(about = what, "is well again"),
            None => {}
        }
        match self.store.looked(what, fault.as_deref()).await {
            Ok(()) => {
                self.own.insert(what.to_owned(), Own { fault, at_once });
                self.spread().await;
            }
            Err(e) => tracing::error!(about = what, error = %e, "the alarm cannot be recorded"),
        }
    }

    /// Looks now and then for what should have happened.
    pub async fn look(&mut self) {
        if self.looked.is_some_and(|l| l.elapsed() < EVERY) {
            return;
        }
        self.looked = Some(Instant::now());
        if let Err(e) = self.overdue().await {
            tracing::error!(error = %e, "what is overdue cannot be looked for");
        }
        if let Err(e) = self.silence().await {
            tracing::error!(error = %e, "silent sources cannot be looked for");
        }
        self.full().await;
        self.spread().await;
    }

    async fn overdue(&mut self) -> Result<(), StoreError> {
        let minutes = self.limits.overdue_minutes;
        if minutes > 0 {
            let fault = match self.store.overdue(self.store.now() - ms(minutes)).await? {
                (0, _) => None,
                (n, oldest) => {
                    let oldest = oldest.unwrap_or_default();
                    Some(format!("{n} receipts have no final state after {minutes} minutes, the oldest is {oldest}"))
                }
            };
            self.set("queue", fault).await;
        }
        let minutes = self.limits.undelivered_minutes;
        if minutes > 0 {
            let fault = match self.store.undelivered(self.store.now() - ms(minutes)).await? {
                (0, _) => None,
                (n, _) => Some(format!("{n} deliveries are not done after {minutes} minutes")),
            };
            self.set("outbox", fault).await;
        }
        Ok(())
    }

    async fn silence(&mut self) -> Result<(), StoreError> {
        // What lies in a source after the daemon was away is received first.
        if self.begun.elapsed() < self.patience() {
            return Ok(());
        }
        for (source, hours) in self.sources.clone().into_iter().filter(|s| s.1 > 0) {
            let known = self.store.known_since(&source).await?;
            let last = self.store.last_received(&source).await?.unwrap_or(0).max(known);
            let silent = self.store.now() - last > ms(hours * 60);
            let fault = silent.then(|| format!("nothing has come for more than {hours} hours"));
            self.set(&format!("silence of {source}"), fault).await;
        }
        Ok(())
    }

    async fn full(&mut self) {
        let limit = self.limits.disk_free_mb;
        let free = match rustix::fs::statvfs(&self.data_dir) {
            Ok(s) => s.f_bavail.saturating_mul(s.f_frsize),
            Err(e) => {
                tracing::warn!(error = %e, "the free space of data_dir cannot be asked");
                return;
            }
        };
        self.store.metrics().disk_free(free);
        // One that stands ends a tenth above the limit, so that a file more or less is no news.
        let stands = self.own.get(&self.disk).is_some_and(|o| o.fault.is_some());
        let wanted = (limit << 20) + if stands { (limit << 20) / 10 } else { 0 };
        let fault = (limit > 0 && free < wanted).then(|| format!("less than {limit} MB are free where data_dir lies"));
        self.set(&self.disk.clone(), fault).await;
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.limits.fault_minutes * 60)
    }

    /// Gathers what stands, and passes it on: to the metrics, to `/healthz`, by mail.
    async fn spread(&mut self) {
        let rows: BTreeMap<String, SourceState> = match self.store.sources().await {
            Ok(rows) => rows.into_iter().map(|s| (s.name.clone(), s)).collect(),
            Err(e) => {
                tracing::error!(error = %e, "the sources' faults cannot be looked at");
                return;
            }
        };
        // Another process that starts forgets the faults of before, of ours as well.
        for (what, own) in &self.own {
            let recorded = rows.get(what).and_then(|r| r.fault.as_ref());
            if own.fault.is_some()
                && recorded.is_none()
                && let Err(e) = self.store.looked(what, own.fault.as_deref()).await
            {
                tracing::error!(about = what, error = %e, "the alarm cannot be recorded");
            }
        }
        let mut faults: BTreeMap<String, String> = rows
            .values()
            .filter(|r| !self.own.contains_key(&r.name))
            .filter_map(|r| Some((r.name.clone(), r.fault.clone()?)))
            .collect();
        faults.extend(self.own.iter().filter_map(|(what, o)| Some((what.clone(), o.fault.clone()?))));
        self.since.retain(|what, _| faults.contains_key(what));
        for what in faults.keys() {
            self.since.entry(what.clone()).or_insert_with(Instant::now);
        }
        let lasting = |what: &str| self.since.get(what).is_some_and(|s| s.elapsed() >= self.patience());
        let stands = |what: &str| self.own.get(what).is_some_and(|o| o.at_once) || lasting(what);

        let mut alarms: BTreeMap<String, Option<String>> = self.sources.iter().map(|s| (s.0.clone(), None)).collect();
        alarms.extend(self.own.keys().map(|what| (what.clone(), None)));
        let standing = faults.iter().filter(|(what, _)| stands(what));
        alarms.extend(standing.map(|(what, fault)| (what.clone(), Some(fault.clone()))));
        self.store.metrics().set_alarms(alarms);

        let told: BTreeMap<String, String> =
            faults.iter().filter(|(what, _)| self.own.contains_key(*what) || lasting(what)).map(pair).collect();
        let well: BTreeSet<String> = self
            .own
            .keys()
            .cloned()
            .chain(rows.values().filter(|r| r.looked.is_some_and(|l| l >= self.begun_at)).map(|r| r.name.clone()))
            .filter(|what| !faults.contains_key(what))
            .collect();
        self.post.send(&told, &faults, &well, self.begun.elapsed() > FORGET).await;
    }

    /// Lets the mails that are on their way arrive; each bounds its own time.
    pub async fn finish(&mut self) {
        self.post.finish().await;
    }
}

fn pair((what, fault): (&String, &String)) -> (String, String) {
    (what.clone(), fault.clone())
}

/// Minutes in milliseconds.
fn ms(minutes: u64) -> i64 {
    i64::try_from(minutes).unwrap_or(i64::MAX).saturating_mul(60_000)
}

fn host_name() -> String {
    let name = std::fs::read_to_string(Path::new("/etc/hostname")).unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "this host".to_owned() } else { name.to_owned() }
}
