//! TIFF and BigTIFF: the pages (IFDs) and their pixels.
//!
//! Fax compressions are decoded through [`super::ccitt`], plain and PackBits bilevel pages here, all others by the
//! `tiff` crate. Headers lie: FillOrder, T4Options and even the compression are tried the other way where what they
//! claim gives no page. A truncated file gives the pages that are whole, and says that the rest is missing.

mod ifd;
mod other;

use std::sync::Arc;

use super::ccitt::{self, Coding, Strip};
use super::{Limits, RawPage, pixels, say};
use crate::raster::Raster;
use ifd::Ifd;

/// A TIFF whose directories have been walked.
pub struct Tiff {
    bytes: Arc<Vec<u8>>,
    pages: Vec<Ifd>,
    incomplete: Option<String>,
}

impl Tiff {
    /// # Errors
    /// No page can be found, as a sentence for a person.
    pub fn open(bytes: Arc<Vec<u8>>, limits: &Limits) -> Result<Tiff, String> {
        let walk = ifd::walk(&bytes, limits.max_pages as usize + 1);
        let mut pages = walk.pages;
        let mut incomplete = None;
        if pages.len() > limits.max_pages as usize {
            pages.truncate(limits.max_pages as usize);
            incomplete = Some(say::too_many_pages(limits.max_pages));
        }
        if pages.is_empty() {
            return Err(if walk.truncated { say::TIFF_TRUNCATED } else { say::TIFF_DAMAGED }.to_owned());
        }
        // A page whose first strip lies behind the end of the file has nothing to show.
        let there = |p: &Ifd| p.strips.iter().any(|s| s.offset < bytes.len() as u64);
        if !pages.iter().any(|p| there(p) || p.tiled) {
            return Err(say::TIFF_TRUNCATED.to_owned());
        }
        if walk.truncated {
            incomplete = Some(say::tiff_rest(pages.len() as u32));
        }
        Ok(Tiff { bytes, pages, incomplete })
    }

    pub fn pages(&self) -> u32 {
        self.pages.len() as u32
    }

    /// Why pages that the file should have are not among [`Tiff::pages`].
    pub fn incomplete(&self) -> Option<String> {
        self.incomplete.clone()
    }

    /// # Errors
    /// Why the page cannot be read, as a sentence for a person.
    pub fn page(&self, index: u32, limits: &Limits) -> Result<RawPage, String> {
        let ifd = self.pages.get(index as usize).ok_or(say::NO_SUCH_PAGE)?;
        if ifd.width == 0 {
            return Err(say::TIFF_DAMAGED.to_owned());
        }
        let height = if ifd.height == 0 { 1 } else { ifd.height };
        if ifd.width.saturating_mul(height) > limits.max_pixels {
            return Err(say::page_too_large(ifd.width, ifd.height));
        }
        let mut page = match (ifd.compression, ifd.bits, ifd.samples) {
            (2..=4, _, 1) if !ifd.tiled => self.fax(ifd, index + 1, limits)?,
            (1 | 32773, 1, 1) if !ifd.tiled && ifd.height > 0 => self.bilevel(ifd, index + 1)?,
            _ => RawPage::plain(other::decode(&self.bytes, ifd, limits)?),
        };
        page.raster = pixels::orient(page.raster, ifd.orientation);
        Ok(page)
    }

    fn strip(&self, ifd: &Ifd, n: usize) -> (&[u8], bool) {
        let s = &ifd.strips[n];
        let size = self.bytes.len() as u64;
        let from = s.offset.min(size);
        let to = s.offset.saturating_add(s.length).min(size);
        (&self.bytes[from as usize..to as usize], to < s.offset.saturating_add(s.length))
    }

