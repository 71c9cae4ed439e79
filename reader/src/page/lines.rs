//! Text lines by geometry: recursive XY-cut over pieces of ink, no detector.

use super::geometry::Area;

/// Rows nearer than this (em) are one row.
const ROW_GAP: f32 = 0.16;
const ROUNDS: u32 = 3;

/// A piece of ink on its way into a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    pub area: Area,
    /// Native ink pixels.
    pub ink: u32,
    /// Index of the connected part it is (or is cut from).
    pub part: u32,
}

/// Bounds of all pieces.
pub fn hull(pieces: &[Piece]) -> Area {
    pieces.iter().fold(Area::NONE, |a, p| a.union(&p.area))
}

/// How the ink of pieces lies over page rows: `ink(part, from row, to row)` gives it for one part, so that rows which
/// touch can be told apart.
pub trait Profile {
    /// Adds the ink of a part within `area` to `bins`, one bin a page pixel from `top`.
    fn add(&self, piece: &Piece, top: f32, bins: &mut [f32]);
}

/// Cuts pieces that share a cell (or the open page) into lines, each a list of pieces, in no particular order.
pub fn cut(pieces: Vec<Piece>, em: f32, column_gap: f32, profile: &dyn Profile) -> Vec<Vec<Piece>> {
    let mut leaves = Vec::new();
    xy(pieces, em, column_gap * em, ROUNDS, &mut leaves);
    let mut lines = Vec::new();
    for leaf in leaves {
        valleys(leaf, em, profile, 4, &mut lines);
    }
    stack(&mut lines, em);
    titles(&mut lines, em);
    lines
}

fn xy(pieces: Vec<Piece>, em: f32, column_gap: f32, rounds: u32, out: &mut Vec<Vec<Piece>>) {
    if pieces.is_empty() {
        return;
    }
    let rows = split(pieces, ROW_GAP * em, |a| (a.v0, a.v1));
    let alone = rows.len() == 1;
    for row in rows {
        let columns = split(row, column_gap, |a| (a.u0, a.u1));
        if rounds <= 1 || (alone && columns.len() == 1) {
            out.extend(columns);
        } else {
            columns.into_iter().for_each(|c| xy(c, em, column_gap, rounds - 1, out));
        }
    }
}

/// Groups pieces along one axis wherever the free space between them is wider than `gap`.
fn split(mut pieces: Vec<Piece>, gap: f32, span: impl Fn(&Area) -> (f32, f32)) -> Vec<Vec<Piece>> {
    pieces.sort_by(|a, b| span(&a.area).0.total_cmp(&span(&b.area).0));
    let mut groups: Vec<Vec<Piece>> = Vec::new();
    let mut end = f32::MIN;
    for p in pieces {
        let (from, to) = span(&p.area);
        match groups.last_mut() {
            Some(group) if from - end <= gap => group.push(p),
            _ => groups.push(vec![p]),
        }
        end = end.max(to);
    }
    groups
}

/// Splits what is too high for one line where the ink thins out between rows that touch.
fn valleys(line: Vec<Piece>, em: f32, profile: &dyn Profile, depth: u32, out: &mut Vec<Vec<Piece>>) {
    let bounds = hull(&line);
    if depth == 0 || bounds.height() < 1.5 * em || line.len() < 2 {
        out.push(line);
        return;
    }
    let mut bins = vec![0f32; bounds.height().ceil() as usize + 1];
    line.iter().for_each(|p| profile.add(p, bounds.v0, &mut bins));
    let smooth: Vec<f32> = (0..bins.len())
        .map(|i| {
            let near = &bins[i.saturating_sub(1)..(i + 2).min(bins.len())];
            near.iter().sum::<f32>() / near.len() as f32
        })
        .collect();
    let margin = (0.55 * em) as usize;
    let reach = (1.1 * em) as usize;
    let mut best: Option<(f32, f32)> = None;
    for at in margin..smooth.len().saturating_sub(margin) {
        let above = high(&smooth[at.saturating_sub(reach)..at]);
        let below = high(&smooth[at + 1..(at + 1 + reach).min(smooth.len())]);
        let ratio = smooth[at] / above.min(below).max(1e-3);
        let v = bounds.v0 + at as f32 + 0.5;
        if best.is_none_or(|(r, _)| ratio < r) && crossing(&line, v, em) < 0.35 {
            best = Some((ratio, v));
        }
    }
    match best {
        Some((ratio, v)) if ratio < 0.3 || (ratio < 0.45 && bounds.height() > 1.9 * em) => {
            let (above, below) = divide(line, v, em);
            if above.is_empty() || below.is_empty() {
                out.push(above.into_iter().chain(below).collect());
                return;
            }
            valleys(above, em, profile, depth - 1, out);
            valleys(below, em, profile, depth - 1, out);
        }
        _ => out.push(line),
    }
}

