//! A room as its members use it: what is new, who has read it, replies with files, search, deadlines and their calendar.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::client::{Answer, as_role, ask, sign_in};
use crate::home::{Home, repo, sample};
use crate::smtp::Smtp;
use crate::until;

fn get(home: &Home, role: &str, path: &str) -> Answer {
    as_role(home.port, role, "GET", path, "").expect("an answer")
}

fn page(home: &Home, role: &str, path: &str) -> String {
    let answer = get(home, role, path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    assert!(answer.body.len() < 100_000, "{path} is {} long", answer.body.len());
    answer.body
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("{before} is not in {text}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("no {after} behind {before}")).0
}

/// A form with files, as a browser sends it.
fn upload(home: &Home, role: &str, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    for (name, bytes) in files {
        let head = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/html\r\n\r\n"
        );
        body.extend(head.bytes().chain(bytes.iter().copied()).chain(*b"\r\n"));
    }
    body.extend(b"--XX--\r\n");
    let cookie = sign_in(home.port, role).expect("a session");
    let mut stream = TcpStream::connect(("127.0.0.1", home.port)).expect("a connection");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{0}\r\nOrigin: http://127.0.0.1:{0}\r\nCookie: {cookie}\r\n\
         Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: {1}\r\nConnection: close\r\n\r\n",
        home.port,
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("the head");
    // A server that has seen enough may answer before everything is sent.
    let _ = stream.write_all(&body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

#[test]
fn members_read_answer_search_and_see_what_is_due() {
    let smtp = Smtp::start();
    let home = Home::new().folder().with(&smtp.table());
    for name in ["first", "date"] {
        let fax = std::fs::read(repo("samples/again").join(format!("{name}.tif"))).expect("a fax");
        home.scan(&format!("{name}.tif"), &fax);
        home.drain();
    }
    home.scan("02.tif", &sample("01-referral.tif"));
    home.drain();
    let daemon = home.start();
    let told = smtp.mails().len();

    let room = page(&home, "viewer", "/rooms/R-0002");
    assert!(room.contains("未読") && room.contains("既読 0人"), "{room}");
    let id = between(&room, "<a href=\"/documents/", "\"").to_owned();
    let sheet = page(&home, "viewer", &format!("/documents/{id}"));
    assert!(sheet.contains("既読 1人") && sheet.contains("訪問看護師（デモ）"), "{sheet}");
    let room = page(&home, "viewer", "/rooms/R-0002");
    assert!(room.contains("既読 1人（訪問看護師（デモ））") && !room.contains(">未読<"), "{room}");
    // Another person of the same office has not read it.
    assert!(page(&home, "reviewer", "/rooms/R-0002").contains("未読"));

    let key = between(&sheet, "name=\"key\" value=\"", "\"").to_owned();
    let path = format!("/documents/{id}/replies");
    let pdf: &[u8] = b"%PDF-1.4 our own";
    for _ in 0..2 {
        let answer =
            upload(&home, "viewer", &path, &[("key", &key), ("body", "明日 訪問します")], &[("計画.html", pdf)]);
        assert_eq!(answer.status, 303, "{}", answer.body);
    }
    for (name, bytes) in [("a.pdf", b"<html>".to_vec()), ("b.pdf", [&b"%PDF-"[..], &vec![0; 11 << 20]].concat())] {
        let key = uuid::Uuid::new_v4().to_string();
        let answer = upload(&home, "viewer", &path, &[("key", &key), ("body", "x")], &[(name, &bytes)]);
        assert!(answer.status == 409 || answer.status == 413, "{name}: {}", answer.status);
    }
    let sheet = page(&home, "reviewer", &format!("/documents/{id}"));
    assert_eq!(sheet.matches("明日 訪問します").count(), 1, "sent twice it is one: {sheet}");
    assert!(sheet.contains("計画.pdf") && !sheet.contains("この返信を取り消す"), "{sheet}");
    let file = format!("/attachments/{}", between(&sheet, "/attachments/", "\""));
    let got = get(&home, "viewer", &file);
    assert_eq!((got.status, got.body.as_bytes()), (200, pdf));
    assert!(got.header("content-disposition").is_some_and(|d| d.starts_with("attachment")), "{}", got.head);
    assert_eq!(got.header("content-type"), Some("application/octet-stream"));
    until("the other members hear of the reply", || Some(smtp.mails()).filter(|m| m.len() > told));
    assert!(!format!("{:?}", &smtp.mails()[told..]).contains("訪問します"), "the letter has no word of it");

    for (typed, there) in [
        ("%E6%B1%9F%E5%8F%A3", true),          // 江口
        ("%E3%82%A8%E3%82%B0%E3%83%81", true), // エグチ
        ("%E3%81%88%E3%81%90%E3%81%A1", true), // えぐち
        ("1941-11-03", true),
        ("11%2F29", true),
        ("%E9%B3%A5%E6%B5%B7", false), // 鳥海
    ] {
        let found = page(&home, "viewer", &format!("/search?q={typed}"));
        assert_eq!(found.contains("/rooms/R-0002"), there, "{typed}: {found}");
    }

    // What is due, and the same as a calendar, which cannot sign in.
    let due = page(&home, "reviewer", "/deadlines?office=ns.hibino%40example.jp");
    assert!(due.contains("期限") && due.contains("アドレスを発行する"), "{due}");
    let fresh = |role| {
        let answer = as_role(home.port, role, "POST", "/deadlines/feed", "").expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.body);
        between(&answer.body, "/feeds/", "\"").to_owned()
    };
    let (first, second) = (fresh("viewer"), fresh("viewer"));
    let calendar = |secret: &str| ask(home.port, "GET", &format!("/feeds/{secret}"), "", "").expect("an answer");
    assert_eq!(calendar(&first).status, 404, "it was renewed");
    let text = calendar(&second);
    assert_eq!((text.status, text.header("content-type")), (200, Some("text/calendar; charset=utf-8")));
    assert!(text.body.starts_with("BEGIN:VCALENDAR") && !text.body.contains("江口"), "{}", text.body);
    let ended = as_role(home.port, "viewer", "POST", "/deadlines/feed/end", "").expect("an answer");
    assert_eq!((ended.status, calendar(&second).status), (303, 404));
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
    let log = home.log();
    assert!(!log.contains(&second) && !log.contains("訪問します"), "neither secrets nor words are in the log");
}

#[test]
fn a_patient_without_a_room_gets_one() {
    let home = Home::new().folder();
    home.scan("13.tif", &sample("13-whose-is-it.tif"));
    home.drain();
    let daemon = home.start();
    let list = page(&home, "reviewer", "/review");
    let id = between(&list, "href=\"/review/", "\"").to_owned();
    let sheet = page(&home, "reviewer", &format!("/review/{id}"));
    assert!(sheet.contains("部屋の開設を提案"), "{sheet}");
    let propose =
        |role| as_role(home.port, role, "POST", &format!("/review/{id}/propose"), "").expect("an answer").status;
    assert_eq!((propose("viewer"), propose("reviewer")), (403, 303));
    let proposals = page(&home, "admin", "/admin/proposals");
    let proposal = between(&proposals, "/admin/proposals/", "/open").to_owned();
    let name = between(&proposals, "name=\"name\" required value=\"", "\"").to_owned();
    let open = |room: &str| {
        let form = format!("room={room}&name={name}&birth_date=1940-01-02&members=new%40example.jp");
        as_role(home.port, "admin", "POST", &format!("/admin/proposals/{proposal}/open"), &form).expect("an answer")
    };
    assert!(open("R-0001").body.contains("すでに使われています"));
    assert_eq!(open("N-0001").status, 303);
    assert!(page(&home, "reviewer", "/search?q=N-0001").contains("/rooms/N-0001"));
    let form = "room=N-0001&revision=1";
    let put = as_role(home.port, "reviewer", "POST", &format!("/review/{id}/room"), form).expect("an answer");
    assert_eq!(put.status, 303, "{}", put.body);
    assert!(page(&home, "reviewer", "/rooms/N-0001").contains(&id));
    // The register's file does not know the room; it stays all the same.
    assert!(daemon.stop().success());
    home.drain();
    assert_eq!(home.sql(&["SELECT id FROM room WHERE id = 'N-0001' AND ended IS NULL"]).len(), 1);
    home.ok(&["audit", "verify"]);
}
