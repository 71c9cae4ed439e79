//! PP-OCR recognition: one line, one inference, at the line's own width.

use std::path::Path;

use super::classes::Classes;
use super::crop::{self, Crop, Cut};
use super::ctc::{self, Step};
use super::runtime::{self, Runtime, failed};
use super::{Engine, Identity, OcrError, model};
use crate::page::{LineBox, Prepared};
use crate::reading::Line;

const REC: &str = "PP-OCRv6_rec_small.onnx";
/// Widths are padded to a multiple of this.
const STEP: usize = 32;
/// Longer strips are parted at a gap.
const LONGEST: usize = 1600;

pub struct PpOcr {
    runtime: Box<dyn Runtime>,
    classes: Classes,
    identity: Identity,
    input: Vec<f32>,
    how: Cut,
}

impl PpOcr {
    /// In ONNX Runtime.
    ///
    /// # Errors
    /// The model or the runtime is missing from `models`, or does not fit.
    pub fn open(models: &Path) -> Result<Self, OcrError> {
        Self::with(models, "ppocr", |model| Ok(Box::new(runtime::Onnx::open(models, &model)?)))
    }

    /// In rten.
    ///
    /// # Errors
    /// The model is missing from `models`, or does not fit.
    #[cfg(feature = "rten")]
    pub fn open_rten(models: &Path) -> Result<Self, OcrError> {
        Self::with(models, "ppocr-rten", |model| Ok(Box::new(runtime::Rten::open(model)?)))
    }

    fn with(
        models: &Path,
        engine: &'static str,
        open: impl FnOnce(Vec<u8>) -> Result<Box<dyn Runtime>, OcrError>,
    ) -> Result<Self, OcrError> {
        let file = runtime::model(models, REC)?;
        let hash = super::hash([file.as_slice()]);
        let (listed, count) =
            model::describe(&file).ok_or_else(|| failed(format!("{REC} does not list its characters")))?;
        let classes = Classes::new(&listed, count);
        let (classes, file) = match model::keep(&file, count, &classes.indices()) {
            Some(cut) => (classes.renumbered(), cut),
            None => (classes, file),
        };
        let runtime = open(file)?;
        let identity = Identity { engine, runtime: runtime.version().to_owned(), models: hash };
        Ok(Self { runtime, classes, identity, input: Vec::new(), how: Cut::default() })
    }

    /// Reads with other parameters of the cut than the measured best.
    pub fn with_cut(mut self, how: Cut) -> Self {
        self.how = how;
        self
    }

    /// One inference: the frames, and the columns that each covers.
    fn infer(&mut self, strip: &Crop) -> Result<(Vec<Step>, f32), OcrError> {
        let width = strip.width.next_multiple_of(STEP);
        let plane = width * strip.height;
        self.input.clear();
        self.input.resize(3 * plane, 1.0);
        for y in 0..strip.height {
            let row = &strip.gray[y * strip.width..(y + 1) * strip.width];
            for (out, g) in self.input[y * width..].iter_mut().zip(row) {
                *out = (g / 255.0 - 0.5) / 0.5;
            }
        }
        let (first, rest) = self.input.split_at_mut(plane);
        rest[..plane].copy_from_slice(first);
        rest[plane..].copy_from_slice(first);
        let shape = [1, 3, strip.height, width];
        let count = self.classes.count;
        let mut read = (Vec::new(), 0);
        self.runtime.run(shape, &self.input, &mut |shape, values| {
            if shape.len() != 3 || shape[2] != count {
                return Err(failed("the model's answer has another shape than it declares"));
            }
            let frames = shape[1];
            // frames over the padding say nothing
            let used = (frames * strip.width).div_ceil(width).min(frames);
            let steps = values.chunks_exact(count).take(used).map(|p| ctc::step(p, &self.classes));
            read = (steps.collect(), frames);
            Ok(())
        })?;
        let (steps, frames) = read;
        Ok((steps, width as f32 / frames.max(1) as f32))
    }
}

impl Engine for PpOcr {
    fn name(&self) -> &'static str {
        self.identity.engine
    }

    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn read(&mut self, page: &Prepared, line: &LineBox) -> Result<Line, OcrError> {
        let mut out = Line { rect: line.rect, cell: line.cell, tti: line.tti, ..Line::default() };
        let Some(strip) = crop::cut(page, line, &self.how) else { return Ok(out) };
        let em = em_columns(page, line, &strip);
        for (from, to) in parts(&strip) {
            let part = strip.part(from, to);
            let (steps, per) = self.infer(&part)?;
            let mut decoded = ctc::decode(&steps, &part, per, em);
            let base = out.frames.len() as u16;
            for g in &mut decoded.glyphs {
                g.frames = (g.frames.0 + base, g.frames.1 + base);
            }
            if let (Some(last), Some(first)) = (out.glyphs.last(), decoded.glyphs.first_mut()) {
                first.gap = ((first.x0 - last.x1) as f32 / (em * strip.scale).max(1.0)).max(0.0);
            }
            out.glyphs.append(&mut decoded.glyphs);
            out.frames.append(&mut decoded.frames);
        }
        Ok(out)
    }
}

/// Height of a full-width character in columns of the strip: the line's own ink, but no less than the page's typical
/// character where the line holds only digits or dashes.
fn em_columns(page: &Prepared, line: &LineBox, strip: &Crop) -> f32 {
    let own = line.rect.height() as f32 / 0.92;
    let typical = page.em;
    let em = if typical > 0.0 && own < typical { own.max(typical * 0.85) } else { own };
    em / strip.scale
}

/// Column ranges no wider than [`LONGEST`], parted where the ink leaves most room.
fn parts(strip: &Crop) -> Vec<(usize, usize)> {
    let ink = strip.ink();
    let mut out = Vec::new();
    let mut from = 0;
    while strip.width - from > LONGEST {
        let (a, b) = (from + LONGEST * 2 / 3, from + LONGEST);
        let mut best = (0usize, b);
        let mut run = 0usize;
        for (x, v) in ink.iter().enumerate().take(b).skip(a) {
            run = if *v < 0.6 { run + 1 } else { 0 };
            if run > best.0 {
                best = (run, x - run / 2);
            }
        }
        out.push((from, best.1));
        from = best.1;
    }
    out.push((from, strip.width));
    out
}
