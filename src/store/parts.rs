//! Faxes that come in several mails: their parts wait for each other for some minutes, then go on as one document.
//!
//! Whichever part comes last, or whose time is up, takes all that are there through acceptance; the jobs of the others
//! are ended with it. A part that comes too late is joined with those that went before under its own receipt: what
//! comes of it is then a newer version of theirs. Nothing waits longer than its window, and nothing is left out.

use super::db::{Row, Tx, query, scalar};
use super::queue::Job;
use super::{Result, Store, StoreError};
use crate::model::Reader;
use crate::reading::{self, Reading};

/// What one part says of itself (`work::parts`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim<'a> {
    pub fax: &'a str,
    pub number: u32,
    pub total: u32,
    pub reading: &'a str,
}

/// A part that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub receipt: String,
    pub number: u32,
    pub reading: String,
}

/// Parts that become one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    pub fax: String,
    /// In the order of their pages.
    pub members: Vec<Member>,
    /// How many there should be; 0 where nobody says.
    pub total: u32,
    /// The receipt that carries the documents.
    pub leader: String,
    /// The others have their documents already: this one came late.
    pub late: bool,
}

/// What is to be done with a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stand {
    /// Nothing until then (milliseconds since 1970), or until the others are there.
    Wait(i64),
    /// It goes on with these, itself among them.
    Go(Bundle),
}

/// A part that comes later than this is of another fax, milliseconds.
const TOO_LATE_MS: i64 = 86_400_000;

impl Store {
    /// Registers a part and looks who else is there. The same part again changes nothing.
    ///
    /// # Errors
    /// The database refused.
    pub async fn part(&self, job: &Job, claim: &Claim<'_>, window_ms: i64) -> Result<Stand> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        lock(&mut tx, claim.fax).await?;
        let mut all = of_fax(&mut tx, claim.fax, job.received - TOO_LATE_MS).await?;
        if !all.iter().any(|p| p.member.receipt == job.receipt) {
            let mine = register(&mut tx, job, claim, window_ms, &all).await?;
            all.push(mine);
        }
        tx.commit().await?;
        Ok(stand(&all, claim.fax, &job.receipt, claim.total, now))
    }

    /// Ends all waiting for parts: a daemon that drains has looked through its sources.
    ///
    /// # Errors
    /// The database refused.
    pub async fn wait_no_longer(&self) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        // Whatever may yet turn out to be a part comes first.
        let others: i64 = scalar(
            "SELECT count(*) FROM job WHERE NOT (stage = 'accept'
             AND receipt IN (SELECT receipt FROM part WHERE joined IS NULL))",
        )
        .fetch_one(tx.conn())
        .await?;
        if others > 0 {
            return Ok(());
        }
        let done = query("UPDATE part SET until = $1 WHERE joined IS NULL AND until > $1")
            .bind(now)
            .execute(tx.conn())
            .await?;
        if done > 0 {
            query(
                "UPDATE job SET ready = $1 WHERE stage = 'accept' AND ready > $1
                 AND receipt IN (SELECT receipt FROM part WHERE joined IS NULL)",
            )
            .bind(now)
            .execute(tx.conn())
            .await?;
            tx.commit().await?;
            self.wake_all();
        }
        Ok(())
    }

    /// Parts that wait for others.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn waiting_parts(&self) -> Result<i64> {
        scalar("SELECT count(*) FROM part WHERE joined IS NULL").fetch_one(self.db.reader()).await
    }

    /// Puts a job back until then, without counting a failure.
    ///
    /// # Errors
    /// [`StoreError::Stale`], or the database refused.
    pub async fn wait(&self, job: &Job, until: i64) -> Result<()> {
        self.put_back(job, None, 0, (until - self.now()).max(0)).await
    }

    /// The readings of a bundle's parts, one behind the other, kept as one reading; with its id.
    ///
    /// # Errors
    /// A part's reading is gone or damaged; disk or database refused.
    pub async fn join(&self, bundle: &Bundle) -> Result<(String, Reader, Reading)> {
        let mut whole = Reading { version: reading::VERSION, ..Reading::default() };
        let (mut images, mut contents, mut reader) = (Vec::new(), Vec::new(), None);
        for member in &bundle.members {
            let row = query("SELECT sha256, reader, blob FROM reading WHERE id = $1")
                .bind(&member.reading)
                .fetch_one(self.db.reader())
                .await?;
            let bytes = self.blob(&row.get::<String>("blob")).await?;
            let part = Reading::from_bytes(&bytes).map_err(|e| StoreError::Damaged(e.to_string()))?;
            let rows = query("SELECT number, blob FROM page WHERE reading = $1")
                .bind(&member.reading)
                .fetch_all(self.db.reader())
                .await?;
            contents.push(row.get::<String>("sha256"));
            if reader.is_none() {
                reader = Some(serde_json::from_str::<Reader>(row.get("reader"))?);
                whole.mail = part.mail;
            }
            whole.parts.extend(part.parts);
            for mut page in part.pages {
                let image = |r: &&Row| r.get::<i64>("number") == i64::from(page.number);
                images.push(rows.iter().find(image).and_then(|r| r.get::<Option<String>>("blob")));
                page.number = whole.pages.len() as u32 + 1;
                whole.pages.push(page);
            }
        }
        let reader = reader.unwrap_or_default();
        let content = super::blobs::sha256(contents.join("\n").as_bytes());
        let id = self.keep_joined(&content, &whole, &images, &reader).await?;
        Ok((id, reader, whole))
    }
}

