//! Rings drawn round a word: strokes that stand by themselves, and those that touch a glyph, a rule or each other.
//!
//! Knows ink only; whether the word inside is an option is for the rules.

use std::sync::LazyLock;

use super::bits::Bits;
use super::geometry::{Area, Map};
use super::marks;
use super::parts::Parts;

/// Is this piece a large closed stroke? Rays from outside meet it near an ellipse on nearly all sides.
pub fn is_ring(parts: &Parts, part: usize, map: &Map, em: f32) -> bool {
    let p = &parts.parts[part];
    let (w, h) = (p.area.width(), p.area.height());
    if w < 1.12 * em || h < 1.12 * em || w > 9.0 * em || h > 4.0 * em || w / h > 6.0 || h / w > 2.5 {
        return false;
    }
    let full = p.ink as f32 / ((p.x1 - p.x0) * (p.y1 - p.y0)).max(1) as f32;
    if full > 0.5 {
        return false;
    }
    const RAYS: usize = 48;
    let (cu, cv) = (p.area.mid_u(), p.area.mid_v());
    let mut far = [0f32; RAYS];
    for r in parts.runs(part) {
        for x in [r.x0 as f32, (r.x0 + r.x1) as f32 / 2.0, r.x1 as f32] {
            let (u, v) = map.to_page(x, r.y as f32 + 0.5);
            let (a, b) = ((u - cu) / (w / 2.0), (v - cv) / (h / 2.0));
            let turn = (b.atan2(a) / std::f32::consts::TAU + 1.0) * RAYS as f32;
            let slot = &mut far[turn as usize % RAYS];
            *slot = slot.max(a.hypot(b));
        }
        // Long runs (top and bottom of a wide ring) lie in several rays.
        let mut x = r.x0 as f32 + 2.0;
        while x < r.x1 as f32 {
            let (u, v) = map.to_page(x, r.y as f32 + 0.5);
            let (a, b) = ((u - cu) / (w / 2.0), (v - cv) / (h / 2.0));
            let turn = (b.atan2(a) / std::f32::consts::TAU + 1.0) * RAYS as f32;
            let slot = &mut far[turn as usize % RAYS];
            *slot = slot.max(a.hypot(b));
            x += 2.0;
        }
    }
    // Where the ends of the stroke overshoot, most of it is still an ellipse of a smaller size.
    let mut sorted = far;
    sorted.sort_by(f32::total_cmp);
    let size = sorted[RAYS / 2];
    let on = far.iter().filter(|r| (0.8 * size..=1.18 * size).contains(*r)).count();
    on * 100 >= RAYS * 80 && (0.75..1.06).contains(&size)
}

/// How far inside and outside of an ellipse its stroke may lie, as shares of its size.
const STROKE: (f32, f32) = (0.87, 1.05);
/// Shares of an ellipse that are drawn; that are drawn by no ruled line; that may have ink outside and inside of it.
const DRAWN: f32 = 0.88;
const BY_HAND: f32 = 0.72;
/// The same for one that a rule crosses, which is looked at with the rules: closed, and a thin stroke.
const CLOSED: f32 = 0.95;
const THIN: f32 = 0.54;
const BESIDE: f32 = 0.34;
const WITHIN: f32 = 0.56;
/// A piece more full of ink is a bold letter, unless its ring is perfect.
const BOLD: f32 = 0.43;

