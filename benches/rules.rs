//! How long rule tuning takes: one sheet under a draft (preview), and a draft over 10,000 sheets that persons decided about
//! (backtest), on a store cloned from samples that were really read.
//!
//! `make bench-rules`. Prints the table that `docs/measurements.md` keeps. The draft for one hospital touches one sheet in
//! thirty, as where thirty hospitals fax alike; a change for all is run for a while and its pace told.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use faxbridge::store::Store;
use faxbridge::store::rules::SheetFilter;
use faxbridge::tuning::backtest::{Run, View};
use faxbridge::tuning::{OwnRules, Workshop};
use sqlx::{Connection, Executor, Row, SqliteConnection};

const SHEETS: i64 = 10_000;
/// One hospital's share: one of so many.
const HOSPITALS: i64 = 30;
/// Milliseconds for a preview at the 95th percentile, seconds for a backtest.
const TARGET: (f64, f64) = (300.0, 10.0);
/// How long a change for all is run.
const PACE: Duration = Duration::from_secs(20);

const SAMPLES: &[&str] = &[
    "01-referral.tif",
    "02-discharge-summary.tif",
    "03-nursing-summary.tif",
    "04-admission-info.pdf",
    "05-discharge-record.tif",
    "06-nursing-order.tif",
    "10-cover-and-summary.tif",
    "13-whose-is-it.tif",
];

const ONE: &str =
    "[[hospital]]\nwhen = { fax = \"04-7110-5101\" }\nfield.\"patient.birth_date\".region = [0.1, 0.1, 0.9, 0.4]\n";
const ALL: &str = "[field.\"patient.name\"]\nlabels = [\"お名まえ\"]\n";

fn main() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join("scan")).expect("the scan folder");
    for name in SAMPLES {
        std::fs::copy(Path::new("samples/files").join(name), dir.path().join("scan").join(name)).expect("a sample");
    }
    let here = std::env::current_dir().expect("the package's folder");
    let config = dir.path().join("faxbridge.toml");
    let text = format!(
        "data_dir = \"data\"\nlisten = \"127.0.0.1:0\"\n[[intake]]\nname = \"scan\"\nkind = \"folder\"\npath = \"scan\"\n\
         [register]\npatients = {:?}\ninstitutions = {:?}\n",
        here.join("samples/registers/patients.csv"),
        here.join("samples/registers/institutions.csv"),
    );
    std::fs::write(&config, text).expect("the configuration");
    let mut drain = Command::new(env!("CARGO_BIN_EXE_faxbridge"));
    drain.args(["run", "--drain", "--config"]).arg(&config).stdin(Stdio::null()).stderr(Stdio::null());
    assert!(drain.status().expect("the daemon").success());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let missed = runtime.block_on(measure(&dir.path().join("data")));
    assert!(!missed, "a target was missed");
}

