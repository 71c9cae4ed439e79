//! The wiring: store, registers, rules, reading pool, workers, deliverers, sources and pages, from start to stop.
//!
//! Nothing is decided here. Where several things are asked at once they go in this order: end (SIGTERM, SIGINT), reload
//! (SIGHUP), drained.
//! A daemon that dies anywhere loses nothing: the store is the memory, and the next start goes on from there.

mod alarms;
pub mod canary;
mod digest;
mod figures;
mod overdue;
mod pages;
mod pipeline;
mod push;
mod receiver;
mod registers;
mod reminders;
pub(crate) mod retention;
mod setup;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::again;
use crate::config::Config;
use crate::intake::{self, Intakes, Receiver};
use crate::metrics::Metrics;
use crate::pool::Pool;
use crate::sink::Sink;
use crate::sink::mail::MailSink;
use crate::store::conference::Invites;
use crate::store::{self, Notify, Store, StoreError};
use crate::tuning::Workshop;
use crate::work::{self, deliver};
use alarms::Alarms;
use overdue::Overdue;
use pipeline::Reading;
use registers::Books;
pub use setup::{mail_options, open_rules, pool_options, site};

/// Register files are looked at this often; a changed one is taken when it has held still for one such time.
const TICK: Duration = Duration::from_secs(2);
/// How often the clock is compared with that of a database that several hosts share.
const TUNE: Duration = Duration::from_secs(60);
/// Decided sheets that are made ready for backtests at each tick.
const MARKS: i64 = 8;
/// How often a draining daemon asks whether anything is left.
const PACE: Duration = Duration::from_millis(50);

/// What a process does of the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Everything: sources, work, deliveries, pages.
    Whole,
    /// Work and deliveries, beside others, under a name of its own on this machine.
    Worker {
        name: String,
        /// Where it shows how it is; it has no pages.
        listen: Option<SocketAddr>,
    },
}

impl Role {
    fn worker(&self) -> &str {
        match self {
            Role::Whole => "",
            Role::Worker { name, .. } => name,
        }
    }
}

/// Runs until it is told to end, or, with `drain`, until everything that lies in the sources and the queue has a final
/// state.
///
/// # Errors
/// What keeps it from starting, in words for an operator; with `drain`, which sources could not be looked through.
pub async fn run(config: Config, role: Role, drain: bool, metrics: Metrics) -> anyhow::Result<()> {
    let mut signals = Signals::new()?;
    let mut daemon = Daemon::start(config, &role, drain, metrics).await?;
    tell(&[NotifyState::Ready]);
    let ended = daemon.attend(&mut signals).await;
    tell(&[NotifyState::Stopping]);
    tokio::select! {
        () = daemon.stop() => {}
        () = signals.end() => tracing::warn!("asked twice: ending without waiting for what is in hand"),
    }
    ended
}

struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Signals> {
        let on = |kind| signal(kind).context("signals cannot be handled");
        Ok(Signals {
            term: on(SignalKind::terminate())?,
            int: on(SignalKind::interrupt())?,
            hup: on(SignalKind::hangup())?,
        })
    }

    /// What is asked for.
    async fn next(&mut self) -> Asked {
        tokio::select! {
            biased;
            _ = self.term.recv() => Asked::End,
            _ = self.int.recv() => Asked::End,
            _ = self.hup.recv() => Asked::Reload,
        }
    }

    async fn end(&mut self) {
        while self.next().await != Asked::End {}
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    End,
    Reload,
}

/// Word to systemd, where it listens.
fn tell(state: &[NotifyState]) {
    if let Err(e) = sd_notify::notify(false, state) {
        tracing::warn!(error = %e, "systemd cannot be told");
    }
}

/// Everything that runs.
struct Daemon {
    config: Config,
    drain: bool,
    store: Store,
    reading: Arc<Reading>,
    rules: Arc<Workshop>,
    books: Books,
    alarms: Alarms,
    /// None where another process looks, or nobody is there to be told.
    overdue: Option<Overdue>,
    /// Names of the sinks that have a deliverer, and what was tried.
    sinks: Vec<&'static str>,
    tries: deliver::Tries,
    intakes: Option<Intakes>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    pages: Option<JoinHandle<()>>,
    /// None where others do it.
    figures: Option<figures::Figures>,
    /// None where no letters are sent, or others do it.
    reminders: Option<reminders::Reminders>,
    retention: Option<retention::Retention>,
    /// When the clock was last compared with the database's.
    tuned: Instant,
}