    fn fax(&self, ifd: &Ifd, number: u32, limits: &Limits) -> Result<RawPage, String> {
        let claimed = match (ifd.compression, ifd.t4_options & 1) {
            (2, _) => Coding::Rle,
            (3, 1) => Coding::Mr,
            (3, _) => Coding::Mh,
            _ => Coding::Mmr,
        };
        let mut best = self.fax_as(ifd, claimed, ifd.fill_order == 2, limits);
        let mut warnings = Vec::new();
        // Strips that are parts of each other are no page in any coding.
        let claimed_bytes = (0..ifd.strips.len()).map(|n| self.strip(ifd, n).0.len()).sum::<usize>();
        if best.good() * 2 < best.expected && claimed_bytes <= self.bytes.len().saturating_mul(2) {
            // The header does not fit the data. Which coding does?
            let mut tries = vec![(claimed, ifd.fill_order != 2)];
            for lsb in [ifd.fill_order == 2, ifd.fill_order != 2] {
                tries.extend(
                    [Coding::Mh, Coding::Mr, Coding::Mmr, Coding::Rle]
                        .map(|c| (c, lsb))
                        .into_iter()
                        .filter(|t| t.0 != claimed),
                );
            }
            for (coding, lsb) in tries {
                let other = self.fax_as(ifd, coding, lsb, limits);
                if other.good() > best.good() && other.good() * 10 >= other.expected * 8 {
                    best = other;
                    warnings
                        .push("TIFF の見出しと画像の符号化方式が食い違っていたため、合う方式で読みました".to_owned());
                    break;
                }
            }
        }
        let Fax { strip, expected, cut } = best;
        if strip.rows == 0 || strip.damaged == strip.rows {
            return Err(if cut { say::TIFF_TRUNCATED } else { say::TIFF_DAMAGED }.to_owned());
        }
        let mut incomplete = None;
        if strip.damaged > 0 {
            warnings.push(format!("{number} ページ目: 回線の雑音などで壊れた {} 行を補いました", strip.damaged));
        }
        let missing = expected - strip.rows;
        if ifd.height > 0 && missing > 0 {
            // Some devices announce more rows than they send: a few at the end are no loss.
            if missing * 50 > expected || cut {
                incomplete = Some(say::page_cut(number, strip.rows, expected));
            } else {
                warnings.push(format!("{number} ページ目: 下端の {missing} 行が足りません"));
            }
        }
        if strip.damaged * 4 > strip.rows {
            incomplete.get_or_insert(format!(
                "{number} ページ目は回線の雑音でひどく壊れています。送信元に再送を依頼してください"
            ));
        }
        if ifd.bad_rows > 0 {
            warnings.push(format!("{number} ページ目: 受信時に壊れた行が {} 行あったと記録されています", ifd.bad_rows));
        }
        let width = ifd.width as usize;
        let mut gray = strip.gray;
        let mut rows = strip.rows;
        if ifd.height > 0 && rows < expected {
            gray.resize(width * expected, 255);
            rows = expected;
        }
        if ifd.photometric == 1 {
            for g in &mut gray {
                *g = 255 - *g;
            }
        }
        let dpi = pixels::resolution(width, rows, true, ifd.dpi);
        let raster = Raster { width, height: rows, dpi, bilevel: true, gray };
        Ok(RawPage { raster, warnings, incomplete, text_layer: None })
    }

    fn fax_as(&self, ifd: &Ifd, coding: Coding, lsb: bool, limits: &Limits) -> Fax {
        let width = ifd.width as usize;
        let cap = (limits.max_pixels / ifd.width.max(1)) as usize;
        let total = if ifd.height > 0 { (ifd.height as usize).min(cap) } else { cap };
        let mut all = Strip::default();
        let mut cut = false;
        for n in 0..ifd.strips.len() {
            let (data, is_cut) = self.strip(ifd, n);
            cut |= is_cut;
            let mut rows = total - all.rows;
            if n + 1 < ifd.strips.len() {
                rows = rows.min(ifd.rows_per_strip as usize);
            }
            if rows == 0 {
                break;
            }
            let data = &data[..data.len().min(longest(rows, width))];
            let reversed;
            let data = if lsb {
                reversed = ccitt::reversed(data);
                &reversed[..]
            } else {
                data
            };
            let strip = ccitt::decode(data, width, rows, coding);
            all.gray.extend_from_slice(&strip.gray);
            all.rows += strip.rows;
            all.damaged += strip.damaged;
            if strip.broken && n + 1 < ifd.strips.len() {
                // The strips below keep their place on the sheet.
                let lost = rows - strip.rows;
                all.gray.resize(all.gray.len() + lost * width, 255);
                all.rows += lost;
                all.damaged += lost;
            }
        }
        let expected = if ifd.height > 0 { total } else { all.rows };
        Fax { strip: all, expected, cut }
    }

