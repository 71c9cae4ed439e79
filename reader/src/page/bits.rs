//! A bilevel image packed 64 pixels a word, with the few morphological operations that ruled lines need.
//! Set = ink; the leftmost pixel of a word is its lowest bit; bits beyond the width are always clear.

use crate::raster::Raster;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bits {
    pub width: usize,
    pub height: usize,
    /// Words a row.
    pub stride: usize,
    pub words: Vec<u64>,
}

impl Bits {
    pub fn new(width: usize, height: usize) -> Self {
        let stride = width.div_ceil(64);
        Self { width, height, stride, words: vec![0; stride * height] }
    }

    /// Ink wherever `ink(index)` says so, index into a row-major grid of the same size.
    pub fn from_fn(width: usize, height: usize, mut ink: impl FnMut(usize) -> bool) -> Self {
        let mut bits = Self::new(width, height);
        let stride = bits.stride;
        for y in 0..height {
            for w in 0..stride {
                let from = w * 64;
                let n = (width - from).min(64);
                let mut word = 0u64;
                for i in 0..n {
                    word |= u64::from(ink(y * width + from + i)) << i;
                }
                bits.words[y * stride + w] = word;
            }
        }
        bits
    }

    pub fn row(&self, y: usize) -> &[u64] {
        &self.words[y * self.stride..(y + 1) * self.stride]
    }

    #[inline]
    pub fn get(&self, x: usize, y: usize) -> bool {
        self.words[y * self.stride + (x >> 6)] >> (x & 63) & 1 == 1
    }

    /// False outside the image.
    #[inline]
    pub fn ink(&self, x: i32, y: i32) -> bool {
        x >= 0 && y >= 0 && (x as usize) < self.width && (y as usize) < self.height && self.get(x as usize, y as usize)
    }

    /// Sets or clears pixels `x0..x1` of a row; what lies outside is ignored.
    pub fn fill(&mut self, y: usize, x0: usize, x1: usize, ink: bool) {
        let x1 = x1.min(self.width);
        if y >= self.height || x0 >= x1 {
            return;
        }
        let (a, b) = (x0 >> 6, (x1 - 1) >> 6);
        let row = &mut self.words[y * self.stride..(y + 1) * self.stride];
        for (w, word) in row.iter_mut().enumerate().take(b + 1).skip(a) {
            let lo = if w == a { x0 & 63 } else { 0 };
            let hi = if w == b { (x1 - 1) & 63 } else { 63 };
            let mask = (u64::MAX >> (63 - hi)) & (u64::MAX << lo);
            if ink {
                *word |= mask;
            } else {
                *word &= !mask;
            }
        }
    }

    /// Ink pixels among `x0..x1` of a row (clipped).
    pub fn count_row(&self, y: i32, x0: i32, x1: i32) -> u32 {
        if y < 0 || y as usize >= self.height {
            return 0;
        }
        let (x0, x1) = (x0.max(0) as usize, (x1.max(0) as usize).min(self.width));
        if x0 >= x1 {
            return 0;
        }
        let (a, b) = (x0 >> 6, (x1 - 1) >> 6);
        let row = self.row(y as usize);
        let mut n = 0;
        for (w, word) in row.iter().enumerate().take(b + 1).skip(a) {
            let lo = if w == a { x0 & 63 } else { 0 };
            let hi = if w == b { (x1 - 1) & 63 } else { 63 };
            n += (word & (u64::MAX >> (63 - hi)) & (u64::MAX << lo)).count_ones();
        }
        n
    }

    /// Ink pixels in a rectangle (clipped).
    pub fn count(&self, x0: i32, y0: i32, x1: i32, y1: i32) -> u32 {
        (y0.max(0)..y1.min(self.height as i32)).map(|y| self.count_row(y, x0, x1)).sum()
    }

