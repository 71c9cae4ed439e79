//! The outbox: what is to be told to whom, one row each, with a key that never changes.
//!
//! `pending` → (commit) `sending` with a lease → the network → (commit) `sent`. A row found `sending` with its lease
//! gone may or may not have arrived: the sink is asked first where it can answer, and mail is sent again under the
//! same Message-ID (at least once). The board's rows are `sent` from birth: they are posted in the same transaction.

use serde_json::json;
use uuid::Uuid;

use super::db::{Tx, query, scalar};
use super::preferences::{self, LONGEST_HOLD, When};
use super::queue::MAX_DELAY_MS;
use super::{MACHINE, Result, Store, StoreError, audit, conference, crash, name_id, push};
use crate::metrics::DeliveryEnd;
use crate::model::{Document, Posting, Purpose};

/// A claimed row.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub sink: String,
    /// The receipt that it goes back to: what joins the lines of the log.
    pub receipt: String,
    pub posting: Posting,
    /// Failures so far.
    pub attempts: i64,
    /// An earlier attempt may have reached the sink.
    pub doubtful: bool,
    token: String,
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Sent {
        remote: String,
    },
    /// Again after so many milliseconds.
    Later {
        error: String,
        delay_ms: i64,
    },
    /// Never: stays visible.
    Failed {
        error: String,
    },
    /// Not wanted any more: the recipient has left.
    Cancelled {
        reason: String,
    },
}

/// The next row of a sink that is due; the suffix passes over rows that another process is just taking.
macro_rules! due {
    ($suffix:literal) => {
        concat!(
            "SELECT key, state FROM outbox
             WHERE sink = $1 AND state IN ('pending', 'sending') AND (ready = created OR ready <= $2 OR ready > $3)
               AND (lease_token IS NULL OR lease_until < $2 OR lease_until > $3)
               AND digest IS NULL AND (held_until IS NULL OR held_until <= $2 OR held_until > $4)
             ORDER BY ready, key LIMIT 1",
            $suffix
        )
    };
}

fn key(document: &str, revision: i64, sink: &str, purpose: Purpose, recipient: &str) -> String {
    name_id(&["posting", document, &revision.to_string(), sink, purpose.as_str(), recipient])
}

/// Puts a revision on the board: the post stands when the transaction commits. A post of an earlier revision of the
/// same document is replaced.
pub(super) async fn post(tx: &mut Tx, document: &str, revision: i64, room: &str, now: i64) -> Result<String> {
    let key = key(document, revision, "board", Purpose::Post, "");
    query(
        "INSERT INTO outbox (key, document, revision, sink, purpose, room, recipient, state, remote, ready, attempts,
                             created, updated)
         VALUES ($1,$2,$3,'board','post',$4,'','sent',$1,$5,1,$5,$5)",
    )
    .bind(&key)
    .bind(document)
    .bind(revision)
    .bind(room)
    .bind(now)
    .execute(tx.conn())
    .await?;
    // Where another document has taken this one's place, that one goes on standing there.
    let successor = super::versions::successor(tx, document).await?;
    query("UPDATE post SET replaced = $1 WHERE document = $2 AND replaced IS NULL AND withdrawn IS NULL")
        .bind(&key)
        .bind(document)
        .execute(tx.conn())
        .await?;
    query("INSERT INTO post (key, room, document, revision, at, replaced) VALUES ($1,$2,$3,$4,$5,$6)")
        .bind(&key)
        .bind(room)
        .bind(document)
        .bind(revision)
        .bind(now)
        .bind(successor)
        .execute(tx.conn())
        .await?;
    super::figures::posted(tx, document, revision, now).await?;
    super::search::index::document(tx, document, revision, room).await?;
    audit::append(tx, now, MACHINE, "post", document, json!({"key": key, "revision": revision, "room": room}));
    Ok(key)
}

/// What is to be told to whom.
struct Word<'a> {
    sink: &'a str,
    purpose: Purpose,
    document: &'a str,
    revision: i64,
    room: Option<&'a str>,
    recipient: &'a str,
    when: When,
}

async fn enqueue(tx: &mut Tx, word: &Word<'_>, now: i64) -> Result<()> {
    let (held_until, digest) = preferences::columns(word.when);
    query(
        "INSERT INTO outbox (key, document, revision, sink, purpose, room, recipient, state, ready, attempts, created,
                             updated, held_until, digest)
         VALUES ($1,$2,$3,$4,$5,$6,$7,'pending',$8,0,$8,$8,$9,$10) ON CONFLICT (key) DO NOTHING",
    )
    .bind(key(word.document, word.revision, word.sink, word.purpose, word.recipient))
    .bind(word.document)
    .bind(word.revision)
    .bind(word.sink)
    .bind(word.purpose.as_str())
    .bind(word.room)
    .bind(word.recipient)
    .bind(now)
    .bind(held_until)
    .bind(digest)
    .execute(tx.conn())
    .await?;
    tx.wakes = true;
    Ok(())
}

