//! What is due, for whom, and who is reminded once.

use super::super::accept::{Sheet, State};
use super::super::review::Edit;
use super::super::tests::{Bench, bench, field, sheet};
use super::*;
use crate::account::Role;
use crate::model::Status;

// The bench's clock begins on 2025-11-23, 10:00 in Japan.
const DAY: i64 = 86_400_000;

fn with(room: &str, kind: &str, fields: &[(&str, &str)]) -> Sheet {
    let mut s = sheet(State::Posted, Some(room));
    s.document.kind = kind.into();
    s.document.fields.remove("encounter.discharge_date");
    for (key, value) in fields {
        s.document.fields.insert((*key).into(), field(value, Status::Accepted));
    }
    s
}

async fn come(b: &Bench, name: &str, sheet: Sheet) {
    b.receive("scan", name, name.as_bytes()).await;
    b.through(&[sheet]).await;
    b.pass(1000);
}

async fn listed(b: &Bench, whose: Whose<'_>) -> Vec<String> {
    let day = |d: &str| d.parse().expect("a day");
    let all = b.store.deadlines(whose, day("2025-11-01"), day("2026-12-31")).await.expect("deadlines");
    all.into_iter().map(|d| format!("{} {} {}", d.due, d.what.as_str(), d.room)).collect()
}

#[tokio::test]
async fn what_sheets_say_is_due_and_the_newest_is_right() {
    let b = bench().await;
    let reviewer = super::super::testing::reviewer();
    let order = [("order.period_start", "2025-12-01"), ("order.period_end", "2026-05-31")];
    come(&b, "order", with("R-0001", "nursing_order", &order)).await;
    come(&b, "early", with("R-0001", "referral", &[("encounter.discharge_date", "2025-11-28")])).await;
    come(&b, "late", with("R-0001", "discharge_summary", &[("encounter.discharge_date", "2025-12-02")])).await;
    let meeting = [("conference.datetime", "2025-11-26T14:00")];
    come(&b, "meeting", with("R-0002", "conference_notice", &meeting)).await;
    come(&b, "admitted", with("R-0002", "contact_sheet", &[("encounter.admission_date", "2025-11-22")])).await;
    come(&b, "long ago", with("R-0001", "contact_sheet", &[("encounter.admission_date", "2025-10-01")])).await;
    let mut unsure = with("R-0002", "nursing_order", &[]);
    unsure.document.fields.insert("order.period_end".into(), field("2026-01-31", Status::Review));
    come(&b, "unsure", unsure).await;
    let all = [
        "2025-11-24 admission R-0002",
        "2025-11-26 conference R-0002",
        "2025-12-02 discharge R-0001",
        "2026-05-31 order R-0001",
    ];
    assert_eq!(listed(&b, Whose::All(&reviewer)).await, all);
    let nurse = Account { mailbox: "a@example.jp".into(), roles: Role::Viewer.into(), ..reviewer.clone() };
    assert_eq!(listed(&b, Whose::All(&nurse)).await, all[2..]);
    assert_eq!(listed(&b, Whose::Office(&reviewer, "B@example.jp")).await, all[2..]);
    assert!(listed(&b, Whose::Office(&nurse, "stranger@example.jp")).await.is_empty());
    // The care manager has told the hospital.
    come(&b, "told", with("R-0002", "admission_info", &[("encounter.admission_date", "2025-11-22")])).await;
    assert_eq!(listed(&b, Whose::All(&reviewer)).await, all[1..]);
}

