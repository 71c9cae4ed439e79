//! The parent's side: a few children that read files, kept warm, watched, and replaced when they die.
//!
//! A crash costs one page: the page it happened at is tried once more in a fresh child and then recorded as failed,
//! and the reading goes on with the next. Nothing of a file is looked at in this process.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::again::ink;
use crate::decode::child::Start;
use crate::decode::peer::{Broken, Peer};
use crate::decode::wire::{Answer, Ask, Images};
use crate::decode::{Limits, say};
use crate::metrics::{ChildLoss, ChildWear, Metrics};
use crate::model::Reader;
use crate::reading::{self, Mail, Page, Part, Reading};

/// Children above this are replaced once their file is done.
const RESIDENT_MB: u64 = 380;

/// Pages that a file may lose before the rest of it is left unread: each costs as long as a page may take.
const LOST_PAGES: u32 = 3;
/// A file may take so many times as long as one page.
const FILE_PAGES: u32 = 30;
/// Page images of one file, MB: they are in this process's memory until they are stored.
const IMAGES_MB: usize = 384;

/// Settings of the pool; `config::Reader` documents them.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// The program whose `read-child` is started.
    pub exe: PathBuf,
    pub engine: String,
    pub second: Option<String>,
    pub models: PathBuf,
    pub sandbox: bool,
    /// Children that read at the same time.
    pub workers: usize,
    pub memory_mb: u64,
    pub page_seconds: u64,
    pub max_pages: u32,
    pub max_megapixels: u32,
    pub max_file_mb: u64,
    pub recycle_pages: u32,
}

/// A file that was read, at least in part.
#[derive(Debug, Clone)]
pub struct ReadOutcome {
    pub reading: Reading,
    /// PNG of each page, upright and deskewed, 200 dpi; empty where the page failed.
    pub images: Vec<Vec<u8>>,
    /// Engine, runtime and models; `rules` is empty.
    pub reader: Reader,
}

/// No page of the file could be read.
#[derive(Debug, Clone)]
pub struct ReadFailure {
    /// A sentence for a person.
    pub reason: String,
    pub mail: Option<Box<Mail>>,
    /// What was found, each with its own reason.
    pub parts: Vec<Part>,
    /// The fault is this machine's (no child could be started), not the file's: worth another attempt.
    pub ours: bool,
}

impl std::error::Error for ReadFailure {}

impl fmt::Display for ReadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// Why there can be no pool: a sentence for the operator.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct PoolError(pub String);

/// Cheap to clone; the children end with the last clone.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    options: PoolOptions,
    metrics: Metrics,
    reader: Reader,
    idle: Mutex<Vec<Peer>>,
    places: Arc<Semaphore>,
}

impl Pool {
    /// Starts the first child, so that a missing engine or a refused sandbox shows at once.
    ///
    /// # Errors
    /// What is missing, with the command that installs it.
    pub fn new(options: PoolOptions) -> Result<Pool, PoolError> {
        Pool::counting(options, Metrics::default())
    }

    /// [`Pool::new`], which counts its children and their pages into `metrics`.
    ///
    /// # Errors
    /// As [`Pool::new`].
    pub fn counting(options: PoolOptions, metrics: Metrics) -> Result<Pool, PoolError> {
        let peer = Peer::start(&options.exe, &start(&options)).map_err(PoolError)?;
        metrics.child_started();
        let inner = Inner {
            metrics,
            reader: peer.reader.clone(),
            places: Arc::new(Semaphore::new(options.workers.max(1))),
            idle: Mutex::new(vec![peer]),
            options,
        };
        Ok(Pool(Arc::new(inner)))
    }

    /// Engine, runtime and models.
    pub fn reader(&self) -> Reader {
        self.0.reader.clone()
    }

    /// Process ids of the children that wait for work.
    pub fn idle_ids(&self) -> Vec<u32> {
        self.0.idle().iter().map(Peer::id).collect()
    }

    /// Reads a file or mail in one of the children, when one is free. A caller that goes away leaves the child to
    /// finish in the background.
    ///
    /// # Errors
    /// No page could be read: why, and what was found.
    pub async fn read(&self, name: &str, bytes: Vec<u8>) -> Result<ReadOutcome, ReadFailure> {
        let inner = self.0.clone();
        let place = inner.places.clone().acquire_owned().await;
        let name = name.to_owned();
        let task = tokio::task::spawn_blocking(move || {
            let _place = place;
            inner.read(&name, &bytes)
        });
        match task.await {
            Ok(result) => result,
            // What it died of may quote what was read.
            Err(_) => Err(Inner::failure("読み取りの処理を続けられませんでした".to_owned(), true)),
        }
    }

