//! What strace saw, as changes of files below one folder, in the order in which they took effect.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// Paths are relative to the folder that is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Opened for writing; made where it was not there.
    Open {
        path: PathBuf,
        truncate: bool,
    },
    /// `at`: None where the file's own position counts.
    Write {
        path: PathBuf,
        at: Option<u64>,
        bytes: Vec<u8>,
    },
    Truncate {
        path: PathBuf,
        len: u64,
    },
    MakeDir {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
    /// A sync was asked for. What happened before it began is durable when it ends, if it does.
    SyncBegins {
        id: usize,
        path: PathBuf,
    },
    SyncEnds {
        id: usize,
    },
    /// Bytes that left through a socket.
    Sent {
        bytes: Vec<u8>,
    },
}

const CALLS: &str = "trace=open,openat,openat2,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,\
rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,symlink,symlinkat,fsync,fdatasync,syncfs,sendto,\
sendmsg,mmap,copy_file_range,sendfile,msync";

/// The words that run a program under strace; more follow. It is killed when it asks for its `kill_at_sync`-th sync,
/// before that happens.
pub fn strace(out: &Path, kill_at_sync: Option<u32>) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-s", "33554432", "-e", CALLS, "-o"]).arg(out);
    if let Some(n) = kill_at_sync {
        command.args(["-e", &format!("inject=fsync,fdatasync:signal=SIGKILL:when={n}")]);
    }
    command
}

