//! When a value is right: folding, edit distance, lists as sets of items.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use crate::model::Value;

/// Long text and items of lists are near enough up to this share of wrong characters.
pub(super) const NEAR: f64 = 0.10;

pub(super) fn is_list(key: &str) -> bool {
    matches!(key, "clinical.diagnoses" | "clinical.medications" | "clinical.procedures")
}

/// Long text, which is right when nearly all of it is.
pub(super) fn is_long(key: &str) -> bool {
    matches!(key, "clinical.course" | "clinical.history" | "clinical.purpose")
}

fn is_phone(key: &str) -> bool {
    matches!(key, "sender.phone" | "sender.fax" | "patient.phone" | "contact.phone")
}

/// Names of devices on the nursing-order form, and their names in the vocabulary.
const SAME_PROCEDURE: [(&str, &str); 10] = [
    ("吸引器", "喀痰吸引"),
    ("経管栄養(経鼻)", "経鼻栄養"),
    ("経管栄養(胃瘻)", "胃ろう"),
    ("胃瘻", "胃ろう"),
    ("留置カテーテル", "尿道カテーテル"),
    ("人工肛門", "消化管ストーマ"),
    ("人工膀胱", "尿路ストーマ"),
    ("気管カニューレ", "気管切開"),
    ("疼痛コントロール", "痛みコントロール"),
    ("在宅酸素", "酸素療法"),
];

/// NFKC without white space, dashes and long-vowel marks as one, commas and small ヶ as their twins.
pub(super) fn norm(text: &str) -> String {
    let white = |c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c);
    let fold = |c: char| match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' | '\u{2501}' | 'ー' | '~' | '\u{301c}' | '\u{ff5e}' => '-',
        ',' => '、',
        'ヶ' => 'ケ',
        c => c,
    };
    text.nfkc().filter(|c| !white(*c)).map(fold).collect()
}

/// A value as one text. A list where one text is wanted is as wrong as its brackets make it.
fn whole(v: &Value) -> String {
    match v {
        Value::One(s) => s.clone(),
        Value::Many(list) => format!("['{}']", list.join("', '")),
    }
}

/// A found value as one text: a list where one text is wanted is its items in a row.
fn joined(v: &Value) -> String {
    match v {
        Value::One(s) => s.clone(),
        Value::Many(list) => list.concat(),
    }
}

/// Edit distance over the length of what is true.
fn distance(truth: &str, found: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (truth.chars().collect(), found.chars().collect());
    if a.is_empty() {
        return if b.is_empty() { 0.0 } else { 1.0 };
    }
    strsim::generic_levenshtein(&a, &b) as f64 / a.len() as f64
}

/// Share of wrong characters of a long text.
pub(super) fn error_rate(truth: &Value, found: &Value) -> f64 {
    distance(&norm(&whole(truth)), &norm(&joined(found)))
}

/// The items of a list, folded, without empty ones.
pub(super) fn items(key: &str, v: &Value) -> Vec<String> {
    static PROCEDURES: LazyLock<BTreeMap<String, String>> =
        LazyLock::new(|| SAME_PROCEDURE.iter().map(|(a, b)| (norm(a), norm(b))).collect());
    let one = |s: &String| {
        let s = norm(s);
        let known = if key == "clinical.procedures" { PROCEDURES.get(&s).cloned() } else { None };
        known.unwrap_or(s)
    };
    let all = match v {
        Value::One(s) => std::slice::from_ref(s),
        Value::Many(list) => list.as_slice(),
    };
    all.iter().map(one).filter(|s| !s.is_empty()).collect()
}

/// Items of both lists that belong together one to one, and the length of each list without repetitions.
pub(super) fn matched(key: &str, truth: &Value, found: &Value, soft: bool) -> (usize, usize, usize) {
    let distinct = |v: &Value| {
        let mut seen = BTreeSet::new();
        items(key, v).into_iter().filter(|x| seen.insert(x.clone())).collect::<Vec<String>>()
    };
    let (truth, mut left) = (distinct(truth), distinct(found));
    let (wanted, there) = (truth.len(), left.len());
    let mut hits = 0;
    for x in &truth {
        let best = if soft {
            let near = |(at, y): (usize, &String)| (distance(x, y), y.clone(), at);
            let best = left.iter().enumerate().map(near).min_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
            best.filter(|b| b.0 <= NEAR).map(|b| b.2)
        } else {
            left.iter().position(|y| y == x)
        };
        if let Some(at) = best {
            left.remove(at);
            hits += 1;
        }
    }
    (hits, wanted, there)
}

/// Whether a found value is right. `soft` only matters for lists: their items may be near.
pub(super) fn same(key: &str, truth: &Value, found: &Value, soft: bool) -> bool {
    if is_list(key) {
        let (hits, wanted, there) = matched(key, truth, found, soft);
        return hits == wanted && wanted == there;
    }
    if is_long(key) {
        return error_rate(truth, found) <= NEAR;
    }
    let (truth, found) = (norm(&whole(truth)), norm(&joined(found)));
    if is_phone(key) {
        let digits = |s: &str| s.chars().filter(char::is_ascii_digit).collect::<String>();
        return digits(&truth) == digits(&found);
    }
    truth == found
}
