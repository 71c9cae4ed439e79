//! Who may know whom: reads the `use crate::` and `crate::` paths of every module and fails on a breach.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Top-level module → modules it may import. What is not listed here may import everything.
const MAY: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("accuracy", &["model"]),
    ("again", &["model", "raster", "reading", "text"]),
    ("raster", &[]),
    ("metrics", &[]),
    ("config", &[]),
    ("reading", &["model"]),
    ("page", &["model", "raster", "reading"]),
    ("ocr", &["model", "raster", "reading", "page", "text"]),
    ("decode", &["model", "raster", "reading", "page", "ocr", "again"]),
    ("pool", &["model", "metrics", "reading", "decode", "again"]),
    ("text", &["model", "reading"]),
    ("register", &["model", "text"]),
    ("patient", &["model", "register", "text"]),
    ("canary", &["model", "reading", "text", "register", "patient"]),
    ("rules", &["model", "reading", "ocr", "text", "register"]),
    ("sink", &["model"]),
    ("account", &[]),
    ("figures", &["model", "text"]),
    ("report", &["figures", "decode"]),
    ("completeness", &["model", "reading", "text"]),
    ("calendar", &[]),
    // `text` for one thing: search folds characters by the same table as the matching of names (store/search.rs).
    (
        "store",
        &["account", "calendar", "completeness", "figures", "model", "metrics", "reading", "register", "text", "crash"],
    ),
    ("intake", &["model", "config", "crash"]),
    (
        "work",
        &[
            "completeness",
            "figures",
            "model",
            "metrics",
            "reading",
            "register",
            "patient",
            "canary",
            "rules",
            "again",
            "pool",
            "sink",
            "store",
            "crash",
        ],
    ),
    ("tuning", &["figures", "model", "reading", "register", "rules", "store", "text"]),
    (
        "web",
        &[
            "account",
            "calendar",
            "completeness",
            "figures",
            "model",
            "metrics",
            "reading",
            "report",
            "store",
            "config",
            "tuning",
        ],
    ),
];

/// Pure modules of this package, and the crates that they must not touch; the reader's manifest names none of these.
const PURE: &[&str] = &["account", "calendar", "figures", "completeness"];
const IMPURE: &[&str] = &["sqlx", "axum", "lettre", "async_imap", "tokio"];

/// The two packages' sources, named from the folder below `src`.
const ROOTS: &[&str] = &["src", "reader/src"];

fn all() -> Vec<(String, String)> {
    let mut files = Vec::new();
    ROOTS.iter().for_each(|root| sources(root, Path::new(root), &mut files));
    files
}

fn sources(root: &str, dir: &Path, out: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(dir).expect("the source folder").map(|e| e.expect("an entry").path()) {
        if entry.is_dir() {
            sources(root, &entry, out);
        } else if entry.extension().is_some_and(|e| e == "rs") {
            let path = entry.strip_prefix(root).expect("below it").to_string_lossy().replace(".rs", "");
            let top = path.split('/').next().expect("a name").to_owned();
            out.push((top, std::fs::read_to_string(&entry).expect("a source file")));
        }
    }
}

/// The first path segments that follow `crate::`, also inside `crate::{…}`.
fn imports(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|l| !l.trim_start().starts_with("//")) {
        for (at, _) in line.match_indices("crate::") {
            if line[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            let rest = line[at + 7..].trim_start_matches('{');
            found.extend(rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().map(str::to_owned));
        }
    }
    found.remove("");
    found
}

#[test]
fn modules_know_only_whom_they_may() {
    let files = all();
    assert!(files.len() > 10, "the sources were not found");
    let tops: BTreeSet<String> = files.iter().map(|(t, _)| t.clone()).collect();
    let may: BTreeMap<_, _> = MAY.iter().copied().collect();
    let mut breaches = Vec::new();
    for (top, text) in &files {
        if let Some(allowed) = may.get(top.as_str()) {
            for i in imports(text) {
                if tops.contains(&i) && i != *top && !allowed.contains(&i.as_str()) {
                    breaches.push(format!("{top} imports {i}"));
                }
            }
        }
        if PURE.contains(&top.as_str()) {
            for c in IMPURE {
                if text.contains(&format!("{c}::")) {
                    breaches.push(format!("{top} uses {c}"));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn there_are_no_circles() {
    let may: BTreeMap<_, _> = MAY.iter().copied().collect();
    fn reaches<'a>(may: &BTreeMap<&'a str, &'a [&'a str]>, from: &'a str, to: &str, depth: usize) -> bool {
        depth < 32 && may.get(from).is_some_and(|l| l.iter().any(|n| *n == to || reaches(may, n, to, depth + 1)))
    }
    for (name, _) in MAY {
        assert!(!reaches(&may, name, name, 0), "{name} can reach itself");
    }
}

#[test]
fn nothing_is_unsafe() {
    for root in ["src/lib.rs", "src/main.rs", "reader/src/lib.rs"] {
        let text = std::fs::read_to_string(root).expect("a crate root");
        assert!(text.contains("#![forbid(unsafe_code)]"), "{root} does not forbid unsafe code");
    }
    // What the compiler would not see: code behind a feature or for another machine.
    let files = all();
    for (top, text) in &files {
        let words = |line: &str| line.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|w| w == "unsafe");
        let found: Vec<&str> = text.lines().filter(|l| words(l.split("//").next().unwrap_or_default())).collect();
        assert!(found.is_empty(), "{top}: {found:?}");
    }
}
