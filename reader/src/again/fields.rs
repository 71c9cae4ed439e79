//! Two sheets by their fields, key by key.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use super::{Look, Terms};
use crate::model::{Document, Field, Kind, Rect, Status, Value, Vocabulary};

/// Where drugs, doses and urgency stand. Together with every date these must be accepted in both sheets: that their
/// pictures look alike is not enough.
const GRAVE: &[&str] = &["clinical.medications", "urgency"];
/// Where drugs may be named among other things: what is not accepted must be legible in both to the last character.
const LEGIBLE: &[&str] = &["clinical.allergies", "clinical.infections"];

fn grave(key: &str) -> bool {
    let kind = Vocabulary::get().fields.get(key).map(|d| d.kind);
    GRAVE.contains(&key) || matches!(kind, Some(Kind::Date | Kind::Datetime))
}

fn plain(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace()).collect()
}

/// Values as they are compared: NFKC without white space.
fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::One(a), Value::One(b)) => plain(a) == plain(b),
        (Value::Many(a), Value::Many(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| plain(a) == plain(b)),
        _ => false,
    }
}

/// Whether the sheets bear the same date, as far as it was read.
pub fn same_date(old: &Document, new: &Document) -> bool {
    let date = |d: &Document| d.text("document.date").map(|t| plain(&t));
    date(old).is_some() && date(old) == date(new)
}

/// Whether the sheets name two senders, both with certainty.
pub fn other_sender(old: &Document, new: &Document) -> bool {
    let both = |a: Option<String>, b: Option<String>| matches!((a, b), (Some(a), Some(b)) if plain(&a) != plain(&b));
    both(old.sender_id.clone(), new.sender_id.clone())
        || both(old.accepted("sender.institution"), new.accepted("sender.institution"))
}

/// The field that a place on a page belongs to.
pub fn owner<'a>(document: &'a Document, page: u32, place: &Rect) -> Option<&'a str> {
    let (x, y) = place.center();
    let holds = |(p, r): &(u32, Rect)| *p == page && r.contains(x, y);
    let mut found: Vec<(&str, i32)> = document
        .fields
        .iter()
        .filter_map(|(key, f)| {
            let at = boxes(f).into_iter().find(holds)?;
            Some((key.as_str(), at.1.width() * at.1.height()))
        })
        .collect();
    found.sort_by_key(|(_, area)| *area);
    found.first().map(|(key, _)| *key)
}

/// Where a field stands, element by element.
fn boxes(f: &Field) -> Vec<(u32, Rect)> {
    let rect = |[x0, y0, x1, y1]: [i32; 4]| Rect::new(x0, y0, x1, y1);
    match &f.items {
        Some(items) if !items.is_empty() => items.iter().map(|i| (i.page, rect(i.rect))).collect(),
        _ => vec![(f.page, rect(f.rect))],
    }
}

/// Keys whose values are certain in both and not the same.
pub fn changed(old: &Document, new: &Document) -> Vec<String> {
    let both = |k: &&String| {
        let sure = |d: &Document| d.fields.get(*k).filter(|f| f.status == Status::Accepted).map(|f| f.value.clone());
        matches!((sure(old), sure(new)), (Some(a), Some(b)) if !same_value(&a, &b))
    };
    old.fields.keys().filter(both).cloned().collect()
}

/// Keys whose values are not surely the same.
pub fn differ(old: &Document, new: &Document, looks: &[Look], terms: Terms) -> Vec<String> {
    let keys: BTreeSet<&String> = old.fields.keys().chain(new.fields.keys()).collect();
    keys.into_iter().filter(|k| !agree(k, old.fields.get(*k), new.fields.get(*k), looks, terms)).cloned().collect()
}

fn agree(key: &str, old: Option<&Field>, new: Option<&Field>, looks: &[Look], terms: Terms) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return false };
    if old.status == Status::Accepted && new.status == Status::Accepted {
        return same_value(&old.value, &new.value);
    }
    if grave(key) && !(terms.read_alike && same_value(&old.value, &new.value)) {
        return false;
    }
    let legible = LEGIBLE.contains(&key) || grave(key);
    let (a, b) = (boxes(old), boxes(new));
    a.len() == b.len()
        && a.iter().zip(&b).all(|((p, r), (q, s))| {
            looks
                .iter()
                .find(|l| l.old == *p && l.new == *q)
                .is_some_and(|l| if legible { l.same_text(r, s) } else { l.same_ink(r, s) })
        })
}
