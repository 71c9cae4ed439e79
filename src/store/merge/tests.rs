//! Two rooms of one person, together and apart.

use super::super::accept::State;
use super::super::registers::{Record, Register, RoomFacts};
use super::super::tests::{Bench, bench, sheet};
use super::super::thread::Upload;
use super::*;

const OFFICE: &str = "viewer@demo.invalid";

/// R-0001 (a, b and the demo's nurse) and R-0002 (c), with these births.
async fn two(births: [&str; 2]) -> Bench {
    let b = bench().await;
    import(&b, &[("R-0001", births[0], &["a@example.jp", OFFICE]), ("R-0002", births[1], &["c@example.jp"])]).await;
    b
}

async fn import(b: &Bench, rooms: &[(&str, &str, &[&str])]) {
    let record = |(id, birth, members): &(&str, &str, &[&str])| {
        let members: Vec<String> = members.iter().map(|m| (*m).to_owned()).collect();
        Record {
            id: (*id).into(),
            data: serde_json::to_value(crate::register::Patient {
                room_id: (*id).into(),
                name: "森 一郎".into(),
                birth_date: (*birth).into(),
                members: members.clone(),
                ..Default::default()
            })
            .expect("JSON"),
            room: Some(RoomFacts {
                name: "森 一郎".into(), kana: "モリ".into(), birth_date: (*birth).into(), members
            }),
            ..Record::default()
        }
    };
    let records: Vec<Record> = rooms.iter().map(record).collect();
    b.store.import(Register::Patients, &records, "test").await.expect("import");
}

fn word(mail: &str, key: String) -> Letter {
    Letter { key, recipient: mail.into(), subject: "統合".into(), body: "…".into(), attached: None }
}

async fn come(b: &Bench, name: &str, room: &str) -> String {
    b.receive("scan", name, name.as_bytes()).await;
    b.through(&[sheet(State::Posted, Some(room))]).await;
    b.store.timeline(room, 1).await.expect("timeline").remove(0).document
}

async fn merge(b: &Bench, typed: &str) -> Result<String> {
    let stamp = b.store.pair("R-0001", "R-0002").await?.stamp()?;
    b.store.merge_rooms(("R-0001", "R-0002"), &stamp, typed, "名簿の二重登録", "chief", &word).await
}

/// Every row that tells of a room, but for times.
async fn whole(b: &Bench) -> Vec<String> {
    let mut tx = b.store.db.snapshot().await.expect("snapshot");
    let mut rows = Vec::new();
    for (table, key, room) in [
        ("document", "id", "room"),
        ("post", "key", "room"),
        ("outbox", "key", "room"),
        ("reply", "id", "room"),
        ("found", "document", "room"),
        ("deadline", "document", "room"),
        ("member", "room || ' ' || mail || ' ' || since", "coalesce(CAST(ended AS TEXT), 'in')"),
        ("room", "id", "coalesce(merged, 'itself') || coalesce(CAST(ended AS TEXT), 'open')"),
        ("gram", "gram", "subject"),
    ] {
        let sql = format!("SELECT {key} AS k, {room} AS r FROM {table} ORDER BY 1, 2");
        for r in super::super::db::composed(sql).fetch_all(tx.conn()).await.expect("rows") {
            rows.push(format!("{table} {} {:?}", r.get::<String>("k"), r.get::<Option<String>>("r")));
        }
    }
    // Who joins by a merger and leaves with it was a member for that time.
    rows.retain(|r| !r.starts_with("member R-0002") || r.contains("\"in\""));
    rows
}

