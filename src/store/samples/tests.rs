//! Samples from the draw to the fallback: what is drawn, that nobody is told what the machine read, what is wrong is put
//! right in the room, and a field that is wrong too often waits for a person.

use std::collections::BTreeMap;

use super::*;
use crate::figures::EVERYWHERE;
use crate::model::Document;
use crate::store::accept::{Sheet, State};
use crate::store::tests::{Bench, bench, field, sheet};

const WEEK: i64 = 7 * 86_400_000;

async fn sampling(share: f64, weekly: i64) -> Bench {
    let mut b = bench().await;
    b.store = b.store.clone().sampling(Sampling { share, weekly, limit: 0.01 });
    b
}

/// A sheet that goes straight through, of that hospital.
async fn through(b: &Bench, n: usize, hospital: &str) -> String {
    let mut s: Sheet = sheet(State::Posted, Some("R-0001"));
    s.document.sender_id = Some(hospital.to_owned());
    s.document.fields.insert("patient.birth_date".into(), field("1940-01-02", Status::Accepted));
    b.receive("scan", &format!("{hospital}-{n}.tif"), format!("{hospital} {n}").as_bytes()).await;
    b.through(&[s]).await;
    b.store.status().await.expect("status").last().expect("a line").documents[0].id.clone()
}

async fn answers(b: &Bench, id: &str, wrong: &[&str]) {
    let sample = b.store.sample(id).await.expect("look").expect("a sample");
    for asked in &sample.asked {
        let value = sample.content.fields[&asked.field].value.clone();
        if wrong.contains(&asked.field.as_str()) {
            let other = Answer::Value(Value::One("1941-01-02".into()));
            assert_eq!(b.store.answer_sample(id, &asked.field, &other, "p").await.expect("answer"), Stand::Differs);
            b.store.judge_sample(id, &asked.field, false, "p").await.expect("judge");
        } else {
            let stand = b.store.answer_sample(id, &asked.field, &Answer::Value(value), "p").await.expect("answer");
            assert_eq!(stand, Stand::Right);
        }
    }
}

