//! Learns what tells a pen from print: `cargo run --example pen -- CORPUS… [--on CORPUS…] > reader/src/ocr/pen.toml`.
//!
//! A CORPUS is written as DIR:READINGS: DIR holds faxes/ and truth/ (samples/generator makes one; so does whoever writes down
//! what stands on real faxes, see docs/handwriting.md), READINGS what `faxbridge extract --save-readings` wrote for its
//! faxes. Weights are learnt from those before `--on`; how well they do is told of all, on stderr.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use faxbridge_reader::accuracy::{TrueDocument, TrueValue, Truth};
use faxbridge_reader::decode::{self, Limits};
use faxbridge_reader::model::{Document, Field, Rect};
use faxbridge_reader::ocr::pen::{self, FEATURES, Features, Model, Paper};
use faxbridge_reader::page;
use faxbridge_reader::reading::{Page, Reading};
use faxbridge_reader::register::Registers;
use faxbridge_reader::rules::{self, RuleSet};

/// Glyphs of printed text beside the values: so many are passed over for each that is taken.
const SPARE: usize = 3;

type Seen = (&'static str, Features);

/// A value whose writer is known.
struct Value {
    corpus: usize,
    file: String,
    key: String,
    hand: bool,
    page: usize,
    glyphs: Vec<Seen>,
}

#[derive(Default)]
struct Corpus {
    values: Vec<Value>,
    /// Everything on each page.
    pages: Vec<Vec<Seen>>,
    /// Characters of sheets that no pen has touched.
    print: Vec<Seen>,
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let split = args.iter().position(|a| a == "--on").unwrap_or(args.len());
    anyhow::ensure!(split > 0, "usage: pen DIR:READINGS… [--on DIR:READINGS…]");
    let mut all = Corpus::default();
    let names: Vec<&String> = args.iter().filter(|a| *a != "--on").collect();
    for (n, name) in names.iter().enumerate() {
        let (dir, readings) = name.split_once(':').context("a corpus is DIR:READINGS")?;
        corpus(n, Path::new(dir), Path::new(readings), n < split, &mut all)?;
    }
    let mut model = Model::default();
    for script in scripts(&all) {
        let mut rows: Vec<(Vec<f64>, bool, f64)> = Vec::new();
        for v in all.values.iter().filter(|v| v.corpus < split) {
            // a long value says no more than a few characters do
            let weight = 1.0 / (v.glyphs.len() as f64 / 8.0).max(1.0);
            rows.extend(v.glyphs.iter().filter(|g| g.0 == script).map(|g| (row(&g.1), v.hand, weight)));
        }
        rows.extend(all.print.iter().filter(|g| g.0 == script).map(|g| (row(&g.1), false, 0.5)));
        let hands = rows.iter().filter(|r| r.1).count();
        eprintln!("{script}: {} characters, {hands} by hand", rows.len());
        if hands >= 40 {
            let w = logistic(&rows, 2.0);
            model.weights.insert(script.to_owned(), named(&FEATURES, &w));
        }
    }
    let odds = |model: &Model, glyphs: &[Seen]| glyphs.iter().map(|g| model.log_odds(g.0, &g.1)).collect::<Vec<f32>>();
    let papers: Vec<Paper> = all.pages.iter().map(|p| Paper::of(odds(&model, p).into_iter())).collect();
    let asked = |model: &Model, v: &Value| papers[v.page].asked(odds(model, &v.glyphs).into_iter());
    let rows: Vec<(Vec<f64>, bool, f64)> = all
        .values
        .iter()
        .filter(|v| v.corpus < split)
        .filter_map(|v| Some((asked(&model, v)?.iter().map(|x| f64::from(*x)).collect(), v.hand, 1.0)))
        .collect();
    let weights = named(&pen::ASKED, &logistic(&rows, 0.5));
    model.weights.insert("value".to_owned(), weights);
    print!(
        "# What tells a pen from print (docs/handwriting.md). Made by a command, not by hand: examples/pen.rs.\n\n{}",
        toml::to_string(&model)?
    );
    for (n, name) in names.iter().enumerate() {
        let scored: Vec<(&Value, f32)> = all
            .values
            .iter()
            .filter(|v| v.corpus == n)
            .filter_map(|v| Some((v, model.of(&asked(&model, v)?))))
            .collect();
        tell(name, &scored);
    }
    Ok(())
}

fn scripts(all: &Corpus) -> Vec<&'static str> {
    let mut out: Vec<&'static str> = all.pages.iter().flatten().map(|g| g.0).collect();
    out.sort_unstable();
    out.dedup();
    out
}

fn row(f: &Features) -> Vec<f64> {
    f.iter().map(|x| f64::from(*x)).collect()
}

