//! A power cut: what the program wrote and synced is recorded with strace and replayed up to each sync, onto a disk that
//! keeps only what was synced, and of the rest anything or nothing ([`disk`]). A store that begins there must verify,
//! and keep what was promised before: a source that was touched has its receipt, a notice that was sent its row.
//!
//! About SQLite's files and our own; a PostgreSQL server answers for its own.

mod disk;
mod trace;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use faxbridge::store::Store;

use crate::dice::Dice;
use crate::home::program;
use crate::inputs::{Kind, Place, sha256};
use crate::mail::Mail;
use crate::site::{Site, Tally};
use crate::{seed, setting};
use disk::{CUTS, Cut, Disk, Tree};
use trace::Event;

/// Everything below a folder that counts, as it is now.
fn tree(root: &Path) -> Tree {
    fn walk(root: &Path, at: &Path, tree: &mut Tree) {
        for entry in std::fs::read_dir(root.join(at)).into_iter().flatten().flatten() {
            let path = at.join(entry.file_name());
            if entry.file_type().expect("a type").is_dir() {
                tree.insert(path.clone(), None);
                walk(root, &path, tree);
            } else if !trace::is_volatile(&path) {
                tree.insert(path.clone(), Some(std::fs::read(root.join(&path)).expect("a file")));
            }
        }
    }
    let mut tree = Tree::new();
    for top in ["data", "scan", "mails"] {
        if root.join(top).is_dir() {
            tree.insert(top.into(), None);
            walk(root, Path::new(top), &mut tree);
        }
    }
    tree
}

/// What happened to one installation, from its first start on.
struct Recording {
    site: Site,
    begin: Tree,
    steps: Vec<Step>,
    /// Steps of the first run, which may have been killed.
    first_run: usize,
}

enum Step {
    Did(Event),
    /// Others added files; durable.
    Came(Tree),
}

/// Feeds, runs and feeds again. The first run is killed as it asks for its `kill_at_sync`-th sync; None where it was
/// not, or where strace did not see all that it did before it died.
fn record(kill_at_sync: Option<u32>) -> Option<Recording> {
    let mut site = Site::new();
    site.feed(Place::Scan, Kind::Sheet);
    site.feed(Place::Scan, Kind::Blank);
    site.feed(Place::Maildir, Kind::Sheet);
    site.feed(Place::Scan, Kind::Broken);
    let root = std::fs::canonicalize(site.home.at("")).expect("the folder");
    let begin = tree(&root);
    let mut disk = Disk::new(&begin);
    let (mut steps, mut ids, mut first_run) = (Vec::new(), 0, 0);
    for run in 0..2 {
        let file = site.home.at(&format!("trace-{run}"));
        let status = trace::strace(&file, kill_at_sync.filter(|_| run == 0))
            .arg(program())
            .args(["run", "--drain", "--config"])
            .arg(site.home.config())
            .stdin(Stdio::null())
            .stderr(site.home.log_file())
            .status()
            .expect("strace is installed (make test)");
        let killed = status.signal() == Some(9);
        assert!(status.success() || killed && run == 0, "{status}\n{}", site.home.log());
        if killed != (run == 0 && kill_at_sync.is_some()) {
            return None;
        }
        steps.extend(trace::events(&file, &root, &mut ids).into_iter().map(Step::Did));
        for step in &steps[first_run..] {
            if let Step::Did(event) = step {
                disk.apply(event);
            }
        }
        let (seen, there) = (disk.after(Cut::Everything, &mut Dice::new(0)), tree(&root));
        if seen != there {
            let differ = |p: &&PathBuf| seen.get(*p) != there.get(*p);
            let paths: BTreeSet<&PathBuf> = seen.keys().chain(there.keys()).filter(differ).collect();
            // A call that the kill interrupted leaves no result to read.
            assert!(killed, "strace did not see all of {paths:?}");
            return None;
        }
        if run == 0 {
            let before = tree(&root);
            site.feed(Place::Scan, Kind::Sheet);
            site.feed(Place::Maildir, Kind::Broken);
            let came: Tree = tree(&root).into_iter().filter(|(p, _)| !before.contains_key(p)).collect();
            disk.put(&came);
            steps.push(Step::Came(came));
            first_run = steps.len();
        }
    }
    site.check();
    Some(Recording { site, begin, steps, first_run })
}

