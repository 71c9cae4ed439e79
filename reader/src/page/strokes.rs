//! How the strokes of one character run: what tells a pen from print, without knowing what the character says.
//!
//! Print is level, upright and of one thickness; a hand's strokes lean, a little differently in each character. Whether a
//! character leans is asked of its ink as a whole: sheared by some degrees, rows (or columns) of ink fall together best at
//! the angle at which the strokes run.

use super::bits::Bits;
use super::geometry::{Area, Map};

/// The ink of one character. Lengths in page pixels, angles in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Strokes {
    pub x0: f32,
    pub x1: f32,
    pub y0: f32,
    pub y1: f32,
    /// Area of the ink.
    pub ink: f32,
    /// Angle at which its level strokes run, and how much more they fall together there than at none (natural log).
    pub tilt: f32,
    pub tilt_gain: f32,
    /// The same for upright strokes.
    pub lean: f32,
    pub lean_gain: f32,
    /// How much its rows of ink differ (natural log; 0: all alike), and its columns.
    pub rows: f32,
    pub columns: f32,
    /// Mean length of its level edges, and of its upright ones; each counted by its length.
    pub level: f32,
    pub upright: f32,
    /// Thickness of level strokes, and of upright ones.
    pub thick_level: f32,
    pub thick_upright: f32,
    /// How much thickness varies: the upper quartile over the lower (natural log).
    pub uneven: f32,
}

/// Steps of the angle to both sides of none, and degrees a step.
const STEPS: i32 = 5;
const DEGREES: f32 = 1.5;

/// Measures what lies in `area`; nothing where there is hardly any ink.
pub fn strokes(bits: &Bits, map: &Map, area: Area) -> Option<Strokes> {
    let grid = Grid::cut(bits, map, area)?;
    let cells: Vec<(f32, f32)> =
        grid.ink().map(|(x, y)| ((x as f32 + 0.5) * map.sx, (y as f32 + 0.5) * map.sy)).collect();
    if cells.len() < 8 {
        return None;
    }
    let size = (grid.width as f32 * map.sx, grid.height as f32 * map.sy);
    let (tilt, tilt_gain, rows) = best_angle(cells.iter().map(|c| (c.1, c.0 - size.0 / 2.0)), cells.len(), size.1);
    let (lean, lean_gain, columns) = best_angle(cells.iter().map(|c| (c.0, c.1 - size.1 / 2.0)), cells.len(), size.0);
    let down: Vec<f32> = grid.runs(true).map(|n| n as f32 * map.sy).collect();
    let across: Vec<f32> = grid.runs(false).map(|n| n as f32 * map.sx).collect();
    let (thin, thick_upright, thick) = quartiles(across);
    let (_, thick_level, _) = quartiles(down);
    Some(Strokes {
        x0: grid.left,
        x1: grid.left + size.0,
        y0: grid.top,
        y1: grid.top + size.1,
        ink: cells.len() as f32 * map.sx * map.sy,
        tilt,
        tilt_gain,
        lean,
        lean_gain,
        rows,
        columns,
        level: grid.edges(true) * map.sx,
        upright: grid.edges(false) * map.sy,
        thick_level,
        thick_upright,
        uneven: (thick.max(0.5) / thin.max(0.5)).ln(),
    })
}

/// The angle at which `(place, arm)`, moved by `arm · tan`, fall together best; the gain over none; the peaks at none.
fn best_angle(points: impl Iterator<Item = (f32, f32)> + Clone, n: usize, extent: f32) -> (f32, f32, f32) {
    let energy = |step: i32| {
        let tan = (step as f32 * DEGREES).to_radians().tan();
        // half a page pixel a bin, and a kernel of three: the grid of the fax must not speak for any angle
        let mut bins = vec![0.0f32; (extent * 2.0) as usize + 40];
        for (place, arm) in points.clone() {
            let at = ((place + arm * tan) * 2.0 + 16.0).clamp(2.0, bins.len() as f32 - 4.0);
            let (i, part) = (at as usize, at.fract());
            for (k, w) in
                [0.5 * (1.0 - part), 0.5 + 0.5 * (1.0 - part), 0.5 + 0.5 * part, 0.5 * part].iter().enumerate()
            {
                bins[i - 1 + k] += w;
            }
        }
        bins.iter().map(|b| b * b).sum::<f32>()
    };
    let none = energy(0).max(1e-3);
    let mut best = (0, none);
    for step in (1..=STEPS).flat_map(|s| [s, -s]) {
        let e = energy(step);
        if e > best.1 {
            best = (step, e);
        }
    }
    let even = (2.0 * n as f32).powi(2) / (2.0 * extent).max(1.0);
    (best.0 as f32 * DEGREES, (best.1 / none).ln(), (none / even.max(1e-3)).ln())
}

/// Lower quartile, median, upper quartile.
fn quartiles(mut v: Vec<f32>) -> (f32, f32, f32) {
    v.sort_by(f32::total_cmp);
    let at = |share: f32| v.get((share * v.len() as f32) as usize).copied().unwrap_or(0.0);
    (at(0.25), at(0.5), at(0.75))
}

