//! One store into another: from SQLite to PostgreSQL or back, blobs along with it or left where they are.
//!
//! While the daemon works, a copy carries what one snapshot holds. The finishing pass holds the source's lock, carries
//! what has changed since (rows are compared key by key), and only then may the copy be worked with; until then a mark
//! in it keeps daemons away. Every table is compared by count and SHA-256 before it counts, every blob is read back.

use std::cmp::Ordering;
use std::collections::VecDeque;

use serde_json::json;
use tokio::task::JoinSet;

use super::backup::is_lost;
use super::{Names, Rows, Sum, TABLES, Table, fresh, mark, patient, refuse_used, schema, set_mark, sum, table};
use crate::store::audit;
use crate::store::blobs::Blobs;
use crate::store::db::{Arg, Opening, Tx, UNFINISHED, query, scalar};
use crate::store::{Result, Site, Store, StoreError, crash};

/// Blobs that are carried at a time.
const TOGETHER: usize = 8;

/// What was carried, and is the same on both sides.
#[derive(Debug, Clone)]
pub struct Copied {
    pub tables: Vec<Sum>,
    /// Blobs that the rows name.
    pub blobs: usize,
    /// Whether they stay where they are.
    pub blobs_stay: bool,
    /// Blobs that the source has lost.
    pub missing: Vec<String>,
    /// Whether the copy can be worked with.
    pub finished: bool,
}

/// Copies `from` to `to`, which must be empty or, to `finish`, an earlier copy.
///
/// # Errors
/// One of both cannot be opened, `to` is in use, `from` is worked on where it is to be finished, or the sides differ in
/// the end: then nothing was changed in the tables of `to`.
pub async fn copy(from: &Site, to: &Site, finish: bool, accept_faults: bool, actor: &str) -> Result<Copied> {
    let beside = to.data_dir == from.data_dir;
    if beside && to.database.url == from.database.url {
        return Err(StoreError::Refused("that is the same database".into()));
    }
    let _lock = if finish { Some(super::super::lock(&from.data_dir, "")?) } else { None };
    let source = Store::open_read(from.clone()).await?;
    let mut old = source.db.snapshot().await?;
    if finish && source.is_shared() {
        refuse_worked_on(&mut old, source.now()).await?;
    }
    let target = fresh(to, !beside, Opening::Fill { schema: i64::MAX }).await?;
    begin(&mut old, &target, finish).await?;
    target.know_blobs().await?;

    let mut new = target.db.begin().await?;
    patient(&mut new).await?;
    new.lock(UNFINISHED).await?;
    if scalar("SELECT count(*) FROM audit").fetch_one::<i64>(new.conn()).await? > 0 {
        // Frozen rows go only where this says so.
        if let Some(erased) = table("erased_document") {
            carry(erased, &mut old, &mut new, Pass::Add).await?;
        }
        for table in TABLES.iter().rev() {
            carry(table, &mut old, &mut new, Pass::Remove).await?;
        }
        for table in TABLES.iter() {
            carry(table, &mut old, &mut new, Pass::Change).await?;
            carry(table, &mut old, &mut new, Pass::Add).await?;
        }
    } else {
        for table in TABLES.iter() {
            // A new database has the log's head, which a migration made.
            if table.name == "audit_head" {
                carry(table, &mut old, &mut new, Pass::Change).await?;
            }
            carry(table, &mut old, &mut new, Pass::Add).await?;
        }
    }
    let (mut names, mut tables) = (Names::new(), Vec::new());
    for table in TABLES.iter() {
        let told = sum(&mut old, Rows::of(table), &mut names).await?;
        let there = sum(&mut new, Rows::of(table), &mut Names::new()).await?;
        if told != there {
            return Err(StoreError::Damaged(format!(
                "{}: {} rows with hash {} became {} with {}",
                table.name, told.rows, told.sha256, there.rows, there.sha256
            )));
        }
        tables.push(told);
    }
    drop(old);
    new.commit().await?;
    crash::reached("copy.tables");

    let blobs_stay = from.blobs == to.blobs && (beside || !from.blobs.url.is_empty());
    let blobs = names.len();
    let missing = if blobs_stay { Vec::new() } else { carry_blobs(&source.blobs, &target.blobs, names).await? };
    let finished = finish && (missing.is_empty() || accept_faults);
    if finished {
        let mut tx = target.db.begin().await?;
        query("DELETE FROM meta WHERE key = $1").bind(UNFINISHED).execute(tx.conn()).await?;
        let detail = json!({"blobs": blobs, "missing": missing.len()});
        audit::append(&mut tx, target.now(), actor, "copy", "store", detail);
        tx.commit().await?;
    }
    source.close().await;
    target.close().await;
    Ok(Copied { tables, blobs, blobs_stay, missing, finished })
}

