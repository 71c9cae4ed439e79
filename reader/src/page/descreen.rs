//! Paper that a fax machine sent in its photo mode: grey turned into dots. Where dots lie thick they are smoothed back to
//! grey, so that they are neither specks nor ink.
//!
//! Knows pixels only. The rest of such a page, and every other page, stays as it was received.

use super::bits::Bits;
use crate::raster::Raster;

/// Dots are counted in tiles of this many pixels across; down by the resolution.
const TILE: usize = 48;
/// Share of a tile's pixels that stand alone from which it is dithered. Specks and dust reach a tenth of that.
const DITHERED: f32 = 0.008;
/// Tiles that must be dithered before anything is done.
const LEAST: usize = 12;
/// Gaussian that levels a screen of four pixels, across and down.
const SIGMA: (f32, f32) = (1.1, 1.1);
/// The same down where rows are twice as high.
const SIGMA_COARSE: f32 = 0.8;
/// A smoothed tile with nothing darker holds no writing: dots alone stay lighter.
const PAPER: u8 = 150;

/// The page with its dots smoothed; none where it has no dithered place.
pub fn descreen(raw: &Raster) -> Option<Raster> {
    let (w, h) = (raw.width, raw.height);
    if !raw.bilevel || w < TILE || h < TILE {
        return None;
    }
    let coarse = raw.dpi.1 < 150.0;
    let high = if coarse { TILE / 2 } else { TILE };
    let (tw, th) = (w.div_ceil(TILE), h.div_ceil(high));
    let alone = lone(raw);
    let dithered: Vec<bool> = (0..tw * th)
        .map(|t| {
            let (x, y) = ((t % tw * TILE) as i32, (t / tw * high) as i32);
            let (x1, y1) = ((x + TILE as i32).min(w as i32), (y + high as i32).min(h as i32));
            alone.count(x, y, x1, y1) as f32 > DITHERED * ((x1 - x) * (y1 - y)) as f32
        })
        .collect();
    if dithered.iter().filter(|d| **d).count() < LEAST {
        return None;
    }
    // a tile full of text has few lone dots: its neighbours tell
    let near = |t: usize| {
        let (tx, ty) = (t % tw, t / tw);
        let mut n = 0;
        for y in ty.saturating_sub(1)..(ty + 2).min(th) {
            n += (tx.saturating_sub(1)..(tx + 2).min(tw)).filter(|x| dithered[y * tw + x]).count();
        }
        n
    };
    let smoothed: Vec<bool> = (0..tw * th).map(|t| near(t) >= if dithered[t] { 2 } else { 4 }).collect();
    let sigma = (SIGMA.0, if coarse { SIGMA_COARSE } else { SIGMA.1 });
    let grey = blurred(raw, sigma);
    let mut darkest = vec![255u8; tw * th];
    for (y, row) in grey.chunks_exact(w).enumerate() {
        for (tx, px) in row.chunks(TILE).enumerate() {
            let tile = &mut darkest[y / high * tw + tx];
            *tile = px.iter().copied().fold(*tile, u8::min);
        }
    }
    let mut out = raw.clone();
    out.bilevel = false;
    for (y, row) in out.gray.chunks_exact_mut(w).enumerate() {
        for (tx, px) in row.chunks_mut(TILE).enumerate() {
            let tile = y / high * tw + tx;
            if smoothed[tile] && darkest[tile] > PAPER {
                px.fill(255);
            } else if smoothed[tile] {
                let from = y * w + tx * TILE;
                px.copy_from_slice(&grey[from..from + px.len()]);
            }
        }
    }
    Some(out)
}

/// Ink pixels without any ink beside, above or below them.
fn lone(raw: &Raster) -> Bits {
    let ink = Bits::from_fn(raw.width, raw.height, |i| raw.gray[i] < 128);
    let mut beside = Bits::new(raw.width, raw.height);
    for by in [1, -1] {
        beside.or(&ink.slide(|_| by));
        beside.or(&ink.slant(|_| by));
    }
    let mut out = ink;
    out.minus(&beside);
    out
}

fn blurred(raw: &Raster, sigma: (f32, f32)) -> Vec<u8> {
    let kernel = |s: f32| {
        let k: Vec<f32> = (-3..=3).map(|i: i32| (-0.5 * (i as f32 / s).powi(2)).exp()).collect();
        let sum: f32 = k.iter().sum();
        k.into_iter().map(|v| v / sum).collect::<Vec<f32>>()
    };
    let (kx, ky) = (kernel(sigma.0), kernel(sigma.1));
    let (w, h) = (raw.width, raw.height);
    let mut across = vec![0f32; w * h];
    let mut padded = vec![255f32; w + 6];
    for (out, row) in across.chunks_exact_mut(w).zip(raw.gray.chunks_exact(w)) {
        padded[3..w + 3].iter_mut().zip(row).for_each(|(p, g)| *p = f32::from(*g));
        for (x, o) in out.iter_mut().enumerate() {
            *o = padded[x..x + 7].iter().zip(&kx).map(|(a, b)| a * b).sum();
        }
    }
    let mut sums = vec![0f32; w];
    let mut out = vec![0u8; w * h];
    for (y, row) in out.chunks_exact_mut(w).enumerate() {
        sums.fill(0.0);
        for (i, weight) in ky.iter().enumerate() {
            let from = (y + i).saturating_sub(3).min(h - 1) * w;
            sums.iter_mut().zip(&across[from..from + w]).for_each(|(s, a)| *s += weight * a);
        }
        row.iter_mut().zip(&sums).for_each(|(o, s)| *o = s.round() as u8);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(dot: impl Fn(usize, usize) -> bool) -> Raster {
        let mut page = Raster::white(480, 480, (204.0, 196.0));
        for y in 0..480 {
            for x in 0..480 {
                let stroke = (200..206).contains(&x) && (100..300).contains(&y);
                page.gray[y * 480 + x] = if stroke || dot(x, y) { 0 } else { 255 };
            }
        }
        page
    }

    #[test]
    fn a_screen_of_dots_turns_grey_and_strokes_stay_dark() {
        let screened = page(|x, y| x % 4 == 1 && y % 4 == 2);
        let out = descreen(&screened).unwrap();
        assert!(!out.bilevel);
        assert!((400..470).all(|x| out.at(x, 400) == 255), "{:?}", &out.gray[400 * 480 + 400..][..8]);
        assert!(out.at(203, 200) < 40);
    }

    #[test]
    fn specks_are_left_to_those_who_know_them() {
        assert_eq!(descreen(&page(|x, y| x % 60 == 1 && y % 50 == 2)), None);
    }
}
