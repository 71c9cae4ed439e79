//! Taking back (取り下げ): a sheet that stands in a wrong room leaves it at once and for good, is put into the right one
//! under a new key where that is known, and whoever was told of it is told that it was wrong. Who may have seen it can be
//! looked up afterwards. Nothing is removed: documents, revisions and posts stay for the audit.

#[cfg(test)]
mod tests;

use serde_json::json;

use super::accept::{State, settle};
use super::db::{Row, Tx, query, scalar};
use super::letters::{self, Letter};
use super::outbox;
use super::review::{STALE, amend, current, into_room, refreeze, refused, set_state};
use super::{Result, Store, audit, claims, conference, merge, name_id, versions};
use crate::model::ELSEWHERE;

/// What is told to who heard of a sheet that was taken back. No patient data, nor what it was.
const SUBJECT: &str = "【faxbridge】先ほどのお知らせを取り下げました";
const BODY: &str = "先ほどお知らせした FAX は、部屋の取り違えがあったため取り下げました。\n\
     印刷や保存をされた場合は、廃棄してください。内容を他の方に伝えないようお願いします。\n\
     お手数をおかけし申し訳ありません。ご不明な点は確認担当者にお問い合わせください。";

/// Somebody who opened a sheet while it stood in a room from which it was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    pub login: String,
    /// Name of the account, where there is one.
    pub name: Option<String>,
    /// What was opened: `read`, `read_page`, `read_original`, `read_room`.
    pub actions: Vec<String>,
    /// First and last time, milliseconds since 1970.
    pub first: i64,
    pub last: i64,
}

/// Somebody who was told of it, or was to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub recipient: String,
    /// State of the notice: `sent`, `cancelled`, …; and when it came to that, milliseconds since 1970.
    pub state: String,
    pub at: i64,
    /// State of the word that it was taken back, where there is one.
    pub taken_back: Option<String>,
}

/// What came of one withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    pub room: String,
    /// From when to when it stood there, milliseconds since 1970.
    pub from: i64,
    pub until: i64,
    pub opened: Vec<Opened>,
    pub told: Vec<Told>,
}

impl Store {
    /// Takes a posted sheet out of its room: the posts are withdrawn, open notices end, also those that are being sent;
    /// whoever may have got one is told. With a room it is posted there as a new revision, else it stands nowhere. What it
    /// had taken the place of stands again; what was recorded as the same fax sent again goes with it. Again, it changes
    /// nothing.
    ///
    /// # Errors
    /// [`super::StoreError::Refused`]: another has it in hand or was faster, it does not stand in a room, or the other
    /// room is none or the same.
    pub async fn withdraw(&self, document: &str, revision: i64, to: Option<&str>, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let mut doc = current(&mut tx, document).await?;
        let to = match to {
            Some(room) => Some(merge::forward(&mut tx, room).await?),
            None => None,
        };
        let to = to.as_deref();
        let stands = match (doc.state, &doc.room) {
            (State::Withdrawn, _) if to.is_none() => return Ok(()),
            (State::Posted, Some(room)) => room.clone(),
            _ => return refused("部屋に掲載されている書類ではありません"),
        };
        if to == Some(stands.as_str()) {
            return refused(if doc.revision == revision {
                "いまと同じ部屋です。正しい部屋を選んでください"
            } else {
                STALE
            });
        }
        claims::need(&mut tx, document, actor, now).await?;
        if doc.revision != revision {
            return refused(STALE);
        }
        if doc.again {
            return refused("再送として記録された書類です。最初に届いた書類のほうを取り下げてください");
        }
        // Both rooms in one order, so that two who exchange sheets do not wait for each other.
        let mut rooms = vec![stands.as_str()];
        rooms.extend(to);
        rooms.sort_unstable();
        for room in rooms {
            if Some(room) == to { into_room(&mut tx, room).await? } else { versions::lock(&mut tx, room).await? }
        }
        // What stands in its place, where something does.
        let heir: Option<String> =
            query("SELECT replaced FROM post WHERE document = $1 ORDER BY revision DESC LIMIT 1")
                .bind(document)
                .fetch_optional(tx.conn())
                .await?
                .and_then(|r| r.get("replaced"));
        query("UPDATE post SET withdrawn = $2 WHERE document = $1 AND withdrawn IS NULL")
            .bind(document)
            .bind(now)
            .execute(tx.conn())
            .await?;
        let told = end_notices(&mut tx, document, &stands, now).await?;
        leave_line(&mut tx, document, heir.as_deref()).await?;
        conference::cancel(&mut tx, self, document, &stands, now).await?;

        let reason = "別の患者さんの部屋に入っていたため取り下げました";
        let number = if to.is_some() { doc.revision + 1 } else { doc.revision };
        let mut detail = json!({"revision": doc.revision, "room": stands, "to": to, "told": told});
        match to {
            Some(room) => {
                doc.content.doubts.clear();
                let hash =
                    refreeze(&mut tx, now, actor, document, number, &doc.content, Some(room), &doc.reader).await?;
                detail["revision"] = json!(number);
                detail["sha256"] = json!(hash);
                set_state(&mut tx, document, State::Posted, None, Some(room), actor).await?;
            }
            None => {
                set_state(&mut tx, document, State::Withdrawn, Some(reason), None, actor).await?;
                // From now on it waits anew.
                query("UPDATE document SET warned = NULL WHERE id = $1").bind(document).execute(tx.conn()).await?;
            }
        }
        audit::append(&mut tx, now, actor, "withdraw", document, detail);
        if let Some(room) = to {
            outbox::post(&mut tx, document, number, room, now).await?;
            outbox::tell(&mut tx, self, document, number, room, true, now).await?;
        }
        for (again, receipt) in resent(&mut tx, document).await? {
            match to {
                Some(_) => set_room(&mut tx, &again, to).await?,
                None => set_state(&mut tx, &again, State::Withdrawn, Some(reason), None, actor).await?,
            }
            audit::append(&mut tx, now, actor, "withdraw", &again, json!({"with": document, "room": stands, "to": to}));
            tx.lock(&format!("receipt {receipt}")).await?;
            settle(&mut tx, &receipt, now, None).await?;
        }
        settle(&mut tx, &doc.receipt, now, None).await?;
        amend(tx).await?;
        self.wake_all();
        Ok(())
    }

