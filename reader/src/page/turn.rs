//! Do the rows of a page run across or down? Which of the two ways up is right is for reading to say.

use super::bits::Bits;
use super::geometry::Map;
use super::parts::Parts;

/// Clockwise turns worth trying, likeliest first.
pub fn likely(bits: &Bits, dpi: (f32, f32)) -> Vec<u16> {
    let (across, down) = neighbours(bits, dpi);
    if down > across * 1.15 { vec![90, 270, 0, 180] } else { vec![0, 180, 90, 270] }
}

/// How many glyph-like pieces have their nearest neighbour beside them, and how many above or below. In a line,
/// characters stand nearer to each other than the lines do.
fn neighbours(bits: &Bits, dpi: (f32, f32)) -> (f32, f32) {
    let map = Map::new(bits.width, bits.height, dpi, 0.0);
    let parts = Parts::find(bits, &map, true);
    let glyphs: Vec<_> = parts
        .parts
        .iter()
        .map(|p| p.area)
        .filter(|a| (8.0..70.0).contains(&a.height()) && (8.0..70.0).contains(&a.width()))
        .filter(|a| (0.4..2.5).contains(&(a.width() / a.height())))
        .collect();
    const CELL: f32 = 64.0;
    let columns = (bits.width as f32 * map.sx / CELL) as usize + 1;
    let rows = (bits.height as f32 * map.sy / CELL) as usize + 1;
    let mut grid: Vec<Vec<u32>> = vec![Vec::new(); columns * rows];
    let slot = |u: f32, v: f32| ((u / CELL) as usize).min(columns - 1) + ((v / CELL) as usize).min(rows - 1) * columns;
    for (i, a) in (0u32..).zip(&glyphs) {
        grid[slot(a.mid_u(), a.mid_v())].push(i);
    }
    let (mut across, mut down) = (0f32, 0f32);
    for (i, a) in (0u32..).zip(&glyphs) {
        let (c, r) = ((a.mid_u() / CELL) as usize, (a.mid_v() / CELL) as usize);
        let mut nearest = (60f32, None);
        for y in r.saturating_sub(1)..(r + 2).min(rows) {
            for x in c.saturating_sub(1)..(c + 2).min(columns) {
                for &k in &grid[y * columns + x] {
                    if k == i {
                        continue;
                    }
                    let b = &glyphs[k as usize];
                    let gap_u = a.u0.max(b.u0) - a.u1.min(b.u1);
                    let gap_v = a.v0.max(b.v0) - a.v1.min(b.v1);
                    // Beside: they share rows and not columns.
                    let beside = gap_v < -0.4 * a.height().min(b.height()) && gap_u >= 0.0;
                    let above = gap_u < -0.4 * a.width().min(b.width()) && gap_v >= 0.0;
                    if beside && gap_u < nearest.0 {
                        nearest = (gap_u, Some(true));
                    } else if above && gap_v < nearest.0 {
                        nearest = (gap_v, Some(false));
                    }
                }
            }
        }
        match nearest.1 {
            Some(true) => across += 1.0,
            Some(false) => down += 1.0,
            None => {}
        }
    }
    (across, down)
}
