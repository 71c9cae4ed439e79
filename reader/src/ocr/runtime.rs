//! What runs a recognition model: pixels in, a probability for each frame and class out.
//!
//! Adding a runtime: one file under `runtime/` that implements [`Runtime`], one arm in [`super::open`]. Which is the
//! default was measured: docs/measurements.md.

mod onnx;
#[cfg(feature = "rten")]
mod rten;

use std::path::Path;

use super::OcrError;

pub use onnx::Onnx;
#[cfg(feature = "rten")]
pub use rten::Rten;

const ENGINE: &str = "ppocr";
const COMMAND: &str = "make models";

/// Is given the answer's shape and values, while they are there.
pub type Take<'a> = &'a mut dyn FnMut(&[usize], &[f32]) -> Result<(), OcrError>;

/// A loaded model, on one thread.
pub trait Runtime {
    /// Name and version, as they stand on every line of `extract`.
    fn version(&self) -> &str;
    /// One inference; the shape is batch, channels, rows, columns.
    ///
    /// # Errors
    /// The runtime failed.
    fn run(&mut self, shape: [usize; 4], pixels: &[f32], take: Take) -> Result<(), OcrError>;
}

pub(super) fn failed(what: impl std::fmt::Display) -> OcrError {
    OcrError::Failed { engine: ENGINE, what: what.to_string() }
}

fn missing(path: &Path) -> OcrError {
    OcrError::Missing { engine: ENGINE, what: path.display().to_string(), command: COMMAND }
}

/// The bytes of a model.
///
/// # Errors
/// [`OcrError::Missing`] where the file is not there or cannot be read.
pub(super) fn model(models: &Path, name: &str) -> Result<Vec<u8>, OcrError> {
    let path = models.join(name);
    std::fs::read(&path).map_err(|_| missing(&path))
}