    /// From which rooms a document was taken back, the last first: who had opened it there, and who was told of it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn exposures(&self, document: &str) -> Result<Vec<Exposure>> {
        let mut tx = self.db.snapshot().await?;
        let rows = query(
            "SELECT room, min(at) AS since, max(withdrawn) AS until FROM post
             WHERE document = $1 AND withdrawn IS NOT NULL GROUP BY room, withdrawn ORDER BY until DESC",
        )
        .bind(document)
        .fetch_all(tx.conn())
        .await?;
        let mut all = Vec::with_capacity(rows.len());
        for r in &rows {
            let (room, from, until): (String, i64, i64) = (r.get("room"), r.get("since"), r.get("until"));
            let opened = opened(&mut tx, document, &room, from, until).await?;
            let told = told(&mut tx, document, &room, from, until).await?;
            all.push(Exposure { room, from, until, opened, told });
        }
        Ok(all)
    }
}

/// Ends the notices that are on their way and tells whoever may have got one; how many these are.
async fn end_notices(tx: &mut Tx, document: &str, room: &str, now: i64) -> Result<usize> {
    let rows = query(
        "SELECT key, recipient, state, attempts, lease_until FROM outbox
         WHERE document = $1 AND room = $2 AND purpose = 'notice' AND state <> 'cancelled' ORDER BY key",
    )
    .bind(document)
    .bind(room)
    .fetch_all(tx.conn())
    .await?;
    query(
        "UPDATE outbox SET state = 'cancelled', error = $2, lease_token = NULL, lease_owner = NULL, lease_until = NULL,
                updated = $3
         WHERE document = $1 AND state IN ('pending', 'sending')",
    )
    .bind(document)
    .bind("取り下げられました")
    .bind(now)
    .execute(tx.conn())
    .await?;
    let mut told = 0;
    for r in &rows {
        if r.get::<String>("state") == "pending" && r.get::<i64>("attempts") == 0 {
            continue;
        }
        let letter = Letter {
            key: letter_key(r.get("key")),
            recipient: r.get("recipient"),
            subject: SUBJECT.into(),
            body: BODY.into(),
            attached: None,
        };
        // What is in flight may still arrive: this is to come after it.
        let after = r.get::<Option<i64>>("lease_until").filter(|_| r.get::<String>("state") == "sending");
        letters::put_after(tx, &letter, now, after.unwrap_or(now)).await?;
        told += 1;
    }
    Ok(told)
}