/// What the world had seen of the installation before the cut.
#[derive(Default)]
struct Seen {
    /// SHA-256 of what was put away in its source.
    put_away: BTreeSet<String>,
    /// Text that left for the mail server.
    sent: String,
    /// Inputs that had come.
    came: BTreeSet<String>,
}

impl Seen {
    fn note(&mut self, disk: &Disk, event: &Event) {
        match event {
            Event::Rename { from, to } if !from.starts_with("data") => {
                let all = disk.after(Cut::Everything, &mut Dice::new(0));
                let moved = all.get(to).and_then(|c| c.as_ref()).expect("what was moved");
                self.put_away.insert(sha256(moved));
            }
            Event::Sent { bytes } => self.sent.push_str(&String::from_utf8_lossy(bytes)),
            _ => {}
        }
    }

    fn arrived(&mut self, tree: &Tree) {
        self.came.extend(tree.values().flatten().map(|b| sha256(b)));
    }

    /// Keys of the notices that were told.
    fn keys(&self) -> BTreeSet<String> {
        let after = self.sent.split("Message-ID: <").skip(1);
        after.filter_map(|t| t.split_once("@example.jp>")).map(|(key, _)| key.to_owned()).collect()
    }
}

/// Writes a tree into a folder.
fn lay_out(tree: &Tree, root: &Path) {
    for (path, content) in tree {
        let at = root.join(path);
        match content {
            None => std::fs::create_dir_all(at).expect("a folder"),
            Some(bytes) => std::fs::write(at, bytes).expect("a file"),
        }
    }
}

/// A folder in memory, where there is such a thing: this disk need not outlive anything.
fn quick_dir() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("dir")
}

