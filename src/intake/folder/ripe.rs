//! When a file that appeared in a folder is complete. Pure: time and file system are parameters.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use super::whole::Whole;
use crate::intake::files::Identity;
use crate::intake::watch::Mark;

/// A file that waits to become complete.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub identity: Identity,
    /// Since when the file has been as it is.
    since: Instant,
    /// Since when size and time have been so (see [`Identity::looks_like`]).
    alike_since: Instant,
    mark: Option<Mark>,
    /// Completeness of this very state, where it was looked at.
    pub whole: Option<Whole>,
}

impl Candidate {
    pub fn new(identity: Identity, mark: Option<Mark>, now: Instant) -> Candidate {
        Candidate { identity, since: now, alike_since: now, mark, whole: None }
    }

    /// Takes in what a look saw.
    pub fn see(&mut self, identity: Identity, mark: Option<Mark>, now: Instant) {
        if identity != self.identity {
            if !identity.looks_like(&self.identity) {
                self.alike_since = now;
            }
            self.since = now;
            self.identity = identity;
            self.whole = None;
            // A change that no event explains yet: the writer is not known to be done.
            self.mark = self.mark.filter(|m| *m == Mark::Written);
        }
        if let Some(mark) = mark {
            // A file that arrived by rename stays so when its copier closes it a little later.
            if (self.mark, mark) != (Some(Mark::Arrived), Mark::Closed) {
                self.mark = Some(mark);
            }
            if mark == Mark::Written {
                self.since = now;
                self.alike_since = now;
                self.whole = None;
            }
        }
    }

    /// Begins the wait anew: the file changed while it was being read.
    pub fn restart(&mut self, now: Instant) {
        self.since = now;
        self.alike_since = now;
        self.whole = None;
    }

    /// How long the file must stay as it is. What is known to be unfinished gets more patience; what is whole and
    /// closed needs less.
    fn window(&self, settle: Duration) -> Duration {
        match (self.whole.unwrap_or(Whole::Unknown), self.mark) {
            (Whole::No, _) | (_, Some(Mark::Written)) => settle * 4,
            (Whole::Yes | Whole::SoFar, Some(Mark::Arrived)) => Duration::ZERO,
            (Whole::Unknown, Some(Mark::Arrived)) | (Whole::Yes, Some(Mark::Closed)) => settle / 5,
            _ => settle,
        }
    }

    /// How long there is still to wait; zero: take it.
    pub fn remaining(&self, settle: Duration, now: Instant) -> Duration {
        let window = self.window(settle);
        let still = |since: Instant, window: Duration| window.saturating_sub(now.saturating_duration_since(since));
        still(self.since, window).min(still(self.alike_since, window.max(settle) * 4))
    }

    /// Unchanged for so long.
    pub fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }
}

/// What a file's name says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    Ordinary,
    /// A program is still at work under this name, or left it behind.
    Temporary,
    /// What operating systems put into folders.
    System,
}

/// Judges a name; case does not matter.
pub fn judge(name: &OsStr) -> Name {
    let name = name.as_bytes().to_ascii_lowercase();
    const SYSTEM: [&[u8]; 4] = [b"thumbs.db", b"desktop.ini", b".ds_store", b".directory"];
    const ENDS: [&[u8]; 9] =
        [b".tmp", b".temp", b".part", b".partial", b".filepart", b".crdownload", b".swp", b".lock", b"~"];
    if SYSTEM.contains(&name.as_slice()) || name.ends_with(b":zone.identifier") || name.starts_with(b"._") {
        Name::System
    } else if name.starts_with(b".") || name.starts_with(b"~$") || ENDS.iter().any(|e| name.ends_with(e)) {
        Name::Temporary
    } else {
        Name::Ordinary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);
    const SETTLE: Duration = Duration::from_secs(5);

    fn id(size: u64, inode: u64) -> Identity {
        Identity { size, modified: (1, 0), inode }
    }

    fn candidate(whole: Whole, mark: Option<Mark>, t: Instant) -> Candidate {
        Candidate { whole: Some(whole), ..Candidate::new(id(9, 1), mark, t) }
    }

    #[test]
    fn windows_by_what_is_known() {
        let t = Instant::now();
        let wait = |whole, mark| candidate(whole, mark, t).remaining(SETTLE, t);
        assert_eq!(wait(Whole::SoFar, None), SETTLE);
        assert_eq!(wait(Whole::SoFar, Some(Mark::Closed)), SETTLE, "a scanner may add pages");
        assert_eq!(wait(Whole::SoFar, Some(Mark::Arrived)), Duration::ZERO);
        assert_eq!(wait(Whole::Yes, Some(Mark::Closed)), S);
        assert_eq!(wait(Whole::Yes, Some(Mark::Written)), SETTLE * 4, "somebody still writes");
        assert_eq!(wait(Whole::No, Some(Mark::Closed)), SETTLE * 4);
        assert_eq!(wait(Whole::Unknown, Some(Mark::Closed)), SETTLE, "a mail has no end of its own");
    }

    #[test]
    fn every_change_begins_the_wait_anew() {
        let t = Instant::now();
        let mut c = candidate(Whole::Yes, Some(Mark::Closed), t);
        c.see(id(10, 1), None, t + 4 * S);
        assert_eq!(c.whole, None, "must be looked at again");
        assert_eq!(c.remaining(SETTLE, t + 4 * S), SETTLE, "the old close event counts no more");
        c.see(id(10, 1), Some(Mark::Written), t + 6 * S);
        assert_eq!(c.remaining(SETTLE, t + 6 * S), SETTLE * 4);
        c.see(id(10, 1), Some(Mark::Closed), t + 7 * S);
        assert_eq!(c.remaining(SETTLE, t + 11 * S), Duration::ZERO);
    }

    #[test]
    fn a_server_that_renumbers_its_files_does_not_stop_them() {
        let t = Instant::now();
        let mut c = candidate(Whole::SoFar, None, t);
        for n in 1..=20 {
            c.see(id(9, 1 + n), None, t + S * u32::try_from(n).expect("small"));
            c.whole = Some(Whole::SoFar);
        }
        assert_eq!(c.remaining(SETTLE, t + 20 * S), Duration::ZERO);
    }

    #[test]
    fn names() {
        for n in [".a.tif", "~$doc.docx", "a.tif.tmp", "A.PART", "scan.tif~", ".nfs0001"] {
            assert_eq!(judge(OsStr::new(n)), Name::Temporary, "{n}");
        }
        for n in ["Thumbs.db", "desktop.ini", ".DS_Store", "a.pdf:Zone.Identifier"] {
            assert_eq!(judge(OsStr::new(n)), Name::System, "{n}");
        }
        for n in ["a.tif", "紹介状.pdf", "tmp.tif", "mail.eml", "noext"] {
            assert_eq!(judge(OsStr::new(n)), Name::Ordinary, "{n}");
        }
    }
}
