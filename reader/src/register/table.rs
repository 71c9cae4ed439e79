//! CSV files to rows: UTF-8 with or without BOM, or MS932; columns by name in any order; all or nothing.

use std::fmt;

use super::{Institution, Office, Patient, Staff};
use crate::text::era;
use crate::text::numbers::{hyphenate, insured_valid, insurer_valid, phone_digits};
use crate::text::{kana, nfkc, options, squeeze};

/// One thing that is wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// 1-based line of the file; 0 for the file as a whole.
    pub line: u64,
    /// Name of the column; empty for the row or the file.
    pub column: String,
    /// What is wrong, and what to do.
    pub what: String,
    pub fix: String,
}

/// A register that cannot be imported; nothing of it was taken over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct RegisterError {
    pub file: String,
    pub problems: Vec<Problem>,
}

/// How many problems are shown; the rest is counted.
const SHOWN: usize = 20;

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, p) in self.problems.iter().take(SHOWN).enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{}", self.file)?;
            if p.line > 0 {
                write!(f, ", line {}", p.line)?;
            }
            if !p.column.is_empty() {
                write!(f, ", column {}", p.column)?;
            }
            write!(f, ": {}; {}", p.what, p.fix)?;
        }
        if self.problems.len() > SHOWN {
            write!(f, "\n{}: {} more problems", self.file, self.problems.len() - SHOWN)?;
        }
        write!(f, "\n{}: nothing was imported", self.file)
    }
}

impl RegisterError {
    /// Where the problems are and what to do, without anything that stands in the file: for logs and alarms.
    pub fn places(&self) -> String {
        // A file without its first line has cells for columns.
        let is_name = |c: &str| !c.is_empty() && c.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let mut told: Vec<String> = Vec::new();
        for p in self.problems.iter().take(SHOWN) {
            let column = if is_name(&p.column) { format!(", column {}", p.column) } else { String::new() };
            told.push(match p.line {
                0 => format!("{}; {}", p.what, p.fix),
                line => format!("line {line}{column}: {}", p.fix),
            });
        }
        if self.problems.len() > SHOWN {
            told.push(format!("{} more problems", self.problems.len() - SHOWN));
        }
        told.join("; ")
    }

    fn whole(file: &str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        let problem = Problem { line: 0, column: String::new(), what: what.into(), fix: fix.into() };
        RegisterError { file: file.to_owned(), problems: vec![problem] }
    }
    pub(super) fn unreadable(file: &str, e: &std::io::Error) -> Self {
        Self::whole(file, format!("cannot be read ({e})"), "check the path in [register] and who may read the file")
    }
}

