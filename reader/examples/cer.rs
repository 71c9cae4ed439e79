//! Character errors of kept readings against the text that the generator printed: a developer's tool, see
//! docs/measurements.md.
//!
//!     python3 samples/generator/generate.py --out DIR --set cer --files 24 --seed 1 --text
//!     faxbridge extract --save-readings READINGS DIR/faxes/*.tif
//!     cargo run --example cer -- READINGS DIR/text [rows of the worst to show]
//!
//! Characters are compared after NFKC without white space. The runs of the generator are brought onto the page by an
//! affine map (from runs that were read as they stand), gathered in rows, and each glyph goes to the row it stands on;
//! so neither the order of lines nor where they were cut matters. Pen-written, ringed, sealed, upright and white-on-black
//! characters are counted apart.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use faxbridge_reader::reading::{Page, Reading, Vote};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

#[derive(Deserialize)]
struct Printed {
    file: String,
    class: String,
    pages: Vec<Vec<Run>>,
}

/// Characters of one row and font; places in millimetres.
#[derive(Deserialize)]
struct Run {
    kind: String,
    font: String,
    pt: f32,
    text: String,
    y: (f32, f32),
    x: Vec<(f32, f32)>,
}

/// One printed character in page pixels.
#[derive(Clone)]
struct Char {
    ch: char,
    x: f32,
    /// Index of its run.
    run: usize,
    kind: usize,
}

struct Row {
    y: f32,
    height: f32,
    chars: Vec<Char>,
}

const KINDS: [&str; 6] = ["print", "pen", "mark", "sealed", "upright", "inverse"];

#[derive(Default, Clone, Copy)]
struct Count {
    chars: u32,
    changed: u32,
    lost: u32,
    added: u32,
}

impl Count {
    fn errors(&self) -> u32 {
        self.changed + self.lost + self.added
    }
    fn rate(&self) -> f32 {
        self.errors() as f32 / self.chars.max(1) as f32
    }
    fn add(&mut self, o: &Count) {
        self.chars += o.chars;
        self.changed += o.changed;
        self.lost += o.lost;
        self.added += o.added;
    }
}

/// One character that was read.
#[derive(Clone, Copy)]
struct Read {
    ch: char,
    x: f32,
    p: f32,
    vote: Option<Vote>,
}

/// A row with its errors, for the list of the worst.
struct Worst {
    errors: u32,
    place: String,
    printed: String,
    read: String,
}

#[derive(Default)]
struct Sums {
    kinds: BTreeMap<(String, &'static str), Count>,
    fonts: BTreeMap<(String, String), Count>,
    sizes: BTreeMap<(String, u32), Count>,
    confusions: BTreeMap<(Option<char>, Option<char>), BTreeMap<String, u32>>,
    /// What the second engine said of printed characters, by the first's probability: how many, wrong, and how many of
    /// these the second engine has right.
    votes: BTreeMap<(&'static str, &'static str), (u32, u32, u32)>,
    /// Characters read where nothing is printed.
    beside: BTreeMap<String, u32>,
    worst: Vec<Worst>,
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [readings, text, rest @ ..] = args.as_slice() else { anyhow::bail!("cer READINGS TEXT [N]") };
    let show: usize = rest.first().map_or(Ok(0), |n| n.parse())?;
    let mut sums = Sums::default();
    let mut files: Vec<_> = std::fs::read_dir(text)?.filter_map(|e| Some(e.ok()?.path())).collect();
    files.sort();
    for file in files {
        let printed: Printed = serde_json::from_slice(&std::fs::read(&file)?).context(file.display().to_string())?;
        let kept = Path::new(readings).join(format!("{}.reading", printed.file));
        let Ok(bytes) = std::fs::read(&kept) else { continue };
        let reading = Reading::from_bytes(&bytes).context(kept.display().to_string())?;
        for (page, runs) in reading.pages.iter().zip(&printed.pages) {
            if !page.blank {
                compare(&printed, page, runs, &mut sums);
            }
        }
    }
    report(&sums, show);
    Ok(())
}

/// From millimetres to page pixels.
type Map = [[f64; 3]; 2];

fn apply(m: &Map, x: f32, y: f32) -> (f32, f32) {
    let at = |r: &[f64; 3]| (r[0] * f64::from(x) + r[1] * f64::from(y) + r[2]) as f32;
    (at(&m[0]), at(&m[1]))
}

fn squeeze(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace()).collect()
}

