//! Takes the installation's own canaries out of what was decided: into the hidden room, and nowhere else. Pure.
//!
//! A sheet without a token that is on its way is left as it was decided, to the last byte. One with such a token goes into
//! the hidden room where it is about the canary's patient; where it is not, it waits for a person, whatever was decided:
//! a canary that was read badly must not get into a patient's room.

use super::policy::Decided;
use crate::canary::{self, SOURCE, Token};
use crate::reading::Reading;
use crate::store::canary::{Arrival, Issued};
use crate::store::{Sheet, State};

/// What the receipts and the status say of a canary.
const REASON: &str = "定時の試験FAXです";
const MISREAD: &str = "試験FAXの番号がありますが、試験の患者として読み取れません";

/// The canaries among the sheets, which it puts where they belong. `source`: whence the file came.
pub fn take(reading: &Reading, decided: &mut Decided, issued: &[Issued], source: &str) -> Vec<Arrival> {
    if issued.is_empty() {
        return Vec::new();
    }
    let tokens: Vec<Token> = issued.iter().filter_map(|i| Token::parse(&i.token)).collect();
    let mut arrivals: Vec<Arrival> = Vec::new();
    for (ordinal, sheet) in decided.sheets.iter_mut().enumerate() {
        let open = tokens.iter().filter(|t| !arrivals.iter().any(|a| a.token == t.as_str()));
        let found =
            if sheet.document.pages.len() == 1 { canary::token_on(reading, &sheet.document.pages, open) } else { None };
        let Some(known) = found.and_then(|t| issued.iter().find(|i| i.token == t.as_str())) else { continue };
        let mut differs = canary::differences(&sheet.document, &known.expected);
        if known.source != source {
            differs.push(SOURCE.to_owned());
        }
        if canary::is_about(&sheet.document) {
            post(sheet);
        } else {
            hold(sheet);
            if differs.is_empty() {
                differs.push(canary::DOUBTS.to_owned());
            }
        }
        let unsure = canary::unsure(&sheet.document);
        arrivals.push(Arrival { token: known.token.clone(), ordinal, differs, unsure });
    }
    arrivals
}

fn post(sheet: &mut Sheet) {
    sheet.state = State::Posted;
    sheet.room = Some(canary::CANARY_ROOM.to_owned());
    sheet.reason = Some(REASON.to_owned());
    sheet.candidates.clear();
}

