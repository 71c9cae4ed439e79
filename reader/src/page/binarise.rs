//! Grey pixels to ink: each pixel against the paper round it, so that shadows and tinted paper do not turn black.

use super::bits::Bits;
use crate::raster::Raster;

const TILE: usize = 32;

pub fn binarise(raster: &Raster) -> Bits {
    let (w, h) = (raster.width, raster.height);
    if raster.gray.len() < w * h {
        return Bits::new(w, h);
    }
    if raster.bilevel {
        return Bits::from_fn(w, h, |i| raster.gray[i] < 128);
    }
    let (tw, th) = (w.div_ceil(TILE), h.div_ceil(TILE));
    let paper = paper(raster, tw, th);
    let mut hist = [0u64; 256];
    for y in 0..h {
        let row = &raster.gray[y * w..(y + 1) * w];
        for (tx, px) in row.chunks(TILE).enumerate() {
            let p = paper[(y / TILE) * tw + tx];
            px.iter().for_each(|&v| hist[usize::from(p.saturating_sub(v))] += 1);
        }
    }
    // Faint strokes stand beside black ones: rather below Otsu's split, but always above the scanner's noise.
    let limit = (f32::from(otsu(&hist)) * 0.85).clamp(28.0, 100.0) as u8;
    let mut bits = Bits::new(w, h);
    let stride = bits.stride;
    for y in 0..h {
        let row = &raster.gray[y * w..(y + 1) * w];
        let papers = &paper[(y / TILE) * tw..];
        for (i, px) in row.chunks(64).enumerate() {
            let mut word = 0u64;
            for (k, &v) in px.iter().enumerate() {
                let p = papers[i * (64 / TILE) + k / TILE];
                word |= u64::from(p.saturating_sub(v) > limit) << k;
            }
            bits.words[y * stride + i] = word;
        }
    }
    bits
}

/// Brightness of the paper for each tile: the 85th percentile, eased over the neighbours, never as dark as ink.
fn paper(raster: &Raster, tw: usize, th: usize) -> Vec<u8> {
    let (w, h) = (raster.width, raster.height);
    let mut raw = vec![255u8; tw * th];
    for ty in 0..th {
        let mut hists = vec![[0u16; 256]; tw];
        let rows = ty * TILE..((ty + 1) * TILE).min(h);
        for y in rows {
            for (tx, px) in raster.gray[y * w..(y + 1) * w].chunks(TILE).enumerate() {
                px.iter().for_each(|&v| hists[tx][usize::from(v)] += 1);
            }
        }
        for (tx, hist) in hists.iter().enumerate() {
            let total: u32 = hist.iter().map(|&n| u32::from(n)).sum();
            let mut above = 0;
            raw[ty * tw + tx] = (0..=255u8)
                .rev()
                .find(|&v| {
                    above += u32::from(hist[usize::from(v)]);
                    above * 100 >= total * 15
                })
                .unwrap_or(255);
        }
    }
    let mut sorted = raw.clone();
    sorted.sort_unstable();
    let typical = sorted.get(sorted.len() / 2).copied().unwrap_or(255);
    let floor = (f32::from(typical) * 0.6) as u8;
    let mut out = raw.clone();
    for ty in 0..th {
        for tx in 0..tw {
            let (mut sum, mut n) = (0u32, 0u32);
            for y in ty.saturating_sub(1)..(ty + 2).min(th) {
                for x in tx.saturating_sub(1)..(tx + 2).min(tw) {
                    sum += u32::from(raw[y * tw + x].max(floor));
                    n += 1;
                }
            }
            out[ty * tw + tx] = (sum / n.max(1)) as u8;
        }
    }
    out
}

fn otsu(hist: &[u64; 256]) -> u8 {
    let total: u64 = hist.iter().sum();
    let sum: f64 = hist.iter().enumerate().map(|(i, &n)| i as f64 * n as f64).sum();
    let (mut below, mut sum_below, mut best, mut at) = (0u64, 0f64, 0f64, 64u8);
    for (i, &n) in hist.iter().enumerate() {
        below += n;
        sum_below += i as f64 * n as f64;
        let above = total - below;
        if below == 0 || above == 0 {
            continue;
        }
        let d = sum_below / below as f64 - (sum - sum_below) / above as f64;
        let between = below as f64 * above as f64 * d * d;
        if between > best {
            best = between;
            at = i as u8;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shadow_is_paper_and_a_faint_stroke_is_ink() {
        let (w, h) = (256usize, 128usize);
        let mut gray: Vec<u8> = (0..w * h).map(|i| 245 - ((i % w) / 4) as u8).collect();
        for y in 40..44 {
            for x in 20..240 {
                gray[y * w + x] -= 150;
            }
        }
        for y in 80..83 {
            for x in 20..240 {
                gray[y * w + x] -= 90;
            }
        }
        let bits = binarise(&Raster { width: w, height: h, dpi: (200.0, 200.0), bilevel: false, gray });
        assert!((20..240).all(|x| bits.get(x, 41) && bits.get(x, 81)));
        assert_eq!(bits.count(0, 0, 256, 128), 220 * 7);
    }
}