impl Daemon {
    async fn start(mut config: Config, role: &Role, drain: bool, metrics: Metrics) -> anyhow::Result<Daemon> {
        if *role != Role::Whole {
            // Sources and register files are another process's; what that one took over stands in the store.
            config.intake.clear();
            config.register = crate::config::Register::default();
        }
        let rules = open_rules(&config)?;
        let mail = match mail_options(&config)? {
            Some(options) => Some(Arc::new(MailSink::new(options).map_err(anyhow::Error::msg)?)),
            None => None,
        };
        let notify = Notify {
            members: mail.is_some(),
            admins: if mail.is_some() { config.notice.admins.clone() } else { Vec::new() },
        };
        let store = Store::open_as(site(&config)?, role.worker(), store::system_clock()).await?;
        let mut store = store.with_notify(notify).with_metrics(metrics.clone());
        if let Some(mail) = &mail {
            store = store.inviting(Invites {
                organizer: mail.address(),
                base_url: config.base_url(),
                hosts: config.notice.meeting_hosts.clone(),
            });
        }
        if let Some(sampling) = figures::sampling(&config) {
            store = store.sampling(sampling);
        }
        store.tune_clock().await?;
        let push = match &mail {
            Some(mail) if config.notice.push => Some(push::prepare(&store, &config, mail.address()).await?),
            _ => None,
        };
        if push.is_some() {
            store = store.pushing();
        }
        let door = pages::open(&config, role, drain).await?;
        // Opening the engine takes a moment.
        let (options, counts) = (pool_options(&config), metrics.clone());
        let pool = tokio::task::spawn_blocking(move || Pool::counting(options, counts)).await;
        let pool = pool.context("the reading pool")??;
        rules.look(&store).await?;
        tracing::info!(reader = ?pool.reader(), rules = rules.now().rules.hash(), drain, "starting");
        let reading = Arc::new(Reading::new(pool, rules.clone()));
        if *role == Role::Whole {
            store.forget_faults().await?;
        }
        config.intake.iter().for_each(|i| metrics.knows_source(&i.name));
        let mut alarms = Alarms::new(store.clone(), mail.clone(), &config);
        alarms.refuse("rules", rules.now().fault.clone()).await;
        let mut books = Books::new(&config.register);
        books.look(&store, &reading, true, &mut alarms).await?;
        if drain {
            store.hurry().await?;
        }

        let (stop, stopped) = watch::channel(false);
        let mut daemon = Daemon {
            drain,
            reading,
            rules,
            books,
            alarms,
            overdue: (*role == Role::Whole && !drain).then(|| Overdue::new(&config)),
            sinks: Vec::new(),
            tries: deliver::Tries::default(),
            intakes: None,
            stop,
            tasks: Vec::new(),
            pages: None,
            figures: (*role == Role::Whole && !drain).then(figures::Figures::default),
            reminders: (mail.is_some() && !drain && *role == Role::Whole).then(reminders::Reminders::default),
            retention: (!drain && *role == Role::Whole).then(|| retention::Retention::new(&config)),
            tuned: Instant::now(),
            store,
            config,
        };
        daemon.pages = door.map(|d| {
            let terms = push.as_ref().map(|p| p.terms.clone());
            let rules = daemon.rules.clone();
            pages::serve(d, &daemon.store, &daemon.config, role, mail.clone(), terms, rules, stopped.clone())
        });
        daemon.work(stopped.clone());
        daemon.canaries(mail.clone(), stopped.clone());
        if let Some(mail) = mail {
            daemon.letters(&mail, stopped.clone());
            daemon.deliver(mail, stopped.clone());
        }
        if let Some(push) = push {
            daemon.deliver(push.sink, stopped);
        }
        let receiver: Arc<dyn Receiver> = Arc::new(receiver::Keeper(daemon.store.clone()));
        let largest = daemon.config.reader.max_file_mb << 20;
        daemon.intakes = Some(intake::start(&daemon.config.intake, &receiver, largest, drain));
        Ok(daemon)
    }

