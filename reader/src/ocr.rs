//! From an upright page to characters with places, probabilities and rivals.
//!
//! Adding an engine: one file under `ocr/` that implements [`Engine`], one arm in [`open`].
//! Must not know fields or rules: it reads what stands there, restricted choice happens later among the rivals
//! ([`choose`]), and never falls back to another engine by itself.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::model::Rect;
use crate::page::{LineBox, Prepared};
use crate::raster::Raster;
use crate::reading::{self, CheckBox, Line};

pub mod choose;
mod classes;
pub mod crop;
mod ctc;
mod model;
pub mod pen;
pub mod ppocr;
mod runtime;
mod second;
pub mod tesseract;
mod turn;
mod vote;

/// A text recogniser. One instance per child process; never falls back to another engine by itself.
pub trait Engine {
    /// `ppocr` or `tesseract`, as in the configuration and on every line of `extract`.
    fn name(&self) -> &'static str;
    /// What reads: stands on every line of `extract` and with every stored reading.
    fn identity(&self) -> &Identity;
    /// Reads one line out of the page's native pixels.
    ///
    /// # Errors
    /// The engine itself failed; a line with nothing legible is an empty line, not an error.
    fn read(&mut self, page: &Prepared, line: &LineBox) -> Result<Line, OcrError>;
}

/// Engine, runtime with version, and `sha256:…` over the model files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    pub engine: &'static str,
    pub runtime: String,
    pub models: String,
}

