//! Blind samples (抜き取り検査): sheets that went straight through and are read once more by a person who does not see what
//! the machine read. They tell how often what stands there as certain is wrong. Drawn in the transaction that posts the
//! sheet ([`draw`]), so posting never waits for them; what a field's rate comes to is decided in that of the verdict
//! ([`fallback`]). What a person typed is kept only as long as it differs and is not put right.

mod draw;
pub mod fallback;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::json;

use super::db::{Row, Tx, query, scalar};
use super::review::Edit;
use super::{Result, Store, StoreError, audit};
use crate::figures::interval::{self, Estimate, Sums};
use crate::figures::same::same;
use crate::model::{Document, Status, Value};
pub(super) use draw::draw;

/// How sheets are drawn, and what is too much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Of all sheets that go straight through, 0 to 1.
    pub share: f64,
    /// Of each hospital each week at least.
    pub weekly: i64,
    /// Error rate of a field above which it waits for a person; 0: never.
    pub limit: f64,
}

/// A sample on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub document: String,
    pub kind: String,
    pub hospital: String,
    /// Milliseconds since 1970.
    pub received: i64,
    pub drawn: i64,
    /// Fields, and those of them that are decided.
    pub fields: i64,
    pub decided: i64,
    /// Fields that were found wrong and are not put right yet.
    pub wrong: i64,
}

/// What a person said of a field before seeing what the machine read.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Value(Value),
    /// The page does not carry it.
    Absent,
    Unreadable,
}

/// How a field of a sample stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    Open,
    /// The person said otherwise than the machine, and looks at both now.
    Differs,
    Right,
    Wrong,
    /// Nobody can read it: it tells nothing.
    None,
}

/// A field of a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub field: String,
    pub stand: Stand,
    /// What the person said, where it differs and is not put right: the value, or none where the page does not carry it.
    pub said: Option<Option<Value>>,
}

/// A sample with what the machine read.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub document: String,
    pub hospital: String,
    pub done: Option<i64>,
    pub asked: Vec<Asked>,
    /// The machine's revision.
    pub content: Document,
}

/// What a sample that is done tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// For how many sheets it stands: 1 over the probability with which it was drawn.
    pub weight: f64,
    /// Fields that were compared with the paper.
    pub fields: BTreeSet<String>,
}

/// A field's live error rate at a hospital.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    pub field: String,
    pub hospital: String,
    pub sums: Sums,
}

impl Rate {
    pub fn estimate(&self) -> Estimate {
        self.sums.estimate()
    }
}

impl Store {
    /// The same store, which draws blind samples.
    #[must_use]
    pub fn sampling(mut self, sampling: Sampling) -> Store {
        self.sampling = Some(sampling);
        self
    }

    /// Error rate above which a field falls back; none where no samples are drawn or nothing ever does.
    pub fn sample_limit(&self) -> Option<f64> {
        self.sampling.map(|s| s.limit).filter(|l| *l > 0.0)
    }

    /// Samples that wait for a person, the oldest first; then those with something to put right.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn samples(&self, limit: i64) -> Result<Vec<Line>> {
        let rows = query(
            "SELECT s.document, s.hospital, s.drawn, f.kind, f.received, count(*) AS n,
                    CAST(sum(CASE WHEN x.verdict IS NULL THEN 0 ELSE 1 END) AS BIGINT) AS decided,
                    CAST(sum(CASE WHEN x.verdict = 'wrong' AND (x.typed IS NOT NULL OR x.how = 'absent') THEN 1 ELSE 0 END)
                         AS BIGINT) AS wrong
             FROM sample s JOIN figure f ON f.document = s.document JOIN sample_field x ON x.document = s.document
             WHERE s.done IS NULL GROUP BY s.document, s.hospital, s.drawn, f.kind, f.received
             ORDER BY s.drawn, s.document LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        let line = |r: &Row| Line {
            document: r.get("document"),
            kind: r.get("kind"),
            hospital: r.get("hospital"),
            received: r.get("received"),
            drawn: r.get("drawn"),
            fields: r.get("n"),
            decided: r.get("decided"),
            wrong: r.get("wrong"),
        };
        Ok(rows.iter().map(line).collect())
    }

