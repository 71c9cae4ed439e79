//! A backup back into an empty store.
//!
//! The database is filled in one transaction that ends when every table, every blob and the end of the archive were
//! there and agree with the manifest. From the first moment a mark in the database keeps daemons and commands away;
//! it falls when the log was verified. Broken off anywhere, `restore` begins again, or goes on with the check.

use std::io::{BufRead, BufReader, Read};

use serde_json::json;
use tar::Entry;
use tokio::task::JoinSet;

use super::backup::{BESIDE, ELSEWHERE, End, FORMAT, File, Manifest, listed};
use super::{Adder, BATCH, Names, Rows, Sum, blob_name, fresh, mark, schema, sum, table};
use crate::store::audit;
use crate::store::blobs::Blobs;
use crate::store::db::{Db, Opening, Tx, UNFINISHED, query};
use crate::store::verify::Report;
use crate::store::{Result, Site, Store, StoreError, crash};

/// Largest entry that is held in memory, bytes.
const LARGEST: u64 = 1 << 30;
/// Blobs that are written at a time.
const TOGETHER: usize = 4;

/// What was restored.
#[derive(Debug, Clone)]
pub struct Restored {
    pub manifest: Manifest,
    /// Blobs that were lost before the backup was made.
    pub missing: Vec<String>,
    /// What the check at the end found.
    pub report: Report,
}

/// How a restore goes.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// Who does it, for the log.
    pub actor: String,
    /// Whether a store that does not hold together is better than none.
    pub accept_faults: bool,
}

/// Fills a store from the archive that `read` gives. `prepare` is told what it is and the files of its configuration,
/// and says where the store shall be; nowhere: nothing more is done.
///
/// # Errors
/// The archive is not whole, not of this program or newer; the store is in use; the database refused. Also when
/// everything is there, but does not hold together: a repetition with `accept_faults` then ends it.
pub async fn restore(
    read: impl Read,
    wishes: &Wishes,
    prepare: impl FnOnce(&Manifest, Vec<File>) -> Result<Option<Site>>,
) -> Result<Option<Restored>> {
    let mut archive = tar::Archive::new(read);
    let mut entries = archive.entries().map_err(failed)?;
    let mut next = move || entries.next().transpose().map_err(failed);
    let first = next()?.ok_or_else(cut)?;
    let manifest = manifest(first)?;
    let mut files = Vec::new();
    let mut entry = next()?;
    while let Some(e) = entry.take_if(|e| is_file(e)) {
        files.push(File { name: name(&e), bytes: whole(e)? });
        entry = next()?;
    }
    let Some(site) = prepare(&manifest, files)? else { return Ok(None) };
    let (store, filled) = open(&site, &manifest).await?;
    let mut missing = Vec::new();
    if !filled {
        let mut filling = Filling::begin(&store, &manifest).await?;
        let mut ended = None;
        while let Some(e) = entry {
            let name = name(&e);
            if ended.is_some() {
                return Err(StoreError::Damaged(format!("the backup goes on behind its end, with {name}")));
            } else if name == "end.json" {
                ended = Some(serde_json::from_slice::<End>(&whole(e)?)?);
            } else if let Some(sha) = name.strip_prefix("blobs/") {
                filling.blob(&sha.replace('/', ""), whole(e)?).await?;
            } else if name == "blobs.txt" {
                filling.list(&whole(e)?)?;
            } else {
                filling.table(&name, e).await?;
            }
            entry = next()?;
        }
        // Only the last of the file tells that nothing of it was cut or changed.
        std::io::copy(&mut archive.into_inner(), &mut std::io::sink()).map_err(failed)?;
        missing = ended.ok_or_else(cut)?.missing;
        filling.commit(&missing).await?;
    }
    let report = check(&site, &store, &manifest, wishes).await?;
    Ok(Some(Restored { manifest, missing, report }))
}

fn failed(e: std::io::Error) -> StoreError {
    StoreError::io("reading the backup")(e)
}

fn cut() -> StoreError {
    StoreError::Damaged("the backup ends before its end".into())
}

fn name<R: Read>(entry: &Entry<'_, R>) -> String {
    String::from_utf8_lossy(&entry.path_bytes()).into_owned()
}

