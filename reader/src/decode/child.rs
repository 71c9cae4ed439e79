//! The reading child, `faxbridge read-child`: opens the engine, locks itself down, then reads one file after the
//! other for its parent ([`super::pool`]) until stdin ends. Nothing that came from outside is touched before the lock.

mod images;
mod warm;
mod watch;

use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

use super::wire::{self, Answer, Ask, Images};
use super::{Limits, Opened, Piece, RawPage, bounded, image, open_piece, pdf, pieces, sandbox, sniff};
use crate::again::ink;
use crate::model::Reader;
use crate::ocr::{self, Engine};
use crate::raster::Raster;
use crate::reading::{Page, Part};

pub use images::png;

/// How the parent starts a child; the only place that knows the arguments.
#[derive(Debug, Clone)]
pub struct Start {
    pub engine: String,
    pub second: Option<String>,
    pub models: PathBuf,
    pub sandbox: bool,
    /// Memory beyond what the warm engine maps.
    pub memory_mb: u64,
    /// The child ends itself a little after the parent would have ended it.
    pub page_seconds: u64,
    /// Try what must be refused, say so, and end.
    pub self_test: bool,
}

impl Start {
    pub fn to_args(&self) -> Vec<String> {
        let mut args = vec![
            "read-child".to_owned(),
            format!("--engine={}", self.engine),
            format!("--models={}", self.models.display()),
            format!("--sandbox={}", if self.sandbox { "on" } else { "off" }),
            format!("--memory-mb={}", self.memory_mb),
            format!("--page-seconds={}", self.page_seconds),
        ];
        args.extend(self.second.as_ref().map(|s| format!("--second={s}")));
        args.extend(self.self_test.then(|| "--self-test".to_owned()));
        args
    }

    /// Reads [`Start::to_args`] back, with or without the word `read-child` in front.
    ///
    /// # Errors
    /// An argument that [`Start::to_args`] does not write.
    pub fn from_args(args: &[String]) -> Result<Start, String> {
        let mut start = Start {
            engine: "ppocr".to_owned(),
            second: None,
            models: PathBuf::from("models"),
            sandbox: true,
            memory_mb: 1024,
            page_seconds: 120,
            self_test: false,
        };
        for arg in args.iter().skip(usize::from(args.first().is_some_and(|a| a == "read-child"))) {
            let (key, value) = arg.split_once('=').unwrap_or((arg, ""));
            let number = || value.parse::<u64>().map_err(|e| format!("{arg}: {e}"));
            match key {
                "--engine" => start.engine = value.to_owned(),
                "--second" => start.second = Some(value.to_owned()),
                "--models" => start.models = PathBuf::from(value),
                "--sandbox" => start.sandbox = value != "off",
                "--memory-mb" => start.memory_mb = number()?,
                "--page-seconds" => start.page_seconds = number()?,
                "--self-test" => start.self_test = true,
                _ => return Err(format!("unknown argument {arg}")),
            }
        }
        Ok(start)
    }
}

/// Reads one page: the engine in the product, something simpler in tests.
pub trait PageReader {
    /// What stands as reader with every reading.
    fn reader(&self) -> Reader;
    /// The page and its upright image, or why not.
    ///
    /// # Errors
    /// A sentence for a person.
    fn read(&mut self, raw: &Raster, number: u32) -> Result<(Page, Raster), String>;
}

/// The recogniser and its second opinion.
struct Engines {
    first: Box<dyn Engine>,
    second: Option<Box<dyn Engine>>,
}

impl PageReader for Engines {
    fn reader(&self) -> Reader {
        let mut reader = self.first.identity().reader();
        if let Some(second) = &self.second {
            reader.runtime = format!("{} + {}", reader.runtime, second.identity().runtime);
        }
        reader
    }
    fn read(&mut self, raw: &Raster, number: u32) -> Result<(Page, Raster), String> {
        let second = self.second.as_mut().map(|s| s.as_mut() as &mut dyn Engine);
        ocr::read_page(raw, number, self.first.as_mut(), second)
            .map_err(|e| format!("文字の読み取りが失敗しました（{e}）。原本を確認してください"))
    }
}

