//! Ink against ink: the same places of two page images, brought over each other, and what stands in one only.
//!
//! Works on pixels that came from outside, so it runs in the reading child. Knows nothing of text or fields: it measures,
//! [`super`] judges. A fax of the same paper differs by a pixel or two along every edge (threshold, blur, sampling) and by
//! specks; a changed stroke leaves ink that has no partner within that reach.

use serde::{Deserialize, Serialize};

use crate::model::Rect;
use crate::raster::Raster;

/// From the old page's pixels to the new one's: x' = a·x + b·y + c, y' = d·x + e·y + f.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Map {
    pub a: f32,
    pub b: f32,
    pub c: f32,
    pub d: f32,
    pub e: f32,
    pub f: f32,
}

impl Map {
    pub fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f)
    }

    /// Where a rectangle comes to lie.
    pub fn rect(&self, r: &Rect) -> Rect {
        let ((x0, y0), (x1, y1)) = (self.at(r.x0 as f32, r.y0 as f32), self.at(r.x1 as f32, r.y1 as f32));
        Rect::new(x0.round() as i32, y0.round() as i32, x1.round() as i32, y1.round() as i32)
    }

    /// The way back; none where the map is not a way at all.
    pub fn inverse(&self) -> Option<Map> {
        let det = self.a * self.e - self.b * self.d;
        if det.abs() < 0.5 {
            return None;
        }
        let (a, b, d, e) = (self.e / det, -self.b / det, -self.d / det, self.a / det);
        Some(Map { a, b, c: -(a * self.c + b * self.f), d, e, f: -(d * self.c + e * self.f) })
    }
}

/// What is asked about two page images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    pub map: Map,
    /// Places to compare, in the old page's pixels.
    pub windows: Vec<Rect>,
    /// One of the pages came at 98 lines an inch.
    pub coarse: bool,
    /// Ruled lines and other places of the old and of the new page where stray ink says nothing.
    pub mute: (Vec<Rect>, Vec<Rect>),
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// One for each window.
    pub windows: Vec<Seen>,
    /// What lies outside of all windows and differs, tile by tile, in the old page's pixels: marks, and text that nobody
    /// read.
    pub rest: Vec<(Rect, Seen)>,
}

/// How one window differs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Pixels of the largest piece of ink without a partner within reach.
    pub piece: u32,
    /// All such pixels.
    pub all: u32,
    /// Ink of both, pixels.
    pub ink: u32,
}

/// Furthest that a window may lie from where the map says, pixels.
const SEARCH: i32 = 7;
/// Pixels round a window that help to find its place.
const AROUND: i32 = 16;

/// Scores that differ by less tell nothing: what the way from where the map says costs, for four pixels.
const PLATEAU: f32 = 0.0085;

/// Tiles in which the rest of the page is looked at, pixels.
const TILE: (i32, i32) = (48, 40);
/// Less ink that hangs together is a speck, pixels.
const SPECK: u32 = 12;
/// A line from a tile's edge that is no thicker (or more aslant) than this is a rule, or a scratch on the glass.
const RULE: i32 = 7;
/// Paper this close to the edges is not looked at: dark edges of the glass, the sending machine's line.
const RIM: i32 = 36;

/// Compares. Both images as they are shown to people: upright, 200 dpi.
pub fn compare(old: &Raster, new: &Raster, q: &Question) -> Answer {
    let (a, b) = (Page::of(old), Page::of(new));
    let windows = q
        .windows
        .iter()
        .map(|w| Rect::new(w.x0 - 1, w.y0 - 2, w.x1 + 1, w.y1 + 2))
        .map(|core| place(&a, &b, q, &core).seen(&a, &b, &core, q.coarse, false))
        .collect();
    Answer { windows, rest: rest(&a, &b, q) }
}

/// Where a place of the old page lies on the new one.
struct Shift(i32, i32);

