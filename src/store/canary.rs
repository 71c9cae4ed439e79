//! Canaries: faxes of our own on their way through the sources, and what became of each.
//!
//! A row is written before the fax is sent, since it may arrive before the sending ends. It is closed in the transaction
//! that posts the sheet, once: a copy of it later on is a sheet like any other. What a canary is, and how it is known
//! again, is for others (`crate::canary`, `work::canary`); here are dates and keys, never a value that was read.
//!
//! The rows are kept, without their values once a canary came back exact. Of its sheet the original and the page image
//! stay, as of any other; the hidden room has no row among the rooms, so that no page ever reads it.

use std::collections::BTreeMap;

use serde_json::json;

use super::db::{Row, Tx, query};
use super::{MACHINE, Result, Store, StoreError, audit};
use crate::model::Value;

/// A canary that comes back later than this is no longer known.
const REMEMBERED: i64 = 14 * 86_400_000;

/// A canary that is about to be sent.
#[derive(Debug, Clone)]
pub struct Departure {
    pub token: String,
    pub source: String,
    /// `folder`, `maildir`, `mail`, `append`.
    pub route: &'static str,
    /// The set time that it is sent for, local, to the minute; none where a person sends it.
    pub slot: Option<String>,
    pub expected: BTreeMap<String, Value>,
    /// Milliseconds that it may take.
    pub within: i64,
}

/// One that may still come.
#[derive(Debug, Clone, PartialEq)]
pub struct Issued {
    pub token: String,
    pub source: String,
    pub expected: BTreeMap<String, Value>,
}

/// One that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    pub token: String,
    /// Which of the receipt's documents it is.
    pub ordinal: usize,
    /// Keys that were read otherwise than they stand there.
    pub differs: Vec<String>,
    /// Fields that a person would have to look at.
    pub unsure: usize,
}

/// How a canary fared.
#[derive(Debug, Clone, PartialEq)]
pub struct Fate {
    pub source: String,
    pub route: String,
    /// Milliseconds since 1970.
    pub sent: i64,
    pub due: i64,
    /// Why it could not be sent.
    pub failed: Option<String>,
    pub arrived: Option<i64>,
    /// Keys that were read otherwise; none where it has not come.
    pub differs: Option<Vec<String>>,
    pub unsure: Option<i64>,
}

impl Fate {
    /// What an administrator must hear of it at the time `now`, in English and without any value; nothing where it came
    /// in time and exact, or may still do.
    pub fn fault(&self, now: i64) -> Option<String> {
        let minutes = |ms: i64| match ms {
            60_000.. => format!("{} min", (ms + 30_000) / 60_000),
            _ => format!("{} s", (ms + 500) / 1000),
        };
        let sent = super::status::rfc3339(self.sent);
        let (route, within) = (&self.route, minutes(self.due - self.sent));
        match (&self.differs, self.arrived, &self.failed) {
            (Some(keys), Some(_), _) if !keys.is_empty() => {
                Some(format!("a canary arrived but was read wrongly: {}", keys.join(", ")))
            }
            (_, Some(arrived), _) if arrived > self.due => {
                let took = minutes(arrived - self.sent);
                Some(format!("a canary arrived late: sent {sent} ({route}), it took {took}, due within {within}"))
            }
            (_, Some(_), _) => None,
            (.., Some(why)) => Some(format!("no canary could be sent ({route}): {why}")),
            _ if now > self.due => Some(format!(
                "no canary arrived: sent {sent} ({route}), due within {within}; a fax would not arrive either"
            )),
            _ => None,
        }
    }

    /// Whether it is known how it fared.
    pub fn is_judged(&self, now: i64) -> bool {
        self.arrived.is_some() || self.failed.is_some() || now > self.due
    }
}

/// For the metrics: how the canaries of a source fare.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    pub source: String,
    pub sent: i64,
    /// Those that came late, wrong, or not at all.
    pub missed: i64,
    /// Of the last that came: from sending to the room.
    pub route_seconds: Option<f64>,
    /// Of the last of which it is known: whether it came in time and exact.
    pub well: Option<bool>,
    /// When the last that came in time and exact did, milliseconds since 1970.
    pub last_well: Option<i64>,
    /// Of the last that came: fields that were read wrongly, and fields that a person would have to look at.
    pub wrong_fields: Option<i64>,
    pub unsure_fields: Option<i64>,
}

