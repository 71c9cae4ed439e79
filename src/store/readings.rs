//! Readings: what was read on the pages of a content, as a blob, with the images of its pages.

use std::collections::HashMap;

use super::db::{Tx, query};
use super::{Result, Store, StoreError, name_id};
use crate::model::Reader;
use crate::reading::{self, Reading};

impl Store {
    /// Keeps a reading that was put together of others, with the blobs of its pages' images; returns its id.
    pub(super) async fn keep_joined(
        &self,
        content: &str,
        reading: &Reading,
        images: &[Option<String>],
        reader: &Reader,
    ) -> Result<String> {
        let kept = self.put_blob(reading.to_bytes()).await?;
        let mut tx = self.db.begin().await?;
        let id = record(&mut tx, content, reading, &kept, images, reader, self.now()).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// The newest reading of a content: its id, who read it, and the reading.
    ///
    /// # Errors
    /// None was made, or it is damaged or of another version.
    pub async fn reading(&self, sha256: &str) -> Result<(String, Reader, Reading)> {
        let row = query("SELECT id, reader, blob FROM reading WHERE sha256 = $1 ORDER BY at DESC, id LIMIT 1")
            .bind(sha256)
            .fetch_optional(self.db.reader())
            .await?
            .ok_or_else(|| StoreError::Damaged("there is no reading of this content".into()))?;
        let reading = self.kept(&row.get::<String>("blob")).await?;
        Ok((row.get("id"), serde_json::from_str(&row.get::<String>("reader"))?, reading))
    }

    /// The reading in a blob.
    pub(super) async fn kept(&self, blob: &str) -> Result<Reading> {
        Reading::from_bytes(&self.blob(blob).await?).map_err(|e| StoreError::Damaged(e.to_string()))
    }

    /// The blobs of a reading's page images, by page number; a page without one is not among them.
    pub(super) async fn page_images(&self, reading: &str) -> Result<HashMap<i64, String>> {
        let rows = query("SELECT number, blob FROM page WHERE reading = $1 AND blob IS NOT NULL")
            .bind(reading)
            .fetch_all(self.db.reader())
            .await?;
        Ok(rows.iter().map(|r| (r.get("number"), r.get("blob"))).collect())
    }
}

/// Writes a reading down, with its pages; again the same changes nothing.
pub(super) async fn record(
    tx: &mut Tx,
    content: &str,
    reading: &Reading,
    kept: &str,
    images: &[Option<String>],
    reader: &Reader,
    now: i64,
) -> Result<String> {
    let reader = serde_json::to_string(&Reader { rules: String::new(), ..reader.clone() })?;
    let version = i64::from(reading::VERSION);
    let id = name_id(&["reading", content, &reader, &version.to_string()]);
    query(
        "INSERT INTO reading (id, sha256, reader, version, blob, at, message_id) VALUES ($1,$2,$3,$4,$5,$6,$7)
         ON CONFLICT (sha256, reader, version) DO UPDATE SET blob = excluded.blob, at = excluded.at",
    )
    .bind(&id)
    .bind(content)
    .bind(&reader)
    .bind(version)
    .bind(kept)
    .bind(now)
    .bind(reading.mail.as_ref().and_then(|m| m.message_id.as_deref()))
    .execute(tx.conn())
    .await?;
    for (i, page) in reading.pages.iter().enumerate() {
        query(
            "INSERT INTO page (reading, number, blob, width, height, blank, failed) VALUES ($1,$2,$3,$4,$5,$6,$7)
             ON CONFLICT (reading, number) DO UPDATE SET blob = excluded.blob, width = excluded.width,
             height = excluded.height, blank = excluded.blank, failed = excluded.failed",
        )
        .bind(&id)
        .bind(i64::from(page.number))
        .bind(images.get(i).cloned().flatten())
        .bind(i64::from(page.width))
        .bind(i64::from(page.height))
        .bind(i64::from(page.blank))
        .bind(&page.failed)
        .execute(tx.conn())
        .await?;
    }
    Ok(id)
}
