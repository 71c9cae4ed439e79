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
    let (w, h) = (raster.width as i64, raster.height as i64);
    let n = (nx * ny) as u32;
    for (row, line) in out.gray.chunks_exact_mut(width.max(1)).enumerate() {
        for (col, px) in line.iter_mut().enumerate() {
            let mut sum = 0u32;
            for j in 0..ny {
                for i in 0..nx {
                    // Sample centres within the page pixel, doubled to stay whole.
                    let (fu, fv) = ((2 * i + 1) as i64, (2 * j + 1) as i64);
                    let (du, dv) = (2 * nx as i64, 2 * ny as i64);
                    let x = start.0 + step.0 * col as i64 + down.0 * row as i64 + step.0 * fu / du + down.0 * fv / dv;
                    let y = start.1 + step.1 * col as i64 + down.1 * row as i64 + step.1 * fu / du + down.1 * fv / dv;
                    let (xi, yi) = (x >> 16, y >> 16);
                    if xi < -1 || yi < -1 || xi >= w || yi >= h {
                        sum += 255;
                        continue;
                    }
                    let (fx, fy) = (((x & 0xffff) >> 8) as u32, ((y & 0xffff) >> 8) as u32);
                    let at = |x: i64, y: i64| -> u32 {
                        if x < 0 || y < 0 || x >= w || y >= h {
                            255
                        } else {
                            u32::from(raster.gray[(y * w + x) as usize])
                        }
                    };
                    let top = at(xi, yi) * (256 - fx) + at(xi + 1, yi) * fx;
                    let low = at(xi, yi + 1) * (256 - fx) + at(xi + 1, yi + 1) * fx;
                    sum += (top * (256 - fy) + low * fy) >> 16;
                }
            }
            *px = (((sum / n + 8) / 17).min(15) * 17) as u8;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

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
