//! Backups and copies of a store with something of everything in it, and a death at every point of them.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::account::scope::Scopes;
use crate::model::Reader;
use crate::reading::Reading;
use crate::store::accept::State;
use crate::store::accounts::{Account, NewAccount, Proof};
use crate::store::letters::Letter;
use crate::store::parts::{Claim, Stand};
use crate::store::preferences::Preference;
use crate::store::review::Edit;
use crate::store::sessions::Terms;
use crate::store::testing::site;
use crate::store::tests::{Bench, bench, sheet};
use crate::store::thread::Upload;
use crate::store::{Meta, Received};

/// Posted, confirmed by a person, held back, linked, in work, waiting, part of a fax, and a name with a NUL.
async fn lived_in() -> Bench {
    let b = bench().await;
    b.receive("scan", "a.tif", b"one").await;
    b.through(&[sheet(State::Posted, Some("R-0001")), sheet(State::Posted, Some("R-0002"))]).await;
    b.receive("scan", "b.tif", b"two").await;
    b.through(&[sheet(State::Review, None)]).await;
    b.receive("mail", "1:7", b"one").await;
    b.receive("mail", "1:6", b"page 1 of 2").await;
    let job = b.claim().await.expect("a read job");
    b.store.commit_reading(&job, &Reading::default(), Vec::new(), &Reader::default()).await.expect("read");
    let job = b.claim().await.expect("an accept job");
    let (reading, ..) = b.store.reading(&job.sha256).await.expect("reading");
    let claim = Claim { fax: "fax", number: 1, total: 2, reading: &reading };
    let Stand::Wait(until) = b.store.part(&job, &claim, 600_000).await.expect("part") else { panic!("it waits") };
    b.store.wait(&job, until).await.expect("wait");
    b.store.verdict("scan", "locked", crate::store::Verdict::Review, "読めません").await.expect("verdict");
    confirm(&b, 1).await;
    let meta = Meta { name: "a\0b".into(), ..Meta::default() };
    let _: Received = b.store.receive("mail", "1:8", b"three", &meta).await.expect("receive");
    b.store.set_cursor("mail", "1:9").await.expect("cursor");
    b.claim().await.expect("a job in somebody's hands");
    people(&b.store).await;
    in_rooms(&b.store).await;
    told_as_they_want(&b.store).await;
    kept_and_gone(&b.store).await;
    counted(&b).await;
    tuned(&b.store).await;
    b
}

/// Rooms that were one for a while, one that is held, and a fax that has gone.
async fn kept_and_gone(store: &Store) {
    let mut tx = store.db.begin().await.expect("begin");
    for sql in [
        "INSERT INTO merger (id, source, target, moved, reason, actor, at, undone_by, undone)
         VALUES ('m', 'R-0001', 'R-0002', '{}', '二重登録', 'p', 1, 'p', 2)",
        "INSERT INTO legal_hold (id, room, reason, actor, at) VALUES ('h', 'R-0001', '係争中', 'p', 1)",
        "INSERT INTO erased (receipt, input, sha256, actor, at) VALUES ('gone', 'input', '', 'p', 1)",
        "INSERT INTO erased_document (document, receipt) VALUES ('gone too', 'gone')",
        "INSERT INTO condemned (sha256, since) VALUES ('of nothing', 1)",
    ] {
        query(sql).execute(tx.conn()).await.expect("a row");
    }
    tx.commit().await.expect("commit");
}

/// A sample with a field that differs, one that fell back, and what a form lacks.
async fn counted(b: &Bench) {
    let id = b.store.timeline("R-0001", 10).await.expect("timeline").remove(0).document;
    let mut tx = b.store.db.begin().await.expect("begin");
    for sql in [
        "INSERT INTO sample (document, hospital, chance, drawn, topped) VALUES ($1, 'I-1', 20000, 1, 0)",
        "INSERT INTO sample_field (document, field, typed, how) VALUES ($1, 'patient.name', '\"柏 花江\"', 'value')",
        "INSERT INTO lack (document, item, how) VALUES ($1, 'purpose', 'missing')",
        "UPDATE document SET form = 'special_nursing_order' WHERE id = $1",
        "INSERT INTO field_fallback (id, field, hospital, since, checked, errors, lower) VALUES ($1, 'x', '*', 1, 9, 2, 20000)",
    ] {
        query(sql).bind(&id).execute(tx.conn()).await.expect("a row");
    }
    tx.commit().await.expect("commit");
}