    pub fn or(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
    }
    pub fn and(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= b);
    }
    pub fn minus(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= !b);
    }
    pub fn invert(&mut self) {
        self.words.iter_mut().for_each(|w| *w = !*w);
        self.trim();
    }

    fn trim(&mut self) {
        let used = self.width & 63;
        if used != 0 {
            for row in self.words.chunks_exact_mut(self.stride) {
                if let Some(last) = row.last_mut() {
                    *last &= u64::MAX >> (64 - used);
                }
            }
        }
    }

    /// Keeps a pixel where it and the `n - 1` to its right are all ink.
    pub fn erode_right(&mut self, n: usize) {
        for row in self.words.chunks_exact_mut(self.stride.max(1)) {
            steps(n, |k| and_from_right(row, k));
        }
    }
    /// Inks the `n - 1` pixels to the right of each.
    pub fn dilate_right(&mut self, n: usize) {
        for row in self.words.chunks_exact_mut(self.stride.max(1)) {
            steps(n, |k| or_from_left(row, k));
        }
        self.trim();
    }
    /// Inks the `n` pixels to the left and right of each.
    pub fn spread_h(&mut self, n: usize) {
        for row in self.words.chunks_exact_mut(self.stride.max(1)) {
            steps(n + 1, |k| or_from_left(row, k));
            steps(n + 1, |k| or_from_right(row, k));
        }
        self.trim();
    }
    pub fn erode_down(&mut self, n: usize) {
        let (stride, height) = (self.stride, self.height);
        steps(n, |k| {
            for y in 0..height {
                let (top, rest) = self.words.split_at_mut((y + 1) * stride);
                let here = &mut top[y * stride..];
                let at = (k - 1) * stride;
                match rest.get(at..at + stride) {
                    Some(below) => here.iter_mut().zip(below).for_each(|(a, b)| *a &= b),
                    None => here.fill(0),
                }
            }
        });
    }
    pub fn dilate_down(&mut self, n: usize) {
        let (stride, height) = (self.stride, self.height);
        steps(n, |k| {
            for y in (k..height).rev() {
                let (top, rest) = self.words.split_at_mut(y * stride);
                let above = &top[(y - k) * stride..(y - k + 1) * stride];
                rest[..stride].iter_mut().zip(above).for_each(|(a, b)| *a |= b);
            }
        });
    }
    pub fn spread_v(&mut self, n: usize) {
        self.dilate_down(n + 1);
        let (stride, height) = (self.stride, self.height);
        steps(n + 1, |k| {
            for y in 0..height.saturating_sub(k) {
                let (top, rest) = self.words.split_at_mut((y + k) * stride);
                let below = &rest[..stride];
                top[y * stride..(y + 1) * stride].iter_mut().zip(below).for_each(|(a, b)| *a |= b);
            }
        });
    }
    /// Opening with a horizontal stroke of `n` pixels: what is left is at least that long.
    pub fn open_h(&mut self, n: usize) {
        self.erode_right(n);
        self.dilate_right(n);
    }
    pub fn open_v(&mut self, n: usize) {
        self.erode_down(n);
        self.dilate_down(n);
    }
    /// Fills gaps of up to `n` pixels in the rows.
    pub fn close_h(&mut self, n: usize) {
        let mut wide = self.clone();
        wide.dilate_right(n + 1);
        wide.erode_right(n + 1);
        self.or(&wide);
    }
    pub fn close_v(&mut self, n: usize) {
        let mut wide = self.clone();
        wide.dilate_down(n + 1);
        wide.erode_down(n + 1);
        self.or(&wide);
    }

    /// Moves each column of words up by `offset(word)` rows (white comes in).
    pub fn slide(&self, offset: impl Fn(usize) -> i32) -> Self {
        let mut out = Self::new(self.width, self.height);
        for w in 0..self.stride {
            let o = offset(w);
            let from = (-o).max(0);
            let to = (self.height as i32 - o).min(self.height as i32);
            for y in from..to {
                out.words[y as usize * self.stride + w] = self.words[(y + o) as usize * self.stride + w];
            }
        }
        out
    }

    /// Moves each row to the left by `offset(row)` pixels (white comes in).
    pub fn slant(&self, offset: impl Fn(usize) -> i32) -> Self {
        let mut out = Self::new(self.width, self.height);
        for y in 0..self.height {
            let o = offset(y);
            let row = self.row(y);
            let into = &mut out.words[y * self.stride..(y + 1) * self.stride];
            for (i, word) in into.iter_mut().enumerate() {
                *word =
                    if o >= 0 { from_right(row, i, o as usize) } else { from_left(row, i, o.unsigned_abs() as usize) };
            }
        }
        out.trim();
        out
    }

    /// As a bilevel raster: 0 = ink.
    pub fn to_raster(&self, dpi: (f32, f32)) -> Raster {
        let mut out = Raster::white(self.width, self.height, dpi);
        if self.width == 0 {
            return out;
        }
        for (y, row) in out.gray.chunks_exact_mut(self.width).enumerate() {
            let words = self.row(y);
            for (px, &word) in row.chunks_mut(64).zip(words) {
                if word != 0 {
                    for (i, p) in px.iter_mut().enumerate() {
                        *p = if word >> i & 1 == 1 { 0 } else { 255 };
                    }
                }
            }
        }
        out
    }
}

