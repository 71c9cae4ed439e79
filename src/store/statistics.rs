//! Statistics out of the rows of figures, corrections, samples and readings: one consistent picture of a span of days.

pub(super) mod days;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::db::{Row, Tx, query};
use super::{Register, Result, Store};
use crate::figures::interval::Sums;
use crate::figures::statistics::{Corrections, Counts, Group, Received, Span, Spread, Statistics, Usage, day, number};
use crate::register::Staff;

/// What a sheet lacks, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub kind: String,
    pub item: String,
    pub missing: i64,
    pub unreadable: i64,
    /// Sheets of that type whose items are known.
    pub of: i64,
}

impl Store {
    /// What the service did in these days.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn statistics(&self, span: Span) -> Result<Statistics> {
        let staff: Vec<Staff> = self.rows(Register::Staff).await?;
        let between = span.ms();
        let mut tx = self.db.snapshot().await?;
        let Received { groups, again, days, noticed, opened, lead } = days::received(&mut tx, span).await?;
        Ok(Statistics {
            span,
            groups,
            again,
            days,
            noticed,
            opened,
            lead,
            corrections: corrections(&mut tx, between).await?,
            usage: usage(&mut tx, between, &staff).await?,
            samples: samples(&mut tx, between).await?,
        })
    }

    /// Senders that figures know of these days, those with the most sheets first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn figure_hospitals(&self, span: Span) -> Result<Vec<(String, i64)>> {
        let received = days::received(&mut self.db.snapshot().await?, span).await?;
        let mut sheets: BTreeMap<String, i64> = BTreeMap::new();
        for g in received.groups {
            *sheets.entry(g.hospital).or_default() += g.counts.sheets;
        }
        let mut all: Vec<(String, i64)> = sheets.into_iter().collect();
        // (the sort is stable: among equals the order of the names stands)
        all.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        Ok(all)
    }

    /// What a sender's sheets of these days lack of their national forms, what is lacking most often first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn gaps(&self, hospital: &str, span: Span) -> Result<Vec<Gap>> {
        let (from, until) = span.ms();
        let mut tx = self.db.snapshot().await?;
        let sql = "SELECT kind, count(*) AS n FROM figure WHERE hospital = $1 AND received >= $2 AND received < $3
                   AND again IS NULL AND wanted IS NOT NULL GROUP BY kind";
        let rows = query(sql).bind(hospital).bind(from).bind(until).fetch_all(tx.conn()).await?;
        let of: HashMap<String, i64> = rows.iter().map(|r| (r.get("kind"), r.get("n"))).collect();
        let sql = "SELECT f.kind, l.item, CAST(sum(CASE WHEN l.how = 'missing' THEN 1 ELSE 0 END) AS BIGINT) AS missing, count(*) AS n
                   FROM figure f JOIN lack l ON l.document = f.document
                   WHERE f.hospital = $1 AND f.received >= $2 AND f.received < $3 AND f.again IS NULL GROUP BY f.kind, l.item";
        let rows = query(sql).bind(hospital).bind(from).bind(until).fetch_all(tx.conn()).await?;
        let gap = |r: &Row| {
            let (kind, missing): (String, i64) = (r.get("kind"), r.get("missing"));
            let of = of.get(&kind).copied().unwrap_or(0);
            Gap { item: r.get("item"), missing, unreadable: r.get::<i64>("n") - missing, of, kind }
        };
        let mut all: Vec<Gap> = rows.iter().map(gap).collect();
        all.sort_by(|a, b| {
            (b.missing + b.unreadable)
                .cmp(&(a.missing + a.unreadable))
                .then_with(|| (&a.kind, &a.item).cmp(&(&b.kind, &b.item)))
        });
        Ok(all)
    }
}

/// What the sheets of these days tell, counted row by row.
async fn count(tx: &mut Tx, span: Span) -> Result<Received> {
    let between = span.ms();
    let again = query("SELECT count(*) AS n FROM figure WHERE received >= $1 AND received < $2 AND again = 1");
    Ok(Received {
        again: bind(again, between).fetch_one(tx.conn()).await?.get("n"),
        groups: groups(tx, between).await?,
        days: by_day(tx, between).await?,
        noticed: spread(tx, NOTICED, between).await?,
        opened: spread(tx, OPENED, between).await?,
        lead: lead(tx, between).await?,
    })
}

type Between = (i64, i64);

fn bind(q: super::db::Query, (from, until): Between) -> super::db::Query {
    q.bind(from).bind(until)
}

