//! What a hand wrote is certain only where the register of patients says the same by another key.
//!
//! The ink judges (`ocr::pen`, kept with every glyph); here is decided what follows. Fonts are not pens, so the certainty of
//! a character that was learnt on print is worth little on handwriting. The register never raises any certainty: it only
//! takes this one doubt away, of a value that would be accepted were it printed, where a second such value on the sheet
//! names the same one patient, and nobody else's row is near in both. A misreading that turns one patient's key into
//! another's leaves the right row near in both, so it stays with a person.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{self, Status};
use crate::ocr::pen::{HAND, Paper, log_odds};
use crate::reading::Page;
use crate::register::{Patient, Registers};
use crate::text::names::{self, Likeness};
use crate::text::{address, kana, numbers, squeeze};

use super::candidate::Candidate;
use super::decide::Case;

/// What stands in a value's trace.
pub const WRITTEN: &str = "手書きと見られます";

/// Keys that tell one patient from another, each by its own ink.
const TELLING: [&str; 5] =
    ["patient.name", "patient.birth_date", "patient.insured_number", "patient.phone", "patient.address"];
/// Keys that these may vouch for. A name's kana vouches for nothing: it has had its say in the name's own certainty.
const VOUCHED: [&str; 7] = [
    "patient.name",
    "patient.birth_date",
    "patient.insured_number",
    "patient.phone",
    "patient.address",
    "patient.kana",
    "patient.postal_code",
];

/// Whether a hand wrote a candidate's characters. Marks are no handwriting.
pub fn written(page: &Page, c: &Candidate) -> bool {
    let glyphs = c.segs.iter().flat_map(|s| page.lines[s.line].glyphs.get(s.glyphs.clone()).unwrap_or_default());
    let paper = Paper::of(page.lines.iter().flat_map(|l| &l.glyphs).map(|g| g.pen));
    paper.asked(glyphs.map(|g| g.pen)).is_some_and(|asked| log_odds(&asked) >= HAND)
}

/// Leaves to a person what a hand wrote, unless the rules accept handwriting or the register agrees.
pub fn fields(case: &Case, written: &BTreeSet<String>, out: &mut BTreeMap<String, model::Field>) {
    let sure: BTreeMap<&str, String> = TELLING
        .iter()
        .filter_map(|k| Some((*k, out.get(*k).filter(|f| f.status == Status::Accepted)?.value.text())))
        .collect();
    let released: BTreeSet<&String> = written
        .iter()
        .filter(|k| case.handwriting || out.get(*k).is_some_and(|f| vouched(k, &f.value.text(), &sure, case.registers)))
        .collect();
    for key in written {
        let Some(field) = out.get_mut(key) else { continue };
        if !released.contains(key) {
            field.doubt();
            field.trace.failed.push(WRITTEN.to_owned());
        }
    }
}

/// Whether another sure key of the sheet and this one name the same one patient, and nobody else is near in both.
fn vouched(key: &str, value: &str, sure: &BTreeMap<&str, String>, registers: &Registers) -> bool {
    VOUCHED.contains(&key)
        && sure.iter().filter(|o| *o.0 != key).any(|(other, text)| {
            let mut both = 0;
            for row in registers.patients() {
                match (fit(key, value, row), fit(other, text, row)) {
                    (Fit::Equal, Fit::Equal) => both += 1,
                    (Fit::Far, _) | (_, Fit::Far) => {}
                    _ => return false,
                }
            }
            both == 1
        })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Equal,
    /// A misreading apart, or the row does not say.
    Near,
    Far,
}

fn fit(key: &str, value: &str, row: &Patient) -> Fit {
    let of = |equal: bool, near: bool| match (equal, near) {
        (true, _) => Fit::Equal,
        (_, true) => Fit::Near,
        _ => Fit::Far,
    };
    let text = |own: &str, form: &dyn Fn(&str) -> String| {
        let (a, b) = (form(value), form(own));
        of(a == b && !b.is_empty(), b.is_empty() || one_edit(&a, &b))
    };
    match key {
        "patient.name" => match names::compare(value, &row.name) {
            Likeness::Equal => Fit::Equal,
            Likeness::Variant | Likeness::Near(_) => Fit::Near,
            // twins share a surname
            Likeness::Different => of(false, row.name.is_empty() || same_surname(value, &row.name)),
        },
        "patient.birth_date" => of(value == row.birth_date, near_day(value, &row.birth_date)),
        "patient.insured_number" => text(&row.insured_number, &squeeze),
        "patient.postal_code" => text(&row.postal_code, &numbers::digits),
        "patient.kana" => text(&row.kana, &kana::sound),
        "patient.address" => text(&row.address, &address::comparable),
        "patient.phone" => {
            let fits: Vec<Fit> = row.phones.iter().map(|p| text(p, &numbers::phone_digits)).collect();
            let has = |f: Fit| fits.contains(&f);
            of(has(Fit::Equal), fits.is_empty() || has(Fit::Near))
        }
        _ => Fit::Near,
    }
}

