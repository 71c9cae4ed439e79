//! Rings drawn round a word: strokes that stand by themselves, and those that touch a glyph, a rule or each other.
//!
//! Knows ink only; whether the word inside is an option is for the rules.

use super::bits::Bits;
use super::geometry::{Area, Map};
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
const BESIDE: f32 = 0.34;
const WITHIN: f32 = 0.56;
/// A piece more full of ink is a bold letter, unless its ring is perfect.
const BOLD: f32 = 0.43;
/// Rings that one piece of ink may hold.
const MOST: usize = 4;

/// Rings that are only part of a piece: one that touches the line below, its word, its neighbour. `ink` is all of the
/// page, `text` is without rules, `parts` are its pieces.
pub fn joined(ink: &Bits, text: &Bits, parts: &Parts, known: &[Area], map: &Map, em: f32) -> Vec<Area> {
    let mut out: Vec<Area> = Vec::new();
    for p in &parts.parts {
        let (w, h) = (p.area.width(), p.area.height());
        if w < 0.95 * em || h < 0.9 * em || h > 6.0 * em || w > 12.0 * em {
            continue;
        }
        let bold = p.ink as f32 > BOLD * ((p.x1 - p.x0) * (p.y1 - p.y0)) as f32;
        for _ in 0..MOST {
            let taken =
                |e: &Ellipse| known.iter().chain(&out).any(|k| k.contains_mid(&e.area()) || e.area().contains_mid(k));
            let Some(best) = best(ink, text, p.area, map, em, &taken) else { break };
            let area = best.area();
            let perfect =
                || best.share(ink, map, STROKE.0, STROKE.1) >= 0.98 && best.share(text, map, 0.74, 0.74) < 0.8 * WITHIN;
            if is_letter(parts, &area) || bold && !perfect() {
                break;
            }
            out.push(area);
        }
    }
    out
}

/// Strokes that are looked at in a column.
const EDGES: usize = 16;

/// A hypothesis: middle and half axes, page pixels.
#[derive(Clone, Copy)]
struct Ellipse {
    u: f32,
    v: f32,
    a: f32,
    b: f32,
}

impl Ellipse {
    fn area(&self) -> Area {
        Area { u0: self.u - self.a, v0: self.v - self.b, u1: self.u + self.a, v1: self.v + self.b }
    }

    /// Share of the directions in which there is ink between two sizes of it.
    fn share(&self, bits: &Bits, map: &Map, from: f32, to: f32) -> f32 {
        const WAYS: usize = 48;
        let on = |k: &usize| {
            let (sin, cos) = (*k as f32 / WAYS as f32 * std::f32::consts::TAU).sin_cos();
            let step = (0.9 * map.sx / (self.a * cos).hypot(self.b * sin).max(1.0)).max(0.02);
            let mut f = from;
            while f <= to {
                let (x, y) = map.to_native(self.u + f * self.a * cos, self.v + f * self.b * sin);
                if bits.ink(x.floor() as i32, y.floor() as i32) {
                    return true;
                }
                f += step;
            }
            false
        };
        (0..WAYS).filter(on).count() as f32 / WAYS as f32
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
        let (tops, feet) = edges(ink, map, mid, area.v0 - slack, area.v1 + slack);
        for (v0, v1) in tops.iter().flat_map(|t| feet.iter().map(move |f| (*t, *f))) {
            let h = v1 - v0;
            if !(1.08 * em..3.0 * em).contains(&h) {
                continue;
            }
            let mut half = (0.47 * em).max(h / 4.2);
            let most = (mid - area.u0).min(area.u1 - mid).min(4.5 * em).min(2.6 * h) + step;
            while half <= most {
                let e = Ellipse { u: mid, v: (v0 + v1) / 2.0, a: half, b: h / 2.0 };
                half += step / 2.0;
                if side(text, map, &e) && !taken(&e) {
                    let drawn = e.share(ink, map, STROKE.0, STROKE.1);
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
    fn is_ring(&self, text: &Bits, map: &Map) -> bool {
        self.share(text, map, STROKE.0, STROKE.1) >= BY_HAND
            && self.share(text, map, 1.2, 1.2) <= BESIDE
            && self.share(text, map, 0.74, 0.74) <= WITHIN
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
    tops.truncate(EDGES);
    feet.truncate(EDGES);
    (tops, feet)
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
