//! The service as those see it who watch it: metrics, `/healthz`, alarms by mail, and what the dashboard and the alert
//! rules of `packaging/` ask for.

use std::collections::BTreeSet;

use crate::client::get;
use crate::home::{Home, blank_page, repo, sample};
use crate::smtp::Smtp;
use crate::until;

/// Names of metrics in a text, with the suffixes of a histogram's series.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    words.filter(|w| w.starts_with("faxbridge_") || w.starts_with("process_")).map(str::to_owned).collect()
}

/// The value of a series.
fn value(metrics: &str, series: &str) -> Option<f64> {
    metrics.lines().find_map(|l| l.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn dashboard_and_rules_ask_for_what_is_exported() {
    let smtp = Smtp::start();
    let home = Home::new().folder().maildir().with(&smtp.table());
    home.scan("sheet.tif", &sample("01-referral.tif"));
    home.scan("blank.png", &blank_page(1));
    home.scan("empty.tif", b"");
    let daemon = home.start();
    home.settled(3);
    home.ok(&["canary", "--wait", "--source", "scan"]);
    let notices = home.sql(&["SELECT key FROM outbox WHERE sink = 'mail'"]).len() as f64;
    assert!(notices > 1.0, "of the sheet and of the empty file");
    let metrics = until("the outbox is empty", || {
        Some(daemon.page("/metrics"))
            .filter(|m| value(m, "faxbridge_deliveries_total{sink=\"mail\",outcome=\"sent\"}") == Some(notices))
    });
    // A canary is received and read as any fax, and is none in what tells of faxes.
    for (series, is) in [
        ("faxbridge_received_total{source=\"scan\"}", 4.0),
        ("faxbridge_canary_well{source=\"scan\"}", 1.0),
        ("faxbridge_received_total{source=\"mails\"}", 0.0),
        ("faxbridge_jobs_total{stage=\"read\",outcome=\"done\"}", 3.0),
        ("faxbridge_jobs_total{stage=\"read\",outcome=\"unreadable\"}", 1.0),
        ("faxbridge_first_reading_seconds_count", 3.0),
        ("faxbridge_route_seconds_count{by=\"machine\"}", 1.0),
        ("faxbridge_page_seconds_count", 3.0),
        ("faxbridge_pages_total{outcome=\"read\"}", 3.0),
        ("faxbridge_reader_processes_lost_total{how=\"died\"}", 0.0),
        ("faxbridge_jobs_open{stage=\"read\",state=\"waiting\"}", 0.0),
        ("faxbridge_receipts_unfinished", 0.0),
        ("faxbridge_oldest_unfinished_seconds", 0.0),
        ("faxbridge_review{waits_for=\"room\"}", 1.0),
        ("faxbridge_source_fault{source=\"scan\"}", 0.0),
        ("faxbridge_alarms_standing", 0.0),
        ("faxbridge_database_up", 1.0),
        ("faxbridge_blobs_up", 1.0),
    ] {
        assert_eq!(value(&metrics, series), Some(is), "{series} in\n{metrics}");
    }
    assert!(value(&metrics, "faxbridge_disk_free_bytes").is_some_and(|b| b > 0.0), "{metrics}");
    assert!(value(&metrics, "faxbridge_audit_rows").is_some_and(|n| n > 3.0), "{metrics}");
    let exported = names(&metrics);
    for file in ["packaging/grafana/faxbridge.json", "packaging/prometheus/alerts.yml"] {
        let text = std::fs::read_to_string(repo(file)).expect("a file of packaging/");
        let asked = names(&text);
        assert!(asked.len() > 10, "{file}: {asked:?}");
        let missing: Vec<_> = asked.difference(&exported).collect();
        assert!(missing.is_empty(), "{file} asks for {missing:?}, which are not in\n{metrics}");
    }
    let board = std::fs::read(repo("packaging/grafana/faxbridge.json")).expect("the dashboard");
    let board: serde_json::Value = serde_json::from_slice(&board).expect("JSON");
    assert!(board["panels"].as_array().is_some_and(|p| p.len() > 10) && board["uid"].is_string());
}

#[test]
fn an_alarm_stands_in_healthz_and_is_mailed_once_and_again_when_it_has_passed() {
    let smtp = Smtp::start();
    let home = Home::new().folder().with(&smtp.table()).with("[alarm]\nfault_minutes = 0");
    let home = home.replacing("rescan_seconds = 2", "rescan_seconds = 2\nsilent_hours = 1");
    let daemon = home.start();
    let health = || get(home.port, "/healthz").expect("an answer");
    let ill = |what: &str| until(what, || Some(health()).filter(|(s, body)| *s == 503 && body.contains(what)));
    let well = |what: &str| until(what, || (health() == (200, "ok\n".to_owned())).then_some(()));
    let mails = |n: usize| {
        let mails = until(&format!("{n} mails"), || Some(smtp.mails()).filter(|m| m.len() >= n));
        assert_eq!(mails.len(), n, "{mails:#?}");
        mails
    };
    home.scan("a.png", &blank_page(1));
    home.settled(1);
    assert_eq!(health(), (200, "ok\n".to_owned()));

    // Nothing has come for two hours.
    home.sql(&[
        "UPDATE meta SET value = '0' WHERE key = 'since scan'",
        "UPDATE receipt SET received = received - 7200000",
    ]);
    let (_, told) = ill("silence of scan: nothing has come for more than 1 hours");
    assert_eq!(told.lines().count(), 1, "{told}");
    let metrics = daemon.page("/metrics");
    assert_eq!(value(&metrics, "faxbridge_alarm_standing{alarm=\"silence of scan\"}"), Some(1.0), "{metrics}");
    assert!(value(&metrics, "faxbridge_source_received_age_seconds{source=\"scan\"}").is_some_and(|s| s > 7000.0));
    assert!(mails(1)[0].body.contains("silence of scan"));
    home.scan("b.png", &blank_page(2));
    home.settled(2);
    well("it is heard of again");
    assert!(mails(2).iter().any(|m| m.subject.contains("復旧")));

    // A receipt that gets nowhere; a daemon that starts anew does not tell of it again.
    home.sql(&["UPDATE receipt SET state = 'processing' WHERE source_id = 'a.png'"]);
    ill("queue: 1 receipts have no final state");
    let metrics = daemon.page("/metrics");
    assert!(value(&metrics, "faxbridge_oldest_unfinished_seconds").is_some_and(|s| s > 7000.0), "{metrics}");
    mails(3);
    assert!(daemon.stop().success());
    let daemon = home.start();
    ill("queue: 1 receipts have no final state");
    home.sql(&["UPDATE receipt SET state = 'ignored' WHERE source_id = 'a.png'"]);
    well("it has its state");
    mails(4);

    // A folder that is gone: the daemon answers, but is not well.
    std::fs::rename(home.at("scan"), home.at("away")).expect("rename");
    ill("scan: ");
    assert_eq!(get(home.port, "/readyz"), Some((200, "ok\n".to_owned())));
    std::fs::rename(home.at("away"), home.at("scan")).expect("rename");
    well("the folder is back");
    assert!(daemon.stop().success());
}