fn one_edit(a: &str, b: &str) -> bool {
    strsim::osa_distance(a, b) <= 1
}

fn same_surname(a: &str, b: &str) -> bool {
    let first = |n: &str| names::split(n).map(|s| s.surname);
    first(a).is_some_and(|s| first(b).is_none_or(|t| s == t))
}

/// Days (`YYYY-MM-DD`) that a misreading, a slip of the pen or another era may make of each other.
fn near_day(a: &str, b: &str) -> bool {
    let digits = |s: &str| s.bytes().filter(u8::is_ascii_digit).collect::<Vec<u8>>();
    let (x, y) = (digits(a), digits(b));
    if x.len() != 8 || y.len() != 8 {
        return true;
    }
    let sorted = |v: &[u8]| {
        let mut v = v.to_vec();
        v.sort_unstable();
        v
    };
    let differ = x.iter().zip(&y).filter(|(p, q)| p != q).count();
    let beside = match (a.parse::<jiff::civil::Date>(), b.parse::<jiff::civil::Date>()) {
        (Ok(a), Ok(b)) => (a - b).get_days().abs() <= 31,
        _ => true,
    };
    differ <= 2 || sorted(&x) == sorted(&y) || x[4..] == y[4..] || beside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(room: &str, name: &str, birth: &str) -> Patient {
        Patient { room_id: room.into(), name: name.into(), birth_date: birth.into(), ..Patient::default() }
    }

    fn register(rows: &[(&str, &str)]) -> Registers {
        let rows = rows.iter().enumerate().map(|(i, (n, b))| row(&format!("R-{i}"), n, b)).collect();
        Registers::new(rows, Vec::new(), Vec::new(), Vec::new())
    }

    fn name_and_birth(registers: &Registers) -> (bool, bool) {
        let (name, birth) = ("海老原 光男".to_owned(), "1933-02-15".to_owned());
        let sure = BTreeMap::from([("patient.name", name.clone()), ("patient.birth_date", birth.clone())]);
        (vouched("patient.name", &name, &sure, registers), vouched("patient.birth_date", &birth, &sure, registers))
    }

    #[test]
    fn two_keys_that_name_one_patient_vouch_for_each_other() {
        let far = [("海老原 光男", "1933-02-15"), ("河野 良子", "1940-11-30"), ("海老原 光男", "1951-08-06")];
        assert_eq!(name_and_birth(&register(&far)), (true, true));
        assert_eq!(name_and_birth(&register(&far[1..])), (false, false), "not in the register");
        assert_eq!(name_and_birth(&Registers::default()), (false, false));
    }

    #[test]
    fn a_near_twin_or_one_alone_leaves_it_to_a_person() {
        for (name, birth) in [
            ("海老原 光男", "1933-02-16"), // the same name, a day beside
            ("海老原 光男", "1938-02-15"),
            ("海老原 光雄", "1933-02-15"), // nearly the name
            ("海老原 花子", "1933-02-15"), // under one roof
            ("海老原 光雄", "1933-12-15"), // near in both
            ("海老原 光男", ""),
        ] {
            let register = register(&[("海老原 光男", "1933-02-15"), (name, birth)]);
            assert_eq!(name_and_birth(&register), (false, false), "{name} {birth}");
        }
        let registers = register(&[("海老原 光男", "1933-02-15")]);
        let alone = BTreeMap::from([("patient.name", "海老原 光男".to_owned())]);
        assert!(!vouched("patient.name", "海老原 光男", &alone, &registers), "no other key");
        assert!(!vouched("contact.name", "海老原 光男", &alone, &registers), "the register knows patients only");
    }

    #[test]
    fn a_misread_key_finds_the_right_row_near_and_stays_open() {
        // the pen wrote 1933, read was 1938: somebody else has the name and that birthday
        let registers = register(&[("海老原 光男", "1933-02-15"), ("海老原 光男", "1938-02-15")]);
        let sure = BTreeMap::from([
            ("patient.name", "海老原 光男".to_owned()),
            ("patient.birth_date", "1938-02-15".to_owned()),
        ]);
        assert!(!vouched("patient.birth_date", "1938-02-15", &sure, &registers));
    }
}
