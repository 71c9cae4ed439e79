//! Reads faxes in this process and keeps the readings: a developer's tool for trying the reading without building the
//! daemon. No sandbox: for faxes of one's own making only.
//!
//!     cargo run --example read -- MODELS READINGS FAX…
//!
//! Writes READINGS/NAME.reading, as `faxbridge extract --save-readings` does, and tells the CPU seconds a page.

use std::path::Path;

use anyhow::{Context, Result};
use faxbridge_reader::decode::{self, Limits};
use faxbridge_reader::ocr;
use faxbridge_reader::reading::{Page, Reading, VERSION};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [models, out, faxes @ ..] = args.as_slice() else { anyhow::bail!("read MODELS READINGS FAX…") };
    std::fs::create_dir_all(out)?;
    let (mut first, mut second) = (ocr::open("ppocr", Path::new(models))?, ocr::open("tesseract", Path::new(models))?);
    let (mut pages, started) = (0, cpu_seconds());
    for fax in faxes {
        let path = Path::new(fax);
        let name = path.file_name().and_then(|n| n.to_str()).context("a file's name")?;
        let opened = decode::open(name, &std::fs::read(path)?, &Limits::default());
        let mut reading = Reading { version: VERSION, ..Reading::default() };
        for (_, raw) in opened.pages() {
            let number = reading.pages.len() as u32 + 1;
            reading.pages.push(match raw {
                Ok(raw) => ocr::read_page(&raw.raster, number, first.as_mut(), Some(second.as_mut()))?.0,
                Err(why) => Page { number, failed: Some(why), ..Page::default() },
            });
        }
        pages += reading.pages.len();
        reading.parts = opened.parts.into_iter().map(|p| p.part).collect();
        reading.mail = opened.mail;
        std::fs::write(Path::new(out).join(format!("{name}.reading")), reading.to_bytes())?;
    }
    println!("{pages} pages, {:.2} CPU s a page", (cpu_seconds() - started) / pages.max(1) as f64);
    Ok(())
}

/// Of this process, all threads.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: f64 = after_name.skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum();
    ticks / rustix::param::clock_ticks_per_second() as f64
}
