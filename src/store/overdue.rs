//! Nobody waits unseen: a held sheet has a deadline, and so has one that was taken back and has no room. Where it is missed, the next on duty is told, then all, and then it is
//! an alarm. An urgent sheet tells the offices of everybody who may be meant at once. A sheet that somebody has in hand is
//! not missed. How far the word went stands with the document, so that several hosts tell once; one letter speaks of all
//! sheets that are missed at the same time. No patient data.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use serde_json::json;

use super::accept::Candidate;
use super::db::{Row, Tx, query, scalar};
use super::letters::{self, Letter};
use super::registers::members_at;
use super::{MACHINE, Result, Store, audit, name_id, status};
use crate::account::{Role, Roles};

const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

/// When offices are open, Japan's time: Monday to Friday, holidays left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hours {
    /// Minutes since midnight.
    pub opens: i64,
    pub closes: i64,
    pub holidays: Vec<Date>,
}

impl Hours {
    /// The moment after so much open time from `start` on; milliseconds, since 1970 where it is a moment.
    pub fn after(&self, start: i64, mut left: i64) -> i64 {
        let midnight =
            start - status::local(start).time().duration_since(jiff::civil::Time::midnight()).as_millis() as i64;
        // Ten years without an open hour are a fault of the configuration: it is due at once then.
        for day in 0..3_660 {
            let (opens, closes) =
                (midnight + day * DAY + self.opens * MINUTE, midnight + day * DAY + self.closes * MINUTE);
            let from = start.max(opens);
            if from >= closes || !self.is_open(status::local(opens).date()) {
                continue;
            }
            if from + left <= closes {
                return from + left;
            }
            left -= closes - from;
        }
        start
    }

    fn is_open(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.holidays.contains(&day)
    }
}

/// How far the word of a waiting sheet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// It is there: who is first on duty; of an urgent one the offices that may be meant.
    Held = 0,
    /// The deadline is missed: the next on duty.
    Next = 1,
    /// Missed for longer: everybody who reviews.
    All = 2,
    Alarm = 3,
}

impl Step {
    const STEPS: [Step; 4] = [Step::Held, Step::Next, Step::All, Step::Alarm];
}

/// Deadlines, and who is told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// Milliseconds that an urgent sheet may wait; any time counts.
    pub urgent: i64,
    /// Milliseconds that another one may wait; open time counts.
    pub routine: i64,
    /// Milliseconds from one step to the next once it is missed.
    pub step: i64,
    pub hours: Hours,
    /// Who is on duty, in order.
    pub duty: Vec<String>,
    /// Who hears of every held sheet anyhow.
    pub admins: Vec<String>,
    /// Whether there is a mail server.
    pub mails: bool,
    /// Where people reach the pages.
    pub base_url: String,
}

impl Terms {
    /// When a sheet that was held back at that moment comes to this step; milliseconds since 1970.
    pub fn due(&self, held: i64, urgent: bool, step: Step) -> i64 {
        let more = (step as i64 - 1).max(0) * self.step;
        match (step, urgent) {
            (Step::Held, _) => held,
            (_, true) => held + self.urgent + more,
            (_, false) => self.hours.after(held, self.routine + more),
        }
    }

    fn reached(&self, held: i64, urgent: bool, now: i64) -> Step {
        let there = |s: &Step| self.due(held, urgent, *s) <= now;
        Step::STEPS.into_iter().rev().find(there).unwrap_or(Step::Held)
    }
}

/// Sheets that one letter speaks of.
#[derive(Default)]
struct Word {
    documents: Vec<String>,
    urgent: usize,
}

/// What there is to say, and to whom: `Held` of an urgent sheet has two kinds of readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Duty,
    Office,
    Missed,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Duty => "duty",
            Kind::Office => "office",
            Kind::Missed => "missed",
        }
    }
}

impl Store {
    /// Tells whoever is to be told of sheets that wait. How many have come to an alarm and still wait, and the id of the
    /// oldest of them.
    ///
    /// # Errors
    /// The database refused; nothing was told then.
    pub async fn escalate(&self, terms: &Terms) -> Result<(i64, Option<String>)> {
        let now = self.now();
        let rows = query(
            // What was taken back waits since then.
            "SELECT id, created, urgent, warned, held_until FROM document WHERE state = 'review'
             UNION ALL
             SELECT d.id, coalesce((SELECT max(p.withdrawn) FROM post p WHERE p.document = d.id), d.created) AS created,
                    d.urgent, d.warned, d.held_until
             FROM document d WHERE d.state = 'withdrawn' AND d.again_of IS NULL
             ORDER BY created, id",
        )
        .fetch_all(self.db.reader())
        .await?;
        let due: Vec<(String, Step, Option<i64>)> = rows.iter().filter_map(|r| next(r, terms, now)).collect();
        if !due.is_empty() {
            self.tell_of(terms, &due, now).await?;
        }
        let late: Vec<String> = scalar(
            "SELECT id FROM document WHERE state IN ('review', 'withdrawn') AND warned >= $1 ORDER BY created, id",
        )
        .bind(Step::Alarm as i64)
        .fetch_all(self.db.reader())
        .await?;
        Ok((late.len() as i64, late.into_iter().next()))
    }

