//! A mail server that keeps what it is given, and misbehaves on demand.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::mail::Mail;

/// A point of the dialogue, before its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Connect,
    From,
    To,
    Data,
    /// The mail has come whole.
    End,
}

/// How the server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Kind,
    /// Answers this code at this step; nothing is kept.
    Refuses(Step, u16),
    /// Says nothing more from this step on; nothing is kept.
    Hangs(Step),
    /// Keeps the mail, and never says so.
    KeepsSilently,
    /// Keeps the mail, and breaks the connection instead of saying so.
    KeepsAndLeaves,
}

struct Desk {
    /// Of the connections to come; afterwards it is kind.
    moods: Mutex<VecDeque<Mood>>,
    mails: Mutex<Vec<Mail>>,
}

/// It ends with the process of the tests.
pub struct PostOffice {
    desk: Arc<Desk>,
    pub port: u16,
}

impl PostOffice {
    pub fn start() -> PostOffice {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let desk = Arc::new(Desk { moods: Mutex::default(), mails: Mutex::default() });
        let counter = desk.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let desk = counter.clone();
                // A client that was killed ends its dialogue with an error.
                std::thread::spawn(move || desk.serve(stream));
            }
        });
        PostOffice { desk, port }
    }

    /// How the next connections are treated, one after the other.
    pub fn treat(&self, moods: &[Mood]) {
        self.desk.moods.lock().unwrap_or_else(PoisonError::into_inner).extend(moods);
    }

    /// How many of these connections have not come yet.
    pub fn to_come(&self) -> usize {
        self.desk.moods.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What arrived before it opened.
    pub fn has(&self, mails: Vec<Mail>) {
        self.desk.mails.lock().unwrap_or_else(PoisonError::into_inner).extend(mails);
    }

    /// What has arrived, in order.
    pub fn mails(&self) -> Vec<Mail> {
        self.desk.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The configuration's table.
    pub fn table(&self, timeout_seconds: u32) -> String {
        format!(
            "[notice]\nsmtp = \"smtp://127.0.0.1:{}\"\nfrom = \"faxbridge@example.jp\"\nadmins = [\"admin@example.jp\"]\ntimeout_seconds = {timeout_seconds}",
            self.port
        )
    }
}

impl Desk {
    /// Each connection is treated in one mood.
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mood = self.moods.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(Mood::Kind);
        Dialogue { desk: self, mood, stream }.hold()
    }
}

struct Dialogue<'a> {
    desk: &'a Desk,
    mood: Mood,
    stream: TcpStream,
}

impl Dialogue<'_> {
    /// Answers at a step as the mood has it; false: the dialogue is over.
    fn answer(&mut self, step: Step, kind: &str) -> std::io::Result<bool> {
        match self.mood {
            Mood::Refuses(at, code) if at == step => {
                write!(self.stream, "{code} not now, or never\r\n")?;
                Ok(step != Step::Connect)
            }
            Mood::Hangs(at) if at == step => {
                silence(&mut self.stream);
                Ok(false)
            }
            _ => {
                write!(self.stream, "{kind}\r\n")?;
                Ok(true)
            }
        }
    }

    fn hold(mut self) -> std::io::Result<()> {
        if !self.answer(Step::Connect, "220 desk.example.jp ESMTP")? {
            return Ok(());
        }
        let mut lines = BufReader::new(self.stream.try_clone()?);
        let mut line = String::new();
        loop {
            line.clear();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let verb = line.split([' ', '\r', '\n']).next().unwrap_or_default().to_ascii_uppercase();
            let goes_on = match verb.as_str() {
                "EHLO" => write!(self.stream, "250-desk.example.jp\r\n250 8BITMIME\r\n").map(|()| true)?,
                "MAIL" => self.answer(Step::From, "250 OK")?,
                "RCPT" => self.answer(Step::To, "250 OK")?,
                "DATA" => {
                    let begun = self.answer(Step::Data, "354 go on")?;
                    let refused = matches!(self.mood, Mood::Refuses(Step::Data, _));
                    begun && (refused || self.take(&mut lines)?)
                }
                "QUIT" => {
                    write!(self.stream, "221 bye\r\n")?;
                    false
                }
                _ => write!(self.stream, "250 OK\r\n").map(|()| true)?,
            };
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// One mail after 354.
    fn take(&mut self, lines: &mut impl BufRead) -> std::io::Result<bool> {
        let mut bytes = Vec::new();
        loop {
            let mut line = Vec::new();
            if lines.read_until(b'\n', &mut line)? == 0 {
                // Cut off in the middle: it never came.
                return Ok(false);
            }
            if line == b".\r\n" {
                break;
            }
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        if !matches!(self.mood, Mood::Refuses(Step::End, _) | Mood::Hangs(Step::End)) {
            self.desk.mails.lock().unwrap_or_else(PoisonError::into_inner).push(Mail::parse(&bytes));
        }
        match self.mood {
            Mood::KeepsSilently => {
                silence(&mut self.stream);
                Ok(false)
            }
            Mood::KeepsAndLeaves => Ok(false),
            _ => self.answer(Step::End, "250 kept"),
        }
    }
}

/// Nothing, until the other side goes away.
fn silence(stream: &mut TcpStream) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(120)));
    let mut buffer = [0; 512];
    while std::io::Read::read(stream, &mut buffer).is_ok_and(|n| n > 0) {}
}
