//! Reviewers at the pages: a sheet decided field by field, taken in hand by one at a time, taken back out of a room.

use serde_json::Value as Json;

use crate::client::{Answer, as_role, get, sign_in};
use crate::home::{Daemon, Home, line, sample};
use crate::notices::post_json;
use crate::smtp::Smtp;
use crate::until;

fn ask(home: &Home, role: &str, method: &str, path: &str, form: &str) -> Answer {
    as_role(home.port, role, method, path, form).expect("an answer")
}

/// A home with a sheet that waits for a person, and its id.
fn waiting(home: &Home) -> (Daemon, String) {
    home.scan("13.tif", &sample("13-whose-is-it.tif"));
    let daemon = home.start();
    let lines = home.settled(1);
    let documents = line(&lines, "13.tif")["documents"].as_array().expect("documents").clone();
    let held: Vec<&Json> = documents.iter().filter(|d| d["state"] == "review").collect();
    assert!(!held.is_empty(), "{documents:#?}");
    (daemon, held[0]["id"].as_str().expect("an id").to_owned())
}

/// What stands between two texts of a page.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("{before} is not in {page}"));
    rest.split_once(after).unwrap_or_else(|| panic!("{after} is not in {rest}")).0
}

#[test]
fn a_held_sheet_is_decided_posted_put_right_and_taken_back() {
    let smtp = Smtp::start();
    let home = Home::new().folder().with(&smtp.table());
    let (daemon, id) = waiting(&home);
    let sheet = format!("/review/{id}");
    assert!(daemon.page("/review").contains(&format!("href=\"{sheet}\"")));
    let page = daemon.page(&sheet);
    assert!(page.contains("review.js") && page.contains("id=\"desk\""), "{page}");
    let metrics = daemon.page("/metrics");
    assert!(metrics.contains("faxbridge_first_look_seconds_count{urgency="), "{metrics}");

    // Another reviewer sees it read-only, and decides nothing.
    let other = ask(&home, "rules", "GET", &sheet, "");
    assert!(
        other.body.contains("さんが確認中です（あと 5 分）") && !other.body.contains("id=\"post\""),
        "{}",
        other.body
    );
    let refused = ask(&home, "rules", "POST", &format!("{sheet}/room"), "revision=1&room=R-0001");
    assert_eq!(refused.status, 409);
    assert!(ask(&home, "rules", "POST", &format!("{sheet}/hold"), "").body.contains("\"mine\":false"));
    assert!(ask(&home, "reviewer", "POST", &format!("{sheet}/hold"), "").body.contains("\"mine\":true"));

    // Decisions wait, and can be undone.
    let key = between(&page, "data-key=\"", "\"").to_owned();
    let form = format!("revision=1&key={key}&value=");
    let decided = ask(&home, "reviewer", "POST", &format!("{sheet}/decide"), &form);
    assert_eq!((decided.status, decided.body.as_str()), (200, "{\"how\":\"remove\"}"));
    let stale = ask(&home, "reviewer", "POST", &format!("{sheet}/decide"), &form.replace("revision=1", "revision=9"));
    assert!(stale.status == 409 && stale.body.contains("\"detail\""), "{}", stale.body);
    assert!(daemon.page(&sheet).contains("✓ ページにない項目"));
    let undone = ask(&home, "reviewer", "POST", &format!("{sheet}/undo"), "revision=1");
    assert_eq!(undone.header("location"), Some(sheet.as_str()));
    assert!(!daemon.page(&sheet).contains("✓ ページにない項目"));
    let form = "revision=1&key=clinical.allergies&page=1&value=%E5%8D%B5";
    assert_eq!(ask(&home, "reviewer", "POST", &format!("{sheet}/add"), form).status, 303);
    assert!(ask(&home, "reviewer", "POST", &format!("{sheet}/turn"), "page=1").header("location").is_some());
    assert!(daemon.page(&sheet).contains("rotate(90)"));

    // Posted into a room, what was decided is there; the person is told and can take it back.
    assert_eq!(ask(&home, "reviewer", "POST", &format!("{sheet}/room"), "revision=1&room=").status, 409);
    let posted = ask(&home, "reviewer", "POST", &format!("{sheet}/room"), "revision=1&room=&other=R-0001");
    assert_eq!(posted.header("location"), Some(format!("/review?done={id}").as_str()), "{}", posted.body);
    assert!(daemon.page(&format!("/review?done={id}")).contains(&format!("{sheet}/withdraw")));
    assert!(daemon.page("/rooms/R-0001").contains("卵"));
    let form = "revision=2&key=clinical.allergies&value=%E4%B9%B3";
    assert_eq!(ask(&home, "reviewer", "POST", &format!("{sheet}/decide"), form).status, 200);
    assert_eq!(ask(&home, "reviewer", "POST", &format!("{sheet}/save"), "revision=2").status, 303);
    let room = daemon.page("/rooms/R-0001");
    assert!(room.contains("訂正済み") && room.contains("乳"), "{room}");

    until("the members are told", || {
        let open = home.sql(&["SELECT key FROM outbox WHERE purpose = 'notice' AND state <> 'sent'"]);
        open.is_empty().then_some(())
    });
    let told =
        home.sql(&["SELECT recipient FROM outbox WHERE purpose = 'notice' AND state = 'sent' GROUP BY recipient"]);
    assert!(!told.is_empty(), "R-0001 has members");
    assert!(daemon.page(&format!("{sheet}/withdraw")).contains("R-0001"));
    let gone = ask(&home, "reviewer", "POST", &format!("{sheet}/withdraw"), "revision=3&room=&other=R-0002");
    assert_eq!(gone.header("location"), Some(format!("{sheet}/withdrawn").as_str()), "{}", gone.body);
    assert!(!daemon.page("/rooms/R-0001").contains(&id));
    assert!(daemon.page("/rooms/R-0002").contains(&id));
    let record = daemon.page(&format!("{sheet}/withdrawn"));
    assert!(record.contains("確認担当（デモ）") && record.contains("部屋の一覧"), "{record}");
    for to in &told {
        assert!(record.contains(to.as_str()), "{to} is not in {record}");
        let subject = "取り下げました";
        until("the word of the withdrawal", || {
            smtp.mails().into_iter().find(|m| m.to == *to && m.subject.contains(subject))
        });
    }
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
}

