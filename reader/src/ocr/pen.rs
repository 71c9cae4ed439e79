//! Which characters were written by hand, from their ink: a hand leans, jumps and varies where print does not.
//!
//! [`mark`] gives every character log odds; a value's glyphs together decide (`rules`). Compared is with the neighbours and
//! with the usual print of the same page, so that faces, sizes and faint pages matter little. The weights (`pen.toml`) are a
//! logistic model for each script and resolution, made by `cargo run --example pen` (docs/handwriting.md); must not know
//! what a field is.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::model::Rect;
use crate::page::{Prepared, Strokes};
use crate::reading::Line;

/// What is asked of one character, in the order of a model's weights.
pub const FEATURES: [&str; 35] = [
    "always",
    "tilt",
    "lean",
    "tilt_gain",
    "lean_gain",
    "rows",
    "columns",
    "rows_of_page",
    "columns_of_page",
    "level",
    "upright",
    "level_of_page",
    "upright_of_page",
    "thick_level",
    "thick_level_off",
    "thick_upright",
    "thick_upright_off",
    "contrast",
    "contrast_off",
    "uneven",
    "doubt",
    "middle_off",
    "top_off",
    "height_off",
    "tilts_differ",
    "tilts",
    "rows_near",
    "level_near",
    "thick_near",
    "tall",
    "tall_off",
    "middles_differ",
    "heights_differ",
    "turned",
    "alone",
];

/// One character's answers.
pub type Features = [f32; FEATURES.len()];

/// A weight for each of [`FEATURES`], by script and resolution (`kanji`, `kanji_coarse`, …).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Model {
    #[serde(flatten)]
    pub weights: BTreeMap<String, BTreeMap<String, f32>>,
}

impl Model {
    /// The model that this build carries.
    fn get() -> &'static Model {
        static MODEL: LazyLock<Model> = LazyLock::new(|| {
            toml::from_str(include_str!("pen.toml")).expect("the embedded weights parse: a test reads them")
        });
        &MODEL
    }

    /// Log odds that a hand wrote it; 0 for a script without weights.
    pub fn log_odds(&self, script: &str, features: &Features) -> f32 {
        let Some(weights) = self.weights.get(script) else { return 0.0 };
        let sum: f32 = FEATURES.iter().zip(features).map(|(n, x)| weights.get(*n).copied().unwrap_or(0.0) * x).sum();
        sum.clamp(-6.0, 6.0)
    }

    /// Log odds that a hand wrote a value.
    pub fn of(&self, asked: &Asked) -> f32 {
        let Some(weights) = self.weights.get("value") else { return f32::MIN };
        ASKED.iter().zip(asked).map(|(n, x)| weights.get(*n).copied().unwrap_or(0.0) * x).sum()
    }
}

/// What is asked of one value, in the order of the weights under `value`.
pub const ASKED: [&str; 8] = ["always", "mean", "sum", "least", "most", "long", "page", "usual"];

/// A value's answers.
pub type Asked = [f32; ASKED.len()];

/// Log odds from which a value counts as written by hand.
pub const HAND: f32 = 1.0;

/// How a whole page looks: one that the line has spoilt looks written by hand all over.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Paper {
    /// Share of its characters that a hand seems to have written.
    share: f32,
    /// Log odds of its middle character: on nearly every form that is print.
    usual: f32,
}

impl Paper {
    /// From the log odds of all its characters.
    pub fn of(glyphs: impl Iterator<Item = f32>) -> Paper {
        let all: Vec<f32> = glyphs.filter(|g| *g != 0.0).collect();
        Paper {
            share: mean(all.iter().map(|g| 1.0 / (1.0 + (-g).exp()))),
            usual: median(all.into_iter()).unwrap_or(0.0),
        }
    }

    /// What is asked of a value on it, from the log odds of its characters; nothing where none can be judged.
    pub fn asked(&self, glyphs: impl Iterator<Item = f32>) -> Option<Asked> {
        let own: Vec<f32> = glyphs.filter(|g| *g != 0.0).collect();
        let n = own.len() as f32;
        let sum: f32 = own.iter().sum();
        let least = own.iter().copied().reduce(f32::min)?;
        let most = own.iter().copied().reduce(f32::max)?;
        Some([1.0, sum / n, sum / n.sqrt(), least, most, n.ln(), self.share, self.usual])
    }
}

