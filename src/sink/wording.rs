//! What a notice says, by whatever way it comes: what kind of sheet, from whom, how urgent, until when. Accepted text
//! only, and of the patient nothing: a date without a name says of nobody what it is the date of.

use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, offset};

use crate::model::{Posting, Purpose, Vocabulary};

/// What somebody has to be ready for, with its words.
const DEADLINES: [(&str, &str); 3] = [
    ("encounter.discharge_date", "退院（予定）"),
    ("order.period_end", "指示期間の終わり"),
    ("conference.datetime", "カンファレンス"),
];

/// The type of the sheet.
pub fn kind(posting: &Posting) -> &str {
    Vocabulary::get().type_name(&posting.kind)
}

/// Who sent it, where that is sure.
pub fn sender(posting: &Posting) -> String {
    posting.accepted("sender.institution").unwrap_or_else(|| "（確認中）".into())
}

pub fn urgency(posting: &Posting) -> &'static str {
    if posting.urgent() { "至急" } else { "通常" }
}

/// One line that says what happened.
pub fn headline(posting: &Posting) -> String {
    let (hurry, kind) = (if posting.urgent() { "【至急】" } else { "" }, kind(posting));
    match (posting.purpose, &posting.changed) {
        (Purpose::Held, _) => format!("{hurry}【確認待ち】FAXが届いています"),
        (_, Some(_)) if posting.revision == 1 => format!("{hurry}{kind}の更新版が届きました"),
        _ if posting.revision > 1 => format!("{hurry}{kind}が更新されました"),
        _ => format!("{hurry}{kind}が届きました"),
    }
}

/// Until when, or for when, somebody has to be ready: those that are sure.
pub fn deadlines(posting: &Posting) -> Vec<String> {
    DEADLINES
        .iter()
        .filter_map(|(key, word)| Some(format!("{word} {}", day_and_time(&posting.accepted(key)?)?)))
        .collect()
}

/// Where it is read, below the address of the pages.
pub fn path(posting: &Posting) -> String {
    match posting.purpose {
        Purpose::Held => format!("/review/{}", posting.document),
        Purpose::Post | Purpose::Notice => format!("/documents/{}", posting.document),
    }
}

/// When it came.
pub fn received(posting: &Posting) -> String {
    jiff::Timestamp::from_millisecond(posting.received)
        .unwrap_or_default()
        .to_zoned(TimeZone::fixed(offset(9)))
        .strftime("%Y年%-m月%-d日 %H:%M")
        .to_string()
}

/// A date, or a date and time, of the vocabulary's normal form; none where it is none.
pub fn day_and_time(value: &str) -> Option<String> {
    const DAYS: [&str; 7] = ["月", "火", "水", "木", "金", "土", "日"];
    let (date, time) = match value.split_once('T') {
        Some(_) => {
            let at: DateTime = value.parse().ok()?;
            (at.date(), format!(" {:02}:{:02}", at.hour(), at.minute()))
        }
        None => (value.parse::<Date>().ok()?, String::new()),
    };
    let day = DAYS[(date.weekday().to_monday_one_offset() - 1) as usize % 7];
    Some(format!("{}年{}月{}日({day}){time}", date.year(), date.month(), date.day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_people_do() {
        assert_eq!(day_and_time("2026-12-01").as_deref(), Some("2026年12月1日(火)"));
        assert_eq!(day_and_time("2026-12-01T09:05").as_deref(), Some("2026年12月1日(火) 09:05"));
        assert_eq!(day_and_time("花子"), None);
    }
}