async fn groups(tx: &mut Tx, between: Between) -> Result<Vec<Group>> {
    let sql = query(
        "SELECT hospital, kind, count(*) AS sheets, count(posted) AS posted,
                CAST(coalesce(sum(machine), 0) AS BIGINT) AS machine,
                CAST(sum(CASE WHEN machine = 1 AND unsure = 0 THEN 1 ELSE 0 END) AS BIGINT) AS whole,
                CAST(sum(fields) AS BIGINT) AS fields, CAST(sum(unsure) AS BIGINT) AS unsure,
                count(legible) AS looked, CAST(coalesce(sum(legible), 0) AS BIGINT) AS legible,
                CAST(coalesce(sum(wanted), 0) AS BIGINT) AS wanted, CAST(coalesce(sum(there), 0) AS BIGINT) AS there
         FROM figure WHERE received >= $1 AND received < $2 AND again IS NULL GROUP BY hospital, kind ORDER BY hospital, kind",
    );
    let group = |r: &Row| Group {
        hospital: r.get("hospital"),
        kind: r.get("kind"),
        counts: Counts {
            sheets: r.get("sheets"),
            posted: r.get("posted"),
            machine: r.get("machine"),
            whole: r.get("whole"),
            fields: r.get("fields"),
            unsure: r.get("unsure"),
            looked: r.get("looked"),
            legible: r.get("legible"),
            wanted: r.get("wanted"),
            there: r.get("there"),
        },
    };
    Ok(bind(sql, between).fetch_all(tx.conn()).await?.iter().map(group).collect())
}

async fn by_day(tx: &mut Tx, between: Between) -> Result<BTreeMap<i64, (i64, i64)>> {
    let sql = query(
        "SELECT (received + 32400000) / 86400000 AS day, count(*) AS n, CAST(coalesce(sum(machine), 0) AS BIGINT) AS machine
         FROM figure WHERE received >= $1 AND received < $2 AND again IS NULL GROUP BY 1",
    );
    let rows = bind(sql, between).fetch_all(tx.conn()).await?;
    Ok(rows.iter().map(|r| (r.get("day"), (r.get("n"), r.get("machine")))).collect())
}

/// To the second within ten minutes, then to the minute, beyond six hours to half an hour: nobody asks for more, and the
/// fewer groups come back the sooner the page is there.
macro_rules! waited {
    ($column:literal) => {
        concat!(
            "SELECT CASE WHEN w < 600 THEN w WHEN w < 21600 THEN w / 60 * 60 ELSE w / 1800 * 1800 END AS s, count(*) AS n
             FROM (SELECT (", $column, " - received) / 1000 AS w FROM figure
                   WHERE received >= $1 AND received < $2 AND ", $column, " IS NOT NULL) t GROUP BY 1"
        )
    };
}
const NOTICED: &str = waited!("noticed");
const OPENED: &str = waited!("opened");

async fn spread(tx: &mut Tx, sql: &'static str, between: Between) -> Result<Spread> {
    let mut spread = Spread::default();
    for r in &bind(query(sql), between).fetch_all(tx.conn()).await? {
        spread.add(r.get::<i64>("s").max(0), r.get("n"));
    }
    Ok(spread)
}

/// Dates further off than this were misread or tell of something else.
const FARTHEST: i64 = 400;

async fn lead(tx: &mut Tx, between: Between) -> Result<BTreeMap<String, Spread>> {
    let sql = query(
        "SELECT hospital, discharge, (coalesce(noticed, posted) + 32400000) / 86400000 AS day, count(*) AS n FROM figure
         WHERE received >= $1 AND received < $2 AND again IS NULL AND discharge IS NOT NULL AND posted IS NOT NULL
         GROUP BY 1, 2, 3",
    );
    let mut all: BTreeMap<String, Spread> = BTreeMap::new();
    for r in &bind(sql, between).fetch_all(tx.conn()).await? {
        let Ok(leaves) = r.get::<String>("discharge").parse() else { continue };
        let days = number(leaves) - number(day(r.get("day")));
        if days.abs() <= FARTHEST {
            all.entry(r.get("hospital")).or_default().add(days, r.get("n"));
        }
    }
    Ok(all)
}

