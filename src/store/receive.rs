//! Receipt: from a source's bytes to a durable row and a job, before the source may be touched.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;

use super::db::{Tx, query, scalar};
use super::queue::{Job, take};
use super::{MACHINE, Result, Store, audit, crash, same_mail};
use crate::reading::Reading;

/// What a source knows beside the bytes.
#[derive(Debug, Clone, Default)]
pub struct Meta {
    /// File name, or a mail's name in its mailbox: a hint for people, never believed by the decoder.
    pub name: String,
    /// Anything else worth keeping: modification time, UID, folder, …
    pub detail: BTreeMap<String, String>,
}

/// The answer to a receipt: the source may now be touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub receipt_id: String,
    /// Of the bytes, hexadecimal.
    pub sha256: String,
    /// False where this very input (source, source_id, content) had been received before.
    pub fresh: bool,
}

/// Verdict on an input whose bytes are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A person should look.
    Review,
    /// Nothing that could be a fax.
    Ignored,
}

/// Said of a mail that came before on another way.
pub const SAME_MAIL: &str = "同じメールを受信済みです";
/// Said of a receipt whose content came before.
pub const SAME_CONTENT: &str = "同じ内容のFAXを受信済みです";

impl Store {
    /// Keeps an input. When this returns, blob, folder and database are on disk and the source may be
    /// touched. The same input (source, source_id, content) again changes nothing; the same `source_id` with other
    /// content is another receipt; the same content from elsewhere, or the same mail on another way, is a receipt linked
    /// to the first (unless it is empty: two empty files are two faxes that were lost). What went at the end of its time
    /// is not received once more.
    ///
    /// # Errors
    /// Nothing was received; the source must not be touched.
    pub async fn receive(&self, source: &str, source_id: &str, bytes: &[u8], meta: &Meta) -> Result<Received> {
        let size = bytes.len() as i64;
        if let Some((receipt_id, sha256)) = self.was_erased(source, source_id).await?
            && sha256 == super::blobs::sha256(bytes)
        {
            return Ok(Received { receipt_id, sha256, fresh: false });
        }
        let sha256 = self.put_blob(bytes.to_vec()).await?;
        crash::reached("receive.after_blob");
        let now = self.now();
        let mut tx = self.db.begin().await?;
        // Two processes that receive the same at once: one after the other.
        tx.lock(&format!("content {sha256}")).await?;
        tx.lock(&format!("input {source} {source_id}")).await?;
        let known = query("SELECT id FROM receipt WHERE source = $1 AND source_id = $2 AND sha256 = $3")
            .bind(source)
            .bind(source_id)
            .bind(&sha256)
            .fetch_optional(tx.conn())
            .await?;
        if let Some(row) = known {
            return Ok(Received { receipt_id: row.get("id"), sha256, fresh: false });
        }
        // Of the same bytes, or the same mail on another way; what that one is linked to is ours as well.
        let mail = same_mail::key(bytes);
        if let Some(mail) = &mail {
            tx.lock(&format!("mail {mail}")).await?;
        }
        let first = query(
            "SELECT coalesce(linked, id) AS id, sha256 FROM receipt
             WHERE (sha256 = $1 AND size > 0) OR mail = $2 ORDER BY received, id LIMIT 1",
        )
        .bind(&sha256)
        .bind(&mail)
        .fetch_optional(tx.conn())
        .await?;
        let reason = first.as_ref().filter(|f| f.get::<String>("sha256") != sha256).map(|_| SAME_MAIL);
        let first: Option<String> = first.map(|f| f.get("id"));
        let receipt_id = Uuid::now_v7().to_string();
        insert(
            &mut tx,
            &NewReceipt {
                id: &receipt_id,
                source,
                source_id,
                sha256: &sha256,
                size,
                meta,
                now,
                linked: first.as_deref(),
                state: "processing",
                reason,
                mail: mail.as_deref(),
            },
        )
        .await?;
        supersede_verdict(&mut tx, source, source_id, now).await?;
        if first.is_none() {
            super::queue::enqueue(&mut tx, "read", &receipt_id, now, 0).await?;
        }
        let detail = json!({"source": source, "sha256": sha256, "size": size, "linked": first});
        audit::append(&mut tx, now, MACHINE, "receive", &receipt_id, detail);
        crash::reached("receive.before_commit");
        tx.commit().await?;
        crash::reached("receive.after_commit");
        self.wake_all();
        Ok(Received { receipt_id, sha256, fresh: true })
    }