/// Runs that stand on the page as one line and nowhere else say how the sheet lies on it.
fn map(page: &Page, runs: &[Run]) -> Map {
    let plain = [[f64::from(page.width) / 210.0, 0.0, 0.0], [0.0, f64::from(page.height) / 297.0, 0.0]];
    let mut pairs: Vec<((f32, f32), (f32, f32))> = Vec::new();
    for line in page.lines.iter().filter(|l| !l.tti && l.glyphs.len() >= 3) {
        let text = squeeze(&line.text());
        let mut found = runs.iter().filter(|r| squeeze(&r.text) == text && r.kind == "print");
        if let (Some(r), None) = (found.next(), found.next())
            && let (Some(a), Some(b)) = (r.x.first(), r.x.last())
        {
            let (x, y) = line.rect.center();
            pairs.push((((a.0 + b.1) / 2.0, (r.y.0 + r.y.1) / 2.0), (x as f32, y as f32)));
        }
    }
    let mut best = plain;
    // a wrong pair lies far from where the others put it
    for far in [40.0, 15.0, 8.0] {
        let near: Vec<_> = pairs
            .iter()
            .filter(|(mm, px)| {
                let at = apply(&best, mm.0, mm.1);
                (at.0 - px.0).abs() < far && (at.1 - px.1).abs() < far
            })
            .collect();
        if near.len() < 5 {
            break;
        }
        let fit = |of: fn(&(f32, f32)) -> f32| {
            least_squares(near.iter().map(|(mm, px)| ([f64::from(mm.0), f64::from(mm.1), 1.0], f64::from(of(px)))))
        };
        match (fit(|p| p.0), fit(|p| p.1)) {
            (Some(x), Some(y)) => best = [x, y],
            _ => break,
        }
    }
    best
}

fn least_squares(pairs: impl Iterator<Item = ([f64; 3], f64)>) -> Option<[f64; 3]> {
    let mut a = [[0.0f64; 4]; 3];
    for (v, out) in pairs {
        for i in 0..3 {
            for k in 0..3 {
                a[i][k] += v[i] * v[k];
            }
            a[i][3] += v[i] * out;
        }
    }
    for i in 0..3 {
        a[i][i] += 1e-6;
        let pivot = a[i][i];
        if pivot.abs() < 1e-9 {
            return None;
        }
        let own = a[i];
        for (k, row) in a.iter_mut().enumerate() {
            if k != i {
                let f = row[i] / pivot;
                row.iter_mut().zip(own).for_each(|(c, o)| *c -= f * o);
            }
        }
    }
    Some([a[0][3] / a[0][0], a[1][3] / a[1][1], a[2][3] / a[2][2]])
}

/// Boxes to tick are judged by their ink, whatever is read of them.
fn kind(name: &str, ch: char) -> usize {
    let name = if "□☐☑☒■✓".contains(ch) { "mark" } else { name };
    KINDS.iter().position(|k| *k == name).unwrap_or(3)
}