/// How canaries fare, those for which the rest of the statement asks.
macro_rules! fates {
    ($rest:literal) => {
        query(concat!("SELECT source, route, sent, due, failed, arrived, differs, unsure FROM canary ", $rest))
    };
}

impl Store {
    /// Notes that a canary is about to be sent. False where its source has one for that set time already.
    ///
    /// # Errors
    /// The database refused: it must not be sent.
    pub async fn canary_departs(&self, d: &Departure) -> Result<bool> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let rows = query(
            "INSERT INTO canary (token, source, route, slot, sent, due, expected) VALUES ($1,$2,$3,$4,$5,$6,$7)
             ON CONFLICT (source, slot) DO NOTHING",
        )
        .bind(&d.token)
        .bind(&d.source)
        .bind(d.route)
        .bind(&d.slot)
        .bind(now)
        .bind(now + d.within)
        .bind(serde_json::to_string(&d.expected)?)
        .execute(tx.conn())
        .await?;
        if rows == 0 {
            return Ok(false);
        }
        audit::append(&mut tx, now, MACHINE, "canary", &d.source, json!({"route": d.route, "slot": d.slot}));
        tx.commit().await?;
        Ok(true)
    }

    /// Notes that it could not be sent. It may come all the same: a mail server's last word can get lost.
    ///
    /// # Errors
    /// The database refused.
    pub async fn canary_failed(&self, token: &str, why: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        query("UPDATE canary SET failed = $2 WHERE token = $1 AND arrived IS NULL")
            .bind(token)
            .bind(why)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }

    /// Canaries that may still come.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn canaries_out(&self) -> Result<Vec<Issued>> {
        let rows =
            query("SELECT token, source, expected FROM canary WHERE arrived IS NULL AND sent > $1 ORDER BY sent")
                .bind(self.now() - REMEMBERED)
                .fetch_all(self.db.reader())
                .await?;
        rows.iter()
            .map(|r| {
                let expected = serde_json::from_str(r.get("expected"))?;
                Ok(Issued { token: r.get("token"), source: r.get("source"), expected })
            })
            .collect()
    }

    /// How the canary of a token fares, if there is one.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn canary(&self, token: &str) -> Result<Option<Fate>> {
        let row = fates!("WHERE token = $1").bind(token).fetch_optional(self.db.reader()).await?;
        row.as_ref().map(fate).transpose()
    }

    /// The last canary of a source of which it is known how it fared.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn last_canary(&self, source: &str) -> Result<Option<Fate>> {
        let row = fates!(
            "WHERE source = $1 AND (arrived IS NOT NULL OR failed IS NOT NULL OR due < $2)
             ORDER BY sent DESC, token LIMIT 1"
        )
        .bind(source)
        .bind(self.now())
        .fetch_optional(self.db.reader())
        .await?;
        row.as_ref().map(fate).transpose()
    }

    /// Figures of every source that ever had a canary.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn canary_figures(&self) -> Result<Vec<Figures>> {
        let now = self.now();
        let rows = query(
            "SELECT source, count(*) AS sent,
                    CAST(sum(CASE WHEN arrived IS NULL AND (failed IS NOT NULL OR due < $1) OR arrived > due
                                       OR differs <> '[]' THEN 1 ELSE 0 END) AS BIGINT) AS missed,
                    max(CASE WHEN arrived <= due AND differs = '[]' THEN arrived END) AS last_well
             FROM canary GROUP BY source ORDER BY source",
        )
        .bind(now)
        .fetch_all(self.db.reader())
        .await?;
        let mut out = Vec::new();
        for r in rows {
            let source: String = r.get("source");
            let came = fates!("WHERE source = $1 AND arrived IS NOT NULL ORDER BY arrived DESC, token LIMIT 1")
                .bind(&source)
                .fetch_optional(self.db.reader())
                .await?;
            let came = came.as_ref().map(fate).transpose()?;
            let judged = self.last_canary(&source).await?;
            out.push(Figures {
                sent: r.get("sent"),
                missed: r.get("missed"),
                last_well: r.get("last_well"),
                route_seconds: came.as_ref().and_then(|c| Some((c.arrived? - c.sent) as f64 / 1000.0)),
                well: judged.map(|f| f.fault(now).is_none()),
                wrong_fields: came.as_ref().and_then(|c| Some(c.differs.as_ref()?.len() as i64)),
                unsure_fields: came.and_then(|c| c.unsure),
                source,
            });
        }
        Ok(out)
    }
}