fn named(names: &[&str], weights: &[f64]) -> BTreeMap<String, f32> {
    names.iter().zip(weights).map(|(n, w)| ((*n).to_owned(), (*w * 1000.0).round() as f32 / 1000.0)).collect()
}

fn corpus(n: usize, dir: &Path, readings: &Path, learn: bool, all: &mut Corpus) -> anyhow::Result<()> {
    let rules = RuleSet::embedded();
    let mut truths: Vec<_> = std::fs::read_dir(dir.join("truth"))?.collect::<Result<_, _>>()?;
    truths.sort_by_key(std::fs::DirEntry::file_name);
    for entry in truths {
        let truth: Truth = serde_json::from_slice(&std::fs::read(entry.path())?)
            .with_context(|| entry.path().display().to_string())?;
        let Ok(kept) = std::fs::read(readings.join(format!("{}.reading", truth.file))) else { continue };
        let Ok(reading) = Reading::from_bytes(&kept) else { continue };
        let bytes = std::fs::read(dir.join("faxes").join(&truth.file))?;
        let base = all.pages.len();
        let mut seen: Vec<Vec<Vec<Option<Seen>>>> = Vec::new();
        let opened = decode::open(&truth.file, &bytes, &Limits::default());
        for (read, raw) in reading.pages.iter().zip(opened.pages()) {
            let lines = match raw.1 {
                Ok(raw) if !read.blank => {
                    let page = page::prepare(&raw.raster, read.turned);
                    pen::features(&page, read.lines.iter())
                }
                _ => Vec::new(),
            };
            all.pages.push(lines.iter().flatten().flatten().copied().collect());
            seen.push(lines);
        }
        let fax = Fax { corpus: n, name: &truth.file, reading: &reading, seen: &seen, first: base };
        let found = rules::extract(&rules, &reading, &Registers::default()).documents;
        for t in &truth.documents {
            let Some(d) = found.iter().find(|d| d.pages.iter().any(|p| t.pages.contains(p))) else { continue };
            values(&fax, t, d, &mut all.values);
        }
        let untouched = truth.documents.iter().all(|t| t.fields.values().all(|v| !v.handwritten && !v.marked));
        if learn && untouched && !truth.documents.is_empty() {
            all.print.extend(seen.iter().flatten().flatten().flatten().step_by(SPARE + 1).copied());
        }
    }
    Ok(())
}

/// A fax with what was seen of its characters.
struct Fax<'a> {
    corpus: usize,
    name: &'a str,
    reading: &'a Reading,
    /// By page, line, character.
    seen: &'a [Vec<Vec<Option<Seen>>>],
    /// Number of its first page among all.
    first: usize,
}

/// The glyphs of a document's values that were found, right or nearly so.
fn values(fax: &Fax, truth: &TrueDocument, found: &Document, out: &mut Vec<Value>) {
    for (key, t) in &truth.fields {
        let Some(f) = found.fields.get(key) else { continue };
        // a ring or tick is no handwriting
        if t.marked && !t.handwritten || !near(t, f) {
            continue;
        }
        let Some(index) = fax.reading.pages.iter().position(|p| p.number == f.page) else { continue };
        let rects: Vec<[i32; 4]> = match &f.items {
            Some(items) => items.iter().map(|i| i.rect).collect(),
            None => vec![f.rect],
        };
        let page = &fax.reading.pages[index];
        let glyphs = rects.iter().flat_map(|r| inside(page, *r, &fax.seen[index])).collect();
        out.push(Value {
            corpus: fax.corpus,
            file: fax.name.to_owned(),
            key: key.clone(),
            hand: t.handwritten,
            page: fax.first + index,
            glyphs,
        });
    }
}

fn near(truth: &TrueValue, found: &Field) -> bool {
    let (a, rows) = (found.value.text(), found.rect[3] - found.rect[1]);
    let like = truth.forms().map(|f| strsim::normalized_levenshtein(&f.text(), &a)).fold(0.0, f64::max);
    like >= 0.6 && (rows < 60 || found.items.is_some())
}

/// What was seen of the characters in a rectangle.
fn inside(page: &Page, rect: [i32; 4], seen: &[Vec<Option<Seen>>]) -> Vec<Seen> {
    let r = Rect::new(rect[0], rect[1], rect[2], rect[3]);
    let lines = page
        .lines
        .iter()
        .zip(seen)
        .filter(|(l, _)| r.contains(l.rect.center().0.clamp(r.x0, r.x1 - 1), l.rect.center().1));
    lines
        .flat_map(|(l, s)| l.glyphs.iter().zip(s))
        .filter(|(g, _)| ((g.x0 + g.x1) / 2 >= r.x0) && ((g.x0 + g.x1) / 2 < r.x1))
        .filter_map(|(_, s)| *s)
        .collect()
}

