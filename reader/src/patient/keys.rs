//! One sheet against one row of the register, key by key.

use crate::model::{Document, Field, Status};
use crate::register::Patient;
use crate::text::names::{self, Agreement, Likeness};
use crate::text::numbers::{insured_valid, phone_digits};
use crate::text::{address, confusion, kana, squeeze};

/// Below this confidence a value neither supports nor contradicts.
const DECENT: f64 = 0.4;

/// A value of the sheet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Given {
    pub text: String,
    /// Accepted: it may decide. Else it may only support, or contradict where it is far off.
    pub sure: bool,
}

/// What the sheet says of its patient, in comparable forms.
#[derive(Debug, Clone, Default)]
pub(super) struct Sheet {
    pub name: Option<Given>,
    pub kana: Option<Given>,
    /// `YYYY-MM-DD`.
    pub birth: Option<Given>,
    pub sex: Option<Given>,
    pub postal: Option<Given>,
    /// Comparable form.
    pub address: Option<Given>,
    /// Digits.
    pub phone: Option<Given>,
    pub insurer: Option<Given>,
    pub insured: Option<Given>,
    /// Numbers that belong to others on the sheet: a phone that is one of them says nothing against the patient.
    others: Vec<String>,
}

impl Sheet {
    pub fn of(document: &Document) -> Sheet {
        let get = |key: &str, form: &dyn Fn(&str) -> String| {
            let f: &Field = document.fields.get(key)?;
            let text = form(&f.value.text());
            let sure = f.status == Status::Accepted && f.confidence >= DECENT;
            ((sure || f.confidence >= DECENT) && !text.is_empty()).then_some(Given { text, sure })
        };
        let digits = |s: &str| squeeze(s).chars().filter(char::is_ascii_digit).collect::<String>();
        let others = ["contact.phone", "sender.phone", "sender.fax"]
            .iter()
            .filter_map(|k| document.text(k))
            .map(|p| phone_digits(&p))
            .collect();
        Sheet {
            name: get("patient.name", &|s| names::strip_honorific(s).0),
            kana: get("patient.kana", &kana::normal).filter(|k| kana::is_kana(&k.text)),
            birth: get("patient.birth_date", &|s| squeeze(s)),
            sex: get("patient.sex", &|s| s.to_owned()),
            postal: get("patient.postal_code", &digits).filter(|p| p.text.len() == 7),
            address: get("patient.address", &address::comparable).filter(|a| a.text.chars().count() >= 4),
            phone: get("patient.phone", &phone_digits).filter(|p| matches!(p.text.len(), 10 | 11)),
            insurer: get("patient.insurer_number", &digits).filter(|n| n.text.len() == 6),
            insured: get("patient.insured_number", &|s| squeeze(s).to_uppercase())
                .filter(|n| insured_valid(&n.text) || n.text.starts_with('H') && n.text.len() == 10),
            others,
        }
    }

    /// Nothing on it could tell one person from another.
    pub fn names_nobody(&self) -> bool {
        self.name.is_none() && self.kana.is_none() && self.birth.is_none() && self.insured.is_none()
    }

    /// Whether a row's name or kana comes near the sheet's: worth a closer look.
    pub fn may_be_called(&self, row: &Patient) -> bool {
        let name = self.name.as_ref().is_none_or(|n| {
            names::compare(&n.text, &row.name) != Likeness::Different || super::near::same_surname(&n.text, &row.name)
        });
        name || self.kana.as_ref().is_some_and(|k| !row.kana.is_empty() && super::near::kana(&k.text, &row.kana))
    }
}

/// What one key says of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Say {
    Agrees,
    /// Near, or too unsure to say.
    Open,
    Differs,
    /// The sheet or the row has no value.
    Silent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Birth {
    Equal,
    Near,
    Far,
    Unknown,
}

/// All keys of one sheet against one row.
#[derive(Debug, Clone)]
pub(super) struct Opinion<'r> {
    pub row: &'r Patient,
    pub name: Option<Likeness>,
    pub birth: Birth,
    pub kana: Say,
    pub sex: Say,
    pub postal: Say,
    pub address: Say,
    pub phone: Say,
    pub insurer: Say,
    pub insured: Say,
}

