//! ONNX Runtime: found in the models folder, loaded once a process, one thread, little memory.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

use super::{OcrError, Runtime, Take, failed, missing};

const LIBRARY: &str = "libonnxruntime.so";

pub struct Onnx {
    session: Session,
    version: String,
}

impl Onnx {
    /// # Errors
    /// The library is missing or too old; the bytes are no model that it can run.
    pub fn open(models: &Path, bytes: &[u8]) -> Result<Self, OcrError> {
        let env = environment(models)?;
        let build = || -> ort::Result<Session> {
            let session = Session::builder(&env)?
                .with_optimization_level(GraphOptimizationLevel::All)?
                .with_intra_threads(1)?
                .with_inter_threads(1)?
                // every line has its own width: patterns would only pile up
                .with_memory_pattern(false)?
                .with_execution_providers([ort::ep::CPU::default().with_arena_allocator(false).build()])?
                .commit_from_memory(bytes)?;
            Ok(session)
        };
        Ok(Self { session: build().map_err(failed)?, version: version(&models.join(LIBRARY)) })
    }
}

impl Runtime for Onnx {
    fn version(&self) -> &str {
        &self.version
    }

    fn run(&mut self, shape: [usize; 4], pixels: &[f32], take: Take) -> Result<(), OcrError> {
        let input = TensorRef::from_array_view((shape, pixels)).map_err(failed)?;
        let outputs = self.session.run(ort::inputs![input]).map_err(failed)?;
        let (shape, values) = outputs[0].try_extract_tensor::<f32>().map_err(failed)?;
        let shape: Vec<usize> = shape.iter().map(|n| usize::try_from(*n).unwrap_or(0)).collect();
        take(&shape, values)
    }
}

/// The process's runtime; the first call decides which library it is.
fn environment(models: &Path) -> Result<Environment, OcrError> {
    static LOADED: OnceLock<Environment> = OnceLock::new();
    static LOADING: Mutex<()> = Mutex::new(());
    let _one = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(env) = LOADED.get() {
        return Ok(env.clone());
    }
    let path = models.join(LIBRARY);
    if !path.is_file() {
        return Err(missing(&path));
    }
    // a relative path would be looked for beside the executable
    let path = path.canonicalize().map_err(failed)?;
    let env = ort::init_from(path).map_err(failed)?.with_telemetry(false).build().map_err(failed)?;
    Ok(LOADED.get_or_init(|| env).clone())
}

/// The library's version, for what stands on every line of `extract`: the name of its exported symbols' version, which
/// stands near the beginning of the file. (The API tells only a commit.)
fn version(library: &Path) -> String {
    const MARK: &[u8] = b"VERS_";
    let mut head = Vec::new();
    let read = File::open(library).and_then(|f| f.take(4 << 20).read_to_end(&mut head));
    let number: String = match read.ok().and_then(|_| head.windows(MARK.len()).position(|w| w == MARK)) {
        Some(at) => head[at + MARK.len()..]
            .iter()
            .map(|b| char::from(*b))
            .take_while(|c| c.is_ascii_digit() || *c == '.')
            .collect(),
        None => String::new(),
    };
    if number.is_empty() { format!("onnxruntime 1.{}+", ort::MINOR_VERSION) } else { format!("onnxruntime {number}") }
}
