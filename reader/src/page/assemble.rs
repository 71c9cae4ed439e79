//! Puts the parts of [`super::prepare`] together: which piece of ink is text, mark, rule, speck or dirt.

use super::bits::Bits;
use super::geometry::{Area, Map};
use super::lines::{self, Piece, Profile};
use super::parts::{Part, Parts, run_area};
use super::{LineBox, Prepared, binarise, image, marks, rings, ruling, skew};
use crate::raster::Raster;
use crate::reading::CheckBox;

/// The sending machine's line lies within this much of the raw page's top (page pixels).
const TTI_ZONE: f32 = 64.0;
/// Gaps (em) that end a line: in a cell, and on the open page.
const GAP_CELL: f32 = 1.5;
const GAP_OPEN: f32 = 1.3;

pub fn prepare(raw: &Raster, turned: u16) -> Prepared {
    let turned = if matches!(turned, 90 | 180 | 270) { turned } else { 0 };
    let raster = image::turn(raw, turned);
    let dpi = raster.dpi;
    let (w, h) = (raster.width, raster.height);
    let ink = binarise::binarise(&raster);
    let flat = Map::new(w, h, dpi, 0.0);
    let whole = Parts::find(&ink, &flat, true);
    let em = em_by_pieces(&whole, &ink, &flat, dpi);
    let tti_zone = tti_zone(w, h, dpi, turned);
    let m = if worth_levelling(&whole, &ink, tti_zone) { skew::skew(&ink, dpi, tti_zone) } else { 0.0 };
    let map = Map::new(w, h, dpi, m);
    let slope = m * map.sx / map.sy;
    let (width, height) = ((w as f32 * map.sx).round() as i32, (h as f32 * map.sy).round() as i32);

    let drawn = not_ruled(&whole, &ink, &flat, dpi, em);
    let mut ruled = ink.clone();
    ruled.minus(&drawn);
    let mut ruling = ruling::find(&ruled, &map, dpi, slope);
    ruling.remove.minus(&drawn);
    let mut text = ink.clone();
    text.minus(&ruling.remove);
    let parts = Parts::find(&text, &map, true);
    let by_pieces = em_by_pieces(&parts, &text, &map, dpi);
    // Faint text falls to pieces much smaller than characters; its rows keep their height.
    let rows = row_height(&text, &map, slope);
    let em = if rows > 0.0 { by_pieces.clamp(0.95 * rows, 1.2 * rows) } else { by_pieces };
    let faint = by_pieces < 0.8 * rows;
    let specks = specks(&parts, &text, &map, dpi, em, faint);
    let dusty = text.clone();
    specks.iter().for_each(|&i| parts.erase(i, &mut text));

    let raw_v = |a: &Area| match turned {
        90 => (width as f32 - a.u1, width as f32 - a.u0),
        180 => (height as f32 - a.v1, height as f32 - a.v0),
        270 => (a.u0, a.u1),
        _ => (a.v0, a.v1),
    };
    let mut gone = vec![false; parts.parts.len()];
    specks.iter().for_each(|&i| gone[i] = true);
    let mut alone = Vec::new();
    let mut tti = Vec::new();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut large: Vec<Piece> = Vec::new();
    for (i, p) in parts.parts.iter().enumerate() {
        if gone[i] {
            continue;
        }
        let a = p.area;
        let piece = Piece { area: a, ink: p.ink, part: i as u32 };
        if rings::is_ring(&parts, i, &map, em) {
            alone.push(piece);
        } else if is_rule_rest(&parts, i, &ruling.barrier, em) || at_edge(&a, width, height, em) {
            // What is left of a broken rule, or of a shadow.
        } else if raw_v(&a).1 < TTI_ZONE && turned % 180 == 0 {
            tti.push(piece);
        } else if a.height() <= 2.6 * em && a.width() <= 14.0 * em {
            pieces.push(piece);
        } else if a.height() < 240.0
            && a.width() < 240.0
            && p.ink as f32 * map.sx * map.sy > 0.1 * a.width() * a.height()
        {
            large.push(piece);
        }
    }
    let mut rings = round_a_word(alone, &mut pieces, &parts, &map, em);

    // Each piece to the paper it lies on.
    let mut cell_of = vec![None; ruling.paper.parts.len()];
    for (n, (paper, _)) in ruling.cells.iter().enumerate() {
        cell_of[*paper as usize] = Some(n as u32);
    }
    let mut groups: Vec<Vec<Piece>> = vec![Vec::new(); ruling.cells.len() + 1];
    for p in pieces {
        let cell = home(&parts, &p, &ruling.paper).and_then(|paper| cell_of[paper as usize]);
        groups[cell.map_or(0, |c| c as usize + 1)].push(p);
    }
    let mut headlines: Vec<Vec<Piece>> = vec![Vec::new(); groups.len()];
    for p in large {
        let cell = home(&parts, &p, &ruling.paper).and_then(|paper| cell_of[paper as usize]);
        headlines[cell.map_or(0, |c| c as usize + 1)].push(p);
    }

    let upright: Vec<Area> = ruling.rules.iter().copied().filter(|r| r.height() > 2.0 * r.width()).collect();
    let profile = Rows { parts: &parts, map: &map };
    let mut found: Vec<(Area, Option<u32>, bool)> = Vec::new();
    for (n, (mut group, large)) in groups.into_iter().zip(headlines).enumerate() {
        let cell = n.checked_sub(1).map(|c| c as u32);
        let gap = if cell.is_some() { GAP_CELL } else { GAP_OPEN } + if faint { 0.2 } else { 0.0 };
        found.extend(lines::headlines(large, &mut group, em).into_iter().map(|a| (a, cell, false)));
        let cut = lines::cut(group, em, gap, &profile).into_iter().flat_map(|l| lines::part_at_rules(l, &upright));
        for line in cut {
            let line = lines::tidy(line, em);
            let area = lines::tight(&line);
            let tallest = line.iter().map(|p| p.area.height()).fold(0.0, f32::max);
            // The foot of a ring that broke is no line, nor are the dots of a rule, nor the end of a streak.
            let of_ring = |r: &Area| {
                r.grown_by(4.0, 12.0).contains(&area) || (r.grown(4.0).contains_mid(&area) && area.width() < r.width())
            };
            let splinter = area.height() < 0.35 * em && rings.iter().any(of_ring);
            let dots = tallest < 0.3 * em && area.width() > 3.0 * em;
            let bar = area.height() > 1.8 * em && area.width() < 0.5 * em;
            if !splinter && !dots && !bar && (area.height() > 0.45 * em || area.width() > 0.45 * em) {
                found.push((area, cell, false));
            }
        }
    }
    if faint {
        widen(&mut found, &ruling.cells, &dusty, &map, em);
    }
    let mut blank = is_blank(&parts, &gone, &found, em);
    for line in lines::cut(tti, em, 3.0, &profile) {
        let area = lines::hull(&line);
        if area.height() > 0.25 * em && area.width() > 0.45 * em {
            found.push((area, None, area.width() > 4.0 * em && area.height() < 2.2 * em));
            blank &= area.width() > 4.0 * em;
        }
    }
    let rows: Vec<Area> = found.iter().map(|f| f.0).collect();
    let lines = reading_order(found, &ruling.cells)
        .into_iter()
        .map(|(a, cell, tti)| LineBox { rect: a.rect(width, height), cell, tti })
        .collect();

    let boxes = marks::boxes(&text, &map, em, faint)
        .into_iter()
        .map(|(a, ink)| CheckBox { rect: a.rect(width, height), ink })
        .collect();
    let level: Vec<Area> = ruling.rules.iter().copied().filter(|r| r.width() > 2.0 * r.height()).collect();
    let layers = rings::Layers { ink: &ink, text: &text, parts: &parts, map: &map };
    rings.extend(rings::joined(&rows, &level, &rings, &layers, em));
    let rect = |a: &Area| a.rect(width, height);
    Prepared {
        clean: text.to_raster(dpi),
        raster,
        turned,
        slope,
        width,
        height,
        em,
        blank,
        lines,
        rules: ruling.rules.iter().map(rect).collect(),
        cells: ruling.cells.iter().map(|c| rect(&c.1)).collect(),
        boxes,
        rings: rings.iter().map(rect).collect(),
        map,
        ink,
        text,
    }
}

