//! How a mailbox wants to be told: at once or in a digest at set hours, and when not at all. Who has chosen nothing is
//! told at once, whenever it is. What is urgent knows neither digest nor quiet hours.

use serde_json::json;

use super::db::{Tx, query};
use super::{Result, Store, audit};

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;
/// Japan's time; it knows no summer time.
const JAPAN: i64 = 9 * 3_600_000;
/// Nothing is held longer than this: what seems to be was written by a wrong clock.
pub(super) const LONGEST_HOLD: i64 = DAY + 3_600_000;

/// What a mailbox has chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preference {
    /// Minutes of the day at which digests go out, in order; none: at once.
    digest: Vec<i64>,
    /// Minutes of the day from which and until when it is quiet.
    quiet: Option<(i64, i64)>,
}

/// When a notice goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Now,
    /// Not before; within the digest of that hour, or by itself.
    Held {
        until: i64,
        digest: bool,
    },
}

impl Preference {
    /// Times of day as people write them, `08:00`; the digest's with commas. Empty: none.
    ///
    /// # Errors
    /// A sentence for the person who wrote it.
    pub fn parse(digest: &str, quiet_from: &str, quiet_until: &str) -> std::result::Result<Preference, &'static str> {
        let mut hours = Vec::new();
        for time in digest.split([',', '、', ' ', '　']).map(str::trim).filter(|t| !t.is_empty()) {
            hours.push(minute(time).ok_or("まとめて送る時刻は 08:00 の形で書いてください")?);
        }
        hours.sort_unstable();
        hours.dedup();
        if hours.len() > 12 {
            return Err("まとめて送る時刻は12個までです");
        }
        let quiet = match (quiet_from.trim(), quiet_until.trim()) {
            ("", "") => None,
            (from, until) => match (minute(from), minute(until)) {
                (Some(from), Some(until)) if from != until => Some((from, until)),
                _ => return Err("通知しない時間は、始まりと終わりを 21:00 の形で書いてください"),
            },
        };
        Ok(Preference { digest: hours, quiet })
    }

    /// The digest's times of day; empty: at once.
    pub fn digest(&self) -> String {
        self.digest.iter().map(|m| time(*m)).collect::<Vec<_>>().join(",")
    }

    /// From and until when it is quiet; empty: never.
    pub fn quiet(&self) -> (String, String) {
        self.quiet.map(|(from, until)| (time(from), time(until))).unwrap_or_default()
    }

    /// When a notice goes out that is ordered `now`. What cannot stand within a digest (`alone`) goes by itself at its hour.
    pub(super) fn when(&self, urgent: bool, alone: bool, now: i64) -> When {
        if urgent {
            return When::Now;
        }
        let next = self.digest.iter().map(|m| next(*m, now)).min();
        let until = self.loud(next.unwrap_or(now));
        match next {
            Some(_) => When::Held { until, digest: !alone },
            None if until > now => When::Held { until, digest: false },
            None => When::Now,
        }
    }

    /// The first moment from `at` on at which it is not quiet.
    fn loud(&self, at: i64) -> i64 {
        let Some((from, until)) = self.quiet else { return at };
        let m = (at + JAPAN).rem_euclid(DAY) / MINUTE;
        let quiet = if from < until { (from..until).contains(&m) } else { m >= from || m < until };
        if quiet { next(until, at) } else { at }
    }
}

/// The next time after `now` at which the day has this minute.
fn next(minute: i64, now: i64) -> i64 {
    let at = (now + JAPAN).div_euclid(DAY) * DAY - JAPAN + minute * MINUTE;
    if at > now { at } else { at + DAY }
}

fn minute(time: &str) -> Option<i64> {
    let (h, m) = time.split_once(':')?;
    let number = |s: &str| if (1..=2).contains(&s.len()) { s.parse::<u8>().ok().map(i64::from) } else { None };
    let (h, m) = (number(h)?, number(m)?);
    ((0..24).contains(&h) && (0..60).contains(&m)).then_some(h * 60 + m)
}