/// A file cut into cells, with its columns looked up.
struct Sheet {
    file: String,
    columns: Vec<&'static str>,
    /// Line and cells, in the file's own order of columns.
    rows: Vec<(u64, Vec<String>)>,
    /// For each known column, where it stands.
    at: Vec<(&'static str, usize)>,
    problems: Vec<Problem>,
}

impl Sheet {
    fn open(file: &str, bytes: &[u8], columns: &[&'static str], required: &[&str]) -> Result<Sheet, RegisterError> {
        let text = decode(file, bytes)?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
        let mut records = reader.records();
        let all = columns.join(", ");
        let header = match records.next() {
            Some(Ok(h)) => h,
            _ => {
                return Err(RegisterError::whole(
                    file,
                    "the file is empty",
                    format!("its first line must name the columns: {all}"),
                ));
            }
        };
        let mut s = Sheet {
            file: file.to_owned(),
            columns: columns.to_vec(),
            rows: Vec::new(),
            at: Vec::new(),
            problems: Vec::new(),
        };
        for (i, cell) in header.iter().enumerate() {
            let name = nfkc(cell).to_lowercase();
            match columns.iter().find(|c| **c == name) {
                Some(c) if s.at.iter().any(|(known, _)| known == c) => {
                    s.problem(1, c, "the column is there twice", "keep one of them")
                }
                Some(c) => s.at.push((c, i)),
                // Spreadsheets leave empty columns at the end.
                None if name.is_empty() => {}
                None => s.problem(
                    1,
                    &name,
                    "is no column of this register",
                    format!("rename or remove it; the columns are {all}"),
                ),
            }
        }
        for r in required {
            if !s.at.iter().any(|(c, _)| c == r) {
                s.problem(1, r, "the column is missing", "add it to the first line");
            }
        }
        if !s.problems.is_empty() {
            return Err(s.error());
        }
        let width = header.len();
        for record in records {
            let record = match record {
                Ok(r) => r,
                Err(e) => {
                    let line = e.position().map_or(0, csv::Position::line);
                    s.problem(line, "", format!("cannot be read as CSV ({e})"), "check its quotation marks");
                    continue;
                }
            };
            let line = record.position().map_or(0, csv::Position::line);
            let cells: Vec<String> = record.iter().map(|c| c.trim().to_owned()).collect();
            if cells.iter().all(String::is_empty) {
                continue;
            }
            if cells.len() > width && cells[width..].iter().any(|c| !c.is_empty())
                || cells.len() < s.at.iter().map(|a| a.1 + 1).max().unwrap_or(0)
            {
                s.problem(
                    line,
                    "",
                    format!("has {} cells, the first line has {width}", cells.len()),
                    "put cells that hold a comma in quotation marks",
                );
                continue;
            }
            s.rows.push((line, cells));
        }
        Ok(s)
    }

    fn problem(&mut self, line: u64, column: &str, what: impl Into<String>, fix: impl Into<String>) {
        self.problems.push(Problem { line, column: column.to_owned(), what: what.into(), fix: fix.into() });
    }

    fn error(mut self) -> RegisterError {
        self.problems.sort_by_key(|p| p.line);
        RegisterError { file: self.file, problems: self.problems }
    }

    /// The cell of a row; the empty string where the file has no such column.
    fn cell<'a>(&self, row: &'a [String], column: &str) -> &'a str {
        debug_assert!(self.columns.contains(&column));
        self.at.iter().find(|(c, _)| *c == column).and_then(|(_, i)| row.get(*i)).map_or("", String::as_str)
    }

    /// Rows into values; the key must be there and unique.
    fn rows<T>(
        mut self,
        key: &'static str,
        make: impl Fn(&mut Sheet, u64, &[String]) -> T,
        id: impl Fn(&T) -> String,
    ) -> Result<Vec<T>, RegisterError> {
        let rows = std::mem::take(&mut self.rows);
        let mut seen: std::collections::HashMap<String, u64> = std::collections::HashMap::new();
        let mut out = Vec::with_capacity(rows.len());
        for (line, row) in rows {
            let value = make(&mut self, line, &row);
            let id = id(&value);
            if id.is_empty() {
                self.problem(line, key, "is empty", "every row needs its own");
            } else if let Some(first) = seen.insert(id.clone(), line) {
                self.problem(
                    line,
                    key,
                    format!("{id} is in line {first} already"),
                    "give each row its own, or remove one",
                );
            }
            out.push(value);
        }
        if self.problems.is_empty() { Ok(out) } else { Err(self.error()) }
    }
}

/// UTF-8 (the BOM goes later) or MS932.
fn decode(file: &str, bytes: &[u8]) -> Result<String, RegisterError> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(RegisterError::whole(file, "is in UTF-16", "save it as CSV UTF-8 (or as CSV in Shift_JIS)"));
    }
    if let Ok(s) = std::str::from_utf8(bytes) {
        return Ok(s.to_owned());
    }
    let (text, _, bad) = encoding_rs::SHIFT_JIS.decode(bytes);
    if bad {
        return Err(RegisterError::whole(file, "is neither UTF-8 nor MS932 (Shift_JIS)", "save it as CSV UTF-8"));
    }
    Ok(text.into_owned())
}

fn list(cell: &str) -> Vec<String> {
    cell.split([';', '；']).map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()
}

/// Several phone numbers, hyphenated.
fn phones(s: &mut Sheet, line: u64, row: &[String], column: &'static str) -> Vec<String> {
    let mut out = Vec::new();
    for one in list(s.cell(row, column)) {
        let digits = phone_digits(&one);
        let lost = digits.len() == 9 && !digits.starts_with('0')
            || digits.len() == 10 && ["90", "80", "70", "50"].iter().any(|p| digits.starts_with(p));
        if lost {
            s.problem(
                line,
                column,
                format!("{one} has lost its leading 0"),
                "format the column as text in the spreadsheet",
            );
        } else if !digits.starts_with('0') || !matches!(digits.len(), 10 | 11) {
            s.problem(
                line,
                column,
                format!("{one} is no phone number"),
                "write it with its area code, several separated by ;",
            );
        } else if one.contains('-') && one.is_ascii() {
            out.push(one.chars().filter(|c| c.is_ascii_digit() || *c == '-').collect());
        } else {
            out.push(hyphenate(&digits));
        }
    }
    out.dedup();
    out
}

