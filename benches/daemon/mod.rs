//! The real program for a benchmark, and its pages.

use std::io::{Read, Write};
use std::net::TcpStream;
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

/// The answer with its head, where there is one.
pub fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}
