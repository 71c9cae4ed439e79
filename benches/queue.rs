//! What the queue costs, and how throughput grows with workers: reading is stubbed by a job of a fixed time, everything
//! else is in earnest (receipt, leases, stages, acceptance, outbox, audit). Each worker is a process of its own.
//!
//! `make bench-queue`, that is `scripts/with-postgres.sh cargo bench --profile dev --bench queue -- [documents] [job ms]`.
//! Then sheets that go into rooms: search, deadlines, figures, blind samples and a notice for each member as well.
//! Beside it, in the same run: bare PostgreSQL doing a queue's least (insert, claim SKIP LOCKED, delete).

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use faxbridge::model::{Document, Field, Status, Trace, Value};
use faxbridge::reading::{Page, Reading};
use faxbridge::store::registers::{Record, Register, RoomFacts};
use faxbridge::store::samples::Sampling;
use faxbridge::store::{Meta, Notify, Site, Store, db};
use faxbridge::work::{self, Found, Options, Pipeline, ReadDone, ReadFail, Sorted};
use sqlx::{Connection, Executor, PgConnection};
use tokio::sync::watch;

/// Rooms of the sheets that go into one, and the hospitals that they come from.
const ROOMS: u32 = 50;
const HOSPITALS: u32 = 8;

/// Where a worker's sheets end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Review,
    Rooms,
}

/// Takes its time and reads nothing.
struct Stub {
    job: Duration,
    end: End,
    sheets: AtomicU32,
}

#[async_trait]
impl Pipeline for Stub {
    async fn read(&self, _name: &str, _bytes: Vec<u8>) -> Result<ReadDone, ReadFail> {
        tokio::time::sleep(self.job).await;
        let page = Page { number: 1, width: 10, height: 10, ..Page::default() };
        Ok(ReadDone { reading: Reading { pages: vec![page], ..Reading::default() }, ..ReadDone::default() })
    }
    fn sort(&self, _reading: &Reading) -> Sorted {
        let n = self.sheets.fetch_add(1, Ordering::Relaxed);
        let document = Document {
            kind: "contact".into(),
            pages: vec![1],
            confidence: 0.9,
            fields: [("patient.name", "柏 花子"), ("patient.birth_date", "1940-01-02")].map(accepted).into(),
            doubts: Vec::new(),
            sender_id: Some(format!("I-{}", n % HOSPITALS)),
        };
        let found = match self.end {
            End::Rooms => Found::Room(format!("R-{}", n % ROOMS)),
            End::Review => Found::Unsure { reason: "benchmark".into(), candidates: Vec::new() },
        };
        Sorted { documents: vec![(document, found)], note: None, rules: String::new() }
    }
    fn knows_name_in(&self, _text: &str) -> bool {
        true
    }
}

fn accepted((key, value): (&str, &str)) -> (String, Field) {
    let field = Field {
        value: Value::One(value.into()),
        raw: value.into(),
        page: 1,
        rect: [1, 2, 3, 4],
        confidence: 0.99,
        status: Status::Accepted,
        items: None,
        trace: Trace::default(),
    };
    (key.to_owned(), field)
}

fn site(url: &str, dir: &Path) -> Site {
    let database = db::Place { url: url.to_owned(), connections: 4, prepared: true, ..db::Place::default() };
    Site { data_dir: dir.to_owned(), database, ..Site::default() }
}

/// CPU seconds of this process.
fn own_cpu() -> f64 {
    cpu_of(Path::new("/proc/self/stat")).unwrap_or(0.0)
}

fn cpu_of(stat: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(stat).ok()?;
    let rest = text.rsplit_once(") ")?.1;
    let mut fields = rest.split(' ').skip(11);
    // In user and system mode, then the same of children that have ended.
    let mut sum = 0.0;
    for _ in 0..4 {
        sum += fields.next()?.parse::<f64>().ok()?;
    }
    Some(sum / rustix::param::clock_ticks_per_second() as f64)
}

/// CPU seconds of the server that the test started: the running processes and those that have ended since.
fn server_cpu() -> f64 {
    let mut sum = 0.0;
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        if name.trim() == "postgres" {
            sum += cpu_of(&entry.path().join("stat")).unwrap_or(0.0);
        }
    }
    sum
}

