//! Backups of a daemon that works, bare machines with the recovery key alone, copies into PostgreSQL, exports.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value as Json;

use crate::home::{Home, blank_page, line, repo, sample, text};
use crate::postgres::{self, Postgres};
use crate::until;

/// The same installation with a recovery key, which lies at `key`.
fn with_key(home: Home) -> Home {
    let key = home.at("key");
    let made = home.run(&["backup", "--keygen", "--to", &key.display().to_string()]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let told = text(&made.stderr);
    let table = told.find("[backup]").map(|at| told[at..].to_owned()).expect("what to put into the configuration");
    home.with(&table)
}

/// Backs up into `name` of the home's folder.
fn back_up(home: &Home, name: &str) -> PathBuf {
    let file = home.at(name);
    home.ok(&["backup", "--to", &file.display().to_string()]);
    assert!(!home.at(&format!("{name}.part")).exists());
    file
}

/// A machine that has the program, a backup and the key, and nothing else.
struct Bare {
    dir: tempfile::TempDir,
}

impl Bare {
    fn new(home: &Home, backup: &Path) -> Bare {
        let bare = Bare { dir: tempfile::tempdir().expect("dir") };
        std::fs::copy(backup, bare.at("backup")).expect("the backup");
        std::fs::copy(home.at("key"), bare.at("key")).expect("the key");
        if home.is_shared() {
            // Its database is another one.
            let out = bare.restore(&["--only-configuration"]);
            assert!(out.status.success(), "{}", text(&out.stderr));
            let toml = std::fs::read_to_string(bare.config()).expect("the configuration");
            let server = std::env::var("FAXBRIDGE_TEST_DATABASE").expect("a server");
            let url = postgres::create(&server, &format!("bare_{}", uuid::Uuid::new_v4().simple()));
            let lines =
                toml.lines().map(|l| if l.starts_with("url = ") { format!("url = {url:?}") } else { l.to_owned() });
            std::fs::write(bare.config(), lines.collect::<Vec<_>>().join("\n")).expect("write");
        }
        bare
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn config(&self) -> PathBuf {
        self.at("etc/faxbridge.toml")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_faxbridge"));
        command.args(words).arg("--config").arg(self.config()).current_dir(self.dir.path()).stdin(Stdio::null());
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("faxbridge")
    }

    fn ok(&self, words: &[&str]) -> String {
        let out = self.run(words);
        assert!(out.status.success(), "{words:?}: {}{}", text(&out.stdout), text(&out.stderr));
        text(&out.stdout)
    }

    fn restore(&self, more: &[&str]) -> Output {
        self.run(&[&["restore", "--from", "backup", "--identity", "key"], more].concat())
    }

    fn status(&self) -> Vec<Json> {
        self.ok(&["status", "--json"]).lines().map(|l| serde_json::from_str(l).expect("JSON Lines")).collect()
    }
}

fn refused(out: &Output, why: &str) {
    let told = text(&out.stderr);
    assert!(out.status.code() == Some(1) && told.contains(why), "{}: {told}", out.status);
}

#[test]
fn a_backup_of_a_working_daemon_comes_back_on_a_bare_machine() {
    let home = with_key(Home::new().top("rules = \"rules\"").folder());
    std::fs::create_dir(home.at("rules")).expect("rules");
    for entry in std::fs::read_dir(repo("config/rules")).expect("the rules") {
        let path = entry.expect("a file").path();
        std::fs::copy(&path, home.at("rules").join(path.file_name().expect("a name"))).expect("copy");
    }
    let daemon = home.start();
    home.scan("summary.tif", &sample("10-cover-and-summary.tif"));
    for n in 0..4 {
        home.scan(&format!("early-{n}.png"), &blank_page(n));
    }
    home.settled(5);
    // It goes on receiving meanwhile, and something is in work.
    let done = AtomicBool::new(false);
    let backup = std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 100..160 {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                home.scan(&format!("late-{n}.png"), &blank_page(n));
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        });
        until("something is in work", || home.status().iter().any(|l| l["state"] == "processing").then_some(()));
        let backup = back_up(&home, "backup");
        done.store(true, Ordering::Relaxed);
        backup
    });
    let count = std::fs::read_dir(home.at("scan")).expect("scan").count();
    until("all is received", || {
        let waiting = std::fs::read_dir(home.at("scan")).expect("scan").count();
        (waiting <= 1).then_some(())
    });
    assert!(count < 100);
    let before = home.settled(6);
    assert!(daemon.stop().success());

    let bare = Bare::new(&home, &backup);
    let out = bare.restore(&[]);
    assert!(out.status.success(), "{}{}", text(&out.stdout), text(&out.stderr));
    assert!(bare.ok(&["audit", "verify"]).contains("holds together"));
    let there = bare.status();
    assert!(there.len() >= 6 && there.len() <= before.len(), "{} of {}", there.len(), before.len());
    let open: Vec<&Json> = there.iter().filter(|l| l["state"] == "processing").collect();
    assert!(!open.is_empty(), "nothing was in work when the backup was made");
    for l in &there {
        let was = line(&before, l["source_id"].as_str().expect("an id"));
        if l["state"] == "processing" {
            assert_eq!((&l["sha256"], &l["received"]), (&was["sha256"], &was["received"]));
        } else {
            assert_eq!(l, was);
        }
    }
    // Rules and registers came along.
    for name in ["rules/referral.toml", "patients.csv", "institutions.csv"] {
        assert_eq!(std::fs::read(bare.at("etc").join(name)).expect(name), std::fs::read(home.at(name)).expect(name));
    }
    // The daemon goes on with what was in work; what it received later than the backup lies in `processed`.
    let status = bare.command(&["run", "--drain"]).stderr(Stdio::null()).status().expect("faxbridge");
    assert!(status.success(), "{status}");
    for l in &bare.status() {
        let was = line(&before, l["source_id"].as_str().expect("an id"));
        assert_eq!((&l["state"], &l["reason"]), (&was["state"], &was["reason"]));
    }
    let lines = bare.status();
    let summary = &line(&lines, "summary.tif")["documents"];
    assert_eq!(summary[0]["room"], "R-0008");
    bare.ok(&["audit", "verify"]);
    // In use now: nothing is restored over it.
    refused(&bare.restore(&[]), "in use already");
}

