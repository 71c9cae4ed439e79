//! Where faxes come from: scan folders, Maildirs and IMAP mailboxes, each a task of its own.
//!
//! A source hands over bytes and nothing else: names are hints, mails are taken apart in the sandboxed child. What a
//! source gave is safe on disk when [`Receiver::receive`] returns, and only then is the source touched (file moved,
//! mail flagged). Every file and mail gets a receipt or a verdict. One source that fails never stops another, and one
//! bad item never stops its source.
//!
//! Must not know the database: the daemon puts the store behind [`Receiver`]. Calls of it are never inside `select!`
//! or a timeout.
//!
//! Adding a kind of source: a file under `intake/`, an arm in [`open`], a kind in `config::IntakeKind`.

pub mod deposit;
mod files;
mod folder;
mod imap;
mod maildir;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch as cell;
use tokio::time::Instant;

use crate::config;

/// A source that does not answer is given so long before a drain is told of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A host that owns a source and falls silent loses it to another after this time.
const OWNED: Duration = Duration::from_secs(30);

/// An unchanged state is written down this often, so that an old time means a dead source.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// Why an item without kept bytes is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A person should look.
    Review,
    /// Nothing that could be a fax.
    Ignored,
}

/// What the receiver could not do, in words for an operator; no patient data.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// The durable side, as intakes see it.
#[async_trait]
pub trait Receiver: Send + Sync + 'static {
    /// Whether this item has a receipt or a verdict already, whatever its content.
    async fn known(&self, source: &str, id: &str) -> Result<bool, Refused>;

    /// Keeps an item for ever; when this returns, the source may be touched. True where it was new; the same item
    /// (source, id, content) again changes nothing.
    async fn receive(
        &self,
        source: &str,
        id: &str,
        name: &str,
        detail: BTreeMap<String, String>,
        bytes: &[u8],
    ) -> Result<bool, Refused>;

    /// Records an item whose bytes are not kept. The same again changes nothing.
    async fn verdict(&self, source: &str, id: &str, verdict: Verdict, reason: &str) -> Result<(), Refused>;

    /// Whether this process may look through the source, for `time` from now: of several hosts one does. Two that both
    /// think so for a moment do no harm, since an item is received once whoever brings it.
    async fn own(&self, _source: &str, _time: Duration) -> Result<bool, Refused> {
        Ok(true)
    }

    /// Leaves the source to others.
    async fn disown(&self, _source: &str) {}

    /// Records a complete look at the source, or what is wrong with it.
    async fn looked(&self, source: &str, fault: Option<&str>) -> Result<(), Refused>;
}

/// A source of faxes. It goes on until it is told to stop, and reports what it sees through its context.
#[async_trait]
pub trait Intake: Send + 'static {
    async fn run(self: Box<Self>, ctx: Ctx);
}

/// Where a source stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Complete looks since the start.
    pub looks: u64,
    /// Items that were seen and have neither receipt nor verdict yet.
    pub pending: usize,
    /// What keeps the source from being looked through, in words for an operator.
    pub fault: Option<String>,
}

impl Standing {
    /// Everything that lies there has a receipt or a verdict.
    pub fn is_done(&self) -> bool {
        self.looks > 0 && self.pending == 0 && self.fault.is_none()
    }
}

/// Tells a source to stop.
#[derive(Clone)]
pub struct Stop(cell::Receiver<bool>);

impl Stop {
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when the source should stop (or nobody is left who could say so).
    pub async fn asked(&mut self) {
        let _ = self.0.wait_for(|asked| *asked).await;
    }

    /// Waits for `time`; false where the source should stop instead.
    pub async fn sleep(&mut self, time: Duration) -> bool {
        tokio::select! {
            () = self.asked() => false,
            () = tokio::time::sleep(time) => true,
        }
    }
}

/// What a source works with.
pub struct Ctx {
    /// Name of the source.
    pub source: String,
    pub receiver: Arc<dyn Receiver>,
    pub stop: Stop,
    /// Larger items get a verdict and are not loaded.
    pub max_bytes: u64,
    /// The daemon ends when all is done: what would be watched for a while is judged now.
    pub drain: bool,
    standing: Arc<cell::Sender<Standing>>,
    written: Option<(Instant, Option<String>)>,
}