    /// Compares two page images (PNG) in one of the children; none where that failed, whatever the reason.
    pub async fn compare(&self, old: Vec<u8>, new: Vec<u8>, question: ink::Question) -> Option<ink::Answer> {
        let inner = self.0.clone();
        let place = inner.places.clone().acquire_owned().await;
        let task = tokio::task::spawn_blocking(move || {
            let _place = place;
            inner.compare(Images { old, new }, question)
        });
        task.await.ok().flatten()
    }

    /// [`Pool::read`] for callers without a runtime; beside it, the number of workers is not held to.
    ///
    /// # Errors
    /// No page could be read: why, and what was found.
    pub fn read_blocking(&self, name: &str, bytes: &[u8]) -> Result<ReadOutcome, ReadFailure> {
        self.0.read(name, bytes)
    }
}

fn start(o: &PoolOptions) -> Start {
    Start {
        engine: o.engine.clone(),
        second: o.second.clone(),
        // The child's working directory is another.
        models: o.models.canonicalize().unwrap_or_else(|_| o.models.clone()),
        sandbox: o.sandbox,
        memory_mb: o.memory_mb,
        page_seconds: o.page_seconds,
        self_test: false,
    }
}

impl Inner {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Peer>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(reason: String, ours: bool) -> ReadFailure {
        ReadFailure { reason, mail: None, parts: Vec::new(), ours }
    }

    fn limits(&self) -> Limits {
        Limits {
            max_pages: self.options.max_pages,
            max_pixels: u64::from(self.options.max_megapixels) * 1_000_000,
            ..Limits::default()
        }
    }

    fn peer(&self) -> Result<Peer, String> {
        while let Some(mut peer) = { self.idle().pop() } {
            if peer.alive() {
                return Ok(peer);
            }
        }
        let peer = Peer::start(&self.options.exe, &start(&self.options))?;
        self.metrics.child_started();
        Ok(peer)
    }

    fn read(&self, name: &str, bytes: &[u8]) -> Result<ReadOutcome, ReadFailure> {
        if bytes.is_empty() {
            let part = Part {
                name: name.to_owned(),
                format: "empty".to_owned(),
                error: Some(say::EMPTY.to_owned()),
                ..Part::default()
            };
            return Err(ReadFailure { parts: vec![part], ..Inner::failure(say::EMPTY.to_owned(), false) });
        }
        if bytes.len() as u64 > self.options.max_file_mb << 20 {
            let reason = say::file_too_large(bytes.len() as u64 >> 20, self.options.max_file_mb);
            return Err(Inner::failure(reason, false));
        }
        let limit = Duration::from_secs(self.options.page_seconds) * FILE_PAGES;
        let mut talk = Talk { until: Some(Instant::now() + limit), ..Talk::default() };
        loop {
            let mut peer = self.peer().map_err(|why| {
                Inner::failure(format!("読み取りプロセスを起動できません（{why}）。管理者に連絡してください"), true)
            })?;
            let first_page = peer.pages == 0;
            match self.converse(&mut peer, name, bytes, &mut talk) {
                Ok(End::Costly) => {
                    tracing::warn!(pages = talk.pages.len(), "the rest of a file is left unread: it costs too much");
                    self.metrics.child_replaced(ChildWear::Tainted);
                    drop(peer);
                    talk.leave_the_rest();
                    return talk.outcome(self.reader.clone());
                }
                Ok(End::Done { tainted }) => {
                    let wear = if tainted {
                        Some(ChildWear::Tainted)
                    } else if peer.pages >= self.options.recycle_pages {
                        Some(ChildWear::Pages)
                    } else {
                        peer.resident_mb().filter(|mb| *mb > RESIDENT_MB).map(|_| ChildWear::Memory)
                    };
                    match wear {
                        Some(wear) => self.metrics.child_replaced(wear),
                        None => self.idle().push(peer),
                    }
                    return talk.outcome(self.reader.clone());
                }
                Err(how) => {
                    self.metrics.child_lost(if how == Broken::Slow { ChildLoss::Slow } else { ChildLoss::Died });
                    tracing::warn!(child = peer.id(), ?how, at = ?talk.at, "the reading process was lost");
                    drop(peer);
                    // A child that died before it had done anything may have been ended from outside.
                    talk.blame(how, self.options.page_seconds, first_page).map_err(|reason| ReadFailure {
                        mail: talk.mail.clone().map(Box::new),
                        ..Inner::failure(reason, false)
                    })?;
                    if talk.is_costly() {
                        talk.leave_the_rest();
                        return talk.outcome(self.reader.clone());
                    }
                }
            }
        }
    }

