//! What is found, by whom, after what.

use std::time::Instant;

use super::super::accept::{Sheet, State};
use super::super::registers::{Record, Register, RoomFacts};
use super::super::tests::{Bench, bench, field, sheet};
use super::*;
use crate::account::{Lang, Role};
use crate::model::Status;

async fn rooms(b: &Bench, names: &[(&str, &str, &str)]) {
    let record = |(id, name, kana): &(&str, &str, &str)| Record {
        id: (*id).into(),
        data: serde_json::json!({"room_id": id, "name": name,
                                 "members": if *id == "R-0001" { vec!["a@example.jp"] } else { Vec::new() }}),
        room: Some(RoomFacts {
            name: (*name).into(),
            kana: (*kana).into(),
            birth_date: "1940-01-02".into(),
            members: if *id == "R-0001" { vec!["a@example.jp".into()] } else { Vec::new() },
        }),
        ..Record::default()
    };
    let records: Vec<Record> = names.iter().map(record).collect();
    b.store.import(Register::Patients, &records, "test").await.expect("import");
}

fn from(room: &str, sender: &str, day: &str) -> Sheet {
    let mut s = sheet(State::Posted, Some(room));
    s.document.fields.insert("sender.institution".into(), field(sender, Status::Accepted));
    s.document.fields.insert("encounter.discharge_date".into(), field(day, Status::Accepted));
    s
}

async fn found(b: &Bench, typed: &str) -> Vec<String> {
    let (hits, _) = b.store.search(typed, 50, &super::super::testing::reviewer()).await.expect("search");
    hits.into_iter().map(|h| format!("{}:{}", h.room.id, h.sheets.len())).collect()
}

const PEOPLE: &[(&str, &str, &str)] = &[
    ("R-0001", "髙橋 花子", "タカハシ ハナコ"),
    ("R-0002", "森 一郎", "モリ イチロウ"),
    ("R-0003", "佐藤 ショウ子", "サトウ ショウコ"),
    ("R-0004", "佐々木 藤子", "ササキ フジコ"),
];

#[tokio::test]
async fn people_hospitals_and_days_are_found() {
    let b = bench().await;
    rooms(&b, PEOPLE).await;
    for (i, s) in [
        from("R-0001", "みどり台総合病院", "2026-11-24"),
        from("R-0002", "みどり台総合病院", "2026-11-25"),
        from("R-0002", "渡邉クリニック", "2026-12-01"),
    ]
    .into_iter()
    .enumerate()
    {
        b.receive("scan", &format!("{i}.tif"), format!("fax {i}").as_bytes()).await;
        b.through(&[s]).await;
        b.pass(1000);
    }
    for (typed, expected) in [
        ("高橋", vec!["R-0001:1"]),
        ("髙橋", vec!["R-0001:1"]),
        ("森", vec!["R-0002:2"]),
        ("佐藤", vec!["R-0003:0"]),
        ("しようこ", vec!["R-0003:0"]),
        ("ﾀｶﾊｼ", vec!["R-0001:1"]),
        ("花子　髙橋", vec!["R-0001:1"]),
        ("R-0002", vec!["R-0002:2"]),
        ("みどり台", vec!["R-0002:1", "R-0001:1"]),
        ("渡辺", vec!["R-0002:1"]),
        ("森 みどり台", vec!["R-0002:1"]),
        ("2026-11-24", vec!["R-0001:1"]),
        ("令和8年11月24日", vec!["R-0001:1"]),
        ("11/25", vec!["R-0002:1"]),
        ("森 12/1", vec!["R-0002:1"]),
        ("森 11/24", vec![]),
        ("見つからない", vec![]),
        (" ", vec![]),
    ] {
        assert_eq!(found(&b, typed).await, expected, "{typed}");
    }
    assert_eq!(found(&b, "昭和15年1月2日").await.len(), 4, "a birth date");

    // A member finds the own room and no other.
    let nurse =
        Account { mailbox: "A@example.jp".into(), roles: Role::Viewer.into(), ..super::super::testing::reviewer() };
    let (hits, _) = b.store.search("みどり台", 50, &nurse).await.expect("search");
    assert_eq!(hits.iter().map(|h| h.room.id.as_str()).collect::<Vec<_>>(), ["R-0001"]);
    assert!(b.store.search("森", 50, &nurse).await.expect("search").0.is_empty());
    assert_eq!(nurse.lang, Lang::Ja);

    // A new name is found, the old one no more.
    rooms(&b, &[("R-0001", "山﨑 花子", "ヤマザキ ハナコ")]).await;
    assert_eq!(found(&b, "山崎").await, ["R-0001:1"]);
    assert!(found(&b, "高橋").await.is_empty());
}

