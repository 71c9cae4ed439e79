//! Digests: notices that a mailbox wants together at set hours. Each has its row in the outbox from the beginning, so that
//! nothing is told twice or forgotten; when their hour comes they become one letter, in one transaction.

use serde_json::json;

use super::db::query;
use super::letters::{self, Letter};
use super::outbox::posting;
use super::preferences::LONGEST_HOLD;
use super::{MACHINE, Result, Store, StoreError, audit, name_id};
use crate::metrics::DeliveryEnd;
use crate::model::{Posting, Purpose};

/// Notices of one letter; more go into the next.
const LARGEST: i64 = 100;

/// What a mailbox is to be told now.
#[derive(Debug, Clone)]
pub struct Digest {
    pub recipient: String,
    /// In the order in which they were ordered.
    pub postings: Vec<Posting>,
    /// Keys of those that are not told any more: the recipient has left the room.
    gone: Vec<String>,
}

impl Digest {
    /// The letter's key, which the same notices always have.
    pub fn key(&self) -> String {
        let mut parts = vec!["digest", self.recipient.as_str()];
        parts.extend(self.postings.iter().map(|p| p.key.as_str()));
        name_id(&parts)
    }
}

impl Store {
    /// The mailbox whose digest is due longest, with what is to stand in it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn due_digest(&self) -> Result<Option<Digest>> {
        let now = self.now();
        let mut tx = self.db.snapshot().await?;
        let first = query(
            "SELECT recipient FROM outbox WHERE state = 'pending' AND digest = 1 AND (held_until <= $1 OR held_until > $2)
             ORDER BY held_until, recipient LIMIT 1",
        )
        .bind(now)
        .bind(now + LONGEST_HOLD)
        .fetch_optional(tx.conn())
        .await?;
        let Some(first) = first else { return Ok(None) };
        let recipient: String = first.get("recipient");
        let rows = query(
            "SELECT key, document, revision, purpose, room FROM outbox WHERE state = 'pending' AND digest = 1
             AND recipient = $3 AND (held_until <= $1 OR held_until > $2) ORDER BY created, key LIMIT $4",
        )
        .bind(now)
        .bind(now + LONGEST_HOLD)
        .bind(&recipient)
        .bind(LARGEST)
        .fetch_all(tx.conn())
        .await?;
        let mut digest = Digest { recipient, postings: Vec::new(), gone: Vec::new() };
        for r in rows {
            let (key, room): (String, Option<String>) = (r.get("key"), r.get("room"));
            let there = match &room {
                Some(room) => super::registers::members_at(&mut tx, room, now).await?.contains(&digest.recipient),
                None => true,
            };
            if there {
                let purpose = Purpose::parse(r.get("purpose")).unwrap_or(Purpose::Notice);
                let to = digest.recipient.clone();
                digest
                    .postings
                    .push(posting(&mut tx, key, r.get("document"), r.get("revision"), purpose, room, to).await?);
            } else {
                digest.gone.push(key);
            }
        }
        Ok(Some(digest))
    }

    /// Puts a digest's letter, and ends its notices with it.
    ///
    /// # Errors
    /// [`StoreError::Stale`]: one of the notices is no longer for it; the next look tells which are. Or the database refused.
    pub async fn commit_digest(&self, digest: &Digest, subject: &str, body: &str) -> Result<()> {
        let (now, key) = (self.now(), digest.key());
        let mut tx = self.db.begin().await?;
        tx.lock(&format!("notices {}", digest.recipient.to_lowercase())).await?;
        let told = digest.postings.iter().map(|p| (&p.key, "sent", Some(&key), None));
        let gone = digest.gone.iter().map(|k| (k, "cancelled", None, Some("宛先は部屋のメンバーではなくなりました")));
        for (row, state, remote, error) in told.chain(gone) {
            let done = query(
                "UPDATE outbox SET state = $2, remote = $3, error = $4, updated = $5 WHERE key = $1 AND state = 'pending'
                 AND digest = 1",
            )
            .bind(row)
            .bind(state)
            .bind(remote)
            .bind(error)
            .bind(now)
            .execute(tx.conn())
            .await?;
            if done != 1 {
                return Err(StoreError::Stale);
            }
        }
        for p in &digest.postings {
            super::figures::noticed(&mut tx, &p.document, now).await?;
            let detail = json!({"key": p.key, "sink": "mail", "state": "sent", "purpose": p.purpose.as_str(),
                                "digest": key});
            audit::append(&mut tx, now, MACHINE, "deliver", &p.document, detail);
        }
        if !digest.postings.is_empty() {
            let letter = Letter {
                key: key.clone(),
                recipient: digest.recipient.clone(),
                subject: subject.to_owned(),
                body: body.to_owned(),
                attached: None,
            };
            letters::put(&mut tx, &letter, now).await?;
        }
        tx.commit().await?;
        digest.gone.iter().for_each(|_| self.metrics.delivery("mail", DeliveryEnd::Cancelled, None));
        digest.postings.iter().for_each(|_| self.metrics.delivery("mail", DeliveryEnd::Sent, None));
        self.wake_all();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;
    use crate::store::State;
    use crate::store::db::scalar;
    use crate::store::letters::Sent;
    use crate::store::outbox::Outcome;
    use crate::store::preferences::Preference;
    use crate::store::tests::{Bench, bench, sheet};

    const HOUR: i64 = 3_600_000;

    async fn arrives(b: &Bench, name: &str, urgent: bool) {
        b.receive("scan", name, name.as_bytes()).await;
        let mut sheet = sheet(State::Posted, Some("R-0001"));
        if urgent {
            let mut field = sheet.document.fields["patient.name"].clone();
            field.value = Value::One("urgent".into());
            sheet.document.fields.insert("urgency".into(), field);
        }
        b.through(&[sheet]).await;
    }

    /// Sends all that is due; to whom.
    async fn sent(b: &Bench) -> Vec<String> {
        let mut to = Vec::new();
        while let Some(d) = b.store.claim_delivery("mail", 60_000).await.expect("claim") {
            b.store.commit_delivery(&d, &Outcome::Sent { remote: "x".into() }).await.expect("commit");
            to.push(d.posting.recipient);
        }
        to.sort();
        to
    }

    #[tokio::test]
    async fn a_digest_is_one_letter_for_all_and_urgent_sheets_do_not_wait_for_it() {
        let b = bench().await;
        let choice = Preference::parse("17:00", "", "").expect("a choice");
        b.store.prefer("A@example.jp", &choice, "test").await.expect("chosen");
        arrives(&b, "1.tif", false).await;
        arrives(&b, "2.tif", false).await;
        arrives(&b, "3.tif", true).await;
        let rows: i64 = scalar("SELECT count(*) FROM outbox WHERE recipient = 'a@example.jp'")
            .fetch_one(b.store.db.reader())
            .await
            .expect("rows");
        assert_eq!(rows, 3, "each has its row from the beginning");
        let (a, other) = ("a@example.jp".to_owned(), "b@example.jp".to_owned());
        assert_eq!(sent(&b).await, [a.clone(), other.clone(), other.clone(), other.clone()]);
        assert!(b.store.due_digest().await.expect("look").is_none(), "it is ten in the morning");
        assert!(b.store.open_deliveries("mail").await.expect("open").is_empty(), "nobody waits for what is held");
        b.store.hurry().await.expect("hurry");
        assert!(sent(&b).await.is_empty(), "nor does a drain");
        b.pass(6 * HOUR);
        assert_eq!(b.store.undelivered(b.store.now() - HOUR).await.expect("alarm").0, 0, "held is not late");
        assert!(b.store.gauges(&[]).await.expect("gauges").outbox.is_empty());

        b.pass(HOUR);
        assert_eq!(b.store.open_deliveries("mail").await.expect("open").len(), 2);
        assert!(sent(&b).await.is_empty(), "never by itself");
        let due = b.store.due_digest().await.expect("look").expect("a digest");
        assert_eq!((due.recipient.as_str(), due.postings.len()), ("a@example.jp", 2));
        b.store.commit_digest(&due, "まとめ", "本文").await.expect("commit");
        assert!(matches!(b.store.commit_digest(&due, "まとめ", "本文").await, Err(StoreError::Stale)), "once");
        assert!(b.store.due_digest().await.expect("look").is_none());
        let remote: Vec<String> =
            scalar("SELECT remote FROM outbox WHERE recipient = 'a@example.jp' AND digest = 1 AND state = 'sent'")
                .fetch_all(b.store.db.reader())
                .await
                .expect("rows");
        assert_eq!(remote, [due.key(), due.key()]);
        let letter = b.store.claim_letter(60_000).await.expect("claim").expect("a letter");
        assert_eq!((letter.letter.key.clone(), letter.letter.recipient.as_str()), (due.key(), "a@example.jp"));

        // One that is given up is seen, and can be sent again.
        let failed = Sent::Failed { error: "550".into() };
        b.store.commit_letter(&letter, &failed).await.expect("commit");
        let lines = b.store.undelivered_notices(10).await.expect("lines");
        assert_eq!((lines.len(), lines[0].given_up, b.store.given_up().await.expect("count")), (1, true, 1));
        b.store.send_again(&lines[0].key, "admin@example.jp").await.expect("again");
        assert!(b.store.send_again(&lines[0].key, "admin@example.jp").await.is_err(), "it is on its way");
        assert!(b.store.claim_letter(60_000).await.expect("claim").is_some());
    }

    #[tokio::test]
    async fn quiet_hours_put_off_and_a_new_choice_holds_for_what_waits() {
        let b = bench().await;
        let quiet = Preference::parse("", "09:00", "12:00").expect("a choice");
        for mailbox in ["a@example.jp", "b@example.jp"] {
            b.store.prefer(mailbox, &quiet, "test").await.expect("chosen");
        }
        assert_eq!(b.store.preference("A@EXAMPLE.jp").await.expect("read"), quiet);
        arrives(&b, "1.tif", false).await;
        assert!(sent(&b).await.is_empty());
        b.store.prefer("b@example.jp", &Preference::default(), "test").await.expect("chosen");
        assert_eq!(sent(&b).await, ["b@example.jp"], "at once after all");
        b.pass(2 * HOUR);
        assert_eq!(sent(&b).await, ["a@example.jp"]);

        // A notice that was held beyond what is possible was ordered under a wrong clock.
        arrives(&b, "2.tif", false).await;
        b.pass(-3 * 24 * HOUR);
        assert_eq!(sent(&b).await, ["a@example.jp", "b@example.jp"].map(str::to_owned)[..]);
    }

    #[tokio::test]
    async fn who_has_left_the_room_is_in_no_digest() {
        let b = bench().await;
        let choice = Preference::parse("17:00", "", "").expect("a choice");
        b.store.prefer("a@example.jp", &choice, "test").await.expect("chosen");
        arrives(&b, "1.tif", false).await;
        b.store.import(crate::store::Register::Patients, &[], "test").await.expect("import");
        b.pass(8 * HOUR);
        let due = b.store.due_digest().await.expect("look").expect("something to end");
        assert!(due.postings.is_empty());
        b.store.commit_digest(&due, "", "").await.expect("commit");
        assert!(b.store.due_digest().await.expect("look").is_none());
        assert!(b.store.claim_letter(60_000).await.expect("claim").is_none());
    }
}
