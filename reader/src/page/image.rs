//! The page as people see it: upright, level, square pixels at 200 dpi.

use super::geometry::Map;
use crate::raster::Raster;

/// Turns by right angles, clockwise.
pub fn turn(raw: &Raster, turned: u16) -> Raster {
    let (w, h) = (raw.width, raw.height);
    let dpi = if matches!(turned, 90 | 270) { (raw.dpi.1, raw.dpi.0) } else { raw.dpi };
    let mut out = Raster { width: w, height: h, dpi, bilevel: raw.bilevel, gray: Vec::new() };
    match turned {
        180 => out.gray = raw.gray.iter().rev().copied().collect(),
        90 | 270 => {
            (out.width, out.height) = (h, w);
            out.gray = vec![255; w * h];
            for y in 0..h {
                for (x, &px) in raw.gray[y * w..(y + 1) * w].iter().enumerate() {
                    let (nx, ny) = if turned == 90 { (h - 1 - y, x) } else { (y, w - 1 - x) };
                    out.gray[ny * h + nx] = px;
                }
            }
        }
        _ => out.gray.clone_from(&raw.gray),
    }
    out
}

/// Resamples to the page: averages where native pixels are finer, interpolates where they are coarser.
/// Levels are rounded to sixteen: enough for the eye, and a third of the bytes as PNG.
pub fn upright(raster: &Raster, map: &Map, width: usize, height: usize) -> Raster {
    let mut out = Raster { width, height, dpi: (200.0, 200.0), bilevel: false, gray: vec![255; width * height] };
    if raster.width == 0 || raster.height == 0 {
        return out;
    }
    let nx = (1.0 / map.sx - 0.3).ceil().clamp(1.0, 4.0) as usize;
    let ny = (1.0 / map.sy - 0.3).ceil().clamp(1.0, 4.0) as usize;
    // One page pixel to the right and down, in native pixels; 16 fractional bits.
    let one = 65536.0;
    let (ox, oy) = map.to_native(0.0, 0.0);
    let (rx, ry) = map.to_native(1000.0, 0.0);
    let (dx, dy) = map.to_native(0.0, 1000.0);
    let step = (((rx - ox) / 1000.0 * one) as i64, ((ry - oy) / 1000.0 * one) as i64);
    let down = (((dx - ox) / 1000.0 * one) as i64, ((dy - oy) / 1000.0 * one) as i64);
    let start = (((ox - 0.5) * one) as i64, ((oy - 0.5) * one) as i64);
    // Sample centres within the page pixel, doubled to stay whole.
    let mut samples = Vec::with_capacity(nx * ny);
    for j in 0..ny as i64 {
        for i in 0..nx as i64 {
            let (fu, fv) = (2 * i + 1, 2 * j + 1);
            let (du, dv) = (2 * nx as i64, 2 * ny as i64);
            samples.push((step.0 * fu / du + down.0 * fv / dv, step.1 * fu / du + down.1 * fv / dv));
        }
    }
    let n = samples.len() as u32;
    for (row, line) in out.gray.chunks_exact_mut(width.max(1)).enumerate() {
        let (mut x, mut y) = (start.0 + down.0 * row as i64, start.1 + down.1 * row as i64);
        for px in line {
            let sum: u32 = samples.iter().map(|(sx, sy)| sample(raster, x + sx, y + sy)).sum();
            *px = (((sum / n + 8) / 17).min(15) * 17) as u8;
            (x, y) = (x + step.0, y + step.1);
        }
    }
    out
}

/// The grey value at a place between native pixels, 16 fractional bits; paper beyond the edge.
#[inline]
fn sample(raster: &Raster, x: i64, y: i64) -> u32 {
    let (w, h) = (raster.width as i64, raster.height as i64);
    let (xi, yi) = (x >> 16, y >> 16);
    if xi < -1 || yi < -1 || xi >= w || yi >= h {
        return 255;
    }
    let four = if xi >= 0 && yi >= 0 && xi + 1 < w && yi + 1 < h {
        let at = (yi * w + xi) as usize;
        let (top, low) = (&raster.gray[at..at + 2], &raster.gray[at + raster.width..at + raster.width + 2]);
        [top[0], top[1], low[0], low[1]]
    } else {
        let at = |x: i64, y: i64| {
            if x < 0 || y < 0 || x >= w || y >= h { 255 } else { raster.gray[(y * w + x) as usize] }
        };
        [at(xi, yi), at(xi + 1, yi), at(xi, yi + 1), at(xi + 1, yi + 1)]
    };
    // Nearly all of a page is paper.
    if four == [four[0]; 4] {
        return u32::from(four[0]);
    }
    let [a, b, c, d] = four.map(u32::from);
    let (fx, fy) = (((x & 0xffff) >> 8) as u32, ((y & 0xffff) >> 8) as u32);
    let (top, low) = (a * (256 - fx) + b * fx, c * (256 - fx) + d * fx);
    (top * (256 - fy) + low * fy) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_ink_half_way_and_what_lies_beyond_is_paper() {
        let raw = Raster { width: 2, height: 2, dpi: (200.0, 200.0), bilevel: true, gray: vec![0, 255, 0, 255] };
        let at = |x: f32, y: f32| sample(&raw, (x * 65536.0) as i64, (y * 65536.0) as i64);
        assert_eq!([at(0.0, 0.0), at(0.5, 0.5), at(1.0, 0.0), at(-0.5, 0.0), at(-3.0, 0.0)], [0, 127, 255, 127, 255]);
    }

    #[test]
    fn four_quarter_turns_are_none() {
        let raw = Raster { width: 3, height: 2, dpi: (204.0, 98.0), bilevel: false, gray: vec![1, 2, 3, 4, 5, 6] };
        let quarter = turn(&raw, 90);
        assert_eq!((quarter.width, quarter.height, quarter.dpi), (2, 3, (98.0, 204.0)));
        assert_eq!(quarter.gray, [4, 1, 5, 2, 6, 3]);
        assert_eq!(turn(&quarter, 270), raw);
        assert_eq!(turn(&quarter, 90), turn(&raw, 180));
        assert_eq!(turn(&turn(&raw, 180), 180), raw);
    }
}
