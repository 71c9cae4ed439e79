//! Ruled lines by morphological opening, and the cells that they close.

use super::bits::Bits;
use super::geometry::{Area, Map};
use super::parts::{Part, Parts};

/// Shortest rule across and down, in inches (70 px of 204, 50 px of 196: a shorter one eats 日 月 1 0).
const ACROSS: f32 = 70.0 / 204.0;
const DOWN: f32 = 50.0 / 196.0;
/// Up to here a stroke may still belong to a large title: it must then meet another rule, or be thin.
const SURE: f32 = 0.55;
/// Gaps in a rule that are bridged, and how far a rule's end reaches for its neighbour, in inches.
const GAP: f32 = 0.12;
const REACH: f32 = 0.04;

pub struct Ruling {
    /// What to take out of the page: the rules grown by a pixel.
    pub remove: Bits,
    /// Rules with their gaps bridged and ends reaching out: nothing passes from cell to cell.
    pub barrier: Bits,
    pub rules: Vec<Area>,
    /// The paper between the rules.
    pub paper: Parts,
    /// Closed cells in reading order, with the piece of `paper` each one is.
    pub cells: Vec<(u32, Area)>,
}

/// `slope`: native rows that text falls in a native column.
pub fn find(bits: &Bits, map: &Map, dpi: (f32, f32), slope: f32) -> Ruling {
    let px_h = |inch: f32| ((inch * dpi.0).round() as usize).max(1);
    let px_v = |inch: f32| ((inch * dpi.1).round() as usize).max(1);
    let mid = bits.width as f32 / 2.0;
    let shift = |w: usize| (slope * (w as f32 * 64.0 + 32.0 - mid)).round() as i32;

    let level = bits.slide(shift);
    let mut across = two_rows_open(&level, px_h(ACROSS));
    let mut down = two_columns_open(bits, px_v(DOWN));
    across = across.slide(|w| -shift(w));

    // A stroke of a large title is as long as a short rule, but thick and on its own.
    let meets = |p: &Part, other: &Bits, rx: i32, ry: i32| other.count(p.x0 - rx, p.y0 - ry, p.x1 + rx, p.y1 + ry) > 0;
    let (rx, ry) = (px_h(REACH) as i32, px_v(REACH) as i32);
    let thin: f32 = 4.5;
    let pieces = Parts::find(&across, map, true);
    for (i, p) in pieces.parts.iter().enumerate() {
        let short = p.area.width() < SURE * 200.0;
        if short && p.area.height() > thin.max(1.6 * map.sy) && !meets(p, &down, rx, ry) {
            pieces.erase(i, &mut across);
        }
    }
    let pieces = Parts::find(&down, map, true);
    for (i, p) in pieces.parts.iter().enumerate() {
        if p.area.height() < SURE * 200.0 && !meets(p, &across, rx, ry) {
            pieces.erase(i, &mut down);
        }
    }

    let mut bridged = across.slide(shift);
    bridged.spread_v(1);
    bridged.close_h(px_h(GAP));
    let mut bridged = bridged.slide(|w| -shift(w));
    let mut upright = down.clone();
    upright.spread_h(1);
    upright.close_v(px_v(GAP));
    let mut rules: Vec<Area> = Vec::new();
    for (mask, grow_u, grow_v) in [(&bridged, 0.0, map.sy), (&upright, map.sx, 0.0)] {
        rules.extend(Parts::find(mask, map, true).parts.iter().map(|p| Area {
            u0: p.area.u0 + grow_u,
            v0: p.area.v0 + grow_v,
            u1: p.area.u1 - grow_u,
            v1: p.area.v1 - grow_v,
        }));
    }
    bridged.spread_h(px_h(REACH));
    upright.spread_v(px_v(REACH));
    let mut barrier = bridged;
    barrier.or(&upright);

    let mut remove = across;
    remove.or(&down);
    remove.spread_h(1);
    remove.spread_v(1);

    let mut free = barrier.clone();
    free.invert();
    let paper = Parts::find(&free, map, false);
    let mut cells: Vec<(u32, Area)> = (0u32..)
        .zip(&paper.parts)
        .filter(|(_, p)| p.x0 > 0 && p.y0 > 0 && p.x1 < bits.width as i32 && p.y1 < bits.height as i32)
        .filter(|(_, p)| p.area.width() >= 24.0 && p.area.height() >= 18.0)
        .map(|(i, p)| (i, p.area))
        .collect();
    order(&mut cells, |c| c.1);
    Ruling { remove, barrier, rules, paper, cells }
}

/// Opening across with two rows taken together: a thin rule steps from row to row.
fn two_rows_open(bits: &Bits, n: usize) -> Bits {
    let mut both = bits.clone();
    for y in 0..bits.height.saturating_sub(1) {
        let (a, b) = (y * bits.stride, (y + 1) * bits.stride);
        for i in 0..bits.stride {
            both.words[a + i] |= bits.words[b + i];
        }
    }
    both.open_h(n);
    both.dilate_down(2);
    both.and(bits);
    both
}

fn two_columns_open(bits: &Bits, n: usize) -> Bits {
    let mut both = bits.clone();
    both.dilate_right(2);
    both.open_v(n);
    // Each found column stands for itself and the one to its left.
    let mut wide = both.clone();
    wide.spread_h(1);
    wide.and(bits);
    wide
}

/// Reading order: what begins at the same height goes from left to right.
pub fn order<T>(items: &mut [T], area: impl Fn(&T) -> Area) {
    items.sort_by(|a, b| area(a).v0.total_cmp(&area(b).v0).then(area(a).u0.total_cmp(&area(b).u0)));
    let mut from = 0;
    while from < items.len() {
        let top = area(&items[from]).v0;
        let to = items[from..].iter().position(|i| area(i).v0 > top + 14.0).map_or(items.len(), |n| from + n);
        items[from..to].sort_by(|a, b| area(a).u0.total_cmp(&area(b).u0));
        from = to;
    }
}
