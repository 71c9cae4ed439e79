//! Tokens of the API. They are kept as SHA-256, as sessions are; each belongs to an account and ends with it.

use serde_json::json;
use uuid::Uuid;

use super::accounts::{self, Account};
use super::db::{Row, query, scalar};
use super::{Result, Store, StoreError, audit};
use crate::account::scope::Scopes;
use crate::account::token;

/// Tokens that one account can have at a time.
const MOST: i64 = 20;
/// The longest that one can be good for, milliseconds.
pub const LONGEST_MS: i64 = 366 * 86_400_000;
/// What a token begins with, so that one that lies about is known for what it is.
const MARK: &str = "fbx_";

/// A token in the list of one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLine {
    pub id: String,
    pub label: String,
    pub scopes: Scopes,
    /// Milliseconds since 1970.
    pub created: i64,
    pub until: i64,
    pub used: Option<i64>,
}

/// Who holds a token.
#[derive(Debug, Clone)]
pub struct Bearer {
    pub account: Account,
    pub token: String,
    pub scopes: Scopes,
}

impl Store {
    /// An account's tokens that are good now, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn tokens(&self, account: &str) -> Result<Vec<TokenLine>> {
        let rows = query(
            "SELECT id, label, scopes, created, until, used FROM token WHERE account = $1 AND until > $2
             ORDER BY created DESC, id",
        )
        .bind(account)
        .bind(self.now())
        .fetch_all(self.db.reader())
        .await?;
        let line = |r: &Row| TokenLine {
            id: r.get("id"),
            label: r.get("label"),
            scopes: Scopes::parse(r.get("scopes")),
            created: r.get("created"),
            until: r.get("until"),
            used: r.get("used"),
        };
        Ok(rows.iter().map(line).collect())
    }

    /// A new token, good for `ms` milliseconds: what its holder is to have. It cannot be asked for again.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the account has too many; the database refused.
    pub async fn make_token(&self, account: &Account, label: &str, scopes: Scopes, ms: i64) -> Result<String> {
        let (now, token) = (self.now(), format!("{MARK}{}", token::new()));
        let mut tx = self.db.begin().await?;
        accounts::current(&mut tx, &account.id).await?;
        query("DELETE FROM token WHERE until <= $1").bind(now).execute(tx.conn()).await?;
        let n: i64 =
            scalar("SELECT count(*) FROM token WHERE account = $1").bind(&account.id).fetch_one(tx.conn()).await?;
        if n >= MOST {
            return Err(StoreError::Refused("トークンが多すぎます。使っていないものを消してください".into()));
        }
        let (id, until) = (Uuid::new_v4().to_string(), now + ms.clamp(1, LONGEST_MS));
        query("INSERT INTO token (id, hash, account, label, scopes, created, until) VALUES ($1,$2,$3,$4,$5,$6,$7)")
            .bind(&id)
            .bind(token::hash(&token))
            .bind(&account.id)
            .bind(label)
            .bind(scopes.to_string())
            .bind(now)
            .bind(until)
            .execute(tx.conn())
            .await?;
        let detail = json!({"token": id, "scopes": scopes.to_string(), "until": until});
        audit::append(&mut tx, now, &account.login, "make_token", &account.login, detail);
        tx.commit().await?;
        Ok(token)
    }

    /// Ends a token of an account.
    ///
    /// # Errors
    /// The database refused.
    pub async fn drop_token(&self, account: &Account, id: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let done = query("DELETE FROM token WHERE id = $1 AND account = $2")
            .bind(id)
            .bind(&account.id)
            .execute(tx.conn())
            .await?;
        if done > 0 {
            audit::append(&mut tx, self.now(), &account.login, "drop_token", &account.login, json!({"token": id}));
        }
        tx.commit().await
    }

    /// Who holds a token that is good now.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn bearer(&self, given: &str) -> Result<Option<Bearer>> {
        let now = self.now();
        let row = query("SELECT id, account, scopes, until, used FROM token WHERE hash = $1")
            .bind(token::hash(given))
            .fetch_optional(self.db.reader())
            .await?;
        let Some(row) = row.filter(|r| r.get::<i64>("until") > now) else { return Ok(None) };
        let Some(account) = self.account(row.get("account")).await?.filter(|a| a.disabled.is_none()) else {
            return Ok(None);
        };
        let (id, used): (String, Option<i64>) = (row.get("id"), row.get("used"));
        // Not with every request of a program that asks many times a second.
        if used.is_none_or(|u| now - u > 60_000) {
            let mut tx = self.db.begin().await?;
            query("UPDATE token SET used = $2 WHERE id = $1").bind(&id).bind(now).execute(tx.conn()).await?;
            tx.commit().await?;
        }
        Ok(Some(Bearer { account, token: id, scopes: Scopes::parse(row.get("scopes")) }))
    }
}
