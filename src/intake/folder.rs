//! A scan folder: files that appear slowly, are reopened, renamed, and come over NFS or SMB.
//!
//! A full look at the folder is the truth and comes at least every `rescan_seconds`; change events only make it come
//! sooner. A file is taken when it has not changed for `settle_seconds`, sooner or later by what is known of it
//! ([`ripe`]). Once its receipt is on disk it is moved to `processed/`, kept or deleted. What cannot be moved, and
//! what is kept, is known again by size, time and inode; after a restart by its content, in the receiver.
//!
//! Subfolders are not read, links not followed; both get a verdict.

mod ripe;
pub mod whole;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::files::{self, Identity, Unread};
use super::watch::{self, Mark, Watch};
use super::{Ctx, Intake, Refused, Verdict};
use crate::config::{self, After};
use ripe::{Candidate, Name};

/// Where stored files go.
const PROCESSED: &str = "processed";
/// A temporary name that nobody touches for so long is recorded as ignored.
const TEMPORARY: Duration = Duration::from_secs(60);
/// Files that wait are looked at this often, also without events.
const PACE: Duration = Duration::from_secs(1);
/// Shortest time between two looks.
const BREATH: Duration = Duration::from_millis(100);
/// A folder that does not answer for so long has a fault.
const ANSWER: Duration = Duration::from_secs(60);
/// Moved files are watched for a late writer for so long.
const LATE: Duration = Duration::from_secs(3600);
/// A file that could not be moved is tried again after so long.
const MOVE_AGAIN: Duration = Duration::from_secs(600);
/// Reading errors before a file gets a verdict.
const TRIES: u32 = 3;

pub struct Folder {
    path: PathBuf,
    after: After,
    settle: Duration,
    rescan: Duration,
    watch: Option<Watch>,
    /// Device and inode of the folder that `watch` looks at.
    watched: Option<(u64, u64)>,
    was_mount: bool,
    waiting: HashMap<OsString, Waiting>,
    done: HashMap<OsString, Done>,
    moved: Vec<Moved>,
    /// Names that came back from `processed/`: our own rename says nothing about the writer.
    returned: HashSet<OsString>,
    /// Heard of names that the last list did not have: they may have come after it.
    early: HashMap<OsString, Mark>,
    warning: Option<String>,
}

struct Waiting {
    candidate: Candidate,
    tries: u32,
    /// It has a verdict (no right to read, temporary name, …) and is only watched for a change.
    judged: bool,
    not_before: Option<Instant>,
}

/// Dealt with, but still in the folder.
struct Done {
    identity: Identity,
    move_again: Option<Instant>,
}

struct Moved {
    path: PathBuf,
    identity: Identity,
    until: Instant,
}

struct Item {
    name: OsString,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    File(Identity),
    Other(&'static str),
}

struct Listing {
    entries: Vec<Item>,
    place: (u64, u64),
    is_mount: bool,
}

#[async_trait]
impl Intake for Folder {
    async fn run(mut self: Box<Self>, mut ctx: Ctx) {
        while !ctx.stop.is_asked() {
            let next = self.look(&mut ctx).await;
            let began = tokio::time::Instant::now();
            tokio::select! {
                () = ctx.stop.asked() => break,
                () = watch::changed(self.watch.as_ref()) => tokio::time::sleep_until(began + BREATH).await,
                () = tokio::time::sleep(next) => {}
            }
        }
    }
}

impl Folder {
    pub fn new(config: &config::Intake) -> Folder {
        Folder {
            path: config.path.clone(),
            after: config.after,
            settle: Duration::from_secs(config.settle_seconds),
            rescan: Duration::from_secs(config.rescan_seconds.max(1)),
            watch: None,
            watched: None,
            was_mount: false,
            waiting: HashMap::new(),
            done: HashMap::new(),
            moved: Vec::new(),
            returned: HashSet::new(),
            early: HashMap::new(),
            warning: None,
        }
    }