/// A home with three blank pages and a backup of it.
fn small() -> (Home, PathBuf) {
    with_files(&[])
}

/// [`small`], with further files that are no faxes; their bytes are kept.
fn with_files(files: &[(&str, &[u8])]) -> (Home, PathBuf) {
    let home = with_key(Home::new().folder());
    for n in 0..3 {
        home.scan(&format!("{n}.png"), &blank_page(n));
    }
    for (name, bytes) in files {
        home.scan(name, bytes);
    }
    home.drain();
    let backup = back_up(&home, "backup");
    (home, backup)
}

#[test]
fn what_is_cut_or_changed_or_anothers_is_refused_and_the_whole_one_comes_after() {
    let (home, backup) = small();
    let whole = std::fs::read(&backup).expect("the backup");
    let bare = Bare::new(&home, &backup);

    let other = with_key(Home::new());
    std::fs::copy(other.at("key"), bare.at("key")).expect("another key");
    refused(&bare.restore(&[]), "this key does not open it");
    assert!(!bare.at("etc/data").exists());
    std::fs::copy(home.at("key"), bare.at("key")).expect("the key");

    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let mut last = whole.clone();
    *last.last_mut().expect("a byte") ^= 1;
    // A chunk of age is 64 KiB and a tag; the last cut is at the end of the first one. Before it: the header, which
    // ends with the line of its MAC, and a nonce.
    let chunk = 65_536 + 16;
    let mac = whole.windows(5).position(|w| w == b"\n--- ").expect("a header") + 1;
    let line = whole[mac..].iter().position(|b| *b == b'\n').expect("its end");
    let header = mac + line + 1 + 16;
    assert!(header + chunk < whole.len(), "more than one chunk");
    let cuts = [whole.len() / 3, whole.len() - 1, header + chunk];
    let damaged = cuts.iter().map(|n| whole[..*n].to_vec()).chain([flipped, last]);
    for bytes in damaged {
        std::fs::write(bare.at("backup"), &bytes).expect("write");
        let out = bare.restore(&[]);
        let told = text(&out.stdout) + &text(&out.stderr);
        assert_eq!(out.status.code(), Some(1), "{} of {} bytes: {told}", bytes.len(), whole.len());
        if bare.config().exists() {
            // Nobody takes it for a store.
            let status = bare.run(&["status"]);
            let told = text(&status.stdout) + &text(&status.stderr);
            assert!(told.contains("not complete") || told.contains("nothing was received"), "{told}");
        }
    }
    std::fs::write(bare.at("backup"), &whole).expect("write");
    let out = bare.restore(&[]);
    assert!(out.status.success(), "{}{}", text(&out.stdout), text(&out.stderr));
    assert_eq!(bare.status(), home.status());
    refused(&bare.restore(&[]), "in use already");

    // Nor into a store that works.
    let into = home.run(&["restore", "--from", "backup", "--identity", "key"]);
    refused(&into, "in use already");
}

