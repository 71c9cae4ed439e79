//! A source is touched only after the blob, its folder and the database are on disk: read off the system calls.

use std::path::Path;
use std::process::Stdio;

use crate::dovecot::Dovecot;
use crate::home::{Home, blank_page, line};
use crate::strace::{self, Call, first};

/// Where, in the order of the calls, the receipt of a content is safe on disk: SQLite's log is synced, or PostgreSQL
/// (whose server syncs) is told to commit.
fn safe(home: &Home, calls: &[Call], sha: &str) -> usize {
    let blob = format!("/{}/{}", &sha[..2], &sha[2..]);
    let rename = first(calls, 0, "the blob gets its name", |c| c.is_rename() && c.on(&blob));
    let tmp = calls[rename].text.split('"').nth(1).expect("the old name").to_owned();
    let fsync = first(calls, 0, "the blob is synced", |c| c.is_sync() && c.on(&tmp));
    assert!(fsync < rename, "synced before it gets its name");
    let last_write = calls.iter().rposition(|c| c.is_write() && c.on(&tmp)).expect("the blob is written");
    assert!(last_write < fsync, "nothing is written after the sync");
    let folder = format!("/blobs/{}", &sha[..2]);
    let folder = first(calls, rename, "the blob's folder is synced", |c| c.is_sync() && c.on(&folder));
    if home.is_shared() {
        let row = first(calls, folder, "the receipt goes to the database", |c| c.is_write() && c.text.contains(sha));
        return first(calls, row, "it is committed", |c| c.is_write() && c.text.contains("COMMIT"));
    }
    let row = first(calls, folder, "the receipt goes into the database's log", |c| {
        c.is_write() && c.on("-wal") && c.text.contains(sha)
    });
    first(calls, row, "the database's log is synced", |c| c.is_sync() && c.on("-wal"))
}

/// Drains under strace.
fn trace(home: &Home, file: &Path) -> Vec<Call> {
    let status = strace::strace(file)
        .arg(env!("CARGO_BIN_EXE_faxbridge"))
        .args(["run", "--drain", "--config"])
        .arg(home.config())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("strace is installed (make test)");
    assert!(status.success(), "{status}");
    strace::calls(file)
}

#[test]
fn a_scanned_file_is_moved_only_when_it_is_safe() {
    let home = Home::new().folder();
    home.scan("a.png", &blank_page(1));
    let calls = trace(&home, &home.at("trace"));
    let sha = line(&home.status(), "a.png")["sha256"].as_str().expect("a hash").to_owned();
    let safe = safe(&home, &calls, &sha);
    let moved = first(&calls, 0, "the file is moved", |c| c.is_rename() && c.on("/scan/a.png"));
    assert!(calls[moved].text.contains("processed"), "{:?}", calls[moved]);
    assert!(safe < moved, "safe at call {safe}, moved at {moved}");
}

#[test]
fn a_mail_is_flagged_only_when_it_is_safe() {
    let dovecot = Dovecot::start();
    let home = Home::new().with(&dovecot.open_source("fax-mail", dovecot.port));
    dovecot.deliver("1.host", b"From: fax@example.jp\r\nSubject: test\r\n\r\nno attachment\r\n");
    let calls = trace(&home, &home.at("trace"));
    let lines = home.status();
    let safe = safe(&home, &calls, lines[0]["sha256"].as_str().expect("a hash"));
    let flagged = first(&calls, 0, "the mail is flagged", |c| c.is_write() && c.text.contains("UID STORE"));
    assert!(safe < flagged, "safe at call {safe}, flagged at {flagged}");
    assert!(dovecot.is_done("1.host"));
}
