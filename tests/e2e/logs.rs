//! No patient data in the log, whatever is logged of the whole route: every sample through every kind of source, with
//! files, attachments and searches that carry names, at the finest level of all crates.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::client::get;
use crate::dovecot::Dovecot;
use crate::home::{Home, expectation, repo, sample};
use crate::route::{mail_with, register};
use crate::smtp::Smtp;
use crate::until;

/// What the samples say, as it stands in their truth: every value that is not a word of the vocabulary or too short to
/// be told from chance.
fn truths(expected: &Json) -> BTreeSet<String> {
    fn walk(value: &Json, out: &mut BTreeSet<String>) {
        match value {
            Json::String(s) => {
                out.insert(s.clone());
                out.insert(s.replace(' ', ""));
                if s.chars().all(|c| c.is_ascii_digit() || c == '-') {
                    out.insert(s.replace('-', ""));
                }
            }
            Json::Array(all) => all.iter().for_each(|v| walk(v, out)),
            _ => {}
        }
    }
    let mut out = BTreeSet::new();
    for d in expected["documents"].as_array().into_iter().flatten() {
        for (_, field) in d["fields"].as_object().into_iter().flatten() {
            walk(&field["value"], &mut out);
            walk(&field["alt"], &mut out);
        }
    }
    out.retain(|s| {
        let ascii_word = s.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
        !ascii_word && s.chars().count() >= if s.is_ascii() { 6 } else { 3 }
    });
    out
}

/// A birth date as pages write it.
fn dates(iso: &str) -> Vec<String> {
    let Ok(date) = iso.parse::<jiff::civil::Date>() else { return Vec::new() };
    let (y, m, d) = (date.year(), date.month(), date.day());
    let mut all = vec![iso.to_owned(), iso.replace('-', ""), iso.replace('-', "/"), format!("{y}年{m}月{d}日")];
    for (era, letter, first) in [("昭和", 'S', 1926), ("大正", 'T', 1912), ("平成", 'H', 1989)] {
        let n = y - first + 1;
        if n > 0 {
            all.push(format!("{era}{n}年{m}月{d}日"));
            all.push(format!("{letter}{n}.{m}.{d}"));
        }
    }
    all
}

/// Whether `secret` stands in the text as a whole: a number is not part of a longer one, a hash or an id.
fn stands_in(text: &str, secret: &str) -> bool {
    let whole = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
    text.match_indices(secret).any(|(at, s)| {
        !s.is_ascii() || whole(text[..at].chars().next_back()) && whole(text[at + s.len()..].chars().next())
    })
}

#[test]
fn no_patient_data_in_the_log_of_the_whole_route() {
    let (dovecot, smtp) = (Dovecot::start(), Smtp::start());
    // Mails may carry names here; the log must not, for all that.
    let home = Home::new()
        .folder()
        .maildir()
        .with(&dovecot.source("fax-mail"))
        .with(&smtp.table())
        .with("patient_data = true");
    let rows = register();

    // Every sample, in turn by scan, Maildir and IMAP, under a patient's name.
    let mut samples: Vec<String> = std::fs::read_dir(repo("samples/files"))
        .expect("samples")
        .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    samples.sort();
    assert!(samples.len() >= 18, "{samples:?}");
    for (n, name) in samples.iter().enumerate() {
        let (_, kind) = name.rsplit_once('.').expect("a kind");
        let (bytes, named) = (sample(name), format!("{} {n}.{kind}", rows[n % rows.len()].name));
        let mail = if kind == "eml" { bytes.clone() } else { mail_with(&named, bytes.clone()) };
        match n % 3 {
            0 if kind != "eml" => home.scan(&named, &bytes),
            1 => dovecot.deliver(&format!("{n}.host"), &mail),
            _ => {
                let tmp = home.at("mails/tmp").join(format!("{n}.host"));
                std::fs::write(&tmp, &mail).expect("mail");
                std::fs::rename(&tmp, home.at("mails/new").join(format!("{n}.host"))).expect("deliver");
            }
        }
    }
    let daemon = home.start_telling_all("json");
    // One after the other, so that only one that hangs fails, and not a slow machine.
    for n in 1..=samples.len() {
        until(&format!("{n} of the samples have a final state"), || {
            std::thread::sleep(std::time::Duration::from_millis(500));
            let lines = home.status();
            (lines.iter().filter(|l| l["state"] != "processing").count() >= n).then_some(())
        });
    }
    let lines = home.settled(samples.len());
    let documents: Vec<&Json> = lines.iter().flat_map(|l| l["documents"].as_array().expect("documents")).collect();
    assert!(documents.iter().filter(|d| d["state"] == "posted").count() >= 3, "{lines:#?}");
    until("the notices", || (smtp.mails().len() >= 3).then_some(()));

    // The pages, with a search for a name, and a register with a bad row.
    let name: String = rows[0].name.bytes().map(|b| format!("%{b:02X}")).collect();
    assert!(daemon.page(&format!("/?q={name}")).contains(&rows[0].name));
    daemon.page(&format!("/rooms/{}", rows[0].room));
    for d in &documents {
        let id = d["id"].as_str().expect("an id");
        let _ = (get(home.port, &format!("/documents/{id}")), get(home.port, &format!("/review/{id}")));
    }
    let file = home.at("patients.csv");
    let sound = std::fs::read_to_string(&file).expect("register");
    std::fs::write(&file, format!("{sound}{},{},,1941-13-40,,,,,,,\n", rows[0].room, rows[0].name)).expect("write");
    until("the bad register is told of", || home.log().contains("register patient").then_some(()));
    assert!(daemon.stop().success());

    let mut secrets: BTreeSet<String> = rows.iter().flat_map(|r| r.private.clone()).collect();
    for s in &samples {
        secrets.extend(truths(&expectation(s)));
    }
    let births: Vec<String> = secrets.iter().flat_map(|s| dates(s)).collect();
    secrets.extend(births);
    assert!(secrets.len() > 200, "{secrets:#?}");
    // Every line is an object; its time is no date of a patient.
    let mut text = String::new();
    for line in home.log().lines() {
        let mut line: Json = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let line = line.as_object_mut().expect("an object");
        for key in ["timestamp", "level", "target"] {
            assert!(line.remove(key).is_some_and(|v| v.is_string()), "{key} is missing");
        }
        text.push_str(&Json::Object(line.clone()).to_string());
        text.push('\n');
    }
    let log = home.log();
    for wanted in ["\"level\":\"DEBUG\"", "\"message\":\"received\"", "\"message\":\"decided\"", "\"message\":\"sent\""]
    {
        assert!(log.contains(wanted), "the log speaks: {wanted}");
    }
    let found: Vec<&String> = secrets.iter().filter(|s| stands_in(&text, s)).collect();
    let told = |s: &&String| text.lines().find(|l| stands_in(l, s)).map(|l| format!("{s}: {l}"));
    assert!(found.is_empty(), "{:#?}", found.iter().filter_map(told).collect::<Vec<_>>());
    // One receipt's way can be followed by its id.
    let receipt = |message: &str| {
        let lines = log.lines().filter(|l| l.contains(&format!("\"message\":\"{message}\"")));
        lines
            .filter_map(|l| serde_json::from_str::<Json>(l).ok()?["receipt"].as_str().map(str::to_owned))
            .collect::<BTreeSet<_>>()
    };
    let (received, sent) = (receipt("received"), receipt("sent"));
    assert!(received.len() >= samples.len() && !sent.is_empty() && sent.is_subset(&received), "{received:?} {sent:?}");
}
