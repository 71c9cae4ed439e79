//! Connected pieces of ink, over runs: bounds in native and in page pixels, and the runs of each piece.

use super::bits::Bits;
use super::geometry::{Area, Map};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    pub y: u32,
    pub x0: u32,
    /// One past the last pixel.
    pub x1: u32,
    pub part: u32,
}

/// One connected piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    pub x0: i32,
    pub y0: i32,
    pub x1: i32,
    pub y1: i32,
    /// Native pixels.
    pub ink: u32,
    /// Bounds on the level page.
    pub area: Area,
    /// Where its runs stand in [`Parts::by_part`].
    pub first: u32,
    pub runs: u32,
}

#[derive(Debug, Clone, Default)]
pub struct Parts {
    pub parts: Vec<Part>,
    /// In raster order.
    runs: Vec<Run>,
    /// Index of the first run of each row, and one more.
    rows: Vec<u32>,
    by_part: Vec<u32>,
}

impl Parts {
    /// `diagonal`: pixels that touch at corners belong together (ink), else not (paper between ruled lines).
    pub fn find(bits: &Bits, map: &Map, diagonal: bool) -> Self {
        let (mut runs, rows) = runs_of(bits);
        let mut parent: Vec<u32> = (0..runs.len() as u32).collect();
        let reach = u32::from(diagonal);
        for y in 1..bits.height {
            let (mut above, end_above) = (rows[y - 1] as usize, rows[y] as usize);
            for here in rows[y] as usize..rows[y + 1] as usize {
                let r = runs[here];
                while above < end_above && runs[above].x1 + reach <= r.x0 {
                    above += 1;
                }
                let mut k = above;
                while k < end_above && runs[k].x0 < r.x1 + reach {
                    join(&mut parent, k as u32, here as u32);
                    k += 1;
                }
            }
        }
        let mut number = vec![u32::MAX; runs.len()];
        let mut parts: Vec<Part> = Vec::new();
        for (i, run) in runs.iter_mut().enumerate() {
            let root = root(&mut parent, i as u32) as usize;
            if number[root] == u32::MAX {
                number[root] = parts.len() as u32;
                parts.push(Part {
                    x0: i32::MAX,
                    y0: i32::MAX,
                    x1: 0,
                    y1: 0,
                    ink: 0,
                    area: Area::NONE,
                    first: 0,
                    runs: 0,
                });
            }
            run.part = number[root];
            let p = &mut parts[run.part as usize];
            let (x0, x1, y) = (run.x0 as i32, run.x1 as i32, run.y as i32);
            p.x0 = p.x0.min(x0);
            p.x1 = p.x1.max(x1);
            p.y0 = p.y0.min(y);
            p.y1 = p.y1.max(y + 1);
            p.ink += run.x1 - run.x0;
            p.runs += 1;
            p.area = p.area.union(&run_area(run, map));
        }
        let mut at = 0;
        for p in &mut parts {
            p.first = at;
            at += p.runs;
        }
        let mut next: Vec<u32> = parts.iter().map(|p| p.first).collect();
        let mut by_part = vec![0; runs.len()];
        for (i, run) in runs.iter().enumerate() {
            let slot = &mut next[run.part as usize];
            by_part[*slot as usize] = i as u32;
            *slot += 1;
        }
        Self { parts, runs, rows, by_part }
    }

    /// Runs of one piece, top to bottom.
    pub fn runs(&self, part: usize) -> impl Iterator<Item = &Run> + '_ {
        let (first, n) = self.parts.get(part).map_or((0, 0), |p| (p.first as usize, p.runs as usize));
        self.by_part[first..first + n].iter().map(|&i| &self.runs[i as usize])
    }

    /// The piece at a native pixel.
    pub fn at(&self, x: i32, y: i32) -> Option<u32> {
        if x < 0 || y < 0 || y as usize + 1 >= self.rows.len() {
            return None;
        }
        let row = &self.runs[self.rows[y as usize] as usize..self.rows[y as usize + 1] as usize];
        let i = row.partition_point(|r| r.x1 <= x as u32);
        row.get(i).filter(|r| r.x0 <= x as u32).map(|r| r.part)
    }

    /// Takes the piece's ink out of an image of the same size.
    pub fn erase(&self, part: usize, bits: &mut Bits) {
        for r in self.runs(part) {
            bits.fill(r.y as usize, r.x0 as usize, r.x1 as usize, false);
        }
    }
}