/// The printed characters of a page in rows, and the places of seals, whose own characters nobody needs.
fn rows(runs: &[Run], m: &Map) -> (Vec<Row>, Vec<[f32; 4]>) {
    let mut seals: Vec<[f32; 4]> = Vec::new();
    for r in runs.iter().filter(|r| r.kind == "seal") {
        if let Some(x) = r.x.first() {
            let ((x0, y0), (x1, y1)) = (apply(m, x.0, r.y.0), apply(m, x.1, r.y.1));
            seals.push([x0, y0, x1, y1]);
        }
    }
    let mut rows: Vec<Row> = Vec::new();
    for (n, r) in runs.iter().enumerate().filter(|(_, r)| r.kind != "seal") {
        // the line box is higher than its characters
        let (_, y) = apply(m, r.x.first().map_or(0.0, |x| x.0), (r.y.0 + r.y.1) / 2.0);
        let height = r.pt * 0.3528 * m[1][1] as f32;
        let mut chars = Vec::new();
        for (c, x) in r.text.chars().zip(&r.x) {
            let (x, _) = apply(m, (x.0 + x.1) / 2.0, r.y.0);
            let under = seals.iter().any(|s| (s[0]..s[2]).contains(&x) && (s[1]..s[3]).contains(&y));
            let kind = if under { 3 } else { kind(&r.kind, c) };
            chars.extend(c.to_string().nfkc().filter(|c| !c.is_whitespace()).map(|ch| Char { ch, x, run: n, kind }));
        }
        match rows.iter_mut().find(|o| (o.y - y).abs() < 0.3 * height.min(o.height)) {
            Some(row) => row.chars.extend(chars),
            None => rows.push(Row { y, height, chars }),
        }
    }
    for row in &mut rows {
        row.chars.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    (rows, seals)
}

fn compare(printed: &Printed, page: &Page, runs: &[Run], sums: &mut Sums) {
    let (rows, seals) = rows(runs, &map(page, runs));
    let mut read: Vec<Vec<Read>> = vec![Vec::new(); rows.len()];
    for line in page.lines.iter().filter(|l| !l.tti) {
        let y = line.rect.center().1 as f32;
        for (n, g) in line.glyphs.iter().enumerate() {
            let x = (g.x0 + g.x1) as f32 / 2.0;
            let cost = |r: &Row| {
                let beside = r.chars.iter().map(|c| (c.x - x).abs() - 0.6 * r.height).fold(f32::MAX, f32::min);
                (r.y - y).abs() / r.height + 0.5 * beside.max(0.0) / r.height
            };
            let best = rows.iter().enumerate().map(|(i, r)| (cost(r), i)).min_by(|a, b| a.0.total_cmp(&b.0));
            let chars = g.ch.to_string().nfkc().filter(|c| !c.is_whitespace()).collect::<Vec<_>>();
            match best {
                Some((cost, i)) if cost < 1.0 => {
                    read[i].extend(chars.into_iter().map(|ch| Read { ch, x, p: g.p, vote: line.vote(n) }));
                }
                _ if seals.iter().any(|s| (s[0]..s[2]).contains(&x) && (s[1]..s[3]).contains(&y)) => {}
                _ => *sums.beside.entry(printed.class.clone()).or_default() += 1,
            }
        }
    }
    for (row, mut got) in rows.iter().zip(read) {
        got.sort_by(|a, b| a.x.total_cmp(&b.x));
        let mut errors = 0;
        let mut last = row.chars.first();
        for (want, got) in align(&row.chars, &got) {
            last = want.or(last);
            let Some(about) = last else { continue };
            let run = &runs[about.run];
            // what is added beside a mark is the mark's
            let kind = KINDS[about.kind];
            let one = match (want, got) {
                (Some(w), Some(g)) if w.ch == g.ch => Count { chars: 1, ..Count::default() },
                (Some(_), Some(_)) => Count { chars: 1, changed: 1, ..Count::default() },
                (Some(_), None) => Count { chars: 1, lost: 1, ..Count::default() },
                _ => Count { added: 1, ..Count::default() },
            };
            sums.kinds.entry((printed.class.clone(), kind)).or_default().add(&one);
            if let ("print", Some(g)) = (kind, got) {
                let of = sums.votes.entry((class_of(g.p), name_of(g.vote))).or_default();
                let wrong = want.is_none_or(|w| w.ch != g.ch);
                let mended = matches!((g.vote, want), (Some(Vote::Other(c, _)), Some(w)) if c == w.ch);
                *of = (of.0 + 1, of.1 + u32::from(wrong), of.2 + u32::from(mended));
            }
            if kind == "print" {
                sums.fonts.entry((run.font.clone(), printed.class.clone())).or_default().add(&one);
                sums.sizes.entry((printed.class.clone(), run.pt.round() as u32)).or_default().add(&one);
                if one.errors() > 0 {
                    errors += 1;
                    let of = sums.confusions.entry((want.map(|w| w.ch), got.map(|g| g.ch))).or_default();
                    *of.entry(printed.class.clone()).or_default() += 1;
                }
            }
        }
        if errors > 0 {
            let font = row.chars.first().map_or("", |c| &runs[c.run].font);
            sums.worst.push(Worst {
                errors,
                place: format!("{} p{} y{:.0} {:.0}px {}", printed.file, page.number, row.y, row.height, font),
                printed: row.chars.iter().map(|c| c.ch).collect(),
                read: got.iter().map(|c| c.ch).collect(),
            });
        }
    }
}

fn class_of(p: f32) -> &'static str {
    match p {
        p if p < 0.5 => "p < .5",
        p if p < 0.8 => "p .5-.8",
        p if p < 0.95 => "p .8-.95",
        p if p < 0.99 => "p .95-.99",
        p if p < 0.999 => "p .99-.999",
        _ => "p > .999",
    }
}

