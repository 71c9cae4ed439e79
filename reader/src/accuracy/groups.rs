//! The counts of one set, parted by something: condition, type, layout, field, hospital.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::judge::{Compared, JudgedFile, Sheet, says};
use super::tally::{Ratio, Tally};
use super::truth::TrueValue;
use crate::model::{Document, Status};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Condition,
    Type,
    Layout,
    Field,
    Hospital,
    /// What wrote it: printed, marked, handwritten.
    Ink,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Group {
    pub strict: Tally,
    pub soft: Tally,
    /// Wrong of what was shown as certain.
    pub silent: Ratio,
    pub types: Ratio,
    pub straight: Ratio,
}

/// The parts and their counts. Documents that are not there belong to a condition and their values to fields; they have
/// no true type, layout or hospital.
pub fn groups(files: &[JudgedFile], by: By) -> BTreeMap<String, Group> {
    let mut out: BTreeMap<String, Group> = BTreeMap::new();
    for file in files {
        for sheet in &file.sheets {
            let name = name(by, file, sheet);
            if let Some(name) = &name {
                out.entry(name.clone()).or_default().sheet(sheet);
            }
            for v in &sheet.values {
                let own = match by {
                    By::Ink => v.truth.map_or("not on the page", TrueValue::ink),
                    _ => v.key,
                };
                out.entry(name.as_deref().unwrap_or(own).to_owned()).or_default().value(v);
            }
        }
        for document in &file.extra {
            match by {
                By::Condition => {
                    let group = out.entry(file.truth.conditions.class.clone()).or_default();
                    spurious(document).for_each(|(_, sure)| group.spurious(sure));
                }
                By::Field => {
                    spurious(document).for_each(|(key, sure)| out.entry(key.to_owned()).or_default().spurious(sure));
                }
                By::Ink => {
                    let group = out.entry("not on the page".to_owned()).or_default();
                    spurious(document).for_each(|(_, sure)| group.spurious(sure));
                }
                By::Type | By::Layout | By::Hospital => {}
            }
        }
    }
    out
}

/// None where every value has a group of its own.
fn name(by: By, file: &JudgedFile, sheet: &Sheet) -> Option<String> {
    let or = |name: &Option<String>| name.clone().unwrap_or_else(|| "?".to_owned());
    match by {
        By::Condition => Some(file.truth.conditions.class.clone()),
        By::Type => Some(sheet.truth.kind.clone()),
        By::Layout => Some(or(&sheet.truth.layout)),
        By::Hospital => Some(or(&sheet.truth.hospital)),
        By::Field | By::Ink => None,
    }
}

/// The values of a document that is not there, and whether each is shown as certain.
pub(super) fn spurious(document: &Document) -> impl Iterator<Item = (&str, bool)> {
    let values = document.fields.iter().filter(|(k, f)| says(f) && !k.starts_with("x."));
    values.map(|(k, f)| (k.as_str(), f.status == Status::Accepted))
}

impl Serialize for Group {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut s = to.serialize_struct("Group", 5)?;
        s.serialize_field("strict", &self.strict.rates())?;
        s.serialize_field("soft", &self.soft.rates())?;
        s.serialize_field("silent", &self.silent)?;
        s.serialize_field("types", &self.types)?;
        s.serialize_field("straight_through", &self.straight)?;
        s.end()
    }
}

impl Group {
    pub(super) fn sheet(&mut self, sheet: &Sheet) {
        self.types.add(sheet.type_right);
        if let Some(straight) = sheet.straight {
            self.straight.add(straight);
        }
    }

    pub(super) fn value(&mut self, v: &Compared) {
        self.strict.count(v.truth.is_some(), v.found.is_some(), v.right);
        self.soft.count(v.truth.is_some(), v.found.is_some(), v.near);
        v.claims().iter().for_each(|c| self.silent.add(c.wrong));
    }

    pub(super) fn spurious(&mut self, sure: bool) {
        self.strict.add(0, 1, 0);
        self.soft.add(0, 1, 0);
        if sure {
            self.silent.add(true);
        }
    }
}
