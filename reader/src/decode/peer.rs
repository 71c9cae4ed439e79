//! One child process as its parent holds it: started with nothing of the parent's environment, spoken to with
//! deadlines in both directions, killed when dropped.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::child::Start;
use super::wire::{self, Answer, Ask};
use crate::model::Reader;

/// What a child is given to open its engine.
const START: Duration = Duration::from_secs(120);

/// Why a conversation ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The process died or spoke nonsense.
    Died,
    /// It took too long and was killed.
    Slow,
}

pub struct Peer {
    process: Child,
    input: Pipe,
    output: Pipe,
    pub reader: Reader,
    /// Pages that it has read.
    pub pages: u32,
}

impl Peer {
    /// Starts a child and waits until it is warm and locked.
    ///
    /// # Errors
    /// A sentence for the operator: the engine is missing, the sandbox is refused, the program cannot be started.
    pub fn start(exe: &Path, start: &Start) -> Result<Peer, String> {
        let mut process = Command::new(exe)
            .args(start.to_args())
            .env_clear()
            // Read by Tesseract's OpenMP and by the C library, both at their own start.
            .envs([("OMP_THREAD_LIMIT", "1"), ("OMP_NUM_THREADS", "1"), ("MALLOC_ARENA_MAX", "1"), ("LC_ALL", "C")])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("the reading process {} cannot be started: {e}", exe.display()))?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("the reading process has no pipes".to_owned());
        };
        let pipes = Pipe::new(input.into()).and_then(|i| Ok((i, Pipe::new(output.into())?)));
        let (input, output) = match pipes {
            Ok(pipes) => pipes,
            Err(e) => {
                end(&mut process);
                return Err(format!("the reading process's pipes cannot be set up: {e}"));
            }
        };
        let mut peer = Peer { process, input, output, reader: Reader::default(), pages: 0 };
        match peer.answer(Instant::now() + START) {
            Ok(Answer::Ready(reader)) => {
                peer.reader = reader;
                Ok(peer)
            }
            Ok(Answer::Refused(why)) => Err(why),
            Err(Broken::Slow) => Err("the reading process did not become ready in time".to_owned()),
            _ => Err("the reading process died while it opened its engine".to_owned()),
        }
    }

    /// Asks for a file.
    pub fn ask(&mut self, ask: &Ask, bytes: &[u8], until: Instant) -> Result<(), Broken> {
        self.input.until = until;
        let sent = wire::send(&mut self.input, ask).and_then(|()| wire::send_raw(&mut self.input, bytes));
        sent.map_err(|e| self.broken(&e))
    }

    /// The next answer.
    pub fn answer(&mut self, until: Instant) -> Result<Answer, Broken> {
        self.output.until = until;
        match wire::receive(&mut self.output, wire::LARGEST_ANSWER) {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Broken::Died),
            Err(e) => Err(self.broken(&e)),
        }
    }

    fn broken(&self, e: &io::Error) -> Broken {
        if e.kind() == io::ErrorKind::TimedOut { Broken::Slow } else { Broken::Died }
    }

    /// Resident memory in MB, as the kernel counts it.
    pub fn resident_mb(&self) -> Option<u64> {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.process.id())).ok()?;
        let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64 / (1 << 20))
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Whether it is still there.
    pub fn alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

fn end(process: &mut Child) {
    // Both fail only where it is gone already.
    let _ = process.kill();
    let _ = process.wait();
}

/// Our end of a pipe, with a deadline.
struct Pipe {
    file: File,
    until: Instant,
}

impl Pipe {
    fn new(fd: OwnedFd) -> io::Result<Pipe> {
        fcntl_setfl(&fd, fcntl_getfl(&fd)? | OFlags::NONBLOCK)?;
        Ok(Pipe { file: File::from(fd), until: Instant::now() })
    }

    /// Waits until the pipe can be used or the deadline has passed.
    fn wait(&self, flags: PollFlags) -> io::Result<()> {
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            let limit = Timespec { tv_sec: left.as_secs() as _, tv_nsec: left.subsec_nanos().into() };
            let mut fds = [PollFd::from_borrowed_fd(self.file.as_fd(), flags)];
            match poll(&mut fds, Some(&limit)) {
                Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            self.wait(PollFlags::IN)?;
            match self.file.read(buf) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        loop {
            self.wait(PollFlags::OUT)?;
            match self.file.write(buf) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
