//! Learns the ranker's weights: `cargo run --example train_ranker -- READINGS TRUTH [RULES] > config/rules/ranker.toml`.
//!
//! READINGS holds what `faxbridge extract --save-readings` wrote for the faxes of a corpus (samples/generator makes
//! one), TRUTH a `.json` of the same name for each. With COVERAGE set in the environment it
//! prints instead how often the right value is among the candidates, and which are not.

use std::path::{Path, PathBuf};

use anyhow::Context;
use faxbridge::reading::Reading;
use faxbridge::rules::{RuleSet, train};

fn main() -> anyhow::Result<()> {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [readings, truth, rest @ ..] = &args[..] else { anyhow::bail!("usage: train_ranker READINGS TRUTH [RULES]") };
    let rules = match rest.first() {
        Some(dir) => RuleSet::load(dir)?,
        None => RuleSet::embedded(),
    };
    let (mut corpus, mut files) = (Vec::new(), Vec::new());
    let mut names: Vec<_> = std::fs::read_dir(readings)?.collect::<Result<_, _>>()?;
    names.sort_by_key(std::fs::DirEntry::file_name);
    for entry in names {
        let path = entry.path();
        let Some(stem) = path.file_name().and_then(|n| n.to_str()?.strip_suffix(".reading")) else { continue };
        let file: PathBuf = Path::new(truth).join(format!("{stem}.json"));
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let truth: train::Truth = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
        corpus.push((Reading::from_bytes(&std::fs::read(&path)?)?, truth));
        files.push(stem.to_owned());
    }
    if std::env::var_os("COVERAGE").is_some() {
        for (key, c) in train::coverage(&rules, &corpus) {
            eprintln!("{key:28} carried {:4}  among the candidates {:4}  won {:4}", c.carried, c.found, c.won);
            for (n, value) in c.lost {
                eprintln!("    no candidate: {} {value}", files[n]);
            }
        }
        return Ok(());
    }
    eprintln!("{} files", corpus.len());
    let made = format!("examples/train_ranker.rs on {} files", corpus.len());
    let ranker = train::train(&rules, &corpus, &made);
    print!(
        "# The ranker's weights: what speaks for and against a candidate (docs/rules.md). Made by a command, not by hand.\n\n{}",
        toml::to_string(&ranker)?
    );
    Ok(())
}
