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
/// A faint or dotted rule may have gaps of this much, if it is this long and no thicker than that.
const FAINT: (f32, f32) = (0.06, 0.03);
const LONG: f32 = 0.9;
const THICK: f32 = 0.04;
/// A faint or dotted rule of this much may have text closer to it than others.
const TIGHT: f32 = 2.5;
/// Longest dash of a dashed rule, in inches.
const DASH: f32 = 0.08;
/// Rules down between two rules across may be as short as the lowest rows of tables.
const LOW: f32 = 0.12;
/// Longer gaps are joined where half of them is inked.
const MEND: f32 = 0.5;

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

    let lean = map.m * map.sy / map.sx;
    let mid_y = bits.height as f32 / 2.0;
    // Rules down lean to the left by as much as rules across fall.
    let shift_x = |y: usize| (-lean * (y as f32 - mid_y)).round() as i32;
    // Within 64 columns a rule still falls by this many rows.
    let rest = (slope.abs() * 64.0) as usize;

    let level = bits.slide(shift);
    let across = open_across(&level, px_h(ACROSS), 2 + rest);
    let tight = px_h(TIGHT);
    let dotted = faint(&level, true, px_h(FAINT.0), px_h(LONG), 2 + rest, (px_v(THICK) + rest, tight));
    let straight = bits.slant(shift_x);
    let down = open_down(&straight, px_v(DOWN), 2);
    let mut dotted_down = faint(&straight, false, px_v(FAINT.1), px_v(LONG), 2, (px_h(THICK), px_v(TIGHT)));
    let (mut across, mut down) = (mended(across, &level, true, dpi), mended(down, &straight, false, dpi));
    across = across.slide(|w| -shift(w));
    let short = between(&straight, &across.slant(shift_x), px_v(LOW), px_v(REACH / 2.0) as i32, px_h(THICK) as i32);
    down.or(&short);
    down = down.slant(|y| -shift_x(y));
    let mut all_across = across.clone();
    all_across.or(&dotted.slide(|w| -shift(w)));
    let low = Dashes {
        gap: px_v(FAINT.1),
        least: px_v(LOW),
        dash: px_v(DASH) as i32,
        reach: px_v(FAINT.0) as i32,
        thick: px_h(THICK) as i32,
    };
    dotted_down.or(&low.between(&straight, &all_across.slant(shift_x)));

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
    bridged.or(&dotted);
    bridged.spread_v(1 + rest);
    bridged.close_h(px_h(GAP));
    let mut bridged = bridged.slide(|w| -shift(w));
    let mut upright = down.slant(shift_x);
    upright.or(&dotted_down);
    upright.spread_h(1);
    upright.close_v(px_v(GAP));
    let mut upright = upright.slant(|y| -shift_x(y));
    // A streak of the scanner's glass runs down the whole page and ends at no rule, a torn row runs from edge to edge:
    // ink to take out, but no rules.
    let pieces = Parts::find(&upright, map, true);
    for (i, p) in pieces.parts.iter().enumerate() {
        let long = (p.y1 - p.y0) as f32 > 0.6 * bits.height as f32;
        if long && !meets_end(p, &across, rx.max(4), ry.max(3)) {
            pieces.erase(i, &mut upright);
        }
    }
    let pieces = Parts::find(&bridged, map, true);
    for (i, p) in pieces.parts.iter().enumerate() {
        if (p.x1 - p.x0) as f32 > 0.97 * bits.width as f32 {
            pieces.erase(i, &mut bridged);
        }
    }
    let mut rules: Vec<Area> = Vec::new();
    let mut level_rules = 0;
    for (mask, grow_u, grow_v) in [(&bridged, 0.0, map.sy), (&upright, map.sx, 0.0)] {
        level_rules = rules.len();
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
    close_sides(&mut barrier, &rules, level_rules, map);

    let mut remove = across;
    remove.or(&down);
    remove.or(&dotted.slide(|w| -shift(w)));
    remove.or(&dotted_down.slant(|y| -shift_x(y)));
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

/// Does a rule down begin and end at rules across?
fn meets_end(p: &Part, across: &Bits, rx: i32, ry: i32) -> bool {
    across.count(p.x0 - rx, p.y0 - ry, p.x1 + rx, p.y0 + 3 * ry) > 0
        && across.count(p.x0 - rx, p.y1 - 3 * ry, p.x1 + rx, p.y1 + ry) > 0
}

/// Everything straight that is long enough to be a rule, on a page that is not level yet.
pub fn strokes(bits: &Bits, dpi: (f32, f32)) -> Bits {
    let mut out = open_across(bits, ((ACROSS * dpi.0).round() as usize).max(1), 2);
    out.or(&open_down(bits, ((DOWN * dpi.1).round() as usize).max(1), 2));
    out
}

/// Joins two rules in one line where faint ink runs between them: at least half of the gap.
fn mended(rules: Bits, bits: &Bits, across: bool, dpi: (f32, f32)) -> Bits {
    let map = Map::new(bits.width, bits.height, dpi, 0.0);
    let mut gaps = rules.clone();
    let mut near = bits.clone();
    if across {
        gaps.spread_v(1);
        gaps.close_h((MEND * dpi.0) as usize);
        near.spread_v(1);
    } else {
        gaps.spread_h(1);
        gaps.close_v((MEND * dpi.1) as usize);
        near.spread_h(1);
    }
    let mut spread = rules.clone();
    if across {
        spread.spread_v(1)
    } else {
        spread.spread_h(1)
    }
    gaps.minus(&spread);
    let mut out = rules;
    let pieces = Parts::find(&gaps, &map, true);
    for (i, p) in pieces.parts.iter().enumerate() {
        let (w, h) = (p.x1 - p.x0, p.y1 - p.y0);
        let (length, thick) = if across { (w, h) } else { (h, w) };
        if thick > 12 || length < 2 {
            continue;
        }
        let inked = if across {
            (p.x0..p.x1).filter(|&x| (p.y0..p.y1).any(|y| near.ink(x, y))).count()
        } else {
            (p.y0..p.y1).filter(|&y| near.count_row(y, p.x0, p.x1) > 0).count()
        };
        if inked * 2 >= length as usize {
            for r in pieces.runs(i) {
                for x in r.x0..r.x1 {
                    if bits.get(x as usize, r.y as usize) {
                        out.fill(r.y as usize, x as usize, x as usize + 1, true);
                    }
                }
            }
            // A thread of one pixel, so that the cell closes over what is missing.
            if across {
                out.fill(((p.y0 + p.y1) / 2) as usize, p.x0 as usize, p.x1 as usize, true);
            } else {
                let x = ((p.x0 + p.x1) / 2) as usize;
                (p.y0..p.y1).for_each(|y| out.fill(y as usize, x, x + 1, true));
            }
        }
    }
    out
}

/// Tables whose outer side was lost, or never drawn: where two rules across end at one place and a rule down joins them
/// elsewhere, the open end is a side too.
fn close_sides(barrier: &mut Bits, rules: &[Area], level_rules: usize, map: &Map) {
    let (across, down) = rules.split_at(level_rules);
    let mut sorted: Vec<&Area> = across.iter().filter(|a| a.width() > 100.0).collect();
    sorted.sort_by(|a, b| a.v0.total_cmp(&b.v0));
    for right in [false, true] {
        let end = |a: &Area| if right { a.u1 } else { a.u0 };
        for (i, a) in sorted.iter().enumerate() {
            // The next rule that comes past here; it must end here too.
            let here = |b: &&&Area| b.u0 < end(a) + 12.0 && b.u1 > end(a) - 12.0 && b.mid_v() > a.mid_v() + 18.0;
            let Some(b) = sorted[i + 1..].iter().find(here).filter(|b| (end(b) - end(a)).abs() < 12.0) else {
                continue;
            };
            let joins = |d: &&Area| {
                d.v0 < a.v1 + 10.0
                    && d.v1 > b.v0 - 10.0
                    && d.mid_u() > a.u0.max(b.u0) - 8.0
                    && d.mid_u() < a.u1.min(b.u1) + 8.0
            };
            let near = |d: &Area| (d.mid_u() - end(a)).abs() < 14.0;
            let mut sides = down.iter().filter(joins).peekable();
            if b.mid_v() - a.mid_v() > 500.0 || sides.peek().is_none() || sides.any(near) {
                continue;
            }
            let (from, to) = (map.to_native(end(a), a.v0), map.to_native(end(b), b.v1));
            let (y0, y1) = (from.1.floor() as i32, to.1.ceil() as i32);
            for y in y0..=y1 {
                let t = (y - y0) as f32 / (y1 - y0).max(1) as f32;
                let x = (from.0 + (to.0 - from.0) * t).round() as i32;
                if y >= 0 && y < barrier.height as i32 {
                    barrier.fill(y as usize, (x - 2).max(0) as usize, (x + 2).max(0) as usize, true);
                }
            }
        }
    }
}

/// Opening across with a few rows taken together: a thin rule steps from row to row.
fn open_across(bits: &Bits, n: usize, rows: usize) -> Bits {
    let mut both = bits.clone();
    both.dilate_down(rows);
    both.open_h(n);
    let mut out = both.clone();
    out.spread_v(rows - 1);
    out.and(bits);
    out
}

fn open_down(bits: &Bits, n: usize, columns: usize) -> Bits {
    let mut both = bits.clone();
    both.dilate_right(columns);
    both.open_v(n);
    let mut out = both.clone();
    out.spread_h(columns - 1);
    out.and(bits);
    out
}

/// Thin upright strokes, at least `n` long, that go from one rule across to the next: the rows of a table may be lower
/// than the shortest rule that is believed by itself.
fn between(bits: &Bits, across: &Bits, n: usize, reach: i32, thick: i32) -> Bits {
    let mut out = open_down(bits, n, 2);
    let pieces = Parts::find(&out, &Map::new(bits.width, bits.height, (200.0, 200.0), 0.0), true);
    for (i, p) in pieces.parts.iter().enumerate() {
        let top = across.count(p.x0, p.y0 - reach, p.x1, p.y0 + 2 * reach);
        let foot = across.count(p.x0, p.y1 - 2 * reach, p.x1, p.y1 + reach);
        if top == 0 || foot == 0 || p.x1 - p.x0 > thick {
            pieces.erase(i, &mut out);
        }
    }
    out
}

/// How dashed rules down look between two rules across, in native pixels.
struct Dashes {
    gap: usize,
    least: usize,
    dash: i32,
    reach: i32,
    thick: i32,
}

impl Dashes {
    /// Columns of short dashes with white paper along both sides that go from one rule across to the next.
    fn between(&self, bits: &Bits, across: &Bits) -> Bits {
        let mut closed = bits.clone();
        closed.close_v(self.gap);
        let mut out = open_down(&closed, self.least, 2);
        let pieces = Parts::find(&out, &Map::new(bits.width, bits.height, (200.0, 200.0), 0.0), true);
        for (i, p) in pieces.parts.iter().enumerate() {
            let met = |y0: i32, y1: i32| across.count(p.x0, y0, p.x1, y1) > 0;
            let paper = 4 * (p.y1 - p.y0);
            let white = |x0: i32| bits.count(x0, p.y0, x0 + 4, p.y1) * 16 <= paper as u32;
            let rule = p.x1 - p.x0 <= self.thick
                && met(p.y0 - self.reach, p.y0 + self.reach)
                && met(p.y1 - self.reach, p.y1 + self.reach)
                && white(p.x0 - 7)
                && white(p.x1 + 3)
                && self.dashed(bits, p);
            if !rule {
                pieces.erase(i, &mut out);
            }
        }
        out.and(bits);
        out
    }

    /// At least three dashes, none of them long.
    fn dashed(&self, bits: &Bits, p: &Part) -> bool {
        let (mut dashes, mut long, mut run) = (0, 0, 0);
        for y in p.y0..=p.y1 {
            if y < p.y1 && bits.count_row(y, p.x0, p.x1) > 0 {
                run += 1;
            } else if run > 0 {
                dashes += 1;
                long = long.max(run);
                run = 0;
            }
        }
        dashes >= 3 && long <= self.dash
    }
}

/// Rules with many small gaps: long ones only, and with white paper along both sides, which a row of text has not.
/// `most`: how thick one may be, and the length from which text may come near it.
fn faint(bits: &Bits, across: bool, gap: usize, length: usize, rows: usize, most: (usize, usize)) -> Bits {
    let mut out = bits.clone();
    if across {
        out.close_h(gap);
        out = open_across(&out, length, rows);
    } else {
        out.close_v(gap);
        out = open_down(&out, length, rows);
    }
    out.and(bits);
    let mut joined = out.clone();
    if across {
        joined.close_h(gap)
    } else {
        joined.close_v(gap)
    }
    let pieces = Parts::find(&joined, &Map::new(bits.width, bits.height, (200.0, 200.0), 0.0), true);
    let (near, far) = if across { (2, 4) } else { (3, 7) };
    for p in &pieces.parts {
        let (w, h) = (p.x1 - p.x0, p.y1 - p.y0);
        let (one, other) = if across {
            (bits.count(p.x0, p.y0 - far, p.x1, p.y0 - near), bits.count(p.x0, p.y1 + near, p.x1, p.y1 + far))
        } else {
            (bits.count(p.x0 - far, p.y0, p.x0 - near, p.y1), bits.count(p.x1 + near, p.y0, p.x1 + far, p.y1))
        };
        let paper = (far - near) * if across { w } else { h };
        let (length, across_it) = if across { (w, h) } else { (h, w) };
        let inked = out.count(p.x0, p.y0, p.x1, p.y1) as f32 / length as f32;
        let (near, thick) = if length as usize > most.1 { (0.25, most.0 + 2) } else { (0.08, most.0) };
        if one.max(other) as f32 > near * paper as f32 || across_it > thick as i32 || inked < 0.45 {
            for y in p.y0..p.y1 {
                out.fill(y as usize, p.x0 as usize, p.x1 as usize, false);
            }
        }
    }
    out
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