#[tokio::test]
async fn a_week_has_its_samples_of_every_hospital_and_only_of_what_went_straight_through() {
    let b = sampling(0.02, 5).await;
    for n in 0..7 {
        through(&b, n, "I-1").await;
    }
    through(&b, 0, "I-2").await;
    b.receive("scan", "held.tif", b"held").await;
    b.through(&[sheet(State::Review, None)]).await;
    let held = b.store.review_list(5).await.expect("list").remove(0).document;
    b.store.choose_room(&held, "R-0001", "p").await.expect("post");
    let all = b.store.samples(100).await.expect("samples");
    let of = |hospital: &str| all.iter().filter(|s| s.hospital == hospital).count();
    assert!((5..=7).contains(&of("I-1")), "five at least: {}", of("I-1"));
    assert_eq!(of("I-2"), 1);
    assert!(all.iter().all(|s| s.document != held && s.fields == 3), "{all:?}");
    assert!(b.store.sample(&held).await.expect("look").is_none());
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn what_a_week_lacks_is_drawn_at_its_end() {
    let b = sampling(0.0, 2).await;
    // A hospital that used to send many, so that hardly any of the few of this week is drawn.
    for n in 0..4 {
        through(&b, n, "I-1").await;
    }
    let mut tx = b.store.db.begin().await.expect("begin");
    for n in 0..400 {
        query("INSERT INTO figure (document, hospital, kind, received, posted, machine, fields, unsure, chance) VALUES ($1,'I-1','referral',$2,$2,1,1,0,1)")
            .bind(format!("old {n}"))
            .bind(b.store.now() - WEEK - n)
            .execute(tx.conn())
            .await
            .expect("a row");
    }
    query("DELETE FROM sample_field").execute(tx.conn()).await.expect("none");
    query("DELETE FROM sample").execute(tx.conn()).await.expect("none");
    tx.commit().await.expect("commit");
    b.pass(WEEK);
    assert_eq!(b.store.top_up_samples().await.expect("top up"), 2);
    assert_eq!(b.store.top_up_samples().await.expect("top up"), 0, "once a week");
    let all = b.store.samples(10).await.expect("samples");
    assert_eq!(all.len(), 2);
    let mut tx = b.store.db.snapshot().await.expect("snapshot");
    let rows = query("SELECT chance, topped FROM sample").fetch_all(tx.conn()).await.expect("rows");
    assert!(rows.iter().all(|r| r.get::<i64>("topped") == 1 && r.get::<i64>("chance") >= 500_000), "two of four");
}

#[tokio::test]
async fn what_is_found_wrong_is_put_right_in_the_room_and_nothing_typed_is_kept() {
    let b = sampling(1.0, 0).await;
    let id = through(&b, 1, "I-1").await;
    assert!(matches!(b.store.judge_sample(&id, "patient.name", true, "p").await, Err(StoreError::Refused(_))));
    answers(&b, &id, &["patient.birth_date"]).await;
    let again = b.store.answer_sample(&id, "patient.name", &Answer::Absent, "p").await;
    assert!(matches!(again, Err(StoreError::Refused(_))), "nobody is blind twice");
    assert_eq!(b.store.samples(5).await.expect("list")[0].wrong, 1, "it waits to be put right");
    assert!(b.store.correct_sample(&id, "p").await.expect("correct"));
    let d = b.store.document(&id).await.expect("document").expect("is there");
    assert_eq!((d.content.text("patient.birth_date").as_deref(), d.revision), (Some("1941-01-02"), 2));
    let told: i64 = scalar("SELECT count(*) FROM outbox WHERE document = $1 AND revision = 2 AND sink = 'mail'")
        .bind(&id)
        .fetch_one(b.store.db.reader())
        .await
        .expect("rows");
    assert_eq!(told, 2, "the room hears of it");
    let kept: i64 = scalar("SELECT count(*) FROM sample_field WHERE typed IS NOT NULL")
        .fetch_one(b.store.db.reader())
        .await
        .expect("rows");
    assert_eq!(kept, 0);
    assert_eq!(b.store.samples_open().await.expect("open"), 0);
    assert!(!b.store.correct_sample(&id, "p").await.expect("correct"), "once");
    assert_eq!(b.store.drawn_samples().await.expect("samples")[&id].weight, 1.0);
    assert!(b.faults().await.is_empty());

    // A person's slip, something nobody can read, and something that is not there.
    let id = through(&b, 2, "I-1").await;
    for (key, answer) in [
        ("patient.name", Answer::Value(Value::One("柏 花江".into()))),
        ("patient.birth_date", Answer::Unreadable),
        ("encounter.discharge_date", Answer::Absent),
    ] {
        b.store.answer_sample(&id, key, &answer, "p").await.expect("answer");
    }
    b.store.judge_sample(&id, "patient.name", true, "p").await.expect("judge");
    b.store.judge_sample(&id, "encounter.discharge_date", false, "p").await.expect("judge");
    // Somebody was faster: what that one left stays.
    b.store
        .confirm_fields(&id, 1, &[("encounter.discharge_date".into(), Edit::Set(Value::One("2026-12-09".into())))], "q")
        .await
        .expect("edit");
    assert!(!b.store.correct_sample(&id, "p").await.expect("nothing is left to correct"));
    let d = b.store.document(&id).await.expect("document").expect("is there");
    assert_eq!((d.content.text("encounter.discharge_date").as_deref(), d.revision), (Some("2026-12-09"), 2));
    let rates = b.store.sample_rates().await.expect("rates");
    let told: BTreeMap<&str, (i64, i64)> =
        rates.iter().map(|r| (r.field.as_str(), (r.sums.checked, r.sums.errors))).collect();
    assert_eq!(told["patient.name"], (2, 0));
    assert_eq!(told["patient.birth_date"], (1, 1), "what nobody can read tells nothing");
    assert_eq!(told["encounter.discharge_date"], (2, 1));
}

#[tokio::test]
async fn a_field_that_is_wrong_too_often_falls_back_until_it_is_lifted() {
    let b = sampling(1.0, 0).await;
    let key = "patient.birth_date";
    let mut n = 0;
    let mut run = async |hospital: &str, wrong: &[&str]| {
        n += 1;
        b.pass(1);
        let id = through(&b, n, hospital).await;
        answers(&b, &id, wrong).await;
    };
    run("I-2", &[]).await;
    for _ in 0..8 {
        run("I-1", &[]).await;
    }
    run("I-1", &[key]).await;
    assert!(b.store.fallen().await.expect("fallen").is_empty(), "one may be chance");
    run("I-1", &[key]).await;
    let fallen = b.store.fallen().await.expect("fallen");
    assert_eq!(fallen, [(key.to_owned(), "I-1".to_owned())].into());
    let letters = b.store.open_letters().await.expect("letters");
    assert_eq!(letters.len(), 1, "the administrator is told");
    let letter = b.store.claim_letter(60_000).await.expect("claim").expect("a letter").letter;
    assert!(letter.body.contains("生年月日") && !letter.body.contains("1941"), "{}", letter.body);
    // More of the same does not fall twice, and does not fall on the others.
    run("I-1", &[key]).await;
    assert_eq!(b.store.fallen().await.expect("fallen").len(), 1);

    let one = b.store.fallbacks(10).await.expect("list").remove(0);
    assert_eq!((one.checked, one.errors), (10, 2));
    assert!(b.store.lift_fallback(&one.id, " ", "admin").await.is_err(), "a reason is asked");
    b.pass(1);
    b.store.lift_fallback(&one.id, "用紙が変わったため規則を直した", "admin").await.expect("lifted");
    assert!(b.store.lift_fallback(&one.id, "x", "admin").await.is_err());
    // What was found before does not count again.
    run("I-1", &[key]).await;
    assert!(b.store.fallen().await.expect("fallen").is_empty());
    run("I-1", &[key]).await;
    assert_eq!(b.store.fallen().await.expect("fallen").len(), 1);

    // Wrong here and there: everywhere.
    for h in ["I-3", "I-4", "I-5"] {
        run(h, &["encounter.discharge_date"]).await;
    }
    let fallen = b.store.fallen().await.expect("fallen");
    assert!(fallen.contains(&("encounter.discharge_date".to_owned(), EVERYWHERE.to_owned())), "{fallen:?}");
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn a_sheet_that_is_sent_again_is_no_sample_and_a_canary_no_figure() {
    let b = sampling(1.0, 0).await;
    b.receive("scan", "c.tif", b"canary").await;
    b.through(&[sheet(State::Posted, Some(crate::register::CANARY_ROOM))]).await;
    let rows: i64 = scalar("SELECT count(*) FROM figure").fetch_one(b.store.db.reader()).await.expect("rows");
    assert_eq!((rows, b.store.samples_open().await.expect("open")), (0, 0));
    let doc = Document { sender_id: None, ..sheet(State::Posted, None).document };
    assert_eq!(crate::figures::hospital(&doc), "", "an unsure sender is nobody");
}