/// Other hosts than this one, whose lock we hold.
async fn refuse_worked_on(tx: &mut Tx, now: i64) -> Result<()> {
    let held: i64 = scalar(
        "SELECT (SELECT count(*) FROM job WHERE lease_until > $1) + (SELECT count(*) FROM outbox WHERE lease_until > $1)
              + (SELECT count(*) FROM source WHERE owned_until > $1)",
    )
    .bind(now)
    .fetch_one(tx.conn())
    .await?;
    if held == 0 {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "{held} leases are held in this database: stop the daemons and workers of all hosts, and wait a minute if one was killed"
    )))
}

/// Marks the target as what it becomes.
async fn begin(old: &mut Tx, target: &Store, finish: bool) -> Result<()> {
    let mut tx = target.db.begin().await?;
    tx.lock(UNFINISHED).await?;
    match mark(&mut tx).await?.as_deref() {
        None => refuse_used(&mut tx).await?,
        Some("copy") if finish => {}
        Some("copy") => refuse_used(&mut tx).await.map_err(|_| {
            StoreError::Refused(
                "there is a copy already: stop the daemon and run it again with --finish, which carries what is newer"
                    .into(),
            )
        })?,
        Some(_) => return Err(StoreError::Refused("a backup is being restored into that store".into())),
    }
    let (theirs, ours) = (schema(old).await?, schema(&mut tx).await?);
    if theirs != ours {
        return Err(StoreError::Refused(format!(
            "the database is of schema {theirs}, this faxbridge makes {ours}: start this version's daemon on it once"
        )));
    }
    set_mark(&mut tx, "copy").await?;
    tx.commit().await
}

/// What one walk through a table does: no constraint may be hurt in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    Remove,
    Change,
    Add,
}

/// Where one side stands.
struct Side {
    rows: Rows,
    batch: VecDeque<Vec<Arg>>,
    part: usize,
}

impl Side {
    fn of(table: &'static Table) -> Side {
        Side { rows: Rows::of(table), batch: VecDeque::new(), part: 0 }
    }

    async fn fill(&mut self, tx: &mut Tx) -> Result<()> {
        if self.batch.is_empty() {
            self.batch = self.rows.next(tx).await?.into();
            self.part = self.rows.part;
        }
        Ok(())
    }
}

/// Walks through both sides of a table, which are in the same order.
async fn carry(table: &'static Table, old: &mut Tx, new: &mut Tx, pass: Pass) -> Result<()> {
    let (mut a, mut b) = (Side::of(table), Side::of(table));
    let mut due: Vec<Vec<Arg>> = Vec::new();
    loop {
        a.fill(old).await?;
        b.fill(new).await?;
        let order = match (a.batch.front(), b.batch.front()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(x), Some(y)) => a.part.cmp(&b.part).then_with(|| by_key(&x[..table.key], &y[..table.key])),
        };
        let ours = if order == Ordering::Greater { None } else { a.batch.pop_front() };
        let theirs = if order == Ordering::Less { None } else { b.batch.pop_front() };
        match (ours, theirs, pass) {
            (Some(row), None, Pass::Add) => due.push(row),
            (Some(row), Some(there), Pass::Change) if row != there => due.push(row),
            (None, Some(there), Pass::Remove) => due.push(there),
            _ => {}
        }
        if due.len() >= super::BATCH && pass != Pass::Remove {
            a.rows.write(new, &due).await?;
            due.clear();
        }
    }
    if pass == Pass::Remove {
        // The last first: a receipt that is linked to another goes before that one.
        for row in due.iter().rev() {
            a.rows.remove(new, row).await?;
        }
        return Ok(());
    }
    a.rows.write(new, &due).await
}

/// As the databases order them: numbers by value, text by its bytes.
fn by_key(a: &[Arg], b: &[Arg]) -> Ordering {
    let cells = a.iter().zip(b).map(|(a, b)| match (a, b) {
        (Arg::Int(a), Arg::Int(b)) => a.cmp(b),
        (Arg::Text(a), Arg::Text(b)) => a.as_deref().map(str::as_bytes).cmp(&b.as_deref().map(str::as_bytes)),
        _ => Ordering::Equal,
    });
    cells.fold(Ordering::Equal, Ordering::then)
}

/// Brings every blob over, unless it is there; which are lost.
async fn carry_blobs(from: &Blobs, to: &Blobs, names: Names) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    let mut running: JoinSet<Result<Option<String>>> = JoinSet::new();
    let mut names = names.into_iter();
    loop {
        while running.len() < TOGETHER
            && let Some(name) = names.next()
        {
            let (from, to, sha) = (from.clone(), to.clone(), hex::encode(name));
            running.spawn(async move {
                if to.get(&sha).await.is_ok() {
                    return Ok(None);
                }
                match from.get(&sha).await {
                    Ok(bytes) => to.put(bytes).await?,
                    Err(e) if is_lost(&e) => return Ok(Some(sha)),
                    Err(e) => return Err(e),
                };
                to.get(&sha).await.map(|_| None)
            });
        }
        match running.join_next().await {
            None => break,
            Some(done) => missing.extend(done.map_err(|e| StoreError::Damaged(format!("carrying a blob: {e}")))??),
        }
    }
    missing.sort();
    Ok(missing)
}