/// Rules that were put in force, others that somebody works on, and a sheet that was read again.
async fn tuned(store: &Store) {
    let layer =
        crate::store::rules::NewRules { layer: "{}", hash: "h", parent: 0, reason: "新しい病院", tried: "{}" };
    store.activate_rules(&layer, "p").await.expect("rules");
    store.keep_rule_draft("p", 1, "{}").await.expect("a draft");
    let held = store.review_list(5).await.expect("list").into_iter().find(|h| h.part.is_none()).expect("a sheet");
    let again = [("sender.institution".to_owned(), None)].into();
    store.offer_reread(&held.document, 1, "h", &again, "p").await.expect("an offer");
}

/// Somebody who wants a digest and a quiet night, a phone that is told, a token, a conference, a decision in hand.
async fn told_as_they_want(store: &Store) {
    let nurse = store.demo_account("viewer").await.expect("an account");
    let choice = Preference::parse("08:00,17:00", "21:00", "07:00").expect("a choice");
    store.prefer(&nurse.mailbox, &choice, "p").await.expect("chosen");
    store.subscribe(&nurse, "https://push.example.jp/1", "key", "secret", "phone").await.expect("subscribed");
    store.make_token(&nurse, "export", Scopes::parse("rooms:read"), 60_000).await.expect("a token");
    let held = store.review_list(5).await.expect("list").into_iter().find(|h| h.part.is_none()).expect("a sheet");
    store.hold(&held.document, "p").await.expect("in hand");
    let edit = Edit::Set(crate::model::Value::One("柏".into()));
    store.decide(&held.document, 1, "sender.institution", &edit, "p").await.expect("decided");
    let mut tx = store.db.begin().await.expect("begin");
    query(
        "INSERT INTO invitation (uid, document, room, sequence, told, updated) VALUES ('u', $1, 'R-0001', 0, '{}', 1)",
    )
    .bind(&held.document)
    .execute(tx.conn())
    .await
    .expect("an invitation");
    tx.commit().await.expect("commit");
}

/// A member has read a sheet and answered with a file, has a calendar, and asks for a room.
async fn in_rooms(store: &Store) {
    let nurse = store.demo_account("viewer").await.expect("an account");
    let id = store.timeline("R-0001", 10).await.expect("timeline").remove(0).document;
    store.open_sheet(&nurse, &id, 1).await.expect("read");
    let letter = |_: &str, key| Letter {
        key,
        recipient: "b@example.jp".into(),
        subject: "返信".into(),
        body: "https://…".into(),
        attached: None,
    };
    let file = Upload { name: "a.pdf".into(), media: "application/pdf", bytes: b"%PDF-".to_vec() };
    let key = uuid::Uuid::from_u128(7);
    store.reply(&nurse, (&id, "R-0001"), key, "行きます", vec![file], letter).await.expect("a reply");
    store.renew_feed(&nurse).await.expect("a calendar");
    let held = store.review_list(5).await.expect("list").into_iter().find(|h| h.part.is_none()).expect("a sheet");
    store.propose_room(&held.document, &nurse).await.expect("a proposal");
}

/// Two who administer, one of them with something to sign in with and signed in, an invitation by letter and a recovery.
async fn people(store: &Store) {
    let (chief, nurse) = (store.demo_account("admin").await, store.demo_account("viewer").await);
    let (chief, nurse) = (chief.expect("an account"), nurse.expect("an account"));
    let proof = Proof::PasswordAndTotp { hash: "$argon2id$…".into(), secret: "ABCD".into(), step: 7 };
    store.enrol(None, &chief.id, &proof).await.expect("enrolled");
    let letter = Letter {
        key: "enrol-1".into(),
        recipient: "new@example.jp".into(),
        subject: "招待".into(),
        body: "https://…".into(),
        attached: None,
    };
    let new = NewAccount { login: "new@example.jp".into(), ..nurse_to_be(&nurse) };
    store.invite(&new, "ticket", Some(&letter), "p").await.expect("invited");
    store.ask_recovery(&nurse.id, &chief.id).await.expect("asked");
    let terms = Terms { idle: 60_000, absolute: 60_000 };
    store.sign_in(&chief, "password", terms).await.expect("a session, which is not carried");
}

fn nurse_to_be(like: &Account) -> NewAccount {
    NewAccount {
        login: like.login.clone(),
        name: like.name.clone(),
        roles: like.roles,
        mailbox: like.mailbox.clone(),
        lang: like.lang,
    }
}

/// A person confirms a field of the first posting in R-0001: another revision replaces the one that stands.
async fn confirm(b: &Bench, revision: i64) {
    let id = b.store.timeline("R-0001", 10).await.expect("timeline").remove(0).document;
    let edits = vec![("sender.institution".to_owned(), Edit::Set(crate::model::Value::One(format!("柏{revision}"))))];
    b.store.confirm_fields(&id, revision, &edits, "p").await.expect("confirm");
}