fn is_file<R: Read>(entry: &Entry<'_, R>) -> bool {
    let name = name(entry);
    [BESIDE, ELSEWHERE].iter().any(|folder| name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
}

fn whole<R: Read>(entry: Entry<'_, R>) -> Result<Vec<u8>> {
    let size = entry.size();
    if size > LARGEST {
        return Err(StoreError::Damaged(format!("{}: {size} bytes are more than can be meant", name(&entry))));
    }
    let mut bytes = Vec::new();
    entry.take(size).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 == size { Ok(bytes) } else { Err(cut()) }
}

fn manifest<R: Read>(entry: Entry<'_, R>) -> Result<Manifest> {
    if name(&entry) != "manifest.json" {
        return Err(StoreError::Damaged("this is not a backup of faxbridge".into()));
    }
    let bytes = whole(entry)?;
    let told: serde_json::Value = serde_json::from_slice(&bytes)?;
    if told["format"] != FORMAT {
        return Err(StoreError::Refused(format!(
            "this backup is of another form ({}): install that version",
            told["format"]
        )));
    }
    Ok(serde_json::from_value(told)?)
}

/// The empty store, or one that was filled and wants only to be checked.
async fn open(site: &Site, manifest: &Manifest) -> Result<(Store, bool)> {
    let store = fresh(site, true, Opening::Fill { schema: manifest.schema }).await?;
    let loaded = format!("check {}", manifest.created);
    let mut tx = store.db.begin().await?;
    tx.lock(UNFINISHED).await?;
    let mark = mark(&mut tx).await?;
    if mark.as_deref() == Some(loaded.as_str()) {
        return Ok((store, true));
    }
    match mark.as_deref() {
        None | Some("restore") => {}
        Some("copy") => return Err(StoreError::Refused("another store is being copied into this one".into())),
        Some(_) => {
            return Err(StoreError::Refused("another backup was restored into this store: go on with that one".into()));
        }
    }
    super::refuse_used(&mut tx).await?;
    match schema(&mut tx).await? {
        n if n < manifest.schema => {
            return Err(StoreError::Refused(format!(
                "the backup is of a newer faxbridge ({}, schema {}): install that version",
                manifest.faxbridge, manifest.schema
            )));
        }
        n if n > manifest.schema => {
            return Err(StoreError::Refused(format!(
                "the database was brought to schema {n} already, the backup is of {}: name an empty data_dir or database",
                manifest.schema
            )));
        }
        _ => {}
    }
    super::set_mark(&mut tx, "restore").await?;
    tx.commit().await?;
    store.know_blobs().await?;
    Ok((store, false))
}

/// The transaction that fills the database.
struct Filling<'m> {
    tx: Tx,
    manifest: &'m Manifest,
    /// Tables that are there.
    tables: usize,
    /// Blobs that the rows name and that did not come yet.
    wanted: Names,
    blobs: Blobs,
    writing: JoinSet<Result<String>>,
}