/// The events of a trace below `root`. `ids`: how many syncs were numbered before.
///
/// # Panics
/// Something changed a file in a way that is not known here.
pub fn events(trace: &Path, root: &Path, ids: &mut usize) -> Vec<Event> {
    let text = String::from_utf8(std::fs::read(trace).expect("a trace")).expect("ASCII");
    let mut begun: HashMap<&str, (String, Option<usize>)> = HashMap::new();
    let mut events = Vec::new();
    for line in text.lines() {
        let Some((process, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(first) = rest.strip_suffix("<unfinished ...>") {
            let sync = sync_path(first, root).map(|path| {
                *ids += 1;
                events.push(Event::SyncBegins { id: *ids, path });
                *ids
            });
            begun.insert(process, (first.to_owned(), sync));
            continue;
        }
        let (call, sync) = match rest.strip_prefix("<... ") {
            Some(end) => match (begun.remove(process), end.split_once(" resumed>")) {
                (Some((first, sync)), Some((_, end))) => (first + end, sync),
                _ => continue,
            },
            None => (rest.to_owned(), None),
        };
        if let Some(id) = sync {
            events.extend(succeeded(&call).then_some(Event::SyncEnds { id }));
        } else if let Some(path) = sync_path(&call, root) {
            *ids += 1;
            events.push(Event::SyncBegins { id: *ids, path });
            events.extend(succeeded(&call).then_some(Event::SyncEnds { id: *ids }));
        } else if succeeded(&call) {
            events.extend(event(&call, root));
        }
    }
    events
}

/// Whether the call returned, and not an error.
fn succeeded(call: &str) -> bool {
    let result = call.rsplit_once(") = ").or_else(|| call.rsplit_once(" = ")).map(|(_, r)| r.trim());
    result.is_some_and(|r| !r.starts_with(['-', '?']))
}

fn sync_path(call: &str, root: &Path) -> Option<PathBuf> {
    let arguments = call.strip_prefix("fsync(").or_else(|| call.strip_prefix("fdatasync("))?;
    below(root, descriptor(arguments)?)
}

fn event(call: &str, root: &Path) -> Option<Event> {
    let (name, arguments) = call.split_once('(')?;
    let on_descriptor = || below(root, descriptor(arguments)?);
    match name {
        "open" | "openat" | "creat" => {
            let flags = after_strings(arguments);
            let (truncate, writes) =
                (flags.contains("O_TRUNC"), flags.contains("O_CREAT") || flags.contains("O_TRUNC"));
            if !writes && name != "creat" {
                return None;
            }
            Some(Event::Open { path: named(arguments, root)?.remove(0), truncate })
        }
        "write" | "pwrite64" => {
            if is_socket(arguments) {
                return Some(Event::Sent { bytes: strings(arguments).concat() });
            }
            let path = on_descriptor()?;
            let bytes = strings(arguments).concat();
            let tail: Vec<&str> =
                after_strings(arguments).split([',', ')']).map(str::trim).filter(|s| !s.is_empty()).collect();
            let count: usize = tail[0].parse().expect("a count");
            assert_eq!(count, bytes.len(), "strace shortened what was written");
            let done: usize = call.rsplit_once("= ").expect("a result").1.trim().parse().expect("a count");
            assert_eq!(done, count, "a short write");
            let at = (name == "pwrite64").then(|| tail[1].parse().expect("an offset"));
            Some(Event::Write { path, at, bytes })
        }
        "ftruncate" => {
            let path = on_descriptor()?;
            let len = arguments.rsplit_once(") = ")?.0.rsplit_once(", ")?.1.parse().expect("a length");
            Some(Event::Truncate { path, len })
        }
        "mkdir" | "mkdirat" => Some(Event::MakeDir { path: named(arguments, root)?.remove(0) }),
        "rename" | "renameat" | "renameat2" => {
            let mut both = named(arguments, root)?;
            assert_eq!(both.len(), 2, "moved across the border: {call}");
            Some(Event::Rename { to: both.remove(1), from: both.remove(0) })
        }
        "unlink" => Some(Event::Remove { path: named(arguments, root)?.remove(0) }),
        "sendto" | "sendmsg" | "writev" if is_socket(arguments) => {
            Some(Event::Sent { bytes: strings(arguments).concat() })
        }
        "mmap" => {
            let path = on_descriptor_of_mmap(arguments, root)?;
            let shared = arguments.contains("MAP_SHARED") && arguments.contains("PROT_WRITE");
            assert!(!shared || is_volatile(&path), "mapped for writing: {call:.200}");
            None
        }
        _ => {
            let touches = on_descriptor().is_some() || named(arguments, root).is_some();
            assert!(!touches, "a call that is not known here: {call:.200}");
            None
        }
    }
}

/// SQLite's index of its log: made anew after a crash, its bytes count for nothing.
pub fn is_volatile(path: &Path) -> bool {
    path.to_string_lossy().ends_with("-shm")
}

fn is_socket(arguments: &str) -> bool {
    descriptor(arguments).is_some_and(|d| d.starts_with("socket:") || d.starts_with("TCP"))
}

/// What strace says of the first descriptor: `12</path>`.
fn descriptor(arguments: &str) -> Option<&str> {
    let (number, rest) = arguments.split_once('<')?;
    number.chars().all(|c| c.is_ascii_digit()).then(|| rest.split_once('>').map(|(path, _)| path))?
}

fn on_descriptor_of_mmap(arguments: &str, root: &Path) -> Option<PathBuf> {
    let field = arguments.split(", ").nth(4)?;
    below(root, descriptor(field)?)
}

/// Paths among the strings, made absolute; None where none lies below `root`.
fn named(arguments: &str, root: &Path) -> Option<Vec<PathBuf>> {
    let here = arguments.strip_prefix("AT_FDCWD<").and_then(|a| a.split_once('>')).map_or("/", |(h, _)| h);
    let all = strings(arguments).into_iter().filter_map(|s| String::from_utf8(s).ok());
    let found: Vec<PathBuf> = all.filter_map(|s| below(root, &Path::new(here).join(s).to_string_lossy())).collect();
    (!found.is_empty()).then_some(found)
}

fn below(root: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path).strip_prefix(root).ok()?;
    let plain = path.components().all(|c| matches!(c, Component::Normal(_)));
    (plain && !path.to_string_lossy().ends_with(" (deleted)")).then(|| path.to_owned())
}

/// What stands between quotes, with strace's escapes undone.
fn strings(arguments: &str) -> Vec<Vec<u8>> {
    let bytes = arguments.as_bytes();
    let (mut found, mut i) = (Vec::new(), 0);
    while i < bytes.len() {
        if bytes[i] != b'"' {
            i += 1;
            continue;
        }
        i += 1;
        let mut out = Vec::new();
        while bytes[i] != b'"' {
            if bytes[i] != b'\\' {
                out.push(bytes[i]);
                i += 1;
                continue;
            }
            i += 1;
            let simple = match bytes[i] {
                b'n' => Some(b'\n'),
                b't' => Some(b'\t'),
                b'r' => Some(b'\r'),
                b'v' => Some(0x0b),
                b'f' => Some(0x0c),
                c @ (b'"' | b'\\') => Some(c),
                _ => None,
            };
            if let Some(c) = simple {
                out.push(c);
                i += 1;
                continue;
            }
            let digits = bytes[i..].iter().take(3).take_while(|c| (b'0'..=b'7').contains(c)).count();
            assert!(digits > 0, "an escape that is not known");
            let octal = std::str::from_utf8(&bytes[i..i + digits]).expect("digits");
            out.push(u8::try_from(u32::from_str_radix(octal, 8).expect("octal")).expect("a byte"));
            i += digits;
        }
        i += 1;
        assert!(!bytes[i..].starts_with(b"..."), "strace shortened a string");
        found.push(out);
    }
    found
}

/// What follows the last string.
fn after_strings(arguments: &str) -> &str {
    arguments.rsplit_once('"').map_or(arguments, |(_, rest)| rest.trim_start_matches(", "))
}

#[test]
fn calls_are_read_back() {
    let root = Path::new("/r");
    let dir = tempfile::tempdir().expect("dir");
    let file = dir.path().join("trace");
    let text = [
        r#"1 openat(AT_FDCWD</x>, "/r/a", O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC, 0666) = 9</r/a>"#,
        r#"1 openat(AT_FDCWD</r/d>, "b", O_RDONLY|O_CLOEXEC) = 9</r/d/b>"#,
        r#"1 write(9</r/a>, "\0001\33[\"\\\n", 7) = 7"#,
        r#"1 fsync(9</r/a> <unfinished ...>"#,
        r#"2 pwrite64(8</r/w>, "xy", 2, 4120 <unfinished ...>"#,
        r#"1 <... fsync resumed>)             = 0"#,
        r#"2 <... pwrite64 resumed>)           = 2"#,
        r#"1 renameat2(AT_FDCWD</x>, "/r/a", AT_FDCWD</x>, "/r/d/a", RENAME_NOREPLACE) = 0"#,
        r#"1 mkdir("/r/q", 0700) = -1 EEXIST (File exists)"#,
        r#"1 ftruncate(8</r/w>, 0) = 0"#,
        r#"1 write(7</elsewhere>, "x", 1) = 1"#,
        r#"1 sendto(5<socket:[77]>, "MAIL", 4, MSG_NOSIGNAL, NULL, 0) = 4"#,
        r#"1 fsync(9</r/d/a>) = ?"#,
        r#"1 +++ killed by SIGKILL +++"#,
    ];
    std::fs::write(&file, text.join("\n")).expect("write");
    let path = PathBuf::from;
    let mut ids = 0;
    assert_eq!(
        events(&file, root, &mut ids),
        [
            Event::Open { path: path("a"), truncate: false },
            Event::Write { path: path("a"), at: None, bytes: b"\x001\x1b[\"\\\n".to_vec() },
            Event::SyncBegins { id: 1, path: path("a") },
            Event::SyncEnds { id: 1 },
            Event::Write { path: path("w"), at: Some(4120), bytes: b"xy".to_vec() },
            Event::Rename { from: path("a"), to: path("d/a") },
            Event::Truncate { path: path("w"), len: 0 },
            Event::Sent { bytes: b"MAIL".to_vec() },
            Event::SyncBegins { id: 2, path: path("d/a") },
        ]
    );
}
