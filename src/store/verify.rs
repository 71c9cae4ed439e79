//! `faxbridge audit verify`: does the log hold together, and does it tell of everything that stands in the store?

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::accept::revision_hash;
use super::audit::Entry;
use super::db::{query, scalar};
use super::{Result, Store};

/// Result of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub rows: i64,
    pub receipts: usize,
    pub revisions: usize,
    pub posts: usize,
    /// What does not hold, the first broken row first; empty where all is well. Ids only, no patient data.
    pub faults: Vec<String>,
}

/// What the log tells, collected while it is read through.
#[derive(Default)]
struct Told {
    /// Receipt → content hash.
    receipts: HashMap<String, String>,
    /// (document, revision) → hash.
    revisions: HashMap<(String, i64), String>,
    /// Board keys.
    posts: HashSet<String>,
    /// What went at the end of its time: receipts, documents, board keys.
    erased: HashSet<String>,
}

impl Store {
    /// Reads the whole log and compares it with the store. Changes nothing.
    ///
    /// # Errors
    /// The database cannot be read at all.
    pub async fn verify(&self) -> Result<Report> {
        let mut tx = self.db.snapshot().await?;
        let mut report = Report::default();
        let mut told = Told::default();
        let sound: Vec<String> = scalar(tx.choose("PRAGMA quick_check(5)", "SELECT 'ok'")).fetch_all(tx.conn()).await?;
        report.faults.extend(sound.into_iter().filter(|s| s != "ok").map(|s| format!("database: {s}")));
        let (mut seq, mut prev) = (0i64, String::new());
        loop {
            let rows = query("SELECT seq, at, actor, action, subject, detail, prev, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT 1000")
                .bind(seq)
                .fetch_all(tx.conn())
                .await?;
            let Some(last) = rows.last() else { break };
            let last: i64 = last.get("seq");
            for row in &rows {
                let entry = Entry {
                    seq: row.get("seq"),
                    at: row.get("at"),
                    actor: row.get("actor"),
                    action: row.get("action"),
                    subject: row.get("subject"),
                    detail: row.get("detail"),
                    prev: row.get("prev"),
                    hash: row.get("hash"),
                };
                report.rows += 1;
                if entry.seq != seq + 1 {
                    report.faults.push(format!(
                        "audit row {}: rows {} to {} are missing",
                        entry.seq,
                        seq + 1,
                        entry.seq - 1
                    ));
                }
                if entry.prev != prev {
                    report.faults.push(format!("audit row {}: does not follow the row before it", entry.seq));
                }
                if entry.hash != entry.computed() {
                    report.faults.push(format!("audit row {}: was changed after it was written", entry.seq));
                }
                seq = entry.seq;
                prev.clone_from(&entry.hash);
                told.note(&entry, &mut report.faults);
            }
            seq = seq.max(last);
        }
        let head = query("SELECT seq, hash FROM audit_head WHERE id = 1").fetch_optional(tx.conn()).await?;
        if !head.is_some_and(|h| h.get::<i64>("seq") == seq && h.get::<String>("hash") == prev) {
            report.faults.push(format!("audit row {}: the log ends before its recorded end", seq + 1));
        }

        let mut contents = Vec::new();
        for r in query("SELECT id, sha256 FROM receipt ORDER BY received, id").fetch_all(tx.conn()).await? {
            let (id, sha): (String, String) = (r.get("id"), r.get("sha256"));
            report.receipts += 1;
            match told.receipts.get(&id) {
                None => report.faults.push(format!("receipt {id}: the log does not tell of it")),
                Some(t) if *t != sha => report.faults.push(format!("receipt {id}: the log tells of other content")),
                Some(_) => {}
            }
            told.receipts.remove(&id);
            contents.push(sha);
        }
        for id in told.receipts.keys().filter(|id| !told.erased.contains(*id)) {
            report.faults.push(format!("receipt {id}: the log tells of it, the store has lost it"));
        }
        for r in
            query("SELECT document, number, content, room, reader, sha256 FROM revision ORDER BY at, document, number")
                .fetch_all(tx.conn())
                .await?
        {
            let at: (String, i64) = (r.get("document"), r.get("number"));
            let hash = revision_hash(r.get("content"), r.get::<Option<String>>("room").as_deref(), r.get("reader"));
            report.revisions += 1;
            match told.revisions.remove(&at) {
                None => report.faults.push(format!("document {} revision {}: the log does not tell of it", at.0, at.1)),
                Some(t) if t != hash => {
                    report.faults.push(format!("document {} revision {}: was changed after it was frozen", at.0, at.1));
                }
                Some(_) => {}
            }
        }
        for (document, number) in told.revisions.keys().filter(|(document, _)| !told.erased.contains(document)) {
            report
                .faults
                .push(format!("document {document} revision {number}: the log tells of it, the store has lost it"));
        }
        for r in query("SELECT key FROM post ORDER BY at, key").fetch_all(tx.conn()).await? {
            let key: String = r.get("key");
            report.posts += 1;
            if !told.posts.remove(&key) {
                report.faults.push(format!("post {key}: the log does not tell of it"));
            }
        }
        for key in told.posts.iter().filter(|key| !told.erased.contains(*key)) {
            report.faults.push(format!("post {key}: the log tells of it, the board has lost it"));
        }
        drop(tx);
        contents.sort();
        contents.dedup();
        for sha in contents.iter().filter(|s| !s.is_empty()) {
            if let Err(e) = self.blob(sha).await {
                report.faults.push(format!("original {sha}: {e}"));
            }
        }
        Ok(report)
    }
}

impl Told {
    fn note(&mut self, entry: &Entry, faults: &mut Vec<String>) {
        let Ok(detail) = serde_json::from_str::<Json>(&entry.detail) else {
            faults.push(format!("audit row {}: its detail is not JSON", entry.seq));
            return;
        };
        let text = |key: &str| detail.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        match entry.action.as_str() {
            "receive" => {
                self.receipts.insert(entry.subject.clone(), text("sha256"));
            }
            "accept" | "choose_room" | "confirm_fields" | "split" | "join" | "withdraw"
                if detail.get("sha256").is_some() =>
            {
                let number = detail.get("revision").and_then(Json::as_i64).unwrap_or(0);
                self.revisions.insert((entry.subject.clone(), number), text("sha256"));
            }
            "erase" => {
                let listed = ["documents", "posts"].into_iter().filter_map(|k| detail.get(k)?.as_array()).flatten();
                self.erased.extend(listed.filter_map(Json::as_str).map(str::to_owned));
                self.erased.insert(entry.subject.clone());
            }
            "post" => {
                self.posts.insert(text("key"));
            }
            _ => {}
        }
    }
}
