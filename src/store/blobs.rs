//! Content-addressed files: `blobs/ab/cdef…`, named by the SHA-256 of what they hold.
//!
//! A blob is written beside its place, synced, renamed, and its folder synced: a name that exists is whole, and what
//! was put has survived a power failure before `put` returns.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Result, StoreError, crash};

#[derive(Clone)]
pub struct Blobs {
    root: PathBuf,
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Makes a folder's entries durable.
///
/// # Errors
/// The folder cannot be opened or synced.
pub fn sync_dir(dir: &Path) -> Result<()> {
    File::open(dir).and_then(|d| d.sync_all()).map_err(StoreError::io(format!("sync of {}", dir.display())))
}

impl Blobs {
    /// Makes the folders that blobs need.
    ///
    /// # Errors
    /// They cannot be made.
    pub fn open(data_dir: &Path) -> Result<Blobs> {
        let blobs = Self::at(data_dir);
        for dir in [blobs.root.clone(), blobs.tmp()] {
            if !dir.is_dir() {
                make_private(&dir).map_err(StoreError::io(format!("folder {}", dir.display())))?;
                sync_dir(dir.parent().unwrap_or(data_dir))?;
            }
        }
        Ok(blobs)
    }

    /// To read only; makes nothing.
    pub fn at(data_dir: &Path) -> Blobs {
        Blobs { root: data_dir.join("blobs") }
    }

    fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    fn path(&self, sha256: &str) -> PathBuf {
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
        if !dir.is_dir() {
            match fs::create_dir(&dir) {
                Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(StoreError::io(format!("folder {}", dir.display()))(e));
                }
                _ => sync_dir(&self.root)?,
            }
        }
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
    /// Absent, unreadable, or damaged.
    pub async fn get(&self, sha: &str) -> Result<Vec<u8>> {
        if sha.len() != 64 || !sha.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(StoreError::Damaged("not the name of a blob".into()));
        }
        let (path, sha) = (self.path(sha), sha.to_owned());
        blocking(move || {
            let bytes = fs::read(&path).map_err(StoreError::io(format!("blob {sha}")))?;
            if sha256(&bytes) != sha {
                return Err(StoreError::Damaged(format!("blob {sha} holds other bytes than its name says")));
            }
            Ok(bytes)
        })
        .await
    }
}

fn make_private(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

async fn blocking<T: Send + 'static>(f: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(f).await.map_err(|e| StoreError::Damaged(format!("a file task died: {e}")))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_put_comes_back_and_damage_is_noticed() {
        let dir = tempfile::tempdir().expect("dir");
        let blobs = Blobs::open(dir.path()).expect("open");
        let sha = blobs.put(b"abc".to_vec()).await.expect("put");
        assert_eq!(sha, blobs.put(b"abc".to_vec()).await.expect("again"));
        assert_eq!(blobs.get(&sha).await.expect("get"), b"abc");
        fs::write(blobs.path(&sha), b"abd").expect("damage");
        assert!(matches!(blobs.get(&sha).await, Err(StoreError::Damaged(_))));
        assert!(blobs.get("../../etc/passwd").await.is_err());
    }

    #[tokio::test]
    async fn a_damaged_blob_is_written_anew_and_remains_are_swept() {
        let dir = tempfile::tempdir().expect("dir");
        let blobs = Blobs::open(dir.path()).expect("open");
        let sha = blobs.put(b"abc".to_vec()).await.expect("put");
        fs::write(blobs.path(&sha), b"abd").expect("damage it");
        blobs.put(b"abc".to_vec()).await.expect("put again");
        assert_eq!(blobs.get(&sha).await.expect("get"), b"abc");
        fs::write(blobs.tmp().join("half"), b"x").expect("half-written");
        blobs.sweep().expect("sweep");
        assert_eq!(fs::read_dir(blobs.tmp()).expect("tmp").count(), 0);
    }
}