/// The hidden subcommand. `args` as [`Start::to_args`] writes them.
pub fn main(args: &[String]) -> ExitCode {
    watch::quiet_panics();
    let mut out = io::stdout();
    let refused = |out: &mut io::Stdout, why: String| {
        // Where the parent is gone there is nobody to tell.
        let _ = wire::send(out, &Answer::Refused(why));
        ExitCode::from(2)
    };
    let start = match Start::from_args(args) {
        Ok(start) => start,
        Err(why) => return refused(&mut out, why),
    };
    if start.sandbox
        && let Err(e) = sandbox::first(&start.models)
    {
        return refused(&mut out, e.to_string());
    }
    let watch = watch::Watch::start();
    watch.allow(120);
    let mut engines = match open_engines(&start) {
        Ok(engines) => engines,
        Err(why) => return refused(&mut out, why),
    };
    pdf::prepare_fonts();
    if start.sandbox
        && let Err(e) = sandbox::close(start.memory_mb)
    {
        return refused(&mut out, e.to_string());
    }
    if start.self_test {
        return match sandbox::self_test(&mut out, &start.models) {
            Ok(true) => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        };
    }
    let allow = |on: bool| if on { watch.allow(start.page_seconds + 15) } else { watch.rest() };
    match serve(&mut io::stdin().lock(), &mut out.lock(), &mut engines, &allow) {
        Ok(()) => ExitCode::SUCCESS,
        // The parent went away.
        Err(_) => ExitCode::from(3),
    }
}

fn open_engines(start: &Start) -> Result<Engines, String> {
    let mut first = ocr::open(&start.engine, &start.models).map_err(|e| e.to_string())?;
    warm::up(first.as_mut()).map_err(|e| e.to_string())?;
    let second = match &start.second {
        Some(name) => {
            let mut second = ocr::open(name, &start.models).map_err(|e| e.to_string())?;
            warm::up(second.as_mut()).map_err(|e| e.to_string())?;
            Some(second)
        }
        None => None,
    };
    Ok(Engines { first, second })
}

/// Answers requests until the stream ends. `busy` is told before each step and when nothing is left to do.
///
/// # Errors
/// The other side is gone.
pub fn serve(
    from: &mut impl Read,
    to: &mut impl Write,
    reader: &mut dyn PageReader,
    busy: &dyn Fn(bool),
) -> io::Result<()> {
    wire::send(to, &Answer::Ready(reader.reader()))?;
    loop {
        busy(false);
        let Some(ask) = wire::receive::<Ask>(from, wire::LARGEST_ASK)? else { return Ok(()) };
        let Some(bytes) = wire::receive_raw(from, u32::MAX as usize)? else { return Ok(()) };
        let mut job = Job { ask, reader, busy, tainted: false };
        match job.ask.compare.take() {
            Some(question) => job.compare(&question, &bytes, to)?,
            None => job.file(bytes, to)?,
        }
        let tainted = job.tainted;
        wire::send(to, &Answer::Done { tainted })?;
    }
}

struct Job<'a> {
    ask: Ask,
    reader: &'a mut dyn PageReader,
    busy: &'a dyn Fn(bool),
    tainted: bool,
}

