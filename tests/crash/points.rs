//! SIGKILL at every named point (`src/crash.rs`), the first time and a later one.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use crate::client::{as_role, get};
use crate::dovecot::Dovecot;
use crate::home::repo;
use crate::inputs::{self, Kind, Place};
use crate::site::{Site, Tally};
use crate::{setting, until};

/// Points that a drain passes, with the times at which it dies there.
const POINTS: &[(&str, &[u32])] = &[
    ("blob.written", &[1, 4]),
    ("blob.renamed", &[1, 4]),
    ("receive.after_blob", &[1, 3]),
    ("receive.before_commit", &[1, 3]),
    ("receive.after_commit", &[1, 3]),
    ("intake.received", &[1, 2, 4]),
    ("intake.renamed", &[1, 3]),
    ("imap.flagged", &[1, 2]),
    ("imap.moved", &[1, 2]),
    ("claim.after_commit", &[1, 4]),
    ("read.after_blobs", &[1, 2]),
    ("read.before_commit", &[1, 2]),
    ("read.after_commit", &[1, 2]),
    ("accept.between_documents", &[1, 2]),
    ("accept.before_commit", &[1, 2]),
    ("accept.after_commit", &[1, 2]),
    ("give_up.before_commit", &[1]),
    ("give_up.after_commit", &[1]),
    ("deliver.sending", &[1, 5]),
    ("deliver.after_network", &[1, 5]),
    ("deliver.before_commit", &[1, 5]),
    ("deliver.after_commit", &[1, 5]),
];

/// Points that a person's decision passes.
const DECISIONS: &[&str] = &["review.before_commit", "review.after_commit"];

/// Before and after every commit, whatever it is of.
const COMMITS: &[&str] = &["commit.before", "commit.after"];

/// Points that only an S3-compatible store passes.
const ELSEWHERE: &[&str] = &["blob.put"];

/// Points of restores and copies; `store::dump::tests` dies there.
const FILLING: &[&str] = &["restore.table", "restore.before_commit", "restore.after_commit", "copy.tables"];

/// Points of what goes at the end of its time; `store::retention::tests` dies there.
const ERASING: &[&str] = &["erase.before_commit", "erase.between", "sweep.before_commit"];

fn die_at(point: &str, nth: u32) -> Tally {
    let moved = if point == "imap.moved" { "\nmove_to = \"Done\"" } else { "" };
    let mut site = Site::new().with_mailbox(Dovecot::start(), None);
    if !moved.is_empty() {
        site = site.replacing("poll_seconds = 1", &format!("poll_seconds = 1{moved}"));
    }
    for place in [Place::Scan, Place::Maildir, Place::Imap] {
        site.feed(place, Kind::Sheet);
        site.feed(place, Kind::Blank);
    }
    site.feed(Place::Scan, Kind::Broken);
    let crash = format!("{point}:{nth}");
    assert!(dies(&site, &crash), "{crash} was not reached: is the program built with crash-points?");
    Tally { kills: 1, ..site.settle() }
}

/// Drains until it dies at that point; false where it came to its end without it.
fn dies(site: &Site, crash: &str) -> bool {
    let mut run = site.home.command(&["run", "--drain"]);
    let status = run.env("FAXBRIDGE_CRASH_AT", crash).stderr(site.home.log_file()).status().expect("faxbridge");
    assert!(status.success() || status.signal() == Some(9), "{crash}: {status}\n{}", site.home.log());
    status.signal() == Some(9)
}

#[test]
#[ignore = "needs a program with crash points: make crash"]
fn killed_before_and_after_every_commit_nothing_is_lost_and_nothing_stands_twice() {
    let (mut total, step) = (Tally::default(), setting("FAXBRIDGE_COMMIT_STEP", 1) as usize);
    for point in COMMITS {
        for nth in (1..).step_by(step) {
            let mut site = Site::new();
            site.feed(Place::Scan, Kind::Sheet);
            site.feed(Place::Maildir, Kind::Broken);
            if !dies(&site, &format!("{point}:{nth}")) {
                println!("{point}: {} commits", nth - 1);
                assert!(nth > 20, "so few: is the program built with crash-points?");
                break;
            }
            total += Tally { kills: 1, ..site.settle() };
        }
    }
    println!("every commit: {total:?}");
}

#[test]
#[ignore = "needs a program with crash points: make crash"]
fn killed_at_every_named_point_nothing_is_lost_and_nothing_stands_twice() {
    let mut total = Tally::default();
    for (point, times) in POINTS {
        for nth in *times {
            println!("{point}:{nth}");
            total += die_at(point, *nth);
        }
    }
    println!("named points: {total:?}");
}

/// Chooses a room on the page of a held sheet; None where the answer did not come.
fn choose(port: u16, document: &str) -> Option<u16> {
    let answer = as_role(port, "reviewer", "POST", &format!("/review/{document}/room"), "revision=1&room=R-0001")?;
    Some(answer.status)
}

#[test]
#[ignore = "needs a program with crash points: make crash"]
fn killed_in_the_middle_of_a_decision_it_can_be_made_again_and_counts_once() {
    for point in DECISIONS {
        let mut site = Site::new();
        site.feed(Place::Scan, Kind::Broken);
        site.home.drain();
        let document = site.home.sql(&["SELECT id FROM document"]).remove(0);
        let mut run = site.home.command(&["run"]);
        run.env("FAXBRIDGE_CRASH_AT", point);
        let mut daemon = site.home.launch(run);
        until("the daemon answers", || get(site.home.port, "/healthz").filter(|(status, _)| *status == 200));
        assert_eq!(choose(site.home.port, &document), None, "{point}: it dies before it answers");
        until("it is dead", || daemon.has_ended().then_some(()));
        let daemon = site.home.start();
        assert_eq!(choose(site.home.port, &document), Some(303), "{point}: once more");
        assert!(daemon.stop().success());
        site.home.drain();
        let posts = site.home.sql(&["SELECT document || ' ' || room FROM post"]);
        assert_eq!(posts, [format!("{document} R-0001")], "{point}");
        let notices = site.home.sql(&["SELECT recipient FROM outbox WHERE sink = 'mail' AND purpose = 'notice'"]);
        assert_eq!(notices.len(), inputs::MEMBERS, "{point}");
        let told: BTreeSet<String> = site.post.mails().into_iter().map(|m| m.message_id).collect();
        assert_eq!(told.len(), inputs::MEMBERS + 1, "{point}: and the administrator before");
        site.home.ok(&["audit", "verify"]);
    }
}

fn collect(dir: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(dir).expect("sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs")
            && path.file_name().is_some_and(|n| n != "tests.rs" && n != "crash.rs")
        {
            let text = std::fs::read_to_string(&path).expect("a source");
            let names = text.split("crash::reached(\"").skip(1).filter_map(|t| t.split('"').next());
            found.extend(names.map(str::to_owned));
        }
    }
}

#[test]
fn every_named_point_is_tried() {
    let mut there = BTreeSet::new();
    collect(&repo("src"), &mut there);
    let tried: BTreeSet<String> = POINTS
        .iter()
        .map(|p| p.0)
        .chain(DECISIONS.iter().chain(COMMITS).chain(ELSEWHERE).chain(FILLING).chain(ERASING).copied())
        .map(str::to_owned)
        .collect();
    assert_eq!(there, tried);
}
