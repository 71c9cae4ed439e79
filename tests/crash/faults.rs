//! What goes wrong around the program, and passes: a full disk, a folder that cannot be written, a line that breaks, a
//! mail server that misbehaves, a clock that jumps. Afterwards everything is where it belongs, and no person had to help.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::dice::Dice;
use crate::dovecot::Dovecot;
use crate::home::Daemon;
use crate::inputs::{Kind, Place};
use crate::post_office::{Mood, Step};
use crate::proxy::Proxy;
use crate::site::Site;
use crate::{seed, setting, until};

/// A command under another that puts itself in its place (`prlimit`, `setpriv`, …).
fn under(wrapper: &[&str], inner: &Command) -> Command {
    let mut outer = Command::new(wrapper[0]);
    outer.args(&wrapper[1..]).arg(inner.get_program()).args(inner.get_args());
    if let Some(dir) = inner.get_current_dir() {
        outer.current_dir(dir);
    }
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Everything has its final state and every notice is told; the daemon runs.
fn at_rest(site: &Site) {
    site.home.settled(site.given.len());
    until("every notice is told", || {
        let open = site.home.sql(&["SELECT key FROM outbox WHERE state IN ('pending', 'sending')"]);
        open.is_empty().then_some(())
    });
}

/// Waits until the log says something that often.
fn logged(site: &Site, words: &str, times: usize) {
    until(words, || (site.home.log().matches(words).count() >= times).then_some(()));
}

#[test]
fn a_line_to_the_mailbox_that_breaks_anywhere() {
    let seed = seed();
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let dovecot = Dovecot::start();
    // Greeting, login and lists are a kilobyte, a mail is some nine.
    let cuts = setting("FAXBRIDGE_LINE_CUTS", 4) as usize;
    let proxy = Proxy::start(dovecot.port, (0..cuts).map(|_| 1 + dice.below(12_000)).collect());
    let mut site = Site::new().with_mailbox(dovecot, Some(proxy.port));
    for kind in [Kind::Sheet, Kind::Broken, Kind::Blank, Kind::Broken] {
        site.feed(Place::Imap, kind);
    }
    while proxy.broken() < cuts {
        // Waits grow with each failure; a restart begins with short ones.
        let (before, daemon) = (proxy.broken(), site.home.spawn(&["run"]));
        until("the line breaks", || (proxy.broken() >= (before + 3).min(cuts)).then_some(()));
        daemon.kill();
    }
    site.settle();
}

#[test]
fn a_mail_server_that_refuses_hangs_and_forgets_to_answer() {
    let mut site = Site::noticing(1);
    let passing = [
        Mood::Refuses(Step::Connect, 421),
        Mood::Refuses(Step::From, 451),
        Mood::Refuses(Step::To, 450),
        Mood::Refuses(Step::Data, 421),
        Mood::Refuses(Step::End, 452),
        Mood::Hangs(Step::Connect),
        Mood::Hangs(Step::From),
        Mood::Hangs(Step::End),
        Mood::KeepsSilently,
        Mood::KeepsAndLeaves,
    ];
    site.post.treat(&passing);
    site.feed(Place::Scan, Kind::Sheet);
    for _ in 0..passing.len() {
        site.feed(Place::Scan, Kind::Broken);
    }
    let daemon = site.home.start();
    at_rest(&site);
    assert!(daemon.stop().success());
    let tally = site.check();
    assert_eq!((site.post.to_come(), tally.repeated), (0, 2), "what was kept without a word came again: {tally:?}");

    // Killed while the server, which has the mail, says nothing.
    site.post.treat(&[Mood::KeepsSilently]);
    site.feed(Place::Scan, Kind::Broken);
    let (before, daemon) = (site.post.mails().len(), site.home.start());
    until("the mail is kept", || (site.post.mails().len() > before).then_some(()));
    daemon.kill();
    assert_eq!(site.settle().repeated, 3);

    // Refused for good: told once, and everything else goes on.
    site.post.treat(&[Mood::Refuses(Step::To, 550)]);
    let before = site.post.mails().len();
    site.feed(Place::Scan, Kind::Broken);
    site.home.drain();
    site.feed(Place::Scan, Kind::Broken);
    site.home.drain();
    let failed = site.home.sql(&["SELECT error FROM outbox WHERE state = 'failed'"]);
    assert!(failed.len() == 1 && failed[0].contains("550"), "{failed:?}");
    assert_eq!(site.post.mails().len(), before + 1);
    site.home.ok(&["audit", "verify"]);
}

/// A small disk of its own under a folder, while it lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, bytes: usize) -> SmallDisk {
        std::fs::create_dir_all(at).expect("the mount point");
        let size = format!("size={bytes},mode=0700");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status().expect("mount");
        assert!(mounted.success(), "{mounted}");
        SmallDisk(at.to_owned())
    }

    /// Takes all but so many bytes of what is free.
    fn fill(&self, leave: usize) {
        use std::io::Write;
        let path = self.0.join("ballast");
        let mut file = std::fs::File::options().create(true).append(true).open(&path).expect("ballast");
        while file.write_all(&[0; 4096]).is_ok() {}
        let len = file.metadata().expect("its size").len();
        file.set_len(len.saturating_sub(leave as u64)).expect("shorter");
    }

    /// As after an error of the disk below; nobody may have anything open on it for writing.
    fn freeze(&self, frozen: bool) {
        let how = if frozen { "remount,ro" } else { "remount,rw" };
        let done = Command::new("mount").args(["-o", how]).arg(&self.0).status().expect("mount");
        assert!(done.success(), "{how}: {done}");
    }

    fn relieve(&self) {
        std::fs::remove_file(self.0.join("ballast")).expect("ballast");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Begins again what has ended, as systemd does.
fn keep_up(site: &Site, daemon: &mut Daemon) {
    if daemon.has_ended() {
        *daemon = site.home.spawn(&["run"]);
    }
}

#[test]
fn a_full_disk_and_one_that_is_read_only() {
    if !is_root() {
        eprintln!("not run: mounting a small disk needs root");
        return;
    }
    let mut site = Site::new();
    let disk = SmallDisk::mount(&site.home.at("data"), 16 << 20);
    site.feed(Place::Scan, Kind::Sheet);
    let daemon = site.home.start();
    at_rest(&site);

    // Full while it runs; nothing is taken that cannot be kept.
    disk.fill(0);
    site.feed(Place::Scan, Kind::Sheet);
    site.feed(Place::Maildir, Kind::Sheet);
    site.feed(Place::Scan, Kind::Broken);
    logged(&site, "nothing can be received", 2);
    let left = std::fs::read_dir(site.home.at("scan")).expect("scan").count();
    assert_eq!(left, 3, "the files stay where they are");
    disk.relieve();
    at_rest(&site);
    site.check();

    // Full, and killed, and begun again on the full disk.
    disk.fill(0);
    site.feed(Place::Scan, Kind::Sheet);
    site.feed(Place::Maildir, Kind::Broken);
    daemon.kill();
    for _ in 0..2 {
        let daemon = site.home.spawn(&["run"]);
        std::thread::sleep(Duration::from_millis(1500));
        daemon.kill();
    }
    disk.relieve();
    site.settle();

    // Mounted for reading only: no start takes anything, and the next one that can write does.
    site.feed(Place::Scan, Kind::Sheet);
    site.feed(Place::Maildir, Kind::Sheet);
    disk.freeze(true);
    let mut daemon = site.home.spawn(&["run"]);
    until("it ends", || daemon.has_ended().then_some(()));
    disk.freeze(false);
    let left = |dir: &str| std::fs::read_dir(site.home.at(dir)).expect("a source").count();
    assert_eq!((left("scan"), left("mails/new")), (2, 1), "the sheet beside `processed`, and the mail");
    site.settle();

    // Filled up to some point in the middle of the work, by each start anew.
    let mut daemon = site.home.spawn(&["run"]);
    let mut dice = Dice::new(seed());
    for _ in 0..setting("FAXBRIDGE_DISK_FILLS", 3) {
        site.feed(Place::Scan, Kind::Sheet);
        disk.fill(dice.below(400 << 10) as usize);
        std::thread::sleep(Duration::from_millis(700));
        keep_up(&site, &mut daemon);
        std::thread::sleep(Duration::from_millis(700));
        disk.relieve();
        keep_up(&site, &mut daemon);
    }
    until("everything is worked off", || {
        keep_up(&site, &mut daemon);
        let lines = site.home.status();
        let done = lines.len() == site.given.len() && lines.iter().all(|l| l["state"] != "processing");
        done.then_some(())
    });
    daemon.kill();
    site.settle();
}

/// Rights that bind root as well, in a process that gave up passing over them.
const BOUND: [&str; 3] =
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"];

fn start_bound(site: &Site) -> Daemon {
    let command = site.home.command(&["run"]);
    site.home.launch(if is_root() { under(&BOUND, &command) } else { command })
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("rights");
}

#[test]
fn folders_that_cannot_be_written() {
    // A failure of the storage is not the file's: it counts for no attempt.
    let mut site = Site::new().with("[work]\nattempts = 2");
    site.feed(Place::Scan, Kind::Sheet);
    // A start that finds its folder read-only says so and takes nothing.
    std::fs::create_dir(site.home.at("data")).expect("data");
    set_mode(&site.home.at("data"), 0o500);
    let mut daemon = start_bound(&site);
    until("it ends", || daemon.has_ended().then_some(()));
    assert!(site.home.log().contains("Permission denied"), "{}", site.home.log());
    assert!(site.home.at("scan/page-1.png").exists());
    set_mode(&site.home.at("data"), 0o700);
    site.settle();

    // Blobs cannot be written: what comes stays where it is, what waits goes on waiting.
    let daemon = start_bound(&site);
    set_mode(&site.home.at("data/blobs/tmp"), 0o500);
    site.feed(Place::Scan, Kind::Sheet);
    site.feed(Place::Maildir, Kind::Sheet);
    logged(&site, "nothing can be received", 2);
    assert!(site.home.at("scan/page-2.png").exists());
    set_mode(&site.home.at("data/blobs/tmp"), 0o700);
    at_rest(&site);
    daemon.kill();
    site.check();

    // Received, and then what was read cannot be kept, more often than a job may fail.
    site.feed(Place::Scan, Kind::Sheet);
    let daemon = start_bound(&site);
    until("received", || (site.home.status().len() == site.given.len()).then_some(()));
    set_mode(&site.home.at("data/blobs/tmp"), 0o500);
    daemon.kill();
    if site.home.status().iter().any(|l| l["state"] == "processing") {
        let before = site.home.log().matches("cannot be kept").count();
        let daemon = start_bound(&site);
        logged(&site, "cannot be kept", before + 3);
        daemon.kill();
    }
    set_mode(&site.home.at("data/blobs/tmp"), 0o700);
    site.settle();

    // The source cannot be written: received once, put away when that can be done.
    let before = site.home.log().matches("cannot be moved").count();
    site.feed(Place::Scan, Kind::Sheet);
    set_mode(&site.home.at("scan"), 0o500);
    let daemon = start_bound(&site);
    logged(&site, "cannot be moved", before + 1);
    at_rest(&site);
    daemon.kill();
    set_mode(&site.home.at("scan"), 0o700);
    site.settle();
}

/// libfaketime, where Debian's package is installed (make test).
fn fake_clock() -> Option<PathBuf> {
    let found = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|e| e.path().join("faketime/libfaketimeMT.so.1"));
    found.into_iter().find(|p| p.exists())
}