/// Sorts out the rings: の in a title is one only in shape. A glyph that touches its ring still belongs to its line, so
/// its place is put among the pieces.
fn round_a_word(found: Vec<Piece>, pieces: &mut Vec<Piece>, parts: &Parts, map: &Map, em: f32) -> Vec<Area> {
    let mut rings = Vec::new();
    for ring in found {
        let a = ring.area;
        let beside = |p: &&Piece| {
            let gap = a.u0.max(p.area.u0) - a.u1.min(p.area.u1);
            let overlap = a.v1.min(p.area.v1) - a.v0.max(p.area.v0);
            gap > -2.0 && gap < 2.0 * em && overlap > 0.5 * p.area.height()
        };
        let tallest = pieces.iter().filter(beside).map(|p| p.area.height()).fold(0.0, f32::max);
        if a.height() < 1.25 * tallest && a.width() < 1.6 * tallest {
            pieces.push(ring);
            continue;
        }
        rings.push(a);
        // What of its own ink lies well inside is the word.
        let mut word = Piece { area: Area::NONE, ink: 0, part: ring.part };
        for r in parts.runs(ring.part as usize) {
            let u = run_area(r, map);
            let far = |at: f32| {
                let (x, y) = ((at - a.mid_u()) / (a.width() / 2.0), (u.mid_v() - a.mid_v()) / (a.height() / 2.0));
                x.hypot(y)
            };
            if far(u.u0) < 0.78 && far(u.u1) < 0.78 {
                word.area = word.area.union(&u);
                word.ink += r.x1 - r.x0;
            }
        }
        if word.ink as f32 * map.sx * map.sy > 0.03 * em * em {
            pieces.push(word);
        }
    }
    rings
}

