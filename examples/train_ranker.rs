//! Learns the ranker's weights: `cargo run --example train_ranker -- RULES CORPUS… > config/rules/ranker.toml`.
//!
//! RULES is a folder of rules. A CORPUS is written as READINGS:TRUTH or READINGS:TRUTH:REGISTERS. READINGS holds what
//! `faxbridge extract --save-readings` wrote for the faxes of a corpus (samples/generator makes one), TRUTH a `.json` of the
//! same name for each, REGISTERS patients.csv and institutions.csv. With COVERAGE set in the environment it prints instead
//! how often the right value is among the candidates, and which are not; with HOUSES set, weights are learnt without the
//! faxes of these houses (leave one hospital out; the truth's `hospital`, separated by commas).

use std::path::Path;

use anyhow::Context;
use faxbridge::reading::Reading;
use faxbridge::register::{Files, Registers};
use faxbridge::rules::{RuleSet, train};

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [rules, corpora @ ..] = &args[..] else {
        anyhow::bail!("usage: train_ranker RULES READINGS:TRUTH[:REGISTERS]…")
    };
    let rules = RuleSet::load(Path::new(rules))?;
    let left_out = std::env::var("HOUSES").unwrap_or_default();
    let parts: Vec<Vec<&Path>> = corpora.iter().map(|c| c.split(':').map(Path::new).collect()).collect();
    let mut registers = Vec::new();
    for part in &parts {
        registers.push(match part.get(2) {
            Some(dir) => {
                let (patients, institutions) = (dir.join("patients.csv"), dir.join("institutions.csv"));
                Registers::load(&Files {
                    patients: Some(&patients),
                    institutions: Some(&institutions),
                    ..Files::default()
                })?
            }
            None => Registers::default(),
        });
    }
    let (mut corpus, mut files) = (Vec::new(), Vec::new());
    for (part, registers) in parts.iter().zip(&registers) {
        let [readings, truths, ..] = part[..] else { anyhow::bail!("a corpus is READINGS:TRUTH[:REGISTERS]") };
        let mut names: Vec<_> = std::fs::read_dir(readings)?.collect::<Result<_, _>>()?;
        names.sort_by_key(std::fs::DirEntry::file_name);
        for entry in names {
            let path = entry.path();
            let Some(stem) = path.file_name().and_then(|n| n.to_str()?.strip_suffix(".reading")) else { continue };
            let file = truths.join(format!("{stem}.json"));
            let Ok(text) = std::fs::read_to_string(&file) else { continue };
            let mut truth: train::Truth = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
            let left_out = |h: &String| left_out.split(',').any(|o| o == h);
            truth.documents.retain(|d| !d.hospital.as_ref().is_some_and(left_out));
            corpus.push(train::Example { reading: Reading::from_bytes(&std::fs::read(&path)?)?, truth, registers });
            files.push(stem.to_owned());
        }
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
