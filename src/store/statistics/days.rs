//! Days that are over, summed once (`figure_day`), so that a span of any length is a sum of days. Whatever changes a figure
//! of such a day takes its sums away in the same transaction ([`changed`]); they are made anew in the background.
//!
//! A day is summed two days after its end only: what is in hand for the sheets of today and yesterday, which is nearly all,
//! never has to look here.

use std::collections::BTreeMap;

use super::super::db::{Row, Tx, query, scalar};
use super::super::{Result, Store};
use crate::figures::statistics::{Received, Span, day, number};

/// Raised whenever what makes the sums changes.
const VERSION: i64 = 1;
/// Days after which one is summed.
const OVER: i64 = 2;
const DAY: i64 = 86_400_000;
/// Japan's time.
const AHEAD: i64 = 9 * 3_600_000;

/// A figure of a sheet that was received then is changed.
pub(in crate::store) async fn changed(tx: &mut Tx, received: i64, now: i64) -> Result<()> {
    let day = day_of(received);
    if day > day_of(now) - OVER {
        return Ok(());
    }
    // Whoever sums the day at this moment has not seen the change: it waits for us, or we for it.
    tx.lock_shared(&name(day)).await?;
    query("DELETE FROM figure_day WHERE day = $1").bind(day).execute(tx.conn()).await?;
    Ok(())
}

/// The figures' change that `RETURNING received` told of, if it was one.
pub(in crate::store) async fn changed_row(tx: &mut Tx, row: Option<Row>, now: i64) -> Result<()> {
    match row {
        Some(row) => changed(tx, row.get("received"), now).await,
        None => Ok(()),
    }
}

fn day_of(ms: i64) -> i64 {
    (ms + AHEAD).div_euclid(DAY)
}

fn name(day: i64) -> String {
    format!("figures of day {day}")
}

/// What the sheets of a span tell: the days that are summed, and the others counted.
pub(super) async fn received(tx: &mut Tx, span: Span) -> Result<Received> {
    let (first, last) = (number(span.first), number(span.last));
    let rows = query("SELECT day, sums FROM figure_day WHERE day >= $1 AND day <= $2 AND version = $3")
        .bind(first)
        .bind(last)
        .bind(VERSION)
        .fetch_all(tx.conn())
        .await?;
    let mut summed = BTreeMap::new();
    for r in &rows {
        summed.insert(r.get::<i64>("day"), serde_json::from_str::<Received>(r.get("sums"))?);
    }
    let mut open = first;
    let mut all = Vec::new();
    for (n, sums) in summed {
        if open < n {
            all.push(super::count(tx, Span { first: day(open), last: day(n - 1) }).await?);
        }
        open = n + 1;
        all.push(sums);
    }
    if open <= last {
        all.push(super::count(tx, Span { first: day(open), last: day(last) }).await?);
    }
    Ok(Received::sum(all))
}

impl Store {
    /// Sums days that are over and are not summed, the newest first, at most so many; how many.
    ///
    /// # Errors
    /// The database refused.
    pub async fn sum_days(&self, most: usize) -> Result<usize> {
        let last = day_of(self.now()) - OVER;
        let begun: Option<i64> = scalar("SELECT min(received) FROM figure").fetch_one(self.db.reader()).await?;
        let Some(begun) = begun else { return Ok(0) };
        let known: Vec<i64> =
            scalar("SELECT day FROM figure_day WHERE version = $1").bind(VERSION).fetch_all(self.db.reader()).await?;
        let known: std::collections::BTreeSet<i64> = known.into_iter().collect();
        let open: Vec<i64> = (day_of(begun)..=last).rev().filter(|d| !known.contains(d)).take(most).collect();
        let mut done = 0;
        for n in open {
            done += usize::from(self.sum_day(n).await?);
        }
        Ok(done)
    }

    /// False where somebody changes a figure of that day just now: the next look sums it.
    async fn sum_day(&self, n: i64) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        if !tx.try_lock(&name(n)).await? {
            return Ok(false);
        }
        let sums = super::count(&mut tx, Span { first: day(n), last: day(n) }).await?;
        query(
            "INSERT INTO figure_day (day, version, sums) VALUES ($1,$2,$3)
             ON CONFLICT (day) DO UPDATE SET version = excluded.version, sums = excluded.sums",
        )
        .bind(n)
        .bind(VERSION)
        .bind(serde_json::to_string(&sums)?)
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(true)
    }
}