    fn compare(&self, images: Images, question: ink::Question) -> Option<ink::Answer> {
        let mut peer = self.peer().ok()?;
        let until = Instant::now() + Duration::from_secs(self.options.page_seconds);
        let ask =
            Ask { name: String::new(), limits: self.limits(), skip: Vec::new(), from_page: 1, compare: Some(question) };
        let bytes = postcard::to_stdvec(&images).ok()?;
        // A child that did not come through is gone with its handle.
        peer.ask(&ask, &bytes, until).ok()?;
        let Ok(Answer::Compared(compared)) = peer.answer(until) else { return None };
        if let Ok(Answer::Done { tainted: false }) = peer.answer(until) {
            self.idle().push(peer);
        }
        compared.map_err(|why| tracing::warn!(why, "two pages could not be compared")).ok()
    }

    /// One child's work on the file, from where the last one stopped.
    fn converse(&self, peer: &mut Peer, name: &str, bytes: &[u8], talk: &mut Talk) -> Result<End, Broken> {
        let step = || Instant::now() + Duration::from_secs(self.options.page_seconds);
        talk.at = At::Start;
        let ask = Ask {
            name: name.to_owned(),
            limits: self.limits(),
            skip: talk.skip.iter().map(|s| s.0).collect(),
            from_page: talk.pages.len() as u32 + 1,
            compare: None,
        };
        peer.ask(&ask, bytes, step())?;
        let mut began = Instant::now();
        loop {
            match peer.answer(step())? {
                Answer::Pieces { mail, count } => {
                    talk.mail = mail;
                    talk.parts.resize(count as usize, Part::default());
                }
                Answer::Opening(n) => talk.at = At::Piece(n),
                Answer::Opened(n, mut part) => {
                    talk.at = At::Page;
                    if let Some((_, why)) = talk.skip.iter().find(|s| s.0 == n) {
                        part.error = Some(why.clone());
                    }
                    // A later child tells the same again: what its pages added is kept.
                    let known = talk.parts.get_mut(n as usize).ok_or(Broken::Died)?;
                    if known.format.is_empty() {
                        *known = part;
                    }
                }
                Answer::Page { part, page, image, warnings, incomplete } => {
                    if page.number as usize != talk.pages.len() + 1 {
                        return Err(Broken::Died);
                    }
                    peer.pages += 1;
                    self.metrics.page(std::mem::replace(&mut began, Instant::now()).elapsed().as_secs_f64());
                    let of = talk.parts.get_mut(part as usize).ok_or(Broken::Died)?;
                    of.warnings.extend(warnings);
                    add_reason(&mut of.error, incomplete);
                    talk.page(part, *page, image);
                    if talk.is_costly() {
                        return Ok(End::Costly);
                    }
                }
                Answer::Done { tainted } => return Ok(End::Done { tainted }),
                Answer::Ready(_) | Answer::Refused(_) | Answer::Compared(_) => return Err(Broken::Died),
            }
        }
    }
}

/// How a conversation ended.
enum End {
    /// `tainted`: the child should not be asked again.
    Done { tainted: bool },
    /// The file takes more time or memory than one may.
    Costly,
}

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum At {
    #[default]
    Start,
    Piece(u32),
    /// At the page after the last that was answered.
    Page,
}

/// What is known of a file so far, over the lives of several children.
#[derive(Default)]
struct Talk {
    mail: Option<Mail>,
    parts: Vec<Part>,
    pages: Vec<Page>,
    /// Part of each page.
    owners: Vec<u32>,
    images: Vec<Vec<u8>>,
    /// Pieces that a child died over, with the reason.
    skip: Vec<(u32, String)>,
    at: At,
    /// When the file has had its time.
    until: Option<Instant>,
    /// Pages and pieces that were given up because a child was lost over them.
    lost: u32,
    /// Where the last child died, and how often there.
    died: Option<((At, usize), u32)>,
}

impl Talk {
    fn page(&mut self, part: u32, page: Page, image: Vec<u8>) {
        self.owners.push(part);
        self.pages.push(page);
        self.images.push(image);
    }