/// Rings and the glyphs of large titles: they have strokes as long as a short rule's, and must stay.
fn not_ruled(whole: &Parts, ink: &Bits, map: &Map, dpi: (f32, f32), em: f32) -> Bits {
    let mut keep = Bits::new(ink.width, ink.height);
    let mut strokes: Option<Bits> = None;
    for (i, p) in whole.parts.iter().enumerate() {
        let (w, h) = (p.area.width(), p.area.height());
        if w.max(h) < 45.0 || w > 9.0 * em.max(28.0) || h > 7.0 * em.max(28.0) {
            continue;
        }
        let mut glyph = || {
            if w > 240.0 || h.min(w) < 24.0 {
                return false;
            }
            let strokes = strokes.get_or_insert_with(|| ruling::strokes(ink, dpi));
            let straight: u32 = whole.runs(i).map(|r| strokes.count_row(r.y as i32, r.x0 as i32, r.x1 as i32)).sum();
            // Thickness from ink over the length of the outline: bold strokes only.
            let edge: f32 = whole.runs(i).count() as f32 * 2.0 * map.sy;
            let thick = 2.0 * p.ink as f32 * map.sx * map.sy / edge.max(1.0);
            (straight as f32) < 0.75 * p.ink as f32 && thick > 5.0
        };
        if rings::is_ring(whole, i, map, em) || glyph() {
            whole.runs(i).for_each(|r| keep.fill(r.y as usize, r.x0 as usize, r.x1 as usize, true));
        }
    }
    keep
}

