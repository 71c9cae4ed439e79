//! What waits for a person, and what was received.

use std::collections::BTreeMap;

use crate::register::CANARY_ROOM;
use crate::store::accept::{Candidate, State};
use crate::store::db::{Row, query, scalar};
use crate::store::{Result, Store};

/// An entry of the review list.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    pub document: String,
    pub kind: String,
    pub pages: Vec<u32>,
    /// `Review`, `Withdrawn` and `Quarantined` need a decision; `Posted` stands in its room and has open fields.
    pub state: State,
    pub reason: Option<String>,
    pub room: Option<String>,
    pub urgent: bool,
    pub open_fields: i64,
    /// Accepted text only.
    pub sender: Option<String>,
    pub received: i64,
    pub source: String,
    pub source_id: String,
    pub part: Option<String>,
    pub candidates: usize,
    /// When it was held back, or taken back; milliseconds since 1970.
    pub created: i64,
    /// Login and name of who has it in hand, until when.
    pub holder: Option<(String, String, i64)>,
    /// Who set it apart, where it is quarantined.
    pub quarantined_by: Option<String>,
}

/// A file or mail as the list of what was received shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceiptLine {
    /// Milliseconds since 1970.
    pub received: i64,
    pub source: String,
    pub source_id: String,
    pub state: String,
    pub reason: Option<String>,
}

/// How many receipts are in which state.
pub type Counts = BTreeMap<String, i64>;

/// Entries of the review list that fit.
macro_rules! held {
    ($which:literal) => {
        concat!(
            "SELECT d.id, d.kind, d.pages, d.state, d.reason, d.room, d.urgent, d.open_fields, d.sender, d.part, d.candidates,
                    CASE WHEN d.state = 'withdrawn'
                         THEN coalesce((SELECT max(w.withdrawn) FROM post w WHERE w.document = d.id), d.created)
                         ELSE d.created END AS since, d.held_by, d.held_until, d.quarantined_by, a.name AS holder, r.received, r.source, r.source_id
             FROM document d JOIN receipt r ON r.id = d.receipt LEFT JOIN account a ON a.login = d.held_by WHERE ",
            $which
        )
    };
}

impl Store {
    /// Everything that waits for a person: held-back documents first, then those that were taken back, then posted ones with open fields that no newer
    /// version has replaced; within each the urgent first, then the oldest.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn review_list(&self, limit: i64) -> Result<Vec<Held>> {
        let mut tx = self.db.snapshot().await?;
        let mut rows = query(held!(
            "d.state IN ('review', 'quarantined') ORDER BY d.state DESC, d.urgent DESC, d.created, d.id LIMIT $1"
        ))
        .bind(limit)
        .fetch_all(tx.conn())
        .await?;
        let withdrawn = held!("d.state = 'withdrawn' AND d.again_of IS NULL ORDER BY d.created, d.id LIMIT $1");
        rows.extend(query(withdrawn).bind(limit).fetch_all(tx.conn()).await?);
        let rest = limit - i64::try_from(rows.len()).unwrap_or(limit);
        if rest > 0 {
            let open = held!(
                "d.state = 'posted' AND d.open_fields > 0 AND d.room <> $2
                 AND NOT EXISTS (SELECT 1 FROM document n WHERE n.supersedes = d.id AND n.state = 'posted')
                 ORDER BY d.urgent DESC, d.created, d.id LIMIT $1"
            );
            rows.extend(query(open).bind(rest).bind(CANARY_ROOM).fetch_all(tx.conn()).await?);
        }
        rows.iter()
            .map(|r| {
                let candidates: Vec<Candidate> = serde_json::from_str(r.get("candidates"))?;
                Ok(Held {
                    document: r.get("id"),
                    kind: r.get("kind"),
                    pages: serde_json::from_str(r.get("pages"))?,
                    state: State::parse(r.get("state")),
                    reason: r.get("reason"),
                    room: r.get("room"),
                    urgent: r.get::<i64>("urgent") != 0,
                    open_fields: r.get("open_fields"),
                    sender: r.get("sender"),
                    received: r.get("received"),
                    source: r.get("source"),
                    source_id: r.get("source_id"),
                    part: r.get("part"),
                    candidates: candidates.len(),
                    created: r.get("since"),
                    holder: r.get::<Option<String>>("held_by").zip(r.get::<Option<i64>>("held_until")).map(
                        |(by, until)| {
                            let name = r.get::<Option<String>>("holder").unwrap_or_else(|| by.clone());
                            (by, name, until)
                        },
                    ),
                    quarantined_by: r.get("quarantined_by"),
                })
            })
            .collect()
    }

    /// How many sheets wait for a person. What was set apart as misdirected was decided.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn waiting(&self) -> Result<usize> {
        let n: i64 = scalar(
            "SELECT (SELECT count(*) FROM document WHERE state = 'review')
                  + (SELECT count(*) FROM document WHERE state = 'withdrawn' AND again_of IS NULL)
                  + (SELECT count(*) FROM document d WHERE state = 'posted' AND open_fields > 0 AND room <> $1
                     AND NOT EXISTS (SELECT 1 FROM document n WHERE n.supersedes = d.id AND n.state = 'posted'))",
        )
        .bind(CANARY_ROOM)
        .fetch_one(self.db.reader())
        .await?;
        Ok(usize::try_from(n).unwrap_or(0))
    }

    /// What was received, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn newest_receipts(&self, limit: i64) -> Result<Vec<ReceiptLine>> {
        let rows = query(
            "SELECT r.received, r.source, r.source_id, coalesce(f.state, r.state) AS state,
                    coalesce(r.reason, f.reason, (SELECT d.reason FROM document d WHERE d.receipt = coalesce(f.id, r.id)
                                                  AND d.reason IS NOT NULL ORDER BY d.ordinal LIMIT 1)) AS reason
             FROM receipt r LEFT JOIN receipt f ON f.id = r.linked ORDER BY r.received DESC, r.id DESC LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        let line = |r: &Row| ReceiptLine {
            received: r.get("received"),
            source: r.get("source"),
            source_id: r.get("source_id"),
            state: r.get("state"),
            reason: r.get("reason"),
        };
        Ok(rows.iter().map(line).collect())
    }

    /// Receipts by state, canaries left out.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn counts(&self) -> Result<Counts> {
        let rows = query(
            "SELECT coalesce(f.state, r.state), count(*) FROM receipt r LEFT JOIN receipt f ON f.id = r.linked
             WHERE NOT EXISTS (SELECT 1 FROM document d WHERE d.receipt = coalesce(r.linked, r.id) AND d.room = $1)
             GROUP BY 1",
        )
        .bind(CANARY_ROOM)
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.iter().map(|r| (r.nth(0), r.nth(1))).collect())
    }
}
