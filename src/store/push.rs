//! Browsers that are told by Web Push, and the key that we sign with.
//!
//! The key pair is made at the first use. Its secret half stands in `meta` under `vapid`, so that all hosts of one database
//! sign alike and a restored backup goes on reaching the same browsers: who has it can send messages in our name to those
//! whose addresses they know as well, and read nothing.

use serde_json::json;

use super::accounts::Account;
use super::db::{Row, Tx, query, scalar};
use super::{Result, Store, StoreError, audit, name_id};

/// Browsers that one account can have.
const MOST: i64 = 10;

/// A browser in the list of one's own, or as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub id: String,
    /// Address at its push service: whoever knows it and has our key can send there.
    pub endpoint: String,
    pub p256dh: String,
    pub auth: String,
    pub label: String,
    /// Milliseconds since 1970.
    pub created: i64,
}

macro_rules! subscription {
    ($rest:literal) => {
        concat!("SELECT s.id, s.endpoint, s.p256dh, s.auth, s.label, s.created FROM subscription s ", $rest)
    };
}

fn subscription(r: &Row) -> Subscription {
    Subscription {
        id: r.get("id"),
        endpoint: r.get("endpoint"),
        p256dh: r.get("p256dh"),
        auth: r.get("auth"),
        label: r.get("label"),
        created: r.get("created"),
    }
}

impl Store {
    /// The same store, which tells browsers by push as well.
    #[must_use]
    pub fn pushing(mut self) -> Store {
        self.pushes = true;
        self
    }

    /// The key that pushes are signed with; `new` where there is none yet.
    ///
    /// # Errors
    /// The database refused.
    pub async fn vapid(&self, new: &str) -> Result<String> {
        self.secret("vapid", new).await
    }

    /// An account's browsers, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn subscriptions(&self, account: &str) -> Result<Vec<Subscription>> {
        let rows = query(subscription!("WHERE s.account = $1 ORDER BY s.created, s.id"))
            .bind(account)
            .fetch_all(self.db.reader())
            .await?;
        Ok(rows.iter().map(subscription).collect())
    }

    /// A browser that is told.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn subscription(&self, id: &str) -> Result<Option<Subscription>> {
        let row = query(subscription!("JOIN account a ON a.id = s.account WHERE s.id = $1 AND a.disabled IS NULL"))
            .bind(id)
            .fetch_optional(self.db.reader())
            .await?;
        Ok(row.as_ref().map(subscription))
    }

    /// From now on that browser is told what the account is told. One that somebody else used before is theirs no longer.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the account has too many; the database refused.
    pub async fn subscribe(
        &self,
        account: &Account,
        endpoint: &str,
        p256dh: &str,
        auth: &str,
        label: &str,
    ) -> Result<()> {
        let (now, id) = (self.now(), name_id(&["push", endpoint]));
        let mut tx = self.db.begin().await?;
        super::accounts::current(&mut tx, &account.id).await?;
        let n: i64 = scalar("SELECT count(*) FROM subscription WHERE account = $1 AND id <> $2")
            .bind(&account.id)
            .bind(&id)
            .fetch_one(tx.conn())
            .await?;
        if n >= MOST {
            return Err(StoreError::Refused("登録した端末が多すぎます。使っていないものを消してください".into()));
        }
        query(
            "INSERT INTO subscription (id, account, endpoint, p256dh, auth, label, created) VALUES ($1,$2,$3,$4,$5,$6,$7)
             ON CONFLICT (id) DO UPDATE SET account = excluded.account, p256dh = excluded.p256dh, auth = excluded.auth,
             label = excluded.label, created = excluded.created",
        )
        .bind(&id)
        .bind(&account.id)
        .bind(endpoint)
        .bind(p256dh)
        .bind(auth)
        .bind(label)
        .bind(now)
        .execute(tx.conn())
        .await?;
        audit::append(&mut tx, now, &account.login, "subscribe", &account.login, json!({"subscription": id}));
        tx.commit().await
    }

    /// That browser of the account is told no more.
    ///
    /// # Errors
    /// The database refused.
    pub async fn unsubscribe(&self, account: &Account, id: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let done = query("DELETE FROM subscription WHERE id = $1 AND account = $2")
            .bind(id)
            .bind(&account.id)
            .execute(tx.conn())
            .await?;
        if done > 0 {
            let detail = json!({"subscription": id});
            audit::append(&mut tx, self.now(), &account.login, "unsubscribe", &account.login, detail);
        }
        tx.commit().await
    }

    /// Its push service does not know that browser any more.
    ///
    /// # Errors
    /// The database refused.
    pub async fn forget_subscription(&self, id: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        query("DELETE FROM subscription WHERE id = $1").bind(id).execute(tx.conn()).await?;
        tx.commit().await
    }
}