    fn work(&mut self, stopped: watch::Receiver<bool>) {
        let w = &self.config.work;
        let options = work::Options {
            attempts: w.attempts,
            lease: Duration::from_secs(w.lease_seconds),
            drain: self.drain,
            resend_ms: i64::from(self.config.versions.resend_days) * 86_400_000,
            join_ms: i64::from(self.config.versions.join_minutes) * 60_000,
            terms: again::Terms { read_alike: self.config.versions.read_alike },
        };
        for _ in 0..w.jobs {
            let (store, pipeline, stop) = (self.store.clone(), self.reading.clone(), stopped.clone());
            self.tasks.push(tokio::spawn(always("worker", stopped.clone(), move || {
                work::run(store.clone(), pipeline.clone(), options, stop.clone())
            })));
        }
    }

    /// A daemon that only drains sends none: it would not be there when they come.
    fn canaries(&mut self, mail: Option<Arc<MailSink>>, stopped: watch::Receiver<bool>) {
        if self.drain || self.config.canary.times.is_empty() {
            return;
        }
        let sender = canary::Sender::new(self.store.clone(), mail, &self.config);
        let stop = stopped.clone();
        self.tasks.push(tokio::spawn(always("canaries", stopped, move || sender.clone().run(stop.clone()))));
    }

    fn letters(&mut self, mail: &Arc<MailSink>, stopped: watch::Receiver<bool>) {
        let (store, letters, drain, stop) = (self.store.clone(), mail.clone(), self.drain, stopped.clone());
        self.tasks.push(tokio::spawn(always("letters", stopped.clone(), move || {
            work::letters::run(store.clone(), letters.clone(), drain, stop.clone())
        })));
        let (store, base_url, stop) = (self.store.clone(), self.config.base_url(), stopped.clone());
        self.tasks.push(tokio::spawn(always("digests", stopped, move || {
            digest::run(store.clone(), base_url.clone(), drain, stop.clone())
        })));
    }

    fn deliver(&mut self, sink: Arc<dyn Sink>, stopped: watch::Receiver<bool>) {
        self.sinks.push(sink.name());
        let (store, tries, drain, stop) = (self.store.clone(), self.tries.clone(), self.drain, stopped.clone());
        self.tasks.push(tokio::spawn(always("deliverer", stopped, move || {
            deliver::run(store.clone(), sink.clone(), drain, tries.clone(), stop.clone())
        })));
    }

    /// Looks after everything until the end is asked for, or reached.
    async fn attend(&mut self, signals: &mut Signals) -> anyhow::Result<()> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut usec = 0;
        let _ = sd_notify::watchdog_enabled(false, &mut usec);
        let mut watchdog = tokio::time::interval(match usec {
            0 => Duration::from_secs(3600),
            n => Duration::from_micros(n / 3),
        });
        let store = self.store.clone();
        let drained = drained(self.drain, &self.store, self.intakes.as_ref(), &self.sinks, &self.tries);
        tokio::pin!(drained);
        loop {
            tokio::select! {
                biased;
                asked = signals.next() => match asked {
                    Asked::End => {
                        tracing::info!("asked to end");
                        return Ok(());
                    }
                    Asked::Reload => {
                        reload(&self.rules, &mut self.alarms).await;
                        self.books.refresh(&store, &self.reading, true, &mut self.alarms).await;
                    }
                },
                ended = &mut drained => return ended,
                _ = tick.tick() => {
                    // Whatever else is wrong with the database passes.
                    if let Err(e @ StoreError::Ahead { .. }) = store.fits().await {
                        return Err(e.into());
                    }
                    self.books.refresh(&store, &self.reading, false, &mut self.alarms).await;
                    tuned(&self.rules, &store, &mut self.alarms, self.pages.is_some()).await;
                    self.alarms.look().await;
                    canary::look(&store, &self.config.intake, &mut self.alarms).await;
                    if let Some(overdue) = &mut self.overdue {
                        overdue.look(&store, &mut self.alarms).await;
                    }
                    if let Some(figures) = &mut self.figures {
                        figures.look(&store).await;
                    }
                    if let Some(reminders) = &mut self.reminders {
                        reminders.look(&store, &self.config.base_url()).await;
                    }
                    if let Some(retention) = &mut self.retention {
                        retention.look(&store).await;
                    }
                    if self.tuned.elapsed() > TUNE {
                        self.tuned = Instant::now();
                        if let Err(e) = store.tune_clock().await {
                            tracing::warn!(error = %e, "the database's clock cannot be read");
                        }
                    }
                }
                // A store that answers is what the daemon lives by.
                _ = watchdog.tick() => match store.open_jobs().await {
                    Ok(_) => tell(&[NotifyState::Watchdog]),
                    Err(e) => tracing::error!(error = %e, "the store does not answer"),
                },
            }
        }
    }

    /// Ends in the order of the route, so that nothing new begins behind what has ended.
    async fn stop(&mut self) {
        if let Some(intakes) = self.intakes.take() {
            intakes.stop().await;
        }
        let _ = self.stop.send(true);
        for task in self.tasks.drain(..) {
            if let Err(e) = task.await {
                tracing::error!(panicked = e.is_panic(), "a task ended before it was stopped");
            }
        }
        self.alarms.finish().await;
        if let Some(pages) = self.pages.take()
            && let Err(e) = pages.await
        {
            tracing::error!(panicked = e.is_panic(), "the pages ended before they were stopped");
        }
        self.store.close().await;
        tracing::info!("ended");
    }
}