/// A small piece of the page, native pixels, tight round its ink.
struct Grid {
    width: usize,
    height: usize,
    cells: Vec<bool>,
    /// Its upper left corner on the page.
    left: f32,
    top: f32,
}

impl Grid {
    fn cut(bits: &Bits, map: &Map, area: Area) -> Option<Grid> {
        let (x, y) = map.to_native(area.mid_u(), area.mid_v());
        let (w, h) = (area.width() / map.sx / 2.0, area.height() / map.sy / 2.0);
        // no character is so large
        if w.max(h) > 200.0 {
            return None;
        }
        let (x0, x1) = ((x - w).round() as i32, (x + w).round() as i32);
        let (y0, y1) = ((y - h).round() as i32, (y + h).round() as i32);
        let row = |y: &i32| bits.count_row(*y, x0, x1) > 0;
        let (top, bottom) = ((y0..y1).find(row)?, (y0..y1).rev().find(row)? + 1);
        let column = |x: &i32| (top..bottom).any(|y| bits.ink(*x, y));
        let (left, right) = ((x0..x1).find(column)?, (x0..x1).rev().find(column)? + 1);
        let cells = (top..bottom).flat_map(|y| (left..right).map(move |x| bits.ink(x, y))).collect();
        let at = map.to_page(left as f32, top as f32);
        Some(Grid { width: (right - left) as usize, height: (bottom - top) as usize, cells, left: at.0, top: at.1 })
    }

    fn get(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.height && self.cells[y * self.width + x]
    }

    fn ink(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.cells.iter().enumerate().filter(|c| *c.1).map(|(i, _)| (i % self.width, i / self.width))
    }

    /// Lengths of unbroken ink, down or across.
    fn runs(&self, down: bool) -> impl Iterator<Item = usize> + '_ {
        let (lanes, length) = if down { (self.width, self.height) } else { (self.height, self.width) };
        let get = move |lane: usize, i: usize| if down { self.get(lane, i) } else { self.get(i, lane) };
        (0..lanes).flat_map(move |lane| {
            let starts = (0..length).filter(move |&i| get(lane, i) && (i == 0 || !get(lane, i - 1)));
            starts.map(move |i| (i..length).take_while(|&k| get(lane, k)).count())
        })
    }

    /// Mean length of straight edges on the upper (`level`) or left side of the ink, each counted by its length.
    fn edges(&self, level: bool) -> f32 {
        let (lanes, length) = if level { (self.height, self.width) } else { (self.width, self.height) };
        let edge = |lane: usize, i: usize| {
            let here = if level { self.get(i, lane) } else { self.get(lane, i) };
            let before = lane > 0 && if level { self.get(i, lane - 1) } else { self.get(lane - 1, i) };
            here && !before
        };
        let (mut sum, mut squares) = (0usize, 0usize);
        for lane in 0..lanes {
            let mut run = 0;
            for i in 0..=length {
                if i < length && edge(lane, i) {
                    run += 1;
                } else {
                    sum += run;
                    squares += run * run;
                    run = 0;
                }
            }
        }
        squares as f32 / sum.max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of 200 dpi with strokes that fall by `slope`.
    fn bars(slope: f32) -> (Bits, Map) {
        let ink = |i: usize| {
            let (x, y) = ((i % 64) as f32, (i / 64) as f32);
            (10.0..40.0).contains(&x)
                && [12.0, 22.0, 32.0].iter().any(|s| (0.0..3.0).contains(&(y - s - slope * (x - 25.0))))
        };
        (Bits::from_fn(64, 48, ink), Map::new(64, 48, (200.0, 200.0), 0.0))
    }

    #[test]
    fn a_leaning_hand_shows_and_level_print_does_not() {
        let area = Area { u0: 5.0, v0: 4.0, u1: 50.0, v1: 44.0 };
        let level = |slope: f32| {
            let (bits, map) = bars(slope);
            strokes(&bits, &map, area).expect("ink")
        };
        let print = level(0.0);
        assert_eq!((print.tilt, print.tilt_gain), (0.0, 0.0));
        assert_eq!((print.x0, print.x1, print.y0, print.y1), (10.0, 40.0, 12.0, 35.0));
        assert_eq!((print.level, print.thick_level), (30.0, 3.0));
        let pen = level(0.08);
        assert!((pen.tilt.abs() - 4.5).abs() < 1.6 && pen.tilt_gain > 0.05, "{pen:?}");
        assert!(pen.level < 20.0 && pen.rows < print.rows, "{pen:?}");
        assert_eq!(level(0.08).tilt, -level(-0.08).tilt);
    }

    #[test]
    fn nothing_is_measured_where_nothing_stands() {
        let (bits, map) = bars(0.0);
        assert_eq!(strokes(&bits, &map, Area { u0: 50.0, v0: 0.0, u1: 60.0, v1: 40.0 }), None);
        assert_eq!(strokes(&bits, &map, Area { u0: -9e9, v0: -9e9, u1: 9e9, v1: 9e9 }), None);
    }
}
