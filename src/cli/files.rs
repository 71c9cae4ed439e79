//! Files that a command reads, or takes as they were read before, and sorts by the rules, several at a time.
//!
//! Knows no daemon and no database: a file is read in the sandboxed child and sorted by the rules, nothing else.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{OnceLock, mpsc};

use anyhow::{Result, bail};

use crate::config::Config;
use crate::daemon::pool_options;
use crate::decode::say;
use crate::model::{Document, Extracted, Field, Reader};
use crate::pool::{Pool, ReadFailure, ReadOutcome};
use crate::reading::Reading;
use crate::register::Registers;
use crate::rules::{self, RuleSet};

/// What files are read and sorted with.
pub struct Work {
    pub config: Config,
    pub rules: RuleSet,
    pub registers: Registers,
    /// Folder of readings that are taken instead of reading pages.
    kept: Option<PathBuf>,
    /// Folder to keep readings in.
    keep: Option<PathBuf>,
    /// Started with the first file that must be read; an engine that is missing is every file's error.
    pool: OnceLock<Result<Pool, String>>,
}

/// One file, done.
pub struct Done {
    pub line: Extracted,
    pub pages: usize,
    /// PNG of each page, upright, 200 dpi; none where the reading was kept.
    pub images: Vec<Vec<u8>>,
}

impl Work {
    /// # Errors
    /// Configuration, rules or registers cannot be used.
    pub fn new(reading: &super::Reading, kept: Option<&Path>, keep: Option<&Path>) -> Result<Work> {
        let (config, rules, registers) = reading.load()?;
        let own = |dir: Option<&Path>| dir.map(Path::to_path_buf);
        Ok(Work { config, rules, registers, kept: own(kept), keep: own(keep), pool: OnceLock::new() })
    }

    /// Does each file, `jobs` at a time; `take` gets what is done, with the file's number, as it comes. Those that were
    /// not begun are left when it returns.
    ///
    /// # Errors
    /// The engine cannot be opened.
    pub fn each<R>(
        &self,
        files: &[PathBuf],
        jobs: usize,
        take: impl FnOnce(mpsc::Receiver<(usize, Done)>) -> R,
    ) -> Result<R> {
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (send, receive) = mpsc::channel();
        let taken = std::thread::scope(|scope| {
            for _ in 0..jobs.min(files.len()) {
                let (send, next, stop) = (send.clone(), &next, &stop);
                scope.spawn(move || {
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        let Some(file) = files.get(n).filter(|_| !stop.load(Ordering::Relaxed)) else { return };
                        // A fault of the program at one file must not cost the others.
                        let done = catch_unwind(AssertUnwindSafe(|| self.file(file)));
                        if send.send((n, done.unwrap_or_else(|_| self.fault(file)))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(send);
            let taken = take(receive);
            stop.store(true, Ordering::Relaxed);
            taken
        });
        match self.pool.get() {
            Some(Err(why)) => bail!("{why}"),
            _ => Ok(taken),
        }
    }

    fn pool(&self) -> Result<&Pool, String> {
        let start = || Pool::new(pool_options(&self.config)).map_err(|e| e.to_string());
        self.pool.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    fn file(&self, file: &Path) -> Done {
        let (reader, read) = match &self.kept {
            Some(dir) => (Reader { engine: "kept".to_owned(), ..Reader::default() }, kept(&kept_path(dir, file))),
            None => match self.pool() {
                Ok(pool) => (pool.reader(), self.read(file)),
                Err(why) => (Reader { engine: self.config.reader.engine.clone(), ..Reader::default() }, Err(why)),
            },
        };
        let reader = Reader { rules: self.rules.hash().to_owned(), ..reader };
        let name = file.display().to_string();
        match read {
            Ok((reading, images)) => {
                let found = rules::extract(&self.rules, &reading, &self.registers);
                Done { line: line(name, &reading, found, reader), pages: reading.pages.len(), images }
            }
            Err(why) => {
                let line = Extracted { file: name, documents: None, note: None, error: Some(why), reader };
                Done { line, pages: 0, images: Vec::new() }
            }
        }
    }

    fn fault(&self, file: &Path) -> Done {
        let reader = Reader { engine: self.config.reader.engine.clone(), ..Reader::default() };
        let error = Some("プログラムの不具合で処理できませんでした。原本を確認してください".to_owned());
        let line = Extracted { file: file.display().to_string(), documents: None, note: None, error, reader };
        Done { line, pages: 0, images: Vec::new() }
    }

    /// Reads a file, whether or not a reading of it was kept.
    ///
    /// # Errors
    /// Why it cannot be read, in words for a person.
    pub fn read(&self, file: &Path) -> Result<(Reading, Vec<Vec<u8>>), String> {
        let bytes = bytes(file, self.config.reader.max_file_mb)?;
        let read = self.pool()?.read_blocking(&base_name(file), &bytes);
        let ReadOutcome { reading, images, .. } = read.map_err(|f| told(&f))?;
        if let Some(dir) = &self.keep {
            let path = kept_path(dir, file);
            std::fs::write(&path, reading.to_bytes()).map_err(|e| format!("{}: {e}", path.display()))?;
        }
        Ok((reading, images))
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

/// Where the reading of a file is kept.
pub fn kept_path(dir: &Path, file: &Path) -> PathBuf {
    let mut name: OsString = file.file_name().unwrap_or_default().to_owned();
    name.push(".reading");
    dir.join(name)
}

fn kept(path: &Path) -> Result<(Reading, Vec<Vec<u8>>), String> {
    let told = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let bytes = std::fs::read(path).map_err(|e| told(&e))?;
    Ok((Reading::from_bytes(&bytes).map_err(|e| told(&e))?, Vec::new()))
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
pub fn contract(d: Document) -> Document {
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
}