impl<'m> Filling<'m> {
    async fn begin(store: &Store, manifest: &'m Manifest) -> Result<Filling<'m>> {
        let mut tx = store.db.begin().await?;
        super::patient(&mut tx).await?;
        tx.lock(UNFINISHED).await?;
        super::refuse_used(&mut tx).await?;
        let blobs = store.blobs.clone();
        Ok(Filling { tx, manifest, tables: 0, wanted: Names::new(), blobs, writing: JoinSet::new() })
    }

    /// The rows of the next table.
    fn rows(told: &Sum) -> Result<Rows> {
        let newer =
            |what: &str| StoreError::Refused(format!("the backup has {what}, which this faxbridge does not know"));
        let table = table(&told.name).ok_or_else(|| newer(&format!("a table {}", told.name)))?;
        let columns = told.columns.iter().map(|c| table.column(c).ok_or_else(|| newer(&format!("{}.{c}", told.name))));
        let columns: Vec<_> = columns.collect::<Result<_>>()?;
        if !columns.iter().take(table.key).eq(&table.columns[..table.key]) {
            return Err(StoreError::Damaged(format!("{}: the key is not there", told.name)));
        }
        Ok(Rows::with(table, columns))
    }

    async fn table<R: Read>(&mut self, name: &str, entry: Entry<'_, R>) -> Result<()> {
        let told = self.manifest.tables.get(self.tables).filter(|t| format!("tables/{}.jsonl", t.name) == name);
        let told = told.ok_or_else(|| StoreError::Damaged(format!("the backup holds {name} in a wrong place")))?;
        let rows = Self::rows(told)?;
        let mut lines = BufReader::new(entry.take(told.bytes));
        let (mut adder, mut batch) = (Adder::default(), Vec::with_capacity(BATCH));
        loop {
            let mut line = Vec::new();
            lines.read_until(b'\n', &mut line).map_err(failed)?;
            if line.is_empty() {
                break;
            }
            adder.add(&line);
            let row = rows.parse(&line)?;
            rows.note_blobs(&row, &mut self.wanted)?;
            batch.push(row);
            if batch.len() == BATCH {
                rows.write(&mut self.tx, &batch).await?;
                batch.clear();
            }
        }
        rows.write(&mut self.tx, &batch).await?;
        if adder.sum(&told.name, &rows.columns) != *told {
            return Err(StoreError::Damaged(format!("{name}: count or hash are not those of the manifest")));
        }
        self.tables += 1;
        crash::reached("restore.table");
        Ok(())
    }

    /// The list of blobs: all tables must have come before.
    fn list(&mut self, bytes: &[u8]) -> Result<()> {
        let told = &self.manifest.blobs;
        if listed(&self.wanted) != *told || crate::store::blobs::sha256(bytes) != told.sha256 {
            return Err(StoreError::Damaged("the list of blobs is not that of the tables".into()));
        }
        Ok(())
    }

    async fn blob(&mut self, sha: &str, bytes: Vec<u8>) -> Result<()> {
        if !self.wanted.remove(&blob_name(sha)?) {
            return Err(StoreError::Damaged(format!("no row names blob {sha}")));
        }
        if self.writing.len() >= TOGETHER {
            self.written().await?;
        }
        let (blobs, sha) = (self.blobs.clone(), sha.to_owned());
        self.writing.spawn(async move {
            let real = blobs.put(bytes).await?;
            if real == sha { Ok(sha) } else { Err(StoreError::Damaged(format!("blob {sha} holds other bytes"))) }
        });
        Ok(())
    }

    async fn written(&mut self) -> Result<bool> {
        match self.writing.join_next().await {
            Some(Ok(done)) => done.map(|_| true),
            Some(Err(e)) => Err(StoreError::Damaged(format!("writing a blob: {e}"))),
            None => Ok(false),
        }
    }

    /// Everything came: what stands in the database now must be what the manifest says.
    async fn commit(mut self, missing: &[String]) -> Result<()> {
        while self.written().await? {}
        let lost: Names = missing.iter().map(|sha| blob_name(sha)).collect::<Result<_>>()?;
        if self.wanted != lost || self.tables != self.manifest.tables.len() {
            return Err(cut());
        }
        for told in &self.manifest.tables {
            let there = sum(&mut self.tx, Self::rows(told)?, &mut Names::new()).await?;
            if there != *told {
                return Err(StoreError::Damaged(format!(
                    "{}: the database holds something else than was written",
                    told.name
                )));
            }
        }
        super::set_mark(&mut self.tx, &format!("check {}", self.manifest.created)).await?;
        crash::reached("restore.before_commit");
        self.tx.commit().await?;
        crash::reached("restore.after_commit");
        Ok(())
    }
}

/// Brings the schema up to date, verifies the log and lets the daemon in.
async fn check(site: &Site, filled: &Store, manifest: &Manifest, wishes: &Wishes) -> Result<Report> {
    let db = Db::open(&site.data_dir, &site.database, Opening::Fill { schema: i64::MAX }).await?;
    let store = Store { db, ..filled.clone() };
    filled.close().await;
    let report = store.verify().await?;
    if !report.faults.is_empty() && !wishes.accept_faults {
        return Err(StoreError::Damaged(format!(
            "everything of the backup is there, but it does not hold together:\n  {}\nrun it again with --accept-faults to \
             take it as it is",
            report.faults.join("\n  ")
        )));
    }
    let mut tx = store.db.begin().await?;
    query("DELETE FROM meta WHERE key = $1").bind(UNFINISHED).execute(tx.conn()).await?;
    let detail = json!({"backup": manifest.created, "faxbridge": manifest.faxbridge, "faults": report.faults.len()});
    audit::append(&mut tx, store.now(), &wishes.actor, "restore", "store", detail);
    tx.commit().await?;
    store.close().await;
    Ok(report)
}
