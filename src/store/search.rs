//! Search in the rooms that a person may see: by name, kana, number of the room, birth, type of sheet, sender and date.
//!
//! Names and senders are found by pairs of folded characters (`search::words`), the same on both databases; what the
//! pairs give is looked at once more. The store asks `text` here how characters are folded: one table for the register's
//! matching and for search.

pub(super) mod index;
mod words;

use std::collections::{BTreeSet, HashMap, HashSet};

use super::accounts::{self, Account};
use super::board::{self, Post, RoomCard};
use super::db::{Arg, Tx, composed, query, scalar};
use super::{Result, Store, status};
use crate::model::Vocabulary;
use words::Term;

pub(super) use words::fold;

/// Sheets that are looked for, the newest.
const SHEETS: i64 = 300;
/// Sheets that are shown of a room.
const OF_A_ROOM: usize = 5;

/// A room with what fits in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub room: RoomCard,
    /// The room itself is what was looked for.
    pub whole: bool,
    /// Sheets that fit, newest first.
    pub sheets: Vec<Post>,
    /// Sheets that fit beyond those.
    pub more: usize,
}

/// What one word fits.
struct Fits {
    rooms: HashSet<String>,
    senders: Vec<String>,
    kinds: Vec<String>,
    days: Vec<String>,
}

impl Store {
    /// Rooms in which everything that was typed is found, and how many there are beyond `limit`; those that are meant
    /// themselves come first, then those with the newest sheets.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn search(&self, typed: &str, limit: usize, account: &Account) -> Result<(Vec<Hit>, usize)> {
        let now = self.now();
        let terms = words::terms(typed, status::local(now).date());
        if terms.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let mut tx = self.db.snapshot().await?;
        let own = accounts::rooms_of(&mut tx, account, now).await?;
        let mut fits = Vec::with_capacity(terms.len());
        for term in &terms {
            fits.push(fitting(&mut tx, term).await?);
        }
        let sees = |room: &String| own.as_ref().is_none_or(|o| o.contains(room));
        let whole: HashSet<String> = fits
            .first()
            .map(|f| f.rooms.iter().filter(|r| sees(r) && fits.iter().all(|f| f.rooms.contains(*r))).cloned().collect())
            .unwrap_or_default();
        // More rooms than are shown are meant themselves: sheets of others would come after all of those.
        let sheets = if whole.len() > limit { Vec::new() } else { sheets(&mut tx, &fits, own.as_ref()).await? };
        let mut ids: Vec<String> = whole.iter().cloned().collect();
        ids.extend(sheets.iter().map(|(_, room)| room.clone()).filter(|r| !whole.contains(r)));
        let mut once = HashSet::new();
        ids.retain(|id| once.insert(id.clone()));
        let newest = newest(&mut tx, &ids).await?;
        ids.sort_by_key(|id| {
            (!whole.contains(id), std::cmp::Reverse(newest.get(id).copied().unwrap_or_default()), id.clone())
        });
        let more = ids.len().saturating_sub(limit);
        ids.truncate(limit);
        let fitting: HashSet<&String> = sheets.iter().map(|(document, _)| document).collect();
        let hits = board::cards(&mut tx, &ids).await?.into_iter().map(|room| {
            let whole = whole.contains(&room.id);
            let mut sheets: Vec<Post> =
                room.posts.iter().filter(|p| whole || fitting.contains(&p.document)).cloned().collect();
            let more = sheets.len().saturating_sub(OF_A_ROOM);
            sheets.truncate(OF_A_ROOM);
            Hit { whole, sheets, more, room }
        });
        Ok((hits.collect(), more))
    }
}

async fn fitting(tx: &mut Tx, term: &Term) -> Result<Fits> {
    let mut fits = Fits { rooms: HashSet::new(), senders: Vec::new(), kinds: Vec::new(), days: Vec::new() };
    match term {
        Term::Days(days) => {
            let sql = tx.choose(
                "SELECT coalesce(merged, id) FROM room WHERE birth_date IN (SELECT value FROM json_each($1))",
                "SELECT coalesce(merged, id) FROM room WHERE birth_date IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))",
            );
            let born: Vec<String> = scalar(sql).bind(serde_json::to_string(days)?).fetch_all(tx.conn()).await?;
            fits.rooms.extend(born);
            fits.days.clone_from(days);
        }
        Term::Text(text) => {
            let near = near(tx, "room", text).await?;
            // What is no longer than a pair is found by the pairs alone.
            let exact = text.chars().count() <= 2;
            let near = if exact {
                fits.rooms.extend(near);
                Vec::new()
            } else {
                near
            };
            let sql = tx.choose(
                "SELECT id, name, kana, coalesce(merged, id) AS room FROM room
                 WHERE id IN (SELECT value FROM json_each($1)) OR merged IN (SELECT value FROM json_each($1))",
                "SELECT id, name, kana, coalesce(merged, id) AS room FROM room
                 WHERE id IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))
                    OR merged IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))",
            );
            for r in query(sql).bind(serde_json::to_string(&near)?).fetch_all(tx.conn()).await? {
                if ["id", "name", "kana"].into_iter().any(|c| fold(r.get(c)).contains(text)) {
                    fits.rooms.insert(r.get("room"));
                }
            }
            fits.senders = near_senders(tx, text).await?;
            let kinds = Vocabulary::get().types.iter().filter(|(_, name)| fold(name).contains(text));
            fits.kinds = kinds.map(|(key, _)| key.clone()).collect();
        }
    }
    Ok(fits)
}