/// Reaches a length of `n` by doubling: calls with the distances to combine.
fn steps(n: usize, mut combine: impl FnMut(usize)) {
    let mut k = 1;
    while k * 2 <= n {
        combine(k);
        k *= 2;
    }
    if k < n {
        combine(n - k);
    }
}

#[inline]
fn from_right(row: &[u64], i: usize, k: usize) -> u64 {
    let (q, r) = (k >> 6, k & 63);
    let a = row.get(i + q).copied().unwrap_or(0);
    if r == 0 { a } else { a >> r | row.get(i + q + 1).copied().unwrap_or(0) << (64 - r) }
}

#[inline]
fn from_left(row: &[u64], i: usize, k: usize) -> u64 {
    let (q, r) = (k >> 6, k & 63);
    let a = if i >= q { row[i - q] } else { 0 };
    if r == 0 { a } else { a << r | if i > q { row[i - q - 1] >> (64 - r) } else { 0 } }
}

fn and_from_right(row: &mut [u64], k: usize) {
    for i in 0..row.len() {
        row[i] &= from_right(row, i, k);
    }
}
fn or_from_right(row: &mut [u64], k: usize) {
    for i in 0..row.len() {
        row[i] |= from_right(row, i, k);
    }
}
fn or_from_left(row: &mut [u64], k: usize) {
    for i in (0..row.len()).rev() {
        row[i] |= from_left(row, i, k);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(bits: &Bits, f: impl Fn(i32, i32) -> bool) -> Bits {
        let w = bits.width.max(1);
        Bits::from_fn(bits.width, bits.height, |i| f((i % w) as i32, (i / w) as i32))
    }

    proptest! {
        #[test]
        fn morphology_agrees_with_its_definition(
            w in 1usize..150, h in 1usize..20, seed in proptest::collection::vec(0u8..4, 64), n in 1usize..90,
        ) {
            let bits = Bits::from_fn(w, h, |i| seed[(i * 7 + i / 13) % 64] > 0);
            let k = n as i32;
            let mut e = bits.clone();
            e.erode_right(n);
            prop_assert_eq!(&e, &naive(&bits, |x, y| (0..k).all(|j| bits.ink(x + j, y))));
            let mut d = bits.clone();
            d.dilate_right(n);
            prop_assert_eq!(&d, &naive(&bits, |x, y| (0..k).any(|j| bits.ink(x - j, y))));
            let mut s = bits.clone();
            s.spread_h(n);
            prop_assert_eq!(&s, &naive(&bits, |x, y| (-k..=k).any(|j| bits.ink(x + j, y))));
            let mut e = bits.clone();
            e.erode_down(n);
            prop_assert_eq!(&e, &naive(&bits, |x, y| (0..k).all(|j| bits.ink(x, y + j))));
            let mut s = bits.clone();
            s.spread_v(n);
            prop_assert_eq!(&s, &naive(&bits, |x, y| (-k..=k).any(|j| bits.ink(x, y + j))));
            prop_assert_eq!(bits.count(3, 1, 99, 9), (1..9).flat_map(|y| (3..99).map(move |x| (x, y)))
                .filter(|&(x, y)| bits.ink(x, y)).count() as u32);
        }
    }

    #[test]
    fn gaps_close_up_to_their_length() {
        let mut bits = Bits::new(200, 1);
        bits.fill(0, 10, 70, true);
        bits.fill(0, 80, 150, true);
        let mut nine = bits.clone();
        nine.close_h(9);
        assert!(!nine.get(75, 0));
        bits.close_h(10);
        assert!((10..150).all(|x| bits.get(x, 0)));
        assert!(!bits.get(9, 0) && !bits.get(150, 0));
    }
}
