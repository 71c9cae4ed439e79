//! Learns and judges the ranker's weights from faxes whose content is known.
//!
//!     cargo run --example ranker -- learn    config/rules CORPUS… > ranker.toml
//!     cargo run --example ranker -- judge    config/rules CORPUS…     # leave one hospital out
//!     cargo run --example ranker -- show FIELD FILE config/rules CORPUS…  # why a value won
//!     cargo run --example ranker -- score    config/rules CORPUS…     # the figures of the weights that the rules have
//!     cargo run --example ranker -- labels FILE config/rules CORPUS…      # what was taken for a label
//!     cargo run --example ranker -- coverage config/rules CORPUS…     # which right values are no candidates at all
//!
//! A CORPUS is written as READINGS:TRUTH or READINGS:TRUTH:REGISTERS. READINGS holds what `faxbridge extract
//! --save-readings` wrote for the faxes of a corpus (samples/generator makes one), TRUTH a `.json` of the same name for
//! each, REGISTERS patients.csv and institutions.csv. `judge` deals the hospitals (the truth's `hospital`) into folds,
//! extracts each fold under weights that the other folds taught, and prints the scorer's figures; files whose documents are
//! of several folds are left out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Parser};
use faxbridge_reader::accuracy::{self, By, Score};
use faxbridge_reader::model::{Extracted, Reader};
use faxbridge_reader::reading::Reading;
use faxbridge_reader::register::{Files, Registers};
use faxbridge_reader::rules::{Ranker, RuleSet, extract, train};

#[derive(Parser)]
enum Command {
    /// Print new weights
    Learn(Corpora),
    /// Print the figures of hospitals that the weights were not learnt from
    Judge {
        #[command(flatten)]
        corpora: Corpora,
        /// Write truths and results of the judged files here, as `DIR/truth` and `DIR/results.jsonl`, for the scorer, and
        /// `DIR/ranker.toml`, learnt from all
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Print the figures of the rules' own weights, and the silent errors
    Score(Corpora),
    /// Print how often the right value is among a field's candidates
    Coverage(Corpora),
    /// Print the labels that are found on some files
    Labels {
        /// Part of the files' names
        file: String,
        #[command(flatten)]
        corpora: Corpora,
    },
    /// Print all candidates of a field on some files: probability, that of the winner, quality, way, value, reasons
    Show {
        field: String,
        /// Part of the files' names
        file: String,
        #[command(flatten)]
        corpora: Corpora,
    },
}

#[derive(Args)]
struct Corpora {
    rules: PathBuf,
    #[arg(required = true, value_name = "READINGS:TRUTH[:REGISTERS]")]
    corpora: Vec<String>,
}

/// One file of a corpus.
struct File {
    name: String,
    reading: Vec<u8>,
    truth: String,
    corpus: usize,
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Learn(corpora) => {
            let all = Corpus::load(&corpora)?;
            let examples = all.examples()?;
            let mut lessons = train::Lessons::new(&all.rules, &examples);
            let ranker = lessons.learn(&made(&examples), |s| eprintln!("{s}")).ranker;
            print!("{}", written(&ranker)?);
        }
        Command::Judge { corpora, out } => judge(&Corpus::load(&corpora)?, &corpora.rules, out.as_deref())?,
        Command::Show { field, file, corpora } => {
            let all = Corpus::load(&corpora)?;
            for (f, e) in all.files.iter().zip(all.examples()?).filter(|(f, _)| f.name.contains(&file)) {
                for doc in &e.truth.documents {
                    println!(
                        "{} {} pages {:?}: {:?}",
                        f.name,
                        doc.kind,
                        doc.pages,
                        doc.fields.get(&field).map(|t| t.value.text())
                    );
                    train::shown(&all.rules, &e.reading, doc, &field).iter().take(8).for_each(|c| println!("    {c}"));
                }
            }
        }
        Command::Score(corpora) => {
            let all = Corpus::load(&corpora)?;
            let (mut truths, mut results) = (Vec::new(), BTreeMap::new());
            for (file, e) in all.files.iter().zip(all.examples()?) {
                let (truth, line) = extracted(&all.rules, file, &e)?;
                results.insert(truth.file.clone(), line);
                truths.push(truth);
            }
            report(&results, &truths);
        }
        Command::Labels { file, corpora } => {
            let all = Corpus::load(&corpora)?;
            for (f, e) in all.files.iter().zip(all.examples()?).filter(|(f, _)| f.name.contains(&file)) {
                for doc in &e.truth.documents {
                    println!("{} {} pages {:?}", f.name, doc.kind, doc.pages);
                    train::labels(&all.rules, &e.reading, doc).iter().for_each(|l| println!("    {l}"));
                }
            }
        }
        Command::Coverage(corpora) => {
            let all = Corpus::load(&corpora)?;
            for (key, c) in train::coverage(&all.rules, &all.examples()?) {
                println!("{key:28} carried {:4}  among the candidates {:4}  won {:4}", c.carried, c.found, c.won);
                for (n, value, near) in c.lost {
                    println!("    no candidate: {} {value}", all.files[n].name);
                    near.iter().for_each(|c| println!("        {c}"));
                }
            }
        }
    }
    Ok(())
}

