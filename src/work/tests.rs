//! The whole machine behind the intake with a fixed pipeline: every way a job can end, and death at every named point.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::model::{Document, Field, Posting, Reader, Status, Trace, Value};
use crate::reading::{Page, Part, Reading};
use crate::sink::{Sink, SinkError};
use crate::store::queue::Stage;
use crate::store::registers::{Record, Register, RoomFacts};
use crate::store::{Meta, Notify};

/// Reads what the bytes tell it to: `post`, `two` (a posted and a held sheet), `held`, `unreadable`, `later:N` (fails
/// N times), `never` (always fails).
#[derive(Default)]
struct Fixed {
    failed: Mutex<BTreeMap<String, u32>>,
}

#[async_trait]
impl Pipeline for Fixed {
    async fn read(&self, _: &str, bytes: Vec<u8>) -> Result<ReadDone, ReadFail> {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let word = text.split_whitespace().next().unwrap_or_default();
        if word == "unreadable" {
            return Err(ReadFail::Unreadable("途中で切れたファイルです".into()));
        }
        if word == "never" {
            return Err(ReadFail::Later("the child does not start".into()));
        }
        if let Some(n) = word.strip_prefix("later:") {
            let mut failed = self.failed.lock().expect("lock");
            let so_far = failed.entry(text.clone()).or_default();
            *so_far += 1;
            if *so_far <= n.parse().expect("a number") {
                return Err(ReadFail::Later("the child died".into()));
            }
        }
        let pages = if word == "two" { 2 } else { 1 };
        let reading = Reading {
            parts: vec![Part { name: word.to_owned(), pages, ..Part::default() }],
            pages: (1..=pages).map(|number| Page { number, width: 100, height: 100, ..Page::default() }).collect(),
            ..Reading::default()
        };
        let images = (1..=pages).map(|n| format!("png {n} {text}").into_bytes()).collect();
        Ok(ReadDone { reading, images, reader: Reader::default() })
    }

    fn sort(&self, reading: &Reading) -> Sorted {
        let document = |pages: &[u32]| Document {
            kind: "referral".into(),
            pages: pages.to_vec(),
            confidence: 0.9,
            fields: BTreeMap::from([("patient.name".to_owned(), name())]),
            doubts: Vec::new(),
            sender_id: None,
        };
        let held = || Found::Unsure { reason: "同姓同名の方がいます".into(), candidates: Vec::new() };
        let documents = match reading.parts[0].name.as_str() {
            "two" => vec![(document(&[1]), Found::Room("R-0001".into())), (document(&[2]), held())],
            "held" => vec![(document(&[1]), held())],
            _ => vec![(document(&[1]), Found::Room("R-0001".into()))],
        };
        Sorted { documents, ..Sorted::default() }
    }

    fn knows_name_in(&self, _: &str) -> bool {
        false
    }
}

fn name() -> Field {
    Field {
        value: Value::One("柏 花子".into()),
        raw: "柏 花子".into(),
        page: 1,
        rect: [0, 0, 1, 1],
        confidence: 1.0,
        status: Status::Accepted,
        items: None,
        trace: Trace::default(),
    }
}

/// Appends each key to a file that outlives the process; can be asked, as a FHIR server can.
struct FileSink(PathBuf);

#[async_trait]
impl Sink for FileSink {
    fn name(&self) -> &'static str {
        "mail"
    }
    async fn find(&self, posting: &Posting) -> Result<Option<String>, SinkError> {
        let there = fs::read_to_string(&self.0).unwrap_or_default().lines().any(|l| l == posting.key);
        Ok(there.then(|| posting.key.clone()))
    }
    async fn post(&self, posting: &Posting) -> Result<String, SinkError> {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&self.0).expect("sink file");
        writeln!(file, "{}", posting.key).expect("write");
        Ok(posting.key.clone())
    }
}

const OPTIONS: Options = Options {
    attempts: 5,
    lease: Duration::from_secs(60),
    drain: true,
    resend_ms: 0,
    join_ms: 0,
    terms: again::Terms { read_alike: false },
};

async fn open(dir: &Path) -> Store {
    let notify = Notify { members: true, admins: vec!["admin@example.jp".into()] };
    let store =
        Store::open(crate::store::testing::site(&dir.join("data")).await).await.expect("open").with_notify(notify);
    let record = Record {
        id: "R-0001".into(),
        data: serde_json::json!({"room_id": "R-0001", "members": ["a@example.jp"]}),
        room: Some(RoomFacts { members: vec!["a@example.jp".into()], ..RoomFacts::default() }),
        ..Record::default()
    };
    store.import(Register::Patients, &[record], "test").await.expect("import");
    store
}

