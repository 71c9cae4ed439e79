//! The daemon as an operator's scripts see it.

use crate::client::get;
use crate::home::{Home, blank_page, line, text};
use crate::smtp::Smtp;
use crate::until;

#[test]
fn status_speaks_as_the_contract_says() {
    let home = Home::new().folder();
    assert_eq!(home.ok(&["status", "--json"]), "", "no store yet");
    home.scan("b.png", &blank_page(1));
    home.scan("empty.tif", b"");
    home.drain();
    let lines = home.status();
    let l = line(&lines, "b.png");
    let keys: Vec<&String> = l.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["source", "source_id", "sha256", "received", "state", "reason", "documents"]);
    assert_eq!((l["source"].as_str(), l["state"].as_str()), (Some("scan"), Some("ignored")));
    assert!(l["received"].as_str().is_some_and(|r| r.ends_with("+09:00")), "{l}");
    assert!(l["reason"].as_str().is_some_and(|r| r.contains("白紙")), "{l}");
    let l = line(&lines, "empty.tif");
    assert_eq!(l["state"], "review");
    let d = &l["documents"][0];
    assert!(d["id"].is_string() && d["type"].is_string() && d["pages"].is_array() && d["postings"].is_array(), "{d}");
    assert!(d["room"].is_null() && d["reason"].is_string(), "{d}");
}

#[test]
fn a_log_that_was_touched_is_found_out() {
    let home = Home::new().folder();
    home.scan("b.png", &blank_page(1));
    home.drain();
    home.ok(&["audit", "verify"]);
    // Whoever can write the file can also take the lock off the table.
    let unlock = if home.is_shared() { "DROP TRIGGER audit_is_kept ON audit" } else { "DROP TRIGGER audit_is_frozen" };
    let changed = home.sql(&[unlock, "UPDATE audit SET actor = 'somebody' WHERE action = 'receive' RETURNING subject"]);
    assert_eq!(changed.len(), 1);
    let out = home.run(&["audit", "verify"]);
    assert_eq!(out.status.code(), Some(1));
    let told = text(&out.stdout) + &text(&out.stderr);
    assert!(told.contains("was changed after it was written"), "{told}");
}

#[test]
fn registers_come_by_file_and_by_command() {
    let smtp = Smtp::start();
    let home = Home::new().folder().with(&smtp.table());
    let daemon = home.start();
    assert!(daemon.page("/rooms/R-0001").contains("成嶋 節子"), "the rooms of the register");

    // A row more while the daemon runs; then a bad file, which changes nothing and is told without its cells.
    let file = home.at("patients.csv");
    let sound = std::fs::read_to_string(&file).expect("register");
    let row = "R-0099,有栖川 千歳,アリスガワ チトセ,1941-02-03,female,,,,,,\n";
    std::fs::write(&file, format!("{sound}{row}")).expect("write");
    let room = |id: &str| get(home.port, &format!("/rooms/{id}")).filter(|(status, _)| *status == 200);
    let shows = |id: &str, name: &str| room(id).is_some_and(|(_, page)| page.contains(name));
    until("the new room", || shows("R-0099", "有栖川 千歳").then_some(()));
    std::fs::write(&file, format!("{sound}{row}R-0100,木之下 藤次,キノシタ トウジ,31.2.1941,male,,,,,,\n"))
        .expect("write");
    let review =
        until("the administrators hear of it", || Some(daemon.page("/review")).filter(|p| p.contains("patients.csv")));
    assert!(review.contains("column birth_date"), "{review}");
    assert!(!review.contains("木之下") && !review.contains("31.2.1941"), "{review}");
    assert!(shows("R-0099", "有栖川 千歳") && room("R-0100").is_none());
    std::fs::write(&file, format!("{sound}{row}")).expect("write");
    let mail = until("and by mail", || smtp.mails().into_iter().find(|m| m.to == "admin@example.jp"));
    assert!(mail.body.contains("patients.csv") && !mail.body.contains("木之下"), "{mail:?}");
    until("all is well again", || (!daemon.page("/review").contains("patients.csv")).then_some(()));

    until("told by mail too", || smtp.mails().iter().any(|m| m.subject.contains("復旧")).then_some(()));

    // By command, beside the daemon.
    let other = home.at("other.csv");
    let more = "R-0101,四十万 桜,シジマ サクラ,1950-06-07,female,,,,,,\n";
    std::fs::write(&other, format!("{sound}{row}{more}")).expect("write");
    let name = other.to_str().expect("a path");
    home.ok(&["patients", "import", name]);
    until("the imported room", || shows("R-0101", "四十万 桜").then_some(()));
    std::fs::write(&other, "room_id,name\nR-1,\n").expect("write");
    let out = home.run(&["patients", "import", name]);
    assert_eq!(out.status.code(), Some(1));
    assert!(shows("R-0101", "四十万 桜"), "a bad file is not taken over");
    assert!(daemon.stop().success());
    let log = home.log();
    for name in ["有栖川", "木之下", "四十万", "31.2.1941"] {
        assert!(!log.contains(name), "{name} stands in the log");
    }
}
