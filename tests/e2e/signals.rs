//! Starting, reloading and ending.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use crate::home::{Home, blank_page, line, repo, text};
use crate::until;

#[test]
fn a_second_daemon_is_refused_and_sigterm_ends_in_order() {
    let home = Home::new().folder();
    let daemon = home.start();
    let out = home.run(&["run"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("another faxbridge works on"), "{}", text(&out.stderr));
    // A file in the middle of its way: taken, or left where it was, but not lost.
    home.scan("b.png", &blank_page(1));
    until("received", || (!home.status().is_empty()).then_some(()));
    let began = Instant::now();
    let ended = daemon.stop();
    assert!(ended.success(), "{ended}\n{}", home.log());
    assert!(began.elapsed() < Duration::from_secs(30), "it waited for {:?}", began.elapsed());
    home.drain();
    assert_eq!(line(&home.status(), "b.png")["state"], "ignored");
    home.ok(&["audit", "verify"]);
}

#[test]
fn systemd_hears_of_start_life_and_end() {
    let home = Home::new().folder();
    let socket = UnixDatagram::bind(home.at("notify")).expect("socket");
    socket.set_read_timeout(Some(Duration::from_secs(120))).expect("timeout");
    let hear = |wanted: &str| {
        let mut buffer = [0; 4096];
        loop {
            let n = socket.recv(&mut buffer).unwrap_or_else(|e| panic!("{wanted} was not said: {e}"));
            if text(&buffer[..n]).contains(wanted) {
                return;
            }
        }
    };
    let daemon = home.spawn_notifying(&home.at("notify"), "600000");
    hear("READY=1");
    hear("WATCHDOG=1");
    hear("WATCHDOG=1");
    daemon.signal("TERM");
    hear("STOPPING=1");
    assert!(daemon.wait().success());
}

/// Hashes of the rules that came into force, in the log's order.
pub fn rules_in_force(home: &Home) -> Vec<String> {
    let log = home.log();
    let hash = |l: &str| l.split("rules=\"").nth(1).and_then(|r| r.split('"').next()).map(str::to_owned);
    log.lines().filter_map(hash).collect()
}

#[test]
fn sighup_takes_new_rules_and_keeps_the_old_ones_where_the_new_are_bad() {
    let home = Home::new().folder().top("rules = \"rules\"");
    std::fs::create_dir(home.at("rules")).expect("rules");
    for entry in std::fs::read_dir(repo("config/rules")).expect("rules").flatten() {
        std::fs::copy(entry.path(), home.at("rules").join(entry.file_name())).expect("copy");
    }
    let daemon = home.start();
    assert_eq!(rules_in_force(&home).len(), 1, "{}", home.log());
    let file = home.at("rules/cover.toml");
    let sound = std::fs::read_to_string(&file).expect("rules");

    std::fs::write(&file, format!("{sound}\n# Another word for it.\n")).expect("write");
    daemon.signal("HUP");
    let hashes = until("the new rules", || Some(rules_in_force(&home)).filter(|h| h.len() == 2));
    assert!(hashes[0].starts_with("sha256:") && hashes[0] != hashes[1], "{hashes:?}");

    std::fs::write(&file, format!("{sound}\n[[[ no rule\n")).expect("write");
    daemon.signal("HUP");
    let page =
        until("the administrators hear of it", || Some(daemon.page("/review")).filter(|p| p.contains("cover.toml")));
    assert!(page.contains("stay in force"), "{page}");
    assert_eq!(rules_in_force(&home).len(), 2);
    // The daemon goes on; and a start with such rules is refused.
    home.scan("b.png", &blank_page(1));
    assert_eq!(home.settled(1)[0]["state"], "ignored");
    std::fs::write(&file, &sound).expect("write");
    daemon.signal("HUP");
    until("well again", || (!daemon.page("/review").contains("cover.toml")).then_some(()));
    assert_eq!(rules_in_force(&home).last(), Some(&hashes[0]), "the same rules, the same hash");
    assert!(daemon.stop().success());
    std::fs::write(&file, "[[[ no rule\n").expect("write");
    let out = home.run(&["run", "--drain"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("cover.toml"), "{}", text(&out.stderr));
}
