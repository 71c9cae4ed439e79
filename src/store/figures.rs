//! One row for each sheet with what figures count of it, written in the transactions of what it tells. Keys, times and
//! counts only: it outlives the sheet.

use std::collections::BTreeMap;

use super::db::{Tx, query, scalar};
use super::review::{Edit, TYPE};
use super::statistics::days::changed_row;
use super::{Result, Store};
use crate::completeness::{self, How, Look};
use crate::figures;
use crate::model::{Document, Status};
use crate::reading::Reading;
use crate::register::CANARY_ROOM;

/// Follows a revision that was frozen: the first makes the row. Canaries have none.
pub(super) async fn frozen(
    tx: &mut Tx,
    document: &str,
    number: i64,
    doc: &Document,
    room: Option<&str>,
    now: i64,
) -> Result<()> {
    if room == Some(CANARY_ROOM) {
        return Ok(());
    }
    let (hospital, discharge) = (figures::hospital(doc), doc.accepted("encounter.discharge_date"));
    if number > 1 {
        let row =
            query("UPDATE figure SET hospital = $2, kind = $3, discharge = $4 WHERE document = $1 RETURNING received")
                .bind(document)
                .bind(hospital)
                .bind(&doc.kind)
                .bind(discharge)
                .fetch_optional(tx.conn())
                .await?;
        return changed_row(tx, row, now).await;
    }
    let unsure = doc.fields.values().filter(|f| f.status == Status::Review).count();
    let row = query(
        "INSERT INTO figure (document, hospital, kind, received, discharge, fields, unsure)
         SELECT d.id, $2, $3, r.received, $4, $5, $6 FROM document d JOIN receipt r ON r.id = d.receipt WHERE d.id = $1
         ON CONFLICT (document) DO NOTHING RETURNING received",
    )
    .bind(document)
    .bind(hospital)
    .bind(&doc.kind)
    .bind(discharge)
    .bind(doc.fields.len() as i64)
    .bind(unsure as i64)
    .fetch_optional(tx.conn())
    .await?;
    changed_row(tx, row, now).await
}

/// It stands in a room; the first time counts. What stands there in its first revision no person had in hand.
pub(super) async fn posted(tx: &mut Tx, document: &str, revision: i64, now: i64) -> Result<()> {
    let row =
        query("UPDATE figure SET posted = $2, machine = $3 WHERE document = $1 AND posted IS NULL RETURNING received")
            .bind(document)
            .bind(now)
            .bind(i64::from(revision == 1))
            .fetch_optional(tx.conn())
            .await?;
    changed_row(tx, row, now).await
}

/// Somebody was told of it; the first time counts.
pub(super) async fn noticed(tx: &mut Tx, document: &str, now: i64) -> Result<()> {
    let row = query("UPDATE figure SET noticed = $2 WHERE document = $1 AND noticed IS NULL RETURNING received")
        .bind(document)
        .bind(now)
        .fetch_optional(tx.conn())
        .await?;
    changed_row(tx, row, now).await
}

/// A person opened it in its room; the first time counts.
pub(super) async fn opened(tx: &mut Tx, document: &str, now: i64) -> Result<()> {
    let row = query("UPDATE figure SET opened = $2 WHERE document = $1 AND opened IS NULL RETURNING received")
        .bind(document)
        .bind(now)
        .fetch_optional(tx.conn())
        .await?;
    changed_row(tx, row, now).await
}