/// On a faint page a character at a line's end may be nothing but dust: lets the line grow over ink that goes on at
/// its height, up to the next line or the side of its cell.
fn widen(found: &mut [Found], cells: &[(u32, Area)], dusty: &Bits, map: &Map, em: f32) {
    let step = 0.55 * em;
    for i in 0..found.len() {
        let (area, cell, _) = found[i];
        let (mut left, mut right) =
            cell.map_or((f32::MIN, f32::MAX), |c| (cells[c as usize].1.u0, cells[c as usize].1.u1));
        for (o, ..) in found.iter() {
            if o.v0 < area.v1 && o.v1 > area.v0 {
                if o.u1 <= area.u0 + 1.0 {
                    left = left.max(o.u1);
                }
                if o.u0 >= area.u1 - 1.0 {
                    right = right.min(o.u0);
                }
            }
        }
        let inked = |u0: f32, u1: f32| {
            let window = Area { u0: u0.max(left + 2.0), u1: u1.min(right - 2.0), ..area };
            window.width() > 3.0 && marks::share(dusty, map, window) > 0.025
        };
        let mut grown = area;
        for _ in 0..4 {
            if inked(grown.u0 - step, grown.u0) {
                grown.u0 = (grown.u0 - step).max(left + 2.0);
            }
            if inked(grown.u1, grown.u1 + step) {
                grown.u1 = (grown.u1 + step).min(right - 2.0);
            }
        }
        found[i].0 = grown;
    }
}

/// Native rectangle where the sending machine prints, on the turned page.
fn tti_zone(w: usize, h: usize, dpi: (f32, f32), turned: u16) -> (i32, i32, i32, i32) {
    let (w, h) = (w as i32, h as i32);
    let (dx, dy) = ((0.25 * dpi.0) as i32, (0.25 * dpi.1) as i32);
    match turned {
        90 => (w - dx, 0, w, h),
        180 => (0, h - dy, w, h),
        270 => (0, 0, dx, h),
        _ => (0, 0, w, dy),
    }
}

/// Typical character height by the measured rule: pieces that have company, 60th percentile over .86.
fn em_by_pieces(parts: &Parts, text: &Bits, map: &Map, dpi: (f32, f32)) -> f32 {
    let (_, small) = speck_sizes(dpi);
    let plausible = |p: &&Part| p.ink > small && p.area.height() < 120.0 && p.area.width() < 240.0;
    let mut heights: Vec<f32> =
        parts.parts.iter().filter(plausible).filter(|p| sociable(p, text, map)).map(|p| p.area.height()).collect();
    if heights.len() < 6 {
        heights = parts.parts.iter().filter(plausible).map(|p| p.area.height()).collect();
    }
    lines::em(&mut heights)
}

/// ≤ 3 px is dirt anywhere, ≤ 9 px alone (at 204×196; by area at other resolutions, so 2 and 5 at 標準).
fn speck_sizes(dpi: (f32, f32)) -> (u32, u32) {
    let scale = (dpi.0 / 204.0) * (dpi.1 / 196.0);
    ((3.0 * scale).round().max(1.0) as u32, (9.0 * scale).ceil().max(2.0) as u32)
}

/// The pieces that are dirt: tiny ones, and small ones with no ink within half an em. Where text is `faint`, tiny ones
/// in the company of much other ink are its dust and stay.
fn specks(parts: &Parts, text: &Bits, map: &Map, dpi: (f32, f32), em: f32, faint: bool) -> Vec<usize> {
    let (tiny, small) = speck_sizes(dpi);
    let (rx, ry) = ((em / 2.0 / map.sx) as i32, (em / 2.0 / map.sy) as i32);
    let near = |p: &Part| text.count(p.x0 - rx, p.y0 - ry, p.x1 + rx, p.y1 + ry);
    let dense = (0.02 * (4 * rx * ry) as f32) as u32;
    let dirt = |p: &Part| (p.ink <= tiny && !(faint && near(p) > dense)) || (p.ink <= small && near(p) <= p.ink + tiny);
    parts.parts.iter().enumerate().filter(|(_, p)| dirt(p)).map(|(i, _)| i).collect()
}