/// Mail addresses: one @, something on both sides, nothing that a header could be cut with.
fn mail_ok(m: &str) -> bool {
    let (user, host) = m.split_once('@').unwrap_or(("", ""));
    !user.is_empty()
        && host.contains(|c: char| c.is_ascii_alphanumeric())
        && !host.contains('@')
        && m.is_ascii()
        && !m.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;\"()[]\\".contains(c))
}

/// A date as people write it in tables; empty stays empty.
fn day(s: &mut Sheet, line: u64, row: &[String], column: &'static str) -> String {
    let cell = s.cell(row, column);
    if cell.is_empty() {
        return String::new();
    }
    match era::best(cell, &era::Context::default()) {
        Some(r) if r.quality >= 0.75 && r.time.is_none_or(|t| t.hour() == 0) => r.day(),
        _ => {
            let what = format!("{cell} is no date");
            s.problem(line, column, what, "write it as 1933-02-15 (昭和8年2月15日 is understood too)");
            String::new()
        }
    }
}

/// patients.csv.
///
/// # Errors
/// Everything that is wrong in it.
pub fn patients(file: &str, bytes: &[u8]) -> Result<Vec<Patient>, RegisterError> {
    const COLUMNS: &[&str] = &[
        "room_id",
        "name",
        "kana",
        "birth_date",
        "sex",
        "postal_code",
        "address",
        "phone",
        "insurer_number",
        "insured_number",
        "members",
    ];
    Sheet::open(file, bytes, COLUMNS, &["room_id", "name", "birth_date"])?
        .rows("room_id", patient, |p| p.room_id.clone())
}

fn patient(s: &mut Sheet, line: u64, row: &[String]) -> Patient {
    let mut p = Patient {
        room_id: s.cell(row, "room_id").to_owned(),
        name: nfkc(s.cell(row, "name")),
        kana: kana::normal(s.cell(row, "kana")),
        birth_date: day(s, line, row, "birth_date"),
        address: nfkc(s.cell(row, "address")),
        phones: phones(s, line, row, "phone"),
        ..Patient::default()
    };
    if p.room_id == super::CANARY_ROOM {
        s.problem(line, "room_id", "is the canaries' own room", "give the room another id");
    }
    if p.name.is_empty() {
        s.problem(line, "name", "is empty", "write the patient's name as it stands on the insurance card");
    }
    if !p.kana.is_empty() && !kana::is_kana(&p.kana) {
        s.problem(line, "kana", format!("{} is not kana", p.kana), "write the reading in katakana or hiragana");
    }
    let sex = s.cell(row, "sex");
    match (sex, options::sex(sex)) {
        ("", _) => {}
        ("1", _) => p.sex = "male".into(),
        ("2", _) => p.sex = "female".into(),
        (_, Some(v)) => p.sex = v.into(),
        _ => s.problem(line, "sex", format!("{sex} is not understood"), "write male or female, 男 or 女"),
    }
    let postal = squeeze(s.cell(row, "postal_code"));
    let digits: String = postal.chars().filter(char::is_ascii_digit).collect();
    match digits.len() {
        0 if postal.is_empty() => {}
        7 => p.postal_code = format!("{}-{}", &digits[..3], &digits[3..]),
        _ => s.problem(line, "postal_code", format!("{postal} is no postal code"), "write seven digits: 277-0005"),
    }
    let insurer = squeeze(s.cell(row, "insurer_number"));
    if !insurer.is_empty() && !insurer_valid(&insurer) {
        let fix = "six digits, of which the last is a check digit (介護保険者番号); leave it empty where unknown";
        s.problem(line, "insurer_number", format!("{insurer} is not valid"), fix);
    }
    p.insurer_number = insurer;
    let insured = squeeze(s.cell(row, "insured_number")).to_uppercase();
    let public = insured.len() == 10 && insured.starts_with('H') && insured[1..].bytes().all(|b| b.is_ascii_digit());
    if !insured.is_empty() && !insured_valid(&insured) && !public {
        let short = insured.len() < 10 && insured.bytes().all(|b| b.is_ascii_digit());
        let fix = if short {
            "ten digits (介護被保険者番号); a spreadsheet drops leading zeros unless the column is formatted as text"
        } else {
            "ten digits (介護被保険者番号); leave it empty where unknown"
        };
        s.problem(line, "insured_number", format!("{insured} is not valid"), fix);
    }
    p.insured_number = insured;
    for m in list(s.cell(row, "members")) {
        if mail_ok(&m) {
            if !p.members.contains(&m) {
                p.members.push(m);
            }
        } else {
            s.problem(line, "members", format!("{m} is no mail address"), "write addresses separated by ;");
        }
    }
    p
}