    /// Records what a lost child cost. A death is tried once more, slowness is not.
    fn blame(&mut self, how: Broken, seconds: u64, fresh: bool) -> Result<(), String> {
        let place = (self.at, self.pages.len());
        let times = match self.died {
            Some((p, n)) if p == place => n + 1,
            _ => 1,
        };
        self.died = Some((place, times));
        if how == Broken::Died && times < if fresh { 2 } else { 3 } {
            return Ok(());
        }
        self.lost += 1;
        match self.at {
            At::Start => return Err(say::lost(how == Broken::Slow, "ファイル", seconds)),
            At::Piece(n) => self.skip.push((n, say::lost(how == Broken::Slow, "この添付", seconds))),
            At::Page => {
                let number = self.pages.len() as u32 + 1;
                let mut end = 0;
                let part = self.parts.iter().position(|p| {
                    end += p.pages;
                    number <= end
                });
                let Some(part) = part else { return Err(say::lost(how == Broken::Slow, "ファイル", seconds)) };
                let failed = Some(say::lost(how == Broken::Slow, "このページ", seconds));
                self.page(part as u32, Page { number, failed, ..Page::default() }, Vec::new());
            }
        }
        Ok(())
    }

    fn is_costly(&self) -> bool {
        self.lost >= LOST_PAGES
            || self.until.is_some_and(|until| Instant::now() > until)
            || self.images.iter().map(Vec::len).sum::<usize>() > IMAGES_MB << 20
    }

    /// Ends the file with what was read of it; every part that has more says so.
    fn leave_the_rest(&mut self) {
        for (n, why) in std::mem::take(&mut self.skip) {
            if let Some(part) = self.parts.get_mut(n as usize).filter(|p| p.format.is_empty()) {
                part.error = Some(why);
            }
        }
        for (n, part) in self.parts.iter_mut().enumerate() {
            let read = self.owners.iter().filter(|o| **o == n as u32).count() as u32;
            let unopened = part.format.is_empty() && part.error.is_none() && part.ignored.is_none();
            if read < part.pages || unopened {
                part.pages = read;
                add_reason(&mut part.error, Some(say::TOO_COSTLY.to_owned()));
            }
        }
    }

    fn outcome(self, reader: Reader) -> Result<ReadOutcome, ReadFailure> {
        let Talk { mail, mut parts, pages, images, owners, .. } = self;
        // A part of which no page could be read is itself unreadable.
        for (n, part) in parts.iter_mut().enumerate() {
            let mut own = pages.iter().zip(&owners).filter(|(_, o)| **o == n as u32).map(|(p, _)| &p.failed).peekable();
            if own.peek().is_some() && own.clone().all(Option::is_some) {
                add_reason(&mut part.error, own.next().cloned().flatten());
            }
        }
        if pages.iter().all(|p| p.failed.is_some())
            && let Some(reason) = parts.iter().find_map(|p| p.error.clone())
        {
            return Err(ReadFailure { reason, mail: mail.map(Box::new), parts, ours: false });
        }
        let reading = Reading { version: reading::VERSION, mail, parts, pages };
        Ok(ReadOutcome { reading, images, reader })
    }
}

fn add_reason(error: &mut Option<String>, reason: Option<String>) {
    let Some(reason) = reason else { return };
    match error {
        Some(e) if e.contains(&reason) => {}
        Some(e) => {
            e.push(' ');
            e.push_str(&reason);
        }
        None => *error = Some(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(pages: u32) -> Talk {
        let part = Part { name: "a.tif".to_owned(), format: "tiff".to_owned(), pages, ..Part::default() };
        Talk { parts: vec![part, Part::default()], at: At::Page, ..Talk::default() }
    }

    #[test]
    fn after_three_lost_pages_the_rest_is_left_and_told() {
        let mut talk = talk(200);
        talk.page(0, Page { number: 1, ..Page::default() }, vec![1]);
        for lost in 1..=3 {
            assert!(!talk.is_costly());
            talk.blame(Broken::Slow, 9, false).expect("a page");
            assert_eq!(talk.lost, lost);
        }
        assert!(talk.is_costly());
        talk.leave_the_rest();
        let outcome = talk.outcome(Reader::default()).expect("one page is there");
        let parts = &outcome.reading.parts;
        assert_eq!((outcome.reading.pages.len(), parts[0].pages), (4, 4));
        assert!(parts.iter().all(|p| p.error.as_deref().is_some_and(|e| e.contains(say::TOO_COSTLY))), "{parts:?}");
    }

    #[test]
    fn a_death_that_does_not_come_again_costs_nothing() {
        let mut talk = talk(2);
        talk.blame(Broken::Died, 9, false).expect("once more");
        assert_eq!((talk.lost, talk.pages.len()), (0, 0));
    }

    #[test]
    fn images_beyond_all_measure_end_a_file() {
        let mut talk = talk(9);
        talk.page(0, Page { number: 1, ..Page::default() }, vec![0; IMAGES_MB << 20]);
        assert!(!talk.is_costly());
        talk.page(0, Page { number: 2, ..Page::default() }, vec![0]);
        assert!(talk.is_costly());
    }
}