async fn corrections(tx: &mut Tx, between: Between) -> Result<BTreeMap<String, Corrections>> {
    let sql = query(
        "SELECT field, how, sure, count(*) AS n FROM correction WHERE at >= $1 AND at < $2 GROUP BY field, how, sure",
    );
    let mut all: BTreeMap<String, Corrections> = BTreeMap::new();
    for r in &bind(sql, between).fetch_all(tx.conn()).await? {
        let (of, n): (&mut Corrections, i64) = (all.entry(r.get("field")).or_default(), r.get("n"));
        match (r.get::<String>("how").as_str(), r.get::<i64>("sure")) {
            ("confirm", _) => of.confirmed += n,
            ("add", _) => of.added += n,
            (_, 0) => of.unsure += n,
            _ => of.sure += n,
        }
    }
    Ok(all)
}

async fn usage(tx: &mut Tx, between: Between, staff: &[Staff]) -> Result<BTreeMap<String, Usage>> {
    let professions: HashMap<&str, &str> = staff.iter().map(|s| (s.mail.as_str(), s.profession.as_str())).collect();
    // Their own address, else that of the office that they share.
    let of = |r: &Row| {
        let known = |mail: String| professions.get(mail.to_lowercase().as_str()).copied();
        known(r.get("login")).or_else(|| known(r.get("mailbox"))).unwrap_or_default().to_owned()
    };
    let mut all: BTreeMap<String, Usage> = BTreeMap::new();
    let mut people: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let opened = query(
        "SELECT a.id, a.login, a.mailbox, u.n FROM (SELECT account, count(*) AS n FROM seen WHERE first >= $1 AND first < $2
         GROUP BY account) u JOIN account a ON a.id = u.account",
    );
    for r in &bind(opened, between).fetch_all(tx.conn()).await? {
        all.entry(of(r)).or_default().opened += r.get::<i64>("n");
        people.entry(of(r)).or_default().insert(r.get("id"));
    }
    let replies = query(
        "SELECT a.id, a.login, a.mailbox, u.n FROM (SELECT account, count(*) AS n FROM reply WHERE at >= $1 AND at < $2
         AND withdrawn IS NULL GROUP BY account) u JOIN account a ON a.id = u.account",
    );
    for r in &bind(replies, between).fetch_all(tx.conn()).await? {
        all.entry(of(r)).or_default().replies += r.get::<i64>("n");
        people.entry(of(r)).or_default().insert(r.get("id"));
    }
    for (profession, who) in people {
        all.entry(profession).or_default().people = who.len() as i64;
    }
    Ok(all)
}

