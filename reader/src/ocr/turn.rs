//! Which way up: when the pixels leave it open, read a few lines each way and keep the better.

use std::collections::HashMap;

use super::{Engine, OcrError};
use crate::page::{self, Prepared};
use crate::raster::Raster;
use crate::reading::Line;

/// Lines that are read to judge one way.
const SAMPLE: usize = 6;
/// Mean probability from which a way is taken without trying the others: text the wrong way up stays far below.
const CLEAR: f32 = 0.9;

/// The page the right way up, with the lines that were read on the way.
pub(super) struct Upright {
    pub page: Prepared,
    /// Index into the page's lines → what was read.
    pub read: HashMap<usize, Line>,
}

/// Turns a page by the right angle at which it reads best.
pub(super) fn upright(raw: &Raster, engine: &mut dyn Engine) -> Result<Upright, OcrError> {
    let mut best: Option<(f32, Upright)> = None;
    for turned in page::likely_turns(raw) {
        let page = page::prepare(raw, turned);
        if page.blank {
            return Ok(Upright { page, read: HashMap::new() });
        }
        let read = sample(&page, engine)?;
        let score = score(read.values());
        if best.as_ref().is_none_or(|b| score > b.0) {
            best = Some((score, Upright { page, read }));
        }
        if score >= CLEAR {
            break;
        }
    }
    match best {
        Some((_, upright)) => Ok(upright),
        None => Ok(Upright { page: page::prepare(raw, 0), read: HashMap::new() }),
    }
}

/// Reads lines of several characters, spread over the page.
fn sample(page: &Prepared, engine: &mut dyn Engine) -> Result<HashMap<usize, Line>, OcrError> {
    let mut long: Vec<usize> = (0..page.lines.len())
        .filter(|i| {
            let l = &page.lines[*i];
            !l.tti && l.rect.width() > 4 * l.rect.height() && l.rect.width() < 40 * l.rect.height()
        })
        .collect();
    if long.is_empty() {
        long = (0..page.lines.len()).collect();
    }
    let step = (long.len() / SAMPLE).max(1);
    let mut read = HashMap::new();
    for i in long.into_iter().skip(step / 2).step_by(step).take(SAMPLE) {
        read.insert(i, engine.read(page, &page.lines[i])?);
    }
    Ok(read)
}

/// Mean probability of the characters; lines without any count as nothing read.
fn score<'a>(lines: impl Iterator<Item = &'a Line>) -> f32 {
    let (mut sum, mut n) = (0.0, 0);
    for line in lines {
        if line.glyphs.is_empty() {
            n += 1;
        }
        for g in &line.glyphs {
            sum += g.p;
            n += 1;
        }
    }
    if n == 0 { 0.0 } else { sum / n as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Glyph;

    #[test]
    fn lines_without_characters_speak_against_a_way() {
        let good = Line { glyphs: vec![Glyph { ch: '山', p: 1.0, ..Glyph::default() }], ..Line::default() };
        assert_eq!(score([&good].into_iter()), 1.0);
        assert_eq!(score([&good, &Line::default()].into_iter()), 0.5);
        assert_eq!(score([].into_iter()), 0.0);
    }
}