impl<'r> Opinion<'r> {
    pub fn of(sheet: &Sheet, row: &'r Patient) -> Opinion<'r> {
        let birth = match &sheet.birth {
            Some(b) if !row.birth_date.is_empty() => {
                if b.text == row.birth_date {
                    Birth::Equal
                } else if super::near::days(&b.text).contains(&row.birth_date) {
                    Birth::Near
                } else {
                    Birth::Far
                }
            }
            _ => Birth::Unknown,
        };
        Opinion {
            row,
            name: sheet.name.as_ref().map(|n| names::compare(&n.text, &row.name)),
            birth,
            kana: kana_say(&sheet.kana, row),
            sex: plain_say(&sheet.sex, &row.sex),
            postal: postal_say(sheet, row),
            address: address_say(&sheet.address, &row.address),
            phone: phone_say(sheet, row),
            insurer: plain_say(&sheet.insurer, &row.insurer_number),
            insured: number_say(&sheet.insured, &row.insured_number),
        }
    }

    /// Whether an accepted value agrees.
    pub fn sure(&self, given: &Option<Given>, say: Say) -> bool {
        say == Say::Agrees && given.as_ref().is_some_and(|g| g.sure)
    }

    fn says(&self) -> [(&'static str, Say, f32, &str); 7] {
        let r = self.row;
        [
            ("フリガナ", self.kana, 2.0, &r.kana),
            ("性別", self.sex, 0.5, &r.sex),
            ("郵便番号", self.postal, 0.5, &r.postal_code),
            ("住所", self.address, 2.0, &r.address),
            ("電話", self.phone, 2.0, r.phones.first().map_or("", String::as_str)),
            ("保険者番号", self.insurer, 0.5, &r.insurer_number),
            ("被保険者番号", self.insured, 5.0, &r.insured_number),
        ]
    }

    /// 0..1: the weight of what agrees among all that both sides state; for the order of candidates.
    pub fn score(&self) -> f32 {
        let (mut sum, mut all) = (0.0, 0.0);
        if let Some(n) = self.name {
            all += 4.0;
            sum += match n {
                Likeness::Equal => 4.0,
                Likeness::Variant => 3.5,
                Likeness::Near(d) => (3.0 - d).max(1.0),
                Likeness::Different => 0.0,
            };
        }
        let birth = match self.birth {
            Birth::Equal => Some(4.0),
            Birth::Near => Some(2.0),
            Birth::Far => Some(0.0),
            Birth::Unknown => None,
        };
        if let Some(b) = birth {
            all += 4.0;
            sum += b;
        }
        for (_, say, weight, _) in self.says() {
            let share = match say {
                Say::Agrees => 1.0,
                Say::Open => 0.4,
                Say::Differs => 0.0,
                Say::Silent => continue,
            };
            all += weight;
            sum += weight * share;
        }
        if all > 0.0 { sum / all } else { 0.0 }
    }

    pub fn agrees(&self) -> Vec<String> {
        let mut out = Vec::new();
        if self.name == Some(Likeness::Equal) {
            out.push("氏名".to_owned());
        }
        if self.birth == Birth::Equal {
            out.push("生年月日".to_owned());
        }
        out.extend(self.says().iter().filter(|s| s.1 == Say::Agrees).map(|s| s.0.to_owned()));
        out
    }

    pub fn differs(&self) -> Vec<String> {
        let mut out = Vec::new();
        match self.name {
            Some(Likeness::Variant) => out.push(format!("氏名(字体の違い): 登録は「{}」", self.row.name)),
            Some(Likeness::Near(_)) => out.push(format!("氏名(わずかな違い): 登録は「{}」", self.row.name)),
            Some(Likeness::Different) => out.push(format!("氏名: 登録は「{}」", self.row.name)),
            Some(Likeness::Equal) | None => {}
        }
        match self.birth {
            Birth::Near => out.push(format!("生年月日(わずかな違い): 登録は「{}」", self.row.birth_date)),
            Birth::Far => out.push(format!("生年月日: 登録は「{}」", self.row.birth_date)),
            Birth::Equal | Birth::Unknown => {}
        }
        let sex = |v: &str| match v {
            "male" => "男".to_owned(),
            "female" => "女".to_owned(),
            other => other.to_owned(),
        };
        out.extend(
            self.says().iter().filter(|s| s.1 == Say::Differs).map(|s| format!("{}: 登録は「{}」", s.0, sex(s.3))),
        );
        out
    }
}

fn plain_say(given: &Option<Given>, row: &str) -> Say {
    match given {
        Some(g) if !row.is_empty() => {
            if g.text == row {
                Say::Agrees
            } else {
                Say::Differs
            }
        }
        _ => Say::Silent,
    }
}

/// Digits that differ, place by place; all of them where the lengths differ.
fn apart(a: &str, b: &str) -> usize {
    if a.len() == b.len() { a.bytes().zip(b.bytes()).filter(|(x, y)| x != y).count() } else { a.len().max(b.len()) }
}

/// Numbers: an unsure one may have two digits wrong.
fn number_say(given: &Option<Given>, row: &str) -> Say {
    match given {
        Some(g) if !row.is_empty() => match apart(&g.text, row) {
            0 => Say::Agrees,
            1 | 2 if !g.sure => Say::Open,
            _ => Say::Differs,
        },
        _ => Say::Silent,
    }
}

fn phone_say(sheet: &Sheet, row: &Patient) -> Say {
    let Some(g) = sheet.phone.as_ref().filter(|_| !row.phones.is_empty()) else { return Say::Silent };
    let says: Vec<Say> = row.phones.iter().map(|p| number_say(&sheet.phone, &phone_digits(p))).collect();
    if says.contains(&Say::Agrees) {
        Say::Agrees
    } else if sheet.others.contains(&g.text) {
        // The key person's or the sender's number landed here.
        Say::Silent
    } else if says.contains(&Say::Open) {
        Say::Open
    } else {
        Say::Differs
    }
}

fn postal_say(sheet: &Sheet, row: &Patient) -> Say {
    let digits: String = row.postal_code.chars().filter(char::is_ascii_digit).collect();
    match (number_say(&sheet.postal, &digits), address_say(&sheet.address, &row.address)) {
        // The address itself says more.
        (Say::Differs, Say::Agrees) => Say::Open,
        (say, _) => say,
    }
}

fn numbers_in(s: &str) -> Vec<String> {
    s.split(|c: char| !c.is_ascii_digit()).filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

fn address_say(given: &Option<Given>, row: &str) -> Say {
    let row = address::comparable(row);
    let Some(g) = given.as_ref().filter(|_| row.chars().count() >= 4) else { return Say::Silent };
    // One side may leave the house's name out, after at least a block number.
    let (short, long) = if g.text.len() <= row.len() { (&g.text, &row) } else { (&row, &g.text) };
    let head = long.strip_prefix(short.as_str());
    let cut = head.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
        && !numbers_in(short).is_empty();
    let fold = |s: &str| crate::text::fold_text(s);
    if head == Some("") || cut || fold(&g.text) == fold(&row) {
        return Say::Agrees;
    }
    let alike = confusion::similarity(&g.text, &row);
    let (a, b) = (numbers_in(&g.text), numbers_in(&row));
    let numbers = a.iter().zip(&b).all(|(x, y)| x == y);
    match (g.sure, alike, numbers) {
        (_, s, true) if s >= 0.9 => Say::Agrees,
        (true, s, false) if s < 0.95 => Say::Differs,
        (true, s, _) if s < 0.7 => Say::Differs,
        (false, s, _) if s < 0.5 => Say::Differs,
        _ => Say::Open,
    }
}

fn kana_say(given: &Option<Given>, row: &Patient) -> Say {
    let Some(g) = given else { return Say::Silent };
    if row.kana.is_empty() {
        // The register has no reading: the dictionary may still know that the name is never read so.
        return match names::reads_as(&row.name, &g.text) {
            Agreement::Conflicts if g.sure => Say::Differs,
            _ => Say::Silent,
        };
    }
    let (a, b) = (kana::sound(&g.text), kana::sound(&row.kana));
    if a == b {
        return Say::Agrees;
    }
    let (a, b) = (kana::rough(&g.text), kana::rough(&row.kana));
    if a == b {
        return Say::Open;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if !g.sure && confusion::distance_chars(&a, &b) <= 2.0 { Say::Open } else { Say::Differs }
}

/// Two digits or more apart: no single misreading.
pub(super) fn plainly_other_number(given: &Option<Given>, row: &str) -> bool {
    given.as_ref().is_some_and(|g| !row.is_empty() && apart(&g.text, row) >= 2)
}

/// All of the row's phones are plainly other numbers.
pub(super) fn plainly_other_phones(given: &Option<Given>, row: &[String]) -> bool {
    !row.is_empty() && row.iter().all(|p| plainly_other_number(given, &phone_digits(p)))
}

/// Another block, or another place altogether.
pub(super) fn plainly_other_address(given: &Option<Given>, row: &str) -> bool {
    let row = address::comparable(row);
    given.as_ref().is_some_and(|g| row.chars().count() >= 4 && confusion::similarity(&g.text, &row) < 0.8)
}

/// Other sounds, whatever voicing marks and small kana the page lost.
pub(super) fn plainly_other_kana(given: &Option<Given>, row: &str) -> bool {
    given.as_ref().is_some_and(|g| !row.is_empty() && !super::near::kana(&g.text, row))
}