/// Searches round where the map says, with the ink round the place as a guide.
fn place(a: &Page, b: &Page, q: &Question, core: &Rect) -> Shift {
    let (cx, cy) = core.center();
    let (nx, ny) = q.map.at(cx as f32, cy as f32);
    let (ox, oy) = (nx.round() as i32 - cx, ny.round() as i32 - cy);
    // Room for the search on each side; what is wider than a row is looked at around its middle.
    let wide = (128 - 2 * SEARCH).min(core.width() + 2 * AROUND);
    let around = Rect::new(cx - wide / 2, core.y0 - AROUND / 2, cx - wide / 2 + wide, core.y1 + AROUND / 2);
    let fixed = a.patch(&around);
    let there = b.patch(&Rect::new(
        around.x0 + ox - SEARCH,
        around.y0 + oy - SEARCH,
        around.x1 + ox + SEARCH,
        around.y1 + oy + SEARCH,
    ));
    let mut scores = Vec::with_capacity((2 * SEARCH as usize + 1).pow(2));
    for dy in -SEARCH..=SEARCH {
        for dx in -SEARCH..=SEARCH {
            let score = fixed.overlap(&there, dx + SEARCH, dy + SEARCH) - 0.002 * (dx.abs() + dy.abs()) as f32;
            scores.push((score, dx, dy));
        }
    }
    let best = scores.iter().fold((-1.0f32, 0, 0), |best, s| if s.0 > best.0 { *s } else { best });
    // A thin stroke lies within a thick one in several places alike: the middle of them, next to the best.
    let (mut n, mut sx, mut sy) = (0, 0, 0);
    for (score, dx, dy) in scores {
        if score > best.0 - PLATEAU && (dx - best.1).abs() <= 2 && (dy - best.2).abs() <= 2 {
            (n, sx, sy) = (n + 1, sx + dx, sy + dy);
        }
    }
    let middle = |sum: i32| (sum as f32 / n.max(1) as f32).round() as i32;
    Shift(ox + middle(sx), oy + middle(sy))
}

impl Shift {
    fn of(&self, r: &Rect) -> Rect {
        Rect::new(r.x0 + self.0, r.y0 + self.1, r.x1 + self.0, r.y1 + self.1)
    }

    /// How the place differs there; of the `rest` without what runs right through.
    fn seen(&self, a: &Page, b: &Page, core: &Rect, coarse: bool, rest: bool) -> Seen {
        let reach = if coarse { (1, 2) } else { (1, 1) };
        let margin = 3;
        let mut seen = Seen::default();
        let mut left = *core;
        while left.x0 < core.x1 {
            left.x1 = core.x1.min(left.x0 + 128 - 2 * margin);
            let r = Rect::new(left.x0 - margin, left.y0 - margin, left.x1 + margin, left.y1 + margin);
            let (pa, pb) = (a.patch(&r), b.patch(&self.of(&r)));
            let (ka, kb) = (a.counted(&r), b.counted(&self.of(&r)));
            let ua = pa.without(&pb.grown(reach)).and(&ka).inner(margin);
            let ub = pb.without(&pa.grown(reach)).and(&kb).inner(margin);
            let (wide, high) = (left.width(), left.height());
            for u in [ua, ub] {
                u.pieces(|n, at| {
                    // A line that comes from the next tile is a rule's or a scratch's.
                    let (w, h) = (at.width(), at.height());
                    let across = h <= RULE && w > 2 * h && (at.x0 == 0 || at.x1 == wide);
                    let down = w <= RULE && h > 2 * w && (at.y0 == 0 || at.y1 == high);
                    if !(rest && (across || down)) {
                        seen.piece = seen.piece.max(n);
                        seen.all += n;
                    }
                });
            }
            seen.ink += pa.and(&ka).inner(margin).count() + pb.and(&kb).inner(margin).count();
            left.x0 = left.x1;
        }
        seen
    }
}

