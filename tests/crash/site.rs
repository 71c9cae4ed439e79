//! One installation with all its sources and a mail server, what was given to it, and the question that every test ends
//! with: is everything there, and once?

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;
use std::path::Path;

use crate::dice::Dice;
use crate::dovecot::Dovecot;
use crate::home::Home;
use crate::inputs::{self, Given, Kind, MEMBERS, Place, sha256};
use crate::mail::Mail;
use crate::post_office::PostOffice;

pub struct Site {
    pub home: Home,
    pub post: PostOffice,
    pub dovecot: Option<Dovecot>,
    pub given: Vec<Given>,
    next: u64,
}

/// Figures of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub kills: u64,
    pub inputs: usize,
    pub receipts: usize,
    pub posts: usize,
    pub notices: usize,
    /// Mails that came again, under the Message-ID of before.
    pub repeated: usize,
    pub lost: usize,
    pub twice: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, o: Tally) {
        self.kills += o.kills;
        self.inputs += o.inputs;
        self.receipts += o.receipts;
        self.posts += o.posts;
        self.notices += o.notices;
        self.repeated += o.repeated;
        self.lost += o.lost;
        self.twice += o.twice;
    }
}

/// What is wrong, sorted by what it means.
#[derive(Debug, Default)]
struct Faults {
    lost: Vec<String>,
    twice: Vec<String>,
    other: Vec<String>,
}

impl Faults {
    /// `n` of something that must be there once.
    fn once(&mut self, n: usize, what: impl FnOnce() -> String) {
        match n {
            0 => self.lost.push(what()),
            1 => {}
            n => self.twice.push(format!("{n} times: {}", what())),
        }
    }

    fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.other.push(what());
        }
    }
}

/// All sheets bear the same text, and each is to count.
const NO_RESENDS: &str = "[versions]\nresend_days = 0";

impl Site {
    /// A scan folder, a Maildir and a mail server for notices.
    pub fn new() -> Site {
        Self::noticing(30)
    }

    /// The same; the mail server has so many seconds to answer.
    pub fn noticing(timeout_seconds: u32) -> Site {
        let post = PostOffice::start();
        // Told in notices: the same in every copy of an installation.
        let home = Home::new().top("base_url = \"http://board.example.jp\"").maildir();
        let home = home.with(&post.table(timeout_seconds));
        std::fs::create_dir(home.at("scan")).expect("scan");
        // Files come by rename, so there is no need to watch them for a while.
        let scan = "[[intake]]\nname = \"scan\"\nkind = \"folder\"\npath = \"DIR/scan\"\nsettle_seconds = 0\nrescan_seconds = 1";
        let home = home.with(scan).with(NO_RESENDS);
        Site { home, post, dovecot: None, given: Vec::new(), next: 0 }
    }

    /// With sheets that are looked at for earlier ones: all but the first are that one sent again.
    pub fn with_resends(self) -> Site {
        self.replacing(NO_RESENDS, "[versions]\nresend_days = 14")
    }

    /// An installation whose folders are yet to be laid out, with what was given to it and what had arrived before.
    pub fn taken_over(given: Vec<Given>, mails: Vec<Mail>) -> Site {
        let site = Site { given, ..Site::new() };
        site.post.has(mails);
        site
    }

    /// With a mailbox as well, reached by `port` (the server's own where it is None).
    pub fn with_mailbox(mut self, dovecot: Dovecot, port: Option<u16>) -> Site {
        let table = format!("{}\npoll_seconds = 1", dovecot.open_source("imap", port.unwrap_or(dovecot.port)));
        self.home = self.home.with(&table);
        self.dovecot = Some(dovecot);
        self
    }

    /// With other words in the configuration.
    pub fn with(mut self, table: &str) -> Site {
        self.home = self.home.with(table);
        self
    }

    /// With other words in the configuration instead of these.
    pub fn replacing(mut self, old: &str, new: &str) -> Site {
        self.home = self.home.replacing(old, new);
        self
    }

    /// Hands over one input, whole in the moment in which it appears.
    pub fn feed(&mut self, place: Place, kind: Kind) {
        self.next += 1;
        let n = self.next;
        let bytes = if place == Place::Scan { inputs::file(kind, n) } else { inputs::mail(kind, n) };
        self.hand_over(place, kind, &bytes);
    }

    /// Hands over what came before once more, under another name.
    pub fn feed_again(&mut self, dice: &mut Dice) {
        let scans: Vec<Given> = self.given.iter().filter(|g| g.place == Place::Scan).cloned().collect();
        if scans.is_empty() {
            return;
        }
        let one = &scans[dice.below(scans.len() as u64) as usize];
        let found = ["scan/processed", "scan"].iter().find_map(|dir| find(&self.home.at(dir), &one.sha256));
        // It may be on its way from the one to the other.
        if let Some(bytes) = found {
            self.next += 1;
            self.hand_over(Place::Scan, one.kind, &bytes);
        }
    }

