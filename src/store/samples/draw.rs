//! Drawing: at posting, and what a week lacks at its end.

use serde_json::json;
use uuid::Uuid;

use super::super::accept::{Sheet, State};
use super::super::db::{Tx, query, scalar};
use super::super::{MACHINE, Result, Store, audit, secrets, status};
use super::{Sampling, asks};
use crate::figures::draw::{Week, chance, lot, salt, topped};
use crate::figures::hospital;
use crate::model::Document;
use crate::register::CANARY_ROOM;

const DAY: i64 = 86_400_000;
const WEEK: i64 = 7 * DAY;
/// Weeks that tell how many sheets a week brings.
const WEEKS: i64 = 4;
/// Key in `meta`: a secret of the installation, so that nobody can foretell which sheets are looked at.
const SALT: &str = "sample_salt";
/// The same: the last week that was looked at for what it lacks.
const TOPPED: &str = "sample_topped";

/// Draws among the sheets of a receipt that were just posted. The same sheet with the same chance is drawn alike however
/// often its transaction is tried.
pub(in crate::store) async fn draw(
    tx: &mut Tx,
    store: &Store,
    sheets: &[Sheet],
    ids: &[String],
    now: i64,
) -> Result<()> {
    let Some(sampling) = store.sampling else { return Ok(()) };
    let mut posted: Vec<(String, &str, &Document)> = sheets
        .iter()
        .zip(ids)
        .filter(|(s, _)| s.state == State::Posted && s.room.as_deref() != Some(CANARY_ROOM))
        .filter(|(s, _)| asks(&s.document).next().is_some())
        .map(|(s, id)| (hospital(&s.document), id.as_str(), &s.document))
        .collect();
    // Always in one order, so that no two wait for each other.
    posted.sort_by(|a, b| a.0.cmp(&b.0));
    for (n, (hospital, id, document)) in posted.iter().enumerate() {
        if n == 0 || posted[n - 1].0 != *hospital {
            lock(tx, hospital).await?;
        }
        one(tx, sampling, hospital, id, document, now).await?;
    }
    Ok(())
}

/// What a hospital's week has so far is counted by one at a time; other hospitals' sheets pass meanwhile.
async fn lock(tx: &mut Tx, hospital: &str) -> Result<()> {
    tx.lock(&format!("samples of {hospital}")).await
}

async fn one(tx: &mut Tx, sampling: Sampling, hospital: &str, id: &str, document: &Document, now: i64) -> Result<()> {
    let begun = monday(now);
    let row = query(
        "SELECT f.again, (SELECT value FROM meta WHERE key = $5) AS salt,
                (SELECT count(*) FROM sample s WHERE s.hospital = $2 AND s.drawn >= $3 AND s.topped = 0) AS drawn,
                (SELECT count(*) FROM figure u WHERE u.hospital = $2 AND u.chance IS NOT NULL
                 AND u.posted >= $4 AND u.posted < $3) AS lately,
                (SELECT min(u.posted) FROM figure u WHERE u.hospital = $2 AND u.chance IS NOT NULL
                 AND u.posted >= $4 AND u.posted < $3) AS since
         FROM figure f WHERE f.document = $1",
    )
    .bind(id)
    .bind(hospital)
    .bind(begun)
    .bind(begun - WEEKS * WEEK)
    .bind(SALT)
    .fetch_one(tx.conn())
    .await?;
    if row.get::<Option<i64>>("again").is_some() {
        return Ok(());
    }
    let known = row.get::<Option<i64>>("since").map_or(1, |since| ((begun - since) / WEEK + 1).clamp(1, WEEKS));
    let week = Week {
        drawn: row.get("drawn"),
        usual: row.get::<i64>("lately") as f64 / known as f64,
        left: 1.0 - (now - begun) as f64 / WEEK as f64,
    };
    let chance = chance(sampling.share, sampling.weekly, week);
    query("UPDATE figure SET chance = $2 WHERE document = $1").bind(id).bind(chance).execute(tx.conn()).await?;
    let salt = match row.get("salt") {
        Some(known) => known,
        None => the_salt(tx).await?,
    };
    if lot(&salt, id) < chance {
        put(tx, id, document, (hospital, chance, false), now).await?;
    }
    Ok(())
}

async fn the_salt(tx: &mut Tx) -> Result<String> {
    secrets::get(tx, SALT, || salt(*Uuid::new_v4().as_bytes())).await
}