async fn worker(url: &str, dir: &Path, name: &str, job: Duration, end: End) {
    let store = Store::open_as(site(url, dir), name, faxbridge::store::system_clock()).await.expect("the store");
    let store = store.with_notify(Notify { members: true, admins: Vec::new() }).sampling(Sampling {
        share: 0.02,
        weekly: 5,
        limit: 0.01,
    });
    let (stop, stopped) = watch::channel(false);
    let options = Options { attempts: 5, lease: Duration::from_secs(60), drain: true, ..Options::default() };
    let before = own_cpu();
    let began = store.now();
    let run = tokio::spawn(work::run(
        store.clone(),
        Arc::new(Stub { job, end, sheets: AtomicU32::new(0) }),
        options,
        stopped,
    ));
    while store.open_jobs().await.expect("jobs") > 0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let ended = store.now();
    let _ = stop.send(true);
    run.await.expect("the worker");
    println!("{began} {ended} {}", own_cpu() - before);
    store.close().await;
}

/// Seconds for all of them, CPU seconds of the workers.
fn race(url: &str, dir: &Path, workers: usize, job: Duration, end: End) -> (f64, f64) {
    let end = if end == End::Rooms { "rooms" } else { "review" };
    let children: Vec<_> = (0..workers)
        .map(|n| {
            Command::new(std::env::current_exe().expect("exe"))
                .args(["worker", url, &dir.display().to_string(), &format!("w{n}"), &job.as_millis().to_string(), end])
                .stdout(Stdio::piped())
                .spawn()
                .expect("a worker")
        })
        .collect();
    let (mut begun, mut ended, mut cpu) = (i64::MAX, 0, 0.0);
    for child in children {
        let out = child.wait_with_output().expect("a worker");
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let mut words = text.split_whitespace();
        let mut next = || words.next().expect("three numbers");
        begun = begun.min(next().parse().expect("ms"));
        ended = ended.max(next().parse().expect("ms"));
        cpu += next().parse::<f64>().expect("seconds");
    }
    ((ended - begun) as f64 / 1000.0, cpu)
}

async fn fresh(server: &str, name: &str) -> String {
    let mut c = PgConnection::connect(server).await.expect("the server");
    c.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a database");
    c.close().await.expect("close");
    format!("{}/{name}", server.rsplit_once('/').expect("an address").0)
}