    /// The receipt of the same mail that came before a job's: the same Message-ID, the same attachments as far as they
    /// tell, and the same pages to the last pixel.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn mail_before(
        &self,
        job: &Job,
        message_id: &str,
        (id, reading): (&str, &Reading),
    ) -> Result<Option<String>> {
        let mut tx = self.db.snapshot().await?;
        let candidates = query(
            "SELECT g.id AS reading, g.blob, coalesce(r.linked, r.id) AS receipt FROM reading g JOIN receipt r ON r.sha256 = g.sha256
             WHERE g.message_id = $1 AND r.sha256 <> $2 AND (r.received < $3 OR (r.received = $3 AND r.id < $4))
             ORDER BY r.received, r.id",
        )
        .bind(message_id)
        .bind(&job.sha256)
        .bind(job.received)
        .bind(&job.receipt)
        .fetch_all(tx.conn())
        .await?;
        let ours = page_images(&mut tx, id).await?;
        for c in candidates {
            if ours.is_none() || page_images(&mut tx, &c.get::<String>("reading")).await? != ours {
                continue;
            }
            let there = self.blob(c.get("blob")).await.ok().and_then(|b| Reading::from_bytes(&b).ok());
            if there.is_some_and(|r| r.parts == reading.parts) {
                return Ok(Some(c.get("receipt")));
            }
        }
        Ok(None)
    }

    /// Ends a job: its mail is one that came before.
    ///
    /// # Errors
    /// [`super::StoreError::Stale`], or the database refused.
    pub async fn link_mail(&self, job: &Job, first: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        take(&mut tx, job).await?;
        query("UPDATE receipt SET linked = $2, updated = $3 WHERE linked = $1")
            .bind(&job.receipt)
            .bind(first)
            .bind(now)
            .execute(tx.conn())
            .await?;
        query("UPDATE receipt SET linked = $2, reason = $3, updated = $4 WHERE id = $1")
            .bind(&job.receipt)
            .bind(first)
            .bind(SAME_MAIL)
            .bind(now)
            .execute(tx.conn())
            .await?;
        audit::append(&mut tx, now, MACHINE, "link", &job.receipt, json!({"of": first}));
        tx.commit().await?;
        self.wake_all();
        Ok(())
    }

    /// Records an input whose bytes cannot or need not be kept (no right to read, too large, not a file).
    /// The same verdict again changes nothing.
    ///
    /// # Errors
    /// Nothing was recorded; the source must not be touched.
    pub async fn verdict(&self, source: &str, source_id: &str, state: Verdict, reason: &str) -> Result<()> {
        let now = self.now();
        let state = match state {
            Verdict::Review => "review",
            Verdict::Ignored => "ignored",
        };
        let mut tx = self.db.begin().await?;
        tx.lock(&format!("input {source} {source_id}")).await?;
        let known: Option<String> =
            scalar("SELECT id FROM receipt WHERE source = $1 AND source_id = $2 AND sha256 = ''")
                .bind(source)
                .bind(source_id)
                .fetch_optional(tx.conn())
                .await?;
        if known.is_some() {
            return Ok(());
        }
        let id = Uuid::now_v7().to_string();
        let meta = Meta { name: source_id.to_owned(), ..Meta::default() };
        insert(
            &mut tx,
            &NewReceipt {
                id: &id,
                source,
                source_id,
                sha256: "",
                size: 0,
                meta: &meta,
                now,
                linked: None,
                state,
                reason: Some(reason),
                mail: None,
            },
        )
        .await?;
        if state == "review" {
            let document = super::queue::hold_receipt(&mut tx, now, &id, reason).await?;
            super::outbox::enqueue_held(&mut tx, &document, 1, &self.notify.admins, now).await?;
        }
        audit::append(&mut tx, now, MACHINE, "receive", &id, json!({"source": source, "sha256": "", "state": state}));
        tx.commit().await?;
        self.metrics.verdict(source, state);
        Ok(())
    }

    /// Whether nothing more is to be done for this input: it has a receipt, whatever its content, or a verdict that
    /// does not wait for a person (what could not be had may be had later).
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn seen(&self, source: &str, source_id: &str) -> Result<bool> {
        let n: i64 = scalar(
            "SELECT count(*) FROM receipt WHERE source = $1 AND source_id = $2 AND (sha256 <> '' OR state <> 'review')",
        )
        .bind(source)
        .bind(source_id)
        .fetch_one(self.db.reader())
        .await?;
        Ok(n > 0 || self.was_erased(source, source_id).await?.is_some())
    }
}

