//! `faxbridge status`: one line for each receipt, in the form that the contract fixes.

use std::collections::HashMap;
use std::fmt;

use jiff::Zoned;
use jiff::tz::{Offset, TimeZone};
use serde::Serialize;

use super::db::query;
use super::receive::SAME_CONTENT;
use super::{Result, Store};

/// One receipt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatusLine {
    pub source: String,
    pub source_id: String,
    /// `null` where no bytes were kept.
    pub sha256: Option<String>,
    /// RFC 3339, +09:00.
    pub received: String,
    pub state: String,
    pub reason: Option<String>,
    pub documents: Vec<StatusDocument>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatusDocument {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub pages: Vec<u32>,
    pub state: String,
    pub room: Option<String>,
    pub reason: Option<String>,
    /// Fields that still wait for a person, where the document was posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_fields: Option<i64>,
    pub postings: Vec<StatusPosting>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatusPosting {
    pub sink: String,
    pub key: String,
    pub state: String,
}

/// For people: one line, without patient data beyond what the source's names carry.
impl fmt::Display for StatusLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (posted, all) = (self.documents.iter().filter(|d| d.state == "posted").count(), self.documents.len());
        write!(f, "{}  {:<11} {posted}/{all}  {}/{}", self.received, self.state, self.source, self.source_id)?;
        match &self.reason {
            Some(reason) => write!(f, "  {reason}"),
            None => Ok(()),
        }
    }
}

/// Japan's time of a time of ours.
pub fn local(ms: i64) -> Zoned {
    jiff::Timestamp::from_millisecond(ms).unwrap_or_default().to_zoned(TimeZone::fixed(Offset::constant(9)))
}

/// RFC 3339 in Japan's time, to the second.
pub fn rfc3339(ms: i64) -> String {
    local(ms).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

impl Store {
    /// All receipts, oldest first: one consistent picture.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn status(&self) -> Result<Vec<StatusLine>> {
        let mut tx = self.db.snapshot().await?;
        let mut postings: HashMap<String, Vec<StatusPosting>> = HashMap::new();
        let rows = query(
            "SELECT document, sink, key, state FROM outbox WHERE purpose <> 'held' ORDER BY document, revision, sink, key",
        )
        .fetch_all(tx.conn())
        .await?;
        for r in rows {
            let posting = StatusPosting { sink: r.get("sink"), key: r.get("key"), state: r.get("state") };
            postings.entry(r.get("document")).or_default().push(posting);
        }
        let mut documents: HashMap<String, Vec<StatusDocument>> = HashMap::new();
        let rows = query(
            "SELECT id, receipt, kind, pages, state, room, reason, open_fields, again_of FROM document ORDER BY receipt, ordinal",
        )
        .fetch_all(tx.conn())
        .await?;
        for r in rows {
            let (id, state): (String, String) = (r.get("id"), r.get("state"));
            let open: i64 = r.get("open_fields");
            documents.entry(r.get("receipt")).or_default().push(StatusDocument {
                kind: r.get("kind"),
                pages: serde_json::from_str(r.get("pages"))?,
                room: r.get("room"),
                reason: r.get("reason"),
                open_fields: (state == "posted" && open > 0).then_some(open),
                // What was sent again has no postings but the first's.
                postings: postings
                    .get(&r.get::<Option<String>>("again_of").unwrap_or_else(|| id.clone()))
                    .cloned()
                    .unwrap_or_default(),
                id,
                state,
            });
        }
        let rows = query(
            "SELECT r.id, r.source, r.source_id, r.sha256, r.received, r.linked,
                    coalesce(f.state, r.state) AS state, r.reason AS own, f.reason AS firsts
             FROM receipt r LEFT JOIN receipt f ON f.id = r.linked ORDER BY r.received, r.id",
        )
        .fetch_all(tx.conn())
        .await?;
        let mut lines = Vec::with_capacity(rows.len());
        for r in rows {
            let linked: Option<String> = r.get("linked");
            let (own, firsts): (Option<String>, Option<String>) = (r.get("own"), r.get("firsts"));
            let sha256: String = r.get("sha256");
            let why = own.clone().unwrap_or_else(|| SAME_CONTENT.to_owned());
            let reason = match (&linked, firsts) {
                (None, _) => own,
                (Some(_), None) => Some(why),
                (Some(_), Some(firsts)) => Some(format!("{why}（{firsts}）")),
            };
            lines.push(StatusLine {
                source: r.get("source"),
                source_id: r.get("source_id"),
                sha256: Some(sha256).filter(|s| !s.is_empty()),
                received: rfc3339(r.get("received")),
                state: r.get("state"),
                reason,
                documents: documents.get(&linked.unwrap_or_else(|| r.get("id"))).cloned().unwrap_or_default(),
            });
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_japans() {
        assert_eq!(super::rfc3339(1_763_859_600_000), "2025-11-23T10:00:00+09:00");
    }
}
