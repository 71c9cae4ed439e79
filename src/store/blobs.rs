//! Content-addressed bytes, named by the SHA-256 of what they hold: files `blobs/ab/cdef…` beside the database, or
//! objects of an S3-compatible store for several hosts.
//!
//! A name that exists is whole, and what was put has survived a power failure before `put` returns.

mod files;
mod objects;

use std::fmt;
use std::path::Path;

use sha2::{Digest, Sha256};

pub use files::sync_dir;

use super::{Result, StoreError};

/// Where blobs lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// `s3://bucket/prefix`; empty: files in the data folder.
    pub url: String,
    /// Address of the store, where it is not Amazon's.
    pub endpoint: String,
    pub region: String,
    /// Access key id and secret; empty: from the environment (`AWS_ACCESS_KEY_ID`, …) or the machine's role.
    pub access_key: String,
    pub secret_key: String,
}

#[derive(Clone)]
pub enum Blobs {
    Files(files::Files),
    Objects(objects::Objects),
}

/// For messages: where they are.
impl fmt::Display for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Blobs::Files(b) => b.fmt(f),
            Blobs::Objects(b) => b.fmt(f),
        }
    }
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl Blobs {
    /// Makes the folders that blobs need.
    ///
    /// # Errors
    /// They cannot be made; the address cannot be meant.
    pub fn open(data_dir: &Path, place: &Place) -> Result<Blobs> {
        if place.url.is_empty() {
            files::Files::open(data_dir).map(Blobs::Files)
        } else {
            objects::Objects::open(place).map(Blobs::Objects)
        }
    }

    /// To read only; makes nothing.
    ///
    /// # Errors
    /// The address cannot be meant.
    pub fn at(data_dir: &Path, place: &Place) -> Result<Blobs> {
        if place.url.is_empty() {
            Ok(Blobs::Files(files::Files::at(data_dir)))
        } else {
            objects::Objects::open(place).map(Blobs::Objects)
        }
    }

    /// Removes what a dead process left half-written. Only for the holder of the lock.
    pub(super) fn sweep(&self) -> Result<()> {
        match self {
            Blobs::Files(b) => b.sweep(),
            // An object is there whole or not at all.
            Blobs::Objects(_) => Ok(()),
        }
    }

    /// Keeps `bytes` and returns their SHA-256; they are durable when this returns.
    ///
    /// # Errors
    /// Disk full, no right to write, store away, …: nothing is kept under the name then.
    pub async fn put(&self, bytes: Vec<u8>) -> Result<String> {
        match self {
            Blobs::Files(b) => b.put(bytes).await,
            Blobs::Objects(b) => b.put(bytes).await,
        }
    }

    /// # Errors
    /// Absent, unreadable, or damaged.
    pub async fn get(&self, sha: &str) -> Result<Vec<u8>> {
        if sha.len() != 64 || !sha.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(StoreError::Damaged("not the name of a blob".into()));
        }
        let bytes = match self {
            Blobs::Files(b) => b.get(sha).await?,
            Blobs::Objects(b) => b.get(sha).await?,
        };
        let (bytes, real) = blocking(move || {
            let real = sha256(&bytes);
            Ok((bytes, real))
        })
        .await?;
        if real != sha {
            return Err(StoreError::Damaged(format!("blob {sha} holds other bytes than its name says")));
        }
        Ok(bytes)
    }

    /// Takes a blob away; one that is not there is gone as well.
    pub(super) async fn remove(&self, sha: &str) -> Result<()> {
        match self {
            Blobs::Files(b) => b.remove(sha).await,
            Blobs::Objects(b) => b.remove(sha).await,
        }
    }

    /// The id that this store of blobs was given at its foundation.
    pub(super) async fn id(&self) -> Result<Option<String>> {
        match self {
            Blobs::Files(b) => b.id(),
            Blobs::Objects(b) => b.id().await,
        }
    }

    /// Gives it its id.
    pub(super) async fn found(&self, id: &str) -> Result<String> {
        match self {
            Blobs::Files(b) => b.found(id)?,
            Blobs::Objects(b) => b.found(id).await?,
        }
        Ok(id.to_owned())
    }
}

async fn blocking<T: Send + 'static>(f: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(f).await.map_err(|_| StoreError::Damaged("a file task died".into()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(blobs: &Blobs, sha: &str) -> std::path::PathBuf {
        match blobs {
            Blobs::Files(f) => f.path(sha),
            Blobs::Objects(_) => unreachable!("opened as files"),
        }
    }

    #[tokio::test]
    async fn what_is_put_comes_back_and_damage_is_noticed() {
        let dir = tempfile::tempdir().expect("dir");
        let blobs = Blobs::open(dir.path(), &Place::default()).expect("open");
        let sha = blobs.put(b"abc".to_vec()).await.expect("put");
        assert_eq!(sha, blobs.put(b"abc".to_vec()).await.expect("again"));
        assert_eq!(blobs.get(&sha).await.expect("get"), b"abc");
        std::fs::write(path(&blobs, &sha), b"abd").expect("damage");
        assert!(matches!(blobs.get(&sha).await, Err(StoreError::Damaged(_))));
        assert!(blobs.get("../../etc/passwd").await.is_err());
    }

    #[tokio::test]
    async fn a_damaged_blob_is_written_anew_and_remains_are_swept() {
        let dir = tempfile::tempdir().expect("dir");
        let blobs = Blobs::open(dir.path(), &Place::default()).expect("open");
        let sha = blobs.put(b"abc".to_vec()).await.expect("put");
        std::fs::write(path(&blobs, &sha), b"abd").expect("damage it");
        blobs.put(b"abc".to_vec()).await.expect("put again");
        assert_eq!(blobs.get(&sha).await.expect("get"), b"abc");
        std::fs::write(dir.path().join("blobs/tmp/half"), b"x").expect("half-written");
        blobs.sweep().expect("sweep");
        assert_eq!(std::fs::read_dir(dir.path().join("blobs/tmp")).expect("tmp").count(), 0);
    }
}
