//! Replies on a sheet with their files. What is taken back stays in the database, and is shown to nobody.

use std::collections::HashMap;

use serde_json::json;
use uuid::Uuid;

use super::accounts::Account;
use super::db::{Row, query, scalar};
use super::letters::{self, Letter};
use super::{Result, Store, StoreError, audit, registers};

/// Characters of a reply.
pub const LONGEST: usize = 4000;

/// What came with a reply; what it is was told by its first bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub name: String,
    pub media: &'static str,
    pub bytes: Vec<u8>,
}

/// A file of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub id: String,
    pub name: String,
    pub media: String,
    /// Blob of its bytes.
    pub sha256: String,
    /// Bytes.
    pub size: i64,
}

/// A reply in the thread of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub id: String,
    pub account: String,
    /// Of who wrote it.
    pub name: String,
    pub mailbox: String,
    /// Empty where it was taken back.
    pub body: String,
    pub at: i64,
    pub withdrawn: Option<i64>,
    pub attachments: Vec<Attachment>,
}

impl Store {
    /// Replies on a sheet in its room, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn thread(&self, document: &str, room: &str) -> Result<Vec<Reply>> {
        let mut tx = self.db.snapshot().await?;
        let files = query(
            "SELECT t.id, t.reply, t.name, t.media, t.sha256, t.size FROM attachment t JOIN reply r ON r.id = t.reply
             WHERE r.document = $1 AND r.room = $2 AND r.withdrawn IS NULL ORDER BY t.name, t.id",
        )
        .bind(document)
        .bind(room)
        .fetch_all(tx.conn())
        .await?;
        let mut attachments: HashMap<String, Vec<Attachment>> = HashMap::new();
        for r in &files {
            attachments.entry(r.get("reply")).or_default().push(attachment(r));
        }
        let rows = query(
            "SELECT r.id, r.account, r.body, r.at, r.withdrawn, a.name, a.mailbox FROM reply r
             JOIN account a ON a.id = r.account WHERE r.document = $1 AND r.room = $2 ORDER BY r.at, r.id",
        )
        .bind(document)
        .bind(room)
        .fetch_all(tx.conn())
        .await?;
        Ok(rows
            .iter()
            .map(|r| {
                let (id, withdrawn): (String, Option<i64>) = (r.get("id"), r.get("withdrawn"));
                Reply {
                    attachments: attachments.remove(&id).unwrap_or_default(),
                    account: r.get("account"),
                    name: r.get("name"),
                    mailbox: r.get("mailbox"),
                    body: if withdrawn.is_none() { r.get("body") } else { String::new() },
                    at: r.get("at"),
                    withdrawn,
                    id,
                }
            })
            .collect())
    }

    /// How many replies there are on these sheets, in the rooms where they stand.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn replies(&self, room: &str) -> Result<HashMap<String, i64>> {
        let rows =
            query("SELECT document, count(*) AS n FROM reply WHERE withdrawn IS NULL AND room = $1 GROUP BY document")
                .bind(room)
                .fetch_all(self.db.reader())
                .await?;
        Ok(rows.iter().map(|r| (r.get("document"), r.get("n"))).collect())
    }

    /// Writes a reply on a sheet that stands in `room`; `key` is the form's: sent twice it is one reply. The room's other
    /// members get a letter each, made by `letter` for an address and a key.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the sheet is not in that room any more, or there is nothing to say.
    pub async fn reply(
        &self,
        account: &Account,
        (document, room): (&str, &str),
        key: Uuid,
        body: &str,
        uploads: Vec<Upload>,
        letter: impl Fn(&str, String) -> Letter,
    ) -> Result<()> {
        let body = body.trim();
        if body.is_empty() && uploads.is_empty() {
            return Err(StoreError::Refused("返信の文章を入れてください".into()));
        }
        if body.chars().count() > LONGEST {
            return Err(StoreError::Refused(format!("返信は {LONGEST} 文字までです")));
        }
        let mut files = Vec::with_capacity(uploads.len());
        for upload in uploads {
            let size = i64::try_from(upload.bytes.len()).unwrap_or(i64::MAX);
            files.push((upload.name, upload.media, size, self.put_blob(upload.bytes).await?));
        }
        let now = self.now();
        let id = super::name_id(&["reply", &account.id, document, &key.to_string()]);
        let mut tx = self.db.begin().await?;
        tx.lock(&format!("document {document}")).await?;
        let stands: Option<String> =
            scalar("SELECT id FROM document WHERE id = $1 AND room = $2 AND state = 'posted' AND again_of IS NULL")
                .bind(document)
                .bind(room)
                .fetch_optional(tx.conn())
                .await?;
        if stands.is_none() {
            return Err(StoreError::Refused("この書類には、いまは返信できません".into()));
        }
        let new = query(
            "INSERT INTO reply (id, document, room, account, body, at) VALUES ($1,$2,$3,$4,$5,$6) ON CONFLICT (id) DO NOTHING",
        )
        .bind(&id)
        .bind(document)
        .bind(room)
        .bind(&account.id)
        .bind(body)
        .bind(now)
        .execute(tx.conn())
        .await?;
        if new == 0 {
            return Ok(());
        }
        let mut hashes = Vec::new();
        for (n, (name, media, size, sha)) in files.iter().enumerate() {
            query("INSERT INTO attachment (id, reply, name, media, sha256, size) VALUES ($1,$2,$3,$4,$5,$6)")
                .bind(super::name_id(&["attachment", &id, &n.to_string()]))
                .bind(&id)
                .bind(name)
                .bind(*media)
                .bind(sha)
                .bind(*size)
                .execute(tx.conn())
                .await?;
            hashes.push(sha);
        }
        if self.notify.members {
            for mail in registers::members_at(&mut tx, room, now).await? {
                if !mail.eq_ignore_ascii_case(&account.mailbox) {
                    let key = super::name_id(&["reply letter", &id, &mail]);
                    letters::put(&mut tx, &letter(&mail, key), now).await?;
                }
            }
        }
        let detail = json!({"reply": id, "room": room, "files": hashes});
        audit::append(&mut tx, now, &account.login, "reply", document, detail);
        tx.commit().await?;
        self.wake_all();
        Ok(())
    }

    /// Takes one's own reply back; the document that it was on.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is none of that person's.
    pub async fn take_reply_back(&self, account: &Account, reply: &str) -> Result<String> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let document: Option<String> = scalar("SELECT document FROM reply WHERE id = $1 AND account = $2")
            .bind(reply)
            .bind(&account.id)
            .fetch_optional(tx.conn())
            .await?;
        let document = document.ok_or_else(|| StoreError::Refused("その返信はありません".into()))?;
        let done = query("UPDATE reply SET withdrawn = $2 WHERE id = $1 AND withdrawn IS NULL")
            .bind(reply)
            .bind(now)
            .execute(tx.conn())
            .await?;
        if done > 0 {
            audit::append(&mut tx, now, &account.login, "take_reply_back", &document, json!({"reply": reply}));
        }
        tx.commit().await?;
        Ok(document)
    }

    /// A file that is still shown, with document and room of its reply.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn attachment(&self, id: &str) -> Result<Option<(Attachment, String, String)>> {
        let row = query(
            "SELECT t.id, t.name, t.media, t.sha256, t.size, r.document, r.room FROM attachment t
             JOIN reply r ON r.id = t.reply WHERE t.id = $1 AND r.withdrawn IS NULL",
        )
        .bind(id)
        .fetch_optional(self.db.reader())
        .await?;
        Ok(row.map(|r| (attachment(&r), r.get("document"), r.get("room"))))
    }
}