impl Ctx {
    /// Reports a complete look. `warning`: something is wrong, but everything there was seen.
    pub async fn looked(&mut self, pending: usize, warning: Option<String>) {
        self.write_down(warning).await;
        self.standing.send_modify(|s| {
            s.looks += 1;
            s.pending = pending;
            s.fault = None;
        });
    }

    /// Reports that the source could not be looked through.
    pub async fn failed(&mut self, fault: String) {
        self.write_down(Some(fault.clone())).await;
        self.standing.send_modify(|s| s.fault = Some(fault));
    }

    /// Reports work that was just seen, before it is done.
    pub fn busy(&self, pending: usize) {
        self.standing.send_modify(|s| s.pending = pending);
    }

    async fn write_down(&mut self, fault: Option<String>) {
        if self.written.as_ref().is_some_and(|(at, f)| *f == fault && at.elapsed() < HEARTBEAT) {
            return;
        }
        if self.written.as_ref().map(|w| &w.1) != Some(&fault) {
            match &fault {
                Some(f) => tracing::warn!(source = %self.source, "{f}"),
                None => tracing::info!(source = %self.source, "the source is being watched"),
            }
        }
        match self.receiver.looked(&self.source, fault.as_deref()).await {
            Ok(()) => self.written = Some((Instant::now(), fault)),
            Err(e) => tracing::error!(source = %self.source, "its state could not be recorded: {e}"),
        }
    }
}

/// All running sources.
pub struct Intakes {
    stop: cell::Sender<bool>,
    running: Vec<Running>,
}

struct Running {
    name: String,
    standing: cell::Receiver<Standing>,
    task: tokio::task::JoinHandle<()>,
}

/// Starts every configured source. A source that cannot be reached is no error: it says so in its standing and goes
/// on trying.
pub fn start(config: &[config::Intake], receiver: &Arc<dyn Receiver>, max_bytes: u64, drain: bool) -> Intakes {
    let (stop, asked) = cell::channel(false);
    let running = config
        .iter()
        .map(|c| {
            let (standing, see) = cell::channel(Standing::default());
            let (c, receiver, asked) = (c.clone(), receiver.clone(), Stop(asked.clone()));
            let name = c.name.clone();
            let task = tokio::spawn(supervise(c, receiver, asked, Arc::new(standing), max_bytes, drain));
            Running { name, standing: see, task }
        })
        .collect();
    Intakes { stop, running }
}

/// Runs one source for as long as it is ours; one that ends by a fault of ours is begun again.
async fn supervise(
    config: config::Intake,
    receiver: Arc<dyn Receiver>,
    mut stop: Stop,
    standing: Arc<cell::Sender<Standing>>,
    max_bytes: u64,
    drain: bool,
) {
    let mut wait = Duration::from_secs(1);
    while own(&config.name, &receiver, &mut stop, &standing).await {
        let (end, ended) = cell::channel(false);
        let ctx = Ctx {
            source: config.name.clone(),
            receiver: receiver.clone(),
            stop: Stop(ended),
            max_bytes,
            drain,
            standing: standing.clone(),
            written: None,
        };
        let mut task = tokio::spawn(open(&config).run(ctx));
        let ended = tokio::select! {
            ended = &mut task => Some(ended),
            () = until_lost(&config.name, &receiver, stop.clone()) => None,
        };
        let Some(ended) = ended else {
            let _ = end.send(true);
            if let Err(e) = task.await {
                tracing::error!(source = %config.name, panicked = e.is_panic(), "ended before it was stopped");
            }
            continue;
        };
        if stop.is_asked() {
            break;
        }
        let fault = "the source's task ended by a fault of the program; it is begun again";
        tracing::error!(source = %config.name, panicked = ended.is_err(), "{fault}");
        standing.send_modify(|s| s.fault = Some(fault.into()));
        if !stop.sleep(wait).await {
            break;
        }
        wait = (wait * 2).min(Duration::from_secs(300));
    }
    receiver.disown(&config.name).await;
}

