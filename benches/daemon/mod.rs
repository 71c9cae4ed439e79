//! The real program for a benchmark, and its pages.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Ends with its owner.
pub struct Daemon(Child);

impl Daemon {
    pub fn start(config: &Path) -> Daemon {
        Daemon(faxbridge(config, &["run"]).spawn().expect("the daemon"))
    }

    #[allow(dead_code)]
    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// A command on this installation.
pub fn faxbridge(config: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faxbridge"));
    command.args(words).arg("--config").arg(config).env("FAXBRIDGE_LOG", "warn").stdin(Stdio::null());
    command
}

#[path = "../../tests/e2e/client.rs"]
pub mod client;
