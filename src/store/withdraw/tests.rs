//! What was put into a wrong room and is taken back.

use serde_json::json;

use crate::store::outbox::Outcome;
use crate::store::review::Edit;
use crate::store::tests::{Bench, bench, sheet};
use crate::store::{Bond, Result, State, StoreError};

fn refused<T: std::fmt::Debug>(answer: Result<T>) -> String {
    match answer {
        Err(StoreError::Refused(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

async fn standing(b: &Bench, room: &str) -> Vec<String> {
    b.store.timeline(room, 10).await.expect("timeline").into_iter().map(|p| p.document).collect()
}

async fn state(b: &Bench, id: &str) -> (State, Option<String>) {
    let d = b.store.document(id).await.expect("document").expect("is there");
    (d.state, d.room)
}

/// Letters that are due: to whom.
async fn letters(b: &Bench) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(l) = b.store.claim_letter(60_000).await.expect("claim") {
        b.store.commit_letter(&l, &crate::store::letters::Sent::Sent).await.expect("sent");
        assert!(!l.letter.body.contains("柏") && !l.letter.subject.contains("柏"), "no patient data");
        all.push(l.letter.recipient);
    }
    all.sort();
    all
}

#[tokio::test]
async fn a_sheet_leaves_the_wrong_room_at_once_and_stands_in_the_right_one() {
    let b = bench().await;
    let id = b.comes("a.tif", None).await;
    // One member was told, the other's notice is on its way.
    let first = b.store.claim_delivery("mail", 600_000).await.expect("claim").expect("a notice");
    b.store.commit_delivery(&first, &Outcome::Sent { remote: "x".into() }).await.expect("sent");
    let second = b.store.claim_delivery("mail", 600_000).await.expect("claim").expect("another");
    b.pass(1_000);
    b.store.log_access("nurse@example.jp", "read", &id, json!({})).await.expect("log");
    b.store.log_access("nurse@example.jp", "read_page", &id, json!({})).await.expect("log");
    b.store.log_access("other@example.jp", "read_room", "R-0001", json!({})).await.expect("log");
    b.store.log_access("other@example.jp", "read_room", "R-0002", json!({})).await.expect("log");
    b.pass(1_000);

    assert!(refused(b.store.withdraw(&id, 7, Some("R-0002"), "p").await).contains("先に更新"));
    assert!(refused(b.store.withdraw(&id, 1, Some("R-0001"), "p").await).contains("同じ部屋"));
    assert!(refused(b.store.withdraw(&id, 1, Some("R-9999"), "p").await).contains("部屋はありません"));
    b.store.withdraw(&id, 1, Some("R-0002"), "p").await.expect("withdraw");
    assert!(refused(b.store.withdraw(&id, 1, Some("R-0002"), "p").await).contains("先に更新"), "a double click");
    assert!(standing(&b, "R-0001").await.is_empty());
    assert_eq!(standing(&b, "R-0002").await, std::slice::from_ref(&id));
    assert_eq!(state(&b, &id).await, (State::Posted, Some("R-0002".into())));
    let late = b.store.commit_delivery(&second, &Outcome::Sent { remote: "x".into() }).await;
    assert!(matches!(late, Err(StoreError::Stale)), "{late:?}");
    assert!(b.store.claim_delivery("mail", 60_000).await.expect("claim").is_none(), "R-0002 has no members");
    // Who has it is told at once; who may get it yet, not before its sender's time is up.
    assert_eq!(letters(&b).await, std::slice::from_ref(&first.posting.recipient));
    b.pass(600_000);
    assert_eq!(letters(&b).await, std::slice::from_ref(&second.posting.recipient));

    let seen = b.store.exposures(&id).await.expect("exposures").remove(0);
    assert_eq!(seen.room, "R-0001");
    let who: Vec<(&str, usize)> = seen.opened.iter().map(|o| (o.login.as_str(), o.actions.len())).collect();
    assert_eq!(who, [("nurse@example.jp", 2), ("other@example.jp", 1)]);
    let mut told: Vec<(&str, Option<&str>)> =
        seen.told.iter().map(|t| (t.state.as_str(), t.taken_back.as_deref())).collect();
    told.sort_unstable();
    assert_eq!(told, [("cancelled", Some("sent")), ("sent", Some("sent"))]);
    assert_eq!(b.store.status().await.expect("status")[0].state, "posted");
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn without_a_right_room_it_waits_and_can_be_posted_under_a_new_key() {
    let b = bench().await;
    let id = b.comes("a.tif", None).await;
    let key = b.store.timeline("R-0001", 10).await.expect("timeline")[0].key.clone();
    b.store.withdraw(&id, 1, None, "p").await.expect("withdraw");
    b.store.withdraw(&id, 1, None, "p").await.expect("a double click");
    assert!(letters(&b).await.is_empty(), "nobody had been told yet");
    assert_eq!(b.store.open_deliveries("mail").await.expect("open").len(), 0);
    assert_eq!(state(&b, &id).await, (State::Withdrawn, None));
    let line = &b.store.status().await.expect("status")[0];
    assert_eq!((line.state.as_str(), line.documents[0].state.as_str()), ("ignored", "withdrawn"));
    assert!(line.reason.as_deref().is_some_and(|r| r.contains("取り下げ")), "{line:?}");
    // A form that was open meanwhile does not bring it back.
    let edit = [("sender.institution".to_owned(), Edit::Confirm)];
    refused(b.store.confirm_fields(&id, 1, &edit, "q").await);
    assert!(standing(&b, "R-0001").await.is_empty());
    let list = b.store.review_list(10).await.expect("list");
    assert_eq!((list.len(), b.store.waiting().await.expect("waiting")), (1, 1), "nobody forgets it");

    b.store.post_sheet(&id, Some(1), "R-0002", "p").await.expect("post");
    let post = b.store.timeline("R-0002", 10).await.expect("timeline").remove(0);
    assert_ne!(post.key, key);
    assert!(standing(&b, "R-0001").await.is_empty());
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn the_version_before_stands_again() {
    let b = bench().await;
    let version = |of: &str| Some((of.to_owned(), Bond::Version { differs: Vec::new() }));
    let first = b.comes("a.tif", None).await;
    let second = b.comes("b.tif", version(&first)).await;
    // The older one was put right meanwhile: its newest revision is what stands again, once.
    let edit = [("sender.institution".to_owned(), Edit::Confirm)];
    b.store.confirm_fields(&first, 1, &edit, "p").await.expect("confirm");
    b.store.confirm_fields(&second, 1, &edit, "p").await.expect("confirm");
    b.store.withdraw(&second, 2, Some("R-0002"), "p").await.expect("withdraw");
    let posts = b.store.timeline("R-0001", 10).await.expect("timeline");
    assert_eq!(posts.iter().map(|p| (p.document.as_str(), p.revision)).collect::<Vec<_>>(), [(first.as_str(), 2)]);
    let d = b.store.document(&first).await.expect("document").expect("is there");
    assert_eq!(d.line.after, None);
    let d = b.store.document(&second).await.expect("document").expect("is there");
    assert_eq!(d.line.before, None, "in the other room it is a version of nothing");
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn a_version_in_between_leaves_its_line_whole() {
    let b = bench().await;
    let version = |of: &str| Some((of.to_owned(), Bond::Version { differs: Vec::new() }));
    let first = b.comes("a.tif", None).await;
    let second = b.comes("b.tif", version(&first)).await;
    let third = b.comes("c.tif", version(&second)).await;
    b.store.withdraw(&second, 1, None, "p").await.expect("withdraw");
    assert_eq!(standing(&b, "R-0001").await, std::slice::from_ref(&third));
    let d = b.store.document(&third).await.expect("document").expect("is there");
    assert_eq!((d.line.before.map(|l| l.0), d.line.differs), (Some(first.clone()), vec!["page".to_owned()]));
    b.store.withdraw(&third, 1, Some("R-0002"), "p").await.expect("withdraw");
    assert_eq!(standing(&b, "R-0001").await, [first]);
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn what_was_sent_again_goes_with_the_first() {
    let b = bench().await;
    let first = b.comes("a.tif", None).await;
    let again = b.comes("b.tif", Some((first.clone(), Bond::Again))).await;
    assert!(refused(b.store.withdraw(&again, 1, None, "p").await).contains("再送"));
    b.store.withdraw(&first, 1, Some("R-0002"), "p").await.expect("withdraw");
    assert_eq!(state(&b, &again).await, (State::Posted, Some("R-0002".into())));
    b.store.withdraw(&first, 2, None, "p").await.expect("withdraw");
    assert_eq!(state(&b, &again).await, (State::Withdrawn, None));
    assert_eq!(b.store.review_list(10).await.expect("list").len(), 1, "what is the same waits once");
    assert_eq!(b.store.exposures(&first).await.expect("exposures").len(), 2);
    assert!(refused(b.store.set_aside(&again, "x", "p").await).contains("確認待ち"));
    b.store.quarantine(&first, "誤送信", "p").await.expect("it was for somebody else");
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn only_what_stands_in_a_room_is_taken_back_and_by_who_has_it_in_hand() {
    let b = bench().await;
    let id = b.comes("a.tif", None).await;
    b.store.hold(&id, "a").await.expect("hold");
    assert!(refused(b.store.withdraw(&id, 1, None, "b").await).contains("確認中"));
    b.receive("scan", "b.tif", b"b").await;
    b.through(&[sheet(State::Review, None)]).await;
    let list = b.store.review_list(10).await.expect("list");
    let held = list.iter().find(|h| h.state == State::Review).expect("held");
    assert!(refused(b.store.withdraw(&held.document, 1, None, "p").await).contains("掲載されている"));
}
