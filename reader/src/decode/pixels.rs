//! What all page formats need of pixels: resolution from a header or from the paper, right-angle turns, negatives,
//! and bringing very fine scans down.

use crate::raster::Raster;

/// Finer pages are brought down to [`TARGET_DPI`]: nothing a fax shows needs more.
pub const MAX_DPI: f32 = 450.0;
const TARGET_DPI: f32 = 300.0;

/// Resolutions of scanners and of images made for screens.
const USUAL: [f32; 10] = [72.0, 96.0, 100.0, 120.0, 150.0, 200.0, 240.0, 300.0, 400.0, 600.0];

/// Whether a declared resolution can be true of a sheet of paper, from a receipt's strip to A2.
pub fn plausible(width: usize, height: usize, dpi: (f32, f32)) -> bool {
    let inches = (width as f32 / dpi.0, height as f32 / dpi.1);
    let ok = |d: f32| d.is_finite() && (50.0..=1300.0).contains(&d);
    // A fax may be long (a roll), so the height is bounded loosely.
    ok(dpi.0) && ok(dpi.1) && (2.0..=24.0).contains(&inches.0) && (1.0..=60.0).contains(&inches.1)
}

/// Resolution of an image without a usable header: T.4 line lengths tell faxes, all else is taken as a sheet of A4.
pub fn infer(width: usize, height: usize, bilevel: bool) -> (f32, f32) {
    // T.4 table 1: 1728, 2048, 2432 pixels a line at 8/mm, twice that at 16/mm.
    let fax = match width {
        1728 | 2048 | 2432 => Some((204.0, [98.0, 196.0, 391.0])),
        3456 | 4096 | 4864 => Some((408.0, [98.0, 196.0, 391.0])),
        _ => None,
    };
    if let (Some((x, rows)), true) = (fax, bilevel || matches!(width, 1728)) {
        // The sheet is about √2 as high as wide.
        let ideal = height as f32 / (width as f32 / x * std::f32::consts::SQRT_2);
        let best = rows.into_iter().min_by(|a, b| (a / ideal).ln().abs().total_cmp(&(b / ideal).ln().abs()));
        return (x, best.unwrap_or(196.0));
    }
    let long = width.max(height) as f32;
    let dpi = long / 11.69;
    let snapped = USUAL.into_iter().find(|u| (u / dpi - 1.0).abs() < 0.025).unwrap_or(dpi);
    (snapped.clamp(60.0, 1200.0), snapped.clamp(60.0, 1200.0))
}

/// The declared resolution where it can be true, else the inferred one.
pub fn resolution(width: usize, height: usize, bilevel: bool, declared: Option<(f32, f32)>) -> (f32, f32) {
    match declared {
        Some(d) if plausible(width, height, d) => d,
        _ => infer(width, height, bilevel),
    }
}

/// Whether an image is so long and narrow that it is no sheet, whatever its resolution: a fax of a whole roll (T.4's
/// lines, 60 inches) is seven times as high as wide.
pub fn is_no_sheet(r: &Raster) -> bool {
    r.width.max(r.height) / r.width.min(r.height).max(1) >= 40
}

/// Turns white-on-black pages back: paper is the larger part of every sheet.
pub fn invert_if_negative(r: &mut Raster) -> bool {
    if r.gray.is_empty() {
        return false;
    }
    let step = (r.gray.len() / 200_000).max(1);
    let (mut dark, mut all) = (0usize, 0usize);
    for &g in r.gray.iter().step_by(step) {
        dark += usize::from(g < 96);
        all += 1;
    }
    if dark * 10 < all * 7 {
        return false;
    }
    for g in &mut r.gray {
        *g = 255 - *g;
    }
    true
}

/// Brings a page finer than `max` dpi down by averaging areas; the shape of the sheet is kept.
pub fn at_most(r: Raster, max: f32) -> Raster {
    if r.dpi.0 <= max && r.dpi.1 <= max {
        return r;
    }
    let scale = |d: f32| if d > max { TARGET_DPI / d } else { 1.0 };
    let (sx, sy) = (scale(r.dpi.0), scale(r.dpi.1));
    let width = ((r.width as f32 * sx).round() as usize).max(1);
    let height = ((r.height as f32 * sy).round() as usize).max(1);
    shrink(&r, width, height)
}

/// Area average to a smaller size.
pub fn shrink(r: &Raster, width: usize, height: usize) -> Raster {
    let width = width.clamp(1, r.width.max(1));
    let height = height.clamp(1, r.height.max(1));
    let dpi = (r.dpi.0 * width as f32 / r.width.max(1) as f32, r.dpi.1 * height as f32 / r.height.max(1) as f32);
    let columns = spans(r.width, width);
    let rows = spans(r.height, height);
    let mut gray = Vec::with_capacity(width * height);
    let mut sums = vec![0f32; width];
    for row in &rows {
        sums.fill(0.0);
        let mut weight = 0.0;
        for (y, wy) in row.iter() {
            weight += wy;
            let line = &r.gray[y * r.width..(y + 1) * r.width];
            for (sum, column) in sums.iter_mut().zip(&columns) {
                let mut s = 0.0;
                for (x, wx) in column.iter() {
                    s += f32::from(line[x]) * wx;
                }
                *sum += s * wy;
            }
        }
        gray.extend(
            sums.iter().zip(&columns).map(|(s, c)| (s / (weight * c.weight())).round().clamp(0.0, 255.0) as u8),
        );
    }
    Raster { width, height, dpi, bilevel: false, gray }
}

/// Source pixels `a..b` (real) that one target pixel covers.
struct Span {
    from: f32,
    to: f32,
}

impl Span {
    fn iter(&self) -> impl Iterator<Item = (usize, f32)> {
        let (from, to) = (self.from, self.to);
        (from.floor() as usize..to.ceil() as usize)
            .map(move |i| (i, (to.min(i as f32 + 1.0) - from.max(i as f32)).max(0.0)))
    }
    fn weight(&self) -> f32 {
        (self.to - self.from).max(f32::EPSILON)
    }
}

fn spans(source: usize, target: usize) -> Vec<Span> {
    let step = source as f64 / target as f64;
    (0..target)
        .map(|i| Span { from: (i as f64 * step) as f32, to: (((i + 1) as f64 * step).min(source as f64)) as f32 })
        .collect()
}

/// Orientation as TIFF and EXIF count it (1 upright … 8): brings the page upright.
pub fn orient(r: Raster, orientation: u16) -> Raster {
    let (w, h) = (r.width, r.height);
    if !(2..=8).contains(&orientation) {
        return r;
    }
    let swap = orientation >= 5;
    let (width, height) = if swap { (h, w) } else { (w, h) };
    let mut gray = Vec::with_capacity(r.gray.len());
    for y in 0..height {
        for x in 0..width {
            let (sx, sy) = match orientation {
                2 => (w - 1 - x, y),
                3 => (w - 1 - x, h - 1 - y),
                4 => (x, h - 1 - y),
                5 => (y, x),
                6 => (y, h - 1 - x),
                7 => (w - 1 - y, h - 1 - x),
                _ => (w - 1 - y, x),
            };
            gray.push(r.gray[sy * w + sx]);
        }
    }
    let dpi = if swap { (r.dpi.1, r.dpi.0) } else { r.dpi };
    Raster { width, height, dpi, bilevel: r.bilevel, gray }
}

/// Whether only black and white occur.
pub fn is_bilevel(gray: &[u8]) -> bool {
    gray.iter().all(|&g| g == 0 || g == 255)
}
