//! What the process counts of itself, in Prometheus' terms, and which alarms stand.
//!
//! A value that is handed on ([`Metrics`], cheap to clone), never a global: whoever has one records into it, and one
//! that nobody reads costs next to nothing. Names and labels are a contract with dashboards and alert rules
//! (`packaging/`). Labels are bounded by the configuration and the vocabulary and never carry patient data. What the
//! store knows is asked at the scrape and handed over as a [`Snapshot`]. Knows no other module.

mod process;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};

pub use prometheus_text::CONTENT_TYPE;
pub use snapshot::Snapshot;

/// Prefix of all names but those of the process.
const PREFIX: &str = "faxbridge";

type Label = (&'static str, String);
type One<M> = Family<[Label; 1], M, Make<M>>;
type Two<M> = Family<[Label; 2], M, Make<M>>;
type Make<M> = fn() -> M;

/// An enum whose values are those of a label.
macro_rules! words {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $vdoc:literal])* $v:ident = $word:literal),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[doc = $vdoc])* $v),+ }
        impl $name {
            fn words() -> Vec<String> {
                vec![$($word.to_owned()),+]
            }
            fn word(self) -> String {
                match self { $($name::$v => $word),+ }.to_owned()
            }
        }
    };
}

words! {
    /// How a job's turn ended.
    JobEnd {
        Done = "done",
        /// The file cannot be read: on the review list.
        Unreadable = "unreadable",
        /// Failed too often: on the review list.
        Poison = "poison",
        /// Failed, and put off.
        Retry = "retry",
        /// The kept reading could not be used.
        Reread = "reread",
        /// The lease was lost to another worker.
        Lost = "lost",
        /// Put back, as the process ends.
        Released = "released",
    }
}

