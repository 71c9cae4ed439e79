//! What kind of document a page is: its title, its size and height on the page, and the labels that stand on it.
//!
//! Knows one page at a time; how pages make documents is `split`'s business.

use std::collections::BTreeMap;

use crate::model::Rect;
use crate::text::{confusion, fold_text};

use super::candidate::Sheet;
use super::file::Classify;
use super::rank::Ranker;
use super::view::View;

/// A title on a page.
#[derive(Debug, Clone, PartialEq)]
pub struct TitleHit {
    pub kind: String,
    /// 0..1.3: how much of its line it is, how large, how high on the page.
    pub strength: f32,
    pub rect: Rect,
}

/// What speaks for each type on one page.
#[derive(Debug, Clone, Default)]
pub struct PageKind {
    pub titles: Vec<TitleHit>,
    /// Log likelihood of the labels found, by type; 0 = no information.
    pub labels: BTreeMap<String, f32>,
    /// Weights of the rules' words found, by type.
    pub words: BTreeMap<String, f32>,
}

impl PageKind {
    /// The strongest title.
    pub fn title(&self) -> Option<&TitleHit> {
        self.titles.iter().max_by(|a, b| a.strength.total_cmp(&b.strength))
    }
}

/// A type's name with its words, folded.
#[derive(Debug, Clone)]
pub struct Sorter {
    kinds: Vec<Kind>,
}

#[derive(Debug, Clone)]
struct Kind {
    kind: String,
    titles: Vec<String>,
    words: Vec<(String, f32)>,
    veto: Vec<String>,
    region: [f32; 4],
    weight: f32,
    max_edits: u8,
}

impl Sorter {
    pub fn new<'a>(rules: impl Iterator<Item = (&'a str, &'a Classify)>) -> Sorter {
        let kinds = rules
            .map(|(kind, c)| Kind {
                kind: kind.to_owned(),
                titles: c.title.any.iter().map(|t| fold_text(t)).collect(),
                words: c.words.iter().map(|(w, x)| (fold_text(w), *x)).collect(),
                veto: c.veto.iter().map(|t| fold_text(t)).collect(),
                region: c.title.region,
                weight: c.title.weight / 5.0,
                max_edits: c.title.max_edits,
            })
            .collect();
        Sorter { kinds }
    }

    pub fn page(&self, sheet: &Sheet, ranker: &Ranker) -> PageKind {
        let view = &sheet.view;
        let mut out = PageKind::default();
        for row in &view.rows {
            // spaced titles come in pieces: the row as a whole, and each line
            let tall =
                row.iter().copied().filter(|l| view.rect(*l).height() as f32 >= 1.1 * view.em).collect::<Vec<_>>();
            let pieces = if tall.len() > 1 { &tall } else { row };
            let whole: String = pieces.iter().map(|l| view.folded[*l].text()).collect();
            let rect = pieces.iter().map(|l| view.rect(*l)).reduce(|a, b| a.union(&b)).unwrap_or_default();
            let mut texts = vec![(whole, rect)];
            if row.len() > 1 {
                texts.extend(row.iter().map(|l| (view.folded[*l].text(), view.rect(*l))));
            }
            for (text, rect) in texts {
                self.titles(view, &text, rect, &mut out);
            }
        }
        let body: String = view.folded.iter().map(|f| f.text() + "\n").collect();
        for k in &self.kinds {
            let sum: f32 = k.words.iter().filter(|w| body.contains(&w.0)).map(|w| w.1).sum();
            if sum != 0.0 {
                out.words.insert(k.kind.clone(), sum);
            }
        }
        out.labels = label_likelihood(sheet, ranker);
        out
    }

    fn titles(&self, view: &View, text: &str, rect: Rect, out: &mut PageKind) {
        let n = text.chars().count();
        if n < 2 {
            return;
        }
        let (w, h) = (view.page.width.max(1) as f32, view.page.height.max(1) as f32);
        let (x, y) = (rect.center().0 as f32 / w, rect.center().1 as f32 / h);
        // heights of boxes: a line's own is about .95 em
        let size = (rect.height() as f32 / view.em).clamp(0.6, 2.2);
        for k in &self.kinds {
            let inside = (k.region[0]..=k.region[2]).contains(&x) && (k.region[1]..=k.region[3]).contains(&y);
            if !inside || k.veto.iter().any(|v| text.contains(v.as_str())) {
                continue;
            }
            let best = k
                .titles
                .iter()
                .filter_map(|t| {
                    let m = t.chars().count();
                    if text.contains(t.as_str()) {
                        return Some(m as f32 / n as f32);
                    }
                    let near = k.max_edits > 0
                        && m >= 6
                        && n.abs_diff(m) <= 2
                        && confusion::distance(t, text) <= f32::from(k.max_edits) * (1.0 + m as f32 / 8.0);
                    near.then_some(0.85)
                })
                .fold(0.0, f32::max);
            if best <= 0.0 {
                continue;
            }
            let high = if y < 0.22 {
                1.0
            } else if y < 0.35 {
                0.75
            } else {
                0.45
            };
            let strength = k.weight * best.powf(0.7) * (0.35 + 0.45 * size) * high;
            if strength > 0.25 {
                out.titles.push(TitleHit { kind: k.kind.clone(), strength, rect });
            }
        }
    }
}

/// Naive Bayes over the labels of fields, found or not.
fn label_likelihood(sheet: &Sheet, ranker: &Ranker) -> BTreeMap<String, f32> {
    let mut found: Vec<&str> = sheet.hits.all.iter().flat_map(|h| &h.fields).map(|f| f.0.as_str()).collect();
    found.sort_unstable();
    found.dedup();
    let mut out = BTreeMap::new();
    if found.is_empty() {
        return out;
    }
    let mut keys: Vec<&String> = ranker.kind.values().flat_map(|t| t.labels.keys()).collect();
    keys.sort();
    keys.dedup();
    for (kind, table) in &ranker.kind {
        let mut sum = 0.0;
        for key in &keys {
            let p = table.labels.get(*key).copied().unwrap_or(0.02).clamp(0.03, 0.97);
            sum += if found.contains(&key.as_str()) { p.ln() } else { (1.0 - p).ln() };
        }
        out.insert(kind.clone(), sum);
    }
    let best = out.values().copied().fold(f32::NEG_INFINITY, f32::max);
    // labels are no independent witnesses: they count for a part only
    out.values_mut().for_each(|v| *v = ((*v - best) * 0.35).max(-6.0));
    out
}
