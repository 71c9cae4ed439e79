//! Deadlines: open hours, who is told when, and that each is told once.

use crate::model::{Field, Status, Trace, Value};
use crate::store::Candidate;
use crate::store::State;
use crate::store::claims::CLAIM_MS;
use crate::store::letters::Sent;
use crate::store::overdue::{Hours, Step, Terms};
use crate::store::tests::{Bench, bench, sheet};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn hours() -> Hours {
    Hours { opens: 9 * 60, closes: 18 * 60, holidays: vec!["2025-11-24".parse().expect("a date")] }
}

fn terms() -> Terms {
    Terms {
        urgent: 10 * MINUTE,
        routine: 4 * HOUR,
        step: 10 * MINUTE,
        hours: hours(),
        duty: vec!["first@example.jp".into(), "next@example.jp".into()],
        admins: vec!["admin@example.jp".into()],
        mails: true,
        base_url: "https://fax.example.jp".into(),
    }
}

fn ms(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().expect("a time").as_millisecond()
}

#[test]
fn only_open_hours_count() {
    for (start, minutes, wanted) in [
        ("2025-11-25T10:00:00+09:00", 240, "2025-11-25T14:00:00+09:00"),
        ("2025-11-25T06:30:00+09:00", 240, "2025-11-25T13:00:00+09:00"),
        ("2025-11-25T14:00:00+09:00", 240, "2025-11-25T18:00:00+09:00"),
        ("2025-11-25T16:00:00+09:00", 240, "2025-11-26T11:00:00+09:00"),
        // A Friday evening before a weekend and a holiday.
        ("2025-11-21T17:00:00+09:00", 240, "2025-11-25T12:00:00+09:00"),
        ("2025-11-22T23:59:59+09:00", 60, "2025-11-25T10:00:00+09:00"),
        ("2025-11-25T18:00:00+09:00", 1, "2025-11-26T09:01:00+09:00"),
    ] {
        assert_eq!(hours().after(ms(start), minutes * MINUTE), ms(wanted), "{start}");
    }
    let never = Hours { opens: 0, closes: 0, holidays: Vec::new() };
    assert_eq!(never.after(5, 1), 5);
}

#[test]
fn steps_follow_each_other() {
    let t = terms();
    let friday = ms("2025-11-21T17:50:00+09:00");
    assert_eq!(t.due(friday, true, Step::Next), friday + 10 * MINUTE, "urgent sheets do not wait for Monday");
    assert_eq!(t.due(friday, true, Step::Alarm), friday + 30 * MINUTE);
    assert_eq!(t.due(friday, false, Step::Next), ms("2025-11-25T12:50:00+09:00"));
    assert_eq!(t.due(friday, false, Step::Alarm), ms("2025-11-25T13:10:00+09:00"));
}

/// A held sheet, urgent or not, with candidates of both rooms.
async fn held(b: &Bench, name: &str, urgent: bool) -> String {
    b.receive("scan", name, name.as_bytes()).await;
    let mut s = sheet(State::Review, None);
    s.candidates = ["R-0001", "R-0002"].map(|room| Candidate { room: room.into(), ..Candidate::default() }).into();
    if urgent {
        let urgency = Field {
            value: Value::One("urgent".into()),
            raw: "至急".into(),
            page: 1,
            rect: [1, 2, 3, 4],
            confidence: 0.9,
            status: Status::Review,
            items: None,
            trace: Trace::default(),
        };
        s.document.fields.insert("urgency".into(), urgency);
    }
    b.through(&[s]).await;
    let list = b.store.review_list(10).await.expect("list");
    list.into_iter().find(|h| h.source_id == name).expect("held").document
}

/// What a look tells: the late ones, and the letters as recipient and subject.
async fn look(b: &Bench, terms: &Terms) -> (i64, Vec<(String, String)>) {
    let late = b.store.escalate(terms).await.expect("look").0;
    assert_eq!(b.store.escalate(terms).await.expect("another host").0, late);
    let mut all = Vec::new();
    while let Some(l) = b.store.claim_letter(MINUTE).await.expect("claim") {
        b.store.commit_letter(&l, &Sent::Sent).await.expect("sent");
        for private in ["柏", "花子", "R-000"] {
            assert!(!l.letter.body.contains(private) && !l.letter.subject.contains(private), "{:?}", l.letter);
        }
        all.push((l.letter.recipient, l.letter.subject));
    }
    all.sort();
    (late, all)
}

fn to(letters: &[(String, String)]) -> Vec<&str> {
    letters.iter().map(|l| l.0.as_str()).collect()
}

