//! From a raw page to an upright one with its geometry: skew, ruled lines, cells, boxes, text lines, blankness.
//!
//! Knows pixels and shapes; must not know what any character says (that is `ocr`) nor what a field is (`rules`).
//! Nothing here resamples the page for the recogniser: `ocr` warps each line straight out of the native pixels
//! ([`Prepared::to_native`]).
//!
//! The order of things: `descreen` → `binarise` → `skew` → `ruling` (rules, cells) → `parts` (pieces of ink) → `rings`,
//! `marks` (boxes) → `lines` (XY-cut in each cell and outside them). Lengths are those of shared/design/ocr.md, scaled by
//! the resolution that the page was sent at.

mod assemble;
mod binarise;
mod bits;
mod descreen;
pub mod draw;
mod geometry;
mod image;
mod lines;
mod marks;
mod parts;
mod rings;
mod ruling;
mod skew;
mod strokes;
mod turn;

use bits::Bits;
use geometry::{Area, Map};
pub use strokes::Strokes;

use crate::model::Rect;
use crate::raster::Raster;
use crate::reading::CheckBox;

/// A page turned upright by right angles, with everything that was found on it without reading.
/// "Page pixels" are those of the upright, deskewed image at 200 dpi; "native" are those of `raster`.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Upright by right angles, native pixels, as received.
    pub raster: Raster,
    /// The same with ruled lines and specks removed (bilevel).
    pub clean: Raster,
    /// Clockwise degrees that were applied to the raw page: 0, 90, 180, 270.
    pub turned: u16,
    /// Rows per column (native px) that text lines fall to the right; positive = the right end lies lower.
    pub slope: f32,
    /// Width and height in page pixels.
    pub width: i32,
    pub height: i32,
    /// Typical character height in page pixels.
    pub em: f32,
    pub blank: bool,
    pub lines: Vec<LineBox>,
    pub rules: Vec<Rect>,
    pub cells: Vec<Rect>,
    pub boxes: Vec<CheckBox>,
    pub rings: Vec<Rect>,
    map: Map,
    /// All ink, and ink without rules and specks, native.
    ink: Bits,
    text: Bits,
}

/// Where a run of text stands, in page pixels: tight round its ink.
#[derive(Debug, Clone, PartialEq)]
pub struct LineBox {
    pub rect: Rect,
    pub cell: Option<u32>,
    /// Stands alone at the very top in the sending machine's manner.
    pub tti: bool,
}

/// Turns the raw page clockwise by `turned` (0, 90, 180, 270; else 0) and finds everything on it. Never fails: a page
/// of no size or no sense comes out blank.
pub fn prepare(raw: &Raster, turned: u16) -> Prepared {
    assemble::prepare(&sound(raw), turned)
}

/// Nothing but the sending machine's line, specks and dark edges.
pub fn is_blank(raw: &Raster) -> bool {
    prepare(raw, 0).blank
}

/// Clockwise turns worth trying, likeliest first: both ways up of the likelier direction, then the others.
/// Which of two opposite ones is right only reading can tell.
pub fn likely_turns(raw: &Raster) -> Vec<u16> {
    let raw = sound(raw);
    turn::likely(&binarise::binarise(&raw), raw.dpi)
}

/// A raster whose parts agree with each other, whose resolution is one that paper has, and whose greys are no dots.
fn sound(raw: &Raster) -> std::borrow::Cow<'_, Raster> {
    let fine = |d: f32| d.is_finite() && (20.0..=2400.0).contains(&d);
    if raw.gray.len() == raw.width * raw.height && fine(raw.dpi.0) && fine(raw.dpi.1) {
        return descreen::descreen(raw).map_or(std::borrow::Cow::Borrowed(raw), std::borrow::Cow::Owned);
    }
    let mut raw = raw.clone();
    raw.gray.resize(raw.width * raw.height, 255);
    raw.dpi = match (fine(raw.dpi.0), fine(raw.dpi.1)) {
        (true, true) => raw.dpi,
        (true, false) => (raw.dpi.0, raw.dpi.0),
        (false, true) => (raw.dpi.1, raw.dpi.1),
        (false, false) => (204.0, 196.0),
    };
    std::borrow::Cow::Owned(raw)
}

impl Prepared {
    /// From page pixels to native pixels of `raster` (continuous: pixel n covers n..n+1).
    pub fn to_native(&self, x: f32, y: f32) -> (f32, f32) {
        self.map.to_native(x, y)
    }

    /// From native pixels of `raster` to page pixels.
    pub fn to_page(&self, x: f32, y: f32) -> (f32, f32) {
        self.map.to_page(x, y)
    }

    /// The page for people: upright, level, 200 dpi, grey in sixteen levels.
    pub fn upright_image(&self) -> Raster {
        image::upright(&self.raster, &self.map, self.width.max(0) as usize, self.height.max(0) as usize)
    }

    /// Share of ink between .04 and .32 em outside a glyph's box, ruled lines left out: a ring drawn round it shows
    /// here. Compare with the median of its siblings.
    pub fn ring(&self, glyph: Rect) -> f32 {
        let em = self.local_em(glyph);
        marks::annulus(&self.text, &self.map, area(glyph), 0.04 * em, 0.32 * em)
    }

    /// Share of a glyph's width (and .15 of its height to both sides) that the longest straight stroke near mid height
    /// covers, ruled lines included: near 1 under a strike-through.
    pub fn strike(&self, glyph: Rect) -> f32 {
        marks::strike(&self.ink, &self.map, area(glyph))
    }

    /// Share of ink in the inner 46 % of a box.
    pub fn box_ink(&self, rect: Rect) -> f32 {
        let (a, w, h) = (area(rect), 0.27 * rect.width() as f32, 0.27 * rect.height() as f32);
        marks::share(&self.ink, &self.map, Area { u0: a.u0 + w, v0: a.v0 + h, u1: a.u1 - w, v1: a.v1 - h })
    }

    /// Share of ink in a rectangle, ruled lines left out.
    pub fn text_ink(&self, rect: Rect) -> f32 {
        marks::share(&self.text, &self.map, area(rect))
    }

    /// How the strokes in a glyph's box run, ruled lines left out; nothing where there is hardly any ink.
    pub fn strokes(&self, glyph: Rect) -> Option<Strokes> {
        strokes::strokes(&self.text, &self.map, area(glyph))
    }

    fn local_em(&self, glyph: Rect) -> f32 {
        (glyph.width().max(glyph.height()) as f32).clamp(0.7 * self.em, 2.0 * self.em)
    }
}

fn area(r: Rect) -> Area {
    Area { u0: r.x0 as f32, v0: r.y0 as f32, u1: r.x1 as f32, v1: r.y1 as f32 }
}

#[cfg(test)]
mod tests;
