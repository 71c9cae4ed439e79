//! A lost phone: one administrator asks for a new start of an account, another one agrees. Whoever holds one
//! administrator's session alone can take over nobody.

use serde_json::json;
use uuid::Uuid;

use super::accounts::{INVITED_MS, current};
use super::db::{Row, query, scalar};
use super::letters::{self, Letter};
use super::{Result, Store, StoreError, audit, sessions};
use crate::account::{Role, Roles};

/// A recovery that waits for the second administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    pub id: String,
    /// Whose account it is, by id.
    pub account: String,
    /// Login and name of that account.
    pub login: String,
    pub name: String,
    /// Who asked, by id and login.
    pub asked_by: String,
    pub asker: String,
    pub asked: i64,
}

impl Store {
    /// Recoveries that wait, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn recoveries(&self) -> Result<Vec<Recovery>> {
        let rows = query(
            "SELECT r.id, r.account, a.login, a.name, r.asked_by, b.login AS asker, r.asked FROM recovery r
             JOIN account a ON a.id = r.account JOIN account b ON b.id = r.asked_by WHERE r.ended IS NULL
             ORDER BY r.asked, r.id",
        )
        .fetch_all(self.db.reader())
        .await?;
        let recovery = |r: &Row| Recovery {
            id: r.get("id"),
            account: r.get("account"),
            login: r.get("login"),
            name: r.get("name"),
            asked_by: r.get("asked_by"),
            asker: r.get("asker"),
            asked: r.get("asked"),
        };
        Ok(rows.iter().map(recovery).collect())
    }

    /// Asks for a new start of `account`; the administrator `by` cannot agree to it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is no such account in force.
    pub async fn ask_recovery(&self, account: &str, by: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let (whose, who) = (current(&mut tx, account).await?, current(&mut tx, by).await?);
        if whose.disabled.is_some() {
            return Err(StoreError::Refused("停止中の利用者です".into()));
        }
        query("INSERT INTO recovery (id, account, asked_by, asked) VALUES ($1,$2,$3,$4) ON CONFLICT DO NOTHING")
            .bind(Uuid::now_v7().to_string())
            .bind(account)
            .bind(by)
            .bind(now)
            .execute(tx.conn())
            .await?;
        audit::append(&mut tx, now, &who.login, "ask_recovery", &whose.login, json!({}));
        tx.commit().await
    }

    /// The second administrator agrees: the account's holder is sent `letter` with the ticket `recover`. What they signed
    /// in with so far is good until that ticket is used.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where it is the one who asked, or whose account it is, or it has ended.
    pub async fn agree_recovery(&self, id: &str, by: &str, recover: &str, letter: &Letter) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let row = query("SELECT account, asked_by FROM recovery WHERE id = $1 AND ended IS NULL")
            .bind(id)
            .fetch_optional(tx.conn())
            .await?
            .ok_or_else(|| StoreError::Refused("その再設定の依頼はもうありません".into()))?;
        let (account, asked_by): (String, String) = (row.get("account"), row.get("asked_by"));
        if by == asked_by || by == account {
            return Err(StoreError::Refused(
                "依頼した管理者、または本人は承認できません。別の管理者が承認してください".into(),
            ));
        }
        let (whose, who) = (current(&mut tx, &account).await?, current(&mut tx, by).await?);
        if !who.roles.has(Role::Admin) {
            return Err(StoreError::Refused("承認できるのはシステム管理者だけです".into()));
        }
        end(&mut tx, id, by, true, now).await?;
        sessions::forget_tickets(&mut tx, &account).await?;
        sessions::issue(&mut tx, recover, "recover", Some(&account), &json!({}), now, INVITED_MS).await?;
        letters::put(&mut tx, letter, now).await?;
        audit::append(&mut tx, now, &who.login, "agree_recovery", &whose.login, json!({}));
        tx.commit().await?;
        self.wake_all();
        Ok(())
    }

    /// Refuses a recovery, or takes it back.
    ///
    /// # Errors
    /// The database refused.
    pub async fn refuse_recovery(&self, id: &str, by: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let who = current(&mut tx, by).await?;
        end(&mut tx, id, by, false, now).await?;
        audit::append(&mut tx, now, &who.login, "refuse_recovery", id, json!({}));
        tx.commit().await
    }

    /// A new start on the word of whoever has the console, who can read the database anyhow: for a site with one
    /// administrator.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is no such account in force.
    pub async fn recover_from_console(&self, login: &str, recover: &str, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let id: Option<String> = scalar("SELECT id FROM account WHERE login = $1 AND disabled IS NULL")
            .bind(login)
            .fetch_optional(tx.conn())
            .await?;
        let id = id.ok_or_else(|| StoreError::Refused("その利用者はいないか、停止中です".into()))?;
        sessions::forget_tickets(&mut tx, &id).await?;
        sessions::issue(&mut tx, recover, "recover", Some(&id), &json!({}), now, INVITED_MS).await?;
        audit::append(&mut tx, now, actor, "recover_from_console", login, json!({}));
        tx.commit().await
    }

    /// How many administrators there are: two are needed for a recovery.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn administrators(&self) -> Result<usize> {
        let roles: Vec<String> =
            scalar("SELECT roles FROM account WHERE disabled IS NULL").fetch_all(self.db.reader()).await?;
        Ok(roles.iter().filter(|r| Roles::parse(r).has(Role::Admin)).count())
    }
}

async fn end(tx: &mut super::db::Tx, id: &str, by: &str, agreed: bool, now: i64) -> Result<()> {
    query("UPDATE recovery SET ended_by = $2, ended = $3, agreed = $4 WHERE id = $1 AND ended IS NULL")
        .bind(id)
        .bind(by)
        .bind(now)
        .bind(i64::from(agreed))
        .execute(tx.conn())
        .await?;
    Ok(())
}
