//! A member is told by mail with an invitation, and on the phone by push, through a push service that is played here: it
//! cannot read what it carries, the browser can.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use aes_gcm::aead::Aead;
use aes_gcm::{Aes128Gcm, KeyInit};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use p256::{PublicKey, SecretKey};
use sha2::Sha256;

use crate::client::{self, Answer};
use crate::home::{Home, repo, sample};
use crate::smtp::Smtp;
use crate::until;

/// What came to the push service, head and body, and what it answers.
#[derive(Default)]
struct Service {
    came: Vec<(String, Vec<u8>)>,
    gone: bool,
}

type Shared = Arc<Mutex<Service>>;

fn look<T>(service: &Shared, at: impl FnOnce(&mut Service) -> T) -> T {
    at(&mut service.lock().unwrap_or_else(PoisonError::into_inner))
}

fn serve() -> (u16, Shared) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let (port, service) = (listener.local_addr().expect("address").port(), Shared::default());
    let shared = service.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let _ = one(stream, &shared);
        }
    });
    (port, service)
}

fn one(mut stream: TcpStream, service: &Shared) -> std::io::Result<()> {
    let (mut got, mut buffer) = (Vec::new(), [0; 8192]);
    let (head, length) = loop {
        let n = stream.read(&mut buffer)?;
        got.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&got).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")?.trim().parse().ok());
            break (head, length.unwrap_or(0));
        }
        if n == 0 {
            return Ok(());
        }
    };
    let begun = got.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(0) + 4;
    while got.len() < begun + length {
        let n = stream.read(&mut buffer)?;
        got.extend_from_slice(&buffer[..n]);
    }
    let gone = look(service, |s| {
        s.came.push((head, got[begun..].to_vec()));
        s.gone
    });
    let status = if gone { "410 Gone" } else { "201 Created" };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

/// As a browser does (RFC 8291).
fn opened(body: &[u8], browser: &SecretKey, auth: &[u8]) -> serde_json::Value {
    fn derived<const N: usize>(salt: &[u8], secret: &[u8], info: &[u8]) -> [u8; N] {
        let mut out = [0; N];
        Hkdf::<Sha256>::new(Some(salt), secret).expand(info, &mut out).expect("bytes");
        out
    }
    let (salt, theirs, sealed) = (&body[..16], &body[21..86], &body[86..]);
    let shared = browser.diffie_hellman(&PublicKey::from_sec1_bytes(theirs).expect("a key"));
    let info = [b"WebPush: info\0".as_slice(), &browser.public_key().to_sec1_bytes(), theirs].concat();
    let secret: [u8; 32] = derived(auth, shared.raw_secret_bytes(), &info);
    let key: [u8; 16] = derived(salt, &secret, b"Content-Encoding: aes128gcm\0");
    let nonce: [u8; 12] = derived(salt, &secret, b"Content-Encoding: nonce\0");
    let plain = Aes128Gcm::new_from_slice(&key).expect("a key").decrypt(&nonce.into(), sealed).expect("for us");
    let end = plain.iter().rposition(|b| *b != 0).expect("a delimiter");
    serde_json::from_slice(&plain[..end]).expect("JSON")
}

pub fn post_json(port: u16, path: &str, cookie: &str, body: &serde_json::Value) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the daemon");
    let body = body.to_string();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

