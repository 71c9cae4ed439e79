//! Mails that are no posting of a document: invitations, recalls, reminders. Put in the transaction of what they tell;
//! sent at least once, under a Message-ID made from their key. No patient data.

use uuid::Uuid;

use super::db::{Row, Tx, query};
use super::queue::MAX_DELAY_MS;
use super::{Result, Store, StoreError};

/// A mail to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The same key is the same letter: it is put once.
    pub key: String,
    pub recipient: String,
    pub subject: String,
    pub body: String,
    /// An iCalendar object (RFC 5545).
    pub attached: Option<String>,
}

/// A letter that this process sends.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub letter: Letter,
    /// Failures so far.
    pub attempts: i64,
    token: String,
}

/// How sending ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    Sent,
    /// Again after so many milliseconds.
    Later {
        error: String,
        delay_ms: i64,
    },
    Failed {
        error: String,
    },
}

macro_rules! due {
    ($suffix:literal) => {
        concat!(
            "UPDATE letter SET lease_token = $1, lease_owner = $2, lease_until = $3 WHERE key = (
                 SELECT key FROM letter WHERE state = 'pending' AND (ready = created OR ready <= $4 OR ready > $5)
                 AND (lease_token IS NULL OR lease_until < $4 OR lease_until > $5)
                 ORDER BY ready, key LIMIT 1",
            $suffix,
            ") RETURNING key, recipient, subject, body, attached, attempts"
        )
    };
}

pub(super) async fn put(tx: &mut Tx, letter: &Letter, now: i64) -> Result<()> {
    put_after(tx, letter, now, now).await
}

/// [`put`], not to be sent before that moment (at most [`MAX_DELAY_MS`] from now).
pub(super) async fn put_after(tx: &mut Tx, letter: &Letter, now: i64, ready: i64) -> Result<()> {
    query(
        "INSERT INTO letter (key, recipient, subject, body, attached, state, ready, attempts, created, updated)
         VALUES ($1,$2,$3,$4,$5,'pending',$7,0,$6,$6) ON CONFLICT (key) DO NOTHING",
    )
    .bind(&letter.key)
    .bind(&letter.recipient)
    .bind(&letter.subject)
    .bind(&letter.body)
    .bind(&letter.attached)
    .bind(now)
    .bind(ready.clamp(now, now + MAX_DELAY_MS))
    .execute(tx.conn())
    .await?;
    tx.wakes = true;
    Ok(())
}

impl Store {
    /// Takes the next letter that is due, for `lease_ms`.
    ///
    /// # Errors
    /// The database refused.
    pub async fn claim_letter(&self, lease_ms: i64) -> Result<Option<Claimed>> {
        let now = self.now();
        let token = Uuid::new_v4().to_string();
        let mut tx = self.db.begin().await?;
        let due = tx.choose(due!(""), due!(" FOR UPDATE SKIP LOCKED"));
        let row = query(due)
            .bind(&token)
            .bind(&*self.owner)
            .bind(now + lease_ms)
            .bind(now)
            .bind(now + MAX_DELAY_MS)
            .fetch_optional(tx.conn())
            .await?;
        tx.commit().await?;
        let claimed = |r: &Row| Claimed {
            letter: Letter {
                key: r.get("key"),
                recipient: r.get("recipient"),
                subject: r.get("subject"),
                body: r.get("body"),
                attached: r.get("attached"),
            },
            attempts: r.get("attempts"),
            token: token.clone(),
        };
        Ok(row.as_ref().map(claimed))
    }

    /// Records how sending ended.
    ///
    /// # Errors
    /// [`StoreError::Stale`]: another sender holds it now; or the database refused.
    pub async fn commit_letter(&self, claimed: &Claimed, how: &Sent) -> Result<()> {
        let now = self.now();
        let (state, error, ready, failures) = match how {
            Sent::Sent => ("sent", None, now, 0),
            Sent::Later { error, delay_ms } => ("pending", Some(error), now + (*delay_ms).min(MAX_DELAY_MS), 1),
            Sent::Failed { error } => ("failed", Some(error), now, 1),
        };
        let mut tx = self.db.begin().await?;
        let done = query(
            "UPDATE letter SET state = $1, error = $2, ready = $3, attempts = attempts + $4, updated = $5,
                    body = CASE WHEN $1 = 'sent' THEN '' ELSE body END,
                    lease_token = NULL, lease_owner = NULL, lease_until = NULL
             WHERE key = $6 AND lease_token = $7",
        )
        .bind(state)
        .bind(error)
        .bind(ready)
        .bind(failures)
        .bind(now)
        .bind(&claimed.letter.key)
        .bind(&claimed.token)
        .execute(tx.conn())
        .await?;
        if done != 1 {
            return Err(StoreError::Stale);
        }
        tx.commit().await
    }

    /// Keys of letters that are not sent yet.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open_letters(&self) -> Result<Vec<String>> {
        super::db::scalar("SELECT key FROM letter WHERE state = 'pending' ORDER BY key")
            .fetch_all(self.db.reader())
            .await
    }
}
