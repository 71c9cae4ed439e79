//! What persons put right: for whoever wants to learn from it (`tuning::teach`).

use super::super::db::query;
use super::super::{Result, Store};
use super::sheets::{Slim, decided, truth};
use crate::model::Value;

/// A field of a sheet in its room that the machine had not found, or otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Corrected {
    pub document: String,
    /// Blob of its reading.
    pub blob: String,
    pub kind: String,
    /// 1-based pages of the reading.
    pub pages: Vec<u32>,
    /// Who sent it: id in the register where it is known, and the name.
    pub sender_id: Option<String>,
    pub sender: String,
    pub key: String,
    /// What a person typed.
    pub truth: String,
    /// What the machine had found then.
    pub found: Option<String>,
    /// When it came, milliseconds since 1970.
    pub at: i64,
}

impl Store {
    /// Corrections on the newest sheets of certain senders, at most so many sheets, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn corrected(&self, limit: i64) -> Result<Vec<Corrected>> {
        let rows = query(decided!(
            "SELECT d.id, d.kind, d.pages, d.sender, d.created, g.blob, a.content AS machine, b.content AS person
             FROM document d JOIN reading g ON g.id = d.reading
             JOIN revision a ON a.document = d.id AND a.number = 1
             JOIN revision b ON b.document = d.id AND b.number = d.revision
             WHERE d.sender IS NOT NULL AND ",
            " ORDER BY d.created DESC, d.id LIMIT $1"
        ))
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        let mut out = Vec::new();
        for r in &rows {
            let machine: Slim = serde_json::from_str(r.get("machine"))?;
            let person: Slim = serde_json::from_str(r.get("person"))?;
            let (pages, sender_id): (Vec<u32>, _) = (serde_json::from_str(r.get("pages"))?, person.sender_id.clone());
            let found: Vec<(String, String)> =
                machine.fields.iter().map(|(k, f)| (k.clone(), f.value.text())).collect();
            for (key, value) in truth(machine, person) {
                let found = found.iter().find(|f| f.0 == key).map(|f| f.1.clone());
                // (lists are put right item by item, and what stands nowhere on the page teaches nothing)
                if let Some(Value::One(truth)) = value
                    && found.as_ref() != Some(&truth)
                {
                    out.push(Corrected {
                        document: r.get("id"),
                        blob: r.get("blob"),
                        kind: r.get("kind"),
                        pages: pages.clone(),
                        sender_id: sender_id.clone(),
                        sender: r.get("sender"),
                        key,
                        truth,
                        found,
                        at: r.get("created"),
                    });
                }
            }
        }
        Ok(out)
    }
}