/// Browsers of the people who have this mailbox.
pub(super) async fn of_mailbox(tx: &mut Tx, mailbox: &str) -> Result<Vec<String>> {
    scalar(
        "SELECT s.id FROM subscription s JOIN account a ON a.id = s.account
         WHERE a.disabled IS NULL AND lower(a.mailbox) = $1 ORDER BY s.id",
    )
    .bind(mailbox.to_lowercase())
    .fetch_all(tx.conn())
    .await
}

/// Browsers of everybody who reviews.
pub(super) async fn of_reviewers(tx: &mut Tx) -> Result<Vec<String>> {
    let rows = query(
        "SELECT s.id, a.roles FROM subscription s JOIN account a ON a.id = s.account WHERE a.disabled IS NULL ORDER BY s.id",
    )
    .fetch_all(tx.conn())
    .await?;
    let reviews = |roles: &str| crate::account::Roles::parse(roles).has(crate::account::Role::Reviewer);
    Ok(rows.iter().filter(|r| reviews(&r.get::<String>("roles"))).map(|r| r.get("id")).collect())
}

/// The mailbox of the person whose browser this is.
pub(super) async fn mailbox_of(tx: &mut Tx, id: &str) -> Result<Option<String>> {
    scalar(
        "SELECT lower(a.mailbox) FROM subscription s JOIN account a ON a.id = s.account
         WHERE s.id = $1 AND a.disabled IS NULL",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Role;
    use crate::store::State;
    use crate::store::preferences::Preference;
    use crate::store::tests::{bench, sheet};

    #[tokio::test]
    async fn browsers_are_told_what_their_people_are_told_and_when() {
        let mut b = bench().await;
        b.store = b.store.clone().pushing();
        assert_eq!(b.store.vapid("first").await.expect("key"), "first");
        assert_eq!(b.store.vapid("second").await.expect("key"), "first", "one key for good");
        let new = crate::store::accounts::NewAccount {
            login: "person@example.jp".into(),
            name: "人".into(),
            roles: Role::Viewer.into(),
            mailbox: "A@example.jp".into(),
            lang: crate::account::Lang::Ja,
        };
        let id = b.store.invite(&new, "ticket", None, "test").await.expect("an account");
        let account = b.store.account(&id).await.expect("read").expect("there");
        for (endpoint, label) in [("https://push.example/1", "電話"), ("https://push.example/2", "パソコン")] {
            b.store.subscribe(&account, endpoint, "key", "auth", label).await.expect("subscribed");
        }
        let browsers = b.store.subscriptions(&id).await.expect("browsers");
        b.store.unsubscribe(&account, &browsers[1].id).await.expect("unsubscribed");

        let quiet = Preference::parse("", "09:00", "12:00").expect("a choice");
        b.store.prefer("a@example.jp", &quiet, "test").await.expect("chosen");
        b.receive("scan", "1.tif", b"1").await;
        b.through(&[sheet(State::Posted, Some("R-0001"))]).await;
        assert!(b.store.claim_delivery("push", 60_000).await.expect("claim").is_none(), "it is quiet");
        assert!(b.store.open_deliveries("push").await.expect("open").is_empty());
        b.store.prefer("a@example.jp", &Preference::default(), "test").await.expect("chosen");
        let d = b.store.claim_delivery("push", 60_000).await.expect("claim").expect("a push");
        assert_eq!(d.posting.recipient, browsers[0].id);
        let failed = crate::store::outbox::Outcome::Failed { error: "400".into() };
        b.store.commit_delivery(&d, &failed).await.expect("commit");
        let lines = b.store.undelivered_notices(10).await.expect("lines");
        assert_eq!(lines[0].recipient, "person@example.jp", "a browser is known by its person");
        assert!(b.store.claim_delivery("push", 60_000).await.expect("claim").is_none());

        // Whoever may not sign in any more is not told, nor who has left the room.
        b.store.send_again(&d.posting.key, "test").await.expect("again");
        b.store.forget_subscription(&browsers[0].id).await.expect("forgotten");
        assert!(b.store.claim_delivery("push", 60_000).await.expect("claim").is_none());
        let states: Vec<String> =
            scalar("SELECT state FROM outbox WHERE sink = 'push'").fetch_all(b.store.db.reader()).await.expect("rows");
        assert_eq!(states, ["cancelled"]);
    }
}