/// Newton's method on the logistic loss, drawn to 0 (the first weight, what always holds, is not); both sides weigh the same.
fn logistic(rows: &[(Vec<f64>, bool, f64)], draw: f64) -> Vec<f64> {
    let n = rows.first().map_or(0, |r| r.0.len());
    let mass = |hand: bool| rows.iter().filter(|r| r.1 == hand).map(|r| r.2).sum::<f64>().max(1.0);
    let (hands, prints) = (mass(true), mass(false));
    let total = hands + prints;
    let mut w = vec![0.0; n];
    for _ in 0..25 {
        let mut gradient = vec![0.0; n];
        let mut hessian = vec![vec![0.0; n]; n];
        for (x, hand, weight) in rows {
            let side = weight * 0.5 * total / if *hand { hands } else { prints };
            let z: f64 = x.iter().zip(&w).map(|(a, b)| a * b).sum();
            let p = 1.0 / (1.0 + (-z.clamp(-30.0, 30.0)).exp());
            let (g, h) = (side * (f64::from(u8::from(*hand)) - p), side * (p * (1.0 - p)).max(1e-6));
            for i in 0..n {
                gradient[i] += g * x[i];
                for k in 0..n {
                    hessian[i][k] += h * x[i] * x[k];
                }
            }
        }
        for i in 0..n {
            let d = if i == 0 { 1e-3 } else { draw };
            gradient[i] -= d * w[i];
            hessian[i][i] += d;
        }
        let step = solved(hessian, gradient);
        w.iter_mut().zip(&step).for_each(|(w, s)| *w += s);
        if step.iter().all(|s| s.abs() < 1e-5) {
            break;
        }
    }
    w
}

/// `a · x = b` by elimination.
fn solved(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        let best = (i..n).max_by(|x, y| a[*x][i].abs().total_cmp(&a[*y][i].abs())).unwrap_or(i);
        a.swap(i, best);
        b.swap(i, best);
        for k in i + 1..n {
            let (upper, lower) = a.split_at_mut(k);
            let f = lower[0][i] / upper[i][i];
            lower[0].iter_mut().zip(&upper[i]).skip(i).for_each(|(l, u)| *l -= f * u);
            b[k] -= f * b[i];
        }
    }
    for i in (0..n).rev() {
        let rest: f64 = (i + 1..n).map(|k| a[i][k] * b[k]).sum();
        b[i] = (b[i] - rest) / a[i][i];
    }
    b
}

/// Area under the curve, and what each threshold catches and costs.
fn tell(name: &str, scored: &[(&Value, f32)]) {
    let part = |hand: bool| scored.iter().filter(|s| s.0.hand == hand).map(|s| s.1).collect::<Vec<f32>>();
    let (mut hands, prints) = (part(true), part(false));
    hands.sort_by(f32::total_cmp);
    if hands.is_empty() || prints.is_empty() {
        return;
    }
    let above: f64 = hands
        .iter()
        .map(|h| {
            prints
                .iter()
                .map(|p| {
                    if h > p {
                        1.0
                    } else if h == p {
                        0.5
                    } else {
                        0.0
                    }
                })
                .sum::<f64>()
        })
        .sum();
    eprintln!(
        "{name}: {} values by hand, {} printed, AUC {:.4}",
        hands.len(),
        prints.len(),
        above / (hands.len() * prints.len()) as f64
    );
    let over = |v: &[f32], t: f32| v.iter().filter(|x| **x >= t).count() as f64 * 100.0 / v.len() as f64;
    for t in [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0] {
        eprintln!("  from {t:4}: {:5.1} % of the pen, {:5.2} % of print", over(&hands, t), over(&prints, t));
    }
    let mut keys: BTreeMap<&str, (usize, usize, usize, usize)> = BTreeMap::new();
    for (v, s) in scored {
        let k = keys.entry(&v.key).or_default();
        let taken = usize::from(*s >= pen::HAND);
        if v.hand { (k.0, k.1) = (k.0 + taken, k.1 + 1) } else { (k.2, k.3) = (k.2 + taken, k.3 + 1) }
    }
    for (key, (a, b, c, d)) in keys {
        eprintln!("  {key:28} pen {a:3} of {b:3}   print taken for it {c:3} of {d:3}");
    }
    if std::env::var_os("WORST").is_some() {
        for (v, s) in scored.iter().filter(|(v, s)| v.hand != (*s >= pen::HAND)) {
            eprintln!(
                "  {} {} {} {s:.2} ({} characters)",
                v.file,
                v.key,
                if v.hand { "pen" } else { "print" },
                v.glyphs.len()
            );
        }
    }
}