    /// One full look; returns when the next is due.
    async fn look(&mut self, ctx: &mut Ctx) -> Duration {
        let listing = match self.list(ctx).await {
            Ok(l) => l,
            Err(_) if ctx.stop.is_asked() => return Duration::ZERO,
            Err(fault) => {
                ctx.failed(fault).await;
                // Events of a folder that went away would be those of another.
                (self.watch, self.watched) = (None, None);
                return self.rescan.min(Duration::from_secs(5));
            }
        };
        if self.was_mount && !listing.is_mount {
            let fault = format!("{}: the file system that was mounted here is gone", self.path.display());
            ctx.failed(fault).await;
            return self.rescan.min(Duration::from_secs(5));
        }
        self.was_mount = listing.is_mount;
        if self.watched != Some(listing.place) {
            self.watch = Watch::new(&[&self.path]);
            self.watched = Some(listing.place);
            if self.watch.is_some() {
                // What changed between the list and the watch made no event.
                return Duration::ZERO;
            }
        }
        self.warning = None;
        self.fetch_back_late_ones().await;
        match self.go_through(ctx, listing.entries).await {
            Ok(()) => {
                let waits = |w: &&Waiting| !w.judged;
                let pending = self.waiting.values().filter(waits).count();
                ctx.looked(pending, self.warning.clone()).await;
            }
            Err(e) => ctx.failed(format!("nothing can be received: {e}")).await,
        }
        let now = Instant::now();
        let due = |w: &Waiting| match w.not_before {
            Some(at) => at.saturating_duration_since(now),
            None if w.judged => self.rescan,
            None => w.candidate.remaining(self.settle, now).min(PACE),
        };
        self.waiting.values().map(due).min().unwrap_or(self.rescan).clamp(BREATH, self.rescan)
    }

    /// Lists the folder; a hanging network file system becomes a fault while the list is still awaited.
    async fn list(&mut self, ctx: &mut Ctx) -> Result<Listing, String> {
        let path = self.path.clone();
        let mut task = tokio::task::spawn_blocking(move || list(&path));
        let listed = loop {
            tokio::select! {
                l = &mut task => break l,
                () = tokio::time::sleep(ANSWER) => {
                    ctx.failed(format!("{}: does not answer", self.path.display())).await;
                }
                () = ctx.stop.asked() => return Err("stopping".into()),
            }
        };
        match listed {
            Ok(Ok(l)) => Ok(l),
            Ok(Err(e)) => Err(format!("{}: cannot be looked through: {e}", self.path.display())),
            Err(e) => Err(format!("{}: {e}", self.path.display())),
        }
    }

    async fn go_through(&mut self, ctx: &mut Ctx, entries: Vec<Item>) -> Result<(), Refused> {
        let now = Instant::now();
        let here: HashSet<&OsStr> = entries.iter().map(|e| e.name.as_os_str()).collect();
        let heard = self.watch.as_ref().map(Watch::take).unwrap_or_default();
        let early = heard.iter().filter(|(n, _)| !here.contains(n.as_os_str())).map(|(n, m)| (n.clone(), *m)).collect();
        let mut marks = std::mem::replace(&mut self.early, early);
        marks.extend(heard);
        marks.retain(|n, m| *m != Mark::Arrived || !self.returned.contains(n));
        self.waiting.retain(|n, _| here.contains(n.as_os_str()));
        self.done.retain(|n, _| here.contains(n.as_os_str()));
        self.returned.retain(|n| here.contains(n.as_os_str()));
        let mut ripe = Vec::new();
        let mut first_refusal = Ok(());
        for Item { name, what } in entries {
            let identity = match what {
                What::File(identity) => identity,
                What::Other(reason) => {
                    self.judge_other(ctx, name, reason).await?;
                    continue;
                }
            };
            let mark = marks.get(&name).copied();
            if let Some(done) = self.done.get(&name) {
                if done.identity == identity && mark != Some(Mark::Arrived) {
                    if done.move_again.is_some_and(|at| at <= now) {
                        self.put_away(&name, identity).await;
                    } else if done.move_again.is_some() {
                        self.warning = Some(cannot_move(&self.path));
                    }
                    continue;
                }
                self.done.remove(&name);
            }
            let w = self.waiting.entry(name.clone()).or_insert_with(|| Waiting {
                candidate: Candidate::new(identity, mark, now),
                tries: 0,
                judged: false,
                not_before: None,
            });
            w.candidate.see(identity, mark, now);
            if w.not_before.is_some_and(|at| at > now) {
                continue;
            }
            w.not_before = None;
            let judged = self.judge_by_name(ctx, &name, identity).await;
            match judged {
                Ok(true) => continue,
                Ok(false) => {}
                Err(e) => {
                    first_refusal = first_refusal.and(Err(e));
                    continue;
                }
            }
            let Some(w) = self.waiting.get_mut(&name) else { continue };
            if w.candidate.whole.is_none() {
                let path = self.path.join(&name);
                w.candidate.whole = blocking(move || whole_of(&path)).await;
            }
            if w.candidate.remaining(self.settle, now).is_zero() {
                ripe.push((identity.modified, name));
            }
        }
        // The oldest first, as people wait for them.
        ripe.sort();
        for (_, name) in ripe {
            if ctx.stop.is_asked() {
                break;
            }
            if let Err(e) = self.take(ctx, &name).await {
                if let Some(w) = self.waiting.get_mut(&name) {
                    w.not_before = Some(now + self.rescan);
                }
                first_refusal = first_refusal.and(Err(e));
            }
        }
        first_refusal
    }