/// Works until nothing is left to do, as a draining daemon does.
async fn drain(store: &Store, dir: &Path) {
    let pipeline: Arc<dyn Pipeline> = Arc::new(Fixed::default());
    let sink: Arc<dyn Sink> = Arc::new(FileSink(dir.join("sent.log")));
    let (stop_tx, stop) = watch::channel(false);
    let workers: Vec<_> =
        (0..2).map(|_| tokio::spawn(run(store.clone(), pipeline.clone(), OPTIONS, stop.clone()))).collect();
    let tries = deliver::Tries::default();
    let sender = tokio::spawn(deliver::run(store.clone(), sink, true, tries, stop));
    while store.open_jobs().await.expect("jobs") > 0 || !store.open_deliveries("mail").await.expect("open").is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop_tx.send(true).expect("stop");
    for w in workers {
        w.await.expect("worker");
    }
    sender.await.expect("sender");
}

/// What a folder intake does: receive, and only then move the file away.
async fn take_in(store: &Store, dir: &Path) {
    let mut files: Vec<_> = fs::read_dir(dir.join("in")).expect("in").map(|e| e.expect("entry").path()).collect();
    files.sort();
    for file in files {
        let name = file.file_name().expect("name").to_string_lossy().into_owned();
        let bytes = fs::read(&file).expect("read");
        store.receive("scan", &name, &bytes, &Meta::default()).await.expect("receive");
        crate::crash::reached("intake.received");
        fs::rename(&file, dir.join("processed").join(name)).expect("move");
        crate::crash::reached("intake.touched");
    }
}

const FILES: &[(&str, &str)] = &[
    ("a.tif", "post a"),
    ("b.tif", "two b"),
    ("c.tif", "unreadable c"),
    ("d.tif", "held d"),
    ("e.tif", "post a"),
    ("f.tif", "later:2 f"),
];

fn fill(dir: &Path) {
    for sub in ["in", "processed"] {
        fs::create_dir(dir.join(sub)).expect("folder");
    }
    for (name, text) in FILES {
        fs::write(dir.join("in").join(name), text).expect("file");
    }
}

/// Every input has exactly one final state, every posting stands once, the log holds together.
async fn check(store: &Store, dir: &Path, context: &str) {
    assert_eq!(fs::read_dir(dir.join("in")).expect("in").count(), 0, "{context}");
    let lines = store.status().await.expect("status");
    let seen: BTreeMap<&str, &str> = lines.iter().map(|l| (l.source_id.as_str(), l.state.as_str())).collect();
    assert_eq!(lines.len(), FILES.len(), "{context}: {lines:#?}");
    let expected = [
        ("a.tif", "posted"),
        ("b.tif", "posted"),
        ("c.tif", "review"),
        ("d.tif", "review"),
        ("e.tif", "posted"),
        ("f.tif", "posted"),
    ];
    assert_eq!(seen, BTreeMap::from(expected), "{context}");
    assert_eq!(store.timeline("R-0001", 100).await.expect("timeline").len(), 3, "{context}: each sheet once");
    assert_eq!(store.review_list(100).await.expect("list").len(), 3, "{context}");
    let sent = fs::read_to_string(dir.join("sent.log")).expect("sent");
    let keys: Vec<&str> = sent.lines().collect();
    assert_eq!(keys.len(), keys.iter().collect::<BTreeSet<_>>().len(), "{context}: no key twice");
    assert_eq!(keys.len(), 3 + 3, "{context}: a notice for each posted sheet, one for each that is held");
    let report = store.verify().await.expect("verify");
    assert!(report.faults.is_empty(), "{context}: {:?}", report.faults);
    assert!(report.rows > 10);
}

#[tokio::test]
async fn every_input_ends_where_it_belongs() {
    let dir = tempfile::tempdir().expect("dir");
    fill(dir.path());
    let store = open(dir.path()).await;
    take_in(&store, dir.path()).await;
    drain(&store, dir.path()).await;
    check(&store, dir.path(), "undisturbed").await;
}

#[tokio::test]
async fn what_fails_for_good_goes_to_the_review_list_with_its_reason() {
    let dir = tempfile::tempdir().expect("dir");
    let store = open(dir.path()).await;
    store.receive("scan", "a.tif", b"never", &Meta::default()).await.expect("receive");
    drain(&store, dir.path()).await;
    let line = store.status().await.expect("status").remove(0);
    assert_eq!(line.state, "review");
    assert!(line.reason.expect("a reason").contains("5回試みました"));
}

#[tokio::test]
async fn a_reading_that_was_damaged_is_made_again_from_the_original() {
    let dir = tempfile::tempdir().expect("dir");
    let store = open(dir.path()).await;
    store.receive("scan", "a.tif", b"post a", &Meta::default()).await.expect("receive");
    let pipeline: Arc<dyn Pipeline> = Arc::new(Fixed::default());
    let (_stop_tx, mut stop) = watch::channel(false);
    let job = store.claim(60_000).await.expect("claim").expect("read");
    one(&store, &pipeline, &OPTIONS, &job, &mut stop).await;
    let (_, _, reading) = store.reading(&job.sha256).await.expect("reading");
    let sha = crate::store::blobs::sha256(&reading.to_bytes());
    fs::write(dir.path().join("data/blobs").join(&sha[..2]).join(&sha[2..]), b"damaged").expect("damage");
    drain(&store, dir.path()).await;
    assert_eq!(store.status().await.expect("status")[0].state, "posted");
}