#[tokio::test]
async fn the_index_is_made_anew_to_the_same() {
    let b = bench().await;
    rooms(&b, PEOPLE).await;
    b.receive("scan", "a.tif", b"a").await;
    b.through(&[from("R-0001", "みどり台総合病院", "2026-11-24"), from("R-0002", "", "2026-11-24")]).await;
    let all = async |b: &Bench| {
        let mut tx = b.store.db.snapshot().await.expect("a snapshot");
        let mut out: Vec<String> = Vec::new();
        for sql in [
            "SELECT gram || kind || subject FROM gram ORDER BY 1",
            "SELECT document || room || kind || sender FROM found ORDER BY 1",
            "SELECT day || document FROM found_day ORDER BY 1",
            "SELECT document || kind || room || due || at FROM deadline ORDER BY 1",
        ] {
            out.extend(scalar(sql).fetch_all::<String>(tx.conn()).await.expect("rows"));
        }
        out
    };
    let before = all(&b).await;
    assert!(before.len() > 20, "{before:?}");
    let mut tx = b.store.db.begin().await.expect("a transaction");
    query("UPDATE meta SET value = '0' WHERE key = 'search'").execute(tx.conn()).await.expect("an older one");
    query("DELETE FROM found_day").execute(tx.conn()).await.expect("damage");
    tx.commit().await.expect("commit");
    b.store.index().await.expect("index");
    assert_eq!(all(&b).await, before);
    // What a program posted that knows of no index is added.
    let mut tx = b.store.db.begin().await.expect("a transaction");
    for sql in ["DELETE FROM found_day", "DELETE FROM deadline", "DELETE FROM found"] {
        query(sql).execute(tx.conn()).await.expect("an older program");
    }
    tx.commit().await.expect("commit");
    b.store.index().await.expect("index");
    assert_eq!(all(&b).await, before);
}

/// `cargo nextest run --release --run-ignored only -E 'test(large_site)'`: 50,000 sheets in 3,000 rooms. The times are
/// shown for a person; the limit is wide enough for any machine.
#[tokio::test]
#[ignore = "takes a minute"]
async fn a_large_site_is_searched_in_a_moment() {
    let b = bench().await;
    let family = ["佐藤", "鈴木", "髙橋", "田中", "伊藤", "渡邉", "山本", "中村", "小林", "加藤", "森", "成嶋"];
    let given = ["花子", "一郎", "節子", "辰雄", "照子", "善次", "和子", "康弘", "貞子", "利夫"];
    let names: Vec<(String, String)> = (0..3000)
        .map(|i| (format!("R-{i:04}"), format!("{} {}", family[i % family.len()], given[i / 12 % given.len()])))
        .collect();
    let people: Vec<(&str, &str, &str)> =
        names.iter().map(|(id, n)| (id.as_str(), n.as_str(), "サトウ ハナコ")).collect();
    rooms(&b, &people).await;
    let mut tx = b.store.db.begin().await.expect("a transaction");
    for sql in [
        "INSERT INTO receipt (id, source, source_id, sha256, size, name, detail, received, updated, state)
         WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
         SELECT 'r' || i, 's', 's' || i, '', 0, '', '{}', 1763859600000 + i * 60000, 0, 'posted' FROM n",
        "INSERT INTO document (id, receipt, ordinal, kind, pages, state, room, candidates, revision, open_fields, urgent,
             sender, created, updated)
         WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
         SELECT 'd' || i, 'r' || i, 0, CASE i % 3 WHEN 0 THEN 'referral' ELSE 'nursing_summary' END, '[]', 'posted',
             'R-' || substr('000' || (i % 3000), length(CAST(i % 3000 AS TEXT))), '[]', 1, 0, 0,
             CASE i % 40 WHEN 0 THEN 'みどり台総合病院' ELSE '第' || (i % 200) || '病院' END, 0, 0 FROM n",
        "INSERT INTO revision (document, number, content, room, reader, actor, at, sha256)
         SELECT id, 1, '{\"type\":\"referral\",\"pages\":[],\"confidence\":1.0,\"fields\":{}}', room, '{}', 'machine', 0, ''
         FROM document",
        "INSERT INTO outbox (key, document, revision, sink, purpose, room, recipient, state, ready, attempts, created, updated)
         SELECT 'p' || id, id, 1, 'board', 'post', room, '', 'sent', 0, 0, 0, 0 FROM document",
        "INSERT INTO post (key, room, document, revision, at) SELECT 'p' || id, room, id, 1, 0 FROM document",
    ] {
        query(sql).execute(tx.conn()).await.expect("many rows");
    }
    query("ANALYZE").execute(tx.conn()).await.expect("statistics");
    tx.commit().await.expect("commit");
    let begun = Instant::now();
    b.store.index().await.expect("index");
    println!("indexed in {:?}", begun.elapsed());
    let reviewer = super::super::testing::reviewer();
    let nurse = Account { mailbox: "a@example.jp".into(), roles: Role::Viewer.into(), ..reviewer.clone() };
    for account in [&reviewer, &nurse] {
        for typed in [
            "森",
            "佐藤",
            "高橋 節子",
            "病院",
            "みどり台総合病院",
            "看護サマリー",
            "子",
            "11/24",
            "佐藤 12/1",
            "無い名",
            "第7病院",
        ] {
            let begun = Instant::now();
            let (hits, more) = b.store.search(typed, 40, account).await.expect("search");
            println!("{typed}: {} rooms and {more} more in {:?}", hits.len(), begun.elapsed());
            assert!(begun.elapsed().as_secs() < 5);
        }
    }
}
