//! What stands in the store now, in numbers: for whoever watches the service. Counts and ages, no patient data.

use super::db::query;
use super::overdue::Step;
use super::sources::LAST_RECEIVED;
use super::{Result, Store};
use crate::register::CANARY_ROOM;

/// A number of things.
pub type Count = i64;
/// Milliseconds since 1970.
pub type Moment = i64;

/// One moment of the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Jobs by stage: waiting, and being worked on.
    pub jobs: Vec<(String, Count, Count)>,
    /// Receipts without final state, and when the oldest of them came.
    pub unfinished: (Count, Option<Moment>),
    /// Deliveries by sink: pending (being sent included; not those that their recipient does not want yet), and given up.
    pub outbox: Vec<(String, Count, Count)>,
    /// When the oldest pending delivery was ordered.
    pub oldest_pending: Option<Moment>,
    /// The review list by type of document and what it waits for: `room`, `quarantine`, `fields`.
    pub review: Vec<(String, &'static str, Count)>,
    /// Urgent ones that wait for a room, and when the oldest of all that wait for one came.
    pub held: (Count, Option<Moment>),
    /// Held sheets whose deadline is missed.
    pub missed: Count,
    /// Each source that was asked for.
    pub sources: Vec<SourceGauge>,
    /// Rows of the audit log.
    pub audit: Count,
}

/// A source, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceGauge {
    pub name: String,
    /// Last complete look.
    pub looked: Option<Moment>,
    /// When it last gave something beside canaries.
    pub received: Option<Moment>,
    /// Whether something is wrong with it.
    pub faulty: bool,
}

impl Store {
    /// Looks once, in one consistent picture, and for the sources of these names.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn gauges(&self, sources: &[String]) -> Result<Gauges> {
        let mut tx = self.db.snapshot().await?;
        let mut g = Gauges::default();
        let jobs = query(
            "SELECT stage, CAST(sum(CASE WHEN lease_token IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS waiting, count(*) AS n
             FROM job GROUP BY stage ORDER BY stage",
        );
        for r in jobs.fetch_all(tx.conn()).await? {
            let waiting: Count = r.get("waiting");
            g.jobs.push((r.get("stage"), waiting, r.get::<Count>("n") - waiting));
        }
        let row = query(
            "SELECT count(*) AS n, min(received) AS oldest FROM receipt WHERE state = 'processing' AND linked IS NULL",
        );
        let row = row.fetch_one(tx.conn()).await?;
        g.unfinished = (row.get("n"), row.get("oldest"));
        let outbox = query(
            "SELECT sink, CAST(sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END) AS BIGINT) AS failed, count(*) AS n,
                    min(CASE WHEN state = 'failed' THEN NULL ELSE coalesce(held_until, created) END) AS oldest
             FROM outbox WHERE state IN ('pending', 'sending', 'failed') AND (held_until IS NULL OR held_until <= $1)
             GROUP BY sink ORDER BY sink",
        )
        .bind(self.now());
        for r in outbox.fetch_all(tx.conn()).await? {
            let (failed, oldest): (Count, Option<Moment>) = (r.get("failed"), r.get("oldest"));
            g.outbox.push((r.get("sink"), r.get::<Count>("n") - failed, failed));
            g.oldest_pending = [g.oldest_pending, oldest].into_iter().flatten().min();
        }
        let review = query(
            "SELECT d.kind, d.state, count(*) AS n, CAST(sum(d.urgent) AS BIGINT) AS urgent, min(r.received) AS oldest
             FROM document d JOIN receipt r ON r.id = d.receipt WHERE d.state IN ('review', 'quarantined')
             GROUP BY d.kind, d.state
             UNION ALL
             SELECT d.kind, d.state, count(*), 0, NULL FROM document d
             WHERE d.state = 'posted' AND d.open_fields > 0 AND d.room <> $1
               AND NOT EXISTS (SELECT 1 FROM document n WHERE n.supersedes = d.id AND n.state = 'posted')
             GROUP BY d.kind, d.state",
        )
        .bind(CANARY_ROOM);
        for r in review.fetch_all(tx.conn()).await? {
            let waits_for = match r.get::<String>("state").as_str() {
                "review" => "room",
                "quarantined" => "quarantine",
                _ => "fields",
            };
            if waits_for == "room" {
                g.held.0 += r.get::<Count>("urgent");
                g.held.1 = [g.held.1, r.get("oldest")].into_iter().flatten().min();
            }
            g.review.push((r.get("kind"), waits_for, r.get("n")));
        }
        let missed = query("SELECT count(*) FROM document WHERE state = 'review' AND warned >= $1");
        g.missed = missed.bind(Step::Next as i64).fetch_one(tx.conn()).await?.nth(0);
        for name in sources {
            let row = query("SELECT looked, fault FROM source WHERE name = $1").bind(name);
            let row = row.fetch_optional(tx.conn()).await?;
            g.sources.push(SourceGauge {
                looked: row.as_ref().and_then(|r| r.get("looked")),
                received: query(LAST_RECEIVED).bind(name).fetch_optional(tx.conn()).await?.map(|r| r.nth(0)),
                faulty: row.is_some_and(|r| r.get::<Option<String>>("fault").is_some()),
                name: name.clone(),
            });
        }
        g.audit = query("SELECT seq FROM audit_head WHERE id = 1").fetch_one(tx.conn()).await?.get("seq");
        Ok(g)
    }
}