/// The level that a quarter of the rows exceeds.
fn high(bins: &[f32]) -> f32 {
    let mut sorted = bins.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() * 3 / 4).copied().unwrap_or(0.0)
}

/// Share of the ink that belongs to pieces standing well on both sides of `v`.
fn crossing(line: &[Piece], v: f32, em: f32) -> f32 {
    let total: u32 = line.iter().map(|p| p.ink).sum();
    let over: u32 = line.iter().filter(|p| p.area.v0 < v - 0.25 * em && p.area.v1 > v + 0.25 * em).map(|p| p.ink).sum();
    over as f32 / total.max(1) as f32
}

fn divide(line: Vec<Piece>, v: f32, em: f32) -> (Vec<Piece>, Vec<Piece>) {
    let (mut above, mut below) = (Vec::new(), Vec::new());
    for p in line {
        if p.area.v0 < v - 0.25 * em && p.area.v1 > v + 0.25 * em {
            let (mut a, mut b) = (p, p);
            let share = (v - p.area.v0) / p.area.height();
            a.area.v1 = v;
            a.ink = (p.ink as f32 * share) as u32;
            b.area.v0 = v;
            b.ink = p.ink - a.ink;
            above.push(a);
            below.push(b);
        } else if p.area.mid_v() < v {
            above.push(p);
        } else {
            below.push(p);
        }
    }
    (above, below)
}

/// The strokes of a lone 二, ミ or ： lie in rows of their own: puts them together again.
fn stack(lines: &mut Vec<Vec<Piece>>, em: f32) {
    let low = |a: &Area| a.height() < 0.55 * em;
    join(lines, low, |a, b| {
        let both = a.union(b);
        let overlap = a.u1.min(b.u1) - a.u0.max(b.u0);
        b.height() < 0.75 * em
            && both.height() <= 1.1 * em
            && both.width() <= 1.6 * em
            && overlap > 0.4 * a.width().min(b.width())
    });
}

/// Large, widely set titles: boxes higher than 1.2 em join over gaps of less than 1.25 of their height.
fn titles(lines: &mut Vec<Vec<Piece>>, em: f32) {
    let high = |a: &Area| a.height() > 1.2 * em;
    join(lines, high, |a, b| {
        let gap = a.u0.max(b.u0) - a.u1.min(b.u1);
        let overlap = a.v1.min(b.v1) - a.v0.max(b.v0);
        let large = b.height() > em && b.height() < 1.6 * a.height() && a.height() < 1.6 * b.height();
        let dash = b.height() < 0.45 * a.height() && (b.mid_v() - a.mid_v()).abs() < 0.3 * a.height();
        (large || dash) && overlap > 0.6 * a.height().min(b.height()) && gap < 1.25 * a.height().max(b.height())
    });
}

/// Puts lines together as long as one that `may` take others has a partner.
fn join(lines: &mut Vec<Vec<Piece>>, may: impl Fn(&Area) -> bool, fits: impl Fn(&Area, &Area) -> bool) {
    let mut hulls: Vec<Area> = lines.iter().map(|l| hull(l)).collect();
    let mut joined = true;
    while joined {
        joined = false;
        let mut i = 0;
        while i < lines.len() {
            let a = hulls[i];
            let partner = may(&a).then(|| (0..lines.len()).find(|&k| k != i && fits(&a, &hulls[k])));
            match partner.flatten() {
                Some(k) => {
                    let (other, area) = (lines.remove(k), hulls.remove(k));
                    i -= usize::from(k < i);
                    lines[i].extend(other);
                    hulls[i] = a.union(&area);
                    joined = true;
                }
                None => i += 1,
            }
        }
    }
}