words! {
    /// How one attempt at a delivery ended.
    DeliveryEnd {
        Sent = "sent",
        Later = "later",
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

words! {
    /// How a reading process was lost.
    ChildLoss {
        Died = "died",
        Slow = "slow",
    }
}

words! {
    /// Why a reading process was replaced after its file.
    ChildWear {
        Pages = "pages",
        Memory = "memory",
        /// A library may have kept something of the file.
        Tainted = "tainted",
    }
}

words! {
    /// Who posted a sheet.
    By {
        Machine = "machine",
        Person = "person",
    }
}

words! {
    /// Weight of an event in the log.
    LogLevel {
        Warn = "warn",
        Error = "error",
    }
}

/// The counters of one process, and the alarms that it sees. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    received: One<Counter>,
    received_bytes: One<Counter>,
    verdicts: Two<Counter>,
    jobs: Two<Counter>,
    pages: One<Counter>,
    documents: Two<Counter>,
    fields: One<Counter>,
    deliveries: Two<Counter>,
    alarm_mails: One<Counter>,
    children_started: Counter,
    children_lost: One<Counter>,
    children_replaced: One<Counter>,
    log_events: One<Counter>,
    route: One<Histogram>,
    first_look: One<Histogram>,
    first_reading: Histogram,
    reading: Histogram,
    page: Histogram,
    delivery: One<Histogram>,
    disk_free: Gauge<f64, AtomicU64>,
    alarms: RwLock<BTreeMap<String, Option<String>>>,
    /// Sources whose series there are.
    sources: RwLock<BTreeSet<String>>,
}

/// From a receipt to its post: seconds where all goes by itself, hours where a person is asked.
fn route() -> Histogram {
    let bounds =
        [1., 2., 5., 10., 20., 30., 60., 120., 300., 600., 1_800., 3_600., 14_400., 43_200., 86_400., 259_200.];
    Histogram::new(bounds)
}

/// From a tenth of a second to ten minutes.
fn seconds() -> Histogram {
    Histogram::new([0.1, 0.25, 0.5, 1., 2., 3., 5., 10., 20., 30., 60., 120., 300., 600.])
}

/// Adds a metric under its name.
fn add<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

/// A family whose label has these values from the start: a series that appears with its first event has no rate then.
fn one<M: Clone>(make: Make<M>, label: &'static str, values: Vec<String>) -> One<M> {
    let family = Family::new_with_constructor(make);
    for v in values {
        drop(family.get_or_create(&[(label, v)]));
    }
    family
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut all = Registry::default();
        all.register_collector(Box::new(process::Process::new()));
        let r = all.sub_registry_with_prefix(PREFIX);
        r.register("build", "What runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        let metrics = Metrics(Arc::new(Inner {
            received: add(
                r,
                "received",
                "Files and mails received from each source; the same again does not count",
                one(Counter::default, "source", Vec::new()),
            ),
            received_bytes: add(
                r,
                "received_bytes",
                "Bytes of the files and mails received from each source",
                one(Counter::default, "source", Vec::new()),
            ),
            verdicts: add(
                r,
                "verdicts",
                "Inputs whose bytes were not kept, by what was said of them",
                Family::new_with_constructor(Counter::default),
            ),
            jobs: add(
                r,
                "jobs",
                "Turns of jobs, by stage and how they ended",
                Family::new_with_constructor(Counter::default),
            ),
            pages: add(
                r,
                "pages",
                "Pages by whether they could be read",
                one(Counter::default, "outcome", vec!["read".to_owned(), "failed".to_owned()]),
            ),
            documents: add(
                r,
                "documents",
                "Documents by type and what was decided about them",
                Family::new_with_constructor(Counter::default),
            ),
            fields: add(
                r,
                "fields",
                "Extracted fields by whether they were sure enough to be accepted",
                one(Counter::default, "status", vec!["accepted".to_owned(), "review".to_owned()]),
            ),
            deliveries: add(
                r,
                "deliveries",
                "Attempts at deliveries, by sink and how they ended",
                Family::new_with_constructor(Counter::default),
            ),
            alarm_mails: add(
                r,
                "alarm_mails",
                "Mails that tell administrators of alarms",
                one(Counter::default, "outcome", vec!["sent".to_owned(), "failed".to_owned()]),
            ),
            children_started: add(
                r,
                "reader_processes_started",
                "Reading processes that were started",
                Counter::default(),
            ),
            children_lost: add(
                r,
                "reader_processes_lost",
                "Reading processes that died over a file or took too long",
                one(Counter::default, "how", ChildLoss::words()),
            ),
            children_replaced: add(
                r,
                "reader_processes_replaced",
                "Reading processes that were replaced after their file",
                one(Counter::default, "why", ChildWear::words()),
            ),
            log_events: add(
                r,
                "log_events",
                "Warnings and errors in the log",
                one(Counter::default, "level", LogLevel::words()),
            ),
            route: add(
                r,
                "route_seconds",
                "From a receipt to its sheet in the room, by who found the room",
                one(route as Make<Histogram>, "by", By::words()),
            ),
            first_look: add(
                r,
                "first_look_seconds",
                "From a receipt to the first reviewer who opened its held sheet, by urgency",
                one(route as Make<Histogram>, "urgency", vec!["urgent".to_owned(), "routine".to_owned()]),
            ),
            first_reading: add(r, "first_reading_seconds", "From a receipt to its reading", route()),
            reading: add(r, "reading_seconds", "Time that reading one file takes", seconds()),
            page: add(r, "page_seconds", "Time that reading one page takes", seconds()),
            delivery: add(
                r,
                "delivery_seconds",
                "Time that one attempt at a delivery takes",
                one(seconds as Make<Histogram>, "sink", Vec::new()),
            ),
            disk_free: add(r, "disk_free_bytes", "Free space of the data folder", Gauge::default()),
            alarms: RwLock::default(),
            sources: RwLock::default(),
            registry: all,
        }));
        for stage in ["read", "accept"] {
            for end in JobEnd::words() {
                drop(metrics.0.jobs.get_or_create(&[("stage", stage.to_owned()), ("outcome", end)]));
            }
        }
        metrics.knows_sink("mail");
        for state in ["posted", "review", "ignored", "quarantined"] {
            drop(metrics.0.documents.get_or_create(&[("type", "other".to_owned()), ("state", state.to_owned())]));
        }
        metrics
    }
}

impl Metrics {
    /// A source that may be heard of: its series begin at nought.
    pub fn knows_source(&self, source: &str) {
        self.0.sources.write().unwrap_or_else(PoisonError::into_inner).insert(source.to_owned());
        let source = || ("source", source.to_owned());
        drop(self.0.received.get_or_create(&[source()]));
        drop(self.0.received_bytes.get_or_create(&[source()]));
        for verdict in ["review", "ignored"] {
            drop(self.0.verdicts.get_or_create(&[source(), ("verdict", verdict.to_owned())]));
        }
    }

