//! Accounts; what they sign in with: [`credentials`]. Each change has its audit row, in the same transaction; actors are logins.

mod credentials;

use std::collections::HashSet;

use serde_json::json;
use uuid::Uuid;

use super::db::{Row, Tx, query, scalar};
use super::letters::{self, Letter};
use super::{MACHINE, Result, Store, StoreError, audit, sessions};
use crate::account::{Lang, Role, Roles};
pub use credentials::{Credential, Kind, Proof};

/// How long an invitation and a recovery can be used.
pub const INVITED_MS: i64 = 72 * 3_600_000;

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Uuid; also the user handle of its passkeys.
    pub id: String,
    /// Mail address in lower case; what the audit log knows them by.
    pub login: String,
    pub name: String,
    pub roles: Roles,
    /// Address that rooms know this person by: the own one, or the office's.
    pub mailbox: String,
    pub lang: Lang,
    /// Milliseconds since 1970.
    pub created: i64,
    pub disabled: Option<i64>,
}

/// An account to be.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub login: String,
    pub name: String,
    pub roles: Roles,
    pub mailbox: String,
    pub lang: Lang,
}

/// One account more or less than these columns, and nothing else, makes an [`Account`].
macro_rules! account {
    ($rest:literal) => {
        concat!("SELECT id, login, name, roles, mailbox, language, created, disabled FROM account ", $rest)
    };
}

fn account(r: &Row) -> Account {
    Account {
        id: r.get("id"),
        login: r.get("login"),
        name: r.get("name"),
        roles: Roles::parse(r.get("roles")),
        mailbox: r.get("mailbox"),
        lang: Lang::parse(r.get("language")),
        created: r.get("created"),
        disabled: r.get("disabled"),
    }
}