/// Whoever changes the parts of a fax holds this, before anything else.
pub(super) async fn lock(tx: &mut Tx, fax: &str) -> Result<()> {
    tx.lock(&format!("fax {fax}")).await
}

/// Puts a joined bundle into the receipts: the leader carries the documents, the others are linked to it.
///
/// # Errors
/// [`StoreError::Moved`]: a part came or went meanwhile.
pub(super) async fn close(tx: &mut Tx, bundle: &Bundle, receipt: &str, now: i64) -> Result<()> {
    let waiting = query(
        "SELECT receipt FROM part WHERE joined IS NULL
         AND bundle = (SELECT bundle FROM part WHERE receipt = $1) ORDER BY receipt",
    )
    .bind(receipt)
    .fetch_all(tx.conn())
    .await?;
    let waiting: Vec<String> = waiting.iter().map(|r| r.get("receipt")).collect();
    let mut looked: Vec<&String> = match bundle.late {
        true => vec![&bundle.leader],
        false => bundle.members.iter().map(|m| &m.receipt).collect(),
    };
    looked.sort_unstable();
    let still = match bundle.late {
        true => waiting.contains(&bundle.leader),
        false => waiting.iter().collect::<Vec<_>>() == looked,
    };
    if !still {
        return Err(StoreError::Moved);
    }
    for member in &looked {
        query("UPDATE part SET joined = $2 WHERE receipt = $1").bind(*member).bind(now).execute(tx.conn()).await?;
    }
    if bundle.late {
        return Ok(());
    }
    for (n, member) in bundle.members.iter().enumerate().filter(|(_, m)| m.receipt != bundle.leader) {
        query("DELETE FROM job WHERE stage = 'accept' AND receipt = $1")
            .bind(&member.receipt)
            .execute(tx.conn())
            .await?;
        let (total, number) = match member.number {
            0 => (bundle.members.len(), n + 1),
            known => (bundle.total as usize, known as usize),
        };
        let reason = format!("{total}通に分かれたFAXの{number}通目です。まとめて処理しました");
        // Copies of this part that came meanwhile go with it.
        query("UPDATE receipt SET linked = $2 WHERE linked = $1")
            .bind(&member.receipt)
            .bind(&bundle.leader)
            .execute(tx.conn())
            .await?;
        query("UPDATE receipt SET linked = $2, reason = $3, updated = $4 WHERE id = $1")
            .bind(&member.receipt)
            .bind(&bundle.leader)
            .bind(reason)
            .bind(now)
            .execute(tx.conn())
            .await?;
        super::audit::append(
            tx,
            now,
            super::MACHINE,
            "join",
            &member.receipt,
            serde_json::json!({"of": bundle.leader}),
        );
    }
    Ok(())
}

/// A part that cannot be read any further waits for nobody, and nobody for it.
pub(super) async fn forget(tx: &mut Tx, receipt: &str) -> Result<()> {
    query("DELETE FROM part WHERE receipt = $1 AND joined IS NULL").bind(receipt).execute(tx.conn()).await?;
    Ok(())
}