struct NewReceipt<'a> {
    id: &'a str,
    source: &'a str,
    source_id: &'a str,
    sha256: &'a str,
    size: i64,
    meta: &'a Meta,
    now: i64,
    linked: Option<&'a str>,
    state: &'a str,
    reason: Option<&'a str>,
    mail: Option<&'a str>,
}

/// The images of all pages of a reading; none where there is no page, or one without an image.
async fn page_images(tx: &mut Tx, reading: &str) -> Result<Option<Vec<String>>> {
    let rows =
        query("SELECT blob FROM page WHERE reading = $1 ORDER BY number").bind(reading).fetch_all(tx.conn()).await?;
    let images: Option<Vec<String>> = rows.iter().map(|r| r.get("blob")).collect();
    Ok(images.filter(|i| !i.is_empty()))
}

async fn insert(tx: &mut Tx, r: &NewReceipt<'_>) -> Result<()> {
    query(
        "INSERT INTO receipt (id, source, source_id, sha256, size, name, detail, received, updated, linked, state, reason,
                              mail)
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$8,$9,$10,$11,$12)",
    )
    .bind(r.id)
    .bind(r.source)
    .bind(r.source_id)
    .bind(r.sha256)
    .bind(r.size)
    .bind(if r.meta.name.is_empty() { r.source_id } else { &r.meta.name })
    .bind(serde_json::to_string(&r.meta.detail)?)
    .bind(r.now)
    .bind(r.linked)
    .bind(r.state)
    .bind(r.reason)
    .bind(r.mail)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An input that could not be read at first and now can: its verdict without bytes gives way to the new receipt.
async fn supersede_verdict(tx: &mut Tx, source: &str, source_id: &str, now: i64) -> Result<()> {
    const REASON: &str = "のちに受信できたため、新しい受信として処理しました";
    let old: Option<String> = scalar(
        "UPDATE receipt SET state = 'ignored', reason = $4, updated = $3
         WHERE source = $1 AND source_id = $2 AND sha256 = '' AND state = 'review' RETURNING id",
    )
    .bind(source)
    .bind(source_id)
    .bind(now)
    .bind(REASON)
    .fetch_optional(tx.conn())
    .await?;
    if let Some(old) = old {
        query(
            "UPDATE document SET state = 'ignored', reason = $2, updated = $3 WHERE receipt = $1 AND state = 'review'",
        )
        .bind(&old)
        .bind(REASON)
        .bind(now)
        .execute(tx.conn())
        .await?;
        audit::append(tx, now, MACHINE, "supersede", &old, json!({"source": source}));
    }
    Ok(())
}
