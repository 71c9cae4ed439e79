//! Lists of many options that tell by themselves what they are: 点滴 酸素療法 喀痰吸引 … over one or several rows.

use super::paper::Row;
use super::{Choices, Seg, find};
use crate::model::Rect;
use crate::reading::Page;

/// Different options that make a list; fewer may be a sentence.
const LEAST: usize = 4;
/// Share of a list's characters that its options are.
const WORDS: f32 = 0.45;

/// Rows of a list.
struct Block {
    segs: Vec<Seg>,
    options: Vec<usize>,
    /// Characters, and those of them that belong to options.
    chars: (usize, usize),
    last: Rect,
    cell: Option<u32>,
}

/// Where on the page such lists stand.
pub(super) fn lists(page: &Page, rows: &[Row], choices: &Choices) -> Vec<Vec<Seg>> {
    let mut out: Vec<Block> = Vec::new();
    for row in rows {
        let Some(row) = block(page, row, choices) else { continue };
        let goes_on = |b: &&mut Block| {
            let gap = (row.last.y0 - b.last.y1) as f32;
            b.cell.is_none() && row.cell.is_none() && gap < 1.3 * page.em && row.last.x0 < b.last.x1
        };
        match out.last_mut().filter(goes_on) {
            Some(b) => {
                b.segs.extend(row.segs);
                b.options.extend(row.options);
                b.chars = (b.chars.0 + row.chars.0, b.chars.1 + row.chars.1);
                b.last = row.last;
            }
            None => out.push(row),
        }
    }
    let whole = |b: &Block| {
        let mut options = b.options.clone();
        options.sort_unstable();
        options.dedup();
        options.len() >= LEAST && b.chars.1 as f32 >= WORDS * b.chars.0 as f32
    };
    out.into_iter().filter(whole).map(|b| b.segs).collect()
}

/// A row in which options stand, without the label before them; None where other words prevail.
fn block(page: &Page, Row { scope, stream }: &Row, choices: &Choices) -> Option<Block> {
    let runs = find::runs(stream, choices, false);
    let places: Vec<_> = runs.iter().flat_map(|r| &r.places).filter(|p| p.option.is_some()).collect();
    let first = places.iter().map(|p| p.spots.start).min()?;
    // its box and number belong to it
    let back = (0..first).rev().take_while(|i| stream.spots[*i].gap < 0.5).take(3).last().unwrap_or(first);
    // numbers, and units beside a blank to be filled in, are no words
    let is_word = |i: &usize| !stream.is_between(*i) && !stream.spots[*i].ch.is_ascii();
    let words = (first..stream.spots.len()).filter(is_word).count();
    let own = places.iter().map(|p| p.spots.len()).sum::<usize>();
    if (own as f32) < WORDS * words as f32 {
        return None;
    }
    let rect = scope.iter().map(|s| page.lines[s.line].rect).reduce(|a, b| a.union(&b))?;
    Some(Block {
        segs: stream.segs(back.min(first)..stream.spots.len()),
        options: places.iter().filter_map(|p| p.option).collect(),
        chars: (words, own),
        last: rect,
        cell: page.lines[scope[0].line].cell,
    })
}
