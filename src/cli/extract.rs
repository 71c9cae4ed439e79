//! `extract`: what files hold, as JSON Lines in the order in which they were named, each as soon as it is known.
//!
//! Knows no daemon and no database: a file is read in the sandboxed child and sorted by the rules, nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{OnceLock, mpsc};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::config::Config;
use crate::daemon::pool_options;
use crate::decode::pool::{Pool, ReadFailure, ReadOutcome};
use crate::decode::say;
use crate::model::{Document, Extracted, Field, Reader};
use crate::reading::Reading;
use crate::register::Registers;
use crate::rules::{self, RuleSet};

#[derive(Debug, Args)]
pub struct Options {
    /// Files: TIFF, PDF, JPEG, PNG, mails (.eml), zips
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reading: super::Reading,
    /// Files that are read at the same time; by default one for each core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: Option<u16>,
    /// Keep each file's reading as DIR/<file name>.reading
    #[arg(long, value_name = "DIR", hide = true)]
    save_readings: Option<PathBuf>,
    /// Take kept readings instead of reading pages
    #[arg(long, value_name = "DIR", hide = true, conflicts_with = "save_readings")]
    from_readings: Option<PathBuf>,
}

pub fn run(options: &Options, out: &mut impl Write) -> Result<ExitCode> {
    let (config, rules, registers) = options.reading.load()?;
    if let Some(dir) = &options.save_readings {
        std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        let mut names = BTreeSet::new();
        if let Some(twice) = options.files.iter().find(|f| !names.insert(f.file_name())) {
            bail!("--save-readings: there are two files of the name of {}", twice.display());
        }
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.map_or(cores, usize::from).min(options.files.len());
    let work = Work { options, config, rules, registers, pool: OnceLock::new() };
    let (next, stop) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (send, receive) = mpsc::channel::<(usize, Extracted)>();
    let failed = std::thread::scope(|scope| -> io::Result<usize> {
        for _ in 0..jobs {
            let (send, work, next, stop) = (send.clone(), &work, &next, &stop);
            scope.spawn(move || {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(file) = options.files.get(n).filter(|_| stop.load(Ordering::Relaxed) == 0) else { return };
                    // A fault of the program at one file must not cost the others.
                    let line = catch_unwind(AssertUnwindSafe(|| work.file(file))).unwrap_or_else(|_| work.fault(file));
                    if send.send((n, line)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let printed = print_in_order(receive, options.files.len(), out);
        stop.store(1, Ordering::Relaxed);
        printed
    })?;
    if let Some(Err(why)) = work.pool.get() {
        bail!("{why}");
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints each line as soon as all before it are; gives the number of files with an error.
fn print_in_order(lines: mpsc::Receiver<(usize, Extracted)>, all: usize, out: &mut impl Write) -> io::Result<usize> {
    let show = io::stderr().is_terminal() && all > 1;
    let mut waiting = BTreeMap::new();
    let (mut printed, mut done, mut failed) = (0, 0, 0);
    for (n, line) in lines {
        done += 1;
        failed += usize::from(line.error.is_some());
        waiting.insert(n, line);
        while let Some(line) = waiting.remove(&printed) {
            serde_json::to_writer(&mut *out, &line)?;
            out.write_all(b"\n")?;
            out.flush()?;
            printed += 1;
        }
        if show {
            eprint!("\r{done} of {all} files, {failed} with an error ");
        }
    }
    if show {
        eprintln!();
    }
    Ok(failed)
}

struct Work<'a> {
    options: &'a Options,
    config: Config,
    rules: RuleSet,
    registers: Registers,
    /// Started with the first file that must be read; an engine that is missing is every file's error.
    pool: OnceLock<Result<Pool, String>>,
}

impl Work<'_> {
    fn pool(&self) -> Result<&Pool, String> {
        let start = || {
            let options = pool_options(&self.config);
            Pool::new(options).map_err(|e| e.to_string())
        };
        self.pool.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    fn file(&self, file: &Path) -> Extracted {
        let name = file.display().to_string();
        let (reader, read) = match &self.options.from_readings {
            Some(dir) => (Reader { engine: "kept".to_owned(), ..Reader::default() }, kept(&kept_path(dir, file))),
            None => match self.pool() {
                Ok(pool) => (pool.reader(), self.read(pool, file)),
                Err(why) => (Reader { engine: self.config.reader.engine.clone(), ..Reader::default() }, Err(why)),
            },
        };
        let reader = Reader { rules: self.rules.hash().to_owned(), ..reader };
        match read {
            Ok(reading) => line(name, &reading, rules::extract(&self.rules, &reading, &self.registers), reader),
            Err(why) => Extracted { file: name, documents: None, note: None, error: Some(why), reader },
        }
    }

    fn fault(&self, file: &Path) -> Extracted {
        let reader = Reader { engine: self.config.reader.engine.clone(), ..Reader::default() };
        let error = Some("プログラムの不具合で処理できませんでした。原本を確認してください".to_owned());
        Extracted { file: file.display().to_string(), documents: None, note: None, error, reader }
    }

    fn read(&self, pool: &Pool, file: &Path) -> Result<Reading, String> {
        let bytes = bytes(file, self.config.reader.max_file_mb)?;
        let ReadOutcome { reading, .. } = pool.read_blocking(&base_name(file), &bytes).map_err(|f| told(&f))?;
        if let Some(dir) = &self.options.save_readings {
            let path = kept_path(dir, file);
            std::fs::write(&path, reading.to_bytes()).map_err(|e| format!("{}: {e}", path.display()))?;
        }
        Ok(reading)
    }
}

/// Why nothing of a file could be read: each part's own reason where there are several.
pub fn told(failure: &ReadFailure) -> String {
    let reasons: Vec<String> = part_errors(&failure.parts);
    if reasons.is_empty() { failure.reason.clone() } else { reasons.join(" ") }
}

/// A file's bytes, within the limit.
pub fn bytes(file: &Path, max_mb: u64) -> Result<Vec<u8>, String> {
    let told = |e: io::Error| format!("{}: {e}", file.display());
    let open = std::fs::File::open(file).map_err(told)?;
    let size = open.metadata().map_err(told)?.len();
    if size > max_mb << 20 {
        return Err(say::file_too_large(size >> 20, max_mb));
    }
    // A pipe has no size, so the reading itself is bounded as well; the pool refuses what is one byte too long.
    let mut bytes = Vec::new();
    open.take((max_mb << 20) + 1).read_to_end(&mut bytes).map_err(told)?;
    Ok(bytes)
}

pub fn base_name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn kept_path(dir: &Path, file: &Path) -> PathBuf {
    let mut name: OsString = file.file_name().unwrap_or_default().to_owned();
    name.push(".reading");
    dir.join(name)
}

fn kept(path: &Path) -> Result<Reading, String> {
    let told = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let bytes = std::fs::read(path).map_err(|e| told(&e))?;
    Reading::from_bytes(&bytes).map_err(|e| told(&e))
}

/// One line of the contract.
fn line(file: String, reading: &Reading, found: rules::Extraction, reader: Reader) -> Extracted {
    let documents: Vec<Document> = found.documents.into_iter().map(contract).collect();
    let mut errors = part_errors(&reading.parts);
    for page in &reading.pages {
        if let Some(why) = page.failed.as_ref().filter(|why| !errors.iter().any(|e| e.contains(why.as_str()))) {
            errors.push(format!("{} ページ目: {why}", page.number));
        }
    }
    let note = found.note.or_else(|| {
        let nothing = documents.is_empty() && errors.is_empty();
        nothing.then(|| match reading.pages.iter().all(|p| p.blank) {
            _ if reading.pages.is_empty() => say::nothing_found(&reading.parts),
            true => "白紙のみです".to_owned(),
            false => "書類として判別できるページがありません".to_owned(),
        })
    });
    let error = (!errors.is_empty()).then(|| errors.join(" "));
    Extracted { file, documents: Some(documents), note, error, reader }
}

/// Without what is not in the contract's JSON.
fn contract(d: Document) -> Document {
    let fields: BTreeMap<String, Field> = d.fields.iter().map(|(k, f)| (k.clone(), f.contract())).collect();
    Document { fields, doubts: Vec::new(), sender_id: None, ..d }
}

fn part_errors(parts: &[crate::reading::Part]) -> Vec<String> {
    let several = parts.len() > 1;
    let named = |p: &crate::reading::Part| {
        let why = p.error.clone()?;
        Some(if several && !why.contains(&p.name) { format!("{}: {why}", p.name) } else { why })
    };
    parts.iter().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Page, Part};

    fn part(name: &str, error: Option<&str>) -> Part {
        Part { name: name.to_owned(), format: "tiff".to_owned(), error: error.map(str::to_owned), ..Part::default() }
    }

    fn of(reading: &Reading) -> Extracted {
        line("a.eml".to_owned(), reading, rules::Extraction::default(), Reader::default())
    }

    #[test]
    fn an_unreadable_attachment_is_named_beside_the_documents_of_the_others() {
        let reading = Reading {
            parts: vec![part("a.tif", None), part("b.pdf", Some("パスワード付きの PDF です"))],
            pages: vec![Page { number: 1, ..Page::default() }],
            ..Reading::default()
        };
        let line = of(&reading);
        assert_eq!(line.error.as_deref(), Some("b.pdf: パスワード付きの PDF です"));
        assert!(line.documents.is_some());
    }

    #[test]
    fn a_lost_page_is_an_error_and_a_blank_one_is_a_note() {
        let lost = Page { number: 2, failed: Some("読めません".to_owned()), ..Page::default() };
        let reading = Reading { parts: vec![part("a.tif", None)], pages: vec![lost], ..Reading::default() };
        assert_eq!(of(&reading).error.as_deref(), Some("2 ページ目: 読めません"));
        let blank = Page { number: 1, blank: true, ..Page::default() };
        let reading = Reading { parts: vec![part("a.tif", None)], pages: vec![blank], ..Reading::default() };
        assert_eq!(of(&reading).note.as_deref(), Some("白紙のみです"));
    }

    #[test]
    fn lines_come_in_the_order_of_the_files() {
        let (send, receive) = mpsc::channel();
        for n in [2, 0, 1] {
            let line = Extracted {
                file: n.to_string(),
                documents: None,
                note: None,
                error: (n == 1).then(|| "x".to_owned()),
                reader: Reader::default(),
            };
            send.send((n, line)).expect("sent");
        }
        drop(send);
        let mut out = Vec::new();
        assert_eq!(print_in_order(receive, 3, &mut out).expect("printed"), 1);
        let text = String::from_utf8(out).expect("text");
        let files: Vec<String> =
            text.lines().map(|l| serde_json::from_str::<Extracted>(l).expect("a line").file).collect();
        assert_eq!(files, ["0", "1", "2"]);
    }
}
