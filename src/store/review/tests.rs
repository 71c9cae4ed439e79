//! Reviewers at work: claims, decisions that wait and are undone, sheets that are two.

use crate::model::{Document, Field, Item, Status, Trace, Value};
use crate::store::accept::{Sheet, State};
use crate::store::claims::{CLAIM_MS, Hold};
use crate::store::db::query;
use crate::store::review::{Edit, TYPE};
use crate::store::tests::{Bench, bench, sheet};
use crate::store::{Result, StoreError};

fn refused<T: std::fmt::Debug>(answer: Result<T>) -> String {
    match answer {
        Err(StoreError::Refused(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

/// A held sheet of one page.
async fn held(b: &Bench) -> String {
    b.receive("scan", "a.tif", b"fax").await;
    b.through(&[sheet(State::Review, None)]).await;
    b.store.review_list(10).await.expect("list")[0].document.clone()
}

fn field(value: Value, page: u32, items: Option<Vec<Item>>) -> Field {
    Field {
        raw: value.text(),
        value,
        page,
        rect: [10, 10, 90, 40],
        confidence: 0.5,
        status: Status::Review,
        items,
        trace: Trace::default(),
    }
}

fn item(value: &str, page: u32) -> Item {
    let rect = [10, 10, 90, 40];
    Item { value: value.into(), raw: value.into(), page, rect, confidence: 0.5, status: Status::Review }
}

/// A sheet of three pages with a list over two of them.
fn long(state: State, room: Option<&str>) -> Sheet {
    let mut s = sheet(state, room);
    s.document.pages = vec![1, 2, 3];
    let drugs = field(
        Value::Many(vec!["甲錠".into(), "乙錠".into(), "丙錠".into()]),
        1,
        Some(vec![item("甲錠", 1), item("乙錠", 2), item("丙錠", 3)]),
    );
    s.document.fields.insert("clinical.medications".into(), drugs);
    s.document.fields.insert("message.body".into(), field(Value::One("ご確認ください".into()), 3, None));
    s
}

async fn content(b: &Bench, id: &str) -> Document {
    b.store.document(id).await.expect("document").expect("is there").content
}

const FIELD: &str = "sender.institution";

#[tokio::test]
async fn two_reviewers_never_hold_the_same_sheet() {
    let b = bench().await;
    let id = held(&b).await;
    b.pass(7_000);
    let Hold::Mine { until } = b.store.hold(&id, "a").await.expect("hold") else { panic!("it was free") };
    b.pass(60_000);
    let Hold::Others(by) = b.store.hold(&id, "b").await.expect("hold") else { panic!("a has it") };
    assert_eq!((by.login.as_str(), by.until), ("a", until));
    for answer in [
        b.store.post_sheet(&id, Some(1), "R-0001", "b").await,
        b.store.set_aside(&id, "x", "b").await,
        b.store.quarantine(&id, "x", "b").await,
        b.store.decide(&id, 1, FIELD, &Edit::Confirm, "b").await,
        b.store.confirm_fields(&id, 1, &[(FIELD.into(), Edit::Confirm)], "b").await,
        b.store.turn_page(&id, 1, "b").await.map(|_| ()),
    ] {
        assert!(refused(answer).contains("確認中"));
    }
    // Every sign of life holds it longer; without one another may take it, and the first learns of it.
    b.store.decide(&id, 1, FIELD, &Edit::Confirm, "a").await.expect("decide");
    b.pass(CLAIM_MS - 1);
    assert!(matches!(b.store.hold(&id, "b").await.expect("hold"), Hold::Others(_)));
    b.pass(1);
    assert!(matches!(b.store.hold(&id, "b").await.expect("hold"), Hold::Mine { .. }));
    assert!(refused(b.store.post_sheet(&id, Some(1), "R-0001", "a").await).contains("確認中"));
    b.store.let_go(&id, "a").await.expect("not a's");
    assert!(matches!(b.store.hold(&id, "a").await.expect("hold"), Hold::Others(_)));
    b.store.let_go(&id, "b").await.expect("let go");
    assert!(matches!(b.store.hold(&id, "a").await.expect("hold"), Hold::Mine { .. }), "it is free at once");
    // What b found decided by a is still there.
    b.store.post_sheet(&id, Some(1), "R-0001", "a").await.expect("post");
    assert_eq!(content(&b, &id).await.fields[FIELD].status, Status::Accepted);
    assert!(matches!(b.store.hold(&id, "b").await.expect("hold"), Hold::Mine { .. }), "a posted sheet is out of hand");
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn the_first_look_is_kept_and_counted_once() {
    let b = bench().await;
    let id = held(&b).await;
    b.pass(42_000);
    b.store.hold(&id, "a").await.expect("hold");
    let first = b.store.now();
    b.pass(CLAIM_MS + 1);
    b.store.hold(&id, "b").await.expect("hold");
    let mut tx = b.store.db.snapshot().await.expect("snapshot");
    let row = query("SELECT first_look FROM document").fetch_one(tx.conn()).await.expect("row");
    assert_eq!(row.get::<Option<i64>>("first_look"), Some(first));
    let text = b.store.metrics().text(Default::default());
    assert!(text.contains("faxbridge_first_look_seconds_count{urgency=\"routine\"} 1"), "{text}");
    assert!(text.contains("faxbridge_first_look_seconds_sum{urgency=\"routine\"} 42"), "{text}");
}

#[tokio::test]
async fn decisions_wait_are_undone_and_become_one_revision() {
    let b = bench().await;
    let id = held(&b).await;
    let decide = async |key: &str, edit: Edit| b.store.decide(&id, 1, key, &edit, "a").await;
    decide(FIELD, Edit::Confirm).await.expect("confirm");
    decide(FIELD, Edit::Set(Value::One("柏中央病院".into()))).await.expect("set");
    decide("encounter.discharge_date", Edit::Remove).await.expect("remove");
    decide("clinical.allergies", Edit::Add { value: Value::One("なし".into()), page: 1, name: None })
        .await
        .expect("add");
    decide("clinical.allergies", Edit::Set(Value::One("卵".into()))).await.expect("what was added is put right");
    decide(TYPE, Edit::Set(Value::One("nursing_summary".into()))).await.expect("type");
    assert!(refused(decide("patient.phone", Edit::Confirm).await).contains("項目"));
    assert!(
        refused(decide("no.such", Edit::Add { value: Value::One("x".into()), page: 1, name: None }).await)
            .contains("項目")
    );
    assert!(
        refused(decide("patient.phone", Edit::Add { value: Value::One("x".into()), page: 9, name: None }).await)
            .contains("項目")
    );
    assert!(refused(decide(TYPE, Edit::Set(Value::One("poem".into()))).await).contains("種類"));
    assert!(refused(b.store.decide(&id, 7, FIELD, &Edit::Confirm, "a").await).contains("先に更新"));
    assert_eq!(b.store.drafts(&id, 1).await.expect("drafts").len(), 4);
    assert_eq!(content(&b, &id).await.fields[FIELD].status, Status::Review, "no revision yet");

    assert_eq!(b.store.undo(&id, 1, "a").await.expect("undo").as_deref(), Some(TYPE));
    assert_eq!(b.store.undo(&id, 1, "a").await.expect("undo").as_deref(), Some("clinical.allergies"));
    let drafts = b.store.drafts(&id, 1).await.expect("drafts");
    let added = drafts.iter().find(|d| d.field == "clinical.allergies").expect("the one before counts again");
    assert_eq!(added.edit, Edit::Add { value: Value::One("なし".into()), page: 1, name: None });

    b.store.post_sheet(&id, Some(1), "R-0001", "a").await.expect("post");
    b.store.post_sheet(&id, Some(1), "R-0001", "a").await.expect("a double click");
    let now = content(&b, &id).await;
    assert_eq!(now.accepted(FIELD).as_deref(), Some("柏中央病院"));
    assert_eq!(now.accepted("clinical.allergies").as_deref(), Some("なし"));
    assert!(!now.fields.contains_key("encounter.discharge_date"));
    let view = b.store.document(&id).await.expect("document").expect("is there");
    assert_eq!((view.revision, view.corrections), (2, 0));
    assert!(b.store.drafts(&id, 2).await.expect("drafts").is_empty());
    assert_eq!(b.store.undo(&id, 2, "a").await.expect("nothing to undo"), None);

    // After posting a correction is a new version.
    b.store.decide(&id, 2, FIELD, &Edit::Set(Value::One("柏病院".into())), "a").await.expect("decide");
    b.store.decide(&id, 2, TYPE, &Edit::Set(Value::One("nursing_summary".into())), "a").await.expect("decide");
    b.store.confirm_fields(&id, 2, &[], "a").await.expect("save");
    let view = b.store.document(&id).await.expect("document").expect("is there");
    assert_eq!((view.revision, view.corrections, view.content.kind.as_str()), (3, 1, "nursing_summary"));
    let posts = b.store.timeline("R-0001", 10).await.expect("timeline");
    assert_eq!((posts.len(), posts[0].kind.as_str(), posts[0].revision), (1, "nursing_summary", 3));
    // One of the city's own fields has the name that it was added under.
    let own = Edit::Add { value: Value::One("A型".into()), page: 1, name: Some("血液型".into()) };
    b.store.decide(&id, 3, "x.blood_type", &own, "a").await.expect("decide");
    b.store.confirm_fields(&id, 3, &[], "a").await.expect("save");
    assert_eq!(content(&b, &id).await.fields["x.blood_type"].label("x.blood_type"), "血液型");
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn a_sheet_that_is_two_goes_apart_and_loses_nothing() {
    let b = bench().await;
    b.receive("scan", "a.tif", b"fax").await;
    b.through(&[long(State::Review, None)]).await;
    let id = b.store.review_list(10).await.expect("list")[0].document.clone();
    b.store.decide(&id, 1, FIELD, &Edit::Confirm, "a").await.expect("decide");
    assert!(refused(b.store.split(&id, 1, 1, "a").await).contains("最初"));
    assert!(refused(b.store.split(&id, 2, 2, "a").await).contains("先に更新"));
    let other = b.store.split(&id, 1, 2, "a").await.expect("split");
    assert_eq!(b.store.split(&id, 1, 2, "a").await.expect("a double click"), other);
    let (first, second) = (content(&b, &id).await, content(&b, &other).await);
    assert_eq!((first.pages.as_slice(), second.pages.as_slice()), (&[1][..], &[2, 3][..]));
    assert_eq!(first.text("clinical.medications").as_deref(), Some("甲錠"));
    assert_eq!(second.text("clinical.medications").as_deref(), Some("乙錠、丙錠"));
    assert_eq!(second.fields["clinical.medications"].page, 2);
    assert!(first.fields.contains_key("patient.name") && !second.fields.contains_key("patient.name"));
    assert!(second.fields.contains_key("message.body") && !first.fields.contains_key("message.body"));
    assert_eq!(first.fields[FIELD].status, Status::Accepted, "what was decided stays decided");
    assert_eq!(b.store.review_list(10).await.expect("list").len(), 2);
    b.store.post_sheet(&other, Some(1), "R-0001", "a").await.expect("post");
    // A posted one can be split as well; what is left stands.
    let third = b.store.split(&other, 2, 3, "a").await.expect("split");
    assert_eq!(content(&b, &third).await.pages, [3]);
    let posts = b.store.timeline("R-0001", 10).await.expect("timeline");
    assert_eq!((posts.len(), posts[0].pages.as_slice(), posts[0].revision), (1, &[2][..], 3));
    let line = &b.store.status().await.expect("status")[0];
    assert_eq!((line.state.as_str(), line.documents.len()), ("posted", 3));
    assert!(b.faults().await.is_empty());

    // And together again: lists in the order of the pages, what both have as the first has it.
    assert_eq!(b.store.joins(&id).await.expect("before"), None, "nothing comes before the first");
    assert_eq!(b.store.joins(&other).await.expect("before"), None, "it stands in a room");
    assert_eq!(b.store.joins(&third).await.expect("before").as_ref(), Some(&other));
    assert!(refused(b.store.rejoin(&third, 9, "a").await).contains("先に更新"));
    assert_eq!(b.store.rejoin(&third, 1, "a").await.expect("joined"), other);
    let whole = content(&b, &other).await;
    assert_eq!(
        (whole.pages.as_slice(), whole.text("clinical.medications").as_deref()),
        (&[2, 3][..], Some("乙錠、丙錠"))
    );
    let posts = b.store.timeline("R-0001", 10).await.expect("timeline");
    assert_eq!((posts.len(), posts[0].pages.as_slice(), posts[0].revision), (1, &[2, 3][..], 4));
    assert!(b.store.rejoin(&third, 2, "a").await.is_err(), "once");
    assert!(refused(b.store.post_sheet(&third, None, "R-0002", "a").await).contains("つなげて"));
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn a_turned_page_stays_turned_and_goes_round() {
    let b = bench().await;
    let id = held(&b).await;
    for wanted in [90, 180, 270, 0, 90] {
        assert_eq!(b.store.turn_page(&id, 1, "a").await.expect("turn"), wanted);
    }
    assert!(refused(b.store.turn_page(&id, 2, "a").await).contains("ページ"));
    let view = b.store.document(&id).await.expect("document").expect("is there");
    assert_eq!((view.images[0].turn, view.revision), (90, 1));
}

#[tokio::test]
async fn what_is_set_apart_tells_by_whom_and_waits_for_nobody() {
    let b = bench().await;
    let id = held(&b).await;
    assert!(refused(b.store.close_as(&id, Some(2), State::Quarantined, "誤送信", "a").await).contains("先に更新"));
    b.store.close_as(&id, Some(1), State::Quarantined, "誤送信", "a").await.expect("quarantine");
    let list = b.store.review_list(10).await.expect("list");
    assert_eq!(list[0].quarantined_by.as_deref(), Some("a"));
    assert_eq!(b.store.waiting().await.expect("waiting"), 0);
    b.store.post_sheet(&id, Some(1), "R-0001", "b").await.expect("it was ours after all");
    let view = b.store.document(&id).await.expect("document").expect("is there");
    assert_eq!(view.quarantined_by, None);
    assert!(b.faults().await.is_empty());
}