    /// One bit a pixel, plain or PackBits (TIFF 6.0 section 9).
    fn bilevel(&self, ifd: &Ifd, number: u32) -> Result<RawPage, String> {
        let (width, height) = (ifd.width as usize, ifd.height as usize);
        let stride = width.div_ceil(8);
        let mut packed = Vec::with_capacity(stride * height.min(1 << 14));
        let mut cut = false;
        for n in 0..ifd.strips.len() {
            let (data, is_cut) = self.strip(ifd, n);
            cut |= is_cut;
            let left = (stride * height).saturating_sub(packed.len());
            let want = if n + 1 < ifd.strips.len() {
                left.min(stride.saturating_mul(ifd.rows_per_strip as usize))
            } else {
                left
            };
            if ifd.compression == 1 {
                packed.extend_from_slice(&data[..data.len().min(want)]);
            } else if ifd.fill_order == 2 {
                // The order of bits is that of the compressed bytes, as libtiff writes and reads them.
                unpack(&ccitt::reversed(data), want, &mut packed);
            } else {
                unpack(data, want, &mut packed);
            }
        }
        let rows = packed.len() / stride;
        if rows == 0 {
            return Err(if cut { say::TIFF_TRUNCATED } else { say::TIFF_DAMAGED }.to_owned());
        }
        if ifd.fill_order == 2 && ifd.compression == 1 {
            packed = ccitt::reversed(&packed);
        }
        let mut gray = vec![255u8; width * height];
        for (y, row) in packed.chunks_exact(stride).take(height).enumerate() {
            for x in 0..width {
                let one = row[x / 8] >> (7 - x % 8) & 1 == 1;
                if one != (ifd.photometric == 1) {
                    gray[y * width + x] = 0;
                }
            }
        }
        let incomplete = (rows < height).then(|| say::page_cut(number, rows, height));
        let dpi = pixels::resolution(width, height, true, ifd.dpi);
        let raster = Raster { width, height, dpi, bilevel: true, gray };
        Ok(RawPage { raster, warnings: Vec::new(), incomplete, text_layer: None })
    }
}

/// Bytes that `rows` rows of fax coding take at most: four and a half bits for a pixel (T.4 table 2, black and white in
/// turn), here sixteen, and fill. What a strip claims beyond would be searched in vain, for each strip anew.
fn longest(rows: usize, width: usize) -> usize {
    rows.saturating_mul(width.saturating_mul(2) + 256)
}

struct Fax {
    strip: Strip,
    /// Rows that the header announces; those that came where it does not say.
    expected: usize,
    /// The data ends before the strip does.
    cut: bool,
}

impl Fax {
    fn good(&self) -> usize {
        self.strip.rows - self.strip.damaged.min(self.strip.rows)
    }
}

/// PackBits, at most `want` bytes.
fn unpack(data: &[u8], want: usize, out: &mut Vec<u8>) {
    let end = out.len() + want;
    let mut i = 0;
    while i < data.len() && out.len() < end {
        let n = data[i] as i8;
        i += 1;
        if n >= 0 {
            let to = (i + n as usize + 1).min(data.len());
            out.extend_from_slice(&data[i..to]);
            i = to;
        } else if n != -128 {
            let Some(&b) = data.get(i) else { break };
            i += 1;
            out.resize(out.len() + 1 + usize::from(n.unsigned_abs()), b);
        }
    }
    out.truncate(end);
}
