//! The program from outside: what it prints, where, and how it ends. Needs the models (`make models`).

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use faxbridge::store::Store;
use faxbridge::store::rules::NewRules;
use faxbridge::tuning::OwnRules;
use serde_json::Value;

fn faxbridge(args: &[&str]) -> Output {
    faxbridge_with(args, Path::new(""))
}

fn faxbridge_with(args: &[&str], models: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faxbridge"));
    if !models.as_os_str().is_empty() {
        command.env("FAXBRIDGE_MODELS", models);
    }
    command.args(args).stdin(Stdio::null()).output().expect("the program")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn lines(o: &Output) -> Vec<Value> {
    text(&o.stdout).lines().map(|l| serde_json::from_str(l).expect("a line of JSON")).collect()
}

/// A folder with a configuration in it.
struct Site {
    dir: tempfile::TempDir,
}

impl Site {
    fn new(more: &str) -> Site {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("scan")).expect("the scan folder");
        let text = format!(
            "data_dir = \"data\"\n{more}\n[[intake]]\nname = \"scan\"\nkind = \"folder\"\npath = \"{}\"\n",
            dir.path().join("scan").display()
        );
        std::fs::write(dir.path().join("f.toml"), text).expect("the configuration");
        Site { dir }
    }

    fn put(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        let config = self.path("f.toml").display().to_string();
        faxbridge(&[args, &["--config", &config]].concat())
    }
}

#[test]
fn files_are_extracted_in_their_order_and_one_that_is_missing_costs_only_itself() {
    let kept = tempfile::tempdir().expect("a folder");
    let kept = kept.path().display().to_string();
    let files = ["samples/files/no-such.tif", "samples/files/16-cut-short.tif", "samples/files/11-cover-alone.tif"];
    let read = faxbridge(&[&["extract", "--jobs", "2", "--save-readings", &kept], &files[..]].concat());
    assert_eq!(read.status.code(), Some(1));
    assert_eq!(text(&read.stderr), "", "progress is for terminals");
    let told = lines(&read);
    assert_eq!(told.len(), 3);
    for (line, file) in told.iter().zip(files) {
        assert_eq!(line["file"], file);
        assert_eq!(line["reader"]["engine"], "ppocr", "{line}");
        assert!(line["reader"]["models"].as_str().is_some_and(|m| m.starts_with("sha256:")), "{line}");
    }
    assert!(told[0]["error"].as_str().is_some_and(|e| e.contains("no-such.tif")));
    assert!(told[1]["error"].is_string());
    assert!(told[2].get("error").is_none() && told[2]["documents"].is_array());

    // The rules on a kept reading say what they say on the page.
    let again = faxbridge(&["extract", "--from-readings", &kept, files[2]]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    assert_eq!(lines(&again)[0]["documents"], told[2]["documents"]);
    assert_eq!(faxbridge(&["extract", "--from-readings", &kept, files[0]]).status.code(), Some(1));

    // With the rules in force of a store, which is only read: none, the base; one, its newest revision.
    let site = Site::new("");
    let asked = || site.run(&["extract", "--from-readings", &kept, files[2], "--in-force"]);
    let without = asked();
    assert_eq!(without.status.code(), Some(0), "{}", text(&without.stderr));
    assert_eq!(lines(&without)[0], lines(&again)[0]);
    assert!(!site.path("data").exists(), "nothing was made");
    let mut layer = OwnRules::default();
    layer.set("common.toml", "[stop]\nlabels = [\"どの紙にもない言葉です\"]\n");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&site.path("data")).await.expect("a store");
        let new = NewRules { layer: &layer.json(), hash: "h", parent: 0, reason: "試験", tried: "{}" };
        store.activate_rules(&new, "test").await.expect("in force");
    });
    let with = asked();
    assert_eq!(with.status.code(), Some(0), "{}", text(&with.stderr));
    let rules = |o: &Output| lines(o)[0]["reader"]["rules"].clone();
    assert_ne!(rules(&with), rules(&again));
    assert_eq!(lines(&with)[0]["documents"], told[2]["documents"], "the contract's JSON, as ever");
    let o = site.run(&["extract", "--from-readings", &kept, files[2]]);
    assert_eq!(rules(&o), rules(&again), "who does not ask for it reads with the rules of the configuration");
    assert_eq!(faxbridge(&["extract", "--in-force", files[2]]).status.code(), Some(2), "in force where?");
}