/// Opens the store that the cut left, as a start does, and asks for what was promised.
fn opens_and_keeps(tree: &Tree, seen: &Seen) -> Result<(), String> {
    let dir = quick_dir();
    lay_out(tree, dir.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let keys = runtime.block_on(async {
        let store = Store::open(&dir.path().join("data")).await.map_err(|e| format!("it does not open: {e}"))?;
        let report = store.verify().await.map_err(|e| format!("it cannot be verified: {e}"))?;
        if !report.faults.is_empty() {
            return Err(format!("it does not verify: {:?}", report.faults));
        }
        let lines = store.status().await.map_err(|e| e.to_string())?;
        let known: BTreeMap<String, usize> =
            lines.iter().filter_map(|l| l.sha256.clone()).fold(BTreeMap::new(), |mut m, s| {
                *m.entry(s).or_default() += 1;
                m
            });
        if let Some(sha) = seen.put_away.iter().find(|s| !known.contains_key(*s)) {
            return Err(format!("{sha} was put away and has no receipt"));
        }
        if let Some((sha, n)) = known.iter().find(|(_, n)| **n > 1) {
            return Err(format!("{sha} has {n} receipts"));
        }
        let waiting: BTreeSet<String> = tree
            .iter()
            .filter(|(p, _)| !p.starts_with("data"))
            .filter_map(|(_, c)| c.as_ref())
            .map(|b| sha256(b))
            .collect();
        if let Some(sha) = seen.came.iter().find(|s| !known.contains_key(*s) && !waiting.contains(*s)) {
            return Err(format!("{sha} is lost"));
        }
        store.close().await;
        Ok(seen.keys())
    })?;
    if keys.is_empty() {
        return Ok(());
    }
    let there: BTreeSet<String> = runtime.block_on(async {
        use sqlx::Connection;
        let file = dir.path().join("data/faxbridge.sqlite");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut db = sqlx::SqliteConnection::connect_with(&options).await.expect("the database");
        let keys = sqlx::query_scalar("SELECT key FROM outbox").fetch_all(&mut db).await.expect("keys");
        db.close().await.expect("close");
        keys.into_iter().collect()
    });
    match keys.iter().find(|k| !there.contains(*k)) {
        Some(key) => Err(format!("notice {key} was sent, and nothing tells of it")),
        None => Ok(()),
    }
}

/// Lets the whole program go on from what the cut left.
fn goes_on(recording: &Recording, tree: &Tree, seen: &Seen) -> Tally {
    let keys = seen.keys();
    let told: Vec<Mail> = recording.site.post.mails();
    let told = told.into_iter().filter(|m| keys.contains(m.message_id.trim_end_matches("@example.jp"))).collect();
    let given = recording.site.given.iter().filter(|g| seen.came.contains(&g.sha256)).cloned().collect();
    let site = Site::taken_over(given, told);
    lay_out(tree, &site.home.at(""));
    site.home.drain();
    site.check_without_sources()
}

/// Figures of a replay.
#[derive(Debug, Default)]
struct Replayed {
    syncs: usize,
    copies: usize,
    continued: usize,
    failed: Vec<String>,
}

impl Replayed {
    /// Replays a recording and cuts before its syncs, where `wanted` says so; `goes_on` with what some cuts left.
    fn replay(
        &mut self,
        what: &str,
        recording: &Recording,
        dice: &mut Dice,
        mut wanted: impl FnMut(usize, &mut Dice) -> Vec<Cut>,
        go_on_every: usize,
    ) {
        let mut disk = Disk::new(&recording.begin);
        let mut seen = Seen::default();
        seen.arrived(&recording.begin);
        for (n, step) in recording.steps.iter().enumerate() {
            let event = match step {
                Step::Came(tree) => {
                    disk.put(tree);
                    seen.arrived(tree);
                    continue;
                }
                Step::Did(event) => event,
            };
            let last = n + 1 == recording.steps.len();
            if matches!(event, Event::SyncEnds { .. }) || last {
                self.syncs += 1;
                for cut in wanted(n, dice) {
                    let tree = disk.after(cut, dice);
                    self.copies += 1;
                    if let Err(why) = opens_and_keeps(&tree, &seen) {
                        self.failed.push(format!("{what}, before step {n} ({event:?}), {cut:?}: {why}"));
                    } else if self.copies.is_multiple_of(go_on_every) {
                        self.continued += 1;
                        goes_on(recording, &tree, &seen);
                    }
                }
            }
            disk.apply(event);
            seen.note(&disk, event);
        }
    }

    fn tell(&self, what: &str) {
        println!(
            "{what}: {} syncs, {} copies, {} of them worked through, {} failed",
            self.syncs,
            self.copies,
            self.continued,
            self.failed.len()
        );
        let some: Vec<&String> = self.failed.iter().take(10).collect();
        assert!(self.failed.is_empty(), "{} copies failed, the first: {some:#?}", self.failed.len());
    }
}

/// Chooses about so many copies, or all, of the cuts from a step on.
fn some(recording: &Recording, from: usize, cuts: &[Cut], copies: usize) -> impl FnMut(usize, &mut Dice) -> Vec<Cut> {
    let is_sync = |s: &&Step| matches!(s, Step::Did(Event::SyncEnds { .. }));
    let all = recording.steps.iter().skip(from).filter(is_sync).count() * cuts.len();
    move |n, dice| {
        let mut taken = |_: &Cut| copies >= all || dice.below(all as u64) < copies as u64;
        if n < from { Vec::new() } else { cuts.iter().copied().filter(|c| taken(c)).collect() }
    }
}

fn is_elsewhere() -> bool {
    std::env::var_os("FAXBRIDGE_TEST_DATABASE").is_some()
}

#[test]
fn after_a_power_cut_the_store_begins_verifies_and_keeps_its_promises() {
    if is_elsewhere() {
        return;
    }
    let (copies, seed) = (setting("FAXBRIDGE_CUTS", 12) as usize, seed());
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let recording = record(None).expect("a recording");
    let mut replayed = Replayed::default();
    let wanted = some(&recording, 0, &CUTS, copies);
    let go_on_every = if copies < 100 { 6 } else { 25 };
    replayed.replay("undisturbed", &recording, &mut dice, wanted, go_on_every);
    replayed.tell("power cuts");
}

/// A process that was killed leaves to the next one what it had written and not synced.
#[test]
fn after_a_kill_and_then_a_power_cut_the_promises_are_kept() {
    if is_elsewhere() {
        return;
    }
    let (kills, copies, seed) = (setting("FAXBRIDGE_SYNC_KILLS", 2), setting("FAXBRIDGE_CUTS", 12) as usize, seed());
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let mut replayed = Replayed::default();
    // Later syncs than these are few.
    let moments: Vec<u32> = if kills >= 70 {
        (1..=kills as u32).collect()
    } else {
        (0..kills).map(|_| 1 + dice.below(70) as u32).collect()
    };
    for kill_at in moments {
        let Some(recording) = record(Some(kill_at)) else { continue };
        // What the first run leaves is what the other test is about.
        let wanted = some(&recording, recording.first_run, &[Cut::Nothing, Cut::Any], copies);
        replayed.replay(&format!("killed at sync {kill_at}"), &recording, &mut dice, wanted, 150);
    }
    replayed.tell("kills, then power cuts");
}
