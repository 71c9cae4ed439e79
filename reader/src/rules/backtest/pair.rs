//! One sheet under two sets of rules, of which the second does only what it may do otherwise.
//!
//! Two steps cost nearly all of an extraction, looking for labels and collecting candidates. Where the labels that are
//! found are the same, the second set takes over the candidates of every field whose rules are the same.

use std::collections::BTreeSet;

use crate::model::Document;
use crate::reading::Reading;
use crate::register::Registers;
use crate::rules::candidate::{Field, Sheet};
use crate::rules::split::{self, Facts, Together};
use crate::rules::{Paged, RuleSet, document, facts, written};

use super::Change;

/// A sheet under two sets of rules.
#[derive(Debug, Clone, PartialEq)]
pub enum Pair {
    /// Both make the same of it, whatever that is.
    Same,
    /// None where none of the documents has a page of the sheet's.
    Two(Box<[Option<Document>; 2]>),
}

/// What two sets of rules, which differ by `change`, make of the sheet that has these pages of a file (1-based).
pub fn compare(
    a: &RuleSet,
    b: &RuleSet,
    change: &Change,
    reading: &Reading,
    registers: &Registers,
    pages: &[u32],
) -> Pair {
    let written = written(reading);
    let sheets: Vec<Sheet> = written.iter().map(|i| Sheet::new(&reading.pages[*i], &a.common)).collect();
    let beside = written.len() > 1;
    let first: Vec<Facts> = sheets.iter().map(|s| facts(a, s, beside)).collect();
    let second: Vec<Facts> = sheets
        .iter()
        .zip(&first)
        .map(|(sheet, known)| {
            let again = || Sheet::new(sheet.view.page, &b.common);
            match (change.sorting, change.labels) {
                (true, _) => facts(b, &again(), beside),
                (false, true) => {
                    Some(again()).filter(|s| s.hits != sheet.hits).map_or(known.clone(), |s| facts(b, &s, beside))
                }
                (false, false) => known.clone(),
            }
        })
        .collect();
    let one = of_pages(split::documents(&first, &a.types()), &first, pages);
    let other = of_pages(split::documents(&second, &b.types()), &second, pages);
    match (one, other) {
        (None, None) => Pair::Same,
        (Some(t), other) if other.as_ref() == Some(&t) => same_pages(a, b, reading, registers, &written, t),
        (one, other) => Pair::Two(Box::new([
            one.map(|t| document(a, reading, &written, t, registers)),
            other.map(|t| document(b, reading, &written, t, registers)),
        ])),
    }
}

/// As [`super::document_of`], before anything is extracted.
fn of_pages(all: Vec<Together>, facts: &[Facts], pages: &[u32]) -> Option<Together> {
    let numbers = |t: &Together| t.pages.iter().map(|i| facts[*i].number).collect::<Vec<u32>>();
    let shared = |t: &Together| numbers(t).iter().filter(|p| pages.contains(p)).count();
    all.into_iter()
        .filter(|t| shared(t) > 0)
        .max_by_key(|t| (shared(t), std::cmp::Reverse(numbers(t).first().copied())))
}

/// Both sets take the same pages for the same document.
fn same_pages(
    a: &RuleSet,
    b: &RuleSet,
    reading: &Reading,
    registers: &Registers,
    written: &[usize],
    t: Together,
) -> Pair {
    let (Some(one), Some(other)) = (Paged::new(a, reading, written, &t), Paged::new(b, reading, written, &t)) else {
        return Pair::Same;
    };
    let alike = |f: &Field| other.fields.iter().any(|o| (&o.key, &o.rule, &o.own) == (&f.key, &f.rule, &f.own));
    let kept: BTreeSet<String> = one.fields.iter().filter(|f| alike(f)).map(|f| f.key.clone()).collect();
    let labels = one.sheets.iter().map(|s| &s.hits).eq(other.sheets.iter().map(|s| &s.hits));
    let same = labels && one.known == other.known;
    if same && kept.len() == one.fields.len() && one.fields.len() == other.fields.len() && one.rules() == other.rules()
    {
        return Pair::Same;
    }
    let found = one.collect(|_| true);
    let again = if same {
        let mut again = other.collect(|f| !kept.contains(&f.key));
        for (own, found) in again.iter_mut().zip(&found) {
            own.splice(0..0, found.iter().filter(|c| kept.contains(&c.field)).cloned());
        }
        again
    } else {
        other.collect(|_| true)
    };
    let (before, after) = (one.decide(a, t.clone(), found, registers), other.decide(b, t, again, registers));
    Pair::Two(Box::new([Some(before), Some(after)]))
}