/// One notice for each present member of the room, when that one wants to be told.
async fn enqueue_notices(tx: &mut Tx, document: &str, revision: i64, room: &str, now: i64) -> Result<()> {
    let urgent: i64 = scalar("SELECT urgent FROM document WHERE id = $1").bind(document).fetch_one(tx.conn()).await?;
    for mail in super::registers::members_at(tx, room, now).await? {
        let choice = preferences::of(tx, &mail).await?;
        let when = choice.when(urgent != 0, false, now);
        let word = Word {
            sink: "mail",
            purpose: Purpose::Notice,
            document,
            revision,
            room: Some(room),
            recipient: &mail,
            when,
        };
        enqueue(tx, &word, now).await?;
    }
    Ok(())
}

/// The notices of a revision once more, for the browsers of those who get them; each when that one wants to be told.
async fn enqueue_pushes(tx: &mut Tx, document: &str, revision: i64, room: &str, now: i64) -> Result<()> {
    let urgent: i64 = scalar("SELECT urgent FROM document WHERE id = $1").bind(document).fetch_one(tx.conn()).await?;
    let told: Vec<String> = scalar(
        "SELECT recipient FROM outbox WHERE document = $1 AND revision = $2 AND sink = 'mail' AND purpose = 'notice'
         ORDER BY recipient",
    )
    .bind(document)
    .bind(revision)
    .fetch_all(tx.conn())
    .await?;
    for mail in told {
        let when = preferences::of(tx, &mail).await?.when(urgent != 0, true, now);
        for browser in push::of_mailbox(tx, &mail).await? {
            let purpose = Purpose::Notice;
            let word = Word { sink: "push", purpose, document, revision, room: Some(room), recipient: &browser, when };
            enqueue(tx, &word, now).await?;
        }
    }
    Ok(())
}

/// Tells the members of a room of a revision that was just posted there: notices where `notices` says so, what it says of a
/// conference, and the notices' pushes.
pub(super) async fn tell(
    tx: &mut Tx,
    store: &Store,
    document: &str,
    revision: i64,
    room: &str,
    notices: bool,
    now: i64,
) -> Result<()> {
    if notices && store.notify.members {
        enqueue_notices(tx, document, revision, room, now).await?;
    }
    conference::follow(tx, store, document, revision, room, now).await?;
    if store.pushes {
        enqueue_pushes(tx, document, revision, room, now).await?;
    }
    Ok(())
}

/// One notice for each administrator.
pub(super) async fn enqueue_held(
    tx: &mut Tx,
    document: &str,
    revision: i64,
    admins: &[String],
    now: i64,
) -> Result<()> {
    for mail in admins {
        let when = When::Now;
        let word = Word { sink: "mail", purpose: Purpose::Held, document, revision, room: None, recipient: mail, when };
        enqueue(tx, &word, now).await?;
    }
    Ok(())
}

/// An urgent sheet that waits, to the browsers of all who review: at once, whatever they want to be told when.
pub(super) async fn push_held(tx: &mut Tx, document: &str, revision: i64, now: i64) -> Result<()> {
    for browser in push::of_reviewers(tx).await? {
        let (purpose, when) = (Purpose::Held, When::Now);
        let word = Word { sink: "push", purpose, document, revision, room: None, recipient: &browser, when };
        enqueue(tx, &word, now).await?;
    }
    Ok(())
}

impl Store {
    /// Takes the next row that is due for `sink`, for `lease_ms`, and marks it `sending`. A notice whose recipient has
    /// left the room since is cancelled on the way.
    ///
    /// # Errors
    /// The database refused.
    pub async fn claim_delivery(&self, sink: &str, lease_ms: i64) -> Result<Option<Delivery>> {
        loop {
            let now = self.now();
            let token = Uuid::new_v4().to_string();
            let mut tx = self.db.begin().await?;
            let due = tx.choose(due!(""), due!(" FOR UPDATE SKIP LOCKED"));
            let due = query(due).bind(sink).bind(now).bind(now + MAX_DELAY_MS).bind(now + LONGEST_HOLD);
            let due = due.fetch_optional(tx.conn()).await?;
            let Some(due) = due else { return Ok(None) };
            let (key, state): (String, String) = (due.get("key"), due.get("state"));
            let row = query(
                "UPDATE outbox SET state = 'sending', lease_token = $1, lease_owner = $2, lease_until = $3, updated = $4
                 WHERE key = $5
                 RETURNING document, revision, purpose, room, recipient, attempts",
            )
            .bind(&token)
            .bind(&*self.owner)
            .bind(now + lease_ms)
            .bind(now)
            .bind(&key)
            .fetch_one(tx.conn())
            .await?;
            let purpose = Purpose::parse(row.get("purpose")).unwrap_or(Purpose::Post);
            let (room, recipient): (Option<String>, String) = (row.get("room"), row.get("recipient"));
            let posting =
                posting(&mut tx, key, row.get("document"), row.get("revision"), purpose, room, recipient).await?;
            let mailbox = if sink == "push" {
                push::mailbox_of(&mut tx, &posting.recipient).await?
            } else {
                Some(posting.recipient.to_lowercase())
            };
            let gone = match (&posting.room, purpose, mailbox) {
                (Some(room), Purpose::Notice, Some(mailbox)) => {
                    let members = super::registers::members_at(&mut tx, room, now).await?;
                    !members.iter().any(|m| m.to_lowercase() == mailbox)
                }
                (_, _, mailbox) => mailbox.is_none(),
            };
            let receipt: String = scalar("SELECT receipt FROM document WHERE id = $1")
                .bind(&posting.document)
                .fetch_one(tx.conn())
                .await?;
            tx.commit().await?;
            crash::reached("deliver.sending");
            let delivery = Delivery {
                sink: sink.to_owned(),
                receipt,
                posting,
                attempts: row.get("attempts"),
                doubtful: state == "sending",
                token,
            };
            if !gone {
                return Ok(Some(delivery));
            }
            let reason = "宛先は部屋のメンバーではなくなりました".to_owned();
            self.commit_delivery(&delivery, &Outcome::Cancelled { reason }).await?;
            self.metrics.delivery(sink, DeliveryEnd::Cancelled, None);
        }
    }

