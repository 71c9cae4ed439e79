//! The whole route: a scan that is written slowly, a Maildir, an IMAP mailbox; into rooms or onto the review list, with
//! notices by mail, and read in a browser. One run for all of it, since reading costs the most.

use std::io::Write;
use std::time::Duration;

use serde_json::Value as Json;

use crate::dovecot::Dovecot;
use crate::home::{Home, expectation, line, repo, sample};
use crate::signals::rules_in_force;
use crate::smtp::Smtp;
use crate::until;

/// One row of the register of patients.
pub struct Row {
    pub room: String,
    pub name: String,
    members: Vec<String>,
    /// Everything that must not leave the store but by the pages.
    pub private: Vec<String>,
}

pub fn register() -> Vec<Row> {
    let mut reader = csv::Reader::from_path(repo("samples/registers/patients.csv")).expect("register");
    let columns: Vec<String> = reader.headers().expect("columns").iter().map(str::to_owned).collect();
    let rows = reader.records().map(|r| r.expect("a row")).map(|r| {
        let cell = |name: &str| {
            let at = columns.iter().position(|c| c == name).expect("a column");
            r.get(at).unwrap_or_default().to_owned()
        };
        let digits = |name: &str| cell(name).replace('-', "");
        let mut private = vec![
            cell("name"),
            cell("name").replace(' ', ""),
            cell("kana"),
            cell("kana").replace(' ', ""),
            cell("birth_date"),
            digits("birth_date"),
            cell("address"),
            cell("phone"),
            digits("phone"),
            cell("insured_number"),
        ];
        private.retain(|p| !p.is_empty());
        let members = cell("members").split(';').map(str::to_owned).collect();
        Row { room: cell("room_id"), name: cell("name"), members, private }
    });
    rows.collect()
}

/// What the samples say of people and no register knows.
fn private_of(expected: &Json) -> Vec<String> {
    let documents = expected["documents"].as_array().cloned().unwrap_or_default();
    let fields = documents.iter().flat_map(|d| d["fields"].as_object().cloned().unwrap_or_default());
    fields
        .filter(|(key, _)| key.starts_with("patient.") && key != "patient.sex" || key == "clinical.course")
        .filter_map(|(_, f)| f["value"].as_str().map(str::to_owned))
        .collect()
}

/// Inputs by their names in the source, and the samples that they are.
const INPUTS: [(&str, &str); 8] = [
    ("10-cover-and-summary.tif", "10-cover-and-summary.tif"),
    ("01-referral.tif", "01-referral.tif"),
    ("03-nursing-summary.tif", "03-nursing-summary.tif"),
    ("12-advertisement.tif", "12-advertisement.tif"),
    ("13-whose-is-it.tif", "13-whose-is-it.tif"),
    ("07.host", "07-conference.eml"),
    ("08.host", "08-contact-sheet.eml"),
    ("04.host", "04-admission-info.pdf"),
];

/// Of these every page is read with certainty; of the others a person may be asked, but nothing goes astray.
const CERTAIN: [&str; 4] =
    ["10-cover-and-summary.tif", "04-admission-info.pdf", "12-advertisement.tif", "13-whose-is-it.tif"];

/// A mail as a fax gateway sends it.
pub fn mail_with(name: &str, bytes: Vec<u8>) -> Vec<u8> {
    use lettre::message::header::ContentType;
    use lettre::message::{Attachment, Message, MultiPart, SinglePart};
    let kind = ContentType::parse("application/octet-stream").expect("a type");
    let parts = MultiPart::mixed()
        .singlepart(SinglePart::plain("FAX を受信しました。".to_owned()))
        .singlepart(Attachment::new(name.to_owned()).body(bytes, kind));
    let message = Message::builder()
        .from("gateway@example.jp".parse().expect("an address"))
        .to("fax@example.jp".parse().expect("an address"))
        .subject("FAX 受信")
        .multipart(parts)
        .expect("a mail");
    message.formatted()
}

/// The line's documents against the sample's truth: state and room of each.
fn check(line: &Json, sample: &str) {
    let expected = expectation(sample);
    let told = |d: &Json| (d["pages"].clone(), d["type"].clone(), d["state"].clone(), d["room"].clone());
    let documents = |l: &Json| l["documents"].as_array().expect("documents").iter().map(told).collect::<Vec<_>>();
    let (is, should) = (documents(line), documents(&expected));
    if CERTAIN.contains(&sample) {
        assert_eq!(is, should, "{sample}: {line:#}");
        assert_eq!(line["state"], expected["state"], "{line:#}");
        return;
    }
    for (pages, _, state, room) in &is {
        let right = should.iter().any(|s| s.0[0] == pages[0] && s.2 == *state && s.3 == *room);
        assert!(right || *state == "review" && room.is_null(), "{sample}: {line:#}");
    }
}