/// A row of the table.
#[derive(Debug, Clone)]
struct Known {
    member: Member,
    bundle: String,
    received: i64,
    until: i64,
    joined: bool,
}

async fn of_fax(tx: &mut Tx, fax: &str, since: i64) -> Result<Vec<Known>> {
    let rows = query(
        "SELECT receipt, bundle, number, reading, received, until, joined FROM part WHERE fax = $1 AND received >= $2
         ORDER BY received, receipt",
    )
    .bind(fax)
    .bind(since)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .iter()
        .map(|r| Known {
            member: Member {
                receipt: r.get("receipt"),
                number: u32::try_from(r.get::<i64>("number")).unwrap_or(0),
                reading: r.get("reading"),
            },
            bundle: r.get("bundle"),
            received: r.get("received"),
            until: r.get("until"),
            joined: r.get::<Option<i64>>("joined").is_some(),
        })
        .collect())
}

/// Finds the bundle that a new part belongs to, or begins one.
async fn register(tx: &mut Tx, job: &Job, claim: &Claim<'_>, window_ms: i64, all: &[Known]) -> Result<Known> {
    // The newest bundle that lacks this part: one that waits, or one that went on without it.
    let mut bundles: Vec<&str> = Vec::new();
    for k in all.iter().rev() {
        if !bundles.contains(&k.bundle.as_str()) {
            bundles.push(&k.bundle);
        }
    }
    let of = |bundle: &str| all.iter().filter(move |k| k.bundle == bundle).collect::<Vec<_>>();
    let fits = |bundle: &&&str| {
        let parts = of(bundle);
        let first = parts.iter().map(|k| k.received).min().unwrap_or(job.received);
        let in_time = (job.received - first).abs() <= window_ms;
        let waits = parts.iter().any(|k| !k.joined);
        if claim.total == 0 {
            in_time
        } else {
            parts.iter().all(|k| k.member.number != claim.number) && (in_time || !waits)
        }
    };
    let bundle = bundles.iter().find(fits).map(|b| (*b).to_owned());
    // Those that wait go on together, when the first one's time is up.
    let until = bundle.as_deref().map(&of).into_iter().flatten().filter(|k| !k.joined).map(|k| k.until).min();
    let known = Known {
        member: Member { receipt: job.receipt.clone(), number: claim.number, reading: claim.reading.to_owned() },
        bundle: bundle.unwrap_or_else(|| job.receipt.clone()),
        received: job.received,
        until: until.unwrap_or(job.received + window_ms),
        joined: false,
    };
    query(
        "INSERT INTO part (receipt, fax, bundle, number, total, reading, received, until, joined)
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,NULL)",
    )
    .bind(&known.member.receipt)
    .bind(claim.fax)
    .bind(&known.bundle)
    .bind(i64::from(claim.number))
    .bind(i64::from(claim.total))
    .bind(claim.reading)
    .bind(known.received)
    .bind(known.until)
    .execute(tx.conn())
    .await?;
    Ok(known)
}

/// What follows for one part from all that are known of its fax.
fn stand(all: &[Known], fax: &str, receipt: &str, total: u32, now: i64) -> Stand {
    let Some(mine) = all.iter().find(|k| k.member.receipt == receipt) else { return Stand::Wait(now) };
    let mut bundle: Vec<&Known> = all.iter().filter(|k| k.bundle == mine.bundle).collect();
    bundle.sort_by_key(|k| (k.member.number, k.received));
    let late = bundle.iter().any(|k| k.joined);
    // Beside those that went on, each late part goes by itself.
    let members: Vec<&Known> =
        bundle.iter().copied().filter(|k| !late || k.joined || k.member.receipt == receipt).collect();
    let complete = total == 0 || members.len() as u32 >= total;
    if !late && !complete && mine.until > now {
        return Stand::Wait(mine.until);
    }
    let first = members.iter().min_by_key(|k| (k.received, &k.member.receipt)).map(|k| k.member.receipt.clone());
    let leader = if late { receipt.to_owned() } else { first.unwrap_or_else(|| receipt.to_owned()) };
    let members = members.into_iter().map(|k| k.member.clone()).collect();
    Stand::Go(Bundle { fax: fax.to_owned(), members, total, leader, late })
}