#[test]
fn a_restore_that_is_killed_leaves_nothing_usable_and_is_begun_again() {
    // Blobs come last, and what is encrypted is known by the piece of 64 KB only: several pieces of them.
    let junk: Vec<u8> = (0..100_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let (home, backup) = with_files(&[("junk-1.bin", &junk[..200_000]), ("junk-2.bin", &junk[200_000..])]);
    let bytes = std::fs::read(&backup).expect("the backup");
    let bare = Bare::new(&home, &backup);
    let mut child = bare
        .command(&["restore", "--from", "-", "--identity", "key"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("faxbridge");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(&bytes[..bytes.len() * 9 / 10]).expect("most of it");
    pipe.flush().expect("flush");
    until("blobs are written", || {
        let blobs = std::fs::read_dir(bare.at("etc/data/blobs")).ok()?;
        let shelves = blobs.filter_map(Result::ok).filter(|e| e.file_name().len() == 2);
        shelves.filter_map(|s| std::fs::read_dir(s.path()).ok()).any(|mut s| s.next().is_some()).then_some(())
    });
    child.kill().expect("kill");
    child.wait().expect("wait");
    for words in [&["status"][..], &["run", "--drain"], &["audit", "verify"]] {
        refused(&bare.run(words), "not complete");
    }
    let mut again = bare.command(&["restore", "--from", "-", "--identity", "key"]);
    let file = std::fs::File::open(&backup).expect("the backup");
    let out = again.stdin(file).output().expect("faxbridge");
    assert!(out.status.success(), "{}{}", text(&out.stdout), text(&out.stderr));
    assert_eq!(bare.status(), home.status());
    bare.ok(&["audit", "verify"]);
}

#[test]
fn a_lost_original_is_told_and_an_earlier_backup_stays() {
    let (home, backup) = small();
    let first = std::fs::read(&backup).expect("the backup");
    let sha = home.status()[0]["sha256"].as_str().expect("a hash").to_owned();
    std::fs::remove_file(home.at("data/blobs").join(&sha[..2]).join(&sha[2..])).expect("lose it");
    let out = home.run(&["backup", "--to", &backup.display().to_string()]);
    refused(&out, &sha);
    assert_eq!(std::fs::read(&backup).expect("the backup"), first);
    let bare = Bare::new(&home, &home.at("backup.incomplete"));
    refused(&bare.restore(&[]), "does not hold together");
    refused(&bare.run(&["status"]), "not complete");
    let out = bare.restore(&["--accept-faults"]);
    assert!(text(&out.stdout).contains(&sha), "{}{}", text(&out.stdout), text(&out.stderr));
    assert_eq!(bare.status(), home.status());
}

#[test]
fn a_store_moves_to_postgresql_under_the_daemon_and_back_again() {
    let server = Postgres::start(0);
    let url = postgres::create(&server.url("postgres"), "city");
    let home = Home::new().on_file().folder();
    let daemon = home.start();
    home.scan("summary.tif", &sample("10-cover-and-summary.tif"));
    home.scan("0.png", &blank_page(0));
    home.settled(2);
    let told = home.ok(&["store", "copy", "--to", &url]);
    assert!(told.contains("--finish") && told.lines().filter(|l| l.ends_with("  same")).count() > 10, "{told}");
    // It cannot be taken for the store yet, nor be copied to again, nor finished under the daemon.
    refused(&home.run(&["store", "copy", "--to", &url]), "--finish");
    refused(&home.run(&["store", "copy", "--to", &url, "--finish"]), "stop it first");
    home.scan("1.png", &blank_page(1));
    // The same content again: its receipt refers to the first.
    home.scan("again.png", &blank_page(0));
    home.settled(4);
    assert!(daemon.stop().success());
    let before = home.status();
    let moved = home.on(&url);
    refused(&moved.run(&["run", "--drain"]), "unfinished copy");
    let home = moved.on_file();
    let told = home.ok(&["store", "copy", "--to", &url, "--finish"]);
    assert!(told.contains("database.url"), "{told}");

    let home = home.on(&url);
    assert_eq!(home.status(), before);
    home.ok(&["audit", "verify"]);
    let daemon = home.start();
    home.scan("2.png", &blank_page(2));
    home.settled(5);
    assert!(daemon.stop().success());
    let before = home.status();
    // Back, into a folder of its own with the blobs: finished at once, as nobody works.
    let folder = home.at("other");
    let told = home.ok(&["store", "copy", "--to", &folder.display().to_string(), "--finish"]);
    assert!(told.contains("read back, same") && told.contains("data_dir"), "{told}");
    refused(&home.run(&["store", "copy", "--to", &folder.display().to_string(), "--finish"]), "in use already");
    let home = home.on_file();
    std::fs::rename(home.at("data"), home.at("old")).expect("aside");
    std::fs::rename(&folder, home.at("data")).expect("in its place");
    assert_eq!(home.status(), before);
    home.ok(&["audit", "verify"]);
    home.scan("3.png", &blank_page(3));
    home.drain();
    assert_eq!(home.status().len(), 6);
}

#[test]
fn everything_is_exported_in_open_forms() {
    let home = Home::new().folder();
    home.scan("summary.tif", &sample("10-cover-and-summary.tif"));
    home.scan("=cmd.png", &blank_page(1));
    home.drain();
    let lines = home.status();
    let to = home.at("export");
    home.ok(&["export", "--to", &to.display().to_string()]);
    let read = |name: &str| std::fs::read_to_string(to.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!(read("README.md").contains("documents.jsonl"));

    let mut receipts = csv::Reader::from_path(to.join("receipts.csv")).expect("receipts");
    let columns = receipts.headers().expect("columns").clone();
    let at = |name: &str| columns.iter().position(|c| c == name).expect("a column");
    let rows: Vec<csv::StringRecord> = receipts.records().map(|r| r.expect("a row")).collect();
    assert_eq!(rows.len(), 2);
    let of = |name: &str| rows.iter().find(|r| &r[at("name")] == name).unwrap_or_else(|| panic!("{name}: {rows:?}"));
    let original = &of("summary.tif")[at("original")];
    assert!(original.ends_with("summary.tif"));
    assert_eq!(std::fs::read(to.join(original)).expect("the original"), sample("10-cover-and-summary.tif"));
    assert_eq!(&of("'=cmd.png")[at("state")], line(&lines, "=cmd.png")["state"].as_str().expect("a state"));

    let documents: Vec<Json> =
        read("documents.jsonl").lines().map(|l| serde_json::from_str(l).expect("JSON Lines")).collect();
    let posted = documents.iter().find(|d| d["room"] == "R-0008").expect("the sheet");
    assert_eq!(posted["type"], "discharge_summary");
    assert_eq!(posted["fields"]["patient.birth_date"]["value"], "1944-01-30");
    let reading = posted["reading"].as_str().expect("a reading");
    let page = std::fs::read(to.join(format!("pages/{reading}/1.png"))).expect("a page");
    assert!(page.starts_with(b"\x89PNG"));
    assert!(read(&format!("readings/{reading}.json")).contains("\"pages\""));
    assert!(read("postings.csv").contains("R-0008") && read("revisions.jsonl").contains("discharge_summary"));
    assert!(read("tables/audit.jsonl").lines().count() > 4);

    // The registers can be read in again as they are.
    for (register, file) in [("patients", "patients.csv"), ("institutions", "institutions.csv")] {
        let path = to.join("registers").join(file);
        let told = home.ok(&[register, "import", &path.display().to_string(), "--dry-run"]);
        assert!(told.contains("nothing to do"), "{told}");
    }
    refused(&home.run(&["export", "--to", &to.display().to_string()]), "not empty");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&to).expect("the folder").permissions());
    assert_eq!(mode & 0o777, 0o700);
}
