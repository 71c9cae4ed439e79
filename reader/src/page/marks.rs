//! Marks that people make: boxes with or without a tick, and the ink about a word. Rings are `rings`' business.

use super::bits::Bits;
use super::geometry::{Area, Map};
use super::parts::Parts;

/// Square outlines of .55–1.6 em that stand by themselves, also where a tick runs over them, and filled ones; with the
/// ink of the inner 46 %. 口 and its like cannot always be told from an empty box: whoever reads the line knows.
pub fn boxes(bits: &Bits, map: &Map, em: f32, faint: bool) -> Vec<(Area, f32)> {
    let (em_x, em_y) = (em / map.sx, em / map.sy);
    let (least, most) = ((0.5 * em_x) as i32, (1.6 * em_x) as i32);
    if least < 4 {
        return Vec::new();
    }
    let mut found: Vec<(Frame, f32)> = Vec::new();
    outlines(bits, bits, (em_x, em_y), (least, most), map, &mut found);
    let usual = usual_size(&found);
    let sure = found.len();
    // Outlines with small gaps; on a faint page, with larger ones.
    let mut mended = bits.clone();
    mended.close_h((4.0 / map.sx) as usize);
    mended.close_v((3.0 / map.sy) as usize);
    outlines(bits, &mended, (em_x, em_y), (least, most), map, &mut found);
    if faint {
        outlines(bits, &thickened(bits, map), (em_x, em_y), (least, most), map, &mut found);
    }
    // Mending makes boxes of 錠 and 間 too: only what is of the form's own size, or nearly whole without it.
    let mut n = 0;
    found.retain(|(f, _)| {
        n += 1;
        n <= sure || usual.map_or_else(|| f.sides(bits).iter().all(|s| *s >= 0.7), |u| f.is_of(u))
    });
    like_the_others(bits, &mended, (em_x, em_y), map, &mut found);
    let usual = usual_size(&found);
    let mut found: Vec<(Area, f32)> = found
        .into_iter()
        .map(|(f, ink)| {
            let (a, b) = (map.to_page(f.x0 as f32, f.y0 as f32), map.to_page(f.x1 as f32, f.y1 as f32));
            (Area { u0: a.0.min(b.0), v0: a.1.min(b.1), u1: b.0, v1: b.1 }, ink)
        })
        .collect();
    for p in &Parts::find(bits, map, true).parts {
        let (w, h) = (p.area.width(), p.area.height());
        let full = p.ink as f32 / ((p.x1 - p.x0) * (p.y1 - p.y0)).max(1) as f32;
        let square = (0.5 * em..1.6 * em).contains(&w) && (0.8..1.25).contains(&(w / h.max(1.0)));
        // Scribbled over: not square any more, but as large as the other boxes in its row.
        let scribble = usual.is_some_and(|(bw, bh)| {
            let (bw, bh) = (bw as f32 * map.sx, bh as f32 * map.sy);
            (0.8 * bw..1.9 * bw).contains(&w) && (0.8 * bh..1.9 * bh).contains(&h) && full > 0.6
        }) && found.iter().any(|(a, _)| (a.mid_v() - p.area.mid_v()).abs() < 0.35 * em);
        if square && full > 0.9 || scribble {
            found.push((p.area, full.max(0.6)));
        }
    }
    // An outline three pixels thick is met twice.
    let mut out: Vec<(Area, f32)> = Vec::new();
    for (area, ink) in found {
        let near =
            |a: &Area| (a.mid_u() - area.mid_u()).abs() < 0.3 * em && (a.mid_v() - area.mid_v()).abs() < 0.3 * em;
        if !out.iter().any(|(a, _)| near(a)) {
            out.push((area, ink));
        }
    }
    out
}

/// Pairs of level strokes of about the same extent, one above the other, with sides between them.
fn outlines(
    bits: &Bits,
    mended: &Bits,
    (em_x, em_y): (f32, f32),
    (least, most): (i32, i32),
    map: &Map,
    found: &mut Vec<(Frame, f32)>,
) {
    let strict = !std::ptr::eq(bits, mended);
    let flat = level_strokes(mended, least, most, em_y, map);
    let slack = (0.1 * em_x).max(2.0) as i32;
    for (i, &(x0, x1, y0, top_end)) in flat.iter().enumerate() {
        for &(a0, a1, b0, y1) in &flat[i + 1..] {
            let side = (x1.max(a1) - x0.min(a0)) as f32 * map.sx;
            let height = (y1 - y0) as f32 * map.sy;
            if height > side * 1.25 + map.sy {
                break;
            }
            if height < side * 0.8 - map.sy || (a0 - x0).abs() > slack || (a1 - x1).abs() > slack || b0 <= top_end {
                continue;
            }
            let frame = Frame { x0: x0.min(a0), y0, x1: x1.max(a1), y1 };
            if found.iter().any(|(f, _)| f.meets(&frame)) {
                break;
            }
            if !frame.drawn(mended) || !frame.alone(bits, em_x, em_y) {
                continue;
            }
            if let Some(ink) = frame.inside(bits, strict) {
                found.push((frame, ink));
                break;
            }
        }
    }
}

