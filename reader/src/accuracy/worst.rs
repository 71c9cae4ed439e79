//! The mistakes, the worst first: what would have been believed, then what a person would have had to correct, then what
//! was not found.

use super::judge::{Claim, Compared, JudgedFile};
use crate::model::{Document, Field, Status, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// Wrong, or not on the page, and shown as certain.
    Silent,
    /// Wrong, or not on the page, and left to a person.
    Wrong,
    /// On the page and not found.
    Missing,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Mistake {
    pub sort: Sort,
    pub file: String,
    pub layout: Option<String>,
    /// Type that was found, else the true one.
    pub kind: String,
    pub key: String,
    pub truth: Option<Value>,
    pub got: Option<Value>,
    pub raw: String,
    /// What wrote the true value.
    pub ink: Option<&'static str>,
    pub status: Option<Status>,
    pub confidence: f64,
    /// Page of the value; where nothing was found, the first of the sheet.
    pub page: Option<u32>,
    pub rect: Option<[i32; 4]>,
}

/// The `n` worst; of the same sort, what was most sure first.
pub fn worst(files: &[JudgedFile], n: usize) -> Vec<Mistake> {
    let mut all = Vec::new();
    for file in files {
        for sheet in &file.sheets {
            let kind = sheet.found.map_or(&sheet.truth.kind, |d| &d.kind);
            let of = Mistake {
                sort: Sort::Missing,
                file: file.truth.file.clone(),
                layout: sheet.truth.layout.clone(),
                kind: kind.clone(),
                page: sheet.truth.pages.first().copied(),
                ..nothing()
            };
            all.extend(sheet.values.iter().filter_map(|v| mistake(v, &of)));
        }
        all.extend(file.extra.iter().flat_map(|d| not_there(d, &file.truth.file)));
    }
    all.sort_by(|a, b| a.sort.cmp(&b.sort).then_with(|| b.confidence.total_cmp(&a.confidence)));
    all.truncate(n);
    all
}

fn nothing() -> Mistake {
    Mistake {
        sort: Sort::Missing,
        file: String::new(),
        layout: None,
        kind: String::new(),
        key: String::new(),
        truth: None,
        got: None,
        raw: String::new(),
        ink: None,
        status: None,
        confidence: 0.0,
        page: None,
        rect: None,
    }
}

fn mistake(v: &Compared, of: &Mistake) -> Option<Mistake> {
    let truth = v.truth.map(|t| t.value.clone());
    let of = Mistake { key: v.key.to_owned(), truth, ink: v.truth.map(|t| t.ink()), ..of.clone() };
    let Some(found) = v.found else { return Some(of) };
    let of = of.found(found);
    match v.claims().into_iter().find(|c| c.wrong) {
        // Of a list, the item that would have been believed.
        Some(Claim { item: Some(i), .. }) => Some(Mistake {
            sort: Sort::Silent,
            got: Some(Value::One(i.value.clone())),
            raw: i.raw.clone(),
            status: Some(i.status),
            confidence: i.confidence,
            page: Some(i.page),
            rect: Some(i.rect),
            ..of
        }),
        Some(_) => Some(Mistake { sort: Sort::Silent, ..of }),
        None => (!v.right).then_some(of),
    }
}

fn not_there<'a>(document: &'a Document, file: &'a str) -> impl Iterator<Item = Mistake> + 'a {
    super::groups::spurious(document).map(move |(key, sure)| {
        let of = Mistake {
            file: file.to_owned(),
            kind: document.kind.clone(),
            key: key.to_owned(),
            ..nothing().found(&document.fields[key])
        };
        Mistake { sort: if sure { Sort::Silent } else { Sort::Wrong }, ..of }
    })
}

impl Mistake {
    fn found(self, f: &Field) -> Mistake {
        Mistake {
            sort: Sort::Wrong,
            got: Some(f.value.clone()),
            raw: f.raw.clone(),
            status: Some(f.status),
            confidence: f.confidence,
            page: Some(f.page),
            rect: Some(f.rect),
            ..self
        }
    }
}