fn name_of(vote: Option<Vote>) -> &'static str {
    match vote {
        None => "not asked",
        Some(Vote::Silent) => "silent",
        Some(Vote::Same(_)) => "same",
        Some(Vote::Other(_, p)) if p > 0.9 => "other, sure",
        Some(Vote::Other(..)) => "other",
    }
}

/// Least edits; of equal ones the latest.
fn align<'a>(want: &'a [Char], got: &[Read]) -> Vec<(Option<&'a Char>, Option<Read>)> {
    let (n, m) = (want.len(), got.len());
    let mut cost = vec![vec![0u32; m + 1]; n + 1];
    for i in 0..=n {
        for k in 0..=m {
            cost[i][k] = match (i, k) {
                (0, k) => k as u32,
                (i, 0) => i as u32,
                _ => {
                    let change = u32::from(want[i - 1].ch != got[k - 1].ch);
                    (cost[i - 1][k - 1] + change).min(cost[i - 1][k] + 1).min(cost[i][k - 1] + 1)
                }
            };
        }
    }
    let (mut i, mut k) = (n, m);
    let mut out = Vec::new();
    while i > 0 || k > 0 {
        if i > 0 && k > 0 && cost[i][k] == cost[i - 1][k - 1] + u32::from(want[i - 1].ch != got[k - 1].ch) {
            out.push((Some(&want[i - 1]), Some(got[k - 1])));
            (i, k) = (i - 1, k - 1);
        } else if i > 0 && cost[i][k] == cost[i - 1][k] + 1 {
            out.push((Some(&want[i - 1]), None));
            i -= 1;
        } else {
            out.push((None, Some(got[k - 1])));
            k -= 1;
        }
    }
    out.reverse();
    out
}

fn report(sums: &Sums, show: usize) {
    let line = |name: String, c: &Count| {
        println!(
            "{name:<34} {:>7} characters  CER {:.4}  changed {} lost {} added {}",
            c.chars,
            c.rate(),
            c.changed,
            c.lost,
            c.added
        );
    };
    for ((class, kind), c) in &sums.kinds {
        line(format!("{class} {kind}"), c);
    }
    println!("read where nothing is printed: {:?}", sums.beside);
    for ((font, class), c) in &sums.fonts {
        line(format!("{font} {class}"), c);
    }
    for ((class, pt), c) in &sums.sizes {
        line(format!("{class} {pt} pt"), c);
    }
    println!("the second engine: characters, wrong, of these right in the second");
    for ((p, vote), (n, wrong, mended)) in &sums.votes {
        println!("{p:<12} {vote:<12} {n:>7} {wrong:>6} ({:.4}) {mended:>5}", *wrong as f32 / *n as f32);
    }
    let mut pairs: Vec<_> = sums.confusions.iter().map(|(k, v)| (v.values().sum::<u32>(), k, v)).collect();
    pairs.sort_by_key(|p| std::cmp::Reverse(p.0));
    let name = |c: &Option<char>| c.map_or("∅".to_owned(), |c| c.to_string());
    for (_, (want, got), by) in pairs.iter().take(50) {
        println!("{}>{} {by:?}", name(want), name(got));
    }
    let mut worst: Vec<&Worst> = sums.worst.iter().collect();
    worst.sort_by_key(|w| std::cmp::Reverse(w.errors));
    for w in worst.iter().take(show) {
        println!("{} errors, {}\n  printed {}\n  read    {}", w.errors, w.place, w.printed, w.read);
    }
}
