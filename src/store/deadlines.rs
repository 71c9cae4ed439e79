//! What ends or takes place on a day, by accepted values of sheets that stand in their rooms: the end of an order's
//! period, a discharge, a conference, the last day for the admission-information add-on. One list for each person, the
//! secret address of a calendar, and the reminders of orders that end.
//!
//! Rows are written with the posting (`search::index`); a value that is not sure is none.

use std::collections::HashSet;

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::json;

use super::accounts::{self, Account};
use super::db::{Row, Tx, query, scalar};
use super::letters::{self, Letter};
use super::{MACHINE, Result, Store, audit, registers, status};
use crate::account::token;
use crate::model::Document;

/// Days before the end of an order's period on which its room is reminded.
pub const REMINDED: [i64; 2] = [14, 3];

/// Longest period of a 特別訪問看護指示書, days.
const SPECIAL: i32 = 14;
/// Its key among `config/forms`.
const SPECIAL_FORM: &str = "special_nursing_order";

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Due {
    /// The period of an order for home nursing ends.
    Order,
    Discharge,
    /// The last day on which information given to the hospital still earns 入院時情報連携加算.
    Admission,
    Conference,
}

impl Due {
    pub fn as_str(self) -> &'static str {
        match self {
            Due::Order => "order",
            Due::Discharge => "discharge",
            Due::Admission => "admission",
            Due::Conference => "conference",
        }
    }

    fn parse(word: &str) -> Due {
        [Due::Order, Due::Discharge, Due::Admission].into_iter().find(|d| d.as_str() == word).unwrap_or(Due::Conference)
    }
}

/// Something due, with the sheet that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    pub what: Due,
    pub document: String,
    pub room: String,
    /// Of the patient.
    pub name: String,
    pub due: Date,
    /// `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM` as it was read: of the admission its day, not the last one for the add-on; of an
    /// order whose end is not sure its first day.
    pub at: String,
    /// First day of an order's period.
    pub start: Option<Date>,
    /// An order under the heading 特別訪問看護指示書.
    pub special: bool,
    /// Accepted text, or empty.
    pub sender: String,
    /// Milliseconds since 1970.
    pub received: i64,
}

impl Deadline {
    /// The order is one for a fortnight at most: a 特別訪問看護指示書, by its heading or by both days.
    pub fn is_special(&self) -> bool {
        let days = |s: Date| s.until(self.due).map_or(i32::MAX, |d| d.get_days());
        self.what == Due::Order && (self.special || self.start.is_some_and(|s| days(s) < SPECIAL))
    }

    /// The day was not read on the sheet but counted from the order's first day: the latest that it can be.
    pub fn is_counted(&self) -> bool {
        self.what == Due::Order && self.at.get(..10) != Some(self.due.to_string().as_str())
    }
}

/// An order that ends in so many days at most, of which its room has not heard yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    pub of: Deadline,
    /// One of [`REMINDED`].
    pub days: i64,
    /// The room's members.
    pub members: Vec<String>,
}

/// Whose rooms are asked for.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// All that the account may see.
    All(&'a Account),
    /// Of these those that have this address as a member.
    Office(&'a Account, &'a str),
}