async fn near_senders(tx: &mut Tx, text: &str) -> Result<Vec<String>> {
    let mut senders = near(tx, "sender", text).await?;
    if text.chars().count() > 2 {
        senders.retain(|s| fold(s).contains(text));
    }
    Ok(senders)
}

/// Subjects that have all the pairs of a text; of one character those that have it.
async fn near(tx: &mut Tx, kind: &str, text: &str) -> Result<Vec<String>> {
    let chars: Vec<char> = text.chars().collect();
    if let [one] = chars[..] {
        let next = (one as u32 + 1..).find_map(char::from_u32).unwrap_or(char::MAX);
        return scalar("SELECT DISTINCT subject FROM gram WHERE gram >= $1 AND gram < $2 AND kind = $3")
            .bind(one.to_string())
            .bind(next.to_string())
            .bind(kind)
            .fetch_all(tx.conn())
            .await;
    }
    let pairs: BTreeSet<String> = chars.windows(2).map(|w| w.iter().collect()).collect();
    let sql = tx.choose(
        "SELECT subject FROM gram WHERE gram IN (SELECT value FROM json_each($1)) AND kind = $2
         GROUP BY subject HAVING count(*) = $3",
        "SELECT subject FROM gram WHERE gram IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb))) AND kind = $2
         GROUP BY subject HAVING count(*) = $3",
    );
    scalar(sql)
        .bind(serde_json::to_string(&pairs)?)
        .bind(kind)
        .bind(i64::try_from(pairs.len()).unwrap_or(i64::MAX))
        .fetch_all(tx.conn())
        .await
}

/// Standing sheets that every word fits, by the sheet or by its room: document and room, newest first.
async fn sheets(tx: &mut Tx, fits: &[Fits], own: Option<&HashSet<String>>) -> Result<Vec<(String, String)>> {
    let mut args: Vec<Arg> = Vec::new();
    let mut among = |tx: &Tx, column: &str, values: String| {
        args.push(values.into());
        match tx.choose("json_each", "jsonb") {
            "json_each" => format!("{column} IN (SELECT value FROM json_each(${}))", args.len()),
            _ => format!("{column} IN (SELECT jsonb_array_elements_text(CAST(${} AS jsonb)))", args.len()),
        }
    };
    let mut conditions = Vec::new();
    for f in fits {
        let mut any = vec![among(tx, "f.room", serde_json::to_string(&f.rooms)?)];
        if !f.senders.is_empty() {
            any.push(among(tx, "f.sender", serde_json::to_string(&f.senders)?));
        }
        if !f.kinds.is_empty() {
            any.push(among(tx, "f.kind", serde_json::to_string(&f.kinds)?));
        }
        if !f.days.is_empty() {
            let days = among(tx, "d.day", serde_json::to_string(&f.days)?);
            any.push(format!("f.document IN (SELECT d.document FROM found_day d WHERE {days})"));
        }
        conditions.push(format!("({})", any.join(" OR ")));
    }
    if let Some(own) = own {
        conditions.push(among(tx, "f.room", serde_json::to_string(own)?));
    }
    let sql = format!(
        "SELECT f.document, f.room FROM found f WHERE {} AND EXISTS (SELECT 1 FROM post p WHERE p.document = f.document
         AND p.room = f.room AND p.replaced IS NULL AND p.withdrawn IS NULL)
         ORDER BY f.received DESC, f.document LIMIT {SHEETS}",
        conditions.join(" AND ")
    );
    let rows = composed(sql).bind_all(args).fetch_all(tx.conn()).await?;
    Ok(rows.iter().map(|r| (r.get("document"), r.get("room"))).collect())
}

/// When the newest sheet came into each of these rooms.
async fn newest(tx: &mut Tx, rooms: &[String]) -> Result<HashMap<String, i64>> {
    // One look at the end of each room's index, not one at each of its sheets.
    let sql = tx.choose(
        "SELECT value AS room, (SELECT max(received) FROM found f WHERE f.room = value) AS newest FROM json_each($1)",
        "SELECT v AS room, (SELECT max(received) FROM found f WHERE f.room = v) AS newest
         FROM jsonb_array_elements_text(CAST($1 AS jsonb)) v",
    );
    let rows = query(sql).bind(serde_json::to_string(rooms)?).fetch_all(tx.conn()).await?;
    Ok(rows.iter().filter_map(|r| Some((r.get("room"), r.get::<Option<i64>>("newest")?))).collect())
}

#[cfg(test)]
mod tests;