    /// How many samples wait for a person.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn samples_open(&self) -> Result<i64> {
        scalar("SELECT count(*) FROM sample WHERE done IS NULL").fetch_one(self.db.reader()).await
    }

    /// One sample, if the sheet is one.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn sample(&self, document: &str) -> Result<Option<Sample>> {
        look(&mut self.db.snapshot().await?, document).await
    }

    /// Takes what a person says of a field before seeing what the machine read.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the sheet is no sample, or the field was answered before: nobody is blind twice.
    pub async fn answer_sample(&self, document: &str, field: &str, answer: &Answer, actor: &str) -> Result<Stand> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let (sample, asked) = asked(&mut tx, document, field).await?;
        if asked.stand != Stand::Open {
            return refused("この項目はもう答えが入っています");
        }
        let machine = sample.content.fields.get(field).map(|f| &f.value);
        let (stand, typed, how) = match answer {
            Answer::Value(v) if machine.is_some_and(|m| same(field, m, v)) => (Stand::Right, None, "value"),
            Answer::Value(v) => (Stand::Differs, Some(serde_json::to_string(v)?), "value"),
            Answer::Absent => (Stand::Differs, None, "absent"),
            Answer::Unreadable => (Stand::None, None, "unreadable"),
        };
        query("UPDATE sample_field SET typed = $3, how = $4, verdict = $5, actor = $6, at = $7 WHERE document = $1 AND field = $2")
            .bind(document)
            .bind(field)
            .bind(typed)
            .bind(how)
            .bind(verdict(stand))
            .bind(actor)
            .bind(now)
            .execute(tx.conn())
            .await?;
        let detail = json!({"field": field, "how": how, "verdict": verdict(stand)});
        audit::append(&mut tx, now, actor, "sample_answer", document, detail);
        self.after(&mut tx, &sample, field, stand, now).await?;
        tx.commit().await?;
        self.wake_all();
        Ok(stand)
    }

    /// Decides between the two where they differ, after looking at both. What is wrong is put right by
    /// [`Store::correct_sample`].
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is nothing to decide.
    pub async fn judge_sample(&self, document: &str, field: &str, machine: bool, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let (sample, asked) = asked(&mut tx, document, field).await?;
        if asked.stand != Stand::Differs {
            return refused("この項目はもう決まっています");
        }
        let stand = if machine { Stand::Right } else { Stand::Wrong };
        // What was mistyped is nobody's business any more.
        query(
            "UPDATE sample_field SET verdict = $3, actor = $4, at = $5, typed = CASE WHEN $3 = 'right' THEN NULL ELSE typed END
             WHERE document = $1 AND field = $2",
        )
        .bind(document)
        .bind(field)
        .bind(verdict(stand))
        .bind(actor)
        .bind(now)
        .execute(tx.conn())
        .await?;
        let detail = json!({"field": field, "verdict": verdict(stand)});
        audit::append(&mut tx, now, actor, "sample_judge", document, detail);
        self.after(&mut tx, &sample, field, stand, now).await?;
        tx.commit().await?;
        self.wake_all();
        Ok(())
    }

    /// Puts right what samples found wrong: a new version of the sheet in its room, of which the room is told as of any
    /// correction. What somebody has put right before stays as that one left it. True where a version was made.
    ///
    /// # Errors
    /// As [`Store::confirm_fields`].
    pub async fn correct_sample(&self, document: &str, actor: &str) -> Result<bool> {
        let sample = self.sample(document).await?;
        let Some(sample) = sample else { return refused(NO_SAMPLE) };
        let Some(now) = self.document(document).await? else { return refused(NO_SAMPLE) };
        let mut edits = Vec::new();
        for asked in sample.asked.iter().filter(|a| a.stand == Stand::Wrong) {
            let Some(said) = &asked.said else { continue };
            let value = |d: &Document| d.fields.get(&asked.field).map(|f| f.value.clone());
            if value(&now.content) == value(&sample.content) {
                let edit = said.clone().map_or(Edit::Remove, Edit::Set);
                edits.push((asked.field.clone(), edit));
            }
        }
        if !edits.is_empty() {
            self.confirm_fields(document, now.revision, &edits, actor).await?;
        }
        let at = self.now();
        let mut tx = self.db.begin().await?;
        lock(&mut tx, document).await?;
        query("UPDATE sample_field SET typed = NULL, how = 'value' WHERE document = $1 AND verdict = 'wrong'")
            .bind(document)
            .execute(tx.conn())
            .await?;
        finish(&mut tx, document, at).await?;
        audit::append(&mut tx, at, actor, "sample_correct", document, json!({"fields": edits.len()}));
        tx.commit().await?;
        Ok(!edits.is_empty())
    }

    /// Live error rates by field and hospital; sums of several are the rate of all of them.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn sample_rates(&self) -> Result<Vec<Rate>> {
        let rows = query(
            "SELECT x.field, s.hospital, s.chance, x.verdict, count(*) AS n FROM sample_field x
             JOIN sample s ON s.document = x.document WHERE x.verdict IN ('right', 'wrong')
             GROUP BY x.field, s.hospital, s.chance, x.verdict",
        )
        .fetch_all(self.db.reader())
        .await?;
        let mut rates: BTreeMap<(String, String), Sums> = BTreeMap::new();
        for r in &rows {
            let sums = rates.entry((r.get("field"), r.get("hospital"))).or_default();
            for _ in 0..r.get::<i64>("n") {
                sums.add(r.get("chance"), r.get::<String>("verdict") == "wrong");
            }
        }
        Ok(rates.into_iter().map(|((field, hospital), sums)| Rate { field, hospital, sums }).collect())
    }

    /// Samples that are done, by document: a backtest that compares with what persons said weights their fields so.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) async fn drawn_samples(&self) -> Result<HashMap<String, Drawn>> {
        let rows = query(
            "SELECT s.document, s.chance, x.field FROM sample s JOIN sample_field x ON x.document = s.document
             WHERE s.done IS NOT NULL AND x.verdict IN ('right', 'wrong')",
        )
        .fetch_all(self.db.reader())
        .await?;
        let mut all: HashMap<String, Drawn> = HashMap::new();
        for r in &rows {
            let weight = interval::weight(r.get("chance"));
            let of = all.entry(r.get("document")).or_insert_with(|| Drawn { weight, fields: BTreeSet::new() });
            of.fields.insert(r.get("field"));
        }
        Ok(all)
    }

    async fn after(&self, tx: &mut Tx, sample: &Sample, field: &str, stand: Stand, now: i64) -> Result<()> {
        if stand == Stand::Wrong {
            fallback::weigh(tx, self, field, sample, now).await?;
        }
        finish(tx, &sample.document, now).await
    }
}