/// Usual height of a row of text, from blobs that whole rows make when ink is smeared sideways; 0 where there are none.
fn row_height(text: &Bits, map: &Map, slope: f32) -> f32 {
    let mid = text.width as f32 / 2.0;
    let mut level = text.slide(|w| (slope * (w as f32 * 64.0 + 32.0 - mid)).round() as i32);
    level.spread_h((9.0 / map.sx) as usize);
    let flat = Map::new(text.width, text.height, (200.0 / map.sx, 200.0 / map.sy), 0.0);
    let mut rows: Vec<(f32, f32)> = Parts::find(&level, &flat, true)
        .parts
        .iter()
        .map(|p| (p.area.height(), p.area.width() - 18.0))
        .filter(|(h, w)| (10.0..90.0).contains(h) && *w > 2.5 * h)
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f32 = rows.iter().map(|r| r.1).sum();
    let mut sum = 0.0;
    rows.iter()
        .find(|r| {
            sum += r.1;
            sum >= total / 2.0
        })
        .map_or(0.0, |r| r.0)
}

/// Has ink beside it within 24 page pixels, as a character in a line has and dirt seldom does.
fn sociable(p: &Part, bits: &Bits, map: &Map) -> bool {
    let reach = (24.0 / map.sx) as i32;
    let beside = bits.count(p.x0 - reach, p.y0, p.x1 + reach, p.y1).saturating_sub(p.ink);
    beside * 2 >= p.ink.max(12)
}

/// Enough that looks like text to say which way it falls.
fn worth_levelling(whole: &Parts, ink: &Bits, (x0, y0, x1, y1): (i32, i32, i32, i32)) -> bool {
    let map = Map::new(ink.width, ink.height, (200.0, 200.0), 0.0);
    let outside = |p: &&Part| p.x1 <= x0 || p.x0 >= x1 || p.y1 <= y0 || p.y0 >= y1;
    let glyph = |p: &&Part| p.ink > 15 && p.area.height() > 8.0;
    whole.parts.iter().filter(outside).filter(glyph).filter(|p| sociable(p, ink, &map)).take(6).count() == 6
}

/// A thin splinter that lies along a bridged rule.
fn is_rule_rest(parts: &Parts, part: usize, barrier: &Bits, em: f32) -> bool {
    let p = &parts.parts[part];
    let (w, h) = (p.area.width(), p.area.height());
    let thin = 0.22 * em;
    if w.min(h) > thin.max(4.2) {
        return false;
    }
    // A stroke much longer than any character's is a rule that was too broken to be found.
    if w.max(h) > 2.2 * em && w.max(h) > 12.0 * w.min(h) {
        return true;
    }
    let on: u32 = parts.runs(part).map(|r| barrier.count_row(r.y as i32, r.x0 as i32, r.x1 as i32)).sum();
    on * 10 >= p.ink * 7
}

/// Dark edges of the scan.
fn at_edge(a: &Area, width: i32, height: i32, em: f32) -> bool {
    let near = a.u0 < 4.0 || a.v0 < 4.0 || a.u1 > width as f32 - 4.0 || a.v1 > height as f32 - 4.0;
    near && (a.width() > 2.0 * em || a.height() > 2.0 * em || a.width().min(a.height()) < 0.3 * em)
}

