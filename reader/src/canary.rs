//! The canary: a fax of a patient who does not exist, sent through every source and read like any other, so that a dead
//! fax line looks different from a quiet day and a reading that grows worse is seen.
//!
//! A sheet is a canary only where it bears a token that this installation gave out and has not seen come back, and is
//! about the canary's patient: whoever copies a canary gets a sheet on the review list like any other. The patient stands
//! in a register of one's own that is asked about such sheets only, so that no real patient's sheet is ever compared
//! with it. Pure: pages, tokens and comparison; sending is `daemon::canary`, what became of each `store::canary`.

mod fax;
mod page;

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

use crate::model::{Document, Status, Value};
use crate::patient::{self, Verdict};
use crate::reading::Reading;
use crate::register::{Patient, Registers};
use crate::text::{numbers, squeeze};

pub use crate::register::CANARY_ROOM;

/// Digits of a token.
const DIGITS: usize = 12;
/// A token is known again with so many digits misread, lost or added: among the few that are on their way no two are that near.
const MISREAD: usize = 2;
/// What stands in the list of differing keys where it is no field.
pub const TYPE: &str = "type";
pub const DOUBTS: &str = "doubts";
pub const SOURCE: &str = "source";

/// What must be read on a canary, by field.
pub type Expected = BTreeMap<String, Value>;

/// The number on a canary that nobody can guess.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(String);

impl Token {
    /// A new one.
    pub fn random() -> Token {
        let number = Uuid::new_v4().as_u128() % 10_u128.pow(DIGITS as u32);
        Token(format!("{number:0DIGITS$}"))
    }

    /// A token of before; none where the text is none.
    pub fn parse(text: &str) -> Option<Token> {
        (text.len() == DIGITS && text.bytes().all(|b| b.is_ascii_digit())).then(|| Token(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn number(&self) -> u64 {
        self.0.parse().unwrap_or(0)
    }

    /// As it is printed.
    fn spaced(&self) -> String {
        format!("{} {} {}", &self.0[..4], &self.0[4..8], &self.0[8..])
    }
}

/// A canary before it is sent.
#[derive(Debug, Clone)]
pub struct Canary {
    pub token: Token,
    pub expected: Expected,
    /// TIFF-F, one page, fine resolution.
    pub tiff: Vec<u8>,
}

impl Canary {
    /// The canary of a token, written on a day. The same again is the same to the byte.
    pub fn new(token: Token, day: Date) -> Canary {
        let (dots, expected) = page::draw(&token, day);
        Canary { token, expected, tiff: dots.tiff() }
    }
}

/// Who all canaries are about. No such name, town, insurer or line exists.
pub fn patient() -> Patient {
    Patient {
        room_id: CANARY_ROOM.to_owned(),
        name: "鳥海 かなりあ".to_owned(),
        kana: "トリウミ カナリア".to_owned(),
        birth_date: "1920-02-29".to_owned(),
        sex: "female".to_owned(),
        postal_code: "100-0099".to_owned(),
        address: "東京都架空区試験町1-2-3".to_owned(),
        phones: vec!["03-0000-0017".to_owned()],
        insurer_number: "990002".to_owned(),
        insured_number: "9900000017".to_owned(),
        members: Vec::new(),
    }
}

/// Whether a document is beyond doubt about the canary's patient.
pub fn is_about(document: &Document) -> bool {
    let register = Registers::new(vec![patient()], Vec::new(), Vec::new(), Vec::new());
    matches!(patient::find(document, &register), Verdict::Unique { .. })
}

/// Which of the tokens on their way stands on some pages.
pub fn token_on<'a>(reading: &Reading, pages: &[u32], open: impl IntoIterator<Item = &'a Token>) -> Option<&'a Token> {
    let lines = reading.pages.iter().filter(|p| pages.contains(&p.number)).flat_map(|p| &p.lines);
    let digits: Vec<String> = lines.map(|l| numbers::digits(&l.text())).collect();
    // A digit may be lost or be read twice, too.
    let windows = |d: &str| -> Vec<String> {
        let long = (DIGITS - MISREAD..=DIGITS + MISREAD).flat_map(|n| d.as_bytes().windows(n));
        long.map(|w| String::from_utf8_lossy(w).into_owned()).collect()
    };
    let windows: Vec<String> = digits.iter().flat_map(|d| windows(d)).collect();
    let nearest = |t: &Token| windows.iter().map(|w| strsim::levenshtein(w, &t.0)).min();
    let found = open.into_iter().filter_map(|t| Some((nearest(t)?, t))).min_by_key(|(n, _)| *n)?;
    (found.0 <= MISREAD).then_some(found.1)
}

/// What was read otherwise than it stands there: keys of fields (those that stand nowhere included), [`TYPE`], [`DOUBTS`].
pub fn differences(document: &Document, expected: &Expected) -> Vec<String> {
    let plain = |v: &Value| squeeze(&v.text());
    let wrong =
        |(key, value): &(&String, &Value)| document.fields.get(*key).is_none_or(|f| plain(&f.value) != plain(value));
    let mut keys: Vec<String> = expected.iter().filter(wrong).map(|(k, _)| k.clone()).collect();
    keys.extend(document.fields.keys().filter(|k| !expected.contains_key(*k)).cloned());
    keys.sort();
    if document.kind != "referral" {
        keys.push(TYPE.to_owned());
    }
    if !document.doubts.is_empty() {
        keys.push(DOUBTS.to_owned());
    }
    keys
}

/// Fields that a person would have to look at.
pub fn unsure(document: &Document) -> usize {
    document.fields.values().filter(|f| f.status == Status::Review).count()
}

#[cfg(test)]
mod tests;