fn attachment(r: &Row) -> Attachment {
    Attachment {
        id: r.get("id"),
        name: r.get("name"),
        media: r.get("media"),
        sha256: r.get("sha256"),
        size: r.get("size"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::accept::State;
    use super::super::tests::{bench, sheet};
    use super::*;
    use crate::store::accounts::Account;

    fn letter(mail: &str, key: String) -> Letter {
        Letter { key, recipient: mail.to_owned(), subject: String::new(), body: String::new(), attached: None }
    }

    async fn person(b: &super::super::tests::Bench, role: &str) -> Account {
        b.store.demo_account(role).await.expect("an account")
    }

    #[tokio::test]
    async fn people_read_and_answer_each_for_themselves() {
        let b = bench().await;
        b.receive("scan", "a.tif", b"a").await;
        b.through(&[sheet(State::Posted, Some("R-0001"))]).await;
        let id = b.store.timeline("R-0001", 5).await.expect("timeline")[0].document.clone();
        // Two people of one office: they share its mailbox.
        let (one, other) = (person(&b, "viewer").await, person(&b, "reviewer").await);
        assert_eq!(one.mailbox, other.mailbox);
        b.store.open_sheet(&one, &id, 1).await.expect("open");
        b.pass(1000);
        b.store.open_sheet(&one, &id, 1).await.expect("open");
        let readings = b.store.readings(std::slice::from_ref(&id)).await.expect("readings").remove(&id).expect("one");
        assert_eq!((readings.len(), readings[0].account.as_str()), (1, one.id.as_str()));
        assert!(readings[0].last > readings[0].first);
        assert!(b.store.read_by(&other, std::slice::from_ref(&id)).await.expect("read").is_empty());
        let members = b.store.people_of("R-0001").await.expect("members");
        assert_eq!(members.iter().map(|m| m.people.len()).collect::<Vec<_>>(), [2, 0]);

        let key = Uuid::new_v4();
        let file = Upload { name: "創部.jpg".into(), media: "image/jpeg", bytes: b"\xff\xd8\xff".to_vec() };
        for _ in 0..2 {
            let place = (id.as_str(), "R-0001");
            b.store.reply(&one, place, key, " 本日訪問します ", vec![file.clone()], letter).await.expect("a reply");
        }
        let thread = b.store.thread(&id, "R-0001").await.expect("thread");
        assert_eq!((thread.len(), thread[0].body.as_str(), thread[0].attachments.len()), (1, "本日訪問します", 1));
        assert_eq!(b.store.open_letters().await.expect("letters").len(), 1, "the other member's");
        let attached = thread[0].attachments[0].clone();
        assert_eq!(b.store.blob(&attached.sha256).await.expect("bytes"), b"\xff\xd8\xff");
        assert!(b.store.thread(&id, "R-0002").await.expect("thread").is_empty(), "it stays in its room");
        for (body, room) in [("", "R-0001"), ("a", "R-0002")] {
            let refused = b.store.reply(&one, (&id, room), Uuid::new_v4(), body, Vec::new(), letter).await;
            assert!(matches!(refused, Err(StoreError::Refused(_))));
        }

        assert!(b.store.take_reply_back(&other, &thread[0].id).await.is_err(), "only one's own");
        b.store.take_reply_back(&one, &thread[0].id).await.expect("taken back");
        let thread = b.store.thread(&id, "R-0001").await.expect("thread");
        assert!(thread[0].body.is_empty() && thread[0].attachments.is_empty() && thread[0].withdrawn.is_some());
        assert!(b.store.attachment(&attached.id).await.expect("read").is_none());
        assert!(b.store.verify().await.expect("verify").faults.is_empty());
    }
}
