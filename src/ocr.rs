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
use crate::reading::{self, Line};

pub mod choose;
mod classes;
pub mod crop;
mod ctc;
pub mod ppocr;
mod runtime;
pub mod tesseract;
mod turn;

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

/// Second opinions asked for on one page, at most: lines, and their width in heights of the line.
const SECOND_LINES: usize = 10;
const SECOND_WIDTH: f32 = 160.0;

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
            lines.push((i, line));
        }
        if let Some(second) = second {
            ask_second(&page, &mut lines, second)?;
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
        boxes: page.boxes,
        rings: page.rings,
    };
    Ok((out, image))
}

/// Ring and strike of each character, from the ink round its em box.
fn marks(page: &Prepared, line: &mut Line) {
    for g in &mut line.glyphs {
        let rect = Rect::new(g.x0, line.rect.y0, g.x1.max(g.x0 + 1), line.rect.y1);
        g.ring = page.ring(rect);
        g.strike = page.strike(rect);
    }
}

/// Asks the second engine about lines that hold a doubtful character and something that may be a value.
fn ask_second(page: &Prepared, lines: &mut [(usize, Line)], second: &mut dyn Engine) -> Result<(), OcrError> {
    let mut doubtful: Vec<(f32, usize)> = lines
        .iter()
        .enumerate()
        .filter(|(_, (_, l))| !l.tti && l.min_p() < 0.9 && may_hold_value(&l.text()))
        .map(|(k, (_, l))| (l.min_p() + 0.01 * l.glyphs.len() as f32, k))
        .collect();
    doubtful.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut width = 0.0;
    for (_, k) in doubtful.into_iter().take(SECOND_LINES) {
        let (i, line) = &mut lines[k];
        width += line.rect.width() as f32 / line.rect.height().max(1) as f32;
        if width > SECOND_WIDTH {
            break;
        }
        line.second = Some(second.read(page, &page.lines[*i])?.text());
    }
    Ok(())
}

/// Whether a text may hold a value that a field wants: figures, katakana, or a few kanji.
fn may_hold_value(text: &str) -> bool {
    let count = |f: fn(char) -> bool| text.chars().filter(|c| f(*c)).count();
    count(|c| c.is_ascii_digit() || ('０'..='９').contains(&c)) >= 2
        || count(|c| ('ァ'..='ヺ').contains(&c) || ('ｦ'..='ﾟ').contains(&c)) >= 3
        || count(|c| ('一'..='鿿').contains(&c)) >= 2
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
    fn only_lines_that_may_hold_values_deserve_a_second_opinion() {
        assert!(may_hold_value("昭和５年"));
        assert!(may_hold_value("カシワ"));
        assert!(!may_hold_value("です。"));
    }
}
