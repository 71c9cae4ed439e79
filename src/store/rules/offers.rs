//! Sheets that were read again with newer rules: an offer for each whose fields came out otherwise, which a person takes,
//! field by field, or refuses. What is taken becomes the sheet's next version, as a correction does; nothing else ever
//! changes what was posted.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::accept::State;
use super::super::db::{Row, query};
use super::super::review::{STALE, amend, current, refreeze, refused};
use super::super::{Result, Store, audit, claims, outbox, versions};
use crate::model::{Field, Reader, Status};

/// Fields that came out otherwise: as they are read now, or none where they are no longer found.
pub type Fields = BTreeMap<String, Option<Field>>;

/// What the rules of today make of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    pub document: String,
    /// The document's revision that it was compared with.
    pub revision: i64,
    /// Hash of the rules.
    pub rules: String,
    pub fields: Fields,
    pub asked_by: String,
    pub created: i64,
}

/// An offer in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferLine {
    pub document: String,
    pub kind: String,
    pub sender: Option<String>,
    pub received: i64,
    pub fields: usize,
    /// The sheet has changed since: it has to be read again.
    pub stale: bool,
}

impl Store {
    /// Offers what was read anew; takes the place of an older offer.
    ///
    /// # Errors
    /// The database refused.
    pub async fn offer_reread(
        &self,
        document: &str,
        revision: i64,
        rules: &str,
        fields: &Fields,
        actor: &str,
    ) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        query(
            "INSERT INTO reread (document, revision, rules, fields, asked_by, created) VALUES ($1,$2,$3,$4,$5,$6)
             ON CONFLICT (document) DO UPDATE SET revision = excluded.revision, rules = excluded.rules,
               fields = excluded.fields, asked_by = excluded.asked_by, created = excluded.created",
        )
        .bind(document)
        .bind(revision)
        .bind(rules)
        .bind(serde_json::to_string(fields)?)
        .bind(actor)
        .bind(now)
        .execute(tx.conn())
        .await?;
        let keys: Vec<&String> = fields.keys().collect();
        audit::append(&mut tx, now, actor, "reread", document, json!({"rules": rules, "fields": keys}));
        tx.commit().await
    }

    /// Offers that wait, the oldest sheets first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn offers(&self, limit: i64) -> Result<Vec<OfferLine>> {
        let rows = query(
            "SELECT o.document, o.revision, o.fields, d.kind, d.sender, d.revision AS newest, r.received
             FROM reread o JOIN document d ON d.id = o.document JOIN receipt r ON r.id = d.receipt
             WHERE d.state IN ('posted', 'review') ORDER BY r.received, o.document LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        rows.iter()
            .map(|r| {
                Ok(OfferLine {
                    document: r.get("document"),
                    kind: r.get("kind"),
                    sender: r.get("sender"),
                    received: r.get("received"),
                    fields: serde_json::from_str::<Fields>(r.get("fields"))?.len(),
                    stale: r.get::<i64>("revision") != r.get::<i64>("newest"),
                })
            })
            .collect()
    }

    /// The offer for a sheet.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn offer(&self, document: &str) -> Result<Option<Offer>> {
        let row =
            query("SELECT * FROM reread WHERE document = $1").bind(document).fetch_optional(self.db.reader()).await?;
        row.as_ref().map(offer).transpose()
    }

    /// Takes these fields of an offer: the sheet's next version, which says which rules read it. The others are refused.
    ///
    /// # Errors
    /// [`super::super::StoreError::Refused`]: there is no such offer, or the sheet has changed since, or another has it in
    /// hand.
    pub async fn take_offer(&self, document: &str, revision: i64, keys: &[String], actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let doc = current(&mut tx, document).await?;
        let row = query("DELETE FROM reread WHERE document = $1 RETURNING *")
            .bind(document)
            .fetch_optional(tx.conn())
            .await?;
        let Some(offer) = row.as_ref().map(offer).transpose()? else { return refused(STALE) };
        if doc.revision != revision || offer.revision != revision {
            return refused(STALE);
        }
        if !matches!(doc.state, State::Posted | State::Review) || doc.again {
            return refused("この文書は編集できません");
        }
        claims::need(&mut tx, document, actor, now).await?;
        let mut content = doc.content;
        let mut taken = Vec::new();
        let mut corrected = false;
        for (key, field) in offer.fields.into_iter().filter(|(k, _)| keys.contains(k)) {
            let before = content.accepted(&key);
            match field {
                Some(mut field) => {
                    field.status = Status::Accepted;
                    field.items.iter_mut().flatten().for_each(|i| i.status = Status::Accepted);
                    content.fields.insert(key.clone(), field);
                }
                None => {
                    content.fields.remove(&key);
                }
            }
            corrected |= before.is_some() && before != content.accepted(&key);
            taken.push(key);
        }
        if taken.is_empty() {
            audit::append(&mut tx, now, actor, "reread_refused", document, json!({"rules": offer.rules}));
            return tx.commit().await;
        }
        let number = doc.revision + 1;
        let room = doc.room.as_deref();
        let reader = Reader { rules: offer.rules.clone(), ..doc.reader };
        let hash = refreeze(&mut tx, now, actor, document, number, &content, room, &reader).await?;
        let detail = json!({"revision": number, "sha256": hash, "fields": taken, "room": room, "rules": offer.rules});
        audit::append(&mut tx, now, actor, "confirm_fields", document, detail);
        if let (State::Posted, Some(room)) = (doc.state, room) {
            versions::lock(&mut tx, room).await?;
            outbox::post(&mut tx, document, number, room, now).await?;
            outbox::tell(&mut tx, self, document, number, room, corrected, now).await?;
        }
        amend(tx).await?;
        self.wake_all();
        Ok(())
    }
}

fn offer(r: &Row) -> Result<Offer> {
    Ok(Offer {
        document: r.get("document"),
        revision: r.get("revision"),
        rules: r.get("rules"),
        fields: serde_json::from_str(r.get("fields"))?,
        asked_by: r.get("asked_by"),
        created: r.get("created"),
    })
}
