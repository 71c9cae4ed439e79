//! The model's steps name functions of `src/`; here it is checked that they are still there, so that the model cannot
//! drift from the program unnoticed.

use std::path::Path;

const MODEL: &str = include_str!("model.rs");
const NOT_YET: &str = "Not in src yet:";

/// A variant of `Action` with the names in its documentation.
struct Step {
    variant: String,
    /// Functions (`Store::claim`, `deliver::attempt`) that the program has.
    functions: Vec<String>,
    /// Functions that are still to be written.
    missing: Vec<String>,
    /// Crash points (`claim.after_commit`).
    points: Vec<String>,
}

fn steps() -> Vec<Step> {
    let (_, body) = MODEL.split_once("pub enum Action {").expect("the actions");
    let (body, _) = body.split_once("\n}").expect("the end of the actions");
    let (mut steps, mut doc) = (Vec::new(), String::new());
    for line in body.lines().map(str::trim).filter(|l| !l.is_empty()) {
        if let Some(text) = line.strip_prefix("///") {
            doc.push_str(text);
            continue;
        }
        let (there, missing) = doc.split_once(NOT_YET).unwrap_or((&doc, ""));
        let quoted = |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
        let is_function = |name: &String| name.contains("::") && !name.contains(' ');
        steps.push(Step {
            variant: line.split([' ', '(', ',']).next().unwrap_or_default().to_owned(),
            functions: quoted(there).into_iter().filter(is_function).collect(),
            missing: quoted(missing).into_iter().filter(is_function).collect(),
            points: quoted(there).into_iter().filter(|n| n.contains('.') && !n.contains([' ', '/'])).collect(),
        });
        doc.clear();
    }
    steps
}

fn sources(dir: &Path, out: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(dir).expect("the source folder").map(|e| e.expect("an entry").path()) {
        if entry.is_dir() {
            sources(&entry, out);
        } else if entry.extension().is_some_and(|e| e == "rs") {
            let stem = entry.file_stem().expect("a name").to_string_lossy().into_owned();
            out.push((stem, std::fs::read_to_string(&entry).expect("a source file")));
        }
    }
}

/// Whether `Type::function` stands in a file with a block of that type or trait, or `module::function` in a file of that
/// name.
fn stands(name: &str, sources: &[(String, String)]) -> bool {
    let mut parts = name.rsplit("::");
    let (Some(function), Some(of)) = (parts.next(), parts.next()) else { return false };
    let is_type = of.starts_with(char::is_uppercase);
    sources.iter().any(|(file, text)| {
        let here = if is_type {
            let names_it = |l: &str| l.split(|c: char| !c.is_alphanumeric()).any(|word| word == of);
            text.lines().any(|l| (l.starts_with("impl") || l.starts_with("pub trait")) && names_it(l))
        } else {
            file == of
        };
        here && [format!("fn {function}("), format!("fn {function}<")].iter().any(|f| text.contains(f))
    })
}

#[test]
fn every_step_names_what_it_stands_for() {
    let mut texts = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
    let steps = steps();
    assert!(steps.len() > 15, "the actions are found");
    for step in steps {
        let Step { variant, functions, missing, points } = step;
        assert!(!functions.is_empty() || !missing.is_empty(), "{variant} names no function");
        for name in functions {
            assert!(stands(&name, &texts), "{variant}: there is no {name} in src; does the model still hold?");
        }
        for name in missing {
            let now = "exists now: compare the model with it, and let its documentation say so";
            assert!(!stands(&name, &texts), "{variant}: {name} {now}");
        }
        for point in points {
            let quoted = format!("\"{point}\"");
            assert!(texts.iter().any(|(_, t)| t.contains(&quoted)), "{variant}: there is no crash point {point}");
        }
    }
}

#[test]
fn a_function_that_is_gone_is_missed() {
    let texts = [("queue".to_owned(), "impl Store {\n    pub async fn claim(&self) {}\n}\nfn take() {}\n".to_owned())];
    assert!(stands("Store::claim", &texts) && stands("queue::take", &texts));
    assert!(!stands("Store::claims", &texts) && !stands("Blobs::claim", &texts) && !stands("outbox::take", &texts));
}