/// Rings that are not one piece of ink: they touch their word, their neighbour, or a rule that was taken out.
/// `rules` are the level ones.
pub fn joined(lines: &[Area], rules: &[Area], known: &[Area], layers: &Layers, em: f32) -> Vec<Area> {
    let mut out = in_pieces(known, layers, em);
    let mut found: Vec<(f32, Ellipse)> = Vec::new();
    for line in lines.iter().filter(|l| l.height() < 3.5 * em) {
        let near: Vec<&Area> = rules
            .iter()
            .filter(|r| {
                r.mid_v() > line.v0 - 0.8 * em && r.mid_v() < line.v1 + 0.8 * em && r.u0 < line.u1 && r.u1 > line.u0
            })
            .collect();
        if !near.is_empty() {
            at_rules(line, &near, layers, em, &mut found);
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, e) in found {
        let area = e.area();
        let near = |k: &Area| k.contains_mid(&area) || area.contains_mid(k);
        if !known.iter().chain(&out).any(near) && !is_letter(layers.parts, &area) && !is_bold(layers, &e, em) {
            out.push(area);
        }
    }
    out
}

/// Rings that are only part of a piece.
fn in_pieces(known: &[Area], layers: &Layers, em: f32) -> Vec<Area> {
    let Layers { ink, text, parts, map } = *layers;
    let mut out: Vec<Area> = Vec::new();
    for p in &parts.parts {
        let (w, h) = (p.area.width(), p.area.height());
        if w < 0.95 * em || h < 0.9 * em || h > 6.0 * em || w > 12.0 * em {
            continue;
        }
        for _ in 0..MOST {
            let taken =
                |e: &Ellipse| known.iter().chain(&out).any(|k| k.contains_mid(&e.area()) || e.area().contains_mid(k));
            let Some(best) = best(ink, text, p.area, map, em, &taken) else { break };
            if is_letter(parts, &best.area()) || is_bold(layers, &best, em) {
                break;
            }
            out.push(best.area());
        }
    }
    out
}

/// The page's ink, with and without rules, and the pieces of the latter.
pub struct Layers<'a> {
    pub ink: &'a Bits,
    pub text: &'a Bits,
    pub parts: &'a Parts,
    pub map: &'a Map,
}

