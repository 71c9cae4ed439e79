//! A backup: one tar with everything that a bare machine needs to go on.
//!
//! `manifest.json` first, then the files of the configuration, `tables/NAME.jsonl` each, `blobs.txt` with their names,
//! `blobs/ab/cdef…`, and `end.json`, without which it is not whole. Written in one go, so that it can go through a pipe:
//! the tables are read twice from one snapshot, since a tar wants to know lengths first. Must not know who encrypts it.

use std::collections::VecDeque;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use tar::{Builder, Header};
use tokio::task::JoinHandle;

use super::{Adder, Names, Rows, Sum, TABLES, schema, sum};
use crate::store::blobs::Blobs;
use crate::store::status::rfc3339;
use crate::store::{Result, Store, StoreError};

/// Number of this form of archive.
pub(super) const FORMAT: u32 = 1;
/// Blobs that are read at a time; one is as large as the largest file.
const AHEAD: usize = 4;
/// Folder of the archive for files beside the configuration, by their paths from there.
pub const BESIDE: &str = "configuration";
/// Folder for files that the configuration names elsewhere, by their whole paths.
pub const ELSEWHERE: &str = "elsewhere";

/// What stands first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the program that wrote it.
    pub faxbridge: String,
    pub format: u32,
    /// Number of the newest migration of the database.
    pub schema: i64,
    /// RFC 3339, +09:00: everything that was committed before is in it.
    pub created: String,
    pub tables: Vec<Sum>,
    /// `blobs.txt`: count and SHA-256.
    pub blobs: Sum,
}

/// What stands last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Blobs that the store has lost or that are damaged: they are not in it.
    pub missing: Vec<String>,
}

/// A file of the configuration: its name in the archive, below [`BESIDE`] or [`ELSEWHERE`].
#[derive(Debug, Clone)]
pub struct File {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Backup {
    pub manifest: Manifest,
    pub end: End,
}

impl Store {
    /// Writes a backup of what is committed now to `out`, beside a running daemon.
    ///
    /// # Errors
    /// The database cannot be read, or `out` not written. Blobs that are lost are no error: see [`End`].
    pub async fn backup<W: Write>(&self, files: &[File], out: W) -> Result<(Backup, W)> {
        let mut tx = self.db.snapshot().await?;
        let mut names = Names::new();
        let mut tables = Vec::new();
        let created = rfc3339(self.now());
        for table in TABLES.iter() {
            tables.push(sum(&mut tx, Rows::of(table), &mut names).await?);
        }
        let manifest = Manifest {
            faxbridge: env!("CARGO_PKG_VERSION").to_owned(),
            format: FORMAT,
            schema: schema(&mut tx).await?,
            created,
            tables,
            blobs: listed(&names),
        };
        let mut tar = Tar(Builder::new(out));
        tar.put("manifest.json", &serde_json::to_vec_pretty(&manifest)?)?;
        for file in files {
            tar.put(&file.name, &file.bytes)?;
        }
        for (table, told) in TABLES.iter().zip(&manifest.tables) {
            tar.begin(&format!("tables/{}.jsonl", told.name), told.bytes)?;
            let mut rows = Rows::of(table);
            loop {
                let batch = rows.next(&mut tx).await?;
                if batch.is_empty() {
                    break;
                }
                for row in &batch {
                    tar.go_on(&rows.line(row))?;
                }
            }
            tar.end(told.bytes)?;
        }
        // A snapshot that is kept long keeps the database from tidying up.
        drop(tx);
        tar.begin("blobs.txt", manifest.blobs.bytes)?;
        for name in &names {
            tar.go_on(&blob_line(name))?;
        }
        tar.end(manifest.blobs.bytes)?;
        let mut end = End::default();
        let mut ahead = Ahead::new(self.blobs.clone(), names);
        while let Some((sha, bytes)) = ahead.next().await {
            match bytes {
                Ok(bytes) => tar.put(&format!("blobs/{}/{}", &sha[..2], &sha[2..]), &bytes)?,
                Err(e) if is_lost(&e) => {
                    tracing::error!(blob = sha, error = %e, "this blob cannot be backed up");
                    end.missing.push(sha);
                }
                Err(e) => return Err(e),
            }
        }
        tar.put("end.json", &serde_json::to_vec_pretty(&end)?)?;
        let out = tar.0.into_inner().map_err(failed)?;
        Ok((Backup { manifest, end }, out))
    }
}

/// Count and SHA-256 of `blobs.txt`.
pub(super) fn listed(names: &Names) -> Sum {
    let mut adder = Adder::default();
    for name in names {
        adder.add(&blob_line(name));
    }
    adder.sum("blobs", &[])
}

/// Whether the blob itself is gone or broken, and not only the way to it.
pub(super) fn is_lost(e: &StoreError) -> bool {
    match e {
        StoreError::Damaged(_) => true,
        StoreError::Io { source, .. } => {
            source.kind() == io::ErrorKind::NotFound || source.raw_os_error() == Some(libc::EIO)
        }
        _ => false,
    }
}

/// Reads blobs in their order, a few ahead of whoever takes them.
struct Ahead {
    blobs: Blobs,
    names: std::collections::btree_set::IntoIter<[u8; 32]>,
    coming: VecDeque<(String, JoinHandle<Result<Vec<u8>>>)>,
}

impl Ahead {
    fn new(blobs: Blobs, names: Names) -> Ahead {
        Ahead { blobs, names: names.into_iter(), coming: VecDeque::new() }
    }

    async fn next(&mut self) -> Option<(String, Result<Vec<u8>>)> {
        while self.coming.len() < AHEAD
            && let Some(name) = self.names.next()
        {
            let (sha, blobs) = (hex::encode(name), self.blobs.clone());
            self.coming.push_back((sha.clone(), tokio::spawn(async move { blobs.get(&sha).await })));
        }
        let (sha, task) = self.coming.pop_front()?;
        let bytes = task.await.unwrap_or_else(|e| Err(StoreError::Damaged(format!("blob {sha}: {e}"))));
        Some((sha, bytes))
    }
}

fn blob_line(name: &[u8; 32]) -> Vec<u8> {
    let mut line = hex::encode(name).into_bytes();
    line.push(b'\n');
    line
}

fn failed(e: io::Error) -> StoreError {
    StoreError::io("writing the backup")(e)
}

/// Entries whose content comes bit by bit, beside those that are at hand.
struct Tar<W: Write>(Builder<W>);

impl<W: Write> Tar<W> {
    fn header(size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header
    }

    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.0.append_data(&mut Self::header(bytes.len() as u64), name, bytes).map_err(failed)
    }

    fn begin(&mut self, name: &str, size: u64) -> Result<()> {
        let mut header = Self::header(size);
        header.set_path(name).map_err(failed)?;
        header.set_cksum();
        self.go_on(header.as_bytes())
    }

    fn go_on(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.get_mut().write_all(bytes).map_err(failed)
    }

    /// Fills up the last block.
    fn end(&mut self, size: u64) -> Result<()> {
        let rest = (512 - size % 512) % 512;
        self.go_on(&[0; 512][..rest as usize])
    }
}