/// Waits until the source is ours; false where it should stop instead.
async fn own(name: &str, receiver: &Arc<dyn Receiver>, stop: &mut Stop, standing: &cell::Sender<Standing>) -> bool {
    let mut told = false;
    while !stop.is_asked() {
        match receiver.own(name, OWNED).await {
            Ok(true) => return true,
            Ok(false) => {
                if !std::mem::replace(&mut told, true) {
                    tracing::info!(source = name, "another process looks after this source");
                }
                standing.send_modify(|s| s.fault = Some("another process looks after it".into()));
            }
            Err(e) => {
                tracing::warn!(source = name, "whether it is ours cannot be asked: {e}");
                standing.send_modify(|s| s.fault = Some(format!("whether it is ours cannot be asked: {e}")));
            }
        }
        stop.sleep(OWNED / 10).await;
    }
    false
}

/// Keeps the source ours; returns when it is not, or should be stopped.
async fn until_lost(name: &str, receiver: &Arc<dyn Receiver>, mut stop: Stop) {
    let mut last = Instant::now();
    while stop.sleep(OWNED / 3).await {
        match receiver.own(name, OWNED).await {
            Ok(true) => last = Instant::now(),
            Ok(false) => {
                tracing::warn!(source = name, "another process has taken this source over");
                return;
            }
            Err(e) if last.elapsed() > OWNED => {
                tracing::warn!(source = name, "it may be another's by now: {e}");
                return;
            }
            Err(e) => tracing::warn!(source = name, "cannot be kept: {e}"),
        }
    }
}

fn open(config: &config::Intake) -> Box<dyn Intake> {
    match config.kind {
        config::IntakeKind::Folder => Box::new(folder::Folder::new(config)),
        config::IntakeKind::Maildir => Box::new(maildir::Maildir::new(config)),
        config::IntakeKind::Imap => Box::new(imap::Mailbox::new(config)),
    }
}

/// Looks once whether a source can be used, for `faxbridge check`. Changes nothing there.
///
/// # Errors
/// What is wrong and what to do, in words for an operator.
pub async fn probe(config: &config::Intake) -> Result<String, String> {
    match config.kind {
        config::IntakeKind::Folder => folder::probe(config),
        config::IntakeKind::Maildir => maildir::probe(config),
        config::IntakeKind::Imap => imap::probe(config).await,
    }
}

impl Intakes {
    /// Where each source stands now.
    pub fn standings(&self) -> Vec<(String, Standing)> {
        self.running.iter().map(|r| (r.name.clone(), r.standing.borrow().clone())).collect()
    }

    /// Returns when everything that lies in the sources has a receipt or a verdict.
    ///
    /// # Errors
    /// Sources that could not be looked through for half a minute, each with its fault; the others are done.
    pub async fn drained(&self) -> Result<(), Vec<(String, String)>> {
        let mut faults = Vec::new();
        for r in &self.running {
            let mut see = r.standing.clone();
            let mut faulty_since = None;
            loop {
                let now = see.borrow_and_update().clone();
                if now.is_done() {
                    break;
                }
                let limit = match &now.fault {
                    None => {
                        faulty_since = None;
                        None
                    }
                    Some(fault) => {
                        let since = *faulty_since.get_or_insert_with(Instant::now);
                        if since.elapsed() >= PATIENCE {
                            faults.push((r.name.clone(), fault.clone()));
                            break;
                        }
                        Some(PATIENCE - since.elapsed())
                    }
                };
                let changed = async {
                    match limit {
                        Some(limit) => tokio::time::timeout(limit, see.changed()).await.unwrap_or(Ok(())),
                        None => see.changed().await,
                    }
                };
                if changed.await.is_err() {
                    faults.push((r.name.clone(), "the source has ended".into()));
                    break;
                }
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// Stops all sources; what is being received is finished first.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for r in self.running {
            if let Err(e) = r.task.await {
                tracing::error!(source = %r.name, panicked = e.is_panic(), "ended before it was stopped");
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