fn hold(sheet: &mut Sheet) {
    sheet.state = State::Review;
    sheet.room = None;
    sheet.reason = Some(match sheet.reason.take() {
        Some(reason) => format!("{MISREAD}。{reason}"),
        None => MISREAD.to_owned(),
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::canary::{CANARY_ROOM, Canary};
    use crate::model::{Document, Field, Status, Trace, Value};
    use crate::patient::{self, Verdict};
    use crate::reading::{Glyph, Line, Page};
    use crate::register::{Patient, Registers};

    fn canary() -> (Canary, Issued) {
        let token = Token::parse("482109537716").expect("a token");
        let canary = Canary::new(token, "2026-11-28".parse().expect("a day"));
        let issued = Issued { token: "482109537716".into(), source: "scan".into(), expected: canary.expected.clone() };
        (canary, issued)
    }

    fn reading(text: &str) -> Reading {
        let glyphs = text.chars().map(|ch| Glyph { ch, p: 1.0, ..Glyph::default() }).collect();
        let page = Page { number: 1, lines: vec![Line { glyphs, ..Line::default() }], ..Page::default() };
        Reading { pages: vec![page], ..Reading::default() }
    }

    fn document(fields: &BTreeMap<String, Value>) -> Document {
        let field = |v: &Value| Field {
            value: v.clone(),
            raw: v.text(),
            page: 1,
            rect: [0; 4],
            confidence: 1.0,
            status: Status::Accepted,
            items: None,
            trace: Trace::default(),
        };
        Document {
            kind: "referral".into(),
            pages: vec![1],
            confidence: 1.0,
            fields: fields.iter().map(|(k, v)| (k.clone(), field(v))).collect(),
            doubts: Vec::new(),
            sender_id: None,
        }
    }

    fn decided(document: Document, state: State, room: Option<&str>) -> Decided {
        let sheet = Sheet {
            document,
            state,
            room: room.map(str::to_owned),
            reason: (state == State::Review).then(|| "該当する方がいません".to_owned()),
            candidates: Vec::new(),
            part: None,
        };
        Decided { sheets: vec![sheet], reason: None }
    }

    const TOKEN: &str = "試験番号 4821 0953 7716";

    #[test]
    fn a_canary_goes_into_the_hidden_room_and_tells_what_was_read_otherwise() {
        let (canary, issued) = canary();
        let mut d = decided(document(&canary.expected), State::Review, None);
        let arrivals = take(&reading(TOKEN), &mut d, std::slice::from_ref(&issued), "scan");
        assert_eq!((arrivals.len(), arrivals[0].ordinal, arrivals[0].differs.len()), (1, 0, 0));
        assert_eq!((d.sheets[0].state, d.sheets[0].room.as_deref()), (State::Posted, Some(CANARY_ROOM)));

        let mut fields = canary.expected.clone();
        fields.insert("patient.phone".into(), Value::One("03-0000-0071".into()));
        fields.insert("urgency".into(), Value::One("urgent".into()));
        fields.remove("clinical.medications");
        let mut d = decided(document(&fields), State::Review, None);
        let arrivals = take(&reading(TOKEN), &mut d, &[issued], "mails");
        assert_eq!(arrivals[0].differs, ["clinical.medications", "patient.phone", "urgency", "source"]);
    }

    #[test]
    fn an_imitation_goes_to_a_person_like_any_other() {
        let (canary, issued) = canary();
        for (text, issued) in [("試験番号 4821 0953 1234", vec![issued]), (TOKEN, Vec::new())] {
            let before = decided(document(&canary.expected), State::Review, None);
            let mut after = before.clone();
            assert_eq!(take(&reading(text), &mut after, &issued, "scan"), []);
            assert_eq!(after, before);
        }
    }

    #[test]
    fn a_real_sheet_that_bears_a_token_is_neither_hidden_nor_posted() {
        let (canary, issued) = canary();
        let mut fields = canary.expected.clone();
        fields.insert("patient.name".into(), Value::One("柏 花子".into()));
        fields.insert("patient.birth_date".into(), Value::One("1940-01-02".into()));
        let mut d = decided(document(&fields), State::Posted, Some("R-0001"));
        let arrivals = take(&reading(TOKEN), &mut d, &[issued], "scan");
        assert_eq!((d.sheets[0].state, d.sheets[0].room.as_deref()), (State::Review, None));
        assert_eq!(arrivals[0].differs, ["patient.birth_date", "patient.name"]);
    }

    /// Ten thousand patients, among them some who share a key with the canary's, each with a sheet.
    #[test]
    fn real_patients_are_found_as_before_while_a_canary_is_on_its_way() {
        let (canary, issued) = canary();
        let first = |tsv: &'static str| -> Vec<&str> { tsv.lines().filter_map(|l| l.split('\t').next()).collect() };
        let surnames = first(include_str!("../../config/lexicon/surnames.tsv"));
        let given = first(include_str!("../../config/lexicon/given.tsv"));
        let mut patients: Vec<Patient> = (0..10_000_usize)
            .map(|n| Patient {
                room_id: format!("R-{n:05}"),
                name: format!("{} {}", surnames[n * 7 % surnames.len()], given[n * 13 % given.len()]),
                birth_date: format!("{}-{:02}-{:02}", 1915 + n % 60, 1 + n % 12, 1 + n % 28),
                insured_number: format!("{:010}", 80_000_000 + n * 37),
                ..Patient::default()
            })
            .collect();
        let own = crate::canary::patient();
        patients[17] = Patient { room_id: "R-00017".into(), name: "鳥海 かなえ".into(), ..own.clone() };
        patients[18] = Patient { room_id: "R-00018".into(), birth_date: "1920-02-28".into(), ..own.clone() };
        let registers = Registers::new(patients.clone(), Vec::new(), Vec::new(), Vec::new());
        for p in patients.iter().step_by(97).chain(&patients[17..19]) {
            let fields = BTreeMap::from([
                ("patient.name".to_owned(), Value::One(p.name.clone())),
                ("patient.birth_date".to_owned(), Value::One(p.birth_date.clone())),
                ("patient.insured_number".to_owned(), Value::One(p.insured_number.clone())),
            ]);
            let document = document(&fields);
            let before = match patient::find(&document, &registers) {
                Verdict::Unique { room_id, .. } => decided(document.clone(), State::Posted, Some(&room_id)),
                _ => decided(document.clone(), State::Review, None),
            };
            assert!(!crate::canary::is_about(&document), "{}", p.room_id);
            let mut after = before.clone();
            assert_eq!(take(&reading("電話 04-7110-5100"), &mut after, std::slice::from_ref(&issued), "scan"), []);
            assert_eq!(after, before);
        }
        // The canary's own sheet is none of theirs.
        assert!(!matches!(patient::find(&document(&canary.expected), &registers), Verdict::Unique { .. }));
    }
}