impl Identity {
    /// For `extract`'s line; the rules' hash is added by whoever runs the rules.
    pub fn reader(&self) -> crate::model::Reader {
        crate::model::Reader {
            engine: self.engine.to_owned(),
            runtime: self.runtime.clone(),
            models: self.models.clone(),
            rules: String::new(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OcrError {
    #[error("{engine} is configured but {what} is missing: run `{command}`")]
    Missing { engine: &'static str, what: String, command: &'static str },
    #[error("{engine} failed: {what}")]
    Failed { engine: &'static str, what: String },
    #[error("there is no engine {0:?}: use `ppocr` or `tesseract`")]
    Unknown(String),
}

/// Opens an engine by the name that stands in the configuration. `models` is the folder that `make models` fills.
///
/// # Errors
/// The name is unknown, or the engine's model, runtime or language data are missing.
pub fn open(engine: &str, models: &Path) -> Result<Box<dyn Engine>, OcrError> {
    match engine {
        "ppocr" => Ok(Box::new(ppocr::PpOcr::open(models)?)),
        #[cfg(feature = "rten")]
        "ppocr-rten" => Ok(Box::new(ppocr::PpOcr::open_rten(models)?)),
        "tesseract" => Ok(Box::new(tesseract::Tesseract::open(models)?)),
        other => Err(OcrError::Unknown(other.to_owned())),
    }
}

/// `sha256:…` over the files' bytes, in order.
fn hash<'a>(files: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut sum = Sha256::new();
    for bytes in files {
        sum.update((bytes.len() as u64).to_le_bytes());
        sum.update(bytes);
    }
    format!("sha256:{}", hex::encode(sum.finalize()))
}

/// Reads a page: turns it upright, finds its lines, reads each, measures marks, and asks the second engine about the
/// doubtful ones. Also gives the upright image that people see.
///
/// # Errors
/// The engine failed.
pub fn read_page(
    raw: &Raster,
    number: u32,
    engine: &mut dyn Engine,
    second: Option<&mut dyn Engine>,
) -> Result<(reading::Page, Raster), OcrError> {
    let turn::Upright { page, mut read } = turn::upright(raw, engine)?;
    let mut lines = Vec::with_capacity(page.lines.len());
    let mut boxes = Vec::new();
    if !page.blank {
        for (i, bx) in page.lines.iter().enumerate() {
            let mut line = match read.remove(&i) {
                Some(line) => line,
                None => engine.read(&page, bx)?,
            };
            if line.glyphs.is_empty() {
                continue;
            }
            marks(&page, &mut line);
            boxes.extend(missed_boxes(&page, &line));
            lines.push((i, line));
        }
        pen::mark(&page, &mut lines.iter_mut().map(|(_, l)| l).collect::<Vec<_>>());
        if let Some(second) = second {
            second::ask(&page, &mut lines, second)?;
        }
    }
    let image = page.upright_image();
    let out = reading::Page {
        number,
        width: page.width,
        height: page.height,
        turned: page.turned,
        skew_deg: page.slope.atan().to_degrees(),
        native_dpi: page.raster.dpi,
        blank: page.blank,
        failed: None,
        em: page.em,
        lines: lines.into_iter().map(|(_, l)| l).collect(),
        rules: page.rules,
        cells: page.cells,
        boxes: page.boxes.into_iter().chain(boxes).collect(),
        rings: page.rings,
    };
    Ok((out, image))
}

/// Ring and strike of each character, from the ink round its em box.
fn marks(page: &Prepared, line: &mut Line) {
    let em = line_em(line, page.em);
    for g in &mut line.glyphs {
        let rect = em_box(Rect::new(g.x0, line.rect.y0, g.x1.max(g.x0 + 1), line.rect.y1), em);
        g.ring = page.ring(rect);
        g.strike = page.strike(rect);
    }
}

/// Width of a full-width character in this line; marks make some wider, in a short line most.
fn line_em(line: &Line, usual: f32) -> f32 {
    let kanji = |c: char| ('一'..='鿿').contains(&c);
    let mut widths: Vec<i32> = line.glyphs.iter().filter(|g| kanji(g.ch)).map(|g| g.x1 - g.x0).collect();
    widths.sort_unstable();
    let wide = |n: usize| widths[n] as f32 / 0.92;
    match widths.len() {
        0 => usual,
        1..6 => wide(0).clamp(0.85 * usual, 1.1 * usual),
        n => wide((n - 1) * 2 / 5).clamp(0.7 * usual, 2.0 * usual),
    }
}

/// The extent of a character that is ringed or struck through reaches out to the stroke, and the mark then leaves no
/// ink about it: such a one is cut back to the em about its middle.
fn em_box(glyph: Rect, em: f32) -> Rect {
    let (x, y) = glyph.center();
    let half = (em / 2.0).round() as i32;
    let mut out = glyph;
    if (1.25 * em..2.2 * em).contains(&(glyph.width() as f32)) {
        (out.x0, out.x1) = (x - half, x + half);
    }
    if glyph.height() as f32 > 1.25 * em {
        (out.y0, out.y1) = (y - half, y + half);
    }
    out
}

/// Boxes too faint to be found by their outline: read as a sign, or together with the character behind them.
fn missed_boxes(page: &Prepared, line: &Line) -> Vec<CheckBox> {
    let em = line_em(line, page.em);
    let (_, y) = line.rect.center();
    let found = |x0: i32, x1: i32| {
        let inside =
            |b: &Rect| (x0..x1).contains(&b.center().0) && (line.rect.y0..line.rect.y1).contains(&b.center().1);
        page.boxes.iter().any(|b| inside(&b.rect))
    };
    let square = |x0: i32, x1: i32| {
        let rect = Rect::new(x0, y - (x1 - x0) / 2, x1, y + (x1 - x0) / 2);
        CheckBox { rect, ink: page.box_ink(rect) }
    };
    let part = |em_share: f32| (em_share * em) as i32;
    let mut out = Vec::new();
    for (i, g) in line.glyphs.iter().enumerate().filter(|(_, g)| !line.tti && !found(g.x0, g.x1)) {
        let wide = g.x1 - g.x0;
        let starts = i == 0 || g.gap > 0.3;
        // Half of a box is read as U, D or 1, but wider than letters are and close before a word.
        let part_of_box = g.ch.is_ascii()
            && starts
            && wide >= part(0.7)
            && line.glyphs.get(i + 1).is_some_and(|n| n.gap < 0.35 && !n.ch.is_ascii() && n.ch.is_alphabetic());
        let sign = "□☐☑☒■".contains(g.ch) || ("口ロ".contains(g.ch) && starts) || part_of_box;
        if sign && (part(0.55)..part(1.2)).contains(&wide) {
            out.push(square(g.x0, g.x1));
        } else if !g.ch.is_ascii() && (part(1.5)..part(2.5)).contains(&wide) {
            // White stands between it and the character. A ring leaves such a gap too, but is less wide than a box with a
            // character, and its sides are not straight.
            let drawn = if wide > part(1.75) { -1.0 } else { 0.35 };
            let column = |x0: i32, x1: i32| page.text_ink(Rect::new(x0, y - part(0.34), x1, y + part(0.34)));
            let side = |x1: &i32| column(x1 - 3, *x1);
            let right = (g.x0 + part(0.6)..=g.x0 + part(1.0)).filter(|x1| column(x1 + 1, x1 + 3) < 0.12);
            let usual = |x1: i32| side(&x1) - (x1 - g.x0 - part(0.82)).abs() as f32 / em;
            if let Some(x1) = right.max_by(|a, b| usual(*a).total_cmp(&usual(*b)))
                && side(&x1) > drawn
                && column(g.x0, g.x0 + 3) > drawn
            {
                out.push(square(g.x0, x1));
            }
        }
    }
    out
}

/// Lines of a page that has been read, as text for people: one line each, wide gaps as spaces.
pub fn plain(page: &reading::Page) -> String {
    page.lines.iter().map(|l| l.spaced(0.5) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_is_missing_names_the_command_and_is_never_replaced() {
        let empty = tempfile::tempdir().unwrap();
        let told = |e: &str| open(e, empty.path()).map(|e| e.name()).unwrap_err().to_string();
        assert!(told("ppocr").contains("`make models`"), "{}", told("ppocr"));
        assert!(told("magic").contains("no engine"));
    }

    #[test]
    fn a_character_that_took_in_its_ring_is_cut_back() {
        assert_eq!(em_box(Rect::new(100, 50, 124, 74), 26.0), Rect::new(100, 50, 124, 74));
        assert_eq!(em_box(Rect::new(100, 40, 150, 88), 26.0), Rect::new(112, 51, 138, 77));
        let glyph = |x0: i32, x1: i32| reading::Glyph { ch: '男', x0, x1, ..reading::Glyph::default() };
        let line =
            Line { glyphs: vec![glyph(0, 24), glyph(30, 54), glyph(60, 110), glyph(115, 170)], ..Line::default() };
        assert_eq!(line_em(&line, 27.0).round(), 26.0);
    }
}
