//! How far text falls to the right, by projecting 64-pixel strips; and whether its rows run across or down.

use super::bits::Bits;

/// Largest fall that is looked for (about 4.6°).
const MOST: f32 = 0.08;

/// Fall of text in page pixels a page pixel; 0 where the page gives no evidence.
/// `dpi` of the image; `skip` = native rectangle to leave out (the sending machine's line is never skewed).
pub fn skew(bits: &Bits, dpi: (f32, f32), skip: (i32, i32, i32, i32)) -> f32 {
    let (w, h) = (bits.width, bits.height);
    if w < 128 || h < 64 {
        return 0.0;
    }
    // Native rows a native column for a fall of 1 on the page.
    let k = dpi.1 / dpi.0;
    let strips = strips(bits, skip);
    let total: u32 = strips.iter().flat_map(|s| s.iter()).sum();
    if total < 200 {
        return 0.0;
    }
    let level = sharpness(&strips, h, 0.0);
    let scan = |mid: f32, step: f32, n: i32| -> Vec<(f64, f32)> {
        (-n..=n)
            .map(|i| mid + i as f32 * step)
            .filter(|m| m.abs() <= MOST)
            .map(|m| (sharpness(&strips, h, m * k), m))
            .collect()
    };
    let best = |tried: &[(f64, f32)]| tried.iter().copied().fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a });
    let step = 0.0025;
    let (_, m) = best(&scan(0.0, step, (MOST / step) as i32));
    // Whole rows make plateaus of equal sharpness: the middle of the highest one.
    let near = scan(m, step / 10.0, 12);
    let (top, _) = best(&near);
    let low = near.iter().map(|n| n.0).fold(f64::MAX, f64::min);
    let good = near.iter().filter(|n| n.0 >= top - 0.12 * (top - low));
    let (sum, n) = good.fold((0.0, 0u32), |(s, n), g| (s + g.1, n + 1));
    // Nothing that is sharper than the level page by a trifle only is a skew.
    if top < level * 1.01 { 0.0 } else { sum / n.max(1) as f32 }
}

/// Ink of each row in each strip of 64 columns.
fn strips(bits: &Bits, skip: (i32, i32, i32, i32)) -> Vec<Vec<u32>> {
    let (x0, y0, x1, y1) = skip;
    (0..bits.stride)
        .map(|w| {
            let hit = (w as i32 * 64) < x1 && (w as i32 + 1) * 64 > x0;
            (0..bits.height)
                .map(|y| match hit && (y as i32) >= y0 && (y as i32) < y1 {
                    true => 0,
                    false => bits.words[y * bits.stride + w].count_ones(),
                })
                .collect()
        })
        .collect()
}

/// Sum of squared steps of the row profile after sliding each strip up by its share of the fall.
fn sharpness(strips: &[Vec<u32>], height: usize, slope: f32) -> f64 {
    let mid = strips.len() as f32 / 2.0;
    let mut profile = vec![0u32; height];
    for (i, strip) in strips.iter().enumerate() {
        let shift = (slope * 64.0 * (i as f32 + 0.5 - mid)).round() as i32;
        let (from, to) = (shift.max(0) as usize, (height as i32 + shift).clamp(0, height as i32) as usize);
        if from >= to {
            continue;
        }
        let into = (from as i32 - shift) as usize;
        profile[into..into + (to - from)].iter_mut().zip(&strip[from..to]).for_each(|(p, s)| *p += s);
    }
    profile.windows(2).map(|p| f64::from(p[0].abs_diff(p[1])).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_fall_of_stripes() {
        for (dpi, m) in
            [((204.0, 196.0), 0.0131f32), ((204.0, 98.0), -0.009), ((200.0, 200.0), 0.052), ((204.0, 196.0), 0.0)]
        {
            let k = dpi.1 / dpi.0;
            let (w, h) = (1728usize, (11.0 * dpi.1) as usize);
            let pitch = dpi.1 / 5.0;
            let bits = Bits::from_fn(w, h, |i| {
                let (x, y) = ((i % w) as f32, (i / w) as f32);
                let level = (y - m * k * x).rem_euclid(pitch);
                level < pitch * 0.5 && (i % w) % 30 < 24 && (200..1500).contains(&(i % w))
            });
            let found = skew(&bits, dpi, (0, 0, 0, 0));
            assert!((found - m).abs() < 0.0008, "{m} found as {found}");
        }
    }
}
