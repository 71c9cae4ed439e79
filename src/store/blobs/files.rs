//! Blobs as files: written beside their place, synced, renamed, and the folder synced.

use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{blocking, sha256};
use crate::store::{Result, StoreError, crash};

#[derive(Clone)]
pub struct Files {
    root: PathBuf,
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.display().fmt(f)
    }
}

/// Makes a folder's entries durable.
///
/// # Errors
/// The folder cannot be opened or synced.
pub fn sync_dir(dir: &Path) -> Result<()> {
    File::open(dir).and_then(|d| d.sync_all()).map_err(StoreError::io(format!("sync of {}", dir.display())))
}

impl Files {
    /// Makes the folders that blobs need.
    ///
    /// # Errors
    /// They cannot be made.
    pub fn open(data_dir: &Path) -> Result<Files> {
        let blobs = Self::at(data_dir);
        let shelves = (0..=u8::MAX).map(|n| blobs.root.join(hex::encode([n])));
        for dir in [blobs.root.clone(), blobs.tmp()].into_iter().chain(shelves) {
            if !dir.is_dir() {
                make_private(&dir).map_err(StoreError::io(format!("folder {}", dir.display())))?;
            }
        }
        // In any case: who made them may have died before this.
        sync_dir(&blobs.root)?;
        sync_dir(data_dir)?;
        Ok(blobs)
    }

    /// To read only; makes nothing.
    pub fn at(data_dir: &Path) -> Files {
        Files { root: data_dir.join("blobs") }
    }

    fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    pub(super) fn path(&self, sha256: &str) -> PathBuf {
        let (a, b) = sha256.split_at_checked(2).unwrap_or(("00", sha256));
        self.root.join(a).join(b)
    }

    /// Removes what a dead process left half-written. Only for the holder of the lock.
    pub(super) fn sweep(&self) -> Result<()> {
        let tmp = self.tmp();
        let fail = || format!("folder {}", tmp.display());
        for entry in fs::read_dir(&tmp).map_err(StoreError::io(fail()))? {
            let path = entry.map_err(StoreError::io(fail()))?.path();
            fs::remove_file(&path).map_err(StoreError::io(path.display().to_string()))?;
        }
        Ok(())
    }

    /// Keeps `bytes` and returns their SHA-256; they are on disk when this returns.
    ///
    /// # Errors
    /// Disk full, no right to write, …: nothing is kept under the name then.
    pub async fn put(&self, bytes: Vec<u8>) -> Result<String> {
        let this = self.clone();
        blocking(move || this.put_now(&bytes)).await
    }

    fn put_now(&self, bytes: &[u8]) -> Result<String> {
        let sha = sha256(bytes);
        let path = self.path(&sha);
        let dir = path.parent().unwrap_or(&self.root).to_owned();
        // An existing name is whole (see above), unless the disk damaged it since: then it is written anew.
        if !fs::read(&path).is_ok_and(|old| old == bytes) {
            let tmp = self.tmp().join(uuid::Uuid::new_v4().to_string());
            let written = File::create_new(&tmp).and_then(|mut f| {
                f.write_all(bytes)?;
                f.sync_all()
            });
            crash::reached("blob.written");
            if let Err(e) = written.and_then(|()| fs::rename(&tmp, &path)) {
                let _ = fs::remove_file(&tmp);
                return Err(StoreError::io(format!("writing {}", path.display()))(e));
            }
            crash::reached("blob.renamed");
        }
        // Also for an existing name: who made it may have died before this.
        sync_dir(&dir)?;
        Ok(sha)
    }

    /// # Errors
    /// Absent or unreadable.
    pub async fn get(&self, sha: &str) -> Result<Vec<u8>> {
        let (path, what) = (self.path(sha), format!("blob {sha}"));
        blocking(move || fs::read(&path).map_err(StoreError::io(what))).await
    }

    /// # Errors
    /// It is there and cannot be removed.
    pub async fn remove(&self, sha: &str) -> Result<()> {
        let (path, what) = (self.path(sha), format!("removing blob {sha}"));
        blocking(move || match fs::remove_file(&path) {
            Ok(()) => path.parent().map_or(Ok(()), sync_dir),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(StoreError::io(what)(e)),
        })
        .await
    }

    fn id_file(&self) -> PathBuf {
        self.root.join("id")
    }

    pub fn id(&self) -> Result<Option<String>> {
        match fs::read_to_string(self.id_file()) {
            Ok(id) if !id.trim().is_empty() => Ok(Some(id.trim().to_owned())),
            Ok(_) => Ok(None),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(StoreError::io(self.id_file().display().to_string())(e)),
        }
    }

    pub fn found(&self, id: &str) -> Result<()> {
        let path = self.id_file();
        File::create(&path)
            .and_then(|mut f| f.write_all(id.as_bytes()).and_then(|()| f.sync_all()))
            .map_err(StoreError::io(path.display().to_string()))?;
        sync_dir(&self.root)
    }
}

fn make_private(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}
