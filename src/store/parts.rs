//! Faxes that come in several mails: their parts wait for each other for some minutes, then go on as one document.
//!
//! Whichever part comes last, or whose time is up, takes all that are there through acceptance; the jobs of the others
//! are ended with it. A part that comes when they went on already is joined with them under its own receipt: what comes
//! of it is then a newer version of theirs. Nothing waits longer than its window, and nothing is left out.
//!
//! A page that is joined with another patient's goes into the wrong room. So a fax is put together of what came in one
//! window only, when every mail that came before its last part has been looked at; and where several faxes of one name
//! may be under way at once, each part stands for itself.

use super::db::{Tx, query, scalar};
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

/// How soon a set is looked at again that waits for mails which nobody has looked at yet, milliseconds.
const LOOK_AGAIN_MS: i64 = 1_000;

impl Store {
    /// Registers a part and looks who else is there. The same part again changes nothing.
    ///
    /// # Errors
    /// The database refused.
    pub async fn part(&self, job: &Job, claim: &Claim<'_>, window_ms: i64) -> Result<Stand> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        lock(&mut tx, claim.fax).await?;
        let since = job.received - 3 * window_ms;
        let mut all = of_fax(&mut tx, claim.fax, since).await?;
        if !all.iter().any(|p| p.member.receipt == job.receipt) {
            register(&mut tx, job, claim, window_ms).await?;
            all = of_fax(&mut tx, claim.fax, since).await?;
        }
        let stand = stand(&all, claim, &job.receipt, window_ms, now);
        let stand = match stand {
            Stand::Go(b) if b.members.len() > 1 && claim.total > 0 && unseen(&mut tx, job, &all, &b, now).await? => {
                Stand::Wait(now + LOOK_AGAIN_MS)
            }
            stand => stand,
        };
        tx.commit().await?;
        Ok(stand)
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
            let part = self.kept(&row.get::<String>("blob")).await?;
            let mut of_pages = self.page_images(&member.reading).await?;
            contents.push(row.get::<String>("sha256"));
            if reader.is_none() {
                reader = Some(serde_json::from_str::<Reader>(row.get("reader"))?);
                whole.mail = part.mail;
            }
            whole.parts.extend(part.parts);
            for mut page in part.pages {
                images.push(of_pages.remove(&i64::from(page.number)));
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
    let looked: Vec<&String> = match bundle.late {
        true => vec![&bundle.leader],
        false => bundle.members.iter().map(|m| &m.receipt).collect(),
    };
    let name = match bundle.late {
        // Those that went before bear their bundle's name.
        true => bundle.members.iter().map(|m| &m.receipt).find(|r| **r != bundle.leader).unwrap_or(&bundle.leader),
        false => &bundle.leader,
    };
    for member in looked {
        // A worker of the version before knows of no parts and may have taken one through by itself.
        let done = query(
            "UPDATE part SET joined = $2, bundle = (SELECT p.bundle FROM part p WHERE p.receipt = $3)
             WHERE receipt = $1 AND joined IS NULL
               AND (receipt = $4 OR EXISTS (SELECT 1 FROM job j WHERE j.receipt = part.receipt))",
        )
        .bind(member)
        .bind(now)
        .bind(name)
        .bind(receipt)
        .execute(tx.conn())
        .await?;
        if done != 1 {
            return Err(StoreError::Moved);
        }
    }
    if bundle.late {
        return Ok(());
    }
    for (n, member) in bundle.members.iter().enumerate() {
        // Whoever has it in hand finds it gone.
        query("DELETE FROM job WHERE receipt = $1").bind(&member.receipt).execute(tx.conn()).await?;
        if member.receipt == bundle.leader {
            continue;
        }
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

/// Parts of a fax that came since then, as they came; without those that a worker of the version before took through.
async fn of_fax(tx: &mut Tx, fax: &str, since: i64) -> Result<Vec<Known>> {
    let rows = query(
        "SELECT receipt, bundle, number, reading, received, until, joined FROM part
         WHERE fax = $1 AND received >= $2
           AND (joined IS NOT NULL OR EXISTS (SELECT 1 FROM job j WHERE j.receipt = part.receipt))
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

async fn register(tx: &mut Tx, job: &Job, claim: &Claim<'_>, window_ms: i64) -> Result<()> {
    query(
        "INSERT INTO part (receipt, fax, bundle, number, total, reading, received, until, joined)
         VALUES ($1,$2,$1,$3,$4,$5,$6,$7,NULL)",
    )
    .bind(&job.receipt)
    .bind(claim.fax)
    .bind(i64::from(claim.number))
    .bind(i64::from(claim.total))
    .bind(claim.reading)
    .bind(job.received)
    .bind(job.received + window_ms)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether a mail of the source that came before the last of a bundle's parts has not been looked at: it may be the
/// part that one of them is taken for.
async fn unseen(tx: &mut Tx, job: &Job, all: &[Known], bundle: &Bundle, now: i64) -> Result<bool> {
    let members: Vec<&Known> = all.iter().filter(|k| bundle.members.contains(&k.member)).collect();
    let last = members.iter().map(|k| k.received).max().unwrap_or(job.received);
    if members.iter().filter(|k| !k.joined).any(|k| k.until <= now) {
        return Ok(false);
    }
    let n: i64 = scalar(
        "SELECT count(*) FROM job j JOIN receipt r ON r.id = j.receipt WHERE r.source = $1 AND r.received <= $2
         AND NOT EXISTS (SELECT 1 FROM part p WHERE p.receipt = j.receipt)",
    )
    .bind(&job.source)
    .bind(last)
    .fetch_one(tx.conn())
    .await?;
    Ok(n > 0)
}

/// What follows for one part from all that are known of its fax, which are in the order in which they came.
fn stand(all: &[Known], claim: &Claim<'_>, receipt: &str, window_ms: i64, now: i64) -> Stand {
    let Some(mine) = all.iter().find(|k| k.member.receipt == receipt) else { return Stand::Wait(now) };
    let go = |members: Vec<&Known>, leader: &str, late: bool| {
        let members = members.into_iter().map(|k| k.member.clone()).collect();
        Stand::Go(Bundle { fax: claim.fax.to_owned(), members, total: claim.total, leader: leader.to_owned(), late })
    };
    let mut group = match claim.total {
        0 => all.iter().filter(|k| (k.received - mine.received).abs() <= window_ms).collect(),
        total => group(all, mine, total, window_ms),
    };
    let went: Vec<&str> = group.iter().filter(|k| k.joined).map(|k| k.bundle.as_str()).collect();
    let late = !went.is_empty();
    if late {
        // Beside those that went on, each late part goes by itself.
        let one = went[0];
        if claim.total > 0 && went.iter().any(|b| *b != one) {
            return go(vec![mine], receipt, false);
        }
        group.retain(|k| if k.joined { k.bundle == one } else { k.member.receipt == receipt });
    }
    let first = group.first().map_or(receipt, |k| k.member.receipt.as_str());
    let until = group.iter().filter(|k| !k.joined).map(|k| k.until).min().unwrap_or(now);
    // One that stands for itself among others has nothing to wait for.
    let complete = claim.total == 0 || group.len() as u32 >= claim.total || group.is_empty();
    if !late && !complete && until > now {
        return Stand::Wait(until);
    }
    if group.is_empty() {
        return go(vec![mine], receipt, false);
    }
    let leader = if late { receipt } else { first };
    group.sort_by_key(|k| (k.member.number, k.received));
    go(group, leader, late)
}

/// The parts that one of n/m belongs with, itself among them; none where that would be a guess.
fn group<'a>(all: &'a [Known], mine: &Known, total: u32, window_ms: i64) -> Vec<&'a Known> {
    let size = |bundle: &str| all.iter().filter(|k| k.joined && k.bundle == bundle).count();
    // What is complete and went on is over.
    let open: Vec<&Known> = all.iter().filter(|k| !k.joined || (size(&k.bundle) as u32) < total).collect();
    let at = open.iter().position(|k| k.member.receipt == mine.member.receipt).unwrap_or(0);
    let apart = |i: &usize| open[*i].received - open[*i - 1].received > window_ms;
    let from = (1..=at).rev().find(apart).unwrap_or(0);
    let to = (at + 1..open.len()).find(apart).unwrap_or(open.len());
    let near = &open[from..to];
    let number = |k: &&Known| k.member.number;
    let mut numbers: Vec<u32> = near.iter().map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let found = if numbers.len() == near.len() {
        near
    } else {
        // Several faxes: one wholly behind the other, each from its first page on, or nobody knows.
        let in_row = near.iter().enumerate().all(|(i, k)| k.member.number == i as u32 % total + 1);
        let row = (at - from) / total as usize * total as usize;
        if !in_row {
            return Vec::new();
        }
        &near[row..near.len().min(row + total as usize)]
    };
    let first = found.first().map_or(mine.received, |k| k.received);
    let found: Vec<&Known> = found.iter().copied().filter(|k| k.received - first <= window_ms).collect();
    if found.iter().any(|k| k.member.receipt == mine.member.receipt) { found } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const WINDOW: i64 = 10 * MINUTE;

    /// Parts that wait, as they came: name, n, minute.
    fn parts(list: &[(&str, u32, i64)]) -> Vec<Known> {
        list.iter()
            .map(|(receipt, number, minute)| Known {
                member: Member { receipt: (*receipt).into(), number: *number, reading: String::new() },
                bundle: (*receipt).into(),
                received: minute * MINUTE,
                until: minute * MINUTE + WINDOW,
                joined: false,
            })
            .collect()
    }

    /// Of a fax of two: whom this part goes with, or until what minute it waits.
    fn two(all: &[Known], receipt: &str) -> std::result::Result<Vec<String>, i64> {
        let claim = Claim { fax: "fax", number: 0, total: 2, reading: "" };
        match stand(all, &claim, receipt, WINDOW, 5 * MINUTE) {
            Stand::Go(b) => Ok(b.members.into_iter().map(|m| m.receipt).collect()),
            Stand::Wait(until) => Err(until / MINUTE),
        }
    }

    fn names(list: &[&str]) -> std::result::Result<Vec<String>, i64> {
        Ok(list.iter().map(|n| (*n).to_owned()).collect())
    }

    #[test]
    fn one_fax_is_put_together_in_whatever_order_it_comes() {
        assert_eq!(two(&parts(&[("a1", 1, 0)]), "a1"), Err(10));
        let turned = parts(&[("a2", 2, 0), ("a1", 1, 4)]);
        assert_eq!(two(&turned, "a1"), names(&["a1", "a2"]));
        assert_eq!(two(&turned, "a2"), names(&["a1", "a2"]));
    }

    #[test]
    fn faxes_one_behind_the_other_are_told_apart() {
        let all = parts(&[("a1", 1, 0), ("a2", 2, 1), ("b1", 1, 2), ("b2", 2, 3)]);
        assert_eq!(two(&all, "a2"), names(&["a1", "a2"]));
        assert_eq!(two(&all, "b1"), names(&["b1", "b2"]));
        assert_eq!(two(&all[..3], "b1"), Err(12), "the second waits for its other half");
    }

    #[test]
    fn of_faxes_that_come_across_each_other_every_part_stands_for_itself() {
        for order in [
            [("a1", 1, 0), ("b1", 1, 1), ("a2", 2, 2), ("b2", 2, 3)],
            [("a1", 1, 0), ("b2", 2, 1), ("a2", 2, 2), ("b1", 1, 3)],
            [("a2", 2, 0), ("a1", 1, 1), ("b1", 1, 2), ("b2", 2, 3)],
        ] {
            let all = parts(&order);
            for (name, ..) in order {
                assert_eq!(two(&all, name), names(&[name]), "{order:?}");
            }
        }
    }

    #[test]
    fn what_came_in_another_window_is_of_another_fax() {
        let mut all = parts(&[("a1", 1, -8), ("b2", 2, 4)]);
        all[0].joined = true;
        assert_eq!(two(&all, "b2"), Err(14));
        // In the same window it is the one that was missed.
        let mut all = parts(&[("a1", 1, -4), ("a2", 2, 4)]);
        all[0].joined = true;
        assert_eq!(two(&all, "a2"), names(&["a1", "a2"]));
    }
}