#[test]
fn a_conference_comes_by_mail_with_an_invitation_and_by_push() {
    let (smtp, (service_port, service)) = (Smtp::start(), serve());
    let home = Home::new()
        .folder()
        .with(&format!("{}\npush = true\npush_hosts = [\"127.0.0.1\"]\nmeeting_hosts = [\"zoom.us\"]", smtp.table()));
    // One nurse is in every room.
    let register = std::fs::read_to_string(repo("samples/registers/patients.csv")).expect("the register");
    let rows: Vec<String> =
        register
            .lines()
            .enumerate()
            .map(|(n, l)| {
                if n == 0 {
                    l.to_owned()
                } else {
                    l.rsplit_once(',').expect("cells").0.to_owned() + ",nurse@example.jp"
                }
            })
            .collect();
    std::fs::write(home.at("patients.csv"), rows.join("\n") + "\n").expect("the register");
    let daemon = home.start();
    let cookie = client::sign_in(home.port, "viewer").expect("a session");
    let page = client::ask(home.port, "GET", "/account/notices", &cookie, "").expect("a page");
    assert!(page.body.contains("data-key=\"B") && page.body.contains("nurse@example.jp"), "{}", page.body);
    let worker = client::ask(home.port, "GET", "/worker.js", "", "").expect("the worker");
    assert!(worker.status == 200 && worker.header("content-type").is_some_and(|t| t.starts_with("text/javascript")));

    let (browser, auth) = (SecretKey::from_slice(&[7; 32]).expect("a key"), [9; 16]);
    let subscription = |endpoint: &str| {
        serde_json::json!({"endpoint": endpoint, "label": "電話",
            "p256dh": URL_SAFE_NO_PAD.encode(browser.public_key().to_sec1_bytes()), "auth": URL_SAFE_NO_PAD.encode(auth)})
    };
    for bad in ["https://intranet.example/x", "http://169.254.169.254/latest", "file:///etc/passwd"] {
        assert_eq!(post_json(home.port, "/account/push", &cookie, &subscription(bad)).status, 409, "{bad}");
    }
    let endpoint = format!("http://127.0.0.1:{service_port}/send/1");
    assert_eq!(post_json(home.port, "/account/push", &cookie, &subscription(&endpoint)).status, 200);

    // The sample waits for a person: who makes sure of it and posts it, by the API, with the session of a browser.
    home.scan("07-conference.eml", &sample("07-conference.eml"));
    let line = home.settled(1).remove(0);
    let id = line["documents"][0]["id"].as_str().expect("a document");
    let reviewer = client::sign_in(home.port, "reviewer").expect("a session");
    let decide = |what: &str, body: serde_json::Value| {
        let answer = post_json(home.port, &format!("/api/v1/documents/{id}/{what}"), &reviewer, &body);
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
        let sheet: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        sheet["revision"].as_i64().expect("a revision")
    };
    let url = serde_json::json!({"action": "set", "key": "conference.url", "value": "https://zoom.us/j/7568800281"});
    let revision = decide("fields", serde_json::json!({"revision": 1, "edits": [url]}));
    let revision = match line["documents"][0]["state"].as_str() {
        Some("posted") => revision,
        _ => decide("room", serde_json::json!({"revision": revision, "room": "R-0001"})),
    };
    let mails = until("a mail with an invitation", || Some(smtp.raw("nurse@example.jp")).filter(|m| !m.is_empty()));
    let mail = mail_parser::MessageParser::default().parse(&mails[0]).expect("a mail");
    let text = mail.body_text(0).expect("a text");
    assert!(text.contains("期限: カンファレンス 2026年6月23日(火) 17:15"), "{text}");
    let calendars = mail.parts.iter().filter_map(|p| p.text_contents()).filter(|t| t.starts_with("BEGIN:VCALENDAR"));
    let calendar: Vec<String> = calendars.map(|t| t.replace("\r\n ", "").replace("\n ", "")).collect();
    for wanted in ["METHOD:REQUEST", "DTSTART;TZID=Asia/Tokyo:20260623T171500", "mailto:nurse@example.jp"] {
        assert!(calendar.len() == 1 && calendar[0].contains(wanted), "{wanted} is not in {calendar:?}");
    }

    let (head, body) = until("a push", || look(&service, |s| s.came.first().cloned()));
    for wanted in
        ["post /send/1", "ttl: ", "urgency: ", "topic: ", "content-encoding: aes128gcm", "authorization: vapid t="]
    {
        assert!(head.contains(wanted), "{wanted} is not in {head}");
    }
    let shown = opened(&body, &browser, &auth);
    assert!(shown["title"].as_str().is_some_and(|t| t.contains("退院前カンファレンス案内")), "{shown}");
    let told = format!("{shown}{calendar:?}{text}");
    for private in ["成嶋", "節子", "ナルシマ", "1938"] {
        assert!(!told.contains(private), "{private} is in {told}");
    }
    let url = shown["url"].as_str().expect("a page").to_owned();
    let sheet = client::ask(home.port, "GET", &url, &cookie, "").expect("the sheet");
    assert!(sheet.status == 200 && sheet.body.contains("<a href=\"https://zoom.us/j/7568800281\""), "{}", sheet.body);

    // A browser that its service does not know any more is told no more, and that is no failure.
    look(&service, |s| s.gone = true);
    let moved = serde_json::json!({"action": "set", "key": "conference.datetime", "value": "2026-06-24T10:00"});
    decide("fields", serde_json::json!({"revision": revision, "edits": [moved]}));
    until("the browser is forgotten", || home.sql(&["SELECT id FROM subscription"]).is_empty().then_some(()));
    let ended = |s: &String| s != "sending" && s != "pending";
    let states = until("every push has ended", || {
        let states = home.sql(&["SELECT state FROM outbox WHERE sink = 'push' ORDER BY updated"]);
        states.iter().all(ended).then_some(states)
    });
    assert_eq!(states.last().map(String::as_str), Some("cancelled"), "{states:?}");
    let mails = until("a mail about the change", || Some(smtp.raw("nurse@example.jp")).filter(|m| m.len() >= 2));
    let last = mail_parser::MessageParser::default().parse(mails.last().expect("a mail")).expect("a mail");
    let changed = last.parts.iter().filter_map(|p| p.text_contents()).find(|t| t.starts_with("BEGIN:VCALENDAR"));
    let changed = changed.expect("a calendar").replace("\r\n ", "").replace("\n ", "");
    let uid = |ics: &str| ics.lines().find(|l| l.starts_with("UID:")).map(str::to_owned);
    assert_eq!(uid(&changed), uid(&calendar[0]));
    assert!(changed.contains("20260624T100000") && !changed.contains("SEQUENCE:0"), "{changed}");
    let secret = home.sql(&["SELECT value FROM meta WHERE key = 'vapid'"]);
    assert!(!home.log().contains(&secret[0]) && !home.log().contains("/send/1"), "secrets are not logged");
    assert!(daemon.stop().success());
}
