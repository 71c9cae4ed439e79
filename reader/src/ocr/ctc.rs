//! From the recogniser's frames to characters with places, probabilities and rivals.
//!
//! Connectionist temporal classification: in each frame one class or the blank; equal classes in neighbouring frames
//! are one character. Knows numbers and columns, not models.

use super::classes::{self, Classes};
use super::crop::Crop;
use crate::reading::{Frame, Glyph};

/// Rivals kept in each frame, whatever they are.
const RIVALS: usize = 24;
/// Natural log probability under which no rival is kept.
const FLOOR: f32 = -12.5;
/// The same for characters that no field is made of.
const FLOOR_OTHER: f32 = -9.5;
/// A frame is left out where the blank is surer than this: one such frame stays for each run of them.
const SURE_BLANK: f32 = 0.9995;

/// One frame over the classes that count: blank first, then the rivals, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub blank: f32,
    /// Character and probability.
    pub rivals: Vec<(char, f32)>,
}

/// Cuts one frame's probabilities down to the classes that count and makes them sum to one again.
pub fn step(probabilities: &[f32], classes: &Classes) -> Step {
    let mut blank = probabilities.first().copied().unwrap_or(1.0);
    if let Some(p) = classes.space.and_then(|s| probabilities.get(s as usize)) {
        blank += p;
    }
    let mut sum = blank;
    // key, character, its own probability, that of all classes with its key
    let mut found: Vec<(char, char, f32, f32)> = Vec::with_capacity(64);
    for class in &classes.kept {
        let p = probabilities[class.index as usize];
        sum += p;
        if p > 3e-6 {
            found.push((class.key, class.ch, p, p));
        }
    }
    let scale = if sum > 0.0 { 1.0 / sum } else { 1.0 };
    found.sort_by(|a, b| a.0.cmp(&b.0).then(b.2.total_cmp(&a.2)));
    found.dedup_by(|b, a| {
        let same = a.0 == b.0;
        if same {
            a.3 += b.3;
        }
        same
    });
    let mut found: Vec<(char, f32)> = found.into_iter().map(|f| (f.1, f.3 * scale)).collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    Step { blank: blank * scale, rivals: found }
}

/// A line as decoded: characters, and the frames with their rivals.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decoded {
    pub glyphs: Vec<Glyph>,
    pub frames: Vec<Frame>,
}

/// Reads the best path. `crop` gives the places: frame `i` covers the columns from `i · per` on.
/// `em`: height of a full-width character in columns of the crop.
pub fn decode(steps: &[Step], crop: &Crop, per: f32, em: f32) -> Decoded {
    let n = steps.len();
    if n == 0 {
        return Decoded::default();
    }
    let column = |i: usize| (i as f32 + 0.5) * per;
    let (frames, kept) = keep_frames(steps, |i| crop.page_x(column(i)).round() as i32);

    // characters: first and last step, character, best probability
    let mut runs: Vec<(usize, usize, char, f32)> = Vec::new();
    let mut last: Option<char> = None;
    for (i, s) in steps.iter().enumerate() {
        let best = s.rivals.first().filter(|r| r.1 > s.blank).copied();
        match (best, last) {
            (Some((c, p)), Some(l)) if c == l => {
                if let Some(run) = runs.last_mut() {
                    run.1 = i;
                    run.3 = run.3.max(p);
                }
            }
            (Some((c, p)), _) => runs.push((i, i, c, p)),
            (None, _) => {}
        }
        last = best.map(|b| b.0);
    }

    let ink = crop.ink();
    let cuts = boundaries(&runs, &ink, crop.width, per);
    let mut glyphs: Vec<Glyph> = Vec::with_capacity(runs.len());
    let mut spans: Vec<(f32, f32)> = Vec::with_capacity(runs.len());
    for (k, &(from, to, ch, p)) in runs.iter().enumerate() {
        let (a, b) = tight(&ink, cuts[k], cuts[k + 1]);
        let middle = (column(from) + column(to)) / 2.0;
        let (a, b) = if b > a { (a as f32, b as f32) } else { (middle - per / 2.0, middle + per / 2.0) };
        let gap = match spans.last() {
            Some(&(pa, pb)) => gap_em(glyphs[k - 1].ch, (pa, pb), ch, (a, b), em),
            None => 0.0,
        };
        spans.push((a, b));
        // frames belong to the character whose run is nearest
        let first = if k == 0 { 0 } else { (runs[k - 1].1 + from).div_ceil(2) };
        let end = if k + 1 == runs.len() { n } else { (to + runs[k + 1].0).div_ceil(2) };
        glyphs.push(Glyph {
            ch,
            p: p.min(1.0),
            x0: crop.page_x(a).round() as i32,
            x1: crop.page_x(b).round() as i32,
            gap,
            frames: (kept[first], kept[end]),
            ring: 0.0,
            strike: 0.0,
            pen: 0.0,
        });
    }
    Decoded { glyphs, frames }
}

/// Frames worth keeping, and for each step the number of frames kept before it (one entry more than steps).
fn keep_frames(steps: &[Step], x: impl Fn(usize) -> i32) -> (Vec<Frame>, Vec<u16>) {
    let mut frames: Vec<Frame> = Vec::new();
    let mut kept = Vec::with_capacity(steps.len() + 1);
    let mut after_sure = false;
    for (i, s) in steps.iter().enumerate() {
        kept.push(frames.len() as u16);
        let sure = s.blank > SURE_BLANK;
        if sure && after_sure {
            continue;
        }
        after_sure = sure;
        let mut rivals = vec![('\0', s.blank.max(1e-9).ln())];
        for (k, &(c, p)) in s.rivals.iter().enumerate() {
            let lp = p.max(1e-9).ln();
            let floor = if classes::fields_need(c) { FLOOR } else { FLOOR_OTHER };
            if lp > floor && (k < RIVALS || classes::fields_need(c)) {
                rivals.push((c, lp));
            }
        }
        rivals.sort_by(|a, b| b.1.total_cmp(&a.1));
        frames.push(Frame { x: x(i), rivals });
    }
    kept.push(frames.len() as u16);
    (frames, kept)
}