/// Width and height that at least four boxes, and half of all, have.
fn usual_size(found: &[(Frame, f32)]) -> Option<(i32, i32)> {
    let middle = |mut v: Vec<i32>| {
        v.sort_unstable();
        v.get(v.len() / 2).copied()
    };
    let w = middle(found.iter().map(|(f, _)| f.x1 - f.x0).collect())?;
    let h = middle(found.iter().map(|(f, _)| f.y1 - f.y0).collect())?;
    let alike = found.iter().filter(|(f, _)| f.is_of((w, h))).count();
    (alike >= 4 && alike * 2 >= found.len()).then_some((w, h))
}

/// Where a form has several boxes of one size, one more of that size may lack an edge.
fn like_the_others(bits: &Bits, mended: &Bits, (em_x, em_y): (f32, f32), map: &Map, found: &mut Vec<(Frame, f32)>) {
    let Some((w, h)) = usual_size(found) else { return };
    let strict = true;
    for (x0, x1, y0, y1) in level_strokes(mended, w - 3, w + 3, em_y, map) {
        // The stroke may be the upper or the lower edge.
        for (top, foot) in [(y0, y0 + h), (y1 - h, y1)] {
            let frame = Frame { x0, y0: top, x1, y1: foot };
            if (x1 - x0 - w).abs() <= 2
                && !found.iter().any(|(f, _)| f.meets(&frame))
                && found.iter().any(|(f, _)| (f.y0 - top).abs() <= 3 || (f.x0 - x0).abs() <= 3)
                && frame.mostly_drawn(mended)
                && frame.alone(bits, em_x, em_y)
                && let Some(ink) = frame.inside(bits, strict)
            {
                found.push((frame, ink));
                break;
            }
        }
    }
}

/// Flat pieces (x0, x1, y0, y1) between two lengths, from the top.
fn level_strokes(bits: &Bits, least: i32, most: i32, em_y: f32, map: &Map) -> Vec<(i32, i32, i32, i32)> {
    let mut edges = bits.clone();
    edges.open_h(least.max(4) as usize);
    let mut flat: Vec<_> = Parts::find(&edges, map, false)
        .parts
        .iter()
        .filter(|p| p.x1 - p.x0 <= most && (p.y1 - p.y0) as f32 <= (0.45 * em_y).max(3.0))
        .map(|p| (p.x0, p.x1, p.y0, p.y1))
        .collect();
    flat.sort_by_key(|f| f.2);
    flat
}

/// Strokes grown together over gaps of a few pixels.
pub fn thickened(bits: &Bits, map: &Map) -> Bits {
    let mut out = bits.clone();
    out.close_h((7.0 / map.sx) as usize);
    out.close_v((7.0 / map.sy) as usize);
    out
}

/// The outside of a square outline, native.
struct Frame {
    x0: i32,
    y0: i32,
    x1: i32,
    y1: i32,
}

impl Frame {
    fn is_of(&self, (w, h): (i32, i32)) -> bool {
        (self.x1 - self.x0 - w).abs() <= 2 && (self.y1 - self.y0 - h).abs() <= 2
    }

    /// The same place, more or less?
    fn meets(&self, o: &Self) -> bool {
        let reach = (self.x1 - self.x0) / 3;
        (self.x0 + self.x1 - o.x0 - o.x1).abs() < 2 * reach && (self.y0 + self.y1 - o.y0 - o.y1).abs() < 2 * reach
    }

    /// How much of the left, right, upper and lower side is drawn.
    fn sides(&self, bits: &Bits) -> [f32; 4] {
        let &Self { x0, y0, x1, y1 } = self;
        let (w, h) = (x1 - x0, y1 - y0);
        if w < 4 || h < 3 {
            return [0.0; 4];
        }
        let side = |x: i32| {
            let n = (y0..y1).filter(|&y| bits.ink(x - 1, y) || bits.ink(x, y) || bits.ink(x + 1, y)).count();
            n as f32 / h as f32
        };
        let edge = |y: i32| {
            let n = (x0..x1).filter(|&x| bits.ink(x, y - 1) || bits.ink(x, y) || bits.ink(x, y + 1)).count();
            n as f32 / w as f32
        };
        [side(x0).max(side(x0 + 1)), side(x1 - 1).max(side(x1 - 2)), edge(y0), edge(y1 - 1)]
    }