/// What the windows leave over, tile by tile.
fn rest(a: &Page, b: &Page, q: &Question) -> Vec<(Rect, Seen)> {
    let (mut a, mut b) = (a.clone(), b.clone());
    a.count_without(q.windows.iter().copied().chain(q.mute.0.iter().copied()));
    b.count_without(q.windows.iter().map(|r| q.map.rect(r)).chain(q.mute.1.iter().copied()));
    let mut found = Vec::new();
    let mut y = RIM;
    while y < a.height - RIM {
        let mut x = RIM;
        while x < a.width - RIM {
            let tile = Rect::new(x, y, (x + TILE.0).min(a.width - RIM), (y + TILE.1).min(a.height - RIM));
            let there = q.map.rect(&tile);
            if a.counted(&tile).and(&a.patch(&tile)).count() + b.counted(&there).and(&b.patch(&there)).count() > SPECK {
                let seen = place(&a, &b, q, &tile).seen(&a, &b, &tile, q.coarse, true);
                if seen.piece > 0 {
                    found.push((tile, seen));
                }
            }
            x += TILE.0;
        }
        y += TILE.1;
    }
    found
}

/// Ink of a page, and where it counts.
#[derive(Clone)]
struct Page {
    width: i32,
    height: i32,
    ink: Vec<bool>,
    /// Empty: everywhere.
    counts: Vec<bool>,
}

impl Page {
    fn of(r: &Raster) -> Page {
        let ink = r.gray.iter().map(|g| *g < 128).collect();
        Page { width: r.width as i32, height: r.height as i32, ink, counts: Vec::new() }
    }

    /// Ink near these places does not count.
    fn count_without(&mut self, places: impl Iterator<Item = Rect>) {
        self.counts = vec![true; self.ink.len()];
        for r in places {
            let (x0, x1) = ((r.x0 - 4).clamp(0, self.width) as usize, (r.x1 + 4).clamp(0, self.width) as usize);
            for y in (r.y0 - 4).max(0)..(r.y1 + 4).min(self.height) {
                let row = (y * self.width) as usize;
                if x0 < x1 {
                    self.counts[row + x0..row + x1].fill(false);
                }
            }
        }
        let mut seen = vec![false; self.ink.len()];
        let mut piece = Vec::new();
        for at in 0..self.ink.len() {
            if seen[at] || !self.ink[at] {
                continue;
            }
            self.piece(at, &mut seen, &mut piece);
            if piece.len() <= SPECK as usize {
                piece.iter().for_each(|p| self.counts[*p] = false);
            }
        }
    }

    /// Collects the piece of ink that hangs together with `at`.
    fn piece(&self, at: usize, seen: &mut [bool], piece: &mut Vec<usize>) {
        piece.clear();
        piece.push(at);
        seen[at] = true;
        let mut next = 0;
        while next < piece.len() {
            let (x, y) = (piece[next] as i32 % self.width, piece[next] as i32 / self.width);
            next += 1;
            for v in (y - 1).max(0)..(y + 2).min(self.height) {
                for u in (x - 1).max(0)..(x + 2).min(self.width) {
                    let q = (v * self.width + u) as usize;
                    if self.ink[q] && !std::mem::replace(&mut seen[q], true) {
                        piece.push(q);
                    }
                }
            }
        }
    }

    fn counted(&self, r: &Rect) -> Patch {
        if self.counts.is_empty() {
            return Patch { width: r.width(), rows: vec![u128::MAX; r.height().max(0) as usize] };
        }
        self.bits(&self.counts, r)
    }

    fn patch(&self, r: &Rect) -> Patch {
        self.bits(&self.ink, r)
    }

    fn bits(&self, from: &[bool], r: &Rect) -> Patch {
        let rows = (r.y0..r.y1)
            .map(|y| {
                let mut row = 0u128;
                if y >= 0 && y < self.height {
                    for x in r.x0.max(0)..r.x1.min(self.width) {
                        row |= u128::from(from[(y * self.width + x) as usize]) << (x - r.x0);
                    }
                }
                row
            })
            .collect();
        Patch { width: r.width(), rows }
    }
}

