//! Who is who: patients with their rooms and members, institutions, care offices and their staff.
//!
//! The CSV files are read all or nothing ([`table`]); [`Registers`] holds what was read with the indexes that the patient
//! search and the look-up of institutions need. Knows `text` and `model`; where the files lie and when they are read again is
//! the daemon's affair, what is kept is `store`'s (rows are serialisable for it).
//! Holds patient data: nothing here is logged, and what `Display` shows is for the operator who runs an import.

pub mod diff;
pub mod institutions;
pub mod table;

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::text::fold::plain;
use crate::text::numbers::phone_digits;
use crate::text::{kana, squeeze};

pub use diff::{Diff, diff};
pub use institutions::{NameMatch, Sender};
pub use table::{Problem, RegisterError};

/// The room of canaries (`crate::canary`): no patient's, in no list.
pub const CANARY_ROOM: &str = "canary";

/// One row of patients.csv: a patient and the room.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Patient {
    pub room_id: String,
    pub name: String,
    /// Full-width katakana; empty where unknown, like all the rest.
    pub kana: String,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    /// `male`, `female` or empty.
    pub sex: String,
    /// `277-0005`.
    pub postal_code: String,
    pub address: String,
    /// With hyphens; several are allowed.
    pub phones: Vec<String>,
    /// 介護保険者番号, six digits.
    pub insurer_number: String,
    /// 介護被保険者番号, ten digits.
    pub insured_number: String,
    /// Mail addresses of the room's members.
    pub members: Vec<String>,
}

/// One row of institutions.csv.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Institution {
    pub id: String,
    pub name: String,
    pub aliases: Vec<String>,
    /// 医療機関コード.
    pub code: String,
    pub phones: Vec<String>,
    pub faxes: Vec<String>,
    /// Whom to ask there.
    pub contact: String,
}

/// One row of offices.csv: where members of rooms work.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Office {
    pub office_id: String,
    pub name: String,
    pub phones: Vec<String>,
    pub faxes: Vec<String>,
    pub address: String,
}

/// One row of staff.csv.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Staff {
    /// In lower case: the row's key.
    pub mail: String,
    pub name: String,
    pub office_id: String,
    pub profession: String,
    /// First and last day, `YYYY-MM-DD`; empty: open.
    pub from: String,
    pub until: String,
}

impl Staff {
    /// Whether the person works there on a day (`YYYY-MM-DD`): who has left gets no notices.
    pub fn present(&self, day: &str) -> bool {
        (self.from.is_empty() || self.from.as_str() <= day) && (self.until.is_empty() || self.until.as_str() >= day)
    }
}

/// All registers with their indexes.
#[derive(Debug, Clone, Default)]
pub struct Registers {
    patients: Vec<Patient>,
    institutions: Vec<Institution>,
    offices: Vec<Office>,
    staff: Vec<Staff>,
    pub(crate) by_birth: HashMap<String, Vec<u32>>,
    /// Plain forms of names, squeezed.
    pub(crate) by_name: HashMap<String, Vec<u32>>,
    pub(crate) by_kana: HashMap<String, Vec<u32>>,
    pub(crate) by_insured: HashMap<String, Vec<u32>>,
    pub(crate) by_phone: HashMap<String, Vec<u32>>,
    institution_numbers: HashMap<String, Vec<u32>>,
    /// Comparable form of each name and alias.
    institution_names: Vec<(String, u32)>,
}

/// Where the files of the registers lie; an empty path is an empty register.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files<'a> {
    pub patients: Option<&'a Path>,
    pub institutions: Option<&'a Path>,
    pub offices: Option<&'a Path>,
    pub staff: Option<&'a Path>,
}

impl Registers {
    /// Builds the indexes.
    pub fn new(
        patients: Vec<Patient>,
        institutions: Vec<Institution>,
        offices: Vec<Office>,
        staff: Vec<Staff>,
    ) -> Registers {
        let mut r = Registers { patients, institutions, offices, staff, ..Registers::default() };
        fn put(map: &mut HashMap<String, Vec<u32>>, key: String, i: usize) {
            if !key.is_empty() {
                let list = map.entry(key).or_default();
                if list.last() != Some(&(i as u32)) {
                    list.push(i as u32);
                }
            }
        }
        for (i, p) in r.patients.iter().enumerate() {
            put(&mut r.by_birth, p.birth_date.clone(), i);
            put(&mut r.by_name, plain_name(&p.name), i);
            put(&mut r.by_kana, kana::sound(&p.kana), i);
            put(&mut r.by_insured, p.insured_number.clone(), i);
            for phone in &p.phones {
                put(&mut r.by_phone, phone_digits(phone), i);
            }
        }
        for (i, n) in r.institutions.iter().enumerate() {
            for number in n.phones.iter().chain(&n.faxes) {
                put(&mut r.institution_numbers, phone_digits(number), i);
            }
            for name in std::iter::once(&n.name).chain(&n.aliases) {
                let form = crate::text::institution::comparable(name);
                if !form.is_empty() {
                    r.institution_names.push((form, i as u32));
                }
            }
        }
        r
    }

    /// Reads the files; if anything is wrong in any of them, nothing is taken over.
    ///
    /// # Errors
    /// All problems of the first file that has any, each with line, column and what to do.
    pub fn load(files: &Files) -> Result<Registers, RegisterError> {
        fn read<T>(
            path: Option<&Path>,
            parse: impl Fn(&str, &[u8]) -> Result<Vec<T>, RegisterError>,
        ) -> Result<Vec<T>, RegisterError> {
            let Some(path) = path.filter(|p| !p.as_os_str().is_empty()) else { return Ok(Vec::new()) };
            let name = path.display().to_string();
            match std::fs::read(path) {
                Ok(bytes) => parse(&name, &bytes),
                Err(e) => Err(RegisterError::unreadable(&name, &e)),
            }
        }
        let patients = read(files.patients, table::patients)?;
        let institutions = read(files.institutions, table::institutions)?;
        let offices = read(files.offices, table::offices)?;
        let staff = read(files.staff, |name, bytes| table::staff(name, bytes, &offices))?;
        Ok(Registers::new(patients, institutions, offices, staff))
    }

    pub fn patients(&self) -> &[Patient] {
        &self.patients
    }
    pub fn institutions(&self) -> &[Institution] {
        &self.institutions
    }
    pub fn offices(&self) -> &[Office] {
        &self.offices
    }
    pub fn staff(&self) -> &[Staff] {
        &self.staff
    }

    /// The patient of a room.
    pub fn patient(&self, room_id: &str) -> Option<&Patient> {
        self.patients.iter().find(|p| p.room_id == room_id)
    }

    pub fn institution(&self, id: &str) -> Option<&Institution> {
        self.institutions.iter().find(|i| i.id == id)
    }

    /// Members of a room who may get notices on a day: those that the staff register does not say have left (or not yet
    /// come). Who is not in the staff register is a member as long as the room lists the address.
    pub fn notified(&self, room_id: &str, day: &str) -> Vec<&str> {
        let known: HashMap<&str, &Staff> = self.staff.iter().map(|s| (s.mail.as_str(), s)).collect();
        self.patient(room_id)
            .map(|p| &p.members[..])
            .unwrap_or_default()
            .iter()
            .map(String::as_str)
            .filter(|m| known.get(m.to_lowercase().as_str()).is_none_or(|s| s.present(day)))
            .collect()
    }
}

/// The form under which names are indexed: squeezed, variants plain (渡邉 and 渡辺 meet).
pub(crate) fn plain_name(name: &str) -> String {
    squeeze(name).chars().map(plain).collect()
}

#[cfg(test)]
mod tests;
