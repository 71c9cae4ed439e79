//! Who has read what (既読): by person, also where several share the mailbox of their office.

use std::collections::{HashMap, HashSet};

use serde_json::json;

use super::accounts::Account;
use super::db::{Row, query, scalar};
use super::{Result, Store, audit, registers};

/// Somebody who has opened a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub account: String,
    pub name: String,
    pub mailbox: String,
    /// When it was opened first and last, milliseconds since 1970.
    pub first: i64,
    pub last: i64,
    /// The newest revision that they saw.
    pub revision: i64,
}

/// A member of a room: an address, and the people who use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub mailbox: String,
    /// Account and name; empty where nobody has an account for it.
    pub people: Vec<(String, String)>,
}

impl Store {
    /// Notes that a person opened a posted sheet, with the audit row of it.
    ///
    /// # Errors
    /// The database refused; then the sheet must not be shown.
    pub async fn open_sheet(&self, account: &Account, document: &str, revision: i64) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        query(
            "INSERT INTO seen (document, account, first, last, revision) VALUES ($1,$2,$3,$3,$4)
             ON CONFLICT (document, account) DO UPDATE SET last = excluded.last, revision = excluded.revision",
        )
        .bind(document)
        .bind(&account.id)
        .bind(now)
        .bind(revision)
        .execute(tx.conn())
        .await?;
        super::figures::opened(&mut tx, document, now).await?;
        audit::append(&mut tx, now, &account.login, "read", document, json!({}));
        tx.commit().await
    }

    /// Who has opened these sheets, by sheet, the first one first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn readings(&self, documents: &[String]) -> Result<HashMap<String, Vec<Reading>>> {
        let mut tx = self.db.snapshot().await?;
        let sql = tx.choose(
            "SELECT s.document, s.account, s.first, s.last, s.revision, a.name, a.mailbox FROM seen s
             JOIN account a ON a.id = s.account WHERE s.document IN (SELECT value FROM json_each($1))
             ORDER BY s.first, s.account",
            "SELECT s.document, s.account, s.first, s.last, s.revision, a.name, a.mailbox FROM seen s
             JOIN account a ON a.id = s.account
             WHERE s.document IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb))) ORDER BY s.first, s.account",
        );
        let rows = query(sql).bind(serde_json::to_string(documents)?).fetch_all(tx.conn()).await?;
        let mut out: HashMap<String, Vec<Reading>> = HashMap::new();
        let reading = |r: &Row| Reading {
            account: r.get("account"),
            name: r.get("name"),
            mailbox: r.get("mailbox"),
            first: r.get("first"),
            last: r.get("last"),
            revision: r.get("revision"),
        };
        for r in &rows {
            out.entry(r.get("document")).or_default().push(reading(r));
        }
        Ok(out)
    }

    /// Those of these sheets that a person has opened.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn read_by(&self, account: &Account, documents: &[String]) -> Result<HashSet<String>> {
        let mut tx = self.db.snapshot().await?;
        let sql = tx.choose(
            "SELECT document FROM seen WHERE account = $2 AND document IN (SELECT value FROM json_each($1))",
            "SELECT document FROM seen WHERE account = $2
             AND document IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))",
        );
        let read: Vec<String> =
            scalar(sql).bind(serde_json::to_string(documents)?).bind(&account.id).fetch_all(tx.conn()).await?;
        Ok(read.into_iter().collect())
    }

    /// The present members of a room with the people behind their addresses.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn people_of(&self, room: &str) -> Result<Vec<Member>> {
        let now = self.now();
        let mut tx = self.db.snapshot().await?;
        let mut out = Vec::new();
        for mailbox in registers::members_at(&mut tx, room, now).await? {
            let rows = query(
                "SELECT id, name FROM account WHERE lower(mailbox) = lower($1) AND disabled IS NULL ORDER BY name, id",
            )
            .bind(&mailbox)
            .fetch_all(tx.conn())
            .await?;
            out.push(Member { people: rows.iter().map(|r| (r.get("id"), r.get("name"))).collect(), mailbox });
        }
        Ok(out)
    }
}