impl Job<'_> {
    fn file(&mut self, bytes: Vec<u8>, to: &mut impl Write) -> io::Result<()> {
        (self.busy)(true);
        let limits = self.ask.limits.clone();
        let name = self.ask.name.clone();
        let found = self.guarded(|_| pieces(&name, &bytes, &limits)).unwrap_or_else(|why| super::Pieces {
            mail: None,
            pieces: vec![Piece { name: name.clone(), error: Some(why), ..Piece::default() }],
        });
        drop(bytes);
        wire::send(to, &Answer::Pieces { mail: found.mail, count: found.pieces.len() as u32 })?;
        let mut room = limits.max_pages;
        let mut number = 0;
        for (n, piece) in (0u32..).zip(found.pieces) {
            wire::send(to, &Answer::Opening(n))?;
            (self.busy)(true);
            let opened = if self.ask.skip.contains(&n) { closed(&piece, None) } else { self.open(&piece, &limits) };
            let opened = bounded(opened, &mut room, &limits);
            drop(piece);
            wire::send(to, &Answer::Opened(n, opened.part.clone()))?;
            for index in 0..opened.part.pages {
                number += 1;
                if number >= self.ask.from_page {
                    (self.busy)(true);
                    let answer = self.page(n, &opened, index, number, &limits);
                    wire::send(to, &answer)?;
                }
            }
        }
        Ok(())
    }

    /// Compares two images that an earlier child made.
    fn compare(&mut self, question: &ink::Question, bytes: &[u8], to: &mut impl Write) -> io::Result<()> {
        (self.busy)(true);
        let limits = self.ask.limits.clone();
        let compared = self.guarded(|_| {
            let images: Images = postcard::from_bytes(bytes).map_err(|e| e.to_string())?;
            let page = |png: &[u8]| image::decode(png, sniff::Format::Png, &limits);
            Ok(ink::compare(&page(&images.old)?, &page(&images.new)?, question))
        });
        wire::send(to, &Answer::Compared(compared.and_then(|r| r)))
    }

    fn open(&mut self, piece: &Piece, limits: &Limits) -> Opened {
        self.guarded(|_| open_piece(piece, limits)).unwrap_or_else(|why| closed(piece, Some(why)))
    }

    fn page(&mut self, part: u32, opened: &Opened, index: u32, number: u32, limits: &Limits) -> Answer {
        let read = self.guarded(|job| -> Result<Answer, String> {
            let raw = opened.page(index, limits)?;
            let (page, upright) = job.reader.read(&raw.raster, number)?;
            let mut warnings = raw.warnings.clone();
            warnings.extend(text_layer_doubt(&raw, &page));
            let image = png(&upright, raw.raster.bilevel);
            let page = Box::new(Page { number, ..page });
            Ok(Answer::Page { part, page, image, warnings, incomplete: raw.incomplete })
        });
        match read.and_then(|r| r) {
            Ok(answer) => answer,
            Err(why) => Answer::Page {
                part,
                page: Box::new(Page { number, failed: Some(why), ..Page::default() }),
                image: Vec::new(),
                warnings: Vec::new(),
                incomplete: None,
            },
        }
    }

    /// A panic becomes a reason; the child is then replaced after this file.
    fn guarded<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> Result<T, String> {
        catch_unwind(AssertUnwindSafe(|| f(self))).map_err(|_| {
            self.tainted = true;
            format!("読み取り中に内部エラーが起きました（{}）。原本を確認してください", watch::last_panic())
        })
    }
}

/// A piece that is not opened; the parent knows why where `why` does not say.
fn closed(piece: &Piece, why: Option<String>) -> Opened {
    let part = Part { name: piece.name.clone(), format: piece.format.key().to_owned(), error: why, ..Part::default() };
    Opened { part, source: super::Source::None }
}

/// A PDF's own text counts for nothing unless the ink agrees: where it does not, a person should know.
fn text_layer_doubt(raw: &RawPage, page: &Page) -> Option<String> {
    let layer = raw.text_layer.as_ref()?;
    let ink: String = page.lines.iter().map(crate::reading::Line::text).collect();
    let share = agreement(layer, &ink)?;
    (share < 0.5)
        .then(|| format!("{} ページ目: PDF の中の文字情報が紙面と一致しないため、紙面だけを読みました", page.number))
}

/// Share of the shorter text's characters that the other has too; none where there is too little to compare.
fn agreement(a: &str, b: &str) -> Option<f32> {
    use unicode_normalization::UnicodeNormalization;
    let count = |s: &str| {
        let mut counts = std::collections::HashMap::<char, u32>::new();
        s.nfkc().filter(|c| c.is_alphanumeric()).for_each(|c| *counts.entry(c).or_default() += 1);
        counts
    };
    let (a, b) = (count(a), count(b));
    let shorter = a.values().sum::<u32>().min(b.values().sum::<u32>());
    if shorter < 20 {
        return None;
    }
    let common: u32 = a.iter().map(|(c, n)| (*n).min(b.get(c).copied().unwrap_or(0))).sum();
    Some(common as f32 / shorter as f32)
}
