//! A power cut in the middle of the work loses nothing and repeats nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::home::{Home, blank_page, line, sample};
use crate::smtp::Smtp;
use crate::until;

#[test]
fn killed_at_any_moment_every_input_ends_exactly_once() {
    let smtp = Smtp::start();
    let home = Home::new().folder().maildir().with(&smtp.table());
    let mut inputs = BTreeSet::new();
    for n in 0..12 {
        let name = format!("page-{n:02}.png");
        home.scan(&name, &blank_page(n));
        inputs.insert(name);
    }
    for (name, sample_name) in [("cover.tif", "11-cover-alone.tif"), ("summary.tif", "10-cover-and-summary.tif")] {
        home.scan(name, &sample(sample_name));
        inputs.insert(name.to_owned());
    }
    let mail = home.at("mails/tmp/1.host");
    std::fs::write(&mail, sample("08-contact-sheet.eml")).expect("mail");
    std::fs::rename(&mail, home.at("mails/new/1.host")).expect("deliver");
    inputs.insert("1.host".to_owned());

    // Before the first is received, while they are read, and after the first results.
    for finals in [0, 1, 4] {
        let daemon = home.spawn(&["run"]);
        until("so many have a final state", || {
            let log = home.log();
            let lines = if log.contains("receipt") { home.status() } else { Vec::new() };
            (lines.iter().filter(|l| l["state"] != "processing").count() >= finals).then_some(())
        });
        std::thread::sleep(Duration::from_millis(150));
        daemon.kill();
    }
    home.drain();

    let lines = home.status();
    let ids: Vec<&str> = lines.iter().map(|l| l["source_id"].as_str().expect("an id")).collect();
    assert_eq!(ids.len(), inputs.len(), "{ids:?}");
    assert_eq!(ids.iter().map(|s| (*s).to_owned()).collect::<BTreeSet<_>>(), inputs);
    for l in &lines {
        assert!(["posted", "review", "ignored"].contains(&l["state"].as_str().expect("a state")), "{l}");
        assert!(l["state"] != "review" || l["documents"].as_array().is_some_and(|d| !d.is_empty()), "{l}");
    }
    assert_eq!(std::fs::read_dir(home.at("scan")).expect("scan").count(), 1, "only `processed` is left");
    home.ok(&["audit", "verify"]);
    // Posted once. A notice whose answer was lost may come twice, but says so by its Message-ID.
    let summary = &line(&lines, "summary.tif")["documents"];
    assert_eq!((&summary[0]["room"], &summary[1]), (&"R-0008".into(), &serde_json::Value::Null), "{summary}");
    let postings = summary[0]["postings"].as_array().expect("postings");
    assert_eq!(postings.iter().filter(|p| p["sink"] == "board").count(), 1, "{postings:?}");
    let link = format!("/documents/{}", summary[0]["id"].as_str().expect("an id"));
    let told: BTreeSet<(String, String)> =
        smtp.mails().into_iter().filter(|m| m.body.contains(&link)).map(|m| (m.to, m.message_id)).collect();
    assert_eq!(told.len(), postings.len() - 1, "{told:?}");

    // Draining again finds nothing to do.
    let before = home.status();
    home.drain();
    assert_eq!(home.status(), before);
}

#[test]
fn a_mail_server_that_is_away_holds_nothing_up() {
    let home = Home::new().folder();
    let notice = |port: u16| format!("[notice]\nsmtp = \"smtp://127.0.0.1:{port}\"\nadmins = [\"admin@example.jp\"]");
    home.scan("empty.tif", b"");
    let port = crate::free_port();
    let away = home.with(&notice(port));
    away.drain();
    let lines = away.status();
    assert_eq!(lines[0]["state"], "review", "{lines:#?}");
    // The next run finds the server back, and sends what was left.
    let smtp = Smtp::start();
    let back = away.replacing(&notice(port), &notice(smtp.port));
    back.drain();
    let mails = smtp.mails();
    assert!(mails.len() == 1 && mails[0].to == "admin@example.jp", "{mails:?}");
}