#[tokio::test]
async fn a_special_order_ends_on_its_fourteenth_day_where_its_end_is_not_sure() {
    let b = bench().await;
    let reviewer = super::super::testing::reviewer();
    let special = crate::completeness::Look { form: Some(SPECIAL_FORM), ..Default::default() };
    let mut order = with("R-0001", "nursing_order", &[("order.period_start", "2025-11-24")]);
    order.document.fields.insert("order.period_end".into(), field("2025-12-01", Status::Review));
    b.receive("scan", "special", b"special").await;
    b.through_as(&[order.clone()], &[special]).await;
    // Of another order nobody knows its length.
    order.room = Some("R-0002".into());
    come(&b, "plain", order).await;
    let day = |d: &str| d.parse::<Date>().expect("a day");
    let all = b.store.deadlines(Whose::All(&reviewer), day("2025-11-01"), day("2026-12-31")).await.expect("deadlines");
    assert_eq!(all.len(), 1, "{all:?}");
    let d = &all[0];
    assert_eq!((d.due, d.at.as_str(), d.room.as_str()), (day("2025-12-07"), "2025-11-24", "R-0001"));
    assert!(d.special && d.is_special() && d.is_counted());
    // A person reads the end: it is the sheet's from then on.
    let edit = Edit::Set(crate::model::Value::One("2025-12-01".into()));
    b.store.confirm_fields(&d.document, 1, &[("order.period_end".into(), edit)], "p").await.expect("confirmed");
    let all = b.store.deadlines(Whose::All(&reviewer), day("2025-11-01"), day("2026-12-31")).await.expect("deadlines");
    assert!(all.len() == 1 && all[0].due == day("2025-12-01") && !all[0].is_counted(), "{all:?}");
    assert!(all[0].special, "by its heading");
}

#[tokio::test]
async fn a_room_is_reminded_of_an_order_that_ends_twice_and_of_each_day_once() {
    let b = bench().await;
    let order = |from, to| [("order.period_start", from), ("order.period_end", to)];
    come(&b, "order", with("R-0001", "nursing_order", &order("2025-10-01", "2025-12-31"))).await;
    come(&b, "special", with("R-0001", "nursing_order", &order("2025-11-23", "2025-12-06"))).await;
    let due = async |b: &Bench| {
        let all = b.store.reminders().await.expect("reminders");
        for r in &all {
            let letter = |m: &String| Letter {
                key: format!("{}-{}-{}-{m}", r.of.document, r.of.due, r.days),
                recipient: m.clone(),
                subject: String::new(),
                body: String::new(),
                attached: None,
            };
            let letters: Vec<Letter> = r.members.iter().map(letter).collect();
            b.store.remind(r, &letters).await.expect("letters");
            b.store.remind(r, &letters).await.expect("once more");
        }
        all.into_iter().map(|r| format!("{} {}", r.of.due, r.days)).collect::<Vec<_>>()
    };
    let letters = async |b: &Bench| b.store.open_letters().await.expect("letters").len();
    assert!(due(&b).await.is_empty(), "the special one came within its fortnight");
    b.pass(10 * DAY);
    assert_eq!(due(&b).await, ["2025-12-06 3"]);
    assert_eq!(letters(&b).await, 2, "to each member, once");
    b.pass(14 * DAY);
    assert_eq!(due(&b).await, ["2025-12-31 14"]);
    assert_eq!(letters(&b).await, 4);
    b.pass(DAY);
    due(&b).await;
    assert_eq!(letters(&b).await, 4, "not on every day");
    b.pass(10 * DAY);
    assert_eq!(due(&b).await, ["2025-12-31 3"]);
    assert_eq!(letters(&b).await, 6);
    // The next one is there.
    come(&b, "next", with("R-0001", "nursing_order", &order("2026-01-01", "2026-06-30"))).await;
    assert!(due(&b).await.is_empty());
    assert!(b.store.verify().await.expect("verify").faults.is_empty());
}

#[tokio::test]
async fn a_calendars_address_is_good_until_it_is_renewed() {
    let b = bench().await;
    let account = b.store.demo_account("viewer").await.expect("an account");
    let first = b.store.renew_feed(&account).await.expect("an address");
    assert_eq!(b.store.open_feed(&first).await.expect("read").map(|a| a.id), Some(account.id.clone()));
    let second = b.store.renew_feed(&account).await.expect("an address");
    assert!(b.store.open_feed(&first).await.expect("read").is_none());
    assert!(b.store.open_feed(&second).await.expect("read").is_some());
    assert!(b.store.feed(&account).await.expect("read").is_some_and(|(_, used)| used.is_some()));
    b.store.end_feed(&account).await.expect("ended");
    assert!(
        b.store.open_feed(&second).await.expect("read").is_none()
            && b.store.open_feed("").await.expect("read").is_none()
    );
}