#[test]
fn an_engine_that_is_missing_is_named_with_the_command_that_installs_it() {
    let empty = tempfile::tempdir().expect("a folder");
    let o = faxbridge_with(&["extract", "samples/files/11-cover-alone.tif"], empty.path());
    assert_eq!(o.status.code(), Some(1));
    assert!(text(&o.stderr).contains("make models"), "{}", text(&o.stderr));
    let told = lines(&o);
    assert!(told[0]["error"].as_str().is_some_and(|e| e.contains("make models")), "{told:?}");
    assert_eq!(told[0]["reader"]["engine"], "ppocr");
}

#[test]
fn a_page_is_drawn_with_what_was_found() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("pages");
    let o = faxbridge(&["look", "samples/files/11-cover-alone.tif", "--out", &out.display().to_string()]);
    assert!(o.status.success(), "{}", text(&o.stderr));
    assert!(std::fs::read_to_string(out.join("index.html")).expect("an index").contains("page-001.png"));
    assert!(std::fs::read(out.join("page-001.png")).expect("a picture").starts_with(b"\x89PNG"));
}

const HEAD: &str = "room_id,name,kana,birth_date,sex,postal_code,address,phone,insurer_number,insured_number,members\n";
const ONE: &str = "R-0001,柏 花子,カシワ ハナコ,1940-01-02,female,,,,,,a@example.jp\n";

#[test]
fn a_register_is_shown_first_and_taken_over_whole() {
    let site = Site::new("");
    let file = site.put("p.csv", &format!("{HEAD}{ONE}"));
    let shown = site.run(&["patients", "import", &file, "--dry-run"]);
    assert!(shown.status.success(), "{}", text(&shown.stderr));
    assert!(text(&shown.stdout).contains("+ R-0001 柏 花子"), "{}", text(&shown.stdout));
    assert!(!site.path("data").exists(), "looking makes no database");

    assert!(text(&site.run(&["patients", "import", &file]).stdout).ends_with("imported\n"));
    assert!(text(&site.run(&["patients", "import", &file]).stdout).ends_with("nothing to do\n"));
    let changed = site.put("q.csv", &format!("{HEAD}{}", ONE.replace("花子", "華子")));
    let told = text(&site.run(&["patients", "import", &changed, "--dry-run"]).stdout);
    assert!(told.contains("~ R-0001") && told.contains("--dry-run"), "{told}");

    let bad = site.put("bad.csv", &format!("{HEAD}{ONE}R-0002,森 一郎,,not-a-date,,,,,,,\n"));
    let refused = site.run(&["patients", "import", &bad]);
    assert_eq!(refused.status.code(), Some(1));
    let told = text(&refused.stderr);
    assert!(told.contains("line 3") && told.contains("birth_date"), "{told}");
    assert!(text(&site.run(&["audit", "verify"]).stdout).contains("holds together"));
    assert!(
        text(&site.run(&["patients", "import", &file, "--dry-run"]).stdout).contains("1 unchanged"),
        "nothing was half imported"
    );
}

#[test]
fn without_a_database_there_is_no_receipt_and_no_log() {
    let site = Site::new("");
    let o = site.run(&["status", "--json"]);
    assert!(o.status.success() && o.stdout.is_empty());
    assert!(text(&site.run(&["status"]).stdout).contains("nothing was received"));
    assert_eq!(site.run(&["audit", "verify"]).status.code(), Some(1));
}

#[test]
fn check_says_what_is_wrong_and_what_to_do() {
    let good = Site::new("");
    let o = good.run(&["check"]);
    let told = text(&o.stdout);
    assert!(o.status.success(), "{told}");
    for what in
        ["ok     reader: ppocr", "ok     sandbox: ", "ok     rules: ", "ok     intake scan: ", "note   database: "]
    {
        assert!(told.contains(what), "{what:?} not in\n{told}");
    }
    assert!(!good.path("data").exists(), "check makes nothing");

    let bad = Site::new(
        "models = \"/nowhere\"\n[register]\npatients = \"none.csv\"\n[notice]\nsmtp = \"smtp://127.0.0.1:1\"",
    );
    std::fs::remove_dir(bad.path("scan")).expect("removed");
    let o = bad.run(&["check"]);
    let told = text(&o.stdout);
    assert_eq!(o.status.code(), Some(1));
    for what in ["reader: ", "registers: ", "intake scan: ", "notices: "] {
        assert!(told.contains(&format!("WRONG  {what}")), "{what:?} not in\n{told}");
    }
    assert!(told.contains("make models"), "{told}");
}

#[test]
fn the_reference_pages_are_those_of_this_build() {
    for (page, file) in [("configuration", "docs/configuration.md"), ("commands", "docs/commands.md")] {
        let told = text(&faxbridge(&["docs", page]).stdout);
        let kept = std::fs::read_to_string(file).expect(file);
        assert!(told == kept, "{file} is not what `faxbridge docs {page}` prints: run `make docs`");
    }
}