async fn archive(store: &Store) -> Vec<u8> {
    let files = [File { name: format!("{BESIDE}/faxbridge.toml"), bytes: b"# ours".to_vec() }];
    let (made, bytes) = store.backup(&files, Vec::new()).await.expect("backup");
    assert!(made.end.missing.is_empty());
    bytes
}

async fn put_back(archive: &[u8], to: &Site) -> Result<Option<Restored>> {
    let wishes = Wishes { actor: "test".into(), accept_faults: false };
    restore(archive, &wishes, |_, files| {
        assert_eq!(files[0].bytes, b"# ours");
        Ok(Some(to.clone()))
    })
    .await
}

/// What stands in every table but the log, which tells more in the one that was filled.
async fn sums(store: &Store) -> Vec<Sum> {
    let mut tx = store.db.snapshot().await.expect("a snapshot");
    let mut out = Vec::new();
    for table in TABLES.iter().filter(|t| !t.name.starts_with("audit")) {
        out.push(sum(&mut tx, Rows::of(table), &mut Names::new()).await.expect("a sum"));
    }
    out
}

async fn same(from: &Store, to: &Site) {
    let there = Store::open_read(to.clone()).await.expect("open");
    assert_eq!(sums(from).await, sums(&there).await);
    assert!(there.verify().await.expect("verify").faults.is_empty());
    assert_eq!(from.status().await.expect("status"), there.status().await.expect("status"));
    there.close().await;
}

#[tokio::test]
async fn what_was_backed_up_comes_back_without_its_leases() {
    let b = lived_in().await;
    let archive = archive(&b.store).await;
    let to = site(&b.dir.path().join("there")).await;
    let done = put_back(&archive, &to).await.expect("restore").expect("a store");
    // Who is signed in is so here only; what is made out of other tables is made there.
    let not = [
        "meta",
        "canary",
        "session",
        "ticket",
        "attempt",
        "gram",
        "found",
        "found_day",
        "deadline",
        "sheet_mark",
        "figure_day",
    ];
    assert!(done.manifest.tables.iter().all(|t| t.rows > 0 || not.contains(&t.name.as_str())), "{done:?}");
    same(&b.store, &to).await;
    // What was in somebody's hands is free, with its crashes as they were.
    let there = Store::open(to.clone()).await.expect("open");
    let part = there.claim(60_000).await.expect("claim").expect("the part, whose time is up by this clock");
    assert_eq!(part.name, "1:6");
    let job = there.claim(60_000).await.expect("claim").expect("the job that was claimed");
    assert_eq!((job.name.as_str(), job.crashes), ("a\u{FFFD}b", 0));
    assert!(matches!(there.blob(&job.sha256).await.as_deref(), Ok(b"three")));
    there.close().await;
    drop(there);
    assert!(matches!(put_back(&archive, &to).await, Err(StoreError::Refused(why)) if why.contains("in use")));
}

#[tokio::test]
async fn nothing_that_is_not_whole_or_not_ours_becomes_a_store() {
    let b = lived_in().await;
    let archive = archive(&b.store).await;
    let to = site(&b.dir.path().join("there")).await;
    for cut in [0, 700, archive.len() / 2, archive.len() - 3000] {
        assert!(put_back(&archive[..cut], &to).await.is_err(), "cut at {cut}");
    }
    // A row changed, a blob changed: outside of the encryption nobody can, but disks and programs can be wrong.
    for (old, new) in [(&b"locked"[..], &b"lockex"[..]), (b"three", b"threx")] {
        let at = archive.windows(old.len()).rposition(|w| w == old).expect("it stands there");
        let changed = [&archive[..at], new, &archive[at + old.len()..]].concat();
        assert!(matches!(put_back(&changed, &to).await, Err(StoreError::Damaged(_))));
    }
    assert!(matches!(Store::open_read(to.clone()).await, Err(StoreError::Refused(_))));
    assert!(matches!(Store::open(to.clone()).await, Err(StoreError::Refused(_))));
    put_back(&archive, &to).await.expect("restore");
    same(&b.store, &to).await;
}

#[tokio::test]
async fn a_backup_of_a_newer_schema_is_refused() {
    let b = lived_in().await;
    let text = archive(&b.store).await;
    let old = b"\"schema\": ";
    let at = text.windows(old.len()).position(|w| w == old).expect("the manifest") + old.len();
    // A figure more in the place of the line's end.
    let end = at + text[at..].windows(2).position(|w| w == b",\n").expect("the number's end");
    let newer = [&text[..at], &vec![b'9'; end - at + 1], b",", &text[end + 2..]].concat();
    let to = site(&b.dir.path().join("there")).await;
    assert!(matches!(put_back(&newer, &to).await, Err(StoreError::Refused(why)) if why.contains("newer")));
}

