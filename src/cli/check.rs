//! `check`: everything that a daemon needs, looked at once, one line each. Changes nothing anywhere.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::Result;
use rustix::fs::{Access, access, statfs};

use crate::config::{Config, Intake, IntakeKind, Switch};
use crate::daemon;
use crate::decode::child::Start;
use crate::decode::wire::{self, Answer};
use crate::pool::{Pool, PoolOptions};
use crate::sink::mail::MailSink;
use crate::store::{Store, StoreError};

/// What is said of one thing.
enum Verdict {
    Good(String),
    /// Nothing is wrong, and yet an operator may not mean it.
    Note(String),
    Wrong(String),
}
use Verdict::{Good, Note, Wrong};

impl<T: std::fmt::Display, E: std::fmt::Display> From<std::result::Result<T, E>> for Verdict {
    fn from(r: std::result::Result<T, E>) -> Self {
        match r {
            Ok(what) => Good(what.to_string()),
            Err(why) => Wrong(why.to_string()),
        }
    }
}

/// Prints line by line what was found.
struct Lines<'a, W> {
    out: &'a mut W,
    wrong: usize,
}

impl<W: Write> Lines<'_, W> {
    fn say(&mut self, what: &str, verdict: impl Into<Verdict>) -> io::Result<()> {
        let (mark, text) = match verdict.into() {
            Good(text) => ("ok", text),
            Note(text) => ("note", text),
            Wrong(text) => ("WRONG", text),
        };
        self.wrong += usize::from(mark == "WRONG");
        writeln!(self.out, "{mark:<5}  {what}: {text}")?;
        self.out.flush()
    }
}