    /// All four sides are drawn and straight.
    fn drawn(&self, bits: &Bits) -> bool {
        self.sides(bits).iter().all(|s| *s >= 0.85)
    }

    /// Three sides are drawn, or all of them in good part.
    fn mostly_drawn(&self, bits: &Bits) -> bool {
        let mut sides = self.sides(bits);
        sides.sort_by(f32::total_cmp);
        sides[1] >= 0.88 || (sides[0] >= 0.5 && sides.iter().sum::<f32>() >= 2.9)
    }

    /// Is the paper round it white? A tick may leave across one or two sides; 部 and 指 have ink on more of them.
    fn alone(&self, bits: &Bits, em_x: f32, em_y: f32) -> bool {
        let &Self { x0, y0, x1, y1 } = self;
        let (near_x, near_y) = (2, if em_y < 20.0 { 1 } else { 2 });
        let (far_x, far_y) = (near_x + (0.05 * em_x).max(1.0) as i32, near_y + (0.05 * em_y).max(1.0) as i32);
        let share = |a: i32, b: i32, c: i32, d: i32| bits.count(a, b, c, d) as f32 / ((c - a) * (d - b)).max(1) as f32;
        let sides = [
            share(x0 - far_x, y0, x0 - near_x, y1),
            share(x1 + near_x, y0, x1 + far_x, y1),
            share(x0, y0 - far_y, x1, y0 - near_y),
            share(x0, y1 + near_y, x1, y1 + far_y),
        ];
        // The feet of 口 and 日: both corners go on below the bottom stroke, the middle does not.
        let foot = |x: i32| bits.count(x, y1, x + 3, y1 + 2) >= 2;
        let feet = em_y > 20.0
            && foot(x0)
            && foot(x1 - 3)
            && bits.count(x0 + 5, y1, x1 - 5, y1 + 1) * 4 < (x1 - x0 - 10).max(0) as u32;
        let touched = sides.iter().filter(|s| **s > 0.12).count();
        !feet && touched <= 2 && sides.iter().all(|s| *s < 0.45)
    }

    /// Share of ink in the inner 46 %; none where the inside is drawn like 日, 田, 回 or 国.
    fn inside(&self, bits: &Bits, strict: bool) -> Option<f32> {
        let &Self { x0, y0, x1, y1 } = self;
        let (w, h) = (x1 - x0, y1 - y0);
        let (mx, my) = ((w as f32 * 0.27).round() as i32, (h as f32 * 0.27).round() as i32);
        let (a, b, c, d) = (x0 + mx, y0 + my, x1 - mx, y1 - my);
        let share = bits.count(a, b, c, d) as f32 / ((c - a).max(1) * (d - b).max(1)) as f32;
        if share > 0.8 {
            return Some(share);
        }
        // Straight strokes from side to side: a tick has none, though it may come in through one side.
        let (ix, iy) = ((w as f32 * 0.13).round() as i32, (h as f32 * 0.13).round().max(1.0) as i32);
        let (wide, tall) = ((w - 2 * ix).max(1), (h - 2 * iy).max(1));
        let bar = |y: i32| bits.count_row(y, x0 + ix, x1 - ix) as f32 >= 0.9 * wide as f32;
        let bars = (y0 + iy + 1..y1 - iy - 1).filter(|&y| bar(y)).count();
        if bars > 0 && (bars as f32) < 0.4 * h as f32 {
            return None;
        }
        // One upright stroke may be a tick's; 四 has two.
        let post = |x: i32| (y0 + iy..y1 - iy).filter(|&y| bits.ink(x, y)).count() as f32 >= 0.93 * tall as f32;
        let (mut posts, mut on) = (0, false);
        for x in x0 + ix + 2..x1 - ix - 2 {
            let here = tall > 4 && post(x);
            posts += u32::from(here && !on);
            on = here;
        }
        if posts > 1 {
            return None;
        }
        // Two or more separate level strokes: 国, 固, 回.
        let level = |y: i32| longest(bits, y, x0 + ix, x1 - ix) as f32 >= 0.42 * wide as f32;
        let mut groups = 0;
        let mut on = false;
        for y in y0 + iy..y1 - iy {
            let here = level(y);
            groups += u32::from(here && !on);
            on = here;
        }
        // A tick crosses a row or a column once or twice.
        let crossings = |lines: i32, across: i32, at: &dyn Fn(i32, i32) -> bool| {
            let starts = |l: i32| (0..across).filter(|&i| at(l, i) && (i == 0 || !at(l, i - 1))).count();
            (0..lines).map(starts).sum::<usize>() as f32 / lines.max(1) as f32
        };
        let rows = crossings(tall, wide, &|l, i| bits.ink(x0 + ix + i, y0 + iy + l));
        let columns = crossings(wide, tall, &|l, i| bits.ink(x0 + ix + l, y0 + iy + i));
        let most = if strict { (1.9, 1.75) } else { (2.2, 2.2) };
        (groups < 2 && rows < most.0 && columns < most.1).then_some(share)
    }
}