async fn samples(tx: &mut Tx, between: Between) -> Result<Sums> {
    let sql = query(
        "SELECT s.chance, x.verdict, count(*) AS n FROM sample s JOIN sample_field x ON x.document = s.document
         WHERE s.drawn >= $1 AND s.drawn < $2 AND x.verdict IN ('right', 'wrong') GROUP BY s.chance, x.verdict",
    );
    let mut sums = Sums::default();
    for r in &bind(sql, between).fetch_all(tx.conn()).await? {
        for _ in 0..r.get::<i64>("n") {
            sums.add(r.get("chance"), r.get::<String>("verdict") == "wrong");
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::tests::{Bench, bench, sheet};
    use super::*;
    use crate::figures::tables::Names;
    use crate::model::Value;
    use crate::store::State;
    use crate::store::outbox::Outcome;
    use crate::store::review::Edit;

    async fn told(b: &Bench) {
        while let Some(d) = b.store.claim_delivery("mail", 60_000).await.expect("claim") {
            b.store.commit_delivery(&d, &Outcome::Sent { remote: "x".into() }).await.expect("commit");
        }
    }

    /// Received at ten on 2025-11-23 by the bench's clock.
    #[tokio::test]
    async fn a_site_with_known_figures_has_them() {
        let b = bench().await;
        let put = |name: &str, text: &str| {
            let path = b.dir.path().join(name);
            std::fs::write(&path, text).expect("write");
            path
        };
        let take = async |register, path: &Path| {
            let plan = b.store.plan_import(register, path).await.expect("plan");
            b.store.apply_import(&plan, "test").await.expect("apply");
        };
        take(Register::Offices, &put("o.csv", "office_id,name,phone,fax,address\nO-1,すみれ,,,\n")).await;
        let nurse = b.store.demo_account("viewer").await.expect("an account");
        let staff = format!("mail,name,office_id,profession,from,until\n{},看護,O-1,看護師,,\n", nurse.login);
        take(Register::Staff, &put("s.csv", &staff)).await;

        let arrives = async |n: usize, hospital: &str, discharge: &str| {
            let mut s = sheet(State::Posted, Some("R-0001"));
            s.document.sender_id = Some(hospital.to_owned());
            s.document.fields.get_mut("encounter.discharge_date").expect("a field").value =
                Value::One(discharge.into());
            b.receive("scan", &format!("{n}.tif"), format!("{n}").as_bytes()).await;
            b.through(&[s]).await;
            b.store.status().await.expect("status").last().expect("a line").documents[0].id.clone()
        };
        let first = arrives(1, "I-1", "2025-11-28").await;
        b.pass(30_000);
        told(&b).await;
        b.pass(570_000);
        b.store.open_sheet(&nurse, &first, 1).await.expect("read");
        let second = arrives(2, "I-1", "2025-11-23").await;
        b.pass(10_000);
        told(&b).await;
        arrives(3, "I-2", "2025-11-24").await;
        b.receive("scan", "held.tif", b"held").await;
        b.through(&[sheet(State::Review, None)]).await;
        let held = b.store.review_list(5).await.expect("list").remove(0).document;
        b.store.choose_room(&held, "R-0001", "p").await.expect("post");
        let set = |text: &str| Edit::Set(Value::One(text.into()));
        let edits = [("sender.institution".to_owned(), Edit::Confirm), ("patient.name".to_owned(), set("柏 花江"))];
        b.store.confirm_fields(&second, 1, &edits, "p").await.expect("edit");

        let s = b.store.statistics(Span::month("2025-11").expect("a month")).await.expect("statistics");
        let t = s.total();
        assert_eq!((t.sheets, t.posted, t.machine, t.whole), (4, 4, 3, 0));
        assert_eq!((t.fields, t.unsure), (12, 4));
        let of = s.by(|g| &g.hospital);
        assert_eq!((of["I-1"].sheets, of["I-2"].sheets, of[""].sheets), (2, 1, 1));
        assert_eq!((s.noticed.count(), s.noticed.percentile(50), s.noticed.percentile(90)), (2, Some(10), Some(30)));
        assert_eq!((s.opened.count(), s.opened.percentile(50)), (1, Some(600)));
        let lead = |h: &str| (s.lead[h].count(), s.lead[h].percentile(50), s.lead[h].percentile(100));
        assert_eq!(lead("I-1"), (2, Some(0), Some(5)));
        assert_eq!(lead("I-2"), (1, Some(1), Some(1)));
        let c = &s.corrections;
        assert_eq!(c["patient.name"], Corrections { sure: 1, ..Corrections::default() });
        assert_eq!(c["sender.institution"], Corrections { confirmed: 1, ..Corrections::default() });
        assert_eq!(s.usage["看護師"], Usage { people: 1, opened: 1, replies: 0 });
        assert_eq!(s.days.values().map(|d| d.0).sum::<i64>(), 4);
        // Days that are over are summed; a span is the same with them, and after a figure of theirs has changed.
        let november = Span::month("2025-11").expect("a month");
        assert_eq!(b.store.sum_days(9).await.expect("sums"), 0, "the day is not over");
        b.pass(3 * 86_400_000);
        assert_eq!(b.store.sum_days(9).await.expect("sums"), 2, "the day of the sheets, and one without any");
        assert_eq!(b.store.statistics(november).await.expect("statistics"), s);
        b.store.open_sheet(&nurse, &held, 2).await.expect("read late");
        assert_eq!(b.store.sum_days(9).await.expect("sums"), 1, "that day was changed");
        assert_eq!(b.store.sum_days(9).await.expect("sums"), 0);
        let later = b.store.statistics(november).await.expect("statistics");
        assert_eq!((later.opened.count(), s.opened.count()), (2, 1));
        let mut tx = b.store.db.begin().await.expect("begin");
        query("DELETE FROM figure_day").execute(tx.conn()).await.expect("none");
        tx.commit().await.expect("commit");
        assert_eq!(b.store.statistics(november).await.expect("statistics"), later, "counted row by row");
        let other = b.store.statistics(Span::month("2025-12").expect("a month")).await.expect("statistics");
        assert_eq!(other.total(), Counts::default());

        let tables = crate::figures::tables::tables(&s, &Names::japanese(&|h| h.to_owned()));
        let all: String = tables.iter().map(crate::figures::tables::Table::csv).collect();
        for told in ["看護師,1,1,0", "I-1,2,0 日,50.0 %,50.0 %", "患者氏名,0,0,1,0", "自動で掲載した用紙,3,75.0 %"]
        {
            assert!(all.contains(told), "{told} not in\n{all}");
        }
        assert!(!all.contains("花"), "nobody's name");
    }
}
