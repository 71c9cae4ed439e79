//! From a raw page to an upright one with its geometry: skew, ruled lines, cells, boxes, text lines, blankness.
//!
//! Knows pixels and shapes; must not know what any character says (that is `ocr`) nor what a field is (`rules`).
//! Nothing here resamples the page for the recogniser: `ocr` warps each line straight out of the native pixels
//! ([`Prepared::to_native`]).

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
}

/// Where a run of text stands, in page pixels: tight round its ink.
#[derive(Debug, Clone, PartialEq)]
pub struct LineBox {
    pub rect: Rect,
    pub cell: Option<u32>,
    /// Stands alone at the very top in the sending machine's manner.
    pub tti: bool,
}