/// Key of the word that takes back the notice of that key.
fn letter_key(notice: &str) -> String {
    name_id(&["withdraw", notice])
}

/// Takes a document out of its line of versions: the one before stands again, or, where a later one has taken this one's
/// place (under the key `heir`), comes before that.
async fn leave_line(tx: &mut Tx, document: &str, heir: Option<&str>) -> Result<()> {
    let before: Option<String> = query("SELECT supersedes FROM document WHERE id = $1")
        .bind(document)
        .fetch_one(tx.conn())
        .await?
        .get("supersedes");
    // What differs from the one before that, nobody has looked at: the pages have to be.
    query("UPDATE document SET supersedes = $2, differs = $3 WHERE supersedes = $1")
        .bind(document)
        .bind(&before)
        .bind(before.as_ref().map(|_| json!([ELSEWHERE]).to_string()))
        .execute(tx.conn())
        .await?;
    query("UPDATE document SET supersedes = NULL, differs = NULL WHERE id = $1")
        .bind(document)
        .execute(tx.conn())
        .await?;
    if let Some(before) = before {
        query(
            "UPDATE post SET replaced = $3 WHERE key = (
                 SELECT key FROM post WHERE document = $1 AND withdrawn IS NULL
                 AND replaced IN (SELECT key FROM post WHERE document = $2) ORDER BY revision DESC LIMIT 1)",
        )
        .bind(before)
        .bind(document)
        .bind(heir)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Documents that are this one sent again, with their receipts.
async fn resent(tx: &mut Tx, document: &str) -> Result<Vec<(String, String)>> {
    let rows = query("SELECT id, receipt FROM document WHERE again_of = $1 ORDER BY id")
        .bind(document)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.iter().map(|r| (r.get("id"), r.get("receipt"))).collect())
}

async fn set_room(tx: &mut Tx, document: &str, room: Option<&str>) -> Result<()> {
    query("UPDATE document SET room = $2 WHERE id = $1").bind(document).bind(room).execute(tx.conn()).await?;
    Ok(())
}

async fn opened(tx: &mut Tx, document: &str, room: &str, from: i64, until: i64) -> Result<Vec<Opened>> {
    let rows = query(
        "SELECT a.actor, p.name, a.action, min(a.at) AS first, max(a.at) AS last FROM audit a
         LEFT JOIN account p ON p.login = a.actor
         WHERE a.subject IN ($1, $2) AND a.at >= $3 AND a.at <= $4
           AND a.action IN ('read', 'read_page', 'read_original', 'read_room')
         GROUP BY a.actor, p.name, a.action ORDER BY first, a.actor, a.action",
    )
    .bind(document)
    .bind(room)
    .bind(from)
    .bind(until)
    .fetch_all(tx.conn())
    .await?;
    let mut all: Vec<Opened> = Vec::new();
    for r in &rows {
        let login: String = r.get("actor");
        let (action, first, last): (String, i64, i64) = (r.get("action"), r.get("first"), r.get("last"));
        match all.iter_mut().find(|o| o.login == login) {
            Some(o) => {
                o.actions.push(action);
                o.first = o.first.min(first);
                o.last = o.last.max(last);
            }
            None => all.push(Opened { login, name: r.get("name"), actions: vec![action], first, last }),
        }
    }
    Ok(all)
}

async fn told(tx: &mut Tx, document: &str, room: &str, from: i64, until: i64) -> Result<Vec<Told>> {
    let rows = query(
        "SELECT key, recipient, state, updated FROM outbox WHERE document = $1 AND room = $2 AND purpose = 'notice'
         AND created >= $3 AND created <= $4 ORDER BY created, recipient",
    )
    .bind(document)
    .bind(room)
    .bind(from)
    .bind(until)
    .fetch_all(tx.conn())
    .await?;
    let mut all = Vec::with_capacity(rows.len());
    for r in &rows {
        let taken_back: Option<String> = scalar("SELECT state FROM letter WHERE key = $1")
            .bind(letter_key(r.get("key")))
            .fetch_optional(tx.conn())
            .await?;
        let told =
            |r: &Row| Told { recipient: r.get("recipient"), state: r.get("state"), at: r.get("updated"), taken_back };
        all.push(told(r));
    }
    Ok(all)
}
