//! From an upright page to characters with places, probabilities and rivals.
//!
//! Adding an engine: one file under `ocr/` that implements [`Engine`], one arm in [`open`].
//! Must not know fields or rules: it reads what stands there, restricted choice happens later among the rivals.

use crate::page::{LineBox, Prepared};
use crate::reading::Line;

/// A text recogniser. One instance per child process; never falls back to another engine by itself.
pub trait Engine {
    /// `ppocr` or `tesseract`, as in the configuration and on every line of `extract`.
    fn name(&self) -> &'static str;
    /// Reads one line out of the page's native pixels.
    fn read(&mut self, page: &Prepared, line: &LineBox) -> Result<Line, OcrError>;
}

#[derive(Debug, thiserror::Error)]
pub enum OcrError {
    #[error("{engine} is configured but {what} is missing: run `{command}`")]
    Missing { engine: &'static str, what: String, command: &'static str },
    #[error("{engine} failed: {what}")]
    Failed { engine: &'static str, what: String },
}
