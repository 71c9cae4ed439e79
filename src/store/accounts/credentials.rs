//! What accounts sign in with: passkeys, or a password with TOTP.

use serde_json::json;
use uuid::Uuid;

use super::current;
use crate::store::db::{Row, Tx, query, scalar};
use crate::store::{Result, Store, StoreError, audit, sessions};

/// Something to sign in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub id: String,
    pub kind: Kind,
    pub label: String,
    /// See `migrations/*/0007_accounts.sql`.
    pub data: String,
    pub created: i64,
    pub used: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Passkey,
    Password,
    Totp,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Passkey => "passkey",
            Kind::Password => "password",
            Kind::Totp => "totp",
        }
    }

    fn parse(word: &str) -> Kind {
        match word {
            "password" => Kind::Password,
            "totp" => Kind::Totp,
            _ => Kind::Passkey,
        }
    }
}

/// What a person wants to sign in with from now on.
#[derive(Debug, Clone)]
pub enum Proof {
    Passkey {
        id: String,
        data: String,
        label: String,
    },
    /// Both at once: a password alone is not enough.
    PasswordAndTotp {
        hash: String,
        secret: String,
        /// Time step of the code that proved that the app has the secret.
        step: i64,
    },
}

impl Store {
    /// What an account signs in with, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn credentials(&self, account: &str) -> Result<Vec<Credential>> {
        let rows = query(
            "SELECT id, kind, label, data, created, used FROM credential WHERE account = $1 ORDER BY created, id",
        )
        .bind(account)
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.iter().map(credential).collect())
    }

    /// A passkey of an account.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn passkey(&self, account: &str, id: &str) -> Result<Option<Credential>> {
        let row = query(
            "SELECT id, kind, label, data, created, used FROM credential WHERE account = $1 AND id = $2 AND kind = 'passkey'",
        )
        .bind(account)
        .bind(id)
        .fetch_optional(self.db.reader())
        .await?;
        Ok(row.as_ref().map(credential))
    }

    /// Gives an account another proof. With a ticket of a recovery all earlier ones, and all sessions, end.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the ticket is not good any more.
    pub async fn enrol(&self, ticket: Option<&str>, account_id: &str, proof: &Proof) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let account = current(&mut tx, account_id).await?;
        let mut recovered = false;
        if let Some(ticket) = ticket {
            let enrolling = sessions::redeem(&mut tx, ticket, "enrol", now).await?;
            recovered = enrolling.is_none();
            let held = match enrolling {
                Some(held) => Some(held),
                None => sessions::redeem(&mut tx, ticket, "recover", now).await?,
            };
            if held.and_then(|h| h.account).as_deref() != Some(account_id) {
                return Err(StoreError::Refused("この招待は使えません。管理者に新しい招待を頼んでください".into()));
            }
        }
        if recovered {
            query("DELETE FROM credential WHERE account = $1").bind(account_id).execute(tx.conn()).await?;
            sessions::end_all(&mut tx, account_id).await?;
        }
        match proof {
            Proof::Passkey { id, data, label } => {
                insert_credential(&mut tx, account_id, id, Kind::Passkey, label, data, now, None).await?;
            }
            Proof::PasswordAndTotp { hash, secret, step } => {
                query("DELETE FROM credential WHERE account = $1 AND kind <> 'passkey'")
                    .bind(account_id)
                    .execute(tx.conn())
                    .await?;
                for (kind, data, step) in [(Kind::Password, hash, None), (Kind::Totp, secret, Some(*step))] {
                    let id = Uuid::new_v4().to_string();
                    insert_credential(&mut tx, account_id, &id, kind, "", data, now, step).await?;
                }
            }
        }
        let kind = match proof {
            Proof::Passkey { .. } => "passkey",
            Proof::PasswordAndTotp { .. } => "password",
        };
        audit::append(
            &mut tx,
            now,
            &account.login,
            "enrol",
            &account.login,
            json!({"kind": kind, "recovered": recovered}),
        );
        tx.commit().await
    }

    /// Takes a passkey away, or password and TOTP together. One way in always stays.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where it is the last one.
    pub async fn drop_credential(&self, account_id: &str, credential: &str, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let account = current(&mut tx, account_id).await?;
        let gone = query(
            "DELETE FROM credential WHERE account = $1 AND (id = $2 OR ($2 = 'password' AND kind IN ('password', 'totp')))",
        )
        .bind(account_id)
        .bind(credential)
        .execute(tx.conn())
        .await?;
        let left: i64 =
            scalar("SELECT count(*) FROM credential WHERE account = $1 AND kind IN ('passkey', 'password')")
                .bind(account_id)
                .fetch_one(tx.conn())
                .await?;
        if gone > 0 && left == 0 {
            return Err(StoreError::Refused("最後のサインイン方法は消せません。先に別の方法を登録してください".into()));
        }
        audit::append(&mut tx, now, actor, "drop_credential", &account.login, json!({"count": gone}));
        tx.commit().await
    }

    /// Uses up a time step of an account's TOTP: false where it, or a later one, was used before.
    ///
    /// # Errors
    /// The database refused.
    pub async fn use_step(&self, account: &str, step: i64) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let done = query(
            "UPDATE credential SET step = $2, used = $3 WHERE account = $1 AND kind = 'totp' AND (step IS NULL OR step < $2)",
        )
        .bind(account)
        .bind(step)
        .bind(self.now())
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(done == 1)
    }

    /// Notes that a passkey was used, and its data where that changed.
    ///
    /// # Errors
    /// The database refused.
    pub async fn used_passkey(&self, id: &str, data: Option<&str>) -> Result<()> {
        let mut tx = self.db.begin().await?;
        query("UPDATE credential SET used = $2, data = coalesce($3, data) WHERE id = $1")
            .bind(id)
            .bind(self.now())
            .bind(data)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }
}

#[allow(clippy::too_many_arguments, reason = "one row, column by column")]
async fn insert_credential(
    tx: &mut Tx,
    account: &str,
    id: &str,
    kind: Kind,
    label: &str,
    data: &str,
    now: i64,
    step: Option<i64>,
) -> Result<()> {
    query("INSERT INTO credential (id, account, kind, label, data, created, step) VALUES ($1,$2,$3,$4,$5,$6,$7)")
        .bind(id)
        .bind(account)
        .bind(kind.as_str())
        .bind(label)
        .bind(data)
        .bind(now)
        .bind(step)
        .execute(tx.conn())
        .await?;
    Ok(())
}

fn credential(r: &Row) -> Credential {
    Credential {
        id: r.get("id"),
        kind: Kind::parse(r.get("kind")),
        label: r.get("label"),
        data: r.get("data"),
        created: r.get("created"),
        used: r.get("used"),
    }
}
