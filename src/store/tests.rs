//! The store on its own: receipts, leases, acceptance, review, audit, status.

mod versions;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::accept::{Accepted, Sheet, State};
use super::outbox::Outcome;
use super::parts::Stand;
use super::queue::{Job, Stage};
use super::registers::{Record, Register, RoomFacts};
use super::review::Edit;
use super::*;
use crate::model::{Document, Field, Reader, Status, Trace, Value};
use crate::reading::{Page, Reading};

pub(super) struct Bench {
    pub(super) dir: tempfile::TempDir,
    pub(super) store: Store,
    time: Arc<AtomicI64>,
}

const LEASE: i64 = 60_000;

pub(super) async fn bench() -> Bench {
    let dir = tempfile::tempdir().expect("dir");
    let time = Arc::new(AtomicI64::new(1_763_859_600_000));
    let clock: Clock = {
        let time = time.clone();
        Arc::new(move || time.load(Ordering::SeqCst))
    };
    let notify = Notify { members: true, admins: vec!["admin@example.jp".into()] };
    let store = Store::open_with(testing::site(dir.path()).await, clock).await.expect("open").with_notify(notify);
    let room = |id: &str, members: &[&str]| Record {
        id: id.into(),
        data: serde_json::to_value(crate::register::Patient {
            room_id: id.into(),
            name: "柏 花子".into(),
            members: members.iter().map(|s| (*s).to_owned()).collect(),
            ..Default::default()
        })
        .expect("JSON"),
        room: Some(RoomFacts {
            name: "柏 花子".into(),
            members: members.iter().map(|s| (*s).to_owned()).collect(),
            ..RoomFacts::default()
        }),
        ..Record::default()
    };
    let rooms = [room("R-0001", &["a@example.jp", "b@example.jp"]), room("R-0002", &[])];
    store.import(Register::Patients, &rooms, "test").await.expect("import");
    Bench { dir, store, time }
}

impl Bench {
    pub(super) fn pass(&self, ms: i64) {
        self.time.fetch_add(ms, Ordering::SeqCst);
    }
    pub(super) async fn receive(&self, source: &str, id: &str, bytes: &[u8]) -> Received {
        self.store.receive(source, id, bytes, &Meta::default()).await.expect("receive")
    }
    pub(super) async fn claim(&self) -> Option<Job> {
        self.store.claim(LEASE).await.expect("claim")
    }
    /// Carries the next job through reading to acceptance with these sheets.
    pub(super) async fn through(&self, sheets: &[Sheet]) {
        self.through_as(sheets, &[]).await;
    }
    /// The same, with what their pages carry of their forms.
    pub(super) async fn through_as(&self, sheets: &[Sheet], looks: &[crate::completeness::Look]) {
        let job = self.claim().await.expect("a read job");
        assert_eq!(job.stage, Stage::Read);
        let page = Page { number: 1, width: 10, height: 20, ..Page::default() };
        let reading = Reading { pages: vec![page], ..Reading::default() };
        let png = job.sha256.clone().into_bytes();
        self.store.commit_reading(&job, &reading, vec![png], &Reader::default()).await.expect("commit reading");
        let job = self.claim().await.expect("an accept job");
        assert_eq!(job.stage, Stage::Accept);
        let (id, reader, back) = self.store.reading(&job.sha256).await.expect("reading");
        assert_eq!(back.pages.len(), 1);
        let accepted =
            Accepted { reason: Some("文書がありません"), looks, ..Accepted::news(&id, sheets, &reader) };
        self.store.accept(&job, &accepted).await.expect("accept");
    }
    async fn sql(&self, sql: &'static str) -> Result<()> {
        let mut tx = self.store.db.begin().await?;
        query(sql).execute(tx.conn()).await?;
        tx.commit().await
    }
    /// Takes off what keeps frozen rows as they are.
    async fn unlock(&self) {
        let triggers: &[&str] = if self.store.is_shared() {
            &["DROP TRIGGER audit_is_kept ON audit", "DROP TRIGGER revision_is_kept ON revision"]
        } else {
            &["DROP TRIGGER audit_is_frozen", "DROP TRIGGER audit_is_kept", "DROP TRIGGER revision_is_frozen"]
        };
        for t in triggers {
            self.sql(t).await.expect("an intruder");
        }
    }
    pub(super) async fn faults(&self) -> Vec<String> {
        self.store.verify().await.expect("verify").faults
    }
}