const NO_SAMPLE: &str = "その用紙は抜き取り検査の対象ではありません";

fn refused<T>(why: &str) -> Result<T> {
    Err(StoreError::Refused(why.to_owned()))
}

fn verdict(stand: Stand) -> Option<&'static str> {
    match stand {
        Stand::Open | Stand::Differs => None,
        Stand::Right => Some("right"),
        Stand::Wrong => Some("wrong"),
        Stand::None => Some("none"),
    }
}

async fn lock(tx: &mut Tx, document: &str) -> Result<()> {
    tx.lock(&format!("sample {document}")).await
}

async fn asked(tx: &mut Tx, document: &str, field: &str) -> Result<(Sample, Asked)> {
    lock(tx, document).await?;
    let Some(sample) = look(tx, document).await? else { return refused(NO_SAMPLE) };
    let Some(asked) = sample.asked.iter().find(|a| a.field == field).cloned() else { return refused(NO_SAMPLE) };
    Ok((sample, asked))
}

/// A sample is done once every field is decided and what was wrong is put right.
async fn finish(tx: &mut Tx, document: &str, now: i64) -> Result<()> {
    let done = query(
        "UPDATE sample SET done = $2 WHERE document = $1 AND done IS NULL AND NOT EXISTS (
             SELECT 1 FROM sample_field WHERE document = $1
             AND (verdict IS NULL OR verdict = 'wrong' AND (typed IS NOT NULL OR how = 'absent')))",
    )
    .bind(document)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if done > 0 {
        // What is true of the sheet is made anew, with what the sample tells.
        query("DELETE FROM sheet_mark WHERE document = $1").bind(document).execute(tx.conn()).await?;
    }
    Ok(())
}

async fn look(tx: &mut Tx, document: &str) -> Result<Option<Sample>> {
    let row = query(
        "SELECT s.hospital, s.done, v.content FROM sample s JOIN revision v ON v.document = s.document AND v.number = 1
         WHERE s.document = $1",
    )
    .bind(document)
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let rows = query("SELECT field, typed, how, verdict FROM sample_field WHERE document = $1 ORDER BY field")
        .bind(document)
        .fetch_all(tx.conn())
        .await?;
    let mut asked = Vec::new();
    for r in &rows {
        let (typed, how, verdict): (Option<String>, Option<String>, Option<String>) =
            (r.get("typed"), r.get("how"), r.get("verdict"));
        let stand = match (how.as_deref(), verdict.as_deref()) {
            (None, _) => Stand::Open,
            (_, None) => Stand::Differs,
            (_, Some("right")) => Stand::Right,
            (_, Some("wrong")) => Stand::Wrong,
            _ => Stand::None,
        };
        let said = match (typed, how.as_deref()) {
            (Some(typed), _) => Some(Some(serde_json::from_str(&typed)?)),
            (None, Some("absent")) if matches!(stand, Stand::Differs | Stand::Wrong) => Some(None),
            _ => None,
        };
        asked.push(Asked { field: r.get("field"), stand, said });
    }
    let content: Document = serde_json::from_str(row.get("content"))?;
    Ok(Some(Sample {
        document: document.to_owned(),
        hospital: row.get("hospital"),
        done: row.get("done"),
        asked,
        content,
    }))
}

/// Fields that a sample asks for: all that the machine accepted.
fn asks(content: &Document) -> impl Iterator<Item = &String> {
    content.fields.iter().filter(|(_, f)| f.status == Status::Accepted).map(|(key, _)| key)
}