/// Where weights come from, for their file.
fn made(examples: &[train::Example]) -> String {
    format!("examples/ranker.rs on {} files", examples.len())
}

fn written(ranker: &Ranker) -> anyhow::Result<String> {
    let head = "# The ranker's weights: what speaks for and against a candidate (docs/rules.md). Made by a command, not by hand.";
    Ok(format!("{head}\n\n{}", toml::to_string(ranker)?))
}

struct Corpus {
    rules: RuleSet,
    registers: Vec<Registers>,
    files: Vec<File>,
}

impl Corpus {
    fn load(from: &Corpora) -> anyhow::Result<Corpus> {
        let mut all = Corpus { rules: RuleSet::load(&from.rules)?, registers: Vec::new(), files: Vec::new() };
        for (corpus, text) in from.corpora.iter().enumerate() {
            let parts: Vec<&Path> = text.split(':').map(Path::new).collect();
            let [readings, truths, rest @ ..] = &parts[..] else { bail!("a corpus is READINGS:TRUTH[:REGISTERS]") };
            all.registers.push(registers(rest.first().copied())?);
            let mut names: Vec<_> = std::fs::read_dir(readings)?.collect::<Result<_, _>>()?;
            names.sort_by_key(std::fs::DirEntry::file_name);
            for entry in names {
                let path = entry.path();
                let Some(name) = path.file_name().and_then(|n| n.to_str()?.strip_suffix(".reading")) else { continue };
                let Ok(truth) = std::fs::read_to_string(truths.join(format!("{name}.json"))) else { continue };
                all.files.push(File { name: name.to_owned(), reading: std::fs::read(&path)?, truth, corpus });
            }
        }
        Ok(all)
    }

    fn examples(&self) -> anyhow::Result<Vec<train::Example<'_>>> {
        let example = |f: &File| {
            let truth = serde_json::from_str(&f.truth).with_context(|| f.name.clone())?;
            let reading = Reading::from_bytes(&f.reading).with_context(|| f.name.clone())?;
            Ok(train::Example { reading, truth, registers: &self.registers[f.corpus] })
        };
        self.files.iter().map(example).collect()
    }
}

fn registers(dir: Option<&Path>) -> anyhow::Result<Registers> {
    let Some(dir) = dir else { return Ok(Registers::default()) };
    let (patients, institutions) = (dir.join("patients.csv"), dir.join("institutions.csv"));
    Ok(Registers::load(&Files { patients: Some(&patients), institutions: Some(&institutions), ..Files::default() })?)
}