impl Store {
    /// All accounts, those in force first, by login.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        let rows = query(account!("ORDER BY CASE WHEN disabled IS NULL THEN 0 ELSE 1 END, login"))
            .fetch_all(self.db.reader())
            .await?;
        Ok(rows.iter().map(account).collect())
    }

    /// Accounts that have chosen nothing to sign in with yet.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn without_credentials(&self) -> Result<HashSet<String>> {
        let ids: Vec<String> =
            scalar("SELECT id FROM account a WHERE NOT EXISTS (SELECT 1 FROM credential c WHERE c.account = a.id)")
                .fetch_all(self.db.reader())
                .await?;
        Ok(ids.into_iter().collect())
    }

    /// # Errors
    /// The database cannot be read.
    pub async fn account(&self, id: &str) -> Result<Option<Account>> {
        let row = query(account!("WHERE id = $1")).bind(id).fetch_optional(self.db.reader()).await?;
        Ok(row.as_ref().map(account))
    }

    /// # Errors
    /// The database cannot be read.
    pub async fn account_by_login(&self, login: &str) -> Result<Option<Account>> {
        let row = query(account!("WHERE login = $1")).bind(login).fetch_optional(self.db.reader()).await?;
        Ok(row.as_ref().map(account))
    }

    /// The fictional person of the demo who has this role, made at the first use: mailbox and name are those of
    /// `samples/registers`.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is no such role.
    pub async fn demo_account(&self, role: &str) -> Result<Account> {
        let (roles, name) = match Role::parse(role) {
            Some(Role::Viewer) => (Role::Viewer.into(), "訪問看護師（デモ）"),
            Some(Role::Reviewer) => ([Role::Viewer, Role::Reviewer].into_iter().collect(), "確認担当（デモ）"),
            Some(Role::Rules) => ([Role::Reviewer, Role::Rules].into_iter().collect(), "読み取りルール管理者（デモ）"),
            Some(Role::Admin) => (Role::Admin.into(), "システム管理者（デモ）"),
            None => return Err(StoreError::Refused("その役割はありません".into())),
        };
        let login = format!("{role}@demo.invalid");
        let now = self.now();
        let mut tx = self.db.begin().await?;
        tx.lock("accounts").await?;
        let row = query(account!("WHERE login = $1")).bind(&login).fetch_optional(tx.conn()).await?;
        if let Some(row) = row {
            return Ok(account(&row));
        }
        // Whoever is a member of most rooms shows most.
        let mailbox: Option<String> =
            scalar("SELECT mail FROM member WHERE ended IS NULL GROUP BY mail ORDER BY count(*) DESC, mail LIMIT 1")
                .fetch_optional(tx.conn())
                .await?;
        let mailbox = mailbox.unwrap_or_else(|| login.clone());
        let new = NewAccount { login, name: name.into(), roles, mailbox, lang: Lang::Ja };
        let id = insert(&mut tx, &new, now).await?;
        audit::append(&mut tx, now, MACHINE, "demo_account", &new.login, json!({"roles": roles.to_string()}));
        let made = current(&mut tx, &id).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Addresses that rooms know their members by.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn mailboxes(&self) -> Result<Vec<String>> {
        scalar("SELECT DISTINCT mail FROM member WHERE ended IS NULL ORDER BY mail").fetch_all(self.db.reader()).await
    }

    /// Whether nobody has an account yet.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn is_unowned(&self) -> Result<bool> {
        let n: i64 = scalar("SELECT count(*) FROM account").fetch_one(self.db.reader()).await?;
        Ok(n == 0)
    }

    /// Makes the code good that the first set-up asks for, for `ms` milliseconds; an earlier one no longer is.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where somebody has an account; the database refused.
    pub async fn set_up_with(&self, code: &str, ms: i64, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        tx.lock("accounts").await?;
        unowned(&mut tx).await?;
        query("DELETE FROM ticket WHERE purpose = 'setup'").execute(tx.conn()).await?;
        sessions::issue(&mut tx, code, "setup", None, &json!({}), now, ms).await?;
        audit::append(&mut tx, now, actor, "setup_code", "accounts", json!({}));
        tx.commit().await
    }

    /// The first account, with every role; its holder goes on with the ticket `enrol`.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the code is not good, or somebody has an account.
    pub async fn set_up(&self, code: &str, new: &NewAccount, enrol: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        tx.lock("accounts").await?;
        unowned(&mut tx).await?;
        if sessions::redeem(&mut tx, code, "setup", now).await?.is_none() {
            return Err(StoreError::Refused("コードが違うか、期限が切れています".into()));
        }
        let id = insert(&mut tx, new, now).await?;
        sessions::issue(&mut tx, enrol, "enrol", Some(&id), &json!({}), now, INVITED_MS).await?;
        audit::append(&mut tx, now, &new.login, "set_up", &new.login, json!({"roles": new.roles.to_string()}));
        tx.commit().await
    }

    /// An account whose holder is sent `letter`, which carries the ticket `enrol`.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is such an account.
    pub async fn invite(&self, new: &NewAccount, enrol: &str, letter: Option<&Letter>, actor: &str) -> Result<String> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        tx.lock("accounts").await?;
        let known: i64 =
            scalar("SELECT count(*) FROM account WHERE login = $1").bind(&new.login).fetch_one(tx.conn()).await?;
        if known > 0 {
            return Err(StoreError::Refused("そのメールアドレスの利用者はすでにいます".into()));
        }
        let id = insert(&mut tx, new, now).await?;
        sessions::issue(&mut tx, enrol, "enrol", Some(&id), &json!({}), now, INVITED_MS).await?;
        if let Some(letter) = letter {
            letters::put(&mut tx, letter, now).await?;
        }
        let detail = json!({"roles": new.roles.to_string(), "mailbox": new.mailbox});
        audit::append(&mut tx, now, actor, "invite", &new.login, detail);
        tx.commit().await?;
        self.wake_all();
        Ok(id)
    }

    /// A new link for who was invited and has nothing to sign in with yet; earlier ones are no longer good.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the account is not there, or has something to sign in with.
    pub async fn invite_again(&self, id: &str, enrol: &str, letter: &Letter, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let account = current(&mut tx, id).await?;
        let has: i64 =
            scalar("SELECT count(*) FROM credential WHERE account = $1").bind(id).fetch_one(tx.conn()).await?;
        if has > 0 {
            return Err(StoreError::Refused(
                "すでにサインインできる利用者です。端末をなくしたときは「再設定」を使ってください".into(),
            ));
        }
        sessions::forget_tickets(&mut tx, id).await?;
        sessions::issue(&mut tx, enrol, "enrol", Some(id), &json!({}), now, INVITED_MS).await?;
        letters::put(&mut tx, letter, now).await?;
        audit::append(&mut tx, now, actor, "invite_again", &account.login, json!({}));
        tx.commit().await?;
        self.wake_all();
        Ok(())
    }

    /// Changes name, roles and mailbox. There is always an administrator.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the account is not there, or no administrator would be left.
    pub async fn change_account(&self, id: &str, name: &str, roles: Roles, mailbox: &str, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        tx.lock("accounts").await?;
        let before = current(&mut tx, id).await?;
        query("UPDATE account SET name = $2, roles = $3, mailbox = $4 WHERE id = $1")
            .bind(id)
            .bind(name)
            .bind(roles.to_string())
            .bind(mailbox)
            .execute(tx.conn())
            .await?;
        administered(&mut tx).await?;
        let detail =
            json!({"roles": [before.roles.to_string(), roles.to_string()], "mailbox": [before.mailbox, mailbox]});
        audit::append(&mut tx, now, actor, "change_account", &before.login, detail);
        tx.commit().await
    }

    /// Ends an account with all its sessions, or lets it in again.
    ///
    /// # Errors
    /// As [`Store::change_account`].
    pub async fn disable_account(&self, id: &str, disabled: bool, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        tx.lock("accounts").await?;
        let account = current(&mut tx, id).await?;
        query("UPDATE account SET disabled = $2 WHERE id = $1")
            .bind(id)
            .bind(disabled.then_some(now))
            .execute(tx.conn())
            .await?;
        administered(&mut tx).await?;
        if disabled {
            sessions::end_all(&mut tx, id).await?;
            sessions::forget_tickets(&mut tx, id).await?;
        }
        let action = if disabled { "disable_account" } else { "enable_account" };
        audit::append(&mut tx, now, actor, action, &account.login, json!({}));
        tx.commit().await
    }

    /// The language in which an account is spoken to.
    ///
    /// # Errors
    /// The database refused.
    pub async fn speak(&self, id: &str, lang: Lang) -> Result<()> {
        let mut tx = self.db.begin().await?;
        query("UPDATE account SET language = $2 WHERE id = $1").bind(id).bind(lang.as_str()).execute(tx.conn()).await?;
        tx.commit().await
    }

    /// Whether an account may see a room and what is in it: whoever decides about sheets sees all, others those that
    /// their mailbox is a present member of.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn sees(&self, account: &Account, room: &str) -> Result<bool> {
        let own = rooms_of(&mut self.db.snapshot().await?, account, self.now()).await?;
        Ok(own.is_none_or(|rooms| rooms.contains(room)))
    }
}