/// institutions.csv.
///
/// # Errors
/// Everything that is wrong in it.
pub fn institutions(file: &str, bytes: &[u8]) -> Result<Vec<Institution>, RegisterError> {
    const COLUMNS: &[&str] = &["id", "name", "aliases", "code", "phones", "faxes", "contact"];
    Sheet::open(file, bytes, COLUMNS, &["id", "name"])?.rows(
        "id",
        |s, line, row| {
            let i = Institution {
                id: s.cell(row, "id").to_owned(),
                name: nfkc(s.cell(row, "name")),
                aliases: list(s.cell(row, "aliases")).iter().map(|a| nfkc(a)).collect(),
                code: squeeze(s.cell(row, "code")),
                phones: phones(s, line, row, "phones"),
                faxes: phones(s, line, row, "faxes"),
                contact: nfkc(s.cell(row, "contact")),
            };
            if i.name.is_empty() {
                s.problem(line, "name", "is empty", "write the institution's name as on its letterhead");
            }
            i
        },
        |i| i.id.clone(),
    )
}

/// offices.csv.
///
/// # Errors
/// Everything that is wrong in it.
pub fn offices(file: &str, bytes: &[u8]) -> Result<Vec<Office>, RegisterError> {
    const COLUMNS: &[&str] = &["office_id", "name", "phone", "fax", "address"];
    Sheet::open(file, bytes, COLUMNS, &["office_id", "name"])?.rows(
        "office_id",
        |s, line, row| {
            let o = Office {
                office_id: s.cell(row, "office_id").to_owned(),
                name: nfkc(s.cell(row, "name")),
                phones: phones(s, line, row, "phone"),
                faxes: phones(s, line, row, "fax"),
                address: nfkc(s.cell(row, "address")),
            };
            if o.name.is_empty() {
                s.problem(line, "name", "is empty", "write the office's name");
            }
            o
        },
        |o| o.office_id.clone(),
    )
}

/// staff.csv; each person must belong to one of the offices, where there are any.
///
/// # Errors
/// Everything that is wrong in it.
pub fn staff(file: &str, bytes: &[u8], offices: &[Office]) -> Result<Vec<Staff>, RegisterError> {
    const COLUMNS: &[&str] = &["mail", "name", "office_id", "profession", "from", "until"];
    Sheet::open(file, bytes, COLUMNS, &["mail"])?.rows(
        "mail",
        |s, line, row| {
            let p = Staff {
                mail: s.cell(row, "mail").to_lowercase(),
                name: nfkc(s.cell(row, "name")),
                office_id: s.cell(row, "office_id").to_owned(),
                profession: nfkc(s.cell(row, "profession")),
                from: day(s, line, row, "from"),
                until: day(s, line, row, "until"),
            };
            if !p.mail.is_empty() && !mail_ok(&p.mail) {
                s.problem(line, "mail", format!("{} is no mail address", p.mail), "write one address");
            }
            if !p.office_id.is_empty() && !offices.is_empty() && !offices.iter().any(|o| o.office_id == p.office_id) {
                s.problem(
                    line,
                    "office_id",
                    format!("{} is not in the register of offices", p.office_id),
                    "add the office first",
                );
            }
            if !p.from.is_empty() && !p.until.is_empty() && p.from > p.until {
                s.problem(line, "until", format!("{} lies before {}", p.until, p.from), "correct one of the two dates");
            }
            p
        },
        |p| p.mail.clone(),
    )
}
