//! Files of other people's programs: identity, guarded reading, moving without loss. Blocking; knows no source.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::model::is_deceptive;

/// What tells that a file is still the one that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    pub size: u64,
    /// Modification time: seconds and nanoseconds since 1970.
    pub modified: (i64, i64),
    pub inode: u64,
}

impl Identity {
    pub fn of(m: &Metadata) -> Identity {
        Identity { size: m.len(), modified: (m.mtime(), m.mtime_nsec()), inode: m.ino() }
    }

    /// Same size and time, whatever the inode: some SMB servers number their files anew at each look.
    pub fn looks_like(&self, other: &Identity) -> bool {
        (self.size, self.modified) == (other.size, other.modified)
    }
}

/// Why a file was not read.
#[derive(Debug)]
pub enum Unread {
    /// It is no longer there.
    Gone,
    /// Not a regular file.
    NotAFile,
    TooLarge(u64),
    /// It changed while it was being read.
    Changing,
    /// No right to read it.
    Denied,
    Io(io::Error),
}

impl From<io::Error> for Unread {
    fn from(e: io::Error) -> Self {
        match (e.kind(), Errno::from_io_error(&e)) {
            (io::ErrorKind::NotFound, _) => Unread::Gone,
            (io::ErrorKind::PermissionDenied, _) => Unread::Denied,
            // A symlink under O_NOFOLLOW; a socket.
            (_, Some(Errno::LOOP | Errno::NXIO)) => Unread::NotAFile,
            _ => Unread::Io(e),
        }
    }
}

/// Opens a regular file without following a link and without waiting for the far end of a pipe.
pub fn open(path: &Path) -> Result<(File, Metadata), Unread> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
    let meta = file.metadata()?;
    if meta.is_file() { Ok((file, meta)) } else { Err(Unread::NotAFile) }
}

/// The bytes of a file of at most `max` bytes that did not change meanwhile.
pub fn read(path: &Path, max: u64) -> Result<(Vec<u8>, Identity), Unread> {
    let (mut file, meta) = open(path)?;
    if meta.len() > max {
        return Err(Unread::TooLarge(meta.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0) + 1);
    file.by_ref().take(max + 1).read_to_end(&mut bytes)?;
    let (before, after) = (Identity::of(&meta), Identity::of(&file.metadata()?));
    if bytes.len() as u64 != before.size || !before.looks_like(&after) {
        return Err(Unread::Changing);
    }
    Ok((bytes, before))
}

/// Whether `path` is still the file that was read.
pub fn is_still(path: &Path, identity: &Identity) -> bool {
    path.symlink_metadata().is_ok_and(|m| m.is_file() && Identity::of(&m) == *identity)
}

/// Makes a folder's entries durable.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Renames without ever replacing a file; `AlreadyExists` where the new name is taken.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            // File systems of the network often lack the flag: a hard link never replaces either.
            match std::fs::hard_link(from, to) {
                Ok(()) => std::fs::remove_file(from),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(e),
                Err(_) if to.symlink_metadata().is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
                Err(_) => std::fs::rename(from, to),
            }
        }
        other => other.map_err(Into::into),
    }
}

/// Moves a file into `dir` under its own name, or under one with a number where that is taken. Both folders are
/// synced. Returns the new name.
pub fn move_into(from: &Path, dir: &Path) -> io::Result<OsString> {
    let parent = from.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let name = from.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    if !dir.is_dir() {
        match std::fs::create_dir(dir) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
            _ => sync_dir(dir.parent().unwrap_or(parent))?,
        }
    }
    for n in 1..100_000_u32 {
        let name = numbered(name, n);
        match rename_new(from, &dir.join(&name)) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
            Ok(()) => {
                crate::crash::reached("intake.renamed");
                sync_dir(dir)?;
                sync_dir(parent)?;
                return Ok(name);
            }
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// `a.tif`, `a.2.tif`, `a.3.tif`, …
fn numbered(name: &OsStr, n: u32) -> OsString {
    if n < 2 {
        return name.to_owned();
    }
    let path = Path::new(name);
    let mut out = path.file_stem().unwrap_or(name).to_owned();
    out.push(format!(".{n}"));
    if let Some(ext) = path.extension() {
        out.push(".");
        out.push(ext);
    }
    out
}

/// A name as text: bytes that are not UTF-8, characters that are not seen, and the backslash itself as `\xNN`, so that
/// two names never look alike.
pub fn shown(name: &OsStr) -> String {
    let mut out = String::new();
    for chunk in name.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' || is_deceptive(c) {
                out.extend(c.to_string().bytes().map(|b| format!("\\x{b:02x}")));
            } else {
                out.push(c);
            }
        }
        out.extend(chunk.invalid().iter().map(|b| format!("\\x{b:02x}")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_utf8_are_shown_and_told_apart() {
        assert_eq!(shown(OsStr::new("紹介状 1.tif")), "紹介状 1.tif");
        assert_eq!(shown(OsStr::from_bytes(b"\x8f\xd0\x89\xee.tif\n")), "\\x8f\u{409}\\xee.tif\\x0a");
        assert_ne!(shown(OsStr::from_bytes(b"\x8f")), shown(OsStr::from_bytes(b"\x8e")));
        assert_ne!(shown(OsStr::from_bytes(b"\x8f")), shown(OsStr::new("\\x8f")), "a name that only looks like it");
        assert_eq!(shown(OsStr::new("a\u{202e}fit.exe")), "a\\xe2\\x80\\xaefit.exe");
    }

    #[test]
    fn a_move_never_replaces() {
        let dir = tempfile::tempdir().expect("dir");
        let to = dir.path().join("processed");
        for (n, want) in ["a.tif", "a.2.tif", "a.3.tif"].iter().enumerate() {
            let from = dir.path().join("a.tif");
            std::fs::write(&from, [u8::try_from(n).expect("small")]).expect("write");
            assert_eq!(move_into(&from, &to).expect("move"), *want);
            assert!(!from.exists());
        }
        assert_eq!(std::fs::read(to.join("a.2.tif")).expect("kept"), [1]);
        assert_eq!(numbered(OsStr::new("noext"), 4), "noext.4");
    }

    #[test]
    fn links_pipes_and_large_files_are_not_read() {
        let dir = tempfile::tempdir().expect("dir");
        let at = |n: &str| dir.path().join(n);
        std::fs::write(at("secret"), "x").expect("write");
        std::os::unix::fs::symlink(at("secret"), at("link")).expect("link");
        rustix::fs::mknodat(CWD, at("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).expect("fifo");
        assert!(matches!(read(&at("link"), 10), Err(Unread::NotAFile)));
        assert!(matches!(read(&at("pipe"), 10), Err(Unread::NotAFile)));
        assert!(matches!(read(&at("none"), 10), Err(Unread::Gone)));
        assert!(matches!(read(dir.path(), 10), Err(Unread::NotAFile)));
        std::fs::write(at("big"), [0; 11]).expect("write");
        assert!(matches!(read(&at("big"), 10), Err(Unread::TooLarge(11))));
        let (bytes, id) = read(&at("secret"), 1).expect("fits");
        assert_eq!((bytes.as_slice(), id.size), (&b"x"[..], 1));
        assert!(is_still(&at("secret"), &id) && !is_still(&at("big"), &id));
    }
}
