//! Copies and changed copies of one sheet, accepted one after the other and at the same moment.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::*;
use crate::again::ink::{Answer, Question, Seen};
use crate::model::{Document, Field, Reader, Status, Trace, Value};
use crate::reading::{Page, Part};
use crate::store::registers::{Record, Register, RoomFacts};
use crate::store::{Meta, Notify, StatusLine};
use crate::work::{Found, ReadDone, ReadFail, Sorted, run};

/// Bytes are text, one page a paragraph, and after `|` whatever makes them other bytes. The first line is the discharge
/// date. Ink always agrees.
struct Typed;

#[async_trait]
impl Pipeline for Typed {
    async fn read(&self, _: &str, bytes: Vec<u8>) -> Result<ReadDone, ReadFail> {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let text = text.split('|').next().unwrap_or_default();
        let pages: Vec<Page> = text.split("\n\n").enumerate().map(|(i, t)| Page::typed(i as u32 + 1, t)).collect();
        let images = pages.iter().map(|p| format!("png {} {text}", p.number).into_bytes()).collect();
        let part = Part { pages: pages.len() as u32, ..Part::default() };
        let reading = Reading { parts: vec![part], pages, ..Reading::default() };
        Ok(ReadDone { reading, images, reader: Reader::default() })
    }

    fn sort(&self, reading: &Reading) -> Sorted {
        let date = reading.pages[0].lines[0].text();
        let field = Field {
            value: Value::One(date.clone()),
            raw: date,
            page: 1,
            rect: [100, 100, 340, 124],
            confidence: 1.0,
            status: Status::Accepted,
            items: None,
            trace: Trace::default(),
        };
        let document = Document {
            kind: "discharge_summary".into(),
            pages: reading.pages.iter().map(|p| p.number).collect(),
            confidence: 1.0,
            fields: BTreeMap::from([
                ("encounter.discharge_date".to_owned(), field.clone()),
                (
                    "document.date".to_owned(),
                    Field { value: Value::One("2026-11-23".into()), rect: [100, 2200, 340, 2224], ..field },
                ),
            ]),
            doubts: Vec::new(),
            sender_id: None,
        };
        Sorted { documents: vec![(document, Found::Room("R-0001".into()))], ..Sorted::default() }
    }

    fn knows_name_in(&self, _: &str) -> bool {
        false
    }

    async fn compare(&self, _: Vec<u8>, _: Vec<u8>, question: Question) -> Option<Answer> {
        Some(Answer { windows: vec![Seen::default(); question.windows.len()], rest: Vec::new() })
    }
}

const OPTIONS: Options = Options {
    attempts: 5,
    lease: Duration::from_secs(60),
    drain: true,
    resend_ms: 14 * 86_400_000,
    join_ms: 600_000,
    terms: again::Terms { read_alike: false },
};

const SHEET: &str = "退院時サマリー\n患者氏名柏花子様生年月日昭和十五年\n傷病名脳梗塞後遺症\n経過良好につき自宅へ退院となります\n内服は継続してください\nかしわ総合病院";

async fn open(dir: &std::path::Path) -> Store {
    open_at(crate::store::testing::site(dir).await).await
}

async fn open_at(site: crate::store::Site) -> Store {
    let notify = Notify { members: true, admins: Vec::new() };
    let store = Store::open(site).await.expect("open").with_notify(notify);
    let record = Record {
        id: "R-0001".into(),
        data: serde_json::json!({"room_id": "R-0001", "members": ["a@example.jp"]}),
        room: Some(RoomFacts { members: vec!["a@example.jp".into()], ..RoomFacts::default() }),
        ..Record::default()
    };
    store.import(Register::Patients, &[record], "test").await.expect("import");
    store
}

/// Receives all at once and works with several workers until nothing is left.
async fn come(store: &Store, faxes: &[String]) -> Vec<StatusLine> {
    for fax in faxes {
        store.receive("scan", fax, fax.as_bytes(), &Meta::default()).await.expect("receive");
    }
    let pipeline: Arc<dyn Pipeline> = Arc::new(Typed);
    let (stop_tx, stop) = watch::channel(false);
    let workers: Vec<_> =
        (0..4).map(|_| tokio::spawn(run(store.clone(), pipeline.clone(), OPTIONS, stop.clone()))).collect();
    while store.open_jobs().await.expect("jobs") > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop_tx.send(true).expect("stop");
    for w in workers {
        w.await.expect("worker");
    }
    store.status().await.expect("status")
}