    /// Any input, at any place.
    pub fn feed_any(&mut self, dice: &mut Dice) {
        if dice.percent(8) {
            return self.feed_again(dice);
        }
        let place = match dice.below(10) {
            0..6 => Place::Scan,
            6..8 => Place::Maildir,
            _ if self.dovecot.is_some() => Place::Imap,
            _ => Place::Maildir,
        };
        self.feed(place, inputs::any(dice));
    }

    fn hand_over(&mut self, place: Place, kind: Kind, bytes: &[u8]) {
        let n = self.next;
        let name = match place {
            Place::Scan => {
                // Scanners begin again with the names of before.
                let name = format!("page-{}.png", n % 5);
                // The same content under the same name is the same input, and has one receipt.
                let same = self.given.iter().any(|g| g.name == name && g.sha256 == sha256(bytes));
                if same || self.home.at("scan").join(&name).exists() { format!("scan-{n}.png") } else { name }
            }
            Place::Maildir | Place::Imap => format!("{n}.host"),
        };
        match place {
            Place::Scan => self.home.scan(&name, bytes),
            Place::Maildir => {
                let tmp = self.home.at("mails/tmp").join(&name);
                std::fs::write(&tmp, bytes).expect("write");
                std::fs::rename(&tmp, self.home.at("mails/new").join(&name)).expect("deliver");
            }
            Place::Imap => self.dovecot.as_ref().expect("a mailbox").deliver(&name, bytes),
        }
        self.given.push(Given { place, name, sha256: sha256(bytes), kind });
    }

    /// Lets the program finish what is left, and checks everything.
    ///
    /// # Panics
    /// Anything is lost, there twice, or not as it should be.
    pub fn settle(&self) -> Tally {
        self.home.drain();
        self.check()
    }

    /// Checks everything; nothing may be left to do.
    ///
    /// # Panics
    /// As [`Site::settle`].
    pub fn check(&self) -> Tally {
        self.check_all(true)
    }

    /// [`Site::check`] where the folders of the sources were not left as the program leaves them.
    ///
    /// # Panics
    /// As [`Site::settle`].
    pub fn check_without_sources(&self) -> Tally {
        self.check_all(false)
    }