/// A daemon whose clock is off by what stands in the file `clock`.
fn start_off(site: &Site, library: &Path) -> Daemon {
    let mut command = site.home.command(&["run"]);
    command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", site.home.at("clock"));
    // The clock that timers go by does not jump, as it does not in earnest.
    command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    site.home.launch(command)
}

#[test]
fn a_clock_that_jumps() {
    let Some(library) = fake_clock() else {
        panic!("libfaketime is not installed (make test)");
    };
    let mut site = Site::noticing(1);
    let set = |site: &Site, offset: &str| {
        let (tmp, clock) = (site.home.at("clock.new"), site.home.at("clock"));
        std::fs::write(&tmp, format!("{offset}\n")).expect("clock");
        std::fs::rename(tmp, clock).expect("clock");
    };
    set(&site, "+0");
    let mut daemon = start_off(&site, &library);
    // While it runs, and with a notice that has just been put off.
    for offset in ["+1d", "-1d", "+0", "-50m", "+0", "-3"] {
        site.post.treat(&[Mood::Refuses(Step::To, 450)]);
        site.feed(Place::Scan, Kind::Broken);
        until("a notice is put off", || (site.post.to_come() == 0).then_some(()));
        set(&site, offset);
        site.feed(Place::Scan, Kind::Sheet);
        site.feed(Place::Maildir, Kind::Blank);
        at_rest(&site);
    }
    // Between a kill and the next start.
    for offset in ["+1d", "-1d", "-90m", "+0"] {
        site.feed(Place::Scan, Kind::Sheet);
        site.feed(Place::Scan, Kind::Broken);
        std::thread::sleep(Duration::from_millis(700));
        daemon.kill();
        set(&site, offset);
        daemon = start_off(&site, &library);
        site.feed(Place::Maildir, Kind::Sheet);
        at_rest(&site);
    }
    assert!(daemon.stop().success(), "{}", site.home.log());
    site.check();
}