/// Log odds that a hand wrote a value.
pub fn log_odds(asked: &Asked) -> f32 {
    Model::get().of(asked)
}

/// Sets every glyph's `pen`.
pub fn mark(page: &Prepared, lines: &mut [&mut Line]) {
    let seen = features(page, lines.iter().map(|l| &**l));
    for (line, seen) in lines.iter_mut().zip(seen) {
        for (g, seen) in line.glyphs.iter_mut().zip(seen) {
            g.pen = seen.map_or(0.0, |(script, f)| Model::get().log_odds(script, &f));
        }
    }
}

/// A character that can be judged, where it stands in its line.
struct Seen {
    glyph: usize,
    script: usize,
    strokes: Strokes,
    p: f32,
    /// White space before it, em.
    gap: f32,
}

const SCRIPTS: [&str; 3] = ["kanji", "kana", "digit"];
const COARSE: [&str; 3] = ["kanji_coarse", "kana_coarse", "digit_coarse"];

/// Which script; nothing for signs, too small to tell anything.
fn script(c: char) -> Option<usize> {
    match c {
        '一' | '二' | '三' | 'ー' | '口' | '□' | '○' | '〇' => None,
        '一'..='鿿' | '々' => Some(0),
        'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ｦ'..='ﾝ' => Some(1),
        '0'..='9' | '０'..='９' | 'A'..='Z' | 'a'..='z' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => Some(2),
        _ => None,
    }
}

