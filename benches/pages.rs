//! How long the pages take with many documents in the store, and how long the daemon takes to start there: the real
//! program on a store of 50,000 sheets in 5,000 rooms, cloned from one that was really read.
//!
//! `make bench-pages` (SQLite, then PostgreSQL). Prints the table that `docs/measurements.md` keeps.

mod daemon;

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use daemon::client::{as_role, get};
use daemon::{Daemon, faxbridge};
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};

const DOCUMENTS: u32 = 50_000;
const ROOMS: u32 = 5_000;
/// Milliseconds at the 95th percentile, and seconds for the start, that are promised.
const TARGET: (f64, f64) = (100.0, 2.0);

/// The store's rows, from the sheet that stands in it. `n` counts the documents; one in ten waits for a room, one in
/// four has fields that wait.
const CLONE: &[&str] = &[
    "INSERT INTO room (id, name, kana, birth_date, opened)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
     SELECT 'B-' || i, substr('佐藤鈴木高橋田中伊藤渡辺山本中村小林加藤', (i % 10) * 2 + 1, 2) || ' ' ||
            substr('花子一郎節子正雄和子清美照子三郎文子幸恵', (i / 10 % 10) * 2 + 1, 2) || i, 'カナ' || i, '1940-01-02', 0 FROM n",
    "INSERT INTO receipt (id, source, source_id, sha256, size, name, detail, received, updated, linked, state, reason)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
     SELECT 'r' || i, 'bench', 'f' || i, t.sha256, t.size, t.name, t.detail, t.received - i * CAST(60000 AS BIGINT), t.updated, NULL,
            CASE i % 10 WHEN 0 THEN 'review' ELSE 'posted' END, NULL
     FROM n, (SELECT * FROM receipt WHERE state = 'posted' LIMIT 1) t",
    "INSERT INTO document (id, receipt, ordinal, reading, kind, pages, part, state, reason, room, candidates, revision,
                           open_fields, urgent, sender, discharge, created, updated)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
     SELECT 'd' || i, 'r' || i, 0, t.reading, t.kind, t.pages, NULL, CASE i % 10 WHEN 0 THEN 'review' ELSE 'posted' END,
            CASE i % 10 WHEN 0 THEN 'x' END, CASE i % 10 WHEN 0 THEN NULL ELSE 'B-' || (i % 5000 + 1) END, t.candidates, 1,
            CASE i % 4 WHEN 0 THEN 2 ELSE 0 END, CASE i % 50 WHEN 0 THEN 1 ELSE 0 END, t.sender, t.discharge,
            t.created - i * CAST(60000 AS BIGINT), t.updated
     FROM n, (SELECT * FROM document WHERE state = 'posted' LIMIT 1) t",
    "INSERT INTO revision (document, number, content, room, reader, actor, at, sha256)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
     SELECT 'd' || i, 1, t.content, NULL, t.reader, t.actor, t.at, t.sha256
     FROM n, (SELECT v.* FROM revision v JOIN document d ON d.id = v.document WHERE d.state = 'posted' LIMIT 1) t",
    "INSERT INTO outbox (key, document, revision, sink, purpose, room, recipient, state, remote, ready, attempts, created, updated)
     SELECT 'k' || id, id, 1, 'board', 'post', room, '', 'sent', NULL, 0, 1, created, created FROM document
     WHERE id LIKE 'd%' AND room LIKE 'B-%'",
    "INSERT INTO post (key, room, document, revision, at)
     SELECT 'k' || id, room, id, 1, created FROM document WHERE id LIKE 'd%' AND room LIKE 'B-%'",
    // Eighty senders; told after seconds, read after hours, most with a day of discharge.
    "INSERT INTO figure (document, hospital, kind, received, posted, machine, noticed, opened, discharge, fields, unsure, chance,
                         legible, wanted, there)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
     SELECT 'd' || i, 'I-' || (i % 80), d.kind, r.received, CASE i % 10 WHEN 0 THEN NULL ELSE r.received + 30000 END,
            CASE i % 10 WHEN 0 THEN NULL ELSE 1 END, r.received + 30000 + i % 90 * 1000, r.received + i % 5000 * CAST(60000 AS BIGINT),
            d.discharge, 14, CASE i % 4 WHEN 0 THEN 2 ELSE 0 END, 20000, 900 + i % 90, 16, 16 - i % 6
     FROM n JOIN document d ON d.id = 'd' || i JOIN receipt r ON r.id = d.receipt",
    "INSERT INTO lack (document, item, how)
     SELECT document, 'discharge_summary/allergies', 'missing' FROM figure WHERE there < 16
     UNION ALL SELECT document, 'discharge_summary/history', 'unreadable' FROM figure WHERE there < 14
     ON CONFLICT DO NOTHING",
    "INSERT INTO correction (document, revision, field, how, sure, at)
     SELECT document, 2, 'patient.phone', 'set', 0, received FROM figure WHERE unsure > 0 ON CONFLICT DO NOTHING",
];