pub(super) fn field(value: &str, status: Status) -> Field {
    Field {
        value: Value::One(value.into()),
        raw: value.into(),
        page: 1,
        rect: [1, 2, 3, 4],
        confidence: 0.9,
        status,
        items: None,
        trace: Trace::default(),
    }
}

pub(super) fn sheet(state: State, room: Option<&str>) -> Sheet {
    let fields = BTreeMap::from([
        ("patient.name".to_owned(), field("柏 花子", Status::Accepted)),
        ("sender.institution".to_owned(), field("柏病院", Status::Review)),
        ("encounter.discharge_date".to_owned(), field("2026-12-01", Status::Accepted)),
    ]);
    Sheet {
        document: Document {
            kind: "referral".into(),
            pages: vec![1],
            confidence: 0.97,
            fields,
            doubts: Vec::new(),
            sender_id: None,
        },
        state,
        room: room.map(str::to_owned),
        reason: (state != State::Posted).then(|| "患者が特定できません".to_owned()),
        candidates: Vec::new(),
        part: None,
    }
}

#[tokio::test]
async fn a_sheet_goes_from_receipt_to_room_once() {
    let b = bench().await;
    let first = b.receive("scan", "a.tif", b"fax").await;
    assert!(first.fresh);
    assert!(!b.receive("scan", "a.tif", b"fax").await.fresh);
    assert_eq!(b.store.status().await.expect("status")[0].state, "processing");
    b.through(&[sheet(State::Posted, Some("R-0001"))]).await;
    assert!(b.claim().await.is_none(), "nothing is left to do");

    let line = &b.store.status().await.expect("status")[0];
    let json = serde_json::to_value(line).expect("json");
    assert_eq!(json["received"], "2025-11-23T10:00:00+09:00");
    assert_eq!(json["state"], "posted");
    assert_eq!(json["reason"], serde_json::Value::Null);
    assert_eq!(json["documents"][0]["type"], "referral");
    assert_eq!(json["documents"][0]["open_fields"], 1);
    assert_eq!(json["documents"][0]["room"], "R-0001");
    let postings = json["documents"][0]["postings"].as_array().expect("postings");
    assert_eq!(postings.iter().filter(|p| p["sink"] == "board" && p["state"] == "sent").count(), 1);
    assert_eq!(postings.iter().filter(|p| p["sink"] == "mail" && p["state"] == "pending").count(), 2);

    let posts = b.store.timeline("R-0001", 10).await.expect("timeline");
    assert_eq!(posts.len(), 1);
    assert_eq!((posts[0].sender.as_deref(), posts[0].discharge.as_deref()), (None, Some("2026-12-01")));
    let view = b.store.document(&posts[0].document).await.expect("document").expect("is there");
    assert_eq!(b.store.blob(view.images[0].sha256.as_ref().expect("image")).await.expect("png").len(), 64);
    assert_eq!(b.store.rooms("花子", 10, &crate::store::testing::reviewer()).await.expect("rooms").0.len(), 2);
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn the_same_name_with_other_content_is_another_receipt_and_the_same_content_is_linked() {
    let b = bench().await;
    b.receive("scan", "scan0001.tif", b"monday").await;
    b.pass(1);
    b.receive("scan", "scan0001.tif", b"tuesday").await;
    b.pass(1);
    b.receive("mail", "7", b"monday").await;
    b.through(&[sheet(State::Posted, Some("R-0001"))]).await;
    b.through(&[sheet(State::Review, None)]).await;
    assert!(b.claim().await.is_none(), "a copy is not read again");
    let lines = b.store.status().await.expect("status");
    assert_eq!(lines.iter().map(|l| l.state.as_str()).collect::<Vec<_>>(), ["posted", "review", "posted"]);
    assert_eq!(lines[2].reason.as_deref(), Some("同じ内容のFAXを受信済みです"));
    assert_eq!(lines[2].documents, lines[0].documents);
    assert_eq!(b.store.timeline("R-0001", 10).await.expect("timeline").len(), 1);
    assert_eq!(b.store.counts().await.expect("counts")["posted"], 2);
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn a_full_disk_leaves_no_connection_that_refuses_for_ever() {
    let b = bench().await;
    if b.store.is_shared() {
        return;
    }
    let mut tx = b.store.db.begin().await.expect("begin");
    query("PRAGMA max_page_count = 1").execute(tx.conn()).await.expect("no room beyond what there is");
    let insert = query("INSERT INTO register (kind, id, data, since) VALUES ('office', 'O-1', $1, 0)");
    assert!(insert.bind("x".repeat(1 << 20)).execute(tx.conn()).await.is_err());
    drop(tx);
    b.receive("scan", "a.tif", b"fax").await;
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn a_stale_worker_commits_nothing() {
    let b = bench().await;
    b.receive("scan", "a.tif", b"fax").await;
    let slow = b.claim().await.expect("claimed");
    assert!(b.claim().await.is_none(), "it is leased");
    assert!(b.store.heartbeat(&slow, LEASE).await.expect("beat"));
    b.pass(LEASE + 1);
    let quick = b.claim().await.expect("the lease ran out");
    assert_eq!((quick.crashes, quick.attempts), (1, 0));
    assert!(!b.store.heartbeat(&slow, LEASE).await.expect("beat"));
    let reading = Reading::default();
    let late = b.store.commit_reading(&slow, &reading, Vec::new(), &Reader::default()).await;
    assert!(matches!(late, Err(StoreError::Stale)));
    assert!(matches!(b.store.give_up(&slow, "unreadable", "x").await, Err(StoreError::Stale)));
    assert!(matches!(b.store.retry(&slow, "x", 0).await, Err(StoreError::Stale)));
    assert!(b.store.review_list(10).await.expect("list").is_empty());
    b.store.commit_reading(&quick, &reading, Vec::new(), &Reader::default()).await.expect("commit");
}

#[tokio::test]
async fn failures_wait_and_end_on_the_review_list() {
    let b = bench().await;
    b.receive("scan", "a.tif", b"fax").await;
    let job = b.claim().await.expect("claimed");
    b.store.retry(&job, "the child died", 5_000).await.expect("retry");
    assert!(b.claim().await.is_none(), "not due yet");
    b.pass(5_000);
    let job = b.claim().await.expect("due");
    assert_eq!((job.attempts, job.crashes), (1, 0));
    b.store.give_up(&job, "poison", "5回試みましたが読み取れませんでした").await.expect("give up");
    assert_eq!(b.store.open_jobs().await.expect("jobs"), 0);
    let line = &b.store.status().await.expect("status")[0];
    assert_eq!((line.state.as_str(), line.documents.len()), ("review", 1));
    assert!(line.documents[0].postings.is_empty());
    let held = b.store.review_list(10).await.expect("list");
    assert_eq!(held[0].part.as_deref(), Some("a.tif"));
    // The administrator hears of it.
    let d = b.store.claim_delivery("mail", LEASE).await.expect("claim").expect("a notice");
    assert_eq!((d.posting.purpose, d.posting.recipient.as_str()), (crate::model::Purpose::Held, "admin@example.jp"));
    b.store.set_aside(&held[0].document, "白紙でした", "reviewer").await.expect("set aside");
    assert_eq!(b.store.status().await.expect("status")[0].state, "ignored");
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn a_process_that_died_gives_its_leases_back_and_two_never_share_a_folder() {
    let b = bench().await;
    b.receive("scan", "a.tif", b"fax").await;
    b.claim().await.expect("claimed");
    assert!(matches!(Store::open(testing::site(b.dir.path()).await).await, Err(StoreError::Locked(_))));
    let Bench { dir, store, time } = b;
    store.close().await;
    drop(store);
    let clock: Clock = Arc::new(move || time.load(Ordering::SeqCst));
    let store = Store::open_with(testing::site(dir.path()).await, clock).await.expect("open again");
    let job = store.claim(LEASE).await.expect("claim").expect("at once, not after the lease");
    assert_eq!(job.crashes, 1);
}

#[tokio::test]
async fn a_person_chooses_the_room_and_confirms_fields() {
    let b = bench().await;
    b.receive("scan", "a.tif", b"fax").await;
    b.through(&[sheet(State::Review, None)]).await;
    let id = b.store.review_list(10).await.expect("list")[0].document.clone();
    assert!(matches!(b.store.choose_room(&id, "R-9999", "p").await, Err(StoreError::Refused(_))));
    b.store.choose_room(&id, "R-0001", "p").await.expect("choose");
    b.store.choose_room(&id, "R-0001", "p").await.expect("a double click");
    assert!(matches!(b.store.choose_room(&id, "R-0002", "p").await, Err(StoreError::Refused(_))));
    assert!(matches!(b.store.set_aside(&id, "x", "p").await, Err(StoreError::Refused(_))));
    let post = b.store.timeline("R-0001", 10).await.expect("timeline").remove(0);
    assert_eq!((post.revision, post.open_fields), (2, 1));
    let edits = vec![("sender.institution".to_owned(), Edit::Set(Value::One("柏中央病院".into())))];
    b.store.confirm_fields(&id, 2, &edits, "p").await.expect("confirm");
    assert!(matches!(b.store.confirm_fields(&id, 2, &edits, "q").await, Err(StoreError::Refused(_))));
    let posts = b.store.timeline("R-0001", 10).await.expect("timeline");
    assert_eq!(posts.len(), 1, "the newer version stands in the older one's place");
    assert_eq!((posts[0].revision, posts[0].open_fields), (3, 0));
    assert_eq!(posts[0].sender.as_deref(), Some("柏中央病院"));
    assert_eq!(b.store.status().await.expect("status")[0].state, "posted");
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn notices_go_to_present_members_only_and_end_final() {
    let b = bench().await;
    b.receive("scan", "a.tif", b"fax").await;
    b.through(&[sheet(State::Posted, Some("R-0001"))]).await;
    let d = b.store.claim_delivery("mail", LEASE).await.expect("claim").expect("one");
    assert!(!d.doubtful);
    let later = Outcome::Later { error: "451 later".into(), delay_ms: 1_000 };
    b.store.commit_delivery(&d, &later).await.expect("later");
    assert!(matches!(b.store.commit_delivery(&d, &later).await, Err(StoreError::Stale)));
    // b leaves before the notice goes out.
    let room = Record {
        id: "R-0001".into(),
        data: serde_json::json!({"room_id": "R-0001", "members": ["a@example.jp"]}),
        room: Some(RoomFacts { members: vec!["a@example.jp".into()], ..RoomFacts::default() }),
        ..Record::default()
    };
    let changes = b.store.import(Register::Patients, &[room], "test").await.expect("import");
    assert_eq!((changes.changed, changes.ended), (vec!["R-0001".to_owned()], vec!["R-0002".to_owned()]));
    b.pass(1_000);
    let d = b.store.claim_delivery("mail", LEASE).await.expect("claim").expect("the one that stays");
    assert_eq!(d.posting.recipient, "a@example.jp");
    b.pass(LEASE + 1);
    let again = b.store.claim_delivery("mail", LEASE).await.expect("claim").expect("the sender died");
    assert!(again.doubtful);
    assert_eq!(again.posting.key, d.posting.key);
    b.store.commit_delivery(&again, &Outcome::Sent { remote: "<id>".into() }).await.expect("sent");
    assert!(b.store.claim_delivery("mail", LEASE).await.expect("claim").is_none());
    assert_eq!(b.store.open_deliveries("mail").await.expect("open").len(), 0);
    let states: Vec<String> =
        b.store.status().await.expect("status")[0].documents[0].postings.iter().map(|p| p.state.clone()).collect();
    assert_eq!(states.iter().filter(|s| *s == "cancelled").count(), 1);
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn a_verdict_without_bytes_is_listed_and_gives_way() {
    let b = bench().await;
    for _ in 0..2 {
        b.store.verdict("scan", "a.tif", Verdict::Review, "ファイルを開けません").await.expect("verdict");
    }
    b.store.verdict("scan", ".DS_Store", Verdict::Ignored, "FAXではありません").await.expect("verdict");
    assert!(!b.store.seen("scan", "a.tif").await.expect("seen"), "it may yet be had");
    assert!(b.store.seen("scan", ".DS_Store").await.expect("seen"));
    assert_eq!(b.store.review_list(10).await.expect("list").len(), 1);
    let lines = b.store.status().await.expect("status");
    assert_eq!((lines.len(), lines[0].sha256.as_deref(), lines[0].state.as_str()), (2, None, "review"));
    b.receive("scan", "a.tif", b"fax").await;
    assert!(b.store.review_list(10).await.expect("list").is_empty());
    b.through(&[]).await;
    let lines = b.store.status().await.expect("status");
    assert_eq!((lines[2].state.as_str(), lines[2].reason.as_deref()), ("ignored", Some("文書がありません")));
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn tampering_is_named() {
    let b = bench().await;
    b.receive("scan", "a.tif", b"fax").await;
    b.through(&[sheet(State::Posted, Some("R-0001"))]).await;
    assert!(b.sql("UPDATE audit SET actor = 'x' WHERE seq = 2").await.is_err(), "the trigger forbids it");
    assert!(b.sql("DELETE FROM audit WHERE seq = 2").await.is_err());
    assert!(b.sql("UPDATE revision SET room = 'R-0002'").await.is_err());
    assert!(b.faults().await.is_empty());
    b.unlock().await;
    b.sql("UPDATE audit SET actor = 'x' WHERE seq = 2").await.expect("changed");
    assert_eq!(b.faults().await, ["audit row 2: was changed after it was written"]);
    b.sql("UPDATE audit SET actor = 'machine' WHERE seq = 2").await.expect("changed back");
    b.sql("UPDATE revision SET room = 'R-0002'").await.expect("changed");
    assert!(b.faults().await[0].contains("was changed after it was frozen"));
    b.sql("UPDATE revision SET room = 'R-0001'").await.expect("changed back");
    assert!(b.faults().await.is_empty());
    b.sql("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)").await.expect("cut the end");
    assert!(b.faults().await[0].contains("ends before its recorded end"));
}

#[tokio::test]
async fn a_reader_beside_the_daemon_and_after_it_sees_everything() {
    let b = bench().await;
    b.receive("scan", "a.tif", b"fax").await;
    let beside = Store::open_read(testing::site(b.dir.path()).await).await.expect("beside");
    assert_eq!(beside.status().await.expect("status").len(), 1);
    assert!(beside.receive("scan", "b.tif", b"x", &Meta::default()).await.is_err(), "it only reads");
    let Bench { dir, store, .. } = b;
    store.close().await;
    drop(store);
    let after = Store::open_read(testing::site(dir.path()).await).await.expect("after");
    assert_eq!(after.status().await.expect("status").len(), 1);
    assert!(matches!(
        Store::open_read(testing::site(&dir.path().join("none")).await).await,
        Err(StoreError::Absent(_))
    ));
}

#[tokio::test]
async fn two_empty_files_are_two_losses() {
    let b = bench().await;
    b.receive("scan", "a.tif", b"").await;
    b.receive("scan", "b.tif", b"").await;
    assert_eq!(b.store.open_jobs().await.expect("jobs"), 2);
}

#[tokio::test]
async fn nobody_else_can_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let b = bench().await;
    for (name, mode) in [("blobs", 0o700), (db::FILE, 0o600)] {
        if b.store.is_shared() && name == db::FILE {
            continue;
        }
        let m = std::fs::metadata(b.dir.path().join(name)).expect("is there");
        assert_eq!(m.permissions().mode() & 0o777, mode, "{name}");
    }
}

/// Workers that claim, beat, fall asleep over their lease, give up, commit late and die, in any order: every receipt
/// is committed once for each stage, and nobody without the lease commits anything.
#[test]
fn the_queue_keeps_its_promise_under_any_interleaving() {
    use proptest::prelude::*;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let steps = proptest::collection::vec((0usize..3, 0u8..8), 1..60);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 24, ..ProptestConfig::default() });
    runner
        .run(&steps, |steps| {
            runtime.block_on(interleave(&steps));
            Ok(())
        })
        .expect("the protocol holds");
}

async fn interleave(steps: &[(usize, u8)]) {
    let b = bench().await;
    for n in 0..2u8 {
        b.receive("scan", &n.to_string(), &[n + 1]).await;
    }
    // What each worker believes it holds, and which claim of a job is the true one.
    let mut hands: [Option<(Job, u32)>; 3] = [None, None, None];
    let mut truth: BTreeMap<String, u32> = BTreeMap::new();
    let mut claims = 0;
    let mut commits: BTreeMap<(String, bool), u32> = BTreeMap::new();
    for (worker, action) in steps {
        let hand = hands[*worker].take();
        match (action, hand) {
            (0..=2, None) => {
                if let Some(job) = b.claim().await {
                    claims += 1;
                    truth.insert(job.id.clone(), claims);
                    hands[*worker] = Some((job, claims));
                }
            }
            (3, hand) => {
                b.pass(LEASE / 2 + 1);
                hands[*worker] = hand;
            }
            (_, None) => {}
            (4, Some((job, claim))) => {
                let alive = b.store.heartbeat(&job, LEASE).await.expect("beat");
                assert_eq!(alive, truth.get(&job.id) == Some(&claim));
                hands[*worker] = Some((job, claim));
            }
            // Dies without a word.
            (5, Some(_)) => {}
            (6, Some((job, claim))) => {
                let done = b.store.retry(&job, "x", 0).await;
                assert_eq!(done.is_ok(), truth.get(&job.id) == Some(&claim));
                if done.is_ok() {
                    truth.remove(&job.id);
                }
            }
            (_, Some((job, claim))) => {
                let done = commit(&b, &job).await;
                assert_eq!(done.is_ok(), truth.get(&job.id) == Some(&claim), "{done:?}");
                if done.is_ok() {
                    truth.remove(&job.id);
                    *commits.entry((job.receipt.clone(), job.stage == Stage::Accept)).or_default() += 1;
                }
            }
        }
    }
    b.pass(LEASE + 1);
    while let Some(job) = b.claim().await {
        commit(&b, &job).await.expect("the holder commits");
        *commits.entry((job.receipt.clone(), job.stage == Stage::Accept)).or_default() += 1;
    }
    assert_eq!(commits.len(), 4);
    assert!(commits.values().all(|n| *n == 1), "{commits:?}");
    assert_eq!(b.store.timeline("R-0001", 10).await.expect("timeline").len(), 2);
    assert!(b.faults().await.is_empty());
}

async fn commit(b: &Bench, job: &Job) -> Result<()> {
    match job.stage {
        Stage::Read => b.store.commit_reading(job, &Reading::default(), Vec::new(), &Reader::default()).await,
        Stage::Accept => {
            let (id, reader, _) = b.store.reading(&job.sha256).await?;
            let sheets = [sheet(State::Posted, Some("R-0001"))];
            b.store.accept(job, &Accepted::news(&id, &sheets, &reader)).await
        }
    }
}

#[tokio::test]
async fn the_database_is_as_durable_as_promised() {
    let b = bench().await;
    let mut tx = b.store.db.begin().await.expect("begin");
    if b.store.is_shared() {
        // PostgreSQL: the server's own setting; what a host may not do is to switch it off for itself.
        let row = query("SHOW synchronous_commit").fetch_one(tx.conn()).await.expect("show");
        assert_eq!(row.nth::<String>(0), "on");
        return;
    }
    let row = query("PRAGMA synchronous").fetch_one(tx.conn()).await.expect("pragma");
    assert_eq!(row.nth::<i64>(0), 2, "FULL");
    let row = query("PRAGMA journal_mode").fetch_one(tx.conn()).await.expect("pragma");
    assert_eq!(row.nth::<String>(0), "wal");
}

#[tokio::test]
async fn gauges_tell_what_waits_and_how_old_it_is() {
    let b = bench().await;
    let sources = ["scan".to_owned(), "mails".to_owned()];
    b.store.looked("scan", None).await.expect("looked");
    b.store.looked("mails", Some("away")).await.expect("looked");
    let began = b.store.now();
    b.receive("scan", "1", b"one").await;
    b.pass(5_000);
    b.receive("scan", "2", b"two").await;
    let g = b.store.gauges(&sources).await.expect("gauges");
    assert_eq!((g.jobs, g.unfinished), (vec![("read".to_owned(), 2, 0)], (2, Some(began))));
    assert_eq!(g.sources[0].received, None, "not decided yet: it might be a canary");
    assert_eq!((g.sources[0].looked, g.sources[0].faulty), (Some(began), false));
    assert_eq!((g.sources[1].looked, g.sources[1].received, g.sources[1].faulty), (None, None, true));
    b.through(&[sheet(State::Posted, Some("R-0001"))]).await;
    b.through(&[sheet(State::Review, None)]).await;
    b.pass(7_000);
    let g = b.store.gauges(&sources).await.expect("gauges");
    assert_eq!((g.jobs, g.unfinished), (Vec::new(), (0, None)));
    assert_eq!(g.sources[0].received, Some(began + 5_000));
    // Two members and an administrator.
    assert_eq!(g.outbox, [("mail".to_owned(), 3, 0)]);
    assert_eq!(g.oldest_pending, Some(began + 5_000));
    assert!(g.review.iter().any(|r| r.1 == "room" && r.2 == 1), "{:?}", g.review);
    assert_eq!((g.held.1, g.audit > 4), (Some(began + 5_000), true));
    assert_eq!(b.store.undelivered(began + 5_001).await.expect("count"), (3, Some(began + 5_000)));
    assert_eq!(b.store.undelivered(began).await.expect("count").0, 0);
}

#[tokio::test]
async fn who_was_told_and_since_when_a_source_is_known_outlive_the_process() {
    let b = bench().await;
    let since = b.store.known_since("scan").await.expect("since");
    b.pass(1_000);
    assert_eq!(b.store.known_since("scan").await.expect("since"), since);
    let word = ("silence of \"a [b]\"".to_owned(), "admin@example.jp".to_owned());
    for _ in 0..2 {
        b.store.tell(&word.0, &word.1, true).await.expect("tell");
    }
    assert_eq!(b.store.told().await.expect("told"), std::slice::from_ref(&word));
    b.store.tell(&word.0, &word.1, false).await.expect("tell");
    assert!(b.store.told().await.expect("told").is_empty());
    // Damage is told without quoting what stands there.
    let e: StoreError = serde_json::from_str::<u32>("\"柏 花子\"").expect_err("no number").into();
    assert!(!e.to_string().contains("柏"), "{e}");
}