/// Every character's script and features, line by line; nothing for signs and for the sending machine's line.
pub fn features<'l>(
    page: &Prepared,
    lines: impl Iterator<Item = &'l Line>,
) -> Vec<Vec<Option<(&'static str, Features)>>> {
    let mut shape: Vec<usize> = Vec::new();
    let mut all: Vec<Vec<Seen>> = Vec::new();
    for line in lines {
        shape.push(line.glyphs.len());
        all.push(if line.tti { Vec::new() } else { seen(page, line) });
    }
    let usual: Vec<Usual> = (0..SCRIPTS.len())
        .map(|k| Usual::of(all.iter().flatten().filter(|s| s.script == k).map(|s| &s.strokes).collect()))
        .collect();
    let names = if page.raster.dpi.1 < 150.0 { &COARSE } else { &SCRIPTS };
    let em = page.em.max(8.0);
    let mut out: Vec<Vec<Option<(&'static str, Features)>>> = shape.iter().map(|n| vec![None; *n]).collect();
    for (line, out) in all.iter().zip(&mut out) {
        for (i, s) in line.iter().enumerate() {
            out[s.glyph] = Some((names[s.script], describe(s, &near(line, i), &usual[s.script], em)));
        }
    }
    out
}

fn seen(page: &Prepared, line: &Line) -> Vec<Seen> {
    let look = |(glyph, g): (usize, &crate::reading::Glyph)| {
        let script = script(g.ch)?;
        let strokes = page.strokes(Rect::new(g.x0, line.rect.y0 - 2, g.x1.max(g.x0 + 2), line.rect.y1 + 2))?;
        Some(Seen { glyph, script, strokes, p: g.p, gap: g.gap })
    };
    line.glyphs.iter().enumerate().filter_map(look).collect()
}

/// Up to four characters of the same script to either side, no wide gap between.
fn near(line: &[Seen], i: usize) -> Vec<&Strokes> {
    const WIDE: f32 = 1.6;
    let same = |s: &&Seen| s.script == line[i].script;
    let before = (0..i).rev().take_while(|k| line[k + 1].gap < WIDE).map(|k| &line[k]).filter(same).take(4);
    let behind = (i + 1..line.len()).take_while(|k| line[*k].gap < WIDE).map(|k| &line[k]).filter(same).take(4);
    before.chain(behind).map(|s| &s.strokes).collect()
}

fn contrast(s: &Strokes) -> f32 {
    (s.thick_upright.max(0.5) / s.thick_level.max(0.5)).ln()
}

fn median(v: impl Iterator<Item = f32>) -> Option<f32> {
    let mut v: Vec<f32> = v.collect();
    v.sort_by(f32::total_cmp);
    v.get(v.len() / 2).copied()
}

fn mean(v: impl Iterator<Item = f32>) -> f32 {
    let (n, sum) = v.fold((0, 0.0), |(n, sum), x| (n + 1, sum + x));
    if n == 0 { 0.0 } else { sum / n as f32 }
}

/// What is usual for a script on a page.
#[derive(Default)]
struct Usual {
    rows: f32,
    columns: f32,
    level: f32,
    upright: f32,
    thick_level: f32,
    thick_upright: f32,
    contrast: f32,
    height: f32,
}

impl Usual {
    fn of(all: Vec<&Strokes>) -> Usual {
        let of = |f: &dyn Fn(&Strokes) -> f32| median(all.iter().map(|s| f(s))).unwrap_or(1.0);
        Usual {
            rows: of(&|s| s.rows),
            columns: of(&|s| s.columns),
            level: of(&|s| s.level),
            upright: of(&|s| s.upright),
            thick_level: of(&|s| s.thick_level),
            thick_upright: of(&|s| s.thick_upright),
            contrast: of(&contrast),
            height: of(&|s| s.y1 - s.y0),
        }
    }
}

fn describe(seen: &Seen, near: &[&Strokes], usual: &Usual, em: f32) -> Features {
    let s = &seen.strokes;
    let ratio = |a: f32, b: f32| (a.max(0.5) / b.max(0.5)).ln().clamp(-1.5, 1.5);
    let height = |s: &Strokes| s.y1 - s.y0;
    let middle = |s: &Strokes| (s.y0 + s.y1) / 2.0;
    let off = |f: &dyn Fn(&Strokes) -> f32| match median(near.iter().map(|n| f(n))) {
        Some(m) => ((f(s) - m).abs() / em * 10.0).min(3.0),
        None => 0.0,
    };
    let spread = |f: &dyn Fn(&Strokes) -> f32| {
        let Some(m) = median(near.iter().map(|n| f(n))) else { return 0.0 };
        mean(near.iter().map(|n| ((f(n) - m).abs() / em * 10.0).min(3.0)))
    };
    let tilt = |s: &Strokes| s.tilt / 5.0;
    let thick =
        |s: &Strokes| ratio(s.thick_level, usual.thick_level).abs() + ratio(s.thick_upright, usual.thick_upright).abs();
    let (thick_level, thick_upright) =
        (ratio(s.thick_level, usual.thick_level), ratio(s.thick_upright, usual.thick_upright));
    let tall = ratio(height(s), usual.height);
    [
        1.0,
        tilt(s).abs(),
        (s.lean / 5.0).abs(),
        (10.0 * s.tilt_gain).min(3.0),
        (10.0 * s.lean_gain).min(3.0),
        s.rows,
        s.columns,
        s.rows - usual.rows,
        s.columns - usual.columns,
        ratio(s.level, 0.2 * em),
        ratio(s.upright, 0.2 * em),
        ratio(s.level, usual.level),
        ratio(s.upright, usual.upright),
        thick_level,
        thick_level.abs(),
        thick_upright,
        thick_upright.abs(),
        contrast(s),
        (contrast(s) - usual.contrast).abs(),
        s.uneven,
        (1.0 - seen.p + 1e-4).ln() / 5.0,
        off(&middle),
        off(&|s| s.y0),
        off(&height),
        mean(near.iter().map(|n| (tilt(n) - tilt(s)).abs())),
        mean(near.iter().map(|n| tilt(n).abs())),
        mean(near.iter().map(|n| n.rows - usual.rows)),
        mean(near.iter().map(|n| ratio(n.level, usual.level))),
        mean(near.iter().map(|n| thick(n))),
        tall,
        tall.abs(),
        spread(&middle),
        spread(&height),
        (-s.tilt * s.lean / 25.0).clamp(-1.0, 1.0),
        1.0 / (1.0 + near.len() as f32),
    ]
}