/// Columns that part the characters: the emptiest column between two neighbours' frames, nearest to the middle.
fn boundaries(runs: &[(usize, usize, char, f32)], ink: &[f32], width: usize, per: f32) -> Vec<usize> {
    let mut cuts = vec![0];
    for pair in runs.windows(2) {
        let from = ((pair[0].1 as f32 + 0.5) * per) as usize;
        let to = (((pair[1].0 as f32 + 0.5) * per) as usize).clamp(from + 1, width.max(from + 1));
        let middle = (from + to) as f32 / 2.0;
        let cost = |x: usize| {
            let ink = ink.get(x).copied().unwrap_or(0.0);
            (if ink < 0.6 { 0.0 } else { ink }) + 0.02 * (x as f32 - middle).abs()
        };
        let best = (from..to).min_by(|a, b| cost(*a).total_cmp(&cost(*b))).unwrap_or(from);
        cuts.push(best);
    }
    cuts.push(width);
    cuts
}

/// First and last column with ink between two cuts.
fn tight(ink: &[f32], from: usize, to: usize) -> (usize, usize) {
    let (from, to) = (from.min(ink.len()), to.min(ink.len()));
    let inked = |x: &usize| ink[*x] >= 0.6;
    let Some(a) = (from..to).find(inked) else { return (from, from) };
    let b = (from..to).rev().find(inked).map_or(a, |b| b + 1);
    (a, b)
}

/// White space between two characters in em: what is left of the distance between their middles when both have their
/// usual width (half-width ones .55 em), but never more than the white columns themselves.
fn gap_em(before: char, a: (f32, f32), ch: char, b: (f32, f32), em: f32) -> f32 {
    let em = em.max(1.0);
    let white = (b.0 - a.1) / em;
    let middles = ((b.0 + b.1) - (a.0 + a.1)) / 2.0 / em;
    let usual = middles - (advance(before, a, em) + advance(ch, b, em)) / 2.0;
    white.min(usual.max(white - 0.7)).max(0.0)
}

fn advance(c: char, span: (f32, f32), em: f32) -> f32 {
    let usual: f32 = if c.is_ascii() || ('ｦ'..='ﾟ').contains(&c) { 0.55 } else { 1.0 };
    // proportional type: a narrow glyph does not fill its square
    usual.max((span.1 - span.0) / em)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blank(p: f32) -> Step {
        Step { blank: p, rivals: vec![('x', 1.0 - p)] }
    }
    fn sure(c: char, p: f32) -> Step {
        Step { blank: (1.0 - p) * 0.75, rivals: vec![(c, p), ('い', (1.0 - p) * 0.25)] }
    }
    fn paper(width: usize, inked: &[(usize, usize)]) -> Crop {
        let mut gray = vec![255.0; width * 48];
        for y in 12..36 {
            for &(a, b) in inked {
                gray[y * width + a..y * width + b].fill(0.0);
            }
        }
        Crop { width, height: 48, gray, scale: 2.0, left: 100.0, rows: (12, 36) }
    }

    #[test]
    fn equal_classes_join_unless_a_blank_parts_them() {
        let steps = [
            blank(1.0),
            sure('1', 0.9),
            sure('1', 0.8),
            blank(0.99999),
            blank(0.99999),
            sure('1', 0.7),
            sure('月', 0.6),
        ];
        let d = decode(&steps, &paper(56, &[(8, 22), (42, 48), (49, 55)]), 8.0, 24.0);
        assert_eq!(d.glyphs.iter().map(|g| g.ch).collect::<String>(), "11月");
        assert_eq!(d.glyphs[0].p, 0.9);
        assert_eq!((d.glyphs[0].x0, d.glyphs[0].x1), (116, 144));
        // of the two sure blanks in a row one is left, and the first, alone, stays too
        assert_eq!(d.frames.len(), 6);
        assert_eq!(d.glyphs[0].frames.0, 0);
        assert_eq!(d.glyphs[2].frames.1, 6);
        for pair in d.glyphs.windows(2) {
            assert_eq!(pair[0].frames.1, pair[1].frames.0);
        }
    }

    #[test]
    fn gaps_are_measured_in_ink_and_forgive_side_bearings() {
        // a full em of paper between two full-width characters
        assert!((gap_em('山', (0.0, 24.0), '田', (48.0, 72.0), 24.0) - 1.0).abs() < 0.01);
        // an opening bracket has most of its square empty on the left
        assert!(gap_em('田', (0.0, 23.0), '（', (36.0, 47.0), 24.0) < 0.35);
        assert!(gap_em('0', (0.0, 10.0), '4', (13.0, 23.0), 24.0) < 0.1);
    }

    #[test]
    fn a_step_counts_kept_classes_only() {
        let classes = Classes::new("a\n🚨\n每\n毎", 6);
        let s = step(&[0.1, 0.2, 0.3, 0.1, 0.2, 0.1], &classes);
        let total: f32 = s.blank + s.rivals.iter().map(|r| r.1).sum::<f32>();
        assert!((total - 1.0).abs() < 1e-5);
        assert_eq!(s.rivals[0].0, '毎');
        assert!((s.rivals[0].1 - 0.3 / 0.7).abs() < 1e-5);
        assert!((s.blank - 0.2 / 0.7).abs() < 1e-5);
    }
}