    async fn tell_of(&self, terms: &Terms, due: &[(String, Step, Option<i64>)], now: i64) -> Result<()> {
        let mut tx = self.db.begin().await?;
        tx.lock("overdue").await?;
        let everyone = everyone(&mut tx, terms).await?;
        let mut words: BTreeMap<(Kind, String, Step), Word> = BTreeMap::new();
        for (id, step, before) in due {
            let row = query(
                "UPDATE document SET warned = $2 WHERE id = $1 AND state IN ('review', 'withdrawn') AND coalesce(warned, -1) < $2
                 RETURNING urgent, candidates, state, revision",
            )
            .bind(id)
            .bind(*step as i64)
            .fetch_optional(tx.conn())
            .await?;
            // Decided meanwhile, or another host was faster.
            let Some(row) = row else { continue };
            let urgent = row.get::<i64>("urgent") != 0;
            let mut readers: BTreeSet<(Kind, String)> = BTreeSet::new();
            match step {
                Step::Held => readers.extend(first(terms).map(|m| (Kind::Duty, m))),
                // Where nobody was there to tell the first, both are told.
                Step::Next if terms.duty.len() > 1 => {
                    let so_far = if before.is_none() { &terms.duty[..2] } else { &terms.duty[1..2] };
                    readers.extend(so_far.iter().map(|m| (Kind::Missed, m.clone())));
                }
                // All have heard of it by now; the alarm has mails of its own.
                Step::All if terms.duty.len() < 2 && before.is_some_and(|b| b >= Step::Next as i64) => {}
                Step::Alarm if before.is_some_and(|b| b >= Step::All as i64) => {}
                Step::Next | Step::All | Step::Alarm => {
                    readers.extend(everyone.iter().map(|m| (Kind::Missed, m.clone())));
                }
            }
            if before.is_none() && urgent {
                let offices = offices(&mut tx, row.get("candidates"), now).await?;
                readers.extend(offices.into_iter().map(|m| (Kind::Office, m)));
            }
            let to: Vec<&str> = readers.iter().map(|(_, m)| m.as_str()).collect();
            audit::append(&mut tx, now, MACHINE, "waits", id, json!({"step": *step as i64, "told": to.len()}));
            for (kind, to) in readers {
                let word = words.entry((kind, to, *step)).or_default();
                // Of one that was taken back others have heard before, when it was first held.
                let again = row.get::<String>("state") == "withdrawn";
                let said = if again { format!("{id} {}", row.get::<i64>("revision")) } else { id.clone() };
                word.documents.push(said);
                word.urgent += usize::from(urgent);
            }
        }
        for ((kind, to, step), word) in words.into_iter().filter(|_| terms.mails) {
            letters::put(&mut tx, &letter(terms, kind, step, to, &word), now).await?;
        }
        tx.commit().await?;
        self.wake_all();
        Ok(())
    }
}

/// The step that a waiting sheet has newly come to, and the one before.
fn next(r: &Row, terms: &Terms, now: i64) -> Option<(String, Step, Option<i64>)> {
    let before: Option<i64> = r.get("warned");
    let in_hand = r.get::<Option<i64>>("held_until").is_some_and(|until| until > now);
    let step = terms.reached(r.get("created"), r.get::<i64>("urgent") != 0, now);
    let step = if in_hand { Step::Held } else { step };
    (before.is_none_or(|b| b < step as i64)).then(|| (r.get("id"), step, before))
}

/// Who is first on duty, unless they hear of every held sheet anyhow.
fn first(terms: &Terms) -> Option<String> {
    terms.duty.first().filter(|m| !terms.admins.contains(m)).cloned()
}

/// Everybody on duty, the administrators, and all accounts that review.
async fn everyone(tx: &mut Tx, terms: &Terms) -> Result<BTreeSet<String>> {
    let rows = query("SELECT login, roles FROM account WHERE disabled IS NULL").fetch_all(tx.conn()).await?;
    let mut all: BTreeSet<String> = rows
        .iter()
        .filter(|r| Roles::parse(r.get("roles")).has(Role::Reviewer))
        .map(|r| r.get::<String>("login"))
        // RFC 6761: nobody is there. The demo's people are.
        .filter(|login| !login.ends_with(".invalid"))
        .collect();
    all.extend(terms.duty.iter().chain(&terms.admins).cloned());
    Ok(all)
}

/// Members of the rooms of all who may be meant.
async fn offices(tx: &mut Tx, candidates: &str, now: i64) -> Result<BTreeSet<String>> {
    let candidates: Vec<Candidate> = serde_json::from_str(candidates)?;
    let mut all = BTreeSet::new();
    for c in candidates {
        all.extend(members_at(tx, &c.room, now).await?);
    }
    Ok(all)
}

fn letter(terms: &Terms, kind: Kind, step: Step, recipient: String, word: &Word) -> Letter {
    let n = word.documents.len();
    let hurry = if word.urgent > 0 { "【至急】" } else { "" };
    let urgent = if word.urgent > 0 { format!("（うち至急 {} 件）", word.urgent) } else { String::new() };
    let (subject, text) = match kind {
        Kind::Office => (
            "【至急】至急の FAX が確認待ちです".to_owned(),
            format!(
                "至急の FAX が確認待ちです（{n} 件）。貴事業所の利用者さんあての可能性があります。\n\
                 どなたの FAX かを確認担当者が確かめています。お急ぎの場合は確認担当者にお問い合わせください。"
            ),
        ),
        Kind::Duty => (
            format!("{hurry}確認待ちの FAX があります"),
            format!("確認待ちの FAX が {n} 件届きました{urgent}。当番の方は確認をお願いします。"),
        ),
        Kind::Missed => (
            format!("{hurry}確認待ちの FAX が期限を過ぎました"),
            format!("確認待ちの FAX {n} 件が期限を過ぎました{urgent}。確認をお願いします。"),
        ),
    };
    let link = if kind == Kind::Office { String::new() } else { format!("\n\n{}/review", terms.base_url) };
    let step = (step as i64).to_string();
    let about = ["waits", kind.word(), &step, &recipient].into_iter().chain(word.documents.iter().map(String::as_str));
    let key = name_id(&about.collect::<Vec<_>>());
    Letter { key, recipient, subject, body: format!("{text}{link}"), attached: None }
}
