//! Revisions, drafts and offers on a store with sheets in it.

use std::collections::BTreeMap;

use super::super::accept::State;
use super::super::review::Edit;
use super::super::tests::{Bench, bench, field, sheet};
use super::*;
use crate::model::{Status, Value};

fn new<'a>(layer: &'a str, hash: &'a str, parent: i64) -> NewRules<'a> {
    NewRules { layer, hash, parent, reason: "試験", tried: "{}" }
}

#[tokio::test]
async fn rules_are_put_in_force_one_after_the_other_and_never_over_somebody_elses() {
    let b = bench().await;
    let store = &b.store;
    assert_eq!(store.rules_version().await.expect("version"), 0);
    store.keep_rule_draft("a", 0, r#"{"common.toml":"x"}"#).await.expect("a draft");
    store.keep_rule_draft("b", 0, "{}").await.expect("another's draft");
    assert_eq!(store.activate_rules(&new(r#"{"common.toml":"x"}"#, "h1", 0), "a").await.expect("in force"), 1);
    assert_eq!(store.rule_draft("a").await.expect("draft"), None, "it is done");
    let late = store.activate_rules(&new("{}", "h2", 0), "b").await;
    assert!(matches!(late, Err(StoreError::Refused(_))), "{late:?}");
    assert!(store.rule_draft("b").await.expect("draft").is_some(), "nothing is lost");
    assert!(store.activate_rules(&new("{}", "h1", 1), "b").await.is_err(), "the same again");
    assert_eq!(store.activate_rules(&new("{}", "h2", 1), "b").await.expect("in force"), 2);
    // One step back is a step forward.
    assert_eq!(store.return_to_rules(1, 2, ("{}", "h0"), "b").await.expect("back"), 3);
    let all = store.rule_revisions(9).await.expect("revisions");
    assert_eq!(all.iter().map(|r| (r.number, r.hash.as_str())).collect::<Vec<_>>(), [(3, "h1"), (2, "h2"), (1, "h1")]);
    assert_eq!(store.return_to_rules(0, 3, ("{}", "h0"), "b").await.expect("the base"), 4);
    assert!(store.return_to_rules(9, 4, ("{}", "h0"), "b").await.is_err());
    assert!(store.verify().await.expect("verify").faults.is_empty());
}

/// A posted sheet with two fields, of which a person took one away and put the other right.
async fn decided() -> (Bench, String) {
    let b = bench().await;
    b.receive("scan", "a.tif", b"one").await;
    let mut s = sheet(State::Posted, Some("R-0001"));
    s.document.fields = BTreeMap::from([
        ("patient.birth_date".to_owned(), field("1930-01-01", Status::Review)),
        ("care.level".to_owned(), field("care_1", Status::Review)),
        ("patient.sex".to_owned(), field("male", Status::Accepted)),
    ]);
    b.through(&[s]).await;
    let id = b.store.timeline("R-0001", 9).await.expect("timeline").remove(0).document;
    let edits = [
        ("patient.birth_date".to_owned(), Edit::Set(Value::One("1931-01-01".into()))),
        ("care.level".to_owned(), Edit::Remove),
    ];
    b.store.confirm_fields(&id, 1, &edits, "p").await.expect("confirmed");
    (b, id)
}

#[tokio::test]
async fn what_a_person_said_of_a_sheet_is_its_truth() {
    let (b, id) = decided().await;
    let open = b.store.unmarked(9).await.expect("unmarked");
    assert_eq!(open.iter().map(|o| (o.0.as_str(), o.1)).collect::<Vec<_>>(), [(id.as_str(), 2)]);
    let mark = Mark { numbers: "0471001234".into(), text: "ふじの病院".into() };
    b.store.mark_sheet(&id, 2, &mark).await.expect("marked");
    assert!(b.store.unmarked(9).await.expect("unmarked").is_empty());
    let all = b.store.confirmed().await.expect("confirmed");
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].mark, mark);
    let truth: Vec<(&str, Option<String>)> =
        all[0].truth.iter().map(|(k, v)| (k.as_str(), v.as_ref().map(Value::text))).collect();
    assert_eq!(truth, [("care.level", None), ("patient.birth_date", Some("1931-01-01".into()))]);
}

/// What went straight through, and a blind sample found right.
#[tokio::test]
async fn what_a_blind_sample_found_is_truth_that_stands_for_more_sheets() {
    use super::super::samples::{Answer, Sampling};
    let mut b = bench().await;
    b.store = b.store.clone().sampling(Sampling { share: 1.0, weekly: 0, limit: 0.0 });
    b.receive("scan", "a.tif", b"one").await;
    b.through(&[sheet(State::Posted, Some("R-0001"))]).await;
    let id = b.store.timeline("R-0001", 9).await.expect("timeline").remove(0).document;
    let mut tx = b.store.db.begin().await.expect("begin");
    query("UPDATE sample SET chance = 20000").execute(tx.conn()).await.expect("one of fifty");
    tx.commit().await.expect("commit");
    let mark = async || {
        let open = b.store.unmarked(9).await.expect("unmarked");
        for (document, revision, _) in &open {
            b.store.mark_sheet(document, *revision, &Mark::default()).await.expect("marked");
        }
        open.len()
    };
    let say = async |field: &str, answer: Answer| {
        b.store.answer_sample(&id, field, &answer, "p").await.expect("answered");
    };
    say("patient.name", Answer::Value(Value::One("柏 花子".into()))).await;
    assert_eq!(mark().await, 0, "the sample is not done");
    // A person confirms a field of the sheet that no sample asks for, before the sample is done.
    let confirm = [("sender.institution".to_owned(), Edit::Confirm)];
    b.store.confirm_fields(&id, 1, &confirm, "p").await.expect("confirmed");
    assert_eq!(mark().await, 1);
    say("encounter.discharge_date", Answer::Unreadable).await;
    assert_eq!(mark().await, 1, "what is true is made anew with what the sample tells");
    let all = b.store.confirmed().await.expect("confirmed");
    let truth: Vec<(&str, f64)> = all[0].truth.keys().map(|k| (k.as_str(), all[0].weight(k))).collect();
    assert_eq!(truth, [("patient.name", 50.0), ("sender.institution", 1.0)]);
    let said = b.store.said(&id, 2).await.expect("said");
    assert!(said.contains("patient.name"), "reading again never offers another");
    // What is changed later is the newer word.
    let set = [("patient.name".to_owned(), Edit::Set(Value::One("柏 花江".into())))];
    b.store.confirm_fields(&id, 2, &set, "p").await.expect("changed");
    assert_eq!(mark().await, 1);
    let all = b.store.confirmed().await.expect("confirmed");
    assert_eq!(all[0].truth["patient.name"], Some(Value::One("柏 花江".into())));
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn an_offer_changes_a_posted_sheet_only_where_a_person_takes_it() {
    let (b, id) = decided().await;
    let offered = BTreeMap::from([
        ("patient.sex".to_owned(), Some(field("female", Status::Review))),
        ("patient.birth_date".to_owned(), None),
    ]);
    b.store.offer_reread(&id, 2, "sha256:new", &offered, "r").await.expect("offered");
    assert_eq!(b.store.offers(9).await.expect("offers").len(), 1);
    assert_eq!(b.store.document(&id).await.expect("read").expect("there").revision, 2, "nothing by itself");
    let stale = b.store.take_offer(&id, 1, &["patient.sex".to_owned()], "r").await;
    assert!(matches!(stale, Err(StoreError::Refused(_))), "{stale:?}");
    // (whoever decided about it last has it in hand)
    b.store.take_offer(&id, 2, &["patient.sex".to_owned()], "p").await.expect("taken");
    let d = b.store.document(&id).await.expect("read").expect("there");
    assert_eq!((d.revision, d.reader.rules.as_str()), (3, "sha256:new"));
    assert_eq!(d.content.accepted("patient.sex").as_deref(), Some("female"));
    assert_eq!(d.content.accepted("patient.birth_date").as_deref(), Some("1931-01-01"), "not taken");
    assert!(b.store.offers(9).await.expect("offers").is_empty());
    assert!(b.store.verify().await.expect("verify").faults.is_empty());
}