fn judge(all: &Corpus, folder: &Path, out: Option<&Path>) -> anyhow::Result<()> {
    let examples = all.examples()?;
    let mut lessons = train::Lessons::new(&all.rules, &examples);
    let folds: Vec<Option<usize>> = examples.iter().map(|e| lessons.fold(&e.truth)).collect();
    let learnt = lessons.learn(&made(&examples), |s| eprintln!("{s}"));
    drop(lessons);
    let mut rules = RuleSet::load(folder)?;
    let (mut truths, mut results) = (Vec::new(), BTreeMap::new());
    for (fold, ranker) in learnt.without.into_iter().enumerate() {
        rules.weigh(ranker);
        for (n, e) in examples.iter().enumerate().filter(|(n, _)| folds[*n] == Some(fold)) {
            let file = &all.files[n];
            let (truth, line) = extracted(&rules, file, e)?;
            results.insert(truth.file.clone(), line);
            truths.push((truth, file.truth.clone()));
        }
    }
    if let Some(dir) = out {
        std::fs::create_dir_all(dir.join("truth"))?;
        std::fs::write(dir.join("ranker.toml"), written(&learnt.ranker)?)?;
        for (truth, text) in &truths {
            std::fs::write(dir.join("truth").join(format!("{}.json", truth.file)), text)?;
        }
        let lines: Vec<String> = results.values().map(serde_json::to_string).collect::<Result<_, _>>()?;
        std::fs::write(dir.join("results.jsonl"), lines.join("\n") + "\n")?;
    }
    let truths: Vec<accuracy::Truth> = truths.into_iter().map(|t| t.0).collect();
    println!("{} files of {}, {} folds", truths.len(), examples.len(), train::FOLDS);
    report(&results, &truths);
    Ok(())
}

/// What the rules find on a file, beside its truth.
fn extracted(rules: &RuleSet, file: &File, e: &train::Example) -> anyhow::Result<(accuracy::Truth, Extracted)> {
    let truth: accuracy::Truth = serde_json::from_str(&file.truth).with_context(|| file.name.clone())?;
    let found = extract(rules, &e.reading, &Registers::default());
    let line = Extracted {
        file: truth.file.clone(),
        documents: Some(found.documents),
        note: found.note,
        error: None,
        reader: Reader::default(),
    };
    Ok((truth, line))
}

fn report(results: &BTreeMap<String, Extracted>, truths: &[accuracy::Truth]) {
    let judged = accuracy::judge(results, truths);
    let score = Score::of(&judged);
    let (silent, straight) = (score.silent_error_rate, score.straight_through);
    println!("types {}/{}", score.type_accuracy.hits, score.type_accuracy.of);
    println!("F1 {} (P {}, R {})", score.micro.f1, score.micro.precision, score.micro.recall);
    println!("silent {}/{}, straight-through {}/{}", silent.hits, silent.of, straight.hits, straight.of);
    for (name, r) in &score.by_ink {
        println!("{name:12} recall {:.3} ({}/{})", r.recall, r.right, r.of);
    }
    for by in [By::Condition, By::Hospital, By::Type, By::Field] {
        println!("{by:?}");
        for (name, g) in accuracy::groups(&judged, by) {
            let r = g.strict.rates();
            println!(
                "  {name:28} F1 {:.3} (P {:.3}, R {:.3}; {})  silent {}/{}  straight-through {}/{}",
                r.f1,
                r.precision,
                r.recall,
                r.tp + r.fn_,
                g.silent.hits,
                g.silent.of,
                g.straight.hits,
                g.straight.of
            );
        }
    }
    println!("certain and wrong");
    for file in &judged {
        for v in file.sheets.iter().flat_map(|s| &s.values) {
            for claim in v.claims().iter().filter(|c| c.wrong) {
                let got = claim.item.map(|i| i.value.clone()).or(v.found.map(|f| f.value.text())).unwrap_or_default();
                let there = v.truth.map(|t| t.value.text()).unwrap_or_default();
                println!("  {} {} {got:?}, there is {there:?}", file.truth.file, v.key);
            }
        }
    }
    println!("reliability: confidence, how often right");
    for (kind, r) in accuracy::reliability(&judged) {
        let bins = r.bins.iter().filter(|b| b.right.of > 0);
        let cells: Vec<String> = bins
            .map(|b| {
                format!(
                    "{:.2} {:.3} ({})",
                    b.confidence / b.right.of as f64,
                    b.right.value().unwrap_or(0.0),
                    b.right.of
                )
            })
            .collect();
        println!(
            "  {kind:12} accepted {}/{} right {}/{}: {}",
            r.accepted.hits,
            r.accepted.of,
            r.accepted_right.hits,
            r.accepted_right.of,
            cells.join("  ")
        );
    }
}