/// Leaves out dust at the ends of a line, above and below it: it would widen the crop that is read.
pub fn tidy(line: Vec<Piece>, em: f32) -> Vec<Piece> {
    let tallest = line.iter().map(|p| p.area.height()).fold(0.0, f32::max);
    let body: Vec<Piece> = line.iter().copied().filter(|p| p.area.height() >= 0.4 * tallest).collect();
    let body = hull(&body);
    let dust = |p: &Piece| {
        let tiny = p.area.width().max(p.area.height()) < 0.22 * em;
        let off = p.area.v1 < body.v0 || p.area.v0 > body.v1;
        let away = p.area.u1 < body.u0 - 0.4 * em || p.area.u0 > body.u1 + 0.4 * em;
        tiny && tallest > 0.5 * em && (off || away)
    };
    line.into_iter().filter(|p| !dust(p)).collect()
}

/// Parts a line where a rule runs down through it, from cell to cell of a table that is not closed.
pub fn part_at_rules(line: Vec<Piece>, upright: &[Area]) -> Vec<Vec<Piece>> {
    let a = hull(&line);
    let mut cuts: Vec<f32> = upright
        .iter()
        .filter(|r| r.mid_u() > a.u0 + 2.0 && r.mid_u() < a.u1 - 2.0)
        .filter(|r| r.v1.min(a.v1) - r.v0.max(a.v0) > 0.8 * a.height())
        .map(Area::mid_u)
        .collect();
    cuts.sort_by(f32::total_cmp);
    let mut parts: Vec<Vec<Piece>> = vec![Vec::new(); cuts.len() + 1];
    for p in line {
        parts[cuts.partition_point(|c| *c < p.area.mid_u())].push(p);
    }
    parts.retain(|p| !p.is_empty());
    parts
}

/// Bounds of a line whose one or two overlong strokes (a tick, a bracket drawn by hand) do not count for its height.
pub fn tight(line: &[Piece]) -> Area {
    let all = hull(line);
    let mut heights: Vec<f32> = line.iter().map(|p| p.area.height()).collect();
    heights.sort_by(f32::total_cmp);
    let usual = heights.get(heights.len() * 3 / 4).copied().unwrap_or(0.0);
    let long = |p: &&Piece| p.area.height() > 1.3 * usual;
    let over = line.iter().filter(long).count();
    if line.len() < 4 || over == 0 || over > 2.max(line.len() / 8) {
        return all;
    }
    let body: Vec<Piece> = line.iter().copied().filter(|p| p.area.height() <= 1.3 * usual).collect();
    let band = hull(&body);
    if band.height() < 0.9 * usual || band.height() > 0.93 * all.height() {
        return all;
    }
    let rim = 0.06 * band.height();
    Area { v0: all.v0.max(band.v0 - rim), v1: all.v1.min(band.v1 + rim), ..all }
}

/// Lines of very large characters. Takes the small parts of such characters out of `rest`.
pub fn headlines(large: Vec<Piece>, rest: &mut Vec<Piece>, em: f32) -> Vec<Area> {
    let mut out = Vec::new();
    for row in split(large, 0.0, |a| (a.v0, a.v1)) {
        let bounds = hull(&row);
        let size = bounds.height();
        if size > 8.0 * em {
            continue;
        }
        let alone = row.len() == 1;
        let reach = if alone { bounds } else { bounds.grown_by(1.2 * size, 0.05 * size) };
        let (own, others): (Vec<Piece>, Vec<Piece>) = rest.iter().partition(|p| reach.contains_mid(&p.area));
        // A stamp over running text is no headline.
        let words = own.iter().filter(|p| p.area.height() > 0.6 * em && p.area.height() < 0.45 * size).count();
        if alone && (words > 0 || size < 40.0) || words > 3 * row.len() + 4 {
            continue;
        }
        *rest = others;
        for line in split(row.into_iter().chain(own).collect(), 1.1 * size, |a| (a.u0, a.u1)) {
            out.push(hull(&line));
        }
    }
    out
}

/// em of the page: the 60th percentile of the pieces' heights, over .86.
pub fn em(heights: &mut [f32]) -> f32 {
    if heights.is_empty() {
        return 32.0;
    }
    heights.sort_by(f32::total_cmp);
    (heights[heights.len() * 6 / 10] / 0.86).clamp(12.0, 90.0)
}