pub async fn run(file: &Path, out: &mut impl Write) -> Result<ExitCode> {
    let mut lines = Lines { out, wrong: 0 };
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(e) => {
            for fault in &e.faults {
                lines.say("configuration", Wrong(fault.trim_end().to_owned()))?;
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    lines.say("configuration", Good(file.display().to_string()))?;
    lines.say("reader", reader(&config))?;
    lines.say("sandbox", sandbox(&config))?;
    lines.say("rules", super::rules(&config.top.rules).map(|r| r.hash().to_owned()))?;
    lines.say("registers", registers(&config))?;
    if config.intake.is_empty() {
        lines.say("intake", Note("none is configured: nothing will be received".to_owned()))?;
    }
    for intake in &config.intake {
        lines.say(&format!("intake {}", intake.name), crate::intake::probe(intake).await)?;
    }
    lines.say("notices", notices(&config).await)?;
    lines.say("canaries", canaries(&config))?;
    lines.say("database", database(&config).await)?;
    Ok(if lines.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether the recogniser, its models and the second opinion can be opened.
fn reader(config: &Config) -> Verdict {
    // Unlocked, as nothing of anybody's is read: whether the lock holds is a line of its own.
    let options = PoolOptions { sandbox: false, ..daemon::pool_options(config) };
    match Pool::new(options).map(|pool| pool.reader()) {
        Ok(reader) => Good(format!("{}, {}, {}", reader.engine, reader.runtime, reader.models)),
        Err(e) => Wrong(e.to_string()),
    }
}

/// Starts a child that tries what it must not be able to do.
fn sandbox(config: &Config) -> Verdict {
    if config.top.sandbox == Switch::Off {
        return Note("off: files are decoded without landlock and seccomp".to_owned());
    }
    let options = daemon::pool_options(config);
    let start = Start {
        engine: options.engine,
        second: None,
        models: options.models.canonicalize().unwrap_or(options.models),
        sandbox: true,
        memory_mb: options.memory_mb,
        page_seconds: options.page_seconds,
        self_test: true,
    };
    let ran = Command::new(&options.exe).args(start.to_args()).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let output = match ran {
        Ok(output) => output,
        Err(e) => return Wrong(format!("the reading process cannot be started: {e}")),
    };
    if output.status.success() {
        return Good("landlock, seccomp and limits hold".to_owned());
    }
    match wire::receive::<Answer>(&mut output.stdout.as_slice(), wire::LARGEST_ASK) {
        Ok(Some(Answer::Refused(why))) => Wrong(why),
        _ => {
            let told = String::from_utf8_lossy(&output.stdout);
            let leaks: Vec<&str> = told.lines().filter_map(|l| l.strip_suffix(": ALLOWED")).collect();
            Wrong(format!("the reading process is not locked in (it could: {})", leaks.join(", ")))
        }
    }
}

fn registers(config: &Config) -> Verdict {
    match super::registers(config) {
        Err(e) => Wrong(e.to_string()),
        Ok(r) if config.register.patients.as_os_str().is_empty() => Note(format!(
            "no file of patients is configured ({} institutions): rooms come from `faxbridge patients import` alone",
            r.institutions().len()
        )),
        Ok(r) => Good(format!(
            "{} patients, {} institutions, {} offices, {} staff",
            r.patients().len(),
            r.institutions().len(),
            r.offices().len(),
            r.staff().len()
        )),
    }
}

async fn notices(config: &Config) -> Verdict {
    let sink = match daemon::mail_options(config).map_err(|e| format!("{e:#}")) {
        Ok(None) => return Note("no mail server is configured: nobody gets notices".to_owned()),
        Ok(Some(options)) => MailSink::new(options),
        Err(why) => Err(why),
    };
    let sink = match sink {
        Ok(sink) => sink,
        Err(why) => return Wrong(why),
    };
    match sink.check().await {
        Err(why) => Wrong(format!("{}: {why}", config.notice.smtp)),
        Ok(()) if config.notice.admins.is_empty() => {
            Note(format!("{} answers; notice.admins is empty: nobody hears of the review list", config.notice.smtp))
        }
        Ok(()) => Good(format!("{} answers", config.notice.smtp)),
    }
}

/// Whether canaries fly by themselves, and which sources they reach from within only.
fn canaries(config: &Config) -> Verdict {
    let times = config.canary.times.join(", ");
    if times.is_empty() {
        return Note("canary.times is empty: a source that is dead looks like a quiet day".to_owned());
    }
    let mailbox = |i: &&Intake| i.kind != IntakeKind::Folder && i.canary_to.is_empty();
    let within: Vec<&str> = config.intake.iter().filter(mailbox).map(|i| i.name.as_str()).collect();
    match within.as_slice() {
        [] => Good(format!("at {times}")),
        names => Note(format!("at {times}; without canary_to the way of a mail to {} is not tested", names.join(", "))),
    }
}

/// File systems on which SQLite's locks and syncs cannot be trusted: NFS, SMB, CIFS, SMB2.
const REMOTE: [i64; 4] = [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42];

async fn database(config: &Config) -> Verdict {
    let dir = config.top.data_dir.as_path();
    let at = dir.display();
    let Some(there) = dir.ancestors().find(|a| a.exists()) else { return Wrong(format!("{at}: no such place")) };
    if let Ok(fs) = statfs(there)
        && REMOTE.contains(&fs.f_type)
    {
        return Wrong(format!("{at} lies on a network file system: choose a local disk"));
    }
    if access(there, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return Wrong(format!("{}: this user may not write there; the daemon's user must", there.display()));
    }
    let site = match daemon::site(config) {
        Ok(site) => site,
        Err(e) => return Wrong(format!("{e:#}")),
    };
    let shared = !site.database.url.is_empty();
    let at = if shared { format!("PostgreSQL, {at}") } else { at.to_string() };
    let store = match Store::open_read(site).await {
        Ok(store) => store,
        Err(StoreError::Absent(_)) => return Note(format!("{at}: none yet, `faxbridge run` makes it")),
        Err(e) => return Wrong(format!("{at}: {e}")),
    };
    match store.status().await {
        Ok(lines) => Good(format!("{at}: {} receipts", lines.len())),
        Err(e) => Wrong(format!("{at}: {e}")),
    }
}