/// Every good ellipse about a stretch of a line that reaches a rule, with how much of it is drawn.
fn at_rules(line: &Area, rules: &[&Area], layers: &Layers, em: f32, found: &mut Vec<(f32, Ellipse)>) {
    let Layers { ink, text, map, .. } = *layers;
    let reaches = |e: &Ellipse| {
        let close = |v: f32, r: &Area| v > r.v0 - 0.25 * em && v < r.v1 + 0.25 * em && r.u0 < e.u && r.u1 > e.u;
        rules.iter().any(|r| close(e.v - e.b, r) || close(e.v + e.b, r) || (e.v - e.b < r.v0 && e.v + e.b > r.v1))
    };
    for part in [0.34, 0.5, 0.66] {
        let v = line.v0 + part * line.height();
        let (starts, ends) = strokes(text, map, v, line.u0 - 0.7 * em, line.u1 + 0.7 * em);
        // A shade of dots has no end of strokes.
        if starts.len() as f32 > 4.0 * (line.width() / em + 1.4) {
            continue;
        }
        for &l in &starts {
            let mut last: Option<(f32, Vec<f32>, Vec<f32>)> = None;
            for r in ends.iter().copied().filter(|r| (0.95 * em..9.0 * em).contains(&(r - l))) {
                let u = (l + r) / 2.0;
                if last.as_ref().is_none_or(|c| c.0 != u) {
                    let (tops, feet) = edges(ink, map, u, v - 1.6 * em, v + 1.6 * em);
                    last = Some((u, tops, feet));
                }
                let Some((_, tops, feet)) = &last else { continue };
                let above = tops.iter().rev().filter(|t| v - **t > 0.45 * em).take(NEAR);
                let below = || feet.iter().filter(|f| **f - v > 0.45 * em).take(NEAR);
                for (v0, v1) in above.flat_map(|t| below().map(move |f| (*t, *f))) {
                    let e = Ellipse { u, v: (v0 + v1) / 2.0, a: (r - l) / 2.0, b: (v1 - v0) / 2.0, tilt: 0.0 };
                    if !(1.08 * em..3.0 * em).contains(&(2.0 * e.b))
                        || (e.v - v).abs() > 0.25 * em
                        || e.a > 2.6 * 2.0 * e.b
                        || e.b > 2.1 * e.a
                        || !reaches(&e)
                    {
                        continue;
                    }
                    // A wide one falls or rises a little.
                    let tilts: &[f32] = if e.a > 1.3 * e.b { &TILTS } else { &TILTS[..1] };
                    for e in tilts.iter().map(|tilt| Ellipse { tilt: *tilt, ..e }) {
                        if e.share(ink, map, STROKE, 8) >= 0.9
                            && e.share(ink, map, STROKE, WAYS) >= CLOSED
                            && e.share(text, map, (0.74, 0.74), WAYS) <= WITHIN
                        {
                            let thin = e.thin(ink, map, rules);
                            if thin >= THIN {
                                found.push((thin, e));
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Slopes of rings.
const TILTS: [f32; 3] = [0.0, 0.09, -0.09];
/// Strokes that are looked at in a column of a piece, and above and below the middle of a line.
const EDGES: usize = 16;
const NEAR: usize = 4;
/// Rings that one piece of ink may hold.
const MOST: usize = 4;
/// Directions in which an ellipse is looked at, with their sine and cosine.
const WAYS: usize = 48;
static CIRCLE: LazyLock<[(f32, f32); WAYS]> =
    LazyLock::new(|| std::array::from_fn(|k| (k as f32 / WAYS as f32 * std::f32::consts::TAU).sin_cos()));

/// A hypothesis: middle and half axes, page pixels; how far it falls to the right, as hands draw it.
#[derive(Clone, Copy)]
struct Ellipse {
    u: f32,
    v: f32,
    a: f32,
    b: f32,
    tilt: f32,
}

impl Ellipse {
    /// The point of it in a direction, at a share of its size.
    fn at(&self, f: f32, (sin, cos): (f32, f32)) -> (f32, f32) {
        let du = f * self.a * cos;
        (self.u + du, self.v + f * self.b * sin + self.tilt * du)
    }

    fn area(&self) -> Area {
        Area { u0: self.u - self.a, v0: self.v - self.b, u1: self.u + self.a, v1: self.v + self.b }
    }

    /// Share of the directions in which there is ink between two sizes of it.
    fn share(&self, bits: &Bits, map: &Map, (from, to): (f32, f32), ways: usize) -> f32 {
        let on = |k: &usize| {
            let way @ (sin, cos) = CIRCLE[k * (WAYS / ways)];
            let step = (0.9 * map.sx / (self.a * cos).hypot(self.b * sin).max(1.0)).max(0.02);
            let mut f = from;
            while f <= to {
                let (u, v) = self.at(f, way);
                let (x, y) = map.to_native(u, v);
                if bits.ink(x.floor() as i32, y.floor() as i32) {
                    return true;
                }
                f += step;
            }
            false
        };
        (0..ways).filter(on).count() as f32 / ways as f32
    }
}

/// The best ellipse that touches a piece of ink, if it is good enough.
fn best(ink: &Bits, text: &Bits, area: Area, map: &Map, em: f32, taken: &dyn Fn(&Ellipse) -> bool) -> Option<Ellipse> {
    let step = if area.width() > 4.0 * em { 3.0 } else { 2.0 };
    let slack = 0.35 * em;
    let mut found: Option<(f32, Ellipse)> = None;
    let mut mid = area.u0 + 0.47 * em;
    while mid <= area.u1 - 0.47 * em {
        // Edges of strokes in the middle column: a ring's top and foot are among them.
        let (mut tops, mut feet) = edges(ink, map, mid, area.v0 - slack, area.v1 + slack);
        tops.truncate(EDGES);
        feet.truncate(EDGES);
        for (v0, v1) in tops.iter().flat_map(|t| feet.iter().map(move |f| (*t, *f))) {
            let h = v1 - v0;
            if !(1.08 * em..3.0 * em).contains(&h) {
                continue;
            }
            let mut half = (0.47 * em).max(h / 4.2);
            let most = (mid - area.u0).min(area.u1 - mid).min(4.5 * em).min(2.6 * h) + step;
            while half <= most {
                let e = Ellipse { u: mid, v: (v0 + v1) / 2.0, a: half, b: h / 2.0, tilt: 0.0 };
                half += step / 2.0;
                if side(text, map, &e) && !taken(&e) {
                    let drawn = e.share(ink, map, STROKE, WAYS);
                    if drawn >= DRAWN && found.as_ref().is_none_or(|f| drawn > f.0) && e.is_ring(text, map) {
                        found = Some((drawn, e));
                    }
                }
            }
        }
        mid += step;
    }
    found.map(|f| f.1)
}

impl Ellipse {
    /// Share of the directions in which a thin stroke that is no rule stands free on both sides.
    fn thin(&self, bits: &Bits, map: &Map, rules: &[&Area]) -> f32 {
        let at = |f: f32, way: (f32, f32)| {
            let (u, v) = self.at(f, way);
            let (x, y) = map.to_native(u, v);
            let ruled = rules.iter().any(|r| v > r.v0 - 1.5 && v < r.v1 + 1.5 && u > r.u0 && u < r.u1);
            !ruled && bits.ink(x.floor() as i32, y.floor() as i32)
        };
        let on = |k: &usize| {
            let way = CIRCLE[*k];
            !at(1.17, way) && !at(0.78, way) && (0..=9).any(|i| at(STROKE.0 + 0.02 * i as f32, way))
        };
        (0..WAYS).filter(on).count() as f32 / WAYS as f32
    }

    fn is_ring(&self, text: &Bits, map: &Map) -> bool {
        self.share(text, map, STROKE, WAYS) >= BY_HAND
            && self.share(text, map, (1.2, 1.2), WAYS) <= BESIDE
            && self.share(text, map, (0.74, 0.74), WAYS) <= WITHIN
    }
}

/// Is there a stroke at both ends of the level axis?
fn side(text: &Bits, map: &Map, e: &Ellipse) -> bool {
    let near = |sign: f32| {
        [-0.06, -0.03, 0.0, 0.04].iter().any(|d| {
            let (x, y) = map.to_native(e.u + sign * e.a * (1.0 + d), e.v);
            text.ink(x.floor() as i32, y.floor() as i32)
        })
    };
    near(-1.0) && near(1.0)
}

/// Where strokes begin and end along a row of the page.
fn strokes(bits: &Bits, map: &Map, v: f32, from: f32, to: f32) -> (Vec<f32>, Vec<f32>) {
    let (mut starts, mut ends) = (Vec::new(), Vec::new());
    let mut was = false;
    let mut u = from;
    while u <= to {
        let (x, y) = map.to_native(u, v);
        let now = bits.ink(x.floor() as i32, y.floor() as i32);
        match (was, now) {
            (false, true) => starts.push(u),
            (true, false) => ends.push(u),
            _ => {}
        }
        was = now;
        u += map.sx;
    }
    (starts, ends)
}

/// Where strokes begin and end in a column, from the top.
fn edges(bits: &Bits, map: &Map, u: f32, from: f32, to: f32) -> (Vec<f32>, Vec<f32>) {
    let (mut tops, mut feet) = (Vec::new(), Vec::new());
    let mut was = false;
    let mut v = from;
    while v <= to {
        let (x, y) = map.to_native(u, v);
        let now = bits.ink(x.floor() as i32, y.floor() as i32);
        match (was, now) {
            (false, true) => tops.push(v),
            (true, false) => feet.push(v),
            _ => {}
        }
        was = now;
        v += map.sy;
    }
    (tops, feet)
}

/// A letter of a title, which is one piece about as large: but for a perfect ring.
fn is_bold(layers: &Layers, e: &Ellipse, em: f32) -> bool {
    let area = e.area();
    // A shade of dots, or white letters on black.
    let within = layers.parts.parts.iter().filter(|p| area.contains(&p.area)).count() as f32;
    if within * em * em > 14.0 * area.width() * area.height() || marks::share(layers.text, layers.map, area) > 0.5 {
        return true;
    }
    let own = |a: &Area| a.contains_mid(&area) && a.width() < area.width() + em && a.height() < area.height() + em;
    let full = |p: &&super::parts::Part| p.ink as f32 > BOLD * ((p.x1 - p.x0) * (p.y1 - p.y0)) as f32;
    layers.parts.parts.iter().filter(|p| own(&p.area)).any(|p| full(&p))
        && (e.share(layers.ink, layers.map, STROKE, WAYS) < 0.98
            || e.share(layers.text, layers.map, (0.74, 0.74), WAYS) > 0.8 * WITHIN)
}

/// の in a title: its neighbours are as large.
fn is_letter(parts: &Parts, ring: &Area) -> bool {
    let beside = |a: &Area| {
        let gap = ring.u0.max(a.u0) - ring.u1.min(a.u1);
        let overlap = ring.v1.min(a.v1) - ring.v0.max(a.v0);
        gap > -2.0 && gap < 1.2 * ring.height() && overlap > 0.5 * a.height()
    };
    let tallest = parts.parts.iter().filter(|p| beside(&p.area)).map(|p| p.area.height()).fold(0.0, f32::max);
    ring.height() < 1.15 * tallest && ring.width() < 1.5 * tallest
}

#[cfg(test)]
mod tests {
    use super::*;

    const EM: f32 = 26.0;

    /// A page with a ring of these half axes at (300, 200) and whatever else is drawn.
    fn page(a: f32, b: f32, tilt: f32, draw: impl Fn(&mut Bits)) -> Bits {
        let mut bits = Bits::new(600, 400);
        for i in 0..2000 {
            let (sin, cos) = (i as f32 / 2000.0 * std::f32::consts::TAU).sin_cos();
            let (x, y) = ((300.0 + a * cos) as usize, (200.0 + b * sin + tilt * a * cos) as usize);
            for d in 0..3 {
                bits.fill(y + d, x, x + 3, true);
            }
        }
        draw(&mut bits);
        bits
    }

    fn found(ink: &Bits, text: &Bits, rules: &[Area]) -> Vec<Area> {
        let map = Map::new(600, 400, (200.0, 200.0), 0.0);
        let parts = Parts::find(text, &map, true);
        let known: Vec<Area> =
            (0..parts.parts.len()).filter(|i| is_ring(&parts, *i, &map, EM)).map(|i| parts.parts[i].area).collect();
        let line = Area { u0: 250.0, v0: 188.0, u1: 350.0, v1: 214.0 };
        let layers = Layers { ink, text, parts: &parts, map: &map };
        let more = joined(&[line], rules, &known, &layers, EM);
        known.into_iter().chain(more).collect()
    }

    #[test]
    fn a_ring_that_touches_a_letter_is_found_at_its_place() {
        let ink = page(22.0, 22.0, 0.0, |b| (190..214).for_each(|y| b.fill(y, 320, 324, true)));
        let rings = found(&ink, &ink, &[]);
        assert_eq!(rings.len(), 1, "{rings:?}");
        assert!((rings[0].mid_u() - 301.0).abs() < 4.0 && (rings[0].mid_v() - 201.0).abs() < 4.0, "{rings:?}");
    }

    #[test]
    fn a_ring_that_lost_its_foot_with_a_rule_is_found() {
        let rule = |b: &mut Bits| (219..223).for_each(|y| b.fill(y, 0, 600, true));
        let ink = page(40.0, 20.0, 0.05, rule);
        let mut text = ink.clone();
        (218..224).for_each(|y| text.fill(y, 0, 600, false));
        let rules = [Area { u0: 0.0, v0: 219.0, u1: 600.0, v1: 223.0 }];
        let rings = found(&ink, &text, &rules);
        assert_eq!(rings.len(), 1, "{rings:?}");
    }

    #[test]
    fn a_word_in_a_cell_has_no_ring() {
        let mut ink = Bits::new(600, 400);
        for k in 0..4 {
            let x = 255 + 25 * k;
            (190..212).for_each(|y| ink.fill(y, x, x + 3, true));
            (190..212).for_each(|y| ink.fill(y, x + 18, x + 21, true));
            for y in [190, 200, 210] {
                (0..2).for_each(|d| ink.fill(y + d, x, x + 21, true));
            }
        }
        let text = ink.clone();
        [176usize, 222].iter().for_each(|y| (0..3).for_each(|d| ink.fill(y + d, 0, 600, true)));
        let rule = |v: f32| Area { u0: 0.0, v0: v, u1: 600.0, v1: v + 3.0 };
        assert_eq!(found(&ink, &text, &[rule(176.0), rule(222.0)]), Vec::<Area>::new());
    }
}