fn news(lines: &[StatusLine]) -> usize {
    let mut keys: Vec<&str> =
        lines.iter().flat_map(|l| &l.documents).flat_map(|d| &d.postings).map(|p| p.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    // The board's and one member's.
    keys.len() / 2
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_copies_that_come_at_the_same_moment_one_is_news() {
    let dir = tempfile::tempdir().expect("dir");
    let store = open(dir.path()).await;
    let copies: Vec<String> = (0..6).map(|n| format!("2026-12-01\n{SHEET}|{n}")).collect();
    let lines = come(&store, &copies).await;
    assert!(lines.iter().all(|l| l.state == "posted"), "{lines:#?}");
    assert_eq!(news(&lines), 1, "{lines:#?}");
    let posts = store.timeline("R-0001", 10).await.expect("timeline");
    assert_eq!(posts.len(), 1);
    let shown = store.document(&posts[0].document).await.expect("document").expect("is there");
    assert_eq!(shown.line.resent.len(), 5);
    assert!(store.verify().await.expect("verify").faults.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_changed_date_a_page_more_and_another_sheet_are_news() {
    let dir = tempfile::tempdir().expect("dir");
    let store = open(dir.path()).await;
    let stands = async || -> Vec<(String, Vec<String>)> {
        let mut found = Vec::new();
        for p in store.timeline("R-0001", 10).await.expect("timeline") {
            let d = store.document(&p.document).await.expect("document").expect("is there");
            found.push((p.discharge.unwrap_or_default(), d.line.differs));
        }
        found
    };
    come(&store, &[format!("2026-12-01\n{SHEET}")]).await;
    let lines = come(&store, &[format!("2026-12-08\n{SHEET}")]).await;
    assert_eq!(news(&lines), 2);
    assert_eq!(stands().await, [("2026-12-08".to_owned(), vec!["encounter.discharge_date".to_owned()])]);
    // The first part of a longer fax, then the whole.
    let lines = come(&store, &[format!("2026-12-08\n{SHEET}\n\n二枚目\nリハビリテーションの経過です\n以上")]).await;
    assert_eq!(news(&lines), 3);
    assert_eq!(stands().await, [("2026-12-08".to_owned(), vec![PAGES.to_owned()])]);
    // The first page alone once more: not the whole, so it must not take its place.
    let lines = come(&store, &[format!("2026-12-08\n{SHEET}|again")]).await;
    assert_eq!(news(&lines), 4);
    assert_eq!(stands().await.len(), 2);
    // Another sheet.
    let lines =
        come(&store, &["2026-12-08\n看護要約\n食事は全量摂取\n歩行は見守り\n以上よろしくお願いします".into()]).await;
    assert_eq!((news(&lines), stands().await.len()), (5, 3));
    assert!(store.verify().await.expect("verify").faults.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_person_set_right_stays_so_when_the_fax_comes_again() {
    let dir = tempfile::tempdir().expect("dir");
    let store = open(dir.path()).await;
    come(&store, &[format!("2026-12-01\n{SHEET}")]).await;
    let first = store.timeline("R-0001", 10).await.expect("timeline").remove(0).document;
    let edit = crate::store::review::Edit::Set(Value::One("2026-12-02".into()));
    let edits = [("encounter.discharge_date".to_owned(), edit)];
    store.confirm_fields(&first, 1, &edits, "p").await.expect("confirm");
    come(&store, &[format!("2026-12-01\n{SHEET}|again")]).await;
    let posts = store.timeline("R-0001", 10).await.expect("timeline");
    assert_eq!(posts.len(), 1, "{posts:#?}");
    assert_eq!((&posts[0].document, posts[0].discharge.as_deref()), (&first, Some("2026-12-02")));
    assert!(store.verify().await.expect("verify").faults.is_empty());
}

#[derive(Clone, Copy)]
enum Left {
    Waiting(i64),
    Drained,
}

/// A mail of a gateway whose attachment is one page; as `Typed` reads it.
struct Mailed;

const FIRST: &str = "2026-12-01\n退院時サマリー\n患者氏名柏花子様\n傷病名脳梗塞後遺症\n経過良好につき自宅へ退院";
const SECOND: &str = "二枚目\nリハビリテーションの経過\n歩行器で病棟内を移動";
const THIRD: &str = "三枚目\n看護の経過\n以上よろしくお願いします";

fn mail(subject: &str, id: &str, text: &str) -> String {
    format!("Message-ID: <{id}>\nFrom: gw@example.jp\nSubject: {subject}\n\n{text}")
}

#[async_trait]
impl Pipeline for Mailed {
    async fn read(&self, name: &str, bytes: Vec<u8>) -> Result<ReadDone, ReadFail> {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\n\n").expect("a mail");
        let header = |name: &str| head.lines().find_map(|l| l.strip_prefix(name)).map(str::to_owned);
        let mut done = Typed.read(name, body.as_bytes().to_vec()).await?;
        done.reading.mail = Some(crate::reading::Mail {
            message_id: header("Message-ID: "),
            from: header("From: "),
            subject: header("Subject: "),
            message_no: header("X-No: "),
            ..Default::default()
        });
        Ok(done)
    }
    fn sort(&self, reading: &Reading) -> Sorted {
        Typed.sort(reading)
    }
    fn knows_name_in(&self, _: &str) -> bool {
        false
    }
    async fn compare(&self, old: Vec<u8>, new: Vec<u8>, question: Question) -> Option<Answer> {
        Typed.compare(old, new, question).await
    }
}

/// Receives mails one after the other and works until so many parts wait, and nothing else; or, where a drain is asked
/// for, until nothing is left.
async fn post(store: &Store, mails: &[String], left: Left) -> Vec<StatusLine> {
    let pipeline: Arc<dyn Pipeline> = Arc::new(Mailed);
    let (stop_tx, stop) = watch::channel(false);
    let workers: Vec<_> =
        (0..3).map(|_| tokio::spawn(run(store.clone(), pipeline.clone(), OPTIONS, stop.clone()))).collect();
    for m in mails {
        store
            .receive("mails", &crate::store::blobs::sha256(m.as_bytes()), m.as_bytes(), &Meta::default())
            .await
            .expect("receive");
    }
    loop {
        let now = (store.open_jobs().await.expect("jobs"), store.waiting_parts().await.expect("parts"));
        match left {
            Left::Waiting(n) if now == (n, n) => break,
            Left::Drained if now.0 == 0 => break,
            Left::Drained => store.wait_no_longer().await.expect("end"),
            Left::Waiting(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop_tx.send(true).expect("stop");
    for w in workers {
        w.await.expect("worker");
    }
    store.status().await.expect("status")
}

fn documents(lines: &[StatusLine]) -> Vec<(String, Vec<u32>, Option<String>)> {
    let mut all: Vec<_> =
        lines.iter().flat_map(|l| &l.documents).map(|d| (d.id.clone(), d.pages.clone(), d.reason.clone())).collect();
    all.sort();
    all.dedup();
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parts_in_several_mails_become_one_document_whatever_their_order() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let dir = tempfile::tempdir().expect("dir");
        let store = open(dir.path()).await;
        let mails = [mail("FAX (1/3)", "a", FIRST), mail("FAX (2/3)", "b", SECOND), mail("FAX (3/3)", "c", THIRD)];
        let lines = post(&store, &order.map(|i| mails[i].clone()), Left::Waiting(0)).await;
        assert!(lines.iter().all(|l| l.state == "posted"), "{lines:#?}");
        let found = documents(&lines);
        assert_eq!(found.len(), 1, "{lines:#?}");
        assert_eq!((&found[0].1, &found[0].2), (&vec![1, 2, 3], &None), "{lines:#?}");
        assert_eq!(
            lines.iter().filter(|l| l.reason.as_ref().is_some_and(|r| r.contains("3通に分かれたFAX"))).count(),
            2
        );
        let shown = store.document(&found[0].0).await.expect("document").expect("is there");
        let texts: Vec<String> = image_texts(&store, &shown.images).await;
        assert_eq!(texts.iter().map(|t| t.contains("二枚目")).collect::<Vec<_>>(), [false, true, false], "{texts:?}");
        assert_eq!(shown.originals.len(), 3);
        for (sha, m) in shown.originals.iter().zip(&mails) {
            assert_eq!(store.blob(sha).await.expect("an original"), m.as_bytes());
        }
        // The last of them once more on another way: it is theirs.
        let other_way = format!("Received: by another\n{}", mails[2]);
        let lines = post(&store, &[other_way], Left::Waiting(0)).await;
        assert_eq!((documents(&lines).len(), lines.len()), (1, 4), "{lines:#?}");
        assert!(store.verify().await.expect("verify").faults.is_empty());
    }
}

async fn image_texts(store: &Store, images: &[crate::store::board::PageImage]) -> Vec<String> {
    let mut texts = Vec::new();
    for image in images {
        let bytes = store.blob(image.sha256.as_ref().expect("an image")).await.expect("blob");
        texts.push(String::from_utf8(bytes).expect("text"));
    }
    texts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_part_that_is_missing_holds_nothing_and_makes_a_new_version_when_it_comes() {
    let dir = tempfile::tempdir().expect("dir");
    let store = open(dir.path()).await;
    let lines = post(&store, &[mail("FAX (1/3)", "a", FIRST), mail("FAX (3/3)", "c", THIRD)], Left::Waiting(2)).await;
    assert!(lines.iter().all(|l| l.state == "processing"), "the window is open: {lines:#?}");
    let lines = post(&store, &[], Left::Drained).await;
    let found = documents(&lines);
    assert_eq!((found.len(), &found[0].1), (1, &vec![1, 2]), "{lines:#?}");
    assert_eq!(found[0].2.as_deref(), Some("不完全（3通のうち2通）"));
    assert!(lines.iter().all(|l| l.state == "posted"), "{lines:#?}");
    // The late one goes on at once, with the others before and behind it.
    let lines = post(&store, &[mail("FAX (2/3)", "b", SECOND)], Left::Waiting(0)).await;
    let posts = store.timeline("R-0001", 10).await.expect("timeline");
    assert_eq!((posts.len(), &posts[0].pages), (1, &vec![1, 2, 3]), "{lines:#?}");
    let shown = store.document(&posts[0].document).await.expect("document").expect("is there");
    assert_eq!((shown.line.differs.as_slice(), shown.originals.len()), ([PAGES.to_owned()].as_slice(), 3));
    assert!(!shown.reason.expect("a reason").contains("不完全"));
    assert!(store.verify().await.expect("verify").faults.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parts_that_waited_when_the_program_ended_go_on_in_the_next() {
    let dir = tempfile::tempdir().expect("dir");
    let site = crate::store::testing::site(dir.path()).await;
    let store = open_at(site.clone()).await;
    post(&store, &[mail("FAX (1/2)", "a", FIRST)], Left::Waiting(1)).await;
    store.close().await;
    drop(store);
    let store = open_at(site).await;
    let lines = post(&store, &[mail("FAX (2/2)", "b", SECOND)], Left::Waiting(0)).await;
    let found = documents(&lines);
    assert_eq!((found.len(), &found[0].1, &found[0].2), (1, &vec![1, 2], &None), "{lines:#?}");
    assert!(store.verify().await.expect("verify").faults.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_faxes_that_come_across_each_other_are_never_mixed() {
    let dir = tempfile::tempdir().expect("dir");
    let store = open(dir.path()).await;
    let mails =
        [("(1/2)", "a", FIRST), ("(1/2)", "b", THIRD), ("(2/2)", "c", SECOND), ("(2/2)", "d", "二枚目\n別の方")];
    let mails = mails.map(|(n, id, text)| mail(&format!("FAX {n}"), id, text));
    let lines = post(&store, &mails, Left::Drained).await;
    let found = documents(&lines);
    assert_eq!(found.len(), 4, "{lines:#?}");
    let alone = |(_, pages, why): &(String, Vec<u32>, Option<String>)| {
        pages == &[1] && why.as_deref() == Some("不完全（2通のうち1通）")
    };
    assert!(found.iter().all(alone), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn mails_with_one_message_number_are_joined_and_none_waits() {
    let dir = tempfile::tempdir().expect("dir");
    let store = open(dir.path()).await;
    let numbered = |id: &str, text: &str| mail("FAX\nX-No: 4711", id, text);
    let lines = post(&store, &[numbered("a", FIRST)], Left::Waiting(0)).await;
    assert_eq!(lines[0].state, "posted");
    let lines = post(&store, &[numbered("b", SECOND)], Left::Waiting(0)).await;
    let posts = store.timeline("R-0001", 10).await.expect("timeline");
    assert_eq!((posts.len(), &posts[0].pages), (1, &vec![1, 2]), "{lines:#?}");
    // The same page in another form under the number is no further page.
    let lines = post(&store, &[numbered("c", &format!("{FIRST}\n以上"))], Left::Waiting(0)).await;
    assert!(lines[2].documents.iter().all(|d| d.pages == [1]), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_mail_on_two_ways_is_linked_and_the_same_id_with_other_pages_is_not() {
    let dir = tempfile::tempdir().expect("dir");
    let store = open(dir.path()).await;
    let first = mail("FAX", "a", FIRST);
    post(&store, std::slice::from_ref(&first), Left::Waiting(0)).await;
    // Headers of the way only: not even read.
    let lines = post(&store, &[format!("Delivered-To: b@example.jp\n{first}")], Left::Waiting(0)).await;
    assert_eq!(lines[1].reason.as_deref(), Some("同じメールを受信済みです"));
    assert_eq!(lines[1].documents, lines[0].documents);
    // Another subject, the same pages.
    let lines = post(&store, &[mail("転送: FAX", "a", FIRST)], Left::Waiting(0)).await;
    assert_eq!(lines[2].reason.as_deref(), Some("同じメールを受信済みです"));
    let lines = post(&store, &[mail("FAX", "a", SECOND)], Left::Waiting(0)).await;
    assert_eq!(documents(&lines).len(), 2, "{lines:#?}");
    assert!(store.verify().await.expect("verify").faults.is_empty());
}