async fn put(
    tx: &mut Tx,
    id: &str,
    document: &Document,
    (hospital, chance, topped): (&str, i64, bool),
    now: i64,
) -> Result<()> {
    query("INSERT INTO sample (document, hospital, chance, drawn, topped) VALUES ($1,$2,$3,$4,$5)")
        .bind(id)
        .bind(hospital)
        .bind(chance)
        .bind(now)
        .bind(i64::from(topped))
        .execute(tx.conn())
        .await?;
    for field in asks(document) {
        query("INSERT INTO sample_field (document, field) VALUES ($1,$2)")
            .bind(id)
            .bind(field)
            .execute(tx.conn())
            .await?;
    }
    audit::append(tx, now, MACHINE, "sample", id, json!({"chance": chance, "topped": topped}));
    Ok(())
}

impl Store {
    /// Draws what the last week lacks of its hospitals, once a week; how many sheets.
    ///
    /// # Errors
    /// The database refused.
    pub async fn top_up_samples(&self) -> Result<usize> {
        let Some(sampling) = self.sampling else { return Ok(0) };
        let now = self.now();
        let (from, until) = (monday(now) - WEEK, monday(now));
        let mut tx = self.db.begin().await?;
        tx.lock("samples").await?;
        let looked: Option<String> =
            scalar("SELECT value FROM meta WHERE key = $1").bind(TOPPED).fetch_optional(tx.conn()).await?;
        if looked.and_then(|l| l.parse::<i64>().ok()).is_some_and(|l| l >= until) {
            return Ok(0);
        }
        let salt = the_salt(&mut tx).await?;
        let short = query(
            "SELECT f.hospital, (SELECT count(*) FROM sample s WHERE s.hospital = f.hospital AND s.drawn >= $1 AND s.drawn < $2
                                 AND s.topped = 0) AS drawn
             FROM figure f WHERE f.chance IS NOT NULL AND f.posted >= $1 AND f.posted < $2
             GROUP BY f.hospital ORDER BY f.hospital",
        )
        .bind(from)
        .bind(until)
        .fetch_all(tx.conn())
        .await?;
        let mut made = 0;
        for r in short {
            let (hospital, lacking): (String, i64) = (r.get("hospital"), sampling.weekly - r.get::<i64>("drawn"));
            if lacking > 0 {
                lock(&mut tx, &hospital).await?;
                made += self.fill(&mut tx, &hospital, lacking, &salt, (from, until)).await?;
            }
        }
        query("INSERT INTO meta (key, value) VALUES ($1,$2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
            .bind(TOPPED)
            .bind(until.to_string())
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(made)
    }

    async fn fill(
        &self,
        tx: &mut Tx,
        hospital: &str,
        lacking: i64,
        salt: &str,
        (from, until): (i64, i64),
    ) -> Result<usize> {
        let rows = query(
            "SELECT f.document, f.chance, v.content FROM figure f JOIN document d ON d.id = f.document AND d.state = 'posted'
             JOIN revision v ON v.document = f.document AND v.number = 1
             WHERE f.hospital = $1 AND f.chance IS NOT NULL AND f.posted >= $2 AND f.posted < $3
               AND NOT EXISTS (SELECT 1 FROM sample s WHERE s.document = f.document)",
        )
        .bind(hospital)
        .bind(from)
        .bind(until)
        .fetch_all(tx.conn())
        .await?;
        // Another lot than that by which they were passed over.
        let again = format!("{salt} topped");
        let mut passed: Vec<(i64, String, i64, String)> = rows
            .iter()
            .map(|r| {
                let id: String = r.get("document");
                (lot(&again, &id), id, r.get("chance"), r.get("content"))
            })
            .collect();
        passed.sort();
        let of = passed.len() as i64;
        let taken: Vec<_> = passed.into_iter().take(usize::try_from(lacking).unwrap_or(0)).collect();
        for (_, id, chance, content) in &taken {
            let content: Document = serde_json::from_str(content)?;
            put(tx, id, &content, (hospital, topped(*chance, lacking, of), true), self.now()).await?;
        }
        Ok(taken.len())
    }
}

/// When this week began, Japan's time.
fn monday(now: i64) -> i64 {
    let local = status::local(now);
    let midnight = now - local.time().duration_since(jiff::civil::Time::midnight()).as_millis() as i64;
    midnight - i64::from(local.weekday().to_monday_zero_offset()) * DAY
}
