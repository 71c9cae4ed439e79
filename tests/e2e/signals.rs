//! Starting, reloading and ending.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use crate::home::{Home, blank_page, line, text};
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
