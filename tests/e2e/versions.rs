//! Real faxes of one sheet that come again: the same, changed, whole after a part. The faxes are those of samples/again.

use serde_json::Value as Json;

use crate::home::{Home, line, repo};
use crate::smtp::Smtp;
use crate::until;

const ROOM: &str = "R-0002";

fn fax(name: &str) -> Vec<u8> {
    std::fs::read(repo("samples/again").join(format!("{name}.tif"))).expect("a fax")
}

/// Its one document.
fn document(lines: &[Json], id: &str) -> Json {
    let line = line(lines, id);
    assert_eq!(line["state"], "posted", "{line:#}");
    let documents = line["documents"].as_array().expect("documents");
    assert_eq!(documents.len(), 1, "{line:#}");
    assert_eq!((&documents[0]["state"], &documents[0]["room"]), (&"posted".into(), &ROOM.into()), "{line:#}");
    documents[0].clone()
}

#[test]
fn a_fax_that_comes_again_is_no_news_and_a_changed_date_is() {
    let smtp = Smtp::start();
    let home = Home::new().folder().with(&smtp.table());
    let come = |name: &str| {
        home.scan(&format!("{name}.tif"), &fax(name));
        home.drain();
        home.status()
    };
    come("first");
    let told = until("the first's notices", || Some(smtp.mails().len()).filter(|n| *n > 0));

    // Byte by byte another fax, with other noise.
    let lines = come("again");
    let (first, again) = (document(&lines, "first.tif"), document(&lines, "again.tif"));
    assert!(again["reason"].as_str().is_some_and(|r| r.starts_with("再送（最初の受信 ")), "{again:#}");
    assert_ne!(first["id"], again["id"]);
    assert_eq!(first["postings"], again["postings"], "its postings are the first's");
    assert_eq!(smtp.mails().len(), told, "nobody is told twice");

    let lines = come("date");
    let changed = document(&lines, "date.tif");
    assert!(changed["reason"].as_str().is_some_and(|r| r.contains("退院(予定)日")), "{changed:#}");
    assert_ne!(first["postings"], changed["postings"]);
    let mails = until("the notices of the new version", || Some(smtp.mails()).filter(|m| m.len() == 2 * told));
    let text = format!("{mails:?}");
    assert!(!text.contains("江口"), "no patient data: {text}");

    let daemon = home.start();
    let room = daemon.page(&format!("/rooms/{ROOM}"));
    let id = |d: &Json| d["id"].as_str().expect("an id").to_owned();
    assert!(room.contains(&format!("/documents/{}", id(&changed))), "{room}");
    assert!(room.contains("更新版") && room.contains("11月28日") && room.contains("11月29日"), "both dates: {room}");
    let older = daemon.page(&format!("/documents/{}", id(&first)));
    assert!(older.contains("新しい版があります") && older.contains("再送 1 回"), "{older}");
    let again = daemon.page(&format!("/documents/{}", id(&again)));
    assert!(again.contains("再送です") && again.contains(&id(&first)), "{again}");
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
}

#[test]
fn the_whole_takes_the_place_of_its_part_and_a_part_alone_never_the_wholes() {
    let home = Home::new().folder();
    for name in ["page-1", "whole"] {
        home.scan(&format!("{name}.tif"), &fax(name));
        home.drain();
    }
    let lines = home.status();
    let whole = document(&lines, "whole.tif");
    assert!(whole["reason"].as_str().is_some_and(|r| r.contains("ページ数")), "{whole:#}");
    assert_eq!(whole["pages"], serde_json::json!([1, 2, 3]));
    home.scan("once-more.tif", &fax("first"));
    home.drain();
    document(&home.status(), "once-more.tif");
    let standing = home.sql(&["SELECT document FROM post WHERE replaced IS NULL"]);
    assert_eq!(standing.len(), 2, "{standing:?}");
    assert!(standing.iter().any(|d| whole["id"] == d.as_str()));
    home.ok(&["audit", "verify"]);
}

/// A mail of a gateway that sends a fax page by page.
fn mail(subject: &str, n: u32, page: &str) -> Vec<u8> {
    use lettre::message::header::ContentType;
    use lettre::message::{Attachment, Message, MultiPart, SinglePart};
    let kind = ContentType::parse("image/tiff").expect("a type");
    let parts = MultiPart::mixed()
        .singlepart(SinglePart::plain("FAX を受信しました。発信元番号: 04-7110-5101".to_owned()))
        .singlepart(Attachment::new(format!("{n}.tif")).body(fax(page), kind));
    let message = Message::builder()
        .from("gateway@example.jp".parse().expect("an address"))
        .to("fax@example.jp".parse().expect("an address"))
        .message_id(Some(format!("<part-{n}@gw.example.jp>")))
        .subject(subject)
        .multipart(parts)
        .expect("a mail");
    message.formatted()
}

#[test]
fn pages_that_come_in_several_mails_stand_as_one_sheet_and_a_missing_one_holds_nothing() {
    let home = Home::new().maildir();
    let bring = |name: &str, bytes: &[u8]| {
        let tmp = home.at("mails/tmp").join(name);
        std::fs::write(&tmp, bytes).expect("write");
        std::fs::rename(&tmp, home.at("mails/new").join(name)).expect("rename");
    };
    // The last page comes first, and the second not at all.
    bring("1.host", &mail("FAX受信 (3/3)", 3, "page-3"));
    bring("2.host", &mail("FAX受信 (1/3)", 1, "page-1"));
    home.drain();
    let lines = home.status();
    let part = document(&lines, "1.host");
    assert_eq!(part["pages"], serde_json::json!([1, 2]), "{part:#}");
    assert_eq!(part["reason"], "不完全（3通のうち2通）");
    assert_eq!(part, document(&lines, "2.host"), "they have it in common");
    let linked = line(&lines, "2.host")["reason"].as_str().expect("a reason").to_owned();
    assert!(linked.starts_with("3通に分かれたFAXの1通目"), "{linked}");

    // The second one, too late: the whole takes the place of what came without it.
    bring("3.host", &mail("FAX受信 (2/3)", 2, "page-2"));
    home.drain();
    let whole = document(&home.status(), "3.host");
    assert_eq!(whole["pages"], serde_json::json!([1, 2, 3]), "{whole:#}");
    assert!(whole["reason"].as_str().is_some_and(|r| r.contains("ページ数") && !r.contains("不完全")), "{whole:#}");

    let daemon = home.start();
    let id = whole["id"].as_str().expect("an id");
    let page = daemon.page(&format!("/documents/{id}"));
    assert!(page.contains("3通のメールに分かれて届きました"), "{page}");
    for n in 1..=3 {
        let (status, original) =
            crate::client::get(home.port, &format!("/documents/{id}/original?part={n}")).expect("bytes");
        assert!(status == 200 && original.contains(&format!("part-{n}@gw.example.jp")), "{n}: {status}");
        assert_eq!(crate::client::get(home.port, &format!("/documents/{id}/pages/{n}")).expect("an image").0, 200);
    }
    let room = daemon.page(&format!("/rooms/{ROOM}"));
    assert_eq!(room.matches("<article").count(), 1, "one sheet: {room}");
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
}