/// The least that a queue on PostgreSQL does for a document, one after the other: seconds and the server's CPU seconds.
async fn bare(url: &str, documents: u32) -> (f64, f64, f64) {
    let mut c = PgConnection::connect(url).await.expect("connect");
    c.execute("CREATE TABLE q (id BIGINT PRIMARY KEY, ready BIGINT NOT NULL, lease TEXT)").await.expect("table");
    let (began, own, there) = (Instant::now(), own_cpu(), server_cpu());
    for n in 0..documents {
        sqlx::query("INSERT INTO q (id, ready) VALUES ($1, 0)")
            .bind(i64::from(n))
            .execute(&mut c)
            .await
            .expect("insert");
        let id: i64 = sqlx::query_scalar(
            "UPDATE q SET lease = 'x' WHERE id = (SELECT id FROM q WHERE ready <= 1 AND lease IS NULL ORDER BY ready, id
             LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id",
        )
        .fetch_one(&mut c)
        .await
        .expect("claim");
        sqlx::query("DELETE FROM q WHERE id = $1 AND lease = 'x'").bind(id).execute(&mut c).await.expect("done");
    }
    (began.elapsed().as_secs_f64(), own_cpu() - own, server_cpu() - there)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    if args.first().is_some_and(|a| a == "worker") {
        let job = Duration::from_millis(args[4].parse().expect("ms"));
        return runtime.block_on(worker(
            &args[1],
            Path::new(&args[2]),
            &args[3],
            job,
            if args[5] == "rooms" { End::Rooms } else { End::Review },
        ));
    }
    let documents: u32 = args.first().map_or(200, |a| a.parse().expect("documents"));
    let job = Duration::from_millis(args.get(1).map_or(200, |a| a.parse().expect("milliseconds")));
    let server = std::env::var("FAXBRIDGE_TEST_DATABASE").expect("run by scripts/with-postgres.sh (make bench-queue)");
    println!("{documents} documents, a job of {} ms, PostgreSQL on this machine\n", job.as_millis());
    println!("workers  seconds  documents/s  times one  CPU ms a document: workers, server");
    let mut one = 0.0;
    for workers in [1, 2, 4, 8] {
        let dir = tempfile::tempdir().expect("dir");
        let url = runtime.block_on(fresh(&server, &format!("race_{workers}")));
        runtime.block_on(fill(&url, dir.path(), documents));
        let before = server_cpu();
        let (seconds, cpu) = race(&url, dir.path(), workers, job, End::Review);
        let there = server_cpu() - before;
        let rate = f64::from(documents) / seconds;
        if workers == 1 {
            one = rate;
        }
        let each = |s: f64| s * 1000.0 / f64::from(documents);
        println!("{workers:7}  {seconds:7.2}  {rate:11.1}  {:9.2}  {:.2}, {:.2}", rate / one, each(cpu), each(there));
    }
    // Without a job: what the queue alone can do, and what it costs beside the least.
    let dir = tempfile::tempdir().expect("dir");
    let many = documents * 5;
    let url = runtime.block_on(fresh(&server, "empty_job"));
    let (own, there, began) = (own_cpu(), server_cpu(), Instant::now());
    runtime.block_on(fill(&url, dir.path(), many));
    let (filled, own, there_filled) = (began.elapsed().as_secs_f64(), own_cpu() - own, server_cpu() - there);
    let there = server_cpu();
    let (seconds, cpu) = race(&url, dir.path(), 4, Duration::ZERO, End::Review);
    let there = server_cpu() - there;
    let each = |s: f64| s * 1000.0 / f64::from(many);
    println!(
        "\nreceipts alone: {:.0}/s, CPU ms each: {:.2} ours, {:.2} server",
        f64::from(many) / filled,
        each(own),
        each(there_filled)
    );
    println!(
        "queue without a job, 4 workers: {:.0} documents/s, CPU ms each: {:.2} ours, {:.2} server",
        f64::from(many) / seconds,
        each(cpu),
        each(there)
    );
    for workers in [1, 4] {
        let dir = tempfile::tempdir().expect("dir");
        let url = runtime.block_on(fresh(&server, &format!("rooms_{workers}")));
        runtime.block_on(fill(&url, dir.path(), many));
        let there = server_cpu();
        let (seconds, cpu) = race(&url, dir.path(), workers, Duration::ZERO, End::Rooms);
        println!(
            "into rooms without a job, {workers} workers: {:.0} documents/s, CPU ms each: {:.2} ours, {:.2} server",
            f64::from(many) / seconds,
            each(cpu),
            each(server_cpu() - there)
        );
    }
    let url = runtime.block_on(fresh(&server, "bare"));
    let (bare_s, bare_own, bare_there) = runtime.block_on(bare(&url, many));
    println!(
        "bare PostgreSQL, one connection: {:.0} documents/s, CPU ms each: {:.2} ours, {:.2} server",
        f64::from(many) / bare_s,
        each(bare_own),
        each(bare_there)
    );
}

async fn fill(url: &str, dir: &Path, documents: u32) {
    let store = Store::open(site(url, dir)).await.expect("the store").with_notify(Notify::default());
    let rooms: Vec<Record> = (0..ROOMS).map(room).collect();
    store.import(Register::Patients, &rooms, "bench").await.expect("rooms");
    for n in 0..documents {
        let name = format!("{n}.tif");
        store.receive("bench", &name, name.as_bytes(), &Meta::default()).await.expect("receive");
    }
    store.close().await;
}

/// With two members.
fn room(n: u32) -> Record {
    let id = format!("R-{n}");
    let members = vec!["a@example.jp".to_owned(), "b@example.jp".to_owned()];
    let patient = faxbridge::register::Patient {
        room_id: id.clone(),
        name: "柏 花子".into(),
        members: members.clone(),
        ..Default::default()
    };
    let data = serde_json::to_value(patient).expect("JSON");
    Record {
        id,
        data,
        room: Some(RoomFacts { name: "柏 花子".into(), members, ..RoomFacts::default() }),
        ..Record::default()
    }
}