    fn check_all(&self, sources: bool) -> Tally {
        let mut faults = Faults::default();
        let mut tally = Tally { inputs: self.given.len(), ..Tally::default() };
        self.check_receipts(&mut faults, &mut tally);
        if sources {
            self.check_sources(&mut faults);
        }
        self.check_postings(&mut faults, &mut tally);
        let audit = self.home.run(&["audit", "verify"]);
        faults.check(audit.status.success(), || format!("audit verify: {}", String::from_utf8_lossy(&audit.stdout)));
        let halves = std::fs::read_dir(self.home.at("data/blobs/tmp")).map_or(0, |d| d.count());
        faults.check(halves == 0, || format!("{halves} half-written blobs are left"));
        (tally.lost, tally.twice) = (faults.lost.len(), faults.twice.len());
        if !(faults.lost.is_empty() && faults.twice.is_empty() && faults.other.is_empty()) {
            let log = self.home.log();
            let tail: Vec<&str> = log.lines().rev().take(150).collect();
            eprintln!("the end of the log:\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
            panic!("{tally:?}\n{faults:#?}");
        }
        tally
    }

    /// Each input has one receipt with its final state, and there are no others.
    fn check_receipts(&self, faults: &mut Faults, tally: &mut Tally) {
        let mut receipts: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
        for line in self.home.status() {
            let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            let reason = text("reason");
            // A verdict from when it could not be fetched, which the receipt has superseded.
            if text("sha256").is_empty() && text("state") == "ignored" && reason.contains("のちに受信できた") {
                continue;
            }
            let id = if text("source") == Place::Imap.source() { String::new() } else { text("source_id") };
            receipts.entry((text("source"), id, text("sha256"))).or_default().push(text("state"));
            let documents = line["documents"].as_array().map_or(0, Vec::len);
            faults.check(text("state") == "ignored" || documents == 1, || format!("{documents} documents: {line}"));
            tally.receipts += 1;
        }
        for g in &self.given {
            let id = if g.place == Place::Imap { String::new() } else { g.name.clone() };
            let states = receipts.remove(&(g.place.source().to_owned(), id, g.sha256.clone())).unwrap_or_default();
            faults.once(states.len(), || format!("a receipt for {g:?}"));
            faults.check(states.iter().all(|s| s == g.state()), || format!("{g:?} is {states:?}"));
        }
        faults.check(receipts.is_empty(), || format!("receipts of what was never given: {receipts:?}"));
    }

    /// What was received is put away in its source, unharmed.
    fn check_sources(&self, faults: &mut Faults) {
        let left: Vec<String> = names(&self.home.at("scan")).into_iter().filter(|n| n != "processed").collect();
        faults.check(left.is_empty(), || format!("left in the scan folder: {left:?}"));
        let processed = contents(&self.home.at("scan/processed"));
        let cur = contents(&self.home.at("mails/cur"));
        let unseen: Vec<String> =
            names(&self.home.at("mails/cur")).into_iter().filter(|n| !n.ends_with(":2,S")).collect();
        faults
            .check(names(&self.home.at("mails/new")).is_empty() && unseen.is_empty(), || format!("unseen: {unseen:?}"));
        let mut wanted: BTreeMap<(Place, &str), usize> = BTreeMap::new();
        for g in &self.given {
            *wanted.entry((g.place, &g.sha256)).or_default() += 1;
        }
        for ((place, sha), n) in wanted {
            let there = match place {
                Place::Scan => processed.get(sha),
                Place::Maildir => cur.get(sha),
                Place::Imap => continue,
            };
            faults.check(there == Some(&n), || format!("{there:?} of {n} files {sha} are put away in {place:?}"));
        }
        if let Some(dovecot) = &self.dovecot {
            let given: Vec<&Given> = self.given.iter().filter(|g| g.place == Place::Imap).collect();
            // A mail that is moved gets another file name.
            let (flagged, moved) =
                (given.iter().filter(|g| dovecot.is_done(&g.name)).count(), dovecot.mails(".Done", "").len());
            faults.check(flagged + moved == given.len(), || {
                format!("of {} mails {flagged} are flagged and {moved} moved", given.len())
            });
        }
    }

    /// Each sheet stands in its room once; each notice came, always under the same Message-ID.
    fn check_postings(&self, faults: &mut Faults, tally: &mut Tally) {
        let contents: BTreeMap<&str, Kind> = self.given.iter().map(|g| (g.sha256.as_str(), g.kind)).collect();
        let of = |kind: Kind| contents.values().filter(|k| **k == kind).count();
        let (sheets, held) = (of(Kind::Sheet), of(Kind::Broken));

        let resends = self.home.sql(&["SELECT id FROM document WHERE again_of IN (SELECT document FROM post)"]).len();
        let posts = self.home.sql(&["SELECT key FROM post ORDER BY key"]);
        let keys = self.home.sql(&["SELECT key FROM outbox WHERE sink = 'board' AND state = 'sent' ORDER BY key"]);
        faults.check(posts == keys, || format!("the board has {posts:?}, the outbox {keys:?}"));
        let documents: BTreeSet<String> = self
            .home
            .sql(&["SELECT document FROM post WHERE replaced IS NULL AND withdrawn IS NULL"])
            .into_iter()
            .collect();
        let told = format!("{} posts of {} documents and {resends} re-sends", posts.len(), documents.len());
        if posts.len() + resends > sheets || documents.len() < posts.len() {
            faults.twice.push(format!("{told} for {sheets} sheets"));
        } else if posts.len() + resends < sheets {
            faults.lost.push(format!("{told} for {sheets} sheets"));
        }
        tally.posts = posts.len();

        let mut mails: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for mail in self.post.mails() {
            // Word of a fault and of its end has no outbox.
            if !mail.subject.contains("【faxbridge】") {
                mails.entry(mail.message_id.clone()).or_default().push(mail);
            }
        }
        let rows = self.home.sql(&[
            "SELECT key || ' ' || state || ' ' || recipient || ' ' || document FROM outbox WHERE sink = 'mail' ORDER BY key",
        ]);
        faults.check(rows.len() == posts.len() * MEMBERS + held, || {
            format!("{} notices for {} posts and {held} held files", rows.len(), posts.len())
        });
        for row in &rows {
            let word: Vec<&str> = row.split(' ').collect();
            let (key, state, recipient, document) = (word[0], word[1], word[2], word[3]);
            let came = mails.remove(&format!("{key}@example.jp")).unwrap_or_default();
            if came.is_empty() {
                faults.lost.push(format!("notice {row}"));
            }
            tally.repeated += came.len().saturating_sub(1);
            let same = came.iter().all(|m| m.to == recipient && m.body.contains(document) && *m == came[0]);
            faults.check(state == "sent" && same, || format!("notice {row} is {came:?}"));
        }
        tally.notices = rows.len();
        // A second Message-ID for a notice would be left here.
        for (id, came) in mails {
            faults.twice.push(format!("mail {id}, which no row of the outbox tells of: {came:?}"));
        }
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}

/// SHA-256 of the files in a folder, with how many have it.
fn contents(dir: &Path) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for name in names(dir) {
        if let Ok(bytes) = std::fs::read(dir.join(name)) {
            *found.entry(sha256(&bytes)).or_default() += 1;
        }
    }
    found
}

fn find(dir: &Path, sha: &str) -> Option<Vec<u8>> {
    names(dir).iter().filter_map(|n| std::fs::read(dir.join(n)).ok()).find(|b| sha256(b) == sha)
}
