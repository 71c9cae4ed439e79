//! A disk that keeps only what was synced: file contents by a sync of the file, names by a sync of their folder. What
//! was not may be there after a power cut or not, in part, and in any order.
//!
//! Two things are taken for granted, as every journalling file system gives them: a rename never loses the file (its
//! old name goes only when the new one is there), and a sector of 512 bytes is written whole or not at all.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::trace::{Event, is_volatile};
use crate::dice::Dice;

const SECTOR: usize = 512;

type Id = usize;

#[derive(Debug, Clone)]
enum Node {
    File(File),
    Folder(Folder),
}

#[derive(Debug, Clone, Default)]
struct File {
    /// What a power cut cannot take.
    durable: Vec<u8>,
    /// What came since, with its number.
    pending: Vec<(u64, Change)>,
    /// Where the next write without an offset goes.
    position: u64,
}

#[derive(Debug, Clone)]
enum Change {
    Write { at: u64, bytes: Vec<u8> },
    Size(u64),
}

#[derive(Debug, Clone, Default)]
struct Folder {
    durable: BTreeMap<String, Id>,
    pending: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    number: u64,
    name: String,
    /// None: the name goes.
    node: Option<Id>,
    /// Where a rename took the file that leaves here.
    moved_to: Option<Id>,
}

/// What of the unsynced a power cut leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Nothing,
    /// As if only the processes had been killed.
    Everything,
    /// What came before a random moment, the last write torn.
    Torn,
    /// What came after a random moment, without what came before.
    Late,
    /// Any sectors, sizes and names.
    Any,
}

pub const CUTS: [Cut; 6] = [Cut::Nothing, Cut::Everything, Cut::Torn, Cut::Late, Cut::Any, Cut::Any];

/// A tree of files; None: a folder.
pub type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

#[derive(Debug, Clone)]
pub struct Disk {
    nodes: Vec<Node>,
    /// Number of the next change.
    next: u64,
    /// Syncs that have begun: what they are about, and what came before them.
    syncs: HashMap<usize, (Id, u64)>,
}

impl Disk {
    /// With what lies there for long.
    pub fn new(tree: &Tree) -> Disk {
        let mut disk = Disk { nodes: vec![Node::Folder(Folder::default())], next: 1, syncs: HashMap::new() };
        disk.put(tree);
        disk
    }

    /// Adds what others put there; it is durable.
    pub fn put(&mut self, tree: &Tree) {
        for (path, bytes) in tree {
            if self.find(path).is_some() {
                continue;
            }
            let node = match bytes {
                Some(b) => Node::File(File { durable: b.clone(), ..File::default() }),
                None => Node::Folder(Folder::default()),
            };
            let (parent, name) = self.place(path);
            self.nodes.push(node);
            let id = self.nodes.len() - 1;
            self.folder(parent).durable.insert(name, id);
        }
    }

    fn folder(&mut self, id: Id) -> &mut Folder {
        match &mut self.nodes[id] {
            Node::Folder(f) => f,
            Node::File(_) => panic!("a file is no folder"),
        }
    }

    fn file(&mut self, id: Id) -> &mut File {
        match &mut self.nodes[id] {
            Node::File(f) => f,
            Node::Folder(_) => panic!("a folder is no file"),
        }
    }

    /// As the processes see it.
    fn find(&self, path: &Path) -> Option<Id> {
        path.components().try_fold(0, |at, part| {
            let Node::Folder(folder) = &self.nodes[at] else { return None };
            let name = part.as_os_str().to_str().expect("UTF-8");
            match folder.pending.iter().rev().find(|e| e.name == name) {
                Some(entry) => entry.node,
                None => folder.durable.get(name).copied(),
            }
        })
    }