/// Begins a task again that ended by a fault of ours.
async fn always<F, T>(what: &'static str, mut stopped: watch::Receiver<bool>, task: F)
where
    F: Fn() -> T,
    T: Future<Output = ()> + Send + 'static,
{
    while !*stopped.borrow() {
        let ended = tokio::spawn(task()).await;
        if *stopped.borrow() {
            return;
        }
        tracing::error!(what, panicked = ended.is_err(), "ended by a fault of the program; it is begun again");
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            _ = stopped.wait_for(|s| *s) => {}
        }
    }
}

/// The base of the rules anew, whole or not at all.
async fn reload(rules: &Workshop, alarms: &mut Alarms) {
    let fault = match rules.reload() {
        Ok(()) => rules.now().fault.clone(),
        Err(e) => Some(format!("{e}; the rules of before stay in force")),
    };
    if fault.is_none() {
        tracing::info!(rules = rules.now().rules.hash(), "the rules are in force");
    }
    alarms.refuse("rules", fault).await;
}

/// Takes rules that an administrator put in force, here or on another host; where there are pages, prepares what
/// backtests ask for.
async fn tuned(rules: &Workshop, store: &Store, alarms: &mut Alarms, pages: bool) {
    match rules.look(store).await {
        Ok(true) => {
            let now = rules.now();
            tracing::info!(rules = now.rules.hash(), revision = now.revision, "the rules are in force");
            alarms.refuse("rules", now.fault.clone()).await;
        }
        Ok(false) => {}
        Err(e) => tracing::error!(error = %e, "the rules cannot be looked at"),
    }
    if pages && let Err(e) = rules.mark(store, MARKS).await {
        tracing::warn!(error = %e, "decided sheets cannot be marked");
    }
}

/// Returns when nothing is left to do; never where no drain was asked for.
async fn drained(
    drain: bool,
    store: &Store,
    intakes: Option<&Intakes>,
    sinks: &[&str],
    tries: &deliver::Tries,
) -> anyhow::Result<()> {
    let Some(intakes) = intakes.filter(|_| drain) else { return std::future::pending().await };
    let mut faults = Vec::new();
    loop {
        if let Err(f) = intakes.drained().await {
            faults = f;
        }
        while !idle(store, sinks, tries).await? {
            if !intakes.standings().is_empty() {
                // What lies there now is there: parts of a fax need not wait for more.
                store.wait_no_longer().await?;
            }
            tokio::time::sleep(PACE).await;
        }
        // What came while the last of the queue was worked on.
        let at_rest = |(name, s): &(String, intake::Standing)| s.is_done() || faults.iter().any(|f| f.0 == *name);
        if intakes.standings().iter().all(at_rest) && idle(store, sinks, tries).await? {
            break;
        }
    }
    if faults.is_empty() {
        tracing::info!("everything has a final state");
        return Ok(());
    }
    let told: Vec<String> = faults.iter().map(|(name, fault)| format!("{name}: {fault}")).collect();
    bail!("these sources could not be looked through: {}", told.join("; "))
}

async fn idle(store: &Store, sinks: &[&str], tries: &deliver::Tries) -> Result<bool, StoreError> {
    if store.open_jobs().await? > 0 {
        return Ok(false);
    }
    for sink in sinks {
        if !deliver::tried_enough(&store.open_deliveries(sink).await?, tries) {
            return Ok(false);
        }
    }
    Ok(true)
}