fn main() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join("scan")).expect("the scan folder");
    std::fs::copy("samples/files/10-cover-and-summary.tif", dir.path().join("scan/a.tif")).expect("a sample");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let here = std::env::current_dir().expect("the package's folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let server = std::env::var("FAXBRIDGE_TEST_DATABASE").ok();
    let url = server.as_ref().map(|server| runtime.block_on(fresh(server)));
    let config = dir.path().join("faxbridge.toml");
    let mut text = format!(
        "data_dir = \"data\"\nlisten = \"127.0.0.1:{port}\"\n\
         [web]\ndemo_login = true\n\
         [[intake]]\nname = \"scan\"\nkind = \"folder\"\npath = \"scan\"\n\
         [register]\npatients = {:?}\ninstitutions = {:?}\n",
        here.join("samples/registers/patients.csv"),
        here.join("samples/registers/institutions.csv"),
    );
    if let Some(url) = &url {
        text += &format!("[database]\nurl = \"{url}\"\n");
    }
    std::fs::write(&config, text).expect("the configuration");
    let drained = faxbridge(&config, &["run", "--drain"]).status().expect("the daemon");
    assert!(drained.success());
    runtime.block_on(fill(url.as_deref(), &dir.path().join("data/faxbridge.sqlite")));

    // Rows that came past the program are not in what search is made of yet: the next start makes it anew, once.
    let began = Instant::now();
    assert!(faxbridge(&config, &["run", "--drain"]).status().expect("the daemon").success());
    println!("search made anew for all of them: {:.0} s", began.elapsed().as_secs_f64());

    let began = Instant::now();
    let daemon = Daemon::start(&config);
    while get(port, "/healthz").is_none_or(|a| a.0 != 200) {
        assert!(began.elapsed() < Duration::from_secs(120), "the daemon does not answer");
        std::thread::sleep(Duration::from_millis(5));
    }
    let start = began.elapsed().as_secs_f64();
    println!("{DOCUMENTS} documents, {ROOMS} rooms, {}\n", if url.is_some() { "PostgreSQL" } else { "SQLite" });
    println!("| page | median ms | 95th percentile | target |\n|---|---|---|---|");
    let mut missed = start > TARGET.1;
    let mut line = |what: &str, path: &dyn Fn(u32) -> String| {
        let mut ms: Vec<f64> = (0..60)
            .map(|n| {
                let path = path(n);
                let role =
                    if path.starts_with("/statistics") || path.starts_with("/admin") { "admin" } else { "reviewer" };
                let began = Instant::now();
                let answer = as_role(port, role, "GET", &path, "").map(|a| (a.status, a.body)).expect("an answer");
                assert_eq!(answer.0, 200, "{path}: {:.200}", answer.1);
                began.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        ms.sort_by(f64::total_cmp);
        let (median, high) = (ms[ms.len() / 2], ms[ms.len() * 95 / 100]);
        missed |= high > TARGET.0;
        println!("| {what} | {median:.0} | {high:.0} | < {:.0} |", TARGET.0);
    };
    line("review list", &|_| "/review".into());
    line("room", &|n| format!("/rooms/B-{}", n * 83 + 1));
    line("search by name", &|n| format!("/?q=%E9%AB%98%E6%A9%8B{n}"));
    line("rooms", &|_| "/".into());
    line("what was received", &|_| "/receipts".into());
    let month = |n: i64| {
        let day = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).date();
        day.saturating_sub(jiff::Span::new().days(n)).to_string()
    };
    let (today, year) = (month(0), month(365));
    line("statistics, all 50,000", &|_| format!("/statistics?from={year}&until={today}"));
    line("statistics, a span that nobody asked for before", &|n| {
        format!("/statistics?from={}&until={today}", month(i64::from(n) + 2))
    });
    line("what a sender leaves out", &|n| format!("/statistics/gaps?from={year}&until={today}&hospital=I-{}", n % 80));
    line("blind samples", &|_| "/samples".into());
    line("error rates", &|_| "/admin/samples".into());
    println!("| start to first answer | {:.0} | | < {:.0} |", start * 1000.0, TARGET.1 * 1000.0);
    drop(daemon);
    assert!(!missed, "a target was missed");
}

async fn fresh(server: &str) -> String {
    let mut c = PgConnection::connect(server).await.expect("the server");
    c.execute("CREATE DATABASE pages").await.expect("a database");
    format!("{}/pages", server.rsplit_once('/').expect("an address").0)
}

async fn fill(url: Option<&str>, file: &Path) {
    match url {
        Some(url) => {
            let mut c = PgConnection::connect(url).await.expect("the database");
            for sql in CLONE {
                c.execute(*sql).await.expect("rows");
            }
            c.execute("ANALYZE").await.expect("analyze");
        }
        None => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
            let mut c = SqliteConnection::connect_with(&options).await.expect("the database");
            for sql in CLONE {
                c.execute(*sql).await.expect("rows");
            }
            c.close().await.expect("close");
        }
    }
}