    fn place(&self, path: &Path) -> (Id, String) {
        let parent =
            path.parent().and_then(|p| self.find(p)).unwrap_or_else(|| panic!("no folder for {}", path.display()));
        (parent, path.file_name().expect("a name").to_str().expect("UTF-8").to_owned())
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    fn link(&mut self, path: &Path, node: Option<Id>, moved_to: Option<Id>, number: u64) {
        let (parent, name) = self.place(path);
        self.folder(parent).pending.push(Entry { number, name, node, moved_to });
    }

    fn make(&mut self, path: &Path, node: Node) -> Id {
        self.nodes.push(node);
        let id = self.nodes.len() - 1;
        let number = self.number();
        self.link(path, Some(id), None, number);
        id
    }

    fn change(&mut self, id: Id, change: Change) {
        let number = self.number();
        self.file(id).pending.push((number, change));
    }

    /// Takes in what a process did.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Open { path, truncate } if !is_volatile(path) => match self.find(path) {
                None => {
                    self.make(path, Node::File(File::default()));
                }
                Some(id) if *truncate => {
                    self.change(id, Change::Size(0));
                    self.file(id).position = 0;
                }
                Some(_) => {}
            },
            Event::Write { path, at, bytes } if !is_volatile(path) => {
                // A file without a name is nobody's loss.
                let Some(id) = self.find(path) else { return };
                let file = self.file(id);
                let at = at.unwrap_or(file.position);
                file.position = at + bytes.len() as u64;
                self.change(id, Change::Write { at, bytes: bytes.clone() });
            }
            Event::Truncate { path, len } if !is_volatile(path) => {
                if let Some(id) = self.find(path) {
                    self.change(id, Change::Size(*len));
                }
            }
            Event::MakeDir { path } => {
                self.make(path, Node::Folder(Folder::default()));
            }
            Event::Rename { from, to } => {
                let id = self.find(from).expect("what is renamed is there");
                let number = self.number();
                self.link(to, Some(id), None, number);
                let (target, _) = self.place(to);
                self.link(from, None, Some(target), number);
            }
            Event::Remove { path } if !is_volatile(path) => {
                let number = self.number();
                self.link(path, None, None, number);
            }
            Event::SyncBegins { id, path } => {
                if let Some(node) = self.find(path) {
                    self.syncs.insert(*id, (node, self.next));
                }
            }
            Event::SyncEnds { id } => {
                if let Some((node, before)) = self.syncs.remove(id) {
                    self.sync(node, before);
                }
            }
            _ => {}
        }
    }

    fn sync(&mut self, id: Id, before: u64) {
        match &mut self.nodes[id] {
            Node::File(f) => {
                let later = f.pending.iter().position(|(n, _)| *n >= before).unwrap_or(f.pending.len());
                for (_, change) in f.pending.drain(..later) {
                    change.apply(&mut f.durable);
                }
            }
            Node::Folder(_) => {
                let entries = std::mem::take(&mut self.folder(id).pending);
                let (done, open): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(|e| e.number < before);
                self.folder(id).pending = open;
                for e in done {
                    match e.node {
                        Some(node) => self.folder(id).durable.insert(e.name.clone(), node),
                        None => self.folder(id).durable.remove(&e.name),
                    };
                    if let (None, Some(target)) = (e.node, e.moved_to) {
                        self.arrive(target, e.number);
                    }
                }
            }
        }
    }

    /// A rename whose first half is durable is so with its second: both are in the journal.
    fn arrive(&mut self, target: Id, number: u64) {
        let target = self.folder(target);
        if let Some(at) = target.pending.iter().position(|e| e.number == number && e.node.is_some()) {
            let arrival = target.pending.remove(at);
            target.durable.insert(arrival.name, arrival.node.expect("an arrival"));
        }
    }

    /// What is on the disk when the power goes now.
    pub fn after(&self, cut: Cut, dice: &mut Dice) -> Tree {
        let moment = dice.below(self.next + 1);
        let mut tree = Tree::new();
        let keeps = |number: u64, dice: &mut Dice| match cut {
            Cut::Nothing => false,
            Cut::Everything => true,
            Cut::Torn => number <= moment,
            Cut::Late => number > moment,
            Cut::Any => dice.percent(50),
        };
        // Renames are decided once, for both folders.
        let mut decided: HashMap<u64, bool> = HashMap::new();
        for node in &self.nodes {
            if let Node::Folder(f) = node {
                for e in &f.pending {
                    decided.entry(e.number).or_insert_with(|| keeps(e.number, dice));
                }
            }
        }
        self.collect(0, Path::new(""), &decided, &mut |file, dice| file.after(cut, moment, dice), dice, &mut tree);
        tree
    }

    fn collect(
        &self,
        id: Id,
        at: &Path,
        decided: &HashMap<u64, bool>,
        content: &mut impl FnMut(&File, &mut Dice) -> Vec<u8>,
        dice: &mut Dice,
        tree: &mut Tree,
    ) {
        match &self.nodes[id] {
            Node::File(f) => {
                tree.insert(at.to_owned(), Some(content(f, dice)));
            }
            Node::Folder(f) => {
                if !at.as_os_str().is_empty() {
                    tree.insert(at.to_owned(), None);
                }
                let mut names = f.durable.clone();
                for e in f.pending.iter().filter(|e| decided[&e.number]) {
                    match e.node {
                        Some(node) => names.insert(e.name.clone(), node),
                        None => names.remove(&e.name),
                    };
                }
                for (name, node) in names {
                    self.collect(node, &at.join(name), decided, content, dice, tree);
                }
            }
        }
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Change::Write { at, bytes } => {
                let at = usize::try_from(*at).expect("an offset");
                if content.len() < at + bytes.len() {
                    content.resize(at + bytes.len(), 0);
                }
                content[at..at + bytes.len()].copy_from_slice(bytes);
            }
            Change::Size(len) => content.resize(usize::try_from(*len).expect("a length"), 0),
        }
    }
}

