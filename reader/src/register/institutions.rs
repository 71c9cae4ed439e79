//! Who sent it: letterhead, phone and fax numbers against the register of institutions.
//!
//! Tolerates misreadings of names, but never chooses between two registered names that are both near.

use std::collections::BTreeSet;

use super::{Institution, Registers};
use crate::text::confusion::distance_chars;
use crate::text::institution::comparable;
use crate::text::numbers::phone_digits;
use crate::text::squeeze;

/// What a name on a page is in the register.
#[derive(Debug, Clone, PartialEq)]
pub enum NameMatch<'a> {
    /// Equal to a name or alias (as it is written, or with spaces, 法人, look-alike characters apart).
    Exact(&'a Institution),
    /// Near to one only; the distance is that of `text::confusion`.
    Near(&'a Institution, f32),
    /// Near, or equal in comparable form, to several.
    Ambiguous(Vec<&'a Institution>),
    None,
}

impl<'a> NameMatch<'a> {
    /// The one institution, however it was found.
    pub fn one(&self) -> Option<&'a Institution> {
        match self {
            NameMatch::Exact(i) | NameMatch::Near(i, _) => Some(i),
            _ => None,
        }
    }
}

/// Who sent a sheet, by the register.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sender {
    /// Set where everything that is known agrees on one institution.
    pub id: Option<String>,
    /// What led there: `名称`, `名称(近似)`, `電話・FAX`.
    pub agrees: Vec<&'static str>,
    /// A sentence for a person where name and numbers point to different institutions.
    pub contradiction: Option<String>,
}

impl Registers {
    /// Institutions that have one of these numbers as phone or fax.
    pub fn institutions_by_number(&self, number: &str) -> Vec<&Institution> {
        let ids = self.institution_numbers.get(&phone_digits(number));
        ids.into_iter().flatten().map(|i| &self.institutions[*i as usize]).collect()
    }

    /// The institution of a name.
    pub fn institution_by_name(&self, name: &str) -> NameMatch<'_> {
        let form: Vec<char> = comparable(name).chars().collect();
        if form.len() < 2 {
            return NameMatch::None;
        }
        let of = |set: &BTreeSet<u32>| set.iter().map(|i| &self.institutions[*i as usize]).collect::<Vec<_>>();
        let written = squeeze(name);
        let equal: BTreeSet<u32> = self
            .institution_names
            .iter()
            .map(|n| n.1)
            .filter(|i| {
                let n = &self.institutions[*i as usize];
                std::iter::once(&n.name).chain(&n.aliases).any(|a| squeeze(a) == written)
            })
            .collect();
        if let [one] = of(&equal)[..] {
            return NameMatch::Exact(one);
        }
        // One character in six may be wrong. Whoever lies within that and one more error is near too.
        let limit = (form.len() as f32 / 6.0).clamp(0.5, 3.0);
        let mut nearest: Vec<(f32, u32)> = Vec::new();
        for (known, i) in &self.institution_names {
            let known: Vec<char> = known.chars().collect();
            if known.len().abs_diff(form.len()) as f32 > limit + 1.0 {
                continue;
            }
            let d = distance_chars(&form, &known);
            if d <= limit + 1.0 {
                match nearest.iter_mut().find(|n| n.1 == *i) {
                    Some(n) => n.0 = n.0.min(d),
                    None => nearest.push((d, *i)),
                }
            }
        }
        nearest.sort_by(|a, b| a.0.total_cmp(&b.0));
        match nearest.as_slice() {
            [] => NameMatch::None,
            [(d, i)] if *d == 0.0 => NameMatch::Exact(&self.institutions[*i as usize]),
            [(d, i)] if *d <= limit => NameMatch::Near(&self.institutions[*i as usize], *d),
            [(d, _)] if *d > limit => NameMatch::None,
            // Equal in comparable form, and nobody else is: a neighbour at one whole error is another house.
            [(d, i), (e, _), ..] if *d == 0.0 && *e >= 1.0 => NameMatch::Exact(&self.institutions[*i as usize]),
            all if all[0].0 > limit => NameMatch::None,
            all => NameMatch::Ambiguous(all.iter().map(|(_, i)| &self.institutions[*i as usize]).collect()),
        }
    }

    /// Decides who sent a sheet from the name on its letterhead and the sender's phone and fax numbers.
    pub fn sender(&self, name: Option<&str>, numbers: &[&str]) -> Sender {
        let by_name = name.map_or(NameMatch::None, |n| self.institution_by_name(n));
        let sets: Vec<Vec<&Institution>> =
            numbers.iter().map(|n| self.institutions_by_number(n)).filter(|s| !s.is_empty()).collect();
        let mut out = Sender::default();
        // Institutions that every known number fits; numbers of two houses on one sheet decide nothing.
        let mut common: Vec<&Institution> = sets.first().cloned().unwrap_or_default();
        common.retain(|i| sets.iter().all(|s| s.iter().any(|j| j.id == i.id)));
        if !sets.is_empty() && common.is_empty() {
            let ids: BTreeSet<&str> = sets.iter().flatten().map(|i| i.name.as_str()).collect();
            out.contradiction = Some(format!(
                "電話・FAX番号が複数の機関のものです({})。",
                ids.into_iter().collect::<Vec<_>>().join("、")
            ));
            return out;
        }
        match (&by_name, common.as_slice()) {
            (NameMatch::None, []) | (NameMatch::Ambiguous(_), []) => {}
            (NameMatch::Exact(i), []) => {
                out.id = Some(i.id.clone());
                out.agrees = vec!["名称"];
            }
            (NameMatch::Near(i, _), []) => {
                out.id = Some(i.id.clone());
                out.agrees = vec!["名称(近似)"];
            }
            // A name that the register does not know as it stands: the number decides only where no name was read at all,
            // or where the name holds the registered one (東柏わかば病院 地域連携室).
            (NameMatch::None, [one]) => {
                let inside = name.is_some_and(|n| {
                    let whole = comparable(n);
                    std::iter::once(&one.name)
                        .chain(&one.aliases)
                        .map(|a| comparable(a))
                        .any(|a| a.chars().count() >= 4 && whole.contains(&a))
                });
                if name.is_none() || inside {
                    out.id = Some(one.id.clone());
                    out.agrees = if inside { vec!["名称(部分)", "電話・FAX"] } else { vec!["電話・FAX"] };
                }
            }
            (NameMatch::None, _) => {}
            (NameMatch::Ambiguous(several), numbered) => {
                let both: Vec<_> = several.iter().filter(|i| numbered.iter().any(|j| j.id == i.id)).collect();
                match both.as_slice() {
                    [one] => {
                        out.id = Some(one.id.clone());
                        out.agrees = vec!["名称(近似)", "電話・FAX"];
                    }
                    [] => out.contradiction = Some("名称と電話・FAX番号が別の機関を指しています。".into()),
                    _ => {}
                }
            }
            (NameMatch::Exact(i) | NameMatch::Near(i, _), numbered) => {
                if numbered.iter().any(|j| j.id == i.id) {
                    out.id = Some(i.id.clone());
                    out.agrees =
                        vec![if matches!(by_name, NameMatch::Exact(_)) { "名称" } else { "名称(近似)" }, "電話・FAX"];
                } else {
                    let other = numbered.iter().map(|j| j.name.as_str()).collect::<Vec<_>>().join("、");
                    out.contradiction = Some(format!("名称は「{}」、電話・FAX番号は「{other}」のものです。", i.name));
                }
            }
        }
        out
    }
}
