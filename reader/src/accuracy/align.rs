//! Which found document is which true one: by the pages that they share, best first. Blank pages do not count.

use std::collections::{BTreeMap, BTreeSet};

use super::truth::TrueDocument;
use crate::model::Document;

/// Pages without the blank ones; all of them where that leaves none.
fn inked(pages: BTreeSet<u32>, blank: &BTreeSet<u32>) -> BTreeSet<u32> {
    let rest: BTreeSet<u32> = &pages - blank;
    if rest.is_empty() { pages } else { rest }
}

/// Index of a true document → index of the found one.
pub(super) fn align(truth: &[TrueDocument], found: &[&Document], blank: &BTreeSet<u32>) -> BTreeMap<usize, usize> {
    let mut pairs = Vec::new();
    for (i, t) in truth.iter().enumerate() {
        for (j, f) in found.iter().enumerate() {
            let (a, b) = (inked(t.pages.clone(), blank), inked(f.pages.iter().copied().collect(), blank));
            let shared = a.intersection(&b).count();
            if shared > 0 {
                let overlap = shared as f64 / a.union(&b).count() as f64;
                pairs.push((overlap, t.kind != f.kind, i, j));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| (a.1, a.2, a.3).cmp(&(b.1, b.2, b.3))));
    let (mut out, mut used) = (BTreeMap::new(), BTreeSet::new());
    for (_, _, i, j) in pairs {
        if !out.contains_key(&i) && used.insert(j) {
            out.insert(i, j);
        }
    }
    out
}