#[tokio::test]
async fn an_urgent_sheet_tells_the_offices_at_once_then_the_next_then_all_then_it_is_an_alarm() {
    let b = bench().await;
    let id = held(&b, "a.tif", true).await;
    let (late, letters) = look(&b, &terms()).await;
    assert_eq!((late, to(&letters)), (0, vec!["a@example.jp", "b@example.jp", "first@example.jp"]));
    assert_eq!(letters[0].1, "【至急】至急の FAX が確認待ちです");
    b.pass(10 * MINUTE - 1);
    assert_eq!(look(&b, &terms()).await, (0, Vec::new()));
    b.pass(1);
    let (_, letters) = look(&b, &terms()).await;
    assert_eq!(to(&letters), ["next@example.jp"]);
    assert!(letters[0].1.starts_with("【至急】") && letters[0].1.contains("期限"), "{letters:?}");
    // In somebody's hand it is not missed any further, for as long as it is.
    b.store.hold(&id, "p").await.expect("hold");
    b.pass(CLAIM_MS - 1);
    assert_eq!(look(&b, &terms()).await, (0, Vec::new()));
    b.pass(10 * MINUTE);
    assert_eq!(to(&look(&b, &terms()).await.1), ["admin@example.jp", "first@example.jp", "next@example.jp"]);
    b.pass(10 * MINUTE);
    assert_eq!(look(&b, &terms()).await, (1, Vec::new()), "an alarm has mails of its own");
    let gauges = b.store.gauges(&[]).await.expect("gauges");
    assert_eq!(gauges.missed, 1);
    b.store.post_sheet(&id, Some(1), "R-0002", "p").await.expect("post");
    assert_eq!(look(&b, &terms()).await, (0, Vec::new()), "decided, it is well again");
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn a_routine_sheet_waits_for_open_hours_and_many_are_told_in_one_letter() {
    let b = bench().await;
    // The clock begins on a Sunday before a holiday.
    for name in ["a.tif", "b.tif", "c.tif"] {
        held(&b, name, false).await;
    }
    let without = Terms { duty: Vec::new(), ..terms() };
    assert_eq!(look(&b, &without).await, (0, Vec::new()), "the administrators hear of held sheets anyhow");
    b.pass(ms("2025-11-25T12:59:00+09:00") - b.store.now());
    assert_eq!(look(&b, &without).await, (0, Vec::new()));
    b.pass(MINUTE);
    let (_, letters) = look(&b, &without).await;
    assert_eq!(to(&letters), ["admin@example.jp"], "where nobody is on duty all are told, once for all sheets");
    b.pass(10 * MINUTE);
    assert_eq!(look(&b, &without).await, (0, Vec::new()), "all know");
    b.pass(10 * MINUTE);
    assert_eq!(look(&b, &without).await.0, 3);
}

#[tokio::test]
async fn after_a_long_pause_it_is_told_once_and_without_a_mail_server_it_is_an_alarm_still() {
    let b = bench().await;
    held(&b, "a.tif", true).await;
    b.pass(24 * HOUR);
    let (late, letters) = look(&b, &terms()).await;
    assert_eq!(late, 1);
    let wanted = ["a@example.jp", "admin@example.jp", "b@example.jp", "first@example.jp", "next@example.jp"];
    assert_eq!(to(&letters), wanted);
    held(&b, "b.tif", true).await;
    b.pass(24 * HOUR);
    assert_eq!(look(&b, &Terms { mails: false, ..terms() }).await, (2, Vec::new()));
}

#[tokio::test]
async fn a_sheet_that_was_taken_back_waits_anew() {
    let b = bench().await;
    let id = held(&b, "a.tif", true).await;
    assert_eq!(look(&b, &terms()).await.1.len(), 3);
    b.store.post_sheet(&id, Some(1), "R-0001", "p").await.expect("post");
    b.pass(24 * HOUR);
    assert_eq!(look(&b, &terms()).await, (0, Vec::new()));
    b.store.withdraw(&id, 2, None, "p").await.expect("withdrawn");
    let (late, letters) = look(&b, &terms()).await;
    assert!(late == 0 && to(&letters).contains(&"first@example.jp"), "{letters:?}");
    let list = b.store.review_list(9).await.expect("list");
    assert_eq!(list[0].created, b.store.now(), "from now on, not from when it came");
    b.pass(10 * MINUTE);
    assert!(to(&look(&b, &terms()).await.1).contains(&"next@example.jp"));
    b.pass(20 * MINUTE);
    assert_eq!(look(&b, &terms()).await.0, 1);
}