    /// Records how a delivery ended.
    ///
    /// # Errors
    /// [`StoreError::Stale`]: another sender holds it now; or the database refused.
    pub async fn commit_delivery(&self, delivery: &Delivery, outcome: &Outcome) -> Result<()> {
        let now = self.now();
        let (state, remote, error, ready, failures) = match outcome {
            Outcome::Sent { remote } => ("sent", Some(remote), None, now, 0),
            Outcome::Later { error, delay_ms } => {
                ("pending", None, Some(error), now + (*delay_ms).min(MAX_DELAY_MS), 1)
            }
            Outcome::Failed { error } => ("failed", None, Some(error), now, 1),
            Outcome::Cancelled { reason } => ("cancelled", None, Some(reason), now, 0),
        };
        let mut tx = self.db.begin().await?;
        let done = query(
            "UPDATE outbox SET state = $1, remote = $2, error = $3, ready = $4, attempts = attempts + $5,
                    lease_token = NULL, lease_owner = NULL, lease_until = NULL, updated = $6
             WHERE key = $7 AND lease_token = $8",
        )
        .bind(state)
        .bind(remote)
        .bind(error)
        .bind(ready)
        .bind(failures)
        .bind(now)
        .bind(&delivery.posting.key)
        .bind(&delivery.token)
        .execute(tx.conn())
        .await?;
        if done != 1 {
            return Err(StoreError::Stale);
        }
        if state == "sent" && delivery.posting.purpose == Purpose::Notice {
            super::figures::noticed(&mut tx, &delivery.posting.document, now).await?;
        }
        if state != "pending" {
            let detail = json!({"key": delivery.posting.key, "sink": delivery.sink, "state": state,
                                "purpose": delivery.posting.purpose.as_str()});
            audit::append(&mut tx, now, MACHINE, "deliver", &delivery.posting.document, detail);
        }
        crash::reached("deliver.before_commit");
        tx.commit().await?;
        crash::reached("deliver.after_commit");
        Ok(())
    }

    /// Keys of a sink's rows that are not done and whose time has come.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open_deliveries(&self, sink: &str) -> Result<Vec<String>> {
        let now = self.now();
        scalar(
            "SELECT key FROM outbox WHERE sink = $1 AND state IN ('pending', 'sending')
             AND (held_until IS NULL OR held_until <= $2 OR held_until > $3) ORDER BY key",
        )
        .bind(sink)
        .bind(now)
        .bind(now + LONGEST_HOLD)
        .fetch_all(self.db.reader())
        .await
    }
}

/// What a sink is given of a row.
pub(super) async fn posting(
    tx: &mut Tx,
    key: String,
    document: String,
    revision: i64,
    purpose: Purpose,
    room: Option<String>,
    recipient: String,
) -> Result<Posting> {
    let row = query(
        "SELECT v.content, d.reason, d.reading, d.differs, r.received FROM revision v JOIN document d ON d.id = v.document
         JOIN receipt r ON r.id = d.receipt WHERE v.document = $1 AND v.number = $2",
    )
    .bind(&document)
    .bind(revision)
    .fetch_one(tx.conn())
    .await?;
    let attached: Option<String> =
        scalar("SELECT attached FROM outbox WHERE key = $1").bind(&key).fetch_one(tx.conn()).await?;
    let content: Document = serde_json::from_str(row.get("content"))?;
    let differs: Option<String> = row.get("differs");
    let images = query("SELECT number, blob FROM page WHERE reading = $1 AND blob IS NOT NULL ORDER BY number")
        .bind(row.get::<Option<String>>("reading"))
        .fetch_all(tx.conn())
        .await?;
    let images = images
        .iter()
        .filter_map(|r| Some((u32::try_from(r.get::<i64>("number")).ok()?, r.get("blob"))))
        .filter(|(n, _)| content.pages.contains(n))
        .collect();
    Ok(Posting {
        key,
        purpose,
        document,
        revision,
        room,
        recipient,
        kind: content.kind,
        pages: content.pages,
        fields: content.fields,
        reason: row.get("reason"),
        received: row.get("received"),
        changed: differs.as_deref().map(serde_json::from_str).transpose()?,
        attached,
        images,
    })
}
