//! What goes at the end of its time, what stays, and a death in between.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::accept::State;
use super::super::dump::{Wishes, copy, restore};
use super::super::registers::Register;
use super::super::tests::{Bench, bench, sheet};
use super::super::thread::Upload;
use super::super::{Meta, testing};
use super::*;
use crate::store::letters::Letter;

const YEAR_MS: i64 = 366 * 86_400_000;

fn terms() -> Terms {
    Terms { years: 5, elsewhere: 1, after_end: false, ..Terms::default() }
}

/// Two documents in R-0001 with a reply and a file, read by somebody, sent again; one nothing for us; one in R-0002.
async fn old() -> Bench {
    let b = bench().await;
    b.receive("scan", "森 一郎.tif", b"one").await;
    b.through(&[sheet(State::Posted, Some("R-0001")), sheet(State::Ignored, None)]).await;
    b.receive("mail", "1:7", b"one").await;
    b.receive("scan", "b.tif", b"two").await;
    b.through(&[sheet(State::Posted, Some("R-0002"))]).await;
    b.receive("scan", "c.tif", b"three").await;
    b.through(&[sheet(State::Ignored, None)]).await;
    let nurse = b.store.demo_account("viewer").await.expect("an account");
    let id = b.store.timeline("R-0001", 1).await.expect("timeline").remove(0).document;
    b.store.open_sheet(&nurse, &id, 1).await.expect("read");
    let letter = |mail: &str, key| Letter {
        key,
        recipient: mail.into(),
        subject: "返信".into(),
        body: "…".into(),
        attached: None,
    };
    let file = Upload { name: "a.pdf".into(), media: "application/pdf", bytes: b"%PDF-".to_vec() };
    b.store.reply(&nurse, (&id, "R-0001"), Uuid::from_u128(1), "行きます", vec![file], letter).await.expect("reply");
    b
}

async fn count(store: &Store, sql: &'static str) -> i64 {
    super::super::db::scalar(sql).fetch_one(store.db.reader()).await.expect("a count")
}

#[tokio::test]
async fn what_is_past_its_time_goes_whole_and_the_log_still_holds() {
    let b = old().await;
    assert!(b.store.due(&Terms::default()).await.expect("due").is_empty(), "nothing goes unless it is said");
    b.pass(2 * YEAR_MS);
    let due = b.store.due(&terms()).await.expect("due");
    assert_eq!(due.documents(), 1, "what is nothing for us; the file of the other one has a sheet in a room");
    b.pass(4 * YEAR_MS);
    let due = b.store.due(&terms()).await.expect("due");
    assert_eq!((due.bundles.len(), due.documents()), (3, 4));
    let open = Terms { after_end: true, ..terms() };
    assert_eq!(b.store.due(&open).await.expect("due").documents(), 1, "open rooms keep theirs");
    b.store.hold_room("R-0002", "係争中", "chief").await.expect("held");
    assert!(
        b.store.hold_room("R-0002", "係争中", "chief").await.is_err()
            && b.store.hold_room("?", "x", "chief").await.is_err()
    );
    let due = b.store.due(&terms()).await.expect("due");
    assert_eq!((due.documents(), due.held), (3, 1));
    assert!(matches!(b.store.erase(&terms(), Some("other"), "chief").await, Err(StoreError::Refused(_))));

    let blobs = ["one", "three"].map(|s| sha256(s.as_bytes()));
    let erased = b.store.erase(&terms(), Some(&due.stamp().expect("stamp")), "chief").await.expect("erased");
    assert_eq!((erased.receipts, erased.documents, erased.passed_over), (3, 3, 0));
    assert!(b.faults().await.is_empty(), "{:?}", b.faults().await);
    assert!(b.store.timeline("R-0001", 9).await.expect("timeline").is_empty());
    assert_eq!(b.store.timeline("R-0002", 9).await.expect("timeline").len(), 1, "held");
    assert_eq!(b.store.status().await.expect("status").len(), 1);
    for sql in ["SELECT count(*) FROM reply", "SELECT count(*) FROM attachment", "SELECT count(*) FROM seen"] {
        assert_eq!(count(&b.store, sql).await, 0, "{sql}");
    }
    assert_eq!(count(&b.store, "SELECT count(*) FROM reading").await, 1);
    assert_eq!(count(&b.store, "SELECT count(*) FROM audit WHERE action = 'erase'").await, 3);
    assert_eq!(count(&b.store, "SELECT count(*) FROM audit WHERE detail LIKE '%森%'").await, 0);
    // A mailbox that still has it does not bring it back; the same fax from elsewhere is a new one.
    assert!(b.store.seen("mail", "1:7").await.expect("seen") && !b.store.seen("mail", "1:9").await.expect("seen"));
    let again = b.store.receive("scan", "森 一郎.tif", b"one", &Meta::default()).await.expect("receive");
    assert!(!again.fresh && b.store.due(&terms()).await.expect("due").documents() == 0);

    // Bytes: not before a day, and not where somebody sent them anew.
    assert_eq!(b.store.sweep_condemned().await.expect("swept"), 0);
    assert!(b.store.blob(&blobs[0]).await.is_ok());
    let fresh = b.store.receive("scan", "new.tif", b"one", &Meta::default()).await.expect("receive");
    assert!(fresh.fresh);
    b.pass(2 * 86_400_000);
    // Original of c, both readings and page images, the attachment.
    assert!(b.store.sweep_condemned().await.expect("swept") >= 3);
    assert!(b.store.blob(&blobs[0]).await.is_ok() && b.store.blob(&blobs[1]).await.is_err());
    assert!(b.store.blob(&sha256(b"%PDF-")).await.is_err());
    assert_eq!(count(&b.store, "SELECT count(*) FROM condemned").await, 0);
    assert!(b.faults().await.is_empty());

    // A backup and a copy of what is left are whole.
    let (made, archive) = b.store.backup(&[], Vec::new()).await.expect("backup");
    assert!(made.end.missing.is_empty());
    let there = testing::site(&b.dir.path().join("there")).await;
    let wishes = Wishes { actor: "test".into(), accept_faults: false };
    restore(&archive[..], &wishes, |_, _| Ok(Some(there.clone()))).await.expect("restored");
    let lifted = b.store.holds().await.expect("holds").remove(0);
    b.store.lift_hold(&lifted.id, "chief").await.expect("lifted");
    assert_eq!(b.store.due(&terms()).await.expect("due").documents(), 1);
}