/// The piece of paper that most of a piece's ink lies on.
fn home(parts: &Parts, piece: &Piece, paper: &Parts) -> Option<u32> {
    let runs: Vec<_> = parts.runs(piece.part as usize).collect();
    let step = (runs.len() / 7).max(1);
    let mut votes: Vec<(u32, u32)> = Vec::new();
    for r in runs.iter().step_by(step) {
        if let Some(p) = paper.at(((r.x0 + r.x1) / 2) as i32, r.y as i32) {
            match votes.iter_mut().find(|v| v.0 == p) {
                Some(v) => v.1 += 1,
                None => votes.push((p, 1)),
            }
        }
    }
    votes.into_iter().max_by_key(|v| v.1).map(|v| v.0).or_else(|| {
        // All of it lies on a rule: the paper nearest to its middle.
        let r = runs.get(runs.len() / 2)?;
        let (x, y) = (((r.x0 + r.x1) / 2) as i32, r.y as i32);
        (1..16).find_map(|d| [(0, -d), (0, d), (-d, 0), (d, 0)].iter().find_map(|(a, b)| paper.at(x + a, y + b)))
    })
}

/// Ink by page row, for rows that touch.
struct Rows<'a> {
    parts: &'a Parts,
    map: &'a Map,
}

impl Profile for Rows<'_> {
    fn add(&self, piece: &Piece, top: f32, bins: &mut [f32]) {
        for r in self.parts.runs(piece.part as usize) {
            let a = run_area(r, self.map);
            if a.mid_v() < piece.area.v0 || a.mid_v() > piece.area.v1 {
                continue;
            }
            let from = ((a.mid_v() - self.map.sy / 2.0 - top).round().max(0.0) as usize).min(bins.len() - 1);
            let to = ((a.mid_v() + self.map.sy / 2.0 - top).round().max(0.0) as usize).clamp(from + 1, bins.len());
            bins[from..to].iter_mut().for_each(|b| *b += a.width());
        }
    }
}

/// No cells' worth of characters: fewer than three that have a neighbour.
fn is_blank(parts: &Parts, gone: &[bool], lines: &[(Area, Option<u32>, bool)], em: f32) -> bool {
    let glyphs: Vec<&Area> = parts
        .parts
        .iter()
        .zip(gone)
        .filter(|(p, gone)| !**gone && p.area.height() > 8.0 && p.area.width() > 3.0 && p.ink > 12)
        .map(|(p, _)| &p.area)
        .filter(|a| lines.iter().any(|l| l.0.contains(a)))
        .collect();
    if glyphs.len() > 60 {
        return false;
    }
    let near = |a: &Area, b: &Area| {
        let gap_u = a.u0.max(b.u0) - a.u1.min(b.u1);
        let gap_v = a.v0.max(b.v0) - a.v1.min(b.v1);
        gap_u < 1.5 * em && gap_v < 0.0
    };
    let sociable =
        glyphs.iter().enumerate().filter(|(i, a)| glyphs.iter().enumerate().any(|(k, b)| k != *i && near(a, b)));
    sociable.count() < 3
}

type Found = (Area, Option<u32>, bool);

/// Cells stand in the order of the page among the lines outside them; within a cell, rows from top to bottom.
fn reading_order(found: Vec<Found>, cells: &[(u32, Area)]) -> Vec<Found> {
    let mut blocks: Vec<(Area, Vec<Found>)> = cells.iter().map(|c| (c.1, Vec::new())).collect();
    for line in found {
        match line.1 {
            Some(c) => blocks[c as usize].1.push(line),
            None => blocks.push((line.0, vec![line])),
        }
    }
    blocks.retain(|b| !b.1.is_empty());
    ruling::order(&mut blocks, |b| b.0);
    for b in &mut blocks {
        rows(&mut b.1);
    }
    blocks.into_iter().flat_map(|b| b.1).collect()
}

/// Lines whose middles lie in the same row go from left to right.
fn rows(lines: &mut [Found]) {
    lines.sort_by(|a, b| a.0.mid_v().total_cmp(&b.0.mid_v()));
    let mut from = 0;
    while from < lines.len() {
        let first = lines[from].0;
        let to = lines[from..]
            .iter()
            .position(|l| l.0.v0 > first.mid_v() || l.0.mid_v() > first.v1)
            .map_or(lines.len(), |n| from + n);
        lines[from..to].sort_by(|a, b| a.0.u0.total_cmp(&b.0.u0));
        from = to;
    }
}