#[tokio::test]
async fn two_rooms_become_one_and_are_parted_again() {
    let b = two(["1940-01-02", "1940-01-02"]).await;
    let (old, there) = (come(&b, "a", "R-0001").await, come(&b, "b", "R-0002").await);
    let nurse = b.store.demo_account("viewer").await.expect("an account");
    b.store.open_sheet(&nurse, &old, 1).await.expect("read");
    let file = Upload { name: "a.pdf".into(), media: "application/pdf", bytes: b"%PDF-".to_vec() };
    b.store.reply(&nurse, (&old, "R-0001"), Uuid::from_u128(1), "行きます", vec![file], word).await.expect("reply");
    let before = whole(&b).await;
    let pair = b.store.pair("R-0001", "R-0002").await.expect("both");
    assert_eq!((pair.source.sheets, pair.source.replies, pair.source.attachments, pair.source.seen), (1, 1, 1, 1));
    assert!(!pair.births_differ());
    let alike = b.store.alike(9).await.expect("alike");
    assert_eq!(
        alike.iter().map(|a| (a.source.as_str(), a.target.as_str())).collect::<Vec<_>>(),
        [("R-0002", "R-0001")]
    );
    assert!(matches!(
        b.store.merge_rooms(("R-0001", "R-0002"), "old", "", "理由", "chief", &word).await,
        Err(StoreError::Refused(_))
    ));
    b.pass(1_000);
    let merger = merge(&b, "").await.expect("merged");

    assert!(b.store.timeline("R-0001", 9).await.expect("none").is_empty());
    assert_eq!(b.store.timeline("R-0002", 9).await.expect("both").len(), 2);
    assert_eq!(b.store.room("R-0001").await.expect("room").expect("it").merged.as_deref(), Some("R-0002"));
    assert_eq!(b.store.thread(&old, "R-0002").await.expect("thread").len(), 1);
    assert_eq!(b.store.members("R-0002").await.expect("members"), ["a@example.jp", "c@example.jp", OFFICE]);
    assert!(b.store.members("R-0001").await.expect("members").is_empty());
    assert!(b.store.sees(&nurse, "R-0002").await.expect("sees"));
    let (hits, _) = b.store.search("R-0001", 9, &super::super::testing::reviewer()).await.expect("search");
    assert_eq!(hits.iter().map(|h| h.room.id.as_str()).collect::<Vec<_>>(), ["R-0002"], "found by its old number");
    let rooms: Vec<String> =
        b.store.registers().await.expect("registers").patients().iter().map(|p| p.room_id.clone()).collect();
    assert_eq!(rooms, ["R-0002", "R-0002"], "both entries mean the one room");
    // A sheet that was decided before goes where the room went, one that a person sends as well.
    b.receive("scan", "late", b"late").await;
    let job = b.claim().await.expect("read");
    b.store.commit_reading(&job, &Default::default(), Vec::new(), &Default::default()).await.expect("read");
    let job = b.claim().await.expect("accept");
    let (id, reader, _) = b.store.reading(&job.sha256).await.expect("reading");
    let stale = [sheet(State::Posted, Some("R-0001"))];
    let moved = b.store.accept(&job, &super::super::accept::Accepted::news(&id, &stale, &reader)).await;
    assert!(matches!(moved, Err(StoreError::Moved)), "{moved:?}");
    let held = [sheet(State::Review, None)];
    b.store.accept(&job, &super::super::accept::Accepted::news(&id, &held, &reader)).await.expect("accepted");
    let late = b.store.review_list(9).await.expect("list").into_iter().find(|h| h.state == State::Review);
    let late = late.expect("it waits").document;
    b.store.choose_room(&late, "R-0001", "p").await.expect("posted");
    assert_eq!(b.store.document(&late).await.expect("read").expect("it").room.as_deref(), Some("R-0002"));
    // The register's file comes again, and loses the one entry.
    import(&b, &[("R-0001", "1940-01-02", &["a@example.jp", OFFICE, "d@example.jp"])]).await;
    assert_eq!(b.store.members("R-0002").await.expect("members"), ["a@example.jp", "d@example.jp", OFFICE]);
    assert!(!b.store.room("R-0002").await.expect("room").expect("it").ended, "it stands as long as one entry does");
    import(&b, &[("R-0001", "1940-01-02", &["a@example.jp", OFFICE]), ("R-0002", "1940-01-02", &["c@example.jp"])])
        .await;
    assert!(b.faults().await.is_empty());
    // A copy of it all, and the index made anew, are the same.
    assert!(matches!(merge(&b, "").await, Err(StoreError::Refused(_))), "once only");
    b.store.part_rooms(&merger, "chief", &word).await.expect("parted");
    assert!(b.store.part_rooms(&merger, "chief", &word).await.is_err(), "once only");
    let after: Vec<String> = whole(&b).await.into_iter().filter(|r| !r.contains(&late)).collect();
    let lost: Vec<&String> = before.iter().filter(|r| !after.contains(r) && !r.starts_with("member R-0002")).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(b.store.timeline("R-0001", 9).await.expect("one")[0].document, old);
    let stay: Vec<String> = b.store.timeline("R-0002", 9).await.expect("two").into_iter().map(|p| p.document).collect();
    assert!(stay.contains(&there) && stay.contains(&late) && stay.len() == 2, "what came since stays");
    assert_eq!(b.store.thread(&old, "R-0001").await.expect("thread").len(), 1);
    assert_eq!(b.store.members("R-0002").await.expect("members"), ["c@example.jp"]);
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn births_that_differ_have_to_be_typed_and_mergers_are_undone_in_their_order() {
    let b = two(["1940-01-02", "1940-01-03"]).await;
    come(&b, "a", "R-0001").await;
    for typed in ["", "R-0002"] {
        assert!(matches!(merge(&b, typed).await, Err(StoreError::Refused(_))), "{typed:?}");
    }
    assert_eq!(b.store.timeline("R-0001", 9).await.expect("still there").len(), 1);
    let first = merge(&b, "R-0001").await.expect("typed");
    import(
        &b,
        &[("R-0001", "1940-01-02", &[]), ("R-0002", "1940-01-03", &[]), ("R-0003", "1940-01-03", &["e@example.jp"])],
    )
    .await;
    let stamp = b.store.pair("R-0002", "R-0003").await.expect("both").stamp().expect("stamp");
    let second =
        b.store.merge_rooms(("R-0002", "R-0003"), &stamp, "", "同じ方", "chief", &word).await.expect("a second one");
    assert_eq!(b.store.room("R-0001").await.expect("room").expect("it").merged.as_deref(), Some("R-0003"));
    assert!(b.store.part_rooms(&first, "chief", &word).await.is_err(), "the later one first");
    b.store.part_rooms(&second, "chief", &word).await.expect("parted");
    assert_eq!(b.store.room("R-0001").await.expect("room").expect("it").merged.as_deref(), Some("R-0002"));
    b.store.part_rooms(&first, "chief", &word).await.expect("parted");
    assert_eq!(b.store.timeline("R-0001", 9).await.expect("back").len(), 1);
    assert!(b.faults().await.is_empty());
}
