//! What the service did in a span of days, in numbers: filled by the store, shown by the pages, the CSV files and the report.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::interval::Sums;

const DAY: i64 = 86_400_000;
/// Japan's time.
const AHEAD: i64 = 9 * 3_600_000;

/// Days of Japan, the first and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub first: Date,
    pub last: Date,
}

impl Span {
    /// From `2026-11`.
    pub fn month(text: &str) -> Option<Span> {
        let first: Date = format!("{text}-01").parse().ok()?;
        Some(Span { first, last: first.last_of_month() })
    }

    /// The month of a day.
    pub fn month_of(day: Date) -> Span {
        Span { first: day.first_of_month(), last: day.last_of_month() }
    }

    /// Milliseconds since 1970: from, and until before.
    pub fn ms(self) -> (i64, i64) {
        (start(self.first), start(self.last) + DAY)
    }

    pub fn days(self) -> i64 {
        number(self.last) - number(self.first) + 1
    }
}

/// Days since 1970.
pub fn number(day: Date) -> i64 {
    i64::from(Date::constant(1970, 1, 1).until(day).map_or(0, |s| s.get_days()))
}

/// The day of a number of days since 1970.
pub fn day(number: i64) -> Date {
    Date::constant(1970, 1, 1).checked_add(number.clamp(0, 1_000_000).days()).unwrap_or(Date::MAX)
}

fn start(day: Date) -> i64 {
    number(day) * DAY - AHEAD
}

/// How often each number came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread(BTreeMap<i64, i64>);

impl Spread {
    pub fn add(&mut self, number: i64, times: i64) {
        *self.0.entry(number).or_default() += times;
    }

    pub fn merge(&mut self, other: &Spread) {
        other.0.iter().for_each(|(n, times)| self.add(*n, *times));
    }

    pub fn count(&self) -> i64 {
        self.0.values().sum()
    }

    /// The smallest number that so many of a hundred do not exceed (nearest rank); none where there are none.
    pub fn percentile(&self, hundredths: i64) -> Option<i64> {
        let rank = (self.count() * hundredths + 99) / 100;
        let mut seen = 0;
        self.0
            .iter()
            .find(|(_, times)| {
                seen += **times;
                seen >= rank.max(1)
            })
            .map(|(n, _)| *n)
    }

    /// How many are so.
    pub fn that(&self, so: impl Fn(i64) -> bool) -> i64 {
        self.0.iter().filter(|(n, _)| so(**n)).map(|(_, times)| times).sum()
    }
}

/// Sheets of one hospital and type. Those that were sent again are not among them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub hospital: String,
    pub kind: String,
    pub counts: Counts,
}

/// Sums over sheets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub sheets: i64,
    /// Stood in a room, put there by the machine alone, and of these without any field that waited.
    pub posted: i64,
    pub machine: i64,
    pub whole: i64,
    /// Fields that the machine found, and those that waited for a person.
    pub fields: i64,
    pub unsure: i64,
    /// Sheets whose legibility is known, and its sum in thousandths.
    pub looked: i64,
    pub legible: i64,
    /// Required items of their forms, and those that were found.
    pub wanted: i64,
    pub there: i64,
}

impl Counts {
    pub fn plus(self, o: Counts) -> Counts {
        Counts {
            sheets: self.sheets + o.sheets,
            posted: self.posted + o.posted,
            machine: self.machine + o.machine,
            whole: self.whole + o.whole,
            fields: self.fields + o.fields,
            unsure: self.unsure + o.unsure,
            looked: self.looked + o.looked,
            legible: self.legible + o.legible,
            wanted: self.wanted + o.wanted,
            there: self.there + o.there,
        }
    }
}

/// What persons said of a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Corrections {
    /// Right as it was read.
    pub confirmed: i64,
    /// Changed or removed, that had waited for a person.
    pub unsure: i64,
    /// Changed or removed, that had stood there as certain.
    pub sure: i64,
    /// Not found by the machine.
    pub added: i64,
}

/// How a profession used the rooms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    pub people: i64,
    /// Sheets that each of them opened, added up.
    pub opened: i64,
    pub replies: i64,
}

/// What the sheets tell that were received on some days; those of several days may be added.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// By hospital and type.
    pub groups: Vec<Group>,
    /// As in [`Statistics`].
    pub again: i64,
    pub days: BTreeMap<i64, (i64, i64)>,
    pub noticed: Spread,
    pub opened: Spread,
    pub lead: BTreeMap<String, Spread>,
}

impl Received {
    pub fn sum(all: impl IntoIterator<Item = Received>) -> Received {
        let mut sum = Received::default();
        let mut groups: BTreeMap<(String, String), Counts> = BTreeMap::new();
        for one in all {
            for g in one.groups {
                let of = groups.entry((g.hospital, g.kind)).or_default();
                *of = of.plus(g.counts);
            }
            sum.again += one.again;
            for (day, (sheets, machine)) in one.days {
                let of = sum.days.entry(day).or_default();
                *of = (of.0 + sheets, of.1 + machine);
            }
            sum.noticed.merge(&one.noticed);
            sum.opened.merge(&one.opened);
            for (hospital, spread) in one.lead {
                sum.lead.entry(hospital).or_default().merge(&spread);
            }
        }
        sum.groups = groups.into_iter().map(|((hospital, kind), counts)| Group { hospital, kind, counts }).collect();
        sum
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    pub span: Span,
    pub groups: Vec<Group>,
    /// Sheets that were another one sent again.
    pub again: i64,
    /// Days since 1970 → sheets, and those posted by the machine alone.
    pub days: BTreeMap<i64, (i64, i64)>,
    /// Seconds from receipt to the first notice, and to the first who read it.
    pub noticed: Spread,
    pub opened: Spread,
    /// By hospital: days from the first notice to the discharge; negative: it came after.
    pub lead: BTreeMap<String, Spread>,
    pub corrections: BTreeMap<String, Corrections>,
    pub usage: BTreeMap<String, Usage>,
    /// Blind samples that were decided in these days.
    pub samples: Sums,
}

impl Statistics {
    pub fn total(&self) -> Counts {
        self.groups.iter().fold(Counts::default(), |sum, g| sum.plus(g.counts))
    }

    /// Sums by what `key` says of a group.
    pub fn by<'a>(&'a self, key: impl Fn(&'a Group) -> &'a str) -> BTreeMap<&'a str, Counts> {
        let mut all: BTreeMap<&str, Counts> = BTreeMap::new();
        for g in &self.groups {
            let sum = all.entry(key(g)).or_default();
            *sum = sum.plus(g.counts);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_japans_and_percentiles_are_ranks() {
        let span = Span::month("2026-02").expect("a month");
        assert_eq!((span.last.day(), span.days()), (28, 28));
        let (from, until) = span.ms();
        assert_eq!(from, 1_769_871_600_000, "2026-01-31T15:00Z");
        assert_eq!(until - from, 28 * DAY);
        assert_eq!(day(number(span.last)), span.last);
        assert!(Span::month("2026-13").is_none() && Span::month("x").is_none());
        let mut s = Spread::default();
        assert_eq!(s.percentile(50), None);
        (1..=10).for_each(|n| s.add(n, 1));
        assert_eq!((s.percentile(50), s.percentile(90), s.percentile(100)), (Some(5), Some(9), Some(10)));
        s.add(1, 90);
        assert_eq!((s.percentile(50), s.percentile(90), s.that(|n| n > 8)), (Some(1), Some(1), 2));
    }
}