/// Notes what is due by a document that was just posted into a room.
pub(super) async fn note(tx: &mut Tx, document: &str, room: &str, content: &Document, received: i64) -> Result<()> {
    query("DELETE FROM deadline WHERE document = $1").bind(document).execute(tx.conn()).await?;
    let form: Option<String> =
        query("SELECT form FROM document WHERE id = $1").bind(document).fetch_one(tx.conn()).await?.get("form");
    let special = form.as_deref() == Some(SPECIAL_FORM);
    for (what, due, at, start) in due(content, special, status::local(received).date()) {
        query(
            "INSERT INTO deadline (document, kind, room, due, at, start) VALUES ($1,$2,$3,$4,$5,$6) ON CONFLICT DO NOTHING",
        )
            .bind(document)
            .bind(what.as_str())
            .bind(room)
            .bind(due.to_string())
            .bind(at)
            .bind(start.map(|s| s.to_string()))
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

fn due(content: &Document, special: bool, received: Date) -> Vec<(Due, Date, String, Option<Date>)> {
    let accepted = |key: &str| {
        let text = content.accepted(key)?;
        Some((text.get(..10)?.parse::<Date>().ok()?, text))
    };
    let mut out = Vec::new();
    if content.kind == "nursing_order" {
        let (start, end) = (accepted("order.period_start"), accepted("order.period_end"));
        match (start, end) {
            (start, Some((end, at))) => out.push((Due::Order, end, at, start.map(|(d, _)| d))),
            // It ends on the fourteenth day at the latest.
            (Some((start, at)), None) if special => {
                if let Ok(last) = start.checked_add((i64::from(SPECIAL) - 1).days()) {
                    out.push((Due::Order, last, at, Some(start)));
                }
            }
            _ => {}
        }
    }
    if let Some((day, at)) = accepted("encounter.discharge_date") {
        out.push((Due::Discharge, day, at, None));
    }
    if let Some((day, at)) = accepted("conference.datetime") {
        out.push((Due::Conference, day, at, None));
    }
    // 入院時情報連携加算, from April 2024: (Ⅰ) on the day of the admission, (Ⅱ) on the next or the one after that. It is the
    // care manager's sheet to the hospital that earns it; what comes later tells of a stay that began long ago.
    if content.kind != "admission_info"
        && let Some((day, at)) = accepted("encounter.admission_date")
        && let Ok(last) = day.checked_add(2.days())
        && received <= last
    {
        out.push((Due::Admission, last, at, None));
    }
    out
}

/// A posting of `$document` stands in `$room`.
macro_rules! stands {
    ($document:literal, $room:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM post p WHERE p.document = ",
            $document,
            " AND p.room = ",
            $room,
            " AND p.replaced IS NULL AND p.withdrawn IS NULL)"
        )
    };
}

/// Of a stay what the newest sheet of the room says, wherever its day lies; of an admission nothing where the care
/// manager's sheet about it stands there already.
const ROWS: &str = concat!(
    "SELECT l.kind, l.document, l.room, l.due, l.at, l.start, o.name, f.sender, f.received, e.form
     FROM deadline l JOIN room o ON o.id = l.room JOIN found f ON f.document = l.document JOIN document e ON e.id = l.document
     WHERE l.due >= $1 AND l.due <= $2 AND o.ended IS NULL AND ",
    stands!("l.document", "l.room"),
    " AND (l.kind NOT IN ('discharge', 'admission') OR NOT EXISTS (
         SELECT 1 FROM deadline n JOIN found m ON m.document = n.document
         WHERE n.room = l.room AND n.kind = l.kind AND ",
    stands!("n.document", "n.room"),
    " AND (m.received > f.received OR m.received = f.received AND n.document < l.document)))
      AND (l.kind <> 'admission' OR NOT EXISTS (
         SELECT 1 FROM found g JOIN found_day y ON y.document = g.document
         WHERE g.room = l.room AND g.kind = 'admission_info' AND y.day = substr(l.at, 1, 10) AND ",
    stands!("g.document", "g.room"),
    ")) ORDER BY l.due, l.at, l.room, f.received DESC, l.document"
);

fn deadline(r: &Row) -> Option<Deadline> {
    Some(Deadline {
        what: Due::parse(r.get("kind")),
        document: r.get("document"),
        room: r.get("room"),
        name: r.get("name"),
        due: r.get::<String>("due").parse().ok()?,
        at: r.get("at"),
        start: r.get::<Option<String>>("start").and_then(|s| s.parse().ok()),
        special: r.get::<Option<String>>("form").as_deref() == Some(SPECIAL_FORM),
        sender: r.get("sender"),
        received: r.get("received"),
    })
}

async fn between(tx: &mut Tx, from: Date, until: Date) -> Result<Vec<Deadline>> {
    let rows = query(ROWS).bind(from.to_string()).bind(until.to_string()).fetch_all(tx.conn()).await?;
    let mut all: Vec<Deadline> = rows.iter().filter_map(deadline).collect();
    // Several sheets of a room say the same: the newest speaks.
    let mut said = HashSet::new();
    all.retain(|d| said.insert((d.room.clone(), d.what, d.at.clone())));
    Ok(all)
}

impl Store {
    /// What is due from one day to another, both included, in the order of days.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn deadlines(&self, whose: Whose<'_>, from: Date, until: Date) -> Result<Vec<Deadline>> {
        let now = self.now();
        let mut tx = self.db.snapshot().await?;
        let (account, office) = match whose {
            Whose::All(account) => (account, None),
            Whose::Office(account, office) => (account, Some(office)),
        };
        let own = accounts::rooms_of(&mut tx, account, now).await?;
        let mut all = between(&mut tx, from, until).await?;
        if let Some(office) = office {
            let rooms: Vec<String> = scalar("SELECT room FROM member WHERE lower(mail) = lower($1) AND ended IS NULL")
                .bind(office)
                .fetch_all(tx.conn())
                .await?;
            let rooms: HashSet<String> = rooms.into_iter().collect();
            all.retain(|d| rooms.contains(&d.room));
        }
        all.retain(|d| own.as_ref().is_none_or(|o| o.contains(&d.room)));
        Ok(all)
    }

    /// Orders that end soon and whose rooms are to be reminded of it today: not where the sheet itself came later than
    /// that, nor where another order goes on.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn reminders(&self) -> Result<Vec<Reminder>> {
        let now = self.now();
        let today = status::local(now).date();
        let Ok(last) = today.checked_add(REMINDED[0].days()) else { return Ok(Vec::new()) };
        let mut tx = self.db.snapshot().await?;
        let soon = between(&mut tx, today, last).await?;
        let mut out = Vec::new();
        for d in soon.into_iter().filter(|d| d.what == Due::Order) {
            let left = i64::from(today.until(d.due).map_or(0, |s| s.get_days()));
            let Some(days) = REMINDED.into_iter().rev().find(|n| left <= *n) else { continue };
            let came = i64::from(status::local(d.received).date().until(d.due).map_or(0, |s| s.get_days()));
            if came <= days || goes_on(&mut tx, &d).await? {
                continue;
            }
            let members = registers::members_at(&mut tx, &d.room, now).await?;
            out.push(Reminder { of: d, days, members });
        }
        Ok(out)
    }

    /// Puts the letters of a reminder, each once whenever it is asked.
    ///
    /// # Errors
    /// The database refused.
    pub async fn remind(&self, reminder: &Reminder, mails: &[Letter]) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let mut new = 0;
        for letter in mails {
            let there: Option<String> =
                scalar("SELECT key FROM letter WHERE key = $1").bind(&letter.key).fetch_optional(tx.conn()).await?;
            if there.is_none() {
                letters::put(&mut tx, letter, now).await?;
                new += 1;
            }
        }
        if new == 0 {
            return Ok(());
        }
        let detail = json!({"due": reminder.of.due.to_string(), "days": reminder.days, "letters": new});
        audit::append(&mut tx, now, MACHINE, "remind", &reminder.of.document, detail);
        tx.commit().await?;
        self.wake_all();
        Ok(())
    }

    /// A new secret for the address of a person's calendar; the one before is good no more.
    ///
    /// # Errors
    /// The database refused.
    pub async fn renew_feed(&self, account: &Account) -> Result<String> {
        let (now, secret) = (self.now(), token::new());
        let mut tx = self.db.begin().await?;
        query(
            "INSERT INTO feed (account, token, created) VALUES ($1,$2,$3)
             ON CONFLICT (account) DO UPDATE SET token = excluded.token, created = excluded.created, used = NULL",
        )
        .bind(&account.id)
        .bind(token::hash(&secret))
        .bind(now)
        .execute(tx.conn())
        .await?;
        audit::append(&mut tx, now, &account.login, "renew_feed", &account.login, json!({}));
        tx.commit().await?;
        Ok(secret)
    }

    /// The address of a person's calendar is good no more.
    ///
    /// # Errors
    /// The database refused.
    pub async fn end_feed(&self, account: &Account) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        query("DELETE FROM feed WHERE account = $1").bind(&account.id).execute(tx.conn()).await?;
        audit::append(&mut tx, now, &account.login, "end_feed", &account.login, json!({}));
        tx.commit().await
    }

    /// Since when a person has a calendar's address, and when it was last asked for: milliseconds since 1970.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn feed(&self, account: &Account) -> Result<Option<(i64, Option<i64>)>> {
        let row = query("SELECT created, used FROM feed WHERE account = $1")
            .bind(&account.id)
            .fetch_optional(self.db.reader())
            .await?;
        Ok(row.map(|r| (r.get("created"), r.get("used"))))
    }

    /// Whose calendar a secret opens, with the audit row of its being read. None where it opens none, or whose it is has
    /// left.
    ///
    /// # Errors
    /// The database refused.
    pub async fn open_feed(&self, secret: &str) -> Result<Option<Account>> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let id: Option<String> = scalar("SELECT account FROM feed WHERE token = $1")
            .bind(token::hash(secret))
            .fetch_optional(tx.conn())
            .await?;
        let Some(id) = id else { return Ok(None) };
        let account = accounts::current(&mut tx, &id).await?;
        if account.disabled.is_some() {
            return Ok(None);
        }
        query("UPDATE feed SET used = $2 WHERE account = $1").bind(&id).bind(now).execute(tx.conn()).await?;
        audit::append(&mut tx, now, &account.login, "read_feed", "deadlines", json!({}));
        tx.commit().await?;
        Ok(Some(account))
    }
}

/// Whether another order stands in the room that ends later; a special one neither takes another's place nor is it
/// taken.
async fn goes_on(tx: &mut Tx, d: &Deadline) -> Result<bool> {
    if d.is_special() {
        return Ok(false);
    }
    let later = query(concat!(
        "SELECT l.due, l.start, e.form FROM deadline l JOIN document e ON e.id = l.document WHERE l.room = $1 AND l.kind = 'order' AND l.due > $2 AND ",
        stands!("l.document", "l.room")
    ))
    .bind(&d.room)
    .bind(d.due.to_string())
    .fetch_all(tx.conn())
    .await?;
    let day = |text: Option<String>| text.and_then(|t| t.parse().ok());
    let ordinary = later.iter().filter_map(|r| {
        let special = r.get::<Option<String>>("form").as_deref() == Some(SPECIAL_FORM);
        let other = Deadline { due: day(Some(r.get("due")))?, start: day(r.get("start")), special, ..d.clone() };
        (!other.is_special()).then_some(())
    });
    Ok(ordinary.count() > 0)
}

#[cfg(test)]
mod tests;