#[tokio::test]
async fn a_copy_is_finished_with_what_came_since() {
    let b = lived_in().await;
    let from = site(b.dir.path()).await;
    let to = site(&b.dir.path().join("there")).await;
    let first = copy(&from, &to, false, false, "test").await.expect("copy");
    assert!(!first.finished && !first.blobs_stay && first.blobs > 4);
    assert!(matches!(Store::open_read(to.clone()).await, Err(StoreError::Refused(why)) if why.contains("--finish")));
    assert!(matches!(copy(&from, &to, false, false, "test").await, Err(StoreError::Refused(_))));
    assert!(matches!(copy(&from, &to, true, false, "test").await, Err(StoreError::Locked(_))), "the daemon works");
    // Rows come, change and go.
    confirm(&b, 2).await;
    b.receive("scan", "c.tif", b"four").await;
    b.receive("scan", "a again.tif", b"one").await;
    b.pass(120_000);
    b.through(&[sheet(State::Posted, Some("R-0001"))]).await;
    let Bench { dir, store, .. } = b;
    store.close().await;
    drop(store);
    let done = copy(&from, &to, true, false, "test").await.expect("finish");
    assert!(done.finished && done.missing.is_empty());
    let source = Store::open_read(from.clone()).await.expect("open");
    same(&source, &to).await;
    assert!(
        matches!(copy(&from, &to, true, false, "test").await, Err(StoreError::Refused(why)) if why.contains("in use"))
    );
    drop(dir);
}

#[tokio::test]
async fn a_lost_blob_keeps_a_copy_from_being_finished_unless_it_is_meant() {
    let b = lived_in().await;
    let (from, to) = (site(b.dir.path()).await, site(&b.dir.path().join("there")).await);
    let sha = crate::store::blobs::sha256(b"two");
    std::fs::remove_file(b.dir.path().join("blobs").join(&sha[..2]).join(&sha[2..])).expect("lose it");
    let (made, _) = b.store.backup(&[], Vec::new()).await.expect("backup");
    assert_eq!(made.end.missing, std::slice::from_ref(&sha));
    let Bench { dir, store, .. } = b;
    store.close().await;
    drop(store);
    let done = copy(&from, &to, true, false, "test").await.expect("copy");
    assert_eq!((done.finished, done.missing), (false, vec![sha]));
    assert!(copy(&from, &to, true, true, "test").await.expect("copy").finished);
    drop(dir);
}

const CHILD: &str = "FAXBRIDGE_TEST_DUMP";

/// Not a test of its own: the process that the next test kills.
#[tokio::test]
async fn child_of_the_crash_test() {
    let Some(dir) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let (there, copied) = (site(&dir.join("there")).await, site(&dir.join("copied")).await);
    let done = dir.join("restored");
    if !done.exists() {
        let archive = std::fs::read(dir.join("archive")).expect("the archive");
        put_back(&archive, &there).await.expect("restore");
        std::fs::write(&done, b"").expect("write");
    }
    copy(&there, &copied, true, false, "test").await.expect("copy");
}

fn child(dir: &Path, crash: Option<&str>) -> std::process::Output {
    let mut c = Command::new(std::env::current_exe().expect("this test"));
    c.args(["--exact", "store::dump::tests::child_of_the_crash_test", "--nocapture"]).env(CHILD, dir);
    match crash {
        Some(point) => c.env("FAXBRIDGE_CRASH_AT", point),
        None => c.env_remove("FAXBRIDGE_CRASH_AT"),
    };
    c.output().expect("child")
}

#[tokio::test]
async fn death_at_every_point_leaves_nothing_usable_and_the_next_run_ends_it() {
    let b = lived_in().await;
    let archive = archive(&b.store).await;
    let points = [
        "restore.table:1",
        "restore.table:9",
        "blob.renamed:2",
        "restore.before_commit",
        "restore.after_commit",
        "copy.tables",
    ];
    for point in points {
        let dir = tempfile::tempdir().expect("dir");
        std::fs::write(dir.path().join("archive"), &archive).expect("write");
        let died = child(dir.path(), Some(point));
        assert_eq!(died.status.signal(), Some(9), "{point} was not reached: {died:?}");
        let half = if point.starts_with("copy") { "copied" } else { "there" };
        let half = Store::open_read(site(&dir.path().join(half)).await).await;
        assert!(matches!(half, Err(StoreError::Refused(_))), "{point}");
        let again = child(dir.path(), None);
        assert!(again.status.success(), "after {point}: {}", String::from_utf8_lossy(&again.stdout));
        same(&b.store, &site(&dir.path().join("there")).await).await;
        same(&b.store, &site(&dir.path().join("copied")).await).await;
    }
}