/// Rooms that an account may see; none stands for all of them.
pub(super) async fn rooms_of(tx: &mut Tx, account: &Account, now: i64) -> Result<Option<HashSet<String>>> {
    if account.roles.has(Role::Reviewer) || account.roles.has(Role::Rules) {
        return Ok(None);
    }
    if !account.roles.has(Role::Viewer) {
        return Ok(Some(HashSet::new()));
    }
    let today = super::status::local(now).date().to_string();
    let rooms: Vec<String> = scalar(
        "SELECT m.room FROM member m WHERE lower(m.mail) = lower($1) AND m.ended IS NULL AND NOT EXISTS (
             SELECT 1 FROM register s WHERE s.kind = 'staff' AND s.id = lower(m.mail)
             AND (s.ended IS NOT NULL OR s.until_date < $2 OR s.from_date > $2))",
    )
    .bind(&account.mailbox)
    .bind(today)
    .fetch_all(tx.conn())
    .await?;
    Ok(Some(rooms.into_iter().collect()))
}

async fn unowned(tx: &mut Tx) -> Result<()> {
    let n: i64 = scalar("SELECT count(*) FROM account").fetch_one(tx.conn()).await?;
    if n == 0 {
        Ok(())
    } else {
        Err(StoreError::Refused("すでに利用者がいます。管理者から招待を受けてください".into()))
    }
}

/// Refuses what would leave nobody to administer.
async fn administered(tx: &mut Tx) -> Result<()> {
    let all: Vec<String> = scalar("SELECT roles FROM account WHERE disabled IS NULL").fetch_all(tx.conn()).await?;
    if all.iter().any(|r| Roles::parse(r).has(Role::Admin)) {
        Ok(())
    } else {
        Err(StoreError::Refused("システム管理者が一人もいなくなる変更はできません".into()))
    }
}

/// The account as it is now, kept from others' changes until the transaction ends.
pub(super) async fn current(tx: &mut Tx, id: &str) -> Result<Account> {
    tx.lock(&format!("account {id}")).await?;
    let row = query(account!("WHERE id = $1")).bind(id).fetch_optional(tx.conn()).await?;
    row.as_ref().map(account).ok_or_else(|| StoreError::Refused("その利用者はいません".into()))
}

async fn insert(tx: &mut Tx, new: &NewAccount, now: i64) -> Result<String> {
    let id = Uuid::new_v4().to_string();
    query("INSERT INTO account (id, login, name, roles, mailbox, language, created) VALUES ($1,$2,$3,$4,$5,$6,$7)")
        .bind(&id)
        .bind(&new.login)
        .bind(&new.name)
        .bind(new.roles.to_string())
        .bind(&new.mailbox)
        .bind(new.lang.as_str())
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(id)
}
