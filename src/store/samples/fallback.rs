//! Fields that fall back: where samples show that a field is wrong too often, it waits for a person again, at that hospital
//! or everywhere, until an administrator lifts it. What was found before it was lifted does not count again.

use std::collections::{HashMap, HashSet};

use serde_json::json;
use uuid::Uuid;

use super::super::db::{Row, Tx, query};
use super::super::letters::{self, Letter};
use super::super::{MACHINE, Result, Store, StoreError, audit, name_id};
use super::Sample;
use crate::figures::EVERYWHERE;
use crate::figures::interval::Sums;
use crate::model::Vocabulary;

/// One error may be chance, whatever the arithmetic of few samples says.
const ERRORS: i64 = 2;

/// A field that fell back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    pub id: String,
    pub field: String,
    /// As figures count; [`EVERYWHERE`].
    pub hospital: String,
    /// Milliseconds since 1970.
    pub since: i64,
    pub checked: i64,
    pub errors: i64,
    /// Lower end of the rate's interval then, parts of a million.
    pub lower: i64,
    /// When, by whom and why it was lifted.
    pub lifted: Option<(i64, String, String)>,
}

impl Store {
    /// Fields that wait for a person now, with the hospital that it is about or [`EVERYWHERE`].
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn fallen(&self) -> Result<HashSet<(String, String)>> {
        let rows = query("SELECT field, hospital FROM field_fallback WHERE lifted IS NULL")
            .fetch_all(self.db.reader())
            .await?;
        Ok(rows.iter().map(|r| (r.get("field"), r.get("hospital"))).collect())
    }

    /// What stands first, then what was lifted, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn fallbacks(&self, limit: i64) -> Result<Vec<Fallback>> {
        let rows = query(
            "SELECT id, field, hospital, since, checked, errors, lower, lifted, lifted_by, reason FROM field_fallback
             ORDER BY CASE WHEN lifted IS NULL THEN 0 ELSE 1 END, since DESC, id LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        let fallback = |r: &Row| Fallback {
            id: r.get("id"),
            field: r.get("field"),
            hospital: r.get("hospital"),
            since: r.get("since"),
            checked: r.get("checked"),
            errors: r.get("errors"),
            lower: r.get("lower"),
            lifted: r.get::<Option<i64>>("lifted").map(|at| {
                let text = |c| r.get::<Option<String>>(c).unwrap_or_default();
                (at, text("lifted_by"), text("reason"))
            }),
        };
        Ok(rows.iter().map(fallback).collect())
    }

    /// Lets a field be accepted by the machine again.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where no reason is given, or it does not stand any more.
    pub async fn lift_fallback(&self, id: &str, reason: &str, actor: &str) -> Result<()> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(StoreError::Refused("理由を入れてください".into()));
        }
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let row = query(
            "UPDATE field_fallback SET lifted = $2, lifted_by = $3, reason = $4 WHERE id = $1 AND lifted IS NULL
             RETURNING field, hospital",
        )
        .bind(id)
        .bind(now)
        .bind(actor)
        .bind(reason)
        .fetch_optional(tx.conn())
        .await?;
        let Some(row) = row else { return Err(StoreError::Refused("もう解除されています".into())) };
        let field: String = row.get("field");
        let detail = json!({"fallback": id, "hospital": row.get::<String>("hospital"), "reason": reason});
        audit::append(&mut tx, now, actor, "lift_fallback", &field, detail);
        tx.commit().await
    }
}

