//! What a process asked of the kernel, in order: `strace -f -y`.

use std::path::Path;
use std::process::Command;

/// One system call that succeeded.
#[derive(Debug, Clone)]
pub struct Call {
    pub name: String,
    /// Arguments and result as strace shows them, descriptors with their paths.
    pub text: String,
}

/// The words that run a program under strace; more follow.
pub fn strace(out: &Path) -> Command {
    let mut command = Command::new("strace");
    let calls = "trace=fsync,fdatasync,rename,renameat,renameat2,write,writev,pwrite64,sendto,sendmsg";
    // Long enough for a page of the database's log.
    command.args(["-f", "-y", "-s", "4200", "-e", calls, "-o"]).arg(out);
    command
}

/// Calls in the order in which they ended; what was interrupted by another thread's call is put together again.
pub fn calls(file: &Path) -> Vec<Call> {
    let text = String::from_utf8_lossy(&std::fs::read(file).expect("a trace")).into_owned();
    let mut open: std::collections::HashMap<&str, &str> = std::collections::HashMap::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let Some((id, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            open.insert(id, begun);
            continue;
        }
        let whole = match rest.strip_prefix("<... ") {
            Some(end) => match (open.remove(id), end.split_once(" resumed>")) {
                (Some(begun), Some((_, end))) => format!("{begun}{end}"),
                _ => continue,
            },
            None => rest.to_owned(),
        };
        let Some((name, text)) = whole.split_once('(') else { continue };
        if text.contains(") = -1 ") || name.starts_with(['-', '+']) {
            continue;
        }
        calls.push(Call { name: name.to_owned(), text: text.to_owned() });
    }
    calls
}

/// Position of the first call at or after `from` that fits.
///
/// # Panics
/// There is none.
pub fn first(calls: &[Call], from: usize, what: &str, fits: impl Fn(&Call) -> bool) -> usize {
    let at = calls.iter().enumerate().skip(from).find(|(_, c)| fits(c)).map(|(i, _)| i);
    at.unwrap_or_else(|| {
        let seen: Vec<String> = calls.iter().skip(from).map(|c| format!("{}({:.160}", c.name, c.text)).collect();
        panic!("not after call {from}: {what}\n{}", seen.join("\n"))
    })
}

impl Call {
    pub fn is_sync(&self) -> bool {
        matches!(self.name.as_str(), "fsync" | "fdatasync")
    }
    pub fn is_rename(&self) -> bool {
        self.name.starts_with("rename")
    }
    pub fn is_write(&self) -> bool {
        matches!(self.name.as_str(), "write" | "writev" | "pwrite64" | "sendto" | "sendmsg")
    }
    /// Whether the descriptor, or one of the names, ends so.
    pub fn on(&self, end: &str) -> bool {
        self.text.contains(&format!("{end}>")) || self.text.contains(&format!("{end}\""))
    }
}