#[tokio::test]
async fn rooms_that_ended_long_ago_lose_their_names_once_they_are_empty() {
    let b = old().await;
    b.store.import(Register::Patients, &[], "test").await.expect("all rooms end");
    let after = Terms { after_end: true, ..terms() };
    b.pass(3 * YEAR_MS);
    assert!(b.store.due(&after).await.expect("due").rooms.is_empty());
    b.pass(3 * YEAR_MS);
    let due = b.store.due(&after).await.expect("due");
    assert_eq!((due.documents(), due.rooms.len()), (4, 2));
    let erased = b.store.erase(&after, None, "machine").await.expect("erased");
    assert_eq!((erased.documents, erased.rooms), (4, 2));
    for sql in [
        "SELECT count(*) FROM room WHERE id <> 'canary'",
        "SELECT count(*) FROM register",
        "SELECT count(*) FROM gram WHERE kind = 'room'",
    ] {
        assert_eq!(count(&b.store, sql).await, 0, "{sql}");
    }
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn copies_follow_what_went_since() {
    let b = old().await;
    b.pass(6 * YEAR_MS);
    let (from, to) = (testing::site(b.dir.path()).await, testing::site(&b.dir.path().join("there")).await);
    copy(&from, &to, false, false, "test").await.expect("copy");
    b.store.erase(&terms(), None, "chief").await.expect("erased");
    let Bench { dir, store, .. } = b;
    store.close().await;
    drop(store);
    assert!(copy(&from, &to, true, false, "test").await.expect("finished").finished);
    assert!(Store::open_read(to).await.expect("open").verify().await.expect("verify").faults.is_empty());
    drop(dir);
}

/// Whatever refers to a document or a receipt goes before it: a table that comes is named in `erase`.
#[tokio::test]
async fn every_table_that_refers_to_what_goes_is_known() {
    let place = |name: &str| {
        let all = erase::OF_DOCUMENTS.iter().chain(erase::OF_RECEIPTS).map(|t| t.0).chain(["page", "reading"]);
        all.collect::<Vec<_>>().iter().position(|t| *t == name)
    };
    for (t, other) in crate::store::testing::references().await {
        // Faxes of nobody, and documents beside them, are left alone.
        if t == "canary" || t == "receipt" {
            continue;
        }
        if let Some(other) = place(&other) {
            assert!(place(&t).is_some_and(|t| t < other), "store/retention/erase.rs has to remove rows of {t}");
        }
    }
}

const CHILD: &str = "FAXBRIDGE_TEST_ERASE";

/// Not a test of its own: the process that the next test kills.
#[tokio::test]
async fn child_of_the_crash_test() {
    let Some(dir) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let store = Store::open_with(testing::site(&dir).await, later()).await.expect("open");
    store.erase(&terms(), None, "chief").await.expect("erased");
    store.sweep_condemned().await.expect("swept");
}

/// Ten years from now.
fn later() -> crate::store::Clock {
    std::sync::Arc::new(|| jiff::Timestamp::now().as_millisecond() + 10 * YEAR_MS)
}

fn child(dir: &Path, crash: &str) -> std::process::Output {
    let mut c = Command::new(std::env::current_exe().expect("this test"));
    c.args(["--exact", "store::retention::tests::child_of_the_crash_test", "--nocapture"]).env(CHILD, dir);
    c.env("FAXBRIDGE_CRASH_AT", crash).output().expect("child")
}

#[tokio::test]
async fn death_in_between_leaves_each_fax_there_or_gone() {
    let b = old().await;
    let Bench { dir, store, .. } = b;
    store.close().await;
    drop(store);
    for point in ["erase.before_commit", "erase.between", "erase.before_commit:2"] {
        let died = child(dir.path(), point);
        assert_eq!(died.status.signal(), Some(9), "{point} was not reached: {died:?}");
        let store = Store::open_read(testing::site(dir.path()).await).await.expect("open");
        let faults = store.verify().await.expect("verify").faults;
        assert!(faults.is_empty(), "{point}: {faults:?}");
        store.close().await;
    }
    assert!(child(dir.path(), "none").status.success());
    let two_days: crate::store::Clock =
        std::sync::Arc::new(|| jiff::Timestamp::now().as_millisecond() + 10 * YEAR_MS + 2 * 86_400_000);
    let store = Store::open_with(testing::site(dir.path()).await, two_days).await.expect("open");
    assert_eq!(count(&store, "SELECT count(*) FROM document").await, 0);
    store.sweep_condemned().await.expect("swept");
    assert_eq!(count(&store, "SELECT count(*) FROM condemned").await, 0);
    let left = walk(&dir.path().join("blobs"));
    assert!(left.iter().all(|f| f.ends_with("id")), "{left:?}");
}

fn walk(dir: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for e in std::fs::read_dir(dir).expect("a folder").flatten() {
        if e.path().is_dir() { files.extend(walk(&e.path())) } else { files.push(e.path().display().to_string()) }
    }
    files
}