    /// Folders, links, pipes, devices.
    async fn judge_other(&mut self, ctx: &Ctx, name: OsString, reason: &str) -> Result<(), Refused> {
        let nothing = Identity { size: 0, modified: (0, 0), inode: 0 };
        if let Entry::Vacant(place) = self.done.entry(name) {
            ctx.receiver.verdict(&ctx.source, &files::shown(place.key()), Verdict::Ignored, reason).await?;
            place.insert(Done { identity: nothing, move_again: None });
        }
        Ok(())
    }

    /// True where name or size alone decide, now or after some time.
    async fn judge_by_name(&mut self, ctx: &Ctx, name: &OsStr, identity: Identity) -> Result<bool, Refused> {
        let Some(w) = self.waiting.get_mut(name) else { return Ok(true) };
        let wait = match ripe::judge(name) {
            Name::Ordinary if identity.size > ctx.max_bytes => {
                let mb = |b: u64| b.div_ceil(1 << 20);
                let reason = format!(
                    "ファイルが大きすぎるため取り込めません（{} MB、上限 {} MB）",
                    mb(identity.size),
                    mb(ctx.max_bytes)
                );
                ctx.receiver.verdict(&ctx.source, &files::shown(name), Verdict::Review, &reason).await?;
                self.waiting.remove(name);
                self.done.insert(name.to_owned(), Done { identity, move_again: None });
                return Ok(true);
            }
            Name::Ordinary => return Ok(false),
            Name::System => Duration::ZERO,
            Name::Temporary if ctx.drain => self.settle,
            Name::Temporary => self.settle.max(TEMPORARY),
        };
        // Running, a temporary file is somebody's work in progress; draining, it is waited for.
        w.judged = !ctx.drain;
        if w.candidate.age(Instant::now()) >= wait {
            let reason = "一時ファイルまたはシステムファイルのため、FAXとして扱いません";
            ctx.receiver.verdict(&ctx.source, &files::shown(name), Verdict::Ignored, reason).await?;
            self.waiting.remove(name);
            self.done.insert(name.to_owned(), Done { identity, move_again: None });
        }
        Ok(true)
    }

    /// Reads a file, has it kept, and only then puts it away.
    async fn take(&mut self, ctx: &mut Ctx, name: &OsStr) -> Result<(), Refused> {
        let (path, max, id) = (self.path.join(name), ctx.max_bytes, files::shown(name));
        let read = blocking(move || files::read(&path, max)).await;
        let Some(w) = self.waiting.get_mut(name) else { return Ok(()) };
        let (bytes, identity) = match read {
            Ok(r) if r.1.looks_like(&w.candidate.identity) => r,
            Ok(_) | Err(Unread::Changing | Unread::TooLarge(_)) => {
                w.candidate.restart(Instant::now());
                return Ok(());
            }
            Err(Unread::Gone) => {
                self.waiting.remove(name);
                return Ok(());
            }
            Err(Unread::NotAFile) => return Ok(()),
            Err(fault) => return self.judge_unreadable(ctx, name, &fault).await,
        };
        let (seconds, nanos) = identity.modified;
        let modified = jiff::Timestamp::new(seconds, i32::try_from(nanos).unwrap_or(0)).unwrap_or_default();
        let detail = BTreeMap::from([("modified".to_owned(), modified.to_string())]);
        let fresh = ctx.receiver.receive(&ctx.source, &id, &id, detail, &bytes).await?;
        tracing::debug!(source = %ctx.source, bytes = bytes.len(), fresh, "a file was received");
        crate::crash::reached("intake.received");
        self.waiting.remove(name);
        self.put_away(name, identity).await;
        Ok(())
    }

    async fn judge_unreadable(&mut self, ctx: &Ctx, name: &OsStr, fault: &Unread) -> Result<(), Refused> {
        let Some(w) = self.waiting.get_mut(name) else { return Ok(()) };
        w.tries += 1;
        w.not_before = Some(Instant::now() + if w.tries < TRIES { PACE.min(self.rescan) } else { self.rescan });
        let reason = match fault {
            Unread::Denied => "ファイルを読み取る権限がありません（読めるようになりしだい取り込みます）",
            _ if w.tries < TRIES => return Ok(()),
            _ => "ファイルを読み取れません（読めるようになりしだい取り込みます）",
        };
        if !w.judged {
            if let Unread::Io(e) = fault {
                tracing::warn!(source = %ctx.source, "a file cannot be read: {}", e.kind());
            }
            ctx.receiver.verdict(&ctx.source, &files::shown(name), Verdict::Review, reason).await?;
            w.judged = true;
        }
        Ok(())
    }

