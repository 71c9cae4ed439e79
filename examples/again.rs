//! How many re-sends are known as such, and whether any changed sheet is taken for one: a developer's tool, see
//! docs/measurements.md.
//!
//!     python3 samples/generator/pairs.py --out DIR --set train --sheets 40 --seed 3
//!     cargo run --example again -- target/debug/faxbridge MODELS DIR [--read-alike] [--show]
//!
//! Each fax of DIR is read once (kept in DIR/read), sorted by the embedded rules with the registers of DIR, and compared
//! with the first fax of its sheet as the daemon does it. `--show` prints every verdict.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use faxbridge::again::{self, Sheet, Terms, Verdict, ink};
use faxbridge::pool::{Pool, PoolOptions};
use faxbridge::raster::Raster;
use faxbridge::reading::Reading;
use faxbridge::register::{Registers, table};
use faxbridge::rules::{self, RuleSet};
use serde::Deserialize;

#[derive(Deserialize)]
struct Pair {
    old: String,
    new: String,
    what: String,
    detail: String,
    fine: bool,
}

struct Fax {
    /// PNG files, one for each page.
    images: Vec<PathBuf>,
    sheets: Vec<Sheet>,
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [exe, models, dir, flags @ ..] = args.as_slice() else {
        anyhow::bail!("again FAXBRIDGE MODELS DIR [--read-alike] [--show]")
    };
    let dir = Path::new(dir);
    let has = |flag: &str| flags.iter().any(|f| f == flag);
    let pairs: Vec<Pair> = serde_json::from_slice(&std::fs::read(dir.join("pairs.json")).context("pairs.json")?)?;
    // The child works in another folder.
    let full = |path: &str| std::fs::canonicalize(path).with_context(|| path.to_owned());
    let pool = Pool::new(options(full(exe)?, full(models)?))?;
    let rules = RuleSet::embedded();
    let bytes = |name: &str| std::fs::read(dir.join("registers").join(name)).with_context(|| name.to_owned());
    let registers = Registers::new(
        table::patients("patients.csv", &bytes("patients.csv")?)?,
        table::institutions("institutions.csv", &bytes("institutions.csv")?)?,
        Vec::new(),
        Vec::new(),
    );
    std::fs::create_dir_all(dir.join("read"))?;
    // What, resolution → other, again, version, whole, unlike in their documents.
    let mut table: BTreeMap<(String, bool), [u32; 5]> = BTreeMap::new();
    for pair in pairs.iter().filter(|p| p.what != "first") {
        let [old, new] = [&pair.old, &pair.new].map(|name| load(&pool, dir, name, &rules, &registers));
        let (old, new) = (old?, new?);
        let row = table.entry((pair.what.clone(), pair.fine)).or_default();
        let ([a], [b]) = (old.sheets.as_slice(), new.sheets.as_slice()) else {
            row[4] += 1;
            continue;
        };
        let verdict = again::compare(a, b, Terms { read_alike: has("--read-alike") }, &mut |o, n, question| {
            let page = |fax: &Fax, n: u32| raster(fax.images.get(n as usize - 1)?).ok();
            Some(ink::compare(&page(&old, o)?, &page(&new, n)?, question))
        });
        row[match verdict {
            Verdict::Other => 0,
            Verdict::Again => 1,
            Verdict::Version { .. } => 2,
            Verdict::Whole { .. } => 3,
        }] += 1;
        if has("--show") {
            println!("{} {} {verdict:?} {}", pair.new, pair.what, pair.detail);
        }
    }
    println!("{:<8} {:<5} {:>6} {:>6} {:>8} {:>6} {:>7}", "what", "", "other", "again", "version", "whole", "unlike");
    for ((what, fine), [other, again, version, whole, unlike]) in table {
        let class = if fine { "fine" } else { "std" };
        println!("{what:<8} {class:<5} {other:>6} {again:>6} {version:>8} {whole:>6} {unlike:>7}");
    }
    Ok(())
}

fn options(exe: PathBuf, models: PathBuf) -> PoolOptions {
    PoolOptions {
        exe,
        engine: "ppocr".into(),
        second: Some("tesseract".into()),
        models,
        sandbox: true,
        workers: 1,
        memory_mb: 1024,
        page_seconds: 120,
        max_pages: 200,
        max_megapixels: 60,
        max_file_mb: 64,
        recycle_pages: 200,
    }
}

fn load(pool: &Pool, dir: &Path, name: &str, rules: &RuleSet, registers: &Registers) -> Result<Fax> {
    let kept = dir.join("read").join(format!("{name}.reading"));
    let image = |n: usize| dir.join("read").join(format!("{name}.{n}.png"));
    if !kept.exists() {
        let done = pool.read_blocking(name, &std::fs::read(dir.join("faxes").join(name))?)?;
        for (n, png) in done.images.iter().enumerate() {
            std::fs::write(image(n + 1), png)?;
        }
        std::fs::write(&kept, done.reading.to_bytes())?;
    }
    let reading = Reading::from_bytes(&std::fs::read(&kept)?)?;
    let page = |n: &u32| reading.pages.iter().find(|p| p.number == *n).cloned();
    let sheets = rules::extract(rules, &reading, registers)
        .documents
        .into_iter()
        .map(|d| Sheet { pages: d.pages.iter().filter_map(page).collect(), document: d })
        .collect();
    Ok(Fax { images: (1..=reading.pages.len()).map(image).collect(), sheets })
}

fn raster(png: &Path) -> Result<Raster> {
    let gray = image::open(png)?.into_luma8();
    let (width, height) = (gray.width() as usize, gray.height() as usize);
    Ok(Raster { width, height, dpi: (200.0, 200.0), bilevel: false, gray: gray.into_raw() })
}
