//! What an administrator says of one hospital's own layout: here stands this field.
//!
//! Where a `[[hospital]]` entry names a region, or a label together with the way to the value, whose ink it is needs no
//! guess any more: a value there that has the field's form outranks whatever else the page offers. How surely its
//! characters were read is judged as ever (`certain`, `check`), and a region that holds nothing of the form sends what
//! was found elsewhere to a person.

use crate::reading::Page;
use crate::text::fold_text;

use super::candidate::{Candidate, Field};
use super::file::FieldRule;
use super::rank::logistic;
use super::scope::Direction;

/// How well a text must have the field's form to be what the administrator means.
const FORMED: f32 = 0.4;

/// The part of a hospital's entry that says where a field stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Own {
    region: bool,
    /// Folded labels that lead to the value on the ways that the rule names.
    labels: Vec<String>,
}

impl Own {
    /// None where the rule says nothing about the place.
    pub fn of(rule: &FieldRule) -> Option<Own> {
        let labels: Vec<String> = if rule.look.is_empty() {
            Vec::new()
        } else {
            rule.labels.iter().chain(&rule.shared).chain(&rule.weak).map(|l| fold_text(l)).collect()
        };
        let own = Own { region: rule.region.is_some(), labels };
        (own.region || !own.labels.is_empty()).then_some(own)
    }

    /// Whether a candidate stands where the administrator says.
    pub fn holds(&self, c: &Candidate) -> bool {
        let labelled = |c: &Candidate| c.label.as_ref().is_some_and(|l| self.labels.contains(&fold_text(&l.0)));
        self.region && c.direction == Direction::Region || labelled(c)
    }
}

/// Probability of a candidate in the place that was named.
pub fn likely(c: &Candidate) -> f32 {
    logistic(7.0 * c.quality - 2.0)
}

/// Whether a field has a place of its own, and nothing there has its form.
pub fn missed(field: &Field, c: &Candidate) -> bool {
    !c.given && field.own.as_ref().is_some_and(|o| o.region)
}

/// Gives what stands in a named place the field, and takes away what stands in the same region of another page.
pub fn settle(fields: &[Field], pages: &[&Page], all: &mut Vec<Candidate>) {
    for field in fields {
        if let Some(n) = field.rule.page {
            let page = pages.get((n as usize).wrapping_sub(1)).map(|p| p.number);
            all.retain(|c| c.field != field.key || c.direction != Direction::Region || Some(c.page) == page);
        }
        if field.own.is_none() {
            continue;
        }
        let formed = |c: &Candidate| c.field == field.key && c.given && c.quality >= FORMED;
        let any = all.iter().any(formed);
        all.retain_mut(|c| {
            if c.field != field.key {
                return true;
            }
            c.given = formed(c);
            if c.given {
                c.p = likely(c);
            }
            c.given || !any
        });
    }
}