fn time(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

impl Store {
    /// What a mailbox has chosen.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn preference(&self, mailbox: &str) -> Result<Preference> {
        of(&mut self.db.snapshot().await?, mailbox).await
    }

    /// Chooses for a mailbox. What is held back for it now goes by the new choice.
    ///
    /// # Errors
    /// The database refused.
    pub async fn prefer(&self, mailbox: &str, choice: &Preference, actor: &str) -> Result<()> {
        let (now, mailbox) = (self.now(), mailbox.to_lowercase());
        let (quiet_from, quiet_until) = choice.quiet();
        let mut tx = self.db.begin().await?;
        tx.lock(&format!("notices {mailbox}")).await?;
        query(
            "INSERT INTO preference (mailbox, digest, quiet_from, quiet_until, updated) VALUES ($1,$2,$3,$4,$5)
             ON CONFLICT (mailbox) DO UPDATE SET digest = excluded.digest, quiet_from = excluded.quiet_from,
             quiet_until = excluded.quiet_until, updated = excluded.updated",
        )
        .bind(&mailbox)
        .bind(choice.digest())
        .bind(&quiet_from)
        .bind(&quiet_until)
        .bind(now)
        .execute(tx.conn())
        .await?;
        for (alone, which) in [(false, "mail"), (true, "mail"), (true, "push")] {
            let (until, digest) = columns(choice.when(false, alone, now));
            query(
                "UPDATE outbox SET held_until = $1, digest = $2, updated = $3
                 WHERE state = 'pending' AND held_until IS NOT NULL AND sink = $4
                   AND ((attached IS NULL AND $5 = 0) OR (attached IS NOT NULL AND $5 = 1) OR sink = 'push')
                   AND (lower(recipient) = $6 OR recipient IN (SELECT s.id FROM subscription s
                        JOIN account a ON a.id = s.account WHERE lower(a.mailbox) = $6))",
            )
            .bind(until)
            .bind(digest)
            .bind(now)
            .bind(which)
            .bind(i64::from(alone))
            .bind(&mailbox)
            .execute(tx.conn())
            .await?;
        }
        let detail = json!({"digest": choice.digest(), "quiet": [quiet_from, quiet_until]});
        audit::append(&mut tx, now, actor, "prefer", &mailbox, detail);
        tx.wakes = true;
        tx.commit().await?;
        self.wake_all();
        Ok(())
    }
}

/// What a mailbox has chosen.
pub(super) async fn of(tx: &mut Tx, mailbox: &str) -> Result<Preference> {
    let row = query("SELECT digest, quiet_from, quiet_until FROM preference WHERE mailbox = $1")
        .bind(mailbox.to_lowercase())
        .fetch_optional(tx.conn())
        .await?;
    // One that a newer program wrote and this one does not understand: better told than not.
    Ok(row
        .and_then(|r| {
            let text = |c| r.get::<String>(c);
            Preference::parse(&text("digest"), &text("quiet_from"), &text("quiet_until")).ok()
        })
        .unwrap_or_default())
}

/// `held_until` and `digest` of a row of the outbox.
pub(super) fn columns(when: When) -> (Option<i64>, Option<i64>) {
    match when {
        When::Now => (None, None),
        When::Held { until, digest } => (Some(until), digest.then_some(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a day in Japan.
    fn at(hour: i64, minute: i64) -> i64 {
        20_000 * DAY - JAPAN + (hour * 60 + minute) * MINUTE
    }

    #[test]
    fn a_notice_waits_for_its_digest_and_for_the_end_of_the_quiet_hours() {
        let choice = |digest, from, until| Preference::parse(digest, from, until).expect("a choice");
        let held = |until, digest| When::Held { until, digest };
        let none = choice("", "", "");
        assert_eq!(none.when(false, false, at(3, 0)), When::Now, "at once, whenever it is");

        let digest = choice("17:00, 8:00", "", "");
        assert_eq!(digest.digest(), "08:00,17:00");
        assert_eq!(digest.when(false, false, at(9, 0)), held(at(17, 0), true));
        assert_eq!(digest.when(false, false, at(17, 0)), held(at(32, 0), true), "the next morning");
        assert_eq!(digest.when(false, true, at(9, 0)), held(at(17, 0), false));
        assert_eq!(digest.when(true, false, at(9, 0)), When::Now, "urgent");

        let quiet = choice("", "21:00", "07:30");
        assert_eq!(quiet.quiet(), ("21:00".into(), "07:30".into()));
        assert_eq!(quiet.when(false, false, at(20, 59)), When::Now);
        assert_eq!(quiet.when(false, false, at(21, 0)), held(at(31, 30), false));
        assert_eq!(quiet.when(false, false, at(7, 29)), held(at(7, 30), false));
        assert_eq!(quiet.when(false, false, at(7, 30)), When::Now);
        assert_eq!(quiet.when(true, false, at(23, 0)), When::Now, "urgent");

        let both = choice("06:00,22:00", "21:00", "07:00");
        assert_eq!(both.when(false, false, at(12, 0)), held(at(31, 0), true), "a digest waits for the morning too");
        for digest in ["25:00", "8", "08:60", "08:000"] {
            assert!(Preference::parse(digest, "", "").is_err(), "{digest}");
        }
        assert!(Preference::parse("", "21:00", "").is_err() && Preference::parse("", "21:00", "21:00").is_err());
    }
}