/// What a person said of the fields of a revision makes the next one, of this number. The last word on a field counts.
pub(super) async fn corrected(
    tx: &mut Tx,
    document: &str,
    number: i64,
    before: &Document,
    decided: &[(String, Edit)],
    now: i64,
) -> Result<()> {
    let last: BTreeMap<&str, &Edit> = decided.iter().map(|(key, edit)| (key.as_str(), edit)).collect();
    for (key, edit) in last {
        let sure = key == TYPE || before.fields.get(key).is_some_and(|f| f.status == Status::Accepted);
        query(
            "INSERT INTO correction (document, revision, field, how, sure, at) VALUES ($1,$2,$3,$4,$5,$6)
             ON CONFLICT (document, revision, field) DO NOTHING",
        )
        .bind(document)
        .bind(number)
        .bind(key)
        .bind(edit.word())
        .bind(i64::from(sure))
        .bind(now)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// What a sheet carries of its national form, as it was received. Canaries have no row.
pub(super) async fn looked(tx: &mut Tx, document: &str, look: &Look, now: i64) -> Result<()> {
    let required = look.required.as_deref();
    let there = required.map(|all| all.iter().filter(|(_, how)| *how == How::There).count() as i64);
    let row = query("UPDATE figure SET legible = $2, wanted = $3, there = $4 WHERE document = $1 RETURNING received")
        .bind(document)
        .bind(look.legible)
        .bind(required.map(|all| all.len() as i64))
        .bind(there)
        .fetch_optional(tx.conn())
        .await?;
    let known = row.is_some();
    changed_row(tx, row, now).await?;
    for (item, how) in required.unwrap_or_default().iter().filter(|(_, how)| known && *how != How::There) {
        query("INSERT INTO lack (document, item, how) VALUES ($1,$2,$3) ON CONFLICT (document, item) DO NOTHING")
            .bind(document)
            .bind(item)
            .bind(how.as_str())
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

/// Key in `meta`: the last document from before [`looked`] that was looked at.
const BACK: &str = "looked_back";
/// Stands there once all were.
const ALL: &str = "all";

impl Store {
    /// Looks at sheets from before it was looked for what a sheet carries, in the order of their ids, at most so many; how
    /// many there were. None once all were looked at. A sheet whose reading is gone, or of an older form, stays unknown.
    ///
    /// # Errors
    /// The database refused.
    pub async fn look_back(&self, most: i64) -> Result<usize> {
        let seen: Option<String> =
            scalar("SELECT value FROM meta WHERE key = $1").bind(BACK).fetch_optional(self.db.reader()).await?;
        let seen = seen.unwrap_or_default();
        if seen == ALL {
            return Ok(0);
        }
        let rows = query(
            "SELECT f.document, v.content, g.blob FROM figure f JOIN document d ON d.id = f.document
             JOIN revision v ON v.document = f.document AND v.number = 1 JOIN reading g ON g.id = d.reading
             WHERE f.document > $1 AND f.legible IS NULL AND f.wanted IS NULL AND d.part IS NULL
             ORDER BY f.document LIMIT $2",
        )
        .bind(&seen)
        .bind(most)
        .fetch_all(self.db.reader())
        .await?;
        let mut looks = Vec::new();
        for r in &rows {
            let document: Document = serde_json::from_str(r.get("content"))?;
            let reading = self.blob(r.get("blob")).await.ok().and_then(|b| Reading::from_bytes(&b).ok());
            let look = reading.map(|reading| completeness::look(&document, &reading.pages));
            looks.push((r.get::<String>("document"), look));
        }
        let now = self.now();
        let mut tx = self.db.begin().await?;
        for (id, look) in &looks {
            if let Some(look) = look {
                looked(&mut tx, id, look, now).await?;
            }
        }
        query("INSERT INTO meta (key, value) VALUES ($1,$2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
            .bind(BACK)
            .bind(looks.last().map_or(ALL, |l| l.0.as_str()))
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(looks.len())
    }
}

/// Items that a sheet lacks, and whether they could not be read.
pub type Lacking = Vec<(String, bool)>;

impl Store {
    /// Required items of its national form that a sheet lacked as it was received, and whether they could not be read; none
    /// where it was not looked at, or has no such form.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn lacking(&self, document: &str) -> Result<Option<Lacking>> {
        let mut tx = self.db.snapshot().await?;
        let wanted: Option<Option<i64>> =
            scalar("SELECT wanted FROM figure WHERE document = $1").bind(document).fetch_optional(tx.conn()).await?;
        if wanted.flatten().is_none() {
            return Ok(None);
        }
        let rows = query("SELECT item, how FROM lack WHERE document = $1 ORDER BY item")
            .bind(document)
            .fetch_all(tx.conn())
            .await?;
        Ok(Some(rows.iter().map(|r| (r.get("item"), r.get::<String>("how") == "unreadable")).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::db::composed;
    use super::super::tests::{Bench, bench, sheet};
    use crate::store::State;
    use crate::store::db::{Row, query};
    use crate::store::outbox::Outcome;
    use crate::store::review::Edit;

    async fn rows(b: &Bench) -> Vec<Vec<String>> {
        let mut tx = b.store.db.snapshot().await.expect("snapshot");
        let rows = query("SELECT * FROM figure ORDER BY document").fetch_all(tx.conn()).await.expect("rows");
        let int = |r: &Row, c: &str| format!("{c} {:?}", r.get::<Option<i64>>(c));
        let row = |r: &Row| {
            let text =
                ["document", "hospital", "kind", "discharge"].map(|c| format!("{:?}", r.get::<Option<String>>(c)));
            let ints =
                ["received", "posted", "machine", "again", "noticed", "opened", "fields", "unsure"].map(|c| int(r, c));
            text.into_iter().chain(ints).collect()
        };
        rows.iter().map(row).collect()
    }

    /// A sheet from before it was looked for what it carries is looked at from its kept reading, once.
    #[tokio::test]
    async fn sheets_from_before_are_looked_at_from_their_readings() {
        let b = bench().await;
        for n in 0..3 {
            b.receive("scan", &format!("{n}.tif"), format!("{n}").as_bytes()).await;
            b.through(&[sheet(State::Posted, Some("R-0001"))]).await;
        }
        let id = b.store.timeline("R-0001", 9).await.expect("timeline").remove(0).document;
        assert_eq!(b.store.lacking(&id).await.expect("read"), None, "the bench looks at nothing");
        assert_eq!(b.store.look_back(2).await.expect("looked"), 2);
        assert_eq!(b.store.look_back(2).await.expect("looked"), 1);
        assert_eq!(b.store.look_back(2).await.expect("looked"), 0);
        let lacking = b.store.lacking(&id).await.expect("read").expect("known now");
        let lacks = |item: &str| lacking.iter().any(|(i, _)| i == item);
        assert!(lacks("referral/birth") && !lacks("referral/name"), "{lacking:?}");
        // Those that come from now on are looked at as they come.
        b.receive("scan", "new.tif", b"new").await;
        b.through(&[sheet(State::Posted, Some("R-0002"))]).await;
        assert_eq!(b.store.look_back(2).await.expect("looked"), 0);
    }

    /// What the migration makes of a store from before is what would have been written.
    #[tokio::test]
    async fn sheets_from_before_are_counted_alike() {
        let b = bench().await;
        b.receive("scan", "a.tif", b"one").await;
        let mut known = sheet(State::Posted, Some("R-0001"));
        known.document.sender_id = Some("I-1".into());
        b.through(&[known, sheet(State::Posted, Some("R-0002"))]).await;
        b.receive("scan", "b.tif", b"two").await;
        b.through(&[sheet(State::Review, None), sheet(State::Review, None)]).await;
        b.pass(1_000);
        let held = b.store.review_list(5).await.expect("list").remove(0).document;
        b.store.choose_room(&held, "R-0001", "p").await.expect("posted by a person");
        b.store
            .confirm_fields(&held, 2, &[("sender.institution".into(), Edit::Confirm)], "p")
            .await
            .expect("confirmed");
        b.pass(1_000);
        while let Some(d) = b.store.claim_delivery("mail", 60_000).await.expect("claim") {
            b.store.commit_delivery(&d, &Outcome::Sent { remote: "x".into() }).await.expect("commit");
            b.pass(1_000);
        }
        let nurse = b.store.demo_account("viewer").await.expect("an account");
        b.store.open_sheet(&nurse, &held, 3).await.expect("read");
        let written = rows(&b).await;
        assert_eq!(written.len(), 4);
        assert!(written.iter().flatten().any(|c| c == "\"~柏病院\"" || c == "Some(\"~柏病院\")"), "{written:?}");

        let mut tx = b.store.db.begin().await.expect("begin");
        query("DELETE FROM figure").execute(tx.conn()).await.expect("none");
        let all = tx.choose(
            include_str!("../../migrations/sqlite/0012_figures.sql"),
            include_str!("../../migrations/postgres/0012_figures.sql"),
        );
        let (_, fill) = all.split_once("INSERT INTO figure").expect("the migration fills it");
        let fill = format!("INSERT INTO figure{}", fill.trim().trim_end_matches(';'));
        composed(fill).execute(tx.conn()).await.expect("filled");
        tx.commit().await.expect("commit");
        assert_eq!(rows(&b).await, written);
    }
}
