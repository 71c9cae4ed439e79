//! People at the pages: Debian's Chromium under Playwright (scripts/setup.sh test), one flow a file in `tests/browser`.
//! Pictures of every page lie under `target/artifacts/pages`; `make pictures` keeps them in `docs/pictures`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use crate::client::{as_role, get};
use crate::home::{Home, repo, sample, text};
use crate::smtp::Smtp;
use crate::until;

/// Where pictures are kept for a person to look at.
fn pictures() -> PathBuf {
    match std::env::var_os("FAXBRIDGE_PICTURES") {
        Some(dir) => PathBuf::from(dir),
        None => repo("target/artifacts/pages"),
    }
}

/// Runs a flow of `tests/browser` against the daemon of `home`; `given` is what it needs to know beside.
fn flow(name: &str, home: &Home, smtp: &Smtp, given: Json) {
    let mut all =
        json!({"base": format!("http://localhost:{}", home.port), "pictures": pictures(), "mails": smtp.folder()});
    all.as_object_mut().expect("an object").extend(given.as_object().expect("an object").clone());
    let out = Command::new("python3")
        .arg(repo("tests/browser/kit.py"))
        .args([name, &all.to_string()])
        .env("PYTHONPATH", repo("target/tools/playwright"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .output()
        .expect("python3");
    assert!(out.status.success(), "{name}:\n{}\n{}\n{}", text(&out.stdout), text(&out.stderr), home.log());
}

/// An installation whose address has a name, as passkeys want it.
fn named(smtp: &Smtp) -> Home {
    let home = Home::new();
    let base = format!("base_url = \"http://localhost:{}\"", home.port);
    home.top(&base).with(&smtp.table())
}

#[test]
fn people_are_set_up_invited_let_in_and_let_in_anew() {
    let smtp = Smtp::start();
    let home = named(&smtp).folder().with("[web]\nidle_minutes = 60");
    let daemon = home.start();
    let code = text(&home.command(&["accounts", "setup-code"]).output().expect("a code").stdout);
    let code = code.lines().next().expect("a code").to_owned();
    flow("door", &home, &smtp, json!({"code": code}));
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
    let log = home.log();
    assert!(!log.contains(&code) && !log.contains("/enrol/"), "what opens the door is not in the log");
}

/// A daemon that has read what people look at in the flows.
fn with_sheets(smtp: &Smtp) -> Home {
    let home = named(smtp).folder();
    for name in ["01-referral.tif", "10-cover-and-summary.tif", "13-whose-is-it.tif"] {
        home.scan(name, &sample(name));
    }
    home.drain();
    home
}

#[test]
fn rooms_are_read_on_a_desk_and_on_a_phone_with_and_without_a_script() {
    let smtp = Smtp::start();
    let home = with_sheets(&smtp);
    let daemon = home.start();
    until("a room is there", || get(home.port, "/rooms/R-0008").filter(|(status, _)| *status == 200));
    // Who is a member of which room stands in the register of the samples.
    assert!(as_role(home.port, "viewer", "GET", "/review", "").is_some_and(|a| a.status == 403));
    flow("rooms", &home, &smtp, json!({}));
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
}

#[test]
fn a_reviewer_decides_by_keys_and_takes_back_what_stood_in_a_wrong_room() {
    let smtp = Smtp::start();
    let home = with_sheets(&smtp);
    let daemon = home.start();
    flow("review", &home, &smtp, json!({}));
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
}

#[test]
fn a_nurse_with_a_phone_is_told_reads_and_answers() {
    let smtp = Smtp::start();
    let home = with_sheets(&smtp);
    let daemon = home.start();
    // R-0008 has this member, R-0003 has not.
    let given = json!({"mailbox": "ns.hibino@example.jp", "foreign": "R-0003", "secrets": ["片桐", "澄江", "1944"]});
    flow("nurse", &home, &smtp, given);
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
}

#[test]
fn a_nurses_browser_is_told_by_push() {
    let smtp = Smtp::start();
    let home = Home::new();
    let base = format!("base_url = \"http://localhost:{}\"", home.port);
    let notice = format!("{}\npush = true\npush_hosts = [\"127.0.0.1\"]", smtp.table());
    let home = home.top(&base).folder().with(&notice);
    std::fs::write(home.at("summary.tif"), sample("10-cover-and-summary.tif")).expect("a fax");
    let daemon = home.start();
    let given = json!({"file": home.at("summary.tif"), "scan": home.at("scan"), "secrets": ["片桐", "澄江", "1944"]});
    flow("push", &home, &smtp, given);
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
}

#[test]
fn an_administrator_sees_what_a_register_changes_tests_a_source_and_follows_a_patient_in_the_log() {
    let smtp = Smtp::start();
    let home = with_sheets(&smtp);
    let daemon = home.start();
    flow("admin", &home, &smtp, json!({"patients": home.at("patients.csv")}));
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
}

#[test]
fn an_administrator_merges_rooms_looks_after_offices_and_lets_go_what_is_past_its_time() {
    let smtp = Smtp::start();
    let home = with_sheets(&smtp).with("[retention]\nyears = 5\nafter_end = false");
    // One fax came ten years ago.
    let old = home.sql(&[
        "UPDATE receipt SET received = received - 315576000000 WHERE id = (SELECT receipt FROM document WHERE room = 'R-0008')
         RETURNING id",
        "SELECT room FROM document WHERE room = 'R-0008'",
    ]);
    let daemon = home.start();
    flow("keeping", &home, &smtp, json!({"old": old[0]}));
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
}

#[test]
fn a_blind_sample_is_read_and_the_figures_are_shown() {
    let smtp = Smtp::start();
    let home = with_sheets(&smtp);
    let daemon = home.start();
    flow("figures", &home, &smtp, json!({"secrets": ["片桐", "澄江"]}));
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
}

/// A hospital whose layout nobody knows: what the page does not tell is named by an administrator, tried and put in force.
#[test]
fn an_administrator_teaches_the_layout_of_a_new_hospital() {
    let smtp = Smtp::start();
    let home = named(&smtp).folder();
    let sheet =
        |n: u32| std::fs::read(repo(&format!("samples/worked-example/new-hospital-{n}.tif"))).expect("a sample");
    home.scan("first.tif", &sheet(1));
    home.drain();
    std::fs::write(home.at("second.tif"), sheet(2)).expect("kept");
    let daemon = home.start();
    flow("rules", &home, &smtp, json!({"second": home.at("second.tif"), "scan": home.at("scan")}));
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
}

/// A field that reviewers keep putting right: the page finds the change that spares them that.
#[test]
fn what_is_put_right_three_times_is_learnt() {
    let smtp = Smtp::start();
    let home = named(&smtp).folder();
    let sheet = |n: u32| std::fs::read(repo(&format!("samples/worked-example/home-{n}.tif"))).expect("a sample");
    for n in 1..=3 {
        home.scan(&format!("home-{n}.tif"), &sheet(n));
    }
    home.drain();
    std::fs::write(home.at("fourth.tif"), sheet(4)).expect("kept");
    let daemon = home.start();
    flow("teach", &home, &smtp, json!({"fourth": home.at("fourth.tif"), "scan": home.at("scan")}));
    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
}