    /// The sources that may be heard of.
    pub fn sources(&self) -> Vec<String> {
        self.0.sources.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// A sink that may be heard of.
    pub fn knows_sink(&self, sink: &str) {
        drop(self.0.delivery.get_or_create(&[("sink", sink.to_owned())]));
        for end in DeliveryEnd::words() {
            drop(self.0.deliveries.get_or_create(&[("sink", sink.to_owned()), ("outcome", end)]));
        }
    }

    /// A new file or mail of so many bytes.
    pub fn received(&self, source: &str, bytes: usize) {
        self.0.received.get_or_create(&[("source", source.to_owned())]).inc();
        self.0.received_bytes.get_or_create(&[("source", source.to_owned())]).inc_by(bytes as u64);
    }

    /// An input whose bytes were not kept.
    pub fn verdict(&self, source: &str, verdict: &'static str) {
        self.0.verdicts.get_or_create(&[("source", source.to_owned()), ("verdict", verdict.to_owned())]).inc();
    }

    /// A job's turn has ended.
    pub fn job(&self, stage: &'static str, end: JobEnd) {
        self.0.jobs.get_or_create(&[("stage", stage.to_owned()), ("outcome", end.word())]).inc();
    }

    /// A file was read within so many seconds, its receipt being so many seconds old; pages that could and could not
    /// be read.
    pub fn read(&self, seconds: f64, since_receipt: f64, pages: usize, failed: usize) {
        self.0.reading.observe(seconds);
        self.0.first_reading.observe(since_receipt);
        for (outcome, n) in [("read", pages), ("failed", failed)] {
            self.0.pages.get_or_create(&[("outcome", outcome.to_owned())]).inc_by(n as u64);
        }
    }

    /// A page was read within so many seconds.
    pub fn page(&self, seconds: f64) {
        self.0.page.observe(seconds);
    }

    /// A document was decided on; its fields that were accepted and that wait for a person.
    pub fn document(&self, kind: &str, state: &'static str, accepted: usize, review: usize) {
        self.0.documents.get_or_create(&[("type", kind.to_owned()), ("state", state.to_owned())]).inc();
        for (status, n) in [("accepted", accepted), ("review", review)] {
            self.0.fields.get_or_create(&[("status", status.to_owned())]).inc_by(n as u64);
        }
    }

    /// A sheet stands in its room, so many seconds after its receipt.
    pub fn posted(&self, by: By, seconds: f64) {
        self.0.route.get_or_create(&[("by", by.word())]).observe(seconds);
    }

    /// A reviewer opened a held sheet for the first time, so many seconds after its receipt.
    pub fn first_look(&self, urgent: bool, seconds: f64) {
        let urgency = if urgent { "urgent" } else { "routine" };
        self.0.first_look.get_or_create(&[("urgency", urgency.to_owned())]).observe(seconds);
    }

    /// An attempt at a delivery has ended; `seconds`: what the sink took, where it was asked.
    pub fn delivery(&self, sink: &str, end: DeliveryEnd, seconds: Option<f64>) {
        self.0.deliveries.get_or_create(&[("sink", sink.to_owned()), ("outcome", end.word())]).inc();
        if let Some(s) = seconds {
            self.0.delivery.get_or_create(&[("sink", sink.to_owned())]).observe(s);
        }
    }

    /// An administrator was told of an alarm, or could not be told.
    pub fn alarm_mail(&self, sent: bool) {
        let outcome = if sent { "sent" } else { "failed" };
        self.0.alarm_mails.get_or_create(&[("outcome", outcome.to_owned())]).inc();
    }

    pub fn child_started(&self) {
        self.0.children_started.inc();
    }

    pub fn child_lost(&self, how: ChildLoss) {
        self.0.children_lost.get_or_create(&[("how", how.word())]).inc();
    }

    pub fn child_replaced(&self, why: ChildWear) {
        self.0.children_replaced.get_or_create(&[("why", why.word())]).inc();
    }

    pub fn logged(&self, level: LogLevel) {
        self.0.log_events.get_or_create(&[("level", level.word())]).inc();
    }

    /// Free space of the data folder.
    pub fn disk_free(&self, bytes: u64) {
        self.0.disk_free.set(bytes as f64);
    }

    /// Replaces what is known of the alarms: each by name, with what is wrong where it stands. No patient data.
    pub fn set_alarms(&self, alarms: BTreeMap<String, Option<String>>) {
        *self.0.alarms.write().unwrap_or_else(PoisonError::into_inner) = alarms;
    }

    /// The alarms that stand, and what is wrong.
    pub fn alarms(&self) -> Vec<(String, String)> {
        let alarms = self.0.alarms.read().unwrap_or_else(PoisonError::into_inner);
        alarms.iter().filter_map(|(name, fault)| Some((name.clone(), fault.clone()?))).collect()
    }

    /// Everything, in Prometheus' text format ([`CONTENT_TYPE`]).
    pub fn text(&self, mut now: Snapshot) -> String {
        {
            let alarms = self.0.alarms.read().unwrap_or_else(PoisonError::into_inner);
            let series = alarms.iter().map(|(n, f)| (vec![("alarm", n.clone())], f64::from(u8::from(f.is_some()))));
            now.gauge("alarm_standing", "Whether an alarm stands", series);
            let standing = alarms.values().flatten().count();
            now.gauge("alarms_standing", "Alarms that stand", [(Vec::new(), standing as f64)]);
        }
        let mut text = String::new();
        for registry in [&self.0.registry, &now.registry] {
            // Writing into a string does not fail.
            let _ = prometheus_text::encode(&mut text, registry);
        }
        if !text.ends_with('\n') {
            let _ = writeln!(text);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels_are_prometheus_text() {
        let m = Metrics::default();
        m.knows_source("scan");
        m.received("scan", 10);
        m.job("read", JobEnd::Done);
        m.posted(By::Machine, 4.0);
        m.set_alarms(BTreeMap::from([("queue".to_owned(), Some("late".to_owned())), ("disk".to_owned(), None)]));
        let mut now = Snapshot::default();
        now.gauge("jobs_waiting", "Jobs", [(vec![("stage", "read".to_owned())], 3.0)]);
        let text = m.text(now);
        for line in [
            "# TYPE faxbridge_received_total counter",
            "faxbridge_received_total{source=\"scan\"} 1",
            "faxbridge_received_bytes_total{source=\"scan\"} 10",
            "faxbridge_verdicts_total{source=\"scan\",verdict=\"review\"} 0",
            "faxbridge_jobs_total{stage=\"read\",outcome=\"done\"} 1",
            "faxbridge_jobs_total{stage=\"accept\",outcome=\"poison\"} 0",
            "# TYPE faxbridge_route_seconds histogram",
            "faxbridge_route_seconds_bucket{by=\"machine\",le=\"5\"} 1",
            "faxbridge_route_seconds_count{by=\"person\"} 0",
            "faxbridge_deliveries_total{sink=\"mail\",outcome=\"sent\"} 0",
            "# TYPE faxbridge_alarm_standing gauge",
            "faxbridge_alarm_standing{alarm=\"queue\"} 1.0",
            "faxbridge_alarm_standing{alarm=\"disk\"} 0.0",
            "faxbridge_alarms_standing 1.0",
            "faxbridge_jobs_waiting{stage=\"read\"} 3.0",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        assert!(text.contains("faxbridge_build_info{version=") && text.contains("\nprocess_resident_memory_bytes "));
        assert_eq!(m.alarms(), [("queue".to_owned(), "late".to_owned())]);
    }

    #[test]
    fn every_name_is_told_once() {
        let text = Metrics::default().text(Snapshot::default());
        let mut names: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("# TYPE ")).collect();
        let all = names.len();
        names.dedup();
        assert!(all > 20 && names.len() == all, "{names:?}");
        // Whoever scrapes finds every series from the start, before anything has happened.
        let declared: Vec<&str> = names.iter().filter_map(|n| n.split(' ').next()).collect();
        for n in declared {
            assert!(text.lines().any(|l| !l.starts_with('#') && l.starts_with(n)), "{n} has no series");
        }
    }
}