impl File {
    fn after(&self, cut: Cut, moment: u64, dice: &mut Dice) -> Vec<u8> {
        let mut content = self.durable.clone();
        match cut {
            Cut::Nothing => {}
            Cut::Everything => self.pending.iter().for_each(|(_, c)| c.apply(&mut content)),
            Cut::Torn => {
                let kept = self.pending.iter().take_while(|(n, _)| *n <= moment).count();
                for (i, (_, change)) in self.pending[..kept].iter().enumerate() {
                    match change {
                        Change::Write { at, bytes } if i + 1 == kept => {
                            let sectors = (bytes.len() / SECTOR) as u64;
                            let part = dice.below(sectors + 1) as usize * SECTOR;
                            Change::Write { at: *at, bytes: bytes[..part].to_vec() }.apply(&mut content);
                        }
                        c => c.apply(&mut content),
                    }
                }
            }
            Cut::Late => {
                self.pending.iter().filter(|(n, _)| *n > moment).for_each(|(_, c)| c.apply(&mut content));
            }
            Cut::Any => self.any(&mut content, dice),
        }
        content
    }

    /// Each sector as it was at some moment since the last sync, and the size as it was at another.
    fn any(&self, content: &mut Vec<u8>, dice: &mut Dice) {
        let mut stages = vec![content.clone()];
        for (_, change) in &self.pending {
            let mut next = stages.last().expect("a stage").clone();
            change.apply(&mut next);
            stages.push(next);
        }
        let size = stages[dice.below(stages.len() as u64) as usize].len();
        content.resize(size, 0);
        for begin in (0..size).step_by(SECTOR) {
            let end = (begin + SECTOR).min(size);
            let stage = &stages[dice.below(stages.len() as u64) as usize];
            let there = stage.len().clamp(begin, end);
            content[begin..end].fill(0);
            if there > begin {
                content[begin..there].copy_from_slice(&stage[begin..there]);
            }
        }
    }
}

#[test]
fn only_what_was_synced_is_sure() {
    let path = |at: &str| PathBuf::from(at);
    let mut disk = Disk::new(&Tree::from([(path("d"), None), (path("d/old"), Some(b"old".to_vec()))]));
    let mut dice = Dice::new(1);
    let write = |at: &str, bytes: &[u8]| Event::Write { path: path(at), at: None, bytes: bytes.to_vec() };
    let sync = |disk: &mut Disk, id: usize, at: &str| {
        disk.apply(&Event::SyncBegins { id, path: path(at) });
        disk.apply(&Event::SyncEnds { id });
    };
    disk.apply(&Event::Open { path: path("d/a"), truncate: false });
    disk.apply(&write("d/a", b"one"));
    sync(&mut disk, 1, "d/a");
    assert!(!disk.after(Cut::Nothing, &mut dice).contains_key(&path("d/a")), "its name was not synced");
    sync(&mut disk, 2, "d");
    disk.apply(&write("d/a", b"two"));
    assert_eq!(disk.after(Cut::Nothing, &mut dice)[&path("d/a")], Some(b"one".to_vec()));
    assert_eq!(disk.after(Cut::Everything, &mut dice)[&path("d/a")], Some(b"onetwo".to_vec()));
    // A sync covers what came before it began, not what came before it ended.
    disk.apply(&Event::SyncBegins { id: 3, path: path("d/a") });
    disk.apply(&write("d/a", b"three"));
    disk.apply(&Event::SyncEnds { id: 3 });
    assert_eq!(disk.after(Cut::Nothing, &mut dice)[&path("d/a")], Some(b"onetwo".to_vec()));

    disk.apply(&Event::MakeDir { path: path("e") });
    disk.apply(&Event::Rename { from: path("d/old"), to: path("e/new") });
    let before = disk.after(Cut::Nothing, &mut dice);
    assert!(before.contains_key(&path("d/old")) && !before.contains_key(&path("e")));
    let after = disk.after(Cut::Everything, &mut dice);
    assert_eq!(after[&path("e/new")], Some(b"old".to_vec()));
    assert!(!after.contains_key(&path("d/old")));
}

#[test]
fn sectors_are_kept_whole_and_in_any_order() {
    let path = PathBuf::from("a");
    let mut disk = Disk::new(&Tree::from([(path.clone(), Some(vec![0; 4 * SECTOR]))]));
    for n in 1..=2 {
        disk.apply(&Event::Write { path: path.clone(), at: Some(0), bytes: vec![n; 4 * SECTOR] });
    }
    let mut dice = Dice::new(7);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let content = disk.after(Cut::Any, &mut dice)[&path].clone().expect("a file");
        assert_eq!(content.len(), 4 * SECTOR);
        assert!(content.chunks(SECTOR).all(|c| c.iter().all(|b| *b == c[0])));
        seen.insert(content.chunks(SECTOR).map(|c| c[0]).collect::<Vec<_>>());
    }
    assert!(seen.len() > 40, "{} of 81 mixtures", seen.len());
}
