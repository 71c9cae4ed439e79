//! docs/rules-reference.md, "A worked example": what the general rules make of a strange form, and what its lines of TOML change.
//! Needs the models (`make models`).

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

const FAX: &str = "samples/worked-example/strange-form.tif";

/// The fields of the fax's one document.
fn extract(more: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faxbridge"));
    let o = command.arg("extract").args(more).arg(FAX).stdin(Stdio::null()).output().expect("the program");
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    let line: Value = serde_json::from_slice(&o.stdout).expect("a line of JSON");
    assert_eq!(line["documents"].as_array().map(Vec::len), Some(1), "{line}");
    line["documents"][0]["fields"].clone()
}

/// The TOML that the page tells to add.
fn lines_of_the_page() -> String {
    let page = std::fs::read_to_string("docs/rules-reference.md").expect("docs/rules-reference.md");
    let section = page.split("## A worked example").nth(1).expect("the example");
    let block = section.split("```toml").nth(1).and_then(|b| b.split("```").next()).expect("its TOML");
    block.lines().map(|l| format!("{}\n", l.trim_start())).collect()
}

#[test]
fn a_strange_form_is_read_after_a_few_lines_of_toml() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = |p: &Path| p.display().to_string();
    let (rules, kept) = (dir.path().join("my-rules"), path(&dir.path().join("kept")));
    std::fs::create_dir(&rules).expect("a folder");
    for entry in std::fs::read_dir("config/rules").expect("the rules") {
        let from = entry.expect("an entry").path();
        std::fs::copy(&from, rules.join(from.file_name().expect("a name"))).expect("copied");
    }
    let file = rules.join("discharge_summary.toml");
    let own = std::fs::read_to_string(&file).expect("the type's rules");
    let added = lines_of_the_page();
    assert!(added.lines().count() <= 15, "{added}");
    std::fs::write(&file, format!("{own}\n{added}")).expect("written");

    let before = extract(&["--save-readings", &kept]);
    let after = extract(&["--from-readings", &kept, "--rules", &path(&rules)]);
    assert_eq!(before["patient.name"]["status"], "review", "{before}");
    for (key, value) in [
        ("patient.name", "海老原 光男"),
        ("encounter.admission_date", "2026-06-08"),
        ("encounter.discharge_date", "2026-07-13"),
    ] {
        assert!(key == "patient.name" || before.get(key).is_none(), "{key} before: {before}");
        assert_eq!(
            (after[key]["value"].as_str(), after[key]["status"].as_str()),
            (Some(value), Some("accepted")),
            "{key}"
        );
    }
    for key in ["patient.birth_date", "document.date"] {
        assert_eq!(
            (&before[key]["value"], &before[key]["status"]),
            (&after[key]["value"], &after[key]["status"]),
            "{key}"
        );
    }
}
