//! rten: pure Rust, in the binary, for machines that ONNX Runtime is not built for. Slower (docs/measurements.md).

use std::sync::Arc;

use rten::{Model, ModelOptions, RunOptions, ThreadPool};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensorView, TensorView};

use super::{OcrError, Runtime, Take, failed};

pub struct Rten {
    model: Model,
    /// Its one thread is started before the sandbox closes.
    thread: Arc<ThreadPool>,
}

impl Rten {
    /// # Errors
    /// The bytes are no model that it can run.
    pub fn open(bytes: Vec<u8>) -> Result<Self, OcrError> {
        let model = ModelOptions::with_all_ops().prepack_weights(true).load(bytes).map_err(failed)?;
        Ok(Self { model, thread: Arc::new(ThreadPool::with_num_threads(1)) })
    }
}

impl Runtime for Rten {
    fn version(&self) -> &str {
        "rten 0.27"
    }

    fn run(&mut self, shape: [usize; 4], pixels: &[f32], take: Take) -> Result<(), OcrError> {
        let input = NdTensorView::from_data(shape, pixels);
        let mut options = RunOptions::default();
        options.thread_pool = Some(self.thread.clone());
        let answer = self.model.run_one(input.into(), Some(options)).map_err(failed)?;
        let values: TensorView<f32> = (&answer).try_into().map_err(failed)?;
        let shape: Vec<usize> = values.shape().to_vec();
        match values.data() {
            Some(flat) => take(&shape, flat),
            None => take(&shape, &values.to_vec()),
        }
    }
}
