//! Dates and times as they stand on Japanese forms, in every style, with a quality for each reading.
//!
//! Era boundaries: the proclamations of 1912-07-30, 1926-12-25, 1989-01-08 and 2019-05-01; Meiji counts from 1868.
//! Nothing is invented: a date without a year is read only where a reference date is given, one without an era gives a
//! reading for each era that may be meant, and the caller sees from the quality that none is certain.

mod scan;

use std::ops::Range;

use jiff::civil::{Date, Time, date};

pub use scan::{find, time, weekday};

/// An era of the Japanese calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Era {
    Meiji,
    Taisho,
    Showa,
    Heisei,
    Reiwa,
}

impl Era {
    pub const ALL: [Era; 5] = [Era::Meiji, Era::Taisho, Era::Showa, Era::Heisei, Era::Reiwa];

    /// From 昭和, 昭, S, s, ㍼ …; nothing from anything longer.
    pub fn parse(s: &str) -> Option<Era> {
        Some(match super::squeeze(s).as_str() {
            "明治" | "明" | "M" | "m" => Era::Meiji,
            "大正" | "大" | "T" | "t" => Era::Taisho,
            "昭和" | "昭" | "S" | "s" => Era::Showa,
            "平成" | "平" | "H" | "h" => Era::Heisei,
            "令和" | "令" | "R" | "r" => Era::Reiwa,
            _ => return None,
        })
    }

    /// Year 0 of the era in the western calendar: 昭和12年 = 1925 + 12.
    pub fn offset(self) -> i16 {
        match self {
            Era::Meiji => 1867,
            Era::Taisho => 1911,
            Era::Showa => 1925,
            Era::Heisei => 1988,
            Era::Reiwa => 2018,
        }
    }

    /// First and last day. The first day of an era is also the last of the one before it, except 1989 and 2019.
    pub fn bounds(self) -> (Date, Date) {
        match self {
            Era::Meiji => (date(1868, 1, 1), date(1912, 7, 30)),
            Era::Taisho => (date(1912, 7, 30), date(1926, 12, 25)),
            Era::Showa => (date(1926, 12, 25), date(1989, 1, 7)),
            Era::Heisei => (date(1989, 1, 8), date(2019, 4, 30)),
            Era::Reiwa => (date(2019, 5, 1), Date::MAX),
        }
    }

    /// 昭和, as it is written in full.
    pub fn kanji(self) -> &'static str {
        match self {
            Era::Meiji => "明治",
            Era::Taisho => "大正",
            Era::Showa => "昭和",
            Era::Heisei => "平成",
            Era::Reiwa => "令和",
        }
    }
}

/// What the caller knows beside the text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context {
    /// The sheet's own date, or the day it was received. Without it no year is completed and no age compared.
    pub reference: Option<Date>,
    /// The era that a ring or a tick chose on a form that prints several.
    pub era: Option<Era>,
    /// A birth date: never after the reference, never more than 115 years before it.
    pub birth: bool,
}

/// One way to read a date.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub date: Date,
    pub time: Option<Time>,
    /// 0..1: how well the text carries this reading; 1 = complete, valid and confirmed by weekday or age.
    pub quality: f32,
    /// What speaks against it or was repaired, in Japanese, for a person.
    pub notes: Vec<String>,
}

impl Reading {
    /// `YYYY-MM-DD`, with `THH:MM` where a time stands beside it.
    pub fn value(&self) -> String {
        match self.time {
            Some(t) => format!("{}T{:02}:{:02}", self.day(), t.hour(), t.minute()),
            None => self.day(),
        }
    }
    /// `YYYY-MM-DD`.
    pub fn day(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.date.year(), self.date.month(), self.date.day())
    }
}

/// A date in a text: where it stands (characters) and its readings, best first, never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub span: Range<usize>,
    pub readings: Vec<Reading>,
    /// `(89歳)` that follows it.
    pub age: Option<i16>,
}

/// The best reading of a text that should hold one date.
pub fn best(text: &str, context: &Context) -> Option<Reading> {
    find(text, context)
        .into_iter()
        .filter_map(|f| f.readings.into_iter().next())
        .reduce(|a, b| if b.quality > a.quality { b } else { a })
}

/// `自 … 至 …`, `… 〜 …`, `… から … まで`: first and last day. The second may leave out what the first says.
pub fn range(text: &str, context: &Context) -> Option<(Reading, Reading)> {
    let first = find(text, context).into_iter().next()?;
    let (start, rest) = (first.readings.into_iter().next()?, text.chars().skip(first.span.end).collect::<String>());
    let later = Context { reference: Some(start.date), era: context.era, birth: false };
    let end = find(&rest, &later).into_iter().next()?.readings.into_iter().next()?;
    (end.date >= start.date).then_some((start, end))
}

/// Full years between a birth and a day.
pub fn age_on(birth: Date, day: Date) -> i16 {
    day.year() - birth.year() - i16::from((day.month(), day.day()) < (birth.month(), birth.day()))
}

#[cfg(test)]
mod tests;