/// A piece of a page, at most 128 pixels wide.
#[derive(Clone)]
struct Patch {
    width: i32,
    rows: Vec<u128>,
}

impl Patch {
    fn count(&self) -> u32 {
        self.rows.iter().map(|r| r.count_ones()).sum()
    }

    /// Twice the common ink over all ink, this patch laid into a larger one at (dx, dy).
    fn overlap(&self, larger: &Patch, dx: i32, dy: i32) -> f32 {
        let mask = if self.width >= 128 { u128::MAX } else { (1u128 << self.width) - 1 };
        let (mut common, mut all) = (0, 0);
        for (y, row) in self.rows.iter().enumerate() {
            let other = (larger.rows[y + dy as usize] >> dx) & mask;
            common += (row & other).count_ones();
            all += row.count_ones() + other.count_ones();
        }
        2.0 * common as f32 / all.max(1) as f32
    }

    /// Every pixel grown by so many to the sides and up and down.
    fn grown(&self, (rx, ry): (i32, i32)) -> Patch {
        let mut wide = self.clone();
        for row in &mut wide.rows {
            for k in 1..=rx {
                *row |= (*row << k) | (*row >> k);
            }
        }
        let n = wide.rows.len() as i32;
        let rows = (0..n)
            .map(|y| (y - ry..=y + ry).filter(|v| (0..n).contains(v)).fold(0, |acc, v| acc | wide.rows[v as usize]))
            .collect();
        Patch { width: self.width, rows }
    }

    fn and(&self, o: &Patch) -> Patch {
        Patch { width: self.width, rows: self.rows.iter().zip(&o.rows).map(|(a, b)| a & b).collect() }
    }

    fn without(&self, o: &Patch) -> Patch {
        Patch { width: self.width, rows: self.rows.iter().zip(&o.rows).map(|(a, b)| a & !b).collect() }
    }

    /// Without a rim of so many pixels.
    fn inner(&self, m: i32) -> Patch {
        let width = (self.width - 2 * m).max(0);
        let mask = if width >= 128 { u128::MAX } else { (1u128 << width) - 1 };
        let n = self.rows.len();
        Patch {
            width,
            rows: self.rows[(m as usize).min(n)..n.saturating_sub(m as usize).max((m as usize).min(n))]
                .iter()
                .map(|r| (r >> m) & mask)
                .collect(),
        }
    }