#[test]
fn a_misdirected_sheet_is_seen_by_who_set_it_apart_alone() {
    let home = Home::new().folder();
    let (daemon, id) = waiting(&home);
    let form = "revision=1&reason=%E8%AA%A4%E9%80%81%E4%BF%A1";
    let apart = ask(&home, "rules", "POST", &format!("/review/{id}/aside"), form);
    assert_eq!(apart.status, 303, "{}", apart.body);
    for path in [format!("/review/{id}"), format!("/documents/{id}"), format!("/documents/{id}/original")] {
        assert_eq!(ask(&home, "reviewer", "GET", &path, "").status, 404, "{path}");
        assert_eq!(ask(&home, "rules", "GET", &path, "").status, 200, "{path}");
    }
    assert!(!daemon.page("/review").contains(&id));
    assert!(ask(&home, "rules", "GET", "/review", "").body.contains(&id));
    let posted = ask(&home, "reviewer", "POST", &format!("/review/{id}/room"), "revision=1&room=R-0001");
    assert_eq!(posted.status, 404);
}

#[test]
fn nobody_waits_unseen() {
    let smtp = Smtp::start();
    let duty = "[review]\nduty = [\"first@example.jp\", \"second@example.jp\"]\nurgent_minutes = 10\nstep_minutes = 10";
    let home = Home::new().folder().with(&smtp.table()).with(duty);
    home.scan("13.tif", &sample("13-whose-is-it.tif"));
    home.drain();
    let held = home.sql(&["UPDATE document SET urgent = 1 WHERE state = 'review' AND part IS NULL RETURNING id"]);
    assert_eq!(held.len(), 1, "{held:?}");
    let meant: Json =
        serde_json::from_str(&home.sql(&["SELECT candidates FROM document WHERE urgent = 1"])[0]).expect("JSON");
    let meant: Vec<&str> = meant.as_array().expect("candidates").iter().filter_map(|c| c["room"].as_str()).collect();
    assert!(!meant.is_empty(), "somebody may be meant");
    let daemon = home.start();
    let admin = sign_in(home.port, "admin").expect("a session");
    let colleague = serde_json::json!({"login": "third@example.jp", "name": "確認 三郎", "roles": ["reviewer"]});
    assert_eq!(post_json(home.port, "/api/v1/accounts", &admin, &colleague).status, 201);
    let told = |to: &str, words: &str| {
        let wanted = |m: &crate::mail::Mail| m.to == to && (m.subject.clone() + &m.body).contains(words);
        until(&format!("{to} is told: {words}"), || smtp.mails().into_iter().find(wanted))
    };
    let missed = |to: &str| smtp.mails().iter().any(|m| m.to == to && m.subject.contains("期限を過ぎました"));

    // It is there: the first on duty hears of it, and the offices of all who may be meant, of no patient.
    assert!(told("first@example.jp", "確認待ちの FAX があります").subject.contains("【至急】"));
    let register = std::fs::read_to_string(home.at("patients.csv")).expect("the register");
    for room in &meant {
        let row = register.lines().find(|l| l.starts_with(&format!("{room},"))).expect("a row");
        for member in row.rsplit(',').next().expect("members").split(';') {
            let word = told(member, "至急の FAX が確認待ちです");
            let name = row.split(',').nth(1).expect("a name").split(' ');
            assert!(!name.into_iter().any(|part| (word.subject.clone() + &word.body).contains(part)), "{word:?}");
            assert!(!word.body.contains("/review") && !word.body.contains(*room), "{word:?}");
        }
    }
    assert!(!missed("second@example.jp"));
    let health = || get(home.port, "/healthz").expect("an answer");
    assert_eq!(health().0, 200);

    // Ten minutes each: the next on duty, then all who review, then the alarm.
    let pass = || home.sql(&["UPDATE document SET created = created - 600000 WHERE urgent = 1 RETURNING id"]);
    pass();
    told("second@example.jp", "期限を過ぎました");
    assert!(!missed("third@example.jp") && !missed("first@example.jp"));
    until("it is counted", || daemon.page("/metrics").contains("faxbridge_review_overdue 1").then_some(()));
    pass();
    for all in ["first@example.jp", "third@example.jp", "admin@example.jp"] {
        told(all, "期限を過ぎました");
    }
    assert_eq!(health().0, 200, "no alarm yet");
    pass();
    until("the alarm", || Some(health()).filter(|(s, b)| *s == 503 && b.contains("review: 1 held sheets")));
    told("admin@example.jp", "held sheets have not been decided in time");

    // Once it is decided all is well.
    let form = "revision=1&reason=%E4%B8%8D%E8%A6%81";
    let aside = ask(&home, "reviewer", "POST", &format!("/review/{}/aside", held[0]), form);
    assert_eq!(aside.status, 303, "{}", aside.body);
    until("all is well", || (health().0 == 200).then_some(()));
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
}