    /// Moves, deletes or remembers a file whose receipt is on disk.
    async fn put_away(&mut self, name: &OsStr, identity: Identity) {
        let (path, after) = (self.path.join(name), self.after);
        let away = match after {
            After::Keep => Ok(Away::Stays),
            After::Move | After::Delete => blocking(move || put_away(&path, after, identity)).await,
        };
        match away {
            Ok(Away::Stays) => {
                self.done.insert(name.to_owned(), Done { identity, move_again: None });
            }
            Ok(Away::Changed | Away::Deleted) => {
                self.done.remove(name);
            }
            Ok(Away::Moved(path)) => {
                self.done.remove(name);
                self.moved.push(Moved { path, identity, until: Instant::now() + LATE });
            }
            Err(e) => {
                tracing::warn!("{}: {e}", cannot_move(&self.path));
                self.warning = Some(cannot_move(&self.path));
                let move_again = Some(Instant::now() + MOVE_AGAIN);
                self.done.insert(name.to_owned(), Done { identity, move_again });
            }
        }
    }

    /// A writer that still held a file when it was moved went on writing: the file comes back, as another receipt.
    async fn fetch_back_late_ones(&mut self) {
        if self.moved.is_empty() {
            return;
        }
        let (folder, moved, now) = (self.path.clone(), std::mem::take(&mut self.moved), Instant::now());
        let (still, back) = blocking(move || {
            let (mut still, mut back) = (Vec::new(), Vec::new());
            for m in moved {
                let Ok(meta) = m.path.symlink_metadata() else { continue };
                if Identity::of(&meta).looks_like(&m.identity) {
                    still.extend((m.until > now).then_some(m));
                    continue;
                }
                match files::move_into(&m.path, &folder) {
                    Ok(name) => back.push(name),
                    Err(e) => tracing::error!("a file changed after it was received and cannot be moved back: {e}"),
                }
            }
            (still, back)
        })
        .await;
        if !back.is_empty() {
            tracing::warn!(files = back.len(), "received while still being written: looked at again");
        }
        self.moved = still;
        self.returned.extend(back);
    }
}

enum Away {
    Moved(PathBuf),
    Deleted,
    Stays,
    /// Another file bears the name by now.
    Changed,
}

fn put_away(path: &Path, after: After, identity: Identity) -> std::io::Result<Away> {
    if !files::is_still(path, &identity) {
        return Ok(Away::Changed);
    }
    let folder = path.parent().ok_or(std::io::ErrorKind::InvalidInput)?;
    if after == After::Delete {
        std::fs::remove_file(path)?;
        files::sync_dir(folder)?;
        return Ok(Away::Deleted);
    }
    let to = folder.join(PROCESSED);
    let there = to.join(files::move_into(path, &to)?);
    if files::is_still(&there, &identity) {
        return Ok(Away::Moved(there));
    }
    // Replaced in the very moment: what was moved is not what was read.
    files::move_into(&there, folder)?;
    Ok(Away::Changed)
}

fn cannot_move(folder: &Path) -> String {
    format!("{}: received files cannot be moved away (read-only, or no right to write there)", folder.display())
}

fn whole_of(path: &Path) -> Option<whole::Whole> {
    let (mut file, meta) = files::open(path).ok()?;
    whole::whole(&mut file, meta.len()).ok()
}

fn list(path: &Path) -> std::io::Result<Listing> {
    let meta = std::fs::metadata(path)?;
    let parent = std::fs::metadata(path.join(".."))?;
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let what = match entry.path().symlink_metadata() {
            Ok(m) if m.is_file() => What::File(Identity::of(&m)),
            Ok(m) if m.is_dir() && name == PROCESSED => continue,
            Ok(m) if m.is_dir() => What::Other("フォルダの中は取り込みません"),
            Ok(m) if m.is_symlink() => What::Other("リンクのため取り込みません"),
            Ok(_) => What::Other("通常のファイルではないため取り込みません"),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            Err(e) => return Err(e),
        };
        entries.push(Item { name, what });
    }
    let is_mount = meta.dev() != parent.dev();
    Ok(Listing { entries, place: (meta.dev(), meta.ino()), is_mount })
}

/// Looks whether the folder can be read and, where files are to be moved, written.
pub fn probe(config: &config::Intake) -> Result<String, String> {
    let at = config.path.display();
    let listing = list(&config.path)
        .map_err(|e| format!("{at}: cannot be read ({e}): make the folder, mount it, or correct `path`"))?;
    let writable = rustix::fs::access(&config.path, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_ok();
    if config.after != After::Keep && !writable {
        return Err(format!(
            "{at}: received files could not be moved away: give the daemon's user the right to write there, or set after = \"keep\""
        ));
    }
    Ok(format!("{at}: {} entries", listing.entries.len()))
}

async fn blocking<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(f).await {
        Ok(t) => t,
        // The closures here do not panic; if one does, the supervisor begins the source anew.
        Err(e) => std::panic::resume_unwind(e.try_into_panic().unwrap_or_else(|e| Box::new(e.to_string()))),
    }
}