async fn measure(data: &Path) -> bool {
    let ours = fill(&data.join("faxbridge.sqlite")).await;
    let store = Store::open_beside(&data.to_owned()).await.expect("the store");
    let shop = Arc::new(Workshop::open(Path::new(""), false).expect("rules"));
    shop.set_registers(Arc::new(store.registers().await.expect("registers")));
    println!("{SHEETS} decided sheets, SQLite\n");

    let mut ms = Vec::new();
    let seen = store.recent_sheets(&SheetFilter::default(), 400).await.expect("sheets");
    for (n, s) in seen.iter().enumerate().take(200) {
        let began = Instant::now();
        // Another draft each time, as after each change in the form.
        let layer = layer("referral.toml", &format!("[field.\"patient.name\"]\nlabels = [\"氏名その{n}\"]\n"));
        let draft = shop.draft(&layer).expect("a draft");
        let reading = shop.reading(&store, &s.reading).await.expect("a reading");
        std::hint::black_box(shop.preview(&draft, &reading, &s.content.pages));
        ms.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    ms.sort_by(f64::total_cmp);
    let (median, high) = (ms[ms.len() / 2], ms[ms.len() * 95 / 100]);

    let began = Instant::now();
    while shop.mark(&store, 500).await.expect("marks") > 0 {}
    let marks = began.elapsed().as_secs_f64();

    let one = through(&shop, &store, &layer("common.toml", ONE), Duration::MAX).await;
    assert_eq!((one.all, one.all - one.passed), (SHEETS as usize, ours), "what the change touches");
    let all = through(&shop, &store, &layer("common.toml", ALL), PACE).await;

    println!("| what | figure | target |\n|---|---|---|");
    println!("| preview with a new draft, median, 95th percentile, ms | {median:.0}, {high:.0} | < {:.0} |", TARGET.0);
    println!("| backtest of one hospital's rule ({ours} sheets touched), s | {:.1} | < {:.0} |", one.seconds, TARGET.1);
    let pace = all.done as f64 / PACE.as_secs_f64();
    println!(
        "| backtest of a label for all: sheets a second; all of them, s | {pace:.0}; {:.0} | |",
        SHEETS as f64 / pace
    );
    println!("| making ready, once, in the background, s | {marks:.0} | |");
    high > TARGET.0 || one.seconds > TARGET.1
}

fn layer(file: &str, text: &str) -> OwnRules {
    let mut layer = OwnRules::default();
    layer.set(file, text);
    layer
}

/// A run to its end, or given up after `most`.
async fn through(shop: &Arc<Workshop>, store: &Store, layer: &OwnRules, most: Duration) -> View {
    let began = Instant::now();
    let run: Arc<Run> = shop.test(store, "bench", 0, layer).expect("a run");
    loop {
        let view = run.view();
        assert_eq!(view.fault, None);
        if view.ended || began.elapsed() > most {
            run.cancel();
            return view;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Clones of the sheets that stand in the store, each confirmed by a person; how many are of the hospital of [`ONE`].
async fn fill(file: &Path) -> usize {
    let mut c = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.expect("the database");
    let rows = sqlx::query(
        "SELECT d.id, v.content LIKE '%04-7110-5101%' OR r.name LIKE '02%' AS ours FROM document d
         JOIN revision v ON v.document = d.id JOIN receipt r ON r.id = d.receipt
         WHERE d.reading IS NOT NULL AND d.part IS NULL ORDER BY r.name, d.ordinal",
    )
    .fetch_all(&mut c)
    .await
    .expect("sheets");
    let (ours, others): (Vec<_>, Vec<_>) = rows.iter().partition(|r| r.get::<i64, _>("ours") != 0);
    let id = |r: &sqlx::sqlite::SqliteRow| r.get::<String, _>("id");
    let (ours, others): (Vec<String>, Vec<String>) =
        (ours.into_iter().map(id).collect(), others.into_iter().map(id).collect());
    assert!(!ours.is_empty() && !others.is_empty(), "samples of two hospitals");
    c.execute("BEGIN").await.expect("begin");
    let mut n = 0;
    for i in 0..SHEETS {
        let from = if i % HOSPITALS == 0 {
            n += 1;
            &ours[i as usize / HOSPITALS as usize % ours.len()]
        } else {
            &others[i as usize % others.len()]
        };
        for sql in [
            "INSERT INTO document (id, receipt, ordinal, reading, kind, pages, part, state, reason, room, candidates, revision,
                                   open_fields, urgent, sender, discharge, created, updated)
             SELECT 'd' || ?1, receipt, 1000 + ?1, reading, kind, pages, NULL, 'posted', NULL, 'R-0001', '[]', 2, 0, 0, sender,
                    discharge, created + ?1, updated FROM document WHERE id = ?2",
            "INSERT INTO revision (document, number, content, room, reader, actor, at, sha256)
             SELECT 'd' || ?1, 1, content, room, reader, 'machine', at, sha256 FROM revision WHERE document = ?2 AND number = 1",
            "INSERT INTO revision (document, number, content, room, reader, actor, at, sha256)
             SELECT 'd' || ?1, 2, replace(content, '\"status\":\"review\"', '\"status\":\"accepted\"'), room, reader, 'p', at, sha256
             FROM revision WHERE document = ?2 AND number = 1",
        ] {
            sqlx::query(sql).bind(i).bind(from).execute(&mut c).await.expect("a clone");
        }
    }
    c.execute("COMMIT").await.expect("commit");
    c.close().await.expect("closed");
    n
}