/// Looks whether a field is wrong too often, at a hospital first, then everywhere else; lets it fall back and tells the
/// administrators.
pub(super) async fn weigh(tx: &mut Tx, store: &Store, field: &str, sample: &Sample, now: i64) -> Result<()> {
    let hospital = sample.hospital.as_str();
    let label = sample.content.fields.get(field).map_or_else(|| Vocabulary::get().label(field), |f| f.label(field));
    let Some(limit) = store.sampling.map(|s| s.limit).filter(|l| *l > 0.0) else { return Ok(()) };
    tx.lock(&format!("fallback {field}")).await?;
    let mut stands = HashSet::new();
    let mut lifted: HashMap<String, i64> = HashMap::new();
    let rows = query("SELECT hospital, lifted FROM field_fallback WHERE field = $1");
    for r in &rows.bind(field).fetch_all(tx.conn()).await? {
        let of: String = r.get("hospital");
        match r.get::<Option<i64>>("lifted") {
            None => drop(stands.insert(of)),
            Some(at) => drop(lifted.entry(of).and_modify(|l| *l = (*l).max(at)).or_insert(at)),
        }
    }
    if stands.contains(EVERYWHERE) || stands.contains(hospital) {
        return Ok(());
    }
    let everywhere = lifted.get(EVERYWHERE).copied().unwrap_or(0);
    let (mut here, mut all) = (Sums::default(), Sums::default());
    let rows = query(
        "SELECT s.hospital, s.chance, s.drawn, x.verdict FROM sample_field x JOIN sample s ON s.document = x.document
         WHERE x.field = $1 AND x.verdict IN ('right', 'wrong')",
    );
    for r in &rows.bind(field).fetch_all(tx.conn()).await? {
        let of: String = r.get("hospital");
        let since = lifted.get(&of).copied().unwrap_or(0).max(everywhere);
        if r.get::<i64>("drawn") <= since || stands.contains(&of) {
            continue;
        }
        let wrong = r.get::<String>("verdict") == "wrong";
        all.add(r.get("chance"), wrong);
        if of == hospital {
            here.add(r.get("chance"), wrong);
        }
    }
    let beyond = |sums: &Sums| sums.errors >= ERRORS && sums.estimate().lower > limit;
    // One hospital's fault is not everybody's: what it alone did does not count for the others.
    let others = Sums {
        checked: all.checked - here.checked,
        errors: all.errors - here.errors,
        weight: all.weight - here.weight,
        squares: all.squares - here.squares,
        wrong: all.wrong - here.wrong,
    };
    if beyond(&here) {
        put(tx, store, (field, label), hospital, &here, now).await?;
    } else if beyond(&all) && others.errors > 0 {
        put(tx, store, (field, label), EVERYWHERE, &all, now).await?;
    }
    Ok(())
}

async fn put(
    tx: &mut Tx,
    store: &Store,
    (field, label): (&str, &str),
    hospital: &str,
    sums: &Sums,
    now: i64,
) -> Result<()> {
    let id = Uuid::now_v7().to_string();
    let lower = (sums.estimate().lower * 1e6) as i64;
    query(
        "INSERT INTO field_fallback (id, field, hospital, since, checked, errors, lower) VALUES ($1,$2,$3,$4,$5,$6,$7)",
    )
    .bind(&id)
    .bind(field)
    .bind(hospital)
    .bind(now)
    .bind(sums.checked)
    .bind(sums.errors)
    .bind(lower)
    .execute(tx.conn())
    .await?;
    let detail = json!({"fallback": id, "hospital": hospital, "checked": sums.checked, "errors": sums.errors,
                        "lower": lower});
    audit::append(tx, now, MACHINE, "fall_back", field, detail);
    let whose = if hospital == EVERYWHERE { "すべての発信元" } else { "1つの発信元" };
    let link = store.invites.as_ref().map(|i| format!("\n\n{}/admin/samples", i.base_url)).unwrap_or_default();
    for admin in &store.notify.admins {
        let letter = Letter {
            key: name_id(&["fallback", &id, admin]),
            recipient: admin.clone(),
            subject: format!("【faxbridge】項目「{label}」を人の確認に戻しました"),
            body: format!(
                "抜き取り検査で、項目「{label}」（{whose}）の誤りが許容値を超えました（{} 件中 {} 件）。\n\
                 この項目は今から自動では確定せず、人の確認を待ちます。原因を確かめ、直したら管理の画面で解除してください。{link}",
                sums.checked, sums.errors
            ),
            attached: None,
        };
        letters::put(tx, &letter, now).await?;
    }
    Ok(())
}