/// Bounds of a run on the level page.
pub fn run_area(run: &Run, map: &Map) -> Area {
    let (x0, x1, y) = (run.x0 as f32, run.x1 as f32, run.y as f32);
    let a = map.to_page(x0, y + 0.5);
    let b = map.to_page(x1, y + 0.5);
    let half = map.sy / 2.0;
    Area { u0: a.0, v0: a.1.min(b.1) - half, u1: b.0, v1: a.1.max(b.1) + half }
}

fn runs_of(bits: &Bits) -> (Vec<Run>, Vec<u32>) {
    let mut runs = Vec::new();
    let mut rows = Vec::with_capacity(bits.height + 1);
    let width = bits.width as u32;
    for y in 0..bits.height {
        rows.push(runs.len() as u32);
        let mut start: Option<u32> = None;
        for (w, &word) in bits.row(y).iter().enumerate() {
            let base = w as u32 * 64;
            match start {
                None if word == 0 => continue,
                Some(_) if word == u64::MAX => continue,
                _ => {}
            }
            let mut at = 0u32;
            while at < 64 {
                let rest = if start.is_some() { !word } else { word } >> at;
                if rest == 0 {
                    break;
                }
                at += rest.trailing_zeros();
                match start.take() {
                    Some(x0) => runs.push(Run { y: y as u32, x0, x1: base + at, part: 0 }),
                    None => start = Some(base + at),
                }
            }
        }
        if let Some(x0) = start {
            runs.push(Run { y: y as u32, x0, x1: width, part: 0 });
        }
    }
    rows.push(runs.len() as u32);
    (runs, rows)
}

fn root(parent: &mut [u32], mut i: u32) -> u32 {
    while parent[i as usize] != i {
        let up = parent[parent[i as usize] as usize];
        parent[i as usize] = up;
        i = up;
    }
    i
}

fn join(parent: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parent, a), root(parent, b));
    // The smaller index wins, so that pieces are numbered from the top.
    if a < b {
        parent[b as usize] = a;
    } else {
        parent[a as usize] = b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flood(bits: &Bits, diagonal: bool) -> usize {
        let mut seen = vec![false; bits.width * bits.height];
        let mut n = 0;
        for s in 0..seen.len() {
            if seen[s] || !bits.get(s % bits.width, s / bits.width) {
                continue;
            }
            n += 1;
            let mut todo = vec![s];
            seen[s] = true;
            while let Some(i) = todo.pop() {
                let (x, y) = ((i % bits.width) as i32, (i / bits.width) as i32);
                for (dx, dy) in [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1), (-1, 1), (1, -1)] {
                    if (diagonal || dx == 0 || dy == 0) && bits.ink(x + dx, y + dy) {
                        let k = (y + dy) as usize * bits.width + (x + dx) as usize;
                        if !seen[k] {
                            seen[k] = true;
                            todo.push(k);
                        }
                    }
                }
            }
        }
        n
    }

    proptest! {
        #[test]
        fn as_many_pieces_as_a_flood_fill_finds(
            w in 1usize..140, h in 1usize..12, seed in proptest::collection::vec(0u8..3, 97), diagonal in any::<bool>(),
        ) {
            let bits = Bits::from_fn(w, h, |i| seed[(i * 31 + i / 7) % 97] == 0);
            let map = Map::new(w, h, (200.0, 200.0), 0.0);
            let found = Parts::find(&bits, &map, diagonal);
            prop_assert_eq!(found.parts.len(), flood(&bits, diagonal));
            let ink: u32 = found.parts.iter().map(|p| p.ink).sum();
            prop_assert_eq!(ink, bits.count(0, 0, w as i32, h as i32));
            for (i, p) in found.parts.iter().enumerate() {
                for r in found.runs(i) {
                    prop_assert_eq!(found.at(r.x0 as i32, r.y as i32), Some(i as u32));
                    prop_assert!(r.x0 as i32 >= p.x0 && r.x1 as i32 <= p.x1);
                }
            }
        }
    }
}