/// Longest run of ink in a row between two columns.
fn longest(bits: &Bits, y: i32, x0: i32, x1: i32) -> i32 {
    let (mut best, mut length) = (0, 0);
    for x in x0..x1 {
        length = if bits.ink(x, y) { length + 1 } else { 0 };
        best = best.max(length);
    }
    best
}

/// Share of ink between `inner` and `outer` page pixels outside a rectangle on the page.
pub fn annulus(bits: &Bits, map: &Map, area: Area, inner: f32, outer: f32) -> f32 {
    let (mut ink, mut all) = (0u32, 0u32);
    for_each_native(
        map,
        Area { u0: area.u0 - outer, v0: area.v0 - outer, u1: area.u1 + outer, v1: area.v1 + outer },
        |x, y, u, v| {
            let du = (area.u0 - u).max(u - area.u1).max(0.0);
            let dv = (area.v0 - v).max(v - area.v1).max(0.0);
            let d = du.hypot(dv);
            if d >= inner && d <= outer {
                all += 1;
                ink += u32::from(bits.ink(x, y));
            }
        },
    );
    ink as f32 / all.max(1) as f32
}

/// Share of ink inside a rectangle on the page.
pub fn share(bits: &Bits, map: &Map, area: Area) -> f32 {
    let (mut ink, mut all) = (0u32, 0u32);
    for_each_native(map, area, |x, y, u, v| {
        if u >= area.u0 && u < area.u1 && v >= area.v0 && v < area.v1 {
            all += 1;
            ink += u32::from(bits.ink(x, y));
        }
    });
    ink as f32 / all.max(1) as f32
}

/// Longest straight stroke at mid height over a glyph and a little to both sides, as a share of that width.
pub fn strike(bits: &Bits, map: &Map, area: Area) -> f32 {
    let beyond = 0.15 * area.height();
    let (u0, u1) = (area.u0 - beyond, area.u1 + beyond);
    let (v0, v1) = (area.v0 + 0.3 * area.height(), area.v0 + 0.7 * area.height());
    let step = 1.0 / map.sx.max(0.25);
    let across = ((u1 - u0) / map.sx).max(1.0) as usize;
    let mut most = 0usize;
    let mut v = v0;
    while v <= v1 {
        let (mut length, mut best) = (0usize, 0usize);
        for i in 0..across {
            let (x, y) = map.to_native(u0 + i as f32 * map.sx, v);
            let (x, y) = (x.floor() as i32, y.floor() as i32);
            if bits.ink(x, y) || bits.ink(x, y - 1) || bits.ink(x, y + 1) {
                length += 1;
                best = best.max(length);
            } else {
                length = 0;
            }
        }
        most = most.max(best);
        v += map.sy.max(step);
    }
    most as f32 / across as f32
}

/// Calls with each native pixel (x, y) near a page rectangle and its centre on the page.
fn for_each_native(map: &Map, area: Area, mut f: impl FnMut(i32, i32, f32, f32)) {
    if area.width() > 4000.0 || area.height() > 4000.0 {
        return;
    }
    let corners = [(area.u0, area.v0), (area.u1, area.v0), (area.u0, area.v1), (area.u1, area.v1)];
    let (mut x0, mut y0, mut x1, mut y1) = (f32::MAX, f32::MAX, f32::MIN, f32::MIN);
    for (u, v) in corners {
        let (x, y) = map.to_native(u, v);
        (x0, y0, x1, y1) = (x0.min(x), y0.min(y), x1.max(x), y1.max(y));
    }
    for y in y0.floor() as i32..=y1.ceil() as i32 {
        for x in x0.floor() as i32..=x1.ceil() as i32 {
            let (u, v) = map.to_page(x as f32 + 0.5, y as f32 + 0.5);
            f(x, y, u, v);
        }
    }
}
