//! Who is signed in, tickets that are good for one use, and the slowing down of those who guess. Tokens are kept as
//! SHA-256: who reads the database cannot sign in with what stands there.

use serde_json::{Value as Json, json};

use super::accounts::Account;
use super::db::{Tx, query, scalar};
use super::{Result, Store, audit};
use crate::account::scope::Scopes;
use crate::account::token;

/// A wait is this long at first, and at most [`LONGEST_MS`].
const FIRST_MS: i64 = 15_000;
const LONGEST_MS: i64 = 15 * 60_000;
/// Failures are forgotten after a quiet time of this length.
const FORGET_MS: i64 = 24 * 3_600_000;

/// How long sessions last, milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Without any page asked for.
    pub idle: i64,
    /// Whatever is done.
    pub absolute: i64,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub account: Account,
    /// What the session is kept under.
    pub session: String,
    /// `passkey`, `password`, `demo`, `token`.
    pub way: String,
    /// What a program may do with its token; a person's session is for everything.
    pub scopes: Option<Scopes>,
}

/// A session in the list of one's own.
#[derive(Debug, Clone)]
pub struct SessionLine {
    pub session: String,
    pub way: String,
    pub created: i64,
    pub seen: i64,
}

/// Somebody, or some place, that failures to sign in are counted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guesser {
    /// Kept as SHA-256.
    pub who: String,
    /// Failures that cost nothing; from then on the wait doubles.
    pub free: i64,
}

/// A ticket that was handed in.
#[derive(Debug, Clone)]
pub struct Held {
    pub account: Option<String>,
    pub data: Json,
}

impl Store {
    /// A new session; what the browser is to hold.
    ///
    /// # Errors
    /// The database refused.
    pub async fn sign_in(&self, account: &Account, way: &str, terms: Terms) -> Result<String> {
        let now = self.now();
        let token = token::new();
        let mut tx = self.db.begin().await?;
        query("DELETE FROM session WHERE until < $1").bind(now).execute(tx.conn()).await?;
        query("DELETE FROM ticket WHERE until < $1").bind(now).execute(tx.conn()).await?;
        query("INSERT INTO session (token, account, way, created, seen, until) VALUES ($1,$2,$3,$4,$4,$5)")
            .bind(token::hash(&token))
            .bind(&account.id)
            .bind(way)
            .bind(now)
            .bind(now + terms.absolute)
            .execute(tx.conn())
            .await?;
        audit::append(&mut tx, now, &account.login, "sign_in", &account.login, json!({"way": way}));
        tx.commit().await?;
        Ok(token)
    }

