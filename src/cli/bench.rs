//! `bench accuracy`: extraction measured against what is known to stand on the pages (`crate::accuracy` does the sums).
//!
//! For whoever changes rules or the reader, and for the figures of docs/measurements.md.

mod cost;
mod html;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::files::{Done, Work, base_name, kept_path};
use crate::accuracy::{By, Group, JudgedFile, Mistake, Reliability, Score, Truth, groups, judge, reliability, worst};
use crate::model::Extracted;
use cost::{Cost, Meter};

#[derive(Debug, Args)]
pub struct Options {
    /// Folder with faxes/ and truth/
    dir: PathBuf,
    #[command(flatten)]
    reading: super::Reading,
    /// Files that are read at the same time; by default one for each core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: Option<u16>,
    /// Take kept readings instead of reading pages; faxes without one are left out
    #[arg(long, value_name = "DIR")]
    from_readings: Option<PathBuf>,
    /// Also print the figures of each
    #[arg(long, value_name = "WHAT")]
    by: Vec<Part>,
    /// Also print how often values of each confidence are right
    #[arg(long)]
    reliability: bool,
    /// One JSON object, the same keys as the team's scorer and what else was asked for
    #[arg(long)]
    json: bool,
    /// Show the N worst mistakes on a page with their places cut out of the faxes: what was accepted first
    #[arg(long, value_name = "N", requires = "html")]
    worst: Option<usize>,
    /// Where to write that page; it holds patient data
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Layout,
    Type,
    Field,
    Condition,
    Hospital,
    /// Printed, marked or written by hand
    Ink,
}

impl Part {
    fn by(self) -> (&'static str, By) {
        match self {
            Part::Layout => ("layout", By::Layout),
            Part::Type => ("type", By::Type),
            Part::Field => ("field", By::Field),
            Part::Condition => ("condition", By::Condition),
            Part::Hospital => ("hospital", By::Hospital),
            Part::Ink => ("ink", By::Ink),
        }
    }
}

/// Mistakes that are shown where nothing is said of how many.
const SHOWN: usize = 60;

/// Everything that is printed.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    score: Score,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    by: BTreeMap<&'static str, BTreeMap<String, Group>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    reliability: BTreeMap<&'static str, Reliability>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
}

pub fn run(options: &Options, out: &mut impl Write) -> Result<ExitCode> {
    let kept = options.from_readings.as_deref();
    let work = Work::new(&options.reading, kept, None)?;
    let mut truths = truths(&options.dir.join("truth"))?;
    let faxes = options.dir.join("faxes");
    if let Some(dir) = kept {
        let all = truths.len();
        truths.retain(|t| kept_path(dir, &faxes.join(&t.file)).is_file());
        if truths.len() < all {
            eprintln!("{} of {all} files have no reading in {} and are left out", all - truths.len(), dir.display());
        }
    }
    if truths.is_empty() {
        bail!("{}: nothing to measure", options.dir.display());
    }
    let files: Vec<PathBuf> = truths.iter().map(|t| faxes.join(&t.file)).collect();
    let meter = Meter::start();
    let read =
        work.each(&files, super::jobs(options.jobs), |done| collect(done, files.len(), options.html.is_some()))?;
    let cost = kept.is_none().then(|| meter.stop(read.pages));

    let judged = judge(&read.results, &truths);
    let parts = |p: &Part| (p.by().0, groups(&judged, p.by().1));
    let report = Report {
        score: Score::of(&judged),
        by: options.by.iter().map(parts).collect(),
        reliability: if options.reliability { reliability(&judged) } else { BTreeMap::new() },
        cost,
    };
    if options.json {
        serde_json::to_writer_pretty(&mut *out, &report)?;
        writeln!(out)?;
    } else {
        table::print(out, &report, &groups(&judged, By::Field))?;
    }
    if let Some(file) = &options.html {
        let page = page(options, &work, &judged, &report.score, read.images);
        let open = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file);
        open.and_then(|mut f| f.write_all(page.as_bytes())).with_context(|| file.display().to_string())?;
        eprintln!("{}", file.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn truths(dir: &Path) -> Result<Vec<Truth>> {
    let entries = std::fs::read_dir(dir).with_context(|| dir.display().to_string())?;
    let mut files = entries.map(|e| Ok(e?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    files.retain(|f| f.extension().is_some_and(|e| e == "json"));
    files.sort();
    let read = |f: &PathBuf| -> Result<Truth> { Ok(serde_json::from_slice(&std::fs::read(f)?)?) };
    files.iter().map(|f| read(f).with_context(|| f.display().to_string())).collect()
}

struct Read {
    results: BTreeMap<String, Extracted>,
    images: BTreeMap<String, Vec<Vec<u8>>>,
    pages: usize,
}

fn collect(done: impl IntoIterator<Item = (usize, Done)>, all: usize, pictures: bool) -> Read {
    let show = io::stderr().is_terminal() && all > 1;
    let mut read = Read { results: BTreeMap::new(), images: BTreeMap::new(), pages: 0 };
    for (n, (_, done)) in done.into_iter().enumerate() {
        let name = base_name(Path::new(&done.line.file));
        read.pages += done.pages;
        if pictures && !done.images.is_empty() {
            read.images.insert(name.clone(), done.images);
        }
        read.results.insert(name, done.line);
        if show {
            eprint!("\r{} of {all} files ", n + 1);
        }
    }
    if show {
        eprintln!();
    }
    read
}

/// The page of mistakes. Where readings were kept, the faxes that it shows are read for their images.
fn page(
    options: &Options,
    work: &Work,
    judged: &[JudgedFile],
    score: &Score,
    mut images: BTreeMap<String, Vec<Vec<u8>>>,
) -> String {
    let mistakes: Vec<Mistake> = worst(judged, options.worst.unwrap_or(SHOWN));
    let shown: BTreeSet<&String> = mistakes.iter().filter(|m| m.rect.is_some()).map(|m| &m.file).collect();
    for name in shown {
        if !images.contains_key(name)
            && let Ok((_, pages)) = work.read(&options.dir.join("faxes").join(name))
        {
            images.insert(name.clone(), pages);
        }
    }
    html::page(&options.dir.display().to_string(), score, &mistakes, &images)
}