#[tokio::test]
async fn a_reading_that_is_damaged_again_and_again_goes_to_the_review_list() {
    let dir = tempfile::tempdir().expect("dir");
    let store = open(dir.path()).await;
    store.receive("scan", "a.tif", b"post a", &Meta::default()).await.expect("receive");
    let pipeline: Arc<dyn Pipeline> = Arc::new(Fixed::default());
    let (_stop_tx, mut stop) = watch::channel(false);
    let mut read = 0;
    while let Some(job) = store.claim(60_000).await.expect("claim") {
        if job.stage == Stage::Read {
            read += 1;
            assert!(read <= OPTIONS.attempts, "it goes on for ever");
        } else {
            let (_, _, reading) = store.reading(&job.sha256).await.expect("reading");
            let sha = crate::store::blobs::sha256(&reading.to_bytes());
            fs::write(dir.path().join("data/blobs").join(&sha[..2]).join(&sha[2..]), b"damaged").expect("damage");
        }
        one(&store, &pipeline, &OPTIONS, &job, &mut stop).await;
    }
    assert_eq!(store.status().await.expect("status")[0].state, "review");
}

#[tokio::test]
async fn a_worker_that_is_asked_to_stop_puts_its_job_back_untouched() {
    struct Stuck;
    #[async_trait]
    impl Pipeline for Stuck {
        async fn read(&self, _: &str, _: Vec<u8>) -> Result<ReadDone, ReadFail> {
            std::future::pending().await
        }
        fn sort(&self, _: &Reading) -> Sorted {
            Sorted::default()
        }
        fn knows_name_in(&self, _: &str) -> bool {
            false
        }
    }
    let dir = tempfile::tempdir().expect("dir");
    let store = open(dir.path()).await;
    store.receive("scan", "a.tif", b"x", &Meta::default()).await.expect("receive");
    let job = store.claim(60_000).await.expect("claim").expect("job");
    let (stop_tx, mut stop) = watch::channel(false);
    let pipeline: Arc<dyn Pipeline> = Arc::new(Stuck);
    let (store_, job_) = (store.clone(), job.clone());
    let busy = tokio::spawn(async move { one(&store_, &pipeline, &OPTIONS, &job_, &mut stop).await });
    stop_tx.send(true).expect("stop");
    busy.await.expect("ends");
    let again = store.claim(60_000).await.expect("claim").expect("back at once");
    assert_eq!((again.attempts, again.crashes), (0, 0));
}

const CHILD: &str = "FAXBRIDGE_TEST_CHILD";

/// Not a test of its own: the process that the next test kills. Does nothing when it was not started by it.
#[tokio::test]
async fn child_of_the_crash_test() {
    let Some(dir) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let store = open(&dir).await;
    take_in(&store, &dir).await;
    drain(&store, &dir).await;
    store.close().await;
}

fn child(dir: &Path, crash: Option<&str>) -> std::process::ExitStatus {
    let mut c = Command::new(std::env::current_exe().expect("this test"));
    c.args(["--exact", "work::tests::child_of_the_crash_test", "--nocapture"]).env(CHILD, dir);
    match crash {
        Some(point) => c.env("FAXBRIDGE_CRASH_AT", point),
        None => c.env_remove("FAXBRIDGE_CRASH_AT"),
    };
    c.output().expect("child").status
}

/// kill -9 at every durable point, the first and a later time, then a second process that finishes.
#[test]
fn death_at_every_durable_point_loses_nothing_and_posts_nothing_twice() {
    const POINTS: &[&str] = &[
        "blob.written",
        "blob.renamed",
        "receive.after_blob",
        "receive.before_commit",
        "receive.after_commit",
        "intake.received",
        "intake.touched",
        "claim.after_commit",
        "read.after_blobs",
        "read.before_commit",
        "read.after_commit",
        "accept.between_documents",
        "accept.before_commit",
        "accept.after_commit",
        "give_up.before_commit",
        "give_up.after_commit",
        "deliver.sending",
        "deliver.after_network",
        "deliver.before_commit",
        "deliver.after_commit",
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    for point in POINTS {
        for nth in [1, 3] {
            if nth > 1 && point.starts_with("give_up") {
                continue;
            }
            let crash = format!("{point}:{nth}");
            let dir = tempfile::tempdir().expect("dir");
            fill(dir.path());
            let status = child(dir.path(), Some(&crash));
            assert_eq!(status.signal(), Some(9), "{crash} was not reached: {status:?}");
            assert!(child(dir.path(), None).success(), "after {crash}");
            runtime.block_on(async {
                let store =
                    Store::open_read(crate::store::testing::site(&dir.path().join("data")).await).await.expect("open");
                check(&store, dir.path(), &crash).await;
            });
        }
    }
}