/// Closes those that came, within the transaction that accepts their sheets. `ids`: of the receipt's documents, in order.
pub(super) async fn arrived(tx: &mut Tx, now: i64, ids: &[String], arrivals: &[Arrival]) -> Result<()> {
    for a in arrivals {
        let kept = if a.differs.is_empty() { Some("{}") } else { None };
        let document = ids.get(a.ordinal).ok_or_else(|| StoreError::Damaged("a canary of no document".into()))?;
        let rows = query(
            "UPDATE canary SET arrived = $2, document = $3, differs = $4, unsure = $5, expected = coalesce($6, expected)
             WHERE token = $1 AND arrived IS NULL",
        )
        .bind(&a.token)
        .bind(now)
        .bind(document)
        .bind(serde_json::to_string(&a.differs)?)
        .bind(a.unsure as i64)
        .bind(kept)
        .execute(tx.conn())
        .await?;
        if rows != 1 {
            // A copy was faster: this one is sorted anew, and is then a sheet like any other.
            return Err(StoreError::Damaged("this canary has come already".into()));
        }
        audit::append(tx, now, MACHINE, "canary_arrived", document, json!({"differs": a.differs}));
    }
    Ok(())
}

fn fate(r: &Row) -> Result<Fate> {
    let differs: Option<String> = r.get("differs");
    Ok(Fate {
        source: r.get("source"),
        route: r.get("route"),
        sent: r.get("sent"),
        due: r.get("due"),
        failed: r.get("failed"),
        arrived: r.get("arrived"),
        differs: differs.map(|d| serde_json::from_str(&d)).transpose()?,
        unsure: r.get("unsure"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(arrived: Option<i64>, differs: &[&str], failed: Option<&str>) -> Fate {
        Fate {
            source: "scan".into(),
            route: "folder".into(),
            sent: 1_763_859_600_000,
            due: 1_763_859_600_000 + 900_000,
            failed: failed.map(str::to_owned),
            arrived: arrived.map(|ms| 1_763_859_600_000 + ms),
            differs: arrived.map(|_| differs.iter().map(|s| (*s).to_owned()).collect()),
            unsure: None,
        }
    }

    #[test]
    fn each_way_to_fail_has_its_own_words() {
        let at = |ms: i64| 1_763_859_600_000 + ms;
        let told = |f: &Fate, ms: i64| f.fault(at(ms)).unwrap_or_default();
        assert_eq!(told(&fate(None, &[], None), 899_000), "", "it may still come");
        assert_eq!(
            told(&fate(None, &[], None), 900_001),
            "no canary arrived: sent 2025-11-23T10:00:00+09:00 (folder), due within 15 min; a fax would not arrive either"
        );
        assert_eq!(told(&fate(Some(20_000), &[], None), 900_001), "");
        assert_eq!(
            told(&fate(Some(20_000), &["patient.kana", "type"], None), 30_000),
            "a canary arrived but was read wrongly: patient.kana, type"
        );
        assert!(
            told(&fate(Some(1_320_000), &[], None), 1_400_000)
                .contains("late: sent 2025-11-23T10:00:00+09:00 (folder), it took 22 min")
        );
        assert_eq!(told(&fate(None, &[], Some("no right")), 1), "no canary could be sent (folder): no right");
        assert_eq!(told(&fate(Some(1), &[], Some("timed out")), 2), "", "it came all the same");
    }

    async fn open(dir: &std::path::Path, now: std::sync::Arc<std::sync::atomic::AtomicI64>) -> Store {
        let clock: super::super::Clock = std::sync::Arc::new(move || now.load(std::sync::atomic::Ordering::SeqCst));
        Store::open_with(crate::store::testing::site(dir).await, clock).await.expect("open")
    }

    fn departure(token: &str, slot: Option<&str>) -> Departure {
        Departure {
            token: token.into(),
            source: "scan".into(),
            route: "folder",
            slot: slot.map(str::to_owned),
            expected: BTreeMap::from([("patient.sex".to_owned(), Value::One("female".into()))]),
            within: 900_000,
        }
    }

    fn sheet(room: &str) -> crate::store::Sheet {
        let mut sheet = crate::store::Sheet::unread(String::new(), vec![1], "x");
        sheet.part = None;
        (sheet.state, sheet.room) = (crate::store::State::Posted, Some(room.to_owned()));
        sheet
    }

    #[tokio::test]
    async fn a_canary_comes_once_and_its_source_is_well_or_not() {
        use std::sync::atomic::Ordering;

        use crate::model::Reader;
        use crate::reading::Reading;
        use crate::store::Meta;
        use crate::store::accept::Accepted;
        let dir = tempfile::tempdir().expect("dir");
        let now = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(1_763_859_600_000));
        let store = open(dir.path(), now.clone()).await;
        let departs = |token: &'static str, slot| {
            let store = store.clone();
            async move { store.canary_departs(&departure(token, slot)).await.expect("noted") }
        };
        assert!(departs("000000000001", Some("2025-11-23T10:00")).await);
        assert!(!departs("000000000002", Some("2025-11-23T10:00")).await, "another host was faster");
        assert!(departs("000000000003", None).await && departs("000000000004", None).await);
        assert_eq!(store.canaries_out().await.expect("out").len(), 3);
        assert_eq!(store.last_canary("scan").await.expect("fate"), None, "none is overdue");

        let fault = || async {
            let fate = store.last_canary("scan").await.expect("fate");
            fate.and_then(|f| f.fault(store.now())).unwrap_or_default()
        };

        // One comes; a copy of it, whose worker saw it open as well, does not count.
        let came = Arrival { token: "000000000003".into(), ordinal: 0, differs: Vec::new(), unsure: 9 };
        for (name, ok) in [("a.tif", true), ("copy.tif", false)] {
            store.receive("scan", name, name.as_bytes(), &Meta::default()).await.expect("received");
            let job = store.claim(60_000).await.expect("claim").expect("a job");
            store.commit_reading(&job, &Reading::default(), Vec::new(), &Reader::default()).await.expect("read");
            let job = store.claim(60_000).await.expect("claim").expect("a job");
            let (id, reader, _) = store.reading(&job.sha256).await.expect("a reading");
            now.fetch_add(20_000, Ordering::SeqCst);
            let sheets = [sheet(crate::register::CANARY_ROOM)];
            let news = Accepted::news(&id, &sheets, &reader);
            let accepted = Accepted { canaries: std::slice::from_ref(&came), ..news };
            let done = store.accept(&job, &accepted).await;
            assert_eq!(done.is_ok(), ok, "{done:?}");
        }
        assert_eq!(store.canaries_out().await.expect("out").len(), 2);
        assert!(store.review_list(10).await.expect("list").is_empty());
        assert!(store.rooms("", 10, &crate::store::testing::reviewer()).await.expect("rooms").0.is_empty());
        assert_eq!(store.counts().await.expect("counts").get("posted"), None);
        let figures = |f: Vec<Figures>| f.into_iter().next().expect("figures");
        let f = figures(store.canary_figures().await.expect("figures"));
        assert_eq!((f.sent, f.missed, f.route_seconds, f.well), (3, 0, Some(20.0), Some(true)));
        assert_eq!(f.last_well, store.canary("000000000003").await.expect("a canary").and_then(|c| c.arrived));
        assert_eq!(store.last_received("scan").await.expect("received"), None, "nothing but a canary came");
        assert_eq!((f.wrong_fields, f.unsure_fields), (Some(0), Some(9)));

        // The others do not.
        now.fetch_add(900_000, Ordering::SeqCst);
        let told = fault().await;
        assert!(told.contains("no canary arrived"), "{told}");
        let f = figures(store.canary_figures().await.expect("figures"));
        assert_eq!((f.sent, f.missed, f.route_seconds, f.well), (3, 2, Some(20.0), Some(false)));
        assert!(departs("000000000005", None).await);
        store.canary_failed("000000000005", "no right to write").await.expect("noted");
        let told = fault().await;
        assert!(told.contains("no right to write"), "{told}");
        assert!(store.verify().await.expect("verify").faults.is_empty());
    }
}