    /// Takes the pieces that hang together, corners included, one after the other: pixels and place.
    fn pieces(mut self, mut each: impl FnMut(u32, Rect)) {
        for y in 0..self.rows.len() {
            while self.rows[y] != 0 {
                let (mut first, mut last) = (y, y);
                let mut piece = vec![0u128; self.rows.len()];
                piece[y] = 1 << self.rows[y].trailing_zeros();
                loop {
                    let mut more = false;
                    for v in first.saturating_sub(1)..(last + 2).min(piece.len()) {
                        let above = if v > 0 { piece[v - 1] } else { 0 };
                        let near = piece[v] | above | piece.get(v + 1).copied().unwrap_or(0);
                        let found = (near | near << 1 | near >> 1) & self.rows[v] | piece[v];
                        if found != piece[v] {
                            piece[v] = found;
                            (first, last, more) = (first.min(v), last.max(v), true);
                        }
                    }
                    if !more {
                        break;
                    }
                }
                let all = piece.iter().fold(0, |a, r| a | r);
                let (x0, x1) = (all.trailing_zeros() as i32, 128 - all.leading_zeros() as i32);
                each(piece.iter().map(|r| r.count_ones()).sum(), Rect::new(x0, first as i32, x1, last as i32 + 1));
                for (r, p) in self.rows.iter_mut().zip(&piece) {
                    *r &= !p;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strokes of a page, each a filled rectangle, moved by (dx, dy) and grown by `thick`.
    fn page(strokes: &[Rect], dx: i32, dy: i32, thick: i32) -> Raster {
        let (width, height) = (400, 300);
        let mut r = Raster::white(width, height, (200.0, 200.0));
        for s in strokes {
            for y in s.y0 + dy - thick..s.y1 + dy + thick {
                for x in s.x0 + dx - thick..s.x1 + dx + thick {
                    r.gray[y as usize * width + x as usize] = 0;
                }
            }
        }
        r
    }

    /// A figure of seven segments.
    fn figure(x: i32, y: i32, segments: &str) -> Vec<Rect> {
        segments
            .chars()
            .map(|c| match c {
                'a' => Rect::new(x, y, x + 12, y + 3),
                'b' => Rect::new(x + 9, y, x + 12, y + 12),
                'c' => Rect::new(x + 9, y + 10, x + 12, y + 22),
                'd' => Rect::new(x, y + 19, x + 12, y + 22),
                'e' => Rect::new(x, y + 10, x + 3, y + 22),
                'f' => Rect::new(x, y, x + 3, y + 12),
                _ => Rect::new(x, y + 10, x + 12, y + 13),
            })
            .collect()
    }

    const STAY: Map = Map { a: 1.0, b: 0.0, c: 0.0, d: 0.0, e: 1.0, f: 0.0 };

    fn ask(windows: Vec<Rect>) -> Question {
        Question { map: STAY, windows, coarse: false, mute: (Vec::new(), Vec::new()) }
    }

    #[test]
    fn the_same_figures_elsewhere_and_thicker_are_the_same_and_one_stroke_tells() {
        let window = Rect::new(100, 100, 112, 122);
        let neighbours = [figure(80, 100, "abcdeg"), figure(120, 100, "bc")].concat();
        let three = [figure(100, 100, "abcdg"), neighbours.clone()].concat();
        let eight = [figure(100, 100, "abcdefg"), neighbours.clone()].concat();
        let q = ask(vec![window]);
        let same = compare(&page(&three, 0, 0, 0), &page(&three, 4, -3, 1), &q).windows[0];
        assert_eq!((same.piece, same.all), (0, 0));
        let other = compare(&page(&three, 0, 0, 0), &page(&eight, 4, -3, 0), &q).windows[0];
        assert!(other.piece >= 10, "{other:?}");
        let gone = compare(&page(&three, 0, 0, 0), &page(&neighbours, 0, 0, 0), &q).windows[0];
        assert_eq!(gone.all, gone.ink);
    }

    #[test]
    fn marks_and_unread_text_are_seen_but_no_specks_rules_or_edges() {
        let text = figure(100, 100, "abcdg");
        let q = ask(vec![Rect::new(100, 100, 112, 122)]);
        let rest = |more: &[Rect]| compare(&page(&text, 0, 0, 0), &page(&[&text, more].concat(), 0, 0, 0), &q).rest;
        assert!(rest(&[]).is_empty());
        assert!(rest(&[Rect::new(200, 200, 203, 203)]).is_empty(), "a speck");
        assert!(rest(&[Rect::new(60, 150, 340, 153)]).is_empty(), "a rule");
        assert!(rest(&[Rect::new(0, 0, 8, 300), Rect::new(50, 10, 300, 30)]).is_empty(), "edge and top line");
        let seen = rest(&figure(240, 180, "abcdefg"));
        assert!(seen.iter().any(|(_, s)| s.piece > 40), "{seen:?}");
    }

    #[test]
    fn maps_have_a_way_back() {
        let map = Map { a: 1.01, b: 0.01, c: 5.0, d: -0.01, e: 0.99, f: -7.0 };
        let (x, y) = map.at(321.0, 654.0);
        let (u, v) = map.inverse().expect("a way back").at(x, y);
        assert!((u - 321.0).abs() < 0.01 && (v - 654.0).abs() < 0.01);
        assert_eq!(Map { a: 0.0, b: 0.0, ..map }.inverse(), None);
    }
}