    /// Who holds the token of a session that is good now. Being asked keeps it alive.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn who(&self, token: &str, terms: Terms) -> Result<Option<SignedIn>> {
        let now = self.now();
        let session = token::hash(token);
        let row = query("SELECT account, way, seen, until FROM session WHERE token = $1")
            .bind(&session)
            .fetch_optional(self.db.reader())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (seen, until): (i64, i64) = (row.get("seen"), row.get("until"));
        if now >= until || now - seen >= terms.idle {
            return Ok(None);
        }
        let Some(account) = self.account(row.get("account")).await? else { return Ok(None) };
        if account.disabled.is_some() {
            return Ok(None);
        }
        // Not with every picture of a page.
        if now - seen > terms.idle.min(600_000) / 10 {
            let mut tx = self.db.begin().await?;
            query("UPDATE session SET seen = $2 WHERE token = $1").bind(&session).bind(now).execute(tx.conn()).await?;
            tx.commit().await?;
        }
        Ok(Some(SignedIn { account, session, way: row.get("way"), scopes: None }))
    }

    /// When the person of a session last proved who they are; none where it is no session.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn proved(&self, session: &str) -> Result<Option<i64>> {
        scalar("SELECT coalesce(proved, created) FROM session WHERE token = $1")
            .bind(session)
            .fetch_optional(self.db.reader())
            .await
    }

    /// Notes that they proved it just now.
    ///
    /// # Errors
    /// The database refused.
    pub async fn prove(&self, account: &Account, session: &str, way: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        query("UPDATE session SET proved = $2 WHERE token = $1").bind(session).bind(now).execute(tx.conn()).await?;
        audit::append(&mut tx, now, &account.login, "prove", &account.login, json!({"way": way}));
        tx.commit().await
    }

    /// Ends a session of an account.
    ///
    /// # Errors
    /// The database refused.
    pub async fn sign_out(&self, account: &Account, session: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let done = query("DELETE FROM session WHERE token = $1 AND account = $2")
            .bind(session)
            .bind(&account.id)
            .execute(tx.conn())
            .await?;
        if done > 0 {
            audit::append(&mut tx, self.now(), &account.login, "sign_out", &account.login, json!({}));
        }
        tx.commit().await
    }

    /// An account's sessions, the one used last first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn sessions(&self, account: &str) -> Result<Vec<SessionLine>> {
        let rows = query(
            "SELECT token, way, created, seen FROM session WHERE account = $1 AND until > $2 ORDER BY seen DESC, token",
        )
        .bind(account)
        .bind(self.now())
        .fetch_all(self.db.reader())
        .await?;
        let line = |r: &super::db::Row| SessionLine {
            session: r.get("token"),
            way: r.get("way"),
            created: r.get("created"),
            seen: r.get("seen"),
        };
        Ok(rows.iter().map(line).collect())
    }

    /// Keeps what a ceremony needs for its answer, for five minutes; the ticket for it.
    ///
    /// # Errors
    /// The database refused.
    pub async fn keep_challenge(&self, account: Option<&str>, data: &Json) -> Result<String> {
        self.keep(account, data, 300_000).await
    }

    /// Keeps what a form needs when it comes back, for `ms` milliseconds; the ticket for it.
    ///
    /// # Errors
    /// The database refused.
    pub async fn keep(&self, account: Option<&str>, data: &Json, ms: i64) -> Result<String> {
        let ticket = token::new();
        let mut tx = self.db.begin().await?;
        issue(&mut tx, &ticket, "challenge", account, data, self.now(), ms).await?;
        tx.commit().await?;
        Ok(ticket)
    }

    /// Hands in a ticket of a ceremony. It is good once.
    ///
    /// # Errors
    /// The database refused.
    pub async fn challenge(&self, ticket: &str) -> Result<Option<Held>> {
        let mut tx = self.db.begin().await?;
        let held = redeem(&mut tx, ticket, "challenge", self.now()).await?;
        tx.commit().await?;
        Ok(held)
    }

    /// Whom an invitation or a recovery is for, where it is good; it is not used up.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn invited(&self, ticket: &str) -> Result<Option<Account>> {
        let id: Option<String> =
            scalar("SELECT account FROM ticket WHERE token = $1 AND purpose IN ('enrol', 'recover') AND until > $2")
                .bind(token::hash(ticket))
                .bind(self.now())
                .fetch_optional::<Option<String>>(self.db.reader())
                .await?
                .flatten();
        match id {
            Some(id) => Ok(self.account(&id).await?.filter(|a| a.disabled.is_none())),
            None => Ok(None),
        }
    }

    /// Milliseconds that those who are known as `who` have to wait before the next try; 0: none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn must_wait(&self, who: &[Guesser]) -> Result<i64> {
        let now = self.now();
        let mut longest = 0;
        for who in who {
            let row = query("SELECT failures, last FROM attempt WHERE who = $1")
                .bind(token::hash(&who.who))
                .fetch_optional(self.db.reader())
                .await?;
            let Some(row) = row else { continue };
            let (failures, last): (i64, i64) = (row.get("failures"), row.get("last"));
            longest = longest.max(wait(failures - who.free, now - last));
        }
        Ok(longest)
    }

    /// Counts a failure for each of `who`, in the audit log under `login`.
    ///
    /// # Errors
    /// The database refused.
    pub async fn failed(&self, who: &[Guesser], login: &str, way: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        for who in who {
            query(
                "INSERT INTO attempt (who, failures, last) VALUES ($1, 1, $2) ON CONFLICT (who) DO UPDATE SET
                 failures = CASE WHEN $2 - attempt.last > $3 THEN 1 ELSE attempt.failures + 1 END, last = $2",
            )
            .bind(token::hash(&who.who))
            .bind(now)
            .bind(FORGET_MS)
            .execute(tx.conn())
            .await?;
        }
        // What was typed may be a password in the wrong line.
        let known: i64 =
            scalar("SELECT count(*) FROM account WHERE login = $1").bind(login).fetch_one(tx.conn()).await?;
        let subject = if known > 0 { login } else { "unknown" };
        audit::append(&mut tx, now, subject, "sign_in_failed", subject, json!({"way": way}));
        tx.commit().await
    }

    /// Forgets the failures of `who`.
    ///
    /// # Errors
    /// The database refused.
    pub async fn forgive(&self, who: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        query("DELETE FROM attempt WHERE who = $1").bind(token::hash(who)).execute(tx.conn()).await?;
        tx.commit().await
    }
}

/// Milliseconds still to wait after so many failures beyond what is free, the last of them `ago`.
fn wait(failures: i64, ago: i64) -> i64 {
    if failures < 0 || !(0..FORGET_MS).contains(&ago) {
        return 0;
    }
    let doubled = FIRST_MS.saturating_mul(1 << failures.min(16));
    (doubled.min(LONGEST_MS) - ago).max(0)
}

pub(super) async fn issue(
    tx: &mut Tx,
    ticket: &str,
    purpose: &str,
    account: Option<&str>,
    data: &Json,
    now: i64,
    ms: i64,
) -> Result<()> {
    query("INSERT INTO ticket (token, purpose, account, data, created, until) VALUES ($1,$2,$3,$4,$5,$6)")
        .bind(token::hash(ticket))
        .bind(purpose)
        .bind(account)
        .bind(data.to_string())
        .bind(now)
        .bind(now + ms)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Uses a ticket up, if it is good.
pub(super) async fn redeem(tx: &mut Tx, ticket: &str, purpose: &str, now: i64) -> Result<Option<Held>> {
    let row = query("DELETE FROM ticket WHERE token = $1 AND purpose = $2 AND until > $3 RETURNING account, data")
        .bind(token::hash(ticket))
        .bind(purpose)
        .bind(now)
        .fetch_optional(tx.conn())
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Held { account: row.get("account"), data: serde_json::from_str(row.get("data"))? }))
}

/// Sessions, tokens and browsers that are told by push.
pub(super) async fn end_all(tx: &mut Tx, account: &str) -> Result<()> {
    for all in [
        "DELETE FROM session WHERE account = $1",
        "DELETE FROM token WHERE account = $1",
        "DELETE FROM subscription WHERE account = $1",
    ] {
        query(all).bind(account).execute(tx.conn()).await?;
    }
    Ok(())
}

pub(super) async fn forget_tickets(tx: &mut Tx, account: &str) -> Result<()> {
    query("DELETE FROM ticket WHERE account = $1").bind(account).execute(tx.conn()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_gets_slower_and_slower() {
        assert_eq!(wait(-1, 0), 0);
        assert_eq!(wait(0, 0), FIRST_MS);
        assert_eq!(wait(1, 5_000), 2 * FIRST_MS - 5_000);
        assert_eq!(wait(1_000_000, 0), LONGEST_MS);
        assert_eq!(wait(1_000_000, LONGEST_MS), 0);
    }
}