#[test]
fn faxes_from_every_source_come_to_their_rooms_or_to_a_person() {
    let (dovecot, smtp) = (Dovecot::start(), Smtp::start());
    let home = Home::new().folder().maildir().with(&dovecot.source("fax-mail")).with(&smtp.table());
    let daemon = home.start();

    // A scanner over a slow line: the file grows, and is not taken before it is whole.
    let bytes = sample("10-cover-and-summary.tif");
    let mut slow = std::fs::File::create(home.at("scan/10-cover-and-summary.tif")).expect("create");
    for (n, part) in bytes.chunks(bytes.len() / 3 + 1).enumerate() {
        if n > 0 {
            std::thread::sleep(Duration::from_millis(700));
        }
        slow.write_all(part).expect("write");
        slow.sync_all().expect("sync");
    }
    drop(slow);
    for (name, sample_name) in &INPUTS[1..5] {
        home.scan(name, &sample(sample_name));
    }
    for (name, sample_name) in &INPUTS[5..7] {
        let tmp = home.at("mails/tmp").join(name);
        std::fs::write(&tmp, sample(sample_name)).expect("mail");
        std::fs::rename(&tmp, home.at("mails/new").join(name)).expect("deliver");
    }
    dovecot.deliver("04.host", &mail_with("04.pdf", sample("04-admission-info.pdf")));

    let lines = home.settled(INPUTS.len());
    assert_eq!(lines.len(), INPUTS.len());
    for (name, sample) in INPUTS {
        // IMAP knows its mails by their numbers.
        let mail = lines.iter().find(|l| l["source"] == "fax-mail").expect("the mail's receipt");
        check(if name == "04.host" { mail } else { line(&lines, name) }, sample);
    }
    until("the mail is flagged", || dovecot.is_done("04.host").then_some(()));
    assert!(home.at("scan/processed/10-cover-and-summary.tif").exists());

    // Notices: one for each member of the rooms, one to the administrator for what waits; nothing of any patient.
    let register = register();
    let mut wanted = Vec::new();
    for d in lines.iter().flat_map(|l| l["documents"].as_array().expect("documents")) {
        let id = d["id"].as_str().expect("an id").to_owned();
        match d["state"].as_str() {
            Some("posted") => {
                let row = register.iter().find(|r| d["room"] == *r.room).expect("a room");
                wanted.extend(row.members.iter().map(|m| (m.clone(), format!("/documents/{id}"))));
            }
            Some("review") => wanted.push(("admin@example.jp".to_owned(), format!("/review/{id}"))),
            _ => {}
        }
    }
    assert!(wanted.len() > 6, "{wanted:?}");
    let mails = until("all notices", || Some(smtp.mails()).filter(|m| m.len() >= wanted.len()));
    assert_eq!(mails.len(), wanted.len());
    let mut private: Vec<String> = INPUTS.iter().flat_map(|(_, s)| private_of(&expectation(s))).collect();
    private.extend(register.iter().flat_map(|r| r.private.clone()));
    for (to, link) in &wanted {
        assert!(mails.iter().any(|m| m.to == *to && m.body.contains(link)), "{to} did not hear of {link}");
    }
    for m in &mails {
        for p in &private {
            assert!(!m.subject.contains(p) && !m.body.contains(p), "{p} stands in {m:?}");
        }
    }
    until("the status tells that all is sent", || {
        let lines = home.status();
        let mut postings = lines.iter().flat_map(|l| l["documents"].as_array().expect("documents"));
        postings.all(|d| d["postings"].as_array().expect("postings").iter().all(|p| p["state"] == "sent")).then_some(())
    });

    // What people see.
    let name = &register.iter().find(|r| r.room == "R-0008").expect("R-0008").name;
    let dom = daemon.page("/rooms/R-0008");
    for wanted in [name.as_str(), "退院時サマリー"] {
        assert!(dom.contains(wanted), "{wanted} is not in {dom}");
    }
    assert!(daemon.page("/review").contains("13-whose-is-it.tif"));

    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
    // Every revision tells what read it and by which rules.
    let rules = rules_in_force(&home).remove(0);
    let readers = home.sql(&["SELECT reader FROM revision"]);
    assert!(
        readers.len() >= INPUTS.len() && readers.iter().all(|r| r.contains(&rules) && r.contains("ppocr")),
        "{readers:?}"
    );
    let log = home.log();
    assert!(log.contains("DEBUG"), "the log speaks");
    for p in &private {
        assert!(!log.contains(p.as_str()), "{p} stands in the log");
    }
}

#[test]
fn near_twins_never_get_the_others_sheets() {
    let home = Home::new().folder();
    let head = "room_id,name,kana,birth_date,sex,postal_code,address,phone,insurer_number,insured_number,members\n";
    let own = "R-0008,片桐 澄江,,1944-01-30,,,,,,,\n";
    let sheet = sample("10-cover-and-summary.tif");
    // The same fax, told from the one before by what lies behind its end.
    let again = |n: u8| [sheet.as_slice(), &[n]].concat();
    let come = |name: &str, bytes: &[u8], register: &str| {
        std::fs::write(home.at("patients.csv"), format!("{head}{register}")).expect("write");
        home.scan(name, bytes);
        home.drain();
        let lines = home.status();
        let documents = line(&lines, name)["documents"].as_array().expect("documents").clone();
        assert_eq!(documents.len(), 1, "{documents:?}");
        documents.into_iter().next().expect("a document")
    };

    // Alone in the register, the patient gets the sheet; so what follows is the twins' doing.
    let alone = come("alone.tif", &again(1), own);
    assert_eq!((&alone["state"], &alone["room"]), (&"posted".into(), &"R-0008".into()), "{alone}");
    // Another of the same name and birth date, with nothing to tell them apart.
    let twin = come("twin.tif", &again(2), &format!("{own}R-0108,片桐 澄江,,1944-01-30,,,,,,,\n"));
    assert_eq!((&twin["state"], &twin["room"]), (&"review".into(), &Json::Null), "{twin}");
    assert!(twin["reason"].as_str().is_some_and(|r| r.contains("同じ登録")), "{twin}");
    // One digit of the birth date apart: a misreading could turn the one into the other.
    let near = come("near.tif", &again(3), &format!("{own}R-0108,片桐 澄江,,1944-01-31,,,,,,,\n"));
    assert_eq!((&near["state"], &near["room"]), (&"review".into(), &Json::Null), "{near}");
    // Only the near-twin has a room here.
    let stranger = come("stranger.tif", &again(4), "R-0108,片桐 澄江,,1944-01-31,,,,,,,\n");
    assert_eq!((&stranger["state"], &stranger["room"]), (&"review".into(), &Json::Null), "{stranger}");
}
